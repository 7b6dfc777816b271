"""What buildx tells of a build while it runs: its steps, what they print, and what went wrong."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_STEP = re.compile(r"\[(?:(\S+) )?(\d+)/\d+\] (.+)", re.DOTALL)
#: A builder's words for a step that ended only because another one failed.
_GIVEN_UP = "context canceled"


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
        ``cached``, ``ran``, ``failed``, or ``unfinished``: it is not done yet, or another step failed first.
    """

    name: str
    stage: str
    instruction: str
    outcome: str = "unfinished"
    number: int = field(default=0, repr=False)
    #: The builder's names for what it takes files from: first what it goes on from, if there is any.
    inputs: tuple[str, ...] = field(default=(), repr=False, compare=False)
    #: True from when it began.
    begun: bool = field(default=False, repr=False, compare=False)
    #: How long it ran; None while it has not ended.
    seconds: float | None = field(default=None, repr=False, compare=False)
    #: What it has printed.
    output: str = field(default="", repr=False, compare=False)
    #: Bytes of a base image that are here, and bytes in all.
    loaded: dict[str, tuple[int, int]] = field(default_factory=dict, repr=False, compare=False)

    def take(self, vertex: dict[str, Any]) -> None:
        """Take what the builder says of it."""
        self.begun = self.begun or "started" in vertex
        if "completed" not in vertex:
            return
        self.seconds = _seconds(vertex.get("started", vertex["completed"]), vertex["completed"])
        if error := vertex.get("error"):
            self.outcome = "unfinished" if _GIVEN_UP in error else "failed"
        else:
            self.outcome = "cached" if vertex.get("cached") else "ran"


class BuildLog:
    """Reads what ``docker buildx build --progress=rawjson`` writes: JSON objects, and lines for people."""

    def __init__(self) -> None:
        #: What it says besides: the error, if there is one, in the line that begins with ``ERROR: ``.
        self.said: list[str] = []
        #: The builder's name for what began last, such as ``exporting to image``.
        self.doing = ""
        self._steps: dict[str, BuildStep] = {}
        self._images: dict[str, str] = {}
        self._unfinished: list[str] = []

    @property
    def steps(self) -> tuple[BuildStep, ...]:
        """The steps: a stage after the other. The builder's own ``[internal]`` ones are left out."""
        stages = list(dict.fromkeys(step.stage for step in self._steps.values()))
        return tuple(sorted(self._steps.values(), key=lambda step: (stages.index(step.stage), step.number)))

    def sources(self, step: BuildStep) -> tuple[str, ...]:
        """Return the stages and images that a step copies from or mounts, without its own base."""
        # A COPY into an empty stage goes on from nothing: all it has is what it copies from.
        bare = step.instruction.upper().startswith(("COPY", "ADD")) and len(step.inputs) == 1
        found = (self._source(digest) for digest in (step.inputs if bare else step.inputs[1:]))
        return tuple(dict.fromkeys(name for name in found if name))

    def _source(self, digest: str) -> str:
        of_stage = self._steps.get(digest)
        if of_stage and not of_stage.instruction.startswith("FROM "):
            return of_stage.stage
        return self._images.get(digest, "")

    @property
    def exporting(self) -> bool:
        """True once the image is being written."""
        return self.doing.startswith("exporting")

    @property
    def error(self) -> str:
        """What went wrong, in the builder's words."""
        said = next((line for line in reversed(self.said) if line.startswith("ERROR: ")), "")
        return said.removeprefix("ERROR: ").removeprefix("failed to solve: ")

    @property
    def text(self) -> str:
        """All of it for a person."""
        parts = [f"{step.name}: {step.outcome}\n{step.output}".rstrip() for step in self.steps]
        return "\n".join([*parts, *self.said])

    def read(self, line: str) -> bool:
        """Take one line; say whether something new is known. Some releases write an object in many lines."""
        if self._unfinished or line == "{":
            self._unfinished.append(line)
            if line != "}":
                return False
            line, self._unfinished = "\n".join(self._unfinished), []
        try:
            event = json.loads(line) if line.startswith("{") else None
        except ValueError:
            event = None
        if not isinstance(event, dict):
            self.said.append(line)
            return False
        self._take(event)
        return True

    def _take(self, event: dict[str, Any]) -> None:
        for vertex in reversed(event.get("vertexes") or ()):  # a graph is told from its end
            self._vertex(vertex)
        for status in event.get("statuses") or ():
            step = self._steps.get(status["vertex"])
            if step and status.get("total"):
                step.loaded[status["id"]] = status.get("current", 0), status["total"]
        for printed in event.get("logs") or ():
            if step := self._steps.get(printed["vertex"]):
                step.output += base64.b64decode(printed["data"]).decode(errors="replace")

    def _vertex(self, vertex: dict[str, Any]) -> None:
        if "started" in vertex and "completed" not in vertex:
            self.doing = vertex["name"]
        digest, found = vertex["digest"], _STEP.fullmatch(vertex["name"])
        stage, number, instruction = found.groups(default="") if found else ("", "0", vertex["name"])
        if instruction.startswith("FROM "):
            image = instruction.removeprefix("FROM ").partition("@")[0]
            self._images[digest] = image.removeprefix("docker.io/").removeprefix("library/")
        if found:
            inputs = tuple(vertex.get("inputs") or ())
            made = BuildStep(vertex["name"], stage, instruction, number=int(number), inputs=inputs)
            self._steps.setdefault(digest, made).take(vertex)


def _seconds(start: str, end: str) -> float:
    first, last = (datetime.fromisoformat(told) for told in (start, end))
    return max(0.0, (last - first).total_seconds())
