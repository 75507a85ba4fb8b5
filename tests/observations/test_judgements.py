"""Raters against scores, and residents' order of activities: on paper, and in worlds whose truth is known."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from spatial.core.model import ASPECTS
from spatial.fieldkit.kit import settings as fieldkit_settings
from spatial.observations import judgements

SETS = judgements.sets_of(fieldkit_settings()["openness"]["activities"], fieldkit_settings()["openness"]["differences"])
NAMES = sorted({name for one in SETS for name in one})
KNOWN = {name: 0.7 for name in NAMES} | {NAMES[0]: 1.0}


def test_sets_are_balanced_each_activity_four_times_and_each_pair_once():
    assert len(SETS) == 13 and all(len(set(one)) == 4 for one in SETS)
    assert all(sum(name in one for one in SETS) == 4 for name in NAMES)
    assert all(sum(a in one and b in one for one in SETS) == 1 for a, b in combinations(NAMES, 2))


def answers(order):
    """One resident's: of each set the first and the last in this order."""
    row = {}
    for n, one in enumerate(SETS, 1):
        first, *_, last = sorted(one, key=order.index)
        row |= {f"best_{n}": first, f"worst_{n}": last}
    return row


def test_one_order_of_all_residents_comes_back_with_no_spread():
    """Always best: 4 of 4; always worst: −4 of 4; their range is that of what was assumed, .7 to 1."""
    order = NAMES[::-1]
    found = judgements.ordered(pd.DataFrame([answers(order)] * 12), SETS, KNOWN)
    assert found.loc[order[0], ["score", "neutrality"]].tolist() == pytest.approx([1, 1.0])
    assert found.loc[order[-1], ["score", "neutrality"]].tolist() == pytest.approx([-1, 0.7])
    assert found["spread"].max() == 0 and found["score"].sum() == pytest.approx(0)
    assert found.loc[order, "score"].corr(pd.Series(range(13, 0, -1), order), method="spearman") > 0.95
    assert found.attrs["residents"] == 12


def test_opposite_halves_have_no_order_and_the_widest_spread():
    """Half say +1 and half −1 of the ends: mean 0, standard deviation √(12/11), times half of .3."""
    found = judgements.ordered(pd.DataFrame([answers(NAMES), answers(NAMES[::-1])] * 6), SETS, KNOWN)
    assert found["score"].to_numpy() == pytest.approx(0) and found["neutrality"].to_numpy() == pytest.approx(0.85)
    assert found.loc[NAMES[0], "spread"] == pytest.approx(0.15 * np.sqrt(12 / 11))


def test_a_planted_order_is_recovered_from_residents_who_err():
    rng, truth = np.random.default_rng(1), np.linspace(0, 3, 13)
    rows = [answers([NAMES[i] for i in np.argsort(-(truth + rng.gumbel(size=13)))]) for _ in range(60)]
    found = judgements.ordered(pd.DataFrame(rows), SETS, KNOWN)
    assert found["score"].corr(pd.Series(truth, NAMES), method="spearman") > 0.95
    assert found["spread"].between(0.02, 0.15).all()


@pytest.mark.parametrize("wrong", [{"best_3": ""}, {"best_3": "church"}, {"best_5": "same"}])
def test_who_did_not_answer_all_is_left_out(wrong):
    spoilt = answers(NAMES[::-1]) | wrong
    if wrong.get("best_5"):
        spoilt["best_5"] = spoilt["worst_5"]
    found = judgements.ordered(pd.DataFrame([answers(NAMES), answers(NAMES), spoilt]), SETS, KNOWN)
    assert found.attrs["residents"] == 2 and found["spread"].max() == 0


ITEMS = {"a": "openness", "b": "openness", "c": "mixing"}


def test_raters_on_paper():
    """Means of two items of three steps: 1/3 and 2/3, 5/6 and 1, 1/2 and 1/2; ours are the means of the raters."""
    rows = [("p", "A", 0, 2, 3), ("p", "B", 1, 3, 3), ("q", "A", 2, 3, 1), ("q", "B", 3, 3, 1), ("r", "A", 0, 3, 2),
            ("r", "B", 1, 2, 2), ("s", "A", 1, 1, np.nan)]  # fmt: skip
    spaces = pd.DataFrame({aspect: [0.5, 11 / 12, 0.5] for aspect in ASPECTS}, index=["p", "q", "r"])
    found = judgements.rated(pd.DataFrame(rows, columns=["location_id", "rater", *ITEMS]), ITEMS, 3, spaces)
    groups = np.array([[1 / 3, 2 / 3], [5 / 6, 1], [0.5, 0.5]])
    between = 2 * ((groups.mean(axis=1) - groups.mean()) ** 2).sum() / 2
    within = ((groups - groups.mean(axis=1, keepdims=True)) ** 2).sum() / 3
    assert found.loc["openness", "raters_icc"] == pytest.approx((between - within) / (between + within))
    assert found.loc["openness", ["raters_n", "ours_n"]].tolist() == [3, 3] and found.loc["openness", "ours_icc"] == 1
    assert found.loc["mixing", "raters_icc"] == 1 and found.index.tolist() == ["openness", "mixing"]


def test_raters_who_judge_without_looking_agree_with_nothing():
    rng = np.random.default_rng(2)
    places = [f"p{i:02}" for i in range(60)]
    rows = [(place, who, *rng.integers(0, 4, 3)) for place in places for who in "AB"]
    spaces = pd.DataFrame({aspect: rng.random(60) for aspect in ASPECTS}, index=places)
    found = judgements.rated(pd.DataFrame(rows, columns=["location_id", "rater", *ITEMS]), ITEMS, 3, spaces)
    assert (found[["raters_low", "ours_low"]] < 0.1).all(axis=None) and (found["raters_high"] > -0.1).all()
