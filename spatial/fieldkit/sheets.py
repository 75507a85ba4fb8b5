"""What is printed for the field: how to count, the round on a map, counting sheets, and the list of checks. A4 PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from spatial.core.languages import texts
from spatial.core.model import Result
from spatial.maps.sheet.pdf import BOLD, ITALIC, Ink, shortened, width_of, wrapped

WIDTH, HEIGHT, EDGE = 210.0, 297.0, 15.0
ROOM = WIDTH - 2 * EDGE
BODY, SMALL, TITLE = 10.0, 8.0, 16.0
LINE = 5.2
QUIET, INK, GROUND, BUILDING, WAY = "#5d6065", "#000000", "#ffffff", "#dedad2", "#b9b3a8"
ROUTE, DOT = "#253494", 2.6
ROWS_PER_SHEET = 14
AROUND_M = 40.0
# Widths of the columns of a counting sheet in millimetres; the first two are number and place.
COLUMNS = (9.0, 47.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 17.0, 17.0)


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
    title = say["title"].format(estate=sheets.result.estate.name)
    with path.open("wb") as file:
        ink = Ink(file, WIDTH, HEIGHT, title=title, author="Fællesrum", lang=lang)
        _protocol(ink, title, say, sheets)
        _round(ink, title, say, sheets)
        for first in range(0, len(sheets.stops), ROWS_PER_SHEET):
            _counting(ink, say, sheets, sheets.stops[first : first + ROWS_PER_SHEET])
        _checks(ink, say, sheets.checks)
        ink.save()


def protocol(lang: str, *, passing_min: int) -> str:
    """How to count without identifying anybody, as plain text."""
    say = texts(lang)["fieldkit"]
    points = [point.format(passing=passing_min) for point in say["protocol"]["points"].split("\n") if point]
    return "\n".join([say["protocol"]["title"], "", *(f"{i}. {point}" for i, point in enumerate(points, 1)), ""])


def _protocol(ink: Ink, title: str, say: Mapping[str, Any], sheets: Sheets) -> None:
    y = _head(ink, title)
    for line in wrapped(
        say["intro"].format(stops=len(sheets.stops), km=_km(sheets.total_m, say), minutes=sheets.minutes), ROOM, BODY
    ):
        ink.text(EDGE, y, line, BODY)
        y -= LINE
    y -= LINE
    ink.text(EDGE, y, say["protocol"]["title"], 12, font=BOLD)
    y -= LINE * 1.4
    for i, point in enumerate(filter(None, say["protocol"]["points"].split("\n")), 1):
        ink.text(EDGE, y, f"{i}.", BODY, font=BOLD)
        for line in wrapped(point.format(passing=sheets.passing_min), ROOM - 8, BODY):
            ink.text(EDGE + 8, y, line, BODY)
            y -= LINE
        y -= LINE * 0.4
    ink.next_page()


def _head(ink: Ink, title: str) -> float:
    """Title of a page; returns the height at which the text begins."""
    ink.text(EDGE, HEIGHT - EDGE - 5, shortened(title, ROOM, TITLE, BOLD), TITLE, font=BOLD)
    return HEIGHT - EDGE - 16


def _km(metres: float, say: Mapping[str, Any]) -> str:
    return f"{metres / 1000:.1f}".replace(".", say["decimal"])


def _round(ink: Ink, title: str, say: Mapping[str, Any], sheets: Sheets) -> None:
    """The round on a map, and its stops in order."""
    top = _head(ink, say["round"].format(km=_km(sheets.total_m, say), minutes=sheets.minutes))
    rows = len(sheets.stops)
    two = rows > 12
    list_height = 4.6 * (int(np.ceil(rows / 2)) if two else rows) + 8
    _map(ink, sheets, EDGE, EDGE + list_height, ROOM, top - EDGE - list_height)
    half = int(np.ceil(rows / 2)) if two else rows
    for i, stop in enumerate(sheets.stops):
        column, row = divmod(i, half)
        x, y = EDGE + column * ROOM / 2, EDGE + list_height - 8 - row * 4.6
        walk = say["next" if stop.along else "next_unmapped"].format(metres=10 * round(stop.next_m / 10))
        ink.text(x, y, f"{stop.number}", SMALL, font=BOLD)
        room = (ROOM / 2 if two else ROOM) - 10 - width_of(walk, SMALL)
        name = shortened(stop.name, room, SMALL)
        ink.text(x + 6, y, name, SMALL)
        ink.text(x + 8 + width_of(name, SMALL), y, walk, SMALL, colour=QUIET, font=ITALIC)
    ink.next_page()


def _map(ink: Ink, sheets: Sheets, left: float, bottom: float, width: float, height: float) -> None:
    result = sheets.result
    seen = np.array([*sheets.legs, *shapely.points(sheets.positions)], dtype=object)
    west, south, east, north = shapely.total_bounds(seen)
    west, south, east, north = west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M
    scale = min(width / (east - west), height / (north - south))
    middle = np.array([(west + east) / 2, (south + north) / 2])
    centre = np.array([left + width / 2, bottom + height / 2])

    def laid(shapes: Any) -> Any:
        return shapely.transform(np.asarray(shapes, dtype=object), lambda xy: (xy - middle) * scale + centre)

    half = np.array([width, height]) / 2 / scale
    window = shapely.box(*(middle - half), *(middle + half))
    ink.clipped(left, bottom, width, height)
    ink.rect(left, bottom, width, height, fill=GROUND, line=None)
    ink.shapes(laid(_within(result.layers["buildings"], window)), fill=BUILDING)
    ink.shapes(laid(_within(result.layers["paths"], window)), line=WAY, width=0.25)
    ink.shapes(laid([result.estate.boundary.boundary]), line=QUIET, width=0.3, dash=(2, 1.5))
    ink.shapes(laid(sheets.result.meeting_spaces.geometry.to_numpy()), fill="#a1dab4", line=QUIET, width=0.12)
    ink.shapes(laid(sheets.legs), line=ROUTE, width=0.6)
    for stop, at in zip(sheets.stops, sheets.positions, strict=True):
        x, y = (at - middle) * scale + centre
        ink.disc(float(x), float(y), DOT, fill="#ffffff", line=ROUTE, weight=0.35)
        ink.text(float(x), float(y) - 1, f"{stop.number}", 7.5, font=BOLD, at="middle")
    ink.unclipped()
    ink.rect(left, bottom, width, height, line=QUIET)


def _within(table: Any, window: Any) -> Any:
    shapes = table.geometry.to_numpy()
    return shapes[shapely.intersects(shapes, window)]


def _counting(ink: Ink, say: Mapping[str, Any], sheets: Sheets, stops: Sequence[Stop]) -> None:
    """One sheet to count on: a row a stop, fields for numbers only."""
    y = _head(ink, say["sheet"])
    ink.text(EDGE, y, say["sheet_head"], BODY)
    y -= 8
    heads = ["", say["place"], *(head.format(passing=sheets.passing_min) for head in say["columns"].split("|"))]
    x = EDGE
    for head, wide in zip(heads, COLUMNS, strict=True):
        for i, line in enumerate(wrapped(head, wide - 1, 7.5, BOLD)):
            ink.text(x + 0.5, y - i * 3.2, line, 7.5, font=BOLD)
        x += wide
    y -= 9
    height = (y - EDGE - 8) / ROWS_PER_SHEET
    for stop in stops:
        x = EDGE
        for i, wide in enumerate(COLUMNS):
            ink.rect(x, y - height, wide, height, line=QUIET, weight=0.15)
            if i == 0:
                ink.text(x + wide / 2, y - height / 2 - 1.5, f"{stop.number}", 11, font=BOLD, at="middle")
            if i == 1:
                for n, line in enumerate(wrapped(stop.name, wide - 2, SMALL)[:4]):
                    ink.text(x + 1, y - 4 - n * 3.4, line, SMALL)
            x += wide
        y -= height
    ink.text(EDGE, EDGE, say["sheet_foot"], SMALL, colour=QUIET)
    ink.next_page()


def _checks(ink: Ink, say: Mapping[str, Any], checks: Sequence[tuple[int, str, str]]) -> None:
    """The facts to check, by stop, with a line for the answer and the date."""
    y = _head(ink, say["checks"])
    intro = say["checks_intro"] if checks else say["checks_none"]
    for line in wrapped(intro, ROOM, BODY):
        ink.text(EDGE, y, line, BODY)
        y -= LINE
    y -= 2
    for number, what, question in checks:
        lines = wrapped(question, ROOM - 60, 9)
        need = max(len(lines), 2) * 4.4 + 4
        if y - need < EDGE:
            ink.next_page()
            y = _head(ink, say["checks"])
        ink.rect(EDGE, y - 3, 3.5, 3.5, line=INK)
        ink.text(EDGE + 6, y - 2.5, f"{number}", 9, font=BOLD)
        ink.text(EDGE + 13, y - 2.5, shortened(what, 60, SMALL), SMALL, colour=QUIET)
        for i, line in enumerate(lines):
            ink.text(EDGE + 13, y - 7 - i * 4.4, line, 9)
        ink.rule(EDGE + ROOM - 45, y - 7, EDGE + ROOM, y - 7, line=QUIET)
        y -= need + 3
    ink.next_page()
