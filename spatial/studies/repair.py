"""Nearest repair of a plan that harms: the fewest small additions that leave no way of getting about worse off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from spatial.analysis.inputs import Inputs
from spatial.core.errors import InputError
from spatial.core.languages import KNOWN_LANGUAGES
from spatial.places.naming import names_by_street
from spatial.plans.home_changes import WORTH
from spatial.scoring import lenses
from spatial.settings import lenses as settings_lenses
from spatial.studies.measures import Measure, read_measures
from spatial.studies.spots import Spot, find_candidates
from spatial.studies.what_if import Look, WhatIf
from spatial.texts.repair import repair_as_data

# What a board can add to a plan without another plan.
KINDS = ("bench", "table", "gate", "link", "crossing")
# So many spots are tried, those nearest to the homes that lose; so many are combined, and so many at most.
MOST_SPOTS, MOST_COMBINED, MOST_TOGETHER = 40, 8, 3


@dataclass(frozen=True)
class Balance:
    """Homes that lose and win a point or more through each lens, against today."""

    losing: Mapping[str, float]
    winning: Mapping[str, float]

    @property
    def worse(self) -> tuple[str, ...]:
        """Lenses through which some home loses: what others win does not make up for it."""
        return tuple(lens for lens in self.losing if round(self.losing[lens]) > 0)

    @property
    def harm(self) -> float:
        """Homes that lose, summed over the lenses."""
        return sum(round(self.losing[lens]) for lens in self.worse)


@dataclass(frozen=True, eq=False)
class Addition:
    """One small addition: its measure, where, and what the nearest meeting space is called, by language.

    Each is only itself.
    """

    measure: Measure
    spot: Spot
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def cost_dkk(self) -> float:
        """Rough cost in kroner."""
        return self.measure.cost(self.spot.length_m)


@dataclass(frozen=True)
class Repair:
    """What repairs a plan.

    ``before`` is the plan as it is, ``after`` with the additions, by a whole look; no ``additions`` where the plan
    harms nobody, or nothing that was tried helps. ``tried`` counts the spots that were tried one by one.
    """

    before: Balance
    after: Balance
    additions: tuple[Addition, ...]
    tried: int

    @property
    def repaired(self) -> bool:
        """Whether no lens is worse off with the additions."""
        return not self.after.worse


def repair_plan(
    inputs: Inputs,
    chosen: Sequence[Measure] | None = None,
    tell: Callable[[int, int], None] | None = None,
    *,
    rubric: Path | None = None,
    tags: Path | None = None,
) -> Repair:
    """Find the fewest additions to a plan that leave no lens worse off, of equally few the cheapest.

    One alone is tried first, each spot nearest to the homes that lose; then those that helped most together, two and
    three. That no fewer do is sure of one alone among the spots that were tried; more together are the best of those
    that were combined. What is told was looked at again, whole.

    Parameters
    ----------
    inputs
        With a plan.
    chosen
        The measures to try. Default: those of `KINDS` in the bundled list.
    tell
        Called with how many spots were tried, of how many.
    rubric, tags
        A rubric and choices of tags in TOML. Default: the bundled ones.

    Raises
    ------
    InputError
        If there is no plan.
    """
    if inputs.plan is None or not inputs.plan.edits:
        raise InputError("repair.no_plan")
    bench = _Bench(inputs, rubric, tags)
    before = bench.balance(())
    if not before.worse:
        return Repair(before, before, (), 0)
    measures = [one for one in read_measures() if one.id in KINDS] if chosen is None else chosen
    spots = bench.spots(measures)
    alone: dict[tuple[Addition, ...], float] = {}
    for number, one in enumerate(spots, start=1):
        alone[(one,)] = bench.balance((one,)).harm
        if tell is not None:
            tell(number, len(spots))
    best = fewest(alone, before.harm, lambda found: bench.balance(found).harm)
    return Repair(before, bench.balance(best, whole=True), best, len(spots))


def fewest(
    alone: Mapping[tuple[Addition, ...], float], harm: float, weigh: Callable[[tuple[Addition, ...]], float]
) -> tuple[Addition, ...]:
    """The fewest additions that take away all harm, else those that take away most; none where none helps.

    Parameters
    ----------
    alone
        The harm that is left with each addition by itself.
    harm
        That of the plan as it is.
    weigh
        The harm that is left with several.
    """
    level = {found: left for found, left in alone.items() if left < harm}
    helpful = [found[0] for found in sorted(level, key=lambda found: _rank(found, level))[:MOST_COMBINED]]
    best = min(level, key=lambda found: _rank(found, level), default=())
    left = level.get(best, harm)
    for _ in range(MOST_TOGETHER - 1):
        if left <= 0 or not best:
            break
        level = {(*best, one): weigh((*best, one)) for one in helpful if one not in best}
        further = min(level, key=lambda found: _rank(found, level), default=())
        if not further or level[further] >= left:
            break
        best, left = further, level[further]
    return best


def _rank(found: tuple[Addition, ...], left: Mapping[tuple[Addition, ...], float]) -> tuple[float, float, str]:
    return left[found], sum(one.cost_dkk for one in found), ";".join(one.spot.edit.feature for one in found)


class _Bench:
    """A plan on the ground to which additions are tried, weighed against today through every lens."""

    def __init__(self, inputs: Inputs, rubric: Path | None, tags: Path | None) -> None:
        today = WhatIf(replace(inputs, plan=None), rubric, choices=tags)
        self._estate, self._rubric = inputs.estate, today.before.rubric
        self._today = {lens: best for lens, best in self._seen(today.before)}
        self._homes = today.before.dwellings["dwellings"]
        self._planned = WhatIf(inputs, rubric, choices=tags)
        self._quick = cache(self._balance_of)

    def balance(self, additions: tuple[Addition, ...], *, whole: bool = False) -> Balance:
        """What the plan with some additions does to the homes that stay."""
        return self._balance_of(additions, whole=True) if whole else self._quick(additions)

    def _balance_of(self, additions: tuple[Addition, ...], *, whole: bool = False) -> Balance:
        edits = [replace(one.spot.edit, feature=f"repair {k}") for k, one in enumerate(additions, start=1)]
        losing, winning = {}, {}
        for lens, change in self._changes(self._planned.after(*edits, whole=whole)):
            weight = self._homes.reindex(change.index)
            losing[lens] = float(weight[change <= -WORTH].sum())
            winning[lens] = float(weight[change >= WORTH].sum())
        return Balance(losing, winning)

    def _changes(self, look: Look) -> Iterator[tuple[str, pd.Series]]:
        for lens, best in self._seen(look):
            staying = best.index.intersection(self._today[lens].index)
            yield lens, best.loc[staying] - self._today[lens].loc[staying]

    def _seen(self, look: Look) -> Iterator[tuple[str, pd.Series]]:
        """What each door has within five minutes through each lens, by the rubric of today."""
        view = look.view
        seen = lenses.score_through_lenses(
            settings_lenses.lenses(),
            self._rubric,
            look.evidence,
            view.sites,
            view.measured_from,
            (view.places.index, view.rooms.index),
            view.raw.extent,
        )
        for lens in seen:
            if lens.homes is not None:
                yield lens.id, lens.homes["best_floating"]

    def spots(self, measures: Sequence[Measure]) -> list[Addition]:
        """Where each measure could be tried, those nearest to the homes that lose first."""
        view = self._planned.before.view
        found = [
            (measure, spot)
            for measure in measures
            for spot in find_candidates(
                measure.where, view.rooms, self._estate.study_area, view.measured_from, measure.tags
            )
            if self._planned.fits(spot.edit)
        ]
        beside = self._beside([spot for _, spot in found])
        return self._nearest([Addition(*pair, names) for pair, names in zip(found, beside, strict=True)])

    def _beside(self, spots: Sequence[Spot]) -> list[dict[str, str]]:
        """What the meeting space nearest to each spot is called, by language."""
        view = self._planned.before.view
        if not len(view.rooms):
            return [{} for _ in spots]
        names = {lang: names_by_street(view.rooms, view.measured_from.paths, lang) for lang in KNOWN_LANGUAGES}
        tree = shapely.STRtree(view.rooms.geometry.to_numpy())
        return [{lang: names[lang][int(tree.nearest(spot.at))] for lang in KNOWN_LANGUAGES} for spot in spots]

    def _nearest(self, found: list[Addition]) -> list[Addition]:
        losers = self._losers()
        if not len(losers):
            return found[:MOST_SPOTS]
        away = [float(shapely.distance(losers, one.spot.at).min()) for one in found]
        order = sorted(range(len(found)), key=lambda i: (round(away[i], 1), found[i].measure.id, i))
        return [found[i] for i in order[:MOST_SPOTS]]

    def _losers(self) -> Any:
        """Where the homes are that lose through any lens."""
        doors = self._planned.before.dwellings
        changes = [change for _, change in self._changes(self._planned.before)]
        lost = {door for change in changes for door in change.index[change <= -WORTH]}
        return doors.geometry[doors.index.isin(lost)].to_numpy()


def repair_told(found: Repair) -> dict[str, Any]:
    """What was found as plain data; see ``spatial.texts.repair``."""
    additions = [
        {"measure": one.measure.id, "beside": dict(one.beside), "cost_dkk": one.cost_dkk, "length_m": one.spot.length_m}
        for one in found.additions
    ]
    return repair_as_data(_lenses(found.before), _lenses(found.after), additions, found.tried)


def _lenses(balance: Balance) -> list[dict[str, Any]]:
    return [
        {"lens": lens, "losing": round(balance.losing[lens]), "winning": round(balance.winning[lens])}
        for lens in balance.worse
    ]


def additions_table(found: Repair, crs: Any) -> gpd.GeoDataFrame:
    """The additions as a map layer that is a plan; what is changed keeps its shape and has none here."""
    rows = [
        {
            "action": one.spot.edit.action,
            "layer": one.spot.edit.layer,
            "target": one.spot.edit.target,
            "note": one.measure.id,
            **one.measure.tags,
            "geometry": one.spot.edit.geometry,
        }
        for one in found.additions
    ]
    return gpd.GeoDataFrame(rows, columns=None if rows else ["action", "geometry"], geometry="geometry", crs=crs)
