"""``answer.json``: the answer of an exercise that asks for values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .errors import UsageError
from .files import write_atomic
from .locks import locked

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS = "answer.json"


def read_answers(folder: Path) -> dict[str, Any]:
    """Return the values in ``folder``; none where the file is missing or damaged."""
    try:
        data = json.loads((folder / ANSWERS).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def write_answer(folder: Path, **values: Any) -> Path:
    """Add ``values`` to the answers in ``folder``, and return the file.

    Raises
    ------
    UsageError
        If a value is neither a text, a number, true, false, nor a list, set or dictionary of those.
        Bytes are kept as text: the SDK gives logs and outputs as bytes.
    """
    for key, value in values.items():
        try:
            json.dumps(value, allow_nan=False, default=_plain)
        except (TypeError, ValueError) as error:
            raise UsageError(
                f"The value of {key} is a {type(value).__name__}, which cannot be handed in.",
                next="Hand in a text, a number, or a list of those.",
            ) from error
    path = folder / ANSWERS
    with locked(path):
        answers = json.dumps(read_answers(folder) | values, indent=1, sort_keys=True, default=_plain)
        write_atomic(path, answers + "\n")
    return path


def _plain(value: object) -> Any:
    """Return what JSON has in place of a set or of bytes."""
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    raise TypeError(type(value).__name__)
