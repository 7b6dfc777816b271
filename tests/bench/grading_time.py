"""What sandboxes cost, and how long a submission of chapter 02 takes beside nbgrader's autograder.

============================ =====================================================================
sandbox_fresh_p95_ms         from the request to the engine's first answer, 95th percentile of 20
sandbox_fresh_ms             the same, median
sandbox_warm_ms              a warm one is taken, median of 4
sandbox_destroy_ms           median of 20
sandbox_idle_mb              memory of one that waits, without cached files, median of 5
sandbox_eight_s              eight started at once, until the last one's engine answers
grade_chapter_02_seconds     `grade` of one submission, the nine reference solutions, two workers
nbgrader_chapter_02_seconds  nbgrader's autograder of equivalent notebooks, nothing sandboxed
============================ =====================================================================
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from checker.attempt import solution_layer
from checker.course import open_course
from checker.engine.connect import connect
from checker.grading.grade import grade
from checker.grading.sandbox import SOCKETS, Sandbox, Sandboxes, sockets
from checker.grading.tools import prepare
from checker.overlay import lay
from checker.work import starter_files

from . import nbgrader_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.engine.connect import Engine

CHAPTER = "02"
WATCH = f"""
while read name; do
    until curl --silent --fail --output /dev/null --unix-socket {SOCKETS}/$name/engine.sock http://engine/_ping
    do sleep 0.005; done
    echo $name
done
"""


def measured() -> dict[str, float]:
    """Measure all of it."""
    return sandbox_times() | submission_times()


def sandbox_times() -> dict[str, float]:
    """Start, take and destroy sandboxes."""
    with connect() as engine:
        tools = prepare(engine, chapter_images(), lambda _: None)
        with sockets(engine) as volume:
            with Sandboxes(engine, tools, volume) as sandboxes, watching(tools.image, volume) as answers:
                fresh, destroy, idle = [], [], []
                for number in range(20):
                    begun = time.monotonic()
                    sandbox = sandboxes.take()
                    answers(sandbox)
                    fresh.append(time.monotonic() - begun)
                    if number < 5:
                        time.sleep(1)
                        idle.append(memory(engine, sandbox))
                    begun = time.monotonic()
                    sandboxes.destroy(sandbox)
                    destroy.append(time.monotonic() - begun)
                begun = time.monotonic()
                with ThreadPoolExecutor(8) as pool:
                    for sandbox in list(pool.map(lambda _: sandboxes.take(), range(8))):
                        answers(sandbox)
                eight = time.monotonic() - begun
            with Sandboxes(engine, tools, volume, warm=4) as sandboxes:
                time.sleep(4)
                warm = [seconds(sandboxes.take) for _ in range(4)]
    return {
        "sandbox_fresh_p95_ms": statistics.quantiles(fresh, n=20)[-1] * 1000,
        "sandbox_fresh_ms": statistics.median(fresh) * 1000,
        "sandbox_warm_ms": statistics.median(warm) * 1000,
        "sandbox_destroy_ms": statistics.median(destroy) * 1000,
        "sandbox_idle_mb": statistics.median(idle),
        "sandbox_eight_s": eight,
    }


def chapter_images() -> set[str]:
    """Return the images that the chapter needs, so that one seed serves every measurement."""
    course = open_course()
    return {key for name in course.choose([CHAPTER]) for key in course.load(name).exercise.images}


def submission_times() -> dict[str, float]:
    """Grade the reference solutions, here and there."""
    course = open_course()
    with tempfile.TemporaryDirectory() as place:
        for name in course.choose([CHAPTER]):
            loaded, folder = course.load(name), Path(place, "learner", name)
            lay(loaded.starter, starter_files(loaded), folder)
            layer = solution_layer(loaded)
            lay(layer.folder, layer.names, folder)
        begun = time.monotonic()
        graded = grade(course, [Path(place, "learner")], Path(place, "out"), workers=2)
        lasted = time.monotonic() - begun
    wrong = [result.exercise for result in graded.results if not result.passed]
    if wrong:
        raise SystemExit(f"bench: these solutions do not pass in a sandbox: {', '.join(wrong)}")
    return {
        "grade_chapter_02_seconds": lasted,
        "nbgrader_chapter_02_seconds": nbgrader_time.seconds(),
    }


@contextmanager
def watching(image: str, volume: str) -> Iterator[Callable[[Sandbox], None]]:
    """Give a function that waits until a sandbox's engine answers, seen from beside it."""
    command = [
        "docker", "run", "--rm", "--interactive", "--network=none", f"--volume={volume}:{SOCKETS}", image,
        "sh", "-c", WATCH,
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdin
        assert watcher.stdout
        stdin, stdout = watcher.stdin, watcher.stdout

        def answers(sandbox: Sandbox) -> None:
            stdin.write(f"{sandbox.name}\n")
            stdin.flush()
            assert stdout.readline().strip() == sandbox.name

        yield answers
        stdin.close()


def memory(engine: Engine, sandbox: Sandbox) -> float:
    """Return the MB that a sandbox holds, but for files that are only cached."""
    found = engine.client.api.stats(sandbox.id, stream=False)["memory_stats"]
    cached = found["stats"].get("total_inactive_file", found["stats"].get("inactive_file", 0))
    return float(found["usage"] - cached) / 2**20


def seconds(work: Callable[[], object]) -> float:
    """Return how long ``work`` takes."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


if __name__ == "__main__":
    for name, value in measured().items():
        print(f"{name}: {value:.4g}", flush=True)
