"""A Dockerfile with gaps: a Node.js app and its dependency become an image with a name."""

import json
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from checker import Exercise, Failure, Hints, Owns
from checker.cancelling import Cancelled
from checker.engine.build import BuildLog
from checker.engine.container import Container
from checker.engine.image import Image
from checker.engine.layer_contents import instruction
from checker.lab import Lab

_NAME = "c04-canteen/menu:1.0"

exercise = Exercise(
    "04-dockerfiles/first-dockerfile",
    title="The first Dockerfile",
    minutes=15,
    objectives=[
        "Write a Dockerfile for an app and its dependency",
        "Build an image under a name of your own",
    ],
    images=["node"],
    owns=Owns(images=[_NAME], ports=[8142]),
    edits=["Dockerfile"],
    skills=["dockerfile.write", "build.name"],
    docs=["Writing a Dockerfile", "Dockerfile reference", "docker image build"],
    hints=Hints(
        "The comments in the Dockerfile say what each line is for. The build stops at the first line that is wrong, and shows it.",
        "COPY needs two places: the first one in your folder, the second one in the image. A dot is a place. "
        "npm puts what package.json names into the folder in which it runs.",
        "Five gaps are left to fill: the image from the table; a dot and a dot; npm's word for installing; "
        "the port from app.js; the name of the app's file. The gap in the notebook is the name from the task.",
        when={
            "build-failed": "Read the last lines of the failed step. Which line of the Dockerfile is it, and what was there before it?",
            "started-at-the-build": "RUN works at the build, ENTRYPOINT in each container. Which of the two should start the app?",
            "not-installed": "The app starts, and its dependency is missing. In which folder does npm run, and was package.json there by then?",
            "installed-at-start": "RUN works at the build, ENTRYPOINT in each container. Which of the two should install?",
            "wrong-place": "`docker run --rm --entrypoint ls IMAGE -l` lists the image's working directory. Is the app there?",
            "other-menu": "The menu must come from the folder at each build. Which line brings menu.json into the image?",
            "missing-image": "`docker image ls` lists the names that you have given. Compare yours with the task, to the last letter.",
            "other-image": "Has the Dockerfile changed since your last build? An image is never changed by an edit.",
        },
    ),
    passed="The image has the runtime, the source and its dependency. Whoever runs it needs no Node.js, no npm, and no folder of yours.",
    timeout=90,
)


def _dish(lab: Lab) -> tuple[str, int]:
    """Return a dish that no menu had before, and its price in cents. A second Check finds its build in the cache."""
    return f"dish-{lab.seeded('dish')}", int(lab.seeded("price")[:4], 16) + 100


class _Served:
    """Ends a build of which a step starts the app and stays with it: such a step never ends.

    It is given some seconds, in which a step may try the app out.
    """

    def __init__(self) -> None:
        self.step = ""
        self.cancelled = False
        self._stop: Callable[[], None] = lambda: None

    def on_cancel(self, stop: Callable[[], None], /) -> None:
        self._stop = stop

    def watch(self, log: BuildLog) -> None:
        serving = [one.name for one in log.steps if "listening on port" in one.output and one.seconds is None]
        if serving and not self.step:
            self.step = serving[0]
            timer = threading.Timer(10, self._end)
            timer.daemon = True
            timer.start()

    def _end(self) -> None:
        self.cancelled = True
        self._stop()


@exercise.check(points=0)
def builds(lab):
    "The Dockerfile builds an image, without network"
    folder, (dish, cents) = lab.copy(), _dish(lab)
    (folder / "menu.json").write_text(json.dumps({dish: cents}), encoding="utf-8")
    served = _Served()
    try:
        return lab.build(folder, watch=served.watch, cancel=served).image
    except Cancelled:
        lab.fail(
            expected="a build that comes to its end",
            actual=f"the step {served.step} starts the app, and never ends",
            reason="started-at-the-build",
            why="RUN runs a command while the image is built, and waits for its end. No process is kept in an image, only files.",
            next="Which instruction says what a container runs? That one starts the app.",
        )


@exercise.check(points=3)
def answers(lab, builds):
    "Built with another menu, it starts by itself, and answers for a new dish on port 8080"
    dish, cents = _dish(lab)
    container = lab.start(builds)
    try:
        answer = lab.eventually(lambda: lab.get(container, 8080, f"/{dish}"), within=8)
    except Failure:
        _say_why(lab, container)
        raise
    expected = f"{dish}: {cents / 100:.2f} EUR"
    if answer.text.strip() != expected:
        lab.fail(
            expected=f"the price of {dish}, which menu.json named when the image was built",
            actual=f"answer {answer.status}: {answer.text.strip()[:80]}",
            reason="other-menu",
            why="The image must hold the files of the folder as they are at the build.",
            next="Follow menu.json through the Dockerfile. Which line copies it, and does a later line change it?",
        )
    if _has_written(container, "node_modules"):
        _fail_for_the_start(lab)
    return container


def _has_written(container: Container, name: str) -> bool:
    return any(name in change.path for change in container.changes())


def _installs(lab: Lab, container: Container) -> bool:
    """Say whether npm installs in the container. On a busy machine it takes its time."""
    with suppress(Failure):
        return _has_written(container, "/.npm") and lab.eventually(
            lambda: _has_written(container, "node_modules"),
            within=20,
            until=lambda: container.refresh().ended,
        )
    return False


def _fail_for_the_start(lab: Lab) -> NoReturn:
    lab.fail(
        expected="an image in which the dependency is installed",
        actual="a container that installs it when it starts",
        reason="installed-at-start",
        why="Each container would install it again, and needs npm and the network of that day for it. "
        "An image is finished when it is built.",
        next="Which instruction runs a command at the build, and keeps what it writes?",
    )


def _say_why(lab: Lab, container: Container) -> None:
    """Fail with the misconception where what the container wrote or logged shows it."""
    if _installs(lab, container):
        _fail_for_the_start(lab)
    said = lab.logs(container)
    lost = re.search("Cannot find module '([^']+)'", said.stderr)
    if lost and lost[1] == "price-tag":
        lab.fail(
            expected="an app that finds its dependency, price-tag",
            actual="Node.js cannot find price-tag. Nothing has installed it beside the app",
            reason="not-installed",
            why="npm installs what the package.json of its own folder names, into node_modules of that folder. "
            "The builder runs only what RUN tells it.",
            next="Look at the line with RUN. In which folder does it work, and has package.json been copied there by then?",
        )
    if lost:
        lab.fail(
            expected="an app that starts, with all of its files",
            actual=f"Node.js cannot find {lost[1]}",
            reason="wrong-place",
            why="Without WORKDIR, an image works in its root folder. A relative path begins in the working directory. "
            "A file is in the image only where a line has copied it.",
            next="Compare three places: the working directory, the target of COPY, and the path that the container runs.",
        )
    if container.refresh().exit_code == 0 and not said.lines:
        lab.fail(
            expected="a container that runs the app",
            actual="it has ended at once, with exit code 0 and without a word. Its image names no program of its own",
            reason="starts-nothing",
            why="What the base image runs is inherited: here Node.js alone, which found nothing to do.",
            next="The last line of the Dockerfile says what a container runs. Is the app in it?",
        )
    if "[node" in said.stderr:
        lab.fail(
            expected="a container that runs the app",
            actual="a shell that looks for a program named [node",
            reason="no-json",
            why='The form with brackets is JSON. With other quotes than " it is no JSON, and a shell gets the whole line.',
            next="Look at the quotes in the last line of the Dockerfile.",
        )


@exercise.check(points=1)
def in_its_folder(lab, answers):
    "The working directory of the image is the folder of the app"
    here = lab.exec(answers, "ls")
    if "app.js" not in here.stdout.split():
        lab.fail(
            expected="the folder of the app as the working directory, with app.js in it",
            actual=f"a working directory that holds {', '.join(here.stdout.split()[:4]) or 'nothing'} and no app.js",
            reason="wrong-place",
            why="Whoever opens a shell in the container stands in its working directory. Relative paths begin there.",
            next="Which instruction sets the working directory? It is the target of the source, too.",
        )


@exercise.check(points=1)
def declared(lab, builds, answers):
    "The image declares the port on which the app listens"
    if "8080/tcp" not in builds.exposed:
        lab.fail(
            expected="8080/tcp among the declared ports",
            actual=", ".join(sorted(builds.exposed)) or "no port",
            reason="not-declared",
            why="The declaration publishes nothing. It tells people, and `docker run -P`, where the app listens.",
            next="Look into app.js for its port, and name it behind EXPOSE.",
        )


@exercise.check(points=1)
def named(lab, answers):
    "The image named c04-canteen/menu:1.0 is the one that the Dockerfile makes"
    mine = lab.image(
        _NAME,
        why="Without a name, an image can only be run by its id. Without a version behind the colon it is `latest`.",
        next="`docker image ls` shows the names that you have. Build again, with the name of the task behind -t.",
    )
    if not _same(lab, mine):
        lab.fail(
            expected=f"{_NAME} to be what the Dockerfile makes now",
            actual="an image with files or settings other than those",
            reason="other-image",
            why="An image is made once. It does not follow its Dockerfile, and a name can stand at any image.",
            next="Build again with this name, as the Dockerfile is now.",
        )
    last = mine.history()[-1]
    if instruction(last.created_by, last.comment).startswith("("):  # it is no line of a Dockerfile
        lab.fail(
            expected=f"{_NAME} to be built from the Dockerfile",
            actual="an image that was made of a container, as `docker commit` does",
            reason="other-image",
            why="Nobody can see from such an image how it was made, or make it again with another menu.",
            next="Build the folder, with this name behind -t.",
        )


def _same(lab: Lab, mine: Image) -> bool:
    """Say whether an image is what the Dockerfile makes of the folder.

    The network of a build is part of what its steps are. A learner's own build has one, and is in the cache.
    Another builder gives other layers with the same files.
    """
    built = lab.build(network="default").image
    if _runs(mine) != _runs(built):
        return False
    if mine.diff_ids == built.diff_ids or mine.diff_ids == lab.build().image.diff_ids:
        return True
    return _files(lab, mine, built) == _files(lab, built, mine)


def _runs(image: Image) -> tuple[object, ...]:
    return image.entrypoint, image.command, image.workdir, image.user, image.env, image.exposed


def _files(lab: Lab, image: Image, other: Image) -> dict[str, bytes]:
    """Return the files of the app. What else lay in the folder at a build, such as its own log, does not count."""
    below = f"{image.workdir.rstrip('/')}/"
    names = {"node_modules", *(one.name for one in Path(__file__).parent.iterdir())} - {"Dockerfile"}
    return {
        path: layer.read(path)
        for layer in lab.saved(image).above(other.diff_ids)
        for path, entry in layer.entries.items()
        if entry.kind == "file" and path.startswith(below) and path.removeprefix(below).split("/")[0] in names
    }
