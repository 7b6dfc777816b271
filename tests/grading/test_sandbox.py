"""Sandboxes on the real engine: started, kept warm, swept, and what they may use."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from checker.engine.probe import ROLE_LABEL
from checker.grading import sandbox as sandboxes
from checker.grading.sandbox import Limits, Sandbox, Sandboxes, in_sandbox, sockets
from checker.grading.tools import Tools, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def tools(engine: Engine) -> Tools:
    return prepare(engine, [], lambda _: None)


@pytest.fixture(scope="module")
def volume(engine: Engine) -> Iterator[str]:
    with sockets(engine) as made:
        yield made


def inside(engine: Engine, tools: Tools, volume: str, sandbox: Sandbox, *command: str) -> str:
    """Run a command beside the sandbox, on its engine."""
    done = subprocess.run(
        ["docker", *in_sandbox(tools.image, volume, sandbox.name), *command],
        env=engine.environment(), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout


def test_each_has_an_engine_of_its_own_with_the_seed_s_images(
    engine: Engine, tools: Tools, volume: str
) -> None:
    with Sandboxes(engine, tools, volume, warm=2) as pool:
        one, other = pool.take(), pool.take()
        ids = {
            inside(engine, tools, volume, each, "docker", "info", "--format={{.ID}}") for each in (one, other)
        }
        images = inside(engine, tools, volume, one, "docker", "images", "--format={{.Repository}}:{{.Tag}}")

        assert len(ids) == 2
        assert {"busybox:1.37", "debian:trixie-slim"} <= set(images.split())
        assert pool.how(one) == ""


def test_what_one_does_the_next_does_not_see(engine: Engine, tools: Tools, volume: str) -> None:
    listed = ("docker", "ps", "--all", "--quiet")
    with Sandboxes(engine, tools, volume) as pool:
        first = pool.take()
        inside(engine, tools, volume, first, "docker", "image", "rm", "--force", "busybox:1.37")
        inside(engine, tools, volume, first, "docker", "run", "--name=left", "debian:trixie-slim", "true")
        assert inside(engine, tools, volume, first, *listed)
        pool.destroy(first)

        second = pool.take()
        assert inside(engine, tools, volume, second, *listed) == ""
        assert (
            inside(engine, tools, volume, second, "docker", "run", "--rm", "busybox:1.37", "echo", "hi")
            == "hi\n"
        )


def test_it_has_no_network(engine: Engine, tools: Tools, volume: str) -> None:
    with Sandboxes(engine, tools, volume) as pool:
        script = "ip -o link | cut -d: -f2; ip route show default"
        found = inside(
            engine, tools, volume, pool.take(),
            "docker", "run", "--rm", "--network=host", tools.image, "sh", "-c", script,
        )  # fmt: skip
    assert {line.strip() for line in found.splitlines()} <= {"lo", "docker0"}


@pytest.mark.parametrize("network", ["bridge", "own"])
def test_who_asks_for_a_name_is_not_kept_waiting(
    engine: Engine, tools: Tools, volume: str, network: str
) -> None:
    """Without an answer, each question is given up after five seconds at the earliest: `timeout` says 124."""
    ask = 'for one in 1 2 3; do timeout 4 getent hosts registry.example; echo "$?"; done'
    with Sandboxes(engine, tools, volume) as pool:
        one = pool.take()
        inside(engine, tools, volume, one, "docker", "network", "create", "own")
        found = inside(
            engine, tools, volume, one,
            "docker", "run", "--rm", f"--network={network}", "debian:trixie-slim", "sh", "-c", ask,
        )  # fmt: skip
    assert found.split() == ["2", "2", "2"]


def test_it_ends_by_itself_and_says_why_it_ended(engine: Engine, tools: Tools, volume: str) -> None:
    with Sandboxes(engine, tools, volume, limits=Limits(lifetime=2)) as pool:
        short = pool.take()
        ends = time.monotonic() + 60
        while not pool.how(short):
            assert time.monotonic() < ends, "it never ended"
            time.sleep(0.1)
        assert "ended" in pool.how(short)
        pool.destroy(short)
        assert pool.how(short) == "it was removed by somebody else"


def test_only_what_is_over_its_time_is_swept(
    engine: Engine, tools: Tools, volume: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(role: str, lifetime: int) -> str:
        labels = sandboxes.expiring(role, lifetime)
        return str(engine.client.api.create_container(tools.image, ["true"], labels=labels)["Id"])

    old, current, foreign = made("sandbox", -120), made("station", 600), made("somebody-else's", -120)
    try:
        sandboxes.sweep(engine)
        listed = engine.client.api.containers(all=True, filters={"label": ROLE_LABEL})
        assert {old, current, foreign} & {one["Id"] for one in listed} == {current, foreign}
    finally:
        for one in (current, foreign):
            engine.client.api.remove_container(one)


def test_a_seed_that_was_not_finished_is_made_anew(
    engine: Engine, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is known as finished by its second volume alone, which comes last."""
    holders = engine.client.api.volumes(filters={"label": f"{ROLE_LABEL}=grading"})["Volumes"]
    names = {one["Name"] for one in holders}

    assert {tools.seed, f"{tools.seed}-finished"} <= names
    assert prepare(engine, [], pytest.fail) == tools  # nothing is made again where all of it is there
