"""What stands beside the map on the site map: legend, table of the meeting spaces, title block."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.core.languages import plural
from spatial.maps.fills import Fill
from spatial.maps.lettering import BOLD, REGULAR, Lettering, shortened, wrapped
from spatial.maps.sheet import map as sheet_map
from spatial.maps.sheet.layout import Box, Sheet, table_columns
from spatial.maps.sheet.paper import WEIGHTS, Grid, Paper, Style
from spatial.maps.style import NO_SCORE, RAMP
from spatial.places.meeting_spaces import SEAT

if TYPE_CHECKING:
    import pandas as pd

BLACK, GREY, LIGHT = "#000000", "#5c5c5c", "#cfcbc4"
TEXT_PT, SMALL_PT, HEAD_PT, LABEL_PT = 7.0, 6.0, 8.0, 5.2
LINE = 0.47  # millimetres of line height to a point of letter size
SENTENCE_LINES = 4  # of the title block
PAD_MM = 3.5
# Of the title block: what stands in a row, how it is lettered, and its share of the width.
CELLS = (
    (("scale", BOLD, 2), ("paper", REGULAR, 1)),
    (("date", REGULAR, 1), ("data_date", REGULAR, 1)),
    (("grid", REGULAR, 1),),
)
NAME_MM, NUMBERS_MM = 10.0, 27.0  # what number and swatch, and the three numbers of a row take on A3
LEAST_MM = 24.0  # height on A3 from which a table is worth beginning
KEY_MM = 9.0  # width of the samples in the legend
ROW_PT = 1.34  # height of a row of the table, in lines of text
CLOSER = (1.0, 0.95, 0.9, 0.85)  # shares of that height


@dataclass(frozen=True)
class Row:
    """One meeting space in the table; ``number`` is the one in its circle on the map."""

    number: int
    name: str
    colour: str
    score: float
    low: float
    high: float
    coverage: float


def legend(
    ink: Paper, sheet: Sheet, box: Box, say: Mapping[str, Any], there: Mapping[str, bool],
    fill: Fill, shown: pd.DataFrame,
) -> float:  # fmt: skip
    """Draw the legend from the top of ``box``; return where it ends.

    Only what is drawn is explained: ``there`` by key, and of the fill the classes that are ``shown``.
    """
    factor = sheet.factor
    left, width = box.left + PAD_MM, box.width - 2 * PAD_MM
    y = box.top - PAD_MM - HEAD_PT * factor * 0.3
    ink.lines(left, y, [say["map"]["legend"]["title"]], HEAD_PT * factor, font=BOLD, level=2)
    y = _ramp(ink, left, y - 6.2 * factor, width, factor, fill.steps(shown))
    said = say["map"]["legend"]["relative_text" if fill.relative else "text"]
    lines, size = wrapped(said, width, SMALL_PT * factor), SMALL_PT * factor
    ink.lines(left, y - size * LINE, lines, size, step=size * LINE, colour=GREY)
    y -= len(lines) * size * LINE + 1.2 * factor
    for key, label in _keys(say):
        if there.get(key, False):
            y = _key(ink, sheet, Box(left, y, width, 0.0), key, label, fill)
    return y - 1.5 * factor


def _keys(say: Mapping[str, Any]) -> list[tuple[str, str]]:
    own, shared = say["sitemap"]["legend"], say["map"]["legend"]
    return [
        ("withheld", shared["withheld"]),
        ("no_score", own["no_score"]),
        ("number", own["number"]),
        *((status, shared[f"status_{status}"]) for status in sheet_map.UNSCORED),
        ("boundary", shared["boundary"]),
        ("own_building", own["own_building"]),
        ("building", own["building"]),
        ("path", own["path"]),
        ("steps", shared["steps"]),
        ("barrier", shared["barrier"]),
        ("green", own["green"]),
        ("water", own["water"]),
        ("context", f"{shared['context']}: {shared['context_text']}"),
    ]


def _ramp(ink: Paper, left: float, y: float, width: float, factor: float, steps: Sequence[tuple[str, str]]) -> float:
    """Draw the classes of colour that the map has."""
    part, high = width / len(RAMP), 3.6 * factor
    for i, (colour, points) in enumerate(steps):
        ink.rect(left + i * part, y, part, high, fill=colour, line=BLACK, weight=0.15)
        middle = left + (i + 0.5) * part
        ink.text(middle, y - 2.6 * factor, points, SMALL_PT * factor, style=Lettering(at="middle"))
    return y - 3.0 * factor


def _key(ink: Paper, sheet: Sheet, at: Box, key: str, label: str, fill: Fill) -> float:
    """Explain one thing, from the left and the lower edge of a box on, within its width; return where that ends."""
    left, y, width = at.left, at.bottom, at.width
    factor = sheet.factor
    size, indent = TEXT_PT * factor, KEY_MM * factor
    lines = wrapped(label, width - indent, size)
    y -= 1.25 * factor
    middle = y - size * 0.18
    _sample(ink, sheet, Box(left, middle - 1.4 * factor, (KEY_MM - 2.5) * factor, 2.8 * factor), key, fill)
    ink.lines(left + indent, middle - size * 0.125, lines, size, step=size * LINE)
    return y - len(lines) * size * LINE


def _sample(ink: Paper, sheet: Sheet, box: Box, key: str, fill: Fill) -> None:
    """Draw what a line of the legend explains, by the same strokes as on the map."""
    level, factor = box.bottom + box.height / 2, sheet.factor
    line = np.array([shapely.LineString([(box.left, level), (box.right, level)])], dtype=object)
    if key == "withheld":
        part = box.width / 2
        for k, colour in enumerate((fill.colours[2], fill.colours[4])):
            area = shapely.box(box.left + k * part, box.bottom, box.left + (k + 1) * part, box.top)
            sheet_map.space(ink, area, colour, ranked=False, factor=factor)
    elif key == SEAT:
        middle = shapely.Point(box.left + box.width / 2, level)
        sheet_map.unscored(ink, shapely.buffer([middle], sheet_map.SEAT_MM * factor), key)
    elif key in sheet_map.UNSCORED:
        sheet_map.unscored(ink, np.array([shapely.box(box.left, box.bottom, box.right, box.top)], dtype=object), key)
    elif key == "number":
        sheet_map.circle(ink, box.left + box.width / 2, level, 1, factor=factor * 0.8)
    elif key == "boundary":
        ink.shapes(line, line=BLACK, width=0.5, dash=sheet_map.BOUNDARY_DASH)
    elif key == "path":
        sheet_map.path(ink, line, sheet)
    elif key == "steps":
        ink.shapes(line, line=sheet_map.STEPS, width=0.9, dash=(0.2, 0.35))
    elif key == "barrier":
        ink.shapes(line, line=sheet_map.BARRIER, width=0.22)
    elif key == "context":
        ink.disc(box.left + box.width / 2, level, sheet_map.CONTEXT_MM * factor, fill=sheet_map.CONTEXT)
    else:
        colour, edge = {
            "no_score": (NO_SCORE, BLACK),
            "own_building": (sheet_map.OWN_BUILDING, sheet_map.OWN_BUILDING_LINE),
            "building": (sheet_map.BUILDING, sheet_map.BUILDING_LINE),
            "green": (sheet_map.GREEN, sheet_map.GREEN),
            "water": (sheet_map.WATER, sheet_map.WATER_LINE),
        }[key]
        ink.rect(*box, fill=colour, line=edge, weight=0.12)


def table(ink: Paper, sheet: Sheet, box: Box, say: Mapping[str, Any], rows: Sequence[Row]) -> Sequence[Row]:
    """Fill ``box`` with rows, in columns where it is wide; return the rows that found no room."""
    factor, own = sheet.factor, say["sitemap"]
    if not rows or box.height < LEAST_MM * factor:
        return rows
    size = SMALL_PT * factor
    columns = table_columns(box.width, factor)
    width = (box.width - PAD_MM * (columns + 1)) / columns
    y = box.top - PAD_MM - HEAD_PT * factor * 0.3
    ink.lines(box.left + PAD_MM, y, [own["table"]], HEAD_PT * factor, font=BOLD, level=2)
    notes = wrapped(own["table_text"], box.width - 2 * PAD_MM, size)
    foot = box.bottom + 1.5 + (len(notes) + 1) * size * LINE
    lines = [_name_lines(row.name, width, factor) for row in rows]
    heights = [_height(len(names), factor) for names in lines]
    top = y - 1.2 * factor - _height(1, factor)
    heights = list(_closer(heights, columns, top - foot))
    starts = _flow(heights, columns, top - foot)
    for k, (start, end) in enumerate(itertools.pairwise(starts)):
        part = list(zip(rows[start:end], lines[start:end], heights[start:end], strict=True))
        if part:
            _rows(ink, box.left + PAD_MM + k * (width + PAD_MM), top, width, part, own, factor)
    rest = rows[starts[-1] :]
    if rest:
        more = plural(own["goes_on"], len(rest), say).format(n=len(rest))
        ink.text(box.right - PAD_MM, foot - size * LINE + 0.8, more, size, style=Lettering(at="right"))
    ink.lines(box.left + PAD_MM, foot - 2 * size * LINE + 0.8, notes, size, step=size * LINE, colour=GREY)
    return rest


def _closer(heights: list[float], columns: int, room: float) -> list[float]:
    """Heights of rows a little closer to each other, where then all find room that else would not."""
    tries = ([height * share for height in heights] for share in CLOSER)
    return next((tried for tried in tries if _flow(tried, columns, room)[-1] == len(heights)), heights)


def _flow(heights: Sequence[float], columns: int, room: float) -> list[int]:
    """Where each column begins, and the first row that found no room; columns about equally long."""
    even = max(sum(heights) / columns, max(heights)) if heights else 0.0
    starts = [0]
    for column in range(columns):
        at, used, last = starts[-1], 0.0, column == columns - 1
        while at < len(heights) and used + heights[at] <= room and (last or used < even):
            used += heights[at]
            at += 1
        starts.append(at)
    return starts


def _height(lines: int, factor: float) -> float:
    return TEXT_PT * factor * LINE * (ROW_PT + (lines - 1) * 0.92)


def _name_lines(name: str, width: float, factor: float) -> list[str]:
    """Break a name into two lines at most."""
    room, size = width - (NAME_MM + NUMBERS_MM) * factor, TEXT_PT * factor
    lines = wrapped(name, room, size)
    return lines if len(lines) < 2 else [lines[0], shortened(" ".join(lines[1:]), room, size)]


def _rows(
    ink: Paper, left: float, top: float, width: float, rows: Sequence[tuple[Row, Sequence[str], float]],
    own: Mapping[str, Any], factor: float,
) -> None:  # fmt: skip
    """Write rows below their head, whose lower edge is ``top``; beside each number its colour on the map."""
    level = top
    for row, _, height in rows:
        middle = level - _height(1, factor) / 2
        swatch = shapely.box(left + 6 * factor, middle - 1.3 * factor, left + 8.6 * factor, middle + 1.3 * factor)
        sheet_map.space(ink, swatch, row.colour, ranked=True, factor=factor * 0.7)
        level -= height
    head = _height(1, factor) * 0.8
    columns = [("right", 4.6 * factor), ("left", 0.0), ("right", 6.0 * factor), ("right", 12.0 * factor),
               ("right", 9.0 * factor)]  # fmt: skip
    columns[1] = ("left", width - sum(room for _, room in columns))
    bold, plain = _style(TEXT_PT, BOLD, BLACK, factor), _style(TEXT_PT, REGULAR, BLACK, factor)
    small = _style(SMALL_PT, REGULAR, GREY, factor)
    ink.table(left, top + head, Grid(
        columns=columns, indent=(NAME_MM - 4.6) * factor,
        heights=[head, *(height for *_, height in rows)],
        bases=(1.1 * factor, _height(1, factor) / 2 + TEXT_PT * factor * 0.125),
        head=[own["head"][key] for key in ("number", "name", "score", "spread", "known")],
        head_style=_style(LABEL_PT, REGULAR, GREY, factor),
        rows=[_cells_of(row, lines, own) for row, lines, _ in rows],
        styles=[bold, plain, bold, small, small],
    ))  # fmt: skip


def _cells_of(row: Row, lines: Sequence[str], own: Mapping[str, Any]) -> list[Sequence[str]]:
    spread = "" if np.isnan(row.score) else f"{_of_100(row.low)}–{_of_100(row.high)}"
    known = own["percent"].format(_of_100(row.coverage))
    return [[str(row.number)], lines, [_of_100(row.score)], [spread], [known]]


def _style(size: float, font: str, colour: str, factor: float) -> Style:
    return Style(size * factor, WEIGHTS[font], colour, TEXT_PT * factor * LINE * 0.92)


def _of_100(share: float) -> str:
    return "–" if np.isnan(share) else str(round(share * 100))


def title_block(ink: Paper, sheet: Sheet, box: Box, say: Mapping[str, Any], facts: Mapping[str, str]) -> None:
    """Fill the title block: subject, estate, then ruled cells for scale, dates and grid, then sources."""
    factor, own = sheet.factor, say["sitemap"]
    ink.rect(*box, line=BLACK, weight=0.35)
    left, width = box.left + PAD_MM, box.width - 2 * PAD_MM
    y = box.top - PAD_MM - 2 * factor
    ink.text(left, y, own["subject"], SMALL_PT * factor, style=Lettering(colour=GREY))
    size, step = 14 * factor, 14 * factor * LINE * 0.95
    title = wrapped(facts["estate"], width, size, BOLD)[:2]
    ink.lines(left, y - step, title, size, step=step, font=BOLD, level=1)
    y -= len(title) * step
    step = 3.5 * factor
    state = wrapped(facts.get("state", ""), width, TEXT_PT * factor, BOLD)[:3]
    ink.lines(left, y - step, state, TEXT_PT * factor, step=step, font=BOLD)
    y -= len([line for line in state if line]) * step
    sentence = wrapped(facts["sentence"], width, TEXT_PT * factor)[:SENTENCE_LINES]
    ink.lines(left, y - step, sentence, TEXT_PT * factor, step=step)
    y -= len(sentence) * step + 2.4 * factor
    for cell_row in CELLS:
        y = _cells(ink, box, y, own["block"], facts, cell_row, factor)
    _sources(ink, box, y, own["block"]["sources"], facts["sources"], factor)


def _cells(
    ink: Paper, box: Box, y: float, labels: Mapping[str, str], facts: Mapping[str, str],
    row: Sequence[tuple[str, str, int]], factor: float,
) -> float:  # fmt: skip
    height, whole, x = 8.2 * factor, sum(share for *_, share in row), box.left
    ink.rule(box.left, y, box.right, y, line=BLACK, weight=0.18)
    for key, font, share in row:
        width = box.width * share / whole
        if x > box.left:
            ink.rule(x, y, x, y - height, line=BLACK, weight=0.18)
        ink.text(x + PAD_MM, y - 2.7 * factor, labels[key], LABEL_PT * factor, style=Lettering(colour=GREY))
        size = (10.0 if font == BOLD else TEXT_PT) * factor
        fact = shortened(facts[key], width - PAD_MM * 1.3, size, font)
        ink.text(x + PAD_MM, y - 6.6 * factor, fact, size, style=Lettering(font))
        x += width
    return y - height


def _sources(ink: Paper, box: Box, y: float, label: str, text: str, factor: float) -> None:
    ink.rule(box.left, y, box.right, y, line=BLACK, weight=0.18)
    y -= 2.7 * factor
    ink.text(box.left + PAD_MM, y, label, LABEL_PT * factor, style=Lettering(colour=GREY))
    size = SMALL_PT * factor
    while size > 3.5 and len(wrapped(text, box.width - 2 * PAD_MM, size)) * size * LINE > y - box.bottom - 2:
        size *= 0.94
    room = int((y - box.bottom - 0.8) / (size * LINE))
    lines = wrapped(text, box.width - 2 * PAD_MM, size)[:room]
    ink.lines(box.left + PAD_MM, y - size * LINE, lines, size, step=size * LINE)


def column_room(sheet: Sheet, below: float) -> Box:
    """The room of the table in a column: between the legend's end and the title block."""
    return Box(sheet.table.left, sheet.title.top, sheet.table.width, below - sheet.title.top)
