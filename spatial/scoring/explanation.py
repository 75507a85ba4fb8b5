"""Explain a score: every number behind it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.arrays import product
from spatial.core.errors import InputError
from spatial.core.messages import phrase
from spatial.core.model import ASPECTS, Rubric
from spatial.scoring.combining import aspect_weights, gate, part_weights, totals
from spatial.scoring.judging import Judged, judge_all

SUGGESTIONS = 3


@dataclass(frozen=True)
class Condition:
    """One indicator as it was measured, how it is known, and as it is judged."""

    indicator: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    evidence: str
    rule: str
    source_id: str
    judged_low: float
    judged: float
    judged_high: float


@dataclass(frozen=True)
class Part(Condition):
    """One indicator's part in an aspect.

    ``contribution`` is weight × judged value; the contributions of an aspect sum to its score.
    """

    weight: float
    contribution: float


@dataclass(frozen=True)
class AspectPart:
    """One aspect's part in the floating potential.

    ``factor`` is score to the power of its weight; the factors multiply to the potential (of an
    arithmetic mean: weight × score, which sum to it).
    """

    aspect: str
    weight: float
    low: float
    score: float
    high: float
    factor: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Claim:
    """What one source says of one field of a place, and whether its word was taken."""

    field: str
    value: str
    source_id: str
    source_object: str
    used: bool


@dataclass(frozen=True)
class Explanation:
    """Every number behind the floating potential of one place, and what the sources say of it.

    The score is ``gate``, the product of the ``conditions`` as they are judged, times the product of the
    aspects' factors (of an arithmetic mean, their sum).
    """

    place_id: str
    low: float
    score: float
    high: float
    coverage: float
    min_coverage: float
    mean: str
    gate: float
    conditions: tuple[Condition, ...]
    aspects: tuple[AspectPart, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()


def explain_place(
    evidence: pd.DataFrame, rubric: Rubric, place_id: str, *, claims: pd.DataFrame | None = None
) -> Explanation:
    """Compute a score again from the evidence, and keep every step.

    Parameters
    ----------
    evidence
        Long table of a run.
    rubric
        The resolved rubric of the run.
    claims
        Who said what of each place, as ``Result.claims``.

    Raises
    ------
    InputError
        If the run has no such place; near names are suggested.
    """
    rows = evidence[evidence["place_id"] == place_id]
    if not len(rows):
        near = get_close_matches(str(place_id), list(evidence["place_id"].unique()), SUGGESTIONS)
        hint = phrase("explanation.near", names=near) if near else phrase("explanation.see")
        raise InputError("explanation.unknown", place=place_id, hint=hint)
    judged = judge_all(rows, pd.Index([place_id]), rubric)
    within, across = part_weights(rubric, judged), aspect_weights(rubric)
    bounds = {name: product(getattr(judged, name)[0], within.T) for name in ("low", "best", "high")}
    found = rows.set_index("indicator")
    aspects = []
    for i, aspect in enumerate(ASPECTS):
        parts = tuple(
            Part(
                **_measured(found, judged, int(j)),
                weight=float(within[i, j]),
                contribution=float(within[i, j] * judged.best[0, j]),
            )
            for j in np.flatnonzero(within[i] > 0)
        )
        score = float(bounds["best"][i])
        factor = score ** across[i] if rubric.mean == "geometric" else score * across[i]
        aspects.append(
            AspectPart(
                aspect, float(across[i]), float(bounds["low"][i]), score, float(bounds["high"][i]), float(factor), parts
            )
        )
    total = {name: float(totals(values, across, rubric.mean)) for name, values in bounds.items()}
    coverage = float(product(judged.known[0], product(across, within[: len(ASPECTS)])))
    return Explanation(
        place_id,
        total["low"],
        total["best"],
        total["high"],
        coverage,
        rubric.min_coverage,
        rubric.mean,
        float(gate(bounds["best"])),
        tuple(Condition(**_measured(found, judged, int(j))) for j in judged.conditions),
        tuple(aspects),
        rubric.left_out,
        _claims(claims, place_id),
    )


def _claims(claims: pd.DataFrame | None, place_id: str) -> tuple[Claim, ...]:
    if claims is None:
        return ()
    mine = claims[claims["object_id"] == place_id]
    columns = ["field", "value", "source_id", "source_object", "used"]
    return tuple(Claim(*row) for row in mine[columns].itertuples(index=False, name=None))


def _measured(found: pd.DataFrame, judged: Judged, column: int) -> dict[str, Any]:
    """The fields of ``Condition`` for a column of what was judged of one place."""
    name = judged.indicators[column]
    row = found.loc[[name]].iloc[0]
    return {
        "indicator": name,
        **{key: None if np.isnan(row[key]) else float(row[key]) for key in ("value", "low", "high")},
        **{key: str(row[key]) for key in ("unit", "evidence", "rule", "source_id")},
        "judged_low": float(judged.low[0, column]),
        "judged": float(judged.best[0, column]),
        "judged_high": float(judged.high[0, column]),
    }
