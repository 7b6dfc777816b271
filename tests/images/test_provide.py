from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
from docker.errors import ImageNotFound

from checker.errors import EngineFault, Refused, UsageError
from checker.images import pull
from checker.images.catalogue import catalogue
from checker.images.pack import Pack
from checker.images.provide import missing, pack, provide, stand_ins
from checker.images.pull import unreachable
from checker.images.status import status

from .conftest import layers, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.engine.connect import Engine

    from .conftest import Leftovers

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


def test_what_is_missing_is_built_packed_and_loaded_again(
    engine: Engine, state: Path, own_catalogue: Path, leftovers: Leftovers, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, str, float | None]] = []
    assert [image.key for image in missing(engine, ["redis", "busybox", "debian"])] == ["busybox", "redis"]
    provide(
        engine, ["redis", "busybox", "debian"], lambda key, step, part=None: said.append((key, step, part))
    )
    assert missing(engine, ["redis", "busybox"]) == []
    assert {"redis", "busybox"} <= set(stand_ins(engine))
    assert {key for key, _, part in said if part == 1.0} == {"redis", "busybox"}
    assert not [step for key, step, _ in said if key == "debian"]
    assert leftovers() == []

    reference = catalogue()["redis"].reference
    made = layers(engine, reference)
    engine.client.images.remove(reference)
    assert [(row.state, row.packed) for row in status(engine, ["redis"])] == [("in the pack", True)]
    monkeypatch.setenv("PATH", "")  # nothing can be built now
    provide(engine, ["redis"], silent)
    assert layers(engine, reference) == made
    assert [row.state for row in status(engine, ["redis"])] == ["stand-in"]


def test_an_image_that_is_there_is_left_alone(
    engine: Engine, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provide(engine, ["debian"], silent)
    monkeypatch.setattr(pull, "unreachable", None)
    steps: list[object] = []
    provide(engine, ["debian"], lambda *step: steps.append(step))
    assert steps == []
    assert not Pack().folder.exists() or not Pack().find(catalogue()["debian"])


def test_pack_copies_what_the_engine_has(engine: Engine, state: Path, leftovers: Leftovers) -> None:
    provide(engine, ["busybox"], silent)
    pack(engine, ["busybox"], silent)
    found = Pack().find(catalogue()["busybox"])
    assert found
    config = json.loads((Pack().blobs / found.config).read_text())
    assert config["rootfs"]["diff_ids"] == layers(engine, catalogue()["busybox"].reference)
    assert leftovers() == []


def test_an_image_without_recipe_and_registry(engine: Engine, state: Path, own_catalogue: Path) -> None:
    with pytest.raises(Refused, match="gone:1") as refused:
        provide(engine, ["gone", "extra"], silent)
    assert "course images load" in refused.value.next
    assert "extra" not in refused.value.message


def test_an_optional_image_that_cannot_be_had_is_reported(
    engine: Engine, state: Path, own_catalogue: Path
) -> None:
    said: list[tuple[Any, ...]] = []
    provide(engine, ["extra"], lambda *step: said.append(step))
    assert said[-1][:2] == ("extra", "not available")


def test_no_registry_and_no_apt(
    engine: Engine, state: Path, own_catalogue: Path, leftovers: Leftovers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Refused, match="apt-get") as refused:
        provide(engine, ["redis"], silent)
    assert "course images load" in refused.value.next
    assert leftovers() == []


def test_an_unknown_key_is_a_usage_error(engine: Engine) -> None:
    with pytest.raises(UsageError, match="apache"):
        provide(engine, ["apache"], silent)


def test_a_build_that_fails_says_why_and_leaves_nothing(
    engine: Engine, state: Path, own_catalogue: Path, leftovers: Leftovers
) -> None:
    recipes = own_catalogue / "recipes"
    real = recipes.resolve()
    recipes.unlink()
    shutil.copytree(real, recipes)
    (recipes / "redis.sh").write_text("echo the reason >&2; exit 9\n")
    with pytest.raises(EngineFault, match=r"(?s)exit status 9.*the reason"):
        provide(engine, ["redis"], silent)
    assert leftovers() == []
    with pytest.raises(ImageNotFound):
        engine.client.images.get(catalogue()["redis"].reference)


@pytest.fixture
def small_disk(state: Path) -> Iterator[Path]:
    """The state directory on a disk of 16 MB: enough for nothing."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("mounting a small disk needs root")
    folder = state / "state"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "small", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_while_packing(
    engine: Engine, small_disk: Path, own_catalogue: Path, leftovers: Leftovers
) -> None:
    with pytest.raises(Refused, match="full") as refused:
        pack(engine, ["redis"], silent)
    assert "COURSE_STATE_DIR" in refused.value.next
    assert leftovers() == []
    assert list((small_disk / "pack").iterdir()) == []
    with pytest.raises(ImageNotFound):
        engine.client.images.get(catalogue()["redis"].reference)


def test_a_full_disk_while_an_image_is_copied(engine: Engine, small_disk: Path, leftovers: Leftovers) -> None:
    provide(engine, ["debian"], silent)
    with pytest.raises(Refused, match="full"):
        pack(engine, ["debian"], silent)
    assert leftovers() == []
    assert Pack().find(catalogue()["debian"]) is None


CLI = """
import sys
from pathlib import Path
from checker.images import catalogue
catalogue.HERE = Path(sys.argv[1])
from checker.cli import main
sys.exit(main(["images", "pack", "redis"]))
"""


@pytest.mark.parametrize("moment", ["redis: fetches", "redis: installs", "redis: copies"])
def test_ctrl_c_leaves_nothing(
    engine: Engine, state: Path, own_catalogue: Path, leftovers: Leftovers, moment: str
) -> None:
    command = [sys.executable, "-c", CLI, str(own_catalogue)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith(moment):
                process.send_signal(signal.SIGINT)
                break
        said = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert leftovers() == []
    if Pack().find(catalogue()["redis"]):  # the last step may still end: then all of it is there
        assert not missing(engine, ["redis"])
    else:
        assert missing(engine, ["redis"])


class Api:
    """Stands for the SDK's client: gives one answer, or none."""

    base_url, api_version = "http+docker://x", "1.45"

    def __init__(self, status_code: int | None, message: str = "") -> None:
        self.status_code, self.message = status_code, message

    def get(self, url: str, *, timeout: float) -> requests.Response:
        assert url == "http+docker://x/v1.45/distribution/redis:8.0/json"
        assert 1 <= timeout <= 10  # seconds, not minutes
        if self.status_code is None:
            raise requests.exceptions.ReadTimeout
        answer = requests.Response()
        answer.status_code = self.status_code
        answer._content = f'{{"message": "{self.message}"}}'.encode()
        return answer


@pytest.mark.parametrize(
    ("api", "phrase"),
    [
        (Api(200), ""),
        (Api(404, "manifest unknown"), ""),
        (Api(500, "toomanyrequests: You have reached your pull rate limit"), ""),
        (Api(500, "dial tcp: lookup registry: no such host"), "no such host"),
        (Api(None), "no answer within 8 seconds"),
    ],
)
def test_whether_a_registry_answers(api: Any, phrase: str) -> None:
    said = unreachable(api, "redis:8.0")
    assert (phrase in said) if phrase else not said


def test_a_registry_that_is_not_there(engine: Engine) -> None:
    assert unreachable(engine.client.api, "127.0.0.1:9/nothing:1")


def test_a_pull_that_fails_says_why(engine: Engine) -> None:
    with contextlib.suppress(ImageNotFound):
        engine.client.images.remove("127.0.0.1:9/nothing:1")
    assert pull.pull(engine.client.api, "127.0.0.1:9/nothing:1", silent)


def test_an_engine_that_stops_meanwhile_is_an_engine_fault(
    monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise requests.exceptions.ConnectionError("Connection aborted.", ConnectionResetError(104, "reset"))

    monkeypatch.setattr(engine.client.api, "images", gone)
    with pytest.raises(EngineFault) as fault:
        provide(engine, ["redis"], silent)
    assert fault.value.next


def test_progress_counts_layers_and_bytes() -> None:
    layers = pull.Layers()

    def after(status: str, layer: str, **detail: int) -> tuple[str, float | None]:
        return layers.after({"status": status, "id": layer, "progressDetail": detail})

    assert after("Pulling fs layer", "a") == ("Pulling fs layer a (0 of 1 layers ready)", None)
    after("Already exists", "b")
    assert after("Downloading", "a", current=25, total=100) == ("Downloading a (1 of 2 layers ready)", 0.25)
    assert after("Download complete", "a")[1] == 1.0
    assert after("Pull complete", "a") == ("Pull complete a (2 of 2 layers ready)", 1.0)
