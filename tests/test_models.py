"""Terrain and surface through the whole way: the miniature estate on ground whose shape is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

import spatial
from spatial import explanation
from tests import osm_xml, rasters
from tests.test_pipeline import BENCH, PLAYGROUND, boundary, fact, miniature

CENTRE_X, CENTRE_Y = osm_xml.CENTRE_M
HALF_M = 2400


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def estate(folder):
    return spatial.Estate.from_file(boundary(folder / "mini.gpkg"))


@pytest.fixture(scope="module")
def osm(folder):
    return miniature(folder / "mini.osm", junctions=True)


def hill(path, east):
    """Ground that rises by so much a metre to the east, level to the north, in cells of 4 m."""
    cells = HALF_M // 2
    x = (np.arange(cells) + 0.5) * 4 - HALF_M
    return rasters.write(path, np.tile(30 + east * x, (cells, 1)), CENTRE_X - HALF_M, CENTRE_Y + HALF_M, 4.0)


@pytest.fixture(scope="module")
def plain(estate, osm):
    return spatial.analyse(estate, osm=osm)


@pytest.fixture(scope="module")
def gentle(estate, osm, folder):
    return spatial.analyse(estate, osm=osm, terrain=hill(folder / "gentle.tif", 0.03))


def test_without_models_nothing_is_pretended(plain):
    assert "slope_max_ratio" not in plain.places and "slope_max" not in set(plain.evidence["indicator"])
    assert plain.manifest["rubric"]["left_out"] == {"slope_max": "terrain"}
    assert plain.manifest["models"] == {}
    for lang, words in (("en", "no terrain model was given"), ("da", "der er ikke givet en terrænmodel")):
        assert words in plain.explain(BENCH, lang=lang)


def test_a_path_up_a_hill(gentle):
    found = fact(gentle, PLAYGROUND, "slope_max")
    assert found["value"] == pytest.approx(0.03, abs=1e-4)
    assert found[["evidence", "rule", "source_id"]].tolist() == ["derived", "steepest_10_m_of_the_walks", "osm;terrain"]
    assert gentle.places.loc[PLAYGROUND, "slope_max_ratio"] == pytest.approx(0.03, abs=1e-4)
    assert fact(gentle, PLAYGROUND, "step_free")[["value", "source_id"]].tolist() == [1.0, "osm;terrain"]
    assert "no terrain model" not in gentle.explain(BENCH, lang="en")


def test_only_what_is_measured_on_the_terrain_changes(plain, gentle):
    same = [name for name in plain.evidence["indicator"].unique() if name != "step_free"]
    for name in same:
        for place in (PLAYGROUND, BENCH):
            assert fact(plain, place, name).astype(str).tolist() == fact(gentle, place, name).astype(str).tolist()


def test_too_steep_for_wheels(estate, osm, folder):
    steep = spatial.analyse(estate, osm=osm, terrain=hill(folder / "steep.tif", 0.07))
    assert fact(steep, PLAYGROUND, "slope_max")["value"] == pytest.approx(0.07, abs=1e-4)
    # The door of 10 flats is on the path's own edge, as all others are: no way but uphill.
    assert fact(steep, PLAYGROUND, "step_free")["value"] == 0.0
    found = explanation.of(steep.evidence, steep.rubric, PLAYGROUND)
    part = next(p for aspect in found.aspects for p in aspect.parts if p.indicator == "slope_max")
    assert part.judged == pytest.approx(0.6 * (0.083 - 0.07) / (0.083 - 0.05), abs=1e-3)


def test_terrain_for_a_part_says_so_and_is_used_there(estate, osm, folder):
    half = hill(folder / "half.tif", 0.03)
    west = rasters.write(
        folder / "west.tif",
        np.tile(30 + 0.03 * ((np.arange(600) + 0.5) * 4 - HALF_M), (1200, 1)),
        CENTRE_X - HALF_M, CENTRE_Y + HALF_M, 4.0,
    )  # fmt: skip
    assert half.stat().st_size > west.stat().st_size
    found = spatial.analyse(estate, osm=osm, terrain=west)
    # 30 of the 40 flats of the estate walk over the eastern part, which has no heights.
    slope = fact(found, PLAYGROUND, "slope_max")
    assert np.isnan(slope["value"]) and slope["rule"] == "slope_of_part_of_the_way_unknown"
    assert [w["code"] for w in found.manifest["warnings"]] == ["terrain_ends"]
    assert found.manifest["models"]["terrain"]["covered_share"] == pytest.approx(0.46, abs=0.02)


def test_the_manifest_names_the_files(gentle, folder, tmp_path):
    spatial.save(gentle, tmp_path / "run")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    (source,) = [s for s in manifest["sources"] if s["source_id"] == "terrain"]
    assert source["path"] == str(folder / "gentle.tif") and len(source["sha256"]) == 64
    assert source["licence"] == "not stated"
    assert manifest["models"]["terrain"] == {"cell_m": 4.0, "covered_share": 1.0}
    assert spatial.load(tmp_path / "run").rubric == gentle.rubric


def test_a_rubric_that_only_the_missing_model_could_fill(estate, osm, tmp_path):
    rubric = tmp_path / "rubric.toml"
    lines = ["min_coverage = 0.5", 'mean = "geometric"', "[aspect]", "openness = 0.0", "accessibility = 1.0"]
    lines += ["neutrality = 0.0", "low_threshold = 0.0", "mixing = 0.0", "[stability]", "draws = 10"]
    lines += ["concentration = 50.0", "top_k = 3", "[indicator.slope_max]", 'aspect = "accessibility"', "weight = 1.0"]
    lines += ["value = [[0.0, 1.0], [0.1, 0.0]]", 'why = "x"']
    rubric.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(spatial.ConfigError, match=r"accessibility is judged by slope_max only.*give --terrain"):
        spatial.analyse(estate, osm=osm, rubric=rubric)


def test_what_is_no_terrain_is_one_line(estate, osm, folder):
    with pytest.raises(spatial.SpatialError, match=r"mini.osm: cannot be read as a raster"):
        spatial.analyse(estate, osm=osm, terrain=folder / "mini.osm")
