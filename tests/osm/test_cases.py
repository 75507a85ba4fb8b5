"""Extracts as people bring them: in any order, with deleted, new and doubled objects, as changes, cut to nothing.

The files of ``tests/data/osm`` are invented, but for one, a quarter of Vienna in which a block stands twice. What is
right can be read in them.
"""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import osmium
import pytest
import shapely

from spatial.core.errors import EmptyAreaError, SourceFormatError
from spatial.core.model import Estate
from spatial.osm import osmium_reader, partitions, reader
from tests.osm import judge
from tests.osm_xml import CENTRE_M, METRIC, degrees, write

CASES = Path(__file__).parents[1] / "data" / "osm"
PACKERS = {".osm": bytes, ".osm.bz2": bz2.compress, ".osm.gz": gzip.compress}
SQUARE = {1: (0, 0), 2: (40, 0), 3: (40, 30), 4: (0, 30)}
RING = (1, 2, 3, 4, 1)
mutable = osmium.osm.mutable


def read(path):
    return reader.read_area(path, None, METRIC)


def ids(raw):
    """Identities of points, lines and areas, without ``osm:``."""
    return tuple(sorted(name.removeprefix("osm:") for name in part.ids) for part in (raw.points, raw.lines, raw.areas))


def packed(name: str, ending: str, folder: Path) -> Path:
    """A text of the cases under another name and packing."""
    path = folder / f"case{ending}"
    path.write_bytes(PACKERS[ending]((CASES / name).read_bytes()))
    return path


def estate(x=0.0, y=0.0):
    return Estate("here", "here", shapely.Point(CENTRE_M[0] + x, CENTRE_M[1] + y).buffer(300.0), METRIC)


RIGHT = {
    "appended.osm.pbf": (["node/105", "node/5"], [], ["relation/21", "way/11", "way/111"]),
    "ways-first.osm.pbf": (["node/5"], [], ["relation/21", "way/11"]),
    "c-locations_on_ways.osm.pbf": (["node/5"], ["way/12"], ["way/11"]),
    "c-neg_josm.osm.pbf": (["node/-5"], ["way/-12"], ["way/-11"]),
    "c-visible_false.osm.pbf": ([], ["way/12"], []),
    "josm.osm": (["node/-5"], ["way/-12"], ["way/-11"]),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_on_the_map_now_is_read_whatever_the_order(name):
    raw = read(CASES / name)
    assert ids(raw) == RIGHT[name]
    for element in raw.read.values():
        assert element["in_file"] == element["kept"] + element["too_far"] + sum(element["dropped"].values())


def test_what_was_put_in_order_is_told_by_a_count():
    """The second of two files that were put together begins with five nodes, after a relation."""
    assert read(CASES / "appended.osm.pbf").read["node"]["out_of_order"] == 5
    assert read(CASES / "ways-before-nodes.osm").read["node"]["out_of_order"] == 11
    assert "out_of_order" not in read(CASES / "control.osm").read["node"]


def test_deleted_objects_are_counted_as_such():
    deleted = [read(CASES / name).read for name in ("josm.osm", "c-visible_false.osm.pbf", "josm-deleted.osm")]
    assert [{kind: ledger[kind]["dropped"].get(osmium_reader.DELETED, 0) for kind in ledger} for ledger in deleted] == [
        {"node": 1, "way": 0, "relation": 0},
        {"node": 1, "way": 1, "relation": 0},
        {"node": 0, "way": 2, "relation": 0},
    ]


@pytest.mark.parametrize("ending", PACKERS)
def test_what_josm_has_deleted_is_not_there(ending, tmp_path):
    raw = read(packed("josm-deleted.osm", ending, tmp_path))
    assert sum(tags.get("leisure") == "playground" for tags in raw.areas.tags) == 1
    assert sum(int(tags.get("building:flats", 0)) for tags in raw.areas.tags) == 20


@pytest.mark.parametrize("ending", PACKERS)
def test_ways_before_nodes_are_the_town_of_the_control(ending, tmp_path):
    raw, control = read(packed("ways-before-nodes.osm", ending, tmp_path)), read(CASES / "control.osm")
    for name in ("points", "lines", "areas"):
        ours, theirs = getattr(raw, name), getattr(control, name)
        assert [*ours.ids] == [*theirs.ids] and len(ours.ids) > 0
        assert [*shapely.to_wkb(ours.geometry)] == [*shapely.to_wkb(theirs.geometry)]


@pytest.mark.parametrize("ending", PACKERS)
def test_a_file_of_changes_is_refused_by_name(ending, tmp_path):
    with pytest.raises(SourceFormatError, match=r"osmChange.*whole extract"):
        read(packed("change.osc", ending, tmp_path))


REMARK = 'runtime error: Query timed out in "query" at line 1 after 25 seconds.'


@pytest.mark.parametrize("ending", PACKERS)
def test_an_answer_that_was_broken_off_is_refused_in_the_words_of_the_server(ending, tmp_path):
    """Overpass answers with status 200 and a remark behind what it had found by then."""
    text = (CASES / "control.osm").read_text(encoding="utf-8")
    path = tmp_path / f"a{ending}"
    path.write_bytes(PACKERS[ending](text.replace("</osm>", f"<remark> {REMARK} </remark></osm>").encode()))
    with pytest.raises(SourceFormatError, match="the server broke it off: runtime error: Query timed out"):
        read(path)


DIALECTS = {
    "a mark of byte order": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16": lambda text: text.replace("UTF-8", "UTF-16").encode("utf-16"),
    "lines of Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "lines of old Macs": lambda text: text.replace("\n", "\r").encode(),
    "a document type": lambda text: text.replace("<osm", '<!DOCTYPE osm SYSTEM "osm.dtd"><osm', 1).encode(),
    "a comment": lambda text: text.replace("<osm", "<!-- hej --><?x y?><osm", 1).encode(),
    "single quotes": lambda text: text.replace('"', "'").encode(),
    "a namespace": lambda text: text.replace("<osm ", '<osm xmlns="http://openstreetmap.org/osm/0.6" ', 1).encode(),
    "text behind it": lambda text: f"{text}\n<!-- x -->\n".encode(),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects_of_the_text(dialect, tmp_path):
    (tmp_path / "a.osm").write_bytes(DIALECTS[dialect]((CASES / "control.osm").read_text(encoding="utf-8")))
    assert ids(read(tmp_path / "a.osm")) == ids(read(CASES / "control.osm")) == (
        ["node/1"], ["way/17"], ["way/14", "way/7"]
    )  # fmt: skip


PBF_DIALECTS = ["pbf_dense_nodes=false", "add_metadata=false", "pbf_dense_nodes=false,add_metadata=false",
                "pbf_compression=none", "pbf_compression=lz4", "locations_on_ways=true"]  # fmt: skip


@pytest.mark.parametrize("dialect", PBF_DIALECTS)
def test_dialects_of_the_blocks(dialect, tmp_path):
    with osmium.SimpleWriter(osmium.io.File(str(tmp_path / "a.osm.pbf"), f"osm.pbf,{dialect}")) as writer:
        for obj in osmium.FileProcessor(str(CASES / "control.osm")):
            writer.add(obj)
    assert ids(read(tmp_path / "a.osm.pbf")) == ids(read(CASES / "control.osm"))


REFUSED = {
    # what it is: its bytes, and a word of the reason
    "a.o5m": (b"\xff\xe0\x04o5m2\xff\xfe", "another ending"),
    "a.osm.zst": (b"(\xb5/\xfd", "another ending"),
    "a.opl": (b"n1 v1", "another ending"),
    "a.osm.zip": (b"PK", "another ending"),
    "a.osc": (b"<osmChange/>", "another ending"),
    "o5m.osm": (b"\xff\xe0\x04o5m2\xff\xfe", "not well-formed"),
    "json.osm": (b'{"version": 0.6, "elements": []}', "not well-formed"),
    "page.osm": (b"<html><body>504 Gateway Timeout</body></html>", "html"),
    "packed.osm": (gzip.compress(b'<osm version="0.6"/>'), "not well-formed"),
    "plain.osm.gz": (b'<osm version="0.6"/>', "gzip"),
    "half.osm": (b'<osm version="0.6"><node id="1" lat="55" lon="12"/>', "no element found"),
    "entity.osm": (b'<!DOCTYPE osm [<!ENTITY n "x">]><osm version="0.6"/>', "entities"),
    "old.osm": (b'<osm version="0.5"/>', "version 0.5"),
    "unversioned.osm": (b"<osm/>", "version"),
    "commas.osm": (b'<osm version="0.6"><node id="1" lat="55,66" lon="12,35"/></osm>', "coordinate"),
    "centres.osm": (b'<osm version="0.6"><way id="1"><center lat="55" lon="12"/></way></osm>', "center"),
    "adiff.osm": (
        b'<osm version="0.6"><action type="create"><node id="1" lat="55" lon="12"/></action></osm>',
        "nested too deep",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_plain_extract_is_refused_by_name(name, tmp_path):
    content, word = REFUSED[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceFormatError, match=word) as refused:
        read(tmp_path / name)
    assert name in str(refused.value) and "\n" not in str(refused.value)


def test_a_block_that_stands_twice_gives_each_object_once(tmp_path):
    """As osmium gives them once the second of each is taken away."""
    path = CASES / "fuzz-66-way-block-twice.osm.pbf"
    taken = set()
    with osmium.SimpleWriter(str(tmp_path / "once.osm.pbf")) as writer:
        for obj in osmium.FileProcessor(str(path)):
            if (key := (obj.type_str(), obj.id)) not in taken:
                taken.add(key)
                writer.add(obj)
    raw = read(path)
    assert ids(raw) == ids(judge.read_with_osmium(tmp_path / "once.osm.pbf", None, METRIC))
    assert len(raw.lines) > 100 < len(raw.areas)
    ways = [way.id for way in osmium.FileProcessor(str(path), osmium.osm.WAY)]
    assert raw.read["way"]["dropped"][osmium_reader.OLDER] == len(ways) - len(set(ways)) > 0


@pytest.mark.parametrize("name", ["appended", "c-locations_on_ways", "c-visible_false", "fuzz-66-way-block-twice"])
def test_a_batch_refuses_them_with_the_remedy(name, tmp_path):
    with pytest.raises(SourceFormatError, match=r"osmium (sort|time-filter)|plain extract of what is on the map now"):
        partitions.prepare(CASES / f"{name}.osm.pbf", [estate()], tmp_path / "extract")


def node(number, x, y, **about):
    return mutable.Node(id=number, location=degrees(x, y), version=1, **about)


def written(path, *objects):
    with osmium.SimpleWriter(str(path)) as writer:
        for obj in objects:
            writer.add(obj)
    return path


@pytest.mark.parametrize("ending", [".osm.pbf", ".osm", ".osm.bz2", ".osm.gz"])
def test_many_at_once(ending, tmp_path):
    """A building with a yard, new in an editor, before its nodes; an old version, and a copy, of a bench."""
    corners = [(0, 0), (40, 0), (40, 30), (0, 30), (10, 10), (20, 10), (20, 20), (10, 20)]
    path = written(
        tmp_path / f"a{ending}",
        mutable.Relation(
            id=-1, members=[("w", -1, "outer"), ("w", -2, "inner")], tags={"type": "multipolygon", "building": "yes"}
        ),
        mutable.Way(id=-2, nodes=[-5, -6, -7, -8, -5], tags={}),
        mutable.Way(id=-1, nodes=[-1, -2, -3, -4, -1], tags={}),
        node(7, 5, 5, tags={"amenity": "bench"}),
        node(7, 5, 5, tags={"amenity": "bench"}),
        mutable.Node(id=7, version=2, location=degrees(9, 9), tags={"amenity": "table"}),
        *(node(-i, x, y, tags={}) for i, (x, y) in enumerate(corners, 1)),
    )
    raw = read(path)
    assert ids(raw) == (["node/7"], [], ["relation/-1"])
    assert raw.points.tags[0] == {"amenity": "table"}
    assert raw.areas.geometry[0].area == pytest.approx(40 * 30 - 10 * 10, abs=2)
    assert raw.read["node"]["dropped"] == {"no tag that is read": 8, osmium_reader.OLDER: 2}


def test_the_history_of_an_object_is_read_as_it_is_now(tmp_path):
    """One bench was moved, another one taken away."""
    about = {"tags": {"amenity": "bench"}, "visible": True}
    with osmium.SimpleWriter(str(tmp_path / "a.osh.pbf")) as writer:
        writer.add(mutable.Node(id=1, version=1, location=degrees(0, 0), **about))
        writer.add(mutable.Node(id=1, version=2, location=degrees(50, 0), **about))
        writer.add(mutable.Node(id=2, version=1, location=degrees(9, 9), **about))
        writer.add(mutable.Node(id=2, version=2, visible=False, tags={}))
    path = (tmp_path / "a.osh.pbf").rename(tmp_path / "a.osm.pbf")
    raw = read(path)
    assert ids(raw) == (["node/1"], [], [])
    assert raw.points.geometry[0].x == pytest.approx(CENTRE_M[0] + 50, abs=0.02)
    assert raw.read["node"] == {
        "in_file": 4, "kept": 1, "too_far": 0, "dropped": {osmium_reader.DELETED: 1, osmium_reader.OLDER: 2},
    }  # fmt: skip


def test_one_object_that_is_two_is_refused(tmp_path):
    path = written(tmp_path / "a.osm.pbf", *(node(7, 5, 5, tags={"amenity": kind}) for kind in ("bench", "table")))
    with pytest.raises(SourceFormatError, match="node/7 is there twice as version 1 with different content"):
        read(path)


def test_positions_on_ways_alone_are_read(tmp_path):
    """As Overpass gives them with ``out geom``: no nodes at all."""
    refs = "".join(
        '<nd ref="{}" lon="{}" lat="{}"/>'.format(i, *degrees(x, y)) for i, (x, y) in enumerate([(0, 0), (30, 40)], 1)
    )
    path = tmp_path / "a.osm"
    path.write_text(f'<osm version="0.6"><way id="1">{refs}<tag k="highway" v="path"/></way></osm>')
    raw = read(path)
    assert raw.lines.geometry[0].length == pytest.approx(50, abs=0.05) and [*raw.lines.node_ids] == [1, 2]
    assert raw.read["node"]["in_file"] == 0


def test_names_that_are_no_utf8(tmp_path):
    """Of a text that says its encoding they are read; else the extract is refused, and the name shown."""
    text = '<?xml version="1.0" encoding="{}"?><osm version="0.6"><node id="1" lat="55" lon="12">'
    text += '<tag k="amenity" v="bench"/><tag k="name" v="Rosengård"/></node></osm>'
    path = tmp_path / "a.osm"
    path.write_bytes(text.format("ISO-8859-1").encode("latin-1"))
    assert read(path).points.tags[0]["name"] == "Rosengård"
    path.write_bytes(text.format("UTF-8").encode("latin-1"))
    with pytest.raises(SourceFormatError, match=r"a\.osm: cannot be read"):
        read(path)
    raw = tmp_path / "a.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(raw), "pbf,pbf_compression=none")) as writer:
        writer.add(node(1, 0, 0, tags={"amenity": "bench", "name": "Gaarden"}))
    raw.write_bytes(raw.read_bytes().replace(b"Gaarden", b"G\xe5rdenX"))
    with pytest.raises(SourceFormatError, match=r"a\.osm\.pbf"):
        read(raw)
    with pytest.raises(SourceFormatError, match=r"no UTF-8 \('G\\xe5rdenX'\)"):
        partitions.prepare(raw, [estate()], tmp_path / "extract")


def test_an_extract_of_which_no_way_can_be_used_is_refused(tmp_path):
    """The estate would be an empty map: all ways have lost their nodes, as after a filter by tags."""
    ways = {1: (RING, {"building": "yes"}), 2: ((1, 2), {"highway": "path"}), 3: ((1, 2), {})}
    nodes = {9: (0, 0, {"amenity": "bench"})}
    usable = r"found 3 ways, none of them usable \(2 without any of their nodes\)"
    for ending in (".osm.pbf", ".osm"):
        with pytest.raises(EmptyAreaError, match=usable):
            reader.read_around(write(tmp_path / f"a{ending}", nodes, ways), estate())


def test_ways_that_only_relations_give_a_meaning_are_usable(tmp_path):
    house = ([("way", 1, "outer")], {"type": "multipolygon", "building": "yes"})
    raw = reader.read_around(
        write(tmp_path / "a.osm.pbf", SQUARE, {1: (RING, {})}, {1: house}, bounds=(-900, -900, 900, 900)), estate()
    )
    assert ids(raw) == ([], [], ["relation/1"])


def test_an_extract_that_does_not_touch_the_estate_is_refused(tmp_path):
    """Its header declares more than it holds."""
    wide = (-20_000, -20_000, 20_000, 20_000)
    path = write(tmp_path / "a.osm.pbf", SQUARE, {1: (RING, {"building": "yes"})}, bounds=wide)
    assert ids(reader.read_around(path, estate())) == ([], [], ["way/1"])
    with pytest.raises(EmptyAreaError, match="found nothing around"):
        reader.read_around(path, estate(x=9_000.0))


def test_what_must_be_put_in_order_and_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(osmium_reader, "MAX_PBF_BYTES", 100)
    with pytest.raises(SourceFormatError, match="sort it with `osmium sort`"):
        read(CASES / "appended.osm.pbf")
