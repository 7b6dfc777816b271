"""The likely cause of a build that failed, by the words that the builder and the step's command say."""

from __future__ import annotations

_NOT_THERE = "A file that this step names is not in the folder, or `.dockerignore` leaves it out."
_NOT_IN_THE_STAGE = (
    "What `--from=` names has no file at this path. Compare the path with where the stage's own steps put it."
)

#: Words, in lower case, and the likely cause. The first that fits counts: a command's own words come first.
_CAUSES = (
    (
        (
            "temporary failure",
            "could not resolve",
            "network is unreachable",
            "eai_again",
            "name resolution",
            "bad address",
        ),
        "The step asks the network, and this build has none. What it needs lies in the folder.",
    ),
    (('exec: "/bin/sh"',), "RUN starts /bin/sh, and this stage has none: its base is empty."),
    (("unable to find user", "unable to find group"), "USER names somebody whom the image does not know."),
    (("exit code: 127",), "A command of this step does not exist in the image. Compare its spelling."),
    (("exit code: 126",), "A command of this step may not be run. Compare its permissions."),
    (("exit code: 137",), "The command was killed: it needed more memory than there was."),
    (
        ("permission denied", "operation not permitted"),
        "The step's user may not do this. A USER instruction above it decides who that is.",
    ),
    (
        ("exec format error",),
        "The file is no program for this machine, or a script whose first line names no interpreter.",
    ),
    (("exit code",), "The command ran and reported an error. Its last lines say which."),
    (("circular dependency",), "A stage copies from itself. Stages are counted from 0, the first one is 0."),
    (("not found", "buildkit-mount"), _NOT_THERE),
    (("unknown instruction",), "A line of the Dockerfile begins with a word that is no instruction."),
    (
        ("no build stage is named",),
        "A stage gets its name after AS, behind FROM, above all lines that use it. Compare the spelling.",
    ),
    (("no build stage",), "The first instruction is not FROM. Only comments and ARG may stand before it."),
    (("parse error",), "A line of the Dockerfile cannot be read."),
    (("failed to read dockerfile",), "The folder holds no file named `Dockerfile`."),
    (("target stage",), "No stage of the Dockerfile has the name of the target."),
)


def likely_cause(message: str, lines: tuple[str, ...] = (), step: str = "") -> str:
    """Return the likely cause in a sentence, empty where none is known.

    Parameters
    ----------
    message
        The builder's error.
    lines
        What the step printed last.
    step
        The step as the builder names it.
    """
    said = "\n".join((*lines, message)).lower()
    likely = next((cause for words, cause in _CAUSES if any(word in said for word in words)), "")
    return _NOT_IN_THE_STAGE if likely == _NOT_THERE and "--from=" in step else likely
