"""How many homes does this place serve? Homes within a walk, nearer ones for more; and those who come by easy ways.

Counts of homes, not shares or means over them: a home taken away raises none of these.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.arrays import Bools, Floats
from spatial.indicators.dwellings import NEAR_DECAY_PER_M
from spatial.indicators.registry import DERIVED, HOMES, UNKNOWN, Measured, indicator, known, unknown, where
from spatial.network import catchments
from spatial.network.attachment import Attachments
from spatial.network.distances import Approaches

# Worth of a walk by its longest stretch without a seat (m): Inclusive Mobility, 50 m.
REST_GAPS_M, REST_WORTH = (50.0, 100.0, 250.0), (1.0, 0.6, 0.0)
# Worth of a walk by major roads crossed without a crossing.
CROSSED, CROSSED_WORTH = (0.0, 1.0, 2.0), (1.0, 0.4, 0.0)
# Low and high nearer to each other than this are known well enough.
NEAR_ENOUGH = 0.2


@indicator(
    aspect="accessibility",
    unit="count",
    catchment_m=800.0,
    walked=True,
    behind=(HOMES,),
    reference="Handy & Niemeier (1997), cumulative opportunities with decay; exp(−d / 200 m), absolute.",
)
def homes_near(
    places: gpd.GeoDataFrame, walks: Approaches, dwellings: gpd.GeoDataFrame, entries: Attachments
) -> Measured:
    """Σ homes · exp(−d / 200 m), d the walk to the nearest part of the place."""
    value = _decayed(walks.distance_m, dwellings, None)
    return where(~entries.attached, known(value, DERIVED, "decayed_homes"), unknown("no_way_reaches_it"))


@indicator(
    aspect="accessibility",
    unit="count",
    catchment_m=800.0,
    surroundings=("way_surface",),
    behind=(HOMES, "way", "gate"),
    within_m=150.0,
    reference="As homes_near, by ways without steps (BR18 § 49).",
)
def homes_step_free(
    places: gpd.GeoDataFrame,
    step_free_sure_m: Floats,
    step_free_perhaps_m: Floats,
    dwellings: gpd.GeoDataFrame,
    entries: Attachments,
) -> Measured:
    """As `homes_near`, of those with a step-free way: low by ways known to be, high by ways not known otherwise."""
    low, high = (_decayed(distance_m, dwellings, None) for distance_m in (step_free_sure_m, step_free_perhaps_m))
    return _between(low, high, "best_and_worst_route_agree", "surface_or_steps_of_ways_unknown", entries)


@indicator(
    aspect="accessibility",
    unit="count",
    catchment_m=800.0,
    surroundings=("way_light",),
    behind=(HOMES, "way"),
    within_m=150.0,
    reference="As homes_near, by the lit share of the walk (SBi-anvisning 230).",
)
def homes_lit(
    places: gpd.GeoDataFrame, walks: Approaches, dwellings: gpd.GeoDataFrame, entries: Attachments
) -> Measured:
    """As `homes_near`, each home by the lit share of its walk: low counts unknown light as dark, high as lit."""
    length = np.maximum(walks.distance_m, 1e-9)
    low = _decayed(walks.distance_m, dwellings, np.clip(walks.lit_m / length, 0.0, 1.0))
    high = _decayed(walks.distance_m, dwellings, np.clip(1.0 - walks.unlit_m / length, 0.0, 1.0))
    return _between(low, high, "tag_lit_or_lamps", "light_mostly_not_tagged", entries)


@indicator(
    aspect="accessibility",
    unit="count",
    catchment_m=800.0,
    surroundings=("rests",),
    behind=(HOMES, "place"),
    within_m=150.0,
    reference="As homes_near, by rests on the way (UK DfT 2021, Inclusive Mobility: every 50 m).",
)
def homes_rested(
    places: gpd.GeoDataFrame,
    walks: Approaches,
    dwellings: gpd.GeoDataFrame,
    seats_complete: Bools,
    entries: Attachments,
) -> Measured:
    """As `homes_near`, each home by its longest stretch without a seat; benches that are not mapped may be there."""
    worth = np.interp(np.nan_to_num(walks.rest_gap_m, nan=np.inf), REST_GAPS_M, REST_WORTH)
    low, high = _decayed(walks.distance_m, dwellings, worth), _decayed(walks.distance_m, dwellings, None)
    return _between(
        low, np.where(seats_complete, low, high), "seats_mapped_often_enough", "benches_not_completely_mapped", entries
    )


@indicator(
    aspect="accessibility",
    unit="count",
    catchment_m=800.0,
    behind=(HOMES, "road"),
    within_m=150.0,
    reference="As homes_near, by major roads on the way (Anciaes, Jones & Mindell 2016, severance).",
)
def homes_uncrossed(
    places: gpd.GeoDataFrame, walks: Approaches, dwellings: gpd.GeoDataFrame, entries: Attachments
) -> Measured:
    """As `homes_near`, each home by the major roads that its walk crosses where no crossing is mapped.

    A road whose speed is tagged and cannot be read may be one: low with all of these, high with none.
    """
    low, high = (
        _decayed(walks.distance_m, dwellings, np.interp(np.nan_to_num(roads, nan=np.inf), CROSSED, CROSSED_WORTH))
        for roads in (walks.crossings_most, walks.crossings)
    )
    return _between(low, high, "crossings_on_the_walks", "speed_of_roads_not_read", entries)


def _decayed(distance_m: Floats, dwellings: gpd.GeoDataFrame, worth: Floats | None) -> Floats:
    """Homes by distance, and each by what its walk is worth (in [0, 1]; sites × doors)."""
    weight = dwellings["dwellings"].to_numpy(dtype=np.float64)
    if worth is None:
        return catchments.decayed(distance_m, weight, per_m=NEAR_DECAY_PER_M)
    return catchments.decayed_by_worth(distance_m, worth, weight, per_m=NEAR_DECAY_PER_M)


def _between(low: Floats, high: Floats, sure_rule: str, open_rule: str, entries: Attachments) -> Measured:
    high = np.maximum(high, low)
    sure = high - low <= NEAR_ENOUGH * high
    measured = Measured(
        value=np.where(sure, (low + high) / 2, np.nan),
        low=low,
        high=high,
        evidence=np.where(sure, DERIVED, UNKNOWN).astype(object),
        rule=np.where(sure, sure_rule, open_rule).astype(object),
    )
    return where(~entries.attached, measured, unknown("no_way_reaches_it"))
