"""The relief of the ground: heights as a small file, and their shading as a picture in the page."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.core.model import Raster
from spatial.maps.web.geometry import Projector
from spatial.terrain.elevation import LIGHT_HEIGHT_DEG, hillshade

if TYPE_CHECKING:
    from numpy.typing import NDArray


# Denmark is flat: five times as high it can be seen.
EXAGGERATION = 5.0
# A picture laid over a ground in soft or hard light leaves it is where it is of this grey.
NEUTRAL = 128
QUALITY = 55  # WebP: a tenth of PNG, and shading has no edges
HEIGHT_DECIMALS = 1  # decimetres, what a terrain model is worth, and half the bytes


def write_relief(terrain: Raster, path: Path) -> None:
    """Write heights as a GeoTIFF, in metres."""
    import rasterio
    from rasterio.transform import Affine

    profile = {
        "driver": "GTiff",
        "height": terrain.heights_m.shape[0],
        "width": terrain.heights_m.shape[1],
        "count": 1,
        "dtype": "float32",
        "crs": terrain.crs.to_wkt(),
        "transform": Affine(terrain.cell_m, 0, terrain.west_m, 0, -terrain.cell_m, terrain.north_m),
        "nodata": float("nan"),
        "compress": "deflate",
        "predictor": 3,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(np.round(terrain.heights_m, HEIGHT_DECIMALS)[None])


def encode(terrain: Raster, projector: Projector) -> dict[str, Any]:
    """Encode the shading: a picture, and where three of its corners lie, in units of the page.

    The picture is grey, of neutral grey where the ground is level or not known; it lies askew, as the
    grid of the estate's CRS does on a map whose north is up.
    """
    from PIL import Image

    rows, columns = terrain.heights_m.shape
    file = io.BytesIO()
    Image.fromarray(shades(terrain)).save(file, "WEBP", quality=QUALITY, method=4)
    east, south = terrain.west_m + columns * terrain.cell_m, terrain.north_m - rows * terrain.cell_m
    corners = np.array([(terrain.west_m, terrain.north_m), (east, terrain.north_m), (terrain.west_m, south)])
    return {
        "picture": f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}",
        "size": [columns, rows],
        "corners": projector.units(corners).ravel().tolist(),
    }


def shades(terrain: Raster) -> NDArray[np.uint8]:
    """Shading from 0 (dark) to 255 (light), `NEUTRAL` where the ground is level or not known."""
    level = np.sin(np.radians(LIGHT_HEIGHT_DEG))
    light = hillshade(terrain, exaggeration=EXAGGERATION)
    above = (light - level) / (1 - level) * (255 - NEUTRAL)
    below = (light - level) / level * NEUTRAL
    grey = NEUTRAL + np.where(light > level, above, below)
    return np.where(np.isfinite(grey), np.round(grey), NEUTRAL).clip(0, 255).astype(np.uint8)
