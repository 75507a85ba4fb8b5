"""Reading OpenStreetMap extracts (``.osm.pbf``, ``.osm``, ``.osm.bz2``) in one pass.

pyosmium was chosen by measurement (``tests/benchmarks/reading.py``): it is as fast as GDAL's
Arrow reader, keeps node identities, which GDAL drops, and assembles relations.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import osmium
import shapely
from osmium.osm import osm_entity_bits
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from spatial.core.crs import WGS84
from spatial.core.errors import EmptyAreaError, SourceFormatError, SourceUnavailable
from spatial.core.files import sha256_of
from spatial.core.messages import cause, phrase
from spatial.core.model import Estate, Features, Provenance, RawData

log = logging.getLogger(__name__)

SOURCE_ID = "osm"
LICENCE = "ODbL 1.0"
ATTRIBUTION = "© OpenStreetMap contributors"
SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.bz2")
NEEDED = phrase("osm_file.needed", endings=SUFFIXES)

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
RELATION_KEYS = (*AREA_KEYS, "highway")
# About 2.2 km north and south, and as much east and west in Europe, beyond the reach: no building
# that begins further off reaches into the area.
WINDOW_DEG = 0.02
Window = tuple[float, float, float, float]
# Objects that reach over the edge of the area are kept whole when their box touches it.
MIN_LINE_NODES = 2
LOST_BUILDING = "building whose outline is not all in the extract"
LOST_AREA = "area whose outline is not all in the extract"
NO_EXTENT = "area without extent"
SELF_CROSSING = "self-crossing area"
CUT_LINE = "line cut at the edge of the extract"
SHORT_LINE = "line with fewer than two nodes"
TWIN = "building mapped both as a relation and as its outer way"


@dataclass
class _Batch:
    ids: list[str] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    wkb: list[str] = field(default_factory=list)
    nodes: list[list[int]] = field(default_factory=list)

    def add(self, identity: str, tags: dict[str, str], wkb: str) -> None:
        self.ids.append(identity)
        self.tags.append(tags)
        self.wkb.append(wkb)


class _Ring(NamedTuple):
    """The outline of an area that is not built yet, as a line, and its tags."""

    wkb: str
    tags: dict[str, str]


@dataclass
class _Scan:
    """What one pass over a file collects, in WGS 84."""

    points: _Batch = field(default_factory=_Batch)
    lines: _Batch = field(default_factory=_Batch)
    areas: _Batch = field(default_factory=_Batch)
    relations_seen: dict[int, bool] = field(default_factory=dict)
    relations_built: set[int] = field(default_factory=set)
    outlines: dict[int, tuple[set[str], bool]] = field(default_factory=dict)
    rings: dict[int, _Ring] = field(default_factory=dict)
    cut_rings: list[tuple[bool, BaseGeometry]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    newest: Any = None


def read_with_osmium(path: str | Path, area_wgs84: BaseGeometry | None, crs: CRS) -> RawData:
    """Read the objects of an extract that touch an area.

    Parameters
    ----------
    path
        The extract. The name must end in one of ``SUFFIXES``.
    area_wgs84
        Polygon in WGS 84; objects whose bounding box touches it are kept. None keeps all.
    crs
        Projected CRS in metres, in which the geometry is returned.

    Returns
    -------
    RawData
        Points, lines and areas. Multipolygon relations are assembled; closed ways with tags of an
        area are areas. Lines cut at the edge of the extract are kept as the pieces that are there.

    Raises
    ------
    SourceUnavailable
        If the file is not there or may not be read.
    SourceFormatError
        If it is empty, truncated, or not OpenStreetMap data.
    EmptyAreaError
        If the extract holds nothing in the area.
    """
    path = checked(Path(path))
    scan = scan_of(path, area_wgs84)
    clip = None if area_wgs84 is None else area_wgs84.bounds
    extent = _extent(path, scan)
    to_metric = Transformer.from_crs(WGS84, crs, always_xy=True)
    _count_unbuilt(scan, clip)
    _drop_twins(scan)
    scan.areas = _in_order(scan.areas)
    raw = RawData(
        points=_features(scan.points, clip, to_metric),
        lines=_features(scan.lines, clip, to_metric),
        areas=_valid(_features(scan.areas, clip, to_metric), scan),
        extent=project(np.array([extent]), to_metric)[0],
        dropped={reason: n for reason, n in sorted(scan.dropped.items()) if n},
        repaired={reason: n for reason, n in sorted(scan.repaired.items()) if n},
        provenance=_provenance(path, scan),
    )
    if area_wgs84 is not None and not extent.intersects(area_wgs84):
        raise outside(path, extent, area_wgs84)
    log_dropped(path, raw)
    return raw


def osmium_around(path: str | Path, estate: Estate) -> RawData:
    """Read the surroundings of an estate: its boundary, margin and reach; see ``read``."""
    return read_with_osmium(path, area_wgs84(estate), estate.crs)


def area_wgs84(estate: Estate) -> BaseGeometry:
    """Polygon in WGS 84 of all that is read for an estate."""
    to_degrees = Transformer.from_crs(estate.crs, WGS84, always_xy=True)
    area: BaseGeometry = project(np.array([estate.context_area], dtype=object), to_degrees)[0]
    return area


def _count_unbuilt(scan: _Scan, clip: tuple[float, float, float, float] | None) -> None:
    """Count the areas that could not be built; of cut outlines those that touch the area."""
    near = None if clip is None else shapely.box(*clip)
    lost = [is_building for is_building, known in scan.cut_rings if near is None or near.intersects(known)]
    lost += [building for i, building in scan.relations_seen.items() if i not in scan.relations_built]
    for is_building in lost:
        scan.dropped[LOST_BUILDING if is_building else LOST_AREA] += 1
    scan.dropped[NO_EXTENT] += len(scan.rings)


def _drop_twins(scan: _Scan) -> None:
    """Keep one of a building mapped twice: as a relation, and as the relation's outer ways.

    The relation where it has courtyards, which its ways would fill; else the ways, which tell more.
    """
    buildings = {identity for identity, tags in zip(scan.areas.ids, scan.areas.tags, strict=True) if "building" in tags}
    drop: set[str] = set()
    for relation, (outer, has_holes) in scan.outlines.items():
        if relation not in scan.relations_built:
            continue
        if has_holes:
            drop |= outer & buildings
        elif outer and outer <= buildings:
            drop.add(f"osm:relation/{relation}")
    keep = [i for i, identity in enumerate(scan.areas.ids) if identity not in drop]
    scan.repaired[TWIN] += len(scan.areas.ids) - len(keep)
    batch = scan.areas
    scan.areas = _Batch([batch.ids[i] for i in keep], [batch.tags[i] for i in keep], [batch.wkb[i] for i in keep])


def _in_order(areas: _Batch) -> _Batch:
    """Areas of ways by their ids, then those of relations: osmium gives them as its buffers fill."""
    keys = [(identity[4] == "r", int(identity.rpartition("/")[2])) for identity in areas.ids]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return _Batch([areas.ids[i] for i in order], [areas.tags[i] for i in order], [areas.wkb[i] for i in order])


def outside(path: Path, extent: BaseGeometry, area: BaseGeometry) -> EmptyAreaError:
    """Return the error for an area that lies outside an extract: where both are."""
    west, south, east, north = extent.bounds
    x, y = area.centroid.x, area.centroid.y
    return EmptyAreaError("osm_file.outside", path=path, west=west, south=south, east=east, north=north, x=x, y=y)


def log_dropped(path: Path, raw: RawData) -> None:
    """Log what was read, dropped and repaired, with counts."""
    log.info(
        "%s: %d points, %d lines, %d areas",
        path.name,
        len(raw.points),
        len(raw.lines),
        len(raw.areas),
    )
    for reason, count in raw.dropped.items():
        log.info("%s: dropped %d objects: %s", path.name, count, reason)
    for reason, count in raw.repaired.items():
        log.info("%s: repaired %d objects: %s", path.name, count, reason)


def checked(path: Path) -> Path:
    """Make sure that a path names an extract that can be opened."""
    if not path.exists():
        raise SourceUnavailable("files.missing", path=path, needed=NEEDED)
    if path.is_dir():
        raise SourceFormatError("osm_file.folder", path=path, needed=NEEDED)
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


def _window(path: Path, area: BaseGeometry | None) -> Window | None:
    """The box, wider than the area, outside of which an object need not be looked at.

    Without a box in the header the extent is found from the objects, so all are looked at.
    """
    if area is None or not osmium.FileProcessor(str(path)).header.box().valid():
        return None
    west, south, east, north = area.bounds
    return west - 2 * WINDOW_DEG, south - WINDOW_DEG, east + 2 * WINDOW_DEG, north + WINDOW_DEG


def _is_far(location: Any, window: Window | None) -> bool:
    if window is None or not location.valid():
        return False
    lon, lat = location.lon, location.lat
    return not (window[0] <= lon <= window[2] and window[1] <= lat <= window[3])


def scan_of(path: Path, area: BaseGeometry | None = None) -> _Scan:
    """Collect the objects of an extract near an area, in WGS 84; of all of it without one."""
    scan = _Scan()
    try:
        window = _window(path, area)
        for obj in _objects(path):
            if obj.is_area():
                _take_area(obj, scan)
                continue
            if scan.newest is None or obj.timestamp > scan.newest:
                scan.newest = obj.timestamp
            if _skips(obj, window):
                continue
            if obj.is_node():
                _take_node(obj, scan)
            elif obj.is_way():
                _take_way(obj, scan)
            else:
                _take_relation(obj, scan)
    except (RuntimeError, OSError, ValueError, osmium.InvalidLocationError) as error:
        raise SourceFormatError("osm_file.unreadable", path=path, cause=cause(error)) from error
    return scan


def _skips(obj: Any, window: Window | None) -> bool:
    """Whether an object is surely not near: nodes, and buildings by their first node.

    Lines and large areas may pass through the window with both ends far off; those are read.
    """
    if window is None:
        return False
    if obj.is_node():
        return _is_far(obj.location, window)
    if obj.is_way():
        return "building" in obj.tags and len(obj.nodes) > 0 and _is_far(obj.nodes[0].location, window)
    return False


def _only(criterion: Any, entities: osm_entity_bits) -> Any:
    """Apply a filter to some kinds of objects and let the others pass."""
    return criterion.enable_for(entities)


def _objects(path: Path) -> Iterator[Any]:
    keep = osmium.filter.KeyFilter
    entity = osm_entity_bits
    multipolygon = osmium.filter.TagFilter(("type", "multipolygon"))
    return iter(
        osmium.FileProcessor(str(path))
        .with_locations()
        .with_areas(keep(*RELATION_KEYS))
        .with_filter(_only(keep(*POINT_KEYS), entity.NODE))
        .with_filter(_only(keep(*LINE_KEYS, *AREA_KEYS), entity.WAY))
        .with_filter(_only(keep(*RELATION_KEYS), entity.AREA | entity.RELATION))
        .with_filter(_only(multipolygon, entity.RELATION))
    )


_WKB = osmium.geom.WKBFactory()


def _tags(obj: Any) -> dict[str, str]:
    return dict(obj.tags)


def _take_node(node: Any, scan: _Scan) -> None:
    try:
        wkb = _WKB.create_point(node)
    except osmium.InvalidLocationError:
        scan.dropped["point without a position"] += 1
        return
    scan.points.add(f"osm:node/{node.id}", _tags(node), wkb)


def _take_way(way: Any, scan: _Scan) -> None:
    tags, closed = _tags(way), way.is_closed()
    if closed:
        _take_ring(way, tags, scan)
    if tags.keys().isdisjoint(RING_LINE_KEYS if closed else LINE_KEYS):
        return
    identity = f"osm:way/{way.id}"
    refs = [node.ref for node in way.nodes]
    try:
        wkb = _WKB.create_linestring(way, osmium.geom.ALL)
    except osmium.InvalidLocationError:
        _take_pieces(way, identity, tags, scan)
        return
    except RuntimeError:
        scan.dropped[SHORT_LINE] += 1
        return
    scan.lines.add(identity, tags, wkb)
    scan.lines.nodes.append(refs)


def _take_ring(way: Any, tags: dict[str, str], scan: _Scan) -> None:
    """Remember the outline of an area until it is built."""
    if tags.get("area") == "no" or tags.keys().isdisjoint(AREA_KEYS):
        return
    try:
        scan.rings[way.id] = _Ring(_WKB.create_linestring(way, osmium.geom.ALL), tags)
    except osmium.InvalidLocationError:
        known = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
        scan.cut_rings.append(("building" in tags, shapely.MultiPoint(known).envelope))
    except RuntimeError:
        scan.dropped[NO_EXTENT] += 1


def _take_pieces(way: Any, identity: str, tags: dict[str, str], scan: _Scan) -> None:
    """Keep the runs of nodes that are in the extract."""
    pieces: list[list[Any]] = [[]]
    for node in way.nodes:
        if node.location.valid():
            pieces[-1].append(node)
        elif pieces[-1]:
            pieces.append([])
    usable = [piece for piece in pieces if len(piece) >= MIN_LINE_NODES]
    for piece in usable:
        line = shapely.LineString([(node.lon, node.lat) for node in piece])
        scan.lines.add(identity, tags, shapely.to_wkb(line, hex=True))
        scan.lines.nodes.append([node.ref for node in piece])
    count = scan.repaired if usable else scan.dropped
    count[CUT_LINE] += 1


def _take_relation(relation: Any, scan: _Scan) -> None:
    is_building = "building" in relation.tags
    scan.relations_seen[relation.id] = is_building
    if is_building:
        ways = [member for member in relation.members if member.type == "w"]
        outer = {f"osm:way/{way.ref}" for way in ways if way.role != "inner"}
        scan.outlines[relation.id] = outer, any(way.role == "inner" for way in ways)


def _take_area(area: Any, scan: _Scan) -> None:
    if not area.from_way():
        try:
            wkb = _WKB.create_multipolygon(area)
        except (osmium.InvalidLocationError, RuntimeError):
            return  # as of a relation of which a part is missing
        scan.relations_built.add(area.orig_id())
        tags = _tags(area)
        if "highway" in tags:
            tags.setdefault("area", "yes")
        scan.areas.add(f"osm:relation/{area.orig_id()}", tags, wkb)
        return
    ring = scan.rings.pop(area.orig_id(), None)
    if ring is None:
        return  # its way was skipped
    try:
        wkb = _WKB.create_multipolygon(area)
    except (osmium.InvalidLocationError, RuntimeError):
        # osmium builds nothing of an outline that crosses itself; it is repaired with the rest.
        wkb = shapely.to_wkb(shapely.Polygon(shapely.get_coordinates(shapely.from_wkb(ring.wkb))), hex=True)
    scan.areas.add(f"osm:way/{area.orig_id()}", ring.tags, wkb)


def _features(batch: _Batch, clip: tuple[float, float, float, float] | None, to_metric: Transformer) -> Features:
    geometry = shapely.from_wkb(np.array(batch.wkb, dtype=object))
    keep = np.ones(len(geometry), dtype=bool)
    if clip is not None and len(geometry):
        west, south, east, north = shapely.bounds(geometry).T
        keep = (east >= clip[0]) & (west <= clip[2]) & (north >= clip[1]) & (south <= clip[3])
    kept = np.flatnonzero(keep)
    nodes = [batch.nodes[i] for i in kept] if batch.nodes else None
    return Features(
        ids=np.array(batch.ids, dtype=object)[kept],
        tags=[batch.tags[int(i)] for i in kept],
        geometry=project(geometry[kept], to_metric),
        node_ids=None if nodes is None else np.array([n for way in nodes for n in way], dtype=np.int64),
    )


def project(geometry: npt.NDArray[np.object_], transformer: Transformer) -> npt.NDArray[np.object_]:
    """Project geometries in one call, and keep every vertex."""
    xy = shapely.get_coordinates(geometry)
    there = np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
    result: npt.NDArray[np.object_] = shapely.set_coordinates(geometry.copy(), there)
    return result


def _valid(areas: Features, scan: _Scan) -> Features:
    """Repair invalid polygons, and count what was repaired and dropped."""
    found, dropped, repaired = valid(areas)
    scan.repaired[SELF_CROSSING] += repaired
    scan.dropped[NO_EXTENT] += dropped
    return found


def valid(areas: Features) -> tuple[Features, int, int]:
    """Repair invalid polygons, unwrap multipolygons of one part, drop what has no area.

    Returns
    -------
    tuple
        The areas, how many were dropped, and how many repaired.
    """
    geometry = areas.geometry.copy()
    broken = ~shapely.is_valid(geometry)
    geometry[broken] = [_polygonal(shapely.make_valid(shape)) for shape in geometry[broken]]
    single = shapely.get_num_geometries(geometry) == 1
    geometry[single] = shapely.get_geometry(geometry[single], 0)
    keep = shapely.area(geometry) > 0
    index = np.flatnonzero(keep)
    kept = Features(areas.ids[index], [areas.tags[int(i)] for i in index], geometry[index])
    return kept, int((~keep).sum()), int(broken.sum())


def _polygonal(shape: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(shape, return_index=False) if part.area > 0]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _extent(path: Path, scan: _Scan) -> BaseGeometry:
    """Return the area the file covers, in WGS 84.

    The box in the file's header where there is one. Else the box of the nodes that no line uses:
    those are in an extract only because they lie inside it, while ways reach out of it.
    """
    box = osmium.FileProcessor(str(path)).header.box()
    if box.valid():
        low, high = box.bottom_left, box.top_right
        return shapely.box(low.lon, low.lat, high.lon, high.lat)
    used = {f"osm:node/{ref}" for refs in scan.lines.nodes for ref in refs}
    free = [wkb for identity, wkb in zip(scan.points.ids, scan.points.wkb, strict=True) if identity not in used]
    every = free or scan.lines.wkb or scan.areas.wkb
    if not every:
        raise EmptyAreaError("osm_file.nothing", path=path)
    return shapely.box(*shapely.total_bounds(shapely.from_wkb(np.array(every, dtype=object))))


def _provenance(path: Path, scan: _Scan) -> Provenance:
    stamp = osmium.FileProcessor(str(path)).header.get("osmosis_replication_timestamp", "")
    if not stamp and scan.newest is not None and scan.newest.timestamp() > 0:
        stamp = scan.newest.isoformat()
    return Provenance(
        source_id=SOURCE_ID,
        path=str(path),
        licence=LICENCE,
        attribution=ATTRIBUTION,
        data_date=stamp[:10] or None,
        sha256=sha256_of(path),
    )
