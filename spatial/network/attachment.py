"""Attach geometries to the network: where each meets a way, anew or from where it met an earlier one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from spatial.core.arrays import Bools, Floats, Ints, Shapes, Texts, object_array
from spatial.core.incremental import AFRESH, Steps, come_or_gone
from spatial.network.graph import Network

Clear = Callable[[Floats, Floats], Bools]
# A leg starts this far inside the geometry, so that a fence drawn on its outline is crossed.
INSIDE_M = 0.5
# Corners this much further from a way than the nearest point are as near to it for somebody who walks.
BESIDE_M = 0.5
# A way whose distance to a geometry differs by less runs along it: where it comes nearest is a stretch and no point.
ALONG_M = 0.05
# Ways within the one are met if nothing stands between, and no leg is longer than the other.
WITHIN_M = 25.0
LIMIT_M = 150.0


@dataclass(frozen=True)
class Attachments:
    """Where geometries meet the network: rows sorted by ``owner``, the position of a geometry.

    ``offset_m`` is the distance along the edge from its start, ``leg_m`` the way from the
    geometry to the edge. ``indptr`` gives the rows of each geometry; one without rows is cut off.
    """

    owner: Ints
    edge: Ints
    offset_m: Floats
    leg_m: Floats
    indptr: Ints

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def attached(self) -> Bools:
        """Whether each geometry meets the network at all."""
        return np.diff(self.indptr) > 0

    @property
    def rows(self) -> Texts:
        """Of each geometry where it meets the network: edges, offsets and legs."""
        cuts = list(pairwise(self.indptr.tolist()))
        columns = [column.tolist() for column in (self.edge, self.offset_m, self.leg_m)]
        return object_array(tuple(tuple(column[begin:end]) for column in columns) for begin, end in cuts)

    def and_then(self, others: Attachments) -> Attachments:
        """These geometries, and others after them."""
        return Attachments(
            np.concatenate([self.owner, others.owner + len(self)]),
            np.concatenate([self.edge, others.edge]),
            np.concatenate([self.offset_m, others.offset_m]),
            np.concatenate([self.leg_m, others.leg_m]),
            np.concatenate([self.indptr, self.indptr[-1] + others.indptr[1:]]),
        )

    @classmethod
    def of_rows(cls, rows: Texts) -> Attachments:
        """Attachments whose ``rows`` these are."""
        count = np.array([len(edges) for edges, _, _ in rows], dtype=np.int64)
        edge, offset_m, leg_m = (list(chain.from_iterable(row[i] for row in rows)) for i in range(3))
        return cls(
            np.repeat(np.arange(len(rows)), count),
            np.array(edge, dtype=np.int64),
            np.array(offset_m, dtype=np.float64),
            np.array(leg_m, dtype=np.float64),
            np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
        )


# --- attaching -----------------------------------------------------------------------------------


def attach(
    network: Network,
    shapes: Shapes,
    *,
    within_m: float = WITHIN_M,
    limit_m: float = LIMIT_M,
    clear: Clear | None = None,
    unchecked: Bools | None = None,
    always: bool = False,
) -> Attachments:
    """Find where geometries meet the network.

    Parameters
    ----------
    shapes
        Points or polygons in the network's CRS.
    within_m
        A geometry meets every edge within this distance, and at least the nearest.
    limit_m
        An edge further away than this is out of reach.
    clear
        Says of legs, given their ends (M, 2) and (M, 2), whether nothing closed stands on them.
    unchecked
        One flag a geometry: its legs need not be clear, for a point that stands inside its own
        building.
    always
        Where no near leg is clear, take the nearest edge all the same (people do leave their
        homes). Else the nearest with a clear leg within the limit, or none.
    """
    edges, tree = network.stepping
    if not len(edges) or not len(shapes):
        return by_owner(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0), len(shapes))
    lines = network.geometry[edges]
    nearest = _first_of_each(tree.query_nearest(shapes, max_distance=limit_m))
    near = tree.query(shapes, predicate="dwithin", distance=within_m)
    pairs = np.unique(np.concatenate([nearest, near], axis=1), axis=1)
    free = np.zeros(len(shapes), dtype=bool) if unchecked is None else unchecked
    chosen = np.concatenate(
        [pairs[:, free[pairs[0]]], _open_legs(shapes, lines, pairs[:, ~free[pairs[0]]], clear)], axis=1
    )
    missing = np.setdiff1d(nearest[0], chosen[0])
    if len(missing) and always:
        chosen = np.concatenate([chosen, nearest[:, np.isin(nearest[0], missing)]], axis=1)
    elif len(missing):
        far = tree.query(shapes[missing], predicate="dwithin", distance=limit_m)
        far = _nearest_open(shapes, lines, np.stack([missing[far[0]], far[1]]), clear)
        chosen = np.concatenate([chosen, far], axis=1)
    offset = np.mean(nearest_stretch(shapes[chosen[0]], lines[chosen[1]]), axis=0)
    leg = shapely.distance(shapes[chosen[0]], lines[chosen[1]])
    crossed, offset[leg == 0], last = _entered(shapes[chosen[0]], lines[chosen[1]], offset, leg)
    beside, more, longer = _beside(shapes[chosen[0]], lines[chosen[1]], leg, clear)
    owner, edge = np.concatenate([chosen, chosen[:, crossed], chosen[:, beside]], axis=1)
    offsets, legs_m = np.concatenate([offset, last, more]), np.concatenate([leg, np.zeros(len(last)), longer])
    return by_owner(owner, edges[edge], offsets, legs_m, len(shapes))


def _beside(shapes: Shapes, lines: Shapes, leg: Floats, clear: Clear | None) -> tuple[Ints, Floats, Floats]:
    """A way that runs along a polygon meets it all along, not at one nearest point.

    Returns pairs, offsets and legs of the first and the last corner of a polygon that is about as
    near to the way as its nearest point.
    """
    pairs = np.flatnonzero((leg > 0) & (shapely.get_dimensions(shapes) == 2))
    corner, row = shapely.get_coordinates(shapely.boundary(shapes[pairs]), return_index=True)
    pair = pairs[row]
    points: Any = shapely.points(corner)
    away = shapely.distance(points, lines[pair])
    near = np.flatnonzero(away <= leg[pair] + BESIDE_M)
    pair, corner, away = pair[near], corner[near], away[near]
    at = shapely.line_locate_point(lines[pair], points[near])
    if clear is not None and len(pair):
        open_ = clear(corner, shapely.get_coordinates(shapely.line_interpolate_point(lines[pair], at)))
        pair, at, away = pair[open_], at[open_], away[open_]
    ends = np.unique(np.concatenate([_first_of(pair, at, away), _first_of(pair, -at, away)]))
    return pair[ends], at[ends], away[ends]


def nearest_stretch(shapes: Shapes, lines: Shapes) -> tuple[Floats, Floats]:
    """Where each line comes nearest to a geometry, metres along it: the first and the last such point.

    They are one, but where the line runs along a straight rim: then all between is as near, and the library would name
    whichever the last digits have it.
    """
    legs = shapely.shortest_line(shapes, lines)
    at, away = shapely.line_locate_point(lines, shapely.get_point(legs, 1)), shapely.length(legs)
    first, last = np.full(len(lines), np.inf), np.full(len(lines), -np.inf)
    pairs = np.flatnonzero((away > 0) & (shapely.get_dimensions(shapes) == 2))
    # A stretch begins and ends at a corner of the one or the other.
    for cornered, other in ((shapely.boundary(shapes[pairs]), lines), (lines[pairs], shapes)):
        corner, row = shapely.get_coordinates(cornered, return_index=True)
        points: Any = shapely.points(corner)
        pair = pairs[row]
        near = shapely.distance(points, other[pair]) <= away[pair] + ALONG_M
        offset = shapely.line_locate_point(lines[pair[near]], points[near])
        np.minimum.at(first, pair[near], offset)
        np.maximum.at(last, pair[near], offset)
    alone = first > last
    return np.where(alone, at, first), np.where(alone, at, last)


def legs_along(shapes: Shapes, lines: Shapes) -> tuple[Floats, Ints]:
    """Ends (M, 2, 2) of the legs from each geometry to where a line comes nearest, and the pair of each.

    Of a stretch they lead to its two ends and its middle; pairs are ascending.
    """
    first, last = nearest_stretch(shapes, lines)
    long = np.flatnonzero(last - first > ALONG_M)
    pair = np.concatenate([np.arange(len(lines)), long, long])
    at = np.concatenate([(first + last) / 2, first[long], last[long]])
    to = shapely.line_interpolate_point(lines[pair], at)
    ends = shapely.get_coordinates(shapely.shortest_line(shapes[pair], to)).reshape(-1, 2, 2)
    order = np.argsort(pair, kind="stable")
    return ends[order], pair[order]


def _first_of_each(pairs: Ints) -> Ints:
    """Of the pairs of each geometry the one with the first edge: where two are as near, always the same."""
    return pairs[:, _first_of(pairs[0], pairs[1].astype(np.float64))]


def _first_of(group: Ints, *keys: Floats) -> Ints:
    """Position of the row of each group that comes first by the keys, in order of their weight."""
    order = np.lexsort((*keys[::-1], group))
    return order[np.unique(group[order], return_index=True)[1]]


def _entered(shapes: Shapes, lines: Shapes, offset: Floats, leg: Floats) -> tuple[Ints, Floats, Floats]:
    """A way that crosses a polygon enters it at both ends of what lies in it.

    Returns the pairs that have such a part, the first offset of all pairs that touch, and the
    last offset of those with a part.
    """
    touch = np.flatnonzero(leg == 0)
    within = shapely.intersection(lines[touch], shapes[touch])
    xy, row = shapely.get_coordinates(within, return_index=True)
    at = shapely.line_locate_point(lines[touch[row]], shapely.points(xy))
    first, last = offset[touch], offset[touch]
    np.minimum.at(first, row, at)
    np.maximum.at(last, row, at)
    return touch[last > first], first, last[last > first]


def _open_legs(shapes: Shapes, lines: Shapes, pairs: Ints, clear: Clear | None) -> Ints:
    if clear is None or not pairs.shape[1]:
        return pairs
    ends, pair = legs_along(shapes[pairs[0]], lines[pairs[1]])
    vector = ends[:, 1] - ends[:, 0]
    length = np.linalg.norm(vector, axis=1)
    unit = np.divide(vector, length[:, None], out=np.zeros_like(vector), where=length[:, None] > 0)
    inside = shapely.get_dimensions(shapes[pairs[0]][pair]) == 2
    begin = ends[:, 0] - unit * np.where(inside, INSIDE_M, 0.0)[:, None]
    return pairs[:, np.unique(pair[(length == 0) | clear(begin, ends[:, 1])])]


def _nearest_open(shapes: Shapes, lines: Shapes, pairs: Ints, clear: Clear | None) -> Ints:
    """Of the pairs with open legs the nearest of each geometry, and whatever is about as near."""
    pairs = _open_legs(shapes, lines, pairs, clear)
    distance = shapely.distance(shapes[pairs[0]], lines[pairs[1]])
    least = np.full(len(shapes), np.inf)
    np.minimum.at(least, pairs[0], distance)
    return pairs[:, distance <= least[pairs[0]] + BESIDE_M]


def by_owner(owner: Ints, edge: Ints, offset: Floats, leg: Floats, count: int) -> Attachments:
    """Attachments of so many geometries from rows in any order; see ``Attachments``."""
    order = np.lexsort((edge, owner))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=count))]).astype(np.int64)
    return Attachments(owner[order], edge[order], offset[order], leg[order], indptr)


def node_targets(network: Network, nodes: Ints) -> Attachments:
    """Attachments that stand for nodes of the network themselves."""
    arc = network.indptr[nodes]
    edge = network.arc_edge[arc]
    offset = np.where(network.start[edge] == nodes, 0.0, network.length_m[edge])
    indptr = np.arange(len(nodes) + 1, dtype=np.int64)
    return Attachments(np.arange(len(nodes)), edge, offset, np.zeros(len(nodes)), indptr)


# Odd numbers without a pattern, one a column, by which the bits of the columns are mixed into one number.
MIXERS = np.random.default_rng(0).integers(0, 2**63, 8, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
MIX_BITS = 29
AttachRows = Callable[[Ints], Attachments]


@dataclass(frozen=True)
class Difference:
    """How a network differs from an earlier one.

    ``moved`` is the edge of the new one that each of the earlier is now, -1 where it is gone; None
    where edges cannot be told apart. ``changed`` are the lines of all that came or went.
    """

    moved: Ints | None
    changed: Shapes


def difference(before: Network, network: Network, step: Steps = AFRESH) -> Difference:
    """How a network differs from an earlier one, edge by edge."""
    known, keys = step(identities, before), identities(network)
    _, rows, others = np.intersect1d(known, keys, assume_unique=True, return_indices=True)
    if not _alike(before, network, rows, others):
        return Difference(None, np.empty(0, dtype=object))
    moved, gone, fresh = np.full(len(known), -1), np.ones(len(known), dtype=bool), np.ones(len(keys), dtype=bool)
    moved[rows], gone[rows], fresh[others] = others, False, False
    return Difference(moved, np.concatenate([before.geometry[gone], network.geometry[fresh]]))


def _alike(before: Network, network: Network, rows: Ints, others: Ints) -> bool:
    """Whether edges are the same lines, and may be stepped onto alike."""
    lines = shapely.equals_identical(before.geometry[rows], network.geometry[others])
    return bool((lines & (before.attachable[rows] == network.attachable[others])).all())


def identities(network: Network) -> npt.NDArray[np.uint64]:
    """Of each edge a number that tells it from others: of its ends, its corners, whether one may step onto it.

    Ways that are drawn twice are told apart by their order.
    """
    xy, row = shapely.get_coordinates(network.geometry, return_index=True)
    sums = [np.bincount(row, weights=xy[:, axis], minlength=len(network.geometry)) for axis in (0, 1)]
    ends = network.xy[network.start], network.xy[network.end]
    bits = np.column_stack([*ends, *sums, network.attachable]).astype(np.float64).view(np.uint64)
    mixed = (bits ^ (bits >> np.uint64(MIX_BITS))) * MIXERS[: bits.shape[1]]
    found: npt.NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(MIX_BITS))).sum(axis=1, dtype=np.uint64)
    order = np.argsort(found, kind="stable")
    found[order] += MIXERS[-1] * _times_before(found[order]).astype(np.uint64)
    return found


def _times_before(ascending: npt.NDArray[np.uint64]) -> Ints:
    """How many equal ones stand before each."""
    return np.arange(len(ascending)) - np.searchsorted(ascending, ascending)


def attach_again(
    was: Attachments,
    moved: Ints,
    same: Ints,
    changed: Shapes,
    shapes: Shapes,
    attach_rows: AttachRows,
    *,
    within_m: float = WITHIN_M,
) -> Attachments:
    """Find where geometries meet a network, from where they met an earlier one.

    Parameters
    ----------
    was
        Where the earlier geometries met the earlier network.
    moved
        The edge of the network that each of the earlier is now, -1 where it is gone.
    same
        The row among the earlier geometries that each of ``shapes`` was, -1 for a new one.
    changed
        What came and went near which a geometry may meet the network elsewhere: ways, walls.
    attach_rows
        Attaches the geometries of these rows to the new network; see ``network.attach``.
    within_m
        The distance within which it attaches them to every way.

    Returns
    -------
    Attachments
        What `attach` finds for all of them.
    """
    touched = same < 0
    if len(changed):
        known = np.flatnonzero(~touched)
        reach_m = _reach_m(was, within_m)[same[known]]
        near = shapely.STRtree(changed).query(shapes[known], predicate="dwithin", distance=reach_m)
        touched[known[near[0]]] = True
    again, kept = np.flatnonzero(touched), np.flatnonzero(~touched)
    new = attach_rows(again)
    counts = np.diff(was.indptr)[same[kept]]
    begin = np.repeat(was.indptr[same[kept]], counts)
    row = begin + np.arange(len(begin)) - np.repeat(np.cumsum(counts) - counts, counts)
    return by_owner(
        np.concatenate([np.repeat(kept, counts), again[new.owner]]),
        np.concatenate([moved[was.edge[row]], new.edge]),
        np.concatenate([was.offset_m[row], new.offset_m]),
        np.concatenate([was.leg_m[row], new.leg_m]),
        len(shapes),
    )


def _reach_m(attached: Attachments, within_m: float) -> Floats:
    """How far from each geometry a way or a wall that comes or goes can change where it meets the network.

    Further away than its nearest leg, and than the distance within which it meets every way, none was asked for.
    """
    nearest = np.full(len(attached), LIMIT_M)
    np.minimum.at(nearest, attached.owner, attached.leg_m)
    return np.maximum(nearest, within_m) + BESIDE_M


@dataclass(frozen=True)
class Obstacles:
    """What one cannot walk through: its geometries, and whether legs are clear of them."""

    shapes: Shapes
    clear: Clear


def attach_all(
    network: Network,
    shapes: Shapes,
    obstacles: Obstacles | None,
    inside: Bools | None,
    within_m: float,
    always: bool,
) -> Attachments:
    """Attach geometries by the whole list of what that hangs on; see `attach`."""
    clear = None if obstacles is None else obstacles.clear
    return attach(network, shapes, within_m=within_m, clear=clear, unchecked=inside, always=always)


class Meeting:
    """Where geometries meet a network: afresh, or only where something has changed."""

    def __init__(self, network: Network, step: Steps) -> None:
        self._network = network
        self._step = step
        self._differences: dict[int, Difference] = {}

    def __call__(
        self,
        shapes: Shapes,
        *,
        key: str,
        obstacles: Obstacles | None = None,
        inside: Bools | None = None,
        within_m: float = WITHIN_M,
        always: bool = False,
    ) -> Attachments:
        """Attach geometries as `attach` does.

        Parameters
        ----------
        key
            Of the step; see ``spatial.core.incremental``.
        obstacles
            What may stand on a leg. Default: nothing.
        inside
            One flag a geometry: its legs need not be clear.
        """

        def mend(before: Sequence[Any], was: Attachments) -> Attachments:
            network, shapes_before, obstacles_before, inside_before = before[:4]
            streets, same = self._since(network), _rows_before(shapes_before, inside_before, shapes, inside)
            if streets.moved is None:
                return attach_all(self._network, shapes, obstacles, inside, within_m, always)
            changed = np.concatenate([streets.changed, _come_or_gone(obstacles_before, obstacles)])

            def attach_rows(rows: Ints) -> Attachments:
                flags = None if inside is None else inside[rows]
                return attach_all(self._network, shapes[rows], obstacles, flags, within_m, always)

            return attach_again(was, streets.moved, same, changed, shapes, attach_rows, within_m=within_m)

        return self._step.mend(attach_all, self._network, shapes, obstacles, inside, within_m, always, by=mend, key=key)

    def _since(self, before: Network) -> Difference:
        now = self._network
        if before.geometry is now.geometry and before.attachable is now.attachable:
            return Difference(np.arange(len(now.geometry)), np.empty(0, dtype=object))
        if id(before) not in self._differences:
            self._differences[id(before)] = difference(before, now, self._step)
        return self._differences[id(before)]


def _rows_before(shapes_before: Shapes, inside_before: Bools | None, shapes: Shapes, inside: Bools | None) -> Ints:
    """The row that each geometry had before, with the same flag; -1 for a new one."""
    if shapes_before is shapes and inside_before is inside:
        return np.arange(len(shapes))
    row = {key: i for i, key in enumerate(_flagged(shapes_before, inside_before))}
    return np.array([row.get(key, -1) for key in _flagged(shapes, inside)], dtype=np.int64)


def _flagged(shapes: Shapes, inside: Bools | None) -> list[tuple[bytes, bool]]:
    flags = np.zeros(len(shapes), dtype=bool) if inside is None else inside
    return list(zip(shapely.to_wkb(shapes), flags.tolist(), strict=True))


def _come_or_gone(before: Obstacles | None, now: Obstacles | None) -> Shapes:
    """Geometries of obstacles that are in one of two lists alone."""
    if before is None or now is None or before.shapes is now.shapes:
        return np.empty(0, dtype=object)
    return come_or_gone(before.shapes, now.shapes)
