"""The field kit: forms that pyxform accepts, sheets with every stop, and a way back into `observe`."""

from __future__ import annotations

import json
import re
import shutil

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pypdf
import pytest
import shapely
from pyxform.xls2xform import convert

from spatial.analysis import loading
from spatial.core.languages import LANGUAGES, texts
from spatial.fieldkit import kit as fieldkit_kit
from spatial.fieldkit.kit import COUNT_FIELDS
from spatial.indicators.unknown_facts import vocabulary
from spatial.settings.loading import load_toml
from spatial.sources.field_answers import HERE, read_field_answers
from tests.command import call
from tests.observed import table as csv_of
from tests.pdf_structure import structure

FILES = [
    "checks.xlsx", "count.html", "counts.xlsx", "field.gpkg", "openness.html", "openness.xlsx", "protocol-da.txt",
    "protocol-en.txt", "ratings.html", "ratings.xlsx", "rounds.csv", "sheets.pdf",
]  # fmt: skip


@pytest.fixture(scope="module")
def run(finished, tmp_path_factory):
    """A finished run of the made-up town with its field kit; do not change it."""
    folder = tmp_path_factory.mktemp("kit") / "town"
    shutil.copytree(finished, folder)
    done = call("fieldkit", folder, "--lang", "en")
    assert (done.code, done.err) == (0, ""), done.err
    assert "meeting spaces" in done.out
    return folder


def survey(path):
    book = openpyxl.load_workbook(path)
    head, *rows = book["survey"].values
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_it_writes_exactly_its_files(run):
    assert sorted(path.name for path in (run / "fieldkit").glob("[!.]*")) == FILES


FORMS = [name for name in FILES if name.endswith(".xlsx")]


@pytest.mark.parametrize("name", FORMS)
def test_pyxform_accepts_the_forms_without_a_warning(run, name):
    found = convert(xlsform=str(run / "fieldkit" / name), validate=False, pretty_print=False)
    assert not found.warnings, found.warnings
    for lang in ("Dansk (da)", "English (en)"):
        assert f'lang="{lang}"' in found.xform
    asked = re.findall(r"<label ref=\"jr:itext\('(.+?):label'\)\"", found.xform)
    assert len(asked) >= 2


def test_the_forms_ask_for_nothing_by_which_a_person_could_be_known(run):
    for name in FORMS:
        kinds = {str(row["type"]).split()[0] for row in survey(run / "fieldkit" / name)}
        assert kinds <= {"select_one", "integer", "dateTime", "date", "begin_group", "end_group"}


def test_every_meeting_space_is_a_choice_and_a_line_on_the_sheets(run):
    spaces = loading.read_run(run).meeting_spaces
    book = openpyxl.load_workbook(run / "fieldkit" / "counts.xlsx")
    chosen = [row[1] for row in book["choices"].values if row[0] == "space"]
    assert sorted(chosen) == sorted(spaces.index)
    text = "".join(page.extract_text() for page in pypdf.PdfReader(run / "fieldkit" / "sheets.pdf").pages)
    assert "Counting sheet" in text and texts("en")["fieldkit"]["protocol"]["title"] in text
    labels = [row[3] for row in book["choices"].values if row[0] == "space"]
    for label in labels:
        words = label.partition(". ")[2].split()
        assert words[0] in text
    fonts = {
        str(font["/BaseFont"])
        for page in pypdf.PdfReader(run / "fieldkit" / "sheets.pdf").pages
        for font in (f.get_object() for f in page["/Resources"]["/Font"].values())
    }
    assert fonts and all("NotoSans" in font for font in fonts)  # embedded, so that æøå are right


def test_the_sheets_can_be_read_aloud(run):
    found = structure((run / "fieldkit" / "sheets.pdf").read_bytes())
    assert (found.faults, found.lang) == ([], "en")
    stops = len(loading.read_run(run).meeting_spaces)
    assert len(found.alts) == 1 + stops and "numbered stops" in found.alts[0]
    assert [int(re.findall(r"outline of stop (\d+)", alt)[0]) for alt in found.alts[1:]] == list(range(1, stops + 1))


def test_a_filled_form_comes_back_through_observe(run, tmp_path):
    """As KoboToolbox exports it: groups before the names, meta columns, choices by name."""
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    spaces = loading.read_run(copy).meeting_spaces.index
    head = ["location_id", "kind", "survey_time_start", "row_total", "posture/posture_standing", "organised",
            "survey_time_stop", "_uuid", "_submitted_by", "_submission_time"]  # fmt: skip
    rows = [
        [space, "staying", f"2026-05-04T1{i}:00:00.000+02:00", 6 + i, 6, "no", f"2026-05-04T1{i}:05:00.000+02:00",
         f"u{i}", "karen", "2026-05-04T18:00:00"]
        for i, space in enumerate(spaces)
    ]  # fmt: skip
    rows.append([spaces[0], "staying", "2026-05-05T10:00:00.000+02:00", 80, "", "yes",
                 "2026-05-05T10:05:00.000+02:00", "u9", "karen", ""])  # fmt: skip
    done = call("observe", copy, csv_of(tmp_path / "kobo.csv", rows, head), "--json")
    found = json.loads(done.out)
    assert found["rows"] == {"read": len(rows), "used": len(rows), "rejected": 0}
    assert found["unmatched_share"] == 0 and found["organised"] == 1
    assert found["check"]["surveys"] == len(spaces)  # the arranged event is left out
    names = {row["name"] for row in survey(copy / "fieldkit" / "counts.xlsx") if row["name"]}
    assert {name.partition("/")[2] or name for name in head if not name.startswith("_")} <= names


def test_the_package_opens_in_gis_and_what_is_filled_in_reads_back(run, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    path = copy / "fieldkit" / "field.gpkg"
    assert set(pyogrio.list_layers(path)[:, 0]) == {"stops", "checks", "round", "boundary", "counts", "answers"}
    stops = gpd.read_file(path, layer="stops")
    assert stops["number"].tolist() == list(range(1, len(stops) + 1))
    assert set(pyogrio.read_info(path, layer="counts")["fields"]) == set(COUNT_FIELDS)
    row = pd.DataFrame({
        "location_id": [stops["location_id"][0]], "kind": ["staying"], "row_total": [7],
        "survey_time_start": pd.to_datetime(["2026-05-04 10:00"]),
        "survey_time_stop": pd.to_datetime(["2026-05-04 10:05"]),
    })  # fmt: skip
    pyogrio.write_dataframe(row, path, layer="counts", driver="GPKG", append=True)
    found = json.loads(call("observe", copy, path, "--json").out)
    assert found["rows"]["used"] == 1 and found["unmatched_share"] == 0


def test_the_round_visits_each_stop_once_and_checks_name_a_stop(run):
    kit = fieldkit_kit.pack(loading.read_run(run))
    assert sorted(kit.stops.index) == sorted(loading.read_run(run).meeting_spaces.index)
    assert len(kit.round.legs) == (len(kit.stops) if len(kit.stops) > 1 else 0)
    assert set(kit.checks["stop"]) <= set(kit.stops["number"])
    assert kit.minutes == round(kit.round.total_m / 80 + 5 * len(kit.stops))
    order = kit.checks["rank_change"].to_numpy()
    assert (np.diff(order) <= 1e-9).all()


def test_the_form_asks_of_open_ground_what_is_there_and_its_answers_are_read(demo_result, tmp_path):
    kit = fieldkit_kit.packed(fieldkit_kit.pack(demo_result, inside=True))
    asked = kit.checks[kit.checks["fact"] == HERE]
    assert len(asked) == 4 and len(kit.checks) == fieldkit_kit.MAX_CHECKS
    rooms = demo_result.layers["possible_spaces"].geometry.loc[asked["object_id"]]
    assert shapely.contains(rooms.to_numpy(), asked["spot"].to_numpy()).all()
    walks = shapely.distance(kit.stops.geometry.to_numpy(), asked["spot"].to_numpy()[:, None])
    assert asked["stop"].tolist() == (walks.argmin(axis=1) + 1).tolist()
    fieldkit_kit.render_kit(kit, tmp_path, lang="da")
    form = convert(xlsform=str(tmp_path / "checks.xlsx"), validate=False, pretty_print=False)
    assert not form.warnings and "answer_here" in form.xform
    options = {row[1]: row[2:4] for row in openpyxl.load_workbook(tmp_path / "checks.xlsx")["choices"].values
               if row[0] == HERE}  # fmt: skip
    assert "Bænk" in options["bench"] and "Bench" in options["bench"] and "ingenting" in options["nothing"]
    rows = [["2026-05-04", check, value] for check, value in zip(asked["check"], options, strict=False)]
    file = csv_of(tmp_path / "back.csv", rows, ["checked_on", "check", "answer_here"])
    back = read_field_answers(file)
    assert [(one.object_id, one.value) for one in back.finds] == list(zip(asked["object_id"], options, strict=False))
    assert back.used == back.rejected == ()
    layer = gpd.read_file(tmp_path / "field.gpkg", layer="checks")
    assert set(asked["check"]) <= set(layer["check"])


def test_two_kits_of_one_run_are_the_same(run, tmp_path):
    assert call("fieldkit", run, "--lang", "en", "--out", tmp_path / "again").code == 0
    for name in ("sheets.pdf", "protocol-da.txt", "protocol-en.txt"):
        assert (tmp_path / "again" / name).read_bytes() == (run / "fieldkit" / name).read_bytes()


def test_every_answer_is_to_a_known_fact_and_has_words():
    answers = load_toml(None, "fieldkit.toml")["answers"]
    for fact, entry in answers.items():
        assert entry["key"] in vocabulary().place[fact], fact
        for lang in LANGUAGES:
            assert set(entry["values"]) <= set(texts(lang)["fieldkit"]["form"]["answer"])


def test_a_run_without_places_has_nothing_to_take_out(run, tmp_path):
    result = loading.read_run(run)
    from dataclasses import replace

    from spatial.core.errors import EmptyAreaError

    with pytest.raises(EmptyAreaError, match="no meeting space"):
        fieldkit_kit.pack(replace(result, meeting_spaces=result.meeting_spaces.iloc[:0]))
    assert call("fieldkit", tmp_path / "nowhere").code == 1
