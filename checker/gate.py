"""What the author's gate finds without an engine: missing words, stray files, stale notebooks."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .build import stale_notebooks
from .chapter import chapter_ids, opening_questions, read_chapter
from .course import CHECKS, NOTEBOOK
from .errors import CourseError
from .images.catalogue import catalogue, choose
from .overlay import EXPECT, LITTER, allowed, files_below
from .skills import read_skills, skills_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .course import Course, Loaded

_MAY_BE_EMPTY = {"__init__.py", ".gitkeep", ".dockerignore"}


@dataclass(frozen=True)
class Finding:
    """One thing that an author must mend: ``message`` says what is wrong, ``next`` how to mend it."""

    exercise: str
    message: str
    next: str


def findings_on_paper(course: Course, loaded: Loaded) -> Iterator[Finding]:
    """Yield what is wrong with one exercise's words and files."""
    for path in stale_notebooks(course, [loaded.id]):
        yield _finding(
            loaded, f"{path.relative_to(course.root)} is stale.", "Run `course build`, and commit it."
        )
    yield from _words(loaded)
    yield from _skills(course, loaded)
    yield from _mutants(loaded)
    yield from _files(course, loaded)


def findings_of_orphans(course: Course) -> Iterator[Finding]:
    """Yield solutions that have no exercise, folders that are no exercise, skills that nothing shows."""
    known = set(course.ids())
    yield from _unshown_skills(course)
    for top, lacks in (("solutions", "exercise"), ("exercises", CHECKS)):
        for path in sorted((course.root / top).glob("*/*")):
            name = path.relative_to(course.root / top).as_posix()
            if path.is_dir() and path.name not in LITTER and name not in known:
                yield Finding(
                    name, f"{top}/{name} has no {lacks}.", f"Add exercises/{name}/{CHECKS}, or remove it."
                )


def findings_of_lessons(course: Course) -> Iterator[Finding]:
    """Yield what is wrong with the lessons' pieces, ``notebooks/<chapter>.toml``."""
    for name in chapter_ids(course):
        try:
            chapter = read_chapter(course, name)
            opening_questions(course, chapter)
            choose(chapter.images)
        except CourseError as error:
            yield Finding(name, error.message, error.next)


def _finding(loaded: Loaded, message: str, fix: str) -> Finding:
    return Finding(loaded.id, message, fix)


def _words(loaded: Loaded) -> Iterator[Finding]:
    exercise = loaded.exercise
    hints = [*exercise.hints.general, *exercise.hints.when.values()]
    if len(exercise.hints.general) < 3:
        yield _finding(loaded, "It has fewer than three hints.", "Add hints of rising strength to Hints(…).")
    if not all(hint.strip() for hint in hints):
        yield _finding(loaded, "A hint is empty.", "Write it, or take it out of Hints(…).")
    if not exercise.docs or not all(title.strip() for title in exercise.docs):
        yield _finding(loaded, "It points to no documentation.", "Add titles of pages to docs=[…].")
    if not exercise.checks:
        yield _finding(loaded, "It has no check.", "Add a function with @exercise.check(points=…).")
    if not loaded.why.strip():
        yield _finding(loaded, "Its why.md is missing or empty.", f"Write solutions/{loaded.id}/why.md.")


def _skills(course: Course, loaded: Loaded) -> Iterator[Finding]:
    listed = read_skills(course)
    named = skills_file(course).relative_to(course.root).as_posix()
    if not loaded.exercise.skills:
        yield _finding(loaded, "It shows no skill.", f"Add keys of {named} to skills=[…].")
    for key in loaded.exercise.skills:
        if key not in listed:
            near = difflib.get_close_matches(key, listed, 1)
            fix = f"Did you mean {near[0]!r}? Else add" if near else "Add"
            yield _finding(loaded, f"It names an unknown skill {key!r}.", f"{fix} it to {named}.")


def _unshown_skills(course: Course) -> Iterator[Finding]:
    shown = {key for name in course.ids() for key in course.load(name).exercise.skills}
    named = skills_file(course).relative_to(course.root).as_posix()
    for key in read_skills(course).keys() - shown:
        fix = f"Name it in skills=[…] of an exercise, or remove its line from {named}."
        yield Finding("", f"No exercise shows the skill {key!r}.", fix)


def _mutants(loaded: Loaded) -> Iterator[Finding]:
    checks = {check.id for check in loaded.exercise.checks}
    for mutant in loaded.mutants:
        where = f"mutants/{mutant.name}/{EXPECT}"
        if mutant.check not in checks:
            yield _finding(
                loaded, f"{where} names no check of this exercise.", f"Name one of: {', '.join(checks)}."
            )
        if not mutant.phrase.strip():
            yield _finding(loaded, f"{where} has an empty phrase.", "Name a phrase of the check's message.")
        for key in mutant.unknown:
            fix = "Keys are check, phrase, remove and images."
            yield _finding(loaded, f"{where} has an unknown key {key!r}.", fix)
        for image in sorted(set(mutant.images) - catalogue().keys()):
            fix = "Name keys of the catalogue: `course images` lists them."
            yield _finding(loaded, f"{where} names an unknown image {image!r}.", fix)


def _files(course: Course, loaded: Loaded) -> Iterator[Finding]:
    edits = loaded.exercise.edits
    for name in files_below(loaded.starter):
        if name in {"answer.py", "answer.json", ".course.json"}:
            yield _finding(loaded, f"exercises/{loaded.id}/{name} is a part of an answer.", "Remove it.")
    for name in files_below(loaded.solution):
        inner = name.split("/")
        overlay = inner[0] in {"alternatives", "mutants"} and len(inner) > 2
        within = "/".join(inner[2:]) if overlay else name
        mine = within == EXPECT if inner[0] == "mutants" else not overlay and within == "why.md"
        if not mine and not allowed(within, edits):
            fix = f"Add {within!r} to edits=[…], or remove the file."
            yield _finding(loaded, f"solutions/{loaded.id}/{name} is no part of an answer.", fix)
        if not mine and within != NOTEBOOK and _same(loaded.solution / name, loaded.starter / within):
            fix = "Remove it: only what differs lies in solutions/."
            yield _finding(loaded, f"solutions/{loaded.id}/{name} equals the starter's.", fix)
    for folder in (loaded.starter, loaded.solution):
        for path in sorted(path for path in folder.rglob("*") if path.name in LITTER):
            yield _finding(loaded, f"{path.relative_to(course.root)} is left behind by a tool.", "Remove it.")
        for name in files_below(folder):
            path = folder / name
            if not path.stat().st_size and path.name not in _MAY_BE_EMPTY and not allowed(name, edits):
                yield _finding(loaded, f"{path.relative_to(course.root)} is empty.", "Fill it, or remove it.")


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()
