"""Which of the catalogue's images an engine has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .catalogue import CatalogueImage, choose
from .pack import Pack
from .provide import missing, stand_ins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.engine.connect import Engine

State = Literal["present", "stand-in", "in the pack", "missing", "optional"]


@dataclass(frozen=True)
class Row:
    """One image: its state (``optional``: not there, and not needed), and whether the pack holds it."""

    image: CatalogueImage
    state: State
    packed: bool

    def as_json(self) -> dict[str, Any]:
        """What ``course images status --json`` prints."""
        return {
            "key": self.image.key,
            "reference": self.image.reference,
            "state": self.state,
            "packed": self.packed,
            "buildable": self.image.recipe is not None,
            "optional": self.image.optional,
            "size_mb": self.image.size_mb,
            "chapters": list(self.image.chapters),
            "why": self.image.why,
        }


def status(engine: Engine, keys: Iterable[str] = ()) -> list[Row]:
    """The state of the images of ``keys`` (default: all), in the catalogue's order."""
    images = choose(keys)
    absent = {image.key for image in missing(engine)}
    stand_in = set(stand_ins(engine))
    store = Pack()
    rows = []
    for image in images:
        packed = store.find(image) is not None
        state: State = "stand-in" if image.key in stand_in else "present"
        if image.key in absent:
            state = "in the pack" if packed else "optional" if image.optional else "missing"
        rows.append(Row(image, state, packed))
    return rows
