"""Submissions that attack: the sandbox, the checks, the grader. None gets out, none earns what it did not do.

Each test is one grading run. Somebody's right and somebody's wrong answer come last in it: their results are
what they are without the attacks, and afterwards nothing of the run is left. What an attack says it got done
is taken from what it prints after ``GOT``.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import jsonschema
import pytest

import checker
from checker.course import Course, open_course
from checker.engine.connect import connect
from checker.grading.grade import grade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.engine.connect import Engine

    Files = dict[str, str]
    Attacked = Callable[..., dict[str, dict[str, Any]]]

pytestmark = pytest.mark.engine

GREET, COUNT, PAGE, STILL = "01-small/greet", "01-small/count", "01-small/page", "03-attacked/still"
SCHEMA = json.loads((Path(checker.__file__).parent / "result.schema.json").read_text())

#: An exercise whose checks take a moment, and look at what attacks want to change behind their back.
CHECKS = '''
"""Nothing moves while it is looked at."""

import time

from checker import Exercise, Hints, Owns
from checker.engine.probe import Probe

exercise = Exercise(
    "03-attacked/still",
    title="Stand still",
    minutes=5,
    images=["busybox"],
    owns=Owns(containers=["fake-done"]),
    docs=["docker container run"],
    hints=Hints("One.", "Two.", "Three."),
    timeout=40,
)


def seen(lab):
    api = lab.engine.client.api
    images = {(tag, one["Id"]) for one in api.images() for tag in one["RepoTags"] or ()}
    containers = {(one["Id"], *one["Names"]) for one in api.containers(all=True)}
    return {one for one in images if one[0].startswith("busybox")}, containers


def told(lab):
    with Probe(lab.engine) as probe:
        return probe.run("cat", "/proc/self/comm").stdout.strip()


@exercise.check(points=1)
def stillness(lab):
    "Nothing moves"
    before, first = seen(lab), told(lab)
    time.sleep(4)
    lab.expect((first, told(lab)), ("cat", "cat"), what="words of a probe", why="Its image is busybox.")
    lab.expect(seen(lab), before, what="objects", why="Nobody may act any more.")


@exercise.check(points=1)
def done(lab, stillness):
    "The container fake-done is there"
    lab.container("fake-done")
'''

#: What each attack begins with.
TOOLS = r"""
import itertools, json, os, pathlib, shutil, socket, subprocess, sys, threading, time
got = []
def docker(*words, **options):
    options = {"capture_output": True, "text": True, "timeout": 30} | options
    return subprocess.run(["docker", *words], **options)
def attempt(name, *words):
    if docker(*words).returncode == 0:
        got.append(name)
def report():
    print("GOT", json.dumps(got))
SOCKET = "--volume=/var/run/docker.sock:/var/run/docker.sock"
IMAGE = docker("image", "ls", "--format={{.Repository}}:{{.Tag}}", "docker-course/tools").stdout.split()[0]
"""

RIGHT = "!docker run --name fake-greet busybox:1.37 echo hello $(cat name.txt)\n"
WRONG = "!docker run --name fake-greet busybox:1.37 echo hello\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The tests' small course, and the exercise above."""
    root = tmp_path_factory.mktemp("attacked")
    shutil.copytree(Path(__file__).parents[1] / "fake_course", root, dirs_exist_ok=True)
    shutil.copytree(root / "exercises" / GREET, root / "exercises" / STILL)
    (root / "exercises" / STILL / "checks.py").write_text(CHECKS)
    return open_course(root)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The containers and volumes that this process makes, filled while it does."""
    names: set[str] = set()

    def record(method: str, key: str) -> None:
        original = getattr(docker.APIClient, method)

        def recorded(*arguments: Any, **options: Any) -> Any:
            answer = original(*arguments, **options)
            names.add(answer[key])
            return answer

        monkeypatch.setattr(docker.APIClient, method, recorded)

    record("create_container", "Id")
    record("create_volume", "Name")
    return names


@contextmanager
def asked_all_along(lasted: list[float]) -> Iterator[None]:
    """Ask this machine's engine again and again, and keep the seconds of each answer."""
    stop = threading.Event()

    def ask() -> None:
        with connect() as engine:
            while not stop.wait(0.05):
                begun = time.monotonic()
                engine.client.api.ping()
                lasted.append(time.monotonic() - begun)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``tmp`` in it, where this process puts what is temporary."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path


@pytest.fixture
def attacked(
    engine: Engine, course: Course, hand_in: Callable[[str, Files], Path], made: set[str], place: Path
) -> Attacked:
    """Return a function that grades attacks, scripts or files, and returns their results by name."""

    def run(exercise: str, **attacks: str | Files) -> dict[str, dict[str, Any]]:
        folders = [
            hand_in(name, {f"{exercise}/{file}": text for file, text in files.items()})
            for name, one in attacks.items()
            for files in [{"answer.py": TOOLS + one} if isinstance(one, str) else one]
        ]
        for name, answer in {"right": RIGHT, "wrong": WRONG}.items():
            folders.append(hand_in(name, {f"{GREET}/answer.py": answer}))
        lasted: list[float] = []
        with asked_all_along(lasted):
            grade(course, folders, place / "out", workers=2)
        print(f"The engine answered {len(lasted)} times, within {max(lasted) * 1000:.0f} ms.")
        lines = (place / "out" / "results.jsonl").read_text().splitlines()
        results = {one["student"]: one for one in map(json.loads, lines)}
        for one in results.values():
            jsonschema.validate(one, SCHEMA)
        assert results.keys() == {*attacks, "right", "wrong"}
        right, wrong = results["right"], results["wrong"]
        assert (right["status"], right["score"], wrong["status"], wrong["score"]) == (
            "passed",
            3,
            "failed",
            1,
        )
        nothing_left(engine, made)
        assert list((place / "tmp").iterdir()) == []
        return results

    return run


def nothing_left(engine: Engine, made: set[str]) -> None:
    """Nothing that was made is on the engine, or in a process or mount of this machine, but for the seed."""
    assert made
    temporary = {one for one in made if not one.startswith("docker-course-seed-")}
    api = engine.client.api
    assert not temporary.intersection(one["Id"] for one in api.containers(all=True))
    assert not temporary.intersection(one["Name"] for one in api.volumes()["Volumes"] or ())
    for process in Path("/proc").glob("[0-9]*"):
        for about in ("cgroup", "mountinfo"):
            with suppress(OSError):  # it has ended
                text = (process / about).read_text()
                assert not any(one in text for one in temporary)


def got(result: dict[str, Any]) -> list[Any]:
    """Return what an attack says it got done."""
    assert (result["answer"]["status"], result["answer"]["error"]) == ("ok", "")
    found: list[Any] = json.loads(result["answer"]["output_tail"].rpartition("GOT ")[2].splitlines()[0])
    return found


def outcomes(result: dict[str, Any]) -> tuple[str, ...]:
    return tuple(one["status"] for one in result["checks"])


OUT = r"""
for options in (
    "--privileged", "--volume=/:/m", "--volume=/run:/m", "--volume=/var/lib/docker:/m", "--volume=/proc:/m",
    "--volume=/course/work/../../:/m", "--volume=/tmp/../etc:/m", "--volume=/sys/fs/cgroup:/m",
    "--volume=/var/course:/m", "--mount=type=bind,source=/,target=/m",
    "--mount=type=volume,target=/m,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/",
    "--mount=type=volume,target=/m,volume-opt=type=overlay,volume-opt=device=overlay",
    "--volume=v:/m --volume-driver=x", "--pid=host", "--ipc=host", "--uts=host", "--userns=host",
    "--cgroupns=host", "--pid=container:course-answer", "--network=container:course-answer",
    "--volumes-from=course-answer", "--cgroup-parent=/", "--device=/dev/kmsg", "--gpus=all",
    "--cap-add=ALL", "--cap-add=SYS_ADMIN", "--cap-add=SYS_PTRACE", "--cap-add=DAC_READ_SEARCH",
    "--cap-add=SYS_MODULE", "--cap-add=SYS_RAWIO", "--cap-add=NET_ADMIN --network=host",
    "--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined",
    "--security-opt=systempaths=unconfined", "--sysctl=kernel.hostname=x",
    "--sysctl=net.ipv4.ip_forward=0 --network=host", "--runtime=runsc", "--oom-kill-disable",
    "--oom-score-adj=-1000",
):
    attempt(options, "run", "--rm", "--pull=never", *options.split(), "busybox:1.37", "true")
docker("run", "--detach", "--name=other", "busybox:1.37", "sleep", "1000")
for words in (
    "exec --privileged other true", "exec course-answer true", "rm course-answer", "kill course-answer",
    "pause course-answer", "update --memory=4g --memory-swap=4g course-answer", "commit course-answer stolen",
    "cp course-answer:/etc/hosts /tmp/h", "swarm init", "plugin disable x",
    "network create --driver=macvlan x",
    "volume create --opt=type=none --opt=o=bind --opt=device=/etc x",
):
    attempt(words, *words.split())
os.mkdir("/tmp/b")
for build in ("--security=insecure mount -t tmpfs x /mnt", "mount -t tmpfs x /mnt"):
    pathlib.Path("/tmp/b/Dockerfile").write_text(f"FROM busybox:1.37\nRUN {build}\n")
    attempt(build, "build", "--quiet", "/tmp/b")
SCRIPT = '''
for one in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,rw $one && echo remounted $one; done
for one in memory/memory.limit_in_bytes pids/pids.max memory.max pids.max cgroup.procs; do
    [ -e /sys/fs/cgroup/$one ] && echo 99999999999 > /sys/fs/cgroup/$one && echo wrote $one
done
for one in sys/kernel/core_pattern sys/vm/drop_caches sys/kernel/printk sysrq-trigger; do
    (echo 1 > /proc/$one) && echo wrote $one
done
mount -t tmpfs x /mnt && echo mounted; mount --bind / /mnt && echo bound; hostname elsewhere && echo named
mknod /tmp/disk b 8 0 && head -c 1 /tmp/disk > /tmp/byte && echo read the disk
unshare -m true && echo unshared; unshare -U -r true && echo a user; dmesg && echo kernel
'''
inside = subprocess.run(["sh", "-c", SCRIPT], capture_output=True, text=True)
beside = docker("run", "--rm", "--cap-add=NET_ADMIN", "--cap-add=MKNOD", IMAGE, "sh", "-c", SCRIPT)
got += inside.stdout.splitlines() + beside.stdout.splitlines()
got.append("mount: " + str("mount" in beside.stderr))
report()
"""

SEARCH = r"""
look = ["find", "/", "-path", "/proc", "-prune", "-o", "(", "-name", "checks.py", "-o", "-name", "solutions",
        "-o", "-name", "mutants", "-o", "-name", "*.sock", ")", "-print"]
places = set(subprocess.run(look, capture_output=True, text=True).stdout.split())
for image in set(docker("image", "ls", "--quiet").stdout.split()):
    for options in ([], ["--network=host", "--volume=/course/work:/w", "--volume=/tmp:/tmp", SOCKET]):
        places.update(docker("run", "--rm", *options, image, *look).stdout.split())
for root in ("/course", "/opt", "/usr/lib/python3", "/tmp", "/root", "/home", "/var/course"):
    for path in pathlib.Path(root).rglob("*"):
        if path.is_file() and b"Nothing moves" + b" while it is looked at" in path.read_bytes():
            places.add(str(path))
got += sorted(places)
listening = {line.split()[-1] for line in open("/proc/net/unix") if len(line.split()) == 8}
for name in listening - {"/run/docker.sock", "/var/run/docker.sock"}:
    with socket.socket(socket.AF_UNIX) as one:
        try:
            one.connect(name.replace("@", "\0", 1))
            got.append("connected to " + name)
        except OSError:
            pass
for table in ("tcp", "tcp6"):
    got += [table + line.split()[1] for line in open("/proc/net/" + table) if line.split()[3] == "0A"]
got += [pid for pid in os.listdir("/proc") if pid.isdigit() and pid != str(os.getpid())]
report()
"""


def test_nothing_leads_out(attacked: Attacked) -> None:
    results = attacked(STILL, out=OUT, search=SEARCH)
    assert got(results["out"]) == ["mount: True"]
    assert got(results["search"]) == ["/run/docker.sock", "/var/run/docker.sock"]
    assert outcomes(results["out"]) == outcomes(results["search"]) == ("passed", "failed")
    assert "HostConfig.Privileged" in results["out"]["message"]


LINKS = r"""
here = os.getcwd()
places = {"docker": "/var/lib/docker", "run": "/run", "root": "/", "up": "../../../../..",
          "proc": "/proc/1/root", "socket": "/run/containerd/containerd.sock"}
links = {f"{here}/{name}": target for name, target in places.items()} | {"/tmp/docker": "/var/lib/docker"}
for link, target in links.items():
    os.symlink(target, link)
    for path in (link, f"{link}/new", f"{link}/."):
        attempt(path, "run", "--rm", f"--volume={path}:/m", "busybox:1.37", "true")
        attempt(path, "run", "--rm", f"--mount=type=bind,source={path},target=/m", "busybox:1.37", "true")
    volume = "v" + link.replace("/", "-")
    docker("volume", "create", "--opt=type=none", "--opt=o=bind", f"--opt=device={link}", volume)
    attempt(volume, "run", "--rm", f"--volume={volume}:/m", "busybox:1.37", "true")
docker("run", "--rm", "--volume=sub:/m", "busybox:1.37", "ln", "-s", "/var/lib/docker", "/m/link")
mount = "--mount=type=volume,source=sub,target=/m,volume-subpath=link"
sub = docker("run", "--rm", mount, "busybox:1.37", "ls", "/m")
docker("run", "--name=links", "busybox:1.37", "ln", "-s", "/var/lib/docker", "/link")
copied = docker("cp", "links:/link/.", "-", text=False)
got += [one for one in ("overlay2", "containers") if one in sub.stdout or one.encode() in copied.stdout]

import ctypes
os.mkdir("a")
os.symlink("/var/lib/docker", "b")
def swap():
    exchange = ctypes.CDLL(None).renameat2
    while True:
        exchange(-100, b"a", -100, b"b", 2)
threading.Thread(target=swap, daemon=True).start()
for _ in range(8):
    ended = docker("run", "--rm", f"--volume={here}/a:/m", "busybox:1.37", "ls", "/m")
    got += [one for one in ("overlay2", "containers") if one in ended.stdout]
attempt("a folder", "run", "--rm", f"--volume={here}/plain:/m", "busybox:1.37", "true")
report()
"""


def test_no_link_leads_out_of_a_folder(attacked: Attacked) -> None:
    result = attacked(STILL, links=LINKS)["links"]
    assert got(result) == ["a folder"]
    assert outcomes(result) == ("passed", "failed")


#: Everything that grading is made of, changed where the answer can.
PATCH = r"""
import checker, checker.channel, checker.outcomes, checker.process, checker.result, checker.runner
class Equal(str):
    __eq__ = __ne__ = __lt__ = __contains__ = lambda *_: True
    __hash__ = str.__hash__
for module in [one for name, one in sys.modules.items() if name.split(".")[0] in {"checker", "docker"}]:
    for name in [name for name in dir(module) if callable(getattr(module, name))]:
        setattr(module, name, lambda *_, **__: Equal("passed"))
"""

BUILTINS = r"""
import builtins
class Equal(str):
    __eq__ = __ne__ = __lt__ = __contains__ = lambda *_: True
    __hash__ = str.__hash__
for name in ("open", "print", "len", "sum", "any", "all", "isinstance", "exec", "compile"):
    setattr(builtins, name, lambda *_, **__: Equal("passed"))
"""

#: Files that others might read, programs that others might call, and words that others might believe.
FORGED = r"""
def put(text, *names, mode=0o755):
    for name in names:
        try:
            path = pathlib.Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_text(text)
            path.chmod(mode)
        except OSError as error:
            print(error)
home = os.path.expanduser("~")
programs = ("/usr/local/bin/docker", "/usr/bin/docker", "/bin/sh", "/usr/bin/python3")
put("#!/bin/sh\necho hello; exit 0\n", *programs)
os.environ |= {"DOCKER_HOST": "tcp://127.0.0.1:1", "PYTHONPATH": os.getcwd(), "LD_PRELOAD": "/tmp/x.so"}
places = (os.getcwd(), home, "/usr/lib/python3/dist-packages", "/opt/course/package", "/opt/course/lib",
          "/course")
names = ("docker.py", "checker.py", "sitecustomize.py", "usercustomize.py", "json.py", ".docker/config.json",
         ".ipython/profile_default/startup/0.py", "results.jsonl", "grades.csv")
put("raise SystemExit(0)\n", *(f"{place}/{name}" for place in places for name in names))
get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\n"])
result = {"id": "done", "title": "x", "status": "passed", "points": 9, "max_points": 9}
lines = [{"event": "engine", "id": "x"}, {"event": "check-begun", "id": "done"},
         {"event": "check", "result": result}, {"event": "done", "result": result},
         {"event": "say", "line": "passed"}, {"event": "ended", "code": 0},
         {"event": "fault", "message": "m", "next": "n", "kind": "not-running"}, {"event": "gone"}]
said = "".join(json.dumps(line) + "\n" for line in lines).encode()
for pid, descriptor in itertools.product(("self", "1"), range(64)):
    try:
        os.write(os.open(f"/proc/{pid}/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK), said)
    except OSError:
        pass
"""

#: Speaks to the grader in place of the process that runs the cells.
SAY = r"""
def say(line):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, line)
        except OSError:
            pass
"""


def test_what_an_answer_says_of_itself_counts_for_nothing(attacked: Attacked) -> None:
    evil = "raise SystemExit('imported')\n"
    packed = dict.fromkeys(
        (
            "checker/__init__.py",
            "checks.py",
            "conftest.py",
            "docker.py",
            "pyproject.toml",
            "sitecustomize.py",
        ),
        evil,
    )
    results = attacked(
        STILL,
        again=SAY + 'while True:\n    say(b\'{"event": "begun", "pid": 7}\\n\')\n    time.sleep(0.01)\n',
        patched=PATCH,
        builtins=BUILTINS,
        forged=FORGED,
        packed={**packed, "answer.py": "pass\n"},
        structured=SAY + 'say(b\'{"event": "done", "error": {"a": [1]}}\\n\')\n',
        surrogate=SAY + 'say(b\'{"event": "done", "error": "\\\\ud800 \\\\u0000"}\\n\')\n',
        raised='raise ValueError("\\ud800\\0")\n',
        printed='print("\\x1b[31m\\0 <script> \\u202e")\nos.write(1, bytes(range(256)) * 40000)\n',
        other=SAY + 'say(b\'{"x": 1}\\n{"event": "begun", "pid": "x"}\\n[]\\n\')\n',
        long=SAY + 'say(b"x" * 2**25)\n',
        ended="os._exit(0)\n",
    )
    assert {outcomes(results[name]) for name in results.keys() - {"right", "wrong"}} == {("passed", "failed")}
    assert results["again"]["answer"]["status"] == "timeout"
    assert results["structured"]["answer"]["error"] == "{'a': [1]}"


RECORD = r"""
about = json.loads(pathlib.Path(".course.json").read_text())
pathlib.Path(".course.json").write_text(json.dumps({**about, "seed": 7, "bystanders": ["x"]}))
"""

ODD = r"""
os.remove(".course.json")
os.mkdir(".course.json")
pathlib.Path(".course.json/x").write_text("x")
links = {"link": "/", "up": "../../../..", "loop": "loop", "etc": "/etc/passwd", "sock": "/run/docker.sock"}
for name, target in links.items():
    os.symlink(target, name)
os.mkfifo("fifo")
socket.socket(socket.AF_UNIX).bind("listening")
os.link("exercise.ipynb", "hard")
os.makedirs("parts", exist_ok=True)
names = (b"\xff\xfe", b"new\nline", b"\x1b[31m", b"a\\b", b"-rf", b"C:x", b"...", "\u202e".encode(),
         b"x" * 255, b"..\\..\\x")
for name in map(os.fsdecode, names):
    pathlib.Path(name).write_text("x")
    pathlib.Path("parts", name).write_text("x")
os.mkdir("closed", 0)
os.chmod("exercise.ipynb", 0o6777)
os.mkfifo("answer.json")
"""

DEEP = r"""
deep = os.open(".", os.O_RDONLY)
for _ in range(3000):
    os.mkdir("d", dir_fd=deep)
    deep, before = os.open("d", os.O_RDONLY, dir_fd=deep), deep
    os.close(before)
os.makedirs("many")
for number in range(30000):
    os.close(os.open(f"many/{number}", os.O_CREAT | os.O_WRONLY))
"""

LARGE = r"""
with open("large", "wb") as file:
    for _ in range(300):
        file.write(b"x" * 2**20)
with open("sparse", "wb") as file:
    file.truncate(2**42)
"""

VALUES = r"""
with open("answer.json", "w") as file:
    file.write('{"count": [' + "[]," * (100 * 2**20 // 3) + "[]]}")
"""

GONE = r"""
here = os.getcwd()
os.chdir("/")
shutil.rmtree(here)
"""


def test_what_stands_in_the_folder_breaks_nothing(attacked: Attacked) -> None:
    results = attacked(
        COUNT,
        record=RECORD,
        odd=ODD,
        deep=DEEP,
        large=LARGE,
        values=VALUES,
        nested="pathlib.Path('answer.json').write_text('[' * 10**6)\n",
        digits="pathlib.Path('answer.json').write_text('{\"count\": ' + '2' * 10**6 + '}')\n",
        gone=GONE,
        elsewhere=GONE + "os.symlink('/', here)\n",
        file=GONE + "pathlib.Path(here).write_text('x')\n",
    )
    for name in results.keys() - {"right", "wrong"}:
        assert (results[name]["answer"]["status"], outcomes(results[name])) == ("ok", ("failed",)), name
    assert results["record"]["seed"] != 7


def test_what_stands_among_files_that_are_judged_breaks_nothing(attacked: Attacked) -> None:
    results = attacked(PAGE, odd=ODD, deep=DEEP, gone=GONE)
    for name in ("odd", "deep", "gone"):
        assert (results[name]["answer"]["status"], results[name]["status"]) == ("ok", "failed"), name


#: A process and a container that go on when the answer has ended, with the filtered socket.
MOVER = r"""
MOVE = '''
import docker, itertools, threading
def again(step):
    for number in itertools.count():
        try:
            step(docker.from_env(), number)
        except Exception:
            pass
def start(client, number):
    client.containers.run("busybox:1.37", "true", name=f"n{number}", detach=True)
def strike(client, number):
    for container in client.containers.list(ignore_removed=True, all=True, ignore_removed=True):
        if container.name != "mover":
            container.exec_run(["touch", "/x"])
            container.rename(f"r{number}")
            container.remove(force=True)
def tag(client, number):
    client.images.get("docker-course/tools").tag("busybox", "1.37")
    client.containers.prune()
for step in (start, strike, tag):
    threading.Thread(target=again, args=[step]).start()
'''
subprocess.Popen([sys.executable, "-c", MOVE], start_new_session=True)
docker("run", "--detach", "--name=mover", SOCKET, IMAGE, "python3", "-c", MOVE)
time.sleep(3)
"""

#: An image in which `cat` and `echo` lie.
LYING = r"""
os.makedirs("/tmp/lying")
pathlib.Path("/tmp/lying/Dockerfile").write_text(r'''
FROM busybox:1.37
RUN sleep 2
RUN rm -f /bin/cat /bin/echo && printf '#!/bin/sh\nprintf lie\n' > /bin/cat && chmod +x /bin/cat
ENTRYPOINT ["true"]
''')
"""

POISONED = r"""
for name in ("busybox:1.37", "busybox:latest", "docker-course/tools", IMAGE):
    attempt(name, "build", "--tag=" + name, "/tmp/lying")
report()
"""

#: Builds, and a command in an open stream, that are to come while the checks look.
LATE = r"""
for kind in "01":
    subprocess.Popen(["docker", "build", "--no-cache", "--tag=busybox:1.37", "/tmp/lying"],
                     env=os.environ | {"DOCKER_BUILDKIT": kind}, start_new_session=True)
docker("run", "--detach", "--name=other", "busybox:1.37", "sleep", "1000")
line = "(sleep 2; echo 'touch /x; kill 1') | docker exec -i other sh"
subprocess.Popen(["sh", "-c", line], start_new_session=True)
time.sleep(1.5)
"""

#: What the engine goes on with when its client is cut off, and names an image at its end.
SLOW = r"""
script = "rm /bin/cat; head -c 250000000 /dev/urandom > /large"
docker("run", "--name=large", "busybox:1.37", "sh", "-c", script)
os.chdir("/tmp")
for line in ("docker commit large busybox:1.37",
             "head -c 250000000 /dev/zero > zero; tar -cz zero | docker import - busybox:1.37"):
    subprocess.Popen(["sh", "-c", line], start_new_session=True)
time.sleep(1.5)
"""

REMOVED = r"""
for image in docker("image", "ls", "--all", "--quiet").stdout.split():
    docker("image", "rm", "--force", image)
docker("image", "prune", "--all", "--force")
docker("builder", "prune", "--all", "--force")
attempt("busybox", "image", "inspect", "busybox:1.37")
report()
"""

#: Words that the course writes itself: labels, and what a container's log holds.
LABELS = r"""
for role in ("probe", "station", "sandbox", "scene", "answer", "sockets", "grading"):
    texts = (f"role={role}", "exercise=03-attacked/still", f"name=l-{role}", "until=1")
    labels = [f"--label=docker-course.{text}" for text in texts]
    script = "trap '' TERM; echo passed > /proc/1/fd/1; sleep 1000"
    attempt(role, "run", "--detach", f"--name=l-{role}", *labels, "busybox:1.37", "sh", "-c", script)
    docker("volume", "create", *labels, f"v-{role}")
    docker("network", "create", *labels, f"n-{role}")
docker("run", "--name=almost", "--label=docker-course.name=fake-done", "busybox:1.37", "true")
docker("run", "--name=fake-done-", "--hostname=fake-done", "busybox:1.37", "true")
report()
"""


def test_nothing_moves_while_checks_look(attacked: Attacked) -> None:
    attacks = {
        "mover": MOVER,
        "pruned": MOVER + "os._exit(0)\n",
        "late": LYING + LATE,
        "poisoned": LYING + POISONED,
        "removed": REMOVED,
        "labels": LABELS,
        "slow": SLOW,
    }
    results = attacked(STILL, **attacks)
    if results["slow"]["reason"] == "image-renamed":
        assert (results["slow"]["gradable"], results["slow"]["score"]) == (False, None)
        del attacks["slow"]
    assert {name: outcomes(results[name]) for name in attacks} == dict.fromkeys(attacks, ("passed", "failed"))
    assert len(got(results["poisoned"])) == 4
    assert got(results["removed"]) == []
    assert len(got(results["labels"])) == 7


FORKS = r"""
docker("run", "--detach", "busybox:1.37", "sh", "-c", "f() { f | f & }; f; sleep 1000")
script = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"
docker("run", "--detach", IMAGE, "python3", "-c", script)
while True:
    try:
        if os.fork() == 0:
            time.sleep(1000)
    except OSError:
        break
"""

MEMORY = r"""
script = "a = []\nwhile True: a.append(b'x' * 2**24)"
for _ in range(2):
    docker("run", "--detach", IMAGE, "python3", "-c", script)
filling = "cat /dev/zero > /x/x; sleep 1000"
docker("run", "--detach", "--tmpfs=/x:size=10g", "busybox:1.37", "sh", "-c", filling)
time.sleep(3)
exec(script)
"""

DISK = r"""
for options, script in (
    ("--name=d", "cat /dev/zero > /x; sleep 1000"),
    ("--volume=v:/v", "i=0; while true; do echo > /v/$i; i=$((i+1)); done"),
    ("--log-opt=max-size=-1", "yes endless"),
    ("--log-driver=local --log-opt=max-size=100m", "yes endless"),
    ("--volume=/tmp:/t", "cat /dev/zero > /t/full; sleep 1000"),
):
    docker("run", "--detach", *options.split(), "busybox:1.37", "sh", "-c", script)
time.sleep(4)
"""

#: Containers, connections, watches, and a build that listens to nobody.
MUCH = r"""
import concurrent.futures, ctypes, docker as sdk
os.mkdir("/tmp/e")
endless = "trap '' TERM INT HUP; while true; do sleep 1; done"
pathlib.Path("/tmp/e/Dockerfile").write_text(f"FROM busybox:1.37\nRUN {endless}\n")
build = subprocess.Popen(["docker", "build", "--quiet", "/tmp/e"], start_new_session=True)
while ctypes.CDLL(None).inotify_init() >= 0:
    pass
connections = []
for _ in range(300):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(1)
    try:
        one.connect("/var/run/docker.sock")
        one.send(b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{")
    except OSError:
        break
    connections.append(one)
got.append(len(connections) > 100)
for one in connections:
    one.close()
client = sdk.from_env(timeout=60)
def make(number):
    return client.api.create_container("busybox:1.37", ["true"], name=f"made-{number}")
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    got.append(len(list(pool.map(make, range(150)))))
got.append(build.poll())
report()
"""


def test_what_an_answer_uses_up_is_its_own(attacked: Attacked) -> None:
    results = attacked(STILL, forks=FORKS, memory=MEMORY, disk=DISK, much=MUCH)
    for name in ("forks", "memory", "disk"):
        result = results[name]
        assert result["status"] in {"failed", "error"}
        assert result["gradable"] == (result["status"] == "failed")
        assert result["reason"] in {"", "sandbox-ended"}
    assert got(results["much"]) == [True, 150, None]
    assert outcomes(results["much"]) == ("passed", "failed")
