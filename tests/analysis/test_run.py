"""A miniature estate through the whole way, every number computed on paper.

A lit asphalt path runs along y = 0. Homes stand at x = 0 (10 flats) and x = 300 (30 flats), both in
the estate, and at x = 600 (20 flats) outside it; their doors are 10 m from the path. A playground,
a diamond whose lowest corner is (100, 5), and a bench at (110, 3) lie between them.
"""

from __future__ import annotations

import json
from math import exp, sqrt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

import spatial
from spatial.core.model import ASPECTS, FLOATING, GATE
from spatial.scoring import explanation
from tests import osm_xml

PLAYGROUND, BENCH = "osm:way/20", "osm:node/30"
# The room by the cell of 10 m of the world in which its middle lies: 90 to 100 m east, 10 to 20 m north of the centre.
ROOM = "space:room:71109-617303"
HOMES = {10: (0, 10), 11: (300, 30), 12: (600, 20)}
# Door to path 10 m, along the path, path to the diamond's corner 5 m.
WALKS = {0: 10 + 100 + 5, 300: 10 + 200 + 5, 600: 10 + 500 + 5}


def miniature(path: Path, *, junctions: bool = False, **playground: str) -> Path:
    """Write the estate; with junctions, ways branch off at x = -1000 and x = 1500."""
    nodes: dict[int, osm_xml.Node] = {1: (-2300, 0), 2: (2800, 0)}
    ways: dict[int, osm_xml.Way] = {1: ((1, 2), {"highway": "footway", "lit": "yes", "surface": "asphalt"})}
    if junctions:
        nodes |= {3: (-1000, 0), 4: (1500, 0), 5: (-1000, -50), 6: (1500, -50)}
        ways = {1: ((1, 3, 4, 2), ways[1][1]), 2: ((3, 5), ways[1][1]), 3: ((4, 6), ways[1][1])}
    for way, (x, flats) in HOMES.items():
        corners = [(x - 10, 10), (x, 10), (x + 10, 10), (x + 10, 20), (x - 10, 20)]
        ids = [way * 100 + i for i in range(len(corners))]
        nodes |= dict(zip(ids, corners, strict=True)) | {ids[1]: (x, 10, {"entrance": "yes"})}
        ways[way] = ((*ids, ids[0]), {"building": "apartments", "building:flats": str(flats)})
    diamond = [(100, 5), (107, 12), (100, 19), (93, 12)]
    ids = [2000 + i for i in range(4)]
    nodes |= dict(zip(ids, diamond, strict=True))
    ways[20] = ((*ids, ids[0]), {"leisure": "playground", "access": "yes", "fee": "no"} | playground)
    nodes[30] = (110, 3, {"amenity": "bench"})
    return osm_xml.write(path, nodes, ways, bounds=(-2300, -2300, 2800, 2300))


def boundary(path: Path) -> Path:
    x, y = osm_xml.CENTRE_M
    shape = shapely.box(x - 50, y - 100, x + 350, y + 100)
    gpd.GeoDataFrame({"name": ["Mini"]}, geometry=[shape], crs=osm_xml.METRIC).to_file(path)
    return path


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> spatial.Estate:
    return spatial.Estate.from_file(boundary(tmp_path_factory.mktemp("estate") / "mini.gpkg"))


@pytest.fixture(scope="module")
def result(estate: spatial.Estate, tmp_path_factory: pytest.TempPathFactory) -> spatial.Analysis:
    return spatial.analyse(estate, osm=miniature(tmp_path_factory.mktemp("osm") / "mini.osm"))


def fact(result: spatial.Analysis, place: str, indicator: str) -> pd.Series:
    rows = result.evidence.query("place_id == @place and indicator == @indicator")
    assert len(rows) == 1
    return rows.iloc[0]


DECAY_IN = 10 * exp(-1.15) + 30 * exp(-2.15)
DECAY_OUT = 20 * exp(-5.15)
# What a walk is worth falls by e for every 200 m.
HOMES_NEAR = sum(flats * exp(-WALKS[x] / 200) for x, flats in HOMES.values())
ON_PAPER = {
    "nearest_walk": 215,  # 10 flats at 115 m, 30 at 215 m: the middle flat is at 215 m
    "dwellings_5min": 40,  # the 20 at 515 m are further than 400 m
    "dwellings_decay": DECAY_IN + DECAY_OUT,
    "homes_near": HOMES_NEAR,
    "homes_step_free": HOMES_NEAR,
    "homes_uncrossed": HOMES_NEAR,
    "detour": 215 / sqrt(193**2 + 2**2),  # from (300, 10) to the corner (107, 12)
    "step_free": 1,
    "lit_share": 1,  # all of the path is tagged; the legs are unknown
    "severance": 0,
    "legal_access": 1,
    "ways_in": 2,  # from the west and from the east
    "neutral_activity": 0.9,
    "can_watch": 2,  # one seat and one open edge for one activity
    "activities_here": 1,
    "seats_here": 0,  # the bench is beside it, in the same room
}


@pytest.mark.parametrize(("indicator", "expected"), ON_PAPER.items())
def test_playground_on_paper(result, indicator, expected):
    # OpenStreetMap keeps positions to a centimetre.
    assert fact(result, PLAYGROUND, indicator)["value"] == pytest.approx(expected, rel=5e-4)


def test_bounds_on_paper(result):
    # Lit metres of the walks, by dwellings: (10·100 + 30·200) / (10·115 + 30·215) at the least.
    assert fact(result, PLAYGROUND, "lit_share")["low"] == pytest.approx(7000 / 7600, rel=5e-4)
    commitment = fact(result, PLAYGROUND, "low_commitment")
    # No fee, open to all, nobody books a playground; whether it is staffed is not tagged.
    assert (commitment["low"], commitment["high"]) == (0.75, 1.0)
    assert commitment["evidence"] == "unknown"
    assert np.isnan(commitment["value"])


def test_missing_has_its_reason(result):
    stop = fact(result, PLAYGROUND, "transit_near")
    assert np.isnan(stop["value"])
    assert (stop["rule"], stop["low"], stop["high"]) == ("no_stop_within_1600_m", 1600, 1600)
    assert fact(result, PLAYGROUND, "open_hours")["rule"] == "no_opening_hours"


def test_one_room_of_two_places(result):
    assert result.places["space_id"].to_dict() == {BENCH: ROOM, PLAYGROUND: ROOM}
    assert result.meeting_spaces.index.tolist() == [ROOM]
    room = result.meeting_spaces.loc[ROOM]
    assert (room["kinds"], room["place_count"]) == ("playground;bench", 2)
    # One comes for the playground: its tag says who may be there, and it decides how neutral the room is.
    assert fact(result, ROOM, "legal_access")[["value", "evidence"]].tolist() == [1.0, "observed"]
    assert fact(result, ROOM, "neutral_activity")["value"] == pytest.approx(0.9)


def test_scores_are_the_rubric_applied_to_the_evidence(result):
    """Again from the tables, in plain Python: value functions, weighted means, geometric mean, conditions."""
    rules, weights = result.rubric.rules, result.rubric.aspect_weights
    for place, scores in pd.concat([result.places, result.meeting_spaces]).iterrows():
        facts = result.evidence[result.evidence["place_id"] == place].set_index("indicator")
        product = 1.0
        for aspect in (*ASPECTS, GATE):
            used = [rule for rule in rules.values() if rule.aspect == aspect]
            total = 0.0
            for rule in used:
                xs, ys = zip(*rule.points, strict=True)
                value, low, high = facts.loc[rule.indicator, ["value", "low", "high"]].astype(float)
                ends = [rule.plausible[0] if np.isnan(low) else low, rule.plausible[1] if np.isnan(high) else high]
                inside = [*ends, *(x for x in xs if ends[0] < x < ends[1])]
                judged = [float(np.interp(x, xs, ys)) for x in inside]
                best = (min(judged) + max(judged)) / 2 if np.isnan(value) else float(np.interp(value, xs, ys))
                total += rule.weight * best
                product *= best if aspect == GATE else 1.0
            if aspect != GATE:
                mean = total / sum(rule.weight for rule in used)
                assert scores[aspect] == pytest.approx(mean, abs=1e-12)
                product *= mean ** (weights[aspect] / sum(weights.values()))
        assert scores[FLOATING] == pytest.approx(product, abs=1e-12)


def test_explain_adds_up(result):
    for place in [*result.places.index, *result.meeting_spaces.index]:
        found = explanation.explain_place(result.evidence, result.rubric, place)
        table = result.places if place in result.places.index else result.meeting_spaces
        assert found.gate * np.prod([aspect.factor for aspect in found.aspects]) == pytest.approx(
            table.loc[place, FLOATING], abs=1e-9
        )
        for aspect in found.aspects:
            total = sum(part.contribution for part in aspect.parts)
            assert total == pytest.approx(table.loc[place, aspect.aspect], abs=1e-9)


@pytest.mark.parametrize("lang", ["da", "en"])
def test_explain_in_words(result, lang):
    text = result.explain(PLAYGROUND, lang=lang)
    assert {"da": "17,4", "en": "17.4"}[lang] in text  # homes near, on paper above
    assert {"da": "Vægt 0,200", "en": "Weight 0.200"}[lang] in text
    assert "nan" not in text


def test_explain_suggests_the_nearest_id(result):
    with pytest.raises(spatial.InputError, match=r"osm:way/21: found no such place.*osm:way/20"):
        result.explain("osm:way/21")


def test_a_private_playground_falls_and_says_why(estate, result, tmp_path):
    shut = spatial.analyse(estate, osm=miniature(tmp_path / "shut.osm", access="private"))
    assert fact(shut, PLAYGROUND, "legal_access")[["value", "rule"]].tolist() == [0.0, "tag_access"]
    assert shut.places.loc[PLAYGROUND, FLOATING] == 0 < result.places.loc[PLAYGROUND, FLOATING]


def test_almen_ground_is_open_by_a_named_rule(estate, tmp_path):
    almen = spatial.Estate(**vars(estate) | {"tenure": "almen"})
    found = spatial.analyse(almen, osm=miniature(tmp_path / "mini.osm", access="unknown"))
    access = fact(found, PLAYGROUND, "legal_access")
    assert access[["value", "low", "evidence", "rule"]].tolist() == [0.95, 0.8, "assumed by rule", "almen_ground"]


def test_saved_and_loaded_is_the_same(result, tmp_path):
    spatial.save(result, tmp_path / "run")
    loaded = spatial.load(tmp_path / "run")
    pd.testing.assert_frame_equal(loaded.evidence, result.evidence, check_dtype=False)
    shared = [c for c in result.places.columns if c != "geometry"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(loaded.places[shared]), pd.DataFrame(result.places[shared]), check_dtype=False
    )
    assert loaded.rubric == result.rubric
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sources"][0]["licence"] == "ODbL 1.0"
    assert manifest["seed"] == result.manifest["seed"]


def test_same_numbers_wherever_the_extract_ends_beyond_the_reach(estate, result, tmp_path):
    less = spatial.Estate(**vars(estate) | {"reach_m": 1200.0})
    found = spatial.analyse(less, osm=miniature(tmp_path / "mini.osm"))
    scores = [FLOATING, *ASPECTS]
    assert np.abs(found.places[scores].to_numpy() - result.places[scores].to_numpy()).max() <= 0.01


def test_an_estate_in_degrees_is_refused(estate, tmp_path):
    lost = spatial.Estate(**vars(estate) | {"crs": CRS.from_epsg(4326)})
    with pytest.raises(spatial.CRSError, match="estate Mini: found WGS 84; needed a projected CRS in metres"):
        spatial.analyse(lost, osm=miniature(tmp_path / "mini.osm"))


def test_other_weights_score_as_a_rubric_with_these_weights_does(result, estate, tmp_path):
    from spatial.settings.loading import DEFAULTS

    text = (DEFAULTS / "rubric.toml").read_text(encoding="utf-8")
    text = text.replace("\nneutrality = 0.10", "\nneutrality = 0.30", 1)
    head, _, tail = text.partition("[indicator.ages_here]")
    other = tmp_path / "rubric.toml"
    other.write_text(head + "[indicator.ages_here]" + tail.replace("weight = 0.5", "weight = 2.5", 1), encoding="utf-8")
    whole = spatial.analyse(estate, osm=miniature(tmp_path / "mini.osm"), rubric=other)
    quick = result.rescore(aspects={"neutrality": 0.3}, indicators={"ages_here": 2.5})
    assert quick.rubric == whole.rubric and quick.manifest["rubric"] == whole.manifest["rubric"]
    for mine, theirs in ((quick.places, whole.places), (quick.meeting_spaces, whole.meeting_spaces)):
        pd.testing.assert_frame_equal(pd.DataFrame(mine), pd.DataFrame(theirs), check_dtype=False)
    assert not quick.places["floating"].equals(result.places["floating"])
    bare = result.rescore(aspects={"neutrality": 0.3}, indicators={"ages_here": 2.5}, ranges=False).places
    assert bare["floating"].equals(quick.places["floating"]) and bare["rank"].equals(quick.places["rank"])
    assert bare[["rank_p05", "rank_p95", "top10_share"]].isna().all().all()


def test_field_checks_name_what_is_missing(result, tmp_path):
    checks = result.field_checks.set_index(["object_id", "fact"])
    # Fee and access of the playground are tagged, and nobody books one; the ways' surface is.
    assert {name for place, name in checks.index if place == PLAYGROUND} == {"hours", "staffed", "programme", "fence"}
    assert {name for place, name in checks.index if place == BENCH} == {"access", "hours"}
    assert {name for place, name in checks.index if place == ROOM} == {"rests", "seats", "way_light"}
    spatial.save(result, tmp_path / "out", lang="en")
    written = pd.read_csv(tmp_path / "out" / "field_checks.csv").set_index("order")
    assert written["fact"].tolist() == result.field_checks["fact"].tolist()
    assert written["why"].str.contains("We do not know this").all() and written["question"].str.endswith("?").all()
    again = spatial.load(tmp_path / "out").field_checks
    pd.testing.assert_frame_equal(again, result.field_checks)


def test_where_a_volunteer_could_stand(result, tmp_path):
    """The one room: 40 flats of the estate within 400 m along asphalt without steps."""
    found = result.siting()
    assert found["space_ids"].tolist() == [ROOM] and found["k"].tolist() == [1]
    assert found[["dwellings", "dwellings_known", "share"]].iloc[0].tolist() == [40, 40, 1]
    assert found["value"].iloc[0] == pytest.approx(40 * result.meeting_spaces.loc[ROOM, "floating"])
    spatial.save(result, tmp_path / "out")
    pd.testing.assert_frame_equal(spatial.load(tmp_path / "out").siting(), found)
