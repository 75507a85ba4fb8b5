"""What one thing alone reproduces of a ranking: by Spearman: 1 − 6 Σd² / (n (n² − 1)), on paper."""

import numpy as np
import pandas as pd
import pytest

from spatial.scoring.ablation import Ablation, ablate

KINDS = ["table;bench", "table", "pitch", "pitch;bench", "bench"]
FLOATING = [0.9, 0.8, 0.6, 0.7, 0.3]


def spaces(kinds=KINDS, floating=FLOATING, things=(1, 2, 3, 4, 5)):
    ranks = pd.Series(floating).rank(ascending=False).to_list()
    columns = {"kinds": kinds, "place_count": things, "floating": floating, "rank": ranks}
    return pd.DataFrame(columns, index=[f"space:{i}" for i in range(len(kinds))])


def evidence(homes, indicator="homes_near"):
    ids = [f"space:{i}" for i in range(len(homes))]
    return pd.DataFrame({"place_id": ids, "indicator": indicator, "value": homes})


def test_each_alone_on_paper():
    # Homes: ranks 5 3 4 2 1 against 5 4 2 3 1: Σd² = 0 + 1 + 4 + 1 + 0 = 6, hence 1 − 36 / 120.
    # Things: 1 2 3 4 5 against 5 4 2 3 1: Σd² = 16 + 4 + 1 + 1 + 16 = 38, hence 1 − 228 / 120.
    found = ablate(spaces(), evidence([500, 300, 400, 200, 100]))
    assert found.by_homes == pytest.approx(0.7)
    assert found.by_features == pytest.approx(-0.9)


def test_the_kind_alone_on_paper():
    # Medians .85 .85 .65 .65 .3 .3 of the scores .9 .8 .6 .7 .3 .3, by their ranks from the lowest.
    found = ablate(spaces([*KINDS, "bench"], [*FLOATING, 0.3], (1, 2, 3, 4, 5, 6)), evidence([1.0]))
    x, y = np.array([5.5, 5.5, 3.5, 3.5, 1.5, 1.5]), np.array([6, 5, 3, 4, 1.5, 1.5])
    x, y = x - 3.5, y - 3.5
    assert found.by_kind == pytest.approx(x @ y / np.sqrt((x @ x) * (y @ y)))


def test_the_only_one_of_a_kind_does_not_stand_for_itself():
    # Four are left, of which nothing is said.
    assert ablate(spaces(), evidence([1.0])).by_kind is None


def test_only_the_ranked_are_compared():
    more = spaces([*KINDS, "table"], [*FLOATING, 0.1], (1, 2, 3, 4, 5, 6))
    more.loc["space:5", "rank"] = np.nan
    assert ablate(more, evidence([500, 300, 400, 200, 100, 900])) == ablate(
        spaces(), evidence([500, 300, 400, 200, 100])
    )


def test_of_fewer_than_five_nothing_is_said():
    assert ablate(spaces(KINDS[:4], FLOATING[:4], (1, 2, 3, 4)), evidence([1, 2, 3, 4])) == Ablation(None, None, None)


def test_where_all_are_alike_nothing_is_said():
    found = ablate(spaces(["bench"] * 5, things=(1,) * 5), evidence([7] * 5))
    assert found == Ablation(None, None, None)
    assert ablate(spaces(), evidence([1] * 5, "dwellings_5min")).by_homes is None


def test_of_an_estate_without_spaces_nothing_is_said():
    empty = pd.DataFrame({"kinds": [], "place_count": [], "floating": [], "rank": []})
    assert ablate(empty, evidence([])) == Ablation(None, None, None)
