"""Canonical layers into places, and places into the rooms they make together. Pure."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.config import TagRules
from spatial.housing import inside
from spatial.visibility import Occluders, in_sight

log = logging.getLogger(__name__)

Shapes = npt.NDArray[np.object_]

# Gehl (2010), Cities for People: faces and feelings are read to about 25 m; the social field of
# vision ends at about 100 m.
LINK_M = 25.0
ROOM_M = 100.0
# Dansk Arkitektur Center: a lommepark (pocket park) has less than 5,000 m². Larger green and squares
# are ground on which rooms lie, not a room.
POCKET_PARK_M2 = 5000.0
# A bench drawn as a line is this wide to either side.
LINE_HALF_WIDTH_M = 1.0
# Half the thickness of what separates two rooms, when open ground is cut out between places.
SEPARATOR_M = 0.1
# Sight of an area ends this far inside it, so that a fence drawn on its outline is crossed.
INSIDE_M = 0.5
# A strip of open ground from the edge of a large place to what lies along it.
STRIP_M = 2.0
# Distances are compared to the millimetre, so that equal ones are equal on every machine.
DECIMALS = 3
SPACE_PREFIX = "space:"


def find(
    objects: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    ground: gpd.GeoDataFrame,
    boundary: BaseGeometry,
    margin_m: float,
    rules: TagRules,
) -> gpd.GeoDataFrame:
    """Outdoor places inside the boundary or within the margin.

    Parameters
    ----------
    objects, buildings, ground
        Canonical layers ``place_objects``, ``buildings`` and ``ground``, in one metric CRS.
    boundary
        The estate, in the same CRS.

    Returns
    -------
    GeoDataFrame
        Index ``place_id``; ``kind``, ``name``, ``inside`` (its inner point lies in the boundary),
        ``tags`` (as mapped), ``ground`` (whose ground it lies on, the smallest known area, or
        None), ``ground_id``, ``ground_name``, ``area_m2`` and a polygon: the mapped area, or a
        footprint of the kind's size around a point or line. Parks and squares larger than a
        pocket park or longer than a room are ground for other places, not places themselves.
    """
    near = objects[objects.intersects(boundary.buffer(margin_m))]
    outdoors = near[~indoors(near, buildings)]
    log.info("places: %d found, %d of them inside a building and left out", len(near), len(near) - len(outdoors))
    outdoors = outdoors.set_geometry(footprints(outdoors, rules), crs=objects.crs)
    vast = _is_ground(outdoors, rules) & _vast(outdoors.geometry.to_numpy())
    log.info("places: %d parks and squares are larger than a room and taken as ground", int(vast.sum()))
    outdoors = outdoors[~vast]
    footprint = outdoors.geometry.to_numpy()
    inner = shapely.point_on_surface(footprint)
    kind = outdoors["kind"].to_numpy()
    columns = {
        "kind": kind,
        "name": np.array([tags.get("name") for tags in outdoors["tags"]], dtype=object),
        "inside": shapely.contains(boundary, inner),
        "tags": outdoors["tags"].to_numpy(),
        **_on_ground(inner, ground, outdoors.index.to_numpy()),
        "area_m2": shapely.area(footprint),
    }
    index = pd.Index(outdoors.index, name="place_id")
    return gpd.GeoDataFrame(columns, index=index, geometry=footprint, crs=objects.crs).sort_index()


def _is_ground(objects: gpd.GeoDataFrame, rules: TagRules) -> npt.NDArray[np.bool_]:
    return np.array([rules.kinds[kind].ground for kind in objects["kind"]], dtype=bool)


def _vast(shapes: Shapes) -> npt.NDArray[np.bool_]:
    across = np.array([_across(shapely.get_coordinates(hull)) for hull in shapely.convex_hull(shapes)])
    return (shapely.area(shapes) > POCKET_PARK_M2) | (across > ROOM_M)


def indoors(objects: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Say of each object whether it is inside a building, by its tags or its position."""
    tagged = np.array(
        [tags.get("indoor") in ("yes", "room") or tags.get("location") == "indoor" for tags in objects["tags"]],
        dtype=bool,
    )
    within: npt.NDArray[np.bool_] = inside(shapely.point_on_surface(objects.geometry.to_numpy()), buildings)
    return tagged | within


def footprints(objects: gpd.GeoDataFrame, rules: TagRules) -> Shapes:
    """Polygons of objects: the mapped area, or a footprint around a point or line."""
    shapes = objects.geometry.to_numpy().copy()
    dimension = shapely.get_dimensions(shapes)
    radius = np.array([rules.kinds[kind].footprint_m for kind in objects["kind"]], dtype=float)
    shapes[dimension == 0] = shapely.buffer(shapes[dimension == 0], radius[dimension == 0])
    shapes[dimension == 1] = shapely.buffer(shapes[dimension == 1], LINE_HALF_WIDTH_M)
    return shapes


def _on_ground(inner: Shapes, ground: gpd.GeoDataFrame, own: npt.NDArray[Any]) -> dict[str, npt.NDArray[np.object_]]:
    """The smallest known ground that each point lies on, housing land apart."""
    owned = ground[ground["ground"] != "residential"]
    result = {key: np.full(len(inner), None, dtype=object) for key in ("ground", "ground_id", "ground_name")}
    if not len(owned) or not len(inner):
        return result
    point, area = shapely.STRtree(owned.geometry.to_numpy()).query(inner, predicate="within")
    other = owned.index.to_numpy()[area] != own[point]
    point, area = point[other], area[other]
    order = np.lexsort((owned.index.to_numpy()[area].astype(str), -owned.geometry.area.to_numpy()[area], point))
    for key, column in (("ground", "ground"), ("ground_name", "name")):
        result[key][point[order]] = owned[column].to_numpy()[area[order]]
    result["ground_id"][point[order]] = owned.index.to_numpy()[area[order]]
    return result


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


def rooms(places: gpd.GeoDataFrame, parting: Occluders, rules: TagRules) -> pd.Series:
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
    ground = _is_ground(places, rules)
    hulls = [shapely.get_coordinates(hull) for hull in shapely.convex_hull(shapes)]
    across = np.array([_across(hull) for hull in hulls])
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


def _across(points: npt.NDArray[np.float64]) -> float:
    """Greatest distance between two points of a hull."""
    offset = points[:, None, :] - points[None, :, :]
    return float(np.sqrt((offset**2).sum(axis=2).max()))


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
    return _across(np.concatenate([hulls[i] for i in (*first, *second)])) <= ROOM_M


def spaces(
    places: gpd.GeoDataFrame, space_of: pd.Series, buildings: gpd.GeoDataFrame, parts: Shapes, boundary: BaseGeometry
) -> gpd.GeoDataFrame:
    """The rooms as a table: members, and the open ground between them.

    Parameters
    ----------
    places
        As ``find`` returns them.
    space_of
        As ``rooms`` returns it.
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
    groups = members(places, space_of)
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
    if _across(shapely.get_coordinates(hull)) > ROOM_M:
        large = int(np.argmax([_across(shapely.get_coordinates(each)) for each in shapely.convex_hull(shapes)]))
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


def members(places: gpd.GeoDataFrame, space_of: pd.Series) -> Mapping[str, npt.NDArray[np.int64]]:
    """Positions of the places of each space, by space id."""
    spaces_, number, count = np.unique(
        space_of.reindex(places.index).to_numpy().astype(str), return_inverse=True, return_counts=True
    )
    rows = np.split(np.argsort(number, kind="stable"), np.cumsum(count)[:-1])
    return {str(space): members_ for space, members_ in zip(spaces_, rows, strict=False)}
