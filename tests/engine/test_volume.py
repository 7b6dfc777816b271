"""Volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from made import Made, making, wait_for

from checker.engine import volume
from checker.engine.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    with making(engine) as maker:
        yield maker


def test_a_volume_and_who_uses_it(engine: Engine, made: Made) -> None:
    name = made.volume(labels={"k": "v"}, driver_opts={"type": "tmpfs", "device": "tmpfs", "o": "size=1m"})
    one = made.container("sleep", "300", volumes={name: {"bind": "/v", "mode": "rw"}})
    stopped = made.container(start=False, volumes={name: {"bind": "/w", "mode": "ro"}})
    made.container(start=False, volumes={made.volume(): {"bind": f"/{name}", "mode": "rw"}})
    found = volume.find(engine, name)
    assert (found.driver, found.labels, found.options["o"]) == ("local", {"k": "v"}, "size=1m")
    assert found.used_by() == tuple(sorted([one.name, stopped.name]))
    assert not found.anonymous


def test_files_of_a_volume_that_no_container_uses(engine: Engine, made: Made) -> None:
    one = volume.find(engine, made.volume())
    one.write_file("x", b"\xff\x00hello")
    assert one.read_file("x") == b"\xff\x00hello"
    with pytest.raises(Missing, match=f"named y in volume {one.name}"):
        one.read_file("y")
    assert not one.used_by()


def test_files_of_a_volume_while_a_container_uses_it(engine: Engine, made: Made) -> None:
    one = volume.find(engine, made.volume())
    user = made.container("sh", "-c", "while ! cat /v/in; do sleep 0.1; done > /v/out",
                          volumes={one.name: {"bind": "/v", "mode": "rw"}})  # fmt: skip
    one.write_file("in", b"seen")
    wait_for(lambda: user.refresh().ended)
    assert one.read_file("out") == b"seen"


def test_an_anonymous_volume_is_told_apart(engine: Engine, made: Made) -> None:
    one = made.container("sleep", "300", volumes=["/data"])
    (mount,) = one.mounts
    assert (mount.type, str(mount.destination)) == ("volume", "/data")
    assert volume.find(engine, mount.source).anonymous


def test_a_missing_volume(engine: Engine) -> None:
    with pytest.raises(Missing, match="volume named no-such"):
        volume.find(engine, "no-such-volume")
