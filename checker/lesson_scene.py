"""Begin and end of a lesson on the engine: its images are there, and nothing of an earlier run is left.

What a lesson's cells make bears no label, because learners type the commands. So the first begin refuses
where a declared name is taken, and is written down; from then on, what bears such a name is the lesson's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import Refused
from .record import Record
from .work import Say, alone, fetch_images, refuse_taken, remove_owned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .chapter import Chapter
    from .course import Course
    from .engine.connect import Engine
    from .exercise import Owns

_AGAIN = "run this cell again"


@dataclass(frozen=True)
class _Owner:
    id: str
    owns: Owns


def begin(
    course: Course,
    engine: Engine,
    chapter: Chapter,
    say: Say = lambda _: None,
    fetch: Callable[[Engine, Sequence[str], Say], None] = fetch_images,
) -> None:
    """Remove what an earlier run of the lesson left, and get the images that it needs.

    Parameters
    ----------
    fetch
        Gets the images; default: saying each new step.

    Raises
    ------
    Refused
        If something else bears a declared name or listens on a declared port. It is left as it is.
    """
    folder, owner = _folder(course, chapter), _Owner(chapter.id, chapter.owns)
    with alone(folder, lambda: say("This lesson is begun or ended elsewhere. This waits for it.")):
        if record := _record(folder, engine):
            remove_owned(engine, owner, record.bystanders, again=_AGAIN)
        refuse_taken(engine, owner, again=_AGAIN)
        fetch(engine, chapter.images, say)
        folder.mkdir(parents=True, exist_ok=True)
        Record(chapter.id, course.version, 0, engine.id).write(folder)


def end(course: Course, engine: Engine, chapter: Chapter, say: Say = lambda _: None) -> None:
    """Remove what the lesson declares.

    Raises
    ------
    Refused
        If the lesson was not begun on this engine: then nothing there is known to be its own.
    """
    folder, owner = _folder(course, chapter), _Owner(chapter.id, chapter.owns)
    with alone(folder, lambda: say("This lesson is begun or ended elsewhere. This waits for it.")):
        record = _record(folder, engine)
        if record is None:
            raise Refused(
                f"{chapter.id} was not begun on this engine, so nothing is removed.",
                next="To work through the lesson, run its cells from the top.",
            )
        remove_owned(engine, owner, record.bystanders, again=_AGAIN)


def _folder(course: Course, chapter: Chapter) -> Path:
    return course.work(f".lessons/{chapter.id}")


def _record(folder: Path, engine: Engine) -> Record | None:
    record = Record.read(folder)
    return record if record and record.engine == engine.id else None
