"""What the header of an extract says, and what a pass has to find out where it says nothing.

What lies around an estate in an extract: by one pass into memory where the file allows it, else by osmium.

The pass decodes thousands of objects at a time and keeps what is near; osmium gives one object after another to
Python, near or not, and takes three times as long (``tests/benchmarks/reading.py``). osmium reads the formats of text,
and files whose objects are not in order.
"""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import osmium
import shapely
from pyproj import Transformer

from spatial.core import parallel
from spatial.core.arrays import object_array
from spatial.core.crs import WGS84
from spatial.core.errors import EmptyAreaError, SourceFormatError
from spatial.core.files import sha256_of
from spatial.core.messages import cause
from spatial.core.model import Features, Provenance, RawData
from spatial.osm import osmium_reader
from spatial.osm.pbf import one_pass
from spatial.osm.pbf.one_pass import Seen
from spatial.osm.pbf.ragged import Ints, offsets, ranges
from spatial.osm.pbf.rows import AREAS, KINDS, LINES, LOST, POINTS, UNITS_PER_DEG, Assembled, Rows

if TYPE_CHECKING:
    from spatial.core.model import Estate


Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Header:
    """Box in degrees that the extract declares, and the moment of the data; None and "" where it does not say."""

    box: Box | None
    stamp: str

    def extent(self, path: Path, seen: Seen) -> Box:
        """Box of the extract in degrees.

        Raises
        ------
        EmptyAreaError
            If there is nothing in it.
        """
        found = self.box or seen.extent
        if found is None:
            raise EmptyAreaError("prepared.nothing", path=path)
        return found

    def provenance(self, path: Path, seen: Seen, sha256: str) -> Provenance:
        """Where the data come from; their date is that of the newest edit, if the header gives none."""
        stamp = self.stamp
        if not stamp and seen.newest > 0:
            stamp = datetime.fromtimestamp(seen.newest, UTC).isoformat()
        return Provenance(
            source_id=osmium_reader.SOURCE_ID,
            path=str(path),
            licence=osmium_reader.LICENCE,
            attribution=osmium_reader.ATTRIBUTION,
            data_date=stamp[:10] or None,
            sha256=sha256,
        )


def header_of(path: Path) -> Header:
    """Read the header of an extract.

    Raises
    ------
    SourceFormatError
        If it is not OpenStreetMap data.
    """
    try:
        header = osmium.FileProcessor(str(path)).header
        box, stamp = header.box(), header.get("osmosis_replication_timestamp", "")
    except (RuntimeError, ValueError) as error:
        raise SourceFormatError("prepared.unreadable", path=path, cause=cause(error)) from error
    if not box.valid():
        return Header(None, stamp)
    low, high = box.bottom_left, box.top_right
    return Header((low.lon, low.lat, high.lon, high.lat), stamp)


log = logging.getLogger(__name__)

PASSED_OVER = ".pbf"
Words = list[dict[str, str]]


def read_around(path: str | Path, estate: Estate) -> RawData:
    """Read the surroundings of an estate: its boundary, margin and reach.

    Of an ``.osm.pbf`` only what is near is decoded and kept, and broken objects are counted only there. What
    cannot be read so (objects out of order, no room or no right for positions on disk) osmium reads, as all else.

    Raises
    ------
    SpatialError
        As ``osm_file.around``.
    """
    path = osmium_reader.checked(Path(path))
    if path.name.endswith(PASSED_OVER):
        try:
            return passed(path, estate)
        except (SourceFormatError, OSError) as error:
            log.info("extract %s: read by osmium instead: %s", path.name, error)
    return osmium_reader.osmium_around(path, estate)


@dataclass
class _Kept:
    """A keeper in memory: objects by kind, in the order of the file."""

    folder: Path
    rows: dict[str, list[tuple[Rows, Words]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    assembled: dict[str, list[Assembled]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def made(self, rows: Rows) -> tuple[Rows, Words]:
        return rows, rows.words()

    def keep(self, kind: str, made: tuple[Rows, Words]) -> None:
        self.rows[kind].append(made)

    def take(self, rows: Assembled) -> None:
        self.assembled[rows.kind].append(rows)


def passed(path: Path, estate: Estate) -> RawData:
    """Read the surroundings of an estate by one pass.

    Raises
    ------
    SourceFormatError
        If the extract is damaged or not sorted.
    EmptyAreaError
        If it holds nothing there.
    OSError
        If there is no room for what is temporary.
    """
    with parallel.gc_paused():
        raw = _passed(path, estate)
    osmium_reader.log_dropped(path, raw)
    return raw


def _passed(path: Path, estate: Estate) -> RawData:
    area = osmium_reader.area_wgs84(estate)
    clip, to_metric = np.array([area.bounds]), Transformer.from_crs(WGS84, estate.crs, always_xy=True)
    header = header_of(path)
    with tempfile.TemporaryDirectory(prefix="faellesrum-") as folder:
        kept = _Kept(Path(folder))
        seen = one_pass.read_one_pass(path, clip, kept, without_box=header.box is None)
    extent = shapely.box(*header.extent(path, seen))
    if not extent.intersects(area):
        raise osmium_reader.outside(path, extent, area)
    dropped, repaired = seen.dropped, seen.repaired
    for tags in _features(kept, LOST, clip[0], to_metric).tags:
        dropped[osmium_reader.LOST_BUILDING if "building" in tags else osmium_reader.LOST_AREA] += 1
    areas, lost, mended = osmium_reader.valid(_features(kept, AREAS, clip[0], to_metric, seen.twins))
    dropped[osmium_reader.NO_EXTENT] += lost
    repaired[osmium_reader.SELF_CROSSING] += mended
    return RawData(
        points=_features(kept, POINTS, clip[0], to_metric),
        lines=_features(kept, LINES, clip[0], to_metric),
        areas=areas,
        extent=osmium_reader.project(np.array([extent]), to_metric)[0],
        dropped=_counted(dropped),
        repaired=_counted(repaired),
        provenance=header.provenance(path, seen, sha256_of(path)),
    )


def _counted(reasons: Counter[str]) -> dict[str, int]:
    return {reason: n for reason, n in sorted(reasons.items()) if n}


def _features(
    kept: _Kept, kind: str, clip: npt.NDArray[np.float64], to_metric: Transformer, without: tuple[int, ...] = ()
) -> Features:
    """Objects of a kind whose box touches a box, in metres and in the order of the extract."""
    rows, assembled = kept.rows[kind], kept.assembled[kind]
    parts: list[Rows | Assembled] = [*(part for part, _ in rows), *assembled]
    order = np.concatenate([np.empty(0, np.int64), *(part.order for part in parts)])
    box = np.concatenate([np.empty((0, 4)), *(part.box_deg for part in parts)])
    near = (box[:, 2] >= clip[0]) & (box[:, 0] <= clip[2]) & (box[:, 3] >= clip[1]) & (box[:, 1] <= clip[3])
    use = np.flatnonzero(near & ~np.isin(order, without))
    use = use[np.argsort(order[use], kind="stable")]
    names = [name for part in parts for name in part.names]
    tags = [words for _, part in rows for words in part] + [words for one in assembled for words in one.tags]
    shapes = [_in_metres(part, to_metric) for part, _ in rows]
    shapes += [osmium_reader.project(one.shapes, to_metric) for one in assembled]
    return Features(
        ids=object_array(names)[use],
        tags=[tags[row] for row in use.tolist()],
        geometry=np.concatenate([np.empty(0, dtype=object), *shapes])[use],
        node_ids=_nodes([part for part, _ in rows], use) if kind == LINES else None,
    )


def _in_metres(rows: Rows, to_metric: Transformer) -> npt.NDArray[np.object_]:
    x, y = to_metric.transform(rows.lon / UNITS_PER_DEG, rows.lat / UNITS_PER_DEG)
    return rows.shapes(np.column_stack([x, y]))


def _nodes(rows: list[Rows], use: Ints) -> Ints | None:
    """Nodes of some lines, one after another; None where there is no line."""
    if not len(use):
        return None
    sizes = np.concatenate([np.diff(part.at) for part in rows])
    refs = np.concatenate([part.refs for part in rows if part.refs is not None])
    return refs[ranges(offsets(sizes), use)[1]]
