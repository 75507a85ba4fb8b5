"""A meeting space has the best of what people come for in it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.indicators import registry
from tests import tables
from tests.tables import NAN

SURE, GOOD, POOR, OPEN = (0.9, 0.8, 1.0), (0.7, 0.6, 0.8), (0.5, 0.4, 0.6), (NAN, 0.0, 1.0)
CASES = {
    # name: members, expected of the space
    "the better of two": ([POOR, SURE], (*SURE, "observed", "r1")),
    "no better one is likely: the middle of .8 and 1 is .9": ([SURE, OPEN], (*SURE, "observed", "r0")),
    "another may well be better: the middle of .6 and 1 is .8": ([GOOD, OPEN], (NAN, 0.6, 1.0, "unknown", "r1")),
    "nobody knows": ([OPEN, OPEN], (NAN, 0.0, 1.0, "unknown", "r0;r1")),
    "one alone": ([POOR], (*POOR, "observed", "r0")),
    # .6 is known best, yet the first may reach 1: the middle of .4 and 1 is .7.
    "bounds of two": ([(0.5, 0.4, 1.0), (0.6, 0.1, 0.7)], (NAN, 0.4, 1.0, "unknown", "r1")),
}


def best(rows):
    states = ["unknown" if np.isnan(row[0]) else "observed" for row in rows]
    parts = [(*row, state, f"r{i}") for i, (row, state) in enumerate(zip(rows, states, strict=True))]
    return registry.best_of_members(registry.from_rows(parts), [np.arange(len(rows))])


@pytest.mark.parametrize(("rows", "expected"), CASES.values(), ids=CASES)
def test_on_paper(rows, expected):
    tables.check(best(rows), expected)


def middle(found):
    value = found.value[0]
    return (found.low[0] + found.high[0]) / 2 if np.isnan(value) else value


THREE = st.tuples(*(st.floats(0, 1) for _ in range(3))).map(sorted)
MEMBER = st.tuples(THREE, st.booleans()).map(lambda r: (NAN if r[1] else r[0][1], r[0][0], r[0][2]))


@given(rows=st.lists(MEMBER, min_size=1, max_size=5), more=MEMBER)
def test_what_is_added_lowers_neither_the_value_nor_a_bound(rows, more):
    before, after = best(rows), best([*rows, more])
    assert after.low[0] >= before.low[0] and after.high[0] >= before.high[0]
    assert middle(after) >= middle(before)
