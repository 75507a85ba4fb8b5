"""The smallest change of weights that turns the verdict, against paper and against brute force."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import spatial
from spatial.core.model import GATE
from spatial.plans import comparison, home_changes, verdict
from spatial.plans.home_changes import WORTH
from spatial.plans.verdict import Homes
from spatial.texts import verdict as told
from tests.analysis.test_run import BENCH, PLAYGROUND, boundary, miniature
from tests.scoring.test_scores import FIVE, evidence, rubric, rule


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
    assert said in told.turn_in_words({"moved_share": None}, lang=lang)


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


def a_result(random: np.random.Generator, spaces: int, doors: list[str], mean: str) -> SimpleNamespace:
    """What a verdict asks of a result: five aspects and two conditions of each space, and who reaches it."""
    ids = [f"s{k}" for k in range(spaces)]
    values = {(s, i): random.random() for s in ids for i in (*(f"i{k}" for k in range(5)), "open", "way")}
    rows = [(s, i, value, value, value, "observed") for (s, i), value in values.items()]
    near = [";".join(s for s in ids if random.random() < 0.5) for _ in doors]
    return SimpleNamespace(
        meeting_spaces=pd.DataFrame(index=ids),
        evidence=evidence(rows),
        layers={"homes": pd.DataFrame({"spaces_5min": near}, index=doors)},
        rubric=rubric(*FIVE, rule("open", GATE), rule("way", GATE), mean=mean),
        values=values,
    )


def median_by_hand(result, weights, mean, dwellings):
    """What the median dwelling has: the conditions times the mean of the aspects of the best space in reach."""
    own = {}
    for space in result.meeting_spaces.index:
        aspects = np.array([result.values[space, f"i{k}"] for k in range(5)])
        middle = np.prod(aspects**weights) if mean == "geometric" else aspects @ weights
        own[space] = result.values[space, "open"] * result.values[space, "way"] * middle
    best = [max((own[s] for s in text.split(";") if s), default=0.0) for text in result.layers["homes"]["spaces_5min"]]
    return float(np.median(np.repeat(best, dwellings)))


@pytest.mark.parametrize("mean", ["arithmetic", "geometric"])
@pytest.mark.parametrize("seed", range(5))
def test_with_conditions_no_weights_that_are_nearer_turn_it(mean, seed):
    random = np.random.default_rng(seed)
    doors = [f"d{k}" for k in range(7)]
    before, after = a_result(random, 5, doors, mean), a_result(random, 4, doors, mean)
    # An odd number of dwellings has one median.
    dwellings = np.array([1, 3, 2, 5, 1, 4, 1])
    homes = pd.DataFrame({"best_before": 0.5, "best_after": 0.5, "dwellings": dwellings}, index=doors)
    found = verdict.smallest_weight_change(before, after, homes)

    def medians(weights):
        return tuple(median_by_hand(result, weights, mean, dwellings) for result in (before, after))

    start = np.full(5, 0.2)
    now = verdict.keeps(*medians(start))
    tried = random.dirichlet(np.ones(5), 2000)
    nearest = min((np.abs(w - start).sum() / 2 for w in tried if verdict.keeps(*medians(w)) != now), default=np.inf)
    if found is None:
        assert nearest == np.inf
        return
    assert found.moved_share <= nearest + 2e-4
    assert (found.median_before, found.median_after) == pytest.approx(medians(found.weights))
    assert verdict.keeps(*medians(found.weights)) != now


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        # A score of .5 × .4 becomes one of .6 × 1; alone, the condition brings (.5 + .6) / 2 × .6 = .33, the
        # aspect, a fifth of the mean, (1 - .5) / 5 × (.4 + 1) / 2 = .07.
        ((0.4, 1.0), ["open", "i1"]),
        # Alone, the condition brings (.5 + .6) / 2 × .05 = .0275, the aspect .1 × (.9 + .95) / 2 = .0925.
        ((0.9, 0.95), ["i1", "open"]),
        ((0.0, 1.0), ["open", "i1"]),  # what was closed scored 0, whatever else
        ((1.0, 1.0), ["i1"]),
    ],
)
def test_a_condition_is_a_reason_by_what_it_does_to_the_score(opened, expected):
    rules = rubric(*FIVE, rule("open", GATE), mean="arithmetic")
    rows = [
        (place, name, value, value, value, "observed")
        for place, aspect, gate in (("a", 0.5, opened[0]), ("after|a", 1.0, opened[1]))
        for name, value in (("i0", 0.5), ("i1", aspect), ("i2", 0.5), ("i3", 0.5), ("i4", 0.5), ("open", gate))
    ]
    judged = home_changes.judge_homes(
        (evidence(rows[:6]), pd.Index(["a"])), (evidence(rows[6:]).assign(place_id="a"), pd.Index(["a"])), rules
    )
    assert comparison._reasons(judged, SimpleNamespace(rubric=rules), "a", "after|a") == expected


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
