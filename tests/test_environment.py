"""The two lists of packages, for pip and for conda, say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: What a package is called on conda-forge where that differs.
CONDA_NAMES = {"docker": "docker-py"}


def test_environment_yml_holds_the_same_packages_and_bounds_as_pyproject() -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    named = [dependency.partition(">=") for dependency in dependencies]
    wanted = {f"{CONDA_NAMES.get(name, name)}>={bound}" for name, _, bound in named}
    conda = re.findall(r"^  - ([\w-]+(?:>=[\d.]+)?)$", (ROOT / "environment.yml").read_text(), re.MULTILINE)
    assert set(conda) - {"python>=3.11", "pip"} == wanted


def test_environment_yml_installs_the_course_itself() -> None:
    assert "      - -e ." in (ROOT / "environment.yml").read_text().splitlines()


def test_named_packages_are_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    for package in ("jupyterlab", "docker", "ipywidgets", "nbval", "pytest"):
        assert re.search(rf'"{package}[\[>]', text), package
