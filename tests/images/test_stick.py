from __future__ import annotations

import secrets
import tarfile
from typing import TYPE_CHECKING

import pytest
from docker.errors import ImageNotFound

from checker.errors import Refused
from checker.images.archive import Entry, tar_stream
from checker.images.catalogue import catalogue
from checker.images.stick import load, save

from .conftest import layers, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine


@pytest.fixture
def tiny(engine: Engine, state: Path, own_catalogue: Path) -> list[str]:
    """An image of one file, in the test's own catalogue under the key ``gone``; its layers."""
    nonce = secrets.token_bytes(200_000)
    repository, _, tag = catalogue()["gone"].reference.rpartition(":")
    engine.client.api.import_image_from_stream(
        tar_stream([Entry("nonce", nonce)]), repository=repository, tag=tag
    )
    return layers(engine, f"{repository}:{tag}")


def test_what_is_saved_can_be_loaded(engine: Engine, tiny: list[str], tmp_path: Path) -> None:
    reference = catalogue()["gone"].reference
    steps: list[str] = []
    assert save(engine, ["gone"], tmp_path / "stick.tar", lambda _, step, *__: steps.append(step)) == ["gone"]
    engine.client.images.remove(reference)
    assert load(engine, tmp_path / "stick.tar", lambda _, step, *__: steps.append(step)) == [reference]
    assert layers(engine, reference) == tiny
    assert {"reads", "writes", "verifies", "loaded"} <= set(steps)
    assert not list(tmp_path.rglob(".*"))


def test_a_plain_docker_load_takes_the_file(engine: Engine, tiny: list[str], tmp_path: Path) -> None:
    save(engine, ["gone"], tmp_path / "stick.tar", silent)
    engine.client.images.remove(catalogue()["gone"].reference)
    with (tmp_path / "stick.tar").open("rb") as file:
        engine.client.images.load(file)
    assert layers(engine, catalogue()["gone"].reference) == tiny


def flip(whole: bytes) -> bytes:
    """One bit, in the middle of the layer."""
    return whole[:100_000] + bytes([whole[100_000] ^ 1]) + whole[100_001:]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a flipped bit": flip,
    "cut off": lambda whole: whole[:100_000],
    "cut off after a whole part": lambda whole: whole[: whole.rindex(b"manifest.json\0")],
    "empty": lambda _: b"",
    "no archive": lambda _: b"#" * 20_000,
    "another archive": lambda _: b"".join(tar_stream([Entry("a", b"b")])),
    "a list of images that is none": lambda _: b"".join(tar_stream([Entry("course-images.json", b"[1]")])),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_refused_before_anything_is_loaded(
    engine: Engine, tiny: list[str], tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "stick.tar"
    save(engine, ["gone"], file, silent)
    file.write_bytes(DAMAGE[damage](file.read_bytes()))
    engine.client.images.remove(catalogue()["gone"].reference)
    with pytest.raises(Refused, match="damaged") as refused:
        load(engine, file, silent)
    assert refused.value.next
    with pytest.raises(ImageNotFound):
        engine.client.images.get(catalogue()["gone"].reference)


def test_a_file_that_is_not_there(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        load(engine, tmp_path / "nothing.tar", silent)


def test_an_image_that_is_not_there(engine: Engine, state: Path, own_catalogue: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="gone") as refused:
        save(engine, ["gone"], tmp_path / "stick.tar", silent)
    assert "course images pull gone" in refused.value.next
    assert not (tmp_path / "stick.tar").exists()


def test_a_failed_save_keeps_the_old_file(engine: Engine, tiny: list[str], tmp_path: Path) -> None:
    file = tmp_path / "stick.tar"
    file.write_text("old")

    def interrupt(_: str, step: str, *__: object) -> None:
        if step == "writes":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(engine, ["gone"], file, interrupt)
    assert file.read_text() == "old"
    assert not list(tmp_path.rglob(".*"))


def test_the_list_lies_at_the_head(engine: Engine, tiny: list[str], tmp_path: Path) -> None:
    save(engine, ["gone"], tmp_path / "stick.tar", silent)
    with tarfile.open(tmp_path / "stick.tar") as archive:
        assert archive.getnames()[0] == "course-images.json"


def test_a_folder_that_is_not_there(engine: Engine, tiny: list[str], tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be written"):
        save(engine, ["gone"], tmp_path / "nowhere" / "stick.tar", silent)
