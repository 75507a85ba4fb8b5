"""Sobol' indices against closed forms."""

import numpy as np
import pandas as pd
import pytest

from spatial.scoring import sensitivity
from spatial.scoring.judging import judge_all
from tests.scoring.test_scores import FIVE, evidence, known, rubric


def ishigami(inputs, a=7.0, b=0.1):
    x = (2 * inputs - 1) * np.pi
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_the_ishigami_function():
    """Closed form: V = a²/8 + bπ⁴/5 + b²π⁸/18 + 1/2; V₁ = (1 + bπ⁴/5)²/2; V₂ = a²/8; V₁₃ = 8b²π⁸/225."""
    a, b = 7.0, 0.1
    variance = a**2 / 8 + b * np.pi**4 / 5 + b**2 * np.pi**8 / 18 + 0.5
    v1, v2, v13 = (1 + b * np.pi**4 / 5) ** 2 / 2, a**2 / 8, 8 * b**2 * np.pi**8 / 225
    groups = [np.array([k]) for k in range(3)]
    first, total = sensitivity.indices(ishigami, groups, 3, 1, samples=4096)
    assert first[:, 0] == pytest.approx(np.array([v1, v2, 0]) / variance, abs=0.02)
    assert total[:, 0] == pytest.approx(np.array([v1 + v13, v2, v13]) / variance, abs=0.02)
    assert (np.abs(first[:, 0] - np.array([v1, v2, 0]) / variance) <= 2 * first[:, 1] + 0.01).all()


def test_groups_of_a_sum():
    """x₀ + x₁ + 2x₂ with uniform numbers: variances 1, 1 and 4 twelfths, no interaction."""
    first, total = sensitivity.indices(
        lambda x: x[:, 0] + x[:, 1] + 2 * x[:, 2], [np.array([0, 1]), np.array([2])], 3, 2, samples=1024
    )
    assert first[:, 0] == pytest.approx([2 / 6, 4 / 6], abs=0.02)
    assert total[:, 0] == pytest.approx([2 / 6, 4 / 6], abs=0.02)


def judged(rows, rules):
    index = pd.Index(sorted({row[0] for row in rows}))
    return judge_all(evidence(rows), index, rules), index


def test_what_alone_is_unknown_is_all_that_matters():
    """With weights that do not move, only the unknown of i4 shifts ranks."""
    rules = rubric(*FIVE, mean="arithmetic", concentration=1e9)
    rows = [row for k, p in enumerate("abcd") for row in known(p, (0.5, 0.5, 0.5, 0.4 + 0.05 * k))]
    rows += [
        (p, "i4", np.nan, 0.3, 0.7, "derived") if p == "a" else (p, "i4", 0.5, 0.5, 0.5, "derived") for p in "abcd"
    ]
    found = sensitivity.sobol_table(*judged(rows, rules), rules, 3, samples=256).set_index("input")
    assert found["total"].idxmax() == "i4" and found.loc["i4", "total"] == pytest.approx(1, abs=0.02)
    assert found.loc["i4", "first_order"] == pytest.approx(1, abs=0.1)
    assert found.drop("i4")["total"].max() < 0.02
    assert set(found["level"]) == {"indicator", "aspect"} and len(found) == 10


def test_nothing_moves_when_one_place_is_always_first():
    rules = rubric(*FIVE)
    rows = known("best", (0.9,) * 5) + known("worst", (0.1,) * 5)
    found = sensitivity.sobol_table(*judged(rows, rules), rules, 3, samples=64)
    assert (found[["first_order", "total"]] == 0).all().all()
    alone = sensitivity.sobol_table(*judged(known("a", (0.5,) * 5), rules), rules, 3, samples=64)
    assert (alone["total"] == 0).all()


def test_the_weights_are_those_of_the_rank_ranges():
    """Normalised gamma numbers are Dirichlet: mean w and variance w (1 − w) / (c + 1)."""
    weights, c = np.array([0.2, 0.3, 0.5]), 50.0
    numbers = sensitivity._gamma(np.random.default_rng(5).random((20_000, 3)), c * weights)
    shares = numbers / numbers.sum(axis=1, keepdims=True)
    assert shares.mean(axis=0) == pytest.approx(weights, abs=0.003)
    assert shares.var(axis=0) == pytest.approx(weights * (1 - weights) / (c + 1), rel=0.05)
