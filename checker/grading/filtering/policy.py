"""What of the engine's API a submission may use. Its engine is its own: refused is what leads out of it.

Refused is whatever would make somebody root of the engine's own namespaces, reach the grader, or lie about
the engine. Everything else is the submission's to fill, break and lose.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: Folders that containers may bind. The engine follows no link in them.
FOLDERS = ("/course/work", "/tmp")  # noqa: S108 - the sandbox's own
_SOCKETS = {"/var/run/docker.sock", "/run/docker.sock"}
_FILTERED = "/run/lab/docker.sock"

#: First segments of paths. All others, such as swarm, are refused; of plugins, only to look for one is fine.
KNOWN = frozenset(
    {
        "_ping", "auth", "build", "commit", "containers", "events", "exec", "grpc", "images", "info",
        "networks", "plugins", "session", "system", "version", "volumes",
    }
)  # fmt: skip

#: Docker's default capabilities, and more that mean nothing outside of the sandbox's own network and time.
_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "IPC_LOCK", "KILL", "LEASE", "MKNOD",
        "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP",
        "SETUID", "SYS_CHROOT", "SYS_NICE", "SYS_TIME",
    }
)  # fmt: skip
#: Settings of a container that must be empty.
_EMPTY = (
    "Privileged", "Devices", "DeviceRequests", "DeviceCgroupRules", "CgroupParent", "UsernsMode",
    "OomKillDisable", "StorageOpt", "Cgroup", "Capabilities",
)  # fmt: skip
_RUNTIMES = {"", "runc", "io.containerd.runc.v2"}
_DRIVERS = {"", "default", "bridge", "null"}

Struct = dict[str, Any]


class Refusal(Exception):  # noqa: N818 - the submission's fault, not ours
    """A request that is refused; ``what`` names the setting, ``status`` is HTTP's."""

    def __init__(self, what: str, status: int = 403) -> None:
        super().__init__(what)
        self.what = what
        self.status = status


def parse(body: bytes) -> Struct:
    """Read a JSON object. What is sent on is written anew, so that nothing is read in two ways."""
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refusal("a body that is no JSON", 400) from error
    if not isinstance(found, dict | None):
        raise Refusal("a body that is no JSON object", 400)
    return found or {}


def get(struct: Struct, name: str) -> Any:
    """Return a field as the engine reads it: it ignores case, as Go does. Two spellings are refused."""
    found = [key for key in struct if key.casefold() == name.casefold()]
    if len(found) > 1:
        raise Refusal(f"{name} in two spellings", 400)
    return struct[found[0]] if found else None


def sub(struct: Struct, name: str) -> Struct:
    """Return a field that is an object; empty where there is none."""
    found = get(struct, name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Refusal(f"{name} that is no object", 400)
    return found


def items(struct: Struct, name: str) -> list[Any]:
    """Return a field that is a list; empty where there is none."""
    found = get(struct, name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Refusal(f"{name} that is no list", 400)
    return found


def container(body: Struct) -> None:
    """Look at a container's settings, and change what has to be written in another way.

    The engine takes the settings of ``HostConfig`` at the top as well, where there is no ``HostConfig``.
    """
    for host in (body, sub(body, "HostConfig")):
        _look_at_host(host)


def _look_at_host(host: Struct) -> None:
    for name in _EMPTY:
        if get(host, name):
            raise Refusal(f"HostConfig.{name}")
    for name in ("PidMode", "IpcMode", "UTSMode", "CgroupnsMode"):
        if get(host, name) == "host":
            raise Refusal(f"HostConfig.{name} host")
    if get(host, "Runtime") not in {None, *_RUNTIMES}:
        raise Refusal("HostConfig.Runtime")
    for name in ("MaskedPaths", "ReadonlyPaths"):
        if get(host, name) is not None:
            raise Refusal(f"HostConfig.{name}")
    score = get(host, "OomScoreAdj")
    if isinstance(score, (int, float)) and score < 0:
        raise Refusal("HostConfig.OomScoreAdj")
    # Whatever is logged would be written to any socket of the engine's machine.
    options = sub(sub(host, "LogConfig"), "Config").values()
    if any(str(one).lower().startswith("unix") and "://" in str(one) for one in options):
        raise Refusal("HostConfig.LogConfig with a socket")
    _look_at_rights(host)
    _look_at_files(host)


def _look_at_rights(host: Struct) -> None:
    # Another container may be in the engine's network itself.
    on_host = str(get(host, "NetworkMode") or "").startswith(("host", "container:"))
    added = {_capability(one) for one in items(host, "CapAdd")}
    if unknown := added - _CAPABILITIES:
        raise Refusal(f"HostConfig.CapAdd {min(unknown)}")
    if on_host and "NET_ADMIN" in added:
        raise Refusal("HostConfig.CapAdd NET_ADMIN in a network that is not the container's own")
    for option in items(host, "SecurityOpt"):
        if not re.fullmatch(r"no-new-privileges([:=]true)?", str(option)):
            raise Refusal("HostConfig.SecurityOpt")
    for name in sub(host, "Sysctls"):
        if on_host or not str(name).startswith("net."):
            raise Refusal("HostConfig.Sysctls")


def _capability(name: object) -> str:
    return str(name).upper().removeprefix("CAP_")


def _look_at_files(host: Struct) -> None:
    binds = items(host, "Binds")
    binds[:] = [_bind(one) for one in binds]
    for mount in items(host, "Mounts"):
        if not isinstance(mount, dict):
            raise Refusal("HostConfig.Mounts", 400)
        _look_at_mount(mount)
    if get(host, "VolumeDriver") not in {None, "", "local"}:
        raise Refusal("HostConfig.VolumeDriver")


def _bind(bind: object) -> str:
    """Return a bind, or a volume's mount, as it is passed on."""
    source, colon, rest = str(bind).partition(":")
    if source.startswith("/") and colon:  # without one, it is a place inside, for a volume
        return f"{bindable(source)}{colon}{rest}"
    if colon and not re.fullmatch(r"[A-Za-z0-9_.-]*", source):
        raise Refusal("HostConfig.Binds")
    return str(bind)


def _look_at_mount(mount: Struct) -> None:
    kind = get(mount, "Type")
    if kind == "bind":
        source = next((key for key in mount if key.casefold() == "source"), "Source")
        mount[source] = bindable(str(get(mount, "Source") or ""))
    elif kind == "volume":
        driver = sub(sub(mount, "VolumeOptions"), "DriverConfig")
        volume(str(get(driver, "Name") or ""), sub(driver, "Options"))
    elif kind != "tmpfs":
        raise Refusal(f"HostConfig.Mounts of type {kind}")


def bindable(path: str) -> str:
    """Return a path of the sandbox that may be bound, in the form that the engine is given."""
    plain = posixpath.normpath(path)
    if plain in _SOCKETS:
        return _FILTERED
    if not any(plain == folder or plain.startswith(f"{folder}/") for folder in FOLDERS):
        raise Refusal(f"a bind of {path}")
    return plain


def volume(driver: str, options: Struct) -> None:
    """Look at a volume's driver and options: memory, or a folder that may be bound."""
    if driver not in {"", "local"}:
        raise Refusal("a volume driver")
    if not options:
        return
    flags = set(str(options.get("o", "")).split(","))
    if options.get("type") == "tmpfs" and not flags & {"bind", "rbind", "remount"}:
        return  # with such a flag it would be a folder
    if "bind" in flags and options.get("type") in {None, "", "none", "bind"}:
        options["device"] = bindable(str(options.get("device", "")))
        return
    raise Refusal("a volume's driver options")


def create_volume(body: Struct) -> None:
    """Look at a volume that is to be made."""
    if get(body, "ClusterVolumeSpec"):
        raise Refusal("ClusterVolumeSpec")
    volume(str(get(body, "Driver") or ""), sub(body, "DriverOpts"))


def create_network(body: Struct) -> None:
    """Look at a network that is to be made."""
    if get(body, "Driver") not in {None, *_DRIVERS}:
        raise Refusal("a network driver")


def create_exec(body: Struct) -> None:
    """Look at a command that is to run in a container."""
    if get(body, "Privileged"):
        raise Refusal("a privileged exec")


#: What a request's body is looked at with, by the path without its version.
RULES: tuple[tuple[re.Pattern[str], Callable[[Struct], None]], ...] = (
    (re.compile(r"/containers/create|/containers/[^/]+/(start|update)"), container),
    (re.compile(r"/containers/[^/]+/exec"), create_exec),
    (re.compile(r"/volumes/create"), create_volume),
    (re.compile(r"/networks/create"), create_network),
)


def containers_named(path: str, query: dict[str, list[str]], body: Struct) -> Iterator[str]:
    """Yield each reference to a container that a request makes, as ids or names."""
    parts = path.strip("/").split("/")
    if parts[0] == "containers" and len(parts) > 1 and parts[1] not in {"json", "create", "prune"}:
        yield parts[1]
    if parts[0] == "commit":
        yield from query.get("container", ())
    if parts[0] == "build":
        yield from _joined(query.get("networkmode", ()))
    for host in (body, sub(body, "HostConfig")) if path == "/containers/create" else ():
        yield from _joined(str(get(host, name)) for name in ("NetworkMode", "PidMode", "IpcMode"))
        for name in ("VolumesFrom", "Links"):
            for one in items(host, name):
                yield str(one).partition(":")[0]
    if parts[0] == "networks" and parts[-1] in {"connect", "disconnect"}:
        yield str(get(body, "Container") or "")


def _joined(modes: Iterable[str]) -> Iterator[str]:
    return (mode.removeprefix("container:") for mode in modes if mode.startswith("container:"))
