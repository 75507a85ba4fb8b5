"""Heights of the ground, slopes along ways, shaded relief. Pure."""

from __future__ import annotations

import math
from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spatial.core.arrays import Floats
from spatial.core.model import Raster
from spatial.network.graph import Network, Slopes

# BR18 § 49 and the accessibility guides speak of ramps; ten metres is the shortest that a terrain
# model of 0.4 to 2 m shows apart from its noise of some centimetres.
SLOPE_OVER_M = 10.0
# The steepest window is met to half of this: within 5 % of its rise.
SAMPLE_M = 1.0
# North-west, as maps are shaded since Imhof (1965), Kartographische Geländedarstellung.
LIGHT_FROM_DEG, LIGHT_HEIGHT_DEG = 315.0, 45.0


def heights_at(raster: Raster, xy: Floats) -> Floats:
    """Height at each point, interpolated between the four cells around it.

    Parameters
    ----------
    raster
        Heights.
    xy
        (N, 2), metres, in the CRS of the raster.

    Returns
    -------
    ndarray
        float64 (N,), metres; NaN outside, and where one of the four cells is not known.

    Examples
    --------
    >>> from pyproj import CRS
    >>> plane = Raster(np.array([[0, 1], [0, 1]], np.float32), 0.0, 2.0, 1.0, CRS.from_epsg(25832), 1.0, ())
    >>> heights_at(plane, np.array([[1.0, 1.0], [1.5, 0.5], [3.0, 1.0]])).tolist()
    [0.5, 1.0, nan]
    """
    rows, columns = raster.heights_m.shape
    x, y = (xy[:, 0] - raster.west_m) / raster.cell_m - 0.5, (raster.north_m - xy[:, 1]) / raster.cell_m - 0.5
    inside = (x >= 0) & (y >= 0) & (x <= columns - 1) & (y <= rows - 1)
    x, y = np.where(inside, x, 0.0), np.where(inside, y, 0.0)
    column, row = (
        np.minimum(np.floor(at), size - 2).clip(0).astype(np.int64) for at, size in ((x, columns), (y, rows))
    )
    right, down = x - column, y - row
    one_right, one_down = np.minimum(column + 1, columns - 1), np.minimum(row + 1, rows - 1)
    height = np.zeros(len(xy))
    for i, j, weight in (
        (row, column, (1 - right) * (1 - down)),
        (row, one_right, right * (1 - down)),
        (one_down, column, (1 - right) * down),
        (one_down, one_right, right * down),
    ):
        # A cell without weight need not be known.
        height += np.where(weight > 0, raster.heights_m[i, j], 0.0) * weight
    result: Floats = np.where(inside, height, np.nan)
    return result


def slopes(network: Network, ways: gpd.GeoDataFrame, terrain: Raster) -> Slopes:
    """Find how steep each edge is: by the tag of its way, else by the terrain under it.

    Parameters
    ----------
    network
        Its ``way`` points into ``ways``.
    ways
        The ways the network was built from; ``incline`` (rise over run, NaN unknown), ``bridge``,
        ``tunnel``. The terrain says nothing of bridges and tunnels.
    terrain
        Heights of the ground, in the same CRS.

    Returns
    -------
    Slopes
        Measured over ten metres of the way; a way shorter than that is taken to go on level, since
        what follows it has its own.
    """
    edges, along, indptr = _samples(network.length_m)
    start = _start_on_way(network)
    total = np.bincount(network.way, weights=network.length_m, minlength=len(ways))
    way = network.way[edges]
    middle = start[edges] + along
    low = np.clip(middle - SLOPE_OVER_M / 2, 0.0, np.maximum(total[way] - SLOPE_OVER_M, 0.0))
    high = np.minimum(low + SLOPE_OVER_M, total[way])
    lines = ways.geometry.to_numpy()[way]
    rise = np.abs(_heights_along(terrain, lines, high) - _heights_along(terrain, lines, low)) / SLOPE_OVER_M
    off_ground = (ways["bridge"] | ways["tunnel"]).to_numpy()[way]
    tagged = ways["incline"].to_numpy()[way]
    steepness = np.where(np.isnan(tagged), np.where(off_ground, np.nan, rise), tagged)
    known = np.isfinite(steepness)
    steepest = np.full(len(network.length_m), -np.inf)
    np.maximum.at(steepest, edges[known], steepness[known])
    missing = np.bincount(edges[~known], minlength=len(network.length_m))
    return Slopes(indptr, steepness, np.where(np.isinf(steepest), np.nan, steepest), missing == 0)


def _samples(length_m: Floats) -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
    """Even samples in the middle of equal parts of each edge: edge, metres from its start, row pointers."""
    count = np.maximum(np.ceil(length_m / SAMPLE_M), 1.0).astype(np.int64)
    indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    edge = np.repeat(np.arange(len(count)), count)
    part = np.arange(len(edge)) - indptr[edge]
    return edge, (part + 0.5) * (length_m / count)[edge], indptr


def _start_on_way(network: Network) -> Floats:
    """Metres from the start of its way to each edge; edges stand in the order of their ways."""
    before = np.concatenate([[0.0], np.cumsum(network.length_m)])[:-1]
    if not len(before):
        return before
    first = np.flatnonzero(np.diff(network.way, prepend=-1))
    return np.asarray(before - np.repeat(before[first], np.diff(np.append(first, len(before)))))


def _heights_along(terrain: Raster, lines: npt.NDArray[np.object_], metres: Floats) -> Floats:
    return heights_at(terrain, shapely.get_coordinates(shapely.line_interpolate_point(lines, metres)))


def coarser(raster: Raster, most: int) -> Raster:
    """Heights in cells so large that there are at most ``most`` in a row or column: the mean of what is known in each.

    Examples
    --------
    >>> from pyproj import CRS
    >>> fine = Raster(np.array([[0, 2], [4, np.nan]], np.float32), 0.0, 2.0, 1.0, CRS.from_epsg(25832), 1.0, ())
    >>> coarser(fine, 1).heights_m.tolist(), coarser(fine, 1).cell_m
    ([[2.0]], 2.0)
    """
    times = max(1, math.ceil(max(raster.heights_m.shape) / most))
    rows, columns = (math.ceil(size / times) for size in raster.heights_m.shape)
    heights = np.full((rows, columns), np.nan, dtype=np.float32)
    starts = np.arange(columns) * times
    for row in range(rows):
        part = raster.heights_m[row * times : (row + 1) * times].astype(np.float64)
        known = np.isfinite(part)
        count = np.add.reduceat(known.sum(axis=0), starts)
        total = np.add.reduceat(np.where(known, part, 0.0).sum(axis=0), starts)
        heights[row] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return replace(raster, heights_m=heights, cell_m=raster.cell_m * times)


def hillshade(
    raster: Raster,
    *,
    light_from_deg: float = LIGHT_FROM_DEG,
    light_height_deg: float = LIGHT_HEIGHT_DEG,
    exaggeration: float = 1.0,
) -> npt.NDArray[np.float32]:
    """Shade a terrain as if lit from one side.

    Parameters
    ----------
    raster
        Heights.
    light_from_deg, light_height_deg
        Where the light comes from, clockwise from north, and its height above the horizon.
    exaggeration
        Factor on the heights; 3 to 5 makes Danish ground readable.

    Returns
    -------
    ndarray
        float32 in [0, 1], as many rows and columns: 0 in shadow of itself, 1 where the light falls
        straight on; level ground has the sine of the light's height. NaN where unknown.

    References
    ----------
    Horn, B. K. P. (1981). Hill shading and the reflectance map. Proc. IEEE 69(1), 14-47.
    doi:10.1109/PROC.1981.11918. Slopes by central differences instead of Horn's weighted ones.
    """
    padded = np.pad(raster.heights_m.astype(np.float64) * exaggeration, 1, mode="reflect", reflect_type="odd")
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / (2 * raster.cell_m)
    right = (padded[1:-1, 2:] - padded[1:-1, :-2]) / (2 * raster.cell_m)
    azimuth, height = np.radians(light_from_deg), np.radians(light_height_deg)
    east, north, up = np.sin(azimuth) * np.cos(height), np.cos(azimuth) * np.cos(height), np.sin(height)
    # The normal of z(x, y) is (-dz/dx, -dz/dy, 1); rows run south, so dz/dy is -down.
    facing = (-right * east + down * north + up) / np.sqrt(right**2 + down**2 + 1)
    return np.clip(facing, 0.0, 1.0).astype(np.float32)
