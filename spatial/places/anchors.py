"""What people come for, and the room in which each stands. Pure."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.places.detection import INSIDE_M
from spatial.places.meeting_spaces import DECIMALS, LINK_M
from spatial.visibility.isovists import Occluders, in_sight, isovist

Shapes = npt.NDArray[np.object_]


def assign_anchors(rooms: gpd.GeoDataFrame, anchors: gpd.GeoDataFrame, parting: Occluders) -> gpd.GeoDataFrame:
    """Give each anchor the room it stands in, else the nearest one that is in sight of it.

    Parameters
    ----------
    rooms
        As ``outdoor_rooms`` gives them.
    anchors
        Things by id, of any geometry, in the CRS of the rooms.
    parting
        What closes the view: buildings, barriers, water.

    Returns
    -------
    GeoDataFrame
        Index as ``anchors``; ``room_id`` (None where no room lies within ``LINK_M`` in sight),
        ``distance_m`` (0 where it stands in it, NaN without a room), and the part of the room that is within
        sight and ``LINK_M`` of the anchor (None without a room). An anchor in several rooms stands in the one
        that holds most of it.
    """
    shapes, grounds = anchors.geometry.to_numpy(), rooms.geometry.to_numpy()
    anchor, room = shapely.STRtree(grounds).query(shapes, predicate="dwithin", distance=LINK_M)
    away_m = np.round(shapely.distance(shapes[anchor], grounds[room]), DECIMALS)
    begin, end = _sight_lines(shapes[anchor], grounds[room])
    seen = (away_m == 0) | in_sight(begin, end, parting)
    anchor, room, away_m = anchor[seen], room[seen], away_m[seen]
    shared = shapely.intersection(shapes[anchor], grounds[room])
    held = np.round(shapely.area(shared) + shapely.length(shared), DECIMALS)
    order = np.lexsort((rooms.index.to_numpy().astype(str)[room], away_m, -held, anchor))
    owner, first = np.unique(anchor[order], return_index=True)
    best, nearest_m = room[order][first], away_m[order][first]
    room_id, distance_m = np.full(len(anchors), None, dtype=object), np.full(len(anchors), np.nan)
    room_id[owner], distance_m[owner] = rooms.index.to_numpy()[best], nearest_m
    part = np.full(len(anchors), None, dtype=object)
    for i, ground in zip(owner.tolist(), best.tolist(), strict=True):
        part[i] = _part_in_sight(shapes[i], grounds[ground], parting)
    columns: dict[str, Any] = {"room_id": room_id, "distance_m": distance_m}
    return gpd.GeoDataFrame(pd.DataFrame(columns, index=anchors.index), geometry=part, crs=rooms.crs)


def _sight_lines(shapes: Shapes, grounds: Shapes) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """From things to a little way into grounds, along the shortest lines."""
    ends = shapely.get_coordinates(shapely.shortest_line(shapes, grounds)).reshape(-1, 2, 2)
    vector = ends[:, 1] - ends[:, 0]
    length = np.linalg.norm(vector, axis=1, keepdims=True)
    step = np.divide(vector, length, out=np.zeros_like(vector), where=length > 0)
    return ends[:, 0], ends[:, 1] + INSIDE_M * step


def _part_in_sight(shape: shapely.Geometry, ground: shapely.Geometry, parting: Occluders) -> shapely.Geometry:
    """Keep the part of a ground that is near to a thing and seen from its middle, and what the thing covers itself."""
    inner = shapely.point_on_surface(shape)
    near = shapely.intersection(ground, shapely.buffer(shape, LINK_M))
    reach_m = LINK_M + float(shapely.hausdorff_distance(inner, shape))
    seen = isovist(shapely.get_coordinates(inner)[0], parting, reach_m)
    return shapely.union(shapely.intersection(near, seen), shapely.intersection(ground, shape))
