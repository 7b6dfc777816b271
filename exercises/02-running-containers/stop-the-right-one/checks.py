"""Three workers that look alike: one is found, stopped so that it can note its place, and removed."""

import contextlib
import random

from checker import Exercise, Failure, Hints, Owns
from checker.engine.errors import ObjectError
from checker.lab import Lab

_NAMES = [f"c02-worker-{number}" for number in range(1, 4)]
_QUEUES = ["orders-north", "orders-south", "orders-west"]

exercise = Exercise(
    "02-running-containers/stop-the-right-one",
    title="Stop the right one",
    minutes=10,
    core=False,
    objectives=[
        "Find one container among several that look alike",
        "Stop it, then remove it, and leave the others alone",
    ],
    images=["busybox"],
    owns=Owns(containers=_NAMES, volumes=["c02-queues"]),
    skills=["ps.read", "stop.graceful", "rm"],
    docs=["docker container ls", "docker container stop", "docker container rm"],
    hints=Hints(
        "`docker ps` cuts long commands off. Which of its options shows them whole? The three differ in their command.",
        "`docker stop` asks the process to end, and waits for it. The worker then notes its place. "
        "The container stays, until a second command removes it.",
        "Find the row of your queue with `docker ps --no-trunc`. Take the id or the name from that row. "
        "Stop this one container, then remove it.",
        when={
            "killed-not-stopped": "`docker rm --force` and `docker kill` send KILL, which leaves no time to note anything. "
            "Which command asks first?",
            "stopped-not-removed": "`docker ps` hides what has ended. `docker ps --all` shows it.",
            "wrong-one": "Names say nothing about the queue. The COMMAND column does, once it is not cut off.",
            "restarted": "A worker that was started again has lost what it was reading. "
            "Press Reset, and give `docker stop` exactly one container.",
        },
    ),
    passed="You stopped one container out of three. It was asked, so it had time to note its place. "
    "The note is in the volume, which stays when a container is removed.",
    timeout=30,
)


def _workers(seed: int) -> dict[str, str]:
    """Say which worker reads which queue: another order at each start."""
    return dict(zip(random.Random(seed).sample(_QUEUES, 3), _NAMES, strict=True))  # noqa: S311


def _queue(seed: int) -> str:
    """Return the queue whose worker has to go."""
    return _QUEUES[seed % 3]


#: It notes each start, and its place when it is asked to end.
_WORKER = b"""#!/bin/sh
# worker --queue=NAME: reads a queue. Asked to end, it first notes how far it came.
queue="${1#--queue=}"
note() { echo "$queue $1 $(hostname)" >> /queues/notes; }
save() {
    note place
    echo "worker: asked to end, place noted"
    exit 0
}
trap save TERM INT QUIT
note start
echo "worker: reading $queue"
while :; do sleep 60 & wait $!; done
"""


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Let three workers run. Nothing but the end of their command tells them apart in `docker ps`."""
    (lab.folder / "queue.txt").write_text(f"{_queue(seed)}\n", encoding="utf-8")
    lab.scene.volume("c02-queues")
    for queue, name in sorted(_workers(seed).items(), key=lambda pair: pair[1]):
        worker = lab.scene.container(
            name, "busybox", ["worker", f"--queue={queue}"],
            start=False, network_mode="none", volumes={"c02-queues": {"bind": "/queues", "mode": "rw"}},
        )  # fmt: skip
        worker.write_file("/bin/worker", _WORKER, mode=0o755)
        worker.start()
    for name in _NAMES:
        lab.eventually(lambda name=name: lab.container(name).logs().lines, within=20)


def _notes(lab):
    """Return for each queue what its workers have noted: ``start`` or ``place``, and the container's short id."""
    notes = {queue: [] for queue in _QUEUES}
    with contextlib.suppress(ObjectError, Failure):  # no volume, or nothing noted in it
        for line in lab.volume("c02-queues").read_file("notes").decode(errors="replace").splitlines():
            queue, _, note = line.partition(" ")
            notes.get(queue, []).append(tuple(note.split()))
    return notes


def _first(notes):
    """Return the short id of the worker that the scene has started."""
    return notes[0][-1] if notes and notes[0] else ""


def _there(lab, *names):
    """Return the container that bears one of these names or ids, or None."""
    for name in filter(None, names):
        with contextlib.suppress(Failure):
            return lab.container(name)
    return None


@exercise.check(points=0)
def one_ended(lab):
    "One of the three workers was stopped"
    noted = _notes(lab)
    expected, paused = f"the worker of {_queue(lab.seed)} to be stopped", []
    for queue, name in _workers(lab.seed).items():
        worker = _there(lab, _first(noted[queue]), name)
        if not worker or worker.ended or noted[queue] != [("start", worker.id[:12])]:
            return  # others says whether it was a wrong one
        if worker.state == "paused":
            paused.append(name)
    if paused:
        lab.fail(
            expected=expected,
            actual=f"{paused[0]} is paused, and no worker was stopped",
            reason="paused-not-stopped",
            why="A paused process gets no time, so it cannot note its place. It goes on when somebody lets it.",
            next=f"`docker unpause {paused[0]}` lets it go on. Which command asks a process to end?",
        )
    lab.fail(
        expected=expected,
        actual="all three workers run as before",
        reason="still-there",
        why="The queue moves to another machine. Two workers would handle its orders twice.",
        next="`docker ps --no-trunc` shows whole commands. Which container reads the queue in queue.txt?",
    )


@exercise.check(points=1)
def others(lab, one_ended):
    "The other two workers run on, and were never stopped"
    noted = _notes(lab)
    for queue, name in sorted(_workers(lab.seed).items(), key=lambda pair: pair[1]):
        if queue == _queue(lab.seed):
            continue
        worker = _there(lab, name)
        notes = noted[queue]
        if not worker:
            found, reason = f"no container named {name}", "wrong-one"
        elif not worker.running:
            found, reason = f"{name} is {worker.status}", "wrong-one"
        elif notes[:1] != [("start", worker.id[:12])]:
            found, reason = f"another container in the place of {name}", "restarted"
        elif notes[1:]:
            found, reason = f"{name} was stopped, and started again", "restarted"
        else:
            continue
        lab.fail(
            expected=f"{name} running without a break: it reads {queue}",
            actual=found,
            reason=reason,
            why=f"While its worker does not run, nobody reads {queue}. Operations asked for one queue only.",
            next="Press Reset: it brings three new workers. Read the whole command before you stop one.",
        )


@exercise.check(points=1)
def gone(lab, one_ended):
    "The worker of the queue in queue.txt is removed"
    queue = _queue(lab.seed)
    name = _workers(lab.seed)[queue]
    names = (_first(_notes(lab)[queue]), name)
    worker = _there(lab, *names)
    if worker and worker.state == "removing":
        lab.eventually(lambda: not _there(lab, *names), within=3)
        return
    if worker and worker.ended:
        lab.fail(
            expected=f"no container for {queue} any more",
            actual=f"{worker.name} is there, {worker.status}",
            reason="stopped-not-removed",
            why="Stopping ends the process. The container stays: its name is taken, and its files use space.",
            next="`docker ps --all` shows it. A second command removes it.",
        )
    if worker:
        lab.fail(
            expected=f"no container for {queue} any more",
            actual=f"its worker is there, {worker.status}",
            reason="still-there",
            why="The queue moves to another machine. Two workers would handle its orders twice.",
            next="`docker ps --no-trunc` shows whole commands. Which container reads the queue in queue.txt?",
        )


@exercise.check(points=2)
def saved(lab, one_ended):
    "That worker was asked to end, and has noted its place in the queue"
    queue = _queue(lab.seed)
    notes = _notes(lab)[queue]
    if notes and notes[-1][:1] == ("place",):
        return
    worker = _there(lab, _first(notes))
    if worker and not worker.ended:
        found, reason = f"none; its worker is {worker.status}", "not-stopped"
    else:
        found, reason = "none: the worker was killed before it could note anything", "killed-not-stopped"
    lab.fail(
        expected=f"the place in {queue}, noted by its worker at the end",
        actual=found,
        reason=reason,
        why="The worker notes its place when it gets the signal TERM. After KILL it cannot do anything: "
        "the new worker then handles orders twice.",
        next="Which command asks first, and waits?"
        if reason == "not-stopped"
        else "Press Reset: it brings three new workers. Then use the command that asks first.",
    )
