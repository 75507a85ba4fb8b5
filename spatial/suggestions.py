"""Which small measure brings most for its cost? Each is tried by itself, and the best are run again from the start."""

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

from spatial import candidates, config, gathering
from spatial.clock import Clock
from spatial.crs import require_metric
from spatial.errors import ConfigError, InputError, SpatialError
from spatial.model import FLOATING, Estate, Plan, Raster, RawData
from spatial.phrases import phrase
from spatial.sources import raster
from spatial.whatif import Gain, Look, WhatIf

MOST = 10
# What was found from what is known and from the start may differ by no more.
SAME = 1e-9
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


def read(path: Path | None = None) -> tuple[Measure, ...]:
    """Read the list of measures; None: the bundled one.

    Raises
    ------
    ConfigError
        If an entry lacks something, or names a kind of spot that there is not.
    """
    found = []
    for name, entry in config.load(path, "measures.toml").items():
        if not isinstance(entry, dict) or set(entry) != FIELDS:
            raise ConfigError("suggestions.fields", name=name, found=_keys(entry), known=sorted(FIELDS))
        if entry["where"] not in candidates.FINDERS:
            known = list(candidates.FINDERS)
            raise ConfigError("suggestions.where", name=name, found=entry["where"], known=known)
        costs = [entry["cost_dkk"], entry["cost_dkk_per_m"]]
        if not all(isinstance(cost, int | float) and 0 <= cost < math.inf for cost in costs) or not sum(costs) > 0:
            raise ConfigError("suggestions.costs", name=name, found=costs)
        found.append(Measure(name, entry["where"], entry["tags"], float(costs[0]), float(costs[1]), str(entry["why"])))
    return tuple(found)


def _keys(entry: Any) -> str:
    return ", ".join(entry) if isinstance(entry, dict) else repr(entry)


@dataclass(frozen=True)
class _Tried:
    measure: Measure
    spot: candidates.Spot
    gain: Gain
    cost_dkk: float

    @property
    def worth(self) -> float:
        """Points a krone."""
        return self.gain.points / self.cost_dkk


def find(
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
        One row a suggestion, the most points a krone first, ties by name: ``measure``, ``space_id`` and
        ``space`` (the nearest meeting space), ``points`` (the sum over all dwellings of the points of 100 that
        their best meeting space within five minutes gains), ``homes_better`` and ``homes_worse``
        (dwellings), ``length_m``, ``cost_dkk``, ``points_per_1000_dkk``; and the edit: ``action, layer, target``
        and its tags, so that the table is a plan; geometry in the estate's CRS. Each was found again by a
        whole run.
    tried
        How many spots were tried, by measure.

    Raises
    ------
    SpatialError
        If a whole run found something else than the quick one: then nothing is suggested.
    """
    rows = read() if chosen is None else chosen
    before = what_if.before.view
    spots = [
        (measure, spot)
        for measure in rows
        for spot in candidates.find(measure.where, before.rooms, estate.study_area, before.scenery, measure.tags)
    ]
    tried = []
    for number, (measure, spot) in enumerate(spots, start=1):
        gain = what_if.gain(what_if.after(spot.edit))
        tried.append(_Tried(measure, spot, gain, measure.cost(spot.length_m)))
        if tell is not None:
            tell(number, len(spots))
    gaining = [one for one in tried if one.gain.points > 0]
    best = sorted(gaining, key=lambda one: (-one.worth, one.measure.id, one.spot.edit.feature))[:most]
    for one in best:
        _verify(what_if, one)
    counts = {measure.id: sum(entry is measure for entry, _ in spots) for measure in rows}
    return _table(best, before.rooms, estate), counts


def _verify(what_if: WhatIf, one: _Tried) -> None:
    """Find a suggestion again by a whole run."""
    quick, whole = (what_if.after(one.spot.edit, whole=way) for way in (False, True))
    if not _agree(quick, whole):
        raise SpatialError("suggestions.two_results", measure=one.measure.id, feature=one.spot.edit.feature)


def _agree(quick: Look, whole: Look) -> bool:
    one, other = quick.scores(quick.rubric)[FLOATING], whole.scores(whole.rubric)[FLOATING]
    homes = np.abs(quick.best_at_home.to_numpy() - whole.best_at_home.to_numpy()).max(initial=0.0)
    return list(one.index) == list(other.index) and bool(
        np.abs(one.to_numpy() - other.to_numpy()).max(initial=0.0) <= SAME and homes <= SAME
    )


def _table(best: list[_Tried], rooms: gpd.GeoDataFrame, estate: Estate) -> gpd.GeoDataFrame:
    shapes = np.array([*(one.spot.at for one in best), None], dtype=object)[:-1]
    nearest = (
        shapely.STRtree(rooms.geometry.to_numpy()).query_nearest(shapes, all_matches=False)[1]
        if best
        else np.empty(0, dtype=np.int64)
    )
    columns: dict[str, list[Any]] = {
        "measure": [one.measure.id for one in best],
        "space_id": list(rooms.index[nearest]),
        "space": [
            name if isinstance(name, str) else kinds.split(";")[0]
            for name, kinds in zip(rooms["name"].iloc[nearest], rooms["kinds"].iloc[nearest], strict=True)
        ],
        "points": [one.gain.points for one in best],
        "homes_better": [one.gain.better for one in best],
        "homes_worse": [one.gain.worse for one in best],
        "length_m": [one.spot.length_m for one in best],
        "cost_dkk": [one.cost_dkk for one in best],
        "points_per_1000_dkk": [1000 * one.worth for one in best],
        "action": [one.spot.edit.action for one in best],
        "layer": [one.spot.edit.layer for one in best],
        "target": [one.spot.edit.target for one in best],
    }
    keys = sorted({key for one in best for key in one.measure.tags})
    columns |= {key: [one.measure.tags.get(key) for one in best] for key in keys}
    index = pd.RangeIndex(1, len(best) + 1, name="order")
    return gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=shapes, crs=estate.crs)


def suggest(
    estate: Estate,
    *,
    osm: str | Path | Any,
    layers: Sequence[str | RawData] = (),
    complete: Sequence[str] = (),
    terrain: raster.Files | Raster | None = None,
    surface: raster.Files | Raster | None = None,
    plan: str | Path | Plan | None = None,
    field_checks: str | Path | None = None,
    rubric: str | Path | None = None,
    measures: str | Path | None = None,
    most: int = MOST,
    progress: Callable[[str], None] | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Find the single measures that gain most for their cost; see `find`.

    Parameters
    ----------
    estate, osm, layers, complete, terrain, surface, plan, field_checks, rubric, progress
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
    require_metric(estate.crs, phrase("pipeline.estate", name=estate.name))
    chosen = read(None if measures is None else Path(measures))
    rules, spec = config.tag_rules(), config.rubric(None if rubric is None else Path(rubric))
    clock = Clock(progress)
    ground = gathering.ground(
        estate,
        rules,
        clock,
        osm=osm,
        layers=layers,
        complete=complete,
        field_checks=field_checks,
        plan=plan,
    )
    models = gathering.models(estate, clock, terrain=terrain, surface=surface)
    what_if = WhatIf(ground, estate, rules, spec, models=models)
    if not what_if.before.dwellings["dwellings"].sum() > 0:
        raise InputError("suggestions.no_dwellings", estate=estate.name)
    return find(what_if, estate, chosen, most=most, tell=tell)
