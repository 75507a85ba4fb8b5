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


def test_how_far_a_count_can_be_relied_on(survey):
    """A visit's count against its location: ICC(1) from scipy's analysis of variance, eight visits to each of 108."""
    from scipy.stats import f_oneway

    from spatial.observations.reliability import agreement, intraclass, visits_needed

    staying = survey.observations.surveys.query("kind == 'staying'")
    groups = [group.to_numpy(float) for _, group in staying.groupby("location_id")["total"]]
    assert {len(group) for group in groups} == {8}
    ratio = f_oneway(*groups).statistic
    value, low, high = intraclass(groups)
    assert value == pytest.approx((ratio - 1) / (ratio + 7)) and round(value, 2) == 0.68 and low < value < high
    assert visits_needed(value) == 2
    # All 864 visits carry one code in a column that may hold a name, which is not read: nothing is known of agreement.
    assert agreement(survey.observations.pairs).pairs == 0 and set(staying["observer"]) == {""}
    assert staying["total"].var() / staying["total"].mean() == pytest.approx(8.87, abs=0.01)


def test_weather_of_the_street_is_read(survey):
    staying = survey.observations.surveys.query("kind == 'staying'")
    assert staying["weather"].value_counts().to_dict() == {"sun": 516, "clouds": 309, "rain": 39}
    assert staying["sun"].value_counts().to_dict() == {0.0: 380, 1.0: 136}  # sun, but the side in the shade; or in it


def test_seats_beside_hour_weather_and_footfall(survey, folder):
    """Seats in place of a score (there is none of Seattle): the model by visit, with footfall from the other table."""
    import numpy as np
    import shapely

    from spatial.observations import model, overlay

    surveys = survey.observations.surveys
    staying, moving = (surveys[surveys["kind"] == kind] for kind in ("staying", "moving"))
    places = pd.read_csv(folder / "locations.csv").set_index("Location_ID")
    seats = places["Average_number_Commercial_Seats"] + places["Average_number_Public_Seats"]
    passing = moving.groupby("location_id")[["total", "minutes"]].sum()
    shapes = staying.groupby("location_id").geometry.first()
    spaces = pd.DataFrame(
        {"floating": np.log1p(seats) / np.log1p(seats.max()), "footfall": passing["total"] / passing["minutes"]}
    )
    spaces = spaces.reindex(shapes.index)
    xy = shapely.get_coordinates(shapely.centroid(shapes.to_numpy()))
    joined = overlay.to_spaces(
        staying, staying.drop_duplicates("location_id").set_index("location_id", drop=False)[["geometry"]], join_m=0
    )
    told = model.tell(model.by_visit(joined.visits, spaces, xy), checked=True)
    assert (told.verdict, told.places, told.visits) == (model.AGREES, 108, 864)
    assert told.beside.low > 0 and told.gain.low > 0
    assert told.checks.noughts == 142
