"""What builds, runs and checks the course.

launch.py and chapters.py need only the standard library.
"""
