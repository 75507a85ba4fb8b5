"""What there is to come for: pulls of distinct kinds, company, seats, activities and ages, on paper.

With n distinct activities, company is .3 + .7 (1 − e^(−n/3)): .498428, .640608, .742484 for one, two, three.
"""
# ruff: noqa: E501 - a table reads best with a case on a line

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.indicators import occasion
from spatial.settings.tags import tag_rules
from tests import tables

RULES = tag_rules()
YARD = shapely.box(0, 0, 20, 10)
COMPANY = {0: 0.3, 1: 0.498428, 2: 0.640608, 3: 0.742484}
# Pulls: table .9, playground .9, bench .25, swap .9, pitch .9 (shut .6), named park .6, other lawn .2; spread .1.
CASES = {
    # name: kinds, value, low, high (a bench and a table may stand there unmapped: .35 and 1)
    "a bench": (["bench"], 0.25 * COMPANY[1], 0.15 * COMPANY[1], COMPANY[2]),
    "two benches are no more to come for than one": (["bench"] * 2, 0.25 * COMPANY[1], 0.15 * COMPANY[1], COMPANY[2]),
    "three seats together: 1 − .75 × .6": (["bench"] * 3, 0.55 * COMPANY[1], (1 - 0.85 * 0.7) * COMPANY[1], COMPANY[2]),
    "a table, to eat at and to sit": (["table"], 0.9 * COMPANY[2], 0.8 * COMPANY[2], COMPANY[2]),
    "a table and a bench: 1 − .1 × .75": (["table", "bench"], 0.925 * COMPANY[2], (1 - 0.2 * 0.85) * COMPANY[2], COMPANY[2]),
    "table, bench, playground: 1 − .1 × .75 × .1": (["table", "bench", "playground"], 0.9925 * COMPANY[3], (1 - 0.2 * 0.85 * 0.2) * COMPANY[3], COMPANY[3]),
    "a lawn without a name": (["park"], 0.2 * COMPANY[1], 0.1 * COMPANY[1], COMPANY[3]),
}  # fmt: skip


def scene(kinds, complete=False, **space):
    """Places of one space, and the space: what indicators of this file take."""
    rows = {f"p{i}": {"kind": kind, "geometry": YARD, "space_id": "space:a"} for i, kind in enumerate(kinds)}
    rows["space:a"] = {"level": "space", "kind": "meeting_space", "geometry": YARD, "space_id": "space:a", **space}
    places = tables.places(rows)
    return places, {"space:a": np.arange(len(kinds))}, np.array(kinds, dtype=object), np.full(len(rows), complete)


def measured(kinds, complete=False, fences=(), places=None, **space):
    sites, members, names, known = scene(kinds, complete, **space)
    sites = sites if places is None else places(sites)
    return occasion.occasion(sites, members, names, RULES, tables.barriers(fences), tables.buildings([]), known)


def of_space(found):
    return found.value[-1], found.low[-1], found.high[-1]


@pytest.mark.parametrize(("kinds", "value", "low", "high"), CASES.values(), ids=CASES)
def test_on_paper(kinds, value, low, high):
    found = measured(kinds)
    assert of_space(found) == pytest.approx((value, low, high), abs=1e-6)
    assert set(zip(found.evidence, found.rule, strict=True)) == {("assumed by rule", "pull_of_kinds")}
    assert set(found.facts) == {"class:pulls"}


def test_where_a_register_of_seats_is_complete_nothing_is_unmapped():
    # The spread of the pull alone: .25 + .1.
    assert measured(["bench"], complete=True).high[-1] == pytest.approx(0.35 * COMPANY[1], abs=1e-6)


def test_a_place_of_a_space_has_its_own_pull_alone():
    found = measured(["table", "bench"])
    assert found.value[:2] == pytest.approx([0.9 * COMPANY[2], 0.25 * COMPANY[1]], abs=1e-6)


def test_a_pitch_shut_on_all_sides_has_no_edge_to_stand_at():
    assert measured(["pitch"], complete=True).value[-1] == pytest.approx(0.9 * COMPANY[1], abs=1e-6)
    assert measured(["pitch"], complete=True, fences=[YARD.exterior]).value[-1] == pytest.approx(
        0.6 * COMPANY[1], abs=1e-6
    )


def test_a_named_park_under_the_room_is_a_reason_to_come():
    room = {"ground": "park", "ground_name": "Folkeparken"}
    # .25 and .6: 1 − .75 × .4, with rest and lawn.
    assert measured(["bench"], **room).value[-1] == pytest.approx(0.7 * COMPANY[2], abs=1e-6)
    assert measured(["bench"], ground="park").value[-1] == pytest.approx(0.25 * COMPANY[1], abs=1e-6)


def test_a_square_is_not_the_park_under_itself_as_well():
    """Its own name says nothing more; a park of another name around it does: 1 − .4 × .4, passing by and a lawn."""

    def named(sites):
        tags = [{"name": "Torvet"} if level == "place" else {} for level in sites["level"]]
        return sites.assign(tags=tags, area_m2=300.0)

    for ground_name, value in (("Torvet", 0.6 * COMPANY[1]), ("Fælledparken", 0.84 * COMPANY[2])):
        found = measured(["square"], places=named, ground="park", ground_name=ground_name)
        assert found.value[-1] == pytest.approx(value, abs=1e-6)


def test_a_park_is_one_by_its_name_and_a_square_by_its_size():
    def named(sites):
        return sites.assign(tags=[{"name": "x"} if level == "place" else {} for level in sites["level"]])

    assert measured(["park"], places=named).value[-1] == pytest.approx(0.6 * COMPANY[1], abs=1e-6)
    # 20 × 10 m is the least that a square has.
    assert measured(["square"], places=named).value[-1] == pytest.approx(0.6 * COMPANY[1], abs=1e-6)
    assert measured(["square"]).value[-1] == pytest.approx(0.2 * COMPANY[1], abs=1e-6)


MANY = st.lists(st.sampled_from(sorted(RULES.kinds)), min_size=1, max_size=6)


@given(kinds=MANY, more=st.sampled_from(sorted(RULES.kinds)))
def test_one_thing_more_lowers_nothing_here(kinds, more):
    """An open thing more lowers neither occasion nor seats, activities and ages, nor a bound of theirs."""
    for measure in (measured, *(lambda kinds, f=f: counts(f, kinds) for f in COUNTS)):
        before, after = (of_space(measure(things)) for things in (kinds, [*kinds, more]))
        assert all(b >= a - 1e-12 for a, b in zip(before, after, strict=True))


COUNTS = (occasion.seats_here, occasion.activities_here, occasion.ages_here)


def counts(indicator, kinds, complete=False):
    sites, members, names, known = scene(kinds, complete)
    return indicator(sites, members, names, RULES, known)


COUNTED = {
    # name: indicator, kinds, complete, expected of the space
    "two benches and a table": (occasion.seats_here, ["bench", "table", "bench"], False, (3, 3, 6, "derived", "seats_mapped_here")),
    "no seat mapped": (occasion.seats_here, ["playground"], False, (0, 0, 3, "assumed by rule", "none_mapped")),
    "no seat, and a register says so": (occasion.seats_here, ["playground"], True, (0, 0, 0, "derived", "seats_mapped_here")),
    "a shelter is a seat": (occasion.seats_here, ["shelter"], True, (1, 1, 1, "derived", "seats_mapped_here")),
    "rest, once": (occasion.activities_here, ["bench", "bench"], False, (1, 1, 3, "derived", "kinds_mapped_here")),
    "rest, eating, play": (occasion.activities_here, ["bench", "table", "playground"], False, (3, 3, 5, "derived", "kinds_mapped_here")),
    "a table and a barbecue are both for eating, and one may sit": (occasion.activities_here, ["table", "barbecue"], True, (2, 2, 2, "derived", "kinds_mapped_here")),
    "children and adults": (occasion.ages_here, ["playground"], False, (2, 2, 4, "derived", "kinds_mapped_here")),
    "youth, adults and older adults": (occasion.ages_here, ["bench"], True, (3, 3, 3, "derived", "kinds_mapped_here")),
    "all four": (occasion.ages_here, ["playground", "bench"], True, (4, 4, 4, "derived", "kinds_mapped_here")),
}  # fmt: skip


@pytest.mark.parametrize(("indicator", "kinds", "complete", "expected"), COUNTED.values(), ids=COUNTED)
def test_counted_on_paper(indicator, kinds, complete, expected):
    found = counts(indicator, kinds, complete)
    assert of_space(found) == expected[:3]
    assert (found.evidence[-1], found.rule[-1]) == expected[3:]


def test_a_place_counts_itself_alone():
    assert counts(occasion.seats_here, ["bench", "playground"]).value.tolist() == [1, 0, 1]
    assert counts(occasion.ages_here, ["bench", "playground"]).value.tolist() == [3, 2, 4]
