"""Real terrain and surface, EPSG:3007, under a small scene drawn by hand: a courtyard quarter of Göteborg."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Transformer
from rasterio.features import shapes
from scipy.ndimage import binary_fill_holes

import spatial
from spatial.terrain import sky_and_sun
from tests import osm_xml, rasters, umep
from tests.analysis.test_run import fact

pytestmark = pytest.mark.shared
WEST, NORTH = 147_720.0, 6_398_780.0
BENCH = "osm:node/900001"


@pytest.fixture(scope="module")
def heights(shared_data):
    """Ground, houses and crowns above the ground, at one metre."""
    names = ("DEM", "DSM", "CDSM")
    found = []
    for name in names:
        with rasterio.open(shared_data / "goteborg-dsm" / f"{name}_KRbig.tif") as file:
            found.append(file.read(1).astype(np.float64))
    return found


@pytest.fixture(scope="module")
def seat(heights):
    """An open cell under half a sky, 80 m from every edge and under no crown: row and column."""
    ground, houses, leaves = heights
    sky = umep.sky_view(houses, leaves, transmitted=sky_and_sun.TRANSMITTED)
    open_ = ~binary_fill_holes(houses - ground > 1) & (leaves == 0)  # beside the traced outlines
    open_[:80] = open_[-80:] = False
    open_[:, :80] = open_[:, -80:] = False
    row, column = np.unravel_index(np.argmin(np.where(open_, abs(sky - 0.5), 2)), sky.shape)
    return int(row), int(column), float(sky[row, column])


@pytest.fixture(scope="module")
def run(heights, seat, shared_data, tmp_path_factory):
    """Houses traced from the model, a path across the tile, a home and a bench in the yard."""
    folder = tmp_path_factory.mktemp("goteborg")
    ground, houses, leaves = heights
    to_utm = Transformer.from_crs(3007, 25832, always_xy=True)

    def local(xy):
        """Columns and rows of the tile in metres around the centre of the document."""
        x, y = to_utm.transform(WEST + np.asarray(xy)[:, 0], NORTH - np.asarray(xy)[:, 1])
        return np.column_stack([x, y]) - osm_xml.CENTRE_M

    nodes, ways, count = {}, {}, 0
    traced = [shapely.geometry.shape(s) for s, value in shapes((houses - ground > 2).astype("uint8")) if value]
    for house in (shapely.Polygon(one.exterior) for one in traced if one.area > 30):
        ids = list(range(count, count + len(house.exterior.coords) - 1))
        nodes |= dict(zip(ids, map(tuple, local(house.exterior.coords[:-1])), strict=True))
        ways[len(ways) + 1] = ((*ids, ids[0]), {"building": "apartments"})
        count += len(ids)
    row, column, _ = seat
    for i, (x, y) in enumerate(local([(2, row + 4), (232, row + 4), (column + 0.5, row + 0.5)])):
        nodes[900_010 + i if i < 2 else 900_001] = (x, y) if i < 2 else (x, y, {"amenity": "bench"})
    ways[5000] = ((900_010, 900_011), {"highway": "footway", "surface": "asphalt"})
    osm = osm_xml.write(folder / "quarter.osm", nodes, ways, bounds=tuple(np.ravel(local([(-700, 900), (900, -700)]))))
    area = shapely.box(WEST + column - 60, NORTH - row - 60, WEST + column + 60, NORTH - row + 60)
    gpd.GeoDataFrame({"name": ["Gården"]}, geometry=[area], crs=3007).to_file(folder / "yard.gpkg")
    seen = rasters.write(
        folder / "dsm.tif", np.maximum(houses, np.where(leaves > 0, ground + leaves, 0)), WEST, NORTH, crs=3007
    )
    estate = spatial.Estate.from_file(folder / "yard.gpkg", margin_m=5, reach_m=460)
    terrain = shared_data / "goteborg-dsm" / "DEM_KRbig.tif"
    return spatial.analyse(estate, osm=osm, terrain=terrain, surface=seen)


def test_sky_over_the_bench(run, seat):
    """UMEP's definition at its cell, through reprojection, traced outlines and the telling apart of trees."""
    sky = fact(run, BENCH, "sky_view")
    assert sky["source_id"] == "osm;surface;terrain"
    # The tile ends 80 m away: beyond it something as high as the highest tower might stand.
    assert sky["low"] - 0.05 <= seat[2] <= sky["high"] + 0.05
    assert sky["high"] - sky["low"] < 0.2


def test_sun_in_the_yard_is_less_than_in_the_open(run):
    sun = fact(run, BENCH, "sun_hours")
    assert 0 <= sun["low"] <= sun["high"] < 7


def test_terrain_and_surface_say_where_they_end(run):
    assert {w["code"] for w in run.manifest["warnings"]} >= {"surface_ends"}
    assert run.manifest["models"]["terrain"]["cell_m"] == pytest.approx(1.0, abs=0.01)
    assert 0.05 < run.manifest["models"]["surface"]["covered_share"] < 0.3
    assert [s["source_id"] for s in run.manifest["sources"]][-2:] == ["terrain", "surface"]


def test_the_way_is_as_steep_as_the_ground_under_it(run, heights, seat):
    """The footway's profile, read from the raster by hand: no walk is steeper than its steepest ten metres."""
    row = seat[0] + 4
    profile = heights[0][row - 1 : row + 1].mean(axis=0)
    steepest = np.abs(profile[10:] - profile[:-10]).max() / 10
    found = fact(run, BENCH, "slope_max")
    assert found["source_id"] == "osm;terrain" and found["evidence"] == "derived"
    assert 0 < found["value"] <= steepest + 0.005
