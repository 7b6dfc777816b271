"""The picture of a container's life, as it is drawn while things happen on the engine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect
from processes import start_hearing

from .test_lab import START
from .test_panel import CONTRAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker.models.containers import Container

    from checker.engine.connect import Engine

    from .conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.engine]

NAME = f"c02-life-{os.getpid()}"


@pytest.fixture
def living(engine: Engine) -> Iterator[Container]:
    """A container that was created and answers to TERM at once."""
    made = engine.client.containers.create("busybox:1.37", ["sleep", "300"], name=NAME, init=True)
    yield made
    for left in engine.client.containers.list(ignore_removed=True, all=True, filters={"name": f"^/?{NAME}$"}):
        left.remove(force=True)


def shown(screen: Screen, name: str = NAME) -> Locator:
    """Show the picture by the first cell of the start page."""
    screen.open(START).run(0, f"from checker import lifecycle; picture = lifecycle({name!r}); picture")
    picture = screen.page.locator(".course-life")
    expect(picture).to_be_visible()
    return picture


def test_it_is_drawn_as_it_happens(screen: Screen, living: Container) -> None:
    picture = shown(screen)
    says = picture.get_by_role("status")
    expect(says).to_have_text(f"{NAME} is created: its process has not started.")
    expect(says).to_have_attribute("aria-live", "polite")
    start_hearing(living)
    expect(says).to_have_text(f"{NAME} is running: its process has started.")
    expect(picture.locator(".life-names .life-now")).to_have_text("runningnow")
    living.pause()
    expect(says).to_have_text(f"{NAME} is paused: its process waits in memory.")
    living.unpause()
    living.stop()
    expect(says).to_have_text(f"{NAME} is stopped: its process ended with exit code 143.")
    expect(picture.locator(".life-event")).to_have_text(
        ["", "start", "pause", "unpause", "kill", "die", "stop"]
    )
    expect(picture.locator(".life-note").filter(has_text="143")).to_have_text("exit code 143")
    living.remove()
    expect(says).to_have_text(f"{NAME} is removed: the container and its writable layer are gone.")

    picture.get_by_text("The steps as a table (8)").click()
    expect(picture.get_by_role("row", name="6 die stopped exit code 143")).to_be_visible()
    screen.run(1, "picture.table()")
    assert "6  die      stopped" in screen.outputs(1)[0]["data"]["text/plain"]


def test_a_long_life_scrolls_and_shows_its_end(screen: Screen, living: Container) -> None:
    picture = shown(screen)
    living.start()
    for _ in range(50):
        living.kill("WINCH")
        living.kill("CONT")
    says = picture.locator("summary")
    expect(says).to_have_text("The steps as a table (102)", timeout=20_000)
    strip = picture.get_by_role("group", name=f"The life of {NAME}; the arrow keys move along it")
    width, seen = strip.evaluate("one => [one.scrollWidth, one.clientWidth]")
    assert width > 100 * 50 > seen
    expect(strip.locator(".life-event").last).to_be_in_viewport()
    expect(strip.locator(".life-event").first).not_to_be_in_viewport()

    strip.focus()
    for _ in range(4):
        screen.page.keyboard.press("ArrowLeft")
    expect(strip.locator(".life-event").last).not_to_be_in_viewport()
    screen.page.keyboard.press("Home")
    expect(strip.locator(".life-event").nth(1)).to_be_in_viewport()
    living.pause()  # whoever looks back is not thrown to the end
    expect(says).to_have_text("The steps as a table (103)")
    expect(strip.locator(".life-event").nth(1)).to_be_in_viewport()


def test_what_is_asked_for_is_shown_as_text(screen: Screen) -> None:
    name = "<img src=x onerror=alert(1)>"
    picture = shown(screen, name)
    expect(picture.get_by_role("status")).to_have_text(f"No container is named {name} yet.")
    expect(picture.locator("img")).to_have_count(0)


def test_without_an_engine_it_says_what_to_do(screen: Screen) -> None:
    screen.open(START).run(1, "import os; os.environ['DOCKER_HOST'] = 'unix:///no/such.sock'")
    picture = shown(screen)
    expect(picture.get_by_role("status")).to_have_text(
        f"The engine does not tell any more what happens to {NAME}."
    )
    expect(picture).to_contain_text("unix:///no/such.sock")
    expect(picture).to_contain_text("Next:")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_can_be_read(screen: Screen, living: Container, theme: str) -> None:
    picture = shown(screen)
    screen.theme(theme)
    start_hearing(living)
    living.stop()
    expect(picture.locator(".life-event")).to_have_text(["", "start", "kill", "die", "stop"])
    picture.locator("summary").click()
    measured = picture.evaluate(CONTRAST)
    assert len(measured) > 25
    assert [(text, ratio) for text, ratio in measured if ratio < 4.5] == []
