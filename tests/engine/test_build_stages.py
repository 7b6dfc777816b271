"""The stages of a Dockerfile are read as the builder reads them."""

from __future__ import annotations

import pytest

from checker.engine.build_stages import stages


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM a\n", [("stage-0", "a")]),
        ("# syntax=x\n\nARG R=1\nfrom a:${R} as Build\nRUN x\n", [("build", "a:${R}")]),
        ("FROM --platform=$BUILDPLATFORM a AS one\nFROM one\n", [("one", "a"), ("stage-1", "one")]),
        ("FROM \\\n  a \\\n  # a comment in between\n  AS one\n", [("one", "a")]),
        ("# escape=`\nFROM a `\n  AS one\nRUN dir c:\\\nFROM b\n", [("one", "a"), ("stage-1", "b")]),
        ("FROM a\nRUN cat <<END\nFROM inside\nEND\nFROM b\n", [("stage-0", "a"), ("stage-1", "b")]),
        ("FROM a\nRUN <<-'ONE' cat <<TWO\n\tONE\nFROM x\nTWO\nFROM b", [("stage-0", "a"), ("stage-1", "b")]),
        ("FROM a\nENV X='<<FROM'\nFROM b\n", [("stage-0", "a"), ("stage-1", "b")]),
        ("RUN true\n", []),
        ("", []),
    ],
)
def test_stages(text: str, found: list[tuple[str, str]]) -> None:
    assert stages(text) == found
