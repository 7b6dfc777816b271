"""The pictures of builds: steps that were cached or ran, and stages that reach the image or stay behind."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from docker.errors import DockerException

from checker.errors import Refused, UsageError
from checker.ui import long_work
from checker.ui.build_picture import build_steps
from checker.ui.long_work import Built, Step, build_image
from checker.ui.stage_picture import stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from checker.engine.connect import Engine

    Build = Callable[..., Built]

SEVERAL = """\
FROM busybox:1.37 AS tools
RUN echo {nonce} > /tool
FROM tools AS build
RUN mkdir /dist && echo program > /dist/program
FROM tools AS test
RUN exit 1
FROM debian:trixie-slim AS shipped
RUN --mount=type=bind,from=build,target=/b cat /b/tool
COPY --from=build /dist/program /dist /
COPY --from=python:3.13-slim-trixie /etc/os-release /release
"""


@pytest.fixture
def built(engine: Engine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Return a function that builds a Dockerfile."""
    del folder
    monkeypatch.setattr(long_work, "display", lambda _: None)
    tag = f"c05-t{secrets.token_hex(4)}:1"
    context = tmp_path / "app"
    context.mkdir()

    def build(text: str, target: str = "") -> Built:
        (context / "Dockerfile").write_text(text)
        return build_image(context, tag=tag, target=target)

    yield build
    with suppress(DockerException):
        engine.client.api.remove_image(tag, force=True)


@pytest.mark.engine
def test_steps_of_two_builds(built: Build) -> None:
    lines = ["FROM busybox:1.37", f"RUN echo {secrets.token_hex(4)}", "RUN echo two"]
    first = built("\n".join(lines))
    second = built("\n".join([*lines[:2], "RUN echo other"]))
    picture = build_steps(first, second)
    assert [[step["outcome"] for step in build["steps"]] for build in picture.view["builds"]] == [
        ["ran", "ran"],
        ["cached", "ran"],
    ]
    assert "all 2 steps ran" in picture.view["say"]
    assert "1 of 2 steps ran, the first of them `RUN echo other`" in picture.view["say"]
    assert repr(picture.table()).splitlines()[-1].split()[-3:] == ["echo", "other", "ran"]
    assert repr(picture) == f"The steps of the build of {first.image} and {second.image}: cached or run."
    again = build_steps(built("\n".join(lines)))
    assert "all 2 steps came from the cache" in again.view["say"]


def test_one_or_two_builds() -> None:
    with pytest.raises(UsageError):
        build_steps()


@pytest.mark.engine
def test_stages_and_what_reaches_the_image(built: Build) -> None:
    picture = stages(built(SEVERAL.format(nonce=secrets.token_hex(4))))
    roles = {node["name"]: node["role"] for node in picture.view["nodes"]}
    assert roles == {
        "tools": "used",
        "build": "used",
        "test": "left out",
        "shipped": "image",
        "python:3.13-slim-trixie": "other image",
    }
    edges = {(edge["source"], edge["target"], edge["kind"], edge["what"]) for edge in picture.view["edges"]}
    assert edges == {
        ("tools", "build", "base", "all files and settings"),
        ("build", "shipped", "files", "lent to a RUN"),
        ("build", "shipped", "files", "/dist/program /dist"),
        ("python:3.13-slim-trixie", "shipped", "files", "/etc/os-release"),
    }
    assert picture.view["say"].endswith("Not built: test.")
    said = repr(picture.table())
    assert "it is the image" in said
    assert "not built: the image does not need it" in said


@pytest.mark.engine
@pytest.mark.parametrize("target", ["build", "BUILD"])
def test_a_target_is_the_image(built: Build, target: str) -> None:
    picture = stages(built(SEVERAL.format(nonce="x"), target=target))
    roles = {node["name"]: node["role"] for node in picture.view["nodes"]}
    assert roles == {"tools": "used", "build": "image", "test": "left out", "shipped": "left out"}


@pytest.mark.engine
def test_stages_without_a_name_a_step_or_a_base(built: Build) -> None:
    picture = stages(built("FROM busybox:1.37\nRUN echo x > /x\nFROM scratch\nCOPY --from=0 /x /x\n"))
    (edge,) = picture.view["edges"]
    assert (edge["source"], edge["target"], edge["what"]) == ("stage-0", "stage-1", "/x")
    only = stages(built("FROM busybox:1.37\nCMD true\n"))
    assert [node["role"] for node in only.view["nodes"]] == ["image"]
    assert "takes no files of other stages" in only.view["say"]
    settings = stages(built('FROM busybox:1.37 AS a\nRUN true\nFROM a AS b\nCMD ["sh"]\n'))
    assert [node["role"] for node in settings.view["nodes"]] == ["used", "image"]


def test_names_with_markup_are_texts() -> None:
    step = Step("[1/1] RUN <b>", "", "RUN <b>", "ran", 0.1, ())
    odd = Built("c05-<i>:1", "sha256:0", (step,), (("stage-0", "<img src=x>"),), "")
    assert "<img src=x>" in stages(odd).view["say"]
    assert build_steps(odd).view["builds"][0]["steps"][0]["instruction"] == "RUN <b>"
    with pytest.raises(Refused):
        stages(Built("x:1", "", (), (), ""))
