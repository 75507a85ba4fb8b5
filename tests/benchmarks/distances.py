"""Walking distances on one graph: ours and its peers. `python -m tests.benchmarks.distances [EXTRACT [PEER...]]`.

The same work for all: from 500 nodes, the distance to every node within 1,600 m, on the walking graph of a real
town as the program builds it. Each way is timed in this process after a first call (compiled code and imports
are not counted, building its own form of the graph is not either), best of three; peers that are not installed
are left out. Where a way gives all distances, they are compared with scipy's.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks import processes

SOURCES, LIMIT_M, REPEATS, SEED = 500, 1600.0, 3, 3
DEMO = processes.PROJECT / "data" / "reitbahnviertel.osm.pbf"


def network_of(extract: Path) -> Any:
    """The walking network of a whole extract."""
    import shapely
    from pyproj import Transformer

    from spatial.core.crs import WGS84, local_metric
    from spatial.layers import canonical
    from spatial.network import graph as network_graph
    from spatial.osm import reader as osm_reader
    from spatial.settings import tags
    from tests.benchmarks.reading import box_of

    box = box_of(extract)
    crs = local_metric((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    raw = osm_reader.read_area(extract, shapely.box(*box), crs)
    tables = canonical.canonical_layers(raw, tags.tag_rules(), crs)
    assert Transformer.from_crs(WGS84, crs, always_xy=True)
    return network_graph.build_network(tables.paths, tables.path_nodes)


def arcs(net: Any) -> tuple[Any, Any, Any]:
    """Edges between different open nodes, the shortest of each pair: start, end, length."""
    use = (net.start != net.end) & ~net.locked[net.start] & ~net.locked[net.end]
    a, b = np.minimum(net.start, net.end)[use], np.maximum(net.start, net.end)[use]
    order = np.lexsort((net.length_m[use], b, a))
    a, b, length = a[order], b[order], net.length_m[use][order]
    first = np.r_[True, (np.diff(a) != 0) | (np.diff(b) != 0)]
    return a[first], b[first], length[first]


def best(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of the cheapest of some runs, after one that is not counted; and what it gives.

    CPU and not wall, so that what else the machine does weighs less; threads are counted together.
    """
    given = work()
    seconds = []
    for _ in range(REPEATS):
        began = time.process_time()
        given = work()
        seconds.append(time.process_time() - began)
    return min(seconds), given


def ours(net: Any, sources: Any) -> Callable[[], Any]:
    """The program's own search."""
    from spatial.network import attachment, distances

    everything = attachment.node_targets(net, np.arange(net.node_count))
    from_ = attachment.node_targets(net, sources)

    def work() -> Any:
        return distances.approaches(net, from_, everything, limit_m=LIMIT_M, detailed=False).distance_m

    return work


def ours_searching(net: Any, sources: Any) -> Callable[[], Any]:
    """The same search as it is used for flows: all nodes within the limit, without a table of distances."""
    from spatial.network import distances, kernels

    graph = distances._graph(net, None, net.locked)
    supply, demand = np.ones(net.node_count), np.ones(net.node_count)

    def work() -> Any:
        total = np.zeros(len(net.length_m))
        kernels.flow_kernel(sources, supply, demand, LIMIT_M, graph, total)
        return total

    return work


def with_scipy(net: Any, sources: Any) -> Callable[[], Any]:
    """Compiled Dijkstra with a limit."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    a, b, length = arcs(net)
    matrix = coo_matrix((length, (a, b)), shape=(net.node_count,) * 2).tocsr()
    return lambda: dijkstra(matrix, directed=False, indices=sources, limit=LIMIT_M)


def with_networkx(net: Any, sources: Any) -> Callable[[], Any]:
    """Python, with a cut-off."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(*(one.tolist() for one in arcs(net)), strict=True), weight="length")
    graph.add_nodes_from(range(net.node_count))
    search = nx.single_source_dijkstra_path_length
    return lambda: [search(graph, int(one), cutoff=LIMIT_M, weight="length") for one in sources]


def with_igraph(net: Any, sources: Any) -> Callable[[], Any]:
    """C, without a cut-off."""
    import igraph

    a, b, length = arcs(net)
    graph = igraph.Graph(n=net.node_count, edges=list(zip(a.tolist(), b.tolist(), strict=True)))
    return lambda: graph.distances(source=sources.tolist(), weights=length.tolist())


def with_pandana(net: Any, sources: Any) -> Callable[[], Any]:
    """Contraction hierarchies; nodes in range."""
    import pandana
    import pandas as pd

    a, b, length = arcs(net)
    found = pandana.Network(
        pd.Series(net.xy[:, 0]), pd.Series(net.xy[:, 1]), pd.Series(a), pd.Series(b), pd.DataFrame({"m": length})
    )
    return lambda: found.nodes_in_range([int(one) for one in sources], LIMIT_M)


def with_cityseer(net: Any, sources: Any) -> Callable[[], Any]:
    """Rust; its shortest-path tree, as its centralities use it."""
    import networkx as nx
    from cityseer.tools import graphs, io
    from shapely.geometry import LineString

    graph = nx.MultiGraph(crs=32633)
    for i, (x, y) in enumerate(net.xy.tolist()):
        graph.add_node(str(i), x=x, y=y, live=True)
    for a, b, length in zip(*(one.tolist() for one in arcs(net)), strict=True):
        line = LineString([net.xy[a], net.xy[b]])
        graph.add_edge(str(a), str(b), geom=line, length=length)
    nodes, _, structure = io.network_structure_from_nx(graph)
    assert len(nodes) and graphs
    at = {int(key): i for i, key in enumerate(nodes.index)}
    wanted = [at[int(one)] for one in sources]
    metres_per_s = 1.33333
    limit_s = int(LIMIT_M / metres_per_s)
    return lambda: [structure.dijkstra_tree_shortest(one, limit_s, metres_per_s) for one in wanted]


PEERS = {
    "scipy dijkstra, limit": ("scipy", with_scipy),
    "cityseer, shortest-path tree": ("cityseer", with_cityseer),
    "networkx, cut-off": ("networkx", with_networkx),
    "pandana, nodes in range": ("pandana", with_pandana),
    "igraph, no cut-off": ("igraph", with_igraph),
}


def run(extract: Path = DEMO, only: tuple[str, ...] = ()) -> list[dict[str, object]]:
    """One row a way, ratios to ours first."""
    net = network_of(extract)
    open_ = np.flatnonzero(~net.locked & (np.diff(net.indptr) > 0))
    sources = np.random.default_rng(SEED).choice(open_, SOURCES, replace=False)
    one, found = best(ours(net, sources))
    size = f"{net.node_count:,} nodes"
    search, _ = best(ours_searching(net, sources))
    measured: dict[str, tuple[float, Any]] = {
        "ours, the search and what flows over each edge": (search, None),
        "ours, a table of walks from geometry to geometry": (one, found),
    }
    for way, (package, make) in PEERS.items():
        if find_spec(package) is None or (only and package not in only):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                measured[way] = best(make(net, sources))
        except Exception as failure:
            print(f"distances, {way}: left out: {type(failure).__name__}: {failure}")
    agree = _agreement(found, measured["scipy dijkstra, limit"][1]) if "scipy dijkstra, limit" in measured else ""
    return [
        {
            f"{SOURCES} sources, all within {LIMIT_M:,.0f} m, {size}": way,
            "time": processes.times(seconds / search),
            "CPU seconds": f"{seconds:.3f}",
            "largest difference to scipy, m": agree
            if way == "ours, a table of walks from geometry to geometry"
            else "",
        }
        for way, (seconds, _) in measured.items()
    ]


def _agreement(found: Any, other: Any) -> str:
    """Largest difference between two tables of distances, where either reaches."""
    both = np.isfinite(found) & np.isfinite(other)
    away = np.abs(found[both] - other[both])
    lone = int((np.isfinite(found) != np.isfinite(other)).sum())
    return f"{away.max():.1e}; {lone} reached by one alone"


if __name__ == "__main__":
    print(processes.table(run(Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO, tuple(sys.argv[2:]))))
