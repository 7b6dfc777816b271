"""What a lesson says of predictions and questions.

The text forms are what nbval compares, and what shows where widgets cannot. They hold no history, and nothing
that was measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.chapter import ABOUT_RIGHT, NO_CHOICE_FITS, RIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.chapter import Prediction, Question

_ANSWERED_WITH = {"number": "a number", "text": "a word or two"}
_NO_CHOICE = "None of the choices says so, and this prediction does not count."
_MEASURED = "The engine has answered. Its answer is a little different in each run."
_KINDS = {"one": "one is right", "many": "one or more are right", "order": "put these in order"}


def predict_text(prediction: Prediction) -> tuple[str, str]:
    """Return what is asked and how to answer, as plain text and as Markdown."""
    how = " / ".join(prediction.choices) or _ANSWERED_WITH[prediction.kind]
    if prediction.unit:
        how += f" of {prediction.unit}"
    if prediction.tolerance:
        how += f" ({prediction.tolerance} counts)"
    label = "choices" if prediction.choices else "answer"
    return (
        f"Predict: {prediction.ask}\n  {label}: {how}",
        f"**Predict:** {prediction.ask}\n\n*{label}:* {how}",
    )


def tolerated(prediction: Prediction) -> str:
    """Return in a sentence how far away a number still counts; empty where only the number itself does."""
    return f"About right counts: {prediction.tolerance}." if prediction.tolerance else ""


def value_text(found: object) -> str:
    """Return what the engine says as a text; of a measured number, what is worth reading."""
    if not isinstance(found, float):
        return str(found).strip()
    return f"{found:.4g}" if abs(found) < 10_000 else f"{found:.0f}"


def reveal_sentence(prediction: Prediction, predicted: str | None, found: str, outcome: str) -> str:
    """Return what the engine said beside what was predicted."""
    says = prediction.with_unit(found)
    if predicted is None:
        lead = f"Not predicted. The engine says: {says}."
    elif outcome == RIGHT:
        lead = f"You predicted {prediction.with_unit(predicted)}, and the engine says {says}."
    else:
        lead = f"You predicted {prediction.with_unit(predicted)}. The engine says {says}."
    if outcome == ABOUT_RIGHT:
        return f"{lead} That is {prediction.tolerance}: it counts."
    return f"{lead} {_NO_CHOICE}" if outcome == NO_CHOICE_FITS else lead


def reveal_text(prediction: Prediction, sentence: str, why: str) -> tuple[str, str]:
    """Return what the engine said and why, as plain text and as Markdown.

    What is measured differs from run to run, so the text does not name it.
    """
    said = _MEASURED if prediction.tolerance else sentence
    return f"{said}\n{why}", f"**{said}**\n\n{why}"


def quiz_text(heading: str, questions: Sequence[Question]) -> tuple[str, str]:
    """Return the questions and their options without the answers, as plain text and as Markdown."""
    plain, markdown = [f"{heading}:"], [f"**{heading}**\n"]
    for number, question in enumerate(questions, 1):
        plain.append(f"{number}. {question.ask} ({_KINDS[question.kind]})")
        markdown.append(f"{number}. {question.ask} *({_KINDS[question.kind]})*")
        for say in _said(question):
            plain.append(f"   - {say}")
            markdown.append(f"   - {say}")
    return "\n".join(plain), "\n".join(markdown)


def _said(question: Question) -> list[str]:
    """Return the options in the order of the file; sorted where that order is the answer."""
    said = [option.say for option in question.options]
    return sorted(said) if question.kind == "order" else said
