"""Rings as osmium builds areas of them, multipolygons, and the ways these are made of, before they are assembled.

Positions are whole numbers of 1e-7 degrees, of many objects at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from spatial.core.messages import phrase
from spatial.osm.pbf.blocks import Block
from spatial.osm.pbf.decode import NOWHERE, Tags
from spatial.osm.pbf.ragged import Ints, any_of, offsets, ranges, reduced, within
from spatial.osm.pbf.selection import AscendingIds, Keys

Places = npt.NDArray[np.int32]
FEWEST_CORNERS = 3


def boxes(at: Ints, lon: Places, lat: Places) -> tuple[npt.NDArray[np.int32], Ints]:
    """Bounding box of each run of positions (west, south, east, north), and how many of its positions are known."""
    known = lon != NOWHERE
    low = [reduced(np.minimum, one, at, NOWHERE) for one in (lon, lat)]
    high = [reduced(np.maximum, np.where(known, one, -NOWHERE), at, -NOWHERE) for one in (lon, lat)]
    total = offsets(known)
    return np.column_stack([*low, *high]).astype(np.int32), total[at[1:]] - total[at[:-1]]


def rings(at: Ints, lon: Places, lat: Places) -> tuple[Ints, Places, Places]:
    """Rings from their most western point, counter-clockwise, with the first point again at the end.

    Neighbours at the same position are one. Returns offsets and positions; a ring of fewer than three corners is
    empty.
    """
    at, x, y = _open(at, lon, lat)
    size = np.diff(at)
    first, step = _most_western(at, x, y) - at[:-1], np.where(_counter_clockwise(at, x, y), 1, -1)
    to, number = within(np.zeros(len(size), np.int64), size + (size > 0))
    row = np.repeat(np.arange(len(size)), np.diff(to))
    corner = at[row] + (first[row] + step[row] * number) % np.maximum(size[row], 1)
    return to, x[corner], y[corner]


def _open(at: Ints, lon: Places, lat: Places) -> tuple[Ints, Places, Places]:
    """Corners of closed ways, none twice in a row; none at all where there are too few."""
    size = np.diff(at)
    row, first = np.repeat(np.arange(len(size)), size), np.zeros(len(lon), bool)
    first[at[:-1][size > 0]] = True
    begins = at[:-1][row]
    again = np.zeros(len(lon), bool)
    again[1:] = (lon[1:] == lon[:-1]) & (lat[1:] == lat[:-1])
    keep = first | ~again
    # The last corner, and those beside it at the same position, are the first again.
    last = np.flatnonzero(keep)
    ends = np.append(row[last][1:] != row[last][:-1], True)[: len(last)]
    closing = last[ends]
    back = (lon[closing] == lon[begins[closing]]) & (lat[closing] == lat[begins[closing]]) & ~first[closing]
    keep[closing[back]] = False
    many = np.bincount(row[keep], minlength=len(size)) >= FEWEST_CORNERS
    keep &= many[row]
    return offsets(np.bincount(row[keep], minlength=len(size))), lon[keep], lat[keep]


def _most_western(at: Ints, x: Places, y: Places) -> Ints:
    """Where the most western corner of each ring is, the southern one of several; the first of the same."""
    row = np.repeat(np.arange(len(at) - 1), np.diff(at))
    west = x == reduced(np.minimum, x, at, NOWHERE)[row]
    south = np.where(west, y, NOWHERE)
    corner = west & (south == reduced(np.minimum, south, at, NOWHERE)[row])
    where = np.where(corner, np.arange(len(x)), len(x))
    return reduced(np.minimum, where, at, 0)


def _counter_clockwise(at: Ints, x: Places, y: Places) -> npt.NDArray[np.bool_]:
    """Whether each ring turns to the left."""
    size = np.diff(at)
    row = np.repeat(np.arange(len(size)), size)
    follows = np.arange(1, len(x) + 1)
    follows[at[1:][size > 0] - 1] = at[:-1][size > 0]
    east, north = (one - one[at[:-1][row]].astype(np.float64) for one in (x, y))
    return np.asarray(reduced(np.add, east * north[follows] - north * east[follows], at, 0.0) > 0)


WAY_MEMBER = 1
AREA_TYPES = ("multipolygon", "boundary")  # those of which osmium makes areas


class Relations:
    """Ids and way members of the relations that describe an area; ``every`` counts all relations."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self.every = AscendingIds(phrase("one_pass.relations"))
        self._ids: list[Ints] = []
        self._sizes: list[Ints] = []
        self._members: list[Ints] = []
        self._of_buildings: list[Ints] = []
        self._buildings: list[npt.NDArray[np.bool_]] = []
        self.building = np.empty(0, bool)
        self.newest = 0
        self.ids = self.members = self._building_members = self._sorted = np.empty(0, np.int64)
        self.at = np.zeros(1, np.int64)

    def take(self, block: Block) -> None:
        """Take the relations of a block."""
        for group in described(block, self._keys):
            self.every.take(group.every)
            self._ids.append(group.ids)
            self.newest = max(self.newest, int(group.stamps.max(initial=0)))
            self._buildings.append(group.building)
            ways = group.members[0] == WAY_MEMBER
            counts = offsets(ways)
            self._sizes.append(counts[group.at[1:]] - counts[group.at[:-1]])
            self._members.append(group.members[1][ways])
            self._of_buildings.append(group.members[1][ways & np.repeat(group.building, np.diff(group.at))])

    def close(self) -> None:
        """End the taking."""
        none = np.empty(0, np.int64)
        self.ids = np.concatenate([*self._ids, none])
        self.at = offsets(np.concatenate([*self._sizes, none]))
        self.building = np.concatenate([*self._buildings, self.building])
        self.members = np.concatenate([*self._members, none])
        self._sorted = np.sort(self.members)
        self._building_members = np.sort(np.concatenate([*self._of_buildings, none]))

    def has_member(self, ways: Ints) -> npt.NDArray[np.bool_]:
        """Which ways are part of an area's relation."""
        return _among(ways, self._sorted)

    def has_building_member(self, ways: Ints) -> npt.NDArray[np.bool_]:
        """Which ways are part of a building's relation."""
        return _among(ways, self._building_members)

    def boxes(self, members: MemberWays) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
        """Box of each relation by what is known of its ways, and whether anything is known of it."""
        row, known = members.rows(self.members)
        box = np.full((len(self.members), 4), [NOWHERE] * 2 + [-NOWHERE] * 2, np.int32)
        box[known] = members.box[row[known]]
        low = [reduced(np.minimum, side, self.at, NOWHERE) for side in box.T[:2]]
        high = [reduced(np.maximum, side, self.at, -NOWHERE) for side in box.T[2:]]
        whole = np.column_stack([*low, *high])
        return whole, whole[:, 0] <= whole[:, 2]


@dataclass(frozen=True)
class Described:
    """Relations that describe areas: ids, a ragged array of (type, id, role) of their members, tags, if buildings.

    ``every`` has the ids of all relations of the group.
    """

    every: Ints
    ids: Ints
    at: Ints
    members: Ints
    tags: Tags
    stamps: Ints
    building: npt.NDArray[np.bool_]


def described(block: Block, keys: Keys) -> Iterator[Described]:
    """Select the relations of a block that describe areas, group by group."""
    for group in block.relations():
        tags = group.tags
        is_area, building = (any_of(block.having(some)[tags.keys], tags.at) for some in (keys.relations, ["building"]))
        typed = any_of(block.having(["type"])[tags.keys] & block.having(AREA_TYPES)[tags.values], tags.at)
        use = np.flatnonzero(is_area & typed)
        at, members = ranges(group.at, use)
        yield Described(
            group.ids,
            group.ids[use],
            at,
            group.members[:, members],
            tags.rows(use),
            block.stamps(group.info, use),
            building[use],
        )


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
        box, _ = boxes(at, lon, lat)
        self._parts.append((ids, np.diff(at), box))
        self._file.write(np.column_stack([refs, lon, lat]).astype(np.int64).data)

    def close(self) -> None:
        """End the writing; from now on ways are looked up."""
        self._file.flush()
        self._file.close()
        if self._parts:
            ids, sizes, boxes = zip(*self._parts, strict=True)
            self.ids, self.box = np.concatenate(ids), np.concatenate(boxes)
            self._at = offsets(np.concatenate(sizes))
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
