"""What all widgets of the course share: plain ESM files joined without a bundler, and a text form."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import anywidget
import traitlets

_HERE = Path(__file__).parent


def esm(*names: str) -> str:
    """Return a widget's module, ``common.js`` first: a module from a text has no neighbours to import."""
    return "\n".join((_HERE / file).read_text("utf-8") for file in ("common.js", *names))


def css(*names: str) -> str:
    """Return a widget's style, ``course.css`` first."""
    return "\n".join((_HERE / file).read_text("utf-8") for file in ("course.css", *names))


class CourseWidget(anywidget.AnyWidget):
    """A widget whose whole state is the dictionary ``view``, and whose text form does not change.

    nbval compares texts: the text form names neither a model nor a moment.
    """

    _css = css()
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, view: dict[str, Any], *, text: str, markdown: str = "") -> None:
        self._text = text
        self._markdown = markdown or text
        self._changing = threading.RLock()
        super().__init__(view=view)

    def change(self, **fields: Any) -> None:
        """Set fields of ``view`` from any thread."""
        with self._changing:
            self.view = {**self.view, **fields}

    def __repr__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the widget's view, and beside it text and Markdown for where widgets cannot show."""
        made = super()._repr_mimebundle_(**kwargs)
        data, metadata = made if isinstance(made, tuple) else (made or {}, {})
        return {**data, "text/plain": self._text, "text/markdown": self._markdown}, metadata
