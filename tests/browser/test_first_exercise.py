"""A learner's first minutes, on the real course: the start page, a wrong answer, the right one."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .conftest import COURSE, Screen, answers_in, copied

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from checker.engine.connect import Engine

    from .conftest import Lab

pytestmark = [pytest.mark.browser, pytest.mark.engine]

FIRST = "00-start-here/first-container"
SOLUTION = COURSE / "solutions" / FIRST
WRONG = SOLUTION / "mutants" / "example-copied"


def test_from_the_start_page_to_passed(
    page: Page, start_lab: Callable[[Path], Lab], engine: Engine, tmp_path: Path
) -> None:
    del engine
    lab = start_lab(copied(tmp_path))
    (solved,) = answers_in(SOLUTION / "exercise.ipynb")
    screen = Screen(page, lab).open("work/00-start-here.ipynb")
    try:
        link = "from checker import exercise_link; exercise_link('00-start-here/first-container')"
        screen.run(screen.cell("exercise_link("), link)
        page.get_by_role("link", name="Your first container").click()
        page.wait_for_function(
            "window.jupyterapp.shell.currentWidget.context.path.endsWith('first-container/exercise.ipynb')"
        )
        screen.open(f"work/{FIRST}/exercise.ipynb")
        panel = screen.panel()

        (answer,) = screen.answer_cells()
        screen.run(answer, (WRONG / "answer.py").read_text("utf-8"))
        panel.get_by_role("button", name="Check", exact=True).click()
        expect(panel.get_by_role("status")).to_contain_text("Not yet", timeout=20_000)
        expected = tomllib.loads((WRONG / "expect.toml").read_text("utf-8"))
        line = panel.locator(f'[data-check="{expected["check"]}"]')
        expect(line).to_contain_text("failed")
        expect(line).to_contain_text(expected["phrase"])

        panel.get_by_role("button", name="Reset").click()
        panel.get_by_role("button", name="Begin anew").click()
        expect(panel).to_have_attribute("data-verdict", "", timeout=20_000)
        expect(panel).to_have_attribute("aria-busy", "false")
        screen.run(answer, solved)
        panel.get_by_role("button", name="Check", exact=True).click()
        expect(panel).to_have_attribute("data-verdict", "passed", timeout=20_000)
        expect(panel.get_by_role("link", name="why it works")).to_be_visible()
    finally:
        page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        lab.course("reset", FIRST)
