"""Two shells in a terminal: one is left running, the other one is ended with an exit code of its own."""

from pathlib import PurePosixPath
from typing import NamedTuple, NoReturn

from checker import Exercise, Hints, Owns
from checker.engine.container import Container, State
from checker.lab import Lab

exercise = Exercise(
    "02-running-containers/detach-dont-exit",
    title="Detach, don't exit",
    minutes=10,
    core=False,
    objectives=[
        "Work in a container's shell from a terminal",
        "Leave that shell running, and say what `exit` would do",
        "End a shell with an exit code that others can read",
    ],
    images=["busybox"],
    owns=Owns(containers=["c02-shell", "c02-second"]),
    skills=["run.interactive", "attach.detach-keys", "exit.first-process"],
    docs=["docker container run", "docker container attach"],
    hints=Hints(
        "`docker ps --all` lists both containers, also one that has ended. Compare its STATUS column with the task.",
        "A container lives exactly as long as its first process. Here that is the shell you type into. "
        "`exit` ends it. The detach keys end nothing: they take your terminal away.",
        "Start the first shell with -i, -t and --detach-keys. In it, type mkdir and then cd, each with the name from the file. "
        "Then press the detach keys. Start the second shell in the same way, and type exit with the number from the file.",
        when={
            "shell-ended": "`exit` and Ctrl-D both end the shell, and the container with it. "
            "Remove c02-shell, and run it anew. This time, leave it with the detach keys.",
            "no-terminal": "-i keeps the shell's input open, and -t gives it a terminal. "
            "Both are decided when a container is made. Which of the two is missing?",
            "elsewhere": "`docker attach` with the name brings you back to the shell. Press Enter to see its prompt. "
            "The prompt shows where the shell stands.",
            "other-shell": "`docker exec` starts one more shell beside the first. `docker attach` brings you to the first one.",
            "set-by-option": "Remove c02-shell and run it without a working directory. Then use mkdir and cd in its shell.",
            "second-runs": "`docker attach c02-second` brings you back to that shell. There, exit ends it.",
            "other-code": "`exit` takes a number after a space. Without one, it passes on how the last command ended.",
        },
    ),
    answer="session",
    passed="Detaching took your terminal away, and the shell in c02-shell did not notice: it stands where you left it. "
    "`exit` ended the shell in c02-second, and its container with it. The number you gave became the container's exit code.",
    timeout=30,
)

#: One line a process: what ``/proc`` says of it, a bar, and the directory that it stands in.
_PROCESSES = 'for p in /proc/[0-9]*; do echo "$(cat $p/stat)|$(readlink $p/cwd)"; done 2>/dev/null'


class _Process(NamedTuple):
    """A process inside the container. ``terminal`` is 0 where it has none."""

    pid: int
    group: int
    terminal: int
    foreground: int
    directory: PurePosixPath


def _desk(lab: Lab) -> str:
    return f"desk-{lab.seeded('desk')[:6]}"


def _code(lab: Lab) -> int:
    """Return an exit code that no signal and no failure of Docker's own gives."""
    return int(lab.seeded("code"), 16) % 90 + 10


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Write down where the first shell is to stand, and how the second one is to end."""
    del seed
    note = f"directory: {_desk(lab)}\nexit code: {_code(lab)}\n"
    (lab.folder / "handover.txt").write_text(note, encoding="utf-8")


def _never_ran(lab: Lab, container: Container) -> None:
    """Fail where a container was created and its shell never started."""
    if container.state is State.CREATED:
        lab.fail(
            expected=f"a shell that was started in {container.name}",
            actual=f"its status: {container.status}",
            reason="never-started",
            why="A created container has a name and files. Its first process is not started yet.",
            next="Remove it, and run it again. If Docker prints an error, read its last words.",
        )


@exercise.check(points=2, observes=True)
def left_running(lab):
    "The shell in c02-shell runs, and nobody has ended it"
    shell = lab.container(
        "c02-shell",
        reason="no-shell",
        why="Your colleague looks for the shell by this name. With --rm, a container goes away when its shell ends.",
        next="List all containers with `docker ps --all`. Does yours have another name?",
    )
    _never_ran(lab, shell)
    if shell.state is State.PAUSED:
        lab.fail(
            expected="a shell in c02-shell that answers",
            actual="c02-shell is paused",
            reason="paused",
            why="A paused container keeps its processes and gives them no time. Nothing that is typed is answered.",
            next="`docker unpause` lets it go on.",
        )
    if not shell.running:
        lab.fail(
            expected="a shell in c02-shell that still runs",
            actual=f"its status: {shell.status}",
            reason="shell-ended",
            why="The shell is the first process of its container. When it ends, by `exit` or by a signal, the container stops. "
            "Detaching ends nothing: it takes your terminal away and leaves the shell as it is.",
            next="Remove c02-shell and start again. When the shell stands in its directory, press the detach keys.",
        )
    return shell


@exercise.check(points=1, observes=True)
def has_terminal(lab, left_running):
    "The shell in c02-shell has a terminal, and its input is open"
    _expect_terminal(lab, left_running)


def _expect_terminal(lab: Lab, container: Container) -> None:
    """Fail where somebody who attaches could not type."""
    has = {"a terminal (-t)": container.tty, "an open input (-i)": container.open_stdin}
    if not all(has.values()):
        found = [what for what, there in has.items() if there]
        lab.fail(
            expected=f"{container.name} to be run with a terminal (-t) and an open input (-i)",
            actual=f"only {found[0]}" if found else "neither of the two",
            reason="no-terminal",
            why="Without an open input, a shell reads nothing that is typed. Without a terminal, it shows no prompt.",
            next=f"Remove {container.name}, and run it again with both options.",
        )


@exercise.check(points=2)
def stands_there(lab, left_running, has_terminal):
    "It stands in the directory of handover.txt, and went there with cd"
    desk = _desk(lab)
    if PurePosixPath(left_running.workdir).name == desk:
        lab.fail(
            expected=f"a shell that went to {desk} itself, with cd",
            actual=f"{left_running.workdir} is the container's working directory",
            reason="set-by-option",
            why="Every process of this container starts in that directory. So it does not show that your shell was used.",
            next="Run c02-shell again without setting a working directory. Make the directory in its shell, and go there.",
        )

    def stands() -> bool:
        processes = _processes(lab, left_running)
        front = _in_front(processes)
        if not front or front.directory.name != desk:
            _say_where(lab, left_running, desk, front, processes)
        return True

    lab.eventually(stands, within=0.5, every=0.1)  # what was typed last may still be on its way


def _processes(lab: Lab, container: Container) -> list[_Process]:
    found = []
    for line in lab.exec(container, "sh", "-c", _PROCESSES).stdout.splitlines():
        stat, _, directory = line.rpartition("|")
        number, _, rest = stat.partition(" ")
        fields = rest.rpartition(")")[2].split()  # the program's name stands before it, and may hold anything
        if len(fields) > 5:  # a process that has ended meanwhile has none
            group, _, terminal, front = map(int, fields[2:6])
            found.append(_Process(int(number), group, terminal, front, PurePosixPath(directory)))
    return found


def _in_front(processes: list[_Process]) -> _Process | None:
    """Return whom somebody who attaches talks to: who leads the foreground of the first process's terminal."""
    terminal = next((one.terminal for one in processes if one.pid == 1), 0)
    front = [one for one in processes if one.terminal == terminal != 0 and one.group == one.foreground]
    return next((one for one in front if one.pid == one.group), front[0] if front else None)


def _say_where(
    lab: Lab, shell: Container, desk: str, front: _Process | None, processes: list[_Process]
) -> NoReturn:
    """Fail, and say where the shell stands that one attaches to."""
    actual = f"it stands in {front.directory}" if front else "no program that reads its terminal"
    reason, why = "elsewhere", "Your colleague attaches to this shell, and goes on there."
    step = "Attach to c02-shell. Make the directory there, go to it with cd, and detach again."
    if any(one.directory.name == desk for one in processes if one.terminal and one is not front):
        actual += f"; another shell beside it stands in {desk}"
        reason = "other-shell"
        why = "`docker exec` starts one more process. Whoever attaches meets the first shell, not that one."
        step = "Attach to c02-shell instead, go to the directory there, and detach."
    elif shell.finished_at:
        actual += "; c02-shell has ended once, and was started again"
        why = "A start runs the container's command anew. The new shell knows nothing of where the old one stood."
    lab.fail(
        expected=f"the shell of c02-shell to stand in {desk}",
        actual=actual,
        reason=reason,
        why=why,
        next=step,
    )


@exercise.check(points=2, observes=True)
def second_ended(lab):
    "The shell in c02-second has ended, with the exit code of handover.txt"
    second = lab.container(
        "c02-second",
        reason="no-second",
        why="The exit code is kept with the container. With --rm, a container goes away when its shell ends.",
        next="Run a second shell under this name, and keep its container.",
    )
    _never_ran(lab, second)
    if not second.ended:
        lab.fail(
            expected="a shell in c02-second that has ended",
            actual=f"its status: {second.status}",
            reason="second-runs",
            why="There is no exit code while the first process lives. Detaching does not end it, "
            "and neither does `exit` in a shell that `docker exec` started.",
            next="Attach to c02-second, and end its shell there.",
        )
    lab.expect(
        second.exit_code,
        _code(lab),
        what="exit code",
        reason="other-code",
        why="`exit` with a number ends a shell with this number. From 129 on, the code means that a signal ended the process: "
        "137 is `docker kill`, or a `docker stop` that was not obeyed.",
        next="Remove c02-second and run it again. Give `exit` the number from handover.txt.",
    )
    return second


@exercise.check(points=1, observes=True)
def second_had_terminal(lab, second_ended):
    "The shell in c02-second had a terminal as well"
    _expect_terminal(lab, second_ended)
