"""Pulls and builds in a cell: what they show, what they return, and that a cancelled one leaves nothing."""

from __future__ import annotations

import secrets
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from docker.errors import DockerException, ImageNotFound
from pushed import LAYERS, pushed

from checker.engine.build import BuildStep
from checker.engine.connect import connect
from checker.errors import CourseError
from checker.images.pull import Layer
from checker.ui import long_work, work_reading
from checker.ui.long_work import LongWork, build_image, pull_image
from checker.ui.tell import Tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from checker.engine.connect import Engine


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[LongWork]:
    """What the cells of a notebook have shown."""
    found: list[LongWork] = []
    monkeypatch.setattr(long_work, "display", found.append)
    return found


@pytest.fixture
def tag(engine: Engine) -> Iterator[str]:
    made = f"c04-t{secrets.token_hex(4)}:1"
    yield made
    with suppress(DockerException):
        engine.client.api.remove_image(made, force=True)


@pytest.fixture(scope="module")
def reference(engine: Engine) -> Iterator[str]:
    with pushed(engine, 60) as there:
        yield there


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    return tmp_path / "app"


def write(app: Path, *lines: str) -> Path:
    (app / "Dockerfile").write_text("\n".join(["FROM busybox:1.37", *lines, ""]))
    return app


def when(work: LongWork, true: Callable[[dict[str, Any]], bool], do: Callable[[], None]) -> None:
    """Do something once, from a thread of its own, when the view is so."""
    once = threading.Event()

    def look(change: dict[str, Any]) -> None:
        if true(change["new"]) and not once.is_set():
            once.set()
            do()

    work.observe(look, "view")


def running(view: dict[str, Any]) -> bool:
    return any(row["state"] == "running" for row in view["rows"])


def cancelled_when_running(monkeypatch: pytest.MonkeyPatch, press: Callable[[LongWork], None]) -> None:
    def show(work: LongWork) -> None:
        when(work, running, lambda: press(work))

    monkeypatch.setattr(long_work, "display", show)


@pytest.mark.engine
def test_a_build_shows_its_steps_and_returns_them(shown: list[LongWork], app: Path, tag: str) -> None:
    write(app, "ARG WORD", f"RUN echo $WORD {tag} >/word")
    built = build_image(app, tag=tag, args={"WORD": "x"})
    assert repr(built) == f"{tag} is built: 2 steps."
    assert built.image == tag
    assert [step.outcome for step in built.steps][-1] == "ran"
    (work,) = shown
    assert repr(work) == f"Building {tag}."
    assert work.view["say"] == f"{tag} is built: 2 steps."
    assert (work.view["live"], work.view["part"]) == (False, 1.0)
    assert work.view["rows"][1]["state"] == "ready"
    again = build_image(app, tag=tag, args={"WORD": "x"})
    assert again.steps[1].outcome == "cached"
    assert "cached" in repr(again.table())
    work.cancel()  # after the end
    assert work.view["asked"] is False


@pytest.mark.engine
def test_a_build_that_fails_says_where_and_why(shown: list[LongWork], app: Path, tag: str) -> None:
    write(app, "RUN echo '<b>before</b>'; nosuchcommand", "RUN true")
    with pytest.raises(CourseError) as caught:
        build_image(app, tag=tag)
    assert "[2/3] RUN echo" in caught.value.message
    failed = shown[0].view["failed"]
    assert "<b>before</b>" in failed["lines"]  # its two streams may be told in either order
    assert "does not exist" in failed["cause"]
    assert caught.value.next == failed["cause"]
    assert [row["state"] for row in shown[0].view["rows"]][1:] == ["failed", "waiting"]


@pytest.mark.engine
@pytest.mark.parametrize(
    ("lines", "phrase"),
    [
        (["FROMM x"], "no instruction"),
        (["COPY nowhere /"], "not in the folder"),
    ],
)
def test_a_wrong_dockerfile(
    shown: list[LongWork], app: Path, tag: str, lines: list[str], phrase: str
) -> None:
    with pytest.raises(CourseError) as caught:
        build_image(write(app, *lines), tag=tag)
    assert phrase in caught.value.next


@pytest.mark.engine
def test_no_folder_no_dockerfile_no_base(shown: list[LongWork], app: Path, tag: str) -> None:
    with pytest.raises(CourseError, match="There is no folder"):
        build_image(app / "nowhere", tag=tag)
    with pytest.raises(CourseError) as caught:
        build_image(app, tag=tag)
    assert "`Dockerfile`" in caught.value.next
    (app / "Dockerfile").write_text("FROM registry.invalid/nowhere:1\n")
    with pytest.raises(CourseError, match="base image") as caught:
        build_image(app, tag=tag)
    assert "course images status" in caught.value.next


@pytest.mark.engine
@pytest.mark.parametrize("way", ["button", "interrupt"])
def test_a_cancelled_build_leaves_no_image(
    monkeypatch: pytest.MonkeyPatch, shown: list[LongWork], app: Path, tag: str, way: str
) -> None:
    works: list[LongWork] = []

    def press(work: LongWork) -> None:
        works.append(work)
        if way == "button":
            work._handle_custom_msg({"do": "cancel"}, [])
            work._handle_custom_msg({"do": "cancel"}, [])  # pressed twice
        else:
            signal.raise_signal(signal.SIGINT)

    cancelled_when_running(monkeypatch, press)
    write(app, f"RUN echo {tag}; sleep 60")
    with pytest.raises(CourseError, match="was cancelled") as caught:
        build_image(app, tag=tag)
    assert caught.value.next
    with connect() as engine, pytest.raises(ImageNotFound):
        engine.client.images.get(tag)
    assert works[0].view["say"] == "Cancelled."
    assert works[0].view["live"] is False


@pytest.mark.engine
def test_a_cancelled_pull_leaves_no_image_and_the_next_one_shows_layers(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, folder: Path, reference: str
) -> None:
    cancelled_when_running(monkeypatch, lambda work: work.cancel())
    with pytest.raises(CourseError, match="was cancelled"):
        pull_image(reference)
    with pytest.raises(ImageNotFound):
        engine.client.images.get(reference)
    works: list[LongWork] = []
    monkeypatch.setattr(long_work, "display", works.append)
    assert repr(pull_image(reference)) == f"{reference} is here."
    assert len(works[0].view["rows"]) == LAYERS
    assert repr(pull_image(reference)) == f"{reference} is here."  # it stays as it is
    assert repr(works[1].table()) == "Nothing was to do."
    engine.client.api.remove_image(reference)


@pytest.mark.engine
def test_by_key_and_what_cannot_be_had(shown: list[LongWork]) -> None:
    assert repr(pull_image("busybox")) == "busybox:1.37 is here."
    assert repr(shown[0]) == "Pulling busybox."
    with pytest.raises(CourseError, match="cannot be pulled") as caught:
        pull_image("127.0.0.1:9/<b>:1".replace("<b>", "nothing"))
    assert "busybox" in caught.value.next
    assert shown[1].view["trouble"]["next"] == caught.value.next


def test_without_an_engine(shown: list[LongWork], monkeypatch: pytest.MonkeyPatch, app: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such.sock")
    with pytest.raises(CourseError, match=r"no/such\.sock") as caught:
        build_image(write(app), tag="c04-none:1")
    assert caught.value.next


def test_words_of_a_layer_and_a_step() -> None:
    assert work_reading._layer(Layer("a")) == ("waiting", "waiting", None)
    assert work_reading._layer(Layer("a", "downloading", 3_100_000, 9_000_000))[:2] == (
        "running",
        "downloading 3.1 of 9.0 MB",
    )
    assert work_reading._layer(Layer("a", "cached")) == ("cached", "there already", 1.0)
    step = BuildStep("[1/1] RUN x", "", "RUN x")
    assert work_reading._step(step)[1] == "waiting"
    step.begun = True
    assert work_reading._step(step)[1] == "running"
    step.outcome, step.seconds = "ran", 2.06
    assert work_reading._step(step)[:2] == ("ready", "ran in 2.1 s")


def test_images_and_their_layers_are_lines_told_when_a_state_is_new() -> None:
    told: list[dict[str, Any]] = []
    lines = work_reading.Lines(Tell(lambda _, **fields: told.append(fields)))
    lines.report("nginx", "asks the registry")
    lines.layers("nginx", [Layer("a", "downloading", 1_000_000, 2_000_000)])
    lines.layers("nginx", [Layer("a", "downloading", 1_000_001, 2_000_000)])  # too soon to be seen
    lines.report("nginx", "ready", 1.0)
    assert [[row["word"] for row in one["rows"]] for one in told] == [
        ["asks the registry"],
        ["asks the registry", "downloading 1.0 of 2.0 MB"],
        ["ready", "downloading 1.0 of 2.0 MB"],
    ]
    assert told[-1]["say"] == "nginx:1.26: ready"
