"""Buildings, which of them people live in, and how many dwellings stand at which door. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from spatial.core.incremental import Steps
from spatial.core.model import Features
from spatial.layers.lifecycle import is_out_of_use
from spatial.layers.tag_values import read_tag
from spatial.layers.tags import Table, Tags, as_columns, column, table_of
from spatial.settings.tags import TagRules

# residential=* of the ground of a public-housing department, as the catalogue of sources maps it.
DEPARTMENT = "almen"
# Tag of the ground of a building that a plan takes away: as the building stands in the way and in the view, until
# somebody says what the ground becomes, but nobody lives there and no window looks out.
CLEARED = "plan:cleared"
# What is no deeper in a building stands on its wall.
WALL_M = 0.02


def departments_of(areas: Features, extent: BaseGeometry, crs: CRS) -> Table:
    """Grounds of public-housing departments.

    ``dwellings`` (count) is NaN where the source does not say; of a department that the extract cuts,
    it is the share of its ground that lies in the extract.
    """
    index = [i for i, tags in enumerate(areas.tags) if tags.get("residential") == DEPARTMENT]
    tags, shapes = [areas.tags[i] for i in index], areas.geometry[index]
    seen_share = shapely.area(shapely.intersection(shapes, extent)) / shapely.area(shapes)
    columns = {key: column(tags, key) for key in ("name", "operator")}
    return table_of(
        areas.ids[index], shapes, columns | {"dwellings": _known(tags, "dwellings") * seen_share}, crs
    ).sort_index()


def _known(tags: Iterable[Tags], key: str) -> npt.NDArray[np.float64]:
    """One tag of each object as a number; NaN where it does not say one."""
    return np.array([read_tag(tag, key).number for tag in tags], dtype=np.float64)


class _Building(NamedTuple):
    """What the tags of a building say."""

    use: str
    name: str | None
    levels: float
    height_m: float
    flats: float
    other_use: bool
    addressed: bool
    solid: bool
    cleared: bool


_DTYPES = dict.fromkeys(("levels", "height_m", "flats"), np.float64) | dict.fromkeys(
    ("other_use", "addressed", "solid", "cleared"), np.bool_
)


def buildings_of(areas: Features, rules: TagRules, crs: CRS, step: Steps) -> Table:
    """Areas tagged as buildings, with what is known of their use and size, in the order of their ids."""
    read = step.each(_building, areas.tags, rules.building)
    index = [i for i, building in enumerate(read) if building is not None]
    columns = as_columns([building for building in read if building is not None], _Building._fields, _DTYPES)
    return table_of(areas.ids[index], areas.geometry[index], columns, crs).sort_index()


def _building(tags: Tags, config: Mapping[str, Any]) -> _Building | None:
    """Read a building; None where the tags are of another thing."""
    if "building" not in tags:
        return None
    use = tags["building"].partition(";")[0].strip().lower()
    flats = read_tag(tags, "building:flats")
    return _Building(
        use=use,
        name=tags.get("name"),
        levels=read_tag(tags, "building:levels").number,
        height_m=read_tag(tags, "height").number,
        flats=flats.number if flats.is_known else math.nan,
        other_use=any(key in tags for key in config["other_use"]),
        addressed="addr:housenumber" in tags,
        solid=use not in config["open_below"] and read_tag(tags, "building:min_level").low < 1,
        cleared=CLEARED in tags or is_out_of_use(tags),
    )


def inside_buildings(points: npt.NDArray[np.object_], buildings: Table) -> npt.NDArray[np.bool_]:
    """Which points lie inside a solid building, and not on its wall."""
    found = np.zeros(len(points), dtype=bool)
    point, building = buildings.sindex.query(points, predicate="within")
    walls = shapely.boundary(buildings.geometry.to_numpy()[building])
    inside = buildings["solid"].to_numpy(dtype=bool)[building] & (shapely.distance(points[point], walls) > WALL_M)
    found[point[inside]] = True
    return found


@dataclass(frozen=True)
class Beside:
    """Points at buildings: pairs of a point and a building that lie near to each other.

    ``points`` are the geometries of the points, in the order of their ids, and ``dwellings`` how many a register
    counts at each (NaN where none does); ``point`` and ``building`` the positions of each pair, point after point,
    the nearest building of each first.
    """

    points: npt.NDArray[np.object_]
    dwellings: npt.NDArray[np.float64]
    point: npt.NDArray[np.int64]
    building: npt.NDArray[np.int64]


def addresses_beside(table: Table, buildings: Table, within_m: float) -> Beside:
    """Pair points (entrances, addresses) with the buildings at which they are."""
    table = table.sort_index()
    points, shapes = table.geometry.to_numpy(), buildings.geometry.to_numpy()
    said = table["dwellings"] if "dwellings" in table else [None] * len(table)
    counted = _known([{"dwellings": one} if isinstance(one, str) else {} for one in said], "dwellings")
    point, building = buildings.sindex.query(points, predicate="dwithin", distance=within_m)
    away_m = shapely.distance(points[point], shapes[building])
    order = np.lexsort((building, away_m, point))
    return Beside(points, counted, point[order], building[order])


def mark_residential(buildings: Table, addresses: Beside, entrances: Beside, ground: Table, rules: TagRules) -> Table:
    """Say of each building whether people live in it, and whether one family does."""
    config = rules.building
    shapes = buildings.geometry.to_numpy()
    use = buildings["use"].to_numpy().astype(str)
    addressed = buildings["addressed"].to_numpy().copy()
    for doors in (addresses, entrances):
        addressed[doors.building] = True
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


def dwellings(buildings: Table, addresses: Beside, entrances: Beside, departments: Table, rules: TagRules) -> Table:
    """Estimate dwellings and place them at the doors.

    The number is what a register counts at each address of the building, and they are put there (observed);
    else ``building:flats`` where tagged (observed); one an address in houses for one
    family; else floor area × levels / gross area per dwelling (derived). On the ground of a
    department whose dwellings are known, they are spread over its buildings by floor area instead
    (derived); one whose buildings are not known has them at an inner point. They are put at the
    building's entrances, else at its addresses, else at its centroid, in equal parts. Those of a building that
    is taken away go with it: nobody else has more.

    Returns
    -------
    GeoDataFrame
        Points; ``dwellings`` (count, not whole), ``building`` (id), ``evidence``, and ``by_floor_area``, the dwellings
        that the building's floor area would give where a register counts them (else NaN).
    """
    lived_in = buildings["residential"].to_numpy()
    homes = buildings[lived_in]
    at_entrance, at_address = (_nearest_home(points, lived_in) for points in (entrances, addresses))
    at_counted = _counted(addresses, at_address)
    doors, owner, told = _doors(
        homes, (addresses, *at_counted), (_uncounted(entrances), *at_entrance), (_uncounted(addresses), *at_address)
    )
    count, evidence = _dwelling_count(homes, at_address[1], rules)
    sums = np.bincount(at_counted[1], addresses.dwellings[at_counted[0]], len(homes))
    counted = np.isin(np.arange(len(homes)), at_counted[1])
    count, evidence = np.where(counted, sums, count), np.where(counted, "observed", evidence)
    count, empty = _of_departments(homes, departments, count, evidence == "observed", rules)
    per_home = np.bincount(owner, minlength=len(homes))
    columns = {
        "dwellings": np.where(np.isfinite(told), told, count[owner] / per_home[owner]),
        "building": homes.index.to_numpy()[owner],
        "evidence": evidence[owner],
        "by_floor_area": np.where(counted, by_floor_area(homes, rules) / per_home, np.nan)[owner],
    }
    ids = [f"{building}/door/{i}" for building, i in zip(columns["building"], _rank_within(owner), strict=True)]
    inner = shapely.point_on_surface(empty.geometry.to_numpy())
    unseen = {
        "dwellings": empty["dwellings"].to_numpy(),
        "building": None,
        "evidence": "derived",
        "by_floor_area": np.nan,
    }
    unseen_doors = table_of([f"{department}/door/0" for department in empty.index], inner, unseen, buildings.crs)
    found = table_of(ids, doors, columns, buildings.crs)[~homes["cleared"].to_numpy(dtype=bool)[owner]]
    return pd.concat([found, unseen_doors]) if len(empty) else found


def _rank_within(owner: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Number the rows of each owner from 0; owners are sorted."""
    starts = np.searchsorted(owner, owner, side="left")
    return np.arange(len(owner)) - starts


def _nearest_home(
    doors: Beside, lived_in: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Points that are at a home, ascending, and the nearest home of each; of equally near ones the first."""
    home = np.flatnonzero(lived_in[doors.building])
    point, first = np.unique(doors.point[home], return_index=True)
    number = np.cumsum(lived_in) - 1
    return point, number[doors.building[home[first]]]


def _counted(
    addresses: Beside, at: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of addresses and their homes, those at which a register counts."""
    known = np.isfinite(addresses.dwellings[at[0]])
    return at[0][known], at[1][known]


def _uncounted(doors: Beside) -> Beside:
    """The same points, whatever a register counts at them."""
    return replace(doors, dwellings=np.full(len(doors.points), np.nan))


def _doors(
    homes: Table, *served_by: tuple[Beside, npt.NDArray[np.int64], npt.NDArray[np.int64]]
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Points at which the residents of each home step out, the home's position, sorted by home, and what is counted."""
    points: list[npt.NDArray[np.object_]] = []
    owners: list[npt.NDArray[np.int64]] = []
    counts: list[npt.NDArray[np.float64]] = []
    served = np.zeros(len(homes), dtype=bool)
    for doors, door, home in served_by:
        fresh = ~served[home]
        points.append(doors.points[door[fresh]])
        owners.append(home[fresh])
        counts.append(doors.dwellings[door[fresh]])
        served[home] = True
    rest = np.flatnonzero(~served)
    points.append(shapely.centroid(homes.geometry.to_numpy()[rest]))
    owners.append(rest)
    counts.append(np.full(len(rest), np.nan))
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(points)[order], owner[order], np.concatenate(counts)[order]


def _floors_m2(homes: Table, rules: TagRules) -> npt.NDArray[np.float64]:
    """Floor area of each home: its outline times its levels, assumed where they are not tagged."""
    config = rules.building
    levels = homes["levels"].to_numpy()
    assumed = np.where(homes["one_family"], config["levels_one_family"], config["levels_apartments"])
    floors: npt.NDArray[np.float64] = homes.area.to_numpy() * np.where(
        np.isnan(levels), assumed, np.maximum(levels, 1.0)
    )
    return floors


def by_floor_area(homes: Table, rules: TagRules) -> npt.NDArray[np.float64]:
    """Dwellings of each home as its floor area has them (count, not whole; at least one)."""
    return np.maximum(_floors_m2(homes, rules) / rules.building["gross_m2_per_dwelling"], 1.0)


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
    homes: Table, addressed: npt.NDArray[np.int64], rules: TagRules
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]:
    one_family = homes["one_family"].to_numpy()
    estimate = by_floor_area(homes, rules)
    addresses = np.bincount(addressed, minlength=len(homes)).astype(float)
    count = np.where(one_family, np.maximum(addresses, 1.0), np.maximum(estimate, addresses))
    flats = homes["flats"].to_numpy()
    tagged = np.isfinite(flats) & (flats > 0)
    evidence = np.where(tagged, "observed", "derived").astype(object)
    return np.where(tagged, flats, count), evidence
