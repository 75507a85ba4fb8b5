"""What is put right by hand: read strictly, carried out as tags and places, and told with who and when."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.core.errors import InputError, SchemaError
from spatial.core.model import CLAIM_COLUMNS, Estate, Features, Provenance, RawData
from spatial.layers.conflation import Conflated
from spatial.plans.correction_files import COLUMNS, read_corrections, write_corrections
from spatial.plans.corrections import Correction, apply_corrections, without_kind
from tests.command import call, run_town
from tests.observed import table as csv_of

HEAD = ["correction", "object", "value", "longitude", "latitude", "by", "on"]
WHO = ("Karen, beboer", "2026-05-04")
SQUARE = shapely.box(0, 0, 100, 100)


def features(**things):
    ids, tags = list(things), [dict(tags) for tags, _ in things.values()]
    shapes = np.array([None, *(shape for _, shape in things.values())], dtype=object)[1:]
    return Features(np.array(ids, dtype=object), tags, shapes)


def one(points, areas=None):
    raw = RawData(
        features(**points), features(), features(**(areas or {})), SQUARE, {}, {}, Provenance("osm", "x", "", "")
    )
    return Conflated(raw, pd.DataFrame(columns=list(CLAIM_COLUMNS)), {}, {}, ())


@pytest.fixture
def estate():
    return Estate("e", "Byen", SQUARE, 25832, margin_m=50)


PLACES = {
    "a": ({"amenity": "bench", "backrest": "yes"}, shapely.Point(1, 1)),
    "b": ({"amenity": "bench", "material": "wood"}, shapely.Point(3, 1)),
    "c": ({"barrier": "bollard"}, shapely.Point(5, 1)),
}
HOUSE = {"h": ({"building": "yes", "leisure": "playground", "name": "Krog"}, shapely.box(20, 20, 30, 30))}


def put(says, target, value=None, feature="x", on="2026-05-04"):
    return Correction(feature, says, target, value, None, WHO[0], on)


def test_each_correction_is_carried_out_as_what_it_says(estate):
    before = one(PLACES, HOUSE)
    after = apply_corrections(
        before,
        [
            put("private", "a", feature="1"),
            put("called", "a", "Bænken", feature="2"),
            put("called", "a", "Old", feature="3", on="2025-01-01"),
            put("no_meeting_place", "h", feature="4"),
            put("same_as", "b", "a", feature="5"),
        ],
        estate,
    )
    assert after.raw.points.tags == [
        {"amenity": "bench", "backrest": "yes", "access": "private", "name": "Bænken", "material": "wood"},
        {"material": "wood"},
        {"barrier": "bollard"},
    ]
    assert after.raw.areas.tags == [{"building": "yes", "name": "Krog"}]  # the house stays
    assert after.same_as == {"a": ("b",)}
    assert after.sources["a"] == dict.fromkeys(("access", "name", "material"), "correction")
    told = after.claims.set_index(["object_id", "field", "source_id"])["source_object"]
    assert told["a", "name", "correction"] == "2026-05-04, Karen, beboer"
    assert before.raw.points.tags[0] == PLACES["a"][0]  # untouched


def test_of_things_tagged_twice_as_a_place_nothing_is_left_of_the_kind():
    tags = {"leisure": "playground", "amenity": "bench", "name": "A", "building": "yes"}
    assert set(without_kind(tags)) == {"leisure", "amenity"}
    assert without_kind({"name": "A"}) == ()


def test_all_that_cannot_be_is_said_at_once_in_a_line_each(estate):
    wrong = [
        put("private", "gone", feature="1"),
        put("no_meeting_place", "c", feature="2"),
        put("same_as", "a", "a", feature="3"),
        put("same_as", "a", "c", feature="4"),
        Correction("5", "missing", None, "bench", (0.0, 0.0), *WHO),
    ]
    with pytest.raises(InputError) as refused:
        apply_corrections(one(PLACES), wrong, estate)
    for lang, first in (("en", "corrections that cannot be used: 5"), ("da", "rettelser, der ikke kan bruges: 5")):
        lines = refused.value.said(lang).splitlines()
        assert lines[0].startswith(first) and [line[:2] for line in lines[1:]] == ["1:", "2:", "3:", "4:", "5:"]


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (["burn", "a", "", "", "", *WHO], "correction is 'burn'"),
        (["private", "", "", "", "", *WHO], "object is ''"),
        (["called", "a", "", "", "", *WHO], "value is ''"),
        (["called", "a", "=1+1", "", "", *WHO], "value is '=1+1'"),
        (["called", "a", "x" * 201, "", "", *WHO], "value is 'xxx"),
        (["called", "a", "a\u202eb", "", "", *WHO], "value is"),
        (["same_as", "a", "", "", "", *WHO], "value is ''"),
        (["missing", "", "moon", "9.1", "55.1", *WHO], "value is 'moon'"),
        (["missing", "", "bench", "nan", "55.1", *WHO], "longitude is 'nan'"),
        (["missing", "", "bench", "9.1", "91", *WHO], "latitude is '91'"),
        (["private", "a", "", "", "", "", "2026-05-04"], "by is ''"),
        (["private", "a", "", "", "", "Karen", "4. maj"], "on is '4. maj'"),
    ],
)
def test_a_row_that_is_no_correction_is_refused_by_its_cell(row, part, tmp_path):
    path = csv_of(tmp_path / "c.csv", [["private", "b", "", "", "", *WHO], row, row], HEAD)
    with pytest.raises(InputError) as refused:
        read_corrections(path)
    lines = str(refused.value).splitlines()
    assert lines[0] == "corrections that cannot be used: 2" and len(lines) == 3
    assert lines[1].startswith("row-3: " + part) and "needed" in lines[1]


def test_a_table_of_something_else_is_refused(tmp_path):
    with pytest.raises(SchemaError, match="no corrections"):
        read_corrections(csv_of(tmp_path / "x.csv", [["1"]], ["a"]))


def test_what_is_written_is_read_as_it_was(tmp_path):
    each = (
        Correction("1", "called", "osm:way/1", 'Å "plads", her', None, *WHO, note="set; på stedet"),
        Correction("2", "missing", None, "bench", (9.12345678, 55.1), *WHO),
        Correction("3", "same_as", "osm:way/1", "osm:node/2", None, *WHO),
    )
    (tmp_path / "c.csv").write_bytes(write_corrections(each))
    assert read_corrections(tmp_path / "c.csv").each == each
    assert (tmp_path / "c.csv").read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)
    two = (each[0], each[0])
    (tmp_path / "c.csv").write_bytes(write_corrections(two))
    with pytest.raises(InputError, match="an id of its own"):
        read_corrections(tmp_path / "c.csv")


def test_a_run_with_corrections_tells_them_and_rests_on_them(inputs, finished, tmp_path):
    rows = [
        ["private", "osm:node/20", "", "", "", *WHO],
        ["called", "osm:node/20", "Karens bænk", "", "", *WHO],
    ]
    out = tmp_path / "out"
    done = run_town(inputs, out, "--corrections", csv_of(tmp_path / "c.csv", rows, HEAD))
    assert done.code == 0, done.err
    entry = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["corrections"]
    assert entry["used"] == 2 and entry["by"] == [WHO[0]] and entry["dates"] == [WHO[1]] and entry["sha256"]
    assert entry["said"]["private"] == entry["said"]["called"] == 1
    evidence = pd.read_parquet(out / "evidence.parquet").set_index(["place_id", "indicator"])
    right = evidence.loc[("osm:node/20", "legal_access")]
    assert (right["evidence"], right["value"]) == ("observed", 0.0) and "correction" in right["source_id"]
    names = pd.read_csv(out / "scores.csv").set_index("place_id")["name"]
    assert names["osm:node/20"] == "Karens bænk"
    told = call("explain", out, "osm:node/20", "--lang", "en").out
    assert "access = private (correction by Karen, beboer of 2026-05-04)" in told
    assert "rettelse af Karen, beboer den 2026-05-04" in call("explain", out, "osm:node/20", "--lang", "da").out


def test_faults_of_the_file_come_before_anything_is_written(inputs, tmp_path):
    rows = [["private", "osm:node/999", "", "", "", *WHO], ["called", "osm:node/998", "x", "", "", *WHO]]
    done = run_town(inputs, tmp_path / "out", "--corrections", csv_of(tmp_path / "c.csv", rows, HEAD))
    assert done.code == 1 and not (tmp_path / "out").exists()
    assert "osm:node/999" in done.err and "osm:node/998" in done.err
