"""What shows in JupyterLab. A name is imported when it is asked for: an answer may need ``submit`` alone.

No module has the name of a function: importing it would take the function's place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .check_panel import panel
    from .hand_in import submit
    from .lesson_page import lesson
    from .life_picture import lifecycle
    from .pages import course_map, doctor_report, exercise_link

__all__ = ["course_map", "doctor_report", "exercise_link", "lesson", "lifecycle", "panel", "submit"]

_MODULES = {
    "course_map": "pages",
    "doctor_report": "pages",
    "exercise_link": "pages",
    "lesson": "lesson_page",
    "lifecycle": "life_picture",
    "panel": "check_panel",
    "submit": "hand_in",
}


def __getattr__(name: str) -> Any:
    """Import the module that holds ``name``."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see this module's first line

    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
