"""Where geometries meet a network, found from where they met an earlier one that differs in little. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from spatial import network as walking
from spatial.graph import Bools, Floats, Ints, Network, Shapes
from spatial.network import Attachments
from spatial.reuse import AFRESH, Steps

# Odd numbers without a pattern, one a column, by which the bits of the columns are mixed into one number.
MIXERS = np.random.default_rng(0).integers(0, 2**63, 8, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
MIX_BITS = 29
AttachRows = Callable[[Ints], Attachments]
# As in ``network.attach``: ways within the one are met if nothing stands between, and no leg is longer than the other.
WITHIN_M = 25.0
LIMIT_M = 150.0


@dataclass(frozen=True)
class Difference:
    """How a network differs from an earlier one.

    ``moved`` is the edge of the new one that each of the earlier is now, -1 where it is gone; None
    where edges cannot be told apart. ``changed`` are the lines of all that came or went.
    """

    moved: Ints | None
    changed: Shapes


def difference(before: Network, network: Network, once: Steps = AFRESH) -> Difference:
    """How a network differs from an earlier one, edge by edge."""
    known, keys = once("edges_before", (before,), lambda: identities(before)), identities(network)
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
        What ``network.attach`` finds for all of them.
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
    return walking.by_owner(
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
    return np.maximum(nearest, within_m) + walking.BESIDE_M


class Meeting:
    """Where geometries meet a network: afresh, or only where something has changed."""

    def __init__(self, graph: Network, once: Steps) -> None:
        self._graph = graph
        self._once = once
        self._difference: Difference | None = None

    def __call__(
        self,
        name: str,
        shapes: Shapes,
        attach_rows: AttachRows | None = None,
        *,
        walls: Shapes | None = None,
        within: Bools | None = None,
        within_m: float = WITHIN_M,
    ) -> Attachments:
        """Attach geometries.

        Parameters
        ----------
        name
            Of the step; see ``spatial.reuse``.
        attach_rows
            How the geometries of some rows are attached. Default: to any way near them.
        walls
            What may stand on a leg. Default: nothing.
        within
            One flag a geometry that attaching it hangs on as well.
        within_m
            The distance within which ``attach_rows`` attaches to every way.
        """
        graph, every = self._graph, np.arange(len(shapes))
        attached = attach_rows or (lambda rows: walking.attach(graph, shapes[rows]))

        def mend(known: Sequence[Any], was: Attachments) -> Attachments:
            before, shapes_before, within_before, walls_before = known
            streets, same = self._since(before), _rows_before(shapes_before, within_before, shapes, within)
            if streets.moved is None:
                return attached(every)
            changed = np.concatenate([streets.changed, _come_or_gone(walls_before, walls)])
            return attach_again(was, streets.moved, same, changed, shapes, attached, within_m=within_m)

        return self._once.mend(name, (graph, shapes, within, walls), lambda: attached(every), mend)

    def _since(self, before: Network) -> Difference:
        graph = self._graph
        if before.geometry is graph.geometry and before.attachable is graph.attachable:
            return Difference(np.arange(len(graph.geometry)), np.empty(0, dtype=object))
        self._difference = self._difference or difference(before, graph, self._once)
        return self._difference


def _rows_before(shapes_before: Shapes, within_before: Bools | None, shapes: Shapes, within: Bools | None) -> Ints:
    """The row that each geometry had before, with the same flag; -1 for a new one."""
    if shapes_before is shapes and within_before is within:
        return np.arange(len(shapes))
    row = {key: i for i, key in enumerate(_flagged(shapes_before, within_before))}
    return np.array([row.get(key, -1) for key in _flagged(shapes, within)], dtype=np.int64)


def _flagged(shapes: Shapes, within: Bools | None) -> list[tuple[bytes, bool]]:
    flags = np.zeros(len(shapes), dtype=bool) if within is None else within
    return list(zip(shapely.to_wkb(shapes), flags.tolist(), strict=True))


def _come_or_gone(before: Shapes | None, now: Shapes | None) -> Shapes:
    """Geometries that are in one of two lists alone."""
    if before is now or before is None or now is None:
        return np.empty(0, dtype=object)
    known, kept = (
        {key: one for key, one in zip(shapely.to_wkb(part), part, strict=True)} for part in _apart(before, now)
    )
    different = [known.get(key) or kept[key] for key in known.keys() ^ kept.keys()]
    return np.array([*different, None], dtype=object)[:-1]


def _apart(before: Shapes, now: Shapes) -> tuple[Shapes, Shapes]:
    """Both lists without the very same objects, which need not be compared."""
    both = set(map(id, before)) & set(map(id, now))

    def others(shapes: Shapes) -> Shapes:
        return shapes[[id(one) not in both for one in shapes]]

    return others(before), others(now)
