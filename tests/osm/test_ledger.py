"""Every object of an extract is kept, too far, or dropped for a reason: counted anew, object by object.

The count is made from osmium's plain objects: what has a tag that is read, where its nodes lie, and whether that
touches the area. What is kept is checked against ``judge`` elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import osmium
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from spatial.core.model import Estate
from spatial.osm import osmium_reader, reader
from tests.osm_xml import CENTRE_M, METRIC, write

CASES = Path(__file__).parents[1] / "data" / "osm"
ELEMENTS = ("node", "way", "relation")
AREA_TYPES = ("multipolygon", "boundary")


def recount(path, area):
    """Of each element how many objects there are, how many have no tag that is read, and how many are too far.

    None of the first two is asked of the program; too far is what lies somewhere, but not at the area.
    """
    west, south, east, north = area.bounds
    positions, boxes = {}, {}
    counts = {element: {"in_file": 0, "not_read": 0, "too_far": 0} for element in ELEMENTS}

    def touches(box):
        return box[2] >= west and box[0] <= east and box[3] >= south and box[1] <= north

    def around(corners):
        lon, lat = zip(*corners, strict=True)
        return min(lon), min(lat), max(lon), max(lat)

    for obj in osmium.FileProcessor(str(path)):
        tags = dict(obj.tags)
        if obj.is_node():
            element, keys = "node", osmium_reader.POINT_KEYS
            box = (obj.lon, obj.lat, obj.lon, obj.lat)
            positions[obj.id] = (obj.lon, obj.lat)
        elif obj.is_way():
            element, keys = "way", {*osmium_reader.LINE_KEYS, *osmium_reader.AREA_KEYS}
            corners = [positions[node.ref] for node in obj.nodes if node.ref in positions]
            box = boxes[obj.id] = around(corners) if corners else None
        else:
            element, keys = "relation", osmium_reader.RELATION_KEYS if tags.get("type") in AREA_TYPES else ()
            parts = [boxes[m.ref] for m in obj.members if m.type == "w" and boxes.get(m.ref)]
            box = around([p[:2] for p in parts] + [p[2:] for p in parts]) if parts else None
        count = counts[element]
        count["in_file"] += 1
        if tags.keys().isdisjoint(keys):
            count["not_read"] += 1
        elif box and not touches(box):
            count["too_far"] += 1
    return counts


def check(path, area, crs):
    raw, expected = reader.read_area(path, area, crs), recount(path, area)
    kept = {name for part in (raw.points, raw.lines, raw.areas) for name in part.ids}
    for element in ELEMENTS:
        ledger, count = raw.read[element], expected[element]
        assert ledger["in_file"] == count["in_file"]
        assert ledger["dropped"].get(reader.NOT_WANTED, 0) == count["not_read"]
        assert ledger["kept"] == sum(name.startswith(f"osm:{element}/") for name in kept)
        # An area, or the pieces of a line that is cut, may lie beside the box of all that belongs to it.
        assert ledger["too_far"] >= count["too_far"] >= 0
        assert ledger["in_file"] == ledger["kept"] + ledger["too_far"] + sum(ledger["dropped"].values())
    return raw.read


def box_around(lon, lat, size=0.004):
    return shapely.box(lon - size, lat - size / 2, lon + size, lat + size / 2)


def test_six_extracts_two_bundled_and_two_cases(demo_data):
    demo = check(demo_data / "reitbahnviertel.osm.pbf", box_around(13.2616, 53.5627), METRIC)
    helsinki = check(demo_data / "helsinki.osm.pbf", box_around(24.94, 60.17), CRS.from_epsg(3067))
    quarter = check(CASES / "control.osm", box_around(12.353, 55.657), METRIC)
    assert all(demo[element]["too_far"] > 0 < demo[element]["kept"] for element in ELEMENTS[:2])
    assert helsinki["way"]["kept"] > 100 and helsinki["relation"]["kept"] > 0
    assert quarter["way"] == {"in_file": 3, "kept": 3, "too_far": 0, "dropped": {}}
    changed = reader.read_area(CASES / "josm.osm", None, METRIC).read
    assert changed["node"] == {
        "in_file": 6, "kept": 1, "too_far": 0, "dropped": {osmium_reader.DELETED: 1, reader.NOT_WANTED: 4},
    }  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "lon", "lat"),
    [("neubrandenburg/neubrandenburg", 13.2616, 53.5627), ("copenhagen/oesterbro", 12.5795, 55.7035)],
)
def test_extracts_of_whole_towns(name, lon, lat, shared_data):
    ledger = check(shared_data / f"{name}.osm.pbf", box_around(lon, lat), METRIC)
    assert all(ledger[element]["too_far"] > 0 < ledger[element]["kept"] for element in ELEMENTS[:2])


TAGS = st.dictionaries(
    st.sampled_from(["building", "highway", "leisure", "area", "barrier", "note"]),
    st.sampled_from(["yes", "no", "path"]),
    max_size=2,
)
GRID = st.integers(-9, 9).map(lambda i: i * 100.0)
WAYS = st.lists(st.tuples(st.lists(st.integers(1, 9), max_size=6), st.booleans(), TAGS), max_size=7)
MEMBERS = st.dictionaries(st.integers(1, 9), st.sampled_from(["outer", "inner"]), min_size=1, max_size=3)


@given(
    places=st.lists(st.tuples(GRID, GRID, TAGS), min_size=1, max_size=9),
    ways=WAYS,
    relations=st.lists(st.tuples(MEMBERS, TAGS), max_size=3),
    ending=st.sampled_from([".osm.pbf", ".osm"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_sums_of_any_town(places, ways, relations, ending, tmp_path_factory):
    path = write(
        tmp_path_factory.mktemp("town") / f"a{ending}",
        dict(enumerate(places, 1)),
        {i: ([*refs, *refs[:1]] if ring else refs, tags) for i, (refs, ring, tags) in enumerate(ways, 1)},
        {
            i: ([("way", way, role) for way, role in members.items()], {"type": "multipolygon", **tags})
            for i, (members, tags) in enumerate(relations, 1)
        },
        bounds=(-2_000, -2_000, 2_000, 2_000),
    )
    near = Estate("a", "a", shapely.Point(CENTRE_M).buffer(150), METRIC, margin_m=0.0, reach_m=0.0)
    check(path, reader.area_wgs84(near), METRIC)
