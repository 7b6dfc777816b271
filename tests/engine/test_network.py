"""Networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from made import Made, making

from checker.engine import network
from checker.engine.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    with making(engine) as maker:
        yield maker


def test_a_network_and_who_is_in_it(engine: Engine, made: Made) -> None:
    name = made.network(internal=True, labels={"k": "v"})
    one, stopped = made.container("sleep", "300", network=name), made.container(start=False, network=name)
    found = network.find(engine, name)
    assert (found.name, found.driver, found.internal, found.user_defined) == (name, "bridge", True, True)
    assert found.labels == {"k": "v"}
    assert found.subnets
    assert [member.name for member in found.members] == [one.name]
    assert found.members[0].ip == one.networks[name].ip
    assert stopped.name not in str(found.members)


def test_only_the_exact_name_is_found(engine: Engine, made: Made) -> None:
    name = made.network()
    whole = network.find(engine, name)
    for wrong in (name[:-1], whole.id[:6], "no-such-network"):
        with pytest.raises(Missing):
            network.find(engine, wrong)
    assert not network.find(engine, "bridge").user_defined
