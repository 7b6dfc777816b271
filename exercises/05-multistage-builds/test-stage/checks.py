"""A test stage on the way to the image that ships: no image without its tests, and no runner in it."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checker import Exercise, Hints, Owns
from checker.engine.errors import BuildFailed
from checker.engine.image import Image
from checker.lab import Lab
from checker.lab.starting import lost_words, run_anyhow

exercise = Exercise(
    "05-multistage-builds/test-stage",
    title="No image without its tests",
    minutes=15,
    objectives=["Run tests in a stage of their own", "Let the image that ships depend on that stage"],
    images=["python"],
    owns=Owns(images=["c05-till"]),
    answer="files",
    edits=["Dockerfile", ".dockerignore"],
    skills=["stages.test", "stages.skipped"],
    docs=["Multi-stage builds", "docker buildx build", "Dockerfile reference"],
    hints=Hints(
        "You need at least two stages: `test`, which runs the tests, and the last one, which ships. "
        "Break the sum in till.py, and build twice: with `--target test`, and without it. Do both builds stop?",
        "A RUN whose command ends with another exit code than 0 stops the build. "
        "BuildKit builds the last stage, and those stages from which it takes something. It skips all others.",
        "Let the stage `test` copy all files and run the tests. "
        "Let the last stage begin with the Python image again, and take till.py out of the stage `test`.",
        when={
            "unused-stage": "Read your last stage line by line. Does it begin with the stage `test`, "
            "or copy from it? If neither, the builder has no reason to build that stage.",
            "tests-not-run": "Add `RUN false` to the stage `test`, and build it: that is how a failing command looks. "
            "Is the runner the command of a RUN, and its exit code the RUN's own?",
            "runner-ships": "Which base has the last stage? A stage `FROM test` begins with everything that `test` holds.",
            "other-output": "`docker run --rm c05-till 250 3` shows it. Where does the last stage put till.py, "
            "and where does ENTRYPOINT look for it?",
        },
    ),
    passed="The last stage takes the program out of the stage `test`. So the builder must build that stage first, "
    "and a failing test stops it. The runner stays behind.",
    timeout=60,
)

#: What makes a test fail: a file, a text of it and another one in its place, and how it is told.
_BREAKING = (
    (
        "tests/test_till.py",
        "def test_one_piece",
        "def test_of_the_check():\n    equal(1, 2)\n\n\ndef test_one_piece",
        "a test fails that this check has added",
    ),
    ("till.py", "pieces // 3", "pieces // 4", "the till counts wrongly and a test fails"),
)


@dataclass(frozen=True)
class Built:
    """What was built from a copy of the folder in which the sources bear marks."""

    folder: Path
    image: Image
    shop: str
    marks: dict[str, str]
    stages: set[str]


@exercise.check(points=0)
def image(lab):
    "The Dockerfile builds an image where all tests pass"
    folder, shop = lab.copy(), f"Shop {lab.unforeseen('shop')}"
    marks = {name: lab.unforeseen(name) for name in ("runner/smalltest.py", "tests/test_till.py")}
    _replace(folder / "till.py", "Corner shop", shop)
    for name, mark in marks.items():  # in the module's docstring, which compiled files keep
        _replace(folder / name, '"""', f'"""{mark} ')
    built = lab.build(folder)
    return Built(folder, built.image, shop, marks, {step.stage.lower() for step in built.steps})


@exercise.check(points=2)
def fails_by_tests(lab, image):
    "Where a test fails, a build with --target test fails"
    if "test" not in image.stages:  # else it was built a moment ago
        lab.build(image.folder, target="test")
    for name, old, new, since in _BREAKING:
        with _replaced(image.folder / name, old, new):
            _must_stop(lab, image.folder, since)
    return image


@exercise.check(points=2)
def gate(lab, fails_by_tests):
    "Where a test fails, a build without --target fails too"
    for name, old, new, since in _BREAKING:
        with _replaced(fails_by_tests.folder / name, old, new):
            built = _builds(lab, fails_by_tests.folder)
        if built:
            lab.fail(
                expected=f"the plain build to stop, since {since}",
                actual="it ends well, and there is an image",
                reason="unused-stage",
                why="Nothing in your last stage comes from the stage test, so BuildKit skips it. "
                "Its tests run only for those who ask for that target.",
                next="What can the last stage take out of the stage test, so that it needs it?",
            )


@exercise.check(points=1)
def ships(lab, image, fails_by_tests):
    "The image is the till: it prints what customers pay"
    cents, pieces = random.randint(100, 900), random.randint(4, 30)  # noqa: S311
    ran = run_anyhow(lab, image.image, str(cents), str(pieces))
    lost = lost_words(image.image)
    lab.expect(
        ran.stdout.strip(),
        f"{image.shop}: {cents * (pieces - pieces // 3)} cents",
        actual_text=f"{(ran.stdout or ran.stderr).strip()!r}, and exit code {ran.exit_code}",
        reason="other-output",
        why=lost or "The last stage is what the shop runs. It needs the program as it was tested.",
        next="Which instruction of the last stage starts the program, and in which form?"
        if lost
        else "Build and run it yourself: `docker run --rm IMAGE 250 3`.",
    )


@exercise.check(points=2)
def no_runner(lab, image, fails_by_tests):
    "No layer of the image holds the test runner or a test"
    saved = lab.saved(image.image)
    for layer in saved.above(lab.image("python").diff_ids):
        for mark in image.marks.values():
            for path in layer.search(mark.encode()):
                where = "" if saved.visible(path) else ", in a layer below the one that deletes it"
                lab.fail(
                    expected="an image without the test runner and the tests",
                    actual=f"{path}{where}",
                    reason="runner-ships",
                    why="What tests need is of no use in the shop. It makes the image larger, and easier to attack. "
                    "A later instruction hides a file; its layer ships all the same.",
                    next="Let the last stage begin with a clean base, and copy the program alone.",
                )


def _must_stop(lab: Lab, folder: Path, since: str) -> None:
    if _builds(lab, folder, target="test"):
        lab.fail(
            expected=f"the build of the stage test to stop, since {since}",
            actual="it ends well",
            reason="tests-not-run",
            why="Only a RUN runs during the build, and only its exit code counts. A CMD runs when a container starts. "
            "The exit code is that of the last program of a pipe. With `|| true`, no failure counts.",
            next="Let a test fail, build with `--target test --progress=plain`, and look for the runner's lines.",
        )


def _replace(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


@contextmanager
def _replaced(file: Path, old: str, new: str) -> Iterator[None]:
    right = file.read_text(encoding="utf-8")
    _replace(file, old, new)
    try:
        yield
    finally:
        file.write_text(right, encoding="utf-8")


def _builds(lab: Lab, folder: Path, *, target: str = "") -> bool:
    try:
        lab.build(folder, target=target)
    except BuildFailed:
        return False
    return True
