"""Share of the dwellings within 800 m with a step-free route, at worst and at best."""

import networkx as nx
import numpy as np
import pytest
import shapely

from spatial.indicators import inputs
from spatial.indicators.step_free import step_free
from spatial.network.attachment import Attachments, attach
from spatial.network.distances import approaches
from spatial.network.graph import NO, UNKNOWN, YES, build_network, step_free_with
from spatial.terrain.elevation import slopes
from tests import rasters, tables
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


def measured(places, walks, homes, network, entries, doors, edges):
    """The share, by walks over ways that are sure and over those that may be free of steps."""
    sure, perhaps = (inputs._step_free_m(entries.rows, network, doors, edges, strict) for strict in (True, False))
    return step_free(places, walks, homes, sure, perhaps)


@pytest.mark.parametrize(("ways", "nodes", "weights", "expected"), CASES.values(), ids=CASES)
def test_on_paper(ways, nodes, weights, expected):
    network = build_network(tables.paths(AT, ways), tables.path_nodes(AT, nodes))
    homes = tables.dwellings([(*AT[end], n) for end, n in zip((2, 3, 4, 5), weights, strict=True)])
    places = tables.places(
        {"far": {"geometry": shapely.box(5000, 0, 5001, 1)}, "a": {"geometry": shapely.box(-1, -1, 1, 1)}}
    )
    entries, doors = (
        attach(network, places.geometry.to_numpy()),
        attach(network, homes.geometry.to_numpy(), within_m=1.0),
    )
    walks = approaches(network, entries, doors, limit_m=1600.0)
    found = measured(places, walks, homes, network, entries, doors, network.step_free)
    tables.check(found, (NAN, NAN, NAN, "unknown", "no_dwelling_within_10_minutes"), expected)


# East and west along y = 0, north and south along x = 0, 100 m each, all of asphalt.
STAR = {1: (0, 0), 2: (100, 0), 3: (0, 100), 4: (-100, 0), 5: (0, -100)}
ARMS = [((1, end), {"surface": "asphalt"}) for end in (2, 3, 4, 5)]
HILLS = {
    # rise to the east and to the north; what is known of the eastern arm; low, high
    "level": (0.0, 0.0, {}, 1.0, 1.0),
    "1:20 is not too steep": (0.0499, 0.0, {}, 1.0, 1.0),
    "too steep to the east and west": (0.06, 0.01, {}, 0.5, 0.5),
    "too steep everywhere": (0.06, 0.08, {}, 0.0, 0.0),
    "a bridge on level ground may slope": (0.0, 0.0, {"bridge": True}, 0.75, 1.0),
    "a bridge with a tag does not": (0.06, 0.0, {"bridge": True, "incline": 0.02}, 0.75, 0.75),
    "a tagged slope": (0.0, 0.0, {"incline": 0.1}, 0.75, 0.75),
    "somebody got up there": (0.0, 0.0, {"incline": 0.1, "wheelchair": "yes"}, 1.0, 1.0),
}


@pytest.mark.parametrize(("east", "north", "eastern", "low", "high"), HILLS.values(), ids=HILLS)
def test_with_a_terrain(east, north, eastern, low, high):
    ways = [(ARMS[0][0], ARMS[0][1] | eastern), *ARMS[1:]]
    table = tables.paths(STAR, ways)
    network = build_network(table, tables.path_nodes(STAR, {}))
    homes = tables.dwellings([(*STAR[end], 1) for end in (2, 3, 4, 5)])
    places = tables.places({"a": {"geometry": shapely.box(-1, -1, 1, 1)}})
    # Without bridges among what it is attached to: the place and the homes are at the ends of the arms.
    ends = [_at_nodes(network, np.array(nodes)) for nodes in ([0], [1, 2, 3, 4])]
    steep = slopes(network, table, rasters.plane(east, north, size=300))
    walks = approaches(network, *ends, limit_m=1600.0)
    found = measured(places, walks, homes, network, *ends, step_free_with(steep, network, table))
    assert (found.low[0], found.high[0]) == pytest.approx((low, high))


def _at_nodes(network, nodes):
    """Attachments at nodes: at the end of every edge that meets there."""
    count = np.diff(network.indptr)[nodes]
    edge = np.concatenate([network.arc_edge[network.indptr[n] : network.indptr[n + 1]] for n in nodes])
    at = np.repeat(nodes, count)
    offset = np.where(network.start[edge] == at, 0.0, network.length_m[edge])
    indptr = np.concatenate([[0], np.cumsum(count)])
    return Attachments(np.repeat(np.arange(len(nodes)), count), edge, offset, np.zeros(len(at)), indptr)


STATES = {
    YES: {"surface": "asphalt"},
    UNKNOWN: {},
    NO: {"steps": True},
}


@pytest.mark.parametrize("seed", range(6))
def test_best_and_worst_route_against_networkx(seed):
    """Random streets: the worst route walks known edges only, the best all that are not barred."""
    rng = np.random.default_rng(seed)
    at = {i: tuple(60.0 * np.array(divmod(i, 12)) + rng.uniform(-9, 9, 2)) for i in range(120)}
    pairs = [(i, i + 1) for i in at if i % 12 < 11] + [(i, i + 12) for i in range(108)]
    ways = [(pair, STATES[rng.choice([YES, UNKNOWN, NO], p=[0.6, 0.25, 0.15])]) for pair in pairs]
    kerbs = {int(n): {"kerb": "raised"} for n in rng.choice(120, 9, replace=False)}
    network = build_network(tables.paths(at, ways), tables.path_nodes(at, kerbs))
    sources, targets = np.arange(5, 120, 13), np.arange(0, 120, 3)
    weights = rng.integers(1, 9, len(targets)).astype(float)
    homes = tables.dwellings([(*at[n], w) for n, w in zip(targets, weights, strict=True)])
    places = tables.places({str(n): {"geometry": shapely.Point(at[n]).buffer(1)} for n in sources})
    ends = [_at_nodes(network, nodes) for nodes in (sources, targets)]
    walks = approaches(network, *ends, limit_m=1600.0)
    found = measured(places, walks, homes, network, *ends, network.step_free)
    raised = set(kerbs)

    def lengths(allowed, source, limit):
        graph = nx.DiGraph()
        graph.add_nodes_from(at)
        for (a, b), tags in ways:
            if allowed(tags):
                metres = float(np.hypot(*np.subtract(at[a], at[b])))
                # A walk may begin or end at a raised kerb, and never pass it.
                passed = [(u, v, metres) for u, v in ((a, b), (b, a)) if u == source or u not in raised]
                graph.add_weighted_edges_from(passed)
        return nx.single_source_dijkstra_path_length(graph, source, cutoff=limit)

    for i, source in enumerate(map(int, sources)):
        every = nx.Graph()
        every.add_weighted_edges_from([(*pair, float(np.hypot(*np.subtract(*map(at.get, pair))))) for pair, _ in ways])
        near = nx.single_source_dijkstra_path_length(every, source, cutoff=800.0)
        total = sum(w for t, w in zip(targets, weights, strict=True) if int(t) in near)
        for bound, allowed in (("low", lambda tags: "surface" in tags), ("high", lambda tags: "steps" not in tags)):
            reach = lengths(allowed, source, 1200.0)
            got = sum(w for t, w in zip(targets, weights, strict=True) if int(t) in near and int(t) in reach)
            assert getattr(found, bound)[i] == pytest.approx(got / total), (bound, source)
