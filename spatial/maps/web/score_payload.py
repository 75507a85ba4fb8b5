"""What the page needs to score again with other weights: judged values and the rubric, in few bytes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from spatial.core.model import ASPECTS, Rubric

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Judged(Protocol):
    """Judged values of N objects by I indicators, as ``spatial.scoring.judging`` makes them."""

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


@dataclass(frozen=True)
class Seen:
    """A resident lens: its share of dwellings served, its weights, and what was judged under it."""

    id: str
    served: tuple[float, float, float]
    weights: Mapping[str, float]
    judged: Mapping[str, Judged]


def lens(seen: Seen, base: Mapping[str, Judged]) -> dict[str, Any]:
    """Encode a lens: only the columns in which it differs from what is judged without it."""
    tables = {}
    for name, table in seen.judged.items():
        plain = base[name]
        differs = [
            k
            for k in range(len(plain.indicators))
            if any((getattr(plain, part)[:, k] != getattr(table, part)[:, k]).any() for part in PARTS)
        ]
        tables[name] = judged(_Columns(table, differs))
    return {"id": seen.id, "served": list(seen.served), "weights": dict(seen.weights), "tables": tables}


PARTS = ("low", "best", "high", "known")


class _Columns:
    """Some columns of judged values."""

    def __init__(self, table: Judged, columns: list[int]) -> None:
        self.indicators = tuple(table.indicators[k] for k in columns)
        self.low, self.best, self.high = (part[:, columns] for part in (table.low, table.best, table.high))
        self.known = table.known[:, columns]


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
