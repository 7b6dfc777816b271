"""The guest's disks: its root is one image's files, and its engine's disk holds the images it starts with."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from checker.locks import locked
from checker.paths import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.engine.connect import Engine

_SIZE = "16G"  # of each disk at most; a file's holes take no room


def root_disk(engine: Engine, image: str) -> Path:
    """Return a disk with the files of ``image``; it is kept until another image is asked for."""

    def fill(folder: Path) -> None:
        container = engine.client.containers.create(image, ["true"], network_mode="none")
        try:
            with subprocess.Popen(["tar", "-x", "-C", folder], stdin=subprocess.PIPE) as tar:
                assert tar.stdin
                for chunk in container.export():
                    tar.stdin.write(chunk)
        finally:
            container.remove(v=True, force=True)
        if tar.returncode:
            raise subprocess.CalledProcessError(tar.returncode, tar.args)

    return _disk("root", engine.client.images.get(image).id, fill)


def _disk(kind: str, key: str, fill: Callable[[Path], None]) -> Path:
    """Make an ext4 disk of what ``fill`` puts into a folder, unless the one that is there has the same key."""
    folder = state_dir() / "v2"
    folder.mkdir(parents=True, exist_ok=True)
    disk = folder / f"{kind}-{key.rpartition(':')[2][:24]}.ext4"
    with locked(folder / kind):
        if not disk.exists():
            for old in folder.glob(f"{kind}-*"):
                old.unlink()
            with tempfile.TemporaryDirectory(dir=folder) as work:
                content, made = Path(work, "content"), Path(work, "disk")
                content.mkdir()
                fill(content)
                options = ["-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-d"]
                subprocess.run(
                    ["mke2fs", *options, content, made, _SIZE], check=True, stdout=subprocess.DEVNULL
                )
                made.rename(disk)
    return disk


def engine_disk(engine: Engine, base: str, images: Sequence[str]) -> Path:
    return _disk("engine", "0", lambda folder: None)
