"""How a container was set up: the part of ``docker inspect`` that does not change while it lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .settings import Attachment, Limits, Mount, RestartPolicy, mounts

if TYPE_CHECKING:
    from pathlib import PurePosixPath


class Configured:
    """What was asked for when a container was created, the image's share included."""

    def __init__(self, attrs: dict[str, Any]) -> None:
        self.attrs = attrs
        self._config: dict[str, Any] = attrs["Config"]
        self._host: dict[str, Any] = attrs["HostConfig"]

    @property
    def entrypoint(self) -> tuple[str, ...]:
        """Its entrypoint, in exec form."""
        return tuple(self._config.get("Entrypoint") or ())

    @property
    def command(self) -> tuple[str, ...]:
        """Its command, in exec form: what follows the image on the command line, else the image's."""
        return tuple(self._config.get("Cmd") or ())

    @property
    def env(self) -> dict[str, str]:
        """Its environment, the image's included."""
        return environment(self._config)

    @property
    def user(self) -> str:
        """The user as it was given: a name, a number, or empty for root."""
        return str(self._config.get("User") or "")

    @property
    def workdir(self) -> str:
        """Its working directory."""
        return str(self._config.get("WorkingDir") or "/")

    @property
    def tty(self) -> bool:
        """True where it has a terminal, which merges its two streams."""
        return bool(self._config.get("Tty"))

    @property
    def open_stdin(self) -> bool:
        """True where its standard input stays open, so that somebody who attaches can type."""
        return bool(self._config.get("OpenStdin"))

    @property
    def auto_remove(self) -> bool:
        """True where ``--rm`` was given."""
        return bool(self._host.get("AutoRemove"))

    @property
    def restart_policy(self) -> RestartPolicy:
        """When the engine starts it again."""
        return RestartPolicy.read(self._host)

    @property
    def limits(self) -> Limits:
        """What it may use."""
        return Limits.read(self._host)

    @property
    def init(self) -> bool:
        """True where ``--init`` was given."""
        return bool(self._host.get("Init"))

    @property
    def privileged(self) -> bool:
        """True where it may do everything that root may."""
        return bool(self._host.get("Privileged"))

    @property
    def read_only(self) -> bool:
        """True where its root file system cannot be written."""
        return bool(self._host.get("ReadonlyRootfs"))

    @property
    def cap_drop(self) -> frozenset[str]:
        """Capabilities taken away, without the ``CAP_`` that may be written before them."""
        return _capabilities(self._host.get("CapDrop"))

    @property
    def cap_add(self) -> frozenset[str]:
        """Capabilities given, without the ``CAP_`` that may be written before them."""
        return _capabilities(self._host.get("CapAdd"))

    @property
    def security_options(self) -> tuple[str, ...]:
        """Its security options, such as ``no-new-privileges``."""
        return tuple(self._host.get("SecurityOpt") or ())

    @property
    def no_new_privileges(self) -> bool:
        """True where its processes cannot gain privileges; both spellings of the option."""
        return any(
            option.replace("=", ":") in {"no-new-privileges", "no-new-privileges:true"}
            for option in self.security_options
        )

    @property
    def pid_mode(self) -> str:
        """Whose processes it sees: empty for its own."""
        return str(self._host.get("PidMode") or "")

    @property
    def network_mode(self) -> str:
        """``host``, ``none``, ``container:<id>``, or the network that it was started in."""
        mode = str(self._host.get("NetworkMode") or "default")
        return "bridge" if mode == "default" else mode

    @property
    def networks(self) -> dict[str, Attachment]:
        """The networks that it is in, by name."""
        found = self.attrs["NetworkSettings"].get("Networks") or {}
        return {name: Attachment.read(name, data) for name, data in found.items()}

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """Its binds, volumes and tmpfs, by destination."""
        return mounts(self.attrs)

    def mount_of(self, path: PurePosixPath) -> Mount | None:
        """Return the innermost mount that holds ``path``; None where the container's own layer does."""
        holding = [mount for mount in self.mounts if mount.holds(path)]
        return max(holding, key=lambda mount: len(mount.destination.parts), default=None)

    @property
    def log_driver(self) -> str:
        """Its logging driver."""
        return str(self._host["LogConfig"]["Type"])

    @property
    def log_options(self) -> dict[str, str]:
        """Its logging driver's options."""
        return dict(self._host["LogConfig"].get("Config") or {})


def environment(config: dict[str, Any]) -> dict[str, str]:
    """Read ``Env`` of a container's or an image's configuration; a name without ``=`` has no value."""
    return {name: value for name, _, value in (line.partition("=") for line in config.get("Env") or ())}


def _capabilities(names: list[str] | None) -> frozenset[str]:
    return frozenset(name.upper().removeprefix("CAP_") for name in names or ())
