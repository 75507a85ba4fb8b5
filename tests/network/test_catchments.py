"""Sums, medians and straight lines against numpy and GEOS."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.network import catchments

VALUE = st.one_of(st.just(float("nan")), st.integers(0, 5).map(float))


@pytest.mark.parametrize(
    ("values", "weight", "of_all", "column"),
    [
        ([3, 1, 2], [1, 1, 1], True, 2),
        ([3, 1, np.nan], [1, 1, 1], True, 0),  # of three, one is beyond: 3 is the middle one
        ([3, 1, np.nan], [1, 1, 1], False, 1),  # of two: half of the weight is reached at 1
        ([3, 1, np.nan], [1, 1, 5], True, -1),  # most are out of reach
        ([4, 9, 1], [0, 0, 0], True, -1),
        ([9, 1, 5], [1, 0, 0], True, 0),  # nobody lives at the other doors
        ([5, 5, 5, 5], [1, 1, 1, 1], True, 1),  # of equals, the one at which the half is reached
        ([5, 5, 1, 9], [1, 3, 1, 1], True, 1),
        ([np.nan], [1], False, -1),
        ([], [], True, -1),
    ],
)
def test_the_weighted_median_by_hand(values, weight, of_all, column):
    row = np.array([values], dtype=float).reshape(1, len(values))
    assert catchments.median_position(row, np.array(weight, dtype=float), of_all=of_all).tolist() == [column]


@given(st.lists(st.tuples(VALUE, st.integers(0, 3)), min_size=1, max_size=40), st.booleans())
def test_the_weighted_median_is_where_a_sorted_list_reaches_the_half(rows, of_all):
    counted = [(v, w) for v, w in rows if w and (of_all or v == v)]
    everyone = sorted(np.inf if np.isnan(v) else v for v, w in counted for _ in range(w))
    expected = everyone[(len(everyone) - 1) // 2] if everyone else np.inf
    values, weight = np.array([[v for v, _ in rows]]), np.array([float(w) for _, w in rows])
    (found,) = catchments.weighted_median(values, weight, of_all=of_all)
    assert np.isnan(found) if np.isinf(expected) else found == expected


@given(st.lists(st.tuples(VALUE, VALUE, st.integers(0, 3)), max_size=40))
def test_each_walk_counts_by_what_it_is_worth(rows):
    expected = sum(w * share * np.exp(-0.5 * d) for d, share, w in rows if d == d and share == share)
    distance, worth, weight = (np.array([row[k] for row in rows], dtype=float) for k in range(3))
    (found,) = catchments.decayed_by_worth(distance[None], worth[None], weight, per_m=0.5)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_many_rows_in_threads_are_as_one_by_one():
    rng = np.random.default_rng(7)
    values = np.where(rng.random((300, 500)) < 0.3, np.nan, rng.integers(0, 900, (300, 500)).astype(float))
    weight = rng.integers(0, 4, 500).astype(float)
    together = catchments.median_position(values, weight), catchments.decayed(values, weight, per_m=0.01)
    assert values.size > 100_000
    for i, row in enumerate(values):
        reached = ~np.isnan(row)
        assert together[0][i] == catchments.median_position(row[None], weight)[0]
        assert together[1][i] == pytest.approx((np.exp(-0.01 * row[reached]) * weight[reached]).sum(), rel=1e-12)


def test_nearness_fades():
    distance = np.array([[0.0, 100.0, np.nan]])
    assert catchments.decayed(distance, np.array([2.0, 1.0, 9.0]), per_m=0.01) == pytest.approx([2 + np.exp(-1)])


@given(st.integers(0, 2**32 - 1))
def test_straight_lines_are_those_of_geos(seed):
    rng = np.random.default_rng(seed)
    centres = shapely.points(rng.uniform(0, 100, (6, 2)))
    hole = shapely.box(40, 40, 60, 60).difference(shapely.box(45, 45, 55, 55))
    shapes = np.array([*shapely.buffer(centres, rng.uniform(0.1, 20, 6)), hole, shapely.Point(3, 4), None][:-1])
    shapes[0] = shapely.union(shapes[0], shapely.box(200, 0, 210, 10))
    points = shapely.points(np.vstack([rng.uniform(-20, 120, (40, 2)), [[40, 50], [50, 50], [45, 45]]]))
    found = catchments.straight_m(shapes, points)
    assert np.allclose(found, shapely.distance(shapes[:, None], points[None, :]), rtol=1e-12, atol=1e-9)


def test_the_median_detour_by_hand():
    walked = np.array([[30.0, np.nan, 300.0, 90.0, 50.0], [np.nan, np.nan, np.nan, np.nan, 9.0]])
    straight = np.array([[20.0, 100.0, 100.0, 60.0], [30.0, 30.0, 30.0, 30.0]])
    found = catchments.median_detour(
        walked, straight, np.array([1.0, 1.0, 1.0, 2.0]), columns=np.arange(4), nearest_m=25.0
    )
    # The first is too near and the second out of reach: of 3 (once) and 1.5 (twice), 1.5; in the other row nobody.
    assert found[0] == 1.5 and np.isnan(found[1])


def test_a_way_is_never_shorter_than_the_straight_line():
    one = np.array([[40.0]])
    assert catchments.median_detour(one, one + 1, np.ones(1), columns=np.zeros(1, dtype=int), nearest_m=25.0) == [1.0]


def test_nearness_fades_by_group_of_neighbours():
    distance = np.array([[0.0, 100.0, np.nan, 0.0], [np.nan] * 4])
    found = catchments.decayed_by_group(distance, np.array([2.0, 1.0, 9.0, 3.0]), np.array([0, 0, 1, 2]), per_m=0.01)
    np.testing.assert_allclose(found, [[2 + np.exp(-1), 0.0, 3.0], [0.0, 0.0, 0.0]])


def test_groups_add_up_to_all_in_threads_too():
    rng = np.random.default_rng(5)
    distance = np.where(rng.random((300, 500)) < 0.3, np.nan, rng.uniform(0, 900, (300, 500)))
    weight, group = rng.integers(0, 4, 500).astype(float), rng.integers(0, 7, 500)
    found = catchments.decayed_by_group(distance, weight, group, per_m=0.005)
    assert found.shape == (300, 7) and distance.size > 100_000
    for k in range(7):
        mine = np.where(np.isnan(distance), 0.0, np.exp(-0.005 * distance)) * np.where(group == k, weight, 0.0)
        np.testing.assert_allclose(found[:, k], mine.sum(axis=1), rtol=1e-12)
