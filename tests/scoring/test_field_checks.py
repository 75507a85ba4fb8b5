"""The list of field checks against probabilities on paper and against recomputing every draw."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from spatial.core.model import ASPECTS, Estate, Result, Rubric
from spatial.indicators.unknown_facts import JOINT
from spatial.scoring import field_checks
from spatial.scoring.combining import combine
from spatial.scoring.draws import draws, open_cells
from spatial.scoring.judging import judge_all
from tests.scoring.test_scores import FIVE, evidence, known, rubric

FIXED = {"concentration": 1e12, "mean": "arithmetic"}  # the weights hardly move


def found(rows, rules, count=200, facts=None):
    table = evidence(rows)
    table["facts"] = (
        [facts.get((p, i), "") for p, i in zip(table["place_id"], table["indicator"], strict=True)] if facts else ""
    )
    index = pd.Index(sorted(set(table["place_id"])), name="place_id")
    judged = judge_all(table, index, rules)
    return field_checks.find_field_checks(judged, index, rules, 5, count=count), judged, index


def test_the_chance_of_overtaking_on_paper():
    """a scores (4 × .5 + u) / 5 and is second at its best estimate, u = .5; first whenever u > .6."""
    rows = [*known("a", (0.5,) * 4), ("a", "i4", np.nan, 0.0, 1.0, "unknown"), *known("b", (0.5, 0.5, 0.5, 0.5, 0.6))]
    table, _, _ = found(rows, rubric(*FIVE, **FIXED), 4000, {("a", "i4"): "a#access"})
    row = table.iloc[0]
    assert len(table) == 1 and (row["object_id"], row["fact"], row["place_id"]) == ("a", "access", "a")
    assert row["rank_change"] == pytest.approx(0.4, abs=4 * np.sqrt(0.4 * 0.6 / 4000))
    assert row["rank_change_se"] == pytest.approx(np.sqrt(0.4 * 0.6 / 4000), rel=0.05)
    assert (row["floating_worst"], row["floating_best"]) == pytest.approx((0.4, 0.6))
    assert row["coverage_gain"] == pytest.approx(1 / 5) and not row["makes_ranked"]
    assert row["indicators"] == "i4" and row["place_count"] == 1


def test_places_that_share_a_fact_do_not_overtake_each_other():
    rows = known("a", (0.5,) * 4) + known("b", (0.5, 0.5, 0.5, 0.6))
    rows += [(p, "i4", np.nan, 0.0, 1.0, "unknown") for p in "ab"]
    together, _, _ = found(rows, rubric(*FIVE, **FIXED), 200, {(p, "i4"): "s#way_light" for p in "ab"})
    assert together["rank_change"].tolist() == [0.0] and together["place_count"].tolist() == [2]
    apart, _, _ = found(rows, rubric(*FIVE, **FIXED), 200, {(p, "i4"): f"{p}#access" for p in "ab"})
    assert (apart["rank_change"] > 0.2).all()


def test_half_of_two_facts_settles_half():
    rows = [*known("a", (0.5,) * 4), ("a", "i4", np.nan, 0.0, 1.0, "unknown"), *known("b", (0.5,) * 5)]
    rules = rubric(*FIVE, min_coverage=0.85, **FIXED)
    table, _, _ = found(rows, rules, 50, {("a", "i4"): "a#fee;a#booking"})
    # Each answer moves the mean of both by a quarter to either side of .5, and settles half of a fifth.
    assert table["floating_worst"].tolist() == pytest.approx([0.45, 0.45])
    assert table["floating_best"].tolist() == pytest.approx([0.55, 0.55])
    assert table["coverage_gain"].tolist() == pytest.approx([0.1, 0.1])
    assert table["makes_ranked"].tolist() == [True, True]  # .8 + .1


def test_what_no_visit_settles_is_not_listed():
    rows = [*known("a", (0.5,) * 4), ("a", "i4", np.nan, 0.0, 1.0, "unknown"), *known("b", (0.5,) * 5)]
    assert len(found(rows, rubric(*FIVE))[0]) == 0


@st.composite
def worlds(draw):
    places = [f"p{k}" for k in range(draw(st.integers(2, 4)))]
    rows, facts = [], {}
    for place in places:
        for k in range(5):
            low, high = sorted(draw(st.tuples(st.integers(1, 9), st.integers(1, 9))))
            rows.append((place, f"i{k}", np.nan, low / 10, high / 10, "unknown"))
            names = draw(st.sets(st.sampled_from(["x#way_light", f"{place}#access", f"{place}#fee"]), max_size=2))
            facts[place, f"i{k}"] = JOINT.join(sorted(names))
    return rows, facts, draw(st.sampled_from(["geometric", "arithmetic"]))


@settings(max_examples=40, deadline=None)
@given(worlds())
def test_against_computing_every_draw_again(world):
    rows, facts, mean = world
    rules = rubric(*FIVE, mean=mean)
    count = 20
    table, judged, index = found(rows, rules, count, facts)
    cells = open_cells(judged, index)
    expected: dict[tuple[str, str], list[float]] = {}
    for block, _, _ in draws(judged, index, rules, 5, count):
        for b in range(count):
            after = ranks(judged, cells, block, b, rules, None)
            for f, key in enumerate(cells.keys):
                if key.rpartition("#")[2] in ("way_light", "access", "fee"):
                    before = ranks(judged, cells, block, b, rules, f)
                    for p in set(cells.row[np.repeat(np.arange(len(cells.row)), cells.count)[cells.fact == f]]):
                        expected.setdefault((key, index[p]), []).append(abs(after[p] - before[p]))
    means = {key: np.mean(values) for key, values in expected.items()}
    assert len(table) == len({key for key, _ in means})
    for _, row in table.iterrows():
        key = f"{row['object_id']}#{row['fact']}"
        assert row["rank_change"] == pytest.approx(max(v for (k, _), v in means.items() if k == key))
        assert row["rank_change"] == pytest.approx(means[key, row["place_id"]])


def ranks(judged, cells, block, b, rules, unsettled):
    """Ranks of one draw, cell by cell; one fact may be left at the best estimates."""
    values = judged.low.copy()
    for c, (i, j) in enumerate(zip(cells.row, cells.column, strict=True)):
        low, best, high = (part[i, j] for part in (judged.low, judged.best, judged.high))
        facts = cells.fact[cells.start[c] : cells.start[c] + cells.count[c]]
        at = [(best - low) / (high - low) if f == unsettled else block.uniform[b, f] for f in facts]
        values[i, j] = low + (high - low) * sum(at) / len(at)
    aspects = np.array([[sum(block.within[b, a] * row) for a in range(len(ASPECTS))] for row in values])
    total = [combine(row, block.across[b], rules.mean) for row in aspects]
    return [1 + sum(other > own + 1e-12 for other in total) for own in total]


def town(rooms, homes, answered=()):
    """An estate of a square kilometre: ground (x, y, half a side) on which nothing is mapped, and homes (x, y, n)."""
    estate = Estate("e", "Byen", shapely.box(0, 0, 1000, 1000), 25832)
    shapes = [shapely.box(x - half, y - half, x + half, y + half) for x, y, half in rooms.values()]
    layers = {
        "possible_spaces": gpd.GeoDataFrame({"area_m2": shapely.area(shapes)}, index=list(rooms), geometry=shapes),
        "homes": gpd.GeoDataFrame(
            {"dwellings": [n for *_, n in homes]}, geometry=[shapely.Point(x, y) for x, y, _ in homes]
        ),
    }
    manifest = {"field_checks": {"here": [{"at": at, "is": "nothing", "on": "2026-05-04"} for at in answered]}}
    return Result(estate, None, None, None, layers, Rubric({}, {}), None, manifest=manifest)


def test_open_ground_inside_is_asked_about_where_most_homes_are():
    rooms = {"room:1-1": (100, 100, 5), "room:1-2": (100, 900, 5), "room:1-3": (900, 900, 5), "room:1-4": (900, 100, 5),
             "room:1-5": (900, 120, 9), "room:1-6": (1100, 500, 50)}  # fmt: skip
    homes = [(100, 400, 7), (100, 406, 9), (900, 800, 2), (900, 810, np.nan), (1100, 500, 500)]
    asked = field_checks.ask_of_open_ground(town(rooms, homes))
    # From the edge at 105 the home at 400 is within 300 m and that at 406 is not; the sixth lies outside; of the two
    # without homes the larger comes first.
    assert asked["object_id"].tolist() == ["room:1-1", "room:1-3", "room:1-5", "room:1-2"]
    assert asked["homes"].tolist() == [7, 2, 0, 0] and set(asked["fact"]) == {"here"}
    x, y = Transformer.from_crs(25832, 4326, always_xy=True).transform(100, 100)
    assert asked["check"][0] == f"room:1-1@{x:.6f},{y:.6f}#here"
    again = field_checks.ask_of_open_ground(town(rooms, homes, [(x, y)]))
    assert again["object_id"].tolist() == ["room:1-3", "room:1-5", "room:1-2", "room:1-4"]
    assert len(field_checks.ask_of_open_ground(town({}, homes))) == 0


@pytest.mark.parametrize("name", [None, float("nan"), ""])
def test_a_place_without_a_name_is_called_by_its_kind(name):
    from spatial.maps.tables import why_check

    check = {
        "place_count": 2, "indicators": "step_free", "floating_worst": 0.564, "floating_best": 0.62,
        "rank_change": 1.69, "makes_ranked": False, "kind": "pitch", "name": name,
    }  # fmt: skip
    assert "boldbane får 56" in why_check(check, "da") and "nan" not in why_check(check, "da")
    assert "Buen får 56" in why_check(check | {"name": "Buen"}, "da")
