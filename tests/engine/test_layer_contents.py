"""What layers do to each other, from archives made here; the words of each builder."""

from __future__ import annotations

import io
import tarfile
from contextlib import ExitStack

import pytest

from checker.engine.layer_contents import LISTED, Changed, contents, instruction
from checker.engine.layers import Layer


def layer(files: dict[str, int], folders: tuple[str, ...] = ()) -> Layer:
    """A layer with these paths and sizes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in folders:
            made = tarfile.TarInfo(name)
            made.type = tarfile.DIRTYPE
            archive.addfile(made)
        for name, size in files.items():
            made = tarfile.TarInfo(name)
            made.size = size
            archive.addfile(made, io.BytesIO(bytes(size)))
    packed.seek(0)
    with ExitStack() as files_kept:
        opened = files_kept.enter_context(tarfile.open(fileobj=packed))
        files_kept.pop_all()
        return Layer("sha256:0", opened)


def test_what_a_later_layer_deletes_or_replaces_is_wasted_in_the_layer_that_holds_it() -> None:
    found = contents(
        [
            layer({"big": 1000, "dir/a": 10, "dir/b": 20, "dirt": 7}, ("dir",)),
            layer({".wh.big": 0, "dir/a": 11}),
            layer({".wh.dir": 0}),
        ]
    )
    assert [(one.added, one.changed, one.deleted) for one in found] == [(4, 0, 0), (0, 1, 1), (0, 0, 1)]
    assert [one.wasted for one in found] == [1000 + 10 + 20, 11, 0]
    assert [one.wasted_by for one in found] == [(2, 3), (3,), ()]
    assert [one.size for one in found] == [1037, 11, 0]
    assert found[1].files == (Changed("deleted", "/big", 1000), Changed("changed", "/dir/a", 11))
    assert found[2].files == (Changed("deleted", "/dir", 31),)


def test_an_emptied_folder_may_hold_new_files_of_the_same_layer() -> None:
    found = contents([layer({"d/old": 5, "d/kept": 3}), layer({"d/.wh..wh..opq": 0, "d/kept": 3})])
    assert found[0].wasted == 8
    assert found[1].added == 1
    assert found[1].wasted == 0


def test_what_changes_its_kind_hides_what_was_there() -> None:
    first = layer({"d/a": 10, "d/b/c": 5, "dirt": 3, "f": 2}, ("d", "d/b"))
    found = contents([first, layer({"d": 1, "f/new": 4}, ("f",))])
    assert (found[0].wasted, found[0].wasted_by) == (17, (2,))
    assert found[1].added == 2


def test_a_file_that_came_back_is_added_anew() -> None:
    found = contents([layer({"f": 5}), layer({".wh.f": 0}), layer({"f": 6})])
    assert [(one.added, one.changed, one.deleted) for one in found] == [(1, 0, 0), (0, 0, 1), (1, 0, 0)]
    assert [one.wasted for one in found] == [5, 0, 0]


def test_of_very_many_files_the_largest_are_listed() -> None:
    (found,) = contents([layer({f"f{size}": size for size in range(1000)})])
    assert found.added == 1000
    assert len(found.files) == LISTED
    assert found.files[0] == Changed("added", "/f999", 999)


@pytest.mark.parametrize(
    ("created_by", "said"),
    [
        ("RUN /bin/sh -c apt-get update && true # buildkit", "RUN apt-get update && true"),
        ("RUN |1 COLOUR=green /bin/sh -c echo $COLOUR # buildkit", "RUN echo $COLOUR"),
        ("|1 COLOUR=green /bin/sh -c echo $COLOUR", "RUN echo $COLOUR"),
        ("/bin/sh -c apk add  curl", "RUN apk add curl"),
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("/bin/sh -c #(nop) COPY dir:0123456789abcdef0123 in /app ", "COPY … /app"),
        ("COPY settings.txt /etc/settings.txt # buildkit", "COPY settings.txt /etc/settings.txt"),
        ("WORKDIR /app", "WORKDIR /app"),
        ("sh /build.sh", "(committed: sh /build.sh)"),
    ],
)
def test_the_words_of_each_builder_become_those_of_a_dockerfile(created_by: str, said: str) -> None:
    assert instruction(created_by) == said


def test_what_was_imported_has_no_instruction() -> None:
    assert instruction("", "Imported from -") == "(imported)"
    assert instruction("", "mine") == "(mine)"
