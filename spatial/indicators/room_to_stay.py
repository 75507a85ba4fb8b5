"""Is there ground to stay on, and something to stay for? A condition of being a meeting space."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.model import GATE
from spatial.indicators.registry import DERIVED, Measured, indicator
from spatial.places.meeting_spaces import MEETING

# What is left of a score where one may sit beside a road, or stand on bare ground.
NO_STAY = 0.3


@indicator(
    aspect=GATE,
    unit="index",
    reference="Gehl (2010), Cities for People: staying needs a place to stay; ours.",
    behind=("own", "place"),
    within_m=25.0,
)
def room_to_stay(places: gpd.GeoDataFrame) -> Measured:
    """1 for a meeting space, .3 for a seat with no ground around it and for ground on which nothing is mapped.

    It may be one all the same: somebody may not have mapped what is there.
    """
    stays = (places["status"] == MEETING).to_numpy(dtype=bool)
    value = np.where(stays, 1.0, NO_STAY)
    return Measured(
        value=value,
        low=value.copy(),
        high=np.ones(len(places)),
        evidence=np.full(len(places), DERIVED, dtype=object),
        rule=np.where(stays, "meeting_space", "nothing_to_stay_for").astype(object),
    )
