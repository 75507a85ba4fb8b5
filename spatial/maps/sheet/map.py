"""The map on the site map: ground, meeting spaces, numbers, names, scale bar and north arrow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from spatial.core.arrays import Shapes
from spatial.maps.fills import Fill
from spatial.maps.lettering import BOLD, ITALIC, REGULAR, Lettering, width_of
from spatial.maps.sheet.labels import Name, Spot, Taken, across, along, numbers
from spatial.maps.sheet.layout import Sheet
from spatial.maps.svg import ROUND, Pen
from spatial.places.meeting_spaces import CLOSED, POSSIBLE, SEAT

if TYPE_CHECKING:
    import geopandas as gpd


UNSCORED = (CLOSED, POSSIBLE, SEAT)
BLACK, GREY, WHITE = "#000000", "#6b6b6b", "#ffffff"
GREEN, WATER, WATER_LINE = "#e9f0df", "#d7e6ee", "#9db9c8"
BUILDING, BUILDING_LINE, OWN_BUILDING, OWN_BUILDING_LINE = "#e6e4e0", "#9a958d", "#c9c4bb", "#3c3934"
EDGE, ROAD, MAJOR, PATH, STEPS, BARRIER, CONTEXT = (
    "#a8a49c", "#ffffff", "#f3f1ec", "#b3aea5", "#55514b", "#4d4942", "#7d756a",
)  # fmt: skip
# Widths of ways in metres, and the least in millimetres; edges are drawn around the wide ones.
WIDTHS_M = {"major": 11.0, "street": 7.0, "pedestrian": 5.0, "service": 4.0, "cycleway": 2.4, "path": 1.8, "steps": 2.4}
LEAST_MM = {"major": 0.9, "street": 0.7, "pedestrian": 0.6, "service": 0.5, "cycleway": 0.2, "path": 0.2, "steps": 0.7}
ORDER = ("cycleway", "path", "service", "pedestrian", "street", "major", "steps")
EDGE_MM = 0.12
EDGED_FROM_MM = 0.5
PATH_MM = 0.3  # of a way too narrow for edges, at most
DETAIL_MM = 0.03  # what no eye sees on paper
MIN_BUILDING_MM2 = 0.15
CONTEXT_MM, GATE_MM = 0.75, 0.45  # radii on A3
NUMBER_MM = 2.25  # radius of the circles on A3
POINT_MM = 1.1  # radius of a meeting space that is smaller than this
SEAT_MM = 0.6  # radius of a seat with no room around it
CLOSED_FILL, CLOSED_LINE, POSSIBLE_FILL, POSSIBLE_LINE = "#cfccc6", "#8d8880", "#f4eefb", "#a48cc9"
POSSIBLE_DASH = (1.2, 0.8)
PLUS_MM, POSSIBLE_PLUS = 0.7, "#7a5fa8"
LETTERED = ("major", "street", "pedestrian", "service")
STREET_PT, AREA_PT, NUMBER_PT = 6.0, 6.0, 7.0
HATCH_MM = 1.1
BAR_MM = 100.0  # length of the scale bar: 100 m at 1:1000
BAR_PARTS = (5, 4, 3, 2)  # the first that gives round lengths
ROUND_STEPS = ("1", "2", "25", "5")
BOUNDARY_DASH = (3.2, 1.0, 0.5, 1.0)
HATCH_WHITE, HATCH_DARK = ("#ffffff", 0.34), ("#2b2b2b", 0.14)


@dataclass(frozen=True)
class View:
    """Turns metres of the estate's CRS into millimetres on a sheet, and leaves out what lies outside."""

    sheet: Sheet

    def of(self, geometries: Any, *, tolerance: float = DETAIL_MM) -> Shapes:
        """Return the shapes that reach into the field, in millimetres on the sheet."""
        found = np.asarray(geometries, dtype=object)
        found = found[~(shapely.is_missing(found) | shapely.is_empty(found))]
        return self.all_of(found[self.seen(found)], tolerance=tolerance)

    def all_of(self, geometries: Shapes, *, tolerance: float = DETAIL_MM) -> Shapes:
        """Return shapes in millimetres on the sheet."""
        field, (x, y), factor = self.sheet.field, self.sheet.centre, self.sheet.mm_per_m
        middle = np.array([field.left + field.width / 2, field.bottom + field.height / 2])
        moved = shapely.transform(geometries, lambda xy: (xy - (x, y)) * factor + middle)
        return np.asarray(shapely.simplify(moved, tolerance), dtype=object)

    def seen(self, geometries: Shapes) -> npt.NDArray[np.bool_]:
        """Tell which shapes' boxes reach into the field."""
        field, (x, y), factor = self.sheet.field, self.sheet.centre, self.sheet.mm_per_m
        half_w, half_h = field.width / 2 / factor, field.height / 2 / factor
        west, south, east, north = np.reshape(shapely.bounds(geometries), (-1, 4)).T
        return np.asarray((east > x - half_w) & (west < x + half_w) & (north > y - half_h) & (south < y + half_h))


def ground(
    ink: Pen, view: View, layers: Mapping[str, gpd.GeoDataFrame], boundary: Any, rooms: Shapes | None = None
) -> dict[str, bool]:
    """Draw everything beneath the meeting spaces; tell what of it there is, for the legend.

    ``rooms`` are those on which nothing is mapped.
    """
    tables = {name: _geometries(layers.get(name)) for name in ("green", "water", "waterways", "barriers", "gates")}
    water = np.concatenate([tables["water"], tables["waterways"]])
    green, wet = view.of(tables["green"]), view.of(water)
    ink.shapes(_areas(green), fill=GREEN)
    ink.shapes(_lines(wet), line=WATER, width=max(3.0 * view.sheet.mm_per_m, 0.5), cap=ROUND)
    ink.shapes(_areas(wet), fill=WATER, line=WATER_LINE, width=0.1)
    possible = view.of([] if rooms is None else rooms)
    unscored(ink, possible, POSSIBLE)
    ways = _ways(ink, view, layers.get("paths"))
    buildings, own = _buildings(ink, view, layers.get("buildings"), boundary)
    barriers = view.of(_outlines(tables["barriers"]))
    ink.shapes(barriers, line=BARRIER, width=0.22)
    for gate in shapely.centroid(view.of(tables["gates"])):
        ink.disc(gate.x, gate.y, GATE_MM * view.sheet.factor, fill=WHITE, line=BARRIER, weight=0.15)
    ink.shapes(view.of(shapely.boundary(np.array([boundary]))), line=BLACK, width=0.5, dash=BOUNDARY_DASH)
    return {
        POSSIBLE: len(possible) > 0,
        "green": len(green) > 0,
        "water": len(wet) > 0,
        "path": bool({"path", "cycleway"} & ways),
        "steps": "steps" in ways,
        "barrier": len(barriers) > 0,
        "building": buildings,
        "own_building": own,
    }


def _buildings(ink: Pen, view: View, table: gpd.GeoDataFrame | None, boundary: Any) -> tuple[bool, bool]:
    found = _geometries(table)
    found = found[shapely.area(found) * view.sheet.mm_per_m**2 >= MIN_BUILDING_MM2]
    found = found[view.seen(found)]
    own = np.asarray(shapely.intersects(boundary, found), dtype=bool)
    ink.shapes(_areas(view.of(found[~own])), fill=BUILDING, line=BUILDING_LINE, width=0.08)
    ink.shapes(_areas(view.of(found[own])), fill=OWN_BUILDING, line=OWN_BUILDING_LINE, width=0.13)
    return bool((~own).any()), bool(own.any())


def _ways(ink: Pen, view: View, paths: gpd.GeoDataFrame | None) -> set[str]:
    """Draw the ways by class: edges of the wide ones first, then all, then steps."""
    if paths is None or paths.empty:
        return set()
    classes = paths["way_class"].astype(str).to_numpy()
    below = paths["tunnel"].fillna(False).astype(bool).to_numpy() if "tunnel" in paths else np.zeros(len(paths), bool)
    geometries = _all_geometries(paths)
    shapes = {name: view.of(geometries[(classes == name) & ~below]) for name in ORDER}
    widths = {name: max(WIDTHS_M[name] * view.sheet.mm_per_m, LEAST_MM[name]) for name in ORDER}
    wide = [name for name in ORDER if widths[name] >= EDGED_FROM_MM and name != "steps"]
    for name in wide:
        ink.shapes(shapes[name], line=EDGE, width=widths[name] + 2 * EDGE_MM)
    for name in ORDER[:-1]:
        if name in wide:
            ink.shapes(shapes[name], line=MAJOR if name == "major" else ROAD, width=widths[name], cap=ROUND)
        else:
            ink.shapes(shapes[name], line=PATH, width=min(widths[name], PATH_MM))
    ink.shapes(shapes["steps"], line=STEPS, width=widths["steps"], dash=(0.2, 0.35))
    return {name for name in ORDER if len(shapes[name])}


def path(ink: Pen, line: Shapes, sheet: Sheet) -> None:
    """Draw a path as on the map, for the legend."""
    width = max(WIDTHS_M["path"] * sheet.mm_per_m, LEAST_MM["path"])
    if width >= EDGED_FROM_MM:
        ink.shapes(line, line=EDGE, width=width + 2 * EDGE_MM)
        ink.shapes(line, line=ROAD, width=width)
    else:
        ink.shapes(line, line=PATH, width=min(width, PATH_MM))


def context(ink: Pen, view: View, table: gpd.GeoDataFrame | None) -> bool:
    """Draw clubs, houses and schools as quiet dots; tell whether there are any."""
    found = shapely.point_on_surface(_geometries(table)) if table is not None else np.empty(0, dtype=object)
    dots = view.of(found)
    for dot in dots:
        ink.disc(dot.x, dot.y, CONTEXT_MM * view.sheet.factor, fill=CONTEXT, line=WHITE, weight=0.2)
    return len(dots) > 0


def spaces(
    ink: Pen, view: View, table: gpd.GeoDataFrame, order: list[int], fill: Fill
) -> tuple[Shapes, npt.NDArray[np.bool_]]:
    """Draw the meeting spaces, the last of ``order`` first; return them as drawn, and which are in view.

    What is closed is grey context, a seat a small mark, and what is only possible an outline: none of them is scored.
    """
    geometries, status, factor = _all_geometries(table), table["status"].to_numpy(dtype=object), view.sheet.factor
    shapes = view.all_of(geometries)
    tiny = (shapely.minimum_bounding_radius(shapes) < POINT_MM * factor) | (status == SEAT)
    radius = np.where(status == SEAT, SEAT_MM, POINT_MM) * factor
    shapes = np.where(tiny, shapely.buffer(shapely.centroid(shapes), radius), shapes)
    seen = view.seen(geometries)
    for i in reversed(order):
        if seen[i] and status[i] in UNSCORED:
            unscored(ink, shapes[i : i + 1], status[i])
        elif seen[i]:
            score, ranked = float(table["floating"].iloc[i]), bool(table["rank"].notna().iloc[i])
            space(ink, shapes[i], fill.colour_of(score), ranked=ranked, factor=factor)
    return shapes, seen


def unscored(ink: Pen, shapes: Shapes, status: str) -> None:
    """Draw what is not scored by its status; the legend uses this too."""
    if status == POSSIBLE:
        ink.shapes(shapes, fill=POSSIBLE_FILL)
        ink.shapes(shapely.boundary(shapes), line=POSSIBLE_LINE, width=0.2, dash=POSSIBLE_DASH)
        _invite(ink, shapes)
    else:
        ink.shapes(shapes, fill=WHITE if status == SEAT else CLOSED_FILL, line=CLOSED_LINE, width=0.15)


def _invite(ink: Pen, shapes: Shapes) -> None:
    """A plus within each shape that has room for it: something could come here."""
    for at in shapely.point_on_surface(shapes[shapely.minimum_bounding_radius(shapes) > 2 * PLUS_MM]):
        for wide, high in ((PLUS_MM, 0.0), (0.0, PLUS_MM)):
            ink.rule(at.x - wide, at.y - high, at.x + wide, at.y + high, line=POSSIBLE_PLUS, weight=0.3)


def space(ink: Pen, shape: Any, colour: str, *, ranked: bool, factor: float) -> None:
    """Draw one meeting space in the colour of its class, hatched where it has no rank; the legend uses this too."""
    one = np.array([shape], dtype=object)
    ink.shapes(one, fill=colour)
    if not ranked:
        for line, width in (HATCH_WHITE, HATCH_DARK):
            ink.hatch(shape, line=line, width=width * factor, every=HATCH_MM * factor)
    ink.shapes(one, line=BLACK, width=0.2)


def number_all(ink: Pen, view: View, shapes: Shapes, numbered: list[int], taken: Taken) -> list[Spot]:
    """Put a number in a circle at each of these shapes, in this order, from 1."""
    radius = NUMBER_MM * view.sheet.factor
    spots = numbers(shapes, radius, view.sheet.field, taken)
    for spot in spots:
        if spot.foot:
            ink.rule(spot.x, spot.y, *spot.foot, line=BLACK, weight=0.18)
    for spot, number in zip(spots, numbered, strict=True):
        circle(ink, spot.x, spot.y, number, factor=view.sheet.factor)
    return spots


def circle(ink: Pen, x: float, y: float, number: int, *, factor: float) -> None:
    """Draw a number in a circle."""
    text = str(number)
    size = NUMBER_PT * factor * (1.0, 1.0, 0.78, 0.6)[min(len(text), 4) - 1]
    ink.disc(x, y, NUMBER_MM * factor, fill=WHITE, line=BLACK, weight=0.22 * factor)
    ink.text(x, y - size * 0.125, text, size, style=Lettering(font=BOLD, at="middle"))


def names(ink: Pen, view: View, layers: Mapping[str, gpd.GeoDataFrame], taken: Taken) -> None:
    """Letter streets along their lines, and named water and green where the name fits in."""
    factor = view.sheet.factor
    found: list[tuple[Name, float, str, str]] = []
    for name, lines in _streets(view, layers.get("paths")):
        size = STREET_PT * factor
        for spot in along(name, width_of(name, size), size * 0.36, lines, view.sheet.field, taken):
            found.append((spot, size, REGULAR, GREY))
    for layer, colour in (("water", "#4b7287"), ("green", "#5f7348")):
        for name, area in _named_areas(view, layers.get(layer)):
            size = AREA_PT * factor
            place = across(name, width_of(name, size, ITALIC), size * 0.36, area, view.sheet.field, taken)
            if place:
                found.append((place, size, ITALIC, colour))
    for place, size, font, colour in found:
        drop = size * 0.12 / np.cos(np.radians(place.angle)) if abs(place.angle) < 1 else 0.0
        shift = np.array([np.sin(np.radians(place.angle)), -np.cos(np.radians(place.angle))]) * size * 0.12
        x, y = (place.x, place.y - drop) if drop else (place.x + shift[0], place.y + shift[1])
        ink.text(x, y, place.text, size, style=Lettering(font, colour, "middle", place.angle, True))


def _streets(view: View, paths: gpd.GeoDataFrame | None) -> list[tuple[str, Shapes]]:
    if paths is None or paths.empty or "name" not in paths:
        return []
    geometries = _all_geometries(paths)
    named = (paths["name"].notna() & paths["way_class"].isin(LETTERED)).to_numpy() & view.seen(geometries)
    rows = paths["name"][named].astype(str)
    shapes, order = geometries[named], rows.to_numpy()
    found = []
    for name in sorted(set(order)):
        merged = shapely.line_merge(shapely.union_all(shapes[order == name]))
        found.append((name, shapely.get_parts(view.all_of(np.array([merged], dtype=object)))))
    return found


def _named_areas(view: View, table: gpd.GeoDataFrame | None) -> list[tuple[str, Any]]:
    if table is None or table.empty or "name" not in table:
        return []
    geometries = _all_geometries(table)
    area = shapely.get_dimensions(geometries) == 2
    wanted = table["name"].notna().to_numpy() & area & view.seen(geometries)
    pairs = zip(table["name"].astype(str).to_numpy()[wanted], view.all_of(geometries[wanted]), strict=True)
    field = view.sheet.field
    parts = [
        (name, shapely.clip_by_rect(shape, field.left, field.bottom, field.right, field.top)) for name, shape in pairs
    ]
    return sorted(((name, shape) for name, shape in parts if not shape.is_empty), key=lambda pair: -pair[1].area)


def scale_bar(ink: Pen, sheet: Sheet) -> Taken:
    """Draw a bar of `BAR_MM`, in the lower left corner of the map; return the ground it takes."""
    x, y, high = sheet.field.left + 5, sheet.field.bottom + 5, 1.6
    size = 7.0 * sheet.factor
    top = y + high + size * 0.5 + 1
    ink.rect(x - 4, y - 3, BAR_MM + 17, top - y + 3, fill=WHITE)
    length_m = BAR_MM / sheet.mm_per_m
    parts = next((n for n in BAR_PARTS if f"{length_m / n:g}".replace(".", "").strip("0") in ROUND_STEPS), 1)
    part = BAR_MM / parts
    for k in range(parts):
        ink.rect(x + k * part, y, part, high, fill=BLACK if k % 2 == 0 else WHITE)
    ink.rect(x, y, BAR_MM, high, line=BLACK, weight=0.15)
    for k in range(parts + 1):
        label = f"{length_m * k / parts:g}" + (" m" if k == parts else "")
        middle = x + k * part
        # The number stands over the mark; the unit beside it.
        shift = width_of(label, size) / 2 - width_of(label.removesuffix(" m"), size) / 2
        ink.text(middle + shift, y + high + 1, label, size, style=Lettering(at="middle"))
    return Taken([(x - 4 + s, y + 2, 4.0) for s in range(0, int(BAR_MM + 17), 4)])


def north_arrow(ink: Pen, sheet: Sheet, letter: str, note: str) -> Taken:
    """Draw an arrow towards grid north in the upper right corner; return the ground it takes."""
    factor = sheet.factor
    x, top = sheet.field.right - 9 * factor, sheet.field.top - 8 * factor
    length, half = 12.0 * factor, 2.6 * factor
    foot = top - length
    left = shapely.Polygon([(x, top), (x - half, foot), (x, foot + length * 0.22)])
    right = shapely.Polygon([(x, top), (x + half, foot), (x, foot + length * 0.22)])
    ink.shapes(np.array([left]), fill=BLACK, line=BLACK, width=0.15)
    ink.shapes(np.array([right]), fill=WHITE, line=BLACK, width=0.15)
    ink.text(x, top + 1.2 * factor, letter, 9 * factor, style=Lettering(font=BOLD, at="middle", halo=True))
    size, taken = 5.5 * factor, Taken([(x, (top + foot) / 2 + 2 * factor, 9 * factor)])
    for k, line in enumerate(note.splitlines()):
        y = foot - 2.8 * factor - k * size * 0.42
        ink.text(sheet.field.right - 2, y, line, size, style=Lettering(colour=GREY, at="right", halo=True))
        taken.add(
            [(sheet.field.right - 2 - s, y + 0.6, 1.6 * factor) for s in np.arange(0, width_of(line, size) + 1, 2)]
        )
    return taken


def _geometries(table: gpd.GeoDataFrame | None) -> Shapes:
    if table is None or table.empty:
        return np.empty(0, dtype=object)
    found = _all_geometries(table)
    return found[~(shapely.is_missing(found) | shapely.is_empty(found))]


def _all_geometries(table: gpd.GeoDataFrame) -> Shapes:
    return np.asarray(table.geometry.to_numpy(), dtype=object)


def _outlines(geometries: Shapes) -> Shapes:
    return np.where(shapely.get_dimensions(geometries) == 2, shapely.boundary(geometries), geometries)


def _areas(shapes: Shapes) -> Shapes:
    return shapes[shapely.get_dimensions(shapes) == 2]


def _lines(shapes: Shapes) -> Shapes:
    return shapes[shapely.get_dimensions(shapes) == 1]
