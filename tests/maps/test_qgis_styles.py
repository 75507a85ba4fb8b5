"""What GIS programs are given: styles, names and sources in places.gpkg, and other formats."""

import json
import sqlite3
import xml.etree.ElementTree as ElementTree

import geopandas as gpd
import numpy as np
import pyogrio
import pytest

from spatial.core.languages import LANGUAGES, texts
from spatial.layers.schema import schema
from spatial.maps import qgis_styles, tables
from spatial.maps.style import RAMP


@pytest.fixture(scope="module")
def result(demo_result):
    return demo_result


@pytest.fixture(scope="module")
def database(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("gis") / "places.gpkg"
    tables.geopackage(result, path, lang="en")
    opened = sqlite3.connect(path)
    yield opened
    opened.close()


def test_every_table_has_a_style_in_each_language_and_one_is_taken_by_itself(database):
    spatial_tables = {name for (name,) in database.execute("SELECT table_name FROM gpkg_geometry_columns")}
    rows = database.execute("SELECT f_table_name, f_geometry_column, styleName, useAsDefault FROM layer_styles")
    styles = {}
    for table, column, name, default in rows:
        assert column == "geom"
        styles.setdefault(table, []).append((name, default))
    assert set(styles) == spatial_tables
    titles = [texts(code)["map"]["language"] for code in LANGUAGES]
    for found in styles.values():
        assert sorted(found) == sorted((title, int(title == "English")) for title in titles)


def test_styles_are_sound_and_speak_of_columns_that_are_there(database):
    columns = {}
    for table, text in database.execute("SELECT f_table_name, styleQML FROM layer_styles").fetchall():
        columns.setdefault(table, {row[1] for row in database.execute(f"PRAGMA table_info({table})")})
        style = ElementTree.fromstring(text)
        rules = style.findall(".//rule")
        symbols = {symbol.get("name") for symbol in style.findall("./renderer-v2/symbols/symbol")}
        assert {rule.get("symbol") for rule in rules} == symbols
        assert {alias.get("field") for alias in style.findall(".//alias")} <= columns[table]


def test_classes_of_the_style_part_all_scores(database):
    """Each score falls into exactly one rule, with the colour of its class; asked of SQLite, as QGIS asks its own."""
    columns = [row[1] for row in database.execute("PRAGMA table_info(places)")]
    style = ElementTree.fromstring(qgis_styles.qml(qgis_styles.style_of("places", columns, "da")))
    colours = {}
    for symbol in style.findall("./renderer-v2/symbols/symbol"):
        colours[symbol.get("name")] = symbol.find("./layer/Option/Option[@name='color']").get("value")
    scratch = sqlite3.connect(":memory:")
    scratch.execute('CREATE TABLE t ("floating" REAL, "rank" INTEGER)')
    for score in np.linspace(0, 1, 201):
        for rank in (1, None):
            scratch.execute("DELETE FROM t")
            scratch.execute("INSERT INTO t VALUES (?, ?)", (float(score), rank))
            hit = [
                rule
                for rule in style.findall(".//rule")
                if rule.get("filter") != "ELSE"
                and scratch.execute(f"SELECT count(*) FROM t WHERE {rule.get('filter')}").fetchone()[0]
            ]
            assert len(hit) == 1, score
            wanted = RAMP[min(int(round(score * 1000) // 200), 4)]
            red, green, blue = (int(wanted[k : k + 2], 16) for k in (1, 3, 5))
            assert colours[hit[0].get("symbol")] == f"{red},{green},{blue},255"
    scratch.close()


@pytest.mark.parametrize("table", ["places", "meeting_spaces"])
def test_the_legend_holds_the_classes_that_are_there_and_no_others(database, table):
    """Each row falls into one rule, and no class of colour is without a row."""
    (text,) = database.execute(
        "SELECT styleQML FROM layer_styles WHERE f_table_name = ? AND useAsDefault", (table,)
    ).fetchone()
    *rules, last = [rule.get("filter") for rule in ElementTree.fromstring(text).findall(".//rule")]
    assert last == "ELSE"  # a saved project draws what a later run puts into another class
    hits = [database.execute(f"SELECT count(*) FROM {table} WHERE {rule}").fetchone()[0] for rule in rules]
    assert sum(hits) == database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    classes = [hit for hit, rule in zip(hits, rules, strict=True) if ">=" in rule]
    assert len(classes) > 1 and min(classes) > 0


def test_columns_are_named_in_both_languages(database, result):
    found = database.execute("SELECT column_name, name, description FROM gpkg_data_columns WHERE table_name = 'places'")
    names = {column: (name, both) for column, name, both in found}
    columns = ["place_id", "own_name", *result.places.columns.drop("geometry")]
    assert set(names) == set(columns)
    name, both = names["floating"]
    assert name == texts("en")["aspect"]["floating"]["title"]
    assert both == f"{texts('da')['aspect']['floating']['title']} / {name}"


def test_columns_of_what_is_on_the_ground_say_what_the_schema_says(database):
    rows = database.execute("SELECT column_name, title, description FROM gpkg_data_columns WHERE table_name = 'paths'")
    titles = {column: (title, both) for column, title, both in rows}
    assert set(titles) == set(schema()["paths"].columns) & {
        row[1] for row in database.execute("PRAGMA table_info(paths)")
    }
    assert titles["width_m"] == ("Width [m]", "Bredde [m] / Width [m]")
    assert titles["steps"] == ("Whether it is steps", "Om den er en trappe / Whether it is steps")


def test_sources_are_named(database):
    (text,) = database.execute("SELECT metadata FROM gpkg_metadata").fetchone()
    credited = [source["creditText"] for source in json.loads(text)["isBasedOn"]]
    assert "© OpenStreetMap contributors" in credited
    for (description,) in database.execute("SELECT description FROM gpkg_contents WHERE data_type = 'features'"):
        assert description == "© OpenStreetMap contributors (ODbL 1.0)"


def test_styles_are_no_layer_when_a_run_is_read_again(result, tmp_path):
    tables.geopackage(result, tmp_path / "places.gpkg")
    layers = dict(pyogrio.list_layers(tmp_path / "places.gpkg"))
    assert layers.pop(qgis_styles.STYLE_TABLE) is None
    assert layers["places"] == "Polygon" and layers["paths"] == "LineString"


@pytest.mark.parametrize("form", tables.FORMATS)
def test_other_formats_hold_the_same(result, tmp_path, form):
    made = tables.export_layers(result, tmp_path, (form,))
    assert [path.stem for path in made] == ["places", "meeting_spaces"]
    for path, table in zip(made, (result.places, result.meeting_spaces), strict=True):
        found = gpd.read_parquet(path) if form == "geoparquet" else gpd.read_file(path)
        assert found.crs == (4326 if form == "geojson" else table.crs)
        found = found.set_index(table.index.name).loc[table.index]
        assert set(table.columns) <= set(found.columns)
        assert found["floating"].to_numpy() == pytest.approx(table["floating"].to_numpy(), abs=1e-12)
        shapes = found.to_crs(table.crs).geometry
        assert shapes.area.to_numpy() == pytest.approx(table.area.to_numpy(), rel=1e-3, abs=0.05)


def test_geojson_names_its_sources(result, tmp_path):
    path, _ = tables.export_layers(result, tmp_path, ("geojson",))
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["attribution"].startswith("© OpenStreetMap contributors")
    assert content["features"][0]["id"] == content["features"][0]["properties"]["place_id"]


def test_ranks_stand_above_their_meeting_space_and_do_not_hide_it():
    style = ElementTree.fromstring(qgis_styles.qml(qgis_styles.style_of("meeting_spaces", ["floating", "rank"], "da")))
    placement = style.find(".//placement")
    assert placement.get("geometryGeneratorEnabled") == "1" and "y_max($geometry)" in placement.get("geometryGenerator")
    assert placement.get("quadOffset") == "1", "QuadrantAbove"
    ways = ElementTree.fromstring(qgis_styles.qml(qgis_styles.style_of("paths", ["name"], "da")))
    assert ways.find(".//placement").get("geometryGenerator") is None
