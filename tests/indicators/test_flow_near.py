"""Trips on the nearest way, and their percentile by length of way."""

from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from spatial.indicators.flow_near import flow_near, passers_by
from spatial.network.attachment import attach
from spatial.network.graph import build_network
from tests import tables
from tests.tables import NAN

AT = {1: (0, 0), 2: (100, 0), 3: (400, 0), 4: (9000, 0), 5: (9900, 0)}
ESTATE = SimpleNamespace(study_area=shapely.box(-500, -500, 500, 500))
MISSING = (NAN, NAN, NAN, "unknown", "no_way_reaches_it")


def known(share):
    return share, share, share, "derived", "percentile_of_trips"


def trips(count):
    return count, count, count, "derived", "trips_on_nearest_way"


@pytest.mark.parametrize(
    ("flows", "first", "second"),
    [
        ((10, 20, 999), 50 / 400, 250 / 400),  # 100 m with less before 300 m, halves of the own; the third lies outside
        ((20, 10, 0), 350 / 400, 150 / 400),
        ((5, 5, 5), 0.5, 0.5),
        ((0, 0, 0), 0.5, 0.5),
    ],
)
def test_on_paper(flows, first, second):
    network = build_network(tables.paths(AT, [(1, 2), (2, 3), (4, 5)]), tables.path_nodes({}, {}))
    spots = {"a": (50, 3), "b": (0, 400), "c": (250, 3)}
    places = tables.places({key: {"geometry": shapely.Point(xy).buffer(1)} for key, xy in spots.items()})
    entries = attach(network, places.geometry.to_numpy())
    found = flow_near(places, network, np.array(flows, dtype=float), entries, ESTATE)
    tables.check(found, known(first), MISSING, known(second))
    found = passers_by(places, np.array(flows, dtype=float), entries)
    tables.check(found, trips(flows[0]), MISSING, trips(flows[1]))


def test_the_nearest_way_counts_and_not_the_busiest():
    network = build_network(
        tables.paths({1: (0, 0), 2: (100, 0), 3: (0, 20), 4: (100, 20)}, [(1, 2), (3, 4)]), tables.path_nodes({}, {})
    )
    places = tables.places({"a": {"geometry": shapely.box(50, 4, 52, 6)}})
    entries = attach(network, places.geometry.to_numpy())
    assert np.unique(entries.edge).tolist() == [0, 1]
    tables.check(flow_near(places, network, np.array([1.0, 9.0]), entries, ESTATE), known(0.25))
    tables.check(passers_by(places, np.array([1.0, 9.0]), entries), trips(1))
