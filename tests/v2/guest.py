"""Run a command in a machine of its own, with cgroup v2, AppArmor and a Docker engine.

.. code-block:: text

    python -m tests.v2.guest [--base IMAGE] [--image IMAGE …] [--volume NAME …] [--copy PATH …] -- COMMAND…

QEMU emulates the machine, so that the processor need not help. Its root is the files of the base image,
which holds an engine (default: the image that sandboxes are made of). The named images and volumes come from
the engine that ``docker`` reaches. The files of the course that git tracks lie in ``/course``, where the
command runs as root. The exit status is the command's, or 70 where the guest has failed. Nothing that the
guest writes is kept; disks and kernel stay in the state directory.
"""

from __future__ import annotations

import argparse
import io
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from checker.engine.connect import connect
from checker.errors import CourseError, Refused, UsageError
from checker.grading.tools import names

from .disks import engine_disk, root_disk
from .kernel import Kernel, kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parent.parent.parent
LIMIT = 900.0  #: Seconds until a guest is switched off.
QEMU = "qemu-system-x86_64"
# Without what is quick on a processor and slow where it is emulated: the kernel then copies word by word.
_PROCESSOR = "max,erms=off,fsrm=off,la57=off"
_KERNEL_LINE = "console=ttyS0 quiet panic=-1 mitigations=off apparmor=1 security=apparmor"
TOOLS = {QEMU: "qemu-system-x86", "mke2fs": "e2fsprogs", "dpkg-deb": "dpkg"}


def run(
    command: Sequence[str],
    *,
    base: str = "",
    images: Sequence[str] = (),
    volumes: Sequence[str] = (),
    copy: Sequence[Path] = (),
    limit: float = LIMIT,
    write: Callable[[bytes], object] = sys.stdout.buffer.write,
) -> int:
    """Run ``command`` in a new guest and return its exit status.

    Parameters
    ----------
    base
        The image whose files are the guest's root. Default: the one that sandboxes are made of.
    images, volumes
        What the guest's engine has of the engine that ``docker`` reaches.
    copy
        Files and folders of the course that git does not track.
    limit
        Seconds that all may take once the guest has been switched on.
    write
        Takes what the command prints.

    Raises
    ------
    Refused
        If a tool is missing, or the guest has not ended in time, or without an exit status.
    """
    for tool, package in TOOLS.items():
        if not shutil.which(tool):
            raise Refused(f"The guest needs {tool}.", next=f"Install the package {package}.")
    if os.geteuid():
        raise Refused("Only root can write the guest's disks with their owners.", next="Run this as root.")
    with connect(timeout=600) as engine, tempfile.TemporaryDirectory() as work:
        base = base or names(engine)[0]
        course = Path(work, "course.tar")
        _course(course, command, copy, limit)  # first: making disks takes time, in which files may change
        disks = [root_disk(engine, base), engine_disk(engine, base, images, volumes), course]
        start = kernel()
        try:
            return _boot(start, disks, Path(work), limit, write)
        except _Panic as panic:
            # Now and then an emulated processor runs an instruction that another one is just patching.
            print(f"{panic.message}\nThe guest is switched on once more.", file=sys.stderr)
            return _boot(start, disks, Path(work), limit, write)


class _Panic(Refused):
    """The guest's kernel has given up."""


def _course(target: Path, command: Sequence[str], copy: Sequence[Path], limit: float) -> None:
    """Write what the guest unpacks at its root: the course, and what it shall run."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    paths = [name for name in tracked.stdout.split("\0") if name and (ROOT / name).exists()]
    paths += [_in_course(path) for path in copy]
    with tarfile.open(target, "w") as archive:
        for name in paths:
            archive.add(ROOT / name, f"course/{name}", filter=_owned_by_root)
        for name, text in {"limit": f"LIMIT={limit:.0f}", "command": shlex.join(command)}.items():
            entry = tarfile.TarInfo(f"run/guest/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))


def _in_course(path: Path) -> str:
    found = path.resolve()
    if not (found.exists() and found.is_relative_to(ROOT)):
        raise UsageError(f"{path} is no file or folder of the course.")
    return str(found.relative_to(ROOT))


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _boot(
    start: Kernel, disks: Sequence[Path], work: Path, limit: float, write: Callable[[bytes], object]
) -> int:
    """Switch the guest on, pass its output on, and return the status that it has written."""
    console, status, initrd = work / "console", work / "status", work / "initrd"
    initrd.write_bytes(start.with_scripts())
    arguments: list[str | Path] = [
        *("-accel", "tcg,tb-size=512", "-cpu", _PROCESSOR, "-M", "q35", "-smp", "2", "-m", "4096"),
        *("-nodefaults", "-display", "none", "-no-reboot"),
        *("-kernel", start.image, "-initrd", initrd),
        *("-append", _KERNEL_LINE),
        *("-serial", f"file:{console}", "-device", "virtio-serial"),
        *("-chardev", "stdio,id=output,signal=off", "-device", "virtserialport,nr=1,chardev=output"),
        *("-chardev", f"file,id=status,path={status}", "-device", "virtserialport,nr=2,chardev=status"),
    ]
    for disk in disks:  # snapshot: what the guest writes goes to a file without a name
        arguments += ["-drive", f"file={disk},format=raw,if=virtio,snapshot=on,cache=unsafe"]
    # The guest's line ends with our input, so that is a pipe which stays open.
    with subprocess.Popen(
        [QEMU, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(work)},
        start_new_session=True,
    ) as guest:
        try:
            assert guest.stdout
            in_time = _pass_on(guest.stdout.fileno(), time.monotonic() + limit, write)
        finally:
            guest.kill()
    if in_time and (said := status.read_text().strip() if status.exists() else ""):
        return int(said)
    last = console.read_text(errors="replace").splitlines()[-15:] if console.exists() else []
    kind = _Panic if any("Kernel panic" in line for line in last) else Refused
    what = "ended without an exit status" if in_time else f"had not ended after {limit:.0f} seconds"
    raise kind("\n".join([f"The guest {what}. The end of its kernel's messages:", *last]))


def _pass_on(source: int, deadline: float, write: Callable[[bytes], object]) -> bool:
    """Copy what comes until its end; False where the deadline comes first."""
    while select.select([source], [], [], max(0.0, deadline - time.monotonic()))[0]:
        chunk = os.read(source, 65536)
        if not chunk:
            return True
        write(chunk)
    return False


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.v2.guest", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--base", default="", help="image whose files are the guest's root")
    parser.add_argument("--image", action="append", default=[], help="image that the guest's engine has")
    parser.add_argument("--volume", action="append", default=[], help="volume that it has, with its labels")
    parser.add_argument("--copy", action="append", default=[], type=Path, help="what git does not track")
    parser.add_argument("--limit", default=LIMIT, type=float, help="seconds (%(default)s)")
    parser.add_argument("command", nargs="+")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def write(chunk: bytes) -> None:
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()

    try:
        return run(
            chosen.command,
            base=chosen.base,
            images=chosen.image,
            volumes=chosen.volume,
            copy=chosen.copy,
            limit=chosen.limit,
            write=write,
        )
    except CourseError as error:
        print("\n".join([error.message, *([f"Next: {error.next}"] if error.next else [])]), file=sys.stderr)
        return 70
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
