"""The only door to Docker. It imports none of the course: only errors, paths and files."""
