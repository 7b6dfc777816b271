"""Start and stop the private daemon. What is here needs root's rights, and is kept small for that reason.

Run as ``python -I -m checker.engine.daemon start|stop|remove FOLDER RUN GID``, by ``sudo`` where needed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from checker.errors import CourseError, EngineFault

from . import leftovers
from .clientside import answers

if TYPE_CHECKING:
    from collections.abc import Callable

_AGAIN = "Run `course engine stop --remove`, then `course engine start`."
_START_SECONDS = 60
_STOP_SECONDS = 60
_SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Layout:
    """Where everything of the private engine lies.

    Parameters
    ----------
    folder
        In the state directory: unpacked packages, data, log.
    run
        Sockets and process ids. The same folder, or a short one where its path is too long for a socket.
    gid
        The group that may use the socket.
    """

    folder: Path
    run: Path
    gid: int

    @property
    def root(self) -> Path:
        """The unpacked packages."""
        return self.folder / "root"

    @property
    def data(self) -> Path:
        """The engine's images, containers and volumes."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the daemon writes."""
        return self.folder / "dockerd.log"

    @property
    def exec(self) -> Path:
        """The engine's runtime state; gone after a stop."""
        return self.run / "exec"

    @property
    def socket(self) -> Path:
        """Where the engine listens."""
        return self.run / "docker.sock"

    @property
    def pidfile(self) -> Path:
        """The daemon's own record; never trusted, see :func:`running`."""
        return self.run / "docker.pid"

    @property
    def bridges(self) -> Path:
        """A file that says in which boot and network namespace the bridge docker0 is ours."""
        return self.run / "bridges"


def running(layout: Layout) -> int | None:
    """Find our daemon by its arguments: a recorded process id may be another program's by now."""
    mark = f"--data-root={layout.data}"
    for pid, arguments in leftovers.processes():
        if mark in arguments and Path(arguments[0]).name == "dockerd":
            return pid
    return None


def start(layout: Layout) -> int:
    """Start the daemon, where it does not run, and wait until it answers; return its process id.

    Raises
    ------
    EngineFault
        ``not-running`` with the end of the daemon's log, where it does not come up.
    """
    if (there := running(layout)) and _answers(layout):
        return there
    stop(layout)  # what a crash or a reboot left
    layout.data.mkdir(exist_ok=True)
    layout.bridges.write_text(leftovers.here(), encoding="utf-8")
    try:
        return _wait_until_it_answers(layout, _spawn(layout, _environment(layout)))
    except BaseException:
        stop(layout)
        raise


def stop(layout: Layout) -> bool:
    """Stop the daemon with its containers, and remove what it left behind. False where it was not running."""
    pid = running(layout)
    bridges = leftovers.bridges(f"unix://{layout.socket}") if pid else []
    if pid:
        _signal(pid, signal.SIGTERM)
        if not _until(lambda: running(layout) is None, _STOP_SECONDS):
            _signal(pid, signal.SIGKILL)
            _until(lambda: running(layout) is None, _STOP_SECONDS)
    leftovers.remove(layout.exec, layout.data)
    if owns_bridges(layout):
        leftovers.remove_bridges({"docker0", *bridges})
        leftovers.remove_firewall_rules(_environment(layout))
    for stale in (layout.socket, layout.pidfile, layout.bridges):
        stale.unlink(missing_ok=True)
    return pid is not None


def remove(layout: Layout) -> None:
    """Remove all that was fetched and made. The daemon must have been stopped."""
    for folder in {layout.folder, layout.run}:
        shutil.rmtree(folder)


def owns_bridges(layout: Layout) -> bool:
    """Say whether a docker0 that is here, in this boot and network namespace, was made by our daemon."""
    try:
        return layout.bridges.read_text(encoding="utf-8") == leftovers.here()
    except OSError:
        return False


def _spawn(layout: Layout, env: dict[str, str]) -> int:
    dockerd = shutil.which("dockerd", path=env["PATH"])
    if not dockerd:
        raise EngineFault(f"There is no dockerd below {layout.root}.", next=_AGAIN, kind="not-running")
    command = [
        dockerd,
        f"--data-root={layout.data}",
        f"--exec-root={layout.exec}",
        f"--pidfile={layout.pidfile}",
        f"--host=unix://{layout.socket}",
        f"--group={layout.gid}",
        # Apart from whatever else may use a containerd that the system runs.
        "--containerd-namespace=docker-course",
        "--containerd-plugins-namespace=docker-course-plugins",
    ]
    # subprocess would warn of a child that outlives us. A session of its own: Ctrl-C is not for the daemon.
    return os.posix_spawn(
        dockerd,
        command,
        env,
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(layout.log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )


def _environment(layout: Layout) -> dict[str, str]:
    root = layout.root
    libraries = [str(path) for pattern in ("lib", "usr/lib") for path in root.glob(f"{pattern}/*-linux-gnu*")]
    folders = ["usr/sbin", "usr/bin", "sbin", "bin"]
    path = os.pathsep.join([*(str(root / folder) for folder in folders), _SYSTEM])
    env = {"PATH": path, "LANG": "C.UTF-8"}
    env |= {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    if libraries:
        env["LD_LIBRARY_PATH"] = os.pathsep.join(libraries)
    if shutil.which("iptables", path=_SYSTEM):
        return env
    extensions = next(iter(root.glob("usr/lib/*/xtables")), None)
    if extensions:
        env["XTABLES_LIBDIR"] = str(extensions)
    return env | {"PATH": f"{_iptables(layout, env)}{os.pathsep}{path}"}


def _iptables(layout: Layout, env: dict[str, str]) -> Path:
    """Link ``iptables`` to the kind that works with this kernel: nft, else legacy."""
    links = layout.folder / "links"
    links.mkdir(exist_ok=True)
    programs = [layout.root / f"usr/sbin/xtables-{kind}-multi" for kind in ("nft", "legacy")]
    works = next((one for one in programs if one.exists() and _lists_rules(one, env)), programs[0])
    for name in ("iptables", "ip6tables"):
        link = links / name
        if not link.is_symlink() or link.readlink() != works:
            link.unlink(missing_ok=True)
            link.symlink_to(works)
    return links


def _lists_rules(program: Path, env: dict[str, str]) -> bool:
    listed = subprocess.run(
        [program, "iptables", "-w", "-t", "nat", "-S"], env=env, capture_output=True, check=False
    )
    return listed.returncode == 0


def _wait_until_it_answers(layout: Layout, pid: int) -> int:
    def ended() -> bool:
        return os.waitpid(pid, os.WNOHANG)[0] == pid

    if _until(lambda: _answers(layout) or ended(), _START_SECONDS) and _answers(layout):
        return pid
    said = "\n".join(layout.log.read_text(errors="replace").splitlines()[-4:])
    raise EngineFault(
        f"The private engine did not start. The end of its log:\n{said}",
        next=f"Read {layout.log}. Inside a container, a daemon needs a privileged container.",
        kind="not-running",
    )


def _answers(layout: Layout) -> bool:
    try:
        return answers(f"unix://{layout.socket}")
    except OSError:
        return False


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it ended in between
        os.kill(pid, number)


ACTIONS: dict[str, Callable[[Layout], object]] = {"start": start, "stop": stop, "remove": remove}


def main(arguments: list[str]) -> int:
    """Do one of these as root, for a caller that is not."""
    what, folder, run, gid = arguments
    layout = Layout(Path(folder), Path(run), int(gid))
    try:
        ACTIONS[what](layout)
    except CourseError as error:
        print(error.message, file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
