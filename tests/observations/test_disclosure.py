"""What is withheld cannot be worked out: on paper, by laws, and by an attacker with a linear program."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from spatial.core.errors import ConfigError
from spatial.observations import disclosure
from spatial.observations.disclosure import Sum, determined, rounded, withheld
from spatial.observations.overlay import Joined
from tests.maps.fixtures import ETRS89_UTM32


def table(inner):
    """Cells of a table with margins, and its sums: inner cells, rows, columns, all."""
    inner = np.asarray(inner)
    rows, columns = inner.shape
    values = np.concatenate([inner.ravel(), inner.sum(axis=1), inner.sum(axis=0), [inner.sum()]])
    at = np.arange(rows * columns).reshape(rows, columns)
    row_at, column_at = rows * columns + np.arange(rows), rows * columns + rows + np.arange(columns)
    sums = [Sum(int(row_at[i]), tuple(at[i])) for i in range(rows)]
    sums += [Sum(int(column_at[j]), tuple(at[:, j])) for j in range(columns)]
    sums += [Sum(len(values) - 1, tuple(row_at)), Sum(len(values) - 1, tuple(column_at))]
    return values, sums


def feasible(values, hidden, sums, cell):
    """Least and most a withheld cell can be, for one who knows all exact published cells and that none is negative."""
    matrix, right = [], []
    for bound in sums:
        row = np.zeros(len(values))
        row[bound.total], row[list(bound.parts)] = -1, 1
        matrix.append(row[hidden])
        right.append(-(row[~hidden] * values[~hidden]).sum())
    goal = np.zeros(int(hidden.sum()))
    goal[np.flatnonzero(np.flatnonzero(hidden) == cell)[0]] = 1
    ends = [linprog(s * goal, A_eq=matrix, b_eq=right, bounds=(0, None)) for s in (1, -1)]
    return ends[0].fun, np.inf if ends[1].status == 3 else -ends[1].fun


def test_on_paper():
    # One small cell in a row of four: the smallest other goes with it.
    values, sums = np.array([50, 3, 9, 18, 20]), [Sum(0, (1, 2, 3, 4))]
    assert withheld(values, sums, 5).tolist() == [False, True, True, False, False]
    # The smallest, wherever it stands.
    assert withheld(np.array([50, 3, 18, 9, 20]), sums, 5).tolist() == [False, True, False, True, False]
    # Two small ones that come to 5 in all are enough for each other.
    assert withheld(np.array([50, 2, 3, 20, 25]), sums, 5).tolist() == [False, True, True, False, False]
    # Two small ones that come to 3 in all would tell of three people: a third is withheld.
    values = np.array([50, 1, 2, 20, 27])
    assert withheld(values, sums, 5).tolist() == [False, True, True, True, False]
    # All of a total in one part: both are withheld.
    assert withheld(np.array([3, 3]), [Sum(0, (1,))], 5).tolist() == [True, True]
    # Nothing small, nothing withheld.
    assert not withheld(np.array([50, 10, 20, 20]), [Sum(0, (1, 2, 3))], 5).any()


def test_a_cell_that_only_the_algebra_finds_gets_company():
    """Two blocks of a table are withheld, and a cell between them: the rows of a block less its columns."""
    inner = np.full((4, 4), 20)
    inner[:2, :2] = inner[2:, 2:] = 3
    inner[0, 2] = 2
    inner[0, 3] = 19
    values, sums = table(inner)
    small = values < 5
    assert small.sum() == 9
    assert np.flatnonzero(determined(small, sums)).tolist() == [2]
    # The smallest published cell of its row goes with it: two cells between the blocks are known by their sum alone.
    assert np.flatnonzero(withheld(values, sums, 5) & ~small).tolist() == [3]
    least, most = feasible(values, withheld(values, sums, 5), sums, 2)
    assert (least, most) == pytest.approx((0, 8), abs=1e-6)  # all that is withheld in its column


def test_everything_is_withheld_where_nothing_else_helps():
    # 0 = 1 + 2 and 0 = 1 + 2 + 3: the last is nobody, and there is no cell beside it that could be withheld.
    values, sums = np.array([4, 3, 1, 0, 50]), [Sum(0, (1, 2)), Sum(0, (1, 2, 3))]
    shown = withheld(values, sums, 5)
    assert shown.dtype == bool and shown.tolist() == [True] * 5
    # A total of no parts is 0 to everybody.
    assert withheld(np.array([0]), [Sum(0, ())], 5).tolist() == [True]


def test_k_people_may_be_published():
    assert withheld(np.array([5, 20]), [], 5).tolist() == [False, False]


def test_a_total_goes_where_its_only_part_does():
    # 3 takes the 8 with it, which is all of another total.
    values, sums = np.array([8, 8, 11, 3, 70]), [Sum(0, (1,)), Sum(2, (1, 3))]
    assert withheld(values, sums, 5).tolist() == [True, True, False, True, False]


def test_totals_that_rise_with_their_only_withheld_cell_tell_nothing():
    # One cell, its row, its column and all: each of them could be larger by the same number.
    _, sums = table([[1, 30], [30, 30]])
    sums = [*sums, Sum(8, (0, 1, 2, 3))]
    hidden = np.array([True, False, False, False, True, False, True, False, True])
    found = determined(hidden, sums)
    assert found.dtype == bool and not found.any()


def test_algebra_finds_what_single_sums_do_not():
    """Each sum has two withheld cells, yet a - b and a + b are known, so both are."""
    sums = [Sum(2, (0, 1)), Sum(0, (1, 3))]
    hidden = np.array([True, True, False, False])
    assert determined(hidden, sums)[[0, 1]].all()


inner_tables = st.integers(2, 4).flatmap(
    lambda columns: st.lists(
        st.lists(st.one_of(st.integers(0, 6), st.integers(0, 60)), min_size=columns, max_size=columns),
        min_size=2,
        max_size=5,
    )
)


@settings(max_examples=60)
@given(inner_tables, st.sampled_from([5, 10]))
def test_no_withheld_cell_follows_from_the_exact_published_ones(inner, k):
    """Stronger than what is published: the attacker is given exact numbers, not rounded ones."""
    values, sums = table(inner)
    hidden = withheld(values, sums, k)
    assert hidden[values < k].all()
    for cell in np.flatnonzero(hidden & (values < k)):
        least, most = feasible(values, hidden, sums, cell)
        assert least - 1e-6 <= values[cell] <= most + 1e-6
        assert most - least > 0.5, (inner, cell)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=20), st.integers(5, 20))
def test_published_counts_are_multiples_of_k_and_never_below_it(values, k):
    counts = np.array(values)
    shown = rounded(counts, counts < k, k)
    seen = shown[~np.isnan(shown)]
    assert (seen >= k).all() and (seen % k == 0).all()
    assert (np.abs(seen - counts[~np.isnan(shown)]) <= k / 2).all()


def visits(counts):
    """One visit a unit and part of the day, with these people."""
    rows = [
        {"unit_id": unit, "kind": "staying", "minutes": 10.0, "total": n, "organised": np.nan, "time_of_day": part,
         "week": "weekday", "season": "spring", "location_id": unit, "start": pd.Timestamp("2026-05-04")}
        for unit, parts in counts.items() for part, n in parts.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def publish(counts, k=5):
    import geopandas as gpd
    from shapely.geometry import Point

    units = gpd.GeoDataFrame(geometry=[Point(i, 0).buffer(1) for i in range(len(counts))], index=list(counts),
                             crs=ETRS89_UTM32)  # fmt: skip
    return disclosure.publish(Joined(visits(counts), units), k=k)


def test_differencing_two_runs_does_not_tell_of_one_person():
    """One person more in the second run: no published number moves by less than k, hidden ones stay hidden."""
    before = {
        "a": {"morning": 12, "evening": 30},
        "b": {"morning": 3, "evening": 40},
        "c": {"morning": 8, "evening": 9},
    }
    for unit in before:
        for part in ("morning", "evening"):
            after = {u: dict(parts) for u, parts in before.items()}
            after[unit][part] += 1
            one, other = publish(before).cells, publish(after).cells
            change = (other["people"] - one["people"]).dropna().abs()
            assert set(change) <= {0.0, 5.0}
            assert (one["people"].dropna() % 5 == 0).all()


def test_the_limit_is_raised_with_a_reason_and_never_lowered():
    assert disclosure.smallest_count(None, None) == 5
    assert disclosure.smallest_count(10, "small estate") == 10
    with pytest.raises(ConfigError, match="5 or more"):
        disclosure.smallest_count(4, "because")
    with pytest.raises(ConfigError, match="without a reason"):
        disclosure.smallest_count(10, " ")


def test_rates_follow_from_what_is_published():
    cells = publish({"a": {"morning": 12, "evening": 30}, "b": {"morning": 23, "evening": 40}}).cells
    row = cells[(cells["unit_id"] == "a") & (cells["by"] == "all")].iloc[0]
    assert row["people"] == 40 and row["visits"] == 2 and np.isnan(row["hours"])  # 42 people to the nearest 5
    assert row["per_visit"] == 20 and np.isnan(row["per_hour"]) and row["effort"] == "visit"
