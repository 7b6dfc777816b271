"""The private engine, started for real, in a network namespace of its own: two daemons in one break it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from checker.cli import main
from checker.engine import daemon, fetch, leftovers, private
from checker.engine.clientside import Private
from checker.errors import CourseError, EngineFault, Refused
from checker.paths import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.engine.connect import Engine

COURSE = [sys.executable, "-m", "checker"]
REPOSITORY = Path(__file__).parents[2]
BUSYBOX = "busybox:1.37"
needs_root = pytest.mark.skipif(
    not os.environ.get("CI") and (sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("ip")),
    reason="needs Linux, root and the ip command",
)


@dataclass
class Machine:
    """A network namespace and a state directory: what a machine without an engine has."""

    namespace: str
    state: Path

    @property
    def environment(self) -> dict[str, str]:
        base = {
            name: value for name, value in os.environ.items() if not name.startswith(("DOCKER_", "COURSE_"))
        }
        return base | {"COURSE_STATE_DIR": str(self.state), "HOME": str(self.state.parent)}

    @property
    def layout(self) -> daemon.Layout:
        return json_layout(self.environment)

    def command(self, *words: str) -> list[str]:
        return ["nsenter", f"--net=/run/netns/{self.namespace}", *words]

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            env=self.environment | env,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )

    def course(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(*COURSE, *words)

    def started(self) -> dict[str, str]:
        """Start the engine; return what ``course env`` says."""
        done = self.course("engine", "start")
        assert done.returncode == 0, done.stderr
        variables: dict[str, str] = json.loads(self.course("env", "--json").stdout)
        return variables

    def interfaces(self) -> set[str]:
        listed: list[dict[str, str]] = json.loads(self.run("ip", "-json", "link").stdout)
        return {one["ifname"] for one in listed} - {"lo"}


def json_layout(env: dict[str, str]) -> daemon.Layout:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STATE_DIR", env["COURSE_STATE_DIR"])
        return private.layout_here()


@pytest.fixture(scope="session")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fetch the packages once; what ``course engine start`` fetched for this user serves as well."""
    there = state_dir() / "engine"
    folder = there if (there / "root").is_dir() else tmp_path_factory.mktemp("fetched")
    try:
        fetch.fetch(folder, print)
    except Refused as refused:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no engine can be fetched: {refused}")
    return folder


@pytest.fixture
def machine(fetched: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    yield from a_machine(fetched, tmp_path_factory.mktemp("m") / "state")


@pytest.fixture
def deep_machine(fetched: Path, tmp_path: Path) -> Iterator[Machine]:
    """A state directory whose path is too long for a socket."""
    yield from a_machine(fetched, tmp_path / ("a-very-long-name-" * 6) / "state")


def a_machine(fetched: Path, state: Path) -> Iterator[Machine]:
    namespace = f"course-{uuid4().hex[:8]}"
    folder = state / "engine"
    folder.mkdir(parents=True)
    (folder / "root").symlink_to(fetched / "root")
    subprocess.run(["ip", "netns", "add", namespace], check=True)
    machine = Machine(namespace, state)
    try:
        machine.run("ip", "link", "set", "lo", "up")
        yield machine
    finally:
        stopped = machine.course("engine", "stop")
        subprocess.run(["ip", "netns", "delete", namespace], check=True)
        assert stopped.returncode == 0, stopped.stderr
        assert left_by(machine.layout) == []
        assert machine.layout.run == machine.layout.folder or not machine.layout.run.exists()


def left_by(layout: daemon.Layout) -> list[str]:
    """Processes, mounts and sockets that name the engine's folders."""
    folders = {str(layout.folder), str(layout.run)}
    found = [
        " ".join(arguments)
        for _, arguments in leftovers.processes()
        if any(f"{folder}/" in word for word in arguments for folder in folders)
    ]
    mounts = Path("/proc/self/mountinfo").read_text()
    found += [f"mount {folder}" for folder in folders if f" {folder}/" in mounts]
    return found + [str(path) for path in (layout.exec, layout.socket, layout.pidfile) if path.exists()]


def load_busybox(machine: Machine, engine: Engine, env: dict[str, str]) -> None:
    saved = b"".join(engine.client.images.get(BUSYBOX).save(named=True))
    subprocess.run(
        machine.command("docker", "load"),
        env=machine.environment | env,
        input=saved,
        capture_output=True,
        check=True,
    )


@needs_root
@pytest.mark.engine
def test_from_nothing_to_a_container_and_back(machine: Machine, engine: Engine) -> None:
    users_own = Private.load()
    none = machine.course("env")
    assert none.returncode == 1
    assert "course engine start" in none.stderr

    env = machine.started()
    assert env["DOCKER_HOST"] == f"unix://{machine.layout.socket}"
    first = daemon.running(machine.layout)
    assert first
    assert Private.load() == users_own  # the record is that machine's, not this user's
    again = machine.course("engine", "start")
    assert (again.returncode, daemon.running(machine.layout)) == (0, first)
    assert machine.course("engine", "status").returncode == 0

    load_busybox(machine, engine, env)
    assert machine.run("docker", "run", "--rm", "--init", BUSYBOX, "echo", "hello", **env).stdout == "hello\n"
    assert machine.run("docker", "network", "create", "c-mine", **env).returncode == 0
    web = ["docker", "run", "-d", "--name", "web", "--network", "c-mine", "-p", "127.0.0.1:8089:80", BUSYBOX]
    assert (
        machine.run(*web, "sh", "-c", "trap exit TERM; httpd; while :; do sleep 0.1; done", **env).returncode
        == 0
    )
    asked = machine.run(
        "docker", "run", "--rm", "--network", "c-mine", BUSYBOX, "wget", "-O-", "http://web/", **env
    )
    assert "404" in asked.stderr
    for plugin in ("buildx", "compose"):
        assert machine.run("docker", plugin, "version", **env).returncode == 0
    assert "docker0" in machine.interfaces()

    stopped = machine.course("engine", "stop")
    assert "is stopped" in stopped.stdout
    assert machine.interfaces() == set()
    assert left_by(machine.layout) == []
    assert machine.layout.run == machine.layout.folder
    assert machine.course("engine", "status").returncode == 1
    assert machine.course("env").returncode == 1
    assert "was not running" in machine.course("engine", "stop").stdout

    env = machine.started()
    assert BUSYBOX in machine.run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", **env).stdout
    assert machine.course("engine", "stop", "--remove").returncode == 0
    assert not machine.layout.folder.exists()


@needs_root
@pytest.mark.engine
def test_recovers_from_a_crash_with_a_long_state_path(deep_machine: Machine, engine: Engine) -> None:
    machine = deep_machine
    env = machine.started()
    assert len(env["DOCKER_HOST"]) < 108
    load_busybox(machine, engine, env)
    machine.run("docker", "run", "-d", "--name", "deaf", BUSYBOX, "sleep", "1000", **env)
    killed = daemon.running(machine.layout)
    assert killed
    os.kill(killed, signal.SIGKILL)

    env = machine.started()
    assert daemon.running(machine.layout) not in {None, killed}
    assert machine.run("docker", "ps", "-aq", "--filter", "status=running", **env).stdout == ""
    assert machine.run("docker", "start", "deaf", **env).returncode == 0
    assert machine.run("docker", "kill", "deaf", **env).returncode == 0


@needs_root
@pytest.mark.engine
def test_a_stale_record_of_another_program_harms_nobody(machine: Machine) -> None:
    layout = machine.layout
    layout.pidfile.write_text(str(os.getpid()))
    layout.socket.touch()
    (layout.exec / "containerd").mkdir(parents=True)
    (layout.exec / "containerd" / "containerd.pid").write_text(str(os.getpid()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STATE_DIR", str(machine.state))
        Private(f"unix://{layout.socket}", "/nowhere", "/nowhere", os.getpid()).save()
    assert machine.course("env").returncode == 1
    machine.started()


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def with_daemon(machine: Machine, text: str) -> None:
    """Put another dockerd in the place of the fetched one."""
    (machine.layout.root).unlink()
    program(machine.layout.root / "usr/sbin/dockerd", text)


@needs_root
@pytest.mark.engine
def test_a_daemon_that_gives_up_is_explained(machine: Machine) -> None:
    with_daemon(machine, "#!/bin/sh\necho 'failed to start: no cgroups here'\nexit 1\n")
    done = machine.course("engine", "start")
    assert done.returncode == 3
    assert "no cgroups here" in done.stderr
    assert "Traceback" not in done.stderr
    assert machine.course("engine", "status").returncode == 1


@needs_root
@pytest.mark.engine
def test_interrupted_it_stops_what_it_started(machine: Machine) -> None:
    # Named as the daemon is, with its arguments, and it never answers.
    endless = f'#!/bin/bash\nexec -a dockerd {sys.executable} -c "import time; time.sleep(1000)" "$@"\n'
    with_daemon(machine, endless)
    starting = subprocess.Popen(
        machine.command(*COURSE, "engine", "start"),
        env=machine.environment,
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    with starting:
        assert daemon._until(lambda: daemon.running(machine.layout) is not None, 30)
        starting.send_signal(signal.SIGINT)
        said = starting.communicate(timeout=60)[1]
    assert starting.returncode == 130
    assert b"Traceback" not in said
    assert daemon.running(machine.layout) is None


@needs_root
@pytest.mark.engine
def test_refuses_beside_a_daemon_that_is_not_reached(machine: Machine) -> None:
    sleeping = f'exec -a dockerd {sys.executable} -c "print(flush=True); input()"'
    with subprocess.Popen(
        machine.command("bash", "-c", sleeping), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        other.stdout.readline()
        done = machine.course("engine", "start")
        other.communicate(b"\n")
    assert done.returncode == 1
    assert "Another Docker engine" in done.stderr
    assert machine.interfaces() == set()


@needs_root
@pytest.mark.engine
def test_refuses_where_a_docker0_of_somebody_else_is(machine: Machine) -> None:
    machine.run("ip", "link", "add", "docker0", "type", "bridge")
    machine.run("ip", "address", "add", "172.17.0.1/16", "dev", "docker0")
    done = machine.course("engine", "start")
    assert done.returncode == 1
    assert "docker0" in done.stderr
    assert machine.course("engine", "stop").returncode == 0
    assert machine.interfaces() == {"docker0"}


@pytest.mark.engine
def test_does_nothing_where_an_engine_is_reachable(
    engine: Engine, state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine.endpoint.url)
    assert main(["engine", "start"]) == 0
    assert "No other is started" in capsys.readouterr().out
    assert main(["engine", "stop"]) == 0
    assert not (state_dir() / "engine").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("DOCKER_HOST", "unix:///nowhere.sock"), ("DOCKER_CONTEXT", "gone"), ("DOCKER_HOST", "odd://")],
)
def test_an_engine_that_the_user_named_is_not_replaced(
    state: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(EngineFault) as caught:
        private.start(print)
    assert caught.value.next
    assert not (state_dir() / "engine").exists()


@pytest.fixture
def nothing_reachable(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private, "reachable", lambda: None)


@pytest.mark.parametrize(
    ("platform", "step"),
    [("darwin", "brew install"), ("win32", "winget install"), ("freebsd14", "docs.docker.com")],
)
def test_other_platforms_get_their_steps(
    nothing_reachable: None, monkeypatch: pytest.MonkeyPatch, platform: str, step: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(Refused) as caught:
        private.start(print)
    assert step in caught.value.next
    assert private.stop(print) is False


@pytest.mark.parametrize(
    ("release", "step"),
    [
        ({"ID": "fedora"}, "dnf install"),
        ({"ID": "manjaro", "ID_LIKE": "arch"}, "pacman"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "docker-compose-v2"),
        ({"ID": "debian"}, "apt install docker.io"),
        ({"ID": "slackware"}, "docs.docker.com"),
    ],
)
def test_other_distributions_get_their_steps(
    monkeypatch: pytest.MonkeyPatch, release: dict[str, str], step: str
) -> None:
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: release)
    assert step in private.steps("linux")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is refused earlier")
def test_without_root_and_sudo_the_steps_are_named(
    nothing_reachable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private, "plan", lambda: fetch.plan({"ID": "debian", "VERSION_CODENAME": "trixie"}))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name != "sudo" else None)
    with pytest.raises(Refused) as caught:
        private.start(print)
    assert "root or sudo" in caught.value.message
    assert caught.value.next


@pytest.mark.parametrize(
    ("release", "suites"),
    [
        ({"ID": "debian", "VERSION_CODENAME": "bookworm"}, ("trixie", "bookworm")),
        ({"ID": "debian", "VERSION_CODENAME": "trixie"}, ("trixie",)),
        (
            {"ID": "ubuntu", "VERSION_CODENAME": "noble", "UBUNTU_CODENAME": "noble"},
            ("noble", "noble-updates"),
        ),
        (
            {"ID": "linuxmint", "VERSION_CODENAME": "wilma", "UBUNTU_CODENAME": "noble"},
            ("noble", "noble-updates"),
        ),
        ({"ID": "debian", "VERSION_CODENAME": "bullseye"}, None),
        ({"ID": "fedora", "VERSION_CODENAME": ""}, None),
    ],
)
def test_what_is_fetched_depends_on_the_distribution(
    release: dict[str, str], suites: tuple[str, ...] | None
) -> None:
    plan = fetch.plan(release)
    assert (plan.suites if plan else None) == suites


@needs_root
@pytest.mark.engine
def test_a_half_done_unpacking_is_done_anew(
    fetched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = sorted((fetched / "packages").glob("tini*.deb"))
    assert packages
    monkeypatch.setattr(fetch, "_download", lambda *_: packages)
    (tmp_path / "root.partial" / "half").mkdir(parents=True)
    real: Callable[..., object] = subprocess.run

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch.fetch(tmp_path, print)
    assert not (tmp_path / "root").exists()
    monkeypatch.setattr(subprocess, "run", real)
    fetch.fetch(tmp_path, print)
    assert (tmp_path / "root/usr/bin/tini").exists()
    assert not (tmp_path / "root" / "half").exists()


@needs_root
@pytest.mark.engine
def test_a_full_disk_is_explained(fetched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_download", lambda *_: sorted((fetched / "packages").glob("docker-cli*.deb")))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "course", tmp_path], check=True)
    try:
        with pytest.raises(Refused) as caught:
            fetch.fetch(tmp_path, print)
        assert "No space left" in caught.value.message
        assert str(tmp_path) in caught.value.next
        assert not (tmp_path / "root").exists()
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_state_directory_that_cannot_be_written_is_explained(
    nothing_reachable: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_STATE_DIR", str(tmp_path / "file"))
    monkeypatch.setattr(private, "_can_start", lambda: None)
    with pytest.raises(Refused) as caught:
        private.start(print)
    assert "COURSE_STATE_DIR" in caught.value.next


@needs_root
@pytest.mark.engine
def test_a_damaged_download_is_fetched_again(
    fetched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = fetch.plan()
    assert chosen
    few = fetch.Plan(("tini",), chosen.suites[-1:], chosen.archive)
    monkeypatch.setattr(fetch, "plan", lambda: few)
    [package] = (fetched / "packages").glob("tini*.deb")
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / package.name).write_bytes(package.read_bytes()[:1000])
    fetch.fetch(tmp_path, print)
    assert (tmp_path / "root/usr/bin/tini").exists()


@needs_root
def test_a_folder_that_somebody_else_made_is_refused(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_STATE_DIR", str(tmp_path / ("long" * 30)))
    layout = private.layout_here()
    assert layout.run != layout.folder
    layout.run.mkdir()
    try:
        os.chown(layout.run, 65534, 65534)
        with pytest.raises(CourseError) as caught:
            private._own_folder(layout.run)
        assert str(layout.run) in caught.value.message
    finally:
        with contextlib.suppress(OSError):
            layout.run.rmdir()
