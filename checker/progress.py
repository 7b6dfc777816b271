"""What a learner has done: attempts, hints shown, best result. One small SQLite file."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import Refused
from .locks import locked
from .paths import data_dir
from .result import Result, Status
from .review import Past

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .course import Course

_TABLES = """
CREATE TABLE IF NOT EXISTS attempts (
    run_id TEXT PRIMARY KEY, course TEXT, exercise TEXT, started TEXT, status TEXT, gradable INTEGER,
    score REAL, max_score REAL, seed INTEGER, reasons TEXT);
CREATE INDEX IF NOT EXISTS attempts_of ON attempts (course, exercise);
CREATE TABLE IF NOT EXISTS hints (
    course TEXT, exercise TEXT, hint TEXT, shown TEXT, UNIQUE (course, exercise, hint));
CREATE TABLE IF NOT EXISTS given_up (course TEXT, exercise TEXT, at TEXT, UNIQUE (course, exercise));
CREATE TABLE IF NOT EXISTS predictions (
    course TEXT, chapter TEXT, prediction TEXT, predicted TEXT, found TEXT, outcome TEXT, at TEXT);
CREATE TABLE IF NOT EXISTS quiz_answers (course TEXT, question TEXT, picked TEXT, was_right INTEGER, at TEXT);
CREATE TABLE IF NOT EXISTS reasons (course TEXT, run TEXT, reason TEXT, was_right INTEGER, at TEXT);
"""
_PREDICTIONS = """
SELECT prediction, predicted, found, outcome, reason, was_right FROM predictions p LEFT JOIN reasons r
ON r.rowid = (SELECT max(rowid) FROM reasons WHERE course = p.course AND run = p.run)
WHERE p.course = ? AND chapter = ?
ORDER BY predicted IS NULL OR outcome = 'no choice fits', outcome = 'none', p.rowid
"""
_ADDED = (("predictions", "run"),)  # columns that files of earlier versions lack
_RUNS = """
SELECT exercise, runs, first, status, score, max_score, started FROM (
    SELECT *, count(*) OVER (PARTITION BY exercise) AS runs,
        min(CASE status WHEN 'passed' THEN started END) OVER (PARTITION BY exercise) AS first,
        row_number() OVER (
            PARTITION BY exercise ORDER BY status = 'passed' DESC, score DESC, started) AS place
    FROM attempts WHERE course = ? AND gradable)
WHERE place = 1
"""
_TOUCHED = """
SELECT place, max(julianday(at)) FROM (
    SELECT course, exercise AS place, started AS at FROM attempts
    UNION ALL SELECT course, exercise, shown FROM hints
    UNION ALL SELECT course, exercise, at FROM given_up
    UNION ALL SELECT course, chapter, at FROM predictions)
WHERE course = ? AND julianday(at) GROUP BY place
"""
_EPOCH = 2440587.5  # the Julian day on which Unix time begins
_BUSY = 10.0  # seconds to wait for another notebook's write


@dataclass(frozen=True)
class Best:
    """The best that was reached in one exercise."""

    status: Status
    score: float | None
    max_score: float
    started: str


@dataclass(frozen=True)
class Done:
    """What was done in one exercise. ``alone``: it was passed before the solution was opened, if ever."""

    attempts: int = 0
    best: Best | None = None
    hints: int = 0
    gave_up: bool = False
    alone: bool = False


@dataclass(frozen=True)
class Predicted:
    """What counts of a prediction. ``reason`` is what was picked last after a wrong one, right or not."""

    predicted: str | None
    found: str
    outcome: str
    reason: str | None
    reason_right: bool


class Progress:
    """A learner's progress in one course. Two notebooks may write at once.

    Parameters
    ----------
    course
        Whose exercises are meant.
    path
        Default: ``progress.sqlite3`` in the user's data directory.
    """

    def __init__(self, course: Course, path: Path | None = None) -> None:
        self._course = course.key
        self.path = path or data_dir() / "progress.sqlite3"
        #: A sentence where a damaged file had to be put aside.
        self.message = ""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.path):  # SQLite does not wait where two make a file, or change its journal
                self._prepare()
        except OSError as error:
            raise _cannot_keep(self.path, error) from error

    def _prepare(self) -> None:
        if self._damaged():
            self._put_aside()
        with self._open() as database:
            database.execute("PRAGMA journal_mode = WAL")  # a reader never waits for a writer
            database.executescript(_TABLES)
            for table, column in _ADDED:
                known = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
                if column not in known:
                    database.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT")

    def record(self, result: Result) -> None:
        """Keep one check run."""
        reasons = [check.reason for check in result.checks if check.status is Status.FAILED and check.reason]
        with self._open() as database:
            database.execute(
                "INSERT OR IGNORE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    result.run_id, self._course, result.exercise, result.started, result.status.value,
                    result.gradable, result.score, result.max_score, result.seed, json.dumps(reasons),
                ),
            )  # fmt: skip

    def attempts(self, exercise_id: str) -> int:
        """Return how often the exercise was checked; runs that could not be graded do not count."""
        query = "SELECT count(*) FROM attempts WHERE course = ? AND exercise = ? AND gradable"
        row = self._one(query, exercise_id)
        return int(row[0]) if row else 0

    def best(self, exercise_id: str) -> Best | None:
        """Return the best result, or ``None`` before the first."""
        row = self._one(
            "SELECT status, score, max_score, started FROM attempts "
            "WHERE course = ? AND exercise = ? AND gradable "
            "ORDER BY status = 'passed' DESC, score DESC, started LIMIT 1",
            exercise_id,
        )
        return Best(Status(row[0]), *row[1:]) if row else None

    def passed(self, exercise_id: str) -> bool:
        """Say whether every check has passed at least once."""
        best = self.best(exercise_id)
        return best is not None and best.status is Status.PASSED

    def done(self) -> dict[str, Done]:
        """Return what was done in each exercise, for a map of a hundred of them in three queries."""
        with self._open() as database:
            runs = {row[0]: row[1:] for row in database.execute(_RUNS, (self._course,))}
            hints = dict(
                database.execute(
                    "SELECT exercise, count(*) FROM hints WHERE course = ? GROUP BY exercise", (self._course,)
                )
            )
            gave_up = dict(
                database.execute("SELECT exercise, at FROM given_up WHERE course = ?", (self._course,))
            )
        found = {}
        for exercise in {*runs, *hints, *gave_up}:
            count, first, status, *rest = runs.get(exercise, (0, None, None))
            best = Best(Status(status), *rest) if status else None
            opened = gave_up.get(exercise)
            alone = bool(first) and (not opened or _moment(first) < _moment(opened))
            found[exercise] = Done(count, best, hints.get(exercise, 0), bool(opened), alone)
        return found

    def touched(self) -> dict[str, float]:
        """Return when each exercise and each chapter was last worked on, in seconds of Unix time.

        Answers to questions do not count: a chapter asks those of earlier chapters, too.
        """
        with self._open() as database:
            rows = database.execute(_TOUCHED, (self._course,))
            return {place: (day - _EPOCH) * 86400 for place, day in rows}

    def last_reasons(self, exercise_id: str) -> list[str]:
        """Return the failure reasons of the last check run."""
        row = self._one(
            "SELECT reasons FROM attempts WHERE course = ? AND exercise = ? "
            "ORDER BY started DESC, rowid DESC LIMIT 1",
            exercise_id,
        )
        return [str(reason) for reason in json.loads(row[0])] if row else []

    def hints_shown(self, exercise_id: str) -> list[str]:
        """Return the hints that were shown, in that order."""
        with self._open() as database:
            rows = database.execute(
                "SELECT hint FROM hints WHERE course = ? AND exercise = ? ORDER BY rowid",
                (self._course, exercise_id),
            )
            return [str(row[0]) for row in rows]

    def show_hint(self, exercise_id: str, hint: str) -> None:
        """Keep that ``hint`` was shown."""
        with self._open() as database:
            database.execute(
                "INSERT OR IGNORE INTO hints VALUES (?, ?, ?, ?)", (self._course, exercise_id, hint, _now())
            )

    def gave_up(self, exercise_id: str) -> bool:
        """Say whether the solution was asked for before passing."""
        return bool(self._one("SELECT at FROM given_up WHERE course = ? AND exercise = ?", exercise_id))

    def give_up(self, exercise_id: str) -> None:
        """Keep that the solution was asked for before passing."""
        with self._open() as database:
            database.execute(
                "INSERT OR IGNORE INTO given_up VALUES (?, ?, ?)", (self._course, exercise_id, _now())
            )

    def predicted(
        self, chapter: str, prediction: str, predicted: str | None, found: str, outcome: str, *, run: str = ""
    ) -> None:
        """Keep what was predicted in a lesson. ``run`` is any id, for the reasons that are picked later."""
        with self._open() as database:
            database.execute(
                "INSERT INTO predictions (course, chapter, prediction, predicted, found, outcome, at, run) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (self._course, chapter, prediction, predicted, found, outcome, _now(), run),
            )

    def reasoned(self, run: str, reason: str, *, right: bool) -> None:
        """Keep a reason that was picked after the wrong prediction kept with ``run``."""
        with self._open() as database:
            database.execute(
                "INSERT INTO reasons VALUES (?, ?, ?, ?, ?)", (self._course, run, reason, right, _now())
            )

    def predictions(self, chapter: str) -> dict[str, Predicted]:
        """Return what counts of each prediction of a chapter: the first that was made.

        Whoever predicts again has seen the answer. Where none was made, a skip counts, then "not predicted".
        """
        found: dict[str, Predicted] = {}
        with self._open() as database:
            for key, said, told, outcome, reason, right in database.execute(
                _PREDICTIONS, (self._course, chapter)
            ):
                found.setdefault(key, Predicted(said, told, outcome, reason, bool(right)))
        return found

    def answered(self, question: str, picked: list[str], *, right: bool) -> None:
        """Keep an answer to a question, ``<chapter>/<key>``, for a later review."""
        with self._open() as database:
            database.execute(
                "INSERT INTO quiz_answers VALUES (?, ?, ?, ?, ?)",
                (self._course, question, json.dumps(picked), right, _now()),
            )

    def answers(self) -> dict[str, Past]:
        """Return how each question stands that was answered, ``<chapter>/<key>``."""
        query = "SELECT question, was_right, at FROM quiz_answers WHERE course = ? ORDER BY rowid"
        found: dict[str, Past] = {}
        with self._open() as database:
            for question, right, at in database.execute(query, (self._course,)):
                day = datetime.fromisoformat(at).astimezone().date()
                if question not in found or found[question].day != day:
                    found[question] = Past(day, bool(right))
        return found

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=_BUSY)) as database, database:
                yield database
        except sqlite3.Error as error:
            raise _cannot_keep(self.path, error) from error

    def _damaged(self) -> bool:
        if not self.path.exists():
            return False
        try:
            with closing(sqlite3.connect(self.path, timeout=_BUSY)) as database:
                return bool(database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
        except sqlite3.OperationalError:
            return False  # busy or not readable is no damage
        except sqlite3.DatabaseError:
            return True

    def _put_aside(self) -> None:
        aside = self.path.with_name(f"{self.path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").replace(f"{aside}{suffix}")
        self.message = (
            f"The file with your progress was damaged. It is kept as {aside.name}; a new one was begun."
        )

    def _one(self, query: str, exercise_id: str) -> tuple[Any, ...] | None:
        with self._open() as database:
            row: tuple[Any, ...] | None = database.execute(query, (self._course, exercise_id)).fetchone()
            return row


def _cannot_keep(path: Path, error: Exception) -> Refused:
    return Refused(
        f"Your progress cannot be kept in {path}: {error}.",
        next="Make room there, or set COURSE_DATA_DIR to a folder that you may write to.",
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
