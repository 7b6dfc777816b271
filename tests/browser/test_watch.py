"""The panel's lines follow what the learner does, without a press, and Check stays what counts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .conftest import Lab, Screen, accessibility, small_copy
from .test_panel import CONTRAST, GREET, RIGHT, greeter, line, notebook, press

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from checker.engine.connect import Engine

    from .conftest import Tab

pytestmark = [pytest.mark.browser, pytest.mark.engine]


@pytest.fixture(scope="module")
def looking(
    start_lab: Callable[[Path], Lab], tmp_path_factory: pytest.TempPathFactory, engine: Engine
) -> Iterator[Lab]:
    """JupyterLab on a small course in which the first check of the greeting only looks."""
    root = small_copy(tmp_path_factory.mktemp("looking") / "course")
    checks = root / "exercises" / GREET / "checks.py"
    checks.write_text(checks.read_text().replace("(points=1)", "(points=1, observes=True)"))
    yield start_lab(root)
    for container in engine.client.containers.list(
        ignore_removed=True, all=True, filters={"name": f"^/?fake{os.getpid()}-"}
    ):
        container.remove(force=True)


@pytest.fixture
def page(tab: Tab, looking: Lab) -> Page:
    return tab(looking)


@pytest.fixture
def panel(page: Page, looking: Lab) -> Locator:
    """The panel of the greeting, begun anew."""
    looking.begin(GREET)
    screen = Screen(page, looking).open(notebook(GREET))
    return screen.panel()


def test_a_line_looks_done_before_check_and_changed_after(
    panel: Locator, page: Page, looking: Lab, engine: Engine
) -> None:
    expect(line(panel, "greeter")).to_contain_text("not yet", timeout=20_000)
    expect(line(panel, "right_name")).to_contain_text("not checked")
    expect(panel).to_contain_text("0 of 1 watched lines look done. Check decides, and tests the others.")
    said = (looking.root / "work" / GREET / "name.txt").read_text().strip()
    name = greeter(Screen(page, looking))
    made = engine.client.containers.run("busybox:1.37", ["echo", f"hello {said}"], name=name, detach=True)
    expect(line(panel, "greeter")).to_contain_text("looks done", timeout=20_000)
    expect(line(panel, "greeter")).not_to_contain_text("1 of 1")
    expect(panel).to_have_attribute("data-verdict", "")

    press(panel, "Check")
    expect(panel.get_by_role("status")).to_have_text("Passed: 2 of 2 checks passed.", timeout=20_000)
    expect(line(panel, "greeter")).to_contain_text("passed")
    expect(panel.locator(".course-since")).to_have_count(0)
    made.remove(force=True)
    expect(line(panel, "greeter")).to_contain_text(
        "Changed since the last Check: not yet now.", timeout=20_000
    )
    expect(line(panel, "greeter")).to_contain_text("passed")


def test_the_switch_works_by_keyboard_and_is_remembered(panel: Locator, page: Page, looking: Lab) -> None:
    switch = panel.get_by_role("switch", name="Watch")
    expect(switch).to_have_attribute("aria-checked", "true", timeout=20_000)
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(panel).to_contain_text("Lines change when you press Check.")
    expect(line(panel, "greeter")).to_contain_text("not checked")
    again = Screen(page, looking).panel()
    expect(again.get_by_role("switch", name="Watch")).to_have_attribute("aria-checked", "false")
    page.keyboard.press("Escape")
    again.get_by_role("switch", name="Watch").click()
    expect(line(again, "greeter")).to_contain_text("not yet", timeout=20_000)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_can_be_read(panel: Locator, page: Page, looking: Lab, theme: str) -> None:
    screen = Screen(page, looking)
    screen.theme(theme)
    screen.run(1, RIGHT % greeter(screen))
    expect(line(panel, "greeter")).to_contain_text("looks done", timeout=20_000)
    measured = panel.evaluate(CONTRAST)
    assert len(measured) > 10
    assert [(text, ratio) for text, ratio in measured if ratio < 4.5] == []
    assert accessibility(page, ".course-panel") == []


def test_the_terminal_opens_once_in_the_exercises_folder(panel: Locator, page: Page) -> None:
    button = panel.get_by_role("button", name="Terminal")
    button.focus()
    page.keyboard.press("Enter")
    terminal = page.locator(".jp-Terminal")
    expect(terminal).to_be_visible(timeout=20_000)
    expect(line(panel, "right_name")).to_be_in_viewport()
    terminal.locator("textarea").focus()
    page.keyboard.type("pwd > here.txt; command -v course docker >> here.txt\n")
    expect(terminal).to_have_count(1)
    button.click()
    expect(terminal).to_have_count(1)
    page.wait_for_function(
        """async ([path, exercise]) => {
            const contents = window.jupyterapp.serviceManager.contents;
            const file = await contents.get(path).catch(() => null);
            return file && file.content.split('\\n').filter(Boolean).length === 3 &&
                file.content.split('\\n')[0].endsWith(exercise);
        }""",
        arg=[f"work/{GREET}/here.txt", GREET],
    )
