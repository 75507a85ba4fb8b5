"""The compiled part of reading ``.osm.pbf``: messages of the OSM format as arrays.

Format: https://wiki.openstreetmap.org/wiki/PBF_Format. A block is decoded as a whole, without one
Python object an element; that is what makes a country readable in seconds (``docs/scale.md``).
Positions are whole numbers of 1e-7 degrees, as osmium keeps them. Malformed bytes raise
ValueError with a key of ``defaults/errors.*.toml``: compiled code can name no more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
GRANULARITY_NANODEG = 100
NANODEG_PER_UNIT = 100  # of 1e-7 degrees
NOWHERE = np.int32(2147483647)  # a node that has no position
# Fields of the messages that are read.
WAY_ID, WAY_KEYS, WAY_VALUES, WAY_INFO, WAY_REFS = 1, 2, 3, 4, 8
RELATION_ROLES, RELATION_MEMBERS, RELATION_TYPES = 8, 9, 10
DENSE_ID, DENSE_INFO, DENSE_LAT, DENSE_LON, DENSE_TAGS = 1, 5, 8, 9, 10
NODE_ID, NODE_KEYS, NODE_VALUES, NODE_INFO, NODE_LAT, NODE_LON = 1, 2, 3, 4, 8, 9
INFO_TIMESTAMP = 2


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
def _signed(value: Any) -> Any:
    """Undo zigzag: 0, 1, 2, 3 are 0, -1, 1, -2."""
    return np.int64(value >> np.uint64(1)) ^ -np.int64(value & np.uint64(1))


@njit(cache=True, nogil=True)
def _check_bytes(begin: int, end: int) -> None:
    """Refuse a number where a field of bytes must be: its value is no place in the buffer."""
    if begin < 0 or end < begin:
        raise ValueError("pbf_decode.no_bytes")


@njit(cache=True, nogil=True)
def _count(buffer: Bytes, begin: int, end: int) -> int:
    """Numbers in a packed field: each ends with a byte below 128."""
    _check_bytes(begin, end)
    found = 0
    for at in range(begin, end):
        if buffer[at] < 0x80:
            found += 1
    return found


@njit(cache=True, nogil=True)
def fields(buffer: Bytes, begin: int, end: int) -> Ints:
    """Fields of a message, in order: rows of (number, begin, end); of a number (number, value, -1)."""
    _check_bytes(begin, end)
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
            rows[n, 1], rows[n, 2] = np.int64(value), -1
        else:
            if wire == BYTES:
                size, at = _varint(buffer, at, end)
                length = np.int64(size)
            elif wire == FIXED64:
                length = 8
            elif wire == FIXED32:
                length = 4
            else:
                raise ValueError("pbf_decode.kind")
            if length < 0 or length > end - at:
                raise ValueError("pbf_decode.field")
            rows[n, 1], rows[n, 2] = at, at + length
            at += length
        n += 1
    return rows[:n]


@njit(cache=True, nogil=True)
def texts(buffer: Bytes, begin: int, end: int) -> Any:
    """Texts of a block one after another: offsets (32 bits, as Arrow has them) and bytes."""
    found = fields(buffer, begin, end)
    at = np.zeros(len(found) + 1, np.int32)
    data = np.empty(end - begin, np.uint8)
    for i in range(len(found)):
        a, b = found[i, 1], found[i, 2]
        if b < 0:
            raise ValueError("pbf_decode.no_text")
        at[i + 1] = at[i] + (b - a)
        data[at[i] : at[i + 1]] = buffer[a:b]
    return at, data[: at[-1]].copy()


@njit(cache=True, nogil=True)
def _packed(buffer: Bytes, begin: int, end: int, out: Ints, at_row: int, delta: bool) -> int:
    """Write the numbers of a packed field to ``out`` from a row on; zigzag and running sum if ``delta``."""
    _check_bytes(begin, end)
    at, last = begin, np.int64(0)
    while at < end:
        value, at = _varint(buffer, at, end)
        if delta:
            last += _signed(value)
            out[at_row] = last
        else:
            out[at_row] = np.int64(value)
        at_row += 1
    return at_row


@njit(cache=True, nogil=True)
def _check_strings(sids: Ints, strings: int) -> None:
    for sid in sids:
        if sid < 0 or sid >= strings:
            raise ValueError("pbf_decode.text")


@njit(cache=True, nogil=True)
def ways(buffer: Bytes, spans: Ints, strings: int) -> Any:
    """Decode ways: ids, timestamps, offsets of refs, refs, offsets of tags, keys, values."""
    n = len(spans)
    ids, stamps = np.zeros(n, np.int64), np.zeros(n, np.int64)
    ref_at, tag_at = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    for i in range(n):
        for number, a, b in fields(buffer, spans[i, 0], spans[i, 1]):
            if number == WAY_REFS:
                ref_at[i + 1] += _count(buffer, a, b)
            elif number == WAY_KEYS:
                tag_at[i + 1] += _count(buffer, a, b)
    ref_at, tag_at = np.cumsum(ref_at), np.cumsum(tag_at)
    refs = np.empty(ref_at[n], np.int64)
    keys, values = np.zeros(tag_at[n], np.int64), np.zeros(tag_at[n], np.int64)
    for i in range(n):
        for number, a, b in fields(buffer, spans[i, 0], spans[i, 1]):
            if number == WAY_ID and b == -1:
                ids[i] = a
            elif number == WAY_REFS:
                _packed(buffer, a, b, refs, ref_at[i], True)
            elif number == WAY_KEYS:
                _packed(buffer, a, b, keys, tag_at[i], False)
            elif number == WAY_VALUES:
                if _count(buffer, a, b) != tag_at[i + 1] - tag_at[i]:
                    raise ValueError("pbf_decode.value")
                _packed(buffer, a, b, values, tag_at[i], False)
            elif number == WAY_INFO:
                stamps[i] = _stamp(buffer, a, b)
    _check_strings(keys, strings)
    _check_strings(values, strings)
    return ids, stamps, ref_at, refs, tag_at, keys, values


@njit(cache=True, nogil=True)
def _stamp(buffer: Bytes, begin: int, end: int) -> int:
    for number, a, b in fields(buffer, begin, end):
        if number == INFO_TIMESTAMP and b == -1:
            return a
    return 0


@njit(cache=True, nogil=True)
def relations(buffer: Bytes, spans: Ints, strings: int) -> Any:
    """Decode relations: as ``ways``, with (type, id, role) of the members in the place of refs."""
    n = len(spans)
    ids, stamps = np.zeros(n, np.int64), np.zeros(n, np.int64)
    member_at, tag_at = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    for i in range(n):
        for number, a, b in fields(buffer, spans[i, 0], spans[i, 1]):
            if number == RELATION_MEMBERS:
                member_at[i + 1] += _count(buffer, a, b)
            elif number == WAY_KEYS:
                tag_at[i + 1] += _count(buffer, a, b)
    member_at, tag_at = np.cumsum(member_at), np.cumsum(tag_at)
    members = np.zeros((3, member_at[n]), np.int64)
    keys, values = np.zeros(tag_at[n], np.int64), np.zeros(tag_at[n], np.int64)
    for i in range(n):
        for number, a, b in fields(buffer, spans[i, 0], spans[i, 1]):
            if number == WAY_ID and b == -1:
                ids[i] = a
            elif number == WAY_INFO:
                stamps[i] = _stamp(buffer, a, b)
            elif number == WAY_KEYS:
                _packed(buffer, a, b, keys, tag_at[i], False)
            elif number == WAY_VALUES:
                if _count(buffer, a, b) != tag_at[i + 1] - tag_at[i]:
                    raise ValueError("pbf_decode.value")
                _packed(buffer, a, b, values, tag_at[i], False)
            elif number == RELATION_MEMBERS:
                _packed(buffer, a, b, members[1], member_at[i], True)
            elif number in (RELATION_ROLES, RELATION_TYPES):
                if _count(buffer, a, b) != member_at[i + 1] - member_at[i]:
                    raise ValueError("pbf_decode.member")
                _packed(buffer, a, b, members[2 if number == RELATION_ROLES else 0], member_at[i], False)
    _check_strings(keys, strings)
    _check_strings(values, strings)
    _check_strings(members[2], strings)
    return ids, stamps, member_at, members, tag_at, keys, values


@njit(cache=True, nogil=True)
def _units(value: int, granularity: int, offset: int) -> Any:
    """Position in 1e-7 degrees; division towards zero, as osmium does it."""
    nano = value * granularity + offset
    if nano < 0:
        return np.int32(-(-nano // NANODEG_PER_UNIT))
    return np.int32(nano // NANODEG_PER_UNIT)


@njit(cache=True, nogil=True)
def dense(buffer: Bytes, begin: int, end: int, scale: Ints, wanted: npt.NDArray[np.bool_]) -> Any:
    """Decode dense nodes: ids, lon, lat; and of those with a wanted key their rows, tags and timestamps.

    ``scale`` is (granularity, offset of latitude, offset of longitude); ``wanted`` says of each
    text of the block whether it is a key worth keeping a node for.
    """
    found = fields(buffer, begin, end)
    n = 0
    for number, a, b in found:
        if number == DENSE_ID:
            n = _count(buffer, a, b)
    ids, raw = np.zeros(n, np.int64), np.zeros((2, n), np.int64)
    stamps = np.zeros(n, np.int64)
    tags_begin, tags_end, has_lat, has_lon = 0, 0, False, False
    for number, a, b in found:
        if number in (DENSE_ID, DENSE_LAT, DENSE_LON) and _count(buffer, a, b) != n:
            raise ValueError("pbf_decode.position")
        if number == DENSE_ID:
            _packed(buffer, a, b, ids, 0, True)
        elif number == DENSE_LON:
            _packed(buffer, a, b, raw[0], 0, True)
            has_lon = True
        elif number == DENSE_LAT:
            _packed(buffer, a, b, raw[1], 0, True)
            has_lat = True
        elif number == DENSE_TAGS:
            tags_begin, tags_end = a, b
        elif number == DENSE_INFO:
            for part, c, d in fields(buffer, a, b):
                if part == INFO_TIMESTAMP and _count(buffer, c, d) == n:
                    _packed(buffer, c, d, stamps, 0, True)
    if n and not (has_lat and has_lon):
        raise ValueError("pbf_decode.positions")
    lon, lat = np.empty(n, np.int32), np.empty(n, np.int32)
    for i in range(n):
        lon[i] = _units(raw[0, i], scale[0], scale[2])
        lat[i] = _units(raw[1, i], scale[0], scale[1])
    rows, tag_at, keys, values = _dense_tags(buffer, tags_begin, tags_end, n, wanted)
    return ids, lon, lat, rows, tag_at, keys, values, stamps[rows]


@njit(cache=True, nogil=True)
def _dense_tags(buffer: Bytes, begin: int, end: int, n: int, wanted: npt.NDArray[np.bool_]) -> Any:
    """Rows and tags of the nodes that have a wanted key: runs of key, value, …, closed by 0."""
    most = _count(buffer, begin, end)
    rows, tag_at = np.empty(n, np.int64), np.zeros(n + 1, np.int64)
    keys, values = np.empty(most, np.int64), np.empty(most, np.int64)
    kept, tags, row, at = 0, 0, 0, begin
    while at < end and row < n:
        first, worth = tags, False
        while True:
            key, at = _varint(buffer, at, end)
            if key == 0:
                break
            value, at = _varint(buffer, at, end)
            if key >= np.uint64(len(wanted)) or value >= np.uint64(len(wanted)):
                raise ValueError("pbf_decode.text")
            keys[tags], values[tags] = np.int64(key), np.int64(value)
            worth |= wanted[np.int64(key)]
            tags += 1
        if worth:
            rows[kept] = row
            kept += 1
            tag_at[kept] = tags
        else:
            tags = first
        row += 1
    return rows[:kept].copy(), tag_at[: kept + 1].copy(), keys[:tags].copy(), values[:tags].copy()


@njit(cache=True, nogil=True)
def nodes(buffer: Bytes, spans: Ints, scale: Ints, wanted: npt.NDArray[np.bool_]) -> Any:
    """Decode nodes that are written one by one; the answer is that of ``dense``."""
    n = len(spans)
    ids, lon, lat, stamps = np.zeros(n, np.int64), np.empty(n, np.int32), np.empty(n, np.int32), np.zeros(n, np.int64)
    most = 0
    for i in range(n):
        most += spans[i, 1] - spans[i, 0]
    rows, tag_at = np.empty(n, np.int64), np.zeros(n + 1, np.int64)
    keys, values = np.zeros(most, np.int64), np.zeros(most, np.int64)
    kept, tags = 0, 0
    for i in range(n):
        x, y, first, count, values_of = np.int64(0), np.int64(0), tags, 0, 0
        for number, a, b in fields(buffer, spans[i, 0], spans[i, 1]):
            if number == NODE_ID:
                ids[i] = _signed(np.uint64(a))
            elif number == NODE_LAT:
                y = _signed(np.uint64(a))
            elif number == NODE_LON:
                x = _signed(np.uint64(a))
            elif number == NODE_KEYS:
                count = _packed(buffer, a, b, keys, first, False) - first
            elif number == NODE_VALUES:
                values_of = _packed(buffer, a, b, values, first, False) - first
            elif number == NODE_INFO:
                stamps[i] = _stamp(buffer, a, b)
        lon[i], lat[i] = _units(x, scale[0], scale[2]), _units(y, scale[0], scale[1])
        if values_of != count:
            raise ValueError("pbf_decode.value")
        worth = False
        for tag in range(first, first + count):
            if min(keys[tag], values[tag]) < 0 or max(keys[tag], values[tag]) >= len(wanted):
                raise ValueError("pbf_decode.text")
            worth |= wanted[keys[tag]]
        if worth:
            rows[kept] = i
            kept += 1
            tags = first + count
            tag_at[kept] = tags
    rows = rows[:kept].copy()
    return ids, lon, lat, rows, tag_at[: kept + 1].copy(), keys[:tags].copy(), values[:tags].copy(), stamps[rows]


@njit(cache=True, nogil=True)
def locate(
    refs: Ints, ids: Ints, coarse: Ints, step: int, lon: Places, lat: Places, to_lon: Places, to_lat: Places
) -> int:
    """Look up the positions of nodes; return how many were not found (they are ``NOWHERE``).

    ``ids`` ascend; ``coarse`` holds each ``step``-th of them. What follows in a way mostly follows
    in the file as well, so the row after the last one is tried first.
    """
    missing, last, n = 0, np.int64(-1), len(ids)
    for i in range(len(refs)):
        ref = refs[i]
        row = last + 1
        if not (row < n and ids[row] == ref):
            block = np.searchsorted(coarse, ref, side="right") - 1
            if block < 0:
                row = -1
            else:
                begin = block * step
                stop = min(begin + step, n)
                row = begin + np.searchsorted(ids[begin:stop], ref)
                if row >= stop or ids[row] != ref:
                    row = -1
        if row < 0:
            to_lon[i], to_lat[i] = NOWHERE, NOWHERE
            missing += 1
        else:
            to_lon[i], to_lat[i] = lon[row], lat[row]
            last = row
    return missing


@njit(cache=True, nogil=True)
def boxes(at: Ints, lon: Places, lat: Places) -> Any:
    """Bounding box of each run of positions, and how many of its positions are known."""
    n = len(at) - 1
    found, known = np.empty((n, 4), np.int32), np.zeros(n, np.int64)
    for i in range(n):
        west, south, east, north = NOWHERE, NOWHERE, -NOWHERE, -NOWHERE
        for j in range(at[i], at[i + 1]):
            x, y = lon[j], lat[j]
            if x == NOWHERE:
                continue
            known[i] += 1
            west, east = min(west, x), max(east, x)
            south, north = min(south, y), max(north, y)
        found[i, 0], found[i, 1], found[i, 2], found[i, 3] = west, south, east, north
    return found, known


@njit(cache=True, nogil=True)
def rings(at: Ints, lon: Places, lat: Places) -> Any:
    """Closed ways as osmium builds areas of them: from the most western point, counter-clockwise.

    Neighbours at the same position are one. Returns offsets and positions; a ring of fewer than
    three corners is empty.
    """
    n = len(at) - 1
    to_at = np.zeros(n + 1, np.int64)
    x, y = np.empty(at[n], np.int32), np.empty(at[n], np.int32)
    total = 0
    for i in range(n):
        begin = total
        for j in range(at[i], at[i + 1] - 1):  # the last is the first
            if total == begin or lon[j] != x[total - 1] or lat[j] != y[total - 1]:
                x[total], y[total] = lon[j], lat[j]
                total += 1
        while total > begin + 1 and x[total - 1] == x[begin] and y[total - 1] == y[begin]:
            total -= 1
        size = total - begin
        if size < 3:
            total = begin
        else:
            _turn(x[begin:total], y[begin:total])
            x[total], y[total] = x[begin], y[begin]
            total += 1
        to_at[i + 1] = total
    return to_at, x[:total].copy(), y[:total].copy()


@njit(cache=True, nogil=True)
def _turn(x: Places, y: Places) -> None:
    """Turn an open ring in place: the most western (then southern) corner first, counter-clockwise."""
    n, first, twice = len(x), 0, np.float64(0)
    for i in range(n):
        if x[i] < x[first] or (x[i] == x[first] and y[i] < y[first]):
            first = i
    for i in range(n):
        j = (i + 1) % n
        twice += (np.float64(x[i]) - x[0]) * (np.float64(y[j]) - y[0])
        twice -= (np.float64(x[j]) - x[0]) * (np.float64(y[i]) - y[0])
    old_x, old_y = x.copy(), y.copy()
    step = 1 if twice > 0 else -1
    for i in range(n):
        j = (first + step * i) % n
        x[i], y[i] = old_x[j], old_y[j]


@njit(cache=True, nogil=True)
def is_simple(at: Ints, x: Places, y: Places, most: int) -> npt.NDArray[np.int8]:
    """Whether closed rings neither touch nor cross themselves, in whole numbers and so exact: 1, 0, or -1 if not tried.

    Rings of more than ``most`` corners are not tried: all pairs of sides are looked at.
    """
    n = len(at) - 1
    answer = np.full(n, -1, np.int8)
    for i in range(n):
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
