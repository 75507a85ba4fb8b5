"""Before and after a plan, on the miniature estate whose numbers are known on paper."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose

import spatial
from spatial.core.model import FLOATING
from spatial.indicators import registry
from spatial.plans import comparison, home_changes
from spatial.texts import plans
from tests import osm_xml
from tests.analysis.test_run import BENCH, PLAYGROUND, ROOM, boundary, miniature
from tests.command import call

# The room north of the path, to which the bench goes.
NORTH = "space:room:71109-617310"


def degrees(x: float, y: float) -> list[float]:
    """Longitude and latitude of a point of the miniature."""
    point = gpd.GeoSeries([shapely.Point(osm_xml.CENTRE_M[0] + x, osm_xml.CENTRE_M[1] + y)], crs=osm_xml.METRIC)
    return shapely.get_coordinates(point.to_crs("EPSG:4326")).tolist()[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans")
    miniature(folder / "mini.osm")
    boundary(folder / "mini.gpkg")
    (folder / "empty.toml").write_text('name = "Nothing"\n', encoding="utf-8")
    (folder / "gone.toml").write_text(f'[[edit]]\nremove = "{PLAYGROUND}"\n[[edit]]\nremove = "{BENCH}"\n')
    (folder / "renewed.toml").write_text(
        f'[[edit]]\nremove = "{BENCH}"\n[[edit]]\nadd = "bench"\nat = {degrees(110, 3)}\n'
    )
    (folder / "benched.toml").write_text(
        f'[[edit]]\nadd = "bench"\nat = {degrees(106, 4)}\n[[edit]]\nadd = "table"\nat = {degrees(114, 3)}\n'
    )
    (folder / "moved.toml").write_text(f'[[edit]]\nchange = "{BENCH}"\nat = {degrees(113, 4)}\n', encoding="utf-8")
    (folder / "unbenched.toml").write_text(f'[[edit]]\nremove = "{BENCH}"\n', encoding="utf-8")
    (folder / "block.toml").write_text('[[edit]]\nremove = "osm:way/11"\n', encoding="utf-8")
    # The bench goes to a hundred metres north of the path, and is a room of its own there.
    (folder / "apart.toml").write_text(f'[[edit]]\nchange = "{BENCH}"\nat = {degrees(110, 103)}\n', encoding="utf-8")
    (folder / "north.toml").write_text(
        f'[[edit]]\nadd = "path"\nline = [{degrees(111, 0)}, {degrees(111, 140)}]\n', encoding="utf-8"
    )
    (folder / "tagged.toml").write_text(f'[[edit]]\nchange = "{PLAYGROUND}"\ntags = {{ fee = "yes" }}\n')
    return folder


@pytest.fixture(scope="module")
def estate(folder: Path) -> spatial.Estate:
    return spatial.Estate.from_file(folder / "mini.gpkg")


@pytest.fixture(scope="module")
def today(estate, folder) -> spatial.Analysis:
    return spatial.analyse(estate, osm=folder / "mini.osm")


@cache
def after(estate, folder, name) -> spatial.Analysis:
    return spatial.analyse(estate, osm=folder / "mini.osm", plan=folder / f"{name}.toml")


def test_an_empty_plan_changes_nothing_byte_for_byte(estate, folder, today, tmp_path):
    same = after(estate, folder, "empty")
    spatial.save(today, tmp_path / "today")
    spatial.save(same, tmp_path / "same")
    # The page, the GeoPackage and the manifest carry the time at which they were made.
    timed = {"map.html", "places.gpkg", "manifest.json", ".faellesrum.json"}
    written = {path.name for path in (tmp_path / "today").iterdir() if path.is_file()}
    assert {path.name for path in (tmp_path / "same").iterdir() if path.is_file()} == written
    assert {"scores.csv", "evidence.parquet", "lenses.csv", "lens_homes.parquet", "reach.parquet"} <= written
    for name in written - timed:
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


def test_a_thing_under_another_id_where_it_stood_is_the_same(estate, folder, today):
    renewed = after(estate, folder, "renewed")
    found = spatial.compare(today, renewed)
    assert found.spaces[["state", "before_id"]].to_numpy().tolist() == [["kept", ROOM]]
    new = (set(renewed.places.index) - set(today.places.index)).pop()
    assert found.successors.to_numpy().tolist() == [["place", BENCH, new]]


@pytest.mark.parametrize(
    ("edits", "succeeded"),
    [("benched", 0), ("moved", 0), ("unbenched", 0), ("tagged", 0), ("renewed", 1), ("block", 0)],
)
def test_a_meeting_space_keeps_its_id_through_edits_so_that_counts_of_several_years_are_joined(
    estate, folder, today, edits, succeeded
):
    """Things mapped, moved within it, taken away, tagged or mapped anew: the id is that of the ground."""
    then = after(estate, folder, edits)
    assert then.meeting_spaces.index.tolist() == today.meeting_spaces.index.tolist() == [ROOM]
    assert not then.places.drop(columns="geometry").equals(today.places.drop(columns="geometry")) or edits in (
        "moved", "block"
    )  # fmt: skip
    found = spatial.compare(today, then)
    assert len(found.successors) == succeeded and set(found.successors["level"]) <= {"place"}


def test_where_a_moved_place_went_is_said_and_the_ground_keeps_its_id(estate, folder, today):
    """The bench goes 100 m north, where it is a space of its own: the table of successors says that part went there."""
    found = spatial.compare(today, after(estate, folder, "apart"))
    assert found.spaces[["before_id", "after_id"]].sort_values("after_id").to_numpy().tolist() == [
        [ROOM, ROOM], [ROOM, NORTH],
    ]  # fmt: skip
    assert found.successors.to_numpy().tolist() == [["space", ROOM, NORTH]]


def test_a_demolished_block_takes_its_homes(estate, folder, today):
    """Home 11 has 30 of the 40 flats; the meeting space stays, with fewer homes around it."""
    found = spatial.compare(today, after(estate, folder, "block"))
    assert found.dwellings["demolished"] == 30
    assert found.homes["best_after"].isna().sum() == 1
    assert found.spaces["state"].tolist() == ["changed"]
    moved = found.spaces.iloc[0]
    assert moved["accessibility_change"] != 0 and moved["neutrality_change"] == 0
    assert {"homes_near", "who_can_meet"} <= set(moved["reasons"].split(";"))
    assert moved[f"{FLOATING}_change"] < 0


def test_a_room_of_one_place_is_within_reach_of_the_homes_too(estate, folder):
    """The bench on its own is 10 + 110 + 103 = 223 m from home 10 and 303 m from home 11."""
    then = after(estate, folder, "apart")
    both = ";".join(sorted([ROOM, NORTH]))
    homes = then.layers["homes"]
    assert homes["spaces_5min"].tolist() == [both, both]
    assert_allclose(homes["best_floating"], then.meeting_spaces[FLOATING].max())
    # With a rollator five minutes are 0.76 · 300 = 228 m.
    rollator = next(lens for lens in then.lenses if lens.id == "rollator")
    assert rollator.homes["spaces_5min"].tolist() == [both, ROOM]


def test_the_lens_of_an_adult_has_what_everybody_has(estate, folder, today):
    adult = next(lens for lens in today.lenses if lens.id == "adult")
    assert_allclose(adult.homes["best_floating"], today.layers["homes"]["best_floating"])
    found = spatial.compare(today, after(estate, folder, "block"))
    seen = {lens.id: lens for lens in found.lenses}
    assert set(seen) == {lens.id for lens in today.lenses}
    assert seen["adult"].dwellings == found.dwellings
    assert_allclose(
        (seen["adult"].median_before, seen["adult"].median_after), (found.median_before, found.median_after)
    )
    assert all(lens.dwellings["demolished"] == 30 for lens in found.lenses)


def test_what_goes_names_its_places(estate, folder, today):
    found = spatial.compare(today, after(estate, folder, "gone"))
    assert sorted(found.causes["object_id"]) == [BENCH, PLAYGROUND]
    assert set(found.causes["cause"]) == {"place_gone"} and set(found.causes["indicator"]) == {""}
    assert found.items[["what", "how"]].to_numpy().tolist() == [["place", "gone"]] * 2
    assert found.homes["state"].tolist() == ["losing"] * 2


def test_the_demolished_homes_are_the_reason(estate, folder, today):
    found = spatial.compare(today, after(estate, folder, "block"))
    assert found.items[["what", "how", "object_id"]].to_numpy().tolist() == [["building", "gone", "osm:way/11"]]
    homes = found.causes[found.causes["cause"] == "homes_gone"]
    assert len(homes) and set(homes["count"]) == {30}


@pytest.mark.parametrize(
    ("lang", "said"), [("da", "der er kommet en vej ind fra nord"), ("en", "there is a new way in from the north")]
)
def test_a_new_way_in_is_named_by_the_side_it_comes_from(lang, said, estate, folder, today):
    then = after(estate, folder, "north")
    found = spatial.compare(today, then)
    rows = found.causes[found.causes["indicator"] == "ways_in"]
    assert rows[["cause", "side"]].to_numpy().tolist()[0] == ["side_new", "n"]
    told = plans.describe_changes(found, today, then)
    (reason,) = [row for row in told["changes"][0]["because"] if row["indicator"] == "ways_in"]
    assert reason["before"] == [2] and reason["after"] == [3]
    units = {name: spec.unit for name, spec in registry.registry().items()}
    assert f"2 → 3, {said}" in plans.changes_in_words(told, units, lang=lang)
    # Taken away again it is the other way round.
    back = spatial.compare(then, today)
    assert back.causes[back.causes["indicator"] == "ways_in"]["cause"].tolist()[0] == "side_gone"


def test_a_change_lies_within_its_interval(estate, folder, today):
    for name in ("block", "tagged", "north", "apart"):
        spaces = spatial.compare(today, after(estate, folder, name)).spaces
        there = spaces[spaces["before_id"].notna() & spaces["after_id"].notna()]
        for score in comparison.SCORES:
            assert (there[f"{score}_change_low"] <= there[f"{score}_change"]).all()
            assert (there[f"{score}_change"] <= there[f"{score}_change_high"]).all()


def test_a_room_that_is_parted_is_not_lost(estate, folder, today):
    found = spatial.compare(today, after(estate, folder, "apart"))
    assert set(found.spaces["state"]) <= {"changed", "kept"} and set(found.spaces["before_id"]) == {ROOM}
    assert sorted(found.spaces["after_id"]) == sorted([ROOM, NORTH])
    moved = found.items.iloc[0]
    assert (moved["what"], moved["how"], moved["object_id"]) == ("place", "moved", BENCH)
    assert moved["moved_m"] == pytest.approx(100, abs=0.1)


def test_the_layer_of_the_plan_says_what_is_done(estate, folder, today):
    then = after(estate, folder, "block")
    row = then.layers["plan"].iloc[0]
    assert (row["action"], row["object_id"], row["done"]) == ("remove", "osm:way/11", True)
    assert row["geometry"].area == pytest.approx(200, rel=1e-3)
    assert "plan" not in today.layers and "plan" not in after(estate, folder, "empty").layers


def test_a_fee_lowers_the_threshold_and_is_the_reason(estate, folder, today):
    # The tag says fee=no today: one of four terms of the playground turns, for which people come.
    then = after(estate, folder, "tagged")
    found = spatial.compare(today, then)
    moved = found.spaces.iloc[0]
    assert moved["state"] == "changed" and moved["reasons"].split(";")[0] == "low_commitment"
    unmoved = ("openness", "accessibility", "neutrality", "mixing")
    assert all(moved[f"{aspect}_change"] == pytest.approx(0, abs=1e-12) for aspect in unmoved)
    said = plans.describe_changes(found, today, then)
    assert said["changes"][0]["because"][0]["indicator"] == "low_commitment"
    assert 0 <= found.keeps_share <= 1


def test_results_of_two_estates_are_not_compared(today, folder, tmp_path):
    other = spatial.Estate.from_file(folder / "mini.gpkg")
    moved = spatial.Estate(**{**vars(other), "boundary": other.boundary.buffer(5), "name": "Other"})
    with pytest.raises(spatial.InputError, match="needed two results for one estate"):
        spatial.compare(today, spatial.analyse(moved, osm=folder / "mini.osm"))


def test_a_square_that_is_a_way_too_is_told_once(estate, folder, today, tmp_path):
    corners = [degrees(x, y) for x, y in ((60, -40), (90, -40), (90, -5), (60, -5))]
    path = tmp_path / "square.toml"
    tags = '{ highway = "pedestrian", area = "yes", name = "Torvet" }'
    path.write_text(f'[[edit]]\nadd = "square"\narea = {corners}\ntags = {tags}\n', encoding="utf-8")
    then = spatial.analyse(estate, osm=folder / "mini.osm", plan=path)
    assert (then.layers["paths"].index == "plan:edit 1").any()
    told = comparison.compare(today, then).items
    assert told[["what", "how", "object_id"]].to_numpy().tolist() == [["place", "new", "plan:edit 1"]]


def test_spaces_are_matched_by_the_places_they_share():
    before = {"a": {"1", "2", "3"}, "b": {"4"}, "c": {"9"}}
    then = {"x": {"3", "4"}, "y": {"1", "2"}, "z": {"8"}}
    assert comparison.match(before, then) == {"a": "y", "b": "x"}


def test_the_median_is_by_dwellings():
    values = np.array([[0.2, 0.9, 0.5], [0.5, 0.5, 0.1]])
    assert home_changes.median(values, np.array([1.0, 1.0, 3.0])).tolist() == [0.5, 0.1]


@pytest.fixture(scope="module")
def runs(folder, tmp_path_factory):
    """The miniature as it is, and without playground and bench, as the command writes them."""
    common, out = ("--boundary", folder / "mini.gpkg", "--osm", folder / "mini.osm"), tmp_path_factory.mktemp("runs")
    assert call("run", *common, "--out", out / "a").code == 0
    assert call("run", *common, "--plan", folder / "gone.toml", "--out", out / "b").code == 0
    return out / "a", out / "b"


@pytest.mark.parametrize(("lang", "said"), [("da", "forsvinder 1, 0 kommer til"), ("en", "spaces 1 go, 0 come")])
def test_the_command(lang, said, runs, tmp_path):
    one, other = runs
    done = call("compare", one, other, "--lang", lang, "--out", tmp_path / "c")
    assert done.code == 0 and said in done.out and re.search(r"40 (boliger|homes)", done.out)
    written = sorted(path.name for path in (tmp_path / "c").iterdir() if not path.name.startswith("."))
    assert written == [
        "causes.csv",
        "changes.gpkg",
        "homes.csv",
        "map.html",
        "plan.html",
        "promises.csv",
        "reasons.csv",
        "spaces.csv",
        "successors.csv",
    ]
    assert (other / "today" / "scores.csv").read_bytes() == (one / "scores.csv").read_bytes()
    assert call("map", other, "--out", tmp_path / "again.html").code == 0
    for path in (other / "map.html", tmp_path / "c" / "map.html", tmp_path / "again.html"):
        assert '"plan":{"plan":"gone",' in path.read_text(encoding="utf-8"), "before and after side by side"
    homes = gpd.read_file(tmp_path / "c" / "changes.gpkg", layer="home_changes")
    assert homes["state"].tolist() == ["losing"] * 2 and homes["dwellings"].sum() == 40
    assert gpd.read_file(tmp_path / "c" / "changes.gpkg", layer="space_changes")["state"].tolist() == ["lost"]


def renamed(result, ending="~"):
    """A result whose meeting spaces have other ids, and all else is the same."""
    ids = {str(space): f"{space}{ending}" for space in result.meeting_spaces.index}
    table, layers = result.evidence, dict(result.layers)

    def anew(text):
        for old, new in ids.items():
            text = text.replace(f"{old}#", f"{new}#")
        return text

    layers["homes"] = layers["homes"].assign(
        spaces_5min=[";".join(ids[one] for one in text.split(";") if one) for text in layers["homes"]["spaces_5min"]]
    )
    return replace(
        result,
        meeting_spaces=result.meeting_spaces.rename(index=ids),
        places=result.places.assign(space_id=result.places["space_id"].map(ids)),
        evidence=table.assign(
            place_id=[ids.get(name, name) for name in table["place_id"]], facts=table["facts"].fillna("").map(anew)
        ),
        layers=layers,
        lenses=(),
    )


@pytest.mark.parametrize("other", [lambda result: result, renamed], ids=["the same", "under other ids"])
def test_what_is_not_known_is_the_same_before_and_after(demo_result, other):
    """Nothing changes: then nothing may change in any draw of what is unknown either."""
    found = spatial.compare(demo_result, other(demo_result))
    told = demo_result.meeting_spaces["status"] == "meeting space"
    assert len(found.spaces) == told.sum() < len(told)  # what is closed or only possible is no meeting space
    assert np.abs(found.spaces[["floating_change_low", "floating_change_high"]].to_numpy()).max() < 1e-12
    assert (found.harms_share, found.helps_share, found.losing_range) == (0.0, 0.0, (0.0, 0.0))
