"""Lines, hatches and symbols of a drawing as the areas and points that they mean. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

# What these layers of a plan are drawn as is an area, and what is drawn small of those is a symbol of a point.
AREAS = ("building", "ground", "construction", "place", "context")
POINTS = ("gate", "entrance", "place")
# Lines that end this near to where they begin are closed.
CLOSED_M = 0.01
# What is drawn no larger than this is the symbol of a thing; what is drawn twice shares so much of its ground.
SYMBOL_M, SAME_SHARE = 4.0, 0.98
# Parts of a block that lie this near to each other are of one symbol.
BESIDE_M = 0.5


def meant_shapes(shapes: Sequence[Any], layer: str) -> tuple[list[Any], list[Any]]:
    """What is drawn on one layer as what it means, and the lines that are left of those that should enclose an area.

    Closed lines, loose lines that meet, hatches and blocks are areas where the layer is one of areas, each once; small
    symbols are points where it is one of points, also several in one block. Lines of other layers that are drawn twice
    count once, and those that meet end to end are one.
    """
    drawn = [meant for shape in shapes for meant in _meant(shape, layer)]
    if layer not in AREAS:
        return _lines_once(drawn), []
    found, left = joined(drawn)
    return once(found), left


def _meant(shape: Any, layer: str) -> list[Any]:
    parts = shapely.get_parts(shape)
    single = parts[0] if len(parts) == 1 else shape
    if layer in POINTS and shapely.get_dimensions(single) > 0:
        groups = _groups(list(parts))
        if all(_size(group) <= SYMBOL_M for group in groups):
            return [shapely.box(*shapely.bounds(group)).centroid for group in groups]
    return [_area(single) if layer in AREAS else single]


def _groups(parts: Sequence[Any]) -> list[Any]:
    """Parts of a block that lie beside each other, as one shape a symbol; the whole where nothing lies apart."""
    if len(parts) == 1:
        return list(parts)
    clumps = shapely.get_parts(shapely.union_all(shapely.buffer(parts, BESIDE_M / 2)))
    owner = [int(np.flatnonzero(shapely.intersects(clumps, part))[0]) for part in parts]
    return [
        shapely.geometrycollections([part for part, own in zip(parts, owner, strict=True) if own == k])
        for k in range(len(clumps))
    ]


def _size(shape: Any) -> float:
    west, south, east, north = shapely.bounds(shape)
    return float(max(east - west, north - south))


def _lines_once(shapes: list[Any]) -> list[Any]:
    """Lines, each once and joined where two of them meet end to end; all else as it is."""
    single = [shape for shape in shapes if shape.geom_type == "LineString"]
    if not single:
        return shapes
    apart = list({shapely.normalize(line): line for line in _met(single)}.values())
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(apart)))
    lines = [_as_drawn(line, apart) for line in merged]
    return [shape for shape in shapes if shape.geom_type != "LineString"] + lines


def _as_drawn(line: Any, drawn: Sequence[Any]) -> Any:
    """A line that was joined with none, as it was drawn."""
    return next((one for one in drawn if shapely.equals(one, line)), line)


def _area(shape: Any) -> Any:
    """An outline, or a block with one, as the area that it closes; else the shape as it is."""
    if shape.geom_type == "LineString" and len(shape.coords) > 3:
        ends = shapely.get_coordinates(shape)[[0, -1]]
        closed = np.hypot(*(ends[1] - ends[0])) <= CLOSED_M
        return shapely.Polygon([*shape.coords[:-1], shape.coords[0]]) if closed else shape
    if shape.geom_type not in ("GeometryCollection", "MultiLineString"):
        return shape
    closed_parts = [_area(part) for part in shapely.get_parts(shape)]
    areas = [part for part in closed_parts if shapely.get_dimensions(part) == 2]
    lines = [part for part in closed_parts if part.geom_type == "LineString"]
    areas += list(shapely.get_parts(shapely.polygonize(_met(lines)))) if lines else []
    return shapely.union_all(areas) if areas else shape


def joined(shapes: list[Any]) -> tuple[list[Any], list[Any]]:
    """Loose lines that meet as the areas that they enclose, all else as it is; and the lines that enclose none."""
    lines = [shape for shape in shapes if shape.geom_type in ("LineString", "MultiLineString")]
    loose = [part for line in lines for part in shapely.get_parts(line)]
    if not loose:
        return shapes, []
    areas, cuts, dangles, invalid = shapely.polygonize_full(_met(loose))
    enclosed = list(shapely.get_parts(areas))
    left = [part for group in (cuts, dangles, invalid) for part in shapely.get_parts(group)]
    if not enclosed or left:
        return shapes, left or loose
    return [shape for shape in shapes if shape not in lines] + enclosed, []


def _met(lines: list[Any]) -> list[Any]:
    """Lines whose ends that lie within ``CLOSED_M`` of each other are the same point."""
    ends = np.array([shapely.get_coordinates(line)[k] for line in lines for k in (0, -1)]).reshape(-1, 2)
    first = [next(iter(np.flatnonzero(np.hypot(*(ends - end).T) <= CLOSED_M)), k) for k, end in enumerate(ends)]
    return [
        shapely.LineString([ends[first[2 * i]], *shapely.get_coordinates(line)[1:-1], ends[first[2 * i + 1]]])
        for i, line in enumerate(lines)
    ]


def once(shapes: list[Any]) -> list[Any]:
    """Without areas that are drawn again, such as the hatch of an outline, or the rims of a hatch with a hole.

    Examples
    --------
    >>> len(once([shapely.box(0, 0, 10, 10), shapely.box(0, 0, 10, 10.1), shapely.box(0, 0, 10, 5)]))
    2
    >>> court = shapely.box(0, 0, 40, 40).difference(shapely.box(10, 10, 30, 30))
    >>> [shape.area for shape in once([shapely.box(10, 10, 30, 30), court, shapely.box(0, 0, 40, 40)])]
    [1200.0]
    """
    rims = [rim for shape in shapes for rim in _rims(shape)]
    kept: list[Any] = []
    for shape in shapes:
        if not any(_same_ground(shape, other) for other in (*kept, *rims)):
            kept.append(shape)
    return kept


def _rims(shape: Any) -> list[Any]:
    """The outer outline of an area with holes, and its holes, as areas of their own."""
    if shape.geom_type != "Polygon" or not shape.interiors:
        return []
    return [shapely.Polygon(ring) for ring in (shape.exterior, *shape.interiors)]


def _same_ground(shape: Any, other: Any) -> bool:
    if not (shape.area > 0 and shape.is_valid and other.is_valid and shapely.intersects(shape, other)):
        return False
    return bool(shapely.area(shapely.intersection(shape, other)) > SAME_SHARE * max(shape.area, other.area))
