"""Weights of the aspects that fit the counts of several estates: offered with their uncertainty, never used unasked.

Pure.

The floating potential is a weighted geometric mean, so the logarithm of people a visit is fitted by
the logarithms of the aspects, within estates (each has its own level). Coefficients are not
negative, and are drawn towards the rubric's weights by as much as predicts left-out estates best.

References
----------
Hoerl & Kennard (1970), doi 10.1080/00401706.1970.10488634 (ridge); Lawson & Hanson (1974), Solving
Least Squares Problems (non-negativity); Stone (1974) (cross-validation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from spatial.core.arrays import Floats
from spatial.core.errors import InputError
from spatial.core.model import ASPECTS
from spatial.observations.validation import spearman
from spatial.settings.observation_columns import rules

# Share of the data's own weight with which the rubric's weights pull.
PULLS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
# Counts vary by more than one by one: people come in company (variance of the logarithm beside 1 / count).
EXTRA_VARIANCE = 0.25
SWEEPS = 400
SMALLEST = 1e-6


@dataclass(frozen=True)
class Sample:
    """Observed meeting spaces of one estate: aspects (n, 5) in [0, 1], people, and effort (visits)."""

    estate: str
    aspects: Floats
    people: Floats
    effort: Floats
    surveys: int


@dataclass(frozen=True)
class Calibrated:
    """Weights that sum to 1, with 95 % intervals, and what they rest on.

    ``table`` has per aspect the given weight, the calibrated one, low and high. ``left_out`` has per
    estate Spearman's rho of its counts with the score by the given weights and by weights fitted
    without it. ``pull`` is how strongly the given weights pulled.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame
    pull: float
    surveys: int
    spaces: int


def calibrate(samples: Sequence[Sample], given: Floats, *, resamples: int = 500, seed: int = 20250201) -> Calibrated:
    """Fit weights of the five aspects to counts of people staying.

    Parameters
    ----------
    samples
        One an estate.
    given
        The rubric's weights, summing to 1, in the order of ``ASPECTS``.

    Raises
    ------
    InputError
        If there are too few counts or estates, or the counts do not rise with any aspect.
    """
    _check_enough(samples)
    pull = min(PULLS, key=lambda p: (_error_left_out(samples, given, p), -p))
    weights = _fit(samples, given, pull)
    random = np.random.default_rng(seed)
    draws = np.array([_fit([_resampled(s, random) for s in samples], given, pull) for _ in range(resamples)])
    low, high = np.percentile(draws, (2.5, 97.5), axis=0)
    table = pd.DataFrame(
        {"given": given, "weight": weights, "low": low, "high": high}, index=pd.Index(ASPECTS, name="aspect")
    )
    return Calibrated(
        table=table,
        left_out=_left_out(samples, given, pull),
        pull=pull,
        surveys=sum(s.surveys for s in samples),
        spaces=sum(len(s.people) for s in samples),
    )


def _check_enough(samples: Sequence[Sample]) -> None:
    surveys, estates = sum(s.surveys for s in samples), len({s.estate for s in samples})
    needed, most = int(rules().test["min_surveys"]), int(rules().test["min_estates"])
    if surveys < needed or estates < most:
        raise InputError("weights.few", surveys=surveys, estates=estates, needed=needed, most=most)


def _prepared(sample: Sample) -> tuple[Floats, Floats, Floats]:
    """Logarithms of the aspects and of people an hour, less the estate's own means; and the trust in each."""
    trust = 1 / (1 / (sample.people + 0.5) + EXTRA_VARIANCE)
    x = np.log(np.maximum(sample.aspects, SMALLEST))
    y = np.log((sample.people + 0.5) / sample.effort)
    share = trust / trust.sum()
    return x - share @ x, y - share @ y, trust


def _fit(samples: Sequence[Sample], given: Floats, pull: float) -> Floats:
    """Weights of the aspects, summing to 1; the given ones where the counts rise with none."""
    parts = [_prepared(s) for s in samples]
    x, y, trust = (np.concatenate([part[i] for part in parts]) for i in range(3))
    gram, right = x.T @ (trust[:, None] * x), x.T @ (trust * y)
    along = float(given @ gram @ given)
    slope = max(0.0, float(given @ right) / along) if along > 0 else 0.0
    ridge = pull * float(np.trace(gram)) / len(given)
    found = _non_negative(gram + ridge * np.eye(len(given)), right + ridge * slope * given)
    total = float(found.sum())
    return found / total if total > 0 else given


def _non_negative(gram: Floats, right: Floats) -> Floats:
    """Least squares without negative coefficients, one coefficient after the other (convex, so it converges)."""
    found = np.zeros(len(right))
    for _ in range(SWEEPS):
        before = found.copy()
        for i in range(len(right)):
            if gram[i, i] > 0:
                found[i] = max(0.0, found[i] + (right[i] - gram[i] @ found) / gram[i, i])
        if np.abs(found - before).max() < 1e-12:
            break
    return found


def _error_left_out(samples: Sequence[Sample], given: Floats, pull: float) -> float:
    """Squared error within estates that were not fitted, the best slope allowed."""
    error = 0.0
    for i, sample in enumerate(samples):
        weights = _fit([*samples[:i], *samples[i + 1 :]], given, pull)
        x, y, trust = _prepared(sample)
        score = x @ weights
        spread = float((trust * score * score).sum())
        slope = float((trust * score * y).sum()) / spread if spread > 0 else 0.0
        error += float((trust * (y - slope * score) ** 2).sum())
    return error


def _left_out(samples: Sequence[Sample], given: Floats, pull: float) -> pd.DataFrame:
    rows = []
    for i, sample in enumerate(samples):
        weights = _fit([*samples[:i], *samples[i + 1 :]], given, pull)
        x, rate = np.log(np.maximum(sample.aspects, SMALLEST)), sample.people / sample.effort
        rows.append((sample.estate, len(rate), spearman(x @ given, rate), spearman(x @ weights, rate)))
    return pd.DataFrame(rows, columns=["estate", "spaces", "rho_given", "rho_fitted_without_it"])


def _resampled(sample: Sample, random: np.random.Generator) -> Sample:
    rows = random.integers(0, len(sample.people), len(sample.people))
    return Sample(sample.estate, sample.aspects[rows], sample.people[rows], sample.effort[rows], sample.surveys)
