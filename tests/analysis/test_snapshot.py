"""Inputs frozen and replayed: the same scores byte for byte, offline, and only if nothing was changed."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

import spatial
from spatial.analysis import snapshot
from spatial.core.arrays import object_array
from spatial.core.errors import SourceFormatError, SourceUnavailable
from spatial.core.model import Estate, Extract, Features, Provenance, Raster, RawData
from spatial.osm import extract as osm_extract
from spatial.osm import osmium_reader, overpass_settings
from spatial.osm import reader as osm_reader
from spatial.sources import boundaries, layers
from tests.command import call, digests
from tests.overpass_server import OSM_BASE
from tests.overpass_server import Extract as Served
from tests.overpass_server import overpass as running

UTM32 = CRS.from_epsg(25832)
NEAR = ("--margin", 50, "--reach", 300)
PROVENANCE = Provenance("x", "p", "l", "a", complete=True)


def scores(folder) -> bytes:
    return (folder / "scores.csv").read_bytes()


@pytest.fixture
def town(inputs):
    return "--boundary", inputs[0], "--osm", inputs[1]


@pytest.fixture
def folder(town, tmp_path):
    """Frozen inputs of the made-up town, near around."""
    done = call("fetch", *town, *NEAR, "--out", tmp_path / "inputs")
    assert done.code == 0, done.err
    return tmp_path / "inputs"


# --- a run, and its replay --------------------------------------------------------------


def test_the_replay_has_the_same_scores(town, folder, tmp_path):
    direct = call("run", *town, *NEAR, "--out", tmp_path / "direct")
    replay = call("run", "--inputs", folder, "--out", tmp_path / "replay")
    assert direct.code == replay.code == 0, direct.err + replay.err
    assert scores(tmp_path / "direct") == scores(tmp_path / "replay")
    first, again = (json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("direct", "replay"))
    assert first["estate"] == again["estate"] and first["sources"] == again["sources"]


def test_the_manifest_says_what_where_from_and_under_which_licence(folder, inputs):
    found = json.loads((folder / "inputs.json").read_text())
    assert found["osm"]["clipped"] is False
    assert found["osm"]["provenance"]["licence"] == "ODbL 1.0" and found["osm"]["provenance"]["attribution"]
    assert found["osm"]["sha256"] == found["osm"]["provenance"]["sha256"]
    assert found["osm"]["provenance"]["path"] == str(inputs[1])
    assert found["frozen_at"] and found["versions"]["osmium"]
    for path in (folder / "objects").glob("[!.]*"):
        assert path.name.split(".")[0] == digests(folder)[f"objects/{path.name}"]


@pytest.mark.parametrize(("lang", "words"), [("da", "Frosset i"), ("en", "Frozen in")])
def test_it_says_what_is_frozen(town, tmp_path, lang, words):
    done = call("fetch", *town, *NEAR, "--out", tmp_path / "in", "--lang", lang)
    assert done.out.startswith(words) and "ODbL" in done.out and f"run --inputs {tmp_path / 'in'}" in done.out
    data = json.loads(call("fetch", *town, *NEAR, "--out", tmp_path / "in", "--json").out)
    assert data["folder"] == str(tmp_path / "in") and data["osm"]["bytes"] > 1000


@pytest.mark.parametrize(
    "more",
    [("--osm", "x.osm"), ("--boundary", "b.gpkg"), ("--reach", 5), ("--layer", "kk.legeplads"), ("--year", 2020)],
)
def test_frozen_inputs_are_all_the_inputs(folder, tmp_path, more):
    done = call("run", "--inputs", folder, *more, "--out", tmp_path / "out")
    assert done.code == 2 and f"udelad {more[0]}" in done.err


@pytest.mark.long
def test_what_overpass_answered_is_replayed_without_it(demo_data, tmp_path, monkeypatch):
    boundary = ("--boundary", demo_data / "reitbahnviertel.geojson", *NEAR)
    monkeypatch.setenv("FAELLESRUM_CACHE", str(tmp_path / "cache"))
    with running(Served(demo_data / "reitbahnviertel.osm.pbf")) as server:
        monkeypatch.setenv(overpass_settings.URL_VARIABLE, server.url)
        live = call("run", *boundary, "--osm", "overpass", "--out", tmp_path / "live")
        done = call("fetch", *boundary, "--osm", "overpass", "--out", tmp_path / "inputs")
        assert live.code == done.code == 0, live.err + done.err
        assert len(server.queries) == 1
    shutil.rmtree(tmp_path / "cache")
    replay = call("run", "--inputs", tmp_path / "inputs", "--out", tmp_path / "replay")
    assert replay.code == 0 and scores(tmp_path / "live") == scores(tmp_path / "replay")
    source = json.loads((tmp_path / "replay" / "manifest.json").read_text())["sources"][0]
    assert source["timestamp_osm_base"] == OSM_BASE and "[bbox:" in source["query"] and source["retrieved_at"]


def test_a_rubric_and_a_seed_still_count(folder, tmp_path):
    one = call("run", "--inputs", folder, "--seed", 1, "--out", tmp_path / "one")
    two = call("run", "--inputs", folder, "--seed", 2, "--out", tmp_path / "two")
    assert one.code == two.code == 0
    assert [json.loads((tmp_path / n / "manifest.json").read_text())["seed"] for n in ("one", "two")] == [1, 2]


def test_terrain_is_replayed_as_it_was_read(town, inputs, tmp_path):
    """Ground that rises by 8 m in 100 to the east, under the estate and around it."""
    estate = boundaries.estate(inputs[0], margin_m=50, reach_m=300)
    west, south, east, north = estate.context_area.buffer(100).bounds
    columns, rows = round((east - west) / 5), round((north - south) / 5)
    heights = np.tile(np.arange(columns, dtype=np.float32) * 0.4, (rows, 1))
    snapshot.write_raster(Raster(heights, west, north, 5.0, estate.crs, 1.0, (PROVENANCE,)), tmp_path / "dtm.tif")
    args = (*town, *NEAR, "--terrain", tmp_path / "dtm.tif")
    direct = call("run", *args, "--out", tmp_path / "direct")
    done = call("fetch", *args, "--out", tmp_path / "inputs")
    (tmp_path / "dtm.tif").unlink()
    replay = call("run", "--inputs", tmp_path / "inputs", "--out", tmp_path / "replay")
    assert direct.code == done.code == replay.code == 0, direct.err + done.err + replay.err
    assert scores(tmp_path / "direct") == scores(tmp_path / "replay")
    first, again = (json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("direct", "replay"))
    assert first["sources"] == again["sources"]
    assert any(one["source_id"] == "terrain" for one in first["sources"])


# --- what was changed is refused --------------------------------------------------------


def test_a_changed_file_is_refused(folder, tmp_path):
    for path in sorted((folder / "objects").glob("[!.]*")):
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        done = call("run", "--inputs", folder, "--out", tmp_path / "out")
        assert done.code == 1 and "er ændret, siden den blev gemt" in done.err and path.name in done.err
        path.write_bytes(whole)
    assert not (tmp_path / "out").exists()


def test_a_missing_file_or_another_folder_is_refused(folder, tmp_path):
    with pytest.raises(SourceUnavailable, match=r"found no inputs\.json"):
        snapshot.read_snapshot(tmp_path)
    next((folder / "objects").glob("*.parquet")).unlink()
    with pytest.raises(SourceUnavailable, match="fetch again"):
        snapshot.read_snapshot(folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"form": 2}', '{"form": 1}', '{"form": 1, "estate": {"file": "x"}}'])
def test_a_manifest_of_another_form_is_refused(folder, text):
    (folder / "inputs.json").write_text(text)
    with pytest.raises((SourceFormatError, SourceUnavailable)):
        snapshot.read_snapshot(folder)


def test_a_manifest_cannot_lead_out_of_its_folder(folder, tmp_path):
    found = json.loads((folder / "inputs.json").read_text())
    shutil.copy(folder / found["osm"]["file"], tmp_path / "outside.osm.pbf")
    found["osm"]["file"] = "../outside.osm.pbf"
    (folder / "inputs.json").write_text(json.dumps(found))
    with pytest.raises(SourceFormatError, match="leads out of the folder"):
        snapshot.read_snapshot(folder)


def test_a_failure_leaves_what_was_frozen_before(town, folder, tmp_path):
    before = digests(folder)
    done = call("fetch", *town, "--layer", "no.such", "--out", folder)
    assert done.code == 1 and done.err.count("\n") == 1
    assert digests(folder) == before and sorted(p.name for p in tmp_path.iterdir()) == ["inputs"]


def test_a_folder_of_something_else_is_not_replaced(town, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    done = call("fetch", *town, *NEAR, "--out", tmp_path / "mine")
    assert done.code == 1 and "indeholder andet end gemte inddata" in done.err
    assert [p.name for p in tmp_path.rglob("*")] == ["mine", "thesis.txt"]


# --- nothing is lost on the way ---------------------------------------------------------

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
numbers = st.floats(-1e7, 1e7, allow_nan=False)


@given(st.lists(st.tuples(names, st.dictionaries(names, names, max_size=3), numbers, numbers), max_size=5))
def test_objects_come_back_as_they_were(tmp_path_factory, rows):
    def features(shapes, nodes=None):
        return Features(
            np.array([row[0] for row in rows], dtype=object), [row[1] for row in rows],
            object_array(shapes), nodes,
        )  # fmt: skip

    lines = [shapely.LineString([(x, y), (y, x + 1)]) for *_, x, y in rows]
    raw = RawData(
        features([shapely.Point(x, y) for *_, x, y in rows]),
        features(lines, np.arange(2 * len(rows), dtype=np.int64) + 2**53),
        features([line.buffer(1 / 3) for line in lines]),
        shapely.box(0.1, 0.2, 1 / 3, 0.7), {"a": 1}, {"b": 2}, PROVENANCE,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("raw") / "x.parquet"
    about = json.loads(json.dumps(snapshot.write_raw(raw, UTM32, path)))
    same_raw(snapshot.read_raw(path, about), raw)


def same_raw(found: RawData, raw: RawData) -> None:
    for part in snapshot.PARTS:
        here, there = getattr(found, part), getattr(raw, part)
        assert here.ids.tolist() == there.ids.tolist() and here.ids.dtype == object
        assert list(map(dict, here.tags)) == list(map(dict, there.tags))
        assert [list(tags) for tags in here.tags] == [list(tags) for tags in there.tags]
        assert shapely.to_wkb(here.geometry).tolist() == shapely.to_wkb(there.geometry).tolist()
        assert (here.node_ids is None) == (there.node_ids is None)
        assert here.node_ids is None or here.node_ids.tolist() == there.node_ids.tolist()
    assert found.extent.wkb == raw.extent.wkb
    assert (found.dropped, found.repaired, found.provenance) == (dict(raw.dropped), dict(raw.repaired), raw.provenance)


def test_a_real_extract_comes_back_as_it_was(demo_data, tmp_path):
    estate = boundaries.estate(demo_data / "reitbahnviertel.geojson", margin_m=10, reach_m=100)
    raw = osm_reader.read_around(demo_data / "reitbahnviertel.osm.pbf", estate)
    about = json.loads(json.dumps(snapshot.write_raw(raw, estate.crs, tmp_path / "x.parquet")))
    same_raw(snapshot.read_raw(tmp_path / "x.parquet", about), raw)


def test_heights_come_back_as_they_were(tmp_path):
    heights = np.array([[1.5, np.nan, 1 / 3], [0, -7, 170.25]], dtype=np.float32)
    raster = Raster(heights, 700_000.1, 6_200_000.7, 0.4, UTM32, 5 / 6, (PROVENANCE, PROVENANCE))
    about = json.loads(json.dumps(snapshot.write_raster(raster, tmp_path / "x.tif")))
    found = snapshot.read_raster(tmp_path / "x.tif", about)
    assert found.heights_m.tobytes() == heights.tobytes() and found.heights_m.dtype == np.float32
    assert (found.west_m, found.north_m, found.cell_m) == (700_000.1, 6_200_000.7, 0.4)
    assert (found.crs, found.covered_share, found.provenance) == (UTM32, 5 / 6, (PROVENANCE, PROVENANCE))


def test_an_estate_comes_back_as_it_was(tmp_path):
    shape = shapely.MultiPolygon([shapely.Point(0.1, 1 / 3).buffer(50), shapely.box(200, 200, 300, 300)])
    estate = Estate(
        "x", "Bøgen", shape, UTM32, 12.5, 300.0, "Aarhus", "almen", "2023-12-01", PROVENANCE, (PROVENANCE,),
        ("10051 14gf",), ((2023, "yes"), (2024, "unknown")),
    )  # fmt: skip
    about = json.loads(json.dumps(snapshot.write_boundary(estate, tmp_path / "x.parquet")))
    found = snapshot.read_boundary(tmp_path / "x.parquet", about)
    assert found == estate and found.boundary.wkb == shape.wkb


# --- clipping ---------------------------------------------------------------------------


@pytest.mark.shared
def test_a_clip_of_a_large_extract_scores_as_the_whole(shared_data, demo_data, tmp_path):
    city = shared_data / "neubrandenburg" / "neubrandenburg.osm.pbf"
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson", margin_m=50, reach_m=300)
    manifest = snapshot.write_snapshot(tmp_path / "in", estate, Extract(city), clip_above_bytes=0)
    assert manifest["osm"]["clipped"] and manifest["osm"]["bytes"] < city.stat().st_size / 2
    inputs = snapshot.read_snapshot(tmp_path / "in")
    whole, part = osm_reader.read_around(city, estate), osm_reader.read_around(inputs.osm.path, inputs.estate)
    for name in ("points", "lines", "areas"):
        one, two = ({i: g.wkb for i, g in zip(x.ids, x.geometry, strict=True)} for x in
                    (getattr(whole, name), getattr(part, name)))  # fmt: skip
        assert one == two
    assert whole.provenance.data_date == inputs.osm.described(part).provenance.data_date
    spatial.save(spatial.analyse(estate, osm=city), tmp_path / "whole")
    replayed = spatial.analyse(inputs.estate, osm=inputs.osm, layers=inputs.layers, **inputs.models)
    spatial.save(replayed, tmp_path / "part")
    assert scores(tmp_path / "whole") == scores(tmp_path / "part")


def test_an_extract_that_ends_nearby_is_copied_whole(demo_data, tmp_path):
    estate = boundaries.estate(demo_data / "reitbahnviertel.geojson", margin_m=50, reach_m=3000)
    extract = demo_data / "reitbahnviertel.osm.pbf"
    assert not osm_extract.can_clip(extract, osmium_reader.area_wgs84(estate))
    assert (
        snapshot.write_snapshot(tmp_path / "in", estate, Extract(extract), clip_above_bytes=0)["osm"]["clipped"]
        is False
    )


# --- with municipal layers --------------------------------------------------------------


@pytest.mark.shared
def test_a_run_with_municipal_layers_is_replayed(shared_data, tmp_path):
    copenhagen = shared_data / "copenhagen"
    args = (
        "--boundary", copenhagen / "almene_boliger_kk.geojson", "--name", "23, Østerbrogade", "--margin", 100,
        "--reach", 400, "--osm", copenhagen / "oesterbro.osm.pbf",
        "--layer", f"kk.legeplads={copenhagen / 'legeplads.geojson'}",
        "--layer", f"kk.parkregister={copenhagen / 'parkregister.geojson'}",
        "--layer", f"kk.baenke={shared_data / 'benches-dk' / 'benches.geojson'}",
    )  # fmt: skip
    # What is declared of a layer is no input: it is said again.
    declared = ("--complete", "kk.baenke")
    direct = call("run", *args, *declared, "--out", tmp_path / "direct")
    done = call("fetch", *args, "--out", tmp_path / "inputs")
    assert direct.code == done.code == 0, direct.err + done.err
    replay = call("run", "--inputs", tmp_path / "inputs", *declared, "--out", tmp_path / "replay")
    assert replay.code == 0 and scores(tmp_path / "direct") == scores(tmp_path / "replay")
    first, again = (json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("direct", "replay"))
    assert first["sources"] == again["sources"] and len(first["sources"]) == 5
    inputs = snapshot.read_snapshot(tmp_path / "inputs")
    same_raw(inputs.layers[0], layers.read_layer(f"kk.legeplads={copenhagen / 'legeplads.geojson'}", inputs.estate))
