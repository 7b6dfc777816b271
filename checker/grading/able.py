"""Whether an engine can hold sandboxes, told from what it says of itself."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from checker.engine.capabilities import capabilities

if TYPE_CHECKING:
    from checker.engine.connect import Engine

#: Overlay file systems inside a user namespace.
_KERNEL = (5, 11)
_NEEDED = {
    "memory-limit": "it cannot limit memory",
    "pids-limit": "it cannot limit processes",
    "cpu-limit": "it cannot limit CPU time",
    "buildx": "the docker command here cannot build with buildx",
}


def why_not(engine: Engine) -> str:
    """Return why ``engine`` cannot hold sandboxes, as half a sentence; empty where it can."""
    offered = capabilities(engine)
    if "rootless" in offered:
        return "it runs rootless, and may not make the namespaces that a sandbox needs"
    if "userns-remap" in offered:
        return "it remaps users already (userns-remap), so a sandbox cannot"
    if not shutil.which("docker", path=engine.environment().get("PATH")):
        return "there is no docker command here"
    for need, why in _NEEDED.items():
        if need not in offered:
            return why
    kernel = str(engine.info.get("KernelVersion", ""))
    numbers = re.match(r"(\d+)\.(\d+)", kernel)
    if not numbers or tuple(map(int, numbers.groups())) < _KERNEL:
        return f"its kernel {kernel} is older than {'.'.join(map(str, _KERNEL))}"
    return ""
