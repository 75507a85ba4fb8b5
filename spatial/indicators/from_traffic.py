"""How far from heavy traffic does one stay? Distance to the nearest major road in sight."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from spatial.core.arrays import Floats, Shapes
from spatial.indicators.registry import DERIVED, Measured, indicator, known
from spatial.visibility.isovists import Occluders, in_sight

# Roads are looked at piece by piece, each no longer than this.
PIECE_M = 10.0


@indicator(
    aspect="openness",
    unit="m",
    catchment_m=50.0,
    members=True,
    reference="Appleyard & Lintell (1972), The environmental quality of city streets, J. Am. Inst. Planners 38(2): "
    "fewer meet and stay where traffic is heavy; Gehl (2010), Cities for People: talk ends beside it.",
    behind=("road", "building", "barrier"),
    within_m=50.0,
    by_shape=True,
)
def from_traffic(
    places: gpd.GeoDataFrame, paths: gpd.GeoDataFrame, view: Occluders, *, far_m: float = 50.0
) -> Measured:
    """Distance in a straight line to the nearest piece of a major road in sight; 50 m where none is nearer.

    Major roads are those above tertiary, or faster than 50 km/h, on the ground or on a bridge. Behind a building, a
    wall or a closed fence, one is not beside the traffic. A road whose speed is tagged and cannot be read may be one.
    """
    shapes, lines = places.geometry.to_numpy(), paths.geometry.to_numpy()
    open_air = ~paths["tunnel"].to_numpy(dtype=bool)
    surely_m, perhaps_m = (
        _nearest_seen_m(shapes, _pieces(lines[paths[name].to_numpy(dtype=bool) & open_air]), view, far_m)
        for name in ("major", "perhaps_major")
    )
    open_ = perhaps_m < surely_m
    sure = known(np.where(open_, np.nan, surely_m), DERIVED, "major_road_in_sight")
    return replace(
        sure,
        low=np.minimum(surely_m, perhaps_m),
        high=surely_m,
        rule=np.where(open_, "speed_not_read", sure.rule).astype(object),
    )


def _pieces(lines: Shapes) -> Shapes:
    """Lines cut into pieces."""
    at, line = shapely.get_coordinates(shapely.segmentize(lines, PIECE_M), return_index=True)
    same = line[1:] == line[:-1]
    return np.asarray(shapely.linestrings(np.stack([at[:-1][same], at[1:][same]], axis=1)), dtype=object)


def _nearest_seen_m(shapes: Shapes, pieces: Shapes, view: Occluders, far_m: float) -> Floats:
    """Distance from each shape to the nearest of the pieces that it sees, at most so far."""
    nearest = np.full(len(shapes), far_m)
    shape, piece = shapely.STRtree(pieces).query(shapes, predicate="dwithin", distance=far_m)
    ends = shapely.get_coordinates(shapely.shortest_line(shapes[shape], pieces[piece])).reshape(-1, 2, 2)
    seen = in_sight(ends[:, 0], ends[:, 1], view)
    np.minimum.at(nearest, shape[seen], np.hypot(*(ends[:, 1] - ends[:, 0]).T)[seen])
    return nearest
