"""Can I come and go? Hours of the year at which the place is open."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import geopandas as gpd

from spatial.indicators.registry import OBSERVED, Measured, from_rows, indicator, unknown

# A year without leap day that begins on a Wednesday; hours are a share of it.
YEAR_START, YEAR_END = datetime(2025, 1, 1), datetime(2026, 1, 1)
# Changes rarer than this count as none (opening_hours looks no further).
LONGEST_DAYS = 400


@indicator(
    aspect="openness",
    unit="share",
    members=True,
    reads=("opening_hours",),
    reference="McKenzie et al. (2006), SOPARC, J. Phys. Act. Health 3(S1): usability; opening_hours of OpenStreetMap.",
    behind=("own",),
)
def open_hours(places: gpd.GeoDataFrame) -> Measured:
    """Share of the hours of a year at which the place is open.

    Equal to open hours per week / 168 × share of the year in season. Without ``opening_hours`` it
    is unknown; hours that cannot be read are unknown too, and the rule says so.
    """
    return from_rows([_row(tags.get("opening_hours")) for tags in places["tags"]])


def _row(text: str | None) -> tuple[float, float, float, str, str]:
    if not text:
        return unknown("no_opening_hours")
    share = open_share(text)
    if share is None:
        return unknown("opening_hours_unreadable")
    return share, share, share, OBSERVED, "opening_hours"


@lru_cache(maxsize=4096)
def open_share(text: str) -> float | None:
    """Share of 2025 that these hours are open; None where they cannot be read or are unknown.

    Examples
    --------
    >>> open_share("24/7"), open_share("Mo-Su 06:00-18:00"), open_share("whenever")
    (1.0, 0.5, None)
    """
    from opening_hours import OpeningHours, State, validate

    if not validate(text):
        return None
    hours = OpeningHours(text, max_interval_days=LONGEST_DAYS)
    opened = 0.0
    for begin, end, state, _ in hours.intervals(YEAR_START, YEAR_END):
        if state == State.UNKNOWN:
            return None
        if state == State.OPEN:
            opened += (min(end or YEAR_END, YEAR_END) - max(begin, YEAR_START)).total_seconds()
    return opened / (YEAR_END - YEAR_START).total_seconds()
