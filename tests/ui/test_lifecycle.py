"""The picture's story on the real engine: complete, the same each time, and it leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from processes import start_hearing

from checker import lifecycle
from checker.engine.waiting import ticks
from checker.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.engine.connect import Engine
    from checker.ui.life_picture import Lifecycle

NAME = f"c02-life-{os.getpid()}"


@pytest.fixture
def picture(engine: Engine) -> Iterator[Lifecycle]:
    shown = lifecycle(NAME)
    yield shown
    shown.close()
    for left in engine.client.containers.list(ignore_removed=True, all=True, filters={"name": f"^/?{NAME}"}):
        left.remove(force=True)


def following() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("course-life")]


def eventually(true: Callable[[], Any]) -> None:
    for _ in ticks(10):
        if true():
            return
    pytest.fail("what the test waits for did not come about")


def last_step(picture: Lifecycle) -> str:
    return " ".join(repr(picture.table()).splitlines()[-1].split())


STORY = """\
step  event    state after  note
   1  create   created
   2  start    running
   3  pause    paused
   4  unpause  running
   5  kill     running      asked to stop (SIGTERM)
   6  die      stopped      exit code 143
   7  stop     stopped      the request is done
   8  start    running
   9  kill     running      ended by force (SIGKILL)
  10  die      stopped      exit code 137
  11  start    running
  12  kill     running      asked to stop (SIGTERM)
  13  die      stopped      exit code 143
  14  stop     stopped      the request is done
  15  start    running
  16  restart  running      the request is done
  17  kill     running      ended by force (SIGKILL)
  18  die      stopped      exit code 137
  19  destroy  removed"""


@pytest.mark.engine
def test_the_whole_story_right_after_it_happened(picture: Lifecycle, engine: Engine) -> None:
    made = engine.client.containers.create("busybox:1.37", ["sleep", "300"], name=NAME, init=True)
    start_hearing(made)
    made.pause()
    made.unpause()
    made.stop()
    made.start()
    made.kill()
    start_hearing(made)
    made.restart()
    made.remove(force=True)
    assert repr(picture.table()) == STORY
    assert "| 6 | die | stopped | exit code 143 |" in picture.table()._repr_markdown_()
    eventually(lambda: len(picture.view["steps"]) == 19)
    assert picture.view["state"] == "removed"


@pytest.mark.engine
def test_the_last_events_are_waited_for(picture: Lifecycle, engine: Engine) -> None:
    ends = ["sh", "-c", "exit 3"]
    for number in range(1, 4):
        made = engine.client.containers.run("busybox:1.37", ends, name=NAME, detach=True)
        made.wait()
        assert last_step(picture) == f"{4 * number - 1} die stopped exit code 3"
        made.remove()
        assert last_step(picture) == f"{4 * number} destroy removed"
    vanishing = engine.client.containers.create("busybox:1.37", ends, name=NAME, auto_remove=True)
    vanishing.start()
    vanishing.wait()
    assert last_step(picture) == "16 destroy removed"


@pytest.mark.engine
def test_out_of_memory_is_a_step(picture: Lifecycle, engine: Engine) -> None:
    if not engine.info.get("MemoryLimit"):
        pytest.skip("this engine cannot limit memory")
    eats = ["sh", "-c", "tail /dev/zero"]
    made = engine.client.containers.create("busybox:1.37", eats, name=NAME, mem_limit="8m")
    made.start()
    made.wait()
    assert last_step(picture) == "4 die stopped exit code 137"
    assert "\n   3  oom     running      out of memory\n" in repr(picture.table())


@pytest.mark.engine
def test_one_that_was_there_already_is_the_first_step(engine: Engine, picture: Lifecycle) -> None:
    engine.client.containers.create("busybox:1.37", ["true"], name=NAME)
    later = lifecycle(NAME)
    try:
        assert repr(later.table()).splitlines()[1:] == ["   1  -      created      it was there already"]
        assert later.view["say"] == f"{NAME} is created: its process has not started."
    finally:
        later.close()


@pytest.mark.engine
def test_one_thread_a_name_and_none_after_closing(picture: Lifecycle) -> None:
    assert following() == [f"course-life-of-{NAME}"]
    later = lifecycle(NAME)
    assert following() == [f"course-life-of-{NAME}"]
    assert (picture.view["live"], later.view["live"]) == (False, True)
    assert picture.view["say"] == f"This picture has ended. A later one shows {NAME}."
    later.close()
    assert following() == []


@pytest.mark.engine
def test_nothing_happened_yet_and_the_text_form_is_stable(picture: Lifecycle) -> None:
    assert repr(picture.table()) == "Nothing has happened yet."
    assert repr(picture) == f"The life of {NAME}, drawn as it happens."
    assert picture.view["say"] == f"No container is named {NAME} yet."


@pytest.mark.engine
def test_it_does_not_keep_the_kernel_alive(engine: Engine) -> None:
    code = f"from checker import lifecycle; lifecycle({NAME!r}); print('last line')"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "last line\n", "")


def test_without_an_engine_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such.sock")
    shown = lifecycle(NAME)
    assert "unix:///no/such.sock" in shown.view["trouble"]["message"]
    assert shown.view["trouble"]["next"]
    assert repr(shown) == f"The life of {NAME}, drawn as it happens."
    with pytest.raises(Refused):
        shown.table()
    shown.close()
