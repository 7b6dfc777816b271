"""One of three processes in a container: its number inside, its number on the engine's machine, its namespaces."""

import random
import re

from checker import Exercise, Hints, Owns
from checker.engine.container import Container, State
from checker.engine.probe import NAME_LABEL
from checker.errors import EngineFault
from checker.lab import Lab
from checker.lab.demands import running

_PRESS = "c01-press"
_QUEUES = ["orders-north", "orders-south", "orders-west"]
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
_SYNONYMS = {"mount": "mnt", "network": "net", "networking": "net", "process": "pid", "hostname": "uts"}
#: What each of the three processes is called, before the name of its queue.
_FOLLOWS = "tail -f /queues/"
_LOOK_ALIKE = (
    "Several processes of the container look alike. Only one of them follows the queue in wanted.txt."
)
_ONE_NUMBER = "Hand in exactly one number. A line of such a list may hold several."
#: Why a namespace that was handed in as the container's own is not.
_SHARED = {
    "user": "On this engine, users and their rights are those of the engine's machine. "
    "Number 0 inside is number 0 outside: root.",
    "cgroup": "With cgroup v1, the engine lets containers see the cgroups as the machine sees them.",
    "time": "The engine makes no namespace for clocks. Inside it is as late as outside.",
}

exercise = Exercise(
    "01-concepts/find-the-process",
    title="One process, two numbers",
    minutes=15,
    core=False,
    objectives=[
        "Find a container's process on the engine's machine",
        "Say why one process has two numbers",
        "Tell which namespaces a container has of its own",
    ],
    images=["busybox"],
    owns=Owns(containers=[_PRESS]),
    skills=["process.two-numbers", "namespaces.compare"],
    docs=["docker container top", "docker container exec", "namespaces(7) in the Linux manual"],
    hints=Hints(
        "`docker top c01-press` and `docker exec c01-press ps` list the same processes. "
        "The end of each command tells which is which. Compare the numbers.",
        "`docker top` asks the engine's machine. A command that runs inside sees the container's own numbers. "
        "Two processes share a namespace where the number in brackets is the same.",
        "inside: the line with your queue in `docker exec c01-press ps`. outside: the same line in `docker top c01-press`. "
        "own: each name whose number in `docker exec c01-press ls -l /proc/1/ns` is not in engine-machine.txt.",
        when={
            "same-number": "A process namespace has numbers of its own, from 1 upwards. The other list has another one for it.",
            "other-process": "Three commands begin alike. Which one ends with the queue in wanted.txt?",
            "no-such-process": "Numbers change at each start. Let the cell find them, instead of typing them.",
            "shared-namespace": "Put both lists side by side. A namespace with the same number in brackets is shared.",
            "own-namespace": "Go through all lines of `ls -l /proc/1/ns`. Which of them are not in engine-machine.txt?",
            "changed": "Look, and do not touch: Reset brings the process back.",
        },
    ),
    passed="It is one process, and the kernel of the engine's machine runs it. Its namespaces decide what it sees: "
    "other numbers for processes, other files, another network. What it shares, it sees as the machine does.",
    timeout=30,
)

_FOLLOW = """
for n in $(seq "$1"); do true & done; wait
shift; mkdir -p /queues
for queue in "$@"; do : > "/queues/$queue"; tail -f "/queues/$queue" & done
wait
"""
#: Run on the engine's machine: the namespaces of the first process there that may be looked at.
_LOOK = """
own=$(readlink /proc/self/ns/pid)
for process in $(ls /proc | grep '^[0-9]' | sort -n); do
    [ "$(readlink "/proc/$process/ns/pid" 2>/dev/null)" = "$own" ] || continue
    for one in /proc/$process/ns/*; do
        case "$one" in *_for_children) ;; *) readlink "$one" ;; esac
    done
    exit 0
done
exit 1
"""


def _wanted(seed: int) -> str:
    return _QUEUES[seed % 3]


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Run three processes that look alike; write down which is wanted, and the machine's own namespaces."""
    order = random.Random(seed)  # noqa: S311 - for variety
    queues = order.sample(_QUEUES, 3)
    lab.scene.container(
        _PRESS, "busybox", ["sh", "-c", _FOLLOW, "press", str(order.randint(3, 30)), *queues],
        init=True, network_mode="bridge",
    )  # fmt: skip
    (lab.folder / "wanted.txt").write_text(f"{_wanted(seed)}\n", encoding="utf-8")
    machine = "".join(f"{link}\n" for link in _machine(lab))
    (lab.folder / "engine-machine.txt").write_text(machine, encoding="utf-8")
    press = lab.container(_PRESS)
    lab.eventually(lambda: len(_followers(lab, press)) == len(_QUEUES), within=20)


def _machine(lab: Lab) -> list[str]:
    """Return the namespaces of the engine's machine, such as ``pid:[4026531836]``."""
    looked = lab.run(
        "busybox", "sh", "-c", _LOOK, pid_mode="host", userns_mode="host", cap_add=["SYS_PTRACE"],
        security_opt=["apparmor=unconfined", "label=disable"],
    )  # fmt: skip
    return looked.stdout.split()


def _followers(lab: Lab, press: Container) -> dict[str, int]:
    """Return the number inside the container of the process that follows each queue, of several the first."""
    script = (
        'for one in /proc/[0-9]*; do echo "${one#/proc/} $(tr "\\0" " " < $one/cmdline)"; done 2>/dev/null'
    )
    lines = lab.exec(press, "sh", "-c", script).stdout.splitlines()
    found = [
        (command.strip().removeprefix(_FOLLOWS), int(number))
        for number, _, command in (line.partition(" ") for line in lines)
        if command.startswith(_FOLLOWS)
    ]
    return dict(sorted(found, reverse=True))


def _inside(lab: Lab, press: Container) -> int:
    """Return the number of the wanted process inside the container; 0 where it is not there."""
    return _followers(lab, press).get(_wanted(lab.seed), 0)


def _outside(lab: Lab, press: Container) -> int:
    """Return its number on the engine's machine."""
    wanted = f"/queues/{_wanted(lab.seed)}"
    return next((one.pid for one in press.processes() if one.command.split()[-1:] == [wanted]), 0)


def _number(lab: Lab, key: str) -> int | None:
    """Return the one number in what was handed in; None where there is not exactly one."""
    found = {int(number) for number in re.findall(r"(\d{1,18})(?:\.0+)?", str(lab.answer(key)))}
    return found.pop() if len(found) == 1 else None


@exercise.check(points=0)
def as_found(lab):
    "c01-press and its processes are there, as you found them"
    press = lab.container(
        _PRESS,
        reason="changed",
        why="Operations want to look at the process themselves. With its container, the process is gone.",
        next="Press Reset: it brings the container back.",
    )
    if press.state is not State.PAUSED and (press.finished_at or not press.running):
        lab.fail(
            expected=f"{_PRESS} to run without a stop, as you found it",
            actual="it was stopped and started again" if press.running else f"it is {press.status}",
            reason="changed",
            why="A start makes new processes. The one that is slow ended at the stop, and its numbers with it.",
            next="Press Reset: it brings a new container. This time, only look.",
        )
    running(press)
    if press.labels.get(NAME_LABEL) != _PRESS:
        lab.fail(
            expected=f"{_PRESS} as you found it",
            actual="another container of that name",
            reason="changed",
            why="Operations want to look at the process themselves. With its container, the process is gone.",
            next="Press Reset: it brings the container back.",
        )
    followers = _followers(lab, press)
    if missing := [queue for queue in _QUEUES if queue not in followers]:
        lab.fail(
            expected=f"the process that follows {missing[0]} to run in {_PRESS}",
            actual="no such process",
            reason="changed",
            why="Operations want to look at the processes themselves. Whoever ends one takes the evidence away.",
            next="Press Reset: it brings the process back. This time, only look.",
        )
    return press


@exercise.check(points=1)
def inside(lab, as_found):
    "Its number inside the container"
    number, right = _number(lab, "inside"), _inside(lab, as_found)
    if number == right:
        return
    actual, reason = f"`{str(lab.answer('inside'))[:60]}`", "no-such-process"
    why = "The developer works inside the container. Processes have the container's own numbers there."
    if number is None:
        why = _ONE_NUMBER
    elif number and number == _outside(lab, as_found):
        actual, reason = f"{number}, which is its number on the engine's machine", "same-number"
        why = "The container has a process namespace of its own. Inside, nobody knows this number."
    elif number and lab.exec(as_found, "test", "-d", f"/proc/{number}").ok:
        actual, reason = f"{number}, which is another process inside", "other-process"
        why = (
            _LOOK_ALIKE
            if number != 1
            else "Number 1 is the container's first process. A container may have many."
        )
    lab.fail(
        expected=f"the number that the process for {_wanted(lab.seed)} has inside {_PRESS}",
        actual=actual,
        reason=reason,
        why=why,
        next="Which command lists processes, and where must it run to see what the developer sees?",
    )


@exercise.check(points=2)
def outside(lab, as_found):
    "Its number on the engine's machine"
    number, right = _number(lab, "outside"), _outside(lab, as_found)
    if number == right:
        return
    actual, reason = f"`{str(lab.answer('outside'))[:60]}`", "no-such-process"
    why = "Operations work on the engine's machine. There the process has another number than inside."
    if number is None:
        why = _ONE_NUMBER
    elif number and number == _inside(lab, as_found):
        actual, reason = f"{number}, which is its number inside the container", "same-number"
        why = "The process namespace of the container has numbers of its own. On the machine, this number is another process or none."
    elif number in {one.pid for one in as_found.processes()}:
        actual, reason = f"{number}, which is another process of the container", "other-process"
        why = _LOOK_ALIKE
        if number == as_found.pid:
            why = "State.Pid of `docker inspect` is the container's first process. A container may have many."
    lab.fail(
        expected=f"the number that the process for {_wanted(lab.seed)} has on the engine's machine",
        actual=actual,
        reason=reason,
        why=why,
        next="Which docker command lists a container's processes as the engine's machine sees them?",
    )


def _own(lab: Lab, press: Container) -> set[str]:
    """Return the namespaces that the wanted process does not share with the engine's machine."""
    number = _inside(lab, press)
    script = f"for one in /proc/{number}/ns/*; do readlink $one; done"
    links, machine = set(lab.exec(press, "sh", "-c", script).stdout.split()), set(_machine(lab))
    if not links or not machine:
        raise EngineFault("The namespaces of a process cannot be read on this engine.")
    return {link.partition(":")[0] for link in links - machine}


@exercise.check(points=3)
def own_namespaces(lab, as_found):
    "Which namespaces the process does not share with the engine's machine"
    value, right = lab.answer("own"), _own(lab, as_found)
    named = [key for key, own in value.items() if own] if isinstance(value, dict) else value
    words = re.findall(r"[a-z]+", str(named).lower())
    found = {_SYNONYMS.get(word, word) for word in words} & set(_NAMESPACES)
    if found == right:
        return
    expected = "the namespaces that the container has of its own, each by its name"
    if more := sorted(found - right):
        lab.fail(
            expected=expected,
            actual=f"{', '.join(more)} among them, which the process shares with the engine's machine",
            reason="shared-namespace",
            why=_SHARED.get(more[0], "The process has the same namespace as the engine's machine."),
            next="Compare the numbers in brackets: the same number is the same namespace.",
        )
    missing = sorted(right - found)
    lab.fail(
        expected=expected,
        actual=f"{', '.join(sorted(found)) or 'none of the eight names'}; not all that differ",
        reason="own-namespace",
        why=f"There are {len(missing)} more. A container is isolated in more than its files: each namespace hides one kind of thing.",
        next="Go through all lines of the two lists. Hand in each name whose numbers differ.",
    )
