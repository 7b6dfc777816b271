"""The author's gate on the real engine: each thing that an author can get wrong is found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from processes import wait_for

import checker.trials
import checker.work
from checker.build import build
from checker.engine import scene
from checker.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from checker.course import Course
    from checker.engine.connect import Engine
    from checker.exercise import Exercise

pytestmark = pytest.mark.engine

GREET, PAGE = "01-small/greet", "01-small/page"


@pytest.fixture(autouse=True)
def clean(engine: Engine) -> Iterator[None]:
    yield
    left = engine.client.containers.list(ignore_removed=True, all=True, filters={"name": "^/fake-"})
    for one in left:
        one.remove(force=True)


def messages(course: Course, *ids: str) -> list[str]:
    build(course)
    return [finding.message for finding in verify(course, list(ids), shared=True).findings]


def write(course: Course, name: str, text: str) -> None:
    path = course.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def edit(course: Course, name: str, old: str, new: str) -> None:
    path = course.root / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_sound_course_has_nothing_to_mend(fake_course: Course, engine: Engine) -> None:
    report = verify(fake_course, jobs=2, shared=True)

    assert report.findings == []
    assert sorted(report.exercises) == fake_course.ids()
    assert list(report.skipped) == ["02-odd/only-elsewhere"]
    assert "something-no-engine-has" in report.skipped["02-odd/only-elsewhere"]
    assert not list((fake_course.root / "work").rglob("*"))
    assert (
        engine.client.containers.list(
            ignore_removed=True, all=True, filters={"name": "^/(fake-|01-small|02-odd)"}
        )
        == []
    )


def test_a_starter_that_passes_is_found(fake_course: Course) -> None:
    write(fake_course, f"exercises/{PAGE}/page.html", "<title>A</title>\n")

    assert "The starter does not fail, it ends as passed." in messages(fake_course, PAGE)


def test_a_starter_that_fails_by_an_error_is_found(fake_course: Course) -> None:
    edit(fake_course, f"exercises/{PAGE}/checks.py", 'if "</title>"', '1 / 0\n    if "</title>"')

    found = messages(fake_course, PAGE)
    assert any(one.startswith("The starter does not fail, it ends as error.") for one in found)


def test_a_starter_that_earns_points_is_found(fake_course: Course) -> None:
    edit(fake_course, f"exercises/{PAGE}/checks.py", "points=0", "points=2")

    assert messages(fake_course, PAGE) == ["The starter's score is 2, not 0: it earns points in page."]


def test_a_solution_that_fails_is_found(fake_course: Course) -> None:
    write(fake_course, f"solutions/{PAGE}/page.html", "<title>A<title/>\n")

    assert any(
        one.startswith("The solution ends as failed. title_ends:") for one in messages(fake_course, PAGE)
    )


def test_a_check_that_passes_only_once_is_found(fake_course: Course) -> None:
    edit(
        fake_course,
        f"exercises/{PAGE}/checks.py",
        "    if",
        '    (lab.folder / "page.html").write_text(page.replace("/", ""))\n    if',
    )

    found = messages(fake_course, PAGE)
    assert any(
        one.startswith("The solution on a dirty engine, checked a second time, ends as failed.")
        for one in found
    )


def test_a_solution_that_raises_is_found(fake_course: Course) -> None:
    write(fake_course, f"solutions/{GREET}/alternatives/two-steps/answer.py", "!docker run --name fake-greet"
          " busybox:1.37 echo hello $(cat name.txt)\n1 / 0\n")  # fmt: skip

    assert messages(fake_course, GREET) == [
        "The alternative two-steps does not run to its end: Cell 1: ZeroDivisionError: division by zero"
    ]


def test_mutants_that_are_not_caught_as_expected_are_found(fake_course: Course) -> None:
    mutants = f"solutions/{GREET}/mutants"
    edit(fake_course, f"{mutants}/removed/expect.toml", "fake-greet", "something else")
    write(
        fake_course,
        f"{mutants}/right/answer.py",
        "!docker run --name fake-greet busybox:1.37 echo hello $(cat name.txt)\n",
    )
    write(fake_course, f"{mutants}/right/expect.toml", 'check = "greeter"\nphrase = "x"\n')

    first, second = messages(fake_course, GREET)
    assert first.startswith("The mutant removed fails in greeter without the phrase 'something else'")
    assert second.startswith("greeter does not catch the mutant right: it ends passed.")


def test_a_check_without_a_mutant_of_its_own_is_found(fake_course: Course) -> None:
    for name in ("answer.py", "expect.toml"):
        (fake_course.root / f"solutions/{GREET}/mutants/removed/{name}").unlink()
    (fake_course.root / f"solutions/{GREET}/mutants/removed").rmdir()

    assert messages(fake_course, GREET) == [
        "No mutant is caught by greeter alone: this check could be taken away unnoticed."
    ]


def test_what_else_catches_the_only_mutants_of_a_check_is_said(fake_course: Course) -> None:
    checks = fake_course.root / f"exercises/{GREET}/checks.py"
    more = '@exercise.check(points=0)\ndef also(lab):\n    "It is there"\n    lab.container("fake-greet")\n'
    checks.write_text(f"{checks.read_text()}\n\n{more}")

    first, second = messages(fake_course, GREET)
    assert "removed also fails in also: Expected" in first
    assert "removed also fails in greeter: Expected" in second


def test_what_a_second_try_does_not_find_is_said_and_no_finding(fake_course: Course, tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    edit(
        fake_course,
        f"exercises/{PAGE}/checks.py",
        "    if",
        f"    tries = __import__('pathlib').Path({str(tries)!r})\n"
        "    tries.write_text(f\"{tries.read_text() if tries.exists() else ''}x\")\n"
        "    if len(tries.read_text()) == 2:\n"
        "        lab.fail(expected='a quiet machine', actual='a busy one')\n"
        "    if",
    )
    build(fake_course)
    said: list[str] = []

    assert verify(fake_course, [PAGE], shared=True, say=said.append).findings == []
    again = [line for line in said if "tried again" in line]
    assert len(again) == 1
    assert "The solution ends as failed. title_ends: Expected a quiet machine" in again[0]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("docker rm --force fake-greet-bystander", "changes the container fake-greet-bystander"),
        ("docker restart fake-greet-bystander", "changes the container fake-greet-bystander"),
    ],
)
def test_a_solution_that_touches_others_is_found(fake_course: Course, command: str, message: str) -> None:
    notebook = f"solutions/{GREET}/exercise.ipynb"
    edit(
        fake_course, notebook, '"import docker\\n",', f'"!{command} >/dev/null 2>&1\\n", "import docker\\n",'
    )

    assert any(message in one for one in messages(fake_course, GREET))


def test_what_an_answer_leaves_behind_is_found(fake_course: Course, engine: Engine) -> None:
    edit(fake_course, f"exercises/{GREET}/checks.py", 'images=["busybox"],', "images=[],")
    write(
        fake_course,
        f"solutions/{GREET}/alternatives/two-steps/answer.py",
        "!docker volume create fake-undeclared\n"
        "!docker run --name fake-greet busybox:1.37 echo hello $(cat name.txt)\n",
    )
    try:
        found = [finding.message for finding in verify(fake_course, [GREET]).findings]
    finally:
        engine.client.volumes.get("fake-undeclared").remove()

    assert "The alternative two-steps leaves the volume fake-undeclared behind." in found


def test_a_name_that_is_taken_is_a_finding_and_left_alone(fake_course: Course, engine: Engine) -> None:
    mine = engine.client.containers.create("busybox:1.37", "true", name="fake-greet")

    (found,) = messages(fake_course, GREET)
    assert "A container named fake-greet is there already" in found
    assert engine.client.containers.get("fake-greet").id == mine.id


def never_refuse(*_: object, **__: object) -> None:
    """As where nobody looks for what is there."""


def remove_all(engine: Engine, exercise: Exercise) -> None:
    scene.remove(engine, exercise)


@pytest.mark.parametrize(
    ("name", "wrong"), [("refuse_taken", never_refuse), ("_remove_earlier_scene", remove_all)]
)
def test_a_start_that_takes_what_is_not_its_own_is_found(
    fake_course: Course, monkeypatch: pytest.MonkeyPatch, name: str, wrong: Callable[..., None]
) -> None:
    monkeypatch.setattr(checker.work, name, wrong)

    assert messages(fake_course, GREET) == [
        "A start does not leave the container fake-greet alone that somebody else has made."
    ]


def test_images_that_a_mutant_needs_are_there_before_it_is_tried(
    fake_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[str] = []
    monkeypatch.setattr(checker.trials, "fetch_images", lambda _, keys, __: wanted.extend(keys))
    expect = f"solutions/{GREET}/mutants/removed/expect.toml"
    edit(fake_course, expect, "phrase", "images = ['redis']\nphrase")

    assert messages(fake_course, GREET) == []
    assert wanted == ["busybox", "redis"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_nothing(fake_course: Course, engine: Engine, jobs: str) -> None:
    begun = fake_course.root / "begun"
    scene = "def scene(lab, seed):"
    stop = f"{scene}\n    open({str(begun)!r}, 'w').close()\n    import time; time.sleep(600)"
    edit(fake_course, f"exercises/{GREET}/checks.py", scene, stop)
    process = subprocess.Popen(
        [sys.executable, "-m", "checker", "verify", "--shared", "--jobs", jobs, "greet", "count"],
        env=os.environ | {"COURSE_ROOT": str(fake_course.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(begun.exists)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Traceback" not in errors
    assert (
        engine.client.containers.list(ignore_removed=True, all=True, filters={"name": "^/(fake-|01-small)"})
        == []
    )
    assert not list((fake_course.root / "work").rglob("*"))
