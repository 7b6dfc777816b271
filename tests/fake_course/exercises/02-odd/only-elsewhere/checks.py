"""One check needs what no engine offers."""

from checker import Exercise, Hints

exercise = Exercise(
    "02-odd/only-elsewhere",
    title="Only elsewhere",
    minutes=5,
    core=False,
    skills=["engine.ask"],
    docs=["docker system info"],
    hints=Hints("One.", "Two.", "Three."),
)


@exercise.check(points=1)
def common(lab):
    "This one needs nothing"


@exercise.check(points=1, requires=["something-no-engine-has"])
def rare(lab):
    "This one needs what no engine offers"


@exercise.check(points=1)
def after(lab, rare):
    "This one needs the one before"
