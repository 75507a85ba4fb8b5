"""The drawings of a report: the map of an estate, and an interval on a scale. All read in grey as well."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from spatial.model import Result
from spatial.render import _sheet_map as drawing
from spatial.render._sheet_ink import width_of
from spatial.render._sheet_labels import Taken
from spatial.render._sheet_layout import AIR_MM, MOST, SCALES, Box, Sheet
from spatial.render.naming import in_order
from spatial.render.palette import CLASS_WIDTH, RAMP
from spatial.render.pen import Figure, Pen

BLACK, GREY, TRACK = "#000000", "#56595e", "#c9c5bd"
MAP_MM = 174.0
LEAST_MM, MOST_MM = 80.0, 120.0  # height of a map
FACTOR = 0.92  # size of the lettering against that of an A3 sheet
LEGEND_MM = 9.0
BAR_SHARE = 0.3  # of the width, which the scale bar takes at most
STRIP_MM = (24.0, 2.8)


@dataclass(frozen=True)
class MapWords:
    """What the legend of a map says."""

    ramp: str
    boundary: str
    withheld: str
    context: str
    north: str


def estate_map(
    result: Result, words: MapWords, *, numbers: Mapping[str, int], alt: str, caption: str = "",
    width: float = MAP_MM, bounds: Sequence[float] | None = None, legend: bool = True,
    over: Callable[[Pen, drawing.View], None] | None = None,
) -> Figure:  # fmt: skip
    """Draw the map of a result with its meeting spaces numbered.

    Parameters
    ----------
    numbers
        The number of each meeting space that gets one.
    width
        In millimetres; the height follows.
    bounds
        What is seen, in the estate's CRS. Default: the boundary and the numbered spaces.
    legend
        Whether the legend stands below.
    over
        Draws more between the ground and the numbers.
    """
    order = in_order(result.meeting_spaces)
    sheet = _sheet(bounds or bounds_of(result, numbers), width, LEGEND_MM if legend else 0.0)

    def draw(pen: Pen) -> None:
        view = drawing.View(sheet)
        pen.clipped(*sheet.field)
        drawing.ground(pen, view, result.layers, result.estate.boundary)
        drawing.context(pen, view, result.layers.get("context"))
        shapes, seen = drawing.spaces(pen, view, result.meeting_spaces, order)
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
        if legend:
            _legend(pen, sheet, words, withheld=bool(result.meeting_spaces["rank"].isna().any()))

    return Figure(sheet.width, sheet.height, draw, alt, caption)


def bounds_of(result: Result, numbers: Mapping[str, int]) -> tuple[float, float, float, float]:
    """West, south, east and north of an estate and of its numbered meeting spaces, in its CRS."""
    spaces = result.meeting_spaces
    shown = spaces.geometry[spaces.index.astype(str).isin(list(numbers))]
    west, south, east, north = shapely.total_bounds(np.array([result.estate.boundary, *shown], dtype=object)).tolist()
    return west, south, east, north


def _sheet(bounds: Sequence[float], width: float, below: float) -> Sheet:
    """A map as wide as that, at the largest common scale at which it is not too high."""
    west, south, east, north = bounds
    across, up = (east - west) * 1000, (north - south) * 1000
    room = 2 * AIR_MM
    most = MOST_MM * width / MAP_MM if width < MAP_MM else MOST_MM
    needed = max(across / (width - room), up / (most - room))
    scale = next((step for step in SCALES if step >= needed), max(MOST, math.ceil(needed)))
    height = min(most, max(up / scale + room, LEAST_MM * width / MAP_MM))
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


def _legend(pen: Pen, sheet: Sheet, words: MapWords, *, withheld: bool) -> None:
    """One line below the map: the ramp, what is hatched, the boundary, the dots of the context."""
    x, y, size = 0.0, 1.2, 7.0
    part, high = 9.5, 3.0
    for k, colour in enumerate(RAMP):
        pen.rect(x, y + 2.0, part, high, fill=colour, line=BLACK, weight=0.12)
        pen.text(x + part / 2, y - 0.8, f"{k * CLASS_WIDTH}–{(k + 1) * CLASS_WIDTH}", 6.2, at="middle", colour=GREY)
        x += part
    x += 1.5
    pen.text(x, y + 2.6, words.ramp, size)
    x += width_of(words.ramp, size) + 6
    level = y + 3.5
    keys: list[tuple[str, Callable[[float], None]]] = [
        (
            words.boundary,
            lambda left: pen.shapes(
                np.array([shapely.LineString([(left, level), (left + 8, level)])]),
                line=BLACK,
                width=0.5,
                dash=drawing.BOUNDARY_DASH,
            ),
        ),
        (words.context, lambda left: pen.disc(left + 6.5, level, drawing.CONTEXT_MM * FACTOR, fill=drawing.CONTEXT)),
    ]
    if withheld:
        keys.insert(
            0,
            (
                words.withheld,
                lambda left: drawing.space(
                    pen, shapely.box(left, level - 1.5, left + 8, level + 1.5), 0.5, ranked=False, factor=FACTOR
                ),
            ),
        )
    for label, sample in keys:
        sample(x)
        pen.text(x + 9.5, y + 2.6, label, size)
        x += 9.5 + width_of(label, size) + 5


def strip(low: float, best: float, high: float, *, sure: bool = True, mark: float | None = None) -> Figure:
    """Draw an interval in [0, 1] on a scale: a line from low to high, a dot at the best estimate.

    The dot is hollow where it is not ``sure``; ``mark`` is a tick across the scale.
    """
    width, height = STRIP_MM
    edge, level = 1.2, height / 2

    def at(share: float) -> float:
        return edge + min(max(share, 0.0), 1.0) * (width - 2 * edge)

    def draw(pen: Pen) -> None:
        pen.rule(at(0), level, at(1), level, line=TRACK, weight=0.25)
        for tick in (0.0, 0.5, 1.0):
            pen.rule(at(tick), level - 0.7, at(tick), level + 0.7, line=TRACK, weight=0.2)
        if mark is not None:
            pen.rule(at(mark), level - 1.3, at(mark), level + 1.3, line=GREY, weight=0.2)
        if math.isnan(best):
            return
        pen.rule(at(low), level, at(high), level, line=BLACK, weight=0.55)
        pen.disc(at(best), level, 0.85, fill=BLACK if sure else "#ffffff", line=BLACK, weight=0.3)

    return Figure(width, height, draw)


def bar(share: float, *, width: float = STRIP_MM[0]) -> Figure:
    """Draw a share in [0, 1] as a filled part of a bar."""

    def draw(pen: Pen) -> None:
        pen.rect(0.2, 0.5, width - 0.4, 1.8, fill="#ffffff", line=GREY, weight=0.15)
        pen.rect(0.2, 0.5, (width - 0.4) * min(max(share, 0.0), 1.0), 1.8, fill=GREY)

    return Figure(width, STRIP_MM[1], draw)


def captioned(figure: Figure, caption: str) -> Figure:
    """Return a figure with another caption."""
    return replace(figure, caption=caption)
