"""The open ground of an area, in pieces that necks, roads and closed barriers part. Pure.

All steps are local: a piece does not depend on what lies further off than its own surroundings, so that a
larger frame, or one shifted, gives the same pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Coordinates are kept to the millimetre, so that noise of the last digits shifts no outline.
GRID_M = 0.001
# A passage narrower than twice this parts two rooms.
NECK_M = 3.0
# Half of the carriageway by class of way, metres, where its width is not tagged; links are as what they link.
HALF_WIDTH_M: Final[Mapping[str, float]] = {
    "motorway": 8.0,
    "trunk": 8.0,
    "primary": 7.0,
    "secondary": 6.0,
    "tertiary": 5.0,
    "unclassified": 3.5,
    "residential": 3.5,
    "road": 3.5,
    "living_street": 3.0,
    "busway": 3.0,
    "service": 2.5,
}
# Tagged widths beyond these are slips of the pen, or of a whole square.
TAGGED_WIDTH_M = (2.0, 30.0)
# The garden around a house for one family, and what is left of it beside a public path: a hair less than half a neck,
# so that the strip between two gardens is a neck wherever it lies, and not where the last digits have it so.
PLOT_M, PLOT_PATH_M = 12.0, NECK_M - 0.005
# Half the thickness of what is drawn as a line and closes.
BARRIER_M = 0.05
# A gap in a barrier ends this near to the gate or path that makes it (``barrier.gap_m`` of the tags, and slack).
GAP_M = 1.6
# Ground of a kind that is taken by those who run it, unless tags open it.
CLOSED_GROUND: Final = ("school", "sports_club", "allotments")
OPEN_ACCESS: Final = ("yes", "permissive", "public", "designated", "official")
# Segments of a quarter of a circle at the ends and bends of ways.
ROUND_SEGMENTS = 2


def carriageways(paths: gpd.GeoDataFrame) -> tuple[Shapes, Floats]:
    """Centre lines of ways for vehicles on the ground, and half the width of each, metres."""
    classes = paths["highway"].str.removesuffix("_link")
    driven = classes.isin(list(HALF_WIDTH_M)) & ~paths["tunnel"].astype(bool)
    width = paths["width_m"].where(paths["width_m"].between(*TAGGED_WIDTH_M))[driven]
    half = (width / 2).fillna(classes[driven].map(HALF_WIDTH_M))
    return paths.geometry.to_numpy()[driven.to_numpy()], half.to_numpy(dtype=np.float64)


def public_paths(paths: gpd.GeoDataFrame) -> Shapes:
    """Lines of the ways on the ground that anybody may walk and nobody drives."""
    driven = paths["highway"].str.removesuffix("_link").isin(list(HALF_WIDTH_M))
    walked: Shapes = paths.geometry.to_numpy()[(paths["allowed"] & ~driven & ~paths["tunnel"]).to_numpy(dtype=bool)]
    return walked


def gardens(buildings: gpd.GeoDataFrame) -> BaseGeometry:
    """What is near to houses for one family."""
    houses = buildings.geometry.to_numpy()[(buildings["one_family"] & buildings["solid"]).to_numpy(dtype=bool)]
    return shapely.union_all(_grow(houses, PLOT_M))


def ways_beside(plots: BaseGeometry, paths: Shapes, roads: Shapes) -> Shapes:
    """Public ways in gardens or beside them."""
    ways = np.concatenate([paths, roads])
    return ways[np.sort(shapely.STRtree(ways).query(plots, predicate="dwithin", distance=PLOT_PATH_M))]


def house_plots(plots: BaseGeometry, beside: Shapes) -> Shapes:
    """Gardens less a strip beside the public ways."""
    strips = shapely.union_all(shapely.buffer(beside, PLOT_PATH_M, quad_segs=ROUND_SEGMENTS))
    return np.asarray(shapely.get_parts(shapely.difference(plots, strips)), dtype=object)


def closing_barriers(barriers: gpd.GeoDataFrame, gates: gpd.GeoDataFrame, ways: Shapes) -> Shapes:
    """Barriers that nothing leads through: no gate stands in them, and no way opens them."""
    lines: Shapes = barriers.geometry.to_numpy()
    lines = lines[~shapely.is_empty(lines)]
    if not len(lines):
        return lines
    holes = np.concatenate([gates.geometry.to_numpy(), ways])
    ends = shapely.boundary(lines)
    end, _ = shapely.STRtree(holes).query(ends, predicate="dwithin", distance=GAP_M)
    keep = ~np.isin(np.arange(len(lines)), end)
    _, line = shapely.STRtree(lines).query(gates.geometry.to_numpy(), predicate="dwithin", distance=GAP_M)
    keep[line] = False
    return lines[keep]


def closed_ground(ground: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Which grounds are a school's, a club's or allotments, and are not tagged open."""
    opened = ground["access"].isin(OPEN_ACCESS) | ground["opening_hours"].notna()
    return (ground["ground"].isin(CLOSED_GROUND) & ~opened).to_numpy(dtype=bool)


def pieces(frame: BaseGeometry, wanted: BaseGeometry, areas: Shapes, lines: Shapes, half_m: Floats) -> Shapes:
    """Open ground of a frame, parted at its necks.

    Parameters
    ----------
    frame
        Polygon, metres, in which the ground is looked at.
    wanted
        Polygon within the frame; pieces that do not reach into it are left out.
    areas, lines
        What covers or closes the ground.
    half_m
        Half the width of each line, metres.

    Returns
    -------
    ndarray
        Polygons that do not overlap. What is narrower than twice ``NECK_M`` belongs to none.
    """
    tree = shapely.STRtree(np.concatenate([areas, lines]))
    near = np.sort(tree.query(frame, predicate="dwithin", distance=NECK_M + half_m.max(initial=0.0)))
    area, line = near[near < len(areas)], near[near >= len(areas)] - len(areas)
    areas, lines, half_m = areas[area], lines[line], half_m[line]

    def free(margin_m: float) -> Shapes:
        grown = _valid(_grow(areas, margin_m)) if margin_m else areas
        covers = np.concatenate([grown, shapely.buffer(lines, half_m + margin_m, quad_segs=ROUND_SEGMENTS)])
        return _parts(shapely.difference(frame, _union(covers)))

    with ThreadPoolExecutor(2) as pool:  # the library lets go of the interpreter while it works
        whole, cores = pool.map(free, (0.0, NECK_M))
    own = shapely.dwithin(cores, wanted, 4 * NECK_M)
    # What borders on them takes its share of the rims between, however far from what is wanted.
    own[shapely.STRtree(cores).query(cores[own], predicate="dwithin", distance=4 * NECK_M)[1]] = True
    grown = _grown_back(cores[own], whole)
    return grown[shapely.intersects(grown, wanted)]


def _grow(shapes: Shapes, margin_m: float) -> Shapes:
    """Shapes grown with their corners kept sharp, so that what is taken in can be given back."""
    with np.errstate(divide="ignore", invalid="ignore"):  # of corners that do not turn
        return np.asarray(shapely.buffer(shapes, margin_m, join_style="mitre", mitre_limit=2.0), dtype=object)


def _union(shapes: Shapes) -> BaseGeometry:
    """All shapes as one; to the millimetre where the last digits do not let it be done exactly."""
    try:
        return shapely.union_all(shapes)
    except shapely.GEOSException:
        return shapely.union_all(_valid(shapely.set_precision(shapes, GRID_M)), grid_size=GRID_M)


def _valid(shapes: Shapes) -> Shapes:
    """Shapes repaired where the library grew them into ones that cross themselves."""
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = shapely.buffer(shapely.make_valid(shapes[broken]), 0.0)
    return shapes


def _parts(shape: BaseGeometry) -> Shapes:
    """Polygons of a shape."""
    parts = np.asarray(shapely.get_parts(shape), dtype=object)
    return parts[shapely.area(parts) > 0]


def _grown_back(cores: Shapes, whole: Shapes) -> Shapes:
    """Cores given back what was taken from their rims, as far as their own ground goes and no other core's."""
    if not len(cores):
        return cores
    core, of = shapely.STRtree(whole).query(shapely.point_on_surface(cores), predicate="intersects")
    core, first = np.unique(core, return_index=True)
    grown: Shapes = np.asarray(shapely.intersection(_grow(cores[core], NECK_M), whole[of[first]]), dtype=object)
    grown = _part_of_core(grown, cores[core])
    a, b = shapely.STRtree(grown).query(grown, predicate="intersects")
    a, b = a[a < b], b[a < b]
    shared = shapely.intersection(grown[a], grown[b])
    own, lost = np.concatenate([a, b]), np.concatenate([shared, shared])
    for i in np.unique(own):
        grown[i] = shapely.difference(grown[i], shapely.union_all(lost[own == i]))
    grown = _part_of_core(np.asarray(shapely.set_precision(grown, GRID_M), dtype=object), cores[core])
    return grown[shapely.area(grown) > 0]


def _part_of_core(shapes: Shapes, cores: Shapes) -> Shapes:
    """Of each shape the part that shares most with its core."""
    result = shapes.copy()
    for i in np.flatnonzero(shapely.get_type_id(shapes) != shapely.GeometryType.POLYGON):
        parts = shapely.get_parts(shapes[i])
        parts = parts[shapely.get_dimensions(parts) == 2]
        result[i] = parts[np.argmax(shapely.area(shapely.intersection(parts, cores[i])))] if len(parts) else _EMPTY
    return result


_EMPTY: Final = shapely.Polygon()
