"""A program that is there, and of which the engine says that it is not: its loader is missing."""

from dataclasses import dataclass

from checker import Exercise, Failure, Hints, Owns
from checker.engine.image import Image
from checker.lab.starting import run_anyhow

exercise = Exercise(
    "05-multistage-builds/no-such-file",
    title="No such file",
    minutes=15,
    core=False,
    objectives=[
        "Find out what a compiled program needs to start",
        "Tell two messages with the same words apart",
    ],
    images=["python-build", "debian"],
    owns=Owns(images=["c05-shout"]),
    answer="files",
    edits=["Dockerfile", ".dockerignore"],
    skills=["stages.linking", "debug.no-such-file"],
    docs=["Base images", "Multi-stage builds", "Dockerfile reference"],
    hints=Hints(
        "The file is in the image: `docker build --target build` and `ls -l /shout` in a container of it show it. "
        "So ask what else is needed to start it. `ldd /shout` in the stage build lists something.",
        "A dynamically linked program names a loader and libraries. The kernel starts the loader first. "
        "If it is not there, the message names the program, and means the loader.",
        "Two different files are missing. For the first one, choose: link with one more option of gcc, "
        "or take a base that has the same C library. The second one is named by the program itself, once it starts.",
        when={
            "build-failed": "Which stage has the file that this COPY names? `COPY --from=` looks into a stage, COPY into your folder.",
            "no-loader": "`docker run --rm --entrypoint ldd IMAGE /shout`, with an image of the stage build, lists what is missing in the last stage.",
            "no-library": "The loader is there now, and says which library it looks for. What else does `ldd` list?",
            "no-shell": "Without brackets and quotes, ENTRYPOINT and CMD start /bin/sh. Does your last base have it?",
            "no-program": "Where does COPY put the program? An ENTRYPOINT with a full path starts exactly that file.",
            "not-executable": "`COPY --chmod` sets the permissions of what it copies. Which ones does a program need?",
            "other-program": "Change RELEASE in shout.c, build, and run. Does the new line appear?",
            "no-words": "This message comes from the program itself: compare its words with the first one. "
            "Which file does it open, and which COPY brings that file into the last stage?",
            "not-compiled": "gcc makes a program from shout.c in the stage build. Which stage ships it?",
            "compiler-ships": "Which FROM is the last one of your Dockerfile?",
        },
    ),
    passed="The program finds all that it needs to start, and the file that it reads. "
    "The first message meant its loader, the second one came from the program.",
    timeout=60,
)


@dataclass(frozen=True)
class Built:
    """What was built from a copy of the folder with another release and other words."""

    image: Image
    release: str
    words: str


@exercise.check(points=0)
def image(lab):
    "The Dockerfile builds an image, without network"
    folder, release = lab.copy(), f"shout {lab.unforeseen('release')}"
    words = f"fresh {lab.unforeseen('words')}"
    source = folder / "shout.c"
    source.write_text(source.read_text(encoding="utf-8").replace("shout 1.0", release), encoding="utf-8")
    (folder / "words.txt").write_text(f"{words}\n", encoding="utf-8")
    return Built(lab.build(folder).image, release, words)


@exercise.check(points=2)
def starts(lab, image):
    "The program starts, and prints the release that was written into shout.c before the build"
    ran = run_anyhow(lab, image.image)
    said = ran.stdout.partition("\n")[0]
    if said == image.release:
        return ran
    printed = (ran.stdout + ran.stderr).strip()
    reason, why, step = _why_not(printed)
    raise Failure(
        expected="the program to start, and to print its new release",
        actual=f"{printed[:200]!r}, and exit code {ran.exit_code}",
        reason=reason,
        why=why,
        next=step,
    )


@exercise.check(points=2)
def words(lab, image, starts):
    "It prints the words in capitals"
    lab.expect(
        starts.stdout.partition("\n")[2].strip(),
        image.words.upper(),
        reason="no-words",
        why="This time the program runs and says itself what it cannot open. The last stage has only what is copied into it.",
        next="Bring words.txt to the place where the program looks for it.",
    )


@exercise.check(points=1)
def no_compiler(lab, image, starts):
    "The image holds the compiled program, and no compiler"
    if image.image.builds_on(lab.image("python-build")):
        lab.fail(
            expected="an image with what the program needs",
            actual=f"the whole image {lab.reference('python-build')}, its compiler included",
            reason="compiler-ships",
            why="The compiler's image has the library too, and some hundred megabytes beside it.",
            next="Find a way by which the last stage needs no compiler.",
        )
    if image.image.told_size() > lab.image("python-build").told_size() * 0.75:  # without a look into it
        lab.fail(
            expected="an image with what the program needs",
            actual=f"one that is nearly as large as {lab.reference('python-build')}, the compiler included",
            reason="compiler-ships",
            why="What you copy from the stage build becomes a part of the image.",
            next="Copy files from the stage build, not all of it.",
        )
    saved = lab.saved(image.image)
    with_release = saved.search(image.release.encode())
    if with_release and not any(b"\x7fELF" in layer.read(path) for layer, path in with_release):
        lab.fail(
            expected="a compiled program with the release of shout.c",
            actual=f"the release in {with_release[0][1]}, which is no compiled program",
            reason="not-compiled",
            why="The sign is to run what gcc makes of shout.c. The source stays behind.",
            next="Compile shout.c in the stage build, and start the program that comes out of it.",
        )
    for path in saved.paths():
        if path.rpartition("/")[2] == "cc1":
            lab.fail(
                expected="an image without a compiler",
                actual=path,
                reason="compiler-ships",
                why="The compiler worked in the stage build. Nobody needs it to run the program.",
                next="Copy files from the stage build, not directories of programs.",
            )


def _why_not(printed: str) -> tuple[str, str, str]:
    """Return reason, why and next step by what was printed instead of the release."""
    if '"/bin/sh"' in printed:  # the engine's quotes: a shell that runs says its name without them
        return (
            "no-shell",
            "The shell form of ENTRYPOINT and CMD starts /bin/sh, and an empty base has none.",
            "Write it in the exec form, with brackets and quotes.",
        )
    if "stat " in printed or "not found in $PATH" in printed:
        return (
            "no-program",
            "This time the engine itself finds no file at the path that ENTRYPOINT or CMD names.",
            "Compare this path with the one to which the last stage copies the program.",
        )
    if "permission denied" in printed.lower():
        return (
            "not-executable",
            "The program is there, and its permissions do not let it run.",
            "Look at its permissions. gcc sets them; does your COPY change them?",
        )
    if "shared librar" in printed:
        return (
            "no-library",
            "The loader has started, and cannot find a library that the program is linked with.",
            "Put the library there too, or link the program statically.",
        )
    if "no such file" in printed.lower() or "not found" in printed:  # the kernel's words, a shell's words
        return (
            "no-loader",
            "The program is there. It is linked dynamically, so the kernel first starts the loader, which the program names. "
            "That file does not exist in this image.",
            "Look at `ldd /shout` in the stage build. Which of these files does your last stage have?",
        )
    return (
        "other-program",
        "The image must hold the program that is compiled from the source as it is now.",
        "Follow the program through the stages: where is it compiled, and which file is started?",
    )
