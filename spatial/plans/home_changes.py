"""What homes have within five minutes before and after a plan, also through the lenses. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.core.arrays import Floats
from spatial.core.model import FLOATING, LensResult, Result, Rubric
from spatial.indicators.unknown_facts import MARK
from spatial.scoring import scores as scoring_scores
from spatial.scoring.judging import Judged, judge_all
from spatial.settings import lenses as settings_lenses

# A difference of less than a hundredth of the scale, of the potential and of every aspect, is not worth a word.
WORTH = 0.01
# Ids of the meeting spaces after the plan begin with this where both stand in one table.
AFTER = "after|"
# So many good meeting spaces are told apart, and no more.
CHOICES = 3
# The worst-off tenth of the homes.
TENTH, HALF = 0.1, 0.5
LOSING, WINNING, KEEPING, DEMOLISHED, NEW_HOMES = "losing", "winning", "keeping", "demolished", "new"
HOME_STATES = (LOSING, WINNING, KEEPING, DEMOLISHED, NEW_HOMES)


@dataclass(frozen=True)
class LensChange:
    """What a plan does to the homes as one lens has it.

    ``dwellings`` counts them by state (`HOME_STATES`). Of what the dwellings that stay have within five minutes,
    in [0, 1]: the median, and the tenth, which nine of ten have at least.
    """

    id: str
    dwellings: dict[str, float]
    median_before: float
    median_after: float
    tenth_before: float
    tenth_after: float


def judge_homes(
    before: tuple[pd.DataFrame, pd.Index],
    after: tuple[pd.DataFrame, pd.Index],
    rubric: Rubric,
    same: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Judged, pd.Index]:
    """Judge the meeting spaces of two results by one rubric, those of the second under ids of their own.

    Each is given as its evidence and its ids. An unknown fact is one in both, also of a meeting space that has another
    id afterwards: ``same`` says which it was.
    """
    was, then = (table.assign(facts=_facts(table, known)) for table, known in ((before[0], {}), (after[0], same)))
    renamed = then.assign(place_id=AFTER + then["place_id"].astype(str))
    evidence = pd.concat([was, renamed], ignore_index=True)
    index = pd.Index([*before[1], *(AFTER + after[1].astype(str))], dtype=object)
    return judge_all(evidence, index, rubric), index


def _facts(evidence: pd.DataFrame, same: Mapping[str, str]) -> list[str]:
    """The unknown facts behind each row, by the ids of before; what has none stands for itself, as in any draw."""
    names = evidence["place_id"].astype(str)
    written = evidence["facts"].fillna("") if "facts" in evidence else pd.Series("", index=evidence.index)
    return [
        text.replace(f"{name}{MARK}", f"{same.get(name, name)}{MARK}") or f"{same.get(name, name)}{MARK}{indicator}"
        for name, text, indicator in zip(names, written, evidence["indicator"], strict=True)
    ]


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


def count_good(texts: pd.Series, floating: pd.Series, prefix: str = "") -> Floats:
    """Count the good meeting spaces that each door has within five minutes; what is good is a rule of the lenses."""
    enough = settings_lenses.lenses().good_score
    good = frozenset(floating.index[floating.to_numpy(dtype=np.float64) >= enough])
    counts_ = [sum(prefix + space in good for space in text.split(";") if space) for text in texts.fillna("")]
    return np.array(counts_, dtype=np.float64)


def home_table(before: Result, after: Result, scores: pd.DataFrame) -> gpd.GeoDataFrame:
    """The doors of the estate before and after, those that lose most first, then by what they are left with."""
    old, new = before.layers["homes"], after.layers["homes"]
    floating = scores[FLOATING].to_numpy(dtype=np.float64)[None]
    was = pd.Series(best(old["spaces_5min"], floating, scores.index)[0], index=old.index)
    then = pd.Series(best(new["spaces_5min"], floating, scores.index, AFTER)[0], index=new.index)
    good = [
        pd.Series(count_good(table["spaces_5min"], scores[FLOATING], prefix), index=table.index)
        for table, prefix in ((old, ""), (new, AFTER))
    ]
    index = old.index.union(new.index)
    known, fresh = old.reindex(index), new.reindex(index)
    homes = gpd.GeoDataFrame(
        {
            "dwellings": known["dwellings"].fillna(fresh["dwellings"]),
            "building": known["building"].fillna(fresh["building"]),
            "evidence": _evidence(known).fillna(_evidence(fresh)),
            "best_before": was.reindex(index),
            "best_after": then.reindex(index),
            "good_before": good[0].reindex(index),
            "good_after": good[1].reindex(index),
        },
        geometry=known.geometry.fillna(fresh.geometry),
        crs=old.crs,
    )
    homes = homes.assign(change=homes["best_after"] - homes["best_before"])
    homes["state"] = home_states(homes["best_before"], homes["best_after"])
    found: gpd.GeoDataFrame = homes.sort_values(["change", "best_after"], kind="stable")
    return found


def _evidence(homes: pd.DataFrame) -> pd.Series:
    """How the number of homes behind each door is known; NaN in runs that do not say."""
    return homes["evidence"] if "evidence" in homes else pd.Series(np.nan, index=homes.index, dtype=object)


def home_states(before: pd.Series, after: pd.Series) -> npt.NDArray[np.object_]:
    """State of each door (`HOME_STATES`), from the best score before and after (NaN where it is not there)."""
    was, then = before.to_numpy(dtype=np.float64), after.to_numpy(dtype=np.float64)
    conditions = [np.isnan(then), np.isnan(was), then - was <= -WORTH, then - was >= WORTH]
    return np.select(conditions, [DEMOLISHED, NEW_HOMES, LOSING, WINNING], KEEPING).astype(object)


def counts(state: npt.NDArray[np.object_], dwellings: pd.Series) -> dict[str, float]:
    """Dwellings by state."""
    weight = dwellings.to_numpy(dtype=np.float64)
    return {name: float(weight[state == name].sum()) for name in HOME_STATES}


def quantile(values: Floats, weight: Floats, share: float) -> Floats:
    """Weighted quantile of each row: the least value up to which this share of the weight lies; NaN without weight.

    Examples
    --------
    >>> quantile(np.array([[3.0, 1.0, 2.0]]), np.array([5.0, 1.0, 1.0]), 0.5).tolist()
    [3.0]
    """
    if not values.shape[1] or not weight.sum() > 0:
        return np.full(len(values), np.nan)
    order = np.argsort(values, axis=1, kind="stable")
    running = np.cumsum(weight[order], axis=1)
    at = np.argmax(running >= running[:, -1:] * share, axis=1)
    found: Floats = np.take_along_axis(values, np.take_along_axis(order, at[:, None], axis=1), axis=1)[:, 0]
    return found


def median(values: Floats, weight: Floats) -> Floats:
    """Weighted median of each row; NaN where nothing has a weight."""
    return quantile(values, weight, HALF)


def levels(homes: pd.DataFrame, before: str = "best_before", after: str = "best_after") -> tuple[float, ...]:
    """Median before and after, and the worst-off tenth before and after, of dwellings that are there both times."""
    staying = homes[homes[before].notna() & homes[after].notna()]
    weight = staying["dwellings"].to_numpy(dtype=np.float64)
    both = staying[[before, after]].to_numpy(dtype=np.float64).T
    return tuple(float(level) for share in (HALF, TENTH) for level in quantile(both, weight, share))


def count_choices(homes: pd.DataFrame) -> pd.DataFrame:
    """Dwellings that stay, by how many good meeting spaces they have within five minutes.

    Returns
    -------
    DataFrame
        Index ``choices`` 0, 1, 2, 3 (or more); ``before`` and ``after``, dwellings.
    """
    staying = homes[homes["good_before"].notna() & homes["good_after"].notna()]
    weight = staying["dwellings"].to_numpy(dtype=np.float64)
    found = {
        when: np.bincount(
            np.minimum(staying[f"good_{when}"].to_numpy(dtype=np.int64), CHOICES), weight, minlength=CHOICES + 1
        )
        for when in ("before", "after")
    }
    return pd.DataFrame(found, index=pd.RangeIndex(CHOICES + 1, name="choices"))


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
        homes[columns[2]] = home_states(homes[columns[0]], homes[columns[1]])
        count = counts(homes[columns[2]].to_numpy(dtype=object), homes["dwellings"])
        changes.append(LensChange(lens.id, count, *levels(homes, columns[0], columns[1])))
    return homes, tuple(changes)


def hardest_lens(dwellings: Mapping[str, float], lenses: Sequence[LensChange]) -> str | None:
    """The lens through which most dwellings lose; None where as many lose as everybody walks."""
    worst = max(lenses, key=lambda lens: round(lens.dwellings[LOSING]), default=None)
    return None if worst is None or round(worst.dwellings[LOSING]) <= round(dwellings[LOSING]) else worst.id


def seen_through(homes: gpd.GeoDataFrame, lens: str | None) -> gpd.GeoDataFrame:
    """The homes with what they have through one lens in place of what they have as everybody walks, worst first."""
    if lens is None:
        return homes
    own = {name: homes[f"{name}_{lens}"] for name in ("best_before", "best_after", "state")}
    seen = homes.assign(**own, change=own["best_after"] - own["best_before"])
    found: gpd.GeoDataFrame = seen.sort_values(["change", "best_after"], kind="stable")
    return found


def _both(before: Result, after: Result) -> Iterator[tuple[LensResult, LensResult]]:
    theirs = {lens.id: lens for lens in after.lenses if lens.homes is not None}
    for lens in before.lenses:
        if lens.homes is not None and lens.id in theirs:
            yield lens, theirs[lens.id]


def _seen(before: Result, after: Result, lens: LensResult, other: LensResult) -> tuple[pd.Series, pd.Series]:
    """Best score by door, before and after; between the best and the worst ways that may be, the middle."""
    rubric = settings_lenses.changed(before.rubric, lens.rules)
    table, index = judge_homes(
        (settings_lenses.put_in(before.evidence, lens.evidence), before.meeting_spaces.index),
        (settings_lenses.put_in(after.evidence, other.evidence), after.meeting_spaces.index),
        rubric,
    )
    floating = scoring_scores.estimates(table, index, rubric)[FLOATING].to_numpy(dtype=np.float64)[None]

    def of(seen: LensResult, prefix: str) -> pd.Series:
        assert seen.homes is not None
        both = [best(seen.homes[name], floating, index, prefix)[0] for name in ("spaces_5min", "spaces_5min_sure")]
        return pd.Series((both[0] + both[1]) / 2, index=seen.homes.index)

    return of(lens, ""), of(other, AFTER)
