"""Small measures: where they are tried, what they cost, and which come first."""

from __future__ import annotations

import json
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.cli import main
from spatial.core import errors, languages
from spatial.core.arrays import object_array
from spatial.core.errors import ConfigError
from spatial.core.marks import MARK
from spatial.core.model import Edit
from spatial.plans import reading
from spatial.settings.tags import tag_rules
from spatial.studies import measures as studies_measures
from spatial.studies import spots
from spatial.studies.spots import Spot
from spatial.studies.what_if import Gain, gain_of
from spatial.texts import measures as texts_measures
from tests.studies.test_what_if import DATA, demo  # noqa: F401

CRS = 25832


def written(tmp_path, text):
    path = tmp_path / "measures.toml"
    path.write_text(text, encoding="utf-8")
    return path


BENCH = (
    '[bench]\nwhere = "space_without_seat"\ntags = {amenity = "bench"}\ncost_dkk = 10\ncost_dkk_per_m = 2\nwhy = "x"\n'
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BENCH.replace("why", "because"), "found where, .*, because; needed cost_dkk, .*, where, why; complete it"),
        (BENCH.replace("space_without_seat", "moon"), r"found where = 'moon'; needed one of space_without_seat"),
        (BENCH.replace("10", "-1"), r"found costs \[-1, 2\]; needed kroner from 0"),
        (BENCH.replace("10", "0").replace("2\n", "0\n"), r"found costs \[0, 0\]"),
        ("bench = 3", r"\[bench\] found 3; needed"),
    ],
)
def test_a_wrong_list_of_measures_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        studies_measures.read_measures(written(tmp_path, text))


def test_what_a_measure_costs(tmp_path):
    (bench,) = studies_measures.read_measures(written(tmp_path, BENCH))
    assert bench.cost(0) == 10 and bench.cost(7.5) == 25


def test_every_bundled_measure_has_words_and_a_reason():
    for measure in studies_measures.read_measures():
        assert measure.why and measure.cost(10) > 0
        for lang in ("da", "en"):
            words = languages.texts(lang)["suggest"]
            assert words["measure"][measure.id] and words["tried"][measure.id]


def rooms(*rows):
    return gpd.GeoDataFrame(
        {"kinds": [kinds for kinds, _ in rows]},
        index=[f"space:{i}" for i in range(len(rows))],
        geometry=[shape for _, shape in rows],
        crs=CRS,
    )


def measured_from(*, ways=(), objects=(), water=(), blocked=None):
    """Ways are a graph of straight edges between points that are given."""
    nodes = sorted({point for way in ways for point in way})
    start, end = (np.array([nodes.index(way[k]) for way in ways], dtype=np.int64) for k in (0, 1))
    lines = object_array(shapely.LineString(way) for way in ways)
    graph = SimpleNamespace(geometry=lines, attachable=np.ones(len(ways), dtype=bool), start=start, end=end)
    return SimpleNamespace(
        network=graph,
        kinds=tag_rules(),
        place_objects=gpd.GeoDataFrame(
            {"kind": [kind for kind, _ in objects]}, geometry=[shape for _, shape in objects], crs=CRS
        ),
    )


def test_a_bench_is_tried_beside_a_place_where_nobody_can_sit():
    pitch, park = shapely.box(0, 0, 20, 10), shapely.box(100, 0, 140, 40)
    view = measured_from(ways=[((-50, -10), (60, -10)), ((90, 20), (150, 20))])
    found = spots.find_candidates("space_without_seat", rooms(("pitch", pitch), ("park", park)), None, view, {"a": "b"})
    beside, within = (spot.edit.geometry for spot in found)
    # The way passes 10 m below the pitch: the bench stands 2 m off its edge. One leads through the park.
    assert beside.y == pytest.approx(-2) and 0 <= beside.x <= 20
    assert park.contains(within)
    assert [spot.edit.feature for spot in found] == ["space:0", "space:1"]


def test_on_the_ground_of_a_meeting_space_a_bench_stands_in_it_and_not_on_what_is_there():
    """Ground of 40 by 30 m around a pitch, a way along its lower edge: in it, off the pitch, 2 m from the way."""
    ground, pitch = shapely.box(0, 0, 40, 30), shapely.box(10, 10, 30, 25)
    view = measured_from(ways=[((-50, 0), (90, 0))], objects=[("pitch", pitch)])
    (spot,) = spots.find_candidates("space_without_seat", rooms(("pitch", ground)), None, view, {})
    at = spot.edit.geometry
    assert ground.contains(at) and pitch.distance(at) >= 0.5
    assert at.y == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("kinds", "objects", "count"),
    [
        ("pitch", (), 1),
        ("bench;pitch", (), 0),
        ("pitch", (("bench", shapely.Point(5, -3)),), 0),
        ("pitch", (("bench", shapely.Point(5, -90)),), 1),
        ("pitch", (("pitch", shapely.Point(5, -3)),), 1),
    ],
)
def test_no_bench_is_tried_where_one_stands(kinds, objects, count):
    view = measured_from(ways=[((10, -10), (10, -60))], objects=objects)  # the spot is (10, -2)
    assert (
        len(spots.find_candidates("space_without_seat", rooms((kinds, shapely.box(0, 0, 20, 10))), None, view, {}))
        == count
    )


def test_of_rooms_on_which_nothing_is_mapped_those_with_most_homes_near_are_tried_first():
    rooms_ = gpd.GeoDataFrame(
        index=["room:a", "room:b", "room:c"],
        geometry=[shapely.box(x, 0, x + 20, 20) for x in (0, 200, 5000)],
        crs=CRS,
    )
    homes = gpd.GeoDataFrame(
        {"inside": [True, True, False], "dwellings": [4.0, 40.0, 900.0]},
        geometry=[shapely.Point(x, -50) for x in (10, 210, 10)],
        crs=CRS,
    )
    area, view = shapely.box(-100, -100, 1000, 100), SimpleNamespace(dwellings=homes)
    found = list(spots.possible_rooms(rooms_, area, view, {"leisure": "picnic_table"}))
    assert [spot.edit.feature for spot in found] == ["room:b", "room:a"]
    assert all(rooms_.geometry[spot.edit.feature].contains(spot.edit.geometry) for spot in found)


def test_a_suggestion_says_how_many_of_its_kind_are_probably_unmapped():
    row = {
        "measure": "place", "space": "possible", "space_id": "space:room:1", "points": 30.0, "homes_better": 3.0,
        "homes_lacking": 2.0, "homes_worse": 0.0, "length_m": 0.0, "cost_dkk": 18000.0, "homes_per_1000_dkk": 0.2,
        "kind": "bench", "unmapped_share": 0.77, "unmapped_by": "lists",
    }  # fmt: skip
    table = gpd.GeoDataFrame([row], geometry=[shapely.Point(0, 0)], crs=CRS)
    assert "3 of 4 benches here are probably unmapped" in texts_measures.sentences(table, "en")[0]
    assert "3 af 4 bænke her er sandsynligvis ikke kortlagt" in texts_measures.sentences(table, "da")[0]
    assert "helps 3 homes, of which 2 had no good meeting place" in texts_measures.sentences(table, "en")[0]
    stated = table.assign(unmapped_share=0.45, unmapped_by="stated")
    assert "from experience about 1 of 2 benches are not on the map" in texts_measures.sentences(stated, "en")[0]
    said = texts_measures.sentences(table.assign(unmapped_share=np.nan, unmapped_by=None), "en")[0]
    assert "unmapped" not in said and "a place where nothing is mapped" in said
    for lang, possible, bench in (
        (
            "en",
            "at a spot at Elmevej where nothing is mapped (space:room:1)",
            "at the playground at Elmevej (space:room:1)",
        ),
        (
            "da",
            "ved et sted ved Elmevej, hvor intet er kortlagt (space:room:1)",
            "ved legepladsen ved Elmevej (space:room:1)",
        ),
    ):
        at = table.assign(street="Elmevej")
        assert possible in texts_measures.sentences(at, lang)[0]
        assert bench in texts_measures.sentences(at.assign(space="playground"), lang)[0]
        assert "Elmevej" not in texts_measures.sentences(at.assign(space="Tårnlegepladsen"), lang)[0]


def test_links_that_spare_most_come_first_and_neighbours_are_one():
    lines = shapely.linestrings([[[0, 0], [0, 10]], [[5, 0], [5, 10]], [[100, 0], [100, 10]]])
    found = list(spots._spread(lines, np.array([200.0, 300.0, 250.0])))
    assert [(number, line.coords[0]) for number, line in found] == [(1, (5, 0)), (2, (100, 0))]


@pytest.mark.long
def test_the_suggestions_of_the_demo(demo, tmp_path):  # noqa: F811
    """One gate and all tables are tried; what comes out is ordered by worth and is a plan that does what it says."""
    chosen = tuple(measure for measure in studies_measures.read_measures() if measure.id in ("gate", "table"))
    estate = demo._estate
    found, tried = studies_measures.find_measures(demo, estate, chosen, most=2)
    assert tried == {"gate": 1, "table": len(demo.before.view.rooms)} and len(found) == 2
    worth = (found["homes_better"] - found["homes_worse"]) / found["cost_dkk"] * 1000
    np.testing.assert_allclose(worth, found["homes_per_1000_dkk"])
    assert worth.is_monotonic_decreasing and (worth > 0).all()
    # Where no second list says how many are unmapped, what is stated of tables does: 0.3 to 0.9 are mapped.
    assert found["street"].notna().all()
    assert (found["unmapped_by"] == "stated").all() and found["unmapped_share"].tolist() == pytest.approx([0.4] * 2)
    texts_measures.write_measures(found, tmp_path, lang="en")
    plan = reading.read_plan(tmp_path / texts_measures.PLAN_FILE, estate)
    assert [edit.tags for edit in plan.edits] == [{"leisure": "picnic_table"}] * 2
    assert demo.gain(demo.after(plan.edits[0])).points == pytest.approx(found["points"].iloc[0], rel=1e-6)
    table = pd.read_csv(tmp_path / texts_measures.TABLE_FILE)
    assert list(table["space_id"]) == list(found["space_id"]) and table["note"].str.contains("kr.").all()
    assert json.loads(texts_measures.measures_as_json(found, tried))["suggestions"][0]["order"] == 1


def test_tenths_spread_thin_are_no_suggestion(demo, monkeypatch):  # noqa: F811
    """A thousand homes that gain four tenths of a point count for nothing, ten that gain a whole one for ten."""
    spread, whole = (
        gain_of(np.array([0.6]), np.array([then]), np.array([n])) for then, n in ((0.604, 1e3), (0.61, 10.0))
    )
    assert (spread.homes, spread.points, whole.homes) == (0, 0, 10)
    monkeypatch.setattr(type(demo), "gain", lambda self, look: spread)
    chosen = tuple(measure for measure in studies_measures.read_measures() if measure.id == "gate")
    found, tried = studies_measures.find_measures(demo, demo._estate, chosen)
    assert not len(found) and tried == {"gate": 1}


def test_nothing_to_suggest_says_so(demo):  # noqa: F811
    found, tried = studies_measures.find_measures(demo, demo._estate, ())
    assert not len(found) and not tried
    assert "None of them" in texts_measures.measures_in_words(found, tried, lang="en")


def test_two_results_for_one_change_are_never_told(demo, monkeypatch):  # noqa: F811
    monkeypatch.setattr(studies_measures, "_agree", lambda quick, whole: False)
    chosen = tuple(measure for measure in studies_measures.read_measures() if measure.id == "table")
    monkeypatch.setattr(studies_measures, "find_candidates", lambda *given: FIRST(*given)[:8])
    with pytest.raises(errors.SpatialError, match="judged in two ways with two results"):
        studies_measures.find_measures(demo, demo._estate, chosen, most=1)


FIRST = spots.find_candidates


def test_suggest_on_the_command_line(tmp_path):
    text = (studies_measures.loading.DEFAULTS / "measures.toml").read_text(encoding="utf-8")
    measures = written(tmp_path, text[text.index("[gate]") : text.index("[link]")])
    call = ["suggest", "--boundary", DATA / "reitbahnviertel.geojson", "--osm", DATA / "reitbahnviertel.osm.pbf"]
    out = tmp_path / "ideas"
    result = CliRunner().invoke(main.cli, [str(part) for part in [*call, "--measures", measures, "--out", out]])
    assert result.exit_code == 0, result.output
    assert "låste låger (1)" in result.output and "Forslag, der hjælper flest boliger" in result.output
    assert {path.name for path in out.iterdir()} == {texts_measures.PLAN_FILE, texts_measures.TABLE_FILE, MARK}


def test_suggest_without_an_extract_is_wrong_usage():
    result = CliRunner().invoke(main.cli, ["suggest", "--boundary", str(DATA / "reitbahnviertel.geojson")])
    assert result.exit_code == 2 and "--osm FIL" in result.output


class Bench:
    """What is tried on paper: each edit helps as many homes as stands in its note, of 100; looks are counted."""

    def __init__(self, homes):
        self.homes, self.looks = homes, 0
        self.before = SimpleNamespace(dwellings=pd.DataFrame({"dwellings": [100.0]}))

    def after(self, edit):
        self.looks += 1
        return SimpleNamespace(floating=pd.Series(dtype=float), best_at_home=pd.Series(dtype=float), edit=edit)

    def gain(self, look):
        return Gain(points=0.0, better=self.homes[look.edit.feature], lacking=0.0, worse=0.0)


def candidate(name, cost_dkk):
    measure = studies_measures.Measure("m", "missing_link", {}, cost_dkk, 0.0, "")
    return studies_measures.Candidate(measure, Spot(Edit(name, "add", "path"), shapely.Point(0, 0)))


def test_what_costs_too_much_to_come_among_the_best_is_not_looked_at():
    """Of 100 homes: 50 for 10 kroner are 5 a krone; 100 for 20 would be as much, and 100 for 21 less."""
    spots = [candidate(name, cost) for name, cost in (("dear", 21.0), ("even", 20.0), ("first", 10.0))]
    bench = Bench({"dear": 100.0, "even": 100.0, "first": 50.0})
    tried = studies_measures.try_candidates(bench, spots, 1)
    assert bench.looks == 2 and [one.spot.edit.feature for one in tried] == ["first", "even"]


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 100), st.integers(1, 60)), min_size=1, max_size=25),
    most=st.integers(1, 4),
)
def test_the_best_are_those_of_looking_at_all(rows, most):
    spots = [candidate(f"{i:02}", float(cost)) for i, (_, cost) in enumerate(rows)]
    homes = {f"{i:02}": float(count) for i, (count, _) in enumerate(rows)}
    found = studies_measures.best_of(studies_measures.try_candidates(Bench(homes), spots, most), most)
    by_all = sorted((-homes[f"{i:02}"] / cost, i) for i, (count, cost) in enumerate(rows) if count > 0)[:most]
    assert [int(one.spot.edit.feature) for one in found] == [i for _, i in by_all]


def test_a_spot_in_a_house_that_stays_is_not_tried(demo, monkeypatch):  # noqa: F811
    """A bench in a stand or an arcade would be no bench outdoors; the one beside it is tried."""
    houses = demo.before.view.measured_from.buildings
    house = houses[houses["solid"].to_numpy(dtype=bool)].geometry.iloc[0]
    inside, beside = shapely.point_on_surface(house), shapely.Point(house.bounds[0] - 2, house.bounds[1] - 2)
    tags = {"amenity": "bench"}
    spots = [Spot(Edit(str(k), "add", "place", tags=tags, geometry=at), at) for k, at in enumerate((inside, beside))]
    assert [demo.fits(spot.edit) for spot in spots] == [False, True]
    monkeypatch.setattr(studies_measures, "find_candidates", lambda *given: spots)
    chosen = tuple(measure for measure in studies_measures.read_measures() if measure.id == "bench")
    _, tried = studies_measures.find_measures(demo, demo._estate, chosen)
    assert tried == {"bench": 1}
