"""Can one sit near the flow, but not in it? Distance from seats to the main way."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from spatial.core.arrays import Floats, Shapes
from spatial.core.model import Estate
from spatial.indicators.registry import DERIVED, UNKNOWN, Measured, indicator
from spatial.network.graph import Network

# A main way is one of the busiest quarter (by length) of the study area's ways.
MAIN_SHARE = 0.75
# A seat belongs to a place when it stands in it or this near to it.
AT_PLACE_M = 5.0
# Beyond this no seat is near a main way in any sense; Gehl's social field of vision.
FAR_M = 100.0


@indicator(
    aspect="openness",
    unit="m",
    catchment_m=800.0,
    surroundings=("seats",),
    reference="Campos & Golka (2005), Public spaces revisited, 5th Space Syntax Symposium; Whyte (1980), The Social "
    "Life of Small Urban Spaces.",
    behind=("own", "place"),
    within_m=40.0,
)
def stay_off_flow(
    places: gpd.GeoDataFrame, seats: gpd.GeoDataFrame, network: Network, flows: Floats, estate: Estate
) -> Measured:
    """Distance in a straight line from the seats of a place to the nearest main way: the mean.

    Main ways are the busiest quarter, by length, of the ways of the study area (the trips of
    ``flow_near``). A distance of more than 100 m counts as 100 m. Where no seat is mapped the
    distance is unknown: people may sit anywhere in the place, from its nearest to its furthest point.
    """
    shapes = places.geometry.to_numpy()
    main = _main_ways(network, flows, estate)
    near, far = _reach(shapes, main)
    points = shapely.centroid(seats.geometry.to_numpy())
    place, seat = (
        shapely.STRtree(points).query(shapes, predicate="dwithin", distance=AT_PLACE_M)
        if len(points) and len(shapes)
        else np.empty((2, 0), dtype=int)
    )
    count = np.bincount(place, minlength=len(shapes))
    away = _distance(points[seat], main)
    mean = np.divide(
        np.bincount(place, weights=away, minlength=len(shapes)),
        count,
        out=np.full(len(shapes), np.nan),
        where=count > 0,
    )
    seated = count > 0
    rule = "seats_to_main_way" if len(main) else "no_main_way"
    return Measured(
        value=mean,
        low=np.where(seated, mean, near),
        high=np.where(seated, mean, far),
        evidence=np.where(seated, DERIVED, UNKNOWN).astype(object),
        rule=np.where(seated, rule, "no_seat_mapped").astype(object),
    )


def _main_ways(network: Network, flows: Floats, estate: Estate) -> Shapes:
    inside = np.flatnonzero(shapely.intersects(network.geometry, estate.study_area))
    order = inside[np.argsort(flows[inside], kind="stable")]
    length = np.cumsum(network.length_m[order])
    if not len(order) or not flows[order[-1]] > 0:
        return network.geometry[:0]
    at = min(int(np.searchsorted(length, MAIN_SHARE * length[-1], side="right")), len(order) - 1)
    return network.geometry[(flows >= flows[order[at]]) & (flows > 0)]


def _distance(points: Shapes, ways: Shapes) -> Floats:
    """Distance to the nearest of the ways, at most 100 m."""
    if not len(ways):
        return np.full(len(points), FAR_M)
    found = np.full(len(points), FAR_M)
    (row, _), away = shapely.STRtree(ways).query_nearest(
        points, max_distance=FAR_M, all_matches=False, return_distance=True
    )
    found[row] = away
    return found


def _reach(shapes: Shapes, ways: Shapes) -> tuple[Floats, Floats]:
    """Least and largest distance of a place to the nearest main way; the largest is at a corner, or so."""
    near = _distance(shapes, ways)
    corners, owner = shapely.get_coordinates(shapes, return_index=True)
    far = near.copy()
    points: Any = shapely.points(corners)
    np.maximum.at(far, owner, _distance(points, ways))
    return near, far
