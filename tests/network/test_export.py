"""The walking network as OSMnx takes it: judged by OSMnx itself, with lengths from paper."""

from __future__ import annotations

import networkx
import osmnx
import pytest
import shapely

import spatial
from spatial.core.errors import InputError
from spatial.network.export import to_networkx
from spatial.network.graph import build_network
from tests import tables

# A square of 30 × 40 m; its short way round, 1-2-3, passes node 2, which may be a gate.
AT = {1: (0, 0), 2: (30, 0), 3: (30, 40), 4: (0, 40)}
WAYS = [((1, 2), {"lit": "yes", "surface": "asphalt"}), ((2, 3), {"steps": True}), ((3, 4), {}), ((4, 1), {})]


def square(nodes=None):
    ways = tables.paths(AT, WAYS)
    return to_networkx(build_network(ways, tables.path_nodes(AT, nodes or {})), ways, "Square")


def test_nodes_and_edges_on_paper():
    graph = square()
    assert sorted(graph.nodes) == [1, 2, 3, 4] and graph.number_of_edges() == 8
    x0, y0 = (graph.nodes[1][axis] for axis in "xy")
    assert [(node["x"] - x0, node["y"] - y0) for _, node in sorted(graph.nodes(data=True))] == [
        AT[i] for i in (1, 2, 3, 4)
    ]
    there, back = graph.edges[1, 2, 0], graph.edges[2, 1, 0]
    assert (there["length"], there["lit"], there["surface"], there["step_free"]) == (30.0, "yes", "asphalt", "yes")
    assert (there["oneway"], there["reversed"], back["reversed"]) == (False, False, True)
    assert shapely.equals_exact(there["geometry"], shapely.reverse(back["geometry"]))
    assert graph.edges[2, 3, 0]["step_free"] == "no"
    assert "lit" not in graph.edges[3, 4, 0] and "step_free" not in graph.edges[3, 4, 0]  # unknown
    assert osmnx.projection.is_projected(graph.graph["crs"]) and graph.graph["name"] == "Square"


@pytest.mark.parametrize(
    ("nodes", "route", "metres"),
    [({}, [1, 2, 3], 70.0), ({2: {"locked": True}}, [1, 4, 3], 70.0)],
)
def test_osmnx_finds_the_shortest_walk_and_passes_no_locked_gate(nodes, route, metres):
    graph = square(nodes)
    graph.edges[1, 4, 0]["length"] += 0.5  # the way by the gate is the shorter one
    found = osmnx.routing.shortest_path(graph, 1, 3, weight="length")
    assert found == route
    lengths = osmnx.routing.route_to_gdf(graph, found)["geometry"].length
    assert lengths.sum() == pytest.approx(metres)
    assert networkx.has_path(graph, 1, 2)  # up to the gate


def test_the_demo_goes_through_graphml_and_back(demo_result, tmp_path):
    graph = demo_result.network()
    path = tmp_path / "walks.graphml"
    osmnx.save_graphml(graph, path)
    again = osmnx.load_graphml(path)
    assert sorted(again.nodes) == sorted(graph.nodes) and again.graph["simplified"] is True
    ends = list(graph.edges(keys=True))
    assert len(ends) > 1000 and sorted(again.edges(keys=True)) == sorted(ends)
    for name in ("length", "highway", "oneway", "osmid"):
        assert [again.edges[end].get(name) for end in ends] == [graph.edges[end].get(name) for end in ends]
    assert osmnx.projection.is_projected(again.graph["crs"])
    for end in ends:
        assert again.edges[end]["geometry"].length == pytest.approx(graph.edges[end]["length"], abs=1e-6)


def test_the_demo_is_drawn_and_made_into_tables(demo_result):
    graph = demo_result.network()
    figure, _ = osmnx.plot_graph(graph, show=False, close=True)
    assert figure is not None
    nodes, edges = osmnx.graph_to_gdfs(graph)
    assert nodes.crs == edges.crs == demo_result.estate.crs
    walked = demo_result.layers["paths"].query("allowed")
    # Every metre that one may walk is there twice, but for what only a locked gate leads to; ways across squares
    # are nobody's.
    drawn = edges.loc[edges["object_id"].notna(), "length"].sum()
    assert drawn <= 2 * walked.length.sum() + 1e-6
    assert drawn == pytest.approx(2 * walked.length.sum(), rel=0.05)
    assert 0 < edges["object_id"].isna().sum() < 0.1 * len(edges)


def test_a_result_read_back_says_that_it_has_none(demo_result, tmp_path):
    saved = spatial.save(demo_result, tmp_path / "run")
    assert saved.network().number_of_edges() == demo_result.network().number_of_edges()
    with pytest.raises(InputError, match="run again"):
        spatial.load(tmp_path / "run").network()
