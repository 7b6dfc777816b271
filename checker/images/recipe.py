"""How a stand-in is built: ``recipes/<key>.toml`` and the files it names."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .catalogue import CatalogueImage

#: What marks an image as a stand-in; its value is the catalogue's key.
STAND_IN = "docker-course.stand-in"
#: The base of every stand-in that has none of its own ``shell``.
BASE = "debian"


@dataclass(frozen=True)
class Recipe:
    """One stand-in.

    Attributes
    ----------
    key
        The catalogue's key.
    packages
        Debian packages, or apt patterns; what they depend on comes with them.
    config
        Instructions that `docker commit --change` takes: ENV, EXPOSE, CMD, …
    shell
        What runs the script where the image has no base. Empty: built on top of ``debian``.
    script
        The commands that run inside, after the packages are there.
    files
        Path inside → content.
    version
        The package whose version stands for ``{version}`` in ``config``.
    loose
        Debian packages that are not installed: they lie in ``/course/loose``, with what they depend on, for
        the script to take files from.
    """

    key: str
    packages: tuple[str, ...]
    config: str
    shell: tuple[str, ...] = ()
    script: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    version: str = ""
    loose: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """Read ``<key>.toml``, ``<key>.sh`` and the files named there."""
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
        shell = tuple(fields.get("shell", ()))
        beside = path.parent
        script = path.with_suffix(".sh").read_text(encoding="utf-8")
        if not shell:
            script = (beside / "install.sh").read_text(encoding="utf-8") + script
        return cls(
            key=path.stem,
            packages=tuple(fields["packages"]),
            config=fields["config"],
            shell=shell,
            script=script,
            files={inside: (beside / name).read_bytes() for inside, name in fields.get("files", {}).items()},
            version=fields.get("version", ""),
            loose=tuple(fields.get("loose", ())),
        )

    def changes(self, packages: Iterable[Path]) -> list[str]:
        """The image's configuration, one instruction a line, with its label."""
        config = self.config.replace("{version}", _version(self.version, packages))
        return [*filter(None, config.splitlines()), f"LABEL {STAND_IN}={self.key}"]


def _version(name: str, packages: Iterable[Path]) -> str:
    """The upstream version of package ``name``: ``8.0.2`` of ``redis-server_5%3a8.0.2-3_amd64.deb``."""
    for path in packages:
        if name and path.name.startswith(f"{name}_"):
            found = re.match(r"(?:\d+%3a)?([0-9.]+)", path.name.removeprefix(f"{name}_"))
            return found[1] if found else ""
    return ""


def stands_on_base(image: CatalogueImage) -> bool:
    """Whether the stand-in for ``image`` is built on top of ``debian``."""
    return image.recipe is not None and not Recipe.read(image.recipe).shell
