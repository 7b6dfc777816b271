"""Tar archives as the engine takes and gives them, written and read as streams."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One file of an archive: its bytes, or the path of a file that holds them."""

    name: str
    content: bytes | Path
    mode: int = 0o644

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        """The content, a piece at a time."""
        if isinstance(self.content, bytes):
            yield self.content
            return
        with self.content.open("rb") as file:
            while piece := file.read(CHUNK):
                yield piece


def tar_stream(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The bytes of a tar archive of ``entries``, without the archive ever lying in memory or on disk."""
    for entry in entries:
        head = tarfile.TarInfo(entry.name)
        head.size, head.mode = entry.size, entry.mode
        yield head.tobuf()
        yield from entry.chunks()
        yield b"\0" * (-head.size % tarfile.BLOCKSIZE)
    yield b"\0" * tarfile.RECORDSIZE


class ChunkReader(io.RawIOBase):
    """A stream of chunks as a file that can be read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:  # io's own signature
        """Fill ``buffer`` with what is there; 0 at the end."""
        while not self._rest:
            try:
                self._rest = memoryview(next(self._chunks))
            except StopIteration:
                return 0
        length = min(len(buffer), len(self._rest))
        buffer[:length], self._rest = self._rest[:length], self._rest[length:]
        return length


@dataclass(frozen=True)
class Saved:
    """One image as blobs: its reference, and the sha256 of its configuration and layers, base first."""

    reference: str
    config: str
    layers: tuple[str, ...]

    def blobs(self) -> tuple[str, ...]:
        """Every digest."""
        return (self.config, *self.layers)


def split(chunks: Iterable[bytes], blobs: Path) -> list[Saved]:
    """Take what `docker save` gives apart into files named by their sha256.

    Every engine's layout is read: only ``manifest.json`` says what a file is.

    Parameters
    ----------
    chunks
        The archive.
    blobs
        Folder for the files. A blob that is there already is kept.
    """
    digests: dict[str, str] = {}
    links: dict[str, str] = {}
    index: list[dict[str, Any]] = []
    with tarfile.open(fileobj=io.BufferedReader(ChunkReader(chunks), CHUNK), mode="r|") as archive:
        for member in archive:
            if member.issym() or member.islnk():  # older engines store a layer once, and link to it
                target = os.path.join(os.path.dirname(member.name), member.linkname)  # noqa: PTH118, PTH120
                links[member.name] = os.path.normpath(target) if member.issym() else member.linkname
            elif member.isfile() and (file := archive.extractfile(member)):
                if member.name == "manifest.json":
                    index = json.load(file)
                else:
                    digests[member.name] = _keep(file, blobs)
    digests |= {name: digests[target] for name, target in links.items() if target in digests}
    images = [
        Saved(tag, digests[image["Config"]], tuple(digests[layer] for layer in image["Layers"]))
        for image in index
        for tag in image["RepoTags"] or ()
    ]
    needed = {digest for image in images for digest in image.blobs()}
    for digest in set(digests.values()) - needed:
        (blobs / digest).unlink(missing_ok=True)
    return images


def _keep(file: IO[bytes], blobs: Path) -> str:
    """Copy ``file`` into ``blobs`` under its digest, which is returned."""
    digest = hashlib.sha256()
    handle, beside = tempfile.mkstemp(dir=blobs, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as out:
            while piece := file.read(CHUNK):
                digest.update(piece)
                out.write(piece)
        Path(beside).chmod(0o644)
        Path(beside).replace(blobs / digest.hexdigest())
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def join(images: Iterable[Saved], blobs: Path, first: Iterable[Entry] = ()) -> Iterator[bytes]:
    """An archive that `docker load` takes, made of the blobs of ``images``; ``first`` lies at its head."""
    images = list(images)
    digests = dict.fromkeys(digest for image in images for digest in image.blobs())
    yield from tar_stream(
        [
            *first,
            *(Entry(_inside(digest), blobs / digest) for digest in digests),
            Entry("manifest.json", json.dumps(manifest(images)).encode()),
        ]
    )


def manifest(images: Iterable[Saved]) -> list[dict[str, Any]]:
    """What ``manifest.json`` says: which blobs make up which image."""
    return [
        {
            "Config": _inside(image.config),
            "RepoTags": [image.reference],
            "Layers": [_inside(layer) for layer in image.layers],
        }
        for image in images
    ]


def _inside(digest: str) -> str:
    return f"blobs/sha256/{digest}"
