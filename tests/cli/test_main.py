"""The command: what it writes, what it says, and that a failure leaves nothing behind."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
import platform
import re
import resource
import subprocess
import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from spatial.cli import commands
from spatial.core.marks import MARK
from spatial.settings.loading import DEFAULTS
from tests.amount import long
from tests.command import COMMAND, FILES, NEAR, Outcome, boundary, call, digests, lon_lat, run_town, town
from tests.osm_xml import degrees, write
from tests.same_bytes import differing

ASPECTS = ["openness", "accessibility", "neutrality", "low_threshold", "mixing"]
# The contract's columns, in its order.
IDENTITY = ["place_id", "space_id", "kind", "name", "own_name", "inside", "source_id", "area_m2"]
SCORES = [f"{x}{end}" for x in ("floating", *ASPECTS) for end in ("_low", "", "_high")]
SHARES = ["seen", "computed", "assumed", "unknown"]
RANKS = ["coverage", *SHARES, "rank", "tier", "rank_p05", "rank_p95", "top10_share"]
SPACES = ["place_count", "kinds", "status"]
UNIT_OF = {
    "activities_here": "count", "ages_here": "count", "can_watch": "count", "detour": "ratio",
    "dwellings_5min": "count", "dwellings_decay": "count", "enclosure": "share", "field_of_view_100": "share",
    "field_of_view_25": "share", "flow_near": "share", "from_traffic": "m", "groups_reached": "count", "help_near": "m",
    "homes_lit": "count", "homes_near": "count", "homes_rested": "count", "homes_step_free": "count",
    "homes_uncrossed": "count", "legal_access": "index", "low_commitment": "index", "nearest_walk": "m",
    "neutral_activity": "index", "no_programme": "index", "occasion": "index", "open_hours": "share",
    "passers_by": "count", "rest_gap": "m", "room_to_stay": "index", "seats_here": "count", "severance": "count",
    "stay_off_flow": "m", "transit_near": "m", "watched_over": "m_per_ha", "ways_in": "count", "who_can_meet": "index",
}  # fmt: skip
NEED_A_MODEL = {"slope_max", "sky_view", "sun_hours"}
NEED_A_LAYER = {"estates_reached"}
MEASURED = sorted([*(f"{x}_{unit}" for x, unit in UNIT_OF.items()), "lit_share", "step_free_share"])


# --- what a run writes ------------------------------------------------------------------


def test_the_demo_writes_exactly_its_files(demo):
    out, done = demo
    assert done.returncode == 0, done.stderr
    # Progress is for terminals; what is told is what the extract holds twice, and a surface in another language.
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["faellesrum"] * 2
    assert "surface=beton" in done.stderr
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert sorted(path.name for path in out.parent.iterdir()) == ["out"]
    assert str(out / "map.html") in done.stdout and "Reitbahnviertel" in done.stdout


def test_columns_of_the_scores_are_the_contracts(demo):
    with (demo[0] / "scores.csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert header == [*IDENTITY, *SCORES, *RANKS, *MEASURED, *SPACES]
    rubric = tomllib.loads((DEFAULTS / "rubric.toml").read_text(encoding="utf-8"))
    # The demo has neither terrain nor surface model, and no layer of departments.
    assert {*UNIT_OF, "lit_share", "step_free", *NEED_A_MODEL, *NEED_A_LAYER} == set(rubric["indicator"])


def test_rows_are_places_and_then_meeting_spaces(demo):
    table = pd.read_csv(demo[0] / "scores.csv")
    assert not table["place_id"].duplicated().any()
    is_space = (table["kind"] == "meeting_space").to_numpy()
    assert is_space.any() and not is_space.all()
    assert is_space.tolist() == sorted(is_space.tolist())
    places, spaces = table[~is_space], table[is_space]
    assert (spaces["place_id"] == spaces["space_id"]).all()
    assert set(places["space_id"]) == set(spaces["space_id"])
    assert places.groupby("space_id").size().to_dict() == spaces.set_index("space_id")["place_count"].to_dict()
    assert (places["kinds"] == places["kind"]).all()
    assert set(table["source_id"]) == {"osm"}
    low, best, high = (table[[f"{x}{end}" for x in ("floating", *ASPECTS)]].to_numpy() for end in ("_low", "", "_high"))
    assert (low >= 0).all() and (low <= best).all() and (best <= high).all() and (high <= 1).all()


def test_columns_and_layers_of_the_geopackage(demo):
    path = demo[0] / "places.gpkg"
    layers = set(pyogrio.list_layers(path)[:, 0])
    assert {"places", "meeting_spaces", "context", "paths", "buildings", "boundary"} <= layers
    places, spaces = (gpd.read_file(path, layer=name) for name in ("places", "meeting_spaces"))
    assert [*places.columns] == [*IDENTITY, *SCORES, *RANKS, *MEASURED, "geometry"]
    expected = {*IDENTITY, *SCORES, *RANKS, *MEASURED, *SPACES, "geometry"} - {"place_id"}
    assert {*spaces.columns} == expected
    for table in (places, spaces):
        assert table.crs.to_epsg() == 25833 and table.is_valid.all()
        assert set(table.geom_type) <= {"Polygon", "MultiPolygon"}
    written = pd.read_csv(demo[0] / "scores.csv").set_index("place_id")
    same = written.loc[places["place_id"], SCORES].to_numpy()
    assert places[SCORES].to_numpy() == pytest.approx(same, abs=1e-12)
    assert places.area.to_numpy() == pytest.approx(places["area_m2"].to_numpy(), rel=1e-9)


def test_evidence_has_one_row_a_place_and_indicator(demo):
    table = pd.read_parquet(demo[0] / "evidence.parquet")
    assert [*table.columns] == [
        "place_id", "indicator", "value", "unit", "low", "high", "evidence", "source_id", "rule",
    ]  # fmt: skip
    scored = pd.read_csv(demo[0] / "scores.csv")
    assert len(table) == len(scored) * len(MEASURED)
    assert not table.duplicated(["place_id", "indicator"]).any()
    assert set(table["evidence"]) <= {"observed", "derived", "estimated", "assumed by rule", "unknown"}
    assert (table["rule"].str.len() > 0).all()
    known = table["evidence"].isin(["observed", "derived"])
    # Of the right to be there a rule has a best estimate where nothing tells.
    unknown = table[(table["evidence"] == "unknown") & (table["indicator"] != "legal_access")]
    assert unknown["value"].isna().all()
    assert table.loc[known, "value"].notna().all()


def test_the_manifest_says_what_went_in(demo, demo_data):
    found = json.loads((demo[0] / "manifest.json").read_text(encoding="utf-8"))
    by_id = {source["source_id"]: source for source in found["sources"]}
    for identity, name in (
        ("osm", "reitbahnviertel.osm.pbf"),
        ("boundary", "reitbahnviertel.geojson"),
    ):
        digest = hashlib.sha256((demo_data / name).read_bytes()).hexdigest()
        assert by_id[identity]["sha256"] == digest
        assert Path(by_id[identity]["path"]).name == name
        assert "ODbL" in by_id[identity]["licence"]
        assert "OpenStreetMap" in by_id[identity]["attribution"]
    assert by_id["osm"]["data_date"] == "2016-02-09" and by_id["boundary"]["data_date"] == "2016-02-10"
    assert found["estate"]["crs"] == "EPSG:25833"
    assert (found["estate"]["margin_m"], found["estate"]["reach_m"]) == (250, 1600)
    assert found["seed"] == 20250201 and set(found["rubric"]["rules"]) == {
        *UNIT_OF,
        "lit_share",
        "step_free",
    }
    assert {"faellesrum", "python", "shapely", "geos", "proj", "osmium"} <= set(found["versions"])
    assert found["timings"] and all(seconds >= 0 for seconds in found["timings"].values())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found["made_at"])


def test_two_runs_give_the_same_bytes(demo, demo_data, tmp_path):
    """The second in this process, from the files by name, into a folder of another name."""
    out = tmp_path / "again"
    area, osm = demo_data / "reitbahnviertel.geojson", demo_data / "reitbahnviertel.osm.pbf"
    assert call("run", "--boundary", area, "--osm", osm, "--out", out).code == 0
    for name in ("scores.csv", "evidence.parquet"):
        assert (out / name).read_bytes() == (demo[0] / name).read_bytes(), name
    pages = []
    for folder in (out, demo[0]):
        made_at = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["made_at"]
        pages.append((folder / "map.html").read_text(encoding="utf-8").replace(made_at, "NOW"))
    assert pages[0] == pages[1]


@pytest.mark.long
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the kernels of BLAS are those of x86-64")
def test_the_kernel_of_blas_changes_no_byte_of_the_tables(tmp_path):
    """BLAS adds up in another order on each kind of processor; what is published hangs on none."""
    for kernel in ("PRESCOTT", "HASWELL"):
        command = [COMMAND, "demo", "--out", tmp_path / kernel]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "OPENBLAS_CORETYPE": kernel})
    assert differing([tmp_path / "PRESCOTT", tmp_path / "HASWELL"]) == []


def test_another_seed_changes_rank_ranges_and_nothing_else(inputs, finished, tmp_path):
    assert run_town(inputs, tmp_path / "s", "--seed", 1).code == 0
    one, other = (pd.read_csv(folder / "scores.csv") for folder in (finished, tmp_path / "s"))
    drawn = ["tier", "rank_p05", "rank_p95", "top10_share"]
    pd.testing.assert_frame_equal(one.drop(columns=drawn), other.drop(columns=drawn))


def test_places_of_the_town_are_those_drawn(finished):
    table = pd.read_csv(finished / "scores.csv").set_index("place_id")
    kinds = table.loc[table["kind"] != "meeting_space", "kind"].to_dict()
    assert kinds == {
        "osm:node/20": "bench", "osm:node/21": "table", "osm:node/26": "bench",
        "osm:way/6": "playground",
    }  # fmt: skip
    assert table.loc["osm:way/6", "area_m2"] == pytest.approx(12 * 12, abs=1)
    # An apostrophe before it: a spreadsheet would take the name for a formula.
    assert table.loc["osm:node/26", "name"] == '\'=1+1, "x"\nÆ'
    assert table.loc[list(kinds), "inside"].all()


def test_json_of_a_run_is_json_and_alone_on_stdout(inputs, tmp_path):
    done = run_town(inputs, tmp_path / "out", "--json", "--lang", "en")
    found = json.loads(done.out)
    assert found["places"] == 4 and found["estate"] == "Bøgen" and found["warnings"] == []
    assert Path(found["map"]) == tmp_path / "out" / "map.html"


# --- runs with little to find -----------------------------------------------------------


@pytest.mark.parametrize(
    "elsewhere",
    [
        {30: (0, 250, {"amenity": "bench"})},
        {},
    ],
    ids=["a bench far off", "none at all"],
)
def test_no_places_is_a_result_and_said_so(elsewhere, tmp_path):
    area, osm = boundary(tmp_path / "e.geojson"), town(tmp_path / "bare.osm", elsewhere)
    out = tmp_path / "out"
    done = run_town((area, osm), out, "--lang", "en", "--json")
    assert done.code == 0 and done.err.count("\n") == 1
    assert "Bøgen: found no outdoor place" in done.err
    assert sorted(path.name for path in out.iterdir()) == FILES
    table = pd.read_csv(out / "scores.csv")
    assert len(table) == 0 and [*table.columns] == [*IDENTITY, *SCORES, *RANKS, *MEASURED, *SPACES]
    assert len(pd.read_parquet(out / "evidence.parquet")) == 0
    for layer, count in (("places", 0), ("meeting_spaces", 0), ("buildings", 2), ("boundary", 1)):
        assert len(pyogrio.read_dataframe(out / "places.gpkg", layer=layer)) == count, layer
    assert len(json.loads((out / "manifest.json").read_text())["warnings"]) == 1
    assert len(json.loads(done.out)["warnings"]) == 1
    assert call("map", out, "--lang", "en").code == 0
    assert call("explain", out, "osm:node/1").code == 1


def test_an_extract_with_one_bench_and_nothing_else(tmp_path):
    """No way, no building, no dwelling: what hangs on them is unknown, nothing breaks."""
    osm = write(tmp_path / "one.osm", {1: (0, 0, {"amenity": "bench"})}, bounds=(-1200, -1200, 1200, 1200))
    done = run_town((boundary(tmp_path / "e.geojson"), osm), tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    table = pd.read_csv(tmp_path / "out" / "scores.csv")
    space = table["place_id"].iloc[-1]
    assert list(table["place_id"]) == ["osm:node/1", space] and list(table["space_id"]) == [space, space]


def test_an_extract_that_ends_inside_the_reach(demo_data, tmp_path):
    """The share is of the disc around the boundary that the header's box leaves out."""
    area, osm = demo_data / "helsinki.geojson", demo_data / "helsinki.osm.pbf"
    done = call(
        "run",
        "--boundary",
        area,
        "--osm",
        osm,
        "--margin",
        200,
        "--reach",
        800,
        "--lang",
        "en",
        "--out",
        tmp_path / "out",
    )
    assert done.code == 0
    disc = gpd.read_file(area).to_crs(25835).geometry.iloc[0].buffer(1000)
    box = gpd.GeoSeries([shapely.box(24.9351762, 60.164155, 24.9534145, 60.179113)], crs=4326).to_crs(25835).iloc[0]
    missing = 1 - disc.intersection(box).area / disc.area
    [line] = [line for line in done.err.splitlines() if "ends inside the reach" in line]
    assert f"{missing * 100:.0f}% of the area within 1000 m" in line
    evidence = pd.read_parquet(tmp_path / "out" / "evidence.parquet")
    marked = evidence["rule"].str.contains(r"extract_edge_\d+pct_unseen")
    assert marked.any() and not marked.all()
    assert marked[evidence["indicator"] == "dwellings_5min"].any()
    assert not marked[evidence["indicator"] == "legal_access"].any()
    lost = [line for line in done.err.splitlines() if "outlines of" in line]
    assert len(lost) == 1
    assert done.err.count("\n") == len(json.loads((tmp_path / "out" / "manifest.json").read_text())["warnings"])


@pytest.mark.shared
@pytest.mark.parametrize("name", ["23, Østerbrogade", "103, Vognmandsmarken"])
def test_departments_of_copenhagen(name, shared_data, tmp_path):
    folder = shared_data / "copenhagen"
    done = call(
        "run", "--boundary", folder / "almene_boliger_kk.geojson", "--name", name, "--osm",
        folder / "oesterbro.osm.pbf", "--reach", 800, "--lang", "en", "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.code == 0
    found = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert found["estate"]["tenure"] == "almen" and found["estate"]["name"] == name
    table = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert len(table) > 10 and table["inside"].isin([True, False]).all()
    for line in done.err.splitlines():
        assert line.startswith("faellesrum: ") and ("Give" in line or "faellesrum doctor" in line)


# --- failures ---------------------------------------------------------------------------


def half(source: Path, path: Path) -> Path:
    path.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    return path


def text(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def shapefile_without_prj(path: Path) -> Path:
    gpd.GeoDataFrame({"id": [1]}, geometry=[lon_lat(-60, -60, 60, 60)], crs=4326).to_file(path)
    path.with_suffix(".prj").unlink()
    return path


BOW = shapely.Polygon([degrees(*xy) for xy in ((-50, -50), (50, 50), (50, -50), (-50, 50))])
BAD_EXTRACTS = {
    "missing": lambda d, data: d / "gone.osm.pbf",
    "empty": lambda d, data: text(d / "empty.osm.pbf", ""),
    "truncated": lambda d, data: half(data / "reitbahnviertel.osm.pbf", d / "half.osm.pbf"),
    "wrong format": lambda d, data: text(d / "page.osm", "<!DOCTYPE html><html></html>"),
    "wrong ending": lambda d, data: text(d / "town.geojson", "{}"),
    "elsewhere": lambda d, data: data / "helsinki.osm.pbf",
}
BAD_BOUNDARIES = {
    "missing": lambda d: d / "gone.geojson",
    "not a map": lambda d: text(d / "a.geojson", "{"),
    "degrees without CRS": lambda d: shapefile_without_prj(d / "a.shp"),
    "self-intersecting": lambda d: boundary(d / "a.geojson", BOW),
    "empty": lambda d: boundary(d / "a.geojson", shapely.Polygon()),
    "no feature": lambda d: text(d / "a.geojson", '{"type":"FeatureCollection","features":[]}'),
    "5,000 km²": lambda d: boundary(d / "a.geojson", lon_lat(-35000, -36000, 35000, 36000)),
}


def assert_one_line(done: Outcome, named: Path) -> None:
    assert done.code == 1 and done.out == ""
    assert done.err.startswith("faellesrum: ") and done.err.count("\n") == 1, done.err
    assert done.err.endswith("\n") and named.name in done.err and "Traceback" not in done.err


@pytest.mark.parametrize("make", BAD_EXTRACTS.values(), ids=BAD_EXTRACTS)
def test_a_bad_extract_fails_in_one_line_and_writes_nothing(make, inputs, earlier, demo_data, tmp_path):
    osm, before = make(tmp_path, demo_data), digests(earlier)
    assert_one_line(run_town((inputs[0], osm), earlier), osm)
    assert digests(earlier.parent) == {f"town/{name}": digest for name, digest in before.items()}


@pytest.mark.parametrize("make", BAD_BOUNDARIES.values(), ids=BAD_BOUNDARIES)
def test_a_bad_boundary_fails_in_one_line_and_writes_nothing(make, inputs, earlier, tmp_path):
    area, before = make(tmp_path), digests(earlier)
    assert_one_line(run_town((area, inputs[1]), earlier), area)
    assert digests(earlier.parent) == {f"town/{name}": digest for name, digest in before.items()}
    names = sorted(path.name for path in tmp_path.iterdir())
    assert_one_line(run_town((area, inputs[1]), tmp_path / "new" / "out"), area)
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_a_bad_rubric_fails_in_one_line(inputs, tmp_path):
    rubric = text(tmp_path / "mine.toml", "x = ")
    assert_one_line(run_town(inputs, tmp_path / "out", "--rubric", rubric), rubric)
    assert not (tmp_path / "out").exists()


def test_a_bad_terrain_fails_in_one_line(inputs, tmp_path):
    terrain = text(tmp_path / "dtm.tif", "no raster")
    assert_one_line(run_town(inputs, tmp_path / "out", "--terrain", terrain), terrain)
    assert_one_line(run_town(inputs, tmp_path / "out", "--terrain", tmp_path / "no*.tif"), tmp_path / "no*.tif")
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_place_of_the_folder(inputs, tmp_path):
    file = text(tmp_path / "out", "mine")
    assert_one_line(run_town(inputs, file), file)
    assert file.read_text() == "mine" and [*tmp_path.iterdir()] == [file]


WRITERS = [
    "tables.scores",
    "tables.evidence",
    "tables.geopackage",
    "tables.manifest",
    "web_page.map_page",
]


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), long(RuntimeError("x")), long(KeyboardInterrupt())],
    ids=repr,
)
@pytest.mark.parametrize("writer", WRITERS)
def test_a_failed_write_leaves_the_earlier_run_as_it_was(writer, error, analysis, earlier, monkeypatch):
    from spatial.analysis import storage
    from spatial.core.errors import InputError
    from spatial.maps import tables
    from spatial.maps.web import page as web_page

    module, name = writer.split(".")

    def fail(result, path=None, **options):
        if path is not None:
            path.write_bytes(b"half of it")
        raise error

    monkeypatch.setattr({"tables": tables, "web_page": web_page}[module], name, fail)
    before = digests(earlier.parent)
    expected = InputError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected, match="No space left" if isinstance(error, OSError) else None):
        storage.save(analysis, earlier)
    assert digests(earlier.parent) == before
    assert [path.name for path in earlier.parent.iterdir()] == ["town"]
    fresh = earlier.parent / "fresh"
    with pytest.raises(expected):
        storage.save(analysis, fresh)
    assert [path.name for path in earlier.parent.iterdir()] == ["town"]


def test_an_interrupted_run_says_so(inputs, earlier, monkeypatch):
    from spatial.maps import tables

    def stop(result, path, *, lang):
        raise KeyboardInterrupt

    monkeypatch.setattr(tables, "scores", stop)
    before = digests(earlier.parent)
    done = run_town(inputs, earlier)
    assert done.code == 130 and done.err == "\nfaellesrum: afbrudt; intet er skrevet\n"
    assert digests(earlier.parent) == before


def test_a_full_disk_fails_in_one_line(inputs, earlier):
    """No file may grow beyond the limit. The GeoPackage does, and GDAL does not say so."""
    before = digests(earlier.parent)
    limit = 300 * 1024
    done = subprocess.run(
        [
            *(COMMAND, "run", "--boundary", inputs[0], "--osm", inputs[1]),
            *(*map(str, NEAR), "--out", earlier),
        ],
        capture_output=True, text=True, timeout=300,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert_one_line(Outcome(done.returncode, done.stdout, done.stderr), earlier)
    assert digests(earlier.parent) == before
    assert [path.name for path in earlier.parent.iterdir()] == ["town"]


@pytest.mark.parametrize(
    "args",
    [
        ["run"],
        ["run", "--boundary", "a.geojson", "--osm", "b.osm"],
        ["demo"],
        ["demo", "--out", "x", "--lang", "sv"],
        ["demo", "--out", "x", "--seed", "-1"],
        ["demo", "--out", "x", "--seed", "many"],
        ["demo", "--out", "x", "--margin", "-5"],
        ["demo", "--out", "x", "--reach", "1e9"],
        ["demo", "--out", "x", "--what"],
        ["explain", "x"],
        ["map"],
        ["dance"],
        [],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(args, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call(*args)
    assert done.code == 2 and done.out == "" and "Brug: faellesrum" in done.err
    assert not [*tmp_path.iterdir()]


def test_wrong_usage_is_2_in_a_process(tmp_path):
    done = subprocess.run([COMMAND, "demo"], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 2 and "--out" in done.stderr and done.stdout == ""


def test_debug_shows_the_traceback(tmp_path):
    done = call("--debug", "explain", tmp_path, "osm:node/1")
    assert done.code == 1 and "Traceback" in done.err
    assert done.err.splitlines()[-1].startswith("faellesrum: ")


# --- explain, map, help -----------------------------------------------------------------


def judged_by_hand(value, low, high, rule):
    """Value function of a rule at a known value, within what the interval allows."""
    xs, ys = zip(*rule["points"], strict=True)
    assert low is None or high is None or low <= value <= high
    return float(np.interp(value, xs, ys))


def test_every_explanation_adds_up(demo):
    out = demo[0]
    rubric = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["rubric"]
    rules, weights = rubric["rules"], rubric["aspect_weights"]
    with (out / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 50
    for row in rows:
        done = call("explain", out, row["place_id"], "--json")
        assert done.code == 0 and done.err == ""
        found = json.loads(done.out)
        factors, seen, gate = [], set(), 1.0
        for condition in found["conditions"]:
            seen.add(condition["indicator"])
            assert rules[condition["indicator"]]["aspect"] == "gate"
            gate *= condition["judged"]
        assert found["gate"] == pytest.approx(gate, abs=1e-12)
        assert (gate > 0.3) or row["rank"] == ""
        for aspect in found["aspects"]:
            score = float(row[aspect["aspect"]])
            weight = weights[aspect["aspect"]] / math.fsum(weights.values())
            assert aspect["weight"] == pytest.approx(weight, abs=1e-12)
            assert math.fsum(part["contribution"] for part in aspect["parts"]) == pytest.approx(score, abs=1e-9)
            assert math.fsum(part["weight"] for part in aspect["parts"]) == pytest.approx(1, abs=1e-12)
            for part in aspect["parts"]:
                seen.add(part["indicator"])
                assert part["contribution"] == pytest.approx(part["weight"] * part["judged"], abs=1e-12)
                assert rules[part["indicator"]]["aspect"] == aspect["aspect"]
                if part["value"] is not None:
                    by_hand = judged_by_hand(part["value"], part["low"], part["high"], rules[part["indicator"]])
                    assert part["judged"] == pytest.approx(by_hand, abs=1e-12)
            assert aspect["factor"] == pytest.approx(score**weight, abs=1e-9)
            factors.append(aspect["factor"])
        assert seen == {name for name, rule in rules.items() if rule["weight"] > 0}
        assert gate * math.prod(factors) == pytest.approx(float(row["floating"]), abs=1e-9)
        for key, column in (
            ("low", "floating_low"),
            ("score", "floating"),
            ("high", "floating_high"),
            ("coverage", "coverage"),
        ):
            assert found[key] == pytest.approx(float(row[column]), abs=1e-9)


@pytest.mark.parametrize(
    ("lang", "first", "answer"),
    [
        ("da", "Først betingelserne, som ganges på:", "Retten til at være her: "),
        ("en", "First the conditions, which multiply the rest:", "The right to be here: "),
    ],
)
def test_conditions_are_told_before_the_aspects(lang, first, answer, demo):
    lines = call("explain", demo[0], "osm:node/1480107298", "--lang", lang).out.splitlines()
    at = lines.index(first)
    assert lines[at + 1].strip().startswith(answer)
    assert at < next(i for i, line in enumerate(lines) if line.startswith(("Åbenhed: ", "Openness: ")))


@pytest.mark.parametrize(("lang", "word"), [("da", "Åbenhed"), ("en", "Openness")])
def test_explanations_in_words(lang, word, demo):
    done = call("explain", demo[0], "osm:node/1480107298", "--lang", lang)
    assert done.code == 0 and "osm:node/1480107298" in done.out and word.lower() in done.out.lower()


def test_an_unknown_place_gets_near_ones(demo):
    done = call("explain", demo[0], "osm:node/1480107299")
    assert done.code == 1 and done.err.count("\n") == 1
    assert "osm:node/1480107299" in done.err and "osm:node/1480107298" in done.err


def test_the_map_is_drawn_again_in_the_other_language(demo, tmp_path):
    before = digests(demo[0])
    done = call("map", demo[0], "--lang", "en", "--out", tmp_path / "en.html")
    assert done.code == 0 and done.out == f"{tmp_path / 'en.html'}\n"
    page = (tmp_path / "en.html").read_text(encoding="utf-8")
    assert '<html lang="en"' in page
    assert '<html lang="da"' in (demo[0] / "map.html").read_text(encoding="utf-8")
    assert digests(demo[0]) == before


def test_the_map_is_written_into_the_run_where_no_file_is_named(earlier):
    before = digests(earlier)
    assert call("map", earlier, "--lang", "en").code == 0
    after = digests(earlier)
    assert sorted(after) == FILES
    assert [name for name in FILES if after[name] != before[name]] == [MARK, "map.html"]


def test_a_map_that_cannot_be_written_fails_in_one_line(earlier, tmp_path):
    target = tmp_path / "no" / "such" / "folder.html"
    assert_one_line(call("map", earlier, "--out", target), target)
    assert_one_line(call("map", earlier, "--out", earlier.parent), earlier.parent)


def broken_manifest(content):
    return lambda run: (run / "manifest.json").write_text(content)


BROKEN = {
    "no manifest": lambda run: (run / "manifest.json").unlink(),
    "not JSON": broken_manifest("{"),
    "a list": broken_manifest("[]"),
    "another version": broken_manifest('{"schema_version": 99}'),
    "nothing but the version": broken_manifest('{"schema_version": 1}'),
    "a rubric of another shape": broken_manifest('{"schema_version": 1, "rubric": {"rules": {"x": 1}}}'),
    "no evidence": lambda run: (run / "evidence.parquet").unlink(),
    "half the evidence": lambda run: half(run / "evidence.parquet", run / "evidence.parquet"),
    "evidence of another kind": lambda run: pd.DataFrame({"x": [1]}).to_parquet(run / "evidence.parquet"),
}
BROKEN_MAPS = {
    "no places": lambda run: (run / "places.gpkg").unlink(),
    "half the places": lambda run: half(run / "places.gpkg", run / "places.gpkg"),
    "no place in the places": lambda run: (run / "places.gpkg").write_bytes(b"x"),
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_explaining_a_damaged_run_fails_in_one_line(damage, earlier):
    damage(earlier)
    assert_one_line(call("explain", earlier, "osm:node/20"), earlier)


@pytest.mark.parametrize("damage", [*BROKEN.values(), *BROKEN_MAPS.values()], ids=[*BROKEN, *BROKEN_MAPS])
def test_drawing_a_damaged_run_fails_in_one_line(damage, earlier):
    damage(earlier)
    before = digests(earlier)
    assert_one_line(call("map", earlier), earlier)
    assert digests(earlier) == before


@pytest.mark.parametrize("name", commands.command_names())
def test_help_of_every_command_shows_an_example(name):
    done = call(name, "--help")
    assert done.code == 0 and done.err == ""
    assert re.search(rf"^ +faellesrum {name} \S", done.out, re.MULTILINE), done.out
    for option in re.findall(r"^  (?:-\w, )?(--[\w-]+)(.*(?:\n {10,}.*)*)", done.out, re.MULTILINE):
        assert re.search(r"[a-z]{4}", option[1]), option  # it says what it does


def test_help_of_the_command_names_all(tmp_path):
    done = call("--help")
    assert done.code == 0
    for name in commands.command_names():
        assert re.search(rf"^  {name} ", done.out, re.MULTILINE)
    assert call("--version").out.startswith("faellesrum")


def test_the_site_map_is_printed_again_at_another_scale_in_another_language(demo, tmp_path):
    before = digests(demo[0])
    done = call("sitemap", demo[0], "--lang", "en", "--scale", 2000, "--paper", "A1", "--out", tmp_path / "sheet.pdf")
    assert done.code == 0 and done.out == f"{tmp_path / 'sheet.pdf'} (1:2000, A1)\n" and done.err == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sheet.pdf", "sheet.png"]
    assert (tmp_path / "sheet.pdf").read_bytes()[:5] == b"%PDF-"
    assert digests(demo[0]) == before


def test_a_scale_at_which_not_all_fits_is_said(demo, tmp_path):
    done = call("sitemap", demo[0], "--scale", 500, "--paper", "a4", "--lang", "en", "--out", tmp_path / "sheet.pdf")
    assert done.code == 0 and "1:500 on A4 shows a part of the places" in done.err


def test_a_site_map_that_cannot_be_written_fails_in_one_line(earlier, tmp_path):
    target = tmp_path / "no" / "such" / "sheet.pdf"
    assert_one_line(call("sitemap", earlier, "--out", target), target)
    assert call("sitemap", earlier, "--scale", 7).code == 2


@pytest.mark.parametrize(
    ("lang", "title"), [("da", "Hvor kunne en frivillig stå?"), ("en", "Where could a volunteer stand?")]
)
def test_siting_in_words_and_as_data(demo, lang, title):
    said = call("siting", demo[0], "--most", 2, "--lang", lang)
    assert said.code == 0 and said.out.startswith(title) and len(said.out.splitlines()) == 4
    data = json.loads(call("siting", demo[0], "--most", 2, "--json").out)["curve"]
    assert [row["k"] for row in data] == [1, 2] and all(0 < row["share"] <= 1 for row in data)
    assert data[0]["value"] < data[1]["value"]


def test_explain_through_a_lens(demo):
    place = pd.read_csv(demo[0] / "scores.csv")["place_id"].iloc[0]
    said = call("explain", demo[0], place, "--lens", "wheelchair", "--lang", "en")
    assert said.code == 0 and "In a wheelchair" in said.out
    wrong = call("explain", demo[0], place, "--lens", "pram")
    assert wrong.code == 1 and "wheelchair" in wrong.err and len(wrong.err.splitlines()) == 1


@pytest.mark.parametrize("lang", ["da", "en"])
def test_sensitivity_in_words_and_as_data(demo, lang):
    said = call("sensitivity", demo[0], "--samples", 64, "--lang", lang)
    judged = {
        name
        for name, rule in tomllib.loads((DEFAULTS / "rubric.toml").read_text(encoding="utf-8"))["indicator"].items()
        if rule["weight"] > 0
    }
    judged -= NEED_A_MODEL | NEED_A_LAYER
    assert said.code == 0 and len(said.out.splitlines()) == 2 + len(judged) + len(ASPECTS)
    data = json.loads(call("sensitivity", demo[0], "--samples", 64, "--json").out)
    assert {row["input"] for row in data} == judged | set(ASPECTS)
    assert call("sensitivity", demo[0], "--samples", 100).code == 1


def test_other_formats_are_written_on_request(demo, tmp_path):
    before = digests(demo[0])
    done = call("export", demo[0], "--as", "geojson", "--as", "FlatGeobuf", "--out", tmp_path / "gis")
    assert done.code == 0 and done.err == ""
    written = sorted(path.name for path in (tmp_path / "gis").iterdir())
    assert written == [MARK, "meeting_spaces.fgb", "meeting_spaces.geojson", "places.fgb", "places.geojson"]
    assert sorted(done.out.splitlines()) == [str(tmp_path / "gis" / name) for name in written[1:]]
    assert digests(demo[0]) == before
    assert call("export", demo[0]).code == 2


def test_the_other_bundled_place_has_benches_on_the_map(tmp_path):
    done = call("demo", "--place", "helsinki", "--out", tmp_path / "run", "--lang", "en")
    assert done.code == 0, done.err
    with (tmp_path / "run" / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert any(row["kind"] == "bench" for row in rows)
    assert "Kaisaniemen puisto" in done.out
