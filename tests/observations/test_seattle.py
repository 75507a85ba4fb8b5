"""The survey of Seattle 2018, read whole: what a real file of this kind holds."""

from __future__ import annotations

import pandas as pd
import pytest

from spatial.observations import study

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "public-life-seattle"


@pytest.fixture(scope="module")
def survey(folder):
    return study.read_observations([folder])


def test_every_row_is_used_or_named(survey, folder):
    found = survey.observations
    assert (found.rows_read, found.rows_used, found.rows_rejected) == (6537 + 1728, 8264, 1)
    # Row 1476 says that the count stopped at 08:60.
    assert found.rejected.to_dict("records") == [
        {"table": "people_staying", "row": 1476, "column": "stop", "reason": "bad_time"}
    ]
    raw = pd.read_csv(folder / "people_staying.csv", dtype=str, keep_default_na=False)
    assert raw.loc[1476 - 2, "End_time"] == "0860"


def test_locations_are_joined_as_far_as_they_are_spelt_alike(survey, folder):
    """35 of 6,537 staying rows and 16 moving ones write COl2 where the location is called COL2."""
    raw = pd.read_csv(folder / "people_staying.csv", dtype=str, keep_default_na=False)
    known = set(pd.read_csv(folder / "locations.csv", dtype=str)["Location_ID"])
    exact = raw["Location_ID"].isin(known)
    assert int(exact.sum()) == 6502 and round(exact.mean() * 100, 1) == 99.5
    # Notes count visits: a date and a start each.
    visits = sum(
        len(rows.loc[rows["Location_ID"] == "COl2", ["Date", "Start_time"]].drop_duplicates())
        for rows in (raw, pd.read_csv(folder / "people_moving.csv", dtype=str, keep_default_na=False))
    )
    assert visits == 8 + 16
    assert survey.observations.notes == {"case_ids": ["COl2"], "case_rows": visits}
    surveys = survey.observations.surveys
    assert surveys["location_id"].nunique() == 108 and surveys.geometry.notna().all()
    assert set(surveys["unit"]) == {"line"} and surveys.crs.to_epsg() == 32610


def test_totals_against_an_independent_sum(survey, folder):
    surveys = survey.observations.surveys
    staying, moving = (surveys[surveys["kind"] == kind] for kind in ("staying", "moving"))
    raw = pd.read_csv(folder / "people_staying.csv")
    assert staying["total"].sum() == raw["Row_Total"].sum() - 1 == 6394
    assert (len(staying), int((staying["total"] == 0).sum())) == (864, 142)
    assert staying["minutes"].eq(10).all()
    assert staying["posture_standing"].sum() == raw["Standing"].sum() + raw["Leaning"].sum() - 1
    assert staying["age_0_14"].sum() == raw["Age_0-4"].sum() + raw["Age_5-14"].sum()
    passing = pd.read_csv(folder / "people_moving.csv")
    assert moving["total"].sum() == passing["Row_Total"].sum() == 56618
    # Two pairs of the 1,728 counts of people passing carry the same time; they are one visit each.
    assert len(moving) == 1726
    assert moving["gender_female"].sum() == passing["Female"].sum()


def test_temperature_is_in_celsius(survey):
    """58 degrees Fahrenheit in the first row."""
    first = survey.observations.surveys.loc["MAP1|Weekday1_Morning|staying|20180802:0820"]
    assert first["temperature_c"] == 14.4 and first["total"] == 6
    assert survey.observations.surveys["temperature_c"].between(5, 35).all()


def test_race_free_text_surveyors_and_sensitive_activities_stay_out(survey):
    dropped = survey.observations.layout.dropped
    assert dropped["race"] == [
        "AmericanIndian_AlaskanNative", "Asian", "BlackAfricanAmerican", "Latino", "Multiple_Races",
        "NativeHawaiian_PacificIslander", "Race_Unknown", "White",
    ]  # fmt: skip
    assert dropped["surveyor"] == ["Surveyor"] and dropped["free_text"] == ["Conditions", "Notes"]
    assert dropped["behaviour"] == [
        "DisruptiveActivity_Aggressive", "DisruptiveActivity_Intoxicated", "LivingActivities", "Smoking", "Soliciting",
    ]  # fmt: skip
    assert dropped["health"] == ["Mobility_Assistance_Device", "Total_Supported_or_Assisted"]


def test_more_seats_go_with_more_people_staying(survey, folder):
    """Rates by location against seats: the sign that common sense expects, computed by pandas alone."""
    places = pd.read_csv(folder / "locations.csv").set_index("Location_ID")
    seats = places["Average_number_Commercial_Seats"] + places["Average_number_Public_Seats"]
    staying = survey.observations.surveys.query("kind == 'staying'").groupby("location_id")
    rate = staying["total"].sum() / (staying["minutes"].sum() / 60)
    from spatial.observations.validation import spearman

    both = pd.concat([rate, seats], axis=1, join="inner")
    found = spearman(both.iloc[:, 0].to_numpy(float), both.iloc[:, 1].to_numpy(float))
    assert found == pytest.approx(both.corr(method="spearman").iloc[0, 1], abs=1e-12)
    assert found > 0.4
