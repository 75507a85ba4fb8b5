"""Plans in files: map layers, and the short form."""

import geopandas as gpd
import pytest
import shapely
from shapely import LineString, Point, box

from spatial.core.errors import CRSError, InputError, SourceFormatError, SourceUnavailable
from spatial.core.model import Estate
from spatial.plans import reading, rows
from spatial.settings.tags import tag_rules
from tests.tables import ETRS89_UTM32

WEST, SOUTH = 724_000, 6_175_000
ESTATE = Estate("e", "Estate", box(WEST, SOUTH, WEST + 300, SOUTH + 300), ETRS89_UTM32)


def at(x, y):
    return Point(WEST + x, SOUTH + y)


def layer(**columns):
    return gpd.GeoDataFrame(columns, geometry="geometry", crs=ETRS89_UTM32)


ROWS = layer(
    action=["remove", "Add", "change", "add"],
    layer=["building", "building", "gate", "place"],
    target=["osm:way/1", None, "osm:node/2", None],
    dwellings=[None, 24, None, None],
    levels=[None, 4, None, None],
    kind=[None, None, None, "playground"],
    access=[None, None, "yes", None],
    phase=[1, 2, 1, 2],
    note=["too old", None, None, None],
    geometry=[None, box(WEST, SOUTH, WEST + 9, SOUTH + 9), None, at(50, 50)],
)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".tab"])
def test_a_map_layer(suffix, tmp_path):
    path = tmp_path / f"plan{suffix}"
    # A Shapefile and a TAB hold one type of geometry; a plan in them is a layer of that type.
    table = ROWS if suffix in (".gpkg", ".geojson") else ROWS.iloc[[1]]
    table.to_file(path, driver="MapInfo File" if suffix == ".tab" else None)
    plan = reading.read_plan(path, ESTATE)
    built = next(edit for edit in plan.edits if edit.layer == "building" and edit.action == "add")
    assert built.tags == {"building": "apartments", "building:flats": "24", "building:levels": "4"}
    assert (
        built.target is None and built.geometry.equals_exact(box(WEST, SOUTH, WEST + 9, SOUTH + 9).normalize(), 0.2)
    ) or (built.geometry.symmetric_difference(ROWS.geometry.iloc[1]).area < 0.1)
    if suffix in (".gpkg", ".geojson"):
        gone, _, gate, play = plan.edits
        assert (gone.action, gone.target, gone.note, gone.phase) == ("remove", "osm:way/1", "too old", 1)
        assert (gate.action, gate.tags, gate.geometry) == ("change", {"access": "yes"}, None)
        assert play.tags == {"leisure": "playground"} and play.phase == 2 and play.geometry.distance(at(50, 50)) < 0.01
        assert plan.phases == ("1", "2") and plan.name == "plan"


def test_phases_may_be_dates(tmp_path):
    rows = layer(
        action=["remove"] * 3, layer=["building"] * 3, target=["a", "b", "c"], phase=["2031", "2027-05", None],
        geometry=[None] * 3,
    )  # fmt: skip
    rows.to_file(tmp_path / "plan.gpkg")
    plan = reading.read_plan(tmp_path / "plan.gpkg", ESTATE)
    assert plan.phases == ("2027-05", "2031") and [edit.phase for edit in plan.edits] == [2, 1, 1]


def test_what_has_no_phase_is_the_first_and_the_second_stays_the_second(tmp_path):
    rows = layer(
        action=["remove"] * 2, layer=["building"] * 2, target=["a", "b"], phase=[2, None], geometry=[None] * 2
    )  # fmt: skip
    rows.to_file(tmp_path / "plan.gpkg")
    plan = reading.read_plan(tmp_path / "plan.gpkg", ESTATE)
    assert plan.phases == ("1", "2") and [edit.phase for edit in plan.edits] == [2, 1]


@pytest.mark.parametrize("ending", [".dxf", ".DWG"])
def test_a_bare_drawing_is_told_to_be_explained(ending, tmp_path):
    path = tmp_path / f"plan{ending}"
    path.write_text("0\nSECTION\n", encoding="utf-8")
    with pytest.raises(SourceFormatError, match="plan check on the drawing"):
        reading.read_plan(path, ESTATE)


def test_degrees_are_brought_to_the_estate(tmp_path):
    rows = layer(action=["add"], layer=["path"], geometry=[LineString([at(0, 0), at(100, 0)])])
    rows.to_crs(4326).to_file(tmp_path / "plan.geojson")
    found = reading.read_plan(tmp_path / "plan.geojson", ESTATE).edits[0]
    assert found.tags == {"highway": "footway"}
    assert shapely.hausdorff_distance(found.geometry, rows.geometry.iloc[0]) < 0.01


SHORT = """
name = "Plan B"
[[edit]]
remove = "osm:way/123"
note = "the northern block"
[[edit]]
open = "osm:node/5"
phase = 2
[[edit]]
add = "bench"
at = [12.5635, 55.6970]
[[edit]]
add = "building"
area = [[12.5635, 55.6970], [12.5640, 55.6970], [12.5640, 55.6973]]
dwellings = 18
[[edit]]
change = "osm:way/9"
tags = { lit = "yes", access = "" }
"""


def test_the_short_form(tmp_path):
    path = tmp_path / "b.toml"
    path.write_text(SHORT, encoding="utf-8")
    plan = reading.read_plan(path, ESTATE)
    gone, gate, bench, built, lit = plan.edits
    assert plan.name == "Plan B" and gone.target == "osm:way/123" and gone.note == "the northern block"
    assert gate.action == "change" and gate.tags == {"access": "yes", "foot": "yes", "locked": ""}
    assert bench.layer == "place" and bench.tags == {"amenity": "bench"}
    expected = gpd.GeoSeries([Point(12.5635, 55.6970)], crs=4326).to_crs(ETRS89_UTM32).iloc[0]
    assert bench.geometry.distance(expected) < 1e-6
    assert built.tags == {"building": "apartments", "building:flats": "18"} and built.geometry.geom_type == "Polygon"
    assert lit.tags == {"lit": "yes", "access": ""}


@pytest.mark.parametrize("kind", tag_rules().kinds)
def test_every_kind_can_be_added_and_is_found_again(kind):
    assert tag_rules().kind.first(rows.kind_tags(kind, "x")) == kind


WRONG = {
    "not there": (None, SourceUnavailable, "found no such file"),
    "no map": ("plan.gpkg", SourceFormatError, "cannot be read as a map layer"),
    "no TOML": ("plan.toml", SourceFormatError, "is not valid TOML"),
}


@pytest.mark.parametrize(("name", "error", "said"), WRONG.values(), ids=WRONG)
def test_files_that_are_no_plan(name, error, said, tmp_path):
    path = tmp_path / (name or "nothing.gpkg")
    if name is not None:
        path.write_text("[[edit\n", encoding="utf-8")
    with pytest.raises(error, match=said):
        reading.read_plan(path, ESTATE)


def test_a_layer_without_action(tmp_path):
    ROWS.drop(columns="action").to_file(tmp_path / "plan.gpkg")
    with pytest.raises(SourceFormatError, match="needed a plan: a map layer with columns action and layer"):
        reading.read_plan(tmp_path / "plan.gpkg", ESTATE)


def test_coordinates_without_a_crs(tmp_path):
    ROWS.iloc[[1]].to_file(tmp_path / "plan.shp")
    (tmp_path / "plan.prj").unlink()
    with pytest.raises(CRSError, match="without a CRS"):
        reading.read_plan(tmp_path / "plan.shp", ESTATE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[edit]]\nnote = 'x'", "row 1: found nothing to do"),
        ("[[edit]]\nremove = 'a'\nopen = 'b'", "row 1: found remove, open; needed one of"),
        ("[[edit]]\nadd = 'throne'\nat = [12, 55]", "row 1: found kind 'throne'; needed one of"),
        ("[[edit]]\nadd = 'bench'\nat = ['west', 55]", "row 1: at is"),
        ("[[edit]]\nadd = 'path'\nline = [[12, 55]]", "row 1: line is"),
    ],
)
def test_a_short_edit_that_cannot_be_read(text, said, tmp_path):
    path = tmp_path / "b.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        reading.read_plan(path, ESTATE)
    assert str(refused.value).startswith(said)


ALL_WRONG = """
nam = "Plan B"
[[edit]]
remove = "osm:way/1"
fase = 2
[[edit]]
add = "throne"
at = [12.56, 55.69]
[[edit]]
add = "bench"
at = ["west", 55]
"""


def test_everything_that_cannot_be_read_is_told_at_once(tmp_path):
    """An unknown key is a fault, never dropped; what was meant is asked."""
    path = tmp_path / "b.toml"
    path.write_text(ALL_WRONG, encoding="utf-8")
    plan, faults = reading.read_plan_and_faults(path, ESTATE)
    said = [str(fault) for fault in faults]
    assert [edit.feature for edit in plan.edits] == ["edit 1"]
    assert said[0].startswith(f"{path}: found 'nam' at the head of the file; did you mean name?")
    assert said[1].startswith("row 1: found 'fase'; did you mean phase?")
    assert said[2].startswith("row 2: found kind 'throne'") and said[3].startswith("row 3: at is")
    with pytest.raises(InputError) as refused:
        reading.read_plan(path, ESTATE)
    assert all(one in str(refused.value) for one in said)
    assert "række 1: 'fase' betyder ikke noget; mente du phase?" in refused.value.said("da")


def test_a_column_that_is_nearly_one_of_a_plan_is_asked_about(tmp_path):
    """A tag of the world stays a tag; a slip would be one, too, and do nothing."""
    ROWS.assign(dwelling="12", lit="yes").to_file(tmp_path / "plan.gpkg", layer="plan")
    with pytest.raises(InputError, match="layer plan: there is no column 'dwelling' in a plan; did you mean dwellings"):
        reading.read_plan(tmp_path / "plan.gpkg", ESTATE)


def test_an_empty_plan(tmp_path):
    (tmp_path / "b.toml").write_text('name = "Nothing"\n', encoding="utf-8")
    assert reading.read_plan(tmp_path / "b.toml", ESTATE).edits == ()


def test_a_note_may_be_a_list(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text('[[edit]]\nremove = "osm:way/1"\nnote = [[1, 2], [3]]\n', encoding="utf-8")
    assert [edit.note for edit in reading.read_plan(path, ESTATE).edits] == ["[[1, 2], [3]]"]
