"""Pulling from a registry, after finding out quickly whether there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from docker.errors import APIError

if TYPE_CHECKING:
    from collections.abc import Callable

    from docker import APIClient

PATIENCE = 8.0  # seconds for the registry's first answer


def unreachable(api: APIClient, reference: str) -> str:
    """Why the engine cannot reach the registry of ``reference``; empty if it can.

    The engine asks, with its own mirrors and proxies. Even a refusal by the registry is an answer.
    """
    url = f"{api.base_url}/v{api.api_version}/distribution/{reference}/json"
    try:
        answer = api.get(url, timeout=PATIENCE)
    except requests.exceptions.RequestException:
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


def pull(api: APIClient, reference: str, progress: Callable[[str, float | None], None]) -> str:
    """Pull ``reference``; why it failed, or empty.

    Parameters
    ----------
    progress
        Told what happens and how far it is (0 to 1), over all layers.
    """
    layers = Layers()
    repository, _, tag = reference.rpartition(":")
    try:
        for event in api.pull(repository, tag=tag, stream=True, decode=True):
            if "error" in event:
                return str(event["error"])
            progress(*layers.after(event))
    except (APIError, requests.exceptions.RequestException) as error:
        return str(getattr(error, "explanation", "") or error)
    return ""


class Layers:
    """How far each layer is: bytes here and bytes in all, and which are ready."""

    def __init__(self) -> None:
        self._bytes: dict[str, tuple[int, int]] = {}
        self._ready: set[str] = set()

    def after(self, event: dict[str, Any]) -> tuple[str, float | None]:
        """What ``event`` says, and which part of all known layers is here."""
        detail = event.get("progressDetail") or {}
        layer, status = event.get("id", ""), event.get("status", "")
        if status == "Pulling fs layer":
            self._bytes[layer] = (0, 0)
        elif status == "Downloading" and detail.get("total"):
            self._bytes[layer] = (detail["current"], detail["total"])
        elif status == "Download complete" and layer in self._bytes:
            self._bytes[layer] = (self._bytes[layer][1], self._bytes[layer][1])
        elif status in {"Pull complete", "Already exists"}:
            self._bytes.setdefault(layer, (0, 0))
            self._ready.add(layer)
        total = sum(size for _, size in self._bytes.values())
        here = sum(here for here, _ in self._bytes.values())
        count = f" ({len(self._ready)} of {len(self._bytes)} layers ready)" if self._bytes else ""
        return f"{status} {layer}".strip() + count, here / total if total else None
