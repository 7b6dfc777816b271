"""An image whose packages are installed again after each edit of the source, until its steps are in another order."""

import json
import re
from dataclasses import dataclass

from checker import Exercise, Hints, Owns
from checker.engine.build import Build, BuildStep
from checker.engine.image import Image
from checker.lab import Lab

exercise = Exercise(
    "04-dockerfiles/cache-friendly",
    title="A comma, and everything is installed again",
    minutes=15,
    objectives=["Order the steps of a Dockerfile for the build cache", "Say what makes a step run again"],
    images=["python"],
    owns=Owns(images=["c04-sign"]),
    answer="files",
    edits=["Dockerfile"],
    skills=["cache.order", "cache.reasons"],
    docs=["Optimize cache usage in builds", "Build cache invalidation", "Dockerfile reference"],
    hints=Hints(
        "Build twice with an edit of app.py between. The first step without the word CACHED is the one that the edit reaches. Which files does it use?",
        "A step is cached while its files and all steps before it are the same. "
        "`COPY . .` uses all files. pip needs only two things of the folder.",
        "Split the COPY in two. What pip needs comes before pip: the list, and the folder of wheels. The source comes after it.",
        when={
            "build-failed": "Look at the step that fails. Every file that it uses must have been copied by a step before it.",
            "installed-again": "Which step before the installing one uses app.py? As long as there is one, the edit reaches all later steps.",
            "installed-at-start": "RUN works at the build, CMD in each container. Which of the two should install?",
            "not-installed": "Where does pip get the names from? A change of requirements.txt must reach that step.",
            "other-source": "The image must get app.py from the folder, in a step of its own. Which step copies it, and to where?",
            "too-much": "pip can be given a file that names packages: then it installs these, and leaves the other wheels alone.",
        },
    ),
    passed="The source comes last, so an edit of it reaches only the last steps. The list of packages comes first: a change of it reaches all.",
    timeout=90,
)

#: What the checker writes into app.py: it says which edit it is, when roomsign was installed, and what else there is.
_PROBE = """import importlib.util
import json
import os

import roomsign

place = roomsign.__file__
while not os.path.exists(place):  # it may be read from inside a wheel
    place = os.path.dirname(place)
named = importlib.util.find_spec("roomcolour") is not None
print(json.dumps(["{mark}", os.stat(place).st_mtime_ns, named]))
"""


@dataclass(frozen=True)
class Seen:
    """What the app of an image has printed: which edit it is, when roomsign was installed, and whether roomcolour is there."""

    mark: str
    installed: int
    roomcolour: bool


def _built(lab: Lab, mark: str, *more: str) -> tuple[Build, Seen]:
    """Build a copy of the folder with an app.py that bears ``mark``, and requirements with ``more``; run it."""
    folder = lab.copy()
    (folder / "app.py").write_text(_PROBE.replace("{mark}", mark), encoding="utf-8")
    (folder / "requirements.txt").write_text("\n".join(["roomsign==1.0", *more, ""]), encoding="utf-8")
    built = lab.build(folder)
    seen = _seen(lab, built.image)
    if seen.mark != mark:
        lab.fail(
            expected="the app.py that was in the folder at the build",
            actual="an older one",
            reason="other-source",
            why="A build that keeps the packages must still bring each edit of the source into the image.",
            next="Which step brings app.py into the image? It must use the file of the folder.",
        )
    return built, seen


def _seen(lab: Lab, image: Image) -> Seen:
    """Run the image, and return what its app says."""
    ran = lab.run(image)
    last = (ran.stdout.strip().splitlines() or [""])[-1]
    try:
        return Seen(*json.loads(last))
    except (TypeError, ValueError):
        lab.fail(
            expected="a container of the image to run the app.py of the folder",
            actual=f"exit code {ran.exit_code} and {(ran.stderr.strip() or ran.stdout.strip())[-160:] or 'no output'}",
            reason="other-source",
            why="Without a command behind the image's name, a container runs what the Dockerfile says. "
            "It finds the files that were copied, and the packages that pip has installed.",
            next="Build your folder and run the image. Is app.py in its working directory, and does it find roomsign?",
        )


@exercise.check(points=0)
def runs(lab):
    "The image builds without network, and a container of it runs app.py"
    return _built(lab, lab.seeded("first"))[1]  # a second Check finds this build in the cache


def _installs(step: BuildStep) -> bool:
    """Say whether a step has run and installed packages. A quiet pip prints nothing: its command says it then."""
    said = "Successfully installed" in step.output or re.search(r"\bpip\b.*\binstall\b", step.instruction)
    return step.outcome == "ran" and bool(said)


@exercise.check(points=3)
def source_edit(lab, runs):
    "After an edit of app.py, nothing is installed again, and the image holds the edit"
    built, seen = _built(lab, lab.nonce())
    # What pip writes is as old as its run. A stage may install again, and give the same files.
    again = [step for step in built.steps if _installs(step)]
    if not again and _seen(lab, built.image).installed != seen.installed:
        lab.fail(
            expected="an image in which the packages are installed",
            actual="a container that installs them each time that it starts",
            reason="installed-at-start",
            why="No cache of the builder helps there: each container installs them again.",
            next="Which instruction runs a command at the build, and keeps what it writes?",
        )
    if again or seen.installed != runs.installed:
        lab.fail(
            expected="the packages of the first build to be kept when only app.py changes",
            actual=f"the second build installs roomsign again{f', in the step {again[0].name}' if again else ''}",
            reason="installed-again",
            why="A step is cached while the files that it uses and all steps before it are the same. "
            "Here one of the steps up to the installing one uses app.py.",
            next="Find the first step that uses app.py. Where must it stand?",
        )


@exercise.check(points=2)
def requirements_edit(lab, runs, source_edit):
    "After a new line in requirements.txt, that package is installed"
    seen = _built(lab, lab.seeded("third"), "roomcolour==1.0")[1]
    if not seen.roomcolour:
        lab.fail(
            expected="roomcolour in the image, after requirements.txt names it",
            actual="only what was installed before; app.py cannot import roomcolour",
            reason="not-installed",
            why="A step that does not use requirements.txt stays cached when it changes. The image then lacks what the app needs.",
            next="Let pip read its names from requirements.txt, as it was copied in the step before.",
        )


@exercise.check(points=1)
def only_named(lab, runs, source_edit):
    "What requirements.txt does not name is not installed"
    if runs.roomcolour:
        lab.fail(
            expected="roomsign alone, which requirements.txt names",
            actual="roomcolour as well",
            reason="too-much",
            why="Every package in an image is one more to download, to update and to trust.",
            next="What does your installing step take its packages from: from the list, or from the folder?",
        )
