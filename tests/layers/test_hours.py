"""Hours of 2025, a year of 365 days that begins on a Wednesday: 261 weekdays, 104 days of weekends, 8,760 hours."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.layers.hours import conditions, minutes_open, open_share, over_time
from spatial.layers.tag_values import NO, UNREAD, YES, read

COPENHAGEN = (55.68, 12.57)
HOURS, WEEKDAYS, WEEKEND_DAYS = 8760, 261, 104
# New Year, Maundy Thursday, Good Friday, Easter (2), Ascension, Whitsun (2), Christmas (2).
HOLIDAYS = 10
OFFICE = WEEKDAYS * 6 / HOURS


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("24/7", 1, 1),
        ("Mo-Fr 10:00-16:00", OFFICE, OFFICE),
        ("off", 0, 0),
        ('"ask the caretaker"', 0, 1),
        ('Mo-Fr 10:00-16:00 || "by appointment"', OFFICE, 1),
        ("Mo-Fr 10:00-16:00 || unknown", OFFICE, 1),
        ("Mo-Fr 10:00-16:00 || 24/7", 1, 1),
        ('Mo-Fr 10:00-16:00 "members"', 0, OFFICE),
        ("Mo-Su 08:00-20:00; PH off", (365 - HOLIDAYS) / 730, (365 - HOLIDAYS) / 730),
        ("PH 10:00-12:00", 2 * HOLIDAYS / HOURS, 2 * HOLIDAYS / HOURS),
        ("Mo-Fr 10:00-16:00; SH off", 0, OFFICE),
        ("SH 10:00-14:00", 0, 1 / 6),
        ("12:00-13:00+", 1 / 24, 12 / 24),
        ("Mo-Fr 22:00-06:00", WEEKDAYS * 8 / HOURS, WEEKDAYS * 8 / HOURS),
        ("open", 1, 1),
        ("closed", 0, 0),
        ("24/7 off", 0, 0),
        ("24/7 || off", 1, 1),
        ("24/7; Jan 1 off", 364 / 365, 364 / 365),
        ("easter off", 0, 0),
        ("08:00-16:00, Sa off", 313 * 8 / HOURS, 313 * 8 / HOURS),
        ("Apr-Oct 08:00-20:00", 214 * 12 / HOURS, 214 * 12 / HOURS),
        ("Apr-Oct: 08:00-20:00; Nov-Mar off", 214 * 12 / HOURS, 214 * 12 / HOURS),
        ("Mo[1] 10:00-12:00", 12 * 2 / HOURS, 12 * 2 / HOURS),
        # The weeks of 2025, and three days of the first week of 2026.
        ("week 1-26 08:00-20:00", 183 * 12 / HOURS, 183 * 12 / HOURS),
        ("Mo-Fr 16:00-22:00 || Sa 10:00-12:00", (261 * 6 + 52 * 2) / HOURS, (261 * 6 + 52 * 2) / HOURS),
        ("Mo-Su,PH 06:00-18:00", 0.5, 0.5),
        # Eight of the ten holidays are on weekdays.
        ("Mo-Fr 08:00-16:00; PH off", 253 * 8 / HOURS, 253 * 8 / HOURS),
        ('Mo-Su 08:00-20:00 "if weather allows"', 0, 0.5),
        ('Mo-Fr 07:00-17:00; Sa,Su off; "in term time"', 0, 1),
    ],
)
def test_share_of_the_year(text, low, high):
    assert open_share(text, COPENHAGEN) == pytest.approx((low, high, True), abs=3e-4)


@pytest.mark.parametrize(
    "text",
    [
        "whenever",
        "",
        " ",
        "Mo-Fr 8-16",
        "08.00-16.00",
        "2031 24/7",
        "yes",
        "Mon-Fri 8-16",
        "8am-4pm",
        "Døgnåbent",
        "zz",
        "Mo-Fr 08.00-16.00",
        "2025 Mar 1-Oct 31 08:00-20:00",
    ],
)
def test_what_cannot_be_read_is_unknown(text):
    assert open_share(text, COPENHAGEN) == UNREAD


def test_without_a_place_neither_sun_nor_holidays_are_known():
    assert open_share("sunrise-sunset") == UNREAD
    assert open_share("08:00-20:00; PH off") == (0.0, 0.5, True)


def test_the_sun_of_the_place():
    """Sunrise equation: the day's share is the arc over which the sun is higher than 0.833° below the horizon."""
    day = np.arange(365)
    declination = np.arcsin(np.sin(np.radians(23.44)) * np.sin(2 * np.pi * (day - 79.5) / 365.25))
    latitude = math.radians(COPENHAGEN[0])
    arc = np.arccos(
        (math.sin(math.radians(-0.833)) - math.sin(latitude) * np.sin(declination))
        / (math.cos(latitude) * np.cos(declination))
    )
    share = arc / np.pi
    sure, perhaps = minutes_open("sunrise-sunset", COPENHAGEN)
    assert (sure == perhaps).all()
    assert sure.reshape(365, 1440).mean(axis=1) == pytest.approx(share, abs=0.02)
    assert sure.mean() == pytest.approx(share.mean(), abs=0.005)


PIECES = r"(Mo|SH|PH|24/7|off|\|\||;|,| |\"x\"|10:00-12:00|\+|sunset|-){1,8}"


@given(st.text(max_size=30) | st.from_regex(PIECES, fullmatch=True))
def test_no_text_breaks_it(text):
    said = open_share(text, COPENHAGEN)
    assert 0 <= said.low <= said.high <= 1
    assert said.is_read or said == UNREAD


def test_conditions_are_told_from_values():
    assert conditions("yes @ (Mo 10:00-12:00; Tu 10:00-12:00); no @ wet") == [
        ("yes", "Mo 10:00-12:00; Tu 10:00-12:00"),
        ("no", "wet"),
    ]
    assert conditions("yes") is conditions("yes @ (") is None


EVENINGS = WEEKDAYS * 6 + WEEKEND_DAYS * 14
# Hours from 7 to 22 of 365 days.
AWAKE = 15 * 365


@pytest.mark.parametrize(
    ("base", "conditional", "low", "high"),
    [
        (NO, "yes @ (Mo-Fr 16:00-22:00; Sa-Su 08:00-22:00)", EVENINGS / HOURS, EVENINGS / AWAKE),
        (YES, "no @ (22:00-07:00)", 15 / 24, 1),
        (NO, "yes @ wet", 0, 1),
        # Of what is only said to be open by day nobody knows the night; of what is shut at night the day is open.
        (None, "yes @ (08:00-20:00)", 0.5, 1),
        (None, "no @ (22:00-07:00)", 15 / 24, 1),
        (None, "yes @ (08:00-20:00); no @ (20:00-08:00)", 0.5, 12 / 15),
        (None, None, 0, 1),
        (NO, "yes @ (Mo-Fr 12:00-13:00 AND wet)", 0, WEEKDAYS / AWAKE),
        (YES, "no @ 24/7", 0, 0),
        (YES, "whenever", 0, 1),
        (NO, "zz @ (12:00-13:00)", 0, 1 / 15),
        (YES, "no @ (00:00-24:00); yes @ (00:00-24:00)", 1, 1),
    ],
)
def test_a_condition_is_a_share_of_time(base, conditional, low, high):
    said = over_time(base, conditional, partial(read, "access"), COPENHAGEN)
    assert said[:2] == pytest.approx((low, high), abs=1e-9)


def test_without_a_condition_it_is_what_it_is():
    assert over_time(NO, None, partial(read, "access")) == NO
