"""Runs an answer inside its sandbox: in a container on the sandbox's own engine, behind the filter.

The answer's container has the learner's folder, the ``checker`` package, and the filtered socket; it has
neither the checks nor the engine's own socket. Nothing that it says is believed but how its cells ended.
"""

from __future__ import annotations

import contextlib
import shutil
import tarfile
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from docker.types import LogConfig

from checker.answer import LIMIT, TAIL, Answering, answer_cells, does_something
from checker.engine.errors import asking
from checker.engine.execute import run
from checker.engine.probe import labels, remove
from checker.errors import CourseError
from checker.printed import Printed
from checker.process import ONCE, Process
from checker.record import RECORD
from checker.result import Answer

from .gate import Gate
from .intake import FILE_BYTES
from .packing import packed
from .sources import DEPTH, odd_characters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from checker.engine.connect import Engine

NAME = "course-answer"
#: Where the package lies in every container of the grading image.
PACKAGE = Path("/opt/course/package")
WORK = "/course/work"
#: Where a sandbox keeps the folders that containers may bind, by a path on which links work.
_FOLDERS = {"/var/course/work": WORK, "/var/course/tmp": "/tmp"}  # noqa: S108 - the container's own
_HOME = "/tmp/home"  # noqa: S108 - a place that containers may bind, as a home is
_MODULE = "checker.answer_cells"
_MEMORY, _PROCESSES = 2**30, 256
_ERROR = 500  # characters
_LARGEST, _MOST = 256 * 2**20, 5000  # bytes and files that are taken back


class ContainerAnswers:
    """Stands for :class:`checker.answer.Answers` in a station.

    Parameters
    ----------
    image
        The tools' image; the sandbox's engine has it.
    control
        The filter's control socket.
    reuse
        For answers that are trusted, an author's: one container serves all of them.
    """

    def __init__(self, engine: Engine, image: str, control: Path, *, reuse: bool = False) -> None:
        self._engine = engine
        self._image = image
        self._gate = Gate(control)
        self._reuse = reuse
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="course-answer")
        #: Begun at once: the container starts while the scene is set.
        self._next = self._pool.submit(self._start)
        #: True once an answer has run: from then on the sandbox's engine can be in any state.
        self.begun = False
        #: What the filter has refused.
        self.refused: list[str] = []

    @contextlib.contextmanager
    def answered(
        self, folder: Path, environment: Mapping[str, str], limit: float = LIMIT
    ) -> Iterator[Answer]:
        """Run the answer in ``folder``, and take back what it made of that folder.

        See :meth:`checker.answer.Answers.answered`; ``environment`` is this station's, and no use there.
        """
        del environment
        cells = answer_cells(folder)
        if not any(map(does_something, cells)):  # many an answer is files alone
            yield Answer("ok")
            return
        container = self._next.result()
        answering = _Answering(container.process, container.printed)
        try:
            container.put(folder)
            self._gate.open({container.id: NAME})
            self.begun = True
            request = {"cells": cells, "folder": str(folder), "profile": f"{_HOME}/.ipython", "printed": ""}
            answer = answering.outcome({**request, "environment": _environment()}, limit)
            self.refused = self._gate.hold()
            container.take_back(folder)
            yield replace(answer, output_tail=answering.printed_by_now())
        finally:
            if not (self._reuse and answering.end()):
                container.close()
                if self._reuse:
                    self._next = self._pool.submit(self._start)

    def wait(self) -> None:
        """Wait until the container is there: who lists what is on the engine counts it before and after."""
        self._next.result()

    def close(self) -> None:
        """Remove the container."""
        with contextlib.suppress(CourseError):  # a sandbox that is gone took it along
            self._next.result().close()
        self._pool.shutdown()
        self._gate.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> _Container:
        return _Container(self._engine, self._image, reuse=self._reuse)


class _Answering(Answering):
    """An answer whose process is elsewhere."""

    def printed_by_now(self) -> str:
        """Return the end of what it printed: that may come later than the word that it has ended."""
        return self._text()


def _environment() -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin",
        "HOME": _HOME,
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "COURSE_STATE_DIR": f"{_HOME}/.course",
        "COURSE_DATA_DIR": f"{_HOME}/.course",
    }


class _Container:
    """The answer's container, started, with everything imported."""

    def __init__(self, engine: Engine, image: str, *, reuse: bool) -> None:
        self._engine = engine
        self._closed = False
        api = engine.client.api
        command = ["python3", "-I", "-m", _MODULE, *([] if reuse else [ONCE])]
        with asking(engine, "image", image):
            host = api.create_host_config(
                network_mode="host",
                binds=[
                    *(f"{source}:{target}" for source, target in _FOLDERS.items()),
                    "/run/lab/docker.sock:/var/run/docker.sock",
                ],
                mem_limit=_MEMORY,
                pids_limit=_PROCESSES,
                log_config=LogConfig(type="none"),
            )
            made = api.create_container(
                image, command, name=NAME, hostname="lab", working_dir=WORK, stdin_open=True,
                labels=labels("", "answer", NAME), host_config=host,
            )  # fmt: skip
            self.id = str(made["Id"])
            api.put_archive(self.id, "/", packed([(PACKAGE, str(PACKAGE))]))
        self._files = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        #: What the answer prints.
        self.printed = Printed(Path(self._files.name, "printed"), 4 * TAIL)
        self.process = _ContainerProcess(engine, self.id, self.printed.writer, forks=reuse)

    def put(self, folder: Path) -> None:
        """Put the files of ``folder`` at the same path inside."""
        with asking(self._engine, "container", NAME):
            self._engine.client.api.put_archive(self.id, "/", packed([(folder, str(folder))], [_HOME]))

    def take_back(self, folder: Path) -> None:
        """Replace the files of ``folder`` by those of the same path inside, but for the course's record.

        What is no plain file is left out, and so is what is beyond the limits. Nothing is taken back where
        there is no such folder any more.
        """
        with tempfile.TemporaryDirectory() as place:
            # An engine that is gone shows when the checks ask it.
            with contextlib.suppress(CourseError), asking(self._engine, "container", NAME):
                chunks, _ = self._engine.client.api.get_archive(self.id, f"{folder}/.")
                _extract(chunks, Path(place))
            for path in folder.iterdir():
                if path.name != RECORD:
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            shutil.copytree(place, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(RECORD))

    def close(self) -> None:
        """Remove the container: what the answer has left running ends here. A second time is fine."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(CourseError):
            remove(self._engine, self.id)
        self.process.close()
        with self.printed:
            pass
        self._files.cleanup()


class _ContainerProcess(Process):
    """The process in the answer's container, by the ``docker`` command that is attached to it."""

    def __init__(self, engine: Engine, container: str, stderr: int, *, forks: bool) -> None:
        self._engine = engine
        self._container = container
        self._begun = False
        self.forks = forks
        command = ["docker", "start", "--attach", "--interactive", container]
        super().__init__(command=command, environment=engine.environment(), stderr=stderr)

    def next_event(self, deadline: float) -> dict[str, Any] | None:
        """Return the next message, as far as it is believed: an answer can write there, too.

        Time begins once, a trusted author's with each answer; how it ended is a short text.
        """
        while (event := super().next_event(deadline)) is not None:
            match event:
                case {"event": "begun", "pid": int()} if self.forks or not self._begun:
                    self._begun = True
                    return event
                case {"event": "done", "error": error}:
                    return {"event": "done", "error": str(error).encode(errors="replace").decode()[:_ERROR]}
                case {"event": "ended" | "gone"}:
                    return event
            if time.monotonic() > deadline:
                break
        return None

    def kill(self, pid: int) -> None:
        """Stop the answer: its process group where it is trusted, else all of its container."""
        with contextlib.suppress(CourseError), asking(self._engine, "container", NAME):
            if self.forks and pid:
                run(self._engine, self._container, NAME, ("kill", "-9", "--", f"-{pid}"), timeout=10.0)
            else:
                self._engine.client.api.kill(self._container)


def _extract(chunks: Iterable[bytes], place: Path) -> None:
    """Extract plain files and folders, up to the limits: the archive is made of what an answer left."""
    size = count = 0
    with tempfile.TemporaryFile() as whole:
        for chunk in chunks:
            size += len(chunk)
            if size > _LARGEST:
                break
            whole.write(chunk)
        whole.seek(0)
        with contextlib.suppress(tarfile.TarError), tarfile.open(fileobj=whole) as archive:
            for member in archive:
                count += 1
                if count > _MOST:
                    return
                if _is_plain(member):
                    with contextlib.suppress(tarfile.FilterError, OSError):
                        archive.extract(member, place, filter="data")


def _is_plain(member: tarfile.TarInfo) -> bool:
    """Say whether it is a file or folder as one could have handed it in."""
    return (
        (member.isfile() or member.isdir())
        and member.size <= FILE_BYTES
        and member.name.count("/") <= DEPTH
        and not odd_characters(member.name)
    )
