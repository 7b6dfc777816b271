"""``course images``, as a person types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from docker.errors import ImageNotFound

from checker.cli import main
from checker.images import mirror
from checker.images.catalogue import catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from checker.engine.connect import Engine

    from .conftest import Have

pytestmark = pytest.mark.engine


def course(*words: str | Path) -> int:
    """Exit status of ``course images …``."""
    return main(["images", *map(str, words)])


def test_status(image: Have, state: Path, own_catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert course("status") == 1
    said = capsys.readouterr().out
    for word in ("missing", "optional", "redis", "Next: `course images pull`"):
        assert word in said
    assert course("status", "debian") == 0


def test_status_as_json(
    image: Have, state: Path, own_catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course("status", "--json")
    rows = {row["key"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == set(catalogue())
    assert rows["debian"]["state"] in {"present", "stand-in"}
    assert rows["redis"] == {
        "key": "redis",
        "reference": catalogue()["redis"].reference,
        "state": "missing",
        "packed": False,
        "buildable": True,
        "optional": False,
        "size_mb": 9,
        "chapters": ["02"],
        "why": "a test",
    }
    assert rows["extra"]["state"] == "optional"


def test_pull(state: Path, own_catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert course("pull", "busybox", "debian") == 0
    said = capsys.readouterr()
    assert "All of these images are here." in said.out
    assert "busybox: ready, as a stand-in" in said.err
    assert course("status", "busybox") == 0


def test_pull_what_cannot_be_had(
    state: Path, own_catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert course("pull", "gone") == 1
    assert "course images load" in capsys.readouterr().err
    assert course("pull", "extra") == 1
    assert "extra" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["pull", "apache"], ["status", "--chapter", "42"], ["pack"]])
def test_wrong_usage(engine: Engine, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert course(*words) == 2
    assert "Next:" in capsys.readouterr().err


def test_pack_save_and_load(
    engine: Engine, state: Path, own_catalogue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert course("pack", "busybox") == 0
    assert str(state) in capsys.readouterr().out
    assert course("save", tmp_path / "stick.tar", "busybox") == 0
    reference = catalogue()["busybox"].reference
    engine.client.images.remove(reference)
    (tmp_path / "bad.tar").write_bytes((tmp_path / "stick.tar").read_bytes()[:-200_000])
    assert course("load", tmp_path / "bad.tar") == 1
    assert "Nothing was loaded" in capsys.readouterr().err
    with pytest.raises(ImageNotFound):
        engine.client.images.get(reference)
    assert course("load", tmp_path / "stick.tar") == 0
    assert reference in capsys.readouterr().out


def test_mirror(
    engine: Engine, image: Have, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    image("registry")
    image("busybox")
    monkeypatch.setattr(mirror, "NAME", "course-test-mirror-verb")
    try:
        assert course("mirror", "busybox") == 0
        settings = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert settings["registry-mirrors"][0].startswith("http://127.0.0.1:")
    finally:
        assert course("mirror", "--stop") == 0
    assert course("mirror", "--stop") == 0
    assert "No mirror was running" in capsys.readouterr().out


def test_without_an_engine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert course("status") == 3
    assert "Next:" in capsys.readouterr().err
