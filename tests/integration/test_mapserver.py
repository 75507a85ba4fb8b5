"""A real MapServer: WFS in all its versions, GeoJSON and GML, points and areas, and a coverage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from spatial.core.errors import SourceFormatError
from spatial.sources import catalogue, service_check
from spatial.sources import layers as sources_layers
from spatial.sources.protocol import Area
from spatial.sources.protocols import wcs
from tests.integration import mapserver
from tests.integration.conftest import entry, need

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(demo):
    need("MapServer")
    raster = demo.folder / "terrain.tif"
    x0, y0, x1, y1 = demo.estate.context_area.bounds
    width, height = int((x1 - x0) // 5), int((y1 - y0) // 5)
    values = np.add.outer(np.arange(height), np.zeros(width)).astype("float32")
    with rasterio.open(
        raster, "w", driver="GTiff", width=width, height=height, count=1, dtype="float32",
        crs=f"EPSG:{demo.epsg}", transform=Affine(5, 0, x0, 0, -5, y1),
    ) as out:  # fmt: skip
        out.write(values, 1)
    layers = [("legeplads", "POINT", "nr"), ("boldbane", "POLYGON", "nr")]
    with mapserver.serving(demo.folder, layers, epsg=demo.epsg, raster=raster) as serving:
        yield serving


def around(source, demo):
    return sources_layers.read_layer(source.id, demo.estate, catalogue=catalogue.Catalogue({source.id: source}))


@pytest.mark.parametrize("layer", ["legeplads", "boldbane"])
@pytest.mark.parametrize(
    ("version", "format_"),
    [("1.0.0", None), ("1.1.0", None), ("2.0.0", None), ("1.1.0", "geojson"), ("2.0.0", "geojson")],
)
def test_wfs(server, demo, layer, version, format_):
    server.requests.clear()
    raw = around(entry(layer, protocol="wfs", endpoint=server.address, version=version, format=format_), demo)
    part = raw.points if layer == "legeplads" else raw.areas
    assert set(part.ids) == demo.expected[layer] and raw.dropped == {} and raw.repaired == {}
    assert part.tags[0]["name"].endswith("æøå") and raw.provenance.sha256
    assert any("STARTINDEX=7" in request for request in server.requests)


def test_the_same_from_the_file(server, demo):
    live = around(entry("legeplads", protocol="wfs", endpoint=server.address), demo)
    source = entry("legeplads", protocol="wfs")
    held = sources_layers.read_layer(
        f"{source.id}={demo.folder / 'legeplads.gpkg'}", demo.estate, catalogue=catalogue.Catalogue({source.id: source})
    )
    assert live.points.ids.tolist() == held.points.ids.tolist() and live.points.tags == held.points.tags
    distance = [a.distance(b) for a, b in zip(live.points.geometry, held.points.geometry, strict=True)]
    assert max(distance) < 0.01


def test_geographic_coordinates(server, demo):
    raw = around(entry("legeplads", protocol="wfs", endpoint=server.address, crs="EPSG:4326", version="2.0.0"), demo)
    assert set(raw.points.ids) == demo.expected["legeplads"]


def test_a_layer_that_is_not_there(server, demo):
    with pytest.raises(SourceFormatError, match=r"no layer ms:legepladser among its 2 \(such as ms:legeplads"):
        around(entry("legeplads", protocol="wfs", endpoint=server.address, layer="ms:legepladser"), demo)


def test_check(server, demo):
    source = entry("legeplads", protocol="wfs", endpoint=server.address, id_field="nummer")
    found = service_check.check_service(source, area=Area(demo.estate.context_area, demo.estate.crs))
    assert found.objects == len(demo.expected["legeplads"]) <= found.rows and found.crs == "EPSG:25833"
    assert found.unmapped == ("nr",) and found.missing == ()


def test_coverage(server, demo, tmp_path: Path):
    source = entry("legeplads", protocol="wcs", endpoint=server.address, layer="dhm_terraen", resolution_m=5.0)
    area = Area(demo.estate.boundary.envelope, demo.estate.crs)
    found = wcs.fetch(source, area, folder=tmp_path)
    with rasterio.open(found.paths[0]) as raster, rasterio.open(demo.folder / "terrain.tif") as given:
        assert raster.crs.to_epsg() == demo.epsg and raster.bounds.left <= area.polygon.bounds[0]
        x, y = raster.xy(raster.height // 2, raster.width // 2)
        there = float(next(iter(raster.sample([(x, y)])))[0])
        assert there == pytest.approx(float(next(iter(given.sample([(x, y)])))[0]), abs=1)


@pytest.mark.shared
def test_the_playgrounds_of_copenhagen(shared_data, tmp_path):
    """The catalogue's own entry, served as the city's server would: the same objects as from its file."""
    import geopandas as gpd

    from spatial.sources import boundaries

    need("MapServer")
    folder = shared_data / "copenhagen"
    table = gpd.read_file(folder / "legeplads.geojson").to_crs(25832)
    table.to_file(tmp_path / "legeplads.gpkg", layer="legeplads")
    estate = boundaries.estate(folder / "almene_boliger_kk.geojson", name="103, Vognmandsmarken")
    from dataclasses import replace

    known = catalogue.load()["kk.legeplads"]
    held = sources_layers.read_layer(f"kk.legeplads={folder / 'legeplads.geojson'}", estate)
    with mapserver.serving(tmp_path, [("legeplads", "POINT", "legeplads_id")], epsg=25832) as serving:
        source = replace(known, endpoint=serving.address, format="geojson", page_size=10)
        live = sources_layers.read_layer(
            "kk.legeplads", estate, catalogue=catalogue.Catalogue({"kk.legeplads": source})
        )
    assert live.points.ids.tolist() == held.points.ids.tolist() and live.points.tags == held.points.tags
