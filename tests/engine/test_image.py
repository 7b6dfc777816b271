"""Images as they are configured."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest
from made import BUSYBOX, Made, making, wait_for

from checker.engine import image
from checker.engine.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.engine.connect import Engine

pytestmark = pytest.mark.engine


@pytest.fixture
def made(engine: Engine) -> Iterator[Made]:
    with making(engine) as maker:
        yield maker


def imported(made: Made, *changes: str) -> str:
    """An image with one file and these instructions."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    tag = made.tag()
    made.engine.client.api.import_image(
        src=buffer.getvalue(), repository=tag.partition(":")[0], tag="1", changes=list(changes)
    )
    return str(tag)


def test_its_configuration(engine: Engine, made: Made) -> None:
    tag = imported(
        made, 'ENTRYPOINT ["/x","-v"]', "CMD echo hi", "ENV A=b=c", "USER 00", "WORKDIR /srv",
        "EXPOSE 80 53/udp",
        "VOLUME /data", "LABEL k=v", "STOPSIGNAL SIGQUIT", "HEALTHCHECK CMD true",
    )  # fmt: skip
    found = image.find(engine, tag)
    assert found.tags == (tag,)
    assert found.entrypoint == ("/x", "-v")
    assert found.command == ("/bin/sh", "-c", "echo hi")
    assert found.env["A"] == "b=c"
    assert (found.user, found.workdir, found.stop_signal) == ("00", "/srv", "SIGQUIT")
    assert found.exposed == {"80/tcp", "53/udp"}
    assert found.volumes == {"/data"}
    assert found.labels == {"k": "v"}
    assert found.healthcheck == ("CMD-SHELL", "true")
    assert found.platform.startswith("linux/")
    assert len(found.diff_ids) == 1
    assert len(found.history()) == 1


def test_an_image_builds_on_another_one(engine: Engine, made: Made) -> None:
    tag = made.tag()
    base = made.container("touch", "/new")
    wait_for(lambda: base.refresh().ended)
    engine.client.api.commit(base.id, tag.partition(":")[0], "1")
    found, busybox = image.find(engine, tag), image.find(engine, BUSYBOX)
    assert found.builds_on(busybox)
    assert busybox.builds_on(busybox)
    assert not busybox.builds_on(found)
    assert not image.find(engine, imported(made)).builds_on(busybox)


def test_defaults(engine: Engine, made: Made) -> None:
    found = image.find(engine, imported(made, "HEALTHCHECK NONE"))
    assert (found.entrypoint, found.command, found.user, found.workdir) == ((), (), "", "/")
    assert (found.healthcheck, found.stop_signal, found.env) == ((), "SIGTERM", {})


def test_a_moved_tag_leaves_the_old_image_dangling(engine: Engine, made: Made) -> None:
    tag = imported(made)
    old = image.find(engine, tag)
    engine.client.api.tag(image.find(engine, BUSYBOX).id, tag.partition(":")[0], "1", force=True)
    try:
        assert image.find(engine, tag).id == image.find(engine, BUSYBOX).id != old.id
        assert image.find(engine, old.id).tags == ()
    finally:
        engine.client.api.remove_image(old.id)


def test_a_missing_image_and_the_beginning_of_an_id(engine: Engine) -> None:
    whole = image.find(engine, BUSYBOX)
    assert image.find(engine, whole.id.removeprefix("sha256:")[:12]).id == whole.id
    for wrong in ("busybox:no-such-tag", "no-such-image", whole.id.removeprefix("sha256:")[:4]):
        with pytest.raises(Missing):
            image.find(engine, wrong)
