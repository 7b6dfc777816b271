"""JupyterLab as ``course lab`` sets it up, and the start page's cells in it."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from .conftest import SMALL, TOKEN

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Lab, Screen

pytestmark = [pytest.mark.browser, pytest.mark.engine]

START = "work/00-start-here.ipynb"


def setting(lab: Lab, plugin: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{lab.url}/lab/api/settings/{plugin}?token={TOKEN}", timeout=10) as answer:
        found = json.load(answer)
    return {name: value.get("default") for name, value in found["schema"]["properties"].items()}


def test_the_start_page_comes_first_and_nothing_pops_up(page: Page, lab: Lab) -> None:
    page.goto(f"{lab.url}/?token={TOKEN}")
    page.wait_for_function(f"window.jupyterapp?.shell.currentWidget?.context?.path === '{START}'")
    expect(page.get_by_role("tab", name="00-start-here.ipynb")).to_be_visible()
    config = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent)")
    assert config["buildCheck"] is False, "a look for a build starts Node each time"
    expect(page.locator(".Toastify__toast")).to_have_count(0)
    expect(page.locator(".jp-Dialog")).to_have_count(0)


def test_autosave_is_quick_and_news_are_off(lab: Lab) -> None:
    assert setting(lab, "@jupyterlab/docmanager-extension:plugin")["autosaveInterval"] == 5
    news = setting(lab, "@jupyterlab/apputils-extension:notification")
    assert (news["fetchNews"], news["checkForUpdates"]) == ("false", False)


def test_the_learners_own_workspace_is_left_alone(screen: Screen) -> None:
    screen.open(START)
    config = Path(screen.lab.environment["JUPYTER_CONFIG_DIR"])
    assert list(config.rglob("workspaces")) == []


def test_the_cells_of_a_start_page(screen: Screen) -> None:
    screen.open(START)
    screen.run(0)
    assert screen.outputs(0)[0]["text"] == f"{sys.executable}\n"

    screen.run(1)
    notes, link = screen.outputs(1)
    assert notes["data"]["text/plain"] == f"Preparing {SMALL}/count."
    assert link["data"]["text/markdown"] == (
        f"**Exercise:** [Count the processes]({SMALL}/count/exercise.ipynb) · 5 minutes"
    )

    screen.run(2)
    assert screen.outputs(2)[0]["data"]["text/plain"] == "The engine is ready."
    expect(screen.page.get_by_role("table")).to_contain_text("Docker Engine")

    screen.run(3)
    (shown,) = screen.outputs(3)
    assert shown["data"]["text/plain"] == "The map of the course. In a terminal: course progress"
    expect(screen.page.locator(".course-map")).to_contain_text("Count the processes · 5 minutes")

    screen.page.get_by_role("link", name="Count the processes").first.click()
    screen.page.wait_for_function(
        f"window.jupyterapp.shell.currentWidget.context.path === 'work/{SMALL}/count/exercise.ipynb'"
    )
