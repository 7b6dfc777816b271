"""Secrets and dumps beside a site's pages: none of them may be in a layer of its image."""

from dataclasses import dataclass
from pathlib import Path

from checker import Exercise, Hints, Owns
from checker.engine.container import Container
from checker.engine.image import Image
from checker.lab import Lab

exercise = Exercise(
    "04-dockerfiles/keep-secrets-out",
    title="What the image must not know",
    minutes=15,
    core=False,
    objectives=["Keep files out of a build with .dockerignore", "Say why a later `rm` keeps nothing out"],
    images=["busybox"],
    owns=Owns(images=["c04-ferry"]),
    answer="files",
    edits=["Dockerfile", ".dockerignore", "Dockerfile.dockerignore"],
    skills=["context.ignore"],
    docs=["Build context: .dockerignore files", "Dockerfile reference: COPY"],
    hints=Hints(
        "Two places decide what gets into an image: what is sent to the builder, and what COPY takes of that.",
        "A file that was copied stays in that layer. So it must not be sent: name it in .dockerignore. "
        "A name without `**/` counts in the folder itself only.",
        "Two lines are enough, one for each kind of file. Both begin with `**/`. The Dockerfile can stay as it is.",
        when={
            "build-failed": "Does a step use a file that .dockerignore leaves out? That file is not there for any instruction.",
            "deleted-later": "A layer cannot be changed by a later one. The file must not get into the first one.",
            "in-a-layer": "Compare the path in the message with your patterns. In which folders does each of them count?",
            "page-missing": "Which of your patterns fits that page as well? Make it narrower.",
        },
    ),
    passed="What is not sent to the builder cannot get into a layer. All pages are there, and nothing has to be deleted.",
    timeout=60,
)

_SECRETS = (".env", "site/archive/.env", "site/new/boats/.env")
_DUMPS = ("dump.sql", "site/archive/dump.sql", "site/new/2024-05.sql")
_PAGES = (
    "site/index.html",
    "site/env.html",
    "site/.well-known/security.txt",
    "site/archive/2019.html",
    "site/new/boats/list.html",
    "site/new/sql-dump.html",
)
#: Lines of a dump: a few megabytes, so that it shows in the size of the image.
_LINES = 40_000


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Lay secrets and dumps into the folder; they are other ones at each start."""
    del seed
    for name in _SECRETS[:2]:
        _write(lab.folder, name, f"FERRY_TOKEN={lab.seeded(name)}\n")
    for name in _DUMPS[:2]:
        line = f"customers: {lab.seeded(name)}, one of the many customers of the ferry\n"
        _write(lab.folder, name, line * (_LINES if name == "dump.sql" else 10))


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _text(lab: Lab, name: str) -> str:
    """Return what the checker puts into a file. A second Check finds that build in the cache."""
    return f"check-{lab.seeded(f'check/{name}')}"


@dataclass(frozen=True)
class Site:
    """The image of a copy in which all secrets, dumps and pages are new, and a container that serves it."""

    image: Image
    container: Container


@exercise.check(points=0)
def works(lab):
    "The image builds without network, and serves the site on port 8080"
    folder = lab.copy()
    for name in (*_SECRETS, *_DUMPS, *_PAGES):
        _write(folder, name, f"{_text(lab, name)}\n")
    image = lab.build(folder).image
    container = lab.start(image)
    answer = lab.eventually(lambda: lab.get(container, 8080, "/index.html"), within=8)
    if _text(lab, "site/index.html") not in answer.text:
        lab.fail(
            expected="/index.html, as it was in site/ at the build",
            actual=f"answer {answer.status}, without that text",
            reason="page-missing",
            why="The image must hold the pages of the folder.",
            next="`docker run --rm IMAGE find /srv` lists the files. Is index.html there, and is that the folder that is served?",
        )
    return Site(image, container)


@exercise.check(points=3)
def no_secret(lab, works):
    "No layer holds a secret"
    _in_no_layer(lab, works.image, _SECRETS, lambda name: name == ".env", "secret")
    told = repr(works.image.attrs.get("Config")) + repr(works.image.history())
    if any(_text(lab, name) in told for name in _SECRETS):
        lab.fail(
            expected="settings and a history without a secret",
            actual="a secret in the settings of the image or in its history",
            reason="in-a-layer",
            why="`docker image inspect` and `docker image history` show both to everybody who has the image.",
            next="Leave the secret out of the image. A container gets it when it is run.",
        )


@exercise.check(points=2)
def no_dump(lab, works):
    "No layer holds a database dump"
    _in_no_layer(lab, works.image, _DUMPS, lambda name: name.endswith(".sql"), "dump")


def _in_no_layer(lab, image, planted, named, what):
    """Fail where a layer holds one of the planted texts, or a file of such a name."""
    saved = lab.saved(image)
    found = [(layer, path) for name in planted for layer, path in saved.search(_text(lab, name).encode())]
    found += [(layer, path) for layer in saved.layers for path, entry in layer.entries.items()
              if entry.kind == "file" and named(path.rpartition("/")[2])]  # fmt: skip
    if not found:
        return
    layer, path = found[0]
    where = f"layer {saved.layers.index(layer) + 1} of {len(saved.layers)}"
    if not saved.visible(path):
        lab.fail(
            expected=f"no layer with a {what}",
            actual=f"{path} in {where}. A later layer marks it as deleted, and it stays in the layer below",
            reason="deleted-later",
            why="Whoever has the image has all of its layers. `docker save` gives them out, one by one.",
            next="Take the step that deletes it out. Keep the file from being sent to the builder.",
        )
    lab.fail(
        expected=f"no layer with a {what}",
        actual=f"{path} in {where}",
        reason="in-a-layer",
        why="Everybody who may pull the image can read the file, also where no page links to it.",
        next="Which instruction copies it, and why was it sent to the builder? Mind the folders below.",
    )


@exercise.check(points=1)
def pages(lab, works, no_secret, no_dump):
    "Every page of the site is still served"
    for name in _PAGES:
        answer = lab.get(works.container, 8080, name.removeprefix("site"))
        if _text(lab, name) not in answer.text:
            lab.fail(
                expected=f"{name} to be served, as each page of site/",
                actual=f"answer {answer.status}, without its text",
                reason="page-missing",
                why="A pattern that is too wide also keeps out what is needed, and nobody notices at the build.",
                next="Name what must stay out, and nothing that only looks like it.",
            )
