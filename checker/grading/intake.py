"""Takes submissions in: finds the exercises in what was handed in, and copies their files, and no more."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from checker.course import NOTEBOOK
from checker.errors import Refused, UsageError
from checker.record import RECORD

from .sources import (
    MB,
    SUBMISSION_BYTES,
    Entry,
    Source,
    Unreadable,
    name_and_kind,
    odd_characters,
    opened,
    shown,
)

EXERCISE_FILES = 2000
FILE_BYTES = 16 * MB
EXERCISE_BYTES = 64 * MB

_WRAPPERS = 2  # folders around what is shaped like `work/`
_RECORD_BYTES = 2**16
_RECORDS = 200  # read at most, of folders that do not lie where an exercise does
_REMARKS = 20  # told at most

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

Parts = tuple[str, ...]


@dataclass(frozen=True)
class HandedIn:
    """An exercise that a student handed in. ``folder`` holds its files, unless there is a ``problem``.

    ``exercise`` is empty where the problem is the whole submission's. ``remarks`` say what was left out.
    Those about no exercise in particular stand with the student's first.
    """

    student: str
    exercise: str
    folder: Path
    problem: str = ""
    remarks: tuple[str, ...] = ()


def take_in(paths: Sequence[Path], ids: Collection[str], into: Path) -> list[HandedIn]:
    """Copy the exercises ``ids`` that ``paths`` hold to ``into/<number of the path>/<id>/``.

    Raises
    ------
    UsageError
        If a path does not exist, or its name is no student's, or is another one's too.
    Refused
        If the copies cannot be written.
    """
    students = _students(paths)
    handed: list[HandedIn] = []
    for number, (student, path) in enumerate(students.items(), 1):
        handed += _take_one(student, path, frozenset(ids), into / str(number))
    return handed


def _students(paths: Sequence[Path]) -> dict[str, Path]:
    students: dict[str, Path] = {}
    for path in paths:
        student, _ = name_and_kind(path)
        if not os.path.lexists(path):
            raise UsageError(f"There is no submission {path}.", next="Name a folder, a .zip or a .tar.gz.")
        if odd := "is empty" if not student.strip() else odd_characters(student):
            raise UsageError(
                f"The name of {shown(str(path))} {odd}. It is the student's name.", next="Rename it."
            )
        if student in students:
            raise UsageError(
                f"{students[student]} and {path} are both a submission of {student}.",
                next="Name one of them, or rename one.",
            )
        students[student] = path
    return students


def _take_one(student: str, path: Path, ids: frozenset[str], into: Path) -> list[HandedIn]:
    try:
        with opened(path) as source:
            submission = _Submission(source, ids)
            try:
                submission.copy(into)
            except OSError as error:
                raise Refused(
                    f"{into}: the submission of {student} cannot be copied: {error.strerror}.",
                    next="Make room there, or name another folder.",
                ) from error
    except Unreadable as error:
        shutil.rmtree(into, ignore_errors=True)
        return [HandedIn(student, "", into, problem=str(error))]
    found = submission.found
    if not found:
        return [HandedIn(student, "", into, _nothing(submission), _told(submission.remarks))]
    first, *others = found
    first.remarks[:0] = submission.remarks
    return [
        HandedIn(student, one.exercise, into / one.exercise, one.problem, _told(one.remarks))
        for one in (first, *others)
    ]


def _told(remarks: list[str]) -> tuple[str, ...]:
    different = list(dict.fromkeys(remarks))
    more = len(different) - _REMARKS
    return (*different[:_REMARKS], *([f"And {more} more like these."] if more > 0 else []))


def _nothing(submission: _Submission) -> str:
    problem = "No exercise of the course is in it. Expected <chapter>/<exercise>/… as in work/"
    top = sorted({entry.parts[0] for entry in submission.entries if entry.parts})
    held = ", ".join(shown(name) for name in top[:5]) + (", …" if len(top) > 5 else "")
    return f"{problem}; found {held or 'nothing'}."


@dataclass
class _Found:
    """An exercise of a submission, and what becomes of it."""

    exercise: str
    folder: Parts
    entries: list[Entry] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    problem: str = ""
    size: int = 0
    copied: int = 0

    def left_out(self, entry: Entry, why: str) -> None:
        self.remarks.append(_left_out(entry, why))


def _left_out(entry: Entry, why: str) -> str:
    return f"{shown(entry.name)} is left out: {why}."


class _Submission:
    """What is in one submission: ``found``, by exercise, and ``remarks`` about the rest."""

    def __init__(self, source: Source, ids: frozenset[str]) -> None:
        self._source = source
        self._ids = ids
        self._chapters = {one.split("/")[0] for one in ids}
        self.remarks: list[str] = []
        self.entries = self._listed()
        self.found = self._sorted()
        self._left = SUBMISSION_BYTES

    def _listed(self) -> list[Entry]:
        """Return the entries. Of those with one name the last counts, as where an archive is unpacked."""
        last: dict[Parts, Entry] = {}
        nowhere: list[Entry] = []
        for entry in self._source.entries():
            earlier = last.get(entry.parts)
            if not entry.parts:
                nowhere.append(entry)
                continue
            if earlier and not (earlier.why and earlier.why == entry.why):
                self.remarks.append(f"{shown(entry.name)} is there more than once: the last one counts.")
            last[entry.parts] = entry
        return [*nowhere, *last.values()]

    def _sorted(self) -> list[_Found]:
        """Give each entry to the exercise that it belongs to."""
        by_place = self._placed()
        by_record = self._recorded(by_place)
        found = {folder: _Found(name, folder) for folder, name in (by_record | by_place).items()}
        for entry in self.entries:
            heads = list(_heads(entry.parts))
            folder = next(
                (head for places in (by_place, by_record) for head in heads if head in places), None
            )
            if folder is None:
                self._stray(entry)
            else:
                found[folder].entries.append(entry)
        by_exercise = itertools.groupby(sorted(found.values(), key=_order), key=lambda one: one.exercise)
        return [_chosen(list(several)) for _, several in by_exercise]

    def _placed(self) -> dict[Parts, str]:
        """Return the folders of exercises by where they lie."""
        places = {}
        for entry in self.entries:
            for depth in range(min(_WRAPPERS + 1, len(entry.parts) - 1)):
                exercise = "/".join(entry.parts[depth : depth + 2])
                if exercise in self._ids:
                    places[entry.parts[: depth + 2]] = exercise
                    break
        return places

    def _recorded(self, placed: Collection[Parts]) -> dict[Parts, str]:
        """Return further folders of exercises by the record in them."""
        regular = {entry.parts: entry.number for entry in self.entries if not entry.why}
        folders = {
            number: parts[:-1]
            for parts, number in regular.items()
            if parts[-1] == RECORD
            and len(parts) <= _WRAPPERS + 3
            and (*parts[:-1], NOTEBOOK) in regular
            and not any(head in placed for head in _heads(parts))
        }
        wanted = dict(itertools.islice(folders.items(), _RECORDS))
        if not wanted:
            return {}  # a tar would be read once more for nothing
        named = {wanted[number]: _exercise_in(body) for number, body in self._source.read(wanted.keys())}
        known = {folder: name for folder, name in named.items() if name in self._ids}
        return {
            folder: name
            for folder, name in known.items()
            if not any(head in known for head in _heads(folder) if head != folder)
        }

    def _stray(self, entry: Entry) -> None:
        """Remark an entry that belongs to no exercise, if it looks as if it should."""
        if entry.why:
            self.remarks.append(_left_out(entry, entry.why))
            return
        for depth in range(min(_WRAPPERS + 1, len(entry.parts) - 2)):
            if entry.parts[depth] in self._chapters:
                self._unknown(entry.parts[: depth + 2])
                return
        if entry.parts[-1] == NOTEBOOK:
            self._unknown(entry.parts[:-1])

    def _unknown(self, folder: Parts) -> None:
        self.remarks.append(f"{_path(folder)} is left out: the course has no such exercise.")

    def copy(self, into: Path) -> None:
        """Copy each exercise, bounded. One that has a problem leaves nothing behind.

        Raises
        ------
        Unreadable
            If the submission is too large, or breaks off.
        """
        wanted = {
            entry.number: (one, entry) for one in self.found for entry in self._fit(one) if not one.problem
        }
        _make_folder(into)
        for number, body in self._source.read(wanted.keys()):
            one, entry = wanted[number]
            if not one.problem:
                try:
                    self._copy(one, entry, body, into / one.exercise)
                except Unreadable as error:
                    one.problem = str(error)
            if self._left < 0:
                raise Unreadable(f"It holds more than {SUBMISSION_BYTES // MB} MB, the most that is taken.")
        for one in self.found:
            if not one.copied and not one.problem:
                one.problem = "Its folder holds no file that can be taken. See what was left out."
            if one.problem:
                shutil.rmtree(into / one.exercise, ignore_errors=True)

    def _fit(self, one: _Found) -> list[Entry]:
        """Return the entries to copy. Remark the others; where it takes too much, that is the problem."""
        for entry in one.entries:
            if entry.why and entry.vital:
                one.problem = f"{shown(entry.name)} cannot be taken: {entry.why}. Hand it in without that."
            elif entry.why:
                one.left_out(entry, entry.why)
            elif entry.parts == one.folder:
                one.left_out(entry, "it is a file where the exercise's folder is expected")
        regular = [entry for entry in one.entries if not entry.why and entry.parts != one.folder]
        if len(regular) > EXERCISE_FILES:
            one.problem = (
                f"It holds {len(regular)} files, and at most {EXERCISE_FILES} are taken. "
                "Hand in the answer's files only."
            )
        return regular

    def _copy(self, one: _Found, entry: Entry, body: Iterator[bytes], target: Path) -> None:
        path = target.joinpath(*entry.parts[len(one.folder) :])
        try:
            _make_folder(path.parent)
            file = path.open("xb")
        except FileExistsError:
            # A file and a folder of one name; or names that differ in case only, where that is no difference.
            one.left_out(entry, "another name stands in its place")
            return
        with file:
            size = 0
            for piece in body:
                size += len(piece)
                one.size += len(piece)
                self._left -= len(piece)
                _within(size, FILE_BYTES, shown(entry.name))
                _within(one.size, EXERCISE_BYTES, _path(one.folder))
                if self._left < 0:
                    return
                file.write(piece)
        path.chmod(0o755 if entry.executable else 0o644)
        one.copied += 1


def _heads(parts: Parts) -> Iterator[Parts]:
    """Yield the folders that ``parts`` lie in, and ``parts``, from the outermost."""
    return (parts[:length] for length in range(min(len(parts), _WRAPPERS + 2) + 1))


def _path(parts: Parts) -> str:
    return shown("/".join(parts)) or "The folder"


def _order(one: _Found) -> tuple[str, int, Parts]:
    return one.exercise, _rank(one), one.folder


def _rank(one: _Found) -> int:
    """Say how clear it is that this is the answer: it lies in ``work/``, at the top, elsewhere, anywhere."""
    if "/".join(one.folder[-2:]) != one.exercise:
        return 3
    if one.folder[-3:-2] == ("work",):
        return 0
    return 1 if len(one.folder) == 2 else 2


def _chosen(several: list[_Found]) -> _Found:
    """Return the first of the folders of one exercise. Where the second is as good, that is a problem."""
    first, *others = several
    if others and _rank(others[0]) == _rank(first):
        first.problem = (
            f"It is there more than once: {_path(first.folder)} and {_path(others[0].folder)}. Hand in one."
        )
    first.remarks += [f"{_path(one.folder)} is left out: {_path(first.folder)} counts." for one in others]
    return first


def _exercise_in(body: Iterator[bytes]) -> str:
    """Return the exercise that a record names; empty where it names none, or is none."""
    data = b""
    try:
        for piece in body:
            data += piece
            if len(data) > _RECORD_BYTES:
                return ""
        found = json.loads(data)
    except (Unreadable, ValueError, RecursionError):
        return ""
    name = found.get("exercise") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""


def _within(size: int, most: int, what: str) -> None:
    if size > most:
        raise Unreadable(
            f"{what} is larger than {most // MB} MB, the most that is taken. Hand in the answer's files only."
        )


def _make_folder(path: Path) -> None:
    """Make a folder and those around it, readable by everybody, whatever the process makes by itself."""
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir()
        path.chmod(0o755)
