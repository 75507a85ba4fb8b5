"""Open ground on which nothing is mapped: an invitation, not a lack. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import Bools, Ints, Shapes
from spatial.places.dividing import GRID_M, touching
from spatial.places.meeting_spaces import MOSTLY, PATH_NEAR_M, POSSIBLE, SPACE_PREFIX

# Rooms of one lawn are of one owner's ground, and under one rule.
OF_ONE_LAWN = ["ground_name", "access"]
# A rim is a path if its middle lies this near to one.
ON_PATH_M = 10 * GRID_M


def possible_spaces(rooms: gpd.GeoDataFrame, places: gpd.GeoDataFrame, space_of: pd.Series) -> gpd.GeoDataFrame:
    """Rooms on which nothing is mapped. ``status`` is ``"possible"``.

    A lawn among row houses without a path, or the ground of an institution, invites nobody; nor does ground that only
    reaches into the area.
    """
    used = pd.Index(space_of.unique()).str.removeprefix(SPACE_PREFIX)
    free = rooms[rooms[["valid", "held"]].to_numpy(dtype=bool).all(axis=1) & ~rooms.index.isin(used)]
    if len(places) and len(free):
        things, shapes = places.geometry.to_numpy(), free.geometry.to_numpy()
        on, thing = shapely.STRtree(things).query(shapes, predicate="intersects")
        rows, held_m2 = np.unique(on), np.zeros(len(free))
        held_m2[rows] = shapely.area(shapely.intersection(shapes[rows], shapely.union_all(things[np.unique(thing)])))
        free = free[held_m2 / free["area_m2"].to_numpy() < 1 / 2]
    ours = (free["row_house_share"] > MOSTLY) & ~(free["nearest_public_path_m"] <= PATH_NEAR_M)
    free = free[~(ours | (free["institution_share"] > MOSTLY)).to_numpy(dtype=bool)]
    return free.drop(columns="held").assign(status=POSSIBLE, name=free["ground_name"])


def open_to_all(
    rooms: gpd.GeoDataFrame, paths: gpd.GeoDataFrame, closed_at: Sequence[shapely.Point]
) -> gpd.GeoDataFrame:
    """Rooms of the lawns that hold none of the points where, as was seen on the spot, not everybody may be."""
    lawn = _lawn_of(rooms, paths)
    closed = shapely.STRtree(rooms.geometry.to_numpy()).query(list(closed_at), predicate="intersects")[1]
    return rooms[~np.isin(lawn, lawn[closed])]


def possible_in(rooms: gpd.GeoDataFrame | None, area: BaseGeometry) -> Shapes:
    """Outlines of the possible spaces that reach into an area."""
    shapes = np.empty(0, dtype=object) if rooms is None else rooms.geometry.to_numpy()
    found: Shapes = shapes[shapely.intersects(shapes, area)]
    return found


def lawns(rooms: gpd.GeoDataFrame, paths: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Possible spaces as people name them: the rooms of one lawn as one, as far as no path runs between them.

    Parameters
    ----------
    rooms
        As ``possible_spaces`` returns them: a large lawn in several rooms.
    paths
        The ways, in the same CRS.

    Returns
    -------
    GeoDataFrame
        As ``rooms``, in their order, each lawn with id and columns of its largest room, the polygon of all its rooms,
        and their area.
    """
    shapes, lawn = rooms.geometry.to_numpy(), _lawn_of(rooms, paths)
    area_m2 = rooms["area_m2"].to_numpy(dtype=float)
    order = np.lexsort((-area_m2, lawn))
    largest = np.sort(order[np.unique(lawn[order], return_index=True)[1]])
    whole = [shapely.union_all(shapes[lawn == lawn[row]]) for row in largest]
    table = rooms.iloc[largest].assign(area_m2=np.bincount(lawn, area_m2)[lawn[largest]].astype(float))
    return table.set_geometry(np.array([*whole, None], dtype=object)[:-1], crs=rooms.crs)


def _lawn_of(rooms: gpd.GeoDataFrame, paths: gpd.GeoDataFrame) -> Ints:
    """Number of the lawn of each room."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    shapes = rooms.geometry.to_numpy()
    a, b = touching(shapes)
    told = rooms[OF_ONE_LAWN].astype(object).fillna("").to_numpy()
    joined = (told[a] == told[b]).all(axis=1)
    # Both ways round: which point stands for a rim of several lines hangs on which room comes first.
    a, b = np.concatenate([a[joined], b[joined]]), np.concatenate([b[joined], a[joined]])
    rims = shapely.intersection(shapes[a], shapes[b])
    open_between = (shapely.length(rims) > 0) & ~_on_paths(rims, paths)
    a, b = a[open_between], b[open_between]
    links = coo_array((np.ones(len(a), dtype=bool), (a, b)), shape=(len(shapes), len(shapes)))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def _on_paths(rims: Shapes, paths: gpd.GeoDataFrame) -> Bools:
    on = np.zeros(len(rims), dtype=bool)
    middles = shapely.point_on_surface(rims)
    on[paths.sindex.query(middles, predicate="dwithin", distance=ON_PATH_M)[0]] = True
    return on
