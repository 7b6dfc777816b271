"""`course grade` on the real engine: submissions of every kind, each in a sandbox of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import checker
from checker.cli import main
from checker.grading.able import why_not
from checker.grading.grade import grade

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.course import Course
    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine

GREET, COUNT, PAGE = "01-small/greet", "01-small/count", "01-small/page"
SCHEMA = json.loads((Path(checker.__file__).parent / "result.schema.json").read_text())
ROLES = ("sandbox", "station", "sockets")


@pytest.fixture(autouse=True)
def nothing_left(engine: Engine) -> Any:
    """Nothing of a grading run is left on the engine, however it ended."""
    yield
    for role in ROLES:
        label: dict[str, Any] = {"label": f"docker-course.role={role}"}
        assert engine.client.containers.list(ignore_removed=True, all=True, filters=label) == []
        assert engine.client.volumes.list(filters=label) == []


def graded(
    course: Course, paths: list[Path], out: Path, **options: Any
) -> dict[tuple[str, str], dict[str, Any]]:
    """Grade, and return the lines of results.jsonl by student and exercise."""
    grade(course, paths, out, **{"workers": 2, **options})
    results = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    for result in results:
        jsonschema.validate(result, SCHEMA)
    return {(result["student"], result["exercise"]): result for result in results}


def test_right_and_wrong_and_damaged_in_one_run(
    small_course: Course, hand_in: Callable[..., Path], tmp_path: Path
) -> None:
    solved = tmp_path / "handed-in" / "ada"
    shutil.copytree(small_course.root / "solutions" / "01-small", solved / "01-small")
    begun = tmp_path / "handed-in" / "ben"
    shutil.copytree(small_course.root / "exercises" / "01-small", begun / "01-small")
    right = (small_course.root / "solutions" / PAGE / "page.html").read_text()
    damaged = hand_in(
        "cleo",
        {
            f"{GREET}/exercise.ipynb": "{ half",
            f"{PAGE}/exercise.ipynb": "{ half",
            f"{PAGE}/page.html": right,
            f"{COUNT}/answer.py": "from checker import submit\nsubmit(count=2)\nraise ValueError('late')\n",
        },
    )
    packed = tmp_path / "handed-in" / "dan.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"work/{PAGE}/page.html", right)
        archive.writestr("../../escaped", "x")

    found = graded(small_course, [solved, begun, damaged, packed], tmp_path / "out")

    assert {one: (result["status"], result["score"]) for one, result in found.items()} == {
        ("ada", GREET): ("passed", 3),
        ("ada", COUNT): ("passed", 1),
        ("ada", PAGE): ("passed", 1),
        ("ada", "01-small/leave-it-running"): ("passed", 1),
        ("ben", GREET): ("failed", 0),
        ("ben", COUNT): ("failed", 0),
        ("ben", PAGE): ("failed", 0),
        ("ben", "01-small/leave-it-running"): ("failed", None),
        ("cleo", GREET): ("error", None),
        ("cleo", PAGE): ("passed", 1),
        ("cleo", COUNT): ("passed", 1),
        ("dan", PAGE): ("passed", 1),
    }
    assert all(result["isolated"] for result in found.values())
    assert found["ben", "01-small/leave-it-running"]["reason"] == "interactive"
    assert (found["cleo", GREET]["gradable"], found["cleo", GREET]["reason"]) == (False, "damaged")
    assert found["cleo", COUNT]["answer"]["error"] == "Cell 1: ValueError: late"
    assert "escaped" in found["dan", PAGE]["message"]
    assert not (tmp_path / "escaped").exists()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "results.jsonl", "grades.csv", "junit.xml", "class.html", "feedback",
    }  # fmt: skip


def test_the_seed_travels_with_the_submission(
    small_course: Course, hand_in: Callable[..., Path], tmp_path: Path
) -> None:
    about = {"course_version": "1", "engine": "elsewhere", "schema": "docker-course/work/1"}
    record = {"exercise": GREET, "seed": 7, **about}
    folder = hand_in(
        "ada",
        {
            f"{GREET}/.course.json": json.dumps(record),
            f"{GREET}/answer.py": "!docker run --name fake-greet busybox:1.37 echo hello Ada-7\n",
        },
    )
    result = graded(small_course, [folder], tmp_path / "out")["ada", GREET]

    assert (result["status"], result["seed"]) == ("passed", 7)


def test_on_the_current_engine_nothing_is_isolated_and_all_is_removed(
    fake_course: Course, engine: Engine, hand_in: Callable[..., Path], tmp_path: Path
) -> None:
    mine = f"fake{os.getpid()}"  # other tests use the course's own names on this engine
    checks = fake_course.root / "exercises" / COUNT / "checks.py"
    checks.write_text(checks.read_text().replace("fake-", f"{mine}-"))
    folder = hand_in("ada", {f"{COUNT}/answer.py": "from checker import submit\nsubmit(count=2)\n"})
    result = graded(fake_course, [folder], tmp_path / "out", sandboxed=False)["ada", COUNT]

    assert (result["status"], result["isolated"]) == ("passed", False)
    assert engine.client.containers.list(ignore_removed=True, all=True, filters={"name": f"^/{mine}-"}) == []


def test_an_answer_that_never_ends_is_stopped_and_not_passed(
    small_course: Course, hand_in: Callable[..., Path], tmp_path: Path
) -> None:
    endless = "from checker import submit\nsubmit(count=2)\nwhile True:\n    print('on', end='')\n"
    folder = hand_in("ada", {f"{COUNT}/answer.py": endless})
    result = graded(small_course, [folder], tmp_path / "out")["ada", COUNT]

    assert (result["status"], result["answer"]["status"]) == ("timeout", "timeout")
    assert len(result["answer"]["output_tail"]) <= 4000


def course(small_course: Course, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "checker", *words],
        cwd=small_course.root, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_command_says_what_it_wrote_and_its_status(
    small_course: Course, hand_in: Callable[..., Path], tmp_path: Path
) -> None:
    folder = hand_in("ada", {f"{PAGE}/page.html": "<title>A</title>"})
    done = course(small_course, "grade", str(folder), "--out", str(tmp_path / "out"))

    assert done.returncode == 0
    assert "1 results of 1 students" in done.stdout
    assert f"ada: {PAGE}: passed, 1 of 1 points" in done.stderr


def test_a_broken_archive_is_not_gradable(small_course: Course, tmp_path: Path) -> None:
    broken = tmp_path / "eve.zip"
    broken.write_bytes(b"PK\x03\x04 no zip")
    done = course(small_course, "grade", str(broken), "--out", str(tmp_path / "out"), "--json")

    (result,) = json.loads(done.stdout)["results"]
    jsonschema.validate(result, SCHEMA)
    assert (done.returncode, result["gradable"], result["student"]) == (1, False, "eve")


def test_a_path_that_is_not_there_is_wrong_usage(small_course: Course, tmp_path: Path) -> None:
    done = course(small_course, "grade", str(tmp_path / "nobody"), "--out", str(tmp_path / "out"))

    assert done.returncode == 2
    assert "nobody" in done.stderr


def test_an_engine_that_holds_no_sandbox_says_why(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_not(engine) == ""
    monkeypatch.setitem(engine.info, "SecurityOptions", ["name=rootless"])
    assert "rootless" in why_not(engine)
    monkeypatch.setitem(engine.info, "SecurityOptions", [])
    monkeypatch.setitem(engine.info, "KernelVersion", "4.18.0-553.el8")
    assert "4.18" in why_not(engine)
    monkeypatch.setitem(engine.info, "PidsLimit", False)
    assert "processes" in why_not(engine)


def test_where_no_sandbox_can_run_nothing_is_graded_in_another_way(
    small_course: Course,
    hand_in: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("checker.grading.tools.why_not", lambda _: "it runs rootless")
    monkeypatch.setenv("COURSE_ROOT", str(small_course.root))
    folder = hand_in("ada", {f"{PAGE}/page.html": "<title>A</title>"})

    assert main(["grade", str(folder), "--out", str(tmp_path / "out")]) == 3
    assert "This engine holds no sandbox: it runs rootless." in capsys.readouterr().err
    assert not (tmp_path / "out" / "results.jsonl").exists()


def test_the_gate_runs_in_sandboxes_side_by_side(small_course: Course) -> None:
    done = course(small_course, "verify", "--engine", "sandbox", "--jobs", "2", "--json")
    report = json.loads(done.stdout)

    assert report["findings"] == []
    assert sorted(report["exercises"]) == small_course.ids()
    assert list(report["skipped"]) == ["02-odd/only-elsewhere"]


def test_try_runs_in_a_sandbox(small_course: Course) -> None:
    answer = small_course.root / "solutions" / GREET
    done = course(small_course, "try", "greet", "--answer", str(answer), "--json")

    result = json.loads(done.stdout)
    assert (done.returncode, result["status"], result["isolated"]) == (0, "passed", True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_has_and_leaves_nothing(
    small_course: Course, hand_in: Callable[..., Path], tmp_path: Path, number: int
) -> None:
    page = {f"{PAGE}/page.html": "<title>A</title>"}
    folders = [hand_in("ada", page), hand_in("ben", {f"{COUNT}/answer.py": "while True: pass\n"})]
    out = tmp_path / "out"
    command = [sys.executable, "-m", "checker", "grade", *map(str, folders), "--out", str(out), "--workers=1"]
    with subprocess.Popen(command, cwd=small_course.root, stderr=subprocess.PIPE, text=True) as grading:
        assert grading.stderr
        for line in grading.stderr:
            if line.startswith("ada:"):
                break
        grading.send_signal(number)
        grading.stderr.read()
    assert grading.returncode == 130
    assert [json.loads(line)["student"] for line in (out / "results.jsonl").read_text().splitlines()] == [
        "ada"
    ]
