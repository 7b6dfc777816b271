"""Starting and resetting, on the real engine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from checker.errors import CourseFault, Refused
from checker.record import Record
from checker.work import reset, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.course import Course
    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine

GREET, COUNT = "01-small/greet", "01-small/count"


@pytest.fixture(autouse=True)
def clean(engine: Engine) -> Iterator[None]:
    yield
    for name in ("fake-greet", "fake-busy"):
        for one in engine.client.containers.list(
            ignore_removed=True, all=True, filters={"name": f"^/{name}$"}
        ):
            one.remove(force=True)


def greeting(engine: Engine, **options: Any) -> Any:
    return engine.client.containers.create("busybox:1.37", ["echo", "hello"], name="fake-greet", **options)


def record(folder: Path) -> Record:
    found = Record.read(folder)
    assert found is not None
    return found


def names(engine: Engine) -> set[str]:
    return {one.name or "" for one in engine.client.containers.list(ignore_removed=True, all=True)}


def replace_in(course: Course, exercise: str, old: str, new: str) -> None:
    path = course.root / "exercises" / exercise / "checks.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_start_copies_the_starter_and_sets_the_scene(fake_course: Course, engine: Engine) -> None:
    folder = start(fake_course, engine, "count")

    assert folder == fake_course.root / "work" / COUNT
    assert sorted(path.name for path in folder.iterdir()) == [".course.json", "exercise.ipynb"]
    busy = engine.client.containers.get("fake-busy")
    assert busy.status == "running"
    assert busy.labels["docker-course.exercise"] == COUNT
    data = json.loads((folder / ".course.json").read_text())
    assert (data["exercise"], data["engine"], data["bystanders"]) == (COUNT, engine.id, [])
    assert data["schema"] == "docker-course/work/1"


def test_the_seed_chooses_the_scene(fake_course: Course, engine: Engine) -> None:
    folder = start(fake_course, engine, "greet", seed=5)
    assert (folder / "name.txt").read_text() == "Ada-5\n"
    assert record(folder).seed == 5

    reset(fake_course, engine, "greet")
    assert record(folder).seed != 5
    assert (folder / "name.txt").read_text() == f"Ada-{record(folder).seed % 1000}\n"


def test_starting_twice_keeps_everything_and_says_so(fake_course: Course, engine: Engine) -> None:
    folder = start(fake_course, engine, "greet")
    greeting(engine)
    (folder / "exercise.ipynb").write_text("mine")
    before, said = record(folder), list[str]()
    start(fake_course, engine, "greet", say=said.append)

    assert record(folder) == before
    assert (folder / "exercise.ipynb").read_text() == "mine"
    assert "fake-greet" in names(engine)
    assert "is started already" in said[0]


def test_on_another_engine_the_files_stay_and_the_scene_is_set_again(
    fake_course: Course, engine: Engine
) -> None:
    folder = start(fake_course, engine, "count")
    (folder / "exercise.ipynb").write_text("mine")
    replace(record(folder), engine="another").write(folder)
    engine.client.containers.get("fake-busy").remove(force=True)
    start(fake_course, engine, "count")

    assert record(folder).engine == engine.id
    assert (folder / "exercise.ipynb").read_text() == "mine"
    assert "fake-busy" in names(engine)


def test_a_taken_name_is_refused_left_alone_and_nothing_is_made(fake_course: Course, engine: Engine) -> None:
    mine = greeting(engine)

    with pytest.raises(Refused) as caught:
        start(fake_course, engine, "greet")

    assert "A container named fake-greet is there already" in caught.value.message
    assert "docker rm --force fake-greet" in caught.value.next
    assert engine.client.containers.get("fake-greet").id == mine.id
    assert not (fake_course.root / "work").exists()
    with pytest.raises(Refused, match="was not started here"):
        reset(fake_course, engine, "greet")
    assert "fake-greet" in names(engine)


def test_a_taken_port_is_refused_and_nothing_is_made(fake_course: Course, engine: Engine) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        replace_in(fake_course, GREET, 'containers=["fake-greet"]', f"ports=[{port}]")
        with pytest.raises(Refused) as caught:
            start(fake_course, engine, "greet")

    assert f"Port {port} is taken by another program" in caught.value.message
    assert not (fake_course.root / "work").exists()


def test_what_an_earlier_scene_left_is_replaced(fake_course: Course, engine: Engine) -> None:
    folder = start(fake_course, engine, "count")
    first = engine.client.containers.get("fake-busy").id
    (folder / ".course.json").unlink()
    start(fake_course, engine, "count")

    assert engine.client.containers.get("fake-busy").id != first


@pytest.mark.parametrize("what", ["1 / 0", "raise KeyboardInterrupt"])
def test_a_start_that_ends_half_way_leaves_nothing(fake_course: Course, engine: Engine, what: str) -> None:
    replace_in(fake_course, COUNT, "init=False)", f"init=False)\n    {what}")

    with pytest.raises((CourseFault, KeyboardInterrupt)):
        start(fake_course, engine, "count")

    assert "fake-busy" not in names(engine)
    assert not list((fake_course.root / "work").rglob("*"))


def test_a_start_that_ends_half_way_keeps_the_learners_files(fake_course: Course, engine: Engine) -> None:
    folder = fake_course.work(COUNT)
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    replace_in(fake_course, COUNT, "init=False)", "init=False)\n    1 / 0")

    with pytest.raises(CourseFault):
        start(fake_course, engine, "count")

    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_folder_that_cannot_be_made_is_said(fake_course: Course, engine: Engine) -> None:
    (fake_course.root / "work").write_text("in the way")

    with pytest.raises(Refused, match="work"):
        start(fake_course, engine, "count")
    assert "fake-busy" not in names(engine)


def test_ctrl_c_while_starting_undoes_it(fake_course: Course, engine: Engine) -> None:
    stop = "init=False)\n    print('ready', flush=True)\n    import time\n    time.sleep(600)"
    replace_in(fake_course, COUNT, "init=False)", stop)
    process = subprocess.Popen(
        [sys.executable, "-m", "checker", "start", COUNT],
        env=os.environ | {"COURSE_ROOT": str(fake_course.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    assert "fake-busy" in names(engine)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "fake-busy" not in names(engine)
    assert not list((fake_course.root / "work").rglob("*"))


def test_reset_removes_the_answer_and_keeps_what_the_learner_wrote(
    fake_course: Course, engine: Engine
) -> None:
    folder = start(fake_course, engine, "greet")
    greeting(engine)
    (folder / "exercise.ipynb").write_text("mine")
    (folder / "sub").mkdir()
    (folder / "sub" / "notes.txt").write_text("notes")
    said: list[str] = []
    reset(fake_course, engine, "greet", say=said.append)

    assert "fake-greet" not in names(engine)
    starter = fake_course.root / "exercises" / GREET / "exercise.ipynb"
    assert (folder / "exercise.ipynb").read_bytes() == starter.read_bytes()
    assert not (folder / "sub").exists()
    (kept,) = (fake_course.root / "work" / ".kept" / "01-small").iterdir()
    assert kept.name.startswith("greet-")
    assert sorted(path.name for path in kept.rglob("*")) == ["exercise.ipynb", "notes.txt", "sub"]
    assert (kept / "exercise.ipynb").read_text() == "mine"
    assert str(kept) in said[0]


def test_reset_without_changes_keeps_no_copies(fake_course: Course, engine: Engine) -> None:
    start(fake_course, engine, "greet")
    reset(fake_course, engine, "greet")

    assert not (fake_course.root / "work" / ".kept").exists()


def test_reset_never_touches_a_bystander(fake_course: Course, engine: Engine) -> None:
    folder = start(fake_course, engine, "greet")
    mine = greeting(engine)
    replace(record(folder), bystanders=[str(mine.id)]).write(folder)
    reset(fake_course, engine, "greet")

    assert engine.client.containers.get("fake-greet").id == mine.id
