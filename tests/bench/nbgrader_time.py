"""The yardstick for grading: how long nbgrader's autograder needs for chapter 02, with nothing sandboxed.

A learner hands in the nine reference solutions. A notebook holds the solution's answer cells as they are, and
one locked test cell for each check, as a teacher would write it with the SDK. The scenes are made before the
clock starts. nbgrader lives in an environment of its own, never in the course's.

=========================== =====================================================================
nbgrader_chapter_02_seconds ``NbGraderAPI.autograde`` of the nine notebooks, after nbgrader's import
nbgrader_notebook_ms        one notebook less the time in its cells, median of the nine
=========================== =====================================================================
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
import venv
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.answer import LIMIT, answer_cells
from checker.attempt import attempted, solution_layer
from checker.course import open_course
from checker.engine.connect import connect
from checker.errors import CourseError
from checker.locks import locked
from checker.overlay import ANSWER_FILES, files_below, lay
from checker.paths import state_dir
from checker.record import RECORD
from checker.result import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.course import Loaded
    from checker.engine.connect import Engine

CHAPTER = "02-running-containers"
LEARNER = "learner"
NEEDS = ["nbgrader>=0.9.6", "docker>=7.2", "ipykernel", "ipython"]
SEED = 2  # the scenes' own, so that the tests know what they hold

#: What the teacher ships in place of the course's package: `submit` is all that an answer imports of it.
SUBMIT = """\
import json

def submit(**values):
    json.dump(values, open("answer.json", "w"))
"""

#: The cell between answer and tests: no name of the answer hides one of these. They wait as our checks do.
HELPERS = f"""\
import hashlib, http.client, io, json, re, secrets, tarfile, time
import docker

engine = docker.from_env()
container = engine.containers.get

def seeded(name):
    return hashlib.sha256(f"{SEED}/{{name}}".encode()).hexdigest()[:16]

def run(one, *command):
    return one.exec_run(list(command)).output.decode()

def state(one):
    one.reload()
    return one.attrs["State"]

def read(one, path):
    "Return a file of a container, also of one that has ended"
    with tarfile.open(fileobj=io.BytesIO(b"".join(one.get_archive(path)[0]))) as archive:
        return archive.extractfile(archive.getmembers()[0]).read().decode()

def ask(port, path):
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    asking.request("GET", path)
    answer = asking.getresponse()
    return answer.status, answer.read().decode()

def eventually(true, within=4):
    ends = time.monotonic() + within
    while True:
        try:
            if found := true():
                return found
        except (OSError, http.client.HTTPException):  # the SDK's errors are OSErrors, too
            pass
        assert time.monotonic() < ends, "not in time"
        time.sleep(0.05)

def put_page(web):
    "Write a new page into nginx's folder, and return it"
    page = secrets.token_hex(8)
    run(web, "sh", "-c", f"printf {{page}} > /usr/share/nginx/html/course-check.txt")
    return page

def take_page(web):
    run(web, "rm", "-f", "/usr/share/nginx/html/course-check.txt")

def listening(one):
    "Return the ports inside on which programs listen for the outside"
    rows = [line.split() for line in run(one, "cat", "/proc/net/tcp", "/proc/net/tcp6").splitlines()]
    places = [row[1].split(":") for row in rows if row[3] == "0A"]
    return {{int(port, 16) for address, port in places if not address.endswith(("7F", "01000000"))}}

def published(one):
    "Return port inside, address and port outside of all that is published"
    one.reload()
    return [
        (int(inside.split("/")[0]), binding["HostIp"], int(binding["HostPort"]))
        for inside, bindings in one.ports.items()
        for binding in bindings or ()
    ]

def own_network(one):
    return not one.attrs["HostConfig"]["NetworkMode"].startswith(("host", "container:"))
"""

#: The test cells: a line `# %% <check>` begins each one.
TESTS = {
    "background-web": """
# %% web
web = container("c02-web")
assert web.image.id == engine.images.get("nginx:1.26").id
assert web.status == "running"
# %% detached
assert not web.attrs["Config"]["AttachStdout"]
# %% answers
page = put_page(web)
try:
    eventually(lambda: ask(8082, "/course-check.txt") == (200, page))
finally:
    take_page(web)
# %% only_here
assert own_network(web)
assert {address for _, address, _ in published(web)} == {"127.0.0.1"}
# %% stays
starts, ends = web.attrs["RestartCount"], time.monotonic() + 0.7
while time.monotonic() < ends:
    assert state(web)["Running"] and web.attrs["RestartCount"] == starts
    time.sleep(0.1)
""",
    "copy-into-running": """
# %% site_runs
site = container("c02-site")
assert site.status == "running"
# %% page_is_new
((_, _, port),) = published(site)
status, text = eventually(lambda: ask(port, "/opening-hours.html"), within=3)
assert status == 200 and text.split() == open("opening-hours.html").read().split()
assert seeded("new") in text
# %% never_stopped
assert state(site)["FinishedAt"].startswith("0001-")
status, text = eventually(lambda: ask(port, "/orders/open.txt"), within=3)
assert status == 200 and text.strip() == seeded("orders")
# %% others_untouched
for name, known in ("index", "Your number today: "), ("contact", "Desk "):
    status, text = eventually(lambda: ask(port, f"/{name}.html"), within=3)
    assert status == 200 and known + seeded(name) in text
for name in "copy-into-running.ipynb", "02-running-containers/copy-into-running.ipynb":
    assert ask(port, f"/{name}")[0] == 404
""",
    "data-outlives-container": """
# %% notebook
notebook = container("c02-notebook")
assert notebook.status == "running"
# %% in_volume
(mount,) = [one for one in notebook.attrs["Mounts"] if one["Destination"] == "/usr/share/nginx/html"]
assert (mount["Type"], mount["Name"]) == ("volume", "c02-data")
assert (engine.volumes.get("c02-data").attrs["Options"] or {}).get("type") != "tmpfs"
# %% notes_kept
for name in "monday.html", "friday.html":
    note = eventually(lambda: run(notebook, "curl", "-s", f"http://127.0.0.1/{name}"), within=3)
    assert f"<title>{name}</title>" in note and f"Noted under {seeded(name)}." in note
# %% next_note
page = put_page(notebook)
address = "http://127.0.0.1/course-check.txt"
try:
    assert eventually(lambda: run(notebook, "curl", "-s", address), within=3) == page
finally:
    take_page(notebook)
""",
    "detach-dont-exit": """
# %% left_running
shell = container("c02-shell")
assert shell.status == "running"
# %% has_terminal
assert shell.attrs["Config"]["Tty"] and shell.attrs["Config"]["OpenStdin"]
# %% stands_there
desk = "desk-" + seeded("desk")[:6]
assert not shell.attrs["Config"]["WorkingDir"].endswith(desk)
eventually(lambda: run(shell, "readlink", "/proc/1/cwd").strip().endswith(f"/{desk}"), within=0.5)
# %% second_ended
second = container("c02-second")
assert second.status == "exited"
assert second.attrs["State"]["ExitCode"] == int(seeded("code"), 16) % 90 + 10
# %% second_had_terminal
assert second.attrs["Config"]["Tty"] and second.attrs["Config"]["OpenStdin"]
""",
    "exit-codes": """
# %% handed_in
handed_in = {kind: str(name) for kind, name in json.load(open("answer.json")).items()}
assert any(re.fullmatch("(c02-case-)?[1-5]", name) for name in handed_in.values())
# %% finished
def end(one):
    found = state(one)
    return found["Status"], found["ExitCode"], found["OOMKilled"]

def diagnosed(kind):
    name = handed_in[kind]
    return end(container(name if name.startswith("c02-case-") else f"c02-case-{name}"))

assert diagnosed("finished") == ("exited", 0, False)
# %% not_found
assert diagnosed("not_found") == ("exited", 127, False)
# %% killed
assert diagnosed("killed") == ("exited", 137, False)
# %% out_of_memory
assert diagnosed("out_of_memory") == ("exited", 137, True)
# %% stopped
assert diagnosed("stopped") == ("exited", 143, False)
# %% as_found
ends = [end(container(f"c02-case-{number}")) for number in range(1, 6)]
assert {status for status, _, _ in ends} == {"exited"}
assert sorted(code for _, code, _ in ends) == [0, 127, 137, 137, 143]
""",
    "restart-on-failure": """
# %% prices
def ran(job):
    one = container(f"c02-{job}")
    eventually(lambda: f"{seeded('try')} {job}" in read(one, "/tmp/tries").splitlines(), within=5)
    return one

prices = ran("prices")
# %% rates
rates = ran("rates")
# %% policy
limit = int(open("retries.txt").read())
for one in prices, rates:
    assert one.attrs["HostConfig"]["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": limit}
# %% recovered
eventually(lambda: state(prices)["Status"] == "exited", within=10)
assert prices.attrs["State"]["ExitCode"] == 0 and prices.attrs["RestartCount"] > 0
# %% gave_up
eventually(lambda: state(rates)["Status"] == "exited", within=10)
assert rates.attrs["State"]["ExitCode"] == 75 and rates.attrs["RestartCount"] == limit
""",
    "stop-the-right-one": """
# %% one_ended
def notes():
    where = {"c02-queues": {"bind": "/queues", "mode": "ro"}}
    text = engine.containers.run("busybox:1.37", ["cat", "/queues/notes"], volumes=where, remove=True)
    noted = {}
    for queue, *note in map(str.split, text.decode().splitlines()):
        noted.setdefault(queue, []).append(note)
    return noted

def worker_of(queue):
    workers = engine.containers.list(all=True, filters={"name": "c02-worker-"})
    return [one for one in workers if f"--queue={queue}" in one.attrs["Args"]]

moved, noted = open("queue.txt").read().strip(), notes()
assert len(noted) == 3
assert not worker_of(moved) or any(len(lines) > 1 for lines in noted.values())
# %% others
for queue in noted.keys() - {moved}:
    (worker,) = worker_of(queue)
    assert worker.status == "running" and noted[queue] == [["start", worker.id[:12]]]
# %% gone
assert not worker_of(moved)
assert noted[moved][0][1] not in [one.id[:12] for one in engine.containers.list(all=True)]
# %% saved
assert notes()[moved][-1][0] == "place"
""",
    "two-on-a-network": """
# %% api
api = container("c02-api")
assert api.image.id == engine.images.get("nginx:1.26").id
assert api.status == "running"
# %% client
client = container("c02-client")
assert client.image.id == engine.images.get("busybox:1.37").id
assert client.status == "running"
# %% together
assert engine.networks.list(names=["c02-net"])
assert all("c02-net" in one.attrs["NetworkSettings"]["Networks"] for one in (api, client))
# %% by_name
page = put_page(api)
wget = "wget", "-q", "-T", "2", "-O", "-", "http://c02-api/course-check.txt"
try:
    eventually(lambda: run(client, *wget) == page)
finally:
    take_page(api)
# %% by_the_engine
assert "c02-api" not in run(client, "cat", "/etc/hosts").split()
told = run(client, "nslookup", "-type=a", "c02-api", "127.0.0.11")
api.reload()
addresses = {one["IPAddress"] for one in api.attrs["NetworkSettings"]["Networks"].values()}
assert set(re.findall(r"\\d+\\.\\d+\\.\\d+\\.\\d+", told)) - {"127.0.0.11"} == addresses
# %% nothing_published
assert not published(api) and not published(client)
""",
    "unreachable-web": """
# %% shop
shop = container("c02-shop")
assert shop.status == "running"
assert shop.image.id == engine.images.get("c02-shop:1.0").id
# %% unchanged
assert read(shop, "/app/shop.py") == open("shop.py").read()
# %% listens_outside
assert own_network(shop)
inside = eventually(lambda: listening(shop))
# %% leads_to_the_shop
leads = {port for port, _, outside in published(shop) if outside == 8083}
assert leads & eventually(lambda: listening(shop))
# %% only_here
assert {address for _, address, _ in published(shop)} == {"127.0.0.1"}
# %% answers
order = secrets.token_hex(8)
eventually(lambda: order in ask(8083, f"/order/{order}")[1] and f"order: {order}" in shop.logs().decode())
""",
}

#: Runs in nbgrader's environment, in the folder of its course. Its last line is what came of it.
AUTOGRADE = """\
import json, sys, time
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute

chapter, learner = sys.argv[1:]
spent = {"notebooks": [], "cells": []}

def timed(method, kind):
    def call(*arguments, **options):
        started = time.perf_counter()
        try:
            return method(*arguments, **options)
        finally:
            spent[kind][-1] += time.perf_counter() - started
    return call

def one_more(method):
    def call(*arguments):
        for times in spent.values():
            times.append(0)
        return method(*arguments)
    return call

Autograde.convert_single_notebook = one_more(timed(Autograde.convert_single_notebook, "notebooks"))
Execute.preprocess_cell = timed(Execute.preprocess_cell, "cells")
api = NbGraderAPI(coursedir=CourseDirectory(root="."))

def demand(result):
    if not result["success"]:
        sys.exit(result.get("log") or result.get("error"))

demand(api.generate_assignment(chapter))
started = time.perf_counter()
result = api.autograde(chapter, learner)
seconds = time.perf_counter() - started
demand(result)
with Gradebook(api.coursedir.db_url) as book:
    notebooks = book.find_submission(chapter, learner).notebooks
    grades = [grade for one in notebooks for grade in one.grades]
    missed = [f"{one.notebook.name}/{one.name}" for one in grades if one.score < one.max_score]
    score = sum(one.score for one in grades)
overheads = [whole - cells for whole, cells in zip(spent["notebooks"], spent["cells"], strict=True)]
print(json.dumps({"seconds": seconds, "overheads": overheads, "score": score, "missed": missed}))
"""


def seconds() -> float:
    """Return how long nbgrader needs for chapter 02; all scenes are made and removed."""
    return measured()["nbgrader_chapter_02_seconds"]


def measured() -> dict[str, float]:
    """Let nbgrader grade chapter 02 once."""
    python = environment()
    course = open_course()
    with connect() as engine, tempfile.TemporaryDirectory() as folder, ExitStack() as scenes:
        room = Path(folder)
        points = 0.0
        for name in course.choose([CHAPTER]):
            loaded = course.load(name)
            layers, unanswered = [solution_layer(loaded)], Unanswered()
            scene = attempted(course, engine, loaded, layers, unanswered, seed=SEED)
            hand_in(loaded, scenes.enter_context(scene).folder, room)
            points += loaded.exercise.max_score
        graded = autograded(python, engine, room)
    if graded["missed"] or graded["score"] != points:
        missed = ", ".join(graded["missed"])
        sys.exit(f"bench: nbgrader gives {graded['score']} of {points} points. Missed: {missed}.")
    return {
        "nbgrader_chapter_02_seconds": graded["seconds"],
        "nbgrader_notebook_ms": statistics.median(graded["overheads"]) * 1000,
    }


class Unanswered:
    """Sets no answer to work: here, nbgrader runs it."""

    @contextmanager
    def answered(
        self,
        folder: Path,  # noqa: ARG002 - the protocol's
        environment: Mapping[str, str],  # noqa: ARG002
        limit: float = LIMIT,  # noqa: ARG002
    ) -> Iterator[Answer]:
        """Do nothing."""
        yield Answer()


def environment() -> Path:
    """Return the Python of nbgrader's own environment; made once, and kept with what can be made again."""
    folder = state_dir() / "bench" / "nbgrader"
    python, ready = folder / "bin" / "python", folder / "ready"
    with locked(folder):
        if not ready.exists():
            venv.create(folder, clear=True, with_pip=True)
            finished([str(python), "-m", "pip", "install", *NEEDS])
            ready.touch()
    return python


def hand_in(loaded: Loaded, folder: Path, room: Path) -> None:
    """Write an exercise's notebook as the teacher's source and as the learner's submission."""
    name = loaded.id.split("/")[1]
    source, submitted = room / "source" / CHAPTER, room / "submitted" / LEARNER / CHAPTER
    for place in (source, submitted):
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}.ipynb").write_text(json.dumps(notebook(loaded, folder)))
    (submitted / "checker.py").write_text(SUBMIT)
    lay(folder, set(files_below(folder)) - {*ANSWER_FILES, RECORD}, submitted)


def notebook(loaded: Loaded, folder: Path) -> dict[str, Any]:
    """Return the answer's cells, with a test cell for each check."""
    pieces = re.split(r"^# %% (\w+)\n", TESTS[loaded.id.split("/")[1]], flags=re.MULTILINE)[1:]
    tests = dict(zip(pieces[::2], pieces[1::2], strict=True))
    checks = {check.id: check.points for check in loaded.exercise.checks}
    if list(tests) != list(checks):
        sys.exit(f"bench: {loaded.id} has the checks {list(checks)}; there are tests for {list(tests)}.")
    answers = [cell(source, f"answer-{at}", solution=True) for at, source in enumerate(answer_cells(folder))]
    graded = [cell(tests[name], name, points=points) for name, points in checks.items()]
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    cells = [*answers, cell(HELPERS, "helpers"), *graded]
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def cell(source: str, name: str, *, solution: bool = False, points: float | None = None) -> dict[str, Any]:
    """Return a cell as nbgrader marks it: an answer, a test with points, or one that is only locked."""
    marks: dict[str, Any] = {"schema_version": 3, "cell_type": "code", "grade_id": name, "task": False}
    marks |= {"solution": solution, "locked": not solution, "grade": points is not None}
    if points is not None:
        marks["points"] = points
    code = {"cell_type": "code", "id": name, "source": source, "metadata": {"nbgrader": marks}}
    return {**code, "execution_count": None, "outputs": []}


def autograded(python: Path, engine: Engine, room: Path) -> dict[str, Any]:
    """Run nbgrader in ``room``, with no settings of this machine's user."""
    own = {name: str(room / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    there = engine.environment()
    own["PATH"] = f"{python.parent}:{there['PATH']}"  # nbgrader runs a command of its environment
    printed = finished([str(python), "-c", AUTOGRADE, CHAPTER, LEARNER], cwd=room, env=there | own)
    graded: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return graded


def finished(command: list[str], **options: Any) -> str:
    """Run a command, and return what it prints; end with what it said where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        said = f"{done.stdout}{done.stderr}"
        sys.exit(f"bench: a program of nbgrader's environment ended with status {done.returncode}.\n{said}")
    return str(done.stdout)


if __name__ == "__main__":
    try:
        values = measured()
    except CourseError as error:
        sys.exit(f"bench: {error} {error.next}")
    for name, value in values.items():
        print(f"{name}: {value:.4g}")
