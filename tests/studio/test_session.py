"""A sitting without a server: what is drawn, refused, moved, undone, copied, kept, and told."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import shapely
import shapely.affinity

from spatial.core.errors import InputError
from spatial.core.languages import carried
from spatial.core.model import FLOATING
from spatial.studio.answering import said_of
from spatial.studio.kept import Kept
from spatial.studio.session import Session
from spatial.studio.sight import first_sight, glance_of, sight_of, state_of
from spatial.studio.telling import Addresses
from spatial.studio.tools import tools

BLOCK, PLAYGROUND = "osm:way/93691013", "osm:way/157841252"


@pytest.fixture
def session(table):
    return Session(table)


@pytest.fixture
def spot(table, pencil):
    """A free spot beside the playground, moved by some metres, in degrees."""

    def at(east=0.0, north=0.0):
        shape = table.start.result.places.geometry.loc[PLAYGROUND]
        middle = shapely.point_on_surface(shape)
        return pencil(shapely.Point(middle.x + east, middle.y + north))

    return at


def test_every_tool_draws_what_the_table_can_look_at(session, pencil, spot, table):
    from spatial.plans.application import apply_plan

    middle = session.ground.to_metres(spot())
    shapes = {
        "point": spot(3, 3),
        "line": pencil(shapely.LineString([(middle.x, middle.y), (middle.x + 4, middle.y + 2)])),
        "area": pencil(shapely.box(middle.x, middle.y, middle.x + 3, middle.y + 3)),
    }
    for name, tool in tools().items():
        variant = session.draw("A", name, shapes[tool.shape], {"dwellings": "4"}).variant
        assert variant.strokes[-1].feature == f"{name}-1" and variant.strokes[-1].layer == tool.layer
        apply_plan(session.ground.raw, table.plan(variant.strokes), table.estate)
        session.undo("A")
    assert session.variant("A").strokes == ()


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("bench", ("Lies in building at ", "Ligger i bygning ved ")),
        ("building", ("does not take away", "ikke fjerner")),
    ],
)
def test_what_is_drawn_into_a_kept_house_is_refused_in_words(session, pencil, table, tool, words):
    house = table.what_if.before.view.measured_from.buildings.geometry.loc[BLOCK]
    inside = shapely.point_on_surface(house)
    drawn = pencil(inside if tool == "bench" else inside.buffer(4, cap_style="square"))
    with pytest.raises(InputError) as refused:
        session.draw("A", tool, drawn, {"dwellings": "4"})
    said = [refused.value.said(lang) for lang in ("en", "da")]
    assert all("\n" not in one and "osm:" not in one for one in said) and said[0] != said[1]
    assert words[0] in said[0] or tool == "building"
    assert words[1] in said[1]
    assert session.variant("A").steps == ()
    session.remove("A", BLOCK)  # where the house goes, it fits
    assert session.draw("A", tool, drawn, {"dwellings": "4"}).stroke is not None


def test_an_outline_that_crosses_itself_and_a_number_that_is_none_are_refused(session, pencil, spot):
    middle = session.ground.to_metres(spot())
    bow = shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    with pytest.raises(InputError, match="crosses itself"):
        session.draw("A", "playground", pencil(shapely.affinity.translate(bow, middle.x, middle.y)))
    square = pencil(middle.buffer(3))
    for wrong in ("", "many", "-1", "1e3", "10000", "٣"):
        with pytest.raises(InputError, match="whole number"):
            session.draw("A", "building", square, {"dwellings": wrong})
    assert session.variant("A").steps == ()


def test_a_path_through_a_fence_is_drawn_and_minded_until_there_is_a_gate(session, pencil, spot):
    middle = session.ground.to_metres(spot())
    fence = shapely.LineString([(middle.x + 5, middle.y - 3), (middle.x + 5, middle.y + 3)])
    across = shapely.LineString([(middle.x + 1, middle.y), (middle.x + 9, middle.y)])
    session.draw("A", "fence", pencil(fence))
    assert session.draw("A", "path", pencil(across)).remarks == ("through_fence",)
    session.undo("A")
    session.draw("A", "gate", pencil(shapely.Point(middle.x + 5, middle.y)))
    assert session.draw("A", "path", pencil(across)).remarks == ()


def test_ends_of_a_path_near_a_way_lie_on_it(session, pencil, table):
    ways = session.ground.ways.geometries
    inside = [way for way in ways if table.estate.boundary.contains(way) and way.length > 20]
    start = inside[0].interpolate(inside[0].length / 2)
    near = shapely.Point(start.x + 1.0, start.y + 1.0)
    drawn = session.draw("A", "path", pencil(shapely.LineString([near, (near.x + 3, near.y + 3)]))).stroke
    end = shapely.Point(shapely.get_coordinates(session.ground.to_metres(drawn.geometry))[0])
    assert min(way.distance(end) for way in ways) < 0.005 < near.distance(inside[0])


def test_a_thing_is_removed_changed_and_moved_once_each_in_one_stroke(session, spot, table):
    gates = table.what_if.before.view.measured_from.path_nodes
    locked = str(gates.index[gates["locked"].to_numpy(dtype=bool)][0])
    session.do("A", locked, "open")
    session.do("A", locked, "close")
    (one,) = session.variant("A").strokes
    assert (one.action, one.target, one.tags["foot"], one.tags["locked"]) == ("change", locked, "no", "no")
    session.remove("A", locked)
    assert [(s.action, s.target) for s in session.variant("A").strokes] == [("remove", locked)]
    session.undo("A")
    assert session.variant("A").strokes == (one,)
    with pytest.raises(InputError, match="verb"):
        session.do("A", BLOCK, "open")
    with pytest.raises(InputError, match="osm:way/1"):
        session.remove("A", "osm:way/1")


def test_what_was_drawn_is_moved_and_removed_as_if_it_had_never_been(session, spot):
    drawn = session.draw("A", "bench", spot(12, 3)).stroke
    there = spot(16, 5)
    moved = session.move("A", drawn.identity, (there.x, there.y)).variant.strokes
    assert len(moved) == 1 and moved[0].geometry.distance(there) < 2e-8 and moved[0].tags == drawn.tags
    assert session.remove("A", drawn.identity).variant.strokes == ()
    assert session.undo("A").variant.strokes == moved


def test_what_was_asked_of_a_drawn_thing_is_answered_again(session, spot, pencil):
    square = pencil(session.ground.to_metres(spot(40, 40)).buffer(2))
    drawn = session.draw("A", "playground", square, {"name": "Den gamle"}).stroke
    again = session.answer("A", drawn.identity, {"name": "Den nye", "dwellings": "9"}).variant.strokes
    assert [(one.feature, one.tags) for one in again] == [
        ("playground-1", {"leisure": "playground", "name": "Den nye"})
    ]
    assert again[0].geometry == drawn.geometry
    (bare,) = session.answer("A", drawn.identity, {}).variant.strokes
    assert "name" not in bare.tags
    for wrong in (PLAYGROUND, "plan:bench-7"):
        with pytest.raises(InputError, match=wrong):
            session.answer("A", wrong, {})


def test_looks_are_told_in_german_where_the_page_is_german(table, pencil):
    german = copy.copy(table)
    german.languages, german.start = carried("de"), replace(table.start, languages=carried("de"))
    at = pencil(shapely.point_on_surface(table.start.result.places.geometry.loc[PLAYGROUND]))
    session = Session(german)
    session.draw("A", "bench", at)
    session.draw("A", "table", at)
    seen = german.look(session.variant("A").strokes)
    told = sight_of(german, seen, german.differ(seen), Addresses.of(session.ground.raw))
    assert set(told["example"]) == {"en", "de"} and told["example"]["de"].startswith(("Von ", "In ", "Für "))
    assert set(told["tables"]["spaces"]["name"]) == {"en", "de"}
    assert any("Bank" in name for name in told["tables"]["places"]["name"]["de"])
    with pytest.raises(InputError) as refused:
        session.remove("A", "osm:way/1")
    assert set(said_of(refused.value)) == {"da", "en", "de"}


def test_phases_are_said_by_stroke_and_what_comes_too_early_is_refused(session, pencil, table):
    house = table.what_if.before.view.measured_from.buildings.geometry.loc[BLOCK]
    gone = session.remove("A", BLOCK).stroke
    new = session.draw("A", "building", pencil(house.representative_point().buffer(3)), {"dwellings": "4"}).stroke
    session.phase("A", new.feature, "2")
    session.phase("A", gone.feature, "1")
    plan = table.plan(session.variant("A").strokes)
    assert [(edit.feature, edit.phase) for edit in plan.edits] == [("remove-1", 1), ("building-1", 2)]
    assert plan.phases == ("1", "2")
    with pytest.raises(InputError, match="phase"):
        session.phase("A", gone.feature, "3")
    for wrong in ("0", "100", "x", "1.5", "²", "0999", "2027-13", "2027-3", "2027-02-30", "20270101", "²027"):
        with pytest.raises(InputError, match="from 1 to 99, a year"):
            session.phase("A", gone.feature, wrong)
    with pytest.raises(InputError, match="phases 2, 2027; needed all numbers or all dates"):
        session.phase("A", gone.feature, "2027")
    assert session.phase("A", new.feature, "").stroke.phase is None
    session.phase("A", gone.feature, "")
    session.phase("A", new.feature, "2028-03")
    session.phase("A", gone.feature, "2027")
    assert table.plan(session.variant("A").strokes).phases == ("2027", "2028-03")


def test_a_place_that_is_there_is_moved_as_a_whole(session, spot, table):
    before = session.ground.thing(PLAYGROUND).geometry
    to = spot(9, -4)
    (stroke,) = session.move("A", PLAYGROUND, (to.x, to.y)).variant.strokes
    after = session.ground.to_metres(stroke.geometry)
    assert stroke.action == "change" and after.area == pytest.approx(before.area, rel=1e-3)
    assert after.centroid.x - before.centroid.x == pytest.approx(9, abs=0.05)
    assert after.centroid.y - before.centroid.y == pytest.approx(-4, abs=0.05)


def test_pointing_finds_what_is_meant(session, spot, table):
    here = spot()
    found = session.ground.at(here.x, here.y)
    assert found[0].identity == PLAYGROUND and found[0].layer == "place" and found[0].kind == "playground"
    assert session.ground.at(0.0, 0.0) == []


def test_variants_are_copied_compared_and_kept(table, spot, tmp_path):
    kept = Kept(tmp_path / "demo.sqlite", "demo")
    session = Session(table, kept)
    session.draw("A", "bench", spot(12, 3))
    session.copy("A", "Uden blokken")
    session.remove("Uden blokken", BLOCK)
    session.undo("A")
    with pytest.raises(InputError, match="already"):
        session.copy("A", "Uden blokken")
    session.rename("A", "Kun bænken")
    kept.close()
    again = Session(table, Kept(tmp_path / "demo.sqlite", "demo"))
    assert [(one.name, len(one.strokes), one.at) for one in again.variants] == [
        ("Kun bænken", 0, 0),
        ("Uden blokken", 2, 2),
    ]
    assert again.variants == session.variants
    again.forget("Kun bænken")
    assert [one.name for one in again.variants] == ["Uden blokken"]
    state = state_of(again.variants, again.ground)
    told = json.loads(json.dumps(state))[0]
    assert told["done"] == 2 and [stroke["about"] and stroke["about"]["id"] for stroke in told["strokes"]] == [
        None,
        BLOCK,
    ]


def test_what_the_page_is_told_says_what_the_look_says(table, session, spot):
    first = first_sight(table, "da")
    assert json.loads(json.dumps(first, default=list, allow_nan=False))["studio"]["tools"][0]["id"] == "bench"
    session.draw("A", "table", spot(2, 2))
    session.remove("A", BLOCK)
    seen = table.look(session.variant("A").strokes)
    found = table.through_lenses(seen, table.differ(seen))
    addresses = Addresses.of(session.ground.raw)
    both = {**glance_of(table, seen, found, addresses), **sight_of(table, seen, found, addresses)}
    told = json.loads(json.dumps(both, default=list, allow_nan=False))
    spaces = seen.result.meeting_spaces
    assert told["tables"]["spaces"]["id"] == list(spaces.index)
    shown = [None if x is None else x / 1000 for x in told["tables"]["spaces"]["scores"]["floating"][1]]
    np.testing.assert_allclose(np.array(shown, float), spaces[FLOATING].to_numpy(float), atol=1e-5)
    counts = told["sum"]["dwellings"]
    by_hand = found.homes.groupby("state")["dwellings"].sum()
    assert counts["demolished"] == pytest.approx(by_hand["demolished"]) and counts["demolished"] > 5
    assert len(told["doors"]) == (found.homes["state"] != "keeping").sum() > 0
    assert {lens["id"] for lens in told["sum"]["lenses"]} == {"child", "wheelchair"}


def test_each_stairwell_is_told_what_it_has_today_and_with_what_is_drawn(table, session, spot):
    first = first_sight(table, "da")
    assert [moment["when"] for moment in first["stairs"]["moments"]] == ["today"] and len(first["addresses"]) > 3
    session.draw("A", "table", spot(2, 2))
    seen = table.look(session.variant("A").strokes)
    told = sight_of(table, seen, table.differ(seen), Addresses.of(session.ground.raw))["tables"]["stairs"]
    today, then = told["moments"]
    assert (today["when"], then["when"]) == ("today", "finished")
    spaces = seen.result.meeting_spaces
    for moment, table_then in ((today, table.start.result.meeting_spaces), (then, spaces)):
        score = dict(zip(moment["id"], moment["score"][1], strict=True))
        assert score == pytest.approx({name: 1000 * table_then.at[name, FLOATING] for name in moment["id"]}, abs=0.01)
        assert set(moment["names"]) == {"da", "en"} and len(moment["names"]["da"]) == len(moment["id"])
    shared = set(today["id"]) & set(then["id"])
    scores = [dict(zip(moment["id"], moment["score"][1], strict=True)) for moment in (today, then)]
    moved = [name for name in shared if scores[1][name] - scores[0][name] > 10]
    assert moved  # the place with the new table
    # Where nothing is drawn, the page has what it needs.
    assert (
        "stairs"
        not in sight_of(table, table.start, table.differ(table.start), Addresses.of(session.ground.raw))["tables"]
    )


def test_one_example_is_told_in_words_with_its_numbers(table, session, spot):
    session.draw("A", "table", spot(2, 2))
    seen = table.look(session.variant("A").strokes)
    found = table.differ(seen)
    told = sight_of(table, seen, found, Addresses.of(session.ground.raw))["example"]
    moved = found.homes[found.homes["state"].isin(["winning", "losing"])]
    assert len(moved), "a table on the playground moves nobody: choose another example"
    pattern = r"From .+ \(\d+ homes?\): from (\d+) to (\d+) points, because .+\."
    before, after = map(int, re.fullmatch(pattern, told["en"]).groups())
    most = moved.loc[moved["change"].abs().idxmax()]
    assert abs(after - before - 100 * most["change"]) <= 1
    assert told["da"].startswith("Fra ") and "fordi" in told["da"] and told["da"].endswith(".")
