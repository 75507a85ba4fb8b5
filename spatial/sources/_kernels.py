"""The innermost steps of decoding an extract, each in two ways that give the same.

In Python and NumPy they are there at once; compiled they take half a second to load, and from then on a third of the
time. So a town is read by the first and a country by the second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spatial.sources._ragged import Ints

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]

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
    numbers: Callable[[Bytes], Words]
    locate: Callable[[Ints, Ints], Ints]


def of_size(size_bytes: int) -> Kernels:
    """Return the quicker way for an extract of some size."""
    if size_bytes < LARGE_BYTES:
        return Kernels(1, fields, numbers, locate)
    from spatial.sources import _kernels_compiled as compiled

    return Kernels(2, compiled.fields, compiled.numbers, compiled.locate)


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


def numbers(data: Bytes) -> Words:
    """Return the numbers of a run of them without anything between."""
    if len(data) and data[-1] >= MORE:
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
    return value


def locate(wanted: Ints, ascending: Ints) -> Ints:
    """Return the row of each number among others that ascend, -1 where it is not there."""
    row = np.searchsorted(ascending, wanted).clip(max=len(ascending) - 1)
    return np.where(ascending[row] == wanted, row, -1) if len(ascending) else np.full(len(wanted), -1)
