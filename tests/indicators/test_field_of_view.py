"""Visible share of the discs of 100 and 25 m."""

import math

import numpy as np
import shapely

from spatial.indicators.field_of_view import field_of_view_25, field_of_view_100
from spatial.terrain.sky_and_sun import Skyline
from spatial.visibility.isovists import Occluders
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


def skyline(crown, known=True):
    """Level ground with shrubs of 3 m in a ring; the eastern half may not be known."""
    x, y = np.meshgrid(np.arange(-200, 200) + 0.5, 200 - np.arange(400) - 0.5)
    level = np.zeros((400, 400), dtype=np.float32)
    ring = (np.hypot(x, y) >= crown[0]) & (np.hypot(x, y) < crown[1])
    top = level if known else np.where(x > 0, np.nan, level).astype(np.float32)
    return Skyline(level, top, np.where(ring, 3.0, level).astype(np.float32), -200.0, 200.0, 1.0)


def test_shrubs_leave_three_per_cent_of_what_is_behind_them():
    """All round at 50 m: a quarter of the disc, and 3 % of the rest; a wall before them cuts both alike."""
    viewpoints = np.array([0, 1, 2]), np.full((3, 2), 0.25)
    found = field_of_view_100(PLACES, Occluders.from_geometries([], []), viewpoints, skyline((50, 54)))
    assert np.allclose(found.value, 0.25 + 0.75 * 0.03, atol=0.01) and (found.low == found.high).all()
    assert set(found.rule) == {"isovist_over_ground_and_past_trees"} and set(found.evidence) == {"derived"}
    near = field_of_view_25(PLACES, walled(12.5), viewpoints, skyline((50, 54)))
    assert np.allclose(near.value, 1 - behind(12.25 / 25), rtol=1e-9)


def test_where_the_surface_ends_the_plan_is_what_there_is():
    viewpoints = np.array([0, 1, 2]), np.full((3, 2), -0.25)
    found = field_of_view_100(PLACES, walled(50.0), viewpoints, skyline((20, 24), known=False))
    plan = field_of_view_100(PLACES, walled(50.0), viewpoints)
    assert (found.value == plan.value).all() and set(found.rule) == {"isovist_without_vegetation"}
