"""One Dockerfile with two targets: the same program for developers and for the kitchen, each in its own way."""

from dataclasses import dataclass

from checker import Exercise, Hints, Owns
from checker.engine.image import Image
from checker.lab.starting import lost_words, run_anyhow

exercise = Exercise(
    "05-multistage-builds/dev-and-prod",
    title="One file, two images",
    minutes=15,
    objectives=["Describe two images in one Dockerfile", "Choose between them with a target"],
    images=["python"],
    owns=Owns(images=["c05-menu-dev", "c05-menu-prod"]),
    answer="files",
    edits=["Dockerfile", "Dockerfile.dev", ".dockerignore"],
    skills=["stages.target", "stages.common"],
    docs=["Multi-stage builds", "docker buildx build", "Dockerfile reference"],
    hints=Hints(
        "Both Dockerfiles have lines in common. Those lines belong into a stage from which both targets begin. "
        "What is left for each of the two?",
        "`FROM NAME` begins a stage with the files and the settings of another stage of the same file. "
        "`--target NAME` makes that stage the image. A plain build makes the last stage.",
        "Three stages: a common one with the program, its dishes and the release; `dev`, which begins from it and adds the tools and the mode; "
        "`prod`, which begins from it as well and stands last. It may add nothing at all.",
        when={
            "build-failed": "The names of the stages are given: `dev` and `prod`. A name stands after AS, behind FROM.",
            "other-last-stage": "Which stage is the last one of the file? Exchange the two.",
            "differs": "Compare what both print: `docker run --rm c05-menu-dev monday`, and the same with c05-menu-prod.",
            "release-lost": "An ARG above the first FROM is for the FROM lines alone. A stage that needs it says ARG again.",
            "not-debugging": "`docker image inspect c05-menu-dev` shows its Env. Which instruction puts something there?",
            "tools-missing": "`docker run --rm --entrypoint ls c05-menu-dev` lists its working directory.",
            "debugs-in-prod": "Everything that the common stage sets is set in both images.",
            "tools-ship": "From which stage does prod begin, and what does that stage copy? A later `rm` takes nothing out of its layers.",
        },
    ),
    passed="What both images have in common stands in one stage, so they cannot drift apart. "
    "Each target adds what is its own, and a plain build makes the one for the kitchen.",
    timeout=60,
)

_DAY = "sunday"


@dataclass(frozen=True)
class Built:
    """Three builds of a copy of the folder, with another dish and release: both targets, and without one."""

    dev: Image
    prod: Image
    plain: Image
    dish: str
    release: str
    mark: str


@exercise.check(points=0)
def targets(lab):
    "The Dockerfile builds with --target dev and with --target prod"
    dish, release, mark = (lab.unforeseen(what) for what in ("dish", "release", "tool"))
    folder = lab.copy()
    with (folder / "dishes.txt").open("a", encoding="utf-8") as file:
        file.write(f"{_DAY}: {dish}\n")
    tool = folder / "tools" / "count.py"
    tool.write_text(tool.read_text(encoding="utf-8").replace('"""', f'"""{mark} ', 1), encoding="utf-8")
    dev, prod, plain = (
        lab.build(folder, target=name, args={"RELEASE": release}).image for name in ("dev", "prod", "")
    )
    return Built(dev, prod, plain, dish, release, mark)


@exercise.check(points=1)
def plain(lab, targets):
    "A plain build, without a target, makes the image of prod"
    lab.expect(
        _what_it_is(targets.plain),
        _what_it_is(targets.prod),
        expected_text="the same image as with --target prod",
        actual_text="the image of dev"
        if _what_it_is(targets.plain) == _what_it_is(targets.dev)
        else "another image",
        reason="other-last-stage",
        why="A plain build makes the last stage. Whoever forgets the target must not ship the developers' image.",
        next="Look at the order of the stages.",
    )


@exercise.check(points=2)
def same(lab, targets):
    "Both print the dish and the release that were given a moment before the build"
    for name, image in (("dev", targets.dev), ("prod", targets.prod)):
        ran = run_anyhow(lab, image, _DAY)
        reason, why, step = _why_other(image, release_lost=f"{targets.dish} (release " in ran.stdout)
        lab.expect(
            ran.stdout.strip(),
            f"{targets.dish} (release {targets.release})",
            actual_text=f"{name} prints {(ran.stdout or ran.stderr).strip()!r}",
            reason=reason,
            why=why,
            next=step,
        )


@exercise.check(points=2)
def debugs(lab, same, targets):
    "dev tells where it fails, and has the tools"
    ran = lab.run(targets.dev, "someday")
    if "Traceback" not in ran.stderr:
        lab.fail(
            expected="dev to print a traceback for a day without a dish",
            actual=repr(ran.stderr.strip()),
            reason="not-debugging",
            why="menu.py looks into the environment of its container. "
            "An ARG is gone when the build has ended, and what a RUN exports when that RUN has. "
            "An ENV stays in the image.",
            next="Set MENU_MODE in the stage dev, in a way that lasts.",
        )
    ran = lab.run(targets.dev, "tools/count.py", entrypoint=["python"])
    lab.expect(
        ran.stdout.strip(),
        "6 dishes",
        what="tools/count.py to print",
        actual_text=(ran.stdout or ran.stderr).strip(),
        reason="tools-missing",
        why="Developers run the tools in their image: `python tools/count.py`, in its working directory.",
        next="Copy the folder tools into the stage dev, beside the program. "
        "A COPY of a folder takes what is in it, without the folder's name.",
    )


@exercise.check(points=2)
def quiet(lab, same, targets):
    "prod says in one line that there is no dish"
    ran = lab.run(targets.prod, "someday")
    debugs = "Traceback" in ran.stderr
    lab.expect(
        (ran.stderr.strip(), ran.exit_code),
        ("No dish for someday.", 1),
        expected_text="prod to print one line, and to end with exit code 1",
        actual_text=f"{ran.stderr.strip()[:60]!r}, and exit code {ran.exit_code}",
        reason="debugs-in-prod" if debugs else "other-message",
        why="A traceback tells strangers how the program is built, and tells the kitchen nothing."
        if debugs
        else "The kitchen must see that there is no dish, and other programs see it by the exit code.",
        next="Where is MENU_MODE set, and which targets begin from that stage?"
        if debugs
        else "Let prod start menu.py, and leave what it prints and its exit code as they are.",
    )


@exercise.check(points=1)
def no_tools(lab, same, targets):
    "No layer of prod holds the tools"
    saved = lab.saved(targets.prod)
    for layer in saved.above(lab.image("python").diff_ids):
        for path in layer.search(targets.mark.encode()):
            where = "" if saved.visible(path) else ", in a layer below the one that deletes it"
            lab.fail(
                expected="an image without the developers' tools",
                actual=f"{path}{where}",
                reason="tools-ship",
                why="What is in a layer of the image is pulled by everybody, also if a later layer deletes it.",
                next="Copy the tools in the stage dev only.",
            )


def _why_other(image: Image, *, release_lost: bool) -> tuple[str, str, str]:
    """Return reason, why and next step of an image that prints something else."""
    if release_lost and "RELEASE" not in image.env:
        return (
            "release-lost",
            "An ARG is gone when the build has ended. The program looks into the environment, which ENV sets.",
            "Which stages say `ARG RELEASE`, and which of them keep its value with ENV?",
        )
    if release_lost:
        return (
            "release-lost",
            "An ARG is known in its own stage, below its line, and in stages that begin from that one. "
            "An ARG above the first FROM is not known inside the stages.",
            "Which stage needs the line `ARG RELEASE`, and above which line?",
        )
    if lost := lost_words(image):
        return "words-lost", lost, "Which instruction starts the program, and in which form?"
    return (
        "differs",
        "The developers must see what the kitchen gets. So both have the same files, from one place.",
        "Let both targets begin from the stage that copies the program and the dishes.",
    )


def _what_it_is(image: Image) -> tuple[object, ...]:
    return image.diff_ids, image.env, image.entrypoint, image.command, image.workdir, image.user
