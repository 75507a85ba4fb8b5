"""The innermost steps of decoding a large extract, compiled; see ``_kernels``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from spatial.sources._kernels import BYTES, FIXED32, FIXED64, MOST_BYTES, NO_BYTES, VARINT, Bytes, Words
from spatial.sources._ragged import Ints


def fields(content: bytes, begin: int, end: int) -> Ints:
    """As ``_kernels.fields``."""
    found: Ints = _fields(np.frombuffer(content, np.uint8), begin, end)
    return found


def numbers(data: Bytes) -> Words:
    """As ``_kernels.numbers``."""
    found: Words = _numbers(data)
    return found


def locate(wanted: Ints, ascending: Ints) -> Ints:
    """As ``_kernels.locate``: what follows in a way mostly follows in the file as well, so the next row comes first."""
    found: Ints = _locate(wanted, ascending)
    return found


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
def _fields(buffer: Bytes, begin: int, end: int) -> Ints:
    if begin < 0 or end < begin:
        raise ValueError("pbf_decode.no_bytes")
    rows = np.empty((16, 3), np.int64)
    n, at = 0, begin
    while at < end:
        tag, at = _varint(buffer, at, end)
        wire = np.int64(tag & np.uint64(7))
        if n == len(rows):
            more = np.empty((2 * n, 3), np.int64)
            more[:n] = rows
            rows = more
        rows[n, 0] = np.int64(tag >> np.uint64(3))
        if rows[n, 0] == 0:
            raise ValueError("pbf_decode.no_number")
        if wire == VARINT:
            value, at = _varint(buffer, at, end)
            rows[n, 1], rows[n, 2] = np.int64(value), NO_BYTES
        else:
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
            rows[n, 1], rows[n, 2] = at, at + length
            at += length
        n += 1
    return rows[:n]


@njit(cache=True, nogil=True)
def _numbers(data: Bytes) -> Words:
    n = 0
    for byte in data:
        if byte < 0x80:
            n += 1
    found, at, end = np.empty(n, np.uint64), 0, len(data)
    row = 0
    while at < end:
        found[row], at = _varint(data, at, min(at + MOST_BYTES, end))
        row += 1
    return found


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
