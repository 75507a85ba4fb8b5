"""Compiled sweeps: visible areas and lines of sight. Pure.

Kept apart from ``visibility``, which checks the input and files the walls in a grid, so that all
compiled code of seeing is cached together on disk. ``visibility`` calls `look_around` and
`look_along` with the arrays of its `Occluders`, in their order, as the grid.

The visible area is exact: for each viewpoint every wall segment is turned into its dual vector
``m``, for which ``m · u`` is the inverse distance to the wall along the direction ``u``. The
nearest wall in all directions is then the upper envelope of functions that are linear in ``u``;
merging envelopes pairwise [1]_ finds it, so that crossing, touching and collinear walls need no
special treatment. A coarse buffer of directions known to be closed rejects most of what lies
behind other walls beforehand. Directions are *diamond angles*: a monotone stand-in for the angle
from the x axis, 0 to 4 for a full turn, that needs no trigonometry.

References
----------
.. [1] Hershberger, J. (1989). Finding the upper envelope of n line segments in
   O(n log n) time. Information Processing Letters, 33(4), 169-174.
   doi:10.1016/0020-0190(89)90136-1
"""

# mypy: allow-untyped-defs, allow-untyped-calls
from __future__ import annotations

import math

import numpy as np
from numba import njit

TOUCH_M = 1e-9
"""A wall closer than this to a viewpoint is one the viewpoint lies on; it hides nothing."""
SIGHT_TOUCH_M = 1e-6
"""A wall closer than this to an end of a line of sight does not block that line."""

TURN = 4.0  # a full turn in diamond angles
EDGE_ON_RAD = 1e-12  # a wall seen under a smaller angle hides nothing
END = 3  # column of a wall's last diamond angle, after its dual vector and the first angle

_FAR_CELLS = 1e9  # cells from the grid's origin; keeps the count of any viewpoint's an integer
_QUADRANT_BINS = 64  # power of two, so that bin edges are exact; measured, flat around it
_BINS = 4 * _QUADRANT_BINS
_HALF = 0.5

# Entry points are cached on disk, with the parts in them: a second start does not compile.
_compiled = njit(cache=True, nogil=True, error_model="numpy")
_part = njit(nogil=True, error_model="numpy")


# -- directions ------------------------------------------------------------------------


@_part
def _diamond(x, y):
    """Diamond angle of a direction, in [0, 4]."""
    along = x / (abs(x) + abs(y))
    return 1.0 - along if y >= 0.0 else TURN - 1.0 + along


@_part
def _direction(angle):
    """Direction of a diamond angle; its coordinates' sizes add up to 1."""
    if angle <= 2.0:
        return 1.0 - angle, 1.0 - abs(1.0 - angle)
    along = angle - (TURN - 1.0)
    return along, abs(along) - 1.0


@_part
def _nearness(wall_x, wall_y, angle):
    """Inverse of the distance (as the sum of both coordinates) to a wall in a direction."""
    x, y = _direction(angle)
    return wall_x * x + wall_y * y


# -- what is surely hidden: per bin of directions the least nearness of a wall across it ----


@_part
def _bin(angle):
    """Return the bin of a diamond angle."""
    return min(int(angle * _QUADRANT_BINS), _BINS - 1)


@_part
def _hidden(closed, wall_x, wall_y, start, end):
    """Tell whether a wall lies behind others in all directions in which it extends."""
    for place in range(_bin(start), _bin(end) + 1):
        one = _nearness(wall_x, wall_y, max(start, place / _QUADRANT_BINS))
        other = _nearness(wall_x, wall_y, min(end, (place + 1) / _QUADRANT_BINS))
        if max(one, other) >= closed[place]:
            return False
    return True


@_part
def _close(closed, wall_x, wall_y, start, end):
    """Note the bins that a wall crosses from side to side."""
    first, last = math.ceil(start * _QUADRANT_BINS), int(end * _QUADRANT_BINS)
    if first >= last:
        return
    one = _nearness(wall_x, wall_y, first / _QUADRANT_BINS)
    for place in range(first, last):
        other = _nearness(wall_x, wall_y, (place + 1) / _QUADRANT_BINS)
        closed[place] = max(closed[place], min(one, other))
        one = other


@_part
def _box_hidden(closed, west, south, east, north):
    """Tell whether a box, given relative to the viewpoint, is hidden entirely."""
    above, below, right, left = south > 0.0, north < 0.0, west > 0.0, east < 0.0
    if not (above or below or right or left):
        return False
    nearness = 1.0 / (max(west, -east, 0.0) + max(south, -north, 0.0))
    side = west if right else east
    flank = south if above else north
    start_x = east if above else (west if below else side)
    start_y = south if right else (north if left else flank)
    end_x = west if above else (east if below else side)
    end_y = north if right else (south if left else flank)
    first, last = _bin(_diamond(start_x, start_y)), _bin(_diamond(end_x, end_y))
    if last < first:
        last += _BINS
    for place in range(first, last + 1):  # noqa: SIM110 (numba takes no generator here)
        if closed[place % _BINS] <= nearness:
            return False
    return True


# -- the walls around a viewpoint ------------------------------------------------------


@_part
def _clipped(ax, ay, bx, by, radius):
    """Clip a segment to the disc around (0, 0): both ends as shares of it; 1, 0 for none."""
    dx, dy = bx - ax, by - ay
    length2, along = dx * dx + dy * dy, ax * dx + ay * dy
    foot = -along / length2
    inside = min(max(foot, 0.0), 1.0)
    x, y = ax + inside * dx, ay + inside * dy
    near2, radius2 = x * x + y * y, radius * radius
    if near2 >= radius2 or near2 < TOUCH_M * TOUCH_M:
        return 1.0, 0.0
    if ax * ax + ay * ay <= radius2 and bx * bx + by * by <= radius2:
        return 0.0, 1.0
    x, y = ax + foot * dx, ay + foot * dy
    half = math.sqrt(max(radius2 - x * x - y * y, 0.0) / length2)
    return max(foot - half, 0.0), min(foot + half, 1.0)


@_part
def _add(walls, count, closed, wall_x, wall_y, start, end):
    """Add a wall between two diamond angles unless it is hidden; return the new count."""
    if start >= end or _hidden(closed, wall_x, wall_y, start, end):
        return count
    _close(closed, wall_x, wall_y, start, end)
    walls[count, 0] = wall_x
    walls[count, 1] = wall_y
    walls[count, 2] = start
    walls[count, END] = end
    return count + 1


@_part
def _see(walls, count, closed, ax, ay, bx, by, radius):
    """Add a segment, given relative to the viewpoint, to the walls; return their count."""
    head, tail = _clipped(ax, ay, bx, by, radius)
    if head >= tail:
        return count
    dx, dy = bx - ax, by - ay
    px, py, qx, qy = ax + head * dx, ay + head * dy, ax + tail * dx, ay + tail * dy
    turn, facing = px * qy - py * qx, px * qx + py * qy
    if turn == 0.0 or (facing > 0.0 and abs(turn) <= EDGE_ON_RAD * facing):
        return count
    scale = 1.0 / (ax * dy - ay * dx)
    start, end = _diamond(px, py), _diamond(qx, qy)
    if turn < 0.0:
        start, end = end, start
    if start <= end:
        return _add(walls, count, closed, dy * scale, -dx * scale, start, end)
    count = _add(walls, count, closed, dy * scale, -dx * scale, start, TURN)
    return _add(walls, count, closed, dy * scale, -dx * scale, 0.0, end)


@_part
def _see_cell(walls, count, closed, eye, grid, at, stamps, stamp):
    """Add the segments of one cell that were not added before; return the walls' count."""
    (x, y, radius), (row, column) = eye, at
    segments, origin, shape, starts, members = grid
    cell, side = row * shape[1] + column, origin[2]
    if starts[cell] == starts[cell + 1]:
        return count
    west, south = origin[0] + column * side - x, origin[1] + row * side - y
    across, up = max(west, -west - side, 0.0), max(south, -south - side, 0.0)
    if across * across + up * up > radius * radius:
        return count
    if _box_hidden(closed, west, south, west + side, south + side):
        return count
    for place in range(starts[cell], starts[cell + 1]):
        member = members[place]
        if stamps[member] == stamp:
            continue
        stamps[member] = stamp
        ax, ay = segments[member, 0] - x, segments[member, 1] - y
        bx, by = segments[member, 2] - x, segments[member, END] - y
        count = _see(walls, count, closed, ax, ay, bx, by, radius)
    return count


@_part
def _rings(x, y, radius, origin, shape):
    """Cell of a viewpoint (maybe off the grid), and the first and last ring worth a look."""
    side, rows, columns = origin[2], shape[0], shape[1]
    row = math.floor(min(max((y - origin[1]) / side, -_FAR_CELLS), _FAR_CELLS))
    column = math.floor(min(max((x - origin[0]) / side, -_FAR_CELLS), _FAR_CELLS))
    first = max(0, -row, row - rows + 1, -column, column - columns + 1)
    last = max(row, rows - 1 - row, column, columns - 1 - column)
    last = min(last, math.floor(min(radius / side, _FAR_CELLS)) + 1)
    return row, column, first, last


@_part
def _gather(walls, closed, x, y, radius, grid, stamps, stamp):
    """Collect the walls around a viewpoint, ring of cells after ring; return their count."""
    origin, shape = grid[1], grid[2]
    row, column, first, last = _rings(x, y, radius, origin, shape)
    closed[:] = 0.0
    count = 0
    for ring in range(first, last + 1):
        if ring > 1 and closed.min() * origin[2] * (ring - 1) > 1.0:
            break
        for i in range(max(row - ring, 0), min(row + ring, shape[0] - 1) + 1):
            step = 1 if abs(i - row) == ring else 2 * ring
            for j in range(column - ring, column + ring + 1, step):
                if 0 <= j < shape[1]:
                    count = _see_cell(walls, count, closed, (x, y, radius), grid, (i, j), stamps, stamp)
    kept = 0
    for wall in range(count):
        wall_x, wall_y, start, end = walls[wall]
        if not _hidden(closed, wall_x, wall_y, start, end):
            walls[kept] = walls[wall]
            kept += 1
    return kept


# -- the nearest wall in each direction --------------------------------------------------


@_part
def _emit(out, count, wall_x, wall_y, start, end):
    """Append a stretch of a wall to an envelope, or lengthen the last; return the count."""
    if start >= end:
        return count
    last = count - 1
    if last >= 0 and out[last, END] == start and out[last, 0] == wall_x and out[last, 1] == wall_y:
        out[last, END] = end
        return count
    out[count, 0] = wall_x
    out[count, 1] = wall_y
    out[count, 2] = start
    out[count, END] = end
    return count + 1


@_part
def _crossing(x, y, start, end):
    """Diamond angle between two others at which the direction is across (x, y)."""
    angle = _diamond(x, y)
    if angle < start - 1.0:  # on the x axis, which is at 0 as well as at a full turn
        angle += TURN
    elif angle > end + 1.0:
        angle -= TURN
    return min(max(angle, start), end)


@_part
def _nearer(out, count, one, other, start, end):
    """Append the nearer of two walls from one diamond angle to another; return the count."""
    one_x, one_y, other_x, other_y = one[0], one[1], other[0], other[1]
    lead_x, lead_y = one_x - other_x, one_y - other_y
    first, last = _nearness(lead_x, lead_y, start), _nearness(lead_x, lead_y, end)
    if first >= 0.0 and last >= 0.0:
        return _emit(out, count, one_x, one_y, start, end)
    if first <= 0.0 and last <= 0.0:
        return _emit(out, count, other_x, other_y, start, end)
    if first > 0.0:
        change = _crossing(-lead_y, lead_x, start, end)
        count = _emit(out, count, one_x, one_y, start, change)
        return _emit(out, count, other_x, other_y, change, end)
    change = _crossing(lead_y, -lead_x, start, end)
    count = _emit(out, count, other_x, other_y, start, change)
    return _emit(out, count, one_x, one_y, change, end)


@_part
def _merge(ones, others, out):
    """Merge two envelopes, each sorted by angle, into one; return the count of stretches."""
    i, j, count, at = 0, 0, 0, 0.0
    while i < len(ones) and j < len(others):
        start, other = max(ones[i, 2], at), max(others[j, 2], at)
        end, other_end = ones[i, END], others[j, END]
        if start < other:
            at = min(end, other)
            count = _emit(out, count, ones[i, 0], ones[i, 1], start, at)
        elif other < start:
            at = min(other_end, start)
            count = _emit(out, count, others[j, 0], others[j, 1], other, at)
        else:
            at = min(end, other_end)
            count = _nearer(out, count, ones[i], others[j], start, at)
        i += end <= at
        j += other_end <= at
    for rest in range(i, len(ones)):
        stretch = ones[rest]
        count = _emit(out, count, stretch[0], stretch[1], max(stretch[2], at), stretch[END])
    for rest in range(j, len(others)):
        stretch = others[rest]
        count = _emit(out, count, stretch[0], stretch[1], max(stretch[2], at), stretch[END])
    return count


@_part
def _envelope(walls):
    """Find the nearest wall in each direction: stretches (dual vector, first and last angle)."""
    ends = np.arange(1, len(walls) + 1)
    while len(ends) > 1:
        out = np.empty((2 * len(walls) * 2, END + 1))
        pairs = (len(ends) + 1) // 2
        begin = filled = 0
        for pair in range(pairs):
            middle = ends[2 * pair]
            stop = ends[min(2 * pair + 1, len(ends) - 1)]
            filled += _merge(walls[begin:middle], walls[middle:stop], out[filled:])
            begin = stop
            ends[pair] = filled
        walls, ends = out[:filled], ends[:pairs]
    return walls


@_part
def _shadow(stretch, radius):
    """Area of the disc's sector behind a stretch of a wall."""
    wall_x, wall_y, start, end = stretch
    ax, ay = _direction(start)
    bx, by = _direction(end)
    turn, facing = ax * by - ay * bx, ax * bx + ay * by
    near = (wall_x * ax + wall_y * ay) * (wall_x * bx + wall_y * by)
    return _HALF * (radius * radius * math.atan2(turn, facing) - turn / near)


@_compiled
def look_around(points, radius, grid, areas):
    """Fill in the visible area of each viewpoint; return the last one's nearest walls."""
    segments = grid[0]
    stamps = np.full(len(segments), -1, dtype=np.int32)
    walls = np.empty((2 * len(segments), END + 1))
    closed = np.empty(_BINS)
    disc = math.pi * radius * radius
    nearest = walls[:0]
    for point in range(len(points)):
        areas[point] = disc
        if len(segments):
            x, y = points[point]
            count = _gather(walls, closed, x, y, radius, grid, stamps, point)
            nearest = _envelope(walls[:count])
            shadow = 0.0
            for place in range(len(nearest)):
                shadow += _shadow(nearest[place], radius)
            areas[point] = min(max(disc - shadow, 0.0), disc)
    return nearest


@_compiled
def look_far(points, radius, grid, angles, directions, reaches):
    """Fill in how far each viewpoint sees along each direction, given by rising diamond angles too."""
    segments = grid[0]
    stamps = np.full(len(segments), -1, dtype=np.int32)
    walls = np.empty((2 * len(segments), END + 1))
    closed = np.empty(_BINS)
    reaches[:] = radius
    if not len(segments):
        return
    for point in range(len(points)):
        x, y = points[point]
        count = _gather(walls, closed, x, y, radius, grid, stamps, point)
        for wall_x, wall_y, start, end in _envelope(walls[:count]):
            for ray in range(np.searchsorted(angles, start), np.searchsorted(angles, end, side="right")):
                nearness = wall_x * directions[ray, 0] + wall_y * directions[ray, 1]
                reaches[point, ray] = min(radius, 1.0 / nearness)


# -- lines of sight ----------------------------------------------------------------------


@_part
def _touches(x, y, px, py, qx, qy):
    """Tell whether a point lies on a segment, within `SIGHT_TOUCH_M`."""
    dx, dy = qx - px, qy - py
    share = ((x - px) * dx + (y - py) * dy) / (dx * dx + dy * dy)
    share = min(max(share, 0.0), 1.0)
    off_x, off_y = px + share * dx - x, py + share * dy - y
    return off_x * off_x + off_y * off_y <= SIGHT_TOUCH_M * SIGHT_TOUCH_M


@_part
def _blocks(px, py, qx, qy, dx, dy):
    """Tell whether a segment blocks the line from (0, 0) to (dx, dy)."""
    p_side, q_side = dx * py - dy * px, dx * qy - dy * qx
    if (p_side > 0.0 and q_side > 0.0) or (p_side < 0.0 and q_side < 0.0):
        return False
    ex, ey = qx - px, qy - py
    from_side, to_side = ey * px - ex * py, ex * (dy - py) - ey * (dx - px)
    if (from_side > 0.0 and to_side > 0.0) or (from_side < 0.0 and to_side < 0.0):
        return False
    if p_side == 0.0 and q_side == 0.0:
        p_along, q_along = px * dx + py * dy, qx * dx + qy * dy
        if max(p_along, q_along) < 0.0 or min(p_along, q_along) > dx * dx + dy * dy:
            return False
    return not (_touches(0.0, 0.0, px, py, qx, qy) or _touches(dx, dy, px, py, qx, qy))


@_part
def _cell_blocks(ax, ay, dx, dy, grid, cell):
    """Tell whether a segment of one cell blocks the line from (ax, ay) over (dx, dy)."""
    segments, _, _, starts, members = grid
    for place in range(starts[cell], starts[cell + 1]):
        wall = segments[members[place]]
        if _blocks(wall[0] - ax, wall[1] - ay, wall[2] - ax, wall[END] - ay, dx, dy):
            return True
    return False


@_part
def _cell_at(distance, side, count):
    """Return the number of the cell at a distance from the origin, within the grid."""
    return int(min(max(math.floor(distance / side), 0.0), count - 1.0))


@_part
def _open(ax, ay, dx, dy, grid):
    """Tell whether no wall blocks the line from (ax, ay) over (dx, dy): row after row."""
    origin, shape = grid[1], grid[2]
    side, rows, columns = origin[2], shape[0], shape[1]
    x, y = ax - origin[0], ay - origin[1]
    if max(y, y + dy) < -side or min(y, y + dy) > (rows + 1) * side:
        return True
    bottom, top = _cell_at(min(y, y + dy), side, rows), _cell_at(max(y, y + dy), side, rows)
    slope = dx / dy if top > bottom else 0.0
    west, east = min(x, x + dx), max(x, x + dx)
    for row in range(bottom, top + 1):
        first, last = west, east
        if top > bottom:
            lower, upper = x + (row * side - y) * slope, x + ((row + 1) * side - y) * slope
            first, last = max(west, min(lower, upper)), min(east, max(lower, upper))
        for column in range(_cell_at(first, side, columns), _cell_at(last, side, columns) + 1):
            if _cell_blocks(ax, ay, dx, dy, grid, row * columns + column):
                return False
    return True


@_compiled
def look_along(starts, ends, grid, seen):
    """Fill in for each pair of points whether one sees the other."""
    for line in range(len(starts)):
        ax, ay = starts[line]
        dx, dy = ends[line, 0] - ax, ends[line, 1] - ay
        seen[line] = len(grid[0]) == 0 or (dx == 0.0 and dy == 0.0) or _open(ax, ay, dx, dy, grid)
