"""Statistics against an independent implementation, and their intervals against a known truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import isotonic_regression

from spatial.observations import validation

values = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=30)


@given(values)
def test_spearman_is_scipys(pairs):
    x, y = np.array(pairs, dtype=float).T
    found = validation.spearman(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


def test_spearman_on_paper():
    """Ranks 1 2 3 4 against 2 1 4 3: 1 - 6 * 4 / (4 * 15) = 0.6."""
    assert validation.spearman(np.array([1.0, 2, 3, 4]), np.array([20.0, 10, 40, 30])) == pytest.approx(0.6)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=20), st.lists(st.integers(0, 6), min_size=1, max_size=20))
def test_auc_is_the_mann_whitney_statistic(people, points):
    levels = np.arange(7.0)
    seen, ground = (np.bincount(group, minlength=7).astype(float) for group in (people, points))
    u = stats.mannwhitneyu(people, points).statistic
    assert validation.auc(levels, seen, ground) == pytest.approx(u / len(people) / len(points), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(-9, 9), st.integers(1, 5)), min_size=1, max_size=25))
def test_isotonic_is_scipys(rows):
    x, y, w = np.array(rows, dtype=float).T
    found = validation.isotonic(x, y, w)
    _, inverse = np.unique(x, return_inverse=True)
    mass = np.bincount(inverse, w)
    expected = isotonic_regression(np.bincount(inverse, w * y) / mass, weights=mass).x[inverse]
    assert found == pytest.approx(expected, abs=1e-9)


def _sample(rho, n, rng):
    x = rng.normal(size=n)
    return x, rho * x + np.sqrt(1 - rho**2) * rng.normal(size=n)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_the_interval_covers_the_truth_as_often_as_it_says(rho):
    """Bivariate normal, 40 spaces, 300 worlds: Spearman's rho is 6/pi asin(rho/2). 95 % ± 3.8 % (3 standard errors)."""
    truth = 6 / np.pi * np.arcsin(rho / 2)
    rng = np.random.default_rng(20260504)
    covered = 0
    for world in range(300):
        found = validation.rank_correlation(*_sample(rho, 40, rng), resamples=400, seed=world)
        covered += found.low <= truth <= found.high
    assert 0.95 - 0.038 <= covered / 300 <= 0.95 + 0.038


def test_a_planted_correlation_is_recovered_with_many_spaces():
    x, y = _sample(0.6, 4000, np.random.default_rng(1))
    found = validation.rank_correlation(x, y, resamples=500, seed=1)
    assert found.value == pytest.approx(6 / np.pi * np.arcsin(0.3), abs=0.03)
    assert found.low < 6 / np.pi * np.arcsin(0.3) < found.high and found.high - found.low < 0.06


def test_four_times_as_many_halve_the_interval():
    x, y = _sample(0.5, 200, np.random.default_rng(2))
    assert validation.halving_factor(x, y, resamples=1500, seed=2) == pytest.approx(4, abs=0.5)


def test_nothing_is_said_of_nothing():
    found = validation.rank_correlation(np.array([]), np.array([]), resamples=10, seed=1)
    assert np.isnan([found.value, found.low, found.high]).all() and found.n == 0
    assert np.isnan(validation.rank_correlation(np.ones(5), np.arange(5.0), resamples=10, seed=1).low)
    assert np.isnan(validation.halving_factor(np.ones(5), np.arange(5.0), resamples=10, seed=1))


def test_the_same_seed_gives_the_same_interval():
    x, y = _sample(0.5, 30, np.random.default_rng(3))
    one, other = (validation.rank_correlation(x, y, resamples=200, seed=9) for _ in range(2))
    assert one == other
