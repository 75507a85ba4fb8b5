"""What the model says of worlds whose truth is known; `make worlds` counts intervals in more of them."""

from __future__ import annotations

import os

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from spatial.observations import disclosure, model, overlay, reliability
from spatial.observations.model import AGREES, EXPLAINED, FEW, NARROW, TANGLED, UNCLEAR
from tests.amount import amount
from tests.maps.fixtures import ETRS89_UTM32

WORLDS = int(os.environ.get("FAELLESRUM_WORLDS", amount(60, 200)))
PLANTED = 0.15  # of the logarithm, for ten points


def world(seed, *, places=20, visits=5, effect=PLANTED, people=None, score=None, sun=None, **spread):
    """Visits, spaces and positions: counts by place and visit with own levels, more spread than one by one."""
    tau, alpha, empty = ({"tau": 0.5, "alpha": 0.5, "empty": 0.0} | spread).values()
    rng = np.random.default_rng(seed)
    score = rng.uniform(0.2, 0.9, places) if score is None else score
    ids = [f"s{i:03}" for i in range(places)]
    place = np.repeat(np.arange(places), visits)
    hour = np.tile(np.arange(visits) % 3, places)
    sun = rng.random(len(place)) < 0.5 if sun is None else sun(rng, score[place])
    spaces = pd.DataFrame(
        {"floating": score, "seats": rng.poisson(5, places), "area": rng.uniform(80, 900, places)}, ids
    )
    level = rng.normal(0, tau, places)[place] + (hour == 2) * 0.4 + sun * 0.6
    mean = np.exp(1.2 + effect * (score[place] - 0.55) * 10 + level)
    drawn = rng.negative_binomial(1 / alpha, 1 / (1 + alpha * mean)) * (rng.random(len(place)) >= empty)
    seen = pd.DataFrame(
        {"unit_id": np.array(ids, dtype=object)[place], "kind": "staying", "organised": np.nan,
         "total": drawn if people is None else people, "week": "weekday", "season": "spring", "sun": sun.astype(float),
         "time_of_day": np.array(["morning", "midday", "evening"], dtype=object)[hour]}
    )  # fmt: skip
    return seen, spaces, np.column_stack([rng.uniform(0, 900, places), rng.uniform(0, 500, places)])


def effects(worlds, **options):
    found = []
    for seed in range(worlds):
        frame = model.by_visit(*world(seed, **options))
        found.append(frame.fit([*frame.circumstances, model.SCORE]).effect(model.SCORE))
    return found


@pytest.mark.thorough
def test_intervals_hold_what_was_planted_as_often_as_they_say():
    """95 % within 3 points, or twice their own error where that is more; and no effect is too large or small.

    Worlds of 20 places with five visits each: 200 in `make integration`.
    """
    found = effects(WORLDS)
    held = np.mean([one.low <= PLANTED <= one.high for one in found])
    assert abs(held - 0.95) <= max(0.03, 2 * np.sqrt(0.95 * 0.05 / WORLDS)), held
    values = [one.value for one in found]
    assert np.mean(values) == pytest.approx(PLANTED, abs=3 * np.std(values) / np.sqrt(WORLDS))


def test_a_strong_effect_is_told_with_its_power_and_what_it_adds():
    told = model.tell(model.by_visit(*world(1, places=40, effect=0.4)), checked=True)
    assert told.verdict == AGREES and told.effect.low <= 0.4 <= told.effect.high
    assert told.baseline == ("seats", "area") and told.beside.low > 0  # footfall is not known
    assert told.gain.low > 0 and told.gain.blocks == 8
    assert told.power.least == pytest.approx(told.effect.error * (2.0244 + 0.8512), rel=1e-3)  # t of 38
    assert told.checks.ratio > 2 and told.checks.outside <= 0.1 and told.checks.inflated is None


def test_several_estates_are_one_model_with_a_level_for_each():
    """No effect within either estate; the one that scores higher is busier for reasons of its own: 16 such pairs."""
    pooled, beside = [], []
    for seed in range(16):
        rng = np.random.default_rng(900 + seed)
        pair = [
            world(2 * seed + n, effect=0.0, score=rng.uniform(0.2 + 0.3 * n, 0.6 + 0.3 * n, 20), sun=always)
            for n in (0, 1)
        ]
        for n, (seen, spaces, xy) in enumerate(pair):
            seen["estate"] = f"{n}/"
            seen["unit_id"], spaces.index, xy[:, 0] = (
                seen["estate"] + seen["unit_id"],
                f"{n}/" + spaces.index,
                xy[:, 0] + 9e4 * n,
            )
            seen["total"] = seen["total"] * (1 + 3 * n)
        seen, spaces = (pd.concat([one[part] for one in pair]) for part in (0, 1))
        xy = np.concatenate([one[2] for one in pair])
        frame = model.by_visit(seen, spaces, xy)
        assert len([name for name in frame.circumstances if name.startswith("estate: ")]) == 1
        found = frame.fit([*frame.circumstances, model.SCORE]).effect(model.SCORE)
        without = model.by_visit(seen.drop(columns="estate"), spaces, xy)
        pooled.append(without.fit([*without.circumstances, model.SCORE]).effect(model.SCORE).low > 0)
        beside.append(found.low > 0 or found.high < 0)
    assert np.mean(pooled) > 0.8  # thrown together, the score would seem to be what draws people
    assert np.mean(beside) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 16)


def always(rng, score):
    return np.ones(len(score), dtype=bool)


def test_ten_people_everywhere_have_no_effect():
    told = model.tell(model.by_visit(*world(2, people=10)))
    assert told.verdict == UNCLEAR and told.effect.value == pytest.approx(0, abs=1e-3)


def test_where_sun_and_hour_explain_all_the_score_is_given_nothing():
    """Well-scored places were mostly visited in the sun, and sun and evening alone draw people: 40 such worlds."""

    def sunny(rng, score):
        return rng.random(len(score)) < (score - 0.1)

    raw, beside = [], []
    for seed in range(40):
        seen, spaces, xy = world(seed, places=40, visits=8, sun=sunny)
        drawn = np.exp(1 + 1.1 * seen["sun"] + 0.4 * (seen["time_of_day"] == "evening"))
        seen["total"] = np.random.default_rng(seed).poisson(drawn)
        frame = model.by_visit(seen, spaces, xy)
        raw.append(frame.fit([model.SCORE]).effect(model.SCORE).low > 0)
        beside.append(frame.fit([*frame.circumstances, model.SCORE]).effect(model.SCORE))
    assert np.mean(raw) > 0.8  # one would have said so of nearly all
    assert np.mean([one.low > 0 or one.high < 0 for one in beside]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 40)
    assert model.tell(frame).verdict == EXPLAINED


def test_it_does_not_speak_of_few_places_of_scores_alike_or_of_scores_that_go_with_the_hour():
    assert model.tell(model.by_visit(*world(3, places=9))).verdict == FEW
    alike = np.linspace(0.5, 0.6, 20)
    assert model.tell(model.by_visit(*world(3, score=alike))).verdict == NARROW
    lone = np.append(np.full(18, 0.5), [0.2, 0.9])
    assert model.tell(model.by_visit(*world(3, score=lone))).verdict == NARROW
    seen, spaces, xy = world(3, places=30)
    seen["season"] = np.where(seen["unit_id"].map(spaces["floating"]) > 0.55, "summer", "winter")
    spaces["floating"] = np.where(spaces["floating"] > 0.55, 0.8, 0.3) + np.linspace(0, 0.05, 30)
    assert model.tell(model.by_visit(seen, spaces, xy)).verdict == TANGLED


def test_where_nearly_nobody_was_met_nothing_is_said():
    told = model.tell(model.by_visit(*world(3, people=np.append(np.zeros(99, dtype=int), 40))))
    assert told.verdict == FEW and told.effect is None


def test_noughts_of_their_own_are_found_where_a_check_asks_for_them():
    full = model.by_visit(*world(5, places=40, visits=10, alpha=0.1, tau=0.2, effect=0.05, empty=0.35))
    told = model.tell(full, checked=True)
    assert told.checks.noughts > told.checks.expected and told.checks.empty == pytest.approx(0.35, abs=0.1)
    assert told.checks.inflated.low <= 0.05 <= told.checks.inflated.high


def test_a_second_observer_narrows_nothing():
    """Two who saw the same are one visit, with the same interval; as strangers they would narrow it."""
    seen, spaces, xy = world(6, visits=8)
    blank = dict.fromkeys([*reliability.rules().categories, "temperature_c"], np.nan)
    start = pd.Timestamp("2026-05-04") + pd.to_timedelta(seen.groupby("unit_id").cumcount(), unit="h")
    seen = seen.assign(
        location_id=seen["unit_id"], study_id="", visit="", start=start, observer="A", observers=1, **blank
    )
    both = pd.concat([seen, seen.assign(observer="B")], ignore_index=True).rename(index=lambda i: f"v{i:04}")
    together = reliability.paired(both, within_min=5).surveys.drop(columns="temperature_c")

    def told(visits):
        frame = model.by_visit(visits.drop(columns="observer"), spaces, xy)
        found = frame.fit([*frame.circumstances, model.SCORE])
        return found.effect(model.SCORE), found.effect("sun")

    one, other, strangers = (
        told(seen.drop(columns="temperature_c")),
        told(together),
        told(both.drop(columns="temperature_c")),
    )
    assert set(together["observers"]) == {2} and len(together) == len(seen)
    assert [(e.low, e.high) for e in other] == [pytest.approx((e.low, e.high), abs=1e-6) for e in one]
    assert strangers[1].error < 0.85 * one[1].error


def test_blocks_are_neighbours_and_of_equal_number():
    xy = np.random.default_rng(1).uniform(0, 1000, (48, 2))
    blocks = model.blocks_of([f"p{i}" for i in range(48)], xy)
    assert sorted(np.bincount(list(blocks.values()))) == [6] * 8
    inside = [np.ptp(xy[np.array(list(blocks.values())) == b], axis=0).max() for b in range(8)]
    assert np.mean(inside) < 600


def test_circumstances_are_those_that_differ_and_are_known_of_all():
    seen, spaces, xy = world(7)
    seen.loc[3, "sun"] = np.nan
    frame = model.by_visit(seen.assign(observer="A", temperature_c=np.arange(len(seen)) % 7), spaces, xy)
    assert frame.circumstances == ("time_of_day: morning", "time_of_day: evening", "temperature_c")


def test_by_place_the_published_cells_say_what_the_visits_say():
    """The effect from rounded and withheld people lies within the interval of the exact one, and is as wide."""
    seen, spaces, xy = world(8, places=30, visits=8)
    seen = seen.assign(location_id=seen["unit_id"], minutes=np.nan, start=pd.Timestamp("2026-05-04"))
    units = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.T), index=spaces.index, crs=ETRS89_UTM32)
    published = disclosure.publish(overlay.Joined(seen, units), k=5)
    exact = model.tell(model.by_visit(seen, spaces, xy)).effect
    frame = model.by_place(published.cells, published.rates, spaces, xy)
    told = model.tell(frame)
    assert frame.circumstances == ("sun",) and told.fit.alpha == 0  # all places were visited at the same hours
    assert exact.low < told.effect.value < exact.high
    assert told.effect.error == pytest.approx(exact.error, rel=0.25)


def test_weather_of_a_place_is_told_where_it_is_known_of_all_its_visits():
    seen, *_ = world(9, places=3, visits=4)
    seen = seen.assign(weather=["rain", "sun", "snow", "sun"] * 3, temperature_c=[10.0, 11.0, 12.0, 13.06] * 3)
    seen.loc[0, "temperature_c"] = np.nan
    found = overlay.weather(seen, "staying", ["unit_id"])
    assert found["rain"].tolist() == [0.5] * 3
    assert found["temperature_c"].tolist() == pytest.approx([np.nan, 11.5, 11.5], nan_ok=True)
