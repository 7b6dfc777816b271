"""A container that greets by the name in name.txt."""

from checker import Exercise, Failure, Hints, Owns

exercise = Exercise(
    "01-small/greet",
    title="Greet by name",
    minutes=5,
    images=["busybox"],
    owns=Owns(containers=["fake-greet"]),
    skills=["run.command"],
    docs=["docker container run"],
    hints=Hints(
        "`docker ps --all` shows every container.",
        "A run has a name, an image and a command.",
        "The command is a list: the program, then its words.",
        when={"wrong-name": "Compare the log with the file, sign by sign."},
    ),
    passed="The container printed the name that only this run knows.",
    timeout=20,
)


@exercise.scene
def scene(lab, seed):
    (lab.folder / "name.txt").write_text(f"Ada-{seed % 1000}\n")


@exercise.check(points=1)
def greeter(lab):
    "A container named fake-greet is there"
    return lab.container("fake-greet")


@exercise.check(points=2)
def right_name(lab, greeter):
    "It greets by the name in the file"
    wanted = f"hello {lab.file('name.txt').read_text().strip()}"
    if wanted not in greeter.logs().text:
        raise Failure(
            expected=f"the line {wanted!r} in the log",
            actual="another text",
            reason="wrong-name",
            why="The name is in the file, and differs from run to run.",
            next="Read name.txt.",
        )
