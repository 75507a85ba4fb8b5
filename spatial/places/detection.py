"""Find outdoor places in the canonical layers. Pure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import Shapes, object_array
from spatial.layers.buildings import inside_buildings
from spatial.layers.lifecycle import is_on_top
from spatial.layers.tag_values import read_tag
from spatial.layers.taken_ground import GARDEN, RESTRICTED
from spatial.places.dissolving import areas_together, likeness
from spatial.settings.tags import TagRules, words

log = logging.getLogger(__name__)

ROOM_M = 100.0
# Dansk Arkitektur Center: a lommepark (pocket park) has less than 5,000 m². Larger green and squares
# are ground on which rooms lie, not a room.
POCKET_PARK_M2 = 5000.0
# A bench drawn as a line is this wide to either side.
LINE_HALF_WIDTH_M = 1.0
# Sight of an area ends this far inside it, so that a fence drawn on its outline is crossed.
INSIDE_M = 0.5
# What a private garden is where no tag says more.
PRIVATE = "private"


def find_places(
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
        None), ``ground_id``, ``ground_name``, ``area_m2`` (with what touches it and is alike), ``access``
        (None; see ``on_closed_ground``)
        and a polygon: the mapped area, or a footprint of the kind's size around a point or line. Parks
        and squares larger than a pocket park or longer than a room are ground for other places, not places themselves.
    """
    near = objects[objects.intersects(boundary.buffer(margin_m))]
    outdoors = near[~indoors(near, buildings)]
    log.info("places: %d found, %d of them inside a building and left out", len(near), len(near) - len(outdoors))
    outdoors = outdoors.set_geometry(footprints(outdoors, rules), crs=objects.crs)
    vast = is_ground(outdoors, rules) & _vast(outdoors.geometry.to_numpy())
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
        "area_m2": areas_together(outdoors, likeness(outdoors)),
        "access": np.full(len(outdoors), None, dtype=object),
    }
    index = pd.Index(outdoors.index, name="place_id")
    return gpd.GeoDataFrame(columns, index=index, geometry=footprint, crs=objects.crs).sort_index()


def on_closed_ground(places: gpd.GeoDataFrame, taken: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Places with the ``access`` of the smallest ground that tags close and on which each lies; None on other ground.

    Parameters
    ----------
    places
        As ``find_places`` returns them.
    taken
        As ``spatial.layers.taken_ground.taken_ground`` makes it; a private garden is closed without a tag.
    """
    closed = taken[taken["kind"].isin((GARDEN, RESTRICTED)).to_numpy()]
    access = places["access"].to_numpy(dtype=object).copy()
    inner = shapely.point_on_surface(places.geometry.to_numpy())
    area, place = closed.sindex.query(inner, predicate="within")[::-1]
    order = np.lexsort((closed.index.to_numpy()[area].astype(str), -closed.geometry.area.to_numpy()[area], place))
    told = closed["access"].to_numpy(dtype=object)[area[order]]
    access[place[order]] = object_array(value if isinstance(value, str) else PRIVATE for value in told)
    return places.assign(access=access)


def is_ground(objects: gpd.GeoDataFrame, rules: TagRules) -> npt.NDArray[np.bool_]:
    """Whether each object is a ground on which others stand, such as a park or a square."""
    return np.array([rules.kinds[kind].ground for kind in objects["kind"]], dtype=bool)


def _vast(shapes: Shapes) -> npt.NDArray[np.bool_]:
    across = np.array([longest_side_m(shapely.get_coordinates(hull)) for hull in shapely.convex_hull(shapes)])
    return (shapely.area(shapes) > POCKET_PARK_M2) | (across > ROOM_M)


def indoors(objects: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Say of each object whether it is inside a building, by its tags or its position."""
    tagged = np.array([_is_indoors(tags) for tags in objects["tags"]], dtype=bool)
    on_top = np.array([is_on_top(tags) for tags in objects["tags"]], dtype=bool)
    within: npt.NDArray[np.bool_] = inside_buildings(shapely.point_on_surface(objects.geometry.to_numpy()), buildings)
    return tagged | (within & ~on_top)


def _is_indoors(tags: Mapping[str, str]) -> bool:
    return read_tag(tags, "indoor").low == 1.0 or "indoor" in words(tags.get("location"))


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


def longest_side_m(points: npt.NDArray[np.float64]) -> float:
    """Greatest distance between two points of a hull."""
    offset = points[:, None, :] - points[None, :, :]
    return float(np.sqrt((offset**2).sum(axis=2).max()))
