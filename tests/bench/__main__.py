"""``make bench``: prints ``name: value`` lines. Nothing here passes or fails.

============================ =====================================================================
check_overhead_ms            request to verdict less the time in engine calls, median of 30, solved exercise
check_ms                     request to verdict, the same runs
import_ms                    ``import checker``, median of 20 new processes
verify_s                     ``course verify`` of the whole course
pack_s, pack_first_s         all stand-ins, and those of chapters 00 and 02, built from nothing into a pack
setup_s                      ``make setup`` in a new clone, with an engine that is there
setup_again_s                the same, a second time
sandbox_…, grade_…           see grading_time.py
layers_…, stats_…            see layers_time.py and stats_time.py
build_…                      see build_time.py
lab_start_s, jupyter_start_s second ``course lab``, and JupyterLab alone, until the server answers
============================ =====================================================================
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from checker.engine.connect import connect
from checker.runner import Runner

from . import build_time, grading_time, layers_time, stats_time
from .engine_time import EngineTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Measure = Callable[[Path], dict[str, float]]

ROOT = Path(__file__).parent.parent.parent
COURSE = str(Path(sys.executable).parent / "course")
EXERCISE = "00-start-here/first-container"
TOKEN = "bench"


def main() -> None:
    """Run every measurement, each with a state directory of its own."""
    measures: list[Callable[[Path], dict[str, float]]] = [
        imports,
        checks,
        verify,
        grading,
        pictures,
        builds,
        pack,
        setup,
        lab,
    ]
    for measure in measures:
        with tempfile.TemporaryDirectory() as folder:
            for name, value in measure(Path(folder)).items():
                print(f"{name}: {value:.4g}", flush=True)


def imports(_: Path) -> dict[str, float]:
    """Time ``import checker`` in new processes."""
    code = "import time; t = time.perf_counter(); import checker; print(time.perf_counter() - t)"
    runs = [float(subprocess.check_output([sys.executable, "-I", "-c", code])) for _ in range(20)]
    return {"import_ms": statistics.median(runs) * 1000}


def checks(folder: Path) -> dict[str, float]:
    """Time checks of a solved exercise, and take off what the engine needs."""
    with connect() as engine:
        target = Path(engine.endpoint.url.removeprefix("unix://"))
    with own_directories(folder), EngineTime(target, folder / "engine.sock") as between:
        os.environ["DOCKER_HOST"] = between.url
        try:
            course("start", EXERCISE)
            work = ROOT / "work" / EXERCISE
            ticket = (work / "ticket.txt").read_text().strip()
            docker = ["docker", "run", "--name", "c00-proof", "busybox:1.37", "echo", f"ready: {ticket}"]
            subprocess.run(docker, check=True, stdout=subprocess.DEVNULL)
            total, overhead = [], []
            with Runner() as runner:
                runner.check(EXERCISE, work)
                for _ in range(30):
                    between.take()
                    started = time.monotonic()
                    result = runner.check(EXERCISE, work)
                    total.append(time.monotonic() - started)
                    overhead.append(total[-1] - between.take())
                    if not result.passed:
                        sys.exit(f"bench: the solved exercise does not pass: {result}")
        finally:
            course("reset", EXERCISE)
            os.environ["DOCKER_HOST"] = f"unix://{target}"
    return {
        "check_overhead_ms": statistics.median(overhead) * 1000,
        "check_ms": statistics.median(total) * 1000,
    }


def verify(folder: Path) -> dict[str, float]:
    """Time the author's gate."""
    with own_directories(folder):
        return {"verify_s": seconds(lambda: course("verify"))}


def grading(_: Path) -> dict[str, float]:
    """Time sandboxes, and a submission beside nbgrader's autograder."""
    return grading_time.measured()


def pictures(_: Path) -> dict[str, float]:
    """Time a picture of layers, and what a live one costs."""
    return {**layers_time.measured(), **stats_time.measured()}


def builds(_: Path) -> dict[str, float]:
    """Time checks that build, beside their builds."""
    return build_time.measured()


def pack(folder: Path) -> dict[str, float]:
    """Time the offline pack, from nothing."""
    with own_directories(folder / "first"):
        first = seconds(lambda: course("images", "pack", "--chapter", "00", "--chapter", "02"))
    with own_directories(folder / "all"):
        return {"pack_first_s": first, "pack_s": seconds(lambda: course("images", "pack", "--all"))}


def setup(folder: Path) -> dict[str, float]:
    """Time ``make setup`` in a new clone."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    with own_directories(folder):
        first, again = (seconds(lambda: run("make", "--directory", str(clone), "setup")) for _ in range(2))
    return {"setup_s": first, "setup_again_s": again}


def lab(folder: Path) -> dict[str, float]:
    """Time JupyterLab until it answers: through ``course lab``, and alone."""
    with own_directories(folder):
        course("setup")
        times = {}
        for name, command in (
            ("lab_start_s", [COURSE, "lab"]),
            (
                "jupyter_start_s",
                [sys.executable, "-m", "jupyterlab", "--allow-root", f"--notebook-dir={ROOT}"],
            ),
        ):
            runs = [served(command) for _ in range(3)]
            times[name] = statistics.median(runs)
    return times


def served(command: list[str]) -> float:
    """Return the seconds until the server that ``command`` starts answers; stop it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    separator = ["--"] if command[0] == COURSE else []
    arguments = [*command, f"--port={port}", *separator, "--no-browser"]
    environment = {**os.environ, "JUPYTER_TOKEN": TOKEN}
    started = time.monotonic()
    server = subprocess.Popen(
        arguments, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while time.monotonic() < started + 60:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status?token={TOKEN}", timeout=5).close()
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.02)
            else:
                return time.monotonic() - started
        sys.exit(f"bench: no answer from {' '.join(arguments)}")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


@contextmanager
def own_directories(folder: Path) -> Iterator[None]:
    """Give what runs inside a state and a data directory of its own."""
    before = dict(os.environ)
    # A socket's path is short: the private engine's record is left where it is.
    os.environ |= {"COURSE_STATE_DIR": str(folder / "state"), "COURSE_DATA_DIR": str(folder / "data")}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def course(*arguments: str) -> None:
    """Run the ``course`` command."""
    run(COURSE, *arguments)


def run(*command: str) -> None:
    """Run a command; end with what it said where it fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(
            f"bench: {' '.join(command)} ended with status {done.returncode}.\n{done.stdout}{done.stderr}"
        )


def seconds(work: Callable[[], None]) -> float:
    """Return how long ``work`` takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


if __name__ == "__main__":
    assert shutil.which("docker"), "the bench needs the docker command"
    main()
