"""What a learner does in an exercise's notebook, and what the panel then shows."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

from .conftest import SMALL

if TYPE_CHECKING:
    from .conftest import Begin, Lab, Screen

pytestmark = [pytest.mark.browser, pytest.mark.engine]

GREET = f"{SMALL}/greet"
PAGE = f"{SMALL}/page"
ODD = "02-odd/out-of-order"
RIGHT = """import docker
name = open("name.txt").read().strip()
docker.from_env().containers.run("busybox:1.37", ["echo", f"hello {name}"], name="%s")"""


def notebook(exercise: str) -> str:
    return f"work/{exercise}/exercise.ipynb"


def press(panel: Locator, name: str) -> None:
    panel.get_by_role("button", name=name, exact=True).click()


def line(panel: Locator, check: str) -> Locator:
    return panel.locator(f'[data-check="{check}"]')


def greeter(screen: Screen) -> str:
    """The name that this copy of the course gives the container."""
    found = re.search(r"fake\d+-greet", screen.page.locator(".jp-Notebook").inner_text())
    assert found
    return found[0]


def progress(lab: Lab, exercise: str) -> dict[str, object]:
    chapters = json.loads(lab.course("progress", "--json").stdout)["chapters"]
    (found,) = [one for one in chapters[exercise.split("/", maxsplit=1)[0]] if one["id"] == exercise]
    return dict(found)


def test_a_wrong_answer_its_message_the_right_one_passed(screen: Screen, begun: Begin) -> None:
    begun(GREET)
    panel = screen.open(notebook(GREET)).panel()
    expect(panel.get_by_role("heading")).to_have_text("Greet by name")
    expect(line(panel, "greeter")).to_contain_text("not checked")
    name = greeter(screen)

    press(panel, "Check")
    expect(panel.get_by_role("status")).to_have_text("Not yet: 0 of 2 checks passed.")
    expect(line(panel, "greeter")).to_contain_text("failed")
    expect(line(panel, "greeter")).to_contain_text(f"Expecteda container named {name}Foundnone of that name")
    expect(line(panel, "right_name")).to_contain_text("blocked")
    expect(line(panel, "right_name")).to_contain_text("it needs “A container named")

    screen.run(1, RIGHT % name)
    press(panel, "Check")
    expect(panel.get_by_role("status")).to_have_text("Passed: 2 of 2 checks passed.")
    expect(panel).to_contain_text("The container printed the name that only this run knows.")
    expect(line(panel, "right_name")).to_contain_text("passed2 of 2")
    expect(panel.get_by_role("button", name="Solution")).to_be_hidden()
    panel.get_by_role("link", name="why it works").click()
    expect(screen.page.locator(".jp-MarkdownViewer")).to_contain_text("A container keeps its log")


def test_hints_come_one_at_a_time_the_observed_one_first(screen: Screen, begun: Begin) -> None:
    folder = begun(GREET)
    panel = screen.open(notebook(GREET)).panel()
    screen.run(1, RIGHT % greeter(screen) + "\n")
    (folder / "name.txt").write_text("another than the log's")
    press(panel, "Check")
    expect(line(panel, "right_name")).to_contain_text("Why it mattersThe name is in the file")

    hints = panel.get_by_role("list", name="Hints").get_by_role("listitem")
    already = hints.count()  # of the tests before
    panel.get_by_role("button", name=re.compile("hint", re.IGNORECASE)).click()
    expect(hints).to_have_count(already + 1)
    expect(hints.last).to_have_text("Compare the log with the file, sign by sign.")
    expect(panel.get_by_role("status")).to_have_text("Not yet: 1 of 2 checks passed.")


def test_what_a_learner_wrote_is_shown_as_text(screen: Screen, begun: Begin) -> None:
    folder = begun(GREET)
    panel = screen.open(notebook(GREET)).panel()
    screen.run(1, RIGHT % greeter(screen))
    (folder / "name.txt").write_text("<img src=x onerror=alert(1)>")
    press(panel, "Check")
    expect(line(panel, "right_name")).to_contain_text("hello <img src=x onerror=alert(1)>")
    expect(panel.locator("img")).to_have_count(0)


def test_reset_asks_once_and_begins_anew(screen: Screen, begun: Begin) -> None:
    begun(GREET)
    panel = screen.open(notebook(GREET)).panel()
    screen.run(1, "mine = 1")
    press(panel, "Reset")
    question = panel.get_by_role("group", name="Begin anew?")
    expect(question.get_by_role("button", name="Keep going")).to_be_focused()
    screen.page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(panel.get_by_role("button", name="Reset")).to_be_focused()

    press(panel, "Reset")
    press(panel, "Begin anew")
    answer = screen.page.locator(".jp-Cell").nth(1)
    expect(answer).to_contain_text("docker.from_env()", timeout=20_000)
    expect(answer).not_to_contain_text("mine = 1")
    expect(panel).to_have_attribute("aria-busy", "false")
    expect(line(panel, "greeter")).to_contain_text("not checked")


def focus(button: Locator) -> None:
    """Focus a button, again where JupyterLab takes the focus away: it does so while it opens a notebook."""
    for _ in range(20):
        button.focus()
        button.page.wait_for_timeout(500)
        if button.evaluate("one => one === document.activeElement"):
            return


def test_everything_works_by_keyboard(screen: Screen, begun: Begin) -> None:
    begun(GREET)
    panel = screen.open(notebook(GREET)).panel()
    check = panel.get_by_role("button", name="Check", exact=True)
    focus(check)
    screen.page.keyboard.press("Enter")
    expect(panel.get_by_role("status")).to_contain_text("Not yet")
    expect(check).to_be_focused()
    for _ in range(4):
        screen.page.keyboard.press("Tab")
        if panel.get_by_role("button", name="Reset").evaluate("one => one === document.activeElement"):
            break
    expect(panel.get_by_role("button", name="Reset")).to_be_focused()
    outline = panel.get_by_role("button", name="Reset").evaluate("one => getComputedStyle(one).outlineWidth")
    assert outline == "3px"
    screen.page.keyboard.press("Space")
    expect(panel.get_by_role("button", name="Keep going")).to_be_focused()
    screen.page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Keep going")).to_be_hidden()


def test_what_is_open_and_unsaved_is_saved_before_the_check(screen: Screen, begun: Begin) -> None:
    folder = begun(PAGE)
    screen.open(f"work/{PAGE}/page.html", "Editor")
    screen.page.locator(".jp-FileEditor .cm-content").click()
    screen.page.keyboard.press("Control+A")
    screen.page.keyboard.insert_text("<title>a</title>")
    panel = screen.open(notebook(PAGE)).panel()
    press(panel, "Check")
    expect(panel.get_by_role("status")).to_have_text("Passed: 2 of 2 checks passed.")
    assert (folder / "page.html").read_text() == "<title>a</title>"
    expect(panel).to_contain_text(re.compile(r"Last saved: (page\.html|exercise\.ipynb), \d+ s ago"))


#: Begins a save as JupyterLab's own, and returns when the file is written, but the page does not know it yet.
_SAVE_SLOWLY = """async () => {
    const contents = window.jupyterapp.serviceManager.contents;
    const save = contents.save.bind(contents);
    window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource('# mine');
    await new Promise((written) => {
        contents.save = async (...what) => {
            contents.save = save;
            const model = await save(...what);
            written();
            await new Promise((resolve) => window.setTimeout(resolve, 1000));
            return model;
        };
        window.jupyterapp.commands.execute('docmanager:save');
    });
}"""


def test_a_press_while_jupyterlab_saves_by_itself_waits_for_that(screen: Screen, begun: Begin) -> None:
    folder = begun(GREET)
    panel = screen.open(notebook(GREET)).panel()
    screen.page.evaluate(_SAVE_SLOWLY)
    press(panel, "Check")
    expect(panel.get_by_role("status")).to_contain_text("Not yet")
    expect(screen.page.get_by_text("has changed on disk")).to_have_count(0)
    assert "# mine" in (folder / "exercise.ipynb").read_text()


def test_two_presses_are_one_check(screen: Screen, begun: Begin) -> None:
    folder = begun(ODD)
    (folder / "mode.txt").write_text("forever")
    panel = screen.open(notebook(ODD)).panel()
    before = progress(screen.lab, ODD)["attempts"]
    panel.get_by_role("button", name="Check", exact=True).dblclick()
    screen.page.evaluate("""() => document.querySelector('.course-main').click()""")
    expect(panel.get_by_role("status")).to_have_text(
        "The time ran out: 1 of 3 checks passed.", timeout=20_000
    )
    assert progress(screen.lab, ODD)["attempts"] == int(str(before)) + 1


def test_the_kernel_is_free_while_checks_run_and_results_stream_in(screen: Screen, begun: Begin) -> None:
    folder = begun(ODD)
    (folder / "mode.txt").write_text("slow")
    panel = screen.open(notebook(ODD)).panel()
    press(panel, "Check")
    expect(line(panel, "second")).to_contain_text("passed")
    expect(line(panel, "alone")).to_contain_text("running")
    expect(panel.get_by_role("progressbar")).to_have_js_property("value", 2)
    screen.run(1, "print(6 * 7)")
    expect(screen.page.locator(".jp-OutputArea-output", has_text="42")).to_be_visible()
    expect(panel).to_have_attribute("aria-busy", "true")
    expect(line(panel, "alone")).to_contain_text("timeout", timeout=20_000)


@pytest.mark.parametrize(
    ("mode", "said"),
    [("mistake", "a mistake of the course"), ("engine", "NextBring it back."), ("crash", "error")],
)
def test_an_error_never_blames_the_learner(screen: Screen, begun: Begin, mode: str, said: str) -> None:
    folder = begun(ODD)
    (folder / "mode.txt").write_text(mode)
    panel = screen.open(notebook(ODD)).panel()
    press(panel, "Check")
    expect(panel.get_by_role("status")).to_have_text(
        "The checks could not decide. This is not your fault, and costs nothing."
    )
    expect(line(panel, "first")).to_contain_text("error")
    expect(line(panel, "first")).to_contain_text(said)


def test_giving_up_asks_and_opens_the_solution(screen: Screen, begun: Begin) -> None:
    begun(ODD)
    panel = screen.open(notebook(ODD)).panel()
    if progress(screen.lab, ODD)["state"] == "passed":
        pytest.fail("this test needs an exercise that nobody has passed")
    press(panel, "Solution")
    press(panel, "Give up")
    panel.get_by_role("link", name="the solved notebook").click()
    screen.page.wait_for_function(
        "path => window.jupyterapp.shell.currentWidget?.context?.path === path",
        arg=f"solutions/{ODD}/exercise.ipynb",
    )


CONTRAST = """root => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgb = colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => [r, g, b]
        .map(one => one / 255)
        .map(one => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
        .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
    const behind = element => {
        for (let one = element; one; one = one.parentElement) {
            const colour = rgb(getComputedStyle(one).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return [255, 255, 255];
    };
    const texts = [...root.querySelectorAll('*')].filter(
        one => one.offsetParent && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
    return texts.map(one => {
        const [a, b] = [light(rgb(getComputedStyle(one).color)), light(behind(one))];
        return [one.textContent, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    });
}"""


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_can_be_read(screen: Screen, begun: Begin, theme: str) -> None:
    folder = begun(ODD)
    panel = screen.open(notebook(ODD)).panel()
    screen.theme(theme)
    for mode in ("fail", "engine", "fine"):
        (folder / "mode.txt").write_text(mode)
        press(panel, "Check")
        expect(panel).to_have_attribute("data-verdict", re.compile("failed|error|passed"))
        press(panel, "Reset")
        measured = panel.evaluate(CONTRAST)
        assert len(measured) > 10
        assert [(text, ratio) for text, ratio in measured if ratio < 4.5] == []
        press(panel, "Keep going")
