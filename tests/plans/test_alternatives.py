import numpy as np
import pandas as pd

from spatial.plans import phases
from spatial.plans.phases import CRITERIA
from spatial.texts import plans


def table(**rows):
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(CRITERIA), dtype=float)


# Median home, worst lens, homes that lose, demolished, spaces gone.
A, B, C, D = (60, 40, 10, 0, 1), (60, 40, 12, 0, 1), (70, 30, 50, 20, 3), (60, 39, 12, 1, 2)


def test_a_plan_is_beaten_only_where_another_is_as_good_in_everything():
    assert phases.dominated_plans(table(A=A, B=B, C=C, D=D)) == ["", "A", "", "A;B"]


def test_equal_plans_do_not_beat_each_other():
    assert phases.dominated_plans(table(A=A, B=A)) == ["", ""]


def test_what_is_not_known_of_one_plan_decides_nothing():
    unknown = (60, np.nan, 9, 0, 1)
    assert phases.dominated_plans(table(A=A, B=unknown)) == ["B", ""]


def test_in_words():
    rows = table(A=A, B=B).assign(winning=5.0, spaces_new=0.0, keeps_share=[0.874, np.nan])
    rows = rows.assign(dominated_by=phases.dominated_plans(rows))
    said = plans.alternatives_in_words(plans.alternatives_as_data(rows), lang="en")
    assert "B: A is at least as good on every point" in said and "87 %" in said and "not known" in said
    alone = plans.alternatives_as_data(table(A=A).assign(winning=0.0, spaces_new=0.0, keeps_share=1.0, dominated_by=""))
    assert "Ingen af planerne" in plans.alternatives_in_words(alone, lang="da")
