"""JupyterLab's settings, addresses and arguments. That it then behaves so is tested in tests/browser/."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checker import jupyter
from checker.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_the_port_asked_for_is_refused_where_it_is_taken(taken_port: int) -> None:
    with pytest.raises(Refused, match=str(taken_port)):
        jupyter.choose_port(taken_port)


@pytest.mark.parametrize("port", [-1, 70000])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(Refused, match=str(port)):
        jupyter.choose_port(port)


def test_without_a_wish_the_next_free_port_is_taken(taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jupyter, "FIRST_PORT", taken_port)
    assert taken_port < jupyter.choose_port(None) < taken_port + jupyter.PORTS_TRIED


def test_every_port_taken_is_said(taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jupyter, "FIRST_PORT", taken_port)
    monkeypatch.setattr(jupyter, "PORTS_TRIED", 1)
    with pytest.raises(Refused, match="all taken"):
        jupyter.choose_port(None)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a window can always be shown")
@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"BROWSER": "w3m"}, True),
    ],
)
def test_a_browser_is_opened_only_where_one_can_show(variables: dict[str, str], shown: bool) -> None:
    assert jupyter.has_display(variables) is shown


def test_the_learners_own_settings_stay_behind_the_courses(state: Path) -> None:
    made = jupyter.environment({"JUPYTER_CONFIG_PATH": "/mine", "PATH": "/bin", "HOME": "/home/ada"})
    assert made["JUPYTER_CONFIG_PATH"].split(os.pathsep) == [str(jupyter.CONFIG), "/mine"]
    assert "JUPYTER_CONFIG_DIR" not in made
    assert made["HOME"] == "/home/ada"
    assert Path(made["JUPYTERLAB_WORKSPACES_DIR"]).is_relative_to(state)
    assert made["BUILDKIT_PROGRESS"] == "plain"
    assert jupyter.environment({"BUILDKIT_PROGRESS": "tty"})["BUILDKIT_PROGRESS"] == "tty"


def test_the_environments_programs_come_first_and_once() -> None:
    programs = str(Path(sys.executable).parent)
    path = os.pathsep.join(["/first", programs, "/last"])
    assert jupyter.environment({"PATH": path})["PATH"].split(os.pathsep) == [programs, "/first", "/last"]


@pytest.mark.parametrize("given", ["--ServerApp.port=1", "--port=1"])
def test_what_the_caller_sets_is_said_once(tmp_path: Path, given: str) -> None:
    made = jupyter.arguments(tmp_path, 9999, [given])
    assert [one for one in made if "port=" in one] == [given]


def test_a_token_from_outside_is_left_to_jupyter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTER_TOKEN", raising=False)
    (token,) = [one for one in jupyter.arguments(tmp_path, 9999, []) if "IdentityProvider.token" in one]
    assert len(token.split("=")[1]) >= 32
    monkeypatch.setenv("JUPYTER_TOKEN", "mine")
    assert not [one for one in jupyter.arguments(tmp_path, 9999, []) if "IdentityProvider.token" in one]
