"""The images that the course uses: which they are, and how they come to an engine."""
