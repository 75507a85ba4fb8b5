"""Layers as people bring them: answers that were cut off, files whose first folder is empty."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from spatial.core.errors import IncompleteResult, InputError, SpatialError
from spatial.sources import boundaries, layers, vector_files

CASES = Path(__file__).parents[1] / "data"
CUT = f"kk.legeplads={CASES / 'layers' / 'cut-off-layer.geojson'}"


@pytest.fixture
def estate():
    return boundaries.estate(CASES / "osm" / "estate.geojson")


def test_a_layer_that_was_cut_off_is_never_complete(estate):
    (raw,) = layers.read_layers([CUT], estate)
    assert len(raw.points.ids) == 1 and not raw.provenance.complete
    assert raw.provenance.cut_off == "exceededTransferLimit"
    for given in (CUT, raw):  # as frozen inputs give it
        with pytest.raises(IncompleteResult, match="declared complete with --complete, but it holds not all") as caught:
            layers.read_layers([given], estate, complete=["kk.legeplads"])
        assert "rummer ikke det hele" in caught.value.said("da")


def test_the_same_layer_whole_may_be_declared_complete(estate, tmp_path):
    whole = tmp_path / "whole.geojson"
    whole.write_bytes(Path(CUT.partition("=")[2]).read_bytes().replace(b"true", b"false"))
    (raw,) = layers.read_layers([f"kk.legeplads={whole}"], estate, complete=["kk.legeplads"])
    assert raw.provenance.complete and raw.provenance.cut_off is None


def test_a_boundary_in_the_second_folder_of_a_kml(estate):
    """The first folder is empty; the outline is that of the estate, 400 m square."""
    found = boundaries.estate(CASES / "layers" / "folders.kml")
    assert found.boundary.area == pytest.approx(160_000, rel=1e-3) and not found.boundary.has_z
    assert found.boundary.symmetric_difference(estate.boundary).area < 200


def layered(path: Path, *tables: tuple[str, list[shapely.Geometry]]) -> Path:
    for name, shapes in tables:
        table = gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=shapes, crs="EPSG:25832")
        table.to_file(path, layer=name, driver="GPKG", engine="pyogrio", geometry_type="Unknown")
    return path


POINT, SQUARE = shapely.Point(720_000, 6_172_000), shapely.box(720_000, 6_172_000, 720_100, 6_172_100)


@pytest.mark.parametrize(
    "tables",
    [
        [("a", []), ("b", [SQUARE])],
        [("boundary", []), ("b", [SQUARE])],
        [("a", [POINT]), ("b", []), ("c", [SQUARE])],
        [("a", [SQUARE]), ("b", [])],
        [("a", [SQUARE.buffer(50)]), ("boundary", [SQUARE])],
    ],
)
def test_a_boundary_in_the_first_layer_that_holds_an_area(tables, tmp_path):
    assert boundaries.estate(layered(tmp_path / "a.gpkg", *tables)).boundary.area == pytest.approx(10_000, rel=1e-3)


SHIFTED = shapely.box(720_500, 6_172_000, 720_600, 6_172_100)
LINE = shapely.LineString([(720_000, 6_172_000), (720_100, 6_172_000)])


def test_of_areas_in_several_layers_none_is_taken_unasked(tmp_path):
    """Folders of a KML are layers; all areas of a file are areas of a batch."""
    path = layered(tmp_path / "a.gpkg", ("a", [SQUARE]), ("b", [SHIFTED]), ("c", [POINT]))
    with pytest.raises(InputError, match="found 2 areas and no --name"):
        boundaries.estate(path)
    assert [one.boundary.area for _, one in boundaries.read_areas(path)] == pytest.approx([10_000] * 2, rel=1e-3)


def test_areas_of_several_layers_are_told_apart_by_name(tmp_path):
    for name, shape, crs in (("Nord", SQUARE, 25832), ("Syd", SHIFTED, 25833)):
        table = gpd.GeoDataFrame({"navn": [name]}, geometry=[shape], crs="EPSG:25832").to_crs(crs)
        table.to_file(tmp_path / "a.gpkg", layer=name, driver="GPKG", engine="pyogrio")
    found = boundaries.estate(tmp_path / "a.gpkg", name="Syd")
    assert found.boundary.symmetric_difference(SHIFTED).area < 1 and found.crs.to_epsg() == 25832


@pytest.mark.parametrize("beside", [[POINT], [LINE], [POINT, LINE, None]])
@pytest.mark.parametrize("ending", ["geojson", "gpkg", "kml", "parquet"])
def test_pins_and_lines_beside_an_area_are_no_second_one(ending, beside, tmp_path):
    table = gpd.GeoDataFrame({"name": ["x"] * (1 + len(beside))}, geometry=[*beside, SQUARE], crs="EPSG:25832")
    path = tmp_path / f"a.{ending}"
    if ending == "parquet":
        table.to_parquet(path)
    else:
        table.to_crs(4326).to_file(path, engine="pyogrio", **({"driver": "KML"} if ending == "kml" else {}))
    assert boundaries.estate(path).boundary.area == pytest.approx(10_000, rel=1e-3)


def ring(shape=SQUARE, epsg=4326):
    """Its corners as GeoJSON has them."""
    return [list(xy) for xy in gpd.GeoSeries([shape], crs=25832).to_crs(epsg)[0].exterior.coords]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def feature(geometry, **about):
    return {"type": "Feature", "properties": about, "geometry": geometry}


def collection(*features, crs=None):
    said = {} if crs is None else {"crs": {"type": "name", "properties": {"name": crs}}}
    return {"type": "FeatureCollection", **said, "features": list(features)}


PLAIN = polygon(ring())
TOPOLOGY = {"type": "Topology", "arcs": [ring()], "objects": {"a": {"type": "Polygon", "arcs": [[0]]}}}
READ = {
    "a bare geometry": PLAIN,
    "a feature": feature(PLAIN),
    "a collection": collection(feature(PLAIN)),
    "CRS84": collection(feature(PLAIN), crs="urn:ogc:def:crs:OGC:1.3:CRS84"),
    "degrees by their number": collection(feature(PLAIN), crs="urn:ogc:def:crs:EPSG::4326"),
    "metres that are declared": collection(feature(polygon(ring(epsg=25832))), crs="urn:ogc:def:crs:EPSG::25832"),
    "a map of the web": collection(feature(polygon(ring(epsg=3857))), crs="EPSG:3857"),
    "with heights": feature(polygon([[*xy, 12.5] for xy in ring()])),
    "with heights and a measure": feature(polygon([[*xy, 12.5, 1.0] for xy in ring()])),
    "clockwise": feature(polygon(ring()[::-1])),
    "with nothing beside it": collection(feature(None), feature(PLAIN)),
    "several parts that are one": feature({"type": "MultiPolygon", "coordinates": [[ring()]]}),
    "the type last": {"features": [feature(PLAIN)], "type": "FeatureCollection"},
}


@pytest.mark.parametrize("name", READ)
def test_boundaries_as_people_write_them(name, tmp_path):
    (tmp_path / "a.geojson").write_text(json.dumps(READ[name]))
    assert boundaries.estate(tmp_path / "a.geojson").boundary.symmetric_difference(SQUARE).area < 20


TURNED_AWAY = {
    # what is in it: the file, and words of the reason
    "metres undeclared": (collection(feature(polygon(ring(epsg=25832)))), "declared as degrees"),
    "metres declared as degrees": (collection(feature(polygon(ring(epsg=25832))), crs="EPSG:4326"), "as degrees"),
    "degrees declared as metres": (collection(feature(PLAIN), crs="EPSG:25832"), "declared as metres"),
    "nothing": (collection(), "no geometry in 0 features"),
    "a collection in a collection": (collection(collection(feature(PLAIN))), "no geometry"),
    "several kinds in one": (feature({"type": "GeometryCollection", "geometries": [PLAIN]}), "GeometryCollection"),
    "a closed line": (feature({"type": "LineString", "coordinates": ring()}), "found a LineString"),
    "a ring left open": (feature(polygon(ring()[:-1])), "closed"),
    "a bow tie": (feature(polygon([ring()[i] for i in (0, 2, 1, 3, 0)])), "Self-intersection"),
    "a hole outside": (feature(polygon(ring(), ring(SHIFTED))), "Hole lies outside"),
    "parts that overlap": (
        feature({"type": "MultiPolygon", "coordinates": [[ring()], [ring(SQUARE.buffer(9))]]}), "not a valid polygon",
    ),
    "two of them": (collection(feature(PLAIN, name="A"), feature(PLAIN, name="B")), "found 2 areas"),
    "numbers as text": (feature(polygon([[str(x), str(y)] for x, y in ring()])), "no geometry"),
    "longitudes beyond 360": (feature(polygon([[x + 360, y] for x, y in ring()])), "declared as degrees"),
    "a page": ("<html><title>Log ind</title></html>", "Log ind"),
    "an error of ArcGIS": ({"error": {"code": 499, "message": "Token required"}}, "Token required"),
    "a problem": ({"title": "Not Found", "status": 404, "detail": "Samling x findes ikke"}, "Samling x findes ikke"),
    "an exception": (
        "<ows:ExceptionReport><ows:Exception><ows:ExceptionText>Ukendt lag</ows:ExceptionText></ows:Exception>"
        "</ows:ExceptionReport>", "Ukendt lag",
    ),
    "a topology, which says no CRS": (TOPOLOGY, "without a CRS"),
    "a town": (feature(polygon(ring(SQUARE.buffer(9_000)))), "at most 100 km"),
    "a spot": (feature(polygon(ring(POINT.buffer(0.2)))), "without area"),
}  # fmt: skip


@pytest.mark.parametrize("name", TURNED_AWAY)
def test_boundaries_that_are_turned_away_with_the_reason(name, tmp_path):
    content, words = TURNED_AWAY[name]
    (tmp_path / "a.geojson").write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(SpatialError, match=words):
        boundaries.estate(tmp_path / "a.geojson")


@pytest.mark.parametrize("name", ["a page", "an error of ArcGIS", "a problem", "an exception"])
def test_what_a_service_said_in_the_place_of_a_layer_reaches_the_user(name, estate, tmp_path):
    content, words = TURNED_AWAY[name]
    path = tmp_path / "a.geojson"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(SpatialError, match=words):
        layers.read_layers([f"kk.legeplads={path}"], estate)


def test_layers_without_objects_are_passed_over_where_others_have_some(tmp_path):
    path = layered(tmp_path / "a.gpkg", ("a", []), ("b", [POINT]), ("c", []))
    assert vector_files.list_layers(path) == ["a", "b", "c"] and vector_files.filled_layers(path) == ["b"]
    assert vector_files.filled_layers(layered(tmp_path / "b.gpkg", ("a", []), ("b", []))) == ["a", "b"]
