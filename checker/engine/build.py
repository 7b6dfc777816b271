"""Builds with BuildKit, as people's own builds are, and what their log says about each step."""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from checker.errors import EngineFault

from . import image as images
from .errors import BuildFailed, Missing
from .faults import classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .connect import Engine
    from .image import Image

#: Lines of a step's output that a failure carries.
_LAST = 3

_HEADER = re.compile(r"#(\d+) \[((?:(\S+) )?\d+/\d+)\] (.+)")
_PROGRESS = re.compile(r"#(\d+) (CACHED|DONE|ERROR: .*)")
#: The builder's words for a registry that cannot be reached.
_UNREACHABLE = ("dial tcp", "no such host", "i/o timeout", "connection refused", "network is unreachable")


@dataclass
class BuildStep:
    """One instruction of a build.

    Parameters
    ----------
    name
        As the builder names it, such as ``[build 2/3] RUN make``.
    stage
        The stage's name, ``stage-1`` where it has none, empty where it is the only one.
    instruction
        The instruction, on one line.
    outcome
        ``cached``, ``ran``, ``failed``, or ``unfinished`` where another step failed first.
    """

    name: str
    stage: str
    instruction: str
    outcome: str = "unfinished"


@dataclass(frozen=True)
class Build:
    """A build that succeeded: its image, its steps, and its whole log."""

    image: Image
    steps: tuple[BuildStep, ...]
    log: str

    def step(self, beginning: str) -> BuildStep:
        """Return the first step whose instruction begins with ``beginning``, such as ``RUN pip``.

        Raises
        ------
        Missing
            If there is none, also where the builder skipped its stage as unused.
        """
        for one in self.steps:
            if one.instruction.startswith(beginning):
                return one
        raise Missing("step", f"{beginning} …")


def build(
    engine: Engine,
    context: Path,
    *,
    dockerfile: Path | None = None,
    target: str = "",
    tags: Iterable[str] = (),
    args: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    network: str = "none",
    cache: bool = True,
) -> Build:
    """Build ``context`` and load the image into the engine.

    Parameters
    ----------
    dockerfile
        Default: ``Dockerfile`` in the context.
    secrets
        Contents of secret mounts by their id.
    network
        What ``RUN`` may reach: ``none``, or ``default`` for everything.
    cache
        False to run every step anew.

    Raises
    ------
    BuildFailed
        If the Dockerfile is wrong or one of its steps fails.
    EngineFault
        ``base-not-available`` if a base image is not here and no registry can be reached.
    """
    from python_on_whales.exceptions import DockerException  # noqa: PLC0415 - slow to import, and rarely needed

    lines: list[str] = []
    with ExitStack() as files:
        folder = Path(files.enter_context(tempfile.TemporaryDirectory()))
        described = folder / "metadata.json"
        try:
            log = engine.whales().buildx.build(
                context,
                file=dockerfile,
                target=target or None,
                tags=list(tags),
                build_args=dict(args or {}),
                secrets=list(_secret_files(folder, secrets or {})),
                labels=dict(labels or {}),
                network=network,
                cache=cache,
                metadata_file=described,
                load=True,
                progress="plain",
                stream_logs=True,
            )
            lines.extend(str(line).rstrip("\n") for line in log)  # type: ignore[union-attr]  # an iterator, with stream_logs
        except (DockerException, UnicodeDecodeError) as error:  # the library decodes a failed build's log
            raise _failure(engine, lines, error) from error
        found = json.loads(described.read_text(encoding="utf-8"))
    made = found.get("containerimage.config.digest"), found.get("containerimage.digest")
    return Build(_find(engine, made), tuple(steps(lines)), "\n".join(lines))


def steps(lines: Iterable[str]) -> list[BuildStep]:
    """Read a plain log. The builder's own ``[internal]`` steps are left out."""
    found: dict[str, BuildStep] = {}
    for line in lines:
        if header := _HEADER.fullmatch(line):
            number, name, stage, instruction = header.groups()
            found.setdefault(number, BuildStep(f"[{name}] {instruction}", stage or "", instruction))
        elif (progress := _PROGRESS.match(line)) and progress[1] in found:
            outcome = {"CACHED": "cached", "DONE": "ran"}.get(progress[2], "failed")
            step = found[progress[1]]
            if step.outcome == "unfinished":  # DONE also follows CACHED
                step.outcome = outcome
    return list(found.values())


def _secret_files(folder: Path, secrets: Mapping[str, str]) -> Iterable[str]:
    for number, (name, content) in enumerate(secrets.items()):
        file = folder / f"secret{number}"
        file.write_text(content, encoding="utf-8")
        yield f"id={name},src={file}"


def _find(engine: Engine, digests: tuple[str | None, ...]) -> Image:
    """An image's id is its configuration's digest in one image store, its manifest's in the other."""
    first, second = digests
    try:
        return images.find(engine, first or second or "")
    except Missing:
        return images.find(engine, second or "")


def _failure(engine: Engine, lines: list[str], error: Exception) -> Exception:
    """Tell a wrong Dockerfile from a registry that cannot be reached and from an engine that failed."""
    said = next((line for line in reversed(lines) if line.startswith("ERROR: ")), "")
    if not said or "code = Unavailable" in said:
        return classify(error, engine.endpoint)
    message = said.removeprefix("ERROR: ").removeprefix("failed to solve: ")
    if "failed to resolve source metadata" in message and any(word in message for word in _UNREACHABLE):
        base = message.partition(": ")[0]
        return EngineFault(
            f"The base image {base} is not on this engine, and no registry can be reached.",
            next="Use a base image that `course images status` lists as there.",
            kind="base-not-available",
        )
    failed = next((step for step in steps(lines) if step.outcome == "failed"), None)
    return BuildFailed(message, step=failed.name if failed else "", lines=tuple(_printed(lines)[-_LAST:]))


def _printed(lines: list[str]) -> list[str]:
    """Return what the failed step printed: the builder puts its number and the seconds before each line."""
    number = next(
        (found[1] for line in lines if (found := _PROGRESS.match(line)) and "ERROR" in found[2]), ""
    )
    output = re.compile(rf"#{number} \d+\.\d+ (.+)")
    return [found[1].strip() for line in lines if (found := output.match(line))]
