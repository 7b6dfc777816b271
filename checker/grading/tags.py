"""The images' names in a sandbox, before an answer ran and after: what it renamed, the checks do not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docker.errors import ImageNotFound
from docker.utils import parse_repository_tag

from checker.engine.errors import asking
from checker.engine.probe import IMAGE

if TYPE_CHECKING:
    from checker.engine.connect import Engine


class Tags:
    """Which image each name meant before the answer ran."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._before = self._now()
        with asking(engine):
            self._probe = b"".join(engine.client.api.get_image(IMAGE))

    def restore(self) -> bool:
        """Let names that mean another image now mean what they did, and have the probes' image there.

        True where a name did mean another one: an engine also ends some work whose client was cut off.
        """
        now = self._now()
        changed = {name: image for name, image in self._before.items() if now.get(name, image) != image}
        with asking(self._engine):
            for name, image in changed.items():
                self._tag(name, image)
            if now.get(IMAGE) != self._before[IMAGE]:
                self._engine.client.api.load_image(self._probe)  # type: ignore[no-untyped-call]
                self._tag(IMAGE, self._before[IMAGE])
        return bool(changed)

    def _tag(self, name: str, image: str) -> None:
        repository, tag = parse_repository_tag(name)
        try:
            self._engine.client.api.tag(image, repository, tag, force=True)
        except ImageNotFound:  # it was removed after all; a check that needs it says so
            self._engine.client.api.remove_image(name, force=True)

    def _now(self) -> dict[str, str]:
        with asking(self._engine):
            listed = self._engine.client.api.images()
        return {tag: str(one["Id"]) for one in listed for tag in one.get("RepoTags") or ()}
