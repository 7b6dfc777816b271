"""Tries from inside containers: what they find, and that they leave nothing behind."""

from __future__ import annotations

import io
import socket
import tarfile
import threading
from typing import TYPE_CHECKING

import pytest
from made import Made, making, wait_for

from checker.engine import container, events, network
from checker.engine.reaching import DISCARD, Outcome, Reached, Target, Tries, from_here
from checker.engine.settings import Binding
from checker.errors import EngineFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine
    from checker.engine.container import Container

SERVES = ("httpd", "-f", "-p", "80")


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    with making(engine) as maker:
        yield maker


@pytest.fixture
def tries(engine: Engine) -> Iterator[Tries]:
    with Tries(engine) as trying:
        yield trying


def target(one: Container, port: int = 80) -> Target:
    return Target(one.name, port, tuple(place.ip for place in one.networks.values() if place.ip))


def helpers(engine: Engine, joined: str) -> list[str]:
    """The helpers that are in the network of a container."""
    found = engine.client.api.containers(all=True, filters={"label": "docker-course.role=probe"})
    return [one["Id"] for one in found if one["HostConfig"]["NetworkMode"] == f"container:{joined}"]


@pytest.mark.engine
def test_names_belong_to_a_network_and_networks_are_apart(engine: Engine, made: Made, tries: Tries) -> None:
    street, yard = made.network(), made.network()
    web, cook = made.container(*SERVES, network=street), made.container("sleep", "300", network=street)
    other = made.container(*SERVES, network=yard)
    found = {one.name: one for one in tries.reach(cook.id, [target(web), target(other)])}
    assert found[web.name] == Reached(web.name, Outcome.YES, Outcome.YES)
    assert found[other.name] == Reached(other.name, Outcome.UNKNOWN, Outcome.SILENT)
    assert list(tries.reach(web.id, [target(cook, DISCARD)])) == [
        Reached(cook.name, Outcome.REFUSED, Outcome.REFUSED)
    ]
    assert helpers(engine, cook.id) == helpers(engine, web.id) == []


@pytest.mark.engine
def test_the_default_network_knows_no_names(made: Made, tries: Tries) -> None:
    web, cook = made.container(*SERVES), made.container("sleep", "300")
    assert list(tries.reach(cook.id, [target(web)])) == [Reached(web.name, Outcome.UNKNOWN, Outcome.YES)]


@pytest.mark.engine
def test_a_name_that_leads_elsewhere_is_not_known(made: Made, tries: Tries) -> None:
    web = made.container(*SERVES)
    cook = made.container("sleep", "300", extra_hosts={web.name: "127.0.0.1"})
    assert list(tries.reach(cook.id, [target(web)])) == [Reached(web.name, Outcome.UNKNOWN, Outcome.YES)]


@pytest.mark.engine
def test_a_container_in_two_networks_is_reached_from_both(engine: Engine, made: Made, tries: Tries) -> None:
    street, yard = made.network(), made.network(internal=True)
    web = made.container(*SERVES, network=street)
    engine.client.networks.get(yard).connect(web.id)
    near, far = (made.container("sleep", "300", network=name) for name in (street, yard))
    both = target(web.refresh())
    assert len(both.addresses) == 2
    for source in (near, far):
        assert list(tries.reach(source.id, [both])) == [Reached(web.name, Outcome.YES, Outcome.YES)]
    assert next(tries.reach(far.id, [target(near)])).by_address is Outcome.NO_WAY


@pytest.mark.engine
def test_an_image_without_any_tool_can_be_tried_from(engine: Engine, made: Made, tries: Tries) -> None:
    street, tag = made.network(), made.tag()
    web = made.container(*SERVES, network=street)
    program, packed = web.read_file("/bin/busybox"), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo("busybox")
        member.size, member.mode = len(program), 0o755
        tar.addfile(member, io.BytesIO(program))
    repository, _, version = tag.partition(":")
    engine.client.api.import_image_from_data(packed.getvalue(), repository, tag=version)
    bare = made.container("/busybox", "sleep", "300", image=tag, network=street)
    assert list(tries.reach(bare.id, [target(web)])) == [Reached(web.name, Outcome.YES, Outcome.YES)]


@pytest.mark.engine
def test_those_without_a_network_of_containers(made: Made, tries: Tries) -> None:
    web = made.container(*SERVES)
    alone, host = (made.container("sleep", "300", network=mode) for mode in ("none", "host"))
    (found,) = tries.reach(alone.id, [target(web)])
    assert found == Reached(web.name, Outcome.UNKNOWN, Outcome.NO_WAY)
    assert next(tries.reach(host.id, [target(web)])).by_address is Outcome.YES
    assert [one.by_address for one in tries.reach(web.id, [target(alone), target(host)])] == [
        Outcome.NO_ADDRESS
    ] * 2


@pytest.mark.engine
def test_what_listens_is_read_from_outside(made: Made, tries: Tries) -> None:
    web, shy = made.container(*SERVES), made.container("httpd", "-f", "-p", "127.0.0.1:81")
    tables = tries.listening({one.name: one.pid or 0 for one in (web, shy)} | {"gone": 2**22 + 1})
    assert ":0050 " in tables[web.name]
    assert "0100007F:0051 " in tables[shy.name]
    assert tables["gone"] == ""


@pytest.mark.engine
def test_a_published_port_that_nobody_inside_answers(made: Made, tries: Tries) -> None:
    web = made.container(*SERVES, ports={"80/tcp": ("127.0.0.1", None)})
    shy = made.container("httpd", "-f", "-p", "127.0.0.1:80", ports={"80/tcp": None})
    places = [one.refresh().published(80) for one in (web, shy)]
    assert dict(tries.published(places)) == dict(zip(places, [Outcome.YES, Outcome.CLOSED], strict=True))


def test_a_port_of_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = Binding("0.0.0.0", server.getsockname()[1])
        assert from_here(place) is Outcome.YES

        def drop() -> None:
            for _ in range(2):  # the first is the one above
                server.accept()[0].close()

        dropping = threading.Thread(target=drop)
        dropping.start()
        assert from_here(place) is Outcome.CLOSED
        dropping.join()
    assert from_here(place) is Outcome.REFUSED


@pytest.mark.engine
def test_stopping_removes_the_helpers_and_ends_the_tries(engine: Engine, made: Made, tries: Tries) -> None:
    cook = made.container("sleep", "300")
    nowhere = Target("nowhere", 80, ("203.0.113.1",))
    ended = threading.Event()

    def trying() -> None:
        list(tries.reach(cook.id, [nowhere]))
        ended.set()

    threading.Thread(target=trying).start()
    wait_for(lambda: helpers(engine, cook.id) or ended.is_set())
    tries.stop()
    assert ended.wait(10)
    assert helpers(engine, cook.id) == []
    assert list(tries.reach(cook.id, [nowhere])) == []


@pytest.mark.engine
def test_a_container_that_is_gone_yields_nothing(made: Made, tries: Tries) -> None:
    stopped, gone = made.container("true", start=False), made.container("sleep", "300")
    gone.remove()
    for one in (stopped, gone):
        assert list(tries.reach(one.id, [Target("x", 80, ())])) == []


@pytest.mark.engine
def test_a_helper_that_cannot_be_made_is_the_engines_fault(
    made: Made, tries: Tries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checker.engine.probe.IMAGE", "no-such-image:1")
    with pytest.raises(EngineFault) as caught:
        tries.listening({"x": 1})
    assert caught.value.kind == "image-missing"


@pytest.mark.engine
def test_who_belongs_to_a_network(engine: Engine, made: Made) -> None:
    name = made.network()
    one, idle = made.container("sleep", "300", network=name), made.container(start=False, network=name)
    beside = made.container("sleep", "300", network=f"container:{one.id}")
    listed = {found.name: found for found in network.residents(engine)}
    assert {one.name, idle.name} == {found.name for found in listed.values() if name in found.networks}
    assert listed[beside.name].shares == one.id
    assert name in [found.name for found in network.every(engine)]
    assert container.find(engine, one.id).name == one.name


@pytest.mark.engine
def test_networks_tell_who_comes_and_goes(engine: Engine, made: Made) -> None:
    since = events.now(engine)
    name = made.network()
    made.container("sleep", "300", network=name)

    def told() -> list[str]:
        with events.follow(
            engine, since=since, until=events.now(engine), actions=events.NETWORK_ACTIONS, kinds=("network",)
        ) as found:
            return [event.action for event in found if event.name == name]

    wait_for(lambda: told() == ["create", "connect"])
