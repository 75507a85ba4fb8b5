"""Where small measures could be tried: spots of an estate, one function a kind of spot. Pure.

Each takes the estate as it was looked at and the tags of the measure, and gives edits in the manner of a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial import network as walking
from spatial.graph import NO
from spatial.model import Edit
from spatial.visibility import in_sight

# A bench stands this far from the edge of what one looks at; and not where one stands this near already.
BESIDE_M = 2.0
SEAT_NEAR_M = 15.0
# A link is at most this long, and spares at least this much of a walk, and this many times its length.
LINK_M = 40.0
SPARED_M = 100.0
TIMES = 4.0
# Links whose middles lie nearer to each other than this are one; and only so many are tried.
APART_M = 30.0
MOST_LINKS = 40
DETOUR_LIMIT_M = 800.0
# A gate, a kerb or a lamp further than this from every meeting space serves none.
NEAR_M = 400.0

Scenery = Mapping[str, Any]


@dataclass(frozen=True)
class Spot:
    """An edit to try, and how many metres of work it is."""

    edit: Edit
    at: BaseGeometry
    length_m: float = 0.0


Finder = Callable[[Any, Any, Scenery, Mapping[str, str]], Iterator[Spot]]


def find(where: str, rooms: Any, area: BaseGeometry, scenery: Scenery, tags: Mapping[str, str]) -> list[Spot]:
    """Spots of one kind.

    Parameters
    ----------
    where
        The kind: a key of `FINDERS`.
    rooms
        Meeting spaces (index: id; ``kinds`` and geometry).
    area
        The study area, in which a measure may lie.
    scenery
        The tables of ``spatial.scene``.
    tags
        What the measure sets.
    """
    return list(FINDERS[where](rooms, area, scenery, tags))


def _without(rooms: Any, scenery: Scenery, tags: Mapping[str, str], kinds: frozenset[str]) -> Iterator[Spot]:
    """Beside each meeting space that holds none of these kinds and has none near."""
    graph = scenery["network"]
    ways = graph.geometry[graph.attachable]
    tree = shapely.STRtree(ways)
    objects = scenery["place_objects"]
    there = objects.geometry.to_numpy()[objects["kind"].isin(kinds).to_numpy()]
    for identity, shape, held in zip(rooms.index, rooms.geometry, rooms["kinds"], strict=True):
        if not kinds.isdisjoint(held.split(";")):
            continue
        spot = _beside(shape, ways, tree)
        if len(there) and shapely.dwithin(there, spot, SEAT_NEAR_M).any():
            continue
        yield Spot(Edit(str(identity), "add", "place", tags=dict(tags), geometry=spot), spot)


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


def without_seat(rooms: Any, area: BaseGeometry, scenery: Scenery, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Meeting spaces where nobody can sit."""
    kinds = scenery["kinds"].kinds
    return _without(rooms, scenery, tags, frozenset(name for name in kinds if kinds[name].seat))


def without_table(rooms: Any, area: BaseGeometry, scenery: Scenery, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Meeting spaces without a table."""
    return _without(rooms, scenery, tags, frozenset({"table"}))


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


def locked_gates(rooms: Any, area: BaseGeometry, scenery: Scenery, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Gates through which nobody may pass."""
    nodes = scenery["path_nodes"]
    return _nodes(rooms, area, nodes[nodes["locked"].to_numpy(dtype=bool)], "gate", tags)


def raised_kerbs(rooms: Any, area: BaseGeometry, scenery: Scenery, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Kerbs that stop wheels."""
    nodes = scenery["path_nodes"]
    return _nodes(rooms, area, nodes[(nodes["kerb"] == "raised").to_numpy(dtype=bool)], "path", tags)


def high_hedges(rooms: Any, area: BaseGeometry, scenery: Scenery, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Hedges over which nobody sees."""
    barriers = scenery["barriers"]
    high = barriers["barrier"].str.contains("hedge") & barriers["blocks_view"]
    return _lines(rooms, area, barriers[high.to_numpy(dtype=bool)], "barrier", tags)


def unlit_ways(rooms: Any, area: BaseGeometry, scenery: Scenery, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Ways that are known to be dark: tagged so, and with no lamp along them."""
    graph = scenery["network"]
    paths = scenery["paths"]
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


def missing_links(rooms: Any, area: BaseGeometry, scenery: Scenery, tags: Mapping[str, str]) -> Iterator[Spot]:
    """Short straight lines between two ends or corners of the network that are far apart on foot.

    Nothing closed, no building and no water lies between; those that spare most come first.
    """
    graph = scenery["network"]
    points: Any = shapely.points(graph.xy)
    nodes = np.flatnonzero(shapely.intersects(area, points) & ~graph.locked & _serving(rooms, points))
    near = shapely.STRtree(points[nodes]).query(points[nodes], predicate="dwithin", distance=LINK_M)
    a, b = near[:, near[0] < near[1]]
    straight = np.linalg.norm(graph.xy[nodes[a]] - graph.xy[nodes[b]], axis=1)
    ends = walking.node_targets(graph, nodes)
    walked = walking.approaches(graph, ends, ends, limit_m=DETOUR_LIMIT_M, detailed=False).distance_m[a, b]
    spared = np.where(np.isnan(walked), DETOUR_LIMIT_M, walked) - straight
    worth = (spared >= SPARED_M) & (spared >= TIMES * straight) & (straight > 0)
    worth &= in_sight(graph.xy[nodes[a]], graph.xy[nodes[b]], scenery["blockers"])
    a, b, spared = a[worth], b[worth], spared[worth]
    lines: Any = shapely.linestrings(np.stack([graph.xy[nodes[a]], graph.xy[nodes[b]]], axis=1))
    dry = ~_touching(lines, scenery["water"].geometry.to_numpy())
    for k, line in _spread(lines[dry], spared[dry]):
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


FINDERS: Mapping[str, Finder] = {
    "space_without_seat": without_seat,
    "space_without_table": without_table,
    "locked_gate": locked_gates,
    "missing_link": missing_links,
    "unlit_way": unlit_ways,
    "raised_kerb": raised_kerbs,
    "high_hedge": high_hedges,
}
