"""What the panels ask for, done in a process of its own: ``python -I -m checker.ui.service``.

The learner's kernel may hold a ``docker.py`` of the learner's, be busy, or be interrupted. None of that
reaches here. One request is one JSON line, ``{"key": 1, "do": "check", "exercise": …}``; what comes of it
are lines with the same key, the last one ``done`` or ``refused``. ``{"key": 1, "do": "cancel"}`` asks for an
early end.
"""

from __future__ import annotations

import threading
import time
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from checker import lesson_scene
from checker.channel import Channel
from checker.chapter import chapter_ids, read_chapter
from checker.course import Course, Loaded, open_course
from checker.doctor import report
from checker.engine.connect import connect
from checker.errors import CourseError, CourseFault, EngineFault, Refused
from checker.hints import next_hint, shown_hints
from checker.overlay import ANSWER_FILES
from checker.progress import Progress
from checker.record import Record
from checker.review import draw, earlier, told
from checker.runner import Runner
from checker.skills import evidence, read_skills
from checker.standing import course_map_of, next_step, standing_of
from checker.work import reset, start

from .tell import Tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.standing import ChapterMap

#: Verbs that have modules of their own: functions of the verb's name, which take course, Tell and request.
_ELSEWHERE: dict[str, str] = {
    "build": "work_reading",
    "image_parts": "parts_reading",
    "layers": "layer_reading",
    "process": "process_words",
    "pull": "work_reading",
    "reach": "network_reading",
    "watch": "watching",
}
_GRACE = 2.0  # seconds that what runs has to end once the kernel is gone; less than the kernel waits


class Service:
    """The verbs that a page can ask for: every public method but :meth:`close`."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._starting = threading.Lock()

    @cached_property
    def _runner(self) -> Runner:
        return Runner(self.course)

    def close(self) -> None:
        """Stop the checks' process, if there is one."""
        if "_runner" in self.__dict__:
            self._runner.close()

    def describe(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Return what a panel shows before the first check, and start the checks' process."""
        del tell
        with self._starting:
            _ = self._runner
        loaded = self.course.load(exercise)
        about = loaded.exercise
        return {
            "core": about.core,
            "interactive": about.answer == "session",
            "checks": [
                {"id": one.id, "title": one.title, "points": one.points, "observes": one.observes}
                for one in about.checks
            ],
            "files": [*ANSWER_FILES, *about.edits],
            **self._standing(loaded),
        }

    def check(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Check the learner's copy, tell each check's result, keep the attempt."""
        folder = self.course.work(exercise)
        if not folder.is_dir():
            raise Refused("This exercise was not started yet.", next="Press Start.")
        result = self._runner.check(exercise, folder, lambda one: tell("checked", result=asdict(one)))
        unkept = ""
        try:
            Progress(self.course).record(result)
        except Refused as refused:  # a verdict counts also where it cannot be kept
            unkept = f"{refused.message} {refused.next}"
        return {"result": result.to_json(), "unkept": unkept, **self._standing(self.course.load(exercise))}

    def hint(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Show the next hint."""
        del tell
        next_hint(self.course, Progress(self.course), exercise)
        return self._standing(self.course.load(exercise))

    def give_up(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Open the solution before passing; this is kept."""
        del tell
        Progress(self.course).give_up(exercise)
        return self._standing(self.course.load(exercise))

    def start(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Make the learner's copy and set the scene; what was started already stays."""
        with connect() as engine:
            start(self.course, engine, exercise, say=lambda line: tell("says", line=line))
        return self._standing(self.course.load(exercise))

    def reset(self, tell: Tell, exercise: str) -> dict[str, Any]:
        """Begin anew."""
        with connect() as engine:
            reset(self.course, engine, exercise, say=lambda line: tell("says", line=line))
        return self._standing(self.course.load(exercise))

    def begin(self, tell: Tell, chapter: str) -> None:
        """Begin a lesson: get its images, a line for each, and remove what an earlier run left."""
        from .work_reading import fetching  # noqa: PLC0415 - with all that pulls and builds need

        self._set(partial(lesson_scene.begin, fetch=fetching(tell)), tell, chapter)

    def end(self, tell: Tell, chapter: str) -> None:
        """End a lesson: remove what it declares."""
        self._set(lesson_scene.end, tell, chapter)

    def predicted(self, tell: Tell, **prediction: Any) -> None:
        """Keep what was predicted in a lesson, and what the engine said."""
        del tell
        Progress(self.course).predicted(**prediction)

    def reasoned(self, tell: Tell, run: str, reason: str, *, right: bool) -> None:
        """Keep a reason that was picked after a wrong prediction."""
        del tell
        Progress(self.course).reasoned(run, reason, right=right)

    def predictions(self, tell: Tell, chapter: str) -> dict[str, dict[str, Any]]:
        """Return what counts of each prediction of a lesson."""
        del tell
        return {key: asdict(one) for key, one in Progress(self.course).predictions(chapter).items()}

    def answered(self, tell: Tell, question: str, picked: list[str], *, right: bool) -> None:
        """Keep an answer to a question of a lesson."""
        del tell
        Progress(self.course).answered(question, picked, right=right)

    def answers(self, tell: Tell, questions: list[str]) -> dict[str, str]:
        """Return of each question that was answered before, how."""
        del tell
        past, today = Progress(self.course).answers(), datetime.now(UTC).astimezone().date()
        return {key: told(past[key], today) for key in questions if key in past}

    def review(self, tell: Tell, chapter: str) -> list[str]:
        """Return the questions of earlier chapters that a lesson opens with."""
        del tell
        chapters = [read_chapter(self.course, one) for one in earlier(chapter_ids(self.course), chapter)]
        bank = [question.key for one in chapters for question in one.quiz.values()]
        return draw(bank, Progress(self.course).answers(), read_chapter(self.course, chapter).opening)

    def doctor(self, tell: Tell) -> dict[str, Any]:
        """Return what the doctor finds."""
        del tell
        return asdict(report())

    def overview(self, tell: Tell, exercise: str = "") -> dict[str, Any]:
        """Return the map of the course, what to go on with, and the skills; or one exercise of it."""
        del tell
        progress = Progress(self.course)
        if exercise:
            return asdict(standing_of(self.course, progress, self.course.find(exercise)))
        chapters = course_map_of(self.course, progress)
        return {
            "chapters": [asdict(chapter) for chapter in chapters],
            "next": asdict(next_step(self.course, progress, chapters)),
            "skills": self._skills(chapters),
        }

    def _skills(self, chapters: list[ChapterMap]) -> list[dict[str, Any]]:
        """Return what was shown of each skill; nothing where the list is damaged: the map is worth more."""
        try:
            listed = read_skills(self.course).values()
        except CourseFault:
            return []
        rows = [row for chapter in chapters for row in chapter.exercises]
        return [{**asdict(one), "state": one.state} for one in evidence(listed, rows)]

    def _set(self, change: Callable[..., None], tell: Tell, chapter: str) -> None:
        with connect() as engine:
            change(
                self.course,
                engine,
                read_chapter(self.course, chapter),
                lambda line: tell("says", line=line),
            )

    def _standing(self, loaded: Loaded) -> dict[str, Any]:
        """Return where the learner stands: hints, solution, whether it was started."""
        progress = Progress(self.course)
        shown = shown_hints(self.course, progress, loaded.id)
        opened = progress.passed(loaded.id) or progress.gave_up(loaded.id)
        folder = self.course.work(loaded.id)
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
    running: dict[int, tuple[Tell, threading.Thread]] = {}

    def send(event: str, **fields: Any) -> None:
        with sending:
            channel.send(event, **fields)

    def answer(key: int, verb: str, tell: Tell, request: dict[str, Any]) -> None:
        try:
            _answer(service, verb, tell, request)
        finally:
            running.pop(key)

    while request := channel.receive():
        key, verb = request.pop("key"), request.pop("do")
        if verb == "cancel":
            if asked := running.get(key):
                asked[0].cancel()
            continue
        tell = Tell(partial(send, key=key))
        thread = threading.Thread(target=answer, args=(key, verb, tell, request), daemon=True)
        running[key] = tell, thread
        thread.start()
    _end(list(running.values()))


def _end(running: list[tuple[Tell, threading.Thread]]) -> None:
    """Ask everything that runs for an early end, and wait a moment for it."""
    for tell, _ in running:
        tell.cancel()
    ends = time.monotonic() + _GRACE
    for _, thread in running:
        thread.join(max(0.0, ends - time.monotonic()))


def _answer(service: Service, verb: str, tell: Tell, request: dict[str, Any]) -> None:
    try:
        tell("done", value=_function(service, verb)(tell, **request))
    except CourseError as error:
        kind = "engine" if isinstance(error, EngineFault) else type(error).__name__
        tell("refused", message=error.message, next=error.next, kind=kind)
    except BrokenPipeError:  # the kernel is gone, and nobody listens any more
        return
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the panel must say so and stay usable
        what = f"The course could not do this: {type(error).__name__}: {error}"
        tell("refused", message=what, next="`course doctor` in a terminal looks for the reason.", kind="bug")


def _function(service: Service, verb: str) -> Callable[..., Any]:
    if verb not in _ELSEWHERE:
        return cast("Callable[..., Any]", getattr(service, verb))
    function = getattr(import_module(f".{_ELSEWHERE[verb]}", __package__), verb)
    return partial(function, service.course)


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
