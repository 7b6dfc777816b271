"""What a sandbox is made of: two images, and a volume that holds the course's images ready for an engine.

Made once, kept on the engine under names that say what they hold, and replaced when that changes.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, ImageNotFound, NotFound

from checker.engine.build import build
from checker.engine.capabilities import SANDBOX_IMAGE
from checker.engine.errors import BuildFailed, asking
from checker.engine.probe import ROLE_LABEL
from checker.errors import EngineFault, Refused
from checker.images.catalogue import catalogue
from checker.images.provide import provide
from checker.locks import locked
from checker.paths import state_dir

from .able import why_not
from .sandbox import Limits, create, in_sandbox, sockets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from checker.engine.connect import Engine

    Say = Callable[[str], None]

INSIDE = Path(__file__).parent / "inside"
#: The files that the first process of a sandbox consists of.
FIRST_PROCESS = ("init.py", "containerd.toml")
FILTER = Path(__file__).parent / "filtering"
#: Of the course's own requirements, those that an answer may import.
_IMPORTABLE = (
    "anywidget", "docker", "ipython", "ipywidgets", "markdown-it-py", "nbformat", "platformdirs",
    "python-on-whales", "rich",
)  # fmt: skip
_PYTHON = "3.13"  # Debian trixie's
_GLIBC = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
_SEEDING = 900.0  # seconds
_LABELS = {ROLE_LABEL: "grading"}
_SEED, _FINISHED = "docker-course-seed-", "-finished"
_HOLDS = "docker-course.holds"  # label: reference → id, as JSON


@dataclass(frozen=True)
class Tools:
    """References of the two images, and the seed's volume."""

    image: str
    sandbox: str
    seed: str


def prepare(engine: Engine, keys: Iterable[str], say: Say) -> Tools:
    """Make what is missing of the images and the seed, with the catalogue's images of ``keys`` in it.

    Parameters
    ----------
    say
        Called with a line before each step that takes time.

    Raises
    ------
    Refused, EngineFault
        If something of it cannot be had.
    """
    if why := why_not(engine):
        raise EngineFault(
            f"This engine holds no sandbox: {why}.",
            next="`course doctor --grading` says more. For answers that you trust: `--engine current`.",
            kind="no-sandbox",
        )
    keys = sorted({*keys, "busybox", "debian"})
    provide(engine, keys, lambda key, step, _=None: say(f"image {key}: {step}"))
    with locked(
        state_dir() / "grading", lambda: say("Another process prepares the sandbox. This one waits.")
    ):
        image, sandbox = _images(engine, say)
        references = [image, sandbox, *(catalogue()[key].reference for key in keys)]
        return Tools(image, sandbox, _seed(engine, sandbox, image, references, say))


def names(engine: Engine) -> tuple[str, str]:
    """Return the references of the tools' and the sandbox's image; they change with what is in them."""
    tools = _digest((INSIDE / "Dockerfile").read_text("utf-8"), *_requirements(), _architecture(engine))
    sandbox = _digest(tools, *(path.read_text("utf-8") for path in _first_process()))
    return f"docker-course/tools:{tools}", f"{SANDBOX_IMAGE}:{sandbox}"


def _images(engine: Engine, say: Say) -> tuple[str, str]:
    tools, sandbox = names(engine)
    if not _there(engine, tools):
        with _context("Dockerfile") as context:
            say("sandbox: gets Python's packages")
            _install(context / "lib", _architecture(engine))
            say("sandbox: builds its image, which takes a minute")
            _build(engine, context, tools)
    if not _there(engine, sandbox):
        with _context("sandbox.Dockerfile", *_first_process()) as context:
            _build(engine, context, sandbox, TOOLS=tools)
    _remove_older(engine, tools, sandbox)
    return tools, sandbox


@contextmanager
def _context(dockerfile: str, *files: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            place = Path(folder, path.relative_to(FILTER.parent if path.parent == FILTER else INSIDE))
            place.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, place)
        shutil.copyfile(INSIDE / dockerfile, Path(folder, "Dockerfile"))
        yield Path(folder)


def _build(engine: Engine, context: Path, tag: str, **args: str) -> None:
    try:
        build(engine, context, tags=[tag], args=args, labels=_LABELS, network="default")
    except BuildFailed as failed:
        raise Refused(
            f"The sandbox's image cannot be built: {failed.actual}.",
            next="Building it needs Debian's packages: connect the engine to the internet once.",
        ) from failed


def _first_process() -> list[Path]:
    return [*(INSIDE / name for name in FIRST_PROCESS), *sorted(FILTER.glob("*.py"))]


def _requirements() -> list[str]:
    wanted = importlib.metadata.requires("docker-course") or []
    return sorted(line for line in wanted if re.split(r"[^A-Za-z0-9_.-]", line)[0] in _IMPORTABLE)


def _install(folder: Path, architecture: str) -> None:
    """Install the packages for the image's Python, which need not be this one's."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "--no-compile"]
    command += ["--python-version", _PYTHON, "--only-binary=:all:", "--platform", "any"]
    command += [word for glibc in _GLIBC for word in ("--platform", f"{glibc}_{architecture}")]
    done = subprocess.run([*command, *_requirements()], capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise Refused(
            f"Python's packages for the sandbox cannot be had: {said[-1] if said else 'pip failed'}",
            next="Connect this machine to the internet once, then repeat.",
        )


def _architecture(engine: Engine) -> str:
    return str(engine.info["Architecture"])


def _there(engine: Engine, reference: str) -> bool:
    with asking(engine):
        try:
            engine.client.api.inspect_image(reference)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return False
    return True


def _remove_older(engine: Engine, *kept: str) -> None:
    """Remove the tags of earlier versions of the two images, as far as nothing uses them."""
    with asking(engine):
        for one in engine.client.api.images(filters={"label": f"{ROLE_LABEL}=grading"}):
            for tag in set(one["RepoTags"] or ()) - set(kept):
                with suppress(APIError):
                    engine.client.api.remove_image(tag)


def _seed(engine: Engine, sandbox: str, image: str, references: list[str], say: Say) -> str:
    """Return a volume that holds the images of ``references`` as an engine keeps them."""
    with asking(engine):
        holds = {one: str(engine.client.api.inspect_image(one)["Id"]) for one in references}  # type: ignore[no-untyped-call]
    if found := _seed_that_holds(engine, holds):
        return found
    say("sandbox: loads the course's images, which takes half a minute")
    name = f"{_SEED}{_digest(json.dumps(holds))}"
    _remove_volume(engine, name)  # one that was never finished
    with asking(engine):
        engine.client.api.create_volume(name, labels=_LABELS)
    try:
        _fill(engine, sandbox, image, name, references)
        # A volume's labels cannot change when it is finished; a second volume says so, and what it holds.
        with asking(engine):
            engine.client.api.create_volume(
                f"{name}{_FINISHED}", labels=_LABELS | {_HOLDS: json.dumps(holds)}
            )
    except BaseException:
        _remove_volume(engine, name)
        raise
    _remove_older_seeds(engine, name)
    return name


def _seed_that_holds(engine: Engine, holds: dict[str, str]) -> str:
    volumes = {str(one["Name"]): one.get("Labels") or {} for one in _volumes(engine)}
    for name, labels in volumes.items():
        seed = name.removesuffix(_FINISHED)
        if seed != name and seed in volumes and json.loads(labels.get(_HOLDS, "{}")).items() >= holds.items():
            return seed
    return ""


def _volumes(engine: Engine) -> list[dict[str, Any]]:
    with asking(engine):
        found = engine.client.api.volumes(filters={"label": f"{ROLE_LABEL}=grading"})
    return [one for one in found.get("Volumes") or () if one["Name"].startswith(_SEED)]


def _fill(engine: Engine, sandbox: str, image: str, seed: str, references: list[str]) -> None:
    """Let a sandbox's own engine load the images, so that they lie there as it needs them."""
    own = f"course-seeding-{secrets.token_hex(4)}"
    api = engine.client.api
    with sockets(engine) as volume:
        made = create(
            engine, sandbox, own, volume=volume, seed=seed, seeding=True, limits=Limits(lifetime=3600)
        )
        try:
            with asking(engine):
                api.start(made)
            _load(engine, image, volume, own, references)
            with asking(engine):
                api.stop(made, timeout=60)
                state = api.inspect_container(made)["State"]
            if state["ExitCode"]:
                raise Refused(
                    f"The engine that loads the sandbox's images failed (exit code {state['ExitCode']}).",
                    next="`course doctor --grading` says what is missing.",
                )
        finally:
            with asking(engine), suppress(NotFound):
                api.remove_container(made, force=True, v=True)


def _load(engine: Engine, image: str, volume: str, sandbox: str, references: list[str]) -> None:
    """Pipe the images from one engine into the other."""
    env = engine.environment()
    saving = subprocess.Popen(["docker", "save", *references], env=env, stdout=subprocess.PIPE)
    loading = subprocess.Popen(
        ["docker", *in_sandbox(image, volume, sandbox), "docker", "load", "--quiet"],
        env=env, stdin=saving.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert saving.stdout  # noqa: S101 - for the type checker: it is a pipe
    saving.stdout.close()
    try:
        said = loading.communicate(timeout=_SEEDING)[1]
    finally:
        saving.kill()
        saving.wait()
    if loading.returncode:
        raise Refused(
            f"The sandbox cannot load the course's images: {said.strip()[-300:]}", next="Repeat it."
        )


def _remove_volume(engine: Engine, name: str) -> None:
    with asking(engine), suppress(NotFound):
        engine.client.api.remove_volume(name)


def _remove_older_seeds(engine: Engine, kept: str) -> None:
    """Remove earlier seeds, as far as no sandbox uses them; a mark goes after what it marks."""
    for one in sorted(_volumes(engine), key=lambda one: str(one["Name"])):
        if not one["Name"].startswith(kept):
            with asking(engine), suppress(APIError):
                engine.client.api.remove_volume(one["Name"])


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]
