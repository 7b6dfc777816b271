"""Answers as layers of files: alternatives and mutants over the solution, the solution over the starter."""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .errors import CourseFault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EXPECT = "expect.toml"

#: Left behind by tools; never part of an exercise.
LITTER = frozenset({"__pycache__", ".ipynb_checkpoints", ".DS_Store", ".pytest_cache"})

#: Every answer may hold these, whatever ``edits`` says.
ANSWER_FILES = ("exercise.ipynb", "answer.py", "answer.json")


@dataclass(frozen=True)
class Overlay:
    """A folder that lies over the solution.

    The rest is a mutant's: the check that must fail, a phrase of its message, files of the solution that the
    mutant lacks, images of the catalogue that it needs beside the exercise's; and what else its file says.
    """

    name: str
    folder: Path
    check: str = ""
    phrase: str = ""
    remove: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def overlays(folder: Path, *, expected: bool) -> list[Overlay]:
    """Return the overlays in ``folder``; with ``expected``, each has an ``expect.toml``.

    Raises
    ------
    CourseFault
        If an ``expect.toml`` is missing, is no TOML, or lacks ``check`` or ``phrase``.
    """
    if not folder.is_dir():
        return []
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    return [_mutant(path) if expected else Overlay(path.name, path) for path in folders]


def _mutant(folder: Path) -> Overlay:
    path = folder / EXPECT
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        return Overlay(
            folder.name,
            folder,
            str(data["check"]),
            str(data["phrase"]),
            remove=tuple(map(str, data.get("remove", ()))),
            images=tuple(map(str, data.get("images", ()))),
            unknown=tuple(data.keys() - {"check", "phrase", "remove", "images"}),
        )
    except FileNotFoundError as error:
        raise CourseFault(
            f"{path} is missing.", next='Write `check = "…"` and `phrase = "…"` into it.'
        ) from error
    except KeyError as error:
        raise CourseFault(f"{path} says nothing about {error}.", next="See CONTRIBUTING.md.") from error
    except tomllib.TOMLDecodeError as error:
        raise CourseFault(f"{path} is no TOML: {error}.", next="Mend that line.") from error


def allowed(name: str, edits: Iterable[str]) -> bool:
    """Say whether an answer may hold the file ``name``."""
    return name in ANSWER_FILES or any(fnmatchcase(name, pattern) for pattern in edits)


def lay(source: Path, names: Iterable[str], target: Path) -> None:
    """Copy the named files of ``source`` over ``target``, whatever was there."""
    for name in names:
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, destination)
        shutil.copymode(source / name, destination)


def put_back(source: Path, folder: Path, name: str) -> None:
    """Copy ``source`` to ``name`` below ``folder``, in place of what stands there. No link is followed."""
    place = folder
    for part in PurePosixPath(name).parts:
        place /= part
        if place.is_symlink() or (place.is_file() and place != folder / name):
            place.unlink()
    if place.is_dir():
        shutil.rmtree(place)
    lay(source.parent, [source.name], place.parent)


def answer_files(folder: Path, edits: Iterable[str]) -> list[str]:
    """Return the files in ``folder`` that belong to an answer; look no further than ``edits`` asks."""
    patterns = [*ANSWER_FILES, *edits]
    if any(set(pattern) & set("*?[") for pattern in patterns):
        return [name for name in files_below(folder) if allowed(name, patterns)]
    return sorted(name for name in set(patterns) if (folder / name).is_file())


def files_below(folder: Path) -> list[str]:
    """Return the relative names of all files in ``folder`` in a fixed order, without litter."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not LITTER.intersection(path.relative_to(folder).parts)
    )
