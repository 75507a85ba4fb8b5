"""Terrain and surface models from rasters: one file, or many tiles read as one.

Only the window that is needed is read, at a bounded number of cells. Tiles are joined by a virtual
raster in memory, so that nothing is copied and no seam is left. What a raster does not cover is NaN.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from spatial.core.errors import CRSError, EmptyAreaError, InputError, SourceFormatError, SourceUnavailable
from spatial.core.files import scratch_folder, sha256_of
from spatial.core.messages import cause, phrase
from spatial.core.model import NOT_STATED, Estate, Provenance, Raster
from spatial.sources.vector_files import CLOSED

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from spatial.sources.catalogue import Source
    from spatial.sources.protocols.wcs import Tiles


log = logging.getLogger(__name__)

Heights = npt.NDArray[np.float32]
Files = str | Path | Sequence[str | Path]

TERRAIN, SURFACE = "terrain", "surface"
# The shadow of a house of 20 m reaches so far when the sun stands 5° high.
SURFACE_BEYOND_M = 250.0
# Finer cells are averaged: a way is a metre wide and a façade casts its shadow for many.
FINEST_CELL_M = 1.0
# Coarser ones do not show ten metres of a slope, or the houses around a yard.
COARSEST_CELL_M = {TERRAIN: 10.0, SURFACE: 2.5}
# 36 km² at one metre, 144 MB; a larger area is read at coarser cells.
MAX_CELLS = 36_000_000
# The Dead Sea and Everest: what lies outside is a code for no data, or no height in metres.
EARTH_M = (-450.0, 8900.0)
METRES = frozenset({"", "m", "metre", "metres", "meter", "meters"})
SUFFIXES = (".tif", ".tiff", ".asc", ".vrt", ".img")
VIRTUAL = (".vrt", ".xml")
NEEDED = phrase("raster.needed")
WHATS = {TERRAIN: phrase("raster.terrain"), SURFACE: phrase("raster.surface")}
# Two grids are one when they agree to this share of a cell.
ON_GRID = 0.01
CHECK_POINTS = 10_000
# A straight edge bends in another projection: it is transformed in so many parts.
OUTLINE_PARTS = 100


@dataclass(frozen=True)
class _Grid:
    """Square cells, north up: outer corner in the north-west, side, rows and columns."""

    west_m: float
    north_m: float
    cell_m: float
    rows: int
    columns: int

    @property
    def transform(self) -> Any:
        from rasterio.transform import Affine

        return Affine(self.cell_m, 0.0, self.west_m, 0.0, -self.cell_m, self.north_m)


def terrain(files: Files, estate: Estate) -> Raster:
    """Read the heights of the ground within the estate's reach.

    Parameters
    ----------
    files
        A raster, a folder of tiles, a pattern such as ``"tiles/DTM*.tif"``, an entry of the catalogue that is asked
        for live, such as ``"dhm.terraen"``, or several of these.
    estate
        Its context area is read; the result is in its CRS.

    Returns
    -------
    Raster
        At the raster's own cells, averaged to at least `FINEST_CELL_M`.

    Raises
    ------
    SpatialError
        One of its kinds, with one line, if something is no raster of heights that meets the area.
    """
    return read_raster(files, estate.context_area, estate, TERRAIN)


def surface(files: Files, estate: Estate) -> Raster:
    """Read the heights of ground, houses and trees in the study area and `SURFACE_BEYOND_M` around; see `terrain`."""
    return read_raster(files, estate.study_area.buffer(SURFACE_BEYOND_M), estate, SURFACE)


def read_raster(files: Files, area: BaseGeometry, estate: Estate, what: str, *, transport: Any = None) -> Raster:
    """Read the part of rasters that an area needs, in the estate's CRS; see `terrain`.

    ``transport`` is how a live service is asked; by default with the usual patience.
    """
    given = [files] if isinstance(files, str | Path) else list(files)
    live = [source for source in map(live_source, given) if source is not None]
    if not live:
        return _read_files(given, area, estate, what)
    with scratch_folder() as folder:
        tiles = [_fetched(source, area, estate, folder, transport) for source in live]
        local = [file for file in given if live_source(file) is None]
        found = _read_files([*local, *(path for each in tiles for path in each.paths)], area, estate, what)
    own = tuple(source for source in found.provenance if folder not in Path(source.path).parents)
    return replace(found, provenance=own + tuple(each.provenance for each in tiles))


def live_source(file: str | Path) -> Source | None:
    """Return the entry of the catalogue that stands in the place of a file; None for a file.

    Raises
    ------
    InputError
        If the entry is no terrain or surface model that a service delivers.
    """
    if Path(file).exists() or has_magic(str(file)):
        return None
    from spatial.sources import catalogue

    known = catalogue.load()
    if str(file) not in known:
        return None
    source = known[str(file)]
    if source.protocol != "wcs":
        raise InputError("raster.no_service", source=source.id, protocol=source.protocol)
    return source


def _fetched(source: Source, area: BaseGeometry, estate: Estate, folder: Path, transport: Any) -> Tiles:
    """Tiles of a live service, no finer than is read of any raster."""
    from spatial.sources.protocol import Area
    from spatial.sources.protocols import wcs

    x0, y0, x1, y1 = area.bounds
    cell_m = max(source.resolution_m or 0.0, FINEST_CELL_M, math.sqrt((x1 - x0) * (y1 - y0) / MAX_CELLS))
    return wcs.fetch(source, Area(area, estate.crs), transport=transport, folder=folder, resolution_m=cell_m)


def _read_files(files: Sequence[str | Path], area: BaseGeometry, estate: Estate, what: str) -> Raster:
    paths = _paths(files, what)
    with ExitStack() as stack, _quiet(), _closed():
        tiles = [(path, stack.enter_context(_opened(path))) for path in paths]
        for path, tile in tiles:
            _check_band(path, tile)
        near = [(path, tile) for path, tile in tiles if _meets(path, tile, area, estate.crs)]
        if not near:
            raise _beside(tiles, area, estate, what)
        for path, tile in near:
            _check_cell(path, tile, area, estate.crs, what)
        whole = near[0][1] if len(near) == 1 else stack.enter_context(_joined(near))
        try:
            heights, grid = _heights(whole, _crs(*near[0]), area, estate, what)
        except _rasterio_error() as error:
            raise SourceFormatError("raster.stopped", path=near[0][0], cause=cause(error)) from error
        scale, offset = near[0][1].scales[0], near[0][1].offsets[0]
        heights = heights if (scale, offset) == (1.0, 0.0) else (heights * scale + offset).astype(np.float32)
        sources = tuple(_provenance(path, tile, what) for path, tile in near)
    _check_heights(paths, heights)
    found = Raster(heights, grid.west_m, grid.north_m, grid.cell_m, estate.crs, _covered(heights, grid, area), sources)
    if not found.covered_share > 0:
        raise EmptyAreaError("raster.only_nodata", path=near[0][0], estate=estate.name)
    log.info("%s: %d of %d files, %d × %d cells", what, len(near), len(paths), grid.columns, grid.rows)
    return found


# --- files ---------------------------------------------------------------------------------------


def _paths(files: Sequence[str | Path], what: str) -> list[Path]:
    """All files that are meant, sorted, each once."""
    found: set[Path] = set()
    for one in files:
        path = Path(one)
        if path.is_dir():
            inside = {file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES}
        elif has_magic(str(one)) and not path.exists():
            inside = {Path(file) for file in glob(str(one), recursive=True)}
        else:
            inside = {path}
        if not inside:
            raise SourceUnavailable("raster.no_raster", path=one, endings=SUFFIXES, what=WHATS[what])
        found |= inside
    if not found:
        raise InputError("raster.none_given", what=WHATS[what], needed=NEEDED)
    return sorted(found)


def _rasterio_error() -> type[Exception]:
    from rasterio.errors import RasterioError

    return RasterioError


@contextmanager
def _quiet() -> Iterator[None]:
    """What GDAL says of a file is told by our own errors, in one line."""
    from rasterio.errors import NotGeoreferencedWarning

    talk = logging.getLogger("rasterio")
    level = talk.level
    talk.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            yield
    finally:
        talk.setLevel(level)


@contextmanager
def _closed() -> Iterator[None]:
    """Let GDAL, as rasterio has it, reach no server: a virtual raster may name one."""
    import rasterio

    with rasterio.Env(**CLOSED):
        yield


def _opened(path: Path) -> Any:
    import rasterio

    if not path.exists():
        raise SourceUnavailable("files.missing", path=path, needed=NEEDED)
    if path.is_file() and path.suffix.lower() in VIRTUAL:
        try:
            path.read_bytes().decode("utf-8")  # rasterio shows a traceback for what is not
        except UnicodeDecodeError as error:
            raise SourceFormatError("raster.not_utf8", path=path, needed=NEEDED) from error
    try:
        return rasterio.open(path)
    except _rasterio_error() as error:
        raise SourceFormatError("raster.unreadable", path=path, cause=cause(error), needed=NEEDED) from error


def _crs(path: Path, tile: Any) -> CRS:
    """Horizontal CRS of a raster; heights in another unit than metres are refused."""
    if tile.crs is None:
        raise CRSError("raster.no_crs", path=path)
    try:
        crs = CRS.from_user_input(tile.crs.to_wkt())
    except ProjError as error:
        raise CRSError("raster.unknown_crs", path=path) from error
    parts = crs.sub_crs_list
    if not parts:
        return crs
    unit = parts[1].axis_info[0].unit_name
    if unit.lower() not in METRES:
        raise InputError("raster.vertical_unit", path=path, unit=unit, crs=parts[1].name)
    return parts[0]


def _check_band(path: Path, tile: Any) -> None:
    """One band of numbers fine enough for heights, in metres, somewhere."""
    turn = tile.transform
    if not (all(map(math.isfinite, turn)) and turn.determinant):
        raise SourceFormatError("raster.placeless", path=path, transform=str(tuple(turn)[:6]), needed=NEEDED)
    kind = tile.dtypes[0]
    if tile.count != 1 or kind in ("uint8", "int8") or kind.startswith("complex"):
        seems = phrase("raster.picture") if kind == "uint8" else ""
        bands = phrase("raster.one_band") if tile.count == 1 else phrase("raster.many_bands", n=tile.count)
        raise SourceFormatError("raster.bands", path=path, bands=bands, kind=kind, seems=seems, needed=NEEDED)
    unit = (tile.units[0] or "").strip()
    if unit.lower() not in METRES:
        raise InputError("raster.unit", path=path, unit=unit)
    _crs(path, tile)


# --- where a raster lies -------------------------------------------------------------------------


def _outline(path: Path, tile: Any, crs: CRS) -> BaseGeometry:
    """What a raster covers, in another CRS; empty where it cannot be said there."""
    turn = tile.transform
    columns, rows = np.array([0, 1, 1, 0]) * tile.width, np.array([0, 0, 1, 1]) * tile.height
    corners = np.stack([turn.a * columns + turn.b * rows + turn.c, turn.d * columns + turn.e * rows + turn.f], axis=1)
    ring = shapely.segmentize(shapely.Polygon(corners), shapely.Polygon(corners).length / OUTLINE_PARTS)
    xy = np.stack(_between(_crs(path, tile), crs).transform(*shapely.get_coordinates(ring).T), axis=1)
    shape = shapely.Polygon(xy[np.isfinite(xy).all(axis=1)]) if np.isfinite(xy).all(axis=1).sum() > 2 else None
    return shapely.Polygon() if shape is None else shapely.make_valid(shape)


def _between(one: CRS, other: CRS) -> Transformer:
    return Transformer.from_crs(one, other, always_xy=True)


def _meets(path: Path, tile: Any, area: BaseGeometry, crs: CRS) -> bool:
    return bool(shapely.intersects(_outline(path, tile, crs), shapely.box(*area.bounds)))


def _sides(bounds: Sequence[float]) -> dict[str, float]:
    return dict(zip(("west", "south", "east", "north"), map(float, bounds), strict=True))


def _beside(tiles: Sequence[tuple[Path, Any]], area: BaseGeometry, estate: Estate, what: str) -> EmptyAreaError:
    path, tile = tiles[0]
    return EmptyAreaError(
        "raster.beside",
        path=path,
        more=phrase("raster.more", n=len(tiles) - 1) if len(tiles) > 1 else "",
        what=WHATS[what],
        **_sides(tile.bounds),
        crs=_crs(path, tile).name,
        estate=estate.name,
        **{f"area_{side}": value for side, value in _sides(area.bounds).items()},
        estate_crs=estate.crs.to_string(),
    )


def _check_cell(path: Path, tile: Any, area: BaseGeometry, crs: CRS, what: str) -> None:
    side_m = _cell_m(tile, area, _crs(path, tile), crs)
    if not side_m <= COARSEST_CELL_M[what]:
        raise InputError("raster.coarse", path=path, side_m=side_m, most_m=COARSEST_CELL_M[what], what=WHATS[what])


def _cell_m(tile: Any, area: BaseGeometry, own_crs: CRS, crs: CRS) -> float:
    """Longer side of a raster's cells in metres, in the middle of an area."""
    there = _between(crs, own_crs)
    x, y = there.transform(area.centroid.x, area.centroid.y)
    turn = tile.transform
    xs, ys = there.transform([x, x + turn.a, x + turn.b], [y, y + turn.d, y + turn.e], direction="INVERSE")
    return float(max(math.dist((xs[0], ys[0]), (xs[i], ys[i])) for i in (1, 2)))


# --- tiles as one --------------------------------------------------------------------------------


@contextmanager
def _joined(tiles: Sequence[tuple[Path, Any]]) -> Iterator[Any]:
    """One virtual raster over tiles of one grid."""
    import rasterio

    path, first = tiles[0]
    for other, tile in tiles[1:]:
        alike = [
            (phrase("raster.crs"), _crs(other, tile) == _crs(path, first)),
            (phrase("raster.cells"), np.allclose(tile.res, first.res)),
            (phrase("raster.scale"), (tile.scales, tile.offsets) == (first.scales, first.offsets)),
            (phrase("raster.grid"), _one_grid(tile, first)),
        ]
        for wrong in (what for what, same in alike if not same):
            raise InputError("raster.differs", path=other, what=wrong, other=path.name)
    with rasterio.open(_virtual([tile for _, tile in tiles], [path.resolve() for path, _ in tiles])) as whole:
        yield whole


def _one_grid(tile: Any, first: Any) -> bool:
    turn = tile.transform
    steps = np.array([tile.bounds.left - first.bounds.left, first.bounds.top - tile.bounds.top]) / first.res
    return bool(turn.b == turn.d == 0 and turn.e < 0 and (np.abs(steps - np.rint(steps)) <= ON_GRID).all())


def _virtual(tiles: Sequence[Any], paths: Sequence[Path]) -> str:
    """XML of a virtual raster: https://gdal.org/drivers/raster/vrt.html."""
    west, north = min(tile.bounds.left for tile in tiles), max(tile.bounds.top for tile in tiles)
    east, south = max(tile.bounds.right for tile in tiles), min(tile.bounds.bottom for tile in tiles)
    dx, dy = tiles[0].res
    width, height = round((east - west) / dx), round((north - south) / dy)
    parts = []
    for tile, path in zip(tiles, paths, strict=True):
        at = round((tile.bounds.left - west) / dx), round((north - tile.bounds.top) / dy)
        none = "" if tile.nodata is None else f"<NODATA>{tile.nodata!r}</NODATA>"
        size = f'xSize="{tile.width}" ySize="{tile.height}"'
        parts.append(
            f'<ComplexSource><SourceFilename relativeToVRT="0">{escape(str(path))}</SourceFilename>'
            f'<SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" {size}/>'
            f'<DstRect xOff="{at[0]}" yOff="{at[1]}" {size}/>{none}</ComplexSource>'
        )
    return (
        f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}"><SRS>{escape(tiles[0].crs.to_wkt())}</SRS>'
        f"<GeoTransform>{west!r}, {dx!r}, 0, {north!r}, 0, {-dy!r}</GeoTransform>"
        f'<VRTRasterBand dataType="Float32" band="1"><NoDataValue>nan</NoDataValue>{"".join(parts)}'
        "</VRTRasterBand></VRTDataset>"
    )


# --- heights -------------------------------------------------------------------------------------


def _heights(whole: Any, own_crs: CRS, area: BaseGeometry, estate: Estate, what: str) -> tuple[Heights, _Grid]:
    """Heights of an area: the raster's own cells in its own CRS, else interpolated between them."""
    turn = whole.transform
    straight = turn.b == turn.d == 0 and turn.e < 0 and math.isclose(turn.a, -turn.e, rel_tol=1e-6)
    if straight and own_crs == estate.crs:
        return _own_cells(whole, area, what)
    side = max(_cell_m(whole, area, own_crs, estate.crs), FINEST_CELL_M)
    return _interpolated(whole, area, (own_crs, estate.crs), side, what)


def _own_cells(whole: Any, area: BaseGeometry, what: str) -> tuple[Heights, _Grid]:
    """Cells as they are, or means of whole blocks of them."""
    from rasterio.enums import Resampling
    from rasterio.windows import Window

    side, (left, _, _, top) = whole.res[0], whole.bounds
    west, south, east, north = area.bounds
    factor = max(1, math.ceil(round(FINEST_CELL_M / side, 9)))
    while (east - west) * (north - south) / (side * factor) ** 2 > MAX_CELLS:
        factor += 1
    _check_size(side * factor, what, factor > 1)
    column, row = math.floor((west - left) / side / factor), math.floor((top - north) / side / factor)
    columns, rows = (math.ceil(size / side / factor) + 1 for size in (east - west, north - south))
    grid = _Grid(left + column * factor * side, top - row * factor * side, side * factor, rows, columns)
    heights = np.full((rows, columns), np.nan, dtype=np.float32)
    first = max(column, 0), max(row, 0)
    last = min(column + columns, whole.width // factor), min(row + rows, whole.height // factor)
    if last[0] > first[0] and last[1] > first[1]:
        size = last[0] - first[0], last[1] - first[1]
        window = Window(first[0] * factor, first[1] * factor, size[0] * factor, size[1] * factor)
        block = whole.read(
            1, window=window, out_shape=size[::-1], masked=True, resampling=Resampling.average, out_dtype=np.float32
        )
        heights[first[1] - row : last[1] - row, first[0] - column : last[0] - column] = block.filled(np.nan)
    return heights, grid


def _interpolated(
    whole: Any, area: BaseGeometry, crs: tuple[CRS, CRS], side: float, what: str
) -> tuple[Heights, _Grid]:
    """Heights between the cells of a raster in another CRS (from, to); heights themselves are never shifted."""
    from rasterio.enums import Resampling
    from rasterio.vrt import WarpedVRT

    west, south, east, north = area.bounds
    own = side
    side = max(side, math.sqrt((east - west) * (north - south) / MAX_CELLS))
    _check_size(side, what, side > own)
    grid = _Grid(west, north, side, math.ceil((north - south) / side), math.ceil((east - west) / side))
    none = whole.nodata if whole.nodata is not None else math.nan
    with WarpedVRT(
        whole,
        src_crs=crs[0].to_wkt(),
        crs=crs[1].to_wkt(),
        transform=grid.transform,
        width=grid.columns,
        height=grid.rows,
        resampling=Resampling.bilinear,
        src_nodata=none,
        nodata=none,
        dtype="float32",
    ) as warped:
        return warped.read(1, masked=True).filled(np.nan), grid


def _check_size(side_m: float, what: str, enlarged: bool) -> None:
    if enlarged and side_m > COARSEST_CELL_M[what]:
        raise InputError("raster.too_many", what=WHATS[what], millions=MAX_CELLS / 1e6, cell_m=COARSEST_CELL_M[what])


def _check_heights(paths: Sequence[Path], heights: Heights) -> None:
    heights[~np.isfinite(heights)] = np.nan
    if np.isnan(heights).all():
        return
    low, high = float(np.nanmin(heights)), float(np.nanmax(heights))
    if low < EARTH_M[0] or high > EARTH_M[1]:
        raise InputError("raster.heights", path=paths[0], low=low, high=high)


def _covered(heights: Heights, grid: _Grid, area: BaseGeometry) -> float:
    """Share of an area in which heights are known, looked up at evenly spread cells."""
    step = max(1, int(math.sqrt(heights.size / CHECK_POINTS)))
    row, column = np.mgrid[0 : grid.rows : step, 0 : grid.columns : step].reshape(2, -1)
    x, y = grid.west_m + (column + 0.5) * grid.cell_m, grid.north_m - (row + 0.5) * grid.cell_m
    shapely.prepare(area)
    inside = shapely.contains_xy(area, x, y)
    known = np.isfinite(heights[row[inside], column[inside]])
    return float(known.mean()) if len(known) else 0.0


def _provenance(path: Path, tile: Any, what: str) -> Provenance:
    tags = tile.tags()
    stated = tags.get("TIFFTAG_COPYRIGHT") or NOT_STATED
    return Provenance(what, str(path), stated, stated, _date(tags.get("TIFFTAG_DATETIME")), sha256=sha256_of(path))


def _date(text: str | None) -> str | None:
    """Day of a TIFF's date, ``2014:03:21 10:00:00``, in ISO 8601."""
    day = (text or "").partition(" ")[0].replace(":", "-")
    return day if len(day) == len("2014-03-21") else None
