"""Decide what may be published of counts: small cells withheld, and others so that no sum gives them away. Pure.

Every number that is published is a cell; cells are bound by sums (a total and its parts). A cell
below k is withheld. In each sum with a withheld cell at least one more is, and what is withheld in
it comes to k people or more. Then it is checked by linear algebra that no withheld cell follows
from the published ones. What is published is rounded to a multiple of k, so that the difference
between two publications does not tell of one person either.

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
from spatial.observations.overlay import ALL, NOWHERE, PERIODS, Joined, rates
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
COLUMNS = [*KEYS, "visits", "hours", "people", "per_visit", "per_hour", "withheld"]
DECIMALS = 2


@dataclass(frozen=True)
class Publication:
    """Counts that may be shown.

    ``cells`` has one row a kind, unit (``all`` is all units together, ``elsewhere`` what belongs to
    none) and part of time: visits, hours, people to the nearest multiple of ``k`` (NaN where
    withheld) and the rates that follow from it. ``map`` has one row a unit with its geometry.
    """

    cells: pd.DataFrame
    map: gpd.GeoDataFrame
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


def publish(joined: Joined, *, k: int) -> Publication:
    """Count people by unit and time, and withhold what would tell of fewer than k.

    Parameters
    ----------
    joined
        Visits with their units.
    k
        Smallest count that may be published; published counts are multiples of it.
    """
    tables = [_cells(joined.visits, kind, k) for kind in KINDS]
    cells = pd.concat(tables, ignore_index=True)[COLUMNS]
    return Publication(cells, _map(cells, joined.units), k)


def _cells(visits: pd.DataFrame, kind: str, k: int) -> pd.DataFrame:
    """All cells of one kind: by unit, by part of time, by both, and in all."""
    parts = [_counted(visits, kind, by, alone) for by in (ALL, *PERIODS) for alone in (False, True)]
    table = pd.concat(parts, ignore_index=True)
    hidden = withheld(table["people"].to_numpy(np.int64), _sums(table), k)
    shown = rounded(table["people"].to_numpy(np.int64), hidden, k)
    return table.assign(
        kind=kind,
        people=shown,
        per_visit=(shown / table["visits"]).round(DECIMALS),
        per_hour=(shown / table["hours"]).round(DECIMALS),
        hours=table["hours"].round(DECIMALS),
        withheld=hidden,
    )


def _counted(visits: pd.DataFrame, kind: str, by: str, alone: bool) -> pd.DataFrame:
    keyed = visits.assign(part="" if by == ALL else visits[by], unit_id=visits["unit_id"] if not alone else ALL)
    return rates(keyed, kind, ["unit_id", "part"]).reset_index().assign(by=by)


def _sums(table: pd.DataFrame) -> list[Sum]:
    """How the cells are bound: over time to the unit's total, over units to the time's total."""
    at = {key: i for i, key in enumerate(zip(table["unit_id"], table["by"], table["part"], strict=True))}
    sums = []
    periods = table[table["by"] != ALL]
    for (unit, _), group in periods.groupby(["unit_id", "by"], sort=True):
        sums.append(Sum(at[unit, ALL, ""], tuple(group.index)))
    units = table[table["unit_id"] != ALL]
    for (by, part), group in units.groupby(["by", "part"], sort=True):
        sums.append(Sum(at[ALL, by, part], tuple(group.index)))
    return sums


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
