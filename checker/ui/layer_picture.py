"""``layers("nginx:1.26")``: an image's layers, or two images' side by side, and what is in them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from checker.errors import CourseError, Refused, UsageError
from checker.paths import course_root

from .helper import Asked, helper
from .picture import Picture
from .told import Text, table_text
from .widgets import css, esm

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEAD = ("image", "layer", "instruction", "files", "shared", "deleted or replaced later")
_VERBS = (("adds", "added"), ("replaces", "changed"), ("deletes", "deleted"))
_MOST = 2
_WIDTH = 60  # letters of an instruction in a table
_PATIENCE = 120.0  # seconds that a table waits for the picture


class LayersPicture(Picture):
    """The picture of the layers of one image or two.

    Parameters
    ----------
    names
        The images: tags, digests or ids.
    """

    _esm = esm("picture.js", "layer_picture.js")
    _css = css("picture.css", "layer_picture.css")

    def __init__(self, *names: str) -> None:
        self._asked: Asked | None = None
        self._read = threading.Event()
        listed = " and ".join(names)
        text = f"The layers of {listed}, drawn from the engine. In a terminal: docker history {names[0]}"
        super().__init__({"say": f"Asking the engine for {listed}.", "images": []}, text=text)
        threading.Thread(target=self._follow, args=(names,), daemon=True, name="course-layers").start()

    def table(self) -> Text:
        """Return instructions and what their layers do, without bytes and counts; waits until all is read.

        Raises
        ------
        Refused
            If the layers could not be read.
        """
        if not self._read.wait(_PATIENCE):
            raise Refused("The layers are still being read.", next="Run this cell again in a moment.")
        if trouble := self.view["trouble"]:
            raise Refused(trouble["message"], next=trouble["next"])
        rows = [row for image in self.view["images"] for row in _rows(image)]
        return table_text(_HEAD, rows, right=[1])

    def _stop(self) -> None:
        if self._asked:
            self._asked.cancel()

    def _follow(self, names: tuple[str, ...]) -> None:
        try:
            self._asked = helper(course_root()).begin("layers", names=list(names))
            self._asked.result(self._heard)
        except CourseError as error:
            self.lose(f"The layers of {' and '.join(names)} cannot be shown.", error)
        finally:
            self._read.set()

    def _heard(self, event: dict[str, Any]) -> None:
        if event["event"] == "says":
            self.change(say=event["line"])
        else:
            images = event["images"]
            read = all(line["read"] for line in _layers(images))
            self.change(images=images, say=sentence(images) if read else "The files are being read.")


def layers(*images: str) -> LayersPicture:
    """Return a picture of the layers of an image, or of two side by side.

    It shows instructions and sizes at once; what is in each layer follows when it is read.

    Raises
    ------
    UsageError
        If no image is named, or more than two.

    Examples
    --------
    >>> layers("nginx:1.26")  # doctest: +SKIP
    The layers of nginx:1.26, drawn from the engine. In a terminal: docker history nginx:1.26
    """
    if not 1 <= len(images) <= _MOST:
        raise UsageError(
            "One image or two can be shown.", next='Name them: layers("nginx:1.26", "busybox:1.37").'
        )
    return LayersPicture(*images)


def sentence(images: list[dict[str, Any]]) -> str:
    """Return what matters about these images in a sentence or two."""
    if len(images) == 1:
        count = len(_layers(images))
        size, wasted = _sum(images, "size"), _sum(images, "wasted")
        waste = (
            f"{_mb(wasted)} of it is deleted or replaced by later layers, and is still in the image."
            if wasted
            else "Nothing of it is deleted or replaced by a later layer."
        )
        noun = "layer" if count == 1 else "layers"
        return f"{images[0]['name']} has {count} {noun} with {_mb(size)} of files. {waste}"
    one, other = images
    shared = [line for line in _layers([one]) if line["shared"]]
    size, noun = sum(line["size"] for line in shared), "layer" if len(shared) == 1 else "layers"
    sizes = [_mb(_sum([each], "size")) for each in images]
    first = f"{one['name']} holds {sizes[0]} of files, {other['name']} {sizes[1]}."
    if not shared:
        return f"{first} They share no layer."
    return f"{first} They share {len(shared)} {noun} with {_mb(size)}, which the engine keeps once."


def _layers(images: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for image in images for line in image["lines"] if line["layer"]]


def _sum(images: list[dict[str, Any]], what: str) -> int:
    return sum(line[what] for line in _layers(images))


def _mb(size: int) -> str:
    if size >= 10_000_000:
        return f"{size / 1e6:.0f} MB"
    if size >= 100_000:
        return f"{size / 1e6:.1f} MB"
    return f"{size / 1e3:.1f} kB" if size >= 1000 else f"{size} bytes"


def _rows(image: dict[str, Any]) -> list[tuple[str, ...]]:
    number, rows = 0, list[tuple[str, ...]]()
    for line in image["lines"]:
        said = line["instruction"]
        short = said if len(said) <= _WIDTH else f"{said[: _WIDTH - 1]}…"
        if not line["layer"]:
            rows.append((image["name"], "-", short, "no layer", "", ""))
            continue
        number += 1
        kinds = [verb for verb, kind in _VERBS if line[kind]]
        wasted = f"by layer {', '.join(map(str, line['wasted_by']))}" if line["wasted"] else "nothing"
        rows.append(
            (
                image["name"],
                str(number),
                short,
                ", ".join(kinds) or "none",
                "yes" if line["shared"] else "no",
                wasted,
            )
        )
    return rows
