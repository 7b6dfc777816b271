"""What is handed in with ``submit``, read for what it means: a value has many notations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checker.engine.image import Image

_PLACE = re.compile(
    r"(?:layer|place|position|number|no\.?|nr\.?)?\s*#?\s*(\d{1,2})(?:\.0|st|nd|rd|th|\.)?(?:\s+layer)?"
    r"(?:\s+of\s+\d+)?"
)


def plain(value: Any) -> str:
    """Return a value as a text, without quotes around it; of a list that holds one value, this one.

    Examples
    --------
    >>> plain(["'c01-left'"])
    'c01-left'
    """
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    return str(one).strip().strip("\"'`")


def layer_place(image: Image, value: Any) -> int | None:
    """Return the layer that a value names, counted from 0 for the lowest; None where it names none.

    Parameters
    ----------
    value
        Its place, counted from 1, as a number or in words such as ``layer 3``; or eight or more digits of its
        digest, also as the name of its file in a saved image.
    """
    text = plain(value).lower().removeprefix("blobs/sha256/").removesuffix("/layer.tar")
    text = text.rpartition(":")[2].rstrip(".…")
    if re.fullmatch(r"[0-9a-f]{8,64}", text):
        found = [place for place, one in enumerate(image.diff_ids) if one.startswith(f"sha256:{text}")]
        return found[0] if len(found) == 1 else None
    number = _PLACE.fullmatch(text)
    place = int(number[1]) - 1 if number else -1
    return place if 0 <= place < len(image.diff_ids) else None
