"""What is left where widgets cannot show: texts that nbval can compare."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from checker import course_map, doctor_report, exercise_link, panel
from checker.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from checker.engine.connect import Engine
    from checker.ui.check_panel import Panel

COUNT = "01-small/count"
VIEW = "application/vnd.jupyter.widget-view+json"


def bundle(shown: Any) -> dict[str, Any]:
    data, _ = shown._repr_mimebundle_()
    return dict(data)


def loaded(shown: Panel) -> Panel:
    """Wait for the thread that loads the exercise."""
    with shown._acting:
        return shown


def test_a_panel_says_how_to_check_without_it(folder: Path) -> None:
    first, second = loaded(panel()), loaded(panel(COUNT))
    assert repr(first) == f"Check panel of {COUNT}. In a terminal: course check {COUNT}"
    assert f"`course check {COUNT}`" in bundle(first)["text/markdown"]
    assert bundle(first).pop(VIEW) != bundle(second).pop(VIEW)
    stable = {key: value for key, value in bundle(first).items() if key != VIEW}
    assert stable == {key: value for key, value in bundle(second).items() if key != VIEW}


@pytest.mark.parametrize("part", ["exercises", "solutions"])
def test_a_panel_finds_its_exercise_from_every_copy_of_the_notebook(
    folder: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.chdir(folder.parents[2] / part / COUNT)
    assert COUNT in repr(loaded(panel()))


def test_a_panel_without_an_exercise_asks_for_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parents[2])
    with pytest.raises(UsageError, match="not in an exercise's folder"):
        panel()


@pytest.mark.engine
def test_a_link_names_the_notebook_as_the_page_sees_it(
    folder: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parents[2])
    link = exercise_link("01-small/page")
    assert "(work/01-small/page/exercise.ipynb)" in bundle(link)["text/markdown"]
    assert repr(link) == "Exercise: Mend the page, 5 minutes. Open work/01-small/page/exercise.ipynb."
    assert repr(exercise_link("page")) == repr(link)


@pytest.mark.engine
def test_a_name_that_is_taken_is_said_and_left_alone(folder: Path, engine: Engine) -> None:
    name = f"fake{os.getpid()}-taken"
    checks = folder.parents[2] / "exercises" / COUNT / "checks.py"
    checks.write_text(checks.read_text().replace("fake-busy", name))
    assert name in checks.read_text()
    mine = engine.client.containers.create("busybox:1.37", name=name)
    try:
        said = exercise_link(COUNT)
        assert repr(said).startswith(f"{COUNT} was not started. A container named {name}")
        assert "Next: " in said._repr_markdown_()
        assert engine.client.containers.get(name).id == mine.id
    finally:
        mine.remove()


@pytest.mark.engine
def test_a_ready_engine_is_one_sentence(folder: Path, engine: Engine) -> None:
    shown = doctor_report()
    assert repr(shown) == "The engine is ready."
    assert len(shown.view["rows"]) > 3  # type: ignore[union-attr]


def test_no_engine_is_said_with_the_next_step(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such.sock")
    first, *steps = repr(doctor_report()).splitlines()
    assert first == "The engine is not ready."
    assert any("unix:///no/such.sock" in step for step in steps)
    assert "was not started" in repr(exercise_link("01-small/greet"))


def test_the_map_holds_every_exercise(folder: Path) -> None:
    shown = course_map()
    assert repr(shown) == "The map of the course. In a terminal: course progress"
    chapters = {one["id"]: one for one in shown.view["chapters"]}
    assert list(chapters) == ["01-small", "02-odd"]
    (count,) = [one for one in chapters["01-small"]["exercises"] if one["id"] == COUNT]
    assert (count["state"], count["word"], count["started"]) == ("begun", "begun", False)
