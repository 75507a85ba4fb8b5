"""The drawings of a report: maps, intervals on a scale, homes that gain and lose. All read in grey as well."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.core.model import Result
from spatial.maps.fills import Fill, fill_of
from spatial.maps.lettering import BOLD, Lettering, width_of
from spatial.maps.sheet import map as sheet_map
from spatial.maps.sheet.labels import Taken
from spatial.maps.sheet.layout import AIR_MM, Box, Sheet
from spatial.maps.svg import Figure, Pen
from spatial.places.meeting_spaces import MEETING
from spatial.places.naming import in_order

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
    relative: str
    boundary: str
    withheld: str
    context: str
    north: str


Sample = Callable[[Pen, float, float], None]


class Told(NamedTuple):
    """A map in words: what it shows, and what stands below it."""

    alt: str
    caption: str = ""


class Frame(NamedTuple):
    """A map's width and least and greatest height in millimetres, what is seen, in the estate's CRS, and the fill.

    Default of what is seen: the boundary and the numbered spaces; of the fill: what shows most of the result.
    """

    width: float = MAP_MM
    heights: tuple[float, float] = HEIGHTS_MM
    bounds: Sequence[float] | None = None
    fill: Fill | None = None


def estate_map(
    result: Result, words: MapWords, *, numbers: Mapping[str, int], told: Told, frame: Frame | None = None,
    spaces: bool = True, keys: Sequence[tuple[str, Sample]] | None = None,
    over: Callable[[Pen, sheet_map.View], None] | None = None,
) -> Figure:  # fmt: skip
    """Draw the map of a result with its meeting spaces numbered.

    Parameters
    ----------
    numbers
        The number of each meeting space that gets one.
    told
        What the map shows, for who cannot see it, and what stands below it.
    frame
        How large it is, and what is seen.
    spaces
        Whether the meeting spaces are drawn.
    keys
        What stands in the line below the map. Default: the legend of the scores.
    over
        Draws more between the ground and the numbers.
    """
    order = in_order(result.meeting_spaces) if spaces else []
    below = 0.0 if keys is not None and not keys else LEGEND_MM
    frame = frame or Frame()
    fill = frame.fill or fill_of(result.meeting_spaces)
    sheet = _sheet(frame.bounds or bounds_of(result, numbers), frame.width, frame.heights, below)

    def draw(pen: Pen) -> None:
        view = sheet_map.View(sheet)
        pen.clipped(*sheet.field)
        sheet_map.ground(pen, view, result.layers, result.estate.boundary)
        sheet_map.context(pen, view, result.layers.get("context"))
        shapes, seen = sheet_map.spaces(
            pen, view, result.meeting_spaces if spaces else result.meeting_spaces[:0], order, fill
        )
        if over:
            over(pen, view)
        taken = _scale_bar(pen, sheet)
        taken.add(_north(pen, sheet, words.north))
        ids = result.meeting_spaces.index.astype(str)
        rows = [i for i in order if seen[i] and ids[i] in numbers]
        sheet_map.number_all(pen, view, shapes[rows], [numbers[ids[i]] for i in rows], taken)
        sheet_map.names(pen, view, result.layers, taken)
        pen.unclipped()
        pen.rect(*sheet.field, line=BLACK, weight=0.25)
        if keys:
            line_of_keys(pen, keys, level=4.5)
        elif keys is None:
            shown = result.meeting_spaces
            _legend(pen, words, _keys(words, fill, withheld=_some_withheld(shown)), fill, shown)

    return Figure(sheet.width, sheet.height, draw, told.alt, told.caption)


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
    pen.text(x, top + 0.9, letter, 8, style=Lettering(at="middle", halo=True))
    return Taken([(x, top - 3, 6.0)])


def _keys(words: MapWords, fill: Fill, *, withheld: bool) -> list[tuple[str, Sample]]:
    """What a line below a map explains, with how it is drawn from x on at a level; samples are `KEY_MM` wide."""

    def boundary(pen: Pen, x: float, level: float) -> None:
        line = shapely.LineString([(x, level), (x + KEY_MM, level)])
        pen.shapes(np.array([line]), line=BLACK, width=0.5, dash=sheet_map.BOUNDARY_DASH)

    def context(pen: Pen, x: float, level: float) -> None:
        pen.disc(x + KEY_MM - 1.5, level, sheet_map.CONTEXT_MM * FACTOR, fill=sheet_map.CONTEXT)

    def unranked(pen: Pen, x: float, level: float) -> None:
        sheet_map.space(pen, _sample(x, level), fill.colours[2], ranked=False, factor=FACTOR)

    hatched: list[tuple[str, Sample]] = [(words.withheld, unranked)] if withheld else []
    return [*hatched, (words.boundary, boundary), (words.context, context)]


def _some_withheld(shown: pd.DataFrame) -> bool:
    """Whether some meeting space has no rank; what is closed has none, and is told as such."""
    return bool((shown["rank"].isna() & shown["status"].eq(MEETING)).any())


def _sample(x: float, level: float) -> Any:
    """The field of a sample in a line of keys."""
    return shapely.box(x, level - 1.5, x + KEY_MM, level + 1.5)


def _legend(
    pen: Pen, words: MapWords, keys: Sequence[tuple[str, Sample]], fill: Fill, shown: pd.DataFrame, *, y: float = 1.2
) -> None:
    """One line: the classes of colour that the map has, then what else is drawn."""
    x, size, points = 0.0, 7.0, words.relative if fill.relative else words.ramp
    part, high = 9.5, 3.0
    for colour, span in fill.steps(shown):
        pen.rect(x, y + 2.0, part, high, fill=colour, line=BLACK, weight=0.12)
        pen.text(x + part / 2, y - 0.8, span, 6.2, style=Lettering(at="middle", colour=GREY))
        x += part
    pen.text(x + 1.5, y + 2.6, points, size)
    line_of_keys(pen, keys, x=x + 7.5 + width_of(points, size), level=y + 3.5)


def line_of_keys(pen: Pen, keys: Sequence[tuple[str, Sample]], *, x: float = 0.0, level: float) -> None:
    """Draw samples with their words, one after another."""
    size = 7.0
    for label, sample in keys:
        sample(pen, x, level)
        pen.text(x + KEY_MM + 1.5, level - 0.9, label, size)
        x += KEY_MM + 5.5 + width_of(label, size)


def legend(words: MapWords, more: Sequence[tuple[str, Sample]], shown: pd.DataFrame, *, alt: str) -> Figure:
    """Draw the legend of several maps by itself, with more keys in a second line; ``shown`` is on one of them."""
    below, fill = LEGEND_MM - 2.5 if more else 0.0, fill_of(shown)
    keys = _keys(words, fill, withheld=_some_withheld(shown))

    def draw(pen: Pen) -> None:
        if more:
            line_of_keys(pen, more, level=3.0)
        _legend(pen, words, keys, fill, shown, y=below + 1.2)

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


WHITE = "#ffffff"
HALF_MM, HALF_HIGH_MM = 84.0, (62.0, 100.0)  # width of each of two maps side by side; height, at least and at most
AROUND_M, LEAST_M = 40.0, 350.0  # ground around what differs, and the least width of it
GONE_EVERY_MM, GONE_LINE = 1.0, 0.22
NEW_LINE, NEW_CASING, OUTLINE = 0.75, 1.35, 0.45
POINT_MM = 1.6
# ColorBrewer PuOr, told apart in grey by the hatch as well.
LOSING, WINNING = "#e08214", "#8073ac"
LOSING_EVERY_MM = 0.8
HOME_STATES = ("losing", "winning", "keeping", "demolished")
HOMES_MM = (60.0, 88.0)  # height of the map of the homes, at least and at most
CHANGED_BEFORE, CHANGED_AFTER = ("gone", "shorter"), ("new", "longer", "moved", "opened", "closed", "altered")


@dataclass(frozen=True)
class Marks:
    """Words for what is taken away and for what is new."""

    gone: str
    new: str


def before_and_after(
    before: Result, after: Result, items: gpd.GeoDataFrame, words: MapWords, *,
    numbers: tuple[Mapping[str, int], Mapping[str, int]], alts: tuple[str, str], captions: tuple[str, str],
) -> tuple[Figure, Figure]:  # fmt: skip
    """Draw the two maps side by side: the same ground at the same scale.

    Parameters
    ----------
    items
        What differs on the ground: ``how`` and a geometry in the estate's CRS.
    numbers
        Of the meeting spaces of each map.
    """
    bounds = _around(before, after, items, numbers)
    fill = fill_of(pd.concat([table.meeting_spaces[["status", "floating"]] for table in (before, after)]))

    def over(hows: tuple[str, ...], mark: Callable[[Pen, Any], None]) -> Callable[[Pen, sheet_map.View], None]:
        shapes = items.geometry[items["how"].isin(hows)].to_numpy()

        def draw(pen: Pen, view: sheet_map.View) -> None:
            for shape in view.of(shapes):
                mark(pen, shape)

        return draw

    made = [
        estate_map(
            result,
            words,
            numbers=own,
            told=Told(alt, caption),
            frame=Frame(HALF_MM, HALF_HIGH_MM, bounds, fill),
            keys=(),
            over=marked,
        )
        for result, own, alt, caption, marked in zip(
            (before, after),
            numbers,
            alts,
            captions,
            (over(CHANGED_BEFORE, _gone), over(CHANGED_AFTER, _new)),
            strict=True,
        )
    ]
    return made[0], made[1]


def _around(
    before: Result, after: Result, items: gpd.GeoDataFrame, numbers: tuple[Mapping[str, int], Mapping[str, int]]
) -> list[float]:
    """Bounds of what differs and of the numbered spaces, with some ground around; of the estate where nothing does."""
    spaces = [
        table.geometry[table.index.astype(str).isin(list(own))].to_numpy()
        for table, own in zip((before.meeting_spaces, after.meeting_spaces), numbers, strict=True)
    ]
    shown = np.concatenate([items.geometry.to_numpy(), *spaces]) if len(items) else np.concatenate(spaces)
    if not len(shown):
        return list(before.estate.boundary.bounds)
    west, south, east, north = shapely.total_bounds(shown).tolist()
    more = max(AROUND_M, (LEAST_M - (east - west)) / 2)
    return [west - more, south - AROUND_M, east + more, north + AROUND_M]


def _gone(pen: Pen, shape: Any) -> None:
    """Hatch an area that goes, cross out a line or a point."""
    one = np.array([shape], dtype=object)
    if shapely.get_dimensions(shape) == 2:
        pen.shapes(one, fill=WHITE)
        pen.hatch(shape, line=BLACK, width=GONE_LINE, every=GONE_EVERY_MM)
        pen.shapes(one, line=BLACK, width=OUTLINE, dash=(0.9, 0.5))
    elif shapely.get_dimensions(shape) == 1:
        pen.shapes(one, line=WHITE, width=NEW_CASING)
        pen.shapes(one, line=BLACK, width=NEW_LINE, dash=(0.5, 0.7))
    else:
        pen.disc(shape.x, shape.y, POINT_MM, line=BLACK, weight=0.2)


def _new(pen: Pen, shape: Any) -> None:
    """Outline an area that comes, draw a line or a ring."""
    one = np.array([shape], dtype=object)
    if shapely.get_dimensions(shape) == 1:
        pen.shapes(one, line=WHITE, width=NEW_CASING)
        pen.shapes(one, line=BLACK, width=NEW_LINE)
    elif shapely.get_dimensions(shape) == 2:
        pen.shapes(one, line=BLACK, width=NEW_LINE)
    else:
        pen.disc(shape.x, shape.y, POINT_MM, line=BLACK, weight=NEW_LINE)


def key(words: MapWords, marks: Marks, shown: pd.DataFrame, items: gpd.GeoDataFrame, *, alt: str) -> Figure:
    """Draw the legend of both maps, on which all of ``shown`` is; of what goes and comes, what is among ``items``."""

    def gone(pen: Pen, x: float, level: float) -> None:
        _gone(pen, shapely.box(x, level - 1.4, x + KEY_MM, level + 1.4))

    def new(pen: Pen, x: float, level: float) -> None:
        _new(pen, shapely.LineString([(x, level), (x + KEY_MM, level)]))

    keys = [
        pair
        for pair, hows in (((marks.gone, gone), CHANGED_BEFORE), ((marks.new, new), CHANGED_AFTER))
        if items["how"].isin(hows).any()
    ]
    return legend(words, keys, shown, alt=alt)


def homes_map(
    before: Result, after: Result, state: pd.Series, letters: Mapping[str, str], words: MapWords, *,
    labels: Mapping[str, str], alt: str, caption: str,
) -> Figure:  # fmt: skip
    """Draw the buildings by what becomes of their homes.

    Parameters
    ----------
    state
        By id of a building: a key of ``labels`` (losing, winning, keeping, demolished, new).
    letters
        By id of the buildings that get one.
    """
    old, new = before.layers["buildings"], after.layers["buildings"]
    shapes = {str(i): g for table in (new, old) for i, g in zip(table.index, table.geometry, strict=True)}
    bounds = tuple(after.estate.boundary.bounds)

    def over(pen: Pen, view: sheet_map.View) -> None:
        for name in ("keeping", "new", "winning", "demolished", "losing"):
            for building in state.index[state == name].astype(str):
                if building in shapes:
                    for shape in view.of(np.array([shapes[building]], dtype=object)):
                        _building(pen, shape, name)
        for building, letter in letters.items():
            for shape in view.of(np.array([shapes[building]], dtype=object)) if building in shapes else ():
                middle = shapely.point_on_surface(shape)
                pen.disc(middle.x, middle.y, sheet_map.NUMBER_MM * FACTOR, fill=WHITE, line=BLACK, weight=0.25)
                pen.text(middle.x, middle.y - 0.85, letter, 6.8, style=Lettering(font=BOLD, at="middle"))

    keys = [(labels[name], _home_sample(name)) for name in HOME_STATES if (state == name).any()]
    return estate_map(
        after, words, numbers={}, told=Told(alt, caption), frame=Frame(heights=HOMES_MM, bounds=bounds), over=over,
        spaces=False, keys=keys,
    )  # fmt: skip


def _building(pen: Pen, shape: Any, state: str) -> None:
    one = np.array([shape], dtype=object)
    if state == "demolished":
        _gone(pen, shape)
        return
    fill = {"losing": LOSING, "winning": WINNING}.get(state, sheet_map.OWN_BUILDING)
    pen.shapes(one, fill=fill)
    if state == "losing":
        pen.hatch(shape, line=BLACK, width=GONE_LINE, every=LOSING_EVERY_MM)
    pen.shapes(one, line=BLACK, width=0.2)


def _home_sample(state: str) -> Sample:
    def sample(pen: Pen, x: float, level: float) -> None:
        _building(pen, shapely.box(x, level - 1.4, x + KEY_MM, level + 1.4), state)

    return sample
