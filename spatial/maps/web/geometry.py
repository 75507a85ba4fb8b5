"""Geometry for the web map: WGS 84, quantised, delta-encoded, in few bytes and little time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS, Transformer


# One unit is 1e-6 degree: 0.11 m in latitude, 0.06 m in longitude in Denmark; decoded in decode.js.
UNITS_PER_DEGREE = 1_000_000
# Finer than a pixel at the deepest zoom (20: 0.08 m at 56° north) would need no simplification;
# 0.3 m is the width of a wall and invisible in the drawing.
SIMPLIFY_M = 0.3
CELL_M = 250.0  # what lies together in the page: some cells fill a window at the zoom of an estate
DIGITS_OF_SHARES = 6
DIGITS = 3  # of what is measured
UNSAFE_IN_SCRIPT = "<>&\u2028\u2029"

Rings = dict[str, list[int]]


class Projector:
    """Turns geometries of a metric CRS into whole units east and north of an origin."""

    def __init__(self, crs: CRS, centre: shapely.Point) -> None:
        self._transformer = _to_wgs84(crs.to_wkt())
        lon, lat = self._transformer.transform(centre.x, centre.y)
        self.origin = np.rint(np.array([lon, lat]) * UNITS_PER_DEGREE).astype(np.int64)

    def units(self, xy: NDArray[np.float64]) -> NDArray[np.int64]:
        """Project n × 2 metric coordinates to integer units from the origin."""
        lon, lat = self._transformer.transform(xy[:, 0], xy[:, 1])
        return np.rint(np.column_stack([lon, lat]) * UNITS_PER_DEGREE).astype(np.int64) - self.origin

    def lines(self, geometries: Any) -> Rings:
        """Encode the lines among these geometries; see `encode`."""
        parts = _parts(geometries)
        return self.encode(_by_place(_simplified(parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING])))

    def areas(self, geometries: Any) -> Rings:
        """Encode the polygons among these geometries, shells counter-clockwise, holes clockwise."""
        parts = _parts(geometries)
        parts = _simplified(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
        return self.encode(shapely.get_rings(shapely.orient_polygons(_by_place(parts))))

    def points(self, geometries: Any) -> list[int]:
        """Encode one point per geometry, as offsets (longitude, latitude, ...) from the origin."""
        points = np.asarray(geometries, dtype=object)
        return self.units(shapely.get_coordinates(points)).ravel().tolist() if len(points) else []

    def features(self, geometries: Any) -> Rings:
        """Encode polygons that stay apart: as `areas`, with ``rings``, the number of each."""
        polygons, owner = shapely.get_parts(np.asarray(geometries, dtype=object), return_index=True)
        is_polygon = shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON
        simple = shapely.orient_polygons(shapely.simplify(polygons[is_polygon], SIMPLIFY_M))
        rings, polygon = shapely.get_rings(simple, return_index=True)
        counts = np.bincount(owner[is_polygon][polygon], minlength=len(geometries))
        return {**self.encode(rings), "rings": counts.tolist()}

    def encode(self, rings: NDArray[Any]) -> Rings:
        """Encode rings or lines: ``n`` their numbers of vertices, ``d`` the steps between vertices.

        The steps run on from the last vertex of a ring to the first of the next, starting at the
        origin. The closing vertex of a ring is left out.
        """
        if not len(rings):
            return {"n": [], "d": []}
        xy, index = shapely.get_coordinates(rings, return_index=True)
        closed = shapely.get_type_id(rings) == shapely.GeometryType.LINEARRING
        last = np.append(index[1:] != index[:-1], True)
        keep = ~(last & closed[index])
        steps = np.diff(self.units(xy[keep]), axis=0, prepend=0)
        return {
            "n": np.bincount(index[keep], minlength=len(rings)).tolist(),
            "d": steps.ravel().tolist(),
        }


@lru_cache(maxsize=8)
def _to_wgs84(wkt: str) -> Transformer:
    from pyproj import Transformer

    return Transformer.from_crs(wkt, 4326, always_xy=True)


def _parts(geometries: Any) -> NDArray[Any]:
    found = np.asarray(geometries, dtype=object)
    found = found[~(shapely.is_missing(found) | shapely.is_empty(found))]
    parts = shapely.get_parts(found)
    if np.any(shapely.get_type_id(parts) >= shapely.GeometryType.MULTIPOINT):  # nested collections
        return _parts(parts)
    return parts


def _simplified(parts: NDArray[Any]) -> NDArray[Any]:
    simple = shapely.simplify(parts, SIMPLIFY_M)
    return simple[~shapely.is_empty(simple)]


def _by_place(parts: NDArray[Any]) -> NDArray[Any]:
    """Sort parts by the cell they lie in, row by row to and fro, then by where in it.

    Neighbours then follow one another: steps between them are short to write, and what lies outside a
    view is passed over by whole cells.
    """
    if not len(parts):
        return parts
    x, y = shapely.bounds(parts)[:, :2].T
    column, row = (np.floor(at / CELL_M).astype(np.int64) for at in (x, y))
    turned = np.where(row % 2 == 0, column, -column)
    return parts[np.lexsort((shapely.length(parts), y, x, turned, row))]


def embed(value: Any) -> str:
    """Write JSON that may stand inside a script element whatever text it holds.

    Raises
    ------
    ValueError
        If a number is not finite: send None for what is missing.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in UNSAFE_IN_SCRIPT:
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def integers(values: Sequence[Any] | NDArray[Any], scale: float = 1.0) -> list[int | None]:
    """Round values times ``scale`` to whole numbers; NaN and missing become None."""
    numbers = _floats(values)
    return [None if n != n else round(n * scale) for n in numbers.tolist()]


def per_mille(values: Sequence[Any] | NDArray[Any]) -> list[float | int | None]:
    """Turn shares into thousandths with two decimals; NaN becomes None, whole numbers integers."""
    return significant(np.round(_floats(values) * 1000, 2), DIGITS_OF_SHARES)


def significant(values: Sequence[Any] | NDArray[Any], digits: int) -> list[float | int | None]:
    """Round values to significant digits; NaN and missing become None, whole numbers integers."""
    numbers = _floats(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.where(numbers == 0, 1.0, 10.0 ** (digits - 1 - np.floor(np.log10(np.abs(numbers)))))
        rounded = np.rint(numbers * power) / power
    finite = np.isfinite(rounded)
    pairs = zip(rounded.tolist(), finite.tolist(), strict=True)
    return [None if not ok else int(n) if n == int(n) else round(n, 10) for n, ok in pairs]


def _floats(values: Any) -> NDArray[np.float64]:
    import pandas as pd

    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=float, na_value=np.nan))
