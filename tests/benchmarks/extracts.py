"""Make an OpenStreetMap extract fit for OSMnx: `python -m tests.benchmarks.extracts PBF FOLDER`.

OSMnx reads XML only, stops on ways and multipolygons that a clip has left without members, and
takes every way for a street. What it cannot use is left out here, before anything is timed: one
file with complete objects, and one (`.walk.osm`) with only the ways that people on foot may use.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

NO_WAY_ON_FOOT = {
    *("motorway", "motorway_link", "trunk", "trunk_link", "proposed", "construction", "abandoned"),
    *("raceway", "bus_guideway", "busway", "platform", "corridor", "elevator", "no", "razed"),
}
NOT_FOR_ALL = {"no", "private"}


def walkable(tags: object) -> bool:
    """Whether people on foot may use the way, much as OSMnx asks Overpass for a walking network."""
    kind = tags.get("highway")  # type: ignore[attr-defined]
    if kind is None or kind in NO_WAY_ON_FOOT or tags.get("area") == "yes":  # type: ignore[attr-defined]
        return False
    foot = tags.get("foot")  # type: ignore[attr-defined]
    if foot in NOT_FOR_ALL or tags.get("access") in NOT_FOR_ALL:  # type: ignore[attr-defined]
        return False
    return kind != "cycleway" or foot in {"yes", "designated"}


def prepare(extract: Path, folder: Path) -> Path:
    """Write both files; return the path of the first."""
    import osmium

    nodes, on_foot, walked = set(), set(), set()
    ways, kept, relations = set(), set(), set()
    for entity in osmium.FileProcessor(extract):
        if entity.is_node():
            nodes.add(entity.id)
        elif entity.is_way():
            refs = [node.ref for node in entity.nodes]
            if len(refs) < 2 or not nodes.issuperset(refs):
                continue
            ways.add(entity.id)
            kept.update(refs)
            if walkable(entity.tags):
                walked.add(entity.id)
                on_foot.update(refs)
        elif entity.tags.get("type") == "multipolygon":
            members = list(entity.members)
            if members and all(m.type == "w" and m.ref in ways for m in members):
                relations.add(entity.id)
    whole = folder / f"{extract.name.split('.')[0]}.osm"
    walk = whole.with_suffix(".walk.osm")
    with (
        osmium.SimpleWriter(whole, overwrite=True) as everything,
        osmium.SimpleWriter(walk, overwrite=True) as streets,
    ):
        for entity in osmium.FileProcessor(extract):
            if entity.is_node():
                if entity.id in kept or len(entity.tags):
                    everything.add(entity)
                if entity.id in on_foot:
                    streets.add(entity)
            elif entity.is_way():
                if entity.id in ways:
                    everything.add(entity)
                if entity.id in walked:
                    streets.add(entity)
            elif entity.id in relations:
                everything.add(entity)
    return whole


if __name__ == "__main__":
    print(json.dumps({"path": str(prepare(Path(sys.argv[1]), Path(sys.argv[2])))}))
