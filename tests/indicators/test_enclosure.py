"""Share of the edge that is closed: a yard of 20 × 10 m has 60 m of edge."""
# ruff: noqa: E501 - a table reads best with a case on a line

import pytest
import shapely

from spatial.indicators.enclosure import enclosure
from tests import tables
from tests.tables import NAN

YARD = shapely.box(0, 0, 20, 10)
RING = YARD.exterior
DERIVED = ("derived", "perimeter_near_barrier_or_building")
GATE = shapely.difference(RING, shapely.Point(10, 0).buffer(1.5))  # as spatial.layers.canonical opens it
CASES = {
    # name: kind, tags, barriers, buildings, expected
    "nothing around": ("bench", {}, [], [], (0, 0, 0, *DERIVED)),
    "nothing mapped around a playground": ("playground", {}, [], [], (NAN, 0, 1, "unknown", "no_barrier_mapped_nearby")),
    "barriers are mapped 49 m off": ("playground", {}, [[(69, 0), (69, 10)]], [], (0, 0, 0, *DERIVED)),
    "barriers are mapped 51 m off": ("playground", {}, [[(71, 0), (71, 10)]], [], (NAN, 0, 1, "unknown", "no_barrier_mapped_nearby")),
    "a fence along a long side: 20 + 2 × 2": ("playground", {}, [[(-5, 0), (25, 0)]], [], (0.4, 0.4, 0.4, *DERIVED)),
    "1 m off: 20 + 2 × 1": ("playground", {}, [[(-5, -1), (25, -1)]], [], (22 / 60,) * 3 + DERIVED),
    "3 m off": ("playground", {}, [[(-5, -3), (25, -3)]], [], (0, 0, 0, *DERIVED)),
    "a fence all round": ("playground", {}, [RING], [], (1, 1, 1, *DERIVED)),
    "a fence all round with a gate of 3 m: 57 of 60": ("playground", {}, [GATE], [], (0.95, 0.95, 0.95, *DERIVED)),
    "a building 1 m from a short side: 10 + 2 × 1": ("bench", {}, [], [shapely.box(21, -5, 30, 15)], (0.2, 0.2, 0.2, *DERIVED)),
    "fence and building over each other": ("bench", {}, [[(21, -5), (21, 15)]], [shapely.box(21, -5, 30, 15)], (0.2, 0.2, 0.2, *DERIVED)),
    "tagged fenced": ("playground", {"fenced": "yes"}, [], [], (1, 1, 1, "observed", "tag_fenced")),
    "tagged not fenced": ("playground", {"fenced": "no"}, [], [], (0, 0, 0, "observed", "tag_fenced")),
    "a building at an unmapped playground": ("playground", {}, [], [shapely.box(21, -5, 30, 15)], (NAN, 0.2, 1, "unknown", "no_barrier_mapped_nearby")),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "tags", "fences", "blocks", "expected"), CASES.values(), ids=CASES)
def test_on_paper(kind, tags, fences, blocks, expected):
    places = tables.places(
        {"far": {"geometry": shapely.box(900, 0, 910, 9)}, "a": {"kind": kind, "tags": tags, "geometry": YARD}}
    )
    tables.check(enclosure(places, tables.barriers(fences), tables.buildings(blocks)), (0, 0, 0, *DERIVED), expected)


def test_a_roof_does_not_close():
    found = enclosure(
        tables.places({"a": {"geometry": YARD}}),
        tables.barriers([]),
        tables.buildings([shapely.box(21, -5, 30, 15)], solid=False),
    )
    tables.check(found, (0, 0, 0, *DERIVED))


SPACES = {
    # name: barriers, buildings, expected of a room of 60 m of rim
    "a court closed by houses is as open as its ways in": ([], [shapely.box(-9, -9, 29, 0)], (0, 0, 1, *DERIVED)),
    "fences count, and what is mapped near says that somebody looked": ([[(-5, 0), (25, 0)]], [], (0.4, 0.4, 0.4, *DERIVED)),
    "nothing mapped: it may be fenced all round": ([], [], (0, 0, 1, *DERIVED)),
}  # fmt: skip


@pytest.mark.parametrize(("fences", "blocks", "expected"), SPACES.values(), ids=SPACES)
def test_of_a_meeting_space_the_fences_alone_count(fences, blocks, expected):
    """A playground that stands there makes nothing doubtful: the room is not what is often fenced."""
    space = {"level": "space", "kind": "meeting_space", "kinds": "playground;bench", "geometry": YARD}
    found = enclosure(tables.places({"s": space}), tables.barriers(fences), tables.buildings(blocks))
    tables.check(found, expected)
