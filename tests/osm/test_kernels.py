"""Numbers and messages of Protocol Buffers: worked by hand, encoded anew, and the compiled way against the other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.osm.pbf import kernels, kernels_compiled, protobuf
from spatial.osm.pbf.ragged import any_of, offsets, ranges, reduced

WAYS = [kernels, kernels_compiled]
WORDS = st.integers(0, 2**64 - 1)


def encoded(value: int) -> bytes:
    """A number, by the definition: seven bits a byte, the lowest first, the eighth says that more follow."""
    found = bytearray()
    while value >= 128:
        found.append(value % 128 + 128)
        value //= 128
    return bytes([*found, value])


def array(content: bytes):
    return np.frombuffer(content, np.uint8)


def numbers(way, content: bytes):
    """All bytes as one packed field."""
    count, found = way.packed(array(content), np.array([0]), np.array([len(content)]))
    assert count.tolist() == [len(found)]
    return found.tolist()


@pytest.mark.parametrize("way", WAYS)
def test_the_number_of_the_format_s_own_example(way):
    """150 is the bytes 96 01: https://protobuf.dev/programming-guides/encoding/#varints"""
    assert numbers(way, b"\x96\x01\x07") == [150, 7]


@given(values=st.lists(WORDS, max_size=20))
def test_numbers_come_back(values):
    content = b"".join(map(encoded, values))
    for way in WAYS:
        assert numbers(way, content) == values


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("content", [b"\x80", b"\x07\xff", b"\xff" * 10 + b"\x01"])
def test_a_number_that_is_cut_off_or_too_long(way, content):
    with pytest.raises(ValueError, match="number"):
        numbers(way, content)


@pytest.mark.parametrize("way", WAYS)
def test_fields_of_a_message_by_hand(way):
    """Field 1 is 150, field 2 the text `ab`, field 3 eight bytes, field 4 four."""
    content = b"\x08\x96\x01" + b"\x12\x02ab" + b"\x19" + bytes(8) + b"\x25" + bytes(4)
    assert way.fields(content, 0, len(content)).tolist() == [[1, 150, -1], [2, 5, 7], [3, 8, 16], [4, 17, 21]]


@pytest.mark.parametrize("way", WAYS)
def test_a_negative_number_has_its_sign(way):
    content = b"\x08" + encoded(2**64 - 5)
    assert way.fields(content, 0, len(content)).tolist() == [[1, -5, -1]]


@given(content=st.binary(max_size=40), begin=st.integers(0, 5), cut=st.integers(0, 5))
def test_any_bytes_are_the_same_fields_or_the_same_fault(content, begin, cut):
    end = len(content) - cut
    answers = []
    for way in WAYS:
        try:
            answers.append(way.fields(content, begin, end).tolist())
        except ValueError as error:
            answers.append(str(error))
    assert answers[0] == answers[1]


@given(content=st.binary(max_size=40))
def test_any_bytes_are_the_same_numbers_or_no_numbers(content):
    answers = []
    for way in WAYS:
        try:
            answers.append(numbers(way, content))
        except ValueError as error:
            answers.append(str(error))
    assert answers[0] == answers[1]


@given(ascending=st.sets(st.integers(-50, 50), max_size=30), wanted=st.lists(st.integers(-60, 60), max_size=20))
def test_places_of_numbers_among_others(ascending, wanted):
    among = sorted(ascending)
    expected = [among.index(one) if one in ascending else -1 for one in wanted]
    for way in WAYS:
        assert way.locate(np.array(wanted, np.int64), np.array(among, np.int64)).tolist() == expected


def counted(body: bytes) -> bytes:
    return encoded(len(body)) + body


TEXT = st.binary(max_size=6).map(counted)
PACKED = st.lists(WORDS, max_size=4).map(lambda numbers: counted(b"".join(map(encoded, numbers))))
FIELD = st.one_of(st.tuples(st.just(1), WORDS.map(encoded)), st.tuples(st.just(2), TEXT), st.tuples(st.just(3), PACKED))
MESSAGE = st.lists(FIELD, max_size=5)


@pytest.mark.parametrize("size_bytes", [0, kernels.LARGE_BYTES])
@given(messages=st.lists(MESSAGE, max_size=6))
def test_many_messages_at_a_time_are_each_of_them(size_bytes, messages):
    """Field 1 is a number, 2 a text, 3 packed numbers; in any order and number."""
    parts = [b"".join(encoded(k << 3 | (0 if k == 1 else 2)) + body for k, body in one) for one in messages]
    ends = np.cumsum([len(part) for part in parts]).astype(np.int64)
    spans = np.column_stack([ends - [len(part) for part in parts], ends]).reshape(-1, 2).astype(np.int64)
    here = protobuf.Messages(b"".join(parts), kernels.of_size(size_bytes))
    found = here.columns(spans, (1, 2, 3))
    for number in (1, 2, 3):
        expected = [
            (row, *field)
            for row, (a, b) in enumerate(spans.tolist())
            for k, *field in here.fields(a, b).tolist()
            if k == number
        ]
        assert list(zip(*(side.tolist() for side in vars(found[number]).values()), strict=True)) == expected
    at, values = here.packed(found[3], len(messages))
    each = [[n for k, body in one if k == 3 for n in numbers(kernels, body)[1:]] for one in messages]
    assert [values[a:b].tolist() for a, b in pairwise(at.tolist())] == each


def test_zigzag_and_running_sums():
    """0, 1, 2, 3 are 0, -1, 1, -2; rows of steps 1 2 | (none) | 5 -3."""
    assert protobuf.signed(np.array([0, 1, 2, 3, 2**64 - 1], np.uint64)).tolist() == [0, -1, 1, -2, -(2**63)]
    assert protobuf.running(np.array([1, 2, 5, -3]), np.array([0, 2, 2, 4])).tolist() == [1, 3, 5, 2]


def test_ragged_arrays_by_hand():
    """Rows 1 2 | (none) | 7."""
    at, values = offsets(np.array([2, 0, 1])), np.array([1, 2, 7])
    assert at.tolist() == [0, 2, 2, 3]
    to, items = ranges(at, np.array([2, 0]))
    assert (to.tolist(), values[items].tolist()) == ([0, 1, 3], [7, 1, 2])
    assert any_of(values > 1, at).tolist() == [True, False, True]
    assert reduced(np.minimum, values, at, 99).tolist() == [1, 99, 7]


GRID = st.integers(0, 4)


@given(rings=st.lists(st.lists(st.tuples(GRID, GRID), min_size=3, max_size=9), max_size=5))
def test_rings_that_touch_or_cross_themselves_are_told_as_geos_tells_them(rings):
    """Corners that follow one another differ, as ``_rings`` leaves them; the first stands at the end again."""
    closed = [[a for a, b in pairwise([*ring, ring[0]]) if a != b] for ring in rings]
    closed = [[*ring, ring[0]] if len(ring) > 2 and ring[0] != ring[-1] else [] for ring in closed]
    at = offsets(np.array([len(ring) for ring in closed], np.int64))
    x, y = np.array([xy for ring in closed for xy in ring], np.int32).reshape(-1, 2).T
    expected = [bool(ring) and shapely.is_valid(shapely.Polygon(ring)) for ring in closed]
    for way in WAYS:
        assert way.simple(at, x, y).tolist() == expected


def test_a_ring_of_many_sides_is_looked_at_as_well():
    corners = np.rint(1e6 * np.column_stack([np.cos(a := np.linspace(0, 2 * np.pi, 99)), np.sin(a)])).astype(np.int32)
    corners[-1] = corners[0]
    for crossed in (False, True):
        ring = corners.copy()
        ring[[20, 60]] = ring[[60, 20]] if crossed else ring[[20, 60]]
        for way in WAYS:
            assert way.simple(np.array([0, 99]), *ring.T).tolist() == [not crossed]
