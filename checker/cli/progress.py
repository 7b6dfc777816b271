"""``course progress``: how far the learner is, chapter by chapter, and what to go on with."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from checker.course import open_course
from checker.progress import Progress
from checker.skills import Evidence, evidence, read_skills
from checker.standing import ChapterMap, NextStep, Standing, course_map_of, next_step

from ._common import add_exercises, console, printable, say

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

_SIGNS = {"passed": ("✔", "+"), "begun": ("…", "-"), "open": ("○", " ")}
_SKILLS = {"shown": "passed", "not yet": "open"}  # every other state is somewhere between


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_exercises(parser)
    parser.add_argument("--skills", action="store_true", help="list what you can do, and what has shown it")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the map of the course, or the skills."""
    course = open_course()
    progress = Progress(course)
    if progress.message:
        say(f"course: {progress.message}")
    whole = course_map_of(course, progress)
    wanted = set(course.choose(args.exercises) or course.ids())
    chapters = [one for one in (_only(chapter, wanted) for chapter in whole) if one.exercises]
    rows = [row for chapter in chapters for row in chapter.exercises]
    skills = evidence(read_skills(course).values(), rows) if args.skills else []
    skills = [one for one in skills if one.exercises]
    step = next_step(course, progress, whole)
    if args.json:
        print(json.dumps(_json(course.key, chapters, step, skills if args.skills else None)))
    elif args.skills:
        _show_skills(console(), skills)
    else:
        _show(console(), chapters, step)
    return 0


def _only(chapter: ChapterMap, wanted: set[str]) -> ChapterMap:
    rows = tuple(row for row in chapter.exercises if row.id in wanted)
    return ChapterMap(chapter.id, chapter.title, chapter.lesson, rows)


def _json(
    key: str, chapters: list[ChapterMap], step: NextStep, skills: list[Evidence] | None
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "course": key,
        "chapters": {one.id: [asdict(row) for row in one.exercises] for one in chapters},
        "next": asdict(step),
    }
    if skills is not None:
        found["skills"] = [{**asdict(one), "state": one.state} for one in skills]
    return found


def _show(screen: Console, chapters: list[ChapterMap], step: NextStep) -> None:
    from rich.table import Table  # noqa: PLC0415 - not needed for --json
    from rich.text import Text  # noqa: PLC0415

    for chapter in chapters:
        title = f" {chapter.title}" if chapter.title else ""
        screen.print(Text.assemble((chapter.id, "bold"), f"{title}: {_passed(chapter.exercises)} passed"))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for row in chapter.exercises:
            tries = f"{row.attempts} checked, {row.hints} hints" if row.attempts else ""
            kind = "core" if row.core else "extra"
            state = f"  {_sign(screen, row.state)} {row.word}"
            table.add_row(state, row.id.split("/")[1], kind, f"{row.minutes} min", tries)
        screen.print(table)
    rows = [row for chapter in chapters for row in chapter.exercises]
    core = [row for row in rows if row.core]
    screen.print(Text(f"\nCore exercises: {_passed(core)} passed. All: {_passed(rows)} passed."))
    screen.print(Text(_go_on(step)))


def _go_on(step: NextStep) -> str:
    """Return what to go on with, and how it is opened."""
    if not step.say:
        return step.why
    how = f"{step.title}: course start {step.exercise}"
    if step.lesson:
        return f"{step.say}: {step.lesson}. {step.why} {how}"
    return f"{step.say}: {how} ({step.why.rstrip('.')})"


def _show_skills(screen: Console, skills: list[Evidence]) -> None:
    from rich.table import Table  # noqa: PLC0415 - not needed for --json
    from rich.text import Text  # noqa: PLC0415

    shown = sum(bool(one.passed) for one in skills)
    screen.print(Text(f"What you can do: {shown} of {len(skills)} skills shown."))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for one in skills:
        sign = _sign(screen, _SKILLS.get(one.state, "begun"))
        names = ", ".join(name.split("/")[1] for name in one.exercises)
        table.add_row(f"{sign} {one.state}", one.skill.say, names)
    screen.print(table)
    screen.print(Text("seen: passed after the solution was opened."))


def _passed(rows: list[Standing] | tuple[Standing, ...]) -> str:
    return f"{sum(row.state == 'passed' for row in rows)} of {len(rows)}"


def _sign(screen: Console, state: str) -> str:
    return printable(screen, *_SIGNS[state])
