"""The shortest round over places: along the ways where there are any, straight where not. Pure."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spatial.core.arrays import Floats, Ints
from spatial.core.crs import require_metric
from spatial.core.errors import CRSError
from spatial.core.messages import phrase

# Where no mapped way leads, a straight line stands in for one; people walk about this much further.
DETOUR = 1.3
# Vertices this near to each other are one node.
GRID_M = 0.01


@dataclass(frozen=True)
class Round:
    """A closed round: ``order`` of the stops, and the walk from each of them to the next.

    ``legs`` are lines, ``length_m`` their lengths, ``along_ways`` whether mapped ways lead there.
    """

    order: tuple[int, ...]
    legs: tuple[shapely.LineString, ...]
    length_m: tuple[float, ...]
    along_ways: tuple[bool, ...]

    @property
    def total_m(self) -> float:
        """Length of the whole round."""
        return float(sum(self.length_m))


def shortest_tour(stops: gpd.GeoSeries, paths: gpd.GeoDataFrame) -> Round:
    """Find a short closed round over all stops.

    Nearest neighbour from every stop, then 2-opt and Or-opt until nothing gets shorter
    (Croes 1958; Or 1976). The same stops in another order give the same round.

    Parameters
    ----------
    stops
        Geometries in a metric CRS, indexed by id.
    paths
        Walkable ways in the same CRS; ways that share a vertex are joined there.

    Raises
    ------
    CRSError
        If the two are not in one metric CRS.
    """
    what = phrase("route.stops")
    crs = require_metric(stops.crs, what)
    if not len(stops):
        return Round((), (), (), ())
    if len(paths) and paths.crs != crs:
        raise CRSError("route.crs", what=what)
    by_id = np.argsort(stops.index.to_numpy().astype(str), kind="stable")
    points = shapely.point_on_surface(np.asarray(stops.to_numpy(), dtype=object)[by_id])
    xy = shapely.get_coordinates(points)
    length, lines, found = _walks(xy, paths)
    tour = best_tour(length)
    legs = list(zip(tour, [*tour[1:], tour[0]], strict=True)) if len(tour) > 1 else []
    return Round(
        order=tuple(int(by_id[i]) for i in tour),
        legs=tuple(lines[min(a, b), max(a, b)] if a < b else lines[b, a].reverse() for a, b in legs),
        length_m=tuple(float(length[a, b]) for a, b in legs),
        along_ways=tuple(bool(found[a, b]) for a, b in legs),
    )


def _walks(
    xy: Floats, paths: gpd.GeoDataFrame
) -> tuple[Floats, dict[tuple[int, int], shapely.LineString], npt.NDArray[np.bool_]]:
    """Lengths between all stops, the lines walked, and whether they follow mapped ways."""
    count = len(xy)
    nodes, arcs = _graph(paths)
    straight = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    length, along = straight * DETOUR, np.zeros((count, count), dtype=bool)
    lines = {(i, j): shapely.LineString(xy[[i, j]]) for i in range(count) for j in range(i + 1, count)}
    if not len(nodes):
        return length, lines, along
    tree = shapely.STRtree(np.asarray(shapely.points(nodes), dtype=object))
    at = np.asarray(tree.nearest(np.asarray(shapely.points(xy), dtype=object)), dtype=np.int64)
    leg = np.hypot(*(nodes[at] - xy).T)
    for i in range(count):
        metres, before = _from(int(at[i]), arcs, {int(node) for node in at[i + 1 :]}, len(nodes))
        for j in range(i + 1, count):
            walk = leg[i] + metres[at[j]] + leg[j]
            if np.isfinite(walk):
                length[i, j] = length[j, i] = walk
                along[i, j] = along[j, i] = True
                way = nodes[_back(int(at[j]), before)]
                lines[i, j] = shapely.LineString(np.concatenate([xy[[i]], way, xy[[j]]]))
    return length, lines, along


def _graph(paths: gpd.GeoDataFrame) -> tuple[Floats, list[list[tuple[int, float]]]]:
    """Vertices of the ways, and for each its neighbours with the metres to them."""
    if not len(paths):
        return np.empty((0, 2)), []
    xy, way = shapely.get_coordinates(shapely.get_parts(paths.geometry.to_numpy()), return_index=True)
    keys, node = np.unique(np.round(xy / GRID_M).astype(np.int64), axis=0, return_inverse=True)
    node = node.reshape(-1)
    arcs: list[list[tuple[int, float]]] = [[] for _ in range(len(keys))]
    same = np.flatnonzero(way[1:] == way[:-1])
    metres = np.hypot(*(xy[same + 1] - xy[same]).T)
    for a, b, m in zip(node[same].tolist(), node[same + 1].tolist(), metres.tolist(), strict=True):
        if a != b:
            arcs[a].append((b, m))
            arcs[b].append((a, m))
    return np.asarray(keys * GRID_M, dtype=np.float64), arcs


def _from(source: int, arcs: list[list[tuple[int, float]]], wanted: set[int], count: int) -> tuple[Floats, Ints]:
    """Dijkstra's shortest walks from a node until all wanted ones are reached."""
    metres, before = np.full(count, np.inf), np.full(count, -1, dtype=np.int64)
    metres[source] = 0.0
    queue, left = [(0.0, source)], set(wanted)
    settled = np.zeros(count, dtype=bool)
    while queue and left:
        here, node = heapq.heappop(queue)
        if settled[node]:
            continue
        settled[node] = True
        left.discard(node)
        for other, m in arcs[node]:
            if here + m < metres[other]:
                metres[other], before[other] = here + m, node
                heapq.heappush(queue, (here + m, other))
    metres[~settled] = np.inf
    return metres, before


def _back(node: int, before: Ints) -> list[int]:
    way = [node]
    while before[way[-1]] >= 0:
        way.append(int(before[way[-1]]))
    return way[::-1]


def best_tour(length: Floats) -> list[int]:
    """Order of a short closed round over all nodes, beginning with node 0.

    Parameters
    ----------
    length
        Symmetric matrix of lengths.

    Examples
    --------
    >>> at = np.array([0.0, 2.0, 1.0, 3.0])
    >>> best_tour(np.abs(at[:, None] - at[None, :]))
    [0, 2, 1, 3]
    """
    count = len(length)
    if count < 4:
        return list(range(count))
    starts = range(count) if count <= 60 else range(0, count, count // 60)
    tours = [_improved(_nearest_neighbours(length, start), length) for start in starts]
    best = min(tours, key=lambda tour: (round(_length(tour, length), 6), tour))
    at = best.index(0)
    turned = best[at:] + best[:at]
    return turned if turned[1] <= turned[-1] else [0, *turned[:0:-1]]


def _length(tour: list[int], length: Floats) -> float:
    return float(length[tour, [*tour[1:], tour[0]]].sum())


def _nearest_neighbours(length: Floats, start: int) -> list[int]:
    tour, free = [start], np.ones(len(length), dtype=bool)
    free[start] = False
    while free.any():
        nearest = int(np.where(free, length[tour[-1]], np.inf).argmin())
        tour.append(nearest)
        free[nearest] = False
    return tour


def _improved(tour: list[int], length: Floats) -> list[int]:
    """Turn stretches round, and move short ones elsewhere, as long as that makes the round shorter."""
    while True:
        better = _turned(tour, length) or _moved(tour, length)
        if better is None:
            return tour
        tour = better


def _turned(tour: list[int], length: Floats) -> list[int] | None:
    """The best turning round of one stretch (2-opt), or None."""
    t = np.array(tour)
    after = np.roll(t, -1)
    gain = length[t, after][:, None] + length[t, after][None, :] - length[np.ix_(t, t)] - length[np.ix_(after, after)]
    gain = np.triu(gain, 1)
    i, j = np.unravel_index(int(gain.argmax()), gain.shape)
    if gain[i, j] <= GRID_M:
        return None
    return [*tour[: i + 1], *tour[i + 1 : j + 1][::-1], *tour[j + 1 :]]


def _moved(tour: list[int], length: Floats) -> list[int] | None:
    """The first better place for a stretch of one to three stops (Or-opt), or None."""
    now = _length(tour, length)
    for size in (1, 2, 3):
        for i in range(len(tour) - size + 1):
            stretch, rest = tour[i : i + size], tour[:i] + tour[i + size :]
            if len(rest) < 2:
                continue
            r = np.array(rest)
            nxt = np.roll(r, -1)
            open_ = length[r, nxt]
            for part in (stretch, stretch[::-1]):
                added = length[r, part[0]] + length[part[-1], nxt] - open_
                j = int(added.argmin())
                found = [*rest[: j + 1], *part, *rest[j + 1 :]]
                if _length(found, length) < now - GRID_M:
                    return found
    return None
