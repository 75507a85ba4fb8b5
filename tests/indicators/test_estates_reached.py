"""Departments within ten minutes, on paper."""

from types import SimpleNamespace

import numpy as np
import shapely

from spatial.indicators import inputs
from spatial.indicators.estates_reached import estates_reached
from tests import tables

NAN = float("nan")


def test_departments_count_once_and_within_the_limit():
    places = tables.places({"a": {}, "b": {}, "c": {}})
    # Doors of departments 0, 0, 1, none, 2.
    walks = SimpleNamespace(
        distance_m=np.array([[10, 20, 800, 5, 801], [900, 20, NAN, 5, NAN], [NAN] * 5], dtype=float)
    )
    entries = SimpleNamespace(attached=np.array([True, True, False]))
    found = estates_reached(places, walks, np.array([0, 0, 1, -1, 2]), entries)
    tables.check(
        found,
        (2, 2, 2, "derived", "departments_within_10_minutes"),
        (1, 1, 1, "derived", "departments_within_10_minutes"),
        (NAN, NAN, NAN, "unknown", "no_way_reaches_it"),
    )


def test_whose_ground_a_dwelling_stands_on():
    large, small, second = shapely.box(0, 0, 100, 100), shapely.box(0, 0, 10, 10), shapely.box(200, 0, 210, 10)
    grounds = tables.departments({"x:1": large, "x:2": small, "x:3": second, "x:4": shapely.box(300, 0, 301, 1)})
    grounds = grounds.assign(name=["North", "South", "North", None], operator=["AAB", "AAB", "AAB", None])
    homes = tables.dwellings([(50, 50, 1), (5, 5, 1), (205, 5, 1), (102, 50, 1), (110, 50, 1), (300.5, 0.5, 1)])
    found = inputs.department_of(grounds, homes)
    north, south, nobody, unnamed = found[0], found[1], found[4], found[5]
    # In the ground, in the smaller of two, in another ground of the same name, 2 m and 10 m beside it.
    assert found.tolist() == [north, south, north, north, -1, unnamed]
    assert len({north, south, nobody, unnamed}) == 4
    assert inputs.department_of(tables.departments(), homes) is None
