"""The innermost steps of decoding a large extract, compiled; twins of those in ``kernels``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit

from spatial.osm.pbf import kernels
from spatial.osm.pbf.kernels import BYTES, FIXED32, FIXED64, NO_BYTES, VARINT, Bytes, Flags, Places, Words
from spatial.osm.pbf.ragged import Ints, ranges

MOST_SIDES = 48  # of a ring of which all pairs of sides are looked at


def fields(content: bytes, begin: int, end: int) -> Ints:
    """As ``kernels.fields``."""
    found: Ints = _fields(np.frombuffer(content, np.uint8), begin, end)
    return found


def columns(buffer: Bytes, spans: Ints, wanted: Sequence[int]) -> list[Ints]:
    """As ``kernels.columns``."""
    found = _columns(buffer, spans, np.array(wanted, np.int64))
    return [found[found[:, 0] == i, 1:] for i in range(len(wanted))]


def packed(buffer: Bytes, begin: Ints, end: Ints) -> tuple[Ints, Words]:
    """As ``kernels.packed``."""
    found: tuple[Ints, Words] = _packed(buffer, begin, end)
    return found


def locate(wanted: Ints, ascending: Ints) -> Ints:
    """As ``kernels.locate``: what follows in a way mostly follows in the file as well, so the next row comes first."""
    found: Ints = _locate(wanted, ascending)
    return found


def simple(at: Ints, x: Places, y: Places) -> Flags:
    """As ``kernels.simple``: all pairs of sides of small rings are looked at, the others go the other way."""
    answer = _simple(at, x, y, MOST_SIDES)
    large = np.flatnonzero(answer < 0)
    to, corners = ranges(at, large)
    answer[large] = kernels.simple(to, x[corners], y[corners])
    return np.asarray(answer == 1)


@njit(cache=True, nogil=True)
def _varint(buffer: Bytes, at: int, end: int) -> Any:
    value, shift = np.uint64(0), np.uint64(0)
    while at < end and shift < np.uint64(64):
        byte = np.uint64(buffer[at])
        at += 1
        value |= (byte & np.uint64(0x7F)) << shift
        if byte < np.uint64(0x80):
            return value, at
        shift += np.uint64(7)
    raise ValueError("pbf_decode.number")


@njit(cache=True, nogil=True)
def _field(buffer: Bytes, at: int, end: int) -> Any:
    """Return the number of the field at a place, its begin and end, and the place after it."""
    tag, at = _varint(buffer, at, end)
    number, wire = np.int64(tag >> np.uint64(3)), np.int64(tag & np.uint64(7))
    if number == 0:
        raise ValueError("pbf_decode.no_number")
    if wire == VARINT:
        value, at = _varint(buffer, at, end)
        return number, np.int64(value), np.int64(NO_BYTES), np.int64(at)
    if wire == BYTES:
        size, at = _varint(buffer, at, end)
        length = np.int64(size)
    elif wire == FIXED64:
        length = np.int64(8)
    elif wire == FIXED32:
        length = np.int64(4)
    else:
        raise ValueError("pbf_decode.kind")
    if length < 0 or length > end - at:
        raise ValueError("pbf_decode.field")
    return number, np.int64(at), np.int64(at + length), np.int64(at + length)


@njit(cache=True, nogil=True)
def _longer(rows: Ints) -> Ints:
    more = np.empty((2 * len(rows), rows.shape[1]), np.int64)
    more[: len(rows)] = rows
    return more


@njit(cache=True, nogil=True)
def _fields(buffer: Bytes, begin: int, end: int) -> Ints:
    if begin < 0 or end < begin:
        raise ValueError("pbf_decode.no_bytes")
    rows = np.empty((16, 3), np.int64)
    n, at = 0, begin
    while at < end:
        number, first, last, at = _field(buffer, at, end)
        if n == len(rows):
            rows = _longer(rows)
        rows[n, 0], rows[n, 1], rows[n, 2] = number, first, last
        n += 1
    return rows[:n]


@njit(cache=True, nogil=True)
def _columns(buffer: Bytes, spans: Ints, wanted: Ints) -> Ints:
    rows = np.empty((len(spans) * len(wanted) + 1, 4), np.int64)
    n = 0
    for i in range(len(spans)):
        at, end = spans[i, 0], spans[i, 1]
        if at < 0 or end < at:
            raise ValueError("pbf_decode.no_bytes")
        while at < end:
            number, first, last, at = _field(buffer, at, end)
            for which in range(len(wanted)):
                if wanted[which] == number:
                    if n == len(rows):
                        rows = _longer(rows)
                    rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3] = which, i, first, last
                    n += 1
    return rows[:n]


@njit(cache=True, nogil=True)
def _packed(buffer: Bytes, begin: Ints, end: Ints) -> Any:
    counts = np.zeros(len(begin), np.int64)
    for i in range(len(begin)):
        if begin[i] < 0 or end[i] < begin[i]:
            raise ValueError("pbf_decode.no_bytes")
        for at in range(begin[i], end[i]):
            if buffer[at] < 0x80:
                counts[i] += 1
    found, n = np.empty(counts.sum(), np.uint64), 0
    for i in range(len(begin)):
        at = begin[i]
        while at < end[i]:
            value, at = _varint(buffer, at, end[i])
            found[n] = value
            n += 1
    return counts, found


@njit(cache=True, nogil=True)
def _locate(wanted: Ints, ascending: Ints) -> Ints:
    found = np.empty(len(wanted), np.int64)
    last, n = np.int64(-1), len(ascending)
    for i in range(len(wanted)):
        row = last + np.int64(1)
        if not (row < n and ascending[row] == wanted[i]):
            row = np.searchsorted(ascending, wanted[i])
            if row >= n or ascending[row] != wanted[i]:
                row = np.int64(-1)
        found[i] = row
        last = row if row >= 0 else last
    return found


@njit(cache=True, nogil=True)
def _simple(at: Ints, x: Places, y: Places, most: int) -> Any:
    """Return 1 for a ring that neither touches nor crosses itself, 0 for others, -1 where ``most`` sides are passed."""
    answer = np.full(len(at) - 1, -1, np.int8)
    for i in range(len(at) - 1):
        begin, sides = at[i], at[i + 1] - at[i] - 1
        if sides <= most:
            answer[i] = 1 if _apart(x[begin : at[i + 1]], y[begin : at[i + 1]], sides) else 0
    return answer


@njit(cache=True, nogil=True)
def _apart(x: Places, y: Places, sides: int) -> bool:
    if sides < 3:
        return False
    for i in range(sides):
        for j in range(i + 1, sides):
            if j == i + 1 or (i == 0 and j == sides - 1):
                shared = j if j == i + 1 else 0
                before, after = (i, j + 1) if j == i + 1 else (sides - 1, 1)
                # Sides that follow each other may not lie on each other.
                turn = _side(x, y, before, shared, after)
                if turn == 0:
                    ahead = (np.int64(x[shared]) - x[before]) * (np.int64(x[after]) - x[shared])
                    ahead += (np.int64(y[shared]) - y[before]) * (np.int64(y[after]) - y[shared])
                    if ahead <= 0:
                        return False
            elif _meet(x, y, i, j):
                return False
    return True


@njit(cache=True, nogil=True)
def _side(x: Places, y: Places, a: int, b: int, c: int) -> int:
    """On which side of the line from a to b lies c: 1, -1, or 0 on it."""
    cross = (np.int64(x[b]) - x[a]) * (np.int64(y[c]) - y[a]) - (np.int64(y[b]) - y[a]) * (np.int64(x[c]) - x[a])
    return 1 if cross > 0 else (-1 if cross < 0 else 0)


@njit(cache=True, nogil=True)
def _meet(x: Places, y: Places, i: int, j: int) -> bool:
    """Whether sides i and j have a point in common."""
    if max(x[i], x[i + 1]) < min(x[j], x[j + 1]) or max(x[j], x[j + 1]) < min(x[i], x[i + 1]):
        return False
    if max(y[i], y[i + 1]) < min(y[j], y[j + 1]) or max(y[j], y[j + 1]) < min(y[i], y[i + 1]):
        return False
    one = _side(x, y, i, i + 1, j) * _side(x, y, i, i + 1, j + 1)
    two = _side(x, y, j, j + 1, i) * _side(x, y, j, j + 1, i + 1)
    return one <= 0 and two <= 0
