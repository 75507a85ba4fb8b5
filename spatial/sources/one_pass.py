"""One pass over an ``.osm.pbf`` extract for many areas at once: the same objects that ``osm_file`` reads for each.

The extract is decoded a block at a time (``_pbf_decode``), positions of nodes are kept on disk
(``_node_spool``), and what touches the surroundings of an area goes into partitions (``partitions``). So
memory does not grow with the extract. Multipolygons, and the few outlines that touch themselves, are put
together by osmium, from a small file that holds nothing else.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from spatial.errors import SourceFormatError
from spatial.phrases import cause, phrase
from spatial.sources import _pbf_decode as decode
from spatial.sources import _pbf_file, partitions
from spatial.sources._coverage_grid import CoverageGrid
from spatial.sources._members import MemberWays, Relations
from spatial.sources._node_spool import NodeSpool
from spatial.sources._pbf_file import NODES, RANK, RELATIONS, WAYS, Blob, Block
from spatial.sources.osm_file import AREA_KEYS, LINE_KEYS, POINT_KEYS

Ints = npt.NDArray[np.int64]
UNITS_PER_DEG = 1e7
PIECES = 20  # bits of ``order`` that number the pieces of a line
MOST_SIDES = 48  # of a ring of which all pairs of sides are looked at
MIN_RING_NODES = 4
CLOSED_LINE_KEYS = ("highway", "barrier")


@dataclass(frozen=True)
class Ways:
    """Ways of a block that are of use, with their positions."""

    ids: Ints
    at: Ints
    refs: Ints
    lon: npt.NDArray[np.int32]
    lat: npt.NDArray[np.int32]
    box: npt.NDArray[np.int32]
    known: Ints
    tag_at: Ints
    keys: Ints
    values: Ints

    @property
    def size(self) -> Ints:
        """Nodes of each."""
        return np.diff(self.at)

    def rows(self, which: npt.NDArray[np.bool_] | Ints) -> Ways:
        """Some of them."""
        index: Ints = np.flatnonzero(which) if which.dtype == bool else which.astype(np.int64)
        at, nodes = ranges(self.at, index)
        tag_at, tags = ranges(self.tag_at, index)
        return Ways(
            self.ids[index],
            at,
            self.refs[nodes],
            self.lon[nodes],
            self.lat[nodes],
            self.box[index],
            self.known[index],
            tag_at,
            self.keys[tags],
            self.values[tags],
        )


@dataclass
class Found:
    """What one block gives: rows by kind, outlines for osmium, ways that are parts of multipolygons."""

    rows: list[tuple[str, pa.Table]] = field(default_factory=list)
    irregular: list[tuple[int, dict[str, str], Ints, Any, Any]] = field(default_factory=list)
    members: Ways | None = None
    buildings: list[int] = field(default_factory=list)
    tagged: list[tuple[Ints, Any, Any]] = field(default_factory=list)
    newest: int = 0


@dataclass(frozen=True)
class Written:
    """The partitions; the box of the extract in degrees, if it was asked for; seconds of the newest edit since 1970."""

    parts: tuple[partitions.Part, ...]
    extent: tuple[float, float, float, float] | None
    newest: int


class FreeNodes:
    """Nodes with a tag that no line uses: an extract holds them only because they lie inside it (``osm_file``)."""

    def __init__(self) -> None:
        self._ids: list[Ints] = []
        self._places: list[npt.NDArray[np.int32]] = []
        self._all = np.empty(0, np.int64)
        self._free = np.empty(0, bool)

    def add(self, ids: Ints, lon: npt.NDArray[np.int32], lat: npt.NDArray[np.int32]) -> None:
        """Take nodes, in the order of their ids."""
        placed = lon != decode.NOWHERE
        self._ids.append(ids[placed])
        self._places.append(np.column_stack([lon, lat])[placed])

    def close(self) -> None:
        """From now on they are crossed out."""
        self._all = np.concatenate([*self._ids, self._all])
        self._free = np.ones(len(self._all), dtype=bool)

    def used(self, refs: Ints) -> None:
        """Cross out the nodes of lines."""
        if len(self._all):
            at = np.searchsorted(self._all, refs).clip(max=len(self._all) - 1)
            self._free[at[self._all[at] == refs]] = False

    def box(self) -> tuple[float, float, float, float] | None:
        """Box of what is left, in degrees."""
        if not self._free.any():
            return None
        places = np.concatenate(self._places)[self._free] / UNITS_PER_DEG
        (west, south), (east, north) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
        return west, south, east, north


def ranges(at: Ints, index: Ints) -> tuple[Ints, Ints]:
    """Offsets and positions of the items of some rows of a ragged array."""
    sizes = at[index + 1] - at[index]
    to = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    positions = np.arange(to[-1], dtype=np.int64) + np.repeat(at[index] - to[:-1], sizes)
    return to, positions


def read(path: Path, clips: npt.NDArray[np.float64], folder: Path, *, without_box: bool = False) -> Written:
    """Write all that touches some boxes into a folder of partitions.

    Parameters
    ----------
    path
        The extract, sorted by kind and id as all are that osmium, Geofabrik or planet.osm make.
    clips
        Boxes in degrees: west, south, east, north; one row an area.
    folder
        Where the partitions go; it must exist.
    without_box
        The header of the extract does not say what it covers: find it from the nodes.

    Raises
    ------
    SourceFormatError
        If the extract is damaged, or not sorted.
    OSError
        If the disk is full.
    """
    try:
        return _Pass(path, clips, folder, without_box).run()
    except (ValueError, zlib.error, pa.ArrowException, RuntimeError) as error:
        raise SourceFormatError("one_pass.unreadable", path=path, cause=cause(error)) from error


class _Pass:
    def __init__(self, path: Path, clips: npt.NDArray[np.float64], folder: Path, without_box: bool) -> None:
        self.path, self.folder = path, folder
        self.grid = CoverageGrid(clips)
        self.writer = partitions.Writer(folder)
        self.relations = Relations()
        self.newest = 0
        self.borders: tuple[int, ...] = (0, 0)
        self.free = FreeNodes() if without_box else None

    def run(self) -> Written:
        every = _pbf_file.blobs(self.path)
        self.borders = tuple(_pbf_file.first_of(self.path, every, RANK[kind]) for kind in (WAYS, RELATIONS))
        first = self.borders[1]
        with (
            tempfile.TemporaryDirectory(dir=self.folder, prefix=".pass-") as drafts,
            ThreadPoolExecutor(2) as pool,
            NodeSpool(Path(drafts)) as spool,
            MemberWays(Path(drafts)) as members,
        ):
            for blob in every[first:]:
                self.relations.take(_pbf_file.block(self.path, blob))
            self.relations.close()
            irregular, buildings = self._elements(every, pool, spool, members)
            members.close()
            drop = self._multipolygons(every[first:], members, irregular, buildings, Path(drafts))
            extent = None if self.free is None else self.free.box()
            return Written(tuple(self.writer.finish(drop)), extent, self.newest)

    def _elements(
        self, every: Sequence[Blob], pool: ThreadPoolExecutor, spool: NodeSpool, members: MemberWays
    ) -> tuple[list[Any], set[int]]:
        """Nodes and ways, in the order of the file; the nodes are all there before the first way."""
        irregular: list[Any] = []
        buildings: set[int] = set()
        ways_begin, relations_begin = self.borders
        for nodes, found in _pbf_file.in_order(self._nodes_of, every[: ways_begin + 1], pool):
            for part in nodes:
                spool.add(*part)
            for tagged in found.tagged:
                if self.free is not None:
                    self.free.add(*tagged)
            self._keep(found)
        spool.close()
        if self.free is not None:
            self.free.close()
        last = np.iinfo(np.int64).min
        for ids, found in _pbf_file.in_order(
            partial(self._ways_of, spool), every[ways_begin : relations_begin + 1], pool
        ):
            if len(ids):
                if ids[0] <= last or (np.diff(ids) <= 0).any():
                    raise ValueError(phrase("one_pass.ways"))
                last = ids[-1]
            self._keep(found)
            irregular += found.irregular
            buildings.update(found.buildings)
            if found.members is not None:
                members.add(
                    found.members.ids, found.members.at, found.members.refs, found.members.lon, found.members.lat
                )
        return irregular, buildings

    def _keep(self, found: Found) -> None:
        self.newest = max(self.newest, found.newest)
        for kind, rows in found.rows:
            self.writer.add(kind, rows)

    def _nodes_of(self, blob: Blob) -> tuple[list[Any], Found]:
        block = _pbf_file.block(self.path, blob)
        found, parts = Found(), []
        for ids, lon, lat, rows, tag_at, keys, values, stamps in _pbf_file.nodes_of(block, block.having(POINT_KEYS)):
            parts.append((ids, lon, lat))
            x, y = lon[rows], lat[rows]
            found.tagged.append((ids[rows], x, y))
            keep = np.flatnonzero((x != decode.NOWHERE) & self.grid.touch(np.column_stack([x, y, x, y])))
            if not len(keep):
                continue
            found.newest = max(found.newest, int(stamps[keep].max()))
            at, tags = ranges(tag_at, keep)
            position = np.column_stack([x[keep], y[keep]]) / UNITS_PER_DEG
            found.rows.append(
                (
                    "points",
                    partitions.table(
                        ids=_names("node", ids[rows[keep]]),
                        order=ids[rows[keep]],
                        tags=_tags(block, at, keys[tags], values[tags]),
                        wkb=pa.array(shapely.to_wkb(shapely.points(position)), pa.binary()),
                        nodes=None,
                        box=np.column_stack([position, position]),
                    ),
                )
            )
        return parts, found

    def _ways_of(self, spool: NodeSpool, blob: Blob) -> tuple[Ints, Found]:
        block = _pbf_file.block(self.path, blob)
        begin_of, end_of = self.borders
        if (blob.number > begin_of and RANK[NODES] in block.ranks) or (
            blob.number < end_of and RANK[RELATIONS] in block.ranks
        ):
            raise ValueError(phrase("one_pass.kinds"))
        found, every = Found(), [np.empty(0, np.int64)]
        for kind, begin, end in block.groups:
            if kind != WAYS:
                continue
            spans = block.spans(begin, end, WAYS)
            ids, stamps, at, refs, tag_at, keys, values = decode.ways(block.buffer, spans, len(block.texts))
            every.append(ids)
            is_line = _any(block.having(LINE_KEYS)[keys], tag_at)
            is_area = _any(block.having(AREA_KEYS)[keys], tag_at)
            is_member = self.relations.has_member(ids)
            use = np.flatnonzero(is_line | is_area | is_member)
            to, nodes = ranges(at, use)
            tags_to, tags = ranges(tag_at, use)
            lon, lat, _ = spool.locate(refs[nodes])
            box, known = decode.boxes(to, lon, lat)
            some = Ways(ids[use], to, refs[nodes], lon, lat, box, known, tags_to, keys[tags], values[tags])
            if is_member.any():
                found.members = _joined(found.members, some.rows(is_member[use]))
            self._sort_out(block, some, is_line[use], is_area[use], found)
            stamped = stamps[use][self.grid.touch(box) & (is_line | is_area)[use]]
            found.newest = max(found.newest, int(stamped.max(initial=0)))
        return np.concatenate(every), found

    def _sort_out(
        self,
        block: Block,
        some: Ways,
        is_line: npt.NDArray[np.bool_],
        is_area: npt.NDArray[np.bool_],
        found: Found,
    ) -> None:
        """Lines, areas and outlines for osmium among the ways of a block; one way may be several of them."""
        size = some.size
        near = self.grid.touch(some.box) & (some.known > 0)
        ends = np.minimum(some.at[:-1], len(some.refs) - 1), np.maximum(some.at[1:] - 1, 0)
        closed = (size > 0) & (some.refs[ends[0]] == some.refs[ends[1]]) if len(some.refs) else size > 0
        as_line = np.where(closed, _any(block.having(CLOSED_LINE_KEYS)[some.keys], some.tag_at), is_line)
        if self.free is not None:
            self.free.used(some.rows(as_line & (some.known == size) & (size > 1)).refs)
            self.free.used(_pieces(some.rows(as_line & (some.known < size)))[0].refs)
        _lines(block, some, near & as_line, found)
        # Written out with its key, as `area=no` may stand beside any other tag.
        no_area = _any(block.having(["area"])[some.keys] & block.having(["no"])[some.values], some.tag_at)
        outline = closed & is_area & ~no_area
        cut = near & outline & (some.known < size)
        if cut.any():
            found.rows.append(("lost", _lost(block, some.rows(cut))))
        outline &= (some.known == size) & (size >= MIN_RING_NODES)
        is_building = _any(block.having(["building"])[some.keys], some.tag_at)
        counted = outline & is_building & self.relations.has_building_member(some.ids)
        found.buildings += some.ids[counted].tolist()
        _areas(block, some.rows(outline & near), found)

    def _multipolygons(
        self, blobs: Sequence[Blob], members: MemberWays, irregular: list[Any], buildings: set[int], drafts: Path
    ) -> list[int]:
        """Let osmium put together what is more than a simple ring; return the ``order`` of ways that it makes twins."""
        from spatial.sources import _assembly

        near = self.relations.near(members, self.grid)
        made = _assembly.assemble(
            (_pbf_file.block(self.path, blob) for blob in blobs), near, members, irregular, buildings, drafts
        )
        for kind, rows in made.rows:
            self.writer.add(kind, rows)
        self.newest = max(self.newest, made.newest)
        return sorted(made.twins)


def _names(kind: str, ids: Ints) -> pa.Array:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(f"osm:{kind}/", pa.array(ids).cast(pa.string()), "")


def _any(flags: npt.NDArray[np.bool_], at: Ints) -> npt.NDArray[np.bool_]:
    """Of each run of flags, whether one is true."""
    total = np.concatenate([[0], np.cumsum(flags)])
    return total[at[1:]] > total[at[:-1]]


def _tags(block: Block, at: Ints, keys: Ints, values: Ints) -> pa.MapArray:
    """Tags of some elements of a block."""
    words = (block.texts.take(pa.array(rows)).cast(pa.string()) for rows in (keys, values))
    return pa.MapArray.from_arrays(pa.array(at.astype(np.int32)), *words)


def tags_of(block: Block, at: Ints, keys: Ints, values: Ints, row: int) -> dict[str, str]:
    """Tags of one element of a block."""
    part = slice(at[row], at[row + 1])
    return {
        block.text(key): block.text(value)
        for key, value in zip(keys[part].tolist(), values[part].tolist(), strict=True)
    }


def _joined(one: Ways | None, other: Ways) -> Ways:
    if one is None:
        return other
    at, tag_at = (np.concatenate([a, a[-1] + b[1:]]) for a, b in ((one.at, other.at), (one.tag_at, other.tag_at)))
    names = ("ids", "refs", "lon", "lat", "box", "known", "keys", "values")
    parts = {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in names}
    return Ways(at=at, tag_at=tag_at, **parts)


def _lines(block: Block, some: Ways, which: npt.NDArray[np.bool_], found: Found) -> None:
    """Lines, and the pieces of those that the edge of the extract has cut."""
    whole = some.rows(which & (some.known == some.size) & (some.size > 1))
    if len(whole.ids):
        found.rows.append(("lines", _line_rows(block, whole, whole.ids << PIECES)))
    cut = some.rows(which & (some.known < some.size))
    if len(cut.ids):
        pieces, order = _pieces(cut)
        if len(pieces.ids):
            found.rows.append(("lines", _line_rows(block, pieces, order)))


def _pieces(cut: Ways) -> tuple[Ways, Ints]:
    """Runs of at least two known nodes, as ways of their own, numbered within each way."""
    source, begins, ends, number = [], [], [], []
    for row in range(len(cut.ids)):
        known = np.concatenate([[False], cut.lon[cut.at[row] : cut.at[row + 1]] != decode.NOWHERE, [False]])
        turns = np.flatnonzero(np.diff(known.astype(np.int8)))
        count = 0
        for begin, end in zip(turns[::2], turns[1::2], strict=True):
            if end - begin > 1:
                source.append(row)
                begins.append(cut.at[row] + begin)
                ends.append(cut.at[row] + end)
                number.append(count)
                count += 1
    index = np.array(source, np.int64)
    sizes = np.array(ends, np.int64) - np.array(begins, np.int64)
    at = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    nodes = np.arange(at[-1], dtype=np.int64) + np.repeat(np.array(begins, np.int64) - at[:-1], sizes)
    tag_at, tags = ranges(cut.tag_at, index)
    lon, lat = cut.lon[nodes], cut.lat[nodes]
    box, known = decode.boxes(at, lon, lat)
    pieces = Ways(cut.ids[index], at, cut.refs[nodes], lon, lat, box, known, tag_at, cut.keys[tags], cut.values[tags])
    return pieces, (pieces.ids << PIECES) + np.array(number, np.int64)


def _line_rows(block: Block, ways: Ways, order: Ints) -> pa.Table:
    xy = np.column_stack([ways.lon, ways.lat]) / UNITS_PER_DEG
    shapes = shapely.linestrings(xy, indices=np.repeat(np.arange(len(ways.ids)), ways.size))
    return partitions.table(
        ids=_names("way", ways.ids),
        order=order,
        tags=_tags(block, ways.tag_at, ways.keys, ways.values),
        wkb=pa.array(shapely.to_wkb(shapes), pa.binary()),
        nodes=pa.ListArray.from_arrays(pa.array(ways.at.astype(np.int32)), pa.array(ways.refs)),
        box=ways.box / UNITS_PER_DEG,
    )


def _areas(block: Block, ways: Ways, found: Found) -> None:
    """Areas of closed ways; those that touch themselves are left to osmium."""
    if not len(ways.ids):
        return
    at, x, y = decode.rings(ways.at, ways.lon, ways.lat)
    simple = decode.is_simple(at, x, y, MOST_SIDES)
    for row in np.flatnonzero(simple == -1).tolist():
        ring = slice(at[row], at[row + 1])
        simple[row] = shapely.is_valid(shapely.Polygon(np.column_stack([x[ring], y[ring]]).astype(np.float64)))
    for row in np.flatnonzero(simple == 0).tolist():
        nodes = slice(ways.at[row], ways.at[row + 1])
        tags = tags_of(block, ways.tag_at, ways.keys, ways.values, row)
        found.irregular.append((int(ways.ids[row]), tags, ways.refs[nodes], ways.lon[nodes], ways.lat[nodes]))
    good = np.flatnonzero(simple == 1)
    if not len(good):
        return
    to, corners = ranges(at, good)
    xy = np.column_stack([x[corners], y[corners]]) / UNITS_PER_DEG
    outer = shapely.linearrings(xy, indices=np.repeat(np.arange(len(good)), np.diff(to)))
    kept = ways.rows(good)
    found.rows.append(
        (
            "areas",
            partitions.table(
                ids=_names("way", kept.ids),
                order=kept.ids,
                tags=_tags(block, kept.tag_at, kept.keys, kept.values),
                wkb=pa.array(shapely.to_wkb(shapely.polygons(outer)), pa.binary()),
                nodes=None,
                box=kept.box / UNITS_PER_DEG,
            ),
        )
    )


def _lost(block: Block, ways: Ways) -> pa.Table:
    """Outlines that are not all in the extract: the box of what is known of them."""
    box = ways.box / UNITS_PER_DEG
    return partitions.table(
        ids=_names("way", ways.ids),
        order=ways.ids,
        tags=_tags(block, ways.tag_at, ways.keys, ways.values),
        wkb=pa.array(shapely.to_wkb(shapely.box(*box.T)), pa.binary()),
        nodes=None,
        box=box,
    )
