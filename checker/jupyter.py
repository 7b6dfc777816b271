"""JupyterLab, set up for the course, with nothing written to the learner's own Jupyter settings.

The settings lie beside this file in ``lab_config/`` and are passed by ``JUPYTER_CONFIG_PATH``: autosave every
5 seconds, no news, no look for a build of JupyterLab's own, the start page first, kernels of closed notebooks
ended after 30 idle minutes, encrypted messages between server and kernels. What the learner chose for
themselves, such as a theme, stays in force.
``expose_app_in_browser`` lets the check panel open files and reload the notebook after a reset.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CourseFault, Refused
from .paths import state_dir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONFIG = Path(__file__).parent / "lab_config"
FIRST_PORT = 8888
PORTS_TRIED = 50


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return ``base`` with what makes JupyterLab, its kernels and terminals the course's.

    The environment's own programs come first on ``PATH``, so that ``course`` works in a terminal, and its own
    kernel comes before another one of the same name in the learner's home. Builds print their lines one below
    the other, unless the learner has chosen otherwise: a notebook prints a redrawn one again and again.
    """
    programs = str(Path(sys.executable).parent)
    return {
        "BUILDKIT_PROGRESS": "plain",
        **base,
        "JUPYTER_CONFIG_PATH": _first(str(CONFIG), base.get("JUPYTER_CONFIG_PATH", "")),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTERLAB_WORKSPACES_DIR": str(state_dir() / "jupyterlab-workspaces"),
        "PATH": _first(programs, base.get("PATH", "")),
    }


def _first(entry: str, path: str) -> str:
    """Return the search path with ``entry`` in front, once."""
    return os.pathsep.join([entry, *(part for part in path.split(os.pathsep) if part and part != entry)])


def has_display(variables: Mapping[str, str] | None = None) -> bool:
    """Tell whether a browser window can be shown here."""
    known = os.environ if variables is None else variables
    if known.get("BROWSER") or not sys.platform.startswith("linux"):
        return True
    return bool(known.get("DISPLAY") or known.get("WAYLAND_DISPLAY"))


def choose_port(asked: int | None) -> int:
    """Return the port to serve on: the one asked for, else the first free one from 8888.

    Raises
    ------
    Refused
        If the port asked for is taken, or all that were tried are.
    """
    if asked is not None:
        if not _is_free(asked):
            raise Refused(
                f"Port {asked} of your machine is taken or not allowed.",
                next="Choose another one with --port, or leave --port out to take the first that is free.",
            )
        return asked
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        if _is_free(port):
            return port
    raise Refused(
        f"Ports {FIRST_PORT} to {port} of your machine are all taken.", next="Choose one with --port."
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name != "nt":  # there, this option would share a port that another server already has
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def arguments(root: Path, port: int, extra: Sequence[str]) -> list[str]:
    """Return JupyterLab's arguments. What ``extra`` sets, under its own or its short name, is left to it."""
    settings: dict[tuple[str, ...], object] = {
        ("ServerApp.root_dir", "notebook-dir"): root,
        ("ServerApp.ip", "ip"): "127.0.0.1",
        ("ServerApp.port", "port"): port,
        ("ServerApp.port_retries", "port-retries"): 0,
        ("ServerApp.open_browser", "no-browser"): has_display(),
        ("ServerApp.allow_root", "allow-root"): getattr(os, "geteuid", lambda: 1)() == 0,
    }
    if not os.environ.get("JUPYTER_TOKEN"):
        settings["IdentityProvider.token", "ServerApp.token"] = secrets.token_hex(24)
    if os.name != "nt":
        settings["ServerApp.terminado_settings",] = f"shell_command={_shell()}"
    given = {word.lstrip("-").split("=")[0] for word in extra}
    ours = [f"--{names[0]}={value}" for names, value in settings.items() if not given.intersection(names)]
    return [*ours, *extra]


def _shell() -> str:
    """Return the terminal's shell. Named, it does not read /etc/profile, which would reset ``PATH``."""
    return os.environ.get("SHELL") or "/bin/sh"


def serve(root: Path, variables: Mapping[str, str], port: int, extra: Sequence[str]) -> None:
    """Run JupyterLab in this process until it is stopped; say where it is.

    Raises
    ------
    CourseFault
        If JupyterLab does not start.
    """
    os.environ.update(environment(variables))
    os.chdir(root)
    # It reads the environment when it is imported.
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        server: Any = LabApp.initialize_server(argv=arguments(root, port, extra))
    except SystemExit as end:  # Jupyter has said what is wrong with an argument, or shown its help
        if end.code in (0, None):
            return
        raise CourseFault("JupyterLab did not start.", next="Read the lines above.") from None
    for line in _welcome(_address(server), opens=server.open_browser):
        print(line, flush=True)
    server.start()
    print("JupyterLab is stopped.", flush=True)


def _address(server: Any) -> str:
    """Return the address that opens this server. Jupyter's own text hides a token that was chosen."""
    page: str = server.local_url.split("?")[0]
    token = server.identity_provider.token
    return f"{page}?token={token}" if token else page


def _welcome(address: str, *, opens: bool) -> list[str]:
    how = "It opens in your browser." if opens else "Open this address in your browser."
    return [f"JupyterLab is at {address}", f"{how} Ctrl-C here stops it."]
