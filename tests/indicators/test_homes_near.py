"""Homes by distance, and what their walks are worth: a home at 200 · ln 2 m counts for half."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.indicators import homes_near as near
from tests import tables
from tests.tables import NAN

HALF_M = 200 * log(2)
PLACES = tables.places({"a": {}, "cut off": {}})
BOTH = tables.entries(True, False)
NO_WAY = (NAN, NAN, NAN, "unknown", "no_way_reaches_it")


def walks(distance_m, **parts):
    """Walks to the first place; nothing reaches the second."""
    none = [NAN] * len(distance_m)
    return tables.walks(distance_m=[distance_m, none], **{name: [own, none] for name, own in parts.items()})


def homes(*weights):
    return tables.homes(weights, [True] * len(weights))


def test_homes_on_paper():
    # 30 at the door, 20 at half: 40; those without a way count for nothing.
    found = near.homes_near(PLACES, walks([0, HALF_M, NAN]), homes(30, 20, 99), BOTH)
    tables.check(found, (40, 40, 40, "derived", "decayed_homes"), NO_WAY)


AGREE, DOUBT = "best_and_worst_route_agree", "surface_or_steps_of_ways_unknown"
STEP_FREE = {
    # name: by sure ways, by ways that may be free of steps, homes, expected
    "a way that may have steps": ([0, NAN], [0, HALF_M], (30, 20), (NAN, 30, 40, "unknown", DOUBT)),
    "few by that way": ([0, NAN], [0, HALF_M], (36, 8), (38, 36, 40, "derived", AGREE)),
    "a longer way is sure": ([HALF_M, NAN], [0, NAN], (20, 8), (NAN, 10, 20, "unknown", DOUBT)),
    "none": ([NAN, NAN], [NAN, NAN], (20, 8), (0, 0, 0, "derived", AGREE)),
}  # fmt: skip


@pytest.mark.parametrize(("sure", "perhaps", "weights", "expected"), STEP_FREE.values(), ids=STEP_FREE)
def test_step_free_on_paper(sure, perhaps, weights, expected):
    tables_m = [np.array([row, [NAN, NAN]]) for row in (sure, perhaps)]
    tables.check(near.homes_step_free(PLACES, *tables_m, homes(*weights), BOTH), expected, NO_WAY)


LIT = {
    # name: lit m, unlit m of a walk of 200 ln 2 m, expected of 20 homes (which count for 10)
    "lit": (HALF_M, 0, (10, 10, 10, "derived", "tag_lit_or_lamps")),
    "half of it dark": (HALF_M / 2, HALF_M / 2, (5, 5, 5, "derived", "tag_lit_or_lamps")),
    "nobody says": (0, 0, (NAN, 0, 10, "unknown", "light_mostly_not_tagged")),
    "a tenth not said: 9 to 10": (0.9 * HALF_M, 0, (9.5, 9, 10, "derived", "tag_lit_or_lamps")),
}


@pytest.mark.parametrize(("lit", "unlit", "expected"), LIT.values(), ids=LIT)
def test_lit_on_paper(lit, unlit, expected):
    found = near.homes_lit(PLACES, walks([HALF_M], lit_m=[lit], unlit_m=[unlit]), homes(20), BOTH)
    tables.check(found, expected, NO_WAY)


@pytest.mark.parametrize(("gap", "worth"), [(0, 1), (50, 1), (75, 0.8), (100, 0.6), (175, 0.3), (250, 0), (900, 0)])
def test_rested_on_paper(gap, worth):
    """A home at the door of which the walk has this gap; benches may be unmapped, unless a register is complete."""
    found, sure = (
        near.homes_rested(PLACES, walks([0], rest_gap_m=[gap]), homes(10), np.array([complete, True]), BOTH)
        for complete in (False, True)
    )
    low = 10 * worth
    open_ = (NAN, low, 10, "unknown", "benches_not_completely_mapped")
    known = ((low + 10) / 2, low, 10, "derived", "seats_mapped_often_enough")
    tables.check(found, known if worth >= 0.8 else open_, NO_WAY)
    tables.check(sure, (low, low, low, "derived", "seats_mapped_often_enough"), NO_WAY)


@pytest.mark.parametrize(("crossings", "worth"), [(0, 1), (0.5, 0.7), (1, 0.4), (2, 0), (3, 0)])
def test_uncrossed_on_paper(crossings, worth):
    found = near.homes_uncrossed(PLACES, walks([0], crossings=[crossings]), homes(10), BOTH)
    tables.check(found, (10 * worth,) * 3 + ("derived", "crossings_on_the_walks"), NO_WAY)


def test_a_road_that_may_be_a_major_one_on_paper():
    """One crossing at least and two at most, the other home at the door: 10 · (0 to .4) + 30."""
    walked = walks([0, 0], crossings=[1, 0], crossings_most=[2, 0])
    found = near.homes_uncrossed(PLACES, walked, homes(10, 30), BOTH)
    tables.check(found, (32, 30, 34, "derived", "crossings_on_the_walks"), NO_WAY)
    found = near.homes_uncrossed(PLACES, walked, homes(30, 10), BOTH)
    tables.check(found, (NAN, 10, 22, "unknown", "speed_of_roads_not_read"), NO_WAY)


DOOR = st.tuples(st.floats(0, 900), st.floats(0, 1), st.floats(0, 300), st.integers(0, 3), st.integers(0, 60))


@given(doors=st.lists(DOOR, min_size=1, max_size=6), gone=st.integers(0, 5))
def test_a_home_taken_away_raises_none_of_them(doors, gone):
    """Neither the bounds nor the middle between them."""
    distance, lit, gap, crossed, weights = map(np.array, zip(*doors, strict=True))
    fewer = np.where(np.arange(len(doors)) == gone % len(doors), 0.0, weights)
    walked = walks(distance, lit_m=lit * distance / 2, unlit_m=(1 - lit) * distance / 2, crossings=crossed,
                   rest_gap_m=gap)  # fmt: skip
    none = np.array([False, False])

    def measured(weights):
        home = homes(*weights)
        return (
            near.homes_near(PLACES, walked, home, BOTH),
            near.homes_lit(PLACES, walked, home, BOTH),
            near.homes_rested(PLACES, walked, home, none, BOTH),
            near.homes_uncrossed(PLACES, walked, home, BOTH),
            near.homes_step_free(PLACES, walked.distance_m * 1.5, walked.distance_m, home, BOTH),
        )

    for before, after in zip(measured(weights), measured(fewer), strict=True):
        assert after.low[0] <= before.low[0] + 1e-9 and after.high[0] <= before.high[0] + 1e-9
