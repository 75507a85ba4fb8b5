"""Resident lenses: walks and costs on paper, and the whole result seen by one of them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import spatial
from spatial.core.errors import ConfigError, InputError
from spatial.indicators.registry import from_rows
from spatial.network import attachment
from spatial.network import graph as network_graph
from spatial.scoring import explanation, lenses
from spatial.scoring.combining import indicator_weights
from spatial.settings import lenses as settings_lenses
from spatial.settings.lenses import Lens
from tests import tables
from tests.analysis.test_run import BENCH, PLAYGROUND, ROOM, boundary, miniature
from tests.network.test_distances import NAN, shapes

FIRM = {"surface": "asphalt"}
# A short way of 100 m from (0, 0) to (100, 0), and a way round it of 200 m, firm and lit.
AT = {1: (0, 0), 2: (100, 0), 3: (0, 50), 4: (100, 50), 5: (-40, 0), 6: (140, 0)}
ROUND = ((1, 3, 4, 2), FIRM | {"lit": "yes"})
ENDS = [((5, 1), FIRM | {"lit": "yes"}), ((2, 6), FIRM | {"lit": "yes"})]


def walk(lens: Lens, short: dict, nodes=None, *, best: bool) -> float:
    """Metres that the walk from (-20, 0) to (120, 0) counts as: 20 + the short way or the way round + 20."""
    ways = [((1, 2), short), ROUND, *ENDS]
    graph = network_graph.build_network(tables.paths(AT, ways), tables.path_nodes(AT, nodes or {}))
    here, there, stop = (attachment.attach(graph, shapes(at), within_m=0.0) for at in ((-20, 0), (120, 0), (130, 0)))
    inputs = SimpleNamespace(network=graph, entries=here, doors=there, stop_entries=stop)
    found = lenses.walk_through_lens(lens, lenses.ways_of_network(graph, tables.paths(AT, ways)), inputs, best=best)
    assert_allclose(found.stop_m, found.distance_m[:, 0] + 10)
    return float(found.distance_m[0, 0])


def lens(**more) -> Lens:
    crossing_m = more.pop("crossing_m", 0.0)
    return Lens("x", 1.33, "", {k: settings_lenses.BARRED if v == "no" else v for k, v in more.items()}, crossing_m)


WALKS = {
    # name: lens, the short way, metres at best and at worst
    "nothing costs": (lens(), {}, 140, 140),
    "steps are not taken": (lens(steps="no"), FIRM | {"steps": True}, 240, 240),
    "steps count one and a half times": (lens(steps=1.5), FIRM | {"steps": True}, 190, 190),
    "steps at three times: the way round": (lens(steps=3.0), FIRM | {"steps": True}, 240, 240),
    "loose ground": (lens(loose=1.2), {"surface": "gravel"}, 160, 160),
    "unknown ground is both": (lens(loose="no"), {}, 140, 240),
    "unknown ground at a price": (lens(loose=1.2), {}, 140, 160),
    "tagged as passable for wheelchairs": (lens(loose="no"), {"surface": "gravel", "wheelchair": "yes"}, 140, 140),
    "tagged as impassable": (lens(loose="no"), FIRM | {"wheelchair": "no"}, 240, 240),
    "narrow": (lens(narrow="no"), FIRM | {"width_m": 1.0}, 240, 240),
    "steep": (lens(steep="no"), FIRM | {"incline": 0.08}, 240, 240),
    "unlit": (lens(unlit=1.4), FIRM | {"lit": "no"}, 180, 180),
    "light unknown": (lens(unlit=1.4), FIRM, 140, 180),
    "the dearest property counts": (lens(unlit=1.4, loose=1.2), {"surface": "gravel", "lit": "no"}, 180, 180),
}


@pytest.mark.parametrize(("seen", "short", "best", "worst"), WALKS.values(), ids=WALKS)
def test_walks_on_paper(seen, short, best, worst):
    assert walk(seen, short, best=True) == pytest.approx(best)
    assert walk(seen, short, best=False) == pytest.approx(worst)


def test_a_raised_kerb_bars_its_node():
    at_kerb = {1: {"kerb": "raised"}}
    assert walk(lens(), FIRM, at_kerb, best=True) == pytest.approx(140)
    assert np.isnan(walk(lens(kerb="no"), FIRM, at_kerb, best=True))


def test_half_of_a_crossing_is_paid_on_eachside_of():
    at = {1: (0, 0), 2: (50, 0), 3: (100, 0), 4: (50, 90), 5: (50, -90)}
    ways = [(1, 2), (2, 3), ((4, 2, 5), {"major": True, "highway": "primary", "way_class": "major"})]
    expected = {False: [50 + 30, 50 + 30, 90, 90], True: [50, 50, 90, 90]}
    for marked, metres in expected.items():
        graph = network_graph.build_network(tables.paths(at, ways), tables.path_nodes(at, {2: {"crossing": marked}}))
        found, usable = lenses.lengths_through_lens(
            graph, lenses.ways_of_network(graph, tables.paths(at, ways)), lens(crossing_m=60.0), best=True
        )
        assert sorted(found) == pytest.approx(sorted(metres)) and usable.all()


def test_best_and_worst_walks_make_a_range():
    best = from_rows([(100.0, 100.0, 100.0, "derived", "a"), (50.0, 50.0, 50.0, "derived", "a")])
    worst = from_rows([(101.0, 101.0, 101.0, "derived", "a"), (80.0, 80.0, 80.0, "derived", "a")])
    tables.check(
        lenses.between_bounds(best, worst),
        (100.5, 100, 101, "derived", "a"), (NAN, 50, 80, "unknown", "best_and_worst_way_differ"),
    )  # fmt: skip
    nowhere = from_rows([(NAN, NAN, NAN, "unknown", "no_way_reaches_it")] * 2)
    tables.check(lenses.between_bounds(nowhere, nowhere), *[(NAN, NAN, NAN, "unknown", "no_way_reaches_it")] * 2)
    # What one of them leaves open stays open.
    tables.check(lenses.between_bounds(best, nowhere), *[(NAN, NAN, NAN, "unknown", "best_and_worst_way_differ")] * 2)


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    return spatial.Estate.from_file(boundary(tmp_path_factory.mktemp("estate") / "mini.gpkg"))


@pytest.fixture(scope="module")
def osm(tmp_path_factory):
    return miniature(tmp_path_factory.mktemp("osm") / "mini.osm")


@pytest.fixture(scope="module")
def result(estate, osm):
    return spatial.analyse(estate, osm=osm)


def through(result, name):
    return settings_lenses.named(result.lenses, name)


def test_the_adult_lens_is_the_ordinary_result(result):
    adult = through(result, "adult")
    for mine, ordinary in ((adult.places, result.places), (adult.meeting_spaces, result.meeting_spaces)):
        same = pd.DataFrame(ordinary)[mine.columns]
        pd.testing.assert_frame_equal(mine, same, rtol=1e-12, check_dtype=False, check_names=False)


@pytest.mark.parametrize(
    ("name", "walk_m", "homes"),
    [
        # Homes at 115 m (10 flats), 215 m (30) and 515 m (20): told in metres of an adult at 1.33 m/s.
        ("adult", 215, 40),
        ("older", 215 * 1.33 / 0.9, 40),  # 317.7
        ("rollator", 215 * 1.33 / 0.76, 40),  # 376.3
        ("wheelchair", 215 * 1.33 / 0.79, 40),
        ("dark", 215, 40),  # the path is lit
    ],
)
def test_slower_walks_on_paper(result, name, walk_m, homes):
    seen = through(result, name).evidence.set_index(["place_id", "indicator"])
    assert seen.loc[(PLAYGROUND, "nearest_walk"), "value"] == pytest.approx(walk_m, rel=5e-4)
    assert seen.loc[(PLAYGROUND, "dwellings_5min"), "value"] == pytest.approx(homes)
    # A detour is in metres, whatever the speed.
    base = result.evidence.set_index(["place_id", "indicator"]).loc[(PLAYGROUND, "detour"), "value"]
    assert seen.loc[(PLAYGROUND, "detour"), "value"] == pytest.approx(base, rel=1e-9)


def test_the_share_that_is_served_and_the_order(estate, osm, monkeypatch):
    """At .5 m/s five minutes are 150 m: 10 of the estate's 40 flats reach the room, at .2 m/s (60 m) none.

    The room begins 60 m east of the first door: the walks are 70 m and 180 m.
    """
    made = (Lens("slow", 0.5, ""), Lens("quick", 1.33, ""), Lens("slower", 0.2, ""))
    monkeypatch.setattr(settings_lenses, "lenses", lambda: settings_lenses.Lenses(made, 5.0, 0.0))
    served = [
        (seen.id, seen.served_low, seen.served, seen.served_high) for seen in spatial.analyse(estate, osm=osm).lenses
    ]
    assert served == [("slower", 0, 0, 0), ("slow", 0.25, 0.25, 0.25), ("quick", 1, 1, 1)]
    monkeypatch.setattr(settings_lenses, "lenses", lambda: settings_lenses.Lenses(made, 5.0, 1.01))
    assert [seen.served_high for seen in spatial.analyse(estate, osm=osm).lenses] == [0, 0, 0]


def test_a_lens_sums_like_the_result(result):
    for seen in result.lenses:
        evidence, rubric = result.through(seen.id)
        for identity, row in (*seen.places.iterrows(), *seen.meeting_spaces.iterrows()):
            found = explanation.explain_place(evidence, rubric, identity)
            assert found.score == pytest.approx(row["floating"], abs=1e-9)
            assert (found.low, found.high) == pytest.approx((row["floating_low"], row["floating_high"]), abs=1e-9)


def test_lenses_come_back_from_the_folder(result, tmp_path):
    spatial.save(result, tmp_path / "out", lang="en")
    again = spatial.load(tmp_path / "out")
    assert [seen.id for seen in again.lenses] == [seen.id for seen in result.lenses]
    for mine, theirs in zip(again.lenses, result.lenses, strict=True):
        assert (mine.served_low, mine.served, mine.served_high) == (
            theirs.served_low,
            theirs.served,
            theirs.served_high,
        )
        for level in ("places", "meeting_spaces"):
            pd.testing.assert_frame_equal(
                getattr(mine, level),
                getattr(theirs, level),
                check_dtype=False,
                check_names=False,
                check_index_type=False,
            )
    assert again.explain(ROOM, "en", lens="wheelchair") == result.explain(ROOM, "en", lens="wheelchair")
    assert "In a wheelchair" in again.explain(BENCH, "en", lens="wheelchair")
    table = pd.read_csv(tmp_path / "out" / "lenses.csv")
    assert len(table) == 7 * 3 and list(table["lens"].unique()) == [seen.id for seen in result.lenses]


def test_an_unknown_lens_names_those_that_there_are(result):
    with pytest.raises(InputError, match=r"'pram'.*wheelchair"):
        result.explain(ROOM, lens="pram")


def test_a_change_of_a_rule_that_the_run_lacks_is_passed_over(result):
    rubric = replace(result.rubric, rules={k: v for k, v in result.rubric.rules.items() if k != "step_free"})
    new = settings_lenses.changed(
        rubric, {"step_free": {"weight": 3.0}, "ages_here": {"weight": 2.0, "value": [[0, 0], [1, 1]]}}
    )
    assert "step_free" not in new.rules and new.rules["ages_here"].weight == 2.0
    assert new.rules["ages_here"].points == ((0.0, 0.0), (1.0, 1.0))
    assert indicator_weights(new, ["ages_here"]).sum() == 1


BROKEN = {
    "no speed": '[lens.x]\nreason = ""',
    "no walking": '[lens.x]\nspeed_mps = 0\nreason = ""',
    "unknown cost": '[lens.x]\nspeed_mps = 1\nreason = ""\ncost = { mud = 2 }',
    "a cost below 1": '[lens.x]\nspeed_mps = 1\nreason = ""\ncost = { steps = 0.5 }',
    "a negative crossing": '[lens.x]\nspeed_mps = 1\nreason = ""\ncost = { crossing_m = -1 }',
    "an aspect moved": '[lens.x]\nspeed_mps = 1\nreason = ""\nrubric.variety = { aspect = "openness" }',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_lenses_that_are_wrong(text, tmp_path):
    path = tmp_path / "lenses.toml"
    path.write_text(f"minutes = 5\ngood_score = 0.6\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="needed"):
        settings_lenses.lenses(path)


@pytest.mark.parametrize("lang", ["da", "en"])
def test_every_lens_has_words(lang):
    from spatial.core.languages import texts

    assert set(texts(lang)["lens"]) == {seen.id for seen in settings_lenses.lenses().lenses}
