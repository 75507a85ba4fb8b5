"""Tiers: on paper, against a plain implementation, and their laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.core.model import ASPECTS, GATE
from spatial.scoring import scores, tiers
from spatial.scoring.judging import judge_all
from tests.scoring.test_scores import FIVE, evidence, known, rubric, rule


def divided(floating, certain=None):
    """Tiers of draws (B, N)."""
    floating = np.asarray(floating, dtype=np.float64)
    wins = np.zeros((floating.shape[1],) * 2, dtype=np.int32)
    tiers.count_wins(floating, wins)
    able = np.ones(floating.shape[1], dtype=bool) if certain is None else np.array(certain)
    return tiers.divide_into_tiers(wins, len(floating), able).tolist()


def beats(draws, i, j):
    points = sum(2 if row[i] > row[j] else 1 if row[i] == row[j] else 0 for row in draws)
    return 10 * points >= 16 * len(draws)  # eight tenths, ties half


def peeled(draws):
    """By the rule as it is written; None where nobody is left whom nobody beats."""
    left, tier, number = set(range(len(draws[0]))), {}, 1
    while left:
        top = {j for j in left if not any(beats(draws, i, j) for i in left - {j})}
        if not top:
            return None
        tier |= dict.fromkeys(top, number)
        left -= top
        number += 1
    return [tier[i] for i in sorted(tier)]


some_draws = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 4), min_size=n, max_size=n), min_size=1, max_size=10)
)


@given(some_draws)
def test_against_the_rule_as_it_is_written(draws):
    expected, found = peeled(draws), divided(draws)
    assert expected is None or found == expected
    assert sorted(set(found)) == list(range(1, max(found) + 1))  # none is empty


@given(some_draws, st.randoms(use_true_random=False))
def test_the_order_of_places_and_of_draws_does_not_matter(draws, random):
    order = list(range(len(draws[0])))
    random.shuffle(order)
    turned = [[row[k] for k in order] for row in draws]
    random.shuffle(turned)
    found = divided(draws)
    assert divided(turned) == [found[k] for k in order]


@given(some_draws)
def test_who_beats_all_others_is_alone_in_the_first_tier(draws):
    found = divided(draws)
    for i in range(len(found)):
        if all(beats(draws, i, j) for j in range(len(found)) if j != i):
            assert [k for k, tier in enumerate(found) if tier == 1] == [i]


@given(some_draws, st.data())
def test_whose_conditions_are_not_known_is_never_in_the_first_tier(draws, data):
    certain = data.draw(st.lists(st.booleans(), min_size=len(draws[0]), max_size=len(draws[0])))
    found = divided(draws, certain)
    first = [sure for sure, tier in zip(certain, found, strict=True) if tier == 1]
    assert first and (all(first) or not any(certain))


@pytest.mark.parametrize(
    ("wins_of_ten", "expected"),
    [(8, [1, 2]), (7, [1, 1])],  # eight tenths are enough
)
def test_eight_draws_of_ten_are_needed(wins_of_ten, expected):
    assert divided([[1, 0]] * wins_of_ten + [[0, 1]] * (10 - wins_of_ten)) == expected


def test_a_tie_counts_half_and_rounding_is_a_tie():
    assert divided([[1, 0]] * 6 + [[1, 1]] * 4) == [1, 2]  # 6 + 2
    assert divided([[1, 0]] * 5 + [[1, 1]] * 5) == [1, 1]  # 5 + 2.5
    assert divided([[0.1 + 0.2, 0.3]] * 10) == [1, 1]


def test_five_in_a_circle_share_a_tier():
    """Each is above the next in four of five draws."""
    circle = [[(k - shift) % 5 for k in range(5)] for shift in range(5)]
    assert peeled(circle) is None and divided(circle) == [1] * 5
    assert divided([[*row, -1] for row in circle]) == [1] * 5 + [2]


def test_tiers_of_scores_and_what_they_are_called():
    rules = rubric(*FIVE, rule("open", GATE), draws=100)
    rows = [row for p, v in (("top", 0.9), ("same", 0.5), ("twin", 0.5), ("last", 0.1)) for row in known(p, (v,) * 5)]
    rows += [(p, "open", 1.0, 1.0, 1.0, "observed") for p in ("top", "same", "twin", "last")]
    rows += known("few", (0.9,))[:1] + known("shut", (0.9,) * 5) + [("shut", "open", 0.0, 0.0, 0.0, "observed")]
    index = pd.Index(["last", "few", "top", "twin", "shut", "same"])
    found = scores.score(judge_all(evidence(rows), index, rules), index, rules, 1)["tier"]
    assert found.dtype == "Int64"
    assert found.dropna().to_dict() == {"top": 1, "same": 2, "twin": 2, "last": 3}
    assert tiers.tier_words(found).tolist() == ["weakest", None, "best", "between", None, "between"]


@pytest.mark.parametrize(
    ("state", "low", "expected"),
    # Of an assumed right it counts whether the place may be closed all the same: .3 or less.
    [
        ("unknown", 0.9, [2, 1]),
        ("assumed by rule", 0.9, [1, 2]),
        ("assumed by rule", 0.3, [2, 1]),
        ("derived", 0.3, [1, 2]),
    ],
)
def test_access_unknown_is_never_among_the_best(state, low, expected):
    rules = rubric(*FIVE, rule("open", GATE), draws=50)
    rows = known("a", (0.9,) * 5) + known("b", (0.3,) * 5)
    rows += [("a", "open", 0.95, low, 1.0, state), ("b", "open", 1.0, 1.0, 1.0, "observed")]
    index = pd.Index(["a", "b"])
    found = scores.score(judge_all(evidence(rows), index, rules), index, rules, 1)
    assert found["tier"].tolist() == expected and found["rank"].tolist() == [1, 2]


def test_what_is_assumed_of_a_whole_kind_does_not_blur_what_differs_within_it():
    """Alike but for a tenth in one aspect; what is assumed of their kind is wide, but the same for both."""
    rules = rubric(*FIVE, draws=400, concentration=1e6)
    rows = known("a", (0.5, 0.5, 0.5, 0.6)) + known("b", (0.5,) * 4)
    rows += [(p, "i4", 0.5, 0.2, 0.8, "assumed by rule") for p in "ab"]
    index = pd.Index(["a", "b"])
    for facts, expected in ((["class:neutrality:bench"] * 2, [1, 2]), (["", ""], [1, 1])):
        table = evidence(rows)
        table["facts"] = [""] * 8 + facts
        found = scores.score(judge_all(table, index, rules), index, rules, 1)
        assert found["tier"].tolist() == expected


def test_tiers_do_not_depend_on_the_order_of_rows():
    rules, random = rubric(*FIVE, draws=100), np.random.default_rng(4)
    ids = [f"p{k}" for k in range(15)]
    rows = [(p, f"i{k}", np.nan, *np.sort(random.random(2)), "observed") for p in ids for k in range(5)]
    found = [
        scores.score(judge_all(evidence(rows), index, rules), index, rules, 2)["tier"].reindex(ids)
        for index in (pd.Index(ids), pd.Index(ids[::-1]))
    ]
    assert found[0].tolist() == found[1].tolist() and found[0].max() > 1


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([1, 1], ["between", "between"]),
        ([1, 2], ["best", "weakest"]),
        ([2, 1, 3, 4], ["between", "best", "between", "weakest"]),
        ([None, None], [None, None]),
        ([], []),
    ],
)
def test_words_of_a_column(column, expected):
    index = pd.Index(range(len(column)))
    assert tiers.tier_words(pd.Series(column, index=index, dtype="Int64")).tolist() == expected


def test_what_is_common_to_all_places_by_hand():
    """Two places, no weights to draw: a score is the mean of a common and an own uniform number, or one of them."""
    rules = rubric(
        rule("i0", ASPECTS[0]), weights={a: float(a == ASPECTS[0]) for a in ASPECTS}, mean="arithmetic", min_coverage=0
    )
    rows = [(place, "i0", np.nan, 0.0, 1.0, "unknown") for place in "ab"]
    for shared, expected in (("class:completeness;{}#seats", 0.5), ("class:completeness", 1.0), ("{}#seats", 0.0)):
        table = evidence(rows).assign(facts=[shared.format(place) for place in "ab"])
        index = pd.Index(list("ab"))
        judged = judge_all(table, index, rules)
        assert scores.shared_share(judged, index, rules, 3) == pytest.approx(expected, abs=0.1)
