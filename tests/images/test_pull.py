"""Pulls from a real registry: layer by layer, to the end or ended early."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pushed import LAYERS, pushed

from checker.cancelling import Cancelled
from checker.engine.waiting import ticks
from checker.images.pack import is_local
from checker.images.pull import Layer, pull
from checker.ui.tell import Tell

from .conftest import silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def reference(engine: Engine) -> Iterator[str]:
    with pushed(engine, 60) as there:
        yield there


def test_a_cancelled_pull_leaves_no_image_and_the_next_one_gets_it(engine: Engine, reference: str) -> None:
    api, tell = engine.client.api, Tell(lambda *_, **__: None)

    def cancel(layers: list[Layer]) -> None:
        if any(one.state == "downloading" for one in layers):
            tell.cancel()

    with pytest.raises(Cancelled) as caught:
        pull(api, reference, silent, layers=cancel, cancel=tell)
    assert reference in caught.value.message
    for _ in ticks(1):  # nor does it appear later
        assert not is_local(api, reference)
    tell.cancel()  # pressed again, after the end

    told: list[list[Layer]] = []
    assert pull(api, reference, silent, layers=told.append) == ""
    try:
        assert [one.state for one in told[-1]] == ["ready"] * LAYERS
        sizes = {one.size for layers in told for one in layers if one.here not in {0, one.size}}
        assert max(sizes) > 60 << 20
        assert is_local(api, reference)
    finally:
        api.remove_image(reference)


def test_ctrl_c_does_the_same(engine: Engine, reference: str) -> None:
    def press(layers: list[Layer]) -> None:
        if any(one.state == "downloading" for one in layers):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(engine.client.api, reference, silent, layers=press)
    assert not is_local(engine.client.api, reference)


def test_what_is_cancelled_before_it_begins_pulls_nothing(engine: Engine, reference: str) -> None:
    tell = Tell(lambda *_, **__: None)
    tell.cancel()
    with pytest.raises(Cancelled):
        pull(engine.client.api, reference, silent, cancel=tell)
    assert not is_local(engine.client.api, reference)


def test_a_tag_that_the_registry_does_not_have(engine: Engine, reference: str) -> None:
    assert "not found" in pull(engine.client.api, f"{reference}-other", silent)
