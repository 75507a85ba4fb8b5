"""Arrays by what they hold, and columns of objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
# Of objects: geometries of shapely, and texts.
Shapes = npt.NDArray[np.object_]
Texts = npt.NDArray[np.object_]


def product(left: npt.ArrayLike, right: npt.ArrayLike) -> npt.NDArray[Any]:
    """Product of matrices and vectors, summed in one order on every processor; BLAS has an order for each kind.

    Examples
    --------
    >>> product([[1.0, 2.0], [3.0, 4.0]], [10.0, 1.0]).tolist()
    [12.0, 34.0]
    """
    a, b = np.asarray(left), np.asarray(right)
    return np.einsum("...j,jk->...k" if b.ndim == 2 else "...j,j->...", a, b)


def object_array(items: Iterable[Any]) -> npt.NDArray[np.object_]:
    """Return one-dimensional array of objects, whatever they are, also where all are sequences of one length.

    Examples
    --------
    >>> object_array([(1, 2), (3, 4)]).shape
    (2,)
    """
    rows = list(items)
    column = np.empty(len(rows), dtype=object)
    column[:] = rows
    return column
