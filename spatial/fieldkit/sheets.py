"""What is printed for the field: how to count, the round on a map, counting sheets, and the list of checks. A4 PDF."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import Floats
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
ROUTE, PLACE, DOT = "#253494", "#a1dab4", 2.6
AROUND_M = 40.0
OUTLINE_MM, BESIDE_M = 56.0, 15.0  # the map of one place, and what is shown beside it


@dataclass(frozen=True)
class Stop:
    """One stop: its number, its name, and the metres to the next; ``along`` says whether ways lead there."""

    number: int
    name: str
    next_m: float
    along: bool


@dataclass(frozen=True)
class Sheets:
    """What the sheets are drawn from: stops with what is counted there, and ``checks`` as (stop, what, question)."""

    result: Result
    stops: Sequence[Stop]
    outlines: Sequence[BaseGeometry]
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
        "outlines": {"title": say["outlines"], "intro": say["outlines_intro"], "places": _places(sheets, lang)},
        "checks": {
            "title": say["checks"],
            "intro": say["checks_intro"] if sheets.checks else say["checks_none"],
            "rows": [{"number": number, "what": what, "question": asked} for number, what, asked in sheets.checks],
        },
    }
    drawings = {"map.svg": drawn(_map(sheets), "round", wide=True)} | {
        _file(stop): drawn(_outline(sheets, shape), f"place{stop.number}", wide=True)
        for stop, shape in zip(sheets.stops, sheets.outlines, strict=True)
    }
    path.write_bytes(Typeset(("spatial.fieldkit", "sheets.typ"), data, drawings).pdf())


def _file(stop: Stop) -> str:
    return f"place-{stop.number}.svg"


def _places(sheets: Sheets, lang: str) -> list[dict[str, Any]]:
    """The map of each place: its number, its name, and how many metres it shows."""
    say = texts(lang)["fieldkit"]
    return [
        {
            "number": stop.number,
            "name": stop.name,
            "across": say["across"].format(metres=round(_across(shape))),
            "map": {"file": _file(stop), "alt": say["outline"].format(number=stop.number, place=stop.name)},
        }
        for stop, shape in zip(sheets.stops, sheets.outlines, strict=True)
    ]


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
    seen = np.array([*sheets.legs, *shapely.points(sheets.positions)], dtype=object)
    west, south, east, north = shapely.total_bounds(seen)
    scale = min(width / (east - west + 2 * AROUND_M), height / (north - south + 2 * AROUND_M))
    laid = _ground(ink, sheets.result, np.array([(west + east) / 2, (south + north) / 2]), scale, (width, height))
    ink.shapes(laid([sheets.result.estate.boundary.boundary]), line=QUIET, width=0.3, dash=(2, 1.5))
    ink.shapes(laid(sheets.result.meeting_spaces.geometry.to_numpy()), fill=PLACE, line=QUIET, width=0.12)
    ink.shapes(laid(sheets.legs), line=ROUTE, width=0.6)
    for stop, (x, y) in zip(sheets.stops, shapely.get_coordinates(laid(shapely.points(sheets.positions))), strict=True):
        ink.disc(float(x), float(y), DOT, fill="#ffffff", line=ROUTE, weight=0.35)
        ink.text(float(x), float(y) - 1, f"{stop.number}", 7.5, style=Lettering(font=BOLD, at="middle"))
    _frame(ink, width, height)


def _across(shape: BaseGeometry) -> float:
    """How many metres the map of a place shows, from side to side."""
    west, south, east, north = shape.bounds
    return max(float(east - west), float(north - south)) + 2 * BESIDE_M


def _outline(sheets: Sheets, shape: BaseGeometry) -> Figure:
    """One place, with what stands around it, so that whoever counts sees where it ends."""
    west, south, east, north = shape.bounds
    middle, scale = np.array([(west + east) / 2, (south + north) / 2]), OUTLINE_MM / _across(shape)

    def draw(ink: Pen) -> None:
        laid = _ground(ink, sheets.result, middle, scale, (OUTLINE_MM, OUTLINE_MM))
        ink.shapes(laid([shape]), fill=PLACE)
        ink.shapes(laid(_within(sheets.result.layers["paths"], shape)), line=WAY, width=0.4)
        ink.shapes(laid([shape]), line=ROUTE, width=0.6)
        _frame(ink, OUTLINE_MM, OUTLINE_MM)

    return Figure(OUTLINE_MM, OUTLINE_MM, draw)


def _ground(ink: Pen, result: Result, middle: Floats, scale: float, size: tuple[float, float]) -> Callable[[Any], Any]:
    """Draw buildings and ways around a point, and hand out how shapes are laid on the paper; see ``_frame``."""
    half = np.array(size) / 2

    def laid(shapes: Any) -> Any:
        return shapely.transform(np.asarray(shapes, dtype=object), lambda xy: (xy - middle) * scale + half)

    window = shapely.box(*(middle - half / scale), *(middle + half / scale))
    ink.clipped(0, 0, *size)
    ink.rect(0, 0, *size, fill=GROUND)
    ink.shapes(laid(_within(result.layers["buildings"], window)), fill=BUILDING)
    ink.shapes(laid(_within(result.layers["paths"], window)), line=WAY, width=0.25)
    return laid


def _frame(ink: Pen, width: float, height: float) -> None:
    ink.unclipped()
    ink.rect(0, 0, width, height, line=QUIET)


def _within(table: Any, window: Any) -> Any:
    shapes = table.geometry.to_numpy()
    return shapes[shapely.intersects(shapes, window)]
