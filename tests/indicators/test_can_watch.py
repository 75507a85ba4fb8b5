"""Seats and standing edges at activities, counted: within 25 m and in sight; three seats more may be unmapped."""
# ruff: noqa: E501 - a table reads best with a case on a line

import numpy as np
import pytest
import shapely

from spatial.indicators.can_watch import can_watch
from spatial.visibility.isovists import Occluders
from tests import tables

BENCH = shapely.box(-1, -1, 1, 1)
OTHER = shapely.box(29, -1, 31, 1)
PLAY = shapely.box(10, -5, 20, 5)  # 9 m from both benches
COURT = shapely.box(-20, -5, -10, 5)  # 9 m from the one, 39 m from the other
SEEN, NONE, DOUBT = (
    ("derived", "seats_in_sight"),
    ("derived", "nothing_to_watch"),
    ("assumed by rule", "no_seat_mapped"),
)
FAR = shapely.box(900, 0, 901, 1)
WALL = [(5, -90), (5, 90)]
CASES = {
    # name: place, activities, seats, walls that hide, fences, expected
    "two seats and an edge": (BENCH, [PLAY], [BENCH, OTHER], [], [], (3, 3, 6, *SEEN)),
    "from the playground itself": (PLAY, [PLAY], [BENCH, OTHER], [], [], (3, 3, 6, *SEEN)),
    "a wall before it": (BENCH, [PLAY], [BENCH, OTHER], [WALL], [], (0, 0, 3, *NONE)),
    "a wall before one seat": (PLAY, [PLAY], [BENCH, OTHER], [WALL], [], (2, 2, 5, *SEEN)),
    "a wall on its outline": (BENCH, [PLAY], [BENCH, OTHER], [PLAY.exterior], [], (0, 0, 3, *NONE)),
    "a fence is seen through, but nobody stands at it": (BENCH, [PLAY], [BENCH, OTHER], [], [PLAY.exterior], (2, 2, 5, *SEEN)),
    "no seats: only the edge": (PLAY, [PLAY], [], [], [], (1, 1, 4, *DOUBT)),
    "nothing to watch": (BENCH, [], [BENCH], [], [], (0, 0, 3, *NONE)),
    "26 m off": (BENCH, [shapely.box(27, 0, 40, 5)], [BENCH], [], [], (0, 0, 3, *NONE)),
    # Two edges and two distinct seats: a mean by activity would fall when one is added.
    "two activities": (BENCH, [PLAY, COURT], [BENCH, OTHER], [], [], (4, 4, 7, *SEEN)),
}  # fmt: skip


@pytest.mark.parametrize(("place", "activities", "seats", "walls", "fences", "expected"), CASES.values(), ids=CASES)
def test_on_paper(place, activities, seats, walls, fences, expected):
    acts = tables.place_objects({f"p{i}": ("playground", shape) for i, shape in enumerate(activities)})
    chairs = tables.place_objects({f"b{i}": ("bench", shape) for i, shape in enumerate(seats)})
    view = Occluders.from_geometries([], tables.barriers(walls).geometry)
    barriers = tables.barriers([*walls, *fences])
    places = tables.places({"far": {"geometry": FAR}, "a": {"geometry": place}})
    found = can_watch(places, acts, chairs, view, barriers, tables.buildings([]), np.zeros(len(places), dtype=bool))
    tables.check(found, (0, 0, 3, *NONE), expected)


def test_where_a_register_of_seats_is_complete_none_is_none():
    acts, none = tables.place_objects({"p": ("playground", PLAY)}), tables.place_objects({})
    places = tables.places({"a": {"geometry": PLAY}, "b": {"geometry": PLAY}, "far": {"geometry": FAR}})
    complete = np.array([True, False, True])
    view = Occluders.from_geometries([], [])
    found = can_watch(places, acts, none, view, tables.barriers([]), tables.buildings([]), complete)
    tables.check(found, (1, 1, 1, "derived", "register_of_seats_complete"), (1, 1, 4, *DOUBT), (0, 0, 0, *NONE))
