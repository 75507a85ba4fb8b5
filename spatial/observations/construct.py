"""Does the score say where people stay? The scores of a run held against counts. Pure.

What the numbers rest on is people staying, programmes left out; never people passing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.model import ASPECTS, FLOATING
from spatial.observation_rules import STAYING, rules
from spatial.observations.overlay import NOWHERE, Joined, counted, rates
from spatial.observations.statistics import (
    Estimate,
    halving_factor,
    isotonic,
    rank_correlation,
    reliability,
    separation,
    spearman,
)

Floats = npt.NDArray[np.float64]

CLASSES = 5
# So many halvings of the visits; their mean no longer hangs on which visits fall into which half.
HALVINGS = 200
# A space is busier than expected where the difference of square roots passes the normal 97.5 % point.
Z = 1.96
BUSIER, QUIETER, AS_EXPECTED = "busier", "quieter", "as_expected"


@dataclass(frozen=True)
class Check:
    """What the counts say of the scores.

    ``rate`` is ``per_hour`` where every visit has a length, else ``per_visit``. ``aspects`` has per
    aspect its own correlation (rho, low, high) and ``contribution``: the whole score's correlation
    less that of the score without the aspect. ``classes`` has per class of score the mean score,
    the number of spaces, people, hours or visits, and the rate with its interval. ``residuals`` says of each space
    whether it is busier, quieter or as expected. ``surveys_to_halve`` is how many further visits
    like these would halve the interval of rho. NaN, or None, is: not to be said.
    """

    spaces: int
    surveys: int
    people: int
    organised: int
    rate: str
    rho: Estimate
    auc: Estimate
    aspects: pd.DataFrame
    classes: pd.DataFrame
    residuals: pd.Series
    reliability: float
    surveys_to_halve: int | None
    enough: bool


def check(
    joined: Joined,
    scores: pd.DataFrame,
    without: Mapping[str, pd.Series],
    background: pd.Series,
    *,
    seed: int,
    resamples: int | None = None,
) -> Check:
    """Hold the scores of meeting spaces against the people counted there.

    Parameters
    ----------
    joined
        Visits with their meeting spaces.
    scores
        Floating potential and aspects, indexed by space.
    without
        Per aspect, the floating potential computed without it.
    background
        Background points in the observed area by space (see ``background``); ``NOWHERE`` for ground
        that is no meeting space, which scores below all.
    seed, resamples
        Of the bootstrap; by default as many as ``observations.toml`` says.
    """
    resamples = resamples or int(rules().test["resamples"])
    visits = joined.visits
    table = rates(visits, STAYING, ["unit_id"]) if len(visits) else _no_rates()
    elsewhere = table.loc[table.index == NOWHERE, "people"].sum()
    table = table.drop(index=NOWHERE, errors="ignore")
    table = table.join(scores[[FLOATING, *ASPECTS]], how="inner").dropna(subset=[FLOATING])
    rate = "per_hour" if table["hours"].notna().all() and (table["hours"] > 0).all() else "per_visit"
    x, y = table[FLOATING].to_numpy(np.float64), table[rate].to_numpy(np.float64)
    enough = len(table) >= int(rules().test["min_spaces"])
    factor = halving_factor(x, y, resamples=resamples, seed=seed) if enough else np.nan
    used = int(table["visits"].sum())
    return Check(
        spaces=len(table),
        surveys=used,
        people=int(table["people"].sum()),
        organised=int(((visits["kind"] == STAYING) & (visits["organised"] == 1)).sum()),
        rate=rate,
        rho=rank_correlation(x, y, resamples=resamples, seed=seed),
        auc=_separation(table, background, elsewhere, resamples, seed),
        aspects=_aspects(table, without, y, resamples, seed),
        classes=_classes(x, table, rate, resamples, seed),
        residuals=_residuals(x, table, rate),
        reliability=_reliability(visits, table.index, seed),
        surveys_to_halve=None if np.isnan(factor) else max(1, round((factor - 1) * used)),
        enough=enough,
    )


def _no_rates() -> pd.DataFrame:
    columns = ["people", "visits", "hours", "per_visit", "per_hour"]
    return pd.DataFrame({name: pd.Series(dtype=np.float64) for name in columns}, index=pd.Index([], dtype=object))


def _separation(table: pd.DataFrame, background: pd.Series, elsewhere: float, resamples: int, seed: int) -> Estimate:
    """AUC over all observed ground; ground without a meeting space scores below every space."""
    units = table.index.union(background.index).drop(NOWHERE, errors="ignore")
    units = units.intersection(table.index)
    scores = np.append(table[FLOATING].reindex(units).to_numpy(np.float64), -1.0)
    seen = np.append(table["people"].reindex(units).fillna(0).to_numpy(np.float64), float(elsewhere))
    ground = np.append(background.reindex(units).fillna(0).to_numpy(np.float64), float(background.get(NOWHERE, 0.0)))
    return separation(scores, seen, ground, resamples=resamples, seed=seed)


def _aspects(
    table: pd.DataFrame, without: Mapping[str, pd.Series], y: Floats, resamples: int, seed: int
) -> pd.DataFrame:
    whole = spearman(table[FLOATING].to_numpy(np.float64), y) if len(table) else np.nan
    rows = []
    for aspect in ASPECTS:
        own = table[aspect].to_numpy(np.float64)
        found = rank_correlation(own, y, resamples=resamples, seed=seed)
        rest = without[aspect].reindex(table.index).to_numpy(np.float64)
        less = spearman(rest, y) if len(table) and np.isfinite(rest).all() else np.nan
        rows.append((found.value, found.low, found.high, whole - less))
    return pd.DataFrame(rows, index=list(ASPECTS), columns=["rho", "low", "high", "contribution"])


def _classes(x: Floats, table: pd.DataFrame, rate: str, resamples: int, seed: int) -> pd.DataFrame:
    """Spaces in classes of equal number by score: what was counted in each."""
    effort = table["hours" if rate == "per_hour" else "visits"].to_numpy(np.float64)
    people = table["people"].to_numpy(np.float64)
    order = np.lexsort((table.index.to_numpy().astype(str), x))
    rows = []
    for picked in np.array_split(order, min(CLASSES, max(1, len(order)))) if len(order) else []:
        random = np.random.default_rng(seed)
        draws = random.choice(picked, (resamples, len(picked)))
        low, high = np.percentile(people[draws].sum(axis=1) / effort[draws].sum(axis=1), (2.5, 97.5))
        total, time = int(people[picked].sum()), float(effort[picked].sum())
        rows.append((float(x[picked].mean()), len(picked), total, time, total / time, low, high))
    return pd.DataFrame(rows, columns=["score", "spaces", "people", "effort", "rate", "low", "high"])


def _residuals(x: Floats, table: pd.DataFrame, rate: str) -> pd.Series:
    """Busier, quieter or as expected of a space with this score: square roots of counts, by their own spread."""
    if not len(table):
        return pd.Series(dtype=object)
    effort = table["hours" if rate == "per_hour" else "visits"].to_numpy(np.float64)
    people = table["people"].to_numpy(np.float64)
    expected = isotonic(x, people / effort, effort) * effort
    difference = np.sqrt(people + 0.375) - np.sqrt(expected + 0.375)
    # Counts spread by 1/2 in square roots if people came one by one; they come in company, so more.
    spread = max(0.5, float(np.median(np.abs(difference))) / 0.6745)
    standing = difference / spread
    words = np.select([standing > Z, standing < -Z], [BUSIER, QUIETER], AS_EXPECTED)
    return pd.Series(words, index=table.index, dtype=object)


def _reliability(visits: pd.DataFrame, spaces: pd.Index, seed: int) -> float:
    """Agreement of one half of the visits with the other, the mean of many seeded halvings (Parsons et al. 2019).

    Over spaces with at least two visits. One halving alone hangs on which visits fall into it.
    """
    staying = counted(visits, STAYING)
    staying = staying[staying["unit_id"].isin(spaces)].sort_values(["unit_id", "start", "location_id"], kind="stable")
    unit, counts = pd.factorize(staying["unit_id"])[0], staying["total"].to_numpy(np.float64)
    several = np.flatnonzero(np.bincount(unit) > 1) if len(unit) else np.empty(0, dtype=np.int64)
    random = np.random.default_rng(seed)
    found = [reliability(*(half[several] for half in _halves(unit, counts, random))) for _ in range(HALVINGS)]
    known = [value for value in found if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan


def _halves(unit: Any, counts: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Mean count of each unit in the two halves of a random halving of its visits."""
    order = np.lexsort((random.random(len(unit)), unit))
    starts = np.searchsorted(unit[order], unit[order], side="left")
    second = np.empty(len(unit), dtype=bool)
    second[order] = (np.arange(len(unit)) - starts) % 2 == 1
    size = int(unit.max(initial=-1)) + 1
    sums = [np.bincount(unit[part], weights=counts[part], minlength=size) for part in (~second, second)]
    visits = [np.bincount(unit[part], minlength=size) for part in (~second, second)]
    one, other = (np.divide(a, b, out=np.full(size, np.nan), where=b > 0) for a, b in zip(sums, visits, strict=True))
    return one, other


def background(
    surveys: gpd.GeoDataFrame, spaces: gpd.GeoDataFrame, *, join_m: float, points: int, seed: int
) -> pd.Series:
    """Points drawn evenly over the ground that was observed, by the meeting space they fall to.

    The observed ground is what lies within ``join_m`` of a location where people staying were
    counted; of a location that is a meeting space, of the space. A point belongs to the space it
    lies in or within ``join_m`` of, as people do; else to ``NOWHERE``.
    """
    staying = surveys[surveys["kind"] == STAYING]
    shapes = staying.geometry.where(staying.geometry.notna(), staying["location_id"].map(spaces.geometry.to_dict()))
    ground = shapely.union_all(shapely.buffer(np.asarray(shapes.dropna().to_numpy(), dtype=object), join_m))
    if shapely.is_empty(ground):
        return pd.Series(dtype=np.float64)
    at = _drawn(ground, points, seed)
    spaces = spaces.sort_index(kind="stable")
    owner = np.full(len(at), NOWHERE, dtype=object)
    if len(spaces):
        tree = shapely.STRtree(np.asarray(spaces.geometry.to_numpy(), dtype=object))
        point, space = tree.query_nearest(at, max_distance=join_m, all_matches=False)
        owner[point] = spaces.index.to_numpy()[space]
    return pd.Series(owner).value_counts().sort_index().astype(np.float64)


def _drawn(ground: shapely.Geometry, points: int, seed: int) -> npt.NDArray[np.object_]:
    """Points drawn evenly over an area, by rejection from its box."""
    random = np.random.default_rng(seed)
    west, south, east, north = shapely.bounds(ground)
    shapely.prepare(ground)
    found: list[npt.NDArray[np.object_]] = []
    while sum(map(len, found)) < points:
        xy = random.uniform((west, south), (east, north), (points, 2))
        drawn = np.asarray(shapely.points(xy), dtype=object)
        found.append(drawn[shapely.contains(ground, drawn)])
    return np.concatenate(found)[:points]
