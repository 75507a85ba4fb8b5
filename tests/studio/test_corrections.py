"""What is put right at the table: kept, undone, and in the numbers of a run with the exported file."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import shapely

from spatial.analysis import run
from spatial.analysis.inputs import InputFiles, Inputs, Options
from spatial.core.errors import InputError
from spatial.plans import comparison, reading
from spatial.plans.correction_files import read_corrections, write_corrections
from spatial.studio import opening
from spatial.studio.kept import Kept
from spatial.studio.looking import Table
from spatial.studio.plan_files import plan_as_file
from spatial.studio.session import Session
from spatial.studio.sight import state_of
from tests.amount import some
from tests.studio.test_looking import assert_same_homes, assert_same_tables

PLAYGROUND = "osm:way/157841252"
KAREN = {"by": "Karen, beboer"}


@pytest.fixture
def session(table):
    return Session(table)


@pytest.fixture
def places(table):
    return [name for name in table.start.result.places.index if name.startswith("osm:")]


@pytest.fixture
def spot():
    """Open ground in the demo."""
    return 13.260380, 53.569743


def said(session):
    return [(one.action, one.target, dict(one.tags).get("value")) for one in session.corrections.strokes]


def test_corrections_are_kept_undone_and_told_apart_from_variants(table, tmp_path, spot):
    kept = Kept(tmp_path / "a.sqlite", "demo")
    session = Session(table, kept)
    session.correct("called", {"object": PLAYGROUND, "value": "Legen", **KAREN})
    drawn = session.correct("missing", {"value": "bench", **KAREN}, spot)
    assert drawn.variant.name == "" and drawn.stroke.identity == "correction:missing-1"
    session.correct("called", {"object": "correction:missing-1", "value": "Bænken", **KAREN})
    session.undo("")
    session.undo("")
    session.redo("")
    assert said(session) == [("called", PLAYGROUND, "Legen"), ("missing", None, "bench")]
    assert [one.name for one in session.variants] == ["A"] and session.variant("A").steps == ()
    kept.close()
    again = Session(table, Kept(tmp_path / "a.sqlite", "demo"))
    assert again.corrections == session.corrections and said(again.redo("") and again)[2][1] == "correction:missing-1"
    again.drop("", "called-2")
    again.drop("", "called-1")
    (shown,) = state_of([again.corrections], again.ground)
    assert [one["properties"]["action"] for one in shown["strokes"]] == ["missing"]
    for act in (again.copy, again.rename):
        with pytest.raises(InputError, match="no variant ''"):
            act("", "B")
    with pytest.raises(InputError, match="no variant ''"):
        again.forget("")


@pytest.mark.parametrize(
    ("says", "values", "words"),
    [
        ("burn", {"object": PLAYGROUND, **KAREN}, "correction is 'burn'"),
        ("called", {"object": PLAYGROUND, **KAREN}, "value is ''"),
        ("private", {"object": PLAYGROUND}, "by is ''"),
        ("private", {"object": "osm:way/1", **KAREN}, "not on the map"),
        ("same_as", {"object": PLAYGROUND, "value": PLAYGROUND, **KAREN}, "same as itself"),
        ("missing", {"value": "bench", **KAREN}, "longitude is ''"),
    ],
)
def test_what_cannot_be_put_right_is_refused_in_words_and_nothing_changes(session, says, values, words):
    with pytest.raises(InputError, match=words):
        session.correct(says, values)
    assert session.corrections.steps == ()


@pytest.mark.parametrize("seed", some(range(2), 2))
def test_the_table_shows_what_a_run_with_both_files_finds(
    seed, session, table, places, spot, pencil, demo_data, tmp_path
):
    """Random corrections, some undone, then a stroke: as the exported files give it."""
    dice = random.Random(seed)
    some = dice.sample(places, 6)
    session.correct("private", {"object": some[0], **KAREN})
    session.correct("no_meeting_place", {"object": some[1], **KAREN})
    session.correct("same_as", {"object": some[2], "value": some[3], **KAREN})
    session.correct("called", {"object": some[4], "value": "Nye navn", **KAREN})
    session.correct("missing", {"value": dice.choice(["bench", "playground"]), **KAREN}, spot)
    session.correct("private", {"object": some[5], **KAREN})
    for act in dice.choices([session.undo, session.redo], k=3):
        act("")
    session.lay(Table(session.corrected))
    middle = session.ground.to_metres(shapely.Point(spot))
    session.draw("A", "table", pencil(shapely.Point(middle.x + 3, middle.y)))
    strokes = session.variant("A").strokes
    seen = session.table.look(strokes)
    found = session.table.through_lenses(seen, session.table.differ(seen))

    (tmp_path / "c.csv").write_bytes(write_corrections(session.corrected.corrections.each))
    (tmp_path / "plan.gpkg").write_bytes(plan_as_file(strokes, ".gpkg"))
    files = InputFiles(demo_data / "reitbahnviertel.osm.pbf", corrections=tmp_path / "c.csv")
    inputs = Inputs.read(table.estate, files)
    assert inputs.corrections.each == session.corrected.corrections.each
    today = run.run(inputs)
    assert_same_tables(session.table.start.result, today)
    assert today.places.index.tolist() != table.start.result.places.index.tolist()
    plan = reading.read_plan(tmp_path / "plan.gpkg", table.estate)
    after = run.run(replace(inputs, plan=plan), Options(judged_by=today.rubric))
    assert_same_tables(seen.result, after)
    assert_same_homes(found.homes, comparison.compare(today, after).homes)


def test_a_file_that_was_given_stays_beneath_what_is_put_right_here(table, tmp_path, spot, demo_data):
    first = Session(table)
    first.correct("missing", {"value": "bench", **KAREN}, spot)
    (tmp_path / "c.csv").write_bytes(write_corrections(first.corrected.corrections.each))
    given = replace(table.inputs, corrections=read_corrections(tmp_path / "c.csv"))
    kept, laid = Kept(tmp_path / "a.sqlite", "demo"), []
    session = opening.session_of(given, kept, lambda inputs: laid.append(inputs) or table)
    session.correct("missing", {"value": "bench", **KAREN}, spot)
    session.correct("called", {"object": "correction:missing-1", "value": "Den gamle", **KAREN})
    assert [one.feature for one in session.corrected.corrections.each] == ["missing-1", "missing-2", "called-1"]
    kept.close()
    opening.session_of(given, Kept(tmp_path / "a.sqlite", "demo"), lambda inputs: laid.append(inputs) or table)
    assert [len(inputs.corrections.each) for inputs in laid] == [1, 3]
