"""What people come for, and the room in which each stands. Pure."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.places.detection import INSIDE_M
from spatial.visibility.isovists import Occluders, in_sight

Shapes = npt.NDArray[np.object_]
# A thing belongs to a room no further away than faces and moods are read (Gehl, 25 m).
LINK_M = 25.0
# Distances are compared to the millimetre, so that equal ones are equal on every machine.
DECIMALS = 3


def assign_anchors(rooms: gpd.GeoDataFrame, anchors: gpd.GeoDataFrame, parting: Occluders) -> pd.DataFrame:
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
    DataFrame
        Index as ``anchors``; ``room_id`` (None where no room lies within ``LINK_M`` in sight) and
        ``distance_m`` (0 where it stands in it, NaN without a room). An anchor in several rooms stands in the one
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
    return pd.DataFrame({"room_id": room_id, "distance_m": distance_m}, index=anchors.index)


def stands_on(shapes: Shapes, carries: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Row of the smallest larger area that carries, on which each thing stands; its own row where on none."""
    area, rows = shapely.area(shapes), np.flatnonzero(carries)
    middle = shapely.point_on_surface(shapes)
    thing, under = shapely.STRtree(shapes[rows]).query(middle, predicate="within")
    under = rows[under]
    larger = area[under] > area[thing]
    thing, under = thing[larger], under[larger]
    order = np.lexsort((under, area[under], thing))
    owner, first = np.unique(thing[order], return_index=True)
    found = np.arange(len(shapes))
    found[owner] = under[order][first]
    return found


def _sight_lines(shapes: Shapes, grounds: Shapes) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """From things to a little way into grounds, along the shortest lines."""
    ends = shapely.get_coordinates(shapely.shortest_line(shapes, grounds)).reshape(-1, 2, 2)
    vector = ends[:, 1] - ends[:, 0]
    length = np.linalg.norm(vector, axis=1, keepdims=True)
    step = np.divide(vector, length, out=np.zeros_like(vector), where=length > 0)
    return ends[:, 0], ends[:, 1] + INSIDE_M * step
