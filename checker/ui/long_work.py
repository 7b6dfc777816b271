"""``pull_image("nginx")``, ``build_image("folder", tag="c04-app:1")``: long work, which can be cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.display import display

from checker.course import open_course
from checker.errors import CourseError

from .helper import helper
from .picture import Picture
from .told import Text, table_text
from .widgets import css, esm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .helper import Asked

_ASKED = "It is being cancelled. What was begun is undone."


class LongWork(Picture):
    """Long work: a line for each layer or step, how far all of it is, and a button that cancels it.

    Parameters
    ----------
    say
        What begins.
    text
        The text form.
    """

    _esm = esm("picture.js", "long_work.js")
    _css = css("picture.css", "long_work.css")

    def __init__(self, say: str, *, text: str) -> None:
        self._asked: Asked | None = None
        self._unwanted = False
        view = {"say": say, "live": True, "rows": [], "part": None, "failed": None, "asked": False}
        super().__init__(view, text=text)
        self.on_msg(self._pressed)

    def run(self, root: Path, do: str, **request: Any) -> Any:
        """Wait for what comes of it. Interrupted, it is cancelled, and its end is waited for.

        Raises
        ------
        CourseError
            If it cannot be done, or was cancelled.
        """
        self._asked = helper(root).begin(do, **request)
        if self._unwanted:
            self._asked.cancel()
        try:
            try:
                return self._asked.result(self._heard)
            except KeyboardInterrupt:
                self.cancel()
                return self._asked.result(self._heard)
        except CourseError as error:
            what = "Cancelled." if self._unwanted else "This was not done."
            self.lose(what, error)
            raise
        finally:
            self.change(live=False)

    def cancel(self) -> None:
        """Ask for an early end, from any thread; pressed again or after the end, it does nothing."""
        if not self.view["live"] or self._unwanted:
            return
        self._unwanted = True
        self.change(asked=True, say=_ASKED)
        if self._asked:
            self._asked.cancel()

    def table(self) -> Text:
        """Return the layers or steps, and how each of them ended."""
        rows = [(one["name"], one["state"]) for one in self.view["rows"]]
        return (
            table_text(("what", "state"), rows) if rows else Text("Nothing was to do.", "Nothing was to do.")
        )

    def _stop(self) -> None:
        self.cancel()

    def _pressed(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("do") == "cancel":
            self.cancel()

    def _heard(self, event: dict[str, Any]) -> None:
        if event["event"] == "work":
            said = {} if self._unwanted else {"say": event["say"]}
            self.change(rows=event["rows"], part=event["part"], **said)
        elif event["event"] == "says" and not self._unwanted:
            self.change(say=event["line"])


@dataclass(frozen=True)
class Step:
    """One step of a build: ``cached``, or it ``ran``.

    Parameters
    ----------
    seconds
        How long it ran.
    sources
        The stages and images that it copies from or mounts.
    """

    name: str
    stage: str
    instruction: str
    outcome: str
    seconds: float
    sources: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Built:
    """What a build made: the image's name, and the steps.

    Parameters
    ----------
    image
        The tag, which `docker run` takes.
    id
        The image's id on this engine.
    stages
        The name and the base of each stage of the Dockerfile, also of those that were not built.
    target
        The stage that became the image; empty for the last one.
    """

    image: str
    id: str
    steps: tuple[Step, ...]
    stages: tuple[tuple[str, str], ...]
    target: str

    def __repr__(self) -> str:
        steps = f"{len(self.steps)} step{'' if len(self.steps) == 1 else 's'}"
        return f"{self.image} is built: {steps}."

    def table(self) -> Text:
        """Return the steps, and whether each one ran or came from the cache."""
        return table_text(("step", "outcome"), [(one.name, one.outcome) for one in self.steps])


def pull_image(image: str) -> Text:
    """Make an image available, by its key in the catalogue or by its reference; the cell waits for it.

    What is here already is left as it is. **Cancel** in what is shown, or Kernel > Interrupt, ends it early.

    Raises
    ------
    CourseError
        If it cannot be had, or was cancelled.

    Examples
    --------
    >>> pull_image("nginx")  # doctest: +SKIP
    nginx:1.26 is here.
    """
    work = _shown(f"{image} is looked for.", f"Pulling {image}.")
    reference = work.run(open_course().root, "pull", image=image)
    say = f"{reference} is here."
    work.change(say=say, part=1.0)
    return Text(f"`{reference}` is here.", say)


def build_image(
    folder: str | Path, *, tag: str, target: str = "", args: Mapping[str, str] | None = None
) -> Built:
    """Build a folder's Dockerfile into the image ``tag``; the cell waits for it.

    Steps have no network. **Cancel** in what is shown, or Kernel > Interrupt, ends it early.

    Parameters
    ----------
    target
        The stage to build; default: the last one.
    args
        Values for the Dockerfile's ``ARG``.

    Raises
    ------
    CourseError
        If a step fails, or it was cancelled. Then no image is left of it.
    """
    work = _shown(f"The build of {tag} begins.", f"Building {tag}.")
    values = {name: str(value) for name, value in (args or {}).items()}
    where = str(Path(folder).resolve())
    made = work.run(open_course().root, "build", folder=where, tag=tag, target=target, args=values)
    if failed := made["failed"]:
        say = f"{tag} was not built. {failed['step']} failed."
        work.change(say=say, rows=made["rows"], failed=failed)
        raise CourseError(f"{say} The builder says: {failed['said']}", next=failed["cause"])
    steps = tuple(Step(**one | {"sources": tuple(one["sources"])}) for one in made["steps"])
    built = Built(tag, made["image"], steps, tuple(map(tuple, made["stages"])), target)
    work.change(say=repr(built), rows=made["rows"], part=1.0)
    return built


def _shown(say: str, text: str) -> LongWork:
    work = LongWork(say, text=text)
    display(work)  # type: ignore[no-untyped-call]
    return work
