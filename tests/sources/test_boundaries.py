"""Boundaries: which are read, as what, and which are refused with which words."""

from __future__ import annotations

import json
import sqlite3
import time
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from spatial.core.errors import CRSError, EmptyAreaError, InputError, SourceFormatError, SourceUnavailable, SpatialError
from spatial.sources import boundaries
from tests.osm_xml import CENTRE_M, degrees

EAST, NORTH = CENTRE_M
BLOCK = shapely.box(EAST, NORTH, EAST + 200, NORTH + 100)
OTHER = shapely.box(EAST + 1000, NORTH, EAST + 1050, NORTH + 50)
BOW = shapely.Polygon([(0, 0), (200, 100), (200, 0), (0, 100)])
LONE = {"licence": "CC BY 4.0", "attribution": "City", "data_date": "2025-05-01"}


def at_centre(shape):
    return shapely.transform(shape, lambda xy: xy + np.array(CENTRE_M))


def in_degrees(shape):
    """The shape, given in metres of EPSG:25832, in WGS 84."""
    return shapely.transform(shape, lambda xy: [degrees(x - EAST, y - NORTH) for x, y in xy.tolist()])


def geojson(path, *shapes, crs=None, **columns):
    """A GeoJSON file written by hand: (shape, …) and one list of values a column."""
    features = [
        {
            "type": "Feature",
            "properties": {key: values[i] for key, values in columns.items()},
            "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
        }
        for i, shape in enumerate(shapes)
    ]
    document = {"type": "FeatureCollection", "features": features}
    if crs is not None:
        document["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def table(path, *shapes, crs=25832, layer=None, mode="w", **columns):
    """A file that GDAL writes; the driver follows from the name."""
    frame = gpd.GeoDataFrame(columns or {"id": range(len(shapes))}, geometry=list(shapes), crs=crs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the CRS that is not given
        frame.to_file(path, layer=layer, mode=mode)
    return path


# --- what is read ---


def test_geojson_in_degrees_is_measured_in_metres(tmp_path):
    path = geojson(tmp_path / "block.geojson", in_degrees(BLOCK), name=["Blok 1"])
    estate = boundaries.estate(path)
    assert (estate.id, estate.name, estate.crs.to_epsg()) == ("blok-1", "Blok 1", 25832)
    assert estate.boundary.hausdorff_distance(BLOCK) < 0.02
    assert (estate.margin_m, estate.reach_m, estate.tenure) == (250, 1600, None)


def test_geopackage_in_metres_stays_as_it_is(tmp_path):
    estate = boundaries.estate(table(tmp_path / "block.gpkg", BLOCK), margin_m=10, reach_m=20)
    assert estate.crs.to_epsg() == 25832 and estate.boundary.equals_exact(BLOCK, 1e-6)
    assert estate.name == "block" and (estate.margin_m, estate.reach_m) == (10, 20)
    assert estate.study_area.area == pytest.approx(20_000 + 600 * 10 + 314, abs=3)


def test_geojson_with_a_declared_metric_crs(tmp_path):
    path = geojson(tmp_path / "a.geojson", BLOCK, crs="urn:ogc:def:crs:EPSG::25832")
    assert boundaries.estate(path).boundary.equals_exact(BLOCK, 1e-6)


def test_a_boundary_outside_denmark_gets_its_own_zone(demo_data):
    assert boundaries.estate(demo_data / "reitbahnviertel.geojson").crs.to_epsg() == 25833
    assert boundaries.estate(demo_data / "helsinki.geojson").crs.to_epsg() == 25835


def test_a_shapefile(tmp_path):
    assert boundaries.estate(table(tmp_path / "block.shp", BLOCK)).boundary.equals(BLOCK)


def test_a_multipolygon(tmp_path):
    both = shapely.MultiPolygon([BLOCK, OTHER])
    estate = boundaries.estate(geojson(tmp_path / "two.geojson", both, crs="EPSG:25832"))
    assert estate.boundary.area == pytest.approx(20_000 + 2_500)


def test_the_layer_called_boundary_is_taken_among_others(tmp_path):
    path = table(tmp_path / "many.gpkg", OTHER, layer="apples")
    table(path, BLOCK, layer="boundary", mode="a")
    table(path, OTHER, layer="zoo", mode="a")
    assert boundaries.estate(path).boundary.equals(BLOCK)


def test_without_a_layer_of_that_name_all_are_looked_through(tmp_path):
    path = table(tmp_path / "many.gpkg", BLOCK, layer="apples", name=["Bøgen"])
    table(path, OTHER, layer="zoo", mode="a", name=["Eg"])
    with pytest.raises(InputError, match="found 2 areas"):
        boundaries.estate(path)
    assert boundaries.estate(path, name="Bøgen").boundary.equals(BLOCK)


def test_a_million_vertices_take_less_than_three_seconds_of_a_processor(tmp_path):
    """A circle of 250 m; what is compiled or loaded at first is loaded before."""
    path = table(tmp_path / "first.geojson", BLOCK)
    boundaries.estate(path)
    turn = np.linspace(0.0, 2 * np.pi, 1_000_001)
    ring = np.stack([12.35 + 0.004 * np.cos(turn), 55.66 + 0.00225 * np.sin(turn)], axis=1)
    ring[-1] = ring[0]
    shape = {"type": "Polygon", "coordinates": [ring.tolist()]}
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": shape}))
    before = time.process_time()
    found = boundaries.estate(tmp_path / "a.geojson")
    assert time.process_time() - before < 3.0
    assert len(shapely.get_coordinates(found.boundary)) == 1_000_001


def test_a_name_picks_one_of_many_by_any_text_column(tmp_path):
    path = table(tmp_path / "two.gpkg", OTHER, BLOCK, number=[1, 2], afdeling=["A", "Bøgen"])
    estate = boundaries.estate(path, name="Bøgen")
    assert estate.boundary.equals(BLOCK) and (estate.name, estate.id) == ("Bøgen", "boegen")


def test_many_without_a_name_are_refused_with_examples(tmp_path):
    path = table(tmp_path / "two.gpkg", OTHER, BLOCK, name=["A", "B"])
    with pytest.raises(InputError, match=r"two\.gpkg: found 2 areas \(such as 'A'; 'B'\)"):
        boundaries.estate(path)


def test_a_mistyped_name_is_answered_with_the_nearest(tmp_path):
    path = table(tmp_path / "two.gpkg", OTHER, BLOCK, number=[1, 2], afdeling=["23, Østerbrogade", "Bøgen"])
    with pytest.raises(InputError, match="did you mean 23, Østerbrogade"):
        boundaries.estate(path, name="23, Østerbrogad")


def test_a_name_that_is_not_there_or_not_alone_is_refused(tmp_path):
    path = table(tmp_path / "three.gpkg", OTHER, BLOCK, BLOCK, name=["A", "B", "B"])
    with pytest.raises(InputError, match="none named 'C'"):
        boundaries.estate(path, name="C")
    with pytest.raises(InputError, match="2 named 'B'"):
        boundaries.estate(path, name="B")


def test_features_without_geometry_do_not_count(tmp_path):
    path = geojson(tmp_path / "two.geojson", None, in_degrees(BLOCK), name=["x", "Blok"])
    assert boundaries.estate(path).name == "Blok"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Ærøgården, Å 3", "aeroegaarden-aa-3"),
        ("23, Østerbrogade", "23-oesterbrogade"),
        ("Straße Ü", "strasse-ue"),
        ("  ", "estate"),
        ("../../etc", "etc"),
    ],
)
def test_ids_are_plain(name, slug, tmp_path):
    path = geojson(tmp_path / "a.geojson", in_degrees(BLOCK), name=[name])
    assert boundaries.estate(path).id == slug


def test_the_name_is_the_users_then_the_files_columns_then_the_files_own(tmp_path):
    path = geojson(tmp_path / "blok-7.geojson", in_degrees(BLOCK), navn=["N"], title=["T"])
    assert boundaries.estate(path).name == "N"
    assert boundaries.estate(path, name="Mit").name == "Mit"
    path = geojson(tmp_path / "blok-8.geojson", in_degrees(BLOCK), name=[None], number=[3])
    assert boundaries.estate(path).name == "blok-8"


@pytest.mark.parametrize(
    ("columns", "tenure"),
    [
        ({"afdelingsnavn": ["A"], "afdelingsnummer": [1]}, "almen"),
        ({"afdelingsnavn": ["A"]}, None),
        ({"tenure": ["almen"]}, "almen"),
        ({"tenure": ["private"]}, None),
        ({"name": ["A"]}, None),
    ],
)
def test_departments_are_almen_ground(columns, tenure, tmp_path):
    path = geojson(tmp_path / "a.geojson", in_degrees(BLOCK), **columns)
    assert boundaries.estate(path).tenure == tenure


def test_provenance_as_stated_in_the_file(tmp_path):
    columns = {key: [value] for key, value in LONE.items()}
    found = boundaries.estate(geojson(tmp_path / "a.geojson", in_degrees(BLOCK), **columns)).provenance
    assert (found.licence, found.attribution) == ("CC BY 4.0", "City")
    assert found.data_date == "2025-05-01"  # ISO 8601, also where GDAL makes a date of it
    assert len(found.sha256) == 64 and found.source_id == "boundary"


def test_what_the_file_does_not_state_is_said_to_be_so(tmp_path):
    for columns in ({}, {key: [None] for key in LONE}, {key: [None, None] for key in LONE}):
        shapes = [in_degrees(BLOCK)] + [None] * (len(next(iter(columns.values()), [0])) - 1)
        found = boundaries.estate(geojson(tmp_path / "a.geojson", *shapes, **columns)).provenance
        assert (found.licence, found.attribution) == ("not stated", "not stated")
        assert found.data_date is None
    path = table(
        tmp_path / "a.gpkg", BLOCK, OTHER, name=["A", "B"], licence=[None, "x"],
        data_date=[None, "2025-05-01"],
    )  # fmt: skip
    found = boundaries.estate(path, name="A").provenance
    assert found.licence == "not stated" and found.data_date is None


def test_a_folder_that_gdal_reads_as_one_source(tmp_path):
    """A folder of shapefiles is a source for GDAL; its checksum is of all files."""
    folder = tmp_path / "shapes"
    folder.mkdir()
    table(folder / "block.shp", BLOCK)
    estate = boundaries.estate(folder)
    assert estate.boundary.equals(BLOCK) and len(estate.provenance.sha256) == 64


# --- what is refused ---


def raw(path, content):
    path.write_bytes(content)
    return path


def no_spatial_table(path):
    with sqlite3.connect(table(path, BLOCK)) as connection:
        connection.execute("drop table gpkg_contents")
    connection.close()
    return path


def with_srs(path, srs):
    """-1 and 0 are GeoPackage's undefined Cartesian and geographic systems."""
    with sqlite3.connect(table(path, BLOCK)) as connection:
        for name in ("gpkg_contents", "gpkg_geometry_columns"):
            connection.execute(f"update {name} set srs_id = {srs}")
    connection.close()
    return path


def without_prj(path):
    table(path, in_degrees(BLOCK))
    path.with_suffix(".prj").unlink(missing_ok=True)
    return path


HUGE = shapely.box(EAST - 35_000, NORTH - 36_000, EAST + 35_000, NORTH + 36_000)  # 70 × 72 km
BAD = {
    "gone": (lambda d: d / "gone.geojson", SourceUnavailable, "no such file"),
    "no bytes": (lambda d: raw(d / "a.geojson", b""), SourceFormatError, "empty file"),
    "not JSON": (lambda d: raw(d / "a.geojson", b"{"), SourceFormatError, "cannot be read"),
    "a page": (lambda d: raw(d / "a.gpkg", b"<html>"), SourceFormatError, "cannot be read"),
    "an image": (lambda d: raw(d / "a.png", b"\x89PNG\r\n\x1a\n"), SourceFormatError, "cannot be"),
    "broken package": (lambda d: no_spatial_table(d / "a.gpkg"), SpatialError, "a.gpkg"),
    "an empty folder": (lambda d: (d / "f").mkdir() or d / "f", SourceFormatError, "cannot be"),
    "metres without CRS": (
        lambda d: table(d / "a.shp", BLOCK, crs=None), CRSError, r"metres.*EPSG:25832"),
    "degrees without CRS": (
        lambda d: without_prj(d / "a.shp"), CRSError, r"degrees.*\.prj"),
    "metres said to be degrees": (
        lambda d: geojson(d / "a.geojson", BLOCK), CRSError, "711000, 6173000 declared as degrees"),
    "metres of an unknown plane": (
        lambda d: with_srs(d / "a.gpkg", -1), CRSError, "CRS"),
    "degrees of an unknown globe": (
        lambda d: with_srs(d / "a.gpkg", 0), CRSError, "CRS"),
    "no CRS in a GeoPackage": (lambda d: table(d / "a.gpkg", BLOCK, crs=None), CRSError, "CRS"),
    "far outside its zone": (
        lambda d: table(d / "a.gpkg", shapely.box(9e9, 9e9, 9e9 + 9, 9e9 + 9)), CRSError, "fit"),
    "bow tie": (
        lambda d: table(d / "a.gpkg", at_centre(BOW)), InputError, r"Self-intersection.*repair"),
    "no feature": (lambda d: geojson(d / "a.geojson"), EmptyAreaError, "no geometry in 0"),
    "no geometry": (lambda d: geojson(d / "a.geojson", None), EmptyAreaError, "no geometry in 1"),
    "empty geometry": (
        lambda d: table(d / "a.gpkg", shapely.Polygon()), EmptyAreaError, "no geometry in 1"),
    "a table": (lambda d: raw(d / "a.csv", b"name,x\nA,1\n"), EmptyAreaError, "without geometry"),
    "a point": (
        lambda d: table(d / "a.gpkg", shapely.Point(EAST, NORTH)), InputError, "found a Point"),
    "a line": (lambda d: table(d / "a.gpkg", BLOCK.boundary), InputError, "found a Line"),
    "5,040 km²": (lambda d: table(d / "a.gpkg", HUGE), InputError, r"5,0[34]\d km².*one estate"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "kind", "words"), BAD.values(), ids=BAD)
def test_bad_boundaries(make, kind, words, tmp_path):
    path = make(tmp_path)
    with pytest.raises(kind, match=words) as caught:
        boundaries.estate(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and "\n" not in message


def test_the_largest_estate_that_is_taken(tmp_path):
    fine, wide = shapely.box(0, 0, 10_000, 9_999), shapely.box(0, 0, 10_000, 10_001)
    assert boundaries.estate(table(tmp_path / "a.gpkg", at_centre(fine))).boundary.area < 100e6
    with pytest.raises(InputError, match="at most 100 km²"):
        boundaries.estate(table(tmp_path / "b.gpkg", at_centre(wide)))


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".shp", ".kml", ".csv", ".xyz", ""])
@given(content=st.binary(min_size=1, max_size=200))
@example(content=b'{"type":"FeatureCollection","features":[{"type":"Feature"}]}')
@example(content=b'{"type":"Polygon","coordinates":[]}')
@example(content=b'{"type":"Polygon","coordinates":[[[12,55],[12,55]]]}')
@example(content=b'{"type":"Polygon","coordinates":[[[12,55],[12,55],[12,55],[12,55]]]}')
@example(content=b'{"type":"Polygon","coordinates":[[[12,95],[13,95],[13,96],[12,95]]]}')
@example(content=b'{"type":"Polygon","coordinates":[[[1e999,55],[13,55],[13,56],[1e999,55]]]}')
@example(content=b"SQLite format 3\x00")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_give_only_our_errors(ending, content, tmp_path):
    path = tmp_path / f"noise{ending}"
    path.write_bytes(content)
    with pytest.raises(SpatialError) as caught:
        boundaries.estate(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


# --- the city's own layer ---


@pytest.mark.shared
@pytest.mark.parametrize("name", ["23, Østerbrogade", "103, Vognmandsmarken"])
def test_departments_of_copenhagen(name, shared_data):
    path = shared_data / "copenhagen" / "almene_boliger_kk.geojson"
    plain = [
        feature for feature in json.loads(path.read_text(encoding="utf-8"))["features"]
        if name in feature["properties"].values()
    ]  # fmt: skip
    assert len(plain) == 1
    shape = gpd.GeoSeries(
        [shapely.geometry.shape(plain[0]["geometry"])], crs=4326
    ).to_crs(25832).iloc[0]  # fmt: skip
    estate = boundaries.estate(path, name=name)
    assert estate.tenure == "almen" and estate.name == name
    assert estate.boundary.area == pytest.approx(shape.area, rel=1e-9)


@pytest.mark.shared
def test_all_departments_at_once_are_refused_with_names(shared_data):
    path = shared_data / "copenhagen" / "almene_boliger_kk.geojson"
    with pytest.raises(InputError, match=r"found 50\d areas \(such as '"):
        boundaries.estate(path)


def test_dates_become_iso(tmp_path):
    frame = gpd.GeoDataFrame({"data_date": [pd.Timestamp("2025-05-01")]}, geometry=[BLOCK], crs=25832)
    frame.to_file(tmp_path / "a.gpkg")
    assert boundaries.estate(tmp_path / "a.gpkg").provenance.data_date == "2025-05-01"


@pytest.mark.parametrize(
    ("crs", "words"), [(25832, "declared as metres .*declare WGS 84"), (4326, None)], ids=["degrees", "as they are"]
)
def test_degrees_declared_as_metres(tmp_path, crs, words):
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.box(12.3, 55.6, 12.31, 55.61)], crs=crs).to_file(path)
    if words is None:
        assert boundaries.estate(path).boundary.area > 1000
    else:
        with pytest.raises(CRSError, match=words):
            boundaries.estate(path)


def test_a_boundary_of_less_than_a_square_metre_is_none(tmp_path):
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.box(720000, 6170000, 720900, 6170000.001)], crs=25832).to_file(path)
    with pytest.raises(EmptyAreaError, match="without area"):
        boundaries.estate(path)
