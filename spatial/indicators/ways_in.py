"""How many ways in, and out? Directions from which a walkable way reaches the place."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from spatial.core.arrays import Bools, Ints, Shapes
from spatial.indicators.registry import DERIVED, Measured, indicator, known
from spatial.network.attachment import legs_along
from spatial.network.graph import Network
from spatial.visibility.isovists import Occluders, in_sight

SECTORS = 8


@indicator(
    aspect="openness",
    unit="count",
    catchment_m=50.0,
    reference="Permeability: Hillier (1996), Space is the Machine; Bentley et al. (1985), Responsive Environments.",
    behind=("sides", "way", "gate", "barrier", "building"),
    within_m=60.0,
    by_shape=True,
)
def ways_in(places: gpd.GeoDataFrame, network: Network, blockers: Occluders, *, within_m: float = 50.0) -> Measured:
    """Number of 45° sectors from which a walkable way comes within 50 m of the place.

    A way counts from the side on which it crosses the line 50 m around the place, if nothing
    closed stands between the place and the way where it comes nearest; of a stretch along the rim, at either end or in
    the middle. A way that ends within the
    50 m counts from the side on which it comes in.
    """
    if not network.attachable.any() or not len(places):
        return known(np.zeros(len(places)), DERIVED, "no_way_mapped")
    owner, _ = sectors(places.geometry.to_numpy(), network, blockers, within_m=within_m)
    count = np.bincount(owner, minlength=len(places)).astype(float)
    return known(count, DERIVED, "sectors_with_a_way")


def sectors(shapes: Shapes, network: Network, blockers: Occluders, *, within_m: float = 50.0) -> tuple[Ints, Ints]:
    """Pairs of place and sector from which a way comes, each once; sector 0 is east, and on against the clock."""
    edges, tree = network.stepping
    lines = network.geometry[edges]
    place, line = tree.query(shapes, predicate="dwithin", distance=within_m)
    ends, pair = legs_along(shapes[place], lines[line])
    open_ = (ends[:, 0] == ends[:, 1]).all(axis=1) | in_sight(ends[:, 0], ends[:, 1], blockers)
    reached = np.bincount(pair, open_, len(place)) > 0
    # Ways that run on from one reached way bring people as well, wherever they cross the ring.
    reached = _running_on(network, shapes, place, edges[line], reached, within_m)
    rings = shapely.boundary(shapely.buffer(shapes, within_m))
    shapely.prepare(rings)
    reached &= shapely.intersects(rings[place], lines[line])
    crossing = shapely.intersection(rings[place[reached]], lines[line[reached]])
    points, row = shapely.get_coordinates(crossing, return_index=True)
    owner = place[reached][row]
    centre = shapely.get_coordinates(shapely.centroid(shapes))[owner]
    angle = np.arctan2(points[:, 1] - centre[:, 1], points[:, 0] - centre[:, 0])
    sector = np.floor(np.round(angle / (2 * np.pi) * SECTORS + 0.5, 9)).astype(int) % SECTORS
    pairs = np.unique(np.stack([owner, sector]), axis=1)
    return pairs[0], pairs[1]


def _running_on(network: Network, shapes: Shapes, place: Ints, edge: Ints, reached: Bools, within_m: float) -> Bools:
    """Pairs of place and edge that are reached, or joined to such an edge by nodes near the place."""
    node = np.stack([network.start[edge], network.end[edge]])
    points = shapely.points(network.xy[node])
    joins = (shapely.distance(shapes[place], points) <= within_m) & ~network.locked[node]
    key = place * network.node_count + node
    while True:
        known = np.unique(key[joins & reached])
        further = reached | (joins & np.isin(key, known)).any(axis=0)
        if (further == reached).all():
            return reached
        reached = further
