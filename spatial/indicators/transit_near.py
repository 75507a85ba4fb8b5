"""How far is the bus?"""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.arrays import Floats
from spatial.core.model import FIVE_MINUTES_M, WALK_LIMIT_M
from spatial.indicators.registry import DERIVED, Measured, indicator, known, unknown, where
from spatial.network.attachment import Attachments


@indicator(
    aspect="accessibility",
    unit="m",
    catchment_m=FIVE_MINUTES_M,
    walked=True,
    reference="The usual norm of 400 m to a stop (UITP; Danish municipal plans).",
    behind=("own", "way", "gate", "stop"),
    within_m=400.0,
)
def transit_near(
    places: gpd.GeoDataFrame, stop_walk_m: Floats, entries: Attachments, *, limit_m: float = WALK_LIMIT_M
) -> Measured:
    """Walking distance to the nearest stop or station; missing where none is within 1,600 m."""
    measured = known(stop_walk_m, DERIVED, "nearest_stop")
    measured = where(np.isnan(stop_walk_m), measured, (np.nan, limit_m, limit_m, DERIVED, "no_stop_within_1600_m"))
    return where(~entries.attached, measured, unknown("no_way_reaches_it"))
