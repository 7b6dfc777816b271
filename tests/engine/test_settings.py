"""What a container was started with, read from inspect's many forms."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import pytest

from checker.engine.settings import Binding, Health, Limits, RestartPolicy, bindings, mounts, when


def test_a_time_stamp_has_nanoseconds_or_never_was() -> None:
    assert when("2026-11-24T05:28:57.238230871Z") == datetime(2026, 11, 24, 5, 28, 57, 238230, UTC)
    assert when("2026-11-24T05:28:57Z") == datetime(2026, 11, 24, 5, 28, 57, tzinfo=UTC)
    assert when("2026-11-24T05:28:57.5+01:00") == datetime(2026, 11, 24, 4, 28, 57, 500000, UTC)
    assert when("0001-01-01T00:00:00Z") is None
    assert when("") is None


def test_the_binding_that_is_open_to_most_comes_first() -> None:
    found = bindings(
        {
            "80/tcp": [
                {"HostIp": "127.0.0.1", "HostPort": "8080"},
                {"HostIp": "::", "HostPort": "8081"},
                {"HostIp": "0.0.0.0", "HostPort": "8081"},
            ],
            "81/tcp": None,
            "82/tcp": [{"HostIp": "", "HostPort": ""}],
        }
    )
    assert found["80/tcp"] == (Binding("0.0.0.0", 8081), Binding("::", 8081), Binding("127.0.0.1", 8080))
    assert found["81/tcp"] == ()
    assert found["82/tcp"] == (Binding("0.0.0.0", 0),)
    assert str(found["80/tcp"][1]) == "[::]:8081"


@pytest.mark.parametrize(("address", "loopback"), [("127.0.0.2", True), ("::1", True), ("192.0.2.1", False)])
def test_every_loopback_address_is_loopback(address: str, loopback: bool) -> None:
    assert Binding(address, 80).loopback is loopback


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (
            {"Memory": 0, "MemoryReservation": 5, "NanoCpus": 0, "PidsLimit": None},
            (None, 5, None, None, None),
        ),
        ({"Memory": 64, "MemorySwap": 0}, (64, None, 64, None, None)),
        ({"Memory": 64, "MemorySwap": 64}, (64, None, 0, None, None)),
        ({"Memory": 64, "MemorySwap": -1, "PidsLimit": -1}, (64, None, None, None, None)),
        ({"NanoCpus": 1_500_000_000, "PidsLimit": 20}, (None, None, None, 1.5, 20)),
        ({"CpuQuota": 50_000, "CpuPeriod": 0}, (None, None, None, 0.5, None)),
        ({"CpuQuota": 50_000, "CpuPeriod": 200_000}, (None, None, None, 0.25, None)),
        ({"CpuQuota": -1}, (None, None, None, None, None)),
    ],
)
def test_limits(host: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert tuple(vars(Limits.read(host)).values()) == expected


def test_a_bind_is_mounted_again_as_the_user_wrote_it() -> None:
    inner = {"Type": "bind", "Source": "/run/desktop/mnt/host/c/site", "RW": False}
    attrs = {
        "HostConfig": {
            "Binds": ["C:\\site:/www/:ro", "C:\\other:/www/sub"],
            "Mounts": [{"Type": "bind", "Source": "/Users/me/site", "Target": "/data"}],
            "Tmpfs": {"/run": "ro,size=1m", "/scratch": ""},
        },
        "Mounts": [
            inner | {"Destination": "/www"},
            inner | {"Destination": "/www/sub", "RW": True},
            inner | {"Destination": "/data"},
            {"Type": "volume", "Name": "v", "Source": "/somewhere/_data", "Destination": "/v", "RW": True},
            {"Type": "tmpfs", "Source": "", "Destination": "/scratch", "RW": True},
        ],
    }
    found = {str(mount.destination): mount for mount in mounts(attrs)}
    assert found["/www"].source == "C:\\site"
    assert found["/www"].read_only
    assert found["/www/sub"].source == "C:\\other"
    assert found["/data"].source == "/Users/me/site"
    assert found["/v"].source == "v"
    assert found["/run"].read_only
    assert [path for path in found if found[path].type == "tmpfs"] == ["/run", "/scratch"]
    assert found["/www"].holds(PurePosixPath("/www/a"))
    assert not found["/www"].holds(PurePosixPath("/www2/a"))


def test_no_policy_and_no_health_check() -> None:
    assert RestartPolicy.read({"RestartPolicy": {"Name": "", "MaximumRetryCount": 0}}) == RestartPolicy(
        "no", 0
    )
    assert Health.read({}) == Health("none")
    assert Health.read({"Health": {"Status": "none", "FailingStreak": 0, "Log": None}}) == Health("none")
