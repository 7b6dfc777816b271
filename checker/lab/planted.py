"""Files that a check puts into a container, and takes away again.

Where a file must be written so that the container sees it depends on what holds its path:

- a bind or a volume: the source, mounted writable into a helper container, since the container's own view of
  it may be read-only, and its owner must not change;
- a tmpfs or the container's own layer: the container's view of its files, through its process.

The helper container undoes everything when it ends, also when nobody is left to tell it.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from checker.engine.errors import NotReadable
from checker.engine.probe import UNDO, Probe

from .waits import ENDED

if TYPE_CHECKING:
    from checker.engine.connect import Engine
    from checker.engine.container import Container
    from checker.engine.settings import Mount

# $1 the root of what is seen, $2 the path below it, $3 the content, $4 a number of this probe's own.
# A link with an absolute target must be followed below the root, not in the probe's own files.
_PLANT = f"""
set -e
target="$1"; rest="${{2#/}}"; hops=0
while [ -n "$rest" ]; do
    part="${{rest%%/*}}"; case "$rest" in */*) rest="${{rest#*/}}";; *) rest="";; esac
    if [ -L "$target/$part" ] && [ $hops -lt 40 ]; then
        hops=$((hops + 1)); link="$(readlink "$target/$part")"
        rest="${{link#/}}${{rest:+/$rest}}"
        case "$link" in /*) target="$1";; esac
    else
        target="$target/$part"
    fi
done
printf %s "$target" > /undo/$4.path
if [ -e "$target" ]; then
    cat "$target" > /undo/$4
    line="cat /undo/$4 > \\"\\$(cat /undo/$4.path)\\""
else
    line="rm -f \\"\\$(cat /undo/$4.path)\\""
fi
{{ echo "$line"; [ ! -f {UNDO} ] || cat {UNDO}; }} > /undo/next
mv /undo/next {UNDO}
printf %s "$3" > "$target"
"""


class Planted:
    """What was put into containers so far."""

    def __init__(self, engine: Engine, exercise: str) -> None:
        self._engine = engine
        self._exercise = exercise
        self._probes: dict[tuple[str, str], Probe] = {}
        self._count = 0

    def put(self, container: Container, path: str, content: str) -> None:
        """Write ``content`` to ``path`` where ``container`` sees it.

        Raises
        ------
        NotReadable
            If the place cannot be written, or the container must run for that and does not.
        """
        inside = PurePosixPath("/") / path
        mount = container.mount_of(inside)
        if mount and mount.type != "tmpfs":
            below = inside.relative_to(mount.destination)
            probe, root = self._at_source(container, mount), "/m0"
        else:
            below = inside.relative_to("/")
            probe, root = self._at_process(container), "/proc/1/root"
        self._count += 1
        done = probe.script(_PLANT, root, str(below).removeprefix("."), content, str(self._count))
        if not done.ok:
            raise NotReadable(
                expected=f"{path} in {container.name} to be a place where a file can be written",
                actual=done.stderr.strip().rpartition(": ")[2] or f"exit code {done.exit_code}",
                reason="not-writable",
            )

    def uid(self, container: Container) -> int:
        """Return the effective user id of the container's first process."""
        status = self._at_process(container).run("cat", "/proc/1/status").stdout
        ids = next(line for line in status.splitlines() if line.startswith("Uid:"))
        return int(ids.split()[2])

    def close(self) -> None:
        """Undo everything."""
        while self._probes:
            self._probes.popitem()[1].close()

    def _at_source(self, container: Container, mount: Mount) -> Probe:
        key = (container.id, str(mount.destination))
        if key not in self._probes:
            self._probes[key] = Probe(
                self._engine, self._exercise, mounts=[mount], capabilities=["DAC_OVERRIDE"]
            )
        return self._probes[key]

    def _at_process(self, container: Container) -> Probe:
        container.refresh()
        if not container.running:
            raise NotReadable(
                expected=f"container {container.name} to be running",
                actual=f"it is {container.status}",
                reason=ENDED if container.ended else "not-running",
            )
        if container.pid_mode:  # process 1 is another's then, and its files are not the container's
            raise NotReadable(
                expected=f"{container.name} to have processes of its own",
                actual=f"it shares those of {container.pid_mode}",
                reason="shared-processes",
            )
        key = (container.id, str(container.started_at))
        if key not in self._probes:
            self._probes[key] = Probe(
                self._engine,
                self._exercise,
                pid=f"container:{container.id}",
                capabilities=["SYS_PTRACE", "DAC_OVERRIDE"],
            )
        return self._probes[key]
