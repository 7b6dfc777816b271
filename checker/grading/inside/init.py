"""The first process of a sandbox: builds a root, starts an engine in namespaces of its own, then filters.

It begins as root with CAP_SYS_ADMIN and without a network, and keeps none of that: the engine runs in a user
namespace below, and this process goes on as a user of its own, without capabilities.

.. code-block:: text

    this process            builds sockets, forks, writes the id maps, drops its rights, filters requests
    └── the builder         builds the root (cgroups, tmpfs, seed layers), enters new namespaces
        └── tini            first process of the new pid namespace
            ├── containerd
            └── dockerd     takes its socket as a descriptor: no path inside leads to it

Standard library only. The environment says what to do: ``SANDBOX_NAME``, ``SANDBOX_UID`` (nobody else's),
``SANDBOX_DISK`` (bytes), ``SANDBOX_LIFETIME`` (seconds); with ``SANDBOX_SEEDING`` it fills the seed.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import importlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import traceback
from pathlib import Path

#: Ids inside are these ids outside, from here on; enough of them that an engine inside can do the same again.
FIRST_ID = 100_000
MOST_IDS = 300_000

SEED = Path("/seed")
SOCKETS = Path("/run/sandboxes")
LAYERS = "/var/course/layers"  #: Where the seed's layers are inside.

_libc = ctypes.CDLL(None, use_errno=True)
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_NOSYMFOLLOW = 256
_DETACH = 2
_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 1 << 17, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30
_PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS = 8, 38
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1

#: The engine's own start. containerd first: dockerd waits a whole second for one that it starts itself.
#: No network is behind it. Its bridge refuses at once to be a name server; any other would be waited for, and
#: a `RUN npm install` that asks for news would take ten seconds more.
_ENGINE = """
containerd --config /opt/sandbox/containerd.toml > /run/containerd.log 2>&1 &
until [ -S /run/containerd/containerd.sock ]; do sleep 0.01; done
LISTEN_FDS=1 LISTEN_PID=$$ exec dockerd --host=fd:// --containerd=/run/containerd/containerd.sock \
    --log-level=warn --log-opt=max-size=1m --log-opt=max-file=1 --dns=172.17.0.1
"""


def main() -> None:
    """Start the engine and filter until it ends."""
    uid = int(os.environ["SANDBOX_UID"])
    home = SOCKETS / os.environ["SANDBOX_NAME"]
    (home / "lab").mkdir(parents=True)
    engine = _listen(home / "engine.sock", 0o600)
    control = _listen(home / "control.sock", 0o600)
    lab = _listen(home / "lab" / "docker.sock", 0o666)
    for path in (home, home / "engine.sock", home / "control.sock"):
        os.chown(path, uid, uid)
    home.chmod(0o700)
    builder = _fork(uid, engine, home / "lab")
    engine.close()
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    asyncio.run(_filter(builder, lab, control, str(home / "engine.sock")))


async def _filter(builder: int, lab: socket.socket, control: socket.socket, upstream: str) -> None:
    """Filter until the engine has ended; pass a TERM on to it."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def look() -> None:
        if _reaped(builder):
            ended.set()

    loop.add_signal_handler(signal.SIGTERM, os.kill, builder, signal.SIGTERM)
    loop.add_signal_handler(signal.SIGCHLD, look)
    loop.call_later(float(os.environ["SANDBOX_LIFETIME"]), os.kill, builder, signal.SIGKILL)
    look()
    sys.path.insert(0, str(Path(__file__).parent))
    serving = asyncio.create_task(importlib.import_module("filtering.filter").serve(lab, control, upstream))
    await ended.wait()
    serving.cancel()


def _reaped(builder: int) -> bool:
    try:
        return os.waitpid(builder, os.WNOHANG)[0] == builder
    except ChildProcessError:
        return True


def _fork(uid: int, engine: socket.socket, lab: Path) -> int:
    """Start the builder, and map its ids once it stands in its new user namespace."""
    ready, go = os.pipe(), os.pipe()
    builder = os.fork()
    if builder == 0:
        try:
            _build(lab)
            _enter_namespaces(uid)
            os.write(ready[1], b".")
            os.read(go[0], 1)
            _run_engine(engine)
        except BaseException:  # noqa: BLE001 - a fork of this process never goes on as its parent
            traceback.print_exc()
        finally:
            os._exit(70)
    os.close(ready[1])
    if os.read(ready[0], 1):
        for ids in ("uid_map", "gid_map"):
            there = int(Path(f"/proc/self/{ids}").read_text("ascii").split()[2])
            count = min(MOST_IDS, there - FIRST_ID)
            Path(f"/proc/{builder}/{ids}").write_text(f"0 {FIRST_ID} {count}", encoding="ascii")
        os.write(go[1], b".")
    return builder


def _build(lab: Path) -> None:
    """Build the new root in a mount namespace of its own, and change to it.

    The image's files, read-only; one tmpfs of a limited size for all that is written; the seed's layers,
    read-only and where they lie. Nothing else of the outer engine's disk stays in reach.
    """
    _call("unshare", _NEWNS)
    _mount("none", "/", flags=_REC | _PRIVATE)
    _hand_over_cgroups()
    _mount("tmpfs", "/mnt", "tmpfs", 0, f"size={os.environ['SANDBOX_DISK']},mode=755")
    root = Path("/mnt/root")
    root.mkdir()
    _mount("/", root, flags=_BIND)
    _mount("none", root, flags=_REMOUNT | _BIND | _RDONLY)
    for name in ("proc", "sys", "dev"):
        _mount(f"/{name}", root / name, flags=_BIND | _REC)
    _mount(
        "tmpfs", root / "run", "tmpfs", _NOSUID | _NODEV, f"size=16m,mode=755,uid={FIRST_ID},gid={FIRST_ID}"
    )
    (root / "run/lab").mkdir()
    _mount(lab, root / "run/lab", flags=_BIND)
    _mount("none", root / "run/lab", flags=_REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)
    _provide_data(root)
    for name, mode in (("work", 0o755), ("tmp", 0o1777)):
        _provide_folder(root, name, mode)
    for name, content in (("hosts", "127.0.0.1 localhost\n"), ("resolv.conf", "")):
        file = Path("/mnt", name)
        file.write_text(content, encoding="ascii")
        _mount(file, root / "etc" / name, flags=_BIND)
    os.chdir(root)
    _call("pivot_root", b".", b"mnt")
    os.chdir("/")
    _call("umount2", b"/mnt", _DETACH)


def _provide_folder(root: Path, name: str, mode: int) -> None:
    """Provide a folder that containers may bind. Where they name it, no link in it leads anywhere else.

    The engine follows links in a path that it binds, with rights of its own. The answer's container gets the
    same folder by another path, and there links work. No other flag is set: whoever binds a folder read-only
    would have to repeat it.
    """
    folder = _owned(Path("/mnt", name), mode)
    place = {"work": "course/work", "tmp": "tmp"}[name]
    _mount(folder, root / "var/course" / name, flags=_BIND)
    _mount(folder, root / place, flags=_BIND)
    _mount("none", root / place, flags=_REMOUNT | _BIND | _NOSYMFOLLOW)


def _provide_data(root: Path) -> None:
    """Provide the engine's data: the seed's records copied, and the seed itself to bind its layers from."""
    inside = root / "var/lib/docker"
    if os.environ.get("SANDBOX_SEEDING"):
        os.chown(SEED, FIRST_ID, FIRST_ID)
        _mount(SEED, inside, flags=_BIND)
        return
    data = _owned(Path("/mnt/docker"), 0o710)
    _mount(data, inside, flags=_BIND)
    layers = SEED / "overlay2"
    if not layers.is_dir():
        return  # no seed: the engine begins empty
    _mount(layers, f"{root}{LAYERS}", flags=_BIND)
    _mount("none", f"{root}{LAYERS}", flags=_REMOUNT | _BIND | _RDONLY | _NODEV)
    records = [str(path) for path in SEED.iterdir() if path not in (layers, SEED / "engine-id")]
    subprocess.run(["cp", "-a", *records, str(layers / "l"), str(data)], check=True)
    overlay = _owned(data / "overlay2", 0o710)
    (data / "l").rename(overlay / "l")
    for layer in layers.iterdir():
        if layer.name != "l":
            _provide_layer(layer, overlay / layer.name)


def _provide_layer(layer: Path, copy: Path) -> None:
    """Provide one layer but for its content: its few small files copied."""
    _owned(copy, 0o710)
    for name in ("link", "lower", "committed"):
        if (layer / name).exists():
            shutil.copyfile(layer / name, copy / name)
    _owned(copy / "diff", 0o755)
    _owned(copy / "work", 0o700)


def _bind_layers() -> None:
    """Bind the layers' content, read-only and where it lies.

    From inside, so that the engine can take a bind away when it removes an image.
    """
    for layer in Path(LAYERS).iterdir():
        if layer.name != "l":
            _mount(layer / "diff", f"/var/lib/docker/overlay2/{layer.name}/diff", flags=_BIND)


def _hand_over_cgroups() -> None:
    """Let the engine make groups below this container's own, but not change the limits of that one."""
    top = Path("/sys/fs/cgroup")
    if (top / "cgroup.controllers").exists():
        _mount("none", top, flags=_REMOUNT | _BIND | _NOSUID | _NODEV | _NOEXEC)
        _hand_over_v2(top)
        return
    for group in top.iterdir():
        if group.is_dir() and not group.is_symlink() and os.path.ismount(group):
            _mount("none", group, flags=_REMOUNT | _BIND | _NOSUID | _NODEV | _NOEXEC)
            for path in (group, group / "cgroup.procs", group / "tasks"):
                os.chown(path, FIRST_ID, FIRST_ID)


def _hand_over_v2(top: Path) -> None:
    """A group that hands controllers on holds no process itself: ours move one group down."""
    if not (top / "cgroup.type").exists():
        # Only the topmost group lacks that file.
        raise OSError("these are the control groups of the machine, not of a container")
    own = top / "sandbox"
    own.mkdir()
    for pid in (top / "cgroup.procs").read_text("ascii").split():
        (own / "cgroup.procs").write_text(pid, encoding="ascii")
    for controller in (top / "cgroup.controllers").read_text("ascii").split():
        (top / "cgroup.subtree_control").write_text(f"+{controller}", encoding="ascii")
    for path in (top, *(top / f"cgroup.{name}" for name in ("procs", "subtree_control", "threads"))):
        os.chown(path, FIRST_ID, FIRST_ID)


def _enter_namespaces(uid: int) -> None:
    """Enter new namespaces as a user of our own: what the kernel counts for each user is then its own.

    The capabilities are kept over the change of user, since some kernels let only those who have them make a
    user namespace. Entering it takes them away.
    """
    _libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _raise_capabilities()
    _call("unshare", _NEWUSER | _NEWNS | _NEWNET | _NEWPID | _NEWIPC | _NEWUTS)


def _raise_capabilities() -> None:
    """Make the permitted capabilities effective again."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    _libc.capget(header, data)
    data[0], data[3] = data[1], data[4]
    _libc.capset(header, data)


def _run_engine(engine: socket.socket) -> None:
    """Become root of the new namespaces, start the engine as their first process, and wait for its end."""
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    os.umask(0o022)
    first = os.fork()
    if first == 0:
        _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
        with socket.socket() as any_socket:
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _IFF_UP))
        # Who asks for what is not there hears it at once, each time and not once a second.
        Path("/proc/sys/net/ipv4/icmp_ratelimit").write_text("0", encoding="ascii")
        _bind_layers()
        os.dup2(engine.fileno(), 3)
        os.set_inheritable(3, True)  # it may have been 3 already
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/run", "TMPDIR": "/run"}
        os.execve("/usr/bin/tini", ["tini", "--", "sh", "-ec", _ENGINE], env)  # noqa: S606
    signal.signal(signal.SIGTERM, lambda *_: os.kill(first, signal.SIGTERM))
    os._exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) & 0xFF)


def _owned(folder: Path, mode: int) -> Path:
    """Make a folder that belongs to the root inside."""
    folder.mkdir()
    folder.chmod(mode)
    os.chown(folder, FIRST_ID, FIRST_ID)
    return folder


def _listen(path: Path, mode: int) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    path.chmod(mode)
    listening.listen(128)
    return listening


def _mount(source: Path | str, target: Path | str, kind: str = "", flags: int = 0, options: str = "") -> None:
    _call(
        "mount",
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name} {arguments[:2]}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
