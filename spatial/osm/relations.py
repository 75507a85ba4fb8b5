"""Multipolygons, and outlines that touch themselves, put together by osmium from a small file of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely

from spatial.osm import osmium_reader
from spatial.osm.pbf import decode
from spatial.osm.pbf.blocks import Block
from spatial.osm.pbf.members import MemberWays, described
from spatial.osm.pbf.ragged import Ints
from spatial.osm.pbf.rows import AREAS, LOST, UNITS_PER_DEG, Assembled

TOGETHER = 2_000  # relations that are put together at a time
RELATION = 1 << 62  # areas of relations come after those of ways
MEMBER_TYPES = "nwr"


@dataclass
class Made:
    """Areas and what is lost of them, the ids of the ways that are twins of a relation, and counts."""

    rows: list[Assembled] = field(default_factory=list)
    twins: set[int] = field(default_factory=set)
    dropped: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)


@dataclass
class _Part:
    """What goes into one small file."""

    nodes: dict[int, tuple[int, int]] = field(default_factory=dict)
    ways: dict[int, tuple[dict[str, str], list[int]]] = field(default_factory=dict)
    relations: list[tuple[int, dict[str, str], list[tuple[str, int, str]]]] = field(default_factory=list)

    def add_way(self, identity: int, tags: dict[str, str], refs: Any, lon: Any, lat: Any) -> None:
        for ref, x, y in zip(refs.tolist(), lon.tolist(), lat.tolist(), strict=True):
            if x != decode.NOWHERE:
                self.nodes[ref] = (x, y)
        self.ways[identity] = (tags, refs.tolist())


def assemble(
    blocks: Iterable[Block],
    near: Ints,
    members: MemberWays,
    irregular: list[tuple[int, dict[str, str], Ints, Any, Any]],
    buildings: set[int],
    drafts: Path,
) -> Made:
    """Areas of relations, and of closed ways that are no simple ring.

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
    wanted = _relations(blocks, near)
    first = True
    while (some := list(islice(wanted, TOGETHER))) or first:
        part = _Part(relations=some)
        for identity, tags, refs, lon, lat in irregular if first else ():
            part.add_way(identity, tags, refs, lon, lat)
        first = False
        for _, _, parts in some:
            ways = np.array([ref for kind, ref, _ in parts if kind == "w"], dtype=np.int64)
            rows, known = members.rows(ways)
            for way, row in zip(ways[known].tolist(), rows[known].tolist(), strict=True):
                if way not in part.ways:
                    part.add_way(way, {}, *members.nodes(row).T)
        if part.ways:
            _assembled(part, members, buildings, drafts / "assembly.osm.pbf", made)
    return made


def _relations(blocks: Iterable[Block], near: Ints) -> Iterator[tuple[int, dict[str, str], list[Any]]]:
    for block in blocks:
        for found in described(block):
            rows = np.flatnonzero(np.isin(found.ids, near))
            tags = found.tags.rows(rows).words(block.words) if len(rows) else []
            for row, words in zip(rows.tolist(), tags, strict=True):
                parts = found.members[:, found.at[row] : found.at[row + 1]].T.tolist()
                yield int(found.ids[row]), words, [(MEMBER_TYPES[k], ref, block.words[r]) for k, ref, r in parts]


def _assembled(part: _Part, members: MemberWays, buildings: set[int], path: Path, made: Made) -> None:
    """Write the small file, let osmium read it, and take its areas."""
    _write(part, path)
    scan = osmium_reader.scan_of(path)
    path.unlink()
    relations = {identity: tags for identity, tags, _ in part.relations}
    drop = _twins(scan, buildings, made)
    made.repaired[osmium_reader.TWIN] += len(drop)
    rows = [i for i, identity in enumerate(scan.areas.ids) if identity not in drop]
    if rows:
        ids = [scan.areas.ids[i] for i in rows]
        order = [RELATION * identity.startswith("osm:relation/") + int(identity.rsplit("/")[-1]) for identity in ids]
        shapes = shapely.from_wkb(np.array([scan.areas.wkb[i] for i in rows], dtype=object))
        tags = [scan.areas.tags[i] for i in rows]
        made.rows.append(Assembled(AREAS, ids, np.array(order, dtype=np.int64), tags, shapes))
    made.dropped.update(scan.dropped)
    made.dropped[osmium_reader.NO_EXTENT] += len(scan.rings)
    unbuilt = [i for i in scan.relations_seen if i not in scan.relations_built]
    boxes = [_known_box(i, part, members) for i in unbuilt]
    lost = [(i, box) for i, box in zip(unbuilt, boxes, strict=True) if box is not None]
    if lost:
        ids = [f"osm:relation/{i}" for i, _ in lost]
        shapes = np.array([box for _, box in lost], dtype=object)
        order = [RELATION + i for i, _ in lost]
        tags = [relations[i] for i, _ in lost]
        made.rows.append(Assembled(LOST, ids, np.array(order, dtype=np.int64), tags, shapes))


def _known_box(relation: int, part: _Part, members: MemberWays) -> Any:
    """Box of what is known of a relation."""
    parts = next(found for identity, _, found in part.relations if identity == relation)
    refs = [ref for kind, way, _ in parts if kind == "w" and way in part.ways for ref in part.ways[way][1]]
    known = np.array([part.nodes[ref] for ref in refs if ref in part.nodes], dtype=np.float64) / UNITS_PER_DEG
    return shapely.box(*known.min(axis=0), *known.max(axis=0)) if len(known) else None


def _twins(scan: Any, buildings: set[int], made: Made) -> set[str]:
    """Ids of relations that their ways stand for; the ways that a relation stands for go into ``made``.

    See ``osm_file._drop_twins``, which does the same where all is in one file.
    """
    drop = set()
    of_ways = {f"osm:way/{i}" for i in buildings}
    for relation, (outer, has_holes) in scan.outlines.items():
        if relation not in scan.relations_built:
            continue
        if has_holes:
            made.twins |= {int(identity.rsplit("/")[-1]) for identity in outer & of_ways}
        elif outer and outer <= of_ways:
            drop.add(f"osm:relation/{relation}")
    return drop


def _write(part: _Part, path: Path) -> None:
    mutable = osmium.osm.mutable
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for ref, (x, y) in sorted(part.nodes.items()):
            writer.add_node(mutable.Node(id=ref, location=(x / UNITS_PER_DEG, y / UNITS_PER_DEG)))
        for way, (tags, refs) in sorted(part.ways.items()):
            writer.add_way(mutable.Way(id=way, nodes=refs, tags=tags))
        for relation, tags, members in sorted(part.relations, key=lambda one: one[0]):
            writer.add_relation(mutable.Relation(id=relation, members=members, tags=tags))
