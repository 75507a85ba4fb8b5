"""Homes of two sides: s(h) = 1 − e^(−h/40), so that 40 homes at the door are .632121 of a neighbourhood."""

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.indicators.who_can_meet import groups_reached, who_can_meet
from tests import tables
from tests.tables import NAN

PLACES = tables.places({"a": {}, "cut off": {}})
BOTH = tables.entries(True, False)
NO_WAY = (NAN, NAN, NAN, "unknown", "no_way_reaches_it")
HALF_M = 200 * log(2)
FORTY, TWENTY, EIGHTY = 1 - exp(-1), 1 - exp(-0.5), 1 - exp(-2)
CASES = {
    # name: metres, homes, groups, who can meet, groups reached
    "one block alone": ([0, 0], [40, 40], [0, 0], 0.0, 1 - exp(-16)),
    "two blocks at the door": ([0, 0], [40, 40], [0, 1], FORTY, 2 * (1 - exp(-8))),
    "one of them further off, so that its 40 count for 20": (
        *([0, HALF_M], [40, 40], [0, 1]),
        *(sqrt(FORTY * TWENTY), 1 - exp(-8) + 1 - exp(-4)),
    ),
    "three blocks: one against two": ([0] * 3, [40] * 3, [0, 1, 2], sqrt(FORTY * EIGHTY), 3 * (1 - exp(-8))),
    "the best side, not the first": ([0] * 3, [0, 40, 40], [0, 1, 2], FORTY, 2 * (1 - exp(-8))),
    "beyond ten minutes nobody counts": ([0, 801], [40, 40], [0, 1], 0.0, 1 - exp(-8)),
    "nobody": ([NAN], [40], [0], 0.0, 0.0),
    "five homes": ([0], [5], [0], 0.0, 1 - exp(-1)),
}


def measured(indicator, metres, homes, groups):
    walks = tables.walks(distance_m=[metres, [NAN] * len(metres)])
    return indicator(PLACES, walks, tables.homes(homes, [True] * len(homes)), np.array(groups), BOTH)


@pytest.mark.parametrize(("metres", "homes", "groups", "meet", "reached"), CASES.values(), ids=CASES)
def test_on_paper(metres, homes, groups, meet, reached):
    found = measured(who_can_meet, metres, homes, groups)
    tables.check(found, (meet,) * 3 + ("derived", "homes_of_two_sides"), NO_WAY)
    found = measured(groups_reached, metres, homes, groups)
    tables.check(found, (reached,) * 3 + ("derived", "groups_of_homes"), NO_WAY)


HOME = st.tuples(st.floats(0, 900), st.floats(0, 80), st.integers(0, 3))


@given(homes=st.lists(HOME, min_size=1, max_size=8), gone=st.integers(0, 7), left=st.floats(0, 1))
def test_a_home_taken_away_raises_neither(homes, gone, left):
    """One group fixed as one's own would break it: homes that go would change which it is."""
    metres, weights, groups = map(np.array, zip(*homes, strict=True))
    fewer = np.where(np.arange(len(homes)) == gone % len(homes), left * weights, weights)
    for indicator in (who_can_meet, groups_reached):
        before, after = (measured(indicator, metres, number, groups).value[0] for number in (weights, fewer))
        assert after <= before + 1e-12
