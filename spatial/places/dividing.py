"""Wide pieces of open ground divided into rooms: along paths, then across their own axes. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import Bools, Floats, Ints, Shapes, object_array, product
from spatial.core.incremental import AFRESH, Steps

# Gehl (2010), Cities for People: the social field of vision ends at about 100 m.
WIDE_M = 100.0
# Cells of a wide part are no longer and no wider, but for a hundredth; one measures 99 m from corner to corner.
CELL_M, SLACK = 70.0, 0.01
# A part that does not fit into a circle as wide may go on where nobody looked: it is cut on a grid from the origin of
# the CRS, which is the same from everywhere. Anything smaller is cut across its own axes, however the town is turned.
SEEN_M = 300.0
# A part smaller than this, or narrower in the mean, is given to the neighbour it has most in common with.
SMALL_PART_M2, NARROW_PART_M = 600.0, 8.0
# Very wide ground belongs to the home whose middle is nearest, up to this distance.
OF_HOME_M, MITRE = 120.0, 1.5
GRID_M = 0.001
# Rooms that are wanted have their centroid where they are wanted; those around are named together with them.
NAMED_M = 15.0
# Lengths that differ by less, and places that are nearer, are the same; counted from where no whole number ends.
SAME_M, OFFSET = 0.01, 0.317
# Rims that differ by less are alike: more than the places of corners are known by, which sources round to a centimetre.
ALIKE_M = 0.08
# Sizes that differ by a smaller share are the same.
SAME_SHARE = 1e-4


def is_wide(shapes: Shapes) -> Bools:
    """Which shapes do not fit into a circle as wide as the field of vision."""
    wide: Bools = 2 * shapely.minimum_bounding_radius(shapes) > WIDE_M + SAME_M
    return wide


def _is_seen_whole(shapes: Shapes) -> Bools:
    whole: Bools = 2 * shapely.minimum_bounding_radius(shapes) <= SEEN_M + SAME_M
    return whole


def mean_width(shapes: Shapes) -> Floats:
    """Mean width of each shape, metres: twice its area by its perimeter."""
    length = shapely.length(shapes)
    return np.divide(2 * shapely.area(shapes), length, out=np.zeros(len(shapes)), where=length > 0)


def divided(
    shapes: Shapes, paths: Shapes, homes: Shapes, wanted: BaseGeometry, *, step: Steps = AFRESH
) -> tuple[Shapes, Ints]:
    """Cut wide shapes along paths, what is very wide by the nearest home, and what is still wide across its own axes.

    Parameters
    ----------
    shapes
        Polygons, metres.
    paths
        Lines along which to cut.
    homes
        Buildings in which people live.
    wanted
        Where parts are wanted; those ``SEEN_M`` or more outside it are left out.
    step
        How steps are taken; see ``spatial.core.incremental``.

    Returns
    -------
    tuple
        The parts, and of each the number of the shape that it is a part of.
    """
    wide, by_path, by_home = is_wide(shapes), shapely.STRtree(paths), shapely.STRtree(homes)
    around = []
    for shape in shapes[wide]:
        crossing = paths[np.sort(by_path.query(shape, predicate="intersects"))]
        near = homes[np.sort(by_home.query(shape, predicate="dwithin", distance=OF_HOME_M))]
        around.append((shape, tuple(crossing), tuple(near)))
    cut = step.rows(_cut, object_array(around), wanted)
    parts = [shapes[~wide], *cut]
    of = [np.flatnonzero(~wide), np.repeat(np.flatnonzero(wide), list(map(len, cut)))]
    rounded, number = _to_the_millimetre(np.concatenate(parts)), np.concatenate(of)
    kept = shapely.area(rounded) > 0  # a sliver thinner than a millimetre is nothing
    return rounded[kept], number[kept]


def _cut(around: npt.NDArray[np.object_], wanted: BaseGeometry) -> npt.NDArray[np.object_]:
    """Rooms of each wide shape, with the paths that cross it and the homes near."""
    return object_array(
        _rooms_of(shape, object_array(paths), object_array(homes), wanted) for shape, paths, homes in around
    )


def _rooms_of(shape: shapely.Polygon, paths: Shapes, homes: Shapes, wanted: BaseGeometry) -> Shapes:
    """Rooms of a wide shape, worked out beside the origin: with the same digits wherever on earth."""
    corner = np.floor(shape.bounds[:2])
    whole, paths = (_moved(given, -corner) for given in (np.array([shape], dtype=object), paths))
    wanted = shapely.transform(wanted, lambda at: at - corner)
    faces = _around(_given_away(_along(whole[0], paths)), wanted)
    seen = _is_seen_whole(faces)
    if not seen.all():
        homes = _moved(homes, -corner)
        by_home = (_given_away(_by_home(face, homes)) for face in faces[~seen])
        faces = _around(np.concatenate([faces[seen], *by_home]), wanted)
    large = is_wide(faces)
    cells = [_given_away(_in_cells(face, corner, wanted)) for face in faces[large]]
    return _moved(np.concatenate([faces[~large], *cells]), corner)


def _around(shapes: Shapes, wanted: BaseGeometry) -> Shapes:
    """Those of which a part may have its centroid where it is wanted."""
    west, south, east, north = shapely.bounds(shapes).reshape(-1, 4).T
    box = shapely.box(west - NAMED_M, south - NAMED_M, east + NAMED_M, north + NAMED_M)
    return shapes[shapely.intersects(box, wanted)]


def _moved(shapes: Shapes, by_m: Floats) -> Shapes:
    return _to_the_millimetre(shapely.transform(shapes, lambda at: at + by_m))


def _to_the_millimetre(shapes: Shapes) -> Shapes:
    """Shapes with rounded coordinates; one by one where the library cannot round one and leave it as it is."""
    try:
        return np.asarray(shapely.set_precision(shapes, GRID_M), dtype=object)
    except shapely.GEOSException:
        return object_array(_mended(shape) for shape in shapes)


def _mended(shape: BaseGeometry) -> BaseGeometry:
    try:
        return shapely.set_precision(shape, GRID_M)
    except shapely.GEOSException:
        parts = shapely.get_parts(shapely.buffer(shapely.set_precision(shape, GRID_M, mode="pointwise"), 0.0))
        return parts[np.argmax(shapely.area(parts))] if len(parts) else shapely.Polygon()


def _along(shape: shapely.Polygon, lines: Shapes) -> Shapes:
    """Faces of a polygon that lines cut out."""
    if not len(lines):
        return np.array([shape], dtype=object)
    noded = shapely.union_all(np.array([*lines, shape.boundary], dtype=object), grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return np.asarray(faces[shapely.intersects(shape, shapely.point_on_surface(faces))], dtype=object)


def _by_home(shape: shapely.Polygon, homes: Shapes) -> Shapes:
    """Parts of a polygon by the home whose middle is nearest and not too far; what has none is a part by itself."""
    near = homes[shapely.dwithin(homes, shape, OF_HOME_M)]
    if not len(near):
        return np.array([shape], dtype=object)
    middles = shapely.centroid(near)
    around = shapely.buffer(near, OF_HOME_M, join_style="mitre", mitre_limit=MITRE)
    ground = shapely.intersection(shape, shapely.union_all(around))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(middles), extend_to=shape))
    parts = np.concatenate([shapely.intersection(cells, ground), [shapely.difference(shape, ground)]])
    parts = shapely.get_parts(parts)
    return np.asarray(parts[shapely.area(parts) > 0], dtype=object)


def _in_cells(shape: shapely.Polygon, corner: Floats, wanted: BaseGeometry) -> Shapes:
    """Parts of a polygon by cell: of the rectangle around it, or of the grid of the world where that is too large."""
    whole = _is_seen_whole(np.array([shape], dtype=object)).all()
    cells = _cells_of_own(shape) if whole else _cells_of_world(shape, corner, wanted)
    parts = shapely.get_parts(shapely.intersection(cells, shape))
    return np.asarray(parts[shapely.area(parts) > 0], dtype=object)


def _cells_of_own(shape: shapely.Polygon) -> Shapes:
    """Equal cells of the smallest rectangle around a shape, which may lie at any angle."""
    corner, *sides = _smallest_rectangle(shape)
    count = [max(int(np.ceil(np.hypot(*side) / CELL_M - SLACK)), 1) for side in sides]
    a, b = (axis.ravel()[:, None] for axis in np.meshgrid(*(np.arange(n) for n in count)))
    one, other = (side / n for side, n in zip(sides, count, strict=True))
    at = [corner + (a + da) * one + (b + db) * other for da, db in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]
    return np.asarray(shapely.polygons(np.stack(at, axis=1)), dtype=object)


def _smallest_rectangle(shape: shapely.Polygon) -> tuple[Floats, Floats, Floats]:
    """A corner and the two sides from it of the smallest rectangle around a shape.

    Around a triangle three are as small, one on each side: it is the one with the shortest rim; of two that are mirror
    images always the same one; and of those that the shape fills alike, as of a hexagon, one by its direction.
    """
    hull = shapely.get_coordinates(shapely.convex_hull(shape))
    along = np.diff(hull, axis=0)
    along /= np.hypot(*along.T)[:, None]
    across = along[:, ::-1] * (-1, 1)
    (x0, x1), (y0, y1) = ((at.min(axis=1), at.max(axis=1)) for at in (product(along, hull.T), product(across, hull.T)))
    wide, deep = x1 - x0, y1 - y0
    middle = shapely.get_coordinates(shapely.centroid(shape))[0]
    skew = ((product(along, middle) - x0) / wide - 0.5) * ((product(across, middle) - y0) / deep - 0.5)
    left = np.arange(len(along))
    for size in (wide * deep, wide + deep, 1 - skew):
        left = left[size[left] <= size[left].min() * (1 + SAME_SHARE)]
    i = left[np.argmin((np.arctan2(along[left, 1], along[left, 0]) + OFFSET) % (np.pi / 2))]
    return x0[i] * along[i] + y0[i] * across[i], wide[i] * along[i], deep[i] * across[i]


def _cells_of_world(shape: shapely.Polygon, corner: Floats, wanted: BaseGeometry) -> Shapes:
    """Cells of the grid from the origin of the CRS, at ``-corner`` here, as far as they bear on what is wanted."""
    west, south, east, north = np.floor((np.array(shape.bounds) + np.tile(corner, 2)) / CELL_M).astype(int)
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1)))
    x, y = x * CELL_M - corner[0], y * CELL_M - corner[1]
    cells = shapely.box(x, y, x + CELL_M, y + CELL_M)
    return np.asarray(cells[shapely.dwithin(cells, wanted, SEEN_M)], dtype=object)


def _given_away(parts: Shapes) -> Shapes:
    """Small and narrow parts given to the neighbour with which each shares the longest rim, or halved among several."""
    parts = _in_order(parts)
    small = (shapely.area(parts) < SMALL_PART_M2 - SAME_M) | (mean_width(parts) < NARROW_PART_M - SAME_M)
    a, b = touching(parts)
    given = small[a] != small[b]
    a, b = np.where(small[a], a, b)[given], np.where(small[a], b, a)[given]
    rim_m = shapely.length(shapely.intersection(parts[a], parts[b]))
    order = np.lexsort((b, a))
    order = order[rim_m[order] > 0]
    a, b, rim_m = a[order], b[order], rim_m[order]
    longest_m = np.zeros(len(parts))
    np.maximum.at(longest_m, a, rim_m)
    best = rim_m >= longest_m[a] - ALIKE_M
    a, b = a[best], b[best]
    host = np.arange(len(parts))
    host[a] = b
    for i in np.flatnonzero(np.bincount(a, minlength=len(parts)) > 1):
        rivals = b[a == i]
        halves = _halved(parts[i], parts[rivals])
        rim_m = shapely.length(shapely.intersection(halves[:, None], parts[rivals]))
        own = len(parts) + np.arange(len(halves))
        host = np.concatenate([host, np.where(rim_m.any(axis=1), rivals[rim_m.argmax(axis=1)], own)])
        parts = np.concatenate([parts, halves])
        parts[i] = shapely.Polygon()  # its halves stand for it
    return _unions(parts, host)


def _halved(part: shapely.Polygon, neighbours: Shapes) -> Shapes:
    """Parts of a part by the neighbour whose rim with it is nearest."""
    rims = shapely.centroid(shapely.intersection(part, neighbours))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(rims), extend_to=part))
    parts = shapely.get_parts(shapely.intersection(cells, part)) if len(cells) else np.array([part], dtype=object)
    return np.asarray(parts[shapely.area(parts) > 0], dtype=object)


def _in_order(parts: Shapes) -> Shapes:
    """Parts from west to east, and from south to north, whatever made them."""
    east, north = _same(shapely.get_coordinates(shapely.centroid(parts))).T
    return parts[np.lexsort((north, east))]


def _same(lengths_m: Floats) -> Floats:
    return np.asarray(np.round(lengths_m / SAME_M + OFFSET))


def touching(parts: Shapes) -> tuple[Ints, Ints]:
    """Pairs of parts that touch, each pair once."""
    a, b = shapely.STRtree(parts).query(parts, predicate="intersects")
    return a[a < b], b[a < b]


def _unions(parts: Shapes, host: Ints) -> Shapes:
    """Parts with the same host as one."""
    result = parts.copy()
    for i in np.unique(host[host != np.arange(len(parts))]):
        result[i] = shapely.union_all(parts[host == i])
    return result[host == np.arange(len(parts))]
