"""The innermost steps of decoding an extract, each in two ways that give the same.

In Python and NumPy they are there at once; compiled they take half a second to load, and from then on a third of the
time. So a town is read by the first and a country by the second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from spatial.osm.pbf.ragged import Ints, ranges, within

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED = {FIXED64: 8, FIXED32: 4}
MORE = 0x80  # set in each byte of a number but its last
SEVEN = 0x7F
BITS = 64
MOST_BYTES = 10  # of a number
NO_BYTES = -1
LARGE_BYTES = 32_000_000  # of an extract, from which on compiled code pays: measured at 2.6, 10, 41 and 164 MB


class Kernels(NamedTuple):
    """One way of doing them, see the functions of the same names, and in how many threads it pays.

    Python lets one thread work at a time; compiled code lets others.
    """

    threads: int
    fields: Callable[[bytes, int, int], Ints]
    columns: Callable[[Bytes, Ints, Sequence[int]], list[Ints]]
    packed: Callable[[Bytes, Ints, Ints], tuple[Ints, Words]]
    locate: Callable[[Ints, Ints], Ints]
    simple: Callable[[Ints, Places, Places], Flags]


def of_size(size_bytes: int) -> Kernels:
    """Return the quicker way for an extract of some size."""
    if size_bytes < LARGE_BYTES:
        return Kernels(1, fields, columns, packed, locate, simple)
    from spatial.osm.pbf import kernels_compiled

    return Kernels(
        2,
        kernels_compiled.fields,
        kernels_compiled.columns,
        kernels_compiled.packed,
        kernels_compiled.locate,
        kernels_compiled.simple,
    )


def fields(content: bytes, begin: int, end: int) -> Ints:
    """Fields of a message, in order: rows of (number, begin, end); of a number (number, value, -1).

    Raises
    ------
    ValueError
        With a key of ``defaults/errors.*.toml``, if the bytes are no message; so do the others.
    """
    if begin < 0 or end < begin:
        raise ValueError("pbf_decode.no_bytes")
    found: list[int] = []  # flat: many small tuples would take as long as the rest
    at = begin
    while at < end:
        tag = content[at]
        at += 1
        if tag >= MORE:
            tag, at = _number(content, at - 1, end)
        wire = tag & 7
        if tag >> 3 == 0:
            raise ValueError("pbf_decode.no_number")
        if wire == VARINT:
            value, at = _number(content, at, end)
            found += (tag >> 3, value, NO_BYTES)
            continue
        if wire == BYTES:
            size, at = _number(content, at, end)
        elif wire in FIXED:
            size = FIXED[wire]
        else:
            raise ValueError("pbf_decode.kind")
        if not 0 <= size <= end - at:
            raise ValueError("pbf_decode.field")
        found += (tag >> 3, at, at + size)
        at += size
    return np.array(found, np.int64).reshape(-1, 3)


def _number(content: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the number at a place, as 64 bits with a sign, and the place after it."""
    if at < end and content[at] < MORE:
        return content[at], at + 1
    value = 0
    for shift in range(0, BITS, 7):
        if at >= end:
            break
        byte = content[at]
        at += 1
        value |= (byte & SEVEN) << shift
        if byte < MORE:
            value &= (1 << BITS) - 1
            return (value - (1 << BITS) if value >> (BITS - 1) else value), at
    raise ValueError("pbf_decode.number")


def columns(buffer: Bytes, spans: Ints, wanted: Sequence[int]) -> list[Ints]:
    """Return wanted fields of many messages: of each, rows of (message, begin, end) in the order of the messages."""
    begin, end = spans.T
    if (begin < 0).any() or (end < begin).any():
        raise ValueError("pbf_decode.no_bytes")
    parts: list[list[Ints]] = [[np.empty((0, 3), np.int64)] for _ in wanted]
    rows = np.flatnonzero(begin < end)
    at, stop = begin[rows], end[rows]
    while len(rows):
        tag, at = _numbers_at(buffer, at, stop)
        number, wire = tag >> 3, tag & 7
        if not number.all():
            raise ValueError("pbf_decode.no_number")
        first, last, after = _contents(buffer, at, stop, wire)
        for which, found in zip(wanted, parts, strict=True):
            some = np.flatnonzero(number == which)
            if len(some):
                found.append(np.column_stack([rows[some], first[some], last[some]]))
        going = np.flatnonzero(after < stop)
        rows, at, stop = rows[going], after[going], stop[going]
    return [_in_order(np.concatenate(found)) for found in parts]


def _in_order(rows: Ints) -> Ints:
    """Rows by message; the same field may have come earlier in some messages than in others."""
    of = rows[:, 0]
    return rows if (of[1:] >= of[:-1]).all() else rows[np.argsort(of, kind="stable")]


def _contents(buffer: Bytes, at: Ints, stop: Ints, wire: Ints) -> tuple[Ints, Ints, Ints]:
    """Begin and end of a field of each message, and the place after it."""
    fixed = np.flatnonzero((wire == FIXED64) | (wire == FIXED32))
    counted = np.flatnonzero((wire == VARINT) | (wire == BYTES))
    if len(fixed) + len(counted) < len(wire):
        raise ValueError("pbf_decode.kind")
    value, after = np.zeros(len(at), np.int64), at.copy()
    value[fixed] = np.where(wire[fixed] == FIXED64, FIXED[FIXED64], FIXED[FIXED32])
    value[counted], after[counted] = _numbers_at(buffer, at[counted], stop[counted])
    plain = wire == VARINT
    size = np.where(plain, 0, value)
    if (size < 0).any() or (size > stop - after).any():
        raise ValueError("pbf_decode.field")
    return np.where(plain, value, after), np.where(plain, NO_BYTES, after + size), after + size


def _numbers_at(buffer: Bytes, at: Ints, stop: Ints) -> tuple[Ints, Ints]:
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


def packed(buffer: Bytes, begin: Ints, end: Ints) -> tuple[Ints, Words]:
    """Return how many numbers are in each of some packed fields, and the numbers one after another."""
    if (begin < 0).any() or (end < begin).any():
        raise ValueError("pbf_decode.no_bytes")
    to, places = within(begin, end - begin)
    data = buffer[places]
    ends = to[1:][to[1:] > to[:-1]]
    if (data[ends - 1] >= MORE).any():
        raise ValueError("pbf_decode.number")
    last = np.flatnonzero(data < MORE)
    size = np.diff(last, prepend=-1)
    if size.max(initial=0) > MOST_BYTES:
        raise ValueError("pbf_decode.number")
    value = data[last].astype(np.uint64)
    going, back = np.flatnonzero(size > 1), 1
    while len(going):
        value[going] = (value[going] << np.uint64(7)) | (data[last[going] - back] & SEVEN)
        back += 1
        going = going[size[going] > back]
    return np.diff(np.searchsorted(last, to)), value


def locate(wanted: Ints, ascending: Ints) -> Ints:
    """Return the row of each number among others that ascend, -1 where it is not there."""
    row = np.searchsorted(ascending, wanted).clip(max=len(ascending) - 1)
    return np.where(ascending[row] == wanted, row, -1) if len(ascending) else np.full(len(wanted), -1)


def simple(at: Ints, x: Places, y: Places) -> Flags:
    """Whether rings are there and neither touch nor cross themselves, told in whole numbers."""
    found = np.diff(at) > 0
    filled = np.flatnonzero(found)
    if len(filled):
        to, corners = ranges(at, filled)
        xy = np.column_stack([x[corners], y[corners]]).astype(np.float64)
        outlines = shapely.linearrings(xy, indices=np.repeat(np.arange(len(filled)), np.diff(to)))
        found[filled] = shapely.is_valid(shapely.polygons(outlines))
    return found
