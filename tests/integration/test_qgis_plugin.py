"""The plugin in Debian's QGIS: `qgis_process` gives what the command line gives, the toolbox loads it styled."""

import json
import os
import runpy
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import pytest

import spatial
from spatial.plans import reading
from tests.integration.test_qgis import ARTEFACTS, PYTHON

pytestmark = pytest.mark.integration

PROCESS = "/usr/bin/qgis_process.bin"  # Debian's wrapper of it gives it an option that only the window knows
TOOLBOX = Path(__file__).with_name("qgis_toolbox.py")
PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.executable).with_name("faellesrum")
PROFILE = Path(".local/share/QGIS/QGIS3/profiles/default/QGIS/QGIS3.ini")
DANISH = "\n[locale]\noverrideFlag=true\nuserLocale=da\n"
SETTINGS = "[Processing]\nConfiguration\\FAELLESRUM_PROGRAM={program}\n\n[PythonPlugins]\nfaellesrum=true\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A user of QGIS who has installed the zip and said where the program is."""
    home = tmp_path_factory.mktemp("home")
    runpy.run_path(str(PROJECT / "qgis" / "build.py"))["main"](home / "build")
    shutil.unpack_archive(home / "build" / "faellesrum.zip", home / "plugins")
    set_program(home, PROGRAM)
    return home


def set_program(home, program, more=""):
    (home / PROFILE).parent.mkdir(parents=True, exist_ok=True)
    (home / PROFILE).write_text(SETTINGS.format(program=program) + more, encoding="utf-8")


def environment(home):
    plain = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "QT_QPA_PLATFORM": "offscreen"}
    # Another kernel of BLAS moves the last digit of an estimate: both sides have to reckon with the same one.
    names = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return plain | kept | {"HOME": str(home), "QGIS_PLUGINPATH": str(home / "plugins"), "XDG_RUNTIME_DIR": str(home)}


def process(home, algorithm, **given):
    """What `qgis_process` gives for an algorithm, its log, and its exit code."""
    words = [f"{name}={value}" for name, value in given.items()]
    done = subprocess.run(
        [PROCESS, "--json", "run", f"faellesrum:{algorithm}", "--", *words],
        capture_output=True, text=True, timeout=600, env=environment(home),
    )  # fmt: skip
    said = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return SimpleNamespace(
        results=said.get("results", {}), log=json.dumps(said.get("log")) + done.stderr, code=done.returncode
    )


def command(*words):
    """What the command line says."""
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


@pytest.fixture(scope="module")
def inputs(demo_data):
    return {
        "boundary": demo_data / "reitbahnviertel.geojson",
        "osm": demo_data / "reitbahnviertel.osm.pbf",
        "lang": "en",
    }


@pytest.fixture(scope="module")
def run(home, inputs):
    found = process(home, "run", **inputs, out=home / "run")
    assert found.code == 0, found.log
    return home / "run"


@pytest.fixture(scope="module")
def planned(home, inputs, demo_data):
    found = process(home, "run", **inputs, out=home / "planned", plan=demo_data / "invented_plan.geojson")
    assert found.code == 0, found.log
    return home / "planned"


def as_words(inputs):
    return [word for name, value in inputs.items() for word in (f"--{name}", value)]


def test_scores_are_those_of_the_command_line_byte_for_byte(home, run, inputs):
    command("run", *as_words(inputs), "--out", home / "same")
    for name in ("scores.csv", "field_checks.csv"):
        assert (run / name).read_bytes() == (home / "same" / name).read_bytes(), name
    assert len((run / "scores.csv").read_bytes()) > 10_000


def test_scores_with_a_plan_and_a_municipal_layer_are_those_of_the_command_line(home, planned, inputs, demo_data):
    plan, layer = demo_data / "invented_plan.geojson", f"geofa.punkt={demo_data / 'invented_facilities.geojson'}"
    command("run", *as_words(inputs), "--plan", plan, "--out", home / "same-plan")
    for name in ("scores.csv", "today/scores.csv"):
        assert (planned / name).read_bytes() == (home / "same-plan" / name).read_bytes(), name
    command("run", *as_words(inputs), "--layer", layer, "--out", home / "same-layer")
    found = process(home, "run", **inputs, layers=layer.replace("=", ","), out=home / "layer")
    assert found.code == 0, found.log
    scores = (home / "layer" / "scores.csv").read_bytes()
    assert scores == (home / "same-layer" / "scores.csv").read_bytes() != (planned / "scores.csv").read_bytes()


def test_a_boundary_that_is_a_layer_among_others_is_the_same_boundary(home, run, inputs):
    """QGIS exports that one layer; its coordinates stay as they are."""
    table, both = gpd.read_file(inputs["boundary"]), home / "both.gpkg"
    table.translate(0.01).to_file(both, layer="first")
    table.to_file(both, layer="second")
    layer = {**inputs, "boundary": f"{both}|layername=second", "name": "Reitbahnviertel"}
    found = process(home, "run", **layer, out=home / "exported")
    assert found.code == 0, found.log
    mine, theirs = (pd.read_csv(folder / "scores.csv") for folder in (home / "exported", run))
    pd.testing.assert_frame_equal(mine, theirs)


def test_a_plan_is_checked_and_compared_as_by_the_command_line(home, planned, inputs, demo_data):
    plan = demo_data / "invented_plan.geojson"
    found = process(home, "plancheck", **inputs, plan=plan, out=home / "plan.pdf")
    assert found.results["said"] == command("plan", "check", plan, *as_words(inputs))
    assert (home / "plan.pdf").read_bytes().startswith(b"%PDF")
    found = process(home, "compare", before=planned / "today", after=planned, out=home / "compared", lang="en")
    command("compare", planned / "today", planned, "--lang", "en", "--out", home / "same-compared")
    assert {"space_changes", "home_changes", "map_page", "plan_page"} <= set(found.results), found.log
    for name in ("homes.csv", "spaces.csv", "promises.csv"):
        assert (home / "compared" / name).read_bytes() == (home / "same-compared" / name).read_bytes()


def test_a_finished_run_is_asked_as_by_the_command_line(home, run, demo_data):
    found = process(home, "siting", folder=run, most=2, out=home / "siting.gpkg", lang="en")
    assert found.results["said"] == command("siting", run, "--most", "2", "--lang", "en")
    curve = json.loads(command("siting", run, "--most", "2", "--json"))["curve"]
    chosen = gpd.read_file(home / "siting.gpkg", layer="siting")
    assert set(chosen["place_id"]) == {one for row in curve for one in row["space_ids"]}
    found = process(home, "fieldkit", folder=run, out=home / "kit", lang="en")
    assert {"stops", "round", "checks", "count_page"} <= set(found.results), found.log
    counted = home / "counted"
    shutil.copytree(run, counted)
    found = process(home, "observe", folder=counted, files=demo_data / "invented_counts.csv", lang="en")
    assert found.code == 0 and Path(found.results["observations_page"]).exists(), found.log
    assert found.results["observations"].endswith("observations.gpkg|layername=observations")


def test_measures_are_suggested_as_by_the_command_line(home, inputs, tmp_path):
    """With the one measure that has the fewest sites to be tried at."""
    gate = 'where = "locked_gate"\ntags = { access = "yes", foot = "yes", locked = "" }\nwhy = "Example."\n'
    gate = f"[gate]\n{gate}cost_dkk = 3000\ncost_dkk_per_m = 0\n"
    (tmp_path / "gates.toml").write_text(gate, encoding="utf-8")
    found = process(home, "suggest", **inputs, measures=tmp_path / "gates.toml", out=home / "suggested")
    assert found.code == 0 and "suggestions" in found.results, found.log
    command("suggest", *as_words(inputs), "--measures", tmp_path / "gates.toml", "--out", tmp_path / "same")
    name = "suggestions.geojson"
    assert (home / "suggested" / name).read_bytes() == (tmp_path / "same" / name).read_bytes()


def test_what_is_wrong_is_the_one_line_of_the_program(home, inputs):
    found = process(home, "run", **{**inputs, "osm": "/nowhere.osm.pbf"}, out=home / "nothing")
    assert found.code != 0 and "faellesrum: /nowhere.osm.pbf: found no such file" in found.log
    assert not (home / "nothing").exists()


def test_a_program_that_is_not_there_is_named_with_where_to_say_it(home, inputs):
    set_program(home, "/nowhere/faellesrum")
    try:
        found = process(home, "run", **inputs, out=home / "nothing")
    finally:
        set_program(home, PROGRAM)
    assert found.code != 0 and "/nowhere/faellesrum" in found.log and "pipx install faellesrum" in found.log


@pytest.mark.parametrize(("settings", "title"), [("", "Check a plan"), (DANISH, "Tjek en plan")])
def test_the_toolbox_speaks_the_language_of_qgis(home, settings, title):
    set_program(home, PROGRAM, settings)
    try:
        done = subprocess.run([PROCESS, "list"], capture_output=True, text=True, timeout=120, env=environment(home))
    finally:
        set_program(home, PROGRAM)
    assert f"faellesrum:plancheck\t{title}" in done.stdout


# --- the toolbox ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def toolbox(home, inputs):
    ARTEFACTS.mkdir(exist_ok=True)
    given = {
        "program": str(PROGRAM),
        "at": [384800.0, 5936900.0],
        "run": {**{name: str(value) for name, value in inputs.items()}, "lang": "da", "out": str(home / "shown")},
        "plannew": {"out": str(home / "drawn.gpkg"), "crs": "EPSG:25833", "lang": "da"},
    }
    given["cancelled"] = {**given["run"], "out": str(home / "given-up")}
    words = [PYTHON, TOOLBOX, home / "plugins", ARTEFACTS / "qgis_plugin.png", json.dumps(given)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, env=environment(home))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_results_are_loaded_with_their_styles_and_names(toolbox, home):
    assert toolbox["run"]["good"] and toolbox["run"]["errors"] == []
    layers = toolbox["run"]["layers"]
    assert [name.partition(": ")[2] for name in layers][-2:] == ["Mødesteder", "Steder"]
    assert {layer["renderer"] for layer in layers.values()} == {"RuleRenderer"}
    file = home / "shown" / "places.gpkg"
    with closing(sqlite3.connect(file)) as database:
        (style,) = database.execute(
            "SELECT styleQML FROM layer_styles WHERE f_table_name = 'meeting_spaces' AND useAsDefault"
        ).fetchone()
    rules = ElementTree.fromstring(style).findall("./renderer-v2/rules/rule")
    assert layers["Reitbahnviertel: Mødesteder"]["rules"] == len(rules) > 4
    assert {"Måler", "Finder stederne"} <= set(toolbox["run"]["stages"])


def test_a_plan_is_drawn_with_the_form_and_read_as_a_plan(toolbox, home, inputs):
    (points,) = [one for one in toolbox["plannew"]["layers"].values() if "points" in one["source"]]
    assert points["choices"]["action"] == ["remove", "add", "change"]
    assert points["aliases"]["phase"] == "Fase (nummer, år eller dato)"
    assert toolbox["drawn"]
    plan = reading.read_plan(home / "drawn.gpkg", spatial.Estate.from_file(inputs["boundary"]))
    (edit,) = plan.edits
    assert (edit.action, edit.layer, edit.tags) == ("add", "place", {"amenity": "bench"})
    assert edit.geometry.coords[0] == (384800.0, 5936900.0)


def test_giving_up_ends_the_program_and_leaves_nothing(toolbox, home):
    assert not toolbox["cancelled"]["good"] and toolbox["cancelled"]["stages"] == 2
    assert not (home / "given-up").exists() and not list(home.glob(".given-up*"))
    running = subprocess.run(["pgrep", "-f", str(home / "given-up")], capture_output=True)
    assert running.returncode == 1, running.stdout
