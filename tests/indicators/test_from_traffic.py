"""How far from heavy traffic one stays."""

import numpy as np
import pytest
import shapely

from spatial.indicators.from_traffic import from_traffic
from spatial.visibility.isovists import Occluders
from tests import tables

PLACES = {
    "beside": shapely.box(0, 10, 20, 30),
    "behind": shapely.box(100, 30, 120, 50),
    "away": shapely.box(0, 80, 20, 100),
}
HOUSE = shapely.box(40, 10, 180, 20)
AT = {0: (-500, 0), 1: (500, 0)}


def measured(buildings=(), **way):
    paths = tables.paths(AT, [([0, 1], {"highway": "secondary", "major": True} | way)])
    places = tables.places({name: {"geometry": shape} for name, shape in PLACES.items()})
    return from_traffic(places, paths, Occluders.from_geometries(buildings, []))


def test_on_paper():
    tables.check(
        measured(),
        (10, 10, 10, "derived", "major_road_in_sight"),
        (30, 30, 30, "derived", "major_road_in_sight"),
        (50, 50, 50, "derived", "major_road_in_sight"),
    )


def test_behind_a_building_one_is_not_beside_the_road():
    assert measured([HOUSE]).value.tolist() == [10.0, 50.0, 50.0]


def test_past_the_end_of_a_building_the_road_is_seen_further_off():
    """From the corner (100, 30) past that of a house (95, 20) one sees the road from (85, 0) on."""
    value = measured([shapely.box(95, 10, 180, 20)]).value[1]
    assert np.hypot(15, 30) <= value <= np.hypot(15 + 10, 30)


@pytest.mark.parametrize("way", [{"major": False}, {"tunnel": True}])
def test_small_streets_and_tunnels_are_no_heavy_traffic(way):
    assert measured(**way).value.tolist() == [50.0] * 3


def test_a_road_whose_speed_cannot_be_read_widens_the_interval_where_it_is_nearer():
    """The road at 0 may be a major one; beside a sure one at 40 it makes no difference where it is no nearer."""
    tables.check(
        measured(major=False, perhaps_major=True),
        (np.nan, 10, 50, "unknown", "speed_not_read"),
        (np.nan, 30, 50, "unknown", "speed_not_read"),
        (50, 50, 50, "derived", "major_road_in_sight"),
    )
    ways = [([0, 1], {"highway": "tertiary", "perhaps_major": True}), ([2, 3], {"highway": "secondary", "major": True})]
    both = tables.paths(AT | {2: (-500, 40), 3: (500, 40)}, ways)
    places = tables.places({name: {"geometry": shape} for name, shape in PLACES.items()})
    tables.check(
        from_traffic(places, both, Occluders.from_geometries([], [])),
        (10, 10, 10, "derived", "major_road_in_sight"),  # both lie ten metres away
        (0, 0, 0, "derived", "major_road_in_sight"),
        (40, 40, 40, "derived", "major_road_in_sight"),
    )


def test_without_roads_nothing_is_near():
    found = from_traffic(
        tables.places({"a": {"geometry": PLACES["beside"]}}), tables.paths({}, []), Occluders.from_geometries([], [])
    )
    assert found.value.tolist() == [50.0]
