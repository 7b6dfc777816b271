"""What a learner does with what a lesson asks."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

from checker.engine.waiting import ticks

from .conftest import SMALL, accessibility, notebook
from .test_panel import CONTRAST, press

if TYPE_CHECKING:
    from .conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.engine]

CELLS = (
    f"from checker import lesson\npage = lesson('{SMALL}')\npage",
    "page.predict('file')",
    "page.reveal('file', 'yes')",
    "page.predict('code')",
    "page.reveal('code', 137)",
    "page.quiz()",
    "page.predictions()",
)
MORE = (
    "from checker import lesson\npage = lesson('02-more')\npage",
    "page.opening()",
    "page.predict('slow')",
    "page.reveal('slow', 10.2)",
    "page.predict('state')",
    "page.reveal('state', 'exited')",
)


@pytest.fixture
def opened(screen: Screen) -> Screen:
    """A lesson whose first cell has run."""
    return lesson_of(screen, CELLS)


def lesson_of(screen: Screen, cells: tuple[str, ...]) -> Screen:
    path = screen.lab.root / "work" / "lesson.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(notebook(*cells)), "utf-8")
    screen.open("work/lesson.ipynb")
    screen.run(0)
    return screen


def shown(screen: Screen, index: int) -> Locator:
    """Run a cell, and return the widget that it shows."""
    screen.run(index)
    widget = within(screen, index)
    expect(widget).to_be_visible()
    return widget


def within(screen: Screen, index: int) -> Locator:
    return screen.page.locator(".jp-Cell").nth(index).locator(".course-lesson")


def choose(widget: Locator, *texts: str) -> None:
    for text in texts:
        widget.get_by_label(text, exact=True).check()


def told(screen: Screen, index: int) -> str:
    """The plain text that a cell's output holds for where widgets cannot show."""
    return str(screen.outputs(index)[-1]["data"]["text/plain"])


def kept(screen: Screen, query: str) -> list[tuple[object, ...]]:
    """What the learner's progress holds: the newest row that ``query`` finds, once there is one."""
    path = Path(screen.lab.environment["COURSE_DATA_DIR"]) / "progress.sqlite3"
    for _ in ticks(10):
        if path.is_file():
            with closing(sqlite3.connect(path)) as database, suppress(sqlite3.OperationalError):
                if rows := database.execute(query).fetchall():
                    return rows
    return []


def test_a_wrong_prediction_asks_for_the_reason_before_it_explains(opened: Screen) -> None:
    predict = shown(opened, 1)
    press(predict, "Predict")
    expect(predict.get_by_role("status")).to_have_text("Choose one first, or skip.")
    choose(predict, "yes")
    press(predict, "Predict")
    choose(predict, "no")
    press(predict, "Predict")
    expect(predict.get_by_role("status")).to_have_text("Your prediction: no. Now run the next cell.")

    reveal = shown(opened, 2)
    expect(reveal.get_by_role("status").first).to_have_text(
        "✘ not right You predicted no. The engine says yes."
    )
    expect(reveal).not_to_contain_text("Stopping ends")
    expect(predict.get_by_role("status")).to_have_text("Your prediction: no. The engine has answered.")
    expect(predict.get_by_role("button")).to_have_count(0)
    expect(predict.get_by_label("yes", exact=True)).to_be_disabled()

    expect(reveal.get_by_role("button", name="Show me")).to_be_hidden()
    choose(reveal, "Files end with the process.")
    press(reveal, "This one")
    expect(reveal).to_contain_text("✘ not right They end with the container.")
    expect(reveal).not_to_contain_text("It stays until it is removed.")
    expect(reveal).not_to_contain_text("Stopping ends")
    expect(reveal.get_by_label("Files end with the process.")).to_be_disabled()
    press(reveal, "This one")
    expect(reveal.get_by_role("status").last).to_have_text("Choose one first.")
    choose(reveal, "The container stays.")
    press(reveal, "This one")
    expect(reveal).to_contain_text("✔ right It stays until it is removed.")
    expect(reveal).not_to_contain_text("The image has not changed.")
    expect(reveal.locator(".course-why p")).to_have_text(
        ["Stopping ends the process.", "The container stays."]
    )
    wrong = "SELECT predicted, found FROM predictions WHERE outcome = 'not right'"
    assert ("no", "yes") in kept(opened, wrong)
    assert ("The container stays.",) in kept(opened, "SELECT reason FROM reasons WHERE was_right = 1")
    again = shown(opened, 2)  # its cell has run once more: nothing has to be picked again
    expect(again).to_contain_text("✘ not right They end with the container.")
    expect(again.locator(".course-why")).to_contain_text("Stopping ends")


def test_after_one_try_the_course_shows_the_reason(opened: Screen) -> None:
    predict = shown(opened, 1)
    choose(predict, "no")
    press(predict, "Predict")
    reveal = shown(opened, 2)
    choose(reveal, "The file is in the image.")
    opened.page.keyboard.press("Enter")
    expect(reveal).to_contain_text("✘ not right The image has not changed.")
    expect(reveal.locator(".course-why")).to_be_empty()
    press(reveal, "Show me")
    expect(reveal).to_contain_text("✔ right It stays until it is removed.")
    expect(reveal.locator(".course-why")).to_contain_text("Stopping ends")
    expect(reveal.locator(".course-why")).to_be_focused()
    expect(reveal.get_by_role("button")).to_have_count(0)


def test_right_skipped_and_not_answered_are_explained_at_once(opened: Screen) -> None:
    predict = shown(opened, 1)
    choose(predict, "yes")
    press(predict, "Predict")
    reveal = shown(opened, 2)
    expect(reveal).to_contain_text("✔ right You predicted yes, and the engine says yes.")
    expect(reveal).to_contain_text("Stopping ends")
    expect(reveal.get_by_role("group", name="Which sentence")).to_be_hidden()

    predict = shown(opened, 1)
    press(predict, "Skip")
    expect(predict.get_by_role("status")).to_have_text("Skipped. Run the next cell.")
    reveal = shown(opened, 2)
    expect(reveal).to_contain_text("Not predicted. The engine says: yes.")
    expect(reveal).to_contain_text("Stopping ends")
    assert kept(opened, "SELECT predicted FROM predictions WHERE outcome = 'skipped'")[0] == (None,)
    late = shown(opened, 1)
    shown(opened, 2)
    expect(late.get_by_role("status")).to_have_text(
        "The engine has answered. To predict, run this cell again."
    )
    assert told(opened, 2) == (
        "Not predicted. The engine says: yes.\nStopping ends the *process*.\n\nThe container stays."
    )


def test_a_prediction_outlives_a_second_run_of_its_cell(opened: Screen) -> None:
    predict = shown(opened, 1)
    choose(predict, "no")
    press(predict, "Predict")
    expect(predict.get_by_role("status")).to_contain_text("Now run")
    again = shown(opened, 1)
    expect(again.get_by_label("no", exact=True)).to_be_checked()
    expect(again).to_contain_text("<b>still</b>")  # what an author wrote is text
    expect(again.locator("code")).to_have_text(f"fake{os.getpid()}-note")
    assert shown(opened, 2).get_by_role("radio").count() == 3


def test_numbers_are_compared_as_numbers(opened: Screen) -> None:
    predict = shown(opened, 3)
    field = predict.get_by_role("textbox", name="Your prediction, a number")
    field.fill("many")
    press(predict, "Predict")
    expect(predict.get_by_role("status")).to_have_text("Write a number, such as 3 or 0.5, or skip.")
    field.fill("137.0")
    field.press("Enter")
    expect(predict.get_by_role("status")).to_contain_text("Your prediction: 137.0.")
    expect(shown(opened, 4)).to_contain_text("✔ right You predicted 137.0, and the engine says 137.")


def test_a_question_explains_the_chosen_option_then_all(opened: Screen) -> None:
    quiz = shown(opened, 5)
    question = quiz.locator(about("names"))
    expect(question.get_by_role("button", name="Show all explanations")).to_be_hidden()
    press(question, "Answer")
    expect(question.get_by_role("status")).to_have_text("Choose first.")
    choose(question, "None")
    press(question, "Answer")
    expect(question).to_contain_text("✘ not right The engine gives it one.")
    expect(question).not_to_contain_text("It keeps it")
    expect(question.get_by_role("button", name="Show all explanations")).to_be_visible()
    choose(question, "One")
    press(question, "Answer")
    expect(question.get_by_role("status")).to_have_text("✔ right ")
    expect(question).to_contain_text("✘ not right The engine gives it one.")
    expect(question).to_contain_text("✔ right It keeps it until it is removed.")
    expect(question.get_by_role("button")).to_have_count(0)
    answers = f"SELECT was_right FROM quiz_answers WHERE question = '{SMALL}/names' AND picked = '[\"One\"]'"
    assert kept(opened, answers)[0] == (1,)

    question = quiz.locator(about("left"))
    choose(question, "The log", "The process")
    press(question, "Answer")
    expect(question.get_by_role("status")).to_have_text(
        "✘ not right 1 of the options you chose is not right. 1 right option is not chosen."
    )
    question.get_by_label("The process").uncheck()
    choose(question, "The name")
    expect(question.get_by_role("status")).to_contain_text("Press Answer")
    press(question, "Answer")
    expect(question.get_by_role("status")).to_have_text("✔ right ")


def about(question: str) -> str:
    return f'[data-question="{SMALL}/{question}"]'


def lines(question: Locator) -> list[str]:
    return [line.split("\n")[-1] for line in question.locator(".course-line").all_inner_texts()]


def test_an_order_is_made_by_keyboard(opened: Screen) -> None:
    question = shown(opened, 5).locator(about("steps"))
    wanted = ["docker run", "docker stop", "docker rm"]
    assert sorted(lines(question)) == sorted(wanted)
    assert lines(question) != wanted
    press(question, "Answer")
    expect(question.get_by_role("status")).to_contain_text("stand in the right place.")
    for text in reversed(wanted):
        up = question.get_by_role("button", name=f"Move up: {text}", exact=True)
        while up.is_enabled():
            up.focus()
            opened.page.keyboard.press("Enter" if text == "docker run" else "ArrowUp")
    assert lines(question) == wanted
    expect(question.get_by_role("button", name="Move down: docker run")).to_be_focused()
    opened.page.keyboard.press("ArrowDown")
    expect(question.get_by_role("status")).to_contain_text("Now number 2: docker run.")
    opened.page.keyboard.press("ArrowUp")
    press(question, "Answer")
    expect(question.get_by_role("status")).to_have_text("✔ right 3 of 3 stand in the right place.")
    expect(question).to_contain_text("It makes a container.")
    expect(question.get_by_role("button")).to_have_count(0)


def test_what_was_not_right_is_asked_again(opened: Screen) -> None:
    quiz = shown(opened, 5)
    press(quiz.locator(about("steps")), "Answer")
    choose(quiz, "One", "The log")
    for key in ("names", "left"):
        press(quiz.locator(about(key)), "Answer")
    expect(quiz.get_by_text("1 of 3 right at first try.", exact=True)).to_be_visible()
    press(quiz, "Ask again what was not right")
    expect(quiz.locator("[data-question]:visible")).to_have_count(2)
    left = quiz.locator(about("left"))
    expect(left.get_by_role("checkbox").first).to_be_focused()
    expect(left.get_by_role("status")).to_be_empty()
    expect(left.get_by_label("The log")).not_to_be_checked()
    choose(left, "The log", "The name")
    opened.page.keyboard.press("Enter")
    expect(left.get_by_role("status")).to_have_text("✔ right ")
    expect(left).to_contain_text("It has ended.")  # every option is explained
    press(quiz.locator(about("steps")), "Answer")
    expect(quiz.get_by_text("1 of 2 right at first try in this round.")).to_be_visible()
    answers = f"SELECT 1 FROM quiz_answers WHERE question = '{SMALL}/left' AND was_right = 1"
    assert kept(opened, answers)
    again = shown(opened, 5)
    known = again.locator(about("names"))
    expect(known).to_contain_text(re.compile("(Answered right|Not right at first,) earlier today."))
    expect(known.get_by_role("radio", checked=True)).to_have_count(0)


def test_a_chapter_opens_with_questions_that_say_where_they_are_from(screen: Screen) -> None:
    more = lesson_of(screen, MORE)
    opening = shown(more, 1)
    expect(opening.locator("[data-question]")).to_have_count(3)
    expect(opening.get_by_text("Choosing questions")).to_be_hidden()
    names = opening.locator(about("names"))
    expect(names).to_contain_text(f"From chapter 01, small {os.getpid()}.")
    expect(names.get_by_role("link", name=f"01, small {os.getpid()}")).to_have_attribute(
        "href", re.compile(f"lab/tree/work/{SMALL}.ipynb$")
    )
    assert (
        told(more, 1).index("Put these") < told(more, 1).index("What is left") < told(more, 1).index("names")
    )


def test_a_number_with_a_decimal_comma_is_about_right(screen: Screen) -> None:
    more = lesson_of(screen, MORE)
    predict = shown(more, 2)
    expect(predict).to_contain_text("About right counts: within 0.5 seconds.")
    field = predict.get_by_role("textbox", name="Your prediction, a number of seconds")
    field.fill("10,000")
    press(predict, "Predict")
    expect(predict.get_by_role("status")).to_contain_text("This comma can mean two things.")
    field.fill("9,8")
    field.press("Enter")
    expect(predict.get_by_role("status")).to_have_text("Your prediction: 9,8 seconds. Now run the next cell.")
    reveal = shown(more, 3)
    expect(reveal).to_contain_text("≈ about right You predicted 9,8 seconds. The engine says 10.2 seconds.")
    expect(reveal).to_contain_text("It waits ten seconds.")
    assert "10.2" not in told(more, 3)
    expect(shown(more, 2)).to_contain_text("The first prediction counts; this one is practice.")

    predict = shown(more, 4)
    predict.get_by_role("textbox").fill("STOPPED")
    press(predict, "Predict")
    expect(predict.get_by_role("status")).to_contain_text("Now run")
    expect(shown(more, 5)).to_contain_text("✔ right You predicted STOPPED, and the engine says exited.")


def test_a_tally_shows_what_was_said_and_found(opened: Screen) -> None:
    predict = shown(opened, 1)
    choose(predict, "no")
    press(predict, "Predict")
    reveal = shown(opened, 2)
    tally = shown(opened, 6)
    expect(tally.get_by_role("status")).to_contain_text(re.compile(r"You made \d of 2 predictions\."))
    choose(reveal, "The container stays.")
    press(reveal, "This one")
    row = tally.get_by_role("row", name="Is the file <b>still</b> there, in fake")
    expect(row).to_contain_text(re.compile("yes.*(right|found)"))
    expect(tally.locator("code").first).to_contain_text("fake")
    expect(tally.locator(".course-counts li").first).to_contain_text("right")
    assert told(opened, 6).startswith("Your predictions in this chapter")
    opened.page.set_viewport_size({"width": 700, "height": 900})
    table = tally.locator(".course-table")
    assert table.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert accessibility(opened.page, ".course-tally") == []


def test_from_prediction_to_reason_by_keyboard_alone(opened: Screen) -> None:
    predict = shown(opened, 1)
    keyboard = opened.page.keyboard
    predict.get_by_label("yes", exact=True).focus()
    keyboard.press("ArrowDown")
    expect(predict.get_by_label("no", exact=True)).to_be_checked()
    expect(predict.get_by_label("no", exact=True)).to_be_focused()
    outline = predict.locator(".course-choice", has_text="no").evaluate(
        "one => getComputedStyle(one).outlineWidth"
    )
    assert outline == "3px"
    keyboard.press("Tab")
    expect(predict.get_by_role("button", name="Predict")).to_be_focused()
    keyboard.press("Enter")
    expect(predict.get_by_role("status")).to_contain_text("Now run the next cell.")

    keyboard.press("Shift+Enter")
    reveal = opened.page.locator(".jp-Cell").nth(2).locator(".course-lesson")
    expect(reveal).to_contain_text("You predicted no.")
    reveal.get_by_role("radio").first.focus()
    keyboard.press("Space")
    keyboard.press("Tab")
    expect(reveal.get_by_role("button", name="This one")).to_be_focused()
    keyboard.press("Enter")
    if reveal.get_by_role("button", name="Show me").is_visible():  # the first one was not right
        keyboard.press("Tab")
        expect(reveal.get_by_role("button", name="Show me")).to_be_focused()
        keyboard.press("Enter")
    expect(reveal.locator(".course-why")).to_be_focused()


def test_options_are_shuffled_for_the_person_and_not_in_the_text(opened: Screen) -> None:
    orders = set()
    for _ in range(8):
        orders.add(tuple(shown(opened, 5).locator(f"{about('left')} label").all_inner_texts()))
        assert told(opened, 5).index("The log") < told(opened, 5).index("The process")
    assert len(orders) > 1


def test_run_all_comes_to_its_end(opened: Screen) -> None:
    opened.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    reveals = opened.page.locator(".course-reveal")
    expect(reveals).to_have_count(2)
    expect(reveals.first).to_contain_text("Not predicted. The engine says: yes.")
    expect(reveals.last).to_contain_text("Not predicted. The engine says: 137.")
    expect(opened.page.locator(".course-quiz")).to_be_visible()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_can_be_read(opened: Screen, theme: str) -> None:
    opened.theme(theme)
    predict = shown(opened, 1)
    choose(predict, "no")
    press(predict, "Predict")
    reveal = shown(opened, 2)
    choose(reveal, "The file is in the image.")
    press(reveal, "This one")
    quiz = shown(opened, 5)
    choose(quiz, "None", "The process")
    for button in quiz.get_by_role("button", name="Answer").all():
        button.click()
    tally = shown(opened, 6)
    expect(tally.get_by_role("row")).to_have_count(3)
    assert accessibility(opened.page, ".course-lesson") == []
    for widget in (predict, reveal, quiz, tally):
        expect(
            widget.get_by_role("status").filter(has_text=re.compile("answered|You predicted|right|You made"))
        ).not_to_have_count(0)
        measured = widget.evaluate(CONTRAST)
        assert len(measured) > 3
        assert [(text, ratio) for text, ratio in measured if ratio < 4.5] == []
