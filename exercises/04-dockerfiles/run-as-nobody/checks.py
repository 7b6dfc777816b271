"""A program that runs as root, until its image names another user and gives it the place of its data."""

import re
from typing import NoReturn

from checker import Exercise, Hints, Owns
from checker.engine.container import Container
from checker.engine.errors import BuildFailed, ObjectError
from checker.engine.image import Image
from checker.lab import Lab

exercise = Exercise(
    "04-dockerfiles/run-as-nobody",
    title="Not as root",
    minutes=15,
    core=False,
    objectives=["Let an image run as another user than root", "Give that user the place of its data"],
    images=["debian"],
    owns=Owns(images=["c04-visits"], volumes=["c04-visits"]),
    answer="files",
    edits=["Dockerfile"],
    skills=["user.not-root", "user.owns-volume"],
    docs=[
        "Dockerfile reference: USER",
        "Volumes: Populate a volume using a container",
        "Building best practices: USER",
    ],
    hints=Hints(
        "Two things are needed: another user, and a place that this user may write. Look at who owns /data in your image.",
        "A new volume takes over the owner of the folder that the image has at its place. "
        "Only root can give a folder away, so the order of the steps matters.",
        "While the steps are still root's: make /data, and give it to the user. Then VOLUME, then USER, then CMD.",
        when={
            "build-failed": "After USER, each step runs as that user. Which step needs root?",
            "no-such-user": "Who is in the image's list of users? `docker run --rm --user 0 IMAGE cat /etc/passwd` shows it.",
            "root": "The kernel knows numbers only. `docker run --rm IMAGE id -u` shows the number of your user.",
            "no-write": "`docker run --rm IMAGE ls -ld /data` shows the owner. Which step makes /data, and who owns it then?",
            "lost-visits": "What does your image do with /data before it runs visits.sh?",
            "for-everybody": "Instead of opening the folder to everybody, give it to the one user.",
        },
    ),
    passed="The program runs as a user who owns its data and nothing else. The volume took the owner from the image.",
    timeout=60,
)

#: The builder's words for a name that the image does not know: of USER, and of --chown.
_UNKNOWN = re.compile(
    "unable to find (user|group)|invalid (user|group) index|no such (user|group)|unknown (user|group)"
)


@exercise.check(points=0)
def builds(lab):
    "The Dockerfile builds an image, without network"
    try:
        return lab.build().image
    except BuildFailed as error:
        if _UNKNOWN.search(error.actual):
            _fail_for_the_name(
                lab, "each step of the build to run as a user that the image knows", error.actual
            )
        raise


def _fail_for_the_name(lab: Lab, expected: str, found: str) -> NoReturn:
    lab.fail(
        expected=expected,
        actual=found,
        reason="no-such-user",
        why="USER makes no user. The engine looks a name up in the image, at each start, and refuses one that it does not find.",
        next="Name a user that the base image has, or make yours in a step before. A number needs no name.",
    )


def _visited(lab: Lab, image: Image, visitor: str, **options: object) -> Container:
    """Start a container with a volume at /data, and wait until it has said what it did."""
    try:
        container = lab.start(image, environment={"VISITOR": visitor}, network_mode="none", **options)
    except ObjectError as error:
        if error.reason != "no-such-user":
            raise
        _fail_for_the_name(lab, "a container of the image to start as its user", error.actual)
    lab.eventually(
        lambda: "waiting" in lab.logs(container).stdout,
        within=8,
        until=lambda: container.refresh().ended,
        what="`waiting`, the last word of visits.sh,",
        reason="no-visits",
        why="A container of the image runs visits.sh by itself, whoever its user is.",
        next="Run the image, and read what it says. Does it find visits.sh, and may its user read it?",
    )
    return container


@exercise.check(points=0)
def runs(lab, builds):
    "A container of it runs visits.sh"
    visitor = lab.nonce()
    return visitor, _visited(lab, builds, visitor, volumes=["/data"])


@exercise.check(points=2)
def not_root(lab, runs):
    "Its first process runs as a user other than root"
    container = runs[1]
    if lab.uid(container) == 0:
        user = lab.image(container.image_id).user
        lab.fail(
            expected="a user with another number than 0",
            actual=f"the first process runs as root, number 0; the image names {user or 'no user'}",
            reason="root",
            why="In most engines, root in a container is root for the kernel of the engine's machine. A fault in the program is then worth more. "
            "The last USER counts. `00` is 0, and a name can stand for the number 0 as well.",
            next="Which number does your user have? `docker run --rm IMAGE id -u` says it.",
        )
    return container


@exercise.check(points=2)
def writes(lab, runs, not_root):
    "It writes its file in a new volume at /data"
    said = lab.logs(not_root).stdout
    written = lab.exec(not_root, "cat", "/data/visits.txt").stdout
    if runs[0] in said and runs[0] not in written:
        lab.fail(
            expected="a line for this visit in /data/visits.txt",
            actual="a line in the log, and none in that file",
            reason="written-elsewhere",
            why="Only what is written below /data lies in the volume, and outlives the container.",
            next="Let the image run visits.sh as it is, which writes to /data/visits.txt.",
        )
    if runs[0] not in said:
        folder = lab.exec(not_root, "ls", "-ld", "/data").stdout.split()
        owner = folder[2] if len(folder) > 2 else "somebody else"
        lab.fail(
            expected="a line for this visit in /data/visits.txt",
            actual=f"it cannot write there: /data belongs to {owner}, with the rights {folder[0] if folder else '?'}",
            reason="no-write",
            why="A new volume takes over the owner that the folder has in the image. Where the image has no such folder, root owns it.",
            next="Let the image have /data, with your user as its owner, before anybody uses it as a volume.",
        )


@exercise.check(points=1)
def keeps(lab, builds, runs, not_root, writes):
    "The next container with the same volume adds to the same file"
    again = _visited(lab, builds, lab.nonce(), volumes_from=[not_root.id])
    said = lab.logs(again).stdout
    if f"visit of {runs[0]}" not in said:
        lab.fail(
            expected="the visit of the first container and that of the second one",
            actual=f"the second container says `{said.splitlines()[0] if said else 'nothing'}`",
            reason="lost-visits",
            why="The volume outlives its container. So must what is in it, and the next container's user must be allowed to add to it.",
            next="Compare /data before and after the start of a second container.",
        )


@exercise.check(points=1)
def private(lab, not_root, writes):
    "Not everybody may write in /data"
    places = ("/data", "/data/visits.txt")
    told = lab.exec(not_root, "stat", "-L", "-c", "%a", *places).stdout.split()
    writable = [one for one in zip(places, told, strict=False) if int(one[1], 8) & 0o002]
    if writable and int(told[0], 8) & 0o001:  # nobody writes in a folder that is closed to him
        place, rights = writable[0]
        lab.fail(
            expected=f"{place} for its own user, or for its group",
            actual=f"{place} with the rights {rights}: everybody may write there",
            reason="for-everybody",
            why="Any user of any container with this volume could then change the visits, or remove them.",
            next="Give the folder, and what is in it, to the user who needs it. Then the rights can stay as they are.",
        )
