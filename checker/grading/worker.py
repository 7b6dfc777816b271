"""Runs inside a station: takes jobs, does each on the engine of the sandbox that it names, says the result.

What it is given to grade is untrusted, and runs elsewhere: see :mod:`checker.grading.answering`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from checker.answer import LIMIT
from checker.attempt import answer_layer, attempted
from checker.channel import Channel
from checker.course import Course, Loaded, open_course
from checker.engine.connect import Engine
from checker.engine.faults import Endpoint
from checker.engine.waiting import ticks
from checker.errors import CourseError, EngineFault, Refused
from checker.outcomes import ENGINE
from checker.runner import Runner
from checker.trials import Trials

from .answering import ContainerAnswers
from .handed import layer_of, seed_of
from .sandbox import SOCKETS
from .tags import Tags
from .ungraded import ungraded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from checker.attempt import Attempt, Layer
    from checker.result import Answer, Result

T = TypeVar("T")

COURSE = Path("/course")
_RENAMED = (
    "While the checks looked, a name of an image came to mean another one: the answer left that behind."
)
_SPENT = "sandbox-ended"  # reason
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
            reason = _SPENT if isinstance(fault, _Spent) else f"{ENGINE}{fault.kind}"
            result = ungraded(loaded, reason, fault.message)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return {"result": replace(result, isolated=True).to_json()}

    def verify(self, job: dict[str, Any]) -> dict[str, Any]:
        """Run the author's trials of one exercise."""
        loaded = self.course.load(job["exercise"])
        with _engine(job["sandbox"]) as engine, _answers(engine, job, reuse=True) as answers:
            answers.wait()
            trials = Trials(
                self.course, engine, self.runner, answers, loaded, shared=False, say=self._say, graded=True
            )
            trials.run()
        return {"findings": [asdict(one) for one in trials.findings], "skipped": trials.skipped}

    def _say(self, line: str) -> None:
        self.channel.send("say", line=line)

    def _graded(self, loaded: Loaded, layer: Layer, seed: int | None, job: dict[str, Any]) -> Result:
        with tempfile.TemporaryDirectory() as kept:
            with _engine(job["sandbox"]) as engine, _answers(engine, job) as answers:
                tags = Tags(engine)

                def look(attempt: Attempt) -> Result:
                    tags.restore()
                    result = attempt.check(self.runner)
                    if tags.restore():
                        return replace(ungraded(loaded, "image-renamed", _RENAMED), answer=attempt.answer)
                    return result

                def keep(attempt: Attempt) -> Answer:
                    shutil.copytree(attempt.folder, kept, dirs_exist_ok=True)
                    return attempt.answer

                if not job["second"]:
                    result = self._attempted(loaded, layer, seed, look, on=engine, answers=answers)
                    return _with_refused(_spent(result), answers.refused)
                answer = self._attempted(loaded, layer, seed, keep, on=engine, answers=answers)
            layer, _ = answer_layer(loaded, Path(kept))
            # Judged on an engine that the answer has never seen: no cache and no image of its is there.
            with _engine(job["second"]) as engine:
                result = self._attempted(
                    loaded,
                    layer,
                    seed_of(Path(kept)),
                    lambda attempt: attempt.check(self.runner),
                    on=engine,
                    answers=_Given(answer),
                )
            return _with_refused(_spent(result), answers.refused)

    def _attempted(
        self,
        loaded: Loaded,
        layer: Layer,
        seed: int | None,
        look: Callable[[Attempt], T],
        *,
        on: Engine,
        answers: ContainerAnswers | _Given,
    ) -> T:
        """Attempt it, and look. What cannot be removed afterwards is removed with the sandbox."""
        seen: list[T] = []
        try:
            with attempted(self.course, on, loaded, [layer], answers, seed=seed) as attempt:
                seen.append(look(attempt))
        except (EngineFault, Refused) as error:
            if not seen and answers.begun:
                raise _Spent(error.message) from error
            if not seen:
                raise
        return seen[0]


class _Spent(EngineFault):
    """A sandbox's engine failed once an answer was in it: that can be the answer's doing."""


class _Given:
    """An answer that was run before."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.begun = False

    @contextlib.contextmanager
    def answered(
        self, folder: Path, environment: Mapping[str, str], limit: float = LIMIT
    ) -> Iterator[Answer]:
        """Return how it went."""
        del folder, environment, limit
        self.begun = True
        yield self._answer


def _spent(result: Result) -> Result:
    return replace(result, reason=_SPENT) if result.reason.startswith(ENGINE) else result


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
    if not any(socket.exists() for _ in ticks(_APPEARING, 0.005)):
        raise EngineFault("The sandbox does not start.", kind="not-running")
    os.environ["DOCKER_HOST"] = f"unix://{socket}"
    with Engine(Endpoint(f"unix://{socket}", "DOCKER_HOST")) as engine:
        yield engine


def _answers(engine: Engine, job: dict[str, Any], *, reuse: bool = False) -> ContainerAnswers:
    control = Path(SOCKETS, job["sandbox"], "control.sock")
    return ContainerAnswers(engine, job["image"], control, reuse=reuse)


if __name__ == "__main__":
    main()
