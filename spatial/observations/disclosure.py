"""What may be published of counts of people: small cells withheld, and others so that no sum gives them away. Pure.

Every number that is published is a cell; cells are bound by sums (a total and its parts). A cell
below k is withheld. In each sum with a withheld cell at least one more is, and what is withheld in
it comes to k people or more. Then it is checked by linear algebra that no withheld cell follows
from the published ones. What is published is rounded to a multiple of k, so that the difference
between two publications does not tell of one person either.

References
----------
Hundepool et al. (2012), Statistical Disclosure Control, ch. 4: primary and secondary suppression,
and rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# A withheld cell whose projection on the null space is smaller than this is determined by the others.
DETERMINED = 1e-9


@dataclass(frozen=True)
class Sum:
    """One cell is the sum of others: rows of the table of cells."""

    total: int
    parts: tuple[int, ...]


def withheld(values: Ints, sums: Sequence[Sum], k: int) -> Bools:
    """Say which cells are withheld.

    Parameters
    ----------
    values
        People a cell, 0 or more.
    sums
        How cells are bound; ``values[total]`` is the sum of ``values[parts]``.
    k
        Smallest count that may be published.

    Examples
    --------
    >>> withheld(np.array([30, 3, 7, 20]), [Sum(0, (1, 2, 3))], 5)  # 30 - 20 - 7 would give the 3
    array([False,  True,  True, False])
    """
    hidden = values < k
    while True:
        if _widen(values, sums, hidden, k):
            continue
        known = determined(hidden, sums)
        if not known.any():
            return hidden
        if not _cover(values, sums, hidden, known):
            return np.ones(len(values), dtype=bool)


def _widen(values: Ints, sums: Sequence[Sum], hidden: Bools, k: int) -> bool:
    """Withhold one more cell in each sum that gives another away; say whether any was."""
    changed = False
    for bound in sums:
        parts = np.array(bound.parts, dtype=np.int64)
        inside = parts[hidden[parts]]
        total_hidden = bool(hidden[bound.total])
        if not len(inside) and not total_hidden:
            continue
        alone = len(inside) + total_hidden == 1
        thin = not total_hidden and int(values[inside].sum()) < k
        if alone or thin:
            changed |= _hide_smallest(values, parts, bound.total, hidden)
    return changed


def _hide_smallest(values: Ints, parts: Ints, total: int, hidden: Bools) -> bool:
    """Withhold the smallest published part, or the total where there is none; the first among equals."""
    shown = parts[~hidden[parts]]
    chosen = int(shown[np.argmin(values[shown])]) if len(shown) else total
    changed = not hidden[chosen]
    hidden[chosen] = True
    return changed


def determined(hidden: Bools, sums: Sequence[Sum]) -> Bools:
    """Which withheld cells follow from the published ones by adding and subtracting.

    A cell follows if its unit vector lies in the row space of the sums, taken over what is withheld.
    """
    columns = np.flatnonzero(hidden)
    place = np.full(len(hidden), -1)
    place[columns] = np.arange(len(columns))
    rows = []
    for bound in sums:
        row = np.zeros(len(columns))
        members = place[[bound.total, *bound.parts]]
        signs = np.array([-1.0] + [1.0] * len(bound.parts))
        row[members[members >= 0]] = signs[members >= 0]
        if row.any():
            rows.append(row)
    found = np.zeros(len(hidden), dtype=bool)
    if rows:
        matrix = np.stack(rows)
        found[columns] = 1 - np.einsum("ij,ji->i", np.linalg.pinv(matrix), matrix) < DETERMINED
    return found


def _cover(values: Ints, sums: Sequence[Sum], hidden: Bools, known: Bools) -> bool:
    """Withhold one more cell next to one that follows from the others; say whether there was one."""
    for bound in sums:
        members = np.array([*bound.parts, bound.total], dtype=np.int64)
        if known[members].any() and not hidden[members].all():
            return _hide_smallest(values, members[:-1], bound.total, hidden)
    return False


def rounded(values: Ints, hidden: Bools, k: int) -> npt.NDArray[np.float64]:
    """Published counts: the nearest multiple of k, halves upwards; NaN where withheld.

    Examples
    --------
    >>> rounded(np.array([3, 5, 7, 8, 12]), np.array([True, False, False, False, False]), 5).tolist()
    [nan, 5.0, 5.0, 10.0, 10.0]
    """
    nearest = np.floor(np.asarray(values, dtype=np.float64) / k + 0.5) * k
    return np.where(hidden, np.nan, nearest)
