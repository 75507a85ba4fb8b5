"""Squares as ways: their outlines, and the straight ways across from one way that ends there to another. Pure.

The corners of a multipolygon carry no identities of nodes: a corner is the node of a way that lies at the very same
place. Nothing else is joined by position.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from spatial.core.arrays import Bools, Ints, Shapes, object_array
from spatial.layers.tags import Picked

# Positions nearer than OpenStreetMap can tell apart are one.
SAME_M: Final = 0.001
# Of a square at which more ways end, only the outline is walked.
MAX_GATES: Final = 40
# A way across that saves less than this share of the way round is not worth another edge.
WORTH_SHARE: Final = 0.02

Corner = tuple[int, int]


class SquareWays(NamedTuple):
    """Ways of squares: the row of the square, the line, its nodes, and whether it leads across."""

    square: Ints
    lines: Shapes
    nodes: Sequence[Ints]
    across: Bools


class _Ring(NamedTuple):
    """A ring of a square: its line, its nodes, and the row of the way that it is; None where it is none."""

    line: Any
    nodes: Ints
    row: int | None


def ways_of_squares(ids: npt.NDArray[np.object_], lines: Shapes, nodes: Sequence[Ints], squares: Picked) -> SquareWays:
    """Make the ways of squares.

    Parameters
    ----------
    ids, lines, nodes
        Ways as they are mapped, with the identities of their vertices. A closed one may be the outline of a square.
    squares
        Areas on which people walk.
    """
    rows: list[int] = []
    found: list[tuple[Any, Ints, bool]] = []
    if len(squares.ids):
        known = _Corners(ids, lines, nodes)
        for row, (identity, shape) in enumerate(zip(squares.ids, squares.geometry, strict=True)):
            rings = list(known.rings(str(identity), shape))
            made = [(ring.line, ring.nodes, False) for ring in rings if ring.row is None]
            made += [(line, ends, True) for line, ends in _across(shape, rings, known)]
            rows += [row] * len(made)
            found += made
    return SquareWays(
        np.array(rows, dtype=np.int64),
        object_array(line for line, _, _ in found),
        [ends for _, ends, _ in found],
        np.array([is_across for _, _, is_across in found], dtype=bool),
    )


def without_gate(ids: npt.NDArray[np.object_], lines: Shapes, nodes: Sequence[Ints], squares: Picked) -> list[bool]:
    """Whether each square is one at whose outline no other way ends or passes."""
    known = _Corners(ids, lines, nodes)
    return [
        not any(known.gates(shape, ring) for ring in known.rings(str(identity), shape))
        for identity, shape in zip(squares.ids, squares.geometry, strict=True)
    ]


class _Corners:
    """Nodes of ways by their place, and how many ways use each; new nodes are numbered below all others."""

    def __init__(self, ids: npt.NDArray[np.object_], lines: Shapes, nodes: Sequence[Ints]) -> None:
        self._rows: dict[str, list[int]] = {}
        for row, identity in enumerate(ids):
            self._rows.setdefault(str(identity), []).append(row)
        self._lines, self._nodes, self._tree = lines, nodes, shapely.STRtree(lines)
        self._next = min((int(part.min()) for part in nodes if len(part)), default=0)
        self._next = min(self._next, 0)
        self._made: dict[Corner, int] = {}

    def rings(self, identity: str, shape: Any) -> Iterator[_Ring]:
        """Rings of a square with the identities of their corners."""
        own = self._rows.get(identity, [])
        if own:
            yield from (_Ring(self._lines[row], self._nodes[row], row) for row in own)
            return
        at = {_corner(xy): node for xy, node, _ in self._near(shape)}
        for ring in shapely.get_rings(shape):
            line = shapely.linestrings(shapely.get_coordinates(ring))
            corners = [_corner(xy) for xy in shapely.get_coordinates(ring)]
            yield _Ring(line, np.array([at.get(one) or self._new(one) for one in corners], dtype=np.int64), None)

    def gates(self, shape: Any, ring: _Ring) -> set[int]:
        """Nodes of a ring at which another way begins, ends or passes."""
        return {node for _, node, row in self._near(shape) if row != ring.row} & set(ring.nodes.tolist())

    def _near(self, shape: Any) -> Iterator[tuple[Any, int, int]]:
        """Vertices of the ways that touch the outline of a square: place, node, row of the way."""
        outline = shapely.boundary(shape)
        for row in np.sort(self._tree.query(outline, predicate="dwithin", distance=SAME_M)).tolist():
            xy = shapely.get_coordinates(self._lines[row])
            yield from ((one, int(node), row) for one, node in zip(xy, self._nodes[row], strict=True))

    def _new(self, corner: Corner) -> int:
        if corner not in self._made:
            self._next -= 1
            self._made[corner] = self._next
        return self._made[corner]


def _corner(xy: Any) -> Corner:
    return round(float(xy[0]) / SAME_M), round(float(xy[1]) / SAME_M)


def _across(shape: Any, rings: Sequence[_Ring], known: _Corners) -> Iterator[tuple[Any, Ints]]:
    """Straight ways within a square between nodes of its outline at which other ways end."""
    place: dict[int, Any] = {}
    round_: dict[int, tuple[int, float, float]] = {}
    for number, ring in enumerate(rings):
        gates = known.gates(shape, ring)
        xy = shapely.get_coordinates(ring.line)
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(xy, axis=0), axis=1))])
        for node, at, metres in zip(ring.nodes.tolist(), xy, along.tolist(), strict=True):
            if node in gates:
                place.setdefault(node, at)
                round_.setdefault(node, (number, metres, float(along[-1])))
    if len(place) > MAX_GATES:
        return
    ground = shapely.buffer(shape, SAME_M)
    shapely.prepare(ground)
    for a, b in combinations(sorted(place), 2):
        line = shapely.linestrings([place[a], place[b]])
        is_worth = shapely.length(line) < (1 - WORTH_SHARE) * _way_round(round_[a], round_[b])
        if is_worth and shapely.covers(ground, line):
            yield line, np.array([a, b], dtype=np.int64)


def _way_round(a: tuple[int, float, float], b: tuple[int, float, float]) -> float:
    """Metres along the outline between two of its corners; without end between two outlines."""
    if a[0] != b[0]:
        return float("inf")
    straight = abs(a[1] - b[1])
    return min(straight, a[2] - straight)
