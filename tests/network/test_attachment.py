"""Where geometries meet a network that has changed a little is what they meet when all is found anew."""

from __future__ import annotations

from functools import partial

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate

from spatial.core.incremental import AFRESH, Memory
from spatial.network import attachment, distances
from spatial.network import graph as network_graph
from spatial.visibility.isovists import Occluders, in_sight

SIDE_M, STEP_M = 1000, 100


def streets(gone=(), links=()):
    """A grid of streets a hundred metres apart, without some, with some more."""
    lines = [((x, y), (x + STEP_M, y)) for x in range(0, SIDE_M, STEP_M) for y in range(0, SIDE_M + 1, STEP_M)]
    lines += [((x, y), (x, y + STEP_M)) for x in range(0, SIDE_M + 1, STEP_M) for y in range(0, SIDE_M, STEP_M)]
    lines = [line for i, line in enumerate(lines) if i not in gone] + list(links)
    ids = {end: i for i, end in enumerate(sorted({end for line in lines for end in line}))}
    table = gpd.GeoDataFrame(
        {
            "node_ids": [np.array([ids[a], ids[b]]) for a, b in lines],
            "allowed": True,
            "lit": None,
            "surface": None,
            "wheelchair": None,
            "kerb": None,
            "smoothness": None,
            "ramp": None,
            "doubt": False,
            "incline": np.nan,
            "width_m": np.nan,
            "steps": False,
            "major": False,
            "perhaps_major": False,
            "is_crossing": False,
            "bridge": False,
            "tunnel": False,
        },
        geometry=[shapely.LineString(line) for line in lines],
        crs=25832,
    )
    nothing = gpd.GeoDataFrame(
        {"node_id": np.empty(0, np.int64), "locked": [], "passable": [], "crossing": []}, geometry=[], crs=25832
    )
    return network_graph.build_network(table, nothing)


def met(step, graph, shapes, walls, *, within_m=25.0, always=False):
    clear = partial(in_sight, occluders=Occluders.from_geometries([], walls))
    obstacles = attachment.Obstacles(walls, clear)
    return attachment.Meeting(graph, step)(shapes, key="shapes", obstacles=obstacles, within_m=within_m, always=always)


def scattered(seed, count=40):
    """Points, and every fourth of them a square around it."""
    points = shapely.points(np.random.default_rng(seed).uniform(0, SIDE_M, (count, 2)))
    points[::4] = shapely.buffer(points[::4], 12.0, cap_style="square")
    return points


def fences(seed, count):
    start = np.random.default_rng(seed).uniform(0, SIDE_M, (count, 2))
    return shapely.linestrings(np.stack([start, start + np.array((30.0, 40.0))], axis=1))


def same(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("owner", "edge", "offset_m", "leg_m", "indptr")
    )


@settings(max_examples=60, deadline=None)
@given(
    gone=st.sets(st.integers(0, 100), max_size=3),
    corner=st.integers(0, 8),
    link=st.booleans(),
    moved=st.integers(0, 5),
    walls=st.integers(60, 90),
    seed=st.integers(0, 99),
    within_m=st.sampled_from([10.0, 25.0]),
    always=st.booleans(),
)
def test_mended_is_as_found_anew(gone, corner, link, moved, walls, seed, within_m, always):
    twice = [((0, 0), (STEP_M, 0)), ((500, 500), (500, 600))]
    before, shapes, fenced = streets(links=twice), scattered(seed), fences(seed, 75)
    at = corner * STEP_M
    after = streets(gone, twice + ([((at, at), (at + STEP_M, at + STEP_M))] if link else []))
    others = np.concatenate([shapes[moved:], scattered(seed + 1, moved)])
    step = Memory()
    meet = partial(met, within_m=within_m, always=always)
    meet(step, before, shapes, fenced)
    assert same(meet(step, after, others, fences(seed, walls)), meet(AFRESH, after, others, fences(seed, walls)))


def test_only_what_is_near_a_change_is_attached_again(monkeypatch):
    shapes = shapely.points([[50.0, 20.0], [950.0, 990.0]])
    first, later = streets(), streets(links=[((0, 0), (STEP_M, STEP_M))])
    step, attached, attach = Memory(), [], attachment.attach
    monkeypatch.setattr(
        attachment, "attach", lambda graph, rows, **how: attached.append(rows) or attach(graph, rows, **how)
    )
    for graph in (first, later):
        attachment.Meeting(graph, step)(shapes, key="shapes")
    assert [rows.tolist() for rows in attached] == [shapes.tolist(), shapes[:1].tolist()]


def test_the_first_geometry_is_attached_where_there_was_none():
    step, one = Memory(), shapely.points([[50.0, 20.0]])
    met(step, streets(), one[:0], fences(1, 3))
    changed = streets(links=[((0, 0), (STEP_M, STEP_M))])
    assert same(met(step, changed, one, fences(1, 4)), met(AFRESH, changed, one, fences(1, 4)))


def test_ways_that_are_drawn_twice_are_told_apart():
    twice = streets(links=[((0, 0), (STEP_M, 0))])
    found = attachment.difference(twice, streets())
    assert (found.moved < 0).sum() == 1
    assert [one.length for one in found.changed] == [STEP_M]
    assert attachment.difference(twice, twice).moved.tolist() == list(range(len(twice.geometry)))


@pytest.mark.parametrize(("gone", "expected"), [((), 0), ((0,), 1), ((0, 5), 2)])
def test_what_went_is_named(gone, expected):
    found = attachment.difference(streets(), streets(gone))
    assert len(found.changed) == expected
    assert (found.moved < 0).sum() == expected


def test_two_lists_are_walked_to_as_one():
    graph = streets()
    here, first, then = (
        attachment.attach(graph, shapely.points(at), within_m=0.0)
        for at in ([(50, 0)], [(80, 0), (150, 0)], [(100, 30), (0, 0)])
    )
    walked = distances.approaches(graph, here, first.and_then(then), limit_m=120.0)
    assert walked.distance_m.tolist() == [[30.0, 100.0, 80.0, 50.0]]


# A lawn of 20 m by 10 m, and a street 120 m long that runs along its southern rim, 5 m away.
LAWN, STREET = shapely.box(0, 0, 20, 10), shapely.LineString([(-50, -5), (70, -5)])


@pytest.mark.parametrize("degrees", [0, 34, 90, 137, 271])
def test_a_way_along_a_rim_comes_nearest_along_a_stretch_however_it_is_turned(degrees):
    """From 50 m along the street, where the lawn begins, to 70 m, where it ends."""
    lawn, street = (rotate(shape, degrees, origin=(400, 300)) for shape in (LAWN, STREET))
    first, last = attachment.nearest_stretch(np.array([lawn]), np.array([street]))
    assert (first[0], last[0]) == pytest.approx((50, 70), abs=1e-6)
    ends, pair = attachment.legs_along(np.array([lawn]), np.array([street]))
    assert pair.tolist() == [0, 0, 0]
    assert np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) == pytest.approx([5, 5, 5])


def test_a_way_that_comes_near_at_a_corner_comes_nearest_there():
    street = shapely.LineString([(30, -50), (30, 10), (90, 60)])
    first, last = attachment.nearest_stretch(np.array([LAWN, shapely.Point(0, 0)]), np.array([street, street]))
    # Along the lawn's eastern rim, from 50 m to 60 m; nearest to a point is one point.
    assert first.tolist() == pytest.approx([50, 50])
    assert last.tolist() == pytest.approx([60, 50])


@pytest.mark.parametrize(("wall", "open_"), [((4, 16), True), ((-9, 12), True), ((-9, 29), False)])
def test_a_way_along_a_rim_is_met_where_any_of_the_stretch_is_open(wall, open_):
    graph = streets()
    lawn = shapely.box(220, 305, 240, 315)
    walls = np.array([shapely.LineString([(220 + x, 302) for x in wall])])
    found = met(AFRESH, graph, np.array([lawn]), walls, within_m=6.0)
    assert (5.0 in np.round(found.leg_m, 6)) == open_
