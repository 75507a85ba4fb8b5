"""What is said of observations, as plain data: of people nothing but what the published cells tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from spatial.observations import overlay, validation
from spatial.observations.model import Told
from spatial.observations.normalisation import Observations
from spatial.observations.regression import Effect
from spatial.observations.study import SPACE, Observed
from spatial.observations.validation import Estimate
from spatial.settings.observation_columns import STAYING


def observation_facts(observed: Observed) -> dict[str, Any]:
    """What is said of observations, as plain data: of people nothing but what the published cells tell.

    Rows are told of where each is a visit; elsewhere their number would be one of people.
    """
    found, check, cells = observed.read.observations, observed.check, observed.publication.cells
    whole = cells[cells["by"] == overlay.ALL].set_index(["kind", "unit_id"])
    rows = {"read": found.rows_read, "used": found.rows_used, "rejected": found.rows_rejected}
    reasons = found.rejected["reason"].value_counts().sort_index()
    visits = _visits(whole)
    return {
        "rows": rows if found.rows_are_visits else dict.fromkeys(rows),
        "rejected": {str(reason): int(n) if found.rows_are_visits else None for reason, n in reasons.items()},
        "dropped_columns": {why: list(names) for why, names in found.layout.dropped.items()},
        "notes": _notes(found),
        "visits": visits,
        "people": {kind: _rounded(whole["people"].get((kind, overlay.ALL))) for kind in visits},
        "unmatched_share": _unmatched(whole, visits) if observed.by == SPACE else None,
        "several_spaces": observed.joined.several if found.visits_told else 0,
        "organised": _organised(observed.joined.visits) if found.visits_told else 0,
        "by": observed.by,
        "k": observed.publication.k,
        "k_reason": observed.k_reason,
        "cells_withheld": int(cells["withheld"].sum()),
        "periods": {name: sorted(_staying(cells, name)["part"].unique().tolist()) for name in overlay.PERIODS},
        "check": check_facts(check),
    }


# Notes on how a file was read that count visits, not people.
TOLD = (
    "either_way", "other_zone", "no_unit", "named", "unread_numbers", "past_midnight", "alike", "subtotals",
    "form_times", "hidden_sheets", "case_rows", "visits_twice", "visits_paired", "heirs", "unmapped", "moved",
)  # fmt: skip


CHECKED = (
    "meeting_spaces", "surveys", "enough", "rate", "spearman", "auc", "surveys_to_halve", "aspects", "classes",
    "model",
)  # fmt: skip
# All that is said of observations in a manifest, and of the test of the scores.
FACTS: Mapping[str, Sequence[str]] = dict.fromkeys(
    (
        "rows", "rejected", "dropped_columns", "notes", "visits", "people", "unmatched_share", "several_spaces",
        "organised", "by", "k", "k_reason", "cells_withheld", "periods",
    ), ()
) | {"check": CHECKED}  # fmt: skip


def _visits(whole: pd.DataFrame) -> dict[str, int]:
    """Visits by kind, of all units that are told of."""
    units = whole[whole.index.get_level_values("unit_id") != overlay.ALL]
    return {str(kind): int(n) for kind, n in units.groupby(level="kind", sort=True)["visits"].sum().items()}


def _notes(found: Observations) -> dict[str, Any]:
    """How rows were read, by visits; where a visit tells of a person, only that rows which are alike are people.

    Counts of people staying that have a length are told of, since older versions divided by it.
    """
    if not found.visits_told:
        return {key: value for key, value in found.notes.items() if key == "alike"}
    timed = int(((found.surveys["kind"] == STAYING) & found.surveys["minutes"].notna()).sum())
    told = {key: value for key, value in found.notes.items() if key in TOLD}
    return told | ({"glances_timed": timed} if timed else {})


def _unmatched(whole: pd.DataFrame, visits: Mapping[str, int]) -> float | None:
    """Share of the visits of people staying that were at no meeting space."""
    elsewhere = whole["visits"].get((STAYING, overlay.NOWHERE), 0)
    return _rounded(float(elsewhere) / visits[STAYING]) if visits.get(STAYING) else None


def _organised(visits: pd.DataFrame) -> int:
    return int(((visits["kind"] == STAYING) & (visits["organised"] == 1)).sum())


def _staying(cells: pd.DataFrame, by: str) -> pd.DataFrame:
    return cells[(cells["kind"] == STAYING) & (cells["by"] == by)]


def check_facts(check: validation.Check) -> dict[str, Any]:
    """What is said of the test of the scores, as plain data."""
    return {
        "meeting_spaces": check.spaces,
        "surveys": check.surveys,
        "enough": check.enough,
        "rate": validation.RATE,
        "spearman": _estimate(check.rho) if check.enough else None,
        "auc": _estimate(check.auc) if check.enough else None,
        "surveys_to_halve": check.surveys_to_halve,
        "aspects": {
            str(aspect): {name: _rounded(value) for name, value in row.items()}
            for aspect, row in check.aspects.iterrows()
        }
        if check.enough
        else None,
        "classes": [_class(row) for _, row in check.classes.iterrows()] if check.enough else None,
        "model": model_facts(check.model) if check.model is not None else None,
    }


def model_facts(told: Told) -> dict[str, Any]:
    """What the model says, as plain data: effects as how many times as many people there are for ten points more."""
    gain, power = told.gain, told.power
    return {
        "verdict": told.verdict,
        "places": told.places,
        "circumstances": sorted({name.partition(":")[0] for name in told.circumstances}),
        "baseline": list(told.baseline),
        **{name: _times(getattr(told, name)) for name in ("raw", "effect", "beside")},
        "gain": {name: _rounded(getattr(gain, name)) for name in ("value", "low", "high")} if gain else None,
        "power": {"least": _rounded(np.exp(power.least)), "places": int(power.places)} if power else None,
    }


def _times(effect: Effect | None) -> dict[str, Any] | None:
    if effect is None:
        return None
    return {name: _rounded(np.exp(getattr(effect, name))) for name in ("value", "low", "high")} | {"df": effect.df}


def _class(row: pd.Series) -> dict[str, Any]:
    """One class of scores; its rate where at least one of its spaces is published."""
    told = {name: _rounded(row[name]) if row["told"] else None for name in ("rate", "low", "high")}
    return {"score": _rounded(row["score"]), "spaces": int(row["spaces"])} | told


def _estimate(found: Estimate) -> dict[str, Any]:
    return {name: _rounded(getattr(found, name)) for name in ("value", "low", "high")} | {"n": found.n}


def _rounded(value: float | None) -> float | None:
    """Two decimals: what the numbers are worth, and too coarse to tell of one person."""
    return None if value is None or not np.isfinite(value) else round(float(value), 2)
