"""Putting judged values together: weights, aspects, conditions, the floating potential. Pure.

A score has parts: the five aspects, then each condition of the rubric; the conditions multiply the weighted mean of
the aspects.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from spatial.core.arrays import Bools, Floats
from spatial.core.model import ASPECTS, CLOSED_AT, Rubric
from spatial.scoring.judging import UNKNOWN, Judged

# A product of conditions so little above ``CLOSED_AT`` is not above it.
ROUNDING = 1e-9
# The one condition that is not about who may come.
ROOM_TO_STAY = "room_to_stay"


def indicator_weights(rubric: Rubric, names: Iterable[str]) -> Floats:
    """Weight of each indicator in each aspect: (aspects, indicators), rows sum to 1 or are 0."""
    weights = np.array(
        [[rubric.rules[n].weight if rubric.rules[n].aspect == aspect else 0.0 for n in names] for aspect in ASPECTS]
    )
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


def part_weights(rubric: Rubric, judged: Judged) -> Floats:
    """Weight of each indicator in each part: (aspects + conditions, indicators); a condition is a part alone."""
    conditions = np.eye(len(judged.indicators))[judged.conditions]
    return np.concatenate([indicator_weights(rubric, judged.indicators), conditions])


def aspect_weights(rubric: Rubric) -> Floats:
    """Weights of the five aspects, summing to 1."""
    weights = np.array([rubric.aspect_weights[aspect] for aspect in ASPECTS], dtype=np.float64)
    return weights / weights.sum()


def combine(aspects: Floats, weights: Floats, mean: str) -> Floats:
    """Weighted mean of the aspects over the last axis: geometric (0 if any is 0) or arithmetic.

    Examples
    --------
    >>> float(combine(np.array([0.25, 1.0]), np.array([0.5, 0.5]), "geometric"))
    0.5
    """
    if mean == "arithmetic":
        return np.asarray((aspects * weights).sum(axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(weights > 0, np.log(aspects) * weights, 0.0)
    return np.asarray(np.exp(logs.sum(axis=-1)))


def totals(parts: Floats, weights: Floats, mean: str) -> Floats:
    """Floating potential: the product of the conditions times the weighted mean of the aspects.

    Parameters
    ----------
    parts
        The five aspects, then the conditions, if there are any, over the last axis; in [0, 1].
    weights
        Of the aspects, summing to 1.
    mean
        ``"geometric"`` or ``"arithmetic"``.

    Examples
    --------
    >>> float(totals(np.array([0.25, 0.25, 0.25, 0.25, 0.25, 0.5, 0.8]), np.full(5, 0.2), "geometric"))
    0.1
    """
    found = combine(parts[..., : len(ASPECTS)], weights, mean)
    return found * gate(parts) if parts.shape[-1] > len(ASPECTS) else found


def gate(parts: Floats) -> Floats:
    """Product of the conditions among the parts of a score, over the last axis; 1 where there are none."""
    return np.asarray(parts[..., len(ASPECTS) :].prod(axis=-1))


def conditions_hold(judged: Judged) -> Bools:
    """Where the product of the conditions, by the best estimates, lies above ``CLOSED_AT``: (N,)."""
    found: Bools = judged.best[:, judged.conditions].prod(axis=1) > CLOSED_AT + ROUNDING
    return found


def conditions_known(judged: Judged) -> Bools:
    """Where each condition is known, or assumed by a rule that leaves the place open at worst: (N,)."""
    at = judged.conditions
    stays_open = (judged.states[:, at] != UNKNOWN) & (judged.low[:, at] > CLOSED_AT + ROUNDING)
    told = judged.known[:, at] | stays_open
    return np.asarray(told.all(axis=1), dtype=bool)


def is_open(judged: Judged) -> Bools:
    """Where everybody may be, whatever there is to stay for: (N,)."""
    return conditions_hold(judged.columns([name for name in judged.indicators if name != ROOM_TO_STAY]))
