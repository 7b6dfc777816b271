"""Fixtures that every test may use. Tests marked ``engine`` run against the real engine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from checker.engine.connect import Engine, connect
from checker.errors import EngineFault


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The engine that this machine's ``docker`` would reach."""
    try:
        found = connect()
    except EngineFault as fault:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs an engine: {fault}")
        pytest.skip(f"no engine: {fault}")
    with found:
        yield found


@pytest.fixture
def state(tmp_path, monkeypatch):
    """State and data directories of the test's own, so that it never meets the user's."""
    monkeypatch.setenv("COURSE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    return tmp_path
