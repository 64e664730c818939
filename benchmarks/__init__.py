"""Measures this project beside its peers: `python3 course.py bench`."""
