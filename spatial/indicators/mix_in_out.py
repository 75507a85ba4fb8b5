"""Do people from here and from elsewhere meet? Nearness of dwellings inside and outside."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.model import FIVE_MINUTES_M
from spatial.indicators.registry import DERIVED, Measured, indicator, known, unknown, where
from spatial.network.catchments import decayed
from spatial.network.distances import Approaches


@indicator(
    aspect="mixing",
    unit="share",
    catchment_m=FIVE_MINUTES_M,
    walked=True,
    reference="Legeby (2013), Patterns of Co-presence; Skytt-Larsen et al. (2024), Mødesteder som løftestang.",
    behind=("homes", "own"),
)
def mix_in_out(places: gpd.GeoDataFrame, walks: Approaches, dwellings: gpd.GeoDataFrame) -> Measured:
    """2·min(p_in, p_out) / (p_in + p_out), p = decay-weighted dwellings inside and outside.

    1 where as many come from within the estate as from elsewhere, 0 where all come from one side.
    It counts dwellings, not who lives in them.
    """
    inside = dwellings["inside"].to_numpy()
    weight = dwellings["dwellings"].to_numpy()
    within, beyond = (decayed(walks.distance_m, np.where(side, weight, 0.0)) for side in (inside, ~inside))
    total = within + beyond
    share = np.divide(2 * np.minimum(within, beyond), total, out=np.full(len(places), np.nan), where=total > 0)
    measured = known(share, DERIVED, "decayed_dwellings_in_and_out")
    return where(np.isnan(share), measured, unknown("no_dwelling_reaches_it"))
