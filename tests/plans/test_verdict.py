"""The smallest change of weights that turns the verdict, against paper and against brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import spatial
from spatial.plans import verdict
from spatial.plans.comparison import WORTH
from spatial.plans.verdict import Homes
from spatial.texts import plans
from tests.analysis.test_run import BENCH, PLAYGROUND, boundary, miniature


def one_home(*aspects: float) -> Homes:
    return Homes(np.array([aspects]), np.ones((1, 1), dtype=bool), np.ones(1))


def test_on_paper_of_an_arithmetic_mean():
    """Before 0.5 whatever the weights; after 0.3 + 0.6 w: it loses where 0.3 + 0.6 w < 0.5 - WORTH."""
    found = verdict.nearest_turn(np.array([0.5, 0.5]), one_home(0.5, 0.5), one_home(0.9, 0.3), "arithmetic")
    edge = (0.5 - WORTH - 0.3) / 0.6
    assert found is not None and found.proven
    assert_allclose(found.weights, [edge, 1 - edge], atol=2e-4)
    assert found.moved_share == pytest.approx(0.5 - edge, abs=2e-4)
    assert found.median_before == pytest.approx(0.5) and found.median_after < 0.5 - WORTH


@pytest.mark.parametrize("start", [0.5, 0.05])
def test_on_paper_of_a_geometric_mean(start):
    """After 0.9 ** w * 0.3 ** (1 - w) is 0.5 - WORTH where w = log((0.5 - WORTH) / 0.3) / log(3)."""
    weights = np.array([start, 1 - start])
    found = verdict.nearest_turn(weights, one_home(0.5, 0.5), one_home(0.9, 0.3), "geometric")
    edge = np.log((0.5 - WORTH) / 0.3) / np.log(3)
    assert found is not None
    assert_allclose(found.weights, [edge, 1 - edge], atol=3e-4)
    was_kept = verdict.keeps(*verdict.median_home_scores(weights, one_home(0.5, 0.5), one_home(0.9, 0.3), "geometric"))
    assert verdict.keeps(found.median_before, found.median_after) != was_kept == (start > edge)


def test_a_plan_that_is_better_in_everything_is_never_turned():
    assert verdict.nearest_turn(np.array([0.5, 0.5]), one_home(0.5, 0.5), one_home(0.6, 0.5), "geometric") is None


def test_without_homes_there_is_nothing_to_turn():
    none = Homes(np.ones((1, 2)), np.ones((1, 0), dtype=bool), np.ones(0))
    assert verdict.nearest_turn(np.array([0.5, 0.5]), none, none, "geometric") is None


def test_a_search_that_is_stopped_says_so(monkeypatch):
    """Whatever the solver would say, it does not come to it: weights are tried, and nothing is called proven."""
    monkeypatch.setattr(verdict._Programme, "solve", lambda self, seconds: setattr(self, "stopped", True))
    found = verdict.nearest_turn(np.array([0.5, 0.5]), one_home(0.5, 0.5), one_home(0.9, 0.3), "arithmetic")
    assert found is not None and not found.proven
    assert found.moved_share == pytest.approx(0.5 - (0.5 - WORTH - 0.3) / 0.6, abs=0.02)
    never = verdict.nearest_turn(np.array([0.5, 0.5]), one_home(0.5, 0.5), one_home(0.6, 0.5), "arithmetic")
    assert never is not None and np.isnan(never.moved_share) and not never.proven


@pytest.mark.parametrize(
    ("lang", "said"), [("da", "blev ikke fundet nogen vægtning"), ("en", "No weighting was found")]
)
def test_what_was_not_found_is_told(lang, said):
    assert said in plans.turn_in_words({"moved_share": None}, lang=lang)


def scene(random: np.random.Generator, spaces: int, dwellings: np.ndarray) -> Homes:
    near = random.random((spaces, len(dwellings))) < 0.45
    return Homes(random.random((spaces, 3)), near, dwellings)


@pytest.mark.parametrize("mean", ["arithmetic", "geometric"])
@pytest.mark.parametrize("seed", range(12))
def test_no_weights_that_are_nearer_turn_it(mean, seed):
    random = np.random.default_rng(seed)
    dwellings = random.integers(1, 9, 7).astype(float)
    before, after = scene(random, 5, dwellings), scene(random, 4, dwellings)
    start = random.dirichlet(np.full(3, 5.0))
    now = verdict.keeps(*verdict.median_home_scores(start, before, after, mean))
    found = verdict.nearest_turn(start, before, after, mean)
    tried = random.dirichlet(np.ones(3), 2000)
    turned = [w for w in tried if verdict.keeps(*verdict.median_home_scores(w, before, after, mean)) != now]
    nearest = min((np.abs(w - start).sum() / 2 for w in turned), default=np.inf)
    if found is None:
        assert nearest == np.inf
        return
    assert found.moved_share <= nearest + 2e-4
    assert found.weights.sum() == pytest.approx(1) and (found.weights >= 0).all()
    assert (found.median_before, found.median_after) == verdict.median_home_scores(found.weights, before, after, mean)
    assert verdict.keeps(found.median_before, found.median_after) != now


def test_of_two_results_it_is_the_verdict_of_compare_scored_again(tmp_path: Path):
    miniature(tmp_path / "mini.osm")
    estate = spatial.Estate.from_file(boundary(tmp_path / "mini.gpkg"))
    (tmp_path / "mixed.toml").write_text(
        f'[[edit]]\nremove = "{BENCH}"\n[[edit]]\nchange = "{PLAYGROUND}"\ntags = {{ opening_hours = "24/7" }}\n'
    )
    (tmp_path / "gone.toml").write_text(f'[[edit]]\nremove = "{BENCH}"\n[[edit]]\nremove = "{PLAYGROUND}"\n')
    today = spatial.analyse(estate, osm=tmp_path / "mini.osm")
    gone = spatial.analyse(estate, osm=tmp_path / "mini.osm", plan=tmp_path / "gone.toml")
    # Nothing is left: no weights make it as good as today, but those that judge today by what it has none of.
    assert verdict.smallest_weight_change(today, gone, spatial.compare(today, gone).homes) is None
    mixed = spatial.analyse(estate, osm=tmp_path / "mini.osm", plan=tmp_path / "mixed.toml")
    found = spatial.compare(today, mixed)
    turn = verdict.smallest_weight_change(today, mixed, found.homes)
    assert turn is not None
    weights = dict(zip(today.rubric.aspect_weights, turn.weights, strict=True))
    again = spatial.compare(today.rescore(aspects=weights, ranges=False), mixed)
    assert_allclose((again.median_before, again.median_after), (turn.median_before, turn.median_after), atol=1e-12)
    verdicts = [verdict.keeps(one.median_before, one.median_after) for one in (found, again)]
    assert verdicts[0] != verdicts[1]
