"""A result depends on the estate: not on how far the extract goes, its order, or where on earth it lies."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from shapely.affinity import translate

import spatial
from spatial.osm import reader as osm_reader
from spatial.places.dividing import CELL_M
from spatial.scoring import scores as scoring_scores

# Whole cells of the grid of the world on which wide lawns are divided.
SHIFT_M = (176 * CELL_M, -97 * CELL_M)


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
def reference(demo_data, demo_estate):
    return scores(spatial.analyse(demo_estate, osm=demo_data / "reitbahnviertel.osm.pbf"))


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


def moved(features):
    shapes = np.empty(len(features), dtype=object)
    shapes[:] = [translate(shape, *SHIFT_M) for shape in features.geometry]
    return replace(features, geometry=shapes)


def test_the_order_in_the_extract_changes_nothing(raw, demo_estate, reference):
    parts = {name: mixed(getattr(raw, name), seed) for seed, name in enumerate(("points", "lines", "areas"))}
    for a, b in zip(reference, scores(spatial.analyse(demo_estate, osm=replace(raw, **parts))), strict=True):
        pd.testing.assert_frame_equal(a, b, rtol=0, atol=1e-9)


def test_the_position_on_the_map_changes_nothing(raw, demo_estate, reference):
    parts = {name: moved(getattr(raw, name)) for name in ("points", "lines", "areas")}
    there = replace(raw, extent=translate(raw.extent, *SHIFT_M), **parts)
    estate = replace(demo_estate, boundary=translate(demo_estate.boundary, *SHIFT_M))
    for a, b in zip(reference, scores(spatial.analyse(estate, osm=there)), strict=True):
        b = b.set_axis(a.index)  # rooms are named by where they lie
        drawn = ["rank_p05", "rank_p95", "top10_share", "tier"]
        pd.testing.assert_frame_equal(a.drop(columns=drawn), b.drop(columns=drawn), rtol=0, atol=1e-6)
        # What is drawn is drawn by names, and rooms are named by where they lie: other draws of the same.
        pd.testing.assert_frame_equal(a[drawn[:2]], b[drawn[:2]], rtol=0, atol=2)
        pd.testing.assert_frame_equal(a[drawn[2:3]], b[drawn[2:3]], rtol=0, atol=0.06)
        assert (a["tier"] - b["tier"]).abs().max() <= 1 and (a["tier"] == b["tier"])[a["tier"].notna()].mean() > 0.8
