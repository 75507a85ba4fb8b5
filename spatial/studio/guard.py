"""Who may speak to the server: nobody but the page that the token opened, and not without measure.

A token stands in an address once; whoever comes with it gets a cookie that no other site can send, and the token is
worth nothing afterwards. Where addresses are sent to others, the token is taken by a press on a page: a preview of
links presses nothing. With the cookie goes a role, which is known here alone. Every request names this server as its
host; what changes something, or a page of another origin sends, names it as its origin too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.responses import PlainTextResponse, RedirectResponse, Response

from spatial.core.errors import InputError
from spatial.studio.keys import INSIDE, WAITING, Keys

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

ENTRANCE, ROLE = "/enter", "role"
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
# A token is 43 letters.
MOST_ENTERED = 200
Press = Callable[[str], Response]


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
    keys
        What lets people in.
    press
        Makes of a token the page on which one presses to come in; None: whoever opens the address is in.
    """

    def __init__(
        self,
        app: App,
        origins: Iterable[str],
        cookie: str,
        order: Sequence[str],
        keys: Keys,
        press: Press | None = None,
    ) -> None:
        self._app, self._origins, self._order = app, frozenset(origins), order
        self._keys, self._press = keys, press
        self._hosts = frozenset(origin.partition("://")[2] for origin in self._origins)
        self._secure = all(origin.startswith("https://") for origin in self._origins)
        # A browser takes a cookie of the longer name from nobody but this very server, over HTTPS.
        self._cookie = f"__Host-{cookie}" if self._secure else cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _with_headers(send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        scope[ROLE] = self._keys.role(INSIDE, _value(headers, self._cookie))
        refused = self._refused(scope, headers)
        if refused is None and scope["path"] == ENTRANCE:
            refused = await self._enter(scope, receive)
        elif refused is None and not scope[ROLE]:
            refused = refusal("open the address that `faellesrum studio` printed", 401)
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
        return None

    async def _enter(self, scope: Scope, receive: Receive) -> Response:
        """Change the token for a cookie, once; whoever may as much already leaves it for another."""
        reads = scope["method"] in READING
        said = scope["query_string"] if reads else await _short_body(receive)
        token, known = said.decode("latin-1").removeprefix("token="), scope[ROLE]
        role = self._keys.role(WAITING, token)
        if role is None and known is None:
            return refusal("this address was used: ask for another, or start `faellesrum studio` again", 401)
        if role is None or (known is not None and self._order.index(known) >= self._order.index(role)):
            return RedirectResponse("/", 303)
        return self._press(token) if reads and self._press is not None else self._let_in(token, role)

    def _let_in(self, token: str, role: str) -> Response:
        try:
            secret = self._keys.made(INSIDE, role)
            self._keys.used(WAITING, token)
        except InputError as error:  # a full disk
            return refusal(error.said("en"), 507)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._cookie, secret, httponly=True, samesite="strict", path="/", secure=self._secure)
        return answer


def refusal(why: str, status: int) -> Response:
    """Say no, and hang up: what else is being sent is not read."""
    return PlainTextResponse(why, status, headers={"Connection": "close"})


async def _short_body(receive: Receive) -> bytes:
    """What was sent, if it is short."""
    taken, more = b"", True
    while more and len(taken) <= MOST_ENTERED:
        message = await receive()
        taken += message.get("body", b"")
        more = message.get("more_body", False)
    return taken if len(taken) <= MOST_ENTERED else b""


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
            said = list(message.get("headers", []))
            own = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*said, *(one for one in own if one[0] not in dict(said))]}
        await send(message)

    return sent
