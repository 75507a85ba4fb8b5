"""The median of the steepest ten metres over the walks, known and unknown."""
# ruff: noqa: E501 - a table reads best with a case on a line

import numpy as np
import pytest

from spatial.indicators.slope_max import slope_max
from tests import tables
from tests.tables import NAN

KNOWN = ("derived", "steepest_10_m_of_the_walks")
DOUBT = ("unknown", "slope_of_part_of_the_way_unknown")
NOBODY = (NAN, NAN, NAN, "unknown", "no_walk_from_estate")
CASES = {
    # name: steepest, known, dwellings, inside, expected
    "the middle of three": ([0.01, 0.05, 0.09], [True, True, True], (1, 1, 1), (True,) * 3, (0.05, 0.05, 0.05, *KNOWN)),
    "weighed by dwellings": ([0.01, 0.05, 0.09], [True, True, True], (1, 1, 5), (True,) * 3, (0.09, 0.09, 0.09, *KNOWN)),
    "only the estate's": ([0.01, 0.05, 0.09], [True] * 3, (1, 1, 5), (True, True, False), (0.01, 0.01, 0.01, *KNOWN)),
    "who does not reach it does not count": ([0.02, NAN, NAN], [True, False, False], (1, 5, 5), (True,) * 3, (0.02, 0.02, 0.02, *KNOWN)),
    "a bridge on one walk of three, steeper anyhow": ([0.01, 0.05, 0.09], [True, True, False], (1, 1, 1), (True,) * 3, (0.05, 0.05, 0.05, *KNOWN)),
    "a bridge on one walk of three": ([0.01, 0.05, 0.09], [False, True, True], (1, 1, 1), (True,) * 3, (NAN, 0.05, 0.09, *DOUBT)),
    "half a per cent apart": ([0.01, 0.05, 0.054], [False, True, True], (1, 1, 1), (True,) * 3, (0.052, 0.05, 0.054, *KNOWN)),
    "bridges on most walks": ([0.01, 0.05, 0.09], [False, False, True], (1, 1, 1), (True,) * 3, (NAN, 0.05, NAN, *DOUBT)),
    "nobody walks here": ([NAN, NAN, NAN], [False] * 3, (1, 1, 1), (True,) * 3, NOBODY),
    "nobody lives in the estate": ([0.01, 0.05, 0.09], [True] * 3, (1, 1, 1), (False,) * 3, NOBODY),
}  # fmt: skip


@pytest.mark.parametrize(("steepest", "known", "weights", "inside", "expected"), CASES.values(), ids=CASES)
def test_on_paper(steepest, known, weights, inside, expected):
    climbs = np.array([steepest]), np.array([known])
    tables.check(slope_max(tables.places({"a": {}}), climbs, tables.homes(weights, inside)), expected)
