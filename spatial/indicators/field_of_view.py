"""What does one see from here? Visible ground within 100 m and 25 m."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatial.indicators import DERIVED, Measured, indicator, known
from spatial.visibility import visible_area

FAR_M, NEAR_M = 100.0, 25.0
REFERENCE = (
    "Benedikt (1979), To take hold of space, Environ. Plann. B 6; Gehl (2010), Cities for People: 100 m and 25 m."
)


def _share(places: Any, view: Any, viewpoints: Any, radius_m: float) -> Measured:
    owner, points = viewpoints
    area = visible_area(points, view, radius_m) / (np.pi * radius_m**2)
    count = np.bincount(owner, minlength=len(places))
    total = np.bincount(owner, weights=area, minlength=len(places))
    share = np.divide(total, count, out=np.full(len(places), np.nan), where=count > 0)
    return known(np.minimum(share, 1.0), DERIVED, "isovist_without_vegetation")


@indicator(aspect="openness", unit="share", reference=REFERENCE, catchment_m=FAR_M)
def field_of_view_100(places: Any, view: Any, viewpoints: Any) -> Measured:
    """Visible area within 100 m / area of the disc, mean over viewpoints in the place.

    Buildings, walls and hedges block; trees are not in the data, and the rule says so.
    """
    return _share(places, view, viewpoints, FAR_M)


@indicator(aspect="openness", unit="share", reference=REFERENCE, catchment_m=NEAR_M)
def field_of_view_25(places: Any, view: Any, viewpoints: Any) -> Measured:
    """Visible area within 25 m / area of the disc, mean over viewpoints in the place."""
    return _share(places, view, viewpoints, NEAR_M)
