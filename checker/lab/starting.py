"""What an image starts: tried also where the engine cannot start it, and where words get lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.engine.errors import ObjectError
from checker.engine.trial import Ran

if TYPE_CHECKING:
    from checker.engine.image import Image

    from .toolbox import Lab


def run_anyhow(lab: Lab, image: Image, *command: str, **options: Any) -> Ran:
    """Run the image to its end; see :meth:`checker.lab.toolbox.Lab.run`.

    Where the engine finds nothing to start, this is an end with exit code 127, and its words are on stderr.
    """
    try:
        return lab.run(image, *command, **options)
    except ObjectError as error:
        if error.reason != "not-startable":
            raise
        return Ran(127, "", error.actual)


def lost_words(image: Image) -> str:
    """Return why the words behind an image's name do not reach its program; nothing where they do."""
    if not image.entrypoint:
        return (
            "Words behind the image's name stand in place of CMD. Only behind an ENTRYPOINT are they added."
        )
    if image.entrypoint[:2] == ("/bin/sh", "-c") and "$@" not in image.entrypoint[-1]:
        return (
            "The shell form of ENTRYPOINT passes on no words that stand behind the image's name. "
            "The exec form does."
        )
    return ""
