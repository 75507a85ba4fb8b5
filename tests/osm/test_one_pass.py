"""Partitions of an extract hold what ``osm_file`` reads, object for object and byte for byte.

The other reader is the judge: it goes through osmium from the first byte to the last geometry, and was
compared with GDAL in ``test_osm_file``.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import replace
from pathlib import Path
from unittest import mock

import geopandas as gpd
import numpy as np
import osmium
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from spatial.core.errors import EmptyAreaError, InputError, SourceFormatError, SourceUnavailable, SpatialError
from spatial.core.model import Estate
from spatial.osm import partitions, pbf, reader
from spatial.osm.pbf import blocks, kernels
from spatial.sources import boundaries
from tests.osm import judge
from tests.osm_xml import CENTRE_M, METRIC, write

WIDE = (-20_000, -20_000, 20_000, 20_000)
SQUARE = {1: (0, 0), 2: (40, 0), 3: (40, 30), 4: (0, 30)}
RING = (1, 2, 3, 4, 1)
# How outlines that are cut are counted differs on purpose: a batch counts those near the area.
NEAR_ONLY = (pbf.LOST_AREA, pbf.LOST_BUILDING)


def estate(x_m=0.0, y_m=0.0, radius_m=300.0, name="here", crs=METRIC, reach_m=100.0):
    boundary = shapely.Point(CENTRE_M[0] + x_m, CENTRE_M[1] + y_m).buffer(radius_m)
    return Estate(name, name, boundary, crs, margin_m=0.0, reach_m=reach_m)


def check_same(path: Path, estates, folder: Path):
    found = partitions.prepare(path, estates, folder)
    for one in estates:
        expected = judge.osmium_around(path, one)
        check_same_raw(partitions.raw_around(found, one), expected)
        for large_bytes in (kernels.LARGE_BYTES, 0):  # in NumPy, and compiled
            with mock.patch.object(kernels, "LARGE_BYTES", large_bytes):
                raw = reader.read_area(path, reader.area_wgs84(one), one.crs)
            check_same_raw(raw, expected)
            for reason in (pbf.CUT_LINE, pbf.SHORT_LINE):
                assert raw.dropped.get(reason, 0) <= expected.dropped.get(reason, 0)
    return found


def check_same_raw(raw, expected):
    for name in ("points", "lines", "areas"):
        ours, theirs = getattr(raw, name), getattr(expected, name)
        assert list(ours.ids) == list(theirs.ids), name
        assert [dict(tags) for tags in ours.tags] == [dict(tags) for tags in theirs.tags]
        assert list(shapely.to_wkb(ours.geometry)) == list(shapely.to_wkb(theirs.geometry))
        if name == "lines":
            nodes = [] if theirs.node_ids is None else list(theirs.node_ids)
            assert ([] if ours.node_ids is None else list(ours.node_ids)) == nodes
    assert raw.extent.wkb == expected.extent.wkb
    for reason in NEAR_ONLY:
        assert raw.dropped.get(reason, 0) <= expected.dropped.get(reason, 0)
    assert raw.repaired.get(pbf.SELF_CROSSING, 0) == expected.repaired.get(pbf.SELF_CROSSING, 0)
    day = raw.provenance.retrieved_at if expected.provenance.data_date is None else None  # that of the file
    assert raw.provenance == replace(expected.provenance, retrieved_at=day)


def test_the_demo_town(demo_data, tmp_path):
    whole = boundaries.estate(demo_data / "reitbahnviertel.geojson")
    near = boundaries.estate(demo_data / "reitbahnviertel.geojson", margin_m=0, reach_m=150)
    check_same(demo_data / "reitbahnviertel.osm.pbf", [whole, near], tmp_path / "extract")


def test_what_is_counted_is_what_osmium_counts(demo_data, tmp_path):
    """Where all of the extract is near, as in the whole of Helsinki's, which cuts everything."""
    middle = Estate("h", "h", shapely.Point(386_000, 6_672_000).buffer(4_000), CRS.from_epsg(3067), reach_m=0.0)
    raw = reader.read_area(demo_data / "helsinki.osm.pbf", reader.area_wgs84(middle), middle.crs)
    expected = judge.osmium_around(demo_data / "helsinki.osm.pbf", middle)
    assert raw.dropped == expected.dropped and raw.repaired == expected.repaired
    assert raw.dropped[pbf.CUT_LINE] > 0 and raw.repaired[pbf.TWIN] > 0


def test_helsinki_where_everything_is_cut(demo_data, tmp_path):
    middle = Estate("h", "h", shapely.Point(386_000, 6_672_000).buffer(150), CRS.from_epsg(3067), reach_m=300.0)
    check_same(demo_data / "helsinki.osm.pbf", [middle], tmp_path / "extract")


@pytest.mark.shared
def test_a_whole_city(shared_data, demo_data, tmp_path):
    path = shared_data / "neubrandenburg" / "neubrandenburg.osm.pbf"
    boundary = demo_data / "reitbahnviertel.geojson"
    check_same(path, [boundaries.estate(boundary), boundaries.estate(boundary, reach_m=12_000)], tmp_path / "extract")


@pytest.mark.shared
def test_an_extract_without_a_box(shared_data, tmp_path):
    """Its extent is found from the nodes, as the other reader does it."""
    departments = shared_data / "copenhagen" / "almene_boliger_kk.geojson"
    one = boundaries.estate(departments, name="23, Østerbrogade")
    found = check_same(shared_data / "copenhagen" / "oesterbro.osm.pbf", [one], tmp_path / "extract")
    assert found.extent[0] == pytest.approx(12.561, abs=0.01)


COURTYARD = {5: (10, 10), 6: (20, 10), 7: (20, 20), 8: (10, 20)}
MADE_OF = [("way", 1, "outer"), ("way", 2, "inner")]
BOTH = [("way", 1, "outer"), ("way", 2, "outer")]
HOUSE = {"type": "multipolygon", "building": "yes"}
PARK = {"type": "multipolygon", "leisure": "park"}
INNER = (5, 6, 7, 8, 5)
TOWNS = {
    "hole": ({1: (RING, {}), 2: (INNER, {})}, {1: (MADE_OF, HOUSE)}),
    "twin": ({1: (RING, {"building": "yes"}), 2: (INNER, {})}, {1: (MADE_OF, HOUSE)}),
    "twin ways": ({1: (RING, {"building": "yes"}), 2: (INNER, {"building": "shed"})}, {1: (BOTH[:1], HOUSE)}),
    "boundary": ({1: (RING, {})}, {1: (BOTH[:1], {"type": "boundary", "leisure": "park"})}),
    "open rings": ({1: ((1, 2, 3), {}), 2: ((3, 4, 1), {})}, {1: (BOTH, PARK)}),
    "incomplete": ({1: (RING, {})}, {1: ([BOTH[0], ("way", 99, "outer")], HOUSE)}),
    "bow tie": ({1: ((1, 2, 4, 3, 1), {"leisure": "playground"})}, {}),
    "touching": ({1: ((1, 2, 3, 4, 2, 1), {"leisure": "playground"})}, {}),
    "spike": ({1: ((1, 2, 3, 2, 4, 1), {"leisure": "playground"})}, {}),
    "twice the same node": ({1: ((1, 2, 2, 3, 4, 1), {"building": "yes", "barrier": "wall"})}, {}),
    "two corners": ({1: ((1, 2, 1), {"building": "yes"})}, {}),
    "no area": ({1: (RING, {"leisure": "track", "area": "no"})}, {}),
    "area and line": ({1: (RING, {"highway": "pedestrian", "area": "yes"})}, {}),
    "cut line": ({1: ((1, 2, 77, 3, 4, 78, 1), {"highway": "path"})}, {}),
    "cut outline": ({1: ((1, 2, 77, 4, 1), {"building": "yes"})}, {}),
    "nothing left": ({1: ((77, 78), {"highway": "path"}), 2: ((1,), {"highway": "path"})}, {}),
    "no ways": ({}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", TOWNS)
def test_small_towns(name, tmp_path):
    ways, relations = TOWNS[name]
    nodes = SQUARE | COURTYARD | {9: (5, -20, {"amenity": "bench"}), 10: (9, 9, {"note": "nothing that matters"})}
    check_same(write(tmp_path / "a.osm.pbf", nodes, ways, relations, bounds=WIDE), [estate()], tmp_path / "extract")


CORNERS = {98: (-3000.0, -3000.0, {"amenity": "bench"}), 99: (3000.0, 3000.0, {"amenity": "bench"})}
TAGS = st.fixed_dictionaries(
    {},
    optional={
        "building": st.sampled_from(["yes", "house"]),
        "highway": st.sampled_from(["path", "service"]),
        "leisure": st.just("park"),
        "area": st.sampled_from(["yes", "no"]),
        "barrier": st.just("fence"),
        "name": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5),
    },
)
GRID = st.integers(-3, 3).map(lambda i: i * 50.0)
WAY = st.tuples(st.lists(st.integers(1, 9), min_size=1, max_size=7), st.booleans(), TAGS)


@given(
    places=st.lists(st.tuples(GRID, GRID, TAGS), min_size=1, max_size=8),
    ways=st.lists(WAY, max_size=6),
    members=st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["outer", "inner", ""])), min_size=1, max_size=4),
    tags=TAGS,
    has_box=st.booleans(),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    places=[(0.0, 0.0, {}), (50.0, 0.0, {}), (50.0, 50.0, {})],
    ways=[([1, 2, 3], True, {"building": "yes"})],
    members=[(1, "outer")],
    tags={"building": "yes"},
    has_box=True,
)
def test_any_town(places, ways, members, tags, has_box, tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    nodes = {i + 1: place for i, place in enumerate(places)} | CORNERS
    closed = {i + 1: ([*refs, refs[0]] if ring else refs, tag) for i, (refs, ring, tag) in enumerate(ways)}
    parts = [("way", way, role) for way, role in dict(members).items()]
    path = write(
        folder / "a.osm.pbf",
        nodes,
        closed,
        {1: (parts, {"type": "multipolygon", **tags})},
        bounds=WIDE if has_box else None,
    )
    check_same(path, [estate(radius_m=400.0), estate(60.0, 60.0, 5.0, "small", reach_m=0.0)], folder / "extract")


def test_what_passes_by_far_from_its_corners(tmp_path):
    """A park around the area, a road through it, and a relation around it: no node is near."""
    far = {1: (-9000, 0), 2: (9000, 0), 3: (9000, 9000), 4: (-9000, 9000), 5: (-9000, -9000), 6: (9000, -9000)}
    ways = {
        1: ((1, 2), {"highway": "track"}),
        2: ((5, 6, 3, 4, 5), {"leisure": "park"}),
        3: ((5, 6, 3), {}),
        4: ((3, 4, 5), {}),
    }
    relations = {1: ([("way", 3, "outer"), ("way", 4, "outer")], {"type": "multipolygon", "natural": "wood"})}
    path = write(tmp_path / "a.osm.pbf", far, ways, relations, bounds=WIDE)
    found = check_same(path, [estate()], tmp_path / "extract")
    assert {part.cell for part in found.parts} == {partitions.WIDE}


def test_areas_far_apart_share_nothing_but_the_file(tmp_path):
    nodes = {i: (x, 0.0, {"amenity": "bench"}) for i, x in enumerate((0.0, 15_000.0, -15_000.0))}
    path = write(tmp_path / "a.osm.pbf", nodes, bounds=WIDE)
    found = check_same(path, [estate(), estate(15_000.0, name="east")], tmp_path / "extract")
    # what is near no area is not written down
    assert sum(part.rows for part in found.parts) == 2


def test_what_was_made_is_used_again_and_made_again_when_inputs_change(tmp_path):
    path = write(tmp_path / "a.osm.pbf", {1: (0, 0, {"amenity": "bench"})}, bounds=WIDE)
    folder = tmp_path / "extract"
    first = partitions.prepare(path, [estate()], folder)
    stamp = (folder / partitions.INDEX).stat().st_mtime_ns
    assert partitions.prepare(path, [estate()], folder).key == first.key
    assert (folder / partitions.INDEX).stat().st_mtime_ns == stamp
    assert partitions.prepare(path, [estate(), estate(900.0, name="b")], folder).key != first.key
    write(path, {1: (0, 1, {"amenity": "bench"})}, bounds=WIDE) if path.unlink() is None else None
    assert partitions.prepare(path, [estate()], folder).key != first.key


def test_a_lost_partition_is_made_again(tmp_path):
    path = write(tmp_path / "a.osm.pbf", {1: (0, 0, {"amenity": "bench"})}, bounds=WIDE)
    found = partitions.prepare(path, [estate()], tmp_path / "extract")
    (tmp_path / "extract" / found.parts[0].file).unlink()
    assert partitions.load_prepared(tmp_path / "extract") is None
    assert len(partitions.raw_around(partitions.prepare(path, [estate()], tmp_path / "extract"), estate()).points) == 1


def test_partitions_are_geoparquet_that_others_read(demo_data, tmp_path):
    """GeoPandas finds CRS, geometry and covering, and reads a box through them."""
    here = boundaries.estate(demo_data / "reitbahnviertel.geojson")
    found = partitions.prepare(demo_data / "reitbahnviertel.osm.pbf", [here], tmp_path / "extract")
    part = max((one for one in found.parts if one.kind == "areas"), key=lambda one: one.rows)
    path = found.folder / part.file
    table = gpd.read_parquet(path)
    assert table.crs.to_epsg() == 4326 or table.crs.to_string() == "OGC:CRS84"
    assert len(table) == part.rows and table.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    np.testing.assert_allclose(table.total_bounds, part.box)
    middle = here.boundary.centroid
    lon, lat = gpd.GeoSeries([middle], crs=here.crs).to_crs(4326).iloc[0].coords[0]
    box = (lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001)
    some = gpd.read_parquet(path, bbox=box)
    assert 0 < len(some) < len(table)
    assert set(some["id"]) == set(
        table[table.intersects(shapely.box(*box)) | table.envelope.intersects(shapely.box(*box))]["id"]
    )
    geo = json.loads(pq.read_schema(path).metadata[b"geo"])
    assert geo["version"] == "1.1.0" and geo["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]


def damaged(content: bytes, how: str) -> bytes:
    if how == "cut":
        return content[: len(content) // 2]
    if how == "noise":
        return content[:200] + bytes(range(256)) * 4 + content[1224:]
    return b"<osm></osm>" * 40


@pytest.mark.parametrize("how", ["cut", "noise", "text"])
def test_a_damaged_extract_is_refused_and_leaves_nothing(how, demo_data, tmp_path):
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(damaged((demo_data / "reitbahnviertel.osm.pbf").read_bytes(), how))
    with pytest.raises(SourceFormatError, match=r"a\.osm\.pbf: cannot be read"):
        partitions.prepare(path, [boundaries.estate(demo_data / "reitbahnviertel.geojson")], tmp_path / "extract")
    assert [one.name for one in tmp_path.iterdir()] == ["a.osm.pbf"]


@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_wrong_bytes_within_a_block_give_only_our_errors(data, tmp_path_factory):
    """The blocks are not packed, so that a changed byte reaches the decoder and not only zlib."""
    folder = tmp_path_factory.mktemp("bytes")
    path = write(
        folder / "a.osm.pbf", SQUARE | {9: (5, 5, {"amenity": "bench"})}, {1: (RING, {"building": "yes"})}, bounds=WIDE
    )
    with osmium.SimpleWriter(osmium.io.File(str(folder / "b.osm.pbf"), "pbf,pbf_compression=none")) as writer:
        for obj in osmium.FileProcessor(str(path)):
            writer.add(obj)
    content = bytearray((folder / "b.osm.pbf").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / "b.osm.pbf").write_bytes(bytes(content))
    try:
        partitions.prepare(folder / "b.osm.pbf", [estate()], folder / "extract")
    except SpatialError:
        assert not (folder / "extract").exists()


@pytest.mark.parametrize("kind", ["node", "way"])
def test_an_edit_in_no_year_is_no_date(kind, tmp_path):
    """A block that says that something was last edited in the year 30,000,000 or so is read; it dates nothing."""
    content = protobuf(1, 7) + protobuf(4, protobuf(2, 10**15))
    if kind == "way":
        content += protobuf(2, b"\x01") + protobuf(3, b"\x02") + protobuf(8, b"\x02\x04")
    else:
        content = protobuf(1, 14) + protobuf(4, protobuf(2, 10**15)) + protobuf(2, b"\x01") + protobuf(3, b"\x02")
        content += protobuf(8, 2 * 555_000_000) + protobuf(9, 2 * 125_000_000)
    texts = b"".join(protobuf(1, text) for text in (b"", b"highway", b"path"))
    block = protobuf(1, texts) + protobuf(2, protobuf(3 if kind == "way" else 1, content))
    header = protobuf(4, b"OsmSchema-V0.6") + protobuf(4, b"DenseNodes")
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(blob(b"OSMHeader", header) + blob(b"OSMData", block))
    file = blocks.opened(path)
    (found,) = (file.block(one) for one in file.blobs())
    if kind == "way":
        (ways,) = found.ways()
        assert found.stamps(ways.info, np.array([0])).tolist() == [0]
    else:
        (nodes,) = found.nodes(found.having(["highway"]))
        assert (nodes.tagged.tolist(), nodes.stamps.tolist()) == ([0], [0])
        with pytest.raises(SpatialError):  # it holds nothing there; a date in no year must not be what stops it
            reader.read_around(path, estate(90_000.0))


def protobuf(number: int, value: int | bytes) -> bytes:
    """A field of a message, by the definition of the encoding."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    found = bytearray()
    while value >= 128:
        found.append(value % 128 + 128)
        value //= 128
    return bytes([*found, value])


def blob(kind: bytes, content: bytes) -> bytes:
    packed = protobuf(1, content)
    head = protobuf(1, kind) + protobuf(3, len(packed))
    return len(head).to_bytes(4, "big") + head + packed


@pytest.mark.parametrize("what", ["nodes", "ways"])
def test_an_unsorted_extract_is_refused_with_the_remedy(what, tmp_path):
    mutable = osmium.osm.mutable
    with osmium.SimpleWriter(str(tmp_path / "a.osm.pbf")) as writer:
        for i in (2, 1) if what == "nodes" else (1, 2):
            writer.add_node(mutable.Node(id=i, location=(12.0 + i, 55.0), tags={"amenity": "bench"}))
        for i in (2, 1):
            writer.add_way(mutable.Way(id=i, nodes=[1, 2], tags={"highway": "path"}))
    with pytest.raises(SourceFormatError, match=f"{what} are not in the order of their ids.*osmium sort"):
        partitions.prepare(tmp_path / "a.osm.pbf", [estate()], tmp_path / "extract")


def test_a_missing_extract_and_another_format(tmp_path):
    with pytest.raises(SourceUnavailable, match="no such file"):
        partitions.prepare(tmp_path / "no.osm.pbf", [estate()], tmp_path / "extract")
    xml = write(tmp_path / "a.osm", {1: (0, 0, {"amenity": "bench"})})
    with pytest.raises(SourceFormatError, match="osmium cat"):
        partitions.prepare(xml, [estate()], tmp_path / "extract")


def test_an_estate_outside_the_extract(tmp_path):
    path = write(tmp_path / "a.osm.pbf", {1: (0, 0, {"amenity": "bench"})}, bounds=(-500, -500, 500, 500))
    far = estate(90_000.0)
    with pytest.raises(EmptyAreaError, match="outside it"):
        partitions.raw_around(partitions.prepare(path, [estate(), far], tmp_path / "extract"), far)


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    path = write(tmp_path / "a.osm.pbf", {1: (0, 0, {"amenity": "bench"})}, bounds=WIDE)

    def full(*_args, **_options):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(InputError, match=r"extract: cannot be written \(No space left on device\); free space"):
        partitions.prepare(path, [estate()], tmp_path / "extract")
    assert [one.name for one in tmp_path.iterdir()] == ["a.osm.pbf"]


def test_a_block_that_unpacks_to_more_than_it_says_is_refused(tmp_path):
    packed = zlib.compress(b"\0" * 1000)
    blob = bytes([0x10, 10, 0x1A, len(packed)]) + packed
    with pytest.raises(ValueError, match="larger than it says"):
        blocks._unpacked(blob)
