"""Sums, medians and straight lines over what each site reaches: sites × dwellings, compiled. Pure.

A run walks from every site to every door once for itself and twice for every lens, and each walk is
summed up in several ways; these tables have millions of cells.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from numba import njit

from spatial.core.arrays import Floats
from spatial.core.model import FIVE_MINUTES_M
from spatial.core.parallel import in_blocks

# Sums that differ by less than rounding are the same half of the weight.
_ROUNDING = 1e-12
# Fewer cells than this are not worth a thread.
_THREADED_FROM = 100_000
_BLOCKS = 8

_compiled = njit(cache=True, nogil=True, error_model="numpy")
_part = njit(nogil=True, error_model="numpy")


# cityseer's default: a trip of 400 m weighs e⁻⁴.
DECAY_PER_M = 4 / FIVE_MINUTES_M


def decayed(distance_m: Floats, weight: Floats, *, per_m: float = DECAY_PER_M) -> Floats:
    """Σ weight · exp(−per_m · distance) of each row; what is out of reach (NaN) adds nothing.

    Parameters
    ----------
    distance_m
        float64 (N, T), metres.
    weight
        float64 (T,).
    per_m
        How fast nearness fades, per metre.
    """
    found = np.empty(len(distance_m))
    _over_rows(_decayed, distance_m, np.asarray(weight, dtype=np.float64), float(per_m), found)
    return found


def decayed_by_worth(distance_m: Floats, worth: Floats, weight: Floats, *, per_m: float = DECAY_PER_M) -> Floats:
    """As `decayed`, each walk by what it is ``worth``: float64 (N, T); what is not known (NaN) is worth nothing.

    Examples
    --------
    >>> decayed_by_worth(np.zeros((1, 2)), np.array([[0.5, np.nan]]), np.array([4.0, 1.0])).tolist()
    [2.0]
    """
    found = np.empty(len(distance_m))
    _over_rows(_decayed_by_worth, distance_m, worth, np.asarray(weight, dtype=np.float64), float(per_m), found)
    return found


def decayed_by_group(
    distance_m: Floats, weight: Floats, group: npt.NDArray[np.int64], *, per_m: float = DECAY_PER_M
) -> Floats:
    """As `decayed`, by group of columns: float64 (N, groups).

    Parameters
    ----------
    group
        int64 (T,), from 0.

    Examples
    --------
    >>> decayed_by_group(np.zeros((1, 3)), np.ones(3), np.array([0, 1, 1])).tolist()
    [[1.0, 2.0]]
    """
    found = np.zeros((len(distance_m), int(group.max(initial=-1)) + 1))
    _over_rows(_decayed_by_group, distance_m, np.asarray(weight, dtype=np.float64), group, float(per_m), found)
    return found


def median_position(values: Floats, weight: Floats, *, of_all: bool = True) -> npt.NDArray[np.int64]:
    """Column of the weighted median of each row, -1 where there is none.

    Parameters
    ----------
    values
        float64 (N, T); NaN is missing.
    weight
        float64 (T,), not negative.
    of_all
        Whether a missing value counts as beyond every other; else it does not count.

    Examples
    --------
    >>> median_position(np.array([[3.0, 1.0, np.nan]]), np.ones(3)).tolist()
    [0]
    """
    found = np.full(len(values), -1, dtype=np.int64)
    _over_rows(_medians, values, np.asarray(weight, dtype=np.float64), of_all, found)
    return found


def weighted_median(values: Floats, weight: Floats, *, of_all: bool = True) -> Floats:
    """Weighted median of each row, NaN where there is none; see `median_position`.

    Examples
    --------
    >>> weighted_median(np.array([[3.0, 1.0, np.nan]]), np.ones(3)).tolist()
    [3.0]
    """
    at = median_position(values, weight, of_all=of_all)
    result = np.full(len(values), np.nan)
    found = at >= 0
    result[found] = values[found, at[found]]
    return result


def median_detour(
    walked_m: Floats, straight: Floats, weight: Floats, *, columns: npt.NDArray[np.int64], nearest_m: float
) -> Floats:
    """Weighted median of walking distance over straight line of each row, at least 1; NaN where there is none.

    Parameters
    ----------
    walked_m
        float64 (N, T), metres; NaN does not count.
    straight
        float64 (N, C), metres, of the chosen columns.
    weight
        float64 (C,), not negative.
    columns
        int64 (C,): which of the T are asked of.
    nearest_m
        What lies nearer in a straight line does not count.
    """
    found = np.full(len(walked_m), np.nan)
    _over_rows(_detours, walked_m, straight, np.asarray(weight, dtype=np.float64), columns, float(nearest_m), found)
    return found


def straight_m(shapes: npt.NDArray[np.object_], points: npt.NDArray[np.object_]) -> Floats:
    """Straight-line distances in metres, as GEOS has them, from N shapes to T points: float64 (N, T)."""
    xy = shapely.get_coordinates(points)
    found = np.empty((len(shapes), len(xy)))
    areas = np.array([shapely.get_dimensions(shape) == 2 for shape in shapes], dtype=bool)
    found[~areas] = shapely.distance(shapes[~areas][:, None], points[None, :])
    if areas.any():
        parts, part_of = shapely.get_parts(shapes[areas], return_index=True)
        rings, ring_of = shapely.get_rings(parts, return_index=True)
        corner, ring = shapely.get_coordinates(rings, return_index=True)
        same = ring[1:] == ring[:-1]
        segments = np.hstack([corner[:-1], corner[1:]])[same]
        owner = part_of[ring_of[ring[:-1][same]]]
        start = np.searchsorted(owner, np.arange(areas.sum() + 1))
        distance = np.empty((int(areas.sum()), len(xy)))
        _over_rows(_from_outlines, distance, segments, start, xy)
        found[areas] = distance
    return found


def load_compiled() -> None:
    """Load the compiled code from its cache on disk."""
    one = np.ones((1, 1))
    decayed(one, one[0], per_m=1.0)
    decayed_by_worth(one, one, one[0], per_m=1.0)
    decayed_by_group(one, one[0], np.zeros(1, dtype=np.int64), per_m=1.0)
    median_position(one, one[0])
    median_detour(one, one, one[0], columns=np.zeros(1, dtype=np.int64), nearest_m=1.0)
    straight_m(np.array([shapely.box(0, 0, 1, 1)]), np.array([shapely.Point(2, 0)]))


def _over_rows(kernel: Any, table: Floats, *arguments: Any) -> None:
    """Run ``kernel(begin, end, table, ...)`` over blocks of rows; the compiled code frees the interpreter."""
    count = len(table)
    if table.size < _THREADED_FROM:
        kernel(0, count, np.ascontiguousarray(table) if table.size else table, *arguments)
        return
    in_blocks(lambda begin, end: kernel(begin, end, table, *arguments), count, blocks=_BLOCKS)


@_compiled
def _decayed_by_group(begin, end, distance_m, weight, group, per_m, found):
    for i in range(begin, end):
        for k in range(len(weight)):
            if weight[k] != 0.0 and not np.isnan(distance_m[i, k]):
                found[i, group[k]] += weight[k] * np.exp(-per_m * distance_m[i, k])


@_compiled
def _decayed(begin, end, distance, weight, per_m, found):
    for i in range(begin, end):
        total = 0.0
        for k in range(distance.shape[1]):
            away = distance[i, k]
            if weight[k] != 0.0 and away == away:
                total += np.exp(-per_m * away) * weight[k]
        found[i] = total


@_compiled
def _decayed_by_worth(begin, end, distance, worth, weight, per_m, found):
    for i in range(begin, end):
        total = 0.0
        for k in range(distance.shape[1]):
            away, share = distance[i, k], worth[i, k]
            if weight[k] != 0.0 and away == away and share == share and share != 0.0:
                total += np.exp(-per_m * away) * share * weight[k]
        found[i] = total


@_compiled
def _medians(begin, end, values, weight, of_all, found):
    held = np.empty(values.shape[1], dtype=np.float64)
    heavy = np.empty(values.shape[1], dtype=np.float64)
    for i in range(begin, end):
        count, total = 0, 0.0
        for k in range(values.shape[1]):
            there = values[i, k] == values[i, k]
            if weight[k] > 0.0 and (there or of_all):
                total += weight[k]
            if weight[k] > 0.0 and there:
                held[count], heavy[count] = values[i, k], weight[k]
                count += 1
        half = total / 2 * (1.0 - _ROUNDING)
        if count and half > 0.0:
            found[i] = _column(values[i], weight, _median(held[:count], heavy[:count], half), half)


@_compiled
def _detours(begin, end, walked, straight, weight, columns, nearest, found):
    held = np.empty(len(columns), dtype=np.float64)
    heavy = np.empty(len(columns), dtype=np.float64)
    for i in range(begin, end):
        count, total = 0, 0.0
        for k in range(len(columns)):
            away = walked[i, columns[k]]
            if away == away and weight[k] > 0.0 and straight[i, k] >= nearest:
                held[count], heavy[count] = max(1.0, away / straight[i, k]), weight[k]
                total += weight[k]
                count += 1
        if count:
            found[i] = _median(held[:count], heavy[:count], total / 2 * (1.0 - _ROUNDING))


@_part
def _median(held, heavy, half):
    """Smallest value up to which the weights reach a half, NaN if all do not; quickselect, in place."""
    low, high, below = 0, len(held), 0.0
    while low < high:
        a, b, c = held[low], held[(low + high) // 2], held[high - 1]
        pivot = max(min(a, b), min(max(a, b), c))
        less, more, i = low, high, low
        lighter, equal = 0.0, 0.0
        while i < more:
            if held[i] < pivot:
                lighter += heavy[i]
                held[less], held[i] = held[i], held[less]
                heavy[less], heavy[i] = heavy[i], heavy[less]
                less += 1
                i += 1
            elif held[i] > pivot:
                more -= 1
                held[more], held[i] = held[i], held[more]
                heavy[more], heavy[i] = heavy[i], heavy[more]
            else:
                equal += heavy[i]
                i += 1
        if below + lighter >= half:
            high = less
        elif below + lighter + equal >= half:
            return pivot
        else:
            below += lighter + equal
            low = more
    return np.nan


@_part
def _column(row, weight, median, half):
    """First column that holds the median and at which, in order of value and column, the half is reached."""
    running = 0.0
    for k in range(len(row)):
        if row[k] < median:
            running += weight[k]
    last = -1
    for k in range(len(row)):
        if row[k] == median and weight[k] > 0.0:
            running += weight[k]
            last = k
            if running >= half:
                return k
    return last


@_compiled
def _from_outlines(begin, end, distance, segments, start, xy):
    """Distance from areas, given by the segments of their rings, to points; zero within."""
    for i in range(begin, end):
        for k in range(len(xy)):
            x, y = xy[k]
            nearest, within = np.inf, False
            for s in range(start[i], start[i + 1]):
                ax, ay, bx, by = segments[s]
                dx, dy = bx - ax, by - ay
                length2 = dx * dx + dy * dy
                along = 0.0 if length2 == 0.0 else ((x - ax) * dx + (y - ay) * dy) / length2
                along = min(1.0, max(0.0, along))
                gap_x, gap_y = x - ax - along * dx, y - ay - along * dy
                nearest = min(nearest, gap_x * gap_x + gap_y * gap_y)
                if (ay > y) != (by > y) and x < ax + (y - ay) / dy * dx:
                    within = not within
            distance[i, k] = 0.0 if within else np.sqrt(nearest)
