"""Suggest small measures: which of those that could be tried gains most for its cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.analysis.inputs import InputFiles, Inputs
from spatial.analysis.run import View
from spatial.core.arrays import object_array
from spatial.core.errors import ConfigError, InputError, SpatialError
from spatial.core.model import Estate, Plan, Raster, RawData
from spatial.indicators.inputs import IndicatorInputs
from spatial.places.meeting_spaces import POSSIBLE, SPACE_PREFIX
from spatial.places.whereabouts import nearest_street
from spatial.settings import loading
from spatial.sources import rasters
from spatial.studies.spots import FINDERS, POSSIBLE_SPACE, Spot, find_candidates
from spatial.studies.what_if import Gain, WhatIf

MOST = 10
# What was found from what is known and from the start may differ by no more.
SAME = 1e-9
LISTS, STATED = "lists", "stated"
FIELDS = {"where", "tags", "cost_dkk", "cost_dkk_per_m", "why"}


@dataclass(frozen=True)
class Measure:
    """A cheap measure: which spots it is tried at, what it sets, and what it roughly costs in kroner."""

    id: str
    where: str
    tags: Mapping[str, str]
    cost_dkk: float
    cost_dkk_per_m: float
    why: str

    def cost(self, length_m: float) -> float:
        """Rough cost in kroner of so many metres of work."""
        return self.cost_dkk + self.cost_dkk_per_m * length_m


def read_measures(path: Path | None = None) -> tuple[Measure, ...]:
    """Read the list of measures; None: the bundled one.

    Raises
    ------
    ConfigError
        If an entry lacks something, or names a kind of spot that there is not.
    """
    found = []
    for name, entry in loading.load_toml(path, "measures.toml").items():
        if not isinstance(entry, dict) or set(entry) != FIELDS:
            raise ConfigError("suggestions.fields", name=name, found=_keys(entry), known=sorted(FIELDS))
        if entry["where"] not in FINDERS:
            known = list(FINDERS)
            raise ConfigError("suggestions.where", name=name, found=entry["where"], known=known)
        costs = [entry["cost_dkk"], entry["cost_dkk_per_m"]]
        if not all(isinstance(cost, int | float) and 0 <= cost < math.inf for cost in costs) or not sum(costs) > 0:
            raise ConfigError("suggestions.costs", name=name, found=costs)
        found.append(Measure(name, entry["where"], entry["tags"], float(costs[0]), float(costs[1]), str(entry["why"])))
    return tuple(found)


def _keys(entry: Any) -> str:
    return ", ".join(entry) if isinstance(entry, dict) else repr(entry)


@dataclass(frozen=True)
class Candidate:
    """A measure at a spot, which is to be tried."""

    measure: Measure
    spot: Spot

    @property
    def cost_dkk(self) -> float:
        """Rough cost in kroner."""
        return self.measure.cost(self.spot.length_m)


@dataclass(frozen=True, eq=False)
class _Tried:
    """What came of a candidate: its gain, and what was found of each meeting space and each door."""

    measure: Measure
    spot: Spot
    gain: Gain
    cost_dkk: float
    found: tuple[pd.Series, pd.Series]

    @property
    def worth(self) -> float:
        """Homes that gain a krone."""
        return self.gain.homes / self.cost_dkk


def find_measures(
    what_if: WhatIf,
    estate: Estate,
    chosen: tuple[Measure, ...] | None = None,
    *,
    most: int = MOST,
    tell: Callable[[int, int], None] | None = None,
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Find the single measures that gain most for their cost.

    Parameters
    ----------
    what_if
        The estate to try them in.
    chosen
        The measures; default: the bundled list.
    most
        How many are returned at most.
    tell
        Called with how many were tried, of how many.

    Returns
    -------
    suggestions
        One row a suggestion, the most homes a krone first, ties by points and name: ``measure``, ``space_id`` and
        ``space`` (the nearest meeting space, or the possible one), ``street`` (the nearest),
        ``homes_better`` (dwellings whose best meeting space within five minutes gains a whole point of 100, or that
        get a good one and had none), ``homes_lacking`` (the latter), ``homes_worse``, ``points`` (the sum of what these
        gain and lose),
        ``length_m``, ``cost_dkk``, ``homes_per_1000_dkk`` (better less worse); and the edit: ``action, layer,
        target`` and its tags, so that the table is a plan; ``kind`` is what is set, ``unmapped_share`` how much of all
        there is of it is probably not mapped, and ``unmapped_by`` how that is known (``lists``, ``stated``);
        geometry in the estate's CRS. Each was found again by a whole run.
    tried
        How many spots there are to try, by measure. What costs so much that it could not come among the best if every
        home gained by it is not looked at.

    Raises
    ------
    SpatialError
        If a whole run found something else than the quick one: then nothing is suggested.
    """
    rows = read_measures() if chosen is None else chosen
    before = what_if.before.view
    spots = [
        Candidate(measure, spot)
        for measure in rows
        for spot in find_candidates(
            measure.where,
            before.possible if measure.where == POSSIBLE_SPACE else before.rooms,
            estate.study_area,
            before.measured_from,
            measure.tags,
        )
        if what_if.fits(spot.edit)
    ]
    best = best_of(try_candidates(what_if, spots, most, tell), most)
    for one in best:
        _verify(what_if, one)
    counts = {measure.id: sum(one.measure is measure for one in spots) for measure in rows}
    return _table(best, before, estate), counts


def try_candidates(
    what_if: WhatIf, spots: Sequence[Candidate], most: int, tell: Callable[[int, int], None] | None = None
) -> list[_Tried]:
    """Look at each candidate, the cheapest first, until none that is left can come among the best.

    A measure can do no more than better every home of the estate: where that would not be enough for its cost to come
    among so many, neither would it be for what costs more.
    """
    every_home = float(what_if.before.dwellings["dwellings"].sum()) * (1.0 + SAME)
    tried: list[_Tried] = []
    for number, one in enumerate(sorted(spots, key=lambda one: one.cost_dkk), start=1):
        last = best_of(tried, most)[most - 1 : most]
        if last and every_home / one.cost_dkk < last[0].worth:
            break
        look = what_if.after(one.spot.edit)
        found = (look.floating, look.best_at_home)
        tried.append(_Tried(one.measure, one.spot, what_if.gain(look), one.cost_dkk, found))
        if tell is not None:
            tell(number, len(spots))
    return tried


def best_of(tried: Sequence[_Tried], most: int) -> list[_Tried]:
    """Those that gain most for their cost."""
    gaining = [one for one in tried if one.gain.homes > 0]
    return sorted(gaining, key=lambda one: (-one.worth, -one.gain.points, one.measure.id, one.spot.edit.feature))[:most]


def _verify(what_if: WhatIf, one: _Tried) -> None:
    """Find a suggestion again by a whole run."""
    whole = what_if.after(one.spot.edit, whole=True)
    if not all(map(_agree, one.found, (whole.floating, whole.best_at_home))):
        raise SpatialError("suggestions.two_results", measure=one.measure.id, feature=one.spot.edit.feature)


def _agree(quick: pd.Series, whole: pd.Series) -> bool:
    """Whether two ways found the same of the same meeting spaces or doors."""
    if list(quick.index) != list(whole.index):
        return False
    return bool(np.abs(quick.to_numpy() - whole.to_numpy()).max(initial=0.0) <= SAME)


def _table(best: list[_Tried], view: View, estate: Estate) -> gpd.GeoDataFrame:
    rooms = view.rooms
    shapes = object_array(one.spot.at for one in best)
    nearest = (
        shapely.STRtree(rooms.geometry.to_numpy()).query_nearest(shapes, all_matches=False)[1]
        if best
        else np.empty(0, dtype=np.int64)
    )
    unmapped = [_unmapped(one.measure, view.measured_from) for one in best]
    columns: dict[str, list[Any]] = {
        "measure": [one.measure.id for one in best],
        "space_id": [_space_of(one, str(rooms.index[row])) for one, row in zip(best, nearest, strict=True)],
        "space": [_name_of(one, rooms.iloc[row]) for one, row in zip(best, nearest, strict=True)],
        "street": list(nearest_street(gpd.GeoDataFrame(geometry=shapes, crs=estate.crs), view.measured_from.paths)),
        "points": [one.gain.points for one in best],
        "homes_better": [one.gain.better for one in best],
        "homes_lacking": [one.gain.lacking for one in best],
        "homes_worse": [one.gain.worse for one in best],
        "length_m": [one.spot.length_m for one in best],
        "cost_dkk": [one.cost_dkk for one in best],
        "homes_per_1000_dkk": [1000 * one.worth for one in best],
        "action": [one.spot.edit.action for one in best],
        "layer": [one.spot.edit.layer for one in best],
        "target": [one.spot.edit.target for one in best],
        "kind": [view.measured_from.kinds.kind.first(one.measure.tags) for one in best],
        "unmapped_share": [share for share, _ in unmapped],
        "unmapped_by": [by for _, by in unmapped],
    }
    keys = sorted({key for one in best for key in one.measure.tags})
    columns |= {key: [one.measure.tags.get(key) for one in best] for key in keys}
    index = pd.RangeIndex(1, len(best) + 1, name="order")
    return gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=shapes, crs=estate.crs)


def _space_of(one: _Tried, nearest: str) -> str:
    return SPACE_PREFIX + one.spot.edit.feature if one.measure.where == POSSIBLE_SPACE else nearest


def _name_of(one: _Tried, nearest: pd.Series) -> str:
    """Name of the meeting space, else its first kind; of a room on which nothing is mapped that it is one."""
    if one.measure.where == POSSIBLE_SPACE:
        return POSSIBLE
    return str(nearest["name"] if isinstance(nearest["name"], str) else nearest["kinds"].split(";")[0])


def _unmapped(measure: Measure, inputs: IndicatorInputs) -> tuple[float, str | None]:
    """Share of the things that a measure sets that are probably not mapped, and how that is known; NaN if it is not.

    Two lists of the ground say it, else what is stated of the kind in ``tags.toml``: the middle of its range.
    """
    kind = inputs.kinds.kind.first(measure.tags) or ""
    known = inputs.completeness.get(kind)
    if known is not None and known.lists is not None:
        return 1.0 - known.mapped_share, LISTS
    stated = inputs.kinds.stated_mapped_share.get(kind)
    return (np.nan, None) if stated is None else (1.0 - sum(stated) / len(stated), STATED)


def suggest(  # noqa: PLR0913 (the public signature)
    estate: Estate,
    *,
    osm: str | Path | Any,
    layers: Sequence[str | RawData] = (),
    complete: Sequence[str] = (),
    terrain: rasters.Files | Raster | None = None,
    surface: rasters.Files | Raster | None = None,
    plan: str | Path | Plan | None = None,
    field_checks: str | Path | None = None,
    rubric: str | Path | None = None,
    tags: str | Path | None = None,
    measures: str | Path | None = None,
    most: int = MOST,
    progress: Callable[[str], None] | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Find the single measures that gain most for their cost; see `find_measures`.

    Parameters
    ----------
    estate, osm, layers, complete, terrain, surface, plan, field_checks, rubric, tags, progress
        As ``spatial.analyse`` takes them; with a plan, measures on top of it.
    measures
        A list of measures in TOML with your own costs. Default: the bundled examples.
    most
        How many are returned at most.

    Raises
    ------
    InputError
        If nobody is known to live in the estate.
    SpatialError
        As ``spatial.analyse``.
    """
    chosen = read_measures(None if measures is None else Path(measures))
    files = InputFiles(osm, layers, complete, terrain, surface, plan, field_checks)
    own, choices = (None if one is None else Path(one) for one in (rubric, tags))
    what_if = WhatIf(Inputs.read(estate, files, progress), own, progress, choices=choices)
    if not what_if.before.dwellings["dwellings"].sum() > 0:
        raise InputError("suggestions.no_dwellings", estate=estate.name)
    return find_measures(what_if, estate, chosen, most=most, tell=tell)
