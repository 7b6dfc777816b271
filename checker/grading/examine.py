"""``course doctor --grading``: whether submissions can be graded here, found out by starting a sandbox."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

from checker.engine.connect import connect
from checker.engine.doctor import Finding
from checker.errors import CourseError, EngineFault

from .able import why_not
from .sandbox import Limits, Sandboxes, in_sandbox, sockets
from .tools import prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.engine.connect import Engine

_PATIENCE = 60.0  # seconds
_MB = 2**20


def examine(say: Callable[[str], None]) -> list[Finding]:
    """Start a sandbox and look at it; say what this machine can do. Never raises a CourseError.

    Parameters
    ----------
    say
        Called with a line before each step that takes time.
    """
    try:
        with connect() as engine:
            return _examine(engine, say)
    except CourseError as error:
        return [Finding("sandbox", "bad", error.message, error.next)]


def _examine(engine: Engine, say: Callable[[str], None]) -> list[Finding]:
    about = Finding("engine", "ok", _about(engine.info))
    if why := why_not(engine):
        return [
            about,
            Finding(
                "sandbox",
                "bad",
                f"This engine holds no sandbox: {why}.",
                "Use a Docker Engine that runs as root, in a virtual machine where you like. "
                "For answers that you trust, `--engine current` will do.",
            ),
        ]
    tools = prepare(engine, [], say)
    with sockets(engine) as volume, Sandboxes(engine, tools, volume) as sandboxes:
        begun = time.monotonic()
        sandbox = sandboxes.take()
        beside = in_sandbox(tools.image, volume, sandbox.name)
        done = subprocess.run(
            ["docker", *beside, "docker", "info", "--format={{json .}}"],
            env=engine.environment(), capture_output=True, text=True, timeout=_PATIENCE, check=False,
        )  # fmt: skip
        lasted = time.monotonic() - begun
        if done.returncode:
            why = sandboxes.how(sandbox) or done.stderr.strip()[-300:]
            raise EngineFault(
                f"A sandbox starts, but its engine does not: {why}.",
                next="Report it with what `course doctor --grading` says above.",
            )
        inside: dict[str, Any] = json.loads(done.stdout)
    limits = Limits()
    return [
        about,
        Finding("sandbox", "ok", f"A sandbox started, and its engine answered, within {lasted:.1f} seconds."),
        Finding("inside", "ok", _about(inside)),
        Finding(
            "limits",
            "ok",
            f"Each sandbox has {limits.memory // _MB} MB of memory, {limits.disk // _MB} MB of it for files, "
            f"{limits.cpus:g} CPU, {limits.pids} processes, {limits.lifetime // 60} minutes, and no network.",
        ),
        Finding(
            "kernel",
            "warn",
            "Sandboxes share the kernel of the engine's machine.",
            "For submissions of hostile strangers, let that machine be a virtual machine of its own.",
        ),
    ]


def _about(info: dict[str, Any]) -> str:
    store = (
        "containerd's" if "snapshotter" in str(info.get("DriverStatus")) else info.get("Driver", "unknown")
    )
    return (
        f"Docker Engine {info.get('ServerVersion')}, cgroup v{info.get('CgroupVersion', '1')}, "
        f"image store {store}, kernel {info.get('KernelVersion')}."
    )
