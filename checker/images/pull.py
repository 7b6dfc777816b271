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
    layers: dict[str, tuple[int, int]] = {}
    repository, _, tag = reference.rpartition(":")
    try:
        for event in api.pull(repository, tag=tag, stream=True, decode=True):
            if "error" in event:
                return str(event["error"])
            progress(*_step(event, layers))
    except (APIError, requests.exceptions.RequestException) as error:
        return str(getattr(error, "explanation", "") or error)
    return ""


def _step(event: dict[str, Any], layers: dict[str, tuple[int, int]]) -> tuple[str, float | None]:
    """One event in words, and the part of all known layers that is here."""
    detail = event.get("progressDetail") or {}
    layer, status = event.get("id", ""), event.get("status", "")
    if status == "Downloading" and detail.get("total"):
        layers[layer] = (detail["current"], detail["total"])
    elif status in {"Download complete", "Pull complete"} and layer in layers:
        layers[layer] = (layers[layer][1], layers[layer][1])
    total = sum(size for _, size in layers.values())
    fraction = sum(here for here, _ in layers.values()) / total if total else None
    return f"{status} {layer}".strip(), fraction
