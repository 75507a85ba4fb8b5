"""Rounds: the shortest by trying all, and walks along ways measured on paper."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from spatial.core.errors import CRSError
from spatial.network.tour import best_tour, shortest_tour
from tests.maps.fixtures import ETRS89_UTM32 as CRS


def paths(*lines):
    return gpd.GeoDataFrame(geometry=[LineString(line) for line in lines], crs=CRS)


def stops(*points, ids=None):
    return gpd.GeoSeries([Point(p) for p in points], index=ids or [f"s{i}" for i in range(len(points))], crs=CRS)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=2, max_size=7, unique=True))
def test_the_round_is_the_shortest_there_is(points):
    xy = np.array(points, dtype=float)
    length = np.hypot(*(xy[:, None] - xy[None, :]).transpose(2, 0, 1))

    def of(tour):
        return sum(length[a, b] for a, b in zip(tour, [*tour[1:], tour[0]], strict=True))

    found = best_tour(length)
    assert sorted(found) == list(range(len(points)))
    least = min(of([0, *rest]) for rest in itertools.permutations(range(1, len(points))))
    assert of(found) == pytest.approx(least, abs=0.05)


def test_sixty_stops_on_a_circle_are_walked_round_it():
    angle = np.random.default_rng(1).permutation(60) * 2 * np.pi / 60
    xy = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 100
    length = np.hypot(*(xy[:, None] - xy[None, :]).transpose(2, 0, 1))
    tour = best_tour(length)
    assert length[tour, [*tour[1:], tour[0]]].sum() == pytest.approx(60 * 200 * np.sin(np.pi / 60))


def test_walks_follow_the_ways_on_paper():
    """A way of 100 m with stops 10 m off both its ends: 120 m there and 120 m back."""
    found = shortest_tour(stops((0, 10), (100, 10)), paths([(0, 0), (50, 0), (100, 0)]))
    assert found.order == (0, 1) and found.length_m == (120, 120) and found.along_ways == (True, True)
    assert list(found.legs[0].coords) == [(0, 10), (0, 0), (50, 0), (100, 0), (100, 10)]
    assert next(iter(found.legs[1].coords)) == (100, 10)


def test_ways_that_cross_without_a_shared_vertex_are_not_joined():
    """A bridge: the walk from one way to the other is a straight guess, 1.3 times as far."""
    found = shortest_tour(stops((0, 50), (100, 0)), paths([(0, 50), (0, -50)], [(100, 0), (-100, 0)]))
    assert found.along_ways == (False, False)
    assert found.length_m[0] == pytest.approx(1.3 * np.hypot(100, 50))


def test_few_stops_and_no_ways():
    assert shortest_tour(stops(), paths()).total_m == 0
    one = shortest_tour(stops((0, 0)), paths())
    assert one.order == (0,) and one.legs == () and one.total_m == 0
    assert shortest_tour(stops((0, 0), (10, 0)), paths()).total_m == pytest.approx(26)


def test_the_order_of_rows_does_not_matter():
    ids = list("abcdefg")
    at = [(0, 0), (90, 5), (40, 60), (10, 80), (70, 70), (30, 20), (55, 35)]
    one = shortest_tour(stops(*at, ids=ids), paths())
    other = shortest_tour(stops(*at[::-1], ids=ids[::-1]), paths())
    assert [ids[i] for i in one.order] == [ids[::-1][i] for i in other.order]


def test_degrees_and_another_crs_are_refused():
    with pytest.raises(CRSError):
        shortest_tour(stops((0, 0)).set_crs(4326, allow_override=True), paths())
    with pytest.raises(CRSError, match="another CRS"):
        shortest_tour(stops((0, 0)), paths([(0, 0), (1, 1)]).set_crs(25833, allow_override=True))
