"""Measures how work runs: who ran when, for how long and in how much memory."""
