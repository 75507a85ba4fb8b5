"""The ground around a spot, roughly, to draw a boundary on. Plain data."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from spatial.core.crs import WGS84, local_metric
from spatial.core.model import Estate, RawData
from spatial.osm.extract import read_extract
from spatial.studio.things import to_degrees, transformer_of

# What is shown around a spot, and the circle that is proposed for an estate.
AROUND_M, CIRCLE_M, CORNERS = 900.0, 350.0, 32
GREEN = (
    ("leisure", ("park", "garden", "pitch", "playground")),
    ("landuse", ("grass", "forest", "meadow", "recreation_ground", "allotments")),
)


def circle(lon: float, lat: float, radius_m: float = CIRCLE_M, name: str = "circle") -> Estate:
    """A circle around a spot, as an estate without surroundings."""
    crs = local_metric(lon, lat)
    middle = shapely.Point(Transformer.from_crs(WGS84, crs, always_xy=True).transform(lon, lat))
    round_ = shapely.buffer(middle, radius_m, quad_segs=CORNERS // 4)
    return Estate(name, name, round_, crs, margin_m=0.0, reach_m=0.0)


def sketch(osm: str, lon: float, lat: float) -> dict[str, Any]:
    """Houses, ways, water and green around a spot, as lists of latitudes and longitudes.

    Raises
    ------
    SpatialError
        If the extract cannot be read, or nothing of it lies there.
    """
    here = circle(lon, lat, AROUND_M)
    raw = read_extract(osm, here)
    return {name: _lines(raw, here, name) for name in ("green", "water", "building", "highway")}


def _lines(raw: RawData, estate: Estate, what: str) -> list[list[list[float]]]:
    part = raw.lines if what == "highway" else raw.areas
    rows = [row for row, tags in enumerate(part.tags) if _is(tags, what)]
    shapes = part.geometry[np.array(rows, dtype=np.int64)]
    outlines = shapes if what == "highway" else shapely.get_exterior_ring(shapely.get_parts(shapes))
    drawn = to_degrees(outlines, transformer_of(estate))
    return [shapely.get_coordinates(one)[:, ::-1].round(6).tolist() for one in drawn]


def _is(tags: Any, what: str) -> bool:
    if what == "water":
        return tags.get("natural") == "water" or "waterway" in tags
    if what == "green":
        return any(tags.get(key) in values for key, values in GREEN)
    return what in tags
