"""How many things of a kind are not mapped, by two lists of it."""

from collections import Counter
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spatial
from spatial.analysis.inputs import InputFiles, Inputs, prepare_ground
from spatial.core.timing import Clock
from spatial.layers.completeness import Completeness, TwoLists, completeness_by_kind, estimate_total, unmapped_at_most
from spatial.settings.tags import tag_rules


def lists(first: int, second: int, both: int, kind: str = "bench", source: str = "register") -> TwoLists:
    return TwoLists(kind, source, first, second, both)


@pytest.mark.parametrize(
    ("first", "second", "both", "total"),
    [
        (20, 15, 5, 55.0),  # 21 · 16 / 6 − 1
        (9, 9, 9, 9.0),  # 10 · 10 / 10 − 1: both know all
        (9, 4, 0, 49.0),  # 10 · 5 / 1 − 1
        (0, 7, 0, 7.0),  # 1 · 8 / 1 − 1
    ],
)
def test_chapmans_estimate_by_hand(first, second, both, total):
    assert estimate_total(lists(first, second, both))[1] == pytest.approx(total)


def test_the_interval_by_hand():
    """Of 20 and 15 with 5 in both: variance 21·16·15·10 / (36·7) = 200; 30 are known, 25 not: C = e^(1.96·√ln 1.32)."""
    low, best, high = estimate_total(lists(20, 15, 5))
    spread = exp(1.96 * sqrt(log(1 + 200 / 25**2)))
    assert (low, best, high) == pytest.approx((30 + 25 / spread, 55, 30 + 25 * spread))
    assert (low, high) == pytest.approx((38.90, 100.22), abs=0.01)


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0, 1))
def test_never_fewer_than_are_known(first, second, share):
    pair = lists(first, second, int(share * min(first, second)))
    low, best, high = estimate_total(pair)
    assert pair.known <= low + 1e-9 <= best + 2e-9 <= high + 3e-9


def test_lists_go_before_what_is_stated_and_a_kind_of_which_there_is_none_has_nothing():
    stated = {"bench": (0.2, 0.8), "table": (0.5, 1.0), "swap": (0.1, 0.9)}
    pairs = [lists(20, 15, 5), lists(20, 10, 2, source="another"), lists(4, 4, 2, kind="table")]
    found = completeness_by_kind(pairs, stated, Counter(bench=30, table=6))
    assert list(found) == ["bench", "table"]
    assert found["bench"].best == pytest.approx(55 / 30) and found["bench"].lists == pairs[0]
    # Two in both are too few: as stated, 1 to 2 for each that is known, 4/3 most likely.
    assert found["table"] == Completeness("table", 1.0, pytest.approx(4 / 3), 2.0)


@pytest.mark.parametrize(
    ("count", "high", "expected"), [(0, 9.0, 3), (1, 2.0, 3), (4, 2.0, 4), (10, 1.25, 3), (5, 2.3, 7)]
)
def test_how_many_may_stand_unmapped_where_some_are_mapped(count, high, expected):
    known = Completeness("bench", 1.0, (1 + high) / 2, high, lists(9, 9, 5))
    assert unmapped_at_most(count, known, 3) == expected
    assert unmapped_at_most(count, Completeness("bench", 1.0, 2.0, high), 3) == 3  # what is only stated says no more


@pytest.mark.shared
def test_benches_and_playgrounds_of_oesterbro(shared_data):
    """An own count of the pairs within 10 m gives 23 % of benches; playgrounds 81 % by a wider distance."""
    city = shared_data / "copenhagen"
    estate = spatial.Estate.from_file(city / "almene_boliger_kk.geojson", name="1027-0, Kanslergården")
    layers = (
        f"kk.baenke={shared_data / 'benches-dk' / 'benches.geojson'}",
        f"kk.legeplads={city / 'legeplads.geojson'}",
    )
    inputs = Inputs.read(estate, InputFiles(city / "oesterbro.osm.pbf", layers))
    found = {one.kind: one for one in prepare_ground(inputs, tag_rules(), Clock(None)).conflated.lists}
    for kind, low, high in (("bench", 0.15, 0.28), ("playground", 0.65, 0.9)):
        assert low < found[kind].first / estimate_total(found[kind])[1] < high
