"""Answers go back to OpenStreetMap: what comes out of there again gives the scores that the answers give."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import cycle
from xml.etree import ElementTree

import numpy as np
import osmium
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spatial
from spatial.core.languages import LANGUAGES, texts
from spatial.core.model import Provenance
from spatial.fieldkit import giveback, giveback_files
from spatial.fieldkit.giveback import Change, GiveBack, LeftOut
from spatial.fieldkit.xlsform import NO_XML
from spatial.layers import lifecycle
from spatial.osm import objects, reader
from spatial.osm.objects import OsmObject
from spatial.settings.loading import load_toml
from spatial.settings.tags import tag_rules
from spatial.sources.field_answers import Answer, Answers, Find, read_field_answers
from tests import osm_apply
from tests.command import call, run_town
from tests.observed import table as csv_of
from tests.osm_xml import METRIC, write

HEAD = ["checked_on", "check", "answer", "note", "_submitted_by"]
FILES = ["changes.osc", "mapcomplete.csv", "maproulette.geojson", "summary-da.txt", "summary-en.txt"]
DAY = "2026-05-04"
BENCH = OsmObject("node", 20, 3, {"amenity": "bench", "name": 'Bænk "Å" & <Ø>'}, (12.5, 55.5))
RING = OsmObject("way", 6, 2, {"leisure": "playground"}, nodes=(22, 23, 22))
PARK = OsmObject("relation", 7, 5, {"type": "multipolygon"}, members=(("way", 6, "outer"), ("node", 20, "å")))
ALL = {one.key: one for one in (BENCH, RING, PARK)}


def answers(*rows, rejected=()):
    """Answers of (object, key, value[, day]); rows count from 2."""
    used = tuple(Answer(i, *row[:3], row[3] if len(row) > 3 else DAY) for i, row in enumerate(rows, start=2))
    return Answers(used, tuple(rejected), Provenance("field_check", "x", "", ""))


def settle(*rows, now=ALL, seen=ALL, rejected=()):
    changes, left = giveback.settle(answers(*rows, rejected=rejected), seen, now)
    return {"/".join(map(str, c.before.key)): dict(c.tags) for c in changes}, {one.row: one.reason for one in left}


def elements(content):
    """Objects of a document of changes: element, id and version, its parts, its tags."""
    root = ElementTree.fromstring(content)
    assert (root.tag, root.attrib["version"]) == ("osmChange", "0.6")
    assert {block.tag for block in root} <= {"modify"}
    return [
        (one.tag, one.attrib, [part.attrib for part in one if part.tag != "tag"],
         {tag.attrib["k"]: tag.attrib["v"] for tag in one.iter("tag")})
        for block in root for one in block
    ]  # fmt: skip


# --- the law ----------------------------------------------------------------------------


def scores_of(analysis):
    columns = ["floating_low", "floating", "floating_high", "coverage", "rank"]
    return [table[columns].sort_index().astype(float) for table in (analysis.places, analysis.meeting_spaces)]


def same(one, other):
    return all(
        a.index.equals(b.index) and np.allclose(a, b, rtol=0, atol=1e-9, equal_nan=True)
        for a, b in zip(one, other, strict=True)
    )


def test_the_map_with_the_changes_gives_the_scores_of_the_answers(demo_data, demo_result, tmp_path):
    """Every place of the demo is asked every question, each answer in turn; some contradict what is mapped."""
    extract = demo_data / "reitbahnviertel.osm.pbf"
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    rules = tag_rules()
    there = lifecycle.on_the_ground(reader.read_around(extract, estate), rules)
    places = [
        identity
        for part in (there.points, there.areas)
        for identity, tags in zip(part.ids, part.tags, strict=True)
        if rules.kind.first(tags) is not None
    ]
    choices = {fact: cycle(entry["values"]) for fact, entry in load_toml(None, "fieldkit.toml")["answers"].items()}
    rows = [[DAY, f"{place}#{fact}", next(values), "", ""] for place in places for fact, values in choices.items()]
    file = csv_of(tmp_path / "answers.csv", rows, HEAD)
    found = giveback.find(demo_result, read_field_answers(file), None)
    assert {one.reason for one in found.left_out} <= {"same"}
    assert len(found.changes) > 100 and {one.before.element for one in found.changes} == {"node", "way", "relation"}
    giveback_files.write(found, tmp_path)
    changed = osm_apply.apply(extract, tmp_path / "changes.osc", tmp_path / "changed.osm.pbf")
    told = scores_of(spatial.analyse(estate, osm=extract, field_checks=file, scores_only=True))
    mapped = scores_of(spatial.analyse(estate, osm=changed, scores_only=True))
    assert same(told, mapped)
    assert not same(told, scores_of(demo_result))  # the answers do change something


# --- the command ------------------------------------------------------------------------


@pytest.fixture
def files(inputs, finished, tmp_path):
    """A copy of the finished town, and answers with all that can be wrong with them."""
    rows = [
        [DAY, "osm:node/20#access", "yes", "Karoline siger ja", "karoline"],
        [DAY, "osm:node/26#fee", "no", "", "karoline"],
        [DAY, "osm:way/6#fence", "no", "", "karoline"],
        [DAY, "kk.legeplads:karoline#fee", "no", "", "karoline"],
        [DAY, "osm:node/999#access", "yes", "", "karoline"],
        [DAY, "osm:node/22#access", "yes", "", "karoline"],  # a corner, without a tag
        [DAY, "osm:node/20#fee", "unknown", "", "karoline"],
        [DAY, "osm:node/20#booking", "", "", "karoline"],
        ["karolines dag", "osm:node/20#fee", "no", "", "karoline"],
    ]
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run", csv_of(tmp_path / "answers.csv", rows, HEAD)


def test_it_writes_what_was_seen_on_the_spot_and_says_what_it_leaves_out(files, tmp_path):
    run, file = files
    done = call("giveback", run, "--answers", file, "--lang", "en")
    assert (done.code, done.err) == (0, ""), done.err
    out = run / "giveback"
    assert sorted(path.name for path in out.glob("[!.]*")) == FILES
    found = {f"{tag}/{about['id']}": tags for tag, about, _, tags in elements((out / "changes.osc").read_bytes())}
    assert found == {
        "node/20": {"amenity": "bench", "access": "yes"},
        "node/26": {"amenity": "bench", "name": '=1+1, "x"\nÆ', "fee": "no"},
        "way/6": {"leisure": "playground", "fenced": "no"},
    }
    told = (out / "summary-en.txt").read_text(encoding="utf-8")
    assert told in done.out and "change: 3; tags: 3." in told and "left out: 6." in told
    for row, reason in ((5, "not_osm"), (6, "unknown_object"), (7, "unknown_object"), (8, "unknown_answer"),
                        (9, "unknown_answer"), (10, "bad_time")):  # fmt: skip
        line = next(line for line in told.splitlines() if line.startswith(f"- Row {row}"))
        assert line.endswith(f"{texts('en')['giveback']['reason'][reason]}."), line
    assert "udeladt: 6." in (out / "summary-da.txt").read_text(encoding="utf-8")
    every = b"".join(path.read_bytes() for path in out.glob("[!.]*"))
    assert b"arolin" not in every and b"legeplads" not in every
    assert not any(word in every for word in (b"user=", b"uid=", b"changeset=", b"timestamp="))


def test_the_same_answers_give_the_same_bytes(files, tmp_path):
    run, file = files
    rows = file.read_text(encoding="utf-8").splitlines()
    turned = tmp_path / "turned.csv"
    turned.write_text("\n".join([rows[0], *reversed(rows[1:])]), encoding="utf-8")
    for name, given_file in (("a", file), ("b", file), ("c", turned)):
        assert call("giveback", run, "--answers", given_file, "--out", tmp_path / name).code == 0
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        if not name.startswith("summary"):  # which names rows
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()


def test_the_town_with_the_changes_gives_the_scores_of_the_answers(files, inputs, tmp_path):
    run, file = files
    assert call("giveback", run, "--answers", file, "--out", tmp_path / "back").code == 0
    changed = osm_apply.apply(inputs[1], tmp_path / "back" / "changes.osc", tmp_path / "changed.osm")
    assert run_town(inputs, tmp_path / "told", "--field-checks", file).code == 0
    assert run_town((inputs[0], changed), tmp_path / "mapped").code == 0
    told, mapped = (pd.read_csv(tmp_path / name / "scores.csv").set_index("place_id") for name in ("told", "mapped"))
    pd.testing.assert_frame_equal(told.drop(columns="source_id"), mapped.drop(columns="source_id"), rtol=0, atol=1e-9)


def test_what_somebody_has_edited_since_is_refused_and_the_rest_written(files, inputs, tmp_path):
    run, file = files
    text = inputs[1].read_text(encoding="utf-8")
    newer = tmp_path / "newer.osm"
    gone = text[text.index('<node id="26"') :]
    gone = gone[: gone.index("</node>") + len("</node>")]
    newer.write_text(text.replace('<node id="20" version="1"', '<node id="20" version="2"').replace(gone, ""))
    done = call("giveback", run, "--answers", file, "--osm", newer, "--out", tmp_path / "back", "--lang", "en")
    assert done.code == 0, done.err
    found = elements((tmp_path / "back" / "changes.osc").read_bytes())
    assert [(tag, about["id"]) for tag, about, _, _ in found] == [("way", "6")]
    assert "Row 2, node/20: somebody has edited it since" in done.out
    assert "Row 3, node/26: deleted in OpenStreetMap since" in done.out


def test_a_run_whose_extract_is_gone_asks_for_it_and_takes_it_from_elsewhere(files, inputs, tmp_path):
    run, file = files
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    manifest["sources"][0]["path"] = str(tmp_path / "away.osm")
    (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for lang, said in (("en", "is no longer what the run read"), ("da", "er ikke længere det, kørslen læste")):
        done = call("giveback", run, "--answers", file, "--out", tmp_path / "back", "--lang", lang)
        assert done.code == 1 and said in done.err and len(done.err.splitlines()) == 1
        assert not (tmp_path / "back").exists()
    shutil.copy(inputs[1], tmp_path / "moved.osm")
    done = call("giveback", run, "--answers", file, "--osm", tmp_path / "moved.osm", "--out", tmp_path / "back")
    assert done.code == 0 and (tmp_path / "back" / "changes.osc").exists()


def test_answers_that_hold_nothing_change_nothing(files, tmp_path):
    run, _ = files
    file = csv_of(tmp_path / "none.csv", [], HEAD)
    done = call("giveback", run, "--answers", file, "--out", tmp_path / "back", "--lang", "en")
    assert done.code == 0 and "change: 0; tags: 0." in done.out and "left out" not in done.out
    assert elements((tmp_path / "back" / "changes.osc").read_bytes()) == []
    assert (tmp_path / "back" / "maproulette.geojson").read_bytes() == b""
    done = call("giveback", run, "--answers", csv_of(tmp_path / "x.csv", [["1"]], ["a"]), "--out", tmp_path / "no")
    assert done.code == 1 and not (tmp_path / "no").exists()


def test_a_file_of_the_users_is_not_replaced(files, tmp_path):
    run, file = files
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "changes.osc").write_text("mine")
    assert call("giveback", run, "--answers", file, "--out", tmp_path / "mine").code == 1
    assert (tmp_path / "mine" / "changes.osc").read_text() == "mine"


# --- what goes back ---------------------------------------------------------------------


def test_only_what_is_not_said_already_is_changed_and_the_latest_answer_counts():
    tags, left = settle(
        ("osm:node/20", "fee", "yes", "2026-06-01"),
        ("osm:node/20", "fee", "no"),
        ("osm:node/20", "amenity", "bench"),
        ("osm:way/6", "access", "yes"),
    )
    assert tags == {"node/20": {"fee": "yes"}, "way/6": {"access": "yes"}}
    assert left == {3: "later", 4: "same"}


@pytest.mark.parametrize(
    ("twin", "value", "is_torn"),
    [
        ({"fee": "no"}, "no", False),
        ({}, "no", False),  # the other drawing does not say
        ({"fee": "yes"}, "no", True),  # one thing would be two
        ({"fee": "no", "access": "no"}, "no", False),  # they are two things, and stay so
    ],
)
def test_what_another_drawing_of_the_same_thing_denies_stays_out(tmp_path, twin, value, is_torn):
    """The program takes two drawings for one thing only while they agree."""
    pitch = {"leisure": "pitch", "access": "yes"}
    path = write(
        tmp_path / "twice.osm",
        {1: (0, 0), 2: (20, 0), 3: (20, 20), 4: (0, 20), 5: (10, 10, {"leisure": "pitch", **twin})},
        {1: ((1, 2, 3, 4, 1), pitch)},
    )
    raw = reader.read_area(path, None, METRIC)
    before = objects.read_objects(path, [("way", 1)])["way", 1]
    torn = giveback.torn_by([Change(before, {"fee": value})], raw, tag_rules())
    assert torn == ({("way", 1), ("node", 5)} if is_torn else set())
    known = {before.key: before}
    changes, left = giveback.settle(answers(("osm:way/1", "fee", value)), known, known, torn)
    assert [one.reason for one in left] == (["twice"] if is_torn else []) and len(changes) == (not is_torn)


@pytest.mark.parametrize("identity", ["kk.legeplads:20", "osm:node/-20", "osm:node/20#x", "node/20", "osm:area/20", ""])
def test_what_is_no_object_of_openstreetmap_stays_out(identity):
    assert settle((identity, "fee", "no")) == ({}, {2: "not_osm"})


@pytest.mark.parametrize(
    ("seen", "now", "reason"),
    [
        ({}, ALL, "unknown_object"),
        (ALL, {}, "gone"),
        (ALL, {BENCH.key: OsmObject("node", 20, 4, {}, (12.5, 55.5))}, "conflict"),
        (ALL, {BENCH.key: OsmObject("node", 20, 2, {}, (12.5, 55.5))}, "conflict"),
        *[({BENCH.key: OsmObject("node", 20, 0, {"a": "b"})},) * 2 + ("no_version",)],
        *[({BENCH.key: OsmObject("node", 20, 1, {"a": "\x01"})},) * 2 + ("unwritable",)],
    ],
)
def test_what_cannot_be_changed_safely_stays_out_and_is_named(seen, now, reason):
    changes, left = giveback.settle(answers(("osm:node/20", "fee", "no")), seen, now)
    assert changes == () and left == (LeftOut(2, reason, ("node", 20)),)


def test_a_thing_found_on_open_ground_is_told_to_a_mapper_and_becomes_no_object():
    here = "room:1-2", (12.5, 55.5)
    finds = Find(2, *here, "nothing", DAY), Find(3, *here, "bench", "2026-06-01"), Find(4, *here, "private", DAY)
    given_answers = replace(answers(), finds=finds)
    changes, left = giveback.settle(given_answers, ALL, ALL)
    assert changes == () and left == (LeftOut(2, "no_thing"), LeftOut(4, "no_thing"))
    back = GiveBack(changes, left, {}, giveback.things_found(given_answers))
    assert elements(giveback_files.osm_change(back)) == []
    told = giveback_files.summary(back, "en")
    assert "- Row 3, 2026-06-01: Bench, about https://www.openstreetmap.org/#map=19/55.50000/12.50000\n" in told
    assert "left out: 2." in told and "Bænk" in giveback_files.summary(back, "da")


def test_every_reason_has_words_in_both_languages():
    reasons = {"not_osm", "later", "same", "unknown_object", "twice", "gone", "no_version", "conflict", "unwritable",
               "unknown_check", "unknown_answer", "bad_time", "no_thing"}  # fmt: skip
    for lang in LANGUAGES:
        assert set(texts(lang)["giveback"]["reason"]) == reasons


# --- the files --------------------------------------------------------------------------


def given_back():
    tags = {"fee": "no"}
    return GiveBack(
        tuple(Change(one, tags) for one in (BENCH, RING, PARK)), (), {BENCH.key: (12.5, 55.5), RING.key: (12.6, 55.6)}
    )


def test_nodes_ways_and_relations_are_written_whole_with_their_versions():
    bench, ring, park = elements(giveback_files.osm_change(given_back()))
    assert bench[:3] == ("node", {"id": "20", "version": "3", "lon": "12.5000000", "lat": "55.5000000"}, [])
    assert bench[3] == {"amenity": "bench", "name": 'Bænk "Å" & <Ø>', "fee": "no"}
    assert ring == ("way", {"id": "6", "version": "2"}, [{"ref": "22"}, {"ref": "23"}, {"ref": "22"}],
                    {"leisure": "playground", "fee": "no"})  # fmt: skip
    assert park[2] == [
        {"type": "way", "ref": "6", "role": "outer"}, {"type": "node", "ref": "20", "role": "å"},
    ]  # fmt: skip


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_osmium_reads_every_text_as_it_was(tmp_path_factory, text):
    before = OsmObject("node", 1, 7, {"name": text}, (-0.0000001, 89.9999999))
    changes, left = giveback.settle(answers(("osm:node/1", "fee", "no")), *[{before.key: before}] * 2)
    if left:
        assert left[0].reason == "unwritable" and NO_XML.search(text)
        return
    path = tmp_path_factory.getbasetemp() / "changes.osc"
    path.write_bytes(giveback_files.osm_change(GiveBack(changes, (), {})))
    (again,) = [
        (one.id, one.version, dict(one.tags), (one.location.lon, one.location.lat))
        for one in osmium.FileProcessor(str(path))
    ]
    assert again == (1, 7, {"name": text, "fee": "no"}, (-0.0000001, 89.9999999))


def test_a_task_of_maproulette_stands_on_a_line_of_its_own_behind_a_separator():
    text = giveback_files.tasks(given_back())
    lines = text.split("\x1e")
    assert (
        lines[0] == "" and len(lines) == 3 and all(line.endswith("}\n") for line in lines[1:])
    )  # the park has no place
    task = json.loads(lines[1])
    assert task["features"] == [
        {"type": "Feature", "id": "node/20", "properties": {"@id": "node/20"},
         "geometry": {"type": "Point", "coordinates": [12.5, 55.5]}}
    ]  # fmt: skip
    assert task["cooperativeWork"] == {
        "meta": {"version": 2, "type": 1},
        "operations": [
            {"operationType": "modifyElement",
             "data": {"id": "node/20", "operations": [{"operation": "setTags", "data": {"fee": "no"}}]}}
        ],
    }  # fmt: skip


def test_links_lead_to_the_objects():
    found = giveback_files.links(given_back())
    assert found["page"].tolist() == [
        f"https://www.openstreetmap.org/{name}" for name in ("node/20", "way/6", "relation/7")
    ]
    assert found[["lat", "lon"]].iloc[0].tolist() == [55.5, 12.5] and found["tags"].unique().tolist() == ["fee=no"]


def test_a_key_of_our_own_is_named_before_it_is_given_to_others():
    found = GiveBack((Change(BENCH, {"programme": "no"}),), (), {})
    assert "programme" in giveback_files.summary(found, "en") and "programme" in giveback_files.summary(found, "da")
    assert "programme" not in giveback_files.summary(given_back(), "en")
