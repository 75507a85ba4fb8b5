"""Who can come by? Dwellings within a walk, and how far the estate's dwellings are."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.arrays import Floats
from spatial.core.model import FIVE_MINUTES_M, WALK_LIMIT_M
from spatial.indicators.registry import DERIVED, Measured, indicator, known, unknown, where
from spatial.network import catchments
from spatial.network.attachment import Attachments
from spatial.network.catchments import weighted_median
from spatial.network.distances import Approaches

# A home at 200 m counts for a third of one at the door.
NEAR_DECAY_PER_M = 1 / 200


@indicator(
    aspect="accessibility",
    unit="count",
    catchment_m=FIVE_MINUTES_M,
    walked=True,
    reference="5-minute walk at 1.33 m/s; 300 m norm of WHO Europe (2017) and of Copenhagen's catchments.",
    behind=("homes", "own"),
)
def dwellings_5min(
    places: gpd.GeoDataFrame,
    walks: Approaches,
    dwellings: gpd.GeoDataFrame,
    entries: Attachments,
    *,
    limit_m: float = FIVE_MINUTES_M,
) -> Measured:
    """Dwellings within a walk of 400 m, along ways and with both legs."""
    near = np.where(walks.distance_m <= limit_m, dwellings["dwellings"].to_numpy(), 0.0).sum(axis=1)
    total = dwellings["dwellings"].to_numpy()[dwellings["inside"].to_numpy()].sum()
    return _with_reference(_reached(known(near, DERIVED, "dwellings_within_400_m"), entries), np.array([total]))


@indicator(
    aspect="accessibility",
    unit="count",
    catchment_m=FIVE_MINUTES_M,
    walked=True,
    reference="Cooper (2015) and cityseer (Simons 2022): negative exponential decay with β = 4 / 400 m.",
    behind=("homes", "own"),
)
def dwellings_decay(
    places: gpd.GeoDataFrame, walks: Approaches, dwellings: gpd.GeoDataFrame, entries: Attachments, decay_sample: Floats
) -> Measured:
    """Σ dwellings · exp(−β d), β = 4/400 per metre.

    Judged by its percentile among the nodes of the study area's walking network.
    """
    value = catchments.decayed(walks.distance_m, dwellings["dwellings"].to_numpy())
    return _with_reference(_reached(known(value, DERIVED, "decayed_dwellings"), entries), decay_sample)


@indicator(
    aspect="accessibility",
    unit="m",
    catchment_m=FIVE_MINUTES_M,
    walked=True,
    reference="Copenhagen's park catchments of 300 and 875 m (parkregister).",
    behind=("homes", "own", "way", "gate"),
    within_m=150.0,
)
def nearest_walk(
    places: gpd.GeoDataFrame,
    walks: Approaches,
    dwellings: gpd.GeoDataFrame,
    entries: Attachments,
    *,
    limit_m: float = WALK_LIMIT_M,
) -> Measured:
    """Median walking distance from the estate's dwellings.

    Missing, with the reason, where fewer than half of them reach the place within 1,600 m.
    """
    weight = np.where(dwellings["inside"], dwellings["dwellings"], 0.0)
    value = weighted_median(walks.distance_m, weight)
    measured = known(value, DERIVED, "median_of_estate_dwellings")
    too_far = np.isnan(value)
    measured = where(too_far, measured, (np.nan, limit_m, limit_m, DERIVED, "most_dwellings_beyond_1600_m"))
    if not weight.sum() > 0:
        measured = where(np.ones(len(value), dtype=bool), measured, unknown("no_dwellings_in_estate"))
    return _reached(measured, entries)


@indicator(
    aspect="accessibility",
    unit="ratio",
    catchment_m=FIVE_MINUTES_M,
    walked=True,
    reference="Hess (1997), pedestrian route directness; Stangl (2012).",
    behind=("own", "way", "gate"),
    within_m=400.0,
)
def detour(
    places: gpd.GeoDataFrame,
    walks: Approaches,
    dwellings: gpd.GeoDataFrame,
    entries: Attachments,
    straight_m: Floats,
    *,
    nearest_m: float = 25.0,
) -> Measured:
    """Median of walking distance / straight line, over the estate's dwellings that reach it.

    Dwellings nearer than 25 m are left out: their ratio says nothing about the network.
    """
    inside = dwellings["inside"].to_numpy()
    weight = dwellings["dwellings"].to_numpy()[inside]
    columns = np.flatnonzero(inside)
    value = catchments.median_detour(walks.distance_m, straight_m, weight, columns=columns, nearest_m=nearest_m)
    measured = where(
        np.isnan(value), known(value, DERIVED, "median_of_estate_dwellings"), unknown("no_dwelling_reaches_it")
    )
    return _reached(measured, entries)


def _reached(measured: Measured, entries: Attachments) -> Measured:
    return where(~entries.attached, measured, unknown("no_way_reaches_it"))


def _with_reference(measured: Measured, reference: Floats) -> Measured:
    return Measured(measured.value, measured.low, measured.high, measured.evidence, measured.rule, reference)
