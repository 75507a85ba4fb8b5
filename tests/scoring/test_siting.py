"""Choosing places to stand, against brute force over all subsets and on paper."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.scoring import siting


def brute(dwellings, reach, worth, k):
    """The most that any subset of at most k spaces brings."""
    most = 0.0
    for size in range(k + 1):
        for chosen in combinations(range(len(worth)), size):
            total = sum(
                n * max((worth[s] for s in chosen if reach[s][d]), default=0.0) for d, n in enumerate(dwellings)
            )
            most = max(most, total)
    return most


@st.composite
def problems(draw):
    spaces, doors = draw(st.integers(1, 7)), draw(st.integers(1, 8))
    reach = draw(st.lists(st.lists(st.booleans(), min_size=doors, max_size=doors), min_size=spaces, max_size=spaces))
    worth = draw(st.lists(st.integers(0, 10), min_size=spaces, max_size=spaces))
    dwellings = draw(st.lists(st.integers(0, 50), min_size=doors, max_size=doors))
    return np.array(dwellings, dtype=float), np.array(reach), np.array(worth) / 10, draw(st.integers(1, 4))


@settings(max_examples=80, deadline=None)
@given(problems())
def test_no_subset_is_better(problem):
    dwellings, reach, worth, k = problem
    found = siting.choose_spaces(dwellings, reach, worth, k)
    assert len(found.spaces) <= k
    assert found.value == pytest.approx(brute(dwellings, reach.tolist(), worth.tolist(), k), abs=1e-6)
    assert found.value == pytest.approx(
        siting.value_of_choice(dwellings, reach, worth, np.array(found.spaces, dtype=int))
    )


# Doors of 10, 20, 30 and 5 dwellings. a reaches the first two, b the middle two, c the last two, d all but the last.
REACH = {"a": (0, 1), "b": (1, 2), "c": (2, 3), "d": (0, 1, 2)}
DWELLINGS = (10, 20, 30, 5)
WORTH = {"a": 0.8, "b": 0.6, "c": 0.7, "d": 0.5}


def reach(known=()):
    rows = [(s, f"door{d}", DWELLINGS[d], (s, d) in known) for s, doors in REACH.items() for d in doors]
    return pd.DataFrame(rows, columns=list(siting.REACH_COLUMNS))


def test_the_curve_on_paper():
    """Alone d brings 60 × .5 = 30, b 50 × .6 = 30, c 35 × .7 = 24.5, a 30 × .8 = 24; a and c bring 24 + 24.5."""
    found = siting.siting_curve(reach(known={("a", 0), ("c", 2)}), pd.Series(WORTH), 130.0)
    assert found["k"].tolist() == [1, 2]  # b and d add nothing to a and c
    assert found["space_ids"].iloc[0] in ("b", "d") and found["space_ids"].iloc[1] == "a;c"
    assert found["value"].tolist() == pytest.approx([30, 48.5])
    assert found["dwellings"].iloc[1] == 65 and found["share"].iloc[1] == 0.5
    assert found["dwellings_known"].iloc[1] == 40


def test_more_places_never_bring_less():
    found = siting.siting_curve(reach(), pd.Series(dict.fromkeys(REACH, 1.0)), 65.0)
    assert found["value"].is_monotonic_increasing and found["dwellings"].iloc[-1] == 65
    assert found["space_ids"].iloc[0] == "d" and found["dwellings"].tolist() == [60, 65]


def test_nobody_in_reach():
    none = siting.siting_curve(reach().iloc[:0], pd.Series(WORTH), 65.0)
    assert none["dwellings"].tolist() in ([], [0.0])
    assert siting.choose_spaces(np.empty(0), np.empty((0, 0), dtype=bool), np.empty(0), 3) == siting.Choice((), 0.0)


def test_nobody_is_sent_to_where_there_is_no_rank():
    """Without d, which is closed, and a, which is withheld: b alone brings 50 × .6, and c 35 × .7 beside it."""
    spaces = pd.DataFrame({"floating": WORTH, "rank": pd.array([pd.NA, 1, 2, pd.NA], dtype="Int64")}, index=list(WORTH))
    result = SimpleNamespace(reach=reach(), meeting_spaces=spaces, manifest={"siting": {"dwellings": 130.0}})
    found = siting.siting_of_result(result)
    assert found["space_ids"].tolist() == ["b", "c;b"]
    # b: doors of 20 and 30 at .6; c: of 30 and 5 at .7, and b's 20.
    assert found["value"].tolist() == pytest.approx([30.0, 36.5])
