"""Sky and sun of places: means over their points, and what is not known."""

import numpy as np
import pytest

from spatial.indicators.sky_view import sky_view, sun_hours
from spatial.terrain.sky_and_sun import Skyline, Sun
from tests import tables
from tests.tables import NAN

NOON = Sun(np.array([[0.0, -1.0]]), np.array([1.0]), np.array([2.0]))  # two hours of sun, 45° high in the south


def yard(unknown=False):
    """A pit of 20 × 20 m in ground 30 m higher, and level ground far east; the middle is (0, 0)."""
    x, y = np.meshgrid(np.arange(-300, 300) + 0.5, 300 - np.arange(600) - 0.5)
    top = np.where((np.maximum(abs(x), abs(y)) > 10) & (np.maximum(abs(x), abs(y)) < 40), 30.0, 0.0)
    if unknown:
        top[:, 300:] = NAN
    level = np.zeros_like(top, dtype=np.float32)
    return Skyline(
        np.where(np.isnan(top), NAN, level).astype(np.float32), top.astype(np.float32), level, -300.0, 300.0, 1.0
    )


def at(*points):
    """One place a point, the last two points one place."""
    owner = np.minimum(np.arange(len(points)), len(points) - 2)
    return tables.places({str(i): {} for i in range(len(points) - 1)}), (owner, np.array(points, dtype=float))


def test_sun_on_paper():
    """In the pit none, in the open two hours, of one point in each the mean."""
    places, points = at((0.2, 0.3), (200.3, 0.4), (0.2, 0.3), (200.3, 0.4))
    rule = ("derived", "sun_past_houses_and_trees")
    tables.check(sun_hours(places, points, yard(), NOON), (0, 0, 0, *rule), (2, 2, 2, *rule), (1, 1, 1, *rule))


def test_sky_is_the_mean_of_its_points():
    places, points = at((0.2, 0.3), (200.3, 0.4), (0.2, 0.3), (200.3, 0.4))
    found = sky_view(places, points, yard())
    assert found.value[2] == pytest.approx((found.value[0] + found.value[1]) / 2)
    # 30 m high walls at 10 m: cos² of the height between those at the sides' middles and at the corners.
    assert 10**2 / (10**2 + 30**2) < found.value[0] < 10**2 * 2 / (10**2 * 2 + 30**2)
    assert found.value[1] > 0.95 and set(found.rule) == {"sky_past_houses_and_trees"}


def test_beyond_the_surface_nothing_is_known():
    places, points = at((200.3, 0.4), (900.0, 0.0), (900.0, 0.0))
    found = sky_view(places, points, yard(unknown=True))
    assert np.isnan(found.value).all() and found.low.tolist() == [0, 0] and found.high.tolist() == [1, 1]
    assert set(found.rule) == {"surface_not_known_around"} and set(found.evidence) == {"unknown"}


def test_a_place_whose_half_is_known_has_bounds():
    places, points = at((-200.3, 0.4), (-200.3, 0.4), (200.3, 0.4))
    found = sun_hours(places, points, yard(unknown=True), NOON)
    assert (found.value[0], found.low[1], found.high[1]) == (2.0, 1.0, 2.0)
    assert found.value[1] == 1.5  # an hour is near enough


def test_a_place_without_a_point_is_not_measured():
    places = tables.places({"a": {}})
    found = sky_view(places, (np.empty(0, dtype=np.int64), np.empty((0, 2))), yard())
    tables.check(found, (NAN, NAN, NAN, "unknown", "not_measured"))
