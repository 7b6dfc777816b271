"""Writes the results of grading: ``results.jsonl``, ``grades.csv``, ``junit.xml`` and pages to read.

Every text in a result may come from a submission. So each file escapes whatever its reader would act on.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from checker.errors import Refused
from checker.files import write_atomic
from checker.result import CheckResult, Result, Status

from .report_pages import Gradebook, class_page, feedback_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

#: What a spreadsheet takes for the beginning of a formula, also in its full width.
_FORMULA = tuple("=+-@\t\r＝＋－＠")  # noqa: RUF001
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 _.@+-]{0,99}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*-[0-9a-f]{12}", re.IGNORECASE)


def write_results(results: Sequence[Result], out: Path) -> None:
    """Write ``results.jsonl``, one result a line. Nobody ever sees half of it.

    Raises
    ------
    Refused
        If it cannot be written.
    """
    lines = [json.dumps(result.to_json()) + "\n" for result in results]
    _write(out / "results.jsonl", "".join(lines))


def write_reports(results: Sequence[Result], out: Path, titles: Mapping[str, str]) -> list[Path]:
    """Write what people and their tools read, and return the files. The same results give the same bytes.

    Parameters
    ----------
    titles
        Each exercise's title by its id.

    Raises
    ------
    Refused
        If they cannot be written.
    """
    book = Gradebook(results, titles)
    names = feedback_names(book.students)
    pages = {f"feedback/{names[student]}": feedback_page(book, student) for student in book.students}
    files = {
        "grades.csv": _grades(book),
        "junit.xml": _junit(book),
        "class.html": class_page(book, {student: f"feedback/{name}" for student, name in names.items()}),
        **pages,
    }
    for name, content in files.items():
        _write(out / name, content)
    return [out / name for name in files]


def _write(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
    except OSError as error:
        raise Refused(
            f"{path} cannot be written: {error.strerror}.",
            next="Make room there, or name another folder with --out.",
        ) from error


def feedback_names(students: Iterable[str]) -> dict[str, str]:
    """Return a file name for each student, distinct also where case makes no difference.

    It is the student's name, if that is a plain file name and no other's differs in case only. Else it
    is what is plain of it, with a sum of the whole.
    """
    students = list(students)
    alike = Counter(student.lower() for student in students)
    return {
        student: f"{student}.html"
        if _PLAIN.fullmatch(student)
        and not _RESERVED.fullmatch(student)
        and (alike[student.lower()] == 1 or student == student.lower())
        else _made_plain(student)
        for student in students
    }


def _made_plain(student: str) -> str:
    ascii_ = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9]+", "-", ascii_).strip("-")[:60] or "student"
    return f"{plain}-{hashlib.sha256(student.encode(errors='surrogatepass')).hexdigest()[:12]}.html"


def _grades(book: Gradebook) -> str:
    """Return the scores as CSV.

    A score is empty where the exercise was not handed in or could not be graded. ``max`` leaves out what
    could not be graded, and counts what was not handed in.
    """
    sheet = io.StringIO()
    # Text is quoted, so that no separator of another country's spreadsheet splits it.
    rows = csv.writer(sheet, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    rows.writerow(["student", *map(_cell, book.exercises), "total", "max", "not_gradable"])
    for student in book.students:
        scores = [book.score(student, exercise) for exercise in book.exercises]
        ungraded = " ".join(one.exercise or "submission" for one in book.ungraded(student))
        rows.writerow(
            [
                _cell(student),
                *("" if score is None else _number(score) for score in scores),
                _number(book.total(student)),
                _number(book.most(student)),
                _cell(ungraded),
            ]
        )
    return sheet.getvalue()


def _cell(text: str) -> str:
    """Return text that no spreadsheet computes: one that begins like a formula gets an apostrophe."""
    text = text.encode(errors="replace").decode().replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 6)


def _junit(book: Gradebook) -> str:
    """Return the checks as JUnit's XML: a suite a student, a case a check."""
    suites = ET.Element("testsuites", name="course grade")
    for student in book.students:
        suite = ET.SubElement(suites, "testsuite", name=_xml(student))
        results = book.of(student)
        for result in results:
            for check in result.checks:
                _case(suite, result, check)
            if not result.gradable and not any(check.status is Status.ERROR for check in result.checks):
                case = _testcase(suite, result, "gradable", result.duration_ms)
                kind = "error" if result.status is Status.ERROR else "skipped"
                ET.SubElement(case, kind, message=_xml(f"not graded: {result.reason}")).text = _xml(
                    result.message
                )
        _count(suite, math.fsum(result.duration_ms for result in results))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _case(suite: ET.Element, result: Result, check: CheckResult) -> None:
    case = _testcase(suite, result, check.id, check.duration_ms)
    kind = {
        Status.FAILED: "failure",
        Status.TIMEOUT: "failure",
        Status.ERROR: "error",
        Status.BLOCKED: "skipped",
    }.get(check.status)
    if not kind:
        return
    if not result.gradable and result.status is not Status.ERROR:
        kind = "skipped"  # what cannot be judged here is nobody's failure
    said = ET.SubElement(case, kind, message=_xml(f"{check.title}: {check.status.value}"))
    if kind != "skipped":
        said.set("type", _xml(check.reason or check.status.value))
    parts = {"Expected": check.expected, "Found": check.actual, "Why": check.message, "Next": check.next}
    said.text = _xml("\n".join(f"{word}: {text}" for word, text in parts.items() if text))


def _testcase(suite: ET.Element, result: Result, name: str, duration_ms: float) -> ET.Element:
    classname = _xml(result.exercise or "submission")
    return ET.SubElement(
        suite, "testcase", classname=classname, name=_xml(name), time=f"{duration_ms / 1000:.3f}"
    )


def _count(suite: ET.Element, duration_ms: float) -> None:
    suite.set("tests", str(len(suite)))
    for name, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("time", f"{duration_ms / 1000:.3f}")


def _xml(text: str) -> str:
    """Replace what XML cannot hold, not even escaped."""
    return _NO_XML.sub("\ufffd", text)
