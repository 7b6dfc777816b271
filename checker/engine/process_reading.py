"""The first process of a container as the engine's machine shows it: numbers, namespaces, cgroup files.

A probe reads it below ``/proc`` there, so that the container's image needs no tool. Beside the process stands
the one that started it, which is a part of the engine.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .errors import NotReadable
from .probe import Probe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .container import Container

#: The kinds of namespaces that an engine may give to a container.
KINDS = ("pid", "mnt", "net", "uts", "ipc", "user", "cgroup")

_TOP = "/sys/fs/cgroup"
_PERIOD = "cpu.cfs_period_us"
#: What is read of a control group: key, controller, the file of version 2, the file of version 1.
_FILES = (
    ("memory limit", "memory", "memory.max", "memory.limit_in_bytes"),
    ("memory in use", "memory", "memory.current", "memory.usage_in_bytes"),
    ("processors", "cpu", "cpu.max", "cpu.cfs_quota_us"),
    ("processes", "pids", "pids.max", "pids.max"),
)

# Without a cgroup namespace of its own, the files of version 2 lie at their full path: hence $top$group.
_READ = r"""cd "/proc/$1" 2>/dev/null || exit 0
top=root/sys/fs/cgroup
parent=$(sed -n 's/^PPid:[^0-9]*//p' status)
grep -E '^(PPid|Uid|NSpid):' status
echo "Name: $(cat comm)"
echo "Own: $(readlink /proc/self/ns/user)"
for kind in pid mnt net uts ipc user cgroup; do
    of_process=$(readlink ns/$kind) of_engine=$(readlink "/proc/$parent/ns/$kind")
    echo "Namespace: $kind ${of_process:--} ${of_engine:--}"
done
sed 's/^/Map: /' uid_map
sed 's/^/Group: /' cgroup
grep -- ' - cgroup' "/proc/$parent/mountinfo" | sed 's/^/Mount: /'
group=$(sed -n 's/^0:://p' cgroup)
for file in memory.max memory.current cpu.max pids.max memory/memory.limit_in_bytes \
    memory/memory.usage_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us pids/pids.max; do
    for place in "$top" "$top$group"; do
        [ -r "$place/$file" ] && echo "File: /${place#root/}/$file $(head -c 99 "$place/$file")" && break
    done
done
exit 0"""
_READ_OUTSIDE = r"""parent=$1; shift
for file; do
    place=/proc/$parent/root$file
    [ -r "$place" ] && echo "File: $file $(head -c 99 "$place")"
done
exit 0"""


class Namespace(NamedTuple):
    """A namespace of the process, and that of the engine: inodes, None where they cannot be read."""

    kind: str
    of_process: str | None
    of_engine: str | None

    @property
    def shared(self) -> bool | None:
        """True where it is one and the same; None where that is not known."""
        if self.of_process is None or self.of_engine is None:
            return None
        return self.of_process == self.of_engine


class CgroupFile(NamedTuple):
    """A file of its control group: where it is in the container and on the engine's machine, and its text.

    What is not there, or cannot be read, is None. Of version 1's ``cpu.cfs_quota_us`` the text holds the
    period as well, as version 2's ``cpu.max`` does.
    """

    key: str
    inside: str | None
    outside: str | None
    text: str | None


@dataclass(frozen=True)
class Process:
    """One process, seen twice.

    Parameters
    ----------
    command
        The program's name.
    number_inside, number_outside
        Its number in its own pid namespace, and on the engine's machine.
    user_inside, user_outside
        The number of its user, likewise; None where it has none there.
    namespaces, files
        What it sees, and what it may use.
    version
        Of its control group: 1 or 2.
    """

    command: str
    number_inside: int
    number_outside: int
    user_inside: int | None
    user_outside: int | None
    namespaces: tuple[Namespace, ...]
    files: tuple[CgroupFile, ...]
    version: int


def read_process(container: Container) -> Process:
    """Read the first process of a container that runs or is paused.

    Raises
    ------
    NotReadable
        If there is none, or it ends meanwhile.
    EngineFault
        If there is no probe.
    """
    if (number := container.pid) is None:
        raise _no_process(container, str(container.status))
    # The least rights with which another user's process can be looked at.
    with Probe(container.engine, pid="host", capabilities=["SYS_PTRACE"]) as probe:
        told = _Told(probe.script(_READ, str(number)).stdout)
        if not told.complete or container.refresh().pid != number:
            raise _no_process(container, "a process that the engine's machine does not show")
        outside = list(told.outside())
        if outside:
            told.add(probe.script(_READ_OUTSIDE, told.parent, *outside).stdout)
    return told.process(number)


def _no_process(container: Container, actual: str) -> NotReadable:
    return NotReadable(
        expected=f"{container.name} to run",
        actual=actual,
        reason="no-process",
        why="A container that does not run has no process, and so no namespaces.",
        next=f"Start it with `docker start {container.name}`, and read again.",
    )


class _Told:
    """What the script has printed, taken apart."""

    def __init__(self, text: str) -> None:
        self._lines: dict[str, list[str]] = {}
        self.add(text)

    def add(self, text: str) -> None:
        for line in text.splitlines():
            key, colon, rest = line.partition(":")
            if colon:
                self._lines.setdefault(key, []).append(rest.strip())

    def _all(self, key: str) -> list[str]:
        return self._lines.get(key, [])

    @property
    def complete(self) -> bool:
        """False where the process ended before all was read."""
        return all(self._all(key) for key in ("PPid", "Uid", "NSpid", "Map", "Group"))

    @property
    def parent(self) -> str:
        return self._all("PPid")[0]

    def process(self, number: int) -> Process:
        namespaces = tuple(_namespaces(self._all("Namespace")))
        groups = self._groups()
        (user,) = (one for one in namespaces if one.kind == "user")
        of_probe = _inode(self._all("Own")[0])
        inside, outside = _users(
            int(self._all("Uid")[0].split()[0]), self._all("Map"), same=user.of_process in {None, of_probe}
        )
        return Process(
            self._all("Name")[0],
            int(self._all("NSpid")[0].split()[-1]),
            number,
            inside,
            outside,
            namespaces,
            tuple(self._files(groups)),
            1 if "memory" in groups or "cpu" in groups else 2,
        )

    def outside(self) -> Iterator[str]:
        """Where its files should lie on the engine's machine."""
        for _, controller, *names in _FILES:
            if folder := self._folder(controller):
                first = controller in self._groups()
                yield posixpath.join(folder, names[first])
                if first and controller == "cpu":
                    yield posixpath.join(folder, _PERIOD)

    def _groups(self) -> dict[str, str]:
        """Return the path of its control group by controller; version 2's stands under the empty word."""
        lines = [line.split(":", 2) for line in self._all("Group")]
        return {name: path for _, names, path in lines for name in names.split(",")}

    def _folder(self, controller: str) -> str | None:
        """Return where its control group is mounted on the engine's machine."""
        groups = self._groups()
        first = controller in groups
        path = groups.get(controller if first else "")
        for line in self._all("Mount"):
            fields, _, mounted = line.partition(" - ")
            root, point = fields.split()[3:5]
            kind, _, options = mounted.split()[:3]
            fits = kind == "cgroup" and controller in options.split(",") if first else kind == "cgroup2"
            if fits and path and (path + "/").startswith(root.rstrip("/") + "/"):
                return point + path.removeprefix(root.rstrip("/")).rstrip("/")
        return None

    def _files(self, groups: Mapping[str, str]) -> Iterator[CgroupFile]:
        texts = dict(line.partition(" ")[::2] for line in self._all("File"))
        outside = set(self.outside())
        for key, controller, *names in _FILES:
            name = names[controller in groups]
            paths = [path for path in texts if posixpath.basename(path) == name]
            within = next((path for path in paths if path not in outside), None)
            # Where the container shares the machine's whole tree, it has the file at the very same path.
            beyond = next((path for path in paths if path in outside), None)
            place = within or beyond
            yield CgroupFile(key, within, beyond, place and _text(place, texts))


def _text(path: str, texts: Mapping[str, str]) -> str:
    period = texts.get(posixpath.join(posixpath.dirname(path), _PERIOD), "")
    return f"{texts[path]} {period}".strip() if path.endswith("cpu.cfs_quota_us") else texts[path]


def _namespaces(lines: Sequence[str]) -> Iterator[Namespace]:
    found = {kind: inodes for kind, *inodes in (line.split() for line in lines)}
    for kind in KINDS:
        of_process, of_engine = found.get(kind, ("-", "-"))
        yield Namespace(kind, _inode(of_process), _inode(of_engine))


def _inode(link: str) -> str | None:
    """Return the number in a link such as ``pid:[4026531836]``."""
    return link.partition("[")[2].removesuffix("]") or None


def _users(seen: int, ranges: Sequence[str], *, same: bool) -> tuple[int | None, int | None]:
    """Return the user's number inside and on the engine's machine, of the number that the probe sees.

    A probe in the ``same`` user namespace (an engine without root) sees the number inside, and the map leads
    out of it. Any other probe sees the number outside, and the map leads to it.
    """
    for line in ranges:
        inside, outside, count = map(int, line.split())
        start = inside if same else outside
        if start <= seen < start + count:
            offset = seen - start
            return inside + offset, outside + offset
    return (seen, None) if same else (None, seen)
