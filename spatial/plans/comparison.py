"""Compare two results: what becomes of each meeting space and of each home, also through the lenses. Pure.

Both results are judged by the rubric of the first, so that a change of score is a change on the ground and
not of the scale. Places are matched by their ids; a meeting space is the one it shares most places with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.core.arrays import Floats
from spatial.core.errors import CRSError, InputError
from spatial.core.model import ASPECTS, FLOATING, LensResult, Result, Rubric
from spatial.core.versions import SCHEMA_VERSION, edition
from spatial.plans import causes as plans_causes
from spatial.scoring import scores as scoring_scores
from spatial.settings import lenses as settings_lenses

# A difference of less than a hundredth of the scale, of the potential and of every aspect, is not worth a word.
WORTH = 0.01
# Ids of the meeting spaces after the plan begin with this where both stand in one table.
AFTER = "after|"
LOSING, WINNING, KEEPING, DEMOLISHED, NEW_HOMES = "losing", "winning", "keeping", "demolished", "new"
HOME_STATES = (LOSING, WINNING, KEEPING, DEMOLISHED, NEW_HOMES)


@dataclass(frozen=True)
class LensChange:
    """What a plan does to the homes as one lens has it.

    ``dwellings`` counts them by state (`HOME_STATES`); the medians are of what the dwellings that stay have
    within five minutes, in [0, 1].
    """

    id: str
    dwellings: dict[str, float]
    median_before: float
    median_after: float


def judge_homes(
    before: tuple[pd.DataFrame, pd.Index], after: tuple[pd.DataFrame, pd.Index], rubric: Rubric
) -> tuple[scoring_scores.Judged, pd.Index]:
    """Judge the meeting spaces of two results by one rubric, those of the second under ids of their own.

    Each is given as its evidence and its ids. An unknown fact is one in both.
    """
    renamed = after[0].assign(place_id=AFTER + after[0]["place_id"].astype(str))
    evidence = pd.concat([before[0], renamed], ignore_index=True)
    index = pd.Index([*before[1], *(AFTER + after[1].astype(str))], dtype=object)
    return scoring_scores.judge_all(evidence, index, rubric), index


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


def home_table(before: Result, after: Result, scores: pd.DataFrame) -> gpd.GeoDataFrame:
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
    homes["state"] = home_states(homes["best_before"], homes["best_after"])
    found: gpd.GeoDataFrame = homes.sort_values(["change", "best_after"], kind="stable")
    return found


def home_states(before: pd.Series, after: pd.Series) -> npt.NDArray[np.object_]:
    """State of each door (`HOME_STATES`), from the best score before and after (NaN where it is not there)."""
    was, then = before.to_numpy(dtype=np.float64), after.to_numpy(dtype=np.float64)
    conditions = [np.isnan(then), np.isnan(was), then - was <= -WORTH, then - was >= WORTH]
    return np.select(conditions, [DEMOLISHED, NEW_HOMES, LOSING, WINNING], KEEPING).astype(object)


def counts(state: npt.NDArray[np.object_], dwellings: pd.Series) -> dict[str, float]:
    """Dwellings by state."""
    weight = dwellings.to_numpy(dtype=np.float64)
    return {name: float(weight[state == name].sum()) for name in HOME_STATES}


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
        homes[columns[2]] = home_states(homes[columns[0]], homes[columns[1]])
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


Pairs = list[tuple[str | None, str | None]]

LOST, NEW, CHANGED, KEPT = "lost", "new", "changed", "kept"
STATES = (LOST, NEW, CHANGED, KEPT)
REASONS = 3
SCORES = (FLOATING, *ASPECTS)
# Of the draws, what lies between is told of a change.
CHANGE_LOW, CHANGE_HIGH = 5, 95


@dataclass(frozen=True)
class Comparison:
    """What is different after a plan.

    ``spaces``: one row a meeting space before or after: ``state`` (lost, new, changed, kept),
    ``before_id, after_id, name, kinds``, each score as ``<x>_before, <x>_after, <x>_change`` with the
    bounds ``_low_`` and ``_high_``, ``<x>_change_low, <x>_change_high`` (the 5th and 95th percentile of the
    change over the draws), ``reasons`` (the indicators that moved it most, ``;`` between). One that is
    joined to another, or parted, has a row for each pair.

    ``homes``: one row a stairwell (door) of the estate: ``dwellings, building, best_before, best_after,
    change`` (NaN where it is demolished or new), ``state`` (losing, winning, keeping, demolished, new),
    and through each lens ``best_before_<lens>, best_after_<lens>, state_<lens>``; in the CRS of the estate,
    those that lose most first. ``dwellings`` counts them by state, ``lenses`` through each lens.

    ``items``: what differs on the ground, with its geometry; ``causes``: what of it stands behind each
    reason (see ``spatial.plans.causes``).

    ``keeps_share`` is the share of seeded draws of weights and unknowns in which the median dwelling has at
    least what it has today, give or take ``WORTH``.
    """

    spaces: pd.DataFrame
    homes: gpd.GeoDataFrame
    dwellings: dict[str, float]
    median_before: float
    median_after: float
    keeps_share: float
    lenses: tuple[LensChange, ...]
    items: gpd.GeoDataFrame
    causes: pd.DataFrame

    def __repr__(self) -> str:
        """Count what goes, comes, changes and stays."""
        counts = ", ".join(f"{(self.spaces['state'] == state).sum()} {state}" for state in STATES)
        return f"Comparison({counts}; {self.dwellings['losing']:.0f} homes lose, {self.dwellings['winning']:.0f} win)"


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
    judged, index = judge_homes(
        (before.evidence, before.meeting_spaces.index), (after.evidence, after.meeting_spaces.index), before.rubric
    )
    scores = scoring_scores.estimates(judged, index, before.rubric)
    homes = home_table(before, after, scores)
    today, then = medians(homes)
    pairs = _pairs(_members(before), _members(after))
    drawn = _draw(before, after, homes, pairs, (judged, index), seed)
    spaces = _spaces(before, after, pairs, scores, (judged, index), drawn.changes)
    homes, seen = through_lenses(before, after, homes)
    items = plans_causes.changed_objects(before, after)
    return Comparison(
        spaces=spaces,
        homes=homes,
        dwellings=counts(homes["state"].to_numpy(dtype=object), homes["dwellings"]),
        median_before=today,
        median_after=then,
        keeps_share=drawn.keeps_share,
        lenses=seen,
        items=items,
        causes=_causes(before, after, items, spaces),
    )


def _check(before: Result, after: Result) -> None:
    for given in (before, after):
        if not isinstance(given, Result):
            raise InputError("comparison.kind", given=given, kind=type(given).__name__)
    editions = [edition(result.manifest.get("schema_version", SCHEMA_VERSION)) for result in (before, after)]
    if editions[0] != editions[1]:
        raise InputError("comparison.editions", before=editions[0], after=editions[1])
    if before.estate.crs != after.estate.crs:
        was, then = (result.estate.crs.to_string() for result in (before, after))
        raise CRSError("comparison.crs", before=was, after=then)
    if not before.estate.boundary.equals(after.estate.boundary):
        raise InputError("comparison.boundaries", before=before.estate.name, after=after.estate.name)


# --- which is which ------------------------------------------------------------------------------


def _members(result: Result) -> dict[str, set[str]]:
    """Place ids by meeting space."""
    found: dict[str, set[str]] = {str(space): set() for space in result.meeting_spaces.index}
    for place, space in result.places["space_id"].items():
        found[str(space)].add(str(place))
    return found


def _shared(before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """Pairs of meeting spaces that share places, those that share most first."""
    whose = {place: space for space, places in after.items() for place in places}
    shared = Counter((space, whose[place]) for space, places in before.items() for place in places if place in whose)
    return [pair for pair, _ in sorted(shared.items(), key=lambda item: (-item[1], item[0]))]


def match(before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> dict[str, str]:
    """Meeting spaces that are one and the same: pairs by the places they share, most first.

    Examples
    --------
    >>> match({"a": {"x", "y"}, "b": {"z"}}, {"c": {"x", "y", "z"}, "d": {"w"}})
    {'a': 'c'}
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for mine, theirs in _shared(before, after):
        if mine not in found and theirs not in taken:
            found[mine] = theirs
            taken.add(theirs)
    return dict(sorted(found.items()))


def _pairs(before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> Pairs:
    """Every meeting space before and after with its other self, or None where none of its places is there."""
    one = match(before, after)
    shared = _shared(before, after)
    joined = {mine: theirs for mine, theirs in reversed(shared) if mine not in one}
    parted = {theirs: mine for mine, theirs in reversed(shared) if theirs not in set(one.values())}
    pairs: Pairs = [(space, one.get(space, joined.get(space))) for space in before]
    return pairs + [(parted.get(space), space) for space in after if space not in set(one.values())]


# --- draws ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Drawn:
    """``keeps_share`` of `Comparison`; bounds of the change of each score: (2, pairs, scores), NaN without one."""

    keeps_share: float
    changes: Floats


def _draw(
    before: Result,
    after: Result,
    homes: pd.DataFrame,
    pairs: Pairs,
    judged: tuple[scoring_scores.Judged, pd.Index],
    seed: int,
) -> _Drawn:
    """Draw weights and unknowns, the same before and after."""
    table, index = judged
    staying = homes.index[homes["best_before"].notna() & homes["best_after"].notna()]
    weight = homes.loc[staying, "dwellings"].to_numpy(dtype=np.float64)
    old, new = (result.layers["homes"].loc[staying, "spaces_5min"] for result in (before, after))
    both = [i for i, (mine, theirs) in enumerate(pairs) if mine is not None and theirs is not None]
    a = index.get_indexer(pd.Index([pairs[i][0] for i in both], dtype=object))
    b = index.get_indexer(pd.Index([f"{AFTER}{pairs[i][1]}" for i in both], dtype=object))
    kept, moved = [], []
    for _, totals, parts in scoring_scores.draws(table, index, before.rubric, seed):
        scores = np.concatenate([totals[..., None], parts[..., : len(ASPECTS)]], axis=2)
        moved.append(scores[:, b] - scores[:, a])
        if len(staying):
            was, then = best(old, totals, index), best(new, totals, index, AFTER)
            kept.append(median(then, weight) >= median(was, weight) - WORTH)
    changes = np.full((2, len(pairs), len(SCORES)), np.nan)
    if both and moved:
        changes[:, both] = np.percentile(np.concatenate(moved), (CHANGE_LOW, CHANGE_HIGH), axis=0)
    return _Drawn(float(np.concatenate(kept).mean()) if kept else float("nan"), changes)


# --- meeting spaces ------------------------------------------------------------------------------


def _spaces(
    before: Result,
    after: Result,
    pairs: Pairs,
    scores: pd.DataFrame,
    judged: tuple[scoring_scores.Judged, pd.Index],
    changes: Floats,
) -> pd.DataFrame:
    rows = [
        _space_row(mine, theirs, before, after, scores, judged, changes[:, i]) for i, (mine, theirs) in enumerate(pairs)
    ]
    table = pd.DataFrame(rows)
    if not len(table):
        return table
    order = table["state"].map({state: i for i, state in enumerate(STATES)})
    return (
        table.assign(_order=order).sort_values(["_order", f"{FLOATING}_change"], kind="stable").drop(columns="_order")
    )


def _space_row(
    mine: str | None,
    theirs: str | None,
    before: Result,
    after: Result,
    scores: pd.DataFrame,
    judged: tuple[scoring_scores.Judged, pd.Index],
    changes: Floats,
) -> dict[str, Any]:
    shown = before.meeting_spaces.loc[mine] if mine is not None else after.meeting_spaces.loc[theirs]
    row: dict[str, Any] = {"state": "", "before_id": mine, "after_id": theirs}
    row |= {"name": shown["name"], "kinds": shown["kinds"], "reasons": ""}
    for k, score in enumerate(SCORES):
        for bound in ("_low", "", "_high"):
            row[f"{score}{bound}_before"] = np.nan if mine is None else scores.at[mine, score + bound]
            row[f"{score}{bound}_after"] = np.nan if theirs is None else scores.at[AFTER + theirs, score + bound]
        change = row[f"{score}_after"] - row[f"{score}_before"]
        row[f"{score}_change"] = change
        row[f"{score}_change_low"] = min(change, changes[0, k])
        row[f"{score}_change_high"] = max(change, changes[1, k])
    if mine is None or theirs is None:
        row["state"] = NEW if mine is None else LOST
        return row
    row["state"] = CHANGED if max(abs(row[f"{score}_change"]) for score in SCORES) >= WORTH else KEPT
    if row["state"] == CHANGED:
        row["reasons"] = ";".join(_reasons(judged, before, mine, AFTER + theirs))
    return row


def _reasons(judged: tuple[scoring_scores.Judged, pd.Index], before: Result, mine: str, theirs: str) -> list[str]:
    """Indicators whose judged change weighs most, the strongest first.

    A condition weighs what the score changes by when it alone changes, in the mean of before and after.
    """
    table, index = judged
    rubric, conditions = before.rubric, table.conditions
    within, across = scoring_scores.part_weights(rubric, table), scoring_scores.aspect_weights(rubric)
    pair = table.at(index.get_indexer(pd.Index([mine, theirs]))).best
    parts = pair @ within.T
    moved = across @ within[: len(ASPECTS)] * (pair[1] - pair[0]) * scoring_scores.gate(parts).mean()
    floating = scoring_scores.totals(parts, across, rubric.mean)
    for part, column in enumerate(conditions, start=len(ASPECTS)):
        other = parts.copy()
        other[:, part] = pair[::-1, column]
        alone = scoring_scores.totals(other, across, rubric.mean)
        moved[column] = (alone[0] - floating[0] + floating[1] - alone[1]) / 2
    order = np.lexsort((np.array(table.indicators), -np.abs(moved)))[:REASONS]
    return [table.indicators[i] for i in order if abs(moved[i]) > 0]


def _causes(before: Result, after: Result, items: gpd.GeoDataFrame, spaces: pd.DataFrame) -> pd.DataFrame:
    """What on the ground stands behind each reason, and behind what goes and comes."""
    if not len(spaces):
        return pd.DataFrame(columns=plans_causes.CAUSE_COLUMNS)
    rows = spaces[spaces["state"] != KEPT][["before_id", "after_id", "reasons"]].to_numpy(dtype=object)
    # A column of ids with gaps has NaN where there is none.
    moved: list[tuple[str | None, str | None, list[str]]] = [
        (
            mine if isinstance(mine, str) else None,
            theirs if isinstance(theirs, str) else None,
            [name for name in reasons.split(";") if name],
        )
        for mine, theirs, reasons in rows
    ]
    return plans_causes.causes_by_space(before, after, items, moved)
