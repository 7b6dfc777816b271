"""How observed values and containers read in a sentence."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from checker.errors import CourseError

if TYPE_CHECKING:
    from checker.engine.container import Container

_LONGEST = 200
_LAST = 3


def described(value: Any) -> str:
    """Show a value as a person would name it.

    Examples
    --------
    >>> described("127.0.0.1"), described(None), described(False), described(["a", "b"])
    ('127.0.0.1', 'nothing', 'no', 'a, b')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return ", ".join(map(described, items)) or "nothing"
    return shortened(str(value)) or "an empty text"


def shortened(text: str) -> str:
    """Put ``text`` on one line and cut what is too long to read."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def circumstances(container: Container) -> dict[str, str]:
    """Say how a container is and what it logged last: evidence for a failure. Never raises for a lost one."""
    try:
        container.refresh()
    except CourseError:
        return {"container": container.name, "status": "removed"}
    found = {"container": container.name, "status": container.status}
    with suppress(CourseError):
        lines = container.logs(tail=_LAST).lines[-_LAST:]
        found["log"] = "\n".join(map(shortened, lines))
    return found


def sentences(found: dict[str, str]) -> list[str]:
    """Put :func:`circumstances` in words."""
    if not found:
        return []
    told = [f"{found['container']} is {found['status']}"]
    if log := found.get("log"):
        told.append(f"its last log lines: {' / '.join(log.splitlines())}")
    return told


def parts(problem: Exception) -> dict[str, str]:
    """Take a failure apart, to make another one with more in it."""
    return {name: getattr(problem, name, "") for name in ("expected", "actual", "reason", "why", "next")}
