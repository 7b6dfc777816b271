"""The verbs doctor, env and engine, as a person types them."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from checker import doctor
from checker.cli import main
from checker.engine import private
from checker.engine.clientside import Private
from checker.engine.doctor import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from checker.engine.connect import Engine


def test_doctor_without_an_engine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "✗ not ready" in out
    assert "unset DOCKER_HOST" in " ".join(out.split())


@pytest.mark.parametrize(("variable", "value"), [("DOCKER_CONTEXT", "gone"), ("DOCKER_HOST", "odd://")])
def test_doctor_explains_every_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, value: str
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv(variable, value)
    assert main(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["ready"] is False
    [engine] = [one for one in found["findings"] if one["key"] == "engine"]
    assert engine["level"] == "bad"
    assert engine["next"]


@pytest.mark.engine
def test_doctor_with_an_engine(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine.endpoint.url)
    status = main(["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert status == (0 if found["ready"] else 1)
    keys = [one["key"] for one in found["findings"]]
    assert {"engine", "cli", "trial", "images"} <= set(keys)
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(("level", "status"), [("ok", 0), ("warn", 0), ("bad", 1)])
def test_levels_have_a_word_and_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], level: str, status: int
) -> None:
    finding = Finding("disk", level, "12 GB are free.", "Make room.")  # type: ignore[arg-type]
    monkeypatch.setattr(doctor, "report", lambda: doctor.Report(level != "bad", [finding]))
    assert main(["doctor"]) == status
    out = capsys.readouterr().out
    assert {"ok": "ok", "warn": "note", "bad": "not ready"}[level] in out
    assert "Next: Make room." in out


@pytest.fixture
def running(state: Path, monkeypatch: pytest.MonkeyPatch) -> Private:
    """Pretend that the private engine runs, and that this machine has no docker command of its own."""
    found = Private("unix:///ours.sock", "/it's ours/bin", "/config", 1)
    found.file().parent.mkdir(parents=True)
    found.save()
    monkeypatch.setattr(private, "status", lambda: found)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr("checker.engine.clientside.has_plugins", lambda: False)
    return found


def test_env_can_be_evaluated(running: Private, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env"]) == 0
    script = f'{capsys.readouterr().out}printf "%s|%s|%s" "$DOCKER_HOST" "$DOCKER_CONFIG" "$PATH"'
    said = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == f"{running.url}|{running.config}|/usr/bin:/bin:{running.bin}"


def test_env_for_other_shells_and_programs(running: Private, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "--shell", "fish"]) == 0
    out = capsys.readouterr().out
    assert f"set -gx DOCKER_HOST '{running.url}'" in out
    assert "set -gx PATH '/usr/bin' '/bin' '/it\\'s ours/bin'" in out
    assert main(["env", "--shell", "powershell"]) == 0
    assert f"$env:PATH = '/usr/bin{os.pathsep}/bin{os.pathsep}/it''s ours/bin'" in capsys.readouterr().out
    assert main(["env", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["DOCKER_HOST"] == running.url


def test_env_without_a_private_engine(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "course engine start" in said.err


def test_stopping_nothing_is_no_error(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engine", "stop"]) == 0
    assert "was not running" in capsys.readouterr().out
    assert main(["engine", "status"]) == 1


def test_ctrl_c_ends_with_its_own_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(private, "start", interrupted)
    monkeypatch.setattr(private, "status", interrupted)
    monkeypatch.setattr(doctor, "report", interrupted)
    for verb in (["engine", "start"], ["env"], ["doctor"]):
        assert main(verb) == 130
        assert "stopped" in capsys.readouterr().err
