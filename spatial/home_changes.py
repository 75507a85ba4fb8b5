"""What a plan does to the homes: the best meeting space within five minutes before and after, by any way. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial import lens_rules, scoring
from spatial.model import FLOATING, LensResult, Result, Rubric

Floats = npt.NDArray[np.float64]

# A difference of less than a hundredth of the scale, of the potential and of every aspect, is not worth a word.
WORTH = 0.01
# Ids of the meeting spaces after the plan begin with this where both stand in one table.
AFTER = "after|"
LOSING, WINNING, KEEPING, DEMOLISHED, NEW = "losing", "winning", "keeping", "demolished", "new"
STATES = (LOSING, WINNING, KEEPING, DEMOLISHED, NEW)


@dataclass(frozen=True)
class LensChange:
    """What a plan does to the homes as one lens has it.

    ``dwellings`` counts them by state (`STATES`); the medians are of what the dwellings that stay have
    within five minutes, in [0, 1].
    """

    id: str
    dwellings: dict[str, float]
    median_before: float
    median_after: float


def judged(
    before: tuple[pd.DataFrame, pd.Index], after: tuple[pd.DataFrame, pd.Index], rubric: Rubric
) -> tuple[scoring.Judged, pd.Index]:
    """Judge the meeting spaces of two results by one rubric, those of the second under ids of their own.

    Each is given as its evidence and its ids. An unknown fact is one in both.
    """
    renamed = after[0].assign(place_id=AFTER + after[0]["place_id"].astype(str))
    evidence = pd.concat([before[0], renamed], ignore_index=True)
    index = pd.Index([*before[1], *(AFTER + after[1].astype(str))], dtype=object)
    return scoring.judge_all(evidence, index, rubric), index


def best(texts: pd.Series, totals: Floats, index: pd.Index, prefix: str = "") -> Floats:
    """Best of the scores (B, N) of what each door has within five minutes: (B, doors); 0 where that is nothing."""
    lists = [[prefix + space for space in text.split(";") if space] for text in texts.fillna("")]
    found = np.zeros((len(totals), len(lists)))
    near = np.flatnonzero([len(spaces) > 0 for spaces in lists])
    if len(near):
        columns = index.get_indexer(pd.Index([space for i in near for space in lists[i]]))
        starts = np.cumsum([0, *(len(lists[i]) for i in near)])[:-1]
        found[:, near] = np.maximum.reduceat(totals[:, columns], starts, axis=1)
    return found


def table(before: Result, after: Result, scores: pd.DataFrame) -> gpd.GeoDataFrame:
    """The doors of the estate before and after, those that lose most first, then by what they are left with."""
    old, new = before.layers["homes"], after.layers["homes"]
    floating = scores[FLOATING].to_numpy(dtype=np.float64)[None]
    was = pd.Series(best(old["spaces_5min"], floating, scores.index)[0], index=old.index)
    then = pd.Series(best(new["spaces_5min"], floating, scores.index, AFTER)[0], index=new.index)
    index = old.index.union(new.index)
    known, fresh = old.reindex(index), new.reindex(index)
    homes = gpd.GeoDataFrame(
        {
            "dwellings": known["dwellings"].fillna(fresh["dwellings"]),
            "building": known["building"].fillna(fresh["building"]),
            "best_before": was.reindex(index),
            "best_after": then.reindex(index),
        },
        geometry=known.geometry.fillna(fresh.geometry),
        crs=old.crs,
    )
    homes = homes.assign(change=homes["best_after"] - homes["best_before"])
    homes["state"] = states(homes["best_before"], homes["best_after"])
    found: gpd.GeoDataFrame = homes.sort_values(["change", "best_after"], kind="stable")
    return found


def states(before: pd.Series, after: pd.Series) -> npt.NDArray[np.object_]:
    """State of each door (`STATES`), from the best score before and after (NaN where it is not there)."""
    was, then = before.to_numpy(dtype=np.float64), after.to_numpy(dtype=np.float64)
    conditions = [np.isnan(then), np.isnan(was), then - was <= -WORTH, then - was >= WORTH]
    return np.select(conditions, [DEMOLISHED, NEW, LOSING, WINNING], KEEPING).astype(object)


def counts(state: npt.NDArray[np.object_], dwellings: pd.Series) -> dict[str, float]:
    """Dwellings by state."""
    weight = dwellings.to_numpy(dtype=np.float64)
    return {name: float(weight[state == name].sum()) for name in STATES}


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


def medians(homes: pd.DataFrame, before: str = "best_before", after: str = "best_after") -> tuple[float, float]:
    """What the median dwelling has before and after, of those that are there both times."""
    staying = homes[homes[before].notna() & homes[after].notna()]
    weight = staying["dwellings"].to_numpy(dtype=np.float64)
    was, then = median(staying[[before, after]].to_numpy(dtype=np.float64).T, weight)
    return float(was), float(then)


# --- lenses --------------------------------------------------------------------------------------


def through_lenses(
    before: Result, after: Result, homes: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, tuple[LensChange, ...]]:
    """See the homes through every lens that both results hold.

    Returns
    -------
    homes, changes
        The table with ``best_before_<lens>``, ``best_after_<lens>`` and ``state_<lens>``, and the counts;
        lenses in the order of the first result, the worst served first.
    """
    changes = []
    for lens, other in _both(before, after):
        was, then = _seen(before, after, lens, other)
        columns = [f"{name}_{lens.id}" for name in ("best_before", "best_after", "state")]
        homes = homes.assign(
            **dict(zip(columns[:2], (was.reindex(homes.index), then.reindex(homes.index)), strict=True))
        )
        homes[columns[2]] = states(homes[columns[0]], homes[columns[1]])
        count = counts(homes[columns[2]].to_numpy(dtype=object), homes["dwellings"])
        changes.append(LensChange(lens.id, count, *medians(homes, columns[0], columns[1])))
    return homes, tuple(changes)


def _both(before: Result, after: Result) -> Iterator[tuple[LensResult, LensResult]]:
    theirs = {lens.id: lens for lens in after.lenses if lens.homes is not None}
    for lens in before.lenses:
        if lens.homes is not None and lens.id in theirs:
            yield lens, theirs[lens.id]


def _seen(before: Result, after: Result, lens: LensResult, other: LensResult) -> tuple[pd.Series, pd.Series]:
    """Best score by door, before and after; between the best and the worst ways that may be, the middle."""
    rubric = lens_rules.changed(before.rubric, lens.rules)
    table, index = judged(
        (lens_rules.put_in(before.evidence, lens.evidence), before.meeting_spaces.index),
        (lens_rules.put_in(after.evidence, other.evidence), after.meeting_spaces.index),
        rubric,
    )
    floating = scoring.estimates(table, index, rubric)[FLOATING].to_numpy(dtype=np.float64)[None]

    def of(seen: LensResult, prefix: str) -> pd.Series:
        assert seen.homes is not None
        both = [best(seen.homes[name], floating, index, prefix)[0] for name in ("spaces_5min", "spaces_5min_sure")]
        return pd.Series((both[0] + both[1]) / 2, index=seen.homes.index)

    return of(lens, ""), of(other, AFTER)
