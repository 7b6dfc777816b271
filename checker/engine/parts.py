"""What an image is put together of: index, manifest, configuration and layers, each with its digest.

They come from a registry, or from ``docker save``. What fits the limit is recomputed.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Protocol

from .errors import Missing, NotReadable, ObjectError, asking
from .layers import LIMIT as SAVED_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .connect import Engine
    from .image import Image
    from .registry import Registry

#: Bytes of a blob that is recomputed, at most; unpacked, so many times as much.
LIMIT = 32 * 2**20
_UNPACKED_LIMIT = 16 * LIMIT
_CHUNK = 2**20


@dataclass(frozen=True)
class Piece:
    """One blob.

    Parameters
    ----------
    digest
        As whatever points at it names it.
    media_type
        What it is, in the registry's terms; empty where nobody says.
    size
        Bytes, as they are kept.
    right
        Whether its bytes have this digest; None where that was not recomputed.
    data
        The JSON object; empty for a layer.
    """

    digest: str
    media_type: str
    size: int
    right: bool | None
    data: dict[str, Any]


@dataclass(frozen=True)
class PackedLayer:
    """A layer as the manifest names it, and as the configuration does."""

    packed: Piece
    diff_id: str
    right: bool | None
    descriptor: dict[str, Any]


@dataclass(frozen=True)
class Parts:
    """An image's parts, the layers from the lowest on. There is no ``index`` where none was asked for."""

    index: Piece | None
    manifest: Piece
    config: Piece
    layers: tuple[PackedLayer, ...]


class Store(Protocol):
    """Where blobs are kept."""

    def has(self, digest: str) -> bool:
        """Say whether a manifest is there."""

    def manifest(self, digest: str) -> bytes:
        """Return an index or a manifest."""

    def blob(self, digest: str) -> bytes:
        """Return a configuration or a layer."""


class InRegistry:
    """A repository of a registry."""

    def __init__(self, registry: Registry, repository: str) -> None:
        self._registry = registry
        self._repository = repository

    def has(self, digest: str) -> bool:  # noqa: ARG002 - an index names what is there
        """Say that it is there."""
        return True

    def manifest(self, digest: str) -> bytes:
        """Return an index or a manifest."""
        return self._registry.manifest(self._repository, digest).raw

    def blob(self, digest: str) -> bytes:
        """Return a configuration or a layer."""
        return self._registry.blob(self._repository, digest)


class InArchive:
    """What ``docker save`` writes."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._names = frozenset(archive.getnames())

    def tops(self) -> list[dict[str, Any]]:
        """Return what its ``index.json`` points at."""
        return list(json.loads(self._read("index.json"))["manifests"])

    def has(self, digest: str) -> bool:
        """Say whether it is there: other platforms' are not."""
        return _path(digest) in self._names

    def manifest(self, digest: str) -> bytes:
        """Return an index or a manifest."""
        return self._read(_path(digest))

    def blob(self, digest: str) -> bytes:
        """Return a configuration or a layer."""
        return self._read(_path(digest))

    def _read(self, name: str) -> bytes:
        file = self._archive.extractfile(name) if name in self._names else None
        if not file:
            raise Missing("file", f"{name} in the saved image")
        return file.read()


def parts(store: Store, top: dict[str, Any], platform: str, each: Callable[[], None] = lambda: None) -> Parts:
    """Follow ``top``, an index's or a manifest's descriptor, down to the layers.

    Parameters
    ----------
    platform
        Which of an index's images, such as ``linux/amd64``.
    each
        Called before each blob. What it raises breaks the reading off.

    Raises
    ------
    ObjectError
        ``no-platform``, if an index has none for this platform; ``no-manifest``, if there is something else.
    """
    index, manifest = None, _described(store.manifest, top)
    if "manifests" in manifest.data:
        index = manifest
        manifest = _described(store.manifest, _choose(store, index.data["manifests"], platform))
    if not isinstance(manifest.data.get("config"), dict):
        raise NotReadable(
            expected="a manifest that names a configuration",
            actual="other bytes than its digest promises" if not manifest.right else "something else",
            reason="no-manifest",
            next="See what answers at this address, and push the image once more.",
        )
    config = _described(store.blob, manifest.data["config"])
    each()
    diff_ids = (config.data.get("rootfs") or {}).get("diff_ids") or []
    layers = []
    for number, descriptor in enumerate(manifest.data.get("layers") or ()):
        each()
        layers.append(_layer(store, descriptor, diff_ids[number] if number < len(diff_ids) else ""))
    return Parts(index, manifest, config, tuple(layers))


def platform_of(entry: dict[str, Any]) -> str:
    """Return the platform of an index's entry; empty for a note on a build."""
    named = entry.get("platform") or {}
    name = "/".join(filter(None, (named.get(key) for key in ("os", "architecture", "variant"))))
    return "" if "unknown" in name else name


@contextmanager
def saved(engine: Engine, image: Image, each: Callable[[int], None]) -> Iterator[InArchive]:
    """Save ``image`` as ``docker save`` does; ``each`` is told the bytes so far.

    Raises
    ------
    Missing
        If the image is gone.
    NotReadable
        If it is too large, or in a layout that has no manifest.
    """
    with ExitStack() as files:
        spool = files.enter_context(tempfile.TemporaryFile())
        with asking(engine, "image", image.id):
            for chunk in engine.client.api.get_image(image.id, chunk_size=_CHUNK):
                if spool.tell() > SAVED_LIMIT:
                    raise _unreadable(image, f"one of more than {SAVED_LIMIT // 2**30} GB")
                spool.write(chunk)
                each(spool.tell())
        yield _opened(image, spool, files)


def _opened(image: Image, spool: IO[bytes], files: ExitStack) -> InArchive:
    spool.seek(0)
    try:
        archive = InArchive(files.enter_context(tarfile.open(fileobj=spool)))  # noqa: SIM115 - with files
        archive.tops()
    except (Missing, tarfile.TarError, KeyError, ValueError, EOFError, OSError) as error:
        raise _unreadable(
            image, "an archive without a manifest, as engines before version 25 write"
        ) from error
    return archive


def _unreadable(image: Image, found: str) -> NotReadable:
    return NotReadable(
        expected=f"the parts of {image.tags[0] if image.tags else image.id[7:19]} to be readable",
        actual=found,
        reason="parts-not-readable",
        next="Push the image to a registry of your own, and name it there.",
    )


def _choose(store: Store, entries: list[dict[str, Any]], platform: str) -> dict[str, Any]:
    """Return the entry for a platform: the very one, or one that differs in its variant."""
    there = [entry for entry in entries if store.has(entry["digest"]) and platform_of(entry)]
    for fits in (platform, "/".join(platform.split("/")[:2])):
        for entry in there:
            if platform_of(entry) == fits or f"{platform_of(entry)}/".startswith(f"{fits}/"):
                return entry
    listed = ", ".join(filter(None, map(platform_of, entries))) or "none"
    raise ObjectError(
        expected=f"an image for {platform} in the index",
        actual=f"these platforms: {listed}",
        reason="no-platform",
        next="Name one of its manifests by digest: NAME@sha256:…",
    )


def _described(read: Callable[[str], bytes], descriptor: dict[str, Any]) -> Piece:
    """Read a JSON blob. Where its bytes are not the promised ones, what they say does not count."""
    digest = str(descriptor.get("digest", ""))
    raw, right = _verified(read, digest)
    try:
        data = json.loads(raw) if right else {}
    except ValueError:
        data = {}
    data = data if isinstance(data, dict) else {}
    kind = str(descriptor.get("mediaType") or data.get("mediaType") or "")
    return Piece(digest, kind, int(descriptor.get("size") or len(raw)), right, data)


def _layer(store: Store, descriptor: dict[str, Any], diff_id: str) -> PackedLayer:
    digest, size = str(descriptor.get("digest", "")), int(descriptor.get("size") or 0)
    right, unpacked = None, None
    if size <= LIMIT:
        raw, right = _verified(store.blob, digest)
        unpacked = _unpacked_digest(raw) if right else None
    piece = Piece(digest, str(descriptor.get("mediaType", "")), size, right, {})
    return PackedLayer(piece, diff_id, unpacked == diff_id if unpacked and diff_id else None, descriptor)


def _verified(read: Callable[[str], bytes], digest: str) -> tuple[bytes, bool]:
    try:
        raw = read(digest)
    except ObjectError as error:
        if error.reason != "digest-mismatch":
            raise
        return b"", False
    return raw, f"sha256:{hashlib.sha256(raw).hexdigest()}" == digest


def _unpacked_digest(raw: bytes) -> str:
    """Return the digest of an unpacked layer; empty where it cannot be unpacked here, or is too large."""
    if raw.startswith(b"\x28\xb5\x2f\xfd"):  # zstd
        return ""
    found = hashlib.sha256()
    if not raw.startswith(b"\x1f\x8b"):
        return f"sha256:{hashlib.sha256(raw).hexdigest()}"
    unpack, packed, count = zlib.decompressobj(wbits=31), io.BytesIO(raw), 0
    try:
        while chunk := (unpack.unconsumed_tail or packed.read(_CHUNK)):
            plain = unpack.decompress(chunk, _CHUNK)
            found.update(plain)
            count += len(plain)
            if count > _UNPACKED_LIMIT:
                return ""
    except zlib.error:
        return ""
    return f"sha256:{found.hexdigest()}"


def _path(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")
