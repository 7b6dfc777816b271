"""Builds with BuildKit, as people's own builds are. A build can be ended early, and then leaves no image."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from checker.cancelling import NEVER, Cancelled
from checker.errors import EngineFault

from . import clientside
from . import image as images
from .build_log import BuildLog, BuildStep
from .errors import BuildFailed, Missing, asking
from .faults import classify, fault
from .waiting import ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from checker.cancelling import Cancel

    from .connect import Engine
    from .image import Image

__all__ = ["Build", "BuildLog", "BuildStep", "build"]

#: Lines of a step's output that a failure carries.
_LAST = 3
#: Seconds in which a step's process has certainly started. An engine that is asked to end a step while it
#: starts the process misses that, and the step runs to its end.
_STARTED = 0.3
_GRACE = 1.3  # seconds after which buildx is ended by force
_ON_ITS_WAY = 1.0  # seconds in which the engine may still write the image of a build that was ended

#: The builder's words for a registry that cannot be reached.
_UNREACHABLE = ("dial tcp", "no such host", "i/o timeout", "connection refused", "network is unreachable")
#: Its words where the image is the reader that the Dockerfile asks for, ``# syntax=docker/dockerfile:1``.
_NO_READER = "failed to resolve source metadata for "
_ASKS_FOR_READER = re.compile(rb"^#[ \t]*syntax[ \t]*=.*\n?", re.MULTILINE | re.IGNORECASE)
_NO_ENGINE = "Cannot connect to the Docker daemon"


@dataclass(frozen=True)
class Build:
    """A build that succeeded: its image, its steps, and its whole log."""

    image: Image
    steps: tuple[BuildStep, ...]
    log: str

    def step(self, beginning: str) -> BuildStep:
        """Return the first step whose instruction begins with ``beginning``, such as ``RUN pip``.

        Raises
        ------
        Missing
            If there is none, also where the builder skipped its stage as unused.
        """
        for one in self.steps:
            if one.instruction.startswith(beginning):
                return one
        raise Missing("step", f"{beginning} …")


def build(
    engine: Engine,
    context: Path,
    *,
    dockerfile: Path | None = None,
    target: str = "",
    tags: Iterable[str] = (),
    args: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    network: str = "none",
    cache: bool = True,
    watch: Callable[[BuildLog], None] = lambda _: None,
    cancel: Cancel = NEVER,
) -> Build:
    """Build ``context`` and load the image into the engine.

    A Dockerfile may ask for another reader than the engine's own, by a first line such as
    ``# syntax=docker/dockerfile:1``. Where no registry can be reached, the engine's own reads the file.

    Parameters
    ----------
    dockerfile
        Default: ``Dockerfile`` in the context.
    secrets
        Contents of secret mounts by their id.
    network
        What ``RUN`` may reach: ``none``, or ``default`` for everything.
    cache
        False to run every step anew.
    watch
        Called with the log whenever it says something new.
    cancel
        Ends the build early. Ctrl-C does the same.

    Raises
    ------
    BuildFailed
        If the Dockerfile is wrong or one of its steps fails.
    Cancelled
        If it was ended early: then the tags are what they were before.
    EngineFault
        ``base-not-available`` if a base image is not here and no registry can be reached.
    """
    log, names = BuildLog(), list(tags)
    with tempfile.TemporaryDirectory() as place, _tags_kept(engine, names, log):
        described = Path(place, "metadata.json")
        words = [f"--metadata-file={described}", f"--network={network}", *([] if cache else ["--no-cache"])]
        words += [f"--target={target}"] if target else []
        words += [f"--tag={name}" for name in names]
        words += [f"--build-arg={name}={value}" for name, value in (args or {}).items()]
        words += [f"--label={name}={value}" for name, value in (labels or {}).items()]
        words += [f"--secret={one}" for one in _secret_files(Path(place), secrets or {})]
        words.append(str(context))
        failed = _run(engine, [*([f"--file={dockerfile}"] if dockerfile else []), *words], log, watch, cancel)
        if failed and not cancel.cancelled and log.error.startswith(_NO_READER):
            log.said.clear()
            readable = _for_own_reader(dockerfile or context / "Dockerfile", Path(place))
            failed = _run(engine, [f"--file={readable}", *words], log, watch, cancel)
        if failed:
            if cancel.cancelled:
                raise Cancelled("The build was cancelled.", next="Build again when you want the image.")
            raise _failure(engine, log)
        found = json.loads(described.read_text(encoding="utf-8"))
    made = found.get("containerimage.config.digest"), found.get("containerimage.digest")
    return Build(_find(engine, made), log.steps, log.text)


def _run(
    engine: Engine,
    words: Sequence[str],
    log: BuildLog,
    watch: Callable[[BuildLog], None],
    cancel: Cancel,
) -> int:
    """Run buildx in a process group of its own, and return its exit status."""
    env = engine.environment()
    running = subprocess.Popen(
        [*_buildx(engine, env), "build", "--load", "--progress=rawjson", *words],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    assert running.stderr  # noqa: S101 - for the type checker: it is a pipe
    with running:
        try:
            cancel.on_cancel(lambda: _end(running))
            for line in running.stderr:
                if log.read(line.rstrip("\n")):
                    watch(log)
            return running.wait()
        except BaseException:
            _end(running)
            running.wait()  # after Ctrl-C, leaving the block would not wait for its end
            raise


def _buildx(engine: Engine, env: dict[str, str]) -> list[str]:
    """Return the command of buildx, and tell it by ``env`` what ``docker`` tells its plugins.

    Called as ``docker buildx``, a cached build takes a fifth longer: ``docker`` asks the plugin for its name,
    then starts it.
    """
    if found := clientside.plugin("docker-buildx", env):
        # Without this it takes itself for a program of its own, and looks for no TLS in the environment.
        env["DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND"] = "docker"
        return [found, "buildx"]
    # Without a docker command, the other library says what is to be done.
    docker = shutil.which("docker", path=env.get("PATH")) or engine.whales().client_config.client_call[0]
    return [str(docker), "buildx"]


def _end(running: subprocess.Popen[str]) -> None:
    """Let buildx and its children end soon, in the end by force. It does not wait for that."""
    for moment, number in ((_STARTED, signal.SIGTERM), (_GRACE, getattr(signal, "SIGKILL", signal.SIGTERM))):
        later = threading.Timer(moment, _signal, (running, number))
        later.daemon = True
        later.start()


def _signal(running: subprocess.Popen[str], number: int) -> None:
    if running.returncode is not None:  # it was waited for: its number may be another process's by now
        return
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(running.pid, number)
        else:
            running.terminate()


@contextmanager
def _tags_kept(engine: Engine, names: Sequence[str], log: BuildLog) -> Iterator[None]:
    """Where the block ends early, let the tags name what they named before.

    What was on its way when buildx ended may still be carried out: an image is written in a moment.
    """
    before = {name: _id(engine, name) for name in names}
    try:
        yield
    except (Cancelled, KeyboardInterrupt):
        for _ in ticks(_ON_ITS_WAY if log.exporting else 0):
            for name, image in before.items():
                _restore(engine, name, image)
        raise


def _restore(engine: Engine, name: str, image: str) -> None:
    new = _id(engine, name)
    if new in {"", image}:
        return
    with asking(engine, "image", name):
        if image:
            engine.client.api.tag(image, *_parts(name), force=True)
        if not image or not images.find(engine, new).tags:
            engine.client.api.remove_image(new if image else name)


def _parts(name: str) -> tuple[str, str]:
    repository, _, tag = name.rpartition(":")
    return (repository, tag) if repository and "/" not in tag else (name, "latest")


def _id(engine: Engine, name: str) -> str:
    try:
        return images.find(engine, name).id
    except Missing:
        return ""


def _for_own_reader(dockerfile: Path, folder: Path) -> Path:
    """Return a copy without the line that asks for another reader, with its ``.dockerignore`` beside it."""
    copy = folder / dockerfile.name
    copy.write_bytes(_ASKS_FOR_READER.sub(b"", dockerfile.read_bytes(), count=1))
    ignored = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    if ignored.is_file():
        shutil.copyfile(ignored, folder / ignored.name)
    return copy


def _secret_files(folder: Path, secrets: Mapping[str, str]) -> Iterable[str]:
    for number, (name, content) in enumerate(secrets.items()):
        file = folder / f"secret{number}"
        file.write_text(content, encoding="utf-8")
        yield f"id={name},src={file}"


def _find(engine: Engine, digests: tuple[str | None, ...]) -> Image:
    """An image's id is its configuration's digest in one image store, its manifest's in the other."""
    first, second = digests
    try:
        return images.find(engine, first or second or "")
    except Missing:
        return images.find(engine, second or "")


def _meant_as_stage(name: str, log: BuildLog) -> bool:
    """Say whether the instruction at fault copies from a stage, ``--from=name``, or nearly names one.

    The builder takes the name of a stage that does not exist for an image's. It marks the line with ``>>>``,
    and adds to the error which stage may have been meant.
    """
    marked = {word for line in log.said if ">>>" in line for word in line.split()}
    is_word = not set(name) & set(":/@")
    return is_word and (f"--from={name}" in marked or "(did you mean " in log.error)


def _failure(engine: Engine, log: BuildLog) -> Exception:
    """Tell a wrong Dockerfile from a registry that cannot be reached and from an engine that failed."""
    message = log.error
    if "code = Unavailable" in message or message.startswith("Unavailable: "):
        return fault("stopped", engine.endpoint)
    if not message or _NO_ENGINE in message:
        return classify(RuntimeError("\n".join(log.said)), engine.endpoint)
    if "failed to resolve source metadata" in message and any(word in message for word in _UNREACHABLE):
        base = message.partition(": ")[0]
        if _meant_as_stage(base, log):
            return BuildFailed(f"no build stage is named {base}")
        return EngineFault(
            f"The base image {base} is not on this engine, and no registry can be reached.",
            next="Use a base image that `course images status` lists as there. "
            "Where a stage of the same Dockerfile is meant, compare its name.",
            kind="base-not-available",
        )
    failed = next((step for step in log.steps if step.outcome == "failed"), None)
    if failed is None:
        return BuildFailed(message)
    printed = [line.strip() for line in failed.output.splitlines() if line.strip()]
    return BuildFailed(message, step=failed.name, lines=tuple(printed[-_LAST:]))
