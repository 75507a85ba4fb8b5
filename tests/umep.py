"""UMEP's sky view factor as published, written anew: shadows of 145 patches of sky on a raster.

Lindberg & Grimmond (2010), doi:10.3354/cr00882, with the 145 patches of Robinson & Stone (2004) and
the annulus weights of Johnson & Watson (1984), as the SOLWEIG papers give them. A crown casts its
shadow from a quarter of its height (trunk zone) to its top, where no house already does.
"""

from __future__ import annotations

import numpy as np

HEIGHTS_DEG = (6, 18, 30, 42, 54, 66, 78, 90)
PATCHES = (30, 30, 24, 24, 18, 12, 6, 1)
BANDS_DEG = (0, 12, 24, 36, 48, 60, 72, 84, 90)
TRUNK_SHARE = 0.25


def sky_view(houses, leaves, *, transmitted):
    """Sky view factor of every cell: heights of ground and houses, heights of crowns above them."""
    crown = np.where(leaves > 0, houses + leaves, -1e9)
    trunk = np.where(leaves > 0, houses + TRUNK_SHARE * leaves, -1e9)
    by_houses, by_trees = np.zeros_like(houses), np.zeros_like(houses)
    for height, patches, low, high in zip(HEIGHTS_DEG, PATCHES, BANDS_DEG, BANDS_DEG[1:], strict=False):
        # Rings of one degree, weighed as they shine on a level plane.
        weight = (
            sum(np.sin(np.radians(1)) * np.sin(np.radians(2 * at - 1)) for at in range(low + 1, high + 1)) / patches
        )
        for patch in range(patches):
            house, tree = shadows(houses, crown, trunk, 360 / patches * patch, height)
            by_houses += weight * ~house
            by_trees += weight * ~(tree & ~house)
    return by_houses - (1 - by_trees) * (1 - transmitted)


def shadows(houses, crown, trunk, azimuth_deg, height_deg):
    """Cells in the shadow of houses, and of crowns: the raster is moved away from the light, step by step."""
    east, north = np.sin(np.radians(azimuth_deg)), np.cos(np.radians(azimuth_deg))
    per_step = 1 / max(abs(east), abs(north))
    highest = max(houses.max(), crown.max()) - houses.min()
    house, tree = np.zeros(houses.shape, dtype=bool), np.zeros(houses.shape, dtype=bool)
    step = 1
    while (lower := step * per_step * np.tan(np.radians(height_deg))) <= highest:
        rows, columns = round(-step * per_step * north), round(step * per_step * east)
        if abs(rows) >= houses.shape[0] or abs(columns) >= houses.shape[1]:
            break
        house |= moved(houses, rows, columns) - lower > houses
        tree |= (moved(crown, rows, columns) - lower > houses) & ~(moved(trunk, rows, columns) - lower > houses)
        step += 1
    return house, tree


def moved(heights, rows, columns):
    """The raster as seen from each cell so many rows and columns further on; nothing beyond its edge."""
    found = np.full_like(heights, -1e9)
    height, width = heights.shape
    to = slice(max(-rows, 0), height - max(rows, 0)), slice(max(-columns, 0), width - max(columns, 0))
    from_ = slice(max(rows, 0), height - max(-rows, 0)), slice(max(columns, 0), width - max(-columns, 0))
    found[to] = heights[from_]
    return found
