"""What the page of the drawing table asks, and what it is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from spatial.core.errors import InputError
from spatial.core.languages import KNOWN_LANGUAGES
from spatial.plans.correction_files import Corrections, write_corrections
from spatial.studio import exports
from spatial.studio.answering import asked_of, download, number, spot_of, values_of, word
from spatial.studio.desk import Desk
from spatial.studio.plan_files import ENDINGS, plan_as_file
from spatial.studio.session import Drawn
from spatial.studio.sight import thing_as_data
from spatial.studio.strokes import drawn_shape

# Who points means what is no further away than this.
FURTHEST_M = 60.0
# So many things around it are told, for one that may be the same as it.
NEIGHBOURS = 40
CSV, HTML = "text/csv; charset=utf-8", "text/html; charset=utf-8"
MEDIA = {
    ".geojson": "application/geo+json",
    ".gpkg": "application/geopackage+sqlite3",
    ".html": HTML,
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}


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
            "remove": lambda name, said: self._session.remove(name, word(said, "id")),
            "verb": lambda name, said: self._session.do(name, word(said, "id"), word(said, "verb")),
            "move": self._move,
            "answer": lambda name, said: self._session.answer(name, word(said, "id"), values_of(said)),
            "correct": self._correct,
            "phase": lambda name, said: self._session.phase(name, word(said, "feature"), word(said, "phase")),
            "drop": lambda name, said: self._session.drop(name, word(said, "feature")),
            "undo": lambda name, said: self._session.undo(name),
            "redo": lambda name, said: self._session.redo(name),
            "copy": lambda name, said: self._session.copy(name, word(said, "name")),
            "begin": lambda name, said: self._session.begin(word(said, "name")),
            "rename": lambda name, said: self._session.rename(name, word(said, "name")),
            "forget": lambda name, said: self._session.forget(name),
        }

    def routes(self) -> list[Route]:
        """The questions with their addresses."""
        return [
            Route("/data.json", self.first),
            Route("/api/events", self.events),
            Route("/api/at", self.at),
            Route("/api/do", self.do, methods=["POST"]),
            Route("/api/look", self.look, methods=["POST"]),
            Route("/api/compare", self.compare, methods=["POST"]),
            Route("/api/plan{ending}", self.plan),
            Route("/api/corrections.csv", self.corrections),
            Route("/api/out/{name}", self.made),
        ]

    async def first(self, request: Request) -> Response:
        """All that is shown at first."""
        content = await self._desk.apart(lambda: self._desk.first)
        return Response(content, media_type="application/json")

    async def events(self, request: Request) -> Response:
        """What happens from now on."""
        return StreamingResponse(self._desk.listen(), media_type="text/event-stream")

    async def do(self, request: Request) -> Response:
        """Draw, change, undo: one act, kept before it is answered; the look follows by itself."""
        asked = await asked_of(request)
        act, name = word(asked, "act"), word(asked, "variant")
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
        return self._session.draw(name, word(asked, "tool"), drawn_shape(asked.get("geometry")), values_of(asked))

    def _move(self, name: str, asked: Mapping[str, Any]) -> Drawn:
        return self._session.move(name, word(asked, "id"), spot_of(asked.get("to")))

    def _correct(self, name: str, asked: Mapping[str, Any]) -> Drawn:
        at = None if asked.get("at") is None else spot_of(asked["at"])
        return self._session.correct(word(asked, "says"), values_of(asked), at)

    async def look(self, request: Request) -> Response:
        """Look at a variant that was not on this page so far."""
        asked = await asked_of(request)
        self._desk.look(self._session.variant(word(asked, "variant")).name)
        return JSONResponse({})

    async def at(self, request: Request) -> Response:
        """What lies where somebody points, drawn things first."""
        where = spot_of([number(request, "lon"), number(request, "lat")])
        within_m = min(FURTHEST_M, max(1.0, number(request, "within")))
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
        return download(content, f"{variant.name}{ending}", MEDIA[ending])

    async def corrections(self, request: Request) -> Response:
        """What was put right, as the file that a run takes."""
        each = (self._session.corrected.corrections or Corrections(())).each
        return download(write_corrections(each), "corrections.csv", CSV)

    async def made(self, request: Request) -> Response:
        """Map, report, tables …, as a run with the plan makes them."""
        name, lang = request.path_params["name"], request.query_params.get("lang", self._desk.lang)
        if name not in exports.MAKERS or lang not in KNOWN_LANGUAGES:
            return PlainTextResponse("no such file", 404)
        variant = self._session.variant(request.query_params.get("variant", ""))
        content = await self._desk.apart(lambda: exports.MAKERS[name](self._desk.found(variant), lang))
        return download(content, f"{variant.name}-{name}", MEDIA[f".{name.partition('.')[2]}"])
