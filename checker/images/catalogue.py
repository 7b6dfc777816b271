"""The images that the course uses: ``catalogue.toml``, typed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from checker.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent


@dataclass(frozen=True)
class CatalogueImage:
    """One image of the catalogue.

    Attributes
    ----------
    key
        The course's short name for it, such as ``nginx``.
    reference
        What `docker run` takes, such as ``nginx:1.26``.
    why
        What the course uses it for.
    size_mb
        About, unpacked.
    chapters
        Numbers of the chapters that use it, such as ``("02", "03")``.
    optional
        Nothing but exercises that ask for it need it.
    recipe
        How a stand-in is built from Debian's packages; None where it cannot be.
    """

    key: str
    reference: str
    why: str
    size_mb: int
    chapters: tuple[str, ...]
    optional: bool
    recipe: Path | None


@cache
def catalogue() -> dict[str, CatalogueImage]:
    """Every image by its key, in the catalogue's order."""
    images = tomllib.loads((HERE / "catalogue.toml").read_text(encoding="utf-8"))
    return {key: _image(key, fields) for key, fields in images.items()}


def _image(key: str, fields: dict[str, object]) -> CatalogueImage:
    recipe = HERE / "recipes" / f"{key}.toml"
    return CatalogueImage(
        key=key,
        reference=str(fields["reference"]),
        why=str(fields["why"]),
        size_mb=int(str(fields["size_mb"])),
        chapters=tuple(map(str, fields["chapters"])),  # type: ignore[call-overload]  # TOML's list
        optional=bool(fields.get("optional", False)),
        recipe=recipe if recipe.is_file() else None,
    )


def choose(keys: Iterable[str] = (), chapter: str = "") -> list[CatalogueImage]:
    """The images named by ``keys`` or used in ``chapter`` (``02`` or its folder's name); default: all.

    Raises
    ------
    UsageError
        If a key or chapter is unknown.
    """
    images = catalogue()
    wanted = list(keys)
    if unknown := [key for key in wanted if key not in images]:
        raise UsageError(
            f"The catalogue has no image {', '.join(unknown)}.", next=f"Choose from: {', '.join(images)}."
        )
    if chapter:
        number = chapter.split("-", maxsplit=1)[0].zfill(2)
        used = [key for key, image in images.items() if number in image.chapters]
        if not used:
            raise UsageError(f"No image is used in chapter {chapter}.", next="Chapters are 00 to 08.")
        wanted += used
    return [image for key, image in images.items() if not wanted or key in wanted]
