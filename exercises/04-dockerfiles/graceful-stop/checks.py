"""A till that is killed each evening: which process gets the signal of `docker stop`, and which signal."""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from checker import Exercise, Failure, Hints, Owns
from checker.engine.container import Container
from checker.lab import Lab

exercise = Exercise(
    "04-dockerfiles/graceful-stop",
    title="The last line",
    minutes=15,
    objectives=[
        "Say which process gets the signal of `docker stop`",
        "Let a program end by itself when its container is stopped",
    ],
    images=["python"],
    owns=Owns(containers=["c04-till"], images=["c04-till"]),
    answer="files",
    edits=["Dockerfile", "start.sh"],
    skills=["signals.first-process", "signals.stop"],
    docs=[
        "Dockerfile reference: STOPSIGNAL",
        "docker container stop",
        "Dockerfile reference: Shell form ENTRYPOINT example",
    ],
    hints=Hints(
        "`docker top` shows the processes of the container. `docker stop` asks only the first one. Is that the till?",
        "A shell that runs a script stays until its last line is done. It keeps the signals that it gets. "
        "And till.py handles one signal: read which one at its end.",
        "Two changes: in start.sh, one word lets the till take the place of the shell. "
        "In the Dockerfile, one instruction names the signal that `docker stop` is to send.",
        when={
            "build-failed": "The last lines of the failed step say which file or instruction it is.",
            "not-open": "`docker logs` shows what Python says. What does start.sh prepare for the till?",
            "killed": "After your change, look again at both: which process is the first one, and which signal does it handle?",
            "no-last-line": "The container ends when its first process ends, and all others are killed with it. Which process ended first?",
            "not-the-last": "Who else writes to the log, after the till has ended?",
            "other-code": "The exit code of the container is that of its first process. Whose code is it now?",
            "till-changed": "Take the change of till.py back. The signal can be chosen outside of the program.",
        },
    ),
    passed="The till is the process that `docker stop` asks, and it gets the signal that it handles. It ends by itself, with its last line.",
    timeout=60,
)

#: Seconds that a container has to end: fewer than `docker stop` gives, and many more than a till needs.
_GRACE = 6
_OPEN = re.compile(r"^open with (\d+) coins, program (\w+)$", re.MULTILINE)
_CLOSED = re.compile(r"^closed after (\d+) sales, receipt (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Till:
    """A container that counts, what is written into its program as its number, and the digest of that program."""

    container: Container
    number: str
    program: str


@exercise.check(points=0)
def opens(lab):
    "The image builds, and a container of it counts the drawer and opens the till"
    number = f"till {lab.seeded('till')}"  # a second Check finds this build in the cache
    approved = Path(__file__).with_name("till.py").read_text("utf-8")
    if lab.text("till.py") != approved:
        _changed(lab, "another till.py in your folder")
    # It takes a moment to close: a first process that does not wait for it is found out each time.
    slow = approved.replace('    print(f"closed', '    time.sleep(0.4)\n    print(f"closed')
    program = slow.replace("till 4", number).encode()
    folder = lab.copy()
    (folder / "till.py").write_bytes(program)
    container = lab.start(lab.build(folder).image)
    lab.eventually(
        lambda: _OPEN.search(lab.logs(container).stdout),
        within=10,
        until=lambda: container.refresh().ended,
        what="`open with … coins` in its log",
        reason="not-open",
        why="Before the till opens, the drawer is counted: till.py finds the coins in its environment, as DRAWER.",
        next="Run the image, and read what Python says about DRAWER or about files.",
    )
    return Till(container, number, hashlib.sha256(program).hexdigest()[:12])


def _changed(lab: Lab, found: str) -> NoReturn:
    lab.fail(
        expected="till.py as it was approved",
        actual=found,
        reason="till-changed",
        why="The tax office approved this file. Often a program cannot be changed: somebody else has made it.",
        next="Take the change of till.py back. The image can say which signal its containers get.",
    )


def _opened(lab: Lab, till: Till) -> tuple[str, str]:
    found = _OPEN.search(lab.logs(till.container).stdout)
    return (found[1], found[2]) if found else ("", "")


@exercise.check(points=2)
def ends_in_time(lab, opens):
    "`docker stop` ends it before the grace period is over, and nothing is killed"
    opens.container.stop(grace=_GRACE)
    code = lab.eventually(lambda: opens.container.refresh().ended and [opens.container.exit_code], within=5)[
        0
    ]
    if code == 137:
        lab.fail(
            expected="a container that ends by itself when it is asked to",
            actual="exit code 137: it did not end when it was asked, and was killed",
            reason="killed",
            why="The signal goes to process 1 alone. A shell there keeps it, also where CMD has brackets. "
            "And process 1 does not end from a signal that it does not handle.",
            next="Find out which process is number 1, which signal it gets, and which one till.py handles.",
        )
    return opens.container


def _told(lab: Lab, container: Container) -> list[str]:
    """Return the lines of its log. On a busy machine, the last one may come after the container's end."""
    with suppress(Failure):
        lab.eventually(lambda: re.search(_CLOSED, lab.logs(container).stdout), within=3)
    return [line for line in lab.logs(container).stdout.splitlines() if line.strip()]


@exercise.check(points=2)
def last_line(lab, opens, ends_in_time):
    "Its log ends with the last line of the till"
    lines = _told(lab, ends_in_time)
    closed = _CLOSED.match(lines[-1]) if lines else None
    if not closed and any(map(_CLOSED.match, lines)):
        lab.fail(
            expected="`closed after … sales, receipt …` as the last line of the log",
            actual=f"another line after it: {lines[-1]}",
            reason="not-the-last",
            why="The tax office reads the last line of the day. It is the one of the till.",
            next="Let nothing write to the log after the till.",
        )
    if not closed:
        lab.fail(
            expected="`closed after … sales, receipt …` in the log",
            actual=f"none of the till. The log ends with: {lines[-1] if lines else 'nothing'}",
            reason="no-last-line",
            why="When process 1 ends, the container ends. Every other process in it is killed, whatever it was doing.",
            next="Let the till get the signal, and let nothing end before it.",
        )
    count, receipt = closed.groups()
    if hashlib.sha256(f"{opens.number}/{count}".encode()).hexdigest()[:12] != receipt:
        lab.fail(
            expected="the last line that till.py itself writes",
            actual=f"another line, with the receipt {receipt}, which is not that of {count} sales",
            reason="no-last-line",
            why="Only the till knows its sales. A line that a script writes in its place is made up.",
            next="Let the till get the signal: then it writes the line itself.",
        )


@exercise.check(points=1)
def exit_code(lab, ends_in_time, last_line):
    "It ends with exit code 0"
    lab.expect(
        ends_in_time.exit_code,
        0,
        what="exit code",
        reason="other-code",
        why="The till ends with 0. Another code means that some other process was the first one, and gave its own code.",
        next="Whose code does your first process end with? Let it be the one of the till.",
    )


@exercise.check(points=1)
def untouched(lab, opens, ends_in_time):
    "The till is the approved program, and the drawer was counted"
    coins, program = _opened(lab, opens)
    if program != opens.program:
        _changed(lab, "another till.py in the image")
    lab.expect(
        coins,
        "100",
        what="coins in the drawer:",
        reason="till-changed",
        why="start.sh counts the coins. Whoever leaves it out has to bring them in another way.",
        next="Compare what the till says when it opens with what start.sh adds up.",
    )
