"""Decide what may be published of counts: small cells withheld, and others so that no sum gives them away. Pure.

A unit's cells are bound by sums: its total and the parts of the day, the week and the year. A cell
below k is withheld. In each sum with a withheld cell at least one more is, and what is withheld in
it comes to k people or more. Then it is checked by linear algebra that no withheld cell follows
from the published ones. What is published is rounded to a multiple of k.

What is told of all units together, and every statistic, is computed from the published cells and from
nothing else. So two publications that differ by one person in a unit that is withheld are the same.

References
----------
Hundepool et al. (2012), Statistical Disclosure Control, ch. 4: primary and secondary suppression,
and rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.core.arrays import Bools, Ints
from spatial.core.errors import ConfigError
from spatial.observations.overlay import ALL, EFFORT, NOWHERE, PERIODS, WEATHER, Joined, rates, weather
from spatial.settings.observation_columns import MOVING, STAYING, rules

# A withheld cell whose projection on the null space is smaller than this is determined by the others.
DETERMINED = 1e-9


@dataclass(frozen=True)
class Sum:
    """One cell is the sum of others: rows of the table of cells."""

    total: int
    parts: tuple[int, ...]


def withheld(values: Ints, sums: Sequence[Sum], k: int) -> Bools:
    """Say which cells are withheld.

    Parameters
    ----------
    values
        People a cell, 0 or more.
    sums
        How cells are bound; ``values[total]`` is the sum of ``values[parts]``.
    k
        Smallest count that may be published.

    Examples
    --------
    >>> withheld(np.array([30, 3, 7, 20]), [Sum(0, (1, 2, 3))], 5)  # 30 - 20 - 7 would give the 3
    array([False,  True,  True, False])
    """
    hidden = values < k
    while True:
        if _widen(values, sums, hidden, k):
            continue
        known = determined(hidden, sums)
        if not known.any():
            return hidden
        if not _cover(values, sums, hidden, known):
            return np.ones(len(values), dtype=bool)


def _widen(values: Ints, sums: Sequence[Sum], hidden: Bools, k: int) -> bool:
    """Withhold one more cell in each sum that gives another away; say whether any was."""
    changed = False
    for bound in sums:
        parts = np.array(bound.parts, dtype=np.int64)
        inside = parts[hidden[parts]]
        total_hidden = bool(hidden[bound.total])
        if not len(inside) and not total_hidden:
            continue
        alone = len(inside) + total_hidden == 1
        thin = not total_hidden and int(values[inside].sum()) < k
        if alone or thin:
            changed |= _hide_smallest(values, parts, bound.total, hidden)
    return changed


def _hide_smallest(values: Ints, parts: Ints, total: int, hidden: Bools) -> bool:
    """Withhold the smallest published part, or the total where there is none; the first among equals."""
    shown = parts[~hidden[parts]]
    chosen = int(shown[np.argmin(values[shown])]) if len(shown) else total
    changed = not hidden[chosen]
    hidden[chosen] = True
    return changed


def determined(hidden: Bools, sums: Sequence[Sum]) -> Bools:
    """Which withheld cells follow from the published ones by adding and subtracting.

    A cell follows if its unit vector lies in the row space of the sums, taken over what is withheld.
    """
    columns = np.flatnonzero(hidden)
    place = np.full(len(hidden), -1)
    place[columns] = np.arange(len(columns))
    rows = []
    for bound in sums:
        row = np.zeros(len(columns))
        members = place[[bound.total, *bound.parts]]
        signs = np.array([-1.0] + [1.0] * len(bound.parts))
        row[members[members >= 0]] = signs[members >= 0]
        if row.any():
            rows.append(row)
    found = np.zeros(len(hidden), dtype=bool)
    if rows:
        matrix = np.stack(rows)
        found[columns] = 1 - np.einsum("ij,ji->i", np.linalg.pinv(matrix), matrix) < DETERMINED
    return found


def _cover(values: Ints, sums: Sequence[Sum], hidden: Bools, known: Bools) -> bool:
    """Withhold one more cell next to one that follows from the others; say whether there was one."""
    for bound in sums:
        members = np.array([*bound.parts, bound.total], dtype=np.int64)
        if known[members].any() and not hidden[members].all():
            return _hide_smallest(values, members[:-1], bound.total, hidden)
    return False


def rounded(values: Ints, hidden: Bools, k: int) -> npt.NDArray[np.float64]:
    """Published counts: the nearest multiple of k, halves upwards; NaN where withheld.

    Examples
    --------
    >>> rounded(np.array([3, 5, 7, 8, 12]), np.array([True, False, False, False, False]), 5).tolist()
    [nan, 5.0, 5.0, 10.0, 10.0]
    """
    nearest = np.floor(np.asarray(values, dtype=np.float64) / k + 0.5) * k
    return np.where(hidden, np.nan, nearest)


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
    tables = [_units(joined.visits, kind, k) for kind in KINDS]
    if not visits_told:
        untold = dict.fromkeys(WEATHER, np.nan)
        tables = [table[~table["withheld"]].assign(**untold) for table in tables]
    whole = pd.concat([_shown(_with_all(table), kind) for kind, table in zip(KINDS, tables, strict=True)])
    cells = whole.reset_index(drop=True)[COLUMNS]
    return Publication(cells, _map(cells, joined.units), published_rates(cells, k), k)


def _units(visits: pd.DataFrame, kind: str, k: int) -> pd.DataFrame:
    """All cells of the units of one kind, in all and by parts of time; what is withheld hangs on the unit alone."""
    parts = [_counted(visits, kind, by) for by in (ALL, *PERIODS)]
    table = pd.concat(parts, ignore_index=True)
    hidden = np.zeros(len(table), dtype=bool)
    people = table["people"].to_numpy(np.int64)
    for _, unit in table.groupby("unit_id", sort=True):
        hidden[unit.index] = withheld(people[unit.index], _sums(unit.reset_index(drop=True)), k)
    return table.assign(people=rounded(people, hidden, k), withheld=hidden)


def _counted(visits: pd.DataFrame, kind: str, by: str) -> pd.DataFrame:
    keyed = visits.assign(part="" if by == ALL else visits[by])
    keys = ["unit_id", "part"]
    table = rates(keyed, kind, keys).join(weather(keyed, kind, keys)).reset_index().assign(by=by)
    return table[["unit_id", "by", "part", "people", "visits", "hours", *WEATHER]]


def _sums(unit: pd.DataFrame) -> list[Sum]:
    """How the cells of a unit are bound: each division of time to the total."""
    total = int(np.flatnonzero(unit["by"] == ALL)[0])
    return [Sum(total, tuple(part.index)) for by, part in unit.groupby("by", sort=True) if by != ALL]


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
    people = table["people"].where(told, (k - 1) / 2).astype(np.float64)
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
