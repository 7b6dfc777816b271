"""The pages that a student and a teacher read. They need no network, no script and no colour."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections import Counter
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from checker.result import CheckResult, Result, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SIGNS = {
    Status.PASSED: ("✔", "passed"),
    Status.FAILED: ("✘", "failed"),
    Status.BLOCKED: ("·", "blocked"),
    Status.TIMEOUT: ("◷", "timeout"),
    Status.ERROR: ("!", "error"),
}
_REASONS = {
    "interactive": "It is done in a terminal, and only the student's own lab can check it.",
    "unsupported-here": "The engine that graded it does not offer what it needs.",
    "base-not-available": "It builds on an image that could not be had here.",
    "course": "The course made a mistake.",
    "submission": "What was handed in could not be taken.",
}
_ANSWERS = {
    "not-run": "was not run",
    "ok": "ran to its end",
    "raised": "ended with an error",
    "timeout": "was stopped when its time was used up",
}
_MOST_COMMON = 15

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# What a terminal acts on is shown as a picture of itself. What turns a line around, and half a character,
# is replaced.
_SHOWN: dict[int, int] = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"},
    0x7F: 0x2421,
    **dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD),
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
}


class Gradebook:
    """Results by student and exercise. Where one was graded twice, the later result counts."""

    def __init__(self, results: Sequence[Result], titles: Mapping[str, str]) -> None:
        self._results = {(one.student, one.exercise): one for one in results}
        self._titles = titles
        self._most: dict[str, float] = {}
        for one in results:
            self._most[one.exercise] = max(one.max_score, self._most.get(one.exercise, 0))
        self.students = sorted({one.student for one in results}, key=lambda name: (name.casefold(), name))
        self.exercises = sorted({one.exercise for one in results if one.exercise})

    @property
    def results(self) -> list[Result]:
        """All results, by student."""
        return [one for student in self.students for one in self.of(student)]

    def of(self, student: str) -> list[Result]:
        """Return a student's results in the order of the course; first what concerns the whole submission."""
        found = [one for (name, _), one in self._results.items() if name == student]
        return sorted(found, key=lambda one: one.exercise)

    def result(self, student: str, exercise: str) -> Result | None:
        """Return one result, or ``None`` where nothing was handed in."""
        return self._results.get((student, exercise))

    def title(self, exercise: str) -> str:
        """Return an exercise's title."""
        return self._titles.get(exercise, exercise) or "The whole submission"

    def score(self, student: str, exercise: str) -> float | None:
        """Return a score, or ``None`` where there is none."""
        result = self.result(student, exercise)
        return result.score if result and result.gradable else None

    def total(self, student: str) -> float:
        """Return the sum of a student's scores."""
        return math.fsum(self.score(student, exercise) or 0 for exercise in self.exercises)

    def most(self, student: str) -> float:
        """Return what a student could have got: all but what could not be graded."""
        if self.result(student, ""):
            return 0.0
        return math.fsum(self._possible(student, exercise) for exercise in self.exercises)

    def _possible(self, student: str, exercise: str) -> float:
        result = self.result(student, exercise)
        if result is None:
            return self._most[exercise]
        return result.max_score if result.gradable else 0.0

    def ungraded(self, student: str) -> list[Result]:
        """Return the results that could not be graded."""
        return [one for one in self.of(student) if not one.gradable]


# --- a student's page --------------------------------------------------------------------------------------


def feedback_page(book: Gradebook, student: str) -> str:
    """Return what a student reads."""
    results = book.of(student)
    total = f"{_points(book.total(student))} of {_points(book.most(student))} points"
    rows = "".join(
        f'<tr><th scope="row"><a href="#e{number}">{_text(book.title(one.exercise))}</a>'
        f"<code>{_text(one.exercise)}</code></th><td>{_standing(one)}</td>"
        f'<td class="number">{_score(one)}</td></tr>'
        for number, one in enumerate(results, 1)
    )
    absent = [one for one in book.exercises if not book.result(student, one) and not book.result(student, "")]
    left = f"<p>Not handed in: {_text(', '.join(map(book.title, absent)))}.</p>" if absent else ""
    sections = "".join(_exercise(book, number, one) for number, one in enumerate(results, 1))
    return _page(
        f"Feedback for {student or 'a student without a name'}",
        f'<p class="total">{total}</p>'
        + _table("Your exercises", ("Exercise", "Outcome", "Points"), rows)
        + left
        + sections,
    )


def _exercise(book: Gradebook, number: int, result: Result) -> str:
    checks = "".join(map(_check, result.checks))
    heading = "What the checks found" if result.gradable else "What the checks found. It does not count."
    return (
        f'<section aria-labelledby="e{number}"><h2 id="e{number}">{_text(book.title(result.exercise))}</h2>'
        f"<p>{_standing(result)} <span>{_score(result)}</span></p>"
        + (_not_graded(result) if not result.gradable else _lines(result.message))
        + (f'<h3>{heading}</h3><ol class="checks">{checks}</ol>' if checks else "")
        + (_answer(result) if result.checks else "")
        + _facts(result)
        + "</section>"
    )


def _not_graded(result: Result) -> str:
    said = _REASONS.get(result.reason, "")
    if result.reason.startswith("engine:"):
        said = "The engine that graded it failed."
    return (
        f'<div class="note"><p><strong>Not graded.</strong> {said} No points were taken.</p>'
        f"{_lines(result.message)}<p>Reason: <code>{_text(result.reason)}</code></p></div>"
    )


def _check(check: CheckResult) -> str:
    points = (
        "no points" if not check.max_points else f"{_points(check.points)} of {_points(check.max_points)}"
    )
    told = {
        "Expected": check.expected,
        "Found": check.actual,
        "Why it matters" if check.status is Status.FAILED else "What happened": check.message,
        "Next": check.next,
        "To read": "; ".join(check.docs),
    }
    seen = "".join(f"<p>{_text(key)}</p>{_pre(_plain(value))}" for key, value in check.evidence.items())
    return (
        f'<li class="{check.status.value}"><p class="line">{_sign(check.status)} '
        f'<strong>{_text(check.title)}</strong> <span class="points">{points}</span></p>'
        + (_list(told) if check.status is not Status.PASSED else "")
        + _folded("What was seen", seen)
        + "</li>"
    )


def _answer(result: Result) -> str:
    answer = result.answer
    said = f"<p>Your answer {_ANSWERS.get(answer.status, _text(answer.status))}.</p>"
    error = f"<pre>{_text(answer.error)}</pre>" if answer.error else ""
    return (
        said + error + _folded("The end of what it printed", answer.output_tail and _pre(answer.output_tail))
    )


def _facts(result: Result) -> str:
    facts = {
        "Isolated": _isolated(result),
        "Engine": result.engine or "not reached",
        "Course version": result.course_version or "not known",
        "Took": _seconds(result.duration_ms),
    }
    more = {
        "Graded at": result.started,
        "Run": result.run_id,
        "Seed": str(result.seed),
        "SHA-256 of the checks": result.checks_sha256,
        "SHA-256 of the submission": result.submission_sha256,
    }
    return f"<h3>How it was graded</h3>{_list(facts)}" + _folded("What identifies this run", _list(more))


def _isolated(result: Result) -> str:
    if result.isolated:
        return "✔ yes: it had an engine of its own"
    return "△ no: it shared an engine with others" if result.engine else "nothing was run"


def _list(told: Mapping[str, str]) -> str:
    return (
        "<dl>"
        + "".join(f"<dt>{word}</dt><dd>{_text(text)}</dd>" for word, text in told.items() if text)
        + "</dl>"
    )


# --- the class ---------------------------------------------------------------------------------------------


def class_page(book: Gradebook, links: Mapping[str, str]) -> str:
    """Return what a teacher reads before the next lesson. ``links`` lead to the students' pages."""
    students, exercises = len(book.students), len(book.exercises)
    head = f"{_count(students, 'student')}, {_count(exercises, 'exercise')}"
    shared = sum(not one.isolated for one in book.results if one.engine)
    warning = f"△ {_count(shared, 'result')} not isolated: the answers shared an engine with others."
    note = f'<p class="note">{warning}</p>' if shared else ""
    return _page(
        "The class",
        f'<p class="total">{head}</p>{note}' + _grid(book, links) + _common(book) + _ungraded(book),
    )


def _grid(book: Gradebook, links: Mapping[str, str]) -> str:
    rows = "".join(
        f'<tr><th scope="row"><a href="{escape(quote(links[student]))}">{_name(student)}</a></th>'
        + "".join(f"<td>{_cell(book, student, exercise)}</td>" for exercise in book.exercises)
        + f'<td class="number">{_points(book.total(student))} of {_points(book.most(student))}</td></tr>'
        for student in book.students
    )
    passed = "".join(f"<td>{_passed(book, exercise)}</td>" for exercise in book.exercises)
    foot = f'<tfoot><tr><th scope="row">Passed</th>{passed}<td></td></tr></tfoot>'
    columns = [f"{_text(book.title(one))} <code>{_text(one)}</code>" for one in book.exercises]
    return _table("Who passed what", ("Student", *columns, "Total"), rows, foot, "grid")


def _cell(book: Gradebook, student: str, exercise: str) -> str:
    # Where the whole submission could not be taken, nobody knows what was handed in.
    result = book.result(student, exercise) or book.result(student, "")
    if result is None:
        return '<span class="absent"><span aria-hidden="true">○</span> not handed in</span>'
    score = (
        f" <small>{_points(result.score)} of {_points(result.max_score)}</small>" if result.gradable else ""
    )
    return _standing(result) + score


def _passed(book: Gradebook, exercise: str) -> str:
    handed = [one for student in book.students if (one := book.result(student, exercise))]
    return f"{sum(one.passed and one.gradable for one in handed)} of {len(handed)} handed in"


def _common(book: Gradebook) -> str:
    """Return which checks failed most. Only what was graded says something about the class."""
    failing = [
        (result.exercise, check)
        for result in book.results
        if result.gradable
        for check in result.checks
        if check.status in {Status.FAILED, Status.TIMEOUT}
    ]
    titles = {(exercise, check.id): check.title for exercise, check in failing}
    counts = Counter((exercise, check.id) for exercise, check in failing)
    reasons = Counter((exercise, check.id, check.reason) for exercise, check in failing if check.reason)
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_COMMON]
    rows = "".join(
        f'<tr><th scope="row">{_text(titles[key])}<code>{_text("/".join(key))}</code></th>'
        f"<td>{_reasons(key, reasons)}</td>"
        f'<td class="number">{count}</td></tr>'
        for key, count in most
    )
    if not rows:
        return "<h2>What failed most</h2><p>No check failed.</p>"
    return _table("What failed most", ("Check", "Why", "Students"), rows)


def _reasons(key: tuple[str, str], reasons: Counter[tuple[str, str, str]]) -> str:
    of_check = sorted((-count, one[2]) for one, count in reasons.items() if one[:2] == key)
    return ", ".join(f"{_text(reason)} ({-count})" for count, reason in of_check[:3]) or "no reason given"


def _ungraded(book: Gradebook) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_name(student)}</th>'
        f"<td>{_text(book.title(one.exercise))}<code>{_text(one.exercise)}</code></td>"
        f"<td><code>{_text(one.reason)}</code>{_lines(one.message)}</td></tr>"
        for student in book.students
        for one in book.ungraded(student)
    )
    if not rows:
        return ""
    return _table("What could not be graded; no points were taken", ("Student", "Exercise", "Why"), rows)


# --- pieces ------------------------------------------------------------------------------------------------


def _sign(status: Status) -> str:
    sign, word = _SIGNS[status]
    return f'<span class="status {status.value}"><span aria-hidden="true">{sign}</span> {word}</span>'


def _standing(result: Result) -> str:
    if result.gradable:
        return _sign(result.status)
    return '<span class="status error"><span aria-hidden="true">△</span> not graded</span>'


def _score(result: Result) -> str:
    if not result.gradable:
        return "no points taken"
    return f"{_points(result.score)} of {_points(result.max_score)} points"


def _name(student: str) -> str:
    return _text(student or "a student without a name")


def _points(value: float | None) -> str:
    return "no points" if value is None else f"{value:.6g}"


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _text(text: str) -> str:
    """Return text for HTML, in quotes too; what would change the page or the line is shown or replaced."""
    return escape(_COLOURS.sub("", text).translate(_SHOWN))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True, default=str)


def _lines(text: str) -> str:
    return "".join(f"<p>{_text(line)}</p>" for line in text.split("\n") if line.strip())


def _pre(text: str) -> str:
    return f'<pre tabindex="0">{_text(text)}</pre>'


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>{content}</details>" if content else ""


def _table(caption: str, columns: Iterable[str], rows: str, foot: str = "", kind: str = "") -> str:
    """Return a table with its heading. It scrolls by itself, also by keyboard, where the page is narrow."""
    heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
    return (
        f'<div class="scroll {kind}" role="region" tabindex="0" aria-label="{_text(caption)}">'
        f"<table><caption>{_text(caption)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody>{foot}</table></div>"
    )


def _page(title: str, body: str) -> str:
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{_text(title)}</h1>{body}</main></body></html>\n"
    )


_STYLE = (Path(__file__).parent / "report.css").read_text("utf-8")
