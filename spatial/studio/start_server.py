"""What the server answers before anything is on the table: the start page, and what it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from spatial.core.errors import InputError
from spatial.maps.web.payload import page_texts
from spatial.osm.extract import LIVE
from spatial.sources import estates
from spatial.studio import sketch, start
from spatial.studio.answering import asked_of, said_of, word
from spatial.studio.session import Session

DEMO = "demo"
TEXTS = ("start", "stage", "format", "map", "studio", "kind")


class StartQuestions:
    """What the start page asks.

    Parameters
    ----------
    setup
        What the command line said.
    ready
        Called with the sitting when the estate is on the table.
    """

    def __init__(self, setup: start.Setup, ready: Callable[[Session], None]) -> None:
        self._setup, self._ready = setup, ready
        self._opening: start.Opening | None = None

    def routes(self) -> list[Route]:
        """The questions with their addresses."""
        return [
            Route("/start.json", self.first),
            Route("/api/progress", self.progress),
            Route("/api/ground", self.ground, methods=["POST"]),
            Route("/api/boundary", self.boundary, methods=["POST"]),
            Route("/api/open", self.open, methods=["POST"]),
            Route("/api/cancel", self.cancel, methods=["POST"]),
        ]

    def close(self) -> None:
        """Give up what is on its way."""
        if self._opening is not None:
            self._opening.cancel()

    async def first(self, request: Request) -> Response:
        """All that the page shows."""
        setup, known = self._setup, list(start.before())
        return JSONResponse(
            {
                "lang": setup.lang,
                "texts": {lang: {**words, "indicator": {}} for lang, words in page_texts(TEXTS, setup.lang).items()},
                "areas": [_area(one) for one in estates.areas()],
                "before": [
                    {"key": key, "opened": when, "name": wish.name, "osm": wish.osm} for key, when, wish in known
                ],
                "extracts": start.extracts(setup, [wish for _, _, wish in known]),
                "layers": [
                    {"id": name, "title": dict(one.title), "licence": one.licence, "municipality": one.municipality}
                    for name, one in start.askable().items()
                ],
                "wish": {"area": setup.area, "osm": setup.osm},
            }
        )

    async def progress(self, request: Request) -> Response:
        """How far the estate is on its way; when it is there, the page is another."""
        now = self._opening
        if now is None or now.unwanted:
            return JSONResponse({"running": False, "stages": [], "failed": None, "ready": False})
        if now.session is not None:
            self._ready(now.session)
        failed = None if now.failed is None else said_of(now.failed)
        ready = now.session is not None
        return JSONResponse({"running": now.running, "stages": now.stages, "failed": failed, "ready": ready})

    async def ground(self, request: Request) -> Response:
        """The ground around a spot, to draw on, and the circle that is proposed."""
        asked = await asked_of(request)
        osm, lon, lat = word(asked, "osm"), *_spot(asked)
        if osm != LIVE:
            osm = str(start.check_extract(osm))
        elif asked.get("agreed") is not True:
            raise InputError("studio.not_agreed")
        found = await asyncio.to_thread(lambda: sketch.sketch(osm, lon, lat))
        return JSONResponse({**found, "circle": start.in_degrees(sketch.circle(lon, lat))})

    async def boundary(self, request: Request) -> Response:
        """The areas of a file that was dropped."""
        content, name = await request.body(), request.query_params.get("name", "")
        return JSONResponse({"areas": await asyncio.to_thread(lambda: start.areas_of_file(name, content))})

    async def open(self, request: Request) -> Response:
        """Put an estate on the table; one at a time."""
        asked = await asked_of(request)
        wish = self._again(word(asked, "again")) if "again" in asked else start.wish_of(asked)
        if self._opening is not None and self._opening.running:
            raise InputError("studio.opening")
        self._opening = start.Opening(wish, self._setup, self._opening)
        return JSONResponse({})

    async def cancel(self, request: Request) -> Response:
        """Give up what is on its way."""
        self.close()
        return JSONResponse({})

    def _again(self, key: str) -> start.Wish:
        if key == DEMO:
            return start.demo_wish(self._setup)
        found = next((wish for known, _, wish in start.before() if known == key), None)
        if found is None:
            raise InputError("studio.part", part="again", found=key[:40], needed=DEMO)
        return found


def _area(one: estates.Area) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "names": [*one.names, one.municipality],
        "municipality": one.municipality,
        "code": one.municipality_code,
        "at": [one.position.lon, one.position.lat],
        "tolerance_m": one.position.tolerance_m,
    }


def _spot(asked: Mapping[str, Any]) -> tuple[float, float]:
    lon, lat = asked.get("lon"), asked.get("lat")
    if not isinstance(lon, int | float) or not isinstance(lat, int | float) or not (abs(lon) <= 180 and abs(lat) <= 84):
        raise InputError("studio.part", part="lon, lat", found=f"{lon}, {lat}"[:40], needed="0.0, 0.0")
    return float(lon), float(lat)
