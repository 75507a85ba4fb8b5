"""Canonical layers from hand-made objects: what each thing is, and who may walk where."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely.geometry import LineString, Point, Polygon, box

from spatial.core.model import Features, Provenance, RawData
from spatial.layers import schema
from spatial.layers.canonical import canonical_layers
from spatial.settings.tags import tag_rules

METRIC = CRS.from_epsg(25832)
# Judgements that boards may change; what is made of them is tested here.
GROSS_M2 = tag_rules().building["gross_m2_per_dwelling"]
LEVELS = tag_rules().building["levels_apartments"]
EAST = LineString([(0, 0), (100, 0)])


def features(objects, prefix, *, lines=False):
    """Features from (tags, shape), numbered from 1; lines get node ids of their own."""
    shapes = np.empty(len(objects), dtype=object)
    shapes[:] = [shape for _, shape in objects]
    count = int(shapely.get_num_coordinates(shapes).sum())
    return Features(
        ids=np.array([f"osm:{prefix}/{i}" for i in range(1, len(objects) + 1)], dtype=object),
        tags=[tags for tags, _ in objects],
        geometry=shapes,
        node_ids=np.arange(count, dtype=np.int64) if lines else None,
    )


def layers(*, points=(), lines=(), areas=()):
    """Canonical layers; areas are numbered from 1 as relations, so that no id is shared."""
    raw = RawData(
        points=features(points, "node"), lines=features(lines, "way", lines=True),
        areas=features(areas, "relation"), extent=box(-1000, -1000, 1000, 1000), dropped={},
        repaired={}, provenance=Provenance("osm", "x", "x", "x"),
    )  # fmt: skip
    made = canonical_layers(raw, tag_rules(), METRIC)
    schema.validate(made)
    return made


def path(**tags):
    """The row of one way in the table of paths, or None."""
    table = layers(lines=[(tags, EAST)]).paths
    return table.iloc[0] if len(table) else None


def test_every_layer_is_there_and_in_metres_even_of_nothing():
    for name, table in layers().by_name().items():
        assert len(table) == 0 and table.crs == METRIC and table.index.name == "id", name


# --- ways -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "allowed"),
    [
        ({"highway": "footway"}, True),
        ({"highway": "path"}, True),
        ({"highway": "steps"}, True),
        ({"highway": "pedestrian"}, True),
        ({"highway": "living_street"}, True),
        ({"highway": "residential"}, True),
        ({"highway": "service"}, True),
        ({"highway": "primary"}, True),
        ({"highway": "track"}, True),
        ({"highway": "footway", "foot": "no"}, False),
        ({"highway": "footway", "access": "private"}, False),
        ({"highway": "footway", "access": "no"}, False),
        ({"highway": "footway", "access": "private", "foot": "yes"}, True),
        ({"highway": "footway", "access": "no", "foot": "designated"}, True),
        ({"highway": "service", "access": "private", "foot": "permissive"}, True),
        ({"highway": "footway", "access": "yes", "foot": "private"}, False),
        ({"highway": "residential", "foot": "use_sidepath"}, False),
        ({"highway": "residential", "sidewalk": "no"}, True),
        ({"highway": "footway", "access": "permissive"}, True),
        ({"highway": "footway", "access": "customers"}, True),
        ({"highway": "footway", "access": "permit"}, False),
        ({"highway": "footway", "access": "agricultural"}, False),
        ({"highway": "service", "access": "delivery"}, False),
        ({"highway": "footway", "foot": "members"}, False),
        # open to people on foot only when it says so
        ({"highway": "cycleway"}, False),
        ({"highway": "cycleway", "foot": "yes"}, True),
        ({"highway": "cycleway", "foot": "designated"}, True),
        ({"highway": "cycleway", "sidewalk": "right"}, True),
        ({"highway": "cycleway", "sidewalk": "no"}, False),
        ({"highway": "motorway"}, False),
        ({"highway": "motorway_link"}, False),
        ({"highway": "motorway", "sidewalk": "both"}, True),
        ({"highway": "busway"}, False),
        ({"highway": "busway", "foot": "yes"}, True),
        ({"highway": "trunk"}, False),
        ({"highway": "trunk_link"}, False),
        ({"highway": "trunk", "sidewalk": "both"}, True),
        ({"highway": "bridleway"}, False),
        ({"highway": "bridleway", "foot": "yes"}, True),
        ({"highway": "trunk", "sidewalk": "both", "access": "no"}, False),
    ],
    ids=lambda value: "+".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value),
)  # fmt: skip
def test_who_may_walk(tags, allowed):
    assert path(**tags)["allowed"] == allowed


@pytest.mark.parametrize(
    ("highway", "way_class"),
    [
        ("footway", "path"), ("path", "path"), ("track", "path"), ("bridleway", "path"),
        ("pedestrian", "pedestrian"), ("living_street", "street"), ("tertiary", "street"),
        ("service", "service"), ("steps", "steps"), ("secondary", "major"), ("trunk", "major"),
        ("motorway", "major"), ("cycleway", "cycleway"), ("busway", "service"),
    ],
)  # fmt: skip
def test_classes_of_ways(highway, way_class):
    assert path(highway=highway)["way_class"] == way_class


@pytest.mark.parametrize("highway", ["construction", "proposed", "raceway", "abandoned", "platform", "yes"])
def test_what_is_no_way_is_no_path(highway):
    assert path(highway=highway, foot="yes") is None


@pytest.mark.parametrize(
    ("tags", "major"),
    [
        ({"highway": "secondary"}, True),
        ({"highway": "primary_link"}, True),
        ({"highway": "motorway"}, True),
        ({"highway": "tertiary"}, False),
        ({"highway": "tertiary", "maxspeed": "50"}, False),
        ({"highway": "tertiary", "maxspeed": "60"}, True),
        ({"highway": "tertiary", "maxspeed": "60 km/h"}, True),
        ({"highway": "tertiary", "maxspeed": "30 mph"}, False),  # 48 km/h
        ({"highway": "tertiary", "maxspeed": "40 mph"}, True),  # 64 km/h
        ({"highway": "tertiary", "maxspeed": "40mph"}, True),
        ({"highway": "residential", "maxspeed": "DK:urban"}, False),
        ({"highway": "residential", "maxspeed": "walk"}, False),
        ({"highway": "residential", "maxspeed": "inf"}, False),
        ({"highway": "footway", "maxspeed": "80"}, False),
        ({"highway": "cycleway", "maxspeed": "60"}, False),
        ({"highway": "track", "maxspeed": "80"}, False),
        ({"highway": "secondary", "maxspeed": "30"}, True),
    ],
)
def test_roads_that_part_what_lies_beside_them(tags, major):
    assert path(**tags)["major"] == major


@pytest.mark.parametrize(
    ("tags", "sure", "perhaps"),
    [
        ({"highway": "tertiary"}, False, False),
        ({"highway": "tertiary", "maxspeed": "walk"}, False, False),
        ({"highway": "tertiary", "maxspeed": "DK:urban"}, False, False),  # 50 by the OSM wiki
        ({"highway": "tertiary", "maxspeed": "DK:rural"}, True, False),  # 80
        ({"highway": "tertiary", "maxspeed": "50 mph"}, True, False),  # 80.5
        ({"highway": "tertiary", "maxspeed": "fast"}, False, True),
        ({"highway": "tertiary", "maxspeed": "signals"}, False, True),
        ({"highway": "tertiary", "maxspeed": "30;80"}, False, True),
        ({"highway": "secondary", "maxspeed": "fast"}, True, False),
        ({"highway": "footway", "maxspeed": "fast"}, False, False),
    ],
)
def test_a_road_whose_speed_cannot_be_read_may_be_a_fast_one(tags, sure, perhaps):
    found = path(**tags)
    assert (found["major"], found["perhaps_major"]) == (sure, perhaps)


@pytest.mark.parametrize(
    ("incline", "share"),
    [
        ("5%", 0.05), ("-5%", 0.05), ("5 %", 0.05), ("2,5%", 0.025), ("0%", 0),
        ("3°", math.tan(math.radians(3))), ("-45°", 1), ("up", None), ("down", None), ("", None),
        ("steep", None), ("5", None), ("%", None), ("nan%", None), ("inf%", None),
    ],
)  # fmt: skip
def test_slopes(incline, share):
    found = path(highway="footway", incline=incline)["incline"]
    assert np.isnan(found) if share is None else found == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(
    ("width", "metres"),
    [
        ("2", 2), ("1.2 m", 1.2), ("1.2m", 1.2), ("1,2", 1.2), ("120 cm", 1.2), ("120cm", 1.2),
        ("0.002 km", 2), ("6'", 1.8288), (" 3 ", 3), ("narrow", None), ("2;3", 2), ("2-3", 2),
        ("", None), ("m", None), ("nan", None), ("inf", None), ("1_000", None),
    ],
)  # fmt: skip
def test_widths(width, metres):
    found = path(highway="footway", width=width)["width_m"]
    assert np.isnan(found) if metres is None else found == pytest.approx(metres, abs=1e-9)


@settings(max_examples=15)
@given(st.dictionaries(st.sampled_from(["maxspeed", "width", "incline", "layer", "height"]), st.text(max_size=6)))
def test_any_text_in_a_number_is_read_or_passed_over(tags):
    row = path(highway="tertiary", **tags)
    for key in ("width_m", "incline", "level"):
        assert not np.isinf(row[key])


def test_other_columns_of_ways():
    row = path(highway="steps", bridge="yes", tunnel="building_passage", layer="1", lit="yes", surface="sett", name="Å")
    assert row["steps"] and row["bridge"] and not row["tunnel"] and row["level"] == 1
    assert (row["lit"], row["surface"], row["name"], row["wheelchair"]) == ("yes", "sett", "Å", None)
    row = path(highway="footway", bridge="no", tunnel="yes")
    assert row["tunnel"] and not row["bridge"] and not row["steps"] and row["level"] == 0


@pytest.mark.parametrize(
    ("tags", "crossing"),
    [
        ({"highway": "footway", "footway": "crossing"}, True),
        ({"highway": "path", "path": "crossing"}, True),
        ({"highway": "cycleway", "cycleway": "crossing"}, True),
        ({"highway": "footway", "footway": "traffic_island"}, True),
        ({"highway": "footway", "footway": "sidewalk"}, False),
        ({"highway": "footway"}, False),
    ],
)
def test_ways_across_a_road(tags, crossing):
    """As ``walk.crossing_ways`` of tags.toml lists them."""
    assert path(**tags)["is_crossing"] == crossing


def test_every_way_keeps_its_own_nodes():
    lines = [
        ({"barrier": "fence"}, LineString([(0, 0), (1, 0), (2, 0)])),  # nodes 0–2
        ({"highway": "path"}, LineString([(0, 0), (1, 0)])),  # 3–4
        ({"highway": "construction"}, LineString([(0, 0), (1, 0)])),  # 5–6
        ({"highway": "path"}, LineString([(0, 0), (1, 0), (2, 0)])),  # 7–9
    ]
    table = layers(lines=lines).paths
    assert {i: list(nodes) for i, nodes in table["node_ids"].items()} == {
        "osm:way/2": [3, 4], "osm:way/4": [7, 8, 9],
    }  # fmt: skip


# --- nodes of ways ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "locked", "crossing"),
    [
        ({"barrier": "gate", "access": "private"}, True, False),
        ({"barrier": "gate", "foot": "no"}, True, False),
        ({"barrier": "gate", "locked": "yes"}, True, False),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, False, False),
        ({"barrier": "gate", "locked": "yes", "foot": "permissive"}, False, False),
        ({"barrier": "gate"}, False, False),
        ({"barrier": "bollard", "access": "no", "foot": "yes"}, False, False),
        ({"barrier": "fence", "access": "no"}, True, False),
        ({"access": "no"}, True, False),
        ({"amenity": "bench", "access": "no", "kerb": "lowered"}, False, False),
        ({"highway": "crossing", "foot": "no"}, False, True),
        ({"barrier": "gate", "status": "closed"}, True, False),
        ({"entrance": "yes", "access": "private"}, False, False),
        ({"highway": "crossing"}, False, True),
        ({"highway": "crossing", "crossing": "zebra"}, False, True),
        ({"highway": "crossing", "crossing": "no"}, False, False),
        ({"crossing": "no"}, False, False),
        ({"highway": "traffic_signals"}, False, True),
        ({"railway": "crossing"}, False, True),
        ({"highway": "street_lamp"}, False, False),
    ],
)
def test_nodes_that_stop_or_help_people_on_foot(tags, locked, crossing):
    table = layers(points=[(tags, Point(0, 0))]).path_nodes
    row = table.iloc[0] if len(table) else {"node_id": 1, "locked": False, "crossing": False}
    assert (row["node_id"], row["locked"], row["crossing"]) == (1, locked, crossing)


def test_kerbs_are_kept():
    table = layers(points=[({"kerb": "raised", "crossing": "no"}, Point(0, 0))]).path_nodes
    row = table.iloc[0]
    assert (row["kerb"], row["locked"], row["crossing"]) == ("raised", False, False)


# --- barriers ---------------------------------------------------------------------------

FENCE = ({"barrier": "fence"}, EAST)


def closed_m(**objects):
    return layers(**objects).barriers.geometry.length.sum()


def test_a_gate_opens_three_metres():
    assert closed_m(lines=[FENCE]) == pytest.approx(100)
    gate = ({"barrier": "gate"}, Point(50, 0))
    found = layers(lines=[FENCE], points=[gate]).barriers.geometry.iloc[0]
    assert found.length == pytest.approx(97, abs=0.01)
    assert found.intersects(Point(48, 0)) and not found.intersects(Point(51, 0))


def test_a_gate_at_the_end_opens_half_of_it_and_one_far_off_nothing():
    assert closed_m(lines=[FENCE], points=[({"barrier": "gate"}, Point(0, 0))]) == pytest.approx(98.5, abs=0.01)
    assert closed_m(lines=[FENCE], points=[({"barrier": "gate"}, Point(50, 2))]) == pytest.approx(100)


@pytest.mark.parametrize(
    ("tags", "opened"),
    [
        ({"highway": "footway"}, True),
        ({"highway": "residential"}, True),
        ({"highway": "footway", "access": "private"}, False),
        ({"highway": "motorway"}, False),
        ({"highway": "footway", "bridge": "yes"}, False),
        ({"highway": "footway", "tunnel": "yes"}, False),
        ({"highway": "footway", "tunnel": "building_passage"}, True),
        ({"waterway": "stream"}, False),
    ],
)
def test_a_way_through_a_barrier_opens_it(tags, opened):
    way = (tags, LineString([(50, -10), (50, 10)]))
    assert closed_m(lines=[FENCE, way]) == pytest.approx(97 if opened else 100, abs=0.01)


def test_a_way_along_a_barrier_does_not_open_it():
    way = ({"highway": "footway"}, LineString([(20, 0), (80, 0)]))
    assert closed_m(lines=[FENCE, way]) == pytest.approx(100)


@pytest.mark.parametrize(
    ("tags", "blocks"),
    [
        ({"barrier": "wall"}, True),
        ({"barrier": "hedge"}, True),
        ({"barrier": "hedge", "height": "1.0"}, False),
        ({"barrier": "hedge", "height": "100 cm"}, False),
        ({"barrier": "hedge", "height": "1.5"}, True),
        ({"barrier": "hedge", "height": "2 m"}, True),
        ({"barrier": "hedge", "height": "tall"}, True),
        ({"barrier": "fence"}, False),
        ({"barrier": "fence", "height": "3"}, False),
    ],
)
def test_what_one_cannot_see_over(tags, blocks):
    table = layers(lines=[(tags, EAST)]).barriers
    assert table["blocks_view"].tolist() == [blocks]


@pytest.mark.parametrize("barrier", ["gate", "bollard", "kerb", "yes", "block"])
def test_what_is_no_closed_barrier(barrier):
    assert len(layers(lines=[({"barrier": barrier}, EAST)]).barriers) == 0


def test_the_edge_of_a_fenced_area_is_a_barrier():
    areas = [
        ({"leisure": "playground", "fenced": "yes"}, box(0, 0, 20, 10)),
        ({"leisure": "pitch"}, box(50, 0, 60, 10)),
    ]
    table = layers(areas=areas).barriers
    assert table["barrier"].to_dict() == {"osm:relation/1": "fence"}
    assert table.geometry.iloc[0].length == pytest.approx(60)


def test_a_closed_way_that_is_line_and_area_is_one_barrier_and_one_place():
    tags = {"barrier": "fence", "leisure": "playground"}
    shape = box(0, 0, 20, 10)
    raw = RawData(
        points=features([], "node"), lines=features([(tags, shape.boundary)], "way", lines=True),
        areas=features([(tags, shape)], "way"), extent=box(-100, -100, 100, 100), dropped={},
        repaired={}, provenance=Provenance("osm", "x", "x", "x"),
    )  # fmt: skip
    found = canonical_layers(raw, tag_rules(), METRIC)
    assert found.barriers.index.tolist() == found.place_objects.index.tolist() == ["osm:way/1"]
    assert found.place_objects.geometry.iloc[0].equals(shape)
    assert found.barriers.geometry.iloc[0].length == pytest.approx(60)


# --- buildings and dwellings --------------------------------------------------------------

HOMES = ({"landuse": "residential"}, box(-500, -500, 500, 500))
LARGE, SMALL, SHED = box(0, 0, 50, 10), box(0, 0, 10, 10), box(0, 0, 7, 7)  # 500, 100, 49 m²


@pytest.mark.parametrize(
    ("tags", "shape", "on_home_ground", "lived_in", "one_family"),
    [
        ({"building": "apartments"}, LARGE, False, True, False),
        ({"building": "apartments"}, SHED, False, True, False),
        ({"building": "house"}, LARGE, False, True, True),
        ({"building": "terrace"}, LARGE, False, True, True),
        ({"building": "residential"}, SMALL, False, True, False),
        ({"building": "yes"}, LARGE, False, False, False),
        ({"building": "yes"}, LARGE, True, True, False),
        ({"building": "yes"}, SMALL, True, True, True),
        ({"building": "yes"}, SHED, True, False, False),
        ({"building": "yes", "addr:housenumber": "3"}, LARGE, False, True, False),
        ({"building": "yes", "amenity": "school"}, LARGE, True, False, False),
        ({"building": "yes", "shop": "supermarket", "addr:housenumber": "3"}, LARGE, True, False, False),
        ({"building": "garage"}, LARGE, True, False, False),
        ({"building": "school"}, LARGE, True, False, False),
        ({"building": "apartments", "shop": "kiosk"}, LARGE, True, True, False),
    ],
)
def test_who_lives_where(tags, shape, on_home_ground, lived_in, one_family):
    table = layers(areas=[(tags, shape), *[HOMES] * on_home_ground]).buildings
    assert (table["residential"].tolist(), table["one_family"].tolist()) == ([lived_in], [one_family])


@pytest.mark.parametrize(("distance", "lived_in"), [(2.9, True), (3.1, False)])
@pytest.mark.parametrize("tags", [{"addr:housenumber": "3"}, {"entrance": "main"}])
def test_a_door_or_an_address_by_a_building_makes_it_a_home(tags, distance, lived_in):
    found = layers(areas=[({"building": "yes"}, LARGE)], points=[(tags, Point(25, -distance))])
    assert found.buildings["residential"].tolist() == [lived_in]


@pytest.mark.parametrize(
    ("use", "solid"), [("yes", True), ("apartments", True), ("roof", False), ("carport", False), ("no", False)]
)
def test_what_one_can_stand_under_is_not_solid(use, solid):
    assert layers(areas=[({"building": use}, LARGE)]).buildings["solid"].tolist() == [solid]


def dwellings(tags, shape=LARGE, points=()):
    return layers(areas=[(tags, shape)], points=[(tag, Point(at)) for tag, at in points]).dwellings


FLATS = 500 * LEVELS / GROSS_M2  # of the large block: more than 5, fewer than 45
DOOR, NUMBER = {"entrance": "yes"}, {"addr:housenumber": "1"}


@pytest.mark.parametrize(
    ("tags", "shape", "points", "count", "evidence"),
    [
        ({"building": "apartments", "building:flats": "24"}, LARGE, [], 24, "observed"),
        ({"building": "house", "building:flats": "2"}, SMALL, [], 2, "observed"),
        # 500 m² × levels, assumed or tagged
        ({"building": "apartments"}, LARGE, [], FLATS, "derived"),
        ({"building": "apartments", "building:levels": "6"}, LARGE, [], 3000 / GROSS_M2, "derived"),
        ({"building": "apartments", "building:levels": "0"}, LARGE, [], 500 / GROSS_M2, "derived"),
        ({"building": "apartments", "building:levels": "many"}, LARGE, [], FLATS, "derived"),
        ({"building": "apartments", "building:flats": "0"}, LARGE, [], FLATS, "derived"),
        ({"building": "apartments"}, SHED, [], 49 * LEVELS / GROSS_M2, "derived"),
        ({"building": "apartments", "building:levels": "1"}, SHED, [], 1, "derived"),
        ({"building": "house"}, LARGE, [], 1, "derived"),
        ({"building": "terrace"}, LARGE, [(NUMBER, (x, 0)) for x in (5, 15, 25)], 3, "derived"),
        ({"building": "house"}, LARGE, [(DOOR, (x, 0)) for x in (5, 15, 25)], 1, "derived"),
        # each of 45 addresses is a dwelling at least, where the floors give fewer
        ({"building": "apartments"}, LARGE, [(NUMBER, (x, 0)) for x in range(45)], 45, "derived"),
        ({"building": "apartments"}, LARGE, [(NUMBER, (x, 0)) for x in range(5)], FLATS, "derived"),
    ],
)
def test_how_many_dwellings(tags, shape, points, count, evidence):
    table = dwellings(tags, shape, points)
    assert table["dwellings"].sum() == pytest.approx(count)
    assert set(table["evidence"]) == {evidence} and set(table["building"]) == {"osm:relation/1"}


def test_dwellings_are_at_the_doors_in_equal_parts():
    doors = [(DOOR, (10, 0)), (DOOR, (40, 0)), (NUMBER, (25, 0)), (DOOR, (10, 40))]
    table = dwellings({"building": "apartments"}, LARGE, doors)
    assert table["dwellings"].tolist() == pytest.approx([FLATS / 2] * 2)
    assert [(p.x, p.y) for p in table.geometry] == [(10, 0), (40, 0)]
    assert table.index.tolist() == ["osm:relation/1/door/0", "osm:relation/1/door/1"]


def test_without_doors_dwellings_are_at_the_addresses_else_in_the_middle():
    table = dwellings({"building": "apartments"}, LARGE, [(NUMBER, (10, 0)), (NUMBER, (40, 1))])
    assert [(p.x, p.y) for p in table.geometry] == [(10, 0), (40, 1)]
    table = dwellings({"building": "apartments"})
    assert [(p.x, p.y) for p in table.geometry] == [(25, 5)]


def counted(number, dwellings):
    return {"addr:housenumber": number, "dwellings": dwellings}


@pytest.mark.parametrize("tags", [{"building": "apartments"}, {"building": "apartments", "building:flats": "24"}])
def test_dwellings_that_a_register_counts_stand_at_its_doors_and_no_other(tags):
    """Two stairwells of 6 and 10; OpenStreetMap has another door and the same house numbers, uncounted."""
    points = [(counted("1", "6"), (10, 0)), (counted("3", "10"), (40, 0)), (DOOR, (25, 10)), (NUMBER, (11, 0))]
    table = dwellings(tags, LARGE, points)
    assert [(p.x, p.y) for p in table.geometry] == [(10, 0), (40, 0)]
    assert table["dwellings"].tolist() == [6, 10] and set(table["evidence"]) == {"observed"}


def test_a_building_in_which_a_register_counts_no_dwelling_has_none():
    table = dwellings({"building": "apartments"}, LARGE, [(counted("1", "0"), (10, 0))])
    assert table["dwellings"].tolist() == [0] and table["evidence"].tolist() == ["observed"]


def test_what_is_counted_at_one_building_says_nothing_of_the_next():
    blocks = [({"building": "apartments", "building:flats": "20"}, box(x, 0, x + 3, 8)) for x in (0, 9)]
    found = layers(areas=blocks, points=[(counted("1", "7"), Point(0, 4))]).dwellings
    assert found.groupby("building")["dwellings"].sum().sort_values().tolist() == [7, 20]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=12))
def test_dwellings_keep_their_total_wherever_the_doors_are(doors):
    """Three blocks of 20 flats each in a row; a door belongs to one of them."""
    blocks = [({"building": "apartments", "building:flats": "20"}, box(x, 0, x + 3, 8)) for x in (0, 3, 6)]
    points = [(DOOR if door else NUMBER, Point(x, y)) for x, y, door in doors]
    table = layers(areas=blocks, points=points).dwellings
    assert table.groupby("building")["dwellings"].sum().tolist() == pytest.approx([20, 20, 20])
    assert not table.index.duplicated().any()


# --- public housing -----------------------------------------------------------------------


def department(shape, count=None):
    tags = {"landuse": "residential", "residential": "almen", "name": "Afdeling 7", "operator": "Boligselskabet"}
    return (tags | ({} if count is None else {"dwellings": str(count)}), shape)


BLOCK_A, BLOCK_B = box(0, 0, 50, 10), box(0, 30, 50, 40)  # 500 m² each


def per_building(*areas):
    return layers(areas=areas).dwellings.groupby("building", dropna=False)["dwellings"].sum().to_dict()


def test_known_dwellings_are_spread_over_a_departments_buildings_by_floor_area():
    low, high = ({"building": "apartments", "building:levels": n} for n in ("2", "6"))
    found = per_building((low, BLOCK_A), (high, BLOCK_B), department(box(-10, -10, 60, 50), 80))
    # 1,000 and 3,000 m² of floors
    assert found == pytest.approx({"osm:relation/1": 20, "osm:relation/2": 60})


def test_what_is_counted_building_by_building_stays():
    flats = {"building": "apartments", "building:flats": "30"}
    found = per_building((flats, BLOCK_A), ({"building": "apartments"}, BLOCK_B), department(box(-10, -10, 60, 50), 80))
    assert found == pytest.approx({"osm:relation/1": 30, "osm:relation/2": 50})


@pytest.mark.parametrize(("count", "expected"), [(None, FLATS), (0, FLATS), (7, 7)])
def test_a_department_that_does_not_say_changes_nothing(count, expected):
    found = per_building(({"building": "apartments"}, BLOCK_A), department(box(-10, -10, 60, 20), count))
    assert found == pytest.approx({"osm:relation/1": expected})


def test_a_building_belongs_to_the_smallest_department_around_it():
    found = per_building(
        ({"building": "apartments"}, BLOCK_A),
        ({"building": "apartments"}, BLOCK_B),
        department(box(-90, -90, 90, 90), 100),
        department(box(-10, -10, 60, 20), 7),
    )
    assert found == pytest.approx({"osm:relation/1": 7, "osm:relation/2": 100})


def test_people_of_a_department_without_known_buildings_are_not_lost():
    table = layers(areas=[department(box(100, 0, 140, 40), 12)]).dwellings
    assert table.index.tolist() == ["osm:relation/1/door/0"] and table["dwellings"].tolist() == [12]
    assert table["evidence"].tolist() == ["derived"] and box(100, 0, 140, 40).contains(table.geometry.iloc[0])


def test_of_a_department_that_the_extract_cuts_the_share_inside_counts():
    # The extract ends at x = 1000: a quarter of the ground lies in it.
    table = layers(areas=[department(box(990, 0, 1030, 40), 100)]).departments
    assert table[["name", "operator", "dwellings"]].to_numpy().tolist() == [["Afdeling 7", "Boligselskabet", 25.0]]


def test_a_point_of_another_source_is_on_no_way():
    gate = {"barrier": "gate", "locked": "yes"}
    raw = RawData(
        points=Features(np.array(["kk.hegn:7", "osm:node/8"], dtype=object), [gate, gate], np.array([Point(0, 0)] * 2)),
        lines=features([], "way", lines=True), areas=features([], "relation"), extent=box(-9, -9, 9, 9), dropped={},
        repaired={}, provenance=Provenance("osm", "x", "x", "x"),
    )  # fmt: skip
    assert canonical_layers(raw, tag_rules(), METRIC).path_nodes["node_id"].tolist() == [8]


# --- places, ground, context --------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"leisure": "pitch", "sport": "table_tennis"}, "games"),
        ({"leisure": "pitch", "sport": "soccer"}, "pitch"),
        ({"sport": "chess", "leisure": "pitch"}, "games"),
        ({"amenity": "bench"}, "bench"),
        ({"amenity": "bench", "table": "yes"}, "table"),
        ({"leisure": "picnic_table"}, "table"),
        ({"amenity": "shelter"}, "shelter"),
        ({"amenity": "shelter", "shelter_type": "picnic_shelter"}, "shelter"),
        ({"amenity": "shelter", "shelter_type": "public_transport"}, None),
        ({"amenity": "shelter", "highway": "bus_stop"}, None),
        ({"amenity": "shelter", "public_transport": "platform"}, None),
        ({"leisure": "dog_park"}, "dog_park"),
        ({"leisure": "garden"}, None),
        ({"leisure": "garden", "garden:type": "community"}, "garden"),
        ({"highway": "pedestrian"}, None),
        ({"highway": "pedestrian", "area": "yes"}, "square"),
        ({"leisure": "playground", "amenity": "bench"}, "playground"),  # the first kind wins
        ({"amenity": "cafe"}, None),
        ({"leisure": "fitness_centre"}, None),
    ],
)
def test_kinds_of_places(tags, kind):
    for objects in ({"points": [(tags, Point(0, 0))]}, {"areas": [(tags, SMALL)]}):
        table = layers(**objects).place_objects
        assert table["kind"].tolist() == ([] if kind is None else [kind])
        assert table["tags"].tolist() == ([] if kind is None else [tags])


@pytest.mark.parametrize(
    ("layer", "column", "tags", "value"),
    [
        ("context", "kind", {"amenity": "library"}, "library"),
        ("context", "kind", {"club": "scout"}, "club"),
        ("context", "kind", {"leisure": "sports_centre"}, "sports_hall"),
        ("context", "kind", {"amenity": "place_of_worship"}, "place_of_worship"),
        ("ground", "ground", {"amenity": "school"}, "school"),
        ("ground", "ground", {"leisure": "park"}, "park"),
        ("ground", "ground", {"landuse": "residential"}, "residential"),
        ("ground", "ground", {"leisure": "park", "amenity": "kindergarten"}, "school"),
        ("stops", "kind", {"highway": "bus_stop"}, "stop"),
        ("stops", "kind", {"public_transport": "platform"}, "stop"),
        ("destinations", "kind", {"shop": "bakery"}, "destination"),
        ("destinations", "kind", {"amenity": "school"}, "destination"),
        ("water", "kind", {"natural": "water"}, "water"),
        ("green", "kind", {"landuse": "grass"}, "green"),
    ],
)
def test_what_areas_are(layer, column, tags, value):
    found = layers(areas=[({**tags, "name": "N"}, SMALL)]).by_name()[layer]
    assert found[column].tolist() == [value] and found["name"].tolist() == ["N"]
    assert found.index.tolist() == ["osm:relation/1"]
    assert len(layers(areas=[({"building": "garage"}, SMALL)]).by_name()[layer]) == 0


def test_ground_is_of_areas_and_lamps_are_points():
    found = layers(points=[({"amenity": "school"}, Point(0, 0)), ({"highway": "street_lamp"}, Point(1, 0))])
    assert len(found.ground) == 0 and found.context["kind"].tolist() == ["school"]
    assert found.lamps.index.tolist() == ["osm:node/2"]


def test_water_in_a_pipe_parts_nothing():
    lines = [({"waterway": "stream"}, EAST), ({"waterway": "stream", "tunnel": "culvert"}, EAST)]
    assert layers(lines=lines).waterways.index.tolist() == ["osm:way/1"]


def test_the_order_of_objects_does_not_matter():
    points = [({"amenity": "bench"}, Point(i, i)) for i in range(12)]
    areas = [({"building": "apartments"}, box(20 * i, 50, 20 * i + 10, 60)) for i in range(12)]
    one = layers(points=points, areas=areas).by_name()
    for name in ("place_objects", "buildings", "dwellings"):
        assert one[name].index.is_monotonic_increasing and len(one[name]) == 12


def test_a_hole_in_a_building_is_no_floor():
    shape = Polygon(box(0, 0, 50, 20).exterior, [box(10, 5, 40, 15).exterior])  # 1,000 - 300 m²
    assert dwellings({"building": "apartments"}, shape)["dwellings"].sum() == pytest.approx(700 * LEVELS / GROSS_M2)
