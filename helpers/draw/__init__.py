"""Draws what was measured."""
