"""The whole result for a named way of getting about: walked again, judged again. Pure.

A lens changes what each way costs and how fast one goes. Distances under a lens are told in the
metres that an adult walks in the same time, so that every measure and value function keeps its
meaning: 400 m are five minutes. Where surface, width or light of a way is not mapped, the walks are
made twice, as if it were good and as if it were bad; what differs between them is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import Bools, Floats, object_array
from spatial.core.model import ASPECTS, FACTS, FIVE_MINUTES_M, FLOATING, WALK_LIMIT_M, LensResult, Rubric
from spatial.indicators import registry, unknown_facts
from spatial.indicators.inputs import IndicatorInputs, covered_share
from spatial.indicators.registry import Measured
from spatial.layers.streets import MAX_STEP_FREE_SLOPE, MIN_STEP_FREE_WIDTH_M
from spatial.network import attachment, distances, graph
from spatial.network.graph import NO, UNKNOWN, YES
from spatial.places import homes
from spatial.scoring import scores
from spatial.scoring.judging import Judged, every_rule, judge_again, judge_all
from spatial.settings.lenses import BARRED, Lens, Lenses, changed, put_in

ADULT_MPS = 1.33
# Values of the best and the worst routes nearer than this (of the larger) are one value.
SAME_SHARE = 0.02
SECONDS = 60.0
SCORES = [f"{name}{suffix}" for name in (FLOATING, *ASPECTS) for suffix in ("_low", "", "_high")]


@dataclass(frozen=True)
class Ways:
    """What lenses ask of each edge: 1 yes, 0 no, -1 not known."""

    steps: npt.NDArray[np.int8]
    loose: npt.NDArray[np.int8]
    narrow: npt.NDArray[np.int8]
    steep: npt.NDArray[np.int8]
    unlit: npt.NDArray[np.int8]
    uncrossed_ends: npt.NDArray[np.int64]


def ways_of_network(network: graph.Network, paths: gpd.GeoDataFrame, slopes: Any = None) -> Ways:
    """Describe the edges of the network.

    Parameters
    ----------
    paths
        Canonical layer; the network was built from those on which people on foot are allowed.
    slopes
        Steepness by edge, from a terrain model, if there is one.
    """
    table = paths[paths["allowed"]]
    said = graph.ways_on_wheels(table)
    good = said.passable == YES
    loose = np.where(good | (said.firm == YES), NO, np.where(said.firm == NO, 1, UNKNOWN))
    loose = np.where((loose == NO) & said.doubt & ~good, UNKNOWN, loose)
    width, incline = table["width_m"].to_numpy(), table["incline"].to_numpy()
    # A width that nobody tagged is taken to be enough where the surface is known, as in step_free.
    narrow = np.where(
        (width < MIN_STEP_FREE_WIDTH_M) & ~good, 1, np.where((loose == UNKNOWN) & np.isnan(width), UNKNOWN, NO)
    )
    steep = np.where((incline > MAX_STEP_FREE_SLOPE) & ~good, 1, NO)[network.way]
    if slopes is not None:
        hidden = np.where(slopes.whole | good[network.way] | (steep == 1), steep, UNKNOWN)
        steep = np.where((slopes.steepest > MAX_STEP_FREE_SLOPE) & ~good[network.way], 1, hidden)
    barred = (said.passable == NO)[network.way]
    shut = np.where(
        network.major[:, None], False, without_crossing(network)[np.stack([network.start, network.end], axis=1)]
    )
    return Ways(
        steps=np.where(good, NO, said.steps)[network.way].astype(np.int8),
        loose=np.where(barred, 1, loose[network.way]).astype(np.int8),
        narrow=narrow[network.way].astype(np.int8),
        steep=steep.astype(np.int8),
        unlit=np.where(network.lit == UNKNOWN, UNKNOWN, 1 - network.lit).astype(np.int8),
        uncrossed_ends=shut.sum(axis=1),
    )


def without_crossing(network: graph.Network) -> Bools:
    """Nodes on a major road where no crossing is mapped."""
    marked = network.crossing.copy()
    marked[network.start[network.is_crossing]] = True
    marked[network.end[network.is_crossing]] = True
    result: Bools = (network.major_direction != 0).any(axis=1) & ~marked
    return result


def lengths_through_lens(network: graph.Network, found: Ways, lens: Lens, *, best: bool) -> tuple[Floats, Bools]:
    """Length that each edge counts as, and whether it is taken at all.

    Parameters
    ----------
    best
        What is not known of a way is taken as good, else as bad.

    Returns
    -------
    metres, usable
        One an edge. Half of what a crossing costs is put on each side of the road.
    """
    factor = np.ones(len(network.length_m))
    for name, price in lens.cost.items():
        if name == "kerb":
            continue
        state = np.asarray(getattr(found, name))
        hit = state != 0 if not best else state == 1
        factor = np.where(hit, np.maximum(factor, price), factor)
    usable = factor < BARRED
    metres = np.where(usable, factor, 1.0) * network.length_m + found.uncrossed_ends * lens.crossing_m / 2
    return metres, usable


def _stretched(ends: attachment.Attachments, ratio: Floats) -> attachment.Attachments:
    return replace(ends, offset_m=ends.offset_m * ratio[ends.edge])


@dataclass(frozen=True)
class Walked:
    """Walks under a lens: metres on its ways from sites to dwellings, and to the nearest stop."""

    distance_m: Floats
    stop_m: Floats


def walk_through_lens(lens: Lens, found: Ways, inputs: IndicatorInputs, *, best: bool) -> Walked:
    """Walk all approaches again under a lens: once, to doors and stops."""
    network = inputs.network
    metres, usable = lengths_through_lens(network, found, lens, best=best)
    ratio = np.divide(metres, network.length_m, out=np.ones_like(metres), where=network.length_m > 0)
    changed = replace(network, length_m=metres)
    goals = inputs.doors.and_then(inputs.stop_entries)
    limit_m = WALK_LIMIT_M * lens.speed_mps / ADULT_MPS
    too_high = network.raised if best else network.raised | network.unsure
    barred = too_high if lens.cost.get("kerb") == BARRED else None
    entries, goals = _stretched(inputs.entries, ratio), _stretched(goals, ratio)
    walks = distances.approaches(
        changed, entries, goals, limit_m=limit_m, usable=usable, barred_nodes=barred, detailed=False
    )
    to_door, to_stop = np.split(walks.distance_m, [len(inputs.doors)], axis=1)
    nearest = np.where(np.isnan(to_stop), np.inf, to_stop).min(axis=1, initial=np.inf)
    return Walked(np.ascontiguousarray(to_door), np.where(np.isinf(nearest), np.nan, nearest))


def score_through_lenses(
    rules: Lenses,
    rubric: Rubric,
    evidence: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    inputs: IndicatorInputs,
    tables: tuple[pd.Index, pd.Index],
    extent: BaseGeometry,
) -> tuple[LensResult, ...]:
    """Look at the estate through every lens, the worst served first.

    Parameters
    ----------
    rubric
        The resolved rubric of the run.
    evidence
        The long table of the run.
    sites, inputs
        What was measured and what it was measured from: see ``spatial.indicators.inputs``.
    tables
        Ids of the places and of the meeting spaces.
    extent
        What the extract covers.
    """
    found = ways_of_network(inputs.network, inputs.paths, inputs.slopes)
    kept, before = _rows(evidence, rubric)
    judged = [judge_all(evidence, index, every_rule(rubric)) for index in tables]
    radii_m = {registry.registry()[name].catchment_m for name in before}
    covered = {radius_m: covered_share(sites.geometry.to_numpy(), radius_m, extent) for radius_m in radii_m}
    measurer = _Measurer(rules, rubric, kept, before, judged, sites, inputs, tables, covered)
    # One after the other: the walks use all processors, and shapely may not prepare a shape in two threads.
    results = [measurer.through(lens, found) for lens in rules.lenses]
    return tuple(sorted(results, key=_order))


def _order(result: LensResult) -> tuple[float, float, float, str]:
    """Worst served first; where as many are served, the worse scores."""
    mean = float(result.meeting_spaces[FLOATING].mean()) if len(result.meeting_spaces) else 0.0
    return result.served, result.served_high, mean, result.id


def _rows(evidence: pd.DataFrame, rubric: Rubric) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """The evidence that no lens changes, and the rest by indicator."""
    names = [name for name, spec in registry.registry().items() if spec.walked and name in rubric.rules]
    changed = evidence["indicator"].isin(names)
    parts = dict(iter(evidence[changed].groupby("indicator", sort=True)))
    return evidence[~changed], {name: parts[name].reset_index(drop=True) for name in names if name in parts}


@dataclass(frozen=True)
class _Measurer:
    rules: Lenses
    rubric: Rubric
    kept: pd.DataFrame
    before: Mapping[str, pd.DataFrame]
    judged: list[Judged]
    sites: gpd.GeoDataFrame
    inputs: IndicatorInputs
    tables: tuple[pd.Index, pd.Index]
    covered: Mapping[float, Floats]

    def through(self, lens: Lens, found: Ways) -> LensResult:
        """Walk, measure, judge and score under one lens."""
        routes = [walk_through_lens(lens, found, self.inputs, best=True)]
        routes += [walk_through_lens(lens, found, self.inputs, best=False)] if lens.unsure else []
        again = pd.concat([self.kept.iloc[:0], *self._measured(lens, routes)], ignore_index=True)
        scored = self._scored(changed(self.rubric, lens.rules), again, [*self.before, *lens.rules])
        low, best, high = self._served(lens, routes, scored[1])
        reached = self._homes(lens, routes, scored[1])
        return LensResult(lens.id, low, best, high, scored[0], scored[1], again, lens.rules, reached)

    def _scored(self, rubric: Rubric, again: pd.DataFrame, names: list[str]) -> list[pd.DataFrame]:
        """Scores of places and of meeting spaces, by what was measured again and by other rules."""
        evidence = again if set(names) <= set(self.before) else put_in(self.kept, again)
        found = []
        for judged, index in zip(self.judged, self.tables, strict=True):
            anew = judge_again(judged, evidence, index, rubric, names).weighing(rubric)
            found.append(scores.estimates(anew, index, rubric)[[*SCORES, "coverage", "rank"]])
        return found

    def _measured(self, lens: Lens, routes: list[Walked]) -> Iterator[pd.DataFrame]:
        """Rows of evidence that follow from walking, measured again."""
        names = lens.facts
        in_time, in_metres = (
            [self._walked(route, pace) for route in routes] for pace in (ADULT_MPS / lens.speed_mps, 1.0)
        )
        for name, rows in self.before.items():
            spec = registry.registry()[name]
            # A detour is a matter of metres; all else is a matter of time.
            walked_ = in_metres if spec.unit == "ratio" else in_time
            both = [registry.measure(spec, self.sites, inputs) for inputs in walked_]
            merged = registry.at_extract_edge(spec, between_bounds(both[0], both[-1]), self.covered[spec.catchment_m])
            at, space = self._sites_of[name]
            new = {key: getattr(merged, key)[at] for key in ("value", "low", "high", "evidence", "rule")}
            known = new["low"] == new["high"]
            behind = [
                "" if sure else unknown_facts.facts_as_text(one, names) for sure, one in zip(known, space, strict=True)
            ]
            yield rows.assign(**new, **{FACTS: object_array(behind)})

    def _walked(self, route: Walked, pace: float) -> IndicatorInputs:
        """The inputs with other walks, as long as an adult would walk in the time that they take at another pace."""
        distance_m = route.distance_m if pace == 1.0 else route.distance_m * pace
        walks = replace(self.inputs.walks, distance_m=distance_m)
        return replace(self.inputs, walks=walks, stop_walk_m=route.stop_m * pace)

    @cached_property
    def _sites_of(self) -> dict[str, tuple[npt.NDArray[np.int64], list[str]]]:
        """Of each indicator the sites of its rows."""
        return {name: self._where(rows["place_id"]) for name, rows in self.before.items()}

    def _where(self, identities: Any) -> tuple[npt.NDArray[np.int64], list[str]]:
        """Position of the site of each id, and its space."""
        at: npt.NDArray[np.int64] = self.sites.index.get_indexer(pd.Index(identities))
        return at, self.sites["space_id"].astype(str).iloc[at].tolist()

    def _served(self, lens: Lens, routes: list[Walked], spaces: pd.DataFrame) -> tuple[float, float, float]:
        """Share of the estate's dwellings with a good meeting space within a short walk."""
        dwellings = self.inputs.dwellings
        inside = dwellings["inside"].to_numpy()
        weight = dwellings["dwellings"].to_numpy()[inside]
        rows, _ = self._where(spaces.index)
        limit_m = self.rules.minutes * SECONDS * lens.speed_mps

        def share(route: Walked, column: str) -> float:
            good = rows[spaces[column].to_numpy() >= self.rules.good_score]
            near = (route.distance_m[np.ix_(good, inside)] <= limit_m).any(axis=0)
            return float(weight[near].sum() / weight.sum()) if weight.sum() > 0 else 0.0

        low, high = share(routes[-1], f"{FLOATING}_low"), share(routes[0], f"{FLOATING}_high")
        return low, (share(routes[0], FLOATING) + share(routes[-1], FLOATING)) / 2, high

    def _homes(self, lens: Lens, routes: list[Walked], spaces: pd.DataFrame) -> pd.DataFrame:
        """What each door of the estate has within five minutes of this lens."""
        inside = self.inputs.dwellings["inside"].to_numpy(dtype=bool)
        rows, _ = self._where(spaces.index)
        ids = object_array(spaces.index)
        limit_m = FIVE_MINUTES_M * lens.speed_mps / ADULT_MPS
        near = [route.distance_m[np.ix_(rows, inside)] <= limit_m for route in (routes[0], routes[-1])]
        score = spaces[FLOATING].to_numpy(dtype=np.float64)
        best, sure = (homes.reached_as_text(part, ids) for part in near)
        return pd.DataFrame(
            {
                "best_floating": (homes.best_score(near[0], score) + homes.best_score(near[1], score)) / 2,
                "spaces_5min": best,
                "spaces_5min_sure": sure,
            },
            index=self.inputs.dwellings.index[inside].rename("door"),
        )


def between_bounds(best: Measured, worst: Measured) -> Measured:
    """What the best and the worst routes say together: one value where they agree, else a range.

    A bound that one of them leaves open stays open.
    """
    alike = np.abs(best.value - worst.value) <= SAME_SHARE * np.maximum(np.abs(best.value), np.abs(worst.value))
    same = alike | (np.isnan(best.value) & np.isnan(worst.value) & (best.rule == worst.rule))
    differ = ~same
    value = np.where(same, (best.value + worst.value) / 2, np.nan)
    return Measured(
        value=value,
        low=np.minimum(best.low, worst.low),
        high=np.maximum(best.high, worst.high),
        evidence=np.where(differ, registry.UNKNOWN, best.evidence).astype(object),
        rule=np.where(differ, "best_and_worst_way_differ", best.rule).astype(object),
    )
