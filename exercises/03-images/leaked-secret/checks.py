"""A token that an image's last instruction but one removed: it is still in a layer below."""

import random
import re

from checker import Exercise, Hints, Owns
from checker.lab import Lab, demands
from checker.lab.values import layer_place, plain

_IMAGE = "c03-billing:2.3"

exercise = Exercise(
    "03-images/leaked-secret",
    title="The token that was deleted",
    minutes=15,
    objectives=[
        "Find a file in a layer after a later layer has deleted it",
        "Say why a later rm keeps no secret",
    ],
    images=["busybox"],
    owns=Owns(images=[_IMAGE]),
    answer="value",
    skills=["layers.deleted", "image.layers"],
    docs=["docker image save", "docker image history", "Image Layer Filesystem Changeset: whiteouts"],
    hints=Hints(
        "A container shows all layers at once, and what is deleted is not to be seen there. "
        "`docker image save` writes each layer as it is.",
        "The saved image is a tar archive. Its file manifest.json lists the layers, the lowest first. "
        "Each layer is a tar archive again. A name that begins with .wh. marks what a layer deletes.",
        "Open every layer and list its files. In one of them lies the file that the later layer marks with .wh. "
        "Its content has the token; the layer's place in the list is the other value.",
        when={
            "rm-removes": "What does a layer know of the layers above it? Nothing: it stays as it was made.",
            "example-token": "What a container can read has not been deleted. Look for the file that a container does not have.",
            "layer-of-the-mark": "The layer with .wh. in a name only says that something is gone. "
            "The file itself is further down.",
            "not-a-layer": "manifest.json lists the layers from the lowest on. The place is counted from 1.",
        },
    ),
    passed="The later layer hides the file and takes nothing away. Whoever can pull the image can read the token. "
    "So it has to be revoked, and an image has to be made that never held it.",
    timeout=30,
)

#: Where the token was needed while the image was built, as the seed has it.
_PLACES = (
    "/root/.netrc",
    "/srv/billing/deploy.env",
    "/etc/billing/registry.conf",
    "/var/lib/billing/key.txt",
)
_EXAMPLE = "tok_example_0000000000000000"


def _token(lab: Lab) -> str:
    return f"tok_{lab.seeded('token')}"


def _path(seed: int) -> str:
    return _PLACES[seed % len(_PLACES)]


def _steps(seed: int) -> list[str]:
    """Return the instructions that make a layer. Where the token comes in differs with each start."""
    folder, _, name = _path(seed).rpartition("/")
    others = [
        "COPY invoice /usr/local/share/invoice",
        "COPY settings.example /etc/billing/settings.example",
        "RUN mkdir -p /var/lib/billing/queue",
    ]
    random.Random(seed).shuffle(others)  # noqa: S311
    at = seed // len(_PLACES) % 3
    return [
        *others[:at],
        f"COPY private {folder}/",
        *others[at:],
        f"RUN wc -c {_path(seed)} > /var/lib/billing/fetched",
        f"RUN rm -f {folder}/{name}",
        "RUN date > /var/lib/billing/built",
    ]


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Build the image from memory: no file of the token is left on disk."""
    name = _path(seed).rpartition("/")[2]
    lines = [f"FROM {lab.reference('busybox')}", *_steps(seed), 'CMD ["cat", "/usr/local/share/invoice"]']
    files = {
        "Dockerfile": "\n".join(lines) + "\n",
        f"private/{name}": f"# for the download of the price list\nBILLING_TOKEN={_token(lab)}\n",
        "invoice": "billing 2.3: no invoices today\n",
        "settings.example": f"# copy this file, and put your own token here\nBILLING_TOKEN={_EXAMPLE}\n",
    }
    lab.scene.image(_IMAGE, files)


@exercise.check(points=0, observes=True)
def image(lab):
    "The image c03-billing:2.3 is still there as evidence"
    found = lab.image(
        _IMAGE,
        reason="image-gone",
        why="The image is the evidence of the leak. Those who have pulled it still have it, too.",
        next="Press Reset: it brings a new image, with another token.",
    )
    demands.delivered(
        found,
        _IMAGE,
        lab.image("busybox"),
        layers=len(_steps(lab.seed)),
        rows=len(_steps(lab.seed)) + 1,  # CMD
        why="You were asked what has leaked. A repaired image under the old name destroys the evidence, "
        "and does not take back what others have pulled.",
        step="Press Reset. Then only look at the image.",
    )
    return found


@exercise.check(points=2, observes=True)
def token(lab, image):
    "The token that the image still holds"
    value = lab.answer("token")
    text = plain(value)
    if set(re.findall(r"tok_[0-9a-z_]+", text)) == {_token(lab)}:  # in whatever words
        return
    given = plain(text.rpartition("=")[2])
    example = given == _EXAMPLE
    nothing = not re.search(r"tok_|[0-9a-f]{8}", given.lower())  # in whatever words
    lab.fail(
        expected="the token that was copied in while the image was built",
        actual=f"`{text[:60]}`" + (", the example that everybody may read" if example else ""),
        reason="example-token" if example else "rm-removes" if nothing else "other-token",
        why="A container shows the example, as it was never deleted. It opens nothing. "
        "The real token was in a file that no container shows any more."
        if example
        else "A later `rm` hides a file and does not remove it. Its layer was finished before, and stays in the image."
        if nothing
        else "Whoever revokes a token must know exactly which one.",
        next="Save the image, and look into its layers one by one.",
    )


@exercise.check(points=1, observes=True)
def layer(lab, image):
    "The layer in which it lies"
    value = lab.answer("layer")
    place = layer_place(image, value)
    if place is None:
        lab.fail(
            expected="a layer of the image: its place, counted from 1 for the lowest, or its digest",
            actual=f"`{str(value)[:80]}`",
            reason="not-a-layer",
            why="The next image has to be built without this layer. So it must be clear which one it is.",
            next="`docker image inspect` lists the layers below RootFS, the lowest first.",
        )
    steps = _steps(lab.seed)
    above = place - (len(image.diff_ids) - len(steps))
    step = steps[above] if above >= 0 else "FROM"
    if not step.startswith("COPY private"):
        marks = step.startswith("RUN rm")
        lab.fail(
            expected="the layer that holds the file with the token",
            actual=f"number {place + 1} of {len(image.diff_ids)}, the layer of `{step}`",
            reason="layer-of-the-mark" if marks else "other-layer",
            why="This layer holds a mark that says: gone. The mark hides the file from containers. "
            "The bytes are in a layer below."
            if marks
            else "Each layer holds only what its own instruction has written.",
            next="Which layer has a file of the name that a later one marks with `.wh.`?",
        )
