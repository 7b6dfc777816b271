"""An image as a file: saved and loaded it stays itself, exported and imported it becomes another one."""

import contextlib
import json
import re
import tarfile

from checker import Exercise, Failure, Hints, Owns
from checker.engine import events
from checker.engine.errors import ObjectError
from checker.engine.settings import when
from checker.errors import EngineFault
from checker.lab import Lab

_IMAGE, _FLAT = "c03-kiosk:1.0", "c03-kiosk:flat"
_FILE = "kiosk.tar"
_NOTE = "delivery.txt"
_AT_ONCE = 10**9  # nanoseconds in which the engine tells that it has given a name

exercise = Exercise(
    "03-images/ship-without-a-registry",
    title="Ship it without a registry",
    minutes=15,
    core=False,
    objectives=["Carry an image as a file, and get the same image back", "Say what export and import lose"],
    images=["busybox"],
    owns=Owns(images=[_IMAGE, _FLAT], containers=["c03-kiosk"]),
    edits=["*.tar"],
    skills=["image.save-load", "image.layers"],
    docs=["docker image save", "docker image load", "docker container export", "docker image import"],
    hints=Hints(
        "Two pairs of commands write and read tar files. One pair is for images, the other for a container's files.",
        "`docker image save` and `docker image load` belong together. `docker container export` and "
        "`docker image import` do, too. Each of them can write to a file or read from one.",
        "Save the image under its name. Remove it, load the file, and compare the id with delivery.txt. "
        "Then create the container c03-kiosk, export it, import that file as `c03-kiosk:flat`, "
        "and inspect both images: RootFS and Config.",
        when={
            "never-left": "delivery.txt says when the image got its name. A load after a removal leaves another time there.",
            "export-not-save": "`tar -tf kiosk.tar` lists what is in the file. Is there a manifest.json?",
            "saved-without-a-name": "What stood after `save`: a name, or an id? Only a name is written into the file.",
            "same-image": "`docker image tag` makes no other image. Where do a container's files come from?",
            "lost": "Compare what stands below Config in `docker image inspect` of both images.",
        },
    ),
    passed="A saved image holds layers, configuration and name, so it comes back as itself. "
    "An exported container is a folder of files, and import knows nothing but these files.",
    timeout=30,
)


def _greeting(lab: Lab) -> str:
    return f"welcome to floor {lab.seeded('floor')}"


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Build the image with some layers, and note which image it is and when it got its name."""
    rooms = [f"RUN echo room {number} >> rooms" for number in range(1, 2 + seed % 4)]
    lines = [
        f"FROM {lab.reference('busybox')}", "ENV KIOSK_FLOOR=2", "WORKDIR /kiosk", "COPY greeting .", *rooms,
        'CMD ["cat", "greeting"]',
    ]  # fmt: skip
    lab.scene.image(_IMAGE, {"Dockerfile": "\n".join(lines) + "\n", "greeting": f"{_greeting(lab)}\n"})
    image = lab.image(_IMAGE)
    note = f"image: {_IMAGE}\nid: {image.id}\nnamed at: {_named_at(image)}\n"
    (lab.folder / _NOTE).write_text(note, encoding="utf-8")


def _named_at(image):
    """Return when the engine gave the image its name. An image that was removed and loaded has another time."""
    return str((image.attrs.get("Metadata") or {}).get("LastTagTime", ""))


def _only_renamed(lab, image, noted):
    """Say whether the image has got and lost names since then, and a load has not brought its name back.

    The engine remembers its last events only. Where it has forgotten the first one, that it gave the image
    its name, nothing is known.
    """
    if when(_named_at(image)) is None:  # nobody has given it a name since it was loaded
        return False
    try:
        since = events.moment(lab.engine, noted)
    except EngineFault:  # no time stamp: a note that somebody has changed
        return False
    naming = events.follow(
        lab.engine,
        since=since,
        until=events.now(lab.engine),
        actions=["tag", "untag", "load"],
        kinds=["image"],
    )
    told = list(naming)
    if not told or told[0].nanoseconds - since > _AT_ONCE:
        return False
    actions = [one.action for one in told]
    return "untag" not in actions or "load" not in actions[actions.index("untag") :]


def _noted(lab):
    lines = (line.partition(": ") for line in lab.text(_NOTE).splitlines())
    note = {key: value for key, _, value in lines}
    if not {"id", "named at"} <= note.keys():
        lab.fail(
            expected=f"the image's id and time in {_NOTE}, as at the start",
            actual="a text without them",
            reason="note-changed",
            why="They are what the image is compared with.",
            next="Press Reset: it brings the image, and writes the file anew.",
        )
    return note


@exercise.check(points=2, observes=True)
def came_back(lab):
    "c03-kiosk:1.0 was removed, and is the same image again"
    note = _noted(lab)
    image = lab.image(
        _IMAGE,
        reason="not-loaded",
        why="The image has left the engine and has not come back.",
        next="Which command reads what `docker image save` has written?",
    )
    if image.id != note["id"]:
        lab.fail(
            expected=f"{_IMAGE} with the id in {_NOTE}",
            actual=f"another image of that name, with {len(image.diff_ids)} layers"
            + ("" if image.command else " and no command"),
            reason="other-image",
            why="`docker image import` makes a new image from files. Layers, settings and id are not the old ones.",
            next="Press Reset. `save` and `load` belong together.",
        )
    same_time = _named_at(image) == note["named at"]
    if same_time or _only_renamed(lab, image, note["named at"]):
        lab.fail(
            expected=f"{_IMAGE} to have been away",
            actual="it bears its name without a break since it was delivered"
            if same_time
            else "only its names have changed since it was delivered, and the image was never away",
            reason="never-left",
            why="Whether a file can bring an image back shows only where the image is not there any more.",
            next="Save it first. Then remove it, and load the file.",
        )
    return image


@exercise.check(points=1, observes=True)
def archive(lab, came_back):
    "kiosk.tar holds this image, under its name"
    path = lab.file(_FILE)
    try:
        with tarfile.open(path) as saved:
            names = saved.getnames()
            if "manifest.json" not in names:
                lab.fail(
                    expected=f"an image with its layers in {_FILE}",
                    actual="the files of one container, such as "
                    + ", ".join(name for name in names if name.count("/") == 1)[:40],
                    reason="export-not-save",
                    why="`docker container export` writes what a container sees. Layers and settings are not in it.",
                    next="Which command writes an image, and not a container?",
                )
            entries = json.loads(saved.extractfile("manifest.json").read())
            configs = [json.loads(saved.extractfile(one["Config"]).read()) for one in entries]
            held = [(one, config["rootfs"]["diff_ids"]) for one, config in zip(entries, configs, strict=True)]
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError, AttributeError, TypeError) as error:
        lab.fail(
            expected=f"a saved image in {_FILE}",
            actual=f"a file that cannot be read: {type(error).__name__}",
            reason="not-an-archive",
            next="`docker image save --output kiosk.tar …` writes it.",
        )
    same = [one for one, layers in held if layers == list(came_back.diff_ids)]
    if not same:
        lab.fail(expected=f"{_IMAGE} in {_FILE}", actual="another image", reason="other-archive")
    if not any(
        str(tag).removeprefix("docker.io/library/") == _IMAGE
        for one in same
        for tag in one.get("RepoTags") or ()
    ):
        lab.fail(
            expected=f"{_FILE} to bring the name {_IMAGE} along",
            actual="an image without a name",
            reason="saved-without-a-name",
            why="Saved by its id, an image comes back as `<none>`. Whoever loads it must know what it is.",
            next="Save it once more. What do you call the image there?",
        )


@exercise.check(points=1, observes=True)
def flat(lab):
    "c03-kiosk:flat was imported from the files of a container"
    image = lab.image(
        _FLAT,
        reason="no-flat-image",
        why="Only with both at hand can you compare what each way keeps.",
        next="Export a container of c03-kiosk:1.0, and import that file under this name.",
    )
    if len(image.diff_ids) != 1:
        lab.fail(
            expected=f"{_FLAT} with all files in one layer, as import makes it",
            actual=f"{len(image.diff_ids)} layers",
            reason="same-image",
            why="This image has layers of its own history. A tag, a commit and a load keep them. An import cannot.",
            next="Export a container into a file, and import the file.",
        )
    if image.command or image.entrypoint or image.env or image.workdir != "/":
        lab.fail(
            expected=f"{_FLAT} as the import makes it, with nothing added",
            actual="settings beside the files, such as a command or an environment",
            reason="settings-added",
            why="`--change` can write settings by hand. Then they are yours, and not what the file has brought.",
            next="Import the file once more, without options.",
        )
    with contextlib.suppress(Failure, ObjectError):
        if lab.saved(image).layers[0].read("/kiosk/greeting") == f"{_greeting(lab)}\n".encode():
            return image
    return lab.fail(
        expected=f"the files of {_IMAGE} in {_FLAT}",
        actual="no /kiosk/greeting, or another text in it",
        reason="other-files",
        why="What is compared must come from the same image.",
        next=f"From which image is the container made that you have exported? It has to be {_IMAGE}.",
    )


@exercise.check(points=1, observes=True)
def counted(lab, came_back, flat):
    "How many layers each of the two images has"
    for key, image in (("layers_loaded", came_back), ("layers_imported", flat)):
        value, right = lab.answer(key), len(image.diff_ids)
        number = re.search(r"\d{1,9}", str(value))
        if not number or int(number[0]) != right:
            lab.fail(
                expected=f"as {key} the number of layers of the image that you have",
                actual=f"`{str(value)[:40]}`",
                reason="miscounted",
                why="A load brings every layer back. An import packs what one container sees into one layer. "
                "A layer is a digest below RootFS, and not a row of the history.",
                next="`docker image inspect` lists the digests below RootFS, Layers. Count them.",
            )


#: What the two ways may keep or lose: the word, and other words for it.
_SETTINGS = {
    "command": r"\bcommand\b|\bcmd\b",
    "environment": r"\benv\w*",
    "working directory": r"work\w*[ _-]*dir\w*|\bdirectory\b",
    "files": r"\bfiles?\b",
}


@exercise.check(points=1, observes=True)
def lost(lab, flat):
    "What the import has lost"
    value = lab.answer("lost")
    if isinstance(value, dict):
        value = [key for key, gone in value.items() if gone]
    text = str(value).lower()
    named = [word for word, others in _SETTINGS.items() if re.search(others, text)]
    missing = [word for word in _SETTINGS if word != "files" and word not in named]
    if "files" in named or missing:
        lab.fail(
            expected="all that c03-kiosk:1.0 has and c03-kiosk:flat has not, and nothing else",
            actual=f"`{text[:60]}`, "
            + (f"without the {missing[0]}" if missing else "with the files among it"),
            reason="lost",
            why="An image is more than its files: its configuration says how a container starts. "
            "A container's files do not hold it, so export cannot write it down and import cannot know it."
            if missing
            else "Files are the one thing that export and import do carry.",
            next="Compare Config of both images. `docker run --rm c03-kiosk:flat` shows one of the losses at once.",
        )
