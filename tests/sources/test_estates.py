"""The registry of areas: what was published, and nothing that is not known."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace

import pytest
import shapely
from pyproj import CRS, Transformer

import spatial
from spatial.core.errors import InputError
from spatial.core.model import Estate
from spatial.sources import estates
from tests.command import boundary, call, lon_lat

# Numbers of areas on the list of each 1 December, as the authority published them (bl.dk; 2024: mondaq.com).
PUBLISHED = {2018: 15, 2019: 15, 2020: 13, 2021: 10, 2022: 9, 2023: 8, 2024: 7}
UTM32 = CRS.from_epsg(25832)


def near(area, east_m=0.0, size_m=100.0) -> Estate:
    """An estate a number of metres east of an area's registered centre."""
    x, y = Transformer.from_crs(4326, UTM32, always_xy=True).transform(area.position.lon, area.position.lat)
    return Estate(id="x", name="x", boundary=shapely.box(x + east_m, y, x + east_m + size_m, y + size_m), crs=UTM32)


def test_there_are_seventeen_areas_with_plain_ids():
    ids = [area.id for area in estates.areas()]
    assert len(ids) == len(set(ids)) == 17
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", identity) for identity in ids)
    codes = [area.municipality_code for area in estates.areas()]
    assert codes == sorted(codes) and all(re.fullmatch(r"0\d{3}", code) for code in codes)


@pytest.mark.parametrize("year", sorted(PUBLISHED))
def test_areas_on_a_years_list_are_as_many_as_were_published(year):
    said = [next(one for one in area.listings if one.year == year).on_list for area in estates.areas()]
    assert estates.registry_table()["list"][str(year)]["count"] == PUBLISHED[year]
    if year == 2024:  # 7 of the 8 of 2023: which, is not known, and is not said
        assert (said.count(True), said.count(None)) == (0, 8)
    else:
        assert (said.count(True), said.count(None)) == (PUBLISHED[year], 0)


def test_of_2024_just_the_areas_of_2023_are_unknown():
    by_year = [{one.year: one for one in area.listings} for area in estates.areas()]
    assert [years[2024].on_list is None for years in by_year] == [bool(years[2023].on_list) for years in by_year]
    assert all((years[2024].sure == "unknown") == (years[2024].on_list is None) for years in by_year)


def test_every_fact_says_how_sure_it_is_and_what_is_confirmed_says_by_whom():
    for area in estates.areas():
        assert all(one.sure in ("confirmed", "derived", "unknown") and one.source for one in area.listings)
        for one in area.organisations:
            assert one.sure in ("confirmed", "unverified") and (one.source or one.sure == "unverified")
        assert area.position.sure == "unverified" and area.position.tolerance_m >= 300
        assert all(note["sure"] == "confirmed" and note["source"] and note["da"] and note["en"] for note in area.notes)
        assert area.sources


@pytest.mark.shared
def test_the_registry_agrees_with_the_collected_table(shared_data):
    text = (shared_data.parent / "reference" / "estates.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 17
    for row in rows:
        area = estates.find_area(row["name"])
        years = row["lists"].split(";")
        assert [str(one.year) for one in area.listings if one.on_list] == [y for y in years if "?" not in y]
        assert [f"{one.year}?" for one in area.listings if one.on_list is None] == [y for y in years if "?" in y]
        assert (area.position.lon, area.position.lat) == (float(row["lon"]), float(row["lat"]))
        assert area.municipality_code == row["municipality_code"]
        tolerance = re.search(r"±([\d.]+) ?(k?)m", row["coordinate_confidence"])
        assert area.position.tolerance_m == float(tolerance[1]) * (1000 if tolerance[2] else 1)


@pytest.mark.parametrize(
    "text", ["taastrupgaard", "Tåstrupgård", "TAASTRUPGAARD", "Taastrupgård", "tastrupgard", " Tåstrup-gård "]
)
def test_danish_letters_may_be_written_in_any_way(text):
    assert estates.find_area(text).id == "taastrupgaard"


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("Mjølnerparken", "mjoelnerparken"), ("mjolnerparken", "mjoelnerparken"),
        ("Nørager/Søstjernevej m.v.", "noerager-soestjernevej"), ("søstjernevej", "noerager-soestjernevej"),
        ("Solbakken", "solbakken"), ("Toveshøj", "gellerupparken-toveshoej"), ("Motalavej (Korsør)", "motalavej"),
    ],
)  # fmt: skip
def test_an_area_is_found_by_the_names_it_has(text, identity):
    assert estates.find_area(text).id == identity


def test_a_near_name_is_suggested_and_not_taken():
    with pytest.raises(InputError, match="did you mean vollsmose"):
        estates.find_area("volsmosse")
    with pytest.raises(InputError, match=r"needed one of its 17 ids; 'faellesrum estates list'"):
        estates.find_area("qqqq")
    with pytest.raises(InputError):
        estates.find_area("")


def test_without_a_boundary_the_error_says_where_the_official_one_comes_from():
    with pytest.raises(InputError, match=r"sbst\.dk.*lodflade.*--boundary FILE, or --parcels-table"):
        spatial.Estate.from_registry("taastrupgaard")


def test_an_area_takes_its_identity_from_the_registry_and_its_polygon_from_the_file(tmp_path):
    area = estates.find_area("gadehavegaard")
    lon, lat = area.position.lon, area.position.lat
    path = boundary(tmp_path / "any.geojson", shapely.box(lon, lat, lon + 0.002, lat + 0.001))
    estate = spatial.Estate.from_registry("Gadehavegård", boundary=path, margin_m=100.0, reach_m=300.0)
    assert (estate.id, estate.name, estate.municipality) == ("gadehavegaard", "Gadehavegård", "Høje-Taastrup")
    assert (estate.margin_m, estate.reach_m, estate.crs.to_epsg()) == (100.0, 300.0, 25832)
    assert dict(estate.listed) == {2018: "yes", 2019: "yes"} | dict.fromkeys(range(2020, 2025), "no")
    assert estate.provenance.path == str(path)


def test_years_that_are_not_known_stay_unknown_in_the_estate():
    area = estates.find_area("vollsmose")
    assert dict(estates.check_position(area, near(area)).listed)[2024] == "unknown"


def test_a_boundary_that_lies_elsewhere_is_refused():
    area = estates.find_area("bispehaven")  # known to ± 300 m; refused beyond 5,300 m
    assert estates.check_position(area, near(area, 5_290.0)).id == "bispehaven"
    assert estates.distance_m(area, near(area, 5_310.0)) == pytest.approx(5_310.0, abs=0.01)
    with pytest.raises(InputError, match=r"boundary 5\.3 km from where Bispehaven lies .* needed the boundary"):
        estates.check_position(area, near(area, 5_310.0))
    far = Transformer.from_crs(4326, 32756, always_xy=True).transform(151.2, -33.9)
    sydney = replace(near(area), boundary=shapely.Point(far).buffer(50), crs=CRS.from_epsg(32756))
    with pytest.raises(InputError, match="Bispehaven lies"):
        estates.check_position(area, sydney)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({}, "found no boundary"),
        ({"boundary": "a.gpkg", "year": 2023}, "two ways"),
        ({"parcels_table": "t.csv", "year": 2023}, "only a part"),
        ({"parcels_table": "t.csv", "parcels": "p.gpkg", "year": 2023}, "no name to choose"),
    ],
)
def test_what_does_not_name_one_boundary_is_refused(given, what):
    with pytest.raises(InputError, match=what):
        estates.read_estate(**given)


# --- the command ------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "unknown"), [("da", "2024 vides ikke"), ("en", "2024 not known")])
def test_the_list_shows_every_area_with_its_years(lang, unknown):
    done = call("estates", "list", "--lang", lang)
    assert done.code == 0 and done.err == ""
    lines = [line for line in done.out.splitlines() if line.startswith("  ")][1:]
    assert len(lines) == 17
    assert sum(unknown in line for line in lines) == 8
    assert next(line for line in lines if "mjoelnerparken" in line).endswith("2018–2022")
    assert next(line for line in lines if "noerager" in line).endswith(f"2020–2023, {unknown}")


def test_the_list_as_data():
    rows = json.loads(call("estates", "list", "--json").out)
    assert len(rows) == 17
    vollsmose = next(row for row in rows if row["id"] == "vollsmose")
    assert vollsmose["list_of_1_december"]["2024"]["on_list"] == "unknown"
    assert vollsmose["list_of_1_december"]["2023"] == {
        "on_list": "yes", "sure": "derived", "source": estates.registry_table()["list"]["2023"]["source"],
    }  # fmt: skip
    assert vollsmose["municipality_code"] == "0461"


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("da", ["2024: vides ikke", "2023: ja (udledt", "ikke efterprøvet", "± 400 m", "bekræftet: sn.dk", "0169"]),
        ("en", ["2024: not known", "2023: yes (derived", "not verified", "± 400 m", "confirmed: sn.dk", "0169"]),
    ],
)
def test_one_area_is_shown_with_how_sure_each_fact_is(lang, words):
    done = call("estates", "show", "Tåstrupgård", "--lang", lang)
    assert done.code == 0 and all(word in done.out for word in words)
    assert "estates boundary taastrupgaard" in done.out


def test_an_area_of_which_no_organisation_is_known_says_so():
    assert "Boligorganisationer:\n  vides ikke" in call("estates", "show", "sundparken").out
    assert json.loads(call("estates", "show", "sundparken", "--json").out)["boundary"]["columns"][3] == "Matrikelnummer"


def test_an_unknown_id_is_one_line():
    done = call("estates", "show", "bispehvn")
    assert done.code == 1 and done.err.count("\n") == 1 and "mente du bispehaven? " in done.err


@pytest.mark.parametrize(
    ("args", "what"),
    [
        ((), "needed: --estate ID, --boundary FILE"),
        (("--boundary", "a.gpkg", "--year", 2023), "two ways"),
        (("--estate", "vollsmose", "--parcels-table", "t.csv"), "needed together"),
    ],
)
def test_run_says_which_options_name_an_estate(args, what, tmp_path):
    done = call("run", *args, "--osm", "x.osm.pbf", "--out", tmp_path / "out", "--lang", "en")
    assert done.code == 2 and what in done.err


def test_fetch_by_id_without_a_boundary_says_what_to_do(tmp_path):
    """A run takes a first guess and says so (tests/cli/test_setup.py); nothing else does."""
    done = call("fetch", "--estate", "vollsmose", "--osm", "x.osm.pbf", "--out", tmp_path / "out")
    assert done.code == 1 and "lodflade" in done.err and "--parcels-table" in done.err
    assert not (tmp_path / "out").exists()


def test_a_town_elsewhere_is_not_mapped_under_the_name_of_an_area(tmp_path):
    path = boundary(tmp_path / "b.geojson", lon_lat(-60, -60, 60, 60))
    done = call("run", "--estate", "agervang", "--boundary", path, "--osm", "x.osm", "--out", tmp_path / "out")
    assert done.code == 1 and "km fra Agervang" in done.err
