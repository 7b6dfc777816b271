"""Make images available: found locally, else pulled, else from the offline pack, built if need be."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING, Protocol

from checker.cancelling import NEVER, Cancelled
from checker.engine.connect import Engine
from checker.errors import Refused

from .catalogue import CatalogueImage, catalogue, choose
from .pack import Pack, is_local
from .pull import pull, unreachable
from .recipe import BASE, STAND_IN, stands_on_base
from .standin import Workshop
from .trouble import room, told_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from checker.cancelling import Cancel

    from .pull import Layer

    OnLayers = Callable[[str, list[Layer]], None]

BUILDS_AT_ONCE = 2
PATIENCE = 900.0  # seconds that installing or committing may take
NEXT = "Connect to a registry, or carry the images here: `course images load FILE`."


class Report(Protocol):
    """Told of progress: which image, what happens now, how far it is (0 to 1; None: not known)."""

    def __call__(self, key: str, step: str, fraction: float | None = None, /) -> None:
        """One step."""


@told_apart
def missing(engine: Engine, keys: Iterable[str] = ()) -> list[CatalogueImage]:
    """The images of ``keys`` (default: all) that the engine does not have."""
    local = {tag for image in engine.client.api.images() for tag in image["RepoTags"] or ()}
    return [image for image in choose(keys) if image.reference not in local]


@told_apart
def stand_ins(engine: Engine) -> list[str]:
    """Keys of the catalogue's images that are stand-ins on this engine."""
    found = engine.client.api.images(filters={"label": STAND_IN})
    tags = {tag for image in found for tag in image["RepoTags"] or ()}
    return [key for key, image in catalogue().items() if image.reference in tags]


@told_apart
def provide(
    engine: Engine,
    keys: Iterable[str],
    report: Report,
    *,
    layers: OnLayers = lambda *_: None,
    cancel: Cancel = NEVER,
) -> None:
    """Make the images of ``keys`` available on ``engine``.

    Only what is missing is fetched. Whether a registry answers is found out once, in seconds.
    An optional image that cannot be had is reported, no more.

    Parameters
    ----------
    layers
        Told an image's key and how far each of its layers is, while it is pulled.
    cancel
        Ends it early. What was finished before stays.

    Raises
    ------
    Cancelled
        If it was ended early.
    Refused
        If an image cannot be had, or a disk is full. What was finished before stays.
    """
    wanted = missing(engine, keys)
    if wanted:
        left = _by_pull(engine, wanted, report, layers, cancel)
        _by_pack(engine, left, report, "no registry gives it", cancel)


@told_apart
def pack(engine: Engine, keys: Iterable[str], report: Report) -> None:
    """Put stand-ins for ``keys`` (default: every image with a recipe) into the offline pack, and load them.

    An image that the engine has already is copied into the pack as it is.

    Raises
    ------
    Refused
        If one cannot be built, or a disk is full.
    """
    keys = list(keys)
    images = [image for image in choose(keys) if keys or image.recipe]
    absent = {image.key for image in missing(engine, [image.key for image in images])}
    store = Pack()
    with Engine(engine.endpoint, PATIENCE) as patient:
        for image in images:
            if image.key not in absent and not store.find(image):
                report(image.key, "copies into the pack")
                store.add(patient.client.api, image)
                report(image.key, "ready", 1.0)
    _by_pack(engine, [image for image in images if image.key in absent], report, "it has no recipe")


def _by_pull(
    engine: Engine, images: list[CatalogueImage], report: Report, layers: OnLayers, cancel: Cancel
) -> list[CatalogueImage]:
    """Pull; returns what is still missing."""
    report(images[0].key, "asks the registry")
    if why := unreachable(engine.client.api, images[0].reference):
        report(images[0].key, f"no registry can be reached: {why}")
        return images
    left = []
    for image in images:
        told = partial(report, image.key)
        said = pull(
            engine.client.api, image.reference, told, layers=partial(layers, image.key), cancel=cancel
        )
        report(image.key, f"cannot be pulled: {said}" if said else "ready", None if said else 1.0)
        if said:
            left.append(image)
    return left


def _by_pack(
    engine: Engine, images: list[CatalogueImage], report: Report, why: str, cancel: Cancel = NEVER
) -> None:
    """Load from the pack what it has, build the rest."""
    store = Pack()
    if none := [image for image in images if not image.recipe and not store.find(image)]:
        for image in none:
            report(image.key, "not available")
        if names := [image.reference for image in none if not image.optional]:
            raise Refused(f"These images cannot be had: {', '.join(names)} ({why}).", next=NEXT)
    todo = [image for image in images if image not in none]
    to_build = []
    with Engine(engine.endpoint, PATIENCE) as patient:
        for image in todo:
            _go_on(cancel)
            if not store.find(image):
                to_build.append(image)
                continue
            report(image.key, "loads from the pack")
            store.load(patient.client.api, image)
            report(image.key, "ready", 1.0)
        if to_build:
            _build(patient, store, to_build, report, cancel)


def _go_on(cancel: Cancel) -> None:
    if cancel.cancelled:
        raise Cancelled("Getting the images was cancelled.", next="What was finished stays. Run it again.")


def _build(engine: Engine, store: Pack, images: list[CatalogueImage], report: Report, cancel: Cancel) -> None:
    """Build stand-ins, two at a time, ``debian`` first. An early end gives up all, a failure too."""
    base = catalogue()[BASE]
    if base not in images and not is_local(engine.client.api, base.reference):
        if store.find(base):
            store.load(engine.client.api, base)
        else:
            images = [base, *images]
    # Meanwhile, what needs no base; then the long ones, so that the last to finish is a short one.
    images = sorted(images, key=lambda image: (image != base, stands_on_base(image), -image.size_mb))
    with store.workplace() as work, Workshop(engine, work) as workshop:
        pool = ThreadPoolExecutor(BUILDS_AT_ONCE, thread_name_prefix="stand-in")
        try:
            base_built: Future[None] | None = None
            running: set[Future[None]] = set()
            for image in images:
                job = pool.submit(_stand_in, workshop, store, image, base_built, report)
                running.add(job)
                base_built = job if image == base else base_built
            while running:
                _go_on(cancel)
                done, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for job in done:
                    job.result()
        finally:
            workshop.stop()
            pool.shutdown(wait=True, cancel_futures=True)


def _stand_in(
    workshop: Workshop, store: Pack, image: CatalogueImage, base_built: Future[None] | None, report: Report
) -> None:
    """Build one stand-in, name it, and keep it in the pack."""
    if base_built and stands_on_base(image):
        base_built.result()
    base = catalogue()[BASE].reference
    with room(store.folder):
        made = workshop.build(image, base, partial(report, image.key))
        try:
            workshop.name(made, image.reference)
            report(image.key, "copies into the pack")
            store.add(workshop.api, image)
        except BaseException:
            workshop.drop(made)
            raise
    report(image.key, "ready, as a stand-in", 1.0)
