"""Reads images' layers for their picture: at once what the engine knows, then what is in each layer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING, Any

from checker.engine import image as images
from checker.engine.connect import Engine, connect
from checker.engine.layer_contents import Contents, contents, instruction
from checker.engine.layers import Made, save
from checker.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.course import Course
    from checker.engine.image import Image

    from .tell import Tell

_PATIENCE = 300.0  # seconds for the engine's next bytes of a saved image
_KEPT = 8  # images whose contents are remembered: an image of one id never changes
_STEP = 20_000_000  # bytes between two words on how far it is

_known: dict[str, list[Line]] = {}  # by image id, the oldest step first


@dataclass(frozen=True)
class Line:
    """A step of an image's making. ``diff_id`` is empty where it made no layer."""

    instruction: str
    diff_id: str
    size: int
    contents: Contents | None = None


def layers(course: Course, tell: Tell, names: list[str]) -> None:
    """Tell what is in the layers of these images, once roughly and at once, then from the layers themselves.

    Raises
    ------
    ObjectError
        If an image is not there, or its layers cannot be read.
    """
    del course
    with connect() as quick, Engine(quick.endpoint, _PATIENCE) as engine:
        found = [images.find(quick, name) for name in names]
        seen = [_known.get(image.id) or _roughly(image) for image in found]
        _tell(tell, names, seen)
        for index, image in enumerate(found):
            if image.id not in _known:
                seen[index] = _remember(image.id, _read(engine, image, names[index], tell))
                _tell(tell, names, seen)


def _tell(tell: Tell, names: list[str], seen: list[list[Line]]) -> None:
    # The engine keeps a layer once only where all below it are the same, too: higher up it would be a copy.
    found = [[line.diff_id for line in lines if line.diff_id] for lines in seen]
    same = takewhile(lambda ids: len(set(ids)) == 1, zip(*found, strict=False))
    shared = sum(1 for _ in same) if len(found) > 1 else 0
    tell("layers", images=[_image(name, lines, shared) for name, lines in zip(names, seen, strict=True)])


def _image(name: str, lines: list[Line], shared: int) -> dict[str, Any]:
    """Return what the front end draws; so many layers from the lowest on are shared."""
    numbers = accumulate(bool(line.diff_id) for line in lines)
    views = [_view(line, number <= shared) for line, number in zip(lines, numbers, strict=True)]
    return {"name": name, "lines": views}


def _roughly(image: Image) -> list[Line]:
    """Return what the engine tells at once. Which steps made layers it does not say: those with bytes did."""
    steps = image.history()
    left = len(image.diff_ids) - sum(step.size > 0 for step in steps)
    history, sizes = [], []
    for step in steps:
        said = instruction(step.created_by, step.comment)
        empty = not step.size and left > 0 and said.startswith(("RUN", "COPY", "ADD", "WORKDIR", "("))
        left -= empty
        history.append(Made(step.created_by, step.comment, step.size > 0 or empty))
        sizes += [step.size] if history[-1].layer else []
    return _lines(history, image.diff_ids, sizes, [None] * len(image.diff_ids))


def _read(engine: Engine, image: Image, name: str, tell: Tell) -> list[Line]:
    said = 0

    def each(size: int) -> None:
        nonlocal said
        if tell.cancelled:
            raise Refused("Reading the layers was ended early.", next="Run the cell again.")
        if size - said >= _STEP:
            said = size
            tell("says", line=f"Reading the files of {name}: {size / 1e6:.0f} MB so far.")

    with save(engine, image, each) as saved:
        found = contents(saved.layers)
        diff_ids = [layer.diff_id for layer in saved.layers]
        return _lines(saved.history, diff_ids, [one.size for one in found], found)


def _remember(image_id: str, lines: list[Line]) -> list[Line]:
    while len(_known) >= _KEPT:
        _known.pop(next(iter(_known)))
    _known[image_id] = lines
    return lines


def _lines(
    history: Sequence[Made], diff_ids: Sequence[str], sizes: Sequence[int], found: Sequence[Contents | None]
) -> list[Line]:
    """Put the steps beside the layers; a layer that no step tells of was there before them."""
    making = sum(made.layer for made in history)
    if making > len(diff_ids):  # a history that does not fit tells nothing
        history, making = [], 0
    before = [Made("", "", layer=True)] * (len(diff_ids) - making)
    sizes = [*[0] * (len(diff_ids) - len(sizes)), *sizes]
    of_layers = iter(zip(diff_ids, sizes, found, strict=True))
    lines = []
    for made in [*before, *history]:
        said = instruction(made.created_by, made.comment)
        lines.append(Line(said, *next(of_layers)) if made.layer else Line(said, "", 0))
    return lines


def _view(line: Line, shared: bool) -> dict[str, Any]:
    about: dict[str, Any] = line.contents._asdict() if line.contents else {}
    return {
        **about,
        "instruction": line.instruction,
        "size": line.size,
        "layer": bool(line.diff_id),
        "shared": bool(line.diff_id) and shared,
        "read": line.contents is not None,
    }
