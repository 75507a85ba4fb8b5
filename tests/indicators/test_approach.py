"""Rests, light and crossings on the walks from the estate's dwellings."""

import numpy as np
import pytest

from spatial.indicators.approach import lit_share, rest_gap, severance
from tests import tables
from tests.tables import NAN

PLACE = tables.places({"a": {}})
NOT_COMPLETE, COMPLETE = np.array([False]), np.array([True])
DISTANCE = [[100, 200, 300]]
SHORT, LONG = ("derived", "seats_mapped_often_enough"), ("unknown", "benches_not_completely_mapped")
RESTS = {
    # name: distances, gaps, weights, inside, expected
    "of the median dwelling, 50 m": ([100, 200, 300], [90, 50, 80], [1, 1, 1], [1, 1, 1], (50, 50, 50, *SHORT)),
    "51 m: benches may be unmapped": ([100, 200, 300], [10, 51, 10], [1, 1, 1], [1, 1, 1], (NAN, 0, 51, *LONG)),
    "the median is by dwellings": ([100, 200, 300], [10, 51, 20], [1, 1, 9], [1, 1, 1], (20, 20, 20, *SHORT)),
    "dwellings elsewhere do not count": ([100, 200, 300], [10, 51, 20], [1, 9, 9], [1, 0, 0], (10, 10, 10, *SHORT)),
    "the median dwelling does not reach it": (
        [100, NAN, NAN],
        [10, NAN, NAN],
        [1, 1, 1],
        [1, 1, 1],
        (NAN, NAN, NAN, "unknown", "no_walk_from_median_dwelling"),
    ),
    "no dwellings": ([100], [10], [1], [0], (NAN, NAN, NAN, "unknown", "no_walk_from_median_dwelling")),
}


@pytest.mark.parametrize(("distance", "gaps", "weights", "inside", "expected"), RESTS.values(), ids=RESTS)
def test_rest_gap(distance, gaps, weights, inside, expected):
    walks = tables.walks(distance_m=[distance], rest_gap_m=[gaps])
    tables.check(rest_gap(PLACE, walks, tables.homes(weights, inside), NOT_COMPLETE), expected)


def test_where_a_register_of_seats_is_complete_a_long_stretch_is_known():
    walks = tables.walks(distance_m=[[100, 200, 300]], rest_gap_m=[[10, 120, 10]])
    found = rest_gap(PLACE, walks, tables.homes([1, 1, 1], [1, 1, 1]), COMPLETE)
    tables.check(found, (120, 120, 120, "derived", "register_of_seats_complete"))


TAGGED, UNTAGGED = ("observed", "tag_lit_or_lamps"), ("unknown", "light_mostly_not_tagged")
LIGHT = {
    # name: distance, lit, unlit, weights, inside, expected
    "50 lit, 30 + 3 × 100 dark of 100 + 3 × 100 m": (
        [100, 100],
        [50, 0],
        [30, 100],
        [1, 3],
        [1, 1],
        (50 / 380, 50 / 400, 70 / 400, *TAGGED),
    ),
    "half is known": ([100], [30], [20], [1], [1], (0.6, 0.3, 0.8, *TAGGED)),
    "less than half is known": ([100], [30], [19], [1], [1], (NAN, 0.3, 0.81, *UNTAGGED)),
    "elsewhere does not count": ([100, 100], [30, 100], [20, 0], [1, 9], [1, 0], (0.6, 0.3, 0.8, *TAGGED)),
    "what does not reach it does not count": (
        [100, NAN],
        [30, NAN],
        [20, NAN],
        [1, 9],
        [1, 1],
        (0.6, 0.3, 0.8, *TAGGED),
    ),
    "nobody reaches it": ([NAN], [NAN], [NAN], [1], [1], (NAN, NAN, NAN, "unknown", "no_walk_from_estate")),
}


@pytest.mark.parametrize(("distance", "lit", "unlit", "weights", "inside", "expected"), LIGHT.values(), ids=LIGHT)
def test_lit_share(distance, lit, unlit, weights, inside, expected):
    tables.check(
        lit_share(
            PLACE, tables.walks(distance_m=[distance], lit_m=[lit], unlit_m=[unlit]), tables.homes(weights, inside)
        ),
        expected,
    )


ROADS = {
    # name: crossings, weights, inside, mean
    "one of four dwellings crosses": ([1, 0, NAN], [1, 3, 5], [1, 1, 1], 0.25),
    "elsewhere does not count": ([1, 0, 2], [1, 3, 5], [1, 1, 0], 0.25),
    "two roads": ([2], [4], [1], 2),
    "nobody reaches it": ([NAN], [1], [1], NAN),
}


@pytest.mark.parametrize(("crossings", "weights", "inside", "mean"), ROADS.values(), ids=ROADS)
def test_severance(crossings, weights, inside, mean):
    found = severance(
        PLACE,
        tables.walks(distance_m=[[c * 0 + 100 for c in crossings]], crossings=[crossings]),
        tables.homes(weights, inside),
    )
    missing = ("unknown", "no_walk_from_estate") if mean != mean else ("derived", "crossings_on_the_walks")
    tables.check(found, (mean, mean, mean, *missing))


def test_severance_by_a_road_whose_speed_nobody_can_read():
    """Of four dwellings one crosses a major road, and three may."""
    walked = tables.walks(distance_m=[[100, 100]], crossings=[[1, 0]], crossings_most=[[1, 1]])
    found = severance(PLACE, walked, tables.homes([1, 3], [1, 1]))
    tables.check(found, (NAN, 0.25, 1, "unknown", "speed_of_roads_not_read"))
