"""A kiosk with three open orders: in memory, in its writable layer and in a volume. Which survive what?"""

import re
from contextlib import suppress
from pathlib import PurePosixPath

from checker import Exercise, Failure, Hints, Owns
from checker.engine import events
from checker.engine.container import Container
from checker.engine.errors import ObjectError
from checker.engine.probe import NAME_LABEL
from checker.lab import Lab
from checker.lab.demands import made_from, running

_IMAGE = "c01-kiosk:1.0"
_KIOSK, _VOLUME = "c01-kiosk", "c01-kiosk-data"
_PLACES = ("memory", "layer", "data")
_SYNONYMS = {"tmpfs": "memory", "volume": "data"}
_SHORT_ID = re.compile(r"[0-9a-f]{12}")
_CALLED = {"memory": "the memory", "layer": "the writable layer", "data": "the volume"}

exercise = Exercise(
    "01-concepts/stateless-or-stateful",
    title="What survives?",
    minutes=15,
    objectives=[
        "Predict which data survives a stop, a removal and a replacement",
        "Show it on a container of your own",
        "Say where a container with state keeps it",
    ],
    images=["busybox"],
    owns=Owns(containers=[_KIOSK, "c01-kiosk-old"], images=[_IMAGE, "c01-kiosk:1.1"], volumes=[_VOLUME]),
    skills=["state.lifetimes", "layer.writable"],
    docs=["Volumes", "tmpfs mounts", "docker container stop", "docker container rm"],
    hints=Hints(
        "Read the three files before and after each step. `docker exec c01-kiosk cat FILE` reads one. "
        "A file that is gone gives an error, and that is an answer, too.",
        "What is in memory ends with the process. The writable layer belongs to the container: it is there until the container is removed. "
        "The volume belongs to neither: only `docker volume rm` removes it.",
        "Stop the kiosk, start it, and read. Then remove it, run c01-kiosk:1.0 under the same name with the volume at /data, and read again. "
        "Hand in the order numbers that you still found each time.",
        when={
            "still-the-old-one": "`docker start` starts the container that is there. Only a run makes a new one, "
            "and the old one must be removed first: it has the name.",
            "old-one-kept": "A container with another name is the same container. Which command removes it?",
            "no-restart": "Press Reset: it brings a kiosk with new orders. Then take the steps in the order of the task.",
            "no-volume": "Which option of `docker run` mounts a volume at a path? The table in the task names it.",
            "volume-removed": "Press Reset for a new kiosk. `docker rm` does not remove a named volume. Leave it where it is.",
            "carried-over": "Run the image that the task names, and copy nothing. Then look at what is there.",
            "dies-at-stop": "A stopped container is still there: `docker ps --all` shows it. What of it has ended?",
            "survives-stop": "Which of the three places needs a process that is alive?",
            "survives-rm": "A new container of the same image has a new writable layer. What is in it at first?",
            "dies-with-container": "`docker volume ls` shows the volume also while no container uses it.",
        },
    ),
    passed="The memory ended with the process, the writable layer with the container. The volume outlived both. "
    "A container whose state lies in a volume can be replaced as freely as one without state.",
    timeout=40,
)

_PROGRAM = """#!/bin/sh
# kiosk: waits for orders. It notes in the volume when it starts.
mkdir -p /data
echo "start $(cat /etc/hostname)" >> /data/starts
trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done
"""
_FILES = {
    "Dockerfile": 'FROM {base}\nCOPY kiosk /bin/kiosk\nCOPY about.txt /layer/about.txt\nCMD ["sh", "/bin/kiosk"]\n',
    "kiosk": _PROGRAM,
    "about.txt": "Orders in this directory lie in the writable layer.\n",
}


def _path(place: str) -> str:
    return f"/{place}/order.txt"


def _orders(lab: Lab) -> dict[str, str]:
    """Return the number of the order in each place: other ones for each start."""
    return {place: f"{9 * index + int(lab.seeded(place), 16) % 9 + 1}{int(lab.seeded(place), 16) % 897 + 101}"
            for index, place in enumerate(_PLACES)}  # fmt: skip


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Run a kiosk with an open order in each of three places."""
    del seed
    files = _FILES | {"Dockerfile": _FILES["Dockerfile"].format(base=lab.reference("busybox"))}
    lab.scene.image(_IMAGE, files)
    lab.scene.volume(_VOLUME)
    orders = _orders(lab)
    kiosk = lab.scene.container(
        _KIOSK, _IMAGE, start=False, network_mode="none",
        tmpfs={"/memory": "size=1m"}, volumes={_VOLUME: {"bind": "/data", "mode": "rw"}},
    )  # fmt: skip
    kiosk.write_file(_path("layer"), f"{orders['layer']}\n".encode())
    lab.volume(_VOLUME).write_file("order.txt", f"{orders['data']}\n".encode())
    kiosk.start()
    lab.exec(kiosk, "sh", "-c", f'echo "$1" > {_path("memory")}', "sh", orders["memory"])
    lab.eventually(lambda: _starts(lab), within=20)


def _starts(lab: Lab) -> list[str]:
    """Return the short id of the container of each start that a kiosk has noted in the volume."""
    try:
        lines = lab.volume(_VOLUME).read_file("starts").decode(errors="replace").splitlines()
    except (Failure, ObjectError):
        return []
    return [line.removeprefix("start ").strip() for line in lines if line.startswith("start ")]


@exercise.check(points=1, observes=True)
def replaced(lab):
    "A new container named c01-kiosk, made from c01-kiosk:1.0, is running"
    kiosk = lab.container(
        _KIOSK,
        reason="no-kiosk",
        why="The shop opens again with a kiosk of this name.",
        next="`docker ps --all` lists all containers. Run a new kiosk from the image c01-kiosk:1.0.",
    )
    # One that was made from a commit of the old container bears its labels, and not the given image.
    image = lab.image(_IMAGE)
    given = kiosk.image_id == image.id and image.labels.get(NAME_LABEL) == _IMAGE
    if given and kiosk.labels.get(NAME_LABEL) == _KIOSK:
        lab.fail(
            expected="a new container in the place of the old kiosk",
            actual=f"it is still the container that you were given, {kiosk.status}",
            reason="still-the-old-one",
            why="A container that was stopped and started is the same container. "
            "A new release of the kiosk comes as a new image, and needs a new container.",
            next="Read the files after the first step. Then remove this container, and run a new one.",
        )
    made_from(lab, kiosk, _IMAGE)
    running(kiosk)
    return kiosk


@exercise.check(points=1)
def restarted(lab):
    "The old kiosk was stopped and started before it was removed"
    starts = _starts(lab)
    first = _container(lab, starts[0]) if starts else None
    if not starts or (first and first.labels.get(NAME_LABEL) != _KIOSK):
        lab.fail(
            expected=f"the notes of the old kiosk in the volume {_VOLUME}",
            actual="none: the volume is gone, or a new one",
            reason="volume-removed",
            why="The volume is the only place that outlives a container. Whoever removes it removes the order, too.",
            next="Press Reset: it brings a new kiosk. Remove the container only.",
        )
    if _started(lab, starts) < 2:
        lab.fail(
            expected="two starts of the old kiosk, one before a stop and one after it",
            actual="one start",
            reason="no-restart",
            why="Whoever has not stopped and started the kiosk has not seen what survives that step.",
            next="If the old kiosk is still there, stop it and start it now. If not, press Reset for a new one.",
        )
    if first and first.name != _KIOSK:
        lab.fail(
            expected="the old kiosk to be removed",
            actual=f"it is still there, under the name {first.name}",
            reason="old-one-kept",
            why="A new name changes nothing in a container. As long as it is there, its writable layer is, too. "
            "Nothing shows yet what survives a removal.",
            next=f"Remove {first.name}. Then look at what the new kiosk holds.",
        )


def _started(lab: Lab, starts: list[str]) -> int:
    """Count the starts of the first kiosk: by the engine's memory where it goes back far enough, else by the notes.

    One that was removed at once had no time to note its start, and a note can be written by anybody.
    """
    first = starts[0]
    if not _SHORT_ID.fullmatch(first):
        return 0
    with events.follow(
        lab.engine, since=1, until=events.now(lab.engine), container_id=first, actions=("create", "start")
    ) as found:
        seen = [event.action for event in found if event.id.startswith(first)]
    return seen.count("start") if "create" in seen else max(seen.count("start"), starts.count(first))


def _container(lab: Lab, short_id: str) -> Container | None:
    """Return the container that has noted this id in the volume; None where it is gone."""
    if _SHORT_ID.fullmatch(short_id):
        with suppress(Failure):
            return lab.container(short_id)
    return None


def _held(lab: Lab, kiosk: Container, place: str) -> str:
    """Return what the replacement holds in a place, as its own processes see it."""
    return lab.exec(kiosk, "cat", _path(place)).stdout


@exercise.check(points=2)
def order_kept(lab, replaced):
    "The new kiosk has the order from the volume c01-kiosk-data"
    mount = replaced.mount_of(PurePosixPath(_path("data")))
    if not mount or mount.type != "volume" or mount.source != _VOLUME:
        lab.fail(
            expected=f"the volume {_VOLUME} at /data of the new kiosk",
            actual=f"the {mount.type} {mount.source}".strip() if mount else "nothing mounted there",
            reason="no-volume",
            why="A volume reaches a new container only where somebody mounts it. "
            "Without it, the new kiosk begins with nothing.",
            next="Remove the new kiosk, and run it again with this volume at /data.",
        )
    number = _orders(lab)["data"]
    if number not in _held(lab, replaced, "data").split():
        lab.fail(
            expected=f"order {number} in /data/order.txt of the new kiosk",
            actual="no such order there",
            reason="volume-removed",
            why="The order was in the volume that you were given. A new volume of the same name is empty.",
            next="Press Reset: it brings a new kiosk. Remove the container only.",
        )


@exercise.check(points=1)
def nothing_carried(lab, replaced):
    "The new kiosk began with a writable layer and a memory of its own"
    for place in ("layer", "memory"):
        if _orders(lab)[place] in _held(lab, replaced, place).split():
            lab.fail(
                expected=f"a new kiosk without the order that was in {_CALLED[place]} of the old one",
                actual=f"order {_orders(lab)[place]} in {_path(place)}",
                reason="carried-over",
                why="`docker rm` deletes the writable layer. This order is here because somebody has carried it over, "
                "as with `docker cp` or `docker commit`. Then the step shows nothing about what survives by itself.",
                next="Remove the new kiosk, and run the image c01-kiosk:1.0 without any copy.",
            )


def _places(text: str) -> set[str]:
    """Return the places that a text names, except those that it denies."""
    named = re.sub(r"\b(?:not|except|without)\b.*", "", text, flags=re.DOTALL)
    return {_SYNONYMS.get(word, word) for word in re.findall(r"[a-z]+", named)} & set(_PLACES)


def _survivors(lab: Lab, key: str) -> set[str]:
    """Return the places of the orders that were handed in: by their numbers, or by the names of the places."""
    value = lab.answer(key)
    if isinstance(value, dict):
        value = [[name, order] for name, order in value.items() if order]
    text = str(value).lower()
    words = re.findall(r"[a-z0-9]+", text)
    orders = {number: place for place, number in _orders(lab).items()}
    # Numbers first: what was read may also hold errors, which name the places that are empty.
    found = {orders[word] for word in words if word in orders} or _places(text)
    if not found and words and text != "none":
        lab.fail(
            expected=f"the numbers of orders as {key}",
            actual=f"`{text[:60]}`",
            reason="no-order",
            why="Each order has a number. None of the three is in what you have handed in.",
            next=f"Hand in a list of the numbers that you still found, such as submit({key}=[…]).",
        )
    return found


def _listed(places: set[str]) -> str:
    named = [f"{_orders_word(place)}" for place in _PLACES if place in places]
    return " and ".join(named) or "no order at all"


def _orders_word(place: str) -> str:
    return f"the one in {_CALLED[place]}"


@exercise.check(points=2)
def after_restart(lab, replaced, restarted):
    "You have handed in which orders survived the stop and the start"
    found = _survivors(lab, "after_restart")
    if found == {"layer", "data"}:
        return
    reason = "survives-stop" if "memory" in found else "dies-at-stop"
    lab.fail(
        expected="the orders that were still there after a stop and a start",
        actual=_listed(found),
        reason=reason,
        why="A tmpfs is memory. It ends with the process, and a start begins with an empty one."
        if "memory" in found
        else "`docker stop` ends the process and nothing else. "
        "The container stays, with its writable layer and its mounts.",
        next="Press Reset, then stop and start the kiosk, and read all three files.",
    )


@exercise.check(points=2)
def after_replacement(lab, replaced, restarted):
    "You have handed in which orders survived the replacement"
    found = _survivors(lab, "after_replacement")
    if found == {"data"}:
        return
    more = found - {"data"}
    lab.fail(
        expected="the orders that were still there in the new kiosk",
        actual=_listed(found),
        reason="survives-rm" if more else "dies-with-container",
        why="`docker rm` deletes the container with its writable layer. A new container of the same image has a new, empty one."
        if more
        else "A named volume belongs to no container. It stays when its container is removed.",
        next="Read all three files in the new kiosk, and hand in what you find.",
    )
