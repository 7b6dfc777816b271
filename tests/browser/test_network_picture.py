"""The map of networks in JupyterLab: tried again, stopped, old, read in both themes and by keyboard."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, expect

from .conftest import accessibility
from .test_lab import START
from .test_panel import CONTRAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker.models.containers import Container

    from checker.engine.connect import Engine

    from .conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.engine]

PREFIX = f"t-netmap-{os.getpid()}"
STREET, YARD, COOK, WEB = (f"{PREFIX}-{name}" for name in ("street", "yard", "cook", "web"))


@pytest.fixture
def cook(engine: Engine) -> Iterator[Container]:
    """A container in one network; another network has a web server."""
    client = engine.client

    def run(name: str, *command: str, **options: Any) -> Container:
        made = client.containers.create("busybox:1.37", list(command), name=name, init=True, **options)
        made.start()
        return made

    try:
        for name in (STREET, YARD):
            client.networks.create(name)
        run(WEB, "httpd", "-f", "-p", "80", network=STREET, ports={"80/tcp": None})
        yield run(COOK, "sleep", "300", network=YARD)
    finally:
        for left in client.containers.list(ignore_removed=True, all=True, filters={"name": f"^/?{PREFIX}"}):
            left.remove(force=True)
        for network in client.networks.list(names=[PREFIX]):
            network.remove()


def shown(screen: Screen, *names: str) -> Locator:
    """Show the map by the first cell of the start page."""
    code = f"from checker.ui.network_picture import network_map; picture = network_map(*{names!r}); picture"
    screen.open(START).run(0, code)
    picture = screen.page.locator(".course-network")
    expect(picture).to_be_visible()
    return picture


def tried(picture: Locator, say: str) -> None:
    expect(picture.get_by_role("status")).to_have_text(say, timeout=20_000)


def cell(picture: Locator, source: str, target: int) -> Locator:
    row = picture.locator(".net-matrix tbody tr").filter(
        has=picture.page.get_by_role("rowheader", name=source)
    )
    return row.locator("td").nth(target)


@pytest.mark.usefixtures("cook")
def test_what_is_there_shows_and_is_tried(screen: Screen) -> None:
    picture = shown(screen, STREET, YARD)
    street = picture.locator(".net-network").filter(has=screen.page.get_by_role("heading", name=STREET))
    expect(street).to_contain_text("user-defined: its containers know each other by name")
    tried(picture, "Of 2 ways, 0 work by name and 0 by address.")
    expect(street.locator(".net-container")).to_contain_text("listens on port 80")
    expect(cell(picture, COOK, 1)).to_have_text("name: ✘ name unknownaddress: ✘ no answer")
    expect(cell(picture, COOK, 0)).to_have_text("itself: its localhost")
    expect(picture.locator(".net-machine")).to_contain_text("▲ open to whoever reaches your machine")
    expect(picture.locator(".net-machine")).to_contain_text("✔ yes")
    expect(picture.locator(".net-meanings")).to_contain_text("no answer: nothing comes back.")
    picture.get_by_text("The tries as a table (3)").click()
    expect(picture.get_by_role("row", name=f"{COOK} {WEB} name unknown no answer")).to_be_visible()
    screen.run(1, "picture.table()")
    assert f"{COOK}  " in screen.outputs(1)[0]["data"]["text/plain"]


def test_a_change_makes_it_old_and_the_keyboard_tries_again(
    screen: Screen, engine: Engine, cook: Container
) -> None:
    picture = shown(screen, STREET, YARD)
    tried(picture, "Of 2 ways, 0 work by name and 0 by address.")
    engine.client.networks.get(STREET).connect(cook)
    expect(picture.locator(".net-age")).to_have_text("▲ Old: this was tried before the last change.")
    expect(picture).to_contain_text(f"⇄ also in {STREET}")
    again = picture.get_by_role("button", name="Try again")
    again.focus()
    screen.page.keyboard.press("Enter")
    tried(picture, "Of 2 ways, 1 work by name and 1 by address.")
    expect(picture.locator(".net-age")).to_be_hidden()
    expect(cell(picture, COOK, 1)).to_have_text("name: ✔ yesaddress: ✔ yes")
    expect(again).to_be_focused()


@pytest.mark.usefixtures("cook")
def test_it_can_be_stopped(screen: Screen) -> None:
    picture = shown(screen, STREET, YARD)
    expect(cell(picture, COOK, 1)).to_contain_text("trying", timeout=20_000)
    picture.get_by_role("button", name="Stop").click()
    tried(picture, "The tries were stopped.")
    expect(cell(picture, COOK, 1)).to_contain_text("not tried")


def test_what_is_asked_for_is_shown_as_text(screen: Screen) -> None:
    name = "<img src=x onerror=alert(1)>"
    picture = shown(screen, name)
    tried(picture, f"There is no network named {name} yet. Nothing was tried yet.")
    expect(picture.locator(".net-absent")).to_contain_text("not there yet")
    expect(picture.locator("img")).to_have_count(0)


def test_without_an_engine_it_says_what_to_do(screen: Screen) -> None:
    screen.open(START).run(1, "import os; os.environ['DOCKER_HOST'] = 'unix:///no/such.sock'")
    picture = shown(screen, STREET)
    tried(picture, "The engine does not tell any more what happens to its networks.")
    expect(picture).to_contain_text("Next:")
    expect(picture.get_by_role("button", name="Try")).to_have_attribute("aria-disabled", "true")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.usefixtures("cook")
def test_everybody_can_read_it(screen: Screen, theme: str) -> None:
    picture = shown(screen, STREET, YARD)
    screen.theme(theme)
    tried(picture, "Of 2 ways, 0 work by name and 0 by address.")
    picture.locator("summary").click()
    measured = picture.evaluate(CONTRAST)
    assert len(measured) > 40
    # A button that cannot be pressed now may be pale.
    assert [(text, ratio) for text, ratio in measured if ratio < 4.5 and text != "Stop"] == []
    assert accessibility(screen.page, ".course-network") == []
