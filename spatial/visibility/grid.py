"""Wall segments filed in a uniform grid: which cells each passes through. Compiled, pure.

What looks for the walls along a line or around a point then meets only those in the cells that it passes.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

SNAP_M = 1e-6  # walls are filed in all cells this near; far above the rounding of UTM metres
_PER_CELL = 2.0  # wall segments per cell of the grid aimed at; rates are flat from 1 to 8
_MIN_CELL_M = 1.0  # a cell need never be smaller than a wall

_compiled = njit(cache=True, nogil=True, error_model="numpy")
_part = njit(nogil=True, error_model="numpy")


def file(
    segments: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """File segments in the cells that they pass through.

    Parameters
    ----------
    segments
        float64 (S, 4): x, y of both ends, metres.

    Returns
    -------
    origin, shape, starts, members
        As ``spatial.visibility.isovists.Occluders`` has them.
    """
    if not len(segments):
        nothing = np.zeros(2, dtype=np.int64)
        return np.array([0, 0, _MIN_CELL_M]), nothing, nothing[:1], np.empty(0, dtype=np.int32)
    x, y = segments[:, ::2], segments[:, 1::2]
    low = np.array([x.min(), y.min()])
    extent = np.array([x.max(), y.max()]) - low
    share = _PER_CELL / len(segments)
    cell = max(_MIN_CELL_M, math.sqrt(extent.prod() * share), extent.max() * share)
    columns, rows = (extent // cell).astype(np.int64) + 1
    starts, members = _filed(segments - np.tile(low, 2), float(cell), int(rows), int(columns))
    return np.array([*low, cell]), np.array([rows, columns]), starts, members


@_compiled
def _filed(local, cell, rows, columns):
    """Count what each cell holds, then put it there: starts and members."""
    starts = np.zeros(rows * columns + 1, dtype=np.int64)
    for segment in range(len(local)):
        bottom, top = _rows_crossed(local[segment], cell, rows)
        for row in range(bottom, top + 1):
            first, last = _columns_crossed(local[segment], row, top > bottom, cell, columns)
            for at in range(row * columns + first, row * columns + last + 1):
                starts[at + 1] += 1
    starts = np.cumsum(starts)
    members, free = np.empty(starts[-1], dtype=np.int32), starts.copy()
    for segment in range(len(local)):
        bottom, top = _rows_crossed(local[segment], cell, rows)
        for row in range(bottom, top + 1):
            first, last = _columns_crossed(local[segment], row, top > bottom, cell, columns)
            for at in range(row * columns + first, row * columns + last + 1):
                members[free[at]] = segment
                free[at] += 1
    return starts, members


@_part
def _rows_crossed(segment, cell, rows):
    """First and last row of the grid that a segment touches."""
    low, high = min(segment[1], segment[3]), max(segment[1], segment[3])
    return _index(low - SNAP_M, cell, rows), _index(high + SNAP_M, cell, rows)


@_part
def _columns_crossed(segment, row, several_rows, cell, columns):
    """First and last column in which a segment touches a row."""
    x0, y0, x1, y1 = segment[0], segment[1], segment[2], segment[3]
    west, east = min(x0, x1), max(x0, x1)
    # One along the edge between two rows is in both of them from end to end.
    one, other = west, east
    if several_rows and y0 != y1:
        slope = (x1 - x0) / (y1 - y0)
        one = x0 + (row * cell - SNAP_M - y0) * slope
        other = x0 + ((row + 1) * cell + SNAP_M - y0) * slope
    first = min(max(min(one, other), west), east)
    last = min(max(max(one, other), west), east)
    return _index(first - SNAP_M, cell, columns), _index(last + SNAP_M, cell, columns)


@_part
def _index(distance, cell, count):
    """Number of the cell at a distance from the origin, within the grid."""
    return min(max(int(distance / cell), 0), count - 1)
