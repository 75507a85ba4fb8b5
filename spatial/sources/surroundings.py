"""What lies around an estate in an extract: by one pass into memory where the file allows it, else by osmium.

The pass decodes thousands of objects at a time and keeps what is near; osmium gives one object after another to
Python, near or not, and takes three times as long (``tests/benchmarks/reading.py``). osmium reads the formats of text,
and files whose objects are not in order.
"""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from spatial import collecting
from spatial.crs import WGS84
from spatial.errors import SourceFormatError
from spatial.model import Features, RawData
from spatial.sources import one_pass, osm_file
from spatial.sources._pbf_header import header_of
from spatial.sources._pbf_rows import AREAS, KINDS, LINES, LOST, POINTS, UNITS_PER_DEG, Assembled, Rows
from spatial.sources._ragged import Ints, offsets, ranges

if TYPE_CHECKING:
    from spatial.model import Estate

log = logging.getLogger(__name__)

PASSED_OVER = ".pbf"
Words = list[dict[str, str]]


def read(path: str | Path, estate: Estate) -> RawData:
    """Read the surroundings of an estate: its boundary, margin and reach.

    Of an ``.osm.pbf`` only what is near is decoded and kept, and broken objects are counted only there. What
    cannot be read so (objects out of order, no room or no right for positions on disk) osmium reads, as all else.

    Raises
    ------
    SpatialError
        As ``osm_file.around``.
    """
    path = osm_file.checked(Path(path))
    if path.name.endswith(PASSED_OVER):
        try:
            return passed(path, estate)
        except (SourceFormatError, OSError) as error:
            log.info("extract %s: read by osmium instead: %s", path.name, error)
    return osm_file.around(path, estate)


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
    with collecting.paused():
        raw = _passed(path, estate)
    osm_file.report(path, raw)
    return raw


def _passed(path: Path, estate: Estate) -> RawData:
    area = osm_file.area_wgs84(estate)
    clip, to_metric = np.array([area.bounds]), Transformer.from_crs(WGS84, estate.crs, always_xy=True)
    header = header_of(path)
    with tempfile.TemporaryDirectory(prefix="faellesrum-") as folder:
        kept = _Kept(Path(folder))
        seen = one_pass.read(path, clip, kept, without_box=header.box is None)
    extent = shapely.box(*header.extent(path, seen))
    if not extent.intersects(area):
        raise osm_file.outside(path, extent, area)
    dropped, repaired = seen.dropped, seen.repaired
    for tags in _features(kept, LOST, clip[0], to_metric).tags:
        dropped[osm_file.LOST_BUILDING if "building" in tags else osm_file.LOST_AREA] += 1
    areas, lost, mended = osm_file.valid(_features(kept, AREAS, clip[0], to_metric, seen.twins))
    dropped[osm_file.NO_EXTENT] += lost
    repaired[osm_file.SELF_CROSSING] += mended
    return RawData(
        points=_features(kept, POINTS, clip[0], to_metric),
        lines=_features(kept, LINES, clip[0], to_metric),
        areas=areas,
        extent=osm_file.project(np.array([extent]), to_metric)[0],
        dropped=_counted(dropped),
        repaired=_counted(repaired),
        provenance=header.provenance(path, seen, osm_file.digest(path)),
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
    shapes += [osm_file.project(one.shapes, to_metric) for one in assembled]
    return Features(
        ids=np.array([*names, None], dtype=object)[:-1][use],
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
