"""What the picture of one process says: the engine's reading, put into words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.engine.connect import connect
from checker.engine.container import Container, State, find
from checker.engine.errors import Missing
from checker.engine.process_reading import read_process
from checker.errors import Refused

if TYPE_CHECKING:
    from checker.course import Course
    from checker.engine.connect import Engine
    from checker.engine.process_reading import CgroupFile, Namespace, Process

    from .tell import Tell

_SEPARATES = {
    "pid": "numbers of processes",
    "mnt": "mounts, and so the files",
    "net": "interfaces, addresses, ports",
    "uts": "the machine's name",
    "ipc": "message queues, shared memory",
    "user": "numbers of users",
    "cgroup": "the view of control groups",
}
#: Where the engine is told which other container's namespace to use.
_JOINED = {"pid": "PidMode", "net": "NetworkMode", "ipc": "IpcMode"}
_COUNTS = ("None", "One", "Two", "Three", "Four", "Five", "Six", "All")
_PARTS = {0.25: "a quarter of a processor", 0.5: "half a processor", 1.0: "one processor"}
_NO_LIMIT = 2**60  # from here on, version 1 means that there is none
_UNREADABLE = "cannot be read here"
_MB = 2**20


def process(course: Course, tell: Tell, name: str) -> dict[str, Any]:
    """Return what the picture of a container's first process shows.

    Raises
    ------
    CourseError
        If there is no such container, or it does not run.
    """
    del course, tell
    with connect() as engine:
        container = find(engine, name)
        if container.pid is None:
            raise _at_rest(container)
        return drawn(container, read_process(container))


def _at_rest(container: Container) -> Refused:
    name = container.name
    what = f"{name} has no process now: it is {container.status}."
    if container.state is State.RESTARTING:
        return Refused(what, next=f"`docker logs {name}` shows why it ends each time.")
    return Refused(what, next=f"Start it with `docker start {name}`, and press Read again.")


def drawn(container: Container, seen: Process) -> dict[str, Any]:
    """Return what the page draws."""
    shared = {one.kind: one.shared for one in seen.namespaces}
    machine = str(container.engine.info.get("Name") or _UNREADABLE)
    host = machine if shared["uts"] else container.attrs["Config"].get("Hostname") or _UNREADABLE
    namespaces = [_namespace(container, one) for one in seen.namespaces]
    files = [_file(one) for one in seen.files]
    return {
        "command": seen.command,
        "inside": {"number": seen.number_inside, "host": host, "user": _user(seen.user_inside)},
        "outside": {"number": seen.number_outside, "host": machine, "user": _user(seen.user_outside)},
        "namespaces": namespaces,
        "files": files,
        "version": seen.version,
        "say": sentence(container.name, seen, namespaces, files),
    }


def sentence(name: str, seen: Process, namespaces: list[dict[str, Any]], files: list[dict[str, Any]]) -> str:
    """Sum up the picture."""
    inside, outside = seen.number_inside, seen.number_outside
    own = [one["is"] for one in namespaces].count("own")
    if all(one["is"] == "unknown" for one in namespaces):
        counted = "Its namespaces cannot be read here."
    else:
        counted = f"{_COUNTS[own]} of its seven namespaces {'is' if own == 1 else 'are'} its own."
    words = {one["key"]: one["words"] for one in files}
    return (
        f"{name}'s first process is number {inside} inside and {outside} on the engine's machine. "
        f"{counted} {_may_use(words['memory limit'])}"
    )


def _may_use(limit: str) -> str:
    if limit == "no limit":
        return "Its memory has no limit."
    return (
        "Its memory limit cannot be read here." if limit == _UNREADABLE else f"It may use {limit} of memory."
    )


def _user(number: int | None) -> str:
    if number is None:
        return "one without a number here"
    return "0, root" if number == 0 else str(number)


def _namespace(container: Container, one: Namespace) -> dict[str, Any]:
    joined = _joined(container, one.kind)
    if one.shared is None:
        what, word = "unknown", _UNREADABLE
    elif one.shared:
        what, word = "shared", "shared"
    elif joined:
        what, word = "joined", f"shared with {joined}"
    else:
        what, word = "own", "its own"
    return {
        "kind": one.kind,
        "separates": _SEPARATES[one.kind],
        "of_process": one.of_process or _UNREADABLE,
        "of_engine": one.of_engine or _UNREADABLE,
        "is": what,
        "word": word,
    }


def _joined(container: Container, kind: str) -> str:
    """Return the name of the container whose namespace it was given; empty where it has its own."""
    mode = str(container.attrs["HostConfig"].get(_JOINED.get(kind, "")) or "")
    if not mode.startswith("container:"):
        return ""
    other = mode.partition(":")[2]
    return _named(container.engine, other)


def _named(engine: Engine, other: str) -> str:
    try:
        return find(engine, other).name
    except Missing:
        return "another container"


def _file(one: CgroupFile) -> dict[str, Any]:
    return {
        "key": one.key,
        "inside": one.inside or _UNREADABLE,
        "outside": one.outside or _UNREADABLE,
        "text": _held(one),
        "words": in_words(one.key, one.text),
    }


def _held(one: CgroupFile) -> str:
    """Return the file's text. In version 1 a share of processors is written into two files."""
    first, space, period = (one.text or _UNREADABLE).partition(" ")
    if one.key == "processors" and space and (one.inside or one.outside or "").endswith("cpu.cfs_quota_us"):
        return f"{first}, and cpu.cfs_period_us holds {period}"
    return one.text or _UNREADABLE


def in_words(key: str, text: str | None) -> str:
    """Return what a file of a control group means, of version 1 or 2.

    Examples
    --------
    >>> in_words("memory limit", "67108864"), in_words("processors", "50000 100000")
    ('64 MB', 'half a processor')
    """
    numbers = (text or "").split()
    if not numbers:
        return _UNREADABLE
    first = numbers[0]
    if first in {"max", "-1"}:
        return "no limit"
    if not all(one.isdecimal() for one in numbers):
        return _UNREADABLE
    if key == "processors":
        return _processors(int(first) / int(numbers[1])) if len(numbers) > 1 else _UNREADABLE
    if key == "processes":
        return f"{first} at most"
    return "no limit" if int(first) >= _NO_LIMIT else _size(int(first))


def _processors(share: float) -> str:
    return _PARTS.get(share) or f"{share:.2f}".rstrip("0").rstrip(".") + " processors"


def _size(size: int) -> str:
    if size >= 1024 * _MB:
        return f"{size / 1024 / _MB:.1f} GB".replace(".0 ", " ")
    if size < 10 * _MB:
        return f"{size / _MB:.1f} MB".replace(".0 ", " ")
    return f"{size / _MB:.0f} MB"
