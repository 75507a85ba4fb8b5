"""Whether something may touch one of many boxes: a grid over all of them, asked in constant time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

UNITS_PER_DEG = 1e7
MAX_CELLS = 4_000_000
FINEST_DEG = 0.002


class CoverageGrid:
    """Cells that some box touches, and how many there are south-west of each corner.

    ``touch`` may say yes to what passes a box within a cell; never no to what touches one.
    """

    def __init__(self, clips: npt.NDArray[np.float64]) -> None:
        self._west, self._south = clips[:, 0].min(), clips[:, 1].min()
        east, north = clips[:, 2].max(), clips[:, 3].max()
        area = max((east - self._west) * (north - self._south), FINEST_DEG**2)
        self._cell = max(FINEST_DEG, float(np.sqrt(area / MAX_CELLS)))
        self._shape = tuple(int(span / self._cell) + 1 for span in (east - self._west, north - self._south))
        covered = np.zeros(self._shape, dtype=np.int64)
        low_x, low_y, high_x, high_y = self._cells(clips)
        for a, b, c, d in zip(low_x, low_y, high_x, high_y, strict=True):
            covered[a : c + 1, b : d + 1] = 1
        self._sums = np.zeros((self._shape[0] + 1, self._shape[1] + 1), dtype=np.int64)
        self._sums[1:, 1:] = covered.cumsum(axis=0).cumsum(axis=1)

    def _cells(self, degrees: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], ...]:
        x = np.floor((degrees[:, [0, 2]] - self._west) / self._cell)
        y = np.floor((degrees[:, [1, 3]] - self._south) / self._cell)
        x, y = x.clip(-1, self._shape[0]).astype(np.int64), y.clip(-1, self._shape[1]).astype(np.int64)
        return x[:, 0], y[:, 0], x[:, 1], y[:, 1]

    def touch(self, boxes: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Of boxes in 1e-7 degrees (west, south, east, north), which may touch one of the clips."""
        if not len(boxes):
            return np.zeros(0, dtype=bool)
        a, b, c, d = self._cells(boxes / UNITS_PER_DEG)
        a, b = a.clip(0), b.clip(0)
        c, d = np.minimum(c + 1, self._shape[0]), np.minimum(d + 1, self._shape[1])
        c, d = np.maximum(c, a), np.maximum(d, b)
        a, b = np.minimum(a, self._shape[0]), np.minimum(b, self._shape[1])
        c, d = np.maximum(c, a), np.maximum(d, b)
        inside = self._sums[c, d] - self._sums[a, d] - self._sums[c, b] + self._sums[a, b]
        return np.asarray(inside > 0)
