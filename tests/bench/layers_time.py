"""``python -m tests.bench.layers_time [image …]``: how long ``layers()`` takes. Nothing here passes or fails.

For each image three lines: until its instructions and sizes are drawn, until its files are too, and the
same once more, when the course's own process remembers it. Without a name, the largest images of the
engine up to 500 MB.
"""

from __future__ import annotations

import sys
import threading
import time

from checker.engine.connect import connect
from checker.ui import helper
from checker.ui.layer_picture import layers

_MOST = 500_000_000  # bytes
_IMAGES = 3


def main(names: list[str]) -> None:
    """Print ``name: seconds`` lines. The process is started before anything is measured."""
    helper.helper().ask("doctor")
    for name in names or _largest():
        for once in ("cold", "warm"):
            first, whole = _measured(name)
            print(f"layers_{once}_first_s {name}: {first:.2f}")
            print(f"layers_{once}_s {name}: {whole:.2f}", flush=True)


def _measured(name: str) -> tuple[float, float]:
    """Return the seconds until something is drawn, and until all of it is."""
    drawn = threading.Event()
    started = time.perf_counter()
    picture = layers(name)

    def look(_: object) -> None:
        if picture.view["images"] or picture.view["trouble"]:
            drawn.set()

    picture.observe(look, "view")
    look(None)
    drawn.wait(60)
    first = time.perf_counter() - started
    picture.table()
    return first, time.perf_counter() - started


def _largest() -> list[str]:
    with connect() as engine:
        found = engine.client.images.list()
    fitting = sorted(
        (image.attrs["Size"], image.tags[0]) for image in found if image.tags and image.attrs["Size"] <= _MOST
    )
    return [tag for _, tag in fitting[-_IMAGES:]]


if __name__ == "__main__":
    main(sys.argv[1:])
