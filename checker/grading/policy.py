"""What an answer may ask its sandbox's engine for, and what it sees of it: rules, without any traffic.

The engine belongs to the submission. Refused is what would make it root of the engine's own namespaces, or
lead to the grader. The engine is written in Go, and these rules read a request as Go does: names of JSON
fields match in any case, a path is decoded before it is routed. What is forwarded is written anew from what
was judged.

Standard library only: this file runs in a sandbox's first process.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes, urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

#: Where containers on the sandbox's engine find the filtered socket, whatever path they ask for.
SOCKET = "/run/lab/docker.sock"
_SOCKETS = {"/var/run/docker.sock", "/run/docker.sock", SOCKET}
#: Folders that containers may bind. The sandbox mounts them so that no link in them leads elsewhere.
_BINDABLE = ("/course/work", "/tmp")  # noqa: S108 - the sandbox's own

_ORDINARY = {
    "_ping", "auth", "build", "commit", "containers", "events", "exec", "grpc", "images", "info", "networks",
    "session", "system", "version", "volumes",
}  # fmt: skip
_REFUSED = {
    "configs", "distribution", "nodes", "plugins", "secrets", "services", "swarm", "tasks",
}  # fmt: skip

#: Docker's own, and some that reach no further than the container's or the sandbox's own namespaces.
_CAPABILITIES = {
    # what every container has
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
    "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    # The kernel asks for these in its first user namespace, where nobody inside has any.
    "IPC_LOCK", "SYS_NICE", "SYS_TIME",
    # the container's own network; with the sandbox's network it is refused
    "NET_ADMIN",
}  # fmt: skip

#: Drivers that write inside of the sandbox, and those that write to a network, which does not exist there.
#: Their address may be no socket of the engine's. The rest needs an account somewhere.
_LOGS_INSIDE = {"", "json-file", "journald", "local", "none"}
_LOGS_OUTSIDE = {"fluentd", "gelf", "syslog"}
_LOG_ADDRESS = re.compile(r"(tcp|udp|tcp\+tls|tls)://.*|[A-Za-z0-9.-]+(:[0-9]+)?")

_TMPFS_OPTIONS = {
    "gid", "huge", "mode", "noatime", "nodev", "noexec", "nosuid", "nr_blocks", "nr_inodes", "ro", "rw",
    "size", "uid",
}  # fmt: skip
_BIND_OPTIONS = {"bind", "rbind", "ro", "rw", "noatime", "nodev", "noexec", "nosuid"}
_SECURITY_OPTIONS = re.compile(
    r"no-new-privileges([:=](true|false))?|seccomp[:=]builtin|apparmor[:=]docker-default"
)
_SYSCTL = re.compile(r"net\.[a-z0-9_.-]+")

_NETWORK_DRIVERS = {"", "bridge", "none", "null"}

_REFERRING = ("NetworkMode", "PidMode", "IpcMode", "Cgroup")

# The shape of what is judged: a dict is a struct, {"*": …} a map with any keys, […] a list, None the rest.
Shape = Any
_OPTIONS: Shape = {"Name": None, "Options": None}
_MOUNT: Shape = {"Type": None, "Source": None, "VolumeOptions": {"DriverConfig": _OPTIONS}}
_HOST: Shape = {
    **dict.fromkeys(
        (
            "Binds", "CapAdd", "Capabilities", "Cgroup", "CgroupParent", "CgroupnsMode", "DeviceCgroupRules",
            "DeviceRequests", "Devices", "IpcMode", "Links", "MaskedPaths", "NetworkMode", "OomKillDisable",
            "OomScoreAdj", "PidMode", "Privileged", "ReadonlyPaths", "Runtime", "SecurityOpt", "StorageOpt",
            "Sysctls", "UTSMode", "UsernsMode", "VolumeDriver", "VolumesFrom",
        )
    ),
    "LogConfig": {"Type": None, "Config": None},
    "Mounts": [_MOUNT],
}  # fmt: skip
_ENDPOINT: Shape = {"Links": None}
#: Old engines read the host's part at the top level, too.
_CREATE: Shape = {**_HOST, "HostConfig": _HOST, "NetworkingConfig": {"EndpointsConfig": {"*": _ENDPOINT}}}


class Malformed(ValueError):  # noqa: N818 - an answer to a request, not an error of this program
    """A request that is not read in one way only. Answered with 400."""


class Refused(Exception):  # noqa: N818
    """A request that the sandbox does not serve. Answered with 403.

    Parameters
    ----------
    what
        What is refused; a grader may read it.
    why
        One sentence: why, or what to do instead.
    """

    def __init__(self, what: str, why: str) -> None:
        self.what = "".join(char if char.isprintable() else "?" for char in what)[:100]
        super().__init__(f"refused by the grading sandbox: {self.what}. {why}")


@dataclass(frozen=True)
class Target:
    """What a request is about.

    Parameters
    ----------
    version
        ``v1.45``, or nothing.
    parts
        The decoded path, split at slashes.
    query
        Names and values, in their order.
    """

    version: str
    parts: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return the target as it is sent."""
        path = "/".join(quote(part, safe=":@+,=") for part in (self.version, *self.parts) if part)
        return f"/{path}" + (f"?{urlencode(self.query, errors='surrogateescape')}" if self.query else "")

    def values(self, name: str) -> list[str]:
        """Return all values of one query parameter."""
        return [value for key, value in self.query if key == name]

    def true(self, name: str) -> bool:
        """Tell whether a query parameter is true, as the engine reads it: the first value counts."""
        value = next(iter(self.values(name)), "").strip().lower()
        return value not in {"", "0", "no", "false", "none"}


def parse_target(raw: str) -> Target:
    """Parse the target of a request line.

    Raises
    ------
    Malformed
        Where the engine could read it in another way.
    """
    path, _, query = raw.partition("?")
    if not path.startswith("/") or not re.fullmatch(r"[!$-~]*", raw):
        raise Malformed("the target is no path, or holds a character that must be encoded")
    words = [_decoded(word) for word in path[1:].split("/")]
    version = words.pop(0) if re.fullmatch(r"v[0-9.]+", words[0]) else ""
    parts = tuple(part for word in words for part in word.split("/"))
    if len(parts) > len(words) and parts[0] != "images":
        raise Malformed("the path holds an encoded slash")
    if not parts or any(part in {"", ".", ".."} or not part.isprintable() for part in parts):
        raise Malformed("a part of the path is empty, dots only, or not printable")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    if ";" in query:
        raise Malformed("the query holds a semicolon")
    return Target(
        version, parts, tuple((_decoded_query(name), _decoded_query(value)) for name, _, value in pairs)
    )


def _decoded(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise Malformed("an encoded character is not complete")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError as error:
        raise Malformed("the path is not UTF-8") from error


def _decoded_query(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise Malformed("an encoded character is not complete")
    return unquote_to_bytes(text.replace("+", " ")).decode(errors="surrogateescape")


def streams_in(target: Target) -> bool:
    """Tell whether the body of such a request is no JSON, but passed on as it comes."""
    match target.parts:
        case ("build",) | ("images", "load" | "create") | ("containers", _, "archive"):
            return True
    return False


def endless(target: Target) -> bool:
    """Tell whether the answer to such a request may take as long as something runs."""
    match target.parts:
        case ("events" | "session" | "grpc",) | ("containers", _, "attach" | "wait" | "stats", *_):
            return True
        case ("containers", _, "logs"):
            return target.true("follow")
    return False


def upgrade(target: Target) -> str:
    """Return the protocol that such a request may change to, if any."""
    match target.parts:
        case ("containers", _, "attach") | ("exec", _, "start"):
            return "tcp"
        case ("containers", _, "attach", "ws"):
            return "websocket"
        case ("session" | "grpc",):
            return "h2c"
    return ""


def parse_body(raw: bytes) -> dict[str, Any] | None:
    """Parse the JSON of a request; what is no object, or has a key twice, is malformed."""
    if not raw.strip(b" \t\r\n"):
        return None
    try:
        body = json.loads(raw.decode(), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed("the body is no JSON") from error
    if body is not None and not isinstance(body, dict):
        raise Malformed("the body is no JSON object")
    return body


def write_body(body: dict[str, Any]) -> bytes:
    """Write what :func:`parse_body` read."""
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise Malformed("the body holds a number that no JSON can say, or is too deep") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed("the body says a key twice")
    return found


def _no_constant(text: str) -> None:
    raise Malformed(f"the body holds {text}")


def _fold(name: str) -> str:
    # Apart from ASCII, these two are all that Go takes for one of its letters.
    return name.replace("\u212a", "k").replace("\u017f", "s").lower()


def _canonical(value: Any, shape: Shape, where: str) -> Any:
    """Give the fields that are judged the names that the rules know, at every depth.

    Go takes a field's name in any case, and of two the last one, or both: what is said twice is malformed.
    """
    if value is None or shape is None:
        return value
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise Malformed(f"{where} is no list")
        return [_canonical(one, shape[0], where) for one in value]
    if not isinstance(value, dict):
        raise Malformed(f"{where} is no object")
    if "*" in shape:
        return {key: _canonical(one, shape["*"], where) for key, one in value.items()}
    names: dict[str, str] = {_fold(name): name for name in shape}
    found: dict[str, Any] = {}
    for key, one in value.items():
        name = names.get(_fold(key), str(key))
        if name in found:
            raise Malformed(f"{name} is there twice")
        found[name] = _canonical(one, shape[name], name) if name in shape else one
    return found


def judge(target: Target, body: dict[str, Any] | None) -> list[str]:
    """Judge a request, and return the containers that it refers to.

    ``body`` is changed into what may be forwarded.

    Raises
    ------
    Refused
        For what the sandbox does not serve.
    Malformed
        For what can be read in more than one way.
    """
    parts = target.parts
    family = parts[0]
    if family in _REFUSED and not _only_looks(parts):
        raise Refused(family, "A sandbox is one engine, without a cluster, plugins or a registry.")
    if family not in _ORDINARY | _REFUSED:
        raise Refused(f"/{family}", "The sandbox does not know this part of the API.")
    # The engine allows slashes in a container's name where no route needs them. No container has such a name.
    most = {"containers": 4 if parts[-2:] == ("attach", "ws") else 3, "exec": 3, "networks": 3, "volumes": 2}
    if len(parts) > most.get(family, len(parts)):
        raise Malformed("the path has more parts than the API knows")
    rule = _rule(parts)
    if rule is None:
        references = []
    else:
        shape, rules = rule
        said = _canonical({} if body is None else body, shape, "the body")
        references = rules(said)
        if body is not None:
            body.clear()
            body.update(said)
    return [*references, *_in_target(target)]


def _only_looks(parts: tuple[str, ...]) -> bool:
    """``docker inspect`` looks for a plugin where it finds nothing else; the engine has none."""
    return parts == ("plugins",) or (parts[0] == "plugins" and len(parts) > 2 and parts[-1] == "json")


def _rule(parts: tuple[str, ...]) -> tuple[Shape, Callable[[dict[str, Any]], list[str]]] | None:
    match parts:
        # Old engines took a host's part at the start; `update` knows some of its fields.
        case ("containers", "create") | ("containers", _, "start" | "update"):
            return _CREATE, _create
        case ("containers", _, "exec"):
            return {"Privileged": None}, _exec
        case ("volumes", "create"):
            return {"Driver": None, "DriverOpts": None, "ClusterVolumeSpec": None}, _volume
        case ("networks", "create"):
            return {"Driver": None}, _network
        case ("networks", _, "connect" | "disconnect"):
            return {"Container": None, "EndpointConfig": _ENDPOINT}, _connected
    return None


def _in_target(target: Target) -> list[str]:
    """Return the containers that the path and the query refer to; refuse what a build must not say."""
    match target.parts:
        case ("containers", "json"):
            return _in_filters(target)
        case ("containers", "create" | "prune"):
            return []
        case ("containers", reference, *_):
            return [reference]
        case ("commit",):
            return target.values("container")
        case ("build",):
            for name in ("cgroupparent", "securityopt"):
                if any(value not in {"", "null", "[]"} for value in target.values(name)):
                    raise Refused(f"build {name}", "A build runs as every other one here.")
            return [one for mode in target.values("networkmode") for one in _joined(mode)]
    return []


def _in_filters(target: Target) -> list[str]:
    found: list[str] = []
    for text in target.values("filters"):
        try:
            filters = json.loads(text)
        except (ValueError, RecursionError):
            continue  # the engine says what is wrong with it
        if isinstance(filters, dict):
            for name in ("before", "since"):
                found += _texts(list(filters.get(name) or ()), f"filters {name}")
    return found


def _create(body: dict[str, Any]) -> list[str]:
    references = []
    for host in (body, body.get("HostConfig")):
        if host:
            _judge_host(host)
            references += _in_host(host)
    networking = body.get("NetworkingConfig") or {}
    for endpoint in (networking.get("EndpointsConfig") or {}).values():
        references += _linked(endpoint)
    return references


def _judge_host(host: dict[str, Any]) -> None:
    for name, why in _NEVER.items():
        if host.get(name):
            raise Refused(f"HostConfig.{name}", why)
    for name in ("MaskedPaths", "ReadonlyPaths"):
        if host.get(name) is not None:
            raise Refused(f"HostConfig.{name}", "What the engine protects in /proc and /sys stays protected.")
    for name in ("PidMode", "IpcMode", "UTSMode", "CgroupnsMode"):
        if host.get(name) == "host":
            raise Refused(f"HostConfig.{name} host", "A container has namespaces of its own.")
    adjusted = host.get("OomScoreAdj")
    if adjusted is not None and (not isinstance(adjusted, int) or adjusted < 0):
        raise Refused("HostConfig.OomScoreAdj", "A container is not spared before the engine.")
    _judge_rights(host)
    _judge_log(host.get("LogConfig") or {})
    _judge_mounts(host)


_NEVER = {
    "Privileged": "Add the one capability that you need, with --cap-add.",
    "Devices": "A sandbox has no devices to give.",
    "DeviceRequests": "A sandbox has no devices to give.",
    "DeviceCgroupRules": "A sandbox has no devices to give.",
    "Capabilities": "Use CapAdd and CapDrop.",
    "CgroupParent": "The engine chooses where a container's limits are kept.",
    "UsernsMode": "All containers here share the sandbox's user namespace.",
    "OomKillDisable": "The sandbox's memory is limited: somebody must give way.",
    "StorageOpt": "The sandbox's disk is limited as a whole.",
}


def _judge_rights(host: dict[str, Any]) -> None:
    if (runtime := _text(host, "Runtime")) not in {"", "runc", "io.containerd.runc.v2"}:
        raise Refused(f"HostConfig.Runtime {runtime}", "The sandbox has runc only.")
    mode = _text(host, "NetworkMode")
    shared = mode == "host" or mode.startswith("container:")
    for text in _texts(host.get("CapAdd"), "CapAdd"):
        name = text.upper().removeprefix("CAP_")
        if name not in _CAPABILITIES or (name == "NET_ADMIN" and shared):
            raise Refused(f"HostConfig.CapAdd {text}", "It reaches beyond the container.")
    for text in _texts(host.get("SecurityOpt"), "SecurityOpt"):
        if not _SECURITY_OPTIONS.fullmatch(text):
            raise Refused(f"HostConfig.SecurityOpt {text}", "Only no-new-privileges can be chosen.")
    for name in _map(host, "Sysctls"):
        if shared or not _SYSCTL.fullmatch(name):
            raise Refused(
                f"HostConfig.Sysctls {name}", "Only net.* can be set, in a network of the container's own."
            )


def _judge_log(log: dict[str, Any]) -> None:
    driver = _text(log, "Type")
    if driver in _LOGS_INSIDE:
        return
    if driver not in _LOGS_OUTSIDE:
        raise Refused(f"HostConfig.LogConfig {driver}", "Use json-file, local, journald or none.")
    for name, value in _map(log, "Config").items():
        if name.endswith("address") and value and not _LOG_ADDRESS.fullmatch(str(value)):
            raise Refused(f"HostConfig.LogConfig {value}", "An address begins with tcp:// or udp://.")


def _judge_mounts(host: dict[str, Any]) -> None:
    if (driver := _text(host, "VolumeDriver")) not in {"", "local"}:
        raise Refused(f"HostConfig.VolumeDriver {driver}", "The sandbox has the driver local only.")
    if host.get("Binds") is not None:
        host["Binds"] = [_bind(text) for text in _texts(host["Binds"], "Binds")]
    for mount in host.get("Mounts") or ():
        if mount is not None:
            _judge_mount(mount)


def _judge_mount(mount: dict[str, Any]) -> None:
    kind = _text(mount, "Type")
    if kind == "bind":
        mount["Source"] = _bindable(mount.get("Source"), "HostConfig.Mounts")
    elif kind not in {"", "volume", "tmpfs", "image"}:
        raise Refused(f"HostConfig.Mounts {kind}", "Use bind, volume or tmpfs.")
    config = (mount.get("VolumeOptions") or {}).get("DriverConfig") or {}
    _judge_volume(_text(config, "Name"), _map(config, "Options"), "HostConfig.Mounts")


def _bind(text: str) -> str:
    """Return a bind as it may be: the source is a path that may be bound, or a volume's name."""
    source, colon, rest = text.partition(":")
    if not colon or not source.startswith("/"):
        return text
    return f"{_bindable(source, 'HostConfig.Binds')}:{rest}"


def _bindable(source: Any, what: str) -> str:
    path = _normal(source)
    if path in _SOCKETS:
        return SOCKET
    if not path or not _below(path):
        raise Refused(f"{what} {source}", "Bind files below /course/work or /tmp, or use a volume.")
    return path


def _normal(source: Any) -> str:
    if not isinstance(source, str) or not source.startswith("/") or not source.isprintable():
        return ""
    return posixpath.normpath(f"/{source.lstrip('/')}")


def _below(path: str) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in _BINDABLE)


def _judge_volume(driver: str, options: dict[str, Any], what: str) -> None:
    """Let pass what makes a plain volume, one in memory, and one that is a folder that may be bound."""
    if driver not in {"", "local"}:
        raise Refused(f"{what} driver {driver}", "The sandbox has the driver local only.")
    if not options:
        return
    kind, device, words = (_text(options, name) for name in ("type", "device", "o"))
    said = {word.partition("=")[0] for word in words.split(",")} - {""}
    known = set(options) <= {"type", "device", "o"}
    in_memory = kind == device == "tmpfs" and said <= _TMPFS_OPTIONS
    bound = (
        kind in {"", "none", "bind"}
        and said <= _BIND_OPTIONS
        and bool(said & {"bind", "rbind"})
        and _below(_normal(device))
    )
    if not known or not (in_memory or bound):
        raise Refused(
            f"{what} options {kind} {device}",
            "A volume is plain, in memory (type=tmpfs, device=tmpfs), or binds a folder below /course/work.",
        )
    if bound:
        options["device"] = _normal(device)


def _in_host(host: dict[str, Any]) -> list[str]:
    found = [one for name in _REFERRING for one in _joined(_text(host, name))]
    found += [text.partition(":")[0] for text in _texts(host.get("VolumesFrom"), "VolumesFrom")]
    return found + _linked(host)


def _joined(mode: str) -> list[str]:
    return [mode.partition(":")[2]] if mode.startswith("container:") else []


def _linked(endpoint: dict[str, Any] | None) -> list[str]:
    return [text.partition(":")[0] for text in _texts((endpoint or {}).get("Links"), "Links")]


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"{name} is no text")
    return value or ""


def _map(values: dict[str, Any], name: str) -> dict[str, Any]:
    value = values.get(name) or {}
    if not isinstance(value, dict):
        raise Malformed(f"{name} is no object")
    return value


def _texts(value: Any, what: str) -> list[str]:
    """Return a list of texts. Where Go takes a lone text for a list of one, so does this."""
    values = [value] if isinstance(value, str) else value or []
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise Malformed(f"{what} is no list of texts")
    return values


def _exec(body: dict[str, Any]) -> list[str]:
    if body.get("Privileged"):
        raise Refused("exec Privileged", "A process has the rights of its container.")
    return []


def _volume(body: dict[str, Any]) -> list[str]:
    if body.get("ClusterVolumeSpec"):
        raise Refused("ClusterVolumeSpec", "A sandbox is one engine, without a cluster.")
    _judge_volume(_text(body, "Driver"), _map(body, "DriverOpts"), "volume")
    return []


def _network(body: dict[str, Any]) -> list[str]:
    driver = _text(body, "Driver")
    if driver not in _NETWORK_DRIVERS:
        raise Refused(f"network driver {driver}", "Use bridge: the sandbox has no other network.")
    return []


def _connected(body: dict[str, Any]) -> list[str]:
    return [*_texts(body.get("Container"), "Container"), *_linked(body.get("EndpointConfig"))]


def widened(target: Target, hidden: int) -> tuple[Target, int]:
    """Return a list's target, so that its limit holds without the hidden ones, and that limit (0: none)."""
    limit = next(iter(target.values("limit")), "") if target.parts == ("containers", "json") else ""
    if not limit.isascii() or not limit.isdigit() or not 0 < int(limit) < 10**6:
        return target, 0
    rest = tuple(pair for pair in target.query if pair[0] != "limit")
    return Target(target.version, target.parts, (*rest, ("limit", str(int(limit) + hidden)))), int(limit)


def edits(target: Target) -> bool:
    """Tell whether the answer to such a request names containers that may be hidden. Events apart."""
    return target.parts[0] == "networks" or target.parts in {
        ("containers", "json"),
        ("info",),
        ("system", "df"),
    }


def edited(target: Target, answer: Any, hidden: Collection[str], limit: int = 0) -> Any:
    """Return the engine's answer without the hidden containers."""
    if target.parts == ("containers", "json") and isinstance(answer, list):
        return _visible(answer, hidden)[: limit or None]
    if not isinstance(answer, dict):
        networks = answer if target.parts == ("networks",) and isinstance(answer, list) else []
        for network in networks:
            edited(target, network, hidden)
        return answer
    if target.parts == ("info",):
        for name in ("Containers", "ContainersRunning"):
            answer[name] = max(0, answer.get(name, 0) - len(hidden))
    elif target.parts == ("system", "df"):
        answer["Containers"] = _visible(answer.get("Containers") or [], hidden)
    elif isinstance(answer.get("Containers"), dict):
        answer["Containers"] = {key: one for key, one in answer["Containers"].items() if key not in hidden}
    return answer


def _visible(containers: Iterable[dict[str, Any]], hidden: Collection[str]) -> list[dict[str, Any]]:
    return [one for one in containers if one.get("Id") not in hidden]


def visible_event(line: bytes, hidden: Collection[str]) -> bool:
    """Tell whether an event is about no hidden container."""
    try:
        actor = json.loads(line).get("Actor") or {}
    except (ValueError, AttributeError):
        return True
    return actor.get("ID") not in hidden and (actor.get("Attributes") or {}).get("container") not in hidden
