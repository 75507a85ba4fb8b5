"""Find the smallest change of the aspects' weights that would turn the verdict on a plan. Pure.

The verdict: the median dwelling, of those that stay, keeps or betters what it has, give or take a
hundredth. With weights w that sum to one, the potential of a meeting space is a weighted mean of its
aspects, each times what its conditions come to: linear in w, or, of the geometric mean, linear in w after
taking logarithms. What a home has is the best within its reach, so "the median is at least t" and "at most t"
are linear conditions with one binary variable a meeting space. The least weight that has to be moved is then
a mixed-integer linear programme, solved by HiGHS (``scipy.optimize.milp``). What the hundredth makes of it
after taking logarithms, log(exp(t) - 0.01), is concave and closed in on by straight lines.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.arrays import Bools, Floats, product
from spatial.core.model import ASPECTS, Result, Rubric
from spatial.places.homes import reached_from_text
from spatial.plans.home_changes import WORTH, median
from spatial.scoring.combining import aspect_weights, combine, gate, part_weights
from spatial.scoring.judging import judge_all

# An aspect below this is taken as this before its logarithm is taken.
FLOOR = 1e-3
# The levels keep this far apart from the edge, which is more than the solver's tolerances; so much further the
# weights go where that is not enough.
MARGIN, PAST = 3e-5, 1e-7
# How scipy says how the solver ended.
SOLVED, INFEASIBLE = 0, 2
SECONDS, LEAST_SECONDS = 20.0, 1.0
# So many weights are tried where the solver was stopped.
TRIED = 500
# More than half of the dwellings is half and this much.
SHARE = 1e-5


@dataclass(frozen=True)
class Homes:
    """Homes and what they reach, at one time.

    ``aspects`` (spaces, aspects) in [0, 1], times the conditions of the space; ``near`` (spaces, doors);
    ``dwellings`` by door.
    """

    aspects: Floats
    near: Bools
    dwellings: Floats


@dataclass(frozen=True)
class Turn:
    """The nearest weights under which the verdict is another.

    ``weights`` of the aspects, summing to 1; ``moved_share`` is the share of all weight that has to be
    moved from one aspect to another; the medians are those under these weights. ``proven`` says whether
    the solver ended with a proof that there are none nearer; where it was stopped before it found any,
    ``moved_share`` is NaN and the weights are those of today.
    """

    weights: Floats
    moved_share: float
    median_before: float
    median_after: float
    proven: bool


def keeps(before: float, after: float) -> bool:
    """The verdict: what the median dwelling has after is not less than before by more than a hundredth."""
    return after >= before - WORTH


def median_home_scores(weights: Floats, before: Homes, after: Homes, mean: str) -> tuple[float, float]:
    """What the median dwelling has before and after, under these weights."""
    found = []
    for homes in (before, after):
        score = combine(homes.aspects, weights, mean)
        best = np.where(homes.near, score[:, None], 0.0).max(axis=0, initial=0.0)
        found.append(float(median(best[None], homes.dwellings)[0]))
    return found[0], found[1]


def nearest_turn(weights: Floats, before: Homes, after: Homes, mean: str, *, seconds: float = SECONDS) -> Turn | None:
    """Find the smallest change of weights that turns the verdict.

    Parameters
    ----------
    weights
        Of the aspects, summing to 1.
    before, after
        The same doors in the same order, with the same dwellings.
    mean
        ``"geometric"`` or ``"arithmetic"``.
    seconds
        After about so long the best that was found is taken, unproven.

    Returns
    -------
    Turn or None
        None where no weights turn it, or there are no homes.

    Examples
    --------
    One home, two aspects of equal weight: before it has 0.5 and 0.5, after 0.9 and 0.3.

    >>> before, after = (Homes(np.array([row]), np.ones((1, 1), bool), np.ones(1)) for row in ([0.5, 0.5], [0.9, 0.3]))
    >>> turn = nearest_turn(np.array([0.5, 0.5]), before, after, "arithmetic")
    >>> turn.weights.round(3).tolist(), round(turn.moved_share, 3)
    ([0.317, 0.683], 0.183)
    """
    if not before.dwellings.sum() > 0:
        return None
    now = keeps(*median_home_scores(weights, before, after, mean))
    curve = _Curve(logarithmic=mean != "arithmetic")
    programme = _Programme(weights, before, after, curve, worse=now)
    stop = time.monotonic() + seconds
    found = programme.solve(seconds)
    while found is not None and found.gap > 0 and time.monotonic() < stop:
        programme.refine(found.level)
        found = programme.solve(max(stop - time.monotonic(), LEAST_SECONDS))
    if found is None and not programme.stopped:
        return None
    # What is not proven yet may lie before the edge; then the way past it is what counts.
    proven = found is not None and found.proven and found.gap <= 0
    turned = None if found is None else _past(weights, found.weights, before, after, mean, now, proven)
    return turned or _tried(weights, before, after, mean, now)


def _past(start: Floats, edge: Floats, before: Homes, after: Homes, mean: str, now: bool, proven: bool) -> Turn | None:
    """Go on from the edge that the solver found until the verdict is turned by scoring again."""
    edge = np.clip(edge, 0.0, None)
    edge = edge / edge.sum()
    for step in (0.0, *np.geomspace(PAST, 1.0, 20)):
        weights = np.clip(start + (edge - start) * (1 + step), 0.0, None)
        weights = weights / weights.sum()
        was, then = median_home_scores(weights, before, after, mean)
        if keeps(was, then) != now:
            return Turn(weights, float(np.abs(weights - start).sum() / 2), was, then, proven)
    return None


def _tried(start: Floats, before: Homes, after: Homes, mean: str, now: bool) -> Turn:
    """The nearest of many weights that turn the verdict, where the solver was stopped; none of them may."""
    random = np.random.default_rng(0)
    tried = random.dirichlet(np.ones(len(start)), TRIED)
    order = np.argsort(np.abs(tried - start).sum(axis=1), kind="stable")
    for weights in tried[order]:
        was, then = median_home_scores(weights, before, after, mean)
        if keeps(was, then) != now:
            return Turn(weights, float(np.abs(weights - start).sum() / 2), was, then, False)
    return Turn(start, float("nan"), *median_home_scores(start, before, after, mean), False)


def smallest_weight_change(
    before: Result, after: Result, homes: pd.DataFrame, *, seconds: float = SECONDS
) -> Turn | None:
    """Find the smallest change of the aspects' weights that turns the verdict on a plan.

    Parameters
    ----------
    before, after
        Judged by the rubric of the first.
    homes
        As ``spatial.plans.comparison.Comparison.homes``.
    """
    staying = homes[homes["best_before"].notna() & homes["best_after"].notna()]
    rubric = before.rubric
    was, then = (_homes_of(result, staying, rubric) for result in (before, after))
    return nearest_turn(aspect_weights(rubric), was, then, rubric.mean, seconds=seconds)


def _homes_of(result: Result, staying: pd.DataFrame, rubric: Rubric) -> Homes:
    spaces = result.meeting_spaces.index
    judged = judge_all(result.evidence, spaces, rubric)
    near = reached_from_text(result.layers["homes"].loc[staying.index, "spaces_5min"].fillna(""), spaces)
    parts = product(judged.best, part_weights(rubric, judged).T)
    # Weights sum to one: what multiplies the mean of the aspects may as well multiply each of them.
    aspects = parts[:, : len(ASPECTS)] * gate(parts)[:, None]
    return Homes(np.clip(aspects, 0.0, 1.0), near, staying["dwellings"].to_numpy(dtype=np.float64))


# --- the programme -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Curve:
    """How low the median after must be, by the median before, both on the scale that is linear in the weights."""

    logarithmic: bool

    @property
    def bottom(self) -> float:
        return float(np.log(FLOOR)) if self.logarithmic else 0.0

    @property
    def top(self) -> float:
        return 0.0 if self.logarithmic else 1.0

    def scaled(self, aspects: Floats) -> Floats:
        return np.log(np.maximum(aspects, FLOOR)) if self.logarithmic else aspects

    def at(self, level: float) -> float:
        if not self.logarithmic:
            return level - WORTH
        left = np.exp(level) - WORTH
        return float(np.log(left)) if left > 0 else -np.inf

    def slope(self, level: float) -> float:
        return float(np.exp(level) / (np.exp(level) - WORTH)) if self.logarithmic else 1.0


@dataclass(frozen=True)
class _Found:
    weights: Floats
    level: float
    gap: float
    proven: bool


@dataclass
class _Programme:
    """Variables: weights and what they move by (A each), the two levels, then binaries and shares of homes."""

    start: Floats
    before: Homes
    after: Homes
    curve: _Curve
    worse: bool  # look for weights under which the median dwelling loses; else under which it keeps
    knots: list[float] = field(default_factory=list)
    stopped: bool = False  # the solver ended before it knew

    def __post_init__(self) -> None:
        lowest = float(np.log(WORTH + FLOOR)) if self.curve.logarithmic else WORTH
        self.knots = sorted({lowest, *np.linspace(lowest, self.curve.top, 6)})

    def refine(self, level: float) -> None:
        self.knots = sorted({*self.knots, level})

    def solve(self, seconds: float) -> _Found | None:
        from scipy.optimize import milp

        rows = _Rows(len(self.start))
        self._weights(rows)
        high, low = (self.before, self.after) if self.worse else (self.after, self.before)
        of_high, of_low = (rows.level_before, rows.level_after) if self.worse else (rows.level_after, rows.level_before)
        self._at_least(rows, high, of_high)
        self._at_most(rows, low, of_low)
        (self._below_curve if self.worse else self._above_curve)(rows)
        cost = np.zeros(rows.count)
        cost[rows.moved] = 0.5
        with _unheard():
            answer = milp(
                cost,
                constraints=rows.constraints(),
                integrality=rows.integral(),
                bounds=rows.bounds(self.curve),
                options={"time_limit": seconds, "mip_rel_gap": 0.0},
            )
        self.stopped = answer.status not in (SOLVED, INFEASIBLE)
        if answer.x is None:
            return None
        level, other = answer.x[rows.level_before], answer.x[rows.level_after]
        edge = self.curve.at(level)
        gap = 0.0 if np.isinf(edge) else (other - edge if self.worse else edge - other)
        return _Found(answer.x[rows.weights], float(level), float(gap), answer.status == SOLVED)

    def _weights(self, rows: _Rows) -> None:
        rows.add({j: 1.0 for j in rows.weights}, 1.0, 1.0)
        for j, k, begin in zip(rows.weights, rows.moved, self.start, strict=True):
            rows.add({k: 1.0, j: -1.0}, -begin, np.inf)
            rows.add({k: 1.0, j: 1.0}, begin, np.inf)

    def _at_least(self, rows: _Rows, homes: Homes, level: int) -> None:
        """More than half of the dwellings have a space that is worth the level at least."""
        groups, weight = _groups(homes)
        wide = self.curve.top - self.curve.bottom
        worth = {}
        for i in np.flatnonzero(groups.any(axis=1)):
            worth[i] = rows.binary()
            terms = dict(zip(rows.weights, self.curve.scaled(homes.aspects[i]), strict=True))
            rows.add({**terms, level: -1.0, worth[i]: -wide}, -wide, np.inf)
        share = [rows.share() for _ in weight]
        for g, variable in enumerate(share):
            rows.add({variable: -1.0, **{worth[i]: 1.0 for i in np.flatnonzero(groups[:, g])}}, 0.0, np.inf)
        rows.add(dict(zip(share, weight / weight.sum(), strict=True)), 0.5 + SHARE, np.inf)

    def _at_most(self, rows: _Rows, homes: Homes, level: int) -> None:
        """At least half of the dwellings have no space that is worth more than the level."""
        groups, weight = _groups(homes)
        wide = self.curve.top - self.curve.bottom
        worth = {}
        for i in np.flatnonzero(groups.any(axis=1)):
            worth[i] = rows.binary()
            terms = dict(zip(rows.weights, -self.curve.scaled(homes.aspects[i]), strict=True))
            rows.add({**terms, level: 1.0, worth[i]: -wide}, -wide, np.inf)
        share = [rows.share() for _ in weight]
        for g, variable in enumerate(share):
            for i in np.flatnonzero(groups[:, g]):
                rows.add({variable: -1.0, worth[i]: 1.0}, 0.0, np.inf)
        rows.add(dict(zip(share, weight / weight.sum(), strict=True)), 0.5, np.inf)

    def _below_curve(self, rows: _Rows) -> None:
        """The level after lies below the concave curve: below each of its tangents."""
        for knot in self.knots:
            slope = self.curve.slope(knot)
            rows.add(
                {rows.level_after: -1.0, rows.level_before: slope}, slope * knot - self.curve.at(knot) + MARGIN, np.inf
            )

    def _above_curve(self, rows: _Rows) -> None:
        """The level after lies above the curve: above the chord of one of its pieces, or the level is next to none."""
        wide = (self.curve.top - self.curve.bottom) * self.curve.slope(self.knots[0]) * 2
        pieces = [(self.curve.bottom, self.knots[0]), *zip(self.knots[:-1], self.knots[1:], strict=True)]
        chosen = [rows.binary() for _ in pieces]
        rows.add(dict.fromkeys(chosen, 1.0), 1.0, 1.0)
        for k, (variable, (left, right)) in enumerate(zip(chosen, pieces, strict=True)):
            rows.add({rows.level_before: 1.0, variable: -wide}, left - wide, np.inf)
            rows.add({rows.level_before: -1.0, variable: -wide}, -right - wide, np.inf)
            if k:
                low, high = self.curve.at(left), self.curve.at(right)
                slope = (high - low) / (right - left)
                terms = {rows.level_after: 1.0, rows.level_before: -slope, variable: -wide}
                rows.add(terms, low - slope * left - wide + MARGIN, np.inf)


@contextmanager
def _unheard() -> Iterator[None]:
    """Standard output of this process goes nowhere: HiGHS has lines of its own that no option turns off."""
    sys.stdout.flush()
    with open(os.devnull, "wb") as nowhere:
        kept = os.dup(1)
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def _groups(homes: Homes) -> tuple[Bools, Floats]:
    """Doors that reach the same spaces, as one: (spaces, groups), and their dwellings."""
    groups, of = np.unique(homes.near, axis=1, return_inverse=True)
    weight = np.bincount(of.reshape(-1), weights=homes.dwellings, minlength=groups.shape[1])
    return groups, weight.astype(np.float64)


class _Rows:
    """Constraints and variables as they are added."""

    def __init__(self, aspects: int) -> None:
        self.weights, self.moved = list(range(aspects)), list(range(aspects, 2 * aspects))
        self.level_before, self.level_after = 2 * aspects, 2 * aspects + 1
        self.count = 2 * aspects + 2
        self._binary: list[int] = []
        self._terms: list[dict[int, float]] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def binary(self) -> int:
        self._binary.append(self.share())
        return self._binary[-1]

    def share(self) -> int:
        self.count += 1
        return self.count - 1

    def add(self, terms: dict[int, float], low: float, high: float) -> None:
        self._terms.append(terms)
        self._low.append(low)
        self._high.append(high)

    def constraints(self) -> Any:
        from scipy.optimize import LinearConstraint
        from scipy.sparse import coo_array

        at = np.array([(i, j) for i, terms in enumerate(self._terms) for j in terms], dtype=np.int64).T
        values = np.array([value for terms in self._terms for value in terms.values()], dtype=np.float64)
        matrix: Any = coo_array((values, (at[0], at[1])), shape=(len(self._terms), self.count)).tocsr()
        return LinearConstraint(matrix, np.array(self._low), np.array(self._high))

    def integral(self) -> Floats:
        found = np.zeros(self.count)
        found[self._binary] = 1
        return found

    def bounds(self, curve: _Curve) -> Any:
        from scipy.optimize import Bounds

        low, high = np.zeros(self.count), np.ones(self.count)
        low[[self.level_before, self.level_after]], high[[self.level_before, self.level_after]] = (
            curve.bottom,
            curve.top,
        )
        return Bounds(low, high)
