"""Extracts: what is read, what is lost and counted, and which error says so.

Expected values come from the documents that the tests write, from plain counting of the XML that
osmium converts, and from GDAL's own OSM driver.
"""

from __future__ import annotations

import bz2
import hashlib
import itertools
import logging
import os
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from spatial.core.errors import EmptyAreaError, SourceFormatError, SourceUnavailable, SpatialError
from spatial.osm import osmium_reader, pbf, reader
from tests.osm_xml import CENTRE_M, GRAIN_M, METRIC, degrees, write

BENCH = b'<osm version="0.6"><node id="1" lat="55" lon="12"><tag k="amenity" v="bench"/></node></osm>'
SQUARE = {1: (0, 0), 2: (40, 0), 3: (40, 30), 4: (0, 30)}
RING = (1, 2, 3, 4, 1)
FINNISH = CRS.from_epsg(3067)


def read(path, area=None):
    return reader.read_area(path, area, METRIC)


def local(shape):
    """A shape in metres around the centre."""
    return shapely.transform(shape, lambda xy: xy - np.array(CENTRE_M))


def lon_lat_box(west, south, east, north):
    return shapely.box(*degrees(west, south), *degrees(east, north))


def hausdorff_m(extent, box_wgs84):
    """How far the corners of an extent lie from those of a box in degrees."""
    to_metric = Transformer.from_crs(4326, METRIC, always_xy=True)
    expected = shapely.transform(box_wgs84, lambda xy: np.column_stack(to_metric.transform(*xy.T)))
    return extent.hausdorff_distance(expected)


@pytest.fixture
def town(tmp_path):
    """Every geometry once; no header box."""
    nodes = SQUARE | {
        5: (10, 10), 6: (20, 10), 7: (20, 20), 8: (10, 20),
        10: (100, 0), 11: (160, 0), 12: (160, 80),
        20: (5, -20, {"amenity": "bench", "backrest": "yes"}),
        21: (200, 100, {"natural": "tree"}),
        22: (-50, 50, {"source": "nothing that matters"}),
    }  # fmt: skip
    ways = {
        1: (RING, {}),
        2: ((5, 6, 7, 8, 5), {}),
        3: ((10, 11, 12), {"highway": "footway", "surface": "asphalt"}),
        4: (RING, {"leisure": "playground"}),
        5: ((10, 11, 12), {"note": "no tag that matters"}),
    }
    relations = {
        1: (
            [("way", 1, "outer"), ("way", 2, "inner")],
            {"type": "multipolygon", "building": "apartments"},
        )
    }
    return nodes, ways, relations


# --- what is read ---


def test_points_lines_and_areas(town, tmp_path):
    raw = read(write(tmp_path / "town.osm", *town))
    assert list(raw.points.ids) == ["osm:node/20", "osm:node/21"]
    assert raw.points.tags[0] == {"amenity": "bench", "backrest": "yes"}
    assert local(raw.points.geometry[0]).distance(shapely.Point(5, -20)) < GRAIN_M
    assert list(raw.lines.ids) == ["osm:way/3"]
    assert raw.lines.tags[0] == {"highway": "footway", "surface": "asphalt"}
    # 60 m east and 80 m north
    assert raw.lines.geometry[0].length == pytest.approx(140, abs=4 * GRAIN_M)
    assert sorted(raw.areas.ids) == ["osm:relation/1", "osm:way/4"]
    assert not raw.dropped and not raw.repaired
    for features in (raw.points, raw.lines, raw.areas):
        assert len(features) == len(features.ids) == len(features.tags) == len(features.geometry)


def test_multipolygon_has_its_hole(town, tmp_path):
    raw = read(write(tmp_path / "town.osm", *town))
    area = dict(zip(raw.areas.ids, raw.areas.geometry, strict=True))
    block, playground = area["osm:relation/1"], area["osm:way/4"]
    assert block.geom_type == playground.geom_type == "Polygon"
    assert playground.area == pytest.approx(40 * 30, abs=70 * GRAIN_M)
    assert block.area == pytest.approx(40 * 30 - 10 * 10, abs=90 * GRAIN_M)
    assert len(block.interiors) == 1 and not local(block).contains(shapely.Point(15, 15))


def test_multipolygon_of_two_outers_is_one_object(tmp_path):
    nodes = SQUARE | {11: (100, 0), 12: (110, 0), 13: (110, 10), 14: (100, 10)}
    ways = {1: (RING, {}), 2: ((11, 12, 13, 14, 11), {})}
    relations = {
        9: (
            [("way", 1, "outer"), ("way", 2, "outer")],
            {"type": "multipolygon", "landuse": "residential"},
        )
    }
    raw = read(write(tmp_path / "two.osm", nodes, ways, relations))
    assert list(raw.areas.ids) == ["osm:relation/9"]
    assert raw.areas.geometry[0].geom_type == "MultiPolygon"
    assert raw.areas.geometry[0].area == pytest.approx(1200 + 100, abs=110 * GRAIN_M)


@pytest.mark.parametrize(
    ("tags", "line", "area"),
    [
        ({"highway": "pedestrian"}, True, False),  # a round way
        ({"highway": "pedestrian", "area": "yes"}, True, True),  # a square that one walks across
        ({"highway": "footway", "area": "no"}, True, False),
        ({"barrier": "fence", "leisure": "playground"}, True, True),
        ({"leisure": "playground"}, False, True),
        ({"building": "yes"}, False, True),
        ({"building": "yes", "area": "no"}, False, False),
        ({"amenity": "bench"}, False, True),
        ({"type": "multipolygon"}, False, False),
    ],
)
def test_closed_ways(tags, line, area, tmp_path):
    nodes = SQUARE | {9: (0, 0, {"amenity": "bench"})}
    raw = read(write(tmp_path / "closed.osm", nodes, {7: (RING, tags)}))
    assert list(raw.lines.ids) == ["osm:way/7"] * line
    assert list(raw.areas.ids) == ["osm:way/7"] * area


@pytest.mark.parametrize(
    ("tags", "line"),
    [({"amenity": "bench"}, True), ({"barrier": "hedge"}, True), ({"building": "yes"}, False)],
)
def test_open_ways(tags, line, tmp_path):
    nodes = SQUARE | {9: (0, 0, {"amenity": "bench"})}
    raw = read(write(tmp_path / "open.osm", nodes, {7: ((1, 2, 3), tags)}))
    assert (len(raw.lines), len(raw.areas)) == (int(line), 0)


def test_lines_keep_the_identity_of_every_node(tmp_path):
    nodes = SQUARE | {5: (40, 0)}  # 5 lies on 2 and is another node
    ways = {
        1: ((1, 2, 3), {"highway": "path"}),
        2: ((4, 5), {"highway": "path"}),
        3: (RING, {"highway": "path"}),
    }
    raw = read(write(tmp_path / "ids.osm", nodes, ways))
    counts = shapely.get_num_coordinates(raw.lines.geometry)
    rows = dict(zip(raw.lines.ids, np.split(raw.lines.node_ids, np.cumsum(counts)[:-1]), strict=True))
    assert {key: list(row) for key, row in rows.items()} == {
        "osm:way/1": [1, 2, 3], "osm:way/2": [4, 5], "osm:way/3": [1, 2, 3, 4, 1],
    }  # fmt: skip


@pytest.mark.parametrize("ending", [".osm", ".osm.bz2", ".osm.pbf", ".pbf"])
def test_every_format_gives_the_same(ending, town, tmp_path):
    expected, found = (
        read(write(tmp_path / "a.osm", *town)),
        read(write(tmp_path / f"b{ending}", *town)),
    )
    for name in ("points", "lines", "areas"):
        one, other = getattr(expected, name), getattr(found, name)
        assert list(one.ids) == list(other.ids) and list(one.tags) == list(other.tags)
        assert shapely.equals_exact(one.geometry, other.geometry, 1e-6).all()
    assert list(expected.lines.node_ids) == list(found.lines.node_ids)
    assert found.extent.equals_exact(expected.extent, 1e-6)


def test_an_area_keeps_whole_what_touches_its_box(town, tmp_path):
    path = write(tmp_path / "town.osm", *town)
    raw = read(path, lon_lat_box(150, -5, 190, 40))  # the corner of the footway, nothing else
    assert (len(raw.points), list(raw.lines.ids), len(raw.areas)) == (0, ["osm:way/3"], 0)
    assert raw.lines.geometry[0].length == pytest.approx(140, abs=4 * GRAIN_M)
    assert list(raw.lines.node_ids) == [10, 11, 12]
    raw = read(path, lon_lat_box(30, 25, 50, 40))  # a corner of the house and the playground
    assert (len(raw.points), len(raw.lines), len(raw.areas)) == (0, 0, 2)


def test_extent_is_the_header_box_where_there_is_one(town, tmp_path):
    box = (-300, -200, 500, 400)
    for ending in (".osm", ".osm.pbf"):
        raw = read(write(tmp_path / f"boxed{ending}", *town, bounds=box))
        assert hausdorff_m(raw.extent, lon_lat_box(*box)) < GRAIN_M


def test_extent_without_a_header_is_the_box_of_free_nodes(tmp_path):
    """Ways reach out of an extract; a node by itself is there because it lies in it."""
    nodes = {
        1: (-900, 0, {"highway": "crossing"}), 2: (900, 0, {"barrier": "gate"}),
        3: (-100, -50, {"amenity": "bench"}), 4: (120, 80, {"natural": "tree"}),
    }  # fmt: skip
    raw = read(write(tmp_path / "free.osm", nodes, {1: ((1, 2), {"highway": "residential"})}))
    low, high = np.array([degrees(-100, -50), degrees(120, 80)])
    assert hausdorff_m(raw.extent, shapely.box(*low, *high)) < GRAIN_M


def test_data_date_is_the_newest_edit_of_any_object(town, tmp_path):
    assert read(write(tmp_path / "a.osm", *town)).provenance.data_date == "2024-05-06"
    for newest in ("node/20", "way/3", "way/4", "relation/1"):
        raw = read(write(tmp_path / "b.osm", *town, when={newest: "2025-01-02T03:04:05Z"}))
        assert raw.provenance.data_date == "2025-01-02", newest


def test_undated_objects_have_no_data_date(town, tmp_path):
    path = write(tmp_path / "a.osm", *town)
    path.write_text(path.read_text().replace(' timestamp="2024-05-06T07:08:09Z"', ""))
    assert read(path).provenance.data_date is None


def test_provenance(town, tmp_path):
    path = write(tmp_path / "a.osm", *town)
    found = read(path).provenance
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found.source_id, found.path) == ("osm", str(path))
    assert found.licence == "ODbL 1.0" and found.attribution == "© OpenStreetMap contributors"
    assert not found.complete  # what OpenStreetMap does not show may still be there


# --- what is lost, and counted ---


def test_a_way_cut_at_the_edge_is_kept_in_pieces(tmp_path):
    nodes = {
        1: (0, 0),
        2: (10, 0),
        4: (30, 0),
        6: (50, 0),
        7: (60, 0),
        8: (70, 0),
        9: (0, 9, {"amenity": "bench"}),
    }
    # 3 and 5 are missing: 1–2 and 6–7–8 are there, 4 alone is no line
    raw = read(write(tmp_path / "cut.osm", nodes, {1: ((1, 2, 3, 4, 5, 6, 7, 8), {"highway": "path"})}))
    assert list(raw.lines.ids) == ["osm:way/1"] * 2
    assert shapely.length(raw.lines.geometry) == pytest.approx([10, 20], abs=2 * GRAIN_M)
    assert list(raw.lines.node_ids) == [1, 2, 6, 7, 8]
    assert raw.repaired == {"line cut at the edge of the extract": 1} and not raw.dropped


def test_a_way_of_which_no_piece_is_left_is_dropped(tmp_path):
    nodes = {1: (0, 0), 9: (0, 9, {"amenity": "bench"})}
    raw = read(write(tmp_path / "cut.osm", nodes, {1: ((1, 2, 3), {"highway": "path"})}))
    assert not len(raw.lines)
    assert raw.dropped == {"line cut at the edge of the extract": 1} and not raw.repaired


def test_a_way_of_one_node_is_dropped(tmp_path):
    nodes = {1: (0, 0), 9: (0, 9, {"amenity": "bench"})}
    raw = read(write(tmp_path / "one.osm", nodes, {1: ((1,), {"highway": "path"})}))
    assert not len(raw.lines) and raw.dropped == {"line with fewer than two nodes": 1}


def test_relations_with_missing_members_are_counted_buildings_apart(tmp_path):
    nodes = SQUARE | {9: (0, 9, {"amenity": "bench"})}
    members = [("way", 1, "outer"), ("way", 999, "outer")]
    relations = {
        1: (members, {"type": "multipolygon", "building": "yes"}),
        2: (members, {"type": "multipolygon", "building": "apartments"}),
        3: (members, {"type": "multipolygon", "leisure": "park"}),
        4: (members, {"type": "route", "route": "bus"}),
    }
    raw = read(write(tmp_path / "lost.osm", nodes, {1: ((1, 2, 3), {})}, relations))
    assert not len(raw.areas)
    assert raw.dropped == {pbf.LOST_BUILDING: 2, pbf.LOST_AREA: 1}


def test_areas_with_missing_nodes_are_counted_buildings_apart(tmp_path):
    """A closed way at the edge loses nodes as a relation loses members; neither goes unsaid."""
    nodes = SQUARE | {9: (0, 9, {"amenity": "bench"})}
    ways = {1: ((1, 2, 77, 4, 1), {"building": "yes"}), 2: ((1, 2, 77, 4, 1), {"leisure": "park"})}
    raw = read(write(tmp_path / "lost.osm", nodes, ways))
    assert not len(raw.areas)
    assert raw.dropped == {pbf.LOST_BUILDING: 1, pbf.LOST_AREA: 1}


def test_a_relation_whose_ways_lack_nodes_is_counted(tmp_path):
    nodes = SQUARE | {9: (0, 9, {"amenity": "bench"})}
    relations = {1: ([("way", 1, "outer")], {"type": "multipolygon", "building": "yes"})}
    raw = read(write(tmp_path / "lost.osm", nodes, {1: ((1, 2, 77, 4, 1), {})}, relations))
    assert not len(raw.areas) and sum(raw.dropped.values()) == 1


def test_a_self_crossing_area_is_repaired_and_counted(tmp_path):
    """A bow tie 40 m wide and 30 m high: two triangles of 20 m × 30 m / 2 on their sides."""
    nodes = SQUARE | {9: (0, 90, {"amenity": "bench"})}
    raw = read(write(tmp_path / "bow.osm", nodes, {7: ((1, 2, 4, 3, 1), {"leisure": "playground"})}))
    assert list(raw.areas.ids) == ["osm:way/7"]
    shape = raw.areas.geometry[0]
    assert shape.is_valid and shape.area == pytest.approx(2 * 40 * 15 / 2, abs=2)
    assert raw.repaired == {"self-crossing area": 1} and not raw.dropped


def test_an_area_of_two_corners_is_dropped_and_counted(tmp_path):
    nodes = SQUARE | {9: (0, 90, {"amenity": "bench"})}
    raw = read(write(tmp_path / "flat.osm", nodes, {7: ((1, 2, 1), {"leisure": "playground"})}))
    assert not len(raw.areas) and raw.dropped == {"area without extent": 1}


COURTYARD = {5: (10, 10), 6: (20, 10), 7: (20, 20), 8: (10, 20)}


def test_a_building_mapped_as_relation_and_as_outer_way_is_one(tmp_path):
    """The way alone would fill the courtyard that the relation cuts out."""
    ways = {1: (RING, {"building": "yes"}), 2: ((5, 6, 7, 8, 5), {})}
    relations = {
        1: (
            [("way", 1, "outer"), ("way", 2, "inner")],
            {"type": "multipolygon", "building": "apartments"},
        )
    }
    raw = read(write(tmp_path / "twin.osm", SQUARE | COURTYARD, ways, relations))
    assert list(raw.areas.ids) == ["osm:relation/1"]
    assert raw.repaired == {pbf.TWIN: 1} and not raw.dropped


def test_without_a_courtyard_the_ways_of_a_building_say_more(tmp_path):
    nodes = SQUARE | {11: (100, 0), 12: (110, 0), 13: (110, 10), 14: (100, 10)}
    other = ((11, 12, 13, 14, 11), {"building": "garage"})
    relations = {1: ([("way", 1, "outer"), ("way", 2, "outer")], {"type": "multipolygon", "building": "yes"})}
    raw = read(write(tmp_path / "a.osm", nodes, {1: (RING, {"building": "apartments"}), 2: other}, relations))
    assert sorted(raw.areas.ids) == ["osm:way/1", "osm:way/2"] and raw.repaired == {pbf.TWIN: 1}
    # one of the outer ways is no building by itself: then the relation is needed
    raw = read(write(tmp_path / "b.osm", nodes, {1: (RING, {}), 2: other}, relations))
    assert sorted(raw.areas.ids) == ["osm:relation/1", "osm:way/2"]


def test_a_building_within_the_courtyard_of_another_stays(tmp_path):
    ways = {1: (RING, {}), 2: ((5, 6, 7, 8, 5), {"building": "shed"})}
    relations = {
        1: (
            [("way", 1, "outer"), ("way", 2, "inner")],
            {"type": "multipolygon", "building": "apartments"},
        )
    }
    raw = read(write(tmp_path / "shed.osm", SQUARE | COURTYARD, ways, relations))
    assert sorted(raw.areas.ids) == ["osm:relation/1", "osm:way/2"] and not raw.repaired


def test_cut_outlines_far_from_the_area_are_not_counted(tmp_path):
    """A country's extract is cut along its whole border; that does not touch an estate inside."""
    nodes = SQUARE | {9: (3000, 9, {"amenity": "bench"})}
    path = write(
        tmp_path / "far.osm",
        nodes,
        {1: ((1, 2, 77, 4, 1), {"building": "yes"})},
        bounds=(-50, -400, 4000, 400),
    )
    assert not read(path, lon_lat_box(2900, 0, 3100, 50)).dropped
    assert read(path, lon_lat_box(-5, -5, 50, 50)).dropped == {pbf.LOST_BUILDING: 1}


WIDE = (-20_000, -20_000, 20_000, 20_000)


@pytest.mark.parametrize(
    ("refs", "tags"),
    [
        ((1, 2), {"highway": "track"}),
        ((1, 2), {"waterway": "canal"}),
        ((1, 2, 3, 4, 1), {"highway": "path"}),
        ((1, 2, 3, 4, 1), {"barrier": "fence"}),
        ((1, 2, 3, 4, 1), {"leisure": "park"}),
    ],
)
def test_what_passes_by_is_kept_however_far_off_it_begins(refs, tags, tmp_path):
    """A canal, a way around a lake, a park: both ends are 9 km from the area they cross."""
    nodes = {1: (-9000, 0), 2: (9000, 0), 3: (9000, 9000), 4: (-9000, 9000)}
    path = write(tmp_path / "long.osm.pbf", nodes, {1: (refs, tags)}, bounds=WIDE)
    raw = read(path, lon_lat_box(-100, -500, 100, 500))
    assert {*raw.lines.ids, *raw.areas.ids} == {"osm:way/1"}


def test_what_is_wrong_far_off_does_no_harm(tmp_path):
    """A whole country's extract always holds some building that crosses itself."""
    far = {i + 10: (x + 9000, y) for i, (x, y) in SQUARE.items()}
    ways = {
        1: (RING, {"building": "yes"}),
        2: ((11, 12, 14, 13, 11), {"building": "yes"}),
        3: ((11, 12, 11), {"building": "yes"}),
        4: ((11, 12, 77, 14, 11), {"building": "yes"}),
        5: ((11,), {"highway": "path"}),
        6: ((77, 78), {"highway": "path"}),
        7: ((77, 78, 79, 77), {"building": "yes"}),
    }
    path = write(tmp_path / "far.osm.pbf", SQUARE | far, ways, bounds=WIDE)
    raw = read(path, lon_lat_box(-100, -500, 100, 500))
    assert [*raw.areas.ids] == ["osm:way/1"] and not len(raw.lines)
    assert not raw.repaired


def test_a_self_crossing_building_near_by_is_repaired_in_an_extract_with_a_header(tmp_path):
    ways = {1: ((1, 2, 4, 3, 1), {"building": "yes"})}
    path = write(tmp_path / "bow.osm.pbf", SQUARE, ways, bounds=WIDE)
    raw = read(path, lon_lat_box(-100, -500, 100, 500))
    assert [*raw.areas.ids] == ["osm:way/1"] and raw.repaired == {"self-crossing area": 1}


def test_what_was_lost_is_logged_with_its_count(tmp_path, caplog):
    nodes = SQUARE | {9: (0, 9, {"amenity": "bench"})}
    path = write(
        tmp_path / "cut.osm",
        nodes,
        {1: ((1, 2, 77, 3, 4), {"highway": "path"}), 2: ((1, 88), {"highway": "path"})},
    )
    with caplog.at_level(logging.INFO, logger="spatial"):
        read(path)
    assert "cut.osm: 1 points, 2 lines, 0 areas" in caplog.messages
    assert "cut.osm: dropped 1 objects: line cut at the edge of the extract" in caplog.messages
    assert "cut.osm: repaired 1 objects: line cut at the edge of the extract" in caplog.messages


def test_hostile_text_comes_through_unchanged(tmp_path):
    name = "<b>\"Rødgrød\" & 'fløde' 🌳\n=1+1"
    raw = read(write(tmp_path / "a.osm.pbf", {1: (0, 0, {"amenity": "bench", "name": name})}))
    assert raw.points.tags[0]["name"] == name


# --- errors ---


def html(path):
    path.write_text("<!DOCTYPE html><html><body><h1>504 Gateway Timeout</h1></body></html>")


def halved(source):
    def make(path):
        whole = write(path.with_name("whole" + source), SQUARE | {9: (0, 9, {"amenity": "bench"})}).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])

    return make


def data(text):
    return lambda path: path.write_bytes(text)


BAD = [
    ("gone.osm.pbf", lambda path: None, SourceUnavailable),
    ("empty.osm.pbf", data(b""), SourceFormatError),
    ("empty.osm", data(b""), SourceFormatError),
    ("empty.osm.bz2", data(b""), SourceFormatError),
    ("half.osm.pbf", halved(".osm.pbf"), SourceFormatError),
    ("half.osm", halved(".osm"), SourceFormatError),
    ("half.osm.bz2", halved(".osm.bz2"), SourceFormatError),
    ("page.osm", html, SourceFormatError),
    ("page.osm.pbf", html, SourceFormatError),
    ("page.osm.bz2", html, SourceFormatError),
    ("town.shp", data(b"x"), SourceFormatError),
    ("town.osm.gz", data(b"x"), SourceFormatError),
    ("town.txt", data(b"x"), SourceFormatError),
    ("folder.osm", lambda path: path.mkdir(), SourceFormatError),
    (
        "latin.osm",
        data(BENCH.replace(b"bench", b"caf\xe9")),
        SourceFormatError,
    ),
    (
        "north.osm",
        data(BENCH.replace(b"55", b"x")),
        SourceFormatError,
    ),
    ("nothing.osm", data(b'<osm version="0.6"></osm>'), EmptyAreaError),
    (
        "untagged.osm",
        data(b'<osm version="0.6"><node id="1" lat="55" lon="12"/></osm>'),
        EmptyAreaError,
    ),
]


@pytest.mark.parametrize(("name", "make", "kind"), BAD, ids=[row[0] for row in BAD])
def test_bad_extracts(name, make, kind, tmp_path):
    path = tmp_path / name
    make(path)
    with pytest.raises(kind) as caught:
        read(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message and "needed" in message


def test_a_boundary_outside_the_extract_says_where_both_are(town, tmp_path):
    path = write(tmp_path / "town.osm", *town, bounds=(-300, -200, 500, 400))
    with pytest.raises(EmptyAreaError) as caught:
        read(path, shapely.box(24.93, 60.16, 24.94, 60.17))
    message = str(caught.value)
    assert str(path) in message and "24.935,60.165" in message and "outside" in message and "\n" not in message
    west, south = degrees(-300, -200)
    assert f"{west:.3f},{south:.3f}" in message


def test_a_file_without_rights_is_unavailable(town, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("run as root, who may read every file")
    path = write(tmp_path / "town.osm", *town)
    path.chmod(0)
    with pytest.raises(SourceUnavailable, match=r"town\.osm.*rights"):
        read(path)


def test_one_node_without_a_position_does_not_spoil_the_extract(tmp_path):
    """Deleted objects, which JOSM leaves in its files, have none."""
    path = write(tmp_path / "a.osm", {1: (0, 0, {"amenity": "bench"}), 2: (9, 9, {"amenity": "bench"})})
    lost = '<node id="3" version="2" visible="false"><tag k="amenity" v="bench"/></node>'
    path.write_text(path.read_text().replace("</osm>", lost + "</osm>"))
    raw = read(path)
    assert list(raw.points.ids) == ["osm:node/1", "osm:node/2"]
    assert raw.read["node"] == {"in_file": 3, "kept": 2, "too_far": 0, "dropped": {"deleted object": 1}}


def only_ours(path: Path) -> None:
    try:
        read(path)
    except SpatialError as error:
        assert "\n" not in str(error) and str(path) in str(error)


WHOLE = {
    ".osm": BENCH,
}
WHOLE[".osm.bz2"] = bz2.compress(WHOLE[".osm"])


@pytest.mark.parametrize("ending", osmium_reader.SUFFIXES)
@given(content=st.binary(min_size=1, max_size=200))
@example(content=b"\n")
@example(content=b"BZh9")
@example(content=b"\x00\x00\x00\x0d\x0a\x09OSMHeader")
@example(content=b"<osm>")
@example(content=b'<osm version="0.5"/>')
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_give_only_our_errors(ending, content, tmp_path):
    path = tmp_path / f"noise{ending}"
    path.write_bytes(content)
    only_ours(path)


@pytest.mark.parametrize("ending", WHOLE)
@given(at=st.integers(0, 120), byte=st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_wrong_byte_gives_only_our_errors(ending, at, byte, tmp_path):
    whole = bytearray(WHOLE[ending])
    whole[at % len(whole)] = byte
    path = tmp_path / f"bit{ending}"
    path.write_bytes(whole)
    only_ours(path)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_wrong_byte_in_a_pbf_gives_only_our_errors(data, tmp_path):
    source = tmp_path / "whole.osm.pbf"
    if not source.exists():
        write(source, SQUARE | {9: (0, 9, {"amenity": "bench"})}, {1: (RING, {"building": "yes"})})
    whole = bytearray(source.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "bit.osm.pbf"
    path.write_bytes(whole)
    only_ours(path)


# --- against GDAL and plain counting ---


@pytest.fixture(scope="session")
def helsinki(demo_data):
    return reader.read_area(demo_data / "helsinki.osm.pbf", None, FINNISH)


@pytest.fixture(scope="session")
def helsinki_plain(demo_data):
    """Nodes, ways and relations of the extract, read without any filter or assembly."""
    nodes, ways, relations = {}, {}, {}
    for obj in osmium.FileProcessor(str(demo_data / "helsinki.osm.pbf")):
        tags = dict(obj.tags)
        if obj.is_node():
            nodes[obj.id] = ((obj.lon, obj.lat), tags)
        elif obj.is_way():
            ways[obj.id] = ([node.ref for node in obj.nodes], tags)
        else:
            relations[obj.id] = ([(m.type, m.ref, m.role) for m in obj.members], tags)
    return nodes, ways, relations


@pytest.fixture(scope="session")
def gdal(demo_data):
    """GDAL's view of the extract: its layers by name, with tags split up."""
    import pyogrio

    path = demo_data / "helsinki.osm.pbf"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of rings cut open at the edge
        return {
            name: pyogrio.read_dataframe(path, layer=name, on_invalid="ignore")
            for name in ("points", "lines", "multipolygons")
        }


def gdal_tag(table, key, value):
    """GDAL keeps rarer tags as one text of "key"=>"value" pairs."""
    column = table[key] == value if key in table else False
    return table[column | table["other_tags"].fillna("").str.contains(f'"{key}"=>"{value}"', regex=False)]


def test_benches_of_helsinki_as_gdal_counts_them(helsinki, gdal):
    """Points: the same objects. Nothing is different about a node."""
    expected = set(gdal_tag(gdal["points"], "amenity", "bench")["osm_id"])
    found = {
        i.rpartition("/")[2]
        for i, tags in zip(helsinki.points.ids, helsinki.points.tags, strict=True)
        if tags.get("amenity") == "bench"
    }
    assert found == expected and len(found) > 100


def test_footways_of_helsinki_as_gdal_counts_them(helsinki, helsinki_plain, gdal):
    """Lines: GDAL gives one line a way over the nodes that are there, drops closed ones with
    area=yes, and joins over missing nodes; here a way is cut there, and a closed one
    is also a line."""
    nodes, ways, _ = helsinki_plain
    footways = {i: refs for i, (refs, tags) in ways.items() if tags.get("highway") == "footway"}
    areas = {i for i in footways if ways[i][0][0] == ways[i][0][-1] and ways[i][1].get("area") == "yes"}
    usable = {i for i, refs in footways.items() if any(a in nodes and b in nodes for a, b in itertools.pairwise(refs))}
    known_to_gdal = {i for i, refs in footways.items() if len([ref for ref in refs if ref in nodes]) > 1}
    expected = set(map(int, gdal["lines"][gdal["lines"]["highway"] == "footway"]["osm_id"]))
    assert expected == known_to_gdal - areas
    found = Counter(
        int(i.rpartition("/")[2])
        for i, tags in zip(helsinki.lines.ids, helsinki.lines.tags, strict=True)
        if tags.get("highway") == "footway"
    )
    assert set(found) == usable == (expected | areas) - (known_to_gdal - usable)
    assert len(found) > 1000


def test_buildings_of_helsinki_as_gdal_counts_them(helsinki, helsinki_plain, gdal):
    """Areas: GDAL closes what the edge of the extract has cut open; here it is dropped and counted.
    Both take the relation alone where the outer way is a building as well and there is a hole."""
    nodes, ways, relations = helsinki_plain
    table = gdal["multipolygons"]
    table = table[table["building"].notna()]
    by_way = set(map(int, table["osm_way_id"].dropna()))
    by_relation = set(map(int, table["osm_id"].dropna()))
    whole_way = {
        i
        for i, (refs, tags) in ways.items()
        if "building" in tags and refs[0] == refs[-1] and all(ref in nodes for ref in refs)
    }
    cut_way = {
        i
        for i, (refs, tags) in ways.items()
        if "building" in tags and refs[0] == refs[-1] and not all(ref in nodes for ref in refs)
    }
    whole_relation = {
        i for i, (members, tags) in relations.items()
        if "building" in tags and tags.get("type") == "multipolygon"
        and all(ref in ways for kind, ref, _ in members if kind == "w")
        and all(node in nodes for kind, ref, _ in members if kind == "w" for node in ways[ref][0])
    }  # fmt: skip
    every_relation = {
        i for i, (_, tags) in relations.items() if "building" in tags and tags.get("type") == "multipolygon"
    }
    ids = [i.split("/") for i, tags in zip(helsinki.areas.ids, helsinki.areas.tags, strict=True) if "building" in tags]
    found_way = {int(i) for kind, i in ids if kind == "osm:way"}
    found_relation = {int(i) for kind, i in ids if kind == "osm:relation"}
    outer_of_holed = {
        ref for i in whole_relation for kind, ref, role in relations[i][0]
        if kind == "w" and role == "outer" and any(r == "inner" for *_, r in relations[i][0])
    }  # fmt: skip
    assert outer_of_holed & whole_way == {122595213, 675858716}
    assert found_way == whole_way - outer_of_holed
    assert found_relation == whole_relation
    assert by_way - found_way <= cut_way and found_way - by_way == set()
    assert by_relation - found_relation <= every_relation - whole_relation and found_relation - by_relation == set()
    assert helsinki.dropped[pbf.LOST_BUILDING] == len(cut_way) + len(every_relation - whole_relation)


def test_areas_of_helsinki_are_as_large_as_gdals(helsinki, gdal):
    table = gdal["multipolygons"]
    table = table[table["building"].notna() & table["osm_way_id"].notna()].to_crs(FINNISH)
    expected = dict(zip("osm:way/" + table["osm_way_id"], table.area, strict=True))
    found = {
        i: shape.area
        for i, tags, shape in zip(helsinki.areas.ids, helsinki.areas.tags, helsinki.areas.geometry, strict=True)
        if "building" in tags
    }
    shared = sorted(expected.keys() & found.keys())
    assert len(shared) > 100
    assert np.array([found[i] for i in shared]) == pytest.approx(np.array([expected[i] for i in shared]), rel=1e-6)


def test_positions_of_helsinki_are_projected_node_by_node(helsinki, helsinki_plain):
    nodes, _ways, _ = helsinki_plain
    to_metric = Transformer.from_crs(4326, FINNISH, always_xy=True)
    at = [int(i.rpartition("/")[2]) for i in helsinki.points.ids]
    expected = np.column_stack(to_metric.transform(*np.array([nodes[i][0] for i in at]).T))
    assert shapely.get_coordinates(helsinki.points.geometry) == pytest.approx(expected, abs=1e-6)
    counts = shapely.get_num_coordinates(helsinki.lines.geometry)
    assert counts.sum() == len(helsinki.lines.node_ids)
    expected = np.column_stack(to_metric.transform(*np.array([nodes[int(i)][0] for i in helsinki.lines.node_ids]).T))
    assert shapely.get_coordinates(helsinki.lines.geometry) == pytest.approx(expected, abs=1e-6)


def test_the_newest_edit_of_helsinki(helsinki):
    """As ``osmium fileinfo -e`` tells it."""
    assert helsinki.provenance.data_date == "2019-04-21"
