"""Is it enough to watch? Seats and standing edges in view of an activity."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from spatial.core.arrays import Bools, Floats, Ints, Shapes
from spatial.indicators.enclosure import closed_share
from spatial.indicators.registry import ASSUMED, DERIVED, Measured, indicator
from spatial.visibility.isovists import Occluders, in_sight

# An outline closed over more than this share has no edge to stand at.
CLOSED_SHARE = 0.9
# Sight ends this far inside what is seen, so that a wall drawn on its outline hides it.
INSIDE_M = 0.5
# Seats that may stand unmapped beside an activity, at most as many as the value function tells apart.
UNMAPPED_SEATS = 3.0


@indicator(
    aspect="low_threshold",
    unit="count",
    catchment_m=25.0,
    surroundings=("seats",),
    reference="Byer uden medborgere (2025): spectators at the football pitches; Gehl (2010): 25 m.",
    behind=("own", "place"),
    within_m=40.0,
)
def can_watch(
    places: gpd.GeoDataFrame,
    activities: gpd.GeoDataFrame,
    seats: gpd.GeoDataFrame,
    view: Occluders,
    barriers: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    seats_complete: Bools,
    *,
    within_m: float = 25.0,
) -> Measured:
    """Seats and standing edges within 25 m of an activity and in sight of it, counted.

    Activities are places where there is something to watch (play, ball, dogs, fire). Each with an
    open edge counts one for those who stand. 0 where there is nothing to watch. Up to three
    seats more may stand there unmapped, but where a register of them is complete.
    """
    shapes = places.geometry.to_numpy()
    acts, chairs = activities.geometry.to_numpy(), seats.geometry.to_numpy()
    edge = (closed_share(acts, barriers, buildings) < CLOSED_SHARE).astype(float)
    place, act = _seen(shapes, acts, view, within_m)
    act_seat, seat = _seen(acts, chairs, view, within_m)
    watched = np.bincount(place, minlength=len(shapes))
    edges = np.bincount(place, weights=edge[act], minlength=len(shapes))
    seated = _distinct_seats(place, act, act_seat, seat, len(shapes), len(acts))
    count = seated + edges
    doubtful = (watched > 0) & (seated == 0) & ~seats_complete
    seen = np.where(seated == 0, "register_of_seats_complete", "seats_in_sight")
    return Measured(
        value=count,
        low=count.copy(),
        high=np.where(seats_complete, count, count + UNMAPPED_SEATS),
        evidence=np.where(doubtful, ASSUMED, DERIVED).astype(object),
        rule=np.where(watched == 0, "nothing_to_watch", np.where(doubtful, "no_seat_mapped", seen)).astype(object),
    )


def _seen(shapes: Shapes, others: Shapes, view: Occluders, within_m: float) -> tuple[Ints, Ints]:
    """Pairs of shapes within a distance and in sight of each other (a shape sees itself)."""
    if not len(shapes) or not len(others):
        return np.empty(0, int), np.empty(0, int)
    a, b = shapely.STRtree(others).query(shapes, predicate="dwithin", distance=within_m)
    ends = shapely.get_coordinates(shapely.shortest_line(shapes[a], others[b])).reshape(-1, 2, 2)
    vector = ends[:, 1] - ends[:, 0]
    length = np.linalg.norm(vector, axis=1, keepdims=True)
    step = INSIDE_M * np.divide(vector, length, out=np.zeros_like(vector), where=length > 0)
    clear = (length[:, 0] == 0) | in_sight(ends[:, 0] - step, ends[:, 1] + step, view)
    return a[clear], b[clear]


def _distinct_seats(place: Ints, act: Ints, act_seat: Ints, seat: Ints, count: int, acts: int) -> Floats:
    """Distinct seats in view of any activity that a place is in view of."""
    order = np.argsort(act_seat, kind="stable")
    seats_of = np.split(seat[order], np.cumsum(np.bincount(act_seat, minlength=acts))[:-1]) if acts else []
    result = np.zeros(count)
    for i in np.unique(place):
        found = [seats_of[a] for a in act[place == i]]
        result[i] = len(np.unique(np.concatenate(found)))
    return result
