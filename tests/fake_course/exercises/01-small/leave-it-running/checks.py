"""A container that somebody left running."""

from checker import Exercise, Failure, Hints, Owns

exercise = Exercise(
    "01-small/leave-it-running",
    title="Leave it running",
    minutes=5,
    images=["busybox"],
    owns=Owns(containers=["fake-left"]),
    skills=["run.command"],
    docs=["docker container attach"],
    hints=Hints("Open a terminal.", "Leaving is not ending.", "Two keys leave a container."),
    answer="session",
    timeout=20,
)


@exercise.check(points=1)
def left_running(lab):
    "The container named fake-left runs"
    if not lab.container("fake-left").running:
        raise Failure(
            expected="a running container",
            actual="one that has ended",
            reason="ended",
            why="`exit` ends the shell, and with it the container.",
            next="Leave without ending the shell.",
        )
