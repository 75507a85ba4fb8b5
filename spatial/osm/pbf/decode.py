"""Elements of a block of ``.osm.pbf`` as arrays.

A block is decoded as a whole, without one Python object an element; that is what makes a town readable in tenths of
a second, and a country in seconds (``docs/scale.md``). Positions are whole numbers of 1e-7 degrees, as osmium keeps
them. Malformed bytes raise ValueError with a key of ``defaults/errors.*.toml``.

References
----------
https://wiki.openstreetmap.org/wiki/PBF_Format
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spatial.osm.pbf.protobuf import Column, Messages, running, signed
from spatial.osm.pbf.ragged import Ints, any_of, ranges, within

Places = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

GRANULARITY_NANODEG = 100
NANODEG_PER_UNIT = 100  # of 1e-7 degrees
NOWHERE = np.int32(2147483647)  # a node that has no position
MAX_LON, MAX_LAT = 1_800_000_000, 900_000_000  # in 1e-7 degrees
# Fields of the messages that are read.
ID, KEYS, VALUES, INFO = 1, 2, 3, 4
WAY_REFS, WAY_LAT, WAY_LON = 8, 9, 10
RELATION_ROLES, RELATION_MEMBERS, RELATION_TYPES = 8, 9, 10
DENSE_ID, DENSE_INFO, DENSE_LAT, DENSE_LON, DENSE_TAGS = 1, 5, 8, 9, 10
NODE_LAT, NODE_LON = 8, 9
INFO_TIMESTAMP, INFO_VISIBLE = 2, 6
MOST_TYPE = 2  # of a member: node, way, relation
MOST_SECONDS = 2**32  # since 1970, of an edit; osmium has as many


class Scale(NamedTuple):
    """What positions of a block are multiplied by and where they begin, in billionths of a degree."""

    granularity: int = GRANULARITY_NANODEG
    lat_offset: int = 0
    lon_offset: int = 0


@dataclass(frozen=True)
class Tags:
    """Keys and values of elements, as numbers of texts of their block: a ragged array."""

    at: Ints
    keys: Ints
    values: Ints

    def rows(self, which: Ints) -> Tags:
        """Those of some elements."""
        at, items = ranges(self.at, which)
        return Tags(at, self.keys[items], self.values[items])

    def words(self, texts: Sequence[str]) -> list[dict[str, str]]:
        """Return them as dictionaries, from the texts of their block."""
        keys = [texts[number] for number in self.keys.tolist()]
        values = [texts[number] for number in self.values.tolist()]
        bounds = zip(self.at[:-1].tolist(), self.at[1:].tolist(), strict=True)
        return [dict(zip(keys[a:b], values[a:b], strict=True)) for a, b in bounds]


@dataclass(frozen=True)
class Nodes:
    """Nodes; of those with a wanted key (``tagged``) also the tags and the seconds since 1970 of the last edit."""

    ids: Ints
    lon: Places
    lat: Places
    tagged: Ints
    tags: Tags
    stamps: Ints


@dataclass(frozen=True)
class Ways:
    """Ways: their nodes as a ragged array, and where in the block the message about their last edit lies."""

    ids: Ints
    at: Ints
    refs: Ints
    tags: Tags
    info: Column


@dataclass(frozen=True)
class Relations:
    """Relations: rows of ``members`` are type, id and the number of the role's text; a ragged array."""

    ids: Ints
    at: Ints
    members: Ints
    tags: Tags
    info: Column


def ways(messages: Messages, spans: Ints, strings: int) -> Ways:
    """Decode ways that begin and end at ``spans``, of a block with so many texts."""
    n = len(spans)
    columns = messages.columns(spans, (ID, KEYS, VALUES, INFO, WAY_REFS, WAY_LAT, WAY_LON))
    if len(columns[WAY_LAT].row) or len(columns[WAY_LON].row):
        raise ValueError("pbf_decode.on_ways")
    at, steps = messages.packed(columns[WAY_REFS], n)
    refs = running(signed(steps), at)
    return Ways(columns[ID].numbers(n), at, refs, _tags(messages, columns, n, strings), columns[INFO])


def stamps(messages: Messages, info: Column, elements: Ints) -> Ints:
    """Seconds since 1970 of the last edit of some elements, none of them deleted; 0 where it is not said."""
    if not len(elements):
        return np.zeros(0, np.int64)
    rows = int(info.row.max(initial=elements.max())) + 1
    wanted = np.zeros(rows, bool)
    wanted[elements] = True
    asked = wanted[info.row]
    spans = np.column_stack([info.begin[asked], info.end[asked]])
    inner, visible = messages.columns(spans, (INFO_TIMESTAMP, INFO_VISIBLE)).values()
    if not visible.begin.all():
        raise ValueError("pbf_decode.deleted")
    edited = Column(info.row[asked][inner.row], inner.begin, inner.end)
    return _dated(edited.numbers(rows)[elements])


def _dated(seconds: Ints) -> Ints:
    """Seconds since 1970; 0 for a number that is no moment of an edit."""
    return np.where((seconds > 0) & (seconds < MOST_SECONDS), seconds, 0)


def relations(messages: Messages, spans: Ints, strings: int) -> Relations:
    """Decode relations that begin and end at ``spans``, of a block with so many texts."""
    n = len(spans)
    wanted = (ID, KEYS, VALUES, INFO, RELATION_ROLES, RELATION_MEMBERS, RELATION_TYPES)
    columns = messages.columns(spans, wanted)
    at, steps = messages.packed(columns[RELATION_MEMBERS], n)
    members = np.zeros((3, at[-1]), np.int64)
    members[1] = running(signed(steps), at)
    for row, number in ((0, RELATION_TYPES), (2, RELATION_ROLES)):
        if len(columns[number].row):
            of, values = messages.packed(columns[number], n)
            if not np.array_equal(of, at):
                raise ValueError("pbf_decode.member")
            members[row] = values.view(np.int64)
    _check_texts(members[2], strings)
    if ((members[0] < 0) | (members[0] > MOST_TYPE)).any():
        raise ValueError("pbf_decode.member")
    return Relations(columns[ID].numbers(n), at, members, _tags(messages, columns, n, strings), columns[INFO])


def _tags(messages: Messages, columns: dict[int, Column], rows: int, strings: int) -> Tags:
    at, keys = messages.packed(columns[KEYS], rows)
    of, values = messages.packed(columns[VALUES], rows)
    if not np.array_equal(of, at):
        raise ValueError("pbf_decode.value")
    tags = Tags(at, keys.view(np.int64), values.view(np.int64))
    _check_texts(tags.keys, strings)
    _check_texts(tags.values, strings)
    return tags


def _check_texts(numbers: Ints, strings: int) -> None:
    if len(numbers) and (numbers.min() < 0 or numbers.max() >= strings):
        raise ValueError("pbf_decode.text")


def dense(messages: Messages, begin: int, end: int, scale: Scale, wanted: Flags) -> Nodes:
    """Decode dense nodes; ``wanted`` says of each text whether it is a key worth keeping a node for."""
    parts: dict[int, tuple[int, int]] = {number: (a, b) for number, a, b in messages.fields(begin, end).tolist()}
    ids, lat, lon = (_steps(messages, parts.get(number)) for number in (DENSE_ID, DENSE_LAT, DENSE_LON))
    if len(ids) and not (DENSE_LAT in parts and DENSE_LON in parts):
        raise ValueError("pbf_decode.positions")
    if not len(ids) == len(lat) == len(lon):
        raise ValueError("pbf_decode.position")
    rows, tags = _dense_tags(messages, parts.get(DENSE_TAGS), len(ids), wanted)
    edited = np.zeros(len(rows), np.int64)
    if DENSE_INFO in parts:
        about = {number: (a, b) for number, a, b in messages.fields(*parts[DENSE_INFO]).tolist()}
        if INFO_VISIBLE in about and not messages.packed_in(*about[INFO_VISIBLE]).all():
            raise ValueError("pbf_decode.deleted")
        every = _steps(messages, about.get(INFO_TIMESTAMP)) if len(rows) else rows
        if len(every) == len(ids):
            edited = _dated(every[rows])
    return Nodes(ids, *_positions(lon, lat, scale), rows, tags, edited)


def _steps(messages: Messages, field: tuple[int, int] | None) -> Ints:
    """Return the running sums of a packed field of steps."""
    if field is None:
        return np.empty(0, np.int64)
    return np.cumsum(signed(messages.packed_in(*field)))


def _positions(lon: Ints, lat: Ints, scale: Scale) -> tuple[Places, Places]:
    x, y = _units(lon, scale.granularity, scale.lon_offset), _units(lat, scale.granularity, scale.lat_offset)
    nowhere = (x < -MAX_LON) | (x > MAX_LON) | (y < -MAX_LAT) | (y > MAX_LAT)
    x[nowhere], y[nowhere] = NOWHERE, NOWHERE
    return x.astype(np.int32), y.astype(np.int32)


def _units(values: Ints, granularity: int, offset: int) -> Ints:
    """Positions in 1e-7 degrees; division towards zero, as osmium does it."""
    nano = values * np.int64(granularity) + np.int64(offset)
    return np.sign(nano) * (np.abs(nano) // NANODEG_PER_UNIT)


def _dense_tags(messages: Messages, field: tuple[int, int] | None, n: int, wanted: Flags) -> tuple[Ints, Tags]:
    """Rows and tags of the nodes that have a wanted key: runs of key, value, …, closed by 0."""
    every = np.empty(0, np.int64) if field is None else messages.packed_in(*field).view(np.int64)
    closed = _closings(every, n)
    opened = np.concatenate([np.zeros(1, np.int64), closed + 1])[: len(closed)]
    at, items = within(opened, closed - opened)
    pairs = every[items].reshape(-1, 2)
    _check_texts(pairs, len(wanted))
    tags = Tags(at // 2, pairs[:, 0], pairs[:, 1])
    rows = np.flatnonzero(any_of(wanted[tags.keys], tags.at))
    return rows, tags.rows(rows)


def _closings(every: Ints, n: int) -> Ints:
    """Where the tags of the first ``n`` nodes end."""
    closed = np.flatnonzero(every == 0)
    if (np.diff(closed, prepend=-1) % 2 == 0).any():  # a value is the text 0 as well
        closed = _closings_by_pairs(every)
    if len(closed) < n and len(every) > (closed[-1] + 1 if len(closed) else 0):
        raise ValueError("pbf_decode.number")
    return closed[:n]


def _closings_by_pairs(every: Ints) -> Ints:
    closings, at, numbers = [], 0, every.tolist()
    while at < len(numbers):
        if numbers[at] == 0:
            closings.append(at)
            at += 1
        else:
            at += 2
    return np.array(closings, np.int64)


def nodes(messages: Messages, spans: Ints, scale: Scale, wanted: Flags) -> Nodes:
    """Decode nodes that are written one by one; the answer is that of ``dense``."""
    n = len(spans)
    columns = messages.columns(spans, (ID, KEYS, VALUES, INFO, NODE_LAT, NODE_LON))
    ids, lat, lon = (signed(columns[k].numbers(n).view(np.uint64)) for k in (ID, NODE_LAT, NODE_LON))
    tags = _tags(messages, columns, n, len(wanted))
    rows = np.flatnonzero(any_of(wanted[tags.keys], tags.at))
    edited = stamps(messages, columns[INFO], np.arange(n))[rows]
    return Nodes(ids, *_positions(lon, lat, scale), rows, tags.rows(rows), edited)
