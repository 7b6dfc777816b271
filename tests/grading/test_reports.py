"""What grading writes: tables and pages that no text of a submission can break."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from checker.errors import Refused
from checker.grading.reports import feedback_names, write_reports, write_results
from checker.result import Answer, CheckResult, Result, Status, score_of, worst

if TYPE_CHECKING:
    from pathlib import Path

WEB, LOGS = "02-run/web", "02-run/logs"
TITLES = {WEB: "A web server", LOGS: "Where the output went"}
NASTY = "</script><script>alert(1)</script>'\"&]]>\x00\x08\x1b[31mred\ud800\u202e\x85"


def check(id_: str, status: Status, points: float | None = 0, most: float = 2, **fields: Any) -> CheckResult:
    return CheckResult(id_, fields.pop("title", f"Title of {id_}"), status, points, most, **fields)


PASSED = check("lives", Status.PASSED, 2)
FAILED = check(
    "answers",
    Status.FAILED,
    expected="port 80",
    actual="port 81",
    reason="port",
    message="It matters.",
    next="Look.",
    docs=["docker run"],
)
BLOCKED = check("stays", Status.BLOCKED, message="Not run.", blocked_by=["answers"])
LATE = check("late", Status.TIMEOUT, message="Stopped.")
BROKEN = check("broken", Status.ERROR, None, reason="engine:gone", message="The engine is gone.")


def result(student: str, exercise: str, *checks: CheckResult, **fields: Any) -> Result:
    found = list(checks)
    known: dict[str, Any] = {
        "run_id": "run",
        "status": worst(found),
        "gradable": worst(found) is not Status.ERROR,
        "score": score_of(found),
        "max_score": sum(one.max_points for one in found),
        "seed": 7,
        "started": "2026-01-02T03:04:05.000Z",
        "duration_ms": 1234.0,
        "course_version": "1.2",
        "checks_sha256": "a" * 64,
        "engine": "ENGINE:ID",
        "isolated": True,
    }
    return Result(student=student, exercise=exercise, checks=found, **known | fields)


UNREADABLE = result(
    "zoe", "", gradable=False, status=Status.ERROR, score=None, reason="submission", engine="", isolated=False
)
CLASS = [
    result("ada", WEB, PASSED, PASSED),
    result(
        "ada",
        LOGS,
        PASSED,
        FAILED,
        gradable=False,
        score=None,
        reason="interactive",
        message="In a terminal.",
    ),
    result("bob", WEB, PASSED, FAILED, BLOCKED, answer=Answer("raised", "NameError", "the tail")),
    result("cy", WEB, LATE, FAILED),
    result("cy", LOGS, BROKEN, reason="engine:gone", message="The engine is gone.", isolated=False),
    UNREADABLE,
]


def written(tmp_path: Path, results: list[Result]) -> Path:
    for path in write_reports(results, tmp_path / "out", TITLES):
        assert path.is_file()
    return tmp_path / "out"


class Page(HTMLParser):
    """A page's elements, its text, and what it leaves open."""

    VOID = ("meta", "br", "link", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def page(path: Path) -> Page:
    return Page(path.read_text("utf-8"))


# --- results.jsonl -----------------------------------------------------------------------------------------


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    nasty = result("a\u2028b", WEB, check("x", Status.FAILED, message=NASTY))
    write_results([*CLASS, nasty], tmp_path / "new")
    lines = (tmp_path / "new/results.jsonl").read_text("utf-8").splitlines()
    assert [Result.from_json(json.loads(line)) for line in lines] == [*CLASS, nasty]


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("no folder")
    for write in (lambda out: write_results([], out), lambda out: write_reports(CLASS, out, TITLES)):
        with pytest.raises(Refused, match="cannot be written"):
            write(tmp_path / "out")


def test_the_same_results_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    first = write_reports(CLASS, tmp_path / "1", TITLES)
    second = write_reports(CLASS[::-1], tmp_path / "2", TITLES)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    names = [
        "grades.csv",
        "junit.xml",
        "class.html",
        *(f"feedback/{one}.html" for one in ("ada", "bob", "cy", "zoe")),
    ]
    assert [path.relative_to(tmp_path / "1").as_posix() for path in first] == names


# --- grades.csv --------------------------------------------------------------------------------------------


def grades(out: Path) -> list[list[str]]:
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_grades_have_a_row_a_student_and_a_column_an_exercise(tmp_path: Path) -> None:
    assert grades(written(tmp_path, CLASS)) == [
        ["student", LOGS, WEB, "total", "max", "not_gradable"],
        ["ada", "", "4", "4", "4", LOGS],
        ["bob", "", "2", "2", "10", ""],
        ["cy", "", "0", "0", "4", LOGS],
        ["zoe", "", "", "0", "0", "submission"],
    ]


def test_scores_are_written_as_numbers_of_any_country(tmp_path: Path) -> None:
    parts = [check(f"c{number}", Status.PASSED, 0.1, 0.1) for number in range(3)]
    assert (
        '"ada",0.3,0.3,0.3,""' in (written(tmp_path, [result("ada", WEB, *parts)]) / "grades.csv").read_text()
    )


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1", "\r=1"])  # noqa: RUF001
def test_no_student_is_a_formula(tmp_path: Path, name: str) -> None:
    assert grades(written(tmp_path, [result(name, WEB, PASSED)]))[1][0] == f"'{name}"


@pytest.mark.parametrize("name", ['a";=1', "a\n=1", "a,b", "a;=cmd|' /C calc'!A0", "Ünal"])
def test_no_name_leaves_its_cell(tmp_path: Path, name: str) -> None:
    out = written(tmp_path, [result(name, WEB, PASSED)])
    assert grades(out)[1] == [name, "2", "2", "2", ""]
    quoted = name.replace('"', '""')
    assert f'"{quoted}"' in (out / "grades.csv").read_text("utf-8")


# --- junit.xml ---------------------------------------------------------------------------------------------


def suites(out: Path) -> dict[str, ET.Element]:
    root = ET.fromstring((out / "junit.xml").read_bytes())
    return {suite.get("name", ""): suite for suite in root}


def outcomes(suite: ET.Element) -> list[tuple[str | None, list[str]]]:
    return [(case.get("name"), [child.tag for child in case]) for case in suite]


def test_junit_has_a_suite_a_student_and_a_case_a_check(tmp_path: Path) -> None:
    found = suites(written(tmp_path, CLASS))
    assert list(found) == ["ada", "bob", "cy", "zoe"]
    assert outcomes(found["bob"]) == [("lives", []), ("answers", ["failure"]), ("stays", ["skipped"])]
    assert outcomes(found["cy"]) == [("broken", ["error"]), ("late", ["failure"]), ("answers", ["failure"])]
    assert outcomes(found["zoe"]) == [("gradable", ["error"])]
    counts = {name: found["cy"].get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
    assert counts == {"tests": "3", "failures": "2", "errors": "1", "skipped": "0", "time": "2.468"}
    failure = found["bob"].find("testcase/failure")
    assert failure is not None
    assert (failure.get("type"), failure.text) == (
        "port",
        "Expected: port 80\nFound: port 81\nWhy: It matters.\nNext: Look.",
    )


def test_what_cannot_be_judged_is_nobodys_failure(tmp_path: Path) -> None:
    ada = suites(written(tmp_path, CLASS))["ada"]
    assert outcomes(ada)[:3] == [("lives", []), ("answers", ["skipped"]), ("gradable", ["skipped"])]


def test_junit_is_xml_whatever_a_message_holds(tmp_path: Path) -> None:
    every = "".join(map(chr, [*range(0x300), *range(0xD7F0, 0xE010), *range(0xFFF0, 0x10010)]))
    bad = check("x", Status.FAILED, title=every, message=every, reason=every)
    suite = suites(written(tmp_path, [result("s\x00\x1b", WEB, bad, duration_ms=5.0)]))["s\ufffd\ufffd"]
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "]]>" not in (failure.text or "")
    assert "<=>?" in (failure.text or "")


# --- pages -------------------------------------------------------------------------------------------------


def test_a_student_reads_what_was_found_and_how_it_was_graded(tmp_path: Path) -> None:
    bob = page(written(tmp_path, CLASS) / "feedback/bob.html").text
    for text in (
        "2 of 10 points",
        "A web server",
        "✘ failed Title of answers 0 of 2",
        "Expected port 80 Found port 81 Why it matters It matters. Next Look. To read docker run",
        "· blocked Title of stays",
        "✔ passed Title of lives",
        "Your answer ended with an error. NameError",
        "the tail",
        "Isolated ✔ yes",
        "Engine ENGINE:ID",
        "Course version 1.2",
        "Took 1.2 s",
        "Not handed in: Where the output went.",
    ):
        assert text in bob


def test_what_was_not_graded_says_why_and_that_it_costs_nothing(tmp_path: Path) -> None:
    out = written(tmp_path, CLASS)
    for student, reason in {"ada": "interactive", "cy": "engine:gone", "zoe": "submission"}.items():
        text = page(out / f"feedback/{student}.html").text
        assert "△ not graded no points taken" in text
        assert "No points were taken." in text
        assert f"Reason: {reason}" in text
    assert "△ no: it shared an engine with others" in page(out / "feedback/cy.html").text
    assert "Isolated nothing was run" in page(out / "feedback/zoe.html").text
    assert "Not handed in" not in page(out / "feedback/zoe.html").text


def test_a_teacher_reads_who_passed_what_and_what_failed_most(tmp_path: Path) -> None:
    path = written(tmp_path, CLASS) / "class.html"
    text = page(path).text
    for expected in (
        "4 students, 2 exercises",
        "△ 1 result not isolated",
        "ada △ not graded ✔ passed 4 of 4 4 of 4",
        "bob ○ not handed in ✘ failed 2 of 6 2 of 10",
        "zoe △ not graded △ not graded 0 of 0",
        "Passed 0 of 2 handed in 1 of 3 handed in",
        "Title of answers 02-run/web/answers port (2) 2 Title of late 02-run/web/late no reason given 1",
        "What could not be graded; no points were taken",
        "The whole submission",
    ):
        assert expected in text
    assert "logs/answers" not in text  # what was not graded says nothing about the class


def test_a_class_without_trouble_has_no_such_words(tmp_path: Path) -> None:
    text = page(written(tmp_path, [result("ada", WEB, PASSED)]) / "class.html").text
    assert "No check failed." in text
    assert "not isolated" not in text
    assert "could not be graded" not in text


def pages(out: Path) -> list[Path]:
    return [out / "class.html", *sorted((out / "feedback").iterdir())]


def nasty() -> list[Result]:
    bad = check(
        "x", Status.FAILED, title=NASTY, expected=NASTY, actual=NASTY, reason=NASTY, message=NASTY,
        next=NASTY, docs=[NASTY], evidence={NASTY: NASTY, "more": {"n": [NASTY]}},
    )  # fmt: skip
    said = {"message": NASTY, "engine": NASTY, "course_version": NASTY, "answer": Answer(NASTY, NASTY, NASTY)}
    broken = {**said, "gradable": False, "score": None, "reason": NASTY}
    return [result(NASTY, f"02-run/{NASTY}", bad, **said), result("b", NASTY, BROKEN, bad, **broken)]


def test_no_text_becomes_a_part_of_a_page(tmp_path: Path) -> None:
    for path in pages(written(tmp_path, nasty())):
        source, found = path.read_text("utf-8"), page(path)
        assert not found.open  # every element is closed where it should be
        assert not {tag for tag, _ in found.tags} & {"script", "b", "img", "iframe", "link", "object"}
        assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]
        assert "<script>alert(1)</script>'\"&]]>␀␈red" in found.text
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", source)


def test_pages_need_nothing_from_elsewhere_and_no_script(tmp_path: Path) -> None:
    for path in pages(written(tmp_path, CLASS)):
        found = page(path)
        links = [
            value
            for _, attributes in found.tags
            for name, value in attributes.items()
            if name in {"href", "src"}
        ]
        assert all(
            value and (value.startswith("#") or (path.parent / unquote(value)).is_file()) for value in links
        )
        assert "url(" not in path.read_text("utf-8")
        policy = next(attributes["content"] for _, attributes in found.tags if "http-equiv" in attributes)
        assert policy is not None
        assert policy.startswith("default-src 'none'")


def test_pages_can_be_read_aloud(tmp_path: Path) -> None:
    for path in pages(written(tmp_path, CLASS)):
        found = page(path)
        tags = [tag for tag, _ in found.tags]
        assert ("html", {"lang": "en"}) in found.tags
        assert tags.count("h1") == tags.count("main") == 1
        assert tags.count("table") == tags.count("caption")
        assert all(attributes.get("scope") in {"row", "col"} for tag, attributes in found.tags if tag == "th")
        ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
        assert len(ids) == len(set(ids))


def test_links_lead_to_each_students_page(tmp_path: Path) -> None:
    names = ["ada", "Ada", "a/../b", "100% #1?", "<i>", ""]
    out = written(tmp_path, [result(name, WEB, PASSED) for name in names])
    links = [attributes["href"] for tag, attributes in page(out / "class.html").tags if tag == "a"]
    titles = {page(out / unquote(link or "")).texts[1] for link in links}
    assert titles == {f"Feedback for {name or 'a student without a name'}" for name in names}


# --- names of pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ada", "Ada Lovelace", "a.b_c-d", "x@example.org", "12345"])
def test_a_plain_name_is_the_pages_name(name: str) -> None:
    assert feedback_names([name, "other"])[name] == f"{name}.html"


def test_pages_are_distinct_also_where_case_makes_no_difference() -> None:
    names = [
        "ada",
        "Ada",
        "ADA",
        "Ünal",
        "Unal",
        "u\u0308nal",
        "a b",
        "a  b",
        "a/b",
        "a-b",
        "",
        ".",
        "..",
        "con",
    ]
    names += ["CON.x", "../x", "a\x00", "x" * 300, "x" * 301, "-rf", "a\ud800", "a:b", "trailing."]
    first = feedback_names(names)
    assert first["ada"] == "ada.html"
    names += [one.removesuffix(".html") for one in first.values()]  # whoever is called like another's page
    found = feedback_names(dict.fromkeys(names))
    assert len({page.lower() for page in found.values()}) == len(set(names))
    for name in found.values():
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9 _.@+-]{0,110}\.html", name)
        assert not re.match(r"(con|nul)(\.|$)", name, re.IGNORECASE)
    assert {name: found[name] for name in first} == first
