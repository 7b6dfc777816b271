"""The offline pack: images as files in the state directory, each layer once, to be loaded into any engine."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

from docker.errors import ImageNotFound

from checker.engine.waiting import ticks
from checker.errors import CourseFault
from checker.files import write_atomic
from checker.paths import state_dir

from .archive import Saved, join, split
from .trouble import room

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import APIClient

    from .catalogue import CatalogueImage

#: Seconds in which what apt has started may still write, after Ctrl-C.
_STILL_WRITES = 2.0


class Pack:
    """A folder of images: ``blobs/<sha256>`` and, written last, ``<key>.json`` which names an image's blobs.

    Parameters
    ----------
    folder
        Default: ``pack`` in the state directory. Made when something is written.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or state_dir() / "pack"
        self.blobs = self.folder / "blobs"

    def find(self, image: CatalogueImage) -> Saved | None:
        """What the pack holds of ``image``; None if nothing, another release, or not all of it."""
        try:
            fields = json.loads((self.folder / f"{image.key}.json").read_text(encoding="utf-8"))
            saved = Saved(fields["reference"], fields["config"], tuple(fields["layers"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        whole = all((self.blobs / digest).is_file() for digest in saved.blobs())
        return saved if whole and saved.reference == image.reference else None

    def add(self, api: APIClient, image: CatalogueImage) -> None:
        """Copy the engine's ``image`` into the pack."""
        with room(self.folder):
            self.blobs.mkdir(parents=True, exist_ok=True)
            for saved in split(api.get_image(image.reference), self.blobs):
                if saved.reference == image.reference:
                    write_atomic(self.folder / f"{image.key}.json", json.dumps(asdict(saved)))

    def load(self, api: APIClient, image: CatalogueImage) -> bool:
        """Load ``image`` into the engine; False if the pack has none."""
        if saved := self.find(image):
            with room(self.folder):
                load_archive(api, join([saved], self.blobs))
        return saved is not None

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """A folder for what a build needs for a while; removed at the end, whatever happens."""
        with room(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            work = Path(tempfile.mkdtemp(dir=self.folder, prefix=".work-"))
            try:
                yield work
            finally:
                for _ in ticks(_STILL_WRITES):
                    shutil.rmtree(work, ignore_errors=True)
                    if not work.exists():
                        break


def load_archive(api: APIClient, archive: Iterator[bytes] | IO[bytes]) -> None:
    """Give the engine an archive to load.

    Raises
    ------
    CourseFault
        If the engine does not accept it.
    """
    for event in api.load_image(archive):  # type: ignore[no-untyped-call]  # not in the stubs
        if isinstance(event, dict) and (error := event.get("error")):
            raise CourseFault(
                f"The engine did not accept the image: {error}", next="Run `course images pull`."
            )


def is_local(api: APIClient, reference: str) -> bool:
    """Whether the engine has this image."""
    try:
        api.inspect_image(reference)  # type: ignore[no-untyped-call]  # not in the stubs
    except ImageNotFound:
        return False
    return True
