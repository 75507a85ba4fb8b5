"""The test of the scores on simulated estates whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point, box

from spatial.core.model import ASPECTS, FLOATING, Rubric
from spatial.observations import disclosure, overlay, study, validation
from spatial.scoring.combining import combine
from tests.maps.fixtures import ETRS89_UTM32, synthetic

EQUAL = Rubric(aspect_weights=dict.fromkeys(ASPECTS, 1.0), rules={})


def estate(n, seed):
    """Meeting spaces in a row with drawn aspects; the floating potential is their geometric mean."""
    rng = np.random.default_rng(seed)
    aspects = rng.uniform(0.2, 1, (n, len(ASPECTS)))
    table = pd.DataFrame(aspects, columns=list(ASPECTS), index=pd.Index([f"s{i:03}" for i in range(n)]))
    table[FLOATING] = combine(aspects, np.full(5, 0.2), "geometric")
    shapes = [box(100 * i, 0, 100 * i + 20, 20) for i in range(n)]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=ETRS89_UTM32)


def watched(spaces, per_visit, *, visits=20, seed=0):
    """Joined visits with Poisson counts around what is expected of each space."""
    rng = np.random.default_rng(seed)
    rows = [
        {"location_id": space, "unit_id": space, "kind": "staying", "minutes": 10.0, "total": int(n),
         "organised": np.nan, "start": pd.Timestamp("2026-05-04") + pd.Timedelta(hours=i), "time_of_day": "midday",
         "week": "weekday", "season": "spring"}
        for space, mean in zip(spaces.index, per_visit, strict=True)
        for i, n in enumerate(rng.poisson(mean, visits))
    ]  # fmt: skip
    return overlay.Joined(pd.DataFrame(rows), spaces[["geometry"]])


def check(spaces, joined, **options):
    background = pd.Series(1.0, index=spaces.index)
    rates = disclosure.publish(joined, k=5).rates
    return validation.check_scores(rates, spaces, study.without_aspects(spaces, EQUAL), background, seed=1, **options)


def test_scores_that_are_right_are_found_right():
    spaces = estate(60, 1)
    found = check(spaces, watched(spaces, 30 * spaces[FLOATING] ** 2))
    assert found.enough and (found.spaces, found.surveys) == (60, 1200)
    assert found.rho.low > 0.8 and found.auc.low > 0.5
    assert (found.aspects["contribution"] > 0).all() and (found.aspects["rho"] > 0).all()
    assert found.classes["rate"].is_monotonic_increasing and found.classes["spaces"].tolist() == [12] * 5
    assert set(found.residuals) == {validation.AS_EXPECTED}


def test_scores_that_say_nothing_are_found_to():
    """Where the truth is no correlation, nine worlds in ten or more say so (95 % ± 3 standard errors of 40 worlds)."""
    silent = 0
    for world in range(40):
        spaces = estate(30, world)
        rate = np.random.default_rng(1000 + world).gamma(2, 3, 30)
        found = check(spaces, watched(spaces, rate, seed=world), resamples=300)
        silent += found.rho.low <= 0 <= found.rho.high
    assert silent >= 40 * (0.95 - 3 * np.sqrt(0.95 * 0.05 / 40))


def test_a_space_that_draws_more_than_its_score_is_found():
    spaces = estate(40, 3)
    rate = 20 * spaces[FLOATING].to_numpy()
    rate[7] *= 8
    found = check(spaces, watched(spaces, rate))
    assert found.residuals["s007"] == validation.BUSIER
    assert (found.residuals == validation.BUSIER).sum() <= 2


def test_the_aspect_that_drives_the_counts_contributes_most():
    spaces = estate(80, 4)
    found = check(spaces, watched(spaces, 20 * spaces["openness"] ** 2))
    assert found.aspects["rho"].idxmax() == found.aspects["contribution"].idxmax() == "openness"


def test_auc_counts_people_against_ground_on_paper():
    """20 people at the better of two spaces, 10 at the other, equal ground: (20*.75 + 10*.25) / 30 = 0.5833."""
    spaces = estate(2, 5).sort_values(FLOATING)
    joined = watched(spaces, [0, 0], visits=1)
    joined.visits["total"] = [10, 20]
    found = check(spaces, joined)
    assert found.auc.value == pytest.approx(17.5 / 30) and not found.enough and found.surveys_to_halve is None


def test_people_and_ground_outside_the_spaces_score_below_all():
    """10 people outside, and none told of inside (2, the middle of 0 to 4); ground half in, half out.

    Outside 0.25 by ties alone, inside 0.75: (10 * 0.25 + 2 * 0.75) / 12.
    """
    spaces = estate(1, 6)
    joined = watched(spaces, [0], visits=1)
    outside = joined.visits.assign(unit_id=overlay.NOWHERE, total=10)
    both = replace(joined, visits=pd.concat([joined.visits, outside], ignore_index=True))
    background = pd.Series({"s000": 1.0, overlay.NOWHERE: 1.0})
    rates = disclosure.publish(both, k=5).rates
    found = validation.check_scores(rates, spaces, study.without_aspects(spaces, EQUAL), background, seed=1)
    assert found.auc.value == pytest.approx(4 / 12)


def test_background_falls_evenly_over_the_observed_ground():
    """A location of 25 m around a point, half of it within 25 m of a space's straight edge."""
    spaces = gpd.GeoDataFrame(geometry=[box(0, -500, 500, 500)], index=["s"], crs=ETRS89_UTM32)
    seen = gpd.GeoDataFrame({"kind": ["staying"], "location_id": ["x"]}, geometry=[Point(-25, 0)], crs=ETRS89_UTM32)
    drawn = validation.background(seen, spaces, join_m=25, points=4000, seed=1)
    assert drawn.sum() == 4000 and drawn["s"] / 4000 == pytest.approx(0.5, abs=0.03)


def test_the_score_without_an_aspect_is_the_mean_of_the_rest():
    result = synthetic()
    rest = study.without_aspects(result.meeting_spaces, result.rubric)["mixing"]
    four = result.meeting_spaces[[a for a in ASPECTS if a != "mixing"]]
    assert rest.to_numpy() == pytest.approx(np.exp(np.log(four).mean(axis=1)).to_numpy())
    # What the conditions come to is no aspect: it stays.
    half = study.without_aspects(result.meeting_spaces, result.rubric, np.full(len(four), 0.5))["mixing"]
    assert half.to_numpy() == pytest.approx(rest.to_numpy() / 2)


def test_no_counts_of_people_staying_is_a_result():
    spaces = estate(3, 7)
    joined = watched(spaces, [1, 1, 1])
    none = replace(joined, visits=joined.visits[joined.visits["total"] < 0])
    found = check(spaces, none)
    assert found.spaces == 0 and np.isnan(found.rho.value) and not found.enough
