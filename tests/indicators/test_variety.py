"""Effective number of pairs of activity and age group."""

import math

import numpy as np
import pytest

from spatial.indicators.variety import variety
from spatial.settings.tags import tag_rules
from tests import tables

CASES = {
    "a bench: rest of three ages": (["bench"], 3),
    "two benches are no more": (["bench", "bench"], 3),
    "a drinking fountain: four ages": (["drinking_water"], 4),
    # Three pairs of 1/6 and four of 1/8: exp(½ ln 6 + ½ ln 8) = √48.
    "both": (["bench", "drinking_water"], math.sqrt(48)),
    # Table and barbecue share eating together: children 1/8, three ages 1/8 + 1/6 = 7/24.
    "shared pairs": (["table", "barbecue"], math.exp(math.log(8) / 8 + 3 * 7 / 24 * math.log(24 / 7))),
}


@pytest.mark.parametrize(("kinds", "number"), CASES.values(), ids=CASES)
def test_on_paper(kinds, number):
    """The places of one room and the room itself have its value; a dog park elsewhere has its own: 2."""
    rows = {f"{i}": {"kind": kind, "space_id": "space:0"} for i, kind in enumerate(kinds)}
    places = tables.places(rows | {"dogs": {"kind": "dog_park"}, "space:0": {"level": "space", "space_id": "space:0"}})
    members = {"space:0": np.arange(len(kinds)), "space:dogs": np.array([len(kinds)])}
    found = variety(places, members, np.array([*kinds, "dog_park"], dtype=object), tag_rules())
    rule = ("derived", "hill_number_of_activities_and_ages")
    tables.check(
        found, *[(number, number, number, *rule)] * len(kinds), (2, 2, 2, *rule), (number, number, number, *rule)
    )
