"""Before and after a plan, on the miniature estate whose numbers are known on paper."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import spatial
from spatial import comparison, differences
from spatial.model import FLOATING
from tests.test_cli import call
from tests.test_pipeline import BENCH, PLAYGROUND, ROOM, boundary, miniature


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans")
    miniature(folder / "mini.osm")
    boundary(folder / "mini.gpkg")
    (folder / "empty.toml").write_text('name = "Nothing"\n', encoding="utf-8")
    (folder / "gone.toml").write_text(f'[[edit]]\nremove = "{PLAYGROUND}"\n[[edit]]\nremove = "{BENCH}"\n')
    (folder / "block.toml").write_text('[[edit]]\nremove = "osm:way/11"\n', encoding="utf-8")
    (folder / "tagged.toml").write_text(f'[[edit]]\nchange = "{PLAYGROUND}"\ntags = {{ fee = "yes" }}\n')
    return folder


@pytest.fixture(scope="module")
def estate(folder: Path) -> spatial.Estate:
    return spatial.Estate.from_file(folder / "mini.gpkg")


@pytest.fixture(scope="module")
def today(estate, folder) -> spatial.Analysis:
    return spatial.analyse(estate, osm=folder / "mini.osm")


def after(estate, folder, name) -> spatial.Analysis:
    return spatial.analyse(estate, osm=folder / "mini.osm", plan=folder / f"{name}.toml")


def test_an_empty_plan_changes_nothing_byte_for_byte(estate, folder, today, tmp_path):
    same = after(estate, folder, "empty")
    spatial.save(today, tmp_path / "today")
    spatial.save(same, tmp_path / "same")
    for name in ("scores.csv", "evidence.parquet"):
        assert (tmp_path / "today" / name).read_bytes() == (tmp_path / "same" / name).read_bytes()
    found = spatial.compare(today, same)
    assert found.spaces["state"].tolist() == ["kept"] and (found.spaces[f"{FLOATING}_change"] == 0).all()
    assert found.keeps_share == 1 and found.median_before == found.median_after
    assert found.dwellings == {"losing": 0, "winning": 0, "keeping": 40, "demolished": 0, "new": 0}


def test_homes_have_the_room_within_five_minutes(today):
    """Both homes of the estate are nearer than 400 m (115 and 215 m); the third is outside it."""
    homes = today.layers["homes"]
    assert homes["dwellings"].tolist() == [10, 30]
    assert homes["best_space"].tolist() == [ROOM, ROOM] and homes["spaces_5min"].tolist() == [ROOM, ROOM]
    assert_allclose(homes["best_floating"], today.meeting_spaces.at[ROOM, FLOATING])


def test_a_meeting_space_that_goes_leaves_the_homes_with_nothing(estate, folder, today):
    found = spatial.compare(today, after(estate, folder, "gone"))
    room = today.meeting_spaces.at[ROOM, FLOATING]
    assert found.spaces[["state", "before_id"]].to_numpy().tolist() == [["lost", ROOM]]
    assert_allclose(found.homes["change"], -room)
    assert found.dwellings["losing"] == 40 and found.median_after == 0 and found.keeps_share == 0


def test_a_demolished_block_takes_its_homes(estate, folder, today):
    """Home 11 has 30 of the 40 flats; the meeting space stays, with fewer homes around it."""
    found = spatial.compare(today, after(estate, folder, "block"))
    assert found.dwellings["demolished"] == 30
    assert found.homes["best_after"].isna().sum() == 1
    assert found.spaces["state"].tolist() == ["changed"]
    moved = found.spaces.iloc[0]
    assert moved["accessibility_change"] != 0 and moved["neutrality_change"] == 0
    assert "dwellings" in moved["reasons"] or "nearest_walk" in moved["reasons"]


def test_a_fee_lowers_the_threshold_and_is_the_reason(estate, folder, today):
    # The tag says fee=no today: one of four terms of the playground turns, which is one of two places of the room.
    then = after(estate, folder, "tagged")
    found = spatial.compare(today, then)
    moved = found.spaces.iloc[0]
    assert moved["state"] == "changed" and moved["reasons"].split(";")[0] == "low_commitment"
    unmoved = ("openness", "accessibility", "neutrality", "mixing")
    assert all(moved[f"{aspect}_change"] == pytest.approx(0, abs=1e-12) for aspect in unmoved)
    said = differences.of(found, today, then)
    assert said["changes"][0]["because"][0]["indicator"] == "low_commitment"
    assert 0 <= found.keeps_share <= 1


def test_results_of_two_estates_are_not_compared(today, folder, tmp_path):
    other = spatial.Estate.from_file(folder / "mini.gpkg")
    moved = spatial.Estate(**{**vars(other), "boundary": other.boundary.buffer(5), "name": "Other"})
    with pytest.raises(spatial.InputError, match="needed two results for one estate"):
        spatial.compare(today, spatial.analyse(moved, osm=folder / "mini.osm"))


def test_spaces_are_matched_by_the_places_they_share():
    before = {"a": {"1", "2", "3"}, "b": {"4"}, "c": {"9"}}
    then = {"x": {"3", "4"}, "y": {"1", "2"}, "z": {"8"}}
    assert comparison.match(before, then) == {"a": "y", "b": "x"}


def test_the_median_is_by_dwellings():
    values = np.array([[0.2, 0.9, 0.5], [0.5, 0.5, 0.1]])
    assert comparison.median(values, np.array([1.0, 1.0, 3.0])).tolist() == [0.5, 0.1]


@pytest.mark.parametrize(("lang", "said"), [("da", "1 mødesteder forsvinder"), ("en", "1 meeting spaces go")])
def test_the_command(lang, said, folder, tmp_path):
    common = ("--boundary", folder / "mini.gpkg", "--osm", folder / "mini.osm")
    assert call("run", *common, "--out", tmp_path / "a").code == 0
    assert call("run", *common, "--plan", folder / "gone.toml", "--out", tmp_path / "b").code == 0
    done = call("compare", tmp_path / "a", tmp_path / "b", "--lang", lang, "--out", tmp_path / "c")
    assert done.code == 0 and said in done.out and re.search(r"40 (boliger|homes)", done.out)
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == ["homes.csv", "spaces.csv"]
