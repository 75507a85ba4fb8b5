"""Small OpenStreetMap documents for tests: nodes in metres around a centre, ways, relations."""

from __future__ import annotations

import bz2
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import osmium
from pyproj import CRS, Transformer

Tags = Mapping[str, str]
Node = tuple[float, float] | tuple[float, float, Tags]
Way = tuple[Sequence[int], Tags]
Relation = tuple[Sequence[tuple[str, int, str]], Tags]

METRIC = CRS.from_epsg(25832)
CENTRE_M = (711_000.0, 6_173_000.0)
WHEN = "2024-05-06T07:08:09Z"
# OpenStreetMap keeps seven decimals of a degree: about a centimetre.
GRAIN_M = 0.02
_TO_DEGREES = Transformer.from_crs(METRIC, CRS.from_epsg(4326), always_xy=True)


def degrees(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a point given in metres around the centre, as OSM stores it."""
    lon, lat = _TO_DEGREES.transform(CENTRE_M[0] + x, CENTRE_M[1] + y)
    return round(lon, 7), round(lat, 7)


def write(
    path: Path,
    nodes: Mapping[int, Node],
    ways: Mapping[int, Way] | None = None,
    relations: Mapping[int, Relation] | None = None,
    *,
    bounds: tuple[float, float, float, float] | None = None,
    when: Mapping[str, str] | None = None,
) -> Path:
    """Write a document; the name's ending says how: ``.osm``, ``.osm.bz2`` or ``.osm.pbf``.

    Nodes are (x, y) or (x, y, tags) in metres around ``CENTRE_M``; ways are (node ids, tags) and
    may name nodes that are not there; relations are (members, tags) with members (type, id, role).
    ``bounds`` (west, south, east, north in metres) becomes the header's box. ``when`` dates single
    objects: ``{"node/1": "2020-01-01T00:00:00Z"}``; the others are of ``WHEN``.
    """
    ways, relations, when = ways or {}, relations or {}, when or {}
    if path.name.endswith(".pbf"):
        _binary(path, nodes, ways, relations, bounds, when)
        return path
    text = _document(nodes, ways, relations, bounds, when).encode()
    path.write_bytes(bz2.compress(text) if path.name.endswith(".bz2") else text)
    return path


def _tags_of(node: Node) -> Tags:
    return node[2] if len(node) > 2 else {}


def _box(
    bounds: tuple[float, float, float, float],
) -> tuple[tuple[float, float], tuple[float, float]]:
    return degrees(*bounds[:2]), degrees(*bounds[2:])


def _document(nodes, ways, relations, bounds, when) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="tests">']
    if bounds:
        (west, south), (east, north) = _box(bounds)
        lines.append(f'<bounds minlat="{south}" minlon="{west}" maxlat="{north}" maxlon="{east}"/>')
    for i, node in sorted(nodes.items()):
        lon, lat = degrees(*node[:2])
        dated = f'version="1" timestamp="{when.get(f"node/{i}", WHEN)}"'
        head = f'<node id="{i}" {dated} lat="{lat:.7f}" lon="{lon:.7f}">'
        lines += [head, *_tag_lines(_tags_of(node)), "</node>"]
    for i, (refs, tags) in sorted(ways.items()):
        lines.append(f'<way id="{i}" version="1" timestamp="{when.get(f"way/{i}", WHEN)}">')
        lines += [*(f'<nd ref="{ref}"/>' for ref in refs), *_tag_lines(tags), "</way>"]
    for i, (members, tags) in sorted(relations.items()):
        lines.append(f'<relation id="{i}" version="1" timestamp="{when.get(f"relation/{i}", WHEN)}">')
        lines += [f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members]
        lines += [*_tag_lines(tags), "</relation>"]
    return "\n".join([*lines, "</osm>", ""])


def _tag_lines(tags: Tags) -> list[str]:
    return [f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items()]


def _binary(path, nodes, ways, relations, bounds, when) -> None:
    mutable = osmium.osm.mutable
    header = osmium.io.Header()
    if bounds:
        (west, south), (east, north) = _box(bounds)
        header.add_box(osmium.osm.Box(west, south, east, north))
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for i, node in sorted(nodes.items()):
            about = {"id": i, "version": 1, "timestamp": when.get(f"node/{i}", WHEN)}
            writer.add_node(mutable.Node(location=degrees(*node[:2]), tags=dict(_tags_of(node)), **about))
        for i, (refs, tags) in sorted(ways.items()):
            about = {"id": i, "version": 1, "timestamp": when.get(f"way/{i}", WHEN)}
            writer.add_way(mutable.Way(nodes=list(refs), tags=dict(tags), **about))
        for i, (members, tags) in sorted(relations.items()):
            about = {"id": i, "version": 1, "timestamp": when.get(f"relation/{i}", WHEN)}
            short = [(kind[0], ref, role) for kind, ref, role in members]
            writer.add_relation(mutable.Relation(members=short, tags=dict(tags), **about))
