"""Distances from seats to the main way, on paper."""

from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from spatial.core.model import Estate
from spatial.indicators.stay_off_flow import stay_off_flow
from tests import tables

NAN = float("nan")
ESTATE = Estate("e", "E", shapely.box(-500, -500, 500, 500), tables.ETRS89_UTM32, margin_m=0.0)
# Four ways of 100 m; the one along y = 0 carries the most.
LINES = [((0, y), (100, y)) for y in (0, 60, 200, 300)]


def measure(shapes, seats, flows=(9.0, 3.0, 1.0, 0.0)):
    places = tables.places({f"p{i}": {"geometry": shape} for i, shape in enumerate(shapes)})
    network = SimpleNamespace(
        geometry=np.array([shapely.LineString(line) for line in LINES], dtype=object), length_m=np.full(4, 100.0)
    )
    chairs = tables.place_objects({f"s{i}": ("bench", seat) for i, seat in enumerate(seats)})
    return stay_off_flow(places, chairs, network, np.array(flows), ESTATE)


def test_on_paper():
    square = shapely.box(10, 8, 30, 20)
    found = measure(
        [square, shapely.box(60, 30, 80, 50), shapely.box(40, 220, 50, 230)],
        [(15, 10), (25, 16), (70, 4), (45, 225)],
    )
    tables.check(
        found,
        (13, 13, 13, "derived", "seats_to_main_way"),  # (10 + 16) / 2; the seat at (70, 4) is not in it
        (NAN, 30, 50, "unknown", "no_seat_mapped"),  # from its nearest edge to its furthest corner
        (100, 100, 100, "derived", "seats_to_main_way"),  # 225 m counts as 100
    )


def test_a_seat_beside_a_place_belongs_to_it():
    found = measure([shapely.box(10, 8, 30, 20)], [(20, 25), (20, 25.1)])
    tables.check(found, (25, 25, 25, "derived", "seats_to_main_way"))  # 5 m beside it, and not 5.1


@pytest.mark.parametrize("flows", [(0.0, 0.0, 0.0, 0.0)])
def test_without_trips_there_is_no_main_way(flows):
    tables.check(measure([shapely.box(0, 0, 4, 4)], [(2, 2)], flows), (100, 100, 100, "derived", "no_main_way"))


def test_main_ways_are_the_busiest_quarter_by_length():
    """Of 400 m the busiest 100 m; a tie takes both."""
    assert measure([shapely.box(0, 50, 9, 58)], [(5, 55)]).value == pytest.approx([55])
    assert measure([shapely.box(0, 50, 9, 58)], [(5, 55)], (9.0, 9.0, 1.0, 0.0)).value == pytest.approx([5])
