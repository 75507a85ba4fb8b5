"""Closed ways as osmium builds areas of them, many at a time, in whole numbers of 1e-7 degrees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spatial.sources._pbf_decode import NOWHERE
from spatial.sources._ragged import Ints, offsets, reduced, within

Places = npt.NDArray[np.int32]
FEWEST_CORNERS = 3


def boxes(at: Ints, lon: Places, lat: Places) -> tuple[npt.NDArray[np.int32], Ints]:
    """Bounding box of each run of positions (west, south, east, north), and how many of its positions are known."""
    known = lon != NOWHERE
    low = [reduced(np.minimum, one, at, NOWHERE) for one in (lon, lat)]
    high = [reduced(np.maximum, np.where(known, one, -NOWHERE), at, -NOWHERE) for one in (lon, lat)]
    total = offsets(known)
    return np.column_stack([*low, *high]).astype(np.int32), total[at[1:]] - total[at[:-1]]


def rings(at: Ints, lon: Places, lat: Places) -> tuple[Ints, Places, Places]:
    """Rings from their most western point, counter-clockwise, with the first point again at the end.

    Neighbours at the same position are one. Returns offsets and positions; a ring of fewer than three corners is
    empty.
    """
    at, x, y = _open(at, lon, lat)
    size = np.diff(at)
    first, step = _most_western(at, x, y) - at[:-1], np.where(_counter_clockwise(at, x, y), 1, -1)
    to, number = within(np.zeros(len(size), np.int64), size + (size > 0))
    row = np.repeat(np.arange(len(size)), np.diff(to))
    corner = at[row] + (first[row] + step[row] * number) % np.maximum(size[row], 1)
    return to, x[corner], y[corner]


def _open(at: Ints, lon: Places, lat: Places) -> tuple[Ints, Places, Places]:
    """Corners of closed ways, none twice in a row; none at all where there are too few."""
    size = np.diff(at)
    row, first = np.repeat(np.arange(len(size)), size), np.zeros(len(lon), bool)
    first[at[:-1][size > 0]] = True
    begins = at[:-1][row]
    again = np.zeros(len(lon), bool)
    again[1:] = (lon[1:] == lon[:-1]) & (lat[1:] == lat[:-1])
    keep = first | ~again
    # The last corner, and those beside it at the same position, are the first again.
    last = np.flatnonzero(keep)
    ends = np.append(row[last][1:] != row[last][:-1], True)[: len(last)]
    closing = last[ends]
    back = (lon[closing] == lon[begins[closing]]) & (lat[closing] == lat[begins[closing]]) & ~first[closing]
    keep[closing[back]] = False
    many = np.bincount(row[keep], minlength=len(size)) >= FEWEST_CORNERS
    keep &= many[row]
    return offsets(np.bincount(row[keep], minlength=len(size))), lon[keep], lat[keep]


def _most_western(at: Ints, x: Places, y: Places) -> Ints:
    """Where the most western corner of each ring is, the southern one of several; the first of the same."""
    row = np.repeat(np.arange(len(at) - 1), np.diff(at))
    west = x == reduced(np.minimum, x, at, NOWHERE)[row]
    south = np.where(west, y, NOWHERE)
    corner = west & (south == reduced(np.minimum, south, at, NOWHERE)[row])
    where = np.where(corner, np.arange(len(x)), len(x))
    return reduced(np.minimum, where, at, 0)


def _counter_clockwise(at: Ints, x: Places, y: Places) -> npt.NDArray[np.bool_]:
    """Whether each ring turns to the left."""
    size = np.diff(at)
    row = np.repeat(np.arange(len(size)), size)
    follows = np.arange(1, len(x) + 1)
    follows[at[1:][size > 0] - 1] = at[:-1][size > 0]
    east, north = (one - one[at[:-1][row]].astype(np.float64) for one in (x, y))
    return np.asarray(reduced(np.add, east * north[follows] - north * east[follows], at, 0.0) > 0)
