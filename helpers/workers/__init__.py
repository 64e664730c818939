"""Functions that run in threads and processes: importable, quiet and standard library only."""
