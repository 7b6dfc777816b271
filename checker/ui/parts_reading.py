"""Reads what an image is put together of: from a registry on loopback, else from the engine."""

from __future__ import annotations

import json
import re
from contextlib import closing
from typing import TYPE_CHECKING, Any

from checker.engine import image as images
from checker.engine.connect import Engine, connect
from checker.engine.errors import Missing, NoAnswer, ObjectError, asking
from checker.engine.layer_contents import instruction
from checker.engine.parts import InRegistry, Parts, Piece, parts, platform_of, saved
from checker.engine.registry import at
from checker.errors import Refused
from checker.lab.reach import Reach

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.course import Course
    from checker.engine.http import Response
    from checker.engine.registry import Registry

    from .tell import Tell

_PATIENCE = 300.0  # seconds for the engine's next bytes of a saved image
_STEP = 20_000_000  # bytes between two words on how far it is
_LETTERS = 20_000  # of a JSON text that is shown
_IN_REGISTRY = re.compile(
    r"(?P<host>127\.0\.0\.1|localhost):(?P<port>\d{1,5})/(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>\w[\w.-]{0,127}))?",
    re.ASCII,
)
_AT_ENGINE = re.compile(r"[a-z0-9][a-z0-9._/:-]*(?::\w[\w.-]*)?(?:@sha256:[0-9a-f]{64})?", re.ASCII)
_MADE_UP = (
    "The engine's own store keeps no manifest. It makes one up at saving, and the layers are not packed."
)


def image_parts(course: Course, tell: Tell, name: str) -> None:
    """Tell what an image is put together of.

    Raises
    ------
    CourseError
        If there is no such image, or no registry that answers.
    """
    del course
    with connect() as engine:
        if found := _IN_REGISTRY.fullmatch(name):
            _from_registry(engine, tell, found)
        elif _AT_ENGINE.fullmatch(name):
            _from_engine(engine, tell, name)
        else:
            raise Refused(
                f"{name} is not a name that an image can have.",
                next="Write it as `name:tag`, in small letters: `busybox:1.37`.",
            )


def _from_registry(engine: Engine, tell: Tell, name: re.Match[str]) -> None:
    host, port, repository = name["host"], int(name["port"]), name["repository"]
    reference = name["digest"] or name["tag"] or "latest"
    with asking(engine):
        version = engine.client.version()

    def ask(host: str, port: int, path: str, headers: Mapping[str, str]) -> Response:
        return reach.published(host, port, path, headers=headers, timeout=10)

    with closing(Reach(engine, "parts")) as reach:
        registry = at(f"http://{host}:{port}", ask=ask)
        try:
            top = _top(registry, repository, reference)
            platform = f"{version['Os']}/{version['Arch']}"
            found = parts(InRegistry(registry, repository), top, platform, lambda: _go_on(tell))
        except NoAnswer as error:
            raise Refused(
                f"No registry answers at {registry.name}: {error.actual}.",
                next="`docker ps` shows whether its container runs, and at which port.",
            ) from error
        except ObjectError as error:
            further = error.next or "Push the image once more. `docker logs` shows what the registry says."
            raise Refused(error.message, next=further) from error
    kind = "digest" if name["digest"] else "tag"
    _tell(tell, (kind, reference), found, f"Read from the registry at {registry.name}, over HTTP.")


def _top(registry: Registry, repository: str, reference: str) -> dict[str, Any]:
    """Return the descriptor of what a tag or digest leads to; where that is nothing, say what is there."""
    try:
        top = registry.manifest(repository, reference)
        return {"digest": top.digest, "mediaType": top.media_type, "size": len(top.raw)}
    except Missing as error:
        raise _unknown(registry, repository, reference) from error


def _unknown(registry: Registry, repository: str, reference: str) -> Refused:
    try:
        tags = registry.tags(repository)
    except Missing:
        tags = []
    if tags:
        return Refused(
            f"The registry at {registry.name} has no {reference} in {repository}. It has: {', '.join(tags)}.",
            next="Name one of these, or push this one first.",
        )
    return Refused(
        f"The registry at {registry.name} has no repository {repository}.",
        next=f"`docker push {registry.name}/{repository}:{reference}` sends an image there.",
    )


def _from_engine(quick: Engine, tell: Tell, name: str) -> None:
    image = images.find(quick, name)
    said = 0

    def each(size: int) -> None:
        nonlocal said
        _go_on(tell)
        if size - said >= _STEP:
            said = size
            tell("says", line=f"Reading {name}: {size / 1e6:.0f} MB so far.")

    with Engine(quick.endpoint, _PATIENCE) as engine, saved(engine, image, each) as archive:
        tops = archive.tops()
        top = next((one for one in tops if one["digest"] == image.id), tops[0])
        found = parts(archive, top, image.platform, lambda: _go_on(tell))
    note = "Read from the engine, as `docker save` writes it."
    # In the engine's own store, an id is a configuration's digest: there is no manifest that it could be of.
    note += f" {_MADE_UP}" if image.id == found.config.digest else ""
    short = name.partition("/")[2] if "/" in name else name
    by_tag = ":" in short and "@" not in short
    _tell(tell, ("tag", short.rpartition(":")[2]) if by_tag else ("name", name), found, note)


def _go_on(tell: Tell) -> None:
    if tell.cancelled:
        raise Refused("Reading the image was ended early.", next="Run the cell again.")


def _tell(tell: Tell, name: tuple[str, str], found: Parts, note: str) -> None:
    config = found.config.data
    made = _history(config, len(found.layers))
    tell(
        "parts",
        start={"kind": name[0], "text": name[1]},
        note=note,
        index=_index(found),
        manifest=_piece(found.manifest),
        config={**_piece(found.config), "facts": _facts(config, made)},
        layers=[
            {
                **_piece(layer.packed),
                "json": _json(layer.descriptor),
                "diff_id": layer.diff_id,
                "unpacked_right": layer.right,
                "line": line,
                "instruction": said,
            }
            for layer, (line, said) in zip(found.layers, made, strict=True)
        ],
    )


def _index(found: Parts) -> dict[str, Any] | None:
    if found.index is None:
        return None
    entries = found.index.data["manifests"]
    return {
        **_piece(found.index),
        "platforms": [
            {
                "name": platform_of(one),
                "digest": one["digest"],
                "chosen": one["digest"] == found.manifest.digest,
            }
            for one in entries
            if platform_of(one)
        ],
        "notes": sum(1 for one in entries if not platform_of(one)),
    }


def _piece(piece: Piece) -> dict[str, Any]:
    return {
        "digest": piece.digest,
        "media": piece.media_type,
        "size": piece.size,
        "right": piece.right,
        "json": _json(piece.data) if piece.data else "",
    }


def _json(data: dict[str, Any]) -> str:
    text = json.dumps(data, indent=2, ensure_ascii=False)
    return text if len(text) <= _LETTERS else f"{text[:_LETTERS]}\n… and more"


def _history(config: dict[str, Any], layers: int) -> list[tuple[int, str]]:
    """Return of each layer the history's line that made it."""
    history = [one for one in config.get("history") or () if isinstance(one, dict)]
    made = [
        (number, instruction(one.get("created_by") or "", one.get("comment") or ""))
        for number, one in enumerate(history, 1)
        if not one.get("empty_layer")
    ]
    if len(made) > layers:  # a history that does not fit tells nothing
        made = []
    return [(0, "")] * (layers - len(made)) + made


def _facts(config: dict[str, Any], made: list[tuple[int, str]]) -> list[tuple[str, str]]:
    """Return what the configuration says, in words."""
    runs = config.get("config") or {}

    def shown(key: str) -> str:
        value = runs.get(key)
        return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value or "")

    platform = "/".join(filter(None, (config.get(key) for key in ("os", "architecture", "variant"))))
    facts = [
        ("entrypoint", shown("Entrypoint") or "none"),
        ("command", shown("Cmd") or "none"),
        ("environment", " ".join(runs.get("Env") or ()) or "none"),
        ("user", shown("User") or "none named: root"),
        ("platform", platform or "not named"),
        ("history", _told(len(config.get("history") or ()), sum(1 for number, _ in made if number))),
    ]
    return facts if config else []


def _told(lines: int, made: int) -> str:
    if not lines:
        return "none"
    return f"{lines} {'line' if lines == 1 else 'lines'}; {made} of them made a layer"
