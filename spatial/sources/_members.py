"""Multipolygons of an extract and the ways that they are made of, before they are put together."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.sources import _pbf_decode as decode
from spatial.sources._coverage_grid import CoverageGrid
from spatial.sources._pbf_file import RELATIONS, Block
from spatial.sources.osm_file import AREA_KEYS

Ints = npt.NDArray[np.int64]
WAY_MEMBER = 1
AREA_TYPES = ("multipolygon", "boundary")  # those of which osmium makes areas


class Relations:
    """Ids and way members of the relations that describe an area."""

    def __init__(self) -> None:
        self._ids: list[Ints] = []
        self._sizes: list[Ints] = []
        self._members: list[Ints] = []
        self._of_buildings: list[Ints] = []
        self.ids = self.members = self._building_members = self._sorted = np.empty(0, np.int64)
        self.at = np.zeros(1, np.int64)

    def take(self, block: Block) -> None:
        """Take the relations of a block."""
        for ids, at, members, _, building in described(block):
            self._ids.append(ids)
            ways = members[0] == WAY_MEMBER
            counts = np.concatenate([[0], np.cumsum(ways)])
            self._sizes.append(counts[at[1:]] - counts[at[:-1]])
            self._members.append(members[1][ways])
            self._of_buildings.append(members[1][ways & np.repeat(building, np.diff(at))])

    def close(self) -> None:
        """End the taking."""
        none = np.empty(0, np.int64)
        self.ids = np.concatenate([*self._ids, none])
        self.at = np.concatenate([[0], np.cumsum(np.concatenate([*self._sizes, none]))]).astype(np.int64)
        self.members = np.concatenate([*self._members, none])
        self._sorted = np.unique(self.members)
        self._building_members = np.unique(np.concatenate([*self._of_buildings, none]))

    def has_member(self, ways: Ints) -> npt.NDArray[np.bool_]:
        """Which ways are part of an area's relation."""
        return _among(ways, self._sorted)

    def has_building_member(self, ways: Ints) -> npt.NDArray[np.bool_]:
        """Which ways are part of a building's relation."""
        return _among(ways, self._building_members)

    def near(self, members: MemberWays, grid: CoverageGrid) -> Ints:
        """Ids of the relations whose box may touch a clip, by what is known of their ways; sorted."""
        if not len(self.ids):
            return self.ids
        row, known = members.rows(self.members)
        box = np.full((len(self.members) + 1, 4), decode.NOWHERE, np.int32)
        box[:, 2:] = -decode.NOWHERE
        box[:-1][known] = members.box[row[known]]
        filled = self.at[1:] > self.at[:-1]
        starts = self.at[:-1]
        low = np.minimum.reduceat(box[:, :2], starts, axis=0)
        high = np.maximum.reduceat(box[:, 2:], starts, axis=0)
        whole = np.column_stack([low, high])
        some = filled & (whole[:, 0] <= whole[:, 2])
        near = np.zeros(len(self.ids), dtype=bool)
        near[some] = grid.touch(whole[some])
        return np.sort(self.ids[near])


def described(block: Block) -> list[tuple[Ints, Ints, Ints, list[Any], npt.NDArray[np.bool_]]]:
    """Relations of a block that describe areas: ids, offsets, (type, id, role) of members, tags, if buildings."""
    found = []
    for kind, begin, end in block.groups:
        if kind != RELATIONS:
            continue
        spans = block.spans(begin, end, RELATIONS)
        ids, stamps, at, members, tag_at, keys, values = decode.relations(block.buffer, spans, len(block.texts))
        row_of = np.repeat(np.arange(len(ids)), np.diff(tag_at))
        is_area, typed, building = (np.zeros(len(ids), bool) for _ in range(3))
        is_area[row_of[block.having(AREA_KEYS)[keys]]] = True
        typed[row_of[block.having(["type"])[keys] & block.having(AREA_TYPES)[values]]] = True
        building[row_of[block.having(["building"])[keys]]] = True
        use = np.flatnonzero(is_area & typed)
        sizes = at[use + 1] - at[use]
        to = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        positions = np.arange(to[-1], dtype=np.int64) + np.repeat(at[use] - to[:-1], sizes)
        tags = [(tag_at[i], tag_at[i + 1], keys, values, stamps[i]) for i in use]
        found.append((ids[use], to, members[:, positions], tags, building[use]))
    return found


def _among(values: Ints, ascending: Ints) -> npt.NDArray[np.bool_]:
    if not len(ascending):
        return np.zeros(len(values), dtype=bool)
    at = np.searchsorted(ascending, values).clip(max=len(ascending) - 1)
    return np.asarray(ascending[at] == values)


class MemberWays:
    """Ways that are parts of multipolygons, on disk: nodes and their positions by way."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "members.bin"
        self._file = self._path.open("wb")
        self._parts: list[tuple[Ints, Ints, npt.NDArray[np.int32]]] = []
        self.ids = self._at = np.empty(0, np.int64)
        self.box = np.empty((0, 4), np.int32)

    def __enter__(self) -> MemberWays:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def add(self, ids: Ints, at: Ints, refs: Ints, lon: npt.NDArray[np.int32], lat: npt.NDArray[np.int32]) -> None:
        """Append ways, whose ids ascend."""
        box, _ = decode.boxes(at, lon, lat)
        self._parts.append((ids, np.diff(at), box))
        self._file.write(np.column_stack([refs, lon, lat]).astype(np.int64).data)

    def close(self) -> None:
        """End the writing; from now on ways are looked up."""
        self._file.flush()
        self._file.close()
        if self._parts:
            ids, sizes, boxes = zip(*self._parts, strict=True)
            self.ids, self.box = np.concatenate(ids), np.concatenate(boxes)
            self._at = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
        self._parts = []

    def rows(self, ways: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Row of each way, and whether it is there."""
        known = _among(ways, self.ids)
        return np.searchsorted(self.ids, ways), known

    def nodes(self, row: int) -> Ints:
        """Nodes of a way: rows of id, longitude and latitude in 1e-7 degrees."""
        with self._path.open("rb") as file:
            begin, end = int(self._at[row]), int(self._at[row + 1])
            file.seek(begin * 24)
            return np.frombuffer(file.read((end - begin) * 24), np.int64).reshape(-1, 3)
