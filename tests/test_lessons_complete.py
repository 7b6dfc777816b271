"""Each prediction and question that is written is used by its notebook, and each one used is written."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from checker.chapter import chapter_ids, opening_questions, read_chapter
from checker.course import open_course
from checker.review import COUNT, earlier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.chapter import Chapter
    from checker.course import Course

ROOT = Path(__file__).parents[1]
COURSE = open_course(ROOT)
FOUND = re.compile(r"Not predicted\. The engine says: (.*)\.$", re.MULTILINE)


class Call(NamedTuple):
    """A call of a lesson's method: its name, its keys, and what the cell's output says was found."""

    name: str
    keys: list[str]
    found: str | None


def calls(course: Course, chapter: str) -> Iterator[Call]:
    """Yield what a notebook asks of ``chapter = lesson(…)``, from top to bottom."""
    notebook = json.loads(notebook_of(course, chapter).read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        texts = ["".join(one.get("data", {}).get("text/plain", "")) for one in cell["outputs"]]
        said = FOUND.search("\n".join(texts))
        plain = TransformerManager()  # type: ignore[no-untyped-call]  # magics become Python
        source = plain.transform_cell("".join(cell["source"]))
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.Call):
                continue
            words = [one.value for one in node.args if isinstance(one, ast.Constant)]
            keys = [one for one in words if isinstance(one, str)]
            if isinstance(node.func, ast.Name) and node.func.id == "lesson":
                yield Call("lesson", keys, None)
            elif isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "chapter":
                yield Call(node.func.attr, keys, said[1] if said else None)


def problems(course: Course, name: str) -> Iterator[str]:
    """Yield what is wrong between a chapter's notebook and its pieces."""
    chapter, made = read_chapter(course, name), list(calls(course, name))
    if [one.keys for one in made if one.name == "lesson"] != [[name]]:
        yield f"it does not say lesson({name!r}) once"
    yield from of_predictions(chapter, made)
    asked = [key for one in made if one.name == "quiz" for key in one.keys or chapter.quiz]
    bank = set(chapter.quiz) if any(one.name == "opening" for one in later(course, name)) else set()
    yield from of_keys("question", set(chapter.quiz), asked or [*bank])
    opens = sum(one.name == "opening" for one in made)
    if opens != bool(chapter.opening):
        yield f"opening() is there {opens} times"
    yield from of_opening(course, chapter)


def later(course: Course, name: str) -> list[Call]:
    """Return what later notebooks ask: they draw from a chapter's questions, also where it has no quiz."""
    names = [one for one in chapter_ids(course) if one > name]
    return [call for one in names if notebook_of(course, one).is_file() for call in calls(course, one)]


def notebook_of(course: Course, chapter: str) -> Path:
    return course.root / "notebooks" / f"{chapter}.ipynb"


def of_predictions(chapter: Chapter, made: list[Call]) -> Iterator[str]:
    """Each prediction is asked once, then answered once, by something that could have been predicted."""
    asked = [one.keys[0] for one in made if one.name == "predict"]
    yield from of_keys("prediction", set(chapter.predict), asked)
    steps = [(one.name, *one.keys[:1]) for one in made if one.name in {"predict", "reveal"}]
    if steps != [(step, key) for key in asked for step in ("predict", "reveal")]:
        yield "a reveal does not follow its predict"
    for one in made:
        if one.name != "reveal" or one.keys[0] not in chapter.predict or one.found is None:
            continue
        prediction = chapter.predict[one.keys[0]]
        if not prediction.expects(one.found):
            yield f"{prediction.key} has no choice {one.found!r}"
        if prediction.accept and prediction.judge(prediction.accept[0], one.found) != "right":
            yield f"{prediction.key} does not accept {one.found!r}"


def of_keys(what: str, written: set[str], used: list[str]) -> Iterator[str]:
    """Each is used, none twice, and each one used is written."""
    for key in sorted(written - set(used)):
        yield f"{what} {key} is never asked"
    for key in sorted(set(used) - written):
        yield f"{what} {key} is not written"
    for key in sorted({one for one in used if used.count(one) > 1}):
        yield f"{what} {key} is asked twice"


def of_opening(course: Course, chapter: Chapter) -> Iterator[str]:
    """A chapter opens with three questions of earlier ones, the first two of the last one that has any."""
    before = [one for one in earlier(chapter_ids(course), chapter.id) if read_chapter(course, one).quiz]
    found = [one.chapter for one in opening_questions(course, chapter)]
    if len(found) != len(set(chapter.opening)) or len(found) != (COUNT if before else 0):
        yield f"opening holds {len(found)} questions"
    elif before and (not set(found) <= set(before) or found.count(before[-1]) < COUNT - 1):
        yield "opening is not two questions of the last chapter and an older one"


@pytest.mark.parametrize("name", chapter_ids(COURSE))
def test_a_notebook_and_its_pieces_fit(name: str) -> None:
    assert list(problems(COURSE, name)) == []


def test_every_notebook_that_asks_has_its_pieces() -> None:
    notebooks = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert notebooks == chapter_ids(COURSE)


def written(course: Course, *sources: str, said: str = "") -> Course:
    """Write a notebook for the small course's first lesson."""
    cells = [
        {"cell_type": "code", "source": source, "outputs": [{"data": {"text/plain": said}}]}
        for source in ("chapter = lesson('01-small')\n!docker ps", *sources)
    ]
    (course.root / "notebooks/01-small.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")
    return course


WHOLE = (
    "chapter.predict('file')", "chapter.reveal('file', 'yes')", "chapter.predict('code')",
    "chapter.reveal('code', code)", "chapter.quiz()",
)  # fmt: skip


@pytest.mark.parametrize(
    ("sources", "found", "said"),
    [
        (WHOLE[2:], "", "prediction file is never asked"),
        ((*WHOLE, "chapter.quiz('names')"), "", "question names is asked twice"),
        ((*WHOLE[:4], "chapter.quiz('names', 'lost')"), "", "question lost is not written"),
        ((*WHOLE[:4], "chapter.quiz('names', 'lost')"), "", "question steps is never asked"),
        ((WHOLE[1], WHOLE[0], *WHOLE[2:]), "", "a reveal does not follow its predict"),
        ((WHOLE[0], *WHOLE[2:]), "", "a reveal does not follow its predict"),
        (WHOLE, "Not predicted. The engine says: perhaps.\nWhy.", "file has no choice 'perhaps'"),
        ((*WHOLE, "lesson('02-more')"), "", "it does not say lesson('01-small') once"),
        (WHOLE, "", "opening() is there 0 times"),
    ],
)
def test_what_does_not_fit_is_found(
    fake_course: Course, sources: tuple[str, ...], found: str, said: str
) -> None:
    assert said in list(problems(written(fake_course, *sources, said=found), "01-small"))


def test_an_opening_looks_back(fake_course: Course) -> None:
    assert list(of_opening(fake_course, read_chapter(fake_course, "02-more"))) == []
    assert list(of_opening(fake_course, read_chapter(fake_course, "01-small"))) == [
        "opening holds 1 questions"
    ]
