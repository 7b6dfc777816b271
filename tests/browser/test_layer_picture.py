"""The picture of images' layers in JupyterLab."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

from checker.engine import build

from .conftest import accessibility
from .test_lab import START
from .test_panel import CONTRAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

    from .conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.engine]

FAT, SLIM = (f"layers-shown-{os.getpid()}:{tag}" for tag in ("fat", "slim"))
MARKUP = "<img src=x onerror=alert(1)>"
FAT_FILE = f"""\
FROM busybox:1.37
RUN mkdir /data && head -c 900000 /dev/zero > /data/backup.tar
RUN for one in $(seq 1000); do echo $one > "/data/{MARKUP}$one"; done
WORKDIR /data
RUN rm backup.tar
CMD ["true"]
"""
SLIM_FILE = "FROM busybox:1.37\nRUN head -c 900000 /dev/zero > /b && rm /b\n"


@pytest.fixture(scope="module")
def images(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """An image with a deleted file and a thousand others; one where the file was never in a layer."""
    for tag, text in ((FAT, FAT_FILE), (SLIM, SLIM_FILE)):
        folder = tmp_path_factory.mktemp("image")
        (folder / "Dockerfile").write_text(text)
        build.build(engine, folder, tags=[tag])
    yield FAT, SLIM
    for tag in (FAT, SLIM):
        engine.client.images.remove(tag, force=True)


def shown(screen: Screen, *names: str) -> Locator:
    """Show the picture by a cell of the start page, and wait until the files are read."""
    source = f"from checker.ui.layer_picture import layers; picture = layers(*{names!r}); picture"
    screen.open(START).run(0, source)
    picture = screen.page.locator(".course-layers")
    expect(picture.get_by_role("status")).to_have_text(
        re.compile(r"has \d+ layer|They share|cannot be shown")
    )
    return picture


def test_layers_lie_on_each_other_and_tell_what_was_wasted(screen: Screen, images: tuple[str, str]) -> None:
    picture = shown(screen, FAT)
    expect(picture.locator(".layer-number")).to_have_text(["5", "4", "3", "2", "1"])
    expect(picture.locator(".layer-none")).to_contain_text('CMD ["true"]')
    expect(picture.locator(".layer-waste")).to_have_text(["△ 0.9 MB deleted or replaced by layer 5"])
    expect(picture.get_by_role("status")).to_contain_text("0.9 MB of it is deleted or replaced")


def test_a_thousand_files_unfold_by_keyboard_and_are_text(screen: Screen, images: tuple[str, str]) -> None:
    picture = shown(screen, FAT)
    summary = picture.locator("summary.layer-head").filter(has_text="seq 1000")
    summary.focus()
    screen.page.keyboard.press("Enter")
    files = picture.get_by_role("group", name="Files of this layer")
    expect(files.locator("li")).to_have_count(100)
    expect(picture).to_contain_text("and 900 more; these are the largest")
    expect(files.locator("code").first).to_contain_text(MARKUP)
    expect(picture.locator("img")).to_have_count(0)
    screen.page.keyboard.press("Tab")
    expect(files).to_be_focused()
    screen.page.keyboard.press("Shift+Tab")
    screen.page.keyboard.press("Enter")
    expect(files).to_have_count(0)


def test_two_images_show_what_they_share_and_the_table_says_the_same(
    screen: Screen, images: tuple[str, str]
) -> None:
    picture = shown(screen, FAT, SLIM)
    expect(picture.locator(".layer-shared")).to_have_text(["⇄ shared", "⇄ shared"])
    expect(picture.get_by_role("status")).to_contain_text("They share 1 layer with")
    picture.get_by_text("The layers as a table").click()
    expect(picture.get_by_role("row", name="yes")).to_have_count(2)
    screen.page.set_viewport_size({"width": 700, "height": 900})
    columns = [one.bounding_box() for one in picture.locator(".layer-column").all()]
    frame = picture.bounding_box()
    assert frame
    assert all(box and box["x"] + box["width"] <= frame["x"] + frame["width"] for box in columns)


def test_an_image_that_is_not_there_is_said_with_a_next_step(screen: Screen) -> None:
    picture = shown(screen, MARKUP)
    expect(picture.get_by_role("status")).to_have_text(f"The layers of {MARKUP} cannot be shown.")
    expect(picture).to_contain_text("Next:")
    expect(picture.locator("img")).to_have_count(0)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_can_be_read(screen: Screen, images: tuple[str, str], theme: str) -> None:
    picture = shown(screen, FAT, SLIM)
    screen.theme(theme)
    for summary in picture.locator("summary").all():
        summary.click()
    expect(picture.get_by_role("group", name="Files of this layer").first).to_be_visible()
    measured = picture.evaluate(CONTRAST)
    assert len(measured) > 100
    assert [(text, ratio) for text, ratio in measured if ratio < 4.5] == []
    assert accessibility(screen.page, ".course-layers") == []
