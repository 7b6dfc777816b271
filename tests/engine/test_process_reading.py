"""One process as the engine's machine shows it: on cgroup v1 and v2, without root, and on the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from made import Made, making

from checker.engine.errors import NotReadable
from checker.engine.process_reading import KINDS, Process, _Told, read_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

ID = "97b2bd1980fe" + 52 * "0"
INODES = "\n".join(
    f"Namespace: {kind} {kind}:[{5 if kind == 'user' else 100 + index}] {kind}:[{index}]"
    for index, kind in enumerate(KINDS)
)
HEAD = f"""\
PPid:\t80
Uid:\t0\t0\t0\t0
NSpid:\t4006\t1
Name: sleep
Own: user:[5]
{INODES}
Map:          0          0 4294967295
"""
V1 = f"""\
Group: 5:cpu,cpuacct:/docker/{ID}
Group: 4:memory:/docker/{ID}
Group: 3:pids:/docker/{ID}
Group: 1:name=systemd:/docker/{ID}
Group: 0::/docker/{ID}
Mount: 35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
Mount: 36 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
Mount: 41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
File: /sys/fs/cgroup/memory/memory.limit_in_bytes 67108864
File: /sys/fs/cgroup/memory/memory.usage_in_bytes 475136
File: /sys/fs/cgroup/cpu/cpu.cfs_quota_us 50000
File: /sys/fs/cgroup/cpu/cpu.cfs_period_us 100000
File: /sys/fs/cgroup/pids/pids.max max
"""
SCOPE = f"/system.slice/docker-{ID}.scope"
V2 = f"""\
Group: 0::{SCOPE}
Mount: 31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
"""
V2_FILES = """\
File: /sys/fs/cgroup/memory.max 67108864
File: /sys/fs/cgroup/memory.current 475136
File: /sys/fs/cgroup/cpu.max max 100000
File: /sys/fs/cgroup/pids.max 100
"""


def told(*texts: str) -> Process:
    """Read what a probe would have printed; the files outside are there as they should be."""
    one = _Told("".join(texts))
    assert one.complete
    return one.process(4006)


def test_of_version_1_each_controller_has_a_place_of_its_own() -> None:
    one = _Told(HEAD + V1)
    group = f"/sys/fs/cgroup/memory/docker/{ID}"
    assert list(one.outside()) == [
        f"{group}/memory.limit_in_bytes",
        f"{group}/memory.usage_in_bytes",
        f"/sys/fs/cgroup/cpu,cpuacct/docker/{ID}/cpu.cfs_quota_us",
        f"/sys/fs/cgroup/cpu,cpuacct/docker/{ID}/cpu.cfs_period_us",
    ]  # the engine's machine mounts no pids here
    one.add(f"File: {group}/memory.limit_in_bytes 67108864")
    seen = one.process(4006)
    limit, used, processors, processes = seen.files
    assert seen.version == 1
    assert limit[1:] == (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        f"{group}/memory.limit_in_bytes",
        "67108864",
    )
    assert used[1:] == ("/sys/fs/cgroup/memory/memory.usage_in_bytes", None, "475136")
    assert (processors.inside, processors.text) == ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000 100000")
    assert (processes.inside, processes.text) == ("/sys/fs/cgroup/pids/pids.max", "max")


def test_of_version_2_all_files_are_in_one_place() -> None:
    one = _Told(HEAD + V2 + V2_FILES)
    names = ["memory.max", "memory.current", "cpu.max", "pids.max"]
    assert list(one.outside()) == [f"/sys/fs/cgroup{SCOPE}/{name}" for name in names]
    for name, text in zip(names, ["67108864", "475136", "max 100000", "100"], strict=True):
        one.add(f"File: /sys/fs/cgroup{SCOPE}/{name} {text}")
    seen = one.process(4006)
    assert seen.version == 2
    assert [file.inside for file in seen.files] == [f"/sys/fs/cgroup/{name}" for name in names]
    assert [file.outside for file in seen.files] == [f"/sys/fs/cgroup{SCOPE}/{name}" for name in names]
    assert [file.text for file in seen.files] == ["67108864", "475136", "max 100000", "100"]


def test_a_file_that_is_only_on_the_engines_machine_is_read_there() -> None:
    limit, *others = told(HEAD, V2, f"File: /sys/fs/cgroup{SCOPE}/memory.max max\n").files
    assert limit[1:] == (None, f"/sys/fs/cgroup{SCOPE}/memory.max", "max")
    assert {one[1:] for one in others} == {(None, None, None)}


def test_a_mount_of_a_part_of_the_tree_leads_to_that_part() -> None:
    mount = "Mount: 31 24 0:27 /outer /sys/fs/cgroup rw - cgroup2 cgroup rw\n"
    inner, other = (_Told(f"{HEAD}Group: 0::/{top}/inner\n{mount}") for top in ("outer", "outermost"))
    assert next(inner.outside()) == "/sys/fs/cgroup/inner/memory.max"
    assert list(other.outside()) == []


def test_numbers_and_namespaces() -> None:
    seen = told(HEAD, V2)
    assert (seen.command, seen.number_inside, seen.number_outside) == ("sleep", 1, 4006)
    assert [one.kind for one in seen.namespaces] == list(KINDS)
    assert [one.kind for one in seen.namespaces if one.shared] == ["user"]
    unreadable = told(HEAD.replace("mnt:[101] mnt:[1]", "- mnt:[1]"), V2).namespaces[1]
    assert (unreadable.of_process, unreadable.of_engine, unreadable.shared) == (None, "1", None)


@pytest.mark.parametrize(
    ("own", "seen_as", "ranges", "users"),
    [
        ("5", 0, ["0 0 4294967295"], (0, 0)),
        ("5", 0, ["0 1000 1", "1 100000 65536"], (0, 1000)),  # an engine without root
        ("5", 33, ["0 1000 1", "1 100000 65536"], (33, 100032)),
        ("4", 100033, ["0 100000 65536"], (33, 100033)),  # an engine that maps users
        ("4", 7, ["0 100000 65536"], (None, 7)),
    ],
)
def test_a_user_has_two_numbers_where_users_are_mapped(
    own: str, seen_as: int, ranges: list[str], users: tuple[int | None, int]
) -> None:
    head = HEAD.replace("Own: user:[5]", f"Own: user:[{own}]").replace("Uid:\t0", f"Uid:\t{seen_as}")
    head = head[: head.index("Map:")] + "".join(f"Map: {one}\n" for one in ranges)
    seen = told(head, V2)
    assert (seen.user_inside, seen.user_outside) == users


def test_a_process_that_ended_meanwhile_is_not_half_read() -> None:
    assert not _Told("Name: \nOwn: user:[5]\n").complete
    assert not _Told("").complete


# -- on the real engine


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    with making(engine) as made:
        yield made


@pytest.mark.engine
def test_a_process_of_another_user_is_read_with_all_its_files(made: Made, engine: Engine) -> None:
    limits = bool(engine.info.get("MemoryLimit") and engine.info.get("CpuCfsQuota"))
    options: dict[str, Any] = {"mem_limit": "64m", "nano_cpus": 500_000_000} if limits else {}
    one = made.container("sleep", "300", user="1234", **options)
    seen = read_process(one.refresh())
    assert (seen.command, seen.number_inside, seen.number_outside) == ("sleep", 1, one.pid)
    assert seen.user_inside == 1234
    shared = {space.kind: space.shared for space in seen.namespaces}
    assert {kind: shared[kind] for kind in ("pid", "mnt", "net", "uts", "ipc")} == dict.fromkeys(
        ("pid", "mnt", "net", "uts", "ipc"), False
    )
    assert str(seen.version) == str(engine.info["CgroupVersion"])
    if limits:
        texts = {file.key: file.text for file in seen.files}
        assert (texts["memory limit"], texts["processors"]) == (str(64 * 2**20), "50000 100000")
        assert all(file.inside and file.outside for file in seen.files)


@pytest.mark.engine
def test_what_is_shared_is_seen_and_a_paused_process_too(made: Made) -> None:
    one = made.container("sleep", "300", pid_mode="host", network_mode="host", uts_mode="host")
    one.engine.client.api.pause(one.id)
    seen = read_process(one.refresh())
    one.engine.client.api.unpause(one.id)
    assert seen.number_inside == seen.number_outside
    assert {space.kind for space in seen.namespaces if space.shared} >= {"pid", "net", "uts"}


@pytest.mark.engine
def test_no_process_is_said_with_a_next_step(made: Made) -> None:
    one = made.container("sleep", "300")
    stale = made.container("sleep", "300")
    one.kill()
    with pytest.raises(NotReadable, match="to run; found exited") as raised:
        read_process(one.refresh())
    assert f"docker start {one.name}" in raised.value.next
    stale.refresh()
    stale.kill()  # meanwhile
    with pytest.raises(NotReadable, match="does not show"):
        read_process(stale)
