"""The same plan in every format that GDAL writes, and drawings whose layers a mapping explains.

``plan_b.dxf`` was drawn with ezdxf 1.4 (DXF 2000, millimetres) around the centre of the miniature estate: an outline
with "24" written in it, an outline around a block that is there, a line, an arc, a block reference, and a frame.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from shapely import LineString, Point, box

from spatial.core.errors import CRSError, InputError, SourceFormatError, SourceUnavailable
from spatial.core.model import Estate
from spatial.osm import extract
from spatial.plans import application, outlines, reading
from tests import osm_xml
from tests.analysis.test_run import boundary, miniature
from tests.command import call
from tests.plans import dxf_text
from tests.tables import ETRS89_UTM32

X, Y = osm_xml.CENTRE_M
ESTATE = Estate("mini", "Mini", box(X - 50, Y - 100, X + 350, Y + 100), ETRS89_UTM32)
DRAWING = Path(__file__).with_name("plan_b.dxf")


def moved(shape):
    return shapely.transform(shape, lambda xy: np.add(xy, (X, Y)))


PLAN = gpd.GeoDataFrame(
    [
        {"action": "remove", "layer": "building", "target": "osm:way/11", "phase": 1, "geometry": None},
        {"action": "add", "layer": "building", "dwellings": 24, "phase": 2, "geometry": box(40, 40, 60, 60)},
        {"action": "add", "layer": "path", "surface": "asphalt", "phase": 2, "geometry": LineString([(0, 0), (9, 9)])},
        {"action": "add", "layer": "place", "kind": "bench", "phase": 2, "geometry": Point(70, 70)},
        {"action": "change", "layer": "gate", "target": "osm:node/2", "access": "yes", "phase": 1, "geometry": None},
    ],
    geometry="geometry",
    crs=ETRS89_UTM32,
)
PLAN["geometry"] = [None if shape is None else moved(shape) for shape in PLAN.geometry]
PARTS = {"areas": [1], "lines": [2], "points": [0, 3, 4]}


def one_file(suffix, driver):
    def write(folder):
        path = folder / f"plan{suffix}"
        pyogrio.write_dataframe(PLAN, path, driver=driver, geometry_type="Unknown")
        return path

    return write


def by_type(folder):
    """A GeoPackage with a layer for each type of geometry, and the table that QGIS keeps styles in."""
    path = folder / "layers.gpkg"
    for name, rows in PARTS.items():
        pyogrio.write_dataframe(PLAN.iloc[rows], path, layer=name, append=path.exists(), geometry_type="Unknown")
    styles = gpd.GeoDataFrame({"styleName": ["x"]}, geometry=[None], crs=ETRS89_UTM32)
    pyogrio.write_dataframe(styles, path, layer="layer_styles", append=True, geometry_type="Point")
    return path


def shapefiles(folder):
    """A folder of Shapefiles, each with one type of geometry."""
    path = folder / "plan"
    path.mkdir()
    types = {"areas": "Polygon", "lines": "LineString", "points": "Point"}
    for name, rows in PARTS.items():
        pyogrio.write_dataframe(PLAN.iloc[rows], path / f"{name}.shp", geometry_type=types[name])
    return path


WRITERS = {
    "GeoPackage": one_file(".gpkg", "GPKG"),
    "GeoPackage with layers": by_type,
    "GeoJSON": one_file(".geojson", "GeoJSON"),
    "MapInfo TAB": one_file(".tab", "MapInfo File"),
    "MapInfo MIF": one_file(".mif", "MapInfo File"),
    "Shapefiles": shapefiles,
}


def content(plan):
    """What a plan says, whatever its features are called and in which order they come."""
    edits = [
        (edit.action, edit.layer, edit.target, sorted(edit.tags.items()), edit.phase, edit.geometry)
        for edit in plan.edits
    ]
    return sorted(edits, key=lambda edit: [str(part) for part in edit[:5]])


@pytest.mark.filterwarnings("ignore:Normalized/laundered field name")
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_every_format_says_the_same(write, tmp_path):
    plan = reading.read_plan(write(tmp_path), ESTATE)
    wanted = [
        ("add", "building", None, [("building", "apartments"), ("building:flats", "24")], 2, box(40, 40, 60, 60)),
        ("add", "path", None, [("highway", "footway"), ("surface", "asphalt")], 2, LineString([(0, 0), (9, 9)])),
        ("add", "place", None, [("amenity", "bench")], 2, Point(70, 70)),
        ("change", "gate", "osm:node/2", [("access", "yes")], 1, None),
        ("remove", "building", "osm:way/11", [], 1, None),
    ]
    for found, expected in zip(content(plan), wanted, strict=True):
        assert found[:5] == expected[:5]
        assert (found[5] is None) == (expected[5] is None)
        if found[5] is not None:
            # MapInfo and GeoJSON keep positions to about a centimetre.
            assert shapely.hausdorff_distance(found[5], moved(expected[5])) < 0.02
    assert plan.phases == ("1", "2") and len(plan.provenance.sha256) == 64


@pytest.mark.filterwarnings("ignore:Normalized/laundered field name")
def test_a_column_that_a_shapefile_cuts_is_known_again(tmp_path):
    table = PLAN.iloc[[3]].assign(opening_hours="Mo-Su 08:00-20:00")
    pyogrio.write_dataframe(table, tmp_path / "plan.shp")
    assert "opening_ho" in pyogrio.read_dataframe(tmp_path / "plan.shp")
    (edit,) = reading.read_plan(tmp_path / "plan.shp", ESTATE).edits
    assert edit.tags["opening_hours"] == "Mo-Su 08:00-20:00"


def test_the_digest_is_of_every_file_of_a_plan(tmp_path):
    pyogrio.write_dataframe(PLAN.iloc[[3]], tmp_path / "plan.shp")
    before = reading.read_plan(tmp_path / "plan.shp", ESTATE).provenance.sha256
    pyogrio.write_dataframe(PLAN.iloc[[3]].assign(kind="table"), tmp_path / "plan.shp")
    assert reading.read_plan(tmp_path / "plan.shp", ESTATE).provenance.sha256 != before


# --- drawings ------------------------------------------------------------------------------------

MAPPING = """
name = "Plan B"
drawing = "plan_b.dxf"
crs = "EPSG:25832"
ignore = ["RAM*"]
[layer."NY BYGNING"]
action = "add"
layer = "building"
dwellings = "text"
phase = 2028
[layer.NEDRIVES]
action = "remove"
layer = "building"
phase = 2027
[layer.NY_STI]
action = "add"
layer = "path"
surface = "asphalt"
phase = 2028
[layer.BAENK]
action = "add"
layer = "place"
kind = "bench"
phase = 2028
[[edit]]
change = "osm:way/20"
tags = { fee = "yes" }
phase = 2028
"""


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    shutil.copy(DRAWING, tmp_path)
    (tmp_path / "plan.toml").write_text(MAPPING, encoding="utf-8")
    return tmp_path / "plan.toml"


def test_a_drawing_in_millimetres(drawn):
    plan = reading.read_plan(drawn, ESTATE)
    by_name = {edit.feature: edit for edit in plan.edits}
    assert list(by_name) == ["NY BYGNING 1", "NEDRIVES 1", "NY_STI 1", "NY_STI 2", "BAENK 1", "edit 1"]
    built = by_name["NY BYGNING 1"]
    assert built.tags == {"building": "apartments", "building:flats": "24"}
    assert built.geometry.equals(moved(box(40, 40, 60, 60)))
    assert by_name["NY_STI 1"].geometry.equals(moved(LineString([(150, 0), (150, 80)])))
    # Half a circle of ten metres.
    assert by_name["NY_STI 2"].geometry.length == pytest.approx(np.pi * 10, rel=1e-3)
    assert by_name["BAENK 1"].geometry.equals(moved(Point(70, 70))) and by_name["BAENK 1"].tags == {"amenity": "bench"}
    assert plan.phases == ("2027", "2028") and plan.name == "Plan B"


def test_what_is_outlined_in_a_drawing_is_found_on_the_ground(drawn, tmp_path):
    raw = extract.read_extract(miniature(tmp_path / "mini.osm"), ESTATE)
    after = application.apply_plan(raw, reading.read_plan(drawn, ESTATE), ESTATE)
    ground = after.areas.tags[after.areas.ids.tolist().index("osm:way/11")]
    assert "osm:way/11" in raw.areas.ids and "plan:cleared" in ground
    assert "plan:NY BYGNING 1" in after.areas.ids and "plan:BAENK 1" in after.points.ids


def test_a_drawing_is_checked_and_told(drawn, tmp_path):
    miniature(tmp_path / "mini.osm")
    boundary(tmp_path / "mini.gpkg")
    given = ("--boundary", tmp_path / "mini.gpkg", "--osm", tmp_path / "mini.osm", "--lang", "en")
    done = call("plan", "check", drawn, *given)
    assert done.code == 0
    assert "Building (NEDRIVES 1) is demolished: 30 homes, whose residents have to be rehoused, 200 m²" in done.out
    assert "New building (NY BYGNING 1): 24 homes, 400 m²" in done.out
    assert json.loads(call("plan", "check", drawn, *given, "--json").out)["fits"]


def test_a_drawing_that_gdal_wrote(tmp_path):
    table = gpd.GeoDataFrame(
        {"Layer": ["HOUSE", "WALK"]},
        geometry=[moved(box(40, 40, 60, 60)), moved(LineString([(150, 0), (150, 80)]))],
        crs=ETRS89_UTM32,
    )
    pyogrio.write_dataframe(table, tmp_path / "gdal.dxf", driver="DXF")
    (tmp_path / "plan.toml").write_text(
        'drawing = "gdal.dxf"\ncrs = "EPSG:25832"\nmetres_per_unit = 1\n[layer.HOUSE]\naction = "add"\n'
        'layer = "building"\ndwellings = 12\n[layer.WALK]\naction = "add"\nlayer = "path"\n'
    )
    house, walk = reading.read_plan(tmp_path / "plan.toml", ESTATE).edits
    assert house.geometry.symmetric_difference(moved(box(40, 40, 60, 60))).area < 0.01
    assert house.tags["building:flats"] == "12" and walk.geometry.length == pytest.approx(80)


WRONG = {
    "a layer that nobody explains": (
        [('ignore = ["RAM*"]', "")],
        InputError,
        "found the layers RAMME in the drawing; needed each in [layer.NAME] or in ignore",
    ),
    "a layer that is not there": ([("NEDRIVES", "NEDRIV")], InputError, "found the layers NEDRIVES in the drawing"),
    "one that is not there beside all others": (
        [("[layer.BAENK]", '[layer.TREES]\naction = "add"\nlayer = "place"\n[layer.BAENK]')],
        InputError,
        "found no layer TREES in the drawing; needed one of BAENK, NEDRIVES",
    ),
    "no CRS": ([('crs = "EPSG:25832"', "")], CRSError, "a drawing has no CRS"),
    "another word for a CRS": ([("EPSG:25832", "System 34")], CRSError, "found crs 'System 34'"),
    "a unit of nothing": ([("ignore", "metres_per_unit = 0\nignore")], InputError, "found metres_per_unit 0"),
    "no list of names": ([('["RAM*"]', "3")], SourceFormatError, "ignore is 3; needed a list of names"),
    "a list of numbers": ([('["RAM*"]', "[3]")], SourceFormatError, "ignore is [3]; needed a list of names"),
    "a list of homes": ([('"text"', "[3]")], SourceFormatError, "[layer.NY BYGNING] dwellings is [3]; needed one"),
    "another drawing": ([("plan_b.dxf", "plan_c.dxf")], SourceUnavailable, "found no such drawing"),
    "no number in the outline": (
        [('layer = "path"', 'layer = "path"\nwidth_m = "text"')],
        InputError,
        "layer NY_STI: found no number for width_m, or more than one, in 2 drawn things (NY_STI 1, NY_STI 2)",
    ),
}


@pytest.mark.parametrize(("changes", "error", "said"), WRONG.values(), ids=WRONG)
def test_a_mapping_that_does_not_fit_is_named(changes, error, said, drawn):
    text = MAPPING
    for old, new in changes:
        text = text.replace(old, new)
    drawn.write_text(text, encoding="utf-8")
    with pytest.raises(error) as raised:
        reading.read_plan(drawn, ESTATE)
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_what_is_no_drawing_is_named(drawn):
    drawn.with_name("plan_b.dxf").write_bytes(b"AC1027\x00 this is a DWG")
    with pytest.raises(SourceFormatError, match="cannot be read as DXF"):
        reading.read_plan(drawn, ESTATE)


# --- loose lines ---------------------------------------------------------------------------


CASES = Path(__file__).parents[1] / "data"
CORNERS = [(0, 0), (10, 0), (10, 5), (0, 5)]
SIDES = [LineString([a, b]) for a, b in zip(CORNERS, CORNERS[1:] + CORNERS[:1], strict=True)]


@pytest.mark.parametrize("lang", ["da", "en"])
def test_an_outline_of_loose_lines_is_one_building(lang, tmp_path):
    """Four lines of the case enclose 30 by 15 m."""
    done = call(
        "plan", "check", CASES / "layers" / "lines.toml", "--boundary", CASES / "osm" / "estate.geojson", "--osm",
        CASES / "osm" / "control.osm", "--out", tmp_path / "x.pdf", "--lang", lang,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "NYT HUS 1" in done.out and "NYT HUS 2" not in done.out and "450 m²" in done.out
    assert (tmp_path / "x.pdf").is_file()


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1)])
@pytest.mark.parametrize("turned", [(), (1, 3)])
@pytest.mark.parametrize("gap_m", [0.0, 0.009])
def test_lines_that_meet_are_joined_in_any_order_and_direction(order, turned, gap_m):
    lines = [SIDES[i].reverse() if i in turned else SIDES[i] for i in order]
    lines[0] = shapely.transform(lines[0], lambda xy: xy + gap_m / 2)
    (area,), left = outlines.joined(lines)
    assert area.geom_type == "Polygon" and area.area == pytest.approx(50, abs=0.2) and left == []


def test_two_outlines_are_two_areas_and_what_is_closed_stays():
    far = [shapely.transform(line, lambda xy: xy + 100) for line in SIDES]
    closed = box(500, 0, 510, 10)
    found, _ = outlines.joined([*SIDES, closed, *far])
    assert sorted(area.area for area in found) == [50, 50, 100]


def test_lines_with_a_gap_are_told_in_one_line(tmp_path):
    """What should be a building is told; around what goes, loose lines are what they are."""
    sides = [dxf_text.line("A", *at_estate(side.coords)) for side in SIDES[:3]]
    dxf_text.write(tmp_path / "a.dxf", *sides)
    mapping = 'drawing = "a.dxf"\ncrs = "EPSG:25832"\n[layer.A]\naction = "{}"\nlayer = "building"\ndwellings = 0\n'
    (tmp_path / "plan.toml").write_text(mapping.format("add"), encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.dxf: layer 'A': 3 lines enclose no area, one of them ends at") as caught:
        reading.read_plan(tmp_path / "plan.toml", ESTATE)
    assert "omslutter ingen flade" in caught.value.said("da")
    (tmp_path / "plan.toml").write_text(mapping.format("remove"), encoding="utf-8")
    assert len(reading.read_plan(tmp_path / "plan.toml", ESTATE).edits) == 3


def at_estate(points):
    return [(x + X, y + Y) for x, y in points]
