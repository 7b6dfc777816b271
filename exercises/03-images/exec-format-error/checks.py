"""Three images that end with the same error, for three reasons. One of them can be put to work."""

import contextlib
import random
import re
import struct

from checker import Exercise, Failure, Hints, Owns
from checker.engine.container import State
from checker.engine.errors import NotReadable, ObjectError
from checker.lab import Lab, demands
from checker.lab.values import plain

_NAMES = [f"c03-gauge:{number}" for number in (1, 2, 3)]
_PROGRAM, _LEVEL = "/opt/gauge", "/opt/level"

exercise = Exercise(
    "03-images/exec-format-error",
    title="Built for another machine",
    minutes=15,
    core=False,
    objectives=[
        "Tell three causes of “exec format error” from what the program's file holds",
        "Put the program to work that can be, without changing its image",
    ],
    images=["busybox"],
    owns=Owns(containers=["c03-gauge"], images=[*_NAMES, "c03-gauge:fixed"]),
    skills=["debug.exec-format"],
    docs=["docker container run", "docker container cp", "execve(2)", "elf(5)"],
    hints=Hints(
        "The error says that the kernel does not know how to run this file. So look at the file itself. "
        "Each image has a shell: run it in place of the program, and look at /opt/gauge.",
        "The kernel reads a file's first bytes. `#!` names the interpreter of a script. 0x7f and ELF begin a compiled program, "
        "and its bytes 18 and 19, counted from 0, say for which machine it is, the low byte first. "
        "`hexdump -C /opt/gauge` shows them.",
        "The text without `#!` needs an interpreter, and its image has one: sh. "
        "What stands after the image's name in `docker run` takes the place of its command. "
        "For the machine, add the byte at 18 to 256 times the byte at 19.",
        when={
            "not-this-one": "`ls -l /opt/gauge` shows the size, and `hexdump -C /opt/gauge` the first bytes, in each image.",
            "bytes-swapped": "The low byte stands first: the second byte counts 256 times.",
            "still-not-started": "The kernel needs to be told which program reads a script. Who else could read it?",
            "not-the-program": "Run the script of the image itself. `sh FILE` reads a script, whatever its first line says.",
        },
    ),
    passed="One error, three causes, told apart by the first bytes of a file. "
    "A script can be given to its interpreter. A program for another machine has to be built for this one.",
    timeout=40,
)


def _order(seed: int) -> dict[str, str]:
    """Say which image holds which kind of program: another order at each start."""
    kinds = ["other_machine", "no_shebang", "empty"]
    return dict(zip(random.Random(seed).sample(kinds, 3), _NAMES, strict=True))  # noqa: S311


def _machine(seed: int) -> int:
    """Return a machine number that nobody has been given: no emulator takes it, wherever the engine runs."""
    return 0x6101 + seed % 0x5F


def _elf(machine: int) -> bytes:
    """Return a program for 64 bits and this machine, which is well-formed and does nothing."""
    start = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0x400078, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 0x100, 0x100, 0x1000)
    return (start + header + segment).ljust(0x100, b"\0")


def _script(lab: Lab) -> str:
    return f"# gauge: prints the level of the river\nset -e\nlevel=$(cat {_LEVEL})\necho {_said(lab, '$level')}\n"


def _said(lab: Lab, level: str) -> str:
    return f"gauge {lab.seeded('gauge')[:6]}: level {level}"


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Build three images that differ in one file."""
    lines = [
        f"FROM {lab.reference('busybox')}", f"COPY level {_LEVEL}", f"COPY --chmod=755 gauge {_PROGRAM}",
        f'CMD ["{_PROGRAM}"]',
    ]  # fmt: skip
    programs = {"other_machine": _elf(_machine(seed)), "no_shebang": _script(lab), "empty": ""}
    for kind, name in _order(seed).items():
        files = {"Dockerfile": "\n".join(lines) + "\n", "level": "312\n", "gauge": programs[kind]}
        lab.scene.image(name, files)


#: What each program is, and what that means.
_IS = {
    "other_machine": (
        "a compiled program: it begins with 0x7f and ELF",
        "A compiled program names in its header the machine that it was built for. The kernel refuses any other.",
    ),
    "no_shebang": (
        "a text",
        "The kernel runs a script with the interpreter that its first line names after `#!`. This text has no such line. "
        "A shell would read it all the same, but here no shell is asked.",
    ),
    "empty": (
        "a file of 0 bytes",
        "Somebody's copy has failed: the file is there, may be run, and holds nothing. The kernel finds no format in it.",
    ),
}
_ASKED = {
    "other_machine": "the image whose program was built for another machine",
    "no_shebang": "the image whose script does not name its interpreter",
    "empty": "the image whose program came without content",
}


@exercise.check(points=0, observes=True)
def delivered(lab):
    "The three images are as they were delivered"
    base = lab.image("busybox")
    for name in _NAMES:
        image = lab.image(
            name,
            reason="image-gone",
            why="All three are asked for, also those that cannot be repaired here.",
            next="Press Reset: it brings three images, in a new order.",
        )
        demands.delivered(
            image,
            name,
            base,
            layers=2,
            rows=3,  # COPY, COPY, CMD
            why="Whoever has built these images must see what you have seen.",
            step="Press Reset. A repaired image can be called c03-gauge:fixed.",
        )


def _diagnosed(lab, asked):
    """Fail unless the image that was handed in as ``asked`` is the right one."""
    value = lab.answer(asked)
    name = _named(lab, value)
    if name is None:
        lab.fail(
            expected=f"one of c03-gauge:1 to c03-gauge:3 as {asked}",
            actual=f"`{str(value)[:60]}`",
            reason="no-such-image",
            next="Hand in the image's name, its tag, or its id.",
        )
    kind = next(kind for kind, one in _order(lab.seed).items() if one == name)
    if kind != asked:
        what, means = _IS[kind]
        lab.fail(
            expected=_ASKED[asked],
            actual=f"{name}, whose {_PROGRAM} is {what}",
            reason="not-this-one",
            why=means,
            next=f"The error is the same for all three. Compare the first bytes of {_PROGRAM} in each image.",
        )


def _named(lab, value):
    """Return the name of the image that was handed in, or None."""
    text = plain(value).lower()
    numbers = set(re.findall(r"(?<![\w.])[123](?!\w)", text))
    if len(numbers) == 1:
        return f"c03-gauge:{numbers.pop()}"
    digits = text.removeprefix("sha256:")
    return next(
        (n for n in _NAMES if len(digits) >= 8 and lab.image(n).id.startswith(f"sha256:{digits}")), None
    )


@exercise.check(points=1, observes=True)
def other_machine(lab, delivered):
    "The program that was built for another machine"
    _diagnosed(lab, "other_machine")


@exercise.check(points=1, observes=True)
def no_shebang(lab, delivered):
    "The script that does not name its interpreter"
    _diagnosed(lab, "no_shebang")


@exercise.check(points=1, observes=True)
def empty(lab, delivered):
    "The program that came without content"
    _diagnosed(lab, "empty")


@exercise.check(points=1, observes=True)
def machine(lab, delivered):
    "The number of the machine that the compiled program was built for"
    value, right = lab.answer("machine"), _machine(lab.seed)
    if right in _numbers(value):
        return
    swapped = (right >> 8) | (right & 0xFF) << 8
    lab.fail(
        expected="the machine's number, as the header of the program has it",
        actual=f"`{str(value)[:40]}`",
        reason="bytes-swapped" if swapped in _numbers(value) else "other-number",
        why="The program says in its header that the low byte comes first. You have read the high byte first."
        if swapped in _numbers(value)
        else "This number is what the kernel compares. What `docker image inspect` calls Architecture "
        "is only what the builder wrote down.",
        next="It stands in the bytes 18 and 19 of the file, counted from 0.",
    )


def _numbers(value):
    """Return what may be meant: digits in base 10 or 16. Where there are several, all have to mean it."""
    text = str(value).strip().lower().removesuffix(".0")
    words = re.findall(r"\b0x[0-9a-f]+\b|\b\d+\b", text) or [text]
    return set.intersection(*map(_readings, words))


def _readings(word):
    found = set()
    for base in (10, 16):
        with contextlib.suppress(ValueError):
            found.add(int(word, base))
    return found


@exercise.check(points=2)
def runs(lab, delivered):
    "A container named c03-gauge runs the script to its end"
    name = _order(lab.seed)["no_shebang"]
    found = lab.container(
        "c03-gauge",
        reason="no-container",
        why="The one program that can run here should show the level of the river.",
        next="Run the script's image under this name, and keep the container: no --rm.",
    )
    demands.made_from(lab, found, name)
    _ended(lab, found)
    for _ in range(2):  # a busy engine loses the last words of a container now and then
        level = _started_again(lab, found)
        expected = _said(lab, level)
        with contextlib.suppress(Failure):
            lab.eventually(lambda words=expected: words in _printed(lab, found), within=1.5)
            return
    lines = _printed(lab, found)
    lab.fail(
        expected=f"`{expected}`, once the file {_LEVEL} holds {level}",
        actual=f"`{lines[-1][:80]}`" if lines else "nothing printed",
        reason="not-the-program",
        why="The container does not run the script of its image, which reads the level anew each time.",
        next="Give the script to the program that can read it.",
    )


def _started_again(lab, found):
    """Start the container with another level, until it ends, and return that level."""
    before, level = found.read_file(_LEVEL), lab.nonce()
    try:
        found.write_file(_LEVEL, f"{level}\n".encode())
    except NotReadable:  # a container whose files are read-only: the level that it has must do
        level = before.decode(errors="replace").strip()
    try:
        found.start()
        _ended(lab, found)
    finally:
        with contextlib.suppress(ObjectError):
            if found.refresh().running:  # it had ended before it was started here
                found.stop()
            found.write_file(_LEVEL, before)
    return level


def _printed(lab, container):
    return [line.strip() for line in lab.logs(container).stdout.splitlines()]


def _ended(lab, container):
    """Fail unless the container comes to its end, without an error."""
    if container.state is State.CREATED and not container.error:
        lab.fail(
            expected="c03-gauge to have run the script",
            actual="it was created, and never started",
            reason="never-started",
            why="The engine first creates a container, then starts it. Before that, nothing in it has run.",
            next="Start the container.",
        )
    if not container.error:
        with contextlib.suppress(Failure):  # it is said better below
            lab.eventually(lambda: container.refresh().ended, within=8)
        if not container.ended:
            lab.fail(
                expected="c03-gauge to come to its end, as the script does",
                actual=f"it is {container.status}",
                reason="still-running",
                why="A container ends with its main process, the one that it was started with. "
                "A script that runs beside it, by `docker exec` or typed into a shell, is not that process.",
                next="Remove the container. Run it with a command that reads the script, and nothing else.",
            )
    if container.error or container.exit_code:
        said = (container.error or " ".join(line for line in container.logs(tail=1).lines))[:90]
        lab.fail(
            expected="c03-gauge to end with exit code 0",
            actual=f"it is {container.status}"
            + (f", and says: {said}" if said and not container.error else ""),
            reason="still-not-started",
            why="The engine asks the kernel to run the file. The kernel runs compiled programs for this machine, "
            "and scripts that name an interpreter.",
            next="Which program in the image can read the script? Start that one, and let it read the file.",
        )
