"""Run in the guest: a solution is graded in a sandbox, and nothing is left. Exit status 1: it is not so."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from checker.attempt import solution_layer
from checker.course import open_course
from checker.engine.connect import connect
from checker.grading.grade import grade
from checker.overlay import lay
from checker.work import starter_files

EXERCISE = "00-start-here/first-container"


def main() -> int:
    course = open_course()
    loaded = course.load(EXERCISE)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "learner", EXERCISE)
        lay(loaded.starter, starter_files(loaded), folder)
        layer = solution_layer(loaded)
        lay(layer.folder, layer.names, folder)
        graded = grade(course, [Path(place, "learner")], Path(place, "out"), workers=1, say=print)
    (result,) = graded.results
    with connect() as engine:
        cgroups = engine.info["CgroupVersion"]
    left = subprocess.run(["docker", "ps", "--all", "--quiet"], capture_output=True, text=True, check=True)
    print(f"cgroup v{cgroups}: {result.status.value}, {result.score} of {result.max_score}, {result.message}")
    print(f"containers left: {left.stdout.split() or 'none'}")
    return int(not (cgroups == "2" and result.passed and result.isolated and not left.stdout))


if __name__ == "__main__":
    sys.exit(main())
