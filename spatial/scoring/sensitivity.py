"""How much each indicator matters to the ranking: Sobol' indices of its weight and its unknowns. Pure.

The output is the mean shift of rank against the published order, R̄ = mean over places of
|rank − published rank| (Saisana, Saltelli & Tarantola 2005). The inputs are grouped by indicator:
its weight, as a gamma number (normalised within the aspect these are the Dirichlet draws of the rank
ranges), and one uniform number for where its unknowns lie; a condition has no weight. The aspects' weights
are a group each.

The first-order index is the share of the variance of R̄ that goes with a group alone, the total
index the share that goes with it in all its interactions. Estimators: Saltelli et al. (2010),
doi 10.1016/j.cpc.2009.09.018, table 2 (b) for the first order, and Jansen (1999), (f), for the total,
on a scrambled Sobol' sequence. Facts shared by indicators are drawn for each of them here, as these
indices need independent groups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.core.arrays import Floats, product
from spatial.core.model import ASPECTS, GATE, Rubric
from spatial.indicators.unknown_facts import MARK, Cells, vocabulary
from spatial.scoring.combining import aspect_weights, part_weights, totals
from spatial.scoring.draws import ESTIMATED, open_cells
from spatial.scoring.judging import UNKNOWN, Judged
from spatial.scoring.scores import estimates, ranks_of, score

SAMPLES = 512
BLOCK = 256
RESAMPLES = 100
CONFIDENCE = 95
COLUMNS = ("input", "level", "first_order", "first_order_ci", "total", "total_ci")


def sobol_table(judged: Judged, index: pd.Index, rubric: Rubric, seed: int, *, samples: int = SAMPLES) -> pd.DataFrame:
    """Sobol' indices of all indicators and aspects, the most influential first.

    Parameters
    ----------
    judged, index
        Places that are ranked against each other; those without a rank are left out.
    samples
        Base samples N, a power of two; the ranking is made N × (groups + 2) times.

    Returns
    -------
    DataFrame
        ``input`` (indicator or aspect), ``level`` (``"indicator"``, ``"condition"`` or ``"aspect"``),
        ``first_order`` and ``total`` with the half-width of their 95 % bootstrap intervals. All are 0
        where nothing can move.
    """
    rows = np.flatnonzero(estimates(judged, index, rubric)["rank"].notna().to_numpy())
    rows = rows[np.argsort(index[rows].to_numpy().astype(str), kind="stable")]
    judged = judged.at(rows)
    names = [*judged.indicators, *(a for a in ASPECTS if rubric.aspect_weights[a] > 0)]
    levels = ["condition" if aspect == GATE else "indicator" for aspect in judged.aspects]
    model, columns = _model(judged, rubric)
    groups = [np.flatnonzero(columns == k) for k in range(len(names))]
    if len(rows) < 2:
        first = total = np.zeros((len(names), 2))
    else:
        first, total = indices(model, groups, len(columns), seed, samples=samples)
    found = pd.DataFrame(
        {
            "input": names,
            "level": [*levels, *["aspect"] * (len(names) - len(levels))],
            "first_order": first[:, 0],
            "first_order_ci": first[:, 1],
            "total": total[:, 0],
            "total_ci": total[:, 1],
        }
    )
    return found.sort_values(["total", "input"], ascending=[False, True], kind="stable", ignore_index=True)


# How much likelier or less likely the better answer may be where nobody has mapped it.
ODDS = (0.5, 2.0)
ALL_FACTS = "all"


def unmapped_otherwise(judged: Judged, index: pd.Index, rubric: Rubric, seed: int) -> pd.DataFrame:
    """What changes if what is not mapped is not like what is: the odds of the better answer halved, or doubled.

    Of each fact by itself, and of all together. What is not estimated has even odds. The conditions stay as they are.

    Returns
    -------
    DataFrame
        One row a fact and ``odds``: of so many ``ranked`` places how many ``ranks`` and ``tiers`` change, and by how
        many ranks at most, ``largest``.
    """
    before = score(judged, index, rubric, seed)
    cells = open_cells(judged, index)
    names = np.array([key.rpartition(MARK)[2] for key in cells.keys], dtype=object)
    wanted = [name for name in vocabulary().names if name in set(names)]
    rows = []
    for fact in (*wanted, ALL_FACTS):
        asked = np.isin(names, wanted) if fact == ALL_FACTS else names == fact
        for odds in ODDS:
            after = score(_with_odds(judged, cells, asked, odds), index, rubric, seed)
            ranked = before["rank"].notna()
            moved = (after["rank"] - before["rank"])[ranked].abs()
            tiers = int((after["tier"] != before["tier"])[ranked].sum())
            largest = 0 if not len(moved) else int(moved.max())
            rows.append((fact, odds, int(ranked.sum()), int((moved > 0).sum()), largest, tiers))
    return pd.DataFrame(rows, columns=["fact", "odds", "ranked", "ranks", "largest", "tiers"])


def _with_odds(judged: Judged, cells: Cells, asked: npt.NDArray[np.bool_], odds: float) -> Judged:
    """The same with other odds of the better answer to the facts that are asked for."""
    at = cells.row, cells.column
    share = np.add.reduceat(asked[cells.fact].astype(np.float64), cells.start) / cells.count if len(cells.row) else 0.0
    guessed = np.isin(judged.states[at], (UNKNOWN, ESTIMATED)) & ~np.isin(cells.column, judged.conditions)
    width = judged.high[at] - judged.low[at]
    middle = (judged.best[at] - judged.low[at]) / width
    moved = odds * middle / (1.0 + (odds - 1.0) * middle)
    change = np.where(guessed, share * (moved - middle), 0.0)
    best, states = judged.best.copy(), judged.states.copy()
    best[at] += change * width
    states[at] = np.where(change != 0, ESTIMATED, states[at])
    return replace(judged, best=best, states=states)


def indices(
    model: Callable[[Floats], Floats],
    groups: list[npt.NDArray[np.int64]],
    dimensions: int,
    seed: int,
    *,
    samples: int = SAMPLES,
) -> tuple[Floats, Floats]:
    """First-order and total indices of groups of inputs.

    Parameters
    ----------
    model
        Takes (B, dimensions) numbers in (0, 1) and gives B outputs.
    groups
        Positions of the inputs of each group.

    Returns
    -------
    first, total
        (groups, 2): the index and the half-width of its 95 % bootstrap interval.
    """
    from scipy.stats import qmc

    both = qmc.Sobol(2 * dimensions, scramble=True, rng=np.random.default_rng(seed)).random(samples)
    inside = np.clip(both, np.finfo(float).eps, 1 - np.finfo(float).eps)
    a, b = inside[:, :dimensions], inside[:, dimensions:]
    y_a, y_b = _run(model, a), _run(model, b)
    mixed = np.empty((len(groups), samples))
    for g, columns in enumerate(groups):
        ab = a.copy()
        ab[:, columns] = b[:, columns]
        mixed[g] = _run(model, ab)
    picks = np.random.default_rng(seed + 1).integers(0, samples, (RESAMPLES, samples))
    drawn = [_estimate(y_a[pick], y_b[pick], mixed[:, pick]) for pick in picks]
    tails = (100 - CONFIDENCE) / 2
    result = []
    for kind, value in enumerate(_estimate(y_a, y_b, mixed)):
        low, high = np.percentile([part[kind] for part in drawn], (tails, 100 - tails), axis=0)
        result.append(np.stack([value, (high - low) / 2], axis=1))
    return result[0], result[1]


def _run(model: Callable[[Floats], Floats], inputs: Floats) -> Floats:
    return np.concatenate([model(inputs[at : at + BLOCK]) for at in range(0, len(inputs), BLOCK)])


def _estimate(y_a: Floats, y_b: Floats, mixed: Floats) -> tuple[Floats, Floats]:
    """Indices from outputs at A, at B, and at A with one group of B: Saltelli 2010 (b), Jansen 1999."""
    both = np.concatenate([y_a, y_b])
    variance = both.var()
    if not variance > 0:
        return np.zeros(len(mixed)), np.zeros(len(mixed))
    centre = both.mean()
    first = ((y_b - centre) * (mixed - y_a)).mean(axis=1) / variance
    total = ((y_a - mixed) ** 2).mean(axis=1) / 2 / variance
    return first, total


def _model(judged: Judged, rubric: Rubric) -> tuple[Callable[[Floats], Floats], npt.NDArray[np.int64]]:
    """The mean shift of rank as a function of uniform numbers; and the group of each of these.

    The numbers are: one for each indicator's weight, but for conditions; one for each aspect's; one for
    the unknowns of each indicator that has any.
    """
    parts, across = part_weights(rubric, judged), aspect_weights(rubric)
    within, conditions = parts[: len(ASPECTS)], judged.conditions
    weighing = np.setdiff1d(np.arange(len(judged.indicators)), conditions)
    count = len(weighing)
    weighed = np.flatnonzero(across > 0)
    unsure = np.flatnonzero((judged.high > judged.low).any(axis=0))
    columns = np.concatenate([weighing, len(judged.indicators) + np.arange(len(weighed)), unsure])
    published = ranks_of(totals(product(judged.best, parts.T), across, rubric.mean)[None])[0]
    width = (judged.high - judged.low)[:, unsure]
    position = _positions(judged, unsure)

    def model(inputs: Floats) -> Floats:
        one = np.zeros((len(inputs), len(judged.indicators)))
        one[:, weighing] = _gamma(inputs[:, :count], rubric.concentration * within.sum(axis=0)[weighing])
        top = np.zeros((len(inputs), len(across)))
        top[:, weighed] = _gamma(inputs[:, count : count + len(weighed)], rubric.concentration * across[weighed])
        values = np.repeat(judged.low[None], len(inputs), axis=0)
        values[:, :, unsure] += width * position(inputs[:, None, count + len(weighed) :])
        share = one[:, None, :] * (within > 0)
        share = np.divide(share, share.sum(axis=2, keepdims=True), out=np.zeros_like(share), where=within[None] > 0)
        aspects = np.matmul(values, share.transpose(0, 2, 1))
        drawn = np.concatenate([aspects, values[:, :, conditions]], axis=2)
        total = totals(drawn, (top / top.sum(axis=1, keepdims=True))[:, None, :], rubric.mean)
        return np.asarray(np.abs(ranks_of(total) - published).mean(axis=1), dtype=np.float64)

    return model, columns


def _positions(judged: Judged, unsure: npt.NDArray[np.int64]) -> Callable[[Floats], Floats]:
    """Where in its interval each value lies (B, N, U) by one number an indicator (B, 1, U), as in the draws."""
    cells = open_cells(judged, pd.RangeIndex(len(judged.best)))
    bent = np.flatnonzero(cells.curve >= 0)
    row, column = cells.row[bent], np.searchsorted(unsure, cells.column[bent])

    def at(uniform: Floats) -> Floats:
        if not len(bent):
            return uniform
        found = np.repeat(uniform, len(judged.best), axis=1)
        found[:, row, column] = cells.bend(bent, found[:, row, column])
        return found

    return at


def _gamma(uniform: Floats, shape: Any) -> Floats:
    from scipy.special import gammaincinv

    result: Floats = gammaincinv(shape, uniform)
    return np.maximum(result, np.finfo(float).tiny)
