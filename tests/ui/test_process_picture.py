"""The picture of one process: its words, what a table can hold, and the real engine."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from checker.engine.errors import Missing
from checker.engine.process_reading import KINDS, CgroupFile, Namespace, Process
from checker.errors import Refused, UsageError
from checker.ui import helper
from checker.ui.process_picture import ProcessPicture, process_view
from checker.ui.process_words import drawn, in_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from checker.engine.connect import Engine

UNREADABLE = "cannot be read here"


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("memory limit", "67108864", "64 MB"),
        ("memory limit", "2147483648", "2 GB"),
        ("memory limit", "max", "no limit"),
        ("memory limit", "9223372036854771712", "no limit"),  # version 1
        ("memory in use", "475136", "0.5 MB"),
        ("processors", "50000 100000", "half a processor"),
        ("processors", "25000 100000", "a quarter of a processor"),
        ("processors", "100000 100000", "one processor"),
        ("processors", "150000 100000", "1.5 processors"),
        ("processors", "max 100000", "no limit"),
        ("processors", "-1 100000", "no limit"),
        ("processors", "50000", UNREADABLE),
        ("processes", "max", "no limit"),
        ("processes", "100", "100 at most"),
        ("memory limit", "<b>", UNREADABLE),
        ("memory limit", "", UNREADABLE),
        ("memory limit", None, UNREADABLE),
    ],
)
def test_a_file_in_words(key: str, text: str | None, words: str) -> None:
    assert in_words(key, text) == words


def seen(shared: Collection[str], *, unreadable: Collection[str] = (), **files: str) -> Process:
    """A process as it could have been read."""
    spaces = tuple(
        Namespace(kind, None if kind in unreadable else "7", "7" if kind in shared else "8") for kind in KINDS
    )
    keys = ("memory limit", "memory in use", "processors", "processes")
    read = tuple(CgroupFile(key, f"/in/{key}", None, files.get(key.replace(" ", "_"))) for key in keys)
    return Process("sleep", 1, 4006, 0, 100000, spaces, read, 2)


def shed(**modes: str) -> Any:
    """A container, as far as it is asked."""
    attrs = {"HostConfig": modes, "Config": {"Hostname": "shed"}}
    return SimpleNamespace(name="c01-shed", attrs=attrs, engine=SimpleNamespace(info={"Name": "vm"}))


def test_the_sentence_has_both_numbers_and_the_count() -> None:
    two = drawn(shed(), seen({"user", "cgroup"}, memory_limit="134217728"))
    assert two["say"] == (
        "c01-shed's first process is number 1 inside and 4006 on the engine's machine. "
        "Five of its seven namespaces are its own. It may use 128 MB of memory."
    )
    assert (two["inside"], two["outside"]) == (
        {"number": 1, "host": "shed", "user": "0, root"},
        {"number": 4006, "host": "vm", "user": "100000"},
    )
    one = drawn(shed(), seen(set(KINDS) - {"mnt"}, memory_limit="max"))
    assert one["say"].endswith("One of its seven namespaces is its own. Its memory has no limit.")
    assert one["inside"]["host"] == "vm"  # its name is the machine's
    none = drawn(shed(), seen(set(), unreadable=set(KINDS)))
    assert none["say"].endswith("Its namespaces cannot be read here. Its memory limit cannot be read here.")


def test_what_cannot_be_read_says_so_in_its_row() -> None:
    shown = drawn(shed(), seen({"user"}, unreadable={"net"}, processors="max 100000"))
    net = next(one for one in shown["namespaces"] if one["kind"] == "net")
    assert (net["is"], net["word"], net["of_process"], net["of_engine"]) == (
        "unknown",
        UNREADABLE,
        UNREADABLE,
        "8",
    )
    limit, _, processors, _ = shown["files"]
    assert (limit["outside"], limit["text"], limit["words"]) == (UNREADABLE,) * 3
    assert processors["text"] == "max 100000"


def test_version_1_names_both_files_of_a_share_of_processors() -> None:
    one = seen(set())
    quota = CgroupFile("processors", "/cpu/cpu.cfs_quota_us", None, "50000 100000")
    shown = drawn(shed(), replace(one, files=(one.files[0], quota)))["files"]
    assert shown[1]["text"] == "50000, and cpu.cfs_period_us holds 100000"


def test_a_namespace_of_another_container_is_not_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(_: Any, other: str) -> Any:
        if other == "gone":
            raise Missing("container", other)
        return SimpleNamespace(name="c01-attic")

    monkeypatch.setattr("checker.ui.process_words.find", find)
    shown = drawn(shed(PidMode="container:abc", NetworkMode="container:gone", IpcMode="private"), seen(set()))
    words = {one["kind"]: one["word"] for one in shown["namespaces"]}
    assert (words["pid"], words["net"], words["ipc"]) == (
        "shared with c01-attic",
        "shared with another container",
        "its own",
    )
    assert "Five of its seven" in shown["say"]


def test_no_name_is_refused() -> None:
    with pytest.raises(UsageError, match="No container is named"):
        process_view(" ")


# -- on the real engine


@pytest.fixture(autouse=True)
def ended(folder: Path) -> Iterator[None]:
    """Stand in a course, and leave no process behind."""
    yield
    helper.close_all()


@pytest.fixture
def name(engine: Engine) -> Iterator[str]:
    """A name; what has it is removed in the end."""
    name = f"c01-process-{secrets.token_hex(4)}"
    yield name
    for left in engine.client.containers.list(ignore_removed=True, all=True, filters={"name": f"^/?{name}"}):
        left.remove(force=True)


def refused(picture: ProcessPicture) -> Refused:
    with pytest.raises(Refused) as raised:
        picture.table()
    assert picture.view["process"] is None
    assert picture.view["say"].endswith("cannot be shown.")
    return raised.value


@pytest.mark.engine
def test_the_table_can_be_stored_and_is_the_same_after_a_restart(engine: Engine, name: str) -> None:
    limits = bool(engine.info.get("MemoryLimit") and engine.info.get("CpuCfsQuota"))
    options: dict[str, Any] = {"mem_limit": "64m", "nano_cpus": 500_000_000} if limits else {}
    made = engine.client.containers.run(
        "busybox:1.37", ["sleep", "300"], name=name, detach=True, init=True, **options
    )
    picture = process_view(name)
    assert repr(picture) == f"The first process of {name}, seen from inside and from the engine's machine."
    first = repr(picture.table())
    assert [re.split(r"  +", line) for line in first.splitlines()] == [
        ["namespace or limit", "found"],
        *([f"namespace {kind}", "its own"] for kind in ("pid", "mnt", "net", "uts", "ipc")),
        ["namespace user", "depends on the engine"],
        ["namespace cgroup", "depends on the engine"],
        ["limit: memory", "64 MB" if limits else "no limit"],
        ["limit: processors", "half a processor" if limits else "no limit"],
    ]
    number = picture.view["process"]["outside"]["number"]
    made.restart(timeout=0)
    picture.read_again()
    assert repr(picture.table()) == first
    assert picture.view["process"]["outside"]["number"] != number
    assert (
        f"and {picture.view['process']['outside']['number']} on the engine's machine" in picture.view["say"]
    )


@pytest.mark.engine
def test_each_end_is_said_with_a_next_step_and_read_again_goes_on(engine: Engine, name: str) -> None:
    picture = process_view(name)
    assert f"a container named {name}" in refused(picture).message

    made = engine.client.containers.create("busybox:1.37", ["sleep", "300"], name=name, init=True)
    picture.read_again()
    assert "it is created" in refused(picture).message

    made.start()
    picture._pressed(None, {"do": "read"}, None)
    assert "its own" in repr(picture.table())
    assert picture.view["trouble"] is None

    made.pause()
    picture.read_again()
    assert "its own" in repr(picture.table())
    made.unpause()
    made.kill()
    picture.read_again()
    error = refused(picture)
    assert f"{name} has no process now: it is exited with code 137." in error.message
    assert f"docker start {name}" in error.next


def test_without_an_engine_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such.sock")
    picture = process_view("c01-shed")
    error = refused(picture)
    assert "unix:///no/such.sock" in error.message
    assert error.next
    picture.close()
