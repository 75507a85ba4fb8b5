"""Does anybody look out here? Homes that face the place."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from spatial.core.arrays import Floats, Shapes
from spatial.indicators.inputs import Viewpoints
from spatial.indicators.registry import DERIVED, Measured, indicator, known
from spatial.visibility.isovists import Occluders, in_sight

M2_PER_HA = 10_000.0


@indicator(
    aspect="openness",
    unit="m/ha",
    catchment_m=50.0,
    reference="Desyllas, Connoly & Hebbert (2003), Modelling natural surveillance, Environ. Plann. B 30(5).",
    behind=("own", "building"),
    within_m=60.0,
    by_shape=True,
)
def watched_over(
    places: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    view: Occluders,
    viewpoints: Viewpoints,
    *,
    within_m: float = 50.0,
    piece_m: float = 5.0,
) -> Measured:
    """Metres of residential façade in sight within 50 m, per hectare of the place and its 50 m.

    The façade stands for the windows in it (a proxy, ``derived``). The area is that of the place
    with the 50 m around it, because the façade per hectare of a bench's own two metres has no
    meaning.
    """
    owner, points = viewpoints
    middle, length = _facade(_near_homes(buildings, points, within_m), piece_m)
    seen = np.zeros(len(places))
    if len(middle) and len(points):
        walls: Any = shapely.points(middle)
        eye, piece = shapely.STRtree(walls).query(shapely.points(points), predicate="dwithin", distance=within_m)
        visible = in_sight(points[eye], middle[piece], view)
        pairs = np.unique(np.stack([owner[eye[visible]], piece[visible]]), axis=1)
        seen += np.bincount(pairs[0], weights=length[pairs[1]], minlength=len(places))
    seen = np.where(np.bincount(owner, minlength=len(places)) > 0, seen, np.nan)
    hectares = shapely.area(shapely.buffer(places.geometry.to_numpy(), within_m)) / M2_PER_HA
    return known(seen / hectares, DERIVED, "residential_facade_in_sight")


def _near_homes(buildings: gpd.GeoDataFrame, points: Floats, within_m: float) -> Shapes:
    homes = buildings.geometry.to_numpy()[(buildings["residential"] & ~buildings["cleared"]).to_numpy(dtype=bool)]
    if not len(homes) or not len(points):
        return homes[:0]
    return homes[
        np.unique(shapely.STRtree(homes).query(shapely.points(points), predicate="dwithin", distance=within_m)[1])
    ]


def _facade(homes: Shapes, piece_m: float) -> tuple[Floats, Floats]:
    """Middles and lengths of the walls of homes, in pieces of at most ``piece_m``."""
    rings = shapely.get_rings(homes)
    walls = shapely.segmentize(rings, piece_m)
    xy, ring = shapely.get_coordinates(walls, return_index=True)
    same = ring[1:] == ring[:-1]
    a, b = xy[:-1][same], xy[1:][same]
    return (a + b) / 2, np.linalg.norm(b - a, axis=1)
