"""How well an order agrees with what was counted: rank correlation, AUC, and how sure both are. Pure.

References
----------
Spearman (1904); Hanley & McNeil (1982), doi 10.1148/radiology.143.1.7063747 (AUC);
Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 13 (percentile interval);
Barlow et al. (1972), Statistical Inference under Order Restrictions (isotonic regression).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVEL = (2.5, 97.5)
BLOCK_VALUES = 2_000_000


@dataclass(frozen=True)
class Estimate:
    """A statistic with its 95 % interval; NaN where it cannot be computed. ``n`` is what it rests on."""

    value: float
    low: float
    high: float
    n: int


def spearman(x: Floats, y: Floats) -> float:
    """Spearman's rank correlation, ties at their mean rank; NaN where one of the two is constant.

    Examples
    --------
    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0]))
    0.5
    """
    rows = np.arange(len(x))[None, :]
    return float(_spearman_rows(x, y, rows)[0])


def _levels(values: Floats) -> tuple[Ints, int]:
    """Rank of each value among the distinct ones, and how many there are."""
    distinct, level = np.unique(values, return_inverse=True)
    return level.astype(np.int64), len(distinct)


def _mean_ranks(level: Ints, count: int) -> Floats:
    """Mean ranks within each row of levels: (rows, n)."""
    rows = len(level)
    flat = level + count * np.arange(rows)[:, None]
    tally = np.bincount(flat.ravel(), minlength=rows * count).reshape(rows, count)
    middle = np.cumsum(tally, axis=1) - (tally - 1) / 2
    return np.asarray(np.take_along_axis(middle, level, axis=1), dtype=np.float64)


def _spearman_rows(x: Floats, y: Floats, picked: Ints) -> Floats:
    """Spearman's correlation of each row of picked observations."""
    ranks = []
    for values in (x, y):
        level, count = _levels(values)
        rank = _mean_ranks(level[picked], count)
        ranks.append(rank - rank.mean(axis=1, keepdims=True))
    a, b = ranks
    below = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.divide((a * b).sum(axis=1), below, out=np.full(len(picked), np.nan), where=below > 0)


def rank_correlation(x: Floats, y: Floats, *, resamples: int, seed: int) -> Estimate:
    """Spearman's correlation with a percentile bootstrap interval over observations.

    Parameters
    ----------
    x, y
        One value an observation; all finite.
    resamples, seed
        How many resamples, and the seed of their choice.
    """
    value = spearman(x, y) if len(x) else np.nan
    low, high = _interval(len(x), lambda picked: _spearman_rows(x, y, picked), resamples, seed)
    return Estimate(float(value), low, high, len(x))


def _interval(
    n: int, statistic: Callable[[Ints], Floats], resamples: int, seed: int, size: int | None = None
) -> tuple[float, float]:
    """Percentile interval of a statistic over resamples of n observations, made in blocks."""
    if n < 2:
        return np.nan, np.nan
    random = np.random.default_rng(seed)
    take = size or n
    block = max(1, BLOCK_VALUES // take)
    found = []
    for start in range(0, resamples, block):
        found.append(statistic(random.integers(0, n, (min(block, resamples - start), take))))
    values = np.concatenate(found)
    values = values[np.isfinite(values)]
    if not len(values):
        return np.nan, np.nan
    low, high = np.percentile(values, LEVEL)
    return float(low), float(high)


def auc(scores: Floats, seen: Floats, ground: Floats) -> float:
    """Area under the ROC curve: how often a person seen stands on higher scored ground than a point at random.

    Parameters
    ----------
    scores
        Score of each unit of ground.
    seen
        People seen on it (weight, 0 or more).
    ground
        Background points on it (weight, 0 or more).

    Returns
    -------
    float
        P(score of the person > of the point) + P(equal) / 2, in [0, 1]; NaN without either.

    Examples
    --------
    >>> auc(np.array([0.2, 0.8]), np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    0.625
    """
    return float(_auc_rows(scores, seen[None, :], ground[None, :])[0])


def _auc_rows(scores: Floats, seen: Floats, ground: Floats) -> Floats:
    order = np.argsort(scores, kind="stable")
    level, count = _levels(scores[order])
    first = np.searchsorted(level, np.arange(count))
    people = np.add.reduceat(seen[:, order], first, axis=1) if count else np.zeros((len(seen), 0))
    points = np.add.reduceat(ground[:, order], first, axis=1) if count else np.zeros((len(ground), 0))
    below = np.cumsum(points, axis=1) - points / 2
    total = people.sum(axis=1) * points.sum(axis=1)
    return np.divide((people * below).sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)


def separation(scores: Floats, seen: Floats, ground: Floats, *, resamples: int, seed: int) -> Estimate:
    """AUC with a bootstrap interval over units, since people at one place are not independent of each other."""
    value = auc(scores, seen, ground) if len(scores) else np.nan

    def of(picked: Ints) -> Floats:
        n = len(scores)
        tally = np.apply_along_axis(np.bincount, 1, picked, minlength=n)
        return _auc_rows(scores, tally * seen, tally * ground)

    low, high = _interval(len(scores), of, resamples, seed)
    return Estimate(float(value), low, high, len(scores))


def isotonic(x: Floats, y: Floats, weight: Floats) -> Floats:
    """Least-squares fit that never falls as x rises: what is expected of a score if only its order counts.

    Equal x get one value.

    Examples
    --------
    >>> isotonic(np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 3.0]), np.ones(3)).tolist()
    [1.0, 4.0, 4.0]
    """
    level, count = _levels(x)
    weights = np.bincount(level, weight, count)
    means = np.bincount(level, weight * y, count) / weights
    blocks: list[list[float]] = []
    for mean, mass in zip(means.tolist(), weights.tolist(), strict=True):
        blocks.append([mean, mass, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            other, own = blocks.pop(), blocks[-1]
            own[0] = (own[0] * own[1] + other[0] * other[1]) / (own[1] + other[1])
            own[1] += other[1]
            own[2] += other[2]
    fitted = np.concatenate([np.full(int(width), mean) for mean, _, width in blocks])
    return np.asarray(fitted[level], dtype=np.float64)


def halving_factor(x: Floats, y: Floats, *, resamples: int, seed: int, most: int = 8) -> float:
    """How many times as many observations like these would halve the interval of the rank correlation.

    Found by drawing resamples of 2, 3, … times as many; about 4 where the interval shrinks with the
    square root of their number. NaN where there is no interval.
    """
    low, high = _interval(len(x), lambda p: _spearman_rows(x, y, p), resamples, seed)
    if not high - low > 0:
        return np.nan
    goal, before, width = (high - low) / 2, 1.0, high - low
    for factor in range(2, most + 1):
        low, high = _interval(len(x), lambda p: _spearman_rows(x, y, p), resamples, seed, factor * len(x))
        if high - low <= goal:
            return before + (width - goal) / (width - (high - low)) * (factor - before)
        before, width = float(factor), high - low
    return float(most)


def reliability(one: Floats, other: Floats) -> float:
    """How well two halves of the visits agree, carried up to all visits (Spearman-Brown), in [0, 1].

    The square root of it is the greatest correlation that any score could reach with these counts.
    """
    if len(one) < 3:
        return np.nan
    half = spearman(one, other)
    return float(np.clip(2 * half / (1 + half), 0, 1)) if np.isfinite(half) and half > -1 else np.nan
