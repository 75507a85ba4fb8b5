"""Compiled walks over the network: Dijkstra with a limit, and what is met on the way. Pure.

Kept apart from ``network`` so that all compiled code of walking is cached together on disk.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

NO_EDGE = -1
NOBODY = -1
BINS = 800


class Graph(NamedTuple):
    """Where one can walk: compressed arcs by node that may be used, edges, and what may not be used."""

    indptr: Any
    arc_node: Any
    arc_edge: Any
    arc_length: Any
    start: Any
    end: Any
    length: Any
    usable: Any
    barred: Any


class Streets(NamedTuple):
    """What is met on the way: crossings and roads by node or edge, light, seats along edges.

    ``on_road`` says of a node whether a major road passes it.
    """

    crossing: Any
    major: Any
    is_crossing: Any
    major_direction: Any
    direction: Any
    on_road: Any
    lit: Any
    seat_indptr: Any
    seat_offset: Any


class Grades(NamedTuple):
    """How steep edges are; see ``graph.Slopes``."""

    indptr: Any
    steepness: Any
    steepest: Any
    whole: Any


class Ends(NamedTuple):
    """Attachments of sources or targets, by owner and by edge."""

    indptr: Any
    owner: Any
    edge: Any
    offset: Any
    leg: Any
    edge_indptr: Any
    edge_rows: Any


class Between(NamedTuple):
    """From where to where one walks."""

    sources: Ends
    targets: Ends


class Queue(NamedTuple):
    """Nodes by distance, in bins of even width; no distance is beyond the limit, so there is a bin for each.

    ``first`` of each bin, and who is ``behind`` whom in it. A bin holds a few nodes, of which the nearest is
    looked for; that is faster than a heap. (Dial, 1969, with several distances to a bin.)
    """

    first: Any
    bins_a_metre: float
    away: Any
    node: Any
    behind: Any


class Walk(NamedTuple):
    """A search under way: a queue, and for each node its distance and the edge that led there."""

    queue: Queue
    distance: Any
    via: Any
    began: Any
    order: Any


class Met(NamedTuple):
    """What was met up to each node: metres unlit and lit, roads, side of a road, seats."""

    unlit: Any
    lit: Any
    roads: Any
    side: Any
    crossed_well: Any
    since_seat: Any
    gap: Any


class Climb(NamedTuple):
    """Up to each node: the steepest stretch that is known, and whether all of it is."""

    steep: Any
    sure: Any


class Climbs(NamedTuple):
    """The outputs of a climb, by source and target."""

    distance: Any
    steepest: Any
    known: Any


class Found(NamedTuple):
    """The outputs, by source and target; without details all but the first are empty."""

    distance: Any
    unlit: Any
    lit: Any
    roads: Any
    gap: Any


@njit(cache=True, nogil=True)
def _new_walk(graph, seeds, limit):  # type: ignore[no-untyped-def]
    nodes, room = len(graph.indptr) - 1, len(graph.arc_node) + 2 * seeds + 2
    return Walk(
        Queue(
            np.full(BINS + 1, NOBODY, np.int64),
            BINS / limit if limit > 0.0 else 0.0,
            np.empty(room, np.float64),
            np.empty(room, np.int64),
            np.empty(room, np.int64),
        ),
        np.empty(nodes, np.float64),
        np.empty(nodes, np.int64),
        np.empty(nodes, np.int64),
        np.empty(nodes, np.int64),
    )


@njit(cache=True, nogil=True)
def _queue(queue, count, away, node):  # type: ignore[no-untyped-def]
    """Put a node into the bin of its distance; return how many have been queued."""
    first, bins_a_metre, aways, nodes, behind = queue
    at = int(away * bins_a_metre)
    aways[count], nodes[count], behind[count] = away, node, first[at]
    first[at] = count
    return count + 1


@njit(cache=True, nogil=True)
def _begin(walk):  # type: ignore[no-untyped-def]
    walk.distance[:] = np.inf
    walk.via[:] = NO_EDGE
    walk.began[:] = NO_EDGE


@njit(cache=True, nogil=True)
def _spread(graph, walk, count, limit):  # type: ignore[no-untyped-def]
    """Settle nodes in order of distance from the seeds in the queue; return how many were settled.

    All in one body: calls for each node make it slower by half.
    """
    first, bins_a_metre, aways, nodes, behind = walk.queue
    away, via, order = walk.distance, walk.via, walk.order
    indptr, arc_node, arc_edge, arc_length = graph.indptr, graph.arc_node, graph.arc_edge, graph.arc_length
    settled, waiting, at = 0, count, 0
    while waiting > 0:
        while first[at] < 0:
            at += 1
        one, before, last, other = first[at], NOBODY, first[at], behind[first[at]]
        least = aways[one]
        while other >= 0:
            if aways[other] < least:
                one, before, least = other, last, aways[other]
            last, other = other, behind[other]
        if before < 0:
            first[at] = behind[one]
        else:
            behind[before] = behind[one]
        waiting -= 1
        d, u = aways[one], nodes[one]
        if d > away[u]:
            continue
        order[settled] = u
        settled += 1
        for a in range(indptr[u], indptr[u + 1]):
            v, new = arc_node[a], d + arc_length[a]
            if new <= limit and new < away[v]:
                away[v], via[v] = new, arc_edge[a]
                bin_ = int(new * bins_a_metre)
                aways[count], nodes[count], behind[count] = new, v, first[bin_]
                first[bin_] = count
                count += 1
                waiting += 1
    return settled


@njit(cache=True, nogil=True)
def _side(ax, ay, bx, by):  # type: ignore[no-untyped-def]
    return np.sign(ax * by - ay * bx)


@njit(cache=True, nogil=True)
def _crossed(u, e, came, graph, streets, met):  # type: ignore[no-untyped-def]
    """Count the crossing of a major road at node u, coming by edge ``came`` and leaving by ``e``.

    Returns (crossings added, side of the road kept to, whether a crossing was met on it).
    """
    leave = streets.direction[e, 0 if graph.start[e] == u else 1]
    back = streets.direction[came, 0 if graph.start[came] == u else 1]
    if streets.major[e]:
        if streets.major[came]:
            return 0, met.side[u], met.crossed_well[u] or streets.crossing[u]
        return 0, _side(leave[0], leave[1], back[0], back[1]), streets.crossing[u]
    if streets.crossing[u]:
        return 0, 0.0, False
    if streets.major[came]:
        other = met.side[u] * _side(-back[0], -back[1], leave[0], leave[1]) < 0
        return (1 if other and not met.crossed_well[u] else 0), 0.0, False
    along = streets.major_direction[u]
    other = _side(along[0], along[1], back[0], back[1]) * _side(along[0], along[1], leave[0], leave[1]) < 0
    return (1 if other else 0), 0.0, False


@njit(cache=True, nogil=True)
def _onto(u, e, graph, streets, walk, met):  # type: ignore[no-untyped-def]
    """Step from node u onto edge e: see ``_crossed``. The walk came to u by an edge, or began on one."""
    came = walk.via[u] if walk.via[u] >= 0 else walk.began[u]
    if came < 0 or streets.is_crossing[e] or streets.is_crossing[came]:
        return 0, 0.0, False
    return _crossed(u, e, came, graph, streets, met)


@njit(cache=True, nogil=True)
def _rested(e, begin, stop, since, gap, seat_indptr, seat_offset):  # type: ignore[no-untyped-def]
    """Walk edge e between two offsets; return the metres since the last seat, and the longest gap."""
    first, last = seat_indptr[e], seat_indptr[e + 1] - 1
    at = begin
    for i in range(last - first + 1):
        seat = seat_offset[first + i if stop >= begin else last - i]
        if min(begin, stop) <= seat <= max(begin, stop):
            gap = max(gap, since + abs(seat - at))
            since, at = 0.0, seat
    return since + abs(stop - at), gap


@njit(cache=True, nogil=True)
def _light(state, metres):  # type: ignore[no-untyped-def]
    """Unlit and lit metres of a stretch; both are 0 where it is not known."""
    return (metres if state == 0 else 0.0), (metres if state > 0 else 0.0)


@njit(cache=True, nogil=True)
def _label(settled, graph, streets, walk, met):  # type: ignore[no-untyped-def]
    """Carry what was met from node to node, in the order in which they were settled.

    Arrays are taken out of their tuples once: numba counts references at every access.
    """
    start, end, length, via = graph.start, graph.end, graph.length, walk.via
    lit, on_road, benches, offsets = streets.lit, streets.on_road, streets.seat_indptr, streets.seat_offset
    unlit, bright, roads, since, gap = met.unlit, met.lit, met.roads, met.since_seat, met.gap
    for v in walk.order[:settled]:
        e = via[v]
        if e < 0:
            continue
        forward = end[e] == v
        u = start[e] if forward else end[e]
        dark, light = _light(lit[e], length[e])
        unlit[v], bright[v] = unlit[u] + dark, bright[u] + light
        added, met.side[v], met.crossed_well[v] = 0, 0.0, False
        if on_road[u]:
            added, met.side[v], met.crossed_well[v] = _onto(u, e, graph, streets, walk, met)
        roads[v] = roads[u] + added
        begin, stop = (0.0, length[e]) if forward else (length[e], 0.0)
        since[v], gap[v] = _rested(e, begin, stop, since[u], gap[u], benches, offsets)


@njit(cache=True, nogil=True)
def _set_out(row, size, limit, graph, streets, sources, walk, met):  # type: ignore[no-untyped-def]
    """Put both ends of an attachment's edge in the queue; return its size."""
    e, offset, leg = sources.edge[row], sources.offset[row], sources.leg[row]
    for at_end in range(2):
        v = graph.end[e] if at_end else graph.start[e]
        node_at = graph.length[e] if at_end else 0.0
        part = abs(node_at - offset)
        d = leg + part
        if graph.barred[v] or d > limit or d >= walk.distance[v]:
            continue
        walk.distance[v] = d
        # Who steps out at the node itself came along no edge.
        walk.began[v] = e if part > 0.0 else NO_EDGE
        met.unlit[v], met.lit[v] = _light(streets.lit[e], part)
        met.roads[v], met.side[v], met.crossed_well[v] = 0.0, 0.0, False
        benches, offsets = streets.seat_indptr, streets.seat_offset
        met.since_seat[v], met.gap[v] = _rested(e, offset, node_at, leg, 0.0, benches, offsets)
        size = _queue(walk.queue, size, d, v)
    return size


@njit(cache=True, nogil=True)
def _arrive(s, limit, graph, targets, walk, nearest, node_of):  # type: ignore[no-untyped-def]
    """Reach every target from the end of an edge that is nearer to it; remember which row and end.

    ``node_of`` holds 2 × row + 1 for the edge's end, 2 × row for its start, -1 for no target.
    """
    edge, owner, offset, leg = targets.edge, targets.owner, targets.offset, targets.leg
    start, end, length, usable, away = graph.start, graph.end, graph.length, graph.usable, walk.distance
    for row in range(len(edge)):
        e, t = edge[row], owner[row]
        if not usable[e]:
            continue
        by_start = away[start[e]] + offset[row] + leg[row]
        by_end = away[end[e]] + (length[e] - offset[row]) + leg[row]
        d = min(by_start, by_end)
        if d <= limit and d < nearest[s, t]:
            nearest[s, t] = d
            node_of[t] = 2 * row + (1 if by_end < by_start else 0)


@njit(cache=True, nogil=True)
def _describe(s, graph, streets, targets, walk, met, found, node_of):  # type: ignore[no-untyped-def]
    """Fill in what lies on the walks that ``_arrive`` found."""
    lit, on_road, benches, offsets = streets.lit, streets.on_road, streets.seat_indptr, streets.seat_offset
    for t in range(len(node_of)):
        if node_of[t] < 0:
            continue
        row, at_end = node_of[t] // 2, node_of[t] % 2
        e, offset, leg = targets.edge[row], targets.offset[row], targets.leg[row]
        v = graph.end[e] if at_end else graph.start[e]
        node_at = graph.length[e] if at_end else 0.0
        part = abs(node_at - offset)
        dark, light = _light(lit[e], part)
        found.unlit[s, t], found.lit[s, t] = met.unlit[v] + dark, met.lit[v] + light
        added = _onto(v, e, graph, streets, walk, met)[0] if part > 0.0 and on_road[v] else 0
        found.roads[s, t] = met.roads[v] + added
        rest, most = _rested(e, node_at, offset, met.since_seat[v], met.gap[v], benches, offsets)
        found.gap[s, t] = max(most, rest + leg)


@njit(cache=True, nogil=True)
def _along(s, row, limit, detailed, streets, sources, targets, found):  # type: ignore[no-untyped-def]
    """Reach the targets that stand on the edge of an attachment, without leaving it."""
    e, offset, leg = sources.edge[row], sources.offset[row], sources.leg[row]
    benches, offsets = streets.seat_indptr, streets.seat_offset
    for k in range(targets.edge_indptr[e], targets.edge_indptr[e + 1]):
        q = targets.edge_rows[k]
        t = targets.owner[q]
        part = abs(offset - targets.offset[q])
        d = leg + part + targets.leg[q]
        if d > limit or d >= found.distance[s, t]:
            continue
        found.distance[s, t] = d
        if detailed:
            found.unlit[s, t], found.lit[s, t] = _light(streets.lit[e], part)
            rest, most = _rested(e, offset, targets.offset[q], leg, 0.0, benches, offsets)
            found.roads[s, t], found.gap[s, t] = 0.0, max(most, rest + targets.leg[q])


@njit(cache=True, nogil=True)
def approach_kernel(begin, stop, limit, detailed, graph, streets, between, found):  # type: ignore[no-untyped-def]
    """Fill the rows ``begin:stop`` of what is found, infinite before; see ``distances.approaches``."""
    sources, targets = between
    nodes = len(graph.indptr) - 1
    walk = _new_walk(graph, len(sources.edge), limit)
    met = Met(
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes, np.bool_),
        np.zeros(nodes),
        np.zeros(nodes),
    )
    node_of = np.empty(found.distance.shape[1], np.int64)
    for s in range(begin, stop):
        _begin(walk)
        size = 0
        for row in range(sources.indptr[s], sources.indptr[s + 1]):
            if graph.usable[sources.edge[row]]:
                size = _set_out(row, size, limit, graph, streets, sources, walk, met)
        settled = _spread(graph, walk, size, limit)
        node_of[:] = -1
        _arrive(s, limit, graph, targets, walk, found.distance, node_of)
        if detailed:
            _label(settled, graph, streets, walk, met)
            _describe(s, graph, streets, targets, walk, met, found, node_of)
        for row in range(sources.indptr[s], sources.indptr[s + 1]):
            if graph.usable[sources.edge[row]]:
                _along(s, row, limit, detailed, streets, sources, targets, found)


@njit(cache=True, nogil=True)
def flow_kernel(origins, supply, demand, limit, graph, total):  # type: ignore[no-untyped-def]
    """Add to ``total`` the trips over each edge from the origins to all demand within the limit."""
    walk = _new_walk(graph, 1, limit)
    order, via, start, end = walk.order, walk.via, graph.start, graph.end
    trips = np.zeros(len(graph.indptr) - 1)
    for o in origins:
        _begin(walk)
        walk.distance[o] = 0.0
        settled = _spread(graph, walk, _queue(walk.queue, 0, 0.0, o), limit)
        for v in order[:settled]:
            trips[v] = demand[v] * supply[o]
        for k in range(settled - 1, 0, -1):
            v = order[k]
            e = via[v]
            total[e] += trips[v]
            trips[start[e] if end[e] == v else end[e]] += trips[v]


@njit(cache=True, nogil=True)
def _steepest_between(e, begin, stop, length, grades):  # type: ignore[no-untyped-def]
    """Steepest known sample of an edge between two offsets, and whether all of them are known."""
    first = grades.indptr[e]
    count = grades.indptr[e + 1] - first
    if begin == stop:
        return 0.0, True
    step = length[e] / count
    last = min(int(np.ceil(max(begin, stop) / step)), count)
    most, sure = 0.0, True
    for i in range(min(int(min(begin, stop) / step), last - 1), last):
        slope = grades.steepness[first + i]
        if np.isnan(slope):
            sure = False
        else:
            most = max(most, slope)
    return most, sure


@njit(cache=True, nogil=True)
def _climb_out(row, size, limit, graph, grades, sources, walk, climb):  # type: ignore[no-untyped-def]
    """Put both ends of an attachment's edge in the queue, with the climb to them; return its size."""
    e, offset, leg = sources.edge[row], sources.offset[row], sources.leg[row]
    for at_end in range(2):
        v = graph.end[e] if at_end else graph.start[e]
        node_at = graph.length[e] if at_end else 0.0
        d = leg + abs(node_at - offset)
        if graph.barred[v] or d > limit or d >= walk.distance[v]:
            continue
        walk.distance[v] = d
        climb.steep[v], climb.sure[v] = _steepest_between(e, offset, node_at, graph.length, grades)
        size = _queue(walk.queue, size, d, v)
    return size


@njit(cache=True, nogil=True)
def _climb_up(settled, graph, grades, walk, climb):  # type: ignore[no-untyped-def]
    """Carry the steepest stretch from node to node, in the order in which they were settled."""
    steep, sure = climb
    for v in walk.order[:settled]:
        e = walk.via[v]
        if e < 0:
            continue
        u = graph.start[e] if graph.end[e] == v else graph.end[e]
        most = grades.steepest[e]
        steep[v] = steep[u] if np.isnan(most) else max(steep[u], most)
        sure[v] = sure[u] and grades.whole[e]


@njit(cache=True, nogil=True)
def _climb_along(s, row, limit, graph, grades, between, climbs):  # type: ignore[no-untyped-def]
    """Reach the targets that stand on the edge of an attachment, without leaving it."""
    (sources, targets), (away, steepest, known) = between, climbs
    e, offset, leg = sources.edge[row], sources.offset[row], sources.leg[row]
    for k in range(targets.edge_indptr[e], targets.edge_indptr[e + 1]):
        q = targets.edge_rows[k]
        t = targets.owner[q]
        d = leg + abs(offset - targets.offset[q]) + targets.leg[q]
        if d <= limit and d < away[s, t]:
            away[s, t] = d
            steepest[s, t], known[s, t] = _steepest_between(e, offset, targets.offset[q], graph.length, grades)


@njit(cache=True, nogil=True)
def climb_kernel(begin, stop, limit, graph, grades, between, climbs):  # type: ignore[no-untyped-def]
    """Fill the rows ``begin:stop`` of the steepest stretches on the shortest walks; see ``distances.climbs``."""
    (sources, targets), (away, steepest, known) = between, climbs
    nodes = len(graph.indptr) - 1
    walk = _new_walk(graph, len(sources.edge), limit)
    climb = Climb(np.zeros(nodes), np.zeros(nodes, np.bool_))
    steep, sure = climb
    node_of = np.empty(away.shape[1], np.int64)
    for s in range(begin, stop):
        _begin(walk)
        size = 0
        for row in range(sources.indptr[s], sources.indptr[s + 1]):
            size = _climb_out(row, size, limit, graph, grades, sources, walk, climb)
        settled = _spread(graph, walk, size, limit)
        _climb_up(settled, graph, grades, walk, climb)
        node_of[:] = -1
        _arrive(s, limit, graph, targets, walk, away, node_of)
        for t in range(len(node_of)):
            if node_of[t] < 0:
                continue
            row, at_end = node_of[t] // 2, node_of[t] % 2
            e = targets.edge[row]
            v = graph.end[e] if at_end else graph.start[e]
            node_at = graph.length[e] if at_end else 0.0
            most, whole = _steepest_between(e, node_at, targets.offset[row], graph.length, grades)
            steepest[s, t], known[s, t] = max(most, steep[v]), sure[v] and whole
        for row in range(sources.indptr[s], sources.indptr[s + 1]):
            _climb_along(s, row, limit, graph, grades, between, climbs)
