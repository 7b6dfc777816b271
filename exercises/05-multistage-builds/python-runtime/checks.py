"""A Python package with a part in C: compiled in one stage, installed and run in another one without a compiler."""

import random
import re
from dataclasses import dataclass
from typing import NoReturn

from checker import Exercise, Hints, Owns
from checker.engine.errors import BuildFailed
from checker.engine.image import Image
from checker.lab import Lab
from checker.lab.starting import lost_words, run_anyhow

exercise = Exercise(
    "05-multistage-builds/python-runtime",
    title="Wheels from the build stage",
    minutes=20,
    core=False,
    objectives=[
        "Compile a Python package in a stage of its own",
        "Bring what was installed into a slim runtime",
    ],
    images=["python-build", "python", "debian"],
    owns=Owns(images=["c05-parcels"]),
    answer="files",
    edits=["Dockerfile", ".dockerignore"],
    skills=["stages.python"],
    docs=["Multi-stage builds", "Dockerfile reference", "pip wheel", "venv"],
    hints=Hints(
        "Only the building of the wheel needs gcc. Where does the wheel go from there, and what has to happen to it?",
        "Several ways work: install the wheel in the last stage; copy a virtual environment to the same path; "
        "copy what `pip install --prefix` installed to where Python looks for it, below /usr/local; "
        "copy a directory that `pip install --target` filled, and tell Python about it with PYTHONPATH.",
        "In the first stage, `pip wheel --wheel-dir DIRECTORY PROJECT` makes the wheel. The last stage begins with the slim image of the same Python. "
        "It gets the wheel with `COPY --from=`, and installs the file with `pip install`.",
        when={
            "build-failed": "Which stage does the failing step belong to, and does the base of that stage have gcc?",
            "wheel-not-made": "Which base has the stage of this step? "
            "`pip install` takes a project, or a wheel that is already made.",
            "compiler-in-base": "Which FROM is the last one of your Dockerfile? The slim image has the same Python.",
            "compiler-in-layers": "Which COPY of the last stage takes more than the package?",
            "no-module": "`docker run --rm --entrypoint python c05-parcels -c 'import sys; print(sys.path)'` lists where Python looks. "
            "Is weigh in one of these directories?",
            "not-startable": "The environment's `python` is a link to the Python of the image in which it was made. "
            "Which base has a Python at the same path?",
            "other-output": "Change MARK in scale/weigh.c, build, and run. Does the new mark appear?",
            "not-compiled": "`docker run --rm --entrypoint python c05-parcels -c 'import weigh; print(weigh.__file__)'` "
            "shows the module. Is it compiled?",
            "no-package": "A package is a module and its description, the directory `weigh-1.0.dist-info` beside it.",
        },
    ),
    passed="The compiler made a wheel in a stage of its own. The last stage has the package that came out of it, and no compiler.",
    timeout=120,
)


#: The C compiler, and the program that calls it: `gcc`, under each of its names.
_COMPILER = re.compile(r"/cc1$|/bin/([^/]+-)?gcc(-\d+)?$")


@dataclass(frozen=True)
class Built:
    """What was built from a copy of the folder with another mark in weigh.c, and another version."""

    image: Image
    mark: str
    version: str


@exercise.check(points=0)
def image(lab):
    "The Dockerfile builds an image, without network"
    folder, mark = lab.copy(), f"scale {lab.unforeseen('mark')}"
    version = f"1.{int(lab.unforeseen('version')[:4], 16) + 10}"
    for name, old, new in (("weigh.c", "scale one", mark), ("pyproject.toml", '"1.0"', f'"{version}"')):
        file = folder / "scale" / name
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    try:
        built = lab.build(folder)
    except BuildFailed as failure:
        if "pip" in failure.step and any("issue with the package" in line for line in failure.lines):
            _fail_in_pip(lab, failure)
        raise
    return Built(built.image, mark, version)


@exercise.check(points=2)
def no_compiler(lab, image):
    "No layer of the image holds a compiler"
    if image.image.builds_on(lab.image("python-build")):
        lab.fail(
            expected="an image without a compiler",
            actual=f"all layers of {lab.reference('python-build')} at its bottom",
            reason="compiler-in-base",
            why="The base of the last stage is a part of the image. An instruction that removes files only hides them.",
            next="Begin another stage with the slim image, and bring the package there.",
        )
    if image.image.told_size() > lab.image("python-build").told_size() * 0.75:  # without a look into it
        lab.fail(
            expected="an image without a compiler",
            actual=f"one that is nearly as large as {lab.reference('python-build')}, the compiler included",
            reason="compiler-in-layers",
            why="The build stage holds the compiler and its whole base. What you copy from it becomes a part of the image.",
            next="Copy the package into the last stage, and nothing else.",
        )
    for layer in lab.saved(image.image).above(lab.image("python").diff_ids):
        found = [path for path, entry in layer.entries.items() if entry.size and _COMPILER.search(path)]
        if found:
            lab.fail(
                expected="layers without a compiler",
                actual=f"{found[0]}, a C compiler, in one of them",
                reason="compiler-in-layers",
                why="Everybody who pulls the image pulls this file. The package is compiled already.",
                next="Copy the package into the last stage, and nothing else.",
            )


@exercise.check(points=2)
def works(lab, image, no_compiler):
    "The program adds up weights, with the module that was compiled from weigh.c as it is now"
    weights = [random.randint(100, 5000) for _ in range(3)]  # noqa: S311
    ran = run_anyhow(lab, image.image, *map(str, weights))
    said = ran.stdout.strip()
    if not said.startswith(f"{sum(weights)} g, {image.mark}, "):
        last = (said or ran.stderr.strip()).rpartition("\n")[2]
        reason, why, step = _why_not(image.image, last)
        lab.fail(
            expected=f"{sum(weights)} g, and the mark that was written into weigh.c",
            actual=f"{last!r}, and exit code {ran.exit_code}",
            reason=reason,
            why=why,
            next=step,
        )
    own = lab.saved(image.image).above(lab.image("python").diff_ids)
    with_mark = [(layer, path) for layer in own for path in layer.search(image.mark.encode())]
    if with_mark and not any(b"\x7fELF" in layer.read(path) for layer, path in with_mark):
        lab.fail(
            expected="a compiled module with the mark of weigh.c",
            actual=f"the mark in {with_mark[0][1]}, which is not compiled",
            reason="not-compiled",
            why="The C part is there because it is fast. The image needs what gcc makes of it, and no source.",
            next="Let pip compile the project in a stage with gcc, and bring what it has made into the last stage.",
        )
    return said


@exercise.check(points=1)
def installed(lab, image, works):
    "weigh is installed as a package, with the version that pyproject.toml names"
    lab.expect(
        works.rpartition(", ")[2],
        f"weigh {image.version}",
        reason="no-package",
        why="The description beside the module tells pip and other tools what is installed, and in which version.",
        next="Let pip install the package, and bring all that it has installed into the last stage.",
    )


def _why_not(image: Image, last: str) -> tuple[str, str, str]:
    """Return reason, why and next step by the last line that a container printed."""
    if "No module named" in last:
        return (
            "no-module",
            "A stage has its base and what it copies. What pip installs in another stage stays there. "
            "A wheel is a packed file: Python imports what was installed, in a directory that it searches.",
            "Look at what the last stage has: its Python, the installed package, and app.py.",
        )
    if lost := lost_words(image):
        return (
            "words-lost",
            lost,
            "Which instruction of the last stage starts the program, and in which form?",
        )
    return (
        "other-output",
        "The program needs Python, and the module that is compiled while the image is built.",
        "Look at what the last stage has: its Python, the installed package, and app.py.",
    )


def _fail_in_pip(lab: Lab, failure: BuildFailed) -> NoReturn:
    """Fail in the words of this exercise: what pip says last does not name the compiler."""
    lab.fail(
        expected="the build to succeed",
        actual=f"step {failure.step} fails: pip cannot make the wheel there",
        reason="wheel-not-made",
        why="To install a project, pip first makes a wheel of it. For this one it calls gcc, and compiles weigh.c. "
        "The slim image has no gcc.",
        next="In which stage is gcc? Make the wheel there, and give the last stage the finished wheel.",
    )
