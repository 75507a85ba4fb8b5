"""Do people pass by? Walking trips on the nearest way."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from spatial.core.arrays import Floats
from spatial.core.model import Estate
from spatial.indicators.registry import DERIVED, Measured, indicator, known, unknown, where
from spatial.network.attachment import Attachments
from spatial.network.graph import Network


@indicator(
    aspect="openness",
    unit="share",
    catchment_m=800.0,
    reference="Hillier (1996), Space is the Machine; Legeby (2013), Patterns of Co-presence; betweenness "
    "after Brandes (2001).",
    behind=("way", "gate"),
    within_m=100.0,
)
def flow_near(
    places: gpd.GeoDataFrame, network: Network, flows: Floats, entries: Attachments, estate: Estate
) -> Measured:
    """Betweenness of the nearest way, as its percentile among the ways of the study area.

    Trips of at most 800 m from dwellings (weighted) to destinations (shops, stops, schools,
    places). The percentile is by length of way, so cutting a way in two changes nothing.
    """
    inside = shapely.intersects(network.geometry, estate.study_area)
    order = np.argsort(flows[inside], kind="stable")
    values, length = flows[inside][order], np.cumsum(network.length_m[inside][order])
    own = _trips(places, flows, entries)
    if not len(values):
        return known(own * np.nan, DERIVED, "no_way_mapped")
    share = _share_below(own, values, length)
    measured = known(share, DERIVED, "percentile_of_trips")
    return where(np.isnan(own), measured, unknown("no_way_reaches_it"))


@indicator(
    aspect="openness",
    unit="count",
    catchment_m=800.0,
    reference="As flow_near, in trips and not as a rank among ways: a home taken away raises it nowhere.",
    behind=("way", "gate"),
    within_m=100.0,
)
def passers_by(places: gpd.GeoDataFrame, flows: Floats, entries: Attachments) -> Measured:
    """Walking trips on the nearest way: one from each home to each destination within 800 m."""
    trips = _trips(places, flows, entries)
    return where(np.isnan(trips), known(trips, DERIVED, "trips_on_nearest_way"), unknown("no_way_reaches_it"))


def _trips(places: gpd.GeoDataFrame, flows: Floats, entries: Attachments) -> Floats:
    """Trips on the way to which each place has the shortest leg; NaN where there is none."""
    own = np.full(len(places), np.nan)
    by_leg = np.lexsort((-flows[entries.edge], np.round(entries.leg_m, 3), entries.owner))
    owners, first = np.unique(entries.owner[by_leg], return_index=True)
    own[owners] = flows[entries.edge[by_leg[first]]]
    return own


def _share_below(own: Floats, values: Floats, length: Floats) -> Floats:
    """Share of length with less flow, and half of that with the same."""
    before = np.concatenate([[0.0], length])
    low = before[np.searchsorted(values, own, side="left")]
    high = before[np.searchsorted(values, own, side="right")]
    return np.where(np.isnan(own), np.nan, (low + high) / 2 / length[-1])
