"""How shut does it feel? Share of the edge that is closed."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from spatial.core.arrays import Floats, Shapes
from spatial.indicators.registry import DERIVED, OBSERVED, UNKNOWN, Measured, indicator
from spatial.layers.tag_values import states

NEAR_EDGE_M = 2.0
# Barriers mapped this near say that somebody has mapped barriers here.
SURVEYED_M = 50.0
OFTEN_FENCED = ("playground", "pitch", "dog_park", "garden")


@indicator(
    aspect="openness",
    unit="share",
    reads=("fenced",),
    catchment_m=NEAR_EDGE_M,
    reference="Gehl & Svarre (2013), How to Study Public Life: place inventory; barrier of OpenStreetMap.",
    behind=("own", "building", "barrier"),
    within_m=40.0,
    by_row=True,
)
def enclosure(places: gpd.GeoDataFrame, barriers: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> Measured:
    """Share of the perimeter within 2 m of a fence, wall, hedge or building.

    Gates and the gaps that ways make are open. An unmapped fence is unknown, not absent: where no
    barrier is mapped within 50 m of a place of a kind that is often fenced, the share lies between
    that of the buildings and 1. ``fenced`` on the place decides. Of a meeting space the fences alone count: the
    houses around a courtyard say whose it is no more than its gate does.
    """
    spaces = (places["level"] == "space").to_numpy(dtype=bool)
    shapes_ = places.geometry.to_numpy()
    share = np.where(
        spaces, closed_share(shapes_, barriers, buildings.iloc[:0]), closed_share(shapes_, barriers, buildings)
    )
    shapes = barriers.geometry.to_numpy()
    surveyed = np.zeros(len(places), dtype=bool)
    if len(shapes) and len(places):
        surveyed[
            shapely.STRtree(shapes).query(places.geometry.to_numpy(), predicate="dwithin", distance=SURVEYED_M)[0]
        ] = True
    kinds = [str(kind).split(";") for kind in places["kinds"]]
    told = [tags.get("fenced") if isinstance(tags, dict) else None for tags in places["tags"]]
    fenced = states("fenced", told)
    doubtful = ~spaces & ~surveyed & np.array([any(kind in OFTEN_FENCED for kind in row) for row in kinds], dtype=bool)
    doubtful |= np.array([value is not None for value in told], dtype=bool) & (fenced == -1)
    tagged = fenced != -1
    value = np.where(fenced == 1, np.maximum(share, 1.0), share)
    return Measured(
        value=np.where(doubtful & ~tagged, np.nan, value),
        low=value,
        high=np.where((doubtful & ~tagged) | (spaces & ~surveyed), 1.0, value),
        evidence=np.where(tagged, OBSERVED, np.where(doubtful, UNKNOWN, DERIVED)).astype(object),
        rule=np.where(
            tagged, "tag_fenced", np.where(doubtful, "no_barrier_mapped_nearby", "perimeter_near_barrier_or_building")
        ).astype(object),
    )


def closed_share(shapes: Shapes, barriers: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> Floats:
    """Share of each polygon's outline that lies within 2 m of a barrier or a building."""
    solid = buildings.geometry.to_numpy()[buildings["solid"].to_numpy()]
    closing = np.concatenate([barriers.geometry.to_numpy(), solid])
    closing = closing[~shapely.is_empty(closing)]
    outline = shapely.boundary(shapes)
    length = shapely.length(outline)
    closed = np.zeros(len(shapes))
    if len(closing) and len(shapes):
        shape, other = shapely.STRtree(closing).query(outline, predicate="dwithin", distance=NEAR_EDGE_M)
        for i in np.unique(shape):
            # Flat ends: a barrier closes what it runs along, not the gate at which it ends.
            near = shapely.union_all(shapely.buffer(closing[other[shape == i]], NEAR_EDGE_M, cap_style="flat"))
            closed[i] = shapely.length(shapely.intersection(outline[i], near))
    return np.divide(closed, length, out=np.zeros_like(closed), where=length > 0)
