"""What is written of a town whose every name is an attack: no code runs, no formula, no sign steers a terminal."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import unicodedata
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pyogrio
import pytest

from tests.command import call
from tests.hostile.corpus import EVIL
from tests.osm_xml import degrees, write

NEAR = ("--margin", "50", "--reach", "300")
# OpenStreetMap's binary form holds any text; libosmium takes at most 1,024 signs of it.
WORDS = [text for text in EVIL.values() if "\x00" not in text]
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def evil_town(path: Path) -> Path:
    nodes = {
        1: (-50, 20), 2: (-10, 20), 3: (-10, 32), 4: (-50, 32), 5: (10, 20), 6: (50, 20), 7: (50, 32), 8: (10, 32),
        10: (-150, 0), 11: (-30, 0), 12: (0, 0), 13: (150, 0), 15: (-30, 20, {"entrance": WORDS[0]}),
    }  # fmt: skip
    flats = {"building": "apartments", "building:levels": "4"}
    ways = {
        1: ((1, 15, 2, 3, 4, 1), flats | {"name": WORDS[0]}), 2: ((5, 6, 7, 8, 5), flats | {"name": WORDS[1]}),
        3: ((10, 11, 12, 13), {"highway": "residential", "name": WORDS[2], "surface": WORDS[3], "lit": WORDS[4]}),
    }  # fmt: skip
    kinds = [{"amenity": "bench"}, {"leisure": "picnic_table"}, {"leisure": "pitch"}, {"amenity": "fountain"}]
    for i, word in enumerate(WORDS):
        tags = {**kinds[i % 4], "name": word, "opening_hours": word, "operator": word, "access": word, "backrest": word}
        nodes[100 + i] = (-55 + 9.0 * (i % 13), -15 - 12.0 * (i // 13), tags)
        nodes[200 + i] = (-55 + 9.0 * (i % 13), 45 + 5.0 * (i // 13), {"shop": word, "name": word})
    return write(path, nodes, ways, bounds=(-700, -700, 700, 700))


def boundary(path: Path, name: str) -> Path:
    ring = [list(degrees(x, y)) for x, y in ((-60, -60), (60, -60), (60, 60), (-60, 60), (-60, -60))]
    about = dict.fromkeys(("name", "licence", "attribution", "municipality"), name)
    feature = {"type": "Feature", "properties": about, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


@pytest.fixture(scope="module")
def hurt(tmp_path_factory):
    """The town analysed, observed and packed by the command, with all that it printed."""
    folder = tmp_path_factory.mktemp("hurt")
    out = folder / "=cmd</script>"
    estate = boundary(folder / "estate.geojson", EVIL["handler"] + EVIL["terminal"] + EVIL["right-to-left"])
    counts = folder / "counts.csv"
    with counts.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["location_id", "survey_time_start", "row_total", "lon", "lat", "note"])
        lon, lat = degrees(-50, -15)
        rows.writerows([word, "2024-05-01 12:00", i % 9 - 1, lon, lat, word] for i, word in enumerate(WORDS))
    mapping = folder / "mapping.toml"
    mapping.write_text('kind = "staying"\n')
    with contextlib.chdir(folder):  # a name that is a path would lie here
        said = [
            call("run", "--boundary", estate, "--osm", evil_town(folder / "town.osm.pbf"), *NEAR, "--out", out),
            call("observe", out, counts, "--mapping", mapping),
            call("fieldkit", out),
            call("export", out, *sum((("--as", form) for form in ("geojson", "flatgeobuf")), ())),
            *(call("explain", out, place) for place in ("osm:node/100", "osm:node/117", "osm:node/120")),
            call("run", "--boundary", estate, "--osm", folder / EVIL["terminal"], "--out", out),
        ]
    return out, said


def test_all_of_it_is_done_without_a_traceback(hurt):
    out, said = hurt
    assert [one.code for one in said[:-1]] == [0] * (len(said) - 1), [one.err for one in said]
    assert said[-1].code == 1 and said[-1].err.count("\n") == 1
    assert not any("Traceback" in one.err + one.out or "fault of its own" in one.err for one in said)
    assert {"map.html", "scores.csv", "sitemap.pdf", "fieldkit"} <= {path.name for path in out.iterdir()}
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(("hurt", "x", "etc"))] == []


def test_nothing_printed_steers_the_terminal(hurt):
    for one in hurt[1]:
        for sign in one.out + one.err:
            assert sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp"), repr(sign)
            assert unicodedata.bidirectional(sign) not in ("RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "PDI", "PDF")


def test_no_table_holds_a_formula(hurt):
    tables = sorted(hurt[0].rglob("*.csv"))
    assert {"scores.csv", "field_checks.csv", "lenses.csv"} <= {path.name for path in tables}
    met = 0
    for path in tables:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    number = re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?|-inf", cell)
                    assert number or not cell.lstrip(" ").startswith(FORMULAS), (path.name, cell)
                    met += cell.startswith("'")
    assert met, "the names that are formulas are there, made harmless"


def test_no_workbook_holds_a_formula(hurt):
    books = sorted(hurt[0].rglob("*.xlsx"))
    assert books
    for path in books:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if "worksheets/" in name:
                    sheet = ElementTree.parse(io.BytesIO(archive.read(name)))
                    assert not [one for one in sheet.iter() if one.tag.endswith("}f")]


@pytest.mark.browser
def test_no_page_runs_what_a_name_says(hurt, browser):
    pages = sorted(hurt[0].rglob("*.html"))
    assert "map.html" in {path.name for path in pages}
    for path in pages:
        page = browser.new_page()
        asked, trouble = [], []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("pageerror", lambda error, trouble=trouble: trouble.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_timeout(500)
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        for item in page.locator(".fr-item").all()[:: max(1, page.locator(".fr-item").count() // 12)]:
            item.dispatch_event("click")
        page.wait_for_timeout(200)
        assert page.evaluate("window.hurt") is None, path.name
        assert page.locator("[onerror], [onload], [onmouseover], a[href^='javascript:']").count() == 0
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == [] and trouble == []
        page.close()


def test_no_style_for_gis_holds_code(hurt):
    for path in sorted(hurt[0].rglob("*.gpkg")):
        layers = {name for name, _ in pyogrio.list_layers(path)}
        if "layer_styles" not in layers:
            continue
        for style in pyogrio.read_dataframe(path, layer="layer_styles", read_geometry=False)["styleQML"]:
            tree = ElementTree.fromstring(style)  # well formed whatever the names are
            assert not [one for one in tree.iter() if one.tag in ("script", "action", "attributeactions") and len(one)]
            assert "window.hurt" not in style


def test_names_come_back_as_they_were_written(hurt):
    """Nothing is lost in what is not shown to a spreadsheet or a terminal: the GeoPackage has the names as they are."""
    found = set(pyogrio.read_dataframe(hurt[0] / "places.gpkg", layer="places")["name"].dropna())
    assert {EVIL["script"], EVIL["formula"], EVIL["path"], EVIL["right-to-left"]} <= found
