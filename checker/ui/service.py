"""What the panels ask for, done in a process of its own: ``python -I -m checker.ui.service``.

The learner's kernel may hold a ``docker.py`` of the learner's, be busy, or be interrupted. None of that
reaches here. One request is one JSON line, ``{"key": 1, "do": "check", "exercise": …}``; what comes of it
are lines with the same key, the last one ``done`` or ``refused``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from typing import Any

from checker import lesson_scene
from checker.channel import Channel
from checker.chapter import read_chapter
from checker.course import Course, Loaded, open_course
from checker.doctor import report
from checker.engine.connect import connect
from checker.errors import CourseError, EngineFault, Refused
from checker.hints import next_hint, shown_hints
from checker.overlay import ANSWER_FILES
from checker.progress import Progress
from checker.record import Record
from checker.runner import Runner
from checker.work import reset, start

Tell = Callable[..., None]


class Service:
    """The verbs that a page can ask for: every public method but :meth:`close`."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._starting = threading.Lock()

    @cached_property
    def _runner(self) -> Runner:
        return Runner(self._course)

    def close(self) -> None:
        """Stop the checks' process, if there is one."""
        if "_runner" in self.__dict__:
            self._runner.close()

    def describe(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Return what a panel shows before the first check, and start the checks' process."""
        del tell
        with self._starting:
            _ = self._runner
        loaded = self._course.load(exercise)
        about = loaded.exercise
        return {
            "core": about.core,
            "interactive": about.answer == "session",
            "checks": [
                {"id": check.id, "title": check.title, "points": check.points} for check in about.checks
            ],
            "files": [*ANSWER_FILES, *about.edits],
            **self._standing(loaded),
        }

    def check(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Check the learner's copy, tell each check's result, keep the attempt."""
        folder = self._course.work(exercise)
        if not folder.is_dir():
            raise Refused("This exercise was not started yet.", next="Press Start.")
        result = self._runner.check(exercise, folder, lambda one: tell("checked", result=asdict(one)))
        unkept = ""
        try:
            Progress(self._course).record(result)
        except Refused as refused:  # a verdict counts also where it cannot be kept
            unkept = f"{refused.message} {refused.next}"
        return {"result": result.to_json(), "unkept": unkept, **self._standing(self._course.load(exercise))}

    def hint(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Show the next hint."""
        del tell
        next_hint(self._course, Progress(self._course), exercise)
        return self._standing(self._course.load(exercise))

    def give_up(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Open the solution before passing; this is kept."""
        del tell
        Progress(self._course).give_up(exercise)
        return self._standing(self._course.load(exercise))

    def start(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Make the learner's copy and set the scene; what was started already stays."""
        with connect() as engine:
            start(self._course, engine, exercise, say=lambda line: tell("says", line=line))
        return self._standing(self._course.load(exercise))

    def reset(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Begin anew."""
        with connect() as engine:
            reset(self._course, engine, exercise, say=lambda line: tell("says", line=line))
        return self._standing(self._course.load(exercise))

    def begin(self, tell: Tell, chapter: str) -> None:
        """Begin a lesson: get its images, remove what an earlier run left."""
        self._set(lesson_scene.begin, tell, chapter)

    def end(self, tell: Tell, chapter: str) -> None:
        """End a lesson: remove what it declares."""
        self._set(lesson_scene.end, tell, chapter)

    def predicted(self, tell: Tell, **prediction: Any) -> None:
        """Keep what was predicted in a lesson, and what the engine said."""
        del tell
        Progress(self._course).predicted(**prediction)

    def answered(self, tell: Tell, question: str, picked: list[str], *, right: bool) -> None:
        """Keep an answer to a question of a lesson."""
        del tell
        Progress(self._course).answered(question, picked, right=right)

    def doctor(self, tell: Tell) -> dict[str, Any]:
        """Return what the doctor finds."""
        del tell
        return asdict(report())

    def overview(self, tell: Tell) -> list[dict[str, Any]]:
        """Return every exercise with how far the learner is."""
        del tell
        progress = Progress(self._course)
        return [self._progress(self._course.load(one), progress) for one in self._course.ids()]

    def _set(self, change: Callable[..., None], tell: Tell, chapter: str) -> None:
        with connect() as engine:
            change(
                self._course,
                engine,
                read_chapter(self._course, chapter),
                lambda line: tell("says", line=line),
            )

    def _progress(self, loaded: Loaded, progress: Progress) -> dict[str, Any]:
        return {
            "id": loaded.id,
            "title": loaded.exercise.title,
            "minutes": loaded.exercise.minutes,
            "passed": progress.passed(loaded.id),
            "attempts": progress.attempts(loaded.id),
            "started": self._course.work(loaded.id).is_dir(),
        }

    def _standing(self, loaded: Loaded) -> dict[str, Any]:
        """Return where the learner stands: hints, solution, whether it was started."""
        progress = Progress(self._course)
        shown = shown_hints(self._course, progress, loaded.id)
        opened = progress.passed(loaded.id) or progress.gave_up(loaded.id)
        folder = self._course.work(loaded.id)
        return {
            "title": loaded.exercise.title,
            "minutes": loaded.exercise.minutes,
            "hints": [hint.text for hint in shown],
            "hints_left": _left(loaded, [hint.text for hint in shown], progress.last_reasons(loaded.id)),
            "solution": f"solutions/{loaded.id}" if opened else "",
            "why": loaded.why if opened else "",
            "passed_before": progress.passed(loaded.id),
            "started": folder.is_dir(),
            "recorded": Record.read(folder) is not None,
        }


def _left(loaded: Loaded, shown: list[str], reasons: list[str]) -> int:
    return len(set(loaded.exercise.hints.for_reasons(reasons)) - set(shown))


def serve(channel: Channel, service: Service) -> None:
    """Answer requests until the kernel is gone. A thread each: a hint does not wait for a check."""
    sending = threading.Lock()

    def send(event: str, **fields: Any) -> None:
        with sending:
            channel.send(event, **fields)

    while request := channel.receive():
        threading.Thread(target=_answer, args=(service, send, request), daemon=True).start()


def _answer(service: Service, send: Tell, request: dict[str, Any]) -> None:
    key, verb = request.pop("key"), request.pop("do")

    def tell(event: str, **fields: Any) -> None:
        send(event, key=key, **fields)

    try:
        tell("done", value=getattr(service, verb)(tell, **request))
    except CourseError as error:
        kind = "engine" if isinstance(error, EngineFault) else type(error).__name__
        tell("refused", message=error.message, next=error.next, kind=kind)
    except BrokenPipeError:  # the kernel is gone, and nobody listens any more
        return
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the panel must say so and stay usable
        what = f"The course could not do this: {type(error).__name__}: {error}"
        tell("refused", message=what, next="`course doctor` in a terminal looks for the reason.", kind="bug")


def main() -> None:
    """Serve the kernel that started this process."""
    channel = Channel.take_over()
    service = Service(open_course())
    try:
        serve(channel, service)
    finally:
        service.close()


if __name__ == "__main__":
    main()
