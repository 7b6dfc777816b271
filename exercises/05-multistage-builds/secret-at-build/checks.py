"""A token that one step of a build needs, and that neither the image nor the builder keeps."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from checker import Exercise, Hints, Owns
from checker.engine.build import Build
from checker.engine.errors import BuildFailed
from checker.engine.image import Image
from checker.lab import Lab

exercise = Exercise(
    "05-multistage-builds/secret-at-build",
    title="A secret for the build alone",
    minutes=15,
    core=False,
    objectives=["Hand a secret to one step of a build", "Say where else in an image a secret can be found"],
    images=["busybox", "debian"],
    owns=Owns(images=["c05-till-activated"]),
    answer="files",
    edits=["Dockerfile", ".dockerignore"],
    skills=["build.secret"],
    docs=["Build secrets", "Dockerfile reference", "docker buildx build"],
    hints=Hints(
        "One RUN needs the token, and nothing else does. "
        "`docker image history --no-trunc c05-till-activated` shows what the image tells about its making.",
        "A RUN can have mounts: directories and files that are there while it runs, and that belong to no layer. "
        "One type of mount is made for secrets. Its file is under /run/secrets, under the secret's id.",
        "Four lines of the Dockerfile become one. It begins with `RUN --mount=`, names the type and the id, "
        "and gives activate.sh the path of the secret's file. Take the ARG away.",
        when={
            "no-secret": "The id of the secret is in the task. Without a secret of that id, the mount is empty. "
            "Which path does your RUN read?",
            "other-token": "From where does your RUN take the token? The task names the only right way.",
            "in-history": "Which instruction of your Dockerfile takes a value from `--build-arg`?",
            "in-environment": "Each container of the image has this variable. Which instruction puts it there?",
            "in-a-layer": "A file that a RUN writes is in that RUN's layer. Later instructions only add layers. "
            "Can activate.sh read the token where the mount has put it?",
            "in-a-stage": "The files of all stages stay on the builder. Which RUN of an earlier stage writes the token down?",
            "on-the-builder": "A cache mount stays on the builder for later builds, of other people too.",
            "in-the-log": "What a RUN prints is in the build's log. Many people can read the logs of a pipeline.",
        },
    ),
    passed="One RUN saw the token in a file that was mounted for it. The file belongs to no layer, "
    "and no instruction holds the token's text.",
    timeout=60,
)

_IN_A_CACHE = "/in-a-cache-mount"
_FOR_NUMBER = re.compile(r"^stage-(?=\d+$)")  # how the builder calls a stage without a name
_ADDS = re.compile(r"\s*(RUN|COPY|ADD)\s", re.IGNORECASE)
#: Looks for TOKEN in the files of this hour, outside of the kernel's own, and copies one that holds it.
_LOOK = (
    r"find / \( -path /proc -o -path /sys \) -prune -o -type f -mmin -60 "
    rf"-exec grep -qF TOKEN {{}} \; -exec cp {{}} {_IN_A_CACHE} \;"
)


@dataclass(frozen=True)
class Built:
    """What was built, without the cache: a changed secret does not make the builder run a step again."""

    build: Build
    args: dict[str, str]
    tokens: dict[str, str]


@exercise.check(points=0)
def image(lab):
    "The Dockerfile builds an image, with a secret of the id token"
    tokens = {
        "the secret": f"t-{lab.nonce()}",
        "the build argument": f"old-{lab.nonce()}",
        "token.txt": "practice-token-4711",
    }
    secrets, args = {"token": tokens["the secret"]}, {"TOKEN": tokens["the build argument"]}
    try:
        return Built(lab.build(secrets=secrets, args=args, cache=False), args, tokens)
    except BuildFailed as failure:
        said = " ".join((failure.actual, *failure.lines))
        if "there is no token in" in said or ("secret " in said and ": not found" in said):
            _fail_without_secret(lab, failure)
        raise


@exercise.check(points=2)
def told(lab, image):
    "Neither the history nor the environment of the image holds a token"
    for token in image.tokens.values():
        where = _told_in(image.build.image, token)
        if where:
            lab.fail(
                expected="an image that tells no token",
                actual=f"the token that was handed in stands in its {where}",
                reason=f"in-{where}",
                why="ARG is no secret: the history shows its value for each RUN behind it. "
                "ENV keeps it for every container. Everybody who has the image can read both.",
                next="Look at the image with `docker image history --no-trunc` and `docker image inspect`.",
            )


@exercise.check(points=2)
def used(lab, image):
    "A container of it prints the receipt for the secret"
    ran = lab.run(image.build.image)
    said = ran.stdout.strip()
    at_start = "there is no token" in ran.stderr
    receipts = {_receipt(token): way for way, token in image.tokens.items()}
    lab.expect(
        receipts.get(said),
        "the secret",
        expected_text="the receipt for the token that the build got as a secret",
        actual_text=f"the receipt for the token of {receipts[said]}"
        if said in receipts
        else repr(said or ran.stderr.strip()),
        reason="other-token",
        why="A secret of the build is there while one RUN runs. A container of the image does not get it."
        if at_start
        else "The argument TOKEN is the old way: its value is known to the history of a stage, and to the builder. "
        "token.txt is for practice. Only the secret has the token that counts.",
        next="Activate the till while its image is built, and keep the receipt."
        if at_start
        else "Which kind of mount does a RUN need for a secret, and under which path is it then?",
    )


@exercise.check(points=2)
def layers(lab, image, used):
    "No layer of it holds a token"
    saved = lab.saved(image.build.image)
    for token in image.tokens.values():
        named = [path for layer in saved.layers for path in layer.entries if token in path]
        holding = [path for form in _forms(token) for _, path in saved.search(form.encode())]
        for path in named + holding:
            gone = "" if saved.visible(path) else "; a later layer only hides it"
            lab.fail(
                expected="layers without a token",
                actual=f"a token in {path} of one layer{gone}",
                reason="in-a-layer",
                why="Every file that a COPY or RUN leaves is in its layer, and is pulled with the image.",
                next="Which instruction writes or copies this file? Can you do without the file?",
            )


@exercise.check(points=1)
def left_behind(lab, image, layers):
    "The build leaves the token neither in its log nor for a later build"
    token = image.tokens["the secret"]
    if token in image.build.log:
        lab.fail(
            expected="a build that does not print the token",
            actual="the token in its log",
            reason="in-the-log",
            why="Logs are kept, and many people can read them.",
            next="Which command of a RUN prints it?",
        )
    for path in _kept(lab, image.build, image.args, token):
        cache = path == _IN_A_CACHE
        lab.fail(
            expected="a later build that is given no secret to find none",
            actual=f"the token in {'a cache mount' if cache else f'{path}, a file of an earlier stage'}",
            reason="on-the-builder" if cache else "in-a-stage",
            why="A cache mount outlives the build. Any later build on this engine can mount it, and read the token."
            if cache
            else "The builder keeps the files of each stage. Any later build on this engine can copy them.",
            next="Read the secret where its own mount has put it. Keep no copy.",
        )


def _fail_without_secret(lab: Lab, failure: BuildFailed) -> NoReturn:
    """Fail in the words of this exercise: the builder's own name neither the mount nor its id."""
    lab.fail(
        expected="the step that needs the token to find it",
        actual=failure.actual,
        reason="no-secret",
        why="A secret is there for a RUN that mounts it by its id, and for no other RUN. This build has one secret, token.",
        next="Compare the id in your mount, and the path that this step reads. Is the mount at this RUN?",
    )


def _receipt(token: str) -> str:
    return f"receipt {hashlib.sha256(token.encode()).hexdigest()[:16]}"


def _forms(token: str) -> tuple[str, str]:
    """Return the token, and how it begins in base64, which everybody can undo."""
    return token, base64.b64encode(token.encode()).decode()[: len(token) // 3 * 4]


def _told_in(image: Image, token: str) -> str:
    if any(token in setting for setting in image.env.values()):
        return "environment"
    rest = [step.created_by for step in image.history()], image.labels, image.entrypoint, image.command
    return "history" if token in json.dumps(rest) else ""


def _kept(lab: Lab, build: Build, args: dict[str, str], token: str) -> list[str]:
    """Return where a build that is given no secret finds the token: in an earlier stage, or in a cache mount.

    It uses the cache: without it, the builder would run the stages anew, and empty its cache mounts.
    """
    runs = [step for step in build.steps if step.instruction.startswith("RUN ")]
    flags = [[word for word in run.instruction.split() if word.startswith("--mount=")] for run in runs]
    caches = {" ".join(mount for mount in mounts if "type=cache" in mount) for mounts in flags} - {""}
    stages = {_FOR_NUMBER.sub("", run.stage) for run in runs} - {""}
    text = lab.text("Dockerfile")
    found = []
    if caches | stages:
        look = [f"RUN {mounts} {_LOOK.replace('TOKEN', token)} || true" for mounts in sorted(caches)]
        found = _found_by(lab, text, [*look, *map(_copy_of, sorted(stages))], args, token)
    for beginning, stage in _halfway(text):
        found = found or _found_by(lab, beginning, [_copy_of(str(stage))], args, token)
    return found


def _found_by(lab: Lab, text: str, lines: list[str], args: dict[str, str], token: str) -> list[str]:
    """Return where the token is in what ``lines`` bring into a stage of their own, behind ``text``."""
    with TemporaryDirectory() as place:
        dockerfile = Path(place, "Dockerfile")  # beside the folder: a COPY of all of it is still in the cache
        dockerfile.write_text("\n".join([text, f"FROM {lab.reference('busybox')}", *lines]), encoding="utf-8")
        try:
            again = lab.build(dockerfile=dockerfile, args=args)
        except BuildFailed:  # it was not in the cache, or its text ends inside an instruction
            return []
    return [path for form in _forms(token) for _, path in lab.saved(again.image).search(form.encode())]


def _copy_of(stage: str) -> str:
    return f"COPY --from={stage} / /{stage}/"


def _halfway(text: str) -> Iterator[tuple[str, int]]:
    """Yield beginnings of a Dockerfile that end where a stage adds another layer to one that had a secret.

    The layer below may hold what this one deletes. With each comes the stage's number.
    """
    lines, stage, secret = text.splitlines(), -1, False
    for number, line in enumerate(lines):
        if line.upper().lstrip().startswith("FROM "):
            stage, secret = stage + 1, False
        if secret and _ADDS.match(line):
            yield "\n".join(lines[:number]), stage
        secret = secret or "type=secret" in line
