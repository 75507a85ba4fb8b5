"""Can I get here without steps? With a wheelchair, a rollator, a pram."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from spatial.core.arrays import Bools, Floats
from spatial.core.model import FIVE_MINUTES_M
from spatial.indicators.registry import DERIVED, UNKNOWN, Measured, indicator, unknown, where
from spatial.network.attachment import Attachments
from spatial.network.distances import Approaches, approaches
from spatial.network.graph import NO, YES, Network

# A route without steps is at most this long: 15 minutes.
ROUTE_M = 1200.0
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
    network: Network,
    entries: Attachments,
    doors: Attachments,
    step_free_edges: npt.NDArray[np.int8],
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

    def share(usable: Bools) -> Floats:
        reach = approaches(
            network, entries, doors, limit_m=ROUTE_M, usable=usable, barred_nodes=network.raised, detailed=False
        )
        found = np.where(near & ~np.isnan(reach.distance_m), weight, 0.0).sum(axis=1)
        return np.divide(found, total, out=np.full(len(total), np.nan), where=total > 0)

    low, high = share(step_free_edges == YES), share(step_free_edges != NO)
    sure = high - low <= NEAR_ENOUGH
    measured = Measured(
        value=np.where(sure, (low + high) / 2, np.nan),
        low=low,
        high=high,
        evidence=np.where(sure, DERIVED, UNKNOWN).astype(object),
        rule=np.where(sure, "best_and_worst_route_agree", "surface_or_steps_of_ways_unknown").astype(object),
    )
    return where(np.isnan(low), measured, unknown("no_dwelling_within_10_minutes"))
