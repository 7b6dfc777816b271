"""What the panel shows when something else than the answer is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .conftest import SMALL
from .test_lab import START
from .test_panel import GREET, line, notebook, press

if TYPE_CHECKING:
    from .conftest import Begin, Screen

pytestmark = [pytest.mark.browser, pytest.mark.engine]

LEAVE = f"{SMALL}/leave-it-running"


def test_an_exercise_that_was_not_started_offers_to(screen: Screen) -> None:
    screen.open(START)
    panel = screen.panel(0, f"from checker import panel; panel({LEAVE!r})")
    expect(panel).to_contain_text("This exercise has not begun.")
    expect(panel.get_by_role("button", name="Check", exact=True)).to_be_hidden()
    press(panel, "Start")
    expect(panel.get_by_role("button", name="Check", exact=True)).to_be_visible()
    assert (screen.lab.root / notebook(LEAVE)).is_file()


def test_a_misspelt_exercise_is_a_sentence_and_no_traceback(screen: Screen) -> None:
    screen.open(START)
    screen.run(0, f"from checker import panel; panel('{SMALL}/gret')")
    (said,) = screen.outputs(0)
    assert said["output_type"] == "error"
    assert said["traceback"] == [
        f"There is no exercise '{SMALL}/gret'.",
        f"Next: Did you mean {SMALL}/greet?",
    ]


def test_a_damaged_record_can_be_made_again(screen: Screen, begun: Begin) -> None:
    folder = begun(GREET)
    (folder / ".course.json").write_text("{")
    panel = screen.open(notebook(GREET)).panel()
    expect(panel).to_contain_text(".course.json, is missing or damaged")
    expect(panel.get_by_role("button", name="Reset")).to_be_hidden()
    press(panel, "Start")
    expect(panel.get_by_role("status")).to_have_text("The exercise is ready.")
    expect(panel.get_by_role("button", name="Reset")).to_be_visible()
    expect(panel).not_to_contain_text("damaged")


def test_no_engine_is_said_with_the_next_step(screen: Screen, begun: Begin) -> None:
    begun(GREET)
    screen.open(notebook(GREET))
    screen.run(1, "import os\nos.environ['DOCKER_HOST'] = 'unix:///no/such.sock'")
    panel = screen.panel()
    press(panel, "Check")
    expect(panel.get_by_role("status")).to_contain_text("This is not your fault", timeout=20_000)
    expect(line(panel, "greeter")).to_contain_text("unix:///no/such.sock")
    expect(line(panel, "greeter")).to_contain_text("Next")
    expect(panel).not_to_contain_text("Traceback")

    press(panel, "Reset")
    press(panel, "Begin anew")
    expect(panel.get_by_role("status")).to_contain_text("unix:///no/such.sock")
    expect(panel).to_contain_text("Next:")


def test_a_file_that_hides_the_sdk_hides_nothing_from_the_panel(screen: Screen, begun: Begin) -> None:
    folder = begun(GREET)
    (folder / "docker.py").write_text("raise RuntimeError('mine')")
    panel = screen.open(notebook(GREET)).panel()
    press(panel, "Check")
    expect(line(panel, "greeter")).to_contain_text("none of that name")
    expect(panel).to_contain_text("docker.py in your folder hides the Docker SDK")


def test_after_a_restart_of_the_kernel_a_press_says_what_to_do(screen: Screen, begun: Begin) -> None:
    begun(GREET)
    panel = screen.open(notebook(GREET)).panel()
    screen.page.evaluate(
        """async () => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            await kernel.restart();
            await kernel.info;
        }"""
    )
    press(panel, "Check")
    expect(panel.get_by_role("status")).to_contain_text("run this cell again")
    panel = screen.panel()
    press(panel, "Check")
    expect(panel.get_by_role("status")).to_contain_text("Not yet")


def test_a_busy_kernel_is_named_and_the_check_follows(screen: Screen, begun: Begin) -> None:
    begun(GREET)
    panel = screen.open(notebook(GREET)).panel()
    screen.page.evaluate(
        """() => {
            const content = window.jupyterapp.shell.currentWidget.content;
            content.activeCellIndex = 1;
            content.activeCell.model.sharedModel.setSource('import time; time.sleep(5)');
            window.jupyterapp.commands.execute('notebook:run-cell');
        }"""
    )
    press(panel, "Check")
    expect(panel.get_by_role("status")).to_contain_text("A cell may still be running")
    expect(panel.get_by_role("status")).to_contain_text("Not yet", timeout=20_000)
