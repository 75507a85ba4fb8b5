"""Is there a hill on the way? The steepest ten metres of the approach."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.model import FIVE_MINUTES_M
from spatial.indicators.inputs import Climbs
from spatial.indicators.registry import DERIVED, UNKNOWN, Measured, indicator, unknown, where
from spatial.network.catchments import weighted_median

# Best and worst case nearer than this to each other: half a per cent, the noise of a terrain model.
NEAR_ENOUGH = 0.005


@indicator(
    aspect="accessibility",
    unit="ratio",
    catchment_m=FIVE_MINUTES_M,
    reference="BR18 § 49: ramps at most 1:20, 1:25 recommended; incline of OpenStreetMap; Danmarks Højdemodel.",
    behind=("own", "way", "gate"),
    within_m=400.0,
)
def slope_max(places: gpd.GeoDataFrame, climbs: Climbs, dwellings: gpd.GeoDataFrame) -> Measured:
    """Steepest ten metres of the walk here, rise over run: the median over the estate's dwellings.

    By the tag of a way, else by the terrain under it. Bridges and tunnels have no slope unless
    tagged: a walk with such a part is at least as steep as the rest of it, and may be steeper. The
    median is known where it is about the same if those walks are as steep as can be.

    Parameters
    ----------
    climbs
        Steepest known stretch of each walk (places × dwellings), NaN without a walk, and whether
        its whole slope is known. None without a terrain model: the indicator is left out.
    """
    steepest, known = climbs
    inside = dwellings["inside"].to_numpy()
    weight = dwellings["dwellings"].to_numpy()[inside]
    least, sure = steepest[:, inside], known[:, inside]
    low = weighted_median(least, weight, of_all=False)
    high = weighted_median(np.where(np.isnan(least) | sure, least, np.inf), weight, of_all=False)
    agreed = high - np.nan_to_num(low) <= NEAR_ENOUGH
    measured = Measured(
        value=np.where(agreed, (low + high) / 2, np.nan),
        low=low,
        high=np.where(np.isinf(high), np.nan, high),
        evidence=np.where(agreed, DERIVED, UNKNOWN).astype(object),
        rule=np.where(agreed, "steepest_10_m_of_the_walks", "slope_of_part_of_the_way_unknown").astype(object),
    )
    return where(np.isnan(low), measured, unknown("no_walk_from_estate"))
