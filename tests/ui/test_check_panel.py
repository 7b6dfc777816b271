"""The panel's verbs in the kernel: one at a time, and no press is lost."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any

from checker import panel

if TYPE_CHECKING:
    import threading
    from pathlib import Path


def test_who_sees_that_it_is_no_longer_busy_may_press_at_once(folder: Path) -> None:
    shown = panel()
    pressed: queue.SimpleQueue[threading.Thread | None] = queue.SimpleQueue()

    def press(change: dict[str, Any]) -> None:
        if change["old"]["busy"] == "describe" and not change["new"]["busy"]:
            pressed.put(shown.act("hint"))

    shown.observe(press, names="view")
    if not shown.view["busy"]:  # it was loaded before we could look
        shown.act("describe")
    hinting = pressed.get(timeout=20)
    assert hinting is not None
    hinting.join()
    assert len(shown.view["standing"]["hints"]) == 1
