"""What stands now where an id of another run names the ground: on paper."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.places.heirs import heirs
from spatial.places.outdoor_rooms import _ids
from tests.maps.fixtures import ETRS89_UTM32

# Cell 10, 20 is 100–110 east and 200–210 north; its middle is 105, 205.
ROOMS = gpd.GeoDataFrame(
    geometry=[shapely.box(80, 180, 104, 260), shapely.box(104, 180, 130, 260), shapely.box(300, 0, 340, 40)],
    index=["space:room:9-22", "space:room:11-22", "space:osm:way/1"], crs=ETRS89_UTM32,
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "heir"),
    [
        ("space:room:10-20", "space:room:11-22"),  # on its ground
        ("room:10-20", "space:room:11-22"),
        ("space:room:9-22", None),  # still there
        ("space:room:14-20", "space:room:11-22"),  # 15 m east of it
        ("space:room:15-20", "space:room:11-22"),  # 25 m, less the grid's offset
        ("space:room:16-20", None),  # 35 m
        ("space:room:29-2", "space:osm:way/1"),
        ("space:room:10-20.2", None),  # one of two in the cell
        ("space:osm:way/2", None), ("bench", None), ("", None),
    ],
)  # fmt: skip
def test_the_space_on_the_ground_an_id_names_else_the_nearest(name, heir):
    assert heirs([name], ROOMS, within_m=25).get(name) == heir


def test_equally_near_the_first_by_id_whatever_the_order():
    far = [shapely.box(130, 180, 150, 260), shapely.box(60, 180, 79.8966, 260)]  # 25.0517 m on both sides
    two = gpd.GeoDataFrame(geometry=far, index=["space:b", "space:a"], crs=ETRS89_UTM32)
    for rooms in (two, two[::-1]):
        assert heirs(["space:room:10-20"], rooms, within_m=26) == {"space:room:10-20": "space:a"}


@given(st.integers(-9000, 9000), st.integers(0, 9000), st.integers(20, 60))
def test_the_id_of_a_room_names_ground_within_it(east, north, width):
    """Of a square the middle of the named cell is at most 7.1 m from its own."""
    room = shapely.box(east, north, east + width, north + width)
    name = f"space:{_ids(gpd.GeoSeries([room]).to_numpy())[0]}"
    now = gpd.GeoDataFrame(geometry=[room], index=["space:other"], crs=ETRS89_UTM32)
    assert heirs([name], now, within_m=0) == {name: "space:other"}
