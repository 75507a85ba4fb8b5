"""Terrain and surface models: exact cells, tiles, other systems, and everything that is no model."""
# ruff: noqa: E501 - a table reads best with a case on a line

import hashlib
import warnings

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal
from pyproj import Transformer
from rasterio.transform import Affine

from spatial.core.errors import SpatialError
from spatial.core.model import Estate
from spatial.sources import rasters as sources_rasters
from tests import rasters

X, Y = 711_000, 6_173_000
# The estate is 20 m wide; with margin and reach the terrain is asked for over 40 m.
ESTATE = Estate("mini", "Mini", shapely.box(X - 10, Y - 10, X + 10, Y + 10), rasters.METRIC, margin_m=5, reach_m=5)
ROW, COLUMN = np.mgrid[0:60, 0:60]
PLANE = 10 + 0.1 * COLUMN + 0.01 * ROW  # upper left corner at (X - 30, Y + 30)


def at(found, x, y):
    """The cell at a point given in metres around the estate."""
    row, column = int((found.north_m - (Y + y)) // found.cell_m), int((X + x - found.west_m) // found.cell_m)
    return found.heights_m[row, column]


@pytest.fixture
def whole(tmp_path):
    return rasters.write(tmp_path / "dtm.tif", PLANE, X - 30, Y + 30, tags={"TIFFTAG_DATETIME": "2014:03:21 10:00:00"})


def test_the_cells_of_the_area_as_they_are(whole):
    found = sources_rasters.terrain(whole, ESTATE)
    assert (found.west_m, found.north_m, found.cell_m, found.crs) == (X - 20, Y + 20, 1.0, rasters.METRIC)
    assert_array_equal(found.heights_m[:40, :40], PLANE[10:50, 10:50].astype(np.float32))
    assert found.heights_m.dtype == np.float32 and found.covered_share == 1.0


def test_provenance(whole):
    (source,) = sources_rasters.terrain(whole, ESTATE).provenance
    assert source.sha256 == hashlib.sha256(whole.read_bytes()).hexdigest()
    assert (source.source_id, source.path, source.licence, source.data_date) == (
        "terrain",
        str(whole),
        "not stated",
        "2014-03-21",
    )


def test_the_surface_is_asked_for_250_m_beyond_the_study_area(tmp_path):
    path = rasters.write(tmp_path / "dsm.tif", np.zeros((600, 600)), X - 300, Y + 300)
    found = sources_rasters.surface(path, ESTATE)
    assert (found.west_m, found.north_m) == (X - 265, Y + 265) and found.covered_share == 1.0
    assert found.provenance[0].source_id == "surface"


def test_fine_cells_are_averaged_in_whole_blocks(tmp_path):
    fine = np.kron(PLANE, np.ones((2, 2))) + np.tile([[-0.5, 0.5], [0.25, -0.25]], (60, 60))
    found = sources_rasters.terrain(rasters.write(tmp_path / "fine.tif", fine, X - 30, Y + 30, 0.5), ESTATE)
    assert found.cell_m == 1.0
    assert_allclose(found.heights_m[:40, :40], PLANE[10:50, 10:50], rtol=1e-6)


def test_cells_of_denmarks_model(tmp_path):
    """0.4 m: three by three make 1.2 m."""
    found = sources_rasters.terrain(
        rasters.write(tmp_path / "dhm.tif", np.full((300, 300), 7.5), X - 60, Y + 60, 0.4), ESTATE
    )
    assert found.cell_m == pytest.approx(1.2) and np.isfinite(found.heights_m).all()
    assert_allclose(found.heights_m, 7.5, rtol=1e-6)


def test_no_data_is_unknown(tmp_path):
    holed = PLANE.copy()
    holed[:, 35:] = -9999  # everything from 5 m east of the estate's middle
    found = sources_rasters.terrain(rasters.write(tmp_path / "holed.tif", holed, X - 30, Y + 30, nodata=-9999), ESTATE)
    assert np.isnan(at(found, 5.5, 0)) and at(found, 4.5, 0.5) == np.float32(PLANE[29, 34])
    # 25 of 40 m, but for the corners that the rounded area does not have.
    assert found.covered_share == pytest.approx(25 / 40, abs=0.01)


def test_part_of_the_area_is_used_there(tmp_path):
    found = sources_rasters.terrain(rasters.write(tmp_path / "part.tif", PLANE[:30], X - 30, Y + 30), ESTATE)
    assert np.isnan(at(found, 0.5, -0.5)) and at(found, 0.5, 0.5) == np.float32(PLANE[29, 30])
    assert found.covered_share == pytest.approx(0.5, abs=0.03)


def tiles(folder, **more):
    """The plane in four tiles of 30 cells and one far away."""
    folder.mkdir()
    for name, row, column in (("a", 0, 0), ("b", 0, 30), ("c", 30, 0), ("d", 30, 30)):
        rasters.write(
            folder / f"{name}.tif", PLANE[row : row + 30, column : column + 30], X - 30 + column, Y + 30 - row, **more
        )
    rasters.write(folder / "far.tif", PLANE, X + 5000, Y, **more)
    return folder


def test_tiles_make_no_seam(whole, tmp_path):
    folder, one = tiles(tmp_path / "tiles & more"), sources_rasters.terrain(whole, ESTATE)
    for given in (folder, str(folder / "*.tif"), sorted(folder.iterdir())):
        many = sources_rasters.terrain(given, ESTATE)
        assert_array_equal(many.heights_m, one.heights_m)
        assert [source.path[-5:] for source in many.provenance] == ["a.tif", "b.tif", "c.tif", "d.tif"]


def test_tiles_with_a_hole_and_another_no_data(tmp_path):
    folder = tiles(tmp_path / "tiles", nodata=-9999)
    (folder / "b.tif").unlink()
    rasters.write(folder / "c.tif", np.full((30, 30), -1), X - 30, Y, nodata=-1)
    found = sources_rasters.terrain(folder, ESTATE)
    assert np.isnan(at(found, 5, 5)) and np.isnan(at(found, -5, -5))
    assert at(found, 5.5, -5.5) == np.float32(PLANE[35, 35]) and at(found, -5.5, 5.5) == np.float32(PLANE[24, 24])


def test_another_system_is_reprojected(tmp_path):
    """A plane in zone 33, 0.02 a metre to its east: heights at points that pyproj transforms."""
    there = Transformer.from_crs(25832, 25833, always_xy=True)
    x, y = there.transform(X, Y)
    heights = 50 + 0.02 * (np.arange(200) + 0.5)[None, :] + np.zeros((200, 1))
    found = sources_rasters.terrain(rasters.write(tmp_path / "33.tif", heights, x - 100, y + 100, crs=25833), ESTATE)
    assert found.cell_m == pytest.approx(1.0, abs=0.002) and found.covered_share == 1.0
    rows, columns = np.mgrid[0 : found.heights_m.shape[0], 0 : found.heights_m.shape[1]]
    east = there.transform(found.west_m + (columns + 0.5) * found.cell_m, found.north_m - (rows + 0.5) * found.cell_m)[
        0
    ]
    assert_allclose(found.heights_m, 50 + 0.02 * (east - (x - 100)), atol=2e-3)


def test_degrees_are_reprojected_where_they_are_fine_enough(tmp_path):
    lon, lat = Transformer.from_crs(25832, 4326, always_xy=True).transform(X, Y)
    path = rasters.write(tmp_path / "deg.tif", np.full((40, 60), 12.0), lon - 3e-3, lat + 2e-3, 1e-4, crs=4326)
    with pytest.raises(SpatialError, match=r"deg.tif: found cells of 11.1 m; needed at most 10 m for a terrain model"):
        sources_rasters.terrain(path, ESTATE)
    path = rasters.write(tmp_path / "fine.tif", np.full((100, 120), 12.0), lon - 3e-3, lat + 2e-3, 5e-5, crs=4326)
    assert sources_rasters.terrain(path, ESTATE).cell_m == pytest.approx(5.56, abs=0.02)


def test_a_compound_system_keeps_its_heights(tmp_path):
    """ETRS89 / UTM 32N + DVR90, as Denmark's model declares it."""
    found = sources_rasters.terrain(rasters.write(tmp_path / "dvr.tif", PLANE, X - 30, Y + 30, crs=7416), ESTATE)
    assert_array_equal(found.heights_m[:40, :40], PLANE[10:50, 10:50].astype(np.float32))


def test_whole_centimetres_with_a_scale(tmp_path):
    path = rasters.write(
        tmp_path / "cm.tif", np.full((60, 60), 1234), X - 30, Y + 30, dtype="int16", scale=0.01, offset=2.0
    )
    assert_allclose(sources_rasters.terrain(path, ESTATE).heights_m, 14.34, rtol=1e-6)


def test_a_large_area_is_read_coarser(tmp_path, monkeypatch):
    monkeypatch.setattr(sources_rasters, "MAX_CELLS", 500)
    found = sources_rasters.terrain(rasters.write(tmp_path / "dtm.tif", PLANE, X - 30, Y + 30), ESTATE)
    assert found.cell_m == 2.0 and found.heights_m.size <= 500
    monkeypatch.setattr(sources_rasters, "MAX_CELLS", 10)
    with pytest.raises(SpatialError, match=r"an area that takes more than .* cells of 10 m"):
        sources_rasters.terrain(tmp_path / "dtm.tif", ESTATE)


# --- what is no model of heights -----------------------------------------------------------------


def text(folder):
    path = folder / "dtm.tif"
    path.write_text("not a raster", encoding="utf-8")
    return path


def empty(folder):
    path = folder / "dtm.tif"
    path.touch()
    return path


def cut(folder):
    path = rasters.write(folder / "dtm.tif", PLANE, X - 30, Y + 30)
    path.write_bytes(path.read_bytes()[:4000])
    return path


def damaged(folder):
    path = rasters.write(
        folder / "dtm.tif", np.random.default_rng(1).random((60, 60)), X - 30, Y + 30, compress="deflate"
    )
    data = bytearray(path.read_bytes())
    data[1000:9000] = bytes(8000)
    path.write_bytes(data)
    return path


def nothing(folder):
    (folder / "tiles").mkdir()
    return folder / "tiles"


def two(folder, **other):
    return [
        rasters.write(folder / "a.tif", PLANE[:, :30], X - 30, Y + 30),
        rasters.write(folder / "b.tif", PLANE[:, 30:], other.pop("west", X), Y + 30, **other),
    ]


def model(heights=PLANE, west=X - 30, north=Y + 30, name="dtm.tif", **more):
    return lambda folder: rasters.write(folder / name, heights, west, north, **more)


BAD = {
    # what the user gave: (how it is made, what the one line says)
    "not there": (lambda folder: folder / "none.tif", "none.tif: found no such file; needed a raster"),
    "text": (text, "dtm.tif: cannot be read as a raster"),
    "empty": (empty, "dtm.tif: cannot be read as a raster"),
    "cut off": (cut, "dtm.tif: cannot be read as a raster"),
    "damaged": (damaged, r"dtm.tif: reading stopped \(.*\); needed a whole file"),
    "an empty folder": (nothing, "tiles: found no raster here"),
    "a pattern that matches nothing": (lambda folder: folder / "*.tif", "found no raster here"),
    "no CRS": (model(crs=None), "dtm.tif: found no CRS; needed a declared one"),
    "a picture": (model(np.zeros((3, 60, 60)), dtype="uint8"), "dtm.tif: found 3 bands of uint8, a picture or classes"),
    "a grey picture": (model(np.zeros((60, 60)), dtype="uint8", name="dtm.png", driver="PNG"), "found 1 band of uint8"),
    "two bands": (model(np.zeros((2, 60, 60))), "found 2 bands of float32; needed a raster of heights"),
    "beside the area": (model(west=X + 400), "dtm.tif: found a terrain model of .* in ETRS89 / UTM zone 32N, which does not meet Mini"),
    "the wrong zone": (model(crs=25833), "in ETRS89 / UTM zone 33N, which does not meet Mini"),
    "metres declared as degrees": (model(crs=4326), "in WGS 84, which does not meet Mini"),
    "feet": (model(units="ft"), "dtm.tif: found heights in 'ft'; needed metres"),
    "a vertical CRS in feet": (model(crs="EPSG:25832+8228"), "dtm.tif: found heights in 'foot'; needed metres"),
    "a code for no data that is not declared": (model(np.where(ROW > 30, -9999, 5.0)), "found heights from -9999 to 5; needed metres above the sea"),
    "no height in the area": (model(np.full((60, 60), -9999.0), nodata=-9999), "found no height in the area of Mini"),
    "thirty metres": (model(np.zeros((10, 10)), X - 150, Y + 150, cell=30), "found cells of 30 m; needed at most 10 m"),
    "tiles of two systems": (lambda folder: two(folder, crs=3044), "b.tif: found another CRS than in a.tif"),
    "tiles of two sizes": (lambda folder: two(folder, cell=2.0), "b.tif: found another cells than in a.tif"),
    "tiles off the grid": (lambda folder: two(folder, west=X + 0.5), "b.tif: found another grid than in a.tif"),
}  # fmt: skip


@pytest.mark.parametrize(("made", "says"), BAD.values(), ids=BAD)
def test_one_clear_line(made, says, tmp_path, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rasterio's, while the test writes the file
        given = made(tmp_path)
    with pytest.raises(SpatialError, match=says) as error:
        sources_rasters.terrain(given, ESTATE)
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


def test_a_turned_raster_lies_where_it_lies(tmp_path):
    """Rows run to the north-east: the height is the first coordinate of the raster's own grid."""
    turn = Affine.translation(X, Y) @ Affine.rotation(30) @ Affine.translation(-40, -40)
    heights = np.tile(np.arange(80) + 0.5, (80, 1))
    found = sources_rasters.terrain(rasters.write(tmp_path / "turned.tif", heights, 0, 0, transform=turn), ESTATE)
    rows, columns = np.mgrid[5:35, 5:35]
    x, y = found.west_m + (columns + 0.5) * found.cell_m - X, found.north_m - (rows + 0.5) * found.cell_m - Y
    # GDAL transforms to an eighth of a cell.
    assert_allclose(found.heights_m[5:35, 5:35], x * np.cos(np.pi / 6) + y * np.sin(np.pi / 6) + 40, atol=0.125)
