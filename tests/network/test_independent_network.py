"""Walks and detours against a network of its own making: raw ways of OpenStreetMap, their nodes, and NetworkX.

Shared with the program: where doors and meeting spaces are, that each meets all ways near it, all along where it
lies beside one, and that one walks along the edge of a square. What it does not know: fences and walls between a
place and a way, gates, which ways are attached, how ways are cut into edges.
"""

from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
import shapely

import spatial
from spatial.analysis import run
from spatial.analysis.inputs import InputFiles, Inputs, prepare_ground
from spatial.core.timing import Clock
from spatial.network import distances
from spatial.network.attachment import attach
from spatial.network.graph import build_network
from spatial.settings.tags import tag_rules

NOT_WALKED = {"motorway", "motorway_link", "trunk", "trunk_link", "construction", "proposed", "raceway", "platform"}
PLACE_M, DOOR_M, LIMIT_M, NEAREST_M = 25, 10, 1600, 25
FAR_M = 150.0
BESIDE_M = 0.5


@dataclass
class Walks:
    """Walks in metres (spaces × doors of the estate): of the program, of it without obstacles, and of NetworkX."""

    program: np.ndarray
    unobstructed: np.ndarray
    networkx: np.ndarray
    straight: np.ndarray
    homes: np.ndarray
    view: run.View


def is_walked(tags) -> bool:
    foot, access = tags.get("foot"), tags.get("access")
    if tags.get("highway") in NOT_WALKED | {None}:
        return False
    return foot not in ("no", "private") and (access not in ("no", "private") or foot is not None)


def network_of(lines) -> tuple[nx.Graph, list[tuple[int, int, shapely.LineString]]]:
    graph, pieces, at = nx.Graph(), [], 0
    for tags, shape in zip(lines.tags, lines.geometry, strict=True):
        corners = list(shape.coords)
        ids = lines.node_ids[at : at + len(corners)].tolist()
        at += len(corners)
        for a, b, ends in zip(ids, ids[1:], pairwise(corners), strict=False):
            if is_walked(tags) and a != b:
                piece = shapely.LineString(ends)
                pieces.append((a, b, piece))
                shortest(graph, a, b, piece.length)
    return graph, pieces


def shortest(graph: nx.Graph, a, b, length_m: float) -> None:
    if not graph.has_edge(a, b) or graph.edges[a, b]["length"] > length_m:
        graph.add_edge(a, b, length=length_m)


def meet(graph: nx.Graph, name, shape, pieces, tree: shapely.STRtree, within_m: float) -> None:
    """Join a shape to all ways near it, and to the nearest."""
    near = {*tree.query(shape, "dwithin", distance=within_m), *tree.query_nearest(shape, all_matches=False)}
    for a, b, piece in (pieces[i] for i in near):
        leg = shape.distance(piece)
        along = [piece.project(point) for point in nearest_points(shape, piece, leg)]
        for node, rest, corner in ((a, min(along), 0), (b, piece.length - max(along), -1)):
            inside = shape.intersects(shapely.Point(piece.coords[corner]))
            shortest(graph, name, node, 0.0 if inside else leg + rest)


def nearest_points(shape, piece: shapely.LineString, leg_m: float) -> list[shapely.Point]:
    """Where a shape is next to a piece of way: its nearest point, and the corners of an outline that are as near."""
    corners = shapely.points(shape.exterior.coords) if shape.geom_type == "Polygon" else []
    beside = [corner for corner in corners if corner.distance(piece) <= leg_m + BESIDE_M]
    return [shapely.get_point(shapely.shortest_line(shape, piece), 0), *beside]


@pytest.fixture(scope="module", params=["reitbahnviertel", "helsinki"])
def walks(request, demo_data) -> Walks:
    estate = spatial.Estate.from_file(demo_data / f"{request.param}.geojson")
    inputs = Inputs.read(estate, InputFiles(demo_data / f"{request.param}.osm.pbf"))
    ground = prepare_ground(inputs, tag_rules(), Clock(None))
    view = run.survey(ground.conflated, estate, tag_rules(), Clock(None), absence={}, models={})
    given, rows = view.measured_from, (view.sites["level"] == "space").to_numpy()
    inside = given.dwellings["inside"].to_numpy(dtype=bool)
    shapes, doors = view.sites.geometry.to_numpy()[rows], given.dwellings.geometry.to_numpy()[inside]
    # The other network knows no ways across squares.
    network = build_network(given.paths[~given.paths["across"].to_numpy(dtype=bool)], given.path_nodes, given.lamps)
    ends = attach(network, shapes), attach(network, doors, within_m=DOOR_M, always=True)
    graph, pieces = network_of(ground.conflated.raw.lines)
    tree = shapely.STRtree([piece for *_, piece in pieces])
    for number, door in enumerate(doors):
        meet(graph, ("door", number), door, pieces, tree, DOOR_M)
    found = np.full((len(shapes), len(doors)), np.nan)
    for i, shape in enumerate(shapes):
        meet(graph, "space", shape, pieces, tree, PLACE_M)
        lengths = nx.single_source_dijkstra_path_length(graph, "space", cutoff=LIMIT_M, weight="length")
        graph.remove_node("space")
        found[i] = [lengths.get(("door", number), np.nan) for number in range(len(doors))]
    return Walks(
        program=given.walks.distance_m[rows][:, inside],
        unobstructed=distances.approaches(network, *ends, limit_m=LIMIT_M, detailed=False).distance_m,
        networkx=found,
        straight=shapely.distance(shapes[:, None], doors[None, :]),
        homes=given.dwellings["dwellings"].to_numpy()[inside],
        view=view,
    )


def median_over_homes(values: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """Of each row the value at which half of the homes that have one are reached."""
    result = np.full(len(values), np.nan)
    for i, row in enumerate(values):
        known = np.flatnonzero(~np.isnan(row) & (homes > 0))
        order = known[np.argsort(row[known])]
        if len(order):
            weight = np.cumsum(homes[order])
            result[i] = row[order][np.searchsorted(weight, weight[-1] / 2)]
    return result


def detours(walks: Walks, metres: np.ndarray) -> np.ndarray:
    ratio = np.where(walks.straight >= NEAREST_M, metres / np.maximum(walks.straight, NEAREST_M), np.nan)
    return median_over_homes(ratio, walks.homes)


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's correlation of what both know."""
    both = ~np.isnan(a) & ~np.isnan(b)
    ranks = [np.argsort(np.argsort(part[both])) for part in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


def test_walks_and_detours_are_those_of_an_independent_network(walks):
    ours, theirs = walks.unobstructed, walks.networkx
    assert agreement(detours(walks, ours), detours(walks, theirs)) > 0.95
    assert agreement(median_over_homes(ours, walks.homes), median_over_homes(theirs, walks.homes)) > 0.97


def test_a_place_that_is_far_off_lies_behind_a_fence_or_wall(walks):
    """Where our walk is longer by far than one through everything, no leg but one across a barrier makes it short."""
    ours, free = (median_over_homes(part, walks.homes) for part in (walks.program, walks.unobstructed))
    given = walks.view.measured_from
    spaces = walks.view.sites[walks.view.sites["level"] == "space"].geometry.to_numpy()
    solid = given.buildings.geometry.to_numpy()[given.buildings["solid"].to_numpy(dtype=bool)]
    barriers = shapely.union_all([*given.barriers.geometry, *shapely.boundary(solid)])
    far = np.flatnonzero(ours > free + FAR_M)
    for i in far:
        edges = given.network.geometry[given.network.stepping[0]]
        legs = shapely.shortest_line(spaces[i], edges[shapely.dwithin(edges, spaces[i], PLACE_M)])
        assert shapely.intersects(legs, barriers).any()
    assert len(far) <= 3
