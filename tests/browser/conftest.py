"""JupyterLab, started as ``course lab`` starts it, in a copy of a course; a page of Chromium on it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, ViewportSize, expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from checker.engine.connect import Engine

    Begin = Callable[[str], Path]
    Tab = Callable[["Lab"], Page]

expect.set_options(timeout=15_000)  # milliseconds: three parts of the tests share two processors
TOKEN = "of-the-tests"
HERE = Path(__file__).parent
COURSE = HERE.parents[1]
#: The first chapter of the small course here. Its exercises have ids, and so scenes, of their own.
SMALL = f"01-small-{os.getpid()}"
VIEWPORT: ViewportSize = {"width": 1200, "height": 1000}
FLAGS = [
    "--headless",
    "--no-sandbox",  # as root Chromium has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium and not os.environ.get("CI"):
        pytest.skip("no chromium: install it, or name it with CHROMIUM")
    return {**browser_type_launch_args, "executable_path": chromium, "args": FLAGS}


@pytest.fixture(scope="session")
def base_url() -> str | None:
    """No address in common. The plugin's own fixture of this name is one that pytest 9 warns of."""
    return None


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": VIEWPORT}


@pytest.fixture(scope="session")
def tab(browser: Browser, browser_context_args: dict[str, Any]) -> Tab:
    """Give a page for a JupyterLab, with nothing open in it.

    It serves one test after the other, since loading JupyterLab takes longer than most tests. A new page
    comes for another JupyterLab, and where a test has left the page so that it cannot be emptied.
    """
    page: Page | None = None

    def give(lab: Lab) -> Page:
        nonlocal page
        if page and _emptied(page) and page.url.startswith(lab.url):
            return page
        if page:
            page.context.close()
        page = browser.new_context(**browser_context_args).new_page()
        return page

    return give


def _emptied(page: Page) -> bool:
    page.set_viewport_size(VIEWPORT)
    return "/lab" in page.url and bool(page.evaluate(_PUT_AWAY))


@dataclass
class Lab:
    """A running JupyterLab: its address, and the folder of the course that it shows."""

    url: str
    root: Path
    environment: dict[str, str]

    def course(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``course …`` as in a terminal of this JupyterLab."""
        return subprocess.run(
            [sys.executable, "-m", "checker", *words],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def begin(self, exercise: str) -> Path:
        """Begin an exercise anew, and return the learner's folder."""
        done = self.course("reset", exercise)
        if done.returncode:  # it was never started, or its record is damaged
            done = self.course("start", exercise)
        assert done.returncode == 0, done.stderr
        return self.root / "work" / exercise


@pytest.fixture(scope="session")
def start_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Lab]]:
    """Start ``course lab`` in a folder, with directories of its own; stop it by Ctrl-C in the end."""
    running: list[subprocess.Popen[str]] = []

    def start(root: Path, **variables: str) -> Lab:
        private = tmp_path_factory.mktemp("private")
        environment = {
            **os.environ,
            "COURSE_ROOT": str(root),
            "COURSE_STATE_DIR": str(private / "state"),
            "COURSE_DATA_DIR": str(private / "data"),
            "JUPYTER_CONFIG_DIR": str(private / "config"),
            "JUPYTER_DATA_DIR": str(private / "jupyter"),
            "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
            "IPYTHONDIR": str(private / "ipython"),
            "JUPYTER_TOKEN": TOKEN,
            **variables,
        }
        environment.pop("BROWSER", None)
        process = subprocess.Popen(
            [sys.executable, "-m", "checker", "lab", "--", "--no-browser", "--ServerApp.port=0"],
            cwd=root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        return Lab(_address(process), root, environment)

    yield start
    for process in running:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
        assert process.returncode == 0, rest
        assert "JupyterLab is stopped." in rest


def _address(process: subprocess.Popen[str]) -> str:
    """Return the address that ``course lab`` says, once something answers there."""
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if line.startswith("JupyterLab is at "):
            url = line.split()[-1].split("/lab")[0]
            break
    else:
        pytest.fail(f"course lab did not start:\n{said}")
    ends = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"{url}/api", timeout=5).close()
        except OSError:
            assert time.monotonic() < ends, said
            time.sleep(0.05)
        else:
            return url


@pytest.fixture(scope="session")
def small_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tests' small course, with names of its own on the engine and a start page."""
    root = small_copy(tmp_path_factory.mktemp("course") / "course")
    sources = [
        "import sys\nfrom checker.ui import course_map, doctor_report, exercise_link\nprint(sys.executable)",
        f"exercise_link('{SMALL}/count')",
        "doctor_report()",
        "course_map()",
    ]
    (root / "notebooks" / "00-start-here.ipynb").write_text(json.dumps(notebook(*sources)))
    return root


def small_copy(root: Path) -> Path:
    """Copy the tests' small course, and give what it names on the engine names that nobody else has."""
    shutil.copytree(HERE.parent / "fake_course", root)
    for path in sorted(root.glob("*/01-small*")):
        path.rename(path.with_name(path.name.replace("01-small", SMALL)))
    for path in [one for one in root.rglob("*") if one.suffix in {".py", ".ipynb", ".toml"}]:
        text = path.read_text("utf-8").replace("fake-", f"fake{os.getpid()}-")
        path.write_text(text.replace("01-small", SMALL), "utf-8")
    return root


def notebook(*sources: str) -> dict[str, object]:
    """Return a notebook with these code cells."""
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture(scope="session")
def lab(start_lab: Callable[[Path], Lab], small_course: Path, engine: Engine) -> Iterator[Lab]:
    """JupyterLab on the small course. What its exercises made on the engine is removed in the end."""
    yield start_lab(small_course)
    for container in engine.client.containers.list(
        ignore_removed=True, all=True, filters={"name": f"^/?fake{os.getpid()}-"}
    ):
        container.remove(force=True)


def copied(root: Path) -> Path:
    """Copy the real course."""
    for part in ("exercises", "solutions", "notebooks"):
        shutil.copytree(COURSE / part, root / part)
    shutil.copy(COURSE / "pyproject.toml", root)
    return root


def answers_in(solved: Path) -> list[str]:
    """Return the answers of a solved notebook, one for each answer cell."""
    cells = json.loads(solved.read_text("utf-8"))["cells"]
    return ["".join(one["source"]) for one in cells if "answer" in one["metadata"].get("tags", ())]


class Screen:
    """A page that shows a notebook of the course, driven by JupyterLab's commands."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self.lab = lab

    def open(self, path: str, factory: str = "default") -> Screen:
        """Open a file and, if it is a notebook, wait until its kernel answers."""
        for _ in range(3):
            if "/lab" not in self.page.url:
                self.page.goto(f"{self.lab.url}/lab?token={TOKEN}&reset")
                self.page.wait_for_function("window.jupyterapp !== undefined")
            if self.page.evaluate(_OPEN, [path, factory]):
                return self
            # Now and then a kernel's first word is lost. A page that is loaded anew asks again.
            self.page.evaluate(_SHUT_DOWN)
            self.page.goto("about:blank")
        raise AssertionError(f"JupyterLab does not open {path}.")

    def run(self, index: int, source: str | None = None) -> None:
        """Run a cell of the notebook, with another source if one is given."""
        self.page.evaluate(_RUN, [index, source])

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """Return a cell's outputs as the notebook's file holds them."""
        found = self.page.evaluate(_OUTPUTS, index)
        return list(found)

    def cell(self, source: str) -> int:
        """Return the index of the first cell that holds ``source``."""
        found = int(self.page.evaluate(_CELL, source))
        assert found >= 0, source
        return found

    def answer_cells(self) -> list[int]:
        """Return the indices of the cells that an answer belongs into."""
        return list(self.page.evaluate(_ANSWER_CELLS))

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme, and wait until it is there."""
        self.page.evaluate(_THEME, name)
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light", arg=str("Light" in name).lower()
        )

    def panel(self, index: int = -1, source: str | None = None) -> Locator:
        """Show the panel by one of the notebook's cells, and return it once it is loaded."""
        self.run(index, source)
        panel = self.page.locator(".course-panel")
        expect(panel).to_have_attribute("aria-busy", "false", timeout=20_000)
        return panel


_OPEN = """async ([path, factory]) => {
    const open = async () => {
        await window.jupyterapp.restored;
        const widget = await window.jupyterapp.commands.execute('docmanager:open', {path, factory});
        await widget.context.ready;
        while (window.jupyterapp.shell.currentWidget !== widget) {
            window.jupyterapp.shell.activateById(widget.id);
            await new Promise(resolve => window.setTimeout(resolve, 20));
        }
        if (!widget.sessionContext) return true;
        await widget.sessionContext.ready;
        await widget.sessionContext.session.kernel.info;
        return true;
    };
    const late = new Promise(resolve => window.setTimeout(() => resolve(false), 60000));
    return Promise.race([open(), late]);
}"""

_SHUT_DOWN = "() => window.jupyterapp.serviceManager.sessions.shutdownAll()"

# What is not saved is lost; a dialog that nobody has answered makes the page useless.
_PUT_AWAY = """async () => {
    const { commands, serviceManager, shell } = window.jupyterapp;
    const documents = () => [...shell.widgets('main')].filter((one) => one.context);
    for (const one of documents()) one.context.model.dirty = false;
    for (const one of [...shell.widgets('main')]) one.close();
    await Promise.all([serviceManager.sessions.shutdownAll(), serviceManager.terminals.shutdownAll()]);
    await commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'});
    for (let left = 100; left && documents().length; left--)
        await new Promise((resolve) => window.setTimeout(resolve, 20));
    return !documents().length && !document.querySelector('.jp-Dialog');
}"""

_RUN = """async ([index, source]) => {
    const content = window.jupyterapp.shell.currentWidget.content;
    content.activeCellIndex = index < 0 ? content.widgets.length + index : index;
    if (source !== null) content.activeCell.model.sharedModel.setSource(source);
    await window.jupyterapp.commands.execute('notebook:run-cell');
}"""

_CELL = """source => window.jupyterapp.shell.currentWidget.content.widgets
    .findIndex(cell => cell.model.sharedModel.getSource().includes(source))"""

_ANSWER_CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets.flatMap((cell, index) =>
    cell.model.getMetadata('tags')?.includes('answer') ? [index] : [])"""

_THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"

_OUTPUTS = """index => {
    const cells = window.jupyterapp.shell.currentWidget.content.widgets;
    return cells.at(index).model.outputs.toJSON();
}"""


@pytest.fixture(scope="session")
def start_page(lab: Lab) -> tuple[Path, str]:
    """The learner's start page, and what it holds before any test."""
    path = lab.root / "work" / "00-start-here.ipynb"
    return path, path.read_text("utf-8")


@pytest.fixture
def screen(tab: Tab, lab: Lab, start_page: tuple[Path, str]) -> Screen:
    """The small course's JupyterLab, with nothing open in it."""
    page = tab(lab)
    path, untouched = start_page
    path.write_text(untouched, "utf-8")  # JupyterLab has saved by itself what a test has put into its cells
    return Screen(page, lab)


@pytest.fixture
def begun(lab: Lab) -> Begin:
    """Begin an exercise of the small course anew, and return the learner's folder."""
    return lab.begin


def accessibility(page: Page, selector: str) -> list[str]:
    """Return what axe calls serious or critical in the parts that ``selector`` names."""
    found = Axe().run(page, context=selector).response["violations"]
    return [
        f"{one['id']}: {node['html']}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
