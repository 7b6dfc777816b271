from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checker.apt import Mirror, PrivateApt, system_mirror
from checker.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

needs_apt = pytest.mark.skipif(not shutil.which("apt-get"), reason="needs apt-get, as on Debian and Ubuntu")

DEB822 = """\
# Debian's own
Types: deb deb-src
# a comment inside
URIs: http://mirror.example/debian http://second.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """An /etc/apt with the given files."""
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")

    def write(**files: str) -> Path:
        (tmp_path / "sources.list.d").mkdir()
        for name, text in files.items():
            (tmp_path / name.replace("__", "/sources.list.d/").lstrip("/").replace("_", ".")).write_text(text)
        return tmp_path

    return write


def test_deb822(etc: Callable[..., Path]) -> None:
    found = system_mirror(etc(__debian_sources=DEB822))
    assert found == Mirror("http://mirror.example/debian", "/usr/share/keyrings/debian-archive-keyring.gpg")


def test_deb822_with_the_key_inside(etc: Callable[..., Path]) -> None:
    text = (
        "Types: deb\nURIs: http://m.example/d\nSuites: trixie\nSigned-By:\n -----BEGIN\n .\n abc\n -----END\n"
    )
    assert system_mirror(etc(__a_sources=text)).signed_by == "\n -----BEGIN\n .\n abc\n -----END"


def test_one_line(etc: Callable[..., Path]) -> None:
    text = "# deb http://no.example/debian trixie main\ndeb-src http://s.example/debian trixie main\n"
    text += "deb [arch=amd64 signed-by=/k.gpg] http://one.example/debian trixie main  # here\n"
    assert system_mirror(etc(sources_list=text)) == Mirror("http://one.example/debian", "/k.gpg")


def test_sources_that_are_off_or_not_debians_are_passed_over(etc: Callable[..., Path]) -> None:
    off = DEB822.replace("Types: deb deb-src", "Enabled: no\nTypes: deb")
    security = DEB822.replace("Suites: bookworm bookworm-updates", "Suites: bookworm-security")
    other = DEB822.replace("Suites: bookworm bookworm-updates", "Suites: noble noble-updates")
    with pytest.raises(Refused, match="name no Debian archive") as refused:
        system_mirror(etc(__off_sources=off, __other_sources=other, __security_sources=security))
    assert "course images load" in refused.value.next


def test_a_system_without_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Refused, match="apt-get") as refused:
        system_mirror()
    assert refused.value.next


@needs_apt
def test_fetches_packages_and_leaves_the_system_alone(tmp_path: Path) -> None:
    lists = sorted(Path("/var/lib/apt/lists").glob("*"))
    archives = sorted(Path("/var/cache/apt/archives").glob("*"))
    apt = PrivateApt(tmp_path / "apt", ["trixie"])
    apt.update()
    found = apt.download(["busybox-static"], tmp_path / "debs")
    assert [path.name.split("_")[0] for path in found if "busybox" in path.name] == ["busybox-static"]
    assert all(path.is_file() for path in found)
    assert apt.download(["busybox-static"], tmp_path / "debs") == found
    assert not list(Path("/dev").glob("lock*"))
    assert sorted(Path("/var/lib/apt/lists").glob("*")) == lists
    assert sorted(Path("/var/cache/apt/archives").glob("*")) == archives


@needs_apt
def test_what_is_installed_is_left_out(tmp_path: Path) -> None:
    apt = PrivateApt(tmp_path / "apt", ["trixie"])
    apt.update()
    status = tmp_path / "status"
    status.write_text(
        "Package: busybox-static\nStatus: install ok installed\nVersion: 9:9\nArchitecture: amd64\n"
    )
    assert apt.download(["busybox-static"], tmp_path / "debs", status=status) == []


@needs_apt
@pytest.mark.parametrize(
    ("mirror", "package", "phrase"),
    [
        (Mirror("http://127.0.0.1:9/debian"), "busybox-static", "fetch the package lists"),
        (None, "no-such-package", "no-such-package"),
    ],
)
def test_apts_complaint_is_the_message(
    tmp_path: Path, mirror: Mirror | None, package: str, phrase: str
) -> None:
    apt = PrivateApt(tmp_path / "apt", ["trixie"], mirror=mirror)

    def fetch() -> None:
        apt.update()
        apt.download([package], tmp_path / "debs")

    with pytest.raises(Refused, match=phrase) as refused:
        fetch()
    assert "E:" not in refused.value.message
    assert refused.value.next
