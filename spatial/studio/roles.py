"""What each role at the table may do: look, comment besides, or edit all.

A guard says which role a request has; whatever is not named here wants the highest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.responses import JSONResponse

from spatial.core.errors import InputError
from spatial.studio.answering import said_of
from spatial.studio.guard import READING, ROLE, App, Receive, Scope, Send

LOOK, COMMENT, EDIT = ROLES = ("look", "comment", "edit")
LOG = "/api/out/log.csv"
# What changes something, or tells what not everybody is to know, and may yet be done by less than who edits.
_NEEDED: Mapping[str, str] = {"/api/look": LOOK, "/api/compare": LOOK, "/api/comment": COMMENT}


@dataclass(frozen=True)
class Team:
    """Those at the table: whether they come over a network, and what makes an address that lets one more in."""

    shared: bool
    invite: Callable[[str], str]


def may(role: str, needed: str) -> bool:
    """Whether a role has the rights of another.

    Examples
    --------
    >>> may("edit", "comment"), may("look", "comment")
    (True, False)
    """
    return ROLES.index(role) >= ROLES.index(needed)


def needed(method: str, path: str) -> str:
    """The least role that may ask for something."""
    reads = method in READING and path != LOG
    return LOOK if reads else _NEEDED.get(path, EDIT)


class Gate:
    """Refuses, in a sentence, what the role of a request may not do.

    ``refused`` is told the role, and what it asked for.
    """

    def __init__(self, app: App, refused: Callable[[str, str], None]) -> None:
        self._app, self._refused = app, refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or refuse it."""
        if scope["type"] == "http" and not may(scope[ROLE], needed(scope["method"], scope["path"])):
            looks = scope[ROLE] == LOOK
            error = InputError("studio.only_look") if looks else InputError("studio.only_comment")
            self._refused(scope[ROLE], f"{scope['method']} {scope['path']}")
            await JSONResponse({"said": said_of(error)}, 403, {"Connection": "close"})(scope, receive, send)
        else:
            await self._app(scope, receive, send)
