"""Draws of weights and of what is unknown, and the scores that they give. Pure; seeded."""

# mypy: allow-untyped-defs, allow-untyped-calls
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

from spatial.core.arrays import Floats, product
from spatial.core.model import ASPECTS, EVIDENCE, Rubric
from spatial.indicators.unknown_facts import Cells
from spatial.indicators.unknown_facts import cells as cells_of
from spatial.scoring.combining import aspect_weights, part_weights, totals
from spatial.scoring.judging import Judged

ESTIMATED = EVIDENCE.index("estimated")
# Draws are made in blocks of about so many judged values, so that memory does not grow with their number.
BLOCK_VALUES = 400_000


@dataclass(frozen=True)
class Draw:
    """A block of B draws: weights (B, parts, indicators) and (B, aspects), a number a fact (B, F)."""

    within: Floats
    across: Floats
    uniform: Floats


def draws(
    judged: Judged, index: pd.Index, rubric: Rubric, seed: int, count: int | None = None
) -> Iterator[tuple[Draw, Floats, Floats]]:
    """Draw weights and unknown facts; yield blocks of draws, the totals (B, N) and parts (B, N, parts) of places."""
    random = np.random.default_rng(seed)
    within, across = part_weights(rubric, judged), aspect_weights(rubric)
    cells = open_cells(judged, index)
    at = cells.row, cells.column
    of = judged.part
    width = judged.high[at] - judged.low[at]
    wanted = count or rubric.draws
    block = max(1, min(wanted, BLOCK_VALUES // max(1, judged.low.size)))
    for start in range(0, wanted, block):
        size = min(block, wanted - start)
        drawn = [_dirichlet(random, row, rubric.concentration, size) for row in within[: len(ASPECTS)]]
        conditions = [np.broadcast_to(row, (size, len(row))) for row in within[len(ASPECTS) :]]
        draw = Draw(
            np.stack([*drawn, *conditions], axis=1),
            _dirichlet(random, across, rubric.concentration, size),
            random.random((size, len(cells.keys))),
        )
        # One product for what is sure, and the open cells on top.
        sure = product(draw.within.reshape(-1, len(judged.indicators)), judged.low.T)
        parts = sure.reshape(size, len(within), -1).transpose(0, 2, 1).copy()
        own = draw.within[:, of, np.arange(len(of))]
        open_ = cells.row, of[cells.column], cells.column, width
        facts = cells.fact, cells.start, cells.count
        add_unknowns(parts, own, draw.uniform, open_, facts, (cells.curve, cells.curves))
        yield draw, totals(parts, draw.across[:, None, :], rubric.mean), parts


def open_cells(judged: Judged, index: pd.Index) -> Cells:
    """Cells whose judged interval has a width, with the facts behind them; one that is estimated has its middle."""
    cells = cells_of(judged.facts, judged.high > judged.low, [str(name) for name in index], judged.indicators)
    at = cells.row, cells.column
    estimated = judged.states[at] == ESTIMATED
    if not estimated.any():
        return cells
    middle = (judged.best[at] - judged.low[at]) / (judged.high[at] - judged.low[at])
    return cells.bent_towards(np.where(estimated, middle, np.nan))


def _dirichlet(random: np.random.Generator, weights: Floats, concentration: float, count: int) -> Floats:
    """Draws around weights that sum to 1; weights of zero stay zero."""
    used = weights > 0
    result = np.zeros((count, len(weights)))
    if used.any():
        result[:, used] = random.dirichlet(concentration * weights[used], count)
    return result


@njit(cache=True, nogil=True, error_model="numpy")
def add_unknowns(parts, own, uniform, cells, facts, bends):
    """Add to the parts (B, N, parts), in place, what each open cell has of its interval.

    ``cells`` are (row, part, column, width of the interval). A cell lies where the mean of its facts' uniform
    numbers (B, F) says; ``own`` (B, I) is the weight of each indicator in its part. ``facts`` are (fact, start,
    count): those of cell c are ``fact[start[c]:start[c] + count[c]]``. ``bends`` are (curve of each cell, curves), as
    ``Cells.bend`` takes them.
    """
    (row, part, column, width), (fact, start, count), (curve, curves) = cells, facts, bends
    steps = curves.shape[1] - 1
    for b in range(parts.shape[0]):
        for c in range(len(row)):
            total = 0.0
            for k in range(start[c], start[c] + count[c]):
                total += uniform[b, fact[k]]
            position = total / count[c]
            if curve[c] >= 0:
                step = min(int(position * steps), steps - 1)
                low, high = curves[curve[c], step], curves[curve[c], step + 1]
                position = low + (position * steps - step) * (high - low)
            parts[b, row[c], part[c]] += own[b, column[c]] * width[c] * position


def load_compiled() -> None:
    """Load the compiled code from its cache on disk."""
    one, index = np.ones((1, 1)), np.zeros(1, dtype=np.int64)
    add_unknowns(
        np.zeros((1, 1, 5)), one, one, (index, index, index, one[0]), (index, index, index + 1), (index - 1, one)
    )
