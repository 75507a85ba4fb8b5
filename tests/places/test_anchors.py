"""Which room an anchor stands in, on paper."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.places.anchors import assign_anchors, stands_on
from spatial.visibility.isovists import Occluders
from tests import tables

WEST, EAST = shapely.box(0, 0, 40, 40), shapely.box(50, 0, 90, 40)
WALL = shapely.LineString([(45, -50), (45, 90)])


def assigned(anchors, walls=()):
    rooms = gpd.GeoDataFrame(
        index=pd.Index(["room:0-0", "room:5-0"], name="room_id"), geometry=[WEST, EAST], crs=tables.ETRS89_UTM32
    )
    objects = tables.place_objects({f"osm:node/{i}": ("table", shape) for i, shape in enumerate(anchors)})
    return assign_anchors(rooms, objects, Occluders.from_geometries([], walls))


@pytest.mark.parametrize(
    ("anchor", "room", "distance_m"),
    [
        (shapely.Point(20, 20), "room:0-0", 0.0),
        (shapely.Point(43, 20), "room:0-0", 3.0),
        (shapely.Point(48, 20), "room:5-0", 2.0),
        (shapely.box(30, 10, 60, 20), "room:0-0", 0.0),  # 10 of 30 m in the east, 10 in the west: the first
        (shapely.box(35, 10, 70, 20), "room:5-0", 0.0),
        (shapely.Point(20, 70), None, np.nan),
    ],
)
def test_an_anchor_stands_in_the_room_that_holds_most_of_it_or_is_nearest(anchor, room, distance_m):
    found = assigned([anchor]).iloc[0]
    assert found["room_id"] == room
    assert found["distance_m"] == pytest.approx(distance_m, nan_ok=True)


def test_a_room_behind_a_wall_is_no_anchors():
    seen = assigned([shapely.Point(44, 20), shapely.Point(44, 20)], [WALL])
    assert seen["room_id"].tolist() == ["room:0-0", "room:0-0"]
    hidden = assigned([shapely.Point(46, 20)], [WALL, shapely.LineString([(47, -50), (47, 90)])])
    assert hidden["room_id"].tolist() == [None]
    assert hidden["distance_m"].isna().all()


def test_what_stands_on_a_thing_that_carries_stands_on_the_smallest():
    park, pitch, corner, table, beside = (
        shapely.box(0, 0, 100, 100), shapely.box(10, 10, 60, 60), shapely.box(20, 20, 30, 30),
        shapely.Point(25, 25).buffer(3), shapely.Point(80, 80).buffer(3),
    )  # fmt: skip
    shapes = np.array([park, pitch, corner, table, beside], dtype=object)
    assert stands_on(shapes, np.array([False, True, True, False, False])).tolist() == [0, 1, 1, 2, 4]
    assert stands_on(shapes, np.array([True, False, False, False, False])).tolist() == [0, 0, 0, 0, 0]
    assert stands_on(shapes, np.zeros(5, dtype=bool)).tolist() == [0, 1, 2, 3, 4]
