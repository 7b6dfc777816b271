"""What long work is told of: a line for each layer or step, and what a build that failed says."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.cancelling import Cancelled
from checker.engine.build import build as build_image
from checker.engine.build_stages import stages
from checker.engine.connect import connect
from checker.engine.errors import BuildFailed
from checker.errors import Refused
from checker.images.catalogue import catalogue
from checker.images.pack import is_local
from checker.images.provide import provide
from checker.images.pull import pull as pull_image
from checker.images.pull import unreachable
from checker.images.trouble import told_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from checker.course import Course
    from checker.engine.build import BuildLog, BuildStep
    from checker.engine.connect import Engine
    from checker.images.pull import Layer
    from checker.work import Say

    from .tell import Tell

_PAUSE = 0.1  # seconds between two messages: a screen shows no more
_MB = 1_000_000


class Lines:
    """Tells the lines of the work, not more often than a screen can show them."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._rows: dict[str, dict[str, Any]] = {}
        self._told = 0.0
        self._states: list[str] = []
        self._say = ""

    def report(self, key: str, step: str, fraction: float | None = None, /) -> None:
        """Tell how far an image is."""
        state = "ready" if fraction == 1.0 or step.startswith("ready") else "running"
        word = step if "layers ready" not in step else "is pulled"
        self._rows[key] = row(catalogue()[key].reference, state, word, fraction)
        self.show(f"{catalogue()[key].reference}: {word}", now=state == "ready")

    def layers(self, key: str, layers: list[Layer]) -> None:
        """Tell how far the layers of an image are."""
        for number, one in enumerate(layers, 1):
            self._rows[f"{key}/{one.id}"] = row(f"layer {number} · {one.id}", *_layer(one))
        self.show(self._say)

    def steps(self, log: BuildLog) -> None:
        """Tell how far the steps of a build are."""
        self._rows = {step.name: row(step.name, *_step(step)) for step in log.steps}
        self.show(_doing(log))

    def show(self, say: str, *, now: bool = False) -> None:
        """Tell all lines; where nothing but a number is new, not more often than a screen can show."""
        self._say = say
        rows = list(self._rows.values())
        states = [one["state"] for one in rows]
        if now or states != self._states or time.monotonic() - self._told > _PAUSE:
            self._told, self._states = time.monotonic(), states
            self._tell("work", say=say, rows=rows, part=_part(rows))


def row(name: str, state: str, word: str, part: float | None) -> dict[str, Any]:
    """Return one line: its name, ``state`` (the sign's), what stands beside it, how far it is."""
    return {"name": name, "state": state, "word": word, "part": part}


def _layer(layer: Layer) -> tuple[str, str, float | None]:
    if layer.state == "downloading" and layer.size:
        word = f"downloading {layer.here / _MB:.1f} of {layer.size / _MB:.1f} MB"
        return "running", word, layer.here / layer.size
    done = {"ready": ("ready", "ready", 1.0), "cached": ("cached", "there already", 1.0)}
    return done.get(layer.state) or ("waiting" if layer.state == "waiting" else "running", layer.state, None)


def _step(step: BuildStep) -> tuple[str, str, float | None]:
    match step.outcome:
        case "cached":
            return "cached", "cached", 1.0
        case "ran":
            return "ready", f"ran in {step.seconds or 0.0:.1f} s", 1.0
        case "failed":
            return "failed", "failed", None
    here, size = (sum(column) for column in zip((0, 0), *step.loaded.values(), strict=True))
    if size:
        return "running", f"downloading {here / _MB:.1f} of {size / _MB:.1f} MB", here / size
    if not step.begun:
        return "waiting", "waiting", None
    return ("running", "running", None) if step.seconds is None else ("waiting", "given up", None)


def _part(rows: list[dict[str, Any]]) -> float | None:
    return sum(one["part"] or 0.0 for one in rows) / len(rows) if rows else None


def _doing(log: BuildLog) -> str:
    if log.exporting:
        return "The image is written."
    if log.doing.startswith("[internal] load build context"):
        return "The folder's files go to the builder."
    return f"Now: {log.doing}" if log.steps else "The builder reads the Dockerfile."


def fetching(tell: Tell) -> Callable[[Engine, Sequence[str], Say], None]:
    """Return what gets a lesson's images, telling a line for each and its layers."""

    def fetch(engine: Engine, keys: Sequence[str], say: Say) -> None:
        del say
        lines = Lines(tell)
        if keys:  # none would mean every image of the catalogue
            provide(engine, keys, lines.report, layers=lines.layers, cancel=tell)

    return fetch


def pull(course: Course, tell: Tell, image: str) -> str:
    """Make an image available, by its key or its reference; return the reference."""
    del course
    lines = Lines(tell)
    with connect() as engine:
        if image in catalogue():
            provide(engine, [image], lines.report, layers=lines.layers, cancel=tell)
            image = catalogue()[image].reference
            if not is_local(engine.client.api, image):
                raise Refused(f"{image} cannot be had here.", next="The course does without it.")
        else:
            _pull_other(engine, image, lines, tell)
    return image


@told_apart
def _pull_other(engine: Engine, reference: str, lines: Lines, tell: Tell) -> None:
    """Pull an image that the catalogue does not hold."""
    api = engine.client.api
    if is_local(api, reference):
        return
    lines.show(f"{reference}: asks the registry", now=True)
    why = unreachable(api, reference) or pull_image(
        api,
        reference,
        lambda *_: None,
        layers=lambda layers: lines.layers(reference, layers),
        cancel=tell,
    )
    if why:
        raise Refused(
            f"{reference} cannot be pulled: {why}.",
            next=f"Compare the name, or pull an image of the course: {', '.join(catalogue())}.",
        )


def build(
    course: Course, tell: Tell, *, folder: str, tag: str, target: str, args: Mapping[str, str]
) -> dict[str, Any]:
    """Build a folder's Dockerfile; return the image's id, its steps, or what failed."""
    del course
    lines = Lines(tell)
    if not Path(folder).is_dir():
        raise Refused(f"There is no folder {folder}.", next="Compare the name with the files at the left.")
    seen: list[BuildLog] = []

    def watch(log: BuildLog) -> None:
        seen[:] = [log]
        lines.steps(log)

    try:
        with connect() as engine:
            built = build_image(
                engine, Path(folder), tags=[tag], target=target, args=args, watch=watch, cancel=tell
            )
    except BuildFailed as failed:
        return {"failed": _failed(failed, seen), **_last(seen)}
    except Cancelled as cancelled:
        again = "Run the cell again to build it."
        raise Cancelled(
            f"The build of {tag} was cancelled. No image is left of it.", next=again
        ) from cancelled
    return {
        "image": built.image.id,
        "steps": _told(seen),
        "stages": _stages(Path(folder)),
        "failed": None,
        **_last(seen),
    }


def _told(seen: list[BuildLog]) -> list[dict[str, Any]]:
    """Return the steps, and the stages and images that each one copies from."""
    told = ("name", "stage", "instruction", "outcome", "seconds")
    return [
        {**{name: getattr(step, name) for name in told}, "sources": log.sources(step)}
        for log in seen
        for step in log.steps
    ]


def _stages(folder: Path) -> list[tuple[str, str]]:
    text = (folder / "Dockerfile").read_text("utf-8", errors="replace")
    return [(one.name, one.base) for one in stages(text)]


def _last(seen: list[BuildLog]) -> dict[str, Any]:
    rows = [row(step.name, *_step(step)) for log in seen for step in log.steps]
    return {"rows": rows}


def _failed(failed: BuildFailed, seen: list[BuildLog]) -> dict[str, Any]:
    """Return the step that failed, the builder's words, its last lines, and the likely cause."""
    said = seen[-1].error if seen else failed.actual
    step = failed.step or "The Dockerfile"
    return {"step": step, "said": said, "lines": list(failed.lines), "cause": failed.why}
