"""What of a folder that was handed in is graded: the layer over the starter, and the seed of its scene."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from checker.attempt import Layer, answer_layer
from checker.course import NOTEBOOK, Loaded
from checker.notebook import Damaged, read_notebook
from checker.record import Record

if TYPE_CHECKING:
    from pathlib import Path


def layer_of(loaded: Loaded, folder: Path) -> Layer:
    """Return what of ``folder`` is graded. A damaged notebook is left out where the answer is elsewhere.

    Raises
    ------
    Damaged
        If the notebook cannot be read and holds the answer.
    """
    layer, _ = answer_layer(loaded, folder)
    if NOTEBOOK in layer.names:
        try:
            read_notebook(folder / NOTEBOOK)
        except Damaged:
            if loaded.exercise.answer == "cell" and "answer.py" not in layer.names:
                raise
            return replace(layer, names=tuple(name for name in layer.names if name != NOTEBOOK))
    return layer


def seed_of(folder: Path) -> int | None:
    """Return the seed that came with the answer, if it is one."""
    record = Record.read(folder)
    seed: object = record.seed if record else None
    return seed if isinstance(seed, int) and 0 <= seed < 2**64 else None
