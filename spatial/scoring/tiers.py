"""Tiers instead of ranks finer than the knowledge: who is above whom in most draws. Pure.

One place beats another if it is above it in at least ``BEATS_SHARE`` of the draws, a tie counting half. The
first tier is whoever nobody beats; it is taken away, and so on. Should places beat each other in a circle,
which draws can make them do from five places on, they share a tier.

A place whose conditions are not known is never in the first tier, unless all are such.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from numba import njit

from spatial.core.arrays import Bools, Floats, Ints

BEATS_SHARE = 0.8
# Totals that differ by less are a tie: the order of a sum may not decide.
TIE = 1e-9
BEST, BETWEEN, WEAKEST = WORDS = "best", "between", "weakest"


def count_wins(floating: Floats, wins: npt.NDArray[np.int32]) -> None:
    """Add to ``wins`` (N, N) for each of the draws (B, N) 2 where the first is above the second, 1 for a tie."""
    _count_wins(floating, wins, TIE)


@njit(cache=True, nogil=True, error_model="numpy")
def _count_wins(floating, wins, tie):
    for b in range(len(floating)):
        row = floating[b]
        for i in range(len(row)):
            own, mine = row[i], wins[i]
            for j in range(len(row)):
                ahead = own - row[j]
                mine[j] += (ahead > tie) + (ahead >= -tie)


def load_compiled() -> None:
    """Load the compiled code from its cache on disk."""
    count_wins(np.ones((1, 1)), np.zeros((1, 1), dtype=np.int32))


def divide_into_tiers(wins: npt.NDArray[np.int32], count: int, certain: Bools) -> Ints:
    """Divide places into tiers, from 1.

    Parameters
    ----------
    wins
        (N, N), of ``count`` draws, as ``count_wins`` makes it.
    certain
        Whose conditions are known: (N,).

    Examples
    --------
    The first is above the others in 9 of 10 draws, the second above the third in 6.

    >>> wins = 2 * np.array([[0, 9, 9], [1, 0, 6], [1, 4, 0]], dtype=np.int32)
    >>> divide_into_tiers(wins, 10, np.ones(3, dtype=bool)).tolist()
    [1, 2, 2]
    """
    beats = _without_circles(wins >= BEATS_SHARE * 2 * count - TIE)
    tier, left, number = np.zeros(len(wins), dtype=np.int64), np.ones(len(wins), dtype=bool), 1
    able = certain if certain.any() else left.copy()
    while left.any():
        top = left & ~beats[left].any(axis=0)
        if number == 1:
            # Where nobody whose conditions are known is unbeaten, they stand against each other.
            top = top & able if (top & able).any() else able & ~beats[able].any(axis=0)
        tier[top] = number
        left &= ~top
        number += 1
    return tier


def _without_circles(beats: Bools) -> Bools:
    """Who beats whom, but for those who also are beaten, over others, by whom they beat."""
    from scipy.sparse.csgraph import connected_components

    circle = connected_components(beats, directed=True, connection="strong")[1]
    found: Bools = beats & (circle[:, None] != circle[None, :])
    return found


def tier_word(tier: int, tiers: int) -> str:
    """Name a tier of so many: ``"best"``, ``"between"`` or ``"weakest"``; where there is one only, it is between.

    Examples
    --------
    >>> [tier_word(tier, 3) for tier in (1, 2, 3)], tier_word(2, 2), tier_word(1, 1)
    (['best', 'between', 'weakest'], 'weakest', 'between')
    """
    if tiers > 1 and tier == 1:
        return BEST
    return WEAKEST if tiers > 1 and tier == tiers else BETWEEN


def tier_words(tier: pd.Series) -> pd.Series:
    """Name the tiers of a column; None where there is none."""
    tiers = 0 if tier.isna().all() else int(tier.max())
    words = [None if pd.isna(one) else tier_word(int(one), tiers) for one in tier]
    return pd.Series(words, index=tier.index, name=tier.name, dtype=object)
