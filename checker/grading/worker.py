"""Runs inside a station: takes jobs, does each on the engine of the sandbox that it names, says the result.

What it is given to grade is untrusted, and runs elsewhere: see :mod:`checker.grading.answering`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.answer import LIMIT
from checker.attempt import answer_layer, attempted
from checker.channel import Channel
from checker.course import Course, Loaded, open_course
from checker.engine.connect import Engine
from checker.engine.faults import Endpoint
from checker.errors import CourseError, EngineFault, Refused
from checker.runner import Runner
from checker.trials import Trials

from .answering import ContainerAnswers
from .handed import layer_of, seed_of
from .sandbox import SOCKETS
from .tags import Tags
from .ungraded import ungraded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.attempt import Layer
    from checker.result import Answer, Result

COURSE = Path("/course")
_APPEARING = 20.0  # seconds that a sandbox may take to listen


def main() -> None:
    """Do jobs until the other side is gone."""
    channel = Channel.take_over()
    course = open_course(COURSE)
    with Runner(course) as runner:
        worker = Worker(course, runner, channel)
        while job := channel.receive():
            try:
                channel.send("done", **(worker.verify if job["do"] == "verify" else worker.grade)(job))
            except CourseError as error:
                kind = error.kind if isinstance(error, EngineFault) else ""
                channel.send("fault", message=error.message, next=error.next, kind=kind)


@dataclass(frozen=True)
class Worker:
    """Does jobs. Each names an ``exercise``, a ``sandbox`` and the ``image`` of the answer's container.

    A job to grade also names the ``folder`` of what was handed in, and a ``second`` sandbox for files.
    """

    course: Course
    runner: Runner
    channel: Channel

    def grade(self, job: dict[str, Any]) -> dict[str, Any]:
        """Grade what lies in the job's folder."""
        loaded = self.course.load(job["exercise"])
        folder = Path(job["folder"])
        try:
            seed = seed_of(folder) if job["seed"] is None else job["seed"]
            result = self._graded(loaded, layer_of(loaded, folder), seed, job)
        except Refused as refused:
            result = ungraded(loaded, "damaged", refused.message)
        except EngineFault as fault:  # the sandbox's, so nobody else's result depends on it
            result = ungraded(loaded, f"engine:{fault.kind}", fault.message)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return {"result": replace(result, isolated=True).to_json()}

    def verify(self, job: dict[str, Any]) -> dict[str, Any]:
        """Run the author's trials of one exercise."""
        loaded = self.course.load(job["exercise"])
        with _engine(job["sandbox"]) as engine, _answers(engine, job, reuse=True) as answers:
            answers.wait()
            trials = Trials(self.course, engine, self.runner, answers, loaded, shared=False, say=self._say)
            trials.run()
        return {"findings": [asdict(one) for one in trials.findings], "skipped": trials.skipped}

    def _say(self, line: str) -> None:
        self.channel.send("say", line=line)

    def _graded(self, loaded: Loaded, layer: Layer, seed: int | None, job: dict[str, Any]) -> Result:
        with tempfile.TemporaryDirectory() as kept:
            with _engine(job["sandbox"]) as engine, _answers(engine, job) as answers:
                tags = Tags(engine)
                with attempted(self.course, engine, loaded, [layer], answers, seed=seed) as attempt:
                    if not job["second"]:
                        tags.restore()
                        return _with_refused(attempt.check(self.runner), answers.refused)
                    shutil.copytree(attempt.folder, kept, dirs_exist_ok=True)
            layer, _ = answer_layer(loaded, Path(kept))
            result = self._judged(loaded, layer, seed_of(Path(kept)), job["second"], attempt.answer)
            return _with_refused(result, answers.refused)

    def _judged(self, loaded: Loaded, layer: Layer, seed: int | None, sandbox: str, answer: Answer) -> Result:
        """Judge files on an engine that the answer has never seen: no cache and no image of its is there."""
        with (
            _engine(sandbox) as engine,
            attempted(self.course, engine, loaded, [layer], _Given(answer), seed=seed) as attempt,
        ):
            return attempt.check(self.runner)


class _Given:
    """An answer that was run before."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @contextlib.contextmanager
    def answered(
        self, folder: Path, environment: Mapping[str, str], limit: float = LIMIT
    ) -> Iterator[Answer]:
        """Return how it went."""
        del folder, environment, limit
        yield self._answer


def _with_refused(result: Result, refused: list[str]) -> Result:
    """Say what the sandbox has refused: an answer may have failed for that alone."""
    if not refused:
        return result
    line = f"The grading sandbox refused: {', '.join(refused)}."
    return replace(result, message="\n".join(filter(None, [result.message, line])))


@contextlib.contextmanager
def _engine(sandbox: str) -> Iterator[Engine]:
    """Open a sandbox's engine, for what this process starts as well."""
    socket = Path(SOCKETS, sandbox, "engine.sock")
    ends = time.monotonic() + _APPEARING
    while not socket.exists():
        if time.monotonic() > ends:
            raise EngineFault("The sandbox does not start.", kind="not-running")
        time.sleep(0.005)
    os.environ["DOCKER_HOST"] = f"unix://{socket}"
    with Engine(Endpoint(f"unix://{socket}", "DOCKER_HOST")) as engine:
        yield engine


def _answers(engine: Engine, job: dict[str, Any], *, reuse: bool = False) -> ContainerAnswers:
    control = Path(SOCKETS, job["sandbox"], "control.sock")
    return ContainerAnswers(engine, job["image"], control, reuse=reuse)


if __name__ == "__main__":
    main()
