"""An image of several layers: one is far bigger than the others, and one line of the Dockerfile made it."""

import random
import re

from checker import Exercise, Hints, Owns
from checker.lab import Lab, demands
from checker.lab.values import layer_place, plain

_IMAGE = "c03-report:1.0"

exercise = Exercise(
    "03-images/biggest-layer",
    title="Which line made it so big?",
    minutes=10,
    objectives=["Find the layer that makes an image big", "Name the instruction that made that layer"],
    images=["busybox"],
    owns=Owns(images=[_IMAGE]),
    answer="value",
    skills=["image.history", "image.layers"],
    docs=["docker image history", "docker image inspect", "Understanding the image layers"],
    hints=Hints(
        "Two commands look into an image: `docker image history` and `docker image inspect`. "
        "The first shows a row for each instruction, with a size.",
        "The newest row is on top in the history. The oldest layer comes first below RootFS, Layers. "
        "Instructions such as ENV and CMD have a row and no layer.",
        "Find the row with the largest SIZE: its CREATED BY is the instruction. "
        "Count the COPY and RUN rows from the base up to it. "
        "Below RootFS, Layers, the base comes first. Go on from there by as many as you have counted.",
        when={
            "other-instruction": "Read the column SIZE from top to bottom. It holds what each instruction has added.",
            "other-layer": "Start at both ends: the base is the first digest, the row on the bottom. "
            "`RUN rm -r manual` is the last digest. Skip the rows of ENV and CMD.",
            "not-a-layer": "`docker image inspect c03-report:1.0` ends with RootFS. Below it, Layers lists the digests.",
            "not-one-instruction": "Copy the text below CREATED BY from one row, and from no other.",
        },
    ),
    passed="Each COPY and each RUN made a layer, and the history shows what each one added. "
    "You know now which line to change first.",
    timeout=30,
)

#: What is under way when the report is built. Each adds a file of some size, as the seed has it.
_FOLDERS = ("fonts", "templates", "manual")
_PROGRAMS = ("draw-maps", "build-index")
_PARTS = (*_FOLDERS, *_PROGRAMS)
_BIG = (7_500_000, 8_500_000)  # more than any busybox
_SMALL = (200_000, 2_500_000)


def _sizes(seed: int) -> dict[str, int]:
    """Say how many bytes each part has, in the order of their instructions: one is far the biggest.

    It is never the one in the middle, which has the same number from whichever end it is counted.
    """
    rng = random.Random(seed)  # noqa: S311
    order = rng.sample(_PARTS, len(_PARTS))
    biggest = rng.choice([part for part in order if part != order[len(order) // 2]])
    return {part: rng.randrange(*(_BIG if part == biggest else _SMALL)) for part in order}


def _steps(seed: int) -> list[str]:
    """Return the instructions that make a layer, the lowest first; the base comes below them."""
    made = [f"COPY {one} {one}/" if one in _FOLDERS else f"RUN sh /tools/{one}" for one in _sizes(seed)]
    return ["COPY tools /tools/", *made, "RUN rm -r manual"]


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Build the image: parts and their order differ with each start."""
    base, rng = lab.reference("busybox"), random.Random(seed)  # noqa: S311
    lines = [f"FROM {base}", "ENV LANG=C.UTF-8", *_steps(seed), 'CMD ["cat", "index/entries"]']
    files: dict[str, str | bytes] = {"Dockerfile": "\n".join(lines) + "\n"}
    for part, size in _sizes(seed).items():
        if part in _FOLDERS:
            files[f"{part}/{part}.bin"] = rng.randbytes(size)
        else:
            folder, name = ("index", "entries") if part == "build-index" else ("maps", "tiles")
            files[f"tools/{part}"] = f"mkdir /{folder}\nhead -c {size} /dev/urandom > /{folder}/{name}\n"
    lab.scene.image(_IMAGE, files)


def _biggest(lab):
    """Return the place of the biggest layer among those above the base."""
    sizes = list(_sizes(lab.seed).values())
    return 1 + sizes.index(max(sizes))  # the tools come below all parts


def _added(lab, place):
    """Say how much a layer above the base has added."""
    sizes = [0, *_sizes(lab.seed).values(), 0]
    return f"{sizes[place] / 1e6:.1f} MB" if sizes[place] else "next to nothing"


#: Words of an instruction that say nothing, or that the builder puts in.
_FILLERS = {"bin", "sh", "c", "buildkit", "nop"}


def _words(text):
    words = set(re.findall(r"[a-z]+", text.lower()))
    return frozenset(words - _FILLERS or words)


def _named(lab, value):
    """Return the places of the instructions that this text may stand for."""
    if isinstance(value, dict):  # a row of the history, as Python gives it
        value = value.get("CreatedBy") or value.get("created_by") or ""
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    given, part = _words(text), " ".join(text.lower().split())
    steps = [(step.lower(), _words(step)) for step in _steps(lab.seed)]
    for fits in (
        [words == given for _, words in steps],
        [bool(part) and part in step for step, _ in steps],  # `manual/` stands in one, `manual` in two
        [bool(given) and (given <= words or words <= given) for _, words in steps],
    ):
        if any(fits):
            return [place for place, fit in enumerate(fits) if fit]
    return []


@exercise.check(points=0, observes=True)
def report(lab):
    "The image c03-report:1.0 is as you found it"
    found = lab.image(
        _IMAGE,
        reason="image-gone",
        why="Forty branch offices run this image. You were asked to look at it.",
        next="Press Reset: it brings a new image, with other sizes.",
    )
    demands.delivered(
        found,
        _IMAGE,
        lab.image("busybox"),
        layers=len(_steps(lab.seed)),
        rows=len(_steps(lab.seed)) + 2,  # ENV and CMD
        why="A smaller image is the next step, and not this one. "
        "Layers of another image say nothing about this one.",
        step="Press Reset: it brings a new image. Then only look at it.",
    )
    return found


@exercise.check(points=1, observes=True)
def instruction(lab, report):
    "The instruction that made the biggest layer"
    value = lab.answer("instruction")
    places = _named(lab, value)
    if len(places) != 1:
        lab.fail(
            expected="one instruction of c03-report:1.0",
            actual=f"`{str(value)[:80]}`, " + ("which fits several" if places else "which is none of its"),
            reason="not-one-instruction",
            why="Each row of the history is one instruction. Its text stands below CREATED BY.",
            next="Hand in the text of one row, or enough of it to tell it from all others.",
        )
    if places[0] != _biggest(lab):
        lab.fail(
            expected="the instruction that added the most bytes",
            actual=f"`{_steps(lab.seed)[places[0]]}`, which added {_added(lab, places[0])}",
            reason="other-instruction",
            why="A layer holds what its own instruction has added, and nothing of the layers below. "
            "So the last row is not the sum of all. And rm adds a mark and takes no bytes away.",
            next="`docker image history` shows in the column SIZE what each instruction has added.",
        )


@exercise.check(points=2, observes=True)
def layer(lab, report):
    "The biggest layer itself, by its digest or its place"
    value = lab.answer("layer")
    place = layer_place(report, value)
    base = len(report.diff_ids) - len(_steps(lab.seed))
    if place is None:
        digits = plain(value).lower().removeprefix("sha256:")
        whole = len(digits) >= 8 and report.id.startswith(f"sha256:{digits}")
        lab.fail(
            expected="one of the digests below RootFS, Layers, or its place in that list, counted from 1",
            actual=f"`{str(value)[:80]}`" + (", the id of the whole image" if whole else ""),
            reason="not-a-layer",
            why="An image's id stands for the image. Each layer has a digest of its own, made from its files alone."
            if whole
            else "Sizes and names can be the same for two layers. A digest belongs to one.",
            next="`docker image inspect c03-report:1.0` shows the digests at its end.",
        )
    if place - base != _biggest(lab):
        what = "the base image" if place < base else f"the layer of `{_steps(lab.seed)[place - base]}`"
        lab.fail(
            expected="the layer that holds the most bytes",
            actual=f"number {place + 1} of {len(report.diff_ids)}, {what}"
            + ("" if place < base else f", which holds {_added(lab, place - base)}"),
            reason="other-layer",
            why="The history has more rows than there are layers: an instruction such as ENV or CMD makes no layer. "
            "The history begins with the newest row, and the list of layers with the base.",
            next="Count only rows of COPY and RUN, from the base upwards.",
        )
