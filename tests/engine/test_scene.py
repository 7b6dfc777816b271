"""What an exercise owns: found, made, and removed without touching anything else."""

from __future__ import annotations

import secrets
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from made import BUSYBOX, Made, making

from checker.engine import container, image, network, probe, scene, volume
from checker.engine.errors import Missing
from checker.errors import CourseFault
from checker.exercise import Exercise, Owns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    with making(engine) as maker:
        yield maker


@pytest.fixture
def exercise(engine: Engine) -> Iterator[Exercise]:
    """An exercise of this test's own; whatever it owns is gone in the end."""
    word = secrets.token_hex(4)
    one = Exercise(
        f"99-test/{word}", title="t", minutes=1,
        owns=Owns(containers=[f"c99-{word}"], images=[f"c99-{word}:1"], networks=[f"c99-{word}"],
                  volumes=[f"c99-{word}"]),
    )  # fmt: skip
    yield one
    scene.remove(engine, one)


def owning(*ports: int, name: str = "c99-nobody") -> Exercise:
    return Exercise("99-test/other", title="t", minutes=1, owns=Owns(containers=[name], ports=list(ports)))


def test_nothing_is_taken_on_a_clean_engine(engine: Engine, exercise: Exercise) -> None:
    assert not scene.taken(engine, exercise)


def test_a_whole_scene_is_made_found_and_removed(engine: Engine, exercise: Exercise) -> None:
    name = exercise.owns.containers[0]
    maker = scene.Scene(engine, exercise, {"busybox": BUSYBOX}.__getitem__)
    maker.network(name)
    maker.volume(name)
    maker.image(f"{name}:1", {"Dockerfile": f"FROM {BUSYBOX}\nCOPY d/f /\n", "d/f": b"\xff"})
    one = maker.container(
        name,
        "busybox",
        "sleep 300",
        network=name,
        ports={"80/tcp": 0},
        volumes={name: {"bind": "/v", "mode": "rw"}},
    )
    assert one.published(80).loopback
    assert one.labels[scene.EXERCISE_LABEL] == exercise.id
    found = scene.taken(engine, exercise)
    assert sorted(held.noun for held in found.objects) == ["container", "image", "network", "volume"]
    assert {held.label for held in found.objects} == {exercise.id}
    removed = scene.remove(engine, exercise)
    assert {held.id for held in removed.gone} == set(found.ids)
    assert removed.kept == ()
    assert not scene.taken(engine, exercise)
    assert scene.remove(engine, exercise).gone == ()


def test_a_scene_makes_declared_names_only(engine: Engine, exercise: Exercise) -> None:
    maker = scene.Scene(engine, exercise, str)
    with pytest.raises(CourseFault, match="c99-undeclared"):
        maker.container("c99-undeclared", BUSYBOX)
    with pytest.raises(CourseFault, match="volume"):
        maker.volume("c99-undeclared")


def test_names_that_only_look_alike_are_left_alone(engine: Engine, exercise: Exercise, made: Made) -> None:
    name = exercise.owns.containers[0]
    longer, odd = made.container(name=f"{name}-2"), made.container(name=f"x{name}")
    assert not scene.taken(engine, exercise)
    scene.remove(engine, exercise)
    assert longer.refresh()
    assert odd.refresh()


def test_a_bystander_is_kept_and_what_replaced_it_is_not(
    engine: Engine, exercise: Exercise, made: Made
) -> None:
    name = exercise.owns.containers[0]
    bystander = made.container("sleep", "300", name=name)
    keep = scene.taken(engine, exercise).ids
    assert scene.remove(engine, exercise, keep).gone == ()
    assert bystander.refresh().running
    bystander.remove()
    made.container(name=name, start=False)
    assert [held.name for held in scene.remove(engine, exercise, keep).gone] == [name]


def test_a_deaf_container_is_removed(engine: Engine, exercise: Exercise, made: Made) -> None:
    made.container("sh", "-c", "trap '' TERM; while :; do sleep 1; done", name=exercise.owns.containers[0])
    assert len(scene.remove(engine, exercise).gone) == 1


def test_what_a_bystander_uses_is_kept_and_said(
    engine: Engine, exercise: Exercise, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene, "_PATIENCE", 0.2)
    name = exercise.owns.networks[0]
    maker = scene.Scene(engine, exercise, str)
    maker.network(name)
    maker.volume(name)
    other = made.container("sleep", "300", network=name, volumes={name: {"bind": "/v", "mode": "rw"}})
    removed = scene.remove(engine, exercise)
    assert {held.noun for held, _ in removed.kept} == {"network", "volume"}
    assert all(why for _, why in removed.kept)
    assert network.find(engine, name)
    assert volume.find(engine, name)
    other.remove()
    assert scene.remove(engine, exercise).kept == ()


def test_only_the_tag_of_a_shared_image_goes(engine: Engine, exercise: Exercise, made: Made) -> None:
    tag = exercise.owns.images[0]
    base = image.find(engine, BUSYBOX)
    engine.client.api.tag(base.id, tag.partition(":")[0], "1")
    user = made.container("sleep", "300", image=tag)
    scene.remove(engine, exercise)
    assert image.find(engine, BUSYBOX).id == base.id
    assert user.refresh().running
    with pytest.raises(Missing):
        image.find(engine, tag)


def test_an_image_that_a_stopped_container_still_needs_loses_its_tag(
    engine: Engine, exercise: Exercise, made: Made
) -> None:
    tag = exercise.owns.images[0]
    maker = scene.Scene(engine, exercise, str)
    kept = maker.image(tag, {"Dockerfile": f"FROM {BUSYBOX}\nRUN echo {secrets.token_hex(4)} >/x\n"})
    user = made.container("true", image=tag)
    assert scene.remove(engine, exercise).kept == ()
    with pytest.raises(Missing):
        image.find(engine, tag)
    assert user.refresh().image_id == kept.id
    user.remove()


def test_two_who_remove_at_once(engine: Engine, exercise: Exercise) -> None:
    maker = scene.Scene(engine, exercise, str)
    maker.network(exercise.owns.networks[0])
    maker.container(exercise.owns.containers[0], BUSYBOX, "sleep 300", network=exercise.owns.networks[0])
    results: list[scene.Removed] = []
    threads = [
        threading.Thread(target=lambda: results.append(scene.remove(engine, exercise))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.kept for one in results] == [(), (), ()]
    assert not scene.taken(engine, exercise)


def test_a_probe_that_was_left_behind_undoes_and_goes(engine: Engine, exercise: Exercise, made: Made) -> None:
    kept = volume.find(engine, made.volume())
    mount = made.container(start=False, volumes={kept.name: {"bind": "/v", "mode": "rw"}}).mounts[0]
    left = probe.Probe(engine, exercise.id, mounts=[mount])
    left.script(f"echo x >/m0/file; echo 'rm /m0/file' >{probe.UNDO}")
    scene.remove(engine, exercise)
    with pytest.raises(Missing):
        container.find(engine, left.name)
    with probe.Probe(engine, mounts=[mount]) as look:
        assert look.script("ls /m0").stdout == ""


def test_who_holds_a_port(engine: Engine, made: Made) -> None:
    one = made.container("sleep", "300", ports={"80/tcp": ("127.0.0.1", None)})
    port = one.published(80).host_port
    assert scene.taken(engine, owning(port)).ports == {port: f"container {one.name}"}
    if not engine.endpoint.url.startswith("unix:"):
        pytest.skip("the engine's ports are not this machine's")
    with socket.create_server(("127.0.0.1", 0)) as server:
        other = server.getsockname()[1]
        found = scene.taken(engine, owning(port, other))
        assert found.ports == {port: f"container {one.name}", other: "another program"}
    assert scene.taken(engine, owning(other)).ports == {}
