"""Terrain and surface models by Web Coverage Service 1.0: GeoTIFFs on disk, in tiles where one is too large."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import rasterio
from pyproj import CRS
from rasterio.errors import RasterioError

from spatial.core.addresses import shown_address
from spatial.core.errors import ConfigError, IncompleteResult, SourceFormatError
from spatial.core.files import sha256_of
from spatial.core.messages import phrase
from spatial.core.model import Provenance
from spatial.sources import service_answers
from spatial.sources.catalogue import Source
from spatial.sources.gdal_services import service_key
from spatial.sources.http import Transport
from spatial.sources.protocol import Area, Box

VERSION = "1.0.0"
# Operators allow some 9,000 pixels a side; tiles well below that are quick to ask for again.
TILE_PIXELS = 4096
TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


class Tiles(NamedTuple):
    """The files that were written, and where they came from."""

    paths: tuple[Path, ...]
    provenance: Provenance


def fetch(
    source: Source, area: Area, *, transport: Transport | None = None, folder: Path, resolution_m: float | None = None
) -> Tiles:
    """Get a coverage over the area's box as GeoTIFFs in a folder.

    Parameters
    ----------
    folder
        Where the files go; a file appears whole or not at all.
    resolution_m
        Side of a pixel, in metres. Default: that of the entry.

    Raises
    ------
    SourceError
        If the service fails, or answers with something else than the raster that was asked for.
    """
    known = transport or Transport()
    pixel_m = resolution_m or source.resolution_m
    if source.endpoint is None or source.layer is None or not pixel_m or pixel_m <= 0:
        raise ConfigError("coverage.entry", source=source.id)
    paths, retrieved_at = [], None
    folder.mkdir(parents=True, exist_ok=True)
    for i, (box, width, height) in enumerate(grid(area.bounds_in(CRS.from_user_input(source.crs)), pixel_m)):
        params = request(source, box, width, height)
        answer = known.get(source.endpoint, params, key=service_key(source), hosts=source.hosts)
        path = folder / f"{source.id.replace('.', '_')}_{i:03d}.tif"
        _write(answer.body, path, source, (width, height))
        paths.append(path)
        retrieved_at = answer.retrieved_at
    provenance = Provenance(
        source_id=source.id,
        path=shown_address(source.endpoint),
        licence=source.licence,
        attribution=source.attribution,
        data_date=None,
        retrieved_at=retrieved_at,
        sha256=sha256_of(*paths),
        complete=source.complete,
    )
    return Tiles(tuple(paths), provenance)


def request(source: Source, box: Box, width: int, height: int) -> dict[str, str]:
    """Parameters of one GetCoverage."""
    return {
        "SERVICE": "WCS",
        "VERSION": source.version or VERSION,
        "REQUEST": "GetCoverage",
        "COVERAGE": str(source.layer),
        "CRS": source.crs,
        "BBOX": ",".join(f"{value:.3f}" for value in box),
        "WIDTH": str(width),
        "HEIGHT": str(height),
        "FORMAT": source.format or "GTiff",
        **source.parameters,
    }


def grid(box: Box, pixel_m: float) -> Iterator[tuple[Box, int, int]]:
    """Part a box into tiles of whole pixels on the grid through the origin, none too large.

    Examples
    --------
    >>> [(tile, w, h) for tile, w, h in grid((0.1, 0, 3, 2), 1.0)]
    [((0.0, 0.0, 3.0, 2.0), 3, 2)]
    """
    x0, y0 = (math.floor(value / pixel_m + 1e-9) for value in box[:2])
    x1, y1 = (math.ceil(value / pixel_m - 1e-9) for value in box[2:])
    for top in range(y0, y1, TILE_PIXELS):
        for left in range(x0, x1, TILE_PIXELS):
            right, bottom = min(left + TILE_PIXELS, x1), min(top + TILE_PIXELS, y1)
            tile = (left * pixel_m, top * pixel_m, right * pixel_m, bottom * pixel_m)
            yield tile, right - left, bottom - top


def _write(body: bytes, path: Path, source: Source, size: tuple[int, int]) -> None:
    """Write a tile when it is what was asked for."""
    name = f"{source.id} ({urlsplit(str(source.endpoint)).hostname})"
    if body[:4] not in TIFF:
        service_answers.check_answer(body, name)
        raise SourceFormatError("coverage.no_tiff", name=name)
    part = path.with_suffix(".part")
    part.write_bytes(body)
    try:
        with rasterio.open(part, driver="GTiff") as raster:
            found, there = (raster.width, raster.height), raster.crs
            raster.read(1, window=((size[1] - 1, size[1]), (size[0] - 1, size[0])))
    except RasterioError as error:
        part.unlink()
        raise IncompleteResult("coverage.cut_off", name=name) from error
    if found != size or there is None:
        part.unlink()
        raise IncompleteResult(
            "coverage.size",
            name=name,
            columns=found[0],
            rows=found[1],
            no_crs="" if there else phrase("coverage.no_crs"),
            wanted_columns=size[0],
            wanted_rows=size[1],
        )
    part.replace(path)
