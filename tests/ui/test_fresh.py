"""What shows the progress looks cheaply, draws anew where something has changed, and never blocks a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from checker import course_map
from checker.course import open_course
from checker.progress import Progress
from checker.skills import skills_file
from checker.ui import fresh
from checker.ui.resume_link import resume

from .test_text_forms import bundle

if TYPE_CHECKING:
    from pathlib import Path

    from checker.ui.fresh import Fresh

COUNT, PAGE = "01-small/count", "01-small/page"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What widgets send to their pages."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(fresh.Fresh, "send", lambda _, content: found.append(content))
    return found


def drawings(shown: Fresh, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with each new drawing."""
    drawn, real = [], shown.drawn

    def counted() -> dict[str, Any]:
        drawn.append("drawn")
        return real()

    monkeypatch.setattr(shown, "drawn", counted)
    return drawn


def test_a_look_asks_only_where_something_has_changed(
    folder: Path, sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    Progress(open_course())  # the file itself is new only once
    shown = course_map()
    drawn = drawings(shown, monkeypatch)
    shown.look()
    assert (drawn, sent) == ([], [{"do": "looked"}])
    Progress(open_course()).give_up(PAGE)
    shown.look()
    assert len(drawn) == 1
    assert shown.view["next"]["exercise"] == PAGE
    shown.look(anyway=True)
    assert len(drawn) == 2
    assert sent == [{"do": "looked"}] * 3


def test_what_cannot_be_started_is_said_and_nothing_is_opened(
    folder: Path, sent: list[dict[str, Any]]
) -> None:
    shown = course_map()
    shown.begin("01-small/nobody")
    assert "There is no exercise" in shown.view["trouble"]["message"]
    assert shown.view["busy"] == ""
    assert sent == [{"do": "begun", "path": ""}]
    shown.look(anyway=True)
    assert shown.view["trouble"] is None


def test_a_broken_exercise_is_said_with_its_file(folder: Path) -> None:
    checks = folder.parents[2] / "exercises" / PAGE / "checks.py"
    checks.write_text("exercise = 1")
    shown = course_map()
    assert "checks.py" in shown.view["trouble"]["message"]
    assert repr(shown) == "The map of the course. In a terminal: course progress"


def test_a_damaged_list_of_skills_leaves_the_map(folder: Path) -> None:
    skills_file(open_course()).write_text("[")
    shown = course_map()
    assert (shown.view["skills"], shown.view["trouble"]) == ([], None)
    assert shown.view["say"] == "0 of 7 exercises passed, 0 of 3 core ones."


def test_where_to_go_on_has_a_text_that_never_changes(folder: Path) -> None:
    before = bundle(resume())
    Progress(open_course()).give_up(PAGE)
    shown = resume()
    assert repr(shown) == "Go on where you left. In a terminal: course progress"
    assert bundle(shown)["text/markdown"] == before["text/markdown"]
    assert (shown.view["next"]["say"], shown.view["next"]["title"]) == ("Go on with", "Mend the page")
