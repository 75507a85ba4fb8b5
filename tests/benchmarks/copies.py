"""Large extracts made of real ones: `python -m tests.benchmarks.copies COPIES AREAS OUT.osm.pbf OUT.gpkg TOWN...`.

The towns together are one copy; each further copy is the same, moved by whole steps of degrees, with ids of its
own. Areas are the real polygons of Copenhagen's housing departments (so of real sizes), each laid on a building
of a town drawn by chance with a seed; without that file, circles of one hectare.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STEP_LON_DEG, STEP_LAT_DEG = 0.35, 0.2  # further than any of the towns is long
STRIDE = 1 << 34  # between the ids of copies; ids of today need 34 bits
SEED = 7
SITE_M = 56.0  # radius of a hectare


@dataclass
class Town:
    """Elements of the extracts that make one copy, by kind and in the order of their ids; the box of each extract."""

    nodes: list[tuple[int, float, float, dict[str, str]]]
    ways: list[tuple[int, list[int], dict[str, str]]]
    relations: list[tuple[int, list[tuple[str, int, str]], dict[str, str]]]
    boxes: list[tuple[float, float, float, float]]


def towns(extracts: Iterable[Path]) -> Town:
    """Read extracts whole; an element that is in two of them is taken once."""
    import osmium

    nodes: dict[int, Any] = {}
    ways: dict[int, Any] = {}
    relations: dict[int, Any] = {}
    boxes = []
    for path in extracts:
        here = []
        for obj in osmium.FileProcessor(str(path)):
            tags = dict(obj.tags)
            if obj.is_node():
                if obj.location.valid():
                    nodes[obj.id] = (obj.id, obj.lon, obj.lat, tags)
                    here.append((obj.lon, obj.lat))
            elif obj.is_way():
                ways[obj.id] = (obj.id, [node.ref for node in obj.nodes], tags)
            else:
                relations[obj.id] = (obj.id, [(m.type, m.ref, m.role) for m in obj.members], tags)
        box = osmium.FileProcessor(str(path)).header.box()
        if box.valid():
            boxes.append((box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat))
        else:
            x, y = zip(*here, strict=True)
            boxes.append((min(x), min(y), max(x), max(y)))
    return Town(*(sorted(found.values(), key=lambda one: one[0]) for found in (nodes, ways, relations)), boxes)


def shifts(copies: int) -> list[tuple[float, float]]:
    """How far each copy is moved, in degrees: a square, row by row."""
    side = math.ceil(math.sqrt(copies))
    return [(STEP_LON_DEG * (i % side), STEP_LAT_DEG * (i // side)) for i in range(copies)]


def write(town: Town, copies: int, out: Path) -> None:
    """Write the copies as one sorted extract, with the box of all of them in its header."""
    import osmium

    mutable, moves = osmium.osm.mutable, shifts(copies)
    header = osmium.io.Header()
    header.add_box(
        osmium.osm.Box(
            min(box[0] for box in town.boxes),
            min(box[1] for box in town.boxes),
            max(box[2] for box in town.boxes) + max(dx for dx, _ in moves),
            max(box[3] for box in town.boxes) + max(dy for _, dy in moves),
        )
    )
    with osmium.SimpleWriter(str(out), header=header, overwrite=True) as writer:
        for copy, (dx, dy) in enumerate(moves):
            add = copy * STRIDE
            for node, lon, lat, tags in town.nodes:
                writer.add_node(mutable.Node(id=node + add, location=(lon + dx, lat + dy), tags=tags))
        for copy in range(copies):
            add = copy * STRIDE
            for way, refs, tags in town.ways:
                writer.add_way(mutable.Way(id=way + add, nodes=[ref + add for ref in refs], tags=tags))
        for copy in range(copies):
            add = copy * STRIDE
            for relation, members, tags in town.relations:
                parts = [(kind, ref + add, role) for kind, ref, role in members]
                writer.add_relation(mutable.Relation(id=relation + add, members=parts, tags=tags))


def areas(town: Town, copies: int, count: int, departments: Path | None = None) -> Any:
    """Areas on buildings of the copies, as a GeoDataFrame in WGS 84 with names; spread evenly over the copies."""
    import geopandas as gpd
    import numpy as np
    import shapely
    from pyproj import Transformer

    from spatial.core.crs import WGS84, local_metric

    draw, moves = np.random.default_rng(SEED), shifts(copies)
    shapes = [shapely.Point(0, 0).buffer(SITE_M)]
    if departments is not None:
        real = gpd.read_file(departments).to_crs(25832).geometry
        real = [shape for shape in real if shape is not None and shape.is_valid and not shape.is_empty]
        shapes = [shapely.affinity.translate(s, -s.centroid.x, -s.centroid.y) for s in real]
    place = {node: (lon, lat) for node, lon, lat, _ in town.nodes}
    sites = [
        place[refs[0]] for _, refs, tags in town.ways if tags.get("building") in HOMES and refs and refs[0] in place
    ]
    found = []
    for i in range(count):
        dx, dy = moves[i % copies]
        lon, lat = sites[draw.integers(len(sites))]
        lon, lat = lon + dx, lat + dy
        there = Transformer.from_crs(WGS84, local_metric(lon, lat), always_xy=True)
        x, y = there.transform(lon, lat)
        laid = shapely.affinity.translate(shapes[draw.integers(len(shapes))], x, y)
        back = np.column_stack(there.transform(*shapely.get_coordinates(laid).T, direction="INVERSE"))
        found.append(shapely.set_coordinates(laid, back))
    return gpd.GeoDataFrame({"name": [f"Area {i:04d}" for i in range(count)]}, geometry=found, crs=4326)


HOMES = {"apartments", "residential"}


def main(arguments: Sequence[str]) -> None:
    """Write both files."""
    copies, count, out, boundaries, *extracts = arguments
    departments = Path("../shared/data/copenhagen/almene_boliger_kk.geojson")
    town = towns(map(Path, extracts))
    write(town, int(copies), Path(out))
    table = areas(town, int(copies), int(count), departments if departments.exists() else None)
    Path(boundaries).unlink(missing_ok=True)
    table.to_file(boundaries, driver="GPKG")


if __name__ == "__main__":
    main(sys.argv[1:])
