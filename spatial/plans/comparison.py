"""Compare two results: what becomes of each meeting space and of each home, also through the lenses. Pure.

Both results are judged by the rubric of the first, so that a change of score is a change on the ground and
not of the scale. Places are matched by their ids, or by what stands for them now (``lineage.successors``); a meeting
space is the one it shares most places with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.core.arrays import Floats, product
from spatial.core.errors import CRSError, InputError
from spatial.core.model import ASPECTS, FLOATING, Result
from spatial.core.versions import SCHEMA_VERSION, edition
from spatial.layers import lineage
from spatial.places.meeting_spaces import MEETING
from spatial.plans import causes as plans_causes
from spatial.plans.home_changes import (
    AFTER,
    WORTH,
    LensChange,
    best,
    counts,
    home_table,
    judge_homes,
    levels,
    median,
    through_lenses,
)
from spatial.scoring import scores as scoring_scores
from spatial.scoring.combining import aspect_weights, gate, part_weights, totals
from spatial.scoring.draws import draws
from spatial.scoring.judging import Judged

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

    Of seeded draws of weights and unknowns, ``keeps_share`` is the share in which the median dwelling has at least what
    it has today, give or take ``WORTH``, ``harms_share`` that in which more dwellings lose than win, and
    ``helps_share`` that in which more win than lose; ``losing_range`` are the dwellings that lose in them, 5th and
    95th percentile. ``successors`` has a row for each place and meeting space that is there both times under two
    ids: ``level``, ``before_id`` and ``after_id``.
    """

    spaces: pd.DataFrame
    homes: gpd.GeoDataFrame
    dwellings: dict[str, float]
    median_before: float
    median_after: float
    tenth_before: float
    tenth_after: float
    keeps_share: float
    harms_share: float
    helps_share: float
    losing_range: tuple[float, float]
    lenses: tuple[LensChange, ...]
    items: gpd.GeoDataFrame
    causes: pd.DataFrame
    successors: pd.DataFrame = field(default_factory=pd.DataFrame)

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
    check_comparable(before, after)
    seed = int(before.manifest.get("seed", 0)) if seed is None else seed
    heirs = lineage.successors(before.places, after.places)
    pairs = pair_spaces(before, after, heirs)
    same = {theirs: mine for mine, theirs in reversed(pairs) if mine is not None and theirs is not None}
    judged, index = judge_homes(
        (before.evidence, before.meeting_spaces.index),
        (after.evidence, after.meeting_spaces.index),
        before.rubric,
        same,
    )
    scores = scoring_scores.estimates(judged, index, before.rubric)
    homes = home_table(before, after, scores)
    today, then, worst_today, worst_then = levels(homes)
    told = [pair for pair in pairs if _is_told(pair, before, after)]
    drawn = _draw(before, after, homes, told, (judged, index), seed)
    spaces = _spaces(before, after, told, scores, (judged, index), drawn.changes)
    homes, seen = through_lenses(before, after, homes)
    items = plans_causes.changed_objects(before, after)
    return Comparison(
        spaces=spaces,
        homes=homes,
        dwellings=counts(homes["state"].to_numpy(dtype=object), homes["dwellings"]),
        median_before=today,
        median_after=then,
        tenth_before=worst_today,
        tenth_after=worst_then,
        keeps_share=drawn.keeps_share,
        harms_share=drawn.harms_share,
        helps_share=drawn.helps_share,
        losing_range=drawn.losing_range,
        lenses=seen,
        items=items,
        causes=_causes(before, after, items, spaces),
        successors=_successors(heirs, pairs),
    )


def _is_told(pair: tuple[str | None, str | None], before: Result, after: Result) -> bool:
    """Whether a pair is a meeting space before or after: what is closed, a seat or only possible counts in no table."""
    states = zip(pair, (before.meeting_spaces, after.meeting_spaces), strict=True)
    return any(name is not None and table.at[name, "status"] == MEETING for name, table in states)


def check_comparable(before: Result, after: Result) -> None:
    """Check that two results are of one estate and one edition of the measure.

    Raises
    ------
    InputError, CRSError
        If they are not.
    """
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


def _successors(heirs: Mapping[str, str], pairs: Pairs) -> pd.DataFrame:
    """Places and meeting spaces that are there both times under two ids."""
    rows = [("place", mine, theirs) for mine, theirs in sorted(heirs.items())]
    both = [(mine, theirs) for mine, theirs in pairs if mine is not None and theirs is not None and mine != theirs]
    rows += [("space", mine, theirs) for mine, theirs in sorted(both)]
    return pd.DataFrame(rows, columns=["level", "before_id", "after_id"])


def _members(result: Result, heirs: Mapping[str, str] | None = None) -> dict[str, set[str]]:
    """Place ids by meeting space; of a place that another stands for the id of that."""
    found: dict[str, set[str]] = {str(space): set() for space in result.meeting_spaces.index}
    for place, space in result.places["space_id"].items():
        found[str(space)].add((heirs or {}).get(str(place), str(place)))
    return found


def pair_spaces(before: Result, after: Result, heirs: Mapping[str, str] | None = None) -> Pairs:
    """Every meeting space of two results with its other self, or None where none of its places is there."""
    known = lineage.successors(before.places, after.places) if heirs is None else heirs
    return _pairs(_members(before, known), _members(after))


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
    """As `Comparison` has them; bounds of the change of each score: (2, pairs, scores), NaN without one."""

    keeps_share: float
    harms_share: float
    helps_share: float
    losing_range: tuple[float, float]
    changes: Floats


def _draw(
    before: Result,
    after: Result,
    homes: pd.DataFrame,
    pairs: Pairs,
    judged: tuple[Judged, pd.Index],
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
    kept, moved, lost, won = [], [], [], []
    for _, floating, parts in draws(table, index, before.rubric, seed):
        scores = np.concatenate([floating[..., None], parts[..., : len(ASPECTS)]], axis=2)
        moved.append(scores[:, b] - scores[:, a])
        if len(staying):
            was, then = best(old, floating, index), best(new, floating, index, AFTER)
            kept.append(median(then, weight) >= median(was, weight) - WORTH)
            lost.append((then - was <= -WORTH) @ weight)
            won.append((then - was >= WORTH) @ weight)
    changes = np.full((2, len(pairs), len(SCORES)), np.nan)
    if both and moved:
        changes[:, both] = np.percentile(np.concatenate(moved), (CHANGE_LOW, CHANGE_HIGH), axis=0)
    if not kept:
        return _Drawn(np.nan, np.nan, np.nan, (np.nan, np.nan), changes)
    losing, winning = np.concatenate(lost), np.concatenate(won)
    low, high = np.percentile(losing, (CHANGE_LOW, CHANGE_HIGH))
    keeps, harms, helps = (float(one.mean()) for one in (np.concatenate(kept), losing > winning, winning > losing))
    return _Drawn(keeps, harms, helps, (float(low), float(high)), changes)


# --- meeting spaces ------------------------------------------------------------------------------


def _spaces(
    before: Result,
    after: Result,
    pairs: Pairs,
    scores: pd.DataFrame,
    judged: tuple[Judged, pd.Index],
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
    judged: tuple[Judged, pd.Index],
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


def moved_most(before: Result, after: Result, mine: str, theirs: str) -> list[str]:
    """Indicators that moved a meeting space most, the strongest first; its ids before and after."""
    judged = judge_homes(
        (before.evidence, before.meeting_spaces.index), (after.evidence, after.meeting_spaces.index), before.rubric
    )
    return _reasons(judged, before, mine, AFTER + theirs)


def _reasons(judged: tuple[Judged, pd.Index], before: Result, mine: str, theirs: str) -> list[str]:
    """Indicators whose judged change weighs most, the strongest first.

    A condition weighs what the score changes by when it alone changes, in the mean of before and after.
    """
    table, index = judged
    rubric, conditions = before.rubric, table.conditions
    within, across = part_weights(rubric, table), aspect_weights(rubric)
    pair = table.at(index.get_indexer(pd.Index([mine, theirs]))).best
    parts = product(pair, within.T)
    moved = product(across, within[: len(ASPECTS)]) * (pair[1] - pair[0]) * gate(parts).mean()
    floating = totals(parts, across, rubric.mean)
    for part, column in enumerate(conditions, start=len(ASPECTS)):
        other = parts.copy()
        other[:, part] = pair[::-1, column]
        alone = totals(other, across, rubric.mean)
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
