"""After a plan is built: its forecast held against what is there now, and against counts of people. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.model import FLOATING, Result
from spatial.layers import lineage
from spatial.plans.answer import pair_by_kind
from spatial.plans.comparison import check_comparable, pair_spaces
from spatial.plans.validation import is_planned
from spatial.scoring import scores
from spatial.scoring.judging import judge_all

# What a plan promises is built where something of its kind stands this near to where it was drawn.
BUILT_M = 25.0
# A forecast whose bounds lie further apart can hardly be wrong.
WIDE = 0.4
INSIDE, ABOVE, BELOW, MISSING, UNFORESEEN, UNSCORED = STATES = (
    *("inside", "above", "below", "missing", "unforeseen", "unscored"),
)
COLUMNS = (
    *("today_id", "forecast_id", "now_id", "kinds", "state", "today", "forecast_low", "forecast", "forecast_high"),
    *("now_low", "now", "now_high", "difference", "visits", "people", "per_visit", "counts"),
)
COUNTED, WITHHELD, UNCOUNTED = "counted", "withheld", "uncounted"


@dataclass(frozen=True)
class Hindsight:
    """A forecast and what came of it.

    ``places``: one row a meeting space of the forecast or of now (`COLUMNS`): its ids, ``state`` (``inside`` the bounds
    of the forecast, ``above`` or ``below`` them, ``missing``: forecast and not there, ``unforeseen``: there and not
    forecast, ``unscored``), the floating potential today (before the plan), forecast and now with their bounds, in
    [0, 1], ``difference`` (now less forecast), and what was published of counts of people staying: ``visits``,
    ``people``, ``per_visit`` and ``counts`` (counted, withheld, uncounted).

    ``promised``: one row a place that the plan adds: ``place_id, kind, built`` (whether one of its kind is there),
    ``now_id`` and ``away_m``. ``still_there`` counts the places that the plan was to take away and did not.
    """

    places: pd.DataFrame
    promised: pd.DataFrame
    still_there: int


def look_back(today: Result, forecast: Result, now: Result, counts: pd.DataFrame | None = None) -> Hindsight:
    """Hold the forecast of a plan against what is there now.

    Parameters
    ----------
    today, forecast
        The state before the plan, and as the plan was to leave it.
    now
        A run of what is there now, for the same estate; it is judged by the rubric of ``today``.
    counts
        What may be published of people staying, one row a meeting space of ``now`` (index: id): ``visits``,
        ``people``, ``per_visit``, ``withheld``.

    Raises
    ------
    InputError, CRSError
        If the runs are not of one estate and one edition of the measure.
    """
    check_comparable(today, forecast)
    check_comparable(today, now)
    built = _built(forecast, now, today)
    heirs = lineage.successors(forecast.places, now.places)
    heirs |= {row["place_id"]: row["now_id"] for row in built if row["built"]}
    judged = scores.estimates(
        judge_all(now.evidence, now.meeting_spaces.index, today.rubric), now.meeting_spaces.index, today.rubric
    )
    earlier = {theirs: mine for mine, theirs in pair_spaces(today, forecast) if theirs is not None and mine is not None}
    rows: list[dict[str, Any]] = [
        _row(earlier.get(str(mine)), mine, theirs, today, forecast, judged) | _counted(theirs, counts)
        for mine, theirs in pair_spaces(forecast, now, heirs)
    ]
    order = {state: k for k, state in enumerate(STATES)}
    rows.sort(key=lambda row: (order[row["state"]], str(row["forecast_id"]), str(row["now_id"])))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    kinds = pd.concat([now.meeting_spaces["kinds"], forecast.meeting_spaces["kinds"]])
    whose = table["now_id"].where(table["now_id"].notna(), table["forecast_id"])
    table["kinds"] = whose.map(kinds[~kinds.index.duplicated()])
    promised = pd.DataFrame(built, columns=["place_id", "kind", "built", "now_id", "away_m"])
    gone = today.places.index.difference(forecast.places.index)
    return Hindsight(table, promised, int(gone.isin(now.places.index).sum()))


def _built(forecast: Result, now: Result, today: Result) -> list[dict[str, Any]]:
    """For each place that the plan adds, one of its kind that is there now and was not before; none is taken twice."""
    planned = forecast.places[[is_planned(str(name)) for name in forecast.places.index]].sort_values(
        "kind", kind="stable"
    )
    fresh = now.places[~now.places.index.isin(today.places.index)]
    pairs = pair_by_kind(planned, fresh, BUILT_M)
    return [
        {
            "place_id": str(place),
            "kind": kind,
            "built": str(place) in pairs,
            **_now(shape, pairs.get(str(place)), fresh),
        }
        for place, kind, shape in zip(planned.index, planned["kind"], planned.geometry, strict=True)
    ]


def _now(shape: Any, now: str | None, fresh: Any) -> dict[str, Any]:
    away_m = np.nan if now is None else shape.centroid.distance(fresh.geometry.loc[now].centroid)
    return {"now_id": now, "away_m": away_m}


def _row(
    earlier: str | None, mine: str | None, theirs: str | None, today: Result, forecast: Result, judged: pd.DataFrame
) -> dict[str, Any]:
    _, was, _ = _bounds(today.meeting_spaces, earlier)
    low, best, high = _bounds(forecast.meeting_spaces, mine)
    now_low, now, now_high = _bounds(judged, theirs)
    return {
        "today_id": earlier,
        "forecast_id": mine,
        "now_id": theirs,
        "state": _state(mine, theirs, (low, best, high), now),
        "today": was,
        **{"forecast_low": low, "forecast": best, "forecast_high": high},
        **{"now_low": now_low, "now": now, "now_high": now_high},
        "difference": now - best,
    }


def _bounds(table: pd.DataFrame, identity: str | None) -> tuple[float, float, float]:
    if identity is None:
        return np.nan, np.nan, np.nan
    columns = [f"{FLOATING}{end}" for end in ("_low", "", "_high")]
    low, best, high = table.loc[[identity], columns].to_numpy(dtype=np.float64)[0].tolist()
    return low, best, high


def _state(mine: str | None, theirs: str | None, foreseen: tuple[float, float, float], now: float) -> str:
    """How what is there now stands to a forecast.

    Examples
    --------
    >>> _state("a", "b", (0.4, 0.5, 0.6), 0.55), _state("a", "b", (0.4, 0.5, 0.6), 0.7), _state("a", None, (0, 0, 0), 0)
    ('inside', 'above', 'missing')
    """
    if theirs is None:
        return MISSING
    if mine is None:
        return UNFORESEEN
    if np.isnan([*foreseen, now]).any():
        return UNSCORED
    return ABOVE if now > foreseen[2] else BELOW if now < foreseen[0] else INSIDE


def _counted(space: str | None, counts: pd.DataFrame | None) -> dict[str, Any]:
    """What was published of the people at a meeting space."""
    nothing = {"visits": np.nan, "people": np.nan, "per_visit": np.nan, "counts": UNCOUNTED}
    if counts is None or space is None or space not in counts.index:
        return nothing
    row = counts.loc[[space]].to_dict("records")[0]
    if row["withheld"]:
        return nothing | {"counts": WITHHELD}
    return {name: float(row[name]) for name in ("visits", "people", "per_visit")} | {"counts": COUNTED}
