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
