"""A first container, whose one line is still there to be read when its command has ended."""

from checker import Exercise, Hints, Owns
from checker.lab import Lab

exercise = Exercise(
    "00-start-here/first-container",
    title="Your first container",
    minutes=5,
    objectives=["Run a command in a container", "Read what it printed after it has ended"],
    images=["busybox"],
    owns=Owns(containers=["c00-proof"]),
    skills=["run.command", "logs.read"],
    docs=["docker container run", "docker container logs"],
    hints=Hints(
        "`docker ps --all` lists every container of the engine, also those that have ended. "
        "Is yours there? What does its STATUS column say?",
        "A run has three parts here: the container's name, the image, and the command, word by word. "
        "What the command prints on its standard output becomes the container's log.",
        'Fill the gaps one by one. The name is in the task. The command\'s first word is "echo"; '
        "its second is the line to print. In Python, an f-string puts `ticket` into that line.",
        when={
            "no-container": "Who printed your line? What Python prints comes from the notebook's own process. "
            "The engine holds a container only after a run. With `--rm`, it removes that container at the end.",
            "never-started": "The engine takes the first word of the command for the name of a program. "
            "`docker inspect c00-proof` shows the words under Path and Args. Where does the first one end?",
            "still-running": "A container runs as long as its main process does. "
            "What does your command do after it has printed the line?",
            "other-line": "`docker logs c00-proof` shows what the container printed, and `ticket.txt` holds the number. "
            "Compare the two, character by character.",
        },
    ),
    passed="The engine ran your command in a container of its own. The command has ended. "
    "The container and its log stay until somebody removes them, so your colleagues can read the proof later.",
    timeout=40,
)

_PATIENCE = 5  # seconds; a command that sleeps a little before it prints is right too


def _ticket(seed: int) -> str:
    return f"OPS-{seed % 90000 + 10000}"


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Write the number of the request: another one at each start."""
    (lab.folder / "ticket.txt").write_text(f"{_ticket(seed)}\n", encoding="utf-8")


@exercise.check(points=1, observes=True)
def proof(lab):
    "A container named c00-proof is there"
    return lab.container(
        "c00-proof",
        reason="no-container",
        why="Operations look for the proof by this name. A container that was removed takes its log with it.",
        next="List all containers with `docker ps --all`. If yours is missing, was it run with --rm, or under another name?",
    )


@exercise.check(points=1, observes=True)
def from_busybox(lab, proof):
    "It was made from the image busybox:1.37"
    lab.expect(
        proof.image_id,
        lab.image("busybox").id,
        expected_text="a container made from busybox:1.37",
        actual_text=f"one made from {proof.image}",
        reason="other-image",
        why="The image decides which programs and files a container has. Another image proves something else.",
        next="Compare the image in your run with the one in the task.",
    )


@exercise.check(points=1, observes=True)
def ended_well(lab, proof):
    "Its command has ended without an error"
    if proof.state == "created":
        lab.fail(
            expected="a container whose command has run",
            actual=f"one that was created, and whose command never started ({proof.error or 'nothing started it'})",
            reason="never-started",
            why="The engine first creates a container, then starts its command. The second step did not happen.",
            next="Look at the words of your command: the first must be a program that the image has.",
        )
    lab.eventually(
        lambda: proof.refresh().ended,
        within=_PATIENCE,
        what="a command that ends by itself",
        reason="still-running",
        why="Operations wait for the end: the exit code says whether the command worked. "
        "The container is still running, so there is none yet.",
        next="What keeps the command busy? Remove the container and run one that only prints.",
    )
    lab.expect(
        proof.exit_code,
        0,
        what="exit code",
        reason="ended-with-an-error",
        why="0 means that the command worked. Every other number is the command's way to report an error.",
        next="`docker logs c00-proof` shows what the command said.",
    )


@exercise.check(points=2, observes=True)
def said_ready(lab, proof):
    "It printed the line of the task"
    line = f"ready: {_ticket(lab.seed)}"

    def printed() -> list[str]:
        return [found.strip() for found in lab.logs(proof).lines]

    def is_there() -> bool:
        return line in printed()

    if proof.running:
        lab.eventually(
            lambda: is_there() or not proof.refresh().running, within=_PATIENCE, what=f"the line {line}"
        )
    if not is_there():
        lines = printed()
        lab.fail(
            expected=f"the line `{line}` in its log",
            actual=f"the log ends with `{lines[-1]}`" if lines else "it printed nothing",
            reason="other-line",
            why="The log holds what the command prints on its standard output. It is all that operations will see.",
            next="Read the number from ticket.txt, and print the line exactly as the task shows it.",
        )
