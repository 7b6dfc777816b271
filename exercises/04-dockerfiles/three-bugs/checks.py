"""A Dockerfile with three mistakes and a script with an invisible one; and a container that a build does not change."""

import re
from dataclasses import dataclass

from checker import Exercise, Failure, Hints, Owns
from checker.engine.container import Container
from checker.engine.errors import ObjectError
from checker.engine.image import Image
from checker.engine.probe import ROLE_LABEL
from checker.lab import Lab, demands

_OLD, _NEW = "c04-pool/notice:1.0", "c04-pool/notice:1.1"
_HALL = "Sauna closed"

exercise = Exercise(
    "04-dockerfiles/three-bugs",
    title="Three mistakes in one file",
    minutes=20,
    core=False,
    objectives=[
        "Find mistakes that a build does not report",
        "Put a new version in the place of a running container",
    ],
    images=["busybox"],
    owns=Owns(containers=["c04-notice", "c04-notice-old"], images=[_OLD, _NEW], ports=[8144]),
    edits=["Dockerfile", "notice.sh"],
    skills=["debug.dockerfile", "image.replace-container"],
    docs=[
        "Dockerfile reference: WORKDIR",
        "Dockerfile reference: Understand how ARG and FROM interact",
        "Dockerfile reference: Shell form ENTRYPOINT example",
    ],
    hints=Hints(
        "Take the four one by one, in the order of the list. After each change: build, run, look.",
        "Each RUN has a shell of its own, and an ARG has a place from which on it counts. "
        "Without brackets, a shell stands between `docker run` and the program. Python shows each sign of a file with `open(…, 'rb')`.",
        "`\\r` at the ends of lines must go. One instruction sets the folder for all steps after it. "
        "The ARG belongs below FROM. The last line needs brackets and double quotes. Then remove the old container, and run a new one.",
        when={
            "build-failed": "The message names the step. Build it yourself with --progress=plain to see all of its lines.",
            "line-ends": "Look at notice.sh as bytes. Which sign stands before each `\\n`?",
            "whole-root": "Where do the files lie in the image, and which folder is the working directory when the container starts?",
            "no-season": "An ARG that stands before FROM is for the FROM lines. Where is $SEASON used?",
            "fixed-season": "`--build-arg` can only set what an ARG names. Does something else set it again?",
            "swallowed": "`docker image inspect` shows what is run. Who gets the arguments that come behind it?",
            "replaced-the-program": "The program stands where it can be replaced. Which instruction stays when arguments are given?",
            "built-in": "`docker image inspect` shows what the image brings by itself. Who says today what is special?",
            "old-container": "`docker ps` shows which image each container was made from. Building is one thing, and replacing a container another.",
        },
    ),
    passed="The build had no error, and the image had four faults. Now it is right from outside, and the hall shows it: a new container, from the new image.",
    timeout=90,
)

_OLD_DOCKERFILE = """FROM busybox:1.37
WORKDIR /notice
RUN echo "Season: last summer" > index.html
ENTRYPOINT ["httpd", "-f", "-p", "8080", "-h", "."]
"""


def _events(lab: Lab, whose: str) -> str:
    return f"Swimming course, group {lab.seeded(whose)}"


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Run last year's notice, and lay the events of this one into the folder."""
    del seed
    lab.scene.image(_OLD, {"Dockerfile": _OLD_DOCKERFILE})
    lab.scene.container("c04-notice", _OLD, ports={"8080/tcp": 8144})
    (lab.folder / "events.txt").write_text(f"{_events(lab, 'hall')}\n", encoding="utf-8", newline="\n")


@exercise.check(points=0)
def builds(lab):
    "The Dockerfile builds, without network, with other events and another season"
    folder, season = lab.copy(), f"season-{lab.seeded('season')}"
    (folder / "events.txt").write_text(f"{_events(lab, 'check')}\n", encoding="utf-8", newline="\n")
    return lab.build(folder, args={"SEASON": season}).image


def _today(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("Today: ")]


def _page(lab: Lab, image: Image, *arguments: str) -> tuple[Container, str]:
    """Run a container with these arguments, and return it with its notice."""
    try:
        container = lab.start(image, *arguments)
    except ObjectError as error:
        # The engine looks for the interpreter of the first line, also with the CR at its end.
        if "notice.sh" in error.actual and "no such file" in error.actual:
            _look_at_line_ends(lab, f"it does not start: {error.actual}")
        raise
    try:
        answer = lab.eventually(lambda: lab.get(container, 8080), within=8)
    except Failure:
        said = lab.logs(container).text
        if re.search(r"\[\S+ not found", said):  # the shell looks for a program of that name
            lab.fail(
                expected="a container that runs notice.sh",
                actual=f"a shell that says: {' '.join(said.split())[:120]}",
                reason="no-json",
                why='The form with brackets is JSON. With other quotes than " it is no JSON, and a shell gets the whole line.',
                next="Look at the quotes in the last line of the Dockerfile.",
            )
        # A script that looks for its files by their names has no CR at their ends: a step has mended it.
        if not re.search(r"can't open '(season|events)\.txt'", said):
            _look_at_line_ends(
                lab, f"it is {container.refresh().status}, and says: {' '.join(said.split())[:120]}"
            )
        raise
    return container, answer.text


def _look_at_line_ends(lab: Lab, found: str) -> None:
    """Fail where notice.sh has those of Windows."""
    if b"\r\n" in lab.file("notice.sh").read_bytes():
        lab.fail(
            expected="a container that serves the notice",
            actual=f"{found}. In notice.sh, the ends of lines are those of Windows",
            reason="line-ends",
            why="There a line ends with two signs, CR and LF. Where a script is read, the CR counts as a part of the last word, "
            "and options and programs of that name are looked for.",
            next="Save notice.sh with LF alone: an editor can do that, and so can Python or sed.",
        )


@dataclass(frozen=True)
class Served:
    """A container and its notice, the arguments that it was run with, and why it did not run with them."""

    container: Container
    page: str
    words: tuple[str, ...]
    refused: str = ""


def _served(lab: Lab, image: Image) -> Served:
    """Run a container with two arguments; where it does not serve with these, without any."""
    words = "Music in the pool", f"Towels {lab.nonce()}"
    try:
        return Served(*_page(lab, image, *words), words)
    except (Failure, ObjectError) as problem:
        return Served(*_page(lab, image), words, problem.actual)


@exercise.check(points=1)
def serves(lab, builds):
    "A container of it serves the notice with the events on port 8080"
    served = _served(lab, builds)
    if _events(lab, "check") not in served.page:
        lab.fail(
            expected="a notice with the events of events.txt, as it was in the folder at the build",
            actual=" ".join(served.page.split())[:120] or "an empty page",
            reason="no-events",
            why="The notice is made of season.txt and events.txt, in the working directory of the container.",
            next="Which files lie in the working directory, and which of them did the build bring there?",
        )
    return served


@exercise.check(points=1)
def own_folder(lab, serves):
    "It serves no file from outside of its own folder"
    for path in ("/etc/passwd", "/bin/sh"):
        if lab.get(serves.container, 8080, path).status == 200:
            lab.fail(
                expected="answer 404 for what does not belong to the notice",
                actual=f"{path} is served, as is every file of the container",
                reason="whole-root",
                why="The notice serves its working directory, and that is the root folder. "
                "Each RUN has a shell of its own: a `cd` ends with it, and changes nothing for the next step.",
                next="Which instruction sets the folder for all steps after it, and for the container?",
            )


@exercise.check(points=1)
def season(lab, builds, serves):
    "The season is winter, and a build argument changes it"
    wanted = f"Season: season-{lab.seeded('season')}"
    first = serves.page.splitlines()[0] if serves.page else ""
    if first.strip() == "Season:":
        lab.fail(
            expected=f"`{wanted}`, after a build with that argument",
            actual="`Season:` and no season",
            reason="no-season",
            why="An ARG before FROM is known to the FROM lines alone. After FROM, it must be named again, before the step that uses it.",
            next="Compare the place of ARG with the places of FROM and of $SEASON.",
        )
    if wanted not in serves.page:
        lab.fail(
            expected=f"`{wanted}`, after a build with --build-arg",
            actual=f"`{first}`",
            reason="fixed-season",
            why="Only what an ARG names can be set from outside. An ENV of the same name wins over it.",
            next="Let the season be an ARG with a default.",
        )
    plain = _page(lab, lab.build().image)[1]
    if "Season: winter" not in plain:
        lab.fail(
            expected="`Season: winter`, after a build without an argument",
            actual=f"`{plain.splitlines()[0] if plain else ''}`",
            reason="no-season",
            why="An ARG has a default only where it stands: behind the name, with `=`.",
            next="Give the ARG that the step sees a default.",
        )


@exercise.check(points=1)
def arguments(lab, builds, serves):
    "Each argument becomes a line of the notice"
    shown = _today(serves.page)
    wanted = [f"Today: {word}" for word in serves.words]
    if serves.refused:
        lab.fail(
            expected=f"the lines `{'` and `'.join(wanted)}`",
            actual=f"a container that serves only without arguments. With them: {serves.refused}",
            reason="replaced-the-program",
            why="Arguments of `docker run` take the place of the whole CMD, the name of the program as well.",
            next="Say what always runs in the instruction that arguments do not replace.",
        )
    if shown != wanted:
        lab.fail(
            expected=f"the lines `{'` and `'.join(wanted)}`",
            actual=f"`{'` and `'.join(shown)}`" if shown else "no line that begins with Today:",
            reason="swallowed",
            why="Without brackets, ENTRYPOINT runs a shell with the line as its text. Arguments go to that shell, and it does not pass them on. "
            "With brackets, they come after all that ENTRYPOINT holds.",
            next="Look at the last line of the Dockerfile: its form, and what it holds.",
        )
    _without_the_sauna(lab, builds, "the Dockerfile makes an image that says so")


def _without_the_sauna(lab: Lab, image: Image, found: str) -> None:
    """Fail where the image says by itself what is special today."""
    if f"Today: {_HALL}" in _today(_page(lab, image)[1]):
        lab.fail(
            expected=f"a notice without `Today: {_HALL}` where nobody gives that argument",
            actual=found,
            reason="built-in",
            why="What is special changes each day. So it is an argument of the container, and no part of the image.",
            next="Leave the text out of the image. Name it behind the image when you run the container in the hall.",
        )


@exercise.check(points=2)
def in_the_hall(lab, serves, own_folder, season, arguments):
    "The container in the hall runs the new version, with the line for today"
    hall = lab.container("c04-notice", next="Run it from the new image, under this name.")
    demands.running(hall)
    if hall.labels.get(ROLE_LABEL) == "scene" or hall.image_id != lab.image(_NEW).id:
        lab.fail(
            expected=f"c04-notice to be made from {_NEW}",
            actual=f"a container that was made from {hall.image}, from an image that was there before",
            reason="old-container",
            why="A container keeps the image that it was made from. It does not follow a build, nor a name that moves, "
            "and a restart starts the same container again.",
            next="Remove it, and run a new one from the new image, with all that the task says.",
        )
    page = lab.eventually(lambda: lab.get(hall, 8080, published=True), within=5)
    demands.loopback_only(hall)
    bindings = [(one.host_ip, one.host_port) for one in hall.bindings(8080)]
    if not any(port == 8144 for _, port in bindings):
        lab.fail(
            expected="the notice on port 8144 of your machine",
            actual=f"port {bindings[0][1]}",
            reason="other-port",
            why="The screen in the hall asks port 8144.",
            next="Run it again with that port in front of the container's own.",
        )
    for line in ("Season: winter", _events(lab, "hall"), f"Today: {_HALL}"):
        if line not in page.text.splitlines():
            lab.fail(
                expected=f"`{line}` in the notice of the hall",
                actual=f"`{' / '.join(page.text.splitlines())[:120]}`",
                reason="old-notice",
                why="The hall shows what its container was made from, and the arguments that it was run with.",
                next="Build the folder as it is now. Then run the container anew, with its argument behind the image.",
            )
    if lab.get(hall, 8080, "/etc/passwd", published=True).status == 200:
        lab.fail(
            expected="answer 404 in the hall for what does not belong to the notice",
            actual="/etc/passwd is served. The container was made before that mistake was mended",
            reason="old-container",
            why="A container keeps the image that it was made from, with the mistakes of that day.",
            next="Build the folder as it is now. Then remove the container, and run a new one.",
        )
    text = lab.nonce()
    other = _page(lab, lab.image(_NEW), text)[1]
    if [_today(page.text), _today(other)] != [[f"Today: {_HALL}"], [f"Today: {text}"]]:
        lab.fail(
            expected=f"one line for today in the hall, and `Today: {text}` alone where {_NEW} is run with {text}",
            actual=f"`{' / '.join(_today(page.text))}` in the hall, and `{' / '.join(_today(other))}` with the other argument",
            reason="old-container",
            why="What is special changes each day. So it is an argument of the container, and no part of the image.",
            next="Build the folder as it is now. Then run the container anew, with its one argument behind the image.",
        )
    _without_the_sauna(lab, lab.image(_NEW), f"{_NEW} says so by itself")
