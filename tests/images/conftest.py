from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from docker.errors import DockerException, NotFound

from checker.images import catalogue as catalogue_module
from checker.images.catalogue import catalogue
from checker.images.provide import provide

if TYPE_CHECKING:
    from pathlib import Path

    from docker.models.containers import Container

    from checker.engine.connect import Engine

Have: TypeAlias = Callable[[str], str]
Run: TypeAlias = Callable[..., tuple[int, str]]
Start: TypeAlias = "Callable[..., Container]"
Leftovers: TypeAlias = Callable[[], list[str]]


def silent(*_: object) -> None:
    """A report that nobody reads."""


@pytest.fixture
def image(engine: Engine) -> Have:
    """A catalogue image's reference, after making sure that the engine has it."""

    def have(key: str) -> str:
        provide(engine, [key], silent)
        return catalogue()[key].reference

    return have


@pytest.fixture
def run(engine: Engine) -> Iterator[Run]:
    """Run a command in a fresh container; its exit status and all that it said."""
    containers: list[Container] = []

    def in_container(reference: str, *command: str, **options: Any) -> tuple[int, str]:
        container = engine.client.containers.create(reference, list(command) or None, **options)
        containers.append(container)
        container.start()
        status = container.wait(timeout=120)["StatusCode"]
        return status, container.logs().decode(errors="replace").strip()

    yield in_container
    for container in containers:
        container.remove(force=True, v=True)


@pytest.fixture
def start(engine: Engine) -> Iterator[Start]:
    """Start a container that stays; removed afterwards, with its volumes."""
    containers: list[Container] = []

    def detached(reference: str, command: list[str] | None = None, **options: Any) -> Container:
        container = engine.client.containers.run(reference, command, detach=True, **options)
        containers.append(container)
        return container

    yield detached
    for container in containers:
        with suppress(NotFound):  # the test may have removed it
            container.remove(force=True, v=True)


@pytest.fixture
def own_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine) -> Iterator[Path]:
    """A small catalogue under names of the test's own, so that building its images disturbs nobody.

    ``debian`` keeps its name: the base need not be built again.
    """
    provide(engine, ["debian"], silent)
    here = tmp_path / "catalogue"
    here.mkdir()
    (here / "recipes").symlink_to(catalogue_module.HERE / "recipes")
    name = f"course-test-{secrets.token_hex(4)}"
    lines = [f'[debian]\nreference = "{catalogue()["debian"].reference}"\n']
    lines += [f'[{key}]\nreference = "{name}-{key}:1"\n' for key in ("busybox", "redis", "gone")]
    lines += [f'[extra]\nreference = "{name}-extra:1"\noptional = true\n']
    rest = 'size_mb = 9\nwhy = "a test"\nchapters = ["02"]\n'
    (here / "catalogue.toml").write_text("".join(line + rest for line in lines))
    monkeypatch.setattr(catalogue_module, "HERE", here)
    catalogue.cache_clear()
    yield here
    for one in catalogue().values():
        if name in one.reference:
            with suppress(DockerException):
                engine.client.api.remove_image(one.reference, force=True)
    catalogue.cache_clear()


@pytest.fixture
def leftovers(engine: Engine, state: Path) -> Leftovers:
    """What a build must not leave: its containers, nameless images, files that are no part of the pack."""

    def found() -> list[str]:
        names = [str(one.name) for one in engine.client.containers.list(ignore_removed=True, all=True)]
        nameless = engine.client.api.images(
            filters={"label": "docker-course.stand-in=redis", "dangling": True}
        )
        found = [name for name in names if "-build-redis" in name] + [str(path) for path in state.rglob(".*")]
        return found + [image["Id"] for image in nameless]

    return found


def layers(engine: Engine, reference: str) -> list[str]:
    """What an image is made of: digests of its unpacked layers, the same in both image stores."""
    return list(engine.client.images.get(reference).attrs["RootFS"]["Layers"])


def inside(container: Container, command: str | list[str], **options: Any) -> tuple[int, str]:
    """Run a command in a running container; its exit status and all that it said."""
    result = container.exec_run(command, **options)
    assert isinstance(result.output, bytes)
    return int(result.exit_code or 0), result.output.decode(errors="replace").strip()


def published(container: Container, port: str) -> int:
    """The port of the engine's machine that leads to ``port`` of the container."""
    container.reload()
    return int((container.ports[port] or [])[0]["HostPort"])
