"""Pulling from a registry, after finding out quickly whether there is one."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from docker import auth
from docker.errors import APIError, DockerException
from docker.types import CancellableStream
from docker.utils import parse_repository_tag
from requests.exceptions import RequestException

from checker.cancelling import NEVER, Cancelled
from checker.engine.waiting import ticks

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from docker import APIClient

    from checker.cancelling import Cancel

PATIENCE = 8.0  # seconds for the registry's first answer
_ON_ITS_WAY = 1.0  # seconds in which the engine may still name an image whose pull was ended


def unreachable(api: APIClient, reference: str) -> str:
    """Why the engine cannot reach the registry of ``reference``; empty if it can.

    The engine asks, with its own mirrors and proxies. Even a refusal by the registry is an answer.
    """
    url = f"{api.base_url}/v{api.api_version}/distribution/{reference}/json"
    try:
        answer = api.get(url, timeout=PATIENCE)
    except RequestException:
        return f"no answer within {PATIENCE:.0f} seconds"
    if answer.ok:
        return ""
    said = _message(answer)
    refused = answer.status_code in {401, 403, 404, 429} or "toomanyrequests" in said
    network = any(
        word in said.lower() for word in ("dial tcp", "lookup", "timeout", "no such host", "refused")
    )
    return "" if refused and not network else said


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError):
        return answer.text.strip() or f"status {answer.status_code}"


def pull(
    api: APIClient,
    reference: str,
    progress: Callable[[str, float | None], None],
    *,
    layers: Callable[[list[Layer]], None] = lambda _: None,
    cancel: Cancel = NEVER,
) -> str:
    """Pull ``reference``, which the engine does not have; why it failed, or empty.

    Parameters
    ----------
    progress
        Told what happens and how far it is (0 to 1), over all layers.
    layers
        Told how far each layer is, in the order of the image.
    cancel
        Ends it early: the engine drops what it has not finished, and no image appears.

    Raises
    ------
    Cancelled
        If it was ended early.
    """
    known = Layers()
    try:
        with _asked(api, reference) as answer:
            stream = CancellableStream(answer.iter_lines(), answer)
            cancel.on_cancel(partial(_hang_up, stream))
            for line in stream:
                event = json.loads(line) if line.strip() else {}
                if "error" in event:
                    return str(event["error"])
                progress(*known.after(event))
                layers(known.each())
    except (APIError, DockerException, RequestException, OSError, AttributeError, ValueError) as error:
        if not cancel.cancelled:  # else closing it under the reader's hands has brought it about
            return _why(error)
    except KeyboardInterrupt:
        _undo(api, reference)
        raise
    if cancel.cancelled:
        _undo(api, reference)
        raise Cancelled(f"The pull of {reference} was cancelled.", next="Pull it again when you want it.")
    return ""


def _asked(api: APIClient, reference: str) -> requests.Response:
    """Ask the engine to pull. The SDK's own way gives nothing that another thread can close."""
    repository, tag = parse_repository_tag(reference)
    registry, _ = auth.resolve_repository_name(repository)
    header = auth.get_config_header(api, registry)
    answer = api.post(
        f"{api.base_url}/v{api.api_version}/images/create",
        params={"fromImage": repository, "tag": tag or "latest"},
        headers={"X-Registry-Auth": header} if header else {},
        stream=True,
        timeout=None,
    )
    if not answer.ok:
        with answer:
            raise APIError(_message(answer))
    return answer


def _hang_up(stream: CancellableStream[Any]) -> None:
    with suppress(DockerException, OSError, AttributeError):  # it has ended; over ssh it cannot be closed
        stream.close()


def _undo(api: APIClient, reference: str) -> None:
    """Remove the image where the engine was quicker: it may name it when nobody listens any more."""
    for _ in ticks(_ON_ITS_WAY):
        with suppress(APIError, RequestException):
            api.remove_image(reference)


def _why(error: Exception) -> str:
    return str(getattr(error, "explanation", "") or error)


@dataclass(frozen=True)
class Layer:
    """How far one layer is.

    Parameters
    ----------
    id
        The beginning of its digest.
    state
        ``waiting``, ``downloading``, ``extracting``, ``ready``, or ``cached`` where the engine had it.
    here, size
        Bytes that were downloaded, and bytes in all; 0 while they are not known.
    """

    id: str
    state: str = "waiting"
    here: int = 0
    size: int = 0


#: What the engine says of a layer, and the state that it is then in.
_STATES = {
    "Pulling fs layer": "waiting",
    "Downloading": "downloading",
    "Verifying Checksum": "downloading",
    "Download complete": "extracting",
    "Extracting": "extracting",
    "Pull complete": "ready",
    "Already exists": "cached",
}


class Layers:
    """How far each layer is: bytes here and bytes in all, and which are ready."""

    def __init__(self) -> None:
        self._layers: dict[str, Layer] = {}

    def each(self) -> list[Layer]:
        """Return the layers, the lowest first."""
        return list(self._layers.values())

    def after(self, event: dict[str, Any]) -> tuple[str, float | None]:
        """What ``event`` says, and which part of all known layers is here."""
        detail = event.get("progressDetail") or {}
        layer, status = event.get("id", ""), event.get("status", "")
        if state := _STATES.get(status):
            now = replace(self._layers.get(layer, Layer(layer)), state=state)
            if status == "Downloading" and detail.get("total"):
                now = replace(now, here=detail["current"], size=detail["total"])
            elif status != "Pulling fs layer":
                now = now if state == "downloading" else replace(now, here=now.size)
            self._layers[layer] = now
        found = self.each()
        total = sum(one.size for one in found)
        ready = sum(one.state in {"ready", "cached"} for one in found)
        count = f" ({ready} of {len(found)} layers ready)" if found else ""
        here = sum(one.here for one in found)
        return f"{status} {layer}".strip() + count, here / total if total else None
