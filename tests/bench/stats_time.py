"""``python -m tests.bench.stats_time``: what a live picture of memory and CPU costs the kernel's process.

========================= ======================================================================
stats_one_percent         CPU of this process while a picture follows one idle container, of a core
stats_ten_percent         the same with ten
stats_new_ten_percent     the same with ten in the picture's first seconds, when each second is sent
stats_bytes_a_second      what is sent each second at most, with ten
========================= ======================================================================
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from checker.engine.connect import connect
from checker.engine.waiting import ticks
from checker.errors import CourseError
from checker.ui.stats_picture import live_stats

if TYPE_CHECKING:
    from collections.abc import Iterator

_STILL = 65.0  # seconds after which a whole minute was the same, and nothing is sent any more
_MEASURED = 20.0  # seconds


def measured() -> dict[str, float]:
    """Measure a picture of one and one of ten idle containers."""
    with idle(10) as names:
        one = live_stats(names[0])
        wait(_STILL)
        alone = percent()
        one.close()
        ten = live_stats(*names)
        wait(2)
        new = percent()
        sent = len(json.dumps(ten.now))
        wait(_STILL - _MEASURED)
        still = percent()
        ten.close()
    return {
        "stats_one_percent": alone,
        "stats_ten_percent": still,
        "stats_new_ten_percent": new,
        "stats_bytes_a_second": sent,
    }


@contextmanager
def idle(count: int) -> Iterator[list[str]]:
    """Run idle containers, and remove them in the end."""
    begin = f"bench-{secrets.token_hex(3)}"
    names = [f"{begin}-{number}" for number in range(count)]
    with connect() as engine:
        try:
            for name in names:
                engine.client.containers.run(
                    "busybox:1.37", ["sleep", "600"], name=name, detach=True, init=True, mem_limit="16m"
                )
            yield names
        finally:
            for left in engine.client.containers.list(
                ignore_removed=True, all=True, filters={"name": f"^/?{begin}-"}
            ):
                left.remove(force=True)


def percent() -> float:
    """Return how much of a core this process uses for a while."""
    began, used = time.monotonic(), time.process_time()
    wait(_MEASURED)
    return 100 * (time.process_time() - used) / (time.monotonic() - began)


def wait(seconds: float) -> None:
    """Wait; waking up once a second costs nothing that shows."""
    for _ in ticks(seconds, every=1.0):
        pass


if __name__ == "__main__":
    try:
        values = measured()
    except CourseError as error:
        sys.exit(f"bench: {error} {error.next}")
    for name, value in values.items():
        print(f"{name}: {value:.4g}")
