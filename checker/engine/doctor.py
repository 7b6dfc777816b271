"""Look at an engine and say what a learner should know, with a next step where one is needed."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import docker
import docker.errors

from checker.errors import EngineFault

from .clientside import PRIVATE
from .faults import classify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .connect import Engine

    _Check = Callable[["_Case"], Iterator["Finding"]]

Level = Literal["ok", "warn", "bad"]
TRIAL_IMAGE = "busybox:1.37"
_LABEL = {"docker-course.doctor": "trial"}
_SDK = (7, 2)  # the first that follows `docker context`
_GB = 1e9
_CLI_SECONDS = 20


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    key
        A stable word: ``engine``, ``cli``, ``disk`` …
    level
        ``ok``, ``warn`` (the course works, with a limit) or ``bad`` (not ready).
    what
        What was found, one or two sentences.
    next
        One next step; every ``bad`` finding has one.
    """

    key: str
    level: Level
    what: str
    next: str = ""


@dataclass(frozen=True)
class Images:
    """Which of the course's images the engine holds: references, or the catalogue's keys."""

    present: Sequence[str] = ()
    missing: Sequence[str] = ()
    stand_ins: Sequence[str] = ()


@dataclass(frozen=True)
class _Case:
    """What the checks look at. The engine is asked once for what several of them need."""

    engine: Engine
    ports: Sequence[int]
    images: Images
    trial_image: str
    info: Mapping[str, Any]
    containers: Sequence[Mapping[str, Any]] = field(default=())


def examine(
    found: Engine | EngineFault,
    *,
    ports: Sequence[int] = (),
    images: Images | None = None,
    trial_image: str = TRIAL_IMAGE,
) -> list[Finding]:
    """Examine the engine, or explain the fault that kept it from being reached.

    Every check runs in a thread of its own; none raises.

    Parameters
    ----------
    found
        What :func:`checker.engine.connect.connect` returned, or the fault it raised.
    ports
        The ports that exercises publish on 127.0.0.1.
    images
        What the catalogue knows of the engine's images.
    trial_image
        A local image with a shell, from which one container is run.

    Returns
    -------
    list of Finding
        In the order in which a person should read them.
    """
    if isinstance(found, EngineFault):
        return [sdk(), Finding("engine", "bad", found.message, found.next or "Run `course doctor` again.")]
    try:
        case = _Case(
            found, ports, images or Images(), trial_image, found.info, found.client.api.containers(all=True)
        )
    except Exception as error:  # noqa: BLE001 - whatever the engine does wrong is a finding
        return examine(classify(error, found.endpoint))
    with ThreadPoolExecutor(max_workers=len(_CHECKS)) as pool:
        parts = pool.map(lambda check: _safely(check, case), _CHECKS)
        return [sdk(), *(finding for part in parts for finding in part)]


def ready(findings: Sequence[Finding]) -> bool:
    """Say whether the course can begin: nothing is ``bad``."""
    return all(finding.level != "bad" for finding in findings)


def sdk() -> Finding:
    """Look at the Docker SDK for Python."""
    version = docker.__version__
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < _SDK:
        return Finding(
            "sdk",
            "bad",
            f"The Docker SDK for Python is {version}. It does not follow `docker context`.",
            'Update it: `python -m pip install -U "docker[ssh]>=7.2"`.',
        )
    return Finding("sdk", "ok", f"Docker SDK for Python {version}.")


def _safely(check: _Check, case: _Case) -> list[Finding]:
    try:
        return list(check(case))
    except Exception as error:  # noqa: BLE001 - one check that cannot look must not hide what the others see
        fault = classify(error, case.engine.endpoint)
        key = check.__name__.removeprefix("_")
        return [Finding(key, "bad", f"This could not be looked at. {fault.message}", fault.next)]


def _engine(case: _Case) -> Iterator[Finding]:
    version, where = case.engine.version, case.engine.endpoint
    parts = [part.get("Name", "") for part in version.get("Components") or ()]
    if "Podman Engine" in parts:
        what = (
            f"Podman {version['Version']} answers at {where}. Builds and some messages differ from Docker's."
        )
        yield Finding("engine", "warn", what, "Use Docker Engine or Docker Desktop for images and Compose.")
        return
    name = (version.get("Platform") or {}).get("Name", "").strip() or "Docker Engine"
    yield Finding("engine", "ok", f"{name} {version['Version']}, API {version['ApiVersion']}, at {where}.")


def _cli(case: _Case) -> Iterator[Finding]:
    """Compare the engine that the command line reaches with the SDK's."""
    own, env = dict(os.environ), case.engine.environment()
    if not shutil.which("docker", path=env.get("PATH")):
        next_step = "Install Docker's command line, with buildx and Compose."
        yield Finding("cli", "bad", "There is no docker command on PATH.", next_step)
        return
    reached = _docker(env, "info", "--format", "{{.ID}} {{.ClientInfo.Version}}")
    if not reached.startswith(case.engine.id):
        what = f"The docker command and the SDK reach different engines. It says: {reached[:200]}"
        yield Finding(
            "cli", "bad", what, "Compare `docker context ls` with DOCKER_HOST, and unset one of them."
        )
        return
    if env != own and not _docker(own, "info", "--format", "{{.ID}}").startswith(case.engine.id):
        private = case.engine.endpoint.source == PRIVATE
        fix = 'eval "$(course env)"' if private else f"export DOCKER_HOST={case.engine.endpoint.url}"
        what = f"A docker command typed in this terminal does not reach {case.engine.endpoint}."
        yield Finding("cli", "warn", what, f"Run `{fix}`.")
        return
    yield Finding("cli", "ok", f"docker {reached.rpartition(' ')[2]} reaches the same engine.")


def _plugins(case: _Case) -> Iterator[Finding]:
    env = case.engine.environment()
    for name, purpose in (("buildx", "Building images"), ("compose", "The chapter on Compose")):
        version = re.search(r"v?\d+\.\d+\.\d+\S*", _docker(env, name, "version"))
        if version:
            yield Finding(name, "ok", f"{name} {version[0].removeprefix('v')}.")
        else:
            fix = f"Install your distribution's docker-{name}, or update Docker Desktop."
            yield Finding(name, "warn", f"The docker command has no {name}. {purpose} needs it.", fix)


def _cgroup(case: _Case) -> Iterator[Finding]:
    what = f"cgroup v{case.info.get('CgroupVersion') or '1'}."
    if case.info.get("MemoryLimit", True):
        yield Finding("cgroup", "ok", what)
    else:
        what += " The engine cannot limit memory. Exercises on that are left out."
        yield Finding("cgroup", "warn", what, "Have cgroup controllers delegated to your user.")


def _rootless(case: _Case) -> Iterator[Finding]:
    rootless = any("rootless" in option for option in case.info.get("SecurityOptions") or ())
    yield Finding("rootless", "ok", f"The engine runs {'without' if rootless else 'with'} root's rights.")


def _store(case: _Case) -> Iterator[Finding]:
    driver = str(case.info.get("Driver"))
    if any("io.containerd.snapshotter" in str(pair) for pair in case.info.get("DriverStatus") or ()):
        yield Finding("store", "ok", f"Images lie in containerd's store ({driver}).")
    elif driver == "vfs":
        what = "Images lie in the vfs store, which copies every layer: slow, and large on disk."
        yield Finding("store", "warn", what, "Put the engine's data on ext4 or xfs.")
    else:
        yield Finding("store", "ok", f"Images lie in the {driver} store.")


def _architecture(case: _Case) -> Iterator[Finding]:
    known = {"x86_64": "amd64", "aarch64": "arm64"}
    name = known.get(case.info["Architecture"], case.info["Architecture"])
    memory = case.info["MemTotal"] / _GB
    what = f"{case.info['OSType']}/{name}, {case.info['NCPU']} CPUs, {memory:.1f} GB of memory."
    if name in known.values():
        yield Finding("architecture", "ok", what)
    else:
        what += " Not every image exists for this architecture."
        yield Finding("architecture", "warn", what, "`course images status` says which are missing.")


def _images(case: _Case) -> Iterator[Finding]:
    images = case.images
    if not (images.present or images.missing):
        return
    what = f"{len(images.present)} of {len(images.present) + len(images.missing)} images are here."
    if images.stand_ins:
        what += f" Stand-ins, built from Debian's packages: {', '.join(images.stand_ins)}."
    if images.missing:
        what += f" Missing: {', '.join(images.missing)}."
        yield Finding("images", "warn", what, "Run `course images pull`.")
    else:
        yield Finding("images", "ok", what)


def _ports(case: _Case) -> Iterator[Finding]:
    if not case.ports:
        return
    publishers = {
        published["PublicPort"]: container["Names"][0].removeprefix("/")
        for container in case.containers
        for published in container.get("Ports") or ()
        if "PublicPort" in published
    }
    local = not _remote(case.engine.endpoint.url)
    taken = [port for port in sorted(set(case.ports)) if port in publishers or (local and not _free(port))]
    if taken:
        by = {port: f" (by the container {name})" for port, name in publishers.items()}
        what = f"Taken on 127.0.0.1: {', '.join(str(port) + by.get(port, '') for port in taken)}."
        yield Finding(
            "ports", "warn", what, "Stop what listens there before you begin an exercise that needs it."
        )
    else:
        yield Finding("ports", "ok", f"All {len(set(case.ports))} ports of the exercises are free.")


def _shared(case: _Case) -> Iterator[Finding]:
    signs = []
    if _remote(case.engine.endpoint.url):
        signs.append("it is on another machine")
    if len(users := _group_members(case.engine.endpoint.url)) > 1:
        signs.append(f"the group of its socket has {len(users)} users")
    if signs:
        what = f"Others may use this engine: {' and '.join(signs)}. They can remove your containers."
        yield Finding("shared", "warn", what, "Let every learner have an engine of their own.")
    else:
        yield Finding("shared", "ok", "Nothing says that others use this engine.")


def _trial(case: _Case) -> Iterator[Finding]:
    """Run one container. It also measures the disk, from where the engine stores its data."""
    containers = case.engine.client.containers
    command = ["sh", "-c", "echo it runs; df -kP /"]
    began = time.monotonic()
    try:
        container = containers.create(case.trial_image, command, labels=_LABEL, network_disabled=True)
    except docker.errors.ImageNotFound:
        what = f"The image {case.trial_image} is not here, so no container was run."
        yield Finding("trial", "bad", what, "Run `course images pull`.")
        return
    try:
        container.start()
        status = container.wait(timeout=_CLI_SECONDS)["StatusCode"]
        output = container.logs().decode(errors="replace")
    finally:
        container.remove(force=True)
    seconds = time.monotonic() - began
    if status or "it runs" not in output:
        what = f"A container from {case.trial_image} ended with status {status}. It wrote: {output[-200:]}"
        yield Finding("trial", "bad", what, "Restart the engine, then run `course doctor` again.")
        return
    yield Finding("trial", "ok", f"A container ran, and was removed again, in {seconds:.1f} s.")
    yield _disk(int(output.split()[-3]) * 1024)


def _disk(free: int) -> Finding:
    what = f"{free / _GB:.1f} GB are free where the engine keeps its data."
    if free < _GB:
        return Finding("disk", "bad", what, "Make room: `docker system df` shows what takes it.")
    if free < 5 * _GB:
        return Finding("disk", "warn", what, "Make room before the later chapters: `docker system df`.")
    return Finding("disk", "ok", what)


def _docker(env: Mapping[str, str], *arguments: str) -> str:
    """Return what ``docker`` writes, or its complaint."""
    command = shutil.which("docker", path=env.get("PATH")) or "docker"
    done = subprocess.run(
        [command, *arguments],
        env=dict(env),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_CLI_SECONDS,
        check=False,
    )
    return (done.stdout if done.returncode == 0 else done.stderr).strip()


def _free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name == "posix":  # elsewhere this option would let two listeners share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:  # a low port: the engine may have it, this process may not
            return True
        except OSError:
            return False
    return True


def _remote(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"ssh", "tcp", "http", "https"} and parts.hostname not in {
        "localhost",
        "127.0.0.1",
        "::1",
    }


def _group_members(url: str) -> list[str]:
    """Users in the group that may open the engine's socket; empty where there are no such groups."""
    try:
        import grp  # noqa: PLC0415 - not on Windows

        return grp.getgrgid(Path(urlsplit(url).path).stat().st_gid).gr_mem if url.startswith("unix:") else []
    except (ImportError, KeyError, OSError):
        return []


_CHECKS: tuple[_Check, ...] = (
    _engine,
    _cli,
    _plugins,
    _trial,
    _store,
    _cgroup,
    _rootless,
    _architecture,
    _images,
    _ports,
    _shared,
)
