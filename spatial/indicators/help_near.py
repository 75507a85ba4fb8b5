"""Where does one ask for help? The walk to library, culture house, residents' house or advice."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatial.core.model import FIVE_MINUTES_M, WALK_LIMIT_M
from spatial.indicators.registry import DERIVED, Measured, indicator, known, unknown, where


@indicator(
    aspect="accessibility",
    unit="m",
    catchment_m=FIVE_MINUTES_M,
    reference="Byer uden medborgere (2025), policy brief: residents want help in their own tempo and do not know "
    "where to find it.",
)
def help_near(places: Any, help_walk_m: Any, entries: Any, *, limit_m: float = WALK_LIMIT_M) -> Measured:
    """Walking distance to the nearest library, culture house, residents' house or social service.

    Context for where a volunteer could stand: reported, and not judged (weight 0). Missing where
    none is within 1,600 m.
    """
    measured = known(help_walk_m, DERIVED, "nearest_help")
    measured = where(np.isnan(help_walk_m), measured, (np.nan, limit_m, limit_m, DERIVED, "no_help_within_1600_m"))
    return where(~entries.attached, measured, unknown("no_way_reaches_it"))
