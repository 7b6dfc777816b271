"""Grading what was handed in: each answer in an engine of its own."""
