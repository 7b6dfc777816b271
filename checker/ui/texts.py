"""The text forms of what a lesson asks: what nbval compares, and what shows where widgets cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.chapter import Prediction, Question

_ANSWERED_WITH = {"number": "a number", "text": "a word or two"}
_KINDS = {"one": "one is right", "many": "one or more are right", "order": "put these in order"}


def predict_text(prediction: Prediction) -> tuple[str, str]:
    """Return what is asked and how to answer, as plain text and as Markdown."""
    how = " / ".join(prediction.choices) or _ANSWERED_WITH[prediction.kind]
    label = "choices" if prediction.choices else "answer"
    return (
        f"Predict: {prediction.ask}\n  {label}: {how}",
        f"**Predict:** {prediction.ask}\n\n*{label}:* {how}",
    )


def reveal_text(sentence: str, why: str) -> tuple[str, str]:
    """Return what the engine said and why, as plain text and as Markdown."""
    return f"{sentence}\n{why}", f"**{sentence}**\n\n{why}"


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
