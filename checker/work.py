"""Starting and resetting an exercise: the learner's copy in ``work/<id>/``, and its scene on the engine."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .course import CHECKS, Course, Loaded, broken, tree_sha256
from .engine import scene
from .errors import CourseError, Refused
from .images.provide import provide
from .interrupts import undoing
from .lab import Lab
from .locks import locked
from .outcomes import engine_fault
from .overlay import allowed, files_below, lay
from .record import RECORD, Record

if TYPE_CHECKING:
    from pathlib import Path

    from .engine.connect import Engine
    from .exercise import Exercise

Say = Callable[[str], None]

_BUSY = "A check of this exercise is running. This waits for it."
_REMOVE = {
    "container": "docker rm --force",
    "image": "docker image rm",
    "network": "docker network rm",
    "volume": "docker volume rm",
}


def start(
    course: Course,
    engine: Engine,
    exercise_id: str,
    *,
    folder: Path | None = None,
    seed: int | None = None,
    say: Say = lambda _: None,
) -> Path:
    """Copy the starter to ``folder``, by default ``work/<id>/``, set the scene, and return the folder.

    Started before on this engine, everything stays as it is. Started on another one, the files stay, and the
    scene is set on this one.

    Raises
    ------
    Refused
        If a declared name or port is taken. What takes it is left as it is, and nothing is made.
    """
    loaded = course.load(exercise_id)
    folder = folder or course.work(loaded.id)
    with alone(folder, lambda: say(_BUSY)):
        record = Record.read(folder)
        if record and record.engine == engine.id:
            say(f"{loaded.id} is started already. Your files are kept; `course reset` begins anew.")
            return folder
        _remove_earlier_scene(engine, loaded.exercise)
        refuse_taken(engine, loaded.exercise, again=f"`course start {loaded.id}`")
        missing = [name for name in starter_files(loaded) if not (folder / name).exists()]
        if folder.is_dir() and len(missing) < len(starter_files(loaded)):
            say(f"The files that are in {folder} are kept.")
        with _undone(engine, loaded, folder, missing):
            lay(loaded.starter, missing, folder)
            set_scene(course, engine, loaded, folder, seed=seed, say=say)
    return folder


def reset(
    course: Course, engine: Engine, exercise_id: str, *, seed: int | None = None, say: Say = lambda _: None
) -> Path:
    """Begin an exercise anew: remove what it owns, restore the starter, set a new scene with a new seed.

    Files that differ from the starter are kept in ``work/.kept/``.

    Raises
    ------
    Refused
        If it was never started: then nothing on the engine is known to be its own.
    """
    loaded = course.load(exercise_id)
    folder = course.work(loaded.id)
    with alone(folder, lambda: say(_BUSY)):
        record = Record.read(folder)
        if record is None:
            raise Refused(
                f"{loaded.id} was not started here, so nothing is removed.",
                next=f"Run `course start {loaded.id}`.",
            )
        if record.engine == engine.id:
            remove_owned(engine, loaded.exercise, record.bystanders, again=f"`course reset {loaded.id}`")
        else:
            say("It was started on another engine. What it made there stays there.")
            refuse_taken(engine, loaded.exercise, again=f"`course reset {loaded.id}`")
        if kept := _keep(course, loaded, folder, record):
            say(f"Your files are kept in {kept}.")
        _clear(folder)
        lay(loaded.starter, starter_files(loaded), folder)
        set_scene(course, engine, loaded, folder, seed=seed, say=say)
    return folder


def clean(course: Course, engine: Engine, exercise_id: str, *, say: Say = lambda _: None) -> bool:
    """Remove what an exercise owns on the engine, and say whether it was started there.

    The learner's files and the seed stay, for a regrade; `course start` sets a new scene.

    Raises
    ------
    Refused
        If something still uses an object.
    """
    loaded = course.load(exercise_id)
    folder = course.work(loaded.id)
    with alone(folder, lambda: say(_BUSY)):
        record = Record.read(folder)
        if record is None or record.engine != engine.id:
            return False
        remove_owned(engine, loaded.exercise, record.bystanders, again=f"`course clean {loaded.id}`")
        replace(record, engine="", bystanders=[]).write(folder)
    return True


def starter_files(loaded: Loaded) -> list[str]:
    """Return what the learner is given: all but ``checks.py``, which always comes from the course."""
    return [name for name in files_below(loaded.starter) if name != CHECKS]


def given_files(loaded: Loaded, folder: Path) -> dict[str, Path]:
    """Return the course's own files that no answer may change; not those that the scene has written anew."""
    record = Record.read(folder)
    names = {name for name in starter_files(loaded) if not allowed(name, loaded.exercise.edits)}
    return {name: loaded.starter / name for name in sorted(names - set(record.files if record else ()))}


def set_scene(
    course: Course,
    engine: Engine,
    loaded: Loaded,
    folder: Path,
    *,
    seed: int | None = None,
    say: Say = lambda _: None,
) -> None:
    """Get the images, set the scene with a new seed or the given one, and record that in ``folder``."""
    seed = secrets.randbits(32) if seed is None else seed
    fetch_images(engine, loaded.exercise.images, say)
    before = _digests(folder)
    if loaded.exercise.scene_function:
        with Lab(engine, loaded.exercise, folder, seed) as lab, _named(loaded):
            loaded.exercise.scene_function(lab, seed)
    files = dict(_digests(folder).items() - before.items())
    Record(loaded.id, course.version, seed, engine.id, files=files).write(folder)


@contextlib.contextmanager
def alone(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Work in ``folder`` alone; a file that cannot be written or removed is said, with its name."""
    try:
        with locked(folder, waiting):
            yield
    except OSError as error:
        if not error.filename:  # the engine's errors are OSErrors too, without a file
            raise
        raise Refused(
            f"{error.filename}: {error.strerror}.",
            next="Make room, or give yourself the right to it. A container may have written it as root.",
        ) from error


@contextlib.contextmanager
def _named(loaded: Loaded) -> Iterator[None]:
    """Let a mistake in a scene name its line."""
    try:
        yield
    except CourseError:
        raise
    except Exception as error:
        raise engine_fault(error) or broken(loaded.starter / CHECKS, error) from error


def fetch_images(engine: Engine, keys: Sequence[str], say: Say) -> None:
    """Get those of the catalogue's images that the engine lacks, saying each new step."""
    said: set[str] = set()

    def report(key: str, step: str, _: float | None = None) -> None:
        if (line := f"image {key}: {step}") not in said:
            said.add(line)
            say(line)

    if keys:  # none would mean every image of the catalogue
        provide(engine, keys, report)


def refuse_taken(engine: Engine, owner: scene.Owner, *, again: str) -> None:
    """Refuse where a declared name or port is taken; ``again`` says how to try once more.

    Raises
    ------
    Refused
        It names what is taken, and the way out.
    """
    taken = scene.taken(engine, owner)
    if taken.objects:
        held = taken.objects[0]
        article = "An" if held.noun == "image" else "A"
        raise Refused(
            f"{article} {held.noun} named {held.name} is there already. {owner.id} needs that name. "
            "It is left as it is.",
            next=f"If you do not need it, run `{_REMOVE[held.noun]} {held.name}`. Then {again}.",
        )
    for port, holder in taken.ports.items():
        raise Refused(
            f"Port {port} is taken by {holder}, and {owner.id} needs it. It is left as it is.",
            next=f"Stop what uses port {port}. Then {again}.",
        )


def _remove_earlier_scene(engine: Engine, exercise: Exercise) -> None:
    """Remove what an earlier scene of this exercise left, if nothing else stands in the way."""
    held = scene.taken(engine, exercise).objects
    if held and all(one.label == exercise.id for one in held):
        scene.remove(engine, exercise)


@contextlib.contextmanager
def _undone(engine: Engine, loaded: Loaded, folder: Path, laid: list[str]) -> Iterator[None]:
    """Undo a start that does not come to its end, also on Ctrl-C."""
    new, done = not folder.exists(), False

    def undo() -> None:
        if done:
            return
        for name in laid:
            (folder / name).unlink(missing_ok=True)
        if new:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # the chapter's folder, unless it holds more
                folder.parent.rmdir()
        scene.remove(engine, loaded.exercise)

    with undoing(undo):
        folder.mkdir(parents=True, exist_ok=True)
        yield
        done = True


def remove_owned(engine: Engine, owner: scene.Owner, bystanders: list[str], *, again: str) -> None:
    """Remove what ``owner`` declares and no bystander bears.

    Raises
    ------
    Refused
        If something still uses an object; ``again`` says how to try once more.
    """
    removed = scene.remove(engine, owner, bystanders)
    for held, problem in removed.kept:
        raise Refused(
            f"The {held} cannot be removed: {problem}.",
            next=f"Remove what still uses it, then {again}.",
        )


def _keep(course: Course, loaded: Loaded, folder: Path, record: Record) -> Path | None:
    """Copy what the learner changed to ``work/.kept/``; ``None`` where there is nothing."""
    given = [_digests(loaded.starter), record.files]
    mine = [
        name for name, digest in _digests(folder).items() if not any(one.get(name) == digest for one in given)
    ]
    if not mine:
        return None
    target = course.root / "work" / ".kept" / f"{loaded.id}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    lay(folder, mine, target)
    return target


def _digests(folder: Path) -> dict[str, str]:
    return {name: tree_sha256(folder, [name]) for name in files_below(folder) if name != RECORD}


def _clear(folder: Path) -> None:
    """Empty the folder, but keep it: a kernel may stand in it. The record goes last, by being replaced."""
    for path in folder.iterdir():
        if path.name == RECORD:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
