"""The picture of layers, on real images: at once from what the engine knows, then from the files."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from checker.engine import build
from checker.errors import Refused, UsageError
from checker.ui import helper, layer_reading
from checker.ui.layer_picture import LayersPicture, layers, sentence
from checker.ui.tell import Tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.course import Course
    from checker.engine.connect import Engine

FAT, SLIM = (f"layers-test-{os.getpid()}:{tag}" for tag in ("fat", "slim"))
FAT_FILE = """\
FROM busybox:1.37
RUN mkdir /data && head -c 300000 /dev/zero > /data/backup.tar
WORKDIR /data
RUN rm backup.tar && echo ready > "<b>state"
CMD ["cat", "<b>state"]
"""
SLIM_FILE = "FROM busybox:1.37\nRUN head -c 300000 /dev/zero > /b && rm /b && echo slim > /slim\n"


@pytest.fixture(scope="module")
def images(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """An image with a deleted file, and one where the file was never in a layer."""
    for tag, text in ((FAT, FAT_FILE), (SLIM, SLIM_FILE)):
        folder = tmp_path_factory.mktemp("image")
        (folder / "Dockerfile").write_text(text)
        build.build(engine, folder, tags=[tag])
    yield FAT, SLIM
    for tag in (FAT, SLIM):
        engine.client.images.remove(tag, force=True)


@pytest.fixture(autouse=True)
def ended(folder: Path) -> Iterator[None]:
    """Stand in a course, and leave no process behind."""
    yield
    helper.close_all()


def lines(picture: LayersPicture, index: int = 0) -> list[dict[str, Any]]:
    return list(picture.view["images"][index]["lines"])


pytestmark = pytest.mark.engine


def test_it_says_what_a_later_layer_did_not_save(images: tuple[str, str]) -> None:
    picture = layers(FAT)
    shown = repr(picture.table()).splitlines()
    said = [line["instruction"] for line in lines(picture)]
    assert said[1].startswith("RUN mkdir /data && head -c 300000")
    assert said[2:4] == ["WORKDIR /data", 'RUN rm backup.tar && echo ready > "<b>state"']
    wasteful, remover = lines(picture)[1], lines(picture)[3]
    assert wasteful["wasted"] == 300_000
    assert ["deleted", "/data/backup.tar", 300_000] in [list(one) for one in remover["files"]]
    assert (
        "0.3 MB of it is deleted or replaced by later layers, and is still in the image."
        in picture.view["say"]
    )
    assert shown[2].split()[-3:] == ["by", "layer", "4"]
    assert "no layer" in shown[-1]
    assert "300000" not in "".join(shown[3:])


def test_two_images_show_what_they_share(images: tuple[str, str]) -> None:
    picture = layers(*images)
    picture.table()
    assert [line["shared"] for line in lines(picture, 0)][:2] == [True, False]
    assert [line["shared"] for line in lines(picture, 1)] == [True, False]
    assert "They share 1 layer with" in picture.view["say"]


def test_the_same_layer_on_another_one_is_not_shared() -> None:
    one, other = (
        [layer_reading.Line("", one, 1) for one in ids]
        for ids in (("base", "empty", "empty"), ("base", "own", "empty"))
    )
    told: list[dict[str, Any]] = []
    layer_reading._tell(Tell(lambda _, **fields: told.append(fields)), ["a:1", "b:1"], [one, other])
    for image in told[0]["images"]:
        assert [line["shared"] for line in image["lines"]] == [True, False, False]


def test_the_text_form_does_not_depend_on_what_was_found(images: tuple[str, str]) -> None:
    picture = layers(FAT, SLIM)
    before = repr(picture)
    picture.table()
    assert repr(picture) == before


@pytest.mark.parametrize("name", ["no-such-image-<b>:1", ""])
def test_an_image_that_is_not_there_is_said_with_a_next_step(name: str) -> None:
    picture = layers(name)
    with pytest.raises(Refused):
        picture.table()
    assert picture.view["say"] == f"The layers of {name} cannot be shown."
    assert picture.view["trouble"]["message"]


def test_without_an_engine_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such.sock")
    picture = layers("busybox:1.37")
    with pytest.raises(Refused, match=r"/no/such\.sock"):
        picture.table()
    assert picture.view["trouble"]["next"]


@pytest.mark.parametrize("names", [(), ("a", "b", "c")])
def test_one_image_or_two(names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="One image or two"):
        layers(*names)


def test_what_the_engine_knows_is_told_before_the_files(images: tuple[str, str], fake_course: Course) -> None:
    told: list[dict[str, Any]] = []
    tell = Tell(lambda event, **fields: told.append({"event": event, **fields}))
    layer_reading._known.clear()
    layer_reading.layers(fake_course, tell, [FAT])
    first, last = (one["images"][0]["lines"] for one in (told[0], told[-1]))
    assert [(line["instruction"], line["layer"]) for line in first] == [
        (line["instruction"], line["layer"]) for line in last
    ]
    assert not any(line["read"] for line in first)


def test_reading_can_be_ended_early(images: tuple[str, str], fake_course: Course) -> None:
    tell = Tell(lambda *_, **__: None)
    tell.cancel()
    layer_reading._known.clear()
    with pytest.raises(Refused, match="ended early"):
        layer_reading.layers(fake_course, tell, [FAT])
    assert not layer_reading._known


def test_an_image_that_vanishes_meanwhile(images: tuple[str, str], engine: Engine) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    name = f"layers-gone-{os.getpid()}"
    engine.client.api.import_image_from_data(packed.getvalue(), repository=name, tag="1")
    picture = layers(f"{name}:1")
    assert "(imported)" in repr(picture.table())
    engine.client.images.remove(f"{name}:1")
    later = layers(f"{name}:1")
    with pytest.raises(Refused):
        later.table()


def test_a_sentence_for_one_layer() -> None:
    line = {"layer": True, "size": 5, "wasted": 0, "shared": False}
    assert sentence([{"name": "a:1", "lines": [line]}]) == (
        "a:1 has 1 layer with 5 bytes of files. Nothing of it is deleted or replaced by a later layer."
    )
