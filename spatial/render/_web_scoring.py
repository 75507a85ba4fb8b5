"""What the page needs to score again with other weights: judged values and the rubric, in few bytes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from spatial.model import ASPECTS, Rubric

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Judged(Protocol):
    """Judged values of N objects by I indicators, as ``spatial.scoring`` makes them."""

    @property
    def indicators(self) -> tuple[str, ...]:
        """Their names, one a column."""

    @property
    def low(self) -> NDArray[np.float64]:
        """Worst of what is plausible, (N, I)."""

    @property
    def best(self) -> NDArray[np.float64]:
        """Best estimates, (N, I)."""

    @property
    def high(self) -> NDArray[np.float64]:
        """Best of what is plausible, (N, I)."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which are observed or derived, (N, I)."""


def judged(table: Judged) -> dict[str, Any]:
    """Encode judged values: float32, whose error of 6e-8 of the value no score of the page can show.

    ``best`` is given of all cells, row by row; ``low`` and ``high`` only of those listed in ``open``,
    which have a width. ``known`` is a bit a cell.
    """
    best, low, high = (part.ravel() for part in (table.best, table.low, table.high))
    wide = np.flatnonzero((low != best) | (high != best))
    return {
        "indicators": list(table.indicators),
        "best": _coded(best.astype("<f4")),
        "open": _coded(wide.astype("<u4")),
        "low": _coded(low[wide].astype("<f4")),
        "high": _coded(high[wide].astype("<f4")),
        "known": _coded(np.packbits(table.known.ravel(), bitorder="little")),
    }


def rubric(found: Rubric) -> dict[str, Any]:
    """Encode weights and value functions; ``min_coverage`` as it is judged."""
    return {
        "aspects": {name: found.aspect_weights[name] for name in ASPECTS},
        "indicators": {
            name: {"aspect": rule.aspect, "weight": rule.weight, "points": rule.points, "why": rule.why}
            for name, rule in found.rules.items()
        },
        "mean": found.mean,
        "min_coverage": found.min_coverage,
    }


def _coded(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()
