"""Polygons that nothing separates made one, so that a split drawn by a mapper moves no score. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spatial.core.arrays import Floats, Ints

# What must be the same of two objects, beside their kind.
ALIKE_TAGS: Final = ("name", "sport", "access")
# Two rims that run together at least this far are one: a corner in common is not enough.
SHARED_RIM_M: Final = 0.5


def likeness(objects: gpd.GeoDataFrame) -> list[Hashable]:
    """What must agree of place objects that are made one: kind, name, sport and access."""
    return [
        (kind, *(tags.get(key) for key in ALIKE_TAGS))
        for kind, tags in zip(objects["kind"], objects["tags"], strict=True)
    ]


def dissolve_touching(table: gpd.GeoDataFrame, alike: Sequence[Hashable]) -> gpd.GeoDataFrame:
    """Make touching polygons one where they are alike.

    Parameters
    ----------
    table
        Objects of any geometry by id, metres; points and lines stay as they are.
    alike
        Of each row what must be equal.

    Returns
    -------
    GeoDataFrame
        As ``table``, sorted by id, without the rows that were joined to another: those that belong together
        keep the columns of the largest and the smallest id. ``members`` holds the ids of each, ascending.
    """
    label = _labels(alike)
    order = np.argsort(table.index.to_numpy().astype(str), kind="stable")
    table, label = table.iloc[order], label[order]
    shapes = table.geometry.to_numpy()
    group = _groups(shapes, label)
    ids = table.index.to_numpy()
    area = shapely.area(shapes)
    rows = [np.flatnonzero(group == one) for one in dict.fromkeys(group.tolist())]
    largest = [int(members[np.argmax(area[members])]) for members in rows]
    result = table.iloc[largest].copy()
    result.index = table.index[[int(members[0]) for members in rows]]
    joined = [shapes[members[0]] if len(members) == 1 else shapely.union_all(shapes[members]) for members in rows]
    result = result.set_geometry(np.array([*joined, None], dtype=object)[:-1], crs=table.crs)
    members_of = np.empty(len(rows), dtype=object)
    members_of[:] = [tuple(ids[members]) for members in rows]
    return result.assign(members=members_of)


def areas_together(table: gpd.GeoDataFrame, alike: Sequence[Hashable]) -> Floats:
    """Area of each object in square metres, with all that `dissolve_touching` makes one with it."""
    shapes, group = table.geometry.to_numpy(), _groups(table.geometry.to_numpy(), _labels(alike))
    found = np.bincount(group, weights=shapely.area(shapes), minlength=len(shapes))[group]
    return found.astype(np.float64)  # of none, NumPy counts in whole numbers


def _labels(alike: Sequence[Hashable]) -> Ints:
    numbers = {label: number for number, label in enumerate(dict.fromkeys(alike))}
    return np.array([numbers[one] for one in alike], dtype=np.int64)


def _groups(shapes: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Number of the group of each shape."""
    flat = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
    a, b = shapely.STRtree(shapes[flat]).query(shapes[flat], predicate="intersects")
    a, b = flat[a], flat[b]
    same = (a < b) & (label[a] == label[b])
    a, b = a[same], b[same]
    shared = shapely.intersection(shapes[a], shapes[b])
    joined = (shapely.area(shared) > 0) | (shapely.length(shared) >= SHARED_RIM_M)
    a, b = a[joined], b[joined]
    links = coo_array((np.ones(len(a), dtype=bool), (a, b)), shape=(len(shapes), len(shapes)))
    return np.asarray(connected_components(links, directed=False)[1])
