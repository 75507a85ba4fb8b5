"""Lawns on which nothing is mapped, as people name them."""

import pytest
import shapely

from spatial.places.possible import lawns
from tests import tables

NO_PATHS = tables.paths({}, [])
# Three rooms in a row, and one that lies apart.
ROOMS = {
    "room:a": shapely.box(0, 0, 60, 60),
    "room:b": shapely.box(60, 0, 120, 50),
    "room:c": shapely.box(120, 0, 160, 60),
    "room:far": shapely.box(200, 0, 230, 60),
}


def rooms(**of_b):
    made = tables.rooms({name: (shape, of_b if name == "room:b" else {}) for name, shape in ROOMS.items()})
    return made.assign(status="possible", name=None)


def test_rooms_of_one_lawn_are_one():
    lawn = lawns(rooms(), NO_PATHS)
    assert lawn.index.tolist() == ["room:a", "room:far"]
    assert lawn["area_m2"].tolist() == [3600.0 + 3000.0 + 2400.0, 1800.0]
    assert lawn.geometry.iloc[0].equals(shapely.union_all(list(ROOMS.values())[:3]))
    assert lawn["status"].tolist() == ["possible"] * 2


def test_a_path_parts_lawns():
    along = tables.paths({0: (60, -5), 1: (60, 65)}, [[0, 1]])
    assert lawns(rooms(), along).index.tolist() == ["room:a", "room:b", "room:far"]
    across = tables.paths({0: (-5, 30), 1: (240, 30)}, [[0, 1]])
    assert lawns(rooms(), across).index.tolist() == ["room:a", "room:far"]


@pytest.mark.parametrize("told", [{"ground_name": "Lunden"}, {"access": "private"}])
def test_what_is_said_of_a_lawn_holds_for_all_of_it(told):
    assert lawns(rooms(**told), NO_PATHS).index.tolist() == ["room:a", "room:b", "room:c", "room:far"]


def test_no_room_is_no_lawn():
    assert len(lawns(rooms().iloc[:0], NO_PATHS)) == 0
