"""Places and the rooms they make, against paper and laws."""
# ruff: noqa: E501 - a table reads best with a case on a line

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from spatial.layers import streets
from spatial.places import detection, meeting_spaces, possible
from spatial.settings.tags import tag_rules
from tests import tables

RULES = tag_rules()
BOUNDARY = shapely.box(-1000, -1000, 1000, 1000)
WIDE = BOUNDARY.buffer(2000)


def found(objects, *, buildings=(), ground=None, boundary=BOUNDARY, margin_m=0.0):
    return detection.find_places(
        tables.place_objects(objects), tables.buildings(buildings), tables.ground(ground), boundary, margin_m, RULES
    )


def parting(buildings=(), barriers=None, roads=None, water=()):
    return meeting_spaces.separators(
        tables.buildings(buildings), tables.barriers([]) if barriers is None else barriers,
        meeting_spaces.parting_roads(tables.paths({}, []) if roads is None else roads), tables.points("water", water),
    )  # fmt: skip


# --- what is a place -----------------------------------------------------------------------------

LAWN = shapely.box(0, 0, 100, 40)


def test_footprints_inside_and_what_was_mapped():
    table = found(
        {
            "b": ("bench", (10, 0), {"name": "Bænken"}),
            "a": ("playground", (1020, 0)),
            "l": ("bench", shapely.LineString([(0, 50), (4, 50)])),
            "p": ("pitch", LAWN),
            "m": ("table", shapely.MultiPolygon([shapely.box(0, 90, 2, 92), shapely.box(3, 90, 4, 91)])),
            "far": ("bench", (1030, 0)),
        },
        margin_m=25.0,
    )
    assert table.index.tolist() == ["a", "b", "l", "m", "p"] and table.index.name == "place_id"
    assert table["inside"].tolist() == [False, True, True, True, True]
    assert table["name"].dropna().to_dict() == {"b": "Bænken"}
    assert table.crs == tables.ETRS89_UTM32
    # Discs of 8 and 2 m are drawn by 32 corners: 16 sin(π/16) r². A line of 4 m: 2 × 4 m² and a disc.
    disc = 16 * np.sin(np.pi / 16)
    assert_allclose(table["area_m2"], [64 * disc, 4 * disc, 8 + disc, 5, 4000])
    assert_allclose(table.area, table["area_m2"])
    assert_allclose(table.loc["b"].geometry.bounds, (8, -2, 12, 2))
    assert set(table.geom_type) <= {"Polygon", "MultiPolygon"} and table.is_valid.all()


HALL = shapely.box(-20, -20, 20, 20)
INDOORS = {
    "in a building": ((0, 0), {}, {}, False),
    "outside of it": ((30, 0), {}, {}, True),
    "at its façade": ((20.5, 0), {}, {}, True),
    "under a roof that is not solid": ((0, 0), {}, {"solid": False}, True),
    "tagged indoor": ((30, 0), {"indoor": "yes"}, {}, False),
    "tagged as a room": ((30, 0), {"indoor": "room"}, {}, False),
    "tagged as indoors": ((30, 0), {"location": "indoor"}, {}, False),
    "tagged as not indoors": ((30, 0), {"indoor": "no"}, {}, True),
}


@pytest.mark.parametrize(("where", "tags", "building", "kept"), INDOORS.values(), ids=INDOORS)
def test_what_is_indoors_is_no_place(where, tags, building, kept):
    objects = tables.place_objects({"a": ("table", where, tags), "z": ("bench", (50, 50))})
    table = detection.find_places(objects, tables.buildings([HALL], **building), tables.ground(), BOUNDARY, 0.0, RULES)
    assert table.index.tolist() == (["a", "z"] if kept else ["z"])


VAST = {
    "a lommepark": ("park", shapely.box(0, 0, 70, 71), True),  # 4,970 m², 99.7 m across
    "5,000 m² and 100 m across": ("park", shapely.Polygon([(-50, 0), (0, -50), (50, 0), (0, 50)]), True),
    "more than 5,000 m²": ("park", shapely.box(0, 0, 71, 70.5), False),  # 5,005.5 m², 100.06 m
    "more than 5,000 m² and 100 m at most": ("square", shapely.Point(0, 0).buffer(49.9), False),  # 7,770 m², 99.8 m
    "longer than 100 m": ("park", shapely.box(0, 0, 101, 4), False),
    "a pitch may be both": ("pitch", shapely.box(0, 0, 105, 68), True),
}


@pytest.mark.parametrize(("kind", "shape", "kept"), VAST.values(), ids=VAST)
def test_large_parks_and_squares_are_ground(kind, shape, kept):
    assert found({"a": (kind, shape), "z": ("bench", (500, 0))}).index.tolist() == (["a", "z"] if kept else ["z"])


def test_the_smallest_known_ground_wins_and_housing_is_none():
    whole, half, flats = shapely.box(0, 0, 100, 100), shapely.box(0, 0, 50, 100), shapely.box(0, 0, 9, 9)
    ground = {
        "p": ("park", whole),
        "s": ("school", half),
        "r": ("residential", flats),
        "q": ("square", shapely.box(200, 0, 230, 30)),
    }
    table = found(
        {
            "a": ("bench", (5, 5)),
            "b": ("bench", (70, 5)),
            "c": ("bench", (150, 5)),
            "q": ("square", shapely.box(200, 0, 230, 30)),
        },
        ground=ground,
    )
    assert table["ground"].dropna().to_dict() == {"a": "school", "b": "park"}  # nothing lies on its own ground
    assert table["ground_id"].dropna().to_dict() == {"a": "s", "b": "p"}


def test_no_objects_no_places():
    table = found({})
    assert len(table) == 0 and {"kind", "inside", "ground", "area_m2"} <= set(table.columns)
    space_of = meeting_spaces.group_places(table, ROOMS, parting(), RULES)
    assert len(space_of) == 0
    made = meeting_spaces.meeting_spaces(table, space_of, ROOMS, BOUNDARY, RULES)
    assert len(made) == 0 and {"kinds", "place_count", "inside", "area_m2"} <= set(made.columns)
    assert {table["area_m2"].dtype, made["area_m2"].dtype} == {np.dtype(float)}  # parts of one dataset share a type


# --- closed ground -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grounds", "expected"),
    [
        ([], None),
        ([(0, 100, "restricted", "private")], "private"),
        ([(0, 100, "restricted", "private"), (30, 70, "restricted", "customers")], "customers"),  # the smaller
        ([(0, 100, "private_garden", None)], "private"),
        ([(0, 100, "parking", "private")], None),  # that is no ground that one stays on, and closes nothing else
        ([(60, 100, "restricted", "private")], None),
    ],
)
def test_what_tags_say_of_the_ground_under_a_place(grounds, expected):
    rows = [
        (f"g{i}", shapely.box(west, 0, east, 40), {"kind": kind, "access": access})
        for i, (west, east, kind, access) in enumerate(grounds)
    ]
    taken = tables.table(rows, {"kind": None, "access": None})
    places = detection.on_closed_ground(found({"a": ("bench", (50, 20)), "b": ("bench", (500, 20))}), taken)
    assert places["access"].dropna().to_dict() == ({} if expected is None else {"a": expected})


# --- the space of a place ------------------------------------------------------------------------

# Two rooms, 60 m apart. A bench or a table has a footprint of 2 m around it.
WEST, EAST = shapely.box(0, 0, 40, 40), shapely.box(100, 0, 140, 40)
ROOMS = tables.rooms({"room:w": (WEST, {}), "room:e": (EAST, {})})
OUT = (58, 20)
SPLIT = shapely.LineString([(50, -90), (50, 90)])
ROAD_AT = {1: (50, -90), 2: (50, 90)}
SCHOOL = {"s": ("school", shapely.box(42, -50, 99, 90))}


def road(**values):
    return tables.paths(ROAD_AT, [((1, 2), values)])


def cut(line, gate):
    """A fence with the gap that spatial.layers.streets makes at a gate."""
    gates = tables.points("gates", [gate])
    lines = streets._opened(np.array([line], dtype=object), gates, tables.paths({}, []), RULES.barrier["gap_m"])
    return tables.barriers(lines)


def space_of(objects, *, ground=None, access=None, rooms=ROOMS, **what):
    """Space of each place, without its prefix."""
    places = found(objects, ground=ground).assign(access=access)
    spaces = meeting_spaces.group_places(places, rooms, parting(**what), RULES)
    assert spaces.index.equals(places.index) and spaces.str.startswith("space:").all()
    return spaces.str.removeprefix("space:").to_dict()


HERE = {
    # name: kind, where, what parts, space
    "in a room": ("bench", (20, 20), {}, "room:w"),
    "a bench 2.9 m from a room": ("bench", (44.9, 20), {}, "room:w"),
    "a bench 3.1 m from a room stands beside a way": ("bench", (45.1, 20), {}, "a"),
    "so does a water": ("drinking_water", (50, 20), {}, "a"),
    "a table 16 m from a room": ("table", OUT, {}, "room:w"),
    "a table 24.9 m from a room": ("table", (66.9, 20), {}, "room:w"),
    "a table 25.1 m from two rooms": ("table", (70, 20), {}, "a"),
    "the nearer of two rooms": ("table", (82, 20), {}, "room:e"),
    "a wall between": ("table", OUT, {"barriers": tables.barriers([SPLIT], barrier="wall", blocks_view=True)}, "a"),
    "a fence between": ("table", OUT, {"barriers": tables.barriers([SPLIT])}, "a"),
    "a fence with a gate between": ("table", OUT, {"barriers": cut(SPLIT, (50, 20))}, "room:w"),
    "a fence with a gate elsewhere": ("table", OUT, {"barriers": cut(SPLIT, (50, 60))}, "a"),
    "a building between": ("table", OUT, {"buildings": [shapely.box(45, -9, 52, 90)]}, "a"),
    "water between": ("table", OUT, {"water": [shapely.box(45, -90, 52, 90)]}, "a"),
    "a major road between": ("table", OUT, {"roads": road(major=True, highway="secondary")}, "a"),
    "a minor road between": ("table", OUT, {"roads": road(highway="tertiary")}, "room:w"),
    "a major road in a tunnel": ("table", OUT, {"roads": road(major=True, tunnel=True)}, "room:w"),
    "a major road on a bridge": ("table", OUT, {"roads": road(major=True, bridge=True)}, "room:w"),
    "a wall within a room parts nothing of it": ("table", (20, 20), {"barriers": tables.barriers([[(30, -9), (30, 50)]])}, "room:w"),
    "mostly in one room": ("pitch", shapely.box(35, 0, 110, 20), {}, "room:e"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "where", "what", "space"), HERE.values(), ids=HERE)
def test_the_space_of_a_place_on_paper(kind, where, what, space):
    assert space_of({"a": (kind, where)}, **what) == {"a": space}


def test_what_stands_on_the_ground_of_one_owner_is_one_space_and_none_of_a_room_beside_it():
    objects = {"a": ("table", OUT), "b": ("playground", (60, -40)), "c": ("table", (20, 20))}
    assert space_of(objects, ground=SCHOOL) == {"a": "s", "b": "s", "c": "room:w"}
    assert space_of({"a": ("table", OUT)}, access="private") == {"a": "a"}


def test_a_polygon_split_where_nothing_parts_it_is_one_thing():
    play = {"a": ("playground", shapely.box(30, 10, 60, 20)), "b": ("playground", shapely.box(60, 10, 80, 20))}
    assert space_of(play) == {"a": "room:w", "b": "room:w"}
    named = play | {"b": (*play["b"], {"name": "Tårnet"})}
    assert space_of(named) == {"a": "room:w", "b": "room:e"}


KINDS = ("bench", "table", "playground", "games", "drinking_water")
# So far apart that no footprints touch: those of one kind that do are one thing.
SPOTS = st.lists(st.tuples(st.integers(-2, 9), st.integers(-2, 4)), min_size=1, max_size=6, unique=True)


@settings(max_examples=15)
@given(spots=SPOTS, kinds=st.lists(st.sampled_from(KINDS), min_size=6, max_size=6), order=st.randoms())
def test_neither_the_order_of_rows_nor_another_thing_moves_a_place_to_another_space(spots, kinds, order):
    """What is mapped on the ground moves neither a room nor what stands in it."""
    objects = {f"{i}": (kinds[i], (17.0 * x + 0.5, 17.0 * y + 0.5)) for i, (x, y) in enumerate(spots)}
    every = space_of(objects)
    mixed = list(objects)
    order.shuffle(mixed)
    assert space_of({name: objects[name] for name in mixed}) == every
    without = {name: thing for name, thing in objects.items() if name != "0"}
    assert not without or space_of(without) == {name: every[name] for name in without}


# --- spaces as a table ---------------------------------------------------------------------------


def spaces_of(objects, rooms=ROOMS, boundary=BOUNDARY):
    places = found(objects)
    own = meeting_spaces.group_places(places, rooms, parting(), RULES)
    return meeting_spaces.meeting_spaces(places, own, rooms, boundary, RULES)


STATUS = {
    # name: objects of one space, status
    "a table in a room": ({"a": ("table", (20, 20))}, "meeting space"),
    "a table without a room": ({"a": ("table", (70, 20))}, "meeting space"),
    "a bench in a room": ({"a": ("bench", (20, 20))}, "meeting space"),
    "a bench beside a way": ({"a": ("bench", (50, 20))}, "seat"),
    "a water in a room": ({"a": ("drinking_water", (20, 20))}, "possible"),
    "a lawn without a name": ({"a": ("park", shapely.box(10, 10, 30, 30))}, "possible"),
    "a park with its own name": ({"a": ("park", shapely.box(10, 10, 30, 30), {"name": "Lunden"})}, "meeting space"),
    "paving of 400 m² alone": ({"a": ("square", shapely.box(10, 10, 30, 30))}, "possible"),
    "with a seat": ({"a": ("square", shapely.box(10, 10, 30, 30)), "b": ("bench", (20, 20))}, "meeting space"),
}  # fmt: skip


@pytest.mark.parametrize(("objects", "status"), STATUS.values(), ids=STATUS)
def test_what_a_space_is(objects, status):
    assert spaces_of(objects)["status"].tolist() == [status]


def test_the_table_of_spaces():
    room = {"ground": "park", "ground_name": "Lunden", "row_house_share": 0.25, "through_path": True}
    objects = {
        "b1": ("bench", (10, 10)),
        "b2": ("bench", (20, 10), {"name": "Bænken"}),
        "p": ("playground", shapely.box(10, 20, 30, 44)),
        "lone": ("bench", (50, -20)),
    }
    spaces = spaces_of(objects, tables.rooms({"room:w": (WEST, room)}), boundary=shapely.box(0, 0, 45, 45))
    assert spaces.index.tolist() == ["space:lone", "space:room:w"] and spaces.index.name == "space_id"
    assert spaces["room_id"].dropna().to_dict() == {"space:room:w": "room:w"}
    # What one comes for first: a playground has more pull than a bench.
    assert spaces["kinds"].tolist() == ["bench", "playground;bench"]
    assert spaces["place_count"].tolist() == [1, 3] and spaces["inside"].tolist() == [False, True]
    assert spaces["name"].dropna().to_dict() == {"space:room:w": "Bænken"}
    # The ground is the room's alone, whatever is mapped over its rim.
    assert spaces.geometry.iloc[1].equals(WEST) and spaces["area_m2"].iloc[1] == pytest.approx(1600)
    assert spaces.geometry.iloc[0].centroid.distance(shapely.Point(50, -20)) < 1e-6
    assert spaces[list(room)].loc["space:room:w"].to_dict() == room
    assert spaces["through_path"].iloc[0] is False and np.isnan(spaces["row_house_share"].iloc[0])


POSSIBLE = {
    # name: the room, objects, whether it is an invitation
    "nothing on it": ({}, {}, True),
    "a bench on it": ({}, {"a": ("bench", (20, 20))}, False),
    "nothing is known of it": ({"valid": False, "why_invalid": "cleared"}, {}, False),
    "a lawn of row houses": ({"row_house_share": 0.6}, {}, False),
    "a lawn of row houses, and a path beside it": ({"row_house_share": 0.6, "nearest_public_path_m": 15.0}, {}, True),
    "half of the houses are in rows": ({"row_house_share": 0.5}, {}, True),
    "mostly an institution's": ({"institution_share": 0.6}, {}, False),
    # A pitch stands mostly in the other room, and covers 10 of 40 m of this one, or 20.
    "a quarter under a pitch of another room": ({}, {"a": ("pitch", shapely.box(30, 0, 140, 40))}, True),
    "half of it": ({}, {"a": ("pitch", shapely.box(20, 0, 140, 40))}, False),
}


@pytest.mark.parametrize(("room", "objects", "invites"), POSSIBLE.values(), ids=POSSIBLE)
def test_rooms_on_which_nothing_is_mapped_invite(room, objects, invites):
    rooms = tables.rooms({"room:w": (WEST, {"ground_name": "Lunden"} | room), "room:e": (EAST, {"valid": False})})
    places = found(objects)
    own = meeting_spaces.group_places(places, rooms, parting(), RULES)
    free = possible.possible_spaces(rooms, places, own)
    assert free.index.tolist() == (["room:w"] if invites else [])
    assert free["area_m2"].dtype == float
    assert free["status"].tolist() == ["possible"] * invites and free["name"].tolist() == ["Lunden"] * invites


COMES_FOR = {
    # name: kinds, tags, area, rows for which one comes
    "tables before benches": (["bench", "table", "bench"], [{}] * 3, [9, 9, 9], [1]),
    "the seats, where there is nothing else": (["bench", "drinking_water"], [{}] * 2, [9, 9], [0]),
    "all, where one cannot even sit": (["drinking_water", "park"], [{}] * 2, [9, 900], [0, 1]),
    "a park by its name": (["park", "park", "bench"], [{"name": "Lunden"}, {}, {}], [900, 900, 9], [0]),
    "a square from 200 m², with a seat": (["square", "square", "bench"], [{}] * 3, [200, 199, 9], [0]),
    "a square with a name": (["square", "square"], [{}, {"name": "Torvet"}], [900, 900], [1]),
}


@pytest.mark.parametrize(("kinds", "tags", "area", "expected"), COMES_FOR.values(), ids=COMES_FOR)
def test_what_people_come_for(kinds, tags, area, expected):
    arrays = [np.array([*part, None], dtype=object)[:-1] for part in (kinds, tags)]
    rows = np.arange(len(kinds))
    assert meeting_spaces.anchors_of(rows, *arrays, np.array(area, dtype=float), RULES).tolist() == expected


def test_members_are_positions_in_the_table():
    table = found({"a": ("bench", (0, 0)), "b": ("bench", (20, 0)), "c": ("bench", (500, 0))}).iloc[[2, 0, 1]]
    space_of = pd.Series({"a": "space:a", "b": "space:a", "c": "space:c"})
    assert {key: rows.tolist() for key, rows in meeting_spaces.members_by_space(table, space_of).items()} == {
        "space:a": [1, 2],
        "space:c": [0],
    }
    assert isinstance(table, gpd.GeoDataFrame)
