"""Coordinates are believed when they land near the estate, and read otherwise only when nothing else does."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from spatial.core.errors import CRSError
from spatial.sources import features
from spatial.sources.protocol import Area

UTM32 = CRS.from_epsg(25832)
# Vognmandsmarken, Copenhagen.
X, Y = 723_500.0, 6_179_500.0
AREA = Area(shapely.Point(X, Y).buffer(2000), UTM32)


def table(
    crs: object, *, swap: bool = False, declared: object = ..., at: tuple[float, float] = (X, Y)
) -> gpd.GeoDataFrame:
    """Two points near the estate, written in a CRS, declared as it or as another."""
    x, y = Transformer.from_crs(UTM32, crs, always_xy=True).transform([at[0], at[0] + 50], [at[1], at[1]])
    points = shapely.points(y, x) if swap else shapely.points(x, y)
    return gpd.GeoDataFrame({"n": [1, 2]}, geometry=points, crs=crs if declared is ... else declared)


def position(landed: features.Landed) -> tuple[float, float]:
    return float(landed.geometry[0].x), float(landed.geometry[0].y)


@pytest.mark.parametrize("crs", [4326, 25832, 25833, 3857, 3035, 4258, 32632])
def test_a_table_declared_rightly_lands_without_a_word(crs):
    landed = features.project_features(table(crs), AREA, what="t")
    assert position(landed) == pytest.approx((X, Y), abs=0.01) and landed.warning is None
    assert landed.nearest_m == 0


@pytest.mark.parametrize(
    ("crs", "swap", "declared", "expected", "words"),
    [
        (4326, True, 4326, None, "axes swapped"),
        (25832, True, 25832, None, "axes swapped"),
        (25833, False, 25832, None, "EPSG:25833"),
        (25832, False, 25833, None, "EPSG:25832"),
        (25832, False, 4326, None, "no CRS"),
        (4326, False, 25832, None, "EPSG:4326"),
        (3857, False, 25832, None, "EPSG:3857"),
        (25832, False, None, "EPSG:4326", "no CRS"),
        (4326, True, None, None, "axes swapped"),
        (25832, False, None, "EPSG:25832", None),
        (4326, False, None, "EPSG:4326", None),
    ],
)
def test_a_table_declared_wrongly_or_not_is_known_by_where_it_lands(crs, swap, declared, expected, words):
    landed = features.project_features(table(crs, swap=swap, declared=declared), AREA, what="t", expected=expected)
    assert position(landed) == pytest.approx((X, Y), abs=0.01)
    assert landed.warning is None if words is None else words in landed.warning


def test_far_away_is_far_away_and_not_misread():
    """Aarhus, 150 km off, rightly declared: nothing is put right, the distance is told."""
    landed = features.project_features(table(25832, at=(574_000.0, 6_225_000.0)), AREA, what="t")
    assert landed.warning is None and landed.read_as == UTM32
    assert landed.nearest_m == pytest.approx(np.hypot(574_050 - X, 6_225_000 - Y) - 2000, rel=0.01)


def test_coordinates_that_fit_nowhere_are_an_error():
    nowhere = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(5e7, 5e7)], crs=None)
    with pytest.raises(CRSError, match=r"t: found coordinates such as 5e\+07.*declare it"):
        features.project_features(nowhere, AREA, what="t")


def test_empty_tables_and_missing_geometry():
    assert len(features.project_features(table(4326).iloc[:0], AREA, what="t").geometry) == 0
    holes = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[None, shapely.Point(X, Y)], crs=25832)
    landed = features.project_features(holes, AREA, what="t")
    assert landed.geometry[0] is None and position(features.Landed(landed.geometry[1:], UTM32, False, None, 0)) == (
        X,
        Y,
    )
    nothing = gpd.GeoDataFrame({"n": [1]}, geometry=[None], crs=25832)
    assert features.project_features(nothing, AREA, what="t").nearest_m == 0


def test_heights_are_left_and_bad_vertices_make_a_geometry_missing():
    shapes = [shapely.Point(X, Y, 12.0), shapely.Point(np.inf, Y)]
    landed = features.project_features(gpd.GeoDataFrame({"n": [1, 2]}, geometry=shapes, crs=25833), AREA, what="t")
    assert not landed.geometry[0].has_z and landed.geometry[1] is None


@given(st.floats(-1900, 1900), st.floats(-1900, 1900), st.sampled_from([4326, 25832, 25833, 3857]))
def test_there_and_back(dx, dy, crs):
    point = (X + dx, Y + dy)
    landed = features.project_features(table(crs, at=point, declared=None), AREA, what="t")
    assert position(landed) == pytest.approx(point, abs=0.02)


def test_the_box_of_an_area_holds_it_in_any_crs():
    for crs in (4326, 3857, 25833, 3035):
        x0, y0, x1, y1 = AREA.bounds_in(CRS.from_epsg(crs))
        x, y = Transformer.from_crs(UTM32, crs, always_xy=True).transform(*shapely.get_coordinates(AREA.polygon).T)
        assert x0 <= x.min() and x.max() <= x1 and y0 <= y.min() and y.max() <= y1
