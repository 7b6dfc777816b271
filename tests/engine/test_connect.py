from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fake_engine import FakeEngine, healthy, http, version, write_context

from checker.engine import clientside, connect
from checker.engine.clientside import PRIVATE, Private
from checker.engine.connect import Endpoint, Engine, find_endpoint, known_sockets
from checker.errors import EngineFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.engine.faults import Kind


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: Path) -> Path:
    """An environment without any Docker variable, and a configuration folder of the test's own."""
    for name in os.environ:
        if name.startswith("DOCKER_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "docker-config"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return folder


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the known sockets be these and no others, whatever this machine has."""

    def choose(*endpoints: Endpoint) -> None:
        monkeypatch.setattr(connect, "known_sockets", lambda _: list(endpoints))

    return choose


def fault_of(action: Callable[..., object], *arguments: object, **options: float) -> EngineFault:
    with pytest.raises(EngineFault) as caught:
        action(*arguments, **options)
    assert caught.value.next
    return caught.value


# -- where the engine is


def test_docker_host_comes_before_a_context(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_context(config, "there", "unix:///there.sock")
    monkeypatch.setenv("DOCKER_CONTEXT", "there")
    monkeypatch.setenv("DOCKER_HOST", " unix:///here.sock ")
    assert find_endpoint() == Endpoint("unix:///here.sock", "DOCKER_HOST")


def test_current_context_of_the_configuration(config: Path) -> None:
    write_context(config, "colima", "unix:///colima.sock")
    (config / "config.json").write_text('{"currentContext": "colima"}')
    assert find_endpoint() == Endpoint("unix:///colima.sock", "context 'colima'", "colima")


def test_docker_context_needs_no_configuration_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_context(config, "far", "ssh://me@far")
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    assert find_endpoint().url == "ssh://me@far"


@pytest.mark.parametrize("by", ["DOCKER_CONTEXT", "config.json"])
def test_missing_context_is_an_error_that_names_who_asks(
    config: Path, monkeypatch: pytest.MonkeyPatch, only: Callable[..., None], by: str
) -> None:
    with FakeEngine(config / "default.sock") as fake:
        only(Endpoint(fake.url, "Docker Engine's socket"))
        if by == "DOCKER_CONTEXT":
            monkeypatch.setenv("DOCKER_CONTEXT", "gone")
        else:
            (config / "config.json").write_text('{"currentContext": "gone"}')
        fault = fault_of(connect.connect)
        assert fake.requests == []
    assert fault.kind == "wrong-context"
    assert "'gone'" in fault.message
    assert by in fault.message


@pytest.mark.parametrize("content", ["{not json", "[]", "\udcff"])
def test_damaged_configuration(config: Path, content: str) -> None:
    (config / "config.json").write_bytes(content.encode(errors="surrogateescape"))
    fault = fault_of(find_endpoint)
    assert fault.kind == "bad-config"
    assert str(config / "config.json") in fault.message


@pytest.mark.parametrize("content", ["", "{}", '{"Endpoints": {"docker": []}}', "[]"])
def test_damaged_context(config: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    write_context(config, "odd", "").write_text(content)
    monkeypatch.setenv("DOCKER_CONTEXT", "odd")
    assert fault_of(find_endpoint).kind == "bad-config"


@pytest.mark.parametrize(
    "url",
    [
        "/var/run/docker.sock",
        "tcp://",
        "tcp://x",
        "tcp://x:99999",
        "tcp://x:port",
        "fd://3",
        "carrier://x",
        "npipe:////./pipe/x",
    ],
)
def test_bad_address(config: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", url)
    fault = fault_of(connect.connect)
    assert fault.kind == "bad-address"
    assert url in fault.message


def test_bad_address_in_a_context(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_context(config, "odd", "carrier://pigeon")
    monkeypatch.setenv("DOCKER_CONTEXT", "odd")
    assert fault_of(connect.connect).kind == "bad-address"


def test_default_context_without_its_socket_tries_the_others(
    config: Path, only: Callable[..., None], tmp_path: Path
) -> None:
    stale = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(stale))
    with FakeEngine(tmp_path / "colima.sock") as fake:
        only(
            Endpoint(f"unix://{tmp_path}/absent.sock", "Docker Engine's socket"),
            Endpoint(f"unix://{stale}", "Docker Desktop's socket"),
            Endpoint(fake.url, "Colima's socket"),
        )
        assert find_endpoint() == Endpoint(fake.url, "Colima's socket")


def test_one_that_answers_comes_before_one_that_is_starting(
    config: Path, only: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clientside, "_PATIENCE", 0.1)
    with FakeEngine(tmp_path / "slow.sock", lambda _: None) as slow, FakeEngine(tmp_path / "up.sock") as up:
        only(Endpoint(slow.url, "Docker Engine's socket"), Endpoint(up.url, "OrbStack's socket"))
        assert find_endpoint().url == up.url
        only(Endpoint(slow.url, "Docker Engine's socket"))
        assert find_endpoint().url == slow.url


def test_nothing_answers(config: Path, only: Callable[..., None], tmp_path: Path) -> None:
    only(Endpoint(f"unix://{tmp_path}/absent.sock", "Docker Engine's socket"))
    fault = fault_of(connect.connect)
    assert fault.kind == "not-running"
    assert "absent.sock" in fault.message


def test_known_sockets_begin_with_the_default_and_end_with_ours(config: Path) -> None:
    Private("unix:///ours.sock", "/bin", "/config", 1).file().parent.mkdir(parents=True)
    Private("unix:///ours.sock", "/bin", "/config", 1).save()
    found = known_sockets({"HOME": "/home/me", "XDG_RUNTIME_DIR": "/run/user/7"}, platform="linux")
    assert found[0].url == "unix:///var/run/docker.sock"
    assert found[-1] == Endpoint("unix:///ours.sock", PRIVATE)
    urls = [one.url for one in found]
    for path in (
        "/run/user/7/docker.sock",
        "/home/me/.docker/run/docker.sock",
        "/home/me/.docker/desktop/docker.sock",
        "/home/me/.colima/default/docker.sock",
        "/home/me/.rd/docker.sock",
        "/home/me/.orbstack/run/docker.sock",
    ):
        assert f"unix://{path}" in urls


def test_windows_has_named_pipes(config: Path) -> None:
    assert {one.url.partition("://")[0] for one in known_sockets({}, platform="win32")} == {"npipe"}


def test_damaged_record_of_the_private_engine_is_none(config: Path) -> None:
    Private.file().parent.mkdir(parents=True)
    for content in ("", "[]", '{"url": 1}', '{"surprise": 1}'):
        Private.file().write_text(content)
        assert Private.load() is None


# -- faults on the way


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (version(ApiVersion="1.40"), "too-old"),
        (version(ApiVersion="1.12"), "too-old"),
        (version(Os="windows"), "windows-containers"),
        (lambda _: b"", "stopped"),
        (lambda _: http({"some": "answer"})[:-9], "stopped"),
        (lambda _: None, "timeout"),
        (lambda _: http({"message": "no space left on device"}, "500 Internal Server Error"), "engine"),
        (lambda _: http({}), "engine"),
        (lambda _: http(["not", "an", "engine"]), "engine"),
        (lambda _: b"SSH-2.0-OpenSSH\r\n", "stopped"),
    ],
)
def test_what_answers_is_not_what_the_course_needs(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    answer: Callable[[str], bytes | None],
    kind: Kind,
) -> None:
    with FakeEngine(tmp_path / "e.sock", answer) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        fault = fault_of(connect.connect, timeout=0.3)
    assert fault.kind == kind
    assert fake.url in fault.message


def test_engine_stops_in_the_middle(config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def answer(request: str) -> bytes:
        return (
            b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"
            if request.endswith("/info")
            else healthy(request)
        )

    with FakeEngine(tmp_path / "e.sock", answer) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        with connect.connect() as engine:
            assert fault_of(lambda: engine.info).kind == "stopped"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user"
)
def test_no_permission(
    config: Path, only: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "default")  # that user may not read our config.json either
    with FakeEngine(tmp_path / "e.sock") as fake:
        endpoint = Endpoint(fake.url, "Docker Engine's socket")
        Engine(endpoint).close()  # whatever is imported late, is imported while we still may read it
        only(Endpoint("unix:///absent.sock", "another"), endpoint)
        (tmp_path / "e.sock").chmod(0o600)
        os.seteuid(65534)
        try:
            found = fault_of(find_endpoint)
            direct = fault_of(Engine, endpoint)
        finally:
            os.seteuid(0)
    assert {found.kind, direct.kind} == {"no-permission"}


def test_ssh_without_paramiko(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://me@nowhere.invalid")
    fault = fault_of(connect.connect)
    assert fault.kind == "ssh-without-paramiko"
    assert "docker[ssh]" in fault.next


def test_ssh_to_a_name_that_is_not_known(config: Path, tmp_path: Path) -> None:
    """With paramiko, in a folder of its own: where it is installed, all that asks Docker loads it."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tmp_path), "paramiko>=3.4"]
    subprocess.run(pip, check=True, timeout=300)
    ask = "from checker.engine.connect import connect\ntry: connect()\nexcept Exception as no: print(no.kind)"
    done = subprocess.run(
        [sys.executable, "-c", ask],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "DOCKER_HOST": "ssh://me@nowhere.invalid"},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout == "not-running\n"


def test_tls_without_certificates(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(config / "nothing"))
    with pytest.raises(EngineFault) as caught:
        connect.connect()
    assert caught.value.kind == "not-running"  # without files TLS uses the system's authorities


def test_tls_with_a_damaged_certificate(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ca", "cert", "key"):
        (config / f"{name}.pem").write_text("nonsense")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(config))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{listening.getsockname()[1]}")
        assert fault_of(connect.connect).kind == "tls"


def test_tls_to_an_engine_without_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    with FakeEngine(None) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        assert fault_of(connect.connect).kind == "tls"


def test_no_tls_to_an_engine_that_wants_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = b"Client sent an HTTP request to an HTTPS server.\n"
    with FakeEngine(None, lambda _: b"HTTP/1.0 400 Bad Request\r\n\r\n" + said) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        assert fault_of(connect.connect).kind == "tls"


def test_tls_of_a_context(config: Path) -> None:
    meta = write_context(config, "secure", "tcp://engine:2376", SkipTLSVerify=True)
    folder = config / "contexts" / "tls" / meta.parent.name / "docker"
    folder.mkdir(parents=True)
    for name in ("ca", "cert", "key"):
        (folder / f"{name}.pem").touch()
    endpoint = clientside.context_endpoint("secure")
    files = clientside.certificates(endpoint)
    assert files == clientside.Certificates(
        folder / "ca.pem", folder / "cert.pem", folder / "key.pem", verify=False
    )


# -- the same engine for the command line


def test_environment_of_a_context_has_no_docker_host() -> None:
    endpoint = Endpoint("unix:///colima.sock", "context 'colima'", "colima")
    env = clientside.environment(endpoint, {"DOCKER_HOST": "unix:///else.sock", "HOME": "/home/me"})
    assert env == {"DOCKER_CONTEXT": "colima", "HOME": "/home/me"}


def test_environment_of_a_found_socket_names_it(state: Path) -> None:
    base = {"DOCKER_CONTEXT": "default", "DOCKER_TLS_VERIFY": "1"}
    assert clientside.environment(Endpoint("unix:///c.sock", "Colima's socket"), base) == {
        "DOCKER_HOST": "unix:///c.sock"
    }


def test_environment_of_docker_host_keeps_its_certificates(state: Path) -> None:
    base = {"DOCKER_HOST": "tcp://e:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}
    assert clientside.environment(Endpoint("tcp://e:2376", "DOCKER_HOST"), base) == base


@pytest.mark.parametrize("source", [PRIVATE, "DOCKER_HOST"])
def test_private_engine_lends_its_tools_where_plugins_are_missing(
    config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    private = Private("unix:///ours.sock", "/ours/bin", "/ours/config", 1)
    private.file().parent.mkdir(parents=True)
    private.save()
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    endpoint = Endpoint("unix:///ours.sock", source)
    assert clientside.environment(endpoint, {"PATH": str(tools)}) == {
        "PATH": f"{tools}{os.pathsep}/ours/bin",
        "DOCKER_CONFIG": "/ours/config",
        "DOCKER_HOST": "unix:///ours.sock",
    }
    (tools / "docker").touch(mode=0o755)
    for name in clientside.PLUGINS:
        (config / "cli-plugins").mkdir(exist_ok=True)
        (config / "cli-plugins" / name).touch()
    assert clientside.environment(endpoint, {"PATH": str(tools)}) == {
        "PATH": str(tools),
        "DOCKER_HOST": "unix:///ours.sock",
    }


def test_a_plugin_is_looked_for_where_docker_does(config: Path, tmp_path: Path) -> None:
    mine, extra = config / "cli-plugins", tmp_path / "extra"
    (config / "config.json").write_text(json.dumps({"cliPluginsExtraDirs": [str(extra)]}))
    for folder in (extra, mine):
        folder.mkdir()
        (folder / "docker-mine").touch()
        assert clientside.plugin("docker-mine", os.environ) == str(folder / "docker-mine")
    assert clientside.plugin("docker-mine", {"DOCKER_CONFIG": str(tmp_path)}) == ""


def test_another_engine_borrows_no_tools(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = Private("unix:///ours.sock", "/ours/bin", "/ours/config", 1)
    private.file().parent.mkdir(parents=True)
    private.save()
    monkeypatch.setenv("PATH", "")
    assert "DOCKER_CONFIG" not in clientside.environment(Endpoint("unix:///theirs.sock", "DOCKER_HOST"), {})


def test_no_docker_command(config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with FakeEngine(tmp_path / "e.sock") as fake, Engine(Endpoint(fake.url, "DOCKER_HOST")) as engine:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert "docker command" in fault_of(engine.whales).message


@pytest.mark.engine
def test_sdk_command_line_and_whales_reach_the_same_engine(engine: Engine) -> None:
    by_command = subprocess.run(
        ["docker", "info", "--format", "{{.ID}}"],
        env=engine.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert by_command.stdout.strip() == engine.id == engine.client.info()["ID"] == engine.whales().info().id


@pytest.mark.engine
def test_a_context_reaches_the_same_engine_three_ways(engine: Engine, config: Path) -> None:
    if not engine.endpoint.url.startswith(("unix:", "npipe:")):
        pytest.fail("this test makes a context from a local socket")
    write_context(config, "c-here", engine.endpoint.url)
    (config / "config.json").write_text(json.dumps({"currentContext": "c-here"}))
    with connect.connect() as found:
        assert found.endpoint.context == "c-here"
        by_command = subprocess.run(
            ["docker", "info", "--format", "{{.ID}}"],
            env=found.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert by_command.stdout.strip() == found.id == found.whales().info().id == engine.id


@pytest.mark.parametrize("slashes", ["unix://", "unix:///"])
def test_a_socket_without_its_first_slash(
    config: Path, monkeypatch: pytest.MonkeyPatch, slashes: str
) -> None:
    with FakeEngine(config / "e.sock") as fake:
        monkeypatch.setenv("DOCKER_HOST", slashes + fake.url.removeprefix("unix:///"))
        with connect.connect() as engine:
            assert engine.id == "fake"


def test_no_web_proxy_is_asked_for_the_engine(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with FakeEngine(None) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.url)
        with connect.connect() as engine:
            assert engine.id == "fake"


@pytest.mark.engine
def test_an_idle_engine_closes_cleanly_and_opens_again(engine: Engine) -> None:
    program = (
        "from checker.engine.connect import connect\n"
        "with connect() as engine:\n"
        "    first = engine.client.ping()\n"
        "    engine.close()\n"
        "    print(first, engine.client.ping(), bool(engine.id))\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        env=engine.environment(),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True True True\n", "")
