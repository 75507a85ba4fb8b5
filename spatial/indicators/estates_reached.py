"""From how many estates do people come by? Departments of public housing within ten minutes."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from spatial.core.arrays import Ints
from spatial.indicators.registry import DERIVED, Measured, indicator, known, unknown, where
from spatial.network.attachment import Attachments
from spatial.network.distances import Approaches


@indicator(
    aspect="mixing",
    unit="count",
    catchment_m=800.0,
    walked=True,
    reference="Byer uden medborgere (2025), policy brief: communities cross the borders between estates; "
    "Skytt-Larsen et al. (2024), Mødesteder som løftestang.",
    behind=("homes", "own"),
)
def estates_reached(
    places: gpd.GeoDataFrame, walks: Approaches, department_of: Ints, entries: Attachments, *, limit_m: float = 800.0
) -> Measured:
    """Departments of public housing with a dwelling within a walk of 800 m (ten minutes).

    Needs a layer of departments; without one it is left out, never 0. A department that has
    several grounds under one name and owner counts once.

    Parameters
    ----------
    department_of
        Number of the department on whose ground each dwelling stands, -1 for none.
    """
    near = walks.distance_m <= limit_m
    count = np.zeros(len(places))
    for department in np.unique(department_of[department_of >= 0]):
        count += near[:, department_of == department].any(axis=1)
    measured = known(count, DERIVED, "departments_within_10_minutes")
    return where(~entries.attached, measured, unknown("no_way_reaches_it"))
