"""The live picture of memory and CPU, as it is drawn while limits are met."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

from .conftest import accessibility
from .test_lab import START
from .test_panel import CONTRAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

    from .conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.engine]

BUSY = ["timeout", "60", "sh", "-c", "while :; do :; done"]


@pytest.fixture
def names(engine: Engine) -> Iterator[list[str]]:
    """Three names: of one that runs out of memory, one that is always busy, one that rests."""
    if not (engine.info.get("MemoryLimit") and engine.info.get("CpuCfsQuota")):
        pytest.skip("this engine cannot limit memory or CPU")
    begin = f"c02-{secrets.token_hex(3)}"
    yield [f"{begin}-{word}" for word in ("hungry", "busy", "calm")]
    for left in engine.client.containers.list(
        ignore_removed=True, all=True, filters={"name": f"^/?{begin}-"}
    ):
        left.remove(force=True)


def shown(screen: Screen, *names: str) -> Locator:
    """Show the picture by the first cell of the start page."""
    asks = "from checker.ui.stats_picture import live_stats"
    screen.open(START).run(0, f"{asks}; picture = live_stats(*{names!r}); picture")
    picture = screen.page.locator(".course-stats")
    expect(picture).to_be_visible()
    return picture


def run_all(engine: Engine, names: list[str]) -> None:
    """Run what meets its limits, and what does not."""
    run = engine.client.containers.run
    hungry, busy, calm = names
    run("busybox:1.37", ["sleep", "300"], name=calm, detach=True, init=True)
    run("busybox:1.37", BUSY, name=busy, detach=True, init=True, nano_cpus=200_000_000)
    eats = ["sh", "-c", "sleep 2; tail /dev/zero"]
    run("busybox:1.37", eats, name=hungry, detach=True, init=True, mem_limit="16m")


def card(picture: Locator, name: str) -> Locator:
    return picture.locator(".stats-card").filter(has_text=name)


def test_limits_that_are_met_are_drawn_and_told(screen: Screen, engine: Engine, names: list[str]) -> None:
    hungry, busy, calm = names
    picture = shown(screen, *names)
    expect(card(picture, hungry)).to_have_text(f"{hungry}· no container yet")
    run_all(engine, names)
    says = picture.get_by_role("status")
    expect(says).to_have_attribute("aria-live", "polite")
    expect(says).to_contain_text(
        f"{hungry} is stopped: it was ended once for lack of memory.", timeout=20_000
    )
    expect(says).to_contain_text(f"{busy} is held back by its CPU limit of 0.2 cores.", timeout=20_000)

    expect(card(picture, hungry)).to_contain_text("■ stopped✖ out of memory: once")
    expect(card(picture, hungry).locator(".stats-mark.stats-ooms")).to_have_text("✖")
    expect(card(picture, hungry).locator(".stats-word.stats-ooms")).to_have_text("✖ out of memory")
    expect(card(picture, busy).locator(".stats-word.stats-throttled").first).to_have_text("▼ throttled")
    expect(card(picture, busy)).to_contain_text("of 0.2 cores, throttled")
    expect(card(picture, calm)).to_contain_text("no limit: all of the engine's machine,")
    expect(picture.get_by_role("img", name=f"Memory of {hungry} in the last minute")).to_be_visible()

    picture.get_by_text("The same as a table (3)").click()
    expect(picture.get_by_role("row").filter(has_text=hungry)).to_contain_text("16 MB")
    expect(picture.get_by_role("row").filter(has_text=hungry).get_by_role("cell").last).to_have_text("once")
    expect(picture.get_by_role("row").filter(has_text=busy).get_by_role("cell").nth(6)).to_contain_text(
        "times"
    )
    engine.client.containers.get(busy).pause()
    expect(card(picture, busy)).to_contain_text("‖ paused")
    expect(picture.get_by_role("row").filter(has_text=calm).get_by_role("cell").nth(6)).to_have_text("no")

    screen.run(1, "picture.table()")
    table = screen.outputs(1)[0]["data"]["text/plain"].splitlines()
    assert table[1].split()[-3:] == ["limit", "yes", "no"]


def test_the_line_grows_and_a_page_that_is_opened_anew_has_all_of_it(
    screen: Screen, engine: Engine, names: list[str]
) -> None:
    *_, calm = names
    picture = shown(screen, calm)
    engine.client.containers.run("busybox:1.37", ["sleep", "300"], name=calm, detach=True, init=True)
    grown = (
        "([name, least]) => (document.querySelector(name)?.getAttribute('d').split('L').length ?? 0) >= least"
    )
    screen.page.wait_for_function(grown, arg=[".course-stats .stats-line", 4])
    screen.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    screen.page.reload()
    screen.page.wait_for_function("window.jupyterapp !== undefined")
    expect(picture).to_be_visible(timeout=30_000)
    screen.page.wait_for_function(grown, arg=[".course-stats .stats-line", 5])


def test_many_containers_stay_usable_by_keyboard(screen: Screen) -> None:
    picture = shown(screen, *(f"c02-{secrets.token_hex(3)}" for _ in range(100)))
    expect(picture.locator(".stats-card")).to_have_count(10)
    expect(picture).to_contain_text("Drawn and measured are the first 10. Of the other 90,")
    summary = picture.locator("summary")
    expect(summary).to_have_text("The same as a table (100)")
    summary.focus()
    screen.page.keyboard.press("Enter")
    expect(picture.get_by_role("row")).to_have_count(101)
    expect(summary).to_be_focused()


def test_what_is_asked_for_is_shown_as_text(screen: Screen) -> None:
    name = "<img src=x onerror=alert(1)>"
    picture = shown(screen, name)
    expect(picture.get_by_role("status")).to_have_text(f"No container is named {name} yet.")
    expect(picture.locator("img")).to_have_count(0)


def test_without_an_engine_it_says_what_to_do(screen: Screen) -> None:
    screen.open(START).run(1, "import os; os.environ['DOCKER_HOST'] = 'unix:///no/such.sock'")
    picture = shown(screen, "c02-hungry")
    expect(picture.get_by_role("status")).to_have_text(
        "The engine does not tell any more what the containers use."
    )
    expect(picture).to_contain_text("unix:///no/such.sock")
    expect(picture).to_contain_text("Next:")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("width", [1200, 700])
def test_every_text_can_be_read(
    screen: Screen, engine: Engine, names: list[str], theme: str, width: int
) -> None:
    picture = shown(screen, *names)
    screen.theme(theme)
    screen.page.set_viewport_size({"width": width, "height": 1000})
    run_all(engine, names)
    expect(picture.locator(".stats-word.stats-ooms")).to_be_visible(timeout=20_000)
    expect(picture.locator(".stats-word.stats-throttled")).to_be_visible(timeout=20_000)
    picture.locator("summary").click()
    measured = picture.evaluate(CONTRAST)
    assert len(measured) > 25
    assert [(text, ratio) for text, ratio in measured if ratio < 4.5] == []
    assert accessibility(screen.page, ".course-stats") == []
