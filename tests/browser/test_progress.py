"""The map, the badges and where to go on: they follow what happens in other notebooks and terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

from .conftest import SMALL, accessibility
from .test_lab import START
from .test_panel import CONTRAST

if TYPE_CHECKING:
    from .conftest import Begin, Screen

pytestmark = [pytest.mark.browser, pytest.mark.engine]

PAGE = f"{SMALL}/page"
GREET = f"{SMALL}/greet"
LEAVE = f"{SMALL}/leave-it-running"
WIDE = {"width": 1200, "height": 1400}
NARROW = {"width": 700, "height": 1400}


def the_map(screen: Screen) -> Locator:
    screen.open(START).run(0, "from checker import course_map; course_map()")
    shown = screen.page.locator(".course-whole-map")
    expect(shown.locator(".course-map > li")).to_have_count(2)
    return shown


def line(shown: Locator, title: str) -> Locator:
    return shown.locator(".course-map ol > li").filter(has_text=title)


def mend(screen: Screen, begun: Begin) -> None:
    """Pass the exercise `page` in a terminal."""
    folder = begun(PAGE)
    solved = screen.lab.root / "solutions" / PAGE / "page.html"
    (folder / "page.html").write_bytes(solved.read_bytes())
    done = screen.lab.course("check", PAGE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_map_follows_what_is_passed_elsewhere(screen: Screen, begun: Begin) -> None:
    begun(PAGE)
    shown = the_map(screen)
    before = line(shown, "Mend the page")
    expect(before).to_contain_text("5 minutes · core · ")
    mend(screen, begun)
    expect(before).to_contain_text("core · passed, 1 of 1 point", timeout=20_000)
    expect(before.locator(".course-sign")).to_have_text("✔")
    bar = shown.get_by_role("progressbar", name=f"{SMALL}: exercises passed")
    expect(bar).not_to_have_js_property("value", 0)

    shown.get_by_text("What you can do:").click()
    row = shown.get_by_role("row", name="You can mend a file.")
    expect(row).to_contain_text("✔ shown")
    expect(row).to_contain_text("Mend the page ✔")


def test_an_exercise_is_started_from_the_map_by_keyboard(screen: Screen, begun: Begin) -> None:
    begun(GREET)
    screen.lab.course("clean", GREET)
    shown = the_map(screen)
    button = shown.locator(".course-map").get_by_role("button", name="Start Greet by name")
    button.focus()
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_function(
        "path => window.jupyterapp.shell.currentWidget?.context?.path === path",
        arg=f"work/{GREET}/exercise.ipynb",
    )
    screen.open(START)
    expect(line(shown, "Greet by name").get_by_role("link")).to_be_visible()


def test_what_cannot_be_started_is_said_with_the_next_step(screen: Screen, begun: Begin) -> None:
    begun(GREET)
    screen.lab.course("clean", GREET)
    screen.open(START).run(1, "import os; os.environ['DOCKER_HOST'] = 'unix:///no/such.sock'")
    shown = the_map(screen)
    shown.locator(".course-map").get_by_role("button", name="Start Greet by name").click()
    expect(shown).to_contain_text("Next:")
    expect(shown).to_contain_text("unix:///no/such.sock")
    expect(shown.locator(".course-map > li")).to_have_count(2)


def test_a_badge_follows_its_exercise(screen: Screen, begun: Begin) -> None:
    begun(PAGE)
    screen.open(START).run(0, f"from checker import exercise_link; exercise_link({PAGE!r})")
    badge = screen.page.locator(".course-badge")
    expect(badge).to_contain_text("Mend the page · 5 minutes · core · ")
    mend(screen, begun)
    screen.page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(badge).to_contain_text("core · passed, 1 of 1 point", timeout=20_000)
    badge.get_by_role("link", name="Mend the page").click()
    screen.page.wait_for_function(
        "path => window.jupyterapp.shell.currentWidget?.context?.path === path",
        arg=f"work/{PAGE}/exercise.ipynb",
    )


def test_where_to_go_on_is_what_was_touched_last(screen: Screen, begun: Begin) -> None:
    begun(LEAVE)  # which no test of these passes
    assert screen.lab.course("hint", LEAVE).returncode == 0
    screen.open(START).run(0, "from checker.ui.resume_link import resume; resume()")
    line_ = screen.page.locator(".course-resume")
    expect(line_).to_contain_text("Go on with: Leave it running")
    expect(line_).to_contain_text("You were here last")
    expect(line_.get_by_role("link", name="Leave it running")).to_be_visible()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_every_text_can_be_read(screen: Screen, begun: Begin, theme: str, size: dict[str, int]) -> None:
    begun(PAGE)
    shown = the_map(screen)
    source = f"from checker.ui.resume_link import resume; display(resume()); exercise_link({PAGE!r})"
    screen.run(1, f"from checker import exercise_link; {source}")
    badge = screen.page.locator(".course-badge")
    expect(badge).to_contain_text("Mend the page")
    screen.theme(theme)
    shown.get_by_text("What you can do:").click()
    screen.page.set_viewport_size(size)  # type: ignore[arg-type]
    for part, least in ((shown, 20), (badge, 5), (screen.page.locator(".course-resume"), 2)):
        measured = part.evaluate(CONTRAST)
        assert len(measured) >= least
        assert [(text, ratio) for text, ratio in measured if ratio < 4.5] == []
    assert shown.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
    assert accessibility(screen.page, ".course-whole-map") == []
    assert accessibility(screen.page, ".course-badge") == []
