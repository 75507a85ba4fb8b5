"""An empty plan that is drawn in QGIS: its form offers what a plan may say, and what is drawn is read as a plan."""

import sqlite3
import xml.etree.ElementTree as ElementTree
from contextlib import closing

import geopandas as gpd
import pyogrio
import pytest
import shapely
from pyproj import CRS

import spatial
from spatial.core.languages import LANGUAGES, texts
from spatial.maps import plan_form
from spatial.plans import reading

UTM33 = CRS.from_epsg(25833)


@pytest.fixture
def empty(tmp_path):
    path = tmp_path / "plan.gpkg"
    plan_form.write_empty_plan(path, UTM33, lang="da")
    return path


def forms(path):
    """What each form offers, by layer, name of the style and column: values with their titles."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT f_table_name, styleName, styleQML FROM layer_styles").fetchall()
    return {
        (table, style, field.get("name")): {
            option.get("value"): option.get("name")
            for option in field.findall(".//Option[@name='map']//Option[@value]")
        }
        for table, style, text in rows
        for field in ElementTree.fromstring(text).findall("./fieldConfiguration/field")
    }


def test_three_empty_layers_in_the_crs_that_was_asked_for(empty):
    layers = {name: pyogrio.read_info(empty, layer=name) for name in ("areas", "lines", "points")}
    assert [info["geometry_type"] for info in layers.values()] == ["Polygon", "LineString", "Point"]
    for info in layers.values():
        assert (info["features"], CRS(info["crs"])) == (0, UTM33)
        assert {"action", "layer", "target", "phase", "note", "kind", "dwellings"} <= set(info["fields"])


def test_the_form_offers_every_layer_in_both_languages_under_its_words(empty):
    offered = forms(empty)
    for layer in ("areas", "lines", "points"):
        for code in LANGUAGES:
            title = texts(code)["map"]["language"]
            assert list(offered[layer, title, "action"]) == ["remove", "add", "change"]
            assert offered[layer, title, "kind"]["bench"] == texts(code)["kind"]["bench"]["title"]
    assert offered["areas", "Dansk", "action"]["remove"] == "Fjernes"
    assert offered["areas", "English", "layer"]["building"] == "Building"


def test_what_is_drawn_is_read_as_the_plan_it_says(empty, demo_data):
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    x, y = estate.boundary.representative_point().coords[0]
    bench = {"action": "add", "layer": "place", "kind": "bench", "phase": "2028", "note": "Ved legepladsen"}
    block = {"action": "add", "layer": "building", "dwellings": 12, "levels": 3, "phase": "2027-05-01"}
    drawn = {"points": (bench, shapely.Point(x, y)), "areas": (block, shapely.box(x + 9, y + 9, x + 29, y + 19))}
    for layer, (said, shape) in drawn.items():
        table = gpd.GeoDataFrame([said], geometry=[shape], crs=UTM33)
        pyogrio.write_dataframe(table, empty, layer=layer, driver="GPKG", append=True)
    plan = reading.read_plan(empty, estate)
    assert plan.phases == ("2027-05-01", "2028")
    edits = {edit.layer: edit for edit in plan.edits}
    assert edits["place"].tags == {"amenity": "bench"} and edits["place"].note == "Ved legepladsen"
    assert (edits["place"].phase, edits["building"].phase) == (2, 1)
    assert edits["building"].tags["building:flats"] == "12" and edits["building"].tags["building:levels"] == "3"
    assert shapely.equals(edits["place"].geometry, shapely.Point(x, y))


def test_everything_that_the_form_offers_is_taken_by_a_plan(empty, demo_data):
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    at = estate.boundary.representative_point()
    kinds = [kind for kind in forms(empty)["points", "Dansk", "kind"] if kind]
    rows = [{"action": "add", "layer": "place", "kind": kind} for kind in kinds]
    table = gpd.GeoDataFrame(rows, geometry=[at] * len(rows), crs=UTM33)
    pyogrio.write_dataframe(table, empty, layer="points", driver="GPKG", append=True)
    plan, faults = reading.read_plan_and_faults(empty, estate)
    assert len(plan.edits) == len(kinds) > 10 and faults == []
