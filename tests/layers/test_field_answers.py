"""Field checks that come back: a checked tag is observed, dated, and goes before every other source."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from spatial.core.errors import SchemaError
from spatial.core.model import CLAIM_COLUMNS, Features, Provenance, RawData
from spatial.layers import field_answers as layers_field_answers
from spatial.layers.conflation import Conflated
from spatial.sources import field_answers
from tests.command import run_town
from tests.observed import table as csv_of
from tests.observed import visits

HEAD = ["checked_on", "check", "answer_access", "answer_fee", "_uuid", "_submitted_by"]


def features(**tags):
    return Features(np.array(list(tags), dtype=object), list(tags.values()), np.array([None] * len(tags), dtype=object))


def one(**tags):
    none = features()
    raw = RawData(features(**tags), none, none, None, {}, {}, Provenance("osm", "x", "", ""))
    return Conflated(raw, pd.DataFrame(columns=list(CLAIM_COLUMNS)), {}, {}, ())


def answer(row, identity, key, value, day="2026-05-04"):
    return field_answers.Answer(row, identity, key, value, day)


def test_the_latest_answer_goes_before_the_tag_and_both_are_told():
    before = one(a={"fee": "yes", "name": "A"}, b={})
    after, unknown = layers_field_answers.apply_field_answers(
        before,
        [answer(2, "a", "fee", "no", "2026-06-01"), answer(3, "a", "fee", "yes"), answer(4, "gone", "fee", "no")],
    )
    assert list(after.raw.points.tags) == [{"fee": "no", "name": "A"}, {}] and unknown == (4,)
    assert list(before.raw.points.tags) == [{"fee": "yes", "name": "A"}, {}]  # untouched
    assert after.sources == {"a": {"fee": "field_check"}}
    told = after.claims.set_index(["field", "source_id"])
    assert told.loc[("fee", "field_check"), ["value", "source_object", "used"]].tolist() == ["no", "2026-06-01", True]
    assert told.loc[("fee", "a"), ["value", "used"]].tolist() == ["yes", False]
    assert told.loc[("name", "a"), "used"]


def test_a_run_with_field_checks_knows_what_was_seen(inputs, finished, tmp_path):
    """The bench's access was unknown; now it is observed, with the field check as its source, and coverage grows."""
    rows = [
        ["2026-05-04", "osm:node/20#access", "yes", "", "u1", "karen"],
        ["2026-05-04", "osm:node/20#fee", "", "no", "u2", "karen"],
        ["2026-05-04", "osm:node/999#access", "yes", "", "u3", "karen"],
        ["2026-05-04", "osm:node/20#light", "yes", "", "u4", "karen"],
        ["2026-05-04", "osm:node/20#access", "perhaps", "", "u5", "karen"],
        ["4. maj", "osm:node/20#access", "yes", "", "u6", "karen"],
    ]
    out = tmp_path / "out"
    done = run_town(inputs, out, "--field-checks", csv_of(tmp_path / "checks.csv", rows, HEAD))
    assert done.code == 0, done.err
    before, after = (pd.read_parquet(folder / "evidence.parquet") for folder in (finished, out))
    key = ["place_id", "indicator"]
    was, now = (table.set_index(key).loc[("osm:node/20", "legal_access")] for table in (before, after))
    assert was["evidence"] != "observed"
    assert (now["evidence"], now["value"]) == ("observed", 1.0) and "field_check" in now["source_id"]
    scores = [pd.read_csv(folder / "scores.csv").set_index("place_id") for folder in (finished, out)]
    assert scores[1].loc["osm:node/20", "floating_low"] > scores[0].loc["osm:node/20", "floating_low"]
    entry = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["field_checks"]
    assert entry["used"] == 2 and entry["dates"] == ["2026-05-04"]
    assert [(r["row"], r["reason"]) for r in entry["rejected"]] == [
        (4, "unknown_object"), (5, "unknown_check"), (6, "unknown_answer"), (7, "bad_time"),
    ]  # fmt: skip
    assert "karen" not in (out / "manifest.json").read_text(encoding="utf-8")
    checks = pd.read_csv(out / "field_checks.csv")
    assert not ((checks["object_id"] == "osm:node/20") & checks["fact"].isin(["access", "fee"])).any()


GROUND = "room:71088-617305"  # of the town, east of the estate; nothing is mapped on it


def degrees_on(folder, room):
    """A point of a possible space of a finished run, longitude and latitude."""
    rooms = gpd.read_file(folder / "places.gpkg", layer="possible_spaces").set_index("room_id")
    spot = gpd.GeoSeries([rooms.geometry[room].representative_point()], crs=rooms.crs).to_crs(4326)
    return round(spot.x[0], 6), round(spot.y[0], 6)


def test_what_was_found_on_open_ground_counts_as_if_it_were_drawn_there(inputs, finished, tmp_path):
    x, y = degrees_on(finished, GROUND)
    rows = [
        ["2026-05-04", f"{GROUND}@{x},{y}#here", "nothing"],
        ["2026-06-01", f"{GROUND}@{x},{y}#here", "bench"],
        ["2026-06-01", "room:1-2@9.000000,55.000000#here", "bench"],  # far away
        ["2026-06-01", f"{GROUND}#here", "bench"],  # where is not said
        ["2026-06-01", f"{GROUND}@{x},{y}#fee", "no"],
        ["2026-06-01", "osm:node/20#here", "bench"],
        ["2026-06-01", f"{GROUND}@{x},{y}#here", "moon"],
    ]
    told, drawn = tmp_path / "told", tmp_path / "drawn"
    answers = csv_of(tmp_path / "c.csv", rows, ["checked_on", "check", "answer"])
    assert run_town(inputs, told, "--field-checks", answers).code == 0
    extract = tmp_path / "drawn.osm"
    node = f'<node id="900001" version="1" lat="{y}" lon="{x}"><tag k="amenity" v="bench"/></node>'
    text = inputs[1].read_text(encoding="utf-8")
    at = text.index("<way") if "<way" in text else text.index("</osm>")
    extract.write_text(text[:at] + node + text[at:], encoding="utf-8")
    assert run_town((inputs[0], extract), drawn).code == 0
    mine, theirs = (pd.read_csv(folder / "scores.csv").set_index("place_id") for folder in (told, drawn))
    theirs = theirs.rename(index={"osm:node/900001": f"field_check:{GROUND}"})
    best = ["floating_low", "floating", "floating_high", "coverage", "kind", "status"]
    pd.testing.assert_frame_equal(mine[best].sort_index(), theirs[best].sort_index(), rtol=0, atol=1e-9)
    assert len(mine) == len(pd.read_csv(finished / "scores.csv")) + 2  # the bench, and its meeting space
    entry = json.loads((told / "manifest.json").read_text(encoding="utf-8"))["field_checks"]
    assert entry["here"] == [{"at": [x, y], "is": "bench", "on": "2026-06-01"}] and entry["used"] == 2
    assert [(r["row"], r["reason"]) for r in entry["rejected"]] == [
        (4, "unknown_object"), (5, "unknown_check"), (6, "unknown_check"), (7, "unknown_check"), (8, "unknown_answer"),
    ]  # fmt: skip
    claims = pd.read_parquet(told / "lineage.parquet").set_index("object_id").loc[[f"field_check:{GROUND}"]]
    claims = claims[claims["used"]]
    assert {"field_check"} == set(claims["source_id"]) and {"2026-06-01"} == set(claims["source_object"])


def test_open_ground_where_one_may_not_go_is_no_possible_space_and_no_score_changes(inputs, finished, tmp_path):
    before = set(gpd.read_file(finished / "places.gpkg", layer="possible_spaces")["room_id"])
    other = next(iter(before - {GROUND}))
    spots = {room: "{},{}".format(*degrees_on(finished, room)) for room in before}
    rows = [["2026-05-04", f"{GROUND}@{spots[GROUND]}#here", "private"],
            ["2026-05-04", f"{other}@{spots[other]}#here", "nothing"]]  # fmt: skip
    answers = csv_of(tmp_path / "c.csv", rows, ["checked_on", "check", "answer_here"])
    assert run_town(inputs, tmp_path / "out", "--field-checks", answers).code == 0
    assert set(gpd.read_file(tmp_path / "out" / "places.gpkg", layer="possible_spaces")["room_id"]) == before - {GROUND}
    for name in ("scores.csv", "lenses.csv", "evidence.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (finished / name).read_bytes()


def test_a_file_without_answers_is_refused_before_anything_is_written(inputs, tmp_path):
    path = csv_of(tmp_path / "x.csv", [["1"]], ["a"])
    with pytest.raises(SchemaError, match="no answers"):
        field_answers.read_field_answers(path)
    done = run_town(inputs, tmp_path / "out", "--field-checks", path)
    assert done.code == 1 and not (tmp_path / "out").exists()


def test_a_run_with_observations_does_both(inputs, finished, tmp_path):
    spaces = [i for i in pd.read_csv(finished / "scores.csv")["place_id"] if i.startswith("space:")]
    file = csv_of(tmp_path / "v.csv", visits(spaces, [60] * len(spaces)))
    out = tmp_path / "out"
    assert run_town(inputs, out, "--observations", file).code == 0
    assert (out / "observations.html").exists() and (out / "map.html").exists()
    found = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["observations"]
    assert found["check"]["meeting_spaces"] == len(spaces) and not found["check"]["enough"]
    bad = csv_of(tmp_path / "bad.csv", [["v", "nowhere", "x", "", "staying", 1]])
    done = run_town(inputs, tmp_path / "none", "--observations", bad)
    assert done.code == 1 and not (tmp_path / "none").exists()


def test_a_run_is_told_how_its_counts_are_to_be_read(inputs, finished, tmp_path):
    space = next(i for i in pd.read_csv(finished / "scores.csv")["place_id"] if i.startswith("space:"))
    head = ["space_id", "start", "total", "kind"]
    file = csv_of(tmp_path / "v.csv", [[space, f"05/0{month}/2025 10:00", 9, "staying"] for month in (6, 7)], head)
    unclear = run_town(inputs, tmp_path / "none", "--observations", file)
    assert unclear.code == 1 and "--dates" in unclear.err and not (tmp_path / "none").exists()
    assert run_town(inputs, tmp_path / "out", "--observations", file, "--dates", "month-first").code == 0
    found = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["observations"]
    assert found["rows"] == {"read": 2, "rejected": 0, "used": 2}
    without = run_town(inputs, tmp_path / "none", "--dates", "month-first")
    assert without.code == 2 and "--observations" in without.err
