"""A registry of the team's own: a release is pushed to it, and found there by its digest."""

import contextlib
import re

from checker import Exercise, Failure, Hints, Owns
from checker.engine.configured import environment
from checker.engine.errors import ObjectError
from checker.engine.settings import when
from checker.errors import CourseFault
from checker.lab import Lab, demands

_PORT = 8133
_URL = f"http://127.0.0.1:{_PORT}"
_REPOSITORY = "team/pricing"
_OLD, _NEW = "1.3", "1.4"
_NAMES = [f"{host}:{_PORT}/{_REPOSITORY}" for host in ("127.0.0.1", "localhost")]
_TAGS = (_OLD, _NEW, "latest")

exercise = Exercise(
    "03-images/push-to-a-registry",
    title="Into the team's registry",
    minutes=15,
    objectives=["Push an image to a registry of your own", "Name what arrived by its digest"],
    images=["busybox", "registry"],
    owns=Owns(
        containers=["c03-team-registry"],
        images=[
            *(f"c03-pricing:{tag}" for tag in (_OLD, _NEW)),
            *(f"{name}:{tag}" for name in _NAMES for tag in _TAGS),
        ],
        ports=[_PORT],
    ),
    skills=["registry.push", "registry.digest"],
    docs=["docker image push", "docker image tag", "CNCF Distribution: HTTP API V2"],
    hints=Hints(
        "Where an image is pushed to is a part of its name. Which name says: this registry, this repository, this tag?",
        "A name has three parts: *registry*`/`*repository*`:`*tag*. Without the first one, docker.io is meant. "
        "`docker image tag` gives an image that name, and `docker image push` sends it there.",
        "The last line that the push prints holds the digest. `docker image inspect` shows it too, below RepoDigests. "
        "It is not the digest below Id.",
        when={
            "tagged-only": "A tag gives a name. Another command sends what bears it.",
            "not-there": "Compare your name with the task, part by part: address and port, `team`, `pricing`, tag.",
            "look-alike": "Push the image that you were given, and no other. Compare `docker image inspect` of both names.",
            "id-not-digest": "The registry says the digest when the push ends. `docker image push` prints it in its last line.",
            "release-overwritten": "Reset brings a new registry with its release 1.3. Then push under one tag only.",
        },
    ),
    passed="The name said where to, and the push sent what the registry lacked. "
    "By its digest, everybody gets exactly the image that you have sent.",
    timeout=40,
)

_DOCKERFILE = """FROM {base}
COPY prices /prices
LABEL pricing.release="{text}"
CMD ["cat", "/prices"]
"""


def _text(lab: Lab, release: str) -> str:
    return f"pricing {release} {lab.seeded(release)}"


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Start the registry, build two releases, and push the older one."""
    lab.scene.container("c03-team-registry", "registry", ports={"5000/tcp": _PORT})
    for release in (_OLD, _NEW):
        text = _text(lab, release)
        dockerfile = _DOCKERFILE.format(base=lab.reference("busybox"), text=text)
        lab.scene.image(f"c03-pricing:{release}", {"Dockerfile": dockerfile, "prices": f"{text}\n"})
    lab.eventually(lambda: lab.registry(_URL).repositories() is not None, within=20, every=0.1)
    api, name = lab.engine.client.api, _NAMES[0]
    api.tag(f"c03-pricing:{_OLD}", name, _OLD)
    for said in api.push(name, tag=_OLD, stream=True, decode=True):
        if "error" in said:
            raise CourseFault(f"The scene cannot push to its registry: {said['error']}.")
    api.remove_image(f"{name}:{_OLD}")


@exercise.check(points=0, observes=True)
def delivered(lab):
    "The images c03-pricing:1.3 and c03-pricing:1.4 are as they were delivered"
    base, found = lab.image("busybox"), {}
    for release in (_OLD, _NEW):
        tag = f"c03-pricing:{release}"
        image = lab.image(
            tag,
            reason="image-gone",
            why="What was pushed is compared with what was delivered.",
            next="Press Reset: it brings both images, and a new registry.",
        )
        demands.delivered(
            image,
            tag,
            base,
            layers=1,
            rows=3,  # COPY, LABEL, CMD
            why="What was tested is one image. Another one under its name was not.",
            step="Press Reset, and leave these two names where they are.",
            labels=["pricing.release"],
        )
        found[release] = image
    return found


@exercise.check(points=1)
def arrived(lab, delivered):
    "The registry has team/pricing:1.4"
    serving = lab.container(
        "c03-team-registry",
        reason="registry-gone",
        why="All machines of the team get their images from this registry.",
        next="Press Reset: it brings the registry back, with release 1.3 in it.",
    )
    demands.running(serving)
    registry = lab.registry(_URL)
    tags = _tags(registry, _REPOSITORY)
    if _NEW in tags:
        return registry
    tagged = [name for name in _NAMES if _on_engine(lab, f"{name}:{_NEW}")]
    others = [
        f"{repository}:{tag}"
        for repository in registry.repositories()
        for tag in _tags(registry, repository)
        if (repository, tag) != (_REPOSITORY, _OLD)
    ]
    named = ", ".join(tag for tag in delivered[_NEW].tags if tag != f"c03-pricing:{_NEW}")
    if tagged and not others:
        why = "A tag is a name on your engine. Nothing was sent to the registry yet."
    elif others:
        why = "A machine that asks for team/pricing:1.4 gets exactly what bears this name, and nothing else."
    else:
        why = "It is the name that says where to push. A name without a registry means docker.io, which is Docker Hub."
    return lab.fail(
        expected=f"{_REPOSITORY}:{_NEW} in the registry at 127.0.0.1:{_PORT}",
        actual=f"new there is {', '.join(others)}"
        if others
        else f"nothing new beside {_REPOSITORY}:{_OLD}"
        + (f"; on your engine the image is also called {named}" if named else ""),
        reason="tagged-only" if tagged and not others else "not-there",
        why=why,
        next=f"`docker image push {tagged[0]}:…` sends what bears this name."
        if tagged and not others
        else "Compare the name that you push with the task: registry, repository, tag.",
    )


def _tags(registry, repository):
    """Return a repository's tags; none where it does not exist."""
    with contextlib.suppress(ObjectError):
        return registry.tags(repository)
    return []


def _on_engine(lab, tag):
    with contextlib.suppress(Failure):
        return lab.image(tag)
    return None


@exercise.check(points=2)
def very_image(lab, delivered, arrived):
    "It is the very image that was delivered as c03-pricing:1.4"
    _compare(
        lab, arrived, _NEW, delivered[_NEW],
        reason="look-alike",
        why="Two images with one name look the same in a list. What was tested is this one: "
        "its layers and its configuration.",
        next="Tag the image c03-pricing:1.4 itself with the registry's name, and push again.",
    )  # fmt: skip


@exercise.check(points=1)
def earlier(lab, delivered, arrived):
    "Release 1.3 is in the registry as before"
    if _OLD not in arrived.tags(_REPOSITORY):
        lab.fail(
            expected=f"{_REPOSITORY}:{_OLD} in the registry, as at the start",
            actual="no such tag",
            reason="release-overwritten",
            why="Another registry at the same address is not the team's. Machines that run 1.3 get it from here.",
            next="Press Reset: it brings the team's registry back. Then only push to it.",
        )
    _compare(
        lab, arrived, _OLD, delivered[_OLD],
        reason="release-overwritten",
        why="In a registry, too, a tag is a pointer, and a push moves it. "
        "Whoever has to go back to 1.3 would get something else.",
        next="Press Reset. Then push 1.4 under its own tag only.",
    )  # fmt: skip


def _compare(lab, registry, tag, image, **texts):
    """Fail unless the registry's image has the layers and the configuration of ``image``."""
    manifest = registry.manifest(_REPOSITORY, tag)
    if manifest.platforms:  # an index: where the engine keeps images of several platforms
        reference = manifest.platforms.get(image.platform) or next(iter(manifest.platforms.values()))
        manifest = registry.manifest(_REPOSITORY, reference)
    config = registry.config(_REPOSITORY, manifest.digest)
    layers, settings = (config.get("rootfs") or {}).get("diff_ids"), config.get("config") or {}
    differs = [
        what
        for what, same in {
            "other layers": tuple(layers or ()) == image.diff_ids,
            "another command": tuple(settings.get("Cmd") or ()) == image.command,
            "other labels": dict(settings.get("Labels") or {}) == image.labels,
            "another environment": environment(settings) == image.env,
            "another history": len(config.get("history") or ()) == len(image.history()),
            "another time of making": when(config.get("created")) == image.created_at,
        }.items()
        if not same
    ]
    if differs:
        lab.fail(
            expected=f"{_REPOSITORY}:{tag} to be the image c03-pricing:{tag}",
            actual=f"an image with {' and '.join(differs)}",
            **texts,
        )


@exercise.check(points=1)
def digest(lab, delivered, arrived):
    "The digest by which the registry knows it"
    value = lab.answer("digest")
    manifest = arrived.manifest(_REPOSITORY, _NEW)
    given = _digits(value)
    if given and manifest.digest.startswith(f"sha256:{given}"):
        return
    known = {
        delivered[_NEW].id: "the image's id on your engine",
        manifest.config: "its configuration's digest",
    }
    known |= dict.fromkeys(manifest.layers + delivered[_NEW].diff_ids, "the digest of one of its layers")
    with contextlib.suppress(ObjectError):
        known[arrived.manifest(_REPOSITORY, _OLD).digest] = f"the digest of release {_OLD}"
    meant = next((words for one, words in known.items() if given and one.startswith(f"sha256:{given}")), "")
    lab.fail(
        expected=f"the digest of {_REPOSITORY}:{_NEW} in the registry",
        actual=f"`{str(value)[:90]}`" + (f", {meant}" if meant else ""),
        reason="id-not-digest",
        why="The digest is computed from the manifest, the list that joins configuration and layers. "
        "Whoever pulls `name@digest` gets exactly this image, wherever the tag points later.",
        next="The last line of a push holds it. `docker image inspect` shows it below RepoDigests.",
    )


def _digits(value):
    """Return the digest in a text, such as a line of the push, without what stands before it."""
    text = str(value).lower()
    found = set(re.findall(r"sha256:([0-9a-f]{12,64})", text)) or set(
        re.findall(r"\b[0-9a-f]{12,64}\b", text)
    )
    return found.pop() if len(found) == 1 else ""
