"""``course setup``: what is missing is said; what is there is left as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from checker.errors import Refused
from checker.setup import check_packages, setup

if TYPE_CHECKING:
    from pathlib import Path

    from checker.engine.connect import Engine


def project(folder: Path, *requirements: str) -> None:
    (folder / "pyproject.toml").write_text(
        f"[project]\nname = 'a'\ndependencies = {json.dumps(requirements)}\n"
    )


def test_packages_that_are_there_pass(tmp_path: Path) -> None:
    project(tmp_path, "anywidget>=0.1", "docker[ssh]>=7")
    check_packages(tmp_path)


@pytest.mark.parametrize("line", ["no-such-package-of-ours>=1", "anywidget>=99"])
def test_a_package_that_is_missing_or_too_old_is_named_with_the_way_out(tmp_path: Path, line: str) -> None:
    project(tmp_path, "docker>=7", line)
    with pytest.raises(Refused, match=line) as refused:
        check_packages(tmp_path)
    assert str(tmp_path) in refused.value.next
    assert "docker>=7" not in refused.value.message


def test_without_a_project_file_the_installed_metadata_counts(tmp_path: Path) -> None:
    check_packages(tmp_path)


@pytest.mark.engine
def test_set_up_twice_the_second_run_makes_nothing(
    engine: Engine, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = state / "course"
    for name in ("exercises", "solutions", "notebooks"):
        (course / name).mkdir(parents=True)
    page = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (course / "notebooks" / "00-start.ipynb").write_text(json.dumps(page))
    project(course, "docker>=7")
    first: list[str] = []
    variables = setup(course, first.append)
    assert "Pages: 1 made in work/." in first
    assert {"PATH"} <= set(variables)

    second: list[str] = []
    setup(course, second.append)
    assert second == [
        "Packages: all there.",
        f"Engine: {engine.endpoint.source} answers.",
        "Images of the first chapters: all there.",
        "Pages: all there.",
    ]
