"""The difference of two results: what a redevelopment does to meeting spaces and to homes. Pure.

Both results are judged by the rubric of the first, so that a change of score is a change on the ground and
not of the scale. Places are matched by their ids; a meeting space is the one it shares most places with.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial import scoring
from spatial.errors import CRSError, InputError
from spatial.model import ASPECTS, FLOATING, Result

Floats = npt.NDArray[np.float64]

LOST, NEW, CHANGED, KEPT = "lost", "new", "changed", "kept"
STATES = (LOST, NEW, CHANGED, KEPT)
# A difference of less than a hundredth of the scale, of the potential and of every aspect, is not worth a word.
WORTH = 0.01
REASONS = 3
AFTER = "after|"
SCORES = (FLOATING, *ASPECTS)


@dataclass(frozen=True)
class Comparison:
    """What is different after a plan.

    ``spaces``: one row a meeting space before or after: ``state`` (lost, new, changed, kept),
    ``before_id, after_id, name, kinds``, each score as ``<x>_before, <x>_after, <x>_change`` with the
    bounds ``_low_`` and ``_high_``, ``reasons`` (the indicators that moved it most, ``;`` between).
    ``homes``: one row a door of the estate: ``dwellings, best_before, best_after, change`` (NaN where
    it is demolished or new), in the CRS of the estate. ``keeps_share`` is the share of seeded draws of
    weights and unknowns in which the median dwelling has at least what it has today, give or take
    ``WORTH``.
    """

    spaces: pd.DataFrame
    homes: gpd.GeoDataFrame
    dwellings: dict[str, float]
    median_before: float
    median_after: float
    keeps_share: float


def compare(before: Result, after: Result, *, seed: int | None = None) -> Comparison:
    """Compare two results for one estate.

    Parameters
    ----------
    before, after
        The state today, and after a plan.
    seed
        Of the draws. Default: that of the first result.

    Raises
    ------
    InputError, CRSError
        If the results are not of one estate.
    """
    _check(before, after)
    seed = int(before.manifest.get("seed", 0)) if seed is None else seed
    pairs = match(_members(before), _members(after))
    judged, index = _judged(before, after)
    scores = scoring.estimates(judged, index, before.rubric)
    spaces = _spaces(before, after, pairs, scores, (judged, index))
    homes = _homes(before, after, scores)
    staying = homes[homes["best_before"].notna() & homes["best_after"].notna()]
    weight = staying["dwellings"].to_numpy(dtype=np.float64)
    today, then = median(staying[["best_before", "best_after"]].to_numpy(dtype=np.float64).T, weight)
    return Comparison(
        spaces=spaces,
        homes=homes,
        dwellings=_counts(homes),
        median_before=float(today),
        median_after=float(then),
        keeps_share=_keeps(before, after, staying, (judged, index), seed),
    )


def _check(before: Result, after: Result) -> None:
    if before.estate.crs != after.estate.crs:
        raise CRSError(
            f"comparison: found {before.estate.crs.to_string()} and {after.estate.crs.to_string()}; needed two results "
            "for one estate; run both with the same boundary"
        )
    if not before.estate.boundary.equals(after.estate.boundary):
        raise InputError(
            f"comparison: found the boundaries of {before.estate.name} and {after.estate.name}, which differ; needed "
            "two results for one estate; run both with the same boundary"
        )


def _members(result: Result) -> dict[str, set[str]]:
    """Place ids by meeting space."""
    found: dict[str, set[str]] = {str(space): set() for space in result.meeting_spaces.index}
    for place, space in result.places["space_id"].items():
        found[str(space)].add(str(place))
    return found


def match(before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, str]:
    """Meeting spaces that are one and the same: pairs by the places they share, most first.

    Examples
    --------
    >>> match({"a": {"x", "y"}, "b": {"z"}}, {"c": {"x", "y", "z"}, "d": {"w"}})
    {'a': 'c'}
    """
    whose = {place: space for space, places in after.items() for place in places}
    shared = Counter((space, whose[place]) for space, places in before.items() for place in places if place in whose)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for (mine, theirs), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        if mine not in found and theirs not in taken:
            found[mine] = theirs
            taken.add(theirs)
    return dict(sorted(found.items()))


def _evidence(before: Result, after: Result) -> pd.DataFrame:
    """Evidence of both, the second under ids of its own; an unknown fact is one in both."""
    renamed = after.evidence.assign(place_id=AFTER + after.evidence["place_id"].astype(str))
    return pd.concat([before.evidence, renamed], ignore_index=True)


def _spaces(
    before: Result, after: Result, pairs: dict[str, str], scores: pd.DataFrame, judged: tuple[scoring.Judged, pd.Index]
) -> pd.DataFrame:
    new = [space for space in after.meeting_spaces.index if space not in set(pairs.values())]
    ids = [(str(space), pairs.get(str(space))) for space in before.meeting_spaces.index] + [(None, str(s)) for s in new]
    rows = [_space_row(mine, theirs, before, after, scores, judged) for mine, theirs in ids]
    table = pd.DataFrame(rows)
    if not len(table):
        return table
    order = table["state"].map({state: i for i, state in enumerate(STATES)})
    return (
        table.assign(_order=order).sort_values(["_order", f"{FLOATING}_change"], kind="stable").drop(columns="_order")
    )


def _judged(before: Result, after: Result) -> tuple[scoring.Judged, pd.Index]:
    """All meeting spaces judged by the rubric of the first, those of the second under ids of their own."""
    index = pd.Index([*before.meeting_spaces.index, *(AFTER + after.meeting_spaces.index.astype(str))], dtype=object)
    return scoring.judge_all(_evidence(before, after), index, before.rubric), index


def _space_row(
    mine: str | None,
    theirs: str | None,
    before: Result,
    after: Result,
    scores: pd.DataFrame,
    judged: tuple[scoring.Judged, pd.Index],
) -> dict[str, Any]:
    shown = before.meeting_spaces.loc[mine] if mine is not None else after.meeting_spaces.loc[theirs]
    row: dict[str, Any] = {"state": "", "before_id": mine, "after_id": theirs}
    row |= {"name": shown["name"], "kinds": shown["kinds"], "reasons": ""}
    for score in SCORES:
        for bound in ("_low", "", "_high"):
            row[f"{score}{bound}_before"] = np.nan if mine is None else scores.at[mine, score + bound]
            row[f"{score}{bound}_after"] = np.nan if theirs is None else scores.at[AFTER + theirs, score + bound]
        row[f"{score}_change"] = row[f"{score}_after"] - row[f"{score}_before"]
    if mine is None or theirs is None:
        row["state"] = NEW if mine is None else LOST
        return row
    row["state"] = CHANGED if max(abs(row[f"{score}_change"]) for score in SCORES) >= WORTH else KEPT
    if row["state"] == CHANGED:
        row["reasons"] = ";".join(_reasons(judged, before, mine, AFTER + theirs))
    return row


def _reasons(judged: tuple[scoring.Judged, pd.Index], before: Result, mine: str, theirs: str) -> list[str]:
    """Indicators whose judged change weighs most, the strongest first."""
    table, index = judged
    within = scoring.indicator_weights(before.rubric, table.indicators)
    weight = scoring.aspect_weights(before.rubric) @ within
    a, b = index.get_indexer(pd.Index([mine, theirs]))
    moved = weight * (table.best[b] - table.best[a])
    order = np.lexsort((np.array(table.indicators), -np.abs(moved)))[:REASONS]
    return [table.indicators[i] for i in order if abs(moved[i]) > 0]


# --- homes ---------------------------------------------------------------------------------------


def _best(doors: pd.DataFrame, totals: Floats, index: pd.Index, prefix: str = "") -> Floats:
    """Best of the scores (B, N) of what each door has within five minutes: (B, doors); 0 where that is nothing."""
    lists = [[prefix + space for space in text.split(";") if space] for text in doors["spaces_5min"]]
    best = np.zeros((len(totals), len(lists)))
    near = np.flatnonzero([len(spaces) > 0 for spaces in lists])
    if len(near):
        columns = index.get_indexer(pd.Index([space for i in near for space in lists[i]]))
        starts = np.cumsum([0, *(len(lists[i]) for i in near)])[:-1]
        best[:, near] = np.maximum.reduceat(totals[:, columns], starts, axis=1)
    return best


def _homes(before: Result, after: Result, scores: pd.DataFrame) -> gpd.GeoDataFrame:
    old, new = before.layers["homes"], after.layers["homes"]
    floating = scores[FLOATING].to_numpy(dtype=np.float64)[None]
    was = pd.Series(_best(old, floating, scores.index)[0], index=old.index)
    then = pd.Series(_best(new, floating, scores.index, AFTER)[0], index=new.index)
    index = old.index.union(new.index)
    table = old.reindex(index)
    fresh = new.reindex(index)
    homes = gpd.GeoDataFrame(
        {
            "dwellings": table["dwellings"].fillna(fresh["dwellings"]),
            "building": table["building"].fillna(fresh["building"]),
            "best_before": was.reindex(index),
            "best_after": then.reindex(index),
        },
        geometry=table.geometry.fillna(fresh.geometry),
        crs=old.crs,
    )
    change: pd.Series = homes["best_after"] - homes["best_before"]
    found: gpd.GeoDataFrame = homes.assign(change=change).sort_values("change", kind="stable")
    return found


def _counts(homes: pd.DataFrame) -> dict[str, float]:
    """Dwellings that win, lose, keep what they have, are demolished and are new."""
    count = homes["dwellings"].to_numpy(dtype=np.float64)
    change = homes["change"].to_numpy(dtype=np.float64)
    of = {
        "losing": change <= -WORTH,
        "winning": change >= WORTH,
        "keeping": np.abs(change) < WORTH,
        "demolished": homes["best_after"].isna().to_numpy(),
        "new": homes["best_before"].isna().to_numpy(),
    }
    return {name: float(count[rows].sum()) for name, rows in of.items()}


def median(values: Floats, weight: Floats) -> Floats:
    """Weighted median of each row; NaN where nothing has a weight.

    Examples
    --------
    >>> median(np.array([[3.0, 1.0, 2.0]]), np.array([5.0, 1.0, 1.0])).tolist()
    [3.0]
    """
    if not values.shape[1] or not weight.sum() > 0:
        return np.full(len(values), np.nan)
    order = np.argsort(values, axis=1, kind="stable")
    running = np.cumsum(weight[order], axis=1)
    at = np.argmax(running >= running[:, -1:] / 2, axis=1)
    found: Floats = np.take_along_axis(values, np.take_along_axis(order, at[:, None], axis=1), axis=1)[:, 0]
    return found


def _keeps(
    before: Result, after: Result, homes: pd.DataFrame, spaces: tuple[scoring.Judged, pd.Index], seed: int
) -> float:
    """Share of the draws in which the median dwelling keeps or betters what it has."""
    if not len(homes):
        return float("nan")
    judged, index = spaces
    weight = homes["dwellings"].to_numpy(dtype=np.float64)
    old, new = (result.layers["homes"].loc[homes.index] for result in (before, after))
    kept = [
        median(_best(new, totals, index, AFTER), weight) >= median(_best(old, totals, index), weight) - WORTH
        for _, totals, _ in scoring.draws(judged, index, before.rubric, seed)
    ]
    return float(np.concatenate(kept).mean())
