"""Metres of residential façade in sight, per hectare of the place and the 50 m around it."""

import math

import numpy as np
import pytest
import shapely

from spatial.indicators.watched_over import watched_over
from spatial.visibility.isovists import Occluders
from tests import tables

SPOT = shapely.box(4, -21, 6, -19)
# A square of 2 m, its sides, and its corners: a disc of 50 m drawn by 32 chords.
HECTARES = (4 + 4 * 2 * 50 + 16 * math.sin(math.pi / 16) * 50**2) / 10_000
HOME = shapely.box(0, 0, 10, 10)
EYE = (5.0, -20.0)
CASES = {
    # name: buildings, what they are, walls, viewpoint, metres in sight
    "one side of a house": ([HOME], {}, [], EYE, 10),
    "a building without homes": ([HOME], {"residential": False}, [], EYE, 0),
    "a wall before it": ([HOME], {}, [[(-90, -10), (90, -10)]], EYE, 0),
    "a wall before the western half": ([HOME], {}, [[(-90, -1), (5, -1)]], EYE, 5),
    "two sides, seen from the corner": ([HOME], {}, [], (-20.0, -20.0), 20),
    "too far": ([HOME], {}, [], (5.0, -51.0), 0),
    "a house behind a house": ([HOME, shapely.box(0, 12, 10, 20)], {}, [], EYE, 10),
}


@pytest.mark.parametrize(("blocks", "values", "walls", "eye", "metres"), CASES.values(), ids=CASES)
def test_on_paper(blocks, values, walls, eye, metres):
    view = Occluders.from_geometries(blocks, tables.barriers(walls).geometry)
    places = tables.places({"far": {"geometry": shapely.box(900, 0, 902, 2)}, "a": {"geometry": SPOT}})
    viewpoints = np.array([0, 1]), np.array([(901.0, 1.0), eye])
    found = watched_over(places, tables.buildings(blocks, **values), view, viewpoints)
    assert found.value == pytest.approx([0, metres / HECTARES], rel=1e-9)
    assert found.value.tolist() == found.low.tolist() == found.high.tolist()
    assert set(found.evidence) == {"derived"} and set(found.rule) == {"residential_facade_in_sight"}


def test_a_place_one_cannot_look_out_of_is_not_measured():
    """A place that lies wholly under a building has no viewpoint: not 0, but unknown."""
    places = tables.places({"a": {"geometry": SPOT}, "b": {"geometry": SPOT}})
    found = watched_over(
        places, tables.buildings([HOME]), Occluders.from_geometries([HOME], []), (np.array([1]), np.array([EYE]))
    )
    assert np.isnan(found.value).tolist() == [True, False]
    assert (found.evidence[0], found.rule[0]) == ("unknown", "not_measured")
