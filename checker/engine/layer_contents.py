"""What each layer of an image adds, changes and deletes, and what of it is deleted or replaced further up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .layers import Entry, Layer

#: Files of one layer that are listed, the largest first.
LISTED = 100
_SHELL = re.compile(r"(?:RUN )?(?:\|\d+ .*?)?/bin/sh -c (?:set -o pipefail; )?(.*)", re.DOTALL)
_NO_COMMAND = re.compile(r"/bin/sh -c #\(nop\)\s+(.*)", re.DOTALL)
_CLASSIC_SOURCE = re.compile(r"(COPY|ADD) (?:multi|file|dir):[0-9a-f]{16,} in (.*)", re.DOTALL)
_INSTRUCTION = re.compile(
    "(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL"
    r"|USER|VOLUME|WORKDIR)\b",
    re.IGNORECASE,
)


class Changed(NamedTuple):
    """A path of a layer: ``added``, ``changed`` or ``deleted``.

    ``size`` is in bytes; of what is deleted, those that stay in the layers below.
    """

    kind: str
    path: str
    size: int


class Contents(NamedTuple):
    """What one layer does.

    Parameters
    ----------
    size
        Bytes of all its files, unpacked.
    added, changed, deleted
        How many files it adds, replaces and deletes. Folders count where they are deleted.
    files
        The largest of these, at most :data:`LISTED`.
    wasted
        Bytes of its own files that layers above delete or replace.
    wasted_by
        These layers, the lowest layer of the image being 1.
    """

    size: int
    added: int
    changed: int
    deleted: int
    files: tuple[Changed, ...]
    wasted: int
    wasted_by: tuple[int, ...]


class _Sight:
    """What a container would see after some layers: by path, the layer that holds it and its bytes."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int]] = {}
        self.wasted: dict[int, int] = {}
        self.wasted_by: dict[int, set[int]] = {}

    def delete(self, gone: Iterable[str], number: int) -> list[Changed]:
        """Take ``gone`` and all below it out of sight, in one pass over what is there."""
        freed = dict.fromkeys(gone, 0)
        if not freed:
            return []
        for path in list(self._seen):
            if mark := next((above for above in _with_parents(path) if above in freed), ""):
                freed[mark] += self._hide(path, number)
        return [Changed("deleted", path, size) for path, size in freed.items()]

    def make_way(self, entries: Mapping[str, Entry], number: int) -> None:
        """Hide files where folders come, and all that is in a folder where a file or link comes."""
        folders = {path for path, entry in entries.items() if entry.kind == "folder"}
        others = entries.keys() - folders
        for path in list(self._seen):
            if path in folders or not others.isdisjoint(_with_parents(path.rpartition("/")[0])):
                self._hide(path, number)

    def put(self, path: str, size: int, number: int) -> Changed:
        """Put a file there, in place of the one that was."""
        kind = "changed" if path in self._seen else "added"
        if kind == "changed":
            self._hide(path, number)
        self._seen[path] = number, size
        return Changed(kind, path, size)

    def _hide(self, path: str, number: int) -> int:
        holder, size = self._seen.pop(path)
        if size:
            self.wasted[holder] = self.wasted.get(holder, 0) + size
            self.wasted_by.setdefault(holder, set()).add(number)
        return size


def contents(layers: Sequence[Layer]) -> list[Contents]:
    """Return what each layer does, the lowest first."""
    sight = _Sight()
    changes = []
    for number, layer in enumerate(layers, 1):
        gone = sight.delete(layer.deleted, number)  # marks are about the layers below, never about this one
        sight.make_way(layer.entries, number)
        files = [
            sight.put(path, entry.size, number)
            for path, entry in layer.entries.items()
            if entry.kind != "folder"
        ]
        changes.append([*gone, *files])
    return [
        _told(layer.size, changed, sight.wasted.get(number, 0), sight.wasted_by.get(number, set()))
        for number, (layer, changed) in enumerate(zip(layers, changes, strict=True), 1)
    ]


def _told(size: int, changed: list[Changed], wasted: int, wasted_by: set[int]) -> Contents:
    kinds = [one.kind for one in changed]
    largest = sorted(changed, key=lambda one: (-one.size, one.path))[:LISTED]
    return Contents(
        size,
        kinds.count("added"),
        kinds.count("changed"),
        kinds.count("deleted"),
        tuple(largest),
        wasted,
        tuple(sorted(wasted_by)),
    )


def _with_parents(path: str) -> Iterable[str]:
    """Yield a path and the folders above it, the root last."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield "/"


def instruction(created_by: str, comment: str = "") -> str:
    """Return a line of an image's history as its Dockerfile would say it.

    What is no line of a Dockerfile, such as a committed container's command, is put into brackets.

    Examples
    --------
    >>> instruction("RUN /bin/sh -c apt-get update # buildkit")
    'RUN apt-get update'
    >>> instruction('/bin/sh -c #(nop)  CMD ["sh"]')
    'CMD ["sh"]'
    >>> instruction("", "Imported from -")
    '(imported)'
    """
    text = created_by.strip().removesuffix("# buildkit").strip()
    if found := _NO_COMMAND.fullmatch(text):
        text = found[1]
    elif found := _SHELL.fullmatch(text):
        text = f"RUN {found[1]}"
    if found := _CLASSIC_SOURCE.fullmatch(text):
        text = f"{found[1]} … {found[2].strip()}"
    if not text:
        return "(imported)" if not comment or comment.startswith("Imported") else f"({comment})"
    return " ".join(text.split()) if _INSTRUCTION.match(text) else f"(committed: {' '.join(text.split())})"
