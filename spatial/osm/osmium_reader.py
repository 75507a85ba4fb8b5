"""Extracts in any format and order, written anew by osmium as the decoder reads them.

That is a sorted ``.osm.pbf`` of what is on the map now, each object once, in its newest version. Editors mark what is
deleted in their files (``action="delete"``), which osmium does not know; such objects are left out as well.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import os
import re
import shutil
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import numpy.typing as npt
import osmium
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from spatial.core.crs import WGS84
from spatial.core.errors import SourceFormatError, SourceUnavailable
from spatial.core.files import is_pipe
from spatial.core.messages import cause, phrase
from spatial.core.model import Estate

SOURCE_ID = "osm"
LICENCE = "ODbL 1.0"
ATTRIBUTION = "© OpenStreetMap contributors"
PBF = ".pbf"
SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz")
NEEDED = phrase("osm_file.needed", endings=SUFFIXES)
# What stood there, or will: read to be counted.
LIFECYCLE_KEYS = tuple(
    f"{prefix}:{key}"
    for prefix in (
        "disused",
        "abandoned",
        "demolished",
        "removed",
        "razed",
        "was",
        "proposed",
        "planned",
        "construction",
    )
    for key in ("amenity", "leisure")
)
POINT_KEYS = (
    *LIFECYCLE_KEYS,
    "amenity",
    "leisure",
    "barrier",
    "entrance",
    "highway",
    "addr:housenumber",
    "shop",
    "railway",
    "public_transport",
    "club",
    "office",
    "social_facility",
    "tourism",
    "place",
    "natural",
    "kerb",
    "kerb:height",
    "curb",
    "sloped_curb",
    "sloped_kerb",
    "crossing",
    "ford",
    "step_count",
    "wheelchair",
    "access",
    "foot",
    "maxwidth:physical",
)
LINE_KEYS = ("highway", "barrier", "waterway", "amenity", "leisure", "railway")
# A closed way is a line all the same where it is one of these.
RING_LINE_KEYS = ("highway", "barrier")
AREA_KEYS = (
    *LIFECYCLE_KEYS,
    "building",
    "amenity",
    "leisure",
    "landuse",
    "natural",
    "place",
    "area",
    "addr:housenumber",
    "shop",
    "club",
    "office",
    "social_facility",
    "waterway",
    "public_transport",
    "barrier",
    "tourism",
)
# A square with a hole is a multipolygon; a closed way with this key is a line.
RELATION_KEYS = (*AREA_KEYS, "highway")
# About 2.2 km north and south, and as much east and west in Europe, beyond the reach: no building
# that begins further off reaches into the area.
WINDOW_DEG = 0.02
STAMP = "osmosis_replication_timestamp"
OSM_BASE, HEAD_BYTES = re.compile(rb'<meta [^>]*osm_base="([0-9T:Z-]+)"'), 2048
ELEMENTS = {"n": "node", "w": "way", "r": "relation"}
RANKS = {kind: rank for rank, kind in enumerate(ELEMENTS)}
# Objects are put in order in memory, of which they take about so much.
MAX_PBF_BYTES, MAX_TEXT_BYTES = 200_000_000, 2_000_000_000
READING_ERRORS = (
    RuntimeError,
    ValueError,
    OSError,
    EOFError,
    zlib.error,
    expat.ExpatError,
    osmium.InvalidLocationError,
)
MOST_OF_A_REMARK = 160
ROOM = 2  # times the size of an extract: what it is written to
DELETED = "deleted object"
OLDER = "older version, or a copy, of the same object"

Box = tuple[float, float, float, float]
Key = tuple[str, int]


def area_wgs84(estate: Estate) -> BaseGeometry:
    """Return the polygon in WGS 84 of all that is read for an estate."""
    to_degrees = Transformer.from_crs(estate.crs, WGS84, always_xy=True)
    area: BaseGeometry = project(np.array([estate.context_area], dtype=object), to_degrees)[0]
    return area


def project(geometry: npt.NDArray[np.object_], transformer: Transformer) -> npt.NDArray[np.object_]:
    """Project geometries in one call, and keep every vertex."""
    xy = shapely.get_coordinates(geometry)
    there = np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
    result: npt.NDArray[np.object_] = shapely.set_coordinates(geometry.copy(), there)
    return result


def check_file(path: Path) -> Path:
    """Make sure that a path names an extract that can be opened.

    Raises
    ------
    SourceUnavailable
        If the file is not there or may not be read.
    SourceFormatError
        If it is a folder, empty, or has another ending.
    """
    if not path.exists():
        raise SourceUnavailable("files.missing", path=path, needed=NEEDED)
    if path.is_dir():
        raise SourceFormatError("osm_file.folder", path=path, needed=NEEDED)
    if is_pipe(path):
        raise SourceFormatError("files.pipe", path=path, needed=NEEDED)
    if not path.name.endswith(SUFFIXES):
        raise SourceFormatError("osm_file.ending", path=path, needed=NEEDED)
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise SourceUnavailable("osm_file.unopened", path=path, cause=error.strerror) from error
    if empty:
        raise SourceFormatError("osm_file.empty", path=path, needed=NEEDED)
    return path


@dataclass(frozen=True)
class Header:
    """Box in degrees that an extract declares, and the moment of its data; None and "" where it does not say."""

    box: Box | None
    stamp: str


def read_header(path: Path) -> Header:
    """Read the header of an extract.

    Raises
    ------
    SourceFormatError
        If it is not OpenStreetMap data.
    """
    try:
        header = osmium.FileProcessor(str(path)).header
        box, stamp = header.box(), header.get(STAMP, "")
    except (RuntimeError, ValueError) as error:
        raise SourceFormatError("osm_file.unreadable", path=path, cause=cause(error)) from error
    if not box.valid():
        return Header(None, stamp)
    low, high = box.bottom_left, box.top_right
    return Header((low.lon, low.lat, high.lon, high.lat), stamp)


def osm_base(path: Path) -> str:
    """The moment that an answer of Overpass names, which libosmium does not read; "" where it names none."""
    if path.suffix != ".osm":
        return ""
    with path.open("rb") as stream:
        found = OSM_BASE.search(stream.read(HEAD_BYTES))
    return found[1].decode() if found else ""


@dataclass
class Ordered:
    """What was done to put an extract in order; counts are by element: node, way, relation.

    ``out_of_order`` are objects that stand after one that belongs behind them.
    """

    in_file: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, Counter[str]] = field(default_factory=dict)
    out_of_order: Counter[str] = field(default_factory=Counter)


def put_in_order(path: Path, target: Path) -> Ordered:
    """Write an extract anew as a sorted ``.osm.pbf`` of what is on the map now.

    Raises
    ------
    SourceFormatError
        If the extract cannot be read to its end, is a file of changes, holds two objects of the same identity and
        version that differ, or is too large to be put in order in memory.
    OSError
        If there is no room for what is written.
    """
    if path.stat().st_size > (MAX_PBF_BYTES if path.name.endswith(PBF) else MAX_TEXT_BYTES):
        raise SourceFormatError("osm_file.too_large", path=path)
    if shutil.disk_usage(target.parent).free < ROOM * path.stat().st_size:  # osmium ends the process on a full disk
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    try:
        writer = _Writer(_survey(path), set() if path.name.endswith(PBF) else _deleted_by_editor(path))
        header = osmium.io.Header()
        declared = osmium.FileProcessor(str(path)).header
        if declared.box().valid():
            header.add_box(declared.box())
        if declared.get(STAMP, ""):
            header.set(STAMP, declared.get(STAMP, ""))
        objects = osmium.MergeInputReader()
        objects.add_file(str(path))
        if writer.survey.has_locations:
            positions = target.with_name("positions.osm.pbf")
            _write_positions(path, positions, writer.survey.nodes)
            objects.add_file(str(positions))
        with osmium.SimpleWriter(str(target), header=header, overwrite=True) as file:
            writer.write(objects, file)
    except READING_ERRORS as error:
        raise SourceFormatError("osm_file.unreadable", path=path, cause=cause(error)) from error
    return writer.done


@dataclass
class _Survey:
    """What a file holds: objects by element, out of order or not, and newest versions of what is there twice."""

    in_file: Counter[str]
    out_of_order: Counter[str]
    newest: dict[Key, int]
    nodes: set[int]
    has_locations: bool


def _survey(path: Path) -> _Survey:
    ranks, ids, versions, has_locations = [], [], [], False
    objects: Any = osmium.FileProcessor(str(path))
    for obj in objects:
        kind = obj.type_str()
        ranks.append(RANKS[kind])
        ids.append(obj.id)
        versions.append(obj.version)
        if kind == "w" and not has_locations and len(obj.nodes):
            has_locations = obj.nodes[0].location.valid() or obj.nodes[-1].location.valid()
    rank, identity, version = (np.array(values, dtype=np.int64) for values in (ranks, ids, versions))
    by_version = np.lexsort((version, identity, rank))
    same = (np.diff(rank[by_version]) == 0) & (np.diff(identity[by_version]) == 0)
    twice = by_version[1:][same]  # ascending versions: the last one stays
    place = np.argsort(np.lexsort((np.abs(identity), identity > 0, rank)))
    is_late = place < np.maximum.accumulate(place)
    kinds = [*ELEMENTS]
    newest = {(kinds[rank[i]], int(identity[i])): int(version[i]) for i in twice}
    counts, late = (Counter(ELEMENTS[kinds[i]] for i in some.tolist()) for some in (rank, rank[is_late]))
    nodes = set(identity[rank == 0].tolist()) if has_locations else set()
    return _Survey(counts, late, newest, nodes, has_locations)


def _write_positions(path: Path, target: Path, known: set[int]) -> None:
    """Write as nodes the positions that stand on ways, of nodes that the file does not hold."""
    with osmium.SimpleWriter(str(target), overwrite=True) as file:
        ways: Any = osmium.FileProcessor(str(path), osmium.osm.WAY)
        for way in ways:
            for node in way.nodes:
                if node.ref not in known and node.location.valid():
                    known.add(node.ref)
                    file.add_node(osmium.osm.mutable.Node(id=node.ref, location=(node.lon, node.lat)))


class _Writer:
    """Takes objects sorted by kind, id and version, and writes what is on the map now, negative ids ascending."""

    def __init__(self, survey: _Survey, deleted: set[Key]) -> None:
        self.survey, self.deleted = survey, deleted
        self.done = Ordered(survey.in_file, {name: Counter() for name in ELEMENTS.values()}, survey.out_of_order)
        self._file: Any = None
        self._negative: list[Any] = []
        self._kind = ""
        self._content: dict[Key, Any] = {}

    def write(self, objects: Any, file: Any) -> None:
        """Write all objects of a ``MergeInputReader`` into a file."""
        self._file = file
        objects.apply(self, simplify=False)
        self._flush()

    def node(self, node: Any) -> None:
        """Take a node; osmium calls this, and the next two."""
        self._take("n", node, lambda: osmium.osm.mutable.Node(node, tags=dict(node.tags), location=_position(node)))

    def way(self, way: Any) -> None:
        """Take a way."""
        refs = [node.ref for node in way.nodes]
        self._take("w", way, lambda: osmium.osm.mutable.Way(way, tags=dict(way.tags), nodes=refs))

    def relation(self, relation: Any) -> None:
        """Take a relation."""
        members = [(one.type, one.ref, one.role) for one in relation.members]
        self._take(
            "r", relation, lambda: osmium.osm.mutable.Relation(relation, tags=dict(relation.tags), members=members)
        )

    def _take(self, kind: str, obj: Any, copy: Any) -> None:
        key, left_out = (kind, obj.id), self.done.left_out[ELEMENTS[kind]]
        if key in self.survey.newest and not self._is_first_of_newest(key, obj, copy):
            left_out[OLDER] += 1
        elif not obj.visible or key in self.deleted:
            left_out[DELETED] += 1
        else:
            if kind != self._kind or obj.id > 0:
                self._flush()
            self._kind = kind
            if obj.id > 0:
                self._file.add(obj)
            else:
                self._negative.append(copy())

    def _is_first_of_newest(self, key: Key, obj: Any, copy: Any) -> bool:
        if obj.version < self.survey.newest[key]:
            return False
        made = copy()
        content = [obj.visible, *(getattr(made, name, None) for name in ("tags", "location", "nodes", "members"))]
        if self._content.setdefault(key, content) is content:
            return True
        if self._content[key] != content:
            raise ValueError(phrase("osm_file.differs", name=f"{ELEMENTS[key[0]]}/{key[1]}", version=obj.version))
        return False

    def _flush(self) -> None:
        """Write the negative ids that wait; osmium gives the greatest first."""
        for obj in reversed(self._negative):
            self._file.add(obj)
        self._negative = []


def _position(node: Any) -> tuple[float, float] | None:
    return (node.lon, node.lat) if node.location.valid() else None


def _deleted_by_editor(path: Path) -> set[Key]:
    """Identities of the objects of a text that an editor has marked as deleted.

    Raises
    ------
    ValueError
        If the text is a file of changes, which says what was edited and not what is on the map, or an answer of
        Overpass that says that it was broken off.
    """
    text = _Text()
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.CharacterDataHandler = text.begin, text.said
    opened: Any = {".bz2": bz2.open, ".gz": gzip.open}.get(path.suffix, open)
    with opened(path, "rb") as file:
        parser.ParseFile(file)
    if text.remark is not None:
        remark = " ".join(text.remark.split())[:MOST_OF_A_REMARK]
        raise ValueError(phrase("osm_file.broken_off", remark=remark))
    return text.deleted


@dataclass
class _Text:
    """What a text says beside the map: what an editor has deleted, and a remark of the server that made it."""

    deleted: set[Key] = field(default_factory=set)
    remark: str | None = None
    depth: int = 0
    is_remark: bool = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth == 0 and name == "osmChange":
            raise ValueError(phrase("osm_file.changes"))
        self.depth += 1
        self.is_remark = name == "remark"
        if self.is_remark:
            self.remark = self.remark or ""
        kind = next((kind for kind, element in ELEMENTS.items() if element == name), None)
        if kind is not None and attributes.get("action") == "delete":
            self.deleted.add((kind, int(attributes["id"])))

    def said(self, words: str) -> None:
        if self.is_remark:
            self.remark = (self.remark or "") + words
