"""The picture of one process in JupyterLab."""

from __future__ import annotations

import re
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

KINDS = ("pid", "mnt", "net", "uts", "ipc", "user", "cgroup")


@pytest.fixture
def name(engine: Engine) -> Iterator[str]:
    """A container that runs, and is removed in the end."""
    name = f"c01-process-{secrets.token_hex(4)}"
    made = engine.client.containers.run(
        "busybox:1.37", ["sleep", "300"], name=name, hostname="shed", detach=True, init=True
    )
    yield name
    made.remove(force=True)


def shown(screen: Screen, name: str) -> Locator:
    """Show the picture by a cell of the start page, and wait until the process is read."""
    screen.open(START).run(0, f"from checker import process_view; process_view({name!r})")
    picture = screen.page.locator(".course-process")
    expect(picture.get_by_role("status")).to_have_text(
        re.compile(r"first process is number|cannot be shown"), timeout=20_000
    )
    return picture


def test_two_sides_seven_namespaces_and_four_files(screen: Screen, name: str) -> None:
    picture = shown(screen, name)
    expect(picture.get_by_role("status")).to_have_attribute("aria-live", "polite")
    inside, outside = picture.locator(".process-inside"), picture.locator(".process-outside")
    expect(inside).to_contain_text("process number1machine's nameshed")
    number = outside.locator(".process-number").inner_text()
    assert int(number) > 1
    expect(picture.get_by_role("status")).to_contain_text(f"number 1 inside and {number} on the engine's")

    rows = picture.get_by_role("group", name="Namespaces").locator("tbody tr")
    expect(rows).to_have_count(len(KINDS))
    for row, kind in zip(rows.all(), KINDS, strict=True):
        cells = row.get_by_role("cell").all_inner_texts()
        assert cells[0].startswith(kind)
        expected = "= shared" if cells[2] == cells[3] else "≠ its own"
        assert cells[1] == expected
    expect(rows.first).to_contain_text("≠ its own")

    files = picture.locator(".process-file")
    expect(files).to_have_count(4)
    expect(files.first).to_contain_text("Memory limit: no limit")
    expect(files.first).to_contain_text(
        re.compile(r"/sys/fs/cgroup/(memory/memory\.limit_in_bytes|memory\.max)")
    )

    summary = picture.get_by_text("The same as a table (14)")
    summary.focus()
    screen.page.keyboard.press("Enter")
    table = picture.locator(".course-table").get_by_role("row")
    expect(table.filter(has_text="process number")).to_contain_text(number)


def test_read_again_by_keyboard_until_the_container_has_ended(
    screen: Screen, engine: Engine, name: str
) -> None:
    picture = shown(screen, name)
    again = picture.get_by_role("button", name="Read again")
    before = picture.locator(".process-outside .process-number").inner_text()
    engine.client.containers.get(name).restart(timeout=0)
    again.focus()
    screen.page.keyboard.press("Enter")
    expect(picture.locator(".process-outside .process-number")).not_to_have_text(before, timeout=20_000)
    expect(again).to_be_focused()
    engine.client.containers.get(name).kill()
    again.press("Enter")
    expect(picture).to_contain_text(f"{name} has no process now: it is exited", timeout=20_000)
    expect(picture).to_contain_text(f"Next: Start it with docker start {name}")
    expect(picture.locator(".process-side")).to_have_count(0)


def test_what_is_asked_for_is_shown_as_text(screen: Screen) -> None:
    asked = "<img src=x onerror=alert(1)>"
    picture = shown(screen, asked)
    expect(picture.get_by_role("status")).to_have_text(f"The first process of {asked} cannot be shown.")
    expect(picture).to_contain_text("Next:")
    expect(picture.locator("img")).to_have_count(0)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_can_be_read(screen: Screen, name: str, theme: str) -> None:
    picture = shown(screen, name)
    screen.theme(theme)
    screen.page.set_viewport_size({"width": 700, "height": 1000})
    picture.locator("summary").click()
    measured = picture.evaluate(CONTRAST)
    assert len(measured) > 60
    assert [(text, ratio) for text, ratio in measured if ratio < 4.5] == []
    assert accessibility(screen.page, ".course-process") == []
    assert picture.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
