"""Walking distances over the network, and what is met on the way: rests, light, crossings, climbs. Pure.

Distances run from geometry to geometry along edges, with the legs from the geometry to the edge at
both ends counted. What cannot be reached within the limit is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from spatial.core.arrays import Bools, Floats, Ints, Shapes
from spatial.core.parallel import in_blocks
from spatial.network.attachment import Attachments, attach
from spatial.network.graph import Network, Slopes, all_major
from spatial.network.kernels import (
    Between,
    Climbs,
    Ends,
    Found,
    Grades,
    Graph,
    Streets,
    approach_kernel,
    climb_kernel,
    flow_kernel,
)

# A seat serves a way when it stands this near to it.
SEAT_TO_WAY_M = 15.0
# Fixed, so that sums over blocks are the same on every machine.
BLOCKS = 8


@dataclass(frozen=True)
class Approaches:
    """The shortest walks from geometries (rows) to targets (columns), and what lies on them.

    ``distance_m`` with both legs; ``unlit_m`` and ``lit_m`` of it (the rest is not known); ``crossings``:
    major roads crossed where no crossing is mapped; ``crossings_most``: with those that may be major;
    ``rest_gap_m``: longest stretch without a mapped seat. All are NaN where the target cannot be reached within the
    limit.
    """

    distance_m: Floats
    unlit_m: Floats
    lit_m: Floats
    crossings: Floats
    rest_gap_m: Floats
    crossings_most: Floats


# --- distances -----------------------------------------------------------------------------------


def approaches(
    network: Network,
    sources: Attachments,
    targets: Attachments,
    *,
    limit_m: float,
    seats: Shapes | None = None,
    usable: Bools | None = None,
    barred_nodes: Bools | None = None,
    detailed: bool = True,
) -> Approaches:
    """Shortest walks from every source to every target within a limit.

    Parameters
    ----------
    sources, targets
        Attachments of N and T geometries.
    limit_m
        Walks longer than this are not followed.
    seats
        Points where one can sit, for the longest stretch without one.
    usable
        One flag an edge; edges that are not usable are not walked. None: all are.
    barred_nodes
        One flag a node that may not be passed; locked gates never may.
    detailed
        Without details only the distances are filled; the other arrays are empty.

    Returns
    -------
    Approaches
        Arrays of shape (N, T).
    """
    shape = (len(sources), len(targets))
    details = [np.full(shape if detailed else (0, 0), np.nan) for _ in range(4)]
    found = Found(np.full(shape, np.inf), *details)
    barred = network.locked if barred_nodes is None else network.locked | barred_nodes
    graph, streets = _graph(network, usable, barred), _streets(network, seats)
    between = Between(_ends(network, sources), _ends(network, targets))

    def work(begin: int, end: int) -> None:
        approach_kernel(begin, end, limit_m, detailed, graph, streets, between, found)

    in_blocks(work, len(sources), blocks=BLOCKS)
    distance, (unlit, lit, crossings, gap) = np.where(np.isinf(found.distance), np.nan, found.distance), details
    return Approaches(distance, unlit, lit, crossings, gap, crossings_most=crossings)


def with_doubtful_roads(
    network: Network, sources: Attachments, targets: Attachments, walks: Approaches, *, limit_m: float
) -> Approaches:
    """Walks with the roads that they cross at most: a road whose speed cannot be read may be a major one."""
    if not network.perhaps_major.any():
        return walks
    most = approaches(all_major(network), sources, targets, limit_m=limit_m).crossings
    return replace(walks, crossings_most=np.fmax(walks.crossings, most))


def climbs(
    network: Network, sources: Attachments, targets: Attachments, slopes: Slopes, *, limit_m: float
) -> tuple[Floats, Bools]:
    """Steepest stretch of the shortest walk from every source to every target within a limit.

    Parameters
    ----------
    sources, targets
        Attachments of N and T geometries.
    slopes
        How steep the edges of the network are.
    limit_m
        Walks longer than this are not followed.

    Returns
    -------
    steepest
        float64 (N, T), rise over run, of what is known of the walk: at least so steep; NaN where
        the target cannot be reached. Legs between a geometry and its way are not assessed.
    known
        bool (N, T): whether the slope of the whole walk is known.
    """
    shape = (len(sources), len(targets))
    steepest = Climbs(np.full(shape, np.inf), np.full(shape, np.nan), np.zeros(shape, dtype=bool))
    graph, between = _graph(network, None, network.locked), Between(_ends(network, sources), _ends(network, targets))
    grades = Grades(slopes.indptr, slopes.steepness, slopes.steepest, slopes.whole)

    def work(begin: int, end: int) -> None:
        climb_kernel(begin, end, limit_m, graph, grades, between, steepest)

    in_blocks(work, len(sources), blocks=BLOCKS)
    return steepest.steepest, steepest.known


def _graph(network: Network, usable: Bools | None, barred: Bools) -> Graph:
    edges = np.ones(len(network.length_m), dtype=bool) if usable is None else usable
    open_ = edges[network.arc_edge] & ~barred[network.arc_node]
    arc_edge = network.arc_edge[open_]
    return Graph(
        np.concatenate([[0], np.cumsum(open_)])[network.indptr],
        network.arc_node[open_],
        arc_edge,
        network.length_m[arc_edge],
        network.start,
        network.end,
        network.length_m,
        edges,
        barred,
    )


def _streets(network: Network, seats: Shapes | None) -> Streets:
    return Streets(
        network.crossing,
        network.major,
        network.is_crossing,
        network.major_direction,
        network.direction,
        (network.major_direction != 0).any(axis=1),
        network.lit,
        *_seats_on_edges(network, seats),
    )


def _ends(network: Network, ends: Attachments) -> Ends:
    by_edge = _by_edge(ends.edge, len(network.length_m))
    return Ends(ends.indptr, ends.owner, ends.edge, ends.offset_m, ends.leg_m, *by_edge)


def _by_edge(edge: Ints, count: int) -> tuple[Ints, Ints]:
    """Rows by edge, in compressed form: the rows on edge e are order[indptr[e]:indptr[e + 1]]."""
    order = np.argsort(edge, kind="stable").astype(np.int64)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(edge, minlength=count))]).astype(np.int64)
    return indptr, order


def _seats_on_edges(network: Network, seats: Shapes | None) -> tuple[Ints, Floats]:
    """Offsets of the seats along each edge, in compressed form: those of edge e are indptr[e]:indptr[e + 1]."""
    count = len(network.length_m)
    if seats is None or not len(seats) or not count:
        return np.zeros(count + 1, dtype=np.int64), np.empty(0)
    points = shapely.centroid(seats)
    seat, edge = shapely.STRtree(network.geometry).query(points, predicate="dwithin", distance=SEAT_TO_WAY_M)
    offset = shapely.line_locate_point(network.geometry[edge], points[seat])
    indptr = np.concatenate([[0], np.cumsum(np.bincount(edge, minlength=count))]).astype(np.int64)
    return indptr, offset[np.lexsort((offset, edge))]


def nearest_m(network: Network, sources: Attachments, targets: Attachments, *, limit_m: float) -> Floats:
    """Walking distance from each source to the nearest target; NaN where none is within the limit."""
    if not len(targets):
        return np.full(len(sources), np.nan)
    distance = approaches(network, sources, targets, limit_m=limit_m, detailed=False).distance_m
    result: Floats = np.where(np.isnan(distance), np.inf, distance).min(axis=1)
    result[np.isinf(result)] = np.nan
    return result


def flow(
    network: Network, origins: Attachments, weights: Floats, destinations: Attachments, *, limit_m: float
) -> Floats:
    """Walking trips over each edge, if everybody walks to every destination within a limit once.

    Betweenness of edges for shortest walks between dwellings (weighted) and destinations; both
    are put on the nearer end of their edge, so a trip begins and ends at a node.
    """
    count = network.node_count
    at_origin, _ = _nearer_node(network, origins)
    at_destination, _ = _nearer_node(network, destinations)
    trips = np.bincount(at_origin, weights=weights[origins.attached], minlength=count)
    ends = np.bincount(at_destination, minlength=count)
    supply, demand = trips.astype(np.float64), ends.astype(np.float64)
    # A trip there is as long as the trip back: the search begins where fewer do.
    if np.count_nonzero(demand) < np.count_nonzero(supply):
        supply, demand = demand, supply
    nodes = np.flatnonzero((supply > 0) & ~network.locked)
    total = np.zeros((BLOCKS, len(network.length_m)))
    parts = np.array_split(nodes, BLOCKS)
    graph = _graph(network, None, network.locked)

    def work(begin: int, end: int) -> None:
        for part in range(begin, end):
            flow_kernel(parts[part], supply, demand, limit_m, graph, total[part])

    in_blocks(work, BLOCKS, blocks=BLOCKS)
    result: Floats = total.sum(axis=0)
    return result


def _nearer_node(network: Network, attachments: Attachments) -> tuple[Ints, Ints]:
    """Node nearest to each attached geometry, by its shortest leg; and the geometry's position."""
    order = np.lexsort((attachments.leg_m, attachments.owner))
    owners, first = np.unique(attachments.owner[order], return_index=True)
    row = order[first]
    edge = attachments.edge[row]
    at_start = attachments.offset_m[row] * 2 <= network.length_m[edge]
    shut = network.locked[network.start[edge]], network.locked[network.end[edge]]
    at_start = np.where(shut[0] == shut[1], at_start, shut[1])  # a locked gate is nobody's end
    return np.where(at_start, network.start[edge], network.end[edge]), owners


def load_compiled() -> None:
    """Load the compiled code from its cache on disk by a walk over one edge."""
    ends, flags = np.array([0, 1], dtype=np.int64), np.zeros(2, dtype=bool)
    one, state = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int8)
    edge = Network(
        node_id=ends,
        xy=np.array([[0.0, 0.0], [1.0, 0.0]]),
        locked=flags,
        unsure=flags,
        raised=flags,
        crossing=flags,
        major_direction=np.zeros((2, 2)),
        start=ends[:1],
        end=ends[1:],
        length_m=np.ones(1),
        geometry=shapely.linestrings([[[0.0, 0.0], [1.0, 0.0]]]),
        way=one,
        lit=state,
        step_free=state,
        major=flags[:1],
        perhaps_major=flags[:1],
        is_crossing=flags[:1],
        attachable=~flags[:1],
        direction=np.zeros((1, 2, 2)),
        indptr=np.array([0, 1, 2], dtype=np.int64),
        arc_node=ends[::-1].copy(),
        arc_edge=np.zeros(2, dtype=np.int64),
    )
    point = attach(edge, shapely.points([[0.5, 1.0]]))
    approaches(edge, point, point, limit_m=1.0)
    flow(edge, point, np.ones(1), point, limit_m=1.0)
