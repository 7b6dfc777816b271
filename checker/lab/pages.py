"""Pages that tell which container served them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.engine.errors import NotReadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.engine.container import Container

    from .toolbox import Lab


def fresh_page(lab: Lab, web: Container, root: str) -> tuple[str, Callable[[str], bool]]:
    """Write a page into a web server's folder ``root``.

    Returns
    -------
    path
        What to ask for.
    is_ours
        Says whether the text that came back is the page of this container, and of no other program.
    """
    try:
        nonce = lab.put(web, f"{root}/course-check.txt")
    except NotReadable:
        if not (web.read_only or web.pid_mode):
            raise
        # Nothing can be written there, but the server logs every request that reaches it.
        path = f"/{lab.nonce()}"
        return path, lambda _: path in lab.logs(web).stdout
    return "/course-check.txt", lambda text: text.strip() == nonce
