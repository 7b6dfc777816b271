"""What is on an engine, to compare before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import asking
from .scene import Held

if TYPE_CHECKING:
    from .connect import Engine


def inventory(engine: Engine) -> frozenset[Held]:
    """List all containers, tagged images, networks and volumes."""
    with asking(engine):
        api = engine.client.api
        containers: list[dict[str, Any]] = api.containers(all=True)
        networks: list[dict[str, Any]] = api.networks()
        volumes: list[dict[str, Any]] = api.volumes().get("Volumes") or []
        images: list[dict[str, Any]] = api.images()
    return frozenset(
        [
            *(
                Held("container", (one["Names"] or ["/?"])[0].removeprefix("/"), one["Id"])
                for one in containers
            ),
            *(Held("network", one["Name"], one["Id"]) for one in networks),
            *(Held("volume", one["Name"], f"{one['Name']}@{one.get('CreatedAt', '')}") for one in volumes),
            *(Held("image", tag, one["Id"]) for one in images for tag in one.get("RepoTags") or ()),
        ]
    )
