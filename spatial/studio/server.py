"""The studio as a server on this machine: the page, what it asks, and what it is told."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import shapely
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from spatial.core.errors import InputError, SpatialError
from spatial.core.languages import LANGUAGES
from spatial.plans.correction_files import Corrections, write_corrections
from spatial.studio import exports, page
from spatial.studio.desk import Desk, said
from spatial.studio.guard import ENTRANCE, Guard, TooLongError, refusal
from spatial.studio.plan_files import ENDINGS, plan_as_file
from spatial.studio.session import Drawn, Session
from spatial.studio.sight import thing_as_data
from spatial.studio.strokes import drawn_shape

HOST, PORT = "127.0.0.1", 8745
# Who points means what is no further away than this.
FURTHEST_M = 60.0
# So many things around it are told, for one that may be the same as it.
NEIGHBOURS = 40
CSV, HTML, CSS, SCRIPT = (
    "text/csv; charset=utf-8",
    "text/html; charset=utf-8",
    "text/css; charset=utf-8",
    "text/javascript; charset=utf-8",
)
MEDIA = {".geojson": "application/geo+json", ".gpkg": "application/geopackage+sqlite3"}
Handler = Callable[[Request], Awaitable[Response]]


class Server:
    """A session served to the browser of this machine.

    Parameters
    ----------
    session
        The sitting.
    lang
        Language in which the page opens.
    port
        0: any that is free.

    Raises
    ------
    InputError
        If the port is in use.
    """

    def __init__(self, session: Session, lang: str, port: int = PORT) -> None:
        self.desk = Desk(session, lang)
        self.socket = bound(port)
        self.port = int(self.socket.getsockname()[1])
        self.guard = Guard(
            application(self.desk), (f"{HOST}:{self.port}", f"localhost:{self.port}"), f"faellesrum_{self.port}"
        )
        self._serving = _Serving(
            self.desk,
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
            self.desk.close()
            self.socket.close()

    def ask_to_end(self) -> None:
        """End soon."""
        self._serving.should_exit = True


class _Serving(uvicorn.Server):
    """Ends without waiting for those who listen."""

    def __init__(self, desk: Desk, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._desk = desk

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up, then end."""
        self._desk.hang_up()
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


def application(desk: Desk) -> Starlette:
    """What the server answers, behind the guard."""
    asked = Questions(desk)
    routes = [
        *(Route(path, _sending(content, media)) for path, content, media in _files(desk)),
        Route("/data.json", asked.first),
        Route("/api/events", asked.events),
        Route("/api/at", asked.at),
        Route("/api/do", asked.do, methods=["POST"]),
        Route("/api/look", asked.look, methods=["POST"]),
        Route("/api/compare", asked.compare, methods=["POST"]),
        Route("/api/plan{ending}", asked.plan),
        Route("/api/corrections.csv", asked.corrections),
        Route("/api/{what}.html", asked.made),
    ]
    handlers: Mapping[Any, Any] = {SpatialError: _refuse, TooLongError: _too_long}

    @asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        yield

    return Starlette(routes=routes, exception_handlers=handlers, lifespan=living)


def _files(desk: Desk) -> list[tuple[str, Callable[[], bytes], str]]:
    lang, estate = desk.lang, desk.session.table.estate
    return [
        ("/", lambda: page.page(estate.name, lang), HTML),
        ("/page.css", page.style, CSS),
        ("/page.js", page.script, SCRIPT),
    ]


def _sending(content: Callable[[], bytes], media: str) -> Handler:
    async def send(request: Request) -> Response:
        return Response(content(), media_type=media)

    return send


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, SpatialError)
    return JSONResponse({"said": said(error)}, 422)


async def _too_long(request: Request, error: Exception) -> Response:
    return refusal("too long", 413)


class Questions:
    """What the page asks.

    Parameters
    ----------
    desk
        The session, and who looks on.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._session = desk, desk.session
        self._acts: Mapping[str, Callable[[str, Mapping[str, Any]], Drawn | None]] = {
            "draw": self._draw,
            "remove": lambda name, said: self._session.remove(name, _word(said, "id")),
            "verb": lambda name, said: self._session.do(name, _word(said, "id"), _word(said, "verb")),
            "move": self._move,
            "answer": lambda name, said: self._session.answer(name, _word(said, "id"), _values(said)),
            "correct": self._correct,
            "phase": lambda name, said: self._session.phase(name, _word(said, "feature"), _word(said, "phase")),
            "drop": lambda name, said: self._session.drop(name, _word(said, "feature")),
            "undo": lambda name, said: self._session.undo(name),
            "redo": lambda name, said: self._session.redo(name),
            "copy": lambda name, said: self._session.copy(name, _word(said, "name")),
            "begin": lambda name, said: self._session.begin(_word(said, "name")),
            "rename": lambda name, said: self._session.rename(name, _word(said, "name")),
            "forget": lambda name, said: self._session.forget(name),
        }

    async def first(self, request: Request) -> Response:
        """All that is shown at first."""
        content = await self._desk.apart(lambda: self._desk.first)
        return Response(content, media_type="application/json")

    async def events(self, request: Request) -> Response:
        """What happens from now on."""
        return StreamingResponse(self._desk.listen(), media_type="text/event-stream")

    async def do(self, request: Request) -> Response:
        """Draw, change, undo: one act, kept before it is answered; the look follows by itself."""
        asked = await _asked(request)
        act, name = _word(asked, "act"), _word(asked, "variant")
        if act not in self._acts:
            raise InputError("studio.part", part="act", found=act, needed=", ".join(self._acts))
        drawn = self._acts[act](name, asked)
        self._desk.tell("state", self._desk.state())
        if drawn is None:
            return JSONResponse(self._desk.state())
        self._desk.look(drawn.variant.name)
        feature = None if drawn.stroke is None else drawn.stroke.feature
        told = {"variant": drawn.variant.name, "feature": feature, "remarks": drawn.remarks}
        return JSONResponse({**self._desk.state(), **told})

    def _draw(self, name: str, asked: Mapping[str, Any]) -> Drawn:
        return self._session.draw(name, _word(asked, "tool"), drawn_shape(asked.get("geometry")), _values(asked))

    def _move(self, name: str, asked: Mapping[str, Any]) -> Drawn:
        return self._session.move(name, _word(asked, "id"), _spot(asked.get("to")))

    def _correct(self, name: str, asked: Mapping[str, Any]) -> Drawn:
        at = None if asked.get("at") is None else _spot(asked["at"])
        return self._session.correct(_word(asked, "says"), _values(asked), at)

    async def look(self, request: Request) -> Response:
        """Look at a variant that was not on this page so far."""
        asked = await _asked(request)
        self._desk.look(self._session.variant(_word(asked, "variant")).name)
        return JSONResponse({})

    async def at(self, request: Request) -> Response:
        """What lies where somebody points, drawn things first."""
        where = _spot([_number(request, "lon"), _number(request, "lat")])
        within_m = min(FURTHEST_M, max(1.0, _number(request, "within")))
        found = self._session.pointed_at(request.query_params.get("variant", ""), where, within_m)
        near, ground = self._session.ground.at(*where, FURTHEST_M, NEIGHBOURS), self._session.ground
        things = {"things": found, "others": [thing for thing in near if thing.kind is not None]}
        return JSONResponse({name: [thing_as_data(one, ground) for one in each] for name, each in things.items()})

    async def compare(self, request: Request) -> Response:
        """All variants side by side."""
        return JSONResponse({"variants": await self._desk.compare()})

    async def plan(self, request: Request) -> Response:
        """The plan as the file that a run takes."""
        ending, variant = request.path_params["ending"], self._session.variant(request.query_params.get("variant", ""))
        if ending not in ENDINGS:
            return PlainTextResponse("no such file", 404)
        content = await self._desk.apart(lambda: plan_as_file(variant.strokes, ending))
        return _download(content, f"{variant.name}{ending}", MEDIA[ending])

    async def corrections(self, request: Request) -> Response:
        """What was put right, as the file that a run takes."""
        each = (self._session.corrected.corrections or Corrections(())).each
        return _download(write_corrections(each), "corrections.csv", CSV)

    async def made(self, request: Request) -> Response:
        """The map or the report, as a run with the plan makes it."""
        what, lang = request.path_params["what"], request.query_params.get("lang", self._desk.lang)
        if what not in exports.MAKERS or lang not in LANGUAGES:
            return PlainTextResponse("no such file", 404)
        variant, table = self._session.variant(request.query_params.get("variant", "")), self._session.table
        content = await self._desk.apart(lambda: exports.MAKERS[what](exports.review(table, variant), lang))
        return _download(content, f"{variant.name}-{what}.html", HTML)


def _download(content: bytes, name: str, media: str) -> Response:
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=media, headers={"Content-Disposition": disposition})


async def _asked(request: Request) -> Mapping[str, Any]:
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise InputError("studio.stroke", found="text") from error
    if not isinstance(found, dict):
        raise InputError("studio.stroke", found=type(found).__name__)
    return found


def _word(said: Mapping[str, Any], part: str) -> str:
    found = said.get(part)
    if not isinstance(found, str):
        raise InputError("studio.part", part=part, found=str(found)[:40], needed="text")
    return found


def _values(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was answered, by field."""
    values = said.get("values")
    return values if isinstance(values, dict) else {}


def _spot(coordinates: Any) -> tuple[float, float]:
    """Longitude and latitude of a spot that was sent."""
    ((lon, lat),) = shapely.get_coordinates(drawn_shape({"type": "Point", "coordinates": coordinates})).tolist()
    return lon, lat


def _number(request: Request, part: str) -> float:
    try:
        return float(request.query_params[part])
    except (KeyError, ValueError) as error:
        raise InputError("studio.part", part=part, found=request.query_params.get(part), needed="0.0") from error
