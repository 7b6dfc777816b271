"""How many processes run in a container that the scene started."""

from checker import Exercise, Failure, Hints, Owns

exercise = Exercise(
    "01-small/count",
    title="Count the processes",
    minutes=5,
    core=False,
    images=["busybox"],
    owns=Owns(containers=["fake-busy"]),
    skills=["run.command"],
    docs=["docker container top"],
    hints=Hints("`docker top fake-busy` lists them.", "The first line is a heading.", "Count the others."),
    answer="value",
    timeout=20,
)


@exercise.scene
def scene(lab, seed):
    lab.scene.container("fake-busy", "busybox", ["sh", "-c", "sleep 600 & exec sleep 600"], init=False)


@exercise.check(points=1)
def count(lab):
    "The number is right"
    if lab.answer("count") != 2:
        raise Failure(
            expected="the number of processes",
            actual=str(lab.answer("count")),
            reason="wrong-count",
            why="Every process of the container counts, and the heading does not.",
            next="Count the lines below the heading.",
        )
