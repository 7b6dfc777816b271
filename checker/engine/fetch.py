"""Fetch a Docker engine from the distribution into a folder; nothing is installed.

Debian 12's own engine has neither buildx nor Compose, and Debian 13's runs with Debian 12's libc.
So there, four packages come from Debian 13 and all the others from Debian 12.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from checker.apt import DEBIAN_SUITES, PrivateApt, system_mirror
from checker.errors import Refused
from checker.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DEBIAN = ("docker.io", "docker-cli", "docker-buildx", "docker-compose", "tini", "iptables")
_UBUNTU = ("docker.io", "docker-buildx", "docker-compose-v2", "iptables")
_TOO_OLD = {"buster", "bullseye"}
_FROM_TRIXIE = _DEBIAN[:4]


@dataclass(frozen=True)
class Plan:
    """What to fetch, and from where."""

    packages: tuple[str, ...]
    suites: tuple[str, ...]
    archive: frozenset[str]
    components: str = "main"
    prefer: str = ""


def plan(release: Mapping[str, str] | None = None) -> Plan | None:
    """Choose packages for a distribution (default: this one's ``os-release``); None where it is not known."""
    if release is None:
        try:
            release = platform.freedesktop_os_release()
        except OSError:
            return None
    if ubuntu := release.get("UBUNTU_CODENAME"):  # Ubuntu, and what is made from it
        return Plan(_UBUNTU, (ubuntu, f"{ubuntu}-updates"), frozenset({ubuntu}), "main universe")
    debian = release.get("VERSION_CODENAME") or release.get("DEBIAN_CODENAME", "")
    if release.get("ID") != "debian" or not debian or debian in _TOO_OLD:
        return None
    archive = frozenset(DEBIAN_SUITES)
    if debian == "bookworm":
        packages = (*(f"{name}/trixie" for name in _FROM_TRIXIE), *_DEBIAN[4:])
        return Plan(packages, ("trixie", "bookworm"), archive, prefer="bookworm")
    return Plan(_DEBIAN, (debian,), archive)


def fetch(folder: Path, report: Callable[[str], None]) -> None:
    """Fetch and unpack an engine, its command line and plugins into ``folder / "root"``.

    What was fetched before is not fetched again, also after an interruption.

    Parameters
    ----------
    folder
        Where packages, apt's lists and the unpacked files go; made if missing.
    report
        Called with a line before each step.

    Raises
    ------
    Refused
        Where this distribution is not known, or its archive cannot be reached.
    """
    root = folder / "root"
    if not root.exists():
        chosen = plan()
        if not chosen:
            raise Refused("An engine can be fetched on Debian 12 or newer and on Ubuntu 22.04 or newer.")
        packages = _download(chosen, folder, report)
        report(f"Unpacking {len(packages)} packages")
        partial = folder / "root.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for package in packages:
            _unpack(package, partial)
        partial.rename(root)
    _client(folder, root)


def _download(chosen: Plan, folder: Path, report: Callable[[str], None]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        apt = PrivateApt(
            folder / "apt",
            chosen.suites,
            mirror=system_mirror(suites=chosen.archive),
            components=chosen.components,
            prefer=chosen.prefer,
        )
        report("Fetching the distribution's package lists")
        apt.update()
        report(f"Downloading {', '.join(name.partition('/')[0] for name in chosen.packages)}")
        return apt.download(chosen.packages, folder / "packages", status=Path("/var/lib/dpkg/status"))
    except Refused as refused:
        fix = "Mend this machine's network or /etc/apt, then run `course engine start` again."
        raise Refused(refused.message, next=fix) from refused


def _unpack(package: Path, folder: Path) -> None:
    done = subprocess.run(["dpkg-deb", "-x", package, folder], capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise Refused(f"{package.name} cannot be unpacked: {said}", next=f"Make room in {folder.parent}.")


def _client(folder: Path, root: Path) -> None:
    """Make ``bin/``, which holds ``docker`` alone, and a configuration that names the plugins' folder."""
    binaries, config = folder / "bin", folder / "config"
    binaries.mkdir(exist_ok=True)
    config.mkdir(exist_ok=True)
    link = binaries / "docker"
    if not link.is_symlink():
        link.symlink_to(root / "usr/bin/docker")
    plugins = [str(path) for path in sorted(root.glob("usr/lib*/docker/cli-plugins"))]
    write_atomic(config / "config.json", json.dumps({"cliPluginsExtraDirs": plugins}) + "\n")
