"""Open hours, as a share of the 8,760 hours of 2025, which begins on a Wednesday."""

import pytest

from spatial.indicators.open_hours import open_hours
from tests import tables
from tests.tables import NAN

CASES = {
    "24/7": 1,
    "Mo-Su 06:00-18:00": 1 / 2,
    "Mo-Su 22:00-02:00": 4 / 24,  # over midnight, and over both ends of the year
    "Mo-Fr 08:00-16:00": 261 * 8 / 8760,  # 52 weeks and a Wednesday: 261 weekdays
    "Apr-Sep Mo-Su 10:00-18:00": 183 * 8 / 8760,  # 30 + 31 + 30 + 31 + 31 + 30 days
    "Apr-Sep": 183 / 365,
    "off": 0,
}


def test_on_paper():
    found = open_hours(tables.places({text: {"tags": {"opening_hours": text}} for text in CASES}))
    tables.check(found, *((share, share, share, "observed", "opening_hours") for share in CASES.values()))


@pytest.mark.parametrize(
    ("tags", "rule"),
    [
        ({}, "no_opening_hours"),
        ({"opening_hours": ""}, "no_opening_hours"),
        ({"opening_hours": "whenever"}, "opening_hours_unreadable"),
        ({"opening_hours": "Mo-Fr 08:00-16:00 unknown"}, "opening_hours_unreadable"),
    ],
)
def test_missing(tags, rule):
    tables.check(open_hours(tables.places({"a": {"tags": tags}})), (NAN, NAN, NAN, "unknown", rule))
