"""A file system made of Debian packages' files, for images that have no base."""

from __future__ import annotations

import re
import subprocess
import tarfile
from typing import IO, TYPE_CHECKING

from checker.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: Manuals, translations and documentation; licences stay.
LEFT_OUT = re.compile(r"\./usr/share/(doc/[^/]+/(?!copyright$)|info/|lintian/|locale/|man/)")


def unpack(packages: Iterable[Path], target: Path) -> None:
    """Write the packages' files into one tar archive at ``target``; nothing is run, no root is needed.

    Raises
    ------
    Refused
        If a package is damaged.
    """
    # base-files brings the links /bin, /lib and /sbin: they come before what lies below them.
    ordered = sorted(packages, key=lambda path: not path.name.startswith("base-files_"))
    folders: set[str] = set()
    with tarfile.open(target, "w") as out:
        for package in ordered:
            command = ["dpkg-deb", "--fsys-tarfile", str(package)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
                assert process.stdout  # noqa: S101 - PIPE was asked for
                _copy(process.stdout, out, folders)
            if process.returncode:
                raise Refused(f"The package {package.name} is damaged.", next="Run the command again.")


def _copy(source: IO[bytes], out: tarfile.TarFile, folders: set[str]) -> None:
    with tarfile.open(fileobj=source, mode="r|") as files:
        for member in files:
            if LEFT_OUT.match(member.name) or member.name in folders:
                continue
            if member.isdir():
                folders.add(member.name)
            out.addfile(member, files.extractfile(member) if member.isreg() else None)
