"""The guest's disks: its root is one image's files, and its engine's disk holds the images it starts with."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import ImageNotFound

from checker.errors import EngineFault, Refused
from checker.locks import locked
from checker.paths import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from checker.engine.connect import Engine

_SIZE = "16G"  # of each disk at most; a file's holes take no room
_OPTIONS = ("-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-d")
_EXPORT = 'docker export "$2" | tar -x -C "$1"'
_COPY = """docker save "${@:3}" | docker start --attach --interactive "$2" |
tar -x --xattrs --xattrs-include='*' -C "$1"
"""
# The guest loads 10 MB a second. So an engine in a container loads, and hands over the store it has filled.
_LOAD = """
dockerd --bridge none --iptables=false >/tmp/log 2>&1 &
until docker version >/dev/null 2>&1; do
  kill -0 $! || { tail -n 5 /tmp/log >&2; exit 1; }
  sleep 0.1
done
docker load >/dev/null && kill $! && wait $! && tar -c --xattrs --xattrs-include='*' -C /var/lib/docker .
"""


def root_disk(engine: Engine, base: str) -> Path:
    """Return a disk with the files of the image ``base``."""

    def fill(folder: Path) -> None:
        with _container(engine, base, ["true"]) as container:
            _run(engine, _EXPORT, str(folder), container)

    return _disk("root", _ids(engine, base), fill)


def engine_disk(engine: Engine, base: str, images: Sequence[str]) -> Path:
    """Return a disk on which the engine of ``base`` finds the images."""

    def fill(folder: Path) -> None:
        if images:
            own = {"privileged": True, "volumes": ["/var/lib/docker"], "stdin_open": True}
            with _container(engine, base, ["sh", "-c", _LOAD], **own) as container:
                _run(engine, _COPY, str(folder), container, *images)

    return _disk("engine", _ids(engine, base, *images), fill)


def _ids(engine: Engine, *images: str) -> str:
    """Return the names with the images' ids: it changes when one of them does."""
    try:
        return "\n".join(f"{name} {engine.client.images.get(name).id}" for name in images)
    except ImageNotFound as error:
        raise Refused(f"The guest needs an image that is not here: {error.explanation}.") from error


def _disk(kind: str, key: str, fill: Callable[[Path], None]) -> Path:
    """Make an ext4 disk of what ``fill`` puts into a folder, unless the last one made has the same key."""
    folder = state_dir() / "v2"
    folder.mkdir(parents=True, exist_ok=True)
    disk = folder / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:24]}.ext4"
    with locked(folder / kind):
        if not disk.exists():
            for old in folder.glob(f"{kind}-*"):
                old.unlink()
            with tempfile.TemporaryDirectory(dir=folder) as work:
                content, made = Path(work, "content"), Path(work, "disk")
                content.mkdir()
                fill(content)
                make = ["mke2fs", *_OPTIONS, str(content), str(made), _SIZE]
                subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
                made.rename(disk)
    return disk


@contextmanager
def _container(engine: Engine, image: str, command: list[str], **options: Any) -> Iterator[str]:
    made = engine.client.containers.create(
        image, command, entrypoint=[], labels=["docker-course"], network_mode="none", **options
    )
    try:
        yield str(made.id)
    finally:
        made.remove(v=True, force=True)


def _run(engine: Engine, script: str, *arguments: str) -> None:
    """Run a script whose ``docker`` reaches ``engine``."""
    command = ["bash", "-euo", "pipefail", "-c", script, "bash", *arguments]
    if subprocess.run(command, env=engine.environment(), check=False).returncode:
        raise EngineFault("The guest's disk could not be made. What failed stands above.")
