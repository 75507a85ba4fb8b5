"""Is there sky, is there sun? Past houses and trees, from the ground."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.arrays import Floats, Ints
from spatial.indicators.inputs import Viewpoints
from spatial.indicators.registry import DERIVED, UNKNOWN, Measured, indicator
from spatial.terrain.sky_and_sun import Skyline, Sun
from spatial.terrain.sky_and_sun import sky_view as view_of_sky
from spatial.terrain.sky_and_sun import sun_hours as hours_of_sun

# Least and most nearer than this to each other: the answer is known well enough.
SKY_NEAR_ENOUGH, SUN_NEAR_ENOUGH_H = 0.1, 1.0


@indicator(
    aspect="openness",
    unit="share",
    reference="Lindberg & Grimmond (2010), Continuous sky view factor maps, Clim. Res. 42 (UMEP); Oke (1987).",
    behind=("own", "building"),
    within_m=60.0,
)
def sky_view(places: gpd.GeoDataFrame, viewpoints: Viewpoints, skyline: Skyline) -> Measured:
    """Sky view factor, mean over points in the place: 1 on an open field, 0.3 to 0.5 in a closed yard.

    Houses are opaque, a leafed crown lets 3 % through. Where the surface model ends, what lies
    beyond may be open or as high as the highest thing in it.

    Parameters
    ----------
    viewpoints
        Owner (position of the place) and points.
    skyline
        Ground, roofs and crowns. None without a surface model: the indicator is left out.
    """
    owner, points = viewpoints
    return _mean(owner, *view_of_sky(points, skyline), len(places), 1.0, SKY_NEAR_ENOUGH, "sky_past_houses_and_trees")


@indicator(
    aspect="openness",
    unit="h",
    reference="Littlefair et al. (2022), Site layout planning for daylight and sunlight, BRE 209: 2 hours on 21 March.",
    behind=("own", "building"),
    within_m=60.0,
)
def sun_hours(places: gpd.GeoDataFrame, viewpoints: Viewpoints, skyline: Skyline, sun: Sun) -> Measured:
    """Hours of direct sun at the equinox from a clear sky, mean over points in the place.

    The sun counts when it stands more than 5° high. Houses, trees and unknown surface as for
    ``sky_view``.

    Parameters
    ----------
    sun
        Where the sun stands during the day.
    """
    owner, points = viewpoints
    most_h = float(sun.hours.sum())
    bounds = hours_of_sun(points, skyline, sun)
    return _mean(owner, *bounds, len(places), most_h, SUN_NEAR_ENOUGH_H, "sun_past_houses_and_trees")


def _mean(owner: Ints, low: Floats, high: Floats, count: int, most: float, near_enough: float, rule: str) -> Measured:
    """Mean over the points of each place; a point that is not known may be anything up to the most."""
    points = np.bincount(owner, minlength=count)

    def mean(part: Floats) -> Floats:
        total = np.bincount(owner, weights=part, minlength=count)
        return np.divide(total, points, out=np.full(count, np.nan), where=points > 0)

    least, top = mean(np.where(np.isnan(low), 0.0, low)), mean(np.where(np.isnan(high), most, high))
    sure = top - least <= near_enough
    lost = np.where(points > 0, "surface_not_known_around", "not_measured")
    return Measured(
        value=np.where(sure, (least + top) / 2, np.nan),
        low=least,
        high=top,
        evidence=np.where(sure, DERIVED, UNKNOWN).astype(object),
        rule=np.where(sure, rule, lost).astype(object),
    )
