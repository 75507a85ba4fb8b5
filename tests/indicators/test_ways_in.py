"""Sectors of 45° from which a way comes within 50 m."""

import numpy as np
import pytest
import shapely

from spatial.indicators.ways_in import ways_in
from spatial.network.graph import build_network
from spatial.visibility.isovists import Occluders
from tests import tables

SPOT = shapely.box(-1, -1, 1, 1)
EIGHT = {i: (200 * np.cos(i * np.pi / 4), 200 * np.sin(i * np.pi / 4)) for i in range(8)} | {8: (0, 0)}
STREET = {1: (-200, 5), 2: (200, 5)}
# East, then north, then away behind a hedge: the last way runs on from one that reaches the place.
BEND = {1: (0, 5), 2: (30, 5), 3: (30, 38), 4: (190, 160)}
HEDGE = [(5, 25), (28, 25)]
CASES = {
    # name: nodes, ways, governed nodes, barriers, sectors
    "a star": (EIGHT, [(i, 8) for i in range(8)], {}, [], 8),
    "half a star": (EIGHT, [(i, 8) for i in range(4)], {}, [], 4),
    "a street past it": (STREET, [(1, 2)], {}, [], 2),
    "the same in pieces": (STREET | {3: (0, 5), 4: (30, 5)}, [(1, 3), (3, 4), (4, 2)], {}, [], 2),
    "two ways of one sector": ({1: (0, 0), 2: (200, 20), 3: (200, -20)}, [(1, 2), (1, 3)], {}, [], 1),
    "a way that ends before it": ({1: (30, 0), 2: (200, 0)}, [(1, 2)], {}, [], 1),
    "a way 52 m off": ({1: (-200, 52), 2: (200, 52)}, [(1, 2)], {}, [], 0),
    "a way behind a fence": ({1: (-200, 20), 2: (200, 20)}, [(1, 2)], {}, [[(-90, 10), (90, 10)]], 0),
    "a bridge": (STREET, [((1, 2), {"bridge": True})], {}, [], 0),
    "round a hedge, one way": (BEND, [(1, 2, 3, 4)], {}, [HEDGE], 1),
    "round a hedge, three ways": (BEND, [(1, 2), (2, 3), (3, 4)], {}, [HEDGE], 1),
    "round a hedge, through a locked gate": (BEND, [(1, 2), (2, 3), (3, 4)], {3: {"locked": True}}, [HEDGE], 0),
}


@pytest.mark.parametrize(("at", "ways", "nodes", "fences", "count"), CASES.values(), ids=CASES)
def test_on_paper(at, ways, nodes, fences, count):
    network = build_network(tables.paths(at, ways), tables.path_nodes(at, nodes))
    places = tables.places({"far": {"geometry": shapely.box(900, 900, 901, 901)}, "a": {"geometry": SPOT}})
    found = ways_in(places, network, Occluders.from_geometries([], tables.barriers(fences).geometry))
    rule = "sectors_with_a_way" if network.attachable.any() else "no_way_mapped"
    tables.check(found, (0, 0, 0, "derived", rule), (count, count, count, "derived", rule))
