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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

TOKEN = "of-the-tests"
HERE = Path(__file__).parent
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
def browser_type_launch_args(browser_type_launch_args):
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium and not os.environ.get("CI"):
        pytest.skip("no chromium: install it, or name it with CHROMIUM")
    return {**browser_type_launch_args, "executable_path": chromium, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "viewport": {"width": 1200, "height": 1000}}


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


@pytest.fixture(scope="session")
def start_lab(tmp_path_factory) -> Iterator[Callable[..., Lab]]:
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
def fake_course(tmp_path_factory) -> Path:
    """A copy of the tests' small course, with a lesson of its own."""
    root = tmp_path_factory.mktemp("course") / "course"
    shutil.copytree(HERE.parent / "fake_course", root)
    (root / "notebooks").mkdir(exist_ok=True)
    sources = [
        "from checker.ui import course_map, doctor_report, exercise_link",
        "exercise_link('01-small/greet')",
        "doctor_report()",
        "course_map()",
        "exercise_link('01-small/count')",
    ]
    (root / "notebooks" / "01-small.ipynb").write_text(json.dumps(notebook(*sources)))
    return root


def notebook(*sources: str) -> dict[str, object]:
    """Return a notebook with these code cells."""
    cells = [
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
def lab(start_lab, fake_course, engine) -> Lab:
    """JupyterLab on the small course."""
    return start_lab(fake_course)


@pytest.fixture
def open_notebook(page, lab):
    """Open a notebook of the course and wait until its kernel answers."""

    def open_it(path: str, lab: Lab = lab):
        page.goto(f"{lab.url}/lab?token={TOKEN}&reset")
        page.wait_for_function("window.jupyterapp !== undefined")
        page.evaluate(
            """async path => {
                await window.jupyterapp.restored;
                const widget = await window.jupyterapp.commands.execute('docmanager:open', {path});
                await widget.context.ready;
                await widget.sessionContext.ready;
                await widget.sessionContext.session.kernel.info;
            }""",
            path,
        )
        return page

    return open_it
