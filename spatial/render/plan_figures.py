"""The drawings of a plan's report: the estate before and after, and which buildings lose and gain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.model import Result
from spatial.render import _sheet_map as drawing
from spatial.render._sheet_ink import BOLD
from spatial.render.pen import Figure, Pen
from spatial.render.report_figures import BLACK, FACTOR, KEY_MM, MapWords, Sample, estate_map, legend

WHITE = "#ffffff"
HALF_MM, HALF_HIGH_MM = 84.0, (62.0, 100.0)  # width of each of two maps side by side; height, at least and at most
AROUND_M, LEAST_M = 40.0, 350.0  # ground around what differs, and the least width of it
GONE_EVERY_MM, GONE_LINE = 1.0, 0.22
NEW_LINE, NEW_CASING, OUTLINE = 0.75, 1.35, 0.45
POINT_MM = 1.6
# ColorBrewer PuOr, told apart in grey by the hatch as well.
LOSING, WINNING = "#e08214", "#8073ac"
LOSING_EVERY_MM = 0.8
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

    def over(hows: tuple[str, ...], mark: Callable[[Pen, Any], None]) -> Callable[[Pen, drawing.View], None]:
        shapes = items.geometry[items["how"].isin(hows)].to_numpy()

        def draw(pen: Pen, view: drawing.View) -> None:
            for shape in view.of(shapes):
                mark(pen, shape)

        return draw

    made = [
        estate_map(
            result,
            words,
            numbers=own,
            alt=alt,
            caption=caption,
            width=HALF_MM,
            heights=HALF_HIGH_MM,
            bounds=bounds,
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


def key(words: MapWords, marks: Marks, *, withheld: bool, alt: str) -> Figure:
    """Draw the legend of both maps."""

    def gone(pen: Pen, x: float, level: float) -> None:
        _gone(pen, shapely.box(x, level - 1.4, x + KEY_MM, level + 1.4))

    def new(pen: Pen, x: float, level: float) -> None:
        _new(pen, shapely.LineString([(x, level), (x + KEY_MM, level)]))

    return legend(words, [(marks.gone, gone), (marks.new, new)], withheld=withheld, alt=alt)


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

    def over(pen: Pen, view: drawing.View) -> None:
        for name in ("keeping", "new", "winning", "demolished", "losing"):
            for building in state.index[state == name].astype(str):
                if building in shapes:
                    for shape in view.of(np.array([shapes[building]], dtype=object)):
                        _building(pen, shape, name)
        for building, letter in letters.items():
            for shape in view.of(np.array([shapes[building]], dtype=object)) if building in shapes else ():
                middle = shapely.point_on_surface(shape)
                pen.disc(middle.x, middle.y, drawing.NUMBER_MM * FACTOR, fill=WHITE, line=BLACK, weight=0.25)
                pen.text(middle.x, middle.y - 0.85, letter, 6.8, font=BOLD, at="middle")

    keys = [(labels[name], _home_sample(name)) for name in ("losing", "winning", "keeping", "demolished")]
    return estate_map(
        after, words, numbers={}, alt=alt, caption=caption, bounds=bounds, over=over, spaces=False, heights=HOMES_MM,
        keys=keys,
    )  # fmt: skip


def _building(pen: Pen, shape: Any, state: str) -> None:
    one = np.array([shape], dtype=object)
    if state == "demolished":
        _gone(pen, shape)
        return
    fill = {"losing": LOSING, "winning": WINNING}.get(state, drawing.OWN_BUILDING)
    pen.shapes(one, fill=fill)
    if state == "losing":
        pen.hatch(shape, line=BLACK, width=GONE_LINE, every=LOSING_EVERY_MM)
    pen.shapes(one, line=BLACK, width=0.2)


def _home_sample(state: str) -> Sample:
    def sample(pen: Pen, x: float, level: float) -> None:
        _building(pen, shapely.box(x, level - 1.4, x + KEY_MM, level + 1.4), state)

    return sample
