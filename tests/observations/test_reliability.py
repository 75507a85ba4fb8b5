"""Two observers at once are one visit; how well they agree, against tables worked out by hand or published."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spatial.observations import disclosure, overlay, reliability, study
from tests.observations.test_validation import estate
from tests.observed import table

HEAD = ["survey_id", "location_id", "observer_code", "survey_time_start", "kind", "row_total", "posture_standing"]


def read(tmp_path, *files):
    paths = [table(tmp_path / f"{i}.csv", rows, HEAD) for i, rows in enumerate(files)]
    return study.read_observations(paths, spaces=["p", "q"], crs=estate(1, 1).crs).observations


def row(visit, observer, at, people, place="p", standing=""):
    return [visit, place, observer, f"2026-05-04 {at}", "staying", people, standing]


def test_two_observers_at_once_are_one_visit_at_their_mean(tmp_path):
    found = read(tmp_path, [row("1", "a", "10:00", 7, standing=4), row("1", "b", "10:00", 10, standing=7)])
    assert len(found.surveys) == 1
    visit = found.surveys.iloc[0]
    assert (visit["total"], visit["posture_standing"], visit["observers"]) == (8, 5.5, 2)  # 8.5, halves to even
    assert found.pairs[["observer", "total"]].to_numpy().tolist() == [["A", 7], ["B", 10]]
    assert found.notes["visits_paired"] == 1 and found.rows_used == 2 and found.rows_are_visits


@pytest.mark.parametrize(
    ("other", "visits"),
    [
        (row("2", "b", "10:05", 9), 1),
        (row("2", "b", "10:06", 9), 2),  # more than five minutes later: another visit
        (row("2", "a", "10:03", 9), 2),  # the same observer again
        (row("2", "", "10:00", 9), 2),  # nobody says who
        (row("2", "b", "10:00", 9, place="q"), 2),
        (row("2", "Karen", "10:00", 9), 2),  # a name is no code, and is not kept
    ],
)
def test_what_one_visit_is(tmp_path, other, visits):
    found = read(tmp_path, [row("1", "a", "10:00", 9), other])
    assert len(found.surveys) == visits and found.surveys["total"].tolist() == [9] * visits
    assert "KAREN" not in found.surveys.to_csv().upper()


def test_observers_with_a_file_each_meet_in_one_visit(tmp_path):
    found = read(tmp_path, [row("1", "a", "10:00", 4)], [row("1", "b", "10:00", 0)])
    assert found.surveys["total"].tolist() == [2] and found.surveys["observers"].tolist() == [2]


def test_a_second_observer_changes_nothing_that_is_published():
    """Every visit seen by two who agree: the same cells, and so the same figures and intervals, as seen by one."""
    spaces = estate(12, 3)
    rng = np.random.default_rng(1)
    rows = [
        {"study_id": "", "location_id": space, "visit": str(v), "kind": "staying", "observer": "A", "observers": 1,
         "start": pd.Timestamp("2026-05-04") + pd.Timedelta(hours=8 + v), "total": int(rng.poisson(9)),
         "minutes": np.nan, "organised": np.nan, "temperature_c": np.nan, "sun": np.nan, "weather": "",
         "geometry": None}
        for space in spaces.index for v in range(4)
    ]  # fmt: skip
    alone = pd.DataFrame(rows).assign(**dict.fromkeys(reliability.rules().categories, np.nan))
    alone.index = pd.Index([f"{r['location_id']}|{r['visit']}|A" for r in rows], name="survey_id")
    second = alone.assign(observer="B").set_axis([f"{i[:-1]}B" for i in alone.index])
    both = reliability.paired(pd.concat([alone, second]).sort_index(), within_min=5)
    assert len(both.surveys) == len(alone) == both.visits

    def cells(surveys):
        shapes = spaces.geometry.reindex(surveys["location_id"]).to_numpy()
        placed = type(spaces)(surveys.drop(columns="geometry"), geometry=shapes, crs=spaces.crs)
        return disclosure.publish(overlay.to_spaces(placed, spaces, join_m=25), k=5).cells

    pd.testing.assert_frame_equal(cells(alone), cells(both.surveys))


def test_kappa_on_paper():
    """20 and 15 of 50 agree: .7; by chance .5 * .6 + .5 * .4 = .5; kappa (.7 - .5) / (1 - .5) = .4."""
    one, other = np.repeat([0, 0, 1, 1], [20, 5, 10, 15]), np.repeat([0, 1, 0, 1], [20, 5, 10, 15])
    assert reliability.cohens_kappa(one, other) == pytest.approx(0.4)
    assert reliability.cohens_kappa(other, one) == pytest.approx(0.4)
    assert reliability.cohens_kappa(one, one) == 1 and np.isnan(reliability.cohens_kappa(one * 0, one * 0))
    # Three bands, nine visits: 6 of 9 agree; chance (3*4 + 4*3 + 2*2) / 81 = 28/81; kappa (54 - 28) / (81 - 28).
    one, other = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 0, 2, 1, 2])
    assert reliability.cohens_kappa(one, other) == pytest.approx(26 / 53)


def test_bands_tell_nobody_a_few_a_group_and_a_crowd_apart():
    counts = pd.DataFrame(
        [(v, who, n) for v, pair in enumerate([(0, 0), (1, 4), (4, 5), (9, 5), (19, 10), (20, 90)])
         for who, n in zip("AB", pair, strict=True)],
        columns=reliability.COUNTS,
    )  # fmt: skip
    found = reliability.agreement(counts)
    assert (found.pairs, found.same_band) == (6, pytest.approx(5 / 6))


def test_intraclass_correlation_is_that_of_shrout_and_fleiss():
    """Their table 2, six targets and four judges: ICC(1,1) = .17; mean squares 11.24 and 6.26 give .1657."""
    rated = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    value, low, high = reliability.intraclass([np.array(r, dtype=float) for r in rated])
    assert value == pytest.approx((11.2417 - 6.2639) / (11.2417 + 3 * 6.2639), abs=1e-4)
    assert round(value, 2) == 0.17 and low < 0 < value < high


def test_intraclass_correlation_of_pairs_on_paper():
    """Pairs 1 2, 5 6, 9 8: mean squares 74/3 between and 1/2 within, so (74/3 - 1/2) / (74/3 + 1/2) = 145/151."""
    pairs = [np.array([1.0, 2.0]), np.array([5.0, 6.0]), np.array([9.0, 8.0])]
    assert reliability.intraclass(pairs)[0] == pytest.approx(145 / 151)
    assert np.isnan(reliability.intraclass(pairs[:1])[0]) and np.isnan(reliability.intraclass([np.ones(1)] * 3)[0])
    assert reliability.intraclass([np.ones(2), np.zeros(2)]) == (1, 1, 1)


def test_intraclass_intervals_hold_the_truth_as_often_as_they_say():
    """40 places, 3 to 6 visits, half of the variance between: 200 worlds, 95 % ± 3 standard errors of that."""
    held = 0
    for world in range(200):
        rng = np.random.default_rng(world)
        groups = [rng.normal() + rng.normal(size=rng.integers(3, 7)) for _ in range(40)]
        _, low, high = reliability.intraclass(groups)
        held += low <= 0.5 <= high
    assert abs(held / 200 - 0.95) <= 3 * np.sqrt(0.95 * 0.05 / 200)


def test_visits_for_reliability_on_paper():
    """Seattle's .56: n * .56 / (1 + (n - 1) .56) is .79 for three visits and .84 for four."""
    assert reliability.visits_needed(0.56) == 4 and reliability.visits_needed(0.5) == 4
    assert reliability.visits_needed(0.2) == 16 and reliability.visits_needed(-0.1) == np.inf
