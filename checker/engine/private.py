"""The course's own engine, for a machine where none is reachable. It never touches one that was there."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from checker.errors import CourseError, EngineFault, Refused
from checker.locks import locked
from checker.paths import state_dir

from . import daemon, leftovers
from .clientside import PRIVATE, Private, answers, current_context
from .connect import connect
from .daemon import Layout
from .faults import Endpoint
from .fetch import fetch, plan

if TYPE_CHECKING:
    from collections.abc import Callable


#: A Unix socket's path may have 108 bytes with its final zero, and containerd puts its own below ours.
_SOCKET_BYTES = 107
_LONGEST = "/exec/containerd/containerd-debug.sock"

STEPS = {
    "darwin": "Install Docker Desktop, or run `brew install colima docker docker-buildx docker-compose` "
    "and `colima start`.",
    "win32": "Run `winget install Docker.DockerDesktop`, restart Windows, and start Docker Desktop.",
    "debian": "Run `sudo apt install docker.io docker-cli docker-buildx docker-compose`, "
    "or ask an administrator to.",
    "ubuntu": "Run `sudo apt install docker.io docker-buildx docker-compose-v2`, or ask an administrator to.",
    "fedora": "Run `sudo dnf install moby-engine docker-cli docker-buildx docker-compose` "
    "and `sudo systemctl enable --now docker`.",
    "arch": "Run `sudo pacman -S docker docker-buildx docker-compose` "
    "and `sudo systemctl enable --now docker`.",
    "": "Follow docs.docker.com/engine/install for your distribution, "
    "then run `sudo systemctl enable --now docker`.",
}


def start(report: Callable[[str], None]) -> Endpoint:
    """Start the private engine where no engine is reachable; else return the one that is.

    Interrupted, it stops what it started. What was fetched stays, for the next time.

    Parameters
    ----------
    report
        Called with a line before each step that takes time.

    Raises
    ------
    EngineFault
        Where an engine is there that refuses us, or the new one does not come up.
    Refused
        Where no engine can be started here; ``next`` says how to get one on this platform.
    """
    if there := reachable():
        return there
    _can_start()
    layout = layout_here()
    try:
        with locked(layout.folder, lambda: report("Waiting for another start of the private engine")):
            return reachable() or _start(layout, report)
    except OSError as error:
        fix = "Make room there, or let COURSE_STATE_DIR name another folder."
        raise Refused(f"The private engine's files cannot be written: {error}.", next=fix) from error


def stop(report: Callable[[str], None], *, remove: bool = False) -> bool:
    """Stop the private engine and its containers; False where it was not running.

    Parameters
    ----------
    report
        Called with a line before each step that takes time.
    remove
        Also remove its images, volumes and what was fetched.
    """
    if not sys.platform.startswith("linux"):
        return False
    layout = layout_here()
    if not layout.folder.is_dir():
        return False
    with locked(layout.folder):
        was_running = daemon.running(layout) is not None
        if was_running:
            report("Stopping the engine and its containers")
        if was_running or layout.bridges.exists() or layout.exec.exists():
            _as_root("stop", layout)
        Private.file().unlink(missing_ok=True)
        if remove:
            report(f"Removing {layout.folder}")
            _as_root("remove", layout)
        if layout.run != layout.folder:
            with suppress(OSError):  # it was not there, or holds something of another program's
                layout.run.rmdir()
    return was_running


def status() -> Private | None:
    """Return how to reach the private engine; None where it does not answer."""
    private = Private.load()
    try:
        return private if private and answers(private.url) else None
    except OSError:
        return None


def reachable() -> Endpoint | None:
    """Return the engine that is reached, None where none is and a private one would be found.

    Raises
    ------
    EngineFault
        Where something is there that a private engine would not help with: no permission, a missing context,
        a DOCKER_HOST or context that does not answer.
    """
    try:
        with connect() as engine:
            private = Private.load()
            if private and private.url == engine.endpoint.url:
                return Endpoint(private.url, PRIVATE)
            return engine.endpoint
    except EngineFault as fault:
        if fault.kind != "not-running" or _chosen_by_the_user():
            raise
        return None


def _chosen_by_the_user() -> bool:
    """Say whether an engine of the user's own is named, by DOCKER_HOST or a context."""
    if url := os.environ.get("DOCKER_HOST"):
        return not sys.platform.startswith("linux") or url != f"unix://{layout_here().socket}"
    return current_context() != "default"


def layout_here() -> Layout:
    """Return where the private engine of this user's state directory lies (Linux only)."""
    folder = state_dir().absolute() / "engine"
    run = folder
    if len(os.fsencode(f"{folder}{_LONGEST}")) > _SOCKET_BYTES:
        short = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        run = Path(tempfile.gettempdir()) / f"docker-course-{os.getuid()}-{short}"
    return Layout(folder, run, os.getgid())


def steps(platform: str) -> str:
    """Return how to get an engine by hand on ``platform`` (``sys.platform``'s words)."""
    if not platform.startswith("linux"):
        return STEPS.get(platform, STEPS[""])
    import platform as system  # noqa: PLC0415 - the parameter has the better right to the name

    try:
        release = system.freedesktop_os_release()
    except OSError:
        return STEPS[""]
    kin = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return STEPS[next((name for name in kin if name in STEPS), "")]


def _start(layout: Layout, report: Callable[[str], None]) -> Endpoint:
    _refuse_beside_another(layout)
    fetch(layout.folder, report)
    report("Starting the engine")
    _as_root("start", layout)
    url = f"unix://{layout.socket}"
    Private(
        url, str(layout.folder / "bin"), str(layout.folder / "config"), daemon.running(layout) or 0
    ).save()
    return Endpoint(url, PRIVATE)


def _can_start() -> None:
    """Refuse, with the steps for this platform, where no engine can be fetched and started."""
    if not sys.platform.startswith("linux"):
        raise Refused(
            "No engine is reachable, and the course starts one of its own on Linux only.",
            next=steps(sys.platform),
        )
    if not plan() or not shutil.which("apt-get"):
        what = "No engine is reachable, and the course fetches one on Debian 12 or newer and Ubuntu only."
        raise Refused(what, next=steps(sys.platform))
    if os.geteuid() and not shutil.which("sudo"):
        raise Refused(
            "No engine is reachable, and starting one needs root or sudo.", next=steps(sys.platform)
        )


def _refuse_beside_another(layout: Layout) -> None:
    """Refuse where a daemon runs that is not reached: two in one namespace break each other's network."""
    ours = daemon.running(layout)
    for pid, arguments in leftovers.processes():
        if Path(arguments[0]).name == "dockerd" and pid != ours and leftovers.same_network(pid):
            raise Refused(
                f"Another Docker engine runs here (process {pid}), and it is not reached from here.",
                next="Reach it: set DOCKER_HOST to its socket, or join the group that owns the socket.",
            )
    if leftovers.has_address("docker0") and not (ours or daemon.owns_bridges(layout)):
        raise Refused(
            "The network bridge docker0 is there, but no engine is reached. One runs out of sight, or ended.",
            next="Start that engine again. If there is none, run `sudo ip link delete docker0`.",
        )


def _as_root(what: str, layout: Layout) -> None:
    """Do it here where we are root, else by sudo, which may ask for a password."""
    _own_folder(layout.run)
    if not os.geteuid():
        daemon.ACTIONS[what](layout)
        return
    command = [
        sys.executable,
        "-I",
        "-m",
        daemon.__name__,
        what,
        *map(str, (layout.folder, layout.run, layout.gid)),
    ]
    with subprocess.Popen(["sudo", *command], stderr=subprocess.PIPE, text=True) as child:
        try:
            said = child.communicate()[1].strip()
        except KeyboardInterrupt:  # the child got it as well, and stops what it started
            child.wait()
            raise
    if child.returncode:
        said = said or f"sudo ended with status {child.returncode}."
        raise EngineFault(said, next=f"Read {layout.log}.", kind="not-running")


def _own_folder(folder: Path) -> None:
    """Make a folder that only we may enter, and refuse one that somebody else made under its name."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise CourseError(f"{folder} belongs to somebody else.", next=f"Have {folder} removed.")
    folder.chmod(0o700)
