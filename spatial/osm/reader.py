"""The one door to extracts: what lies around an estate in an extract of any format.

A sorted ``.osm.pbf`` is read by one pass of our own decoder; every other extract is first put in order by osmium.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from spatial.core import parallel
from spatial.core.arrays import object_array
from spatial.core.crs import WGS84
from spatial.core.errors import EmptyAreaError, SourceFormatError, SourceUnavailable
from spatial.core.files import scratch_folder, sha256_of
from spatial.core.messages import cause
from spatial.core.model import Features, Provenance, RawData
from spatial.osm import osmium_reader, pbf
from spatial.osm.osmium_reader import Box, Header, Ordered, area_wgs84, project
from spatial.osm.pbf import AREAS, LINES, LOST, POINTS, Assembled, Ints, Keys, Rows, Seen

if TYPE_CHECKING:
    from spatial.core.model import Estate

log = logging.getLogger(__name__)

LOST_BUILDING = pbf.LOST_BUILDING
KEYS = Keys(
    osmium_reader.POINT_KEYS,
    osmium_reader.LINE_KEYS,
    osmium_reader.RING_LINE_KEYS,
    osmium_reader.AREA_KEYS,
    osmium_reader.RELATION_KEYS,
)
WORLD = (-180.0, -90.0, 180.0, 90.0)
NOT_WANTED = "no tag that is read"
Tags = list[dict[str, str]]


def read_around(path: str | Path, estate: Estate) -> RawData:
    """Read the surroundings of an estate: its boundary, margin and reach.

    Returns
    -------
    RawData
        Objects whose box touches that of the surroundings, in the estate's CRS; ``read`` is their ledger.

    Raises
    ------
    SpatialError
        As ``read_area``.
    EmptyAreaError
        If nothing is there, or no way of the extract can be used.
    """
    raw = read_area(path, area_wgs84(estate), estate.crs)
    ways = raw.read["way"]
    is_usable = any(raw.read[element]["kept"] + raw.read[element]["too_far"] for element in ("way", "relation"))
    if ways["in_file"] and not is_usable:
        cut = ways["dropped"].get(pbf.NO_NODES, 0)
        raise EmptyAreaError("osm_file.no_way", path=path, count=ways["in_file"], cut=cut)
    if not any(kind["kept"] for kind in raw.read.values()):
        area = area_wgs84(estate).centroid
        raise EmptyAreaError("osm_file.nothing_near", path=path, x=area.x, y=area.y)
    return raw


def read_area(path: str | Path, area: BaseGeometry | None, crs: CRS) -> RawData:
    """Read the objects of an extract that touch an area.

    Parameters
    ----------
    path
        The extract. The name must end in one of ``osmium_reader.SUFFIXES``.
    area
        Polygon in WGS 84; objects whose bounding box touches its own are kept. None keeps all.
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
        If the file is not there or may not be read, or there is no room for what is temporary.
    SourceFormatError
        If it is empty, truncated, or not OpenStreetMap data.
    EmptyAreaError
        If the area lies outside the extract, or there is nothing in it.
    """
    path = osmium_reader.check_file(Path(path))
    try:
        with parallel.gc_paused(), scratch_folder() as folder:
            raw = _read(path, area, crs, folder)
    except OSError as error:
        if not path.exists():
            raise SourceUnavailable("files.missing", path=path, needed=osmium_reader.NEEDED) from error
        room = tempfile.tempdir or os.environ.get("TMPDIR", "TMPDIR")
        raise SourceUnavailable(
            "osm_file.no_room", path=path, folder=room, cause=error.strerror or cause(error)
        ) from error
    log_read(path, raw)
    return raw


def _read(path: Path, area: BaseGeometry | None, crs: CRS, folder: Path) -> RawData:
    """Read an extract as it is where that can be done, else put in order."""
    if path.name.endswith(osmium_reader.PBF):
        try:
            return _read_ordered(path, path, area, crs, folder)
        except SourceFormatError as error:
            log.info("extract %s: put in order by osmium: %s", path.name, error)
    target = folder / "ordered.osm.pbf"
    done = osmium_reader.put_in_order(path, target)
    try:
        return _read_ordered(path, target, area, crs, folder, done)
    except SourceFormatError as error:
        raise SourceFormatError("osm_file.unreadable", path=path, cause=error.found["cause"]) from error


@dataclass
class _Kept:
    """A keeper in memory: objects by kind, in the order of the file."""

    folder: Path
    rows: dict[str, list[tuple[Rows, Tags]]] = field(default_factory=lambda: {kind: [] for kind in pbf.KINDS})
    assembled: dict[str, list[Assembled]] = field(default_factory=lambda: {kind: [] for kind in pbf.KINDS})

    def made(self, rows: Rows) -> tuple[Rows, Tags]:
        return rows, rows.words()

    def keep(self, kind: str, made: tuple[Rows, Tags]) -> None:
        self.rows[kind].append(made)

    def take(self, rows: Assembled) -> None:
        self.assembled[rows.kind].append(rows)


def _read_ordered(
    path: Path, ordered: Path, area: BaseGeometry | None, crs: CRS, folder: Path, done: Ordered | None = None
) -> RawData:
    """Read an extract by one pass over ``ordered``, which is the extract itself or what it was put in order to."""
    clip, to_metric = np.array(WORLD if area is None else area.bounds), Transformer.from_crs(WGS84, crs, always_xy=True)
    header, kept = osmium_reader.read_header(ordered), _Kept(folder)
    seen = pbf.read_one_pass(ordered, clip.reshape(1, 4), KEYS, kept, without_box=header.box is None)
    extent = shapely.box(*extent_of(path, header, seen))
    if area is not None and not extent.intersects(area):
        raise outside(path, extent, area)
    dropped, repaired = seen.dropped, seen.repaired
    lost = _features(kept, LOST, clip, to_metric)
    for tags in lost.tags:
        dropped[pbf.LOST_BUILDING if "building" in tags else pbf.LOST_AREA] += 1
    points, lines = (_features(kept, kind, clip, to_metric) for kind in (POINTS, LINES))
    outlines, twins = _without(_features(kept, AREAS, clip, to_metric), {f"osm:way/{number}" for number in seen.twins})
    areas, flat, mended = valid_areas(outlines)
    dropped[pbf.NO_EXTENT] += flat
    repaired[pbf.SELF_CROSSING] += mended
    reasons = [(reason.reason, reason.names_near(clip)) for reason in seen.lost]
    reasons += [(pbf.TWIN, twins), (pbf.NO_EXTENT, [*outlines.ids])]
    reasons += [
        (pbf.LOST_BUILDING if "building" in tags else pbf.LOST_AREA, [name])
        for name, tags in zip(lost.ids, lost.tags, strict=True)
    ]
    return RawData(
        points=points,
        lines=lines,
        areas=areas,
        extent=project(np.array([extent]), to_metric)[0],
        dropped=_counted(dropped),
        repaired=_counted(repaired),
        provenance=provenance(path, header, seen, sha256_of(path)),
        read=_ledger(seen, {*points.ids, *lines.ids, *areas.ids}, reasons, done),
        lost=_outlines(reasons),
    )


def _ledger(
    seen: Seen, kept: set[str], reasons: list[tuple[str, list[str]]], done: Ordered | None
) -> dict[str, dict[str, Any]]:
    """Count where every object of an extract has gone: kept, too far, or dropped for one reason."""
    ledger = {}
    gone: dict[str, str] = {}
    for reason, names in reasons:
        for name in names:
            if name not in kept:
                gone.setdefault(name, reason)
    for element, tally in seen.tallies.items():
        prefix = f"osm:{element}/"
        dropped = Counter(reason for name, reason in gone.items() if name.startswith(prefix))
        left_out = Counter() if done is None else done.left_out[element]
        in_file = tally.in_file if done is None else done.in_file[element]
        here = sum(name.startswith(prefix) for name in kept)
        too_far = tally.wanted - here - dropped.total()
        dropped += left_out
        dropped[NOT_WANTED] = in_file - tally.wanted - left_out.total()
        ledger[element] = {"in_file": in_file, "kept": here, "too_far": too_far, "dropped": _counted(dropped)}
        if done is not None and done.out_of_order[element]:
            ledger[element]["out_of_order"] = done.out_of_order[element]
    return ledger


def _outlines(reasons: list[tuple[str, list[str]]]) -> dict[str, tuple[str, ...]]:
    """Identities of areas whose outline is not all in an extract, by reason."""
    found = {reason: tuple(sorted({name for why, names in reasons if why == reason for name in names}))
             for reason in (pbf.LOST_BUILDING, pbf.LOST_AREA)}  # fmt: skip
    return {reason: names for reason, names in found.items() if names}


def extent_of(path: Path, header: Header, seen: Seen) -> Box:
    """Box of an extract in degrees: what its header declares, or what the pass has found from its nodes.

    Raises
    ------
    EmptyAreaError
        If there is nothing in it.
    """
    extent = header.box or seen.extent
    if extent is None:
        raise EmptyAreaError("osm_file.nothing", path=path)
    return extent


def provenance(path: Path, header: Header, seen: Seen, sha256: str) -> Provenance:
    """Where the data come from; their date is that of the newest edit, if the header gives none.

    Of an extract without any date the day of the file is told: its data are no newer.
    """
    stamp = header.stamp or osmium_reader.osm_base(path)
    if not stamp and seen.newest > 0:
        stamp = datetime.fromtimestamp(seen.newest, UTC).isoformat()
    return Provenance(
        source_id=osmium_reader.SOURCE_ID,
        path=str(path),
        licence=osmium_reader.LICENCE,
        attribution=osmium_reader.ATTRIBUTION,
        data_date=stamp[:10] or None,
        retrieved_at=None if stamp else datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds"),
        sha256=sha256,
    )


def outside(path: Path, extent: BaseGeometry, area: BaseGeometry) -> EmptyAreaError:
    """Return the error for an area that lies outside an extract: where both are."""
    west, south, east, north = extent.bounds
    x, y = area.centroid.x, area.centroid.y
    return EmptyAreaError("osm_file.outside", path=path, west=west, south=south, east=east, north=north, x=x, y=y)


def log_read(path: Path, raw: RawData) -> None:
    """Log what was read, dropped and repaired, with counts."""
    log.info("%s: %d points, %d lines, %d areas", path.name, len(raw.points), len(raw.lines), len(raw.areas))
    for element, count in raw.read.items():
        gone = ", ".join(f"{n} {reason}" for reason, n in count["dropped"].items())
        numbers = count["in_file"], element, count["kept"], count["too_far"], count.get("out_of_order", 0), gone
        log.info("%s: %d %ss: %d kept, %d too far, %d out of order, dropped: %s", path.name, *numbers)
    for reason, n in raw.dropped.items():
        log.info("%s: dropped %d objects: %s", path.name, n, reason)
    for reason, n in raw.repaired.items():
        log.info("%s: repaired %d objects: %s", path.name, n, reason)


def _counted(reasons: Mapping[str, int]) -> dict[str, int]:
    return {reason: n for reason, n in sorted(reasons.items()) if n}


def _features(kept: _Kept, kind: str, clip: npt.NDArray[np.float64], to_metric: Transformer) -> Features:
    """Objects of a kind whose box touches a box, in metres and in the order of the extract."""
    rows, assembled = kept.rows[kind], kept.assembled[kind]
    parts: list[Rows | Assembled] = [*(part for part, _ in rows), *assembled]
    order = np.concatenate([np.empty(0, np.int64), *(part.order for part in parts)])
    box = np.concatenate([np.empty((0, 4)), *(part.box_deg for part in parts)])
    near = (box[:, 2] >= clip[0]) & (box[:, 0] <= clip[2]) & (box[:, 3] >= clip[1]) & (box[:, 1] <= clip[3])
    use = np.flatnonzero(near)
    use = use[np.argsort(order[use], kind="stable")]
    names = [name for part in parts for name in part.names]
    tags = [words for _, part in rows for words in part] + [words for part in assembled for words in part.tags]
    shapes = [_in_metres(part, to_metric) for part, _ in rows]
    shapes += [project(part.shapes, to_metric) for part in assembled]
    return Features(
        ids=object_array(names)[use],
        tags=[tags[row] for row in use.tolist()],
        geometry=np.concatenate([np.empty(0, dtype=object), *shapes])[use],
        node_ids=_nodes([part for part, _ in rows], use) if kind == LINES else None,
    )


def _without(features: Features, names: set[str]) -> tuple[Features, list[str]]:
    """Features but for some, and the identities of those that are gone."""
    gone = [name for name in features.ids if name in names]
    if not gone:
        return features, gone
    rows = np.flatnonzero([name not in names for name in features.ids])
    return Features(features.ids[rows], [features.tags[i] for i in rows.tolist()], features.geometry[rows]), gone


def _in_metres(rows: Rows, to_metric: Transformer) -> npt.NDArray[np.object_]:
    x, y = to_metric.transform(rows.lon / pbf.UNITS_PER_DEG, rows.lat / pbf.UNITS_PER_DEG)
    return rows.shapes(np.column_stack([x, y]))


def _nodes(rows: list[Rows], use: Ints) -> Ints | None:
    """Nodes of some lines, one after another; None where there is no line."""
    if not len(use):
        return None
    sizes = np.concatenate([np.diff(part.at) for part in rows])
    refs = np.concatenate([part.refs for part in rows if part.refs is not None])
    return refs[pbf.ranges(pbf.offsets(sizes), use)[1]]


def valid_areas(areas: Features) -> tuple[Features, int, int]:
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
