"""Where the learner stands: the map of the course, and what to go on with, for terminal and pages."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .course import CHECKS, NOTEBOOK, Course, load_checks
from .errors import CourseError
from .notebook import read_notebook
from .paths import data_dir
from .progress import Done, Progress
from .record import RECORD, Record

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Standing:
    """One exercise. ``state`` is passed, begun or open; ``word`` says it to people.

    ``alone``: passed before the solution was opened. ``started``: there is a copy, and its scene was not
    cleaned away.
    """

    id: str
    title: str
    minutes: int
    core: bool
    skills: tuple[str, ...]
    state: str
    word: str
    score: float | None
    max_score: float
    attempts: int
    hints: int
    gave_up: bool
    alone: bool
    started: bool


@dataclass(frozen=True)
class ChapterMap:
    """A chapter: its lesson's heading and the learner's copy of it (``""`` where there is none)."""

    id: str
    title: str
    lesson: str
    exercises: tuple[Standing, ...]

    def left(self, *, core: bool) -> list[Standing]:
        """Return the core, or the other, exercises that are not passed."""
        return [row for row in self.exercises if row.core is core and row.state != "passed"]


@dataclass(frozen=True)
class NextStep:
    """What to go on with: a lesson, an exercise, or an exercise of a lesson. Empty where all is done."""

    say: str
    why: str
    lesson: str = ""
    exercise: str = ""
    title: str = ""
    started: bool = False


def course_map_of(course: Course, progress: Progress, ids: Iterable[str] | None = None) -> list[ChapterMap]:
    """Return the chapters with those exercises, all by default, in the order in which the lessons name them.

    Raises
    ------
    CourseFault
        If an exercise cannot be loaded.
    """
    done = progress.done()
    wanted = set(course.ids() if ids is None else ids)
    found = []
    for chapter, members in course.chapters().items():
        if not wanted.isdisjoint(members):
            title, text = _lesson(course, chapter)
            # What no lesson names (-1) comes last.
            ordered = sorted(members, key=lambda one: text.find(f'{one}"') % (len(text) + 1))
            rows = [_standing(course, one, done) for one in ordered if one in wanted]
            copy = f"work/{chapter}.ipynb"
            lesson = copy if (course.root / copy).is_file() else ""
            found.append(ChapterMap(chapter, title, lesson, tuple(rows)))
    return found


def standing_of(course: Course, progress: Progress, exercise_id: str) -> Standing:
    """Return where the learner is in one exercise."""
    return _standing(course, exercise_id, progress.done())


def next_step(course: Course, progress: Progress, chapters: list[ChapterMap]) -> NextStep:
    """Return what to go on with: what was worked on last, else the next core exercise from there on."""
    rows = {row.id: row for chapter in chapters for row in chapter.exercises}
    touched = progress.touched()
    for row in rows.values():
        with suppress(OSError):  # also saving the notebook is work on it
            saved = (course.work(row.id) / NOTEBOOK).stat().st_mtime
            touched[row.id] = max(saved, touched.get(row.id, 0.0))
    last = max(touched, key=touched.__getitem__, default="")
    if last in rows and rows[last].state != "passed":
        return _exercise("Go on with", f"You were here last: {rows[last].word}.", rows[last])
    here = next((at for at, one in enumerate(chapters) if one.id == last.split("/")[0]), 0)
    for core in (True, False):
        for chapter in chapters[here:] + chapters[:here]:
            if left := chapter.left(core=core):
                return _in_chapter(chapter, left[0], first=chapter is chapters[0], begun=bool(last))
    return NextStep("", "Every exercise is passed.")


def stamp(course: Course) -> str:
    """Return a text that changes when something is kept or begun. It only looks at a few files' times."""
    kept = data_dir() / "progress.sqlite3"
    paths = [kept, kept.with_name(f"{kept.name}-wal"), *sorted(course.root.glob(f"work/*/*/{RECORD}"))]
    found = []
    for path in paths:
        with suppress(OSError):
            about = path.stat()
            found.append(f"{path.name} {about.st_mtime_ns} {about.st_size}")
    return " ".join(found)


def _in_chapter(chapter: ChapterMap, row: Standing, *, first: bool, begun: bool) -> NextStep:
    """Send to the chapter's lesson; in the first one, whose page shows this, to the exercise."""
    say = "Go on with" if begun else "Begin with"
    if first or not chapter.lesson:
        return _exercise(say, f"{'core' if row.core else 'extra'}, {row.minutes} minutes", row)
    return NextStep(say, "Its next exercise:", chapter.lesson, row.id, row.title, row.started)


def _exercise(say: str, why: str, row: Standing) -> NextStep:
    return NextStep(say, why, "", row.id, row.title, row.started)


def _standing(course: Course, exercise_id: str, done: dict[str, Done]) -> Standing:
    exercise = load_checks(course.root / "exercises" / exercise_id / CHECKS)  # no overlays, no digests
    mine = done.get(exercise_id, Done())
    folder = course.work(exercise_id)
    record = Record.read(folder)
    passed = mine.best is not None and mine.best.status == "passed"
    begun = mine.best is not None or folder.is_dir()
    return Standing(
        id=exercise_id,
        title=exercise.title,
        minutes=exercise.minutes,
        core=exercise.core,
        skills=tuple(exercise.skills),
        state="passed" if passed else "begun" if begun else "open",
        word=_word(mine, passed=passed, begun=begun),
        score=mine.best.score if mine.best else None,
        max_score=exercise.max_score,
        attempts=mine.attempts,
        hints=mine.hints,
        gave_up=mine.gave_up,
        alone=mine.alone,
        started=record is not None and bool(record.engine),
    )


def _word(mine: Done, *, passed: bool, begun: bool) -> str:
    if passed:
        return "passed" if mine.alone else "passed, solution seen"
    if mine.gave_up:
        return "solution seen"
    return "tried" if mine.attempts else "begun" if begun else "not begun"


def _lesson(course: Course, chapter: str) -> tuple[str, str]:
    """Return a lesson's heading and the text of its cells; empty where it cannot be read."""
    try:
        cells = read_notebook(course.root / "notebooks" / f"{chapter}.ipynb")["cells"]
    except CourseError:
        return "", ""
    text = "\n".join("".join(cell["source"]) for cell in cells)
    heading = next((line[2:] for line in text.splitlines() if line.startswith("# ")), "")
    return heading.strip(), text
