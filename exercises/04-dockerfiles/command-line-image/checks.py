"""An image that is used like a command: what it always runs, and which arguments it has by default."""

from checker import Exercise, Hints
from checker.engine.errors import ObjectError
from checker.engine.image import Image
from checker.engine.trial import Ran
from checker.lab import Lab

exercise = Exercise(
    "04-dockerfiles/command-line-image",
    title="An image that is a command",
    minutes=10,
    objectives=["Tell ENTRYPOINT from CMD", "Let arguments of `docker run` reach the program"],
    images=["busybox"],
    answer="files",
    edits=["Dockerfile"],
    skills=["entrypoint.arguments", "entrypoint.forms"],
    docs=["Dockerfile reference: Understand how CMD and ENTRYPOINT interact", "docker container run"],
    hints=Hints(
        "Arguments of `docker run` take the place of one of the two instructions, and come after the other one.",
        "What always runs belongs in ENTRYPOINT. What can be replaced belongs in CMD. "
        "Without brackets, an instruction goes to a shell, and the shell keeps the arguments for itself.",
        "You need both instructions, both with brackets and double quotes. The program stands in the first one, and its option in the second one.",
        when={
            "build-failed": "The last lines of the failed step name a file or an instruction. Compare it with your folder.",
            "replaced-the-program": "The program stands where it can be replaced. Which instruction stays when arguments are given?",
            "no-such-program": "Which program does the engine look for? `docker run --rm --entrypoint ls IMAGE -l FOLDER` shows what is there.",
            "swallowed": "`docker image inspect` shows what is run. Is a shell in front, or is an option there that should be replaced?",
            "no-default": "A container without arguments gets those of CMD. What does your CMD hold, and in which form?",
            "lost-code": "What stands behind the program in your entrypoint? A shell ends with the code of the last thing that it ran.",
            "split": 'A script passes all of its arguments on, unchanged, with `"$@"`. The quotes belong to it.',
            "other-sticker": "The file `sticker` of the folder must be the one in the image. Does a line of the Dockerfile write another one?",
        },
    ),
    passed="ENTRYPOINT stays, and CMD is what arguments replace. So the image is used like the program in it, with a default of its own.",
    timeout=60,
)


def _mark(lab: Lab) -> str:
    """Return what the checker writes into the usage line. A second Check finds that build in the cache."""
    return f"TEXT-{lab.seeded('mark')}"


def _told(ran: Ran) -> str:
    return (ran.stdout.strip() or ran.stderr.strip())[:160] or "nothing"


def _stickers(*texts: str) -> str:
    return "\n".join(f"{number} | {text}" for number, text in enumerate(texts, 1))


@exercise.check(points=0)
def builds(lab):
    "The Dockerfile builds an image, without network"
    folder = lab.copy()
    script = lab.text("sticker").replace("sticker TEXT ...", f"sticker {_mark(lab)} ...")
    (folder / "sticker").write_text(script, encoding="utf-8", newline="\n")
    return lab.build(folder).image


@exercise.check(points=3)
def arguments(lab, builds):
    "With arguments, sticker gets these in place of its default"
    words = [f"box-{lab.nonce()}", "maps"]
    ran = _run_with(lab, builds, words)
    if _stickers(*words) in ran.stdout:
        return
    expected = f"a sticker for each of the two arguments, {' and '.join(words)}"
    # A shell has looked for a command or a script of that name. At the beginning, it is the shell's own name.
    if words[0] in ran.stderr and not ran.stderr.startswith(words[0]):
        lab.fail(
            expected=expected,
            actual=f"the first argument is taken for a program: `{_told(ran)}`",
            reason="replaced-the-program",
            why="Arguments of `docker run` take the place of the whole CMD, the name of the program as well.",
            next="Say what always runs in the instruction that arguments do not replace.",
        )
    if ran.stdout.strip() == _stickers(*words[1:]):
        lab.fail(
            expected=expected,
            actual="a sticker for the second one alone. The first argument is lost",
            reason="swallowed",
            why='Behind `sh -c COMMAND`, the first word is the shell\'s own name, $0. It is not part of "$@".',
            next="Start the program itself, or give the shell a name of its own.",
        )
    lab.fail(
        expected=expected,
        actual=f"`{_told(ran)}`{'' if words[0] in ran.stdout else ', without the arguments'}, and exit code {ran.exit_code}",
        reason="swallowed",
        why="Without brackets, or with single quotes in them, ENTRYPOINT runs a shell. That keeps the arguments for itself. "
        "With brackets, they come after all that ENTRYPOINT holds, also after an option.",
        next="What does ENTRYPOINT hold, and in which form? Only the program itself belongs there.",
    )


def _run_with(lab: Lab, image: Image, words: list[str]) -> Ran:
    try:
        return lab.run(image, *words)
    except ObjectError as error:
        if error.reason != "not-startable":
            raise
        if words[0] not in error.actual:
            lab.fail(
                expected="the program of the entrypoint to start",
                actual=f"the engine cannot start it: {error.actual}",
                reason="no-such-program",
                why="In the brackets, the first text is the program, and each argument is a text of its own. "
                "The engine looks for a bare name in the folders of $PATH. It must be allowed to run the file.",
                next="Compare that program with the file in the image: its name, its folder, its rights.",
            )
        lab.fail(
            expected="sticker to get the arguments",
            actual=f"the engine looks for a program named {words[0]}: {error.actual}",
            reason="replaced-the-program",
            why="Arguments of `docker run` take the place of the whole CMD, the name of the program as well.",
            next="Say what always runs in the instruction that arguments do not replace.",
        )


@exercise.check(points=1)
def default(lab, builds, arguments):
    "Without arguments, it runs sticker --help"
    ran = lab.run(builds)
    if ran.exit_code == 0 and _mark(lab) in ran.stdout and "usage" in ran.stdout:
        return
    if ran.exit_code == 0 and "usage" in ran.stdout:
        lab.fail(
            expected="the usage of the sticker that lay in the folder at the build",
            actual=f"other words: {_told(ran)}",
            reason="other-sticker",
            why="The image must hold the script as it is in the folder. A second copy of it grows old.",
            next="Let one COPY bring the file sticker into the image.",
        )
    lab.fail(
        expected="how sticker is used, and exit code 0",
        actual=f"`{_told(ran)}`, and exit code {ran.exit_code}",
        reason="no-default",
        why="CMD holds the arguments for the case that nobody gives any. "
        "Without brackets, or with single quotes in them, it holds a shell: /bin/sh and -c are then the arguments.",
        next="Compare the two instructions with `docker image inspect`. Which arguments does the program get?",
    )


@exercise.check(points=1)
def exit_code(lab, builds, arguments):
    "It ends with the exit code of sticker"
    option = f"--{lab.nonce()}"
    ran = lab.run(builds, option)
    if ran.exit_code != 64 or option not in ran.stderr:
        lab.fail(
            expected=f"exit code 64 for {option}, an option that sticker does not know",
            actual=f"exit code {ran.exit_code}, and `{_told(ran)}`",
            reason="lost-code",
            why="Scripts decide by the exit code. An image that always says 0 hides each mistake.",
            next="Let sticker be the last thing that the container runs, with nothing behind it.",
        )


@exercise.check(points=1)
def as_they_are(lab, builds, arguments):
    "Arguments with spaces and signs reach it as they are"
    words = ["", f"Box {lab.nonce()[:4]}, upper  shelf", "*", "$HOME", "", "it's 5\" wide", "a;b"]
    ran = lab.run(builds, *words)
    if f"{_stickers(*words)}\n" not in ran.stdout:
        lab.fail(
            expected=f"{len(words)} stickers, one for each argument, with its spaces and signs as they are",
            actual=f"`{_told(ran)}`",
            reason="split",
            why="A shell that takes arguments apart makes several words of one with spaces. It also replaces `*` and `$HOME`. "
            "An empty argument is an argument, too.",
            next="Leave the shell out. Where one is needed, let it pass its arguments on unchanged.",
        )
