"""Keep an extract as GeoParquet by cell for batches, and read it by bounding box.

One dataset a kind (``points``, ``lines``, ``areas``, and ``lost``: the outlines that could not be built), one
file a cell of a Hilbert curve over the world, rows along the curve, with the bounding box as a column that
GeoParquet 1.1 calls a covering: GeoPandas, DuckDB and Sedona skip what lies elsewhere. Objects much larger
than a cell have a file of their own, so that a lake does not stand in for a whole town.

References
----------
GeoParquet 1.1.0, https://geoparquet.org/releases/v1.1.0/
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq
import shapely
from pyproj import Transformer

from spatial.core import outputs
from spatial.core.arrays import object_array
from spatial.core.crs import WGS84
from spatial.core.errors import SourceFormatError
from spatial.core.files import sha256_of, sha256_of_bytes
from spatial.core.messages import cause
from spatial.core.model import Estate, Features, Provenance, RawData
from spatial.osm import osmium_reader, pbf, reader
from spatial.osm.pbf import KINDS, UNITS_PER_DEG, Assembled, Rows

GEOMETRY_TYPES = {"points": ["Point"], "lines": ["LineString"], "areas": [], "lost": []}
WORLD = (-180.0, -90.0, 180.0, 90.0)
LEVEL = 16  # of the curve: cells of 0.0055 by 0.0027 degrees
PARTITION_LEVEL = 10  # of the files: 0.35 by 0.18 degrees, about 20 km in Denmark
WIDE_DEG = 0.05  # what is longer than this goes into the file of large objects
WIDE = -1
ROW_GROUP = 4_000  # rows that are read together
BUFFER_BYTES = 96 << 20  # of rows that are kept before they are written down

CURVE = "curve"  # a column of the chunks

BOX = pa.struct([(side, pa.float64()) for side in ("xmin", "ymin", "xmax", "ymax")])
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("order", pa.int64()),
        ("tags", pa.map_(pa.string(), pa.string())),
        ("nodes", pa.list_(pa.int64())),
        ("geometry", pa.binary()),
        ("bbox", BOX),
    ]
)


@dataclass(frozen=True)
class Part:
    """One file of a dataset: the cell it stands for, its rows and the box of all that is in it, in degrees."""

    kind: str
    cell: int
    file: str
    rows: int
    box: tuple[float, float, float, float]


def partition_table(
    *, ids: pa.Array, order: npt.NDArray[np.int64], tags: pa.MapArray, wkb: pa.Array, nodes: pa.Array | None, box: Any
) -> pa.Table:
    """Rows of a dataset; ``box`` has the columns west, south, east, north in degrees."""
    sides = [pa.array(np.ascontiguousarray(box[:, i], dtype=np.float64)) for i in range(4)]
    columns = {
        "id": ids,
        "order": pa.array(order),
        "tags": tags,
        "nodes": nodes if nodes is not None else pa.nulls(len(ids), pa.list_(pa.int64())),
        "geometry": wkb,
        "bbox": pa.StructArray.from_arrays(sides, names=[part.name for part in BOX]),
    }
    return pa.table(columns, schema=SCHEMA)


def _tags(rows: Rows) -> pa.MapArray:
    rows.block.check_texts(rows.tags)
    texts = pa.array(rows.block.texts, pa.binary())
    words = (texts.take(pa.array(which)).cast(pa.string()) for which in (rows.tags.keys, rows.tags.values))
    return pa.MapArray.from_arrays(pa.array(rows.tags.at.astype(np.int32)), *words)


def _names(rows: Rows) -> pa.Array:
    return pc.binary_join_element_wise(f"osm:{rows.element}/", pa.array(rows.ids).cast(pa.string()), "")


def along_curve(box: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Distance of the middles of boxes along the Hilbert curve over the world."""
    middles = gpd.GeoSeries(shapely.points((box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2))
    return middles.hilbert_distance(total_bounds=WORLD, level=LEVEL).to_numpy().astype(np.int64)


def boxes_of(rows: pa.Table) -> npt.NDArray[np.float64]:
    """Bounding boxes of rows, as an array of west, south, east, north."""
    box = rows["bbox"].combine_chunks()
    return np.column_stack([pc.struct_field(box, i).to_numpy(zero_copy_only=False) for i in range(4)]).reshape(-1, 4)


class Writer:
    """Takes rows as they come and leaves one file a cell; what does not fit in memory is written down in between."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows: dict[str, list[pa.Table]] = {kind: [] for kind in KINDS}
        self._chunks: dict[tuple[str, int], list[Path]] = {}
        self._bytes, self._number = 0, 0

    def made(self, rows: Rows) -> pa.Table:
        """Objects as rows of a table."""
        nodes = None
        if rows.refs is not None:
            nodes = pa.ListArray.from_arrays(pa.array(rows.at.astype(np.int32)), pa.array(rows.refs))
        shapes = rows.shapes(np.column_stack([rows.lon, rows.lat]) / UNITS_PER_DEG)
        wkb = pa.array(shapely.to_wkb(shapes), pa.binary())
        return partition_table(
            ids=_names(rows), order=rows.order, tags=_tags(rows), wkb=wkb, nodes=nodes, box=rows.box_deg
        )

    def take(self, rows: Assembled) -> None:
        """Take what osmium has put together."""
        tags = pa.array([list(one.items()) for one in rows.tags], pa.map_(pa.string(), pa.string()))
        wkb = pa.array(shapely.to_wkb(rows.shapes), pa.binary())
        ids = pa.array(rows.names, pa.string())
        self.keep(
            rows.kind, partition_table(ids=ids, order=rows.order, tags=tags, wkb=wkb, nodes=None, box=rows.box_deg)
        )

    def keep(self, kind: str, made: pa.Table) -> None:
        """Take some rows of a kind."""
        self._rows[kind].append(made)
        self._bytes += made.nbytes
        if self._bytes > BUFFER_BYTES:
            self._spill()

    def _spill(self) -> None:
        (self.folder / "chunks").mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            for cell, rows in self._by_cell(kind).items():
                path = self.folder / "chunks" / f"{kind}-{cell}-{self._number}.arrow"
                self._number += 1
                with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
                    writer.write_table(rows)
                self._chunks.setdefault((kind, cell), []).append(path)
        self._bytes = 0

    def _by_cell(self, kind: str) -> dict[int, pa.Table]:
        """Empty the buffer of a kind into tables by cell."""
        waiting, self._rows[kind] = self._rows[kind], []
        if not waiting:
            return {}
        rows = pa.concat_tables(waiting).combine_chunks()
        box = boxes_of(rows)
        curve = along_curve(box)
        rows = rows.append_column(CURVE, pa.array(curve))
        cells = curve >> (2 * (LEVEL - PARTITION_LEVEL))
        cells[(box[:, 2] - box[:, 0] > WIDE_DEG) | (box[:, 3] - box[:, 1] > WIDE_DEG)] = WIDE
        by_cell = np.argsort(cells, kind="stable")
        values, first = np.unique(cells[by_cell], return_index=True)
        parts = np.split(by_cell, first[1:])
        return {int(cell): rows.take(pa.array(part)) for cell, part in zip(values, parts, strict=True)}

    def finish(self, without: Sequence[int] = ()) -> list[Part]:
        """Write the files, without the areas of these ``order`` numbers."""
        todo = []
        for kind in KINDS:
            waiting = self._by_cell(kind)
            cells = sorted({cell for of, cell in self._chunks if of == kind} | set(waiting))
            todo += [(kind, cell, self._chunks.pop((kind, cell), []), waiting.get(cell)) for cell in cells]
        drop = np.asarray(without, dtype=np.int64)
        with ThreadPoolExecutor(2) as pool:
            parts = pool.map(partial(self._whole, drop), todo)
            return [part for part in parts if part is not None]

    def _whole(self, drop: npt.NDArray[np.int64], one: tuple[str, int, list[Path], pa.Table | None]) -> Part | None:
        """Write the file of a cell from its chunks and what is still in memory."""
        kind, cell, chunks, waiting = one
        tables = [_chunk(path) for path in chunks] + ([waiting] if waiting is not None else [])
        rows = pa.concat_tables(tables).combine_chunks()
        for path in chunks:
            path.unlink()
        if kind == "areas" and len(drop):
            rows = rows.filter(pa.array(~np.isin(rows["order"].to_numpy(), drop)))
        return self._written(kind, cell, rows) if len(rows) else None

    def _written(self, kind: str, cell: int, rows: pa.Table) -> Part:
        box = boxes_of(rows)
        order = np.lexsort((rows["order"].to_numpy(), rows[CURVE].to_numpy()))
        rows = rows.drop_columns(CURVE).combine_chunks().take(pa.array(order))
        name = "wide" if cell == WIDE else str(cell)
        file = f"{kind}/cell={name}/part-0.parquet"
        target = self.folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        bounds = (*box[:, :2].min(axis=0).tolist(), *box[:, 2:].max(axis=0).tolist())
        described = rows.replace_schema_metadata({"geo": json.dumps(geo_metadata(kind, bounds))})
        pq.write_table(described, target, row_group_size=ROW_GROUP, compression="zstd", compression_level=1)
        return Part(kind, cell, file, len(rows), bounds)


def _chunk(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


def geo_metadata(kind: str, bounds: Sequence[float]) -> dict[str, Any]:
    """What GeoParquet 1.1 says of a file: the geometry column, its CRS (WGS 84) and the covering."""
    covering = {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")}
    column = {
        "encoding": "WKB",
        "geometry_types": GEOMETRY_TYPES[kind],
        "bbox": list(bounds),
        "covering": {"bbox": covering},
    }
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


def read_partitions(folder: Path, parts: Sequence[Part], kind: str, clip: Sequence[float]) -> pa.Table:
    """Rows of a kind whose box touches a box, in the order of the extract.

    Raises
    ------
    SourceFormatError
        If a file is damaged.
    """
    west, south, east, north = clip
    near = [
        part
        for part in parts
        if part.kind == kind
        and part.box[0] <= east
        and part.box[2] >= west
        and part.box[1] <= north
        and part.box[3] >= south
    ]
    touches = (
        (pc.field("bbox", "xmin") <= east)
        & (pc.field("bbox", "xmax") >= west)
        & (pc.field("bbox", "ymin") <= north)
        & (pc.field("bbox", "ymax") >= south)
    )
    try:
        found = [pq.read_table(folder / part.file, filters=touches, partitioning=None) for part in near]
    except (pa.ArrowException, OSError) as error:
        raise SourceFormatError("partitions.unreadable", folder=folder, cause=cause(error)) from error
    if not found:
        return SCHEMA.empty_table()
    rows = pa.concat_tables([one.replace_schema_metadata(None) for one in found])
    return rows.take(pc.sort_indices(rows, sort_keys=[("order", "ascending")])).combine_chunks()


def rows_near(folder: Path, parts: Sequence[Part], clips: npt.NDArray[np.float64]) -> list[int]:
    """About how many rows touch each box, from the statistics of the row groups alone.

    Raises
    ------
    SourceFormatError
        If a file is damaged.
    """
    boxes, rows = [], []
    try:
        for part in parts:
            meta = pq.read_metadata(folder / part.file)
            column = {meta.schema.column(i).path: i for i in range(meta.num_columns)}
            for number in range(meta.num_row_groups):
                group = meta.row_group(number)
                sides = {
                    side: group.column(column[f"bbox.{side}"]).statistics for side in ("xmin", "ymin", "xmax", "ymax")
                }
                boxes.append((sides["xmin"].min, sides["ymin"].min, sides["xmax"].max, sides["ymax"].max))
                rows.append(group.num_rows)
    except (pa.ArrowException, OSError, KeyError, AttributeError) as error:
        raise SourceFormatError("partitions.unreadable", folder=folder, cause=cause(error)) from error
    groups, counts = np.array(boxes, dtype=np.float64).reshape(-1, 4), np.array(rows, dtype=np.int64)
    return [
        int(counts[(groups[:, 0] <= e) & (groups[:, 2] >= w) & (groups[:, 1] <= n) & (groups[:, 3] >= s)].sum())
        for w, s, e, n in clips
    ]


FORMAT = 1
INDEX = "extract.json"
SUFFIX = ".pbf"


@dataclass(frozen=True)
class Prepared:
    """Partitions of an extract, and what is known of the extract. ``key`` says what they were made from."""

    folder: Path
    key: str
    parts: tuple[Part, ...]
    extent: tuple[float, float, float, float]
    provenance: Provenance


def clips_of(estates: Sequence[Estate]) -> npt.NDArray[np.float64]:
    """Boxes in degrees of what is read for each estate: its boundary, margin and reach."""
    return np.array([osmium_reader.area_wgs84(estate).bounds for estate in estates], dtype=np.float64).reshape(-1, 4)


def prepared_key(sha256: str, clips: npt.NDArray[np.float64]) -> str:
    """What the partitions of an extract for these boxes are known by, whatever the order of the boxes."""
    boxes = np.unique(clips, axis=0).tobytes()
    return sha256_of_bytes(f"{FORMAT}:{sha256}:".encode() + boxes)


def prepare(path: Path, estates: Sequence[Estate], folder: Path) -> Prepared:
    """Read an extract once for many estates; what is there already from the same inputs is used again.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the extract is not there or not readable, or no ``.osm.pbf``.
    InputError
        If the folder cannot be written, for one because the disk is full; nothing half-written is left.
    """
    path = osmium_reader.check_file(path)
    if not path.name.endswith(SUFFIX):
        raise SourceFormatError("prepared.format", path=path)
    clips = clips_of(estates)
    sha256 = sha256_of(path)
    found = load_prepared(folder)
    if found is not None and found.key == prepared_key(sha256, clips):
        return found
    with outputs.whole_folder(folder, keep_ours=False) as draft:
        made = _made(path, clips, draft, sha256)
    return Prepared(folder, made.key, made.parts, made.extent, made.provenance)


def _made(path: Path, clips: npt.NDArray[np.float64], draft: Path, sha256: str) -> Prepared:
    header, writer = osmium_reader.read_header(path), Writer(draft)
    try:
        seen = pbf.read_one_pass(path, clips, reader.KEYS, writer, without_box=header.box is None)
        parts = tuple(writer.finish(seen.twins))
    except pa.ArrowException as error:
        raise SourceFormatError("one_pass.unreadable", path=path, cause=cause(error)) from error
    extent, provenance = reader.extent_of(path, header, seen), reader.provenance(path, header, seen, sha256)
    made = Prepared(draft, prepared_key(sha256, clips), parts, extent, provenance)
    index = {
        "key": made.key,
        "extent": made.extent,
        "provenance": asdict(provenance),
        "parts": [asdict(part) for part in made.parts],
    }
    (draft / INDEX).write_text(json.dumps(index, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return made


def load_prepared(folder: Path) -> Prepared | None:
    """Partitions that are there, or None."""
    try:
        said = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        parts = tuple(Part(**{**part, "box": tuple(part["box"])}) for part in said["parts"])
        if not all((folder / part.file).is_file() for part in parts):
            return None
        provenance = Provenance(**{**said["provenance"], "covers": tuple(said["provenance"]["covers"])})
        return Prepared(folder, said["key"], parts, tuple(said["extent"]), provenance)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def raw_around(prepared: Prepared, estate: Estate) -> RawData:
    """Read the surroundings of an estate; the same objects, in the same order, as ``reader.read_around`` gives.

    Raises
    ------
    EmptyAreaError
        If the estate lies outside the extract.
    SourceFormatError
        If a partition is damaged.
    """
    area = osmium_reader.area_wgs84(estate)
    extent = shapely.box(*prepared.extent)
    path = Path(prepared.provenance.path)
    if not extent.intersects(area):
        raise reader.outside(path, extent, area)
    rows = {kind: read_partitions(prepared.folder, prepared.parts, kind, area.bounds) for kind in KINDS}
    to_metric = Transformer.from_crs(WGS84, estate.crs, always_xy=True)
    count: Counter[str] = Counter()
    for tags in _tags_of_row(rows["lost"]):
        count[pbf.LOST_BUILDING if "building" in tags else pbf.LOST_AREA] += 1
    areas, dropped, repaired = reader.valid_areas(_features(rows["areas"], to_metric))
    count[pbf.NO_EXTENT] += dropped
    return RawData(
        points=_features(rows["points"], to_metric),
        lines=_features(rows["lines"], to_metric, with_nodes=True),
        areas=areas,
        extent=osmium_reader.project(np.array([extent]), to_metric)[0],
        dropped={reason: n for reason, n in sorted(count.items()) if n},
        repaired={pbf.SELF_CROSSING: repaired} if repaired else {},
        provenance=prepared.provenance,
    )


def _features(rows: pa.Table, to_metric: Transformer, *, with_nodes: bool = False) -> Features:
    geometry: npt.NDArray[np.object_] = np.asarray(
        shapely.from_wkb(rows["geometry"].to_numpy(zero_copy_only=False)), dtype=object
    )
    nodes = None
    if with_nodes:
        nodes = pa.chunked_array(rows["nodes"].chunks, rows["nodes"].type).combine_chunks().flatten().to_numpy()
    ids = object_array(rows["id"].to_pylist())
    return Features(ids, _tags_of_row(rows), _project(geometry, to_metric), nodes)


def _project(geometry: npt.NDArray[np.object_], to_metric: Transformer) -> npt.NDArray[np.object_]:
    return osmium_reader.project(geometry, to_metric) if len(geometry) else geometry


def _tags_of_row(rows: pa.Table) -> list[dict[str, str]]:
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
