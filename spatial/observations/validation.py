"""Test the scores against counts: rank correlation, AUC, classes, and how sure each is. Pure.

References
----------
Spearman (1904); Hanley & McNeil (1982), doi 10.1148/radiology.143.1.7063747 (AUC);
Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 13 (percentile interval);
Barlow et al. (1972), Statistical Inference under Order Restrictions (isotonic regression).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.core.arrays import Floats, Ints
from spatial.core.model import ASPECTS, FLOATING
from spatial.observations.model import Told
from spatial.observations.overlay import NOWHERE
from spatial.settings.observation_columns import STAYING, rules

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


CLASSES = 5
# A space is busier than expected where the difference of square roots passes the normal 97.5 % point.
Z = 1.96
# A glance is a visit, however long it took.
RATE = "per_visit"
BUSIER, QUIETER, AS_EXPECTED = "busier", "quieter", "as_expected"


@dataclass(frozen=True)
class Check:
    """What the published counts say of the scores.

    ``aspects`` has per aspect its own correlation (rho, low, high) and ``contribution``: the whole score's correlation
    less that of the score without the aspect. ``classes`` has per class of score the mean score,
    the number of spaces, of how many the number of people is told, people, visits, and the
    people a visit with their interval. ``residuals`` says of each space whether it is busier, quieter or as
    expected. ``surveys_to_halve`` is how many further visits like these would halve the interval of
    rho. ``model`` is what the model by place says. NaN, or None, is: not to be said.
    """

    spaces: int
    surveys: int
    rho: Estimate
    auc: Estimate
    aspects: pd.DataFrame
    classes: pd.DataFrame
    residuals: pd.Series
    surveys_to_halve: int | None
    enough: bool
    model: Told | None = None


def check_scores(
    rates: pd.DataFrame,
    scores: pd.DataFrame,
    without: Mapping[str, pd.Series],
    background: pd.Series,
    *,
    seed: int,
    resamples: int | None = None,
) -> Check:
    """Hold the scores of meeting spaces against what is published of the people counted there.

    Parameters
    ----------
    rates
        People staying, visits and rates by meeting space, as ``disclosure.Publication`` has them.
    scores
        Floating potential and aspects, indexed by space.
    without
        Per aspect, the floating potential computed without it.
    background
        Background points in the observed area by space (see ``background``); ``NOWHERE`` for ground
        that is no meeting space, which scores below all.
    seed, resamples
        Of the bootstrap; by default as many as ``observations.toml`` says.
    """
    resamples = resamples or int(rules().test["resamples"])
    elsewhere = rates.loc[rates.index == NOWHERE, "people"].sum()
    table = rates.drop(index=NOWHERE, errors="ignore")
    table = table.join(scores[[FLOATING, *ASPECTS]], how="inner").dropna(subset=[FLOATING])
    x, y = table[FLOATING].to_numpy(np.float64), table[RATE].to_numpy(np.float64)
    enough = len(table) >= int(rules().test["min_spaces"])
    factor = halving_factor(x, y, resamples=resamples, seed=seed) if enough else np.nan
    used = int(table["visits"].sum())
    return Check(
        spaces=len(table),
        surveys=used,
        rho=rank_correlation(x, y, resamples=resamples, seed=seed),
        auc=_separation(table, background, elsewhere, resamples, seed),
        aspects=_aspects(table, without, y, resamples, seed),
        classes=_classes(x, table, resamples, seed),
        residuals=_residuals(x, table),
        surveys_to_halve=None if np.isnan(factor) else max(1, round((factor - 1) * used)),
        enough=enough,
    )


def _separation(table: pd.DataFrame, background: pd.Series, elsewhere: float, resamples: int, seed: int) -> Estimate:
    """AUC over all observed ground; ground without a meeting space scores below every space."""
    units = table.index.union(background.index).drop(NOWHERE, errors="ignore")
    units = units.intersection(table.index)
    scores = np.append(table[FLOATING].reindex(units).to_numpy(np.float64), -1.0)
    seen = np.append(table["people"].reindex(units).fillna(0).to_numpy(np.float64), float(elsewhere))
    ground = np.append(background.reindex(units).fillna(0).to_numpy(np.float64), float(background.get(NOWHERE, 0.0)))
    return separation(scores, seen, ground, resamples=resamples, seed=seed)


def _aspects(
    table: pd.DataFrame, without: Mapping[str, pd.Series], y: Floats, resamples: int, seed: int
) -> pd.DataFrame:
    whole = spearman(table[FLOATING].to_numpy(np.float64), y) if len(table) else np.nan
    rows = []
    for aspect in ASPECTS:
        own = table[aspect].to_numpy(np.float64)
        found = rank_correlation(own, y, resamples=resamples, seed=seed)
        rest = without[aspect].reindex(table.index).to_numpy(np.float64)
        less = spearman(rest, y) if len(table) and np.isfinite(rest).all() else np.nan
        rows.append((found.value, found.low, found.high, whole - less))
    return pd.DataFrame(rows, index=list(ASPECTS), columns=["rho", "low", "high", "contribution"])


def _classes(x: Floats, table: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Spaces in classes of equal number by score: what was counted in each."""
    effort = table["visits"].to_numpy(np.float64)
    people = table["people"].to_numpy(np.float64)
    order = np.lexsort((table.index.to_numpy().astype(str), x))
    rows = []
    for picked in np.array_split(order, min(CLASSES, max(1, len(order)))) if len(order) else []:
        random = np.random.default_rng(seed)
        draws = random.choice(picked, (resamples, len(picked)))
        low, high = np.percentile(people[draws].sum(axis=1) / effort[draws].sum(axis=1), (2.5, 97.5))
        total, time = float(people[picked].sum()), float(effort[picked].sum())
        told = int((~table["withheld"].to_numpy(bool)[picked]).sum())
        rows.append((float(x[picked].mean()), len(picked), told, total, time, total / time, low, high))
    return pd.DataFrame(rows, columns=["score", "spaces", "told", "people", "effort", "rate", "low", "high"])


def _residuals(x: Floats, table: pd.DataFrame) -> pd.Series:
    """Busier, quieter or as expected of a space with this score: square roots of counts, by their own spread."""
    if not len(table):
        return pd.Series(dtype=object)
    effort = table["visits"].to_numpy(np.float64)
    people = table["people"].to_numpy(np.float64)
    expected = isotonic(x, people / effort, effort) * effort
    difference = np.sqrt(people + 0.375) - np.sqrt(expected + 0.375)
    # Counts spread by 1/2 in square roots if people came one by one; they come in company, so more.
    spread = max(0.5, float(np.median(np.abs(difference))) / 0.6745)
    standing = difference / spread
    words = np.select([standing > Z, standing < -Z], [BUSIER, QUIETER], AS_EXPECTED)
    return pd.Series(words, index=table.index, dtype=object)


def background(
    surveys: gpd.GeoDataFrame, spaces: gpd.GeoDataFrame, *, join_m: float, points: int, seed: int
) -> pd.Series:
    """Points drawn evenly over the ground that was observed, by the meeting space they fall to.

    The observed ground is what lies within ``join_m`` of a location where people staying were
    counted; of a location that is a meeting space, of the space. A point belongs to the space it
    lies in or within ``join_m`` of, as people do; else to ``NOWHERE``.
    """
    staying = surveys[surveys["kind"] == STAYING]
    shapes = staying.geometry.where(staying.geometry.notna(), staying["location_id"].map(spaces.geometry.to_dict()))
    ground = shapely.union_all(shapely.buffer(np.asarray(shapes.dropna().to_numpy(), dtype=object), join_m))
    if shapely.is_empty(ground):
        return pd.Series(dtype=np.float64)
    at = _drawn(ground, points, seed)
    spaces = spaces.sort_index(kind="stable")
    owner = np.full(len(at), NOWHERE, dtype=object)
    if len(spaces):
        tree = shapely.STRtree(np.asarray(spaces.geometry.to_numpy(), dtype=object))
        point, space = tree.query_nearest(at, max_distance=join_m, all_matches=False)
        owner[point] = spaces.index.to_numpy()[space]
    return pd.Series(owner).value_counts().sort_index().astype(np.float64)


def _drawn(ground: shapely.Geometry, points: int, seed: int) -> npt.NDArray[np.object_]:
    """Points drawn evenly over an area, by rejection from its box."""
    random = np.random.default_rng(seed)
    west, south, east, north = shapely.bounds(ground)
    shapely.prepare(ground)
    found: list[npt.NDArray[np.object_]] = []
    while sum(map(len, found)) < points:
        xy = random.uniform((west, south), (east, north), (points, 2))
        drawn = np.asarray(shapely.points(xy), dtype=object)
        found.append(drawn[shapely.contains(ground, drawn)])
    return np.concatenate(found)[:points]
