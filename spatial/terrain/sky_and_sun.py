"""What stands on the ground: the sky, the sun and the view among houses and trees. Pure.

A place sees the sky, the sun and its surroundings past three kinds of things: ground, which may
rise; houses, which are opaque; and trees, which let a little through. They are told apart by the
terrain model, the outlines of buildings, and what the surface model shows beside them.

References
----------
Lindberg, F., Grimmond, C. S. B. (2010). Continuous sky view factor maps from high resolution urban
digital elevation models. Climate Research 42, 177-183. doi:10.3354/cr00882.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from spatial.core.arrays import Floats
from spatial.core.crs import position
from spatial.core.model import Estate, Raster
from spatial.core.parallel import in_blocks
from spatial.terrain import kernels
from spatial.terrain.elevation import heights_at
from spatial.visibility.isovists import Occluders, reaches_m

Heights = npt.NDArray[np.float32]

# What stands lower is a car, a hedge to look over, or noise.
MIN_CROWN_M = 2.0
# A roof's edge spreads this far beyond the outline of its building.
EAVES_M = 1.5
# A leafed crown lets through 3 % (Konarska et al. 2014, doi:10.1007/s00704-013-1000-3: 1 to 5 % in
# Göteborg; the default of UMEP); without leaves 40 to 50 %.
TRANSMITTED = 0.03
# Without a terrain model the ground is the surface, opened by a square of this side.
OPENING_M = 31.0
# Beyond this a house of 20 m stands less than 6° high and takes 1 % of the sky's weight.
SKY_REACH_M = 200.0
SKY_DIRECTIONS = 72
VIEW_DIRECTIONS = 360
EYE_M = 1.5
# The equinox stands for the year: half of it has more sun. Any year does; this one is fixed.
EQUINOX = "2025-03-20"
SUN_STEP_MIN = 10
# Lower than this the sun stands behind what no model shows.
MIN_SUN_DEG = 5.0
BLOCKS = 8


@dataclass(frozen=True)
class Skyline:
    """Ground, roofs and crowns on one grid of square cells, north up.

    ``ground``, ``top`` (the roof in a building, elsewhere the ground) and ``crown`` (the top of a
    tree, where there is none the ground): metres above the sea, float32 (rows, columns). NaN in
    ``top`` is unknown.
    """

    ground: Heights
    top: Heights
    crown: Heights
    west_m: float
    north_m: float
    cell_m: float

    @property
    def highest_m(self) -> float:
        """Height of the highest thing on the grid; what is unknown is taken to be no higher."""
        peaks = [float(np.nanmax(part)) for part in (self.top, self.crown) if np.isfinite(part).any()]
        return max(peaks, default=0.0)


@dataclass(frozen=True)
class Sun:
    """Where the sun stands during a day: unit vectors on the grid, rise over run, and hours of each."""

    directions: Floats
    rise: Floats
    hours: Floats


def skyline(surface: Raster, terrain: Raster | None, buildings: npt.NDArray[np.object_]) -> Skyline:
    """Tell ground, houses and trees apart.

    Parameters
    ----------
    surface
        Heights of whatever is highest.
    terrain
        Heights of the ground. Where there are none, the ground is found by opening the surface
        beside the buildings (a minimum and then a maximum within `OPENING_M`).
    buildings
        Outlines, in the CRS of the surface. What stands at least `MIN_CROWN_M` high beside them is
        a tree.
    """
    heights = surface.heights_m
    built, eaves = _burned(buildings, surface), _burned(shapely.buffer(buildings, EAVES_M), surface)
    ground = np.full_like(heights, np.nan) if terrain is None else _on_grid(terrain, surface)
    unknown = np.isnan(ground) & np.isfinite(heights)
    if unknown.any():
        ground[unknown] = _opened(heights, eaves, surface.cell_m)[unknown]
    top = np.where(built, np.fmax(heights, ground), ground)
    tree = ~eaves & (heights - ground >= MIN_CROWN_M)
    return Skyline(
        ground,
        np.where(np.isnan(heights), np.nan, top).astype(np.float32),
        np.where(tree, heights, ground).astype(np.float32),
        surface.west_m,
        surface.north_m,
        surface.cell_m,
    )


def _burned(shapes: npt.NDArray[np.object_], grid: Raster) -> npt.NDArray[np.bool_]:
    """Cells whose middle lies in one of the polygons."""
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    rows, columns = grid.heights_m.shape
    box = shapely.box(grid.west_m, grid.north_m - rows * grid.cell_m, grid.west_m + columns * grid.cell_m, grid.north_m)
    near = [shape for shape in shapes[shapely.intersects(shapes, box)] if not shape.is_empty]
    if not near:
        return np.zeros((rows, columns), dtype=bool)
    turn = Affine(grid.cell_m, 0, grid.west_m, 0, -grid.cell_m, grid.north_m)
    return np.asarray(rasterize(near, out_shape=(rows, columns), transform=turn, dtype="uint8"), dtype=bool)


def _on_grid(terrain: Raster, grid: Raster) -> Heights:
    """Heights of the terrain in the middle of the cells of another grid."""
    rows, columns = grid.heights_m.shape
    column = (grid.west_m - terrain.west_m) / grid.cell_m
    row = (terrain.north_m - grid.north_m) / grid.cell_m
    if terrain.cell_m == grid.cell_m and column.is_integer() and row.is_integer():
        found = np.full((rows, columns), np.nan, dtype=np.float32)
        a, b = max(0, -int(row)), max(0, -int(column))
        part = terrain.heights_m[max(0, int(row)) : int(row) + rows, max(0, int(column)) : int(column) + columns]
        found[a : a + part.shape[0], b : b + part.shape[1]] = part
        return found
    x = grid.west_m + (np.arange(columns) + 0.5) * grid.cell_m
    y = grid.north_m - (np.arange(rows) + 0.5) * grid.cell_m
    # Row by row, so that memory stays that of a row.
    return np.array([heights_at(terrain, np.column_stack([x, np.full(columns, at)])) for at in y], dtype=np.float32)


def _opened(heights: Heights, built: npt.NDArray[np.bool_], cell_m: float) -> Heights:
    from scipy.ndimage import maximum_filter, minimum_filter

    size = 2 * round(OPENING_M / cell_m / 2) + 1
    low = minimum_filter(np.where(built | np.isnan(heights), np.float32(np.inf), heights), size)
    ground = maximum_filter(np.where(np.isinf(low), np.float32(-np.inf), low), size)
    return np.where(np.isinf(ground), heights, ground).astype(np.float32)


def sun_path(estate: Estate, *, date: str = EQUINOX) -> Sun:
    """Where the sun stands over an estate during a day, every ten minutes, above `MIN_SUN_DEG`.

    Directions are those of the estate's grid, whose north is not quite north. Positions by pvlib
    (Reda & Andreas 2004, NREL's solar position algorithm, to .0003°).
    """
    import pandas as pd
    from pvlib.solarposition import get_solarposition

    lon, lat, turned_deg = position(estate.crs, estate.boundary.centroid.x, estate.boundary.centroid.y)
    step = pd.Timedelta(minutes=SUN_STEP_MIN)
    times = pd.date_range(pd.Timestamp(date, tz="UTC") + step / 2, periods=24 * 60 // SUN_STEP_MIN, freq=step)
    found = get_solarposition(times, lat, lon)
    up = found[found["elevation"] > MIN_SUN_DEG]
    azimuth = np.radians(up["azimuth"].to_numpy() - turned_deg)
    return Sun(
        np.column_stack([np.sin(azimuth), np.cos(azimuth)]),
        np.tan(np.radians(up["elevation"].to_numpy())),
        np.full(len(up), SUN_STEP_MIN / 60),
    )


def sky_view(points: Floats, skyline: Skyline, *, transmitted: float = TRANSMITTED) -> tuple[Floats, Floats]:
    """Sky view factor at the ground: the share of an overcast sky's light that reaches a level plane.

    1 − mean over directions of sin² of the horizon's height, less what crowns take above it.

    Parameters
    ----------
    points
        (N, 2), metres.
    skyline
        What stands around.
    transmitted
        Share of the light that passes a crown.

    Returns
    -------
    low, high
        float64 (N,) in [0, 1]; they differ where the surface is not known: at worst it is as high
        there as the highest thing in the model. NaN where the point itself is not known.
    """
    turn = (np.arange(SKY_DIRECTIONS) + 0.5) * (2 * np.pi / SKY_DIRECTIONS)
    directions, opacity = np.column_stack([np.sin(turn), np.cos(turn)]), 1.0 - transmitted
    highest, grid = skyline.highest_m, _grid(skyline)

    def look(part: slice, low: Floats, high: Floats) -> None:
        kernels.look_up(points[part], grid, directions, SKY_REACH_M, opacity, highest, low[part], high[part])

    return _everywhere(look, len(points))


def sun_hours(points: Floats, skyline: Skyline, sun: Sun, *, transmitted: float = TRANSMITTED) -> tuple[Floats, Floats]:
    """Hours of direct sun at the ground, from a cloudless sky; see `sky_view` for what is returned."""
    suns = np.column_stack([sun.directions, sun.rise, sun.hours])
    highest, grid = skyline.highest_m, _grid(skyline)

    def look(part: slice, low: Floats, high: Floats) -> None:
        kernels.look_to_sun(points[part], grid, suns, transmitted, highest, low[part], high[part])

    return _everywhere(look, len(points))


def seen_share(
    points: Floats, skyline: Skyline, occluders: Occluders, radius_m: float, *, transmitted: float = TRANSMITTED
) -> tuple[Floats, Floats]:
    """Share of the visible area of the plan that ground and crowns leave in view.

    Eyes and what they look for are 1.5 m above the ground: one sees another person. A crown between
    them leaves `transmitted` of the view; one looks through under it, and over it.

    Returns
    -------
    low, high
        float64 (N,) in [0, 1]; times `spatial.visibility.isovists.visible_area` it is the area seen.
    """
    directions, reaches = reaches_m(points, occluders, radius_m, rays=VIEW_DIRECTIONS)
    # Houses close the view by their outlines, exactly; their cells would stick out of them.
    ground, top, *rest = _grid(skyline)
    grid = (ground, np.where(np.isnan(top), top, ground), *rest)

    def look(part: slice, low: Floats, high: Floats) -> None:
        kernels.look_about(points[part], grid, directions, reaches[part], EYE_M, transmitted, low[part], high[part])

    return _everywhere(look, len(points))


def _grid(skyline: Skyline) -> tuple[Any, ...]:
    return skyline.ground, skyline.top, skyline.crown, skyline.west_m, skyline.north_m, skyline.cell_m


def _everywhere(look: Callable[[slice, Floats, Floats], None], count: int) -> tuple[Floats, Floats]:
    """Run a look over all points, in threads; the compiled code releases the interpreter."""
    low, high = np.empty(count), np.empty(count)
    in_blocks(lambda begin, end: look(slice(begin, end), low, high), count, blocks=BLOCKS)
    return low, high
