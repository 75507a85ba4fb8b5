"""Wide pieces of open ground divided into rooms: along paths, then on the grid of the world. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Shapes = npt.NDArray[np.object_]
Ints = npt.NDArray[np.int64]

# Gehl (2010), Cities for People: the social field of vision ends at about 100 m.
WIDE_M = 100.0
# Cells of a grid from the origin of the CRS; one measures 99 m from corner to corner.
CELL_M = 70.0
# A part smaller than this, or narrower in the mean, is given to the neighbour it has most in common with.
SMALL_PART_M2, NARROW_PART_M = 600.0, 8.0
GRID_M = 0.001


def is_wide(shapes: Shapes) -> npt.NDArray[np.bool_]:
    """Which shapes do not fit into a circle as wide as the field of vision."""
    wide: npt.NDArray[np.bool_] = 2 * shapely.minimum_bounding_radius(shapes) > WIDE_M
    return wide


def mean_width(shapes: Shapes) -> npt.NDArray[np.float64]:
    """Mean width of each shape, metres: twice its area by its perimeter."""
    length = shapely.length(shapes)
    return np.divide(2 * shapely.area(shapes), length, out=np.zeros(len(shapes)), where=length > 0)


def divided(shapes: Shapes, paths: Shapes, wanted: BaseGeometry) -> tuple[Shapes, Ints]:
    """Cut wide shapes along paths, and what is still wide on the grid of the world.

    Parameters
    ----------
    shapes
        Polygons, metres.
    paths
        Lines along which to cut.
    wanted
        Where parts are wanted; those a cell or more outside it are left out, or not given their due.

    Returns
    -------
    tuple
        The parts, and of each the number of the shape that it is a part of.
    """
    wide, tree = is_wide(shapes), shapely.STRtree(paths)
    parts, of = [shapes[~wide]], [np.flatnonzero(~wide)]
    for i in np.flatnonzero(wide):
        crossing = paths[np.sort(tree.query(shapes[i], predicate="intersects"))]
        faces = _merged(_along(shapes[i], crossing))
        faces = faces[shapely.dwithin(faces, wanted, 2 * CELL_M)]
        large = is_wide(faces)
        cut = np.concatenate([faces[~large], *(_merged(_on_grid(face, wanted)) for face in faces[large])])
        parts.append(cut)
        of.append(np.full(len(cut), i))
    rounded, number = shapely.set_precision(np.concatenate(parts), GRID_M), np.concatenate(of)
    kept = shapely.area(rounded) > 0  # a sliver thinner than a millimetre is nothing
    return rounded[kept], number[kept]


def _along(shape: shapely.Polygon, lines: Shapes) -> Shapes:
    """Faces of a polygon that lines cut out."""
    if not len(lines):
        return np.array([shape], dtype=object)
    noded = shapely.union_all(np.array([*lines, shape.boundary], dtype=object), grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return np.asarray(faces[shapely.intersects(shape, shapely.point_on_surface(faces))], dtype=object)


def _on_grid(shape: shapely.Polygon, wanted: BaseGeometry) -> Shapes:
    """Parts of a polygon by cell of the grid of the world, as far as they bear on what is wanted."""
    west, south, east, north = np.floor(np.array(shape.bounds) / CELL_M).astype(int)
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1)))
    cells = shapely.box(x * CELL_M, y * CELL_M, (x + 1) * CELL_M, (y + 1) * CELL_M)
    cells = cells[shapely.dwithin(cells, wanted, 2 * CELL_M)]
    parts = shapely.get_parts(shapely.intersection(cells, shape))
    return np.asarray(parts[shapely.area(parts) > 0], dtype=object)


def _merged(parts: Shapes) -> Shapes:
    """Small and narrow parts given to the neighbour with which each shares the longest rim."""
    small = (shapely.area(parts) < SMALL_PART_M2) | (mean_width(parts) < NARROW_PART_M)
    if not small.any() or len(parts) < 2:
        return parts
    a, b = shapely.STRtree(parts).query(parts[small], predicate="intersects")
    a = np.flatnonzero(small)[a]
    other = ~small[b]
    a, b = a[other], b[other]
    rim = shapely.length(shapely.intersection(parts[a], parts[b]))
    order = np.lexsort((b, -np.round(rim, 2), a))
    order = order[rim[order] > 0]
    taken, first = np.unique(a[order], return_index=True)
    host = np.arange(len(parts))
    host[taken] = b[order][first]
    return _unions(parts, host)


def _unions(parts: Shapes, host: Ints) -> Shapes:
    """Parts with the same host as one."""
    result = parts.copy()
    for i in np.unique(host[host != np.arange(len(parts))]):
        result[i] = shapely.union_all(parts[host == i])
    return result[host == np.arange(len(parts))]
