"""Isovists and lines of sight in the plane (pure: arrays in, arrays out).

Everything is in metres in one projected CRS. Walls are opaque line segments without
thickness; heights are not considered.

The visible area [1]_ is exact; ``sweep``, which holds the compiled code, tells how it is found.

References
----------
.. [1] Benedikt, M. L. (1979). To take hold of space: isovists and isovist fields.
   Environment and Planning B, 6(1), 47-65. doi:10.1068/b060047
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from spatial.core.arrays import Floats
from spatial.core.errors import InputError
from spatial.core.messages import phrase
from spatial.core.parallel import available_threads, in_blocks
from spatial.visibility import grid, kernels

_THREADED_FROM = 64  # viewpoints; for fewer, starting threads costs more than it saves
_THREADED_LINES_FROM = 20_000
_CHUNKS_PER_THREAD = 4  # evens out dense and open parts of a town


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
        return cls._filed(_segments(np.concatenate([rings, shapely.get_parts(linear)])))

    @classmethod
    def _filed(cls, segments: Floats) -> Occluders:
        arrays = (segments, *grid.file(segments))
        for array in arrays:
            array.flags.writeable = False
        return cls(*arrays)

    def with_lines(self, lines: Iterable[Any]) -> Occluders:
        """The same walls, and these lines as well; see `from_geometries`."""
        linear = _geometries(lines, "lines", _LINEAR)
        return self._filed(np.concatenate([self.segments, _segments(shapely.get_parts(linear))]))

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
        kernels.look_around(points[start:stop], radius, _arrays(occluders), areas[start:stop])

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
    walls = kernels.look_around(point, radius, _arrays(occluders), np.empty(1))
    outline = _outline(walls, radius, step / radius)
    polygon = shapely.Polygon(outline + point)
    if polygon.is_valid:
        return polygon
    parts = shapely.get_parts(shapely.make_valid(polygon))  # slivers narrower than rounding
    return parts[np.argmax(shapely.area(parts))]


def reaches_m(
    viewpoints: ArrayLike, occluders: Occluders, radius_m: float, *, rays: int, threads: int | None = None
) -> tuple[Floats, Floats]:
    """Measure how far one sees from each viewpoint in evenly spread directions, exactly.

    Parameters
    ----------
    viewpoints, occluders, radius_m, threads
        As for `visible_area`.
    rays
        Number of directions.

    Returns
    -------
    directions
        float64 (rays, 2): unit vectors, counter-clockwise.
    reaches
        float64 (N, rays), metres, in [0, radius_m].
    """
    points, radius = _points(viewpoints, "viewpoints"), _positive(radius_m, "radius_m")
    # Between the axes, so that a wall along an axis is never seen edge-on.
    turn = (np.arange(rays) + 0.5) * (2 * np.pi / rays)
    directions = np.column_stack([np.cos(turn), np.sin(turn)])
    along = directions[:, 0] / np.abs(directions).sum(axis=1)
    angles = np.where(directions[:, 1] >= 0, 1 - along, kernels.TURN - 1 + along)
    reaches = np.empty((len(points), rays))

    def measure(start: int, stop: int) -> None:
        kernels.look_far(points[start:stop], radius, _arrays(occluders), angles, directions, reaches[start:stop])

    _in_threads(measure, len(points), _THREADED_FROM, threads)
    return directions, reaches


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
        raise InputError("visibility.pairs", starts=len(starts), ends=len(ends))
    seen = np.empty(len(starts), dtype=np.bool_)

    def look(start: int, stop: int) -> None:
        kernels.look_along(starts[start:stop], ends[start:stop], _arrays(occluders), seen[start:stop])

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
        raise InputError("visibility.no_geometries", name=name, error=error) from error
    wrong = ~np.isin(types, [int(kind) for kind in allowed])
    if wrong.any():
        first = array[wrong][0]
        found = phrase("visibility.missing") if first is None else phrase("visibility.a", kind=first.geom_type)
        needed = sorted({kind.name.title() for kind in allowed})
        raise InputError("visibility.type", name=name, found=found, needed=needed)
    return array


def _segments(lines: NDArray[np.object_]) -> Floats:
    """Split lines and rings into (S, 4) segments longer than 0."""
    coordinates, owner = shapely.get_coordinates(lines, return_index=True)
    if not np.isfinite(coordinates).all():
        raise InputError("visibility.not_finite")
    segments = np.hstack([coordinates[:-1], coordinates[1:]])
    moves = (coordinates[:-1] != coordinates[1:]).any(axis=1)
    return np.ascontiguousarray(segments[(owner[:-1] == owner[1:]) & moves])


def _points(points: ArrayLike, name: str) -> Floats:
    """Return points as float64 (N, 2), checked to be finite, always of one layout to numba."""
    try:
        array = np.require(points, np.float64, ["C", "W", "A"])
    except (TypeError, ValueError) as error:
        raise InputError("visibility.no_numbers", name=name, error=error) from error
    if array.shape[:1] == (0,):
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        raise InputError("visibility.shape", name=name, found=array.shape)
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise InputError("visibility.point", name=name, row=row, found=str(array[row]))
    return array


def _positive(value: float, name: str) -> float:
    """Return a length, checked to be finite and above 0."""
    try:
        length = float(value)
    except (TypeError, ValueError):
        length = math.nan
    if not 0 < length < math.inf:
        raise InputError("visibility.length", name=name, found=value)
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
    if threads is not None and threads < 1:
        raise InputError("visibility.threads", found=threads)
    blocks = 1 if count < threaded_from else (threads or available_threads()) * _CHUNKS_PER_THREAD
    in_blocks(work, count, blocks=blocks, threads=threads)


# -- the outline -----------------------------------------------------------------------


def _outline(walls: Floats, radius: float, arc_step: float) -> Floats:
    """Corners of an isovist relative to its viewpoint, counter-clockwise."""
    angles = np.concatenate([walls[:, 2], walls[:, kernels.END]])
    along = np.where(angles <= 2, 1 - angles, angles - (kernels.TURN - 1))
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
    if stop - start <= kernels.EDGE_ON_RAD:
        return np.empty((0, 2))
    angles = np.linspace(start, stop, math.ceil((stop - start) / arc_step) + 1)
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])


def load_compiled() -> None:
    """Load the compiled code from its cache on disk by one look around."""
    wall = Occluders.from_geometries([], [shapely.LineString([(2, 0), (2, 1)])])
    visible_area([[0.0, 0.0]], wall, 1.0)
    in_sight([[0.0, 0.0]], [[1.0, 0.0]], wall)
