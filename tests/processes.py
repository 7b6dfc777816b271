"""What tests ask of processes: is one alive, has something come."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from docker.models.containers import Container


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Say whether the process lives; one that has ended and was not waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def start_hearing(made: Container) -> None:
    """Start a container with ``init=True``, and wait until its first process hears TERM: it has a child."""
    made.start()
    wait_for(lambda: len(made.top()["Processes"] or ()) > 1)
