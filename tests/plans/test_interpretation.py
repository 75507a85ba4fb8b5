"""``faellesrum plan check``: what is understood of a plan, what is wrong with it, and how it is drawn."""

from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pypdf
import pytest
import shapely

from tests import osm_xml
from tests.analysis.test_run import PLAYGROUND, boundary, miniature
from tests.command import call
from tests.pdf_structure import structure
from tests.plans.test_comparison import degrees

X, Y = osm_xml.CENTRE_M


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check")
    miniature(folder / "mini.osm")
    boundary(folder / "mini.gpkg")
    return folder


def check(folder: Path, plan: Path, *more: object):
    return call("plan", "check", plan, "--boundary", folder / "mini.gpkg", "--osm", folder / "mini.osm", *more)


def short(folder: Path, text: str, name: str = "plan.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


GOOD = f"""
name = "A good plan"
[[edit]]
remove = "osm:way/11"
phase = 2027
note = "the eastern block"
[[edit]]
add = "path"
line = [{degrees(150, 0)}, {degrees(150, 80)}]
phase = 2028
[[edit]]
change = "{PLAYGROUND}"
area = [{degrees(100, 35)}, {degrees(107, 42)}, {degrees(100, 49)}, {degrees(93, 42)}]
phase = 2028
[[edit]]
add = "path"
line = [{degrees(200, 60)}, {degrees(230, 60)}]
phase = 2028
"""
SAID = {
    "en": [
        "The plan “A good plan” for Mini: 4 changes in 2 phases.",
        "Phase 1 (2027)",
        "1. Building is demolished: 30 homes, whose residents have to be rehoused, 200 m², the eastern block",
        "Phase 2 (2028)",
        "2. New path: 80 m, meets 1 path or road without a name",
        "3. Playground: moves 30 m to the north",
        "4. New path: 30 m, touches no road or path, so that nobody gets to it on foot",
        "The plan fits the area.",
    ],
    "da": [
        "Planen »A good plan« for Mini: 4 ændringer i 2 faser.",
        "Fase 1 (2027)",
        "1. Bygning rives ned: 30 boliger, som skal genhuses, 200 m², the eastern block",
        "2. Ny sti: 80 m, møder 1 sti eller vej uden navn",
        "3. Legeplads: flyttes 30 m mod nord",
        "4. Ny sti: 30 m, rører ingen vej eller sti, så ingen kan gå dertil",
        "Planen passer til området.",
    ],
}


@pytest.mark.parametrize("lang", ["en", "da"])
def test_each_feature_is_told_in_words(lang, folder):
    done = check(folder, short(folder, GOOD), "--lang", lang)
    assert done.code == 0
    for line in SAID[lang]:
        assert line in done.out
    assert not re.search(r"osm:|feature|edit \d|access|foot=", done.out)


def test_as_data(folder):
    said = json.loads(check(folder, short(folder, GOOD), "--json").out)
    assert said["fits"] and said["faults"] == []
    assert [edit["object_id"] for edit in said["edits"]] == ["osm:way/11", "plan:edit 2", PLAYGROUND, "plan:edit 4"]
    assert said["edits"][1]["joins"] == ["osm:way/1"] and said["edits"][3]["joins"] == []


def test_the_drawing_numbers_and_names_each_edit(folder, tmp_path):
    done = check(folder, short(folder, GOOD), "--out", tmp_path / "plan.pdf", "--lang", "en")
    assert done.code == 0
    assert (tmp_path / "plan.png").read_bytes().startswith(b"\x89PNG")
    (page,) = pypdf.PdfReader(tmp_path / "plan.pdf").pages
    text = " ".join(page.extract_text().split())
    assert "A good plan" in text and "New path: 80 m, meets 1 path" in text and "building site" in text
    assert structure((tmp_path / "plan.pdf").read_bytes()).faults == []
    # Red for what goes, blue for what comes, orange for what changes: as PDF says colours.
    content = page.get_contents().get_data().decode("latin-1")
    strokes = [list(map(float, found)) for found in re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) (?:RG|SCN)\b", content)]
    for colour in ("#a50f15", "#08519c", "#b35900"):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        assert any(np.allclose(stroke, parts, atol=0.002) for stroke in strokes), colour


BAD = """
name = "A bad plan"
[[edit]]
remove = "osm:way/1l"
[[edit]]
add = "bench"
at = [13.2, 53.5]
[[edit]]
add = "construction"
area = [[0, 0], [0, 0.1], [0.1, 0.1]]
"""


def test_every_fault_is_named_by_feature_and_nothing_else_is_done(folder, tmp_path):
    done = check(folder, short(folder, BAD, "bad.toml"), "--lang", "en", "--out", tmp_path / "bad.pdf")
    assert done.code == 1
    assert "No. 1: there is no osm:way/1l to take away or change; did you mean osm:way/1" in done.out
    assert "No. 2, new bench: lies" in done.out and "is it a plan for another estate" in done.out
    assert "No. 3, building site: " in done.out
    assert done.err.strip().startswith("faellesrum: plan A bad plan: faults found: 4") and "Traceback" not in done.err
    assert "No. 2, new bench: lies" in " ".join(pypdf.PdfReader(tmp_path / "bad.pdf").pages[0].extract_text().split())
    run = call(
        "run", "--boundary", folder / "mini.gpkg", "--osm", folder / "mini.osm", "--plan", folder / "bad.toml",
        "--out", tmp_path / "run",
    )  # fmt: skip
    assert run.code == 1 and not (tmp_path / "run").exists() and run.err.count("\n") == 1


CUTTING = f"""
[[edit]]
add = "road"
line = [{degrees(85, 40)}, {degrees(115, 40)}]
fase = 2
[[edit]]
open = "osm:node/77"
"""


def test_what_cannot_be_read_and_what_does_not_fit_are_told_together(folder):
    done = check(folder, short(folder, CUTTING, "cutting.toml"), "--lang", "en")
    assert done.code == 1
    assert "! row 1: found 'fase'; did you mean phase?" in done.out and "there is no osm:node/77" in done.out


def test_what_a_plan_does_without_saying_so_is_told(folder):
    """A road over the playground that stays: told, by its number; a road beside it: nothing."""
    x, y = 100, 12
    over, beside = (
        f'[[edit]]\nadd = "road"\nline = [{degrees(x - 40, to)}, {degrees(x + 40, to)}]\n' for to in (y, y + 60)
    )
    done = check(folder, short(folder, over), "--lang", "en", "--json")
    (told,) = json.loads(done.out)["unsaid"]
    assert told["effect"] == "through" and told["object_id"] == PLAYGROUND and told["edit"] == 1
    assert told["in_words"] == f"New road (no. 1) runs for {round(told['amount'])} m through playground"
    assert json.loads(check(folder, short(folder, beside), "--json").out)["unsaid"] == []


def layer(*rows, crs=osm_xml.METRIC):
    columns = {"action": "add", "layer": "place", "kind": "bench"}
    return gpd.GeoDataFrame([{**columns, **row} for row in rows], geometry="geometry", crs=crs)


def test_a_plan_in_another_crs_is_brought_to_the_estates(folder):
    layer({"geometry": shapely.Point(X + 150, Y + 10)}).to_crs(3857).to_file(folder / "mercator.gpkg")
    done = check(folder, folder / "mercator.gpkg", "--json")
    assert done.code == 0 and json.loads(done.out)["fits"]


WRONG_CRS = {
    "degrees said to be metres": (
        layer({"geometry": shapely.Point(12.1, 55.7)}, crs=None).set_crs(25832),
        "is it a plan for another estate, or in another CRS than it says?",
    ),
    "metres said to be degrees": (
        layer({"geometry": shapely.Point(X, Y)}, crs=None).set_crs(4326),
        "do not fit the CRS WGS 84; declare the right one",
    ),
    "no CRS": (layer({"geometry": shapely.Point(X, Y)}, crs=None), "found coordinates without a CRS"),
}


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize(("table", "said"), WRONG_CRS.values(), ids=WRONG_CRS)
def test_a_wrong_crs_is_named(table, said, folder):
    path = folder / "crs.gpkg"
    path.unlink(missing_ok=True)
    table.to_file(path)
    done = check(folder, path, "--lang", "en")
    assert done.code == 1 and said in done.out + done.err and "Traceback" not in done.err


def test_two_ways_to_say_phases_are_refused(folder):
    path = short(folder, '[[edit]]\nremove = "osm:way/11"\nphase = 1\n[[edit]]\nremove = "osm:way/10"\nphase = 2028\n')
    done = check(folder, path, "--lang", "en")
    assert done.code == 1 and "found the phases 1, 2028; needed all numbers or all dates" in done.out


@pytest.mark.parametrize("phase", ['"first"', '"2027-13"', "1.5", "-1"])
def test_a_phase_is_a_number_or_a_date(phase, folder):
    done = check(folder, short(folder, f'[[edit]]\nremove = "osm:way/11"\nphase = {phase}\n'), "--lang", "en")
    assert done.code == 1 and "needed a number from 1 or a date" in done.out
