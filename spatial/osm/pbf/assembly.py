"""Multipolygons, and outlines that touch themselves, put together by osmium from a small file of their own.

In the small file nodes, ways and relations are numbered from 1: osmium keeps no positions of nodes with negative ids,
which editors give to what is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from osmium.osm import osm_entity_bits
from shapely.geometry.base import BaseGeometry

from spatial.osm.pbf import decode
from spatial.osm.pbf.blocks import Block
from spatial.osm.pbf.members import MemberWays, described
from spatial.osm.pbf.ragged import Ints
from spatial.osm.pbf.rows import AREAS, LOST, UNITS_PER_DEG, Assembled
from spatial.osm.pbf.selection import NO_EXTENT, TWIN, Keys, Lost

TOGETHER = 2_000  # relations that are put together at a time
RELATION = 1 << 62  # areas of relations come after those of ways
TYPED = {"type": "multipolygon", "area": "yes"}
INNER = "inner"
Tags = dict[str, str]
Irregular = tuple[int, Tags, Ints, Any, Any]


@dataclass
class Made:
    """Areas and what is lost of them, and the ids of the ways that a relation stands for."""

    rows: list[Assembled] = field(default_factory=list)
    twin_ways: set[int] = field(default_factory=set)
    twin_relations: int = 0
    lost: list[Lost] = field(default_factory=list)


@dataclass
class _Part:
    """What goes into one small file; members of relations are (way, role)."""

    nodes: dict[int, tuple[int, int]] = field(default_factory=dict)
    ways: dict[int, tuple[Tags, list[int]]] = field(default_factory=dict)
    relations: dict[int, tuple[Tags, list[tuple[int, str]]]] = field(default_factory=dict)
    outlines: list[int] = field(default_factory=list)

    def add_way(self, identity: int, tags: Tags, refs: Any, lon: Any, lat: Any) -> None:
        for ref, x, y in zip(refs.tolist(), lon.tolist(), lat.tolist(), strict=True):
            if x != decode.NOWHERE:
                self.nodes[ref] = (x, y)
        self.ways[identity] = (tags, refs.tolist())

    def corners(self, way: int) -> list[tuple[int, int]]:
        """Positions of the nodes of a way that are known."""
        return [self.nodes[ref] for ref in self.ways[way][1] if ref in self.nodes]


def assemble(
    blocks: Iterable[Block],
    keys: Keys,
    near: Ints,
    members: MemberWays,
    irregular: list[Irregular],
    buildings: set[int],
    drafts: Path,
) -> Made:
    """Put together areas of relations, and of closed ways that are no simple ring.

    Parameters
    ----------
    blocks
        The blocks with the relations.
    near
        Ids of the relations that are wanted, sorted.
    irregular
        Ways: id, tags, nodes, positions.
    buildings
        Ways that are buildings by themselves, and part of a building's relation.
    """
    made = Made()
    wanted = _relations(blocks, keys, near)
    part = _Part(outlines=[identity for identity, *_ in irregular])
    for identity, tags, refs, lon, lat in irregular:
        part.add_way(identity, tags, refs, lon, lat)
    while (relations := dict(islice(wanted, TOGETHER))) or part.ways:
        part.relations = relations
        parts_of = [way for _, parts in relations.values() for way, _ in parts]
        ways: Ints = np.array(sorted(set(parts_of) - part.ways.keys()), dtype=np.int64)
        rows, known = members.rows(ways)
        for way, row in zip(ways[known].tolist(), rows[known].tolist(), strict=True):
            part.add_way(way, {}, *members.nodes(row).T)
        if part.ways:
            _assemble_part(part, buildings, drafts / "assembly.osm.pbf", made)
        part = _Part()
    return made


def _relations(
    blocks: Iterable[Block], keys: Keys, near: Ints
) -> Iterator[tuple[int, tuple[Tags, list[tuple[int, str]]]]]:
    for block in blocks:
        for group in described(block, keys):
            rows = np.flatnonzero(np.isin(group.ids, near))
            tags = block.dictionaries(group.tags.rows(rows)) if len(rows) else []
            for words in tags:
                words.pop("type", None)  # it says that this is an area, not of what
                if "highway" in words:
                    words.setdefault("area", "yes")
            for row, words in zip(rows.tolist(), tags, strict=True):
                parts = group.members[:, group.at[row] : group.at[row + 1]].T.tolist()
                yield int(group.ids[row]), (words, [(ref, block.words[role]) for kind, ref, role in parts if kind == 1])


def _assemble_part(part: _Part, buildings: set[int], path: Path, made: Made) -> None:
    """Write the small file, let osmium read it, and take its areas."""
    ways, relations = _write(part, path)
    of_ways: dict[int, BaseGeometry] = {}
    of_relations: dict[int, BaseGeometry] = {}
    areas: Any = osmium.FileProcessor(str(path)).with_areas().with_filter(_only_areas())
    for area in areas:
        shape = _shape(area)
        if not area.from_way():
            if shape is not None:
                of_relations[relations[area.orig_id()]] = shape
        elif ways[area.orig_id()] in part.outlines:
            # osmium builds nothing of an outline that crosses itself; it is repaired with the rest.
            way = ways[area.orig_id()]
            of_ways[way] = shape or shapely.Polygon(np.array(part.corners(way)) / UNITS_PER_DEG)
    path.unlink()
    twins = _twins(part, of_relations, buildings, made)
    kept = {i: shape for i, shape in of_relations.items() if i not in twins}
    _add_areas("way", {i: (part.ways[i][0], shape) for i, shape in of_ways.items()}, AREAS, made)
    _add_areas("relation", {i: (part.relations[i][0], shape) for i, shape in kept.items()}, AREAS, made)
    _add_lost(NO_EXTENT, "way", {i: _box(part, [i]) for i in part.outlines if i not in of_ways}, made)
    boxes = {i: _box(part, [way for way, _ in parts]) for i, (_, parts) in part.relations.items()}
    _add_lost(TWIN, "relation", {i: boxes[i] for i in twins}, made)
    made.twin_relations += len(twins)
    unbuilt = {i: box for i, box in boxes.items() if box is not None and i not in of_relations}
    lost = {i: (part.relations[i][0], shapely.box(*(box / UNITS_PER_DEG))) for i, box in unbuilt.items()}
    _add_areas("relation", lost, LOST, made)


def _only_areas() -> Any:
    return osmium.filter.EntityFilter(osm_entity_bits.AREA)


_WKB = osmium.geom.WKBFactory()


def _shape(area: Any) -> BaseGeometry | None:
    """Return the shape of an area in degrees, or None of one that osmium could not build."""
    try:
        return shapely.from_wkb(_WKB.create_multipolygon(area))
    except (osmium.InvalidLocationError, RuntimeError):
        return None


def _add_areas(element: str, areas: dict[int, tuple[Tags, BaseGeometry]], kind: str, made: Made) -> None:
    if areas:
        ids = sorted(areas)
        order = np.array(ids, dtype=np.int64) + (RELATION if element == "relation" else 0)
        shapes = np.array([areas[i][1] for i in ids], dtype=object)
        names = [f"osm:{element}/{i}" for i in ids]
        made.rows.append(Assembled(kind, names, order, [areas[i][0] for i in ids], shapes))


def _add_lost(reason: str, element: str, boxes: dict[int, Any], made: Made) -> None:
    if boxes:
        nowhere = [decode.NOWHERE] * 4
        sides = [nowhere if box is None else box for box in boxes.values()]
        made.lost.append(Lost(reason, element, np.array([*boxes], np.int64), np.array(sides, np.int32)))


def _box(part: _Part, ways: list[int]) -> Any:
    """Box of what is known of some ways, in 1e-7 degrees; None where nothing is."""
    corners = np.array([corner for way in ways if way in part.ways for corner in part.corners(way)], np.int64)
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)]) if len(corners) else None


def _twins(part: _Part, built: Iterable[int], buildings: set[int], made: Made) -> set[int]:
    """Ids of buildings' relations that their ways stand for; the ways that a relation stands for go into ``made``.

    The relation stays where it has courtyards, which its ways would fill; else the ways, which tell more.
    """
    drop = set()
    for relation in built:
        tags, parts = part.relations[relation]
        if "building" not in tags:
            continue
        outer = {way for way, role in parts if role != INNER}
        if any(role == INNER for _, role in parts):
            made.twin_ways |= outer & buildings
        elif outer and outer <= buildings:
            drop.add(relation)
    return drop


def _write(part: _Part, path: Path) -> tuple[dict[int, int], dict[int, int]]:
    """Write the small file; return the ids of its ways and of its relations by their numbers."""
    mutable = osmium.osm.mutable
    refs = sorted({ref for _, nodes in part.ways.values() for ref in nodes})
    number = {ref: i for i, ref in enumerate(refs, 1)}
    members = {way for _, parts in part.relations.values() for way, _ in parts}
    of_way = {way: i for i, way in enumerate(sorted(part.ways.keys() | members), 1)}
    of_relation = {relation: i for i, relation in enumerate(sorted(part.relations), 1)}
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for ref in refs:
            if ref in part.nodes:
                x, y = part.nodes[ref]
                writer.add_node(mutable.Node(id=number[ref], location=(x / UNITS_PER_DEG, y / UNITS_PER_DEG)))
        for way, (_, nodes) in sorted(part.ways.items()):
            tags = {"area": "yes"} if way in part.outlines else {}
            writer.add_way(mutable.Way(id=of_way[way], nodes=[number[ref] for ref in nodes], tags=tags))
        for relation, (_, parts) in sorted(part.relations.items()):
            roles = [("w", of_way[way], role) for way, role in parts]
            writer.add_relation(mutable.Relation(id=of_relation[relation], members=roles, tags=TYPED))
    return {i: way for way, i in of_way.items()}, {i: relation for relation, i in of_relation.items()}
