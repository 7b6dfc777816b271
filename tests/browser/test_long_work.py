"""Long work as a learner sees it: the button works while its cell waits, and what failed can be read."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from docker.errors import DockerException, ImageNotFound
from playwright.sync_api import Locator, expect

from .conftest import accessibility
from .test_lab import START
from .test_panel import CONTRAST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.engine.connect import Engine

    from .conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.engine]

SLOW = f"RUN echo begun {secrets.token_hex(6)}; sleep 60"


@pytest.fixture
def tag(engine: Engine) -> Iterator[str]:
    made = f"c04-browser-{os.getpid()}-{secrets.token_hex(3)}:1"
    yield made
    with suppress(DockerException):
        engine.client.api.remove_image(made, force=True)


def building(screen: Screen, folder: Path, tag: str, *lines: str) -> Locator:
    """Begin a build by the first cell of the start page."""
    (folder / "Dockerfile").write_text("\n".join(["FROM busybox:1.37", f"LABEL of={tag}", *lines, ""]))
    source = f"from checker.ui.long_work import build_image; build_image({str(folder)!r}, tag={tag!r})"
    screen.open(START).page.evaluate(_BEGIN, source)
    work = screen.page.locator(".course-work")
    expect(work).to_be_visible(timeout=20_000)
    return work


def errors(screen: Screen) -> list[str]:
    return ["\n".join(one["traceback"]) for one in screen.outputs(0) if one["output_type"] == "error"]


def test_the_button_cancels_while_the_cell_waits(
    screen: Screen, engine: Engine, tmp_path: Path, tag: str
) -> None:
    work = building(screen, tmp_path, tag, SLOW)
    expect(work.locator(".work-running")).to_contain_text("RUN echo begun", timeout=20_000)
    button = work.get_by_role("button", name="Cancel")
    button.focus()
    screen.page.keyboard.press("Enter")
    expect(work.get_by_role("status")).to_have_text("Cancelled.", timeout=20_000)
    expect(button).to_be_hidden()
    expect(work).to_contain_text(f"The build of {tag} was cancelled. No image is left of it.")
    screen.page.wait_for_function(_ENDED)
    (said,) = errors(screen)
    assert said.splitlines() == [
        f"The build of {tag} was cancelled. No image is left of it.",
        "Next: Run the cell again to build it.",
    ]
    with pytest.raises(ImageNotFound):
        engine.client.images.get(tag)


def test_interrupting_the_kernel_does_the_same(screen: Screen, tmp_path: Path, tag: str) -> None:
    work = building(screen, tmp_path, tag, SLOW)
    expect(work.locator(".work-running")).to_contain_text("RUN echo begun", timeout=20_000)
    screen.page.evaluate("() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    expect(work.get_by_role("status")).to_have_text("Cancelled.", timeout=20_000)
    screen.page.wait_for_function(_ENDED)
    assert len(errors(screen)[0].splitlines()) == 2


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_what_failed_can_be_read(screen: Screen, tmp_path: Path, tag: str, theme: str) -> None:
    work = building(screen, tmp_path, tag, "RUN echo '<img src=x>'; nosuchcommand", "RUN true")
    screen.theme(theme)
    failed = work.locator(".work-failed")
    expect(failed).to_contain_text("<img src=x>", timeout=20_000)
    expect(failed.locator(".work-word")).to_have_text("failed")
    expect(work).to_contain_text("A command of this step does not exist in the image.")
    expect(work.locator(".work-lines")).to_contain_text("<img src=x>")
    expect(work.locator("img")).to_have_count(0)
    work.get_by_text("All of it as a table (3)").click()
    measured = work.evaluate(CONTRAST)
    assert len(measured) > 12
    assert [(text, ratio) for text, ratio in measured if ratio < 4.5] == []
    assert accessibility(screen.page, ".course-work") == []


_ENDED = """() => window.jupyterapp.shell.currentWidget.content.widgets[0].model.outputs.toJSON()
    .some(one => one.output_type === 'error')"""

# Not awaited: the cell waits for the build.
_BEGIN = """source => {
    const content = window.jupyterapp.shell.currentWidget.content;
    content.activeCellIndex = 0;
    content.activeCell.model.sharedModel.setSource(source);
    window.jupyterapp.commands.execute('notebook:run-cell');
}"""
