"""Can I come and go? Hours of the year at which the place is open."""

from __future__ import annotations

import geopandas as gpd

from spatial.indicators.registry import OBSERVED, Measured, from_rows, indicator, unknown
from spatial.layers.hours import Position, open_share


@indicator(
    aspect="openness",
    unit="share",
    members=True,
    reads=("opening_hours",),
    reference="McKenzie et al. (2006), SOPARC, J. Phys. Act. Health 3(S1): usability; opening_hours of OpenStreetMap.",
    behind=("own",),
)
def open_hours(places: gpd.GeoDataFrame, position: Position) -> Measured:
    """Share of the hours of a year at which the place is open.

    Equal to open hours per week / 168 × share of the year in season; sun times and public holidays are those of the
    estate. Without ``opening_hours`` it is unknown; hours that cannot be read are unknown too, and the rule says so.
    What hangs on a comment, an open end or a school holiday lies between its readings.
    """
    return from_rows([_row(tags.get("opening_hours"), position) for tags in places["tags"]])


def _row(text: str | None, where: Position) -> tuple[float, float, float, str, str]:
    if not text:
        return unknown("no_opening_hours")
    share = open_share(text, where)
    if not share.is_read:
        return unknown("opening_hours_unreadable", 0.0, 1.0)
    if not share.is_known:
        return unknown("opening_hours_leave_open", share.low, share.high)
    return share.low, share.low, share.low, OBSERVED, "opening_hours"
