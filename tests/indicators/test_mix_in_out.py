"""Nearness of dwellings inside and outside: 2 min / sum."""

import math

import pytest

from spatial.indicators.mix_in_out import mix_in_out
from tests import tables
from tests.tables import NAN

CASES = {
    # name: distances, weights, inside, share
    "30 inside, 10 outside, equally far": ([100, 100], [30, 10], [1, 0], 0.5),  # 2 × 10 / 40
    "10 inside, 30 outside": ([100, 100], [10, 30], [1, 0], 0.5),
    "e times as many 100 m further on": ([100, 200], [10, 10 * math.e], [1, 0], 1),
    "only inside": ([100, NAN], [10, 10], [1, 0], 0),
    "only outside": ([NAN, 100], [10, 10], [1, 0], 0),
    "nobody": ([NAN, NAN], [10, 10], [1, 0], NAN),
}


@pytest.mark.parametrize(("distance", "weights", "inside", "share"), CASES.values(), ids=CASES)
def test_on_paper(distance, weights, inside, share):
    found = mix_in_out(tables.places({"a": {}}), tables.walks(distance_m=[distance]), tables.homes(weights, inside))
    missing = (
        ("unknown", "no_dwelling_reaches_it") if math.isnan(share) else ("derived", "decayed_dwellings_in_and_out")
    )
    tables.check(found, (share, share, share, *missing))
