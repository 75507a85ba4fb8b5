"""Layers as people bring them: answers that were cut off, files whose first folder is empty."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from spatial.core.errors import IncompleteResult
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


def test_layers_without_objects_are_passed_over_where_others_have_some(tmp_path):
    path = layered(tmp_path / "a.gpkg", ("a", []), ("b", [POINT]), ("c", []))
    assert vector_files.list_layers(path) == ["a", "b", "c"] and vector_files.filled_layers(path) == ["b"]
    assert vector_files.filled_layers(layered(tmp_path / "b.gpkg", ("a", []), ("b", []))) == ["a", "b"]
