"""Which visit belongs to which meeting space, and the rates that follow: worked out on paper."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box

from spatial.core.errors import CRSError
from spatial.observations import overlay
from spatial.observations.overlay import NOWHERE
from tests.maps.fixtures import ETRS89_UTM32

SPACES = gpd.GeoDataFrame(
    geometry=[box(0, 0, 20, 20), box(30, 0, 50, 20)], index=pd.Index(["left", "right"]), crs=ETRS89_UTM32
)


def surveys(*rows, crs=ETRS89_UTM32):
    """Rows of (location, geometry, start, people), and what else is said of them."""
    table = pd.DataFrame(
        [
            {"location_id": i, "start": pd.Timestamp(start), "total": n, "kind": "staying", "minutes": 10.0,
             "organised": np.nan} | (more[0] if more else {})
            for i, _, start, n, *more in rows
        ]
    )  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([row[1] for row in rows], crs=crs))


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        (Point(10, 10), "left"), (Point(22, 10), "left"), (Point(27, 10), "right"), (Point(25, 10), "left"),
        (Point(74, 10), "right"), (Point(76, 10), NOWHERE), (box(15, 0, 40, 10), "right"),
        (LineString([(-40, 5), (2, 5)]), "left"), (LineString([(18, 5), (50, 5)]), "right"),
    ],
)  # fmt: skip
def test_inside_else_nearest_within_the_distance(place, unit):
    """25 m; equally near: the first id; over both: where the greater part lies."""
    found = overlay.to_spaces(surveys(("x", place, "2026-05-04 10:00", 1)), SPACES, join_m=25)
    assert found.visits["unit_id"].tolist() == [unit]


def test_a_location_with_the_id_of_a_space_is_that_space():
    found = overlay.to_spaces(surveys(("right", None, "2026-05-04 10:00", 1)), SPACES, join_m=25)
    assert found.visits["unit_id"].tolist() == ["right"]
    assert overlay.to_spaces(surveys(("x", box(10, 0, 40, 9), "2026-05-04", 1)), SPACES, join_m=0).several == 1


def test_a_location_that_was_moved_is_counted_where_each_visit_was_made():
    rows = [("x", Point(10, 10), "2024-05-06 10:00", 1), ("x", Point(60, 10), "2026-05-06 10:00", 2)]
    assert overlay.to_spaces(surveys(*rows), SPACES, join_m=25).visits["unit_id"].tolist() == ["left", "right"]


def test_rates_by_time_on_paper():
    seen = overlay.to_spaces(
        surveys(
            ("a", Point(5, 5), "2026-05-04 10:59", 2),  # a Monday in spring, morning
            ("a", Point(5, 5), "2026-05-09 11:00", 4),  # a Saturday, midday
            ("a", Point(5, 5), "2026-12-04 23:00", 0),  # nobody, a winter's night
            ("a", Point(5, 5), "2026-05-04 12:00", 50, {"kind": "moving", "minutes": 20.0}),
            ("a", Point(5, 5), "2026-05-05 12:00", 90, {"organised": 1.0}),  # a programme is left out
            ("b", Point(500, 5), "2026-05-04 05:00", 7, {"minutes": np.nan}),
        ),
        SPACES,
        join_m=25,
    )
    assert seen.visits["time_of_day"].tolist() == ["morning", "midday", "night", "midday", "midday", "night"]
    assert seen.visits["week"].tolist() == ["weekday", "weekend", *["weekday"] * 4]
    assert seen.visits["season"].tolist() == ["spring", "spring", "winter", "spring", "spring", "spring"]
    rate = overlay.rates(seen.visits, "staying", ["unit_id"])
    assert rate.loc["left"].tolist() == pytest.approx([6, 3, np.nan, 2, np.nan], nan_ok=True)
    assert rate.loc[NOWHERE, ["people", "visits", "per_visit"]].tolist() == [7, 1, 7]
    assert rate.loc[NOWHERE, ["hours", "per_hour"]].isna().all()
    assert overlay.rates(seen.visits, "moving", ["unit_id"]).loc["left", "per_hour"] == pytest.approx(150)


@given(st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=1, max_size=20))
def test_a_point_lies_in_its_hexagon_and_hexagons_tile(points):
    found = overlay.to_hexagons(
        surveys(*[(f"p{i}", Point(xy), "2026-05-04 10:00", 1) for i, xy in enumerate(points)]), across_m=50
    )
    for unit, xy in zip(found.visits["unit_id"], points, strict=True):
        assert found.units.geometry[unit].distance(Point(xy)) < 1e-6
    assert found.units.area.to_numpy() == pytest.approx(np.sqrt(3) / 2 * 50**2)
    whole = found.units.union_all().area
    assert whole == pytest.approx(found.units.area.sum(), rel=1e-9)


def test_degrees_and_another_crs_are_refused():
    row = ("x", Point(0, 0), "2026-05-04", 1)
    with pytest.raises(CRSError):
        overlay.to_spaces(surveys(row, crs=4326), SPACES, join_m=25)
    with pytest.raises(CRSError, match="needed one"):
        overlay.to_spaces(surveys(row, crs=25833), SPACES, join_m=25)
