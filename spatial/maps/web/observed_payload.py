"""Encode published counts of people for the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from spatial.maps.web.geometry import DIGITS, Projector, integers, significant

if TYPE_CHECKING:
    import geopandas as gpd

KIND = "staying"


@dataclass(frozen=True)
class Observed:
    """What was published of observations: one row a unit with its geometry, in the CRS of the estate.

    ``by`` is ``"space"`` or ``"hexagon"``; counts under ``k`` are withheld, others multiples of it.
    """

    units: gpd.GeoDataFrame
    by: str
    k: int


def encode_observed(observed: Observed, spaces: pd.Index, projector: Projector) -> dict[str, Any]:
    """Encode the units at which people staying were counted: rates where they may be told, else None.

    The rate is people a visit: they are counted at a glance, whatever time it took.
    """
    table = observed.units[observed.units[f"{KIND}_visits"] > 0].sort_index(kind="stable")
    hidden = table[f"{KIND}_withheld"].astype(bool)
    rate = table[f"{KIND}_per_visit"].where(~hidden)
    shapes = table.geometry.to_numpy()
    return {
        "by": observed.by,
        "k": observed.k,
        "space": [int(i) for i in spaces.get_indexer(table.index.astype(str))],
        "visits": integers(table[f"{KIND}_visits"].to_numpy()),
        "people": integers(table[f"{KIND}_people"].where(~hidden).to_numpy()),
        "rate": significant(rate.to_numpy(), DIGITS),
        "at": projector.points(shapely.point_on_surface(shapes)),
        "shape": projector.features(shapes),
    }
