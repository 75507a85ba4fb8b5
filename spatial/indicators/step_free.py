"""Can I get here without steps? With a wheelchair, a rollator, a pram."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatial.indicators import DERIVED, UNKNOWN, Measured, indicator, unknown, where
from spatial.network import NO, YES, approaches

# Best and worst route nearer than this to each other: the answer is known well enough.
NEAR_ENOUGH = 0.2


@indicator(
    aspect="accessibility",
    unit="share",
    catchment_m=400.0,
    surroundings=("way_surface",),
    reference="BR18 § 49; SBi-anvisning 230 (step-free, at most 1:20, firm, at least 1.3 m wide).",
)
def step_free(
    places: Any,
    walks: Any,
    dwellings: Any,
    network: Any,
    entries: Any,
    doors: Any,
    *,
    within_m: float = 800.0,
    route_m: float = 1200.0,
) -> Measured:
    """Share of the dwellings within 10 minutes that have a step-free route of at most 15 minutes.

    Low: by ways known to be free of steps and firm; high: by ways not known to be otherwise. The
    value is their middle. Slope is only known where tagged; doors and legs are not assessed.
    """
    near = walks.distance_m <= within_m
    weight = dwellings["dwellings"].to_numpy()
    total = np.where(near, weight, 0.0).sum(axis=1)

    def share(usable: Any) -> Any:
        reach = approaches(
            network, entries, doors, limit_m=route_m, usable=usable, barred_nodes=network.raised, detailed=False
        )
        found = np.where(near & ~np.isnan(reach.distance_m), weight, 0.0).sum(axis=1)
        return np.divide(found, total, out=np.full(len(total), np.nan), where=total > 0)

    low, high = share(network.step_free == YES), share(network.step_free != NO)
    sure = high - low <= NEAR_ENOUGH
    measured = Measured(
        value=np.where(sure, (low + high) / 2, np.nan),
        low=low,
        high=high,
        evidence=np.where(sure, DERIVED, UNKNOWN).astype(object),
        rule=np.where(sure, "best_and_worst_route_agree", "surface_or_steps_of_ways_unknown").astype(object),
    )
    return where(np.isnan(low), measured, unknown("no_dwelling_within_10_minutes"))
