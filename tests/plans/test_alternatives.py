import numpy as np
import pandas as pd

from spatial.plans import alternatives
from spatial.plans.alternatives import CRITERIA
from spatial.texts import alternatives as told


def table(**rows):
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(CRITERIA), dtype=float)


# Homes demolished and built, places gone and new, homes that lose at worst, median home, worst tenth.
A, B, C, D = (0, 0, 1, 0, 10, 60, 40), (0, 0, 1, 0, 12, 60, 40), (20, 0, 3, 0, 50, 70, 30), (1, 0, 2, 0, 12, 60, 39)


def test_a_plan_is_beaten_only_where_another_is_as_good_in_everything():
    assert alternatives.dominated_plans(table(A=A, B=B, C=C, D=D)) == ["", "A", "", "A;B"]


def test_equal_plans_do_not_beat_each_other():
    assert alternatives.dominated_plans(table(A=A, B=A)) == ["", ""]


def test_what_is_not_known_of_one_plan_decides_nothing():
    unknown = (0, 0, 1, 0, 9, 60, np.nan)
    assert alternatives.dominated_plans(table(A=A, B=unknown)) == ["B", ""]


def test_in_words():
    rows = table(A=A, B=B).assign(winning=5.0, keeps_share=[0.874, np.nan])
    rows = rows.assign(dominated_by=alternatives.dominated_plans(rows))
    said = told.alternatives_in_words(told.alternatives_as_data(rows), lang="en")
    assert "B: A is at least as good on every point" in said and "87 %" in said and "not known" in said
    alone = told.alternatives_as_data(table(A=A).assign(winning=0.0, keeps_share=1.0, dominated_by=""))
    assert "Ingen af planerne" in told.alternatives_in_words(alone, lang="da")


def test_demolition_alone_is_beaten_by_the_same_with_homes_and_a_square_and_beats_nothing():
    only, homes = (59, 0, 0, 0, 0, 65, 50), (59, 60, 0, 4, 0, 65, 50)
    assert alternatives.dominated_plans(table(only=only, homes=homes, nothing=(0, 0, 0, 0, 0, 65, 50))) == [
        "homes;nothing", "", "",
    ]  # fmt: skip


def test_a_plan_that_is_worse_for_one_lens_in_one_phase_beats_nobody():
    both = table(A=A, B=A).assign(**{"losing_on_the_way:child": [0, 300], "median_after:child": [50, 60]})
    assert alternatives.dominated_plans(both) == ["", ""]
    assert alternatives.dominated_plans(both.assign(**{"median_after:child": [60, 60]})) == ["", "A"]
