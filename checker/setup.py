"""``course setup``: all that the course needs, each step said, nothing done twice."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING

from .errors import Refused
from .lessons import Copied, copy_lessons

if TYPE_CHECKING:
    from pathlib import Path

    from .engine.connect import Engine

Say = Callable[[str], None]

#: What must be there before the first page opens; later chapters fetch theirs when they begin.
FIRST_CHAPTERS = ("00", "02")


def setup(root: Path, say: Say) -> dict[str, str]:
    """Make sure of packages, engine, images and the learner's pages.

    Parameters
    ----------
    root
        The course's folder.
    say
        Called with a line before a step that takes time, and after each one.

    Returns
    -------
    dict
        The environment in which programs reach the engine that was found or started.
    """
    from .engine.connect import connect  # noqa: PLC0415 - imports the SDK, so packages are looked at first
    from .engine.private import start  # noqa: PLC0415

    check_packages(root)
    say("Packages: all there.")
    start(lambda line: say(f"{line} …"))
    with connect() as engine:
        say(f"Engine: {engine.endpoint.source} answers.")
        _provide_images(engine, say)
        variables = engine.environment()
    for line in _lessons_said(copy_lessons(root)):
        say(line)
    return variables


def check_packages(root: Path) -> None:
    """Compare this environment with the packages that the course names.

    Raises
    ------
    Refused
        If one is missing or too old.
    """
    lacking = [line for line in _requirements(root) if not _is_met(line)]
    if lacking:
        raise Refused(
            f"This Python environment lacks {', '.join(lacking)}.",
            next=f'Run `python -m pip install -e "{root}"` in it, or `make setup`.',
        )


def _requirements(root: Path) -> list[str]:
    """Return the course's requirements: its own file's, since what is installed may be older than that."""
    file = root / "pyproject.toml"
    if file.is_file():
        return [str(line) for line in tomllib.loads(file.read_text("utf-8"))["project"]["dependencies"]]
    return [line for line in metadata.requires("docker-course") or [] if "extra ==" not in line]


def _is_met(line: str) -> bool:
    from packaging.requirements import Requirement  # noqa: PLC0415 - a package, too, that may be missing

    wanted = Requirement(line)
    try:
        return wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except metadata.PackageNotFoundError:
        return False


def _provide_images(engine: Engine, say: Say) -> None:
    from .images.catalogue import choose  # noqa: PLC0415 - see setup
    from .images.provide import provide  # noqa: PLC0415

    images = {image.key for chapter in FIRST_CHAPTERS for image in choose(chapter=chapter)}
    provide(engine, sorted(images), _Steps(say))
    say("Images of the first chapters: all there.")


class _Steps:
    """Turns the images' progress into lines: one for each step, and one for each tenth of a long one."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._said: set[tuple[str, str, int]] = set()

    def __call__(self, key: str, step: str, fraction: float | None = None, /) -> None:
        line = key, step, int((fraction or 0) * 10)
        if line not in self._said:
            self._said.add(line)
            self._say(f"Image {key}: {step}" + (f", {line[2] * 10} %" if line[2] else " …"))


def _lessons_said(copied: Copied) -> list[str]:
    lines = []
    if copied.made:
        lines.append(f"Pages: {len(copied.made)} made in work/.")
    if copied.refreshed:
        lines.append(f"Pages: new versions of {', '.join(copied.refreshed)} in work/.")
    lines += [
        f"Pages: work/{name} has your changes and stays. Its new version is notebooks/{name}."
        for name in copied.kept
    ]
    return lines or ["Pages: all there."]
