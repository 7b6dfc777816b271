"""The filter between a submission and its engine. Standard library only: a first process runs it."""
