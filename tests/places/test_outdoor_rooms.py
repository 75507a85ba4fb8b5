"""Outdoor rooms against paper towns, laws on random ones, and courtyards that exist."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely.affinity import rotate, translate

from spatial.core.errors import CRSError
from spatial.core.model import Estate
from spatial.layers.canonical import canonical_layers
from spatial.layers.taken_ground import taken_ground
from spatial.layers.unseen_buildings import doors_and_shops, unseen_buildings
from spatial.osm.reader import LOST_BUILDING, read_around
from spatial.places import dividing, open_ground, outdoor_rooms
from spatial.places.dissolving import dissolve_touching, likeness
from spatial.places.outdoor_rooms import Surroundings
from spatial.settings.tags import tag_rules
from tests import tables

EXTENT = shapely.box(-5000, -5000, 5000, 5000)
AREA = shapely.box(-200, -200, 300, 300)
LAYERS = ("buildings", "paths", "barriers", "gates", "ground", "green", "water", "place_objects")
COURT = [
    shapely.box(0, 0, 60, 10),
    shapely.box(0, 50, 60, 60),
    shapely.box(0, 10, 10, 50),
    shapely.box(50, 10, 60, 50),
]


def kinds(rows, column):
    shapes = [shape for _, shape in rows]
    return gpd.GeoDataFrame(
        {column: np.array([kind for kind, _ in rows], dtype=object), "access": np.full(len(rows), None, dtype=object)},
        index=pd.Index([f"osm:way/{600 + i}" for i in range(len(rows))], dtype=object, name="id"),
        geometry=np.array([*shapes, None], dtype=object)[:-1],
        crs=tables.ETRS89_UTM32,
    )


def town(*, taken=(), unseen=(), extent=EXTENT, outlines_lost=False, **given_layers):
    made = tables.layers(**given_layers)
    return Surroundings(
        **{name: getattr(made, name) for name in LAYERS},
        taken=kinds(taken, "kind"),
        unseen=kinds(unseen, "sign"),
        extent=extent,
        outlines_lost=outlines_lost,
    )


def walls_around(shape, thickness=10.0):
    """One building around a shape, which is its courtyard."""
    return shapely.difference(shapely.buffer(shape, thickness, join_style="mitre"), shape)


def inside(shape, area=AREA, **what):
    """Rooms whose inner point lies in a shape, in a town of one building around it."""
    made = town(buildings=tables.buildings([walls_around(shape)]), **what)
    rooms = outdoor_rooms.outdoor_rooms(area, made)
    return rooms[shapely.contains(shape, shapely.point_on_surface(rooms.geometry.to_numpy()))]


def areas(rooms):
    return sorted(rooms["area_m2"].round(1))


# --- paper towns ---------------------------------------------------------------------------------


def test_a_courtyard_of_four_blocks_is_one_room():
    rooms = outdoor_rooms.outdoor_rooms(AREA, town(buildings=tables.buildings(COURT)))
    room = rooms[rooms.geometry.contains(shapely.Point(30, 30))].iloc[0]
    assert room.geometry.equals(shapely.box(10, 10, 50, 50))
    assert room["area_m2"] == pytest.approx(1600)
    assert room["mean_width_m"] == pytest.approx(20)
    assert room["building_share"] == 1.0
    assert room["street_share"] == room["path_share"] == room["row_house_share"] == 0
    assert np.isnan(room["nearest_public_path_m"])
    assert room["valid"]
    assert room["part_of"] is None


@pytest.mark.parametrize(("neck_m", "count"), [(5.0, 2), (8.0, 1)])
def test_a_neck_narrower_than_six_metres_parts_two_rooms(neck_m, count):
    neck = shapely.box(30, 15 - neck_m / 2, 40, 15 + neck_m / 2)
    shape = shapely.union_all([shapely.box(0, 0, 30, 30), neck, shapely.box(40, 0, 70, 30)])
    rooms = inside(shape)
    assert len(rooms) == count
    # What each room keeps of its own side is whole; the neck itself belongs to none, or to the one.
    for side in (shapely.box(0, 0, 29, 30), shapely.box(41, 0, 70, 30)):
        assert rooms.geometry.covers(side).sum() == 1


@pytest.mark.parametrize("gate", [False, True])
def test_a_fence_parts_unless_it_has_a_gate(gate):
    fence = [(30, -1), (30, 31)]
    gates = tables.points("gates", [(30, 15)] if gate else [])
    lines = [shapely.MultiLineString([[(30, -1), (30, 13.5)], [(30, 16.5), (30, 31)]])] if gate else [fence]
    rooms = inside(shapely.box(0, 0, 60, 30), barriers=tables.barriers(lines), gates=gates)
    assert areas(rooms) == ([1800.0] if gate else [898.5, 898.5])


def test_a_way_through_a_fence_opens_it_and_one_beside_it_does_not():
    cut = shapely.MultiLineString([[(30, -1), (30, 13.5)], [(30, 16.5), (30, 31)]])
    across, along = (tables.paths(dict(enumerate(way)), [[0, 1]]) for way in ([(5, 15), (55, 15)], [(29, 5), (29, 25)]))
    assert len(inside(shapely.box(0, 0, 60, 30), barriers=tables.barriers([cut]), paths=across)) == 1
    whole = tables.barriers([[(30, -1), (30, 31)]])
    assert len(inside(shapely.box(0, 0, 60, 30), barriers=whole, paths=along)) == 2


def test_a_road_cuts_by_its_class_and_by_its_tagged_width_and_a_path_does_not():
    at = {0: (45, -1), 1: (45, 41)}
    ground = shapely.box(0, 0, 90, 40)

    def cut(values):
        return areas(inside(ground, paths=tables.paths(at, [([0, 1], values)])))

    assert cut({"highway": "footway"}) == [3600.0]
    assert cut({"highway": "residential"}) == [41.5 * 40] * 2
    assert cut({"highway": "secondary_link"}) == [39 * 40] * 2
    assert cut({"highway": "residential", "width_m": 4.0}) == [43 * 40] * 2
    assert cut({"highway": "residential", "tunnel": True}) == [3600.0]


def test_what_is_taken_or_closed_is_no_room():
    ground, east = shapely.box(0, 0, 60, 30), shapely.box(30, 0, 60, 30)
    assert areas(inside(ground, taken=[("parking", east)])) == [900.0]
    assert areas(inside(ground, taken=[("restricted", east)])) == [1800.0]
    assert areas(inside(ground, water=tables.points("water", [east]))) == [900.0]
    school = {"osm:way/1": ("school", east)}
    assert areas(inside(ground, ground=tables.ground(school))) == [900.0]
    assert areas(inside(ground, ground=tables.ground(school, access="yes"))) == [1800.0]
    opened = inside(ground, ground=tables.ground(school, opening_hours="Mo-Fr 16:00-20:00"))
    assert opened["institution_share"].tolist() == pytest.approx([0.5])


def test_gardens_of_houses_are_no_rooms_but_a_strip_beside_the_path_is_open():
    houses = tables.buildings([shapely.box(x, 0, x + 10, 10) for x in (0, 10, 20)], one_family=True, use="house")
    rooms = outdoor_rooms.outdoor_rooms(AREA, town(buildings=houses))
    assert not rooms.intersects(shapely.box(0.5, 11, 29.5, 21.9)).any()
    assert rooms.intersects(shapely.box(0.5, 22.5, 29.5, 23)).any()
    path = shapely.LineString([(-40, 15), (70, 15)])
    plots = open_ground.house_plots(open_ground.gardens(houses), np.array([path]))
    assert shapely.area(plots).sum() == pytest.approx(54 * 34 - 54 * 5.99)


def test_a_wide_park_has_parts_that_know_it():
    park = shapely.box(0, 0, 200, 140)
    ground = tables.ground({"osm:way/1": ("park", park)}, name="Fælledparken")
    rooms = inside(park, ground=ground)
    # Across its own axes, in cells of at most 70 m: three columns and two rows.
    assert rooms["area_m2"].to_numpy() == pytest.approx([200 / 3 * 70.0] * 6, abs=0.2)
    assert set(rooms["part_of"]) == {"osm:way/1"}
    assert set(rooms["ground_name"]) == {"Fælledparken"}
    assert set(rooms["ground"]) == {"park"}
    # A path is where people see the end of a lawn: it goes before the cells.
    along = tables.paths({0: (90, -1), 1: (90, 141)}, [[0, 1]])
    cut = inside(park, ground=ground, paths=along)
    assert shapely.intersection(cut.geometry.to_numpy(), shapely.LineString([(90, 1), (90, 139)])).size
    assert not shapely.relate_pattern(
        cut.geometry.to_numpy(), shapely.LineString([(90, 1), (90, 139)]), "T********"
    ).any()
    assert cut["area_m2"].sum() == pytest.approx(200 * 140)


@pytest.mark.parametrize("degrees", [0, 17, 45, 90])
def test_a_wide_lawn_is_divided_across_its_own_axes(degrees):
    lawn = rotate(shapely.box(0, 0, 200, 140), degrees)
    # 200 m in three, 140 m in two: each part is 66.7 m by 70.
    sides = [
        sorted(shapely.length(shapely.linestrings(np.lib.stride_tricks.sliding_window_view(corners, (2, 2))[:, 0])))
        for corners in map(shapely.get_coordinates, shapely.oriented_envelope(inside(lawn).geometry.to_numpy()))
    ]
    assert np.array(sides) == pytest.approx(np.array([[200 / 3, 200 / 3, 70, 70]] * 6), abs=0.1)


@pytest.mark.parametrize("degrees", [0, 17, 90, 133, 270])
def test_a_triangle_is_divided_on_the_side_with_the_shortest_rim(degrees):
    """Three rectangles hold 10 800 m², of 120 by 90, 103.4 by 104.4 and 113.4 by 95.2: two have longer rims."""
    lawn = rotate(shapely.Polygon([(0, 0), (120, 0), (51, 90)]), degrees, origin=(0, 0))
    corner, one, other = dividing._smallest_rectangle(lawn)
    west = np.hypot(51, 90)
    assert sorted([np.hypot(*one), np.hypot(*other)]) == pytest.approx([west, 120 * 90 / west])
    around = shapely.Polygon([corner, corner + one, corner + one + other, corner + other])
    assert lawn.within(around.buffer(0.001))


def test_a_strip_alike_to_two_neighbours_is_halved():
    """A bridge of 40 m by 10 between two lawns shares 10 m with each, and goes half to either."""
    west, bridge, east = shapely.box(0, 0, 40, 40), shapely.box(40, 15, 80, 25), shapely.box(80, 0, 120, 40)
    for degrees in (0, 90, 180, 270):
        given = [rotate(part, degrees, origin=(0, 0)) for part in (west, bridge, east)]
        parts = dividing._given_away(np.array(given, dtype=object))
        assert shapely.area(parts) == pytest.approx([1800, 1800], abs=0.01)


def test_very_wide_ground_is_divided_by_the_nearest_home():
    """Beyond 300 m nobody knows where ground ends: two homes 120 m apart part the lawn before them half way."""
    lawn = shapely.box(0, 0, 320, 60)
    homes = np.array([shapely.box(90, -20, 110, -10), shapely.box(210, -20, 230, -10)], dtype=object)
    parts, of = dividing.divided(np.array([lawn], dtype=object), np.empty(0, dtype=object), homes, lawn)
    assert set(of) == {0}
    west = shapely.get_x(shapely.centroid(parts)) < 160
    assert [shapely.area(half).sum() for half in (parts[west], parts[~west])] == pytest.approx([160 * 60] * 2, abs=1)
    assert not shapely.relate_pattern(parts, shapely.LineString([(160, 1), (160, 59)]), "T********").any()


def test_parts_of_a_long_courtyard_belong_together():
    rooms = inside(shapely.box(10, 10, 130, 35))
    assert len(rooms) == 2
    assert rooms["part_of"].nunique() == 1
    assert rooms["part_of"].iloc[0].startswith("whole:")


def test_a_strip_of_street_and_a_scrap_are_no_rooms():
    road = tables.paths({0: (-1, 0), 1: (81, 0)}, [([0, 1], {"highway": "residential"})])
    strip = shapely.box(0, 3.5, 80, 10.6)
    made = town(buildings=tables.buildings([shapely.box(-10, 10.6, 90, 30), *side_walls()]), paths=road)
    rooms = outdoor_rooms.outdoor_rooms(AREA, made)
    assert not rooms.intersects(strip.buffer(-1)).any()
    assert len(inside(shapely.box(0, 0, 12, 12))) == 0
    assert len(inside(shapely.box(0, 0, 13, 12))) == 1


def side_walls():
    return [shapely.box(-10, -10, 0, 10.6), shapely.box(80, -10, 90, 10.6), shapely.box(-10, -30, 90, -3.5)]


def test_polygons_that_nothing_separates_are_one_park():
    halves = {"osm:way/2": ("park", shapely.box(0, 0, 40, 60)), "osm:way/1": ("park", shapely.box(40, 0, 60, 60))}
    rooms = inside(shapely.box(0, 0, 60, 60), ground=tables.ground(halves, name="Skydebanehaven"))
    whole = {"osm:way/1": ("park", shapely.box(0, 0, 60, 60))}
    one = inside(shapely.box(0, 0, 60, 60), ground=tables.ground(whole, name="Skydebanehaven"))
    pd.testing.assert_frame_equal(pd.DataFrame(rooms), pd.DataFrame(one))


@pytest.mark.parametrize(
    ("sign", "shape", "why"),
    [
        ("door", shapely.Point(20, 10), "building_missing"),
        ("outline", shapely.box(10, 10, 40, 20), "outline_missing"),
        ("dwellings", shapely.box(-5, -5, 45, 30), "dwellings_without_buildings"),
        ("cleared", shapely.box(-5, -5, 45, 30), "cleared"),
    ],
)
def test_a_block_whose_building_is_missing_is_unknown_and_says_why(sign, shape, why):
    room = inside(shapely.box(0, 0, 60, 30), unseen=[(sign, shape)]).iloc[0]
    assert (bool(room["valid"]), room["why_invalid"]) == (False, why)


def test_one_shop_may_be_a_kiosk_and_two_are_a_building():
    shops = [("shop", shapely.Point(20, 10)), ("shop", shapely.Point(40, 10))]
    assert inside(shapely.box(0, 0, 60, 30), unseen=shops[:1])["valid"].all()
    assert not inside(shapely.box(0, 0, 60, 30), unseen=shops)["valid"].any()


def test_a_bare_block_between_streets_is_unknown_where_the_extract_lacks_outlines():
    at = {0: (0, 0), 1: (80, 0), 2: (80, 60), 3: (0, 60)}
    streets = tables.paths(at, [([0, 1, 2, 3, 0], {"highway": "residential"})])
    block, area = shapely.Point(40, 30), shapely.box(-50, -50, 150, 150)

    def room(**what):
        rooms = outdoor_rooms.outdoor_rooms(area, town(paths=streets, **what))
        return rooms[rooms.contains(block)].iloc[0]

    assert room()["valid"]
    assert room(outlines_lost=True)["why_invalid"] == "bare_block"
    lawn = tables.points("green", [shapely.box(20, 20, 60, 40)])
    assert room(outlines_lost=True, green=lawn)["valid"]


def test_a_room_at_the_edge_of_the_extract_is_unknown():
    rooms = inside(shapely.box(0, 0, 60, 30), extent=shapely.box(-5000, -5000, 40, 5000))
    assert rooms["why_invalid"].tolist() == ["extract_edge"]


def test_how_near_the_paths_and_streets_are():
    at = {0: (-30, -20), 1: (90, -20), 2: (-30, -60), 3: (90, -60)}
    ways = tables.paths(at, [[0, 1], ([2, 3], {"highway": "residential"})])
    room = inside(shapely.box(0, 0, 60, 30), paths=ways).iloc[0]
    assert (room["nearest_public_path_m"], room["nearest_street_m"]) == (20.0, 56.5)
    assert not room["through_path"]
    inner = tables.paths({0: (10, -20), 1: (10, 20)}, [[0, 1]])
    through = inside(shapely.box(0, 0, 60, 30), paths=inner).iloc[0]
    assert through["through_path"]
    assert through["nearest_public_path_m"] == 0
    locked = tables.paths({0: (10, -20), 1: (10, 20)}, [([0, 1], {"allowed": False})])
    assert np.isnan(inside(shapely.box(0, 0, 60, 30), paths=locked).iloc[0]["nearest_public_path_m"])


def test_an_area_without_open_ground_has_no_rooms():
    full = town(buildings=tables.buildings([shapely.box(-400, -400, 500, 500)]))
    rooms = outdoor_rooms.outdoor_rooms(shapely.box(0, 0, 50, 50), full)
    assert len(rooms) == 0
    assert rooms.crs == tables.ETRS89_UTM32


def test_layers_in_degrees_are_refused():
    made = town()
    made.buildings.set_crs(4326, allow_override=True, inplace=True)
    with pytest.raises(CRSError):
        outdoor_rooms.outdoor_rooms(AREA, made)


# --- dissolving ----------------------------------------------------------------------------------


def test_only_what_touches_and_is_alike_is_dissolved():
    pitch = {"sport": "soccer"}
    objects = tables.place_objects({
        "osm:way/3": ("pitch", shapely.box(0, 0, 10, 10), pitch),
        "osm:way/1": ("pitch", shapely.box(10, 0, 30, 10), pitch),
        "osm:way/2": ("pitch", shapely.box(30, 0, 40, 10), {"sport": "tennis"}),
        "osm:way/4": ("pitch", shapely.box(30, 10, 40, 20), pitch),
        "osm:way/5": ("playground", shapely.box(0, 10, 10, 20)),
        "osm:node/6": ("bench", (5, 5)),
    })  # fmt: skip
    made = dissolve_touching(objects, likeness(objects))
    assert made["members"].to_dict() == {
        "osm:node/6": ("osm:node/6",),
        "osm:way/1": ("osm:way/1", "osm:way/3"),
        "osm:way/2": ("osm:way/2",),
        "osm:way/4": ("osm:way/4",),
        "osm:way/5": ("osm:way/5",),
    }
    assert made.geometry["osm:way/1"].equals(shapely.box(0, 0, 30, 10))
    turned = dissolve_touching(objects.iloc[::-1], likeness(objects.iloc[::-1]))
    pd.testing.assert_frame_equal(pd.DataFrame(made), pd.DataFrame(turned))


# --- laws on random towns ------------------------------------------------------------------------

WHOLE = st.integers(-280, 280)
SIZES = st.integers(6, 60)


@st.composite
def towns(draw):
    """Blocks, houses, paths, fences and a park, all on whole metres, between streets: ground ends within sight."""
    corner = st.tuples(WHOLE, WHOLE, SIZES, SIZES).map(lambda r: shapely.box(r[0], r[1], r[0] + r[2], r[1] + r[3]))
    line = st.tuples(WHOLE, WHOLE, WHOLE, WHOLE).filter(lambda r: r[:2] != r[2:])
    blocks = draw(st.lists(corner, min_size=1, max_size=14))
    one_family = draw(st.integers(0, 2))
    buildings = tables.buildings(blocks)
    buildings["one_family"] = np.arange(len(blocks)) < one_family
    ways, at = [], {}
    for highway, (x0, y0, x1, y1) in draw(
        st.lists(st.tuples(st.sampled_from(["residential", "tertiary", "footway"]), line), max_size=6)
    ):
        at |= {len(at): (x0, y0), len(at) + 1: (x1, y1)}
        ways.append(([len(at) - 2, len(at) - 1], {"highway": highway}))
    for at_m in range(-900, 901, 180):
        for x0, y0, x1, y1 in ((at_m, -900, at_m, 900), (-900, at_m, 900, at_m)):
            at |= {len(at): (x0, y0), len(at) + 1: (x1, y1)}
            ways.append(([len(at) - 2, len(at) - 1], {"highway": "residential"}))
    fences = [[(x0, y0), (x1, y1)] for x0, y0, x1, y1 in draw(st.lists(line, max_size=3))]
    park = draw(corner)
    return town(
        buildings=buildings,
        paths=tables.paths(at, ways),
        barriers=tables.barriers(fences),
        ground=tables.ground({"osm:way/1": ("park", shapely.buffer(park, 40, join_style="mitre"))}, name="Parken"),
    )


SEVERAL = settings(max_examples=24)
SMALL_AREA = shapely.box(-130, -110, 120, 140)


# Corners are rounded to the millimetre three times: of a piece, where paths cut it, and of the parts. Each moves a
# corner, and the edges at it, by half the diagonal of a square millimetre at most, in either of two towns.
ROUNDED_M = 2 * 3 * 0.001 * np.sqrt(0.5)


def same(one, other):
    """Whether rooms by id have the same outlines, but for what rounding leaves open."""
    assert one.index.tolist() == other.index.tolist()
    apart = shapely.symmetric_difference(one.geometry.to_numpy(), other.geometry.to_numpy())
    return bool((shapely.area(apart) <= ROUNDED_M * one.length).all())


@SEVERAL
@given(towns())
def test_rooms_are_apart_and_on_open_ground(made):
    rooms = outdoor_rooms.outdoor_rooms(SMALL_AREA, made)
    shapes = rooms.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert (shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON).all()
    # Outlines are kept to the millimetre.
    rounding_m2 = 0.001 * shapely.length(shapes).sum()
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(
        shapely.area(shapes).sum(), abs=min(0.2, rounding_m2)
    )
    assert shapely.area(shapely.intersection(shapely.union_all(shapes), made.buildings.union_all())) < 0.05
    lines, half_m = open_ground.carriageways(made.paths)
    streets = shapely.union_all(shapely.buffer(lines, half_m - 0.05, quad_segs=1))
    assert shapely.area(shapely.intersection(shapely.union_all(shapes), streets)) < 0.05
    assert rooms.index.is_unique
    shares = rooms[["street_share", "path_share", "building_share", "institution_share"]]
    assert shares.apply(lambda column: column.between(0, 1).all()).all()


@SEVERAL
@given(towns(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(made, random):
    rooms = outdoor_rooms.outdoor_rooms(SMALL_AREA, made)
    order = list(range(len(made.buildings)))
    random.shuffle(order)
    turned = {**vars(made), "buildings": made.buildings.iloc[order], "paths": made.paths.iloc[::-1]}
    again = outdoor_rooms.outdoor_rooms(SMALL_AREA, Surroundings(**turned))
    assert rooms.to_wkb().equals(again.to_wkb())


@SEVERAL
@given(towns(), st.integers(-300, 300), st.integers(-300, 300))
def test_a_town_moved_has_the_same_rooms_and_ids_by_rule(made, east, north):
    dx, dy = 10.0 * east, 10.0 * north
    moved = {
        name: table.assign(geometry=table.translate(dx, dy)) if isinstance(table, gpd.GeoDataFrame) else table
        for name, table in vars(made).items()
    }
    rooms = outdoor_rooms.outdoor_rooms(SMALL_AREA, made)
    there = outdoor_rooms.outdoor_rooms(translate(SMALL_AREA, dx, dy), Surroundings(**moved))
    back = there.set_geometry(there.translate(-dx, -dy))
    names = back.index.to_series().map(lambda name: _shifted(name, -east, -north))
    assert same(rooms, back.set_axis(names).sort_index())


def _shifted(name, east, north):
    head, _, tail = name.removeprefix("room:").partition(".")
    x, y = (int(part) for part in _cell(head))
    return f"room:{x + east}-{y + north}" + (f".{tail}" if tail else "")


def _cell(text):
    at = text.index("-", 1)
    return text[:at], text[at + 1 :]


@SEVERAL
@given(towns(), st.integers(-20, 20), st.integers(-20, 20))
def test_a_boundary_shifted_keeps_the_rooms_inside(made, dx, dy):
    rooms = outdoor_rooms.outdoor_rooms(SMALL_AREA, made)
    shifted = outdoor_rooms.outdoor_rooms(translate(SMALL_AREA, dx, dy), made)
    core = shapely.intersection(SMALL_AREA, translate(SMALL_AREA, dx, dy))
    one, other = (table[shapely.contains(core, table.centroid)] for table in (rooms, shifted))
    assert same(one, other)


@SEVERAL
@given(towns(), st.integers(1, 200))
def test_a_larger_frame_keeps_all_rooms(made, margin_m):
    rooms = outdoor_rooms.outdoor_rooms(SMALL_AREA, made)
    larger = outdoor_rooms.outdoor_rooms(SMALL_AREA.buffer(margin_m), made)
    assert set(rooms.index) <= set(larger.index)
    assert same(rooms, larger.loc[rooms.index])


@SEVERAL
@given(towns())
def test_a_bench_mapped_changes_no_room(made):
    bench = tables.place_objects({"osm:node/1": ("bench", (3, 4))})
    benched = Surroundings(**{**vars(made), "place_objects": bench})
    rooms, again = (outdoor_rooms.outdoor_rooms(SMALL_AREA, one) for one in (made, benched))
    assert rooms.to_wkb().equals(again.to_wkb())


# --- courtyards that exist -----------------------------------------------------------------------


def surroundings(extract, boundary, crs):
    estate = Estate("estate", "estate", boundary, CRS.from_epsg(crs))
    raw = read_around(extract, estate)
    made = canonical_layers(raw, tag_rules(), estate.crs)
    signs = doors_and_shops(raw.points, estate.crs)
    unseen = unseen_buildings(signs, raw.areas, made.buildings, made.dwellings, made.departments, estate.crs)
    return estate.study_area, Surroundings(
        **{name: getattr(made, name) for name in LAYERS},
        taken=taken_ground(raw.areas, raw.lines, tag_rules(), estate.crs),
        unseen=unseen,
        extent=raw.extent,
        outlines_lost=raw.dropped.get(LOST_BUILDING, 0) > 0,
    )


@pytest.mark.parametrize(
    ("department", "courts"),
    [("23, Østerbrogade", 1), ("Haunstrupgård", 2), ("Kanslergården", 1), ("Nordhavnsgården", 2)],
)
def test_the_courtyards_of_departments_of_oesterbro_are_rooms(shared_data: Path, department: str, courts: int):
    folder = shared_data / "copenhagen"
    grounds = gpd.read_file(folder / "almene_boliger_kk.geojson").to_crs(25832)
    ground = grounds[grounds["afdelingsnavn"].fillna("").str.contains(department, regex=False)].union_all()
    rooms = outdoor_rooms.outdoor_rooms(*surroundings(folder / "oesterbro.osm.pbf", ground, 25832))
    on = shapely.area(shapely.intersection(rooms.geometry.to_numpy(), ground)) / rooms["area_m2"]
    yards = rooms[(on > 0.5) & (rooms["building_share"] > 0.3) & rooms["valid"]]
    assert len(yards) >= courts
    assert not rooms["valid"].all()  # blocks of this extract lack their buildings


def test_lawns_between_the_blocks_of_the_demo_are_rooms(demo_data: Path):
    boundary = gpd.read_file(demo_data / "reitbahnviertel.geojson").to_crs(25833).union_all()
    area, made = surroundings(demo_data / "reitbahnviertel.osm.pbf", boundary, 25833)
    rooms = outdoor_rooms.outdoor_rooms(area, made)
    inside_ = rooms[shapely.contains(boundary, rooms.representative_point())]
    assert len(inside_) > 100
    # Rooms stay within sight: a cell, and what small neighbours add.
    assert (shapely.minimum_bounding_radius(inside_.geometry.to_numpy()) < 100).all()
    again = outdoor_rooms.outdoor_rooms(area, made)
    assert rooms.to_wkb().equals(again.to_wkb())
