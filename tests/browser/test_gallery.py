"""The page that shows every piece of the lab: each can be read, in both themes and in a narrow window."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .conftest import COURSE, Lab, Screen, accessibility, copied
from .test_panel import CONTRAST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from checker.engine.connect import Engine

    from .conftest import Tab

pytestmark = [pytest.mark.browser, pytest.mark.engine]

PAGE = "tests/gallery/gallery.ipynb"
#: What each piece looks like in the page's order.
PIECES = (
    "predict", "reveal", "quiz", "tally", "life", "stats", "process", "network", "work", "layers", "parts",
    "build", "stages", "resume", "whole-map", "badge", "panel",
)  # fmt: skip
PICTURES = ("life", "stats", "process", "network", "layers", "parts", "build", "stages")

_RUN_ALL = """async () => {
    await window.jupyterapp.commands.execute('notebook:run-all-cells');
    const page = window.jupyterapp.shell.currentWidget.content;
    const cells = page.widgets.filter(one => one.model.type === "code");
    return cells.flatMap(one => one.model.outputs.toJSON()).filter(one => one.output_type === 'error');
}"""
# A piece may scroll a part of itself sideways, and must not make the page scroll.
_TOO_WIDE = """kind => [...document.querySelectorAll(kind)]
    .filter(one => one.offsetParent && one.scrollWidth > one.clientWidth + 1)
    .map(one => one.className)"""


@pytest.fixture(scope="module")
def gallery(
    start_lab: Callable[[Path], Lab], tmp_path_factory: pytest.TempPathFactory, engine: Engine
) -> Iterator[Lab]:
    """JupyterLab on a copy of the course, the gallery in it."""
    root = copied(tmp_path_factory.mktemp("gallery") / "course")
    shutil.copytree(COURSE / "tests" / "gallery", root / "tests" / "gallery")
    lab = start_lab(root)
    yield lab
    lab.course("clean")
    left = engine.client.containers.list(ignore_removed=True, all=True, filters={"name": "^/?gallery-"})
    assert left == [], "the page's last cell removes what it made"


@pytest.fixture(scope="module")
def shown(tab: Tab, gallery: Lab) -> Screen:
    """The page with every cell run."""
    screen = Screen(tab(gallery), gallery).open(PAGE)
    assert screen.page.evaluate(_RUN_ALL) == []
    return screen


def test_every_piece_is_there_and_can_be_read_by_everybody(shown: Screen) -> None:
    page = shown.page
    for kind in PIECES:
        expect(page.locator(f".course-{kind}").first, kind).to_be_visible(timeout=20_000)
    for kind in PICTURES:
        picture = page.locator(f".course-{kind}")
        expect(picture.get_by_role("status").first).not_to_be_empty()
        picture.locator("summary").last.click()
        expect(picture.locator(".course-table tbody tr").first).to_be_visible()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        shown.theme(theme)
        assert accessibility(page, ".course") == []
        for piece in page.locator(".course").all():
            unreadable = [(text, ratio) for text, ratio in piece.evaluate(CONTRAST) if ratio < 4.5]
            assert unreadable == [], piece.get_attribute("class")


def test_nothing_is_cut_off_in_a_narrow_window(shown: Screen) -> None:
    page = shown.page
    page.set_viewport_size({"width": 700, "height": 900})
    for kind in PIECES:
        expect(page.locator(f".course-{kind}").first).to_be_visible(timeout=20_000)
    assert page.evaluate(_TOO_WIDE, ".course") == []
