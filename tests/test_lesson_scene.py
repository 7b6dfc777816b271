"""Beginning and ending a lesson, on the real engine."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from checker.chapter import Chapter, chapter_file, read_chapter
from checker.errors import Refused
from checker.lesson_scene import begin, end
from checker.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker.models.containers import Container
    from docker.models.volumes import Volume

    from checker.course import Course
    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine

NAME = f"fake{os.getpid()}-note"


@pytest.fixture
def chapter(fake_course: Course, engine: Engine) -> Iterator[Chapter]:
    path = chapter_file(fake_course, "01-small")
    owned = "".join(f'{noun} = ["{NAME}"]\n' for noun in ("containers", "volumes", "networks"))
    path.write_text(f'images = ["busybox"]\n[owns]\n{owned}', "utf-8")
    yield read_chapter(fake_course, "01-small")
    for one in engine.client.containers.list(ignore_removed=True, all=True, filters={"name": f"^/{NAME}"}):
        one.remove(force=True)
    for network in engine.client.networks.list(names=[NAME]):
        network.remove()
    for volume in volumes(engine):
        volume.remove()


def volumes(engine: Engine) -> list[Volume]:
    return [one for one in engine.client.volumes.list() if one.name == NAME]


def made(engine: Engine, name: str = NAME) -> Container:
    return engine.client.containers.create("busybox:1.37", ["sleep", "60"], name=name)


def there(engine: Engine, container: Container) -> bool:
    return container.id in {one["Id"] for one in engine.client.api.containers(all=True)}


def test_what_a_run_left_is_removed_by_the_next_begin_and_by_the_end(
    fake_course: Course, engine: Engine, chapter: Chapter
) -> None:
    begin(fake_course, engine, chapter)
    mine, neighbour = made(engine), made(engine, f"{NAME}-too")
    mine.start()
    engine.client.volumes.create(NAME)
    engine.client.networks.create(NAME)
    begin(fake_course, engine, chapter)
    assert not there(engine, mine)
    assert volumes(engine) == []

    again = made(engine)
    end(fake_course, engine, chapter)
    assert not there(engine, again)
    assert there(engine, neighbour)
    end(fake_course, engine, chapter)  # a second time there is nothing to do


def test_something_elses_name_is_refused_and_left_with_the_way_out(
    fake_course: Course, engine: Engine, chapter: Chapter
) -> None:
    other = made(engine)
    for _ in range(2):  # to refuse is not to begin
        with pytest.raises(
            Refused, match=f"A container named {NAME} is there already. 01-small needs"
        ) as error:
            begin(fake_course, engine, chapter)
    assert error.value.next.endswith(f"run `docker rm --force {NAME}`. Then run this cell again.")
    with pytest.raises(Refused, match="was not begun on this engine"):
        end(fake_course, engine, chapter)
    assert there(engine, other)


def test_a_known_bystander_is_spared(fake_course: Course, engine: Engine, chapter: Chapter) -> None:
    begin(fake_course, engine, chapter)
    other = made(engine)
    folder = fake_course.work(".lessons/01-small")
    record = Record.read(folder)
    assert record
    replace(record, bystanders=[str(other.id)]).write(folder)
    end(fake_course, engine, chapter)
    with pytest.raises(Refused, match="is there already"):
        begin(fake_course, engine, chapter)
    assert there(engine, other)


def test_what_was_begun_on_another_engine_says_nothing_about_this_one(
    fake_course: Course, engine: Engine, chapter: Chapter
) -> None:
    begin(fake_course, engine, chapter)
    folder = fake_course.work(".lessons/01-small")
    record = Record.read(folder)
    assert record
    replace(record, engine="another").write(folder)
    other = made(engine)
    with pytest.raises(Refused, match="is there already"):
        begin(fake_course, engine, chapter)
    assert there(engine, other)


def test_a_port_that_is_taken_is_refused_also_later(
    fake_course: Course, engine: Engine, chapter: Chapter
) -> None:
    begin(fake_course, engine, chapter)
    with socket.create_server(("127.0.0.1", 0)) as server:
        owns = replace(chapter.owns, ports=[server.getsockname()[1]])
        with pytest.raises(Refused, match="is taken by another program") as error:
            begin(fake_course, engine, replace(chapter, owns=owns))
    assert error.value.next.endswith("Then run this cell again.")


def test_what_still_uses_an_object_is_named(fake_course: Course, engine: Engine, chapter: Chapter) -> None:
    begin(fake_course, engine, chapter)
    engine.client.volumes.create(NAME)
    user = engine.client.containers.create("busybox:1.37", name=f"{NAME}-too", volumes={NAME: {"bind": "/v"}})
    with pytest.raises(Refused, match=f"volume {NAME} cannot be removed") as error:
        end(fake_course, engine, chapter)
    assert error.value.next == "Remove what still uses it, then run this cell again."
    assert there(engine, user)
