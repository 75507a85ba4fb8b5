"""Ways with what their tags say to somebody who walks; what governs them; what stands in the way. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from spatial.core.arrays import object_array
from spatial.core.incremental import Steps
from spatial.core.model import Features
from spatial.layers.tags import (
    Table,
    Tags,
    as_columns,
    nodes_of,
    number,
    plain_number,
    table_of,
)
from spatial.settings.tags import TagRules

MPH_TO_KMH = 1.609344


class _Way(NamedTuple):
    """What the tags of a way say to somebody who walks."""

    highway: str
    name: str | None
    surface: str | None
    lit: str | None
    wheelchair: str | None
    kerb: str | None
    access: str | None
    foot: str | None
    way_class: str
    width_m: float
    incline: float
    steps: bool
    bridge: bool
    tunnel: bool
    level: float
    allowed: bool
    major: bool
    is_crossing: bool


PATH_COLUMNS = _Way._fields


NUMBERS, FLAGS = ("width_m", "incline", "level"), ("steps", "bridge", "tunnel", "allowed", "major", "is_crossing")


SLOW_CLASSES = ("footway", "path", "track", "cycleway")


def _way(tags: Tags, walk: Mapping[str, Any]) -> _Way | None:
    """Read a way; None where the tags are not those of a way that people on foot could ever use."""
    way_class = _way_class(tags, walk)
    if way_class is None:
        return None
    highway, level = tags["highway"], number(tags.get("layer"))
    fast = highway not in SLOW_CLASSES and _speed_kmh(tags.get("maxspeed")) > walk["major_speed_kmh"]
    return _Way(
        highway=highway,
        name=tags.get("name"),
        surface=tags.get("surface"),
        lit=tags.get("lit"),
        wheelchair=tags.get("wheelchair"),
        kerb=tags.get("kerb"),
        access=tags.get("access"),
        foot=tags.get("foot"),
        way_class=way_class,
        width_m=number(tags.get("width")),
        incline=_incline(tags.get("incline")),
        steps=highway == "steps",
        bridge=tags.get("bridge", "no") != "no",
        tunnel=tags.get("tunnel", "no") not in ("no", "building_passage"),
        level=0.0 if math.isnan(level) else level,
        allowed=_allowed(tags, walk),
        major=highway in walk["major"] or fast,
        is_crossing=not _crossing_tags(tags).isdisjoint(walk["crossing_ways"]),
    )


def paths_of(lines: Features, rules: TagRules, crs: CRS, step: Steps) -> Table:
    """Ways with the tags that walking needs; ``allowed`` says whether people on foot may use it."""
    ways = step.each(_way, lines.tags, rules.walk)
    found = [(i, way) for i, way in enumerate(ways) if way is not None]
    index = [i for i, _ in found]
    nodes = nodes_of(lines)
    dtypes = dict.fromkeys(NUMBERS, np.float64) | dict.fromkeys(FLAGS, np.bool_)
    columns = as_columns([way for _, way in found], PATH_COLUMNS, dtypes)
    columns["node_ids"] = object_array([nodes[i] for i in index])
    return table_of(lines.ids[index], lines.geometry[index], columns, crs)


def _crossing_tags(tags: Tags) -> frozenset[str]:
    return frozenset(f"{key}={tags[key]}" for key in ("footway", "path", "cycleway") if key in tags)


def _way_class(tags: Tags, walk: Mapping[str, Any]) -> str | None:
    highway = tags.get("highway", "")
    known: str | None = walk["classes"].get(highway) or walk["only_with_foot"].get(highway)
    return known


def _allowed(tags: Tags, walk: Mapping[str, Any]) -> bool:
    """Honour access rules: ``foot`` before ``access``; some classes are only open when tagged so."""
    foot, access = tags.get("foot"), tags.get("access")
    if foot is not None and foot not in walk["foot_no"]:
        return True
    if foot in walk["foot_no"] or access in walk["foot_no"]:
        return False
    highway = tags.get("highway")
    if highway in walk["classes"] and highway not in walk["only_with_foot"]:
        return True
    return tags.get("sidewalk") in ("both", "left", "right", "yes")


def _incline(text: str | None) -> float:
    """Slope as a share, without its direction; NaN where unknown or only ``up`` or ``down``."""
    if not text:
        return float("nan")
    value = text.strip()
    try:
        if value.endswith("%"):
            return abs(plain_number(value[:-1])) / 100
        if value.endswith("°"):
            return float(np.tan(np.radians(abs(plain_number(value[:-1])))))
    except ValueError:
        pass
    return float("nan")


def _speed_kmh(text: str | None) -> float:
    if not text:
        return 0.0
    value = text.strip()
    if value.endswith("mph"):
        return _finite(value[:-3]) * MPH_TO_KMH
    return _finite(value.removesuffix("km/h"))


def _finite(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if np.isfinite(number) else 0.0


# Without one of these a node says nothing of the way.
NODE_KEYS = frozenset({"barrier", "crossing", "highway", "kerb", "railway"})


def path_nodes(points: Features, rules: TagRules, crs: CRS) -> Table:
    """Nodes that decide whether one gets through or across: locked gates, crossings, kerbs."""
    no, gates = frozenset(rules.walk["foot_no"]), frozenset(rules.barrier["gates"])

    def locked(tags: Tags) -> bool:
        if tags.get("barrier") not in gates or tags.get("foot") in rules.walk["foot_yes"]:
            return False
        return tags.get("foot") in no or tags.get("access") in no or tags.get("locked") == "yes"

    found = [
        (i, locked(t), rules.crossing.first(t) == "crossing", t.get("kerb"))
        for i, t in enumerate(points.tags)
        # A vertex of a way has a number; a point of another source lies on none.
        if not NODE_KEYS.isdisjoint(t) and points.ids[i].rpartition("/")[2].isdigit()
    ]
    kept = [row for row in found if row[1] or row[2] or row[3]]
    index = [row[0] for row in kept]
    columns = {
        "node_id": np.array([int(identity.rpartition("/")[2]) for identity in points.ids[index]], dtype=np.int64),
        "locked": np.array([row[1] for row in kept], dtype=bool),
        "crossing": np.array([row[2] for row in kept], dtype=bool),
        "kerb": np.array([row[3] for row in kept], dtype=object),
    }
    return table_of(points.ids[index], points.geometry[index], columns, crs)


def fences_of(lines: Table, areas: Table, rules: TagRules) -> Table:
    """Closed barriers as lines, and whether they block the view."""
    config = rules.barrier
    areas = areas[~areas.index.isin(lines.index)]
    areas = areas.set_geometry(areas.boundary) if len(areas) else areas
    table = gpd.GeoDataFrame(pd.concat([lines, areas]), geometry="geometry", crs=lines.crs) if len(areas) else lines
    table = table.sort_index()
    heights = np.array([number(text) for text in table["height"]], dtype=float)
    sees_over = heights < config["view_height_m"]
    kind = table["barrier"].fillna("fence").to_numpy().astype(str)
    return table.assign(barrier=kind, blocks_view=np.isin(kind, config["blocks_view"]) & ~sees_over)


def is_closed(tags: Tags, rules: TagRules) -> bool:
    """Whether these are the tags of a barrier that is closed to people on foot."""
    return tags.get("barrier") in rules.barrier["closed"]


def is_fenced(tags: Tags, rules: TagRules) -> bool:
    """Whether these are the tags of something with a closed barrier around it."""
    return is_closed(tags, rules) or tags.get("fenced") == "yes"


def with_gaps(fences: Table, gates: Table, paths: Table, rules: TagRules) -> Table:
    """Closed barriers, open where a gate is or a walkable way leads through."""
    lines = fences.geometry.to_numpy()
    return fences.set_geometry(_opened(lines, gates, paths, rules.barrier["gap_m"]), crs=fences.crs)


def _opened(lines: npt.NDArray[np.object_], gates: Table, paths: Table, gap_m: float) -> npt.NDArray[np.object_]:
    if not len(lines):
        return lines
    through = paths[paths["allowed"] & ~paths["bridge"] & ~paths["tunnel"]].geometry.to_numpy()
    barrier, way = shapely.STRtree(through).query(lines, predicate="intersects")
    crossings = shapely.get_parts(shapely.intersection(lines[barrier], through[way]))
    holes = np.concatenate([gates.geometry.to_numpy(), crossings[shapely.get_type_id(crossings) == 0]])
    if not len(holes):
        return lines
    near, hole = shapely.STRtree(holes).query(lines, predicate="dwithin", distance=gap_m)
    result = lines.copy()
    for i in np.unique(near):
        openings = shapely.buffer(shapely.multipoints(holes[hole[near == i]]), gap_m)
        result[i] = shapely.difference(lines[i], openings)
    return result
