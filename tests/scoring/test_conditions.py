"""Conditions, shares and withheld ranks: against paper, all corners, and the laws of the measure."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from spatial.core.errors import ConfigError
from spatial.core.model import ASPECTS, CLOSED_AT, EVIDENCE, GATE, SHARES
from spatial.scoring import explanation, field_checks, scores, sensitivity
from spatial.scoring.combining import conditions_known
from spatial.scoring.draws import draws, open_cells
from spatial.scoring.judging import judge_all, reweighted
from tests.scoring.test_scores import FIVE, evidence, known, rubric, rule

GATES = [rule("open", GATE), rule("way", GATE)]
MEANS = ["geometric", "arithmetic"]
tenths = st.integers(0, 10).map(lambda number: number / 10)
intervals = st.tuples(tenths, tenths, tenths).map(sorted)


def judge(rows, rules):
    index = pd.Index(sorted({row[0] for row in rows}))
    return judge_all(evidence(rows), index, rules), index


def conditions(place, *values, state="derived"):
    return [(place, name, v, v, v, state) for name, v in zip(("open", "way"), values, strict=False)]


def by_hand(aspects, gates, mean):
    """Floating potential of five aspects of equal weight."""
    middle = math.prod(aspects) ** (1 / 5) if mean == "geometric" else sum(aspects) / 5
    return math.prod(gates) * middle


@st.composite
def tables(draw):
    """Two to four places: five aspects, one of which has two indicators, and two conditions; all are intervals."""
    names = [*(f"i{k}" for k in range(5)), "more", "open", "way"]
    return [
        (place, name, best, low, high, draw(st.sampled_from(EVIDENCE)))
        for place in "abcd"[: draw(st.integers(2, 4))]
        for name in names
        for low, best, high in [draw(intervals)]
    ]


def of_tables(**more):
    return rubric(*FIVE, rule("more", ASPECTS[0], weight=3.0), *GATES, **more)


@pytest.mark.parametrize(("mean", "expected"), [("geometric", 0.8 * 0.5 * 0.25), ("arithmetic", 0.8 * 0.5 * 0.3)])
def test_on_paper(mean, expected):
    """Aspects .5, .5, .25, .125, .125: their product is .25 to the fifth, their sum 1.5."""
    rules = rubric(*FIVE, *GATES, mean=mean)
    judged, index = judge(known("a", (0.5, 0.5, 0.25, 0.125, 0.125)) + conditions("a", 0.8, 0.5), rules)
    found = scores.estimates(judged, index, rules)
    assert found["floating"].tolist() == pytest.approx([expected])
    assert found["openness"].tolist() == pytest.approx([0.5])  # aspects are as they were


def test_each_bound_has_its_own_conditions():
    rules = rubric(*FIVE, *GATES)
    rows = [*known("a", (0.5,) * 5), ("a", "open", 0.95, 0.8, 1.0, "derived"), ("a", "way", 0.75, 0.3, 1.0, "unknown")]
    found = scores.estimates(*judge(rows, rules), rules).iloc[0]
    expected = [0.5 * 0.8 * 0.3, 0.5 * 0.95 * 0.75, 0.5]
    assert found[["floating_low", "floating", "floating_high"]].tolist() == pytest.approx(expected)


@settings(max_examples=30)
@given(tables(), st.sampled_from(MEANS))
def test_the_interval_is_that_of_all_corners(rows, mean):
    rules = of_tables(mean=mean)
    judged, index = judge(rows, rules)
    found = scores.estimates(judged, index, rules)
    for place in index:
        cells = [(low, high) for p, _, _, low, high, _ in rows if p == place]
        corners = []
        for *aspects, more, one, two in itertools.product(*cells):
            first = (aspects[0] + 3 * more) / 4
            corners.append(by_hand([first, *aspects[1:]], [one, two], mean))
        assert found.loc[place, "floating_low"] == pytest.approx(min(corners), abs=1e-9)
        assert found.loc[place, "floating_high"] == pytest.approx(max(corners), abs=1e-9)


@given(tables(), st.sampled_from(MEANS))
def test_low_best_and_high_stand_in_their_order_and_shares_sum_to_one(rows, mean):
    rules = of_tables(mean=mean)
    found = scores.estimates(*judge(rows, rules), rules)
    assert (found["floating_low"] <= found["floating"] + 1e-12).all()
    assert (found["floating"] <= found["floating_high"] + 1e-12).all()
    assert found[list(SHARES)].sum(axis=1).tolist() == pytest.approx([1.0] * len(found))
    assert (found["seen"] + found["computed"]).tolist() == pytest.approx(found["coverage"].tolist())


@given(tables(), st.sampled_from(MEANS), st.sampled_from(["open", "way"]), tenths)
def test_a_lower_condition_raises_no_score(rows, mean, name, by):
    rules = of_tables(mean=mean, draws=20)
    lower = [
        (p, i, *(max(v - by, 0.0) for v in (value, low, high)), state) if i == name and p == "a" else row
        for row in rows
        for p, i, value, low, high, state in [row]
    ]
    before, after = (scores.estimates(*judge(table, rules), rules) for table in (rows, lower))
    for column in ("floating_low", "floating", "floating_high"):
        assert (after[column] <= before[column] + 1e-12).all()
        assert after[column].drop("a").tolist() == before[column].drop("a").tolist()


@given(tables(), st.lists(st.integers(1, 9), min_size=5, max_size=5), st.sampled_from([0.0, 0.1, CLOSED_AT]))
def test_what_is_closed_has_no_rank_by_any_weights(rows, weights, product):
    open_ = [row for row in rows if row[1] not in ("open", "way")]
    open_ = [(*row[:5], "observed") for row in open_]
    gates = conditions("a", product, 1.0) + [row for p in "bcd" for row in conditions(p, 1.0, 1.0)]
    places = {row[0] for row in open_}
    rules = of_tables(draws=5, min_coverage=0.0)
    judged, index = judge(open_ + [row for row in gates if row[0] in places], rules)
    weighed = reweighted(rules, aspects=dict(zip(ASPECTS, map(float, weights), strict=True)))
    for ranges in (True, False):
        found = scores.rescore(judged, index, weighed, 1, ranges=ranges)
        assert found["rank"].isna().tolist() == [True] + [False] * (len(places) - 1)
        assert found.loc["a", ["tier", "rank_p05", "rank_p95"]].isna().all()
        assert found["floating"].notna().all() and found["tier"].dtype == "Int64"


def test_just_above_the_threshold_there_is_a_rank():
    rules = rubric(*FIVE, *GATES)
    rows = known("a", (0.5,) * 5) + conditions("a", 0.31, 1.0) + known("b", (0.5,) * 5) + conditions("b", 0.5, 0.6)
    found = scores.estimates(*judge(rows, rules), rules)
    assert found["rank"].isna().tolist() == [False, True]  # .5 × .6 = .3


def test_shares_on_paper():
    states = ("observed", "derived", "estimated", "assumed by rule", "unknown")
    rows = [("a", f"i{k}", 0.5, 0.5, 0.5, state) for k, state in enumerate(states)]
    rules = rubric(*FIVE, *GATES, weights=dict(zip(ASPECTS, (1.0, 2.0, 3.0, 4.0, 10.0), strict=True)))
    judged, index = judge(rows + conditions("a", 1.0, 1.0, state="observed"), rules)
    found = scores.estimates(judged, index, rules)
    assert found[list(SHARES)].iloc[0].tolist() == pytest.approx([0.05, 0.1, 0.35, 0.5])
    assert found["coverage"].tolist() == pytest.approx([0.15])


def test_a_condition_of_weight_zero_does_not_apply_and_none_can_be_reweighed():
    off = rubric(*FIVE, rule("open", GATE, weight=0.0))
    found = scores.estimates(*judge(known("a", (0.5,) * 5) + conditions("a", 0.0), off), off)
    assert found["floating"].tolist() == pytest.approx([0.5])
    on = rubric(*FIVE, *GATES)
    with pytest.raises(ConfigError, match="open is a condition and has no weight"):
        reweighted(on, indicators={"open": 0.0})
    assert reweighted(on, indicators={"open": 1.0}) == on


def test_draws_of_a_condition_are_those_of_the_closed_form():
    """Aspects .5 and one condition uniform on [0, 1]: the score is u / 2."""
    rules = rubric(*FIVE, *GATES)
    rows = [*known("a", (0.5,) * 5), ("a", "open", np.nan, 0.0, 1.0, "unknown"), *conditions("a", 1.0, 1.0)[1:]]
    judged, index = judge(rows, rules)
    drawn = np.concatenate([total for _, total, _ in draws(judged, index, rules, 3, 20_000)])[:, 0]
    assert drawn.mean() == pytest.approx(0.25, abs=4 * math.sqrt(1 / 48 / 20_000))
    assert drawn.var() == pytest.approx(1 / 48, rel=0.05)


def test_what_is_unknown_of_a_whole_class_is_one_number_for_all_places():
    rules = rubric(*FIVE, *GATES)
    rows = [row for p in "abc" for row in known(p, (0.5,) * 4) + conditions(p, 1.0, 1.0)]
    rows += [(p, "i4", 0.5, 0.35, 0.65, "assumed by rule") for p in "abc"]
    table = evidence(rows)
    kinds = {"a": "bench", "b": "bench", "c": "table"}
    table["facts"] = [
        f"class:neutrality:{kinds[p]}" if i == "i4" else ""
        for p, i in zip(table["place_id"], table["indicator"], strict=True)
    ]
    index = pd.Index(list("abc"))
    judged = judge_all(table, index, rules)
    _, _, parts = next(iter(draws(judged, index, rules, 3)))
    assert (parts[:, 0, 4] == parts[:, 1, 4]).all() and (parts[:, 0, 4] != parts[:, 2, 4]).all()
    assert parts[:, 0, 4].min() < 0.4 < 0.6 < parts[:, 0, 4].max()
    # No visit settles it: it is on no list of what to look at.
    assert len(field_checks.find_field_checks(judged, index, rules, 1, count=20)) == 0


@pytest.mark.parametrize("mean", MEANS)
@settings(max_examples=15)
@given(rows=tables())
def test_an_explanation_adds_up_with_the_conditions(mean, rows):
    rules = of_tables(mean=mean)
    table = evidence(rows).assign(unit="share", rule="r", source_id="s")
    found = explanation.explain_place(table, rules, "a")
    judged = {name: value for p, name, value, *_ in rows if p == "a"}
    assert [(part.indicator, part.judged) for part in found.conditions] == [(n, judged[n]) for n in ("open", "way")]
    assert found.gate == pytest.approx(judged["open"] * judged["way"], abs=1e-12)
    factors = [aspect.factor for aspect in found.aspects]
    together = math.prod(factors) if mean == "geometric" else sum(factors)
    product = math.prod(part.judged for part in found.conditions)
    assert found.score == pytest.approx(product * together, abs=1e-9)
    index = pd.Index(["a"])
    published = scores.estimates(judge_all(table, index, rules), index, rules).iloc[0]
    assert [found.low, found.score, found.high] == pytest.approx(
        published[["floating_low", "floating", "floating_high"]].tolist(), abs=1e-9
    )


def with_facts(rows, facts):
    table = evidence(rows)
    table["facts"] = [facts.get((p, i), "") for p, i in zip(table["place_id"], table["indicator"], strict=True)]
    return table


def test_a_visit_to_a_gate_on_paper():
    """a scores .8 u and is second at its best estimate, u = .5; before b, who scores .5, whenever u > .625."""
    rules = rubric(*FIVE, *GATES, mean="arithmetic")
    rows = [*known("a", (0.8,) * 5), ("a", "open", np.nan, 0.0, 1.0, "unknown"), *conditions("a", 1.0, 1.0)[1:]]
    table = with_facts(rows + known("b", (0.5,) * 5) + conditions("b", 1.0, 1.0), {("a", "open"): "a#access"})
    index = pd.Index(["a", "b"])
    found = field_checks.find_field_checks(judge_all(table, index, rules), index, rules, 5, count=4000)
    row = found.iloc[0]
    assert len(found) == 1 and (row["fact"], row["place_id"], row["indicators"]) == ("access", "a", "open")
    assert row["rank_change"] == pytest.approx(0.375, abs=4 * math.sqrt(0.375 * 0.625 / 4000))
    assert (row["floating_worst"], row["floating_best"]) == pytest.approx((0.0, 0.8))
    assert row["coverage_gain"] == 0 and not row["makes_ranked"]


def test_a_visit_that_may_open_what_is_closed_gives_it_a_rank():
    rules = rubric(*FIVE, *GATES)
    for high, opens in ((1.0, True), (CLOSED_AT, False)):
        rows = [*known("a", (0.8,) * 5), ("a", "open", 0.2, 0.0, high, "assumed by rule")]
        table = with_facts([*rows, *conditions("a", 1.0, 1.0)[1:]], {("a", "open"): "a#access"})
        index = pd.Index(["a"])
        found = field_checks.find_field_checks(judge_all(table, index, rules), index, rules, 5, count=5)
        assert found["makes_ranked"].tolist() == [opens]


@pytest.mark.parametrize("mean", MEANS)
@settings(max_examples=10)
@given(rows=tables())
def test_field_checks_against_computing_every_draw_again(mean, rows):
    rules, count = of_tables(mean=mean), 10
    table = with_facts(rows, {(p, i): f"{p}#access" for p in "abcd" for i in ("open", "i1")})
    index = pd.Index(sorted({row[0] for row in rows}))
    judged = judge_all(table, index, rules)
    cells = open_cells(judged, index)
    found = field_checks.find_field_checks(judged, index, rules, 5, count=count).set_index("place_id")
    change = {key: 0.0 for key in cells.keys if key.endswith("#access")}
    for block, _, _ in draws(judged, index, rules, 5, count):
        for b in range(count):
            after = ranks_by_hand(judged, cells, block, b, mean, None)
            for key in change:
                before = ranks_by_hand(judged, cells, block, b, mean, cells.keys.index(key))
                change[key] += abs(after - before)[index.get_loc(key[0])] / count
    assert {f"{p}#access": value for p, value in found["rank_change"].items()} == pytest.approx(change)


def drawn_around(middle, uniform):
    """What a uniform number becomes where a probability is known: Beta(2q, 2(1 - q)) by 256 steps."""
    steps, q = np.linspace(0, 1, 257), min(max(middle, 0.002), 0.998)
    return np.interp(uniform, steps, beta.ppf(steps, 2 * q, 2 * (1 - q)))


def ranks_by_hand(judged, cells, block, b, mean, settled):
    """Ranks of one draw, cell by cell; one fact may be left at the best estimates."""
    values = judged.low.copy()
    for c, (i, j) in enumerate(zip(cells.row, cells.column, strict=True)):
        low, best, high = (part[i, j] for part in (judged.low, judged.best, judged.high))
        fact = cells.fact[cells.start[c]]
        at = block.uniform[b, fact]
        if judged.states[i, j] == EVIDENCE.index("estimated"):
            at = drawn_around((best - low) / (high - low), at)
        values[i, j] = best if fact == settled else low + (high - low) * at
    gates = [judged.indicators.index(name) for name in ("open", "way")]
    with np.errstate(divide="ignore"):
        total = [
            math.prod(row[gates])
            * (
                math.prod((block.within[b, a] @ row) ** block.across[b, a] for a in range(5))
                if mean == "geometric"
                else sum((block.within[b, a] @ row) * block.across[b, a] for a in range(5))
            )
            for row in values
        ]
    return np.array([1 + sum(other > own + 1e-12 for other in total) for own in total])


def test_each_condition_is_a_group_of_its_own_without_a_weight():
    """Only the condition of a place is unknown, and the weights do not move: it is all that matters."""
    rules = rubric(*FIVE, *GATES, mean="arithmetic", concentration=1e9)
    rows = [row for k, p in enumerate("abcd") for row in known(p, (0.5, 0.5, 0.5, 0.5, 0.4 + 0.05 * k))]
    rows += [row for p in "abcd" for row in conditions(p, 1.0, 0.9)[p == "d" :]]
    rows += [("d", "open", np.nan, 0.9, 1.0, "derived")]
    found = sensitivity.sobol_table(*judge(rows, rules), rules, 3, samples=1024).set_index("input")
    assert found["level"].value_counts().to_dict() == {"indicator": 5, "aspect": 5, "condition": 2}
    assert found.loc["open", ["first_order", "total"]].tolist() == pytest.approx([1, 1], abs=0.1)
    assert found.loc["way", ["first_order", "total"]].tolist() == [0, 0]
    assert found.drop("open")["total"].max() < 0.02


def test_a_right_that_is_assumed_is_not_known_where_the_rule_may_hide_a_closed_gate():
    told = {"a": (0.3, "assumed by rule"), "b": (0.0, "derived"), "c": (0.9, "assumed by rule"), "d": (0.0, "unknown")}
    rows = [(place, "open", 0.95, low, 1.0, state) for place, (low, state) in told.items()]
    rows += [(place, "way", 1.0, 1.0, 1.0, "derived") for place in told]
    judged, index = judge(rows + [row for place in told for row in known(place, [0.5] * 5)], rubric(*FIVE, *GATES))
    assert dict(zip(index, conditions_known(judged).tolist(), strict=True)) == {
        "a": False, "b": True, "c": True, "d": False,
    }  # fmt: skip
