"""Who may speak to the server: nobody but the page that the token opened, and not without measure.

The token stands in the address once; whoever comes with it gets a cookie that no other site can send, and the token is
worth nothing afterwards. Every request names this server as its host; what changes something, or a page of another
origin sends, names it as its origin too.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.responses import PlainTextResponse, RedirectResponse, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

ENTRANCE = "/enter"
# A stroke of two thousand corners is a tenth of it.
MOST_BYTES = 1 << 20
READING = frozenset({"GET", "HEAD"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Lets only those through who may come in.

    Parameters
    ----------
    app
        What lies behind.
    hosts
        Names and ports of this server, as a browser says them.
    cookie
        Name of the cookie. A browser has one jar for all ports of a machine: each studio needs a name of its own.
    """

    def __init__(self, app: App, hosts: Iterable[str], cookie: str) -> None:
        self._app, self.hosts, self._cookie = app, frozenset(hosts), cookie
        self.token: str | None = secrets.token_urlsafe(32)
        self._secret = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _with_headers(send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refused = self._refused(scope, headers)
        if refused is not None:
            await refused(scope, receive, send)
        else:
            await self._app(scope, _measured(receive), send)

    def _refused(self, scope: Scope, headers: dict[str, str]) -> Response | None:
        """What is answered instead, if a request may not come in."""
        if headers.get("host") not in self.hosts:
            return refusal("another host", 421)
        origin = headers.get("origin")
        if (origin is not None or scope["method"] not in READING) and origin not in self._origins:
            return refusal("another origin", 403)
        if not _short(headers):
            return refusal("too long", 413)
        if scope["method"] not in READING and "content-length" not in headers:
            return refusal("say how long it is", 411)
        known = secrets.compare_digest(_value(headers, self._cookie), self._secret)
        if scope["path"] == ENTRANCE:
            return self._enter(scope["query_string"].decode("latin-1"), known)
        return None if known else refusal("open the address that `faellesrum studio` printed", 401)

    @property
    def _origins(self) -> frozenset[str]:
        return frozenset(f"http://{host}" for host in self.hosts)

    def _enter(self, query: str, known: bool) -> Response:
        """Change the token for a cookie, once."""
        fits = self.token is not None and secrets.compare_digest(query.encode(), f"token={self.token}".encode())
        if not fits and not known:
            return refusal("start `faellesrum studio` again: this address was used", 401)
        answer = RedirectResponse("/", 303)
        if fits:
            self.token = None
            answer.set_cookie(self._cookie, self._secret, httponly=True, samesite="strict", path="/")
        return answer


def refusal(why: str, status: int) -> Response:
    """Say no, and hang up: what else is being sent is not read."""
    return PlainTextResponse(why, status, headers={"Connection": "close"})


def _value(headers: dict[str, str], cookie: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(cookie)
    except CookieError:
        return ""
    return found.value if found is not None and found.value.isascii() else ""


def _short(headers: dict[str, str]) -> bool:
    said = headers.get("content-length", "0")
    return said.isascii() and said.isdigit() and int(said) <= MOST_BYTES


class TooLongError(Exception):
    """More is sent than was announced, or than is taken."""


def _measured(receive: Receive) -> Receive:
    """Take so many bytes and no more, whatever was announced."""
    taken = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BYTES:
            raise TooLongError
        return message

    return counted


def _with_headers(send: Send) -> Send:
    """Send every answer with the headers that keep a page to itself."""

    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", []), *own]}
        await send(message)

    return sent
