"""What a daemon that ended may leave behind on Linux: processes, mounts, bridges, firewall rules."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .clientside import ask

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCGIFADDR, _SIOCBRDELBR = 0x8913, 0x8914, 0x8915, 0x89A1
_UP = 0x1


def processes() -> Iterator[tuple[int, list[str]]]:
    """Yield every process that has arguments: its id and them."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().rstrip(b"\0").decode(errors="replace").split("\0")
        except OSError:  # it ended in between
            continue
        if arguments[0]:
            yield int(folder.name), arguments


def remove(exec_root: Path, data_root: Path) -> None:
    """Kill what is left of containerd and the containers, unmount what lies below, remove ``exec_root``."""
    for pid in _ours(exec_root):
        for one in (*_children(pid), pid):
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                continue
    for mount in _mounts(exec_root, data_root):
        subprocess.run(["umount", "--lazy", mount], capture_output=True, check=False)
    shutil.rmtree(exec_root, ignore_errors=True)


def bridges(url: str) -> list[str]:
    """Ask a running engine for the interfaces of its bridge networks."""
    try:
        networks: list[dict[str, Any]] = json.loads(ask(url, "/networks") or b"[]")
    except (OSError, ValueError):
        return []
    named = "com.docker.network.bridge.name"
    return [
        (network.get("Options") or {}).get(named) or f"br-{network['Id'][:12]}"
        for network in networks
        if network["Driver"] == "bridge"
    ]


def remove_bridges(names: Iterable[str]) -> None:
    """Delete bridge interfaces, without the ``ip`` command, which may be missing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for name in names:
            try:
                request = struct.pack("16sh22x", name.encode(), 0)
                flags: int = struct.unpack("16xh22x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))[0]
                fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh22x", name.encode(), flags & ~_UP))
                fcntl.ioctl(control, _SIOCBRDELBR, name.encode() + b"\0")
            except OSError:  # it is not there, or not a bridge
                continue


def remove_firewall_rules(env: dict[str, str]) -> None:
    """Remove the chains named DOCKER… with the rules that lead into them, and forward packets again."""
    for command in ("iptables", "ip6tables"):
        program = shutil.which(command, path=env["PATH"])
        for table in ("nat", "filter"):
            if program:
                _remove_rules([program, "-w", "-t", table], env)


def here() -> str:
    """Name this boot and network namespace: bridges last no longer than these."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot} {os.stat('/proc/self/ns/net').st_ino}\n"  # noqa: PTH116 - Path.stat is the same, and longer


def same_network(pid: int) -> bool:
    """Say whether a process shares our network namespace. Where we may not look, it is taken to."""
    try:
        return Path(f"/proc/{pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink()
    except PermissionError:
        return True
    except OSError:  # it ended in between
        return False


def has_address(interface: str) -> bool:
    """Say whether a network interface is there and has an address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            fcntl.ioctl(control, _SIOCGIFADDR, struct.pack("16s24x", interface.encode()))
        except OSError:
            return False
    return True


def _remove_rules(iptables: list[str], env: dict[str, str]) -> None:
    listed = subprocess.run(
        [*iptables, "-S"], env=env, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    chains = [line.split()[1] for line in listed if line.startswith("-N DOCKER")]
    if not chains:
        return
    leading = [
        line for line in listed if re.match(r"-A (?!DOCKER)", line) and re.search("DOCKER|docker0|br-", line)
    ]
    commands = [["-D", *line.split()[1:]] for line in leading]
    commands += [["-F", chain] for chain in chains] + [["-X", chain] for chain in chains]
    if "-P FORWARD DROP" in listed:
        commands.append(["-P", "FORWARD", "ACCEPT"])
    for command in commands:
        subprocess.run([*iptables, *command], env=env, capture_output=True, check=False)


def _ours(exec_root: Path) -> list[int]:
    """Find containerd and its shims by the files of ours that they are told to use."""
    marks = {f"{exec_root}/containerd/containerd.toml", f"{exec_root}/containerd/containerd.sock"}
    return [pid for pid, arguments in processes() if marks & set(arguments)]


def _children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in listed.split()]


def _mounts(*folders: Path) -> list[str]:
    """List the mounts below ``folders``, the last first, and a folder that the engine mounted onto itself."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    found = []
    for line in lines:
        root, point = (field.encode().decode("unicode_escape") for field in line.split()[3:5])
        below = any(folder in Path(point).parents for folder in folders)
        # Another mount on the folder itself may be a disk that a person put there.
        if below or (Path(point) in folders and point.endswith(root)):
            found.append(point)
    return found[::-1]
