from __future__ import annotations

import json
import os
import shutil
import socket
from typing import TYPE_CHECKING, Any

import pytest
from fake_engine import VERSION, FakeEngine, http

from checker.engine import doctor
from checker.engine.connect import Endpoint, Engine
from checker.engine.doctor import Finding, Images, examine, ready
from checker.engine.faults import fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INFO = {
    "ID": "fake-id",
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"]],
    "CgroupVersion": "2",
    "MemoryLimit": True,
    "SecurityOptions": ["name=seccomp,profile=builtin"],
    "Architecture": "x86_64",
    "OSType": "linux",
    "NCPU": 2,
    "MemTotal": 4_000_000_000,
}


def answers(
    info: dict[str, Any] | None = None, version: dict[str, Any] | None = None, containers: object = ()
) -> Callable[[str], bytes]:
    """Answer as an engine without any image does."""

    def answer(request: str) -> bytes:
        if request.endswith("/info"):
            return http(INFO | (info or {}))
        if "/containers/json" in request:
            return http(list(containers))  # type: ignore[call-overload]
        if "/containers/create" in request:
            return http({"message": "No such image: busybox"}, "404 Not Found")
        return http(VERSION | (version or {}))

    return answer


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Finding]]:
    """Examine a fake engine, with a fake ``docker`` that reaches it; return the findings by key."""
    command = tmp_path / "docker"
    command.write_text(
        '#!/bin/sh\ncase "$1" in info) echo "fake-id 28.2.2";; *) echo "$1 v0.13.1+ds1";; esac\n'
    )
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    def examined(answer: Callable[[str], bytes] | None = None, **options: Any) -> dict[str, Finding]:
        with FakeEngine(tmp_path / "e.sock", answer or answers()) as fake:
            monkeypatch.setenv("DOCKER_HOST", fake.url)
            with Engine(Endpoint(fake.url, "DOCKER_HOST")) as engine:
                findings = examine(engine, **options)
        assert all(finding.next for finding in findings if finding.level != "ok")
        return {finding.key: finding for finding in findings}

    return examined


@pytest.mark.engine
def test_the_real_engine_is_examined_whole(engine: Engine) -> None:
    findings = {one.key: one for one in examine(engine, ports=[8082])}
    assert findings["engine"].level == "ok"
    assert engine.version["Version"] in findings["engine"].what
    assert engine.endpoint.url in findings["engine"].what
    assert "reaches the same engine" in findings["cli"].what or "does not reach" in findings["cli"].what
    assert "a container ran" in findings["trial"].what.lower()
    assert " GB are free" in findings["disk"].what
    assert {
        "sdk",
        "buildx",
        "compose",
        "store",
        "cgroup",
        "rootless",
        "architecture",
        "ports",
        "shared",
    } <= set(findings)
    assert ready(list(findings.values()))


@pytest.mark.engine
def test_the_trial_container_is_removed(engine: Engine) -> None:
    examine(engine)
    mine: dict[str, str | list[str] | bool] = {"label": "docker-course.doctor=trial", "status": "exited"}
    assert engine.client.containers.list(ignore_removed=True, all=True, filters=mine) == []


def test_a_fault_is_a_finding() -> None:
    findings = examine(
        fault("not-running", Endpoint("unix:///e.sock", "Docker Engine's socket"), platform="linux")
    )
    assert [one.key for one in findings] == ["sdk", "engine"]
    assert findings[1].level == "bad"
    assert "systemctl start docker" in findings[1].next
    assert not ready(findings)


def test_an_engine_that_stops_meanwhile_is_a_finding(tmp_path: Path) -> None:
    def answer(request: str) -> bytes:
        return http(VERSION) if request.endswith("/version") else b""

    with FakeEngine(tmp_path / "e.sock", answer) as fake, Engine(Endpoint(fake.url, "DOCKER_HOST")) as engine:
        findings = examine(engine)
    assert findings[-1].key == "engine"
    assert "stopped in the middle" in findings[-1].what


def test_without_its_image_no_container_can_be_tried(look: Callable[..., dict[str, Finding]]) -> None:
    trial = look(trial_image="c-absent:1")["trial"]
    assert trial.level == "bad"
    assert "c-absent:1" in trial.what
    assert "course images pull" in trial.next


@pytest.mark.parametrize(
    ("info", "key", "level", "phrase"),
    [
        ({}, "store", "ok", "overlay2"),
        (
            {"Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]},
            "store",
            "ok",
            "containerd",
        ),
        ({"Driver": "vfs"}, "store", "warn", "copies every layer"),
        ({"CgroupVersion": "1"}, "cgroup", "ok", "v1"),
        ({}, "cgroup", "ok", "v2"),
        ({"MemoryLimit": False}, "cgroup", "warn", "cannot limit memory"),
        ({"SecurityOptions": ["name=rootless"]}, "rootless", "ok", "without root"),
        ({}, "rootless", "ok", "with root"),
        ({"Architecture": "aarch64"}, "architecture", "ok", "arm64"),
        ({"Architecture": "riscv64"}, "architecture", "warn", "riscv64"),
    ],
)
def test_what_the_engine_says_of_itself(
    look: Callable[..., dict[str, Finding]], info: dict[str, Any], key: str, level: str, phrase: str
) -> None:
    found = look(answers(info))[key]
    assert (found.level, phrase in found.what) == (level, True), found


def test_podman_is_recognised(look: Callable[..., dict[str, Finding]]) -> None:
    podman = look(answers(version={"Components": [{"Name": "Podman Engine"}], "Version": "5.4.0"}))["engine"]
    assert podman.level == "warn"
    assert "Podman 5.4.0" in podman.what


def test_a_command_line_that_reaches_another_engine(look: Callable[..., dict[str, Finding]]) -> None:
    cli = look(answers({"ID": "another"}))["cli"]
    assert cli.level == "bad"
    assert "different engines" in cli.what


def test_plugins_are_found_or_missed(look: Callable[..., dict[str, Finding]], tmp_path: Path) -> None:
    assert look()["buildx"] == Finding("buildx", "ok", "buildx 0.13.1+ds1.")
    script = '#!/bin/sh\n[ "$1" = info ] && echo fake-id 28 && exit\necho "unknown command: $1" >&2; exit 1\n'
    (tmp_path / "docker").write_text(script)
    for name in ("buildx", "compose"):
        missed = look()[name]
        assert missed.level == "warn"
        assert name in missed.next


def test_no_docker_command(look: Callable[..., dict[str, Finding]], monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **_: None if name == "docker" else real(name))
    assert look()["cli"].level == "bad"


def test_a_port_that_another_program_has(look: Callable[..., dict[str, Finding]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = look(ports=[port])["ports"]
    assert found.level == "warn"
    assert str(port) in found.what
    assert look(ports=[port])["ports"].level == "ok"


def test_a_port_that_a_container_publishes_is_named_with_it(look: Callable[..., dict[str, Finding]]) -> None:
    container = {"Names": ["/c-web"], "Ports": [{"PublicPort": 8082, "PrivatePort": 80}, {"PrivatePort": 81}]}
    found = look(answers(containers=[container]), ports=[8082, 8083])["ports"]
    assert "8082 (by the container c-web)" in found.what


def test_images(look: Callable[..., dict[str, Finding]]) -> None:
    assert "images" not in look()
    whole = look(images=Images(["busybox", "nginx"], [], ["nginx"]))["images"]
    assert whole.level == "ok"
    assert "Stand-ins, built from Debian's packages: nginx" in whole.what
    part = look(images=Images(["busybox"], ["nginx"]))["images"]
    assert part.level == "warn"
    assert "nginx" in part.what
    assert "course images pull" in part.next


def test_an_engine_of_several_users(
    look: Callable[..., dict[str, Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look()["shared"].level == "ok"
    monkeypatch.setattr(doctor, "_group_members", lambda _: ["ada", "grace"])
    assert "2 users" in look()["shared"].what


def test_an_engine_on_another_machine() -> None:
    assert doctor._remote("ssh://me@far")
    assert doctor._remote("tcp://10.0.0.7:2375")
    assert not doctor._remote("tcp://127.0.0.1:2375")
    assert not doctor._remote("unix:///var/run/docker.sock")


@pytest.mark.parametrize(("free", "level"), [(5e8, "bad"), (3e9, "warn"), (9e9, "ok")])
def test_room_on_the_disk(free: float, level: str) -> None:
    assert doctor._disk(int(free)).level == level


def test_an_old_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docker.__version__", "7.1.0")
    assert doctor.sdk().level == "bad"
    monkeypatch.setattr("docker.__version__", "7.10.0")
    assert doctor.sdk().level == "ok"


def test_findings_are_plain_data(look: Callable[..., dict[str, Finding]]) -> None:
    assert json.dumps([vars(one) for one in look().values()])
