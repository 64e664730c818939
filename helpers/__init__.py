"""What the notebooks of the course import, in layers: workers, measure, draw, labs, course."""
