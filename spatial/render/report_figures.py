"""The drawings of a report: the map of an estate, and an interval on a scale. All read in grey as well."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spatial.model import Result
from spatial.render import _sheet_map as drawing
from spatial.render._sheet_ink import width_of
from spatial.render._sheet_labels import Taken
from spatial.render._sheet_layout import AIR_MM, Box, Sheet
from spatial.render.naming import in_order
from spatial.render.palette import CLASS_WIDTH, RAMP
from spatial.render.pen import Figure, Pen

BLACK, GREY, TRACK = "#000000", "#56595e", "#c9c5bd"
MAP_MM = 174.0
HEIGHTS_MM = (80.0, 120.0)  # of a map, at least and at most
FACTOR = 0.92  # size of the lettering against that of an A3 sheet
LEGEND_MM = 9.0
STEP = 100  # of scales: 1:100, 1:200, …
KEY_MM = 8.0  # width of the samples in a legend
BAR_SHARE = 0.3  # of the width, which the scale bar takes at most
STRIP_MM, EDGE_MM, LEVEL_MM = (24.0, 2.8), 1.2, 1.4


@dataclass(frozen=True)
class MapWords:
    """What the legend of a map says."""

    ramp: str
    boundary: str
    withheld: str
    context: str
    north: str


Sample = Callable[[Pen, float, float], None]


def estate_map(
    result: Result, words: MapWords, *, numbers: Mapping[str, int], alt: str, caption: str = "",
    width: float = MAP_MM, heights: tuple[float, float] = HEIGHTS_MM, bounds: Sequence[float] | None = None,
    spaces: bool = True, keys: Sequence[tuple[str, Sample]] | None = None,
    over: Callable[[Pen, drawing.View], None] | None = None,
) -> Figure:  # fmt: skip
    """Draw the map of a result with its meeting spaces numbered.

    Parameters
    ----------
    numbers
        The number of each meeting space that gets one.
    width, heights
        In millimetres; the height follows, between the least and the most.
    bounds
        What is seen, in the estate's CRS. Default: the boundary and the numbered spaces.
    spaces
        Whether the meeting spaces are drawn.
    keys
        What stands in the line below the map. Default: the legend of the scores.
    over
        Draws more between the ground and the numbers.
    """
    order = in_order(result.meeting_spaces) if spaces else []
    below = 0.0 if keys is not None and not keys else LEGEND_MM
    sheet = _sheet(bounds or bounds_of(result, numbers), width, heights, below)

    def draw(pen: Pen) -> None:
        view = drawing.View(sheet)
        pen.clipped(*sheet.field)
        drawing.ground(pen, view, result.layers, result.estate.boundary)
        drawing.context(pen, view, result.layers.get("context"))
        shapes, seen = drawing.spaces(pen, view, result.meeting_spaces if spaces else result.meeting_spaces[:0], order)
        if over:
            over(pen, view)
        taken = _scale_bar(pen, sheet)
        taken.add(_north(pen, sheet, words.north))
        ids = result.meeting_spaces.index.astype(str)
        rows = [i for i in order if seen[i] and ids[i] in numbers]
        drawing.number_all(pen, view, shapes[rows], [numbers[ids[i]] for i in rows], taken)
        drawing.names(pen, view, result.layers, taken)
        pen.unclipped()
        pen.rect(*sheet.field, line=BLACK, weight=0.25)
        if keys:
            line_of_keys(pen, keys, level=4.5)
        elif keys is None:
            _legend(pen, words, _keys(words, withheld=bool(result.meeting_spaces["rank"].isna().any())))

    return Figure(sheet.width, sheet.height, draw, alt, caption)


def bounds_of(result: Result, numbers: Mapping[str, int]) -> tuple[float, float, float, float]:
    """West, south, east and north of an estate and of its numbered meeting spaces, in its CRS."""
    spaces = result.meeting_spaces
    shown = spaces.geometry[spaces.index.astype(str).isin(list(numbers))]
    west, south, east, north = shapely.total_bounds(np.array([result.estate.boundary, *shown], dtype=object)).tolist()
    return west, south, east, north


def _sheet(bounds: Sequence[float], width: float, heights: tuple[float, float], below: float) -> Sheet:
    """A map as wide as that, at the largest scale at which it is not too high."""
    west, south, east, north = bounds
    across, up = (east - west) * 1000, (north - south) * 1000
    least, most = heights
    room = 2 * AIR_MM
    needed = max(across / (width - room), up / (most - room))
    scale = max(math.ceil(needed / STEP) * STEP, STEP)
    height = min(most, max(up / scale + room, least))
    field = Box(0.0, below, width, height)
    nowhere = Box(0.0, 0.0, 0.0, 0.0)
    return Sheet(
        paper="A4", landscape=False, scale=scale, centre=((west + east) / 2, (south + north) / 2), width=width,
        height=height + below, factor=FACTOR, field=field, legend=nowhere, table=nowhere, title=nowhere, whole=True,
    )  # fmt: skip


def _scale_bar(pen: Pen, sheet: Sheet) -> Taken:
    """Draw a bar of a round length in the lower left corner."""
    most_m = sheet.width * BAR_SHARE / sheet.mm_per_m
    step = 10.0 ** math.floor(math.log10(most_m))
    length_m = next(step * k for k in (5, 2, 1) if step * k <= most_m)
    length, x, y, high = length_m * sheet.mm_per_m, 3.0, sheet.field.bottom + 3.0, 1.2
    label = f"{length_m:g} m"
    size = 6.5
    pen.rect(x - 1.5, y - 1.5, length + width_of(label, size) + 5.0, high + 3.0, fill="#ffffff")
    pen.rect(x, y, length / 2, high, fill=BLACK)
    pen.rect(x, y, length, high, line=BLACK, weight=0.15)
    pen.text(x + length + 1.2, y - 0.4, label, size)
    return Taken([(x + s, y + 1, 3.0) for s in range(0, int(length + 12), 3)])


def _north(pen: Pen, sheet: Sheet, letter: str) -> Taken:
    x, top = sheet.field.right - 5.0, sheet.field.top - 6.5
    for side, fill in ((-1, BLACK), (1, "#ffffff")):
        half = shapely.Polygon([(x, top), (x + side * 1.6, top - 8), (x, top - 6.4)])
        pen.shapes(np.array([half]), fill=fill, line=BLACK, width=0.12)
    pen.text(x, top + 0.9, letter, 8, at="middle", halo=True)
    return Taken([(x, top - 3, 6.0)])


def _keys(words: MapWords, *, withheld: bool) -> list[tuple[str, Sample]]:
    """What a line below a map explains, with how it is drawn from x on at a level; samples are `KEY_MM` wide."""

    def boundary(pen: Pen, x: float, level: float) -> None:
        line = shapely.LineString([(x, level), (x + KEY_MM, level)])
        pen.shapes(np.array([line]), line=BLACK, width=0.5, dash=drawing.BOUNDARY_DASH)

    def context(pen: Pen, x: float, level: float) -> None:
        pen.disc(x + KEY_MM - 1.5, level, drawing.CONTEXT_MM * FACTOR, fill=drawing.CONTEXT)

    def unranked(pen: Pen, x: float, level: float) -> None:
        drawing.space(pen, _sample(x, level), 0.5, ranked=False, factor=FACTOR)

    hatched: list[tuple[str, Sample]] = [(words.withheld, unranked)] if withheld else []
    return [*hatched, (words.boundary, boundary), (words.context, context)]


def _sample(x: float, level: float) -> Any:
    """The field of a sample in a line of keys."""
    return shapely.box(x, level - 1.5, x + KEY_MM, level + 1.5)


def _legend(pen: Pen, words: MapWords, keys: Sequence[tuple[str, Sample]], *, y: float = 1.2) -> None:
    """One line: the ramp, then what else is drawn."""
    x, size = 0.0, 7.0
    part, high = 9.5, 3.0
    for k, colour in enumerate(RAMP):
        pen.rect(x, y + 2.0, part, high, fill=colour, line=BLACK, weight=0.12)
        pen.text(x + part / 2, y - 0.8, f"{k * CLASS_WIDTH}–{(k + 1) * CLASS_WIDTH}", 6.2, at="middle", colour=GREY)
        x += part
    pen.text(x + 1.5, y + 2.6, words.ramp, size)
    line_of_keys(pen, keys, x=x + 7.5 + width_of(words.ramp, size), level=y + 3.5)


def line_of_keys(pen: Pen, keys: Sequence[tuple[str, Sample]], *, x: float = 0.0, level: float) -> None:
    """Draw samples with their words, one after another."""
    size = 7.0
    for label, sample in keys:
        sample(pen, x, level)
        pen.text(x + KEY_MM + 1.5, level - 0.9, label, size)
        x += KEY_MM + 5.5 + width_of(label, size)


def legend(words: MapWords, more: Sequence[tuple[str, Sample]], *, withheld: bool, alt: str) -> Figure:
    """Draw the legend of several maps by itself, with more keys in a second line."""
    keys = _keys(words, withheld=withheld)
    below = LEGEND_MM - 2.5 if more else 0.0

    def draw(pen: Pen) -> None:
        if more:
            line_of_keys(pen, more, level=3.0)
        _legend(pen, words, keys, y=below + 1.2)

    return Figure(MAP_MM, LEGEND_MM + below, draw, alt)


def strip(low: float, best: float, high: float, *, sure: bool = True) -> Figure:
    """Draw an interval in [0, 1] on a scale: a line from low to high, a dot at the best estimate.

    The dot is hollow where it is not ``sure``.
    """

    def draw(pen: Pen) -> None:
        _scale(pen)
        if not math.isnan(best):
            pen.rule(_at(low), LEVEL_MM, _at(high), LEVEL_MM, line=BLACK, weight=0.55)
            pen.disc(_at(best), LEVEL_MM, 0.85, fill=BLACK if sure else "#ffffff", line=BLACK, weight=0.3)

    return Figure(*STRIP_MM, draw)


def moved(before: float, after: float) -> Figure:
    """Draw a change in [0, 1] on a scale: a hollow dot before, a full one after; NaN is not there."""

    def draw(pen: Pen) -> None:
        _scale(pen)
        there = [(share, fill) for share, fill in ((before, "#ffffff"), (after, BLACK)) if not math.isnan(share)]
        if len(there) > 1:
            pen.rule(_at(before), LEVEL_MM, _at(after), LEVEL_MM, line=BLACK, weight=0.55)
        for share, fill in there:
            pen.disc(_at(share), LEVEL_MM, 0.85, fill=fill, line=BLACK, weight=0.3)

    return Figure(*STRIP_MM, draw)


def _scale(pen: Pen) -> None:
    pen.rule(_at(0), LEVEL_MM, _at(1), LEVEL_MM, line=TRACK, weight=0.25)
    for tick in (0.0, 0.5, 1.0):
        pen.rule(_at(tick), LEVEL_MM - 0.7, _at(tick), LEVEL_MM + 0.7, line=TRACK, weight=0.2)


def _at(share: float) -> float:
    return EDGE_MM + min(max(share, 0.0), 1.0) * (STRIP_MM[0] - 2 * EDGE_MM)


def state_box(state: str) -> Figure:
    """Draw a state of a meeting space in a phase: full is open, hatched is shut, empty is not there."""
    width, height = 16.0, 2.6

    def draw(pen: Pen) -> None:
        pen.rect(
            0.2, 0.3, width - 0.4, height - 0.6, fill=GREY if state == "open" else "#ffffff", line=GREY, weight=0.2
        )
        if state == "shut":
            pen.hatch(shapely.box(0.2, 0.3, width - 0.2, height - 0.3), line=GREY, width=0.25, every=1.0)

    return Figure(width, height, draw)
