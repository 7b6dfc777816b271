"""Notes move from a container's writable layer into a named volume, and outlive the container."""

from pathlib import PurePosixPath
from typing import NoReturn

from checker import Exercise, Hints, Owns
from checker.engine.container import Container, State
from checker.engine.http import Response
from checker.engine.probe import ROLE_LABEL
from checker.engine.settings import Mount
from checker.lab import Lab

_ROOT = PurePosixPath("/usr/share/nginx/html")
_NOTES = {"monday.html": "Deliveries come at the back door.", "friday.html": "The alarm is tested at noon."}

exercise = Exercise(
    "02-running-containers/data-outlives-container",
    title="Data that outlives its container",
    minutes=12,
    objectives=[
        "Replace a container by a new one with the same name",
        "Keep a container's data in a named volume",
        "Say what is lost with a container, and what is not",
    ],
    images=["nginx"],
    owns=Owns(containers=["c02-notebook"], volumes=["c02-data"]),
    skills=["volume.named", "container.names", "cp.files", "layer.writable"],
    docs=["Volumes", "docker container run", "docker container cp"],
    hints=Hints(
        "Three things must hold: a new container has the name, its notes lie in the volume, and no note is lost. "
        "`docker inspect c02-notebook` shows under Mounts what a container has mounted, and where.",
        "A mount is decided when a container is made. So there must be a new container, and the old one has to give up the name. "
        "Its writable layer goes with it: copy the notes out first.",
        "Four steps: copy the notes out of the old container; remove it; run a new one with the volume at the notes' directory; "
        "copy the notes in. A volume that does not exist yet is made by the run.",
        when={
            "name-taken": "A stopped container keeps its name, its settings and its writable layer. "
            "`docker start` resumes it as it was. Only `docker rm` frees the name.",
            "old-container": "Starting a container again changes none of its settings. Which command makes a new one?",
            "no-volume": "The new container has a writable layer of its own, as the old one had. "
            "Which option of `docker run` puts something else at a path?",
            "anonymous": "A volume without a name gets a new one at each run. The name stands before the colon, the path behind it.",
            "not-the-volume": "What stands before the colon is a volume's name or a path of the engine's machine. "
            "A path begins with a slash or a dot.",
            "other-path": "The path behind the colon is where the web server looks for the notes. The task names it.",
            "notes-lost": "Press Reset for the old container and its notes. `docker cp` takes them out of it, also while it is stopped.",
            "too-deep": "A copy of a directory puts the directory itself into the target. "
            "With `/.` at the end of the source, only its content goes there.",
            "read-only": "What stands behind the second colon of the option? It takes away the right to write.",
            "served-from-elsewhere": "Look at how nginx was set up in this container. Which directory does it serve?",
        },
    ),
    passed="Your notes survive because they lie in the volume, not in the container. "
    "The next replacement needs no copying: remove the container, and run a new one with the same volume.",
    timeout=40,
)


def _note(lab: Lab, name: str) -> str:
    return f"<title>{name}</title>\n<p>{_NOTES[name]} Noted under {lab.seeded(name)}.</p>\n"


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Start the notebook without a volume: its notes are in its writable layer."""
    del seed
    notebook = lab.scene.container("c02-notebook", "nginx", start=False)
    for name in _NOTES:
        notebook.write_file(str(_ROOT / name), _note(lab, name).encode())
    notebook.start()


def _is_the_old_one(lab: Lab, container: Container) -> bool:
    """Say whether it is the scene's. One that was made from a commit of it bears the same labels."""
    return container.labels.get(ROLE_LABEL) == "scene" and container.image_id == lab.image("nginx").id


def _get(lab: Lab, notebook: Container, path: str) -> Response:
    return lab.eventually(lambda: lab.get(notebook, 80, f"/{path}"), within=3)


@exercise.check(points=0, observes=True)
def notebook(lab):
    "A container named c02-notebook runs"
    found = lab.container(
        "c02-notebook",
        reason="no-notebook",
        why="The team opens its notebook by this name.",
        next="Run a new container with this name. If the old one is gone and you have no copy of its notes, press Reset.",
    )
    if not found.running:
        _fail_not_running(lab, found)
    return found


def _fail_not_running(lab: Lab, found: Container) -> NoReturn:
    """Fail, and say whether it is the old container that stands in the way."""
    reason, why = "not-running", "The team reads its notes all day. This container answers nobody."
    step = {
        State.PAUSED: "`docker unpause` lets it go on.",
        State.CREATED: "Start it. If Docker prints an error, read its last words.",
    }.get(found.state, "`docker logs c02-notebook` may say why. Then remove it, and run it again.")
    if found.ended and _is_the_old_one(lab, found):
        reason = "name-taken"
        why = (
            "It is still the container that you were given. A stopped container keeps its name. "
            "So a run under this name makes no new container: it ends with an error."
        )
        step = "Copy the notes out of it, if you have not done so. Then remove it, and run the new one."
    lab.fail(
        expected="c02-notebook to run",
        actual=f"its status: {found.status}",
        reason=reason,
        why=why,
        next=step,
    )


@exercise.check(points=2, observes=True)
def in_volume(lab, notebook):
    "The directory of its notes is in the volume c02-data"
    mount = notebook.mount_of(_ROOT)
    if not mount:
        _fail_unmounted(lab, notebook)
    if mount.type != "volume" or mount.source != "c02-data":
        _fail_mounted(lab, mount)
    if lab.volume("c02-data").options.get("type") == "tmpfs":
        lab.fail(
            expected="the volume c02-data to keep its files on a disk",
            actual="its options say tmpfs: it is in memory",
            reason="in-memory",
            why="Such a volume is empty again as soon as no container uses it, as in each replacement.",
            next="Save the notes, remove the volume, and let Docker make a usual one.",
        )


def _fail_unmounted(lab: Lab, notebook: Container) -> NoReturn:
    """Fail where the notes are in the container's own layer."""
    actual, reason = "they lie in the container's own writable layer", "no-volume"
    why = "`docker rm` deletes the writable layer. The next replacement loses the notes."
    step = "Copy the notes out, and run a new container with the volume at this directory."
    if _is_the_old_one(lab, notebook):
        actual, reason = "it is still the container that you were given, without a volume", "old-container"
        why = (
            "`docker start` and `docker restart` resume a container with the settings that it was made with."
        )
    elif elsewhere := [mount for mount in notebook.mounts if mount.source == "c02-data"]:
        actual, reason = f"c02-data is mounted at {elsewhere[0].destination}", "other-path"
        why = f"nginx serves {_ROOT}. What lies there is still in the writable layer."
        step = "Compare the path behind the colon with the directory of the notes."
    lab.fail(expected=f"{_ROOT} in the volume c02-data", actual=actual, reason=reason, why=why, next=step)


def _fail_mounted(lab: Lab, mount: Mount) -> NoReturn:
    """Fail where something else than the volume is mounted at the notes' directory."""
    actual, reason = f"{mount.source}, a directory of the engine's machine", "not-the-volume"
    why = "A directory belongs to one machine, and to whoever works there. The team looks for the notes under the volume's name."
    if mount.type == "tmpfs":
        actual, why = (
            "a tmpfs, which is in memory",
            "A tmpfs ends with the container's first process, and all notes with it.",
        )
    elif mount.type == "volume":
        actual = f"a volume named {mount.source}"
        why = "The next replacement mounts c02-data, and finds none of these notes."
        if set(mount.source) <= set("0123456789abcdef") and len(mount.source) == 64:
            actual, reason = "an anonymous volume: Docker made up its name", "anonymous"
            why = "It may outlive the container, but the next run makes another one, and nobody finds the notes again."
    lab.fail(
        expected=f"{_ROOT} in the volume c02-data",
        actual=actual,
        reason=reason,
        why=why,
        next="Copy the notes out, remove the container, and run it with c02-data at this directory.",
    )


@exercise.check(points=2)
def notes_kept(lab, notebook, in_volume):
    "It answers with every note that the old container had"
    for name in _NOTES:
        answer = _get(lab, notebook, name)
        if answer.status == 200 and answer.text.split() == _note(lab, name).split():
            continue
        actual, reason = f"answer {answer.status}" if answer.status != 200 else "another text", "notes-lost"
        why = (
            "The notes were in the writable layer of the old container, and go with it. "
            "A new volume holds only what the image has at this path."
        )
        step = "If you copied the notes out, copy them in. If not, press Reset: it gives you the old container with notes."
        if answer.status == 403:
            reason, why = (
                "not-allowed",
                "A copy keeps the rights of a file. The web server's workers run as another user.",
            )
            step = "Look at the rights of the note inside the container, and let everybody read it."
        elif astray := _astray(lab, notebook, name):
            actual, reason = f"{actual}; a file of this name is at {astray}", "too-deep"
            why = f"nginx looks for /{name} in {_ROOT} itself."
            step = f"Copy the notes again, so that they lie in {_ROOT} itself."
        lab.fail(
            expected=f"/{name} to answer with the old note", actual=actual, reason=reason, why=why, next=step
        )


def _astray(lab: Lab, notebook: Container, name: str) -> str:
    """Return another place below the notes' directory where a note of this name lies; empty where none does."""
    found = lab.exec(notebook, "find", str(_ROOT), "-mindepth", "2", "-name", name).stdout
    return found.partition("\n")[0]


@exercise.check(points=2)
def next_note(lab, notebook, in_volume):
    "A new note can be written there, and the notebook shows it"
    note, path = lab.nonce(), str(_ROOT / f"{lab.nonce()}.html")
    try:
        written = lab.exec(notebook, "sh", "-c", 'printf %s "$1" > "$2"', "sh", note, path, user="0")
        if not written.ok:
            lab.fail(
                expected="a notebook that the team can write in",
                actual=f"an error: {written.stderr.strip().rpartition(': ')[2]}",
                reason="read-only",
                why="The team copies new notes into this container. A volume that is mounted read-only refuses them.",
                next="Run the container again, with the same volume and without that restriction.",
            )
        answer = _get(lab, notebook, PurePosixPath(path).name)
    finally:
        lab.exec(notebook, "rm", "-f", path, user="0")
    lab.expect(
        answer.status == 200 and answer.text == note,
        True,
        expected_text="a note that is written at this moment, and shown",
        actual_text=f"answer {answer.status}, without that note",
        reason="served-from-elsewhere",
        why="The notebook serves other files than those in the volume. The next container will not have them.",
        next=f"Let nginx serve {_ROOT}, as its image is set up to.",
    )
