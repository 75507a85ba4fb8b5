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


def meant_shapes(shapes: Sequence[Any], layer: str) -> tuple[list[Any], list[Any]]:
    """What is drawn on one layer as what it means, and the lines that are left of those that should enclose an area.

    Closed lines, loose lines that meet, hatches and blocks are areas where the layer is one of areas, each once; small
    symbols are points where it is one of points.
    """
    drawn = [_meant(shape, layer) for shape in shapes]
    if layer not in AREAS:
        return drawn, []
    found, left = joined(drawn)
    return once(found), left


def _meant(shape: Any, layer: str) -> Any:
    parts = shapely.get_parts(shape)
    single = parts[0] if len(parts) == 1 else shape
    west, south, east, north = shapely.bounds(single)
    if layer in POINTS and shapely.get_dimensions(single) > 0 and max(east - west, north - south) <= SYMBOL_M:
        return shapely.Point((west + east) / 2, (south + north) / 2)
    return _area(single) if layer in AREAS else single


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
    first = [int(np.flatnonzero(np.hypot(*(ends - end).T) <= CLOSED_M)[0]) for end in ends]
    return [
        shapely.LineString([ends[first[2 * i]], *shapely.get_coordinates(line)[1:-1], ends[first[2 * i + 1]]])
        for i, line in enumerate(lines)
    ]


def once(shapes: list[Any]) -> list[Any]:
    """Without areas that are drawn again, such as the hatch of an outline.

    Examples
    --------
    >>> len(once([shapely.box(0, 0, 10, 10), shapely.box(0, 0, 10, 10.1), shapely.box(0, 0, 10, 5)]))
    2
    """
    kept: list[Any] = []
    for shape in shapes:
        area = shapely.area(shape)
        again = area > 0 and any(
            shapely.area(shapely.intersection(shape, other)) > SAME_SHARE * max(area, shapely.area(other))
            for other in kept
            if shape.is_valid and other.is_valid and shapely.intersects(shape, other)
        )
        kept += [] if again else [shape]
    return kept
