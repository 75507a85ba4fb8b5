"""What lifts a meeting space above the others, and what holds it back. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial import scoring
from spatial.model import Rubric

Floats = npt.NDArray[np.float64]

SHOWN = 2
LEAST_SCORE = 0.05  # the pull of an aspect grows as it nears 0, without end
# Of the potential: what moves it by less is not worth a word.
WORTH = 0.005
# Judged so much or more an indicator can carry, judged less it can hold back; never both.
GOOD = 0.6


@dataclass(frozen=True)
class Carried:
    """Indicators that carry a space and that hold it back, the strongest first; only what is known."""

    lifts: tuple[str, ...]
    holds: tuple[str, ...]


def of(evidence: pd.DataFrame, ids: pd.Index, rubric: Rubric) -> dict[str, Carried]:
    """Say for each meeting space what carries it and what holds it back.

    By how much the potential moves with a judged value is its weight, times that of its aspect, over
    the score of the aspect (in a geometric mean). An indicator that is judged ``GOOD`` carries a space
    by how much it is judged above the mean of all these spaces; another holds it back by how much it
    is judged below 1. What is unknown or assumed does neither, and of an aspect only the strongest is told.

    Parameters
    ----------
    evidence
        Long table of a run.
    ids
        Meeting spaces.
    rubric
        The resolved rubric of the run.

    Returns
    -------
    dict
        By id.
    """
    judged = scoring.judge_all(evidence, ids, rubric)
    if not len(ids):
        return {}
    pull = _pull(judged, rubric)
    mean = judged.best.mean(axis=0, keepdims=True)
    good = judged.best >= GOOD
    lift = np.where(judged.known & good, pull * (judged.best - mean), 0.0)
    hold = np.where(judged.known & ~good, pull * (1 - judged.best), 0.0)
    return {
        str(identity): Carried(_strongest(lift[i], judged), _strongest(hold[i], judged))
        for i, identity in enumerate(ids)
    }


def _pull(judged: scoring.Judged, rubric: Rubric) -> Floats:
    """By how much the potential of each space moves with each judged value, over the potential: (N, I)."""
    within, across = scoring.indicator_weights(rubric, judged.indicators), scoring.aspect_weights(rubric)
    if rubric.mean != "geometric":
        return np.broadcast_to(across @ within, judged.best.shape)
    aspects = np.maximum(judged.best @ within.T, LEAST_SCORE)
    pull: Floats = (across / aspects) @ within
    return pull


def _strongest(moves: Floats, judged: scoring.Judged) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for i in np.lexsort((np.array(judged.indicators), -moves)):
        if moves[i] >= WORTH and len(found) < SHOWN:
            found.setdefault(judged.aspects[i], judged.indicators[i])
    return tuple(found.values())
