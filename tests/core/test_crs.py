"""Which metric system measures which place, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from spatial.core.crs import WGS84, local_metric, require_metric
from spatial.core.errors import CRSError


@pytest.mark.parametrize(
    ("place", "lon", "lat", "epsg"),
    [
        ("København", 12.57, 55.68, 25832),
        ("Esbjerg", 8.45, 55.47, 25832),
        ("Skagen", 10.58, 57.72, 25832),
        ("Bornholm", 14.9, 55.13, 25833),
        ("Malmö", 13.0, 55.6, 25833),
        ("Neubrandenburg", 13.255, 53.57, 25833),
        ("Helsinki", 24.94, 60.17, 25835),
        ("Lisboa", -9.14, 38.72, 25829),
        ("London", -0.13, 51.5, 25830),
        ("Greenwich", 0.0, 51.48, 25831),
        ("Reykjavík", -21.9, 64.1, 32627),
        ("Seattle", -122.33, 47.6, 32610),
        ("Quito", -78.5, -0.2, 32717),
        ("Sydney", 151.2, -33.9, 32756),
        ("the equator", 30.0, 0.0, 32636),
        ("the date line, from the west", 180.0, 10.0, 32660),
        ("the date line, from the east", -180.0, 10.0, 32601),
    ],
)
def test_zones(place, lon, lat, epsg):
    assert local_metric(lon, lat).to_epsg() == epsg, place


@pytest.mark.parametrize(
    ("lon", "lat"),
    [(711000, 6173000), (12.5, 91), (-181, 0), (float("nan"), 55), (12, float("inf"))],
)
def test_what_is_no_position(lon, lat):
    with pytest.raises(CRSError, match="longitude and latitude in degrees"):
        local_metric(lon, lat)


@given(st.floats(-180, 180), st.floats(-80, 84))
def test_every_place_is_measured_in_metres_and_comes_back(lon, lat):
    crs = require_metric(local_metric(lon, lat), "place")
    there = Transformer.from_crs(WGS84, crs, always_xy=True)
    x, y = there.transform(lon, lat)
    back = there.transform(x, y, direction="INVERSE")
    assert back[1] == pytest.approx(lat, abs=1e-7)
    assert (back[0] - lon + 180) % 360 - 180 == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("crs", [25832, "EPSG:25832", CRS.from_epsg(3067), "EPSG:3857"])
def test_metric_systems_pass(crs):
    assert require_metric(crs, "x") == CRS.from_user_input(crs)


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        (None, "found no CRS"),
        (4326, "WGS 84"),
        ("EPSG:4258", "ETRS89"),
        (2263, "ftUS"),  # New York, in feet
        (4978, "WGS 84"),  # metres from the middle of the Earth
        ("EPSG:999999", "PROJ does not know"),
        ("somewhere", "PROJ does not know"),
        ("", "PROJ does not know"),
    ],
)
def test_others_are_refused_by_name(crs, words):
    with pytest.raises(CRSError, match=words) as caught:
        require_metric(crs, "the boundary")
    assert str(caught.value).startswith("the boundary: ") and "\n" not in str(caught.value)
