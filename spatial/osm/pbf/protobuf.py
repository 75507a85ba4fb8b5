"""Messages of Protocol Buffers as arrays: many messages at a time, and many numbers at a time.

How bytes are gone through stands in ``_kernels``. Malformed ones raise ValueError with a key of
``defaults/errors.*.toml``.

References
----------
https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spatial.osm.pbf.kernels import NO_BYTES, Bytes, Kernels, Words
from spatial.osm.pbf.ragged import Ints, offsets


@dataclass(frozen=True)
class Column:
    """One field of many messages: of which message, and its begin and end (of a number its value and -1)."""

    row: Ints
    begin: Ints
    end: Ints

    def numbers(self, rows: int) -> Ints:
        """Return the number of each message; 0 where there is none, the last where there are several."""
        numbers = np.zeros(rows, np.int64)
        plain = self.end == NO_BYTES
        numbers[self.row[plain]] = self.begin[plain]
        return numbers


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

    def columns(self, spans: Ints, wanted: Sequence[int]) -> dict[int, Column]:
        """Wanted fields of many messages, given their begins and ends, in the order of the messages."""
        columns = self.kernels.columns(self.buffer, spans, wanted)
        return {number: Column(*rows.T) for number, rows in zip(wanted, columns, strict=True)}

    def packed(self, column: Column, rows: int) -> tuple[Ints, Words]:
        """Return the numbers of packed fields of some messages: a ragged array with a row for each message."""
        count, numbers = self.kernels.packed(self.buffer, column.begin, column.end)
        sizes = np.bincount(column.row, weights=count, minlength=rows)
        return offsets(sizes.astype(np.int64)), numbers

    def packed_in(self, begin: int, end: int) -> Words:
        """Return the numbers of one packed field."""
        return self.kernels.packed(self.buffer, np.array([begin]), np.array([end]))[1]


def signed(values: Words) -> Ints:
    """Undo zigzag: 0, 1, 2, 3 are 0, -1, 1, -2."""
    return (values >> np.uint64(1)).view(np.int64) ^ -(values & np.uint64(1)).view(np.int64)


def running(steps: Ints, at: Ints) -> Ints:
    """Sums of the steps of each row of a ragged array, up to and with each of them."""
    sums = np.cumsum(steps)
    before = np.concatenate([np.zeros(1, np.int64), sums])[at[:-1]]
    return sums - np.repeat(before, np.diff(at))
