"""The guest's kernel, and the small file system that it starts from: both made of Debian's packages."""

from __future__ import annotations

import lzma
import re
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from checker.apt import PrivateApt
from checker.images.standin import SUITES
from checker.locks import locked
from checker.paths import state_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """What QEMU starts."""

    image: Path
    initrd: Path


def kernel(folder: Path | None = None) -> Kernel:
    """Return the kernel kept in ``folder`` (default: in the state directory); it is fetched the first time.

    Raises
    ------
    Refused
        If Debian's archive cannot be reached.
    """
    folder = folder or state_dir() / "v2"
    folder.mkdir(parents=True, exist_ok=True)
    made = Kernel(folder / "vmlinuz", folder / "initrd")
    with locked(folder / "kernel"), ExitStack() as files:
        if not made.initrd.exists():
            work = Path(files.enter_context(tempfile.TemporaryDirectory(dir=folder)))
            root = _fetch(work)
            shutil.copy(next(root.glob("boot/vmlinuz-*")), made.image)
            (work / "initrd").write_bytes(b"".join(_archive(_contents(root))))
            (work / "initrd").rename(made.initrd)
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
    here = Path(__file__).parent
    yield "init", (here / "init.sh").read_bytes()
    yield "guest.sh", (here / "guest.sh").read_bytes()
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


def _archive(contents: Iterator[tuple[str, bytes]]) -> Iterator[bytes]:
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
