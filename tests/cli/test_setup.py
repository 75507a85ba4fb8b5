"""An area by its name alone: what is kept, a first guess that says so, and what does not answer is done without."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyogrio
import pytest
import shapely
from pyproj import Transformer

from spatial.core.errors import InputError
from spatial.sources import estates
from tests import osm_xml
from tests.command import call
from tests.sources import datafordeler
from tests.sources.unruly import Reply, serving

AREA = estates.find_area("mjoelnerparken")
TO_UTM32 = Transformer.from_crs(4326, 25832, always_xy=True)
X, Y = TO_UTM32.transform(AREA.position.lon, AREA.position.lat)
ENTRY = """
[source."own.{name}"]
title = {{ da = "Egne", en = "Own" }}
protocol = "geojson"
endpoint = "{address}"
licence = "CC0"
attribution = "Me"
tags = "leisure=playground"
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("DATAFORDELER_API_KEY", raising=False)
    return tmp_path


@pytest.fixture
def extract(tmp_path):
    """A block, a street with a bench, within an extract that reaches far enough."""
    x, y = X - osm_xml.CENTRE_M[0], Y - osm_xml.CENTRE_M[1]
    corners = [(-20, 10), (20, 10), (20, 24), (-20, 24)]
    nodes = {k + 1: (x + dx, y + dy) for k, (dx, dy) in enumerate(corners)}
    nodes |= {5: (x - 300, y), 6: (x + 300, y), 7: (x + 5, y - 6, {"amenity": "bench"})}
    ways = {1: ([1, 2, 3, 4, 1], {"building": "apartments"}), 2: ([5, 6], {"highway": "footway"})}
    box = (x - 4000, y - 4000, x + 4000, y + 4000)
    return osm_xml.write(tmp_path / "small.osm.pbf", nodes, ways, bounds=box)


def catalogue(home: Path, **addresses: str) -> None:
    text = "".join(ENTRY.format(name=name, address=address) for name, address in addresses.items())
    (home / "own.toml").write_text(text, encoding="utf-8")


def test_from_nothing_to_the_map_in_two_steps_without_what_does_not_answer(home, extract, monkeypatch):
    place = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [X + 30, Y - 8]}}
    told = {"type": "FeatureCollection", "features": [place],
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}}  # fmt: skip
    with serving(lambda path, params: Reply(body=json.dumps(told).encode()) if path == "/ok" else Reply(404)) as server:
        catalogue(home, ok=f"{server.address}/ok", gone=f"{server.address}/gone")
        monkeypatch.setenv("FAELLESRUM_SOURCES", str(home / "own.toml"))
        kept = call("setup", "--osm", extract, "--layer", "own.ok", "--layer", "own.gone", "--lang", "en")
        assert kept.code == 0 and "portal.datafordeler.dk" in kept.out and str(extract) in kept.out
        done = call("run", "--estate", "mjoelnerparken", "--out", home / "map", "--lang", "en")
    assert done.code == 0, done.err
    assert "own.gone" in done.err and "HTTP 404" in done.err and "goes on without it" in done.err
    assert "the boundary is a first guess" in done.err
    assert "geofa.punkt, geofa.flade, bbr.enhed, dhm.terraen are not asked" in done.err
    manifest = json.loads((home / "map" / "manifest.json").read_text(encoding="utf-8"))
    assert {source["source_id"] for source in manifest["sources"]} >= {"osm", "own.ok"}
    assert "own.gone" not in {source["source_id"] for source in manifest["sources"]}
    for page in ("map.html", "report.html"):
        assert "The boundary is a first guess" in (home / "map" / page).read_text(encoding="utf-8"), page
    assert "playground" in set(pyogrio.read_dataframe(home / "map" / "places.gpkg", layer="places")["kind"])


def test_a_municipality_that_has_entered_nothing_is_said_in_a_line(home, extract, monkeypatch):
    with serving(lambda path, params: Reply(body=b'{"type": "FeatureCollection", "features": []}')) as server:
        catalogue(home, none=f"{server.address}/none")
        monkeypatch.setenv("FAELLESRUM_SOURCES", str(home / "own.toml"))
        call("setup", "--osm", extract, "--layer", "own.none", "--lang", "en")
        done = call("run", "--estate", "mjoelnerparken", "--out", home / "map", "--lang", "en")
    assert done.code == 0 and "own.none holds nothing of the area" in done.err, done.err


def test_the_guess_is_a_circle_around_the_registered_centre():
    found = estates.read_estate("mjoelnerparken", or_guess=True)
    assert shapely.distance(shapely.centroid(found.boundary), shapely.Point(X, Y)) < 0.01
    assert found.boundary.area == pytest.approx(3.1416 * estates.GUESS_M**2, rel=0.01)
    assert found.provenance.source_id == "first_guess" and found.name == "Mjølnerparken"
    with pytest.raises(InputError, match="no boundary"):
        estates.read_estate("mjoelnerparken")


def test_the_boundary_of_an_area_is_never_written_from_a_guess(home):
    done = call("estates", "boundary", "mjoelnerparken", "--out", home / "a.gpkg", "--lang", "en")
    assert done.code != 0 and not (home / "a.gpkg").exists()


def test_questions_are_asked_one_by_one_and_an_empty_line_changes_nothing(home, extract, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{extract}\n\n\n\ngeofa.punkt, geofa.flade\n"))
    assert call("setup", "--lang", "da").code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("\n\n\n2024\n\n"))
    done = call("setup", "--lang", "da")
    assert f"[{extract}]" in done.out and "[geofa.punkt, geofa.flade]" in done.out
    (file,) = (home / "config").rglob("inputs.toml")
    assert file.read_text(encoding="utf-8") == (
        f'osm = "{extract}"\nyear = 2024\nlayers = ["geofa.punkt", "geofa.flade"]\n'
    )


def test_overpass_is_kept_as_the_service_it_is(home):
    assert call("setup", "--osm", "overpass", "--lang", "en").code == 0
    (file,) = (home / "config").rglob("inputs.toml")
    assert file.read_text(encoding="utf-8") == 'osm = "overpass"\n'
    done = call("run", "--estate", "mjoelnerparken", "--offline", "--out", home / "map", "--lang", "en")
    assert done.code != 0 and "overpass" in done.err.lower() and "no such file" not in done.err


def test_a_register_that_is_asked_is_not_named_as_left_out(home, extract):
    call("setup", "--osm", extract, "--layer", f"bbr.enhed={home}", "--lang", "en")
    done = call("run", "--estate", "mjoelnerparken", "--out", home / "map", "--lang", "en")
    assert "geofa.punkt, geofa.flade, dhm.terraen are not asked" in done.err
    assert "bbr.enhed" in done.err and "sources download" in done.err  # of its folder, in which the files are missing


@pytest.mark.parametrize(
    ("options", "said"),
    [(("--osm", "nowhere.osm.pbf"), "nowhere.osm.pbf"), (("--layer", "geofa.punk"), "geofa.punkt")],
)
def test_what_is_not_there_is_not_kept(home, options, said):
    done = call("setup", *options, "--lang", "en")
    assert done.code != 0 and said in done.err and not list((home / "config").rglob("inputs.toml"))


def test_without_an_extract_the_run_says_what_keeps_it(home):
    done = call("run", "--estate", "mjoelnerparken", "--out", home / "map", "--lang", "en")
    assert done.code == 2 and "faellesrum setup" in done.err


LOOPBACK = """
[source."{id}"]
title = {{ da = "Prøve", en = "Trial" }}
protocol = "{protocol}"
endpoint = "{address}"
{more}
licence = "CC BY 4.0"
attribution = "Indeholder data fra Klimadatastyrelsen"
key = "DATAFORDELER_API_KEY"
"""
PARCELS = {"12a": (-60, -40, 0, 40), "12b": (0, -40, 60, 40)}


@pytest.fixture
def registers(home, monkeypatch):
    """The cadastre, in which the numbers occur in another ejerlav as well, and the state's table of the area."""
    parcel = {
        "lodfladeRepraesentationJordstykke": {"nodes": [{"geometri": {"wkt": shapely.box(0, 0, 9, 9).wkt}}]},
        "jordstykkeLiggerIEjerlav": {"ejerlavskode": 999},
    }
    rows = [parcel | {"matrikelnummer": number} for number in PARCELS]
    for number, (x0, y0, x1, y1) in PARCELS.items():
        polygon = shapely.box(X + x0, Y + y0, X + x1, Y + y1)
        rows.append({
            "matrikelnummer": number,
            "jordstykkeLiggerIEjerlav": {"ejerlavskode": 2000173},
            "lodfladeRepraesentationJordstykke": {"nodes": [{"geometri": {"wkt": polygon.wkt}}]},
        })  # fmt: skip
    table = home / "areas.csv"
    head = "Område;Kommune;Landsejerlavskode;Matrikelnummer\n"
    table.write_text(head + "Mjølnerparken;København;2000173;12a, 12b\n", encoding="utf-8")
    monkeypatch.setenv("FAELLESRUM_SOURCES", str(home / "own.toml"))
    with datafordeler.serving({"/flexibleCurrent/v1": {"MAT_Jordstykke": rows}}) as server:
        gdal = 'layer = "MAT_Lodflade"\ntags = "boundary=lot"\nid_field = "id_lokalId"\npage_size = 1'
        text = LOOPBACK.format(
            id="matrikel.lodflade", protocol="graphql", address=f"{server.address}/MAT/v2", more=gdal
        )
        heights = 'layer = "dhm_terraen"\nversion = "1.0.0"\nresolution_m = 0.4'
        text += LOOPBACK.format(id="dhm.terraen", protocol="wcs", address=f"{server.address}/WCS", more=heights)
        (home / "own.toml").write_text(text, encoding="utf-8")
        yield server


def test_the_boundary_comes_from_the_cadastre_and_heights_that_do_not_answer_are_done_without(
    home, extract, registers, monkeypatch
):
    monkeypatch.setenv("DATAFORDELER_API_KEY", datafordeler.KEY)
    call("setup", "--osm", extract, "--parcels-table", home / "areas.csv", "--year", "2024", "--lang", "en")
    words = ("run", "--estate", "mjoelnerparken", "--terrain", "dhm.terraen", "--out", home / "map", "--lang", "en")
    done = call(*words)
    assert done.code == 0, done.err
    assert "dhm.terraen" in done.err and "goes on without it" in done.err and "first guess" not in done.err
    boundary = pyogrio.read_dataframe(home / "map" / "places.gpkg", layer="boundary").geometry[0]
    assert boundary.area == pytest.approx(120 * 80)  # two parcels of 60 by 80 m
    manifest = json.loads((home / "map" / "manifest.json").read_text(encoding="utf-8"))
    assert "flexibleCurrent" not in done.err and datafordeler.KEY not in json.dumps(manifest)


def test_without_a_key_the_boundary_is_a_first_guess_and_the_key_is_named(home, extract, registers):
    call("setup", "--osm", extract, "--parcels-table", home / "areas.csv", "--year", "2024", "--lang", "en")
    done = call("run", "--estate", "mjoelnerparken", "--out", home / "map", "--lang", "en")
    assert done.code == 0, done.err
    assert "DATAFORDELER_API_KEY" in done.err and "the boundary is a first guess" in done.err
