"""Suggest small measures: where each could be tried, and which gains most for its cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.analysis.inputs import InputFiles, Inputs
from spatial.analysis.run import View
from spatial.core.arrays import object_array
from spatial.core.errors import ConfigError, InputError, SpatialError
from spatial.core.model import FIVE_MINUTES_M, Edit, Estate, Plan, Raster, RawData
from spatial.indicators.dwellings import NEAR_DECAY_PER_M
from spatial.indicators.inputs import IndicatorInputs
from spatial.network import attachment, catchments, distances
from spatial.network.graph import NO
from spatial.places.meeting_spaces import POSSIBLE, SPACE_PREFIX
from spatial.places.whereabouts import nearest_street
from spatial.scoring import lenses
from spatial.settings import loading
from spatial.sources import rasters
from spatial.studies.what_if import Gain, WhatIf
from spatial.visibility.isovists import in_sight

# A bench stands this far from the edge of what one looks at; and not where one stands this near already.
BESIDE_M = 2.0
SEAT_NEAR_M = 15.0
# And so far from the rim of its ground and from other things.
EDGE_M = 0.5
# A link is at most this long, and spares at least this much of a walk, and this many times its length.
LINK_M = 40.0
SPARED_M = 100.0
TIMES = 4.0
# Links whose middles lie nearer to each other than this are one; and only so many are tried.
APART_M = 30.0
MOST_LINKS = 40
# Of the rooms on which nothing is mapped those with most homes near are tried, at most so many.
MOST_ROOMS = 25
DETOUR_LIMIT_M = 800.0
# A gate, a kerb or a lamp further than this from every meeting space serves none.
NEAR_M = FIVE_MINUTES_M


@dataclass(frozen=True)
class Spot:
    """An edit to try, and how many metres of work it is."""

    edit: Edit
    at: BaseGeometry
    length_m: float = 0.0


# The kind of spot that lies on a room on which nothing is mapped.
POSSIBLE_SPACE = "possible_space"
Finder = Callable[[Any, Any, IndicatorInputs, Mapping[str, str]], Iterator[Spot]]


def find_candidates(
    where: str, rooms: Any, area: BaseGeometry, inputs: IndicatorInputs, tags: Mapping[str, str]
) -> list[Spot]:
    """Spots of one kind.

    Parameters
    ----------
    where
        The kind: a key of `FINDERS`.
    rooms
        Meeting spaces (index: id; ``kinds`` and geometry).
    area
        The study area, in which a measure may lie.
    inputs
        The tables of ``spatial.indicators.inputs``.
    tags
        What the measure sets.
    """
    return list(FINDERS[where](rooms, area, inputs, tags))


def _without(rooms: Any, inputs: IndicatorInputs, tags: Mapping[str, str], kinds: frozenset[str]) -> Iterator[Spot]:
    """Beside each meeting space that holds none of these kinds and has none near."""
    graph = inputs.network
    ways = graph.geometry[graph.attachable]
    tree = shapely.STRtree(ways)
    objects = inputs.place_objects
    there = objects.geometry.to_numpy()[objects["kind"].isin(kinds).to_numpy()]
    for identity, shape, held in zip(rooms.index, rooms.geometry, rooms["kinds"], strict=True):
        if not kinds.isdisjoint(held.split(";")):
            continue
        spot = _in_room(shape, objects.geometry.to_numpy(), ways, tree) or _beside(shape, ways, tree)
        if len(there) and shapely.dwithin(there, spot, SEAT_NEAR_M).any():
            continue
        yield Spot(Edit(str(identity), "add", "place", tags=dict(tags), geometry=spot), spot)


def _in_room(
    room: BaseGeometry, things: npt.NDArray[np.object_], ways: npt.NDArray[np.object_], tree: shapely.STRtree
) -> BaseGeometry | None:
    """A point of a room beside what stands in it and beside the ways, as near to a way as it can be.

    None where nothing of the room is known but its shape, or no ground is left.
    """
    inside = things[shapely.intersects(room, things)]
    if not len(inside):
        return None
    near = ways[np.sort(tree.query(room, predicate="dwithin", distance=BESIDE_M))] if len(ways) else ways
    free: Any = shapely.buffer(shapely.difference(room, shapely.union_all(shapely.buffer(near, BESIDE_M))), -EDGE_M)
    free = shapely.difference(free, shapely.union_all(shapely.buffer(inside, EDGE_M)))
    if free.is_empty:
        return None
    if not len(ways):
        return shapely.point_on_surface(free)
    leg: Any = shapely.shortest_line(free, ways[tree.nearest(free)])
    return shapely.Point(leg.coords[0])


def _beside(shape: BaseGeometry, ways: npt.NDArray[np.object_], tree: shapely.STRtree) -> BaseGeometry:
    """A point between a place and the nearest way, or within the place where a way leads through it."""
    inner: BaseGeometry = shapely.point_on_surface(shape)
    if not len(ways):
        return inner
    leg: Any = shapely.shortest_line(shape, ways[tree.nearest(shape)])
    if not leg.length > 0:
        return inner
    beside: BaseGeometry = shapely.line_interpolate_point(leg, min(BESIDE_M, leg.length / 2))
    return beside


def without_seat(rooms: Any, area: BaseGeometry, inputs: IndicatorInputs, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Meeting spaces where nobody can sit."""
    kinds = inputs.kinds.kinds
    return _without(rooms, inputs, tags, frozenset(name for name in kinds if kinds[name].seat))


def without_table(rooms: Any, area: BaseGeometry, inputs: IndicatorInputs, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Meeting spaces without a table."""
    return _without(rooms, inputs, tags, frozenset({"table"}))


def _nodes(rooms: Any, area: BaseGeometry, table: Any, layer: str, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Changes of mapped points in the area, near some meeting space."""
    shapes = table.geometry.to_numpy()
    near = shapely.intersects(area, shapes) & _serving(rooms, shapes)
    for identity, shape in zip(table.index[near], shapes[near], strict=True):
        yield Spot(Edit(str(identity), "change", layer, target=str(identity), tags=dict(tags)), shape)


def _serving(rooms: Any, shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    near = np.zeros(len(shapes), dtype=bool)
    if len(rooms) and len(shapes):
        tree = shapely.STRtree(shapes)
        near[tree.query(rooms.geometry.to_numpy(), predicate="dwithin", distance=NEAR_M)[1]] = True
    return near


def locked_gates(rooms: Any, area: BaseGeometry, inputs: IndicatorInputs, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Gates through which nobody may pass."""
    nodes = inputs.path_nodes
    return _nodes(rooms, area, nodes[nodes["locked"].to_numpy(dtype=bool)], "gate", tags)


def raised_kerbs(rooms: Any, area: BaseGeometry, inputs: IndicatorInputs, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Kerbs that stop wheels."""
    nodes = inputs.path_nodes
    return _nodes(
        rooms, area, nodes[((nodes["kerb"] == "raised") & (nodes["passable"] == 0)).to_numpy(dtype=bool)], "path", tags
    )


def high_hedges(rooms: Any, area: BaseGeometry, inputs: IndicatorInputs, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Hedges over which nobody sees."""
    barriers = inputs.barriers
    high = barriers["barrier"].str.contains("hedge") & barriers["blocks_view"]
    return _lines(rooms, area, barriers[high.to_numpy(dtype=bool)], "barrier", tags)


def unlit_ways(rooms: Any, area: BaseGeometry, inputs: IndicatorInputs, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Ways that are known to be dark: tagged so, and with no lamp along them."""
    graph = inputs.network
    paths = inputs.paths
    ways = paths[paths["allowed"].to_numpy(dtype=bool)]
    lit = np.ones(len(ways), dtype=bool)
    lit[graph.way[graph.lit == NO]] = False
    return _lines(rooms, area, ways[~lit], "path", tags)


def _lines(rooms: Any, area: BaseGeometry, table: Any, layer: str, tags: Mapping[str, str]) -> Iterator[Spot]:
    shapes = table.geometry.to_numpy()
    near = shapely.intersects(area, shapes) & _serving(rooms, shapes)
    for identity, shape in zip(table.index[near], shapes[near], strict=True):
        change = Edit(str(identity), "change", layer, target=str(identity), tags=dict(tags))
        yield Spot(change, shape, length_m=float(shape.length))


def missing_links(rooms: Any, area: BaseGeometry, inputs: IndicatorInputs, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Short straight lines between two ends or corners of the network that are far apart on foot.

    Nothing closed, no building and no water lies between; those that spare most come first.
    """
    graph = inputs.network
    points: Any = shapely.points(graph.xy)
    nodes = np.flatnonzero(shapely.intersects(area, points) & ~graph.locked & _serving(rooms, points))
    near = shapely.STRtree(points[nodes]).query(points[nodes], predicate="dwithin", distance=LINK_M)
    a, b = near[:, near[0] < near[1]]
    straight = np.linalg.norm(graph.xy[nodes[a]] - graph.xy[nodes[b]], axis=1)
    ends = attachment.node_targets(graph, nodes)
    walked = distances.approaches(graph, ends, ends, limit_m=DETOUR_LIMIT_M, detailed=False).distance_m[a, b]
    spared = np.where(np.isnan(walked), DETOUR_LIMIT_M, walked) - straight
    worth = (spared >= SPARED_M) & (spared >= TIMES * straight) & (straight > 0)
    worth &= in_sight(graph.xy[nodes[a]], graph.xy[nodes[b]], inputs.blockers)
    a, b, spared = a[worth], b[worth], spared[worth]
    lines: Any = shapely.linestrings(np.stack([graph.xy[nodes[a]], graph.xy[nodes[b]]], axis=1))
    # Sight goes below a roof on posts, which a path on a plan may not.
    taken = np.concatenate([inputs.water.geometry.to_numpy(), inputs.buildings.geometry.to_numpy()])
    free = ~_touching(lines, taken)
    for k, line in _spread(lines[free], spared[free]):
        edit = Edit(f"link {k}", "add", "path", tags=dict(tags), geometry=line)
        yield Spot(edit, line, length_m=float(line.length))


def _touching(lines: npt.NDArray[np.object_], areas: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    touched = np.zeros(len(lines), dtype=bool)
    if len(lines) and len(areas):
        touched[shapely.STRtree(lines).query(areas, predicate="intersects")[1]] = True
    return touched


def _spread(lines: npt.NDArray[np.object_], spared: npt.NDArray[np.float64]) -> Iterator[tuple[int, BaseGeometry]]:
    """Numbered lines, those that spare most first, without what lies beside one that was taken."""
    middles = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    order = np.lexsort((shapely.get_y(middles), shapely.get_x(middles), -np.round(spared, 3)))
    taken: list[int] = []
    for i in order:
        if len(taken) == MOST_LINKS:
            return
        if all(shapely.distance(middles[i], middles[k]) >= APART_M for k in taken):
            taken.append(int(i))
            yield len(taken), lines[i]


def uncrossed_roads(rooms: Any, area: BaseGeometry, inputs: IndicatorInputs, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Where a path meets a major road and no crossing is mapped."""
    graph = inputs.network
    beside = np.zeros(len(graph.xy), dtype=bool)
    beside[np.concatenate([graph.start[~graph.major], graph.end[~graph.major]])] = True
    points: Any = shapely.points(graph.xy)
    bare = lenses.without_crossing(graph) & beside & shapely.intersects(area, points) & _serving(rooms, points)
    for k, i in enumerate(np.flatnonzero(bare), start=1):
        edit = Edit(f"crossing {k}", "add", "place", tags=dict(tags), geometry=points[i])
        yield Spot(edit, points[i])


def possible_rooms(rooms: Any, area: BaseGeometry, inputs: IndicatorInputs, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Rooms of the area on which nothing is mapped, those with most homes near first."""
    homes = inputs.dwellings[inputs.dwellings["inside"].to_numpy(dtype=bool)]
    inner = shapely.point_on_surface(rooms.geometry.to_numpy())
    away_m = catchments.straight_m(inner, homes.geometry.to_numpy())
    near = catchments.decayed(away_m, homes["dwellings"].to_numpy(dtype=np.float64), per_m=NEAR_DECAY_PER_M)
    rows = np.flatnonzero(shapely.intersects(area, inner) & (near > 0))
    for i in sorted(rows, key=lambda row: (-round(float(near[row]), 3), str(rooms.index[row])))[:MOST_ROOMS]:
        yield Spot(Edit(str(rooms.index[i]), "add", "place", tags=dict(tags), geometry=inner[i]), inner[i])


FINDERS: Mapping[str, Finder] = {
    "space_without_seat": without_seat,
    "space_without_table": without_table,
    "locked_gate": locked_gates,
    "missing_link": missing_links,
    "unlit_way": unlit_ways,
    "raised_kerb": raised_kerbs,
    "high_hedge": high_hedges,
    "uncrossed_road": uncrossed_roads,
    POSSIBLE_SPACE: possible_rooms,
}

MOST = 10
# What was found from what is known and from the start may differ by no more.
SAME = 1e-9
LISTS, STATED = "lists", "stated"
FIELDS = {"where", "tags", "cost_dkk", "cost_dkk_per_m", "why"}


@dataclass(frozen=True)
class Measure:
    """A cheap measure: which spots it is tried at, what it sets, and what it roughly costs in kroner."""

    id: str
    where: str
    tags: Mapping[str, str]
    cost_dkk: float
    cost_dkk_per_m: float
    why: str

    def cost(self, length_m: float) -> float:
        """Rough cost in kroner of so many metres of work."""
        return self.cost_dkk + self.cost_dkk_per_m * length_m


def read_measures(path: Path | None = None) -> tuple[Measure, ...]:
    """Read the list of measures; None: the bundled one.

    Raises
    ------
    ConfigError
        If an entry lacks something, or names a kind of spot that there is not.
    """
    found = []
    for name, entry in loading.load_toml(path, "measures.toml").items():
        if not isinstance(entry, dict) or set(entry) != FIELDS:
            raise ConfigError("suggestions.fields", name=name, found=_keys(entry), known=sorted(FIELDS))
        if entry["where"] not in FINDERS:
            known = list(FINDERS)
            raise ConfigError("suggestions.where", name=name, found=entry["where"], known=known)
        costs = [entry["cost_dkk"], entry["cost_dkk_per_m"]]
        if not all(isinstance(cost, int | float) and 0 <= cost < math.inf for cost in costs) or not sum(costs) > 0:
            raise ConfigError("suggestions.costs", name=name, found=costs)
        found.append(Measure(name, entry["where"], entry["tags"], float(costs[0]), float(costs[1]), str(entry["why"])))
    return tuple(found)


def _keys(entry: Any) -> str:
    return ", ".join(entry) if isinstance(entry, dict) else repr(entry)


@dataclass(frozen=True)
class Candidate:
    """A measure at a spot, which is to be tried."""

    measure: Measure
    spot: Spot

    @property
    def cost_dkk(self) -> float:
        """Rough cost in kroner."""
        return self.measure.cost(self.spot.length_m)


@dataclass(frozen=True, eq=False)
class _Tried:
    """What came of a candidate: its gain, and what was found of each meeting space and each door."""

    measure: Measure
    spot: Spot
    gain: Gain
    cost_dkk: float
    found: tuple[pd.Series, pd.Series]

    @property
    def worth(self) -> float:
        """Homes that gain a krone."""
        return self.gain.homes / self.cost_dkk


def find_measures(
    what_if: WhatIf,
    estate: Estate,
    chosen: tuple[Measure, ...] | None = None,
    *,
    most: int = MOST,
    tell: Callable[[int, int], None] | None = None,
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Find the single measures that gain most for their cost.

    Parameters
    ----------
    what_if
        The estate to try them in.
    chosen
        The measures; default: the bundled list.
    most
        How many are returned at most.
    tell
        Called with how many were tried, of how many.

    Returns
    -------
    suggestions
        One row a suggestion, the most homes a krone first, ties by points and name: ``measure``, ``space_id`` and
        ``space`` (the nearest meeting space, or the possible one), ``street`` (the nearest),
        ``homes_better`` (dwellings whose best meeting space within five minutes gains a whole point of 100, or that
        get a good one and had none), ``homes_lacking`` (the latter), ``homes_worse``, ``points`` (the sum of what these
        gain and lose),
        ``length_m``, ``cost_dkk``, ``homes_per_1000_dkk`` (better less worse); and the edit: ``action, layer,
        target`` and its tags, so that the table is a plan; ``kind`` is what is set, ``unmapped_share`` how much of all
        there is of it is probably not mapped, and ``unmapped_by`` how that is known (``lists``, ``stated``);
        geometry in the estate's CRS. Each was found again by a whole run.
    tried
        How many spots there are to try, by measure. What costs so much that it could not come among the best if every
        home gained by it is not looked at.

    Raises
    ------
    SpatialError
        If a whole run found something else than the quick one: then nothing is suggested.
    """
    rows = read_measures() if chosen is None else chosen
    before = what_if.before.view
    spots = [
        Candidate(measure, spot)
        for measure in rows
        for spot in find_candidates(
            measure.where,
            before.possible if measure.where == POSSIBLE_SPACE else before.rooms,
            estate.study_area,
            before.measured_from,
            measure.tags,
        )
        if what_if.fits(spot.edit)
    ]
    best = best_of(try_candidates(what_if, spots, most, tell), most)
    for one in best:
        _verify(what_if, one)
    counts = {measure.id: sum(one.measure is measure for one in spots) for measure in rows}
    return _table(best, before, estate), counts


def try_candidates(
    what_if: WhatIf, spots: Sequence[Candidate], most: int, tell: Callable[[int, int], None] | None = None
) -> list[_Tried]:
    """Look at each candidate, the cheapest first, until none that is left can come among the best.

    A measure can do no more than better every home of the estate: where that would not be enough for its cost to come
    among so many, neither would it be for what costs more.
    """
    every_home = float(what_if.before.dwellings["dwellings"].sum()) * (1.0 + SAME)
    tried: list[_Tried] = []
    for number, one in enumerate(sorted(spots, key=lambda one: one.cost_dkk), start=1):
        last = best_of(tried, most)[most - 1 : most]
        if last and every_home / one.cost_dkk < last[0].worth:
            break
        look = what_if.after(one.spot.edit)
        found = (look.floating, look.best_at_home)
        tried.append(_Tried(one.measure, one.spot, what_if.gain(look), one.cost_dkk, found))
        if tell is not None:
            tell(number, len(spots))
    return tried


def best_of(tried: Sequence[_Tried], most: int) -> list[_Tried]:
    """Those that gain most for their cost."""
    gaining = [one for one in tried if one.gain.homes > 0]
    return sorted(gaining, key=lambda one: (-one.worth, -one.gain.points, one.measure.id, one.spot.edit.feature))[:most]


def _verify(what_if: WhatIf, one: _Tried) -> None:
    """Find a suggestion again by a whole run."""
    whole = what_if.after(one.spot.edit, whole=True)
    if not all(map(_agree, one.found, (whole.floating, whole.best_at_home))):
        raise SpatialError("suggestions.two_results", measure=one.measure.id, feature=one.spot.edit.feature)


def _agree(quick: pd.Series, whole: pd.Series) -> bool:
    """Whether two ways found the same of the same meeting spaces or doors."""
    if list(quick.index) != list(whole.index):
        return False
    return bool(np.abs(quick.to_numpy() - whole.to_numpy()).max(initial=0.0) <= SAME)


def _table(best: list[_Tried], view: View, estate: Estate) -> gpd.GeoDataFrame:
    rooms = view.rooms
    shapes = object_array(one.spot.at for one in best)
    nearest = (
        shapely.STRtree(rooms.geometry.to_numpy()).query_nearest(shapes, all_matches=False)[1]
        if best
        else np.empty(0, dtype=np.int64)
    )
    unmapped = [_unmapped(one.measure, view.measured_from) for one in best]
    columns: dict[str, list[Any]] = {
        "measure": [one.measure.id for one in best],
        "space_id": [_space_of(one, str(rooms.index[row])) for one, row in zip(best, nearest, strict=True)],
        "space": [_name_of(one, rooms.iloc[row]) for one, row in zip(best, nearest, strict=True)],
        "street": list(nearest_street(gpd.GeoDataFrame(geometry=shapes, crs=estate.crs), view.measured_from.paths)),
        "points": [one.gain.points for one in best],
        "homes_better": [one.gain.better for one in best],
        "homes_lacking": [one.gain.lacking for one in best],
        "homes_worse": [one.gain.worse for one in best],
        "length_m": [one.spot.length_m for one in best],
        "cost_dkk": [one.cost_dkk for one in best],
        "homes_per_1000_dkk": [1000 * one.worth for one in best],
        "action": [one.spot.edit.action for one in best],
        "layer": [one.spot.edit.layer for one in best],
        "target": [one.spot.edit.target for one in best],
        "kind": [view.measured_from.kinds.kind.first(one.measure.tags) for one in best],
        "unmapped_share": [share for share, _ in unmapped],
        "unmapped_by": [by for _, by in unmapped],
    }
    keys = sorted({key for one in best for key in one.measure.tags})
    columns |= {key: [one.measure.tags.get(key) for one in best] for key in keys}
    index = pd.RangeIndex(1, len(best) + 1, name="order")
    return gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=shapes, crs=estate.crs)


def _space_of(one: _Tried, nearest: str) -> str:
    return SPACE_PREFIX + one.spot.edit.feature if one.measure.where == POSSIBLE_SPACE else nearest


def _name_of(one: _Tried, nearest: pd.Series) -> str:
    """Name of the meeting space, else its first kind; of a room on which nothing is mapped that it is one."""
    if one.measure.where == POSSIBLE_SPACE:
        return POSSIBLE
    return str(nearest["name"] if isinstance(nearest["name"], str) else nearest["kinds"].split(";")[0])


def _unmapped(measure: Measure, inputs: IndicatorInputs) -> tuple[float, str | None]:
    """Share of the things that a measure sets that are probably not mapped, and how that is known; NaN if it is not.

    Two lists of the ground say it, else what is stated of the kind in ``tags.toml``: the middle of its range.
    """
    kind = inputs.kinds.kind.first(measure.tags) or ""
    known = inputs.completeness.get(kind)
    if known is not None and known.lists is not None:
        return 1.0 - known.mapped_share, LISTS
    stated = inputs.kinds.stated_mapped_share.get(kind)
    return (np.nan, None) if stated is None else (1.0 - sum(stated) / len(stated), STATED)


def suggest(  # noqa: PLR0913 (the public signature)
    estate: Estate,
    *,
    osm: str | Path | Any,
    layers: Sequence[str | RawData] = (),
    complete: Sequence[str] = (),
    terrain: rasters.Files | Raster | None = None,
    surface: rasters.Files | Raster | None = None,
    plan: str | Path | Plan | None = None,
    field_checks: str | Path | None = None,
    rubric: str | Path | None = None,
    tags: str | Path | None = None,
    measures: str | Path | None = None,
    most: int = MOST,
    progress: Callable[[str], None] | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Find the single measures that gain most for their cost; see `find_measures`.

    Parameters
    ----------
    estate, osm, layers, complete, terrain, surface, plan, field_checks, rubric, tags, progress
        As ``spatial.analyse`` takes them; with a plan, measures on top of it.
    measures
        A list of measures in TOML with your own costs. Default: the bundled examples.
    most
        How many are returned at most.

    Raises
    ------
    InputError
        If nobody is known to live in the estate.
    SpatialError
        As ``spatial.analyse``.
    """
    chosen = read_measures(None if measures is None else Path(measures))
    files = InputFiles(osm, layers, complete, terrain, surface, plan, field_checks)
    own, choices = (None if one is None else Path(one) for one in (rubric, tags))
    what_if = WhatIf(Inputs.read(estate, files, progress), own, progress, choices=choices)
    if not what_if.before.dwellings["dwellings"].sum() > 0:
        raise InputError("suggestions.no_dwellings", estate=estate.name)
    return find_measures(what_if, estate, chosen, most=most, tell=tell)
