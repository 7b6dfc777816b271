"""A registry on loopback with an image of several layers, big enough to be cancelled while it is pulled."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import tarfile
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from docker.errors import DockerException

from checker.engine.waiting import ticks
from checker.images.archive import Saved, join
from checker.images.catalogue import catalogue
from checker.images.provide import provide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

LAYERS = 3


@contextmanager
def registry(engine: Engine) -> Iterator[str]:
    """A registry of its own, and where it answers: ``127.0.0.1:PORT``."""
    provide(engine, ["registry"], lambda *_: None)
    container = engine.client.containers.run(
        catalogue()["registry"].reference, detach=True, ports={"5000/tcp": ("127.0.0.1", 0)}
    )
    try:
        for _ in ticks(30):
            container.reload()
            if b"listening on" in container.logs():
                break
        yield f"127.0.0.1:{container.ports['5000/tcp'][0]['HostPort']}"  # type: ignore[index]
    finally:
        container.remove(force=True, v=True)


def push(engine: Engine, reference: str) -> None:
    """Push, or fail."""
    for event in engine.client.api.push(reference, stream=True, decode=True):
        assert "error" not in event, event


@contextmanager
def pushed(engine: Engine, megabytes: int) -> Iterator[str]:
    """An image in a registry, which the engine does not have; its last layer is the big one."""
    with registry(engine) as address:
        reference = f"{address}/c04-{secrets.token_hex(4)}:1"
        try:
            _load(engine, reference, [10_000] * (LAYERS - 1) + [megabytes << 20])
            push(engine, reference)
            engine.client.api.remove_image(reference, force=True)
            yield reference
        finally:
            with suppress(DockerException):
                engine.client.api.remove_image(reference, force=True)


def _load(engine: Engine, reference: str, sizes: list[int]) -> None:
    with TemporaryDirectory() as folder:
        blobs = Path(folder)
        layers = [_keep(blobs, _layer(size)) for size in sizes]
        history = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["true"]}}
        rootfs = {"type": "layers", "diff_ids": [f"sha256:{layer}" for layer in layers]}
        config = _keep(blobs, json.dumps({**history, "rootfs": rootfs}).encode())
        engine.client.images.load(b"".join(join([Saved(reference, config, tuple(layers))], blobs)))


def _layer(size: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo(secrets.token_hex(4))
        member.size = size
        archive.addfile(member, io.BytesIO(os.urandom(size)))
    return out.getvalue()


def _keep(blobs: Path, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    (blobs / digest).write_bytes(content)
    return digest
