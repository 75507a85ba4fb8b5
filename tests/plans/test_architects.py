"""Drawings as architects send them: every version, hatches, blocks, texts, coordinates of their own, any layer names.

``architect.dxf`` was drawn with ezdxf 1.4 (DXF 2018, millimetres) around the miniature estate, its origin at 10 m east
and 5 m south of the middle, turned by 30 degrees: a hatched outline with "60 boliger 4 etager" on a layer of texts,
four loose lines with "24 lejl.", a house and two benches as blocks, an outline around a block, a path, and a frame.
``office.dxf`` (ezdxf 1.4, DXF 2010, millimetres, at the estate): a hatch with a hole and both outlines, a bulge, a
dimension, a mirrored block with an attribute, a block of blocks, a path in pieces, layers frozen and off, paper space,
a missing xref.
"""

from __future__ import annotations

import math
import shutil
import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pypdf
import pytest
import shapely
from shapely import LineString, Point, box

from spatial.core.errors import InputError
from spatial.core.model import Estate
from spatial.plans import drawings, dxf, layer_guess, outlines, reading
from spatial.texts.drawing_guess import guess_as_toml
from tests import osm_xml
from tests.analysis.test_run import boundary, miniature
from tests.command import call
from tests.plans import dxf_text
from tests.tables import ETRS89_UTM32

# "60 boliger", "24 lejl." and a house with one.
HOMES_DRAWN = 85
X, Y = osm_xml.CENTRE_M
ESTATE = Estate("mini", "Mini", box(X - 50, Y - 100, X + 350, Y + 100), ETRS89_UTM32)
DRAWING = Path(__file__).with_name("architect.dxf")
OFFICE = Path(__file__).with_name("office.dxf")
SQUARE = [(0, 0), (20, 0), (20, 20), (0, 20)]
# The same two points in the drawing, in millimetres, and on the ground.
POINTS = f"""
[[point]]
drawing = [-6160.254037844387, 9330.127018922192]
ground = [{X}, {Y}]
[[point]]
drawing = [80442.28634059949, -40669.8729810778]
ground = [{X + 100}, {Y}]
"""


def at_estate(points):
    return [(x + X, y + Y) for x, y in points]


def read(folder, mapping, *, drawing="a.dxf"):
    (folder / "plan.toml").write_text(f'drawing = "{drawing}"\ncrs = "EPSG:25832"\n{mapping}', encoding="utf-8")
    return reading.read_plan(folder / "plan.toml", ESTATE)


# --- versions ------------------------------------------------------------------------------------

BENCHES = '[layer."BÆNKE PÅ TORVET"]\naction = "add"\nlayer = "place"\nkind = "bench"\n'
# Version, what the head says of a code page, and how the file is written.
VERSIONS = [
    ("AC1009", "ANSI_1252", "cp1252"),
    ("AC1009", "dos850", "cp850"),
    ("AC1012", "ANSI_1252", "cp1252"),
    ("AC1014", "ANSI_1252", "cp1252"),
    ("AC1015", "ANSI_1252", "cp1252"),
    ("AC1015", "ANSI_1257", "cp1257"),
    ("AC1018", "ANSI_1252", "cp1252"),
    ("AC1021", "ANSI_1252", "utf-8"),
    ("AC1024", "ANSI_1252", "utf-8"),
    ("AC1027", "ANSI_1250", "utf-8"),
    ("AC1032", "ANSI_1252", "utf-8"),
]


@pytest.mark.parametrize(("version", "page", "encoding"), VERSIONS)
def test_names_of_layers_are_read_in_every_version(version, page, encoding, tmp_path):
    """UTF-8 from 2007 (AC1021) on, whatever the code page says; the code page before."""
    bench = dxf_text.line("BÆNKE PÅ TORVET", (X, Y), (X + 2, Y))
    dxf_text.write(tmp_path / "a.dxf", bench, version=version, page=page, encoding=encoding)
    (edit,) = read(tmp_path, BENCHES).edits
    assert edit.geometry.equals(Point(X + 1, Y)) and edit.tags == {"amenity": "bench"}


def test_letters_that_the_code_page_lacks_are_read(tmp_path):
    bench = dxf_text.line(r"B\U+00C6NKE P\U+00C5 TORVET", (X, Y), (X + 2, Y))
    dxf_text.write(tmp_path / "a.dxf", bench, version="AC1009", encoding="ascii")
    assert [edit.feature for edit in read(tmp_path, BENCHES).edits] == ["BÆNKE PÅ TORVET 1"]


def test_a_binary_drawing_is_named(tmp_path):
    (tmp_path / "a.dxf").write_bytes(dxf.BINARY + b"\r\n\x1a\x00")
    with pytest.raises(Exception, match="found a binary DXF; needed a plain one") as caught:
        read(tmp_path, BENCHES)
    assert "gem den som DXF (ASCII)" in caught.value.said("da")


# --- outlines, hatches, blocks, texts --------------------------------------------------------------

HOUSES = '[layer.HOUSES]\naction = "add"\nlayer = "building"\ndwellings = "text"\n'


def test_an_outline_with_its_hatch_is_one_building(tmp_path):
    corners = at_estate(SQUARE)
    drawn = dxf_text.polyline("HOUSES", corners), dxf_text.hatch("HOUSES", corners)
    dxf_text.write(tmp_path / "a.dxf", *drawn, dxf_text.text("HOUSES", (X + 10, Y + 10), "60 boliger"))
    (edit,) = read(tmp_path, HOUSES).edits
    assert edit.geometry.area == pytest.approx(400) and edit.tags["building:flats"] == "60"


@pytest.mark.parametrize(
    ("texts", "number"),
    [
        (["60 boliger"], "60"),
        (["24 lejl.", "Blok 7"], "24"),
        (["12 stk. almene boliger"], "12"),
        (["60 boliger 4 etager"], "60"),
        (["30 familieboliger\n12 ungdomsboliger"], "42"),
        (["24"], "24"),
        (["24", "25"], None),
        (["60 homes", "24"], "60"),
        (["Opgang A"], None),
        (["40 boliger", "60 boliger"], None),
        (["boliger: 60"], "60"),
        (["60boliger"], "60"),
        (["60 lej."], "60"),
        (["60 apts"], "60"),
        (["60 Wohnungen"], "60"),
        (["1.200 boliger"], "1200"),
        (["1.200 boliger, 4 etager"], "1200"),
        (["ca. 60 boliger"], "60"),
        (["60-65 boliger"], None),
        (["2x30 boliger"], None),
        (["60 til 65 boliger"], None),
        (["Bolig nr. 12"], None),
    ],
)
def test_numbers_of_homes_are_read_as_people_write_them(texts, number):
    assert drawings.number_of(texts, "dwellings") == number


def test_what_is_drawn_twice_counts_once_and_what_only_overlaps_twice():
    assert len(outlines.once([box(0, 0, 10, 10), box(0, 0, 10, 10), box(5, 0, 15, 10)])) == 2


def test_one_cause_is_one_message(tmp_path):
    """Three houses without a number, and two open outlines: two faults, each in one line."""
    row = [[(x + 30 * k + X, y + Y) for x, y in SQUARE] for k in range(3)]
    houses = [dxf_text.polyline("HOUSES", corners) for corners in row]
    sheds = [dxf_text.polyline("SHEDS", [(x, y + 40) for x, y in corners], closed=False) for corners in row[:2]]
    dxf_text.write(tmp_path / "a.dxf", *houses, *sheds)
    sheds_mapping = HOUSES.replace("HOUSES", "SHEDS").replace('"text"', "0")
    text = f'drawing = "a.dxf"\ncrs = "EPSG:25832"\n{HOUSES}{sheds_mapping}'
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    plan, faults = reading.read_plan_and_faults(tmp_path / "plan.toml", ESTATE)
    numbers, opened = (str(fault) for fault in faults)
    assert numbers.startswith("layer HOUSES: found no number for dwellings, or more than one, in 3 drawn things")
    assert "(HOUSES 1, HOUSES 2, HOUSES 3)" in numbers and "layer 'SHEDS': 2 lines enclose no area" in opened
    assert len(plan.edits) == 3


# --- what else offices draw ------------------------------------------------------------------------


def of_office(tmp_path):
    shutil.copy(OFFICE, tmp_path / "office.dxf")
    guess = layer_guess.guess_mapping(tmp_path / "office.dxf", ESTATE)
    (tmp_path / "office.toml").write_text(guess_as_toml(guess, lang="da"), encoding="utf-8")
    return guess, reading.read_plan(tmp_path / "office.toml", ESTATE)


def test_a_drawing_of_an_office_is_what_was_drawn(tmp_path):
    """A court of 40 by 40 m around one of 20 by 20; 20 by 20 with a half circle; an L of 80 m², mirrored."""
    _, plan = of_office(tmp_path)
    houses = {edit.tags["building:flats"]: edit.geometry for edit in plan.edits if edit.layer == "building"}
    areas = {"60": 1600 - 400, "24": 400 + math.pi * 10**2 / 2, "1": 80}
    assert {number: shape.area for number, shape in houses.items()} == pytest.approx(areas, rel=1e-3)
    assert np.round(shapely.total_bounds(houses["1"]) - (X, Y, X, Y), 3).tolist() == [110, 0, 120, 15]
    benches = sorted(
        tuple(np.round(edit.geometry.coords[0], 2) - (X, Y)) for edit in plan.edits if edit.layer == "place"
    )
    assert benches == [pytest.approx((130.9, 40.25)), pytest.approx((136.9, 40.25))]
    (path,) = (edit for edit in plan.edits if edit.layer == "path")
    assert path.geometry.length == pytest.approx(30 + math.hypot(30, 2) + 30)
    assert len(plan.edits) == 6


def test_what_is_hidden_in_the_drawing_is_no_part_of_the_plan_and_that_is_said(tmp_path):
    guess, _ = of_office(tmp_path)
    assert {one.name for one in guess.layers if one.hidden} == {"NEDRIVES", "NY VEJ"}
    told = (tmp_path / "office.toml").read_text(encoding="utf-8")
    assert 'slukket eller frosset i tegningen og er derfor ikke med: "NEDRIVES", "NY VEJ".' in told


def test_lines_that_meet_are_one_and_crossing_ones_are_not():
    """Three of four end to end, one of them back to front and drawn again; the fourth crosses."""
    lines = [
        LineString(ends) for ends in (((0, 0), (10, 0)), ((10, 0), (0, 0)), ((10.005, 0), (20, 0)), ((5, -5), (5, 5)))
    ]
    found, left = outlines.meant_shapes(lines, "path")
    assert sorted(line.length for line in found) == [10, 20] and not left


@pytest.mark.parametrize(("apart_m", "count"), [(0.3, 1), (0.7, 2)])
def test_parts_of_a_block_are_one_symbol_where_they_lie_beside_each_other(apart_m, count):
    block = shapely.geometrycollections([box(0, 0, 1.8, 0.5), box(0, 0.5 + apart_m, 1.8, 1 + apart_m)])
    found, _ = outlines.meant_shapes([block], "place")
    assert [shape.geom_type for shape in found] == ["Point"] * count


# --- where it lies ---------------------------------------------------------------------------------

EVERYTHING = """
ignore = ["RAMME", "TEKST"]
[layer."A-NYE BOLIGER"]
action = "add"
layer = "building"
dwellings = "text"
[layer.NEDRIVES]
action = "remove"
layer = "building"
[layer.NY_STI]
action = "add"
layer = "path"
[layer."BÆNKE"]
action = "add"
layer = "place"
kind = "bench"
"""


def test_a_turned_drawing_is_placed_by_two_points(tmp_path):
    """All is found where the drawing was made from; see above."""
    shutil.copy(DRAWING, tmp_path / "a.dxf")
    plan = read(tmp_path, EVERYTHING + POINTS)
    found = {edit.feature: edit for edit in plan.edits}
    houses = [found[f"A-NYE BOLIGER {k}"] for k in (1, 2, 3)]
    homes = {edit.tags["building:flats"]: edit.geometry for edit in houses}
    expected = {"60": box(40, 40, 60, 60), "24": box(80, 40, 100, 52), "1": box(120, 40, 130, 48)}
    for number, shape in expected.items():
        there = shapely.transform(shape, lambda xy: np.add(xy, (X, Y)))
        assert homes[number].symmetric_difference(there).area < 0.01
    benches = sorted(tuple(np.round(found[f"BÆNKE {k}"].geometry.coords[0], 3)) for k in (1, 2))
    assert benches == [(X + 70, Y + 70), (X + 80, Y + 70)]
    path = shapely.transform(LineString([(150, 0), (150, 80)]), lambda xy: np.add(xy, (X, Y)))
    assert shapely.hausdorff_distance(found["NY_STI 1"].geometry, path) < 0.001
    assert len(plan.edits) == 7


def test_the_points_may_be_of_another_system(tmp_path):
    """The same two points in degrees."""
    shutil.copy(DRAWING, tmp_path / "a.dxf")
    degrees = POINTS
    for x in (0, 100):
        lon, lat = osm_xml._TO_DEGREES.transform(X + x, Y)
        degrees = degrees.replace(f"ground = [{X + x}, {Y}]", f"ground = [{lon}, {lat}]")
    (tmp_path / "plan.toml").write_text(
        f'drawing = "a.dxf"\ncrs = "EPSG:4326"\n{EVERYTHING}{degrees}', encoding="utf-8"
    )
    path = next(edit for edit in reading.read_plan(tmp_path / "plan.toml", ESTATE).edits if edit.layer == "path")
    assert path.geometry.length == pytest.approx(80, abs=0.01)


WRONG_POINTS = {
    "one pair": (POINTS.split("[[point]]\n")[1].join(["[[point]]\n", ""]), "needed at least two"),
    "the same point": (2 * POINTS.split("[[point]]\n")[1].join(["[[point]]\n", ""]), "and not the same point"),
    "in metres": (
        POINTS.replace("-6160.254037844387, 9330.127018922192", "-6.16, 9.33").replace(
            "80442.28634059949, -40669.8729810778", "80.44, -40.67"
        ),
        "make the drawing 1000.",
    ),
    "words": ('[[point]]\ndrawing = ["a", "b"]\nground = [1, 2]\n' * 2, "needed at least two"),
    "a third that does not fit": (f"{POINTS}[[point]]\ndrawing = [0, 0]\nground = [{X + 12}, {Y - 5}]\n", "one lies "),
}


@pytest.mark.parametrize(("points", "said"), WRONG_POINTS.values(), ids=WRONG_POINTS)
def test_points_that_cannot_be_are_named(points, said, tmp_path):
    shutil.copy(DRAWING, tmp_path / "a.dxf")
    with pytest.raises(InputError) as refused:
        read(tmp_path, EVERYTHING + points)
    assert said in str(refused.value)


# --- what its layers mean --------------------------------------------------------------------------

NAMES = {
    "A-NYE BOLIGER": {"action": "add", "layer": "building"},
    "Nye rækkehuse": {"action": "add", "layer": "building"},
    "NYBYGNING": {"action": "add", "layer": "building"},
    "BYGN_NEDRIVES": {"action": "remove", "layer": "building"},
    "Nedrivning": {"action": "remove", "layer": "building"},
    "L-Gangsti": {"action": "add", "layer": "path"},
    "ny_sti": {"action": "add", "layer": "path"},
    "ADGANGSVEJ": {"action": "add", "layer": "road"},
    "HEGN-FJERNES": {"action": "remove", "layer": "barrier"},
    "BÆNKE": {"action": "add", "layer": "place", "kind": "bench"},
    "Bordbænkesæt": {"action": "add", "layer": "place", "kind": "table"},
    "legeplads": {"action": "add", "layer": "place", "kind": "playground"},
    "Byggeplads fase 1": {"action": "add", "layer": "construction"},
    "PROPOSED HOUSING": {"action": "add", "layer": "building"},
    "Demolished": {"action": "remove", "layer": "building"},
    "footpath": {"action": "add", "layer": "path"},
    "EKS_BYGNINGER": {}, "Existing road": {}, "RAMME": {}, "A-TEKST": {}, "0": {}, "Defpoints": {}, "skravering": {},
    "PLASTIK": None, "listing": None, "XREF-77": None,
}  # fmt: skip


@pytest.mark.parametrize(("name", "columns"), NAMES.items())
def test_names_of_layers_are_understood_in_danish_and_english(name, columns):
    assert layer_guess.columns_of(name) == columns


@pytest.fixture
def estate_files(tmp_path):
    miniature(tmp_path / "mini.osm")
    boundary(tmp_path / "mini.gpkg")
    shutil.copy(DRAWING, tmp_path / "architect.dxf")
    return "--boundary", tmp_path / "mini.gpkg"


@pytest.mark.long
def test_from_the_drawing_to_the_report_of_the_board_in_two_commands(estate_files, tmp_path):
    """What is guessed, with the two points put in, is a plan that fits, and the report tells what was drawn."""
    guessed = call("plan", "check", tmp_path / "architect.dxf", *estate_files, "--lang", "da")
    assert guessed.code == 0
    table = tomllib.loads(guessed.out)
    assert table["layer"] == {
        "A-NYE BOLIGER": {"action": "add", "layer": "building", "dwellings": "text"},
        "BÆNKE": {"action": "add", "layer": "place", "kind": "bench"},
        "NEDRIVES": {"action": "remove", "layer": "building"},
        "NY_STI": {"action": "add", "layer": "path"},
    }
    assert table["ignore"] == ["RAMME", "TEKST"] and "point" not in table
    assert "# 3 ting: ny bygning" in guessed.out and "har sine egne koordinater" in guessed.out
    (tmp_path / "architect.toml").write_text(guessed.out + POINTS, encoding="utf-8")
    files = (*estate_files, "--osm", tmp_path / "mini.osm", "--lang", "da")
    done = call("plan", "check", tmp_path / "architect.toml", *files)
    assert done.code == 0 and "Ny bygning (A-NYE BOLIGER 1): 60 boliger, 400 m²" in done.out
    assert "(NEDRIVES 1) rives ned: 30 boliger, som skal genhuses" in done.out
    said = call("run", *files, "--plan", tmp_path / "architect.toml", "--pdf", "--out", tmp_path / "run")
    assert said.code == 0, said.err
    pages = pypdf.PdfReader(tmp_path / "run" / "plan.pdf").pages
    told = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "Planen river 1 bygning ned med 30 boliger. Beboerne skal genhuses" in told
    assert f"Der bygges {HOMES_DRAWN} nye boliger." in told and "Der kommer 2 bænke." in told
    homes = gpd.read_file(tmp_path / "run" / "changes.gpkg", layer="home_changes")
    assert homes.loc[homes["state"] == "new", "dwellings"].sum() == HOMES_DRAWN


def test_a_drawing_at_the_estate_needs_no_points_and_what_is_unknown_is_asked(estate_files, tmp_path):
    drawn = dxf_text.line("NY STI", (X + 150, Y), (X + 150, Y + 80)), dxf_text.line("XREF", (X, Y), (X + 1, Y))
    dxf_text.write(tmp_path / "b.dxf", *drawn)
    said = call("plan", "check", tmp_path / "b.dxf", *estate_files, "--lang", "en").out
    assert tomllib.loads(said)["crs"] == "EPSG:25832" and '# The layer "XREF" (1 things) is not known' in said


def test_two_turns_make_none():
    """The fit of points is a turn, a scale and a shift, found again from its own result."""
    from spatial.plans.placement import helmert

    drawn = np.array([[0.0, 0.0], [3.0, 1.0], [2.0, 5.0]])
    angle, scale, shift = math.radians(40), 0.001, np.array([7.0, -3.0])
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    found, moved = helmert(drawn, drawn @ turn.T + shift)
    np.testing.assert_allclose(found, turn, atol=1e-12)
    np.testing.assert_allclose(moved, shift, atol=1e-12)
