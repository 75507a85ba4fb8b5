"""Another country's list: French priority neighbourhoods (QPV), invented here, in their own legal words."""

import json

import geopandas as gpd
import pytest
import shapely

from spatial.cli import options as cli_options
from spatial.core.errors import ConfigError, InputError
from spatial.sources import estates
from tests.command import call

LEGAL = "quartier prioritaire de la politique de la ville (QPV), loi n° 2014-173"
TABLE = f"""
polygons = "qpv.geojson"
id = "code_qp"
name = "lib_qp"
municipality = "lib_com"
legal = "{LEGAL}"
licence = "Licence Ouverte 2.0"
attribution = "Agence nationale de la cohésion des territoires"
data_date = "2024-01-01"
"""
# Words of the Danish list, which say nothing of a place in France.
DANISH = ("omdannelsesområde", "parallelsamfund", "ghetto", "transformation area", "1 Dec", "1. dec")


@pytest.fixture
def list_of_two(tmp_path, monkeypatch):
    """Two neighbourhoods near Lyon, 400 m and 300 m across."""
    squares = gpd.GeoSeries([shapely.box(845_000, 6_519_000, 845_400, 6_519_400),
                             shapely.box(846_000, 6_519_000, 846_300, 6_519_300)], crs=2154).to_crs(4326)  # fmt: skip
    columns = {"code_qp": ["QN06901I", "QN06902I"], "lib_qp": ["Les Érables", "Les Tilleuls"], "lib_com": ["Lyon"] * 2}
    gpd.GeoDataFrame(columns, geometry=squares).to_file(tmp_path / "qpv.geojson")
    (tmp_path / "areas.toml").write_text(TABLE, encoding="utf-8")
    monkeypatch.setenv("FAELLESRUM_AREAS", str(tmp_path / "areas.toml"))
    return tmp_path


@pytest.mark.parametrize("asked", ["QN06901I", "qn06901i", "Les Érables", "les erables"])
def test_an_area_is_found_by_its_code_or_name_and_carries_its_legal_words(list_of_two, asked):
    found = cli_options.read_estate({"area": asked}, margin_m=100.0, reach_m=500.0)
    assert (found.id, found.name, found.municipality, found.legal) == ("qn06901i", "Les Érables", "Lyon", LEGAL)
    assert found.boundary.area == pytest.approx(160_000, rel=0.01)  # 400 m × 400 m, but for the scale of a projection
    assert found.crs.to_epsg() == 25831 and found.listed == () and found.as_of == "2024-01-01"
    assert found.provenance.licence == "Licence Ouverte 2.0"


def test_the_danish_list_is_there_beside_it(list_of_two):
    assert estates.read_estate("vollsmose", or_guess=True).legal is None
    with pytest.raises(InputError, match="QN0000"):
        estates.read_estate("QN0000")


def test_own_areas_are_listed_beside_the_danish_ones_under_their_own_law(list_of_two):
    said = call("estates", "list", "--lang", "en").out
    own = said[said.index(LEGAL) :]
    assert "qn06901i" in own and "Les Tilleuls" in own and "Lyon" in own and "vollsmose" not in own
    rows = json.loads(call("estates", "list", "--json").out)
    assert [(row["id"], row["legal"]) for row in rows[-2:]] == [("qn06901i", LEGAL), ("qn06902i", LEGAL)]
    assert "vollsmose" in [row["id"] for row in rows[:-2]]


def test_a_report_says_what_the_area_is_in_law_and_no_danish_term(list_of_two, demo_data):
    """The ground is the demo's, taken for a French one."""
    boundary = gpd.read_file(demo_data / "reitbahnviertel.geojson")
    named = boundary[["geometry"]].assign(code_qp="QN1", lib_qp="Les Acacias", lib_com="Ville")
    named.to_file(list_of_two / "qpv.geojson")
    osm = demo_data / "reitbahnviertel.osm.pbf"
    done = call("run", "--estate", "QN1", "--osm", osm, "--out", list_of_two / "out", "--lang", "en")
    assert done.code == 0, done.err
    report = (list_of_two / "out" / "report.html").read_text(encoding="utf-8")
    assert LEGAL in report and "Les Acacias" in report
    for page in ("report.html", "map.html", "manifest.json"):
        text = (list_of_two / "out" / page).read_text(encoding="utf-8")
        assert [word for word in DANISH if word.lower() in text.lower()] == [], page


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('legal = "', 'lawful = "', "legal"),
        ('id = "code_qp"', 'id = "code"', "no column code"),
        ('municipality = "lib_com"', 'county = "lib_com"', "county"),
    ],
)
def test_a_list_that_lacks_something_says_what(list_of_two, before, after, said):
    file = list_of_two / "areas.toml"
    file.write_text(TABLE.replace(before, after), encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        estates.read_estate("QN06901I")
