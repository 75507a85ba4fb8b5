"""What is published of counts, cell by cell: worked out on paper."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from spatial.core.errors import ConfigError
from spatial.observations import disclosure
from spatial.observations.overlay import Joined
from tests.observations.test_disclosure import ETRS89_UTM32, visits

# At k = 5 three people in the morning at b may not be told; its total is told without them.
COUNTS = {"a": {"morning": 12, "evening": 30}, "b": {"morning": 3, "evening": 40}}


@pytest.fixture
def published():
    units = gpd.GeoDataFrame(
        geometry=[Point(1, 1), Point(2, 2), Point(9, 9)], index=["a", "b", "empty"], crs=ETRS89_UTM32
    )
    moving = visits({"a": {"morning": 8}}).assign(kind="moving", minutes=30.0)
    return disclosure.publish(Joined(pd.concat([visits(COUNTS), moving], ignore_index=True), units), k=5)


def cell(published, unit, by, part, kind="staying"):
    table = published.cells
    found = table[(table["unit_id"] == unit) & (table["by"] == by) & (table["part"] == part) & (table["kind"] == kind)]
    assert len(found) == 1
    return found.iloc[0]


def test_fewer_than_k_people_are_not_told_and_cannot_be_worked_out(published):
    """What the total of a place counts is told by its parts; week and year count the morning and are not told."""
    for by, part in (("time_of_day", "morning"), ("week", "weekday"), ("season", "spring")):
        hidden = cell(published, "b", by, part)
        assert hidden["withheld"] and np.isnan(hidden["people"])
        assert np.isnan(hidden["per_visit"]) and np.isnan(hidden["per_hour"])


def test_what_is_told_is_to_the_nearest_five_with_its_rates(published):
    # Two glances each: 10 and 30 people, and 40 and what is withheld, taken as 2, to the nearest five. What is told of
    # all is the sum of what is told of each.
    told = {
        ("a", "all", ""): (2, 40.0, 20.0),
        ("b", "all", ""): (2, 40.0, 20.0),
        ("all", "all", ""): (4, 80.0, 20.0),
        ("a", "time_of_day", "evening"): (1, 30.0, 30.0),
        ("a", "time_of_day", "morning"): (1, 10.0, 10.0),
        ("b", "time_of_day", "evening"): (1, 40.0, 40.0),
        ("a", "week", "weekday"): (2, 40.0, 20.0),
        ("all", "time_of_day", "evening"): (2, 70.0, 35.0),
        ("all", "time_of_day", "morning"): (1, 10.0, 10.0),
    }
    for key, expected in told.items():
        found = cell(published, *key)
        assert tuple(found[["visits", "people", "per_visit"]]) == expected, key
        assert found[["hours", "per_hour"]].isna().all() and found["effort"] == "visit" and not found["withheld"]
    moving = cell(published, "a", "all", "", kind="moving")
    assert (moving["people"], moving["per_visit"], moving["per_hour"], moving["hours"]) == (10.0, 10.0, 20.0, 0.5)


def test_every_cell_says_whether_it_is_withheld_and_of_which_kind(published):
    cells = published.cells
    assert list(cells.columns) == disclosure.COLUMNS
    assert cells.index.equals(pd.RangeIndex(len(cells)))
    assert (cells["people"].isna() == cells["withheld"]).all() and cells["withheld"].dtype == bool
    assert set(cells["kind"]) == {"staying", "moving"} and published.k == 5
    assert not cells.duplicated(disclosure.KEYS).any()


def test_the_map_has_the_observed_units_only(published):
    drawn = published.map
    assert drawn.index.tolist() == ["a", "b"] and drawn.index.name == "unit_id" and drawn.crs == ETRS89_UTM32
    assert [point.x for point in drawn.geometry] == [1.0, 2.0]
    assert drawn["staying_visits"].tolist() == [2, 2] and drawn["moving_visits"].tolist() == [1, 0]
    assert drawn["moving_people"].tolist()[0] == 10.0 and np.isnan(drawn["moving_people"].tolist()[1])
    assert drawn["staying_withheld"].tolist() == [
        bool(cell(published, unit, "all", "")["withheld"]) for unit in ("a", "b")
    ]
    assert not drawn["moving_withheld"].any()


def test_the_smallest_count_itself_needs_no_reason():
    assert disclosure.smallest_count(5, None) == 5
    with pytest.raises(ConfigError, match="found 6 without a reason"):
        disclosure.smallest_count(6, None)


def test_what_statistics_are_computed_from_is_what_is_told():
    few = disclosure.publish(Joined(visits({"a": {"morning": 12}, "b": {"morning": 4}}), _squares("ab")), k=5)
    assert few.rates["people"].to_dict() == {"a": 10.0, "b": 2.0}  # the middle of nought to four
    assert few.rates["withheld"].to_dict() == {"a": False, "b": True}
    assert few.rates["per_visit"].to_dict() == {"a": 10.0, "b": 2.0}


def test_where_a_visit_tells_of_a_person_what_is_withheld_is_left_out():
    found = disclosure.publish(
        Joined(visits({"a": {"morning": 12}, "b": {"morning": 4}}), _squares("ab")), k=5, visits_told=False
    )
    assert set(found.cells["unit_id"]) == {"a", "all"} and found.map.index.tolist() == ["a"]
    assert cell(found, "all", "all", "")["visits"] == 1


def test_where_a_visit_tells_of_a_person_the_total_has_the_visits_of_what_is_told():
    """Nobody but who counted knows of the one person in the evening, nor of that visit."""
    both = [{"a": {"morning": 12, "evening": 1}}, {"a": {"morning": 12}}]
    one, other = (disclosure.publish(Joined(visits(n), _squares("a")), k=5, visits_told=False).cells for n in both)
    other = other[other["by"].isin(["all", "time_of_day"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, other)
    assert one["visits"].tolist() == [1, 1, 1, 1] and one["people"].tolist() == [10.0] * 4


def _squares(names):
    return gpd.GeoDataFrame(geometry=[Point(i, 0).buffer(1) for i in range(len(names))], index=list(names),
                            crs=ETRS89_UTM32)  # fmt: skip
