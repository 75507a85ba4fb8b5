"""What the things of a plan cost, roughly: ranges from `prices.toml`, and nothing where none is known. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from spatial.reports.meeting import Price

AMOUNT: Mapping[str, Callable[[BaseGeometry], float]] = {
    "piece": lambda _: 1.0,
    "m": lambda shape: shape.length,
    "m2": lambda shape: shape.area,
}


def rough_prices(items: gpd.GeoDataFrame, prices: Mapping[str, Any]) -> list[Price | None]:
    """From how much to how much each thing costs that a plan changes on the ground; None where that is not known.

    Parameters
    ----------
    items
        As ``spatial.plans.causes.changed_objects`` lists them.
    prices
        As they stand in ``prices.toml``: ``what`` → ``how`` → an entry, or one for each ``kind``.
    """
    return [_price(row, prices) for row in items.itertuples(index=False)]


def _price(row: Any, prices: Mapping[str, Any]) -> Price | None:
    entry = prices.get(row.what, {}).get(row.how, {})
    entry = entry.get(row.kind, entry)
    if "dkk" not in entry:
        return None
    amount = AMOUNT[entry["per"]](row.geometry)
    low, high = (amount * dkk for dkk in entry["dkk"])
    return low, high
