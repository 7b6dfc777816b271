"""One process serves many answers: none of them sees another. No engine is needed."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from processes import alive, wait_for
from test_answer import write

from checker.answer import Answers
from checker.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.result import Answer


@pytest.fixture(params=[True, False], ids=["forks", "fresh"])
def answers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """Answers as where there is fork, and as where there is none."""
    monkeypatch.setattr(Process, "forks", request.param)
    with Answers() as answers:
        yield answers


def run(answers: Answers, folder: Path, source: str, limit: float = 30.0, **environment: str) -> Answer:
    write(folder, ("answer", source))
    with answers.answered(folder, os.environ | environment, limit) as answer:
        return answer


def test_nothing_of_one_answer_is_there_in_the_next(answers: Answers, tmp_path: Path) -> None:
    dirty = """
import atexit, os, signal, sys, threading, time
import colorsys
x = 1
os.environ['LEFT'] = 'behind'
os.chdir('/')
sys.path.append('/left')
signal.signal(signal.SIGTERM, signal.SIG_IGN)
get_ipython().run_line_magic('load_ext', 'autoreload')
threading.Thread(target=time.sleep, args=(600,)).start()
atexit.register(time.sleep, 600)
"""
    clean = """
import os, signal, sys
assert 'x' not in globals() and 'LEFT' not in os.environ and '/left' not in sys.path
assert 'colorsys' not in sys.modules
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
assert not get_ipython().extension_manager.loaded - {'storemagic'}
print(os.getcwd(), len(In))
"""
    assert run(answers, tmp_path, dirty).status == "ok"
    answer = run(answers, tmp_path, clean)

    assert (answer.status, answer.error) == ("ok", "")
    assert answer.output_tail.split() == [str(tmp_path), "2"]  # as in a new kernel's first cell


def test_each_answer_has_the_environment_that_it_was_given(answers: Answers, tmp_path: Path) -> None:
    source = "import os\n!echo $WORD\nprint(os.environ['WORD'])"

    assert run(answers, tmp_path, source, WORD="one").output_tail.split() == ["one", "one"]
    assert run(answers, tmp_path, source, WORD="two").output_tail.split() == ["two", "two"]


def test_a_module_beside_the_notebook_hides_a_library_as_in_a_kernel(
    answers: Answers, tmp_path: Path
) -> None:
    (tmp_path / "docker.py").write_text("mine = True\n")
    (tmp_path / "requests").mkdir()
    (tmp_path / "requests" / "__init__.py").write_text("mine = True\n")

    assert run(answers, tmp_path, "import docker\nprint(docker.mine)").output_tail == "True\n"
    assert run(answers, tmp_path, "import requests\nprint(requests.mine)").output_tail == "True\n"


def test_an_answer_may_drive_a_terminal(answers: Answers, tmp_path: Path) -> None:
    source = """
import os, pty
pid, terminal = pty.fork()
if not pid:
    os.execvp('sh', ['sh', '-c', 'read line < /dev/tty; tty; echo got $line > got.txt'])
os.write(terminal, b'a line\\n')
said = b''
while not said.count(b'\\n') > 1:
    said += os.read(terminal, 100)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode())
"""
    answer = run(answers, tmp_path, source)

    assert answer.status == "ok", answer
    assert answer.output_tail.startswith("0 a line")
    assert "/dev/" in answer.output_tail
    assert (tmp_path / "got.txt").read_text() == "got a line\n"


def test_a_process_that_left_the_group_disturbs_no_later_answer(answers: Answers, tmp_path: Path) -> None:
    source = """
import os, subprocess
loud = subprocess.Popen(['sh', '-c', 'while sleep 0.01; do echo loud; done'], start_new_session=True)
if not os.fork():
    os.setsid()
    open('pid', 'w').write(str(os.getpid()))
    while True:
        os.write(1, b'loud')
while not os.path.exists('pid'):
    pass
print('first', loud.pid)
"""
    pids = []
    try:
        answer = run(answers, tmp_path, source)
        assert answer.status == "ok", answer
        pids = [int((tmp_path / "pid").read_text())]

        assert run(answers, tmp_path, "print('second')").output_tail == "second\n"
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):  # it ends by itself once nobody reads what it writes
                os.kill(pid, 9)


def test_an_answer_that_stops_the_process_itself_ends_only_its_own_trial(
    answers: Answers, tmp_path: Path
) -> None:
    if Process.forks:
        source = "import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(600)"
        assert run(answers, tmp_path, source, limit=1.0).status == "timeout"

    assert run(answers, tmp_path, "print('next')").output_tail == "next\n"


def test_an_answer_that_was_stopped_leaves_the_process_ready(answers: Answers, tmp_path: Path) -> None:
    source = (
        "import os\nopen('pid', 'w').write(str(os.getpid()))\nprint('here', flush=True)\nwhile True: pass"
    )
    answer = run(answers, tmp_path, source, limit=1.0)

    assert (answer.status, answer.output_tail) == ("timeout", "here\n")
    wait_for(lambda: not alive(int((tmp_path / "pid").read_text())))
    assert run(answers, tmp_path, "print('next')").output_tail == "next\n"


def test_all_that_was_printed_is_there_at_the_end(answers: Answers, tmp_path: Path) -> None:
    lines = run(answers, tmp_path, "!seq 20000\n!echo end >&2").output_tail.splitlines()

    assert lines[-3:] == ["19999", "20000", "end"]
