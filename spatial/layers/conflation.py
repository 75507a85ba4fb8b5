"""One picture out of several sources: the same thing in two of them becomes one, with its lineage. Pure.

Objects of one class (a kind of place, a kind of context, a building, a stop, a lamp) that two sources
drew near each other are matched one to one. A matched object keeps the identity it has in the first
source and the more detailed geometry. Its tags are merged by a rule per field; who said what, and whose
word was taken, is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import object_array
from spatial.core.model import CLAIM_COLUMNS, Features, RawData
from spatial.layers.completeness import TwoLists
from spatial.settings.tags import TagRules

GEOMETRIES = ("points", "lines", "areas")
# What speaks for a pair beside its nearness, each from 0 to 1: the same name, the overlap of two areas, the same kind.
NAME_WEIGHT = 1.0
OVERLAP_WEIGHT = 1.0
SAME_CLASS_WEIGHT = 0.5
# Names less alike than this are two names, which speak against a pair.
OTHER_NAME = 0.3


@dataclass(frozen=True)
class Conflated:
    """The sources as one.

    ``raw`` holds every thing once. ``claims`` has a row for each field that more than one source,
    or another than the first, knows of an object: ``object_id, field, value, source_id, source_object,
    used``. ``sources`` says of those objects where each of their tags comes from. ``same_as`` names
    the identities that an object has in other sources. ``counts`` says, a source and class, how many
    objects it holds, how many were matched, and how many it adds. ``lists`` count the same where both the first
    source and a register were read: see ``spatial.layers.completeness``. ``closed_at`` are points on open ground
    where, as was seen on the spot, not everybody may be.
    """

    raw: RawData
    claims: pd.DataFrame
    sources: Mapping[str, Mapping[str, str]]
    same_as: Mapping[str, tuple[str, ...]]
    counts: tuple[Mapping[str, Any], ...]
    lists: tuple[TwoLists, ...] = ()
    closed_at: tuple[shapely.Point, ...] = ()


@dataclass
class _Thing:
    """An object on its way through: where it lies, what it is, and who says what of it."""

    identity: str
    tags: dict[str, str]
    shape: Any
    what: str | None
    nodes: npt.NDArray[np.int64] | None
    sources: dict[str, str] = field(default_factory=dict)
    claims: list[tuple[str, str, str, str, bool]] = field(default_factory=list)
    same_as: tuple[str, ...] = ()


def conflate(first: RawData, registers: Sequence[RawData], rules: TagRules) -> Conflated:
    """Make one picture out of a first source and registers, taken in their order.

    Parameters
    ----------
    first
        What gives identities and, where nothing else is said, the word: OpenStreetMap.
    registers
        Municipal layers in the same CRS, with tags of the canonical vocabulary.
    rules
        Tag rules; ``[conflation]`` holds the distances, families and trusted fields.
    """
    if not registers:
        return Conflated(first, pd.DataFrame(columns=list(CLAIM_COLUMNS)), {}, {}, ())
    things = _things(first, rules)
    own = len(things)
    counts: list[Mapping[str, Any]] = []
    lists: list[TwoLists] = []
    for register in registers:
        others = [replace(thing, nodes=None) for thing in _things(register, rules)]
        pairs = _pairs(things, others, rules.conflation)
        for mine, theirs in pairs:
            _merge(things[mine], others[theirs], first, register, rules.conflation["register"])
        matched = {theirs for _, theirs in pairs}
        doubled = _doubled(things, others, matched)
        ground = shapely.intersection(first.extent, register.extent)
        lists += _two_lists(register.provenance.source_id, ground, things[:own], others, pairs)
        counts += _counts(register.provenance.source_id, others, matched, doubled)
        things += [_told(thing, register) for i, thing in enumerate(others) if i not in matched | doubled]
    claims = pd.DataFrame(
        [(thing.identity, *claim) for thing in things for claim in thing.claims], columns=list(CLAIM_COLUMNS)
    )
    return Conflated(
        raw=_assembled(first, things),
        claims=claims.sort_values(["object_id", "field", "source_id"], kind="stable").reset_index(drop=True),
        sources={thing.identity: thing.sources for thing in things if thing.sources},
        same_as={thing.identity: thing.same_as for thing in things if thing.same_as},
        counts=tuple(counts),
        lists=tuple(lists),
    )


def claims_of(places: Any, claims: pd.DataFrame) -> pd.DataFrame:
    """Who says what of each place, in the columns of ``Conflated.claims``.

    Parameters
    ----------
    places
        Index place id, column ``tags``. A place without claims has all its tags from its own source.
    """
    known = claims[claims["object_id"].isin(places.index)]
    told = set(known["object_id"])
    own = [
        (identity, key, value, identity.partition(":")[0], identity, True)
        for identity, tags in zip(places.index, places["tags"], strict=True)
        if identity not in told
        for key, value in tags.items()
    ]
    table = pd.DataFrame(own, columns=list(CLAIM_COLUMNS))
    both = pd.concat([known, table]) if len(known) else table
    return both.sort_values(["object_id", "field", "source_id", "source_object"], kind="stable").reset_index(drop=True)


def absence(registers: Sequence[RawData]) -> dict[str, BaseGeometry]:
    """Where what is not there is known not to be there, by kind of place: what complete registers cover.

    Returns
    -------
    dict
        Kind to polygon, in the CRS of the registers.
    """
    found: dict[str, BaseGeometry] = {}
    for register in registers:
        if register.provenance.complete:
            for kind in register.provenance.covers:
                found[kind] = shapely.union(found[kind], register.extent) if kind in found else register.extent
    return found


def _things(raw: RawData, rules: TagRules) -> list[_Thing]:
    things = []
    areas = set(raw.areas.ids)
    for features in (getattr(raw, name) for name in GEOMETRIES):
        nodes = _nodes(features)
        # A closed way can come as a line and as an area; the area is the thing.
        outline = features is raw.lines
        things += [
            _Thing(identity, dict(tags), shape, None if outline and identity in areas else class_of(tags, rules), node)
            for identity, tags, shape, node in zip(features.ids, features.tags, features.geometry, nodes, strict=True)
        ]
    return things


def _nodes(features: Features) -> list[Any]:
    """Node identities of each object; none where the source has none."""
    if features.node_ids is None or not len(features):
        return [None] * len(features)
    ends = np.cumsum(shapely.get_num_coordinates(features.geometry))
    return np.split(features.node_ids, ends[:-1])


def class_of(tags: Mapping[str, str], rules: TagRules) -> str | None:
    """What an object is, as far as the same thing in another source would be: None of what is never matched."""
    if "building" in tags:
        return "building"
    for matcher in (rules.kind, rules.context, rules.stop, rules.lamp):
        found = matcher.first(tags)
        if found is not None:
            return found
    return None


# --- matching ------------------------------------------------------------------------------------


def _pairs(mine: Sequence[_Thing], theirs: Sequence[_Thing], config: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Pairs of positions that are one thing: for each family of classes the assignment of the greatest weight."""
    family = {name: group[0] for group in config["families"] for name in group}
    groups: dict[str, tuple[list[int], list[int]]] = {}
    for side, things in enumerate((mine, theirs)):
        for i, thing in enumerate(things):
            if thing.what is not None:
                groups.setdefault(family.get(thing.what, thing.what), ([], []))[side].append(i)
    found: list[tuple[int, int]] = []
    for name, (ours, others) in sorted(groups.items()):
        if ours and others:
            within_m = float(config["distance_m"].get(name, config["default_distance_m"]))
            found += _assigned(_candidates(mine, theirs, ours, others, within_m, config["min_overlap"]))
    return found


def _candidates(
    mine: Sequence[_Thing],
    theirs: Sequence[_Thing],
    ours: list[int],
    others: list[int],
    within_m: float,
    min_overlap: float,
) -> list[tuple[int, int, float]]:
    """Pairs that may be one thing, with what speaks for them: near each other, or two areas that overlap."""
    here = np.array([mine[i].shape for i in ours], dtype=object)
    there = np.array([theirs[i].shape for i in others], dtype=object)
    b, a = shapely.STRtree(here).query(there, predicate="dwithin", distance=within_m)
    areas = (shapely.get_dimensions(here[a]) == 2) & (shapely.get_dimensions(there[b]) == 2)
    overlap = _overlap(here[a], there[b])
    nearness = 1 - shapely.distance(here[a], there[b]) / (within_m or 1.0)
    weight = np.where(areas, OVERLAP_WEIGHT * overlap, nearness)
    pairs = []
    for i, j, w in zip(a, b, np.where(areas & (overlap < min_overlap), -np.inf, weight), strict=True):
        left, right = mine[ours[i]], theirs[others[j]]
        total = float(w) + _names(left.tags, right.tags) + SAME_CLASS_WEIGHT * (left.what == right.what)
        if total > SAME_CLASS_WEIGHT:
            pairs.append((ours[i], others[j], total))
    return pairs


def _overlap(a: npt.NDArray[np.object_], b: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    """Common area / area of both together, 0 where neither is an area."""
    common = shapely.area(shapely.intersection(a, b))
    both = shapely.area(a) + shapely.area(b) - common
    share: npt.NDArray[np.float64] = np.divide(common, both, out=np.zeros(len(a)), where=both > 0)
    return share


def _names(a: Mapping[str, str], b: Mapping[str, str]) -> float:
    """What two names say: alike speaks for a pair, unlike against it, one alone says nothing."""
    if "name" not in a or "name" not in b:
        return 0.0
    alike = SequenceMatcher(None, a["name"].casefold(), b["name"].casefold()).ratio()
    return NAME_WEIGHT * (alike if alike > OTHER_NAME else alike - OTHER_NAME)


def _assigned(candidates: list[tuple[int, int, float]]) -> list[tuple[int, int]]:
    """The one-to-one assignment of the greatest total weight."""
    import networkx as nx

    graph = nx.Graph()
    for i, j, weight in sorted(candidates):
        graph.add_edge(("mine", i), ("theirs", j), weight=weight)
    found = []
    for part in nx.connected_components(graph):
        for pair in nx.max_weight_matching(graph.subgraph(sorted(part))):
            (_, i), (_, j) = sorted(pair)
            found.append((i, j))
    return sorted(found)


# --- merging -------------------------------------------------------------------------------------


def _merge(mine: _Thing, theirs: _Thing, first: RawData, register: RawData, trusted: Sequence[str]) -> None:
    """Let a register speak of a thing that is known already."""
    source = register.provenance.source_id
    if not mine.claims:
        _told(mine, first)
    for key, value in sorted(theirs.tags.items()):
        known = mine.tags.get(key)
        trusts = key in trusted and mine.sources.get(key) == first.provenance.source_id
        takes = known is None or (known != value and trusts)
        if takes:
            mine.claims = [(*claim[:4], claim[4] and claim[0] != key) for claim in mine.claims]
            mine.tags[key], mine.sources[key] = value, source
        mine.claims.append((key, value, source, theirs.identity, takes))
    if shapely.get_dimensions(theirs.shape) > shapely.get_dimensions(mine.shape):
        mine.shape, mine.nodes = theirs.shape, theirs.nodes
    mine.same_as = (*mine.same_as, theirs.identity)


def _told(thing: _Thing, raw: RawData) -> _Thing:
    """Write down that all of a thing's tags come from this source."""
    source = raw.provenance.source_id
    thing.sources = dict.fromkeys(thing.tags, source)
    thing.claims = [(key, value, source, thing.identity, True) for key, value in sorted(thing.tags.items())]
    return thing


def _doubled(mine: Sequence[_Thing], theirs: Sequence[_Thing], matched: set[int]) -> set[int]:
    """Buildings that stand inside one that is known already: drawn in parts by one source, whole by the other."""
    known = [thing.shape for thing in mine if thing.what == "building"]
    rest = [i for i, thing in enumerate(theirs) if thing.what == "building" and i not in matched]
    if not known or not rest:
        return set()
    inner = shapely.point_on_surface(np.array([theirs[i].shape for i in rest], dtype=object))
    inside = shapely.STRtree(known).query(inner, predicate="within")[0]
    return {rest[i] for i in inside}


def _counts(source: str, things: Sequence[_Thing], matched: set[int], doubled: set[int]) -> list[Mapping[str, Any]]:
    classes = sorted({thing.what for thing in things if thing.what is not None})
    rows: list[Mapping[str, Any]] = []
    for name in classes:
        held = {i for i, thing in enumerate(things) if thing.what == name}
        rows.append(
            {
                "source_id": source,
                "class": name,
                "objects": len(held),
                "matched": len(held & matched),
                "added": len(held - matched - doubled),
            }
        )
    return rows


def _two_lists(
    source: str, ground: BaseGeometry, mine: Sequence[_Thing], theirs: Sequence[_Thing], pairs: list[tuple[int, int]]
) -> list[TwoLists]:
    """How many of each class the first source and a register hold on the ground that both cover."""
    here, there = _inside(mine, ground), _inside(theirs, ground)
    classes = sorted({thing.what for thing in theirs if thing.what is not None} - {"building"})
    return [
        TwoLists(
            name,
            source,
            first=sum(bool(thing.what == name and inside) for thing, inside in zip(mine, here, strict=True)),
            second=sum(bool(thing.what == name and inside) for thing, inside in zip(theirs, there, strict=True)),
            both=sum(
                i < len(mine) and mine[i].what == name == theirs[j].what and bool(here[i] and there[j])
                for i, j in pairs
            ),
        )
        for name in classes
    ]


def _inside(things: Sequence[_Thing], ground: BaseGeometry) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = shapely.intersects(ground, object_array(thing.shape for thing in things))
    return found


def _assembled(first: RawData, things: Sequence[_Thing]) -> RawData:
    """Raw data of all things, in the order of the sources."""
    parts: tuple[list[_Thing], ...] = ([], [], [])
    for thing in things:
        parts[shapely.get_dimensions(thing.shape)].append(thing)
    points, lines, areas = map(_features, parts)
    return replace(first, points=points, lines=replace(lines, node_ids=_node_ids(parts[1])), areas=areas)


def _features(things: Sequence[_Thing]) -> Features:
    return Features(
        ids=object_array(thing.identity for thing in things),
        tags=[thing.tags for thing in things],
        geometry=object_array(thing.shape for thing in things),
    )


def _node_ids(lines: Sequence[_Thing]) -> npt.NDArray[np.int64]:
    """Identities of all vertices; one that the source has not named is given its own, below zero."""
    nodes, unnamed = [np.empty(0, dtype=np.int64)], 0
    for line in lines:
        count = int(shapely.get_num_coordinates(line.shape))
        known = line.nodes is not None and len(line.nodes) == count
        nodes.append(line.nodes if line.nodes is not None and known else -1 - unnamed - np.arange(count))
        unnamed += 0 if known else count
    return np.concatenate(nodes)
