from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

import pytest
import requests
from docker.errors import NotFound

from checker.errors import Refused
from checker.images import mirror
from checker.images.pull import pull, unreachable

from .conftest import inside, layers, published, silent
from .test_standins import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

    from .conftest import Have, Start

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


@pytest.fixture
def name(engine: Engine, image: Have, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A mirror's name of the test's own."""
    image("registry")
    image("busybox")
    chosen = f"course-test-mirror-{secrets.token_hex(4)}"
    monkeypatch.setattr(mirror, "NAME", chosen)
    yield chosen
    mirror.stop(engine)


def test_serves_the_same_image_to_whoever_pulls_it(engine: Engine, name: str, image: Have) -> None:
    def tags() -> set[str]:  # of this image: other tests make others meanwhile
        return {tag for found in engine.client.images.list() for tag in found.tags if "busybox" in tag}

    before = tags()
    made = mirror.start(engine, ["busybox"], "127.0.0.1", 0, silent)
    assert made.images == (image("busybox"),)
    assert tags() == before
    there = f"127.0.0.1:{made.port}/library/{image('busybox')}"
    steps: list[tuple[str, float | None]] = []
    assert unreachable(engine.client.api, there) == ""
    assert pull(engine.client.api, there, lambda step, part: steps.append((step, part))) == ""
    try:
        assert any("busybox" in step for step, _ in steps)
        assert layers(engine, there) == layers(engine, image("busybox"))
    finally:
        engine.client.images.remove(there)
    container = engine.client.containers.get(name)
    assert container.labels["docker-course"] == "mirror"


def test_nobody_can_push_to_it(engine: Engine, name: str) -> None:
    made = mirror.start(engine, ["busybox"], "127.0.0.1", 0, silent)
    upload = f"http://127.0.0.1:{made.port}/v2/library/busybox/blobs/uploads/"
    assert requests.post(upload, timeout=10).status_code == 405


def test_runs_once_and_stops(engine: Engine, name: str) -> None:
    mirror.start(engine, ["busybox"], "127.0.0.1", 0, silent)
    with pytest.raises(Refused, match="runs already"):
        mirror.start(engine, ["busybox"], "127.0.0.1", 0, silent)
    assert mirror.stop(engine)
    assert not mirror.stop(engine)
    with pytest.raises(NotFound):
        engine.client.volumes.get(name)


def test_a_port_that_is_taken(engine: Engine, name: str, start: Start, image: Have) -> None:
    other = start(image("busybox"), ["sleep", "60"], ports={"80/tcp": ("127.0.0.1", 0)}, init=True)
    port = published(other, "80/tcp")
    with pytest.raises(Refused, match=f"Port {port}"):
        mirror.start(engine, ["busybox"], "127.0.0.1", port, silent)
    with pytest.raises(NotFound):
        engine.client.containers.get(name)


def test_another_engine_uses_it_as_registry_mirror(
    engine: Engine, name: str, image: Have, start: Start
) -> None:
    """A second engine pulls `busybox` by its plain name, and gets what this engine has."""
    busybox = image("busybox")
    mirror.start(engine, ["busybox"], "127.0.0.1", 0, silent)
    network = engine.client.networks.create(name)
    options = ["--registry-mirror", f"http://{name}:5000"]
    try:
        network.connect(name)
        second = start(image("docker"), options, privileged=True, network=name)
        eventually(lambda: inside(second, "docker info")[0] == 0, 60)
        status, said = inside(second, ["docker", "pull", busybox])
        assert status == 0, said
        found = inside(
            second, ["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", busybox]
        )[1]
        assert json.loads(found) == layers(engine, busybox)
    finally:
        network.reload()
        for container in network.containers:
            network.disconnect(container, force=True)
        network.remove()


@pytest.mark.parametrize(
    ("reference", "path"), [("nginx:1.26", "library/nginx:1.26"), ("grafana/loki:3", "grafana/loki:3")]
)
def test_names_are_those_of_docker_hub(reference: str, path: str) -> None:
    assert mirror.path(reference) == path
