"""The learner's folder: files and values of the answer, none of which can lead a check out of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from checker.exercise import Failure

if TYPE_CHECKING:
    from pathlib import Path

_ANSWERS = "answer.json"
_LARGEST = 2**20  # bytes of a file of the learner's that are read


class Answer:
    """What the learner hands in as files.

    Parameters
    ----------
    folder
        The learner's copy of the exercise.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fail(self, *, expected: str, actual: str, **texts: str) -> NoReturn:
        """End the check: the answer is wrong. ``texts`` are ``reason``, ``why`` and ``next``."""
        raise Failure(expected=expected, actual=actual, **texts)

    def file(self, name: str) -> Path:
        """Return the path of a file or folder of the answer.

        Raises
        ------
        Failure
            If it is not there, or leads out of the answer's folder.
        """
        root = self.folder.resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            self.fail(
                expected=f"{name} in the exercise's folder",
                actual="a link that leads out of it",
                reason="file-outside",
            )
        if not (path.is_file() or path.is_dir()):
            self.fail(
                expected=f"a file named {name}",
                actual="none of that name",
                reason="missing-file",
                next=f"Save it as {name} in the folder of this exercise.",
            )
        return path

    def text(self, name: str) -> str:
        """Return the text of a file of the answer.

        Raises
        ------
        Failure
            If it is missing, too large, or not UTF-8.
        """
        path = self.file(name)
        if path.is_dir() or path.stat().st_size > _LARGEST:
            self.fail(
                expected=f"a text in {name}", actual="a folder or a very large file", reason="not-a-text"
            )
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            self.fail(expected=f"a text in UTF-8 in {name}", actual="something else", reason="not-a-text")

    def answer(self, key: str) -> Any:
        """Return the value that was handed in as ``key`` with ``submit(key=…)``.

        Raises
        ------
        Failure
            If there is none.
        """
        absent = "nothing handed in" if not (self.folder / _ANSWERS).exists() else ""
        try:
            answers = {} if absent else json.loads(self.text(_ANSWERS))
        except (ValueError, RecursionError):
            answers, absent = {}, "a damaged answer.json"
        if isinstance(answers, dict) and key in answers:
            return answers[key]
        return self.fail(
            expected=f"a value for {key}",
            actual=absent or "none of that name",
            reason="no-answer",
            next=f"Hand it in with submit({key}=…) in the answer cell, and run the cell.",
        )
