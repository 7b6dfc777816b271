"""Checks Docker work by what the engine, the image and the logs actually do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import CourseError, CourseFault, EngineFault, Refused, UsageError
from .exercise import Exercise, Failure, Hints, Owns

if TYPE_CHECKING:
    from .lab import Lab
    from .patience import wait_until
    from .ui import (
        build_image,
        build_steps,
        course_map,
        doctor_report,
        exercise_link,
        image_parts,
        layers,
        lesson,
        lifecycle,
        live_stats,
        network_map,
        panel,
        process_view,
        pull_image,
        resume,
        stages,
        submit,
    )

__version__ = "0.1.0"

__all__ = [
    "CourseError",
    "CourseFault",
    "EngineFault",
    "Exercise",
    "Failure",
    "Hints",
    "Lab",
    "Owns",
    "Refused",
    "UsageError",
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
    "wait_until",
]

_LATE = {
    "Lab": "lab",
    "build_image": "ui",
    "build_steps": "ui",
    "course_map": "ui",
    "doctor_report": "ui",
    "exercise_link": "ui",
    "image_parts": "ui",
    "layers": "ui",
    "lesson": "ui",
    "lifecycle": "ui",
    "live_stats": "ui",
    "network_map": "ui",
    "panel": "ui",
    "process_view": "ui",
    "pull_image": "ui",
    "resume": "ui",
    "stages": "ui",
    "submit": "ui",
    "wait_until": "patience",
}


def __getattr__(name: str) -> Any:
    """Import what needs more than the standard library only when it is asked for."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see the docstring

    return getattr(import_module(f".{_LATE[name]}", __name__), name)
