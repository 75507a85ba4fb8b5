"""Steps that are not taken twice, and what they must never change."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.core.incremental import AFRESH, Memory, as_before


def test_a_step_on_the_same_input_is_not_taken_twice():
    taken = []
    once, number = Memory(), [3]
    for _ in range(2):
        assert once("double", (number,), lambda: taken.append(1) or number[0] * 2) == 6
    assert len(taken) == 1


def test_a_last_step_is_taken_once_and_not_compared():
    once, first, second = Memory(), [1], [2]
    kept = once.last("array", (first,), lambda: np.array([1.0]))
    assert once.last("array", (first,), lambda: pytest.fail("taken twice")) is kept
    assert once.last("array", (second,), lambda: np.array([1.0])) is not kept
    assert once.last("array", (first,), lambda: pytest.fail("forgotten")) is kept
    assert AFRESH.last("array", (first,), lambda: 7) == 7


def test_a_step_on_another_input_is_taken_and_the_first_is_kept():
    once, first, second = Memory(), [1], [2]
    assert once("copy", (first,), lambda: list(first)) == [1]
    assert once("copy", (second,), lambda: list(second)) == [2]
    assert once("copy", (first,), lambda: pytest.fail("taken twice")) == [1]


def test_a_result_that_equals_the_first_is_the_first():
    once = Memory()
    first = once("array", ([1],), lambda: np.array([1.0, np.nan]))
    assert once("array", ([2],), lambda: np.array([1.0, np.nan])) is first
    assert once("array", ([3],), lambda: np.array([1.0, 2.0])) is not first


def test_rows_are_made_once_each():
    taken = []
    once, rows = Memory(), [{"a": 1}, {"b": 2}]
    assert once.each("size", rows, lambda row: taken.append(row) or len(row)) == [1, 1]
    fresh = {"c": 3, "d": 4}
    assert once.each("size", [*rows, fresh], lambda row: taken.append(row) or len(row)) == [1, 1, 2]
    assert taken == [*rows, fresh]


def test_a_step_is_mended_from_what_it_gave():
    once, first, second = Memory(), [1, 2], [1, 2, 5]
    once.mend("sum", (first,), lambda: sum(first), lambda known, was: pytest.fail("nothing to mend"))
    found = once.mend("sum", (second,), lambda: pytest.fail("made anew"), lambda known, was: was + second[-1])
    assert found == 8


def test_afresh_takes_every_step():
    assert AFRESH("x", (), lambda: 1) == 1 and AFRESH.each("x", [1, 2], str) == ["1", "2"]
    assert AFRESH.mend("x", (), lambda: 1, lambda *_: pytest.fail("nothing is known")) == 1


@dataclass(frozen=True)
class Record:
    lines: np.ndarray
    open: np.ndarray


def test_of_a_record_each_field_is_kept_by_itself():
    lines = np.array([shapely.LineString([(0, 0), (1, 1)])], dtype=object)
    old = Record(lines, np.array([True]))
    new = Record(shapely.from_wkb(shapely.to_wkb(lines)), np.array([False]))
    found = as_before(new, old)
    assert found.lines is old.lines and found.open is not old.open and not found.open[0]
    assert as_before(Record(new.lines, np.array([True])), old) is old


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"name": ["a", "b"]}, False),
        ({"width": [1.0, 2.0]}, False),
        ({"geometry": [shapely.Point(0, 0), shapely.Point(1, 2)]}, False),
    ],
)
def test_tables_are_compared_to_the_last_bit(change, same):
    columns = {"name": ["a", None], "width": [1.0, np.nan], "geometry": [shapely.Point(0, 0), shapely.Point(1, 1)]}
    old, new = (gpd.GeoDataFrame(given, crs=25832) for given in (columns, {**columns, **change}))
    assert (as_before(new, old) is old) is same
    assert as_before(new.iloc[:1], old) is not old
    assert as_before(new.rename(index={0: 7}), old) is not old


@given(data=st.data())
def test_rows_that_come_go_and_move_are_each_made_once(data):
    first = [[i] for i in range(data.draw(st.integers(0, 8)))]
    later = [row for row in data.draw(st.permutations(first)) if data.draw(st.booleans())]
    for at in data.draw(st.lists(st.integers(0, 8), max_size=3)):
        later.insert(at, [at])
    once, taken = Memory(), []
    once.each("row", first, lambda row: row[0])
    assert once.each("row", later, lambda row: taken.append(row) or row[0]) == [row[0] for row in later]
    fresh = [row for row in later if not any(row is one for one in first)]
    assert len(taken) == len(fresh) and all(one is row for one, row in zip(taken, fresh, strict=True))
