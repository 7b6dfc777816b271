"""A release: tags are moved to another image, and every image keeps a name."""

import re

from checker import Exercise, Failure, Hints, Owns
from checker.engine.probe import labels
from checker.lab import Lab

_SHOP = "c03-shop"
_RELEASES = ("1.0", "1.1", "2.0", "2.0-rc")
_NEW = "2.0"
_LABEL = "shop.release"

exercise = Exercise(
    "03-images/tags-are-pointers",
    title="A release moves a tag",
    minutes=10,
    objectives=[
        "Move a tag to another image, and keep the way back",
        "Say which names stand for the same image",
    ],
    images=["busybox"],
    owns=Owns(images=[f"{_SHOP}:{tag}" for tag in (*_RELEASES, "stable", "latest", "previous")]),
    skills=["tag.move", "tag.pointers"],
    docs=["docker image tag", "docker image ls", "docker image inspect"],
    hints=Hints(
        "`docker image ls c03-shop` shows a row for each tag. Compare the column IMAGE ID: "
        "rows with the same id are the same image.",
        "`docker image tag FROM TO` reads from left to right: TO becomes one more name of the image that FROM names. "
        "If TO was a name of another image, it is taken from that one.",
        "Give the old image its name for the way back first. Only then move `stable`. "
        "A name without a tag means `:latest`, and nobody moves that one but you.",
        when={
            "moved-too-early": "`previous` and `stable` are the same image now. "
            "Which release did `stable` name before? The history of your cell or of your terminal, or Reset, tells.",
            "latest-stays": "`latest` is a tag like any other. It names what somebody has tagged so.",
            "other-image": "Moving a tag makes no image. Compare the ids of `stable` and `2.0`.",
            "release-changed": "Which side of `docker image tag` is the one that changes? Reset brings the tags back.",
            "tags-counted": "Count ids, not rows.",
        },
    ),
    passed="No byte was copied: a tag is a name that points to an image. "
    "The old image kept a name, so the way back is one more move.",
    timeout=30,
)

_DOCKERFILE = """FROM {base}
COPY release /release
LABEL {label}="{text}"
CMD ["cat", "/release"]
"""


def _text(lab: Lab, release: str) -> str:
    return f"shop {release} {lab.seeded(release)}"


def _before(seed: int) -> dict[str, str]:
    """Say which releases the moving tags name at first, and what the candidate was made from."""
    one, other = ("1.0", "1.1") if seed % 2 else ("1.1", "1.0")
    return {"stable": one, "latest": other, "2.0-rc": "2.0" if seed // 2 % 2 else "2.0-rc"}


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Build the releases. Whether the candidate is the release itself differs with each start."""
    built = {}
    for release in dict.fromkeys(_before(seed).get(one, one) for one in _RELEASES):
        text = _text(lab, release)
        dockerfile = _DOCKERFILE.format(base=lab.reference("busybox"), label=_LABEL, text=text)
        files = {"Dockerfile": dockerfile, "release": f"{text}\n"}
        built[release] = lab.scene.image(f"{_SHOP}:{release}", files)
    for tag, release in _before(seed).items():
        lab.engine.client.api.tag(built[release].id, _SHOP, tag)


def _labels(lab, release):
    """Return the labels that the scene gives: a build on top of it may change nothing but these."""
    return labels(lab.exercise.id, "scene", f"{_SHOP}:{release}") | {_LABEL: _text(lab, release)}


def _image(lab, tag):
    """Return the image that a tag names, or None."""
    try:
        return lab.image(f"{_SHOP}:{tag}")
    except Failure:
        return None


def _named(lab, image):
    """Say in words which image this is."""
    if image is None:
        return "no image of that name"
    for release in _RELEASES:
        if (other := _image(lab, release)) and other.id == image.id:
            return f"it names the image of {release}"
    return f"it names another image, {image.id[7:19]}"


@exercise.check(points=0, observes=True)
def releases(lab):
    "Every release still bears its own tag"
    base = lab.image("busybox")
    for tag in _RELEASES:
        image, release = _image(lab, tag), _before(lab.seed).get(tag, tag)
        as_built = (
            image
            and image.labels == base.labels | _labels(lab, release)
            and image.builds_on(base)
            and len(image.diff_ids) == len(base.diff_ids) + 1
            and len(image.history()) == len(base.history()) + 3  # COPY, LABEL, CMD
        )
        if not as_built or image.id != lab.image(f"{_SHOP}:{release}").id:
            lab.fail(
                expected=f"{_SHOP}:{tag} to name the image of release {tag}",
                actual="it names another image" if image else "no image of that name",
                reason="release-changed",
                why="A release keeps its number for good: whoever reads 2.0 in a report must get 2.0. "
                "`docker image tag FROM TO` changes the name on the right.",
                next="Press Reset. Then look which name has to stay, and which one moves.",
            )
    return {tag: lab.image(f"{_SHOP}:{tag}").id for tag in _RELEASES}


@exercise.check(points=2, observes=True)
def stable(lab, releases):
    "c03-shop:stable names the image of 2.0"
    image = _image(lab, "stable")
    if image and image.id == releases[_NEW]:
        return
    copied = image and image.id not in releases.values()
    lab.fail(
        expected=f"{_SHOP}:stable to name the image of {_NEW}",
        actual=_named(lab, image),
        reason="other-image" if copied else "not-moved",
        why=f"What was tested is the image of {_NEW}, byte for byte. A second image is not the tested one, "
        "even where it looks the same."
        if copied
        else "The machines of operations run whatever `stable` names.",
        next="Compare the column IMAGE ID of both tags. A tag can be given to an image that is there.",
    )


@exercise.check(points=1, observes=True)
def previous(lab, releases):
    "c03-shop:previous names the image that stable named before"
    old, image = _before(lab.seed)["stable"], _image(lab, "previous")
    if image and image.id == releases[old]:
        return
    early = image and image.id == releases[_NEW]
    lab.fail(
        expected=f"{_SHOP}:previous to name the image that was `stable` this morning",
        actual=_named(lab, image),
        reason="moved-too-early" if early else "no-way-back",
        why="A tag follows the image, not another tag. When `previous` was set, `stable` had moved already, "
        "and nothing remembers what it named."
        if early
        else "If the new release fails, operations go back with this one name. They will not look for numbers.",
        next="Which release did `stable` name at the start? Reset shows it again.",
    )


@exercise.check(points=1, observes=True)
def untagged(lab, releases):
    "c03-shop without a tag is 2.0 as well"
    image = _image(lab, "latest")
    if not image or image.id != releases[_NEW]:
        lab.fail(
            expected=f"`docker run {_SHOP}` to start {_NEW}",
            actual=f"without a tag, {_SHOP}:latest is meant, and " + _named(lab, image),
            reason="latest-stays",
            why="`latest` does not mean the newest. It is the tag that is taken where none is given. "
            "It names the image that somebody gave it to last.",
            next="A machine in the shop window still runs `c03-shop` without a tag. Which tag has to move for it?",
        )


@exercise.check(points=1, observes=True)
def counted(lab, releases):
    "How many images all these tags name together"
    value = lab.answer("images")
    listed = lab.engine.client.api.images(name=_SHOP)
    tags = [tag for one in listed for tag in one.get("RepoTags") or ()]
    number = _number(value)
    if number == len(listed):
        return
    lab.fail(
        expected="the number of different images that the tags of c03-shop name",
        actual=f"`{str(value)[:40]}`" + (", which is the number of tags" if number == len(tags) else ""),
        reason="tags-counted" if number == len(tags) else "miscounted",
        why="Two tags are not two copies. A tag is a name, and an image may have many. "
        "Only a different id is another image, and only another image takes space.",
        next="`docker image ls c03-shop` shows an id in each row. How many different ones are there?",
    )


_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _number(value):
    text = str(value).strip().lower()
    found = re.search(r"\b\d{1,9}\b", text)  # a whole word: not the digits of c03-shop
    return (
        int(found[0]) if found else next((n for n, word in enumerate(_WORDS) if word in text.split()), None)
    )
