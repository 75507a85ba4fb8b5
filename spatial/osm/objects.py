"""Single objects of an extract as they stand in it, with their versions: what a change of them starts from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import osmium
from osmium.osm import osm_entity_bits

from spatial.core.errors import SourceFormatError
from spatial.core.messages import cause
from spatial.osm import osmium_reader

ELEMENTS = {"node": osm_entity_bits.NODE, "way": osm_entity_bits.WAY, "relation": osm_entity_bits.RELATION}
LETTERS = {"n": "node", "w": "way", "r": "relation"}
IDENTITY = re.compile(rf"{osmium_reader.SOURCE_ID}:({'|'.join(ELEMENTS)})/([1-9][0-9]{{0,18}})")
DECIMALS = 7  # of a degree, as OpenStreetMap keeps them

Key = tuple[str, int]
Degrees = tuple[float, float]


@dataclass(frozen=True)
class OsmObject:
    """An object of OpenStreetMap: a node has a place (longitude, latitude), a way nodes, a relation members.

    ``version`` is 0 where the extract holds none. Who edited it, and when, is left in the extract.
    """

    element: str
    number: int
    version: int
    tags: Mapping[str, str]
    location: Degrees | None = None
    nodes: tuple[int, ...] = ()
    members: tuple[tuple[str, int, str], ...] = ()

    @property
    def key(self) -> Key:
        """Element and number."""
        return self.element, self.number


def key_of(identity: str) -> Key | None:
    """Element and number of an identity of ours; None where it is no object of OpenStreetMap.

    Examples
    --------
    >>> key_of("osm:way/12"), key_of("kk.legeplads:12"), key_of("osm:way/-1")
    (('way', 12), None, None)
    """
    found = IDENTITY.fullmatch(identity)
    return (found[1], int(found[2])) if found else None


def read_objects(path: Path, wanted: Collection[Key]) -> dict[Key, OsmObject]:
    """Read objects of an extract by element and number, each in its highest version; deleted ones are left out.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the file is not there, or is not a whole extract.
    """
    osmium_reader.check_file(path)
    newest: dict[Key, OsmObject | None] = {}
    versions: dict[Key, int] = {}
    try:
        for raw in _raw(path, wanted):
            key = LETTERS[raw.type_str()], int(raw.id)
            if raw.version >= versions.get(key, 0):
                versions[key] = raw.version
                newest[key] = None if raw.deleted else _read(raw)
    except (RuntimeError, OSError, ValueError) as error:
        raise SourceFormatError("osm_objects.unreadable", path=path, cause=cause(error)) from error
    return {key: found for key, found in sorted(newest.items()) if found is not None}


def middles(path: Path, objects: Iterable[OsmObject]) -> dict[Key, Degrees]:
    """Middle of the box around each object, in degrees; one whose nodes are not in the extract is left out."""
    asked = {found.key: found for found in objects}
    inner = read_objects(path, {(e, n) for one in asked.values() for e, n, _ in one.members if e != "relation"})
    refs = {key: _node_refs(one, inner) for key, one in asked.items()}
    nodes = read_objects(path, {("node", ref) for of_one in refs.values() for ref in of_one})
    found = {}
    for key, of_one in refs.items():
        places = [place for ref in of_one if ("node", ref) in nodes and (place := nodes["node", ref].location)]
        if places:
            found[key] = _middle(places)
    return found


def _node_refs(one: OsmObject, inner: Mapping[Key, OsmObject]) -> set[int]:
    if one.element == "node":
        return {one.number}
    parts = [inner[element, number] for element, number, _ in one.members if (element, number) in inner]
    return {*one.nodes, *(ref for part in parts for ref in _node_refs(part, {}))}


def _middle(places: Collection[Degrees]) -> Degrees:
    (west, east), (south, north) = ((min(axis), max(axis)) for axis in zip(*places, strict=True))
    return round((west + east) / 2, DECIMALS), round((south + north) / 2, DECIMALS)


def _raw(path: Path, wanted: Collection[Key]) -> Iterator[Any]:
    """Objects of these numbers, by osmium, which passes over all others."""
    numbers = {element: sorted(n for e, n in wanted if e == element) for element in ELEMENTS}
    asked = osm_entity_bits.NOTHING
    for element, found in numbers.items():
        asked |= ELEMENTS[element] if found else osm_entity_bits.NOTHING
    if asked == osm_entity_bits.NOTHING:
        return
    reading: Any = osmium.FileProcessor(str(path), asked)
    for element, found in numbers.items():
        if found:
            criterion: Any = osmium.filter.IdFilter(found)
            reading = reading.with_filter(criterion.enable_for(ELEMENTS[element]))
    yield from reading


def _read(raw: Any) -> OsmObject:
    element = LETTERS[raw.type_str()]
    place = raw.location if element == "node" and raw.location.valid() else None
    return OsmObject(
        element,
        int(raw.id),
        int(raw.version),
        {tag.k: tag.v for tag in raw.tags},
        None if place is None else (place.lon, place.lat),
        tuple(node.ref for node in raw.nodes) if element == "way" else (),
        tuple((LETTERS[m.type], m.ref, m.role) for m in raw.members) if element == "relation" else (),
    )
