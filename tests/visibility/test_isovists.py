"""Isovists and lines of sight against paper, brute force and shapely."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import spatial.visibility
from spatial.core.errors import InputError
from spatial.visibility.isovists import Occluders, in_sight, isovist, reaches_m, visible_area
from spatial.visibility.kernels import TOUCH_M

UTM = np.array([724_000.0, 6_175_000.0])
RELATIVE = 1e-6  # of the disc's area


def occluders_of(segments):
    """Make occluders of (S, 4) segments."""
    return Occluders.from_geometries([], shapely.linestrings(np.reshape(segments, (-1, 2, 2))))


# -- on paper --------------------------------------------------------------------------

FAR = 1e4
DISC = 100 * math.pi
WALL_AT_6 = DISC - (100 * math.acos(0.6) - 6 * 8)  # less a circle segment
ROOM = shapely.box(-3, -3, 3, 3)
PAPER = {
    "nothing": ([], [], 10, DISC),
    "long wall at 6 of 10": ([], [[(-FAR, 6), (FAR, 6)]], 10, WALL_AT_6),
    "the same across the seam": ([], [[(-6, -FAR), (-6, FAR)]], 10, WALL_AT_6),
    "the same to the east": ([], [[(6, FAR), (6, -FAR)]], 10, WALL_AT_6),
    "the same in three pieces": ([], [[(-FAR, 6), (-1, 6), (1, 6), (FAR, 6)]], 10, WALL_AT_6),
    "the same laid twice": ([], [[(-FAR, 6), (1, 6)], [(-2, 6), (FAR, 6)]], 10, WALL_AT_6),
    "a wall behind": ([], [[(-FAR, 6), (FAR, 6)], [(-5, 7), (5, 7)]], 10, WALL_AT_6),
    "a spur behind": ([], [[(-FAR, 6), (FAR, 6)], [(1, 6), (2, 9)]], 10, WALL_AT_6),
    "wall at the radius": ([], [[(-FAR, 10), (FAR, 10)]], 10, DISC),
    "half-plane": ([], [[(-FAR, 1e-6), (FAR, 1e-6)]], 10, DISC / 2),
    "square room": ([ROOM], [], 10, 36),
    "room larger than the disc": ([ROOM], [], 2, 4 * math.pi),
    "room in a room": ([ROOM, ROOM.buffer(1)], [], 10, 36),
    "courtyard": ([shapely.box(-9, -9, 9, 9).difference(ROOM)], [], 50, 36),
    "two crossing walls": ([], [[(-2, 0), (0, 2)], [(0, -2), (0, 4)]], 1, math.pi),
    "crossing walls": (  # by turns the nearest: x = 2 to |y| = 1, the bend to |y| = 2, x = 2
        [],
        [[(1, -2), (3, 0), (1, 2)], [(2, -FAR), (2, FAR)]],
        10,
        2 + 3 + 2 * (math.sqrt(96) - 4) + 100 * (math.pi - math.acos(0.2)),
    ),
    "seen edge-on": ([], [[(1, 0), (5, 0)], [(-1, -1), (-5, -5)]], 10, DISC),
    "wall through the viewpoint": ([], [[(-5, 0), (5, 0)]], 10, DISC),
    "wall that ends in the viewpoint": ([], [[(0, 0), (5, 5)]], 10, DISC),
    "facade: in and out are seen": ([shapely.box(-3, 0, 3, 6)], [], 10, DISC / 2 + 36),
}


@pytest.mark.parametrize("case", PAPER)
def test_areas_on_paper(case):
    polygons, lines, radius, area = PAPER[case]
    occluders = Occluders.from_geometries(polygons, [shapely.LineString(line) for line in lines])
    found = visible_area([(0.0, 0.0)], occluders, radius)
    tolerance = 2 * RELATIVE * math.pi * radius**2
    np.testing.assert_allclose(found, [area], rtol=0, atol=tolerance)
    assert isovist((0.0, 0.0), occluders, radius, arc_step_m=radius / 1000).area == pytest.approx(area, abs=tolerance)


SIGHTS = {
    "clear": ((0, 5), (10, 5), True),
    "through the house": ((0, 5), (40, 5), False),
    "from the facade outwards": ((20, 5), (0, 9), True),
    "to the facade": ((0, 9), (20, 5), True),
    "nearly to the facade": ((0, 9), (20 - 5e-7, 5), True),
    "from the facade through the house": ((20, 5), (40, 5), False),
    "into the house": ((0, 5), (25, 5), False),
    "within the house": ((21, 1), (29, 9), True),
    "from wall to wall within": ((20, 5), (30, 5), True),
    "along the facade": ((20, 2), (20, 8), True),
    "along the facade and past both corners": ((20, -5), (20, 15), False),
    "past the corner, touching it": ((15, 5), (25, -5), False),
    "from the corner": ((20, 0), (0, 0), True),
    "no length": ((5, 5), (5, 5), True),
    "no length, on the facade": ((20, 5), (20, 5), True),
    "no length, within": ((25, 5), (25, 5), True),
    "through the bend of the hedge": ((0, -10), (10, -10), False),
    "along the hedge's line, short of it": ((5, -30), (5, -25), True),
    "far from everything": ((1e7, 1e7), (2e7, 1e7), True),
}


@pytest.mark.parametrize("offset", [0.0, UTM], ids=["local", "utm"])
@pytest.mark.parametrize("case", SIGHTS)
def test_sights_on_paper(case, offset):
    a, b, expected = SIGHTS[case]
    occluders = Occluders.from_geometries(
        [shapely.transform(shapely.box(20, 0, 30, 10), lambda xy: xy + offset)],
        [shapely.LineString(np.array([(5, -20), (5, -10), (5, -5)]) + offset)],
    )
    a, b = np.array([a], dtype=float) + offset, np.array([b], dtype=float) + offset
    assert in_sight(a, b, occluders).tolist() == [expected]
    assert in_sight(b, a, occluders).tolist() == [expected]


# -- an independent measure --------------------------------------------------------------


def critical_angles(ends, radius):
    """All angles at which the nearest wall can change: ends, circle, crossings, the seam."""
    p, d = ends[:, :2], ends[:, 2:] - ends[:, :2]
    foot, length2 = -(p * d).sum(axis=1), (d * d).sum(axis=1)
    root = foot**2 - length2 * ((p * p).sum(axis=1) - radius**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (foot + np.array([[-1], [1]]) * np.sqrt(root)) / length2
        circle = (p + share[..., np.newaxis] * d).reshape(-1, 2)
        across = d[:, 0] * d[:, 1, np.newaxis] - d[:, 1] * d[:, 0, np.newaxis]
        gap = p[:, np.newaxis] - p
        along = (gap[..., 0] * d[:, 1] - gap[..., 1] * d[:, 0]) / across
        crossings = (p[:, np.newaxis] + along[..., np.newaxis] * d[:, np.newaxis]).reshape(-1, 2)
    points = np.concatenate([ends[:, :2], ends[:, 2:], circle, crossings])
    points = points[np.isfinite(points).all(axis=1)]
    points = points[np.hypot(*points.T) <= 2 * radius]
    return np.unique(np.concatenate([np.arctan2(points[:, 1], points[:, 0]), [-np.pi, np.pi]]))


def area_by_force(segments, viewpoint, radius):
    """Visible area by casting a ray between every two critical angles, O(n² · n)."""
    ends = segments - np.tile(viewpoint, 2)
    lines = shapely.linestrings(ends.reshape(-1, 2, 2))
    away = shapely.distance(lines, shapely.Point(0, 0))
    ends = ends[(away >= TOUCH_M) & (away <= radius)]
    angles = critical_angles(ends, radius)
    middle, width = (angles[1:] + angles[:-1]) / 2, np.diff(angles)
    p, d = ends[:, :2], ends[:, 2:] - ends[:, :2]

    def distances(rays):
        x, y = np.cos(rays)[:, np.newaxis], np.sin(rays)[:, np.newaxis]
        turn = x * d[:, 1] - y * d[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (y * p[:, 0] - x * p[:, 1]) / turn
            return (p[:, 0] * d[:, 1] - p[:, 1] * d[:, 0]) / turn, share

    total = 0.0
    for part in np.array_split(np.arange(len(middle)), len(middle) // 500 + 1):
        far, share = distances(middle[part])
        hit = (far > 0) & (share >= 0) & (share <= 1)
        far = np.where(hit, far, np.inf)
        wall = np.argmin(far, axis=1) if len(ends) else np.zeros(len(part), dtype=int)
        near = far[np.arange(len(part)), wall] if len(ends) else np.full(len(part), np.inf)
        closed = near < radius
        one, other = (
            distances(angle)[0][np.arange(len(part)), wall] if len(ends) else near
            for angle in (angles[part], angles[part + 1])
        )
        triangle = np.abs(one * other) * np.sin(width[part]) / 2
        total += np.where(closed, triangle, radius**2 * width[part] / 2).sum()
    return total


def boxes(rng, count, extent):
    """Turned rectangles that overlap one another, as segments."""
    x, y = rng.uniform(-extent, extent, (2, count))
    half = rng.uniform(2, extent / 4, (2, count))
    turn = rng.uniform(0, np.pi, count)
    shapes = [
        shapely.affinity.rotate(shapely.box(a - u, b - v, a + u, b + v), t, use_radians=True)
        for a, b, u, v, t in zip(x, y, *half, turn, strict=True)
    ]
    corners = shapely.get_coordinates(shapes).reshape(count, 5, 2)
    return np.concatenate([corners[:, :-1], corners[:, 1:]], axis=2).reshape(-1, 4)


def lattice(rng, count, extent):
    """Segments between whole numbers: shared ends, T-junctions, collinear and axis-parallel."""
    ends = rng.integers(-extent, extent + 1, (count, 4)).astype(float)
    straight = rng.random(count) < 0.5
    ends[straight, 3] = ends[straight, 1]
    return ends[(ends[:, :2] != ends[:, 2:]).any(axis=1)]


def scatter(rng, count, extent):
    """Segments that cross one another in any way."""
    return rng.uniform(-extent, extent, (count, 4))


@pytest.mark.parametrize("scene", [boxes, lattice, scatter])
@pytest.mark.parametrize(("count", "radius"), [(4, 30.0), (12, 12.0), (30, 25.0), (50, 60.0)])
@pytest.mark.parametrize("seed", range(3))
def test_areas_agree_with_brute_force(scene, count, radius, seed):
    rng = np.random.default_rng([seed, count])
    segments = scene(rng, count, 20)[: 2 * count]
    viewpoints = np.concatenate([rng.uniform(-20, 20, (5, 2)), rng.integers(-9, 9, (5, 2)), segments[:2, :2]])
    found = visible_area(viewpoints, occluders_of(segments), radius)
    expected = [area_by_force(segments, point, radius) for point in viewpoints]
    tolerance = RELATIVE * math.pi * radius**2
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def town(seed, houses, pitch=25.0):
    """Turned houses on a grid of streets, in UTM metres."""
    rng = np.random.default_rng(seed)
    side = math.ceil(math.sqrt(houses))
    x, y = (np.indices((side, side)).reshape(2, -1) * pitch)[:, :houses]
    half = rng.uniform(4, 11, (2, houses))
    footprints = shapely.box(x - half[0], y - half[1], x + half[0], y + half[1])
    turns = rng.uniform(0, 30, houses)
    turned = [shapely.affinity.rotate(h, t) for h, t in zip(footprints, turns, strict=True)]
    return shapely.transform(np.array(turned), lambda xy: xy + UTM)


def test_town_agrees_with_brute_force():
    houses = town(1, 150)
    occluders = Occluders.from_geometries(houses, [])
    viewpoints = UTM + np.random.default_rng(2).uniform(-40, 320, (8, 2))
    found = visible_area(viewpoints, occluders, 150)
    expected = [area_by_force(occluders.segments, point, 150) for point in viewpoints]
    np.testing.assert_allclose(found, expected, rtol=0, atol=RELATIVE * math.pi * 150**2)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing(threads):
    occluders = Occluders.from_geometries(town(3, 50), [])
    viewpoints = UTM + np.random.default_rng(4).uniform(0, 200, (300, 2))
    once = visible_area(viewpoints, occluders, 80, threads=1)
    np.testing.assert_array_equal(visible_area(viewpoints, occluders, 80, threads=threads), once)
    one_by_one = [visible_area([point], occluders, 80)[0] for point in viewpoints]
    np.testing.assert_array_equal(once, one_by_one)


# -- how far, in each direction ------------------------------------------------------------


@pytest.mark.parametrize("radius", [2.0, 4.0, 50.0])
@pytest.mark.parametrize("rays", [1, 7, 360])
def test_reaches_in_a_square_room(radius, rays):
    """From the middle of a room of 6 m to its wall: 3 m over the larger of cosine and sine, or the radius."""
    directions, reaches = reaches_m(
        [(0.0, 0.0), (100.0, 0.0)], Occluders.from_geometries([ROOM], []), radius, rays=rays
    )
    turn = 2 * np.pi * (np.arange(rays) + 0.5) / rays
    np.testing.assert_allclose(directions, np.column_stack([np.cos(turn), np.sin(turn)]), atol=1e-12)
    np.testing.assert_allclose(reaches[0], np.minimum(3 / np.abs(directions).max(axis=1), radius), rtol=1e-12)
    np.testing.assert_array_equal(reaches[1], radius)  # the room is further away


@pytest.mark.parametrize("threads", [1, 3])
def test_reaches_agree_with_shapely(threads):
    """Also of so many viewpoints that they are parted among threads."""
    rng = np.random.default_rng(12)
    segments = scatter(rng, 12, 20)
    points = rng.uniform(-20, 20, (70, 2))
    directions, reaches = reaches_m(points, occluders_of(segments), 15.0, rays=9, threads=threads)
    walls = shapely.union_all(shapely.linestrings(segments.reshape(-1, 2, 2)))
    for point, found in zip(points, reaches, strict=True):
        rays = shapely.linestrings(np.stack([np.tile(point, (9, 1)), point + 15.0 * directions], axis=1))
        met = shapely.distance(shapely.intersection(rays, walls), shapely.Point(point))
        np.testing.assert_allclose(found, np.where(np.isnan(met), 15.0, met), atol=1e-9)


def test_all_parts_of_the_work_are_done():
    points = np.column_stack([np.linspace(-2.5, 2.5, 70), np.zeros(70)])
    room = Occluders.from_geometries([ROOM], [])
    np.testing.assert_allclose(visible_area(points, room, 50.0, threads=3), 36)


# -- the grid ----------------------------------------------------------------------------


def filed(occluders):
    """Pairs (segment, cell) of the grid, and the boxes of all cells."""
    rows, columns = occluders.shape
    west, south, side = occluders.origin
    row, column = np.divmod(np.arange(rows * columns), columns)
    boxes = shapely.box(west + column * side, south + row * side, west + (column + 1) * side, south + (row + 1) * side)
    cell = np.repeat(np.arange(rows * columns), np.diff(occluders.starts))
    return set(zip(occluders.members.tolist(), cell.tolist(), strict=True)), boxes


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scene", [boxes, lattice, scatter])
def test_walls_are_filed_in_all_cells_they_touch_and_in_no_others(scene, seed):
    segments = scene(np.random.default_rng([seed, 3]), 60, 20)[:48]
    if scene is lattice:  # 50 walls in 40 × 40 m: cells of 8 m, on whose edges walls lie
        segments = np.concatenate([segments, [[-20, -20, -20, 20], [20, -20, 20, 20]]])
    occluders = occluders_of(segments)
    assert scene is not lattice or occluders.origin[2] == 8.0
    found, cells = filed(occluders)
    lines = shapely.linestrings(occluders.segments.reshape(-1, 2, 2))
    away = shapely.distance(lines[:, np.newaxis], cells)
    assert {(int(s), int(c)) for s, c in np.argwhere(away <= 0.9e-6)} <= found
    assert found <= {(int(s), int(c)) for s, c in np.argwhere(away <= 5e-6)}
    for cell in range(len(cells)):
        held = occluders.members[occluders.starts[cell] : occluders.starts[cell + 1]]
        assert (np.diff(held) > 0).all()


def test_there_are_about_two_walls_a_cell_and_no_cell_below_a_metre():
    rng = np.random.default_rng(5)
    wide = occluders_of(scatter(rng, 400, 500))
    assert 150 <= wide.shape.prod() <= 250
    flat = occluders_of([(x, 0.001 * x, x + 3, 0.0) for x in range(0, 4000, 4)])  # a row of a thousand
    assert 400 <= flat.shape.prod() <= 600
    dense = occluders_of(scatter(rng, 400, 2))
    assert dense.origin[2] == 1.0 and dense.shape.tolist() == [4, 4]


# -- the outline -------------------------------------------------------------------------


def test_outline_agrees_with_the_area():
    occluders = Occluders.from_geometries(town(5, 100), [])
    radius, step = 120.0, 2.0
    for point in UTM + np.random.default_rng(6).uniform(-60, 260, (40, 2)):
        outline = isovist(point, occluders, radius, arc_step_m=step)
        exact = visible_area([point], occluders, radius)[0]
        assert outline.is_valid
        assert outline.covers(shapely.Point(point))
        beyond_chords = exact - outline.area
        assert -RELATIVE <= beyond_chords <= math.pi * step**2 / 6


def test_outline_of_an_open_field_is_the_circle():
    outline = isovist(UTM, Occluders.from_geometries([], []), 100.0)
    distances = np.hypot(*(shapely.get_coordinates(outline) - UTM).T)
    np.testing.assert_allclose(distances, 100, atol=1e-8)
    assert shapely.length(outline) / (len(distances) - 1) <= 2
    assert len(distances) - 1 == math.ceil(2 * math.pi * 100 / 2)  # fewer chords would be longer


# -- lines of sight ----------------------------------------------------------------------


@pytest.mark.parametrize("scene", [boxes, lattice, scatter])
@pytest.mark.parametrize("count", [3, 30, 200])
@pytest.mark.parametrize("seed", range(2))
def test_sights_agree_with_shapely(scene, count, seed):
    rng = np.random.default_rng([seed, count])
    segments = scene(rng, count, 50)
    if scene is not lattice:
        segments[:, 2:] = segments[:, :2] + (segments[:, 2:] - segments[:, :2]) / 5
    ends = np.concatenate([rng.uniform(-60, 60, (250, 4)), rng.integers(-50, 50, (250, 4))])
    a, b = ends[:, :2], ends[:, 2:]
    walls = shapely.linestrings(segments.reshape(-1, 2, 2))
    sights = shapely.linestrings(ends.reshape(-1, 2, 2))[:, np.newaxis]
    touched = [shapely.distance(shapely.points(e)[:, np.newaxis], walls) <= 1e-6 for e in (a, b)]
    blocked = shapely.intersects(sights, walls) & ~touched[0] & ~touched[1]
    found = in_sight(a, b, occluders_of(segments))
    np.testing.assert_array_equal(found, ~blocked.any(axis=1))


def test_many_sights_in_threads():
    occluders = Occluders.from_geometries(town(7, 100), [])
    rng = np.random.default_rng(8)
    a, b = UTM + rng.uniform(0, 250, (2, 30_000, 2))
    once = in_sight(a, b, occluders, threads=1)
    np.testing.assert_array_equal(in_sight(a, b, occluders, threads=2), once)
    assert once.any() and not once.all()


def test_a_seen_corner_of_the_isovist_is_in_sight():
    occluders = Occluders.from_geometries(town(9, 60), [])
    for point in UTM + np.random.default_rng(10).uniform(0, 180, (10, 2)):
        inner = shapely.get_coordinates(isovist(point, occluders, 70).buffer(-1e-3))
        assert in_sight(np.tile(point, (len(inner), 1)), inner, occluders).all()


# -- laws --------------------------------------------------------------------------------

COORDINATE = st.one_of(st.integers(-20, 20).map(float), st.floats(-20, 20).map(lambda value: round(value, 6)))
SEGMENT = st.tuples(COORDINATE, COORDINATE, COORDINATE, COORDINATE).filter(
    lambda s: math.hypot(s[2] - s[0], s[3] - s[1]) > 1e-3
)
SEGMENTS = st.lists(SEGMENT, min_size=1, max_size=12)
VIEWPOINT = st.tuples(COORDINATE, COORDINATE)
LAW = settings(deadline=None, max_examples=150)


def law_area(segments, viewpoint, radius=15.0):
    """Visible area as a share of the disc."""
    return visible_area([viewpoint], occluders_of(segments), radius)[0] / (math.pi * radius**2)


@LAW
@given(SEGMENTS, VIEWPOINT)
def test_every_wall_takes_away(segments, viewpoint):
    shares = [law_area(segments[:count], viewpoint) for count in range(1, len(segments) + 1)]
    assert 0 <= shares[0] <= 1
    assert (np.diff(shares) <= RELATIVE).all()


@LAW
@given(SEGMENTS, VIEWPOINT, st.randoms(use_true_random=False))
def test_order_and_direction_do_not_matter(segments, viewpoint, random):
    shuffled = [(*s[2:], *s[:2]) if random.random() < 0.5 else s for s in segments]
    random.shuffle(shuffled)
    expected = pytest.approx(law_area(segments, viewpoint), abs=RELATIVE)
    assert law_area(shuffled, viewpoint) == expected


@LAW
@given(SEGMENTS, VIEWPOINT)
def test_translation_does_not_matter(segments, viewpoint):
    binary = np.round(np.array(segments) * 64) / 64  # exact in UTM metres too
    binary = binary[(binary[:, :2] != binary[:, 2:]).any(axis=1)]
    point = np.round(np.array(viewpoint) * 64) / 64
    moved = law_area(binary + np.tile(UTM, 2), point + UTM)
    assert moved == pytest.approx(law_area(binary, point), abs=RELATIVE)


@LAW
@given(SEGMENTS, VIEWPOINT)
def test_brute_force_agrees_on_any_scene(segments, viewpoint):
    expected = area_by_force(np.array(segments), np.array(viewpoint), 15.0) / (math.pi * 15.0**2)
    assert law_area(segments, viewpoint) == pytest.approx(expected, abs=RELATIVE)


@LAW
@given(SEGMENTS, VIEWPOINT, VIEWPOINT)
def test_sight_is_mutual(segments, a, b):
    occluders = occluders_of(segments)
    assert in_sight([a], [b], occluders) == in_sight([b], [a], occluders)


# -- edges of the domain -------------------------------------------------------------------


def test_empty_inputs_give_empty_outputs():
    occluders = Occluders.from_geometries([], [])
    assert len(occluders) == 0
    for empty in ([], np.empty((0, 2))):
        assert visible_area(empty, occluders, 10).shape == (0,)
        assert in_sight(empty, empty, occluders).shape == (0,)
    assert in_sight([(0, 0)], [(1, 1)], occluders).tolist() == [True]
    assert in_sight([(0, 0)], [(1, 1)], occluders).dtype == bool
    assert len(Occluders.from_geometries([shapely.Polygon()], [shapely.LineString()])) == 0


def test_far_viewpoints_and_wide_radii():
    occluders = Occluders.from_geometries([shapely.box(0, 0, 10, 10)], [])
    far = visible_area([(1e300, -1e300), (-1e5, 5.0)], occluders, 10)
    np.testing.assert_allclose(far, DISC)
    assert visible_area([(5.0, 5.0)], occluders, 1e9) == pytest.approx([100], abs=1e18 * RELATIVE)


def test_multipart_geometries_and_read_only_points():
    row = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)])
    fences = shapely.MultiLineString([[(0, 5), (1, 5)], [(2, 5), (3, 5), (4, 5)]])
    occluders = Occluders.from_geometries(row, np.array([fences]))
    assert len(occluders) == 8 + 3
    points = np.zeros((1, 2))
    points.flags.writeable = False
    assert visible_area(points, occluders, 1) > 0
    with pytest.raises(ValueError, match="read-only"):
        occluders.segments[0] = 0


def line_to_nowhere():
    """Make a line that ends in nan."""
    with np.errstate(invalid="ignore"):
        return shapely.LineString([(0, 0), (math.nan, 1)])


HOUSE = Occluders.from_geometries([shapely.box(0, 0, 1, 1)], [])
REFUSED = {
    "nan viewpoint": (lambda: visible_area([(0, 0), (0, math.nan)], HOUSE, 1), r"viewpoints\[1\]"),
    "one dimension": (lambda: visible_area([1.0, 2.0], HOUSE, 1), r"shape \(2,\)"),
    "three columns": (lambda: visible_area(np.zeros((2, 3)), HOUSE, 1), r"shape \(2, 3\)"),
    "words": (lambda: visible_area([("a", "b")], HOUSE, 1), "no numbers"),
    "radius 0": (lambda: visible_area([(0, 0)], HOUSE, 0), "radius_m is 0"),
    "radius nan": (lambda: visible_area([(0, 0)], HOUSE, math.nan), "radius_m is nan"),
    "radius infinite": (lambda: visible_area([(0, 0)], HOUSE, math.inf), "radius_m is inf"),
    "radius of an outline": (lambda: isovist((0, 0), HOUSE, 0), "radius_m is 0"),
    "nan beginning": (lambda: in_sight([(0, math.nan)], [(0, 0)], HOUSE), r"a\[0\]"),
    "nan viewpoint of reaches": (lambda: reaches_m([(0, math.nan)], HOUSE, 1, rays=4), r"viewpoints\[0\]"),
    "radius of reaches": (lambda: reaches_m([(0, 0)], HOUSE, -1, rays=4), "radius_m is -1"),
    "radius missing": (lambda: visible_area([(0, 0)], HOUSE, None), "radius_m is None"),
    "threads": (lambda: visible_area([(0, 0)], HOUSE, 1, threads=0), "threads is 0"),
    "arc step": (lambda: isovist((0, 0), HOUSE, 1, arc_step_m=-1), "arc_step_m is -1"),
    "no viewpoint": (lambda: isovist((), HOUSE, 1), "viewpoint has"),
    "pairs": (lambda: in_sight(np.zeros((2, 2)), np.zeros((3, 2)), HOUSE), "2 points and b has 3"),
    "infinite end": (lambda: in_sight([(0, 0)], [(0, math.inf)], HOUSE), r"b\[0\]"),
    "point for polygon": (
        lambda: Occluders.from_geometries([shapely.Point(0, 0)], []),
        "polygons holds a Point",
    ),
    "polygon for line": (
        lambda: Occluders.from_geometries([], [shapely.box(0, 0, 1, 1)]),
        "lines holds a Polygon",
    ),
    "missing geometry": (lambda: Occluders.from_geometries([None], []), "missing geometry"),
    "no geometry": (lambda: Occluders.from_geometries(["house"], []), "shapely geometries"),
    "nan geometry": (
        lambda: Occluders.from_geometries([], [line_to_nowhere()]),
        "not finite",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_say_what_and_take_one_line(case):
    call, message = REFUSED[case]
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


# -- starting up -----------------------------------------------------------------------------

SECOND_START = """
import spatial.visibility.kernels as s
import spatial.visibility.isovists as v
house = v.Occluders.from_geometries([], [])
v.visible_area([(0, 0)], house, 1)
v.in_sight([(0, 0)], [(1, 1)], house)
for kernel in (s.look_around, s.look_along):
    print(sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))
"""


def test_second_process_compiles_nothing():
    root = Path(spatial.visibility.isovists.__file__).parents[1]
    for _ in range(2):
        command = [sys.executable, "-c", SECOND_START]
        ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["1", "0", "1", "0"]
