"""Makes objects for the tests of the engine's nouns: unique names, removed whatever happens."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from checker.engine import container
from checker.engine.waiting import ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.engine.connect import Engine
    from checker.engine.container import Container

BUSYBOX = "busybox:1.37"


class Made:
    """Makes containers, networks, volumes and names, and removes what it made."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.images: list[str] = []
        self._undo: list[Callable[[], Any]] = []

    def name(self) -> str:
        return f"t-noun-{secrets.token_hex(5)}"

    def container(
        self, *command: str, start: bool = True, image: str = BUSYBOX, name: str = "", **options: Any
    ) -> Container:
        made = self.engine.client.containers.create(image, list(command), name=name or self.name(), **options)
        self._undo.append(lambda: made.remove(force=True, v=True))
        if start:
            made.start()
        return container.find(self.engine, made.id or "")

    def network(self, **options: Any) -> str:
        made = self.engine.client.networks.create(self.name(), **options)
        self._undo.append(made.remove)
        return str(made.name)

    def volume(self, **options: Any) -> str:
        made = self.engine.client.volumes.create(self.name(), **options)
        self._undo.append(made.remove)
        return str(made.name)

    def tag(self) -> str:
        """A tag that is removed in the end, whoever makes it."""
        tag = f"{self.name()}:1"
        self._undo.append(lambda: self.engine.client.api.remove_image(tag, force=True))
        return tag

    def close(self) -> None:
        while self._undo:
            try:
                self._undo.pop()()
            except Exception as error:
                if getattr(error, "status_code", None) != 404:
                    raise


@contextmanager
def making(engine: Engine) -> Iterator[Made]:
    """Remove everything in the end."""
    maker = Made(engine)
    try:
        yield maker
    finally:
        maker.close()


def wait_for(condition: Callable[[], Any], within: float = 20.0) -> Any:
    """Return what ``condition`` says once it is true."""
    for _ in ticks(within):
        if value := condition():
            return value
    pytest.fail("what the test waits for did not come about")
