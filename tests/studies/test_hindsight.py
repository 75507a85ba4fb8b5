"""After a plan is built: a forecast, a run of now and counts, of an estate that is known to the last metre."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from spatial.core.languages import LANGUAGES, texts
from tests import osm_xml
from tests.analysis.test_run import PLAYGROUND, boundary, miniature
from tests.command import call
from tests.plans.test_comparison import degrees

# A bench and a table are promised, the playground is to go.
PLAN = f"""
name = "Plan B"
[[edit]]
remove = "{PLAYGROUND}"
[[edit]]
add = "bench"
at = {list(degrees(200, 6))}
[[edit]]
add = "table"
at = {list(degrees(240, 6))}
"""
# The bench was built three metres further east; the playground is still there, the table is not.
BUILT = """<node id="77" version="1" lat="{lat}" lon="{lon}"><tag k="amenity" v="bench"/></node>"""
COUNTS = "location_id,survey_time_start,survey_time_stop,kind,row_total\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hindsight")
    miniature(folder / "mini.osm")
    boundary(folder / "mini.gpkg")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    lon, lat = degrees(203, 6)
    text = (folder / "mini.osm").read_text(encoding="utf-8")
    at = text.index("<way")
    (folder / "now.osm").write_text(text[:at] + BUILT.format(lat=lat, lon=lon) + text[at:], encoding="utf-8")
    area = ("--boundary", folder / "mini.gpkg", "--lang", "en")
    for osm, out, more in (("mini", "plan", ("--plan", folder / "plan.toml")), ("now", "now", ())):
        said = call("run", *area, "--osm", folder / f"{osm}.osm", *more, "--out", folder / out)
        assert said.code == 0, said.err
    return folder


def told(folder, *more):
    said = call("hindsight", folder / "plan", folder / "now", *more, "--json", "--lang", "en")
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_what_was_promised_is_found_where_it_was_built(folder, tmp_path):
    found = told(folder, "--out", tmp_path / "out")
    assert (found["promised"], found["built"], found["still_there"]) == (2, 1, 1)
    promised = pd.read_csv(tmp_path / "out" / "promised.csv").set_index("kind")
    assert promised.at["bench", "now_id"] == "osm:node/77"
    assert promised.at["bench", "away_m"] == pytest.approx(3, abs=2 * osm_xml.GRAIN_M)
    assert not promised.at["table", "built"]


def test_each_place_is_told_with_its_forecast_and_what_is_there(folder):
    """Forecast, now and before are the scores of the three folders; the table is missing, the playground unforeseen."""
    rows = told(folder)["places"]
    forecast, now = (
        pd.read_csv(folder / name / "scores.csv", index_col="place_id")["floating"] for name in ("plan", "now")
    )
    for row in rows:
        if row["forecast_id"] is not None:
            assert row["forecast"] == round(100 * forecast[row["forecast_id"]])
        both = None not in (row["forecast_id"], row["now_id"])
        assert (row["difference"] is not None) == both
    ids = {row["now_id"]: row for row in rows}
    space_of = pd.read_csv(folder / "now" / "scores.csv", index_col="place_id")["space_id"]
    assert ids[space_of[PLAYGROUND]]["now"] == round(100 * now[space_of[PLAYGROUND]])
    bench = ids[space_of["osm:node/77"]]
    assert bench["forecast_id"] is not None and bench["state"] in ("inside", "above", "below")
    assert [row["name"] for row in rows if row["state"] == "missing"] and len(now) > len(rows)


def test_counts_are_laid_beside_and_small_ones_withheld(folder, tmp_path):
    space_of = pd.read_csv(folder / "now" / "scores.csv", index_col="place_id")["space_id"]
    visits = [
        f"{space_of['osm:node/77']},2025-05-0{day} 12:00,2025-05-0{day} 12:30,staying,{people}"
        for day, people in enumerate((10, 20, 10, 20), 1)
    ]
    visits += [f"{space_of[PLAYGROUND]},2025-05-01 14:00,2025-05-01 14:30,staying,1"]
    (tmp_path / "counts.csv").write_text(COUNTS + "\n".join(visits) + "\n", encoding="utf-8")
    rows = {row["now_id"]: row for row in told(folder, tmp_path / "counts.csv")["places"]}
    bench, playground = (rows[space_of[place]] for place in ("osm:node/77", PLAYGROUND))
    assert (bench["counts"], bench["visits"], bench["per_visit"]) == ("counted", 4, 15)
    assert (playground["counts"], playground["people"]) == ("withheld", None)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_cannot_be_told_is_said(lang, folder):
    said = call("hindsight", folder / "plan", folder / "now", "--lang", lang)
    cannot = texts(lang)["hindsight"]["cannot"]
    assert said.code == 0 and cannot["use"] in said.out and cannot["no_counts"] in said.out
    assert texts(lang)["hindsight"]["still_there"]["one"] in said.out


def test_a_folder_without_a_plan_is_refused_in_one_line(folder):
    said = call("hindsight", folder / "now", folder / "plan", "--lang", "en")
    assert said.code == 1 and said.err.count("\n") == 1
