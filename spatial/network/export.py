"""The walking network as others read it: a graph of NetworkX with the attribute names of OSMnx. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from spatial.core.versions import version
from spatial.network.graph import NO, YES, Network

if TYPE_CHECKING:
    import networkx

WORDS = {YES: "yes", NO: "no"}
TAGS = ("highway", "name", "surface")


def to_networkx(network: Network, ways: gpd.GeoDataFrame, name: str) -> networkx.MultiDiGraph:
    """Return the walking network as a directed graph, each edge in both directions.

    Parameters
    ----------
    network
        The walking graph, in a metric CRS.
    ways
        The ways it was built from, in their order, with the columns of `TAGS`; their index are ids of objects.
    name
        Of the graph.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes by their number in OpenStreetMap, with ``x`` and ``y`` in metres and ``locked``. Edges with ``length`` in
        metres, ``geometry``, ``oneway``, ``reversed``, ``object_id``, and where they are known ``osmid``, `TAGS`,
        ``lit`` and ``step_free`` (``"yes"`` or ``"no"``). Nobody comes out of a locked gate: no edge leaves its node.
    """
    import networkx

    assert ways.crs is not None
    graph = networkx.MultiDiGraph(
        crs=ways.crs.to_string(), name=name, simplified=True, created_with=f"faellesrum {version()}"
    )
    nodes = network.node_id.tolist()
    for node, (x, y), locked in zip(nodes, network.xy.tolist(), network.locked.tolist(), strict=True):
        graph.add_node(node, x=x, y=y, locked=locked)
    reverse = shapely.reverse(network.geometry)
    for edge, about in enumerate(_edges(network, ways)):
        start, end = int(network.start[edge]), int(network.end[edge])
        arcs = ((start, end, network.geometry[edge], False), (end, start, reverse[edge], True))
        open_arcs = [arc for arc in arcs if not network.locked[arc[0]]]
        for tail, head, shape, backward in open_arcs:
            oneway = len(open_arcs) == 1
            graph.add_edge(nodes[tail], nodes[head], **about, oneway=oneway, reversed=backward, geometry=shape)
    return graph


def _edges(network: Network, ways: gpd.GeoDataFrame) -> Iterator[dict[str, Any]]:
    """What is known of each edge, but for its direction; of one across a square, which nobody drew, no tags."""
    drawn = network.way < len(ways)
    ids, *tags = (
        np.where(drawn, values[np.where(drawn, network.way, 0)], None)
        for values in (ways.index.to_numpy(dtype=object), *(ways[name].to_numpy(dtype=object) for name in TAGS))
    )
    states = (network.lit.tolist(), network.step_free.tolist())
    for identity, length_m, lit, step_free, *values in zip(ids, network.length_m.tolist(), *states, *tags, strict=True):
        number = str(identity).rpartition("/")[2]
        known = {
            "osmid": int(number) if number.isdigit() else None,
            **dict(zip(TAGS, values, strict=True)),
            "lit": WORDS.get(lit),
            "step_free": WORDS.get(step_free),
        }
        told = {"object_id": identity} | known
        yield {"length": length_m} | {k: v for k, v in told.items() if v is not None}
