"""``image_parts("127.0.0.1:5000/team/app:1.0")``: an image's parts, and who points at whom."""

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
    from collections.abc import Iterator

_HEAD = ("part", "kind", "what it names")
_WIDTH = 60  # letters of an instruction in a table
_PATIENCE = 120.0  # seconds that a table waits for the picture


class PartsPicture(Picture):
    """The picture of an image's index, manifest, configuration and layers.

    Parameters
    ----------
    name
        The image: a tag or digest. One that begins with 127.0.0.1:PORT/ is read from the registry there.
    """

    _esm = esm("picture.js", "parts_picture.js")
    _css = css("picture.css", "parts_picture.css")

    def __init__(self, name: str) -> None:
        self._asked: Asked | None = None
        self._read = threading.Event()
        text = f"How {name} is put together: its manifest, configuration and layers."
        super().__init__({"say": f"Asking for the parts of {name}.", "name": name, "parts": None}, text=text)
        threading.Thread(target=self._follow, args=(name,), daemon=True, name="course-parts").start()

    def table(self) -> Text:
        """Return the parts and what each names, without digests and sizes; waits until all is read.

        Raises
        ------
        Refused
            If the parts could not be read.
        """
        if not self._read.wait(_PATIENCE):
            raise Refused("The parts are still being read.", next="Run this cell again in a moment.")
        if trouble := self.view["trouble"]:
            raise Refused(trouble["message"], next=trouble["next"])
        return table_text(_HEAD, list(_rows(self.view["parts"])))

    def _stop(self) -> None:
        if self._asked:
            self._asked.cancel()

    def _follow(self, name: str) -> None:
        try:
            self._asked = helper(course_root()).begin("image_parts", name=name)
            self._asked.result(self._heard)
        except CourseError as error:
            self.lose(f"The parts of {name} cannot be shown.", error)
        finally:
            self._read.set()

    def _heard(self, event: dict[str, Any]) -> None:
        if event["event"] == "says":
            self.change(say=event["line"])
        else:
            found = {key: value for key, value in event.items() if key not in {"event", "key"}}
            self.change(parts=found, say=sentence(self.view["name"], found))


def image_parts(image: str) -> PartsPicture:
    """Return a picture of what an image is put together of: index, manifest, configuration, layers.

    Each part has its digest, its kind and its size. What is not too large is recomputed.

    Parameters
    ----------
    image
        A tag or digest. One that begins with 127.0.0.1:PORT/ is read from the registry there, any other from
        the engine, as `docker save` writes it.

    Raises
    ------
    UsageError
        If no image is named.

    Examples
    --------
    >>> image_parts("127.0.0.1:5000/team/app:1.0")  # doctest: +SKIP
    How 127.0.0.1:5000/team/app:1.0 is put together: its manifest, configuration and layers.
    """
    if not image.strip():
        raise UsageError("No image is named.", next='Name one: image_parts("busybox:1.37").')
    return PartsPicture(image)


def sentence(name: str, found: dict[str, Any]) -> str:
    """Return who points at whom, and whether the digests are right, in a few sentences."""
    count = len(found["layers"])
    through = "an index, and that at a manifest" if found["index"] else "a manifest"
    first = f"{name} points at {through}. The manifest names a configuration and {_layers(count)}, in order."
    pieces = [piece for piece in (found["index"], found["manifest"], found["config"]) if piece]
    checks = [piece["right"] for piece in pieces]
    for layer in found["layers"]:
        checks += [layer["right"], layer["unpacked_right"]]
    wrong, left = checks.count(False), checks.count(None)
    if wrong:
        return f"{first} {wrong} of {len(checks)} digests {'is' if wrong == 1 else 'are'} wrong."
    rest = f" {left} {'was' if left == 1 else 'were'} not recomputed." if left else ""
    return f"{first} {len(checks) - left} digests were recomputed, and are right.{rest}"


def _layers(count: int) -> str:
    return f"{count} layer" if count == 1 else f"{count} layers"


def _rows(found: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    start, index, count = found["start"], found["index"], len(found["layers"])
    yield start["text"], start["kind"], "the index" if index else "the manifest"
    if index:
        named = ", ".join(one["name"] for one in index["platforms"])
        yield "index", "an index", f"manifests for {named}"
    yield "manifest", "a manifest", f"the configuration, and {_layers(count)}"
    facts = dict(found["config"]["facts"])
    runs = [f"{key} {facts[key]}" for key in ("entrypoint", "command") if facts.get(key, "none") != "none"]
    yield "configuration", "a configuration", "; ".join([*runs, f"{_layers(count)}, unpacked"])
    for number, layer in enumerate(found["layers"], 1):
        said = layer["instruction"] or "a step that the history does not tell"
        short = said if len(said) <= _WIDTH else f"{said[: _WIDTH - 1]}…"
        yield f"layer {number}", "a layer", f"nothing; made by {short}"
