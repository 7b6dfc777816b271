from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from checker import locks
from checker.errors import Refused
from checker.locks import locked

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from checker.locks import locked

with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def held_elsewhere(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_waits_is_told_and_goes_on(state: Path) -> None:
    told: list[str] = []
    with held_elsewhere(state) as process:

        def release() -> None:
            told.append("waits")
            threading.Thread(target=process.kill).start()  # a lock ends with its process

        with locked(state, release):
            assert told == ["waits"]
    with locked(state, release):
        assert told == ["waits"]


def test_other_folders_do_not_wait(state: Path) -> None:
    with locked(state / "one"), locked(state / "two"):
        pass


def test_waiting_has_an_end(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_LONGEST", 0.1)
    with held_elsewhere(state) as process:
        with pytest.raises(Refused, match="for a long time"), locked(state):
            pass
        process.kill()
