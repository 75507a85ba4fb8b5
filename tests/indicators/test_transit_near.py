"""The walk to the nearest stop."""

import numpy as np

from spatial.indicators.transit_near import transit_near
from tests import tables
from tests.tables import NAN


def test_on_paper():
    found = transit_near(
        tables.places({"a": {}, "b": {}, "c": {}, "d": {}}),
        np.array([250.0, NAN, 0.0, NAN]),
        tables.entries(True, True, True, False),
    )
    tables.check(
        found,
        (250, 250, 250, "derived", "nearest_stop"),
        (NAN, 1600, 1600, "derived", "no_stop_within_1600_m"),
        (0, 0, 0, "derived", "nearest_stop"),
        (NAN, NAN, NAN, "unknown", "no_way_reaches_it"),
    )
