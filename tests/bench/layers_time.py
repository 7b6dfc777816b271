"""How long ``layers()`` takes, for the largest image of the engine up to 500 MB.

======================== ==========================================================================
layers_first_s           until instructions and sizes are drawn
layers_s                 until the files are too
layers_warm_s            the same once more: the course's own process remembers the image
======================== ==========================================================================
"""

from __future__ import annotations

import threading
import time

from checker.engine.connect import connect
from checker.ui import helper
from checker.ui.layer_picture import layers

_MOST = 500_000_000  # bytes


def measured() -> dict[str, float]:
    """Measure. The process is started before."""
    helper.helper().ask("doctor")
    name = _largest()
    first, whole = _measured(name)
    _, warm = _measured(name)
    return {"layers_first_s": first, "layers_s": whole, "layers_warm_s": warm}


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


def _largest() -> str:
    with connect() as engine:
        found = engine.client.images.list()
    fitting = [(image.attrs["Size"], image.tags[0]) for image in found if image.tags]
    return str(max(one for one in fitting if one[0] <= _MOST)[1])
