"""The walking graph: ways into nodes and edges, by the identity of their nodes. Pure.

An edge is joined to another only where both share a node, so a bridge is never joined to what it
crosses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spatial.core.arrays import Bools, Floats, Ints, Shapes
from spatial.layers.streets import MAX_STEP_FREE_SLOPE, MIN_STEP_FREE_WIDTH_M
from spatial.layers.tag_values import states

YES, NO, UNKNOWN = 1, 0, -1
# A lamp serves a way when it stands this near to it.
LAMP_TO_WAY_M = 15.0
# A lamp lights this much of a way to either side; fittings stand some 20 to 40 m apart.
LAMP_REACH_M = 20.0


@dataclass(frozen=True)
class Network:
    """An undirected walking graph.

    Nodes are places where a way ends, branches, or is governed by something (gate, crossing);
    ``node_id`` are their numbers in OpenStreetMap. Edges run between them along a way. ``arc_*`` is
    the graph in compressed rows: the arcs of node v are ``indptr[v]:indptr[v + 1]``. Lengths are in
    metres, ``lit`` and ``step_free`` are 1 yes, 0 no, -1 unknown, one an edge. Wheels do not pass a node that is
    ``raised`` (a kerb, a stile), and may not pass one that is ``unsure``.
    """

    node_id: Ints
    xy: Floats
    locked: Bools
    raised: Bools
    unsure: Bools
    crossing: Bools
    major_direction: Floats
    start: Ints
    end: Ints
    length_m: Floats
    geometry: Shapes
    way: Ints
    lit: npt.NDArray[np.int8]
    step_free: npt.NDArray[np.int8]
    major: Bools
    perhaps_major: Bools
    is_crossing: Bools
    attachable: Bools
    direction: Floats
    indptr: Ints
    arc_node: Ints
    arc_edge: Ints

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.xy)

    @cached_property
    def stepping(self) -> tuple[Ints, shapely.STRtree]:
        """Edges that one may step onto, and a tree of them."""
        edges = np.flatnonzero(self.attachable)
        return edges, shapely.STRtree(self.geometry[edges])


@dataclass(frozen=True)
class Slopes:
    """Steepness along the edges of a network, at even samples: those of edge e are indptr[e]:indptr[e + 1].

    ``steepness`` is that of the ten metres around a sample, NaN where it is not known. ``steepest``
    is the largest known of an edge, NaN where nothing is; ``whole`` says whether all of it is known.
    """

    indptr: Ints
    steepness: Floats
    steepest: Floats
    whole: Bools


# What the length of a walk does not hang on.
_TAGGED = (
    "raised",
    "unsure",
    "crossing",
    "major_direction",
    "way",
    "lit",
    "step_free",
    "major",
    "perhaps_major",
    "is_crossing",
    "direction",
)


def without_tags(network: Network) -> Network:
    """Leave of a network only what the length of a walk hangs on: a lamp or a kerb does not change it."""
    blank = {name: np.zeros_like(getattr(network, name)) for name in _TAGGED}
    return replace(network, **blank)


def all_major(network: Network) -> Network:
    """Take every road that may be a major one for one."""
    major = network.major | network.perhaps_major
    along = _major_direction(network.start, network.end, network.direction, major, network.node_count)
    return replace(network, major=major, major_direction=along)


def build_network(
    paths: gpd.GeoDataFrame, path_nodes: gpd.GeoDataFrame, lamps: gpd.GeoDataFrame | None = None
) -> Network:
    """Build the walking graph from the ways that people on foot may use.

    Parameters
    ----------
    paths, path_nodes
        Canonical layers of these names, in one metric CRS.
    lamps
        Street lamps; a way without a ``lit`` tag is lit where lamps stand along it.
    """
    ways = paths[paths["allowed"]]
    lines = ways.geometry.to_numpy()
    sizes = np.array([len(ids) for ids in ways["node_ids"]], dtype=np.int64)
    ids = np.concatenate([*ways["node_ids"], np.empty(0, np.int64)])
    xy = shapely.get_coordinates(lines)
    owner = np.repeat(np.arange(len(ways)), sizes)
    keep = _kept_vertices(ids, sizes, path_nodes["node_id"].to_numpy())
    begins, stops = _edge_spans(keep, owner)
    node_ids, vertex_node = np.unique(ids[keep], return_inverse=True)
    node_of = np.full(len(ids), -1, dtype=np.int64)
    node_of[keep] = vertex_node
    geometry = _edge_lines(xy, begins, stops)
    way = owner[begins]
    first = np.zeros(len(node_ids), dtype=np.int64)
    first[node_of[keep]] = np.flatnonzero(keep)
    edges = _Edges(geometry, way, node_of[begins], node_of[stops], _directions(xy, begins, stops))
    return _assembled(ways, edges, xy[first], node_ids, path_nodes, lamps)


class _Edges(NamedTuple):
    """Edges: their lines, the way of each, the nodes at its ends, and the directions in which it leaves them."""

    geometry: Shapes
    way: Ints
    start: Ints
    end: Ints
    direction: Floats


def _kept_vertices(ids: Ints, sizes: Ints, special: Ints) -> Bools:
    """Vertices that become nodes: ends of ways, nodes used twice, nodes that govern the way."""
    _, inverse, counts = np.unique(ids, return_inverse=True, return_counts=True)
    keep = (counts[inverse] > 1) | np.isin(ids, special)
    ends = np.cumsum(sizes)
    keep[ends - 1] = True
    keep[ends - sizes] = True
    result: Bools = keep
    return result


def _edge_spans(keep: Bools, owner: Ints) -> tuple[Ints, Ints]:
    vertex = np.flatnonzero(keep)
    same_way = owner[vertex[:-1]] == owner[vertex[1:]]
    return vertex[:-1][same_way], vertex[1:][same_way]


def _edge_lines(xy: Floats, begins: Ints, stops: Ints) -> Shapes:
    sizes = stops - begins + 1
    index = np.repeat(np.arange(len(begins)), sizes)
    within = np.arange(len(index)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    lines: Shapes = shapely.linestrings(xy[np.repeat(begins, sizes) + within], indices=index)
    return lines


def _directions(xy: Floats, begins: Ints, stops: Ints) -> Floats:
    """Unit vectors leaving each edge's start and its end into the edge: (edges, 2 ends, 2)."""
    vectors = np.stack([xy[begins + 1] - xy[begins], xy[stops - 1] - xy[stops]], axis=1)
    length = np.linalg.norm(vectors, axis=2, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)


def _assembled(
    ways: gpd.GeoDataFrame,
    edges: _Edges,
    node_xy: Floats,
    node_ids: Ints,
    path_nodes: gpd.GeoDataFrame,
    lamps: gpd.GeoDataFrame | None,
) -> Network:
    geometry, way, start, end, direction = edges

    def flag(table: Any) -> Bools:
        return np.isin(node_ids, path_nodes["node_id"].to_numpy()[np.asarray(table, dtype=bool)])

    tail, head = np.concatenate([start, end]), np.concatenate([end, start])
    order = np.argsort(tail, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=len(node_ids)))])
    major = ways["major"].to_numpy()[way]
    return Network(
        node_id=node_ids,
        xy=node_xy,
        locked=flag(path_nodes["locked"]),
        raised=flag(path_nodes["passable"] == NO),
        unsure=flag(path_nodes["passable"] == UNKNOWN),
        crossing=flag(path_nodes["crossing"]),
        major_direction=_major_direction(start, end, direction, major, len(node_ids)),
        start=start,
        end=end,
        length_m=shapely.length(geometry),
        geometry=geometry,
        way=way,
        lit=_lit(ways, way, geometry, lamps),
        step_free=_step_free(ways)[way],
        major=major,
        perhaps_major=ways["perhaps_major"].to_numpy(dtype=bool)[way],
        is_crossing=ways["is_crossing"].to_numpy()[way],
        attachable=~(ways["bridge"] | ways["tunnel"]).to_numpy()[way],
        direction=direction,
        indptr=indptr.astype(np.int64),
        arc_node=head[order],
        arc_edge=np.concatenate([np.arange(len(start))] * 2)[order].astype(np.int64),
    )


def _major_direction(start: Ints, end: Ints, direction: Floats, major: Bools, count: int) -> Floats:
    """A unit vector along the major road at each node; zero where no major road passes."""
    vector = np.zeros((count, 2))
    vector[end[major]] = direction[major, 1]
    vector[start[major]] = direction[major, 0]
    return vector


def _lit(ways: gpd.GeoDataFrame, way: Ints, geometry: Shapes, lamps: gpd.GeoDataFrame | None) -> npt.NDArray[np.int8]:
    state = states("lit", ways["lit"])[way]
    if lamps is None or not len(lamps):
        return state
    edge = shapely.STRtree(geometry).query(lamps.geometry.to_numpy(), predicate="dwithin", distance=LAMP_TO_WAY_M)[1]
    enough = np.bincount(edge, minlength=len(geometry)) * LAMP_REACH_M * 2 >= shapely.length(geometry)
    return np.where((state == UNKNOWN) & enough, YES, state).astype(np.int8)


@dataclass(frozen=True)
class WaysOnWheels:
    """What the tags of ways say to wheels: 1 yes, 0 no, -1 not known.

    ``passable``: somebody says that a wheelchair passes. ``firm``: by surface and smoothness. ``doubt``: another tag
    that decides is not readable. ``perhaps``: somebody says something of wheelchairs that leaves it open.
    """

    passable: npt.NDArray[np.int8]
    firm: npt.NDArray[np.int8]
    steps: npt.NDArray[np.int8]
    doubt: Bools
    perhaps: Bools


def ways_on_wheels(ways: gpd.GeoDataFrame) -> WaysOnWheels:
    """Read what decides whether ways can be used on wheels, but for their slope and width."""
    chair, surface, smooth = (states(key, ways[key]) for key in ("wheelchair", "surface", "smoothness"))
    untold = {key: ways[key].isna().to_numpy() for key in ("wheelchair", "smoothness")}
    firm = np.where((surface == NO) | (smooth == NO), NO, np.maximum(surface, smooth))
    firm = np.where((surface == NO) & (smooth == YES), UNKNOWN, firm)  # setts as smooth as slabs
    firm = np.where((firm == YES) & (smooth == UNKNOWN) & ~untold["smoothness"], UNKNOWN, firm)
    ramp = ways["ramp"].map({"yes": YES, "no": NO}).fillna(UNKNOWN).to_numpy(dtype=np.int8)
    no_ramp = ways["ramp"].isna().to_numpy() | (ramp == NO)
    steps = np.where(~ways["steps"].to_numpy(dtype=bool) | (ramp == YES), NO, np.where(no_ramp, YES, UNKNOWN))
    by_ramp = ways["steps"].to_numpy(dtype=bool) & (ramp == YES) & (chair != NO)
    perhaps = (chair == UNKNOWN) & ~untold["wheelchair"]
    doubt = ways["doubt"].to_numpy(dtype=bool) | perhaps
    passable = np.where(by_ramp, YES, chair).astype(np.int8)
    return WaysOnWheels(passable, firm.astype(np.int8), steps.astype(np.int8), doubt, perhaps)


def _step_free(ways: gpd.GeoDataFrame) -> npt.NDArray[np.int8]:
    """Whether each way can be used without steps: yes, no, or unknown; slope only where tagged."""
    said = ways_on_wheels(ways)
    barred = (
        (said.steps == YES)
        | (said.passable == NO)
        | (said.firm == NO)
        | (states("kerb", ways["kerb"]) == NO)
        | (ways["incline"].to_numpy() > MAX_STEP_FREE_SLOPE)
        | (ways["width_m"].to_numpy() < MIN_STEP_FREE_WIDTH_M)
    )
    passable = said.passable == YES
    known = passable | ((said.firm == YES) & (said.steps == NO) & ~said.doubt)
    # Where a wheelchair may pass for all that is said, what bars others may not bar it.
    barred_to_all = np.where(said.perhaps, UNKNOWN, NO)
    return np.where(barred & ~passable, barred_to_all, np.where(known, YES, UNKNOWN)).astype(np.int8)


def step_free_with(slopes: Slopes, network: Network, ways: gpd.GeoDataFrame) -> npt.NDArray[np.int8]:
    """Whether each edge can be used without steps, its slope included: yes, no, or unknown.

    What somebody has tagged as passable for wheelchairs stays so. An edge whose slope is not known
    throughout is unknown, unless something else bars it or a stretch that is known is too steep.
    """
    tagged = (ways_on_wheels(ways).passable == YES)[network.way]
    too_steep = (slopes.steepest > MAX_STEP_FREE_SLOPE) & ~tagged
    unsure = (network.step_free == YES) & ~slopes.whole & ~tagged
    return np.where(too_steep, NO, np.where(unsure, UNKNOWN, network.step_free)).astype(np.int8)
