"""Stand-ins: images built from Debian's packages, by the engine itself and without its network.

Packages are fetched on this machine (no root needed) and copied into a container, which installs them; the
container then becomes the image. ``debian`` and ``busybox`` begin as their packages' files; all others stand
on ``debian``, so that they share its layer.
"""

from __future__ import annotations

import io
import json
import secrets
import tarfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from docker.errors import APIError, NotFound

from checker.apt import PrivateApt
from checker.errors import EngineFault

from .archive import Entry, tar_stream
from .recipe import BASE, Recipe
from .rootfs import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from checker.engine.connect import Engine

    from .catalogue import CatalogueImage

SUITES = ["trixie", "trixie-updates"]
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf"}
INSIDE = "/course"
LABEL = "docker-course"


class Stopped(Exception):  # noqa: N818 - not a fault: the person pressed Ctrl-C
    """The workshop closes; what is being built is given up."""


class Workshop:
    """Where stand-ins are built. A context manager: leaving it removes every container it made.

    Parameters
    ----------
    engine
        An engine with a patient client: installing and committing take time.
    folder
        For package lists and packages; the caller removes it.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.api = engine.client.api
        self._packages = folder / "packages"
        architecture = ARCHITECTURES.get(engine.info["Architecture"], engine.info["Architecture"])
        self._apt = PrivateApt(folder / "apt", SUITES, architecture=architecture)
        self._fetching = threading.Lock()  # apt serves one at a time; the other build installs meanwhile
        self._listed = False
        self._containers: set[str] = set()
        self._stopped = False
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Give up what is being built."""
        self._stopped = True
        for container in list(self._containers):
            self._remove(container)

    def build(self, image: CatalogueImage, base: str, step: Callable[[str], None]) -> str:
        """Build one stand-in and return its id; it has no name yet.

        Parameters
        ----------
        image
            An image with a recipe.
        base
            Reference of the local ``debian`` image, which all but it and busybox stand on.
        step
            Told what happens.
        """
        assert image.recipe  # noqa: S101 - the caller chose it by its recipe
        recipe = Recipe.read(image.recipe)
        step("fetches packages")
        packages, loose = self._fetch(recipe, "" if recipe.shell else base)
        self._check()
        if recipe.shell:
            step("unpacks")
            return self._from_nothing(recipe, packages, step)
        with self._container(base, ["sh", f"{INSIDE}/build.sh"], recipe.key) as container:
            self._install(container, recipe, packages, step, loose)
            return self._commit(container, recipe.changes(packages))

    def name(self, made: str, reference: str) -> None:
        """Give the image ``made`` its name, once it is finished."""
        self._check()
        repository, _, tag = reference.rpartition(":")
        self.api.tag(made, repository, tag)

    def drop(self, made: str) -> None:
        """Remove the image ``made`` with its name."""
        self.api.remove_image(made, force=True)

    def _from_nothing(self, recipe: Recipe, packages: list[Path], step: Callable[[str], None]) -> str:
        raw = self._folder / f"{recipe.key}.tar"
        unpack(packages, raw)
        start = self._import(Entry(raw.name, raw).chunks())
        raw.unlink()
        try:
            with self._container(start, [*recipe.shell, f"{INSIDE}/build.sh"], recipe.key) as container:
                self._install(container, recipe, packages if recipe.key == BASE else [], step)
                # Flattened: what the script removed takes no room.
                return self._import(self.api.export(container), recipe.changes(packages))
        finally:
            self.api.remove_image(start)

    def _fetch(self, recipe: Recipe, base: str) -> tuple[list[Path], list[Path]]:
        """Return the packages to install, and those that are to lie beside them."""
        with self._fetching:
            self._check()
            if not self._listed:
                self._apt.update()
                self._listed = True
            status = self._folder / f"{recipe.key}.status"
            if base:
                with self._container(base, ["sh"], recipe.key) as container:
                    status.write_bytes(self._read(container, "/var/lib/dpkg/status"))
            there = status if base else None
            packages = self._apt.download(recipe.packages, self._packages, status=there)
            if not recipe.loose:
                return packages, []
            beside = self._apt.download(recipe.loose, self._packages, status=there)
            return packages, [path for path in beside if path not in packages]

    def _install(
        self,
        container: str,
        recipe: Recipe,
        packages: list[Path],
        step: Callable[[str], None],
        loose: Sequence[Path] = (),
    ) -> None:
        """Copy packages, files and script in, run the script, and remove what was copied."""
        step(f"installs {len(packages)} packages" if packages else "installs")
        last = f"rm -rf {INSIDE} /var/log/*.log /var/log/apt"
        script = f"set -eu\nMIRROR={self._apt.mirror.uri}\n{recipe.script}\n{last}\n"
        inside = INSIDE.lstrip("/")
        entries = [Entry(f"{inside}/build.sh", script.encode())]
        for folder, paths in (("packages", packages), ("loose", loose)):
            entries += [Entry(f"{inside}/{folder}/{path.name}", path) for path in paths]
        entries += [Entry(f"{inside}/files{path}", content) for path, content in recipe.files.items()]
        self.api.put_archive(container, "/", tar_stream(entries))
        self.api.start(container)
        status = self.api.wait(container)["StatusCode"]
        self._check()
        if status:
            said = self.api.logs(container, tail=5).decode(errors="replace").strip()
            raise EngineFault(
                f"The stand-in for {recipe.key} could not be built (exit status {status}): {said}",
                next="Run `course doctor`.",
            )

    def _read(self, container: str, path: str) -> bytes:
        chunks, _ = self.api.get_archive(container, path)
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            file = archive.extractfile(Path(path).name)
            return file.read() if file else b""

    @contextmanager
    def _container(self, image: str, command: list[str], key: str) -> Iterator[str]:
        self._check()
        made = self.api.create_container(
            image,
            command,
            entrypoint=[],
            name=f"{LABEL}-build-{key}-{secrets.token_hex(4)}",
            host_config=self.api.create_host_config(network_mode="none"),
        )["Id"]
        self._containers.add(made)
        try:
            yield made
        finally:
            self._remove(made)

    def _remove(self, container: str) -> None:
        try:
            self.api.remove_container(container, force=True, v=True)
        except NotFound:
            pass
        except APIError as error:
            if error.status_code != 409:  # somebody else is removing it already
                raise
        self._containers.discard(container)

    def _import(self, source: Any, changes: list[str] | None = None) -> str:
        said = self.api.import_image_from_stream(source, changes=changes)
        last = json.loads(said.strip().splitlines()[-1])
        if "error" in last:
            raise EngineFault(f"The engine could not import the image: {last['error']}")
        return str(last["status"])

    def _commit(self, container: str, changes: list[str]) -> str:
        self._check()
        return str(self.api.commit(container, changes="\n".join(changes))["Id"])

    def _check(self) -> None:
        if self._stopped:
            raise Stopped
