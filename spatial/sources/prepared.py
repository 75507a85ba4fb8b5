"""An extract prepared for many areas: partitions on disk from which each area is read as from the extract itself."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely
from pyproj import Transformer

from spatial.crs import WGS84
from spatial.errors import InputError, SourceFormatError
from spatial.model import Estate, Features, Provenance, RawData
from spatial.phrases import cause
from spatial.sources import one_pass, osm_file, partitions
from spatial.sources._pbf_header import header_of
from spatial.sources._pbf_rows import KINDS

FORMAT = 1
INDEX = "extract.json"
SUFFIX = ".pbf"


@dataclass(frozen=True)
class Prepared:
    """Partitions of an extract, and what is known of the extract. ``key`` says what they were made from."""

    folder: Path
    key: str
    parts: tuple[partitions.Part, ...]
    extent: tuple[float, float, float, float]
    provenance: Provenance


def clips_of(estates: Sequence[Estate]) -> npt.NDArray[np.float64]:
    """Boxes in degrees of what is read for each estate: its boundary, margin and reach."""
    return np.array([osm_file.area_wgs84(estate).bounds for estate in estates], dtype=np.float64).reshape(-1, 4)


def key_of(sha256: str, clips: npt.NDArray[np.float64]) -> str:
    """What the partitions of an extract for these boxes are known by, whatever the order of the boxes."""
    boxes = np.unique(clips, axis=0).tobytes()
    return hashlib.sha256(f"{FORMAT}:{sha256}:".encode() + boxes).hexdigest()


def prepare(path: Path, estates: Sequence[Estate], folder: Path) -> Prepared:
    """Read an extract once for many estates; what is there already from the same inputs is used again.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the extract is not there or not readable, or no ``.osm.pbf``.
    InputError
        If the folder cannot be written, for one because the disk is full; nothing half-written is left.
    """
    path = osm_file.checked(path)
    if not path.name.endswith(SUFFIX):
        raise SourceFormatError("prepared.format", path=path)
    clips = clips_of(estates)
    sha256 = osm_file.digest(path)
    found = load(folder)
    if found is not None and found.key == key_of(sha256, clips):
        return found
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    except OSError as error:
        raise InputError("prepared.not_made", folder=folder, cause=error.strerror or cause(error)) from error
    try:
        made = _made(path, clips, draft, sha256)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    except OSError as error:
        raise InputError("prepared.not_written", folder=folder, cause=error.strerror or cause(error)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Prepared(folder, made.key, made.parts, made.extent, made.provenance)


def _made(path: Path, clips: npt.NDArray[np.float64], draft: Path, sha256: str) -> Prepared:
    header, writer = header_of(path), partitions.Writer(draft)
    try:
        seen = one_pass.read(path, clips, writer, without_box=header.box is None)
        parts = tuple(writer.finish(seen.twins))
    except pa.ArrowException as error:
        raise SourceFormatError("one_pass.unreadable", path=path, cause=cause(error)) from error
    extent, provenance = header.extent(path, seen), header.provenance(path, seen, sha256)
    made = Prepared(draft, key_of(sha256, clips), parts, extent, provenance)
    index = {
        "key": made.key,
        "extent": made.extent,
        "provenance": asdict(provenance),
        "parts": [asdict(part) for part in made.parts],
    }
    (draft / INDEX).write_text(json.dumps(index, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return made


def load(folder: Path) -> Prepared | None:
    """Partitions that are there, or None."""
    try:
        said = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        parts = tuple(partitions.Part(**{**part, "box": tuple(part["box"])}) for part in said["parts"])
        if not all((folder / part.file).is_file() for part in parts):
            return None
        provenance = Provenance(**{**said["provenance"], "covers": tuple(said["provenance"]["covers"])})
        return Prepared(folder, said["key"], parts, tuple(said["extent"]), provenance)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def around(prepared: Prepared, estate: Estate) -> RawData:
    """Read the surroundings of an estate; the same objects, in the same order, as ``osm_file.around`` gives.

    Raises
    ------
    EmptyAreaError
        If the estate lies outside the extract.
    SourceFormatError
        If a partition is damaged.
    """
    area = osm_file.area_wgs84(estate)
    extent = shapely.box(*prepared.extent)
    path = Path(prepared.provenance.path)
    if not extent.intersects(area):
        raise osm_file.outside(path, extent, area)
    rows = {kind: partitions.read(prepared.folder, prepared.parts, kind, area.bounds) for kind in KINDS}
    to_metric = Transformer.from_crs(WGS84, estate.crs, always_xy=True)
    count: Counter[str] = Counter()
    for tags in _tags(rows["lost"]):
        count[osm_file.LOST_BUILDING if "building" in tags else osm_file.LOST_AREA] += 1
    areas, dropped, repaired = osm_file.valid(_features(rows["areas"], to_metric))
    count[osm_file.NO_EXTENT] += dropped
    return RawData(
        points=_features(rows["points"], to_metric),
        lines=_features(rows["lines"], to_metric, with_nodes=True),
        areas=areas,
        extent=osm_file.project(np.array([extent]), to_metric)[0],
        dropped={reason: n for reason, n in sorted(count.items()) if n},
        repaired={osm_file.SELF_CROSSING: repaired} if repaired else {},
        provenance=prepared.provenance,
    )


def _features(rows: pa.Table, to_metric: Transformer, *, with_nodes: bool = False) -> Features:
    geometry: npt.NDArray[np.object_] = np.asarray(
        shapely.from_wkb(rows["geometry"].to_numpy(zero_copy_only=False)), dtype=object
    )
    nodes = None
    if with_nodes:
        nodes = pa.chunked_array(rows["nodes"].chunks, rows["nodes"].type).combine_chunks().flatten().to_numpy()
    ids = np.array([*rows["id"].to_pylist(), None], dtype=object)[:-1]
    return Features(ids, _tags(rows), _project(geometry, to_metric), nodes)


def _project(geometry: npt.NDArray[np.object_], to_metric: Transformer) -> npt.NDArray[np.object_]:
    return osm_file.project(geometry, to_metric) if len(geometry) else geometry


def _tags(rows: pa.Table) -> list[dict[str, str]]:
    """Tags as dictionaries; column by column, which is many times as fast as row by row."""
    column = rows["tags"].combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # of an empty table
        return []
    at = column.offsets.to_numpy()
    keys: list[Any] = column.keys.to_pylist()
    values: list[Any] = column.items.to_pylist()
    return [
        dict(zip(keys[a:b], values[a:b], strict=True)) for a, b in zip(at[:-1].tolist(), at[1:].tolist(), strict=True)
    ]
