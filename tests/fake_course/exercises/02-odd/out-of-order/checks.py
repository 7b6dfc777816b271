"""Checks that do what mode.txt says: this is how the tests meet every outcome."""

import os
import signal
import subprocess
import sys
import time

from checker import EngineFault, Exercise, Hints

exercise = Exercise(
    "02-odd/out-of-order",
    title="Out of order",
    minutes=5,
    core=False,
    skills=["engine.ask"],
    docs=["docker system info"],
    hints=Hints("One.", "Two.", "Three."),
    edits=["mode.txt", "*.pid"],
    timeout=10,
)


def forever(path):
    "Wait, together with a process that was started here and says its id."
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    path.write_text(str(child.pid))
    child.wait()


@exercise.check(points=1, timeout=1)
def first(lab):
    "The mode is one that this check likes"
    mode = lab.file("mode.txt").read_text().strip()
    print("a check may print", flush=True)
    match mode:
        case "fail" | "unset":
            lab.fail(expected="a good mode", actual=mode, reason="bad-mode", why="It is a test.")
        case "draw":
            lab.fail(expected="-", actual=lab.unforeseen("text"), reason="drawn", why="It is a test.")
        case "mistake":
            raise ZeroDivisionError("a mistake of the course")
        case "engine":
            raise EngineFault("The engine is away.", next="Bring it back.", kind="not-running")
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "forever":
            forever(lab.folder / "forever.pid")
        case "ask":
            (lab.folder / "asking.pid").write_text(str(os.getpid()))
            while lab.engine.client.ping():
                pass
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            forever(lab.folder / "forever.pid")
    return mode


@exercise.check(points=1)
def second(lab, first):
    "The first check gave something"
    if first == "second":
        lab.fail(expected="another mode", actual=first, reason="bad-mode", why="Two is no mode.")


@exercise.check(points=1, timeout=2)
def alone(lab):
    "This one needs no other"
    mode = lab.file("mode.txt").read_text().strip()
    if mode == "slow":
        time.sleep(600)
    if mode in {"alone", "unset"}:
        lab.fail(expected="another mode", actual=mode, reason="bad-mode", why="Nobody is alone.")
