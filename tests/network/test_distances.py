"""The walking network against paper and networkx."""
# ruff: noqa: E501 - a table reads best with a case on a line

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal

from spatial.core.model import Features, Provenance, RawData
from spatial.layers import canonical as layers_canonical
from spatial.network.attachment import Attachments, attach, node_targets
from spatial.network.distances import approaches, flow, nearest_m
from spatial.network.graph import NO, UNKNOWN, YES, build_network
from spatial.settings.tags import tag_rules
from spatial.visibility.isovists import Occluders, in_sight
from tests import tables

NAN = float("nan")
FAR = 1e5
MAJOR = {"highway": "primary", "way_class": "major", "major": True}


def graph(at, ways, nodes=None, lamps=None):
    return build_network(tables.paths(at, ways), tables.path_nodes(at, nodes or {}), lamps)


def shapes(*found):
    return np.array([*(f if isinstance(f, shapely.Geometry) else shapely.Point(f) for f in found), None], dtype=object)[
        :-1
    ]


def walk(network, source, target, limit_m=FAR, seats=None, **leg):
    """The approach from one shape to another, each by its nearest edge."""
    ends = [attach(network, shapes(shape), within_m=0.0, limit_m=200.0, **leg) for shape in (source, target)]
    found = approaches(network, *ends, limit_m=limit_m, seats=seats)
    assert found.distance_m.shape == (1, 1)
    return {name: float(value[0, 0]) for name, value in vars(found).items()}


def test_handmade_tables_have_the_columns_of_the_canonical_layers():
    nobody = Features(np.empty(0, dtype=object), [], np.empty(0, dtype=object), np.empty(0, dtype=np.int64))
    source = Provenance("none", "", "", "")
    raw = RawData(nobody, nobody, nobody, shapely.box(0, 0, 1, 1), {}, {}, source)
    canonical = layers_canonical.canonical_layers(raw, tag_rules(), tables.ETRS89_UTM32).by_name()
    assert {name: sorted(table.columns) for name, table in tables.layers().by_name().items()} == {
        name: sorted(table.columns) for name, table in canonical.items()
    }


# --- distances on paper --------------------------------------------------------------------------

STREET = {1: (0, 0), 2: (100, 0)}
CORNER = STREET | {3: (100, 100)}
GATE = {1: (0, 0), 2: (50, 0), 3: (100, 0), 4: (0, 40), 5: (100, 40)}
CROSS = {1: (0, 0), 2: (100, 0), 3: (50, -50), 4: (50, 50), 5: (50, 0), 6: (50, 90)}
RING = {1: (0, 0), 2: (30, 0), 3: (30, 40)}
DISTANCES = {
    # name: nodes, ways, governed nodes, source, target, metres
    "one edge, both legs: 3 + 50 + 4": (STREET, [(1, 2)], {}, (20, 3), (70, -4), 57),
    "backwards": (STREET, [(2, 1)], {}, (70, -4), (20, 3), 57),
    "legs only": (STREET, [(1, 2)], {}, (20, 3), (20, -4), 7),
    "before the start: hypot(3, 4) + 10": (STREET, [(1, 2)], {}, (-3, 4), (10, 0), 15),
    "round a corner: 5 + 60 + 60 + 3": (CORNER, [(1, 2), (2, 3)], {}, (40, 5), (103, 60), 128),
    "round a corner of one way": (CORNER, [(1, 2, 3)], {}, (40, 5), (103, 60), 128),
    "out of both ends of an edge: 5 + 10 + 40 + 50 - 45 beats 60": (RING, [(1, 2, 3), (3, 1)], {}, (5, 0), (30, 40), 55),
    "ways that cross at a node: 40 + 40": (CROSS, [(1, 5, 2), (3, 5, 4)], {}, (10, 0), (50, 40), 80),
    "a way crossed without a node": (CROSS, [(1, 2), (3, 4)], {}, (10, 0), (50, 40), NAN),
    "the same by a bridge": (CROSS, [(1, 2), ((3, 4), {"bridge": True, "level": 1.0}), (4, 6)], {}, (10, 0), (50, 70), NAN),
    "through an unlocked gate": (GATE, [(1, 2, 3)], {2: {"locked": False}}, (10, 0), (90, 0), 80),
    "a locked gate cuts": (GATE, [(1, 2, 3)], {2: {"locked": True}}, (10, 0), (90, 0), NAN),
    "up to a locked gate": (GATE, [(1, 2, 3)], {2: {"locked": True}}, (10, 0), (45, 0), 35),
    "round a locked gate: 10 + 40 + 100 + 40 + 10": (GATE, [(1, 2, 3), (1, 4, 5, 3)], {2: {"locked": True}}, (10, 0), (90, 0), 200),
    "not allowed: 5 + (30) not walked": (CORNER, [(1, 2), ((2, 3), {"allowed": False})], {}, (40, 0), (100, 30), 90),
    "nothing is allowed": (STREET, [((1, 2), {"allowed": False})], {}, (20, 0), (70, 0), NAN),
    "two islands": ({1: (0, 0), 2: (100, 0), 3: (0, 90), 4: (100, 90)}, [(1, 2), (3, 4)], {}, (20, 0), (20, 90), NAN),
}  # fmt: skip


@pytest.mark.parametrize(("at", "ways", "nodes", "source", "target", "metres"), DISTANCES.values(), ids=DISTANCES)
def test_distance_on_paper(at, ways, nodes, source, target, metres):
    network = graph(at, ways, nodes)
    there, back = walk(network, source, target), walk(network, target, source)
    assert_allclose([there["distance_m"], back["distance_m"]], metres, rtol=1e-12)
    assert all(np.isnan(value) == np.isnan(metres) for value in there.values())


@pytest.mark.parametrize(("limit", "metres"), [(57.0, 57.0), (56.999, NAN), (0.0, NAN)])
def test_the_limit_counts_both_legs(limit, metres):
    assert_allclose(walk(graph(STREET, [(1, 2)]), (20, 3), (70, -4), limit)["distance_m"], metres)


def test_the_limit_holds_beyond_a_node():
    network = graph(CORNER, [(1, 2), (2, 3)])
    assert [walk(network, (40, 5), (103, 60), limit)["distance_m"] for limit in (128.0,)] == [128.0]
    assert np.isnan(walk(network, (40, 5), (103, 60), 127.9)["distance_m"])


def test_nearest_of_several_and_of_none():
    network = graph(STREET, [(1, 2)])
    source = attach(network, shapes((10, 0), (90, 0), (10, 500)), within_m=0.0)
    target = attach(network, shapes((30, 1), (60, 2)), within_m=0.0)
    assert_allclose(nearest_m(network, source, target, limit_m=FAR), [21, 32, NAN])
    assert_allclose(nearest_m(network, source, target, limit_m=21), [21, NAN, NAN])
    assert_allclose(nearest_m(network, source, attach(network, shapes()), limit_m=FAR), [NAN, NAN, NAN])


def test_empty_tables_give_an_empty_network():
    network = graph({}, [])
    assert network.node_count == 0
    nowhere = attach(network, shapes((0, 0)))
    assert not nowhere.attached.any()
    assert [len(rows) for rows in (nowhere.owner, nowhere.edge, nowhere.offset_m, nowhere.leg_m)] == [0] * 4
    assert_allclose(approaches(network, nowhere, nowhere, limit_m=FAR).distance_m, [[NAN]])
    assert_array_equal(flow(network, nowhere, np.ones(1), nowhere, limit_m=FAR), [])


# --- where geometries meet the network -----------------------------------------------------------

TWO_WAYS = {1: (-100, 10), 2: (100, 10), 3: (-100, -20), 4: (100, -20)}
BENCH = shapely.box(-1, -1, 1, 1)  # 9 m from the one way, 19 m from the other
WALL = shapely.LineString([(-50, 5), (50, 5)])
SEAT_OUTLINE = BENCH.exterior
LEGS = {
    # name: barriers, options, expected legs
    "every way within 25 m": ([], {}, [9, 19]),
    "the nearest beyond the distance too": ([], {"within_m": 5.0}, [9]),
    "out of reach": ([], {"within_m": 5.0, "limit_m": 8.9}, []),
    "a wall in front of the nearest": ([WALL], {}, [19]),
    "a wall in front of the nearest, the next beyond the distance": ([WALL], {"within_m": 10.0}, [19]),
    "walls all round": ([shapely.box(-4, -4, 4, 4).exterior], {}, []),
    "a fence on the outline itself": ([SEAT_OUTLINE], {}, []),
    "walls all round, attached always": ([shapely.box(-4, -4, 4, 4).exterior], {"always": True}, [9]),
    "always is not for what has an open leg": ([WALL], {"always": True}, [19]),
    "always keeps to the limit": ([SEAT_OUTLINE], {"always": True, "within_m": 5.0, "limit_m": 8.0}, []),
}


@pytest.mark.parametrize(("walls", "options", "legs"), LEGS.values(), ids=LEGS)
def test_legs(walls, options, legs):
    occluders = Occluders.from_geometries([], walls)
    # A point far away first: rows of the table must not be mixed up.
    far = shapely.Point(0, 900)
    made = attach(
        graph(TWO_WAYS, [(1, 2), (3, 4)]), shapes(far, BENCH), clear=lambda a, b: in_sight(a, b, occluders), **options
    )
    # The bench stands square to both ways: each is met at two corners, and both are as near.
    assert_allclose(np.unique(made.leg_m), legs)
    assert_array_equal(made.owner, [1] * len(made.leg_m))
    assert_array_equal(made.indptr, [0, 0, len(made.leg_m)])
    assert_array_equal(made.attached, [False, bool(legs)])


def test_a_point_is_left_from_where_it_stands():
    """A wall half a metre behind it is not on its leg; and who stands on the way has no leg that could be closed."""
    network = graph(TWO_WAYS, [(1, 2)])
    occluders = Occluders.from_geometries([], [shapely.LineString([(-50, -0.5), (50, -0.5)])])
    made = attach(network, shapes((0, 0), (20, 10)), clear=lambda a, b: in_sight(a, b, occluders))
    assert_allclose(made.leg_m, [10, 0])
    assert_array_equal(made.owner, [0, 1])


def test_nobody_steps_onto_a_bridge_or_into_a_tunnel():
    for where in ("bridge", "tunnel"):
        made = attach(graph(TWO_WAYS, [((1, 2), {where: True}), (3, 4)]), shapes(BENCH))
        assert_allclose(np.unique(made.leg_m), [19])


def test_a_way_along_a_polygon_meets_it_at_both_corners():
    """A lawn 5 m beside a way, from 100 to 200 m: 100 - 50 + 5 from a door at 50, and 290 - 200 + 5 from one at 290."""
    network = graph({1: (0, 0), 2: (300, 0)}, [(1, 2)])
    doors = attach(network, shapes((50, 0), (290, 0)))
    lawn = attach(network, shapes(shapely.box(100, 5, 200, 40)))
    assert_allclose(approaches(network, lawn, doors, limit_m=FAR).distance_m, [[55, 95]])


def test_a_way_at_a_slight_angle_meets_the_corners_too():
    """The lawn's near side runs from 5 to 5.4 m off the way: 100 - 50 + 5 and 290 - 200 + 5.4."""
    network = graph({1: (0, 0), 2: (300, 0)}, [(1, 2)])
    doors = attach(network, shapes((50, 0), (290, 0)))
    lawn = attach(network, shapes(shapely.Polygon([(100, 5), (200, 5.4), (200, 40), (100, 40)])))
    assert_allclose(approaches(network, lawn, doors, limit_m=FAR).distance_m, [[55, 95.4]])


def test_a_polygon_is_entered_where_the_way_comes_in():
    """A lawn across a way from 100 to 200 m is 50 m from a door at 50 and 90 m from one at 290."""
    network = graph({1: (0, 0), 2: (300, 0)}, [(1, 2)])
    lawn, doors = attach(network, shapes(shapely.box(100, -20, 200, 20))), attach(network, shapes((50, 0), (290, 3)))
    assert_allclose(approaches(network, lawn, doors, limit_m=FAR).distance_m, [[50, 93]])
    assert_allclose(approaches(network, doors, lawn, limit_m=FAR).distance_m, [[50], [93]])


def test_node_targets_stand_at_their_nodes():
    network = graph(CORNER, [(1, 2), (2, 3)])
    source = attach(network, shapes((10, 2)), within_m=0.0)
    found = approaches(network, source, node_targets(network, np.arange(3)), limit_m=FAR).distance_m
    assert_allclose(found, [[12, 92, 192]])
    assert_allclose(network.xy, [(0, 0), (100, 0), (100, 100)])


# --- what is met on the way ----------------------------------------------------------------------

LONG = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (300, 0)}
THREE = [(1, 2), (2, 3), (3, 4)]
RESTS = {
    # The walk: leg 4, from 20 to 280, leg 6: 270 m.
    "no seats": ([], 270),
    "seats at 50, 150, 260: 34, 100, 110, 26": ([(50, 5), (150, 5), (260, 5)], 110),
    "the first edge, beyond the start: 34, 236": ([(50, 5)], 236),
    "the first edge, before the start": ([(10, 5)], 270),
    "the middle: 134, 136": ([(150, -5)], 136),
    "two in the middle: 94, 60, 116": ([(110, 1), (170, 1)], 116),
    "two in the middle, a gap in the edge: 84, 98, 88": ([(101, 1), (199, 1)], 98),
    "the last edge: 244, 26": ([(260, 5)], 244),
    "the last edge, behind the goal": ([(295, 5)], 270),
    "both ends: 34, 210, 26": ([(50, 5), (260, 5)], 210),
    "beside the ends of the walk: 4, 260, 6": ([(20, 1), (280, 1)], 260),
    "at a node of the way: 84, 186": ([(100, 1)], 186),
    "too far from the way": ([(150, 15.1)], 270),
    "15 m from the way": ([(150, 15)], 136),
}


WAYS = {
    "three": THREE,
    "one": [(1, 2, 3, 4)],
    "mixed": [(4, 3), (2, 3), (2, 1)],
    "the middle first": [(2, 3), (1, 2), (3, 4)],
}


@pytest.mark.parametrize("ways", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("seats", "gap"), RESTS.values(), ids=RESTS)
def test_longest_stretch_without_a_seat(seats, gap, ways):
    network = graph(LONG, ways)
    found = [walk(network, *ends, seats=shapes(*seats)) for ends in (((20, 4), (280, 6)), ((280, 6), (20, 4)))]
    assert_allclose([f["rest_gap_m"] for f in found], gap)
    assert_allclose([f["distance_m"] for f in found], 270)


def test_a_short_walk_is_as_long_without_a_seat_as_it_is():
    found = walk(graph(LONG, THREE), (20, 0.2), (20.1, 0.2))
    assert_allclose([found["rest_gap_m"], found["distance_m"]], 0.5)


def test_without_details_there_are_none():
    network = graph(LONG, THREE)
    ends = attach(network, shapes((20, 4), (280, 6)), within_m=0.0)
    bare = approaches(network, ends, ends, limit_m=FAR, detailed=False)
    assert_allclose(bare.distance_m, [[8, 270], [270, 12]])
    assert [part.size for part in (bare.unlit_m, bare.lit_m, bare.crossings, bare.rest_gap_m)] == [0] * 4


def test_a_target_that_meets_a_way_that_cannot_be_used_is_reached_by_another():
    """A lawn between steps and a path: 3 m from the steps, 7 m from the path."""
    at = {1: (0, 0), 2: (100, 0), 3: (0, 10), 4: (100, 10), 5: (-50, 10)}
    network = graph(at, [((1, 2), {"steps": True}), (3, 4), (1, 3), (3, 5)])
    lawn, door = attach(network, shapes((50, 3))), attach(network, shapes((-50, 10)), within_m=0.0)
    usable = network.step_free != NO
    for ends in ((door, lawn), (lawn, door)):
        assert_allclose(approaches(network, *ends, limit_m=FAR).distance_m, [[107]])
        assert_allclose(approaches(network, *ends, limit_m=FAR, usable=usable).distance_m, [[107]])
        shut = usable & (np.arange(4) != 1)  # and the path
        assert_allclose(approaches(network, *ends, limit_m=FAR, usable=shut).distance_m, [[NAN]])


LIT = [((1, 2), {"lit": "yes"}), ((2, 3), {"lit": "no"}), (3, 4)]


@pytest.mark.parametrize(
    ("ways", "ends", "lit", "unlit", "metres"),
    [
        (LIT, ((20, 4), (280, 6)), 80, 100, 270),  # 80 lit, 100 dark, 80 not tagged, legs not known
        (LIT, ((280, 6), (20, 4)), 80, 100, 270),
        (LIT, ((20, 4), (70, 6)), 50, 0, 60),
        (LIT, ((110, 4), (170, 6)), 0, 60, 70),
        (LIT, ((210, 4), (270, 6)), 0, 0, 70),
        (
            [((1, 2), {"lit": "limited"}), ((2, 3), {"lit": "24/7"}), ((3, 4), {"lit": "disused"})],
            ((0, 1), (300, 1)),
            100,
            100,
            302,
        ),
    ],
)
def test_lit_and_unlit_metres(ways, ends, lit, unlit, metres):
    found = walk(graph(LONG, ways), *ends)
    assert_allclose([found["lit_m"], found["unlit_m"], found["distance_m"]], [lit, unlit, metres])


@pytest.mark.parametrize(
    ("lamps", "tag", "state"),
    [
        ([(20, 15), (60, 0)], None, YES),  # 2 × 40 m for 80 m of way
        ([(20, 15)], None, UNKNOWN),  # 40 m of 80
        ([(20, 15.1), (60, 0)], None, UNKNOWN),
        ([(20, 15), (60, 0)], "no", NO),
        ([], "yes", YES),
    ],
)
def test_lamps_light_a_way_that_is_not_tagged(lamps, tag, state):
    network = graph({1: (0, 0), 2: (80, 0)}, [((1, 2), {"lit": tag})], lamps=tables.points("lamps", lamps))
    assert_array_equal(network.lit, [state])


def test_lamps_too_far_apart_leave_a_way_unknown():
    network = graph({1: (0, 0), 2: (81, 0)}, [(1, 2)], lamps=tables.points("lamps", [(20, 0), (60, 0)]))
    assert_array_equal(network.lit, [UNKNOWN])  # 2 × 40 m for 81


# A major road from west to east; paths that meet it from the south and the north.
ROAD = {
    1: (-100, 0), 2: (0, 0), 3: (60, 0), 4: (160, 0), 5: (0, -50), 6: (0, 50), 7: (60, -50), 8: (60, 50), 9: (30, 0),
    10: (-50, -50), 11: (50, -50), 12: (-20, -20), 13: (20, -20), 14: (0, -20), 15: (0, 20), 16: (0, -90), 17: (0, 90),
}  # fmt: skip
EAST = ((1, 2, 9, 3, 4), MAJOR)
WEST = ((4, 3, 9, 2, 1), MAJOR)
STRAIGHT = [EAST, (16, 5, 2, 6, 17)]
ALONG = [EAST, (5, 14, 2, 15, 6), (7, 3, 8)]
CROSSINGS = {
    # name: ways, governed nodes, source, target, crossings
    "straight across, beginning on the very path": ([EAST, (5, 2, 6)], {}, (0, -40), (0, 40), 1),
    "straight across, from further off": ([EAST, (16, 14, 2), (2, 15, 17)], {}, (0, -60), (0, 60), 1),
    "straight across, drawn westward": ([WEST, (16, 14, 2), (2, 15, 17)], {14: {}, 15: {}}, (0, -60), (0, 60), 1),
    "across with only a first edge cut": ([EAST, (5, 14, 2, 6)], {14: {"kerb": "flush"}}, (0, -40), (0, 40), 1),
    "across with both edges cut": ([EAST, (5, 14, 2, 15, 6)], {14: {"kerb": "flush"}, 15: {"kerb": "flush"}}, (0, -40), (0, 40), 1),
    "a crossing node": ([EAST, (5, 14, 2, 15, 6)], {2: {"crossing": True}, 14: {"kerb": "flush"}, 15: {"kerb": "flush"}}, (0, -40), (0, 40), 0),
    "a crossing node, beginning on the very path": ([EAST, (5, 2, 6)], {2: {"crossing": True}}, (0, -40), (0, 40), 0),
    "a crossing way": ([EAST, (5, 14), ((14, 2, 15), {"is_crossing": True}), (15, 6)], {}, (0, -40), (0, 40), 0),
    "a bridge over it": ([EAST, (5, 14), ((14, 15), {"bridge": True}), (15, 6)], {}, (0, -40), (0, 40), 0),
    "along it, back on the same side": (ALONG, {}, (0, -40), (60, -40), 0),
    "along it, off on the other side": (ALONG, {}, (0, -40), (60, 40), 1),
    "along it, off on the other side, from the north": (ALONG, {}, (0, 40), (60, -40), 1),
    "along it, over at a crossing between": (ALONG, {9: {"crossing": True}}, (0, -40), (60, 40), 0),
    "along it, over at a crossing at its end": (ALONG, {3: {"crossing": True}}, (0, -40), (60, 40), 0),
    "along it, over at a crossing at its start": (ALONG, {2: {"crossing": True}}, (0, -40), (60, 40), 0),
    "along it with edges cut": (ALONG, {14: {"kerb": "flush"}, 15: {"kerb": "flush"}, 9: {"kerb": "flush"}}, (0, -40), (60, 40), 1),
    "side streets at a T-junction": ([EAST, (10, 12, 2), (2, 13, 11)], {}, (-40, -40), (40, -40), 0),
    "side streets at a T-junction with edges cut": ([EAST, (10, 12, 2), (2, 13, 11)], {12: {"kerb": "flush"}, 13: {"kerb": "flush"}}, (-40, -40), (40, -40), 0),
    "from the road itself, off to either side": ([EAST, (7, 3, 8)], {}, (30, 0), (60, 40), 0),
    "from the road itself, off to the other side": ([EAST, (7, 3, 8)], {}, (30, 0), (60, -40), 0),
    "from a junction, along it and off": ([EAST, (7, 3, 8)], {}, (-100, 0), (60, 40), 0),
    "from a junction, along it and off to the other side": ([EAST, (7, 3, 8)], {}, (-100, 0), (60, -40), 0),
    "a minor road straight across": ([(1, 2, 9, 3, 4), (16, 5, 2, 6, 17)], {}, (0, -40), (0, 40), 0),
}  # fmt: skip


@pytest.mark.parametrize(("ways", "nodes", "source", "target", "count"), CROSSINGS.values(), ids=CROSSINGS)
def test_major_roads_crossed_without_a_crossing(ways, nodes, source, target, count):
    network = graph(ROAD, ways, nodes)
    assert [walk(network, *ends)["crossings"] for ends in ((source, target), (target, source))] == [count, count]


@pytest.mark.parametrize("degrees", [37, 128, 251])
@pytest.mark.parametrize(("ways", "nodes", "source", "target", "count"), CROSSINGS.values(), ids=CROSSINGS)
def test_a_turned_town_has_the_same_crossings(ways, nodes, source, target, count, degrees):
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    network = graph({node: tuple(matrix @ at) for node, at in ROAD.items()}, ways, nodes)
    assert walk(network, *(tuple(matrix @ end) for end in (source, target)))["crossings"] == count


def test_two_major_roads_are_two_crossings():
    at = {1: (0, -50), 2: (0, 0), 3: (0, 30), 4: (0, 90), 5: (-50, 0), 6: (50, 0), 7: (-50, 30), 8: (50, 30)}
    network = graph(at, [(1, 2, 3, 4), ((5, 2, 6), MAJOR), ((7, 3, 8), MAJOR)])
    assert walk(network, (0, -40), (0, 80))["crossings"] == 2
    assert (
        walk(
            graph(at, [(1, 2, 3, 4), ((5, 2, 6), MAJOR), ((7, 3, 8), MAJOR)], {3: {"crossing": True}}),
            (0, -40),
            (0, 80),
        )["crossings"]
        == 1
    )


STEP_FREE = {
    "nothing tagged": ({}, UNKNOWN),
    "asphalt": ({"surface": "asphalt"}, YES),
    "gravel": ({"surface": "gravel"}, NO),
    "a surface nobody knows": ({"surface": "marble"}, UNKNOWN),
    "steps": ({"steps": True, "surface": "asphalt"}, NO),
    "steps with a ramp": ({"steps": True, "wheelchair": "yes"}, YES),
    "wheelchair no": ({"surface": "asphalt", "wheelchair": "no"}, NO),
    "wheelchair limited": ({"wheelchair": "limited"}, UNKNOWN),
    "wheelchair on gravel": ({"surface": "gravel", "wheelchair": "designated"}, YES),
    "1 : 20": ({"surface": "asphalt", "incline": 0.05}, YES),
    "steeper": ({"surface": "asphalt", "incline": 0.051}, NO),
    "1.3 m wide": ({"surface": "asphalt", "width_m": 1.3}, YES),
    "narrower": ({"surface": "asphalt", "width_m": 1.29}, NO),
}


def test_step_free_states():
    at = {i: (10 * i, 0) for i in range(len(STEP_FREE) + 1)}
    ways = [((i, i + 1), values) for i, (values, _) in enumerate(STEP_FREE.values())]
    assert dict(zip(STEP_FREE, graph(at, ways).step_free.tolist(), strict=True)) == {
        name: state for name, (_, state) in STEP_FREE.items()
    }


def test_usable_edges_and_barred_nodes():
    """Steps (100 m) or the way round (100 + 40 + 40 m) with a raised kerb at one corner."""
    at = {1: (0, 0), 2: (100, 0), 3: (0, 40), 4: (100, 40), 5: (-50, 0), 6: (150, 0)}
    ways = [(5, 1), ((1, 2), {"steps": True}), (1, 3), (3, 4), (4, 2), (2, 6)]
    network = graph(at, ways, {3: {"kerb": "raised"}, 4: {"kerb": "lowered"}})
    source, target = (attach(network, shapes(end), within_m=0.0) for end in ((-50, 0), (150, 0)))

    def metres(**options):
        return float(approaches(network, source, target, limit_m=FAR, **options).distance_m[0, 0])

    smooth = network.step_free != NO
    assert_array_equal(smooth, [True, False, True, True, True, True])
    assert_array_equal(network.raised, [False, False, True, False, False, False])
    assert_allclose(
        [metres(), metres(usable=smooth), metres(usable=smooth, barred_nodes=network.raised)], [200, 280, NAN]
    )


# --- flow ----------------------------------------------------------------------------------------

TREE = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (100, 100), 5: (400, 0)}
BRANCHES = [(1, 2), (2, 3), (2, 4)]


@pytest.mark.parametrize(
    ("weights", "limit", "nodes", "trips"),
    [
        # 3 dwellings at node 1, 5 at node 3; one destination at 4, one at 3. 1→4: 3, 1→3: 3, 3→4: 5.
        ((3, 5), 800, {}, [6, 8, 8]),
        ((3, 5), 200, {}, [6, 8, 8]),
        ((3, 5), 199, {}, [0, 0, 0]),
        ((3, 0), 800, {}, [6, 3, 3]),
        ((3, 5), 800, {2: {"locked": True}}, [0, 0, 0]),
    ],
)
def test_flow_on_a_tree(weights, limit, nodes, trips):
    network = graph(TREE, BRANCHES, nodes)
    homes = attach(network, shapes((0, 2), (202, 0)), within_m=0.0)
    goals = attach(network, shapes((100, 97), (200, 0)), within_m=0.0)
    assert_allclose(flow(network, homes, np.array(weights, float), goals, limit_m=limit), trips)


def test_flow_without_a_way_to_some_of_the_homes():
    """The home in the middle of the table is cut off; the weights stay with their homes."""
    network = graph(TREE, BRANCHES)
    homes = attach(network, shapes((0, 2), (0, 900), (202, 0)), within_m=0.0)
    goals = attach(network, shapes((0, 900), (100, 97)), within_m=0.0)
    assert_allclose(flow(network, homes, np.array([3.0, 70.0, 5.0]), goals, limit_m=800), [3, 5, 8])


def test_flow_does_not_begin_beyond_a_locked_gate():
    """A home 10 m before a locked gate: its trips go back to node 1, never through the gate."""
    network = graph({1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (0, 50)}, [(1, 2), (2, 3), (1, 4)], {2: {"locked": True}})
    home = attach(network, shapes((90, 0)), within_m=0.0)
    goals = attach(network, shapes((200, 0), (0, 50)), within_m=0.0)
    found = flow(network, home, np.array([7.0]), goals, limit_m=800)
    assert_allclose(found[[1, 2]], [0, 7])


def test_nobody_leaves_between_two_locked_gates():
    gates = {1: {"locked": True}, 2: {"locked": True}}
    network = graph({1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (0, 50)}, [(1, 2), (2, 3), (1, 4)], gates)
    home, goals = (
        attach(network, shapes((90, 0)), within_m=0.0),
        attach(network, shapes((200, 0), (0, 50)), within_m=0.0),
    )
    assert_array_equal(flow(network, home, np.array([7.0]), goals, limit_m=800), [0, 0, 0])


def test_flow_splits_nothing_and_loses_nothing_on_a_random_grid():
    """Flow over an edge is the sum over pairs of the trips whose (only) shortest walk holds it."""
    network, links = random_grid(5)
    rng = np.random.default_rng(6)
    homes, goals = rng.choice(network.node_count, 12, replace=False), rng.choice(network.node_count, 9, replace=False)
    weights = rng.integers(1, 50, 12).astype(float)
    plain = nx.Graph()
    plain.add_weighted_edges_from((int(a), int(b), float(m)) for a, b, m in links)
    edge_of = {frozenset((int(a), int(b))): i for i, (a, b, _) in enumerate(links)}
    expected = np.zeros(len(links))
    for home, weight in zip(homes, weights, strict=True):
        metres, routes = nx.single_source_dijkstra(plain, int(home), cutoff=700)
        for goal in goals:
            if goal in metres:
                for step in pairwise(routes[goal]):
                    expected[edge_of[frozenset(step)]] += weight
    assert expected.max() > 0
    found = flow(network, node_targets(network, homes), weights, node_targets(network, goals), limit_m=700)
    assert_allclose(found, expected, rtol=1e-9)


# --- against networkx ----------------------------------------------------------------------------

COLUMNS, ROWS = 20, 10


def random_ways(seed):
    """A grid of 200 nodes, a sixth of the edges missing, each way bent by a random amount."""
    rng = np.random.default_rng(seed)
    at = {i: (60.0 * (i % COLUMNS), 60.0 * (i // COLUMNS)) for i in range(COLUMNS * ROWS)}
    pairs = [(i, i + 1) for i in at if i % COLUMNS < COLUMNS - 1] + [(i, i + COLUMNS) for i in at if i + COLUMNS in at]
    kept = [pair for pair in pairs if rng.random() > 1 / 6]
    ways = []
    for k, (a, b) in enumerate(kept):
        bend = 10_000 + k
        at[bend] = tuple((np.array(at[a]) + at[b]) / 2 + rng.uniform(-25, 25, 2))
        ways.append((a, bend, b) if rng.random() < 0.5 else (b, bend, a))
    return at, ways


def random_grid(seed, nodes=None):
    """The network and its edges as (node, node, metres), the lengths measured here."""
    at, ways = random_ways(seed)
    network = graph(at, ways, nodes)
    metres = [sum(np.hypot(*np.subtract(at[p], at[q])) for p, q in pairwise(w)) for w in ways]
    # Nodes of the network are numbered by their identity; a grid node without ways is none of them.
    ids = {identity: i for i, identity in enumerate(sorted({n for w in ways for n in (w[0], w[-1])}))}
    return network, np.array([(ids[w[0]], ids[w[-1]], m) for w, m in zip(ways, metres, strict=True)])


def random_attachments(rng, links, count):
    """One to three rows an owner, in the middle of edges; some owners with none."""
    sizes = rng.integers(0, 4, count)
    owner = np.repeat(np.arange(count), sizes)
    edge = rng.integers(0, len(links), len(owner))
    order = np.lexsort((edge, owner))
    offset = rng.random(len(owner)) * links[edge, 2]
    return Attachments(
        owner[order],
        edge[order],
        offset[order],
        rng.uniform(0, 40, len(owner)),
        np.concatenate([[0], np.cumsum(sizes)]),
    )


def by_networkx(links, locked, sources, targets, limit):
    """Edges split where something is attached; nobody walks through a place or a locked gate."""
    walks = nx.DiGraph()
    stops = {edge: [(0.0, int(a)), (float(m), int(b))] for edge, (a, b, m) in enumerate(links)}
    for side, rows in (("s", sources), ("t", targets)):
        for row in range(len(rows.edge)):
            mark, owner = (side, "at", row), (side, int(rows.owner[row]))
            stops[int(rows.edge[row])].append((float(rows.offset_m[row]), mark))
            walks.add_edge(*((owner, mark) if side == "s" else (mark, owner)), weight=float(rows.leg_m[row]))
    for found in stops.values():
        found.sort(key=lambda stop: stop[0])
        for (p, a), (q, b) in pairwise(found):
            walks.add_edge(a, b, weight=q - p)
            walks.add_edge(b, a, weight=q - p)
    walks.remove_nodes_from(np.flatnonzero(locked).tolist())
    result = np.full((len(sources), len(targets)), NAN)
    for s in range(len(sources)):
        if ("s", s) in walks:
            for node, metres in nx.single_source_dijkstra_path_length(walks, ("s", s), cutoff=limit).items():
                if isinstance(node, tuple) and len(node) == 2 and node[0] == "t":
                    result[s, node[1]] = metres
    return result


@pytest.mark.parametrize("seed", range(6))
def test_random_grids_against_networkx(seed):
    rng = np.random.default_rng(100 + seed)
    gates = {int(n): {"locked": True} for n in rng.choice(COLUMNS * ROWS, 12, replace=False)}
    network, links = random_grid(seed, gates)
    sources, targets = random_attachments(rng, links, 30), random_attachments(rng, links, 60)
    for limit in (150.0, 600.0, FAR):
        expected = by_networkx(links, network.locked, sources, targets, limit)
        found = approaches(network, sources, targets, limit_m=limit).distance_m
        assert_array_equal(np.isnan(found), np.isnan(expected))
        assert_allclose(found, expected, atol=1e-6, rtol=0)
        assert np.isfinite(expected).any() and np.isnan(expected).any()


def scattered(seed, shift=0.0, order=None):
    """Distances between random points on a random grid, moved, with the rows of ways in another order."""
    at, ways = random_ways(seed)
    at = {n: (x + shift, y + shift) for n, (x, y) in at.items()}
    network = graph(at, ways if order is None else [ways[i] for i in order])
    rng = np.random.default_rng(seed)
    ends = [attach(network, shapely.points(rng.uniform(0, 600, (n, 2)) + shift)) for n in (20, 30)]
    return approaches(network, *ends, limit_m=900.0).distance_m


@pytest.mark.parametrize("seed", [1, 2])
def test_neither_the_order_of_rows_nor_the_place_on_earth_matters(seed):
    plain = scattered(seed)
    assert np.isfinite(plain).any() and np.isnan(plain).any()
    order = np.random.default_rng(seed).permutation(len(random_ways(seed)[1]))
    assert_allclose(scattered(seed, order=order), plain, atol=1e-9, rtol=0)
    assert_allclose(scattered(seed, shift=6e6), plain, atol=1e-6, rtol=0)
