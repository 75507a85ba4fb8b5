"""Where does one ask for help? The walk to library, culture house, residents' house or advice."""

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
    reference="Byer uden medborgere (2025), policy brief: residents want help in their own tempo and do not know "
    "where to find it.",
    behind=("context",),
    within_m=800.0,
)
def help_near(
    places: gpd.GeoDataFrame, help_walk_m: Floats, entries: Attachments, *, limit_m: float = WALK_LIMIT_M
) -> Measured:
    """Walking distance to the nearest library, culture house, residents' house or social service.

    Context for where a volunteer could stand: reported, and not judged (weight 0). Missing where
    none is within 1,600 m.
    """
    measured = known(help_walk_m, DERIVED, "nearest_help")
    measured = where(np.isnan(help_walk_m), measured, (np.nan, limit_m, limit_m, DERIVED, "no_help_within_1600_m"))
    return where(~entries.attached, measured, unknown("no_way_reaches_it"))
