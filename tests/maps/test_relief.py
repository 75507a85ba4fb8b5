"""The shading of the ground under the map: what is in the picture, where it lies, and that it is drawn."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from spatial.analysis import loading, storage
from spatial.maps import relief
from spatial.maps.web import page as web_page
from spatial.maps.web.geometry import UNITS_PER_DEGREE, Projector
from spatial.maps.web.payload import payload
from spatial.terrain import elevation
from tests import pictures, rasters
from tests.maps import fixtures

MAP = "map_faellesrum"
KB = 1000


def hills(size=600, cell=5.0):
    """Hills around the made-up estate: steep enough to be seen."""
    x, y = fixtures.CENTRE
    at = (np.arange(size) - size / 2) * cell
    heights = 20 + 6 * np.sin(at[None, :] / 180) * np.cos(at[:, None] / 240)
    return rasters.raster(heights, x - size * cell / 2, y + size * cell / 2, cell)


def test_level_and_unknown_ground_are_neutral_and_slopes_are_light_or_dark():
    flat = rasters.raster(np.full((4, 4), 7.0))
    assert (relief.shades(flat) == relief.NEUTRAL).all()
    assert (relief.shades(rasters.raster(np.full((4, 4), np.nan))) == relief.NEUTRAL).all()
    # The light comes from the north-west: ground that falls towards it is light, away from it dark.
    east = np.arange(6)[None, :] * np.ones((6, 1))
    towards, away = relief.shades(rasters.raster(0.1 * east)), relief.shades(rasters.raster(-0.1 * east))
    assert towards.min() > relief.NEUTRAL > away.max()


def test_coarser_heights_are_means_of_what_is_known():
    fine = rasters.raster([[0, 2, 10], [4, np.nan, 20], [1, 1, np.nan]], west=100, north=300, cell=2.0)
    found = elevation.coarser(fine, 2)
    np.testing.assert_allclose(found.heights_m, [[2.0, 15.0], [1.0, np.nan]])
    assert (found.west_m, found.north_m, found.cell_m) == (100, 300, 4.0)
    assert elevation.coarser(fine, 3).heights_m.shape == (3, 3)


def test_the_picture_is_small_and_lies_where_the_raster_does():
    ground = hills()
    projector = Projector(ground.crs, fixtures.synthetic().estate.boundary.centroid)
    coded = relief.encode(ground, projector)
    picture = base64.b64decode(coded["picture"].partition(",")[2])
    assert coded["picture"].startswith("data:image/webp;base64,") and len(picture) < 120 * KB
    assert Image.open(io.BytesIO(picture)).size == tuple(coded["size"]) == (600, 600)
    corners = np.array(coded["corners"]).reshape(3, 2) + projector.origin
    for (lon, lat), (x, y) in zip(corners / UNITS_PER_DEGREE, [(0, 0), (1, 0), (0, 1)], strict=True):
        side = 600 * ground.cell_m
        there = projector._transformer.transform(lon, lat, direction="INVERSE")
        assert there == pytest.approx((ground.west_m + x * side, ground.north_m - y * side), abs=0.2)


def test_heights_survive_the_folder_of_a_run(demo_result, tmp_path):
    ground = hills(size=50)
    manifest = {**demo_result.manifest, "models": {"terrain": {"cell_m": 5.0, "covered_share": 1.0}}}
    storage.save(replace(demo_result, terrain=ground, manifest=manifest), tmp_path / "run")
    back = loading.read_run(tmp_path / "run").terrain
    np.testing.assert_allclose(back.heights_m, ground.heights_m, atol=0.051)
    assert (back.west_m, back.north_m, back.cell_m, back.crs) == (
        ground.west_m,
        ground.north_m,
        ground.cell_m,
        ground.crs,
    )


def test_a_map_without_a_terrain_has_no_picture():
    assert payload(fixtures.synthetic(), "da")["relief"] is None


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_ground_is_shaded(browser, tmp_path, scheme):
    result = replace(fixtures.synthetic(), terrain=hills())
    path = tmp_path / "map.html"
    web_page.render_map(result, path)
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    trouble = []
    page.on("console", lambda message: trouble.append(message.text))
    page.goto(path.as_uri())
    page.wait_for_selector(fixtures.READY)
    page.wait_for_timeout(300)
    shot = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L")).astype(float)
    pictures.keep(page, f"relief-{scheme}")
    page.close()
    corner = shot[5:120, 600:760]  # nothing but ground
    assert corner.max() - corner.min() > 8
    assert trouble == []
