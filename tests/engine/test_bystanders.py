"""Somebody else's objects, made for a trial."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from docker.errors import NotFound

from checker.engine.bystanders import namesake

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine

NOUNS = ["container", "network", "volume", "image"]


def remove(engine: Engine, noun: str, name: str) -> None:
    api = engine.client.api
    removing: dict[str, Callable[[str], object]] = {
        "container": api.remove_container,
        "network": api.remove_network,
        "volume": api.remove_volume,
        "image": api.remove_image,
    }
    removing[noun](name)


@pytest.mark.parametrize(("noun", "end"), [*((noun, "") for noun in NOUNS), ("image", ":1")])
def test_it_is_there_until_the_block_ends_and_a_change_is_seen(engine: Engine, noun: str, end: str) -> None:
    name = f"test-somebody-{secrets.token_hex(4)}{end}"
    with namesake(engine, noun, name) as other:
        assert other.changed() == []
        remove(engine, noun, name)
        assert other.changed() == [f"{noun} {name}"]

    with namesake(engine, noun, name) as other:
        assert other.changed() == []
    with pytest.raises(NotFound):
        remove(engine, noun, name)


@pytest.mark.parametrize("noun", NOUNS)
def test_what_a_killed_run_has_left_is_removed_first(engine: Engine, noun: str) -> None:
    name = f"test-somebody-{secrets.token_hex(4)}"
    with namesake(engine, noun, name) as killed, namesake(engine, noun, name) as other:
        assert other.changed() == []
        if noun != "volume":  # a volume has no id, and may be born in the same second
            assert killed.changed() == [f"{noun} {name}"]


def test_what_was_not_made_for_a_trial_stays(engine: Engine) -> None:
    name = f"test-somebody-{secrets.token_hex(4)}"
    mine = engine.client.volumes.create(name)
    try:
        with namesake(engine, "volume", name):
            pass
        mine.reload()
    finally:
        mine.remove()
