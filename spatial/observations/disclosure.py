"""Decide what may be published of counts: small cells withheld, and nothing else that counts their people. Pure.

A unit is told by one division of time, the first in which a part holds k people or more: its parts of the day, else of
the week, else of the year. Parts below k are withheld, the others rounded to a multiple of k. The total of the unit is
computed from the published parts, a withheld one taken as the middle of what it may be. The other divisions count the
same people again: they are told only where no part of theirs, nor of the first, is withheld. Where no division has such
a part, all of the unit is withheld.

What is told of all units together, and every statistic, is computed from the published cells and from nothing else. So
two publications are the same that differ by people in withheld parts of the division that a unit is told by, or in
units that are withheld. Nothing needs to be hidden beside such a part: no sum that is told holds its people.

References
----------
Hundepool et al. (2012), Statistical Disclosure Control, ch. 4: primary suppression, rounding, and tables
made additive from what is published.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.core.arrays import Floats, Ints, Texts
from spatial.core.errors import ConfigError
from spatial.observations.overlay import ALL, EFFORT, NOWHERE, PERIODS, WEATHER, Joined, rates, weather
from spatial.settings.observation_columns import MOVING, STAYING, rules


def nearest(values: npt.ArrayLike, k: int) -> Floats:
    """Multiples of k, halves upwards; NaN stays.

    Examples
    --------
    >>> nearest([5, 7, 8, 12, np.nan], 5).tolist()
    [5.0, 5.0, 10.0, 10.0, nan]
    """
    found: Floats = np.floor(np.asarray(values, dtype=np.float64) / k + 0.5) * k
    return found


def middle(k: int) -> float:
    """What stands for a withheld count: the middle of nought to k - 1."""
    return (k - 1) / 2


def total_of(parts: npt.ArrayLike, k: int) -> float:
    """The people of a unit by its published parts, NaN where they are withheld.

    Examples
    --------
    >>> total_of([10, 30], 5), total_of([40, np.nan], 5), total_of([40, np.nan, np.nan], 5)
    (40.0, 40.0, 45.0)
    """
    people = np.asarray(parts, dtype=np.float64)
    return float(nearest(np.nansum(people) + np.isnan(people).sum() * middle(k), k))


def published_people(people: Ints, by: Texts, k: int, *, visits_told: bool = True) -> Floats:
    """What may be told of the cells of one unit: NaN where withheld.

    Parameters
    ----------
    people
        People a cell.
    by
        The division that each cell is a part of, one of ``PERIODS``; of the total, ``ALL``.
    visits_told
        Whether a part of time at which nobody was is a cell, too. Where not, a withheld cell tells of a person,
        and nothing may hang on there being one.
    """
    told = np.full(len(people), np.nan)
    large = {name: (by == name) & (people >= k) for name in PERIODS}
    first = next((name for name in PERIODS if large[name].any()), None)
    if first is None:
        return told
    whole = [name for name in PERIODS if visits_told and large[name].sum() == (by == name).sum()]
    for name in {first, *(whole if first in whole else ())}:
        told[large[name]] = nearest(people[large[name]], k)
    told[by == ALL] = total_of(told[by == first] if visits_told else told[large[first]], k)
    return told


KINDS = (STAYING, MOVING)
KEYS = ["kind", "unit_id", "by", "part"]
COLUMNS = [*KEYS, "visits", "hours", "people", "per_visit", "per_hour", "withheld", "effort", *WEATHER]
DECIMALS = 2


@dataclass(frozen=True)
class Publication:
    """Counts that may be shown.

    ``cells`` has one row a kind, unit (``elsewhere`` is what belongs to none, ``all`` the published units
    together) and part of time: visits, hours, people to the nearest multiple of ``k`` (NaN where
    withheld), the rates that follow from it, ``effort``: what people of this kind are counted for, and the mean
    weather of the visits, which tells of nobody where all visits were written down. ``map`` has one row a unit with
    its geometry.
    ``rates`` has one row a unit at which people staying were counted: all that statistics are computed from.
    """

    cells: pd.DataFrame
    map: gpd.GeoDataFrame
    rates: pd.DataFrame
    k: int


def smallest_count(k: int | None, reason: str | None) -> int:
    """The k of a publication: the bundled one, or a higher one with a reason.

    Raises
    ------
    ConfigError
        If it is lower, or no reason is given.
    """
    floor = int(rules().publish["k"])
    if k is None or k == floor:
        return floor
    if k < floor:
        raise ConfigError("publication.small", k=k, least=floor)
    if not (reason or "").strip():
        raise ConfigError("publication.reason", k=k)
    return k


def publish(joined: Joined, *, k: int, visits_told: bool = True) -> Publication:
    """Count people by unit and time, and withhold what would tell of fewer than k.

    Parameters
    ----------
    joined
        Visits with their units.
    k
        Smallest count that may be published; published counts are multiples of it.
    visits_told
        Whether visits were written down that met nobody. Where they were not, a visit tells of a person, and
        what is withheld is left out altogether.
    """
    tables = [_units(joined.visits, kind, k, visits_told=visits_told) for kind in KINDS]
    if not visits_told:
        untold = dict.fromkeys(WEATHER, np.nan)
        tables = [_of_published_parts(table[~table["withheld"]]).assign(**untold) for table in tables]
    whole = pd.concat([_shown(_with_all(table), kind) for kind, table in zip(KINDS, tables, strict=True)])
    cells = whole.reset_index(drop=True)[COLUMNS]
    return Publication(cells, _map(cells, joined.units), published_rates(cells, k), k)


def _units(visits: pd.DataFrame, kind: str, k: int, *, visits_told: bool) -> pd.DataFrame:
    """All cells of the units of one kind, in all and by parts of time; what is withheld hangs on the unit alone."""
    parts = [_counted(visits, kind, by) for by in (ALL, *PERIODS)]
    table = pd.concat(parts, ignore_index=True)
    told = np.full(len(table), np.nan)
    people, by = table["people"].to_numpy(np.int64), table["by"].to_numpy(dtype=object)
    for rows in table.groupby("unit_id", sort=True).indices.values():
        told[rows] = published_people(people[rows], by[rows], k, visits_told=visits_told)
    return table.assign(people=told, withheld=np.isnan(told))


def _of_published_parts(table: pd.DataFrame) -> pd.DataFrame:
    """Visits and hours of each unit as those of its published parts: that there is a withheld one is not told."""
    order = table["by"].map((ALL, *PERIODS).index)
    first = order.where(order > 0).groupby(table["unit_id"]).transform("min")
    parts = table[order == first].groupby("unit_id")
    whole, unit = table["by"] == ALL, table["unit_id"]
    visits, hours = unit.map(parts["visits"].sum()), unit.map(parts["hours"].apply(lambda one: one.sum(skipna=False)))
    return table.assign(visits=table["visits"].mask(whole, visits), hours=table["hours"].mask(whole, hours))


def _counted(visits: pd.DataFrame, kind: str, by: str) -> pd.DataFrame:
    keyed = visits.assign(part="" if by == ALL else visits[by])
    keys = ["unit_id", "part"]
    table = rates(keyed, kind, keys).join(weather(keyed, kind, keys)).reset_index().assign(by=by)
    return table[["unit_id", "by", "part", "people", "visits", "hours", *WEATHER]]


def _with_all(table: pd.DataFrame) -> pd.DataFrame:
    """The units, and before them the published ones together; where none is, only how often was counted."""
    told = table[~table["withheld"]]
    silent = table[~table.set_index(["by", "part"]).index.isin(told.set_index(["by", "part"]).index)]
    sums = [part.groupby(["by", "part"], sort=False).agg(
        people=("people", lambda one: one.sum(min_count=1)), visits=("visits", "sum"),
        hours=("hours", lambda one: one.sum(skipna=False)), withheld=("withheld", "all"),
    ).reset_index() for part in (told, silent) if len(part)]  # fmt: skip
    found = pd.concat([*(one.assign(unit_id=ALL) for one in sums), table], ignore_index=True) if sums else table
    order = {name: i for i, name in enumerate((ALL, *PERIODS))}
    first = found["unit_id"] != ALL
    return found.assign(order=found["by"].map(order), first=first).sort_values(
        ["order", "first", "unit_id", "part"], kind="stable"
    )


def _shown(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The columns of a publication: rates follow from the people that are told."""
    return table.assign(
        kind=kind,
        per_visit=(table["people"] / table["visits"]).round(DECIMALS),
        per_hour=(table["people"] / table["hours"]).round(DECIMALS),
        hours=table["hours"].round(DECIMALS),
        withheld=table["withheld"].astype(bool),
        effort=EFFORT[kind],
    )


def published_rates(cells: pd.DataFrame, k: int) -> pd.DataFrame:
    """What the cells tell of people staying at each unit: all that statistics are computed from.

    A withheld number stands as the middle of what it may be.
    """
    staying = cells[(cells["kind"] == STAYING) & (cells["by"] == ALL) & (cells["unit_id"] != ALL)]
    table = staying.set_index("unit_id")[["people", "visits", "withheld"]]
    told = ~table["withheld"].astype(bool)
    people = table["people"].where(told, middle(k)).astype(np.float64)
    return table.assign(people=people, per_visit=people / table["visits"])


def _map(cells: pd.DataFrame, units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One row an observed unit: what may be drawn."""
    whole = cells[(cells["by"] == ALL) & ~cells["unit_id"].isin([ALL, NOWHERE])]
    table = pd.DataFrame(index=pd.Index(sorted(whole["unit_id"].unique()), name="unit_id", dtype=object))
    for kind in KINDS:
        own = whole[whole["kind"] == kind].set_index("unit_id")
        for name in ("visits", "hours", "people", "per_visit", "per_hour", "withheld"):
            table[f"{kind}_{name}"] = own[name].reindex(table.index)
    for kind in KINDS:
        table[f"{kind}_withheld"] = table[f"{kind}_withheld"].astype("boolean").fillna(False).astype(bool)
        table[f"{kind}_visits"] = table[f"{kind}_visits"].fillna(0).astype(int)
    return gpd.GeoDataFrame(table, geometry=units.geometry.reindex(table.index).to_numpy(), crs=units.crs)
