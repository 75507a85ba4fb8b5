"""What is printed for the field: how to count, the round on a map, counting sheets, and the list of checks. A4 PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from spatial.core.languages import locale, texts
from spatial.core.model import Result
from spatial.core.numbers import number as written
from spatial.maps.lettering import BOLD, Lettering
from spatial.maps.svg import Figure, Pen, drawn
from spatial.maps.typesetting import Typeset
from spatial.texts import plan_state

MAP_MM, MAP_HIGH_MM = 180.0, 232.0  # width, and height with a list of no stops
ROW_MM, TWO_COLUMNS_FROM = 4.6, 12  # of the list of stops below the map
QUIET, GROUND, BUILDING, WAY = "#5d6065", "#ffffff", "#dedad2", "#b9b3a8"
ROUTE, DOT = "#253494", 2.6
AROUND_M = 40.0


@dataclass(frozen=True)
class Stop:
    """One stop: its number, its name, and the metres to the next; ``along`` says whether ways lead there."""

    number: int
    name: str
    next_m: float
    along: bool


@dataclass(frozen=True)
class Sheets:
    """What the sheets are drawn from; ``checks`` are (stop, what, question)."""

    result: Result
    stops: Sequence[Stop]
    positions: Any
    legs: Sequence[shapely.LineString]
    total_m: float
    minutes: int
    passing_min: int
    checks: Sequence[tuple[int, str, str]]


def render_sheets(sheets: Sheets, path: Path, *, lang: str) -> None:
    """Write the sheets as one PDF; the same kit gives the same bytes."""
    say = texts(lang)["fieldkit"]
    data = {
        "lang": lang,
        "title": plan_state.called(sheets.result, say["title"].format(estate=sheets.result.estate.name), lang),
        "intro": say["intro"].format(stops=len(sheets.stops), km=_km(sheets.total_m, lang), minutes=sheets.minutes),
        "protocol": {"title": say["protocol"]["title"], "points": _points(say, sheets.passing_min)},
        "round": say["round"].format(km=_km(sheets.total_m, lang), minutes=sheets.minutes),
        "map": {"file": "map.svg", "alt": say["map"].format(estate=sheets.result.estate.name, stops=len(sheets.stops))},
        "stops": [
            {
                "number": stop.number,
                "name": stop.name,
                "next": say["next" if stop.along else "next_unmapped"].format(metres=10 * round(stop.next_m / 10)),
            }
            for stop in sheets.stops
        ],
        "sheet": {
            "title": say["sheet"],
            "head": say["sheet_head"],
            "columns": [say["number"], say["place"], *say["columns"].format(passing=sheets.passing_min).split("|")],
            "foot": say["sheet_foot"],
        },
        "checks": {
            "title": say["checks"],
            "intro": say["checks_intro"] if sheets.checks else say["checks_none"],
            "rows": [{"number": number, "what": what, "question": asked} for number, what, asked in sheets.checks],
        },
    }
    drawing = drawn(_map(sheets), "round", wide=True)
    path.write_bytes(Typeset(("spatial.fieldkit", "sheets.typ"), data, {"map.svg": drawing}).pdf())


def protocol(lang: str, *, passing_min: int) -> str:
    """How to count without identifying anybody, as plain text."""
    say = texts(lang)["fieldkit"]
    points = enumerate(_points(say, passing_min), 1)
    return "\n".join([say["protocol"]["title"], "", *(f"{i}. {point}" for i, point in points), ""])


def _points(say: Mapping[str, Any], passing_min: int) -> list[str]:
    return [point.format(passing=passing_min) for point in say["protocol"]["points"].split("\n") if point]


def _km(metres: float, lang: str) -> str:
    return written(metres / 1000, locale(lang), 1)


def _map(sheets: Sheets) -> Figure:
    """The round on a map, as high as the list of its stops leaves room."""
    rows = len(sheets.stops)
    lines = int(np.ceil(rows / 2)) if rows > TWO_COLUMNS_FROM else rows
    width, height = MAP_MM, max(MAP_HIGH_MM - ROW_MM * lines, MAP_HIGH_MM / 3)
    return Figure(width, height, lambda pen: _draw(pen, sheets, width, height))


def _draw(ink: Pen, sheets: Sheets, width: float, height: float) -> None:
    result = sheets.result
    seen = np.array([*sheets.legs, *shapely.points(sheets.positions)], dtype=object)
    west, south, east, north = shapely.total_bounds(seen)
    west, south, east, north = west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M
    scale = min(width / (east - west), height / (north - south))
    middle = np.array([(west + east) / 2, (south + north) / 2])
    centre = np.array([width / 2, height / 2])

    def laid(shapes: Any) -> Any:
        return shapely.transform(np.asarray(shapes, dtype=object), lambda xy: (xy - middle) * scale + centre)

    half = np.array([width, height]) / 2 / scale
    window = shapely.box(*(middle - half), *(middle + half))
    ink.clipped(0, 0, width, height)
    ink.rect(0, 0, width, height, fill=GROUND)
    ink.shapes(laid(_within(result.layers["buildings"], window)), fill=BUILDING)
    ink.shapes(laid(_within(result.layers["paths"], window)), line=WAY, width=0.25)
    ink.shapes(laid([result.estate.boundary.boundary]), line=QUIET, width=0.3, dash=(2, 1.5))
    ink.shapes(laid(sheets.result.meeting_spaces.geometry.to_numpy()), fill="#a1dab4", line=QUIET, width=0.12)
    ink.shapes(laid(sheets.legs), line=ROUTE, width=0.6)
    for stop, at in zip(sheets.stops, sheets.positions, strict=True):
        x, y = (at - middle) * scale + centre
        ink.disc(float(x), float(y), DOT, fill="#ffffff", line=ROUTE, weight=0.35)
        ink.text(float(x), float(y) - 1, f"{stop.number}", 7.5, style=Lettering(font=BOLD, at="middle"))
    ink.unclipped()
    ink.rect(0, 0, width, height, line=QUIET)


def _within(table: Any, window: Any) -> Any:
    shapes = table.geometry.to_numpy()
    return shapes[shapely.intersects(shapes, window)]
