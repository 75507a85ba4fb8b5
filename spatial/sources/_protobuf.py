"""Messages of Protocol Buffers as arrays: many messages at a time, and many numbers at a time.

One message is gone through byte by byte; thousands of the same kind step from field to field together, and the
numbers of a packed field are put together all at once. Malformed bytes raise ValueError with a key of
``defaults/errors.*.toml``.

References
----------
https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spatial.sources._kernels import (
    BITS,
    BYTES,
    FIXED,
    FIXED32,
    FIXED64,
    MORE,
    NO_BYTES,
    SEVEN,
    VARINT,
    Bytes,
    Kernels,
    Words,
)
from spatial.sources._ragged import Ints, offsets, within


@dataclass(frozen=True)
class Column:
    """One field of many messages: of which message, and its begin and end (of a number its value and -1)."""

    row: Ints
    begin: Ints
    end: Ints

    def numbers(self, rows: int) -> Ints:
        """Return the number of each message; 0 where there is none, the last where there are several."""
        found = np.zeros(rows, np.int64)
        plain = self.end == NO_BYTES
        found[self.row[plain]] = self.begin[plain]
        return found


@dataclass(frozen=True)
class Messages:
    """Bytes with messages in them, and the way in which they are gone through."""

    content: bytes
    kernels: Kernels

    @cached_property
    def buffer(self) -> Bytes:
        """The bytes as numbers."""
        return np.frombuffer(self.content, np.uint8)

    def fields(self, begin: int, end: int) -> Ints:
        """Fields of one message, in order: rows of (number, begin, end); of a number (number, value, -1)."""
        return self.kernels.fields(self.content, begin, end)

    def columns(self, spans: Ints, wanted: Collection[int]) -> dict[int, Column]:
        """Wanted fields of many messages, given their begins and ends, in the order of the messages."""
        parts: dict[int, list[Column]] = {number: [] for number in wanted}
        begin, end = spans.T
        if (begin < 0).any() or (end < begin).any():
            raise ValueError("pbf_decode.no_bytes")
        rows = np.flatnonzero(begin < end)
        at, stop = begin[rows], end[rows]
        while len(rows):
            tag, at = _numbers(self.buffer, at, stop)
            number, wire = tag >> 3, tag & 7
            if not number.all():
                raise ValueError("pbf_decode.no_number")
            first, last, after = _contents(self.buffer, at, stop, wire)
            for which, found in parts.items():
                some = np.flatnonzero(number == which)
                if len(some):
                    found.append(Column(rows[some], first[some], last[some]))
            going = np.flatnonzero(after < stop)
            rows, at, stop = rows[going], after[going], stop[going]
        return {number: _joined(found) for number, found in parts.items()}

    def packed(self, column: Column, rows: int) -> tuple[Ints, Words]:
        """Return the numbers of packed fields of some messages: a ragged array with a row for each message."""
        if ((column.begin < 0) | (column.end < column.begin)).any():
            raise ValueError("pbf_decode.no_bytes")
        to, places = within(column.begin, column.end - column.begin)
        data = self.buffer[places]
        done = offsets(data < MORE)
        ends = to[1:][to[1:] > to[:-1]]
        if (data[ends - 1] >= MORE).any():
            raise ValueError("pbf_decode.number")
        sizes = np.zeros(rows, np.int64)
        np.add.at(sizes, column.row, done[to[1:]] - done[to[:-1]])
        return offsets(sizes), self.kernels.numbers(data)

    def packed_in(self, begin: int, end: int) -> Words:
        """Return the numbers of one packed field."""
        if begin < 0 or end < begin:
            raise ValueError("pbf_decode.no_bytes")
        return self.kernels.numbers(self.buffer[begin:end])


def _contents(buffer: Bytes, at: Ints, stop: Ints, wire: Ints) -> tuple[Ints, Ints, Ints]:
    """Begin and end of a field of each message, as ``Column`` has them, and the place after it."""
    fixed = np.flatnonzero((wire == FIXED64) | (wire == FIXED32))
    counted = np.flatnonzero((wire == VARINT) | (wire == BYTES))
    if len(fixed) + len(counted) < len(wire):
        raise ValueError("pbf_decode.kind")
    value, after = np.zeros(len(at), np.int64), at.copy()
    value[fixed] = np.where(wire[fixed] == FIXED64, FIXED[FIXED64], FIXED[FIXED32])
    value[counted], after[counted] = _numbers(buffer, at[counted], stop[counted])
    plain = wire == VARINT
    size = np.where(plain, 0, value)
    if (size < 0).any() or (size > stop - after).any():
        raise ValueError("pbf_decode.field")
    return np.where(plain, value, after), np.where(plain, NO_BYTES, after + size), after + size


def _numbers(buffer: Bytes, at: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """Numbers at some places, as 64 bits with a sign, and the places after them."""
    value, after = np.zeros(len(at), np.uint64), at.copy()
    going = np.arange(len(at))
    for shift in range(0, BITS, 7):
        here = after[going]
        if (here >= stop[going]).any():
            break
        byte = buffer[here]
        value[going] |= (byte & SEVEN).astype(np.uint64) << np.uint64(shift)
        after[going] += 1
        going = going[byte >= MORE]
        if not len(going):
            return value.view(np.int64), after
    raise ValueError("pbf_decode.number")


def _joined(parts: list[Column]) -> Column:
    row, begin, end = (
        np.concatenate([getattr(part, name) for part in parts] or [np.empty(0, np.int64)])
        for name in ("row", "begin", "end")
    )
    if len(parts) > 1:  # the same field came earlier in some messages than in others
        order = np.argsort(row, kind="stable")
        row, begin, end = row[order], begin[order], end[order]
    return Column(row, begin, end)


def signed(values: Words) -> Ints:
    """Undo zigzag: 0, 1, 2, 3 are 0, -1, 1, -2."""
    return (values >> np.uint64(1)).view(np.int64) ^ -(values & np.uint64(1)).view(np.int64)


def running(steps: Ints, at: Ints) -> Ints:
    """Sums of the steps of each row of a ragged array, up to and with each of them."""
    sums = np.cumsum(steps)
    before = np.concatenate([np.zeros(1, np.int64), sums])[at[:-1]]
    return sums - np.repeat(before, np.diff(at))
