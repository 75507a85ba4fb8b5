"""The regression against R's and statsmodels' numbers, brute integration, and the truth of simulated counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as api
from scipy.integrate import quad
from scipy.stats import nbinom, norm

from spatial.observations import regression
from spatial.observations.regression import Counts, fit


def counts(x, people, place=None):
    x = pd.DataFrame(x)
    place = np.arange(len(x)) if place is None else np.asarray(place)
    return Counts(np.asarray(people, dtype=float), np.ones(len(x)), x, place)


def grouped(seed, *, places=12, visits=5, tau=0.6, alpha=0.4, empty=0.0):
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(places), visits)
    x = {"one": np.ones(len(place)), "a": rng.normal(size=places)[place], "b": rng.normal(size=len(place))}
    mean = np.exp(1 + 0.3 * x["a"] + 0.2 * x["b"] + rng.normal(0, tau, places)[place])
    people = rng.negative_binomial(1 / alpha, 1 / (1 + alpha * mean)) * (rng.random(len(place)) >= empty)
    return counts(x, people, place)


def test_the_rand_study_is_fitted_as_by_r():
    """20,190 visits to doctors, statsmodels' own example: MASS::glm.nb of R 2.15.1, alpha and errors of it by Stata."""
    data = api.datasets.randhie.load()
    x = data.exog.astype(float).assign(constant=1.0)
    found = fit(counts(x, data.endog), own_levels=False)
    by_r = [-0.0579469537, -0.2677877188, 0.0412060771, -0.0381376804, 0.2689157723, 0.0381637446, -0.0441338846,
            0.0172521803, 0.1779607874, 0.6635560872]  # fmt: skip
    errors = [0.0060708585, 0.0226125368, 0.0040554201, 0.0034445594, 0.0298855063, 0.0014242190, 0.0199374393,
              0.0358416932, 0.0741013729, 0.0250354083]  # fmt: skip
    assert found.beta == pytest.approx(by_r, abs=1e-4)
    # R takes alpha as given, and the bend that is expected in place of the one that is there.
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(errors, abs=5e-4)
    assert found.alpha == pytest.approx(1.292953339909746, abs=1e-4)
    assert 2 * 11 - 2 * found.likelihood == pytest.approx(86789.32415307125, abs=1e-3)  # AIC


@pytest.mark.parametrize("seed", range(3))
def test_it_is_statsmodels_without_own_levels_and_with_noughts_of_their_own(seed):
    data = grouped(seed, places=60, tau=0, empty=0.3)
    own = fit(data, own_levels=False)
    theirs = api.NegativeBinomial(data.people, data.x).fit(disp=False, maxiter=500, gtol=1e-8)
    assert np.append(own.beta, own.alpha) == pytest.approx(theirs.params.to_numpy(), abs=1e-4)
    inflated = fit(data, own_levels=False, zero_inflated=True)
    model = api.ZeroInflatedNegativeBinomialP(data.people, data.x)
    theirs = model.fit(start_params=np.r_[0.0, inflated.beta, 0.5], disp=False, maxiter=2000, gtol=1e-8)
    assert inflated.beta == pytest.approx(theirs.params.to_numpy()[1:-1], abs=1e-3)
    assert inflated.empty == pytest.approx(1 / (1 + np.exp(-theirs.params.iloc[0])), abs=1e-3)
    assert inflated.likelihood == pytest.approx(theirs.llf, abs=1e-4)


def test_own_levels_are_integrated_out_as_by_brute_force():
    data = grouped(4, places=4, visits=6)
    found = fit(data)
    linear = data.x.to_numpy() @ found.beta

    def of(place):
        def at(u):
            mean = np.exp(linear[data.place == place] + u)
            people = data.people[data.place == place]
            drawn = nbinom.pmf(people, 1 / found.alpha, 1 / (1 + found.alpha * mean))
            return np.prod(drawn) * norm.pdf(u, 0, found.tau)

        return quad(at, -8, 8, epsabs=0, epsrel=1e-10, limit=400, points=[0])[0]

    whole = sum(np.log(of(place)) for place in range(4))
    assert found.tau > 0.1 and found.likelihood == pytest.approx(whole, abs=1e-4)
    assert found.log_probability(data).sum() == pytest.approx(found.likelihood, abs=1e-9)


def test_rows_in_another_order_and_columns_on_another_scale_give_the_same_effect():
    data = grouped(5)
    one = fit(data).effect("a")
    order = np.random.default_rng(1).permutation(len(data.people))
    other = fit(data.rows(order)).effect("a")
    assert (other.value, other.error) == pytest.approx((one.value, one.error), abs=1e-4)
    tenfold = fit(counts(data.x.assign(a=10 * data.x["a"]), data.people, data.place)).effect("a")
    assert (10 * tenfold.value, 10 * tenfold.error) == pytest.approx((one.value, one.error), abs=1e-4)


def test_twice_as_many_visits_at_the_same_places_are_no_new_places():
    """Every visit written down twice: the interval of what differs between places only is as good as the places."""
    data = grouped(6, places=20, visits=20)
    twice = data.rows(np.repeat(np.arange(len(data.people)), 2))
    one, other = fit(data).effect("a"), fit(twice).effect("a")
    assert one.df == other.df == 18
    assert other.error > 0.9 * one.error


def test_degrees_of_freedom_are_places_less_columns_that_are_the_same_at_all_their_visits():
    data = grouped(7)
    assert (data.places, data.between) == (12, 2) and fit(data).effect("b").df == 10


def test_noughts_that_are_expected_are_counted_on_paper():
    """Two at each visit, alpha 1, no own level: a third of the visits meet nobody; of 90, 30 ± the root of 20."""
    data = counts({"one": np.ones(90)}, np.full(90, 2))
    told = regression.Fit(data, np.log([2.0]), 0.0, 1.0, 0.0, np.eye(1), 0.0)
    assert told.noughts() == pytest.approx((30, np.sqrt(20)))


def test_a_search_that_ends_at_no_maximum_gives_no_interval():
    """Fifteen million people at one of twenty places: whatever is found, no interval has no width."""
    people = np.array([0, 159, 0, 688, 40484, 0, 0, 950, 15055167, 0, 1, 513, 1, 4, 12, 418, 5, 426, 16, 1], float)
    x = pd.DataFrame({"constant": 1.0, "score": np.linspace(-1, 1, 20)})
    found = regression.fit(regression.Counts(people, np.ones(20), x, np.arange(20)), overdispersed=False)
    error = found.effect("score").error
    assert error > 0.1 and not np.isnan(error)
