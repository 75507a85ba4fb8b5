"""Negative binomial regression of counts at places: an own level for each place, and intervals that hold for few. Pure.

A count has mean ``visits * exp(x beta + u)``, variance ``mean + alpha mean²`` and, where asked for, a share ``empty``
of noughts of their own; ``u`` is the place's own level, normal with spread ``tau``. It is integrated out by adaptive
Gauss–Hermite quadrature, and all is fitted by maximum likelihood.

**Few places.** Maximum likelihood takes the spread between ``G`` places for too small by about ``(G - p) / G``, where
``p`` columns are the same at all visits of a place, and often for none at all. So ``log(tau)`` is added to what is made
most (Chung et al.), errors are multiplied by ``sqrt(G / (G - p))``, and intervals are Student's with ``G - p`` degrees
of freedom. Measured with 12 to 40 places, 200 or 300 worlds each: 92 to 97.5 % of the intervals hold the truth, 95.6 %
in the mean. What was tried and not taken: the sandwich CR2 with Satterthwaite's degrees of freedom around a model
without own levels, which held it in 88 to 93 %, since levels of places are skewed on the scale of counts.

References
----------
Hilbe (2011), Negative Binomial Regression; Lambert (1992), doi 10.2307/1269547 (zero inflation); Pinheiro & Bates
(1995), doi 10.1080/10618600.1995.10474663 (adaptive quadrature); Chung et al. (2013), doi 10.1007/s11336-013-9328-2
(a spread that is not nought); Elff et al. (2021), doi 10.1017/S0007123419000097 (few clusters).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from spatial.core.arrays import Floats, Ints

NODES = 9
MODE_STEPS, MODE_CLOSE = 30, 1e-9
# Bounds of the logarithms of tau and alpha, and of the log odds of a nought of its own: beyond, none is as good.
Bound: TypeAlias = tuple[float | None, float | None]
BOUNDS: dict[str, Bound] = {"tau": (-7.0, 2.0), "alpha": (-9.0, 5.0), "empty": (-9.0, 4.0)}
START = {"tau": -1.0, "alpha": -1.0, "empty": -2.0}
NEAR_BOUND = 1e-3
STEP = 1e-5
# Beyond this the logarithm of an expected number is cut off.
MOST_LOG = 30.0
# Share of the spread of a column that must be its own, else others say the same.
OWN = 1e-7


@dataclass(frozen=True)
class Counts:
    """Counts to be explained: ``people`` and ``exposure`` (visits) a row, columns ``x``, and the ``place`` of each."""

    people: Floats
    exposure: Floats
    x: pd.DataFrame
    place: Ints

    def rows(self, picked: Ints) -> Counts:
        """These rows alone."""
        return Counts(self.people[picked], self.exposure[picked], self.x.iloc[picked], self.place[picked])

    def columns(self, names: list[str]) -> Counts:
        """These columns alone."""
        return replace(self, x=self.x[names])

    @cached_property
    def places(self) -> int:
        """How many places there are."""
        return len(np.unique(self.place))

    @cached_property
    def between(self) -> int:
        """How many columns are the same at all visits of a place, the constant included."""
        by_place = self.x.groupby(self.place)
        return int(((by_place.max() - by_place.min()).max() <= OWN).sum())


@dataclass(frozen=True)
class Effect:
    """A coefficient with its 95 % interval, standard error and degrees of freedom; on the scale of the logarithm.

    The error is infinite where the search ended at no maximum: nothing is known of it then.
    """

    value: float
    low: float
    high: float
    error: float
    df: int


@dataclass(frozen=True)
class Fit:
    """What was found: ``beta`` by column, spreads ``tau`` and ``alpha``, share ``empty`` of noughts of their own.

    ``covariance`` is that of beta, made larger for few places; ``likelihood`` the logarithm of it.
    """

    counts: Counts
    beta: Floats
    tau: float
    alpha: float
    empty: float
    covariance: Floats
    likelihood: float

    def effect(self, column: str) -> Effect:
        """The coefficient of a column with its interval."""
        from scipy.stats import t

        at = list(self.counts.x.columns).index(column)
        df = self.counts.places - self.counts.between
        value, variance = float(self.beta[at]), float(self.covariance[at, at])
        error = float(np.sqrt(variance)) if variance > 0 else np.inf
        reach = float(t.ppf(0.975, df)) * error if df > 0 else np.inf
        return Effect(value, value - reach, value + reach, error, df)

    def predicted(self, counts: Counts, level: Floats | float = 0.0) -> Floats:
        """Expected people of any counts with the same columns, at places of a given own level."""
        linear = _linear(counts, self.beta) + level
        return np.asarray((1 - self.empty) * np.exp(np.clip(linear, -MOST_LOG, MOST_LOG)), dtype=np.float64)

    def log_probability(self, counts: Counts) -> Floats:
        """Logarithm of the probability of all counts of each place together, the places being strangers."""
        return _integrated(counts, self.beta, _Spread(self.tau, self.alpha, self.empty)).value

    def noughts(self) -> tuple[float, float]:
        """How many visits that meet nobody are expected, and the standard deviation of their number."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        weights = weights / weights.sum()
        at = _linear(self.counts, self.beta)[:, None] + self.tau * nodes
        none = np.exp(_terms(np.zeros(len(at)), at, self.alpha, self.empty).log) @ weights
        return float(none.sum()), float(np.sqrt((none * (1 - none)).sum()))

    def outside(self) -> float:
        """Share of the counts outside the middle 95 % of what is expected of a visit to any place."""
        from scipy.stats import nbinom, poisson

        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        mean = np.exp(_linear(self.counts, self.beta)[:, None] + self.tau * nodes)
        people = self.counts.people[:, None]
        drawn = nbinom(1 / self.alpha, 1 / (1 + self.alpha * mean)) if self.alpha > 0 else poisson(mean)
        at_most, below = (
            self.empty + (1 - self.empty) * drawn.cdf(n) @ (weights / weights.sum()) for n in (people, people - 1)
        )
        below = np.where(self.counts.people == 0, 0.0, below)
        return float(((at_most < 0.025) | (below > 0.975)).mean())


class _Spread(NamedTuple):
    tau: float
    alpha: float
    empty: float


class _Terms(NamedTuple):
    """Logarithm of a probability, and its first and second derivative by the logarithm of the mean."""

    log: Floats
    slope: Floats
    bend: Floats


class _Integral(NamedTuple):
    """By place, the logarithm of the likelihood; by row and node, points and the weight of each."""

    value: Floats
    points: Floats
    levels: Floats
    weight: Floats


def fit(counts: Counts, *, own_levels: bool = True, overdispersed: bool = True, zero_inflated: bool = False) -> Fit:
    """Fit coefficients and spreads by maximum likelihood.

    Parameters
    ----------
    counts
        Counts whose columns do not say the same; see ``independent``.
    own_levels
        Whether each place has a level of its own; else rows are independent of each other.
    overdispersed
        Whether counts at one place vary by more than one by one. Where each place has one row, its own level and this
        cannot be told apart, and the level stands for both.
    zero_inflated
        Whether some visits meet nobody whatever is expected.
    """
    from scipy.optimize import minimize

    asked = {"tau": own_levels, "alpha": overdispersed, "empty": zero_inflated}
    free = [name for name, wanted in asked.items() if wanted]
    even, back = _even(counts)
    start = np.append(_started(even), [START[name] for name in free])
    bounds: list[Bound] = [(None, None)] * counts.x.shape[1] + [BOUNDS[name] for name in free]
    found = minimize(_loss, start, args=(even, free), jac=True, method="L-BFGS-B", bounds=bounds,
                     options={"maxiter": 500, "maxcor": 20, "ftol": 1e-13, "gtol": 1e-5})  # fmt: skip
    beta, spread = _split(np.asarray(found.x), even, free)
    covariance = np.asarray(back @ _covariance(np.asarray(found.x), even, free, bounds) @ back.T, dtype=np.float64)
    few = counts.places / max(counts.places - counts.between, 1) if own_levels else 1.0
    return Fit(counts, back @ beta, *spread, covariance * few, float(_integrated(even, beta, spread).value.sum()))


def _even(counts: Counts) -> tuple[Counts, Floats]:
    """The counts by columns that are at right angles and of one size, so that the search is short; and the way back."""
    upright, corner = np.linalg.qr(counts.x.to_numpy(np.float64))
    size = np.sqrt(len(counts.x))
    x = pd.DataFrame(upright * size, columns=counts.x.columns)
    return replace(counts, x=x), np.asarray(np.linalg.inv(corner) * size, dtype=np.float64)


def _started(counts: Counts) -> Floats:
    """Least squares of logarithms, from which the search begins."""
    rate = np.log((counts.people + 0.5) / counts.exposure)
    return np.asarray(np.linalg.lstsq(counts.x.to_numpy(np.float64), rate, rcond=None)[0], dtype=np.float64)


def _split(values: Floats, counts: Counts, free: list[str]) -> tuple[Floats, _Spread]:
    width = counts.x.shape[1]
    own = dict(zip(free, values[width:], strict=True))
    tau, alpha = (float(np.exp(own[name])) if name in own else 0.0 for name in ("tau", "alpha"))
    empty = float(1 / (1 + np.exp(-own["empty"]))) if "empty" in own else 0.0
    return np.asarray(values[:width], dtype=np.float64), _Spread(tau, alpha, empty)


def _loss(values: Floats, counts: Counts, free: list[str]) -> tuple[float, Floats]:
    """What is made least, the likelihood's logarithm with the other sign, and its slope."""
    beta, spread = _split(values, counts, free)
    whole = _integrated(counts, beta, spread)
    people = counts.people
    terms = _terms(people, whole.points, spread.alpha, spread.empty)
    slope = [*(counts.x.to_numpy(np.float64).T @ (whole.weight * terms.slope).sum(axis=1))]
    for name in free:
        if name == "tau":
            slope.append(float((whole.weight * terms.slope * whole.levels).sum()) + 1)
            continue
        at = list(values[counts.x.shape[1] :])[free.index(name)]
        ends = [_moved(values, counts, free, name, at + step) for step in (STEP, -STEP)]
        up, down = (_terms(people, whole.points, end.alpha, end.empty).log for end in ends)
        slope.append(float((whole.weight * (up - down)).sum()) / (2 * STEP))
    held_off = float(values[counts.x.shape[1] + free.index("tau")]) if "tau" in free else 0.0
    return -float(whole.value.sum()) - held_off, -np.array(slope)


def _moved(values: Floats, counts: Counts, free: list[str], name: str, to: float) -> _Spread:
    changed = values.copy()
    changed[counts.x.shape[1] + free.index(name)] = to
    return _split(changed, counts, free)[1]


def _linear(counts: Counts, beta: Floats) -> Floats:
    return np.asarray(counts.x.to_numpy(np.float64) @ beta + np.log(counts.exposure), dtype=np.float64)


def _terms(people: Floats, linear: Floats, alpha: float, empty: float) -> _Terms:
    """The probability of people by row, at each node of ``linear`` (rows, nodes)."""
    from scipy.special import gammaln

    y = people[:, None]
    mean = np.exp(np.clip(linear, -MOST_LOG, MOST_LOG))
    if alpha > 0:
        size, over = 1 / alpha, 1 + alpha * mean
        fixed = gammaln(y + size) - gammaln(size) - gammaln(y + 1) + y * np.log(alpha)
        log = fixed + y * linear - (y + size) * np.log(over)
        slope, bend = (y - mean) / over, -mean * (1 + alpha * y) / over**2
    else:
        log, slope, bend = y * linear - mean - gammaln(y + 1), y - mean, -mean
    if empty > 0:
        own = np.where(y == 0, (1 - empty) * np.exp(log) / (empty + (1 - empty) * np.exp(log)), 1.0)
        log = np.where(y == 0, np.log(empty + (1 - empty) * np.exp(log)), np.log1p(-empty) + log)
        bend = own * bend + own * (1 - own) * slope**2
        slope = own * slope
    return _Terms(log, slope, bend)


def _integrated(counts: Counts, beta: Floats, spread: _Spread) -> _Integral:
    """Integrate each place's own level out of the likelihood, around where it most likely lies."""
    linear = _linear(counts, beta)
    if spread.tau == 0:
        points = linear[:, None]
        log = _terms(counts.people, points, spread.alpha, spread.empty).log
        return _Integral(log[:, 0], points, np.zeros_like(points), np.ones_like(points))
    _, place = np.unique(counts.place, return_inverse=True)
    mode, width = _modes(counts.people, linear, place, spread)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    level = mode[:, None] + width[:, None] * nodes
    points = linear[:, None] + spread.tau * level[place]
    log = _by_place(_terms(counts.people, points, spread.alpha, spread.empty).log, place)
    log = log - level**2 / 2 + nodes**2 / 2 + np.log(weights / weights.sum())
    most = log.max(axis=1, keepdims=True)
    value = most[:, 0] + np.log(np.exp(log - most).sum(axis=1)) + np.log(width)
    weight = np.exp(log - most) / np.exp(log - most).sum(axis=1, keepdims=True)
    return _Integral(value, points, spread.tau * level[place], weight[place])


def _by_place(values: Floats, place: Ints) -> Floats:
    """Sums over the rows of each place: (places, nodes)."""
    found = [np.bincount(place, column) for column in values.T]
    return np.stack(found, axis=1)


def _modes(people: Floats, linear: Floats, place: Ints, spread: _Spread) -> tuple[Floats, Floats]:
    """Where the level of each place most likely lies, in units of tau, and how wide its likelihood is there."""
    mode = np.zeros(int(place.max()) + 1)
    bend = np.full_like(mode, -1.0)
    for _ in range(MODE_STEPS):
        terms = _terms(people, (linear + spread.tau * mode[place])[:, None], spread.alpha, spread.empty)
        slope = spread.tau * _by_place(terms.slope, place)[:, 0] - mode
        bend = np.minimum(spread.tau**2 * _by_place(terms.bend, place)[:, 0] - 1, -0.5)
        step = np.clip(-slope / bend, -2, 2)
        mode = mode + step
        if np.abs(step).max() < MODE_CLOSE:
            break
    return mode, 1 / np.sqrt(-bend)


def _covariance(values: Floats, counts: Counts, free: list[str], bounds: list[Bound]) -> Floats:
    """Covariance of beta by the bend of the likelihood, spreads that lie at a bound being held there.

    NaN where the likelihood does not bend down on all sides: that is no maximum, and no interval is better than one of
    no width.
    """
    width = counts.x.shape[1]
    loose = [
        i for i, (low, high) in enumerate(bounds)
        if low is None or high is None or low + NEAR_BOUND < values[i] < high - NEAR_BOUND
    ]  # fmt: skip
    rows = []
    for i in loose:
        step = STEP * max(1.0, abs(float(values[i])))
        ends = [_loss(values + sign * step * np.eye(len(values))[i], counts, free)[1] for sign in (1, -1)]
        rows.append((ends[0] - ends[1])[loose] / (2 * step))
    bend = np.array(rows)
    bend = (bend + bend.T) / 2
    if not np.isfinite(bend).all() or np.linalg.eigvalsh(bend).min() <= 0:
        return np.full((width, width), np.nan)
    return np.asarray(np.linalg.inv(bend)[:width, :width], dtype=np.float64)


def independent(x: pd.DataFrame) -> list[str]:
    """Columns that each say something which those before them do not.

    Examples
    --------
    >>> independent(pd.DataFrame({"one": [1.0, 1, 1], "a": [0.0, 1, 2], "b": [5.0, 7, 9], "c": [1.0, 0, 0]}))
    ['one', 'a', 'c']
    """
    kept: list[str] = []
    base = np.empty((len(x), 0))
    for name in x:
        column = x[name].to_numpy(np.float64)
        rest = column - base @ (base.T @ column)
        rest = rest - base @ (base.T @ rest)
        if np.linalg.norm(rest) > np.sqrt(OWN) * max(float(np.linalg.norm(column)), OWN):
            base = np.column_stack([base, rest / np.linalg.norm(rest)])
            kept.append(str(name))
    return kept
