"""Arrays of rows of different lengths: the items one after another, and where each row begins and ends.

Row ``i`` of a ragged array has the items ``at[i]`` to ``at[i + 1]``.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Number = TypeVar("Number", bound=np.generic)


def offsets(sizes: Ints | npt.NDArray[np.bool_]) -> Ints:
    """Where rows of these sizes begin and end."""
    at = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=at[1:])
    return at


def within(begins: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """Offsets and positions of runs that begin at some positions and have some sizes."""
    to = offsets(sizes)
    return to, np.arange(to[-1], dtype=np.int64) + np.repeat(begins - to[:-1], sizes)


def ranges(at: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Offsets and positions of the items of some rows."""
    return within(at[rows], at[rows + 1] - at[rows])


def any_of(flags: npt.NDArray[np.bool_], at: Ints) -> npt.NDArray[np.bool_]:
    """Of each row, whether one of its flags is true."""
    total = offsets(flags)
    return np.asarray(total[at[1:]] > total[at[:-1]])


def reduced(ufunc: np.ufunc, values: npt.NDArray[Number], at: Ints, empty: Any) -> npt.NDArray[Number]:
    """Of each row, its values put together by ``ufunc``; ``empty`` for a row without any."""
    values_of = np.full(len(at) - 1, empty, dtype=values.dtype)
    filled = np.flatnonzero(at[1:] > at[:-1])
    if len(filled):
        values_of[filled] = ufunc.reduceat(values, at[filled])
    return values_of
