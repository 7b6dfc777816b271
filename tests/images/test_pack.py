from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from docker.errors import APIError

from checker.errors import Refused
from checker.images.catalogue import catalogue
from checker.images.pack import Pack
from checker.images.trouble import room

from .conftest import layers

if TYPE_CHECKING:
    from checker.engine.connect import Engine

    from .conftest import Have


@pytest.mark.engine
def test_holds_the_engines_image_until_a_part_is_lost(engine: Engine, image: Have, tmp_path: Path) -> None:
    image("busybox")
    busybox = catalogue()["busybox"]
    pack = Pack(tmp_path / "pack")
    assert pack.find(busybox) is None
    pack.add(engine.client.api, busybox)
    saved = pack.find(busybox)
    assert saved
    config = json.loads((pack.blobs / saved.config).read_text())
    assert config["rootfs"]["diff_ids"] == layers(engine, busybox.reference)
    assert pack.load(engine.client.api, busybox)
    (pack.blobs / saved.layers[0]).unlink()
    assert pack.find(busybox) is None
    assert not pack.load(engine.client.api, busybox)


@pytest.mark.parametrize("entry", ["", "[]", "{}", '{"reference": "x:1", "config": "", "layers": 3}', "\x00"])
def test_a_damaged_entry_is_no_entry(tmp_path: Path, entry: str) -> None:
    (tmp_path / "busybox.json").write_text(entry)
    assert Pack(tmp_path).find(catalogue()["busybox"]) is None


def test_another_release_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "c").touch()
    entry = {"reference": "busybox:1.35", "config": "c", "layers": []}
    (tmp_path / "busybox.json").write_text(json.dumps(entry))
    assert Pack(tmp_path).find(catalogue()["busybox"]) is None


def test_a_workplace_goes_away(tmp_path: Path) -> None:
    def work() -> None:
        with Pack(tmp_path / "pack").workplace() as place:
            (place / "half").write_text("…")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert list((tmp_path / "pack").iterdir()) == []


@pytest.mark.parametrize(
    ("trouble", "phrase"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "full"),
        (OSError(errno.EACCES, "Permission denied"), "cannot be written: Permission denied"),
        (OSError(errno.ENOENT, "No such file or directory"), "cannot be written: No such file"),
        (APIError("write /var/lib/docker: no space left on device"), "engine's disk is full"),
        (Refused("apt could not download: You don't have enough free space in /x"), "full"),
    ],
)
def test_room_says_what_is_full(trouble: Exception, phrase: str) -> None:
    with pytest.raises(Refused, match=phrase) as refused, room(Path("/x")):
        raise trouble
    assert refused.value.next
    assert refused.value.exit_status == 1


def test_room_lets_other_trouble_pass() -> None:
    with pytest.raises(APIError), room(Path("/x")):
        raise APIError("conflict")
