"""Who may speak to the server: nobody but the page that the token opened, and not without measure.

A token stands in an address once; whoever comes with it gets a cookie that no other site can send, and the token is
worth nothing afterwards. With the cookie goes a role, which is known here alone. Every request names this server as
its host; what changes something, or a page of another origin sends, names it as its origin too.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.responses import PlainTextResponse, RedirectResponse, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

ENTRANCE, ROLE = "/enter", "role"
# Addresses that wait for somebody, and those who came: of more than so many the oldest are forgotten.
MOST_TOKENS, MOST_INSIDE = 200, 2000
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
    origins
        Scheme, name and port of this server, as a browser says them.
    order
        The roles, the least first.
    cookie
        Name of the cookie. A browser has one jar for all ports of a machine: each studio needs a name of its own.
    """

    def __init__(self, app: App, origins: Iterable[str], cookie: str, order: Sequence[str]) -> None:
        self._app, self._origins, self._order = app, frozenset(origins), order
        self._hosts = frozenset(origin.partition("://")[2] for origin in self._origins)
        self._secure = all(origin.startswith("https://") for origin in self._origins)
        # A browser takes a cookie of the longer name from nobody but this very server, over HTTPS.
        self._cookie = f"__Host-{cookie}" if self._secure else cookie
        self._tokens: dict[str, str] = {}
        self._inside: dict[str, str] = {}

    def token(self, role: str) -> str:
        """Make a token that lets one browser in, once."""
        made = secrets.token_urlsafe(32)
        _put(self._tokens, made, role, MOST_TOKENS)
        return made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _with_headers(send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        scope[ROLE] = _known(self._inside, _value(headers, self._cookie))
        refused = self._refused(scope, headers)
        if refused is not None:
            await refused(scope, receive, send)
        else:
            await self._app(scope, _measured(receive), send)

    def _refused(self, scope: Scope, headers: dict[str, str]) -> Response | None:
        """What is answered instead, if a request may not come in."""
        if headers.get("host") not in self._hosts:
            return refusal("another host", 421)
        origin = headers.get("origin")
        if (origin is not None or scope["method"] not in READING) and origin not in self._origins:
            return refusal("another origin", 403)
        if not _short(headers):
            return refusal("too long", 413)
        if scope["method"] not in READING and "content-length" not in headers:
            return refusal("say how long it is", 411)
        if scope["path"] == ENTRANCE:
            return self._enter(scope["query_string"].decode("latin-1"), scope[ROLE])
        return None if scope[ROLE] else refusal("open the address that `faellesrum studio` printed", 401)

    def _enter(self, query: str, known: str | None) -> Response:
        """Change the token for a cookie, once; whoever may as much already leaves it for another."""
        token = query.removeprefix("token=")
        role = _known(self._tokens, token)
        if role is None and known is None:
            return refusal("this address was used: ask for another, or start `faellesrum studio` again", 401)
        answer = RedirectResponse("/", 303)
        if role is not None and (known is None or self._order.index(known) < self._order.index(role)):
            secret = secrets.token_urlsafe(32)
            del self._tokens[token]
            _put(self._inside, secret, role, MOST_INSIDE)
            answer.set_cookie(self._cookie, secret, httponly=True, samesite="strict", path="/", secure=self._secure)
        return answer


def refusal(why: str, status: int) -> Response:
    """Say no, and hang up: what else is being sent is not read."""
    return PlainTextResponse(why, status, headers={"Connection": "close"})


def _put(roles: dict[str, str], secret: str, role: str, most: int) -> None:
    roles[secret] = role
    while len(roles) > most:
        del roles[next(iter(roles))]


def _known(roles: dict[str, str], said: str) -> str | None:
    """The role of a secret, if it is one."""
    found = [role for secret, role in roles.items() if secrets.compare_digest(secret.encode(), said.encode())]
    return found[0] if found else None


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
