"""QGIS from Debian's packages opens places.gpkg, takes its styles by itself, and draws a picture."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import spatial
from spatial.core.languages import texts
from spatial.maps import tables
from spatial.maps.qgis_styles import ASIDE
from spatial.maps.style import RAMP

pytestmark = pytest.mark.integration

PYTHON = "/usr/bin/python3"  # the one that Debian's QGIS belongs to
SCRIPT = Path(__file__).with_name("qgis_render.py")
ARTEFACTS = Path(__file__).resolve().parents[1] / "artefacts"


@pytest.fixture(scope="module")
def result(demo_data, tmp_path_factory):
    """The demo, where a rank needs more to be known than usual: some are withheld."""
    from spatial.settings.loading import DEFAULTS

    rubric = tmp_path_factory.mktemp("rubric") / "strict.toml"
    text = (DEFAULTS / "rubric.toml").read_text(encoding="utf-8")
    assert "min_coverage = 0.4 " in text
    rubric.write_text(text.replace("min_coverage = 0.4 ", "min_coverage = 0.45 "), encoding="utf-8")
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    return spatial.analyse(estate, osm=demo_data / "reitbahnviertel.osm.pbf", rubric=rubric)


@pytest.fixture(scope="module")
def opened(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("qgis") / "places.gpkg"
    tables.geopackage(result, path, lang="da")
    ARTEFACTS.mkdir(exist_ok=True)
    picture = ARTEFACTS / "qgis.png"
    picture.unlink(missing_ok=True)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run([PYTHON, SCRIPT, path, picture], capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), picture


def test_every_layer_opens_with_the_style_of_the_file(opened, result):
    layers, _ = opened
    counts = {"places": len(result.places), "meeting_spaces": len(result.meeting_spaces)}
    for name, layer in layers.items():
        assert layer["renderer"] == "RuleRenderer", name  # a layer without a style gets a single symbol
        assert layer["broken"] == []
        assert layer["crs"] == "EPSG:25833"
        assert layer["count"] == counts.get(name, layer["count"])
        assert {"Dansk", "English"} <= set(layer["styles"])
        assert "OpenStreetMap" in layer["abstract"]


def test_classes_are_those_of_the_map_and_the_withheld_are_hatched(opened):
    spaces = opened[0]["meeting_spaces"]
    colours = [colour for _, _, colour in spaces["rules"]]
    assert colours[:5] == list(RAMP) and colours[5:10] == list(RAMP)
    assert [parts.count("LinePatternFill") for parts in spaces["parts"]] == [0] * 5 + [2] * 5 + [0] * (1 + len(ASIDE))
    assert texts("da")["map"]["legend"]["withheld"] in spaces["rules"][5][0]


def test_columns_have_names_in_words(opened):
    names = opened[0]["places"]["aliases"]
    say = texts("da")
    assert names["floating"] == say["aspect"]["floating"]["title"]
    assert names["nearest_walk_m"].startswith(say["indicator"]["nearest_walk"]["title"])
    assert [name for name, alias in names.items() if not alias] == ["fid"]


def test_the_picture_shows_the_classes_and_the_hatching(opened, result):
    pixels = np.asarray(Image.open(opened[1]).convert("RGB")).reshape(-1, 3)
    classes = set((result.meeting_spaces["floating"].dropna() * 5).astype(int).clip(upper=4))
    for k in classes:
        wanted = [int(RAMP[k][i : i + 2], 16) for i in (1, 3, 5)]
        assert (np.abs(pixels.astype(int) - wanted).max(axis=1) <= 2).sum() > 50, RAMP[k]
    assert result.meeting_spaces["rank"].isna().any()
    assert len(np.unique(pixels, axis=0)) > 100
