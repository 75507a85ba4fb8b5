"""Boundaries built from a table of parcels: three unit squares of 100 m by hand, and a real quarter."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

import spatial
from spatial.core.errors import (
    CRSError,
    IncompleteResult,
    InputError,
    SourceFormatError,
    SourceUnavailable,
    SpatialError,
)
from spatial.sources import parcels
from tests.command import call

X, Y = 711_000.0, 6_173_000.0
HEAD = "Område;Kommune;Landsejerlavskode;Matrikelnummer"
# Columns of a row of three squares, and one far off in another ejerlav under a number of the first.
PARCELS = [(10051, "14gf", 0), (10051, "4823", 100), (2000173, "172b", 200), (2000173, "9", 5_000), (30, "9", 6_000)]


def square(x):
    return shapely.box(X + x, Y, X + x + 100, Y + 100)


@pytest.fixture
def layer(tmp_path):
    rows = [{"ejerlavskode": code, "matrikelnummer": number} for code, number, _ in PARCELS]
    table = gpd.GeoDataFrame(rows, geometry=[square(x) for _, _, x in PARCELS], crs=25832)
    table.to_file(tmp_path / "parcels.gpkg")
    return tmp_path / "parcels.gpkg"


@pytest.fixture
def table(tmp_path):
    def write(*lines, head=HEAD, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes("\n".join([head, *lines]).encode(encoding))
        return path

    return write


def built(table, layer, *names, **options):
    return parcels.estate(table, layer, names or ("Prøven",), **{"year": 2023} | options)


ONE_A_ROW = ("Prøven;Aarhus;10051;14gf", "Prøven;Aarhus;10051;4823", "Prøven;Aarhus;2000173;172b")


def test_one_row_a_parcel_makes_the_union(table, layer):
    estate = built(table(*ONE_A_ROW), layer)
    assert estate.boundary.equals(shapely.box(X, Y, X + 300, Y + 100))
    assert (estate.name, estate.id, estate.municipality) == ("Prøven", "proeven", "Aarhus")
    assert (estate.as_of, estate.crs.to_epsg(), estate.missing_parcels) == ("2023-12-01", 25832, ())


def test_the_form_of_the_official_annex_several_codes_and_numbers_in_a_cell(table, layer):
    """As Lundtoftegade is written in annex 1 of BEK 1365: which number is in which ejerlav, the layer knows."""
    estate = built(table("Prøven;Aarhus;10051,2000173;14gf,4823,172b"), layer)
    assert estate.boundary.equals(shapely.box(X, Y, X + 300, Y + 100))


def test_both_sources_stand_in_the_provenance(table, layer):
    path = table(*ONE_A_ROW)
    estate = built(path, layer)
    assert (estate.provenance.path, estate.further[0].path) == (str(layer), str(path))
    assert estate.further[0].data_date == "2023-12-01"
    assert len({estate.provenance.sha256, estate.further[0].sha256}) == 2


@pytest.mark.parametrize(
    "head",
    [
        "Område;Kommune;Landsejerlavskode;Matrikelnummer",
        "BOLIGOMRÅDE ;Kommunenavn;Ejerlavskode;Matr.nr.",
        "Omraade;Kommune;landsejerlavs-kode;MATRIKEL NR",
        "Områdenavn;Kommune;ejerlav_kode;matrnr",
    ],
)
def test_columns_are_known_however_they_are_spelled(table, layer, head):
    assert built(table(*ONE_A_ROW, head=head), layer).boundary.area == 30_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_tables_come_in_the_encodings_of_spreadsheets(table, layer, encoding):
    path = table(*ONE_A_ROW, encoding=encoding)
    assert built(path, layer, "Prøven").boundary.area == 30_000


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_delimiters_are_found(table, layer, delimiter):
    lines = [line.replace(";", delimiter) for line in (HEAD, *ONE_A_ROW)]
    assert built(table(*lines[1:], head=lines[0]), layer).boundary.area == 30_000


def test_the_columns_ejerlav_by_name_and_by_code_are_told_apart(table, layer):
    path = table("Prøven;Mosen;10051;14gf", head="Område;Ejerlav;Ejerlavskode;Matrikelnummer")
    assert built(path, layer).boundary.equals(square(0))


@pytest.mark.parametrize("ending", ["xlsx", "ods"])
def test_a_spreadsheet_with_titles_merged_cells_and_numbers(tmp_path, layer, ending):
    rows = [
        ["Matrikelafgrænsning pr. 1. december 2023", None, None, None],
        [None, None, None, None],
        ["Område", "Kommune", "Landsejerlavskode", "Matrikelnummer"],
        ["Prøven", "Aarhus", "10051", "14gf"],
        [None, None, None, "4823"],
        [None, None, "2000173", "172b"],
        ["Anden", "Aarhus", "2000173", "9"],
    ]
    path = tmp_path / f"table.{ending}"
    sheet = pd.DataFrame(rows, columns=list("abcd"), dtype="string")
    pyogrio.write_dataframe(sheet, path, driver=ending.upper(), layer="Matrikler")
    assert built(path, layer).boundary.equals(shapely.box(X, Y, X + 300, Y + 100))


def test_numbers_stored_as_numbers_are_read_as_they_are_shown(tmp_path, layer):
    path = tmp_path / "table.xlsx"
    sheet = pd.DataFrame(
        {"Område": ["Prøven"], "Kommune": ["Aarhus"], "Landsejerlavskode": [10051], "Matrikelnummer": [4823]}
    )
    pyogrio.write_dataframe(sheet, path, driver="XLSX")
    assert built(path, layer).boundary.equals(square(100))


@pytest.mark.parametrize("kind", ["int", "text", "zeros", "real"])
def test_codes_of_the_layer_may_be_numbers_or_text(table, tmp_path, kind):
    values = {"int": [10051, 30], "text": ["10051", "30"], "zeros": ["0010051", "0000030"], "real": [10051.0, 30.0]}
    gpd.GeoDataFrame(
        {"elavskode": values[kind], "matrnr": ["14 GF", "9"]}, geometry=[square(0), square(100)], crs=25832
    ).to_file(tmp_path / "l.gpkg")
    assert built(table("Prøven;Aarhus;10051;14gf"), tmp_path / "l.gpkg").boundary.equals(square(0))


def test_missing_parcels_are_named(table, layer):
    path = table(*ONE_A_ROW, "Prøven;Aarhus;10051;1a", "Prøven;Aarhus;77;2b")
    with pytest.raises(IncompleteResult, match=r"3 of the 5 parcels of Prøven; missing 10051 1a, 77 2b; .* of 2023"):
        built(path, layer)
    estate = built(path, layer, allow_missing=True)
    assert estate.missing_parcels == ("10051 1a", "77 2b") and estate.boundary.area == 30_000


def test_without_any_parcel_there_is_no_boundary(table, layer):
    with pytest.raises(IncompleteResult, match="0 of the 1 parcels"):
        built(table("Prøven;Aarhus;77;2b"), layer, allow_missing=True)


def test_a_number_in_two_ejerlav_of_one_cell_is_not_guessed(table, layer):
    with pytest.raises(InputError, match="parcel 9 in each of the ejerlav 2000173, 30"):
        built(table("Prøven;Aarhus;2000173,30;9"), layer)


def test_areas_of_the_same_name_are_told_apart_by_the_municipality(table, layer):
    path = table("Prøven;Aarhus;10051;14gf", "Prøven;Vejle Kommune;10051;4823")
    with pytest.raises(InputError, match=r"'Aarhus', 'Vejle Kommune'.*--municipality"):
        built(path, layer)
    assert built(path, layer, municipality="Vejle").boundary.equals(square(100))


def test_a_table_of_several_years_gives_the_year_asked_for(table, layer):
    head = HEAD + ";År"
    path = table("Prøven;Aarhus;10051;14gf;2019", "Prøven;Aarhus;10051;4823;1. december 2023", head=head)
    assert built(path, layer, year=2019).boundary.equals(square(0))
    assert built(path, layer, year=2023).boundary.equals(square(100))
    with pytest.raises(InputError, match=r"needed 2020"):
        built(path, layer, year=2020)


def test_another_areas_cells_are_not_carried_down(table, layer):
    with pytest.raises(InputError, match="no Landsejerlavskode of Anden"):
        built(table("Prøven;Aarhus;10051;14gf", "Anden;Aarhus;;9"), layer)


@pytest.mark.parametrize("cell", ["10051.2", "abc"])
def test_a_code_that_is_none_names_the_cell(table, layer, cell):
    with pytest.raises(InputError, match="Landsejerlavskode of Prøven"):
        built(table(f"Prøven;Aarhus;{cell};14gf"), layer)


def test_an_unknown_area_is_said_with_the_nearest(table, layer):
    with pytest.raises(InputError, match=r"no area 'Prøvn' among its 1 \(nearest: 'Prøven'\)"):
        built(table(*ONE_A_ROW), layer, "Prøvn")


def test_files_that_cannot_be_used_are_one_line_each(table, layer, tmp_path):
    good = table(*ONE_A_ROW, name="good.csv")
    (tmp_path / "no.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    (tmp_path / "no.csv").write_bytes(b"\x00\x01\x02")
    (tmp_path / "no.gpkg").write_bytes(b"nothing")
    gpd.GeoDataFrame({"a": [1]}, geometry=[square(0)], crs=25832).to_file(tmp_path / "columns.gpkg")
    points = gpd.GeoDataFrame({"ejerlavskode": [10051], "matrikelnummer": ["14gf"]}, geometry=[square(0).centroid])
    points.set_crs(25832).to_file(tmp_path / "points.gpkg")
    cases = [
        (tmp_path / "none.csv", layer, SourceUnavailable), (good, tmp_path / "none.gpkg", SourceUnavailable),
        (table("a;b", head="x;y"), layer, SourceFormatError), (tmp_path / "no.xlsx", layer, SourceFormatError),
        (tmp_path / "no.csv", layer, SourceFormatError), (good, tmp_path / "no.gpkg", SourceFormatError),
        (good, tmp_path / "columns.gpkg", SourceFormatError), (good, tmp_path / "points.gpkg", InputError),
    ]  # fmt: skip
    for sheet, shapes, error in cases:
        with pytest.raises(error) as caught:
            built(sheet, shapes)
        assert isinstance(caught.value, SpatialError) and "\n" not in str(caught.value)


def test_a_layer_without_a_crs_is_refused(table, tmp_path):
    frame = gpd.GeoDataFrame({"elavskode": [10051], "matrnr": ["14gf"]}, geometry=[square(0)], crs=25832)
    frame.to_file(tmp_path / "p.shp")
    (tmp_path / "p.prj").unlink()
    with pytest.raises(CRSError, match="without a CRS"):
        built(table("Prøven;Aarhus;10051;14gf"), tmp_path / "p.shp")


# --- a real quarter, under numbers that are made up -------------------------------------

KEY = "afdelingsnavn"
DEPARTMENTS = ("3, Vordingborggade", "23, Østerbrogade")


@pytest.fixture
def quarter(shared_data, tmp_path):
    """Real polygons of two departments as if they were parcels: the numbers are invented, for tests only."""
    whole = gpd.read_file(shared_data / "copenhagen" / "almene_boliger_kk.geojson").to_crs(25832)
    chosen = whole[whole[KEY].isin(DEPARTMENTS)].explode(ignore_index=True)
    numbers = [f"{900 + i}test" for i in range(len(chosen))]
    chosen = chosen.assign(ejerlavskode=999_999_999, matrikelnummer=[n[:3] + "ty" for n in numbers])
    chosen[["ejerlavskode", "matrikelnummer", "geometry"]].to_file(tmp_path / "test_parcels.gpkg")
    lines = [f"TESTDATA {name};København;999999999;{number}" for name, number in
             zip(chosen[KEY], chosen["matrikelnummer"], strict=True)]  # fmt: skip
    (tmp_path / "test_table.csv").write_text("\n".join([HEAD, *lines]), encoding="utf-8")
    return tmp_path, whole


@pytest.mark.shared
def test_real_polygons_come_back_as_the_boundary(quarter):
    folder, whole = quarter
    estate = spatial.Estate(**vars(built(
        folder / "test_table.csv", folder / "test_parcels.gpkg", "TESTDATA 23, Østerbrogade", year=2023)))  # fmt: skip
    truth = shapely.union_all(whole[whole[KEY] == DEPARTMENTS[1]].geometry.to_numpy())
    assert shapely.symmetric_difference(estate.boundary, truth).area < 1e-6
    assert np.isclose(estate.boundary.area, truth.area)


@pytest.mark.shared
def test_the_command_writes_a_boundary_that_run_reads(quarter, shared_data, tmp_path):
    folder, _ = quarter
    built_from = (
        "--parcels-table",
        folder / "test_table.csv",
        "--parcels",
        folder / "test_parcels.gpkg",
        "--year",
        2023,
    )
    name = ("--name", "TESTDATA 3, Vordingborggade")
    done = call("estates", "boundary", *built_from, *name, "--out", tmp_path / "b.gpkg")
    assert done.code == 0 and done.out == f"{tmp_path / 'b.gpkg'}\n", done.err
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(("b.", ".b"))) == ["b.gpkg"]
    osm = ("--osm", shared_data / "copenhagen" / "oesterbro.osm.pbf", "--margin", 50, "--reach", 200)
    direct = call("run", *built_from, *name, *osm, "--out", tmp_path / "direct")
    written = call("run", "--boundary", tmp_path / "b.gpkg", *osm, "--out", tmp_path / "written")
    assert direct.code == written.code == 0, direct.err + written.err
    assert (tmp_path / "direct" / "scores.csv").read_bytes() == (tmp_path / "written" / "scores.csv").read_bytes()
    manifest = json.loads((tmp_path / "direct" / "manifest.json").read_text())
    assert manifest["estate"]["as_of"] == "2023-12-01"
    assert [one["source_id"] for one in manifest["sources"]] == ["osm", "parcels", "parcels_table"]


@pytest.mark.shared
def test_a_run_without_some_parcels_warns_and_names_them(quarter, shared_data, tmp_path):
    folder, _ = quarter
    with (folder / "test_table.csv").open("a", encoding="utf-8") as file:
        file.write("\nTESTDATA 3, Vordingborggade;København;999999999;999xx")
    args = (
        "run", "--parcels-table", folder / "test_table.csv", "--parcels", folder / "test_parcels.gpkg",
        "--year", 2023, "--name", "TESTDATA 3, Vordingborggade", "--margin", 50, "--reach", 200, "--lang", "en",
        "--osm", shared_data / "copenhagen" / "oesterbro.osm.pbf", "--out", tmp_path / "out",
    )  # fmt: skip
    refused = call(*args)
    assert refused.code == 1 and "missing 999999999 999xx" in refused.err and not (tmp_path / "out").exists()
    done = call(*args, "--allow-missing-parcels")
    assert done.code == 0 and "built without the parcels 999999999 999xx" in done.err
