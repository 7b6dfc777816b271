"""Files of a container, read and written through the engine's archive API.

It works for stopped containers and needs no tool inside. It sees binds and volumes and the container's own
layer, and never a tmpfs: what it writes there is invisible. What it writes into a writable bind belongs to
root. :meth:`checker.lab.Lab.put` avoids both.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docker.errors import APIError, NotFound

from .errors import Missing, NotReadable, asking
from .logs import bounded

if TYPE_CHECKING:
    from .connect import Engine

#: Bytes of one file that are read at most.
LIMIT = 16 * 2**20


def read_file(engine: Engine, container_id: str, name: str, path: str) -> bytes:
    """Return the content of the file ``path``; a link is followed by the engine.

    Raises
    ------
    Missing
        If the container is gone, or has no such file.
    NotReadable
        If it is not a plain file, or larger than the limit.
    """
    with asking(engine, "container", name):
        try:
            stream, stat = engine.client.api.get_archive(container_id, path)
        except NotFound as error:
            if "no such container" in str(error).lower():
                raise
            raise Missing("file", f"{path} in container {name}") from error
        if link := stat.get("linkTarget"):
            target = str(PurePosixPath(path).parent / link)
            if target == path:
                raise _not_plain(name, path)
            for _ in stream:  # a link's archive is one block; the connection is used again
                pass
            return read_file(engine, container_id, name, target)
        data, more = bounded(stream, LIMIT + 2**16)
        if more:
            raise NotReadable(
                expected=f"{path} in {name} to be at most {LIMIT // 2**20} MB",
                actual=f"{stat['size']} bytes",
                reason="file-too-large",
            )
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        member = archive.next()
        file = archive.extractfile(member) if member and member.isreg() else None
        if not file:
            raise _not_plain(name, path)
        return file.read()


def write_file(
    engine: Engine, container_id: str, name: str, path: str, content: bytes, *, mode: int = 0o644
) -> None:
    """Write ``content`` to ``path`` as root, replacing what is there.

    Raises
    ------
    Missing
        If the container or the file's folder is not there.
    NotReadable
        If the place is read-only.
    """
    target = PurePosixPath(path)
    entry = tarfile.TarInfo(target.name)
    entry.size, entry.mode = len(content), mode
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(content))
    with asking(engine, "container", name):
        try:
            engine.client.api.put_archive(container_id, str(target.parent), buffer.getvalue())
        except NotFound as error:
            if "no such container" in str(error).lower():
                raise
            raise Missing("folder", f"{target.parent} in container {name}") from error
        except APIError as error:
            if "read-only" not in str(error):
                raise
            raise NotReadable(
                expected=f"{path} in {name} to be writable", actual="a read-only place", reason="read-only"
            ) from error


def _not_plain(name: str, path: str) -> NotReadable:
    return NotReadable(
        expected=f"{path} in {name} to be a plain file",
        actual="a folder or something special",
        reason="not-a-file",
    )
