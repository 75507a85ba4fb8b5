"""Terrain and surface through the whole way: the miniature estate on ground whose shape is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

import spatial
from spatial.scoring import explanation
from tests import osm_xml, rasters
from tests.analysis.test_run import BENCH, PLAYGROUND, boundary, fact, miniature

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
    left_out = {
        "estates_reached": "layer",
        "slope_max": "terrain",
        "sky_view": "surface",
        "sun_hours": "surface",
    }
    assert plain.manifest["rubric"]["left_out"] == left_out
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
    same = [name for name in plain.evidence["indicator"].unique() if name not in ("step_free", "homes_step_free")]
    for name in same:
        for place in (PLAYGROUND, BENCH):
            assert fact(plain, place, name).astype(str).tolist() == fact(gentle, place, name).astype(str).tolist()


def test_too_steep_for_wheels(estate, osm, folder):
    steep = spatial.analyse(estate, osm=osm, terrain=hill(folder / "steep.tif", 0.07))
    assert fact(steep, PLAYGROUND, "slope_max")["value"] == pytest.approx(0.07, abs=1e-4)
    # The door of 10 flats is on the path's own edge, as all others are: no way but uphill.
    assert fact(steep, PLAYGROUND, "step_free")["value"] == 0.0
    # Homes are counted that have a way without steps: none has. The steepest stretch is told, not judged.
    assert fact(steep, PLAYGROUND, "homes_step_free")[["value", "source_id"]].tolist() == [0.0, "osm;terrain"]
    found = explanation.explain_place(steep.evidence, steep.rubric, PLAYGROUND)
    judged = {part.indicator: part.judged for aspect in found.aspects for part in aspect.parts}
    assert judged["homes_step_free"] == 0 and "slope_max" not in judged


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


# --- surface -------------------------------------------------------------------------------------


def surface(path, *, trees=(), to_east=600):
    """Level ground, the three houses 9 m high, and crowns of 3 m and radius 2 m."""
    at = np.arange(-700, to_east) + 0.5
    x, y = np.meshgrid(at, 700 - np.arange(1400) - 0.5)
    heights = np.full(x.shape, 30.0)
    for house in (0, 300, 600):
        heights[(abs(x - house) < 10) & (y > 10) & (y < 20)] = 39.0
    for east, north in trees:
        heights[np.hypot(x - east, y - north) < 2] = 33.0
    return rasters.write(path, heights, CENTRE_X - 700, CENTRE_Y + 700)


@pytest.fixture(scope="module")
def bare(estate, osm, folder):
    return spatial.analyse(estate, osm=osm, surface=surface(folder / "bare.tif"))


def test_the_sky_over_the_bench(bare):
    """The bench is 13 m from a house 20 m wide and 9 m high, whose nearer corner is 100 m away: nearly all sky."""
    sky, sun = fact(bare, BENCH, "sky_view"), fact(bare, BENCH, "sun_hours")
    assert 0.99 < sky["value"] <= 1 and sky["source_id"] == "osm;surface"
    # A clear equinox day above 5° at 55.7° north: 10.8 hours. The sun in the west is over 30 m high at noon.
    assert sun["value"] == pytest.approx(10.8, abs=0.5) and sun["unit"] == "h"
    assert bare.places.loc[BENCH, "sun_hours_h"] == sun["value"]
    assert bare.manifest["rubric"]["left_out"] == {"estates_reached": "layer", "slope_max": "terrain"}


def test_without_trees_the_view_is_as_in_the_plan(plain, bare):
    for name in ("field_of_view_100", "field_of_view_25"):
        assert fact(bare, BENCH, name)["value"] == pytest.approx(fact(plain, BENCH, name)["value"], abs=1e-12)
        assert fact(bare, BENCH, name)["rule"] == "isovist_over_ground_and_past_trees"


def test_shrubs_around_the_bench_close_its_view_and_leave_its_sky(estate, osm, folder, bare):
    turn = np.linspace(0, 2 * np.pi, 60)
    hedge = list(zip(110 + 15 * np.cos(turn), 3 + 15 * np.sin(turn), strict=True))
    found = spatial.analyse(estate, osm=osm, surface=surface(folder / "hedge.tif", trees=hedge))
    view = fact(found, BENCH, "field_of_view_100")["value"]
    assert view == pytest.approx(0.03 + 0.97 * 13**2 / 100**2, abs=0.01)
    assert fact(found, BENCH, "sky_view")["value"] > 0.9
    assert found.places.loc[BENCH, "openness"] < bare.places.loc[BENCH, "openness"]


def test_surface_that_ends_beside_the_estate(estate, osm, folder):
    found = spatial.analyse(estate, osm=osm, surface=surface(folder / "part.tif", to_east=115))
    assert [w["code"] for w in found.manifest["warnings"]] == ["surface_ends"]
    sky = fact(found, BENCH, "sky_view")
    assert np.isnan(sky["value"]) and sky["rule"] == "surface_not_known_around" and 0 < sky["low"] < sky["high"] <= 1
    assert fact(found, BENCH, "field_of_view_100")["rule"] == "isovist_without_vegetation"


def test_explained_and_drawn_with_the_new_words(bare, tmp_path):
    for lang, words in (("en", ("Open sky", "Hours of sun")), ("da", ("Åben himmel", "Timer med sol"))):
        text = bare.explain(BENCH, lang=lang)
        assert all(word in text for word in words) and "nan" not in text
    spatial.save(bare, tmp_path / "run")
    page = (tmp_path / "run" / "map.html").read_text(encoding="utf-8")
    assert "sun_hours" in page


def test_two_runs_with_models_give_the_same_bytes(estate, osm, folder, bare, tmp_path):
    again = spatial.analyse(estate, osm=osm, surface=surface(folder / "bare.tif"))
    for name, result in (("one", bare), ("two", again)):
        spatial.save(result, tmp_path / name)
    assert (tmp_path / "one" / "scores.csv").read_bytes() == (tmp_path / "two" / "scores.csv").read_bytes()
