"""Who can come by: dwellings within a walk, and the walks of the estate's."""

import math

import numpy as np
import pytest
import shapely

from spatial.indicators.dwellings import detour, dwellings_5min, dwellings_decay, nearest_walk
from tests import tables
from tests.tables import NAN

NO_WAY = (NAN, NAN, NAN, "unknown", "no_way_reaches_it")
BOTH = tables.entries(True, False)
PLACES = tables.places({"a": {}, "b": {}})


def known(value, rule):
    return value, value, value, "derived", rule


def test_within_400_m():
    """Of 2, 3, 4 and 5 dwellings at 400, 400.1, out of reach and 10 m: 2 + 5; the estate has 2 + 4."""
    walks, homes = (
        tables.walks(distance_m=[[400, 400.1, NAN, 10], [NAN] * 4]),
        tables.homes([2, 3, 4, 5], [True, False, True, False]),
    )
    found = dwellings_5min(PLACES, walks, homes, BOTH)
    tables.check(found, known(7, "dwellings_within_400_m"), NO_WAY)
    assert found.reference.tolist() == [6]


def test_decay():
    """Weights e⁻¹ at 100 m, e⁻⁴ at 400 m and 1 at the door."""
    walks, homes = tables.walks(distance_m=[[100, 400, NAN, 0], [NAN] * 4]), tables.homes([2, 3, 4, 0.5], [True] * 4)
    found = dwellings_decay(PLACES, walks, homes, BOTH, np.array([1.0, 2.0]))
    tables.check(found, known(2 * math.exp(-1) + 3 * math.exp(-4) + 0.5, "decayed_dwellings"), NO_WAY)
    assert found.reference.tolist() == [1, 2]


BEYOND = (NAN, 1600, 1600, "derived", "most_dwellings_beyond_1600_m")
MEDIAN = "median_of_estate_dwellings"
NEAREST = {
    # name: distances, weights, inside, expected
    "the middle of three": ([500, 100, 300], [1, 1, 1], [1, 1, 1], known(300, MEDIAN)),
    "by dwellings": ([500, 100, 300], [9, 1, 1], [1, 1, 1], known(500, MEDIAN)),
    "of the estate only": ([500, 100, 300, 1, 1], [1, 1, 1, 99, 99], [1, 1, 1, 0, 0], known(300, MEDIAN)),
    "one out of reach is the farthest": ([NAN, 100, 300], [1, 1, 1], [1, 1, 1], known(300, MEDIAN)),
    "most are out of reach": ([NAN, 100, 300], [3, 1, 1], [1, 1, 1], BEYOND),
    "all are out of reach": ([NAN, NAN], [1, 1], [1, 1], BEYOND),
    "no dwellings in the estate": ([10, 20], [1, 1], [0, 0], (NAN, NAN, NAN, "unknown", "no_dwellings_in_estate")),
}


@pytest.mark.parametrize(("distance", "weights", "inside", "expected"), NEAREST.values(), ids=NEAREST)
def test_median_walk(distance, weights, inside, expected):
    walks = tables.walks(distance_m=[distance, distance])
    tables.check(nearest_walk(PLACES, walks, tables.homes(weights, inside), BOTH), expected, NO_WAY)


DETOURS = {
    # name: straight, walked, weights, expected
    "1.3, 2 and 3": ([100, 50, 30], [130, 100, 90], [1, 1, 1], known(2, MEDIAN)),
    "by dwellings": ([100, 50, 30], [130, 100, 90], [5, 1, 1], known(1.3, MEDIAN)),
    "nearer than 25 m says nothing": ([100, 50, 30, 24.9], [130, 100, 90, 900], [1, 1, 1, 50], known(2, MEDIAN)),
    "out of reach says nothing": ([100, 50, 30, 90], [130, 100, 90, NAN], [1, 1, 1, 50], known(2, MEDIAN)),
    "shorter than straight is straight": ([100], [99.9], [1], known(1, MEDIAN)),
    "nobody reaches it": ([100], [NAN], [1], (NAN, NAN, NAN, "unknown", "no_dwelling_reaches_it")),
}


@pytest.mark.parametrize(("straight", "walked", "weights", "expected"), DETOURS.values(), ids=DETOURS)
def test_detour(straight, walked, weights, expected):
    homes = tables.homes([*weights, 1000], [True] * len(weights) + [False])  # one elsewhere, that does not count
    walks = tables.walks(distance_m=[[*walked, 700]] * 2)
    # The place is the square from (0, 0) to (1, 1); homes stand in a line east of its edge.
    doors = shapely.points([(1 + away, 0.5) for away in [*straight, 700]])
    homes = homes.set_geometry(doors, crs=homes.crs)
    straight_m = np.array([straight] * 2, dtype=float)
    tables.check(detour(PLACES, walks, homes, BOTH, straight_m), expected, NO_WAY)
