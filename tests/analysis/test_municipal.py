"""Municipal layers in a run: fewer places than the sums, more known, and every word traced to who said it."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import spatial
from tests import osm_xml
from tests.analysis.test_run import BENCH, PLAYGROUND, boundary, fact, miniature

PLAYGROUNDS = "kk.legeplads"


def register(path: Path, *rows: tuple[int, tuple[float, float], str]) -> Path:
    """A file of the city's playgrounds: (number, position in the miniature, its kind)."""
    x, y = osm_xml.CENTRE_M
    table = gpd.GeoDataFrame(
        {
            "legeplads_id": [number for number, _, _ in rows],
            "navn": [f"Legeplads {number}" for number, _, _ in rows],
            "legeplads_type": [kind for _, _, kind in rows],
            "ejer": ["Københavns kommune" for _ in rows],
        },
        geometry=[shapely.MultiPoint([(x + east, y + north)]) for _, (east, north), _ in rows],
        crs=osm_xml.METRIC,
    )
    table.to_crs(4326).to_file(path, driver="GeoJSON")
    return path


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> spatial.Estate:
    return spatial.Estate.from_file(boundary(tmp_path_factory.mktemp("estate") / "mini.gpkg"))


@pytest.fixture(scope="module")
def runs(estate: spatial.Estate, tmp_path_factory: pytest.TempPathFactory) -> tuple[spatial.Analysis, spatial.Analysis]:
    """With OpenStreetMap alone, and with the city's playgrounds: one 10 m off, one that only the city knows."""
    folder = tmp_path_factory.mktemp("osm")
    osm = miniature(folder / "mini.osm", supervised="yes")
    city = register(folder / "city.geojson", (7, (117, 12), "Legeplads"), (8, (250, 60), "Bemandet legeplads"))
    return spatial.analyse(estate, osm=osm), spatial.analyse(estate, osm=osm, layers=[f"{PLAYGROUNDS}={city}"])


def test_the_same_playground_is_one_place(runs):
    alone, both = runs
    assert list(alone.places.index) == [BENCH, PLAYGROUND]
    assert list(both.places.index) == ["kk.legeplads:8", BENCH, PLAYGROUND]
    assert both.places["source_id"].tolist() == ["kk.legeplads", "osm", "kk.legeplads;osm"]
    assert both.places.loc[PLAYGROUND, "name"] == "Legeplads 7"
    assert both.places.geometry[PLAYGROUND].equals(alone.places.geometry[PLAYGROUND])
    assert both.manifest["layers"] == [
        {
            "source_id": PLAYGROUNDS,
            "dropped": {},
            "repaired": {},
            "matching": [{"source_id": PLAYGROUNDS, "class": "playground", "objects": 2, "matched": 1, "added": 1}],
        }
    ]
    assert [source["source_id"] for source in both.manifest["sources"]] == ["osm", PLAYGROUNDS, "boundary"]


def test_the_registers_word_on_staff_is_taken_and_both_are_kept(runs):
    alone, both = runs
    # fee=no and access=yes from OpenStreetMap; staff: yes there, no in the register; booking: nature of the kind
    assert fact(alone, PLAYGROUND, "low_commitment")["high"] == pytest.approx(1 - 1 / 4)
    assert fact(both, PLAYGROUND, "low_commitment")["high"] == pytest.approx(1)
    said = both.claims.query("object_id == @PLAYGROUND and field == 'supervised'")
    assert said[["value", "source_id", "source_object", "used"]].to_numpy().tolist() == [
        ["no", PLAYGROUNDS, "kk.legeplads:7", True],
        ["yes", "osm", PLAYGROUND, False],
    ]


def test_each_value_names_the_sources_it_rests_on(runs):
    both = runs[1]
    sources = both.evidence.set_index(["place_id", "indicator"])["source_id"]
    assert sources[PLAYGROUND, "low_commitment"] == "kk.legeplads;osm"
    assert sources["kk.legeplads:8", "low_commitment"] == PLAYGROUNDS
    assert sources[BENCH, "open_hours"] == "osm"
    assert sources[PLAYGROUND, "nearest_walk"] == "osm"


def test_explain_says_who_said_what(runs):
    text = runs[1].explain(PLAYGROUND, lang="en")
    assert "supervised = no (kk.legeplads: kk.legeplads:7)\n" in text
    assert "supervised = yes (osm: osm:way/20); not used, kk.legeplads goes before here" in text
    assert "fee = no (osm: osm:way/20)" in runs[0].explain(PLAYGROUND, lang="en")


def test_a_finished_run_keeps_the_lineage(runs, tmp_path):
    spatial.save(runs[1], tmp_path / "run")
    again = spatial.load(tmp_path / "run")
    pd.testing.assert_frame_equal(again.claims, runs[1].claims)
    assert sorted(again.explain(PLAYGROUND).splitlines()) == sorted(runs[1].explain(PLAYGROUND).splitlines())


def test_a_bench_register_declared_complete_makes_the_absence_of_seats_known(estate, tmp_path):
    x, y = osm_xml.CENTRE_M
    far = gpd.GeoDataFrame({"a": [1, 2]}, geometry=gpd.points_from_xy([x - 2500, x + 2900], [y - 2500, y + 2500]))
    city = tmp_path / "benches.geojson"
    far.set_crs(osm_xml.METRIC).to_crs(4326).to_file(city, driver="GeoJSON")
    osm, layers = miniature(tmp_path / "mini.osm"), [f"kk.baenke={city}"]
    open_ = spatial.analyse(estate, osm=osm, layers=layers)
    closed = spatial.analyse(estate, osm=osm, layers=layers, complete=["kk.baenke"])
    assert fact(open_, PLAYGROUND, "rest_gap")["rule"] == "benches_not_completely_mapped"
    known = fact(closed, PLAYGROUND, "rest_gap")
    assert (known["evidence"], known["rule"]) == ("derived", "register_of_seats_complete")
    assert (closed.places["coverage"] > open_.places["coverage"]).all()
    assert [source["complete"] for source in closed.manifest["sources"]] == [False, True, False]
    with pytest.raises(spatial.InputError, match=r"kk\.legeplads, which is not a layer of this run"):
        spatial.analyse(estate, osm=osm, layers=layers, complete=["kk.legeplads"])


@pytest.mark.shared
def test_osterbro_with_the_citys_layers(shared_data, tmp_path):
    folder = shared_data / "copenhagen"
    estate = spatial.Estate.from_file(folder / "almene_boliger_kk.geojson", name="23, Østerbrogade")
    layers = [
        f"kk.legeplads={folder / 'legeplads.geojson'}",
        f"kk.parkregister={folder / 'parkregister.geojson'}",
        f"kk.almene_boliger={folder / 'almene_boliger_kk.geojson'}",
        f"kk.baenke={shared_data / 'benches-dk' / 'benches.geojson'}",
    ]
    osm = folder / "oesterbro.osm.pbf"
    alone, both = spatial.analyse(estate, osm=osm), spatial.analyse(estate, osm=osm, layers=layers)
    matched = {(row["source_id"], row["class"]): row for layer in both.manifest["layers"] for row in layer["matching"]}
    assert matched[PLAYGROUNDS, "playground"]["matched"] == 12
    assert len(both.places) > len(alone.places)
    merged = both.places[both.places["source_id"].str.contains(";")]
    assert len(merged) and set(merged.index) <= set(both.claims.query("source_id != 'osm'")["object_id"])
    assert not both.places.index.duplicated().any()
