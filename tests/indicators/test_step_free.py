"""Share of the dwellings within 800 m with a step-free route, at worst and at best."""

import pytest
import shapely

from spatial.indicators.step_free import step_free
from spatial.network import approaches, attach, build
from tests import tables
from tests.tables import NAN

# From the place at the origin: firm eastward, not tagged northward, steps westward, 900 m southward.
AT = {
    1: (0, 0),
    2: (100, 0),
    3: (0, 100),
    4: (-100, 0),
    5: (0, -900),
    6: (-100, -60),
    7: (0, -60),
    8: (-100, 1500),
    9: (0, 1500),
}
WAYS = [((1, 2), {"surface": "asphalt"}), (1, 3), ((1, 4), {"steps": True}), ((1, 7, 5), {"surface": "asphalt"})]
ROUND = [*WAYS, ((7, 6), {"surface": "asphalt"}), ((6, 4), {"surface": "asphalt"})]
AGREE, DOUBT = ("derived", "best_and_worst_route_agree"), ("unknown", "surface_or_steps_of_ways_unknown")
CASES = {
    # name: ways, governed nodes, dwellings at east, north, west, south, expected
    "2 firm, 3 not tagged, 5 by steps": (WAYS, {}, (2, 3, 5, 0), (NAN, 0.2, 0.5, *DOUBT)),
    "near enough to each other": (WAYS, {}, (8, 1, 1, 0), (0.85, 0.8, 0.9, *AGREE)),
    "beyond 10 minutes none counts": (WAYS, {}, (8, 1, 1, 90), (0.85, 0.8, 0.9, *AGREE)),
    "a firm way round the steps: 60 + 100 + 60 m": (ROUND, {}, (8, 1, 1, 0), (0.95, 0.9, 1, *AGREE)),
    "a raised kerb on the way round": (ROUND, {6: {"kerb": "raised"}}, (8, 1, 1, 0), (0.85, 0.8, 0.9, *AGREE)),
    "nobody lives within 10 minutes": (
        WAYS,
        {},
        (0, 0, 0, 9),
        (NAN, NAN, NAN, "unknown", "no_dwelling_within_10_minutes"),
    ),
}


@pytest.mark.parametrize(("ways", "nodes", "weights", "expected"), CASES.values(), ids=CASES)
def test_on_paper(ways, nodes, weights, expected):
    network = build(tables.paths(AT, ways), tables.path_nodes(AT, nodes))
    homes = tables.dwellings([(*AT[end], n) for end, n in zip((2, 3, 4, 5), weights, strict=True)])
    places = tables.places(
        {"far": {"geometry": shapely.box(5000, 0, 5001, 1)}, "a": {"geometry": shapely.box(-1, -1, 1, 1)}}
    )
    entries, doors = (
        attach(network, places.geometry.to_numpy()),
        attach(network, homes.geometry.to_numpy(), within_m=1.0),
    )
    found = step_free(places, approaches(network, entries, doors, limit_m=1600.0), homes, network, entries, doors)
    tables.check(found, (NAN, NAN, NAN, "unknown", "no_dwelling_within_10_minutes"), expected)
