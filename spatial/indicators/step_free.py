"""Can I get here without steps? With a wheelchair, a rollator, a pram."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.arrays import Floats
from spatial.core.model import FIVE_MINUTES_M
from spatial.indicators.registry import DERIVED, UNKNOWN, Measured, indicator, unknown, where
from spatial.network.distances import Approaches

# Best and worst route nearer than this to each other: the answer is known well enough.
NEAR_ENOUGH = 0.2


@indicator(
    aspect="accessibility",
    unit="share",
    catchment_m=FIVE_MINUTES_M,
    surroundings=("way_surface",),
    reference="BR18 § 49; SBi-anvisning 230 (step-free, at most 1:20, firm, at least 1.3 m wide).",
    behind=("own", "way", "gate"),
    within_m=400.0,
)
def step_free(
    places: gpd.GeoDataFrame,
    walks: Approaches,
    dwellings: gpd.GeoDataFrame,
    step_free_sure_m: Floats,
    step_free_perhaps_m: Floats,
    *,
    within_m: float = 800.0,
) -> Measured:
    """Share of the dwellings within 10 minutes that have a step-free route of at most 15 minutes.

    Low: by ways known to be free of steps and firm (the worst route: what is unknown is barred);
    high: by ways not known to be otherwise (the best route). The value is their middle where they
    are near to each other. With a terrain model a way steeper than 1:20 is barred and one of unknown
    slope unknown; without one, only tagged slopes count. Doors and legs are not assessed.
    """
    near = walks.distance_m <= within_m
    weight = dwellings["dwellings"].to_numpy()
    total = np.where(near, weight, 0.0).sum(axis=1)

    def share(distance_m: Floats) -> Floats:
        reached = np.where(near & ~np.isnan(distance_m), weight, 0.0).sum(axis=1)
        return np.divide(reached, total, out=np.full(len(total), np.nan), where=total > 0)

    low, high = share(step_free_sure_m), share(step_free_perhaps_m)
    sure = high - low <= NEAR_ENOUGH
    measured = Measured(
        value=np.where(sure, (low + high) / 2, np.nan),
        low=low,
        high=high,
        evidence=np.where(sure, DERIVED, UNKNOWN).astype(object),
        rule=np.where(sure, "best_and_worst_route_agree", "surface_or_steps_of_ways_unknown").astype(object),
    )
    return where(np.isnan(low), measured, unknown("no_dwelling_within_10_minutes"))
