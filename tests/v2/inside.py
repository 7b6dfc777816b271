"""Run in the guest: is it the machine it should be? A line for each property. Exit status 1: it is not."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BUSYBOX = "busybox:1.37"
LIMITED = ("--network=none", "--memory=32m", "--memory-swap=32m")
SECONDS = 60.0  # the emulated machine is slow


def cgroup_version() -> bool:
    return _said("docker", "info", "--format={{.CgroupVersion}}") == "2"


def memory_limit_is_set() -> bool:
    files = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.swap.max")
    return _run(*LIMITED, BUSYBOX, "cat", *files).stdout.split() == [str(32 * 2**20), "0"]


def memory_limit_kills() -> bool:
    return _run(*LIMITED, BUSYBOX, "tail", "/dev/zero").returncode == 137


def published_port_answers() -> bool:
    serve = "mkdir /pages; echo hello > /pages/index.html; exec httpd -f -h /pages"
    made = _said("docker", "run", "-d", "--publish=127.0.0.1:8080:80", BUSYBOX, "sh", "-c", serve)
    try:
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            with suppress(OSError), urllib.request.urlopen("http://127.0.0.1:8080/", timeout=5) as page:
                return bool(page.read() == b"hello\n")
            time.sleep(0.2)
        return False
    finally:
        _said("docker", "rm", "--force", made)


def apparmor_confines() -> bool:
    enabled = Path("/sys/module/apparmor/parameters/enabled").read_text("ascii").strip()
    confined = _run("--network=none", BUSYBOX, "cat", "/proc/self/attr/current").stdout.strip()
    return (enabled, confined) == ("Y", "docker-default (enforce)")


def user_namespaces() -> bool:
    return _said("unshare", "--user", "--map-root-user", "id", "-u") == "0"


def no_symlinks_followed() -> bool:
    """A file system that follows no links: an engine cannot be led out of a folder that it binds."""
    place = Path("/tmp/nosymfollow")
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nosymfollow", "tmpfs", place], check=True)
    (place / "file").touch()
    (place / "link").symlink_to("file")
    try:
        (place / "link").read_text()
    except OSError:
        return True
    return False


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", "run", "--rm", *arguments], check=False, capture_output=True, text=True)


def main() -> int:
    checks: list[Callable[[], bool]] = [
        cgroup_version,
        memory_limit_is_set,
        memory_limit_kills,
        published_port_answers,
        apparmor_confines,
        user_namespaces,
        no_symlinks_followed,
    ]
    holds = []
    for check in checks:
        holds.append(check())
        print(check.__name__.replace("_", " "), "yes" if holds[-1] else "NO", sep=": ", flush=True)
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
