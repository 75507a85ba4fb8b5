"""Compiled looks over a grid of heights: to the sky, to the sun, and along the ground. Pure.

Kept together so that all compiled code of heights is cached on disk in one place; ``surface`` checks
the input and calls it. A grid is a tuple (ground, top, crown, west, north, side): heights in metres,
row 0 in the north, NaN where unknown. ``top`` is opaque down to the ground. ``crown`` is the top of a
tree; it lets through a share of what meets it between a quarter of its height and its top, and is
nowhere where it does not stand above the ground.

One stands at (row, column, height of the eye), rows and columns counted in cells, and looks towards (east, north).
All rays are walked in steps of half a cell, at the cell they fall in. The cell in which one stands, and
what is nearer than a cell, is open: a wall may run through its other half.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
from __future__ import annotations

import math

import numpy as np
from numba import njit

TRUNK_SHARE = 0.25
"""Share of a tree's height below its crown: UMEP's default trunk zone."""
BANDS = 64
"""Parts of equal weight into which the sky is cut from the horizon to the zenith."""

STEP = 0.5
"""Cells from one look at a ray to the next; whole ones pass by corners."""

# Entry points are cached on disk, with the parts in them: a second start does not compile.
_compiled = njit(cache=True, nogil=True, error_model="numpy")
_part = njit(nogil=True, error_model="numpy")


@_part
def _cell(row, column, rows, columns):
    """Indices of a place given in rows and columns; row -1 outside the grid."""
    if row < 0.0 or column < 0.0 or row >= rows or column >= columns:
        return -1, -1
    return int(row), int(column)


@_part
def _place(grid, point):
    """Where a point lies, in rows and columns from the north-western corner; and its cell."""
    down, right = (grid[4] - point[1]) / grid[5], (point[0] - grid[3]) / grid[5]
    row, column = _cell(down, right, *grid[0].shape)
    if row >= 0 and math.isnan(grid[0][row, column]):
        row = -1
    return down, right, row, column


@_part
def _height_share(rise, away):
    """Squared sine of the angle at which something is seen: its share of the sky's weight."""
    return rise * rise / (rise * rise + away * away) if rise > 0.0 else 0.0


@_part
def _leafy(bands, above, opacity):
    """Sky that crowns take away above a share of it."""
    taken = 0.0
    for band in range(BANDS):
        if bands[band]:
            taken += min(1.0, max(0.0, band + 1.0 - above * BANDS))
    return opacity * taken / BANDS


@_part
def _add_crown(bands, ground, crown, eye, away):
    """Note the bands of sky in which a tree's crown is seen."""
    base = _height_share(ground + TRUNK_SHARE * (crown - ground) - eye, away)
    first = math.ceil(base * BANDS - 0.5)
    last = math.floor(_height_share(crown - eye, away) * BANDS - 0.5)
    for band in range(max(first, 0), min(last, BANDS - 1) + 1):
        bands[band] = True


@_part
def _sky_along(grid, stand, towards, reach, opacity, highest, bands):
    """Share of the sky that is seen in one direction: at least, at most."""
    (down, right, eye), (east, north) = stand, towards
    ground, top, crown, side = grid[0], grid[1], grid[2], grid[5]
    rows, columns = top.shape
    bands[:] = False
    closed = doubtful = 0.0
    for step in range(int(reach / (STEP * side))):
        away = (step + 0.5) * STEP * side
        summit = _height_share(highest - eye, away)
        if closed >= summit:  # nothing further out stands above what was seen
            break
        row, column = _cell(down - (step + 0.5) * STEP * north, right + (step + 0.5) * STEP * east, rows, columns)
        if row < 0 or math.isnan(top[row, column]):
            doubtful = max(doubtful, summit)
            if row < 0:
                break
            continue
        if away > side:
            closed = max(closed, _height_share(top[row, column] - eye, away))
        if crown[row, column] > max(ground[row, column], eye):
            _add_crown(bands, ground[row, column], crown[row, column], eye, away)
    most = 1.0 - closed - _leafy(bands, closed, opacity)
    worst = max(closed, doubtful)
    return min(1.0 - worst - _leafy(bands, worst, opacity), most), most


@_compiled
def look_up(points, grid, directions, reach, opacity, highest, least, most):
    """Fill in the sky view factor of each point: its least and its most."""
    bands = np.zeros(BANDS, np.bool_)
    for point in range(len(points)):
        down, right, row, column = _place(grid, points[point])
        least[point] = most[point] = np.nan
        if row < 0:
            continue
        low = high = 0.0
        for east, north in directions:
            stand = down, right, grid[0][row, column]
            one, other = _sky_along(grid, stand, (east, north), reach, opacity, highest, bands)
            low += one
            high += other
        least[point], most[point] = low / len(directions), high / len(directions)


@_part
def _lit(grid, stand, towards, rise, transmitted, highest):
    """Share of the sunlight that arrives from a direction, and whether all of the way is known."""
    (down, right, eye), (east, north) = stand, towards
    ground, top, crown, side = grid[0], grid[1], grid[2], grid[5]
    rows, columns = top.shape
    light, known, step = 1.0, True, 0
    while True:
        away = (step + 0.5) * STEP * side
        at = eye + away * rise
        if at > highest:
            return light, known
        row, column = _cell(down - (step + 0.5) * STEP * north, right + (step + 0.5) * STEP * east, rows, columns)
        if row < 0:
            return light, False
        if math.isnan(top[row, column]):
            known = False
        elif away > side and top[row, column] > at:
            return 0.0, True
        elif crown[row, column] > at:
            base = ground[row, column] + TRUNK_SHARE * (crown[row, column] - ground[row, column])
            if at > base:
                light = transmitted
        step += 1


@_compiled
def look_to_sun(points, grid, suns, transmitted, highest, least, most):
    """Fill in the hours of direct sun of each point; ``suns`` are (east, north, rise, hours)."""
    for point in range(len(points)):
        down, right, row, column = _place(grid, points[point])
        least[point] = most[point] = np.nan
        if row < 0:
            continue
        low = high = 0.0
        for east, north, rise, hours in suns:
            stand = down, right, grid[0][row, column]
            light, known = _lit(grid, stand, (east, north), rise, transmitted, highest)
            high += light * hours
            low += light * hours if known else 0.0
        least[point], most[point] = low, high


@_part
def _seen_along(grid, stand, towards, reach, height, transmitted, leaves):
    """Ground seen in one direction, weighed by distance: at least, at most, and all there is."""
    (down, right, eye), (east, north) = stand, towards
    ground, top, crown, side = grid[0], grid[1], grid[2], grid[5]
    rows, columns = top.shape
    horizon, known, trees = -np.inf, True, 0
    low = high = total = 0.0
    for step in range(int(reach / (STEP * side) + 0.5)):
        away = (step + 0.5) * STEP * side
        total += away
        row, column = _cell(down - (step + 0.5) * STEP * north, right + (step + 0.5) * STEP * east, rows, columns)
        if row < 0 or math.isnan(top[row, column]):
            known = False
            high += away
            continue
        level = ground[row, column]
        target = (level + height - eye) / away
        share = 1.0 if target >= horizon and top[row, column] <= level + height else 0.0
        for tree in range(trees):
            if leaves[tree, 0] < target < leaves[tree, 1]:
                share = min(share, transmitted)
        high += share * away
        low += share * away if known else 0.0
        if away > side:
            horizon = max(horizon, (top[row, column] - eye) / away)
        if crown[row, column] > level:
            leaves[trees, 0] = (level + TRUNK_SHARE * (crown[row, column] - level) - eye) / away
            leaves[trees, 1] = (crown[row, column] - eye) / away
            trees += 1
    return low, high, total


@_compiled
def look_about(points, grid, directions, reaches, height, transmitted, least, most):
    """Fill in the share of what is within reach in each direction that is seen from each point.

    ``reaches`` is (points, directions); both eyes and what is looked at are ``height`` above ground.
    """
    longest = reaches.max() if reaches.size else 0.0
    leaves = np.empty((int(longest / (STEP * grid[5])) + 2, 2))
    for point in range(len(points)):
        down, right, row, column = _place(grid, points[point])
        least[point] = most[point] = np.nan
        if row < 0:
            continue
        eye = grid[0][row, column] + height
        low = high = total = 0.0
        for direction in range(len(directions)):
            east, north = directions[direction]
            reach = reaches[point, direction]
            one, other, every = _seen_along(grid, (down, right, eye), (east, north), reach, height, transmitted, leaves)
            low += one
            high += other
            total += every
        least[point], most[point] = (low / total, high / total) if total > 0.0 else (1.0, 1.0)
