"""The words that checks and scenes are written with."""

from __future__ import annotations

import hashlib
import random
import secrets
import shutil
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from checker.engine import container as containers
from checker.engine import image as images
from checker.engine import layers, registry, scene, trial
from checker.engine import network as networks
from checker.engine import volume as volumes
from checker.engine.build import build
from checker.engine.errors import Missing
from checker.engine.sockets import LISTENING, NAME_SERVER, Listener, listeners
from checker.errors import EngineFault
from checker.exercise import Failure
from checker.images.catalogue import catalogue
from checker.overlay import put_back

from . import waits
from .answer import Answer
from .planted import Planted
from .reach import Reach
from .words import circumstances, described, parts, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from checker.engine.build import Build
    from checker.engine.connect import Engine
    from checker.engine.container import Container
    from checker.engine.execute import ExecResult
    from checker.engine.http import Response
    from checker.engine.image import Image
    from checker.engine.layers import SavedImage
    from checker.engine.logs import Logs
    from checker.engine.network import Network
    from checker.engine.registry import Registry
    from checker.engine.trial import Ran
    from checker.engine.volume import Volume
    from checker.exercise import Exercise

T = TypeVar("T")


class Lab(Answer):
    """What a check is given: the engine's objects, the learner's folder, and ways to put things to the test.

    Readers raise :class:`checker.engine.errors.ObjectError` where something is not there; for the runner that
    is a failure like any other. A context manager: it undoes what checks have put somewhere.

    Parameters
    ----------
    folder
        The learner's copy of the exercise.
    seed
        The same for a scene and all later checks of it, and for a regrade.
    given
        Returns the course's own files of the exercise that no answer may change, by their names.
    secret
        What :meth:`unforeseen` is made of. Default: a new one.
    """

    def __init__(
        self,
        engine: Engine,
        exercise: Exercise,
        folder: Path,
        seed: int,
        *,
        given: Callable[[], Mapping[str, Path]] = dict,
        secret: str = "",
    ) -> None:
        self.engine = engine
        self.exercise = exercise
        super().__init__(folder)
        self.seed = seed
        self._given = given
        self._secret = secret or secrets.token_hex(16)
        #: Seeded: two labs of one seed draw the same values in the same order.
        self.random = random.Random(seed)  # noqa: S311 - for variety, not for secrets
        self._planted = Planted(engine, exercise.id)
        self._reach = Reach(engine, exercise.id)
        self._closing = ExitStack()
        self._closing.callback(self._reach.close)
        self._closing.callback(self._planted.close)
        self._saved: dict[str, SavedImage] = {}
        self._watched: Container | None = None
        self._seen = ""

    # -- objects on the engine

    def container(self, name: str, **texts: str) -> Container:
        """Read the container of exactly this name.

        Parameters
        ----------
        texts
            ``reason``, ``why`` and ``next`` of the failure where there is none; likewise in the three below.
        """
        with _own_words(texts):
            return self._watch(containers.find(self.engine, name))

    def image(self, reference: str, **texts: str) -> Image:
        """Read the image of this reference, or of this key of the catalogue."""
        with _own_words(texts):
            return images.find(self.engine, self.reference(reference))

    def network(self, name: str, **texts: str) -> Network:
        """Read the network of exactly this name."""
        with _own_words(texts):
            return networks.find(self.engine, name)

    def volume(self, name: str, **texts: str) -> Volume:
        """Read the volume of exactly this name."""
        with _own_words(texts):
            return volumes.find(self.engine, name)

    def reference(self, image: str) -> str:
        """Return the reference of a key of the catalogue; any other text as it is."""
        known = catalogue().get(image)
        return known.reference if known else image

    @cached_property
    def scene(self) -> scene.Scene:
        """Makes labelled containers, images, networks and volumes for ``@exercise.scene``."""
        return scene.Scene(self.engine, self.exercise, self.reference)

    def saved(self, image: Image) -> SavedImage:
        """Open the layers of ``image``; see :class:`checker.engine.layers.SavedImage`. Saved once a lab."""
        if image.id not in self._saved:
            self._saved[image.id] = self._closing.enter_context(layers.save(self.engine, image))
        return self._saved[image.id]

    def build(self, context: Path | None = None, **options: Any) -> Build:
        """Build ``context``, by default the answer's folder; see :func:`checker.engine.build.build`.

        The image bears a tag of the lab's own, which goes when the lab closes.
        """
        tag = f"course-check:{self.nonce()}"
        built = build(self.engine, context or self.folder, tags=[tag, *options.pop("tags", ())], **options)
        self._closing.callback(self._untag, tag)
        return built

    def copy(self) -> Path:
        """Return a copy of the answer's folder that a check may change; gone when the lab closes.

        What no answer may change is as the course gives it, whatever was tried with it.
        """
        parent = self._closing.enter_context(tempfile.TemporaryDirectory())
        copy = Path(shutil.copytree(self.folder, Path(parent, "copy"), symlinks=True))
        for name, file in self._given().items():
            put_back(file, copy, name)
        return copy

    def registry(self, url: str) -> Registry:
        """Read the registry that listens at ``url`` of the engine's machine."""
        return registry.at(
            url,
            ask=lambda host, port, path, headers: self._reach.published(
                host, port, path, headers=headers, timeout=10
            ),
        )

    # -- saying what is wrong

    def expect(
        self,
        actual: Any,
        expected: Any,
        *,
        reason: str = "",
        why: str = "",
        next: str = "",  # noqa: A002
        what: str = "",
        expected_text: str = "",
        actual_text: str = "",
    ) -> None:
        """Fail unless the two are equal.

        Parameters
        ----------
        what
            What the value is, such as ``port 8080 on``: put before both values.
        expected_text, actual_text
            Whole phrases in place of a value.
        """
        if actual == expected:
            return
        self.fail(
            expected=expected_text or f"{what} {described(expected)}".strip(),
            actual=actual_text or f"{what} {described(actual)}".strip(),
            reason=reason,
            why=why,
            next=next,
        )

    def eventually(
        self,
        function: Callable[[], T],
        within: float = 5.0,
        *,
        every: float = 0.05,
        until: Callable[[], Any] | None = None,
        what: str = "",
        reason: str = "",
        why: str = "",
        next: str = "",  # noqa: A002
    ) -> T:
        """Wait until ``function`` returns something true, and return it.

        Parameters
        ----------
        function
            May raise a failure, or find an object missing, as long as it is not yet so.
        within, every
            Seconds.
        until
            Says when waiting is pointless. A container that was asked and has ended is noticed without it.
        what
            What was waited for, such as ``the page with the new text``.

        Raises
        ------
        Failure
            What ``function`` raised last, or what was seen last and how that container is.
        """
        return waits.eventually(
            function, within=within, every=every, until=until,
            seen=lambda: self._seen, how=lambda: self.evidence,
            expected=what and f"{what} within {within:g} seconds", reason=reason, why=why, next=next,
        )  # fmt: skip

    def stable(
        self,
        function: Callable[[], T],
        seconds: float = 2.0,
        *,
        every: float = 0.1,
        what: str = "",
        reason: str = "",
        why: str = "",
        next: str = "",  # noqa: A002
    ) -> T:
        """Fail as soon as ``function`` returns something false; else return its last value."""
        return waits.stable(
            function, seconds=seconds, every=every, seen=lambda: self._seen, how=lambda: self.evidence,
            expected=what and f"{what} for {seconds:g} seconds", reason=reason, why=why, next=next,
        )  # fmt: skip

    # -- putting containers to the test

    def put(self, container: Container, path: str, content: str | None = None) -> str:
        """Write a file where ``container`` sees it, and return its content: by default a new nonce.

        The file is gone, or what it was before, when the lab closes.
        """
        content = self.nonce() if content is None else content
        self._planted.put(self._watch(container), path, content)
        return content

    def get(
        self,
        container: Container,
        port: int,
        path: str = "/",
        *,
        published: bool = False,
        headers: Mapping[str, str] | None = None,
        timeout: float = 3.0,
    ) -> Response:
        """Ask ``http://container:port/path``.

        Parameters
        ----------
        published
            Ask the port that ``port`` is published as. Without it, ask as another container on its network
            would, which needs nothing published.
        """
        self._watch(container)
        if published:
            binding = container.refresh().published(port)
            return self.reach(binding.host_ip, binding.host_port, path, headers=headers, timeout=timeout)
        response = self._reach.inside(container, port, path, headers=headers, timeout=timeout)
        self._seen = f"{path} on port {port} of {container.name} answers {response}"
        return response

    def reach(
        self,
        host_ip: str,
        host_port: int,
        path: str = "/",
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 3.0,
    ) -> Response:
        """Ask a port of the engine's machine, whichever machine that is."""
        response = self._reach.published(host_ip, host_port, path, headers=headers, timeout=timeout)
        self._seen = f"{path} on port {host_port} of {host_ip} answers {response}"
        return response

    def listening(self, host_port: int) -> list[str]:
        """Return the addresses of the engine's machine on which something listens at this TCP port.

        ``127.0.0.1`` alone shows that nobody else can reach it; ``0.0.0.0`` and ``::`` are every interface.
        Docker Desktop forwards ports outside of that machine and may show none at all:
        ``container.published`` is the other witness.
        """
        return self._reach.listening(host_port)

    def listeners(self, container: Container) -> list[Listener]:
        """Return where programs inside ``container`` listen for TCP connections; its image must have ``cat``.

        The engine's own name server, which listens inside on 127.0.0.11, is left out.
        """
        table = self._watch(container).exec("cat", *LISTENING).stdout
        return [one for one in listeners(table) if one.address != NAME_SERVER]

    def exec(self, container: Container, *command: str, **options: Any) -> ExecResult:
        """Run a command in ``container``; see :meth:`checker.engine.container.Container.exec`."""
        result = self._watch(container).exec(*command, **options)
        output = shortened(result.stdout or result.stderr)
        self._seen = f"{command[0]} ends with exit code {result.exit_code}: {output}"
        return result

    def run(self, image: Image | str, *command: str, timeout: float = 10.0, **options: Any) -> Ran:
        """Run a container of ``image`` to its end, without network; see :func:`checker.engine.trial.run`."""
        options = {"network_mode": "none"} | options
        return trial.run(
            self.engine, self.exercise.id, self._named(image), *command, timeout=timeout, **options
        )

    def start(self, image: Image | str, *command: str, **options: Any) -> Container:
        """Start a container that closing removes; see :func:`checker.engine.trial.start`."""
        started = trial.start(self.engine, self.exercise.id, self._named(image), *command, **options)
        self._closing.callback(self._remove, started)
        return self._watch(started)

    def uid(self, container: Container) -> int:
        """Return the user id that the first process of ``container`` runs as, whatever name was given."""
        return self._planted.uid(self._watch(container))

    def logs(self, container: Container, *, tail: int | None = None) -> Logs:
        """Read the logs of ``container``; see :func:`checker.engine.logs.read`."""
        found = self._watch(container).logs(tail=tail)
        self._seen = (
            f"the logs of {container.name} end with {shortened(found.lines[-1])}"
            if found.lines
            else "no logs"
        )
        return found

    # -- values

    def nonce(self) -> str:
        """Return a new text that nobody can foresee."""
        return secrets.token_hex(8)

    def unforeseen(self, name: str) -> str:
        """Return a text that nobody can foresee, the same for ``name`` while one runner checks this seed.

        For what a check writes into the files of a build: a second *Check* finds its build in the cache.
        """
        return hashlib.sha256(f"{self._secret}/{self.seed}/{name}".encode()).hexdigest()[:16]

    def seeded(self, name: str) -> str:
        """Return a text that is the same for this seed and ``name`` in the scene and in every check."""
        return hashlib.sha256(f"{self.seed}/{name}".encode()).hexdigest()[:16]

    # -- the end

    @property
    def evidence(self) -> dict[str, str]:
        """How the container that was looked at last is, and what it logged last: for a failure."""
        return circumstances(self._watched) if self._watched else {}

    def close(self) -> None:
        """Undo what was put somewhere and remove all helper containers."""
        self._closing.close()
        self._saved.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _untag(self, tag: str) -> None:
        with suppress(EngineFault):  # an engine that is gone must not hide why the check ended
            scene.remove_tag(self.engine, tag)

    def _remove(self, container: Container) -> None:
        with suppress(EngineFault):
            container.remove()

    def _named(self, image: Image | str) -> str:
        return self.reference(image) if isinstance(image, str) else image.id

    def _watch(self, container: Container) -> Container:
        self._watched = container
        return container


@contextmanager
def _own_words(texts: dict[str, str]) -> Iterator[None]:
    """Let an author's ``reason``, ``why`` and ``next`` stand in place of the engine package's own."""
    try:
        yield
    except Missing as missing:
        raise Failure(**parts(missing) | texts) from missing
