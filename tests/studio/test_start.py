"""What is chosen on the start page: read as strangers send it, opened in stages, given up, and found again."""

from __future__ import annotations

import contextlib
import json
import threading
import time

import pytest
import shapely
from pyproj import Geod
from shapely.geometry import mapping, shape

from spatial.core.errors import InputError, SpatialError
from spatial.sources import estates
from spatial.studio import sketch, start
from spatial.studio.served import Served
from spatial.studio.server import Server
from tests.studio.test_server import Browser, wait_for

SQUARE = {"type": "Polygon", "coordinates": [[[13.26, 53.57], [13.262, 53.57], [13.262, 53.571], [13.26, 53.57]]]}
SPOT = (13.2604, 53.5697)


@pytest.fixture
def demo(demo_data):
    return demo_data / "reitbahnviertel.geojson", demo_data / "reitbahnviertel.osm.pbf"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user of whom nothing is kept yet."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "faellesrum" / "studio"


@pytest.fixture
def setup(demo):
    return start.Setup("da", demo)


def wished(demo, **more):
    return {"name": "Her", "boundary": SQUARE, "osm": str(demo[1]), **more}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": ""}, "name is ''"),
        ({"name": "a\u202eb"}, "name is"),
        ({"name": "x" * 501}, "name is"),
        ({"boundary": None}, "geometry is 'None'"),
        ({"boundary": {"type": "Point", "coordinates": [1, 2]}}, "geometry is"),
        ({"boundary": {"type": "Polygon", "coordinates": [[[1e999, 0], [1, 1], [2, 2], [1e999, 0]]]}}, "geometry is"),
        ({"boundary": {"type": "Polygon", "coordinates": [[[0, 0]] * 6000]}}, "geometry is '6000'"),
        ({"area": "nowhere"}, "nowhere"),
        ({"osm": "/etc/passwd"}, "no map extract"),
        ({"osm": "/none.osm.pbf"}, "no map extract"),
        ({"osm": "overpass"}, "said yes"),
        ({"layers": ["geofa.punkt"]}, "said yes"),
        ({"layers": ["dhm.terraen"], "agreed": True}, "layers is"),
        ({"layers": "geofa.punkt"}, "layers is"),
    ],
)
def test_a_wish_that_is_none_is_refused_in_one_line(more, words, demo):
    with pytest.raises(InputError) as refused:
        start.wish_of(wished(demo, **more))
    assert words in str(refused.value)
    assert all("\n" not in refused.value.said(lang) for lang in ("da", "en"))


def test_a_wish_is_read_as_it_was_sent(demo):
    wish = start.wish_of(wished(demo, area="vollsmose", layers=["kk.baenke", "geofa.punkt"], agreed=True))
    assert wish.layers == ("geofa.punkt", "kk.baenke") and wish.area == estates.find_area("vollsmose").id
    assert shape(wish.boundary).equals(shape(SQUARE))


def test_the_areas_of_a_dropped_file_are_those_of_the_file(demo):
    (found,) = start.areas_of_file("Mit område.GeoJSON", demo[0].read_bytes())
    drawn = shape(json.loads(demo[0].read_text(encoding="utf-8"))["features"][0]["geometry"])
    assert found["name"] == "Reitbahnviertel"
    assert shapely.hausdorff_distance(shape(found["boundary"]), drawn) < 1e-7
    bare = json.dumps({"type": "Feature", "properties": {}, "geometry": SQUARE}).encode()
    assert start.areas_of_file("../Gården.json", bare)[0]["name"] == "Gården 1"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ"),
        ("a.geojson", b""),
        ("a.geojson", b"{" * 100_000),
        ("a.gpkg", b"no database"),
        ("a.zip", b"PK\x03\x04 broken"),
        ("a.kml", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml>&a;</kml>'),
        ("a.geojson", json.dumps({"type": "Point", "coordinates": [1, 2]}).encode()),
        ("", b""),
    ],
)
def test_a_file_that_is_no_boundary_is_refused_in_words(name, content):
    with pytest.raises(SpatialError) as refused:
        start.areas_of_file(name, content)
    assert "/tmp" not in refused.value.said("da")


def test_the_circle_that_is_proposed_is_a_circle_on_the_ground():
    """Each corner lies as far from the middle as it should, measured on the ellipsoid by another library."""
    ring = shapely.get_coordinates(shape(start.in_degrees(sketch.circle(*SPOT))))
    geod = Geod(ellps="WGS84")
    assert [geod.inv(*SPOT, *corner)[2] for corner in ring] == pytest.approx([sketch.CIRCLE_M] * len(ring), rel=1e-3)


def test_the_ground_around_a_spot_is_told_in_degrees_and_only_there(demo):
    found = sketch.sketch(str(demo[1]), *SPOT)
    assert len(found["building"]) > 100 < len(found["highway"]) and found["green"]
    lat, lon = found["building"][0][0]
    assert abs(lat - SPOT[1]) < 0.05 and abs(lon - SPOT[0]) < 0.05
    with pytest.raises(SpatialError):
        sketch.sketch(str(demo[1]), 10.0, 56.0)


def until(done, seconds=90):
    for _ in range(seconds * 20):
        if done():
            return
        time.sleep(0.05)
    pytest.fail("it never came")


def test_an_estate_comes_to_the_table_in_stages_and_is_found_again(setup, home):
    way = start.Opening(start.demo_wish(setup), setup)
    until(lambda: not way.running)
    assert way.failed is None and way.stages[:2] == ["start", "read"] and "indicators" in way.stages
    estate = way.session.table.estate
    assert estate.name == "Reitbahnviertel"
    way.session.correct("called", {"object": way.session.table.start.result.places.index[0], "value": "X", "by": "K"})
    way.session.close()
    ((key, _, wish),) = start.before()
    again = start.Opening(wish, setup)
    until(lambda: not again.running)
    assert again.failed is None and again.session.table.estate.boundary.equals(estate.boundary)
    assert len(again.session.corrections.strokes) == 1 and (home / f"{key}.sqlite").is_file()
    assert again.session.table.inputs.corrections.each[0].value == "X"  # what was put right is on the table
    again.session.close()
    (home / "broken.json").write_text("{")
    assert [found[0] for found in start.before()] == [key]


def test_what_is_given_up_ends_and_the_next_one_waits_for_it(setup):
    way = start.Opening(start.demo_wish(setup), setup)
    until(lambda: way.stages)
    way.cancel()
    assert not way.running
    after = start.Opening(start.demo_wish(setup), setup, way)
    until(lambda: not after.running)
    assert after.failed is None and after.session is not None and way.session is None
    after.session.close()


@pytest.mark.parametrize("after_s", [0.05, 0.4, 1.0, 2.0, 3.5])
def test_what_is_given_up_in_the_midst_of_a_stage_ends_soon_and_is_opened_again(setup, after_s):
    way = start.Opening(start.demo_wish(setup), setup)
    time.sleep(after_s)
    way.cancel()
    begin = time.monotonic()
    way._thread.join(10)
    assert not way._thread.is_alive() and time.monotonic() - begin < 5 and way.failed is None
    again = start.Opening(start.demo_wish(setup), setup, way)
    until(lambda: not again.running)
    assert again.failed is None and again.session is not None  # the file of the sitting is not held by the first
    again.session.close()


def test_a_stage_of_minutes_is_given_up_at_once(setup, monkeypatch):
    def read(*_):
        for _ in range(3000):
            with contextlib.suppress(Exception):  # what a library guards against
                time.sleep(0.1)

    monkeypatch.setattr(start.Inputs, "read", read)
    way = start.Opening(start.demo_wish(setup), setup)
    until(lambda: way.stages)
    way.cancel()
    way._thread.join(2)
    assert not way._thread.is_alive()


def test_who_waits_for_a_server_of_others_is_not_waited_for(setup, monkeypatch):
    answered = threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(start.Inputs, "read", lambda *_: answered.wait(60))
        way = start.Opening(start.demo_wish(setup), setup)
        until(lambda: way.stages)
        time.sleep(0.2)
    way.cancel()
    again = start.Opening(start.demo_wish(setup), setup, way)
    until(lambda: not again.running)
    assert again.failed is None and again.session is not None and way._thread.is_alive()
    answered.set()
    way._thread.join(5)
    assert not way._thread.is_alive() and way.session is None
    again.session.close()


def test_an_estate_where_the_extract_has_nothing_fails_in_words(setup, demo):
    away = {"type": "Polygon", "coordinates": [[[10, 56], [10.01, 56], [10.01, 56.01], [10, 56]]]}
    way = start.Opening(start.wish_of(wished(demo, boundary=away)), setup)
    until(lambda: not way.running)
    assert way.session is None and "\n" not in way.failed.said("da")
    crossed = {"type": "Polygon", "coordinates": [[[13.26, 53.57], [13.262, 53.571], [13.262, 53.57], [13.26, 53.571], [13.26, 53.57]]]}  # fmt: skip  # noqa: E501
    way = start.Opening(start.wish_of(wished(demo, boundary=crossed)), setup)
    until(lambda: not way.running)
    assert way.session is None and way.failed is not None


def test_the_server_shows_the_start_page_then_the_table(setup, demo):
    server = Server(setup, "da", Served(port=0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(server.port)
    browser = Browser(server)

    def post(path, body):
        answer = browser.ask("POST", path, body if isinstance(body, bytes) else json.dumps(body))
        return answer.status, json.loads(answer.content)

    assert b"fr-choose" in browser.ask("GET", "/").content
    first = json.loads(browser.ask("GET", "/start.json").content)
    assert len(first["areas"]) == 17 and {one["licence"] for one in first["layers"]} and first["before"] == []
    assert browser.ask("GET", "/data.json").status == 404
    assert post("/api/open", wished(demo, osm="overpass"))[0] == 422
    assert post("/api/ground", {"osm": "overpass", "lon": 10, "lat": 56})[0] == 422
    assert post("/api/ground", {"osm": str(demo[1]), "lon": 1e999, "lat": 56})[0] == 422
    status, ground = post("/api/ground", {"osm": str(demo[1]), "lon": SPOT[0], "lat": SPOT[1]})
    assert status == 200 and ground["circle"]["type"] == "Polygon" and ground["building"]
    status, areas = post("/api/boundary?name=a.geojson", demo[0].read_bytes())
    assert status == 200 and areas["areas"][0]["name"] == "Reitbahnviertel"
    assert post("/api/boundary?name=a.geojson", b"<html>")[0] == 422
    assert post("/api/open", {"again": "nothing"})[0] == 422
    assert post("/api/open", {"again": "demo"})[0] == 200
    status, said = post("/api/open", {"again": "demo"})
    assert status == 422 and "vent" in said["said"]["da"]  # one at a time
    until(lambda: browser.ask("GET", "/api/progress").status == 404)
    assert json.loads(browser.ask("GET", "/data.json").content)["estate"]["name"] == "Reitbahnviertel"
    assert b"fr-draw" in browser.ask("GET", "/").content
    server.ask_to_end()
    thread.join(20)
    assert not thread.is_alive()


def test_a_boundary_that_was_drawn_is_a_file_that_a_run_takes(setup, demo, home):
    wish = start.wish_of(wished(demo))
    estate = start.estate_of(wish, setup)
    (path,) = (home / "boundaries").iterdir()
    assert estates.read_estate(boundary=path).boundary.equals(estate.boundary) and estate.name == "Her"
    assert mapping(shape(wish.boundary)) == wish.boundary
