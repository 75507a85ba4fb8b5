"""What the page of the drawing table asks, and what it is answered."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from spatial.core.errors import InputError
from spatial.core.files import write_csv
from spatial.core.languages import KNOWN_LANGUAGES
from spatial.plans.correction_files import Corrections, write_corrections
from spatial.studio import exports
from spatial.studio.answering import asked_of, download, number, spot_of, values_of, word
from spatial.studio.comments import comments_as_geojson
from spatial.studio.desk import MOST_ABOUT, Desk
from spatial.studio.guard import ROLE
from spatial.studio.kept import LOG_COLUMNS
from spatial.studio.plan_files import ENDINGS, plan_as_file
from spatial.studio.roles import LOG, ROLES, Team
from spatial.studio.session import Drawn
from spatial.studio.sight import thing_as_data
from spatial.studio.strokes import drawn_shape

# Who points means what is no further away than this.
FURTHEST_M = 60.0
# So many things around it are told, for one that may be the same as it.
NEIGHBOURS = 40
# What the log tells of an act.
ABOUT, EXPORT = ("tool", "id", "verb", "says", "feature", "name", "phase"), "export"
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
    team
        Those who are let in.
    """

    def __init__(self, desk: Desk, team: Team) -> None:
        self._desk, self._session, self._team = desk, desk.session, team
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
            Route("/api/role", self.role),
            Route("/api/invite", self.invite, methods=["POST"]),
            Route("/api/comment", self.comment, methods=["POST"]),
            Route("/api/settle", self.settle, methods=["POST"]),
            Route("/api/comments.geojson", self.comments),
            Route(LOG, self.log),
            Route("/api/out/{name}", self.made),
        ]

    async def first(self, request: Request) -> Response:
        """All that is shown at first."""
        content = await self._desk.apart(lambda: self._desk.first)
        return Response(content, media_type="application/json")

    async def events(self, request: Request) -> Response:
        """What happens from now on."""
        # A proxy is not to wait until there is more of it.
        unheld = {"X-Accel-Buffering": "no"}
        return StreamingResponse(self._desk.listen(), media_type="text/event-stream", headers=unheld)

    async def do(self, request: Request) -> Response:
        """Draw, change, undo: one act, kept before it is answered; the look follows by itself."""
        asked = await asked_of(request)
        act, name = word(asked, "act"), word(asked, "variant")
        if act not in self._acts:
            raise InputError("studio.part", part="act", found=act, needed=", ".join(self._acts))
        told = dict.fromkeys(str(asked[part]) for part in ABOUT if isinstance(asked.get(part), str))
        try:
            drawn = self._acts[act](name, asked)
        except InputError:
            self._desk.refused(request.scope[ROLE], " ".join([act, *told]), name[:MOST_ABOUT])
            raise
        stroke = None if drawn is None else drawn.stroke
        self._note(request, act, name, " ".join([*told, *([] if stroke is None else [stroke.feature])]))
        self._desk.tell("state", self._desk.state())
        if drawn is None:
            return JSONResponse(self._desk.state())
        self._desk.look(drawn.variant.name)
        feature = None if stroke is None else stroke.feature
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
        comments = self._session.comments
        content = await self._desk.apart(lambda: plan_as_file(variant.strokes, ending, comments))
        self._note(request, EXPORT, variant.name, f"plan{ending}")
        return download(content, f"{variant.name}{ending}", MEDIA[ending])

    async def corrections(self, request: Request) -> Response:
        """What was put right, as the file that a run takes."""
        each = (self._session.corrected.corrections or Corrections(())).each
        content = write_corrections(each)
        self._note(request, EXPORT, "", "corrections.csv")
        return download(content, "corrections.csv", CSV)

    async def role(self, request: Request) -> Response:
        """What who asks may do, and whether others are let in."""
        return JSONResponse({"role": request.scope[ROLE], "shared": self._team.shared})

    async def invite(self, request: Request) -> Response:
        """An address that lets one more in."""
        role = word(await asked_of(request), "role")
        if role not in ROLES:
            raise InputError("studio.part", part="role", found=role[:40], needed=", ".join(ROLES))
        self._note(request, "invite", "", role)
        return JSONResponse({"address": self._team.invite(role)})

    async def comment(self, request: Request) -> Response:
        """Pin a comment to a spot."""
        asked = await asked_of(request)
        made = self._session.comment(
            request.scope[ROLE], word(asked, "by"), word(asked, "text"), spot_of(asked.get("at"))
        )
        return self._commented(request, "comment", made.number)

    async def settle(self, request: Request) -> Response:
        """Mark a comment as settled, or as open again."""
        asked = await asked_of(request)
        number, settled = asked.get("number"), asked.get("settled") is True
        if not isinstance(number, int):
            raise InputError("studio.part", part="number", found=str(number)[:40], needed="1")
        self._session.settle(number, settled)
        return self._commented(request, "settle" if settled else "reopen", number)

    def _commented(self, request: Request, act: str, number: int) -> Response:
        self._note(request, act, "", f"#{number}")
        self._desk.tell("state", self._desk.state())
        return JSONResponse(self._desk.state())

    async def comments(self, request: Request) -> Response:
        """All comments, as a map layer beside the plan."""
        content = comments_as_geojson(self._session.comments)
        self._note(request, EXPORT, "", "comments.geojson")
        return download(content, "comments.geojson", MEDIA[".geojson"])

    async def log(self, request: Request) -> Response:
        """Who did what when, as a table."""
        content = io.BytesIO()
        write_csv(pd.DataFrame(self._session.kept.log(), columns=list(LOG_COLUMNS)), content, index=False)
        return download(content.getvalue(), "log.csv", CSV)

    def _note(self, request: Request, act: str, variant: str, about: str) -> None:
        self._session.kept.note(request.scope[ROLE], act, variant, about[:MOST_ABOUT])

    async def made(self, request: Request) -> Response:
        """Map, report, tables …, as a run with the plan makes them."""
        name, lang = request.path_params["name"], request.query_params.get("lang", self._desk.lang)
        if name not in exports.MAKERS or lang not in KNOWN_LANGUAGES:
            return PlainTextResponse("no such file", 404)
        variant = self._session.variant(request.query_params.get("variant", ""))
        content = await self._desk.apart(lambda: exports.MAKERS[name](self._desk.found(variant), lang))
        self._note(request, EXPORT, variant.name, name)
        return download(content, f"{variant.name}-{name}", MEDIA[f".{name.partition('.')[2]}"])
