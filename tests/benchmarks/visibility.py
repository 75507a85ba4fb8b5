"""Visible areas and lines of sight against the other ways in which they are measured.

Run it with ``python -m tests.benchmarks.visibility [--viewpoints N] [--footprints FILE]``.
Peers that are not installed are left out. All get the same viewpoints in the same town:

visilibity, pyvispoly
    Visibility polygon in a polygon with holes. Both need a scene that is cut out around
    each viewpoint and whose buildings are merged; that preparation is not counted.
shapely rays
    Rays all around each viewpoint, cut at the nearest wall (vectorised, STRtree).
cityseer
    Its viewshed from every cell of a raster, in Rust: not exact, and not from chosen points.
shapely STRtree
    Lines of sight as a query of all lines against all walls.

The peers bound the view by a polygon. How far they agree is measured on that same polygon,
so that it shows the visibility alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import time
from collections.abc import Callable

import numpy as np
import shapely

from spatial.visibility.isovists import Occluders, in_sight, isovist, visible_area

ORIGIN = np.array([724_000.0, 6_175_000.0])  # UTM metres, as in the north of Europe
HOUSES = 10_000
PITCH_M = 32.0
CORNERS_PER_QUARTER = 32  # of the polygon that stands for the disc with the peers
RAYS = 720
PEER_VIEWPOINTS = 150  # enough to measure a peer that does under a hundred a second
CELL_M, CORE_M = 2, 60  # of the raster for cityseer, and its middle, whose cells see to all sides
CELLS_TO_M = 100  # it takes minutes beyond
SIGHT_M = 50.0
SIGHTS, PEER_SIGHTS = 1_000_000, 50_000
REPEATS = 3


def random_town(seed: int = 0) -> np.ndarray:
    """Turned rectangles on jittered plots, some of them overlapping."""
    rng = np.random.default_rng(seed)
    side = round(math.sqrt(HOUSES))
    x, y = np.indices((side, side)).reshape(2, -1) * PITCH_M + rng.uniform(-6, 6, (2, side**2))
    half = rng.uniform(4, 13, (2, side**2))
    houses = shapely.box(x - half[0], y - half[1], x + half[0], y + half[1])
    turned = [
        shapely.affinity.rotate(house, turn) for house, turn in zip(houses, rng.uniform(-20, 20, side**2), strict=True)
    ]
    return shapely.transform(np.array(turned), lambda xy: xy + ORIGIN)


def footprints_of(path: str) -> np.ndarray:
    """Read the buildings of an OpenStreetMap extract, in metres of its UTM zone."""
    import osmium
    from pyproj import Transformer

    from spatial.core.crs import WGS84, local_metric

    factory, found = osmium.geom.WKBFactory(), []
    areas = osmium.FileProcessor(path).with_areas(osmium.filter.KeyFilter("building"))
    for area in areas.with_filter(osmium.filter.KeyFilter("building")):
        if area.is_area():
            found.append(factory.create_multipolygon(area))
    houses = shapely.from_wkb(found)
    middle = shapely.get_coordinates(houses).mean(axis=0)
    to_metres = Transformer.from_crs(WGS84, local_metric(*middle), always_xy=True)
    return shapely.transform(houses, lambda xy: np.column_stack(to_metres.transform(*xy.T)))


def viewpoints_among(houses: np.ndarray, count: int, seed: int = 1) -> np.ndarray:
    """Draw points near the buildings, none within one."""
    rng = np.random.default_rng(seed)
    middles = shapely.get_coordinates(shapely.centroid(houses))
    points = middles[rng.integers(0, len(middles), 3 * count)]
    points = points + rng.normal(0, PITCH_M, points.shape)
    inside = shapely.STRtree(houses).query(shapely.points(points), predicate="intersects")[0]
    return np.delete(points, np.unique(inside), axis=0)[:count]


def disc_polygon(point: np.ndarray, radius_m: float) -> shapely.Polygon:
    """Polygon that stands for the disc with the peers."""
    return shapely.Point(point).buffer(radius_m, quad_segs=CORNERS_PER_QUARTER)


def free_space(houses: np.ndarray, points: np.ndarray, radius_m: float) -> list[shapely.Polygon]:
    """Cut out what is not built on around each viewpoint, moved to the viewpoint."""
    tree, spaces = shapely.STRtree(houses), []
    for point in points:
        disc = disc_polygon(point, radius_m)
        near = houses[tree.query(disc, predicate="intersects")]
        free = shapely.get_parts(shapely.difference(disc, shapely.union_all(near)))
        own = free[shapely.distance(free, shapely.Point(point)).argmin()]
        spaces.append(shapely.transform(own, lambda xy, point=point: xy - point))
    return spaces


def visilibity_areas(spaces: list[shapely.Polygon]) -> tuple[list[float], float]:
    """Areas by VisiLibity, and the seconds that they took."""
    import visilibity

    def ring(coordinates: shapely.LinearRing) -> visilibity.Polygon:
        return visilibity.Polygon([visilibity.Point(x, y) for x, y in coordinates.coords[:-1]])

    areas, seconds = [], 0.0
    for space in spaces:
        oriented = shapely.geometry.polygon.orient(space)
        scene = [ring(oriented.exterior), *map(ring, oriented.interiors)]
        start = time.perf_counter()
        environment, eye = visilibity.Environment(scene), visilibity.Point(0.0, 0.0)
        areas.append(visilibity.Visibility_Polygon(eye, environment, 1e-7).area())
        seconds += time.perf_counter() - start
    return areas, seconds


def pyvispoly_areas(spaces: list[shapely.Polygon]) -> tuple[list[float], float]:
    """Areas by pyvispoly (CGAL), and the seconds that they took."""
    import pyvispoly

    def ring(coordinates: shapely.LinearRing) -> list[pyvispoly.Point]:
        return [pyvispoly.Point(x, y) for x, y in coordinates.coords[:-1]]

    areas, seconds = [], 0.0
    for space in spaces:
        oriented = shapely.geometry.polygon.orient(space)
        rings = [ring(oriented.exterior), [ring(hole) for hole in oriented.interiors]]
        start = time.perf_counter()
        scene = pyvispoly.PolygonWithHoles(*rings)
        calculator = pyvispoly.VisibilityPolygonCalculator(scene)
        seen = calculator.compute_visibility_polygon(pyvispoly.Point(0, 0))
        areas.append(abs(float(seen.area())))
        seconds += time.perf_counter() - start
    return areas, seconds


def ray_areas(walls: shapely.STRtree, point: np.ndarray, radius_m: float) -> float:
    """Area between rays that end at the nearest wall."""
    angles = np.arange(RAYS) * 2 * np.pi / RAYS
    ends = point + radius_m * np.column_stack([np.cos(angles), np.sin(angles)])
    rays = shapely.linestrings(np.stack([np.broadcast_to(point, ends.shape), ends], axis=1))
    ray, wall = walls.query(rays, predicate="intersects")
    cuts = shapely.intersection(rays[ray], walls.geometries[wall])
    reach = np.full(RAYS, radius_m)
    np.minimum.at(reach, ray, shapely.distance(cuts, shapely.Point(point)))
    return float((reach**2).sum() * math.pi / RAYS)


def cityseer_areas(houses: np.ndarray, radius_m: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Open cells in the middle of the town, the area seen from each by cityseer's viewshed, and the seconds of all."""
    from cityseer.rustalgos import viewshed
    from rasterio.features import rasterize
    from rasterio.transform import from_origin

    side = int(2 * radius_m + CORE_M) // CELL_M
    west, north = np.round(shapely.get_coordinates(houses).mean(axis=0)) + np.array((-side, side))
    grid = from_origin(west, north, CELL_M, CELL_M)
    built = rasterize(houses, out_shape=(side, side), transform=grid, default_value=10.0).astype(np.float32)
    start = time.perf_counter()
    seen = viewshed.Viewshed().visibility(built, int(radius_m), CELL_M, 1.5)[0]
    seconds = time.perf_counter() - start
    inner = int(radius_m) // CELL_M
    row, column = np.nonzero(built[inner:-inner, inner:-inner] == 0) + np.array([[inner], [inner]])
    cells = np.column_stack([west + (column + 0.5) * CELL_M, north - (row + 0.5) * CELL_M])
    return cells, np.asarray(seen)[row, column] * CELL_M**2, seconds * len(cells) / (built == 0).sum()


def best_seconds(work: Callable[[], object]) -> float:
    """Shortest of some runs."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def row(measure: str, way: str, rate: float, ours: float, difference: float | None) -> dict:
    """One line of the table; ``ratio`` is our rate in one thread over that way's."""
    return {
        "measure": measure,
        "way": way,
        "ratio": ours / rate,
        "per_second": rate,
        "difference": difference,
    }


def area_rows(houses: np.ndarray, points: np.ndarray, radius_m: float) -> list[dict]:
    """Rates of visible areas, and the largest difference as a share of the disc."""
    measure, few = f"visible area, R = {radius_m:g} m", points[:PEER_VIEWPOINTS]
    occluders, disc = Occluders.from_geometries(houses, []), math.pi * radius_m**2
    visible_area(points[:1], occluders, radius_m)
    one, two = (
        len(points) / best_seconds(lambda t=t: visible_area(points, occluders, radius_m, threads=t)) for t in (1, 2)
    )
    rows = [row(measure, "ours", one, one, None), row(measure, "ours, 2 threads", two, one, None)]
    own = [isovist(point, occluders, radius_m, arc_step_m=0.05) for point in few]
    bounded = [shape.intersection(disc_polygon(point, radius_m)).area for shape, point in zip(own, few, strict=True)]
    spaces = free_space(houses, few, radius_m)
    for name, peer in (("visilibity", visilibity_areas), ("pyvispoly", pyvispoly_areas)):
        if importlib.util.find_spec(name):
            areas, seconds = peer(spaces)
            away = np.abs(np.subtract(areas, bounded)) / disc
            peer_row = row(measure, name, len(few) / seconds, one, float(away.max()))
            rows.append(peer_row | {"median_difference": float(np.median(away))})
    if importlib.util.find_spec("cityseer") and radius_m <= CELLS_TO_M:
        cells, areas, seconds = cityseer_areas(houses, radius_m)
        away = np.abs(areas - visible_area(cells, occluders, radius_m)) / disc
        cell_row = row(measure, f"cityseer, cells of {CELL_M} m", len(cells) / seconds, one, float(away.max()))
        rows.append(cell_row | {"median_difference": float(np.median(away))})
    walls = shapely.STRtree(shapely.linestrings(occluders.segments.reshape(-1, 2, 2)))
    start = time.perf_counter()
    by_rays = [ray_areas(walls, point, radius_m) for point in few]
    seconds = time.perf_counter() - start
    away = np.abs(by_rays - visible_area(few, occluders, radius_m)) / disc
    ray_row = row(measure, f"shapely, {RAYS} rays", len(few) / seconds, one, float(away.max()))
    return [*rows, ray_row | {"median_difference": float(np.median(away))}]


def sight_rows(houses: np.ndarray, points: np.ndarray) -> list[dict]:
    """Rates of lines of sight, and the share of lines on which the ways differ."""
    measure, occluders = f"lines of sight, {SIGHT_M:g} m", Occluders.from_geometries(houses, [])
    rng = np.random.default_rng(2)
    a = points[rng.integers(0, len(points), SIGHTS)]
    angles = rng.uniform(0, 2 * np.pi, SIGHTS)
    b = a + SIGHT_M * np.column_stack([np.cos(angles), np.sin(angles)])
    in_sight(a[:1], b[:1], occluders)
    one, two = (SIGHTS / best_seconds(lambda t=t: in_sight(a, b, occluders, threads=t)) for t in (1, 2))
    walls = shapely.STRtree(shapely.linestrings(occluders.segments.reshape(-1, 2, 2)))
    start = time.perf_counter()
    lines = shapely.linestrings(np.stack([a, b], axis=1)[:PEER_SIGHTS])
    blocked = np.zeros(PEER_SIGHTS, dtype=bool)
    blocked[walls.query(lines, predicate="intersects")[0]] = True
    rate = PEER_SIGHTS / (time.perf_counter() - start)
    differ = float((in_sight(a[:PEER_SIGHTS], b[:PEER_SIGHTS], occluders) == blocked).mean())
    return [
        row(measure, "ours", one, one, None),
        row(measure, "ours, 2 threads", two, one, None),
        row(measure, "shapely STRtree", rate, one, differ),
    ]


def run(viewpoints: int = 5_000, footprints: str | None = None) -> list[dict]:
    """Measure all ways that are installed; ratios, rates and differences, one dict a way."""
    houses = footprints_of(footprints) if footprints else random_town()
    points = viewpoints_among(houses, viewpoints)
    building = best_seconds(lambda: Occluders.from_geometries(houses, []))
    built = row(f"grid of {len(houses)} buildings", "ours", 1 / building, 1 / building, None)
    areas = [line for radius_m in (100.0, 200.0) for line in area_rows(houses, points, radius_m)]
    return [built, *areas, *sight_rows(houses, points)]


def main() -> None:
    """Print the table, ratios first."""
    parser = argparse.ArgumentParser(description=run.__doc__)
    parser.add_argument("--viewpoints", type=int, default=5_000)
    parser.add_argument("--footprints", help="OpenStreetMap extract; else a random town")
    chosen = parser.parse_args()
    print(f"{'ratio':>8} {'per second':>12} {'difference: median':>19} {'largest':>9}")
    for line in run(chosen.viewpoints, chosen.footprints):
        median, most = line.get("median_difference", math.nan), line["difference"]
        most = math.nan if most is None else most
        print(
            f"{line['ratio']:8.1f} {line['per_second']:12,.0f} {median:19.1e} {most:9.1e}"
            f"  {line['measure']}: {line['way']}"
        )


if __name__ == "__main__":
    main()
