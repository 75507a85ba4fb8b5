"""Places into meeting spaces: each outdoor room with what stands in it. Pure.

A room is made of the ground alone, so that nothing that is mapped on it moves its outline or its id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import Ints, Shapes, Texts, object_array
from spatial.places.anchors import LINK_M, assign_anchors, stands_on
from spatial.places.dissolving import dissolve_touching, likeness
from spatial.settings.tags import TagRules
from spatial.visibility.isovists import Occluders

SPACE_PREFIX = "space:"
# A seat further from every room than this stands beside a road or a path, with no ground around it to stay on.
SEAT_AT_ROOM_M = 3.0
# More of a room's rim or ground than this makes it that of row houses, or of an institution.
MOSTLY = 0.5
# A public path this near leads by.
PATH_NEAR_M = 15.0
# What a space is. Possible: ground on which nothing is mapped that one would come or stay for. Closed: not open to
# everybody, which only its conditions tell; see ``spatial.scoring.combining``.
MEETING, POSSIBLE, SEAT, CLOSED = "meeting space", "possible", "seat", "closed"
# What is known of the room of a space, and how it reads where there is no room.
ROOM_COLUMNS: Final = {
    "through_path": False,
    "nearest_public_path_m": np.nan,
    "row_house_share": np.nan,
    "institution_share": 0.0,
    "access": None,
    "ground": None,
    "ground_name": None,
    "part_of": None,
    "valid": True,
    "why_invalid": None,
}


def parting_roads(paths: gpd.GeoDataFrame) -> Shapes:
    """Lines of the major roads on the ground, which part what lies on their two sides."""
    roads: Shapes = paths.geometry.to_numpy()[(paths["major"] & ~paths["tunnel"] & ~paths["bridge"]).to_numpy()]
    return roads


def separators(
    buildings: gpd.GeoDataFrame, barriers: gpd.GeoDataFrame, roads: Shapes, water: gpd.GeoDataFrame
) -> Occluders:
    """What parts two things: buildings, closed barriers, major roads on the ground, water."""
    lines = np.concatenate([barriers.geometry.to_numpy(), roads, shapely.boundary(water.geometry.to_numpy())])
    return Occluders.from_geometries(buildings.geometry.to_numpy()[buildings["solid"].to_numpy()], lines)


def group_places(places: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame, parting: Occluders, rules: TagRules) -> pd.Series:
    """Give each place the meeting space it belongs to.

    A place belongs to the room in which it stands, else to the nearest in sight within 25 m; a seat, water or light
    only to one within 3 m, and what stands on ground that is closed to none beside it. What stands in none, but on the
    ground of one owner (a school, a club), makes one space with all that stands there; anything else is a space of its
    own. What stands on a playground or pitch belongs where that does. Touching polygons that are alike are one thing.

    Returns
    -------
    Series
        Space id by place id: ``"space:"`` and the id of the room, of the ground, or of the place.
    """
    places = places.sort_index()
    things = dissolve_touching(places, likeness(places))
    of_thing = assign_anchors(rooms, things, parting)
    anchor = np.array([rules.kinds[kind].anchor for kind in things["kind"]], dtype=bool)
    shut = things["access"].notna() | things["ground"].isin(rules.access["closed_ground"])
    within_m = np.where(shut, 0.0, np.where(anchor, LINK_M, SEAT_AT_ROOM_M))
    near = of_thing["distance_m"].to_numpy() <= within_m
    room = object_array(name if at else None for name, at in zip(of_thing["room_id"], near, strict=True))
    own = [
        name or (ground if isinstance(ground, str) else members[0])
        for members, name, ground in zip(things["members"], room, things["ground_id"], strict=True)
    ]
    wide = np.array([rules.kinds[kind].ground for kind in things["kind"]], dtype=bool)
    space: dict[str, str] = {}
    for members, under in zip(things["members"], stands_on(things.geometry.to_numpy(), anchor & ~wide), strict=True):
        space |= dict.fromkeys(members, SPACE_PREFIX + own[under])
    return pd.Series([space[i] for i in places.index], index=places.index, name="space_id", dtype=object)


def meeting_spaces(
    places: gpd.GeoDataFrame, space_of: pd.Series, rooms: gpd.GeoDataFrame, boundary: BaseGeometry, rules: TagRules
) -> gpd.GeoDataFrame:
    """The spaces as a table: what stands in each, and its ground.

    Parameters
    ----------
    places
        As ``find_places`` returns them.
    space_of
        As ``group_places`` returns it.
    rooms
        As ``outdoor_rooms`` returns them.

    Returns
    -------
    GeoDataFrame
        Index ``space_id``; ``kind`` (``"meeting_space"``), ``kinds`` (what one comes for first, ``;`` between),
        ``place_count``, ``name``, ``inside``, ``area_m2``, ``status``, ``room_id`` (None where there is no room), the
        columns of its room, and the polygon: the room, else what stands there.
    """
    groups = members_by_space(places, space_of)
    shapes, kinds = places.geometry.to_numpy(), places["kind"].to_numpy()
    area, ids = places["area_m2"].to_numpy(), places.index.to_numpy().astype(str)
    tags = places["tags"].to_numpy()
    index = pd.Index(list(groups), name="space_id", dtype=object)
    room = object_array(name if name in rooms.index else None for name in index.str.removeprefix(SPACE_PREFIX))
    at = rooms.index.get_indexer(pd.Index(room))
    grounds = rooms.geometry.to_numpy()
    # The room alone: what is mapped on its rim, or beside it, moves nothing that is measured of its ground.
    whole = [
        grounds[row] if row >= 0 else shapely.union_all(shapes[members])
        for row, members in zip(at, groups.values(), strict=True)
    ]
    names = [places[column].to_numpy() for column in ("name", "ground_name")]
    largest_first = [rows[np.lexsort((ids[rows], -area[rows]))] for rows in groups.values()]
    columns = {
        "kind": "meeting_space",
        "kinds": [";".join(_by_pull(set(kinds[rows]), rules)) for rows in groups.values()],
        "place_count": [len(rows) for rows in groups.values()],
        "name": [_first_name(names, rows) for rows in largest_first],
        "room_id": room,
        **{name: _of_room(rooms, at, name, missing) for name, missing in ROOM_COLUMNS.items()},
    }
    columns["status"] = [
        _status(rows, bool(row >= 0), kinds, tags, area, rules) for row, rows in zip(at, groups.values(), strict=True)
    ]
    table = gpd.GeoDataFrame(columns, index=index, geometry=object_array(whole), crs=places.crs)
    inner = shapely.point_on_surface(table.geometry.to_numpy())
    return table.assign(inside=shapely.contains(boundary, inner), area_m2=table.area)


def is_anchor(kind: str, tags: Mapping[str, str], area_m2: float, seated: bool, rules: TagRules) -> bool:
    """Say whether people come for a place: a park by its name, a square by its size and a name or a seat."""
    if kind == "park":
        return bool(tags.get("name"))
    if kind == "square":
        return area_m2 >= rules.anchor["square_min_m2"] and (bool(tags.get("name")) or seated)
    return rules.kinds[kind].anchor


def anchors_of(
    rows: Ints, kinds: Texts, tags: Texts, area_m2: np.ndarray[tuple[int], np.dtype[np.float64]], rules: TagRules
) -> Ints:
    """Those of some places for which people come; where there are none, those on which one can sit; else all."""
    seated = any(rules.kinds[kinds[i]].seat for i in rows)
    found = [i for i in rows if is_anchor(kinds[i], tags[i], area_m2[i], seated, rules)]
    found = found or [i for i in rows if rules.kinds[kinds[i]].seat] or list(rows)
    return np.array(found, dtype=np.int64)


def _status(
    rows: Ints,
    has_room: bool,
    kinds: Texts,
    tags: Texts,
    area_m2: np.ndarray[tuple[int], np.dtype[np.float64]],
    rules: TagRules,
) -> str:
    seated = any(rules.kinds[kinds[i]].seat for i in rows)
    if any(is_anchor(kinds[i], tags[i], area_m2[i], seated, rules) for i in rows):
        return MEETING
    if seated:
        return MEETING if has_room else SEAT
    return POSSIBLE


def _by_pull(kinds: set[str], rules: TagRules) -> list[str]:
    return sorted(kinds, key=lambda kind: (-rules.kinds[kind].pull, kind))


def _first_name(names: Sequence[Texts], rows: Ints) -> str | None:
    """The first name of these places, else of the ground on which they lie."""
    return next((value for column in names for value in column[rows] if isinstance(value, str)), None)


def _of_room(rooms: gpd.GeoDataFrame, at: Ints, name: str, missing: object) -> Texts:
    values = rooms[name].to_numpy(dtype=object)
    return object_array(values[row] if row >= 0 else missing for row in at)


def members_by_space(places: gpd.GeoDataFrame, space_of: pd.Series) -> Mapping[str, Ints]:
    """Positions of the places of each space, by space id."""
    spaces_, number, count = np.unique(
        space_of.reindex(places.index).to_numpy().astype(str), return_inverse=True, return_counts=True
    )
    rows = np.split(np.argsort(number, kind="stable"), np.cumsum(count)[:-1])
    return {str(space): members_ for space, members_ in zip(spaces_, rows, strict=False)}
