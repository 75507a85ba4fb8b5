"""Heights, slopes and shade against planes computed on paper; climbs against networkx."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal

from spatial.network.attachment import Attachments, attach
from spatial.network.distances import climbs
from spatial.network.graph import NO, UNKNOWN, YES, Slopes, build_network, step_free_with
from spatial.terrain.elevation import heights_at, hillshade, slopes
from tests import rasters, tables

NAN = float("nan")
# Three per cent up to the east, one down to the north, 100 m around the origin.
PLANE = rasters.plane(0.03, -0.01, size=200, base=20.0)


def test_heights_of_a_plane_between_the_cells():
    xy = np.random.default_rng(1).uniform(-99, 99, (500, 2))
    assert_allclose(heights_at(PLANE, xy), 20 + 0.03 * xy[:, 0] - 0.01 * xy[:, 1], atol=1e-5)


def test_heights_beyond_and_beside_a_hole_are_unknown():
    holed = rasters.raster([[1, 2, 3], [4, NAN, 6], [7, 8, 9]], 0, 3)
    xy = np.array([[0.5, 2.5], [1.5, 2.5], [1.0, 2.0], [2.5, 0.5], [0.4, 2.5], [2.5, 2.6], [2.0, 2.5]])
    assert_array_equal(heights_at(holed, xy), [1, 2, NAN, 9, NAN, NAN, 2.5])


# --- slopes --------------------------------------------------------------------------------------

EAST = {1: (0, 0), 2: (50, 0), 3: (50, 50)}


def sloped(at, ways, ground):
    table = tables.paths(at, ways)
    network = build_network(table, tables.path_nodes(at, {}))
    return network, table, slopes(network, table[table["allowed"]], ground)


SLOPES = {
    # on the plane: (ways, steepest of each edge, whether it is known)
    "along both axes": ([(1, 2), (2, 3)], [0.03, 0.01], True),
    "downhill is as steep": ([(2, 1)], [0.03], True),
    "across both, of one way": ([(1, 2, 3)], [0.03], True),
    "a diagonal: (.03 - .01) / sqrt 2": ([(1, 3)], [0.02 / np.sqrt(2)], True),
    "the tag is nearer to it than the terrain": ([((1, 2), {"incline": 0.08})], [0.08], True),
    "a bridge": ([((1, 2), {"bridge": True})], [NAN], False),
    "a tunnel": ([((1, 2), {"tunnel": True})], [NAN], False),
    "a tagged bridge": ([((1, 2), {"bridge": True, "incline": 0.02})], [0.02], True),
}


@pytest.mark.parametrize(("ways", "steepest", "whole"), SLOPES.values(), ids=SLOPES)
def test_slopes_on_a_plane(ways, steepest, whole):
    found = sloped(EAST, ways, PLANE)[2]
    assert_allclose(found.steepest, steepest, atol=1e-6)
    assert (found.whole == whole).all()


def ramp(rise_m, length_m):
    """Level, then a ramp from x = 0, then level."""
    x = np.arange(-100, 100) + 0.5
    return rasters.raster(np.tile(np.clip(x / length_m, 0, 1) * rise_m, (200, 1)), -100, 100)


@pytest.mark.parametrize(
    ("rise", "length", "steepest"),
    [(1.0, 20, 0.05), (1.0, 10, 0.1), (0.6, 5, 0.06), (1.5, 100, 0.015)],
    ids=["longer than ten metres", "ten metres", "a shorter one and five level metres", "a long one"],
)
def test_the_steepest_ten_metres(rise, length, steepest):
    found = sloped({1: (-90, 3), 2: (-5, 3), 3: (90, 3)}, [(1, 2, 3)], ramp(rise, length))[2]
    assert found.steepest.max() == pytest.approx(steepest, rel=0.051)


def test_ways_cut_by_others_are_measured_across_the_cuts():
    """Twelve edges of a few metres, all of one way; the ten metres run over their ends."""
    at = {i: (8.0 * i - 48, 0) for i in range(13)} | {100 + i: (8.0 * i - 48, 40) for i in range(13)}
    whole = tuple(range(13))
    network, table, found = sloped(at, [whole, *((i, 100 + i) for i in range(1, 12))], PLANE)
    on_way = table.index.get_loc("osm:way/0") == network.way
    assert_allclose(found.steepest[on_way], 0.03, atol=1e-6)
    assert on_way.sum() == 12 and found.whole.all()


def test_beyond_the_terrain_is_unknown_and_what_is_known_stays():
    found = sloped({1: (0, 0), 2: (200, 0)}, [(1, 2)], PLANE)[2]
    assert_allclose(found.steepest, [0.03], atol=1e-6)
    assert not found.whole[0]
    known = np.isfinite(found.steepness)
    # Known up to the middle of ten metres that end at the last cell's centre, 99.5.
    assert known.sum() == np.sum(np.arange(200) + 0.5 <= 94.5) and known[0] and not known[-1]


# --- climbs against networkx ---------------------------------------------------------------------


def random_graph(seed):
    """A grid of 100 nodes, a sixth of the ways missing, with random slopes and some unknown."""
    rng = np.random.default_rng(seed)
    at = {i: tuple(50.0 * np.array(divmod(i, 10)) + rng.uniform(-9, 9, 2)) for i in range(100)}
    pairs = [(i, i + 1) for i in at if i % 10 < 9] + [(i, i + 10) for i in range(90)]
    ways = [pair for pair in pairs if rng.random() > 1 / 6]
    network = build_network(tables.paths(at, ways), tables.path_nodes(at, {}))
    count = np.maximum(np.ceil(network.length_m / 2.5), 1).astype(int)
    indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    steepness = rng.choice([0.0, 0.01, 0.04, 0.06, 0.1, NAN], size=indptr[-1], p=[0.5, 0.3, 0.1, 0.04, 0.03, 0.03])
    parts = [steepness[a:b] for a, b in pairwise(indptr)]
    return network, Slopes(
        indptr,
        steepness,
        np.array([NAN if np.isnan(part).all() else np.nanmax(part) for part in parts]),
        np.array([not np.isnan(part).any() for part in parts]),
    )


def at_nodes(network, nodes):
    """Attachments at the ends of edges, so that networkx needs no parts of edges."""
    edge = network.arc_edge[network.indptr[nodes]]
    offset = np.where(network.start[edge] == nodes, 0.0, network.length_m[edge])
    return Attachments(np.arange(len(nodes)), edge, offset, np.zeros(len(nodes)), np.arange(len(nodes) + 1))


@pytest.mark.parametrize("seed", range(4))
def test_the_steepest_of_each_walk_against_networkx(seed):
    network, found = random_graph(seed)
    walks = nx.Graph()
    for e, ends in enumerate(zip(network.start, network.end, strict=True)):
        walks.add_edge(*map(int, ends), weight=network.length_m[e], edge=e)
    sources, targets = np.arange(0, network.node_count, 7), np.arange(3, network.node_count, 11)
    steepest, known = climbs(network, at_nodes(network, sources), at_nodes(network, targets), found, limit_m=600.0)
    reached = 0
    for i, source in enumerate(sources):
        lengths, paths = nx.single_source_dijkstra(walks, int(source), cutoff=600.0)
        for j, target in enumerate(targets):
            if int(target) not in lengths:
                assert np.isnan(steepest[i, j]) and not known[i, j]
                continue
            edges = [walks.edges[pair]["edge"] for pair in pairwise(paths[int(target)])]
            slope = [v for e in edges for v in found.steepness[found.indptr[e] : found.indptr[e + 1]]]
            assert steepest[i, j] == max([0.0, *(v for v in slope if not np.isnan(v))])
            assert known[i, j] == (not np.isnan(slope).any())
            reached += 1
    assert reached > 50


def test_part_of_an_edge_is_as_steep_as_that_part():
    """Level to x = 40, then 10 %: from 10 to 30 nothing is steep, from 10 to 60 it is."""
    at = {1: (0, 0), 2: (100, 0)}
    x = np.arange(-10, 110) + 0.5
    ground = rasters.raster(np.tile(np.maximum(x - 40, 0) * 0.1, (20, 1)), -10, 10)
    network, _, found = sloped(at, [(1, 2)], ground)
    points = [attach(network, shapely.points([[x, 1.0]]), within_m=0.0) for x in (10, 30, 60)]
    walked = [climbs(network, points[0], end, found, limit_m=100.0) for end in points[1:]]
    assert [float(steep[0, 0]) for steep, _ in walked] == pytest.approx([0.0, 0.1], abs=1e-6)
    assert all(known[0, 0] for _, known in walked)


def test_too_steep_for_wheels():
    """At most 1:20; an unknown slope is unknown; what somebody tagged as passable is."""
    at = {i: (10.0 * i, 0) for i in range(9)}
    firm, soft, tagged = {"surface": "asphalt"}, {}, {"surface": "asphalt", "wheelchair": "yes"}
    rows = [
        (firm, 0.05, True, YES), (firm, 0.051, True, NO), (firm, 0.03, False, UNKNOWN), (firm, 0.06, False, NO),
        (firm, NAN, False, UNKNOWN), (soft, 0.01, True, UNKNOWN), (tagged, 0.2, True, YES), (tagged, NAN, False, YES),
    ]  # fmt: skip
    table = tables.paths(at, [((i, i + 1), row[0]) for i, row in enumerate(rows)])
    network = build_network(table, tables.path_nodes(at, {}))
    steepest, whole = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    state = step_free_with(Slopes(np.arange(9), steepest, steepest, whole), network, table)
    assert state.tolist() == [row[3] for row in rows]


# --- shade ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("east", [-0.5, 0.0, 0.2])
@pytest.mark.parametrize("north", [-0.3, 0.0, 1.0])
@pytest.mark.parametrize(("azimuth", "height"), [(315, 45), (90, 30), (180, 80)])
def test_the_shade_of_a_plane(east, north, azimuth, height):
    """The cosine between the plane's normal and the light, by the dot product of two unit vectors."""
    a, h = np.radians([azimuth, height])
    light = np.array([np.sin(a) * np.cos(h), np.cos(a) * np.cos(h), np.sin(h)])
    normal = np.array([-east, -north, 1.0]) / np.linalg.norm([-east, -north, 1.0])
    found = hillshade(rasters.plane(east, north, size=8), light_from_deg=azimuth, light_height_deg=height)
    assert found.shape == (8, 8) and found.dtype == np.float32
    assert_allclose(found, max(light @ normal, 0.0), atol=1e-4)


def test_what_is_unknown_has_no_shade():
    ground = rasters.plane(0, 0, size=7)
    ground.heights_m[3, 3] = NAN
    found = hillshade(ground)
    assert np.isnan(found[2:5, 3]).sum() == 2 and found[0, 0] == pytest.approx(np.sin(np.pi / 4))
