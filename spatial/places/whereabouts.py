"""Where a thing is, as one tells it: the street it lies at, the corner, the house number next to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from spatial.core.arrays import Ints, Shapes, Texts, object_array
from spatial.core.model import PLANNED

STREET_REACH_M = 150.0  # a meeting space is named after the street this near
CORNER_REACH_M = 40.0  # and after the corner
HOUSE_REACH_M = 50.0  # and after the house
DECIMALS = 2  # distances are told apart to the centimetre
PATHS, HOUSE_NUMBERS = "paths", "house_numbers"  # layers of a result

Found = list[str | None]


@dataclass(frozen=True)
class Whereabouts:
    """What lies next to a thing, or None: a street, one that crosses it there, a house number in it."""

    street: str | None
    crossing: str | None
    number: str | None


def whereabouts(shapes: Shapes, layers: Mapping[str, gpd.GeoDataFrame]) -> list[Whereabouts]:
    """Find the street, the corner and the house number of each shape.

    Parameters
    ----------
    shapes
        Geometries in a metric CRS.
    layers
        ``paths`` (with ``name``) and ``house_numbers`` (``street``, ``number``), where there are any.
    """
    ways, names = _streets(layers.get(PATHS), shapes)
    street = _nearest(shapes, ways, names, STREET_REACH_M)
    houses = layers.get(HOUSE_NUMBERS)
    if houses is None or not len(houses):
        crossing = _crossings(shapes, street, ways, names)
        return [Whereabouts(*found, None) for found in zip(street, crossing, strict=True)]
    points, streets, numbers = (np.asarray(houses[name], dtype=object) for name in ("geometry", "street", "number"))
    addressed = _nearest(shapes, points, streets, HOUSE_REACH_M)
    street = [one or other for one, other in zip(street, addressed, strict=True)]
    crossing = _crossings(shapes, street, ways, names)
    number = _in_street(shapes, street, (points, streets, numbers), HOUSE_REACH_M)
    return [Whereabouts(*found) for found in zip(street, crossing, number, strict=True)]


def nearest_street(table: gpd.GeoDataFrame, paths: gpd.GeoDataFrame | None) -> Found:
    """Name of the nearest named way within `STREET_REACH_M` of each geometry, or None."""
    shapes = np.asarray(table.geometry, dtype=object)
    return _nearest(shapes, *_streets(paths, shapes), STREET_REACH_M)


def _streets(paths: gpd.GeoDataFrame | None, shapes: Shapes) -> tuple[Shapes, Texts]:
    """Ways with names that may lie within reach of some shapes, and their names: those that are there today.

    A place keeps its name when a plan leads a new road past it.
    """
    if paths is None or "name" not in paths or not len(shapes):
        return np.empty(0, dtype=object), np.empty(0, dtype=object)
    ways, names = np.asarray(paths.geometry, dtype=object), np.asarray(paths["name"], dtype=object)
    west, south, east, north = shapely.total_bounds(shapes)
    frame = shapely.box(west - STREET_REACH_M, south - STREET_REACH_M, east + STREET_REACH_M, north + STREET_REACH_M)
    today = ~paths.index.astype(str).str.startswith(PLANNED)
    kept = today & paths["name"].notna().to_numpy() & shapely.intersects(frame, ways)
    return ways[kept], names[kept]


def _nearest(shapes: Shapes, things: Shapes, names: Texts, reach_m: float) -> Found:
    """Name of the nearest thing; of several as near the one nearest to the middle, then the first by its name."""
    rows, at = shapely.STRtree(things).query_nearest(shapes, max_distance=reach_m, all_matches=True)
    return _first(shapes, things, (rows, at), names)


def _in_street(shapes: Shapes, street: Found, things: tuple[Shapes, Texts, Texts], reach_m: float) -> Found:
    """Name of the nearest thing in the street of each shape; ``things`` are where, in which street, and named how."""
    points, streets, names = things
    rows, at = shapely.STRtree(points).query(shapes, predicate="dwithin", distance=reach_m)
    own = np.asarray(streets[at] == object_array(street)[rows], dtype=bool)
    return _first(shapes, points, (rows[own], at[own]), names)


def _first(shapes: Shapes, things: Shapes, pairs: tuple[Ints, Ints], names: Texts) -> Found:
    rows, at = pairs
    away_m = np.round(shapely.distance(shapes[rows], things[at]), DECIMALS)
    from_middle_m = np.round(shapely.distance(shapely.centroid(shapes)[rows], things[at]), DECIMALS)
    order = np.lexsort((names[at].astype(str), from_middle_m, away_m, rows))
    owner, first = np.unique(rows[order], return_index=True)
    found: Found = [None] * len(shapes)
    for row, k in zip(owner.tolist(), order[first].tolist(), strict=True):
        found[row] = str(names[at[k]])
    return found


def _crossings(shapes: Shapes, street: Found, ways: Shapes, names: Texts) -> Found:
    """The street that meets that of each shape within `CORNER_REACH_M` of it."""
    one, other = shapely.STRtree(ways).query(ways, predicate="intersects")
    apart = np.asarray(names[one] != names[other], dtype=bool)
    one, other = one[apart], other[apart]
    corners = shapely.point_on_surface(shapely.intersection(ways[one], ways[other]))
    return _in_street(shapes, street, (corners, names[one], names[other]), CORNER_REACH_M)
