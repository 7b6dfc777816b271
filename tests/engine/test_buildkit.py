"""Builds through BuildKit: steps, failures, and what is not the Dockerfile's fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from made import BUSYBOX, Made, making

from checker.engine.build import build, steps
from checker.engine.errors import BuildFailed
from checker.errors import EngineFault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.engine.connect import Engine


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    with making(engine) as maker:
        yield maker


def write(folder: Path, *lines: str) -> Path:
    (folder / "Dockerfile").write_text("\n".join([f"FROM {BUSYBOX}", *lines]) + "\n")
    return folder


def test_steps_are_read_from_a_plain_log() -> None:
    log = """#0 building with "default" instance using docker driver
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#4 [build 1/2] FROM docker.io/library/busybox:1.37
#4 CACHED
#6 [build 2/2] RUN echo "[not 1/2] a header"
#6 0.058 #7 [fake 1/1] RUN true
#6 DONE 0.1s
#7 [stage-1 1/1] COPY --from=build /x /
#7 CACHED
#7 DONE 0.0s
#8 [2/2] RUN false
#8 ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1"""
    assert [(step.stage, step.instruction[:8], step.outcome) for step in steps(log.splitlines())] == [
        ("build", "FROM doc", "cached"),
        ("build", "RUN echo", "ran"),
        ("stage-1", "COPY --f", "cached"),
        ("", "RUN fals", "failed"),
    ]


@pytest.mark.engine
def test_an_edit_runs_only_what_follows_it(engine: Engine, made: Made, tmp_path: Path) -> None:
    write(tmp_path, "ARG WORD", "COPY a /a", "RUN echo $WORD >/word", "COPY b /b")
    (tmp_path / "a").write_text(made.name())
    (tmp_path / "b").write_text("1")
    first = build(engine, tmp_path, tags=[made.tag()], args={"WORD": "x"}, labels={"k": "v"})
    assert first.step("RUN echo").outcome == "ran"
    assert first.image.labels["k"] == "v"
    (tmp_path / "b").write_text("2")
    second = build(engine, tmp_path, tags=[made.tag()], args={"WORD": "x"})
    assert second.step("RUN echo").outcome == "cached"
    assert second.step("COPY b").outcome == "ran"
    assert second.image.diff_ids[:-1] == first.image.diff_ids[:-1]


@pytest.mark.engine
def test_a_target_and_a_secret(engine: Engine, made: Made, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        f"FROM {BUSYBOX} AS dev\nRUN --mount=type=secret,id=token wc -c </run/secrets/token >/length\n"
        "FROM dev AS prod\nRUN exit 9\n"
    )
    tag = made.tag()
    build(engine, tmp_path, target="dev", tags=[tag], secrets={"token": "12345"})
    one = made.container("sleep", "300", image=tag)
    assert one.exec("cat", "/length").stdout.strip() == "5"


@pytest.mark.engine
def test_a_failing_step_is_named_with_what_it_printed(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path, "RUN printf 'caf\\351 is closed\\n'; exit 3")
    with pytest.raises(BuildFailed, match="exit code: 3") as caught:
        build(engine, tmp_path)
    assert caught.value.step.startswith("[2/2] RUN printf")
    assert "is closed" in caught.value.lines[-1]


@pytest.mark.engine
@pytest.mark.parametrize("line", ["FROMM x", "COPY nowhere /"])
def test_a_wrong_dockerfile_is_the_builders_own_words(engine: Engine, tmp_path: Path, line: str) -> None:
    write(tmp_path, line)
    with pytest.raises(BuildFailed, match=line.split(maxsplit=1)[0] if "FROMM" in line else line.split()[1]):
        build(engine, tmp_path)


@pytest.mark.engine
def test_no_dockerfile_and_no_network(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="Dockerfile"):
        build(engine, tmp_path)
    write(tmp_path, "RUN ping -c 1 127.0.0.1 && ! ip route | grep default && exit 4")
    with pytest.raises(BuildFailed, match="exit code: 4"):
        build(engine, tmp_path)


@pytest.mark.engine
def test_a_base_that_cannot_be_had_is_nobodys_fault(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM registry.invalid/nowhere:1\n")
    with pytest.raises(EngineFault, match="nowhere") as caught:
        build(engine, tmp_path)
    assert caught.value.kind == "base-not-available"
