"""Isovists and lines of sight in the plane (pure: arrays in, arrays out).

Everything is in metres in one projected CRS. Walls are opaque line segments without
thickness; heights are not considered.

The visible area [1]_ is exact: for each viewpoint every wall segment is turned into its dual
vector ``m``, for which ``m · u`` is the inverse distance to the wall along the direction
``u``. The nearest wall in all directions is then the upper envelope of functions that are
linear in ``u``; it is found by merging envelopes pairwise [2]_, so that crossing, touching and
collinear walls need no special treatment. A coarse buffer of directions that are known
to be closed rejects most of what lies behind other walls beforehand.

Directions are *diamond angles*: a monotone stand-in for the angle from the x axis, 0 to 4
for a full turn, that needs no trigonometry.

References
----------
.. [1] Benedikt, M. L. (1979). To take hold of space: isovists and isovist fields.
   Environment and Planning B, 6(1), 47-65. doi:10.1068/b060047
.. [2] Hershberger, J. (1989). Finding the upper envelope of n line segments in
   O(n log n) time. Information Processing Letters, 33(4), 169-174.
   doi:10.1016/0020-0190(89)90136-1
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# (The types of compiled functions are numba's; all others are annotated.)

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import shapely
from numba import njit
from numpy.typing import ArrayLike, NDArray

from spatial.errors import InputError

__all__ = ["Occluders", "in_sight", "isovist", "visible_area"]

Floats = NDArray[np.float64]

TOUCH_M = 1e-9
"""A wall closer than this to a viewpoint is one the viewpoint lies on; it hides nothing."""
SIGHT_TOUCH_M = 1e-6
"""A wall closer than this to an end of a line of sight does not block that line."""

_SNAP_M = 1e-6  # walls are filed in all cells this near; far above the rounding of UTM metres
_PER_CELL = 2.0  # wall segments per cell of the grid aimed at; rates are flat from 1 to 8
_MIN_CELL_M = 1.0  # a cell need never be smaller than a wall
_FAR_CELLS = 1e9  # cells from the grid's origin; keeps the count of any viewpoint's an integer
_TURN = 4.0  # a full turn in diamond angles
_QUADRANT_BINS = 64  # power of two, so that bin edges are exact; measured, flat around it
_BINS = 4 * _QUADRANT_BINS
_RADIAL = 1e-12  # a wall seen under a smaller angle (radians) hides nothing
_HALF = 0.5
_END = 3  # column of a wall's last diamond angle, after its dual vector and the first angle
_THREADED_FROM = 64  # viewpoints; for fewer, starting threads costs more than it saves
_THREADED_LINES_FROM = 20_000
_CHUNKS_PER_THREAD = 4  # evens out dense and open parts of a town


# Entry points are cached on disk, with the parts in them: a second start does not compile.
_compiled = njit(cache=True, nogil=True, error_model="numpy")
_part = njit(nogil=True, error_model="numpy")


@dataclass(frozen=True, eq=False)
class Occluders:
    """Opaque wall segments, filed in a uniform grid.

    Build it with `from_geometries`. The arrays are read-only.

    Attributes
    ----------
    segments
        float64 (S, 4): x, y of both ends of each wall segment, metres, none of length 0.
    origin
        float64 (3,): x, y of the lower left corner of the grid, and the side of a cell, m.
    shape
        int64 (2,): rows and columns of the grid.
    starts
        int64 (rows · columns + 1,): where each cell begins in `members`, row by row.
    members
        int32: indices into `segments`, cell after cell, ascending in each cell.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> room = Occluders.from_geometries([shapely.box(0, 0, 10, 10)], [])
    >>> visible_area(np.array([[5.0, 5.0]]), room, radius_m=50).round(6)
    array([100.])
    """

    segments: Floats
    origin: Floats
    shape: NDArray[np.int64]
    starts: NDArray[np.int64]
    members: NDArray[np.int32]

    @classmethod
    def from_geometries(cls, polygons: Iterable[Any], lines: Iterable[Any]) -> Occluders:
        """File building outlines and wall lines as occluders.

        Parameters
        ----------
        polygons
            Shapely polygons and multipolygons, metres. All rings are walls, those of
            courtyards too. From within a closed footprint one sees only its inside:
            leave out the buildings that a viewpoint is not meant to be shut in by.
        lines
            Shapely lines and multilines, metres: walls, fences, hedges.

        Raises
        ------
        InputError
            If a geometry is missing, of another type or has coordinates not finite.
        """
        areal = _geometries(polygons, "polygons", _POLYGONAL)
        linear = _geometries(lines, "lines", _LINEAR)
        rings = shapely.get_rings(shapely.get_parts(areal))
        segments = _segments(np.concatenate([rings, shapely.get_parts(linear)]))
        arrays = (segments, *_grid(segments))
        for array in arrays:
            array.flags.writeable = False
        return cls(*arrays)

    def __len__(self) -> int:
        """Return the number of wall segments."""
        return len(self.segments)


def visible_area(viewpoints: ArrayLike, occluders: Occluders, radius_m: float, *, threads: int | None = None) -> Floats:
    """Measure the area that is visible from each viewpoint, exactly.

    The area of the isovist: the part of the disc around the viewpoint to which no wall
    closes the straight view. The outer limit is the circle itself, not a polygon.

    Parameters
    ----------
    viewpoints
        (N, 2), metres, in the CRS of the occluders. A wall on which a viewpoint lies
        (nearer than `TOUCH_M`) hides nothing from it: from a facade one sees both ways.
        In UTM metres float64 resolves 1e-9 m, so only a viewpoint at the very
        coordinates of a wall's end, or on a wall along an axis, is sure to lie on it.
    occluders
        What closes the view.
    radius_m
        Limit of the view, metres, above 0.
    threads
        How many threads to use; by default one per processor. The result is the same.

    Returns
    -------
    ndarray
        float64 (N,), m², in [0, π radius_m²]. Its error is below 1e-9 of the disc.

    Raises
    ------
    InputError
        If a viewpoint is not finite, or the radius not above 0.

    References
    ----------
    Benedikt (1979), doi:10.1068/b060047: measure A_x, here within a limiting disc.

    Examples
    --------
    >>> empty = Occluders.from_geometries([], [])
    >>> visible_area([[0.0, 0.0]], empty, radius_m=1).round(6)
    array([3.141593])
    """
    points, radius = _points(viewpoints, "viewpoints"), _positive(radius_m, "radius_m")
    areas = np.empty(len(points))

    def measure(start: int, stop: int) -> None:
        _sweep(points[start:stop], radius, _arrays(occluders), areas[start:stop])

    _in_threads(measure, len(points), _THREADED_FROM, threads)
    return areas


def isovist(viewpoint: ArrayLike, occluders: Occluders, radius_m: float, *, arc_step_m: float = 2.0) -> shapely.Polygon:
    """Outline what is visible from one viewpoint, for drawing.

    Parameters
    ----------
    viewpoint
        (2,), metres.
    occluders, radius_m
        As for `visible_area`, which gives the exact area.
    arc_step_m
        Longest chord by which the limiting circle is drawn, metres, above 0.

    Returns
    -------
    shapely.Polygon
        Smaller than the exact field of view by the circle segments beyond the chords,
        at most (arc_step_m / radius_m)² / 6 of the disc.

    Raises
    ------
    InputError
        If the viewpoint is not one finite point, or a length not above 0.
    """
    radius, step = _positive(radius_m, "radius_m"), _positive(arc_step_m, "arc_step_m")
    point = _points(cast(ArrayLike, [viewpoint]), "viewpoint")
    walls = _sweep(point, radius, _arrays(occluders), np.empty(1))
    outline = _outline(walls, radius, step / radius)
    polygon = shapely.Polygon(outline + point)
    if polygon.is_valid:
        return polygon
    parts = shapely.get_parts(shapely.make_valid(polygon))  # slivers narrower than rounding
    return parts[np.argmax(shapely.area(parts))]


def in_sight(a: ArrayLike, b: ArrayLike, occluders: Occluders, *, threads: int | None = None) -> NDArray[np.bool_]:
    """Tell for pairs of points whether one sees the other.

    A line of sight is blocked by every wall that it crosses, touches or runs along, but
    for walls nearer than `SIGHT_TOUCH_M` to one of its ends: a point on a facade is seen
    from outside, and through the rest of the building it is not.

    Parameters
    ----------
    a, b
        (M, 2) each, metres, in the CRS of the occluders.
    occluders
        What closes the view.
    threads
        How many threads to use; by default one per processor. The result is the same.

    Returns
    -------
    ndarray
        bool (M,).

    Raises
    ------
    InputError
        If a point is not finite, or the numbers of points differ.

    Examples
    --------
    >>> house = Occluders.from_geometries([shapely.box(0, 0, 10, 10)], [])
    >>> in_sight([[-5, 5], [-5, 5]], [[0, 5], [15, 5]], house)
    array([ True, False])
    """
    starts, ends = _points(a, "a"), _points(b, "b")
    if len(starts) != len(ends):
        raise InputError(
            f"a has {len(starts)} points and b has {len(ends)}; need as many in both; "
            "pair each point of a with one of b"
        )
    seen = np.empty(len(starts), dtype=np.bool_)

    def look(start: int, stop: int) -> None:
        _look(starts[start:stop], ends[start:stop], _arrays(occluders), seen[start:stop])

    _in_threads(look, len(starts), _THREADED_LINES_FROM, threads)
    return seen


# -- input -----------------------------------------------------------------------------

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_LINEAR = (
    shapely.GeometryType.LINESTRING,
    shapely.GeometryType.LINEARRING,
    shapely.GeometryType.MULTILINESTRING,
)


def _geometries(geometries: Iterable[Any], name: str, allowed: tuple[shapely.GeometryType, ...]) -> NDArray[np.object_]:
    """Return the geometries as an object array, checked for their types."""
    if isinstance(geometries, shapely.Geometry):
        geometries = [geometries]
    array = np.array(geometries if hasattr(geometries, "__len__") else list(geometries), object)
    try:
        types = shapely.get_type_id(array)
    except TypeError as error:
        raise InputError(f"{name} holds other things than shapely geometries: {error}") from error
    wrong = ~np.isin(types, [int(kind) for kind in allowed])
    if wrong.any():
        first = array[wrong][0]
        kind = "a missing geometry" if first is None else f"a {first.geom_type}"
        needed = " or ".join(sorted({kind.name.title() for kind in allowed}))
        raise InputError(f"{name} holds {kind}; need {needed}; drop or convert it")
    return array


def _segments(lines: NDArray[np.object_]) -> Floats:
    """Split lines and rings into (S, 4) segments longer than 0."""
    coordinates, owner = shapely.get_coordinates(lines, return_index=True)
    if not np.isfinite(coordinates).all():
        raise InputError(
            "the occluders hold a coordinate that is not finite; need metres in a projected "
            "CRS; repair or drop the geometry"
        )
    segments = np.hstack([coordinates[:-1], coordinates[1:]])
    moves = (coordinates[:-1] != coordinates[1:]).any(axis=1)
    return np.ascontiguousarray(segments[(owner[:-1] == owner[1:]) & moves])


def _points(points: ArrayLike, name: str) -> Floats:
    """Return points as float64 (N, 2), checked to be finite, always of one layout to numba."""
    try:
        array = np.require(points, np.float64, ["C", "W", "A"])
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} holds no numbers ({error}); need (N, 2) metres") from error
    if array.shape[:1] == (0,):
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        raise InputError(f"{name} has the shape {array.shape}; need (N, 2): x and y in metres")
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise InputError(f"{name}[{row}] is {array[row]}; need finite metres; drop that point")
    return array


def _positive(value: float, name: str) -> float:
    """Return a length, checked to be finite and above 0."""
    try:
        length = float(value)
    except (TypeError, ValueError):
        length = math.nan
    if not 0 < length < math.inf:
        raise InputError(f"{name} is {value!r}; need a finite length in metres above 0")
    return length


def _arrays(occluders: Occluders) -> tuple[NDArray[Any], ...]:
    """Return the arrays that compiled code takes, in its order."""
    return (
        occluders.segments,
        occluders.origin,
        occluders.shape,
        occluders.starts,
        occluders.members,
    )


def _in_threads(work: Callable[[int, int], None], count: int, threaded_from: int, threads: int | None) -> None:
    """Run ``work(start, stop)`` over the whole of ``count``, in parts in several threads."""
    workers = (os.cpu_count() or 1) if threads is None else threads
    if workers < 1:
        raise InputError(f"threads is {threads}; need 1 or more, or None for one per processor")
    if workers == 1 or count < threaded_from:
        if count:
            work(0, count)
        return
    edges = np.linspace(0, count, workers * _CHUNKS_PER_THREAD + 1).astype(int)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, edges[:-1].tolist(), edges[1:].tolist()))


# -- the grid --------------------------------------------------------------------------


def _grid(
    segments: Floats,
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """File segments in the cells that they pass through: origin, shape, starts, members."""
    if not len(segments):
        nothing = np.zeros(2, dtype=np.int64)
        return np.array([0, 0, _MIN_CELL_M]), nothing, nothing[:1], np.empty(0, dtype=np.int32)
    ends = segments.reshape(-1, 2)
    low, extent = ends.min(axis=0), np.ptp(ends, axis=0)
    share = _PER_CELL / len(segments)
    cell = max(_MIN_CELL_M, math.sqrt(extent.prod() * share), extent.max() * share)
    columns, rows = (extent // cell).astype(np.int64) + 1
    owner, row, first, last = _crossed_rows(segments - np.tile(low, 2), cell, rows, columns)
    pick, offset = _spread(last - first + 1)
    cells = row[pick] * columns + first[pick] + offset
    order = np.argsort(cells, kind="stable")
    starts = np.zeros(rows * columns + 1, dtype=np.int64)
    np.cumsum(np.bincount(cells, minlength=rows * columns), out=starts[1:])
    members = owner[pick][order].astype(np.int32)
    return np.array([*low, cell]), np.array([rows, columns]), starts, members


def _crossed_rows(local: Floats, cell: float, rows: int, columns: int) -> tuple[NDArray[np.int64], ...]:
    """List the grid rows that each segment crosses: segment, row, first and last column."""
    x0, y0, x1, y1 = local.T
    bottom = _index(np.minimum(y0, y1) - _SNAP_M, cell, rows)
    top = _index(np.maximum(y0, y1) + _SNAP_M, cell, rows)
    owner, offset = _spread(top - bottom + 1)
    row = bottom[owner] + offset
    slope = np.divide(x1 - x0, y1 - y0, out=np.zeros(len(local)), where=y0 != y1)[owner]
    lower, upper = row * cell - _SNAP_M, (row + 1) * cell + _SNAP_M
    west, east = np.minimum(x0, x1)[owner], np.maximum(x0, x1)[owner]
    steep = (top != bottom)[owner]
    at_lower = np.where(steep, x0[owner] + (lower - y0[owner]) * slope, west)
    at_upper = np.where(steep, x0[owner] + (upper - y0[owner]) * slope, east)
    level = steep & (slope == 0) & (y0 == y1)[owner]  # along the edge between two rows
    at_lower, at_upper = np.where(level, west, at_lower), np.where(level, east, at_upper)
    first = _index(np.clip(np.minimum(at_lower, at_upper), west, east) - _SNAP_M, cell, columns)
    last = _index(np.clip(np.maximum(at_lower, at_upper), west, east) + _SNAP_M, cell, columns)
    return owner, row, first, last


def _index(distance: Floats, cell: float, count: int) -> NDArray[np.int64]:
    """Return the number of the cell at a distance from the origin, within the grid."""
    return np.clip(distance // cell, 0, count - 1).astype(np.int64)


def _spread(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Repeat each index as often as counted, and number the repetitions from 0."""
    index = np.repeat(np.arange(len(counts)), counts)
    return index, np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)


# -- directions ------------------------------------------------------------------------


@_part
def _diamond(x, y):
    """Diamond angle of a direction, in [0, 4]."""
    along = x / (abs(x) + abs(y))
    return 1.0 - along if y >= 0.0 else _TURN - 1.0 + along


@_part
def _direction(angle):
    """Direction of a diamond angle; its coordinates' sizes add up to 1."""
    if angle <= 2.0:
        return 1.0 - angle, 1.0 - abs(1.0 - angle)
    along = angle - (_TURN - 1.0)
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
    walls[count, _END] = end
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
    if turn == 0.0 or (facing > 0.0 and abs(turn) <= _RADIAL * facing):
        return count
    scale = 1.0 / (ax * dy - ay * dx)
    start, end = _diamond(px, py), _diamond(qx, qy)
    if turn < 0.0:
        start, end = end, start
    if start <= end:
        return _add(walls, count, closed, dy * scale, -dx * scale, start, end)
    count = _add(walls, count, closed, dy * scale, -dx * scale, start, _TURN)
    return _add(walls, count, closed, dy * scale, -dx * scale, 0.0, end)


@_part
def _see_cell(walls, count, closed, x, y, radius, grid, row, column, stamps, stamp):
    """Add the segments of one cell that were not added before; return the walls' count."""
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
        bx, by = segments[member, 2] - x, segments[member, _END] - y
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
                    count = _see_cell(walls, count, closed, x, y, radius, grid, i, j, stamps, stamp)
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
    if last >= 0 and out[last, _END] == start and out[last, 0] == wall_x and out[last, 1] == wall_y:
        out[last, _END] = end
        return count
    out[count, 0] = wall_x
    out[count, 1] = wall_y
    out[count, 2] = start
    out[count, _END] = end
    return count + 1


@_part
def _crossing(x, y, start, end):
    """Diamond angle between two others at which the direction is across (x, y)."""
    angle = _diamond(x, y)
    if angle < start - 1.0:  # on the x axis, which is at 0 as well as at a full turn
        angle += _TURN
    elif angle > end + 1.0:
        angle -= _TURN
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
        end, other_end = ones[i, _END], others[j, _END]
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
        count = _emit(out, count, stretch[0], stretch[1], max(stretch[2], at), stretch[_END])
    for rest in range(j, len(others)):
        stretch = others[rest]
        count = _emit(out, count, stretch[0], stretch[1], max(stretch[2], at), stretch[_END])
    return count


@_part
def _envelope(walls):
    """Find the nearest wall in each direction: stretches (dual vector, first and last angle)."""
    ends = np.arange(1, len(walls) + 1)
    while len(ends) > 1:
        out = np.empty((2 * len(walls) * 2, _END + 1))
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
def _sweep(points, radius, grid, areas):
    """Fill in the visible area of each viewpoint; return the last one's nearest walls."""
    segments = grid[0]
    stamps = np.full(len(segments), -1, dtype=np.int32)
    walls = np.empty((2 * len(segments), _END + 1))
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


def _outline(walls: Floats, radius: float, arc_step: float) -> Floats:
    """Corners of an isovist relative to its viewpoint, counter-clockwise."""
    angles = np.concatenate([walls[:, 2], walls[:, _END]])
    along = np.where(angles <= 2, 1 - angles, angles - (_TURN - 1))
    across = np.where(angles <= 2, 1, -1) * (1 - np.abs(along))
    directions = np.column_stack([along, across])
    corners = directions / (directions * np.tile(walls[:, :2], (2, 1))).sum(axis=1)[:, np.newaxis]
    starts, ends = corners[: len(walls)], corners[len(walls) :]
    true = np.arctan2(across, along) % (2 * np.pi)
    begin, stop = true[: len(walls)], true[len(walls) :]
    stop = np.where(stop < begin, 2 * np.pi, stop)
    free = np.column_stack([np.append(0, stop), np.append(begin, 2 * np.pi)])
    parts = [_arc(free[0], radius, arc_step)]
    for place in range(len(walls)):
        parts += [starts[[place]], ends[[place]], _arc(free[place + 1], radius, arc_step)]
    return np.concatenate(parts)


def _arc(free: Floats, radius: float, arc_step: float) -> Floats:
    """Points on the limiting circle from one angle (radians) to another, none if it is empty."""
    start, stop = free
    if stop - start <= _RADIAL:
        return np.empty((0, 2))
    angles = np.linspace(start, stop, math.ceil((stop - start) / arc_step) + 1)
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])


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
        if _blocks(wall[0] - ax, wall[1] - ay, wall[2] - ax, wall[_END] - ay, dx, dy):
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
def _look(starts, ends, grid, seen):
    """Fill in for each pair of points whether one sees the other."""
    for line in range(len(starts)):
        ax, ay = starts[line]
        dx, dy = ends[line, 0] - ax, ends[line, 1] - ay
        seen[line] = len(grid[0]) == 0 or (dx == 0.0 and dy == 0.0) or _open(ax, ay, dx, dy, grid)


def make_ready() -> None:
    """Load the compiled code from its cache on disk by one look around."""
    nothing = Occluders.from_geometries([], [])
    visible_area([[0.0, 0.0]], nothing, 1.0)
    in_sight([[0.0, 0.0]], [[1.0, 0.0]], nothing)
