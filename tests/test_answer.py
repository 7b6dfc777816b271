"""Running an answer's cells. No engine is needed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from processes import alive, wait_for

from checker.answer import TAIL, Answers, does_something
from checker.answers_file import read_answers, write_answer
from checker.errors import UsageError
from checker.notebook import Damaged

if TYPE_CHECKING:
    from pathlib import Path

    from checker.result import Answer


def write(folder: Path, *cells: tuple[str, str]) -> Path:
    """Write a notebook of code cells: (tag, source)."""
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": "# Task", "metadata": {}},
            *(
                {"cell_type": "code", "source": source, "metadata": {"tags": [tag] if tag else []}}
                for tag, source in cells
            ),
        ]
    }
    (folder / "exercise.ipynb").write_text(json.dumps(notebook))
    return folder


def run(folder: Path, limit: float = 60.0) -> Answer:
    with Answers() as answers, answers.answered(folder, os.environ, limit) as answer:
        return answer


def test_every_code_cell_but_the_check_runs_in_the_answers_folder(tmp_path: Path) -> None:
    folder = write(
        tmp_path, ("", "a = 1"), ("answer", "open('seen.txt', 'w').write(str(a + 1))"), ("check", "1 / 0")
    )

    assert run(folder).status == "ok"
    assert (folder / "seen.txt").read_text() == "2"


def test_magics_shell_and_modules_beside_the_notebook_work(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("word = 'whale'\n")
    folder = write(
        tmp_path,
        ("answer", "from helper import word\n!echo $word > shell.txt"),
        ("answer", "%%writefile magic.txt\nmagic"),
        ("answer", "import asyncio\nawait asyncio.sleep(0)\nget_ipython().run_line_magic('cd', '-q .')"),
    )

    answer = run(folder)
    assert answer.status == "ok", answer
    assert (folder / "shell.txt").read_text() == "whale\n"
    assert (folder / "magic.txt").read_text() == "magic\n"


def test_an_answer_py_stands_for_the_answer_cells(tmp_path: Path) -> None:
    folder = write(tmp_path, ("", "x = 1"), ("answer", "1 / 0"), ("answer", "1 / 0"), ("", "print('end', x)"))
    (folder / "answer.py").write_text("x = 2\n!echo from the shell\n")

    answer = run(folder)
    assert answer.status == "ok", answer
    assert answer.output_tail.splitlines()[-2:] == ["from the shell", "end 2"]


def test_an_answer_py_runs_also_where_no_cell_asks_for_it(tmp_path: Path) -> None:
    folder = write(tmp_path, ("", "x = 1"))
    (folder / "answer.py").write_text("print('seen', x)\n")

    assert "seen 1" in run(folder).output_tail


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("1 / 0", "Cell 1: ZeroDivisionError: division by zero"),
        ("if", "Cell 1: SyntaxError"),
        ("input('name?')", "Cell 1: "),
        ("import sys\nsys.exit(3)", "Cell 1: SystemExit: 3"),
    ],
)
def test_a_cell_that_raises_is_named_and_the_rest_runs(tmp_path: Path, source: str, error: str) -> None:
    folder = write(tmp_path, ("answer", source), ("answer", "print('after', 'all')"))

    answer = run(folder)
    assert answer.status == "raised"
    assert answer.error.startswith(error)
    assert "after all" in answer.output_tail


def test_an_answer_that_ends_its_process_is_named(tmp_path: Path) -> None:
    answer = run(write(tmp_path, ("answer", "import os\nos._exit(0)")))

    assert (answer.status, answer.error) == ("raised", "The answer ended its own process.")


def test_an_answer_that_never_ends_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        (
            "answer",
            "import subprocess\nchild = subprocess.Popen(['sleep', '600'])\n"
            "open('pid', 'w').write(str(child.pid))\nprint('begun', flush=True)\nwhile True: pass",
        ),
    )

    answer = run(folder, limit=3.0)
    assert answer.status == "timeout"
    assert "within 3 seconds" in answer.error
    assert "begun" in answer.output_tail
    wait_for(lambda: not alive(int((folder / "pid").read_text())))


@pytest.mark.parametrize(
    ("cell", "does"),
    [("", False), ("\n  \n", False), ("# one\n  # two", False), ("# one\n!ls", True), ("x", True)],
)
def test_comments_alone_do_nothing(cell: str, does: bool) -> None:
    assert does_something(cell) is does


def test_output_without_end_is_cut(tmp_path: Path) -> None:
    folder = write(tmp_path, ("answer", "for n in range(300_000): print('x' * 20, n)"))

    answer = run(folder)
    assert answer.status == "ok"
    assert len(answer.output_tail) == TAIL
    assert answer.output_tail.endswith("299999\n")


def test_what_an_answer_starts_lives_until_it_was_checked(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        ("answer", "import subprocess\nopen('pid', 'w').write(str(subprocess.Popen(['sleep', '600']).pid))"),
    )

    with Answers() as answers, answers.answered(folder, os.environ) as answer:
        assert answer.status == "ok"
        pid = int((folder / "pid").read_text())
        assert alive(pid)
    wait_for(lambda: not alive(pid))


@pytest.mark.parametrize("text", ["{ half", '{"cells": [1]}', None])
def test_a_damaged_notebook_is_said(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "exercise.ipynb").write_text(text)

    with pytest.raises(Damaged) as caught:
        run(tmp_path)
    assert "course reset" in caught.value.next


def test_answers_are_added_to_what_is_there(state: Path, tmp_path: Path) -> None:
    write_answer(tmp_path, pid=12)
    write_answer(tmp_path, names=["a"], pid=13)

    assert read_answers(tmp_path) == {"pid": 13, "names": ["a"]}


def test_sets_and_bytes_are_kept_as_json_has_them(state: Path, tmp_path: Path) -> None:
    write_answer(tmp_path, own={"uts", "net"}, said=b"one kernel\n", pairs=[{2, 1}])

    assert read_answers(tmp_path) == {"own": ["net", "uts"], "said": "one kernel\n", "pairs": [[1, 2]]}


@pytest.mark.parametrize("value", [object(), {object()}, float("nan")])
def test_a_value_that_cannot_be_handed_in_changes_nothing(state: Path, tmp_path: Path, value: object) -> None:
    write_answer(tmp_path, pid=12)

    with pytest.raises(UsageError, match="cannot be handed in"):
        write_answer(tmp_path, pid=value)
    assert read_answers(tmp_path) == {"pid": 12}


def test_a_damaged_answer_file_is_written_anew(state: Path, tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_text("{ half")
    write_answer(tmp_path, pid=12)

    assert read_answers(tmp_path) == {"pid": 12}
