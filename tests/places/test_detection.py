"""Places and the rooms they make, against paper and laws."""
# ruff: noqa: E501 - a table reads best with a case on a line

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from spatial.layers import streets
from spatial.places import detection, meeting_spaces
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


def groups(table, occluders=None):
    """The rooms as a set of sets of place ids."""
    space_of = meeting_spaces.group_places(table, parting() if occluders is None else occluders, RULES)
    assert set(space_of.index) == set(table.index)
    assert space_of.notna().all() and space_of.index.is_unique
    return {frozenset(rows) for rows in space_of.groupby(space_of).groups.values()}


def rooms_of(objects, **what):
    return groups(found(objects), parting(**what))


def sets(*rooms):
    """Write {{"a", "b"}, {"c"}} as "ab", "c"."""
    return {frozenset(room) for room in rooms}


def across(shape):
    corners = shapely.get_coordinates(shape.convex_hull)
    return max(np.hypot(*(a - b)) for a in corners for b in corners)


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
    space_of = meeting_spaces.group_places(table, parting(), RULES)
    assert len(space_of) == 0
    made = meeting_spaces.meeting_spaces(table, space_of, tables.buildings([]), np.array([], dtype=object), BOUNDARY)
    assert len(made) == 0 and {"kinds", "place_count", "inside", "area_m2"} <= set(made.columns)


# --- rooms on paper ------------------------------------------------------------------------------

TWO = {"a": ("bench", (0, 0)), "b": ("bench", (20, 0))}
CLOSE = {"a": ("bench", (0, 0)), "b": ("bench", (3, 0))}  # their footprints overlap
AT_WALL = {"a": ("bench", (0, 0)), "b": ("bench", (12, 0))}  # a's footprint reaches over a wall at x = 1
SPLIT = shapely.LineString([(10, -60), (10, 60)])
ROAD_AT = {1: (10, -60), 2: (10, 60)}
PITCH = shapely.box(0, 0, 105, 68)
OUTLINE = PITCH.exterior


def road(**values):
    return tables.paths(ROAD_AT, [((1, 2), values)])


def cut(line, gate):
    """A fence with the gap that spatial.layers.streets makes at a gate."""
    gates = tables.points("gates", [gate])
    lines = streets._opened(np.array([line], dtype=object), gates, tables.paths({}, []), RULES.barrier["gap_m"])
    return tables.barriers(lines)


PARTED = {
    # name: objects, what parts them, rooms
    "20 m apart": (TWO, {}, ["ab"]),
    "29 m, 25 m between footprints": ({"a": ("bench", (0, 0)), "b": ("bench", (29, 0))}, {}, ["ab"]),
    "29.01 m": ({"a": ("bench", (0, 0)), "b": ("bench", (29.01, 0))}, {}, ["a", "b"]),
    "a wall between": (TWO, {"barriers": tables.barriers([SPLIT], barrier="wall", blocks_view=True)}, ["a", "b"]),
    "a hedge between": (TWO, {"barriers": tables.barriers([SPLIT], barrier="hedge", blocks_view=True)}, ["a", "b"]),
    "a fence between": (TWO, {"barriers": tables.barriers([SPLIT])}, ["a", "b"]),
    "a fence beside": (TWO, {"barriers": tables.barriers([[(-5, 3), (25, 3)]])}, ["ab"]),
    "a fence with a gate between": (TWO, {"barriers": cut(SPLIT, (10, 0))}, ["ab"]),
    "a fence with a gate elsewhere": (TWO, {"barriers": cut(SPLIT, (10, 30))}, ["a", "b"]),
    "a building between": (TWO, {"buildings": [shapely.box(8, -9, 12, 9)]}, ["a", "b"]),
    "water between": (TWO, {"water": [shapely.box(8, -90, 12, 90)]}, ["a", "b"]),
    "a major road between": (TWO, {"roads": road(major=True, highway="secondary")}, ["a", "b"]),
    "a minor road between": (TWO, {"roads": road(highway="tertiary")}, ["ab"]),
    "a major road in a tunnel": (TWO, {"roads": road(major=True, tunnel=True)}, ["ab"]),
    "a major road on a bridge": (TWO, {"roads": road(major=True, bridge=True)}, ["ab"]),
    "back to back": (CLOSE, {}, ["ab"]),
    "back to back at a wall": (CLOSE, {"barriers": tables.barriers([[(1.5, -60), (1.5, 60)]])}, ["a", "b"]),
    "back to back at a wall, nearer to one": (CLOSE, {"barriers": tables.barriers([[(0.7, -60), (0.7, 60)]])}, ["a", "b"]),
    "a wall within a footprint": (AT_WALL, {"barriers": tables.barriers([[(1, -60), (1, 60)]])}, ["a", "b"]),
    "a wall behind, within the footprint": (AT_WALL, {"barriers": tables.barriers([[(-1, -60), (-1, 60)]])}, ["ab"]),
    "a bench in a fenced pitch": ({"p": ("pitch", PITCH), "a": ("bench", (5, 5))}, {"barriers": tables.barriers([OUTLINE])}, ["pa"]),
    "a bench by a pitch": ({"p": ("pitch", PITCH), "a": ("bench", (50, -8))}, {}, ["pa"]),
    "a bench by a pitch, the fence on its outline": ({"p": ("pitch", PITCH), "a": ("bench", (50, -8))}, {"barriers": tables.barriers([OUTLINE])}, ["p", "a"]),
    "the same, the bench at the fence": ({"p": ("pitch", PITCH), "a": ("bench", (50, -1))}, {"barriers": tables.barriers([OUTLINE])}, ["p", "a"]),
    "a bench at a pitch without a fence": ({"p": ("pitch", PITCH), "a": ("bench", (50, -1))}, {}, ["pa"]),
    "two benches nearer to each other than to the pitch": ({"p": ("pitch", PITCH), "a": ("bench", (50, -12)), "b": ("bench", (56, -12))}, {}, ["pab"]),
    "a bench behind a bench by the pitch": ({"p": ("pitch", PITCH), "a": ("bench", (50, -20)), "b": ("bench", (50, -40))}, {}, ["pa", "b"]),
    "two pitches side by side": ({"p": ("pitch", PITCH), "q": ("pitch", shapely.box(0, 70, 105, 138)), "a": ("bench", (-3, 80))}, {}, ["p", "qa"]),
    "ground holds what lies on it": ({"k": ("park", shapely.box(0, 0, 60, 60)), "a": ("bench", (5, 5)), "b": ("bench", (50, 50))}, {}, ["kab"]),
    "ground without what lies beside it": ({"k": ("park", shapely.box(0, 0, 60, 60)), "a": ("bench", (30, -5))}, {}, ["k", "a"]),
    "a pocket park is not joined to the next": ({"k": ("park", shapely.box(0, 0, 30, 30)), "l": ("park", shapely.box(30, 0, 60, 30))}, {}, ["k", "l"]),
}  # fmt: skip


@pytest.mark.parametrize(("objects", "what", "rooms"), PARTED.values(), ids=PARTED)
def test_rooms_on_paper(objects, what, rooms):
    assert rooms_of(objects, **what) == sets(*rooms)


def test_the_name_of_a_room_is_its_first_place():
    space_of = meeting_spaces.group_places(found(TWO | {"c": ("bench", (500, 0))}), parting(), RULES)
    assert space_of.to_dict() == {"a": "space:a", "b": "space:a", "c": "space:c"}
    assert space_of.index.name == "place_id"


def test_a_chain_of_benches_is_cut_into_rooms():
    """26 benches every 20 m over 500 m: five fit into 100 m (80 + 2 × 2), six do not (104 m)."""
    chain = {f"{i:02}": ("bench", (20.0 * i, 0)) for i in range(26)}
    table = found(chain)
    rooms = groups(table)
    assert all(across(table.geometry[list(room)].union_all()) <= 100 for room in rooms)
    assert all(len(room) <= 5 for room in rooms) and len(rooms) <= 13  # neighbours that fit are joined
    for one in rooms:  # two neighbouring rooms are two because together they are too long
        for other in rooms - {one}:
            both = table.geometry[list(one | other)]
            near = table.geometry[list(one)].union_all().distance(table.geometry[list(other)].union_all()) <= 25
            assert not near or across(both.union_all()) > 100


# --- laws ----------------------------------------------------------------------------------------

KINDS = ("bench", "bench", "bench", "table", "playground", "pitch", "games", "square", "drinking_water")


def scene(seed, count=60, side=400.0):
    """Places strewn at random, some large, with buildings and fences between."""
    rng = np.random.default_rng(seed)
    objects = {}
    for _ in range(count):
        x, y = rng.uniform(0, side, 2)
        kind = KINDS[rng.integers(len(KINDS))]
        wide, high = rng.uniform(10, 70, 2)
        shape = (
            shapely.box(x, y, x + wide, y + high) if kind in ("square", "playground") and rng.random() < 0.4 else (x, y)
        )
        objects[f"{rng.integers(10**9):09}"] = (
            kind,
            shapely.box(x, y, x + 90, y + 60) if kind == "pitch" and rng.random() < 0.3 else shape,
        )
    corners = rng.uniform(0, side, (8, 2))
    blocks = [shapely.box(x, y, x + 40, y + 10) for x, y in corners]
    fences = tables.barriers([[(x, y), (x + 30, y - 25)] for x, y in rng.uniform(0, side, (8, 2))])
    return found(objects, buildings=blocks), blocks, fences


@pytest.mark.parametrize("seed", range(4))
def test_every_place_is_in_one_room_that_fits(seed):
    table, blocks, fences = scene(seed)
    rooms = groups(table, parting(blocks, fences))
    assert sum(len(room) for room in rooms) == len(table) and frozenset().union(*rooms) == set(table.index)
    assert 1 < len(rooms) < len(table)
    wide = {i for i in table.index if across(table.geometry[i]) > 100}
    for room in rooms:
        assert len(room & wide) <= 1
        assert room & wide or across(table.geometry[list(room)].union_all()) <= 100


@given(st.permutations(range(25)))
def test_the_order_of_rows_does_not_matter(order):
    table, blocks, fences = scene(11, count=25, side=200.0)
    order = [i for i in order if i < len(table)]
    barrier = parting(blocks, fences)
    plain = meeting_spaces.group_places(table, barrier, RULES)
    mixed = meeting_spaces.group_places(table.iloc[order], barrier, RULES)
    pd.testing.assert_series_equal(mixed.sort_index(), plain.sort_index())


@given(st.permutations(range(8)))
def test_the_order_of_rows_does_not_matter_where_distances_tie(order):
    chain = found({f"{i}": ("bench", (20.0 * i, 0)) for i in range(8)})
    assert groups(chain.iloc[order]) == groups(chain)


def with_one_more(objects, where):
    """Rooms before and after a bench is added, that hold no place within 250 m of it."""
    table, more = (found(o, boundary=WIDE) for o in (objects, objects | {"new": ("bench", where)}))
    before, after = groups(table), groups(more)
    near = set(table.index[table.distance(shapely.Point(where)) <= 250]) | {"new"}
    return {room for room in before if not room & near}, {room for room in after if not room & near}


@pytest.mark.parametrize("seed", range(8))
def test_one_more_place_changes_rooms_only_around_it(seed):
    rng = np.random.default_rng(seed)
    objects = {f"{rng.integers(10**9):09}": ("bench", tuple(xy)) for xy in rng.uniform(0, 1200, (900, 2))}
    before, after = with_one_more(objects, tuple(rng.uniform(300, 900, 2)))
    assert len(before) > 50
    assert before == after


@pytest.mark.parametrize("where", [(-18.0, 0.0), (-12.0, 0.0), (-12.0, 3.0)])
def test_one_more_bench_in_an_even_row_changes_rooms_only_around_it(where):
    """The links of an even row all tie; a place more at its head must not shift every room of it."""
    before, after = with_one_more({f"b{i:02}": ("bench", (20.0 * i, 0)) for i in range(60)}, where)
    assert len(before) >= 9  # 60 benches over 1,180 m, five to a room, at least 900 m of them
    assert before == after


# --- the ground of a room ------------------------------------------------------------------------


def spaces_of(table, blocks, fences):
    space_of = meeting_spaces.group_places(table, parting(blocks, fences), RULES)
    cutting = fences.geometry.to_numpy()
    return space_of, meeting_spaces.meeting_spaces(table, space_of, tables.buildings(blocks), cutting, BOUNDARY)


@pytest.mark.parametrize("seed", range(4))
def test_a_space_holds_its_places_and_no_building(seed):
    table, blocks, fences = scene(seed)
    space_of, spaces = spaces_of(table, blocks, fences)
    assert spaces.index.tolist() == sorted(set(space_of)) and spaces.index.name == "space_id"
    assert spaces.is_valid.all() and set(spaces.geom_type) <= {"Polygon", "MultiPolygon"}
    solid = shapely.union_all(blocks)
    for identity, space in spaces.iterrows():
        members = table[space_of.reindex(table.index) == identity]
        union = members.geometry.union_all()
        assert union.difference(space.geometry).area < 1e-6
        assert space.geometry.difference(union).intersection(solid).area < 1e-6
        assert across(space.geometry) <= 100 + 1e-6 or any(across(shape) > 100 for shape in members.geometry)
        assert space["place_count"] == len(members) and space["kinds"] == ";".join(sorted(set(members["kind"])))
    assert_allclose(spaces["area_m2"], spaces.area)


def test_the_open_ground_between_two_benches():
    """Two discs of 2 m, 20 m apart: a strip of 4 × 20 m and one disc."""
    table = found(TWO)
    _, spaces = spaces_of(table, [], tables.barriers([]))
    disc = 4 * 16 * np.sin(np.pi / 16)
    assert spaces.index.tolist() == ["space:a"]
    assert_allclose(spaces["area_m2"], [80 + disc])
    # A shed of 6 × 2 m on the strip is cut out; it does not stand between them.
    table = found(TWO, buildings=[shed := shapely.box(7, 1, 13, 9)])
    _, spaces = spaces_of(table, [shed], tables.barriers([]))
    assert_allclose(spaces["area_m2"], [80 + disc - 6])


def test_a_pitch_is_its_own_ground_and_a_strip_to_what_lies_along_it():
    table = found({"p": ("pitch", PITCH), "a": ("bench", (50, -20))})
    _, spaces = spaces_of(table, [], tables.barriers([]))
    assert spaces.index.tolist() == ["space:a"] and spaces["kind"].tolist() == ["meeting_space"]
    extra = spaces.geometry.iloc[0].difference(PITCH)
    # From the line at y = 0, 4 m wide, to the bench 20 m off: about 4 × 20 m and half a disc.
    assert extra.bounds == pytest.approx((48, -22, 52, 0)) and extra.area == pytest.approx(80 + 2 * np.pi, rel=0.01)


def test_members_are_positions_in_the_table():
    table = found({**TWO, "c": ("bench", (500, 0))}).iloc[[2, 0, 1]]
    space_of = pd.Series({"a": "space:a", "b": "space:a", "c": "space:c"})
    assert {key: rows.tolist() for key, rows in meeting_spaces.members_by_space(table, space_of).items()} == {
        "space:a": [1, 2],
        "space:c": [0],
    }
    assert isinstance(table, gpd.GeoDataFrame)
