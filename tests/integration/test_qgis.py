"""QGIS from Debian's packages opens places.gpkg, takes its styles by itself, and draws a picture."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
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
def result(demo_data):
    """The demo, but every third of the ranked is held back: there, as much is known of one as of another."""
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    found = spatial.analyse(estate, osm=demo_data / "reitbahnviertel.osm.pbf")
    spaces = found.meeting_spaces.copy()
    spaces.loc[spaces["rank"].notna() & (spaces["rank"] % 3 == 0), ["rank", "tier"]] = pd.NA
    return replace(found, meeting_spaces=spaces)


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


def test_classes_are_those_of_the_legend_and_the_withheld_are_hatched(opened, result):
    """The classes in which something lies: first what is ranked, then, hatched, what is not."""
    spaces = result.meeting_spaces[result.meeting_spaces["status"] == "meeting space"]
    classes = (spaces["floating"].dropna() * 1000).round().floordiv(200).clip(upper=4).astype(int)
    ranked = spaces["rank"].notna()[classes.index]
    solid, hatched = ([RAMP[k] for k in sorted(set(classes[rows]))] for rows in (ranked, ~ranked))
    assert len(solid) > 1 and hatched
    drawn, n = opened[0]["meeting_spaces"], len(solid) + len(hatched)
    assert [colour for _, _, colour in drawn["rules"]][:n] == solid + hatched
    fills = [parts.count("LinePatternFill") for parts in drawn["parts"]]
    # Then what has no score, what is set aside, and what falls into no class of a style that a project keeps.
    assert fills == [0] * len(solid) + [2] * len(hatched) + [0] * (1 + len(ASIDE) + 1)
    withheld = texts("da")["map"]["legend"]["withheld"]
    assert [withheld in label for label, _, _ in drawn["rules"]][:n] == [False] * len(solid) + [True] * len(hatched)


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
