"""Steps that are not taken twice, and what they must never change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.core.arrays import object_array
from spatial.core.incremental import AFRESH, Memory, as_before

TAKEN = []


@pytest.fixture(autouse=True)
def taken():
    TAKEN.clear()
    return TAKEN


def double(numbers):
    TAKEN.append(numbers)
    return numbers[0] * 2


def as_array(_inputs, values):
    TAKEN.append(values)
    return np.array(values)


def size(row, least=0):
    TAKEN.append(row)
    return max(len(row), least)


def test_a_step_on_the_same_input_is_not_taken_twice(taken):
    step, number = Memory(), [3]
    assert [step(double, number) for _ in range(2)] == [6, 6]
    assert taken == [[3]]


def test_a_last_step_is_taken_once_and_not_compared(taken):
    step, first, second, values = Memory(), [1], [2], (1.0,)
    kept = step.last(as_array, first, values)
    assert step.last(as_array, first, values) is kept
    assert step.last(as_array, second, values) is not kept
    assert step.last(as_array, first, values) is kept
    assert len(taken) == 2
    assert AFRESH.last(double, [7]) == 14


def test_a_step_on_another_input_is_taken_and_the_first_is_kept(taken):
    step, first, second = Memory(), [1], [2]
    assert [step(double, first), step(double, second), step(double, first)] == [2, 4, 2]
    assert taken == [[1], [2]]


def test_steps_of_one_function_are_told_apart_by_their_key(taken):
    step, first, second = Memory(), [1], [2]
    for _ in range(2):
        assert (step(double, first, key="first"), step(double, second, key="second")) == (2, 4)
    assert taken == [[1], [2]]


def test_a_result_that_equals_the_first_is_the_first():
    step, values = Memory(), (1.0, np.nan)
    first = step(as_array, [1], values)
    assert step(as_array, [2], values) is first
    assert step(as_array, [3], (1.0, 2.0)) is not first


def test_no_input_of_a_step_is_hidden():
    number = 3
    step = Memory()
    for hiding in (lambda: number, partial(double, [3]), [3].count):
        with pytest.raises(TypeError, match="no function of a module"):
            step(hiding)
    assert step(sum, [1, 2]) == 3


def test_rows_are_made_once_each(taken):
    step, rows = Memory(), [{"a": 1}, {"b": 2}]
    assert step.each(size, rows) == [1, 1]
    fresh = {"c": 3, "d": 4}
    assert step.each(size, [*rows, fresh]) == [1, 1, 2]
    assert taken == [*rows, fresh]


def test_rows_are_made_again_where_what_they_share_is_another(taken):
    step, rows = Memory(), [{"a": 1}, {"b": 2}]
    assert [step.each(size, rows, least) for least in (0, 5, 0)] == [[1, 1], [5, 5], [1, 1]]
    assert taken == [*rows, *rows]


def near(rows, things, within_m):
    """How many things are near each row, and the length of its outline."""
    TAKEN.append(rows)
    count = np.bincount(
        shapely.STRtree(things).query(rows, predicate="dwithin", distance=within_m)[0], minlength=len(rows)
    )
    return count, shapely.length(rows)


def some(data, most):
    at = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=most)
    return object_array(shapely.box(x, y, x + 3, y + 2) for x, y in data.draw(at))


@given(data=st.data(), moving=st.booleans())
def test_rows_are_as_if_made_afresh_whatever_comes_goes_and_changes_near(data, moving):
    step = Memory(moving=moving)
    for _ in range(4):
        rows, things, within_m = some(data, 6), some(data, 4), data.draw(st.sampled_from([0.0, 5.0]))
        found, expected = step.rows(near, rows, things, within_m, near_m=within_m), near(rows, things, within_m)
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_only_rows_near_a_change_are_made_again(taken):
    step, rows = Memory(), object_array(shapely.box(x, 0, x + 1, 1) for x in (0, 100, 200))
    things = object_array([shapely.Point(0, 0), shapely.Point(150, 0)])
    step.rows(near, rows, things, 5.0, near_m=5.0)
    step.rows(near, rows[:2], object_array([*things, shapely.Point(102, 0)]), 5.0, near_m=5.0)
    assert [len(made) for made in taken] == [3, 1] and taken[1][0] is rows[1]


def test_a_moving_start_knows_the_first_and_the_last(taken):
    step, first, second, third = Memory(moving=True), [1], [2], [3]
    given_ = [first, second, second, first, third, second, first]
    assert [step(double, one) for one in given_] == [2, 4, 4, 2, 6, 4, 2]
    assert taken == [first, second, third, second]


def test_what_is_most_alike_is_mended():
    step, shared, other, told = Memory(moving=True), [1], [2], []
    for number, one in enumerate((shared, other, shared)):
        step.mend(as_array, one, (float(number),), by=lambda before, was: [told.append(before[0]), was + 1][1])
    assert told[0] is shared and told[1] is shared and len(told) == 2


def test_a_step_is_mended_from_what_it_gave():
    step, first, second = Memory(), [1, 2], [1, 2, 5]
    assert step.mend(sum, first, by=lambda *_: pytest.fail("nothing to mend")) == 3
    # Were it made anew it would be 8; the mended one is told by another number.
    assert step.mend(sum, second, by=lambda before, was: (before == (first,)) * (was + 100)) == 103


def test_afresh_takes_every_step():
    assert AFRESH(sum, [1]) == 1 and AFRESH.each(str, [1, 2]) == ["1", "2"]
    assert AFRESH.mend(sum, [1], by=lambda *_: pytest.fail("nothing is known")) == 1


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
    step = Memory()
    step.each(size, first)
    TAKEN.clear()
    assert step.each(size, later) == [1] * len(later)
    fresh = [row for row in later if not any(row is one for one in first)]
    assert len(TAKEN) == len(fresh) and all(one is row for one, row in zip(TAKEN, fresh, strict=True))


@pytest.mark.parametrize(
    ("old", "new", "alike"),
    [
        (["a", None], ["a", None], True),
        (["a", None], ["a", "b"], False),
        (["a", None], ["a", ""], False),
        (["a", "b"], ["b", "a"], False),
        (["a"], ["a", "a"], False),
    ],
)
def test_columns_of_words_are_compared_word_by_word_and_what_is_missing_is_no_word(old, new, alike):
    before, after = (pd.DataFrame({"word": pd.Series(words, dtype="str")}) for words in (old, new))
    assert (as_before(after, before) is before) == alike
