"""What can be worked out of published counts: of ours nothing; of a broken publication, what an attack is for."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spatial.analysis import loading
from spatial.observations import study
from spatial.reports import observations as reports
from spatial.studies import observation_study, privacy_audit
from tests.command import call
from tests.observed import table

COUNTS = Path(__file__).parents[1] / "data" / "privacy"
HEAD = ["survey_id", "location_id", "start", "stop", "kind", "count"]
MONDAY = datetime(2026, 5, 4, 9, 0)


@pytest.fixture(scope="module")
def result(demo):
    return loading.read_run(demo[0])


@pytest.fixture
def run(demo, tmp_path):
    return Path(shutil.copytree(demo[0], tmp_path / "run"))


def counted(path, spaces, people):
    """Four visits a space, at different hours and days, with these people."""
    rows = []
    for i, (space, totals) in enumerate(zip(spaces, people, strict=False)):
        for visit, n in enumerate(totals):
            at = MONDAY + timedelta(days=2 * visit, hours=3 * visit)
            stop = at + timedelta(minutes=15)
            rows.append([f"{i}-{visit}", space, f"{at:%Y-%m-%d %H:%M}", f"{stop:%Y-%m-%d %H:%M}", "staying", n])
    return table(path, rows, HEAD)


def published(result, files, folder, **options):
    """Every byte that is published, by file, but for the database, which holds a time: of it the rows."""
    folder.mkdir(exist_ok=True)
    read = study.read_observations_for(result, files)
    shown = observation_study.observed_pages(study.observe(result, read, **options))
    reports.render_observations(shown, folder, lang="en")
    reports.with_manifest(result.manifest, shown.facts, shown.provenance, folder / "manifest.json")
    said = reports.observations_in_words(shown.facts, folder, "en").replace(str(folder), "")
    texts = {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix != ".gpkg"}
    return texts | {"screen": said.encode(), "layer": shown.map.to_csv().encode()}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_two_publications_that_differ_by_one_person_at_a_withheld_place_are_the_same(result, tmp_path, data):
    spaces = list(result.meeting_spaces.index)
    busy = st.lists(st.integers(0, 9), min_size=4, max_size=4)
    quiet = st.sampled_from([[0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 2, 0], [0, 0, 0, 3], [1, 1, 1, 0]])
    people = [data.draw(st.one_of(busy, quiet)) for _ in spaces]
    where = data.draw(st.integers(0, len(spaces) - 1))
    people[where] = list(data.draw(quiet))
    more = [list(totals) for totals in people]
    more[where][data.draw(st.integers(0, 3))] += 1
    by = data.draw(st.sampled_from(["space", "space", "hexagon"]))
    if by == "hexagon":  # no neighbour may bring a hexagon over the limit
        people, more = ([t if i == where else [0] * 4 for i, t in enumerate(p)] for p in (people, more))
    one = published(result, [counted(tmp_path / "c.csv", spaces, people)], tmp_path / "out", by=by)
    other = published(result, [counted(tmp_path / "c.csv", spaces, more)], tmp_path / "out", by=by)
    assert [name for name in one if one[name] != other[name]] == []


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_two_publications_that_differ_by_one_person_in_a_withheld_part_of_a_day_are_the_same(result, tmp_path, data):
    """Each of the four visits is in another part of the day; the place is told by another part than that person's."""
    spaces = list(result.meeting_spaces.index)
    people = [data.draw(st.lists(st.integers(0, 30), min_size=4, max_size=4)) for _ in spaces]
    where, visit = data.draw(st.integers(0, len(spaces) - 1)), data.draw(st.integers(0, 3))
    people[where][visit] = data.draw(st.integers(0, 3))
    people[where][visit - 1] = data.draw(st.integers(5, 30))
    more = [list(totals) for totals in people]
    more[where][visit] += 1
    by = data.draw(st.sampled_from(["space", "space", "hexagon"]))
    if by == "hexagon":
        people, more = ([t if i == where else [0] * 4 for i, t in enumerate(p)] for p in (people, more))
    one = published(result, [counted(tmp_path / "c.csv", spaces, people)], tmp_path / "out", by=by)
    other = published(result, [counted(tmp_path / "c.csv", spaces, more)], tmp_path / "out", by=by)
    assert [name for name in one if one[name] != other[name]] == []
    assert f"{spaces[where]},all,," in one["observations.csv"].decode() or by == "hexagon"


def test_one_person_more_in_an_empty_visit(result, tmp_path):
    for name in ("c1.csv", "c2.csv"):
        shutil.copy(COUNTS / name, tmp_path / name)
    first = published(result, [shutil.move(tmp_path / "c1.csv", tmp_path / "c.csv")], tmp_path / "out")
    other = published(result, [shutil.move(tmp_path / "c2.csv", tmp_path / "c.csv")], tmp_path / "out")
    assert first == other and b'"enough": true' in first["manifest.json"]


def test_counts_that_are_all_withheld_are_not_found_by_trial(run, tmp_path):
    """All files that it might be, 5 to the power of 6, against each digest and byte that is published."""
    assert call("observe", run, COUNTS / "secret.csv").code == 0
    lines = (COUNTS / "secret.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    begun = [line.rpartition(",")[0] for line in lines[1:]]
    text = "\n".join(
        path.read_bytes().decode("utf-8", "replace") for path in run.rglob("*") if path.name in
        ("manifest.json", "observations.html", "observations.csv", "rejected.csv", "map.html")
    )  # fmt: skip
    for counts in itertools.product(range(5), repeat=6):
        guess = lines[0] + "".join(f"{line},{n}\n" for line, n in zip(begun, counts, strict=True))
        assert hashlib.sha256(guess.encode()).hexdigest() not in text
    exact = {hashlib.new(name, (COUNTS / "secret.csv").read_bytes()).hexdigest() for name in privacy_audit.ALGORITHMS}
    assert not any(digest in text for digest in exact)
    assert call("privacy-audit", run, "--raw", COUNTS / "secret.csv").code == 0


def persons(path, space, counts, other):
    """One row a person; where nobody was, there is no row."""
    rows = []
    for who, totals in ((space, counts), (other, [9, 9, 9, 9])):
        for visit, n in enumerate(totals):
            at = MONDAY + timedelta(days=2 * visit)
            rows += [[who, f"{at:%Y-%m-%d %H:%M}", "staying", "f"]] * n
    return table(path, rows, ["location_id", "start", "kind", "gender"])


def test_rows_that_are_persons_are_not_told_of(result, tmp_path):
    space, other = result.meeting_spaces.index[:2]
    one = published(result, [persons(tmp_path / "c.csv", space, [1, 0, 1, 0], other)], tmp_path / "out")
    more = published(result, [persons(tmp_path / "c.csv", space, [1, 1, 1, 0], other)], tmp_path / "out")
    assert one == more
    facts = json.loads(one["manifest.json"])["observations"]
    assert facts["rows"] == {"read": None, "used": None, "rejected": None} and facts["people"] == {"staying": 35.0}
    assert facts["visits"] == {"staying": 4} and space.encode() not in one["observations.csv"]


# --- the audit ---


@pytest.fixture
def shared(run):
    assert call("observe", run, COUNTS / "c1.csv").code == 0
    return run


@pytest.mark.parametrize("lang", ["da", "en"])
def test_our_own_publication_holds(shared, demo, tmp_path, lang):
    other = Path(shutil.copytree(demo[0], tmp_path / "other"))
    shutil.copy(COUNTS / "c2.csv", tmp_path / "c1.csv")
    assert call("observe", other, tmp_path / "c1.csv").code == 0
    done = call("privacy-audit", shared, other, "--raw", COUNTS / "c1.csv", "--lang", lang)
    assert (done.code, done.err) == (0, ""), done.out
    assert done.out.count("✓") == 10 and "✗" not in done.out


def test_hexagons_hold_too(run):
    assert call("observe", run, COUNTS / "secret.csv", "--by", "hexagon").code == 0
    found = privacy_audit.audit(run, raw=[COUNTS / "secret.csv"])
    assert [one.id for one in found if not one.held] == [] and len(found) == 9


def manifest_with(change):
    def broken(folder):
        path = folder / "manifest.json"
        found = json.loads(path.read_text(encoding="utf-8"))
        change(found["observations"])
        path.write_text(json.dumps(found), encoding="utf-8")

    return broken


def cells_with(change):
    def broken(folder):
        cells = pd.read_csv(folder / "observations.csv", keep_default_na=False, dtype=str)
        change(cells)
        cells.to_csv(folder / "observations.csv", index=False, quoting=csv.QUOTE_MINIMAL)

    return broken


def first(cells, *, hidden, by="all"):
    return cells.index[(cells["withheld"] == str(hidden)) & (cells["by"] == by) & (cells["unit_id"] != "all")][0]


def exact(cells):
    cells.loc[first(cells, hidden=False), "people"] = "17"


def told(cells):
    cells.loc[first(cells, hidden=True), "per_visit"] = "0.75"


def finer(cells):
    row = first(cells, hidden=False)
    cells.loc[row, "per_visit"] = str(float(cells.loc[row, "people"]) / float(cells.loc[row, "visits"]) + 0.5)


def whole(cells):
    row = cells.index[(cells["unit_id"] == "all") & (cells["by"] == "all")][0]
    cells.loc[row, "people"] = str(float(cells.loc[row, "people"]) + 10)


def more_than_its_parts(cells):
    """A place's total with people that none of its parts has, and the same in the total of all."""
    for row in (first(cells, hidden=False), cells.index[(cells["unit_id"] == "all") & (cells["by"] == "all")][0]):
        people = float(cells.loc[row, "people"]) + 5
        cells.loc[row, ["people", "per_visit"]] = [str(people), str(round(people / float(cells.loc[row, "visits"]), 2))]


def alone(cells):
    """The parts of a place as exact numbers, one of them withheld: 22 + 1 + 1 + what is left are 26, so it is 2."""
    unit = cells.loc[first(cells, hidden=False), "unit_id"]
    of_unit = cells["unit_id"] == unit
    cells.loc[of_unit, ["people", "withheld", "per_visit", "per_hour"]] = ["", "True", "", ""]
    rows = cells.index[of_unit & (cells["by"] == "time_of_day")]
    assert len(rows) == 4
    cells.loc[of_unit & (cells["by"] == "all"), ["people", "withheld"]] = ["26", "False"]
    cells.loc[rows[:3], "withheld"] = "False"
    cells.loc[rows[:3], "people"] = ["22", "1", "1"]


@pytest.mark.parametrize(
    ("attack", "broken"),
    [
        ("digest", manifest_with(lambda facts: facts.update(sources=[{"sha256": "ab" * 32}]))),
        ("small", cells_with(exact)),
        ("small", cells_with(told)),
        ("rates", cells_with(finer)),
        ("totals", cells_with(whole)),
        ("totals", cells_with(more_than_its_parts)),
        ("bounds", cells_with(alone)),
        ("beside", manifest_with(lambda facts: facts.update(visits_with_nobody=22))),
        ("beside", manifest_with(lambda facts: facts["check"].update(reliability=0.6))),
        ("beside", manifest_with(lambda facts: facts["check"]["spearman"].update(value=0.99))),
        ("beside", manifest_with(lambda facts: facts["check"]["classes"][0].update(rate=99.0))),
    ],
)
def test_each_attack_finds_what_it_is_for(shared, attack, broken):
    broken(shared)
    found = {one.id for one in privacy_audit.audit(shared) if not one.held}
    assert attack in found
    if attack == "digest":
        done = call("privacy-audit", shared, "--lang", "en")
        assert done.code == 1 and "✗" in done.out and done.err == ""


def test_cells_of_the_file_in_the_publication_are_found_and_not_repeated(shared):
    page = shared / "observations.html"
    page.write_text(page.read_text(encoding="utf-8") + "2026-05-04 09:00", encoding="utf-8")
    done = call("privacy-audit", shared, "--raw", COUNTS / "c1.csv", "--lang", "en")
    assert done.code == 1 and "c1: survey_time_start" in done.out and "2026-05-04" not in done.out


def test_other_counts_and_figures_computed_from_exact_ones_are_found(shared, monkeypatch):
    assert "not the counts" in call("privacy-audit", shared, "--raw", COUNTS / "secret.csv", "--lang", "en").out
    honest = privacy_audit.observation_facts

    def leaky(observed):
        return honest(observed) | {"organised": int((observed.joined.visits["total"] == 0).sum())}

    monkeypatch.setattr(privacy_audit, "observation_facts", leaky)
    found = {one.id: one.found for one in privacy_audit.audit(shared, raw=[COUNTS / "c1.csv"])}
    assert "organised" in found["person"]


def afternoons(path, spaces, weekdays, saturday):
    """Three afternoons in the week and one on Saturday, with these people at each place."""
    days = [*((day, weekdays) for day in (0, 1, 2)), (5, saturday)]
    rows = [
        [f"{i}-{day}", space, f"{MONDAY + timedelta(days=day, hours=6):%Y-%m-%d %H:%M}", "", "staying", people[i]]
        for i, space in enumerate(spaces) for day, people in days
    ]  # fmt: skip
    return table(path, rows, HEAD)


def test_who_came_on_a_withheld_saturday_may_as_well_have_come_in_the_week(run, monkeypatch, tmp_path):
    """A quiet Saturday hides the week, and the person is one of five and more in a published afternoon."""
    spaces = list(loading.read_run(run).meeting_spaces.index)[:12]
    counts = afternoons(tmp_path / "c.csv", spaces, [2 + i for i in range(12)], [1 + i % 3 for i in range(12)])
    assert call("observe", run, counts).code == 0
    assert [one.id for one in privacy_audit.audit(run, raw=[counts]) if not one.held] == []
    honest = privacy_audit.observation_facts

    def leaky(observed):
        visits = observed.joined.visits
        return honest(observed) | {"organised": int(visits["total"][visits["week"] == "weekend"].sum())}

    monkeypatch.setattr(privacy_audit, "observation_facts", leaky)
    found = {one.id: one.found for one in privacy_audit.audit(run, raw=[counts])}
    assert found["elsewhen"] == ("organised",)


def test_two_publications_of_which_one_tells_more_are_found(shared, demo, tmp_path):
    other = Path(shutil.copytree(shared, tmp_path / "other"))
    manifest_with(lambda facts: facts.update(organised=3))(other)
    assert [one.found for one in privacy_audit.audit(shared, other=other) if not one.held] == [("organised",)]
    crossed = Path(shutil.copytree(shared, tmp_path / "crossed"))
    cells_with(lambda cells: cells.__setitem__("withheld", np.where(cells.index == 9, "True", cells["withheld"])))(
        crossed
    )
    assert any(one.id == "difference" and not one.held for one in privacy_audit.audit(shared, other=crossed))


def test_there_must_be_a_publication(run):
    done = call("privacy-audit", run, "--lang", "en")
    assert done.code == 1 and "no published counts" in done.err and done.err.count("\n") == 1
