"""A study before anybody goes out: which places are worth counting, what it can show, and where it was not followed."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.core.errors import EmptyAreaError
from spatial.core.versions import code_digest, version
from spatial.observations import design, disclosure, model, overlay
from spatial.observations.design import Design, Power, Variances
from tests.maps.fixtures import ETRS89_UTM32

SPREAD = Variances(people=4.0, tau=0.5, alpha=0.25)
SCORE = pd.Series(np.linspace(0.2, 0.9, 20), [f"s{i:02}" for i in range(20)])
FROZEN = Design(
    title="A", version="1.0", authors=("N. N.",), frozen_on="2026-05-01", estate="e", effect=1.2,
    places={str(i): float(v) for i, v in SCORE.items()}, visits=2, rounds="0", spread=SPREAD,
    power=Power(0.5, 0.05, 1.3, 90, 10, 1), k=5, join_m=25.0, program=version(), code=code_digest(),
)  # fmt: skip


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_places_worth_counting_let_the_model_speak_or_there_are_none(values):
    score = pd.Series(values, [f"s{i:02}" for i in range(len(values))])
    try:
        kept = design.worth_counting(score)
    except EmptyAreaError:
        return
    frame = design.published_frame(kept, np.full((len(kept), 4), 6), times(4), k=5)
    assert model.tell(frame).verdict not in (model.FEW, model.NARROW)
    left = score.drop(kept.index)
    assert not left.between(kept.min(), kept.max(), inclusive="neither").any()  # from the ends alone


def test_a_lone_score_is_left_out_and_scores_alike_are_refused():
    lone = pd.Series([0.05, *np.linspace(0.4, 0.8, 15), np.nan])
    assert design.worth_counting(lone).index.tolist() == list(range(1, 16))
    with pytest.raises(EmptyAreaError, match=r"found 20 meeting spaces with a score; needed 10 .* over 15 points"):
        design.worth_counting(pd.Series(np.linspace(0.5, 0.6, 20)))


def test_made_up_people_have_the_mean_and_the_variance_that_were_given():
    """People 4 a visit at the middle place; between visits 4 + alpha × 16, and twice as many ten points higher."""
    score = pd.Series([0.5, 0.5, 0.6])
    people = design.drawn(score, 40_000, Variances(4, 0, 0.25), effect=2, rng=np.random.default_rng(1))
    assert people.mean(axis=1) == pytest.approx([4, 4, 8], rel=0.03)
    assert people.var(axis=1) == pytest.approx([8, 8, 8 + 0.25 * 64], rel=0.05)
    alike, rng = pd.Series(np.full(4000, 0.5)), np.random.default_rng(2)
    people = design.drawn(alike, 50, Variances(40, 0.5, 0), effect=1, rng=rng)
    assert np.log(people.mean(axis=1)).std() == pytest.approx(0.5, rel=0.05)


DAYS = ("weekday_1", "weekday_2", "saturday", "sunday")


def times(visits):
    """Of so many rounds: four kinds of day, at 9, 12, 15 and 18."""
    plan = {"round": range(visits), "day": [DAYS[i % 4] for i in range(visits)],
            "begins": [("09:00", "12:00", "15:00", "18:00")[i // 4 % 4] for i in range(visits)]}  # fmt: skip
    return design.times_of(pd.DataFrame(plan))


def test_a_made_up_world_is_read_as_published_counts_are():
    people = design.drawn(SCORE, 6, Variances(1.5, 1, 0.5), effect=1.2, rng=np.random.default_rng(3))
    when = times(6)
    own = design.published_frame(SCORE, people, when, k=5)
    xy = np.column_stack([np.arange(20.0), np.arange(20.0)])
    units = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.T), index=SCORE.index, crs=ETRS89_UTM32)
    visits = pd.DataFrame(
        {"unit_id": np.repeat(SCORE.index, 6), "location_id": "", "kind": "staying", "organised": np.nan,
         "total": people.ravel(), "minutes": np.nan, "start": pd.Timestamp("2026-05-04 10:00"),
         **{by: np.tile(when[by], 20) for by in overlay.PERIODS}}
    )  # fmt: skip
    published = disclosure.publish(overlay.Joined(visits, units), k=5)
    theirs = model.by_place(published.cells, published.rates, SCORE.to_frame("floating"), xy)
    names = ["people", "visits", "place", "score"]
    assert (own.table["people"] == 2).any()  # some are withheld
    pd.testing.assert_frame_equal(own.table[names], theirs.table[names], check_dtype=False)
    assert theirs.circumstances == own.circumstances == ()


def test_power_rises_with_the_effect_and_is_what_the_intervals_say_where_there_is_none():
    small, large = (design.power_of(SCORE, times(8), SPREAD, effect=e, worlds=12, seed=4, k=5) for e in (1.05, 2.0))
    assert small.found < large.found == 1
    # The least effect that four of five find is found by four of five.
    least = design.power_of(SCORE, times(8), SPREAD, effect=small.least, worlds=50, seed=5, k=5)
    assert least.found == pytest.approx(0.8, abs=3 * np.sqrt(0.8 * 0.2 / 50))
    assert least.wrongly <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 50)


def test_where_no_study_could_speak_there_is_no_least_effect():
    alike, uneven = 0.4 + 0.22 * (SCORE - 0.2), Variances(40, 5, 0.1)
    assert design.power_of(alike, times(1), uneven, effect=2, worlds=2, seed=1, k=5).least is None


def test_a_design_reads_back_and_any_word_changes_its_digest():
    assert design.read_design(FROZEN.text()) == FROZEN
    for name, value in {"title": "B", "effect": 1.21, "frozen_on": "2026-05-02", "code": "x", "visits": 3}.items():
        assert replace(FROZEN, **{name: value}).digest() != FROZEN.digest()
    assert json.loads(FROZEN.text()) == json.loads(json.dumps(asdict(FROZEN)))


def visits(*, day="2026-05-04 10:00", each=2, places=SCORE.index):
    return pd.DataFrame({"unit_id": np.repeat(places, each), "kind": "staying", "organised": np.nan,
                         "start": pd.Timestamp(day), "total": 3})  # fmt: skip


def said(found):
    return [one.said("en") for one in found.all]


def test_a_study_that_was_followed_has_no_deviation():
    assert said(design.deviations(FROZEN, SCORE, visits(), visits_told=True)) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"score": SCORE + 0.02}, "20 of 20 places have another score"),
        ({"score": SCORE.iloc[3:]}, "3 of 20 places are not in the run"),
        ({"visits": visits(day="2026-04-30 10:00")}, "40 visits were made before 2026-05-01"),
        ({"frozen": replace(FROZEN, code="0")}, "version or settings of Fællesrum are others"),
        ({"visits_told": False}, "rows are people"),
    ],
)
def test_another_analysis_is_said_as_such(changed, words):
    asked = {"frozen": FROZEN, "score": SCORE, "visits": visits(), "visits_told": True} | changed
    found = design.deviations(asked["frozen"], asked["score"], asked["visits"], visits_told=asked["visits_told"])
    assert len(found.another) == 1 and words in said(found)[0] and not found.schedule


def test_another_schedule_is_told_and_is_still_the_analysis():
    made = pd.concat([visits(each=1, places=SCORE.index[:4]), visits(each=3, places=SCORE.index[4:6]),
                      visits(places=SCORE.index[6:]), visits(each=5, places=["elsewhere"])])  # fmt: skip
    found = design.deviations(FROZEN, SCORE, made, visits_told=True)
    assert found.another == [] and [text.split(" ")[0] for text in said(found)] == ["4", "2", "5"]


def test_the_day_and_the_week_of_rounds():
    plan = pd.DataFrame({"round": [1, 1, 2, 3], "day": ["weekday_1", "weekday_1", "saturday", "sunday"],
                         "begins": ["09:00", "09:00", "12:00", "18:00"]})  # fmt: skip
    found = design.times_of(plan)
    assert found["time_of_day"].tolist() == ["morning", "midday", "evening"]
    assert found["week"].tolist() == ["weekday", "weekend", "weekend"] and found["season"].nunique() == 1
