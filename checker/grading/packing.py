"""Packs files and folders for a container: plain ones only, without litter, and as root's."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from checker.overlay import LITTER

if TYPE_CHECKING:
    from collections.abc import Iterable


def packed(places: Iterable[tuple[Path, str]], folders: Iterable[str] = ()) -> bytes:
    """Return a tar archive of each source of ``places`` as its target, and of the empty ``folders``."""
    archived = io.BytesIO()
    with tarfile.open(fileobj=archived, mode="w") as archive:
        for name in folders:
            head = tarfile.TarInfo(name)
            head.type, head.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(head)
        for source, target in places:
            if source.exists():
                archive.add(source, target, filter=_plain)
    return archived.getvalue()


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if LITTER.intersection(Path(member.name).parts) or not (member.isfile() or member.isdir()):
        return None
    member.uid = member.gid = 0
    return member
