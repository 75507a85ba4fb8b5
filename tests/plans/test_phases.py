"""A plan through its phases: a playground and a bench are shut for three years and come back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import spatial
from spatial.plans import phases
from spatial.texts import timeline
from tests.analysis.test_run import BENCH, ROOM, boundary, miniature
from tests.command import call
from tests.plans.test_comparison import degrees

SITE = [degrees(*corner) for corner in ((85, 2), (120, 2), (120, 30), (85, 30))]
PLAN = f"""
name = "Three years"
[[edit]]
add = "construction"
area = {SITE}
phase = 2027
[[edit]]
change = "{BENCH}"
tags = {{ backrest = "yes" }}
phase = 2030
[[edit]]
add = "bench"
at = {degrees(300, 90)}
phase = 2030
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phases")
    miniature(folder / "mini.osm")
    boundary(folder / "mini.gpkg")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> phases.Timeline:
    estate = spatial.Estate.from_file(folder / "mini.gpkg")
    given = {"osm": folder / "mini.osm", "plan": folder / "plan.toml"}
    states = [spatial.analyse(estate, **given, phase=1), spatial.analyse(estate, **given)]
    today = spatial.analyse(estate, osm=folder / "mini.osm")
    return phases.follow_phases(states[-1], [spatial.compare(today, state) for state in states])


def test_a_gap_of_three_years_shows(found):
    first, last = found.phases.to_dict("records")
    assert (first["name"], first["begins"], last["begins"]) == ("2027", "2027-01-01", "2030-01-01")
    assert first["years"] == pytest.approx(3, abs=0.01) and np.isnan(last["years"])
    assert (first["losing"], first["median_after"], first["spaces_shut"], first["spaces_open"]) == (40, 0, 1, 0)
    assert (last["losing"], last["spaces_shut"], last["spaces_new"]) == (0, 0, 1)
    assert first["losing_adult"] == 40


def test_a_space_is_shut_and_then_open_again(found):
    spaces = found.spaces.set_index(found.spaces["before_id"].fillna("new"))
    assert spaces.loc[ROOM, ["state_1", "state_2"]].tolist() == ["shut", "open"]
    assert spaces.loc["new", ["state_1", "state_2"]].tolist() == ["not_yet", "open"]
    assert np.isnan(spaces.loc[ROOM, "floating_1"]) and spaces.loc[ROOM, "floating_2"] > 0


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("da", "Lukket i fase 1 (2027, 3 år) og derefter åben igen"),
        ("en", "Shut in phase 1 (2027, 3 years) and open again after it"),
    ],
)
def test_in_words(lang, said, found):
    data = timeline.timeline_as_data(found)
    json.dumps(data)
    assert said in timeline.timeline_in_words(data, lang=lang)


@pytest.mark.long
def test_the_commands(folder, tmp_path):
    common = ("--boundary", folder / "mini.gpkg", "--osm", folder / "mini.osm")
    plan = ("--plan", folder / "plan.toml")
    assert call("run", *common, "--out", tmp_path / "today").code == 0
    assert call("run", *common, *plan, "--phases", "--out", tmp_path / "plan").code == 0
    assert (tmp_path / "plan" / "phase-1" / "map.html").is_file()
    done = call("compare", tmp_path / "today", tmp_path / "plan", "--json", "--out", tmp_path / "out")
    assert done.code == 0
    said = json.loads(done.out)
    assert [phase["losing"] for phase in said["timeline"]["phases"]] == [40, 0]
    assert pd.read_csv(tmp_path / "out" / "timeline.csv")["losing"].tolist() == [40, 0]
    assert "state_1" in pd.read_csv(tmp_path / "out" / "timeline_spaces.csv")
    several = call("compare", tmp_path / "today", tmp_path / "plan", tmp_path / "today", "--out", tmp_path / "both")
    assert several.code == 0 and (tmp_path / "both" / "plan" / "timeline.csv").is_file()
    assert pd.read_csv(tmp_path / "both" / "plans.csv")["plan"].tolist() == ["plan", "today"]
    refused = call("run", *common, "--phases", "--out", tmp_path / "x")
    assert refused.code == 2 and "--plan" in refused.err
