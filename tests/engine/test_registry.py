"""A registry's HTTP API, with one that lies and one that is not there."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from checker.engine import http, registry
from checker.engine.errors import Missing, NoAnswer, ObjectError
from checker.engine.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


CONFIG = b'{"architecture": "amd64", "config": {"Cmd": ["sh"]}}'
MANIFEST = json.dumps({"config": {"digest": digest(CONFIG)}, "layers": [{"digest": "sha256:1"}]}).encode()
INDEX = json.dumps(
    {
        "manifests": [
            {
                "digest": digest(MANIFEST),
                "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"},
            },
            {"digest": "sha256:2", "platform": {"os": "unknown", "architecture": "unknown"}},
        ]
    }
).encode()
PAGES = {
    "/v2/_catalog": b'{"repositories": ["team/app"]}',
    "/v2/team/app/tags/list": b'{"tags": ["2", "1"]}',
    "/v2/empty/tags/list": b'{"tags": null}',
    "/v2/team/app/manifests/1": MANIFEST,
    "/v2/team/app/manifests/2": INDEX,
    f"/v2/team/app/manifests/{digest(MANIFEST)}": MANIFEST,
    f"/v2/team/app/blobs/{digest(CONFIG)}": CONFIG,
    f"/v2/team/app/blobs/{digest(b'promised')}": b"something else",
}


@pytest.fixture
def team() -> Registry:
    def ask(path: str, headers: Mapping[str, str]) -> http.Response:
        if path == "/v2/broken/tags/list":
            return http.Response(500, {}, b"oops")
        assert "oci.image.index" in headers["Accept"]
        found = PAGES.get(path)
        # what a registry says of itself counts for nothing
        return http.Response(200 if found else 404, {"docker-content-digest": "sha256:forged"}, found or b"")

    return Registry(ask, "team.test")


def test_tags_and_manifests(team: Registry) -> None:
    assert team.repositories() == ["team/app"]
    assert team.tags("team/app") == ["1", "2"]
    assert team.tags("empty") == []
    manifest = team.manifest("team/app", "1")
    assert manifest.digest == digest(MANIFEST)
    assert manifest.layers == ("sha256:1",)
    assert team.config("team/app", "1")["config"]["Cmd"] == ["sh"]


def test_an_index_names_platforms(team: Registry) -> None:
    index = team.manifest("team/app", "2")
    assert index.platforms == {"linux/arm64/v8": digest(MANIFEST)}
    assert index.config == ""
    assert team.manifest("team/app", index.platforms["linux/arm64/v8"]).raw == MANIFEST


def test_a_blob_that_is_not_what_its_digest_says(team: Registry) -> None:
    with pytest.raises(ObjectError, match="what it says"):
        team.blob("team/app", digest(b"promised"))


def test_what_is_missing_and_what_is_broken(team: Registry) -> None:
    with pytest.raises(Missing, match="manifest named team/app:9"):
        team.manifest("team/app", "9")
    with pytest.raises(Missing, match="repository named nobody"):
        team.tags("nobody")
    with pytest.raises(ObjectError, match="HTTP 500"):
        team.tags("broken")


def test_nobody_listens(unused_tcp_port: int) -> None:
    with pytest.raises(NoAnswer, match="connection refused"):
        registry.at(f"127.0.0.1:{unused_tcp_port}").tags("x")


@pytest.fixture
def unused_tcp_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
