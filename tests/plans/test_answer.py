"""What a board is told first of a plan: promises, who bears it, and the outcome."""

from __future__ import annotations

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.plans import answer
from spatial.plans.answer import HARMS, HELPS, MIXED, MOVES_OUT, NOTHING, ON_THE_WAY, UNCLEAR


def state(phases=(), **places):
    """A result with points of some kinds: ``name=(kind, x)``."""
    table = gpd.GeoDataFrame(
        {"kind": [kind for kind, _ in places.values()], "name": None, "space_id": "s"},
        index=list(places),
        geometry=[shapely.Point(x, 0) for _, x in places.values()],
        crs="EPSG:25832",
    )
    return SimpleNamespace(places=table, manifest={"plan": {"phases": list(phases)}}, layers={})


def promises(today, *states):
    table, new = answer.promised_places(today, states)
    return table.set_index("place_id"), new


def test_a_place_that_goes_is_replaced_by_the_nearest_of_its_kind_and_none_twice():
    today = state(p1=("playground", 0), p2=("playground", 100), b=("bench", 0), t=("table", 5))
    after = state(q=("playground", 90), c=("bench", 401), n=("square", 0), t=("table", 5))
    table, new = promises(today, after)
    assert table["state"].to_dict() == {"b": "unreplaced", "p1": "unreplaced", "p2": "replaced"}
    assert table.loc["p2", ["replacement_id", "distance_m"]].tolist() == ["q", 10.0]
    # The bench is a metre too far, and a square replaces no bench.
    assert new == {"bench": 1, "square": 1} and table.index[:2].tolist() == ["b", "p1"]


def test_the_least_distance_in_all_and_not_the_first_nearest():
    """a–q 10 and b–r 90 are 100 m; b–q 20 and a–r 120 would be 140 m."""
    table, _ = promises(state(a=("bench", 0), b=("bench", 30)), state(q=("bench", 10), r=("bench", 120)))
    assert table["replacement_id"].to_dict() == {"a": "q", "b": "r"}


def test_the_years_without_run_from_the_phase_that_takes_to_the_phase_that_gives():
    today = state(p=("playground", 0), b=("bench", 7), m=("table", 0))
    years = ("2027", "2028", "2031")
    first, second = state(m=("table", 0)), state(b=("bench", 7), m=("table", 0))
    last = state(years, q=("playground", 40), b=("bench", 7), m=("table", 60))
    table, new = promises(today, first, second, last)
    assert table["state"].to_dict() == {"p": "replaced", "m": "moved", "b": "shut"} and new == {}
    assert table.loc["p", ["phase_gone", "phase_back"]].tolist() == [1, 3]
    assert table.loc["p", "years_without"] == pytest.approx(4, abs=0.01)
    assert table.loc["b", "years_without"] == pytest.approx(1, abs=0.01)
    assert table.loc["m", "distance_m"] == 60
    undated, _ = promises(today, first, second, state(("1", "2", "3"), q=("playground", 40), m=("table", 0)))
    assert np.isnan(undated.loc["p", "years_without"])


def test_nothing_is_promised_where_all_stays():
    today = state(p=("playground", 0))
    assert promises(today, today)[0].empty


def burdens(*rows):
    return pd.DataFrame(rows, columns=["lens", "phase", "losing", "winning"])


NONE, LOST, KEPT = (pd.DataFrame({"state": states}) for states in ([], ["unreplaced"], ["replaced"]))
GAIN, LOSS, EVEN = ("adult", 0, 0, 9), ("child", 0, 9, 0), ("adult", 0, 0.4, 0)
BUILDING = ("child", 1, 50, 0)


@pytest.mark.parametrize(
    ("rows", "lost", "new", "homes", "shares", "outcome"),
    [
        ([EVEN], NONE, False, 0, (0, 0), NOTHING),
        ([GAIN], NONE, False, 0, (0, 1), HELPS),
        ([GAIN], KEPT, False, 60, (0, 1), HELPS),
        # A road that harms children alone harms, whatever adults have of it in a third of the draws.
        ([EVEN, LOSS], NONE, False, 0, (0, 0), HARMS),
        ([EVEN, LOSS], NONE, False, 0, (0.32, 0), HARMS),
        ([EVEN, LOSS], NONE, False, 0, (0.3, 0.3), HARMS),
        ([EVEN], LOST, False, 0, (0, 0), HARMS),
        ([GAIN, LOSS], NONE, False, 0, (0, 1), MIXED),
        ([GAIN, BUILDING], NONE, False, 0, (0, 1), MIXED),
        ([EVEN, BUILDING], NONE, False, 0, (0, 0), ON_THE_WAY),
        # Homes that are gone are never outweighed.
        ([EVEN], NONE, False, -59, (0, 0), MOVES_OUT),
        ([GAIN], NONE, True, -59, (0, 1), MIXED),
        # Where some draws say worse and others better, that is the answer; what is gone is gone all the same.
        ([GAIN], NONE, False, 0, (0.4, 0.5), UNCLEAR),
        ([("adult", 0, 9, 0)], NONE, False, 0, (0.6, 0.3), UNCLEAR),
        ([LOSS], LOST, False, 0, (0.6, 0.3), HARMS),
        ([EVEN], NONE, False, 0, (0.5, 0.5), NOTHING),
    ],
)
def test_the_outcome(rows, lost, new, homes, shares, outcome):
    assert answer._outcome(burdens(*rows), lost, new, homes, shares) == outcome


def built(layer, shape, *, done=True):
    """The layer of a plan with one new thing."""
    return gpd.GeoDataFrame({"action": ["add"], "layer": [layer], "done": [done]}, geometry=[shape], crs="EPSG:25832")


@pytest.mark.parametrize(
    ("plan", "crossed"),
    [
        (built("road", shapely.LineString([(-50, 5), (50, 5)])), ["p"]),
        (built("building", shapely.box(5, 5, 30, 30)), ["p"]),
        # Along the rim, on foot, or not yet.
        (built("road", shapely.LineString([(-50, 0.5), (50, 0.5)])), []),
        (built("path", shapely.LineString([(-50, 5), (50, 5)])), []),
        (built("road", shapely.LineString([(-50, 5), (50, 5)]), done=False), []),
    ],
)
def test_a_place_that_stays_under_a_new_road_or_building_is_told(plan, crossed):
    today, after = state(p=("playground", 0)), state(p=("playground", 0))
    for one in (today, after):
        one.places = one.places.set_geometry([shapely.box(0, 0, 10, 10)])
    after.layers["plan"] = plan
    table, _ = promises(today, after)
    assert list(table.index[table["state"] == "crossed"]) == crossed and len(table) == len(crossed)


def lens(name, losing, winning):
    return SimpleNamespace(id=name, dwellings={"losing": losing, "winning": winning}, median_after=0.5, tenth_after=0.2)


def test_who_bears_most_in_the_worst_phase():
    first = SimpleNamespace(lenses=[lens("adult", 10, 0), lens("child", 90, 3)])
    last = SimpleNamespace(lenses=[lens("adult", 0, 5), lens("child", 40, 0)])
    table = answer.bear([first, last])
    assert table["phase"].tolist() == [1, 1, 0, 0]
    assert answer._worst(table) == answer.Burden("child", 1, 90, 3)
    assert answer._worst(table[table["phase"] == 0]) == answer.Burden("child", None, 40, 0)
    assert answer._worst(answer.bear([])) is None
