"""A person's way through chapter 02, on a copy of the course that has names and ports of its own."""

from __future__ import annotations

import json
import os
import re
import socket
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, expect

from .conftest import COURSE, Lab, Screen, answers_in, copied
from .test_lab import START
from .test_panel import CONTRAST, press

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from checker.engine.connect import Engine

    from .conftest import Tab

pytestmark = [pytest.mark.browser, pytest.mark.engine]

ORIGINAL = "02-running-containers"
# Scenes are found again by the exercise's id, so that the copy needs a chapter of its own as well.
CHAPTER = f"02-running-{os.getpid()}"
LESSON = f"work/{CHAPTER}.ipynb"
OWN = f"c02w{os.getpid()}-"
EXERCISES = sorted(path.parent.name for path in (COURSE / "exercises" / ORIGINAL).glob("*/checks.py"))
BY_KEYBOARD, IN_A_TERMINAL = "background-web", "detach-dont-exit"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def renamed(root: Path) -> Path:
    """Give what chapter 02 names on the engine names that nobody else has."""
    ports = {port: str(free_port()) for port in ("8081", "8082", "8083")}
    for path in sorted(root.glob(f"*/{ORIGINAL}*")):
        path.rename(path.with_name(path.name.replace(ORIGINAL, CHAPTER)))
    for path in [one for one in root.rglob("*") if one.is_file() and CHAPTER in str(one)]:
        text = path.read_text("utf-8").replace("c02-", OWN).replace(ORIGINAL, CHAPTER)
        path.write_text(re.sub(r"\b808[123]\b", lambda found: ports[found[0]], text), "utf-8")
    return root


def left(engine: Engine) -> list[str]:
    """Remove what is on the engine under the copy's names, and say what it was."""
    own: dict[str, Any] = {"name": OWN}
    client = engine.client
    containers = client.containers.list(ignore_removed=True, all=True, filters=own)
    for container in containers:
        container.remove(force=True)
    others: list[Any] = [*client.networks.list(filters=own), *client.volumes.list(filters=own)]
    for other in others:
        other.remove()
    return [str(one.name) for one in [*containers, *others]]


@pytest.fixture(scope="module")
def chapter(
    start_lab: Callable[[Path], Lab], tmp_path_factory: pytest.TempPathFactory, engine: Engine
) -> Iterator[Lab]:
    """JupyterLab on the copy. Cleaning in the end leaves nothing on the engine."""
    lab = start_lab(renamed(copied(tmp_path_factory.mktemp("chapter") / "course")))
    yield lab
    cleaned = lab.course("clean")
    rest = left(engine)
    assert cleaned.returncode == 0, cleaned.stderr
    assert rest == []


@pytest.fixture
def learner(tab: Tab, chapter: Lab) -> Screen:
    """A page of the learner's."""
    return Screen(tab(chapter), chapter)


def notebook(exercise: str) -> str:
    return f"work/{CHAPTER}/{exercise}/exercise.ipynb"


def shown(screen: Screen, selector: str) -> Locator:
    """Find something in the document that is in front."""
    return screen.page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) {selector}")


def until_open(screen: Screen, path: str) -> None:
    screen.page.wait_for_function(
        "path => window.jupyterapp.shell.currentWidget?.context?.path === path", arg=path
    )
    screen.open(path)


def solution(screen: Screen, exercise: str) -> list[str]:
    """The answers of the reference solution."""
    return answers_in(screen.lab.root / "solutions" / CHAPTER / exercise / "exercise.ipynb")


def panel(screen: Screen) -> Locator:
    """Show the panel of the exercise in front, and return it once it is loaded."""
    screen.run(-1)
    found = shown(screen, ".course-panel")
    expect(found).to_have_attribute("aria-busy", "false", timeout=20_000)
    return found


def passes(check_panel: Locator) -> None:
    press(check_panel, "Check")
    expect(check_panel).to_have_attribute("data-verdict", re.compile("."), timeout=40_000)
    assert check_panel.get_attribute("data-verdict") == "passed", check_panel.inner_text()


def save_nothing_by_itself(screen: Screen) -> None:
    """Where JupyterLab's own save meets another one, it can ask which of the two counts, and waits."""
    screen.page.evaluate(
        """async () => {
            const { commands } = window.jupyterapp;
            if (commands.isToggled('docmanager:toggle-autosave'))
                await commands.execute('docmanager:toggle-autosave');
        }"""
    )


def from_the_map_to_the_chapter(screen: Screen) -> None:
    screen.open(START)
    save_nothing_by_itself(screen)
    screen.run(screen.cell("course_map()"))
    map_ = shown(screen, ".course-map")
    expect(map_).to_contain_text(CHAPTER)
    map_.get_by_role("link", name=CHAPTER, exact=True).click()
    until_open(screen, LESSON)


def run_all(screen: Screen) -> list[dict[str, Any]]:
    """Run all cells of the notebook in front, and return the outputs of all of them."""
    found = screen.page.evaluate(
        """async () => {
            await window.jupyterapp.commands.execute('notebook:run-all-cells');
            return window.jupyterapp.shell.currentWidget.content.widgets.flatMap(
                cell => cell.model.type === 'code' ? cell.model.outputs.toJSON() : []);
        }"""
    )
    return list(found)


def put_away(screen: Screen) -> None:
    """Save the notebook in front, stop its kernel, close it."""
    screen.page.evaluate(
        """async () => {
            const widget = window.jupyterapp.shell.currentWidget;
            const dialog = () => document.querySelector('.jp-Dialog')?.innerText ?? 'no dialog';
            const soon = (what, promise) => Promise.race([promise, new Promise((_, fail) =>
                setTimeout(() => fail(new Error(`${what} does not end: ${dialog()}`)), 60000))]);
            await soon('saving', widget.context.save());
            await soon('the shutdown', widget.sessionContext.shutdown());
            widget.dispose();
        }"""
    )


def solve_by_cells(screen: Screen, exercise: str) -> None:
    screen.open(notebook(exercise))
    for index, source in zip(screen.answer_cells(), solution(screen, exercise), strict=True):
        screen.run(index, source)
    passes(panel(screen))
    put_away(screen)


def solve_by_keyboard(screen: Screen, exercise: str) -> None:
    """No mouse, and no command of JupyterLab's, from the moment the notebook is in front."""
    screen.open(notebook(exercise))
    keys = screen.page.keyboard
    (answer,) = screen.answer_cells()
    keys.press("Escape")
    for _ in range(answer):
        keys.press("ArrowDown")
    keys.press("Enter")
    keys.press("Control+A")
    keys.type(*solution(screen, exercise))
    for _ in range(len(cell_types(screen)) - answer):
        keys.press("Shift+Enter")
    found = shown(screen, ".course-panel")
    expect(found).to_have_attribute("aria-busy", "false", timeout=20_000)
    keys.press("Escape")
    check = found.get_by_role("button", name="Check", exact=True)
    for _ in range(40):
        if check.evaluate("one => one === document.activeElement"):
            break
        keys.press("Tab")
    expect(check).to_be_focused()
    keys.press("Enter")
    expect(found).to_have_attribute("data-verdict", "passed", timeout=40_000)
    put_away(screen)


def cell_types(screen: Screen) -> list[str]:
    found = screen.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.type)"
    )
    return list(found)


class Terminal:
    """JupyterLab's terminal: what is typed arrives as from a keyboard."""

    def __init__(self, screen: Screen) -> None:
        self._page = screen.page
        self._page.evaluate("() => window.jupyterapp.commands.execute('terminal:create-new')")
        self._page.wait_for_function("() => window.jupyterapp.shell.currentWidget?.content?._term")
        self._page.locator(".jp-Terminal:not(.lm-mod-hidden) .xterm-helper-textarea").focus()
        self.type("echo ready")
        self._page.wait_for_function(f"() => {_LINES}.at(-2) === 'ready'", timeout=20_000)
        self._prompt = self._page.evaluate(f"() => {_LINES}.at(-1)")

    def type(self, line: str) -> None:
        """Type a line, and Enter."""
        self._page.keyboard.type(line)
        self._page.keyboard.press("Enter")

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self._page.keyboard.press(key)

    def until(self, prompt: str) -> None:
        """Wait for a prompt of the container's shell."""
        self._page.wait_for_function(f"prompt => {_LINES}.at(-1) === prompt", arg=prompt, timeout=20_000)

    def until_back(self) -> None:
        """Wait for the learner's own prompt."""
        # Detaching prints no end of line: the prompt may stand behind the other one.
        self._page.wait_for_function(
            f"prompt => {_LINES}.at(-1).endsWith(prompt)", arg=self._prompt, timeout=20_000
        )

    def close(self) -> None:
        """End the terminal's shell, and close its tab."""
        self._page.evaluate(
            """async () => {
                const widget = window.jupyterapp.shell.currentWidget;
                await widget.content.session.shutdown();
                widget.dispose();
            }"""
        )


#: The lines of the terminal in front, without empty ones.
_LINES = """((buffer) => Array.from({length: buffer.length},
    (_, row) => buffer.getLine(row).translateToString(true).trimEnd()).filter(Boolean)
)(window.jupyterapp.shell.currentWidget.content._term.buffer.active)"""


def solve_in_a_terminal(screen: Screen, exercise: str) -> None:
    handover = screen.lab.root / "work" / CHAPTER / exercise / "handover.txt"
    desk, code = (line.split(": ")[1] for line in handover.read_text("utf-8").splitlines())
    run = "docker run -it --detach-keys ctrl-x,d --name"
    terminal = Terminal(screen)
    terminal.type(f"{run} {OWN}shell busybox:1.37 sh")
    terminal.until("/ #")
    terminal.type(f"mkdir {desk}")
    terminal.type(f"cd {desk}")
    terminal.until(f"/{desk} #")
    terminal.press("Control+x", "d")
    terminal.until_back()
    terminal.type(f"{run} {OWN}second busybox:1.37 sh")
    terminal.until("/ #")
    terminal.type(f"exit {code}")
    terminal.until_back()
    terminal.close()
    screen.open(notebook(exercise))
    passes(panel(screen))
    put_away(screen)


@pytest.mark.timeout(900)  # nine exercises, on a machine that tests other things as well
def test_from_the_map_to_nine_of_nine(learner: Screen) -> None:
    from_the_map_to_the_chapter(learner)
    outputs = run_all(learner)
    errors = ["\n".join(one["traceback"]) for one in outputs if one["output_type"] == "error"]
    assert errors == []
    texts = [one["data"].get("text/markdown", "") for one in outputs if "data" in one]
    for exercise in EXERCISES:
        assert any(f"]({CHAPTER}/{exercise}/exercise.ipynb)" in text for text in texts), exercise
    put_away(learner)
    for exercise in EXERCISES:
        solve = {BY_KEYBOARD: solve_by_keyboard, IN_A_TERMINAL: solve_in_a_terminal}.get(
            exercise, solve_by_cells
        )
        solve(learner, exercise)

    learner.open(START)
    learner.run(learner.cell("course_map()"))
    line = shown(learner, ".course-map > li").filter(has_text=CHAPTER)
    expect(line.locator("li")).to_have_count(len(EXERCISES))
    expect(line.locator("li.course-passed")).to_have_count(len(EXERCISES))
    told = json.loads(learner.lab.course("progress", "--json").stdout)["chapters"][CHAPTER]
    assert {one["id"].split("/")[1]: one["state"] for one in told} == dict.fromkeys(EXERCISES, "passed")
    put_away(learner)


def test_in_the_dark_every_word_can_be_read(learner: Screen) -> None:
    exercise = f"{CHAPTER}/{BY_KEYBOARD}"
    learner.lab.course("start", exercise)
    learner.lab.course("reset", exercise)  # another test may have passed it
    learner.open(LESSON)
    learner.theme("JupyterLab Dark")
    for source in ("chapter.begin()", "chapter.opening()", 'chapter.predict("detached")'):
        learner.run(learner.cell(source))
    predict = shown(learner, ".course-predict")
    predict.get_by_label("never", exact=True).check()
    press(predict, "Predict")
    expect(predict.get_by_role("status")).to_contain_text("Your prediction: never.")
    learner.run(learner.cell('chapter.reveal("detached"'))
    expect(shown(learner, ".course-reveal")).to_contain_text("✘ not right You predicted never.")

    first = learner.cell('lifecycle("c02-life")'.replace("c02-", OWN))
    for index in range(first, learner.cell("life.table()") + 1):
        learner.run(index)
    life = shown(learner, ".course-life")
    expect(life.get_by_role("status")).to_contain_text("is removed")
    life.locator("summary").click()
    for widget in (".course-quiz", ".course-predict", ".course-reveal", ".course-life"):
        readable(shown(learner, widget).first)
    learner.run(learner.cell("chapter.end()"))
    put_away(learner)

    learner.open(notebook(BY_KEYBOARD))
    for index, source in zip(learner.answer_cells(), solution(learner, BY_KEYBOARD), strict=True):
        learner.run(index, source)
    passed = panel(learner)
    passes(passed)
    readable(passed)
    learner.lab.course("reset", exercise)


def readable(widget: Locator) -> None:
    measured = widget.evaluate(CONTRAST)
    assert len(measured) > 3
    assert [(text, ratio) for text, ratio in measured if ratio < 4.5] == []
