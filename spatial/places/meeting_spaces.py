"""Places close together and in sight of each other into meeting spaces. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import Shapes
from spatial.places.detection import INSIDE_M, ROOM_M, STRIP_M, is_ground, longest_side_m
from spatial.settings.tags import TagRules
from spatial.visibility.isovists import Occluders, in_sight

# Gehl (2010), Cities for People: faces and feelings are read to about 25 m; the social field of
# vision ends at about 100 m.
LINK_M = 25.0
# Half the thickness of what separates two rooms, when open ground is cut out between places.
SEPARATOR_M = 0.1
# Distances are compared to the millimetre, so that equal ones are equal on every machine.
DECIMALS = 3
SPACE_PREFIX = "space:"


# --- rooms ---------------------------------------------------------------------------------------


def parting_roads(paths: gpd.GeoDataFrame) -> Shapes:
    """Lines of the major roads on the ground, which part what lies on their two sides."""
    roads: Shapes = paths.geometry.to_numpy()[(paths["major"] & ~paths["tunnel"] & ~paths["bridge"]).to_numpy()]
    return roads


def separators(
    buildings: gpd.GeoDataFrame, barriers: gpd.GeoDataFrame, roads: Shapes, water: gpd.GeoDataFrame
) -> Occluders:
    """What parts two rooms: buildings, closed barriers, major roads on the ground, water."""
    lines = np.concatenate([barriers.geometry.to_numpy(), roads, shapely.boundary(water.geometry.to_numpy())])
    return Occluders.from_geometries(buildings.geometry.to_numpy()[buildings["solid"].to_numpy()], lines)


def group_places(places: gpd.GeoDataFrame, parting: Occluders, rules: TagRules) -> pd.Series:
    """Group places into the rooms they make together.

    Two places are linked when they lie within ``LINK_M`` of each other with nothing parting them.
    A single place larger than ``ROOM_M`` is a room of its own with what is linked to it directly.
    Then links are taken from the shortest to the longest, and two groups join when the room stays
    within ``ROOM_M`` across; equal links are taken in an order that a place more does not
    change. Ground (a lawn, a square) makes a room only with what lies on it.

    Returns
    -------
    Series
        Space id by place id: ``"space:"`` and the first place id of the group. It does not depend
        on the order of the rows.
    """
    places = places.sort_index()
    shapes = places.geometry.to_numpy()
    ground = is_ground(places, rules)
    hulls = [shapely.get_coordinates(hull) for hull in shapely.convex_hull(shapes)]
    across = np.array([longest_side_m(hull) for hull in hulls])
    large = across > ROOM_M
    group = np.arange(len(places))
    members: dict[int, list[int]] = {i: [i] for i in range(len(places))}
    point_like = shapely.area(shapes) <= np.array(
        [np.pi * rules.kinds[kind].footprint_m ** 2 for kind in places["kind"]]
    )
    for a, b in _links(shapes, places.index.to_numpy(), ground, large, point_like, parting):
        first, second = sorted((int(group[a]), int(group[b])))
        if first == second or not _may_join(a, b, members[first], members[second], hulls, large):
            continue
        members[first] += members.pop(second)
        group[members[first]] = first
    ids = places.index.to_numpy()
    return pd.Series([SPACE_PREFIX + ids[g] for g in group], index=places.index, name="space_id", dtype=object)


def _links(
    shapes: Shapes,
    ids: npt.NDArray[np.object_],
    ground: npt.NDArray[np.bool_],
    large: npt.NDArray[np.bool_],
    point_like: npt.NDArray[np.bool_],
    parting: Occluders,
) -> list[tuple[int, int]]:
    if not len(shapes):
        return []
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=LINK_M)
    once = (a < b) & ~(large[a] & large[b])
    a, b = a[once], b[once]
    distance = np.round(shapely.distance(shapes[a], shapes[b]), DECIMALS)
    inner = shapely.point_on_surface(shapes)
    on = shapely.contains(shapes[a], inner[b]) & ground[a] | shapely.contains(shapes[b], inner[a]) & ground[b]
    allowed = np.where(ground[a] | ground[b], on, True)
    begin, end = _sight_lines(np.where(point_like, inner, shapes), a, b)
    keep = np.flatnonzero(allowed & ((begin == end).all(axis=1) | in_sight(begin, end, parting)))
    a, b, distance = a[keep], b[keep], distance[keep]
    # By their names and not by their rows: a place more at the head of an even row does not shift it all.
    tie = np.array([zlib.crc32(f"{ids[i]} {ids[j]}".encode()) for i, j in zip(a, b, strict=True)], dtype=np.int64)
    order = np.lexsort((b, a, tie, distance, ~(large[a] | large[b])))
    return list(zip(a[order].tolist(), b[order].tolist(), strict=True))


def _sight_lines(
    shapes: Shapes, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Shortest lines between the middles of small places and the insides of others, by their ends."""
    ends = shapely.get_coordinates(shapely.shortest_line(shapes[a], shapes[b])).reshape(-1, 2, 2)
    vector = ends[:, 1] - ends[:, 0]
    length = np.linalg.norm(vector, axis=1, keepdims=True)
    step = INSIDE_M * np.divide(vector, length, out=np.zeros_like(vector), where=length > 0)
    wide = shapely.get_dimensions(shapes) == 2
    return ends[:, 0] - step * wide[a][:, None], ends[:, 1] + step * wide[b][:, None]


def _may_join(
    a: int, b: int, first: list[int], second: list[int], hulls: list[Any], large: npt.NDArray[np.bool_]
) -> bool:
    core = [i for i in (*first, *second) if large[i]]
    if core:
        lone = second if large[first[0]] or len(first) > 1 else first
        return len(core) == 1 and len(lone) == 1 and not large[lone[0]] and (a in core or b in core)
    return longest_side_m(np.concatenate([hulls[i] for i in (*first, *second)])) <= ROOM_M


def meeting_spaces(
    places: gpd.GeoDataFrame, space_of: pd.Series, buildings: gpd.GeoDataFrame, parts: Shapes, boundary: BaseGeometry
) -> gpd.GeoDataFrame:
    """The rooms as a table: members, and the open ground between them.

    Parameters
    ----------
    places
        As ``find`` returns them.
    space_of
        As ``group_places`` returns it.
    parts
        Lines and areas that cut open ground (barriers, major roads, water).

    Returns
    -------
    GeoDataFrame
        Index ``space_id``; ``kind`` (``"meeting_space"``), ``kinds`` (joined by ``;``),
        ``place_count``, ``name``, ``inside``, ``area_m2`` and the polygon.
    """
    solid = buildings.geometry.to_numpy()[buildings["solid"].to_numpy()]
    cutters = np.concatenate([solid, shapely.buffer(parts, SEPARATOR_M)])
    tree = shapely.STRtree(cutters)
    groups = members_by_space(places, space_of)
    shapes, kinds = places.geometry.to_numpy(), places["kind"].to_numpy()
    area, ids = shapely.area(shapes), places.index.to_numpy().astype(str)
    named = [places[column].to_numpy() for column in ("name", "ground_name")]
    largest_first = [rows[np.lexsort((ids[rows], -area[rows]))] for rows in groups.values()]
    columns = {
        "kind": "meeting_space",
        "kinds": [";".join(sorted(set(kinds[rows]))) for rows in groups.values()],
        "place_count": [len(rows) for rows in groups.values()],
        "name": [_first_text(names[rows] for names in named) for rows in largest_first],
    }
    index = pd.Index(list(groups), name="space_id", dtype=object)
    ground = np.array([*(_open_ground(shapes[rows], tree, cutters) for rows in groups.values()), None], dtype=object)
    table = gpd.GeoDataFrame(columns, index=index, geometry=ground[:-1], crs=places.crs)
    inner = shapely.point_on_surface(table.geometry.to_numpy())
    return table.assign(inside=shapely.contains(boundary, inner), area_m2=table.area)


def _first_text(columns: Iterable[Iterable[Any]]) -> str | None:
    """The first text in these columns, one column after another."""
    return next((value for column in columns for value in column if isinstance(value, str)), None)


def _open_ground(shapes: Shapes, tree: shapely.STRtree, cutters: Shapes) -> BaseGeometry:
    """The members and the open ground between them, without what parts or covers it."""
    union = shapely.union_all(shapes)
    if len(shapes) == 1:
        return union
    hull = shapely.convex_hull(union)
    if longest_side_m(shapely.get_coordinates(hull)) > ROOM_M:
        large = int(np.argmax([longest_side_m(shapely.get_coordinates(each)) for each in shapely.convex_hull(shapes)]))
        core, along = shapes[large], np.delete(shapes, large)
        strips = shapely.convex_hull(
            shapely.union(along, shapely.buffer(shapely.get_point(shapely.shortest_line(core, along), 0), STRIP_M))
        )
        hull = shapely.union_all(np.array([*strips, core], dtype=object))
    near = cutters[np.sort(tree.query(hull, predicate="intersects"))]
    open_ = shapely.difference(hull, shapely.union_all(near)) if len(near) else hull
    pieces = shapely.get_parts(open_)
    kept = pieces[shapely.intersects(pieces, union)] if len(pieces) else pieces
    return shapely.union_all(np.array([*kept, union], dtype=object))


def members_by_space(places: gpd.GeoDataFrame, space_of: pd.Series) -> Mapping[str, npt.NDArray[np.int64]]:
    """Positions of the places of each space, by space id."""
    spaces_, number, count = np.unique(
        space_of.reindex(places.index).to_numpy().astype(str), return_inverse=True, return_counts=True
    )
    rows = np.split(np.argsort(number, kind="stable"), np.cumsum(count)[:-1])
    return {str(space): members_ for space, members_ in zip(spaces_, rows, strict=False)}
