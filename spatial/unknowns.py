"""Compiled code of draws: what the unknown facts add to the aspects of places. Pure."""

# mypy: allow-untyped-defs, allow-untyped-calls
# (The types of compiled functions are numba's.)

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def add_unknowns(aspects, own, uniform, row, aspect, column, width, fact, start, count):
    """Add to the aspects (B, N, 5), in place, what each open cell has of its interval.

    A cell lies where the mean of its facts' uniform numbers (B, F) says; ``own`` (B, I) is the weight of
    each indicator in its aspect. The facts of cell c are ``fact[start[c]:start[c] + count[c]]``.
    """
    for b in range(aspects.shape[0]):
        for c in range(len(row)):
            total = 0.0
            for k in range(start[c], start[c] + count[c]):
                total += uniform[b, fact[k]]
            aspects[b, row[c], aspect[c]] += own[b, column[c]] * width[c] * (total / count[c])


def make_ready() -> None:
    """Load the compiled code from its cache on disk."""
    one, index = np.ones((1, 1)), np.zeros(1, dtype=np.int64)
    add_unknowns(np.zeros((1, 1, 5)), one, one, index, index, index, one[0], index, index, index + 1)
