"""What a submission holds, whatever it came in: a folder, a ``.zip`` or a tar. Nothing is unpacked here.

Each kind lists its entries and hands out the bytes of those that are wanted, a piece at a time. All of it is
written by somebody else, so it is bounded and checked before it is believed.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from checker.overlay import LITTER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MB = 2**20

#: Bytes that a submission may hold, and bytes of the archive that it comes in.
SUBMISSION_BYTES = 256 * MB
ENTRIES = 50_000
DEPTH = 20
PATH_BYTES = 1000
NAME_BYTES = 255

_CHUNK = 2**16
_BLOCK = tarfile.BLOCKSIZE
_HEADER_BYTES = MB  # of an extended tar header: a name, and what some tools note beside it
_HEADERS_BYTES = 16 * MB  # of all of them
_GZIP_MEMBERS = 10_000  # tools that pack in parallel write many
_NAMES_BYTES = 8 * MB  # of a zip's list of names; the library reads it in one piece
_LITTER = LITTER | {"__MACOSX"}
_SUFFIXES = {".zip": "zip", ".tar.gz": "tar", ".tgz": "tar", ".tar": "tar"}

# A FIFO is opened without waiting for its other end; what was opened is looked at before it is read.
_CAREFUL = sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))


class Unreadable(Exception):  # noqa: N818 - it is told to a person, as a problem of the submission
    """A submission, or a file of it, cannot be read. The text says why, in one or two sentences."""


@dataclass(frozen=True)
class Entry:
    """Something in a submission that is no folder.

    ``parts`` are empty where the name leads to no place in the submission. ``why`` says why it is left out;
    empty, it is a regular file. Without a ``vital`` one, the exercise that it belongs to is not whole.
    """

    number: int
    name: str
    parts: tuple[str, ...]
    why: str = ""
    executable: bool = False
    vital: bool = False


class Source(Protocol):
    """A submission that was opened."""

    def entries(self) -> Iterator[Entry]:
        """Yield what it holds, always in the same order; raise :class:`Unreadable` where that fails."""
        ...

    def read(self, wanted: Collection[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Yield the wanted entries' numbers, each with its bytes. Both may raise :class:`Unreadable`."""
        ...


def name_and_kind(path: Path) -> tuple[str, str]:
    """Return a submission's name without the suffix, and ``zip``, ``tar`` or an empty kind."""
    name = Path(os.path.abspath(path)).name  # noqa: PTH100 - `.` has a name too, and no link is followed
    for suffix, kind in _SUFFIXES.items():
        if name.lower().endswith(suffix) and not os.path.isdir(path):  # noqa: PTH112
            return name[: -len(suffix)], kind
    return name, ""


def odd_characters(name: str) -> str:
    """Say what in a name can harm whoever shows it or writes it; empty where nothing does."""
    kinds = {unicodedata.category(character) for character in name}
    if "Cs" in kinds:
        return "is not UTF-8"
    return "has a control character" if kinds & {"Cc", "Zl", "Zp"} else ""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a submission.

    Raises
    ------
    Unreadable
        If it is neither a folder nor an archive, is a link to one, or is damaged.
    """
    _, kind = name_and_kind(path)
    if os.path.islink(path):  # noqa: PTH114 - pathlib's raise where a folder around it is closed
        raise Unreadable("It is a symbolic link, and links are not followed. Name what it leads to.")
    if os.path.isdir(path):  # noqa: PTH112
        yield _Folder(path)
        return
    if not kind:
        raise Unreadable("It is neither a folder nor a .zip, .tar.gz, .tgz or .tar. Pack it as one of these.")
    with _telling("The archive cannot be read"):
        handle = os.open(path, os.O_RDONLY | _CAREFUL)
    with _Archive(handle, "rb") as file:
        _expect_regular(os.fstat(handle), "The archive")
        if os.fstat(handle).st_size > SUBMISSION_BYTES:
            raise Unreadable(
                f"The archive is larger than {SUBMISSION_BYTES // MB} MB, the most that is read."
            )
        if kind == "tar":
            yield _Tar(file)
            return
        with _telling("The archive is no .zip, or is damaged"):
            archive = zipfile.ZipFile(file)
        yield _Zip(archive)


@contextlib.contextmanager
def _telling(problem: str) -> Iterator[None]:
    """Turn what the libraries raise for damaged input into one sentence."""
    try:
        yield
    except (
        OSError,
        EOFError,
        ValueError,  # also of text that is not UTF-8
        RuntimeError,  # of zipfile: a password, or a method that it does not know
        ArithmeticError,
        struct.error,
        zlib.error,
        tarfile.TarError,
        zipfile.BadZipFile,
    ) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unreadable(f"{problem}: {shown(why or type(error).__name__)}.") from error


def shown(name: str) -> str:
    """Return a name for a message: short, on one line, with nothing that changes how the line reads."""
    plain = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in name[:200]
    )
    return plain if len(plain) <= 120 else f"{plain[:60]}…{plain[-59:]}"


def _expect_regular(status: os.stat_result, what: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable(f"{what} is no regular file.")


def _entry(number: int, name: str, why: str = "", *, executable: bool = False, vital: bool = False) -> Entry:
    """Judge a name, and make the entry. What lies below litter is one entry with it."""
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    litter = next((index for index, part in enumerate(parts, 1) if part in _LITTER), None)
    if name.startswith("/") or ".." in parts or not parts:
        return Entry(number, name, (), "its name leads out of the submission")
    if litter:
        return Entry(number, "/".join(parts[:litter]), parts[:litter], "a tool left it behind")
    odd, long = _odd(name), _long(name, parts)
    return Entry(number, name, parts, odd or long or why, executable, vital or bool(long and not odd))


def _odd(name: str) -> str:
    odd = odd_characters(name) or ("has a backslash" if "\\" in name else "")
    return odd and f"its name {odd}"


def _long(name: str, parts: tuple[str, ...]) -> str:
    if len(parts) > DEPTH:
        return f"it lies more than {DEPTH} folders deep"
    lengths = [len(part.encode(errors="surrogatepass")) for part in parts]
    too_long = len(name) > PATH_BYTES or sum(lengths) > PATH_BYTES or max(lengths) > NAME_BYTES
    return "its name is too long" if too_long else ""


def _kind(mode: int) -> str:
    """Return what a file type of Unix is called, empty for a regular file and where it is not told."""
    names = {stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
    kind = stat.S_IFMT(mode)
    return "" if kind in {0, stat.S_IFREG} else f"it is {names.get(kind, 'a device')}"


def _too_many() -> Unreadable:
    return Unreadable(f"It holds more than {ENTRIES} files. Hand in the exercises' folders only.")


class _Folder:
    """A folder. Links are not followed: a listing that was tricked can name things, but opens none."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: list[Entry] = []
        self._seen = 0

    def entries(self) -> Iterator[Entry]:
        self._found, self._seen = [], 0
        self._list(())
        yield from self._found

    def _list(self, parts: tuple[str, ...]) -> None:
        try:
            with os.scandir(self._root.joinpath(*parts)) as scan:
                found = sorted(self._bounded(scan), key=lambda one: one.name)
        except OSError as error:
            if not parts:
                raise Unreadable(f"The folder cannot be read: {error.strerror}.") from error
            self._add("/".join(parts), f"the folder cannot be read: {error.strerror}", vital=True)
            return
        for one in found:
            below = (*parts, one.name)
            is_folder = one.is_dir(follow_symlinks=False)
            if is_folder and one.name not in _LITTER and len(below) <= DEPTH:
                self._list(below)
            else:
                self._look(one, "/".join(below), is_folder=is_folder)

    def _bounded(self, scan: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
        for one in scan:
            self._seen += 1
            if self._seen > ENTRIES:
                raise _too_many()
            yield one

    def _look(self, one: os.DirEntry[str], name: str, *, is_folder: bool) -> None:
        try:
            status = one.stat(follow_symlinks=False)
        except OSError as error:
            self._add(name, f"it cannot be looked at: {error.strerror}", vital=True)
            return
        why = "" if is_folder else _kind(status.st_mode)
        if not why and not is_folder and status.st_nlink > 1:
            why = "it is a hard link, that is, it has another name too"
        self._add(name, why, executable=bool(status.st_mode & stat.S_IXUSR))

    def _add(self, name: str, why: str, *, executable: bool = False, vital: bool = False) -> None:
        self._found.append(_entry(len(self._found), name, why, executable=executable, vital=vital))

    def read(self, wanted: Collection[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        for number in sorted(wanted):
            yield number, self._bytes(self._found[number])

    def _bytes(self, entry: Entry) -> Iterator[bytes]:
        with _telling(f"{shown(entry.name)} cannot be read"), os.fdopen(self._open(entry), "rb") as file:
            status = os.fstat(file.fileno())
            _expect_regular(status, shown(entry.name))
            if status.st_nlink > 1:
                raise Unreadable(f"{shown(entry.name)} became a hard link while it was read.")
            while piece := file.read(_CHUNK):
                yield piece

    def _open(self, entry: Entry) -> int:
        if os.open not in os.supports_dir_fd:
            return os.open(self._root.joinpath(*entry.parts), os.O_RDONLY | _CAREFUL)
        *folders, name = entry.parts
        here = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | _CAREFUL)
        try:
            for folder in folders:
                inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _CAREFUL, dir_fd=here)
                os.close(here)
                here = inner
            return os.open(name, os.O_RDONLY | _CAREFUL, dir_fd=here)
        finally:
            os.close(here)


class _Archive(io.FileIO):
    """An archive's file. One read is bounded: zipfile asks for a list of names of any length in one piece."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _NAMES_BYTES:
            raise zipfile.BadZipFile("its list of names is too long")
        return super().read(size)


class _Zip:
    """A ``.zip``. Only what `unzip` always knew is read: the other methods unpack without a bound."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def entries(self) -> Iterator[Entry]:
        members = self._archive.infolist()
        if len(members) > ENTRIES:
            raise _too_many()
        for number, member in enumerate(members):
            mode = member.external_attr >> 16
            if member.is_dir() or stat.S_ISDIR(mode):
                continue
            why = "it is encrypted" if member.flag_bits & 0x2041 else _kind(mode)
            # The library cuts a name at its first NUL; the original tells that there was one.
            yield _entry(number, member.orig_filename, why, executable=bool(mode & stat.S_IXUSR))

    def read(self, wanted: Collection[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        for number, member in enumerate(self._archive.infolist()):
            if number in wanted:
                yield number, self._bytes(member)

    def _bytes(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        name = shown(member.orig_filename)
        if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Unreadable(f"{name} is packed in a way that is not read here. Pack it as an ordinary .zip.")
        with _telling(f"{name} is damaged in the archive"), self._archive.open(member) as file:
            left = member.file_size
            while piece := file.read(_CHUNK):
                left -= len(piece)
                yield piece
        if left:
            raise Unreadable(f"{name} is damaged in the archive: its size is wrong.")


class _Tar:
    """A tar, compressed or not, read forward only.

    The library reads single headers. What ties them together is read here: the library's own way takes
    unbounded time and memory for some extended headers, and goes backwards for negative sizes.
    """

    _LEFT_OUT = {  # noqa: RUF012 - a table
        tarfile.LNKTYPE: "it is a hard link",
        tarfile.SYMTYPE: "it is a symbolic link",
        tarfile.CHRTYPE: "it is a device",
        tarfile.BLKTYPE: "it is a device",
        tarfile.FIFOTYPE: "it is a FIFO",
        tarfile.GNUTYPE_SPARSE: "it is a sparse file",
    }
    _EMPTY = (tarfile.DIRTYPE, *(kind for kind in _LEFT_OUT if kind != tarfile.GNUTYPE_SPARSE))
    _PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)

    def __init__(self, file: io.FileIO) -> None:
        self._file = file

    def entries(self) -> Iterator[Entry]:
        for entry, _ in self._members():
            if entry.number >= ENTRIES:
                raise _too_many()
            yield entry

    def read(self, wanted: Collection[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        for entry, body in self._members():
            if entry.number in wanted:
                yield entry.number, body

    def _members(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        with _telling("The archive is no tar, or is damaged"):
            stream = _Stream(self._file)
            number, noted = 0, dict[str, bytes]()
            while (block := stream.exactly(_BLOCK)).strip(b"\0"):
                header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
                if header.type in {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}:
                    noted |= _extended(stream.header(header.size))
                elif header.type == tarfile.GNUTYPE_LONGNAME:
                    noted["path"] = stream.header(header.size).rstrip(b"\0")
                elif header.type in {tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK}:
                    stream.skip(header.size)
                else:
                    size = 0 if header.type in self._EMPTY else int(noted.get("size", header.size))
                    if header.type == tarfile.GNUTYPE_SPARSE:
                        stream.skip_map(block)
                    body = stream.body(size)
                    if header.type != tarfile.DIRTYPE:
                        yield self._entry(number, header, noted), body
                        number += 1
                    for _ in body:  # what nobody wanted
                        pass
                    noted = {}
            stream.drain()

    def _entry(self, number: int, header: tarfile.TarInfo, noted: dict[str, bytes]) -> Entry:
        name = noted["path"].decode("utf-8", "surrogateescape") if "path" in noted else header.name
        why = self._LEFT_OUT.get(header.type, "")
        if any(key.startswith("GNU.sparse") for key in noted):
            why = self._LEFT_OUT[tarfile.GNUTYPE_SPARSE]
        elif not why and header.type not in self._PLAIN:
            why = "it is no regular file"
        return _entry(number, name, why, executable=bool(header.mode & stat.S_IXUSR))


class _Gunzip(io.RawIOBase):
    """What a gzip file unpacks to. The library's own class takes minutes for some hostile headers."""

    def __init__(self, file: io.FileIO) -> None:
        super().__init__()
        self._file = file
        self._unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._members = 1

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while True:
            packed = self._unpacking.unconsumed_tail or self._unpacking.unused_data or self._file.read(_CHUNK)
            if self._unpacking.eof:
                packed = packed.lstrip(b"\0")  # some media fill the last block
                if not packed:
                    return 0
                self._next_member()
            elif not packed:
                raise Unreadable("The archive ends too early. It was not written or copied whole.")
            if data := self._unpacking.decompress(packed, len(buffer)):
                buffer[: len(data)] = data
                return len(data)

    def _next_member(self) -> None:
        self._members += 1
        if self._members > _GZIP_MEMBERS:
            raise Unreadable("The archive is put together from too many pieces. Pack it anew.")
        self._unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)


class _Stream:
    """The bytes of a tar from its beginning, unpacked as they are asked for, and bounded in all."""

    def __init__(self, file: io.FileIO) -> None:
        file.seek(0)
        packed = file.read(2) == b"\x1f\x8b"  # whatever the suffix says: browsers unpack some downloads
        file.seek(0)
        self._file = io.BufferedReader(_Gunzip(file), _CHUNK) if packed else file
        self._left = SUBMISSION_BYTES
        self._headers_left = _HEADERS_BYTES

    def exactly(self, size: int) -> bytes:
        self._left -= size
        if self._left < 0:
            raise Unreadable(
                f"The archive unpacks to more than {SUBMISSION_BYTES // MB} MB, the most that is read."
            )
        data = self._file.read(size)
        if len(data) < size:
            raise Unreadable("The archive ends too early. It was not written or copied whole.")
        return data

    def header(self, size: int) -> bytes:
        self._headers_left -= size
        if not 0 <= size <= _HEADER_BYTES or self._headers_left < 0:
            raise Unreadable("The archive has headers that are too long for the names of files.")
        return b"".join(self.body(size))

    def body(self, size: int) -> Iterator[bytes]:
        """Yield ``size`` bytes, and pass what fills the last block."""
        if size < 0:
            raise Unreadable("The archive has a file of negative size. It is damaged.")
        filling = -size % _BLOCK
        while size:
            piece = self.exactly(min(size, _CHUNK))
            size -= len(piece)
            yield piece
        self.exactly(filling)

    def skip(self, size: int) -> None:
        for _ in self.body(size):
            pass

    def skip_map(self, block: bytes) -> None:
        """Pass the blocks that say where a sparse file has holes; a byte says if one more follows."""
        more = block[482]
        while more:
            more = self.exactly(_BLOCK)[504]

    def drain(self) -> None:
        """Read on to the end, where the sum of a compressed one is compared."""
        while data := self._file.read(_CHUNK):
            self._left -= len(data)
            if self._left < 0:
                raise Unreadable("The archive goes on after its end.")


def _extended(data: bytes) -> dict[str, bytes]:
    """Read the records ``<length> <key>=<value>`` of an extended header."""
    noted, at = {}, 0
    while at < len(data):
        length = int(data[at : data.index(b" ", at, at + 12)])
        record = data[at : at + length]
        if length <= 0 or len(record) < length or not record.endswith(b"\n"):
            raise Unreadable("The archive has an extended header that is damaged.")
        key, _, value = record[:-1].partition(b" ")[2].partition(b"=")
        if key in {b"path", b"size"} or key.startswith(b"GNU.sparse"):
            noted[key.decode("utf-8", "surrogateescape")] = value
        at += length
    return noted
