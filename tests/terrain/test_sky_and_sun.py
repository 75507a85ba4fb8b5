"""Sky, sun and view past houses and trees: against paper, brute force, pvlib and UMEP's definition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pvlib.solarposition import get_solarposition

from spatial.core.model import Estate
from spatial.terrain import kernels, sky_and_sun
from spatial.visibility.isovists import Occluders, reaches_m, visible_area
from tests import rasters, umep

NAN = float("nan")
LEAVES = sky_and_sun.TRANSMITTED
CENTRE = np.array([[0.25, 0.25]])
NOBODY = np.empty(0, dtype=object)


def world(top=None, crown=None, ground=None, *, size=500, cell=1.0):
    """A square skyline around (0, 0); each part a function of x and y, by default level at 0."""
    at = (np.arange(size) + 0.5 - size / 2) * cell
    x, y = np.meshgrid(at, -at)
    level = np.zeros((size, size)) if ground is None else ground(x, y)
    parts = [level, level if top is None else np.maximum(level, top(x, y)), level if crown is None else crown(x, y)]
    half = size * cell / 2
    return sky_and_sun.Skyline(*(part.astype(np.float32) for part in parts), -half, half, cell)


def ring(inner, outer, height):
    """Something so high between two distances from the middle."""
    return lambda x, y: np.where((np.hypot(x, y) >= inner) & (np.hypot(x, y) < outer), height, 0.0)


# --- sky -----------------------------------------------------------------------------------------


def test_open_ground_sees_the_whole_sky():
    assert sky_and_sun.sky_view(CENTRE, world()) == (1.0, 1.0)


@pytest.mark.parametrize(("radius", "height"), [(20, 5), (20, 20), (40, 15), (60, 100)])
def test_a_round_yard(radius, height):
    """The walls stand at one angle h all around: cos² h = r² / (r² + H²)."""
    low, high = sky_and_sun.sky_view(CENTRE, world(ring(radius, radius + 8, height), cell=0.5))
    assert low == high == pytest.approx(radius**2 / (radius**2 + height**2), abs=0.01)


@pytest.mark.parametrize(("away", "height"), [(5.3, 5), (10.3, 20), (30.3, 10)])
def test_a_long_wall_on_oneside_of(away, height):
    """(1 + cos β) / 2 with tan β = H / d (Oke 1987); the wall is 500 m long, not endless."""
    found = sky_and_sun.sky_view(CENTRE, world(lambda x, y: np.where((x > away) & (x < away + 9), height, 0.0)))[1]
    assert found == pytest.approx((1 + np.cos(np.arctan(height / (away - 0.25)))) / 2, abs=0.012)


def test_a_ring_of_trees_leaves_sky_above_and_below():
    """Crowns of 10 m between 12 and 16 m: from 2.5 m at the far side to 10 m at the near one."""
    found = sky_and_sun.sky_view(CENTRE, world(crown=ring(12, 16, 10.0), cell=0.5))[1]
    hidden = 10**2 / (10**2 + 12**2) - 2.5**2 / (2.5**2 + 16**2)
    assert found == pytest.approx(1 - (1 - LEAVES) * hidden, abs=0.015)


def test_under_a_crown_one_sees_out_below_it():
    """A crown of 8 m and 5 m around: open below the angle to its lower edge, 2 m high at 5 m."""
    found = sky_and_sun.sky_view(CENTRE, world(crown=ring(0, 5, 8.0), cell=0.5))[1]
    assert found == pytest.approx(2**2 / (2**2 + 5**2) + LEAVES * 5**2 / (2**2 + 5**2), abs=0.03)


def test_trees_before_a_house_hide_only_what_it_leaves():
    both = sky_and_sun.sky_view(CENTRE, world(ring(20, 28, 30.0), ring(10, 12, 4.0)))[1]
    house = sky_and_sun.sky_view(CENTRE, world(ring(20, 28, 30.0)))[1]
    assert both == pytest.approx(house)


def test_what_is_not_known_may_be_as_high_as_the_highest():
    known = world(ring(20, 30, 20.0))
    top = known.top.copy()
    top[:, 250:] = NAN  # the whole eastern half, the wall in it too
    low, high = sky_and_sun.sky_view(CENTRE, replace(known, top=top))
    yard = 20**2 / (20**2 + 20**2)
    assert high == pytest.approx((1 + yard) / 2, abs=0.02)
    assert low < (0 + yard) / 2 + 0.05  # next door something 20 m high might stand
    assert np.isnan(sky_and_sun.sky_view(np.array([[900.0, 0.0]]), known)).all()


def test_the_eye_is_on_the_ground_of_a_slope():
    """On a plane of 1:2 the sky is what the plane leaves: 1 − mean of sin² of its height in each direction."""
    found = sky_and_sun.sky_view(CENTRE, world(ground=lambda x, y: 0.5 * x))[1]
    turn = (np.arange(3600) + 0.5) * 2 * np.pi / 3600
    rise = np.maximum(0.5 * np.cos(turn), 0.0)
    assert found == pytest.approx(1 - np.mean(rise**2 / (1 + rise**2)), abs=0.01)


SCATTERED = {"seed": st.integers(0, 10_000), "houses": st.integers(0, 6), "trees": st.integers(0, 8)}


def scattered(seed, houses, trees, size=80):
    rng = np.random.default_rng(seed)
    top, crown = np.zeros((size, size)), np.zeros((size, size))
    for count, layer, tall in ((houses, top, 25), (trees, crown, 15)):
        for _ in range(count):
            row, column = rng.integers(0, size, 2)
            layer[row : row + rng.integers(2, 14), column : column + rng.integers(2, 14)] = rng.uniform(2.5, tall)
    crown[top > 0] = 0
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    ground = rng.uniform(-0.05, 0.05) * x + np.sin(y / 9)
    parts = (ground, ground + top, ground + crown)
    points = rng.uniform(20, size - 20, (6, 2))
    return sky_and_sun.Skyline(*(part.astype(np.float32) for part in parts), 0.0, float(size), 1.0), points


@given(**SCATTERED)
def test_laws_of_the_sky(seed, houses, trees):
    """In [0, 1]; least below most; a house or a tree more never gives sky, light through crowns does."""
    skyline, points = scattered(seed, houses, trees)
    low, high = sky_and_sun.sky_view(points, skyline)
    assert ((low >= -1e-9) & (low <= high + 1e-9) & (high <= 1 + 1e-9)).all()
    raised = skyline.top.copy()
    raised[30:40, 30:40] += 12
    outside = np.array([skyline.top[int(80 - y), int(x)] == raised[int(80 - y), int(x)] for x, y in points])
    more = sky_and_sun.sky_view(points, replace(skyline, top=raised))[1]
    assert (more <= high + 1e-9)[outside].all()
    assert (sky_and_sun.sky_view(points, skyline, transmitted=0.5)[1] >= high - 1e-9).all()


@pytest.mark.parametrize("seed", range(3))
def test_sky_against_rays_thrown_at_random(seed):
    """20,000 rays a point, spread by the cosine of their zenith angle, each marched in steps of 0.1 m."""
    skyline, points = scattered(seed, 5, 6)
    rng = np.random.default_rng(seed + 100)
    turn, share = rng.uniform(0, 2 * np.pi, 20_000), rng.uniform(0, 1, 20_000)  # share = sin² of the height
    rise = np.sqrt(share / (1 - share))
    found = sky_and_sun.sky_view(points, skyline)[1]
    for point, sky in zip(points, found, strict=True):
        light = marched(skyline, point, np.sin(turn), np.cos(turn), rise, np.full(20_000, 110.0))
        assert sky == pytest.approx(light.mean(), abs=0.02)


def marched(skyline, point, east, north, rise, length, step=0.1, from_m=1.0):
    """Light that arrives along rays from the ground at a point, by brute force."""
    row, column = int(skyline.north_m - point[1]), int(point[0] - skyline.west_m)
    eye = float(skyline.ground[row, column])
    light = np.ones(len(rise))
    for away in np.arange(step / 2, length.max(), step):
        x, y = point[0] + away * east - skyline.west_m, skyline.north_m - point[1] - away * north
        inside = (x >= 0) & (y >= 0) & (x < skyline.top.shape[1]) & (y < skyline.top.shape[0]) & (away < length)
        i, j = np.where(inside, y, 0).astype(int), np.where(inside, x, 0).astype(int)
        at = eye + away * rise
        ground, crown = skyline.ground[i, j], skyline.crown[i, j]
        leafy = inside & (crown > ground) & (at < crown) & (at > ground + kernels.TRUNK_SHARE * (crown - ground))
        light = np.where(leafy, np.minimum(light, LEAVES), light)
        if away >= from_m:
            light = np.where(inside & (skyline.top[i, j] > at), 0.0, light)
    return light


# --- UMEP's definition ---------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize("trees", [False, True])
def test_sky_against_umeps_definition_in_goteborg(shared_data, trees):
    """145 patches of sky by shadow casting, as published, on UMEP's own demonstration data.

    Why they differ: it looks from cell middle to cell middle in whole cells, so a house stands up to
    half a cell further off than its cell does; its patches are 12° high; the ground in the surface
    model is rough (0.1 m), ours is the terrain's; and it begins a cell away, so that a crown right
    overhead is not there. Beside crowns, therefore.
    """
    names = ("DEM", "DSM", "CDSM")
    ground, houses, leaves = (
        rasterio.open(shared_data / "goteborg-dsm" / f"{name}_KRbig.tif").read(1).astype(np.float64) for name in names
    )
    built = houses - ground > sky_and_sun.MIN_CROWN_M
    theirs = umep.sky_view(houses, leaves if trees else np.zeros_like(leaves), transmitted=LEAVES)
    crown = np.where((leaves > 0) & ~built & trees, ground + leaves, ground)
    skyline = sky_and_sun.Skyline(
        ground.astype(np.float32), np.where(built, houses, ground).astype(np.float32), crown.astype(np.float32),
        0.0, float(len(ground)), 1.0,
    )  # fmt: skip
    open_ = ~built & ((leaves == 0) | (not trees))
    open_[:30] = open_[-30:] = False
    open_[:, :30] = open_[:, -30:] = False
    row, column = (part[::9] for part in np.nonzero(open_))
    points = np.column_stack([column + 0.5, len(ground) - row - 0.5])
    difference = sky_and_sun.sky_view(points, skyline)[1] - theirs[row, column]
    assert len(points) > 1200
    assert abs(difference.mean()) < 0.015
    assert np.sqrt(np.mean(difference**2)) < 0.025
    assert np.corrcoef(difference + theirs[row, column], theirs[row, column])[0, 1] > 0.99


# --- sun -----------------------------------------------------------------------------------------

BOUNDARY = shapely.box(724_000, 6_175_000, 724_300, 6_175_300)  # Copenhagen, three degrees east of its zone's middle
ESTATE = Estate("k", "K", BOUNDARY, rasters.METRIC)


@pytest.fixture(scope="module")
def sun():
    return sky_and_sun.sun_path(ESTATE)


def sun_by_formula(lat_deg, hours):
    """Height and azimuth of the sun at the equinox by spherical trigonometry: declination 0."""
    turn, lat = np.radians(15 * (hours - 12)), np.radians(lat_deg)
    height = np.arcsin(np.cos(lat) * np.cos(turn))
    azimuth = np.pi + np.arctan2(np.sin(turn), np.cos(turn) * np.sin(lat))
    return height, azimuth


def test_an_open_field_has_the_hours_of_the_almanac(sun):
    """Above 5°: 24 h / π · arccos(sin 5° / cos φ), to the ten minutes of the steps."""
    hours = sky_and_sun.sun_hours(CENTRE, world(), sun)
    on_paper = 24 / np.pi * np.arccos(np.sin(np.radians(5)) / np.cos(np.radians(55.68)))
    assert hours[0] == hours[1] == pytest.approx(on_paper, abs=1 / 6)


def test_the_path_is_that_of_pvlib_turned_to_the_grid(sun):
    """East of the middle of its zone the grid's north lies west of true north, by 2.9° in Copenhagen."""
    times = pd.date_range("2025-03-20 00:05", periods=144, freq="10min", tz="UTC")
    lon, lat = 12.56, 55.67
    theirs = get_solarposition(times, lat, lon)
    theirs = theirs[theirs["elevation"] > 5]
    assert len(theirs) == len(sun.hours)
    turned = (theirs["azimuth"] - np.degrees(np.arctan2(*sun.directions.T)) % 360).to_numpy()
    expected = np.degrees(np.arctan(np.tan(np.radians(lon - 9)) * np.sin(np.radians(lat))))
    assert_allclose(turned, expected, atol=0.05)
    assert_allclose(np.degrees(np.arctan(sun.rise)), theirs["elevation"], atol=0.02)
    # And by the formula of a declination of 0, from solar noon.
    height = np.degrees(np.arctan(sun.rise))
    assert height.max() == pytest.approx(90 - lat, abs=0.3)
    formula, _ = sun_by_formula(lat, 12 + (np.arange(len(height)) - np.argmax(height)) / 6)
    assert_allclose(height, np.degrees(formula), atol=1.2)


def straight_south():
    """The sun of 56° north, on a grid whose north is true."""
    hours = (np.arange(144) + 0.5) / 6
    height, azimuth = sun_by_formula(56.0, hours)
    up = height > np.radians(5)
    return sky_and_sun.Sun(
        np.column_stack([np.sin(azimuth), np.cos(azimuth)])[up], np.tan(height[up]), np.full(up.sum(), 1 / 6)
    )


@pytest.mark.parametrize(("away", "height"), [(10.0, 12.0), (20.0, 10.0), (30.0, 40.0)])
def test_a_long_wall_in_the_south_on_paper(away, height):
    """At the equinox the sun crosses a plane that is tilted by the latitude: a shadow's tip runs along a line.

    The tip of the shadow of a point of the wall's top lies H · tan φ north of it at every hour. So
    behind a long wall it is shadow all day within that distance, and sun all day beyond.
    """
    found = sky_and_sun.sun_hours(
        CENTRE, world(lambda x, y: np.where((y < -away) & (y > -away - 8), height, 0.0), size=2400), straight_south()
    )[1]
    all_day = straight_south().hours.sum()
    assert found == pytest.approx(0.0 if height * np.tan(np.radians(56)) > away + 0.25 else all_day, abs=0.35)


def test_a_wall_in_the_east_takes_the_morning():
    """The sun comes over it when tan(height) · d / sin(azimuth) reaches its top."""
    sun, away, height = straight_south(), 15.0, 20.0
    found = sky_and_sun.sun_hours(
        CENTRE, world(lambda x, y: np.where((x > away) & (x < away + 8), height, 0.0), size=1200), sun
    )[1]
    east = sun.directions[:, 0]
    over = (east <= 0) | (sun.rise * (away - 0.25) / np.maximum(east, 1e-9) > height)
    assert found == pytest.approx(sun.hours[over].sum(), abs=0.35)


def test_a_crown_lets_three_per_cent_through():
    shaded = sky_and_sun.sun_hours(CENTRE, world(crown=ring(0, 240, 12.0)), straight_south())[1]
    assert shaded == pytest.approx(LEAVES * straight_south().hours.sum(), rel=1e-6)


def test_sun_where_the_surface_ends():
    """Level ground known to 20 m: nothing above it could be as high as nothing; with a tower it could."""
    known = world(size=40)
    assert_allclose(sky_and_sun.sun_hours(CENTRE, known, straight_south())[0], straight_south().hours.sum())
    tower = known.top.copy()
    tower[0, 0] = 30.0  # in the north-west, where no sun is before the evening
    low, high = sky_and_sun.sun_hours(CENTRE, replace(known, top=tower), straight_south())
    assert high == pytest.approx(straight_south().hours.sum(), abs=0.5)
    # At 56° north the noon sun rises 0.67 a metre: over 20 m it is below 30 m, so it may be hidden all day.
    assert low == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_sun_against_brute_force(seed, sun):
    skyline, points = scattered(seed, 5, 6)
    found = sky_and_sun.sun_hours(points, skyline, sun)[1]
    for point, hours in zip(points, found, strict=True):
        light = marched(skyline, point, *sun.directions.T, sun.rise, np.full(len(sun.rise), 300.0))
        assert hours == pytest.approx((light * sun.hours).sum(), abs=0.75)


# --- the view ------------------------------------------------------------------------------------


def test_level_ground_without_trees_is_the_plan_exactly():
    house = Occluders.from_geometries([shapely.box(10, -5, 22, 9)], [])
    assert sky_and_sun.seen_share(CENTRE, world(), house, 100.0) == (1.0, 1.0)


@pytest.mark.parametrize("seed", range(4))
def test_tall_walls_in_the_raster_against_the_exact_view_of_their_outlines(seed):
    """Houses of 20 m on level ground, whole cells of 0.5 m: the plan's visible area to 2 % of the disc."""
    rng = np.random.default_rng(seed)
    boxes = [
        shapely.box(x, y, x + w, y + d)
        for x, y, w, d in np.column_stack([rng.integers(-60, 50, (7, 2)), rng.integers(4, 20, (7, 2))]).tolist()
        if not shapely.box(x, y, x + w, y + d).intersects(shapely.Point(0, 0).buffer(12))
    ]
    houses = shapely.union_all(boxes)
    skyline = world(lambda x, y: np.where(shapely.contains_xy(houses, x, y), 20.0, 0.0), cell=0.5)
    points = rng.uniform(-8, 8, (8, 2))
    nothing = Occluders.from_geometries([], [])
    directions, reaches = reaches_m(points, nothing, 60.0, rays=sky_and_sun.VIEW_DIRECTIONS)
    least, most = np.empty(8), np.empty(8)
    grid = (skyline.ground, skyline.top, skyline.crown, skyline.west_m, skyline.north_m, skyline.cell_m)
    kernels.look_about(points, grid, directions, reaches, sky_and_sun.EYE_M, LEAVES, least, most)
    walls = Occluders.from_geometries(list(shapely.get_parts(houses)), [])
    assert_array_equal(least, most)
    assert_allclose(most, visible_area(points, walls, 60.0) / (np.pi * 60**2), atol=0.02)


def test_how_far_one_sees_is_the_outline_of_the_visible_area():
    house = Occluders.from_geometries([shapely.box(10, -5, 22, 9), shapely.box(-30, -30, -20, 30)], [])
    points = np.array([[0.3, 0.4], [5.0, 20.0], [-10.0, -3.0]])
    directions, reaches = reaches_m(points, house, 50.0, rays=20_000)
    assert_allclose(np.pi * (reaches**2).mean(axis=1), visible_area(points, house, 50.0), rtol=1e-3)
    assert_allclose(np.hypot(*directions.T), 1.0)
    # Due east of the first point, to the wall at x = 10, by the ray nearest to it.
    east = np.argmax(directions[:, 0])
    assert reaches[0, east] == pytest.approx(9.7, abs=1e-4)


def test_a_bank_hides_what_lies_behind_it():
    """A bank of 4 m from 20 to 24 m: on it one is seen, behind it not, as far as the view goes."""
    found = sky_and_sun.seen_share(CENTRE, world(ground=ring(20, 24, 4.0)), Occluders.from_geometries([], []), 50.0)
    assert found[0] == found[1] == pytest.approx(24**2 / 50**2, abs=0.02)


def test_over_a_low_bank_one_sees():
    found = sky_and_sun.seen_share(CENTRE, world(ground=ring(20, 24, 1.0)), Occluders.from_geometries([], []), 50.0)
    assert found[0] == pytest.approx(1.0, abs=0.01)


CROWNS = {
    # height of a ring of trees from 20 to 24 m: share of what lies in and behind it that is seen
    "shrubs of 3 m close the view": (3.0, LEAVES),
    "under crowns of 8 m one sees out": (8.0, 1.0),
}


@pytest.mark.parametrize(("height", "through"), CROWNS.values(), ids=CROWNS)
def test_trees_in_the_view(height, through):
    found = sky_and_sun.seen_share(CENTRE, world(crown=ring(20, 24, height)), Occluders.from_geometries([], []), 50.0)
    hidden = 1 - 20.3**2 / 50**2  # all from the first crowns on
    assert found[1] == pytest.approx(1 - hidden * (1 - through), abs=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_the_view_against_brute_force(seed):
    """Every cell around a point: is the line to a person there free, in steps of 0.1 m?"""
    skyline, points = scattered(seed, 0, 7)
    found = sky_and_sun.seen_share(points, skyline, Occluders.from_geometries([], []), 18.0)[1]
    x, y = np.meshgrid(np.arange(80) + 0.5, 80 - np.arange(80) - 0.5)
    for point, share in zip(points, found, strict=True):
        vector = np.stack([x - point[0], y - point[1]])
        away = np.hypot(*vector)
        near = (away < 18) & (away > 0.5)
        eye = float(skyline.ground[int(80 - point[1]), int(point[0])])
        rise = (skyline.ground[near] - eye) / away[near]
        lifted = replace(
            skyline,
            ground=skyline.ground - 1.5, top=skyline.ground - 1.5, crown=skyline.crown - 1.5,
        )  # fmt: skip
        # Eyes and people 1.5 m up: the same as all else 1.5 m down, with crowns as high above their ground.
        light = marched_view(lifted, point, eye, vector[:, near] / away[near], rise, away[near])
        assert share == pytest.approx(light.mean(), abs=0.03)


def marched_view(skyline, point, eye, direction, rise, length, step=0.1):
    light = np.ones(len(rise))
    for away in np.arange(step / 2, length.max(), step):
        column, row = point[0] + away * direction[0], 80 - point[1] - away * direction[1]
        before = away < length - 0.5
        i, j = row.astype(int).clip(0, 79), column.astype(int).clip(0, 79)
        at, ground, crown = eye + away * rise, skyline.ground[i, j], skyline.crown[i, j]
        leafy = (crown > ground) & (at < crown) & (at > ground + kernels.TRUNK_SHARE * (crown - ground))
        light = np.where(before & leafy, np.minimum(light, LEAVES), light)
        light = np.where(before & (away > 1) & (ground > at), 0.0, light)
    return light


def test_where_the_surface_ends_the_view_may_be_anything():
    known = world(size=40)  # to 20 m
    low, high = sky_and_sun.seen_share(CENTRE, known, Occluders.from_geometries([], []), 40.0)
    assert high == pytest.approx(1.0) and low == pytest.approx(20**2 * 4 / (np.pi * 40**2), abs=0.02)


# --- telling things apart ------------------------------------------------------------------------

HOUSE = np.array([shapely.box(-10, -10, 10, 5)], dtype=object)


def town(base):
    """A house of 9 m, its eaves half a metre out; a tree of 7 m; a car; on the ground given."""
    at = np.arange(-100, 100) + 0.5
    x, y = np.meshgrid(at, -at)
    ground = base(x, y)
    things = np.where(shapely.contains_xy(shapely.box(-11, -11, 11, 6), x, y), 9.0, 0.0)
    things += np.where(np.hypot(x - 40, y) < 4, 7.0, 0.0) + np.where((abs(x + 40) < 2) & (abs(y) < 1), 1.6, 0.0)
    return rasters.raster(ground, -100, 100), rasters.raster(ground + things, -100, 100)


@pytest.mark.parametrize("with_terrain", [True, False])
def test_ground_houses_and_trees_are_told_apart(with_terrain):
    ground, heights = town(lambda x, y: 30 + 0.04 * x - 0.02 * y)
    found = sky_and_sun.skyline(heights, ground if with_terrain else None, HOUSE)
    inner = slice(20, -20)  # an opened plane is exact but at the edge and on the lower side of a house
    assert_allclose(found.ground[inner, inner], ground.heights_m[inner, inner], atol=1e-3 if with_terrain else 0.5)
    assert_allclose((found.top - found.ground).max(), 9.0, atol=0.1)
    assert (found.top > found.ground + 1).sum() == 20 * 15
    tree = found.crown > found.ground
    assert tree.sum() == (heights.heights_m - ground.heights_m > 6.5).sum() - 22 * 17
    assert found.highest_m == pytest.approx(float(heights.heights_m.max()), abs=0.6)


def test_terrain_on_another_grid():
    ground, heights = town(lambda x, y: 30 + 0.04 * x)
    coarse = rasters.plane(0.04, 0.0, size=125, cell=2.0, base=30.0)
    found = sky_and_sun.skyline(heights, coarse, HOUSE)
    assert_allclose(found.ground, ground.heights_m, atol=1e-4)


def test_terrain_whose_cells_are_the_surfaces_but_not_its_area():
    ground, heights = town(lambda x, y: 30 + 0.04 * x)
    part = replace(ground, heights_m=ground.heights_m[:120, 50:], west_m=-50.0)
    found = sky_and_sun.skyline(heights, part, HOUSE)
    assert_array_equal(found.ground[:120, 50:], ground.heights_m[:120, 50:])
    assert np.isfinite(found.ground).all()  # beyond it, the surface is opened


def test_what_the_surface_does_not_show_is_unknown():
    ground, heights = town(lambda x, y: 0 * x)
    heights.heights_m[:, 150:] = NAN
    found = sky_and_sun.skyline(heights, ground, NOBODY)
    assert np.isnan(found.top[:, 150:]).all() and np.isfinite(found.ground).all()
