"""``stages(built)``: the stages of a build as a graph, and what reaches the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.errors import Refused

from .picture import Picture
from .told import Text, table_text
from .widgets import css, esm

if TYPE_CHECKING:
    from .long_work import Built, Step

_LENT = "lent to a RUN"
_HEAD = ("stage", "begins with", "what becomes of it")


class StagesPicture(Picture):
    """The picture of a build's stages.

    Parameters
    ----------
    built
        What ``build_image`` has returned.
    """

    _esm = esm("picture.js", "stage_picture.js")
    _css = css("picture.css", "stage_picture.css")

    def __init__(self, built: Built) -> None:
        drawn = graph(built)
        view = {"say": sentence(built.image, drawn), "image": built.image, **drawn}
        super().__init__(view, text=f"The stages of the build of {built.image}, and what reaches the image.")

    def table(self) -> Text:
        """Return the stages, and what becomes of each."""
        rows = [(node["name"], node["base"], fate(self.view, node)) for node in self.view["nodes"]]
        return table_text(_HEAD, rows)


def stages(built: Built) -> StagesPicture:
    """Return a picture of a build's stages as a graph, and of what reaches the image.

    Parameters
    ----------
    built
        What ``build_image`` has returned.

    Raises
    ------
    Refused
        If the Dockerfile has no stage that can be read.

    Examples
    --------
    >>> stages(build_image("app", tag="c05-app:1"))  # doctest: +SKIP
    The stages of the build of c05-app:1, and what reaches the image.
    """
    if not built.stages:
        raise Refused("No FROM is found in the Dockerfile.", next="Build a Dockerfile with a stage.")
    return StagesPicture(built)


def graph(built: Built) -> dict[str, Any]:
    """Return the stages as ``nodes`` and what leads from one to another as ``edges``.

    A node has ``name``, ``base``, ``steps`` and ``role``: ``image``, ``used``, ``left out``, ``other image``.
    An edge goes from ``source`` to ``target``; ``kind`` is ``base`` or ``files``, ``what`` says which files.
    """
    bases = dict(built.stages)
    final = built.target.lower() or built.stages[-1][0]
    edges = [
        {"source": base.lower(), "target": name, "kind": "base", "what": "all files and settings"}
        for name, base in built.stages
        if base.lower() in bases
    ]
    alone = built.stages[0][0]  # the builder does not name the only stage
    for step in built.steps:
        edges += [
            {"source": source, "target": step.stage or alone, "kind": "files", "what": carried(step)}
            for source in step.sources
        ]
    needed = _needed(final, edges)
    steps = [step for step in built.steps if not step.instruction.upper().startswith("FROM ")]
    nodes = [
        {
            "name": name,
            "base": base,
            "role": "image" if name == final else "used" if name in needed else "left out",
            "steps": [step.instruction for step in steps if (step.stage or alone) == name],
        }
        for name, base in built.stages
    ]
    edges = [edge for edge in edges if edge["target"] in needed]
    outside = dict.fromkeys(edge["source"] for edge in edges if edge["source"] not in bases)
    nodes += [{"name": name, "base": "", "role": "other image", "steps": []} for name in outside]
    return {"nodes": nodes, "edges": edges}


def _needed(final: str, edges: list[dict[str, str]]) -> set[str]:
    """Return the stages that the last one needs, itself among them."""
    needed, pending = set[str](), [final]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += [edge["source"] for edge in edges if edge["target"] == name]
    return needed


def carried(step: Step) -> str:
    """Return what a step takes from another stage: the paths of a COPY; of a RUN, that it is only lent."""
    words = step.instruction.split()
    if words[0].upper() not in {"COPY", "ADD"}:
        return _LENT
    return " ".join(word for word in words[1:-1] if not word.startswith("--")) or step.instruction


def fate(view: dict[str, Any], node: dict[str, Any]) -> str:
    """Say what becomes of a stage."""
    if node["role"] == "image":
        return "it is the image"
    if node["role"] == "left out":
        return "not built: the image does not need it"
    given = [
        f"{edge['target']} begins with it"
        if edge["kind"] == "base"
        else f"gives {edge['what']} to {edge['target']}"
        for edge in view["edges"]
        if edge["source"] == node["name"]
    ]
    return "; ".join(given)


def sentence(image: str, drawn: dict[str, Any]) -> str:
    """Return what reaches the image, in a sentence or two."""
    final = next((node for node in drawn["nodes"] if node["role"] == "image"), None)
    if final is None:
        return f"{image} was built from a stage that the Dockerfile does not name."
    files = [
        edge
        for edge in drawn["edges"]
        if edge["target"] == final["name"] and edge["kind"] == "files" and edge["what"] != _LENT
    ]
    taken = " and ".join(f"{edge['what']} from {edge['source']}" for edge in files)
    first = f"{image} is the stage {final['name']}, on {final['base']}. " + (
        f"Of other stages it takes {taken}." if taken else "It takes no files of other stages."
    )
    left = [node["name"] for node in drawn["nodes"] if node["role"] == "left out"]
    return f"{first} Not built: {', '.join(left)}." if left else first
