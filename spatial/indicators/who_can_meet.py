"""Who can meet here? Homes of one block or department, and those of all others, within ten minutes."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.arrays import Floats, Ints
from spatial.indicators.dwellings import NEAR_DECAY_PER_M
from spatial.indicators.registry import DERIVED, HOMES, Measured, indicator, known, unknown, where
from spatial.network.attachment import Attachments
from spatial.network.catchments import decayed_by_group
from spatial.network.distances import Approaches

# So many homes are a neighbourhood of whom some are out: s(h) = 1 − exp(−h / 40).
SATURATES_AT = 40.0
TEN_MINUTES_M = 800.0
# A group is reached where about so many of its homes are near, softly counted.
GROUP_REACHED = 5.0


@indicator(
    aspect="mixing",
    unit="index",
    catchment_m=800.0,
    walked=True,
    behind=(HOMES,),
    reference="Legeby (2013), Patterns of Co-presence; Skytt-Larsen et al. (2024), Mødesteder som løftestang; ours: "
    "monotone in homes, and blind to the estate's line.",
)
def who_can_meet(
    places: gpd.GeoDataFrame,
    walks: Approaches,
    dwellings: gpd.GeoDataFrame,
    home_groups: Ints,
    entries: Attachments,
) -> Measured:
    """Max over groups g of √(s(h_g) · s(H − h_g)), s(h) = 1 − exp(−h / 40), h homes decayed by exp(−d / 200 m).

    A group is a department, elsewhere a block between streets. It counts homes, not who lives in them: each home
    taken away lowers it or leaves it.
    """
    near = _near(walks, dwellings, home_groups)
    total = near.sum(axis=1, keepdims=True)
    both = np.sqrt(_saturated(near) * _saturated(np.maximum(total - near, 0.0)))
    value = both.max(axis=1, initial=0.0)
    return where(~entries.attached, known(value, DERIVED, "homes_of_two_sides"), unknown("no_way_reaches_it"))


@indicator(
    aspect="mixing",
    unit="count",
    catchment_m=800.0,
    walked=True,
    behind=(HOMES,),
    reference="As who_can_meet.",
)
def groups_reached(
    places: gpd.GeoDataFrame,
    walks: Approaches,
    dwellings: gpd.GeoDataFrame,
    home_groups: Ints,
    entries: Attachments,
) -> Measured:
    """Blocks or departments within ten minutes, softly counted: Σ 1 − exp(−h_g / 5)."""
    count = (1.0 - np.exp(-_near(walks, dwellings, home_groups) / GROUP_REACHED)).sum(axis=1)
    return where(~entries.attached, known(count, DERIVED, "groups_of_homes"), unknown("no_way_reaches_it"))


def _near(walks: Approaches, dwellings: gpd.GeoDataFrame, groups: Ints) -> Floats:
    """Decayed homes within ten minutes: sites × groups."""
    distance_m = np.where(walks.distance_m <= TEN_MINUTES_M, walks.distance_m, np.nan)
    weight = dwellings["dwellings"].to_numpy(dtype=np.float64)
    return decayed_by_group(distance_m, weight, groups, per_m=NEAR_DECAY_PER_M)


def _saturated(homes: Floats) -> Floats:
    return 1.0 - np.exp(-homes / SATURATES_AT)
