"""The one table of counts that leaves the program: rates by meeting space or hexagon and by time, small cells withheld.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.errors import ConfigError
from spatial.observation_rules import MOVING, STAYING, rules
from spatial.observations.disclosure import Sum, rounded, withheld
from spatial.observations.overlay import ALL, NOWHERE, PERIODS, Joined, rates

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
