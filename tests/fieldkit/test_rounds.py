"""Rounds that treat every place alike: by hour, day, observer, turn and pairing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.fieldkit.rounds import DAYS, rounds

BEGINS = ["09:00", "12:00", "15:00", "18:00"]


@given(st.integers(1, 40), st.integers(1, 4), st.integers(0, 4))
def test_every_place_has_the_same_hours_days_observers_and_pairs(count, people, paired):
    places = [f"p{i}" for i in range(count)]
    plan = rounds(places, begins=BEGINS, observers=list("ABCD")[:people], paired=paired)
    assert len(plan) == count * len(DAYS) * len(BEGINS)
    for columns in (["day", "begins"], ["observers"]):
        tally = plan.groupby(["location_id", *columns]).size().unstack(columns)
        assert (tally.nunique() == 1).all()
    assert (plan.groupby("round")["location_id"].nunique() == count).all()
    together = plan[plan["observers"].str.contains("+", regex=False)]
    assert together["round"].nunique() == (paired if people > 1 else 0)


@given(st.integers(2, 40))
def test_no_place_always_comes_first(count):
    """A day's rounds and the next day's, the other way, are mirrored: every place comes on average in the middle."""
    plan = rounds([f"p{i}" for i in range(count)], begins=BEGINS, observers=["A"], paired=0)
    assert (plan.groupby(["begins", "location_id"])["turn"].mean() == (count + 1) / 2).all()  # and so at every hour
    assert plan.groupby("location_id")["turn"].mean().to_numpy() == pytest.approx((count + 1) / 2)


def test_observers_share_the_hours_and_the_work():
    plan = rounds(["p", "q"], begins=BEGINS, observers=["A", "B"], paired=0)
    tally = plan.groupby(["observers", "begins"]).size()
    assert (tally == 4).all() and len(tally) == 8


def test_pairs_are_made_at_different_hours():
    plan = rounds(["p"], begins=BEGINS, observers=["A", "B"], paired=2)
    together = plan[plan["observers"] == "A+B"]
    assert together["begins"].nunique() == 2 and together["day"].nunique() == 2


def test_each_stop_has_its_time():
    """Three stops in an hour: on the hour, at 20 past and at 20 to; the other way the last comes first."""
    plan = rounds(["p", "q", "r"], begins=["23:30"], observers=["A"], paired=0, minutes=60)
    assert plan["at"].tolist()[:3] == ["23:30", "23:50", "00:10"]
    assert plan["location_id"].tolist()[:6] == ["p", "q", "r", "r", "q", "p"]


@given(st.integers(1, 3), st.integers(0, 4), st.sampled_from([30, 100, 175, 215, 250]), st.integers(1, 30))
def test_nobody_walks_two_rounds_at_once_and_none_meet_by_chance(people, paired, minutes, count):
    """Where a round takes longer than it is to the next; two who meet within five minutes would be one visit."""
    places = [f"p{i}" for i in range(count)]
    plan = rounds(places, begins=BEGINS, observers=list("ABC")[:people], paired=paired, minutes=minutes)
    plan["clock"] = plan["at"].str.split(":").map(lambda at: 60 * int(at[0]) + int(at[1]))
    plan["clock"] += 1440 * (plan["clock"] < 540)  # after midnight
    for _, own in plan.groupby(["day", "location_id"]):
        assert (own["clock"].sort_values().diff().dropna() > 5).all()
    one = plan.assign(observer=plan["observers"].str.split("+")).explode("observer")
    for _, own in one.groupby(["day", "observer"]):
        begun = own.groupby("round")["clock"].min()
        assert (begun.diff().dropna() >= minutes - 5).all()
        assert (begun >= 60 * own.groupby("round")["begins"].first().str[:2].astype(int)).all()
