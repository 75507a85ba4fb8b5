"""Small rasters of heights for tests: written as files, or made in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from pyproj import CRS
from rasterio.transform import Affine

from spatial.core.model import Raster

METRIC = CRS.from_epsg(25832)


def write(
    path: Path, heights: Any, west: float, north: float, cell: float = 1.0, crs: Any = METRIC, **more: Any
) -> Path:
    """Write heights (rows from the north) as a GeoTIFF, with ``units``, ``scale``, GDAL's options."""
    bands = np.asarray(heights, dtype=more.pop("dtype", "float32"))
    bands = bands[None] if bands.ndim == 2 else bands
    about = {key: more.pop(key) for key in ("units", "scale", "offset", "tags") if key in more}
    profile = {
        "driver": "GTiff", "height": bands.shape[1], "width": bands.shape[2], "count": bands.shape[0],
        "dtype": bands.dtype, "crs": None if crs is None else CRS.from_user_input(crs).to_wkt(),
        "transform": more.pop("transform", Affine(cell, 0, west, 0, -cell, north)),
    }  # fmt: skip
    with rasterio.open(path, "w", **{**profile, **more}) as file:
        file.write(bands)
        if "units" in about:
            file.units = (about["units"],) * bands.shape[0]
        if "scale" in about:
            file.scales, file.offsets = (about["scale"],), (about["offset"],)
        file.update_tags(**about.get("tags", {}))
    return path


def raster(heights: Any, west: float = 0.0, north: float = 0.0, cell: float = 1.0) -> Raster:
    """Heights in memory; rows from the north."""
    return Raster(np.asarray(heights, dtype=np.float32), west, north, cell, METRIC, 1.0, ())


def plane(east: float, north: float, *, size: int, cell: float = 1.0, base: float = 0.0) -> Raster:
    """A plane through ``base`` at (0, 0) that rises by so much a metre to the east and to the north.

    Centred on (0, 0), ``size`` cells wide and high.
    """
    at = (np.arange(size) + 0.5 - size / 2) * cell
    heights = base + east * at[None, :] + north * -at[:, None]
    return raster(heights, -size * cell / 2, size * cell / 2, cell)
