"""What an unknown yes or no probably is, and when nothing is estimated at all."""

from dataclasses import replace
from math import log2

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln
from scipy.stats import beta

import spatial
from spatial.analysis import run
from spatial.analysis.inputs import InputFiles, Inputs, Options
from spatial.core.model import FLOATING
from spatial.indicators import estimates, unknown_facts
from spatial.indicators.estimates import BLOCK_M, FOLDS, MIDDLE, MIN_ANSWERS, NEIGHBOURS, TOWN, Answers, validated
from spatial.settings.tags import tag_rules


def town(yes, kind=None, step_m=150.0, wide=8) -> Answers:
    """Answers on a grid of points so far apart."""
    count = len(yes)
    xy = np.stack([np.arange(count) % wide, np.arange(count) // wide], axis=1) * step_m
    kinds = np.array(["way"] * count if kind is None else kind, dtype=object)
    return Answers(kinds, xy, np.array(yes, dtype=float))


def test_the_share_of_a_town_by_hand():
    """Six of eight: (1 + 6) / (2 + 8) = .7; with one kind alone and a strength s it is drawn towards that."""
    answers = town([1, 1, 1, 1, 1, 1, 0, 0], step_m=1000.0)
    one = estimates.Estimate("fee", answers, {}, TOWN)
    found = one.probability(np.array(["way", "other"], dtype=object), np.full((2, 2), 9e5))
    strengths = 2.0 ** np.arange(10)
    likely = betaln(strengths * 0.7 + 6, strengths * 0.3 + 2) - betaln(strengths * 0.7, strengths * 0.3)
    s = strengths[np.argmax(likely)]
    # A kind of which nothing is known has the share of the town.
    assert found == pytest.approx([(s * 0.7 + 6) / (s + 8), 0.7])


def test_neighbours_of_the_same_kind_count_and_others_do_not():
    kinds = ["path"] * 4 + ["road"] * 4
    xy = np.array([[0, 0], [50, 0], [0, 50], [5000, 0], [20, 20], [30, 20], [20, 30], [5050, 0]], dtype=float)
    answers = Answers(np.array(kinds, dtype=object), xy, np.array([0, 0, 0, 1, 1, 1, 1, 1], dtype=float))
    near = estimates.Estimate("way_light", answers, {}, NEIGHBOURS).probability(
        np.array(["path", "path", "road"], dtype=object), np.array([[10.0, 10], [9e5, 0], [10, 10]])
    )
    assert near[0] < near[1] < near[2]


def test_the_middle_needs_exactly_one_bit_and_better_guesses_fewer():
    yes = np.array([1.0, 1.0, 0.0, 1.0])
    assert estimates.bits_an_answer(np.full(4, 0.5), yes) == 1.0
    expected = -(3 * log2(0.75) + log2(0.25)) / 4
    assert estimates.bits_an_answer(np.full(4, 0.75), yes) == pytest.approx(expected)


@given(st.integers(0, 2**32 - 1))
def test_what_is_chosen_needs_fewest_bits_and_never_more_than_the_middle(seed):
    random = np.random.default_rng(seed)
    share = random.uniform(0, 1)
    found = validated("fee", town(random.random(96) < share))
    assert found.bits[found.model] == min(found.bits.values()) <= found.bits[MIDDLE] == 1.0


def test_answers_thrown_by_a_coin_leave_the_middle():
    chosen = [validated("fee", town(np.random.default_rng(k).permutation(96) % 2)).model for k in range(20)]
    assert chosen.count(MIDDLE) >= 15


def test_a_town_that_is_lit_and_quarters_that_are_not():
    """All alike: the town says it. Two halves of one kind each: only the neighbours do."""
    assert validated("way_light", town([1] * 90 + [0] * 6)).model in (TOWN, NEIGHBOURS)
    halves = town([1] * 128 + [0] * 128, step_m=40.0, wide=16)
    found = validated("way_light", halves)
    assert found.model == NEIGHBOURS and found.bits[NEIGHBOURS] < 0.6 < 0.95 < found.bits[TOWN]


@pytest.mark.parametrize(("count", "step_m"), [(MIN_ANSWERS - 1, 150.0), (200, 1.0), (0, 1.0)])
def test_few_answers_or_few_blocks_say_nothing(count, step_m):
    found = validated("fee", town([1] * count, step_m=step_m))
    assert found.model == MIDDLE and found.bits == {MIDDLE: 1.0}
    assert found.probability(np.array(["way"], dtype=object), np.zeros((1, 2))).tolist() == [0.5]


def test_blocks_beside_each_other_are_never_held_back_together():
    x, y = np.meshgrid(np.arange(-6, 6), np.arange(-6, 6), indexing="ij")
    fold = (x + 2 * y) % FOLDS
    assert (fold[1:] != fold[:-1]).all() and (fold[:, 1:] != fold[:, :-1]).all()
    assert (fold[1:, 1:] != fold[:-1, :-1]).all() and BLOCK_M == 2 * estimates.NEAR_M


def test_what_tags_answer():
    """1 is the better answer: free, no booking, not for members; of a fence it is that it is there."""
    rules = tag_rules()
    assert estimates.answers_of_tags({"fee": "no", "reservation": "required"}, rules) == {"fee": 1.0, "booking": 0.0}
    assert estimates.answers_of_tags({"access": "yes", "fenced": "yes"}, rules) == {"access": 1.0, "fence": 1.0}
    assert estimates.answers_of_tags({"name": "Buen"}, rules) == {}


# --- the draws -----------------------------------------------------------------------------------


@pytest.mark.parametrize("q", [0.05, 0.3, 0.5, 0.8, 0.97])
def test_a_draw_has_the_probability_as_its_mean_and_is_uniform_in_the_middle(q):
    cells = unknown_facts.cells(np.array([["a#fee"]], dtype=object), np.ones((1, 1), dtype=bool), ["a"], ["i"])
    uniform = (np.arange(20_000)[:, None] + 0.5) / 20_000
    drawn = cells.bent_towards(np.array([q])).positions(uniform)[:, 0]
    assert drawn.mean() == pytest.approx(q, abs=2e-3) and (np.diff(drawn) >= 0).all()
    inner = slice(200, -200)  # but for the outermost hundredths
    assert drawn[inner] == pytest.approx(beta.ppf(uniform[inner, 0], 2 * q, 2 * (1 - q)), abs=0.02)
    assert (drawn.min(), drawn.max()) == pytest.approx((0, 1), abs=0.02)  # low and high stay whole
    assert cells.bent_towards(np.array([np.nan])).positions(uniform)[:, 0].tolist() == uniform[:, 0].tolist()


# --- a whole run ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(demo_data) -> tuple[spatial.Analysis, spatial.Analysis]:
    estate = spatial.Estate.from_file(demo_data / "helsinki.geojson")
    inputs = Inputs.read(estate, InputFiles(demo_data / "helsinki.osm.pbf"))
    plain, estimated = (run.run(inputs, Options(scores_only=True, plain_unknowns=way)) for way in (True, False))
    return plain, estimated


def test_low_and_high_stay_and_nothing_becomes_known(both):
    plain, estimated = both
    assert (plain.evidence["evidence"] != "estimated").all() and (estimated.evidence["evidence"] == "estimated").any()
    pd.testing.assert_frame_equal(plain.evidence[["low", "high"]], estimated.evidence[["low", "high"]])
    for old, new in ((plain.places, estimated.places), (plain.meeting_spaces, estimated.meeting_spaces)):
        same = ["seen", "computed", "coverage", f"{FLOATING}_low", f"{FLOATING}_high"]
        pd.testing.assert_frame_equal(old[same], new[same], check_like=False)
        assert (new["unknown"] <= old["unknown"]).all() and (new["unknown"] < old["unknown"]).any()
        assert list(old["rank"].notna()) == list(new["rank"].notna())
        pd.testing.assert_series_equal(old["homes_lit_count"], new["homes_lit_count"])  # an estimate is no measurement


def test_what_is_estimated_lies_where_its_facts_say(both):
    rows = both[1].evidence.query("evidence == 'estimated' and indicator == 'homes_lit'")
    # Where the file ends too near the upper bound is left to the rubric.
    rows = rows[rows["high"].notna()]
    share = ((rows["value"] - rows["low"]) / (rows["high"] - rows["low"])).astype(float)
    # Nearly all ways of central Helsinki whose light is mapped are lit.
    assert len(rows) and share.between(0.9, 1.0).all()
    assert rows["rule"].str.endswith(";estimated_from_others").all()


def test_the_manifest_tells_the_validation(both):
    told = {row["fact"]: row for row in both[1].manifest["unknowns"]}
    assert told["way_light"]["model"] == NEIGHBOURS and told["way_light"]["known"] > 1000
    assert told["fee"] == {"fact": "fee", "known": 0, "share": None, "bits": {MIDDLE: 1.0}, "model": MIDDLE}
    assert both[0].manifest["unknowns"] == []


def test_other_odds_of_what_is_not_mapped_move_ranks_but_no_bound(both):
    found = both[1].unmapped_otherwise()
    assert set(found["odds"]) == {0.5, 2.0} and {"fee", "way_light", "all"} <= set(found["fact"])
    assert (found["ranks"] <= found["ranked"]).all() and (found["ranks"] > 0).any()
    nothing = replace(both[1], evidence=both[1].evidence.assign(evidence="observed"))
    assert (nothing.unmapped_otherwise()[["ranks", "tiers", "largest"]] == 0).all(axis=None)


def test_what_is_unknown_of_a_whole_class_is_half_one_draw_for_all(both):
    facts = both[0].evidence[both[0].evidence["facts"] != ""].groupby("indicator")["facts"]
    for name in ("seats_here", "can_watch", "activities_here", "homes_rested"):
        rows = facts.get_group(name).str.split(";")
        assert all("class:completeness" in row and len(row) == 2 for row in rows)
    assert facts.get_group("legal_access").str.contains("class:gate").all()
    assert not facts.get_group("homes_lit").str.contains("class:").any()
