"""Visible share of the discs of 100 and 25 m."""

import math

import numpy as np
import shapely

from spatial.indicators.field_of_view import field_of_view_25, field_of_view_100
from spatial.visibility import Occluders
from tests import tables
from tests.tables import NAN

RULE = ("derived", "isovist_without_vegetation")
PLACES = tables.places({"a": {}, "b": {}, "c": {}})


def walled(distance):
    return Occluders.from_geometries([], [shapely.LineString([(-9999, distance), (9999, distance)])])


def behind(share):
    """Share of a disc behind a wall at this share of its radius: acos s less s √(1 less s²), by π."""
    return (math.acos(share) - share * math.sqrt(1 - share**2)) / math.pi


def test_on_paper():
    """Place a looks out at the origin, b at two points, of which one is far from the wall, c nowhere."""
    viewpoints = np.array([0, 1, 1]), np.array([(0.0, 0.0), (0.0, 0.0), (0.0, -500.0)])
    half = 1 - behind(0.5)
    both = (half + 1) / 2
    expected = (half, half, half, *RULE), (both, both, both, *RULE), (NAN, NAN, NAN, "unknown", "not_measured")
    tables.check(field_of_view_100(PLACES, walled(50.0), viewpoints), *expected)
    tables.check(field_of_view_25(PLACES, walled(12.5), viewpoints), *expected)


def test_open_land_and_a_wall_beyond_the_radius():
    viewpoints = np.array([0, 1, 2]), np.zeros((3, 2))
    for found in (
        field_of_view_25(PLACES, walled(26.0), viewpoints),
        field_of_view_100(PLACES, Occluders.from_geometries([], []), viewpoints),
    ):
        tables.check(found, *[(1, 1, 1, *RULE)] * 3)
