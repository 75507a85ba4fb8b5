"""What is withheld cannot be worked out: on paper, and by laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.core.errors import ConfigError
from spatial.observations import disclosure
from spatial.observations.overlay import Joined
from tests.maps.fixtures import ETRS89_UTM32


def told(people, k=5, **options):
    """What is told of a unit by its people by (division, part), the total last."""
    by = np.array([division for division, _ in people] + ["all"], dtype=object)
    some = next(iter(people))[0]
    whole = sum(n for (division, _), n in people.items() if division == some)
    return disclosure.published_people(np.array([*people.values(), whole]), by, k, **options).tolist()


def cells(day, week, season=(None,)):
    """People by division and part; of the season, where it is not said, one part with all."""
    season = [sum(day)] if season == (None,) else season
    divisions = {"time_of_day": day, "week": week, "season": season}
    return {(by, str(i)): n for by, parts in divisions.items() for i, n in enumerate(parts)}


NAN = np.nan


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        # Nothing small: every division is told, and the total is the sum of the parts of the day (42 to the nearest 5
        # by 12 and 30).
        (cells([12, 30], [20, 22]), [10, 30, 20, 20, 40, 40]),
        # The morning is withheld: the total is 40 + 2, and no other division is told, since it counts the morning too.
        (cells([3, 40], [20, 23]), [NAN, 40, NAN, NAN, NAN, 40]),
        # Three withheld parts: 40 + 6.
        (cells([0, 4, 40, 1], [20, 25]), [NAN, NAN, 40, NAN, NAN, NAN, NAN, 45]),
        # A weekend that is small is not told, nor the weekdays, from which it would follow; the year is.
        (cells([12, 30], [39, 3]), [10, 30, NAN, NAN, 40, 40]),
        # No part of the day has five: told by the week.
        (cells([4, 4, 4], [9, 3]), [NAN, NAN, NAN, 10, NAN, NAN, 10]),
        (cells([4, 4], [4, 4]), [NAN, NAN, NAN, NAN, 10, 10]),
        (cells([2, 2], [4, 0]), [NAN] * 6),
        (cells([4, 4], [4, 4], [4, 4]), [NAN] * 7),
    ],
)
def test_what_is_told_of_a_unit_on_paper(people, expected):
    np.testing.assert_array_equal(told(people), expected)


def test_where_a_cell_tells_of_a_person_nothing_hangs_on_there_being_a_small_one():
    without, small = cells([40], [20, 20]), cells([40, 3], [20, 23])
    assert told(without, visits_told=False)[0] == told(small, visits_told=False)[0] == 40
    assert told(without, visits_told=False)[-1] == told(small, visits_told=False)[-1] == 40
    assert np.isnan(told(without, visits_told=False)[1:-1]).all()
    assert np.isnan(told(small, visits_told=False)[1:-1]).all()


def test_k_people_may_be_published():
    assert told(cells([5, 20], [25]))[0] == 5 and np.isnan(told(cells([4, 20], [24]))[0])


counted = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 9)), min_size=1, max_size=16
)  # visits: part of the day, of the week, people


@settings(max_examples=200)
@given(counted, st.sampled_from([5, 10]), st.data())
def test_people_in_withheld_parts_may_be_any_number_below_k(visits_made, k, data):
    """The strongest attacker: knows the method and all visits but those in withheld parts, and sees every figure."""

    def publication(people):
        day, week = np.zeros(4, dtype=int), np.zeros(2, dtype=int)
        for (part, days, _), n in zip(visits_made, people, strict=True):
            day[part] += n
            week[days] += n
        there = {f"time_of_day{part}" for part, _, _ in visits_made} | {f"week{days}" for _, days, _ in visits_made}
        every = {key: n for key, n in cells(day.tolist(), week.tolist()).items() if "".join(key) in there}
        return told(every | {("season", "0"): sum(people)}, k), day

    people = [n for _, _, n in visits_made]
    one, day = publication(people)
    hidden = [part for part in range(4) if day[part] < k]
    if not (day >= k).any() or not hidden:  # told by another division, or all is told
        return
    other = list(people)
    for part in hidden:
        own = [i for i, (p, _, _) in enumerate(visits_made) if p == part]
        left = data.draw(st.integers(0, k - 1))
        for i in own:
            other[i] = left if i == own[-1] else data.draw(st.integers(0, left))
            left -= other[i]
    np.testing.assert_array_equal(publication(other)[0], one)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=20), st.integers(5, 20))
def test_published_counts_are_multiples_of_k_and_never_below_it(values, k):
    shown = np.array(told({("time_of_day", str(i)): n for i, n in enumerate(values)}, k))
    parts, seen = shown[:-1], shown[~np.isnan(shown)]
    assert (seen >= k).all() and (seen % k == 0).all()
    assert np.isnan(parts).tolist() == [n < k for n in values]
    close = np.abs(parts - np.array(values))[~np.isnan(parts)]
    assert (close <= k / 2).all()


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
