"""The number shown last is that of ``faellesrum run --plan`` on the file that is exported, to 1e-9."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import numpy as np
import pytest
import shapely

from spatial.analysis import run
from spatial.analysis.inputs import Options
from spatial.core.errors import InputError
from spatial.core.incremental import AFRESH
from spatial.core.model import FLOATING
from spatial.indicators import evidence, registry
from spatial.plans import comparison, home_changes, reading
from spatial.studies import plan_review
from spatial.studio.history import Variant
from spatial.studio.looking import LENSES
from spatial.studio.plan_files import ENDINGS, plan_as_file
from spatial.studio.strokes import Stroke
from tests.amount import some

SITTINGS = int(os.environ.get("FAELLESRUM_SITTINGS", "5"))
BLOCK, PLAYGROUND = "osm:way/93691013", "osm:way/157841252"
SAME = 1e-9


@pytest.fixture(scope="module")
def today(table):
    """The estate without the plan, by whose rubric a run with one is judged: see ``plan_review.review_plan``."""
    return run.run(table.inputs)


def draw(dice, table, number):
    """A stroke at random that may fit the estate."""
    raw = table.what_if.before.view.raw
    middle = table.estate.boundary.centroid
    x, y = middle.x + dice.uniform(-150, 150), middle.y + dice.uniform(-150, 150)
    gates = [i for i, tags in zip(raw.points.ids, raw.points.tags, strict=True) if tags.get("barrier") == "gate"]
    return dice.choice(
        [
            Stroke(f"bench-{number}", "add", "place", tags={"amenity": "bench"}, geometry=shapely.Point(x, y)),
            Stroke(f"table-{number}", "add", "place", tags={"leisure": "picnic_table"}, geometry=shapely.Point(x, y)),
            Stroke(f"fence-{number}", "add", "barrier", tags={"barrier": "fence"},
                   geometry=shapely.LineString([(x, y), (x + 40, y + 9)])),
            Stroke(f"path-{number}", "add", "path", tags={"highway": "footway"},
                   geometry=shapely.LineString([(x, y), (x + dice.uniform(-30, 30), y + 25)])),
            Stroke(f"change-{number}", "change", "gate", dice.choice(gates), tags={"access": "yes", "foot": "yes"}),
            Stroke(f"remove-{number}", "remove", "building", BLOCK),
            Stroke(f"remove-{number}", "remove", "place", PLAYGROUND),
            Stroke(f"building-{number}", "add", "building", geometry=shapely.box(x, y, x + 12, y + 9),
                   tags={"building": "apartments", "building:flats": "6"}),
        ]
    )  # fmt: skip


def sitting(table, pencil, seed, acts=9):
    """The variants of a random sitting: what does not fit is refused, and some is undone and done again."""
    dice, variant, found = random.Random(seed), Variant("A"), []
    for number in range(acts):
        one = draw(dice, table, number)
        one = one if one.geometry is None else Stroke(**{**vars(one), "geometry": pencil(one.geometry)})
        tried = variant.put(one)
        variant = tried if fits(table, tried) else variant
        for _ in range(dice.choice([0, 0, 1, 2])):
            moved = dice.choice([variant.undo, variant.redo])()
            variant = moved
        found.append(variant)
    return found


def fits(table, variant):
    from spatial.plans.application import problems

    return not problems(table.what_if.start.conflated.raw, table.plan(variant.strokes), table.estate)


@pytest.mark.parametrize("seed", some(range(SITTINGS), SITTINGS))
def test_what_is_shown_last_is_what_a_run_with_the_file_finds(seed, table, pencil, today, tmp_path):
    shown = sitting(table, pencil, seed)
    variant = shown[-1]
    for one in shown[:-1]:  # looked at on the way, too
        table.look(one.strokes)
    seen = table.look(variant.strokes)
    found = table.through_lenses(seen, table.differ(seen))
    path = tmp_path / f"plan{ENDINGS[seed % len(ENDINGS)]}"
    path.write_bytes(plan_as_file(variant.strokes, path.suffix))
    after = run.run(replace(table.inputs, plan=reading.read_plan(path, table.estate)), Options(judged_by=today.rubric))
    other = comparison.compare(today, after)
    assert_same_tables(seen.result, after)
    assert_same_homes(found.homes, other.homes)
    assert found.dwellings == pytest.approx(other.dwellings, abs=SAME)
    theirs = {lens.id: lens for lens in other.lenses}
    assert {lens.id for lens in found.lenses} == set(LENSES)
    for lens in found.lenses:
        assert lens.dwellings == pytest.approx(theirs[lens.id].dwellings, abs=SAME)
        assert lens.median_after == pytest.approx(theirs[lens.id].median_after, abs=SAME)


def assert_same_tables(mine, theirs):
    for one, other in ((mine.places, theirs.places), (mine.meeting_spaces, theirs.meeting_spaces)):
        assert list(one.index) == list(other.index) and len(one) > 5
        for column in (FLOATING, "floating_low", "floating_high", "coverage", "openness"):
            np.testing.assert_allclose(one[column].to_numpy(float), other[column].to_numpy(float), rtol=0, atol=SAME)
        assert one["tier"].fillna(-1).tolist() == other["tier"].fillna(-1).tolist()
        assert one["rank"].fillna(-1).tolist() == other["rank"].fillna(-1).tolist()
    assert mine.meeting_spaces["status"].tolist() == theirs.meeting_spaces["status"].tolist()


def assert_same_homes(mine, theirs):
    theirs = theirs.reindex(mine.index)
    assert len(mine) == len(theirs) > 50 and mine["state"].tolist() == theirs["state"].tolist()
    columns = ["best_before", "best_after", "dwellings", *(f"best_after_{lens}" for lens in LENSES)]
    for column in columns:
        np.testing.assert_allclose(mine[column].to_numpy(float), theirs[column].to_numpy(float), rtol=0, atol=SAME)


@pytest.mark.parametrize("name", [name for name, one in registry.registry().items() if one.by_shape or one.by_row])
def test_what_is_measured_row_by_row_hangs_on_no_other_row(name, table):
    view, indicator = table.what_if.before.view, registry.registry()[name]
    sites = view.places if indicator.members else view.sites
    some = random.Random(1).sample(range(len(sites)), 7)
    whole = evidence._measured(indicator, sites, view.measured_from, AFRESH)
    alone = evidence._measured(indicator, sites.iloc[some], view.measured_from, AFRESH)
    plain = indicator.measure(sites, *(getattr(view.measured_from, need) for need in indicator.needs))
    for part in ("value", "low", "high"):
        np.testing.assert_array_equal(getattr(alone, part), getattr(whole, part)[some])
        np.testing.assert_array_equal(getattr(plain, part), getattr(whole, part))
    for part in ("evidence", "rule"):
        assert list(getattr(alone, part)) == list(getattr(whole, part)[some])
        assert list(getattr(plain, part)) == list(getattr(whole, part))


def test_each_year_is_told_as_a_run_by_phases_finds_it(table, pencil, tmp_path):
    middle = pencil(table.start.result.places.geometry.loc[PLAYGROUND].centroid)
    strokes = (
        Stroke("remove-1", "remove", "place", PLAYGROUND, phase="2027"),
        Stroke("remove-2", "remove", "building", BLOCK, phase="2028-06"),
        Stroke("bench-1", "add", "place", tags={"amenity": "bench"}, geometry=middle, phase="2030"),
    )
    told = table.through_phases(strokes)
    assert [name for name, _ in told] == ["2027", "2028-06", "2030"]
    path = tmp_path / "plan.gpkg"
    path.write_bytes(plan_as_file(strokes, path.suffix))
    planned = replace(table.inputs, plan=reading.read_plan(path, table.estate))
    rows = plan_review.review_plan(planned, phases=True).timeline.phases.to_dict("records")
    assert [row["name"] for row in rows] == ["2027", "2028-06", "2030"]
    for row, (_, found) in zip(rows, told, strict=True):
        assert found.dwellings == pytest.approx({state: row[state] for state in found.dwellings}, abs=SAME)
        for lens in found.lenses:
            assert lens.dwellings["losing"] == pytest.approx(row[f"losing_{lens.id}"], abs=SAME)
        assert home_changes.levels(found.homes)[:2] == pytest.approx((row["median_before"], row["median_after"]))
    demolished = [found.dwellings["demolished"] for _, found in told]
    assert demolished[0] == 0 < demolished[1] == demolished[2]
    # The last is what the look at all of it tells; and a look after it is made as if the years had not been asked for.
    last = table.differ(table.look(strokes))
    assert told[-1][1].dwellings == pytest.approx(last.dwellings, abs=SAME)


def test_of_one_phase_alone_no_years_are_told(table):
    assert table.through_phases((Stroke("remove-1", "remove", "place", PLAYGROUND),)) == ()
    assert table.through_phases(()) == ()


def test_nothing_drawn_is_the_start(table):
    assert table.look(()) is table.start
    found = table.differ(table.start)
    assert found.gain.points == 0 and set(found.homes["state"]) == {"keeping"}
    assert found.spaces == {name: name for name in table.start.result.meeting_spaces.index}


def test_a_look_that_is_told_to_stop_stops_and_the_next_is_whole(table, pencil):
    middle = pencil(table.start.result.places.geometry.loc[PLAYGROUND].centroid)

    class StaleError(Exception):
        """The next stroke is there."""

    def stop(stage):
        if stage == "network":
            raise StaleError

    strokes = (Stroke("bench-1", "add", "place", tags={"amenity": "bench"}, geometry=middle),)
    whole = table.look(strokes).result.meeting_spaces[FLOATING]
    with pytest.raises(StaleError):
        table.look(strokes, stop)
    again = table.look(strokes).result.meeting_spaces[FLOATING]
    assert again.equals(whole)


def test_strokes_that_do_not_fit_are_refused(table):
    with pytest.raises(InputError, match="osm:way/1"):
        table.look((Stroke("remove-1", "remove", "building", "osm:way/1"),))
