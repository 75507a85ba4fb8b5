"""Scoring against sums on paper and against brute force over all corners."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.core.errors import ConfigError
from spatial.core.model import ASPECTS, Rubric, Rule
from spatial.scoring import scores as scoring_scores
from spatial.scoring.combining import aspect_weights, combine
from spatial.scoring.draws import _dirichlet, draws, open_cells
from spatial.scoring.judging import every_rule, judge_again, judge_all, judge_values, resolve, reweighted
from spatial.settings import rubric as settings_rubric

PEAK = ((0.0, 0.0), (10.0, 1.0), (20.0, 0.5))
WEIGHTS = dict.fromkeys(ASPECTS, 1.0)


def rule(name: str, aspect: str, *, weight: float = 1.0, points=((0.0, 0.0), (1.0, 1.0))) -> Rule:
    return Rule(name, aspect, weight, "share", points, (points[0][0], points[-1][0]), "")


def rubric(*rules: Rule, weights=None, **more) -> Rubric:
    settings = {"min_coverage": 0.5, "draws": 200} | more
    return Rubric(weights or WEIGHTS, {r.indicator: r for r in rules}, **settings)


FIVE = [rule(f"i{k}", aspect) for k, aspect in enumerate(ASPECTS)]


def evidence(rows) -> pd.DataFrame:
    columns = ["place_id", "indicator", "value", "low", "high", "evidence"]
    return pd.DataFrame(rows, columns=columns)


def known(place: str, values) -> list[tuple]:
    return [(place, f"i{k}", v, v, v, "observed") for k, v in enumerate(values)]


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (5.0, 5.0, 5.0, (0.5, 0.5, 0.5)),  # 5 / 10
        (15.0, 15.0, 15.0, (0.75, 0.75, 0.75)),  # 1 − 5 × 0.05
        (-3.0, -3.0, -3.0, (0.0, 0.0, 0.0)),  # constant before the first point
        (99.0, 99.0, 99.0, (0.5, 0.5, 0.5)),  # and after the last
        (np.nan, 5.0, 15.0, (0.5, 0.75, 1.0)),  # the peak at 10 lies between; best is the middle
        (np.nan, np.nan, np.nan, (0.0, 0.5, 1.0)),  # the plausible range is 0 to 20
        (np.nan, 12.0, np.nan, (0.5, 0.7, 0.9)),  # 1 − 2 × 0.05 = 0.9 down to 0.5
        (10.0, 0.0, 20.0, (0.0, 1.0, 1.0)),  # a known value is judged as itself
    ],
)
def test_judge_by_hand(value, low, high, expected):
    judged = judge_values(rule("x", "mixing", points=PEAK), *(np.array([v]) for v in (value, low, high)))
    assert [float(part[0]) for part in judged] == pytest.approx(expected)


@given(st.lists(st.floats(0, 30), min_size=2, max_size=2), st.integers(0, 100))
def test_judge_bounds_hold_inside_the_interval(ends, percent):
    low, high = sorted(ends)
    inside = low + (high - low) * percent / 100
    bounds = judge_values(rule("x", "mixing", points=PEAK), np.array([np.nan]), np.array([low]), np.array([high]))
    value = np.interp(inside, *np.array(PEAK).T)
    assert bounds[0][0] - 1e-12 <= value <= bounds[2][0] + 1e-12


@pytest.mark.parametrize(
    ("values", "weights", "mean", "expected"),
    [
        ((0.25, 1.0), (0.5, 0.5), "geometric", 0.5),  # √(.25 × 1)
        ((0.25, 1.0), (0.5, 0.5), "arithmetic", 0.625),
        ((0.0, 1.0), (0.5, 0.5), "geometric", 0.0),  # a shut place stays shut
        ((0.0, 0.81), (0.0, 1.0), "geometric", 0.81),  # but not by an aspect without weight
        ((0.5, 0.5), (0.3, 0.7), "geometric", 0.5),
        ((0.008, 1.0, 1.0), (1 / 3, 1 / 3, 1 / 3), "geometric", 0.2),  # ³√.008
    ],
)
def test_combine_by_hand(values, weights, mean, expected):
    assert combine(np.array(values), np.array(weights), mean) == pytest.approx(expected)


def test_score_of_two_places_on_paper():
    rules = rubric(*FIVE)
    table = evidence(known("a", (1, 1, 1, 1, 0.03125)) + known("b", (0.5,) * 5))
    index = pd.Index(["a", "b"], name="place_id")
    scores = scoring_scores.score(judge_all(table, index, rules), index, rules, seed=1)
    # (1⁴ × .03125)^(1/5) = .5, and (.5⁵)^(1/5) = .5: equal, so both are first.
    assert scores["floating"].tolist() == pytest.approx([0.5, 0.5])
    assert scores["mixing"].tolist() == pytest.approx([0.03125, 0.5])
    assert scores["coverage"].tolist() == pytest.approx([1.0, 1.0])
    assert scores.index.equals(index)


def test_weights_within_an_aspect_are_shares():
    rules = rubric(*FIVE[1:], rule("p", ASPECTS[0], weight=3.0), rule("q", ASPECTS[0], weight=1.0))
    rows = [("a", "p", 1.0, 1.0, 1.0, "observed"), ("a", "q", 0.2, 0.2, 0.2, "unknown")]
    index = pd.Index(["a"])
    judged = judge_all(evidence(rows + known("a", (1, 1, 1, 1, 1))[1:]), index, rules)
    scores = scoring_scores.score(judged, index, rules, seed=1)
    assert scores[ASPECTS[0]].iloc[0] == pytest.approx((3 * 1 + 1 * 0.2) / 4)
    # Of five equal aspects four are known, and 3/4 of the first: (4 + .75) / 5.
    assert scores["coverage"].iloc[0] == pytest.approx(0.95)


def test_rank_is_withheld_below_the_coverage_and_kept_at_it():
    rules = rubric(*FIVE, min_coverage=0.4)
    rows = [
        (p, f"i{k}", 0.5, 0.5, 0.5, "derived" if k < n else "unknown")
        for p, n in (("low", 1), ("at", 2), ("all", 5))
        for k in range(5)
    ]
    index = pd.Index(["low", "at", "all"])
    scores = scoring_scores.score(judge_all(evidence(rows), index, rules), index, rules, seed=1)
    assert scores["rank"].isna().tolist() == [True, False, False]
    assert scores["rank_p05"].isna().tolist() == [True, False, False]


def test_interval_of_the_potential_is_that_of_the_brute_force_corners():
    rules = rubric(*FIVE, weights=dict(zip(ASPECTS, (1, 2, 3, 1, 1), strict=True)))
    bounds = [(0.1, 0.4), (0.5, 0.9), (0.2, 1.0), (0.3, 0.3), (0.6, 0.7)]
    rows = [("a", f"i{k}", np.nan, low, high, "unknown") for k, (low, high) in enumerate(bounds)]
    index = pd.Index(["a"])
    scores = scoring_scores.score(judge_all(evidence(rows), index, rules), index, rules, seed=1)
    weights = np.array([1, 2, 3, 1, 1]) / 8
    corners = [float(np.prod(np.array(corner) ** weights)) for corner in itertools.product(*bounds)]
    assert scores["floating_low"].iloc[0] == pytest.approx(min(corners))
    assert scores["floating_high"].iloc[0] == pytest.approx(max(corners))


def test_rank_ranges_of_clear_and_of_indifferent_places():
    rules = rubric(*FIVE, draws=1000)
    rows = known("best", (0.9,) * 5) + known("worst", (0.1,) * 5)
    rows += [(p, f"i{k}", np.nan, 0.3, 0.7, "observed") for p in ("x", "y") for k in range(5)]
    index = pd.Index(["best", "worst", "x", "y"])
    scores = scoring_scores.score(judge_all(evidence(rows), index, rules), index, rules, seed=7)
    assert scores.loc["best", ["rank_p05", "rank_p95"]].tolist() == [1, 1]
    assert scores.loc["worst", ["rank_p05", "rank_p95"]].tolist() == [4, 4]
    assert scores.loc["x", ["rank_p05", "rank_p95"]].tolist() == [2, 3]
    assert scores["top10_share"].tolist() == [1.0] * 4


def test_dirichlet_draws_have_the_means_and_spread_of_the_closed_form():
    weights, concentration = np.array([0.2, 0.8]), 50.0
    draws = _dirichlet(np.random.default_rng(3), weights, concentration, 20_000)
    variance = weights * (1 - weights) / (concentration + 1)
    assert draws.sum(axis=1) == pytest.approx(np.ones(20_000))
    assert draws.mean(axis=0) == pytest.approx(weights, abs=4 * np.sqrt(variance[0] / 20_000))
    assert draws.var(axis=0) == pytest.approx(variance, rel=0.05)


def test_draws_are_seeded_and_do_not_depend_on_the_order_of_rows():
    rules = rubric(*FIVE)
    random = np.random.default_rng(5)
    ids = [f"p{i:02}" for i in range(12)]
    rows = [(p, f"i{k}", np.nan, *np.sort(random.random(2)), "observed") for p in ids for k in range(5)]
    index = pd.Index(ids)
    one = scoring_scores.score(judge_all(evidence(rows), index, rules), index, rules, seed=2)
    turned = index[::-1]
    two = scoring_scores.score(judge_all(evidence(rows), turned, rules), turned, rules, seed=2)
    other = scoring_scores.score(judge_all(evidence(rows), index, rules), index, rules, seed=3)
    pd.testing.assert_frame_equal(one, two.reindex(index))
    assert not one["top10_share"].equals(other["top10_share"])


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5), st.integers(0, 4), st.floats(0, 1))
def test_potential_stays_in_bounds_and_rises_with_each_indicator(values, which, more):
    rules = rubric(*FIVE, draws=1)
    higher = list(values)
    higher[which] = max(values[which], more)
    index = pd.Index(["a", "b"])
    table = evidence(known("a", values) + known("b", higher))
    scores = scoring_scores.score(judge_all(table, index, rules), index, rules, seed=1)
    assert scores["floating"].between(0, 1).all()
    assert scores.loc["b", "floating"] >= scores.loc["a", "floating"] - 1e-12


def test_resolve_percentile_and_share_of_estate():
    spec = settings_rubric.rubric()
    units = dict.fromkeys(spec.rules, "m")
    sample = np.arange(101.0)
    resolved = resolve(spec, units, {"dwellings_decay": sample, "dwellings_5min": np.array([400.0])})
    assert dict(resolved.rules["dwellings_5min"].points) == {0.0: 0.0, 400.0: 1.0}
    # The sample 0, 1, …, 100: the value 25 is at the 25th percentile.
    assert dict(resolved.rules["dwellings_decay"].points)[25.0] == pytest.approx(0.25)


def test_resolve_of_a_sample_with_ties_takes_the_middle_of_the_step():
    spec = settings_rubric.rubric()
    units = dict.fromkeys(spec.rules, "m")
    sample = np.array([0.0] * 50 + [1.0] * 50)
    points = (
        resolve(spec, units, {"dwellings_decay": sample, "dwellings_5min": np.ones(1)}).rules["dwellings_decay"].points
    )
    by_value = dict(points)
    # Quantiles 0 to .45 are 0: mean .225; those from .55 to 1 are 1: mean .775.
    assert by_value[0.0] == pytest.approx(0.225)
    assert by_value[1.0] == pytest.approx(0.775)


def test_resolve_names_the_indicator_that_does_not_exist():
    with pytest.raises(ConfigError, match=r"indicator.legal_access\] found no such indicator"):
        resolve(settings_rubric.rubric(), {"x": "m"}, {})


@st.composite
def curves(draw):
    """A value function of any shape, and an interval."""
    xs = sorted(draw(st.sets(st.integers(0, 20), min_size=1, max_size=6)))
    points = tuple((float(x), draw(st.integers(0, 10)) / 10) for x in xs)
    low, high = sorted(draw(st.tuples(st.integers(-20, 240), st.integers(-20, 240))))
    return points, low / 10, high / 10


@given(curves())
def test_judge_is_the_exact_range_of_any_value_function(case):
    points, low, high = case
    judged = judge_values(rule("x", "mixing", points=points), *(np.array([v]) for v in (np.nan, low, high)))
    # A piecewise-linear function takes its extremes at the ends or at its points.
    inside = [x for x, _ in points if low < x < high]
    values = np.interp([low, high, *inside, *np.linspace(low, high, 50)], *np.array(points).T)
    assert judged[0][0] == pytest.approx(values.min(), abs=1e-12)
    assert judged[2][0] == pytest.approx(values.max(), abs=1e-12)


boxes = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)).map(sorted), min_size=7, max_size=7)


@given(boxes, st.lists(st.integers(1, 5), min_size=7, max_size=7), st.sampled_from(["geometric", "arithmetic"]))
def test_intervals_of_scores_are_those_of_all_corners(bounds, weights, mean):
    """Seven indicators in five aspects: low and high are the least and the most of 2⁷ corners."""
    names = [*ASPECTS, ASPECTS[0], ASPECTS[4]]
    rules = rubric(
        *(rule(f"i{k}", a, weight=w) for k, (a, w) in enumerate(zip(names, weights, strict=True))), mean=mean
    )
    rows = [("a", f"i{k}", np.nan, low / 10, high / 10, "unknown") for k, (low, high) in enumerate(bounds)]
    index = pd.Index(["a"])
    scores = scoring_scores.score(judge_all(evidence(rows), index, rules), index, rules, seed=1).iloc[0]
    corners = []
    for corner in itertools.product(*bounds):
        aspects = [
            sum(v * w for v, w, n in zip(corner, weights, names, strict=True) if n == a)
            / sum(w for w, n in zip(weights, names, strict=True) if n == a) / 10
            for a in ASPECTS
        ]  # fmt: skip
        corners.append(np.prod(aspects) ** 0.2 if mean == "geometric" else np.mean(aspects))
    assert scores["floating_low"] == pytest.approx(min(corners), abs=1e-9)
    assert scores["floating_high"] == pytest.approx(max(corners), abs=1e-9)


@pytest.mark.parametrize(
    ("facts", "variance"),
    [
        # Arithmetic mean of five, two of them uniform on [0, 1], the rest known: ((1/5)² + (1/5)²) / 12.
        (("", ""), 2 / 25 / 12),
        (("a#fee", "a#access"), 2 / 25 / 12),
        (("a#fee", "a#fee"), 4 / 25 / 12),  # one number for both: (2/5)² / 12
        (("a#fee", "a#access;a#fee"), ((1 + 0.5) ** 2 + 0.5**2) / 25 / 12),  # fee counts 1 and ½, access ½
    ],
)
def test_unknowns_of_one_fact_move_together_as_the_closed_form_says(facts, variance):
    rules = rubric(*FIVE, mean="arithmetic", concentration=1e12)
    table = evidence(known("a", (0.5,) * 3) + [("a", f"i{k}", np.nan, 0.0, 1.0, "unknown") for k in (3, 4)])
    table["facts"] = ["", "", "", *facts]
    index = pd.Index(["a"])
    judged = judge_all(table, index, rules)
    totals = np.concatenate([total for _, total, _ in draws(judged, index, rules, 3, 20_000)])[:, 0]
    assert totals.mean() == pytest.approx(0.5, abs=4 * np.sqrt(variance / 20_000))
    assert totals.var() == pytest.approx(variance, rel=0.05)


def test_draws_do_not_depend_on_the_order_of_places():
    rules = rubric(*FIVE)
    rows = [(p, f"i{k}", np.nan, 0.1 * n, 0.5 + 0.1 * n, "derived") for n, p in enumerate("abcd") for k in range(5)]
    scores = [
        scoring_scores.score(judge_all(evidence(rows), index, rules), index, rules, 9).sort_index()
        for index in (pd.Index(list(order)) for order in ("abcd", "dbca", "cadb"))
    ]
    for other in scores[1:]:
        pd.testing.assert_frame_equal(other, scores[0])


def test_other_weights_on_paper_and_refused():
    rules = rubric(*FIVE, mean="arithmetic")
    table, index = evidence(known("a", (1, 0, 0, 0, 0))), pd.Index(["a"])
    new = reweighted(rules, aspects={ASPECTS[0]: 4.0, ASPECTS[1]: 0.0})
    assert scoring_scores.score(judge_all(table, index, new), index, new, 1)["floating"].tolist() == pytest.approx(
        [4 / 7]
    )
    assert rules.aspect_weights == WEIGHTS
    for wrong in (
        {"aspects": {"x": 1.0}},
        {"indicators": {"x": 1.0}},
        {"indicators": {"i0": -1.0}},
        {"aspects": {ASPECTS[0]: float("nan")}},
        {"indicators": {"i0": 0.0}},  # nothing is left to judge that aspect by
        {"aspects": dict.fromkeys(ASPECTS, 0.0)},
    ):
        with pytest.raises(ConfigError, match="needed"):
            reweighted(rules, **wrong)


# --- what a rubric as written becomes -------------------------------------------------------------


def written(*rules: settings_rubric.RuleSpec, weights=None, **more) -> settings_rubric.RubricSpec:
    settings = {"min_coverage": 0.3, "mean": "arithmetic", "draws": 7, "concentration": 11.0, "top_k": 3} | more
    return settings_rubric.RubricSpec(weights or {ASPECTS[0]: 1.0}, {r.indicator: r for r in rules}, **settings)


def as_written(name: str, aspect: str, *, curve=((1.0, 0.0), (3.0, 0.5), (9.0, 1.0)), plausible=None, weight=1.0):
    return settings_rubric.RuleSpec(name, aspect, weight, curve, plausible, f"why {name}")


def test_resolve_carries_over_what_is_written():
    spec = written(as_written("walk", ASPECTS[0]), as_written("view", ASPECTS[0], plausible=(2.0, 4.0), weight=0.5))
    made = resolve(spec, {"walk": "m", "view": "m²"}, {})
    assert made.rules == {
        # What an unknown may be is the whole of the value function, unless it is said.
        "walk": Rule("walk", ASPECTS[0], 1.0, "m", ((1.0, 0.0), (3.0, 0.5), (9.0, 1.0)), (1.0, 9.0), "why walk"),
        "view": Rule("view", ASPECTS[0], 0.5, "m²", ((1.0, 0.0), (3.0, 0.5), (9.0, 1.0)), (2.0, 4.0), "why view"),
    }
    assert made == Rubric({ASPECTS[0]: 1.0}, made.rules, 0.3, "arithmetic", 7, 11.0, 3, {})


def test_what_was_not_measured_falls_away_and_is_named():
    spec = written(as_written("sky", ASPECTS[0]), as_written("walk", ASPECTS[0]))
    missing = {"sky": "surface", "slope": "terrain"}  # the second is in no rule
    made = resolve(spec, {"sky": "share", "walk": "m", "slope": "%"}, {}, missing)
    assert list(made.rules) == ["walk"] and made.left_out == {"sky": "surface"}


@pytest.mark.parametrize(
    ("weight", "other", "left"),
    [
        (1.0, {}, {"sky": "surface"}),  # nothing else judges it
        (1.0, {"weight": 0.0}, {"sky": "surface"}),  # or only what has no weight
        (0.0, {}, {"sky": "surface"}),  # which does not matter where the aspect has none
        (1.0, {}, {}),
    ],
)
def test_an_aspect_that_counts_needs_something_that_was_measured(weight, other, left):
    others = [as_written("more", ASPECTS[1], weight=other["weight"])] if other else []
    spec = written(
        as_written("walk", ASPECTS[0]), as_written("sky", ASPECTS[1]), *others,
        weights={ASPECTS[0]: 1.0, ASPECTS[1]: weight},
    )  # fmt: skip
    units = dict.fromkeys(("walk", "sky", "more"), "m")
    if weight and left:
        with pytest.raises(ConfigError, match=ASPECTS[1]) as caught:
            resolve(spec, units, {}, left)
        # What would judge it, and what to give for that, are named.
        assert "sky" in str(caught.value) and "--surface" in str(caught.value) and "walk" not in str(caught.value)
    else:
        assert resolve(spec, units, {}, left).left_out == left


@pytest.mark.parametrize(("homes", "top"), [((0.25, 0.25), 0.5), ((0.0, 0.0), 1.0), ((3.0, 4.0), 7.0), ((), 1.0)])
def test_share_of_the_estate_runs_to_all_there_is(homes, top):
    spec = written(as_written("reach", ASPECTS[0], curve="share_of_estate"))
    made = resolve(spec, {"reach": "dwellings"}, {"reach": np.array(homes)})
    assert made.rules["reach"].points == ((0.0, 0.0), (top, 1.0))


def test_percentile_of_nobody_is_the_middle_and_a_reference_is_needed():
    spec = written(as_written("reach", ASPECTS[0], curve="percentile"))
    made = resolve(spec, {"reach": "dwellings"}, {"reach": np.empty(0)})
    assert made.rules["reach"].points == ((0.0, 0.5),)
    with pytest.raises(ConfigError, match="reach"):
        resolve(spec, {"reach": "dwellings"}, {})


# --- judging again, and in part --------------------------------------------------------------------

THREE = pd.Index(["a", "b", "c"], name="place_id")


def parts(judged):
    return {key: getattr(judged, key) for key in ("low", "best", "high", "states", "facts")}


def three_judged():
    """Three places, whose judged values tell all cells apart, the last unknown in all but one."""
    rows = [(p, f"i{k}", 0.1 * n + 0.01 * k, 0.05 * n, 0.4, "observed") for n, p in enumerate("ab") for k in range(5)]
    rows += [("c", "i2", 0.9, 0.8, 1.0, "derived")]
    table = evidence(rows)
    table["facts"] = [f"{place}#{name}" for place, name in zip(table["place_id"], table["indicator"], strict=True)]
    return judge_all(table, THREE, rubric(*FIVE))


def test_all_is_judged_in_the_order_of_names_and_places():
    judged = three_judged()
    assert judged.indicators == ("i0", "i1", "i2", "i3", "i4") and judged.aspects == tuple(ASPECTS)
    assert judged.best[1] == pytest.approx([0.1, 0.11, 0.12, 0.13, 0.14])
    assert judged.low[1] == pytest.approx([0.05] * 5) and judged.high[1] == pytest.approx([0.4] * 5)
    # Of what no row tells, all is possible.
    assert judged.low[2].tolist() == [0.0, 0.0, 0.8, 0.0, 0.0] and judged.high[2].tolist() == [1.0] * 5
    assert judged.best[2].tolist() == [0.5, 0.5, 0.9, 0.5, 0.5]
    assert judged.known.tolist() == [[True] * 5, [True] * 5, [False, False, True, False, False]]
    assert judged.facts[:, 2].tolist() == ["a#i2", "b#i2", "c#i2"] and judged.facts[2, 0] == ""


def test_rows_of_strangers_are_passed_over():
    known_only = evidence(known("a", (0.1, 0.2, 0.3, 0.4, 0.5)))
    more = pd.concat(
        [evidence([("x", "i0", 1.0, 1.0, 1.0, "observed"), ("a", "z", 1.0, 1.0, 1.0, "observed")]), known_only]
    )
    index = pd.Index(["a"])
    one, two = (judge_all(table, index, rubric(*FIVE)) for table in (known_only, more))
    for key, matrix in parts(one).items():
        np.testing.assert_array_equal(matrix, getattr(two, key))


def test_columns_and_rows_of_what_was_judged():
    judged = three_judged()
    some = judged.columns(["i3", "i1"])
    assert some.indicators == ("i3", "i1") and some.aspects == (ASPECTS[3], ASPECTS[1])
    for key, matrix in parts(judged).items():
        np.testing.assert_array_equal(getattr(some, key), matrix[:, [3, 1]])
        np.testing.assert_array_equal(getattr(judged.at(np.array([2, 0])), key), matrix[[2, 0]])
    light = rubric(*FIVE[:2], rule("i2", ASPECTS[2], weight=0.0), *FIVE[3:])
    assert judged.weighing(light).indicators == ("i0", "i1", "i3", "i4")


def test_every_rule_is_given_the_same_weight_and_nothing_else():
    light = rubric(*FIVE[:4], rule("i4", ASPECTS[4], weight=0.0), draws=3)
    assert every_rule(light) == rubric(*FIVE, draws=3)


def test_judging_again_changes_what_is_named_and_nothing_else():
    judged = three_judged()
    rows = [(p, "i3", 0.5, 0.25, 0.75, "unknown") for p in "abc"] + [
        (p, "i0", 1.0, 1.0, 1.0, "observed") for p in "abc"
    ]
    table = evidence(rows).assign(facts="shut")
    # The rule is another one too: half of what is measured, and without weight in the rubric.
    other = rubric(*FIVE[:3], rule("i3", ASPECTS[3], weight=0.0, points=((0.0, 0.0), (2.0, 1.0))), FIVE[4])
    again = judge_again(judged, table, THREE, other, ["i3", "nobody's"])
    assert again.indicators == judged.indicators and again.aspects == judged.aspects
    assert again.best[:, 3].tolist() == [0.25] * 3
    assert again.low[:, 3].tolist() == [0.125] * 3 and again.high[:, 3].tolist() == [0.375] * 3
    assert not again.known[:, 3].any() and set(again.facts[:, 3]) == {"shut"}
    for key, matrix in parts(judged).items():
        np.testing.assert_array_equal(np.delete(getattr(again, key), 3, axis=1), np.delete(matrix, 3, axis=1))
    np.testing.assert_array_equal(judged.best, three_judged().best)  # what was given is left as it was


def test_scored_again_with_and_without_ranges():
    judged, rules = three_judged(), rubric(*FIVE, draws=50)
    whole = scoring_scores.score(judged, THREE, rules, 4)
    pd.testing.assert_frame_equal(scoring_scores.rescore(judged, THREE, rules, 4), whole)
    quick = scoring_scores.rescore(judged, THREE, rules, 4, ranges=False)
    assert quick.columns.tolist() == whole.columns.tolist()
    assert quick[scoring_scores.RANGE_COLUMNS].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        quick.drop(columns=["tier", *scoring_scores.RANGE_COLUMNS]), scoring_scores.estimates(judged, THREE, rules)
    )


# --- ranks, and what is drawn ------------------------------------------------------------------------


def test_places_that_are_not_ranked_have_no_range_and_ranges_are_numbers():
    rows = [*known("a", (0.5,) * 5), ("b", "i0", 0.5, 0.5, 0.5, "observed")]
    for names in (["a", "b"], ["b"]):
        index = pd.Index(names)
        scores = scoring_scores.score(judge_all(evidence(rows), index, rubric(*FIVE)), index, rubric(*FIVE), 1)
        assert scores.loc["b", scoring_scores.RANGE_COLUMNS].isna().all()
        assert (scores[scoring_scores.RANGE_COLUMNS].dtypes == np.float64).all()
    assert scores["rank"].dtype == "Int64"


def test_equal_totals_are_ranked_in_the_order_of_the_places():
    totals = np.tile([0.5, 0.7], (2, 30))
    expected = np.empty(60, dtype=int)
    expected[1::2], expected[::2] = np.arange(1, 31), np.arange(31, 61)
    assert scoring_scores.ranks_of(totals).tolist() == [expected.tolist()] * 2


def test_only_cells_with_a_width_are_drawn():
    rows = [*known("a", (0.1, 0.2, 0.3, 0.4)), ("a", "i4", np.nan, 0.2, 0.6, "unknown")]
    index = pd.Index(["a"])
    found = open_cells(judge_all(evidence(rows), index, rubric(*FIVE)), index)
    assert (found.row.tolist(), found.column.tolist(), len(found.keys)) == ([0], [4], 1)


def test_places_in_the_best_k_are_counted_up_to_k():
    rows = [row for n, p in enumerate("abcd") for row in known(p, (0.9 - 0.1 * n,) * 5)]
    index, rules = pd.Index(list("abcd")), rubric(*FIVE, top_k=2)
    scores = scoring_scores.score(judge_all(evidence(rows), index, rules), index, rules, 1)
    assert scores["top10_share"].tolist() == [1.0, 1.0, 0.0, 0.0]


def test_rounding_does_not_lift_a_score_above_one():
    index, above = pd.Index(["a"]), 0
    for weights in itertools.product((1, 3, 7), repeat=5):
        rules = rubric(*FIVE, weights=dict(zip(ASPECTS, weights, strict=True)), mean="arithmetic")
        judged = judge_all(evidence(known("a", (1.0,) * 5)), index, rules)
        across = aspect_weights(rules)
        above += float(combine(np.ones(5), across, "arithmetic")) > 1
        assert scoring_scores.estimates(judged, index, rules)["floating"].tolist() == pytest.approx([1.0], abs=1e-12)
        assert scoring_scores.estimates(judged, index, rules)["floating"].max() <= 1
    assert above  # some of these weights come to a little more than 1


def test_weights_that_are_no_numbers_or_leave_nothing_to_judge_by():
    rules = rubric(*FIVE)
    for name, wrong in ((ASPECTS[0], {"aspects": {ASPECTS[0]: np.inf}}), ("i0", {"indicators": {"i0": np.inf}})):
        with pytest.raises(ConfigError, match=name):
            reweighted(rules, **wrong)
    # An aspect without a weight need not be judged by anything.
    bare = reweighted(rules, aspects={ASPECTS[0]: 0.0}, indicators={"i0": 0.0, "i1": 2.5})
    assert bare.aspect_weights == {**WEIGHTS, ASPECTS[0]: 0.0}
    assert [r.weight for r in bare.rules.values()] == [0.0, 2.5, 1.0, 1.0, 1.0]
    assert reweighted(rules) == rules
