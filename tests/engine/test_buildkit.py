"""Builds through BuildKit: steps, failures, and what is not the Dockerfile's fault."""

from __future__ import annotations

import base64
import json
import secrets
import signal
import socket
import subprocess
import tempfile
import threading
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any, Self

import pytest
from made import BUSYBOX, Made, making

from checker.cancelling import Cancelled
from checker.engine import image
from checker.engine.build import BuildLog, build
from checker.engine.clientside import socket_path
from checker.engine.errors import BuildFailed, Missing
from checker.engine.faults import Endpoint
from checker.engine.waiting import ticks
from checker.errors import EngineFault
from checker.ui.tell import Tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.engine.connect import Engine


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    with making(engine) as maker:
        yield maker


class Relay:
    """Leads to the engine's socket until it is closed: an engine that stops, for whoever comes this way."""

    def __init__(self, engine: Engine) -> None:
        self._there = socket_path(engine.endpoint.url)
        self._folder = tempfile.TemporaryDirectory()
        path = f"{self._folder.name}/s"
        self.url = f"unix://{path}"
        self._open: list[socket.socket] = [socket.socket(socket.AF_UNIX)]
        self._open[0].bind(path)
        self._open[0].listen()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._folder.cleanup()

    def close(self) -> None:
        with suppress(OSError):
            self._open[0].shutdown(socket.SHUT_RDWR)
        self._accepting.join(10)
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._open[0].accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._there)
                self._open += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(1 << 16):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)


def write(folder: Path, *lines: str) -> Path:
    (folder / "Dockerfile").write_text("\n".join([f"FROM {BUSYBOX}", *lines]) + "\n")
    return folder


def vertex(number: int, name: str, **fields: Any) -> dict[str, Any]:
    return {"digest": f"sha256:{number}", "name": name, **fields}


START, END = "2026-01-02T03:04:05.87065446Z", "2026-01-02T03:04:07.370654467Z"


def told(*events: dict[str, Any], indent: int | None = None) -> BuildLog:
    """The log after these events: older releases of buildx write them with an indent, in many lines."""
    log = BuildLog()
    for event in events:
        for line in json.dumps(event, indent=indent).splitlines():
            log.read(line)
    return log


@pytest.mark.parametrize("indent", [None, 2])
def test_steps_are_read_from_what_buildx_tells(indent: int | None) -> None:
    graph = [
        vertex(5, "[stage-1 2/2] RUN false"),
        vertex(4, "[stage-1 1/2] COPY --from=build /x /"),
        vertex(3, "[build 2/2] RUN make"),
        vertex(2, "[build 1/2] FROM docker.io/library/busybox:1.37"),
    ]
    printed = base64.b64encode(b"[build 9/9] RUN a trap\ncaf\xe9").decode()
    log = told({"vertexes": [vertex(1, "[internal] load .dockerignore")]}, {"vertexes": graph}, indent=indent)
    assert [(step.stage, step.instruction, step.begun) for step in log.steps] == [
        ("build", "FROM docker.io/library/busybox:1.37", False),
        ("build", "RUN make", False),
        ("stage-1", "COPY --from=build /x /", False),
        ("stage-1", "RUN false", False),
    ]
    log = told(
        {"vertexes": graph},
        {"vertexes": [graph[3] | {"started": START, "completed": START, "cached": True}]},
        {"vertexes": [graph[2] | {"started": START}]},
        {"logs": [{"vertex": "sha256:3", "data": printed}]},
        {"vertexes": [graph[2] | {"started": START, "completed": END}]},
        {"vertexes": [graph[1] | {"started": START, "completed": END, "error": "context canceled: x"}]},
        {"vertexes": [graph[0] | {"started": START, "completed": END, "error": "exit code: 1"}]},
        indent=indent,
    )
    assert [step.outcome for step in log.steps] == ["cached", "ran", "unfinished", "failed"]
    assert log.steps[1].seconds == 1.5
    assert log.steps[1].output == "[build 9/9] RUN a trap\ncaf\ufffd"
    assert log.doing == "[build 2/2] RUN make"


def test_what_is_said_besides_is_kept() -> None:
    log = BuildLog()
    for line in ["{", "}", "Dockerfile:1", "{ echo", "ERROR: failed to solve: unknown instruction: FROMM"]:
        log.read(line)
    assert log.said == ["Dockerfile:1", "{ echo", "ERROR: failed to solve: unknown instruction: FROMM"]
    assert log.error == "unknown instruction: FROMM"
    assert log.steps == ()


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
def test_buildx_at_a_place_that_only_docker_knows(
    engine: Engine, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checker.engine.clientside.plugin", lambda *_: "")
    (tmp_path / "Dockerfile").write_text(f"FROM {BUSYBOX}\n")
    found = build(engine, tmp_path, tags=[made.tag()]).image
    assert found.diff_ids == image.find(engine, BUSYBOX).diff_ids


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
    write(tmp_path, "RUN wget -T 2 http://packages.invalid/")
    with pytest.raises(BuildFailed) as caught:
        build(engine, tmp_path)
    assert "asks the network" in caught.value.why


@pytest.mark.engine
@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ("FROM {base}\nRUN no-such-command", "does not exist in the image"),
        ("FROM {base}\nRUN /etc/passwd", "may not be run"),
        ("FROM {base}\nUSER 1000\nRUN touch /x", "may not do this"),
        ("FROM {base}\nUSER nobody-known\nRUN true", "whom the image does not know"),
        ("FROM scratch\nRUN true", "its base is empty"),
        ("FROM {base}\nFROM {base}\nCOPY --from=1 /etc /x", "copies from itself"),
        ("FROM {base} AS one\nFROM {base}\nCOPY --from=one /absent /x", "where the stage's own steps put it"),
        ("FROM {base}\nCOPY nowhere /", "not in the folder"),
        ("FROM {base}\nCOPI x /", "no instruction"),
        ("RUN true", "not FROM"),
    ],
)
def test_a_failure_names_its_likely_cause(engine: Engine, tmp_path: Path, lines: str, cause: str) -> None:
    (tmp_path / "Dockerfile").write_text(lines.format(base=BUSYBOX))
    with pytest.raises(BuildFailed) as caught:
        build(engine, tmp_path)
    assert cause in caught.value.why, caught.value


@pytest.mark.engine
def test_a_base_that_cannot_be_had_is_nobodys_fault(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM registry.invalid/nowhere:1\n")
    with pytest.raises(EngineFault, match="nowhere") as caught:
        build(engine, tmp_path)
    assert caught.value.kind == "base-not-available"


@pytest.mark.engine
@pytest.mark.parametrize("name", ["Dockerfile", "other.Dockerfile"])
def test_another_reader_is_asked_for_and_cannot_be_had(
    engine: Engine, made: Made, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_bytes(
        b"# syntax=docker/dockerfile:1\r\n# escape=`\nFROM " + BUSYBOX.encode() + b"\nCOPY `\n  . /in/\n"
    )
    (tmp_path / f"{name}.dockerignore").write_text("left-out\n")
    for each in ("left-out", "taken"):
        (tmp_path / each).touch()
    tag = made.tag()
    built = build(engine, tmp_path, dockerfile=None if name == "Dockerfile" else file, tags=[tag])
    assert [step.instruction.split()[0] for step in built.steps] == ["FROM", "COPY"]
    listed = engine.client.containers.run(tag, ["ls", "/in"], remove=True).decode().split()
    assert "taken" in listed
    assert "left-out" not in listed


@pytest.mark.engine
@pytest.mark.parametrize("line", ["COPY --from=other /x /", "FROM biuld"])
def test_a_stage_that_is_not_there_is_the_dockerfiles_fault(
    engine: Engine, tmp_path: Path, line: str
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {BUSYBOX} AS build\nRUN touch /x\nFROM {BUSYBOX}\n{line}\n")
    with pytest.raises(BuildFailed, match="no build stage is named") as caught:
        build(engine, tmp_path)
    assert "after AS" in caught.value.why


@pytest.mark.engine
def test_an_engine_that_is_not_there_is_not_the_dockerfiles_fault(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(EngineFault) as caught:
        build(at(engine, "unix:///no/such.sock"), write(tmp_path))
    assert caught.value.kind == "not-running"


@pytest.mark.engine
def test_an_engine_that_stops_meanwhile(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path, f"RUN echo {secrets.token_hex(8)}; sleep 30")
    with Relay(engine) as relay, pytest.raises(EngineFault) as caught:
        build(at(engine, relay.url), tmp_path, watch=lambda log: relay.close() if runs(log) else None)
    assert caught.value.kind == "stopped"
    assert caught.value.next


def at(engine: Engine, url: str) -> Engine:
    """The same engine at another address: nothing but buildx asks there."""
    moved = copy(engine)
    moved.endpoint = Endpoint(url, "DOCKER_HOST")
    return moved


def runs(log: BuildLog) -> bool:
    """Whether the last step has begun to run."""
    return bool(log.steps) and log.steps[-1].begun


@pytest.fixture
def slow(made: Made, tmp_path: Path) -> Slow:
    """A folder whose build takes a minute, with a process that can be found by its number of seconds."""
    seconds = 60 + secrets.randbelow(10**6) / 10**6
    write(tmp_path, f"RUN sleep {seconds:.6f}")
    return Slow(tmp_path, f"sleep {seconds:.6f}", made)


class Slow:
    def __init__(self, folder: Path, command: str, made: Made) -> None:
        self.folder, self.command = folder, command
        self._made = made

    def eventually_gone(self) -> bool:
        """Whether soon neither buildx nor what it ran is there, on your machine and the engine's."""
        looker = self._made.container("sleep", "300", pid_mode="host")
        for _ in ticks(10):
            there = looker.exec("ps", "-o", "args").stdout + subprocess.getoutput("ps -eo args")
            if self.command not in there and str(self.folder) not in there:
                return True
        return False


@pytest.mark.engine
def test_a_cancelled_build_leaves_neither_image_nor_process(engine: Engine, made: Made, slow: Slow) -> None:
    tag, tell = made.tag(), Tell(lambda *_, **__: None)
    cancel = lambda log: tell.cancel() if runs(log) else None  # noqa: E731 - a name for it would say no more
    with pytest.raises(Cancelled) as caught:
        build(engine, slow.folder, tags=[tag], watch=cancel, cancel=tell)
    assert caught.value.next
    with pytest.raises(Missing):
        image.find(engine, tag)
    assert slow.eventually_gone()
    tell.cancel()  # pressed again after the end: nothing is there to be stopped


@pytest.mark.engine
def test_ctrl_c_does_the_same(engine: Engine, made: Made, slow: Slow) -> None:
    tag = made.tag()

    def press(log: BuildLog) -> None:
        if runs(log):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        build(engine, slow.folder, tags=[tag], watch=press)
    with pytest.raises(Missing):
        image.find(engine, tag)
    assert slow.eventually_gone()


@pytest.mark.engine
@pytest.mark.parametrize("there_before", [True, False])
def test_a_tag_that_was_written_just_before_is_put_back(
    engine: Engine, made: Made, tmp_path: Path, there_before: bool
) -> None:
    """Whoever cancels in the last moment gets what was promised, too: the tag as it was."""
    tag, tell = made.tag(), Tell(lambda *_, **__: None)
    before = build(engine, write(tmp_path, "LABEL a=1"), tags=[tag]).image.id if there_before else ""
    write(tmp_path, f"LABEL b={tag}")

    def cancel(log: BuildLog) -> None:
        if log.exporting:
            tell.cancel()

    try:
        built = build(engine, tmp_path, tags=[tag], watch=cancel, cancel=tell)
    except Cancelled:
        found = [one.id for one in engine_images(engine, tag)]
        assert found == ([before] if before else [])
    else:  # it was done before it could be ended: then all of it is there
        assert image.find(engine, tag).id == built.image.id


def engine_images(engine: Engine, tag: str) -> list[image.Image]:
    try:
        return [image.find(engine, tag)]
    except Missing:
        return []
