"""``work/<id>/.course.json``: what `course start` found and chose. It travels with the submission."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from .files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

RECORD = ".course.json"
SCHEMA = "docker-course/work/1"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Record:
    """How an exercise was started.

    ``bystanders`` are the ids of what bore a declared name before; they are never touched. ``files`` are the
    digests of the files that the scene wrote. ``started`` is UTC in RFC 3339. ``engine`` is empty once the
    exercise was cleaned away.
    """

    exercise: str
    course_version: str
    seed: int
    engine: str
    started: str = field(default_factory=_now)
    bystanders: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    schema: str = SCHEMA

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read the record in ``folder``; ``None`` where there is none, or none that can be read."""
        try:
            data = json.loads((folder / RECORD).read_text("utf-8"))
            return cls(**data) if data["schema"] == SCHEMA else None
        except (OSError, ValueError, TypeError, KeyError, RecursionError):  # it may be anybody's file
            return None

    def write(self, folder: Path) -> None:
        """Write the record into ``folder``."""
        write_atomic(folder / RECORD, json.dumps(asdict(self), indent=1) + "\n")
