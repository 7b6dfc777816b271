"""The map of networks on the real engine: tried, followed, limited, and it leaves nothing behind."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from checker.engine.waiting import ticks
from checker.errors import EngineFault, Refused
from checker.ui import helper
from checker.ui.network_picture import network_map
from checker.ui.network_reading import DRAWN, survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docker.models.containers import Container

    from checker.engine.connect import Engine
    from checker.ui.network_picture import NetworkMap

SERVES = ["httpd", "-f", "-p", "80"]


class Town:
    """Networks and containers with names of their own."""

    def __init__(self, engine: Engine) -> None:
        self.client = engine.client
        self.prefix = f"t-map-{secrets.token_hex(3)}"
        self.street, self.yard = f"{self.prefix}-street", f"{self.prefix}-yard"

    def network(self, name: str, **options: Any) -> None:
        self.client.networks.create(name, **options)

    def container(self, name: str, command: list[str], **options: Any) -> Container:
        made = self.client.containers.create(
            "busybox:1.37", command, name=f"{self.prefix}-{name}", init=True, **options
        )
        made.start()
        return made

    def plain(self, text: object) -> str:
        return repr(text).replace(f"{self.prefix}-", "")

    def close(self) -> None:
        for left in self.client.containers.list(
            ignore_removed=True, all=True, filters={"name": f"^/?{self.prefix}"}
        ):
            left.remove(force=True)
        for network in self.client.networks.list(names=[self.prefix]):
            network.remove()


@pytest.fixture
def town(engine: Engine) -> Iterator[Town]:
    made = Town(engine)
    yield made
    helper.close_all()
    made.close()


@pytest.fixture
def pictures() -> Iterator[Callable[..., NetworkMap]]:
    shown: list[NetworkMap] = []

    def show(*names: str) -> NetworkMap:
        shown.append(network_map(*names))
        return shown[-1]

    yield show
    for one in shown:
        one.close()


def eventually(true: Callable[[], Any]) -> None:
    for _ in ticks(15):
        if true():
            return
    pytest.fail("what the test waits for did not come about")


def cells(text: str) -> list[list[str]]:
    """Return the table's cells; how wide they are depends on names that differ."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]


@pytest.mark.engine
def test_who_reaches_whom(town: Town, pictures: Callable[..., NetworkMap]) -> None:
    town.network(town.street)
    town.network(town.yard)
    town.container("cook", ["sleep", "300"], network=town.street)
    town.container("shy", ["httpd", "-f", "-p", "127.0.0.1:80"], network=town.yard)
    town.container("web", SERVES, network=town.street, ports={"80/tcp": ("127.0.0.1", None)})
    picture = pictures(town.street, town.yard)
    assert cells(town.plain(picture.table())) == [
        ["from", "to", "by name", "by address"],
        ["cook", "shy", "no (name unknown)", "no (no answer)"],
        ["cook", "web", "yes", "yes"],
        ["shy", "cook", "no (name unknown)", "no (no answer)"],
        ["shy", "web", "no (name unknown)", "no (no answer)"],
        ["web", "cook", "no (refused)", "no (refused)"],
        ["web", "shy", "no (name unknown)", "no (no answer)"],
        ["your machine", "web, port 80", "-", "yes"],
    ]
    assert picture.view["say"] == "Of 6 ways, 1 work by name and 1 by address."
    assert town.plain(picture) == "A map of networks: street, yard."
    listens = {town.plain(name).strip("'"): one for name, one in picture.view["tried"]["listens"].items()}
    assert listens["shy"] == {"outside": [], "inside": [80]}
    assert listens["web"] == {"outside": [80], "inside": []}


@pytest.mark.engine
def test_a_change_makes_results_old_and_a_table_tries_again(
    town: Town, pictures: Callable[..., NetworkMap]
) -> None:
    town.network(town.street)
    town.network(town.yard)
    cook = town.container("cook", ["sleep", "300"], network=town.yard)
    town.container("web", SERVES, network=town.street)
    picture = pictures(town.street, town.yard)
    before = cells(town.plain(picture.table()))
    assert before[1] == ["cook", "web", "no (name unknown)", "no (no answer)"]
    found = picture.view["tried"]
    town.client.networks.get(town.street).connect(cook)
    # A map that is read while the engine connects may show the one half and not yet the other.
    eventually(lambda: len(picture.view["networks"][0]["members"]) == 2)
    eventually(lambda: picture.view["say"] == "Something has changed since the tries: their results are old.")
    assert picture.view["tried"] == found | {"old": True}
    assert [one["name"] for one in picture.view["networks"][0]["members"]] == [
        f"{town.prefix}-cook",
        f"{town.prefix}-web",
    ]
    assert cells(town.plain(picture.table()))[1] == ["cook", "web", "yes", "yes"]
    town.client.networks.get(town.street).disconnect(cook)  # a table waits for no event
    assert cells(town.plain(picture.table())) == before


@pytest.mark.engine
def test_its_own_helpers_change_nothing(town: Town, pictures: Callable[..., NetworkMap]) -> None:
    town.network(town.street)
    town.container("cook", ["sleep", "300"], network=town.street)
    town.container("web", SERVES, network=town.street)
    picture = pictures(town.street)
    picture.table()
    seen = picture.view["networks"]
    picture.try_again()
    picture.table()
    assert picture.view["networks"] == seen
    assert not picture.view["tried"]["old"]


@pytest.mark.engine
def test_a_network_that_is_not_there_yet_is_followed(town: Town, pictures: Callable[..., NetworkMap]) -> None:
    picture = pictures(town.street)
    assert town.plain(picture.view["say"]).strip("'") == (
        "There is no network named street yet. Nothing was tried yet."
    )
    assert repr(picture.table()).startswith("There is nobody to reach")
    town.network(town.street, internal=True)
    eventually(lambda: picture.view["networks"][0]["there"])
    assert picture.view["networks"][0]["internal"]
    web = town.container("web", SERVES, network=town.street)
    eventually(lambda: picture.view["networks"][0]["members"])
    web.pause()
    town.container("cook", ["sleep", "300"], network=town.street)
    assert cells(town.plain(picture.table()))[1:] == [["cook", "web", "no (paused)", "no (paused)"]]


@pytest.mark.engine
def test_only_the_first_are_drawn_and_the_rest_is_counted(town: Town, engine: Engine) -> None:
    town.network(town.street)
    for number in range(DRAWN + 2):
        engine.client.containers.create(
            "busybox:1.37", ["true"], name=f"{town.prefix}-{number:02}", network=town.street
        )
    town.container("zz", ["sleep", "300"], network=town.street)
    found = survey(engine, [town.street])
    drawn = found.drawn["networks"][0]
    assert [one["name"].removeprefix(f"{town.prefix}-") for one in drawn["members"]] == [
        "zz",
        *(f"{number:02}" for number in range(DRAWN - 1)),
    ]
    assert drawn["left_out"] == 3
    assert [one.name for one in found.living] == [f"{town.prefix}-zz"]


@pytest.mark.engine
def test_names_addresses_and_places_are_told(town: Town, engine: Engine) -> None:
    town.network(town.street)
    web = town.container("web", SERVES, network=town.street, ports={"80/tcp": None})
    town.container("side", ["sleep", "300"], network=f"container:{web.id}")
    town.network(town.yard)
    town.client.networks.get(town.yard).connect(web, aliases=["shop"])
    street, yard = survey(engine, [town.street, town.yard]).drawn["networks"]
    (member,) = street["members"]
    assert (member["names"], member["also"]) == ([web.name], [town.yard])
    assert member["shares"] == [f"{town.prefix}-side"]
    assert yard["members"][0]["names"] == [web.name, "shop"]
    (place,) = survey(engine, [town.street]).drawn["published"]
    assert (place["host_ip"], place["container"], place["port"]) == ("", web.name, 80)
    assert town.street in [one["name"] for one in survey(engine, []).drawn["networks"]]


@pytest.mark.engine
def test_stopping_and_closing_leave_no_helper_and_no_thread(
    town: Town, engine: Engine, pictures: Callable[..., NetworkMap]
) -> None:
    town.network(town.street)
    town.network(town.yard)
    ids = [
        town.container("cook", ["sleep", "300"], network=town.yard).id,
        town.container("web", SERVES, network=town.street).id,
    ]

    def helpers() -> list[str]:
        found = engine.client.api.containers(all=True, filters={"label": "docker-course.role=probe"})
        return [one["Id"] for one in found if one["HostConfig"]["NetworkMode"].partition(":")[2] in ids]

    picture = pictures(town.street, town.yard)
    eventually(helpers)
    picture.stop()
    eventually(lambda: picture.view["tried"]["state"] == "stopped")
    assert helpers() == []
    assert picture.view["say"] == "The tries were stopped."
    picture.try_again()
    eventually(helpers)
    picture.close()
    assert helpers() == []
    assert [one for one in threading.enumerate() if one.name in {"course-network-map", "course-reach"}] == []


@pytest.mark.engine
def test_it_does_not_keep_the_kernel_alive_and_its_helpers_go(town: Town, engine: Engine) -> None:
    town.network(town.street)
    cook = town.container("cook", ["sleep", "300"], network=town.street)
    town.container("web", SERVES, network=town.street)
    code = f"from checker.ui.network_picture import network_map; network_map({town.street!r}); print('last')"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "last\n", "")
    left = engine.client.api.containers(all=True, filters={"label": "docker-course.role=probe"})
    assert [one for one in left if one["HostConfig"]["NetworkMode"] == f"container:{cook.id}"] == []


@pytest.mark.engine
def test_a_later_picture_of_the_same_networks_ends_the_earlier(pictures: Callable[..., NetworkMap]) -> None:
    name = f"t-map-{os.getpid()}"
    first, second = pictures(name), pictures(name, name)
    assert (first.view["live"], second.view["live"]) == (False, True)
    assert first.view["say"] == "This picture has ended. A later one shows the same networks."


@pytest.mark.engine
def test_tries_that_fail_say_what_to_do(
    town: Town, pictures: Callable[..., NetworkMap], monkeypatch: pytest.MonkeyPatch
) -> None:
    town.network(town.street)
    town.container("cook", ["sleep", "300"], network=town.street)
    town.container("web", SERVES, network=town.street)
    helper.close_all()
    with monkeypatch.context() as changed:  # the course's own process is started with this
        changed.setenv("DOCKER_HOST", "unix:///no/such.sock")
        helper.helper()
    picture = pictures(town.street)
    with pytest.raises(EngineFault):
        picture.table()
    assert "unix:///no/such.sock" in picture.view["trouble"]["message"]
    assert picture.view["say"] == "The tries came to no end."


def test_without_an_engine_it_says_so(
    monkeypatch: pytest.MonkeyPatch, pictures: Callable[..., NetworkMap]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such.sock")
    shown = pictures("<img src=x>")
    assert "unix:///no/such.sock" in shown.view["trouble"]["message"]
    assert shown.view["trouble"]["next"]
    assert repr(shown) == "A map of networks: <img src=x>."
    with pytest.raises(Refused):
        shown.table()
