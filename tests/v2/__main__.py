"""``make test-v2``: a sandbox on cgroup v2, in a machine of its own.

The machine is looked at, then an exercise's solution and its starter are graded there by ``course grade``.
"""

from __future__ import annotations

import sys

from checker.course import open_course
from checker.engine.connect import connect
from checker.grading.tools import prepare

from . import guest

EXERCISE = "00-start-here/first-container"
SCRIPT = "python3 tests/v2/inside.py && python3 tests/v2/graded.py"


def main() -> int:
    """Boot, look, grade."""
    images = open_course().load(EXERCISE).exercise.images
    with connect() as engine:
        tools = prepare(engine, images, print)
    return guest.run(
        ["sh", "-c", SCRIPT],
        base=tools.image,
        images=[tools.image, tools.sandbox, "busybox:1.37", "debian:trixie-slim"],
        volumes=[tools.seed, f"{tools.seed}-finished"],
        copy=[guest.ROOT / "docker_course.egg-info"],
    )


if __name__ == "__main__":
    sys.exit(main())
