"""What is in an image's layers, read from ``docker save``.

A file that a later layer deletes stays in the layer below; the later layer only marks it as gone. Sizes are
those of unpacked files: they mean the same in both image stores and can be compared.
"""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
import tempfile
from contextlib import ExitStack
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Self, cast

from .errors import Missing, NotReadable, asking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from .connect import Engine
    from .image import Image

#: Bytes of a saved image that are kept at most.
LIMIT = 4 * 2**30
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_CHUNK = 2**20


class Entry(NamedTuple):
    """A path in one layer. ``kind`` is ``file``, ``folder``, ``link`` or ``other``; ``size`` is in bytes."""

    kind: str
    size: int
    mode: int
    uid: int
    gid: int


class Made(NamedTuple):
    """A step of an image's making, as its configuration tells it. ``layer`` is false where it made none."""

    created_by: str
    comment: str
    layer: bool


class Layer:
    """One unpacked layer.

    Parameters
    ----------
    diff_id
        The digest of the unpacked layer: the same wherever the same layer is used.
    """

    def __init__(self, diff_id: str, archive: tarfile.TarFile) -> None:
        self.diff_id = diff_id
        self._archive = archive

    @cached_property
    def _members(self) -> dict[str, tarfile.TarInfo]:
        """Read when it is first asked for: most checks never look into the layers of a base image."""
        return {_clean(member.name): member for member in self._archive}

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Its paths, such as ``/etc/passwd``, without the marks of what it deletes."""
        return {
            path: Entry(
                _kind(member), member.size if member.isreg() else 0, member.mode, member.uid, member.gid
            )
            for path, member in self._members.items()
            if not _name(path).startswith(_WHITEOUT)
        }

    @cached_property
    def deleted(self) -> frozenset[str]:
        """Paths that it deletes from the layers below. Where a folder is emptied, the folder."""
        marks = (path for path in self._members if _name(path).startswith(_WHITEOUT))
        return frozenset(
            _parent(path) if _name(path) == _OPAQUE else f"{_parent(path).rstrip('/')}/{_name(path)[4:]}"
            for path in marks
        )

    @property
    def size(self) -> int:
        """Bytes of all its files, unpacked."""
        return sum(entry.size for entry in self.entries.values())

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises
        ------
        Missing
            If this layer has no such file.
        """
        member = self._members.get(path)
        file = self._archive.extractfile(member) if member and member.isreg() else None
        if not file:
            raise Missing("file", f"{path} in layer {self.diff_id[7:19]}")
        return file.read()

    def search(self, needle: bytes) -> Iterator[str]:
        """Yield the paths of the files that hold ``needle``."""
        for path, member in self._members.items():
            file = (
                self._archive.extractfile(member) if member.isreg() and member.size >= len(needle) else None
            )
            if file and _contains(file, needle):
                yield path


class SavedImage:
    """An image's layers, the lowest first, and its history. A context manager: it keeps temporary files."""

    def __init__(self, layers: list[Layer], history: list[Made], files: ExitStack) -> None:
        self.layers = layers
        self.history = history
        self._files = files

    @property
    def size(self) -> int:
        """Bytes of all files of all layers, unpacked, the deleted ones too."""
        return sum(layer.size for layer in self.layers)

    def above(self, base: tuple[str, ...]) -> list[Layer]:
        """Return the layers that a base image with these diff ids does not have."""
        return [layer for layer in self.layers if layer.diff_id not in base]

    def holding(self, path: str) -> list[Layer]:
        """Return the layers that hold ``path``, also where a later one deletes it."""
        return [layer for layer in self.layers if path in layer.entries]

    def visible(self, path: str) -> Entry | None:
        """Return what a container would see at ``path``, or None. Links are not followed."""
        for layer in reversed(self.layers):
            if path in layer.entries:
                return layer.entries[path]
            if any(path == gone or path.startswith(f"{gone.rstrip('/')}/") for gone in layer.deleted):
                return None
        return None

    def paths(self) -> set[str]:
        """Return all paths that a container would see."""
        return {path for layer in self.layers for path in layer.entries if self.visible(path)}

    def search(self, needle: bytes) -> list[tuple[Layer, str]]:
        """Return each layer and path of the files that hold ``needle``, the deleted ones too."""
        return [(layer, path) for layer in self.layers for path in layer.search(needle)]

    def close(self) -> None:
        """Remove the temporary files."""
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def save(engine: Engine, image: Image, each: Callable[[int], None] | None = None) -> SavedImage:
    """Save ``image`` to a temporary file, as ``docker save`` does, and open its layers.

    Parameters
    ----------
    each
        Told the bytes that have come so far. What it raises breaks the saving off.

    Raises
    ------
    Missing
        If the image is gone.
    NotReadable
        If it is larger than the limit, or its layers are packed in a way that is not known here.
    """
    with ExitStack() as files:
        spool = files.enter_context(tempfile.TemporaryFile())
        with asking(engine, "image", image.id):
            for chunk in engine.client.api.get_image(image.id, chunk_size=_CHUNK):
                if spool.tell() > LIMIT:
                    raise _unreadable(image, f"one of more than {LIMIT // 2**30} GB")
                spool.write(chunk)
                if each:
                    each(spool.tell())
        spool.seek(0)
        try:
            layers, history = open_saved(spool, files)
        except (tarfile.TarError, KeyError, ValueError, EOFError, OSError) as error:
            raise _unreadable(image, str(error)) from error
        return SavedImage(layers, history, files.pop_all())


def open_saved(spool: IO[bytes], files: ExitStack) -> tuple[list[Layer], list[Made]]:
    """Open a saved image's layers and read its history, in either layout. ``files`` closes what is opened."""
    outer = files.enter_context(tarfile.open(fileobj=spool))  # noqa: SIM115 - closed with files
    names = set(outer.getnames())
    config, blobs = _docker_layout(outer) if "manifest.json" in names else _oci_layout(outer)
    configuration = json.loads(_member(outer, config).read())
    diff_ids = configuration["rootfs"]["diff_ids"]
    layers = []
    for diff_id, blob in zip(diff_ids, blobs, strict=True):
        unpacked = files.enter_context(_unpacked(_member(outer, blob)))
        layer = files.enter_context(tarfile.open(fileobj=unpacked, mode="r:"))  # noqa: SIM115 - likewise
        layers.append(Layer(diff_id, layer))
    history = [
        Made(one.get("created_by") or "", one.get("comment") or "", not one.get("empty_layer"))
        for one in configuration.get("history") or ()
    ]
    return layers, history


def _docker_layout(outer: tarfile.TarFile) -> tuple[str, list[str]]:
    manifest = json.loads(_member(outer, "manifest.json").read())[0]
    return manifest["Config"], manifest["Layers"]


def _oci_layout(outer: tarfile.TarFile) -> tuple[str, list[str]]:
    """Follow ``index.json`` down to the first manifest whose configuration is in the archive."""
    pending: list[dict[str, Any]] = json.loads(_member(outer, "index.json").read())["manifests"]
    names = set(outer.getnames())
    while pending:
        descriptor = pending.pop(0)
        blob = _blob(descriptor)
        if blob not in names:  # another platform's, which was not pulled
            continue
        content = json.loads(_member(outer, blob).read())
        pending += content.get("manifests", [])
        layers = [_blob(layer) for layer in content.get("layers", [])]
        if layers and _blob(content["config"]) in names and names.issuperset(layers):
            return _blob(content["config"]), layers
    raise KeyError("no manifest in index.json")


def _blob(descriptor: dict[str, Any]) -> str:
    return "blobs/" + str(descriptor["digest"]).replace(":", "/")


def _member(outer: tarfile.TarFile, name: str) -> IO[bytes]:
    """Open a member; in the old layout a layer may be a link to another one's."""
    file = outer.extractfile(name)
    if not file:
        raise KeyError(name)
    return file


def _unpacked(blob: IO[bytes]) -> IO[bytes]:
    """Return ``blob`` unpacked: layers come plain from one image store and packed from the other."""
    magic = blob.read(4)
    blob.seek(0)
    if magic[:2] == b"\x1f\x8b":
        plain = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
        with gzip.open(blob) as packed:
            shutil.copyfileobj(packed, plain, _CHUNK)
        plain.seek(0)
        return plain
    if magic == b"\x28\xb5\x2f\xfd":
        raise ValueError("layers packed with zstd, which cannot be read here")
    return blob


def _contains(file: IO[bytes], needle: bytes) -> bool:
    tail = b""
    while chunk := file.read(_CHUNK):
        if needle in tail + chunk:
            return True
        tail = chunk[-len(needle) :]
    return False


def _clean(name: str) -> str:
    return "/" + name.removeprefix("./").strip("/")


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _kind(member: tarfile.TarInfo) -> str:
    if member.isreg():
        return "file"
    if member.isdir():
        return "folder"
    return "link" if member.issym() or member.islnk() else "other"


def _unreadable(image: Image, found: str) -> NotReadable:
    return NotReadable(
        expected=f"the layers of {image.tags[0] if image.tags else image.id[7:19]} to be readable",
        actual=found,
        reason="layers-not-readable",
    )
