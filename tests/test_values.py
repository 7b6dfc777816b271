"""Values that are handed in count for what they mean, in any notation."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from checker.lab.values import layer_place, plain

IDS = tuple(f"sha256:{digit * 64}" for digit in "abc")


@pytest.mark.parametrize("value", ["desk", " 'desk' ", '"desk"', ["desk"], ["`desk`"]])
def test_plain(value: Any) -> None:
    assert plain(value) == "desk"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (1, 0),
        (2.0, 1),
        ("3", 2),
        ("layer 2", 1),
        ("2nd", 1),
        ("2nd layer", 1),
        ("#3", 2),
        ("place 3", 2),
        ("2 of 3", 1),
        ("layer 2 of 3", 1),
        ([2], 1),
        (IDS[1], 1),
        ("B" * 12, 1),
        ("bbbbbbbbbbbb…", 1),
        (f"blobs/sha256/{'c' * 64}", 2),
        (f"{'c' * 64}/layer.tar", 2),
        (0, None),
        (4, None),
        (-1, None),
        ("", None),
        ("b" * 7, None),
        ("the big one", None),
        ([1, 2], None),
        (None, None),
    ],
)
def test_layer_place(value: Any, place: int | None) -> None:
    image: Any = SimpleNamespace(diff_ids=IDS)
    assert layer_place(image, value) == place
