"""The picture of an image's parts in JupyterLab."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect
from pushed import push, registry

from checker.engine import build

from .conftest import accessibility
from .test_lab import START
from .test_panel import CONTRAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

    from .conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.engine]

MARKUP = "<img src=x onerror=alert(1)>"
DOCKERFILE = f"""\
FROM busybox:1.37
LABEL course="{MARKUP}"
RUN echo "{MARKUP}" > /menu.txt
CMD ["cat", "/menu.txt", "{MARKUP}"]
"""


@pytest.fixture(scope="module")
def pushed(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image in a registry of its own, with markup wherever it can be."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    with registry(engine) as address:
        reference = f"{address}/team/parts-{secrets.token_hex(4)}:1.0"
        build.build(engine, folder, tags=[reference])
        try:
            push(engine, reference)
            yield reference
        finally:
            engine.client.images.remove(reference, force=True)


def shown(screen: Screen, name: str) -> Locator:
    """Show the picture by a cell of the start page, and wait until the parts are read."""
    screen.open(START).run(0, f"from checker import image_parts; image_parts({name!r})")
    picture = screen.page.locator(".course-parts")
    expect(picture.get_by_role("status")).to_have_text(re.compile(r"points at|cannot be shown"))
    return picture


def test_who_points_at_whom_from_the_tag_to_the_layers(screen: Screen, pushed: str) -> None:
    picture = shown(screen, pushed)
    expect(picture.locator(".parts-title")).to_have_text(
        ["Tag", "Manifest", "Configuration", "Layer 1", "Layer 2"]
    )
    expect(picture.locator(".parts-check")).to_have_text(["✓ digest right"] * 6)
    expect(picture.locator(".parts-layers li").last).to_contain_text("≠ another digest")
    expect(picture.get_by_role("status")).to_contain_text("a configuration and 2 layers, in order")
    digest = picture.locator(".parts-manifest .parts-digest")
    expect(digest).to_have_attribute("title", re.compile("^sha256:[0-9a-f]{64}$"))
    picture.get_by_text("The parts as a table").click()
    expect(picture.locator("tbody tr")).to_have_count(7)


def test_json_unfolds_by_keyboard_and_is_text(screen: Screen, pushed: str) -> None:
    picture = shown(screen, pushed)
    fold = picture.locator(".parts-config summary")
    fold.focus()
    screen.page.keyboard.press("Enter")
    text = picture.get_by_role("group", name="JSON of Configuration, the text")
    expect(text).to_contain_text('"diff_ids"')
    expect(text).to_contain_text(MARKUP)
    expect(picture.locator("img")).to_have_count(0)
    screen.page.keyboard.press("Tab")
    expect(text).to_be_focused()
    screen.page.keyboard.press("Shift+Tab")
    screen.page.keyboard.press("Enter")
    expect(text).to_be_hidden()


def test_a_registry_that_does_not_answer_is_said_with_a_next_step(screen: Screen) -> None:
    picture = shown(screen, "127.0.0.1:9/team/app:1.0")
    expect(picture).to_contain_text("No registry answers at 127.0.0.1:9")
    expect(picture).to_contain_text("Next:")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_can_be_read_also_in_a_narrow_window(screen: Screen, pushed: str, theme: str) -> None:
    picture = shown(screen, pushed)
    screen.theme(theme)
    for summary in picture.locator("summary").all():
        summary.click()
    expect(picture.get_by_role("group", name="JSON of Layer 2, the text")).to_be_visible()
    measured = picture.evaluate(CONTRAST)
    assert len(measured) > 40
    assert [(text, ratio) for text, ratio in measured if ratio < 4.5] == []
    assert accessibility(screen.page, ".course-parts") == []
    screen.page.set_viewport_size({"width": 700, "height": 900})
    assert picture.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
