"""``course list, start, check, hint, reset, solution, progress, build, try`` as a person runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import checker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.course import Course
    from checker.engine.connect import Engine

GREET = "01-small/greet"
SCHEMA = json.loads((Path(checker.__file__).parent / "result.schema.json").read_text())


class Shell:
    """Runs ``course`` in the tests' small course."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.env = os.environ | {"COURSE_ROOT": str(course.root), "COLUMNS": "200"}

    def __call__(self, *words: str, status: int = 0, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "checker", *words],
            env=self.env | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        self.errors = done.stderr
        return done.stdout

    def json(self, *words: str, status: int = 0, **more: str) -> Any:
        return json.loads(self(*words, "--json", status=status, **more))

    def interrupt(self, *words: str, begun: Path) -> None:
        """Start a verb, wait until ``begun`` is there, press Ctrl-C."""
        process = subprocess.Popen(
            [sys.executable, "-m", "checker", *words], env=self.env, stdout=-1, stderr=-1, text=True
        )
        ends = time.monotonic() + 60
        while not begun.exists():
            assert time.monotonic() < ends, "it never began"
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Traceback" not in errors


@pytest.fixture
def course(fake_course: Course) -> Shell:
    return Shell(fake_course)


@pytest.fixture
def clean(engine: Engine) -> Iterator[None]:
    yield
    for one in engine.client.containers.list(ignore_removed=True, all=True, filters={"name": "^/fake-"}):
        one.remove(force=True)


def test_list_says_what_the_course_holds(course: Shell) -> None:
    rows = course.json("list")

    assert [row["id"] for row in rows] == course.course.ids()
    assert rows[1] == {
        "id": GREET, "title": "Greet by name", "chapter": "01-small", "minutes": 5, "core": True, "points": 3,
        "checks": 2, "hints": 3, "alternatives": 2, "mutants": 2,
    }  # fmt: skip
    assert "Count the processes" in course("list")
    assert [row["id"] for row in course.json("list", "02-odd", "greet")] == [*course.course.ids()[4:], GREET]


@pytest.mark.parametrize(
    "verb", ["start", "check", "hint", "reset", "clean", "solution", "build", "try", "verify"]
)
def test_an_unknown_id_is_wrong_usage_and_the_nearest_is_named(course: Shell, verb: str) -> None:
    words = [verb, "gret", *(["--answer", "."] if verb == "try" else [])]
    course(*words, status=2)

    assert f"Did you mean {GREET}?" in course.errors


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
def test_clean_names_what_it_cleaned(course: Shell) -> None:
    assert "Nothing to remove" in course("clean")
    course("start", "greet")
    assert course("clean").startswith(f"{GREET}: ")
    assert course.json("clean", "greet") == {"cleaned": []}


def test_a_broken_course_ends_with_status_3_and_names_the_line(course: Shell) -> None:
    (course.course.root / "exercises" / GREET / "checks.py").write_text("import checker\n\nexercise = (\n")

    said = course.json("list", status=3)
    assert said["error"] == "CourseFault"
    assert "greet/checks.py, line 3" in said["message"]


def test_checking_what_was_not_started_is_refused(course: Shell) -> None:
    course("check", "greet", status=1)
    assert f"course start {GREET}" in course.errors
    course("check", "greet", "--path", "nowhere", status=2)


def test_without_an_engine_the_fix_is_named(course: Shell) -> None:
    nowhere = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    course("start", "greet", status=3, **nowhere)
    assert "Next: " in course.errors
    assert not (course.course.root / "work").exists()

    folder = course.course.work(GREET)
    folder.mkdir(parents=True)
    result = course.json("check", "greet", status=3, **nowhere)
    jsonschema.validate(result, SCHEMA)
    assert (result["status"], result["gradable"], result["score"]) == ("error", False, None)


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
def test_a_learners_way_through_an_exercise(course: Shell, engine: Engine) -> None:
    assert "is ready in" in course("start", "greet")
    wrong = course("check", "greet", status=1)
    assert "✘ failed  A container named fake-greet is there (0/1)" in wrong
    assert "Expected: a container named fake-greet" in wrong
    assert "Found: none of that name" in wrong
    assert "· blocked It greets by the name in the file" in wrong
    assert "Hint 1 of 3" in course("hint", "greet")
    course("solution", "greet", status=1)
    assert "--give-up" in course.errors

    name = (course.course.work(GREET) / "name.txt").read_text().strip()
    engine.client.containers.run("busybox:1.37", ["echo", f"hello {name}"], name="fake-greet")
    result = course.json("check", "greet")
    jsonschema.validate(result, SCHEMA)
    assert (result["status"], result["score"], result["answer"]["status"]) == ("passed", 3, "not-run")
    assert "The container printed the name" in course("check", "greet")
    assert "A container keeps its log" in course("solution", "greet")
    mine = course.json("progress")["chapters"]["01-small"][1]
    assert {key: mine[key] for key in ("id", "state", "score", "attempts", "hints", "gave_up")} == {
        "id": GREET, "state": "passed", "score": 3, "attempts": 3, "hints": 1, "gave_up": False,
    }  # fmt: skip
    assert "1 of 4 passed" in course("progress")
    assert list(course.json("progress", "02-odd")["chapters"]) == ["02-odd"]
    course("reset", "greet")
    course("check", "greet", status=1)


@pytest.mark.engine
def test_giving_up_shows_the_solution_and_is_recorded(course: Shell) -> None:
    assert "hello {name}" in course.json("solution", "greet", "--give-up")["files"]["exercise.ipynb"]
    assert course.json("progress")["chapters"]["01-small"][1]["gave_up"]
    course("solution", "greet")


def test_every_hint_shown_is_shown_again(course: Shell) -> None:
    for number in (1, 2, 3):
        assert f"Hint {number} of 3" in course("hint", "page")
    assert "Every hint was shown" in course("hint", "page")
    assert [hint["number"] for hint in course.json("hint", "page", "--all")] == [1, 2, 3]


@pytest.mark.parametrize("verb", ["list", "progress", "hint", "solution"])
def test_a_terminal_that_knows_only_ascii_is_served(course: Shell, verb: str) -> None:
    more = {"list": [], "progress": [], "hint": ["greet"], "solution": ["greet", "--give-up"]}[verb]
    said = course(verb, *more, PYTHONIOENCODING="ascii")

    assert said.isascii()


def test_build_check_names_a_stale_notebook_and_the_fix(course: Shell) -> None:
    assert course("build", "--check") == ""
    (course.course.root / "exercises" / GREET / "exercise.ipynb").write_text("{}")
    course("build", "--check", status=1)
    assert f"exercises/{GREET}/exercise.ipynb is stale. Run `course build`" in course.errors
    assert f"wrote exercises/{GREET}/exercise.ipynb" in course("build")
    course("build", "--check")


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("exercise", "answer", "status"),
    [
        ("greet", "solutions/01-small/greet", 0),
        ("greet", "solutions/01-small/greet/alternatives/command-line", 0),
        ("greet", "solutions/01-small/greet/mutants/fixed-name", 1),
        ("count", "solutions/01-small/count", 0),
        ("count", "solutions/01-small/count/alternatives/by-hand", 0),
        ("page", "solutions/01-small/page", 0),
        ("page", "exercises/01-small/page", 1),
        ("leave-it-running", "solutions/01-small/leave-it-running", 0),
    ],
)
def test_try_runs_checks_and_removes(
    course: Shell, engine: Engine, exercise: str, answer: str, status: int
) -> None:
    result = course.json(
        "try", "--engine=current", exercise, "--answer", str(course.course.root / answer), status=status
    )

    jsonschema.validate(result, SCHEMA)
    assert result["answer"]["status"] == "ok"
    assert result["gradable"]
    assert engine.client.containers.list(ignore_removed=True, all=True, filters={"name": "^/fake-"}) == []
    assert not list((course.course.root / "work").rglob("*"))


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
def test_an_interactive_answer_cannot_be_graded_elsewhere(course: Shell) -> None:
    folder = course.course.root / "exercises/01-small/leave-it-running"
    result = course.json("try", "--engine=current", "leave-it-running", "--answer", str(folder), status=1)

    jsonschema.validate(result, SCHEMA)
    assert (result["gradable"], result["reason"], result["score"]) == (False, "interactive", None)


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
def test_only_files_that_an_answer_may_change_are_taken(course: Shell, tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    (answer / "parts").mkdir(parents=True)
    (answer / "parts" / "one.html").write_text("one")
    (answer / "page.html").write_text("<title>A</title>")
    (answer / "checks.py").write_text("1 / 0")
    (answer / "notes.txt").write_text("mine")

    assert course.json("try", "--engine=current", "page", "--answer", str(answer))["status"] == "passed"
    assert "ignored: checks.py, notes.txt." in course.errors


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
def test_an_answer_that_raises_is_checked_and_said(course: Shell, tmp_path: Path) -> None:
    (tmp_path / "answer.py").write_text("raise ValueError('no idea')\n")
    said = course("try", "--engine=current", "greet", "--answer", str(tmp_path), status=1)

    assert "The answer did not run to its end: Cell 1: ValueError: no idea" in said


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
def test_a_damaged_answer_is_refused_and_nothing_is_left(
    course: Shell, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "exercise.ipynb").write_text("{ half")
    course("try", "--engine=current", "count", "--answer", str(tmp_path), status=1)

    assert "line 1 is no JSON" in course.errors
    assert engine.client.containers.list(ignore_removed=True, all=True, filters={"name": "^/fake-"}) == []


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
def test_try_refuses_a_taken_name_and_leaves_it_alone(course: Shell, engine: Engine) -> None:
    mine = engine.client.containers.create("busybox:1.37", "true", name="fake-greet")
    answer = str(course.course.root / "solutions" / GREET)
    course("try", "--engine=current", "greet", "--answer", answer, status=1)

    assert "A container named fake-greet is there already" in course.errors
    assert engine.client.containers.get("fake-greet").id == mine.id


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
def test_ctrl_c_in_try_leaves_nothing(course: Shell, engine: Engine, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    (tmp_path / "answer.py").write_text(f"open({str(begun)!r}, 'w').close()\nwhile True: pass\n")
    course.interrupt("try", "--engine=current", "count", "--answer", str(tmp_path), begun=begun)

    assert engine.client.containers.list(ignore_removed=True, all=True, filters={"name": "^/fake-"}) == []
    assert not list((course.course.root / "work").rglob("*"))


@pytest.mark.engine
@pytest.mark.usefixtures("clean")
def test_ctrl_c_in_reset_can_be_repeated(course: Shell, engine: Engine, tmp_path: Path) -> None:
    course("start", "count")
    begun, checks = tmp_path / "begun", course.course.root / "exercises/01-small/count/checks.py"
    sound = checks.read_text()
    stop = f"init=False)\n    open({str(begun)!r}, 'w').close()\n    import time\n    time.sleep(600)"
    checks.write_text(sound.replace("init=False)", stop))
    course.interrupt("reset", "count", begun=begun)

    checks.write_text(sound)
    course("reset", "count")
    assert engine.client.containers.get("fake-busy").status == "running"
