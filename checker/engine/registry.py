"""A registry, read through its HTTP API: tags, manifests and blobs, each verified by its digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import http
from .errors import Missing, ObjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TYPES = ", ".join(
    f"application/vnd.{name}+json"
    for name in (
        "oci.image.index.v1",
        "docker.distribution.manifest.list.v2",
        "oci.image.manifest.v1",
        "docker.distribution.manifest.v2",
    )
)
#: Bytes of a blob that are read at most.
LIMIT = 64 * 2**20


@dataclass(frozen=True)
class Manifest:
    """What joins a configuration and layers to an image, or several images to an index.

    Parameters
    ----------
    digest
        Computed from ``raw``; what the registry says of itself is not trusted.
    media_type
        Says whether it is one image's manifest or an index.
    raw
        The bytes.
    """

    digest: str
    media_type: str
    raw: bytes

    @property
    def data(self) -> dict[str, Any]:
        """The JSON object."""
        return dict(json.loads(self.raw))

    @property
    def config(self) -> str:
        """The configuration's digest; empty for an index."""
        return str(self.data.get("config", {}).get("digest", ""))

    @property
    def layers(self) -> tuple[str, ...]:
        """The packed layers' digests, the lowest first; none for an index."""
        return tuple(layer["digest"] for layer in self.data.get("layers", ()))

    @property
    def platforms(self) -> dict[str, str]:
        """An index's platforms, such as ``linux/arm64``, and their manifests' digests."""
        found = {}
        for one in self.data.get("manifests", ()):
            platform = one.get("platform") or {}
            name = "/".join(filter(None, (platform.get(key) for key in ("os", "architecture", "variant"))))
            if name and "unknown" not in name:  # the builder's attestations
                found[name] = one["digest"]
        return found


class Registry:
    """A registry without a password.

    Parameters
    ----------
    ask
        Sends a GET for a path with these headers.
    name
        For messages.
    """

    def __init__(self, ask: Callable[[str, Mapping[str, str]], http.Response], name: str) -> None:
        self._ask = ask
        self.name = name

    def repositories(self) -> list[str]:
        """Return the names of its repositories."""
        return list(self._json("/v2/_catalog").get("repositories") or ())

    def tags(self, repository: str) -> list[str]:
        """Return a repository's tags, sorted.

        Raises
        ------
        Missing
            If there is no such repository.
        """
        return sorted(self._json(f"/v2/{repository}/tags/list", "repository", repository).get("tags") or ())

    def manifest(self, repository: str, reference: str) -> Manifest:
        """Return the manifest of a tag or digest.

        Raises
        ------
        Missing
            If there is none.
        ObjectError
            ``digest-mismatch``, if it is not what a digest promises.
        """
        name = f"{repository}{'@' if ':' in reference else ':'}{reference}"
        answer = self._get(f"/v2/{repository}/manifests/{reference}", "manifest", name)
        digest = _digest(answer.body)
        if ":" in reference:
            self._verify(name, reference, digest)
        return Manifest(digest, answer.headers.get("content-type", ""), answer.body)

    def blob(self, repository: str, digest: str) -> bytes:
        """Return a blob; errors as :meth:`manifest`."""
        body = self._get(f"/v2/{repository}/blobs/{digest}", "blob", f"{repository}@{digest}").body
        self._verify(f"{repository}@{digest}", digest, _digest(body))
        return body

    def config(self, repository: str, reference: str) -> dict[str, Any]:
        """Return the configuration of the image that a tag or digest names."""
        return dict(json.loads(self.blob(repository, self.manifest(repository, reference).config)))

    def _json(self, path: str, noun: str = "registry", name: str = "") -> dict[str, Any]:
        return dict(json.loads(self._get(path, noun, name or self.name).body))

    def _get(self, path: str, noun: str, name: str) -> http.Response:
        answer = self._ask(path, {"Accept": _TYPES})
        if answer.status == 404:
            raise Missing(noun, name)
        if answer.status != 200:
            raise ObjectError(
                expected=f"{noun} {name} from the registry at {self.name}",
                actual=str(answer),
                reason="registry-refuses",
            )
        return answer

    def _verify(self, name: str, promised: str, digest: str) -> None:
        if digest != promised:
            raise ObjectError(expected=f"{name} to be what it says", actual=digest, reason="digest-mismatch")


def at(
    url: str, *, ask: Callable[[str, int, str, Mapping[str, str]], http.Response] | None = None
) -> Registry:
    """Open the registry at ``url``, such as ``http://127.0.0.1:5050``.

    Parameters
    ----------
    ask
        Asks a host, port and path; default: from this machine.
    """
    parts = urlsplit(url if "//" in url else f"http://{url}")
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    asked = ask or _from_here
    return Registry(lambda path, headers: asked(host, port, path, headers), f"{host}:{port}")


def _from_here(host: str, port: int, path: str, headers: Mapping[str, str]) -> http.Response:
    payload = http.request(host, port, path, headers=headers)
    return http.parse(http.from_here(host, port, payload, timeout=10, limit=LIMIT), host, port)


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
