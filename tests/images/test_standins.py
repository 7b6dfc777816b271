"""Stand-ins behave like the images whose place they take: what the public images' pages promise, and no more.

The tests hold for the real images too, where a registry gives them.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import requests

from checker.images.archive import Entry, tar_stream
from checker.images.catalogue import catalogue
from checker.images.provide import provide, stand_ins

from .conftest import inside, layers, published, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from docker.models.containers import Container

    from checker.engine.connect import Engine

    from .conftest import Have, Run, Start

T = TypeVar("T")

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

CONFIG: dict[str, dict[str, Any]] = {
    "busybox": {"Cmd": ["sh"]},
    "debian": {"Cmd": ["bash"]},
    "python": {"Cmd": ["python3"]},
    "python-build": {"Cmd": ["python3"]},
    "nginx": {
        "Entrypoint": ["/docker-entrypoint.sh"],
        "Cmd": ["nginx", "-g", "daemon off;"],
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT",
    },
    "redis": {
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["redis-server"],
        "ExposedPorts": {"6379/tcp": {}},
        "Volumes": {"/data": {}},
        "WorkingDir": "/data",
    },
    "postgres": {
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["postgres"],
        "ExposedPorts": {"5432/tcp": {}},
        "Volumes": {"/var/lib/postgresql/data": {}},
        "StopSignal": "SIGINT",
    },
    "node": {"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["node"]},
    "go": {"Cmd": ["bash"], "WorkingDir": "/go"},
    "registry": {
        "Entrypoint": ["/entrypoint.sh"],
        "Cmd": ["/etc/docker/registry/config.yml"],
        "ExposedPorts": {"5000/tcp": {}},
        "Volumes": {"/var/lib/registry": {}},
    },
    "docker": {
        "Entrypoint": ["dockerd-entrypoint.sh"],
        "ExposedPorts": {"2375/tcp": {}, "2376/tcp": {}},
        "Volumes": {"/var/lib/docker": {}},
    },
}
ENVIRONMENT = {
    "busybox": {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    "debian": {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    "python": {"PYTHON_VERSION": "3.13"},
    "nginx": {"NGINX_VERSION": "1.26"},
    "redis": {"REDIS_VERSION": "8.0"},
    "postgres": {"PG_MAJOR": "17", "PGDATA": "/var/lib/postgresql/data"},
    "node": {"NODE_VERSION": "20."},
    "go": {"GOLANG_VERSION": "1.24", "GOPATH": "/go", "GOTOOLCHAIN": "local"},
    "docker": {"DOCKER_VERSION": "26.1", "DOCKER_TLS_CERTDIR": "/certs"},
}


def eventually(look: Callable[[], T | None], seconds: float = 30) -> T:
    """What ``look`` gives once it is true."""
    limit = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < limit, f"still {found!r}"
        time.sleep(0.1)
    return found


def answer(address: str) -> requests.Response | None:
    """What a server says; None while it does not listen yet."""
    try:
        return requests.get(address, timeout=5)
    except requests.ConnectionError:
        return None


def stopped(container: Container) -> int:
    """The exit status after a polite stop."""
    container.stop(timeout=30)
    container.reload()
    return int(container.attrs["State"]["ExitCode"])


@pytest.mark.parametrize("key", CONFIG)
def test_configuration(engine: Engine, image: Have, key: str) -> None:
    config = engine.client.images.get(image(key)).attrs["Config"]
    for name, value in CONFIG[key].items():
        assert config[name] == value
    assert not config.get("User")
    assert "/course" not in json.dumps(config)


@pytest.mark.parametrize("key", ENVIRONMENT)
def test_environment(engine: Engine, image: Have, key: str) -> None:
    variables = dict(
        line.split("=", 1) for line in engine.client.images.get(image(key)).attrs["Config"]["Env"]
    )
    for name, value in ENVIRONMENT[key].items():
        assert variables[name].startswith(value)


@pytest.mark.parametrize("key", [key for key in CONFIG if key not in {"busybox", "registry", "docker"}])
def test_is_debian_and_leaves_nothing_of_its_making(image: Have, run: Run, key: str) -> None:
    _, said = run(
        image(key),
        "-c",
        ". /etc/os-release; echo $ID; ls -d /course /tmp; ls /var/lib/apt/lists",
        entrypoint="sh",
    )
    assert "debian" in said.split()
    assert "\n/tmp" in said
    assert "\n/course" not in said


def test_stand_ins_are_told_apart(engine: Engine, image: Have) -> None:
    for key in stand_ins(engine):
        labels = engine.client.images.get(catalogue()[key].reference).attrs["Config"]["Labels"]
        assert labels["docker-course.stand-in"] == key


def test_a_stand_in_shares_debians_layers(engine: Engine, state: Path, own_catalogue: Path) -> None:
    provide(engine, ["redis"], silent)
    base = layers(engine, catalogue()["debian"].reference)
    assert layers(engine, catalogue()["redis"].reference)[: len(base)] == base


def test_busybox(image: Have, run: Run) -> None:
    busybox = image("busybox")
    status, said = run(
        busybox, "sh", "-c", "stat -c '%a %U' /tmp /root; id -un; ls -d /home /var/www /var/spool/mail"
    )
    assert status == 0
    assert said.split() == ["1777", "root", "700", "root", "root", "/home", "/var/spool/mail", "/var/www"]
    assert run(busybox, "httpd", "--help")[0] == 0
    assert run(busybox, "id", "-un", user="www-data") == (0, "www-data")
    assert run(busybox, "env")[1].splitlines()[0].startswith("PATH=")
    applets = ["awk", "grep", "hostname", "ip", "nc", "nslookup", "ping", "ps", "sleep", "top", "vi", "wget"]
    assert run(busybox, "which", *applets)[0] == 0


def test_debian_has_apt_ready_for_use(image: Have, run: Run) -> None:
    debian = image("debian")
    assert run(debian, "dpkg", "--audit") == (0, "")
    status, said = run(
        debian, "sh", "-c", "dpkg-query -W -f '${Package}\\n' | wc -l; id -u _apt; which bash perl apt-get"
    )
    assert status == 0
    assert 60 < int(said.split()[0]) < 120
    assert run(debian, "sh", "-c", "cat /etc/apt/sources.list.d/*")[1].count("trixie") >= 1


def test_python(image: Have, run: Run) -> None:
    python = image("python")
    assert run(python, "python", "--version")[1].startswith("Python 3.13")
    assert run(python, "sh", "-c", "pip --version && python3 -m venv /v && /v/bin/pip --version")[0] == 0
    assert run(python, "sh", "-c", "! command -v gcc")[0] == 0
    project = 'printf \'[project]\\nname="nothing"\\nversion="1"\\n\' > /tmp/pyproject.toml'
    _, said = run(
        python, "sh", "-c", f"{project}; pip install --no-index --no-build-isolation --dry-run /tmp 2>&1"
    )
    assert "externally-managed" not in said


_WHEEL = """
import zipfile
files = {"RECORD": "", "WHEEL": "Wheel-Version: 1.0\\n"}
files["METADATA"] = "Metadata-Version: 2.1\\nName: here\\nVersion: 1\\n"
with zipfile.ZipFile("/tmp/here-1-py3-none-any.whl", "w") as wheel:
    wheel.writestr("here.py", "print(__file__)")
    for name, text in files.items():
        wheel.writestr(f"here-1.dist-info/{name}", text)
"""
_INSTALL = """
python -c "$WHEEL" && python -m venv /v && /v/bin/pip install -q --no-index /tmp/*.whl &&
pip install -q --no-index --no-compile --root-user-action=ignore --prefix=/install /tmp/*.whl &&
pip install -q --no-index --no-compile --root-user-action=ignore /tmp/*.whl &&
python -c 'import here' && /v/bin/python -c 'import here' && find /install -name here.py
"""


@pytest.mark.parametrize("key", ["python", "python-build"])
def test_pip_installs_where_dockerfiles_look_for_it(image: Have, run: Run, key: str) -> None:
    code, said = run(image(key), "sh", "-c", _INSTALL, environment={"WHEEL": _WHEEL})
    place = "lib/python3.13/site-packages/here.py"
    assert (code, said.split()) == (0, [f"{top}/{place}" for top in ("/usr/local", "/v", "/install")])


def test_python_build_compiles_an_extension(image: Have, run: Run) -> None:
    code = '#include <Python.h>\nint main(void) { Py_Initialize(); PyRun_SimpleString("print(6*7)");'
    code += " return Py_FinalizeEx(); }"
    build = "gcc -o /p /p.c $(python3-config --includes --ldflags --embed) && /p"
    script = f"printenv CODE > /p.c; {build}"
    assert run(image("python-build"), "sh", "-c", script, environment={"CODE": code}) == (0, "42")
    assert run(image("python-build"), "sh", "-c", "which gcc g++ make pip")[0] == 0


def test_nginx_serves_its_page_and_logs_to_the_streams(image: Have, start: Start) -> None:
    web = start(image("nginx"), ports={"80/tcp": ("127.0.0.1", 0)})
    address = f"http://127.0.0.1:{published(web, '80/tcp')}"
    assert "Welcome to nginx!" in eventually(lambda: answer(address)).text
    assert requests.get(f"{address}/missing", timeout=5).status_code == 404
    assert eventually(lambda: b'"GET / HTTP/1.1" 200' in web.logs(stderr=False))
    assert b"/missing" in web.logs(stdout=False)
    inside(web, ["sh", "-c", "echo nonce > /usr/share/nginx/html/n.txt"])
    assert requests.get(f"{address}/n.txt", timeout=5).text == "nonce\n"
    assert inside(web, "id -u nginx") == (0, "101")
    assert stopped(web) == 0


def test_nginx_fills_templates_and_runs_other_commands(image: Have, run: Run) -> None:
    make = "mkdir -p /etc/nginx/templates; echo '# $COLOUR $uri' > /etc/nginx/templates/c.conf.template"
    then = "/docker-entrypoint.sh nginx -t; cat /etc/nginx/conf.d/c.conf"
    _, said = run(image("nginx"), "-c", f"{make}; {then}", entrypoint="sh", environment={"COLOUR": "green"})
    assert said.splitlines()[-1] == "# green $uri"
    assert "syntax is ok" in said
    assert run(image("nginx"), "echo", "hello") == (0, "hello")


def test_redis_serves_its_network_as_its_own_user(image: Have, start: Start) -> None:
    redis = start(image("redis"))
    eventually(lambda: inside(redis, "redis-cli ping") == (0, "PONG"))
    address = inside(redis, "hostname -i")[1].split()[0]
    assert inside(redis, ["redis-cli", "-h", address, "set", "k", "v"]) == (0, "OK")
    assert inside(redis, "stat -c %U:%u /proc/1") == (0, "redis:999")
    assert inside(redis, "redis-cli save") == (0, "OK")
    assert "dump.rdb" in inside(redis, "ls /data")[1]
    assert stopped(redis) == 0


def test_redis_takes_options(image: Have, start: Start) -> None:
    redis = start(image("redis"), ["--port", "7000"])
    eventually(lambda: inside(redis, "redis-cli -p 7000 ping") == (0, "PONG"))


def test_postgres_refuses_to_start_without_a_password(image: Have, run: Run) -> None:
    status, said = run(image("postgres"))
    assert status == 1
    assert "POSTGRES_PASSWORD" in said


def test_postgres_makes_the_database_once(image: Have, start: Start) -> None:
    postgres = start(image("postgres"), environment={"POSTGRES_PASSWORD": "s3cret", "POSTGRES_DB": "shop"})
    ready = "pg_isready -h 127.0.0.1 -U postgres"
    eventually(lambda: inside(postgres, ready)[0] == 0, 60)
    address = inside(postgres, "hostname -i")[1].split()[0]
    query = ["psql", "-h", address, "-U", "postgres", "-d", "shop", "-Atc", "select 6*7"]
    assert inside(postgres, query, environment={"PGPASSWORD": "s3cret"}) == (0, "42")
    assert inside(postgres, query, environment={"PGPASSWORD": "wrong"})[0] == 2
    assert inside(postgres, "stat -c %U:%u /proc/1") == (0, "postgres:999")
    postgres.restart(timeout=30)
    eventually(lambda: inside(postgres, ready)[0] == 0, 60)
    assert postgres.logs().count(b"init process complete") == 1
    assert stopped(postgres) == 0


def test_postgres_runs_the_scripts_of_its_folder(image: Have, start: Start) -> None:
    script = "echo 'create table t as select 6*7 as n;' > /docker-entrypoint-initdb.d/t.sql"
    postgres = start(
        image("postgres"),
        ["-c", f"{script}; exec docker-entrypoint.sh postgres"],
        entrypoint="bash",
        environment={"POSTGRES_PASSWORD_FILE": "/etc/hostname", "POSTGRES_USER": "ann"},
    )
    eventually(lambda: inside(postgres, "pg_isready -h 127.0.0.1 -U ann")[0] == 0, 60)
    assert inside(postgres, ["psql", "-U", "ann", "-d", "ann", "-Atc", "select n from t"]) == (0, "42")


def test_node_with_npm(image: Have, run: Run) -> None:
    node = image("node")
    assert run(node, "--version")[1].startswith("v20.")
    assert run(node, "-e", "console.log(6*7)") == (0, "42")
    assert run(node, "id", "-u", user="node") == (0, "1000")
    install = (
        'mkdir -p /a/d; cd /a; echo \'{"name":"d","version":"1.0.0"}\' > d/package.json; npm install ./d'
    )
    status, said = run(
        node,
        "sh",
        "-c",
        f"{install} && ls -d node_modules/d; npm --version; npx --version",
        network_mode="none",
    )
    assert status == 0, said
    assert "node_modules/d" in said


def test_npm_needs_nothing_that_the_stand_in_leaves_out(image: Have, run: Run) -> None:
    steps = (
        "mkdir /b /a", "cd /b", "npm init -y", "npm version patch", "npm pack",
        "cd /a", "npm init -y", "npm pkg set scripts.say='echo said'", "npm install /b/b-1.0.1.tgz", "npm ls",
        "rm -r node_modules", "npm ci --offline", "npm run say", "npm rebuild", "npm prune",
        "npm exec --offline -c pwd", "npx --offline -c pwd", "npm dedupe --offline", "npm shrinkwrap",
        "npm uninstall b", "npm cache clean --force", "npm config list", "npm help",
    )  # fmt: skip
    status, said = run(image("node"), "sh", "-c", " && ".join(steps), network_mode="none")
    assert status == 0, said
    assert "Cannot find module" not in said


def test_node_leaves_out_what_npm_never_opens(image: Have, run: Run) -> None:
    """A layer made in a sandbox takes time for each file; and apt must not think that Python is there."""
    status, files = run(image("node"), "sh", "-c", "find / -xdev -type f | wc -l")
    assert status == 0
    assert int(files) < 8000
    assert run(image("node"), "sh", "-c", "dpkg -s python3")[0] != 0


def test_go_links_statically_only_when_told(image: Have, run: Run) -> None:
    go = image("go")
    assert "go1.24" in run(go, "go", "version")[1]
    code = 'package main\\nimport "os/user"\\nfunc main(){u,_:=user.Current();println(u.Uid)}'
    build = f"mkdir /go/src/a; cd /go/src/a; printf '{code}' > a.go; go mod init a 2>/dev/null"
    kind = "if grep -q ld-linux a; then echo dynamic; else echo static; fi"
    status, said = run(
        go,
        "sh",
        "-c",
        f"{build}; go build -o a . && {kind}; CGO_ENABLED=0 go build -o a . && {kind}; ./a 2>&1",
        network_mode="none",
    )
    assert status == 0, said
    assert said.split() == ["dynamic", "static", "0"]


def test_registry_speaks_version_2(image: Have, start: Start) -> None:
    registry = start(image("registry"), ports={"5000/tcp": ("127.0.0.1", 0)})
    address = f"http://127.0.0.1:{published(registry, '5000/tcp')}/v2/"
    headers = eventually(lambda: answer(address)).headers
    assert headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert requests.get(f"{address}_catalog", timeout=5).json() == {"repositories": []}


def test_docker_starts_an_engine_that_runs_a_container(engine: Engine, image: Have, start: Start) -> None:
    inner = start(image("docker"), privileged=True, environment={"DOCKER_TLS_CERTDIR": ""})
    eventually(lambda: inside(inner, "docker info")[0] == 0, 60)
    saved = b"".join(engine.client.images.get(image("busybox")).save(named=True))
    engine.client.api.put_archive(str(inner.id), "/tmp", b"".join(tar_stream([Entry("b.tar", saved)])))
    assert inside(inner, "docker load -i /tmp/b.tar")[0] == 0
    assert inside(inner, ["docker", "run", "--rm", image("busybox"), "echo", "hi"]) == (0, "hi")
    assert inside(inner, "docker buildx version")[0] == 0
    assert inside(inner, "docker compose version")[0] == 0
