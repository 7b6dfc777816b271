"""The guest's disks: its root is one image's files, and its engine's disk holds the images it starts with."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import NotFound

from checker.errors import EngineFault, Refused, UsageError
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
engine=$!
until docker version >/dev/null 2>&1; do
  kill -0 $engine || { tail -n 5 /tmp/log >&2; exit 1; }
  sleep 0.1
done
{ docker load && fill_volumes; } >/dev/null || exit 1
kill $engine && wait $engine && tar -c --xattrs --xattrs-include='*' -C /var/lib/docker .
"""


def root_disk(engine: Engine, base: str) -> Path:
    """Return a disk with the files of the image ``base``."""

    def fill(folder: Path) -> None:
        with _container(engine, base, ["true"]) as container:
            _run(engine, _EXPORT, str(folder), container)

    return _disk("root", _ids(engine, base), fill)


def engine_disk(engine: Engine, base: str, images: Sequence[str], volumes: Sequence[str]) -> Path:
    """Return a disk on which the engine of ``base`` finds images and volumes."""
    if volumes and not images:
        raise UsageError("The guest gets volumes only together with an image.")
    with _there():
        found = [engine.client.volumes.get(name).attrs for name in volumes]

    def fill(folder: Path) -> None:
        if not images:
            return
        lines = [line for volume in found for line in _filling(volume)]
        script = "\n".join(["fill_volumes() { set -e", *lines, ":", "}", _LOAD])
        binds = [f"{name}:/volumes/{name}:ro" for name in volumes]
        with _container(
            engine,
            base,
            ["sh", "-c", script],
            privileged=True,
            stdin_open=True,
            volumes=["/var/lib/docker", *binds],
        ) as container:
            _run(engine, _COPY, str(folder), container, *images)

    held = [f"{volume['Name']} {volume['CreatedAt']}" for volume in found]
    return _disk("engine", "\n".join([_ids(engine, base, *images), *held]), fill)


def _filling(volume: dict[str, Any]) -> Iterator[str]:
    """Yield the commands that make a volume with the same labels and content."""
    labels = [f"--label={key}={value}" for key, value in (volume.get("Labels") or {}).items()]
    yield shlex.join(["docker", "volume", "create", *labels, volume["Name"]])
    yield f"cp -a /volumes/{volume['Name']}/. /var/lib/docker/volumes/{volume['Name']}/_data"


def _ids(engine: Engine, *images: str) -> str:
    """Return the names with the images' ids: it changes when one of them does."""
    with _there():
        return "\n".join(f"{name} {engine.client.images.get(name).id}" for name in images)


@contextmanager
def _there() -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        raise Refused(f"The guest needs what this engine does not have: {error.explanation}.") from error


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
