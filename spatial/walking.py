"""Compiled walks over the network: Dijkstra with a limit, and what is met on the way. Pure.

Kept apart from ``network`` so that all compiled code of walking is cached together on disk.
"""

from __future__ import annotations

import numpy as np
from numba import njit

NO_EDGE = -1


@njit(cache=True, nogil=True)
def _push(keys, items, size, key, item):  # type: ignore[no-untyped-def]
    i = size
    while i > 0:
        parent = (i - 1) >> 1
        if keys[parent] <= key:
            break
        keys[i], items[i] = keys[parent], items[parent]
        i = parent
    keys[i], items[i] = key, item
    return size + 1


@njit(cache=True, nogil=True)
def _pop(keys, items, size):  # type: ignore[no-untyped-def]
    size -= 1
    key, item = keys[size], items[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if key <= keys[child]:
            break
        keys[i], items[i] = keys[child], items[child]
        i = child
    keys[i], items[i] = key, item
    return size


@njit(cache=True, nogil=True)
def _spread(keys, items, size, limit, indptr, arc_node, arc_edge, length, usable, barred, dist, via, done, order):  # type: ignore[no-untyped-def]
    """Settle nodes in order of distance from the seeds on the heap; return how many were settled."""
    settled = 0
    while size > 0:
        d, u = keys[0], items[0]
        size = _pop(keys, items, size)
        if done[u]:
            continue
        done[u] = True
        order[settled] = u
        settled += 1
        for a in range(indptr[u], indptr[u + 1]):
            v, e = arc_node[a], arc_edge[a]
            new = d + length[e]
            if usable[e] and not barred[v] and not done[v] and new <= limit and new < dist[v]:
                dist[v], via[v] = new, e
                size = _push(keys, items, size, new, v)
    return settled


@njit(cache=True, nogil=True)
def _side(ax, ay, bx, by):  # type: ignore[no-untyped-def]
    return np.sign(ax * by - ay * bx)


@njit(cache=True, nogil=True)
def _crossed(u, e, came, start, crossing, major, major_direction, direction, side, ok):  # type: ignore[no-untyped-def]
    """Count the crossing of a major road at node u, coming by edge ``came`` and leaving by ``e``.

    Returns (crossings added, side of the road kept to, whether a crossing was met on it).
    """
    leave = direction[e, 0 if start[e] == u else 1]
    back = direction[came, 0 if start[came] == u else 1]
    if major[e]:
        if major[came]:
            return 0, side[u], ok[u] or crossing[u]
        return 0, _side(leave[0], leave[1], back[0], back[1]), crossing[u]
    if crossing[u]:
        return 0, 0.0, False
    if major[came]:
        over = side[u] * _side(-back[0], -back[1], leave[0], leave[1]) < 0 and not ok[u]
        return (1 if over else 0), 0.0, False
    along = major_direction[u]
    over = _side(along[0], along[1], back[0], back[1]) * _side(along[0], along[1], leave[0], leave[1]) < 0
    return (1 if over else 0), 0.0, False


@njit(cache=True, nogil=True)
def _onto(u, e, via, began, start, crossing, major, is_crossing, major_direction, direction, side, ok):  # type: ignore[no-untyped-def]
    """Step from node u onto edge e: see ``_crossed``. The walk came to u by an edge, or began on one."""
    came = via[u] if via[u] >= 0 else began[u]
    if came < 0 or is_crossing[e] or is_crossing[came]:
        return 0, 0.0, False
    return _crossed(u, e, came, start, crossing, major, major_direction, direction, side, ok)


@njit(cache=True, nogil=True)
def _rested(e, begin, stop, since, gap, seat_indptr, seat_offset):  # type: ignore[no-untyped-def]
    """Walk edge e between two offsets; return the metres since the last seat, and the longest gap."""
    at, count = begin, seat_indptr[e + 1] - seat_indptr[e]
    for i in range(count):
        k = seat_indptr[e] + i if stop >= begin else seat_indptr[e + 1] - 1 - i
        if min(begin, stop) <= seat_offset[k] <= max(begin, stop):
            gap = max(gap, since + abs(seat_offset[k] - at))
            since, at = 0.0, seat_offset[k]
    return since + abs(stop - at), gap


@njit(cache=True, nogil=True)
def _label(  # type: ignore[no-untyped-def]
    v,
    e,
    start,
    end,
    length,
    crossing,
    major,
    is_crossing,
    major_direction,
    direction,
    lit,
    seat_indptr,
    seat_offset,
    via,
    began,
    unlit,
    bright,
    roads,
    side,
    ok,
    since,
    gap,
):
    """Carry what was met from the node before v, along edge e, to v."""
    u = start[e] if end[e] == v else end[e]
    unlit[v] = unlit[u] + (length[e] if lit[e] == 0 else 0.0)
    bright[v] = bright[u] + (length[e] if lit[e] > 0 else 0.0)
    added, side[v], ok[v] = _onto(
        u, e, via, began, start, crossing, major, is_crossing, major_direction, direction, side, ok
    )
    roads[v] = roads[u] + added
    begin, stop = (0.0, length[e]) if u == start[e] else (length[e], 0.0)
    since[v], gap[v] = _rested(e, begin, stop, since[u], gap[u], seat_indptr, seat_offset)


@njit(cache=True, nogil=True)
def approach_kernel(  # type: ignore[no-untyped-def]
    begin, stop, limit, indptr, arc_node, arc_edge, start, end, length, usable, barred, crossing, major,
    is_crossing, major_direction, direction, lit, seat_indptr, seat_offset,
    s_indptr, s_edge, s_offset, s_leg, t_indptr, t_owner, t_edge, t_offset, t_leg, edge_indptr, edge_rows,
    out_dist, detailed, out_unlit, out_lit, out_roads, out_gap,
):  # fmt: skip
    """Fill the rows ``begin:stop`` of the outputs; see ``network.approaches``."""
    nodes = len(indptr) - 1
    room = len(arc_node) + 2 * len(s_edge) + 2
    keys, items = np.empty(room, np.float64), np.empty(room, np.int64)
    dist, via = np.empty(nodes, np.float64), np.empty(nodes, np.int64)
    done, order = np.empty(nodes, np.bool_), np.empty(nodes, np.int64)
    began = np.empty(nodes, np.int64)
    unlit, bright, roads = np.zeros(nodes), np.zeros(nodes), np.zeros(nodes)
    side, ok = np.zeros(nodes), np.zeros(nodes, np.bool_)
    since, gap = np.zeros(nodes), np.zeros(nodes)
    for s in range(begin, stop):
        dist[:] = np.inf
        via[:] = NO_EDGE
        done[:] = False
        size = 0
        for r in range(s_indptr[s], s_indptr[s + 1]):
            e = s_edge[r]
            if not usable[e]:
                continue
            for at_end in range(2):
                v = end[e] if at_end else start[e]
                part = length[e] - s_offset[r] if at_end else s_offset[r]
                d = s_leg[r] + part
                if not barred[v] and d <= limit and d < dist[v]:
                    dist[v] = d
                    size = _push(keys, items, size, d, v)
                    unlit[v] = part if lit[e] == 0 else 0.0
                    bright[v] = part if lit[e] > 0 else 0.0
                    roads[v], side[v], ok[v] = 0.0, 0.0, False
                    # Who steps out at the node itself came along no edge.
                    began[v] = e if part > 0.0 else NO_EDGE
                    node_at = length[e] if at_end else 0.0
                    since[v], gap[v] = _rested(e, s_offset[r], node_at, s_leg[r], 0.0, seat_indptr, seat_offset)
        settled = _spread(
            keys, items, size, limit, indptr, arc_node, arc_edge, length, usable, barred, dist, via, done, order
        )
        for k in range(settled if detailed else 0):
            v = order[k]
            if via[v] >= 0:
                _label(
                    v,
                    via[v],
                    start,
                    end,
                    length,
                    crossing,
                    major,
                    is_crossing,
                    major_direction,
                    direction,
                    lit,
                    seat_indptr,
                    seat_offset,
                    via,
                    began,
                    unlit,
                    bright,
                    roads,
                    side,
                    ok,
                    since,
                    gap,
                )
        for r in range(len(t_edge)):
            e, t = t_edge[r], t_owner[r]
            if not usable[e]:
                continue
            for at_end in range(2):
                v = end[e] if at_end else start[e]
                part = length[e] - t_offset[r] if at_end else t_offset[r]
                d = dist[v] + part + t_leg[r]
                if d <= limit and not (d >= out_dist[s, t]):
                    out_dist[s, t] = d
                    if not detailed:
                        continue
                    out_unlit[s, t] = unlit[v] + (part if lit[e] == 0 else 0.0)
                    out_lit[s, t] = bright[v] + (part if lit[e] > 0 else 0.0)
                    added, node_at = 0, length[e] if at_end else 0.0
                    if part > 0.0:
                        added, _, _ = _onto(
                            v, e, via, began, start, crossing, major, is_crossing, major_direction, direction, side, ok
                        )
                    out_roads[s, t] = roads[v] + added
                    rest, most = _rested(e, node_at, t_offset[r], since[v], gap[v], seat_indptr, seat_offset)
                    out_gap[s, t] = max(most, rest + t_leg[r])
        for r in range(s_indptr[s], s_indptr[s + 1]):
            e = s_edge[r]
            if not usable[e]:
                continue
            for k in range(edge_indptr[e], edge_indptr[e + 1]):
                q = edge_rows[k]
                t = t_owner[q]
                part = abs(s_offset[r] - t_offset[q])
                d = s_leg[r] + part + t_leg[q]
                if d <= limit and not (d >= out_dist[s, t]):
                    out_dist[s, t] = d
                    if not detailed:
                        continue
                    out_unlit[s, t] = part if lit[e] == 0 else 0.0
                    out_lit[s, t] = part if lit[e] > 0 else 0.0
                    rest, most = _rested(e, s_offset[r], t_offset[q], s_leg[r], 0.0, seat_indptr, seat_offset)
                    out_roads[s, t], out_gap[s, t] = 0.0, max(most, rest + t_leg[q])


@njit(cache=True, nogil=True)
def flow_kernel(origins, supply, demand, limit, indptr, arc_node, arc_edge, length, barred, total):  # type: ignore[no-untyped-def]
    """Add to ``total`` the trips over each edge from the origins to all demand within the limit."""
    nodes = len(indptr) - 1
    room = len(arc_node) + 2
    keys, items = np.empty(room, np.float64), np.empty(room, np.int64)
    dist, via = np.empty(nodes, np.float64), np.empty(nodes, np.int64)
    before = np.empty(nodes, np.int64)
    done, order = np.empty(nodes, np.bool_), np.empty(nodes, np.int64)
    usable = np.ones(len(length), np.bool_)
    trips = np.zeros(nodes)
    for o in origins:
        dist[:] = np.inf
        via[:] = NO_EDGE
        done[:] = False
        dist[o] = 0.0
        size = _push(keys, items, 0, 0.0, o)
        settled = _spread(
            keys, items, size, limit, indptr, arc_node, arc_edge, length, usable, barred, dist, via, done, order
        )
        for k in range(settled):
            trips[order[k]] = demand[order[k]] * supply[o]
        for k in range(settled):
            v = order[k]
            before[v] = NO_EDGE
            if via[v] >= 0:
                for a in range(indptr[v], indptr[v + 1]):
                    if arc_edge[a] == via[v] and dist[arc_node[a]] + length[via[v]] == dist[v]:
                        before[v] = arc_node[a]
        for k in range(settled - 1, 0, -1):
            v = order[k]
            total[via[v]] += trips[v]
            if before[v] >= 0:
                trips[before[v]] += trips[v]
