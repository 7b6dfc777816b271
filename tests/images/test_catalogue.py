from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from checker.errors import UsageError
from checker.images.catalogue import HERE, catalogue, choose
from checker.images.recipe import Recipe, stands_on_base

if TYPE_CHECKING:
    from pathlib import Path

    from checker.images.catalogue import CatalogueImage

NEEDED = [
    *("busybox", "debian", "python", "python-build", "nginx", "redis", "postgres"),
    *("node", "go", "registry", "docker", "alpine"),
]


def test_holds_every_image_of_the_course() -> None:
    assert set(NEEDED) <= set(catalogue())


@pytest.mark.parametrize("image", catalogue().values(), ids=lambda image: image.key)
def test_every_reference_is_pinned_and_explained(image: CatalogueImage) -> None:
    _, _, tag = image.reference.rpartition(":")
    assert any(letter.isdigit() for letter in tag) or "trixie" in tag
    assert image.why
    assert image.size_mb > 0
    assert image.chapters
    assert image.optional or image.recipe


def test_references_differ() -> None:
    references = [image.reference for image in catalogue().values()]
    assert len(set(references)) == len(references)


def test_every_file_of_the_recipes_is_used() -> None:
    used = {"install.sh"}
    for image in catalogue().values():
        if image.recipe:
            fields = tomllib.loads(image.recipe.read_text(encoding="utf-8"))
            used |= {image.recipe.name, f"{image.key}.sh", *fields.get("files", {}).values()}
    assert used == {path.name for path in (HERE / "recipes").iterdir()}


def test_choose() -> None:
    assert [image.key for image in choose(["redis", "busybox"])] == ["busybox", "redis"]
    assert choose() == list(catalogue().values())
    assert {"busybox", "nginx", "python", "debian"} <= {image.key for image in choose(chapter="02")}
    assert choose(chapter="2") == choose(chapter="02-running-containers")


@pytest.mark.parametrize("wrong", [{"keys": ["nginx", "apache"]}, {"chapter": "42"}])
def test_choose_refuses_what_is_not_there(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as error:
        choose(**wrong)
    assert error.value.next


def test_only_the_two_that_begin_with_nothing_have_no_base() -> None:
    without = [key for key, image in catalogue().items() if image.recipe and not stands_on_base(image)]
    assert without == ["busybox", "debian"]


def test_changes_name_the_version_and_the_stand_in(tmp_path: Path) -> None:
    recipe = Recipe.read(HERE / "recipes" / "redis.toml")
    changes = recipe.changes(
        [tmp_path / "libc6_2.41-1_amd64.deb", tmp_path / "redis-server_5%3a8.0.2-3_amd64.deb"]
    )
    assert "ENV REDIS_VERSION=8.0.2" in changes
    assert changes[-1] == "LABEL docker-course.stand-in=redis"
