"""A result depends on the estate: not on how far the extract goes, its order, or where on earth it lies."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from shapely.affinity import rotate, translate

import spatial
from spatial.osm import reader as osm_reader
from spatial.places.dividing import CELL_M
from spatial.scoring import scores as scoring_scores

# By whole cells of the grid of the world, on which fields whose end nobody sees are divided.
SHIFT_M, TURNED = (176 * CELL_M, -97 * CELL_M), 37.0


def scores(result):
    return [
        table[scoring_scores.SCORE_COLUMNS + scoring_scores.RANK_COLUMNS].astype(float)
        for table in (result.places, result.meeting_spaces)
    ]


@pytest.mark.shared
def test_more_reach_changes_no_score(shared_data, demo_data):
    """The whole city is in the extract; 1,600 m beyond the margin hold all that bears on the places.

    More of the town lets the unknown be estimated otherwise, by which the bounds of a rank may move by a place.
    """
    near, far = (
        scores(
            spatial.analyse(
                spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson", reach_m=reach_m),
                osm=shared_data / "neubrandenburg" / "neubrandenburg.osm.pbf",
            )
        )
        for reach_m in (1600.0, 3000.0)
    )
    for a, b in zip(near, far, strict=True):
        assert len(a) >= 20
        bounds = ["rank_p05", "rank_p95"]
        pd.testing.assert_frame_equal(a.drop(columns=bounds), b.drop(columns=bounds), rtol=0, atol=0.01)
        pd.testing.assert_frame_equal(a[bounds], b[bounds], rtol=0, atol=1.0)
        pd.testing.assert_series_equal(a["rank"], b["rank"])


@pytest.fixture(scope="module")
def demo_estate(demo_data):
    return spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")


@pytest.fixture(scope="module")
def raw(demo_data, demo_estate):
    return osm_reader.read_around(demo_data / "reitbahnviertel.osm.pbf", demo_estate)


@pytest.fixture(scope="module")
def reference(demo_result):
    return scores(demo_result)


def mixed(features, seed):
    """The same features in another order."""
    order = np.random.default_rng(seed).permutation(len(features))
    nodes = features.node_ids
    if nodes is not None:
        sizes = [len(shape.coords) for shape in features.geometry]
        rows = np.split(nodes, np.cumsum(sizes)[:-1])
        nodes = np.concatenate([rows[i] for i in order])
    return replace(
        features,
        ids=features.ids[order],
        tags=[features.tags[i] for i in order],
        geometry=features.geometry[order],
        node_ids=nodes,
    )


def carried(shape, estate, degrees):
    return translate(rotate(shape, degrees, origin=estate.boundary.centroid), *SHIFT_M)


def test_the_order_in_the_extract_changes_nothing(raw, demo_estate, reference):
    parts = {name: mixed(getattr(raw, name), seed) for seed, name in enumerate(("points", "lines", "areas"))}
    for a, b in zip(reference, scores(spatial.analyse(demo_estate, osm=replace(raw, **parts))), strict=True):
        pd.testing.assert_frame_equal(a, b, rtol=0, atol=1e-9)


def carried_away(features, estate, degrees):
    shapes = np.empty(len(features), dtype=object)
    shapes[:] = [carried(shape, estate, degrees) for shape in features.geometry]
    return replace(features, geometry=shapes)


def alike(one, other, degrees):
    """Moved, scores are the same; turned, they agree to .02, and an aspect alone to .04 (cells of wide lawns)."""
    if not degrees:
        pd.testing.assert_frame_equal(one, other, rtol=0, atol=1e-6)
    floating = [column for column in one if column.startswith("floating")]
    pd.testing.assert_frame_equal(one[floating], other[floating], rtol=0, atol=0.02)
    pd.testing.assert_frame_equal(one, other, rtol=0, atol=0.04)


@pytest.mark.parametrize("degrees", [0.0, TURNED])
def test_neither_position_nor_turn_of_the_town_changes_a_score(raw, demo_estate, demo_result, degrees):
    """Ground whose end nobody sees, with no home near, is divided on a grid of the world: it is another there."""
    parts = {name: carried_away(getattr(raw, name), demo_estate, degrees) for name in ("points", "lines", "areas")}
    there = replace(raw, extent=carried(raw.extent, demo_estate, degrees), **parts)
    again = spatial.analyse(
        replace(demo_estate, boundary=carried(demo_estate.boundary, demo_estate, degrees)), osm=there
    )
    columns = scoring_scores.SCORE_COLUMNS
    one, other = demo_result.places, again.places
    assert len(one) >= 20 and one.index.equals(other.index)
    alike(one[columns].astype(float), other[columns].astype(float), degrees)
    # Rooms are named by where they lie: each is found by what stands in it.
    spaces, there = demo_result.meeting_spaces[columns], again.meeting_spaces[columns]
    pairs = pd.concat([one["space_id"], other["space_id"]], axis=1).drop_duplicates()
    found = spaces.loc[pairs.iloc[:, 0]].astype(float), there.loc[pairs.iloc[:, 1]].astype(float)
    alike(found[0], found[1].set_axis(found[0].index), degrees)
