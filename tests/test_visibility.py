"""Isovists and lines of sight against paper, brute force and shapely."""

import math
import subprocess
import sys

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.errors import InputError
from spatial.visibility import Occluders, in_sight, isovist, visible_area

UTM = np.array([724_000.0, 6_175_000.0])


def occluders_of(segments):
    """Make occluders of (S, 4) segments."""
    return Occluders.from_geometries([], shapely.linestrings(np.reshape(segments, (-1, 2, 2))))


def area_of(segments, radius_m, viewpoint=(0.0, 0.0)):
    """Visible area of one viewpoint."""
    return visible_area([viewpoint], occluders_of(segments), radius_m)[0]


# -- on paper --------------------------------------------------------------------------

FAR = 1e4
WALL_AT_6 = 36 * math.pi * 0 + 100 * math.pi - (100 * math.acos(0.6) - 6 * 8)
ROOM = shapely.box(-3, -3, 3, 3)
PAPER = [
    ("nothing", [], [], 10, 100 * math.pi),
    ("long wall at 6 of 10", [], [[(-FAR, 6), (FAR, 6)]], 10, WALL_AT_6),
    ("the same across the seam", [], [[(-6, -FAR), (-6, FAR)]], 10, WALL_AT_6),
    ("the same in three pieces", [], [[(-FAR, 6), (-1, 6), (1, 6), (FAR, 6)]], 10, WALL_AT_6),
    ("the same laid twice", [], [[(-FAR, 6), (1, 6)], [(-2, 6), (FAR, 6)]], 10, WALL_AT_6),
    ("wall behind that wall", [], [[(-FAR, 6), (FAR, 6)], [(-5, 7), (5, 7)]], 10, WALL_AT_6),
    ("wall beyond the radius", [], [[(-FAR, 10), (FAR, 10)]], 10, 100 * math.pi),
    ("half-plane", [], [[(-FAR, 1e-6), (FAR, 1e-6)]], 10, 50 * math.pi + 2e-5),
    ("square room", [ROOM], [], 10, 36),
    ("room larger than the disc", [ROOM], [], 2, 4 * math.pi),
    ("wall seen edge-on", [], [[(1, 0), (5, 0)], [(-1, -1), (-5, -5)]], 10, 100 * math.pi),
    ("courtyard", [shapely.box(-9, -9, 9, 9).difference(ROOM)], [], 50, 36),
    ("crossing diagonals, one quarter each", [], [[(-2, 2), (2, 2)], [(0, 1), (0, 3)]], 2, None),
    ("wall through the viewpoint", [], [[(-5, 0), (5, 0)]], 10, 100 * math.pi),
    ("wall that ends in the viewpoint", [], [[(0, 0), (5, 5)]], 10, 100 * math.pi),
    ("facade: the inside is seen as well", [shapely.box(-3, 0, 3, 6)], [], 10, 50 * math.pi + 36),
]


@pytest.mark.parametrize(("polygons", "lines", "radius", "area"), [r[1:] for r in PAPER if r[4]], ids=[r[0] for r in PAPER if r[4]])
def test_areas_on_paper(polygons, lines, radius, area):
    occluders = Occluders.from_geometries(polygons, [shapely.LineString(line) for line in lines])
    found = visible_area([(0.0, 0.0)], occluders, radius)
    np.testing.assert_allclose(found, [area], rtol=0, atol=1e-6 * math.pi * radius**2)
