"""How long checks take that build, beside their builds. A new seed for each run lets it begin cold.

=============================== ===================================================================
build_s_<exercise>              all checks of the solved exercise that build
build_ratio_<exercise>          the same, divided by what their builds take
=============================== ===================================================================
"""

from __future__ import annotations

import secrets
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.attempt import solution_layer
from checker.course import open_course
from checker.engine.capabilities import capabilities
from checker.engine.connect import connect
from checker.lab import Lab
from checker.outcomes import CheckRun
from checker.overlay import lay
from checker.work import starter_files

if TYPE_CHECKING:
    from checker.course import Loaded
    from checker.engine.build import Build
    from checker.engine.connect import Engine
    from checker.result import CheckResult

CHAPTERS = ("04-dockerfiles/", "05-multistage-builds/")


def measured() -> dict[str, float]:
    """Measure every exercise that is judged by its files alone."""
    course, found = open_course(), dict[str, float]()
    with connect() as engine:
        for name in course.ids():
            loaded = course.load(name) if name.startswith(CHAPTERS) else None
            if loaded and loaded.exercise.answer == "files":
                word = name.rpartition("/")[2].replace("-", "_")
                whole, builds = _measured(engine, loaded)
                found |= {f"build_s_{word}": whole, f"build_ratio_{word}": whole / builds}
    return found


class _Timed(Lab):
    """A toolbox that knows how long its builds take, by the check that asked for them."""

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self.running = ""
        self.builds: dict[str, float] = {}

    def begin(self, check: str) -> None:
        self.running = check

    def build(self, context: Path | None = None, **options: Any) -> Build:
        began = time.perf_counter()
        try:
            return super().build(context, **options)
        finally:
            took = time.perf_counter() - began
            self.builds[self.running] = self.builds.get(self.running, 0.0) + took


def _measured(engine: Engine, loaded: Loaded) -> tuple[float, float]:
    """Return the seconds of the checks that build, and of their builds."""
    results: list[CheckResult] = []
    with tempfile.TemporaryDirectory() as place:
        folder, layer = Path(place, "answer"), solution_layer(loaded)
        folder.mkdir()
        lay(loaded.starter, starter_files(loaded), folder)
        lay(layer.folder, layer.names, folder)
        with _Timed(engine, loaded.exercise, folder, secrets.randbelow(2**31)) as lab:
            CheckRun(loaded.exercise, capabilities(engine), lab.begin, results.append).run(lab)
    if unlike := [one.id for one in results if one.points != one.max_points]:
        raise SystemExit(f"bench: {loaded.id} does not pass: {unlike}")
    return sum(one.duration_ms for one in results if one.id in lab.builds) / 1000, sum(lab.builds.values())
