"""Two containers of one image: each holds a note of its own, and the image holds neither."""

from pathlib import PurePosixPath

from checker import Exercise, Hints, Owns
from checker.engine.container import Container
from checker.engine.errors import ObjectError
from checker.lab import Lab

_DESKS = ("east", "west")
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "indigo", "lotus")
_LOOKED_AT = 20  # files of a desk that are read in search of the other one's word

exercise = Exercise(
    "01-concepts/one-image-two-containers",
    title="Two desks from one image",
    minutes=10,
    objectives=[
        "Make several containers from one image",
        "Show what a container has changed against its image",
        "Say why the image stays as it is",
    ],
    images=["busybox"],
    owns=Owns(containers=["c01-desk-east", "c01-desk-west"], images=["c01-desk:1.0"]),
    skills=["image.and-container", "layer.diff"],
    docs=["docker container run", "docker container diff", "About storage drivers"],
    hints=Hints(
        "Three gaps are left out: an image, a word and a container. "
        "`docker ps --all` lists your containers, each with the image that it was made from.",
        "Both runs name the same image. After `exec` stands the container in which the command runs. "
        "What is written there lands in the writable layer of this one container.",
        "Compare the line above with the line below it: the second desk is made like the first one. "
        "Then write the word for west from words.txt into /west.txt, inside c01-desk-west. `docker diff` shows both.",
        when={
            "no-desk": "Was there an error under your cell? A name belongs to one container at a time. "
            "`docker rm --force c01-desk-west` frees it, and Reset removes both desks.",
            "two-images": "`docker inspect NAME` shows under Image the id of the image. Compare both desks. "
            "Which image does the task name?",
            "image-changed": "The image was never written to by a container. How was this image made, and from what?",
            "no-note": "`docker exec c01-desk-east ls /` lists what is there. "
            "The path behind the `>` begins with a slash.",
            "other-word": "words.txt lies beside this notebook. Each desk has its own line there.",
            "not-in-the-layer": "`docker inspect NAME` shows under Mounts what was laid over the container's own files. "
            "A mount is shared, or lives elsewhere. The task needs neither.",
            "both-notes": "Each command runs in the one container that stands behind `exec`. "
            "`docker exec NAME rm FILE` takes away what is too much.",
        },
    ),
    passed="Both desks began with the same image. Each note went into the writable layer of its own container. "
    "The image is only read, so the next container of it begins as these two did.",
    timeout=30,
)


def _path(desk: str) -> str:
    return f"/{desk}.txt"


def _words(lab: Lab) -> dict[str, str]:
    """Return the word for each desk: other ones for each start."""
    numbers = {desk: int(lab.seeded(desk), 16) for desk in _DESKS}
    first = numbers["east"] % len(_WORDS)
    second = (first + 1 + numbers["west"] % (len(_WORDS) - 1)) % len(_WORDS)
    return {
        desk: f"{_WORDS[word]}-{numbers[desk] // 100 % 900 + 100}"
        for desk, word in zip(_DESKS, (first, second), strict=True)
    }


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Lay the words for both desks beside the notebook."""
    del seed
    lines = "".join(f"{desk} {word}\n" for desk, word in _words(lab).items())
    (lab.folder / "words.txt").write_text(lines, encoding="utf-8")


def _read(container: Container, path: str) -> str | None:
    """Return the text of a file as the container holds it; None where there is none."""
    try:
        return container.read_file(path).decode(errors="replace").strip()
    except ObjectError:
        return None


def _added(container: Container) -> set[str]:
    return {change.path for change in container.changes() if change.kind != "deleted"}


@exercise.check(points=0, observes=True)
def desks(lab):
    "Two containers are there, named c01-desk-east and c01-desk-west"
    return {
        desk: lab.container(
            f"c01-desk-{desk}",
            reason="no-desk",
            why="Each colleague finds her desk by its name. A run that fails makes no container, "
            "and `--rm` removes one as soon as its program ends.",
            next="`docker ps --all` lists all containers. Read what stands under your cell, then run the missing one.",
        )
        for desk in _DESKS
    }


@exercise.check(points=1, observes=True)
def one_image(lab, desks):
    "Both were made from one image, busybox:1.37"
    for desk in desks.values():
        if not lab.image(desk.image_id).builds_on(lab.image("busybox")):
            lab.fail(
                expected=f"{desk.name} to be made from {lab.reference('busybox')}",
                actual=f"it was made from {desk.image}",
                reason="two-images",
                why="The image decides which programs and files a container begins with.",
                next="Remove this desk, and run it again from the image in the task.",
            )
    east, west = desks.values()
    if east.image_id != west.image_id:
        lab.fail(
            expected="two desks with the same image id",
            actual=f"c01-desk-east from {east.image}, and c01-desk-west from {west.image}, another image",
            reason="two-images",
            why="One image serves any number of containers. It needs no copy and no image of its own for each.",
            next="Remove one desk, and run it again from the image of the other one.",
        )


@exercise.check(points=2, observes=True)
def own_word(lab, desks):
    "Each desk holds its own word: /east.txt in one, /west.txt in the other"
    for desk, container in desks.items():
        note, word = _read(container, _path(desk)), _words(lab)[desk]
        if note is None:
            elsewhere = [one.name for one in desks.values() if _read(one, _path(desk)) is not None]
            lab.fail(
                expected=f"the word for {desk} in {_path(desk)} of {container.name}",
                actual=f"no such file there; {elsewhere[0]} has one" if elsewhere else "no such file",
                reason="no-note",
                why="What is written in a container stays in this one. It changes neither the image nor another container of it."
                if elsewhere
                else "The colleague reads her word there. A file on your own machine is not a file in the container.",
                next=f"Which container stands behind `exec`, and which path behind the `>`? `docker diff {container.name}` shows what was written.",
            )
        if word not in note:
            lab.fail(
                expected=f"{word} in {_path(desk)} of {container.name}",
                actual=f"`{note[:60]}`" if note else "an empty file",
                reason="other-word",
                why="words.txt has one line for each desk.",
                next=f"Write the word behind {desk} into {_path(desk)} of {container.name}.",
            )


@exercise.check(points=2, observes=True)
def in_its_layer(lab, desks, own_word):
    "`docker diff` shows each word in the writable layer of its own container"
    for desk, container in desks.items():
        path = _path(desk)
        mount = container.mount_of(PurePosixPath(path))
        if not mount and path in _added(container):
            continue
        where = f"; a mount at {mount.destination} brings it" if mount else ""
        lab.fail(
            expected=f"{path} in the writable layer of {container.name}",
            actual=f"it is not a part of that layer{where}",
            reason="not-in-the-layer",
            why="The diff is what this container has changed against its image. "
            "What the image holds, or a mount brings, is no change of the container's.",
            next="Run the desk again from the plain image, without a mount, and write the word then.",
        )


def _astray(container: Container, other: str, word: str) -> str:
    """Say what a desk holds of the other one; empty where it holds nothing."""
    if _read(container, _path(other)) is not None:
        return f"the file {_path(other)}"
    for path in sorted(_added(container))[:_LOOKED_AT]:
        if word in (_read(container, path) or ""):
            return f"the other desk's word, in {path}"
    return ""


@exercise.check(points=1, observes=True)
def nothing_of_the_other(lab, desks, own_word):
    "Neither desk holds anything of the other one"
    for desk, other in zip(_DESKS, reversed(_DESKS), strict=True):
        found = _astray(desks[desk], other, _words(lab)[other])
        if found:
            lab.fail(
                expected=f"nothing of the {other} desk in c01-desk-{desk}",
                actual=found,
                reason="both-notes",
                why="What is written in one container does not appear in another one of the same image. "
                "A command, a mount or the image has brought it here.",
                next=f"Take it away from c01-desk-{desk}: one word for each desk.",
            )


@exercise.check(points=1)
def image_as_it_was(lab, desks, one_image, own_word):
    "A new container of this image holds neither word"
    words = _words(lab)
    fresh = lab.run(
        desks["east"].image_id, "-c", 'cat "$@" 2>/dev/null; exit 0', "sh", *map(_path, _DESKS), entrypoint=["sh"]
    )  # fmt: skip
    # A command or a variable of the image would bring a word as well.
    settings = str(lab.image(desks["east"].image_id).attrs.get("Config"))
    found = [desk for desk in _DESKS if words[desk] in fresh.stdout + settings]
    if found:
        lab.fail(
            expected="an image without your words, as it was before",
            actual=f"a new container of {desks['east'].image} begins with the word for {found[0]}",
            reason="image-changed",
            why="Writing in a container never changes its image. "
            "This image was made with the word in it, so every desk made from it has that word.",
            next="Run both desks from the image that the task names. Write the words afterwards.",
        )
    plain = lab.image("busybox")
    if lab.image(desks["east"].image_id).diff_ids != plain.diff_ids:
        lab.fail(
            expected=f"both desks from {lab.reference('busybox')} itself, without anything added",
            actual=f"{desks['east'].image} has more layers than this image",
            reason="image-changed",
            why="Whatever these layers hold was written when the image was made. Every desk made from it begins with it.",
            next="Run both desks from the image that the task names. Write the words afterwards.",
        )
