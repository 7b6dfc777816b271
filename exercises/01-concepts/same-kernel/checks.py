"""Two distributions in containers, and the engine's machine: all three name one kernel."""

import platform
import re
from contextlib import suppress

from checker import Exercise, Failure, Hints, Owns
from checker.engine.container import Container
from checker.errors import CourseError
from checker.lab import Lab
from checker.lab.demands import made_from
from checker.lab.values import plain

#: The containers, and the image of each.
_ASKED = {"c01-kernel-debian": "debian", "c01-kernel-busybox": "busybox"}
#: Words with which one kernel is named, and nothing else.
_WORDS = frozenset(
    {"1", "a", "all", "and", "both", "by", "containers", "engine", "exactly", "for", "is", "it", "just", "kernel",
     "machine", "of", "one", "only", "s", "same", "serves", "share", "shared", "single", "the", "them", "there"}
)  # fmt: skip
_LOOKED_AT = 20  # files of a container that are read in search of the number
_NO_VM = (
    "A virtual machine boots a kernel of its own. A container brings files only. "
    "Its processes are served by the kernel of the engine's machine."
)

exercise = Exercise(
    "01-concepts/same-kernel",
    title="One kernel for all",
    minutes=10,
    objectives=[
        "Say whose kernel serves the processes of a container",
        "Tell a distribution's files from a kernel",
        "Name the machine on which the engine runs",
    ],
    images=["busybox", "debian"],
    owns=Owns(containers=list(_ASKED)),
    skills=["kernel.shared", "run.command", "logs.read"],
    docs=["What is a container?", "docker container run", "docker system info"],
    hints=Hints(
        "Three are asked the same question: which kernel release serves you? "
        "Two are containers, and the third is the engine. `docker logs NAME` shows what a container has printed.",
        "`uname -r` asks the kernel itself. Files such as /etc/os-release only say which distribution the files come from. "
        "The engine tells about its own machine in `docker info`.",
        "Run `uname -r` in one container of each image, with the names from the task and without `--rm`. "
        'Hand in `client.info()["KernelVersion"]` as engine. Then compare the three, and count how many differ.',
        when={
            "no-container": "`--rm` removes a container as soon as it ends, with all that it has printed.",
            "files-not-kernel": "A distribution's release stands in a file of the image. "
            "Which command asks the kernel?",
            "typed-in": "Let the program inside ask the kernel. Whoever prints a number from outside learns nothing new.",
            "engine-program": "The engine is a program with a release of its own. "
            "`docker info` also has a line about the kernel below it.",
            "other-machine": "The engine may run on another machine than your notebook does. Ask the engine, not your machine.",
            "small-vm": "Compare what the two containers have printed with what the engine says. "
            "How many different numbers are there?",
        },
    ),
    passed="Debian's files, busybox's files, and one kernel: that of the engine's machine. "
    "An image has no kernel, so a container boots none. That is why it starts so fast.",
    timeout=40,
)


@exercise.check(points=0, observes=True)
def both(lab):
    "Two containers are there, named c01-kernel-debian and c01-kernel-busybox"
    return [
        lab.container(
            name,
            reason="no-container",
            why="What a container has printed stays with the container. Where it is removed, nothing is left to look at.",
            next="`docker ps --all` lists the ended ones, too. Run the missing one, and do not let it be removed.",
        )
        for name in _ASKED
    ]


@exercise.check(points=1, observes=True)
def two_distributions(lab, both):
    "One is made from debian:trixie-slim, the other from busybox:1.37"
    for container in both:
        made_from(lab, container, _ASKED[container.name])


@exercise.check(points=3)
def kernel_inside(lab, both):
    "Each has printed the kernel release that its own processes see"
    release = _release(lab)
    for container in both:
        lab.eventually(lambda one=container: _has_printed(lab, one, release), within=3,
                       until=lambda one=container: one.refresh().ended)  # fmt: skip
        if origin := _origin(lab, container, release):
            lab.fail(
                expected=f"a program in {container.name} that asks the kernel",
                actual=origin,
                reason="typed-in",
                why="Such a container prints the same on every machine. It shows nothing about the kernel that serves it.",
                next="`uname` asks the kernel, and so does reading a file below /proc. Run it inside.",
            )


def _release(lab: Lab) -> str:
    """Return the kernel release that a container of this engine sees."""
    return lab.run("busybox", "uname", "-r").stdout.strip()


def _given(container: Container) -> dict[str, str]:
    """Return what was given to the program from outside, by where it stands."""
    given = {
        "the command that it was given": " ".join([*container.entrypoint, *container.command]),
        "its environment": " ".join(container.env.values()),
    }
    for mount in container.mounts:
        with suppress(CourseError):  # a folder, which the program may have written to itself, or gone since
            text = container.read_file(str(mount.destination)).decode(errors="replace")
            given[f"{mount.destination}, a file that is mounted"] = text
    return given


def _origin(lab: Lab, container: Container, release: str) -> str:
    """Say where the number comes from; empty where the container's own command asks the kernel."""
    for where, text in _given(container).items():
        if release in re.sub(r"[\s'\"\\]", "", text):  # also where it was given in pieces
            return f"the number itself in {where}"
    again = _run_again(lab, container)
    with suppress(Failure):
        lab.eventually(lambda: _names(lab.logs(again).text, release), until=lambda: again.refresh().ended)
        return ""
    if where := _file_with(lab, container, release):
        return f"the number itself in {where}"
    # A script of the learner's own is not there: that shows nothing.
    failed = again.refresh().exit_code or lab.logs(again).stderr
    return "" if failed else "its command does not print the number when it is run again"


def _run_again(lab: Lab, container: Container) -> Container:
    """Run the command of ``container`` with the files of the plain image alone, and the question as its input."""
    return lab.start(
        _ASKED[container.name], "-c", 'echo "uname -r" | "$@"', "sh", *container.entrypoint, *container.command,
        entrypoint=["sh"], environment=container.env, working_dir=container.workdir, network_mode="none",
    )  # fmt: skip


def _file_with(lab: Lab, container: Container, release: str) -> str:
    """Name a file that is not of the plain image and holds the number; empty where there is none."""
    added = [change.path for change in container.changes() if change.kind == "added"]
    for path in added[:_LOOKED_AT]:
        with suppress(CourseError):
            if release.encode() in container.read_file(path):
                return f"{path}, a file that was written into the container"
    image, plain_image = lab.image(container.image_id), lab.image(_ASKED[container.name])
    if image.diff_ids != plain_image.diff_ids:
        for layer in lab.saved(image).above(plain_image.diff_ids):
            for path in layer.search(release.encode()):
                return f"{path}, a file of the image"
    if any(mount.type == "bind" for mount in container.mounts):
        names = sorted(file.name for file in lab.folder.iterdir() if file.suffix not in {".json", ".ipynb"})
        for name in names[:_LOOKED_AT]:
            with suppress(Failure):  # a folder, or too large
                if release in lab.text(name):
                    return f"{name}, a file in a mounted folder"
    return ""


def _names(text: str, release: str) -> bool:
    """Say whether a text names this kernel release, and not a longer one."""
    return bool(release and re.search(rf"(?<![\d.]){re.escape(release)}(?![\w-])", text))


def _has_printed(lab: Lab, container: Container, release: str) -> bool:
    logs = lab.logs(container)
    text = f"{logs.stdout}\n{logs.stderr}"
    if _names(text, release):
        return True
    found = " ".join(text.split())[:80]
    files = "debian" in container.name and (text.strip()[:2].isdigit() or "debian" in text.lower())
    return lab.fail(
        expected=f"{container.name} to print the kernel release that it sees",
        actual=f"it has printed `{found}`" if found else f"it has printed nothing; it is {container.status}",
        reason="files-not-kernel" if files or "busybox" in text.lower() else "not-asked",
        why="A release of a distribution or of a program is written in the files of the image. "
        "The kernel is not among these files: it serves the container from below."
        if found
        else "The log of a container holds what its own command prints. What `docker exec` prints is not in it.",
        next="Which command asks the kernel for its release? Remove this container, and run it again with that command.",
    )


@exercise.check(points=2)
def engine_machine(lab, both, kernel_inside):
    "You have handed in the kernel release of the engine's machine"
    value = lab.answer("engine")
    text = plain(value)
    kernel = str(lab.engine.info.get("KernelVersion") or "")
    if _names(str(value), kernel) or _names(str(value), _release(lab)):
        return
    reason = "other-kernel"
    why = "The engine's machine is the one that runs the containers. The engine itself says which kernel it has."
    if text == str(lab.engine.version.get("Version")):
        reason = "engine-program"
        why = "This is the release of the engine, a program. The kernel below it has a release of its own."
    elif text and text in str(lab.engine.info.get("OperatingSystem")):
        reason = "files-not-kernel"
        why = "This is the distribution of the engine's machine: its files. The kernel below them has a release of its own."
    elif text == platform.release():
        reason = "other-machine"
        why = (
            "This is the kernel of your own machine. The engine runs on another machine, "
            "for example in the hidden virtual machine of Docker Desktop."
        )
    lab.fail(
        expected="the kernel release of the engine's machine as engine",
        actual=f"`{text[:60]}`",
        reason=reason,
        why=why,
        next="`docker info` asks the engine. Which of its lines tells of the kernel? Compare it with what the containers print.",
    )


def _says_one(text: str) -> bool:
    """Say whether a text names one kernel, as a number or in words."""
    text = re.sub(r"\ball (?:3|three)\b", "all", re.sub(r"\b1\.0+\b", "1", text))
    words = re.findall(r"[a-z]+|-?\d+", text)
    ones = [word for word in words if word in {"1", "one"}]
    # "one for these, one for that" is two
    return (
        set(words) <= _WORDS and len(ones) == len(set(ones)) and bool({*ones, "single", "same"} & set(words))
    )


@exercise.check(points=1)
def one_kernel(lab, both, kernel_inside):
    "You have handed in how many kernels serve both containers and the engine"
    value = lab.answer("kernels")
    text = plain(value).lower()
    if _says_one(text):
        return
    lab.fail(
        expected="the number of kernels that serve the engine and both containers together",
        actual=f"`{text[:40]}`",
        reason="small-vm",
        why=f"{_NO_VM} What the two containers have printed shows it.",
        next="Put the three kernel releases side by side. How many different ones are there? Hand in this number alone.",
    )
