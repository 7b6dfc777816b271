"""The checks' own process, on the real engine."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from processes import alive, wait_for

import checker
from checker.locks import locked
from checker.progress import Progress
from checker.result import CheckResult, Result
from checker.runner import Runner
from checker.work import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.course import Course
    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine

ODD = "02-odd/out-of-order"
SCHEMA = json.loads((Path(checker.__file__).parent / "result.schema.json").read_text())


@pytest.fixture
def runner(fake_course: Course) -> Iterator[Runner]:
    with Runner(fake_course) as runner:
        yield runner


@pytest.fixture
def odd(fake_course: Course) -> Path:
    """A folder as `start` would make it, for an exercise without a scene."""
    folder = fake_course.work(ODD)
    folder.mkdir(parents=True)
    for name in ("exercise.ipynb", "mode.txt"):
        (folder / name).write_bytes((fake_course.root / "exercises" / ODD / name).read_bytes())
    return folder


def check(runner: Runner, folder: Path, mode: str = "good", exercise: str = ODD) -> Result:
    (folder / "mode.txt").write_text(mode)
    result = runner.check(exercise, folder)
    jsonschema.validate(result.to_json(), SCHEMA, jsonschema.Draft202012Validator)
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result
    return result


def statuses(result: Result) -> list[str]:
    return [check.status.value for check in result.checks]


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        ("good", (["passed", "passed", "passed"], "passed", 3)),
        ("fail", (["failed", "blocked", "passed"], "failed", 1)),
        ("second", (["passed", "failed", "passed"], "failed", 2)),
        ("mistake", (["error", "blocked", "passed"], "error", None)),
        ("engine", (["error", "blocked", "error"], "error", None)),
        ("crash", (["error", "blocked", "error"], "error", None)),
        ("forever", (["timeout", "blocked", "passed"], "timeout", 1)),
        ("deaf", (["timeout", "blocked", "timeout"], "timeout", 0)),
        ("slow", (["passed", "passed", "timeout"], "timeout", 2)),
    ],
)
def test_every_outcome(
    runner: Runner, odd: Path, engine: Engine, mode: str, outcome: tuple[list[str], str, float | None]
) -> None:
    result = check(runner, odd, mode)

    assert (statuses(result), result.status.value, result.score) == outcome
    assert result.gradable is (result.status.value != "error")
    assert result.engine == engine.id
    assert all(one.next for one in result.checks if one.status.value in {"error", "timeout"})


@pytest.mark.parametrize("mode", ["forever", "deaf"])
def test_what_a_stopped_check_started_is_stopped_too(runner: Runner, odd: Path, mode: str) -> None:
    check(runner, odd, mode)

    pid = int((odd / "forever.pid").read_text())
    wait_for(lambda: not alive(pid))
    assert statuses(check(runner, odd)) == ["passed", "passed", "passed"]


def test_each_result_is_reported_when_it_is_known(runner: Runner, odd: Path) -> None:
    reported: list[CheckResult] = []
    (odd / "mode.txt").write_text("slow")
    result = runner.check(ODD, odd, reported.append)

    assert reported == result.checks


def test_what_a_check_prints_disturbs_nothing(
    runner: Runner, odd: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    check(runner, odd)

    assert capfd.readouterr().out == ""


def test_a_requirement_that_is_not_met_here_blames_nobody(
    runner: Runner, fake_course: Course, engine: Engine
) -> None:
    result = check(runner, start(fake_course, engine, "only-elsewhere"), exercise="02-odd/only-elsewhere")

    assert statuses(result) == ["passed", "error", "blocked"]
    assert (result.gradable, result.score, result.reason) == (False, None, "unsupported-here")


def test_without_an_engine_nothing_is_graded(
    runner: Runner, odd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    result = check(runner, odd)

    assert statuses(result) == ["error", "blocked", "error"]
    assert (result.gradable, result.engine) == (False, "")
    assert "/nowhere/docker.sock" in result.message


@pytest.fixture
def looking(fake_course: Course) -> Course:
    """The small course, in which all but the second check of the odd exercise only look."""
    path = fake_course.root / "exercises" / ODD / "checks.py"
    looks = re.sub(r"(points=1.*)\)\ndef (first|alone)", r"\1, observes=True)\ndef \2", path.read_text())
    assert looks.count("observes=True") == 2
    path.write_text(looks)
    return fake_course


@pytest.mark.parametrize(
    ("mode", "seen"),
    [
        ("good", ["first passed", "alone passed"]),
        ("fail", ["first failed", "alone passed"]),
        ("forever", ["first timeout", "alone passed"]),
        ("crash", ["first error", "alone error"]),
    ],
)
def test_observing_runs_the_checks_that_only_look_and_keeps_nothing(
    looking: Course, odd: Path, mode: str, seen: list[str]
) -> None:
    (odd / "mode.txt").write_text(mode)
    before = {path: path.read_bytes() for path in odd.iterdir()}
    told: list[CheckResult] = []
    with locked(odd), Runner(looking) as runner:  # a pressed Check, elsewhere, does not keep it waiting
        runner.observe(ODD, odd, told.append)
    assert [f"{one.id} {one.status.value}" for one in told] == seen
    assert {path: path.read_bytes() for path in odd.iterdir() if path.suffix != ".pid"} == before
    assert Progress(looking).attempts(ODD) == 0


def test_observing_that_is_no_longer_wanted_is_stopped_and_the_next_one_works(
    looking: Course, odd: Path
) -> None:
    (odd / "mode.txt").write_text("slow")
    told: list[CheckResult] = []
    with Runner(looking) as runner:
        runner.observe(ODD, odd, told.append, lambda: [one.id for one in told] == ["first"])
        assert [one.id for one in told] == ["first"]
        (odd / "mode.txt").write_text("good")
        runner.observe(ODD, odd, told.append)
        assert [one.id for one in told] == ["first", "first", "alone"]
        assert statuses(runner.check(ODD, odd)) == ["passed", "passed", "passed"]


class Proxy:
    """Passes bytes on to the engine until it is closed, as an engine that stops would."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.url = f"unix://{path}"
        self._target = engine.endpoint.url.removeprefix("unix://")
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._open: list[socket.socket] = [self._server]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._server.accept()
            except OSError:
                return
            other = socket.socket(socket.AF_UNIX)
            other.connect(self._target)
            self._open += [one, other]
            for pair in ((one, other), (other, one)):
                thread = threading.Thread(target=self._pass, args=pair)
                self._threads.append(thread)
                thread.start()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()  # from here on no connection is added
        for one in self._open[1:]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in self._open:
            one.close()


def test_an_engine_that_stops_in_the_middle_is_an_error(
    runner: Runner, odd: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not engine.endpoint.url.startswith("unix://"):
        pytest.skip("the proxy speaks to sockets only")
    proxy = Proxy(tmp_path / "sock", engine)
    monkeypatch.setenv("DOCKER_HOST", proxy.url)

    def stop() -> None:
        wait_for((odd / "asking.pid").exists)
        proxy.close()

    stopper = threading.Thread(target=stop)
    stopper.start()
    result = check(runner, odd, "ask")
    stopper.join()

    assert statuses(result) == ["error", "blocked", "error"]
    assert result.checks[0].reason in {"engine:stopped", "engine:not-running"}
    assert result.checks[0].next


def test_only_one_runners_checks_draw_the_same_texts(fake_course: Course, runner: Runner, odd: Path) -> None:
    def drawn(by: Runner) -> str:
        result = check(by, odd, "draw")
        return result.checks[0].actual

    with Runner(fake_course) as other:
        assert drawn(runner) == drawn(runner) != drawn(other)


def test_two_checks_at_once_wait_for_each_other(fake_course: Course, odd: Path) -> None:
    (odd / "mode.txt").write_text("slow")
    said: list[str] = []
    results: list[Result] = []

    def one() -> None:
        with Runner(fake_course, said.append) as runner:
            results.append(runner.check(ODD, odd))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [statuses(result) for result in results] == [["passed", "passed", "timeout"]] * 2
    assert said == ["Another check of this exercise is running. This one waits."]


def test_a_learners_docker_py_is_noticed_and_not_imported(
    runner: Runner, odd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (odd / "docker.py").write_text("raise SystemExit('imported')")
    (odd / "checker").mkdir()
    (odd / "checker" / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(odd)
    result = check(runner, odd)

    assert result.passed
    assert "A file docker.py in your folder hides the Docker SDK" in result.message
    assert "A folder checker in your folder hides the course's package" in result.message


def test_right_state_with_an_empty_answer_cell_is_said(runner: Runner, odd: Path) -> None:
    assert "A regrade runs the notebook" in check(runner, odd).message
    assert "A regrade runs the notebook" not in check(runner, odd, "fail").message

    notebook = json.loads((odd / "exercise.ipynb").read_text())
    answer = next(cell for cell in notebook["cells"] if "answer" in cell["metadata"].get("tags", []))
    answer["source"] = ["1 + 1"]
    (odd / "exercise.ipynb").write_text(json.dumps(notebook))
    assert "A regrade runs the notebook" not in check(runner, odd).message


def test_a_damaged_notebook_is_said_and_state_is_checked(runner: Runner, odd: Path) -> None:
    (odd / "exercise.ipynb").write_text("{ half of it")
    result = check(runner, odd)

    assert result.passed
    assert "line 1 is no JSON" in result.message
    assert "course reset" in result.message


def test_a_broken_course_is_nobodys_failure(runner: Runner, fake_course: Course, odd: Path) -> None:
    checks = fake_course.root / "exercises" / ODD / "checks.py"
    checks.write_text(checks.read_text() + "\n1 / 0\n")

    with pytest.raises(checker.CourseFault, match="ZeroDivisionError"):
        runner.check(ODD, odd)


def test_ctrl_c_stops_the_checks_and_leaves_no_process(fake_course: Course, odd: Path) -> None:
    (odd / "mode.txt").write_text("forever")
    checks = fake_course.root / "exercises" / ODD / "checks.py"
    checks.write_text(
        checks.read_text().replace("timeout=1)", "timeout=100)").replace("timeout=10,", "timeout=100,")
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "checker", "check", ODD],
        env=os.environ | {"COURSE_ROOT": str(fake_course.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: (odd / "forever.pid").exists() and (odd / "forever.pid").read_text())
    pid = int((odd / "forever.pid").read_text())
    parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Traceback" not in errors
    wait_for(lambda: not alive(pid) and not alive(parent))


def test_killing_the_one_who_waits_leaves_no_process(fake_course: Course, odd: Path) -> None:
    (odd / "mode.txt").write_text("forever")
    checks = fake_course.root / "exercises" / ODD / "checks.py"
    checks.write_text(
        checks.read_text().replace("timeout=1)", "timeout=100)").replace("timeout=10,", "timeout=100,")
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "checker", "check", ODD],
        env=os.environ | {"COURSE_ROOT": str(fake_course.root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: (odd / "forever.pid").exists() and (odd / "forever.pid").read_text())
    pid = int((odd / "forever.pid").read_text())
    process.kill()
    process.wait()

    wait_for(lambda: not alive(pid))


def test_the_process_ends_with_the_one_who_started_it(fake_course: Course, odd: Path) -> None:
    with Runner(fake_course) as runner:
        assert check(runner, odd).passed
        process = runner._process
        assert process is not None
        pid = process._popen.pid
        assert alive(pid)
    assert not alive(pid)


def test_a_process_that_died_is_replaced(runner: Runner, odd: Path) -> None:
    assert check(runner, odd).passed
    process = runner._process
    assert process is not None
    process._popen.kill()
    process._popen.wait()

    assert check(runner, odd).passed
