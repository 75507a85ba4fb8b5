"""The studio as a server on this machine: the start page, then the page of the drawing table."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from spatial.core.errors import InputError
from spatial.studio import page
from spatial.studio.answering import HANDLERS
from spatial.studio.desk import Desk
from spatial.studio.guard import ENTRANCE, App, Guard, Receive, Scope, Send
from spatial.studio.questions import HTML, Questions
from spatial.studio.session import Session
from spatial.studio.start import Setup
from spatial.studio.start_server import StartQuestions

HOST, PORT = "127.0.0.1", 8745
CSS, SCRIPT = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
Handler = Callable[[Request], Awaitable[Response]]


class Server:
    """A sitting served to the browser of this machine, or the start page until there is one.

    Parameters
    ----------
    opened
        The sitting, or what the command line said for the one that is chosen on the start page.
    lang
        Language in which the page opens.
    port
        0: any that is free.

    Raises
    ------
    InputError
        If the port is in use.
    """

    def __init__(self, opened: Session | Setup, lang: str, port: int = PORT) -> None:
        self.lang = lang
        self.desk: Desk | None = None
        self.socket = bound(port)
        self.port = int(self.socket.getsockname()[1])
        self._rooms = _Rooms()
        self._start: StartQuestions | None = None
        if isinstance(opened, Setup):
            self._start = StartQuestions(opened, self.lay)
            self._rooms.app = start_page(self._start, lang)
        else:
            self.lay(opened)
        self.guard = Guard(self._rooms, (f"{HOST}:{self.port}", f"localhost:{self.port}"), f"faellesrum_{self.port}")
        self._serving = _Serving(
            self.hang_up,
            uvicorn.Config(
                self.guard,
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
        """The address that opens the page, once."""
        return f"http://{HOST}:{self.port}{ENTRANCE}?token={self.guard.token}"

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
            self._rooms.app = table_page(self.desk)

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


def bound(port: int) -> socket.socket:
    """A socket on this machine alone.

    Raises
    ------
    InputError
        If the port is in use, or may not be used.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        made.listen()  # who comes before the server answers waits, and is not turned away
    except OSError as error:
        made.close()
        raise InputError("studio.port", port=port) from error
    return made


class _Rooms:
    """Answers by the page that is shown now."""

    app: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        await self.app(scope, receive, send)


def table_page(desk: Desk) -> Starlette:
    """What the server answers at the drawing table, behind the guard."""
    name = desk.session.table.estate.name
    return _application(lambda: page.page(name, desk.lang), page.script, Questions(desk).routes())


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
