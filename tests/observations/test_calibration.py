"""Weights fitted to simulated estates whose true weights are known."""

from __future__ import annotations

import numpy as np
import pytest

from spatial.core.errors import InputError
from spatial.observations.calibration import Sample, _non_negative, calibrate

EQUAL = np.full(5, 0.2)
TRUTH = np.array([0.40, 0.25, 0.05, 0.10, 0.20])


def estates(seed, *, count=4, spaces=40, visits=12, truth=TRUTH, steepness=3.0):
    """People staying rise with the third power of the geometric mean by true weights, around an estate's own level."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(count):
        aspects = rng.uniform(0.2, 1, (spaces, 5))
        level = rng.uniform(20, 60)
        rate = level * np.exp(steepness * np.log(aspects) @ truth) * np.exp(rng.normal(0, 0.3, spaces))
        effort = np.full(spaces, visits / 6)
        found.append(Sample(f"e{i}", aspects, rng.poisson(rate * effort).astype(float), effort, spaces * visits))
    return found


def test_known_weights_lie_in_their_intervals_as_often_as_these_say():
    """12 worlds × 5 aspects at 95 %: 57 expected; at least 51 (three standard errors of worlds that hang together)."""
    inside = 0
    for world in range(12):
        found = calibrate(estates(world), EQUAL, resamples=120, seed=world).table
        inside += int(((found["low"] <= TRUTH) & (found["high"] >= TRUTH)).sum())
    assert inside >= 51


def test_weights_are_recovered_and_predict_estates_that_were_left_out():
    found = calibrate(estates(1, spaces=120), EQUAL, resamples=100)
    assert found.table["weight"].to_numpy() == pytest.approx(TRUTH, abs=0.06)
    assert found.table["weight"].sum() == pytest.approx(1) and (found.table["weight"] >= 0).all()
    assert (found.left_out["rho_fitted_without_it"] >= found.left_out["rho_given"] - 0.01).all()
    assert (found.surveys, found.spaces) == (4 * 120 * 12, 480)


def test_where_the_given_weights_are_right_they_stay():
    found = calibrate(estates(2, truth=EQUAL), EQUAL, resamples=50)
    assert found.table["weight"].to_numpy() == pytest.approx(EQUAL, abs=0.08)


def test_counts_that_fall_with_an_aspect_give_it_nothing_and_never_less():
    harmful = np.array([0.6, 0.6, -0.4, 0.1, 0.1])
    found = calibrate(estates(3, truth=harmful), EQUAL, resamples=30).table
    assert (found["weight"] >= 0).all() and found.loc["neutrality", "weight"] < 0.02


@pytest.mark.parametrize(
    ("options", "match"),
    [({"count": 2}, "in 2 estates"), ({"spaces": 5, "visits": 4}, "found 80 counts")],
)
def test_too_few_counts_or_estates_are_refused(options, match):
    with pytest.raises(InputError, match=match):
        calibrate(estates(4, **options), EQUAL)


def test_non_negative_least_squares_on_paper():
    """Unbounded: 1 and -1. Bounded: the second is 0, and the first then 0.5 of right over gram."""
    gram, right = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([1.0, -1.0])
    assert np.linalg.solve(gram, right) == pytest.approx([1, -1])
    assert _non_negative(gram, right) == pytest.approx([0.5, 0])


def _folder(seed, path, truth):
    """A finished run of a made-up estate on disk, and counts made by true weights."""
    from dataclasses import replace

    from spatial.core.model import ASPECTS
    from tests.maps.fixtures import synthetic
    from tests.observed import table, visits

    result = synthetic(seed)
    spaces = result.meeting_spaces.rename_axis("space_id")
    rng = np.random.default_rng(seed)
    aspects = rng.uniform(0.2, 1, (len(spaces), 5))
    spaces = spaces.assign(**dict(zip(ASPECTS, aspects.T, strict=True)))
    result = replace(result, meeting_spaces=spaces, estate=replace(result.estate, id=f"e{seed}"))
    rate = 120 * np.exp(3 * np.log(aspects) @ truth)
    head = ["survey_id", "location_id", "start", "stop", "kind", "count"]
    counts = table(path / f"{seed}.csv", visits(spaces.index, rate, seed=seed, each=24), head)
    return result, counts


def test_runs_with_counts_give_weights_that_hold_the_truth(tmp_path):
    """The whole way of `observe --calibrate` but the folders: files of counts, overlay, fit."""
    from spatial.observations import study
    from spatial.reports.observations import rubric_with
    from spatial.settings.rubric import rubric
    from spatial.studies import observation_study

    runs = []
    for seed in (1, 2, 3, 4):
        result, counts = _folder(seed, tmp_path, TRUTH)
        runs.append((result, observation_study.read_observations_for(result, [counts])))
    found = study.calibrate_weights(runs)
    assert found.surveys == 4 * 15 * 24 and found.spaces == 60
    table = found.table
    assert ((table["low"] <= TRUTH) & (table["high"] >= TRUTH)).sum() >= 4
    assert table["weight"].idxmax() == "openness"
    path = tmp_path / "rubric.toml"
    path.write_text(rubric_with(table, "basis"), encoding="utf-8")
    written = rubric(path).aspect_weights
    assert [written[a] for a in table.index] == pytest.approx(table["weight"].tolist(), abs=1e-4)
