"""The studio as a server: the start page, then the page of the drawing table."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from spatial.studio import page
from spatial.studio.answering import HANDLERS
from spatial.studio.desk import Desk
from spatial.studio.guard import ENTRANCE, App, Guard, Receive, Scope, Send
from spatial.studio.keys import WAITING, Keys
from spatial.studio.questions import HTML, Questions
from spatial.studio.roles import COMMENT, EDIT, LOOK, ROLES, Gate, Team
from spatial.studio.served import Served
from spatial.studio.session import Session
from spatial.studio.start import Setup
from spatial.studio.start_server import StartQuestions

CSS, SCRIPT = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
Handler = Callable[[Request], Awaitable[Response]]


class Server:
    """A sitting served to the browser of this machine or to a team, or the start page until there is one.

    Parameters
    ----------
    opened
        The sitting, or what the command line said for the one that is chosen on the start page.
    lang
        Language in which the page opens.
    served
        Where it is served; where nothing is said, to this machine alone.

    Raises
    ------
    InputError
        If it cannot be served there.
    """

    def __init__(self, opened: Session | Setup, lang: str, served: Served | None = None) -> None:
        self.lang = lang
        self.desk: Desk | None = None
        self.served = served or Served()
        self.socket = self.served.bind()
        self.port = int(self.socket.getsockname()[1])
        origins = self.served.origins(self.port)
        self._rooms, self._origin = _Rooms(), origins[0]
        # Over a network people come back after a new start; on this machine it has an address of its own.
        self._keys = Keys(opened.kept if self.served.shared and isinstance(opened, Session) else None)
        press = partial(page.entrance, lang=lang) if self.served.shared else None
        cookie = f"faellesrum_{self.port}"
        guard = Guard(Gate(self._rooms, self._refused), origins, cookie, ROLES, self._keys, press)
        self._start: StartQuestions | None = None
        if isinstance(opened, Setup):
            self._start = StartQuestions(opened, self.lay)
            self._rooms.app = start_page(self._start, lang)
        else:
            self.lay(opened)
        let_in = (EDIT, COMMENT, LOOK) if self.served.shared else (EDIT,)
        self.addresses = {role: self.invite(role) for role in let_in}
        certificate, key = self.served.certificate, self.served.key
        self._serving = _Serving(
            self.hang_up,
            uvicorn.Config(
                guard,
                ssl_certfile=certificate,
                ssl_keyfile=key,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                timeout_graceful_shutdown=1,
            ),
        )

    @property
    def address(self) -> str:
        """The address that opens the page for who draws, once."""
        return self.addresses[EDIT]

    def invite(self, role: str) -> str:
        """An address that lets one more in, once."""
        return f"{self._origin}{ENTRANCE}?token={self._keys.made(WAITING, role)}"

    def _refused(self, role: str, asked: str) -> None:
        if self.desk is not None:
            self.desk.refused(role, asked)

    def run(self) -> None:
        """Serve until the process is asked to end, or this server is."""
        try:
            self._serving.run(sockets=[self.socket])
        finally:
            self._close()
            self.socket.close()

    def lay(self, session: Session) -> None:
        """Show the drawing table from now on."""
        if self.desk is None:
            self.desk = Desk(session, self.lang)
            self._rooms.app = table_page(self.desk, Team(self.served.shared, self.invite))

    def hang_up(self) -> None:
        """Tell all who listen that nothing more comes."""
        if self.desk is not None:
            self.desk.hang_up()

    def _close(self) -> None:
        if self._start is not None:
            self._start.close()
        if self.desk is not None:
            self.desk.close()

    def ask_to_end(self) -> None:
        """End soon."""
        self._serving.should_exit = True


class _Serving(uvicorn.Server):
    """Ends without waiting for those who listen."""

    def __init__(self, hang_up: Callable[[], None], config: uvicorn.Config) -> None:
        super().__init__(config)
        self._hang_up = hang_up

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up, then end."""
        self._hang_up()
        await super().shutdown(sockets)


class _Rooms:
    """Answers by the page that is shown now."""

    app: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        await self.app(scope, receive, send)


def table_page(desk: Desk, team: Team) -> Starlette:
    """What the server answers at the drawing table, behind the guard."""
    name = desk.session.table.estate.name
    return _application(lambda: page.page(name, desk.lang), page.script, Questions(desk, team).routes())


def start_page(asked: StartQuestions, lang: str) -> Starlette:
    """What the server answers before anything is on the table, behind the guard."""
    return _application(lambda: page.start_page(lang), page.start_script, asked.routes())


def _application(html: Callable[[], bytes], script: Callable[[], bytes], routes: Sequence[Route]) -> Starlette:
    own = [
        Route("/", _sending(html, HTML)),
        Route("/page.css", _sending(page.style, CSS)),
        Route("/page.js", _sending(script, SCRIPT)),
    ]

    @asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        yield

    return Starlette(routes=[*own, *routes], exception_handlers=HANDLERS, lifespan=living)


def _sending(content: Callable[[], bytes], media: str) -> Handler:
    async def send(request: Request) -> Response:
        return Response(content(), media_type=media)

    return send
