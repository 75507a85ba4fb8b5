"""A glance is a glance: what people are counted for, in a world where everything is the same everywhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.observations import disclosure, overlay, study, validation
from tests.observations.test_validation import EQUAL, estate

BETTER_IS_LOOKED_AT_LONGER = np.linspace(20, 2, 30)


def constant(spaces, minutes, *, people=10, visits=8):
    """The same number of people at every place at every visit; only the glance takes longer here than there."""
    rows = [
        {"location_id": space, "unit_id": space, "kind": "staying", "minutes": took, "total": people,
         "organised": np.nan, "start": pd.Timestamp("2026-05-04 10:00"), "time_of_day": "morning", "week": "weekday",
         "season": "spring"}
        for space, took in zip(spaces.index, minutes, strict=True)
        for _ in range(visits)
    ]  # fmt: skip
    return overlay.Joined(pd.DataFrame(rows), spaces[["geometry"]])


def told(joined, spaces):
    published = disclosure.publish(joined, k=5)
    ground = pd.Series(1.0, index=spaces.index)
    without = study.without_aspects(spaces, EQUAL)
    return published, validation.check_scores(published.rates, spaces, without, ground, seed=1, resamples=200)


def test_ten_people_everywhere_at_every_visit_have_no_effect_however_long_the_glance_took():
    spaces = estate(30, 1).sort_values("floating")
    published, found = told(constant(spaces, BETTER_IS_LOOKED_AT_LONGER), spaces)
    assert np.isnan(found.rho.value) and np.isnan(found.rho.low)  # no order where all are equal
    assert found.auc.value == pytest.approx(0.5)
    assert set(published.cells["per_visit"]) == {10.0}
    assert set(found.residuals) == {validation.AS_EXPECTED}


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(0.5, 240) | st.just(np.nan), min_size=12, max_size=12))
def test_nothing_that_is_said_of_people_staying_hangs_on_minutes(minutes):
    spaces = estate(12, 2)
    one, other = (disclosure.publish(constant(spaces, m, visits=2), k=5) for m in (minutes, [5.0] * 12))
    pd.testing.assert_frame_equal(one.cells, other.cells)


def test_people_passing_are_counted_by_the_hour():
    spaces = estate(2, 3)
    joined = constant(spaces, [30.0, 60.0])
    passing = overlay.Joined(joined.visits.assign(kind="moving"), joined.units)
    cells = disclosure.publish(passing, k=5).cells.query("by == 'all' and unit_id != 'all'")
    assert cells["per_hour"].tolist() == [20.0, 10.0] and set(cells["effort"]) == {"hour"}
