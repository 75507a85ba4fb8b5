"""Raw objects into canonical layers: what each thing is, in the estate's CRS. Pure.

Every layer is a GeoDataFrame indexed by object id. Tags that later steps judge (access, opening
hours, fee, …) stay as they were mapped; what a missing tag means is decided there, not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from spatial.config import Matcher, TagRules
from spatial.model import Features, RawData

Table: TypeAlias = gpd.GeoDataFrame
Tags: TypeAlias = Mapping[str, str]

UNIT_METRES = {"m": 1.0, "cm": 0.01, "km": 1000.0, "'": 0.3048}
MPH_TO_KMH = 1.609344
# residential=* of the ground of a public-housing department, as the catalogue of sources maps it.
DEPARTMENT = "almen"


def canonical(raw: RawData, rules: TagRules, crs: CRS) -> dict[str, Table]:
    """Sort raw objects into the canonical layers.

    Returns
    -------
    dict
        ``buildings, paths, path_nodes, barriers, gates, entrances, addresses, departments, dwellings,
        place_objects, context, ground, stops, destinations, lamps, water, waterways, green``,
        each a table in ``crs`` with object ids as its index.
    """
    buildings = _buildings(raw, rules, crs)
    paths = _paths(raw.lines, rules, crs)
    gates = _select(
        raw.points,
        lambda tags: tags.get("barrier") in _set(rules.barrier["gates"]),
        ("barrier", "access", "foot", "wheelchair"),
        crs,
    )
    entrances = _select(
        raw.points, lambda tags: "entrance" in tags or tags.get("building") == "entrance", ("entrance", "access"), crs
    )
    addresses = _select(raw.points, lambda tags: "addr:housenumber" in tags, ("addr:housenumber", "addr:flats"), crs)
    ground = _ground(raw, rules, crs)
    buildings = _mark_residential(buildings, addresses, entrances, ground, rules)
    departments = _departments(raw, crs)
    return {
        "buildings": buildings,
        "paths": paths,
        "path_nodes": _path_nodes(raw.points, rules, crs),
        "barriers": _barriers(raw, gates, paths, rules, crs),
        "gates": gates,
        "entrances": entrances,
        "addresses": addresses,
        "departments": departments,
        "dwellings": dwellings(buildings, addresses, entrances, departments, rules),
        "place_objects": _place_objects(raw, rules, crs),
        "context": _named((raw.points, raw.areas), rules.context, "kind", ("name", "operator", "website"), crs),
        "ground": ground,
        "stops": _named((raw.points, raw.areas), rules.stop, "kind", ("name",), crs),
        "destinations": _named((raw.points, raw.areas), rules.destination, "kind", ("name",), crs),
        "lamps": _named((raw.points,), rules.lamp, "kind", (), crs),
        **_base(raw, rules, crs),
    }


def _set(values: Sequence[str]) -> frozenset[str]:
    return frozenset(values)


def _table(ids: Iterable[str], geometry: Any, columns: Mapping[str, Any], crs: CRS) -> Table:
    index = pd.Index(np.asarray(list(ids), dtype=object), name="id")
    return gpd.GeoDataFrame(dict(columns), index=index, geometry=np.asarray(geometry, dtype=object), crs=crs)


def _column(tags: Iterable[Tags], key: str) -> npt.NDArray[np.object_]:
    return np.array([tag.get(key) for tag in tags], dtype=object)


def _select(features: Features, wanted: Any, keys: Sequence[str], crs: CRS) -> Table:
    index = [i for i, tags in enumerate(features.tags) if wanted(tags)]
    tags = [features.tags[i] for i in index]
    return _table(features.ids[index], features.geometry[index], {key: _column(tags, key) for key in keys}, crs)


def _named(sources: Sequence[Features], matcher: Matcher, label: str, keys: Sequence[str], crs: CRS) -> Table:
    """Objects that a matcher names, with the name as a column, sorted by id."""
    found = []
    for features in sources:
        for identity, tag, shape in zip(features.ids, features.tags, features.geometry, strict=True):
            name = matcher.first(tag)
            if name is not None:
                found.append((identity, name, tag, shape))
    ids, names, tags, shapes = zip(*found, strict=True) if found else ((), (), (), ())
    table = _table(
        ids, shapes, {label: np.array(names, dtype=object), **{key: _column(tags, key) for key in keys}}, crs
    )
    return table.sort_index()


def _ground(raw: RawData, rules: TagRules, crs: CRS) -> Table:
    return _named(
        (raw.areas,),
        rules.ground,
        "ground",
        ("name", "access", "operator", "ownership", "opening_hours", "fee", "fenced", "barrier", "religion"),
        crs,
    )


def _place_objects(raw: RawData, rules: TagRules, crs: CRS) -> Table:
    """Objects of a scored kind, with all their tags, in the order of their ids."""
    found = []
    for features in (raw.points, raw.lines, raw.areas):
        for identity, tag, shape in zip(features.ids, features.tags, features.geometry, strict=True):
            kind = rules.kind.first(tag)
            if kind is not None:
                found.append((identity, kind, dict(tag), shape))
    ids, kinds, tags, shapes = zip(*found, strict=True) if found else ((), (), (), ())
    columns = {"kind": np.array(kinds, dtype=object), "tags": np.array([*tags, None], dtype=object)[:-1]}
    table = _table(ids, shapes, columns, crs)
    is_area = table.geom_type.isin(("Polygon", "MultiPolygon"))
    # A closed way with barrier=* comes as a line and as an area; the area is the place.
    return (
        table.assign(_order=~is_area)
        .sort_values(["_order"], kind="stable")
        .drop(columns="_order")[lambda t: ~t.index.duplicated()]
        .sort_index()
    )


def _base(raw: RawData, rules: TagRules, crs: CRS) -> dict[str, Table]:
    areas = _named((raw.areas,), rules.base, "kind", ("name",), crs)
    lines = _named((raw.lines,), rules.base, "kind", ("name", "tunnel"), crs)
    return {
        "water": areas[areas["kind"] == "water"],
        "green": areas[areas["kind"] == "green"],
        "waterways": lines[(lines["kind"] == "waterway") & lines["tunnel"].isna()],
    }


def _departments(raw: RawData, crs: CRS) -> Table:
    """Grounds of public-housing departments.

    ``dwellings`` (count) is NaN where the source does not say; of a department that the extract cuts,
    it is the share of its ground that lies in the extract.
    """
    areas = raw.areas
    index = [i for i, tags in enumerate(areas.tags) if tags.get("residential") == DEPARTMENT]
    tags, shapes = [areas.tags[i] for i in index], areas.geometry[index]
    seen_share = shapely.area(shapely.intersection(shapes, raw.extent)) / shapely.area(shapes)
    columns = {key: _column(tags, key) for key in ("name", "operator")}
    return _table(
        areas.ids[index], shapes, columns | {"dwellings": _numbers(tags, "dwellings") * seen_share}, crs
    ).sort_index()


# --- buildings and dwellings -------------------------------------------------------------------


def _number(text: object) -> float:
    """Read a number with an optional metric unit, in metres; NaN where there is none."""
    if not isinstance(text, str):
        return float("nan")
    value, factor = text.strip().replace(",", "."), 1.0
    for unit, metres in UNIT_METRES.items():
        if value.endswith(unit) and value[: -len(unit)].strip().replace(".", "", 1).isdigit():
            value, factor = value[: -len(unit)].strip(), metres
            break
    try:
        return _plain(value) * factor
    except ValueError:
        return float("nan")


def _plain(text: str) -> float:
    """Read a finite number as people write it; Python's own ``1_000`` and ``inf`` are none."""
    number = float(text.replace(",", "."))
    if "_" in text or not np.isfinite(number):
        raise ValueError(text)
    return number


def _numbers(tags: Iterable[Tags], key: str) -> npt.NDArray[np.float64]:
    return np.array([_number(tag.get(key)) for tag in tags], dtype=np.float64)


def _buildings(raw: RawData, rules: TagRules, crs: CRS) -> Table:
    index = [i for i, tags in enumerate(raw.areas.tags) if "building" in tags]
    tags = [raw.areas.tags[i] for i in index]
    use = _column(tags, "building")
    other = rules.building["other_use"]
    columns = {
        "use": use,
        "name": _column(tags, "name"),
        "levels": _numbers(tags, "building:levels"),
        "height_m": _numbers(tags, "height"),
        "flats": _numbers(tags, "building:flats"),
        "other_use": np.array([any(key in tag for key in other) for tag in tags], dtype=bool),
        "addressed": np.array(["addr:housenumber" in tag for tag in tags], dtype=bool),
        "solid": ~np.isin(use.astype(str), rules.building["open_below"]),
    }
    return _table(raw.areas.ids[index], raw.areas.geometry[index], columns, crs).sort_index()


def _near(tree: shapely.STRtree, shapes: npt.NDArray[np.object_], distance_m: float) -> npt.NDArray[np.int64]:
    pairs: npt.NDArray[np.int64] = tree.query(shapes, predicate="dwithin", distance=distance_m)
    return pairs


def _mark_residential(buildings: Table, addresses: Table, entrances: Table, ground: Table, rules: TagRules) -> Table:
    """Say of each building whether people live in it, and whether one family does."""
    config = rules.building
    shapes = buildings.geometry.to_numpy()
    use = buildings["use"].to_numpy().astype(str)
    addressed = buildings["addressed"].to_numpy().copy()
    for points in (addresses, entrances):
        if len(points) and len(shapes):
            pairs = _near(shapely.STRtree(shapes), points.geometry.to_numpy(), config["address_snap_m"])
            addressed[np.unique(pairs[1])] = True
    homes = ground[ground["ground"] == "residential"].geometry.to_numpy()
    on_home_ground = np.zeros(len(shapes), dtype=bool)
    if len(homes) and len(shapes):
        on_home_ground[shapely.STRtree(shapely.centroid(shapes)).query(homes, predicate="contains")[1]] = True
    area = shapely.area(shapes)
    untyped = np.isin(use, config["unspecified"]) & ~buildings["other_use"].to_numpy()
    residential = np.isin(use, config["residential"]) | (
        untyped & (addressed | on_home_ground) & (area >= config["min_residential_m2"])
    )
    one_family = np.isin(use, config["one_family"]) | (untyped & (area < config["block_m2"]))
    return buildings.assign(residential=residential, one_family=residential & one_family)


def dwellings(buildings: Table, addresses: Table, entrances: Table, departments: Table, rules: TagRules) -> Table:
    """Estimate dwellings and place them at the doors.

    The number is ``building:flats`` where tagged (observed); one an address in houses for one
    family; else floor area × levels / gross area per dwelling (derived). On the ground of a
    department whose dwellings are known, they are spread over its buildings by floor area instead
    (derived); one whose buildings are not known has them at an inner point. They are put at the
    building's entrances, else at its addresses, else at its centroid, in equal parts.

    Returns
    -------
    GeoDataFrame
        Points; ``dwellings`` (count, not whole), ``building`` (id), ``evidence``.
    """
    homes = buildings[buildings["residential"]]
    doors, owner = _doors(homes, addresses, entrances, rules.building["address_snap_m"])
    count, evidence = _dwelling_count(homes, addresses, rules)
    count, empty = _of_departments(homes, departments, count, evidence == "observed", rules)
    per_home = np.bincount(owner, minlength=len(homes))
    columns = {
        "dwellings": count[owner] / per_home[owner],
        "building": homes.index.to_numpy()[owner],
        "evidence": evidence[owner],
    }
    ids = [f"{building}/door/{i}" for building, i in zip(columns["building"], _rank_within(owner), strict=True)]
    inner = shapely.point_on_surface(empty.geometry.to_numpy())
    unseen = {"dwellings": empty["dwellings"].to_numpy(), "building": None, "evidence": "derived"}
    unseen_doors = _table([f"{department}/door/0" for department in empty.index], inner, unseen, buildings.crs)
    found = _table(ids, doors, columns, buildings.crs)
    return pd.concat([found, unseen_doors]) if len(empty) else found


def _rank_within(owner: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Number the rows of each owner from 0; owners are sorted."""
    starts = np.searchsorted(owner, owner, side="left")
    return np.arange(len(owner)) - starts


def _doors(
    homes: Table, addresses: Table, entrances: Table, snap_m: float
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Points at which the residents of each home step out, and the home's position, sorted by home."""
    shapes = homes.geometry.to_numpy()
    points: list[npt.NDArray[np.object_]] = []
    owners: list[npt.NDArray[np.int64]] = []
    served = np.zeros(len(shapes), dtype=bool)
    tree = shapely.STRtree(shapes)
    for table in (entrances.sort_index(), addresses.sort_index()):
        geometry = shapely.centroid(table.geometry.to_numpy())
        if not len(geometry) or not len(shapes):
            continue
        nearest, _ = tree.query_nearest(geometry, max_distance=snap_m, return_distance=True, all_matches=False)
        door, home = nearest
        fresh = ~served[home]
        points.append(geometry[door[fresh]])
        owners.append(home[fresh])
        served[home] = True
    rest = np.flatnonzero(~served)
    points.append(shapely.centroid(shapes[rest]))
    owners.append(rest)
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(points)[order], owner[order]


def _floors_m2(homes: Table, rules: TagRules) -> npt.NDArray[np.float64]:
    """Floor area of each home: its outline times its levels, assumed where they are not tagged."""
    config = rules.building
    levels = homes["levels"].to_numpy()
    assumed = np.where(homes["one_family"], config["levels_one_family"], config["levels_apartments"])
    floors: npt.NDArray[np.float64] = homes.area.to_numpy() * np.where(
        np.isnan(levels), assumed, np.maximum(levels, 1.0)
    )
    return floors


def _of_departments(
    homes: Table,
    departments: Table,
    count: npt.NDArray[np.float64],
    counted: npt.NDArray[np.bool_],
    rules: TagRules,
) -> tuple[npt.NDArray[np.float64], Table]:
    """Spread the dwellings that departments are known to have over their homes by floor area.

    A home lies on the smallest department around its inner point. What is counted building by
    building stays. Returned as well: departments on whose ground no home is known.
    """
    known = departments[departments["dwellings"] > 0].sort_index()
    whose = np.full(len(homes), -1)
    if len(known) and len(homes):
        inner = shapely.point_on_surface(homes.geometry.to_numpy())
        home, department = shapely.STRtree(known.geometry.to_numpy()).query(inner, predicate="within")
        order = np.lexsort((known.area.to_numpy()[department],))[::-1]
        whose[home[order]] = department[order]
    floors, result = _floors_m2(homes, rules), count.copy()
    for i, total in enumerate(known["dwellings"]):
        mine = whose == i
        rest, open_ = max(total - count[mine & counted].sum(), 0.0), mine & ~counted
        if open_.any():
            result[open_] = rest * floors[open_] / floors[open_].sum()
    return result, known[~np.isin(np.arange(len(known)), whose)]


def _dwelling_count(
    homes: Table, addresses: Table, rules: TagRules
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]:
    config = rules.building
    shapes = homes.geometry.to_numpy()
    one_family = homes["one_family"].to_numpy()
    estimate = np.maximum(_floors_m2(homes, rules) / config["gross_m2_per_dwelling"], 1.0)
    count = np.where(one_family, 1.0, estimate)
    if len(addresses) and len(shapes):
        at = shapely.STRtree(shapes).query_nearest(
            addresses.geometry.to_numpy(), max_distance=config["address_snap_m"], all_matches=False
        )[1]
        doors = np.bincount(at, minlength=len(shapes)).astype(float)
        count = np.where(one_family, np.maximum(doors, 1.0), np.maximum(estimate, doors))
    flats = homes["flats"].to_numpy()
    tagged = np.isfinite(flats) & (flats > 0)
    evidence = np.where(tagged, "observed", "derived").astype(object)
    return np.where(tagged, flats, count), evidence


# --- ways, barriers ----------------------------------------------------------------------------


def _paths(lines: Features, rules: TagRules, crs: CRS) -> Table:
    """Ways with the tags that walking needs; ``allowed`` says whether people on foot may use it."""
    walk = rules.walk
    index = [i for i, tags in enumerate(lines.tags) if _way_class(tags, walk) is not None]
    tags = [lines.tags[i] for i in index]
    ends = np.cumsum([shapely.get_num_coordinates(g) for g in lines.geometry]) if len(lines) else np.array([], int)
    nodes = np.split(lines.node_ids, ends[:-1]) if lines.node_ids is not None and len(lines) else []
    highway = _column(tags, "highway")
    speed = np.array([_speed_kmh(tag.get("maxspeed")) for tag in tags])
    columns = {
        **{
            key: _column(tags, key)
            for key in ("highway", "name", "surface", "lit", "wheelchair", "kerb", "access", "foot")
        },
        "way_class": np.array([_way_class(tag, walk) for tag in tags], dtype=object),
        "width_m": _numbers(tags, "width"),
        "incline": np.array([_incline(tag.get("incline")) for tag in tags], dtype=float),
        "steps": highway == "steps",
        "bridge": np.array([tag.get("bridge", "no") != "no" for tag in tags], dtype=bool),
        "tunnel": np.array([tag.get("tunnel", "no") not in ("no", "building_passage") for tag in tags], dtype=bool),
        "level": np.nan_to_num(_numbers(tags, "layer")),
        "allowed": np.array([_allowed(tag, walk) for tag in tags], dtype=bool),
        "major": np.isin(highway.astype(str), walk["major"])
        | (speed > walk["major_speed_kmh"]) & ~np.isin(highway.astype(str), ("footway", "path", "track", "cycleway")),
        "is_crossing": np.array(
            [not _crossing_tags(tag).isdisjoint(walk["crossing_ways"]) for tag in tags], dtype=bool
        ),
        "node_ids": _ragged([nodes[i] for i in index]),
    }
    return _table(lines.ids[index], lines.geometry[index], columns, crs)


def _ragged(rows: Sequence[Any]) -> npt.NDArray[np.object_]:
    column = np.empty(len(rows), dtype=object)
    column[:] = rows
    return column


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
            return abs(_plain(value[:-1])) / 100
        if value.endswith("°"):
            return float(np.tan(np.radians(abs(_plain(value[:-1])))))
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


def _path_nodes(points: Features, rules: TagRules, crs: CRS) -> Table:
    """Nodes that decide whether one gets through or across: locked gates, crossings, kerbs."""
    no = _set(rules.walk["foot_no"])
    gates = _set(rules.barrier["gates"])

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
    return _table(points.ids[index], points.geometry[index], columns, crs)


def _barriers(raw: RawData, gates: Table, paths: Table, rules: TagRules, crs: CRS) -> Table:
    """Closed barriers as lines, open where a gate is or a walkable way leads through."""
    config = rules.barrier
    closed = _set(config["closed"])
    lines = _select(raw.lines, lambda tags: tags.get("barrier") in closed, ("barrier", "height"), crs)
    areas = _select(
        raw.areas, lambda tags: tags.get("barrier") in closed or tags.get("fenced") == "yes", ("barrier", "height"), crs
    )
    areas = areas[~areas.index.isin(lines.index)]
    areas = areas.set_geometry(areas.boundary) if len(areas) else areas
    table = gpd.GeoDataFrame(pd.concat([lines, areas]), geometry="geometry", crs=crs) if len(areas) else lines
    table = table.sort_index()
    heights = np.array([_number(text) for text in table["height"]], dtype=float)
    sees_over = heights < config["view_height_m"]
    kind = table["barrier"].fillna("fence").to_numpy().astype(str)
    table = table.assign(barrier=kind, blocks_view=np.isin(kind, config["blocks_view"]) & ~sees_over)
    return table.set_geometry(_with_gaps(table.geometry.to_numpy(), gates, paths, config["gap_m"]), crs=crs)


def _with_gaps(lines: npt.NDArray[np.object_], gates: Table, paths: Table, gap_m: float) -> npt.NDArray[np.object_]:
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
