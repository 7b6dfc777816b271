"""A Go program, compiled in one stage and shipped in another one, without its compiler."""

from dataclasses import dataclass

from checker import Exercise, Failure, Hints, Owns
from checker.engine.errors import Missing
from checker.engine.image import Image
from checker.engine.layers import Layer
from checker.lab import Lab
from checker.lab.starting import run_anyhow

exercise = Exercise(
    "05-multistage-builds/compile-and-ship",
    title="Ship the program, not the compiler",
    minutes=15,
    objectives=["Write a Dockerfile of two stages", "Copy a file from one stage into another one"],
    images=["go", "busybox", "debian"],
    owns=Owns(images=["c05-sign"]),
    answer="files",
    edits=["Dockerfile", ".dockerignore"],
    skills=["stages.copy", "stages.last-ships"],
    docs=["Multi-stage builds", "Dockerfile reference", "docker image history"],
    hints=Hints(
        "The Dockerfile has three gaps. Its comments say what each one is for. "
        "Only the last stage becomes the image: what it does not copy stays behind.",
        "A name stands after AS, behind FROM. "
        "`COPY --from=NAME SOURCE TARGET` takes files from the stage of that name, not from the folder. "
        "Go links this program statically: it needs no library and no shell.",
        "Give the first stage a name of your choice, and write the same name into COPY with `--from=`. "
        "For the last FROM there is a base that holds nothing at all. Its name stands in the table of the task.",
        when={
            "build-failed": "`docker build -t c05-sign .` in a terminal shows the step that fails, and its last lines.",
            "not-startable": "The empty base has no shell. "
            "ENTRYPOINT with brackets and quotes starts the program itself; without them, /bin/sh starts it.",
            "other-line": "Change the line in sign.go, build, and run. "
            "Does the new line appear? If not, the file that ships is not the one that was compiled.",
            "compiler-in-base": "Which FROM is the last one of your Dockerfile? Its base is a part of the image.",
            "compiler-in-layers": "`docker image history c05-sign` shows the layers of what you ship, and their sizes. "
            "Which instruction brings the compiler?",
            "not-compiled": "Which file of your last stage has the line in it? Is it a program, or a text?",
            "more-than-the-program": "Which directories does your last stage copy? Name one file instead.",
        },
    ),
    passed="The compiler worked in a stage of its own. Only the last stage is the image, "
    "and it took one file from the other stage. The rest stays behind, in the build cache.",
    timeout=150,
)

#: Files that only a compiler has: Go's own program, its compiler, and the C compiler.
_COMPILERS = {"go", "compile", "cc1"}
#: An image may add so many times its program's size to its base: a program and small things beside it.
_TIMES = 4


@dataclass(frozen=True)
class Shipped:
    """What was built from a copy of the folder in which sign.go prints another line."""

    image: Image
    base: Image | None
    line: str


@exercise.check(points=0)
def image(lab):
    "The Dockerfile builds an image, without network"
    folder, line = lab.copy(), f"Back at {lab.seeded('line')}"  # a second Check finds this build in the cache
    source = folder / "sign.go"
    source.write_text(source.read_text(encoding="utf-8").replace("Open until 18:00", line), encoding="utf-8")
    built = lab.build(folder)
    bases = [
        _found(lab, step.instruction[5:]) for step in built.steps if step.instruction.startswith("FROM ")
    ]
    below = [base for base in bases if base and built.image.builds_on(base)]
    return Shipped(built.image, max(below, key=lambda base: len(base.diff_ids), default=None), line)


@exercise.check(points=2)
def prints(lab, image):
    "A container of it prints the line that was written into sign.go before the build"
    ran = run_anyhow(lab, image.image, timeout=40)
    said = (ran.stderr + ran.stdout).strip()
    if said != image.line:
        _not_startable(lab, said)
        lab.fail(
            expected="the line that this check wrote into a copy of sign.go",
            actual=f"{said!r}, and exit code {ran.exit_code}",
            reason="other-line",
            why="The image must hold the program that is compiled from the source as it is now.",
            next="Follow the program through the Dockerfile: where is it compiled, and which file is copied?",
        )


@exercise.check(points=2)
def no_compiler(lab, image, prints):
    "No layer of the image holds a compiler"
    _no_compiler_below(lab, image.image)
    _not_the_whole_stage(lab, image.image)
    for layer in lab.saved(image.image).layers:  # the base too: another one may bring a C compiler
        names = {path: path.rpartition("/")[2] for path, entry in layer.entries.items() if entry.mode & 0o111}
        found = [path for path, name in names.items() if name in _COMPILERS and layer.entries[path].size]
        if found:
            lab.fail(
                expected="layers without a compiler",
                actual=f"{found[0]} in one of them",
                reason="compiler-in-layers",
                why="Everybody who pulls the image pulls this file, also where a later instruction deletes it.",
                next="Copy into the last stage what the program needs to run, and nothing else.",
            )


@exercise.check(points=2)
def little_else(lab, image, no_compiler):
    "It adds the compiled program to its base, and little else"
    own = _own(lab, image)
    sizes = {path: entry.size for layer in own for path, entry in layer.entries.items()}
    added = sum(layer.size for layer in own)
    with_line = [(layer, path) for layer in own for path in layer.search(image.line.encode())]
    files = with_line or [
        (layer, path) for layer in own for path, entry in layer.entries.items() if entry.size
    ]
    if not any(b"\x7fELF" in layer.read(path) for layer, path in files):
        lab.fail(
            expected="a compiled program with the line of sign.go",
            actual=f"the line in {with_line[0][1]}, which is no compiled program"
            if with_line
            else "no compiled program in what the image adds to its base",
            reason="not-compiled",
            why="The screens are to get the program that the compiler makes, and no source.",
            next="Compile sign.go in the first stage, and copy what the compiler has made.",
        )
    program = max((sizes[path] for _, path in with_line), default=added)  # none where it was packed
    if added > _TIMES * program:
        other = max(sizes, key=lambda path: (sizes[path] != program, sizes[path]))
        lab.fail(
            expected=f"at most {_TIMES} times the program's own size",
            actual=f"{added / program:.1f} times its size; the largest of the other files is {other}",
            reason="more-than-the-program",
            why="The compiler leaves files behind in its stage. The program runs without them.",
            next="Look at each COPY of the last stage. Does it name a file, or a whole directory?",
        )


def _found(lab: Lab, reference: str) -> Image | None:
    """Read a base; none where its stage was skipped, or where it is another stage."""
    try:
        return lab.image(reference.partition("@")[0])
    except (Missing, Failure):
        return None


def _not_startable(lab: Lab, said: str) -> None:
    """Fail in the words of what is missing, where the engine or the kernel could not start the program."""
    texts = {
        '"/bin/sh"': (
            "The shell form of ENTRYPOINT and CMD starts /bin/sh, and an empty base has none.",
            "Write it in the exec form, with brackets and quotes.",
        ),
        "no command specified": (
            "The base names no program, and a COPY makes a file no program to start.",
            "Name the program in the last stage, by ENTRYPOINT or CMD.",
        ),
        "no such file": (
            "The file does not exist at this path, or it is linked dynamically and its loader does not exist.",
            "Compare the path with the one in COPY. Is the program linked statically?",
        ),
    }
    for words, (why, step) in texts.items():
        if words in said.lower():
            lab.fail(
                expected="the program in the last stage to start",
                actual=said,
                reason="not-startable",
                why=why,
                next=step,
            )


def _no_compiler_below(lab: Lab, image: Image) -> None:
    """Fail, without a look into its many layers, where the image has all layers of the compiler's image."""
    if image.builds_on(lab.image("go")):
        reference = lab.reference("go")
        lab.fail(
            expected="an image without the Go compiler",
            actual=f"all layers of {reference} at its bottom",
            reason="compiler-in-base",
            why="The base of the last stage is a part of the image. "
            "An instruction that removes files hides them; it deletes nothing from the layers below.",
            next="Let the last FROM name a base without a compiler, and copy the program there.",
        )


def _not_the_whole_stage(lab: Lab, image: Image) -> None:
    """Fail, without a look into it, where the image is nearly as large as the compiler's own."""
    if image.told_size() > lab.image("go").told_size() * 0.75:
        lab.fail(
            expected="an image without the Go compiler",
            actual=f"one that is nearly as large as {lab.reference('go')}, the compiler included",
            reason="compiler-in-layers",
            why="The first stage holds the compiler and its whole base. What you copy from it becomes a part of the image.",
            next="Copy the program from the first stage, by its path, and nothing else.",
        )


def _own(lab: Lab, shipped: Shipped) -> list[Layer]:
    """Return the layers that the image adds to its base; all of them where the base is empty."""
    return lab.saved(shipped.image).above(shipped.base.diff_ids if shipped.base else ())
