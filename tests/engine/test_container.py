"""Containers as they are, not as ``docker ps`` makes them look."""

from __future__ import annotations

import http.client
import io
import subprocess
import tarfile
import time
from typing import TYPE_CHECKING

import pytest
from made import Made, making, wait_for

from checker.engine import container, probe
from checker.engine.container import Change, State
from checker.engine.errors import ExecFailed, Missing, NotReadable, ObjectError
from checker.errors import EngineFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    with making(engine) as maker:
        yield maker


def test_only_the_exact_name_is_found(engine: Engine, made: Made) -> None:
    plain = made.container(start=False)
    made.container(start=False, name=f"{plain.name}.x")
    assert container.find(engine, f"{plain.name}.x").name == f"{plain.name}.x"
    assert container.find(engine, plain.id[:12]).id == plain.id
    for wrong in (plain.name[:-1], f"{plain.name[:-1]}.", plain.id[:3], f"{plain.name}.*"):
        with pytest.raises((Missing, EngineFault)) as caught:
            container.find(engine, wrong)
        assert isinstance(caught.value, Missing), wrong


def test_running_means_that_its_process_runs(made: Made) -> None:
    created = made.container("sleep", "300", start=False)
    assert (created.state, created.running, created.ended, created.exit_code) == (
        "created",
        False,
        False,
        None,
    )
    created.start()
    assert created.refresh().running
    created.engine.client.api.pause(created.id)
    assert created.refresh().state is State.PAUSED
    assert not created.running
    restarting = made.container("false", restart_policy={"Name": "on-failure", "MaximumRetryCount": 9})
    wait_for(lambda: restarting.refresh().state is State.RESTARTING)
    assert not restarting.running
    assert not restarting.ended
    assert restarting.exit_code == 1
    wait_for(lambda: restarting.refresh().restart_count > 1)
    assert vars(restarting.restart_policy) == {"name": "on-failure", "maximum": 9}


def test_a_deaf_container_is_stopped_quickly_and_says_137(made: Made) -> None:
    deaf = made.container("sh", "-c", "trap '' TERM; while :; do sleep 1; done")
    deaf.stop(grace=1)
    assert deaf.refresh().ended
    assert deaf.exit_code == 137
    assert deaf.status == "exited with code 137"
    deaf.remove()
    deaf.remove()  # already gone is fine
    with pytest.raises(Missing, match=deaf.name):
        deaf.refresh()


def test_a_killed_container_runs_nothing_more(made: Made) -> None:
    one = made.container("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done")
    one.kill()
    wait_for(lambda: one.refresh().ended)
    assert (one.exit_code, one.oom_killed) == (137, False)


def test_a_missing_command_leaves_it_created_with_the_reason(made: Made) -> None:
    broken = made.container("nowhere", start=False)
    with pytest.raises(EngineFault):
        broken.start()
    assert broken.refresh().state is State.CREATED
    assert "nowhere" in broken.error
    assert "not started" in broken.status
    assert broken.exit_code == 127


def test_what_was_asked_for_is_read_back(made: Made) -> None:
    one = made.container(
        "-c", "sleep 300", entrypoint=["sh"], environment=["A=b=c", "EMPTY="], user="1000:1000",
        working_dir="/tmp", init=True, read_only=True, cap_drop=["NET_RAW"], nano_cpus=500_000_000,
        security_opt=["no-new-privileges:true"], mem_limit="64m", pids_limit=50, labels={"a": "b"},
        tmpfs={"/scratch": ""}, start=False,
    )  # fmt: skip
    assert one.entrypoint == ("sh",)
    assert one.command == ("-c", "sleep 300")
    assert one.env["A"] == "b=c"
    assert one.env["EMPTY"] == ""
    assert (one.user, one.workdir, one.init, one.read_only) == ("1000:1000", "/tmp", True, True)
    assert one.cap_drop == {"NET_RAW"}
    assert one.no_new_privileges
    assert (one.limits.cpus, one.limits.memory, one.limits.pids) == (0.5, 64 * 2**20, 50)
    assert one.labels["a"] == "b"
    assert [mount.type for mount in one.mounts] == ["tmpfs"]
    assert one.image == "busybox:1.37"


def test_ports(made: Made) -> None:
    one = made.container(
        "sleep", "300", ports={"80/tcp": ("127.0.0.1", None), "81/tcp": None, "82/udp": ("127.0.0.1", None)}
    )
    assert one.published(80).loopback
    assert one.published(80).host_port > 0
    assert not one.published(80).everywhere
    assert not one.published(81).loopback
    assert one.published(81).everywhere  # no address given
    with pytest.raises(ObjectError, match="a port that is not"):
        one.published(82)  # that is UDP
    assert one.bindings(82, "udp")
    assert {(found.port, found.protocol) for found in one.publishes} == {
        (80, "tcp"),
        (81, "tcp"),
        (82, "udp"),
    }
    everything = made.container("sleep", "300", ports={"80/tcp": None}, publish_all_ports=True)
    assert everything.published(80).host_port > 0
    stopped = made.container(start=False, ports={"80/tcp": ("127.0.0.1", 48080)})
    assert stopped.published(80).host_port == 48080


def test_a_client_that_started_it_attached_holds_it(made: Made) -> None:
    name = made.name()
    one = made.container("sleep", "300", start=False, name=name, init=True, stop_signal="KILL")
    assert not one.held()
    environment = one.engine.environment()
    attached = subprocess.Popen(["docker", "start", "--attach", name], env=environment)
    try:
        wait_for(lambda: one.refresh().running)
        assert one.held()
    finally:
        attached.kill()
        attached.wait()
    one.stop()
    one.start()  # nobody is attached this time
    assert not one.held()
    looks_on = one.engine.client.api.attach_socket(one.id)
    assert not one.held()
    looks_on._sock.close()
    looks_on.close()


def test_exposing_is_not_publishing(made: Made) -> None:
    tag = made.tag()
    made.engine.client.api.import_image(
        src=_empty_tar(), repository=tag.partition(":")[0], tag="1", changes=["EXPOSE 8000", 'CMD ["/x"]']
    )
    one = made.container(image=tag, start=False)
    assert one.exposed == {"8000/tcp"}
    assert one.bindings(8000) == ()
    with pytest.raises(ObjectError, match="only exposed") as caught:
        one.published(8000)
    assert caught.value.reason == "not-published"


def _empty_tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    return buffer.getvalue()


def test_an_open_input_and_a_terminal_are_two_things(made: Made) -> None:
    interactive = made.container("sh", start=False, tty=True, stdin_open=True)
    shown = made.container("sh", start=False, tty=True)
    assert (interactive.tty, interactive.open_stdin) == (True, True)
    assert (shown.tty, shown.open_stdin) == (True, False)


def test_logs_of_both_streams_and_of_none(made: Made) -> None:
    both = made.container("sh", "-c", "echo out; echo err >&2; printf 'caf\\351\\n'")
    wait_for(lambda: both.refresh().ended)
    logs = both.logs()
    assert logs.stdout == "out\ncaf�\n"
    assert logs.stderr == "err\n"
    assert not logs.truncated
    assert len(both.logs(tail=1).lines) == 1  # of both streams together
    merged = made.container("sh", "-c", "echo err >&2", tty=True)
    wait_for(lambda: merged.refresh().ended)
    assert merged.logs().stdout.strip() == "err"
    silent = made.container("echo", "hello", log_config={"Type": "none"})
    with pytest.raises(NotReadable, match="none") as caught:
        silent.logs()
    assert caught.value.reason == "logs-not-readable"
    assert silent.log_driver == "none"


def test_huge_logs_are_cut(made: Made) -> None:
    flood = made.container("sh", "-c", "yes 0123456789abcde | head -c 8000000; echo; echo last")
    wait_for(lambda: flood.refresh().ended, within=60)
    logs = flood.logs(limit=100_000)
    assert logs.truncated
    assert len(logs.stdout) == 100_000
    assert flood.logs(tail=1).stdout == "last\n"


def test_exec_without_a_shell(made: Made) -> None:
    one = made.container("sleep", "300")
    assert one.exec("echo", "$HOME; exit 3").stdout == "$HOME; exit 3\n"
    result = one.exec(
        "sh", "-c", "echo out; echo err >&2; pwd; echo $A; exit 7", env={"A": "b"}, workdir="/etc"
    )
    assert (result.exit_code, result.ok) == (7, False)
    assert (result.stdout, result.stderr) == ("out\n/etc\nb\n", "err\n")
    with pytest.raises(ExecFailed, match="nope to start") as caught:
        one.exec("nope")
    assert caught.value.reason == "exec-not-started"


def test_exec_loses_nothing_on_a_busy_machine(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output is there before the head of the answer is read: both then come in one piece."""
    box = made.container("sleep", "300")
    begin = http.client.HTTPResponse.begin

    def late(response: http.client.HTTPResponse) -> None:
        time.sleep(0.3)
        begin(response)

    monkeypatch.setattr(http.client.HTTPResponse, "begin", late)
    found = box.exec("sh", "-c", "echo out; echo err >&2")
    assert (found.stdout, found.stderr) == ("out\n", "err\n")


def test_exec_needs_a_running_container(made: Made) -> None:
    one = made.container("sleep", "300")
    made.engine.client.api.pause(one.id)
    with pytest.raises(ExecFailed, match="paused"):
        one.exec("true")
    stopped = made.container(start=False)
    with pytest.raises(ExecFailed, match="not running"):
        stopped.exec("true")
    one.remove()
    with pytest.raises(Missing):
        one.exec("true")


def test_a_hung_exec_is_killed_with_its_children(made: Made) -> None:
    one = made.container("sleep", "300")
    with pytest.raises(ExecFailed, match="still runs"):
        one.exec("sh", "-c", "sleep 299; echo never", timeout=0.5)
    assert [process.command for process in one.processes()] == ["sleep 300"]


def test_exec_output_is_bounded(made: Made) -> None:
    one = made.container("sleep", "300")
    result = one.exec("sh", "-c", "yes | head -c 3000000; echo end >&2", timeout=60)
    assert len(result.raw_stdout) == 2**20
    assert result.stderr == "end\n"


def test_files_through_the_archive(made: Made) -> None:
    one = made.container(start=False)
    one.write_file("/etc/motd", b"\xff\x00hello")
    assert one.read_file("/etc/motd") == b"\xff\x00hello"
    assert Change("added", "/etc/motd") in one.changes()
    with pytest.raises(Missing, match="/etc/nope"):
        one.read_file("/etc/nope")
    with pytest.raises(Missing, match="/nope"):
        one.write_file("/nope/x", b"")
    with pytest.raises(NotReadable, match="plain file"):
        one.read_file("/etc")


def test_links_are_followed_when_read(made: Made) -> None:
    one = made.container("sh", "-c", "echo x >/real; ln -s /real /etc/absolute; ln -s ../real /etc/relative")
    wait_for(lambda: one.refresh().ended)
    assert one.read_file("/etc/absolute") == one.read_file("/etc/relative") == b"x\n"


def test_a_read_only_place_cannot_be_written(made: Made) -> None:
    one = made.container(start=False, volumes={made.volume(): {"bind": "/v", "mode": "ro"}})
    with pytest.raises(NotReadable) as caught:
        one.write_file("/v/x", b"")
    assert caught.value.reason == "read-only"


def test_health_and_processes(made: Made) -> None:
    one = made.container(
        "sleep",
        "300",
        healthcheck={"test": ["CMD-SHELL", "echo broken; false"], "interval": 10**9, "retries": 1},
    )
    wait_for(lambda: one.refresh().health.status == "unhealthy")
    assert one.health.last_output == "broken"
    off = made.container("sleep", "300", healthcheck={"test": ["NONE"]})
    assert off.health.status == "none"
    assert one.pid in [process.pid for process in one.processes()]


def test_networks_and_their_modes(made: Made) -> None:
    network = made.network()
    one = made.container("sleep", "300", network=network)
    assert list(one.networks) == [network]
    assert one.networks[network].ip
    assert one.id[:12] in one.networks[network].aliases
    assert made.container("true", network_mode="host").network_mode == "host"
    assert made.container("true").network_mode == "bridge"


def test_a_probe_is_limited_and_leaves_nothing(engine: Engine) -> None:
    with probe.Probe(engine, "00-x/y") as helper:
        seen = container.find(engine, helper.name)
        assert seen.labels[probe.EXERCISE_LABEL] == "00-x/y"
        assert seen.labels[probe.ROLE_LABEL] == "probe"
        assert seen.cap_drop == {"ALL"}
        assert seen.limits.memory
        assert seen.auto_remove
        assert helper.script('echo "$1"', "a b").stdout == "a b\n"
    with pytest.raises(Missing):
        container.find(engine, helper.name)
