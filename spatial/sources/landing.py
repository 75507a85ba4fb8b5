"""Where a table lands: coordinates into the estate's CRS, checked against the estate itself.

A CRS may be missing, or declared wrongly, or its axes swapped. None of this shows in the numbers
alone; it shows in where they land. A table that lands far from the estate as declared, and close
to it read otherwise, is read otherwise, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from spatial.errors import CRSError
from spatial.sources.delivery import Area

Array = npt.NDArray[np.float64]
# A municipal or national register reaches this far from an estate it is meant for.
NEAR_M = 60_000.0
FAR_M = 150_000.0
MAX_LON_DEG, MAX_LAT_DEG = 180.0, 90.0
# What Danish and neighbouring registers come in, the likeliest first.
CANDIDATES = ("EPSG:25832", "EPSG:4326", "EPSG:25833", "EPSG:3857", "EPSG:3034", "EPSG:3035")


@dataclass(frozen=True)
class Landed:
    """Geometries in the estate's CRS, and what was found wrong on the way, if anything."""

    geometry: npt.NDArray[np.object_]
    read_as: CRS
    swapped: bool
    warning: str | None
    nearest_m: float


def land(table: gpd.GeoDataFrame, area: Area, *, what: str, expected: str | None = None) -> Landed:
    """Bring a table's geometries into the CRS of the area.

    Parameters
    ----------
    table
        With its declared CRS, or none.
    area
        Where it is meant to land.
    what
        Names the source in messages.
    expected
        The CRS that the catalogue states, for a table that declares none.

    Raises
    ------
    CRSError
        If no CRS is declared and none that registers use brings it near the area, or if the
        coordinates fit no CRS at all.
    """
    shapes = shapely.force_2d(table.geometry.to_numpy())
    declared = table.crs
    if not len(shapes):
        return Landed(shapes, declared or CRS.from_user_input(expected or area.crs), False, None, np.inf)
    points = _sample(shapes)
    if declared is not None and not _fits(points, declared):
        declared = None  # degrees that are none: GeoJSON says so of all that says nothing else
    if declared is not None:
        distance = _distance_m(points, declared, area, swapped=False)
        if distance <= FAR_M:
            return Landed(moved(shapes, declared, area.crs), declared, False, None, distance)
    found = _reading(points, declared, area, expected)
    if found is None:
        if declared is None:
            raise CRSError("landing.nowhere", what=what, x=float(points[0][0]), y=float(points[0][1]))
        return Landed(moved(shapes, declared, area.crs), declared, False, None, distance)
    crs, swapped, distance = found
    warning = _warning(declared, crs, swapped, expected)
    return Landed(moved(shapes, crs, area.crs, swapped=swapped), crs, swapped, warning, distance)


def _sample(shapes: npt.NDArray[np.object_]) -> Array:
    """One coordinate pair a geometry: cheap, and enough to see where a table lies."""
    usable = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(usable):
        return np.empty((0, 2))
    xy, owner = shapely.get_coordinates(usable, return_index=True)
    return np.asarray(xy[np.unique(owner, return_index=True)[1]])


def _fits(points: Array, crs: CRS) -> bool:
    """Whether coordinates may be in this CRS: degrees have their range."""
    if not crs.is_geographic or not len(points):
        return True
    return bool((np.abs(points[:, 0]) <= MAX_LON_DEG).all() and (np.abs(points[:, 1]) <= MAX_LAT_DEG).all())


def _distance_m(points: Array, crs: CRS, area: Area, *, swapped: bool) -> float:
    """Distance from the area of the nearest point when read in this CRS; infinite where it fits none."""
    if not len(points):
        return 0.0
    pairs = points[:, ::-1] if swapped else points
    if not _fits(pairs, crs):
        return float("inf")
    try:
        x, y = Transformer.from_crs(crs, area.crs, always_xy=True).transform(pairs[:, 0], pairs[:, 1])
    except ProjError:
        return float("inf")
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.any():
        return float("inf")
    return float(shapely.distance(area.polygon, shapely.points(x[finite], y[finite])).min())


def _reading(points: Array, declared: CRS | None, area: Area, expected: str | None) -> tuple[CRS, bool, float] | None:
    """The likeliest reading that lands near the area: as declared but swapped, then other CRSs."""
    names: list[Any] = [name for name in (declared, expected, area.crs, *CANDIDATES) if name is not None]
    tried = [(CRS.from_user_input(name), swapped) for name in names for swapped in (False, True)]
    for crs, swapped in tried:
        distance = _distance_m(points, crs, area, swapped=swapped)
        if distance <= NEAR_M:
            return crs, swapped, distance
    return None


def _warning(declared: CRS | None, crs: CRS, swapped: bool, expected: str | None) -> str | None:
    said = "no CRS" if declared is None else f"declared as {_short(declared)}"
    if swapped:
        return f"coordinates {said}, in the order north, east: read as {_short(crs)} with the axes swapped"
    if declared is None and expected is not None and CRS.from_user_input(expected) == crs:
        return None
    return f"coordinates {said}, but they land here only as {_short(crs)}: read as that"


def _short(crs: CRS) -> str:
    code = crs.to_epsg()
    return crs.name if code is None else f"EPSG:{code}"


def moved(shapes: npt.NDArray[np.object_], crs: CRS, to: CRS, *, swapped: bool = False) -> npt.NDArray[np.object_]:
    """Reproject all vertices in one call; a geometry that cannot be is missing afterwards."""
    xy = shapely.get_coordinates(shapes)
    if swapped:
        xy = xy[:, ::-1]
    there = np.column_stack(Transformer.from_crs(crs, to, always_xy=True).transform(xy[:, 0], xy[:, 1]))
    result: npt.NDArray[np.object_] = shapely.set_coordinates(shapes.copy(), there)
    _, owner = shapely.get_coordinates(shapes, return_index=True)
    result[np.unique(owner[~np.isfinite(there).all(axis=1)])] = None
    return result
