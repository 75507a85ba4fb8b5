"""Terrain by WCS: tiles on a whole grid, checked before they are believed."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.io import MemoryFile

from spatial.core.errors import ConfigError, IncompleteResult, InputError, SourceFormatError, SourceUnavailable
from spatial.sources import catalogue, rasters
from spatial.sources.http import Transport
from spatial.sources.protocol import Area
from spatial.sources.protocols import wcs
from tests.command import NEAR, boundary, call, town
from tests.sources.unruly import EXCEPTION, PAGE, Reply, serving

X, Y = 723_500.0, 6_179_500.0
AREA = Area(shapely.box(X - 50.2, Y - 40, X + 50, Y + 40), CRS.from_epsg(25832))
QUICK = Transport(connect_s=5, read_s=5, attempts=2, sleep=lambda seconds: None)


def source(server, **more):
    return catalogue.Source(
        id="dhm.test", title={"da": "x", "en": "x"}, protocol="wcs", licence="CC BY 4.0", attribution="K",
        endpoint=f"{server.address}/wcs", layer="dhm_terraen", resolution_m=1.0, **more,
    )  # fmt: skip


def tiff(path, params, *, epsg: int | None = 25832, smaller: int = 0) -> Reply:
    """A raster whose values are the x of the pixel's middle."""
    x0, y0, x1, y1 = (float(value) for value in params["bbox"].split(","))
    width, height = int(params["width"]) - smaller, int(params["height"])
    values = np.tile(x0 + (np.arange(width) + 0.5) * (x1 - x0) / width, (height, 1)).astype("float32")
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=width, height=height, count=1, dtype="float32",
            crs=epsg and CRS.from_epsg(epsg).to_wkt(),
            transform=Affine((x1 - x0) / width, 0, x0, 0, (y0 - y1) / height, y1),
        ) as raster:  # fmt: skip
            raster.write(values, 1)
        return Reply(body=bytes(memory.getbuffer()), kind="image/tiff")


def fetch(server, folder, **more):
    return wcs.fetch(source(server, **more), AREA, transport=QUICK, folder=folder)


def test_a_coverage_is_written_with_its_provenance(tmp_path):
    with serving(tiff) as server:
        found = fetch(server, tmp_path / "raster")
        params = server.asked[0][1]
    assert params["COVERAGE"] == "dhm_terraen" and params["FORMAT"] == "GTiff" and params["CRS"] == "EPSG:25832"
    assert params["BBOX"] == "723449.000,6179460.000,723550.000,6179540.000"
    with rasterio.open(found.paths[0]) as raster:
        assert raster.crs.to_epsg() == 25832 and (raster.width, raster.height) == (101, 80)
        assert float(raster.read(1)[0, 0]) == pytest.approx(723_449.5)
    assert found.provenance.licence == "CC BY 4.0" and found.provenance.retrieved_at is not None
    assert [path.name for path in (tmp_path / "raster").iterdir()] == ["dhm_test_000.tif"]


def test_a_large_area_comes_in_tiles(tmp_path, monkeypatch):
    monkeypatch.setattr(wcs, "TILE_PIXELS", 64)
    with serving(tiff) as server:
        found = fetch(server, tmp_path)
    boxes = []
    for path in found.paths:
        with rasterio.open(path) as raster:
            boxes.append(shapely.box(*raster.bounds))
    assert len(boxes) == 4 and sum(box.area for box in boxes) == shapely.union_all(boxes).area == 101 * 80


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (lambda path, params: Reply(401), SourceUnavailable, "HTTP 401"),
        (lambda path, params: Reply(body=EXCEPTION, kind="text/xml"), SourceUnavailable, "refuses: Unknown"),
        (lambda path, params: Reply(body=PAGE), SourceFormatError, "web page"),
        (lambda path, params: Reply(body=b"\x89PNG...."), SourceFormatError, "no GeoTIFF"),
        (lambda path, params: tiff(path, params, smaller=1), IncompleteResult, "100 × 80 pixels; needed 101 × 80"),
        (lambda path, params: tiff(path, params, epsg=None), IncompleteResult, "no CRS"),
        (
            lambda path, params: replace(tiff(path, params), body=tiff(path, params).body[:9000]),
            IncompleteResult,
            "cut off",
        ),
    ],
)
def test_what_is_no_whole_raster_leaves_nothing(tmp_path, answer, error, words):
    with serving(answer) as server, pytest.raises(error, match=words):
        fetch(server, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_entry_without_a_resolution(tmp_path):
    with serving(tiff) as server, pytest.raises(ConfigError, match="resolution"):
        wcs.fetch(replace(source(server), resolution_m=None), AREA, transport=QUICK, folder=tmp_path)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(1, 9e3), st.floats(1, 9e3), st.sampled_from([0.4, 1, 10]))
def test_tiles_cover_the_box_and_lie_on_one_grid(x, y, width, height, pixel_m):
    tiles = list(wcs.grid((x, y, x + width, y + height), pixel_m))
    union = shapely.union_all([shapely.box(*tile) for tile, _, _ in tiles]).buffer(1e-6)
    assert union.contains(shapely.box(x, y, x + width, y + height).buffer(-1e-6))
    for (x0, y0, x1, y1), columns, rows in tiles:
        assert 0 < columns <= wcs.TILE_PIXELS and 0 < rows <= wcs.TILE_PIXELS
        assert (x1 - x0) / pixel_m == pytest.approx(columns) and (y1 - y0) / pixel_m == pytest.approx(rows)


# --- a model by its id, as a run takes it ---


def plane(path, params) -> Reply:
    """Ground that rises by 1 in 10 to the east."""
    reply = tiff(path, params)
    with MemoryFile(reply.body) as memory, memory.open() as raster:
        values, profile = raster.read(1), raster.profile
    with MemoryFile() as memory:
        with memory.open(**profile) as raster:
            raster.write((values - 500_000.0) * 0.1 / 100, 1)  # per cent, in metres far below Everest
        return Reply(body=bytes(memory.getbuffer()), kind="image/tiff")


def catalogue_file(folder, address):
    path = folder / "sources.toml"
    path.write_text(
        '[source."my.ground"]\ntitle = { da = "x", en = "y" }\nprotocol = "wcs"\nlicence = "CC0"\nattribution = "me"\n'
        f'endpoint = "{address}/wcs"\nlayer = "ground"\nresolution_m = 0.4\nkey = "MARKED_KEY"\n'
        'key_parameter = "apikey"\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture
def ground(tmp_path, monkeypatch):
    monkeypatch.setenv("MARKED_KEY", "s3cret")
    with serving(plane) as server:
        monkeypatch.setenv("FAELLESRUM_SOURCES", str(catalogue_file(tmp_path, server.address)))
        yield server


def test_a_run_asks_for_a_terrain_by_its_id_and_scores_as_from_files(ground, tmp_path):
    given = ("run", "--boundary", boundary(tmp_path / "estate.geojson"), "--osm", town(tmp_path / "town.osm"), *NEAR)
    live = call(*given, "--terrain", "my.ground", "--out", tmp_path / "live")
    assert live.code == 0, live.err
    asked = ground.asked[-1][1]
    assert asked["COVERAGE"] == "ground" and asked["apikey"] == "s3cret"
    x0, y0, x1, y1 = map(float, asked["BBOX"].split(","))
    assert (x1 - x0, y1 - y0) == (int(asked["WIDTH"]), int(asked["HEIGHT"]))  # a metre a pixel is as fine as is read
    file = tmp_path / "ground.tif"
    file.write_bytes(plane("", {name.lower(): value for name, value in asked.items()}).body)
    local = call(*given, "--terrain", file, "--out", tmp_path / "local")
    assert local.code == 0, local.err
    assert (tmp_path / "live" / "scores.csv").read_bytes() == (tmp_path / "local" / "scores.csv").read_bytes()
    manifest = (tmp_path / "live" / "manifest.json").read_text(encoding="utf-8")
    source = next(one for one in json.loads(manifest)["sources"] if one["source_id"] == "my.ground")
    assert (source["path"], source["licence"]) == (f"{ground.address}/wcs", "CC0") and len(source["sha256"]) == 64
    assert "s3cret" not in manifest and "faellesrum-" not in manifest


def test_offline_no_terrain_is_asked_for(ground, tmp_path):
    given = ("run", "--boundary", boundary(tmp_path / "estate.geojson"), "--osm", town(tmp_path / "town.osm"), *NEAR)
    done = call(*given, "--terrain", "my.ground", "--offline", "--out", tmp_path / "out")
    assert done.code == 1 and done.err.count("\n") == 1 and "offline" in done.err
    assert ground.asked == [] and not (tmp_path / "out").exists()


def test_a_batch_asks_no_service_for_a_terrain(ground, tmp_path):
    given = ("batch", "--areas", boundary(tmp_path / "estate.geojson"), "--osm", town(tmp_path / "town.osm"))
    done = call(*given, "--terrain", "my.ground", "--out", tmp_path / "out", "--lang", "en")
    assert done.code == 1 and "my.ground: is asked of a service; needed a file" in done.err and ground.asked == []


def test_an_entry_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"kk\.legeplads: comes by wfs; needed a terrain or surface model"):
        rasters.live_source("kk.legeplads")
    assert rasters.live_source("dhm.terraen").layer == "dhm_terraen"
    assert rasters.live_source("dtm.tif") is None and rasters.live_source("tiles/*.tif") is None
