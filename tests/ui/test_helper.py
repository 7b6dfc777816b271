"""The process that does what panels ask for: apart from the kernel, and gone with it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from checker.errors import CourseError
from checker.ui.helper import Helper, helper

if TYPE_CHECKING:
    from pathlib import Path

COUNT = "01-small/count"


@pytest.fixture
def running(folder: Path) -> Helper:
    return helper()


def gone(pid: int) -> bool:
    return not os.path.exists(f"/proc/{pid}") if sys.platform.startswith("linux") else True  # noqa: PTH110


def test_what_it_refuses_is_an_error_with_its_next_step(running: Helper) -> None:
    with pytest.raises(CourseError, match="There is no exercise") as error:
        running.ask("describe", exercise="01-small/cuont")
    assert "01-small/count" in error.value.next


def test_many_ask_at_once_and_each_gets_its_own_answer(running: Helper) -> None:
    found: dict[str, Any] = {}

    def ask(exercise: str) -> None:
        found[exercise] = running.ask("describe", exercise=exercise)["title"]

    asked = [COUNT, "01-small/greet", "01-small/page"] * 3
    threads = [threading.Thread(target=ask, args=(one,)) for one in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {
        COUNT: "Count the processes",
        "01-small/greet": "Greet by name",
        "01-small/page": "Mend the page",
    }


def test_hints_are_shown_one_by_one_and_kept(running: Helper) -> None:
    left = [running.ask("hint", exercise=COUNT)["hints_left"] for _ in range(4)]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert len(running.ask("describe", exercise=COUNT)["hints"]) == left[0] + 1


def test_giving_up_opens_the_solution(running: Helper) -> None:
    assert running.ask("describe", exercise=COUNT)["solution"] == ""
    assert running.ask("give_up", exercise=COUNT)["solution"] == f"solutions/{COUNT}"


def test_where_it_was_killed_the_press_is_refused_and_the_next_works(running: Helper) -> None:
    running._popen.kill()
    running._popen.wait()
    with pytest.raises(CourseError, match="has ended"):
        running.ask("describe", exercise=COUNT)
    assert helper() is not running
    assert helper().ask("describe", exercise=COUNT)["title"] == "Count the processes"


def test_closing_stops_it_and_its_checks_process(running: Helper) -> None:
    running.ask("describe", exercise=COUNT)
    pid = running._popen.pid
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert children
    running.close()
    assert gone(pid)
    assert all(gone(int(child)) for child in children)


def test_a_learners_docker_py_changes_nothing(folder: Path, running: Helper) -> None:
    (folder / "docker.py").write_text("raise RuntimeError('mine')")
    assert running.ask("describe", exercise=COUNT)["title"] == "Count the processes"


def test_the_panel_itself_needs_no_sdk(folder: Path) -> None:
    (folder / "docker.py").write_text("raise RuntimeError('mine')")
    code = "from checker import panel, exercise_link, submit; import sys; print('docker' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.stdout == "False\n", run.stderr


def test_an_answer_pays_for_no_widget() -> None:
    code = "from checker import submit; import sys; print('anywidget' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_a_check_of_what_was_not_started_is_refused(folder: Path, running: Helper) -> None:
    folder.rmdir()
    with pytest.raises(CourseError, match="not started"):
        running.ask("check", exercise=COUNT)
