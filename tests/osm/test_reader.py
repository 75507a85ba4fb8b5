"""An extract is read by one pass, put in order before where that is needed: the same objects as osmium gives."""

from __future__ import annotations

import gc
import os
import tempfile

import osmium
import pytest
import shapely

from spatial.core.errors import InputError, SourceError, SourceFormatError
from spatial.core.model import Estate
from spatial.osm import pbf, reader
from spatial.osm.pbf.node_positions import NodeSpool
from spatial.sources import boundaries
from tests.osm import judge
from tests.osm_xml import CENTRE_M, METRIC, write

BENCHES = {i: (10 * i, 0, {"amenity": "bench"}) for i in range(1, 6)}
WIDE = (-500, -500, 500, 500)


@pytest.fixture
def temporary(monkeypatch, tmp_path):
    """Folder for what is temporary."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def here():
    return Estate("here", "here", shapely.Point(CENTRE_M).buffer(300.0), METRIC, margin_m=0.0, reach_m=100.0)


def what_is_in(raw):
    parts = (raw.points, raw.lines, raw.areas)
    return [
        (list(part.ids), list(map(dict, part.tags)), shapely.to_wkb(part.geometry).tolist(), list(nodes))
        for part in parts
        for nodes in [part.node_ids if part.node_ids is not None else []]
    ]


def passes(monkeypatch):
    """Count how often the pass is made."""
    made, read = [], pbf.read_one_pass

    def counted(*arguments, **options):
        made.append(arguments)
        return read(*arguments, **options)

    monkeypatch.setattr(pbf, "read_one_pass", counted)
    return made


def test_the_demo_is_the_same_by_both_readers_and_nothing_is_left(temporary, demo_data, monkeypatch):
    made = passes(monkeypatch)
    estate = boundaries.estate(demo_data / "reitbahnviertel.geojson")
    path = demo_data / "reitbahnviertel.osm.pbf"
    found, expected = reader.read_around(path, estate), judge.osmium_around(path, estate)
    assert len(made) == 1
    assert what_is_in(found) == what_is_in(expected)
    assert found.extent.equals_exact(expected.extent, 0.0) and found.provenance == expected.provenance
    assert list(temporary.iterdir()) == []


def test_the_collector_of_garbage_is_on_again_whatever_happens(tmp_path):
    path = write(tmp_path / "a.osm.pbf", BENCHES, bounds=WIDE)
    reader.read_around(path, here())
    assert gc.isenabled()
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SourceFormatError):
        reader.read_around(path, here())
    assert gc.isenabled()


def test_another_format_is_put_in_order_first(tmp_path, monkeypatch):
    made, path = passes(monkeypatch), write(tmp_path / "a.osm", BENCHES, bounds=WIDE)
    found = reader.read_around(path, here())
    assert what_is_in(found) == what_is_in(judge.osmium_around(path, here()))
    assert [str(arguments[0]) != str(path) for arguments in made] == [True]
    assert found.provenance.path == str(path)


def test_objects_out_of_order_are_read_all_the_same(temporary, tmp_path):
    path, node = tmp_path / "a.osm.pbf", osmium.osm.mutable.Node
    ordered = osmium.FileProcessor(str(write(tmp_path / "b.osm", BENCHES, bounds=WIDE)))
    benches = [node(id=o.id, location=(o.lon, o.lat), tags=dict(o.tags), version=1) for o in ordered]
    with osmium.SimpleWriter(str(path)) as writer:
        for bench in reversed(benches):
            writer.add_node(bench)
    found = reader.read_around(path, here())
    assert what_is_in(found) == what_is_in(judge.osmium_around(tmp_path / "b.osm", here()))
    assert found.read["node"] == {"in_file": 5, "kept": 5, "too_far": 0, "dropped": {}, "out_of_order": 4}


def test_without_room_for_positions_the_folder_is_named(temporary, tmp_path, monkeypatch):
    path = write(tmp_path / "a.osm.pbf", BENCHES, bounds=WIDE)

    def full(*_args, **_options):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(NodeSpool, "add", full)
    with pytest.raises(InputError, match=rf"{temporary}.*No space left.*TMPDIR"):
        reader.read_around(path, here())
    assert list(temporary.iterdir()) == []


def test_without_a_folder_for_what_is_temporary_it_is_named(temporary, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    with pytest.raises(InputError, match=r"not there.*TMPDIR"):
        reader.read_around(write(tmp_path / "a.osm.pbf", BENCHES, bounds=WIDE), here())


@pytest.mark.parametrize("how", ["cut", "text"])
def test_a_damaged_file_is_refused_in_the_words_of_a_small_one(temporary, how, demo_data, tmp_path):
    content = (demo_data / "reitbahnviertel.osm.pbf").read_bytes()
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(content[: len(content) // 2] if how == "cut" else b"<osm></osm>" * 40)
    estate = boundaries.estate(demo_data / "reitbahnviertel.geojson")
    with pytest.raises(SourceFormatError) as expected:
        judge.osmium_around(path, estate)
    with pytest.raises(SourceFormatError) as found:
        reader.read_around(path, estate)
    assert str(found.value) == str(expected.value)


def test_a_missing_file_is_said_at_once(temporary, tmp_path):
    with pytest.raises(SourceError, match="no such file"):
        reader.read_around(tmp_path / "no.osm.pbf", here())
