"""What is the way like? Rests, light and roads to cross on the walk from the estate's dwellings."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.arrays import Bools, Floats, product
from spatial.core.model import FIVE_MINUTES_M
from spatial.indicators.registry import DERIVED, OBSERVED, UNKNOWN, Measured, indicator, unknown, where
from spatial.network.catchments import median_position
from spatial.network.distances import Approaches

# A way whose light is known over this share of its length is known.
MIN_KNOWN_SHARE = 0.5
# Inclusive Mobility (UK Department for Transport 2021): rest every 50 m.
GOOD_REST_M = 50.0


@indicator(
    aspect="accessibility",
    unit="m",
    catchment_m=FIVE_MINUTES_M,
    surroundings=("rests",),
    reference="Inclusive Mobility (UK DfT 2021): 50 m; Malmö's 25–250 m; no Danish figure was found.",
    behind=("own", "place", "way", "gate"),
    within_m=400.0,
)
def rest_gap(
    places: gpd.GeoDataFrame, walks: Approaches, dwellings: gpd.GeoDataFrame, seats_complete: Bools
) -> Measured:
    """Longest stretch without a seat on the walk from the median dwelling of the estate.

    Benches are mapped incompletely, so the stretch that is found is an upper bound; it is taken as
    known only where it is short already, or where a register of benches is complete.
    """
    inside = dwellings["inside"].to_numpy()
    at = median_position(walks.distance_m[:, inside], dwellings["dwellings"].to_numpy()[inside])
    gap = np.full(len(places), np.nan)
    gap[at >= 0] = walks.rest_gap_m[:, inside][at >= 0, at[at >= 0]]
    short = gap <= GOOD_REST_M
    known = short | seats_complete
    otherwise = np.where(seats_complete, "register_of_seats_complete", "benches_not_completely_mapped")
    measured = Measured(
        value=np.where(known, gap, np.nan),
        low=np.where(known, gap, 0.0),
        high=gap,
        evidence=np.where(known, DERIVED, UNKNOWN).astype(object),
        rule=np.where(short, "seats_mapped_often_enough", otherwise).astype(object),
    )
    return where(np.isnan(gap), measured, unknown("no_walk_from_median_dwelling"))


@indicator(
    aspect="accessibility",
    unit="share",
    catchment_m=FIVE_MINUTES_M,
    surroundings=("way_light",),
    reference="BR18 § 49 (accesses are lit); SBi-anvisning 230; lit of OpenStreetMap.",
    behind=("own", "way", "gate"),
    within_m=400.0,
)
def lit_share(places: gpd.GeoDataFrame, walks: Approaches, dwellings: gpd.GeoDataFrame) -> Measured:
    """Lit share of the walks from the estate's dwellings, by metres and dwellings.

    Low counts the unknown as dark, high as lit. The value is the share of what is known, where at
    least half is.
    """
    inside = dwellings["inside"].to_numpy()
    weight = dwellings["dwellings"].to_numpy()[inside]
    lit, dark, total = (
        product(np.nan_to_num(part[:, inside]), weight) for part in (walks.lit_m, walks.unlit_m, walks.distance_m)
    )
    walked = total > 0

    def share(part: Floats, whole: Floats) -> Floats:
        return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)

    sure = share(lit + dark, total) >= MIN_KNOWN_SHARE
    measured = Measured(
        value=np.where(sure, share(lit, lit + dark), np.nan),
        low=share(lit, total),
        high=share(total - dark, total),
        evidence=np.where(sure, OBSERVED, UNKNOWN).astype(object),
        rule=np.where(sure, "tag_lit_or_lamps", "light_mostly_not_tagged").astype(object),
    )
    return where(~walked, measured, unknown("no_walk_from_estate"))


@indicator(
    aspect="accessibility",
    unit="count",
    catchment_m=FIVE_MINUTES_M,
    reference="Anciaes, Jones & Mindell (2016), Community severance, Transport Reviews 36(4).",
    behind=("road",),
    within_m=1600.0,
)
def severance(places: gpd.GeoDataFrame, walks: Approaches, dwellings: gpd.GeoDataFrame) -> Measured:
    """Major roads crossed where no crossing is mapped, mean over the estate's dwellings.

    Major: above ``tertiary``, or faster than 50 km/h. A road whose speed is tagged and cannot be read may be one.
    """
    inside = dwellings["inside"].to_numpy()
    weight = dwellings["dwellings"].to_numpy()[inside]
    low, high = (_mean(roads[:, inside], weight) for roads in (walks.crossings, walks.crossings_most))
    sure = ~(high > low)
    measured = Measured(
        np.where(sure, low, np.nan),
        low,
        high,
        np.where(sure, DERIVED, UNKNOWN).astype(object),
        np.where(sure, "crossings_on_the_walks", "speed_of_roads_not_read").astype(object),
    )
    return where(np.isnan(low), measured, unknown("no_walk_from_estate"))


def _mean(roads: Floats, weight: Floats) -> Floats:
    """Mean over the dwellings that reach a place; NaN where none does."""
    reached = np.where(np.isnan(roads), 0.0, weight).sum(axis=1)
    return np.divide(product(np.nan_to_num(roads), weight), reached, out=np.full(len(roads), np.nan), where=reached > 0)
