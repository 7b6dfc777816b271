"""Images in one file, to carry them where there is no registry: ``course images save`` and ``load``.

The file is a tar archive that a plain `docker load` takes too. Its first member says what lies in it; every
blob is named by its sha256, so that damage shows before anything is loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.engine.connect import Engine
from checker.errors import Refused

from .archive import CHUNK, Entry, Saved, join, manifest, split
from .catalogue import catalogue
from .pack import Pack, load_archive
from .provide import PATIENCE, missing
from .trouble import room, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .provide import Report

CONTENTS = "course-images.json"
NEXT = "Copy the file again from where it was made, or make it again: `course images save FILE`."


@told_apart
def save(engine: Engine, keys: Iterable[str], target: Path, report: Report) -> list[str]:
    """Write the images of ``keys`` (default: all that the engine has) to the file ``target``.

    Returns
    -------
    list[str]
        The keys that lie in the file.

    Raises
    ------
    Refused
        If an image is missing on the engine, or a disk is full. ``target`` is then what it was before.
    """
    keys = list(keys)
    absent = [image.key for image in missing(engine, keys)]
    if keys and absent:
        raise Refused(
            f"The engine does not have {', '.join(absent)}.",
            next=f"Run `course images pull {' '.join(absent)}`.",
        )
    images = [image for key, image in catalogue().items() if key not in absent and (not keys or key in keys)]
    if not images:
        raise Refused("The engine has none of the course's images.", next="Run `course images pull`.")
    with Engine(engine.endpoint, PATIENCE) as patient, Pack().workplace() as work:
        saved: list[Saved] = []
        for image in images:
            report(image.key, "reads")
            found = split(patient.client.api.get_image(image.reference), work)
            saved += [one for one in found if one.reference == image.reference]
            report(image.key, "read", 1.0)
        with room(target.parent):
            _write(saved, work, target, report)
    return [image.key for image in images]


def _write(saved: list[Saved], blobs: Path, target: Path, report: Report) -> None:
    total = sum((blobs / digest).stat().st_size for digest in {d for one in saved for d in one.blobs()})
    contents = {"schema": 1, "images": [asdict(one) for one in saved]}
    head = Entry(CONTENTS, json.dumps(contents, indent=2).encode())
    handle, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            for chunk in join(saved, blobs, [head]):
                out.write(chunk)
                report(target.name, "writes", min(out.tell() / total, 1.0))
        Path(beside).chmod(0o644)
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


@told_apart
def load(engine: Engine, source: Path, report: Report) -> list[str]:
    """Load every image of the file ``source``, once the whole file is known to be sound.

    Returns
    -------
    list[str]
        The references that were loaded.

    Raises
    ------
    Refused
        If there is no such file, or it is damaged, or was not written by :func:`save`.
    """
    try:
        images = _verify(source, report)
    except OSError as error:
        raise Refused(f"{source} cannot be read: {error.strerror}.", next="Check the file's name.") from error
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{source} is damaged ({error}). Nothing was loaded.", next=NEXT) from error
    report(source.name, "loads into the engine")
    with Engine(engine.endpoint, PATIENCE) as patient, room(source), source.open("rb") as file:
        load_archive(patient.client.api, file)
    report(source.name, "loaded", 1.0)
    return [image.reference for image in images]


def _verify(source: Path, report: Report) -> list[Saved]:
    """Read the whole file; ValueError if anything in it is not what it says."""
    size = source.stat().st_size
    with tarfile.open(source, "r:") as archive:
        head = archive.next()
        if head is None or head.name != CONTENTS:
            raise ValueError("it does not begin with a list of images")
        contents = json.loads(_content(archive, head))
        images = [Saved(one["reference"], one["config"], tuple(one["layers"])) for one in contents["images"]]
        found: set[str] = set()
        while member := archive.next():
            if member.name == "manifest.json":
                if json.loads(_content(archive, member)) != manifest(images):
                    raise ValueError("its manifest does not fit its list of images")
                found.add("manifest")
            else:
                found.add(_checked(archive, member))
            report(source.name, "verifies", min(member.offset_data + member.size, size) / size)
    if lost := {"manifest", *(digest for image in images for digest in image.blobs())} - found:
        raise ValueError(f"{len(lost)} of its parts are missing")
    return images


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file: Any = archive.extractfile(member)
    return bytes(file.read()) if file else b""


def _checked(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """The digest of one blob, after comparing it with its name."""
    digest = hashlib.sha256()
    if file := archive.extractfile(member):
        while piece := file.read(CHUNK):
            digest.update(piece)
    named = member.name.rpartition("/")[2]
    if digest.hexdigest() != named:
        raise ValueError(f"the digest of {named[:12]} does not fit")
    return named
