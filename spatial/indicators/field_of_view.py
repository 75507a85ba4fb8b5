"""What does one see from here? Visible ground within 100 m and 25 m."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.arrays import Floats
from spatial.indicators.inputs import Viewpoints
from spatial.indicators.registry import DERIVED, Measured, indicator, known
from spatial.terrain.sky_and_sun import Skyline, seen_share
from spatial.visibility.isovists import Occluders, visible_area

FAR_M, NEAR_M = 100.0, 25.0
# What is seen at least and at most, of the disc: nearer to each other than this, it is known.
NEAR_ENOUGH = 0.1
REFERENCE = (
    "Benedikt (1979), To take hold of space, Environ. Plann. B 6; Gehl (2010), Cities for People: 100 m and 25 m."
)


def _share(
    places: gpd.GeoDataFrame, view: Occluders, viewpoints: Viewpoints, skyline: Skyline | None, radius_m: float
) -> Measured:
    owner, points = viewpoints
    area = visible_area(points, view, radius_m) / (np.pi * radius_m**2)
    count = np.bincount(owner, minlength=len(places))

    def mean(part: Floats) -> Floats:
        total = np.bincount(owner, weights=part, minlength=len(places))
        return np.minimum(np.divide(total, count, out=np.full(len(places), np.nan), where=count > 0), 1.0)

    plan = known(mean(area), DERIVED, "isovist_without_vegetation")
    if skyline is None:
        return plan
    least, most = seen_share(points, skyline, view, radius_m)
    low, high = mean(area * np.nan_to_num(least)), mean(area * np.where(np.isnan(most), 1.0, most))
    sure = high - low <= NEAR_ENOUGH
    return Measured(
        value=np.where(sure, (low + high) / 2, plan.value),
        low=np.where(sure, low, plan.low),
        high=np.where(sure, high, plan.high),
        evidence=plan.evidence,
        rule=np.where(sure, "isovist_over_ground_and_past_trees", plan.rule).astype(object),
    )


@indicator(
    aspect="openness",
    unit="share",
    reference=REFERENCE,
    catchment_m=FAR_M,
    behind=("own", "building", "barrier"),
    within_m=100.0,
    by_shape=True,
)
def field_of_view_100(
    places: gpd.GeoDataFrame, view: Occluders, viewpoints: Viewpoints, skyline: Skyline | None = None
) -> Measured:
    """Visible area within 100 m / area of the disc, mean over viewpoints in the place.

    Buildings, walls and hedges block. With a surface model the ground between two people's eyes
    blocks as well, and a crown leaves 3 %; without one, or where it ends, trees are not in the
    data, and the rule says so.
    """
    return _share(places, view, viewpoints, skyline, FAR_M)


@indicator(
    aspect="openness",
    unit="share",
    reference=REFERENCE,
    catchment_m=NEAR_M,
    behind=("own", "building", "barrier"),
    within_m=40.0,
    by_shape=True,
)
def field_of_view_25(
    places: gpd.GeoDataFrame, view: Occluders, viewpoints: Viewpoints, skyline: Skyline | None = None
) -> Measured:
    """Visible area within 25 m / area of the disc, mean over viewpoints in the place."""
    return _share(places, view, viewpoints, skyline, NEAR_M)
