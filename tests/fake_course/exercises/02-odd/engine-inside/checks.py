"""Work on a throw-away engine: it is empty, and another one than yours."""

from checker import Exercise, Hints, Owns
from checker.grading import throwaway

NAME = "fake-engine"

exercise = Exercise(
    "02-odd/engine-inside",
    title="An engine of its own",
    minutes=5,
    core=False,
    images=["busybox"],
    owns=Owns(containers=[NAME]),
    skills=["engine.ask"],
    docs=["docker container exec"],
    requires=["engine-inside"],
    hints=Hints("It has an engine.", "`docker exec` runs a command there.", "That command may be docker."),
    timeout=60,
)


@exercise.scene
def scene(lab, seed):
    throwaway.start(lab.engine, exercise.id, NAME, ["busybox:1.37"])


@exercise.check(points=1)
def inner(lab):
    "The engine inside holds a container named inner"
    found = throwaway.docker(lab.engine, NAME, "logs", "inner")
    lab.expect(found.exit_code, 0, what="exit code", why="It is asked on the engine inside.")
    return found.stdout


@exercise.check(points=1)
def words(lab, inner):
    "It printed its line"
    lab.expect(inner.strip(), "from inside", why="The line is the container's own.")
