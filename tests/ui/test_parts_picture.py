"""The picture of an image's parts: from a real registry, and from the engine."""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest
from pushed import push, registry

from checker.engine import build, parts
from checker.engine.errors import NotReadable, ObjectError
from checker.errors import Refused, UsageError
from checker.ui import helper, parts_reading
from checker.ui.parts_picture import PartsPicture, image_parts, sentence
from checker.ui.tell import Tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.course import Course
    from checker.engine.connect import Engine

DOCKERFILE = """\
FROM busybox:1.37
LABEL course="parts-test"
RUN echo hours > "/<b>hours"
CMD ["cat", "/<b>hours"]
"""
INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture(scope="module")
def pushed(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tag in a registry of its own; the engine has the image under the same name."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    with registry(engine) as address:
        reference = f"{address}/team/parts-{secrets.token_hex(4)}:1.0"
        build.build(engine, folder, tags=[reference])
        try:
            push(engine, reference)
            yield reference
        finally:
            engine.client.images.remove(reference, force=True)


@pytest.fixture(autouse=True)
def ended(folder: Path) -> Iterator[None]:
    """Stand in a course, and leave no process behind."""
    yield
    helper.close_all()


def read(name: str) -> tuple[PartsPicture, dict[str, Any]]:
    """Return a picture that is read, and what it shows."""
    picture = image_parts(name)
    picture.table()
    return picture, dict(picture.view["parts"])


def put_index(reference: str, tag: str, *platforms: tuple[str, str]) -> None:
    """Put an index beside an image that names it for these platforms."""
    address, _, rest = reference.partition("/")
    url = f"http://{address}/v2/{rest.rpartition(':')[0]}/manifests/"
    kinds = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"
    with urlopen(Request(f"{url}1.0", headers={"Accept": kinds})) as answer:
        kind, raw = answer.headers["Content-Type"], answer.read()
    digest = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    entries = [
        {
            "mediaType": kind,
            "digest": digest,
            "size": len(raw),
            "platform": {"os": system, "architecture": machine},
        }
        for system, machine in platforms
    ]
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
    request = Request(f"{url}{tag}", body, {"Content-Type": INDEX}, method="PUT")
    with urlopen(request) as answer:
        assert answer.status == 201


@pytest.mark.engine
def test_a_tag_leads_to_a_manifest_a_configuration_and_layers(pushed: str) -> None:
    picture, found = read(pushed)
    assert found["start"] == {"kind": "tag", "text": "1.0"}
    assert found["index"] is None
    assert [piece["right"] for piece in (found["manifest"], found["config"], *found["layers"])] == [True] * 4
    assert dict(found["config"]["facts"])["command"] == '["cat", "/<b>hours"]'
    own = found["layers"][-1]
    assert own["instruction"] == 'RUN echo hours > "/<b>hours"'
    assert own["digest"] != own["diff_id"]
    assert own["unpacked_right"] is True
    assert json.loads(own["json"])["digest"] == own["digest"]
    assert "6 digests were recomputed, and are right." in picture.view["say"]
    assert "over HTTP" in found["note"]


@pytest.mark.engine
def test_the_table_holds_no_digest_and_no_size(pushed: str) -> None:
    picture, found = read(pushed)
    lines = repr(picture.table()).splitlines()
    assert [line.split("  ")[0] for line in lines[1:5]] == ["1.0", "manifest", "configuration", "layer 1"]
    assert lines[-1].endswith('nothing; made by RUN echo hours > "/<b>hours"')
    for piece in (found["manifest"], *found["layers"]):
        assert piece["digest"][7:19] not in "".join(lines)


@pytest.mark.engine
def test_a_digest_in_place_of_a_tag(pushed: str) -> None:
    _, found = read(pushed)
    repository, digest = pushed.rpartition(":")[0], found["manifest"]["digest"]
    _, again = read(f"{repository}@{digest}")
    assert again["start"] == {"kind": "digest", "text": digest}
    assert again["layers"] == found["layers"]


@pytest.mark.engine
def test_an_index_shows_its_platforms_and_the_one_of_this_engine(pushed: str, engine: Engine) -> None:
    machine = engine.client.version()["Arch"]
    put_index(pushed, "any", ("linux", "mips"), ("linux", machine), ("unknown", "unknown"))
    picture, found = read(f"{pushed.rpartition(':')[0]}:any")
    assert [one["name"] for one in found["index"]["platforms"]] == ["linux/mips", f"linux/{machine}"]
    assert found["index"]["notes"] == 1
    assert "points at an index, and that at a manifest" in picture.view["say"]
    assert f"manifests for linux/mips, linux/{machine}" in repr(picture.table())


@pytest.mark.engine
def test_every_fault_of_a_registry_has_a_sentence_and_a_next_step(pushed: str) -> None:
    put_index(pushed, "odd", ("plan9", "mips"))
    repository = pushed.rpartition(":")[0]
    faults = {
        f"{repository}:9": r"has no 9 in team/parts-\w+\. It has: .*1\.0",
        f"{repository}x:1": "has no repository",
        f"{repository}:odd": "these platforms: plan9/mips",
        "127.0.0.1:9/team/app:1": "No registry answers at 127.0.0.1:9",
        "no-such-image-here:1": "an image named no-such-image-here:1",
        "127.0.0.1:9/team/<b>:1": "not a name that an image can have",
    }
    for name, message in faults.items():
        picture = image_parts(name)
        with pytest.raises(Refused, match=message):
            picture.table()
        assert picture.view["say"] == f"The parts of {name} cannot be shown."
        assert picture.view["trouble"]["next"], name


@pytest.mark.engine
def test_an_image_of_the_engine_is_read_as_docker_save_writes_it(engine: Engine) -> None:
    picture, found = read("busybox:1.37")
    image = engine.client.images.get("busybox:1.37")
    assert [layer["diff_id"] for layer in found["layers"]] == image.attrs["RootFS"]["Layers"]
    assert all(layer["right"] and layer["unpacked_right"] for layer in found["layers"])
    made_up = image.id == found["config"]["digest"]
    assert ("makes one up at saving" in found["note"]) is made_up
    assert repr(picture) == "How busybox:1.37 is put together: its manifest, configuration and layers."


@pytest.mark.engine
def test_reading_can_be_ended_early(pushed: str, fake_course: Course) -> None:
    tell = Tell(lambda *_, **__: None)
    tell.cancel()
    for name in (pushed, "busybox:1.37"):
        with pytest.raises(Refused, match="ended early"):
            parts_reading.image_parts(fake_course, tell, name)


@pytest.mark.engine
def test_without_an_engine_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such.sock")
    picture = image_parts("busybox:1.37")
    with pytest.raises(Refused, match=r"/no/such\.sock"):
        picture.table()
    assert picture.view["trouble"]["next"]


def test_an_image_must_be_named() -> None:
    with pytest.raises(UsageError, match="No image is named"):
        image_parts(" ")


class Blobs(dict[str, bytes]):
    """Blobs by their digests; ``named`` may promise others than it gives."""

    def add(self, raw: bytes, *, named: str = "") -> dict[str, Any]:
        digest = named or f"sha256:{hashlib.sha256(raw).hexdigest()}"
        self[digest] = raw
        return {"digest": digest, "size": len(raw), "mediaType": ""}

    def has(self, digest: str) -> bool:
        return digest in self

    def manifest(self, digest: str) -> bytes:
        return self[digest]

    blob = manifest

    def image(self, layer: dict[str, Any], diff_id: str = "") -> dict[str, Any]:
        config = self.add(json.dumps({"rootfs": {"diff_ids": [diff_id]}}).encode())
        return self.add(json.dumps({"config": config, "layers": [layer]}).encode())


def test_bytes_that_are_not_the_promised_ones_are_said() -> None:
    blobs = Blobs()
    top = blobs.image(blobs.add(b"other", named=f"sha256:{'0' * 64}"))
    found = parts.parts(blobs, top, "linux/amd64")
    assert found.layers[0].packed.right is False
    assert found.layers[0].right is None


def test_a_layer_that_is_not_what_the_configuration_names_is_said() -> None:
    blobs = Blobs()
    layer = blobs.add(gzip.compress(b"files"))
    unpacked = f"sha256:{hashlib.sha256(b'files').hexdigest()}"
    assert parts.parts(blobs, blobs.image(layer, unpacked), "").layers[0].right is True
    assert parts.parts(blobs, blobs.image(layer, f"sha256:{'1' * 64}"), "").layers[0].right is False


def test_a_large_layer_is_not_recomputed(monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = Blobs()
    top = blobs.image(blobs.add(b"files"))
    monkeypatch.setattr(parts, "LIMIT", 4)
    found = parts.parts(blobs, top, "").layers[0]
    assert (found.packed.right, found.right) == (None, None)


def test_what_unpacks_to_too_much_or_not_at_all_is_not_recomputed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_UNPACKED_LIMIT", 10)
    for raw in (gzip.compress(b"x" * 11), b"\x1f\x8b broken", b"\x28\xb5\x2f\xfd zstd"):
        assert parts._unpacked_digest(raw) == ""


def test_what_is_no_manifest_is_said() -> None:
    blobs = Blobs()
    for top in (blobs.add(b"<html>"), blobs.add(b"[]"), blobs.add(b"{}", named=f"sha256:{'2' * 64}")):
        with pytest.raises(NotReadable) as caught:
            parts.parts(blobs, top, "")
        assert caught.value.next


def test_of_an_index_the_variant_counts_where_it_is_named() -> None:
    blobs = Blobs()
    entries = []
    for variant in ("v6", "v7"):
        entry = blobs.image(blobs.add(variant.encode()))
        entries.append({**entry, "platform": {"os": "linux", "architecture": "arm", "variant": variant}})
    top = blobs.add(json.dumps({"manifests": entries}).encode())
    for asked, expected in {"linux/arm/v7": b"v7", "linux/arm": b"v6", "linux/arm/v8": b"v6"}.items():
        layer = parts.parts(blobs, top, asked).layers[0]
        assert blobs[layer.packed.digest] == expected
    with pytest.raises(ObjectError, match="linux/arm/v6, linux/arm/v7"):
        parts.parts(blobs, top, "linux/arm64")


def test_a_sentence_counts_what_is_wrong_and_what_was_left() -> None:
    piece = {"right": True}
    layer = {"right": None, "unpacked_right": None}
    found = {"index": None, "manifest": piece, "config": piece, "layers": [layer]}
    assert sentence("a:1", found).endswith(
        "1 layer, in order. 2 digests were recomputed, and are right. 2 were not recomputed."
    )
    assert sentence("a:1", {**found, "config": {"right": False}}).endswith("1 of 4 digests is wrong.")
