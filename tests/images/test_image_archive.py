from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from checker.images.archive import CHUNK, ChunkReader, Entry, Saved, join, split, tar_stream

if TYPE_CHECKING:
    from pathlib import Path


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_stream_is_an_archive(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(b"x" * (CHUNK + 7))
    stream = tar_stream([Entry("a/run.sh", b"#!/bin/sh\n", 0o755), Entry("empty", b""), Entry("big", big)])
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        assert archive.getnames() == ["a/run.sh", "empty", "big"]
        assert archive.getmember("a/run.sh").mode == 0o755
        contents = [file.read() for name in archive.getnames() if (file := archive.extractfile(name))]
    assert contents == [b"#!/bin/sh\n", b"", big.read_bytes()]


def test_a_name_longer_than_a_tar_header(tmp_path: Path) -> None:
    name = "d" * 90 + "/" + "f" * 120
    with tarfile.open(fileobj=io.BytesIO(b"".join(tar_stream([Entry(name, b"1")])))) as archive:
        assert archive.getnames() == [name]


def test_chunks_read_like_a_file() -> None:
    reader = io.BufferedReader(ChunkReader([b"ab", b"", b"cdef", b"g"]))
    assert reader.read(3) == b"abc"
    assert reader.read() == b"defg"


def test_what_is_joined_can_be_split(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    for data in (b"{}", b"base", b"top"):
        (first / digest(data)).write_bytes(data)
    images = [
        Saved("one:1", digest(b"{}"), (digest(b"base"), digest(b"top"))),
        Saved("two:1", digest(b"{}"), (digest(b"base"),)),
    ]
    assert split(join(images, first), second) == images
    assert sorted(path.name for path in second.iterdir()) == sorted(path.name for path in first.iterdir())


def test_the_layout_of_older_engines_is_read(tmp_path: Path) -> None:
    """Layers in folders, and a layer that occurs twice is a link the second time."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        link = tarfile.TarInfo("second/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, "../first/layer.tar"
        archive.addfile(link)
        index = [
            {"Config": "c.json", "RepoTags": ["old:1"], "Layers": ["first/layer.tar", "second/layer.tar"]}
        ]
        for name, data in {
            "first/layer.tar": b"layer",
            "first/VERSION": b"1.0",
            "c.json": b"{}",
            "manifest.json": json.dumps(index).encode(),
        }.items():
            head = tarfile.TarInfo(name)
            head.size = len(data)
            archive.addfile(head, io.BytesIO(data))
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    assert split([whole.getvalue()], blobs) == [Saved("old:1", digest(b"{}"), (digest(b"layer"),) * 2)]
    assert {path.name for path in blobs.iterdir()} == {digest(b"{}"), digest(b"layer")}


def test_an_archive_that_ends_early_leaves_no_half_blob(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    data = b"z" * 100_000
    (tmp_path / "in" / digest(data)).write_bytes(data)
    whole = b"".join(join([Saved("one:1", digest(data), ())], tmp_path / "in"))
    with pytest.raises(tarfile.ReadError):
        split([whole[:50_000]], tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
