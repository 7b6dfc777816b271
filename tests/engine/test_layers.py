"""What is in a saved image, in both layouts that engines write."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from made import BUSYBOX, making

from checker.engine import image, layers
from checker.engine.build import build
from checker.engine.errors import Missing, NotReadable
from checker.engine.layers import SavedImage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from checker.engine.connect import Engine


def tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


LAYERS = [
    tar({"./etc/token": b"nonce-123", "dir/a": b"1", "dir/b": b"22", "top": b"x" * 100}),
    tar({"etc/.wh.token": b"", "dir/.wh..wh..opq": b"", "dir/c": b"333"}),
]


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def docker_layout() -> bytes:
    config = json.dumps({"rootfs": {"diff_ids": [digest(layer) for layer in LAYERS]}}).encode()
    names = ["a/layer.tar", "b/layer.tar"]
    manifest = json.dumps([{"Config": "c.json", "Layers": names}]).encode()
    return tar(dict(zip(names, LAYERS, strict=True)) | {"c.json": config, "manifest.json": manifest})


def oci_layout() -> bytes:
    """As the containerd store writes it: packed layers, an index with a platform that is not there."""
    blobs = {}

    def blob(data: bytes) -> dict[str, str]:
        blobs["blobs/" + digest(data).replace(":", "/")] = data
        return {"digest": digest(data)}

    config = blob(json.dumps({"rootfs": {"diff_ids": [digest(layer) for layer in LAYERS]}}).encode())
    packed = [blob(gzip.compress(layer)) for layer in LAYERS]
    manifest = blob(json.dumps({"config": config, "layers": packed}).encode())
    index = blob(json.dumps({"manifests": [{"digest": digest(b"another platform")}, manifest]}).encode())
    return tar({"index.json": json.dumps({"manifests": [index]}).encode()} | blobs)


@pytest.mark.parametrize("layout", [docker_layout, oci_layout])
def test_both_layouts_show_the_same(layout: Callable[[], bytes]) -> None:
    with ExitStack() as files:
        opened, history = layers.open_saved(io.BytesIO(layout()), files)
        with SavedImage(opened, history, files.pop_all()) as saved:
            assert [layer.diff_id for layer in saved.layers] == [digest(layer) for layer in LAYERS]
            assert saved.size == 9 + 1 + 2 + 100 + 3
            assert saved.above((digest(LAYERS[0]),)) == [saved.layers[1]]
            assert saved.holding("/etc/token") == [saved.layers[0]]
            assert saved.visible("/etc/token") is None
            assert saved.visible("/dir/a") is None  # its folder was emptied
            assert saved.paths() == {"/dir/c", "/top"}
            assert saved.layers[1].deleted == {"/etc/token", "/dir"}
            assert saved.layers[0].read("/etc/token") == b"nonce-123"
            assert saved.search(b"nonce-123") == [(saved.layers[0], "/etc/token")]
            with pytest.raises(Missing):
                saved.layers[1].read("/etc/token")


def test_a_needle_on_the_border_of_two_chunks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "_CHUNK", 16)
    data = tar({"f": b"." * 13 + b"needle" + b"." * 40})
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert list(layers.Layer("sha256:0", archive).search(b"needle")) == ["/f"]


def test_zstd_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="zstd"):
        layers._unpacked(io.BytesIO(b"\x28\xb5\x2f\xfd...."))


@pytest.mark.engine
def test_a_deleted_file_of_a_real_image(engine: Engine, tmp_path: Path) -> None:
    with making(engine) as made:
        tag = made.tag()
        (tmp_path / "Dockerfile").write_text(f"FROM {BUSYBOX}\nRUN echo nonce-7 >/secret\nRUN rm /secret\n")
        built = build(engine, tmp_path, tags=[tag])
        with layers.save(engine, built.image) as saved:
            assert [layer.diff_id for layer in saved.layers] == list(built.image.diff_ids)
            assert saved.visible("/secret") is None
            (holder,) = saved.holding("/secret")
            assert holder.read("/secret") == b"nonce-7\n"
            assert [path for _, path in saved.search(b"nonce-7\n")] == ["/secret"]
            assert sum(layer.size for layer in saved.above(image.find(engine, BUSYBOX).diff_ids)) == 8


@pytest.mark.engine
def test_an_image_beyond_the_limit_is_not_kept(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "LIMIT", 1000)
    with pytest.raises(NotReadable, match=BUSYBOX):
        layers.save(engine, image.find(engine, BUSYBOX))
