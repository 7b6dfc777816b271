"""Taking submissions in: what is found, what is left out, and that nothing hostile gets through."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import stat
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checker.errors import Refused, UsageError
from checker.grading import intake, sources
from checker.grading.intake import HandedIn, take_in

if TYPE_CHECKING:
    from collections.abc import Callable

WEB, LOGS, BUILD = "02-run/web", "02-run/logs", "03-build/image"
IDS = (WEB, LOGS, BUILD)

Files = dict[str, bytes]


def folder(path: Path, files: Files) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def zipped(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: Files) -> Path:
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as archive:
        for name, content in files.items():
            add(archive, name, content)
    return path


def add(archive: tarfile.TarFile, name: str, content: bytes = b"", **fields: Any) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    archive.addfile(info, io.BytesIO(content))


def packed(path: Path, files: Files) -> Path:
    if path.suffix == ".zip":
        return zipped(path, files)
    return tarred(path, files) if path.suffix else folder(path, files)


def taken(tmp_path: Path, *paths: Path) -> list[HandedIn]:
    return take_in(paths, IDS, tmp_path / "into")


def one(tmp_path: Path, path: Path) -> HandedIn:
    (found,) = taken(tmp_path, path)
    return found


def copied(handed: HandedIn) -> Files:
    return {
        path.relative_to(handed.folder).as_posix(): path.read_bytes()
        for path in handed.folder.rglob("*")
        if not path.is_dir()
    }


def remarks(handed: HandedIn) -> str:
    return "\n".join(handed.remarks)


# --- what is found -----------------------------------------------------------------------------------------

KINDS = ("alice", "alice.zip", "alice.tar.gz", "alice.tgz", "alice.tar")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrapped", ["", "work/", "alice/work/"])
def test_each_exercise_is_copied(tmp_path: Path, kind: str, wrapped: str) -> None:
    files = {
        f"{wrapped}{WEB}/exercise.ipynb": b"{}",
        f"{wrapped}{WEB}/app/main.py": b"print()",
        f"{wrapped}{BUILD}/Dockerfile": b"FROM x",
        f"{wrapped}02-run/lesson.ipynb": b"{}",
    }

    found = taken(tmp_path, packed(tmp_path / kind, files))

    assert [(one.student, one.exercise, one.problem, one.remarks) for one in found] == [
        ("alice", WEB, "", ()),
        ("alice", BUILD, "", ()),
    ]
    assert copied(found[0]) == {"exercise.ipynb": b"{}", "app/main.py": b"print()"}
    assert copied(found[1]) == {"Dockerfile": b"FROM x"}
    assert found[0].folder == tmp_path / "into/1" / WEB


def test_a_third_wrapper_is_not_looked_through(tmp_path: Path) -> None:
    found = one(tmp_path, folder(tmp_path / "alice", {f"a/b/c/{WEB}/x": b""}))
    assert found.exercise == ""
    assert "No exercise of the course" in found.problem
    assert "found a." in found.problem


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrapped", ["", "my answer/", "alice/work/"])
def test_an_exercises_folder_is_known_by_its_record(tmp_path: Path, kind: str, wrapped: str) -> None:
    record = json.dumps({"exercise": WEB}).encode()
    files = {
        f"{wrapped}exercise.ipynb": b"{}",
        f"{wrapped}.course.json": record,
        f"{wrapped}sub/exercise.ipynb": b"inner",
        f"{wrapped}sub/.course.json": record,
    }
    found = one(tmp_path, packed(tmp_path / kind, files))
    assert (found.exercise, found.problem) == (WEB, "")
    assert copied(found)["sub/exercise.ipynb"] == b"inner"


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 60_000,
        b'{"exercise": 1}',
        b'{"exercise": "02-run/other"}',
        json.dumps({"exercise": WEB}).encode() + b" " * 70_000,
    ],
)
def test_a_record_that_says_nothing_is_no_exercise(tmp_path: Path, record: bytes) -> None:
    files = {"exercise.ipynb": b"{}", ".course.json": record}
    assert one(tmp_path, zipped(tmp_path / "alice.zip", files)).exercise == ""


def test_a_place_says_more_than_a_record(tmp_path: Path) -> None:
    record = json.dumps({"exercise": BUILD}).encode()
    files = {
        "exercise.ipynb": b"",
        ".course.json": record,
        f"{WEB}/.course.json": record,
        f"{WEB}/exercise.ipynb": b"",
    }
    web, build = taken(tmp_path, folder(tmp_path / "alice", files))
    assert (web.exercise, build.exercise) == (WEB, BUILD)
    assert set(copied(web)) == set(copied(build)) == {"exercise.ipynb", ".course.json"}


def test_what_lies_in_work_counts_before_the_rest_of_the_course(tmp_path: Path) -> None:
    files = {f"course/{name}/{WEB}/answer.py": name.encode() for name in ("exercises", "solutions", "work")}
    found = one(tmp_path, zipped(tmp_path / "alice.zip", files))
    assert (copied(found), found.problem) == ({"answer.py": b"work"}, "")
    assert "course/solutions/02-run/web is left out: course/work/02-run/web counts." in found.remarks


def test_two_folders_that_are_as_good_are_a_problem(tmp_path: Path) -> None:
    files = {f"old/{WEB}/a": b"", f"new/{WEB}/a": b"", f"{LOGS}/a": b""}
    logs, web = taken(tmp_path, folder(tmp_path / "alice", files))
    assert "more than once: new/02-run/web and old/02-run/web" in web.problem
    assert not web.folder.exists()
    assert logs.problem == ""


def test_an_exercise_that_the_course_lacks_is_remarked(tmp_path: Path) -> None:
    files = {f"{WEB}/a": b"", "02-run/gone/a": b"", "09-new/x/exercise.ipynb": b"", "notes.txt": b""}
    found = one(tmp_path, folder(tmp_path / "alice", files))
    assert set(found.remarks) == {
        "02-run/gone is left out: the course has no such exercise.",
        "09-new/x is left out: the course has no such exercise.",
    }


def test_modes_are_plain_and_programs_stay_programs(tmp_path: Path) -> None:
    source = folder(tmp_path / "alice", {f"{WEB}/run.sh": b"", f"{WEB}/secret": b""})
    (source / WEB / "run.sh").chmod(0o4700)
    (source / WEB / "secret").chmod(0o400)
    before = os.umask(0o077)
    try:
        found = one(tmp_path, source)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in found.folder.iterdir()}
    assert modes == {"run.sh": 0o755, "secret": 0o644}
    assert stat.S_IMODE(found.folder.stat().st_mode) == 0o755


def test_a_tar_knows_programs_and_long_names_too(tmp_path: Path) -> None:
    path, long = tmp_path / "alice.tar.gz", f"{WEB}/{'ü' * 100}/{'b' * 200}"
    for format_ in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        with tarfile.open(path, "w:gz", format=format_) as archive:
            add(archive, long, b"x" * 512, mode=0o777)
        (found,) = take_in([path], IDS, tmp_path / f"into{format_}")
        (file,) = [one for one in found.folder.rglob("b*") if one.is_file()]
        assert (file.stat().st_mode & 0o777, file.read_bytes()) == (0o755, b"x" * 512)


# --- who handed it in --------------------------------------------------------------------------------------


def test_two_submissions_of_a_student_are_refused(tmp_path: Path) -> None:
    paths = [packed(tmp_path / kind, {f"{WEB}/a": b""}) for kind in ("alice", "alice.zip")]
    with pytest.raises(UsageError, match=r"alice and .*alice\.zip are both a submission of alice"):
        taken(tmp_path, *paths)


@pytest.mark.parametrize(
    "name", ["a\nb", "a\x1b[31m.zip", ".zip", " .zip", "a\u2028b", os.fsdecode(b"a\xff")]
)
def test_a_name_that_is_no_students_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match="name") as caught:
        taken(tmp_path, tmp_path / name)
    assert caught.value.message.isprintable()


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no submission"):
        taken(tmp_path, tmp_path / "alice")


def test_a_student_keeps_the_name_whatever_it_is(tmp_path: Path) -> None:
    names = ["=cmd|x", "<b>", "..a", "Ünal 学生"]
    found = taken(tmp_path, *(folder(tmp_path / name, {f"{WEB}/a": b""}) for name in names))
    assert [one.student for one in found] == names
    assert found[3].folder == tmp_path / "into/4" / WEB


def test_the_folder_one_stands_in_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder(tmp_path / "alice", {f"{WEB}/a": b""}))
    assert one(tmp_path, Path()).student == "alice"


# --- what is left out --------------------------------------------------------------------------------------


def test_a_folders_links_and_devices_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    source = folder(tmp_path / "alice", {f"{WEB}/answer.py": b"1", f"{WEB}/twin": b"2"})
    web = source / WEB
    (web / "link").symlink_to(tmp_path / "secret")
    (web / "up").symlink_to(tmp_path)
    os.link(web / "twin", tmp_path / "twin")
    os.mkfifo(web / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(web / "socket"))
        found = one(tmp_path, source)
    assert copied(found) == {"answer.py": b"1"}
    assert sorted(line.removeprefix(f"{WEB}/") for line in found.remarks) == [
        "fifo is left out: it is a FIFO.",
        "link is left out: it is a symbolic link.",
        "socket is left out: it is a socket.",
        "twin is left out: it is a hard link, that is, it has another name too.",
        "up is left out: it is a symbolic link.",
    ]


@pytest.mark.parametrize("linked", ["", "02-run", WEB])
def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path, linked: str) -> None:
    elsewhere = folder(tmp_path / "elsewhere", {f"{WEB}/secret": b"", f"{LOGS}/secret": b""})
    link = tmp_path / "alice" / linked
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(elsewhere / linked)
    found = one(tmp_path, tmp_path / "alice")
    assert found.problem
    assert "symbolic link" in found.problem + remarks(found)
    assert not list((tmp_path / "into").rglob("secret"))


@pytest.mark.parametrize("swapped", [WEB, f"{WEB}/answer.py"])
@pytest.mark.parametrize("swap", ["link", "fifo", "hard"])
def test_what_becomes_a_link_after_the_look_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swapped: str, swap: str
) -> None:
    secret = folder(tmp_path / "elsewhere", {f"{WEB}/answer.py": b"secret"}) / swapped
    source = folder(tmp_path / "alice", {f"{WEB}/answer.py": b"mine"})
    listed = sources._Folder.entries

    def race(self: Any) -> Any:
        yield from listed(self)
        (source / swapped).rename(tmp_path / "moved")
        if swap == "fifo":
            os.mkfifo(source / swapped)
        elif swap == "hard" and secret.is_file():
            os.link(secret, source / swapped)
        else:
            (source / swapped).symlink_to(secret)

    monkeypatch.setattr(sources._Folder, "entries", race)
    found = one(tmp_path, source)
    assert "answer.py" in found.problem
    assert not found.folder.exists()


@pytest.mark.parametrize("kind", ["a.zip", "a.tar"])
def test_names_that_lead_elsewhere_are_left_out(tmp_path: Path, kind: str) -> None:
    bad = [
        "/etc/x",
        "../x",
        f"{WEB}/../../../x",
        f"{WEB}/a\\b",
        f"{WEB}/a\nb",
        f"{WEB}/\x1b[2J",
        f"{WEB}/\u2028",
    ]
    found = one(tmp_path, packed(tmp_path / kind, {f"./{WEB}/./good": b"1"} | dict.fromkeys(bad, b"2")))
    assert copied(found) == {"good": b"1"}
    assert len(found.remarks) == len(bad)
    assert all(line.isprintable() for line in found.remarks)
    assert {path.name for path in tmp_path.iterdir()} == {kind, "into"}


def test_names_that_are_not_utf8_are_left_out(tmp_path: Path) -> None:
    source = folder(tmp_path / "alice", {f"{WEB}/good": b"", os.fsdecode(f"{WEB}/".encode() + b"\xff"): b""})
    with tarfile.open(tmp_path / "bob.tar", "w", encoding="latin-1", format=tarfile.GNU_FORMAT) as archive:
        add(archive, f"{WEB}/good")
        add(archive, f"{WEB}/ü")
    for found in taken(tmp_path, source, tmp_path / "bob.tar"):
        assert set(copied(found)) == {"good"}
        assert "is not UTF-8" in remarks(found)


def test_special_members_of_a_tar_are_left_out(tmp_path: Path) -> None:
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"?")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for number, kind in enumerate(kinds):
            add(archive, f"{WEB}/special{number}", type=kind, linkname="/etc/passwd")
        add(archive, f"{WEB}/sparse", b"x", pax_headers={"GNU.sparse.major": "1"})
        add(archive, f"{WEB}/good", b"1")
    found = one(tmp_path, tmp_path / "a.tar")
    assert copied(found) == {"good": b"1"}
    assert len(found.remarks) == len(kinds) + 1


def test_a_sparse_file_of_old_tars_is_passed_by(tmp_path: Path) -> None:
    sparse = tarfile.TarInfo(f"{WEB}/sparse")
    sparse.type, sparse.size = tarfile.GNUTYPE_SPARSE, 512
    header = bytearray(sparse.tobuf(tarfile.GNU_FORMAT))
    header[482] = 1  # more of the map follows
    header[148:156] = b"%06o\0 " % (sum(header[:148] + header[156:]) + 8 * 32)
    good = tarfile.TarInfo(f"{WEB}/good").tobuf()
    (tmp_path / "a.tar").write_bytes(bytes(header) + bytes(512) + b"x" * 512 + good + bytes(1024))
    found = one(tmp_path, tmp_path / "a.tar")
    assert set(copied(found)) == {"good"}
    assert "sparse file" in remarks(found)


def test_special_members_of_a_zip_are_left_out(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{WEB}/good": b"1"})
    with zipfile.ZipFile(path, "a") as archive:
        for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR):
            info = zipfile.ZipInfo(f"{WEB}/{kind}")
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    found = one(tmp_path, path)
    assert copied(found) == {"good": b"1"}
    assert len(found.remarks) == 3


def test_encrypted_members_are_left_out(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{WEB}/a": b"1"})
    path.write_bytes(patched(path.read_bytes(), {"flags": 1}))
    found = one(tmp_path, path)
    assert (remarks(found), bool(found.problem)) == (f"{WEB}/a is left out: it is encrypted.", True)


def test_what_tools_left_behind_is_one_remark_each(tmp_path: Path) -> None:
    litter = [f"{WEB}/__pycache__/{number}.pyc" for number in range(30)] + [
        "__MACOSX/._x",
        f"{WEB}/.DS_Store",
    ]
    for kind in KINDS:
        files = {f"{WEB}/a": b""} | dict.fromkeys(litter, b"")
        (found,) = take_in([packed(tmp_path / kind, files)], IDS, tmp_path / f"into-{kind}")
        assert set(copied(found)) == {"a"}
        assert sorted(line.split(" is left")[0] for line in found.remarks) == [
            f"{WEB}/.DS_Store",
            f"{WEB}/__pycache__",
            "__MACOSX",
        ]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_duplicates_the_last_counts(tmp_path: Path) -> None:
    twice = [(f"{WEB}/a", b"1"), (f"./{WEB}//a", b"2")]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zip_, tarfile.open(tmp_path / "b.tar", "w") as tar:
        for name, content in twice:
            zip_.writestr(name, content)
            add(tar, name, content)
        add(tar, f"{LOGS}/a", b"1")
        add(tar, f"{LOGS}/a", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    a, b_logs, b_web = taken(tmp_path, tmp_path / "a.zip", tmp_path / "b.tar")
    assert copied(a) == copied(b_web) == {"a": b"2"}
    assert "the last one counts" in remarks(a)
    assert b_logs.problem
    assert not b_logs.folder.exists()


def test_names_that_differ_in_case_are_both_kept_where_that_is_possible(tmp_path: Path) -> None:
    found = one(tmp_path, zipped(tmp_path / "a.zip", {f"{WEB}/File": b"1", f"{WEB}/file": b"2"}))
    both = {"File": b"1", "file": b"2"}
    assert copied(found) == both or "another name stands in its place" in remarks(found)


@pytest.mark.parametrize("names", [("a", "a/b/c"), ("a/b/c", "a"), ("a/b/c", "a/b")])
def test_a_file_and_a_folder_of_one_name(tmp_path: Path, names: tuple[str, str]) -> None:
    found = one(tmp_path, tarred(tmp_path / "a.tar", {f"{WEB}/{name}": b"" for name in names}))
    assert (set(copied(found)), found.problem) == ({names[0]}, "")
    assert "another name stands in its place" in remarks(found)


def test_a_file_in_place_of_the_exercises_folder(tmp_path: Path) -> None:
    found = one(tmp_path, folder(tmp_path / "alice", {WEB: b"1"}))
    assert "a file where the exercise's folder is expected" in remarks(found)
    assert found.problem


def test_remarks_are_counted_not_endless(tmp_path: Path) -> None:
    files = {f"{WEB}/a\\{number}": b"" for number in range(100)} | {
        f"{WEB}/{'long' * 50}\\": b"",
        f"{WEB}/a": b"",
    }
    found = one(tmp_path, zipped(tmp_path / "a.zip", files))
    assert len(found.remarks) == 21
    assert found.remarks[-1] == "And 81 more like these."


# --- limits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("limit", "files"),
    [
        ("EXERCISE_FILES", {"a": b"", "b": b"", "c": b""}),
        ("FILE_BYTES", {"a": b"123"}),
        ("EXERCISE_BYTES", {"a": b"12", "b": b"34"}),
    ],
)
def test_a_limit_is_one_exercises_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, limit: str, files: Files
) -> None:
    monkeypatch.setattr(intake, limit, 2)
    source = {f"{LOGS}/{name}": content for name, content in files.items()} | {
        f"{WEB}/a": b"1",
        f"{WEB}/b": b"2",
    }
    logs, web = taken(tmp_path, packed(tmp_path / kind, source))
    assert "at most" in logs.problem or "larger than" in logs.problem
    assert not logs.folder.exists()
    assert (web.problem, len(copied(web))) == ("", 2)


@pytest.mark.parametrize("name", ["d/" * 25 + "x", "x" * 1200, "/".join(["y" * 200] * 6), "é" * 130])
def test_a_long_name_is_a_problem(tmp_path: Path, name: str) -> None:
    files = {f"{WEB}/{name}": b"", f"{LOGS}/a": b""}
    for path in (zipped(tmp_path / "a.zip", files), tarred(tmp_path / "b.tar", files)):
        logs, web = take_in([path], IDS, tmp_path / f"into-{path.name}")
        assert "cannot be taken" in web.problem
        assert logs.problem == ""


def test_a_deep_folder_is_a_problem(tmp_path: Path) -> None:
    source = folder(tmp_path / "alice", {f"{WEB}/{'d/' * 30}x": b""})
    assert "deep" in one(tmp_path, source).problem


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_entries_are_the_submissions_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(sources, "ENTRIES", 3)
    found = one(tmp_path, packed(tmp_path / kind, {f"{WEB}/{number}": b"" for number in range(5)}))
    assert (found.exercise, found.folder.exists()) == ("", False)
    assert "more than 3 files" in found.problem


def test_too_many_folders_are_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "ENTRIES", 3)
    for number in range(5):
        (tmp_path / "alice" / str(number)).mkdir(parents=True)
    assert "more than 3 files" in one(tmp_path, tmp_path / "alice").problem


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_bytes_are_the_submissions_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(sources, "SUBMISSION_BYTES", 40_000)
    monkeypatch.setattr(intake, "SUBMISSION_BYTES", 40_000)
    files = {f"{id_}/a": bytes(20_000) for id_ in IDS}
    found = one(tmp_path, packed(tmp_path / kind, files))
    assert (found.exercise, found.folder.exists()) == ("", False)
    assert "the most that is" in found.problem


def bomb_zip(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(f"{WEB}/bomb", "w") as file,
    ):
        for _ in range(100):
            file.write(bytes(2**20))


def bomb_tar(path: Path) -> None:
    size = 2**40  # 1 TB is claimed; no more is there than what the archive may unpack to, and some
    info = tarfile.TarInfo(f"{WEB}/bomb")
    info.size = size
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(300):
            file.write(bytes(2**20))


@pytest.mark.parametrize(("name", "bomb"), [("a.zip", bomb_zip), ("a.tgz", bomb_tar)])
def test_a_bomb_is_stopped_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, bomb: Callable[[Path], None]
) -> None:
    bomb(tmp_path / name)
    written = 0
    fit = intake._within

    def counting(size: int, most: int, what: str) -> None:
        nonlocal written
        written = max(written, size)
        fit(size, most, what)

    monkeypatch.setattr(intake, "_within", counting)
    assert one(tmp_path, tmp_path / name).problem
    assert written <= 17 * 2**20
    assert not list((tmp_path / "into").rglob("bomb"))


# --- what is damaged ---------------------------------------------------------------------------------------


def patched(data: bytes, fields: dict[str, int]) -> bytes:
    """Change fields of a zip's only member, in both of its headers."""
    places = {"flags": (6, 8, "H"), "method": (8, 10, "H"), "packed": (18, 20, "I"), "size": (22, 24, "I")}
    changed, centre = bytearray(data), data.index(b"PK\1\2")
    for field, value in fields.items():
        local, central, form = places[field]
        struct.pack_into(f"<{form}", changed, local, value)
        struct.pack_into(f"<{form}", changed, centre + central, value)
    return bytes(changed)


@pytest.mark.parametrize(
    "fields",
    [
        {"method": 12},
        {"method": 14},
        {"method": 99},
        {"size": 3},
        {"size": 2**31},
        {"packed": 3},
    ],
)
def test_a_damaged_member_is_its_exercises_problem(tmp_path: Path, fields: dict[str, int]) -> None:
    path = zipped(tmp_path / "a.zip", {f"{WEB}/a": b"some text " * 20})
    path.write_bytes(patched(path.read_bytes(), fields))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{LOGS}/a", b"good")
    logs, web = taken(tmp_path, path)
    assert f"{WEB}/a" in web.problem
    assert not web.folder.exists()
    assert copied(logs) == {"a": b"good"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_without_a_bound_is_not_unpacked(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr(f"{WEB}/a", b"1")
    assert "packed in a way that is not read here" in one(tmp_path, tmp_path / "a.zip").problem


def test_a_name_is_not_cut_at_its_nul(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{WEB}/good": b"1", f"{WEB}/a.py?txt": b"2"})
    path.write_bytes(path.read_bytes().replace(b"?", b"\0"))
    found = one(tmp_path, path)
    assert set(copied(found)) == {"good"}
    assert f"{WEB}/a.py\\x00txt is left out" in remarks(found)


def test_a_wrong_sum_is_noticed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(f"{WEB}/a", b"original")
    path = tmp_path / "a.zip"
    path.write_bytes(path.read_bytes().replace(b"original", b"changed!"))
    assert "damaged" in one(tmp_path, path).problem
    packed_tar = tarred(tmp_path / "b.tgz", {f"{WEB}/a": b"original"})
    packed_tar.write_bytes(packed_tar.read_bytes()[:-8] + bytes(8))
    (found,) = take_in([packed_tar], IDS, tmp_path / "into2")
    assert "damaged" in found.problem


def test_a_zip_behind_something_else_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{WEB}/a": b"1"})
    path.write_bytes(b"#!/bin/sh\n" * 100 + path.read_bytes())
    assert copied(one(tmp_path, path)) == {"a": b"1"}


def test_members_that_overlap_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a zip bomb without recursion: many names, one stream."""
    path = zipped(tmp_path / "a.zip", {f"{WEB}/a": bytes(100_000)})
    data = path.read_bytes()
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    listed = bytearray(data[end:])
    struct.pack_into("<HHI", listed, 8, 500, 500, (end - start) * 500)
    path.write_bytes(data[:start] + data[start:end] * 500 + listed)
    assert copied(one(tmp_path, path)) == {"a": bytes(100_000)}  # 500 of one name are one
    monkeypatch.setattr(sources, "ENTRIES", 400)
    (found,) = take_in([path], IDS, tmp_path / "into2")
    assert "more than 400 files" in found.problem


def test_a_long_list_of_names_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_NAMES_BYTES", 1000)
    path = zipped(tmp_path / "a.zip", {f"{WEB}/{number}": b"" for number in range(50)})
    assert "its list of names is too long" in one(tmp_path, path).problem


@pytest.mark.parametrize("kind", KINDS[1:])
def test_every_cut_and_many_flips_end_in_a_problem_or_a_copy(tmp_path: Path, kind: str) -> None:
    data = packed(tmp_path / kind, {f"{WEB}/a": b"text" * 100, f"{LOGS}/b": b"more"}).read_bytes()
    damaged = [data[:cut] for cut in range(0, len(data), max(1, len(data) // 60))]
    for at in range(0, len(data), max(1, len(data) // 120)):
        damaged += [data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :] for flip in (1, 0x80, 0xFF)]
    for number, content in enumerate(damaged):
        (tmp_path / kind).write_bytes(content)
        for found in take_in([tmp_path / kind], IDS, tmp_path / f"into-{number}"):
            assert found.problem or copied(found)
            assert len(found.problem) < 500


def test_a_cut_archive_is_never_graded_in_part(tmp_path: Path) -> None:
    data = tarred(tmp_path / "a.tar", {f"{WEB}/a": b"1", f"{LOGS}/b": b"2"}).read_bytes()
    for cut in (0, 100, 512, 1024, 1536, 2048):
        (tmp_path / "a.tar").write_bytes(data[:cut])
        (found,) = take_in([tmp_path / "a.tar"], IDS, tmp_path / f"into{cut}")
        assert (found.exercise, found.folder.exists()) == ("", False)
        assert "ends too early" in found.problem


def raw_tar(path: Path, kind: bytes, size: int, body: bytes) -> Path:
    info = tarfile.TarInfo("pax")
    info.type, info.size = kind, size
    header = info.tobuf(tarfile.GNU_FORMAT)
    good = tarfile.TarInfo(f"{WEB}/a").tobuf()
    path.write_bytes(header + body + bytes(-len(body) % 512) + good + bytes(1024))
    return path


@pytest.mark.parametrize(
    ("kind", "size", "body"),
    [
        (tarfile.XHDTYPE, 2**30, b""),
        (tarfile.XHDTYPE, 2**20, b"1" * 2**20),  # takes the library's way of looking hours
        (tarfile.XHDTYPE, 512, b"0 path=x\n" * 56),
        (tarfile.XHDTYPE, 512, b"11 path=xy\n" + bytes(501)),
        (tarfile.XHDTYPE, 16, b"16 size=-100000\n"),
        (tarfile.XHDTYPE, 18, b"18 size=no number\n"),
        (tarfile.GNUTYPE_LONGNAME, 2**33, b""),
        (tarfile.REGTYPE, -512, b""),
        (tarfile.REGTYPE, 2**60, b""),
    ],
)
def test_headers_that_lie_are_a_problem(tmp_path: Path, kind: bytes, size: int, body: bytes) -> None:
    found = one(tmp_path, raw_tar(tmp_path / "a.tar", kind, size, body))
    assert found.exercise == ""
    assert found.problem


def test_headers_are_bounded_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = raw_tar(tmp_path / "a.tar", tarfile.XHDTYPE, 510, b"510 a=".ljust(509, b"b") + b"\n")
    assert copied(one(tmp_path, path)) == {"a": b""}
    monkeypatch.setattr(sources, "_HEADERS_BYTES", 500)
    (found,) = take_in([path], IDS, tmp_path / "into2")
    assert "headers that are too long" in found.problem


def test_a_gzip_of_several_pieces_is_read_and_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tarred(tmp_path / "a.tar", {f"{WEB}/a": b"1" * 3000}).read_bytes()
    pieces = [gzip.compress(data[at : at + 1000]) for at in range(0, len(data), 1000)]
    path = tmp_path / "a.tgz"
    path.write_bytes(b"".join(pieces) + bytes(5000))
    (tmp_path / "a.tar").unlink()
    assert copied(one(tmp_path, path)) == {"a": b"1" * 3000}
    monkeypatch.setattr(sources, "_GZIP_MEMBERS", len(pieces) - 1)
    (found,) = take_in([path], IDS, tmp_path / "into2")
    assert "too many pieces" in found.problem


@pytest.mark.parametrize("rest", [b"", b"a" * 100_000, b"\0more"])
def test_a_gzip_without_an_end_is_a_problem(tmp_path: Path, rest: bytes) -> None:
    (tmp_path / "a.tgz").write_bytes(b"\x1f\x8b\x08\x08" + bytes(6) + rest)
    assert one(tmp_path, tmp_path / "a.tgz").problem


def test_a_tar_is_known_by_its_content(tmp_path: Path) -> None:
    plain = tarred(tmp_path / "b.tar", {f"{WEB}/a": b"1"}).rename(tmp_path / "a.tar.gz")
    assert copied(one(tmp_path, plain)) == {"a": b"1"}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz", "a.rar"])
@pytest.mark.parametrize("content", [b"", b"Rar!", b"\x1f\x8b", b"PK\5\6", bytes(5000)])
def test_what_is_no_archive_is_a_problem(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    found = one(tmp_path, tmp_path / name)
    assert found.exercise == ""
    assert found.problem


@pytest.mark.parametrize("name", ["alice", "alice.zip", "alice.tar"])
def test_a_fifo_does_not_block(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    assert one(tmp_path, tmp_path / name).problem


def test_an_archive_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    zipped(tmp_path / "b.zip", {f"{WEB}/a": b""})
    (tmp_path / "a.zip").symlink_to("b.zip")
    assert "symbolic link" in one(tmp_path, tmp_path / "a.zip").problem


def test_a_bad_submission_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    bad, good = taken(tmp_path, tmp_path / "bad.zip", folder(tmp_path / "good", {f"{WEB}/a": b"1"}))
    assert (bad.student, bad.exercise, bad.remarks) == ("bad", "", ())
    assert (good.problem, copied(good)) == ("", {"a": b"1"})


def test_an_archive_in_an_archive_is_just_a_file(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {f"{LOGS}/a": b""}).read_bytes()
    found = one(tmp_path, zipped(tmp_path / "a.zip", {f"{WEB}/inner.zip": inner}))
    assert copied(found) == {"inner.zip": inner}


def test_a_full_disk_is_not_the_students_problem(tmp_path: Path) -> None:
    (tmp_path / "into").write_text("no folder")
    with pytest.raises(Refused, match="cannot be copied"):
        taken(tmp_path, folder(tmp_path / "alice", {f"{WEB}/a": b"1"}))
