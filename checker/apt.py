"""Debian's packages without touching the system: only its mirror and keys are read.

All that apt writes (lists, caches, downloaded packages) lies in a folder of its own. No step needs root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from checker.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

#: Suites by which a source is known to be a Debian archive, and not Ubuntu's or a third party's.
DEBIAN_SUITES = {
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "sid",
    "oldstable",
    "stable",
    "testing",
    "unstable",
}
NEXT = "Connect to a registry, or carry the images here: `course images load FILE`."

CONFIG = """\
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{folder}/sources";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "{folder}/state";
Dir::State::Lists "{folder}/lists";
Dir::Cache "{folder}/cache";
Dir::Log "{folder}/log";
APT::Architecture "{architecture}";
APT::Default-Release "{prefer}";
#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
"""


@dataclass(frozen=True)
class Mirror:
    """A Debian archive: its address, and the path of its keys (or the keys; empty: apt's default keys)."""

    uri: str
    signed_by: str = ""


def system_mirror(etc: Path = Path("/etc/apt"), suites: Collection[str] = DEBIAN_SUITES) -> Mirror:
    """The archive of ``suites`` (default: Debian's) that this system's own apt sources name.

    Raises
    ------
    Refused
        If there is no apt here, or its sources name no Debian archive.
    """
    if not shutil.which("apt-get"):
        raise Refused("Debian's packages need apt-get, and this system has none.", next=NEXT)
    parts = etc / "sources.list.d"
    for file in sorted(parts.glob("*.sources")):
        for mirror in _deb822(file.read_text(errors="replace"), suites):
            return mirror
    for file in [etc / "sources.list", *sorted(parts.glob("*.list"))]:
        if file.is_file():
            for mirror in _one_line(file.read_text(errors="replace"), suites):
                return mirror
    raise Refused("This system's apt sources name no Debian archive.", next=NEXT)


def _deb822(text: str, suites: Collection[str]) -> Iterator[Mirror]:
    """Debian archives of a ``.sources`` file: stanzas of ``Field: value``, values may go on over lines."""
    for stanza in text.split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[name] = f"{fields.get(name, '')}\n{line}"
            elif ":" in line:
                name, value = line.split(":", 1)
                name = name.lower()
                fields[name] = value.strip()
        if fields.get("enabled", "yes") == "no" or "deb" not in fields.get("types", "").split():
            continue
        if set(suites) & set(fields.get("suites", "").split()):
            yield Mirror(fields["uris"].split()[0], fields.get("signed-by", ""))


def _one_line(text: str, suites: Collection[str]) -> Iterator[Mirror]:
    """Debian archives of a ``.list`` file: lines of ``deb [options] uri suite components``."""
    for line in text.splitlines():
        kind, _, rest = line.split("#")[0].strip().partition(" ")
        options: dict[str, str] = {}
        if rest.lstrip().startswith("["):
            inside, _, rest = rest.lstrip()[1:].partition("]")
            options = dict(pair.split("=", 1) for pair in inside.split() if "=" in pair)
        words = rest.split()
        if kind == "deb" and len(words) > 1 and words[1] in suites:
            yield Mirror(words[0], options.get("signed-by", ""))


class PrivateApt:
    """apt with lists, caches and sources in ``folder``.

    Parameters
    ----------
    folder
        Where apt may write; made if missing. The caller removes it.
    suites
        Suites of the Debian archive, such as ``["trixie", "trixie-updates"]``.
    mirror
        Default: :func:`system_mirror`.
    architecture
        Debian's name for it; default: this system's.
    components
        Parts of the archive.
    prefer
        The suite to take a package from where none is named; default: the newest package.
    """

    def __init__(
        self,
        folder: Path,
        suites: Sequence[str],
        *,
        mirror: Mirror | None = None,
        architecture: str = "",
        components: str = "main",
        prefer: str = "",
    ) -> None:
        self.mirror = mirror or system_mirror()
        self.folder = folder.resolve()
        for part in ("sources", "state", "lists/partial", "cache/archives/partial", "log"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()  # nothing is installed; beside it, apt puts its lock
        signed = f"Signed-By: {self.mirror.signed_by}\n" if self.mirror.signed_by else ""
        what = f"Suites: {' '.join(suites)}\nComponents: {components}\n"
        (self.folder / "sources/debian.sources").write_text(
            f"Types: deb\nURIs: {self.mirror.uri}\n{what}{signed}"
        )
        architecture = (
            architecture or self._run(["dpkg", "--print-architecture"], "ask for the architecture").strip()
        )
        self._config = self.folder / "apt.conf"
        self._config.write_text(CONFIG.format(folder=self.folder, architecture=architecture, prefer=prefer))

    def update(self) -> None:
        """Fetch the archive's lists.

        Raises
        ------
        Refused
            If the archive cannot be reached or its signature is not trusted.
        """
        self._apt("fetch the package lists", "update", "-oAPT::Update::Error-Mode=any")

    def download(self, packages: Iterable[str], into: Path, *, status: Path | None = None) -> list[Path]:
        """Fetch packages, with all they depend on, as ``.deb`` files.

        Parameters
        ----------
        packages
            Names or apt patterns such as ``?essential``.
        into
            Folder for the files; those already there are not fetched again.
        status
            A dpkg status file: what it lists as installed is left out. Default: nothing is installed.
        """
        (into / "partial").mkdir(parents=True, exist_ok=True)
        request = [
            f"-oDir::State::status={status or self.folder / 'status'}",
            "--no-install-recommends",
            "-y",
            "install",
            *packages,
        ]
        listed = self._apt("choose packages", "-qq", "--print-uris", *request)
        self._apt(
            "download packages",
            "-qq",
            "--download-only",
            f"-oDir::Cache::archives={into.resolve()}",
            *request,
        )
        return [into / line.split()[1] for line in listed.splitlines() if line.startswith("'")]

    def _apt(self, purpose: str, *arguments: str) -> str:
        return self._run(["apt-get", "-c", str(self._config), *arguments], purpose)

    @staticmethod
    def _run(command: Sequence[str], purpose: str) -> str:
        """Run apt; its complaint becomes the message."""
        env = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=env, check=False)
        if done.returncode == 0:
            return done.stdout
        lines = done.stderr.splitlines()
        said = [line.removeprefix("E: ") for line in lines if line.startswith("E: ")] or lines
        raise Refused(f"apt could not {purpose}: {' '.join(said[-2:])}", next=NEXT)
