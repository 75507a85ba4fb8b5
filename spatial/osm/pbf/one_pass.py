"""One pass over an ``.osm.pbf`` extract, for one area or many.

The extract is decoded a block at a time, positions of nodes are kept on disk, and what touches the surroundings of an
area is given to a keeper (``rows.Keeper``): into partitions, or into memory. So memory does not grow with the extract.
Multipolygons, and the few outlines that touch themselves, are put together by osmium, from a small file that holds
nothing else.
"""

from __future__ import annotations

import tempfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.core.errors import SourceFormatError
from spatial.core.messages import cause, phrase
from spatial.osm.pbf import assembly, blocks
from spatial.osm.pbf.assembly import Irregular
from spatial.osm.pbf.blocks import NODES, RANK, RELATIONS, WAYS, Blob, Block
from spatial.osm.pbf.decode import NOWHERE, Tags
from spatial.osm.pbf.members import MemberWays, Relations, boxes, rings
from spatial.osm.pbf.node_positions import NodeSpool
from spatial.osm.pbf.ragged import Ints, any_of, offsets, ranges, within
from spatial.osm.pbf.rows import AREAS, LINES, LOST, POINTS, UNITS_PER_DEG, Keeper, Rows
from spatial.osm.pbf.selection import (
    CUT_LINE,
    LOST_AREA,
    LOST_BUILDING,
    NO_EXTENT,
    NO_NODES,
    NO_POSITION,
    NO_SHAPE,
    SHORT_LINE,
    TWIN,
    AscendingIds,
    Keys,
    Lost,
    Tally,
)

MAX_CELLS, MAX_CELLS_OF_ONE = 4_000_000, 10_000
FINEST_DEG = 0.002


class CoverageGrid:
    """Cells that some box touches, and how many there are south-west of each corner.

    ``touch`` may say yes to what passes a box within a cell; never no to what touches one.
    """

    def __init__(self, clips: npt.NDArray[np.float64]) -> None:
        self._west, self._south = clips[:, 0].min(), clips[:, 1].min()
        east, north = clips[:, 2].max(), clips[:, 3].max()
        area = max((east - self._west) * (north - self._south), FINEST_DEG**2)
        self._cell = max(FINEST_DEG, float(np.sqrt(area / (MAX_CELLS if len(clips) > 1 else MAX_CELLS_OF_ONE))))
        self._shape = tuple(int(span / self._cell) + 1 for span in (east - self._west, north - self._south))
        covered = np.zeros(self._shape, dtype=np.int64)
        low_x, low_y, high_x, high_y = self._cells(clips)
        for a, b, c, d in zip(low_x, low_y, high_x, high_y, strict=True):
            covered[a : c + 1, b : d + 1] = 1
        self._sums = np.zeros((self._shape[0] + 1, self._shape[1] + 1), dtype=np.int64)
        self._sums[1:, 1:] = covered.cumsum(axis=0).cumsum(axis=1)

    def _cells(self, degrees: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], ...]:
        x = np.floor((degrees[:, [0, 2]] - self._west) / self._cell)
        y = np.floor((degrees[:, [1, 3]] - self._south) / self._cell)
        x, y = x.clip(-1, self._shape[0]).astype(np.int64), y.clip(-1, self._shape[1]).astype(np.int64)
        return x[:, 0], y[:, 0], x[:, 1], y[:, 1]

    def touch(self, boxes: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Of boxes in 1e-7 degrees (west, south, east, north), which may touch one of the clips."""
        if not len(boxes):
            return np.zeros(0, dtype=bool)
        a, b, c, d = self._cells(boxes / UNITS_PER_DEG)
        a, b = a.clip(0), b.clip(0)
        c, d = np.minimum(c + 1, self._shape[0]), np.minimum(d + 1, self._shape[1])
        c, d = np.maximum(c, a), np.maximum(d, b)
        a, b = np.minimum(a, self._shape[0]), np.minimum(b, self._shape[1])
        c, d = np.maximum(c, a), np.maximum(d, b)
        inside = self._sums[c, d] - self._sums[a, d] - self._sums[c, b] + self._sums[a, b]
        return np.asarray(inside > 0)


PIECES = 20  # bits of ``order`` that number the pieces of a line
MIN_RING_NODES = 4
MIN_LINE_NODES = 2


@dataclass(frozen=True)
class Placed:
    """Ways of a block that are of use, with their positions, their boxes and how many of their nodes are known."""

    ids: Ints
    at: Ints
    refs: Ints
    lon: npt.NDArray[np.int32]
    lat: npt.NDArray[np.int32]
    box: npt.NDArray[np.int32]
    known: Ints
    tags: Tags

    @property
    def size(self) -> Ints:
        """Nodes of each."""
        return np.diff(self.at)

    def rows(self, which: npt.NDArray[np.bool_]) -> Placed:
        """Some of them."""
        index = np.flatnonzero(which)
        at, nodes = ranges(self.at, index)
        return Placed(
            self.ids[index],
            at,
            self.refs[nodes],
            self.lon[nodes],
            self.lat[nodes],
            self.box[index],
            self.known[index],
            self.tags.rows(index),
        )


@dataclass
class BlockResult:
    """What one block gives: what is kept, outlines for osmium, ways that are parts of multipolygons, counts."""

    kept: list[tuple[str, Any]] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    wanted: int = 0
    irregular: list[Irregular] = field(default_factory=list)
    members: list[Placed] = field(default_factory=list)
    buildings: list[int] = field(default_factory=list)
    tagged: list[tuple[Ints, Any, Any]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    newest: int = 0

    def lose(self, reason: str, ways: Placed) -> None:
        """Note ways that are not given for a reason."""
        if len(ways.ids):
            self.lost.append(Lost(reason, "way", ways.ids, ways.box))


@dataclass(frozen=True)
class Seen:
    """What a pass finds by the way.

    ``twins`` are ways (their ``order``) that a relation stands for; ``extent`` is the box of the extract in degrees, if
    it was asked for; ``newest`` the newest edit in seconds since 1970. Counts of features are of what is near, and of
    relations of which nothing is in the extract that would say where they are. ``tallies`` count the objects of the
    whole extract by element; ``lost`` are those that are not given, near or not.
    """

    tallies: dict[str, Tally]
    lost: list[Lost]
    twins: tuple[int, ...]
    extent: tuple[float, float, float, float] | None
    newest: int
    dropped: Counter[str]
    repaired: Counter[str]


class FreeNodes:
    """Nodes with a tag that no line uses: an extract holds them only because they lie inside it.

    Where there are none, lines say what an extract covers, and where there is no line, all other ways of use.
    """

    def __init__(self) -> None:
        self._lines: list[npt.NDArray[np.int32]] = []
        self._others: list[npt.NDArray[np.int32]] = []
        self._ids: list[Ints] = []
        self._places: list[npt.NDArray[np.int32]] = []
        self._all = np.empty(0, np.int64)
        self._free = np.empty(0, bool)

    def add(self, ids: Ints, lon: npt.NDArray[np.int32], lat: npt.NDArray[np.int32]) -> None:
        """Take nodes, in the order of their ids."""
        placed = lon != NOWHERE
        self._ids.append(ids[placed])
        self._places.append(np.column_stack([lon, lat])[placed])

    def close(self) -> None:
        """From now on they are crossed out."""
        self._all = np.concatenate([*self._ids, self._all])
        self._free = np.ones(len(self._all), dtype=bool)

    def take_others(self, ways: Placed) -> None:
        """Take ways of use that are no lines."""
        self._others.append(ways.box[ways.known > 0])

    def take_lines(self, lines: Placed) -> None:
        """Take lines, and cross out their nodes."""
        self._lines.append(lines.box)
        refs = lines.refs
        if len(self._all):
            at = np.searchsorted(self._all, refs).clip(max=len(self._all) - 1)
            self._free[at[self._all[at] == refs]] = False

    def box(self) -> tuple[float, float, float, float] | None:
        """Box of what is left, in degrees."""
        boxes = np.concatenate([*self._lines, np.empty((0, 4))])
        if self._free.any():
            boxes = np.tile(np.concatenate(self._places)[self._free], 2)
        elif not len(boxes):
            boxes = np.concatenate([*self._others, boxes])
        if not len(boxes):
            return None
        sides = boxes[:, :2].min(axis=0) / UNITS_PER_DEG, boxes[:, 2:].max(axis=0) / UNITS_PER_DEG
        west, south, east, north = np.concatenate(sides).tolist()
        return west, south, east, north


def read_one_pass(
    path: Path, clips: npt.NDArray[np.float64], keys: Keys, keeper: Keeper, *, without_box: bool = False
) -> Seen:
    """Give all that touches some boxes to a keeper.

    Parameters
    ----------
    path
        The extract, sorted by kind and id as all are that osmium, Geofabrik or planet.osm make.
    clips
        Boxes in degrees (WGS 84): west, south, east, north; one row an area.
    keys
        Keys of the tags that make an object wanted.
    keeper
        What the objects are given to.
    without_box
        The header of the extract does not say what it covers: find it from the nodes.

    Raises
    ------
    SourceFormatError
        If the extract is damaged or not sorted, or holds what is not on the map now.
    OSError
        If the disk is full.
    """
    try:
        return _Pass(path, clips, keys, keeper, without_box).run()
    except (ValueError, zlib.error, RuntimeError) as error:
        raise SourceFormatError("one_pass.unreadable", path=path, cause=cause(error)) from error


class _Pass:
    def __init__(
        self, path: Path, clips: npt.NDArray[np.float64], keys: Keys, keeper: Keeper, without_box: bool
    ) -> None:
        self.file, self.keys, self.keeper = blocks.opened(path), keys, keeper
        self.grid = CoverageGrid(clips)
        self.relations = Relations(keys)
        self.ways = AscendingIds(phrase("one_pass.ways"))
        self.lost: list[Lost] = []
        self.wanted: Counter[str] = Counter()
        self.newest = 0
        self.dropped: Counter[str] = Counter()
        self.repaired: Counter[str] = Counter()
        self.borders: tuple[int, ...] = (0, 0)
        self.free = FreeNodes() if without_box else None

    def run(self) -> Seen:
        every = self.file.blobs()
        self.borders = tuple(self.file.first_of(every, RANK[kind]) for kind in (WAYS, RELATIONS))
        first = self.borders[1]
        with (
            tempfile.TemporaryDirectory(dir=self.keeper.folder, prefix=".pass-") as drafts,
            NodeSpool(Path(drafts), self.file.kernels) as spool,
            MemberWays(Path(drafts)) as members,
        ):
            for blob in every[first:]:
                self.relations.take(self._block(blob))
            self.relations.close()
            irregular, buildings = self._elements(every, spool, members)
            members.close()
            twins = self._multipolygons(every[first:], members, irregular, buildings, Path(drafts))
            counts = (("node", spool.ids), ("way", self.ways), ("relation", self.relations.every))
        self.wanted["relation"] = len(self.relations.ids)
        tallies = {element: Tally(ids.count, self.wanted[element]) for element, ids in counts}
        extent = None if self.free is None else self.free.box()
        return Seen(tallies, self.lost, tuple(twins), extent, self.newest, self.dropped, self.repaired)

    def _block(self, blob: Blob) -> Block:
        """Read a block, and make sure that it holds no other kind of element than is looked for there."""
        block = self.file.block(blob)
        ways_begin, relations_begin = self.borders
        begins = {RANK[NODES]: 0, RANK[WAYS]: ways_begin, RANK[RELATIONS]: relations_begin}
        ends = {RANK[NODES]: ways_begin, RANK[WAYS]: relations_begin}
        if any(not begins[rank] <= blob.number <= ends.get(rank, blob.number) for rank in block.ranks):
            raise ValueError(phrase("one_pass.kinds"))
        return block

    def _elements(self, every: Sequence[Blob], spool: NodeSpool, members: MemberWays) -> tuple[list[Any], set[int]]:
        """Nodes and ways, in the order of the file; the nodes are all there before the first way."""
        irregular: list[Any] = []
        buildings: set[int] = set()
        ways_begin, relations_begin = self.borders
        threads = self.file.kernels.threads
        for nodes, result in blocks.in_order(self._nodes_of, every[: ways_begin + 1], threads):
            for part in nodes:
                spool.add(*part)
            for tagged in result.tagged:
                if self.free is not None:
                    self.free.add(*tagged)
            self._keep("node", result)
        spool.close()
        if self.free is not None:
            self.free.close()
        for ids, result in blocks.in_order(
            partial(self._ways_of, spool), every[ways_begin : relations_begin + 1], threads
        ):
            self.ways.take(ids)
            self._keep("way", result)
            irregular += result.irregular
            buildings.update(result.buildings)
            for part in result.members:
                members.add(part.ids, part.at, part.refs, part.lon, part.lat)
        return irregular, buildings

    def _keep(self, element: str, result: BlockResult) -> None:
        self.wanted[element] += result.wanted
        self.lost += result.lost
        self.newest = max(self.newest, result.newest)
        self.dropped.update(result.dropped)
        self.repaired.update(result.repaired)
        for kind, kept in result.kept:
            self.keeper.keep(kind, kept)

    def _make(self, result: BlockResult, rows: Rows) -> None:
        """Make what is kept of some rows; with compiled code in one of several threads."""
        if len(rows):
            result.kept.append((rows.kind, self.keeper.made(rows)))

    def _nodes_of(self, blob: Blob) -> tuple[list[Any], BlockResult]:
        block = self._block(blob)
        result, parts = BlockResult(), []
        for nodes in block.nodes(block.having(self.keys.points)):
            parts.append((nodes.ids, nodes.lon, nodes.lat))
            result.wanted += len(nodes.tagged)
            ids, x, y = nodes.ids[nodes.tagged], nodes.lon[nodes.tagged], nodes.lat[nodes.tagged]
            result.tagged.append((ids, x, y))
            result.newest = max(result.newest, int(nodes.stamps.max(initial=0)))
            box = np.column_stack([x, y, x, y])
            nowhere = x == NOWHERE
            if nowhere.any():
                result.lost.append(Lost(NO_POSITION, "node", ids[nowhere], box[nowhere]))
                result.dropped[NO_POSITION] += int(nowhere.sum())
            keep = np.flatnonzero(~nowhere & self.grid.touch(box))
            if not len(keep):
                continue
            tags, at = nodes.tags.rows(keep), np.arange(len(keep) + 1)
            rows = Rows(POINTS, "node", ids[keep], ids[keep], block, tags, at, x[keep], y[keep], box[keep])
            self._make(result, rows)
        return parts, result

    def _ways_of(self, spool: NodeSpool, blob: Blob) -> tuple[Ints, BlockResult]:
        block = self._block(blob)
        result, every = BlockResult(), [np.empty(0, np.int64)]
        is_line_key, is_area_key = block.having(self.keys.lines), block.having(self.keys.areas)
        for ways in block.ways():
            every.append(ways.ids)
            is_line = any_of(is_line_key[ways.tags.keys], ways.tags.at)
            is_area = any_of(is_area_key[ways.tags.keys], ways.tags.at)
            is_member = self.relations.has_member(ways.ids)
            use = np.flatnonzero(is_line | is_area | is_member)
            at, nodes = ranges(ways.at, use)
            refs = ways.refs[nodes]
            lon, lat = spool.locate(refs)
            some = Placed(ways.ids[use], at, refs, lon, lat, *boxes(at, lon, lat), ways.tags.rows(use))
            if is_member.any():
                result.members.append(some.rows(is_member[use]))
            near = self.grid.touch(some.box) & (some.known > 0)
            wanted = (is_line | is_area)[use]
            result.wanted += int(wanted.sum())
            result.lose(NO_NODES, some.rows(wanted & (some.known == 0)))
            self._sort_out(block, some, is_line[use], is_area[use], near, result)
            edited = block.stamps(ways.info, use)[wanted]
            result.newest = max(result.newest, int(edited.max(initial=0)))
        return np.concatenate(every), result

    def _sort_out(
        self,
        block: Block,
        some: Placed,
        is_line: npt.NDArray[np.bool_],
        is_area: npt.NDArray[np.bool_],
        near: npt.NDArray[np.bool_],
        result: BlockResult,
    ) -> None:
        """Lines, areas and outlines for osmium among the ways of a block; one way may be several of them."""
        size, whole = some.size, some.known == some.size
        ends = np.minimum(some.at[:-1], len(some.refs) - 1), np.maximum(some.at[1:] - 1, 0)
        closed = (size > 0) & (some.refs[ends[0]] == some.refs[ends[1]]) if len(some.refs) else size > 0
        as_line = np.where(closed, any_of(block.having(self.keys.ring_lines)[some.tags.keys], some.tags.at), is_line)
        if self.free is not None:
            self.free.take_lines(some.rows(as_line & whole & (size > 1)))
            self.free.take_lines(_pieces(some.rows(as_line & ~whole))[0])
            self.free.take_others(some.rows(~as_line))
        self._lines(block, some.rows(near & as_line), result)
        # Written out with its key, as `area=no` may stand beside any other tag.
        is_no = block.having(["area"])[some.tags.keys] & block.having(["no"])[some.tags.values]
        outline = closed & is_area & ~any_of(is_no, some.tags.at)
        result.lose(NO_SHAPE, some.rows(near & (is_line | is_area) & ~as_line & ~outline))
        self._make(result, _lost(block, some.rows(near & outline & ~whole)))
        outline &= whole
        flat = near & outline & (size < MIN_RING_NODES)
        result.lose(NO_EXTENT, some.rows(flat))
        result.dropped[NO_EXTENT] += int(flat.sum())
        outline &= size >= MIN_RING_NODES
        is_building = any_of(block.having(["building"])[some.tags.keys], some.tags.at)
        counted = outline & is_building & self.relations.has_building_member(some.ids)
        result.buildings += some.ids[counted].tolist()
        self._areas(block, some.rows(outline & near), result)

    def _lines(self, block: Block, some: Placed, result: BlockResult) -> None:
        """Lines, and the pieces of those that the edge of the extract has cut."""
        is_whole = some.known == some.size
        whole, cut = some.rows(is_whole & (some.size >= MIN_LINE_NODES)), some.rows(~is_whole)
        short = is_whole & (some.size < MIN_LINE_NODES)
        result.lose(SHORT_LINE, some.rows(short))
        result.dropped[SHORT_LINE] += int(short.sum())
        self._make(result, _line_rows(block, whole, whole.ids << PIECES))
        if len(cut.ids):
            pieces, order = _pieces(cut)
            self._make(result, _line_rows(block, pieces, order))
            usable = np.isin(cut.ids, pieces.ids)
            result.lose(CUT_LINE, cut.rows(~usable))
            result.repaired[CUT_LINE] += int(usable.sum())
            result.dropped[CUT_LINE] += int((~usable).sum())

    def _areas(self, block: Block, some: Placed, result: BlockResult) -> None:
        """Areas of closed ways; those that touch themselves are left to osmium."""
        at, x, y = rings(some.at, some.lon, some.lat)
        simple = self.file.kernels.simple(at, x, y)
        odd = some.rows(~simple)
        for row, words in enumerate(block.dictionaries(odd.tags) if len(odd.ids) else ()):
            nodes = slice(odd.at[row], odd.at[row + 1])
            result.irregular.append((int(odd.ids[row]), words, odd.refs[nodes], odd.lon[nodes], odd.lat[nodes]))
        kept = some.rows(simple)
        to, corners = ranges(at, np.flatnonzero(simple))
        rows = Rows(AREAS, "way", kept.ids, kept.ids, block, kept.tags, to, x[corners], y[corners], kept.box)
        self._make(result, rows)

    def _multipolygons(
        self, blobs: Sequence[Blob], members: MemberWays, irregular: list[Any], buildings: set[int], drafts: Path
    ) -> list[int]:
        """Let osmium put together what is more than a simple ring; return the ways that it makes twins."""
        box, placed = self.relations.boxes(members)
        for reason, buildings_too in ((LOST_BUILDING, True), (LOST_AREA, False)):
            lost = ~placed & (self.relations.building == buildings_too)
            self.lost.append(Lost(reason, "relation", self.relations.ids[lost], box[lost]))
            self.dropped[reason] += int(lost.sum())
        near = np.sort(self.relations.ids[placed][self.grid.touch(box[placed])])
        again = (self.file.block(blob) for blob in blobs)
        made = assembly.assemble(again, self.keys, near, members, irregular, buildings, drafts)
        for rows in made.rows:
            self.keeper.take(rows)
        self.newest = max(self.newest, self.relations.newest)
        self.lost += made.lost
        self.dropped[NO_EXTENT] += sum(len(lost.ids) for lost in made.lost if lost.reason == NO_EXTENT)
        self.repaired[TWIN] += made.twin_relations + len(made.twin_ways)
        return sorted(made.twin_ways)


def _pieces(cut: Placed) -> tuple[Placed, Ints]:
    """Runs of at least two known nodes, as ways of their own, numbered within each way."""
    row = np.repeat(np.arange(len(cut.ids)), cut.size)
    known = cut.lon != NOWHERE
    opens = known & ~np.concatenate([[False], known[:-1] & (row[1:] == row[:-1])])
    closes = known & ~np.concatenate([known[1:] & (row[1:] == row[:-1]), [False]])
    begins, ends = np.flatnonzero(opens[: len(row)]), np.flatnonzero(closes[: len(row)])
    long = ends - begins + 1 >= MIN_LINE_NODES
    begins, source = begins[long], row[begins[long]]
    at, nodes = within(begins, ends[long] + 1 - begins)
    lon, lat = cut.lon[nodes], cut.lat[nodes]
    pieces = Placed(cut.ids[source], at, cut.refs[nodes], lon, lat, *boxes(at, lon, lat), cut.tags.rows(source))
    first = np.searchsorted(source, source)
    return pieces, (pieces.ids << PIECES) + np.arange(len(source)) - first


def _line_rows(block: Block, some: Placed, order: Ints) -> Rows:
    return Rows(LINES, "way", some.ids, order, block, some.tags, some.at, some.lon, some.lat, some.box, some.refs)


def _lost(block: Block, some: Placed) -> Rows:
    """Outlines that are not all in the extract: the box of what is known of them."""
    corners = some.box[:, [0, 1, 2, 1, 2, 3, 0, 3, 0, 1]].reshape(-1, 2)
    at = offsets(np.full(len(some.ids), 5))
    return Rows(LOST, "way", some.ids, some.ids, block, some.tags, at, corners[:, 0], corners[:, 1], some.box)
