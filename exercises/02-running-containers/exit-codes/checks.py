"""Five containers that have ended: how each one ended is read from its exit code, its state and its log."""

import random
import re

from checker import Exercise, Failure, Hints, Owns
from checker.engine.capabilities import capabilities
from checker.engine.container import Container
from checker.lab import Lab
from checker.lab.values import plain

_NAMES = [f"c02-case-{number}" for number in range(1, 6)]

#: What each diagnosis is called in a sentence.
_SAID = {
    "finished": "the container whose work was done",
    "not_found": "the container whose program does not exist",
    "killed": "the container that was killed by `docker kill`",
    "out_of_memory": "the container that the kernel killed for its memory",
    "stopped": "the container that was asked to stop",
}
_CODES = {"finished": 0, "not_found": 127, "killed": 137, "out_of_memory": 137, "stopped": 143}
_SAW = {kind: f"which ended with exit code {code}" for kind, code in _CODES.items()} | {
    "killed": "which ended with exit code 137, while OOMKilled is false",
    "out_of_memory": "which ended with exit code 137, while OOMKilled is true",
}
#: What the evidence of the container that was handed in means.
_MEANS = {
    "finished": "Exit code 0 means: the main process came to its end without an error. "
    "A container lives as long as that process, so a finished one is no crash.",
    "not_found": "127 is what a shell reports when it cannot find a program. The log holds the shell's own words.",
    "killed": "137 is 128 + 9: the process got the signal KILL. The kernel sends KILL for memory, and a person can too. "
    "Where it was for memory, the engine sets OOMKilled.",
    "out_of_memory": "137 is 128 + 9: the process got the signal KILL. OOMKilled says who sent it: "
    "the kernel, because the container used more memory than its limit.",
    "stopped": "143 is 128 + 15: the process got the signal TERM, which asks it to end, and it did. "
    "Nothing has killed it: KILL is signal 9, and gives 137.",
}
#: The same where the diagnosis that was asked for needs another explanation.
_INSTEAD = {
    (
        "stopped",
        one,
    ): "137 is 128 + 9, the signal KILL, which no process can answer. `docker stop` first asks, with TERM. "
    "It sends KILL only where a process has not ended in time."
    for one in ("killed", "out_of_memory")
} | {
    (
        "finished",
        "stopped",
    ): "143 is 128 + 15: the process got the signal TERM. Somebody asked it to end, in the middle of its work.",
    ("not_found", "finished"): "Exit code 0 means: the main process came to its end without an error. "
    "A program that cannot be found is an error, and its log shows it.",
}
_NEXT = {
    "finished": "Which exit code says that there was no error? Look for it in the STATUS column of `docker ps --all`.",
    "not_found": "Read the logs of the five, one by one. In one of them a shell reports an error.",
    "killed": "KILL is signal 9. Add 128, look for that code, then compare State.OOMKilled in `docker inspect`.",
    "out_of_memory": "Two containers have the same code. `docker inspect` shows under State what tells them apart.",
    "stopped": "`docker stop` sends TERM first, which is signal 15. Which exit code is 128 + 15?",
}
_REASONS = {
    "finished": "finished-is-no-crash",
    "not_found": "shell-found-nothing",
    "killed": "code-is-not-enough",
    "out_of_memory": "code-is-not-enough",
    "stopped": "term-is-not-kill",
}

exercise = Exercise(
    "02-running-containers/exit-codes",
    title="How did they end?",
    minutes=12,
    objectives=["Tell from a dead container how it ended", "Tell apart the two ways to exit code 137"],
    images=["busybox"],
    owns=Owns(containers=_NAMES),
    answer="value",
    skills=["exit-codes.read", "inspect.state", "logs.read"],
    docs=["docker container ls", "docker container inspect", "Running containers: exit status"],
    hints=Hints(
        "`docker ps --all` lists containers that have ended. The number in its STATUS column is the exit code.",
        "A code above 128 names a signal: subtract 128. Signal 15 is TERM, which `docker stop` sends. "
        "Signal 9 is KILL. 127 comes from a shell, and its log says more.",
        "Two containers have the code 137. In `docker inspect NAME`, read State.OOMKilled: it is true for one of them. "
        "Hand in each container once.",
        when={
            "finished-is-no-crash": "A container ends when its main process ends. "
            "What does the exit code of a program say that has done its work?",
            "code-is-not-enough": "137 says which signal came, not who sent it. "
            "`docker inspect` knows more than `docker ps`: look below State.",
            "term-is-not-kill": "128 + 15 is TERM, a request. 128 + 9 is KILL, which no process can refuse.",
            "shell-found-nothing": "`docker logs` shows what each container printed, also after its end.",
        },
    ),
    passed="Exit code 0 is no crash: the main process was done. Above 128 the code names a signal. "
    "137 names only KILL, so OOMKilled has to say whether it was for memory.",
    timeout=30,
)

_READ = "echo 'job: reading orders'\n"
_JOBS = {
    "finished": f"{_READ}echo 'job: no more orders'\n",
    "not_found": f"{_READ}orders-export --all\n",
    "killed": f"{_READ}sleep 3600\n",
    "stopped": f"{_READ}sleep 3600\n",
    # Much at once, so that it is over soon; quietly, since a shell reports "Killed". With cgroup v2 the engine
    # hears of it only while the container lives, so that one goes on for a moment.
    "out_of_memory": f"{_READ}{{ dd if=/dev/zero of=/dev/null bs=64M count=1 & wait $!; }} 2>/dev/null\n"
    "code=$?\nsleep 0.2\nexit $code\n",
}
_MEMORY = {"mem_limit": "32m", "memswap_limit": "32m"}
_NEEDS = ["memory-limit", "swap-limit"]
_PATIENCE = 20  # seconds, for a machine that is very busy


def _order(seed: int) -> dict[str, str]:
    """Say what happened to each container: another order at each start."""
    return dict(zip(random.Random(seed).sample(sorted(_JOBS), 5), _NAMES, strict=True))  # noqa: S311


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Leave five containers that have ended. Nothing but their end tells them apart in `docker ps`."""
    limited = capabilities(lab.engine).issuperset(_NEEDS)
    cases = {}
    for kind, name in sorted(_order(seed).items(), key=lambda pair: pair[1]):
        case = lab.scene.container(
            name, "busybox", ["sh", "/job.sh"],
            start=False, init=True, network_mode="none", **(_MEMORY if limited else {}),
        )  # fmt: skip
        # Where there is no limit, nothing ends for its memory: the check of that one says so.
        job = _JOBS[kind] if limited or kind != "out_of_memory" else _JOBS["killed"]
        case.write_file("/job.sh", job.encode())
        case.start()
        cases[kind] = case
    for kind in ("killed", "stopped") if limited else ("killed", "stopped", "out_of_memory"):
        lab.eventually(lambda case=cases[kind]: case.logs().lines, within=_PATIENCE)
        cases[kind].stop(grace=10) if kind == "stopped" else cases[kind].kill()
    for kind, case in cases.items():
        end = (_CODES[kind], limited and kind == "out_of_memory")
        lab.eventually(lambda case=case, end=end: _ended_as(case, *end), within=_PATIENCE)


def _ended_as(case: Container, code: int, out_of_memory: bool) -> bool:
    """Say whether it has ended so. A busy engine may miss why the kernel killed a process: then once more."""
    if not case.refresh().ended:
        return False
    if out_of_memory and not case.oom_killed:
        case.start()
        return False
    return (case.exit_code, case.oom_killed) == (code, out_of_memory)


def _named(lab, value):
    """Return the container that was handed in, as a name, a number or an id; None where it is none of the five."""
    text = plain(value).lower().removeprefix("/")
    if number := re.fullmatch(r"(?:c0?2)?[\W_]*(?:case)?[\W_]*([1-5])(?:\.0)?", text):
        return f"c02-case-{number[1]}"
    return next((name for name in _NAMES if len(text) >= 4 and _id(lab, name).startswith(text)), None)


def _id(lab, name):
    try:
        return lab.container(name).id
    except Failure:
        return ""


def _diagnosed(lab, asked):
    """Fail unless the container that was handed in as ``asked`` is the right one."""
    value = lab.answer(asked)
    name = _named(lab, value)
    if name is None:
        lab.fail(
            expected=f"one of c02-case-1 to c02-case-5 as {asked}",
            actual=f"`{str(value)[:60]}`",
            reason="no-such-case",
            why="Each diagnosis belongs to exactly one of the five containers.",
            next="Hand in the container's name, its number, or its id.",
        )
    given = next(kind for kind, case in _order(lab.seed).items() if case == name)
    if given != asked:
        twice = [other for other in _CODES if other != asked and _handed_in(lab, other) == name]
        lab.fail(
            expected=_SAID[asked],
            actual=f"{name}, {_SAW[given]}" + (f". You hand it in as {twice[0]} as well" if twice else ""),
            reason=_REASONS[given],
            why=_INSTEAD.get((asked, given), _MEANS[given]),
            next=_NEXT[asked],
        )


def _handed_in(lab, diagnosis):
    """Return the container that was handed in, None where it is none of the five or nothing."""
    try:
        return _named(lab, lab.answer(diagnosis))
    except Failure:
        return None


@exercise.check(points=0, observes=True)
def handed_in(lab):
    "You have handed in at least one of the five"
    if not any(_handed_in(lab, diagnosis) for diagnosis in _CODES):
        lab.fail(
            expected="one or more of c02-case-1 to c02-case-5, each handed in as a diagnosis",
            actual="none of them",
            reason="no-answer",
            why="What you have found out counts once it is handed in. Printing it is not enough.",
            next="Put containers' names into `submit(…)` in the answer cell, and run the cell.",
        )


@exercise.check(points=1, observes=True)
def finished(lab, handed_in):
    "The one whose work was done"
    _diagnosed(lab, "finished")


@exercise.check(points=1, observes=True)
def not_found(lab, handed_in):
    "The one whose program does not exist"
    _diagnosed(lab, "not_found")


@exercise.check(points=1, requires=_NEEDS, observes=True)
def killed(lab, handed_in):
    "The one that was killed"
    _diagnosed(lab, "killed")


@exercise.check(points=1, requires=_NEEDS, observes=True)
def out_of_memory(lab, handed_in):
    "The one that used too much memory"
    _diagnosed(lab, "out_of_memory")


@exercise.check(points=1, observes=True)
def stopped(lab, handed_in):
    "The one that was asked to stop"
    _diagnosed(lab, "stopped")


@exercise.check(points=1, observes=True)
def as_found(lab, handed_in):
    "The five containers are as you found them"
    for kind, name in sorted(_order(lab.seed).items(), key=lambda pair: pair[1]):
        try:
            case = lab.container(name)
            found = "" if case.ended and case.exit_code == _CODES[kind] else case.status
        except Failure:
            found = "no longer there"
        if found:
            lab.fail(
                expected=f"{name} as the night left it, ended and still there",
                actual=f"it is {found}",
                reason="case-changed",
                why="Operations look at the containers after you. A start overwrites how a container has ended, "
                "and a removal takes its log as well.",
                next="Press Reset: it brings five containers in a new order. Then only look at them.",
            )
