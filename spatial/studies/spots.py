"""Where a small measure could be tried: spots for seats, tables, gates, kerbs, hedges, lamps, links and crossings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.model import FIVE_MINUTES_M, Edit
from spatial.indicators.dwellings import NEAR_DECAY_PER_M
from spatial.indicators.inputs import IndicatorInputs
from spatial.network import attachment, catchments, distances
from spatial.network.graph import NO
from spatial.scoring import lenses
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
