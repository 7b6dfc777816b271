"""The guest's kernel, and the small file system that it starts from: both made of Debian's packages."""

from __future__ import annotations

import hashlib
import lzma
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from checker.apt import PrivateApt
from checker.files import write_atomic
from checker.images.standin import SUITES
from checker.locks import locked
from checker.paths import state_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGES = ("linux-image-cloud-amd64", "apparmor", "busybox-static")
#: What an engine asks its kernel for. Nothing in the guest loads modules later.
MODULES = (
    *("virtio_blk", "overlay", "loop", "tun", "veth", "bridge", "br_netfilter"),
    *("nf_tables", "nft_compat", "nft_chain_nat", "nf_conntrack_netlink", "ipt_REJECT", "ip6t_REJECT"),
    *("xt_addrtype", "xt_comment", "xt_conntrack", "xt_mark", "xt_MASQUERADE", "xt_nat", "xt_tcpudp"),
)
_TRAILER = "TRAILER!!!"
_FOLDER, _FILE = 0o040755, 0o100755


@dataclass(frozen=True)
class Kernel:
    """A kernel, and the first file system without our own scripts."""

    image: Path
    files: Path

    def with_scripts(self) -> bytes:
        """Return the first file system: the kernel unpacks one archive after the other."""
        here = Path(__file__).parent
        scripts = {"init": here / "init.sh", "guest.sh": here / "guest.sh"}
        archive = _archive((name, path.read_bytes()) for name, path in scripts.items())
        return self.files.read_bytes() + b"".join(archive)


def kernel() -> Kernel:
    """Return the kernel that is kept in the state directory; it is fetched the first time.

    Raises
    ------
    Refused
        If Debian's archive cannot be reached.
    """
    folder = state_dir() / "v2"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(" ".join([*PACKAGES, *MODULES]).encode()).hexdigest()[:24]
    made = Kernel(folder / f"vmlinuz-{wanted}", folder / f"files-{wanted}.cpio")
    with locked(folder / "kernel"):
        if not made.files.exists():
            with tempfile.TemporaryDirectory(dir=folder) as work:
                root = _fetch(Path(work))
                next(root.glob("boot/vmlinuz-*")).rename(made.image)
                write_atomic(made.files, b"".join(_archive(_contents(root))))
    return made


def _fetch(work: Path) -> Path:
    """Download the packages with apt, and unpack only those named: the guest's root has the others."""
    apt = PrivateApt(work / "apt", SUITES, architecture="amd64")
    apt.update()
    names = tuple(f"{name.removesuffix('-cloud-amd64')}" for name in PACKAGES)
    for package in apt.download(PACKAGES, work / "packages"):
        if re.match(rf"({'|'.join(names)})[_-]", package.name):
            subprocess.run(["dpkg-deb", "-x", package, work / "root"], check=True)
    return work / "root"


def _contents(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield paths and contents of the first file system; ``files`` is copied to the guest's root."""
    yield "bin/busybox", next(root.glob("**/bin/busybox")).read_bytes()
    yield "files/usr/sbin/apparmor_parser", next(root.glob("**/sbin/apparmor_parser")).read_bytes()
    for path in sorted((root / "etc/apparmor.d").glob("*/**/*")):
        if path.is_file():
            yield f"files/{path.relative_to(root)}", path.read_bytes()
    for number, (name, content) in enumerate(_with_what_they_need(root).items()):
        yield f"modules/{number:03}-{name}.ko", content


def _with_what_they_need(root: Path) -> dict[str, bytes]:
    """Return the modules, each after those that it needs. What is not there is part of the kernel itself."""
    paths = {path.name.partition(".")[0]: path for path in root.glob("**/*.ko.xz")}
    found: dict[str, bytes] = {}

    def add(name: str) -> None:
        path = paths.get(name) or paths.get(name.replace("_", "-"))
        if path and name not in found:
            content = lzma.decompress(path.read_bytes())
            needs = re.search(rb"\0depends=([^\0]*)\0", content)
            for other in needs[1].decode().split(",") if needs else []:
                add(other)
            found[name] = content

    for name in MODULES:
        add(name)
    return found


def _archive(contents: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Write cpio's ``newc`` format, the one that the kernel reads."""
    folders: set[str] = set()
    for name, content in contents:
        for parent in reversed(Path(name).parents[:-1]):
            if str(parent) not in folders:
                folders.add(str(parent))
                yield _entry(str(parent), _FOLDER, b"")
        yield _entry(name, _FILE, content)
    yield _entry(_TRAILER, 0, b"")


def _entry(name: str, mode: int, content: bytes) -> bytes:
    # Magic, inode, mode, user, group, links, time, size, four device numbers, length of the name, checksum.
    numbers = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    head = "070701" + "".join(f"{number:08x}" for number in numbers) + name + "\0"
    return _padded(head.encode()) + _padded(content)


def _padded(part: bytes) -> bytes:
    return part + b"\0" * (-len(part) % 4)
