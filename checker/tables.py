"""Reads what authors write in TOML, so that each mistake is told by its file and its key."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .errors import CourseFault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Table:
    """A table of a file: its keys are taken one by one, and in the end what nobody took is refused.

    Parameters
    ----------
    path
        The file, for the messages.
    where
        The table's name in it, such as ``predict.stop-start``; empty for the whole file.
    data
        What TOML holds there.
    """

    def __init__(self, path: Path, where: str, data: Any) -> None:
        self._path = path
        self._where = where
        self.name = where.rpartition(".")[2]
        if not isinstance(data, dict):
            raise CourseFault(f"{path}: {where} is no table.", next="Write it in braces or brackets.")
        self._data = data
        self._left = set(data)

    def fault(self, key: str, problem: str, fix: str) -> CourseFault:
        """Return the fault that names the file and the key."""
        place = f"[{self._where}] " if self._where else ""
        return CourseFault(f"{self._path}: {place}{key} {problem}.", next=f"{fix}.")

    def text(self, key: str, *, optional: bool = False) -> str:
        """Return a text; it must be there, or may be left out and is empty then."""
        if optional and key not in self._data:
            return ""
        value = self._take(key, "")
        if not isinstance(value, str) or not value.strip():
            raise self.fault(key, "is missing or no text", f'Add {key} = "…"')
        return value.strip()

    def word(self, key: str, words: tuple[str, ...], default: str) -> str:
        """Return one of ``words``."""
        value = self._take(key, default)
        if value not in words:
            raise self.fault(key, f"is {value!r}", f"Choose from: {', '.join(words)}")
        return str(value)

    def flag(self, key: str) -> bool:
        """Return a truth value, false where it is not there."""
        value = self._take(key, False)
        if not isinstance(value, bool):
            raise self.fault(key, f"is {value!r}", f"Write {key} = true, or leave it out")
        return value

    def number(self, key: str, *, above: float) -> float | None:
        """Return a number above ``above``; ``None`` where it is not there."""
        value: float | None = self._take(key, None)
        if value is not None and (type(value) not in (int, float) or not above < value < math.inf):
            raise self.fault(key, f"is {value!r}", f"Write a number above {above:g}, or leave it out")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty where it is not there."""
        return self._list(key, str, "texts")

    def numbers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers, empty where it is not there."""
        return self._list(key, int, "numbers")

    def rows(self, key: str) -> Iterator[Table]:
        """Yield the tables of a list; each must be taken whole."""
        for number, data in enumerate(self._list(key, dict, "tables"), 1):
            row = Table(self._path, f"{self._where}.{key} {number}", data)
            yield row
            row.end()

    def table(self, key: str) -> Table:
        """Return a table in this one."""
        return Table(self._path, key, self._take(key, {}))

    def tables(self, key: str) -> Iterator[Table]:
        """Yield the tables in a table of this one."""
        for name, data in dict(self._take(key, {})).items():
            yield Table(self._path, f"{key}.{name}", data)

    def end(self) -> None:
        """Refuse the keys that nobody asked for."""
        if self._left:
            raise self.fault(min(self._left), "is unknown", "Mend its name, or remove it")

    def _take(self, key: str, default: Any) -> Any:
        self._left.discard(key)
        return self._data.get(key, default)

    def _list(self, key: str, kind: type, what: str) -> tuple[Any, ...]:
        value = self._take(key, [])
        if not isinstance(value, list) or not all(type(one) is kind for one in value):
            raise self.fault(key, f"is no list of {what}", "Write it in brackets")
        return tuple(value)
