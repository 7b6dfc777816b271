"""Texts that a cell shows: Markdown, and the same in plain text where Markdown cannot show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Text:
    """A message in Markdown, with the same in plain text where Markdown cannot show."""

    def __init__(self, markdown: str, plain: str) -> None:
        self._markdown = markdown
        self._plain = plain

    def __repr__(self) -> str:
        return self._plain

    def _repr_markdown_(self) -> str:
        return self._markdown


def table_text(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> Text:
    """Return a table; the columns with the numbers in ``right`` stand to the right.

    Examples
    --------
    >>> table_text(["step", "event"], [["1", "create"]], right=[0])
    step  event
       1  create
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]
    rule = ["--:" if index in right else "---" for index in range(len(head))]
    markdown = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in (head, rule, *rows)]
    return Text("\n".join(markdown), "\n".join(lines))


def _cell(text: str) -> str:
    """Return a cell that Markdown shows as it is: names may hold markup."""
    for sign in "\\`*_<>|[]":
        text = text.replace(sign, f"\\{sign}")
    return text
