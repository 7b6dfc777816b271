"""The stages of a Dockerfile: their names and bases, also of those that a build leaves out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPE = re.compile(r"#\s*escape\s*=\s*(\S)\s*", re.IGNORECASE)
_FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*", re.IGNORECASE)
_HEREDOC = re.compile(r"<<(-?)([\"']?)([A-Za-z_]\w*)\2")
_WITH_HEREDOC = re.compile(r"(RUN|COPY|ADD)\s", re.IGNORECASE)


class Stage(NamedTuple):
    """A stage: its name as the builder gives it, ``stage-2`` where it has none, and what follows FROM."""

    name: str
    base: str


def stages(text: str) -> list[Stage]:
    r"""Return the stages of a Dockerfile in their order.

    Examples
    --------
    >>> stages("FROM golang AS build\nFROM scratch\n")
    [Stage(name='build', base='golang'), Stage(name='stage-1', base='scratch')]
    """
    found = list[Stage]()
    for line in _instructions(text):
        if match := _FROM.fullmatch(line):
            found.append(Stage((match[2] or f"stage-{len(found)}").lower(), match[1]))
    return found


def _instructions(text: str) -> Iterator[str]:
    """Yield instructions, each on one line, without comments and without what heredocs hold."""
    lines = iter(text.splitlines())
    directive = _ESCAPE.match(text)
    escape, begun = directive[1] if directive else "\\", ""
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        begun += line.strip()
        if begun.endswith(escape):
            begun = begun[: -len(escape)] + " "
            continue
        yield begun
        if _WITH_HEREDOC.match(begun):
            for tabs, _, word in _HEREDOC.findall(begun):
                for inner in lines:
                    if (inner.lstrip("\t") if tabs else inner) == word:
                        break
        begun = ""
