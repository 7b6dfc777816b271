"""What shows in JupyterLab. A name is imported when it is asked for: an answer may need ``submit`` alone.

No module has the name of a function: importing it would take the function's place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .build_picture import build_steps
    from .check_panel import panel
    from .hand_in import submit
    from .layer_picture import layers
    from .lesson_page import lesson
    from .life_picture import lifecycle
    from .long_work import build_image, pull_image
    from .network_picture import network_map
    from .pages import course_map, doctor_report, exercise_link
    from .parts_picture import image_parts
    from .process_picture import process_view
    from .resume_link import resume
    from .stage_picture import stages
    from .stats_picture import live_stats

__all__ = [
    "build_image",
    "build_steps",
    "course_map",
    "doctor_report",
    "exercise_link",
    "image_parts",
    "layers",
    "lesson",
    "lifecycle",
    "live_stats",
    "network_map",
    "panel",
    "process_view",
    "pull_image",
    "resume",
    "stages",
    "submit",
]

_MODULES = {
    "build_image": "long_work",
    "build_steps": "build_picture",
    "course_map": "pages",
    "doctor_report": "pages",
    "exercise_link": "pages",
    "image_parts": "parts_picture",
    "layers": "layer_picture",
    "lesson": "lesson_page",
    "lifecycle": "life_picture",
    "live_stats": "stats_picture",
    "network_map": "network_picture",
    "panel": "check_panel",
    "process_view": "process_picture",
    "pull_image": "long_work",
    "resume": "resume_link",
    "stages": "stage_picture",
    "submit": "hand_in",
}


def __getattr__(name: str) -> Any:
    """Import the module that holds ``name``."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see this module's first line

    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
