"""The toolbox that every check and every scene is given."""

from .toolbox import Lab

__all__ = ["Lab"]
