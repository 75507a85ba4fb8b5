"""Open hours, as a share of the 8,760 hours of 2025, which begins on a Wednesday."""

import numpy as np
import pytest

from spatial.indicators.open_hours import open_hours
from spatial.layers.hours import open_share
from tests import tables
from tests.tables import NAN, POSITION

CASES = {
    "24/7": 1,
    "Mo-Su 06:00-18:00": 1 / 2,
    "Mo-Su 22:00-02:00": 4 / 24,  # over midnight, and over both ends of the year
    "Mo-Fr 08:00-16:00": 261 * 8 / 8760,  # 52 weeks and a Wednesday: 261 weekdays
    "Apr-Sep Mo-Su 10:00-18:00": 183 * 8 / 8760,  # 30 + 31 + 30 + 31 + 31 + 30 days
    "Apr-Sep": 183 / 365,
    "Apr-Sep 24/7": 183 / 365,
    "off": 0,
    # Denmark's ten: new year, Maundy Thursday, Good Friday, Easter, Easter Monday, Ascension, Whitsun and the Monday
    # after it, 25 and 26 December; eight of them on weekdays.
    "PH 10:00-12:00": 10 * 2 / 8760,
    "Mo-Fr 08:00-16:00; PH off": (261 - 8) * 8 / 8760,
    "Mo-Fr 08:00-16:00 || Sa 10:00-12:00": (261 * 8 + 52 * 2) / 8760,
}
WEEK = 261 * 8 / 8760
BETWEEN = {
    '"ask the caretaker"': (0, 1),
    "unknown": (0, 1),
    'Mo-Fr 08:00-16:00 "by appointment"': (0, WEEK),
    'Mo-Fr 08:00-16:00 || "by appointment"': (WEEK, 1),
    "Mo-Fr 08:00-16:00 || unknown": (WEEK, 1),
    "Mo-Fr 08:00-16:00 unknown": (0, WEEK),
    # Of a day that is shut by name nobody says whether the fallback opens it.
    "Mo-Fr 08:00-16:00; Dec 24 off || Sa 10:00-12:00": (260 * 8 / 8760, (260 * 8 + 52 * 2) / 8760),
    # School holidays are not known: none, or every day.
    "SH 10:00-12:00": (0, 2 / 24),
    "24/7; SH off": (0, 1),
    "Mo-Fr 08:00-16:00; SH off": (0, WEEK),
    "Mo-Fr,SH 08:00-16:00": (WEEK, 8 / 24),
    "Mo-Fr 08:00-16:00, SH 08:00-18:00": (WEEK, 10 / 24),
    "Mo-Fr 08:00-16:00; PH,SH off": (0, (261 - 8) * 8 / 8760),
    # An open end: as written, and until midnight.
    "Mo-Su 10:00-14:00+": (4 / 24, 14 / 24),
}
UNREADABLE = ("whenever", "Mo-Fr 8-16", "2019 Mo-Fr 08:00-16:00", "|| 24/7", "{}")


def of(text):
    return open_hours(tables.places({"a": {"tags": {"opening_hours": text}}}), POSITION)


@pytest.mark.parametrize(("text", "share"), CASES.items(), ids=CASES)
def test_on_paper(text, share):
    tables.check(of(text), (share, share, share, "observed", "opening_hours"))


@pytest.mark.parametrize(("text", "bounds"), BETWEEN.items(), ids=BETWEEN)
def test_what_is_left_open_lies_between_its_readings(text, bounds):
    tables.check(of(text), (NAN, *bounds, "unknown", "opening_hours_leave_open"))


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_cannot_be_read_may_be_anything(text):
    tables.check(of(text), (NAN, 0, 1, "unknown", "opening_hours_unreadable"))


@pytest.mark.parametrize("tags", [{}, {"opening_hours": ""}])
def test_missing(tags):
    found = open_hours(tables.places({"a": {"tags": tags}}), POSITION)
    tables.check(found, (NAN, NAN, NAN, "unknown", "no_opening_hours"))


def solar_day_share(latitude):
    """Mean length of the day over 2025 by the textbook, the sun's upper edge and refraction counted in (-0.833°)."""
    day = np.arange(365)
    declination = np.radians(-23.44) * np.cos(2 * np.pi * (day + 10) / 365)
    phi, low = np.radians(latitude), np.radians(-0.833)
    cosine = (np.sin(low) - np.sin(phi) * np.sin(declination)) / (np.cos(phi) * np.cos(declination))
    return float(np.mean(np.degrees(np.arccos(np.clip(cosine, -1, 1))) / 180))


def test_the_sun_is_that_of_the_estate():
    for position in ((55.68, 12.57), (60.17, 24.94)):
        found = open_share("sunrise-sunset", position)
        assert found.is_known and found.low == pytest.approx(solar_day_share(position[0]), abs=0.006)
    # In June the day is longer in the north; in Copenhagen 17.4 hours, in Helsinki 18.8.
    copenhagen, helsinki = (open_share("Jun sunrise-sunset", at).low for at in ((55.68, 12.57), (60.17, 24.94)))
    assert helsinki - copenhagen == pytest.approx(30 * 1.35 / 8760, rel=0.15)
    assert not open_share("sunrise-sunset").is_read
