"""Single objects of an extract: whole, in their newest version, and where they lie."""

from __future__ import annotations

import pytest

from spatial.core.errors import SourceFormatError
from spatial.osm import objects
from tests.osm_xml import degrees, write

NODES = {1: (0, 0), 2: (20, 0), 3: (20, 10), 4: (0, 10), 9: (5, 5, {"amenity": "bench", "name": "Ærø & Ø"})}
WAYS = {1: ((1, 2, 3, 4, 1), {"leisure": "playground"}), 2: ((1, 99), {"highway": "path"}), 3: ((98, 99), {"a": "b"})}
RELATIONS = {1: ((("way", 1, "outer"), ("node", 9, "label")), {"type": "multipolygon", "leisure": "park"})}
ALL = [("node", 9), ("way", 1), ("way", 2), ("way", 3), ("relation", 1)]


@pytest.fixture(params=[".osm", ".osm.bz2", ".osm.pbf"])
def extract(request, tmp_path):
    return write(tmp_path / f"town{request.param}", NODES, WAYS, RELATIONS)


def test_objects_are_read_whole_and_no_others(extract):
    found = objects.read_objects(extract, [*ALL, ("node", 77), ("way", 9)])
    assert sorted(found) == sorted(ALL)
    bench, ring, park = (found[key] for key in (("node", 9), ("way", 1), ("relation", 1)))
    assert (bench.version, bench.tags) == (1, {"amenity": "bench", "name": "Ærø & Ø"})
    assert bench.location == pytest.approx(degrees(5, 5), abs=1e-9)
    assert ring.nodes == (1, 2, 3, 4, 1) and ring.location is None
    assert park.members == (("way", 1, "outer"), ("node", 9, "label"))


def test_the_middle_is_that_of_the_box_of_all_that_is_there(extract):
    found = objects.read_objects(extract, ALL)
    middles = objects.middles(extract, found.values())
    (west, south), (east, north) = degrees(0, 0), degrees(20, 10)
    assert middles["node", 9] == pytest.approx(degrees(5, 5), abs=1e-7)
    for key in (("way", 1), ("relation", 1)):
        # The corners lie askew to the degrees by less than 2 % of the box.
        assert middles[key] == pytest.approx(((west + east) / 2, (south + north) / 2), abs=5e-6)
    assert middles["way", 2] == pytest.approx(degrees(0, 0), abs=1e-7)  # its other node is not in the extract
    assert ("way", 3) not in middles


def test_nothing_is_asked_for_and_nothing_is_read(extract):
    assert objects.read_objects(extract, []) == {} and objects.middles(extract, []) == {}


def test_of_several_versions_the_highest_counts_and_a_deleted_object_is_gone(tmp_path):
    path = tmp_path / "history.osm"
    node = '<node id="{}" version="{}" visible="{}" lat="55" lon="12"><tag k="v" v="{}"/></node>'
    rows = [(1, 2, "true", "b"), (1, 1, "true", "a"), (2, 1, "true", "a"), (2, 2, "false", "b")]
    path.write_text(f'<osm version="0.6">{"".join(node.format(*row) for row in rows)}</osm>', encoding="utf-8")
    found = objects.read_objects(path, [("node", 1), ("node", 2)])
    assert {key: one.version for key, one in found.items()} == {("node", 1): 2}


def test_half_an_extract_is_refused(tmp_path):
    whole = write(tmp_path / "town.osm.pbf", NODES, WAYS).read_bytes()
    half = tmp_path / "half.osm.pbf"
    half.write_bytes(whole[: len(whole) - 30])
    with pytest.raises(SourceFormatError, match=r"half\.osm\.pbf: cannot be read to its end"):
        objects.read_objects(half, ALL)
