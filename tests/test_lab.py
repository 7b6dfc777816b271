"""The toolbox that checks are given, on the real engine."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from checker.engine import container as containers
from checker.engine import http, scene
from checker.engine import image as images
from checker.engine.errors import Missing, NoAnswer, NotReadable, ObjectError
from checker.engine.probe import EXERCISE_LABEL, IMAGE
from checker.engine.sockets import Listener, listeners
from checker.engine.waiting import ticks
from checker.errors import EngineFault
from checker.exercise import Exercise, Failure, Owns
from checker.images.catalogue import catalogue
from checker.lab import Lab
from checker.lab.demands import loopback_only, made_from, own_network, running
from checker.lab.pages import fresh_page
from checker.lab.words import described

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.engine.connect import Engine
    from checker.engine.container import Container

WEB = "mkdir -p /www/t; echo hello >/www/i; chmod 600 /www/i; ln -s /www /link; exec httpd -f -p 80 -h /www"


@pytest.fixture
def exercise(engine: Engine) -> Iterator[Exercise]:
    word = secrets.token_hex(4)
    names = [f"c99-{word}-{letter}" for letter in "ab"]
    one = Exercise("99-test/lab", title="t", minutes=1, owns=Owns(names, [f"{names[0]}:1"], names, names))
    yield one
    scene.remove(engine, one)


@pytest.fixture
def lab(engine: Engine, exercise: Exercise, tmp_path: Path) -> Iterator[Lab]:
    with Lab(engine, exercise, tmp_path, seed=7) as one:
        yield one


def run(lab: Lab, *command: str, number: int = 0, **options: Any) -> Container:
    """Start a scene container, and wait until it serves where it is a web server."""
    command = command or ("sh", "-c", WEB)
    one = lab.scene.container(
        lab.exercise.owns.containers[number], "busybox", list(command), **{"init": True} | options
    )
    if "httpd" in command[-1]:
        lab.eventually(lambda: lab.exec(one, "test", "-e", "/www/i").ok, within=10)
    return one


# -- values and words


def test_the_probes_image_is_the_catalogues() -> None:
    assert catalogue()["busybox"].reference == IMAGE


@pytest.mark.engine
def test_seeded_values_are_the_same_for_a_scene_and_its_checks(
    engine: Engine, exercise: Exercise, tmp_path: Path
) -> None:
    with Lab(engine, exercise, tmp_path, 7) as one, Lab(engine, exercise, tmp_path, 7) as two:
        assert one.random.random() == two.random.random()
        assert one.seeded("token") == two.seeded("token") != one.seeded("other")
        assert one.nonce() != two.nonce()
    with Lab(engine, exercise, tmp_path, 8) as other:
        assert other.seeded("token") != one.seeded("token")


@pytest.mark.engine
def test_an_unforeseen_text_stays_with_its_secret_and_seed(
    engine: Engine, exercise: Exercise, tmp_path: Path
) -> None:
    def drawn(seed: int, secret: str, name: str) -> str:
        with Lab(engine, exercise, tmp_path, seed, secret=secret) as lab:
            return lab.unforeseen(name)

    known = drawn(7, "s", "mark")
    assert known == drawn(7, "s", "mark")
    assert known not in {drawn(8, "s", "mark"), drawn(7, "t", "mark"), drawn(7, "s", "other")}
    assert drawn(7, "", "mark") != drawn(7, "", "mark")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", "an empty text"),
        (0, "0"),
        ({"b", "a"}, "a, b"),
        ([], "nothing"),
        (True, "yes"),
        ("a\n  b", "a b"),
    ],
)
def test_values_read_as_a_person_names_them(value: Any, text: str) -> None:
    assert described(value) == text


@pytest.mark.engine
def test_expect_says_what_it_compares(lab: Lab) -> None:
    lab.expect(1, 1)
    with pytest.raises(Failure) as caught:
        lab.expect("0.0.0.0", "127.0.0.1", what="port 8080 on", reason="r", why="w", next="n")
    failure = caught.value
    assert (failure.expected, failure.actual) == ("port 8080 on 127.0.0.1", "port 8080 on 0.0.0.0")
    assert (failure.reason, failure.why, failure.next) == ("r", "w", "n")
    with pytest.raises(Failure, match="expected a small one; found a big one"):
        lab.expect(2, 1, expected_text="a small one", actual_text="a big one")


# -- objects


@pytest.mark.engine
def test_a_missing_helper_image_is_not_the_learners_fault(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    one = run(lab, "sleep", "300")
    monkeypatch.setattr("checker.engine.probe.IMAGE", "busybox:no-such-tag")
    with pytest.raises(EngineFault, match="which checks work with"):
        lab.get(one, 80)


@pytest.mark.engine
def test_a_missing_object_is_told_in_the_authors_words(lab: Lab) -> None:
    for read, noun in (
        (lab.container, "container"),
        (lab.network, "network"),
        (lab.volume, "volume"),
        (lab.image, "image"),
    ):
        with pytest.raises(Failure, match=f"{noun} named c99-nobody") as caught:
            read("c99-nobody", reason="mine")
        assert caught.value.reason == "mine"
        assert caught.value.next
    assert lab.image("busybox").tags == lab.image(IMAGE).tags


# -- asking by HTTP


@pytest.mark.engine
@pytest.mark.parametrize("mode", ["bridge", "user-defined", "internal", "none", "container"])
def test_get_reaches_a_container_wherever_it_is(lab: Lab, mode: str) -> None:
    options = {"network_mode": mode} if mode in {"bridge", "none"} else {}
    if mode in {"user-defined", "internal"}:
        lab.scene.network(lab.exercise.owns.networks[0], internal=mode == "internal")
        options = {"network": lab.exercise.owns.networks[0]}
    if mode == "container":
        options = {"network_mode": f"container:{run(lab, 'sleep', '300').id}"}
    one = run(lab, number=1, **options)
    lab.exec(one, "chmod", "644", "/www/i")
    answer = lab.eventually(lambda: lab.get(one, 80, "/i"))
    assert (answer.status, answer.text) == (200, "hello\n")
    # busybox may close a connection before it has read the whole request, which resets it.
    assert lab.eventually(lambda: lab.get(one, 80, "/nope")).status == 404


@pytest.mark.engine
def test_get_asks_the_engines_own_network_for_a_container_in_it(lab: Lab) -> None:
    port = str(20000 + secrets.randbelow(10000))
    one = run(lab, "httpd", "-f", "-p", f"127.0.0.1:{port}", "-h", "/etc", network_mode="host")
    assert lab.eventually(lambda: lab.get(one, int(port), "/passwd")).status == 200
    assert lab.listening(int(port)) == ["127.0.0.1"]


@pytest.mark.engine
def test_an_app_on_the_containers_own_loopback_does_not_answer(lab: Lab) -> None:
    one = run(lab, "httpd", "-f", "-p", "127.0.0.1:80", "-h", "/etc", ports={"80/tcp": 0})
    lab.eventually(lambda: lab.exec(one, "wget", "-q", "-O-", "http://127.0.0.1/passwd").ok)
    with pytest.raises(NoAnswer, match="nothing listens") as inside:
        lab.get(one, 80, "/passwd")
    assert "127.0.0.1 only" in inside.value.why
    with pytest.raises(NoAnswer) as published:
        lab.get(one, 80, "/passwd", published=True)
    assert published.value.reason in {"reset", "not-http"}


@pytest.mark.engine
def test_a_published_port_is_asked_where_it_is_published(lab: Lab) -> None:
    one = run(lab, ports={"80/tcp": 0})
    lab.exec(one, "chmod", "644", "/www/i")
    assert lab.eventually(lambda: lab.get(one, 80, "/i", published=True)).text == "hello\n"
    assert lab.listening(one.published(80).host_port) == ["127.0.0.1"]
    with pytest.raises(ObjectError, match="port 81"):
        lab.get(one, 81, published=True)


@pytest.mark.engine
def test_an_engine_elsewhere_is_asked_from_its_own_machine(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    one = run(lab, ports={"80/tcp": 0})
    lab.exec(one, "chmod", "644", "/www/i")
    monkeypatch.setattr("checker.engine.http.from_here", lambda *_, **__: pytest.fail("asked from here"))
    monkeypatch.setattr(lab._reach, "_is_here", lambda: False)
    assert lab.eventually(lambda: lab.get(one, 80, "/i", published=True)).text == "hello\n"


@pytest.mark.engine
def test_get_from_a_container_that_has_ended(lab: Lab) -> None:
    one = run(lab, "sh", "-c", "echo no such config >&2; exit 3")
    lab.eventually(lambda: one.refresh().ended)
    with pytest.raises(ObjectError, match="exited with code 3"):
        lab.get(one, 80)
    assert lab.evidence == {"container": one.name, "status": "exited with code 3", "log": "no such config"}


@pytest.fixture
def serving(lab: Lab) -> Container:
    """A container that answers, in a network of its own."""
    name = lab.exercise.owns.networks[0]
    lab.scene.network(name)
    one = run(lab, network=name)
    lab.exec(one, "chmod", "644", "/www/i")
    assert lab.eventually(lambda: lab.get(one, 80, "/i")).text == "hello\n"
    return one


@pytest.mark.engine
@pytest.mark.parametrize(("again", "said"), [(False, "exited"), (True, "started anew")])
def test_an_answer_of_another_container_at_the_same_address_does_not_count(
    lab: Lab, serving: Container, monkeypatch: pytest.MonkeyPatch, again: bool, said: str
) -> None:
    (name,), ask = serving.networks, http.from_probe

    def of_another(*words: Any, **options: Any) -> bytes:
        address = serving.networks[name].ip
        serving.stop(0)
        other = run(lab, number=1, network=name)
        assert other.networks[name].ip == address
        if again:
            serving.start()
        return lab.eventually(lambda: ask(*words, **options))

    monkeypatch.setattr(http, "from_probe", of_another)
    with pytest.raises(ObjectError, match=said):
        lab.get(serving, 80, "/i")


@pytest.mark.engine
def test_an_answer_counts_where_the_container_ends_right_after_it(
    lab: Lab, serving: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = http.from_probe

    def the_last(*words: Any, **options: Any) -> bytes:
        answer = ask(*words, **options)
        serving.stop(0)
        return answer

    monkeypatch.setattr(http, "from_probe", the_last)
    assert lab.get(serving, 80, "/i").text == "hello\n"


def test_where_something_listens_is_read_from_the_kernels_table() -> None:
    table = """  sl  local_address rem_address   st
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000
   1: 00000000:0050 00000000:0000 0A 00000000:00000000
   2: 0100007F:1F91 00000000:0000 01 00000000:00000000
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A"""
    assert listeners(table) == [("0.0.0.0", 80), ("127.0.0.1", 8080), ("::1", 8080)]
    assert [(str(one), one.loopback) for one in listeners(table)] == [
        ("0.0.0.0:80", False), ("127.0.0.1:8080", True), ("[::1]:8080", True)
    ]  # fmt: skip


@pytest.mark.engine
def test_where_something_listens_inside_leaves_out_the_engines_name_server(
    lab: Lab, exercise: Exercise
) -> None:
    name = exercise.owns.networks[0]
    lab.scene.network(name)
    one = run(lab, "httpd", "-f", "-p", "127.0.0.1:8000", "-h", "/etc", network=name)
    assert lab.eventually(lambda: lab.listeners(one)) == [Listener("127.0.0.1", 8000)]


@pytest.mark.engine
@pytest.mark.parametrize("read_only", [False, True])
def test_a_fresh_page_is_told_from_another_programs(lab: Lab, read_only: bool) -> None:
    one = run(lab, "httpd", "-f", "-vv", "-p", "80", "-h", "/etc", read_only=read_only, tty=True)
    path, is_ours = fresh_page(lab, one, "/etc")
    assert not is_ours("another text")
    assert lab.eventually(lambda: is_ours(lab.get(one, 80, path).text))


@pytest.mark.engine
def test_a_container_reachable_from_elsewhere_fails(lab: Lab) -> None:
    here = run(lab, "sleep", "300", ports={"80/tcp": 0})
    running(here)
    made_from(lab, here, "busybox")
    own_network(here)
    loopback_only(here)
    here.engine.client.api.pause(here.id)
    with pytest.raises(Failure, match="it is paused"):
        running(here.refresh())
    here.engine.client.api.unpause(here.id)
    beside = run(lab, "sleep", "300", number=1, network_mode=f"container:{here.id}")
    with pytest.raises(Failure, match="shares the network of another container"):
        own_network(beside)
    beside.remove()
    open_one = run(lab, "sleep", "300", number=1, ports={"80/tcp": ("127.0.0.1", None), "81/tcp": ("", None)})
    with pytest.raises(Failure, match="on every interface") as caught:
        loopback_only(open_one)
    assert caught.value.reason == "published-everywhere"


# -- putting files


def content(one: Container, path: str) -> str:
    return one.exec("cat", path).stdout


@pytest.mark.engine
@pytest.mark.parametrize(
    "path", ["/www/new", "/www/t/new", "/link/new", "/scratch/new", "/ro/new", "/volume/a b"]
)
def test_put_is_seen_inside_and_gone_afterwards(
    engine: Engine, exercise: Exercise, tmp_path: Path, path: str
) -> None:
    with Lab(engine, exercise, tmp_path, 7) as lab:
        lab.scene.volume(exercise.owns.volumes[0])
        (tmp_path / "site").mkdir()
        one = run(
            lab,
            tmpfs={"/scratch": "", "/www/t": ""},
            volumes={
                str(tmp_path / "site"): {"bind": "/ro", "mode": "ro"},
                exercise.owns.volumes[0]: {"bind": "/volume", "mode": "ro"},
            },
        )
        nonce = lab.put(one, path)
        assert content(one, path) == nonce
    assert not one.exec("test", "-e", path).ok
    assert list((tmp_path / "site").iterdir()) == []


@pytest.mark.engine
def test_put_restores_what_was_there_with_its_owner(
    engine: Engine, exercise: Exercise, tmp_path: Path
) -> None:
    one = None
    with pytest.raises(ZeroDivisionError), Lab(engine, exercise, tmp_path, 7) as lab:  # noqa: PT012 - undone after an error too
        one = run(lab)
        assert lab.put(one, "/www/i", "first") == content(one, "/www/i")
        assert lab.put(one, "/www/i", "second") == content(one, "/www/i")
        raise ZeroDivisionError
    assert one is not None
    assert content(one, "/www/i") == "hello\n"
    assert one.exec("stat", "-c", "%a", "/www/i").stdout == "600\n"


@pytest.mark.engine
def test_put_into_a_bound_file_and_a_bound_folder_keeps_owners(
    engine: Engine, exercise: Exercise, tmp_path: Path
) -> None:
    if not engine.endpoint.url.startswith("unix:"):
        pytest.skip("the engine's disk is not this machine's")
    file, folder = tmp_path / "conf", tmp_path / "site"
    file.write_text("old")
    folder.mkdir()
    binds = {str(file): {"bind": "/etc/conf", "mode": "ro"}, str(folder): {"bind": "/site", "mode": "rw"}}
    with Lab(engine, exercise, tmp_path, 7) as lab:
        one = run(lab, volumes=binds)
        assert lab.put(one, "/etc/conf") == content(one, "/etc/conf") == file.read_text()
        assert lab.put(one, "/site/x") == (folder / "x").read_text()
    assert file.read_text() == "old"
    assert list(folder.iterdir()) == []


@pytest.mark.engine
def test_put_into_the_volume_of_a_container_that_does_not_run(lab: Lab, exercise: Exercise) -> None:
    lab.scene.volume(exercise.owns.volumes[0])
    binds = {exercise.owns.volumes[0]: {"bind": "/v", "mode": "rw"}}
    nonce = lab.put(run(lab, "true", volumes=binds, start=False), "/v/n")
    assert content(run(lab, "sleep", "300", number=1, volumes=binds), "/v/n") == nonce


@pytest.mark.engine
def test_places_where_nothing_can_be_put(lab: Lab) -> None:
    one = run(lab, read_only=True, tmpfs={"/www": ""}, user="1000")
    for path in ("/nope/x", "/etc/x", "/www"):
        with pytest.raises(NotReadable, match=path):
            lab.put(one, path)
    one.stop(0)
    with pytest.raises(NotReadable, match="running"):
        lab.put(one, "/www/x")
    shared = run(lab, "sleep", "300", number=1, pid_mode="host", init=False)
    with pytest.raises(NotReadable, match="processes of its own"):
        lab.put(shared, "/x")


@pytest.mark.engine
def test_uid_is_who_it_really_is(lab: Lab) -> None:
    assert lab.uid(run(lab, "sleep", "300", user="00")) == 0
    assert lab.uid(run(lab, "sleep", "300", number=1, user="10001")) == 10001


@pytest.mark.engine
def test_nothing_of_the_lab_is_left(engine: Engine, exercise: Exercise, tmp_path: Path) -> None:
    with Lab(engine, exercise, tmp_path, 7) as lab:
        one = run(lab)
        lab.put(one, "/www/x")
        lab.get(one, 80, "/x")
        assert len(probes(engine, exercise)) == 2
    assert probes(engine, exercise) == []


def probes(engine: Engine, exercise: Exercise) -> list[dict[str, Any]]:
    wanted = {"label": [f"{scene.EXERCISE_LABEL}={exercise.id}", f"{scene.ROLE_LABEL}=probe"]}
    return list(engine.client.api.containers(all=True, filters=wanted))


@pytest.mark.engine
def test_closing_twice_or_without_the_container(lab: Lab) -> None:
    one = run(lab)
    lab.put(one, "/www/x")
    one.remove()
    lab.close()
    lab.close()


# -- waiting


@pytest.mark.engine
def test_eventually_returns_what_came_true(lab: Lab) -> None:
    answers = iter([None, "", 0, "now"])
    assert lab.eventually(lambda: next(answers), every=0.001) == "now"


@pytest.mark.engine
def test_eventually_waits_for_what_is_missing_yet(lab: Lab, exercise: Exercise) -> None:
    tries = []

    def found() -> Container:
        tries.append(1)
        if len(tries) == 3:
            run(lab, "sleep", "300")
        return lab.container(exercise.owns.containers[0])

    assert lab.eventually(found).running
    assert len(tries) == 3


@pytest.mark.engine
def test_eventually_says_what_was_seen_last_and_how_the_container_is(lab: Lab) -> None:
    one = run(lab, "sh", "-c", "echo starting up; exec sleep 300")
    lab.eventually(lambda: lab.logs(one).lines)
    with pytest.raises(Failure) as caught:
        lab.eventually(
            lambda: "ready" in lab.logs(one).text, within=0.1, what="a line with ready", reason="slow"
        )
    assert caught.value.expected == "a line with ready within 0.1 seconds"
    assert "end with starting up" in caught.value.actual
    assert f"{one.name} is running; its last log lines: starting up" in caught.value.actual
    assert caught.value.reason == "slow"
    with pytest.raises(Failure, match="nothing listens") as caught:
        lab.eventually(lambda: lab.get(one, 80), within=0.1)
    assert "starting up" in caught.value.actual


@pytest.mark.engine
def test_eventually_raises_the_last_failure_of_the_function(lab: Lab) -> None:
    with pytest.raises(Failure, match="expected 2; found 1"):
        lab.eventually(lambda: lab.expect(1, 2), within=0.01)


@pytest.mark.engine
def test_eventually_gives_up_when_the_container_has_ended(lab: Lab) -> None:
    one = run(lab, "sh", "-c", "echo no config >&2; exit 3")
    with pytest.raises(Failure, match="exited with code 3") as caught:
        lab.eventually(lambda: lab.get(one, 80), within=250)
    assert caught.value.actual.endswith("its last log lines: no config")


@pytest.mark.engine
def test_eventually_gives_up_on_the_authors_word_after_one_more_look(lab: Lab) -> None:
    calls = []
    with pytest.raises(Failure):
        lab.eventually(lambda: calls.append(1), within=250, until=lambda: len(calls) == 2)
    assert len(calls) == 3
    late = iter([False, True])
    assert lab.eventually(lambda: next(late), within=250, until=lambda: True)


@pytest.mark.engine
def test_a_mistake_of_the_check_is_not_waited_for(lab: Lab) -> None:
    with pytest.raises(ZeroDivisionError):
        lab.eventually(lambda: 1 / 0, within=250)


@pytest.mark.engine
def test_stable_must_hold_throughout(lab: Lab) -> None:
    assert lab.stable(lambda: "yes", 0.05, every=0.01) == "yes"
    answers = iter([True, True, False])
    with pytest.raises(Failure, match="stay true for 60 seconds"):
        lab.stable(lambda: next(answers), 60, every=0.001)


def test_ticks_look_once_more_when_the_time_is_up() -> None:
    assert list(ticks(0)) == [0.0]
    seen = list(ticks(0.02, every=0.005))
    assert seen[-1] == 0.0
    assert len(seen) > 2


@pytest.mark.engine
def test_a_container_that_vanishes_in_the_middle(lab: Lab) -> None:
    one = run(lab, "sleep", "300")
    one.remove()
    for ask in (
        one.refresh,
        one.logs,
        lambda: one.exec("true"),
        lambda: lab.get(one, 80),
        lambda: lab.put(one, "/x"),
    ):
        with pytest.raises(Missing, match=one.name):
            ask()
    assert lab.evidence["status"] == "removed"


# -- the learner's folder


@pytest.mark.engine
def test_files_of_the_answer_and_only_those(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.txt").write_text("é", encoding="utf-8")
    (tmp_path / "bad.txt").write_bytes(b"\xff")
    (tmp_path / "inside").symlink_to("sub/a.txt")
    (tmp_path / "outside").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "fifo")
    assert lab.text("sub/a.txt") == lab.text("inside") == "é"
    assert lab.file("sub").is_dir()
    for name, reason in (
        ("../x", "file-outside"), ("/etc/passwd", "file-outside"), ("outside", "file-outside"),
        ("nope", "missing-file"), ("fifo", "missing-file"),
    ):  # fmt: skip
        with pytest.raises(Failure) as caught:
            lab.file(name)
        assert caught.value.reason == reason, name
    for name in ("sub", "bad.txt"):
        with pytest.raises(Failure) as caught:
            lab.text(name)
        assert caught.value.reason == "not-a-text"


@pytest.mark.engine
def test_answers(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="nothing handed in"):
        lab.answer("pid")
    file = tmp_path / "answer.json"
    for damaged in ("{", "[1]", "null", "\ud83d"):
        file.write_bytes(damaged.encode(errors="surrogatepass"))
        with pytest.raises(Failure) as caught:
            lab.answer("pid")
        assert caught.value.reason in {"no-answer", "not-a-text"}
    file.write_text('{"pid": 7, "none": null}')
    assert lab.answer("pid") == 7
    assert lab.answer("none") is None
    with pytest.raises(Failure, match="a value for other") as caught:
        lab.answer("other")
    assert "submit(other=" in caught.value.next


@pytest.mark.engine
def test_builds_copies_and_layers_go_when_the_lab_closes(
    engine: Engine, exercise: Exercise, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nCOPY word /word\n")
    (tmp_path / "word").write_text(secrets.token_hex(8))
    with Lab(engine, exercise, tmp_path, 7) as lab:
        first = lab.build()
        copy = lab.copy()
        (copy / "word").write_text("changed")
        second = lab.build(copy)
        assert lab.saved(second.image).layers[-1].read("/word") == b"changed"
        assert lab.saved(second.image) is lab.saved(second.image)
        assert (tmp_path / "word").read_text() != "changed"
    assert not copy.exists()
    for built in (first, second):
        with pytest.raises(Missing):
            images.find(engine, built.image.id)


@pytest.mark.engine
def test_a_copy_has_the_course_s_own_files_whatever_was_done_to_them(
    engine: Engine, exercise: Exercise, tmp_path: Path
) -> None:
    outside, folder, given = (tmp_path / name for name in ("outside", "folder", "given"))
    for path in (outside, folder, given / "tools"):
        path.mkdir(parents=True)
    for name in ("app", "gone", "linked", "tools/count"):
        (given / name).write_text(f"the course's {name}")
    (outside / "count").write_text("somebody's")
    (folder / "app").write_text("tried something")
    (folder / "mine").write_text("the answer")
    (folder / "linked").symlink_to(outside / "count")
    (folder / "tools").symlink_to(outside)
    files = {name: given / name for name in ("app", "gone", "linked", "tools/count")}
    with Lab(engine, exercise, folder, 7, given=lambda: files) as lab:
        copy = lab.copy()
        for name in files:
            assert (copy / name).read_text() == f"the course's {name}"
        assert (copy / "mine").read_text() == "the answer"
    assert (folder / "app").read_text() == "tried something"
    assert (outside / "count").read_text() == "somebody's"


@pytest.mark.engine
def test_names_with_signs_of_a_pattern(lab: Lab, engine: Engine, exercise: Exercise) -> None:
    run(lab, "sleep", "300")
    with pytest.raises(Failure):
        lab.container(exercise.owns.containers[0][:-1] + ".")
    assert containers.find(engine, exercise.owns.containers[0]).running


@pytest.mark.engine
def test_a_built_image_is_run_and_started(engine: Engine, exercise: Exercise, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f'FROM {IMAGE}\nENTRYPOINT ["echo", "said:"]\nCMD ["nothing"]\n')
    with Lab(engine, exercise, tmp_path, 7) as lab:
        built = lab.build().image
        assert lab.run(built).stdout == "said: nothing\n"
        assert lab.run(built, "this").stdout == "said: this\n"
        ended = lab.run(IMAGE, "sh", "-c", "echo $WORD >&2; exit 3", environment={"WORD": "other"})
        assert (ended.exit_code, ended.stdout, ended.stderr) == (3, "", "other\n")
        assert lab.run(IMAGE, "cat", "/proc/net/route").stdout.count("\n") == 1
        with pytest.raises(ObjectError, match="sleep 60 to end within"):
            lab.run(IMAGE, "sleep", "60", timeout=0.1)
        with pytest.raises(ObjectError, match="no-such") as caught:
            lab.run(IMAGE, "no-such")
        assert caught.value.reason == "not-startable"
        for user, file in (("nobody-here", "passwd"), ("0:nobody-here", "group")):
            with pytest.raises(ObjectError, match=f"nobody-here, and its /etc/{file}") as caught:
                lab.run(IMAGE, "true", user=user)
            assert caught.value.reason == "no-such-user"
        started = lab.start(built, entrypoint=["sleep", "60"])
        assert started.refresh().running
        assert lab.exec(started, "echo", "in").stdout == "in\n"
    label = f"{EXERCISE_LABEL}={exercise.id}"
    assert engine.client.containers.list(ignore_removed=True, all=True, filters={"label": label}) == []
